//go:build interop

package interop

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"io/fs"
	"net"
	"os"
	"os/exec"
	osuser "os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/mailwire/mailwire/imapwire"
	"github.com/mailwire/mailwire/imapwire/drive"
	"github.com/mailwire/mailwire/imapwire/engine"
	"github.com/mailwire/mailwire/imapwire/imap"
	"github.com/mailwire/mailwire/imapwire/imapclient"
)

// The users of Dovecot have any name, this password, and this system account.
const (
	dovecotPassword = "sekret"
	dovecotAccount  = "mail"
)

// dovecotConf is for a directory, the ports of IMAP and POP3, in the clear and over
// TLS, and what a test has beside it.
const dovecotConf = `
base_dir = %[1]s/run
state_dir = %[1]s/run
log_path = %[1]s/log
protocols = imap pop3
listen = 127.0.0.1
disable_plaintext_auth = no
auth_failure_delay = 0
mail_location = maildir:%[1]s/mail/%%n
maildir_broken_filename_sizes = yes
first_valid_uid = 1
mail_max_userip_connections = 100
userdb {
  driver = static
  args = uid=` + dovecotAccount + ` gid=` + dovecotAccount + ` home=%[1]s/mail/%%n
}
service anvil {
  unix_listener anvil-auth-penalty {
    mode = 0
  }
}
service imap-login {
  inet_listener imap {
    port = %[2]d
  }
  inet_listener imaps {
    port = %[3]d
  }
}
service pop3-login {
  inet_listener pop3 {
    port = %[4]d
  }
  inet_listener pop3s {
    port = %[5]d
  }
}
%[6]s
namespace inbox {
  inbox = yes
}
`

// dovecotPlain is Dovecot with passwords in the clear alone.
const dovecotPlain = `
ssl = no
auth_mechanisms = plain
passdb {
  driver = static
  args = password=` + dovecotPassword + `
}
`

// A dovecot is where Dovecot listens.
type dovecot struct{ imap, imaps, pop3, pop3s string }

// startDovecot runs Dovecot, and returns the address of its IMAP. What fill puts
// into the directory of mail, a Maildir for each user, is there from the start.
func startDovecot(t *testing.T, fill func(mail string)) string {
	t.Helper()
	return startDovecotWith(t, dovecotPlain, fill).imap
}

// freePorts returns ports on which nothing listens.
func freePorts(t *testing.T) (ports [4]int) {
	t.Helper()
	for i := range ports {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		// All are held until the last is known, so that none comes twice.
		defer l.Close()
		ports[i] = l.Addr().(*net.TCPAddr).Port
	}
	return ports
}

// startDovecotWith runs Dovecot on free ports, with what more has for its
// configuration.
func startDovecotWith(t *testing.T, more string, fill func(mail string)) dovecot {
	t.Helper()
	path, err := exec.LookPath("dovecot")
	if err != nil {
		path = program(t, "/usr/sbin/dovecot", "dovecot-imapd")
	}
	if os.Getuid() != 0 {
		t.Fatal("Dovecot starts as root only: run this test as root")
	}
	// Its processes give up root and have to get here.
	dir, err := os.MkdirTemp("", "dovecot")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	mail := filepath.Join(dir, "mail")
	ports := freePorts(t)
	conf := filepath.Join(dir, "conf")
	for _, err := range []error{
		os.Chmod(dir, 0o755),
		os.Mkdir(mail, 0o700),
		os.WriteFile(conf, fmt.Appendf(nil, dovecotConf, dir, ports[0], ports[1], ports[2], ports[3], more), 0o644),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	if fill != nil {
		fill(mail)
	}
	account, err := osuser.Lookup(dovecotAccount)
	if err != nil {
		t.Fatal(err)
	}
	uid, _ := strconv.Atoi(account.Uid)
	gid, _ := strconv.Atoi(account.Gid)
	if err := filepath.WalkDir(mail, func(path string, _ fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		return os.Chown(path, uid, gid)
	}); err != nil {
		t.Fatal(err)
	}

	var out output
	cmd := exec.Command(path, "-F", "-c", conf)
	cmd.Stdout, cmd.Stderr = &out, &out
	cmd.WaitDelay = patience
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	exited := make(chan struct{})
	go func() {
		cmd.Wait()
		close(exited)
	}()
	t.Cleanup(func() {
		cmd.Process.Signal(syscall.SIGTERM)
		select {
		case <-exited:
		case <-time.After(patience):
			t.Error("Dovecot does not end")
			cmd.Process.Kill()
			<-exited
		}
		if t.Failed() {
			log, _ := os.ReadFile(filepath.Join(dir, "log"))
			t.Logf("Dovecot says\n%s%s", out.String(), log)
		}
	})
	for end := time.Now().Add(patience); ; time.Sleep(20 * time.Millisecond) {
		at := func(i int) string { return fmt.Sprintf("127.0.0.1:%d", ports[i]) }
		nc, err := net.Dial("tcp", at(0))
		if err == nil {
			nc.Close()
			return dovecot{at(0), at(1), at(2), at(3)}
		}
		select {
		case <-exited:
			t.Fatal("Dovecot ended before it was ready")
		default:
		}
		if time.Now().After(end) {
			t.Fatal(err)
		}
	}
}

// A caller is a client's engine on a connection. Whatever it can not read fails the
// test.
type caller struct {
	t     *testing.T
	ctx   context.Context
	conn  *imapclient.Conn
	drive *drive.Client
}

// call connects and reads the greeting.
func call(t *testing.T, addr string) *caller {
	t.Helper()
	nc, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 2*patience)
	t.Cleanup(cancel)
	sec, err := drive.Security(ctx, nc)
	if err != nil {
		t.Fatal(err)
	}
	c, err := imapclient.New(time.Now(), imapclient.Options{Security: sec, PlaintextAuth: engine.PlaintextLoopback})
	if err != nil {
		t.Fatal(err)
	}
	k := &caller{t, ctx, c, &drive.Client{Conn: nc, Engine: c}}
	t.Cleanup(func() { k.drive.Close() })
	if _, ok := k.next().(*imapclient.Greeting); !ok {
		t.Fatal("no greeting")
	}
	return k
}

// login is call and LOGIN.
func login(t *testing.T, addr, user, password string) *caller {
	t.Helper()
	k := call(t, addr)
	k.do(&imapwire.Login{User: user, Password: engine.Secret(password)}, nil)
	return k
}

// step returns the next event; when there is none, it moves octets.
func (k *caller) step() imapclient.Event {
	k.t.Helper()
	ev := k.conn.Next()
	switch ev := ev.(type) {
	case nil:
		if err := k.drive.Step(k.ctx); err != nil {
			k.t.Fatal(err)
		}
	case *imapclient.Malformed:
		k.t.Errorf("%v in %.300q", ev.Err, ev.Raw)
	case *imapclient.Closed:
		k.t.Fatalf("closed: %v", ev.Err)
	}
	return ev
}

func (k *caller) next() imapclient.Event {
	k.t.Helper()
	for {
		if ev := k.step(); ev != nil {
			return ev
		}
	}
}

func (k *caller) send(cmd imapwire.Command) engine.ID {
	k.t.Helper()
	id, err := k.conn.Send(cmd)
	if err != nil {
		k.t.Fatal(err)
	}
	return id
}

// finish hands all events to each, until a command is over, which must succeed.
func (k *caller) finish(id engine.ID, each func(imapclient.Event)) imapwire.StatusCondition {
	k.t.Helper()
	for {
		ev := k.next()
		if done, ok := ev.(*imapclient.Done); ok && done.ID == id {
			if done.Err != nil || done.Status.Condition != imapwire.OK {
				k.t.Fatalf("%+v", done)
			}
			return done.Status
		}
		if each != nil {
			each(ev)
		}
	}
}

func (k *caller) do(cmd imapwire.Command, each func(imapclient.Event)) imapwire.StatusCondition {
	k.t.Helper()
	return k.finish(k.send(cmd), each)
}

// append stores a small message.
func (k *caller) append(folder, text string, date time.Time, flags ...imap.Flag) {
	k.t.Helper()
	k.do(&imapwire.Append{Mailbox: folder, Messages: []imapwire.AppendMessage{{
		Flags: flags, Date: date, Size: int64(len(text)), Content: strings.NewReader(text),
	}}}, nil)
}

// everyMessage is 1:*.
var everyMessage = imap.SetRange(1, imap.Star)

// TestDovecotLogin: both ways to log in.
func TestDovecotLogin(t *testing.T) {
	addr := startDovecot(t, nil)
	login(t, addr, user, dovecotPassword).do(&imapwire.Logout{}, nil)
	k := call(t, addr)
	k.do(&imapwire.Authenticate{Mechanism: "PLAIN", Initial: engine.Secret(plainMessage(user, dovecotPassword)), HasInitial: true}, nil)
	k.do(&imapwire.Logout{}, nil)
}

// TestDovecotList: 10,000 messages listed with envelope and structure.
func TestDovecotList(t *testing.T) {
	const n = 10000
	addr := startDovecot(t, func(mail string) {
		cur := filepath.Join(mail, user, "cur")
		if err := os.MkdirAll(cur, 0o700); err != nil {
			t.Fatal(err)
		}
		for i := range n {
			text := fmt.Sprintf("From: \"A, B\" <a@example.org>\r\nTo: g: b@example.org, =?utf-8?q?=C3=A4?= <c@example.org>;\r\n"+
				"Subject: m%05d \"quoted\" \\\r\nMessage-ID: <%d@example.org>\r\nDate: Tue, 24 Nov 2026 12:00:00 +0000\r\n"+
				"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\ntext\r\n"+
				"--b\r\nContent-Type: message/rfc822\r\n\r\nSubject: inner\r\n\r\nx\r\n--b--\r\n", i, i)
			if err := os.WriteFile(filepath.Join(cur, fmt.Sprintf("%d.M%d.host:2,S", 1700000000+i, i)), []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
	})
	k := login(t, addr, user, dovecotPassword)
	k.do(&imapwire.Select{Mailbox: "INBOX"}, nil)
	seen := map[string]bool{}
	k.do(&imapwire.Fetch{Set: everyMessage, Items: []imapwire.FetchItem{
		imapwire.FetchUID, imapwire.FetchFlags, imapwire.FetchEnvelope, imapwire.FetchBodyStructure,
	}}, func(ev imapclient.Event) {
		end, ok := ev.(*imapclient.FetchEnd)
		if !ok {
			return
		}
		const all = imapwire.HasUID | imapwire.HasFlags | imapwire.HasEnvelope | imapwire.HasStructure
		d := end.Data
		if d.Has&all != all || len(d.Structure.Parts) != 2 || d.Envelope.From == nil || len(d.Unknown) > 0 {
			t.Fatalf("%+v", d)
		}
		seen[d.Envelope.Subject.Value] = true
	})
	if len(seen) != n || !seen[`m09999 "quoted" \`] {
		t.Errorf("%d subjects", len(seen))
	}
	if s := k.conn.Stats(); s.MaxRetained+s.MaxQueuedOut > 256<<10 {
		t.Errorf("%+v", s)
	}
}

// TestDovecotIdle: an IDLE hears what another session appends.
func TestDovecotIdle(t *testing.T) {
	addr := startDovecot(t, nil)
	a, b := login(t, addr, user, dovecotPassword), login(t, addr, user, dovecotPassword)
	a.do(&imapwire.Select{Mailbox: "INBOX"}, nil)
	id := a.send(&imapwire.Idle{})
	for idling := false; !idling; {
		_, idling = a.next().(*imapclient.Idling)
	}
	b.append("INBOX", "Subject: news\r\n\r\n", time.Time{})
	for {
		if d, ok := a.next().(*imapclient.Data); ok {
			if e, ok := d.Response.(*imapwire.ExistsData); ok && e.Count == 1 {
				break
			}
		}
	}
	if err := a.conn.EndIdle(id); err != nil {
		t.Fatal(err)
	}
	a.finish(id, nil)
}

// TestDovecotResync: who was away hears of exactly what changed and went (RFC 7162).
func TestDovecotResync(t *testing.T) {
	addr := startDovecot(t, nil)
	a := login(t, addr, user, dovecotPassword)
	for range 5 {
		a.append("INBOX", "Subject: x\r\n\r\n", time.Time{})
	}
	var validity, modseq uint64
	a.do(&imapwire.Select{Mailbox: "INBOX", CondStore: true}, func(ev imapclient.Event) {
		if d, ok := ev.(*imapclient.Data); ok {
			if s, ok := d.Response.(*imapwire.StatusResponse); ok {
				if n, ok := s.Code.(*imapwire.CodeNumber); ok {
					switch n.Name {
					case imapwire.CodeUIDValidity:
						validity = n.Number
					case imapwire.CodeHighestModSeq:
						modseq = n.Number
					}
				}
			}
		}
	})
	b := login(t, addr, user, dovecotPassword)
	b.do(&imapwire.Select{Mailbox: "INBOX"}, nil)
	b.do(&imapwire.Store{UID: true, Set: imap.SetOf(2), Op: imapwire.StoreAdd, Flags: []imap.Flag{imap.FlagFlagged}}, nil)
	b.do(&imapwire.Store{UID: true, Set: imap.SetOf(4), Op: imapwire.StoreAdd, Flags: []imap.Flag{imap.FlagDeleted}}, nil)
	b.do(&imapwire.Expunge{}, nil)
	b.append("INBOX", "Subject: new\r\n\r\n", time.Time{})

	c := login(t, addr, user, dovecotPassword)
	c.do(&imapwire.Enable{Capabilities: imap.Capabilities{imap.CapQResync}}, nil)
	var told []string
	c.do(&imapwire.Select{Mailbox: "INBOX", QResync: &imapwire.QResync{
		UIDValidity: uint32(validity), ModSeq: imap.ModSeq(modseq),
	}}, func(ev imapclient.Event) {
		switch ev := ev.(type) {
		case *imapclient.Data:
			if v, ok := ev.Response.(*imapwire.VanishedData); ok {
				told = append(told, fmt.Sprintf("gone %t %v", v.Earlier, v.UIDs))
			}
		case *imapclient.FetchEnd:
			flags := slices.DeleteFunc(slices.Clone(ev.Data.Flags), imap.FlagRecent.Equal)
			told = append(told, fmt.Sprintf("%d %v %t", ev.Data.UID, flags, ev.Data.ModSeq > imap.ModSeq(modseq)))
		}
	})
	slices.Sort(told)
	if got, want := fmt.Sprint(told), fmt.Sprint([]string{`2 [\Flagged] true`, "6 [] true", "gone true 4"}); got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

// TestDovecotLarge: 64 MiB up and down in little memory (invariant 7).
func TestDovecotLarge(t *testing.T) {
	addr := startDovecot(t, nil)
	k := login(t, addr, user, dovecotPassword)
	line := bytes.Repeat([]byte("0123456789abcdef"), 64)
	copy(line[len(line)-2:], "\r\n")
	const lines = 64 << 10
	h := sha256.New()
	id := k.send(&imapwire.Append{Mailbox: "INBOX", Messages: []imapwire.AppendMessage{{Size: int64(lines * len(line)), Pushed: true, Wait: true}}})
	for ready := false; !ready; {
		_, ready = k.next().(*imapclient.Ready)
	}
	for range lines {
		h.Write(line)
		for p := line; len(p) > 0; {
			n, err := k.conn.Push(p)
			if err != nil {
				t.Fatal(err)
			}
			if p = p[n:]; len(p) > 0 {
				if done, ok := k.step().(*imapclient.Done); ok {
					t.Fatalf("%+v", done)
				}
			}
		}
	}
	k.finish(id, nil)
	k.do(&imapwire.Select{Mailbox: "INBOX"}, nil)
	back := sha256.New()
	k.do(&imapwire.Fetch{UID: true, Set: imap.SetOf(1), Items: []imapwire.FetchItem{&imapwire.FetchBody{Peek: true}}}, func(ev imapclient.Event) {
		if d, ok := ev.(*imapclient.BodyData); ok {
			back.Write(d.Data)
		}
	})
	if !bytes.Equal(h.Sum(nil), back.Sum(nil)) {
		t.Error("other octets came back")
	}
	s := k.conn.Stats()
	t.Logf("at most %d octets retained, %d queued", s.MaxRetained, s.MaxQueuedOut)
	if s.MaxRetained+s.MaxQueuedOut > 256<<10 {
		t.Errorf("%+v", s)
	}
}
