package imapclient_test

import (
	"encoding/base64"
	"strings"
	"testing"
	"time"

	"github.com/mailwire/mailwire/imapwire"
	"github.com/mailwire/mailwire/imapwire/engine"
	"github.com/mailwire/mailwire/imapwire/imap"
	"github.com/mailwire/mailwire/imapwire/imapclient"
)

// TestRequireTLS: invariant 23, threats T1 to T10 and S10. Whatever a server
// says in the clear, in the place of every answer, and however it is cut: no
// octet leaves that logs in or opens a mailbox.
func TestRequireTLS(t *testing.T) {
	lines := []string{
		"* OK ready", "* OK [CAPABILITY IMAP4rev1 AUTH=PLAIN SASL-IR] ready", "* PREAUTH [CAPABILITY IMAP4rev1] in", "* BYE no", "* BAD what", "+ ready",
		"A1 OK early", "A1 NO no", "A1 BAD what", "A2 OK", "A3 OK", "+ go on", "+ ", "* CAPABILITY IMAP4rev1 AUTH=PLAIN", "* CAPABILITY IMAP4rev1 LOGINDISABLED",
		"* OK [CAPABILITY IMAP4rev1] x", "* ENABLED IMAP4rev2", "* 1 EXISTS", "* NO x", "A1 OK [CAPABILITY IMAP4rev1] x", "HTTP/1.1 200 OK", "",
	}
	secrets := []string{"LOGIN", "AUTHENTICATE", "SELECT", "secret", base64.StdEncoding.EncodeToString([]byte("\x00ada\x00secret"))}
	thirds := lines
	if testing.Short() {
		thirds = []string{"A1 OK early", "+ go on"}
	}
	for _, first := range lines {
		for _, second := range lines {
			for _, third := range thirds {
				for _, cut := range []int{0, 1} {
					p := newPlayer(t, imapclient.Options{RequireTLS: true, PlaintextAuth: engine.PlaintextAlways})
					p.cut = cut
					p.work()
					p.c.Send(&imapwire.StartTLS{})
					p.c.Send(&imapwire.Login{User: "ada", Password: "secret"})
					p.c.Send(&imapwire.Authenticate{Mechanism: "PLAIN", Initial: "\x00ada\x00secret", HasInitial: true})
					p.c.Send(&imapwire.Authenticate{Mechanism: "SCRAM-SHA-256"})
					p.c.Send(&imapwire.Select{Mailbox: "INBOX"})
					for _, line := range []string{first, second, third} {
						p.feed(line + "\r\n")
						p.c.Send(&imapwire.Login{User: "ada", Password: "secret"})
						p.c.Send(&imapwire.Authenticate{Mechanism: "EXTERNAL", HasInitial: true})
						p.c.Send(&imapwire.Select{Mailbox: "INBOX"})
						p.work()
					}
					p.settle()
					for _, line := range p.log {
						if !strings.HasPrefix(line, "C: ") {
							continue
						}
						if strings.HasPrefix(first, "* PREAUTH") {
							// Nothing at all is said to a server that makes STARTTLS impossible.
							t.Fatalf("%q, %q, %q: %s", first, second, third, line)
						}
						for _, s := range secrets {
							if strings.Contains(line, s) {
								t.Fatalf("%q, %q, %q: %s", first, second, third, line)
							}
						}
					}
				}
			}
		}
	}
}

// TestStray: invariant 26, threat T10. What is said of mailboxes before login,
// and of messages before one is selected, becomes no part of the conversation.
func TestStray(t *testing.T) {
	for _, said := range []string{
		"* 1 EXISTS", "* 1 RECENT", "* 1 EXPUNGE", "* VANISHED 1", `* FLAGS (\Seen)`, "* 1 FETCH (FLAGS ())", "* 1 FETCH (BODY[] {3}\r\nabc UID 1)",
		`* LIST () "/" INBOX`, "* STATUS INBOX (MESSAGES 1)", "* SEARCH 1", "* ESEARCH COUNT 1", "* NAMESPACE NIL NIL NIL",
	} {
		p := newPlayer(t, imapclient.Options{})
		p.feed("* OK ready\r\n")
		p.log = nil
		p.feed(said + "\r\n* OK on\r\n")
		if log := strings.Join(p.log, "\n"); !strings.HasPrefix(log, "E: malformed ") || !strings.HasSuffix(log, "E: data * OK on") || len(p.log) != 2 {
			t.Errorf("before login: %s", log)
		}
		p = newPlayer(t, imapclient.Options{})
		p.feed("* PREAUTH ready\r\n")
		p.log = nil
		p.feed(said + "\r\n* OK on\r\n")
		stray := strings.Contains(said, "EXISTS") || strings.Contains(said, "RECENT") || strings.Contains(said, "EXPUNGE") || strings.Contains(said, "VANISHED") || strings.Contains(said, "FLAGS") || strings.Contains(said, "FETCH")
		if log := strings.Join(p.log, "\n"); strings.HasPrefix(log, "E: malformed ") != stray {
			t.Errorf("before SELECT: %s", log)
		}
	}
}

// TestIdleRenew: an IDLE begins anew before the server gives up on it, and the
// application does not notice (RFC 2177 §3).
func TestIdleRenew(t *testing.T) {
	p := newPlayer(t, imapclient.Options{})
	p.feed("* PREAUTH ready\r\n")
	p.act("IDLE")
	p.feed("+ idling\r\n")
	for n := range 3 {
		if d := p.c.Deadline(); d != start.Add(25*time.Minute) {
			t.Fatalf("deadline %v", d)
		}
		p.log = nil
		p.act("EXPIRE")
		tag := "A1"
		if n > 0 {
			tag += "." + string(rune('0'+n))
		}
		p.feed(tag + " OK done\r\n")
		p.feed("* 1 RECENT\r\n+ idling\r\n")
		want := "C: DONE\nC: A1." + string(rune('1'+n)) + " IDLE"
		if got := strings.Join(p.log, "\n"); !strings.HasPrefix(got, want) || strings.Contains(got, "idling") {
			t.Fatalf("got %s\nwant %s", got, want)
		}
	}
	p.log = nil
	p.act("EXPIRE")
	p.act("END")
	p.feed("A1.3 OK done\r\n")
	if got := strings.Join(p.log, "\n"); got != "C: DONE\nE: done 1 OK done" {
		t.Errorf("ended while it was renewed: %s", got)
	}
	if !p.c.Deadline().IsZero() {
		t.Errorf("deadline %v", p.c.Deadline())
	}
}

// TestIgnore: a capability that the application does not want is not used.
func TestIgnore(t *testing.T) {
	p := newPlayer(t, imapclient.Options{Ignore: imap.Capabilities{"literal+"}})
	p.feed("* PREAUTH [CAPABILITY IMAP4rev1 LITERAL+ IDLE] ready\r\n")
	if caps, known := p.c.Capabilities(); !known || caps.Has("LITERAL+") || !caps.Has("IDLE") {
		t.Errorf("%v, %v", caps, known)
	}
	p.act("OPEN INBOX 3")
	if got := p.log[len(p.log)-1]; got != "C: A1 APPEND INBOX {3}" {
		t.Errorf("%s", got)
	}
}
