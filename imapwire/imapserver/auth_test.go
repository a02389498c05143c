package imapserver_test

import (
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/mailwire/mailwire/imapwire"
	"github.com/mailwire/mailwire/imapwire/engine"
	"github.com/mailwire/mailwire/imapwire/imap"
	"github.com/mailwire/mailwire/imapwire/imapserver"
)

// open is a network that others can listen on.
var open = imapserver.Options{
	StartTLS:   true,
	Mechanisms: []imapserver.Mechanism{{Name: "PLAIN", Plaintext: true}, {Name: "LOGIN", Plaintext: true}, {Name: "X-TWO"}},
}

// TestNoPlaintextSecrets: invariant 17, threat S7. Where passwords may not
// travel, LOGINDISABLED is announced, mechanisms that show them are not, and no
// form of a login reaches the application.
func TestNoPlaintextSecrets(t *testing.T) {
	logins := []string{
		"a LOGIN u tanstaaf", "a login u tanstaaf", `a LOGIN "u" "tanstaaf"`, "a LOGIN {1+}\r\nu {8+}\r\ntanstaaf",
		"a AUTHENTICATE PLAIN", "a authenticate plain AHUAdGFuc3RhYWY=", "a AUTHENTICATE LOGIN =", "a AUTHENTICATE Login dQ==",
	}
	for _, tt := range []struct {
		name    string
		sec     engine.Security
		policy  engine.PlaintextAuth
		refused bool
	}{
		{"zero value", engine.Security{}, 0, true},
		{"never, on loopback", engine.Security{Loopback: true}, engine.PlaintextNever, true},
		{"loopback, elsewhere", engine.Security{}, engine.PlaintextLoopback, true},
		{"loopback", engine.Security{Loopback: true}, engine.PlaintextLoopback, false},
		{"always", engine.Security{}, engine.PlaintextAlways, false},
		{"TLS", engine.Security{Encrypted: true}, engine.PlaintextNever, false},
	} {
		opt := open
		opt.Security, opt.PlaintextAuth = tt.sec, tt.policy
		s := newScript(t, opt)
		s.feed("c CAPABILITY\r\n")
		for line := range strings.Lines(s.out.String()) {
			if !strings.Contains(line, "IMAP4rev1") {
				continue
			}
			if strings.Contains(line, " LOGINDISABLED") != tt.refused || strings.Contains(line, " AUTH=PLAIN") == tt.refused || !strings.Contains(line, " SASL-IR") || !strings.Contains(line, " AUTH=X-TWO") {
				t.Errorf("%s: %s", tt.name, line)
			}
		}
		for _, in := range logins {
			s := newScript(t, opt)
			s.out.Reset()
			s.feed(in + "\r\nz NOOP\r\n")
			refused := strings.HasPrefix(s.out.String(), "a NO [PRIVACYREQUIRED] ")
			if refused != tt.refused || refused && (len(s.log) != 1 || s.log[0] != "z NOOP" || s.c.State() != imapserver.StateNotAuthenticated) {
				t.Errorf("%s, %q: %q, heard %q", tt.name, in, s.out.String(), s.log)
			}
		}
	}
}

// TestSASL: threat S8. What a client may answer to a challenge.
func TestSASL(t *testing.T) {
	for _, tt := range []struct{ name, in, want, heard string }{
		{"data", "AHUAcA==", "a OK [CAPABILITY IMAP4rev1 X-ON UTF8=ACCEPT] in", `response "\x00u\x00p" false`},
		{"empty", "", "a OK [CAPABILITY IMAP4rev1 X-ON UTF8=ACCEPT] in", `response "" false`},
		{"cancelled", "*", "a BAD AUTHENTICATE cancelled", `response "" true`},
		{"an equals sign is for initial responses", "=", "a BAD ", `response "" true`},
		{"not base64", "tanstaaf!", "a BAD ", `response "" true`},
		{"bits that are not zero", "AHUAcB==", "a BAD ", `response "" true`},
		{"no padding", "AHUAcA", "a BAD ", `response "" true`},
		{"a space at the end", "AHUAcA== ", "a BAD ", `response "" true`},
		{"CR inside", "AHUA\rcA==", "a BAD ", `response "" true`},
		{"URL alphabet", "_-__", "a BAD ", `response "" true`},
		{"a literal", "{4+}\r\nb LO", "a BAD ", `response "" true`},
		{"a literal that waits", "{4}", "a BAD ", `response "" true`},
	} {
		s := newScript(t, loopback)
		s.feed("a AUTHENTICATE X-TWO\r\n")
		s.out.Reset()
		s.log = nil
		s.feed(tt.in + "\r\nz NOOP\r\n")
		out := s.out.String()
		if !strings.HasPrefix(out, tt.want) || !strings.HasSuffix(out, "z OK done\r\n") || s.log[0] != tt.heard {
			t.Errorf("%s: %q, heard %q", tt.name, out, s.log)
		}
		if strings.Contains(out+strings.Join(s.log, ""), "tanstaaf") {
			t.Errorf("%s shows the answer: %q, %q", tt.name, out, s.log)
		}
		if malformed := strings.Contains(strings.Join(s.log, "\n"), "malformed"); malformed != (strings.Contains(tt.want, "BAD") && tt.in != "*") {
			t.Errorf("%s: heard %q", tt.name, s.log)
		}
	}
	// The forms of an initial response, RFC 4959 §3.
	for in, heard := range map[string]string{
		"":      `authenticate X-TWO "" false`,
		" =":    `authenticate X-TWO "" true`,
		" eA==": `authenticate X-TWO "x" true`,
	} {
		s := newScript(t, loopback)
		s.feed("a AUTHENTICATE x-two" + in + "\r\n")
		if s.log[0] != heard {
			t.Errorf("%q: heard %q", in, s.log)
		}
	}
}

// TestSASLLimits: threat M13. A line, and the number of them, are bounded; what
// they cost does not depend on how they were cut.
func TestSASLLimits(t *testing.T) {
	opt := loopback
	opt.Limits.SASLLine = 40
	for _, size := range []int{1, 7, 1000} {
		for n, want := range map[int]string{36: "a OK", 40: "a BAD limit SASLLine of 40 exceeded (41) at octet 40"} {
			s := newScript(t, opt)
			s.feed("a AUTHENTICATE X-TWO\r\n")
			s.out.Reset()
			in := strings.Repeat("A", n) + "\r\nz NOOP\r\n"
			s.feed(in, sizes(len(in), size)...)
			if !strings.HasPrefix(s.out.String(), want) || !strings.HasSuffix(s.out.String(), "z OK done\r\n") {
				t.Errorf("%d octets by %d: %q", n, size, s.out.String())
			}
		}
	}
	s := newScript(t, loopback)
	s.feed("a AUTHENTICATE X-TWO\r\n")
	s.out.Reset()
	steps := 0
	s.on = func(ev imapserver.Event) bool {
		r, isResponse := ev.(*imapserver.AuthResponse)
		if isResponse && !r.Cancelled {
			steps++
			s.must(s.c.Challenge(r.ID, []byte("more")))
			return true
		}
		return false
	}
	s.feed(strings.Repeat("eA==\r\n", 16))
	if !strings.HasSuffix(s.out.String(), "a BAD limit SASLSteps of 16 exceeded (17) at octet 0\r\n") || steps != 15 {
		t.Errorf("%d steps: %q", steps, s.out.String())
	}
	// A client that tries again and again ends as with any other mistake.
	s = newScript(t, loopback)
	s.feed(strings.Repeat("a AUTHENTICATE X-TWO\r\n*\r\n", 10))
	if s.c.Want() != engine.WantInput {
		t.Error("to cancel is no mistake")
	}
	for range 4 {
		s.feed("a AUTHENTICATE X-TWO\r\n")
		s.feed("?\r\n")
	}
	if s.c.Want() != engine.WantNothing || s.log[len(s.log)-1] != "closed: "+engine.ErrTooManyErrors.Error() {
		t.Errorf("%q", s.log)
	}
}

// TestChallenge: what goes out is base64 of what the application gives.
func TestChallenge(t *testing.T) {
	s := newScript(t, loopback)
	s.out.Reset()
	data := "\x00\xff{5}\r\n"
	s.on = func(ev imapserver.Event) bool {
		a, isAuth := ev.(*imapserver.Authenticate)
		if isAuth {
			s.must(s.c.Challenge(a.ID, []byte(data)))
			if err := s.c.Challenge(a.ID, nil); !errors.Is(err, engine.ErrUnknownID) {
				t.Errorf("a second challenge: %v", err)
			}
			if err := s.c.Done(a.ID, ok("x")); !errors.Is(err, engine.ErrUnknownID) {
				t.Errorf("Done before the answer: %v", err)
			}
		}
		return isAuth
	}
	s.feed("a AUTHENTICATE X-TWO\r\n")
	if want := "+ " + base64.StdEncoding.EncodeToString([]byte(data)) + "\r\n"; s.out.String() != want {
		t.Errorf("%q, want %q", s.out.String(), want)
	}
	// Nothing to say is still a line with a space.
	s = newScript(t, loopback)
	s.out.Reset()
	data = ""
	s.on = func(ev imapserver.Event) bool {
		a, isAuth := ev.(*imapserver.Authenticate)
		if isAuth {
			s.must(s.c.Challenge(a.ID, nil))
		}
		return isAuth
	}
	s.feed("a AUTHENTICATE X-TWO\r\n")
	if s.out.String() != "+ \r\n" {
		t.Errorf("%q", s.out.String())
	}
}

// TestLoginCode: a login tells the capabilities, unless the application has
// something else to tell; one that failed does not.
func TestLoginCode(t *testing.T) {
	for _, tt := range []struct {
		s    imapwire.StatusCondition
		want string
	}{
		{ok("in"), "a OK [CAPABILITY IMAP4rev1 X-LATER] in\r\n"},
		{imapwire.StatusCondition{Condition: imapwire.OK, Code: imapwire.CodeAlert, Text: "in"}, "a OK [ALERT] in\r\n"},
		{imapwire.StatusCondition{Condition: imapwire.NO, Text: "no"}, "a NO no\r\n"},
	} {
		opt := loopback
		opt.Capabilities.Authenticated = imap.Capabilities{imap.CapIMAP4rev1, "X-LATER"}
		s := newScript(t, opt)
		s.out.Reset()
		s.on = func(ev imapserver.Event) bool {
			s.must(s.c.Done(ev.(*imapserver.Command).ID, tt.s))
			return true
		}
		s.feed("a LOGIN u p\r\n")
		if s.out.String() != tt.want {
			t.Errorf("%q, want %q", s.out.String(), tt.want)
		}
		if in := s.c.State() == imapserver.StateAuthenticated; in != (tt.s.Condition == imapwire.OK) {
			t.Errorf("%v: %v", tt.s, s.c.State())
		}
	}
}

// TestSecrets: threat S13. No event but those that carry it to the application
// shows what a client meant as a password, also where it made a mistake.
func TestSecrets(t *testing.T) {
	b64 := base64.StdEncoding.EncodeToString([]byte("\x00u\x00tanstaaf"))
	for _, state := range states {
		for _, in := range []string{
			"a LOGIN u tanstaaf x\r\n", "a LOGIN u \"tanstaaf\r\n", "a login {8+}\r\ntanstaaf(\r\n", "a LOGIN u tanst\x00aaf\r\n", "a LOGIN u tanstaaf\n\r\n",
			"a AUTHENTICATE PLAIN tanstaaf=\r\n", "a AUTHENTICATE PLAIN " + b64 + "!\r\n", "a AUTHENTICATE X-TWO\r\ntanstaaf!\r\n", "a AUTHENTICATE X-TWO\r\n" + b64 + "\n\r\n",
			"a AUTHENTICATE NONE\r\n" + b64 + "\r\n", "LOGIN u \"tanstaaf\r\n", "login u (tanstaaf\r\n", "AUTHENTICATE PLAIN \"tanstaaf\r\n", "tanstaaf\r\n", "a LOGIN {9000}\r\nu\r\n\"tanstaaf\"\r\n",
			" LOGIN u tanstaaf\r\n", "a  LOGIN u tanstaaf\r\n", "a LOGIN u" + strings.Repeat("tanstaaf", 9000) + "\r\n",
		} {
			s := inState(t, loopback, state)
			s.feed(in)
			for _, l := range s.log {
				if !strings.HasPrefix(l, "malformed") {
					continue
				}
				if strings.Contains(l, "tanstaaf") || strings.Contains(l, b64) || strings.Contains(l, "RhYWY") {
					t.Errorf("%s, %q: %s", state, in, l)
				}
			}
			for l := range strings.Lines(s.out.String()) {
				if _, text, _ := strings.Cut(l, " "); strings.Contains(text, "tanstaaf") || strings.Contains(text, b64) {
					t.Errorf("%s, %q: said %q", state, in, l)
				}
			}
		}
	}
	c := fmt.Sprintf("%+v %v", imapserver.Authenticate{Initial: "tanstaaf"}, imapserver.AuthResponse{Data: "tanstaaf"})
	if strings.Contains(c, "tanstaaf") {
		t.Error(c)
	}
}
