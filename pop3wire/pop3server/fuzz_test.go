package pop3server_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/mailwire/mailwire/imapwire/engine"
	"github.com/mailwire/mailwire/pop3wire"
	"github.com/mailwire/mailwire/pop3wire/pop3server"
)

// FuzzConn: invariants 1, 7, 33 and 37. Any octets in any state, cut anywhere:
// the engine waits or ends, holds no more than its limits, says only well formed
// responses, and one for each command; says the same however the input came; and
// asks for an update only when the client has said QUIT.
func FuzzConn(f *testing.F) {
	for _, c := range append(testCommands(), brokenCommands()...) {
		for state := range uint8(2) {
			f.Add("NOOP\r\n"+c+"\r\nCAPA\r\n", state, uint8(7))
		}
	}
	f.Fuzz(func(t *testing.T, in string, state, size uint8) {
		run := func(size int) *script {
			s := inState(t, loopback, states[int(state)%len(states)])
			s.feed(in, sizes(len(in), size)...)
			return s
		}
		s := run(max(len(in), 1))
		if again := run(int(size) + 1); again.result() != s.result() {
			t.Fatalf("in pieces of %d:\n%s\nwhole:\n%s", int(size)+1, again.result(), s.result())
		}
		switch w := s.c.Want(); w {
		case engine.WantInput, engine.WantNothing, engine.WantUpgrade:
		default:
			t.Fatalf("wants %v", w)
		}
		st := s.c.Stats()
		if st.MaxRetained > 32<<10 || st.MaxQueuedOut > 64<<10 || s.opened != 0 {
			t.Fatalf("%d octets retained, %d queued, %d bodies open", st.MaxRetained, st.MaxQueuedOut, s.opened)
		}
		if s.updated && !strings.Contains(strings.ToUpper(in), "QUIT\r\n") {
			t.Fatal("an update without QUIT")
		}
		// Whatever is said is statuses, challenges, and what follows +OK up to
		// its terminator.
		out := s.out.String()
		for out != "" {
			line, rest, crlf := strings.Cut(out, "\r\n")
			if !crlf || len(line) > 510 {
				t.Fatalf("%q is not a line", line)
			}
			out = rest
			if strings.HasPrefix(line, "+ ") {
				if _, err := pop3wire.ParseChallenge([]byte(line)); err != nil {
					t.Fatal(err)
				}
				continue
			}
			status, err := pop3wire.ParseStatus([]byte(line))
			if err != nil {
				t.Fatalf("%q: %v", line, err)
			}
			switch {
			case !status.OK:
			case strings.HasSuffix(status.Text, "follows"), status.Text == "languages", line == "+OK" && strings.HasPrefix(rest, "PLAIN\r\n"):
				var u pop3wire.Unstuffer
				p := []byte(rest)
				for done := false; !done; {
					var n int
					if _, n, done = u.Next(p); !done && n == 0 {
						t.Fatalf("no end: %q", rest)
					}
					p = p[n:]
				}
				out = string(p)
			}
		}
		if s.c.State() == pop3server.StateTransaction && bytes.ContainsAny([]byte(s.rest), "\r") {
			t.Fatal("an upgrade after login")
		}
	})
}
