package imapserver_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/mailwire/mailwire/imapwire"
	"github.com/mailwire/mailwire/imapwire/engine"
	"github.com/mailwire/mailwire/imapwire/imap"
	"github.com/mailwire/mailwire/imapwire/imapserver"
)

// A place is where a conversation stands when a command comes: the state, the
// transport, and which revision is in force.
type place struct {
	name  string
	state imapserver.State
	sec   engine.Security
	rev2  bool
	out   bool // LOGOUT was answered
}

var places = []place{
	{name: "plain", state: imapserver.StateNotAuthenticated},
	{name: "TLS", state: imapserver.StateNotAuthenticated, sec: engine.Security{Encrypted: true}},
	{name: "authenticated", state: imapserver.StateAuthenticated, sec: engine.Security{Encrypted: true}},
	{name: "selected", state: imapserver.StateSelected, sec: engine.Security{Encrypted: true}},
	{name: "authenticated, rev2", state: imapserver.StateAuthenticated, sec: engine.Security{Encrypted: true}, rev2: true},
	{name: "selected, rev2", state: imapserver.StateSelected, sec: engine.Security{Encrypted: true}, rev2: true},
	{name: "logout", state: imapserver.StateLogout, sec: engine.Security{Encrypted: true}, out: true},
}

// at returns a conversation that stands at p.
func at(t *testing.T, p place) *script {
	opt := loopback
	opt.Security, opt.PlaintextAuth = p.sec, engine.PlaintextNever
	opt.Enable = imap.Capabilities{imap.CapIMAP4rev2, "X-ON"}
	opt.Capabilities = imapserver.CapabilityLists{Authenticated: imap.Capabilities{imap.CapIMAP4rev1, imap.CapIMAP4rev2, "X-ON"}}
	s := newScript(t, opt)
	if p.state > imapserver.StateNotAuthenticated {
		s.feed("l LOGIN u p\r\n")
	}
	if p.rev2 {
		s.feed("e ENABLE IMAP4rev2\r\n")
	}
	if p.state == imapserver.StateSelected {
		s.feed("s SELECT INBOX\r\n")
	}
	if p.out {
		s.feed("q LOGOUT\r\n")
	}
	if s.c.State() != p.state || s.c.Enabled(imap.CapIMAP4rev2) != p.rev2 {
		t.Fatalf("%s: state %v, rev2 %v", p.name, s.c.State(), s.c.Enabled(imap.CapIMAP4rev2))
	}
	s.out.Reset()
	s.log = nil
	return s
}

// TestMatrixClasses: invariant 13. The class of answer of every command in every
// state, over both transports and in both revisions, where the engine decides it:
// its application says OK to whatever it hears. "app" marks what it heard.
func TestMatrixClasses(t *testing.T) {
	var b strings.Builder
	for _, command := range testCommands() {
		if strings.HasPrefix(command, "ENABLE") {
			command = "ENABLE X-ON X-OFF"
		}
		fmt.Fprintf(&b, "%q\n", command)
		for _, p := range places {
			s := at(t, p)
			var classes []string
			if s.c.Want() == engine.WantInput {
				s.feed("t " + command + "\r\n")
			} else {
				classes = append(classes, "closed")
			}
			for l := range strings.Lines(s.out.String()) {
				if class := classOf(t, l); class != "" {
					classes = append(classes, class)
				}
			}
			if len(s.log) > 0 && !strings.HasPrefix(s.log[0], "malformed") && !strings.HasPrefix(s.log[0], "closed") {
				classes = append(classes, "app")
			}
			if s.c.State() != p.state {
				classes = append(classes, "→ "+s.c.State().String())
			}
			fmt.Fprintf(&b, "\t%-20s %s\n", p.name, strings.Join(classes, " "))
		}
	}
	golden(t, "classes.txt", b.String())
}

// classOf returns the condition and the code of a tagged response, and the
// words of what else is not data.
func classOf(t *testing.T, line string) string {
	r, err := imapwire.ParseResponse([]byte(line), imapwire.ParseOptions{})
	if err != nil {
		t.Fatalf("%q: %v", line, err)
	}
	switch r := r.(type) {
	case *imapwire.Continue:
		return "+"
	case *imapwire.StatusResponse:
		s := r.Condition.String()
		switch code := r.Code.(type) {
		case imapwire.CodeAtom:
			s += " [" + string(code) + "]"
		case *imapwire.CodeCapability:
			s += " [CAPABILITY]"
		case nil:
		default:
			t.Fatalf("%q", line)
		}
		return s
	}
	return ""
}
