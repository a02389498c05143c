//go:build interop

package interop

import (
	"context"
	"fmt"
	"io/fs"
	"net"
	"os"
	"os/exec"
	osuser "os/user"
	"path/filepath"
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
