//go:build interop

package interop

import (
	"crypto/sha256"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/mailwire/mailwire/imapwire"
	"github.com/mailwire/mailwire/imapwire/imap"
	"github.com/mailwire/mailwire/imapwire/imapclient"
)

// buildPopfetch builds the program.
func buildPopfetch(t *testing.T) string {
	t.Helper()
	popfetch := filepath.Join(t.TempDir(), "popfetch")
	if out, err := exec.Command("go", "build", "-o", popfetch, "../../popfetch").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return popfetch
}

// A maildrop is an account of some server, for popfetch: what to call it with, and
// IMAP to the same mail.
type maildrop struct {
	args []string // the last is the URL
	imap func(t *testing.T) *caller
}

// maildrops returns an account of this server in each transport, and one of Dovecot.
func maildrops(t *testing.T) map[string]maildrop {
	t.Helper()
	all := map[string]maildrop{}
	for _, transport := range transports {
		s := startMail(t)
		args := map[string][]string{
			"plain":    {"-stls", "never", "pop3://" + mailUser + ":" + mailPassword + "@" + s.pop3},
			"starttls": {"-ca", authority, "pop3://" + mailUser + ":" + mailPassword + "@" + s.pop3},
			"tls":      {"-ca", authority, "pops://" + mailUser + ":" + mailPassword + "@" + s.pop3s},
		}[transport]
		all[transport] = maildrop{args, func(t *testing.T) *caller { return login(t, s.imap, mailUser, mailPassword) }}
	}
	d := startDovecotWith(t, dovecotPlain, nil)
	all["Dovecot"] = maildrop{
		[]string{"pop3://fetch:" + dovecotPassword + "@" + d.pop3}, func(t *testing.T) *caller { return login(t, d.imap, "fetch", dovecotPassword) },
	}
	return all
}

// digests returns what messages are in a box: lines end in LF, the last one too.
func digests(messages ...string) (sums []string) {
	for _, m := range messages {
		m = strings.ReplaceAll(m, "\r\n", "\n")
		if m != "" && !strings.HasSuffix(m, "\n") {
			m += "\n"
		}
		sums = append(sums, fmt.Sprintf("%x", sha256.Sum256([]byte(m))))
	}
	slices.Sort(sums)
	return sums
}

// inMbox returns what Python's module mailbox finds in an mbox.
func inMbox(t *testing.T, path string) []string {
	t.Helper()
	out, log, status := run(t, program(t, "python3", "python3"), "testdata/mbox.py", path)
	if status != 0 {
		t.Fatal(log)
	}
	sums := strings.Fields(out)
	slices.Sort(sums)
	return sums
}

// inMaildir returns what is in a Maildir.
func inMaildir(t *testing.T, dir string) []string {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(dir, "new", "*"))
	if err != nil {
		t.Fatal(err)
	}
	var messages []string
	for _, name := range names {
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		messages = append(messages, string(b))
	}
	return digests(messages...)
}

// exists is how many messages INBOX has.
func exists(k *caller) (n uint32) {
	k.t.Helper()
	k.do(&imapwire.Select{Mailbox: imap.Inbox}, func(ev imapclient.Event) {
		if d, ok := ev.(*imapclient.Data); ok {
			if e, ok := d.Response.(*imapwire.ExistsData); ok {
				n = e.Count
			}
		}
	})
	return n
}

// letters are messages that mbox has to quote and POP3 to stuff.
var letters = []string{
	"From: a@example.org\r\nSubject: one\r\n\r\n.\r\n..\r\nFrom here\r\n>From there\r\n>>From\r\n\r\n",
	"From: a@example.org\r\nSubject: two\r\n\r\n\r\nFrom \r\n\r\n\r\nFrom MAILER-DAEMON Thu Jan  1 00:00:00 1970\r\nno end\r\n",
	"Subject: three\r\n\r\n8-bit \xe4\xf6\xfc\r\n",
	"Subject: four\r\n\r\n" + strings.Repeat("x", 70_000) + "\r\n",
}

// TestPopfetch: from this server and from Dovecot, kept and then deleted, into an mbox
// that Python reads and into a Maildir, and nothing is different.
func TestPopfetch(t *testing.T) {
	t.Parallel()
	popfetch := buildPopfetch(t)
	for name, d := range maildrops(t) {
		t.Run(name, func(t *testing.T) {
			k := d.imap(t)
			for _, m := range letters[:3] {
				k.append("INBOX", m, time.Time{})
			}
			mbox, maildir := filepath.Join(t.TempDir(), "mbox"), filepath.Join(t.TempDir(), "Maildir")
			fetch := func(want string, args ...string) {
				t.Helper()
				out, log, status := run(t, popfetch, append(args, d.args...)...)
				if status != 0 || log != "" || !strings.HasPrefix(out, want) {
					t.Errorf("%q: exit status %d\n%s%s", args, status, out, log)
				}
			}
			fetch("fetched 3 messages ", "-keep", "-mbox", mbox)
			fetch("fetched 3 messages ", "-keep", "-maildir", maildir)
			fetch("fetched 0 messages ", "-keep", "-mbox", mbox)
			k.append("INBOX", letters[3], time.Time{})
			fetch("fetched 1 messages ", "-keep", "-mbox", mbox)
			fetch("fetched 1 messages ", "-maildir", maildir)
			fetch("fetched 0 messages of 0 octets; 0 were there; 0 deleted", "-mbox", mbox)
			if got, want := inMbox(t, mbox), digests(letters...); !slices.Equal(got, want) {
				t.Errorf("the mbox has\n%v\nwant\n%v", got, want)
			}
			if got, want := inMaildir(t, maildir), digests(letters...); !slices.Equal(got, want) {
				t.Errorf("the Maildir has\n%v\nwant\n%v", got, want)
			}
			if n := exists(d.imap(t)); n != 0 {
				t.Errorf("the server has %d messages", n)
			}
			wrong := slices.Clone(d.args)
			last := &wrong[len(wrong)-1]
			*last = strings.Replace(*last, ":"+mailPassword+"@", ":wrong@", 1)
			*last = strings.Replace(*last, ":"+dovecotPassword+"@", ":wrong@", 1)
			if _, log, status := run(t, popfetch, append([]string{"-mbox", mbox}, wrong...)...); status != 1 || !strings.Contains(log, "popfetch: login with ") {
				t.Errorf("a wrong password: exit status %d, %s", status, log)
			}
		})
	}
}

// TestPopfetchKilled: killed at any moment, over and over, until all has come: each
// message is in the box once, and none on the server.
func TestPopfetchKilled(t *testing.T) {
	t.Parallel()
	popfetch := buildPopfetch(t)
	drops := maildrops(t)
	for _, name := range []string{"plain", "Dovecot"} {
		for _, kind := range []string{"-mbox", "-maildir"} {
			t.Run(name+" "+kind, func(t *testing.T) {
				d := drops[name]
				k := d.imap(t)
				var messages []string
				for i := range 40 {
					m := fmt.Sprintf("Subject: m%d\r\n\r\n%s", i, strings.Repeat("From the line\r\n", i*i))
					messages = append(messages, m)
					k.append("INBOX", m, time.Time{})
				}
				box := filepath.Join(t.TempDir(), "box")
				args := append([]string{kind, box, "-q"}, d.args...)
				r := rand.New(rand.NewPCG(1, uint64(len(name+kind))))
				for range 8 {
					cmd := exec.Command(popfetch, args...)
					if err := cmd.Start(); err != nil {
						t.Fatal(err)
					}
					time.Sleep(time.Duration(r.IntN(200)) * time.Millisecond)
					cmd.Process.Kill()
					cmd.Wait()
				}
				// The server may not have seen yet that the last one is gone.
				for end := time.Now().Add(patience); ; time.Sleep(100 * time.Millisecond) {
					out, log, status := run(t, popfetch, args...)
					if status == 0 {
						break
					}
					if time.Now().After(end) {
						t.Fatalf("exit status %d\n%s%s", status, out, log)
					}
				}
				got := map[string]func(*testing.T, string) []string{"-mbox": inMbox, "-maildir": inMaildir}[kind](t, box)
				if want := digests(messages...); !slices.Equal(got, want) {
					t.Errorf("the box has %d messages, or others\n%v\nwant\n%v", len(got), got, want)
				}
				if n := exists(d.imap(t)); n != 0 {
					t.Errorf("the server has %d messages", n)
				}
			})
		}
	}
}

// TestPopfetchLarge: 64 MiB come from Dovecot into an mbox.
func TestPopfetchLarge(t *testing.T) {
	popfetch := buildPopfetch(t)
	line := strings.Repeat("0123456789abcdef", 4)[:62] + "\n"
	const lines = 1 << 20
	text := "Subject: large\n\n" + strings.Repeat(line, lines)
	server := startDovecotWith(t, dovecotPlain, func(mail string) {
		cur := filepath.Join(mail, "fetch", "cur")
		if err := os.MkdirAll(cur, 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(cur, "1700000000.M1.host:2,S"), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	})
	mbox := filepath.Join(t.TempDir(), "mbox")
	cmd := exec.Command(popfetch, "-mbox", mbox, "pop3://fetch:"+dovecotPassword+"@"+server.pop3)
	out, err := cmd.CombinedOutput()
	if err != nil || !strings.HasPrefix(string(out), "fetched 1 messages of 67108") {
		t.Fatalf("%v\n%s", err, out)
	}
	if got, want := inMbox(t, mbox), digests(text); !slices.Equal(got, want) {
		t.Errorf("the mbox has %v, want %v", got, want)
	}
}
