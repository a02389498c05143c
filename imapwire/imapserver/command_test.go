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

// TestForeign: threat T18. A first line of another protocol ends the
// conversation, and what follows is not looked at, however it comes.
func TestForeign(t *testing.T) {
	for _, first := range []string{
		"GET / HTTP/1.1\r\n", "POST /x HTTP/1.0\r\n", "post /x HTTP/1.0\r\n", "PUT /x\r\n", "GET http://x/ HTTP/1.1\r\n", "OPTIONS * HTTP/1.1\r\n", "CONNECT x:143 HTTP/1.1\r\n", "PRI * HTTP/2.0\r\n",
		"GET / HTTP/1.1\n", "\r\n\r\nPOST / HTTP/1.1\r\n", "POST /" + strings.Repeat("x", 20_000) + " HTTP/1.1\r\n",
		"EHLO x\r\n", "HELO x\r\n", "LHLO x\r\n", "\x16\x03\x01\x02\r\n", "SSH-2.0-x\r\n",
	} {
		in := first + "Host: x\r\n\r\na LOGIN u p\r\n"
		for _, size := range []int{1, 9, 1 << 20} {
			s := newScript(t, loopback)
			s.out.Reset()
			s.feed(in, sizes(len(in), size)...)
			if s.c.Want() != engine.WantNothing || s.out.String() != "* BYE this is IMAP\r\n" || len(s.log) != 1 || s.log[0] != "closed: "+engine.ErrProtocol.Error() {
				t.Errorf("%.30q by %d: %q, heard %q", first, size, s.out.String(), s.log)
			}
		}
	}
	// A typo is BAD, and so are tags that look like other protocols.
	for _, first := range []string{"LGOIN u p", "a LGOIN", "GET NOOP", "DELETE DELETE x", "EHLO", "a GET / HTTP/1.1", ".", "a (", "SSH"} {
		s := newScript(t, loopback)
		s.feed(first + "\r\na LOGIN u p\r\n")
		if !strings.Contains(s.out.String(), "a OK") {
			t.Errorf("%q: %q", first, s.out.String())
		}
	}
	// Only the first line is looked at so.
	s := newScript(t, loopback)
	s.feed("a NOOP\r\nGET / HTTP/1.1\r\n")
	if s.c.Want() != engine.WantInput {
		t.Errorf("%q", s.out.String())
	}
}

// TestEmptyLine: quirk Q018.
func TestEmptyLine(t *testing.T) {
	for _, state := range states {
		s := inState(t, loopback, state)
		s.feed("\r\n\r\n\r\n")
		if s.out.Len() > 0 || len(s.log) > 0 || s.c.Stats().Bad != 0 {
			t.Errorf("%q, heard %q", s.out.String(), s.log)
		}
	}
}

// TestTooManyErrors: threats 2.2. Limits.Bad malformed commands in a row are
// survived, the next one is not; a good one starts the count anew.
func TestTooManyErrors(t *testing.T) {
	for _, state := range states {
		limit := 20
		if state == imapserver.StateNotAuthenticated {
			limit = 3
		}
		for name, bad := range map[string]string{
			"syntax": "a (\r\n", "bare LF": "a NOOP\n\r\n", "no tag": "*\r\n", "literal": "a SEARCH {999999}\r\n", "unknown": "a XFOO\r\n",
			"IDLE": "a IDLE\r\nNOPE\r\n", "APPEND": "a APPEND x {1+}\r\nxy\r\n", "SASL": "a AUTHENTICATE X-TWO\r\n?\r\n",
		} {
			if (name == "IDLE" || name == "APPEND") && state == imapserver.StateNotAuthenticated || name == "SASL" && state != imapserver.StateNotAuthenticated {
				continue
			}
			s := inState(t, loopback, state)
			s.on = func(ev imapserver.Event) bool {
				c, isCommand := ev.(*imapserver.Command)
				if !isCommand || c.Cmd.Verb() != "XFOO" {
					return false
				}
				s.must(s.c.Done(c.ID, imapwire.StatusCondition{Condition: imapwire.BAD, Text: "unknown"}))
				return true
			}
			for _, good := range []string{"b NOOP\r\n", "b FETCH 1 FLAGS\r\n", "b SELECT y\r\n"} {
				for range limit {
					s.feed(bad)
				}
				s.feed(good)
				if s.c.Want() != engine.WantInput {
					t.Fatalf("%s, %s: ended too early: %q", state, name, s.log)
				}
			}
			before := s.c.Stats()
			s.out.Reset()
			for range limit + 1 {
				s.feed(bad)
			}
			st := s.c.Stats()
			if s.c.Want() != engine.WantNothing || s.log[len(s.log)-1] != "closed: "+engine.ErrTooManyErrors.Error() || !strings.HasSuffix(s.out.String(), "* BYE too many bad commands\r\n") {
				t.Errorf("%s, %s: %v, %q", state, name, s.log[len(s.log)-1], s.out.String())
			}
			if n := int64(limit + 1); st.Bad != before.Bad+n || st.Commands != before.Commands+n {
				t.Errorf("%s, %s: %+v", state, name, st)
			}
		}
	}
	// What is well formed and out of place is no sign of an attack: clients
	// that send ahead behind a SELECT that fails do it.
	s := inState(t, loopback, imapserver.StateAuthenticated)
	s.feed(strings.Repeat("a FETCH 1 FLAGS\r\n", 100))
	if s.c.Want() != engine.WantInput {
		t.Errorf("%q", s.log)
	}
}

// TestLogout: invariant 22. BYE, then OK, then nothing; nothing behind it is
// read.
func TestLogout(t *testing.T) {
	for _, state := range states {
		for _, behind := range []string{"", "b NOOP\r\n", "b", "b LOGIN {1000+}\r\n"} {
			in := "a LOGOUT\r\n" + behind
			for cut := range len(in) + 1 {
				s := inState(t, loopback, state)
				s.feed(in, cut)
				if s.out.String() != "* BYE logging out\r\na OK LOGOUT completed\r\n" || len(s.log) != 1 || s.log[0] != "closed: <nil>" || s.c.State() != imapserver.StateLogout {
					t.Fatalf("%s, %q cut at %d: %q, heard %q", state, in, cut, s.out.String(), s.log)
				}
			}
		}
	}
}

// TestTags: threat S9. Duplicate tags are the client's affair; each command has
// its ID, and its one answer, in order.
func TestTags(t *testing.T) {
	s := inState(t, loopback, imapserver.StateSelected)
	var ids []engine.ID
	s.on = func(ev imapserver.Event) bool {
		c := ev.(*imapserver.Command)
		ids = append(ids, c.ID)
		s.must(s.c.Done(c.ID, ok(fmt.Sprint(len(ids)))))
		return true
	}
	s.feed("x NOOP\r\nx CHECK\r\nx NOOP\r\n")
	if s.out.String() != "x OK 1\r\nx OK 2\r\nx OK 3\r\n" || ids[0] >= ids[1] || ids[1] >= ids[2] {
		t.Errorf("%q, %v", s.out.String(), ids)
	}
	s.out.Reset()
	s.on = nil
	long := strings.Repeat("t", 128)
	s.feed(long + " NOOP\r\n" + long + "t NOOP\r\n+ NOOP\r\n")
	if got := s.out.String(); !strings.HasPrefix(got, long+" OK done\r\n* BAD ") || strings.Count(got, "* BAD ") != 2 {
		t.Errorf("%q", got)
	}
}

// TestID: what the engine answers from its options.
func TestID(t *testing.T) {
	opt := loopback
	opt.ID = []imapwire.IDField{{Name: "name", Value: imap.NString{Value: "x", Valid: true}}}
	s := newScript(t, opt)
	s.out.Reset()
	s.feed("a ID NIL\r\nb ID (\"name\" \"y\")\r\n")
	if s.out.String() != "* ID (\"name\" \"x\")\r\na OK ID completed\r\n* ID (\"name\" \"x\")\r\nb OK ID completed\r\n" || len(s.log) != 2 {
		t.Errorf("%q, heard %q", s.out.String(), s.log)
	}
}
