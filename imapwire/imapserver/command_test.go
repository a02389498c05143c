package imapserver_test

import (
	"strings"
	"testing"

	"github.com/mailwire/mailwire/imapwire"
	"github.com/mailwire/mailwire/imapwire/engine"
	"github.com/mailwire/mailwire/imapwire/imapserver"
)

// TestForeign: a first line of another protocol ends the conversation, and what
// follows is not looked at (ALPACA); a typo does not.
func TestForeign(t *testing.T) {
	for _, first := range []string{"GET / HTTP/1.1", "POST /x HTTP/1.0", "EHLO x", "HELO x", "\x16\x03\x01\x02", "SSH-2.0-x"} {
		s := newScript(t, loopback)
		s.feed(first + "\r\nHost: x\r\n\r\na LOGIN u p\r\n")
		if s.c.Want() != engine.WantNothing || strings.Contains(s.out.String(), "a OK") || !strings.Contains(s.out.String(), "* BYE") {
			t.Errorf("%q: %s", first, s.out.String())
		}
	}
	s := newScript(t, loopback)
	s.feed("LGOIN u p\r\na LOGIN u p\r\n")
	if !strings.Contains(s.out.String(), "LGOIN OK") && !strings.Contains(s.out.String(), "LGOIN BAD") || !strings.Contains(s.out.String(), "a OK") {
		t.Error(s.out.String())
	}
}

func TestTooManyErrors(t *testing.T) {
	for _, state := range states {
		s := inState(t, loopback, state)
		limit := 20
		if state == imapserver.StateNotAuthenticated {
			limit = 3
		}
		for range limit {
			s.feed("a (\r\n")
		}
		if s.c.Want() != engine.WantInput {
			t.Fatalf("%s: ended too early", state)
		}
		s.feed("b NOOP\r\n")
		for range limit + 1 {
			s.feed("a (\r\n")
		}
		if s.c.Want() != engine.WantNothing || s.log[len(s.log)-1] != "closed: "+engine.ErrTooManyErrors.Error() {
			t.Errorf("%s: %v", state, s.log[len(s.log)-1])
		}
	}
}
