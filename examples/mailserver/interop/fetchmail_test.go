//go:build interop

package interop

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// mailUser is the user of the programs that fetch mail, whose files have no
// quoting for what the other password holds.
const mailUser, mailPassword = "fetcher", "secret"

// startMail runs a server for fetching mail, with messages in INBOX.
func startMail(t *testing.T, subjects ...string) *server {
	t.Helper()
	s := start(t, "-imap", "127.0.0.1:0", "-imaps", "127.0.0.1:0", "-pop3", "127.0.0.1:0", "-pop3s", "127.0.0.1:0", "-empty", "-v",
		"-user", mailUser+":"+mailPassword, "-tls-cert", certificate, "-tls-key", key)
	c := dial(t, s)
	c.do(t, "l LOGIN "+mailUser+" "+mailPassword)
	for _, subject := range subjects {
		m := letterOf(subject)
		c.do(t, fmt.Sprintf("a APPEND INBOX {%d+}\r\n%s", len(m), m))
	}
	return s
}

// letterOf is a message whose lines begin with dots and whose text ends in the
// middle of a line.
func letterOf(subject string) string {
	return "From: a@example.org\r\nTo: b@example.org\r\nSubject: " + subject + "\r\nMessage-ID: <" + subject + "@example.org>\r\n\r\n" +
		".\r\n..of " + subject + "\r\nthe end"
}

// left returns the subjects of what is in INBOX.
func left(t *testing.T, s *server) []string {
	t.Helper()
	c := dial(t, s)
	c.do(t, "l LOGIN "+mailUser+" "+mailPassword)
	c.do(t, "e EXAMINE INBOX")
	var subjects []string
	for _, m := range regexp.MustCompile(`Subject: (\w+)`).FindAllStringSubmatch(
		strings.Join(c.do(t, "f UID FETCH 1:* BODY.PEEK[HEADER.FIELDS (SUBJECT)]"), "\n"), -1) {
		subjects = append(subjects, m[1])
	}
	return subjects
}

// more appends another message.
func more(t *testing.T, s *server, subject string) {
	t.Helper()
	c := dial(t, s)
	c.do(t, "l LOGIN "+mailUser+" "+mailPassword)
	m := letterOf(subject)
	c.do(t, fmt.Sprintf("a APPEND INBOX {%d+}\r\n%s", len(m), m))
}

// delivered checks what a program has delivered into a directory, a file a
// message, and forgets it.
func delivered(t *testing.T, dir string, subjects ...string) {
	t.Helper()
	var got []string
	files, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		text := strings.ReplaceAll(string(b), "\r\n", "\n")
		_, rest, _ := strings.Cut(text, "Subject: ")
		subject, _, _ := strings.Cut(rest, "\n")
		got = append(got, subject)
		if _, body, _ := strings.Cut(text, "\n\n"); strings.TrimSuffix(body, "\n") != ".\n..of "+subject+"\nthe end" {
			t.Errorf("%s was delivered as %q", subject, text)
		}
		if err := os.Remove(file); err != nil {
			t.Fatal(err)
		}
	}
	slices.Sort(got)
	if !slices.Equal(got, subjects) {
		t.Errorf("delivered were %q, want %q", got, subjects)
	}
}

// fetchmail keeps mail and knows by UIDL what it has, or takes it away.
func TestFetchmail(t *testing.T) {
	t.Parallel()
	fetchmail := program(t, "fetchmail", "fetchmail")
	for _, transport := range transports {
		t.Run(transport, func(t *testing.T) {
			s := startMail(t, "one", "two")
			dir := t.TempDir()
			out := filepath.Join(dir, "out")
			if err := os.Mkdir(out, 0o700); err != nil {
				t.Fatal(err)
			}
			address, security := s.pop3, "sslproto ''"
			switch transport {
			case "starttls":
				security = fmt.Sprintf("sslproto 'TLS1.2+' sslcertck sslcertfile '%s'", authority)
			case "tls":
				address, security = s.pop3s, fmt.Sprintf("ssl sslproto 'TLS1.2+' sslcertck sslcertfile '%s'", authority)
			}
			host, port, err := net.SplitHostPort(address)
			if err != nil {
				t.Fatal(err)
			}
			fetch := func(options string, want int) {
				t.Helper()
				rc := filepath.Join(dir, "rc")
				text := fmt.Sprintf("set no bouncemail\npoll %s port %s proto POP3 auth password uidl\n user '%s' password '%s' %s no rewrite %s\n mda \"sh -c 'cat > %s/$$'\"\n",
					host, port, mailUser, mailPassword, security, options, out)
				if err := os.WriteFile(rc, []byte(text), 0o600); err != nil {
					t.Fatal(err)
				}
				said, log, status := run(t, fetchmail, "-f", rc, "-v", "--nodetach", "--nosyslog", "--invisible",
					"--idfile", filepath.Join(dir, "ids"), "--pidfile", filepath.Join(dir, "pid"))
				if status != want {
					t.Errorf("%s: exit status %d, want %d\n%s%s", options, status, want, said, log)
				}
			}
			const nothing = 1 // fetchmail's word for no new mail
			fetch("keep", 0)
			delivered(t, out, "one", "two")
			if got := left(t, s); !slices.Equal(got, []string{"one", "two"}) {
				t.Errorf("kept are %q", got)
			}
			fetch("keep", nothing)
			delivered(t, out)
			more(t, s, "three")
			fetch("keep", 0)
			delivered(t, out, "three")
			fetch("fetchall nokeep", 0)
			delivered(t, out, "one", "three", "two")
			if got := left(t, s); len(got) != 0 {
				t.Errorf("left are %q", got)
			}
			fetch("nokeep", nothing)
			if got := strings.Contains(s.stderr.String(), "C: STLS"); got != (transport == "starttls") {
				t.Errorf("STLS was said: %v", got)
			}
		})
	}
}

// mpop fetches with everything pipelined, keeps mail or takes it away, and logs
// in in every way it knows and the server offers.
func TestMpop(t *testing.T) {
	t.Parallel()
	mpop := program(t, "mpop", "mpop")
	for _, transport := range transports {
		for _, auth := range []string{"user", "plain", "login", "apop", "cram-md5", "scram-sha-1", "scram-sha-256"} {
			if auth == "apop" && transport == "starttls" {
				continue // the timestamp does not outlive STLS
			}
			t.Run(transport+" "+auth, func(t *testing.T) {
				s := startMail(t, "one", "two")
				dir := t.TempDir()
				for _, d := range []string{"mail", "mail/cur", "mail/new", "mail/tmp"} {
					if err := os.Mkdir(filepath.Join(dir, d), 0o700); err != nil {
						t.Fatal(err)
					}
				}
				out := filepath.Join(dir, "mail", "new")
				address, security := s.pop3, "tls off"
				switch transport {
				case "starttls":
					security = "tls on\ntls_starttls on\ntls_trust_file " + authority
				case "tls":
					address, security = s.pop3s, "tls on\ntls_starttls off\ntls_trust_file "+authority
				}
				host, port, err := net.SplitHostPort(address)
				if err != nil {
					t.Fatal(err)
				}
				fetch := func(keep string) {
					t.Helper()
					rc := filepath.Join(dir, "rc")
					text := fmt.Sprintf("account default\nhost %s\nport %s\nuser %s\npassword %s\nauth %s\n%s\nkeep %s\nreceived_header off\npipelining on\ndelivery maildir %s\nuidls_file %s\n",
						host, port, mailUser, mailPassword, auth, security, keep, filepath.Join(dir, "mail"), filepath.Join(dir, "uidls"))
					if err := os.WriteFile(rc, []byte(text), 0o600); err != nil {
						t.Fatal(err)
					}
					if said, log, status := run(t, mpop, "--file="+rc, "--debug"); status != 0 {
						t.Errorf("keep %s: exit status %d\n%s%s", keep, status, said, log)
					}
				}
				fetch("on")
				delivered(t, out, "one", "two")
				fetch("on")
				delivered(t, out)
				more(t, s, "three")
				fetch("off")
				delivered(t, out, "three")
				if got := left(t, s); len(got) != 0 {
					t.Errorf("left are %q", got)
				}
				verb := map[string]string{"user": "USER", "plain": "AUTH PLAIN", "login": "AUTH LOGIN", "apop": "APOP"}[auth]
				if verb == "" {
					verb = "AUTH " + strings.ToUpper(auth)
				}
				want(t, s.stderr.String(), `C: `+verb)
			})
		}
	}
}
