package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/mailwire/mailwire/imapwire/drive"
	"github.com/mailwire/mailwire/imapwire/engine"
	"github.com/mailwire/mailwire/imapwire/imap"
	"github.com/mailwire/mailwire/mailbox"
	"github.com/mailwire/mailwire/mailbox/imapserve"
	"github.com/mailwire/mailwire/mailbox/memstore"
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

// serve starts a server on this machine.
func serve(t tester, opt memstore.Options) *server {
	t.Helper()
	opt.Now = time.Now
	store := memstore.New(opt)
	err := store.AddUser("ada", "secret")
	if err != nil {
		t.Fatal(err)
	}
	srv, err := imapserve.NewServer(store, imapserve.Options{Auth: store, PlaintextAuth: engine.PlaintextLoopback})
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	d := &drive.Server{NewSession: func(info drive.Info) (drive.Session, error) {
		return srv.Session(info.Now, imapserve.Info{Security: info.Security})
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
		srv.Close()
	})
	return s
}

// put appends a message to a folder, which is made if it is missing.
func (s *server) put(folder, text string, date time.Time, flags ...imap.Flag) {
	s.t.Helper()
	ctx := context.Background()
	if folder != imap.Inbox {
		// It may be there.
		_, _ = s.user.Create(ctx, folder, mailbox.CreateOptions{})
	}
	f, err := s.user.Open(ctx, folder)
	if err != nil {
		s.t.Fatal(err)
	}
	defer f.Close()
	tx, err := f.Append(ctx)
	if err != nil {
		s.t.Fatal(err)
	}
	defer tx.Abort()
	w, err := tx.Message(int64(len(text)), flags, date)
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

// contents is everything that matters of the user's mail, in an order of its own.
func (s *server) contents() map[string][]string {
	s.t.Helper()
	ctx := context.Background()
	all := map[string][]string{}
	for info, err := range s.user.Folders(ctx) {
		if err != nil {
			s.t.Fatal(err)
		}
		f, err := s.user.Open(ctx, info.Name)
		if err != nil {
			s.t.Fatal(err)
		}
		snap, err := f.Snapshot(ctx)
		if err != nil {
			s.t.Fatal(err)
		}
		all[info.Name] = []string{}
		for _, uid := range snap.UIDs.All() {
			for m, err := range f.Messages(ctx, imap.UIDSetOf(uid)) {
				if err != nil {
					s.t.Fatal(err)
				}
				body, err := f.Body(ctx, uid)
				if err != nil {
					s.t.Fatal(err)
				}
				h := sha256.New()
				io.Copy(h, io.NewSectionReader(body, 0, m.Size))
				body.Close()
				flags := []string{}
				for _, flag := range m.Flags {
					flags = append(flags, flag.Fold())
				}
				slices.Sort(flags)
				all[info.Name] = append(all[info.Name], fmt.Sprintf("%v %s %x", flags, m.InternalDate.UTC().Format(time.RFC3339), h.Sum(nil)[:8]))
			}
		}
		slices.Sort(all[info.Name])
		f.Close()
	}
	return all
}

var noon = time.Date(2019, 2, 28, 23, 59, 58, 0, time.FixedZone("", -11*3600))

// fill puts mail of every kind there is: names that need an encoding, messages
// twice, without Message-ID, without anything.
func (s *server) fill() {
	const hello = "Message-ID: <1@example.org>\r\nSubject: hello\r\n\r\nhello\r\n"
	s.put(imap.Inbox, hello, noon, imap.FlagSeen, "$Forwarded")
	s.put(imap.Inbox, hello, noon)
	s.put(imap.Inbox, hello, noon.Add(time.Second))
	s.put(imap.Inbox, "Subject: none\r\n\r\none\r\n", noon, imap.FlagFlagged)
	s.put(imap.Inbox, "Subject: none\r\n\r\ntwo\r\n", noon, imap.FlagDraft)
	s.put(imap.Inbox, "Subject: none\r\n\r\ntwo\r\n", noon)
	s.put(imap.Inbox, "", noon, imap.FlagAnswered, imap.FlagDeleted)
	s.put("Tom & Jerry", "Message-ID:\r\n <folded@example.org>\r\n\r\nbody without an end", time.Unix(0, 0))
	s.put("Work/Été/日本語", "message-id: <2@example.org>\r\n\r\n"+strings.Repeat("long ", 20000), noon)
	s.put("Work/Été/日本語", "message-id: <2@example.org>\r\nmessage-id: <3@example.org>\r\n\r\n\xff\xfe", noon)
	if _, err := s.user.Create(context.Background(), "Empty", mailbox.CreateOptions{}); err != nil {
		s.t.Fatal(err)
	}
}

// run runs the program, and returns what it says.
func run(t tester, c config, from, to string) (out, errs string, err error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	c.from, c.to = "imap://ada:secret@"+from+"/", "imap://ada@"+to
	env := func(name string) string { return map[string]string{"IMAPSYNC_TO_PASSWORD": "secret"}[name] }
	var o, e bytes.Buffer
	err = c.sync(ctx, env, &o, &e, false)
	return o.String(), e.String(), err
}

// same checks that both servers have the same mail.
func same(t tester, from, to *server) {
	t.Helper()
	if d := cmp.Diff(from.contents(), to.contents()); d != "" {
		t.Errorf("contents (-source +destination):\n%s", d)
	}
}

// TestSync: everything comes over, a second run copies nothing, and a third what
// is new; with a journal, and without.
func TestSync(t *testing.T) {
	for _, journal := range []string{"", filepath.Join(t.TempDir(), "journal")} {
		t.Run(fmt.Sprintf("journal %t", journal != ""), func(t *testing.T) {
			a, b := serve(t, memstore.Options{}), serve(t, memstore.Options{})
			a.fill()
			c := config{journal: journal}
			expect := func(want string) {
				t.Helper()
				if out, errs, err := run(t, c, a.addr, b.addr); err != nil || errs != "" || !strings.HasPrefix(out, want) {
					t.Errorf("%q %q %v, want %q", out, errs, err, want)
				}
			}
			c.dryRun = true
			expect("to copy: 10 messages of 100")
			if len(b.contents()) != 1 {
				t.Error("a dry run changed something")
			}
			c.dryRun = false
			expect("copied 10 messages of 100")
			same(t, a, b)
			expect("copied 0 messages of 0 octets; 10 were there\n")
			a.put("Work/Été/日本語", "message-id: <4@example.org>\r\n\r\n", noon)
			c.dryRun = true
			expect("to copy: 1 messages of 31 octets; 10 were there\n")
			c.dryRun = false
			expect("copied 1 messages of 31 octets; 10 were there\n")
			same(t, a, b)
			c.quiet = true
			if out, errs, err := run(t, c, a.addr, b.addr); out+errs != "" || err != nil {
				t.Errorf("quiet: %q %q %v", out, errs, err)
			}
		})
	}
}

// whole is so much that a connection is not cut.
const whole = 1 << 40

// through lets so many octets of a client pass to a server, and of the server to the
// client, in one connection after the other, and then nothing more; what the server
// says is rewritten.
func through(t tester, addr string, asked, answered int, rewrite func([]byte)) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
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
			all.Go(func() {
				io.CopyN(up, down, int64(asked))
				up.Close()
				down.Close()
			})
			all.Go(func() {
				buf := make([]byte, 64<<10)
				for left := answered; left > 0; {
					n, err := up.Read(buf[:min(len(buf), left)])
					left -= n
					rewrite(buf[:n])
					if _, werr := down.Write(buf[:n]); err != nil || werr != nil {
						break
					}
				}
				up.Close()
				down.Close()
			})
		}
	})
	t.Cleanup(func() {
		l.Close()
		all.Wait()
	})
	return l.Addr().String()
}

// TestKilled: runs that one of the connections does not survive, at any point, that to
// the source or that to the destination, and one that ends: the destination is as after
// one run.
func TestKilled(t *testing.T) {
	dir, n := t.TempDir(), 0
	rapid.Check(t, func(t *rapid.T) {
		a, b := serve(t, memstore.Options{}), serve(t, memstore.Options{})
		a.fill()
		c := config{}
		if rapid.Bool().Draw(t, "journal") {
			n++
			c.journal = filepath.Join(dir, fmt.Sprint(n))
		}
		for range rapid.IntRange(1, 4).Draw(t, "runs") {
			limit := rapid.OneOf(rapid.IntRange(0, 3000), rapid.IntRange(0, 110000)).Draw(t, "octets")
			ends := [][2]int{{limit, whole}, {whole, limit}}
			from, to := ends[rapid.IntRange(0, 1).Draw(t, "of whom")], [2]int{whole, whole}
			if rapid.Bool().Draw(t, "destination") {
				from, to = to, from
			}
			_, _, _ = run(t, c, through(t, a.addr, from[0], from[1], func([]byte) {}), through(t, b.addr, to[0], to[1], func([]byte) {}))
		}
		if out, errs, err := run(t, c, a.addr, b.addr); err != nil {
			t.Errorf("%q %q %v", out, errs, err)
		}
		same(t, a, b)
		if out, errs, err := run(t, c, a.addr, b.addr); err != nil || !strings.HasPrefix(out, "copied 0 ") {
			t.Errorf("again: %q %q %v", out, errs, err)
		}
	})
}

// TestWithoutUIDPlus: a destination that does not say what it made of a message is
// searched for it, and messages that are alike still come over both.
func TestWithoutUIDPlus(t *testing.T) {
	a, b := serve(t, memstore.Options{}), serve(t, memstore.Options{})
	a.fill()
	addr := through(t, b.addr, whole, whole, func(p []byte) {
		if i := bytes.Index(p, []byte("[APPENDUID")); i >= 0 {
			p[i+1] = 'X'
		}
	})
	c := config{journal: filepath.Join(t.TempDir(), "journal")}
	for _, want := range []string{"copied 10 ", "copied 0 "} {
		if out, errs, err := run(t, c, a.addr, addr); err != nil || !strings.HasPrefix(out, want) {
			t.Errorf("%q %q %v, want %q", out, errs, err, want)
		}
		same(t, a, b)
	}
}

// TestRefused: what the destination does not take is told, the rest is copied, and
// the program fails.
func TestRefused(t *testing.T) {
	a, b := serve(t, memstore.Options{}), serve(t, memstore.Options{AppendLimit: 50000})
	a.fill()
	out, errs, err := run(t, config{}, a.addr, b.addr)
	if err == nil || !strings.HasPrefix(out, "copied 9 ") || !strings.HasPrefix(errs, "imapsync: Work/Été/日本語: message 1: APPEND: NO ") {
		t.Errorf("%q %q %v", out, errs, err)
	}
	want := a.contents()
	if len(b.contents()["Work/Été/日本語"]) != 1 {
		t.Error("the message behind it is not there")
	}
	delete(want, "Work/Été/日本語")
	got := b.contents()
	delete(got, "Work/Été/日本語")
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

// TestLarge: a message of 16 MiB passes in little memory (invariant 7).
func TestLarge(t *testing.T) {
	a, b := serve(t, memstore.Options{}), serve(t, memstore.Options{})
	a.put(imap.Inbox, "Message-ID: <large@example.org>\r\n\r\n"+strings.Repeat("0123456789abcde\n", 1<<20), noon)
	ctx := context.Background()
	cp := &copier{
		journal: &journal{pairs: map[pair]*copied{}}, progress: func(string, int64, int64, int64) {},
		fail: func(what string, err error) { t.Errorf("%s: %v", what, err) },
	}
	for addr, s := range map[string]**session{a.addr: &cp.from, b.addr: &cp.to} {
		u, err := account("imap://ada@"+addr, "secret")
		if err != nil {
			t.Fatal(err)
		}
		if *s, err = dial(ctx, u, startTLSAnnounced, &tls.Config{}, func(err error) { t.Error(err) }); err != nil {
			t.Fatal(err)
		}
		defer (*s).close(ctx)
	}
	if err := cp.run(ctx); err != nil {
		t.Fatal(err)
	}
	same(t, a, b)
	for name, s := range map[string]*session{"source": cp.from, "destination": cp.to} {
		if st := s.conn.Stats(); st.MaxRetained+st.MaxQueuedOut > 256<<10 {
			t.Errorf("the %s's engine: %+v", name, st)
		}
	}
}
