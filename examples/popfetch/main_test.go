package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/mailwire/mailwire/imapwire/drive"
	"github.com/mailwire/mailwire/imapwire/engine"
	"github.com/mailwire/mailwire/imapwire/imap"
	"github.com/mailwire/mailwire/mailbox"
	"github.com/mailwire/mailwire/mailbox/memstore"
	"github.com/mailwire/mailwire/mailbox/pop3serve"
	"github.com/mailwire/mailwire/pop3wire"
	"github.com/mailwire/mailwire/pop3wire/pop3client"
)

// A tester is a test, or one case of rapid's.
type tester interface {
	Helper()
	Fatal(args ...any)
	Errorf(format string, args ...any)
	Cleanup(func())
}

// A server has one user's mail.
type server struct {
	t    tester
	user mailbox.User
	addr string
}

// serve starts a server on this machine, with messages.
func serve(t tester, messages ...string) *server {
	t.Helper()
	store := memstore.New(memstore.Options{Now: time.Now, KeepSecrets: true})
	err := store.AddUser("ada", "secret")
	if err != nil {
		t.Fatal(err)
	}
	srv, err := pop3serve.NewServer(store, pop3serve.Options{
		Auth: store, PlaintextAuth: engine.PlaintextLoopback, APOP: engine.PlaintextLoopback,
		Random: rand.Reader, Pepper: "0123456789abcdef",
	})
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	d := &drive.Server{LoginDelay: time.Millisecond, NewSession: func(info drive.Info) (drive.Session, error) {
		return srv.Session(info.Now, pop3serve.Info{Security: info.Security})
	}}
	ctx, cancel := context.WithCancel(context.Background())
	served := make(chan error)
	go func() { served <- d.Serve(ctx, l) }()
	s := &server{t: t, addr: l.Addr().String()}
	if s.user, err = store.User(ctx, "ada"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cancel()
		<-served
		s.user.Close()
	})
	s.put(messages...)
	return s
}

// put delivers messages.
func (s *server) put(messages ...string) {
	s.t.Helper()
	ctx := context.Background()
	f, err := s.user.Open(ctx, imap.Inbox)
	if err != nil {
		s.t.Fatal(err)
	}
	defer f.Close()
	for _, text := range messages {
		tx, err := f.Append(ctx)
		if err != nil {
			s.t.Fatal(err)
		}
		w, err := tx.Message(int64(len(text)), nil, time.Now())
		if err != nil {
			s.t.Fatal(err)
		}
		if _, err := io.WriteString(w, text); err != nil {
			s.t.Fatal(err)
		}
		if _, err := tx.Commit(); err != nil {
			s.t.Fatal(err)
		}
	}
}

// left is how many messages the server has.
func (s *server) left() int {
	s.t.Helper()
	f, err := s.user.Open(context.Background(), imap.Inbox)
	if err != nil {
		s.t.Fatal(err)
	}
	defer f.Close()
	snap, err := f.Snapshot(context.Background())
	if err != nil {
		s.t.Fatal(err)
	}
	return int(snap.UIDs.Len())
}

// samples are messages with what a box or the wire gives a meaning to.
var samples = []string{
	"Subject: one\r\n\r\none\r\n",
	"Subject: two\r\n\r\nFrom the start\r\n>From it\r\n.\r\n..\r\nFrom",
	"From: a@example.org\r\nSubject: three\r\n\r\n\r\n\r\nFrom\r\n From x\r\nbare \r CR\r\n",
	"",
}

// arrived is what a message is in a box.
func arrived(m string) string {
	m = strings.ReplaceAll(m, "\r\n", "\n")
	if m != "" && !strings.HasSuffix(m, "\n") {
		m += "\n"
	}
	return m
}

// inMbox reads an mbox as its readers do.
func inMbox(t tester, path string) []string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for i, m := range regexp.MustCompile(`(?m)^From MAILER-DAEMON .*\n`).Split(string(text), -1) {
		if i == 0 && m == "" {
			continue
		}
		rest, ok := strings.CutSuffix(m, "\n")
		if !ok || i == 0 {
			t.Errorf("no message: %q", m)
		}
		all = append(all, regexp.MustCompile(`(?m)^>(>*From )`).ReplaceAllString(rest, "$1"))
	}
	return all
}

// inMaildir reads a Maildir in the order of its names.
func inMaildir(t tester, dir string) []string {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(dir, "new", "*"))
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, name := range names {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, string(text))
	}
	return all
}

// in reads the box of c.
func (c *config) in(t tester) []string {
	if c.maildir != "" {
		return inMaildir(t, c.maildir)
	}
	return inMbox(t, c.mbox)
}

// has checks that the box has these messages once, in any order.
func (c *config) has(t tester, messages ...string) {
	t.Helper()
	var want []string
	for _, m := range messages {
		want = append(want, arrived(m))
	}
	got := c.in(t)
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("the box has\n%q\nwant\n%q", got, want)
	}
}

// run runs the program, once the server has seen the end of the session before.
func (c *config) run(t tester, addr string) (out, errs string, err error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	c.url = "pop3://ada@" + addr
	for {
		var o, e bytes.Buffer
		err = c.fetch(ctx, "secret", &o, &e, false)
		var no *pop3client.StatusError
		if !errors.As(err, &no) || no.Status.Code != pop3wire.CodeInUse {
			return o.String(), e.String(), err
		}
	}
}

// runs checks that a run goes well and what it says first.
func (c *config) runs(t tester, addr, want string) {
	t.Helper()
	if out, errs, err := c.run(t, addr); err != nil || errs != "" || !strings.HasPrefix(out, want) {
		t.Errorf("%q %q %v, want %q", out, errs, err, want)
	}
}

// boxes are configurations with a box of each kind, in a directory of their own.
func boxes(dir string) []config {
	return []config{{mbox: filepath.Join(dir, "mbox")}, {maildir: filepath.Join(dir, "Maildir")}}
}

// TestFetch: messages come and are deleted, a second run has nothing to do, and
// what is in an mbox stays.
func TestFetch(t *testing.T) {
	for _, c := range boxes(t.TempDir()) {
		s := serve(t, samples...)
		if c.mbox != "" {
			// Somebody has left it without an end.
			if err := os.WriteFile(c.mbox, []byte("From MAILER-DAEMON Thu Jan  1 00:00:00 1970\nold"), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		all := slices.Clone(samples)
		if c.mbox != "" {
			all = append(all, "old")
		}
		c.runs(t, s.addr, "fetched 4 messages of 145 octets; 0 were there; 4 deleted\n")
		c.has(t, all...)
		if n := s.left(); n > 0 {
			t.Errorf("%d are left", n)
		}
		c.runs(t, s.addr, "fetched 0 messages of 0 octets; 0 were there; 0 deleted\n")
		s.put(samples[0])
		c.runs(t, s.addr, "fetched 1 messages of 21 octets; 0 were there; 1 deleted\n")
		c.has(t, append(all, samples[0])...)
		c.quiet = true
		if out, errs, err := c.run(t, s.addr); out+errs != "" || err != nil {
			t.Errorf("quiet: %q %q %v", out, errs, err)
		}
	}
}

// TestKeep: what stays on the server is fetched once, and what is fetched can be
// deleted later.
func TestKeep(t *testing.T) {
	for _, c := range boxes(t.TempDir()) {
		s := serve(t, samples[:2]...)
		c.keep = true
		c.runs(t, s.addr, "fetched 2 messages of 76 octets; 0 were there; 0 deleted\n")
		c.runs(t, s.addr, "fetched 0 messages of 0 octets; 2 were there; 0 deleted\n")
		s.put(samples[2])
		c.runs(t, s.addr, "fetched 1 messages of 69 octets; 2 were there; 0 deleted\n")
		c.has(t, samples[:3]...)
		c.keep = false
		s.put(samples[3])
		c.runs(t, s.addr, "fetched 1 messages of 0 octets; 3 were there; 4 deleted\n")
		c.has(t, samples...)
		if n := s.left(); n > 0 {
			t.Errorf("%d are left", n)
		}
	}
}

// A frailDisk ends after some operations, as a program does that is killed. What
// was written and not brought to the disk is then lost by half, if it is careless.
type frailDisk struct {
	realDisk
	left     int
	careless bool
	files    []*frailFile
}

var errPower = errors.New("the power is off")

func (d *frailDisk) ask() error {
	if d.left--; d.left < 0 {
		return errPower
	}
	return nil
}

type frailFile struct {
	file
	disk   *frailDisk
	path   string
	synced int64
}

func (d *frailDisk) open(path string, flag int) (file, error) {
	if err := d.ask(); err != nil {
		return nil, err
	}
	f, err := d.realDisk.open(path, flag)
	if err != nil {
		return nil, err
	}
	x := &frailFile{file: f, disk: d, path: path}
	x.sync()
	d.files = append(d.files, x)
	return x, nil
}

func (d *frailDisk) rename(from, to string) error {
	if err := d.ask(); err != nil {
		return err
	}
	if err := os.Rename(from, to); err != nil {
		return err
	}
	for _, f := range d.files {
		if f.path == from {
			f.path = to
		}
	}
	return d.ask()
}

func (d *frailDisk) syncDir(string) error { return d.ask() }

// crash takes what was not brought to the disk.
func (d *frailDisk) crash(t tester) {
	for _, f := range d.files {
		info, err := os.Stat(f.path)
		if err != nil || !d.careless || info.Size() <= f.synced {
			continue
		}
		if err := os.Truncate(f.path, f.synced+(info.Size()-f.synced)/2); err != nil {
			t.Fatal(err)
		}
	}
}

func (f *frailFile) sync() {
	if info, err := f.file.Stat(); err == nil {
		f.synced = info.Size()
	}
}

func (f *frailFile) Write(p []byte) (int, error) {
	if err := f.disk.ask(); err != nil {
		n, _ := f.file.Write(p[:len(p)/2])
		return n, err
	}
	return f.file.Write(p)
}

func (f *frailFile) Sync() error {
	err := f.disk.ask()
	if err == nil {
		f.sync()
	}
	return err
}

func (f *frailFile) Truncate(size int64) error {
	if err := f.disk.ask(); err != nil {
		return err
	}
	f.synced = min(f.synced, size)
	return f.file.Truncate(size)
}

// TestKilled: the program ends before every single thing that it does to the disk,
// or in the middle of it, and is run again: each message is in the box once, and
// the server has what it is to have.
func TestKilled(t *testing.T) {
	dir := t.TempDir()
	forever := &frailDisk{left: 1 << 30}
	for kind := range 2 {
		for _, keep := range []bool{false, true} {
			for _, careless := range []bool{false, true} {
				if testing.Short() && keep == careless {
					continue
				}
				killed := true
				for n := 0; killed; n++ {
					c := boxes(filepath.Join(dir, fmt.Sprint(kind, keep, careless, n)))[kind]
					if err := os.Mkdir(filepath.Dir(c.mbox+c.maildir), 0o700); err != nil {
						t.Fatal(err)
					}
					c.keep = keep
					s := serve(t, samples[:3]...)
					d := &frailDisk{left: n, careless: careless}
					c.disk = d
					_, _, err := c.run(t, s.addr)
					killed = err != nil
					d.crash(t)
					c.disk = forever
					if _, errs, err := c.run(t, s.addr); err != nil {
						t.Fatalf("killed at %d: %q %v", n, errs, err)
					}
					c.has(t, samples[:3]...)
					if want := map[bool]int{false: 0, true: 3}[keep]; s.left() != want {
						t.Errorf("killed at %d: %d are left", n, s.left())
					}
					c.runs(t, s.addr, "fetched 0 ")
					if t.Failed() {
						t.Fatalf("killed at %d, keep %t, careless %t", n, keep, careless)
					}
				}
			}
		}
	}
}

// through passes a conversation on to a server, rewritten, and ends it after limit
// octets of the server's.
func through(t tester, addr string, limit int, ask, answer func([]byte)) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	pass := func(to, from net.Conn, limit int, rewrite func([]byte)) {
		buf := make([]byte, 32<<10)
		for limit > 0 {
			n, err := from.Read(buf[:min(len(buf), limit)])
			if rewrite != nil {
				rewrite(buf[:n])
			}
			limit -= n
			if _, werr := to.Write(buf[:n]); err != nil || werr != nil {
				break
			}
		}
		from.Close()
		to.Close()
	}
	all.Go(func() {
		for {
			down, err := l.Accept()
			if err != nil {
				return
			}
			up, err := net.Dial("tcp", addr)
			if err != nil {
				down.Close()
				return
			}
			all.Go(func() { pass(up, down, 1<<40, ask) })
			all.Go(func() { pass(down, up, limit, answer) })
		}
	})
	t.Cleanup(func() {
		l.Close()
		all.Wait()
	})
	return l.Addr().String()
}

// TestCut: connections that end at any octet, and one that does not: each message
// has come once.
func TestCut(t *testing.T) {
	dir, n := t.TempDir(), 0
	rapid.Check(t, func(t *rapid.T) {
		n++
		c := boxes(filepath.Join(dir, fmt.Sprint(n)))[rapid.IntRange(0, 1).Draw(t, "box")]
		if err := os.Mkdir(filepath.Dir(c.mbox+c.maildir), 0o700); err != nil {
			t.Fatal(err)
		}
		s := serve(t, samples...)
		c.keep = rapid.Bool().Draw(t, "keep")
		c.disk = &frailDisk{left: 1 << 30}
		for range rapid.IntRange(1, 3).Draw(t, "runs") {
			limit := rapid.IntRange(0, 1500).Draw(t, "octets")
			_, _, _ = c.run(t, through(t, s.addr, limit, nil, nil))
		}
		if _, errs, err := c.run(t, s.addr); err != nil {
			t.Errorf("%q %v", errs, err)
		}
		c.has(t, samples...)
	})
}

// TestQuit: a server that deletes nothing and says so is told about, and the next
// run deletes without fetching again.
func TestQuit(t *testing.T) {
	for _, c := range boxes(t.TempDir()) {
		s := serve(t, samples...)
		liar := through(t, s.addr, 1<<30, func(p []byte) {
			for i := range len(p) - 3 {
				if string(p[i:i+4]) == "DELE" {
					// NOOP takes no argument, LIST does.
					copy(p[i:], "LIST")
				}
			}
		}, func(p []byte) {
			if i := bytes.Index(p, []byte("+OK bye")); i >= 0 {
				copy(p[i:], "-ERR so")
			}
		})
		if _, _, err := c.run(t, liar); err == nil || !strings.HasPrefix(err.Error(), "of 4 messages some may not be deleted; the next run tries again: ") || !refused(err) {
			t.Errorf("%v", err)
		}
		c.has(t, samples...)
		c.runs(t, s.addr, "fetched 0 messages of 0 octets; 4 were there; 4 deleted\n")
		c.has(t, samples...)
	}
}

// TestShort: a message that came shorter than it was to be is saved once and never
// deleted.
func TestShort(t *testing.T) {
	for _, c := range boxes(t.TempDir()) {
		s := serve(t, samples[:2]...)
		addr := through(t, s.addr, 1<<30, nil, func(p []byte) {
			if i := bytes.Index(p, []byte("\r\n2 55\r\n")); i >= 0 {
				p[i+4] = '9'
			}
		})
		_, errs, err := c.run(t, addr)
		if want := "popfetch: message 2: 55 octets came of 95: it is saved, and stays on the server\n"; errs != want || err == nil {
			t.Errorf("%q %v", errs, err)
		}
		c.runs(t, addr, "fetched 0 messages of 0 octets; 1 were there; 0 deleted\n")
		c.has(t, samples[:2]...)
		if n := s.left(); n != 1 {
			t.Errorf("%d are left", n)
		}
	}
}

// TestWithoutUIDL: a server without unique-ids serves who deletes, and not who
// keeps.
func TestWithoutUIDL(t *testing.T) {
	c := boxes(t.TempDir())[0]
	s := serve(t, samples...)
	addr := through(t, s.addr, 1<<30, func(p []byte) {
		if i := bytes.Index(p, []byte("UIDL")); i >= 0 {
			p[i] = 'X'
		}
	}, nil)
	c.keep = true
	if _, errs, err := c.run(t, addr); err == nil || strings.Count(errs, errNoUniqueID.Error()) != len(samples) {
		t.Errorf("%q %v", errs, err)
	}
	c.keep = false
	c.runs(t, addr, "fetched 4 messages of 145 octets; 0 were there; 4 deleted\n")
	c.has(t, samples...)
}

// TestState: a state is of one account, and not of another.
func TestState(t *testing.T) {
	c := boxes(t.TempDir())[0]
	s := serve(t, samples...)
	if err := os.WriteFile(c.mbox+".popfetch", []byte("popfetch 1 \"bob@example.org\"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, _, err := c.run(t, s.addr); err == nil || s.left() != len(samples) {
		t.Errorf("%v", err)
	}
	c.state = filepath.Join(filepath.Dir(c.mbox), "ada")
	c.runs(t, s.addr, "fetched 4 ")
}

// An output collects what was said.
type output struct {
	mu   sync.Mutex
	text []byte
}

func (o *output) add(p []byte) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.text = append(o.text, p...)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return string(o.text)
}

// TestLogin: every way to log in; the best is taken, and a wrong password is told
// as such.
func TestLogin(t *testing.T) {
	s := serve(t, samples[0])
	for _, auth := range []string{"", "SCRAM-SHA-256", "SCRAM-SHA-1", "CRAM-MD5", "PLAIN", "LOGIN", "APOP", "USER"} {
		var said output
		addr := through(t, s.addr, 1<<30, said.add, nil)
		c := boxes(t.TempDir())[0]
		c.auth, c.keep = auth, true
		c.runs(t, addr, "fetched 1 ")
		want := map[string]string{"": "AUTH SCRAM-SHA-256 ", "APOP": "APOP ada ", "USER": "USER ada\r\nPASS "}[auth]
		if want == "" {
			want = "AUTH " + auth
		}
		if !strings.Contains(said.String(), want) {
			t.Errorf("%s: %q", auth, said.String())
		}
		var no *pop3client.StatusError
		c.url = "pop3://ada:wrong@" + s.addr
		if err := c.fetch(t.Context(), "", io.Discard, io.Discard, false); !errors.As(err, &no) {
			t.Errorf("%s: a wrong password: %v", auth, err)
		}
	}
	for _, c := range []config{
		{url: "pop3://ada:secret@" + s.addr, auth: "EXTERNAL"}, {url: "imap://ada:secret@" + s.addr}, {url: "pop3://" + s.addr},
		{url: "pop3://ada:secret@%zz"}, {url: "pop3://ada:secret@" + s.addr, stls: "perhaps"}, {url: "pop3://ada:secret@" + s.addr, authority: "none"},
	} {
		if err := c.fetch(t.Context(), "", io.Discard, io.Discard, false); err == nil || strings.Contains(err.Error(), "secret") {
			t.Errorf("%+v: %v", c, err)
		}
	}
}

// TestLarge: a message of 16 MiB passes in little memory, with a bar (invariant 7).
func TestLarge(t *testing.T) {
	lines := 1 << 18
	if testing.Short() {
		lines = 1 << 16
	}
	for i, c := range boxes(t.TempDir()) {
		if i == 1 {
			lines = 1 << 16
		}
		s := serve(t, strings.Repeat("0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcd\r\n", lines))
		u, err := account("pop3://ada@"+s.addr, "secret")
		if err != nil {
			t.Fatal(err)
		}
		conf, err := c.tls()
		if err != nil {
			t.Fatal(err)
		}
		ctx := t.Context()
		session, err := dial(ctx, u, stlsRequired, "", conf, func(err error) { t.Error(err) })
		if err != nil {
			t.Fatal(err)
		}
		list, _, err := session.list(ctx)
		if err != nil {
			t.Fatal(err)
		}
		b, st, err := c.open("ada")
		if err != nil {
			t.Fatal(err)
		}
		var screen bytes.Buffer
		bar := statusLine{w: &screen, on: true}
		f := &fetcher{s: session, box: b, state: st, fail: func(_ uint32, err error) { t.Error(err) }}
		f.progress = func(m *message, done int64) { bar.show(1, 1, m.size, done) }
		if err := f.run(ctx, list); err != nil {
			t.Fatal(err)
		}
		if err := f.quit(ctx); err != nil {
			t.Fatal(err)
		}
		b.close()
		if got := c.in(t); len(got) != 1 || len(got[0]) != lines*63 {
			t.Errorf("%d messages", len(got))
		}
		if !strings.Contains(screen.String(), "1 of 1 [") {
			t.Errorf("%q", screen.String())
		}
		if n := session.conn.Stats(); n.MaxRetained+n.MaxQueuedOut > 256<<10 {
			t.Errorf("%+v", n)
		}
	}
}

// TestLines: what the writers make of octets does not depend on how they come.
func TestLines(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := strings.Join(rapid.SliceOf(rapid.SampledFrom([]string{"From ", "From", "F", ">", ">>From ", "\r\n", "\n", "\r", "x", " "})).Draw(t, "text"), "")
		var out bytes.Buffer
		q := &quoter{w: &out}
		w := &lineWriter{w: q}
		for rest := text; rest != ""; {
			n := rapid.IntRange(1, len(rest)).Draw(t, "piece")
			w.Write([]byte(rest[:n]))
			rest = rest[n:]
		}
		w.end()
		q.end()
		want := regexp.MustCompile(`(?m)^(>*From )`).ReplaceAllString(arrived(text), ">$1")
		if out.String() != want {
			t.Fatalf("%q is %q, want %q", text, out.String(), want)
		}
	})
}
