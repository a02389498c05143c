package imapserver_test

import (
	"strings"
	"testing"

	"github.com/mailwire/mailwire/imapwire"
	"github.com/mailwire/mailwire/imapwire/imapserver"
)

// TestRefusedLiteral: invariant 18, threat I3. What stands in a refused
// literal, or behind one in the same command, never runs. go-imap v2.0.0-beta.8
// runs the first.
func TestRefusedLiteral(t *testing.T) {
	hidden := "x DELETE INBOX\r\nx LOGOUT\r\n"
	pad := func(n int) string { return (strings.Repeat(hidden, n/len(hidden)+1))[:n] }
	for _, tt := range []struct {
		name, in, want string
		state          imapserver.State
		refuse         bool
	}{
		{"argument before login", "a LOGIN {5000+}\r\n" + pad(5000) + "\r\n", "a BAD", imapserver.StateNotAuthenticated, false},
		{"several", "a LOGIN {5000+}\r\n" + pad(5000) + " {27+}\r\n" + pad(27) + " {3+}\r\nabc\r\n", "a BAD", imapserver.StateNotAuthenticated, false},
		{"argument", "a SEARCH SUBJECT {200000+}\r\n" + pad(200000) + " {27+}\r\n" + pad(27) + "\r\n", "a BAD", imapserver.StateSelected, false},
		{"message too big", "a APPEND x {5001+}\r\n" + pad(5001) + " {27+}\r\n" + pad(27) + "\r\n", "a NO [TOOBIG]", imapserver.StateAuthenticated, false},
		{"message refused", "a APPEND x {5000+}\r\n" + pad(5000) + " {27+}\r\n" + pad(27) + "\r\n", "a NO no", imapserver.StateAuthenticated, true},
		{"message not allowed", "a APPEND x {5000+}\r\n" + pad(5000) + "\r\n", "a BAD", imapserver.StateNotAuthenticated, false},
		{"malformed APPEND", "a APPEND x (\\) {5000+}\r\n" + pad(5000) + "\r\n", "a BAD", imapserver.StateAuthenticated, false},
		{"synchronising", "a LOGIN {5000}\r\n", "a BAD", imapserver.StateNotAuthenticated, false},
	} {
		for _, size := range []int{1, 2, 27, 1000, 1 << 20} {
			opt := loopback
			opt.Limits.Append = 5000
			s := inState(t, opt, tt.state)
			s.refuse = tt.refuse
			s.feed(tt.in, sizes(len(tt.in), size)...)
			checkHidden(t, s, tt.name, tt.want)
		}
	}
}

// checkHidden checks that one command was answered, nothing of what it hides was
// run, and that the next command is.
func checkHidden(t *testing.T, s *script, name, want string) {
	t.Helper()
	out, heard := s.out.String(), ""
	for _, l := range s.log {
		if !strings.HasPrefix(l, "malformed") {
			heard += l + "\n"
		}
	}
	if !strings.HasPrefix(out, want) || strings.Count(out, "\r\n") != 1 || strings.Contains(heard, "DELETE") || strings.Contains(heard, "closed") {
		t.Fatalf("%s: %.200q\n%.500q", name, out, s.log)
	}
	s.feed("z NOOP\r\n")
	if got := strings.TrimPrefix(s.out.String(), out); got != "z OK done\r\n" {
		t.Fatalf("%s: then %q", name, got)
	}
}

// TestRefusedLiteralSplits: invariant 18, at every place where the input can be
// cut, with limits so low that all of them can be tried.
func TestRefusedLiteralSplits(t *testing.T) {
	hidden := "x DELETE y\r\n"
	opt := loopback
	opt.Limits.Literal, opt.Limits.LiteralPreAuth = 8, 8
	opt.Limits.Append = 8
	for _, tt := range []struct {
		name, in, want string
		state          imapserver.State
		refuse         bool
	}{
		{"first", "a LOGIN {12+}\r\n" + hidden + " p\r\n", "a BAD", imapserver.StateNotAuthenticated, false},
		{"second", "a LOGIN {1+}\r\nu {12+}\r\n" + hidden + "\r\n", "a BAD", imapserver.StateNotAuthenticated, false},
		{"tail", "a RENAME {12+}\r\n" + hidden + " {12+}\r\n" + hidden + "\r\n", "a BAD", imapserver.StateSelected, false},
		{"tail that waits", "a RENAME {12+}\r\n" + hidden + " {12}\r\n", "a BAD", imapserver.StateSelected, false},
		{"literal8", "a CREATE ~{12+}\r\n" + hidden + "\r\n", "a BAD", imapserver.StateSelected, false},
		{"too big", "a APPEND x {12+}\r\n" + hidden + "\r\n", "a NO [TOOBIG]", imapserver.StateAuthenticated, false},
		{"too big, several", "a APPEND x {12+}\r\n" + hidden + " {12+}\r\n" + hidden + "\r\n", "a NO [TOOBIG]", imapserver.StateAuthenticated, false},
		{"second too big", "a APPEND x {1+}\r\nm {12+}\r\n" + hidden + " {12+}\r\n" + hidden + "\r\n", "a NO [TOOBIG]", imapserver.StateAuthenticated, false},
		{"refused", "a APPEND x {4+}\r\nx NO {12+}\r\n" + hidden + "\r\n", "a NO no", imapserver.StateAuthenticated, true},
		{"behind a message", "a APPEND x {1+}\r\nm) {12+}\r\n" + hidden + "\r\n", "a BAD", imapserver.StateAuthenticated, false},
		{"wrong state", "a APPEND x {1+}\r\nm {12+}\r\n" + hidden + "\r\n", "a BAD", imapserver.StateNotAuthenticated, false},
		{"bare LF before it", "a CREATE\n {12+}\r\n" + hidden + "\r\n", "a BAD", imapserver.StateAuthenticated, false},
		{"UTF8 where it is not supported", "a APPEND x UTF8 (~{8+}\r\nx LOGOUT)\r\n", "a BAD", imapserver.StateAuthenticated, false},
	} {
		opt := opt
		if strings.HasPrefix(tt.name, "UTF8") {
			opt.Enable = nil
		}
		for cut := range len(tt.in) + 1 {
			s := inState(t, opt, tt.state)
			s.refuse = tt.refuse
			s.feed(tt.in, cut)
			checkHidden(t, s, tt.name, tt.want)
		}
	}
}

// TestLiteralInPlaceOfLine: invariant 18 where one line is due. A client that
// takes an IDLE or an exchange for ended sends commands; what these have in
// literals is no command for all that.
func TestLiteralInPlaceOfLine(t *testing.T) {
	hidden := "x DELETE y\r\n"
	long := strings.Repeat("y", 20_000)
	for _, line := range []string{"b CREATE {12+}\r\n" + hidden, "b RENAME {12+}\r\n" + hidden + " {12+}\r\n" + hidden, "{12+}\r\n" + hidden, long + " {12+}\r\n" + hidden, "b\n {12+}\r\n" + hidden} {
		in := line + "\r\n"
		for cut := range 80 {
			idle := inState(t, loopback, imapserver.StateSelected)
			idle.feed("a IDLE\r\n")
			idle.out.Reset()
			idle.feed(in, cut, len(in)/2)
			checkHidden(t, idle, "IDLE", "a BAD")

			sasl := newScript(t, loopback)
			sasl.feed("a AUTHENTICATE X-TWO\r\n")
			sasl.out.Reset()
			sasl.feed(in, cut, len(in)/2)
			checkHidden(t, sasl, "AUTHENTICATE", "a BAD")
		}
	}
}

// TestContinuations: invariant 18, threat P2. One "+" for each literal that
// waits and is taken, none for those that do not wait.
func TestContinuations(t *testing.T) {
	for _, tt := range []struct {
		parts []string
		want  []string
	}{
		{[]string{"a LOGIN {1}\r\n", "u {1}\r\n", "p\r\n"}, []string{"+ go ahead\r\n", "+ go ahead\r\n", "a OK [CAPABILITY IMAP4rev1 X-ON UTF8=ACCEPT] done\r\n"}},
		{[]string{"a LOGIN {1+}\r\n", "u {1}\r\n", "p\r\n"}, []string{"", "+ go ahead\r\n", "a OK [CAPABILITY IMAP4rev1 X-ON UTF8=ACCEPT] done\r\n"}},
		{[]string{"a LOGIN {0}\r\n", " {0}\r\n", "\r\n"}, []string{"+ go ahead\r\n", "+ go ahead\r\n", "a OK [CAPABILITY IMAP4rev1 X-ON UTF8=ACCEPT] done\r\n"}},
		{[]string{"a LOGIN {9999}\r\n", "b NOOP\r\n"}, []string{"a BAD limit LiteralPreAuth of 4096 exceeded (9999) at octet 16\r\n", "b OK done\r\n"}},
		{[]string{"a APPEND x {3}\r\n", "b NOOP\r\n"}, []string{"a BAD APPEND is not allowed when not authenticated\r\n", "b OK done\r\n"}},
	} {
		s := newScript(t, loopback)
		for i, p := range tt.parts {
			s.out.Reset()
			s.feed(p)
			if s.out.String() != tt.want[i] {
				t.Errorf("%q: %q, want %q", p, s.out.String(), tt.want[i])
			}
		}
	}
}

// TestRefuseLate: a message may be refused at any moment until it is complete;
// what is left of it, and of the command, is dropped.
func TestRefuseLate(t *testing.T) {
	in := "a APPEND x {24+}\r\nx DELETE y\r\nmmx LOGOUT\r\n (\\Seen) {12+}\r\nx DELETE y\r\n\r\nz NOOP\r\n"
	for size := 1; size < 30; size++ {
		for after := range 8 {
			s := inState(t, loopback, imapserver.StateAuthenticated)
			heard := 0
			s.on = func(ev imapserver.Event) bool {
				l, isLiteral := ev.(*imapserver.Literal)
				if !isLiteral {
					return false
				}
				if heard == after {
					s.must(s.c.Refuse(l.ID, imapwire.StatusCondition{Condition: imapwire.NO, Text: "late"}))
				}
				heard++
				return true
			}
			s.feed(in, sizes(len(in), size)...)
			out := s.out.String()
			if heard <= after {
				if !strings.HasPrefix(out, "a OK") {
					t.Fatalf("by %d, not refused: %q", size, out)
				}
				continue
			}
			if out != "a NO late\r\nz OK done\r\n" {
				t.Errorf("by %d, refused at piece %d: %q\n%q", size, after, out, s.log)
			}
			if n := strings.Count(strings.Join(s.log, "\n"), "abandoned: "+imapserver.ErrRefused.Error()); n != 1 {
				t.Errorf("by %d, refused at piece %d: %q", size, after, s.log)
			}
		}
	}
}
