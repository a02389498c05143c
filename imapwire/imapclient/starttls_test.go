package imapclient_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/mailwire/mailwire/imapwire"
	"github.com/mailwire/mailwire/imapwire/engine"
	"github.com/mailwire/mailwire/imapwire/imapclient"
)

// TestSurplus: invariant 24, threat T4. What comes behind the answer to
// STARTTLS ends the conversation, however it was cut, and is never taken for a
// response.
func TestSurplus(t *testing.T) {
	for _, surplus := range []string{"x", "\r\n", "* OK injected\r\n", "* PREAUTH in\r\n", "* CAPABILITY IMAP4rev1 AUTH=PLAIN\r\n", "A2 OK in\r\n"} {
		in := "* OK ready\r\nA1 OK begin\r\n" + surplus
		for cut := 1; cut <= len(in); cut++ {
			p := newPlayer(t, imapclient.Options{})
			p.work()
			p.act("STARTTLS")
			for rest := in; rest != ""; {
				n := min(cut, len(rest))
				p.c.Feed(start, []byte(rest[:n]))
				p.work()
				rest = rest[n:]
			}
			last := p.log[len(p.log)-1]
			if !strings.Contains(last, imapclient.ErrSurplus.Error()) {
				t.Errorf("%q in pieces of %d: %s", surplus, cut, last)
			}
			for _, line := range p.log {
				if strings.Contains(line, "E: data") {
					t.Errorf("%q in pieces of %d: %s", surplus, cut, line)
				}
			}
		}
	}
}

// TestMechanisms: invariant 23. In the clear a mechanism that shows nothing is
// used, from the first message to the last, and no other; where TLS is required,
// none is.
func TestMechanisms(t *testing.T) {
	for _, tt := range []struct {
		mechanism string
		shows     bool
	}{
		{"SCRAM-SHA-256", false}, {"scram-sha-1", false}, {"SCRAM-SHA-256-PLUS", false}, {"CRAM-MD5", false}, {"EXTERNAL", false}, {"ANONYMOUS", false},
		{"PLAIN", true}, {"LOGIN", true}, {"XOAUTH2", true}, {"OAUTHBEARER", true}, {"NTLM", true}, {"CRAM-MD5X", true}, {"XSCRAM-SHA-1", true},
	} {
		for _, ready := range []string{"* OK ready", "* OK [CAPABILITY IMAP4rev1 SASL-IR] ready"} {
			p := newPlayer(t, imapclient.Options{PlaintextAuth: engine.PlaintextLoopback})
			p.feed(ready + "\r\n")
			id, err := p.c.Send(&imapwire.Authenticate{Mechanism: tt.mechanism, Initial: "first", HasInitial: true})
			if tt.shows {
				if !errors.Is(err, imapclient.ErrPlaintext) {
					t.Errorf("%s: %v", tt.mechanism, err)
				}
				continue
			}
			if err != nil {
				t.Errorf("%s: %v", tt.mechanism, err)
				continue
			}
			if !strings.Contains(ready, "SASL-IR") {
				p.work()
				p.feed("+ \r\n")
			}
			p.work()
			p.feed("+ bW9yZQ==\r\n")
			if err := p.c.Respond(id, "second"); err != nil {
				t.Errorf("%s: %v", tt.mechanism, err)
			}
			p.work()
			if log := strings.Join(p.log, "\n"); !strings.Contains(log, "Zmlyc3Q=") || !strings.Contains(log, "C: c2Vjb25k") {
				t.Errorf("%s:\n%s", tt.mechanism, log)
			}
			p = newPlayer(t, imapclient.Options{PlaintextAuth: engine.PlaintextAlways, RequireTLS: true})
			p.feed(ready + "\r\n")
			if _, err := p.c.Send(&imapwire.Authenticate{Mechanism: tt.mechanism}); !errors.Is(err, imapclient.ErrPlaintext) {
				t.Errorf("%s where TLS is required: %v", tt.mechanism, err)
			}
		}
	}
}

// TestPlaintext: no password leaves in the clear where it may not, whatever
// becomes of STARTTLS (invariant 23).
func TestPlaintext(t *testing.T) {
	send := func(p *player) []error {
		_, err1 := p.c.Send(&imapwire.Login{User: "ada", Password: "secret"})
		_, err2 := p.c.Send(&imapwire.Authenticate{Mechanism: "PLAIN", Initial: "\x00ada\x00secret", HasInitial: true})
		return []error{err1, err2}
	}
	open := newPlayer(t, imapclient.Options{PlaintextAuth: engine.PlaintextLoopback})
	for _, err := range send(open) {
		if !errors.Is(err, imapclient.ErrPlaintext) {
			t.Errorf("an open network: %v", err)
		}
	}
	for _, answer := range []string{"NO no", "BAD what", "OK begin"} {
		p := newPlayer(t, imapclient.Options{})
		p.feed("* OK [CAPABILITY IMAP4rev1 SASL-IR AUTH=PLAIN] ready\r\n")
		p.act("STARTTLS")
		for _, err := range send(p) {
			if err != nil {
				t.Errorf("behind STARTTLS: %v", err)
			}
		}
		p.feed("A1 " + answer + "\r\n")
		if answer[:2] == "OK" {
			p.act("FAILED")
		}
		p.settle()
		if log := strings.Join(p.log, "\n"); strings.Contains(log, "C: A2") || strings.Contains(log, "secret") || strings.Count(log, "E: done") != 3 {
			t.Errorf("%s:\n%s", answer, log)
		}
	}
}

// TestFreshBehindTLS: invariant 27, threats T7, T9 and T13. A session inside TLS
// has neither capabilities nor a login from before it, though a greeting in the
// clear told both.
func TestFreshBehindTLS(t *testing.T) {
	p := newPlayer(t, imapclient.Options{})
	p.feed("* PREAUTH [CAPABILITY IMAP4rev1 LITERAL+] in\r\n* ENABLED UTF8=ACCEPT\r\n")
	p.act("STARTTLS")
	p.feed("A1 OK begin\r\n")
	p.act("UPGRADED")
	if caps, known := p.c.Capabilities(); known || caps != nil || p.c.State() != imapclient.StateNotAuthenticated {
		t.Errorf("%v, %v, %v", caps, known, p.c.State())
	}
	p.log = nil
	p.feed("* LIST () \"/\" x\r\n")
	if len(p.log) != 1 || !strings.HasPrefix(p.log[0], "E: malformed") {
		t.Errorf("a mailbox before the login: %s", p.log)
	}
}
