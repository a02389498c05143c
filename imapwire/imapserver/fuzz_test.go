package imapserver_test

import (
	"strings"
	"testing"

	"github.com/mailwire/mailwire/imapwire"
	"github.com/mailwire/mailwire/imapwire/engine"
)

// FuzzConn: invariants 1, 7, 8, 12 and 21. Any octets in any state, cut anywhere:
// the engine waits or ends, holds no more than its limits, works in proportion to
// the octets, says only well formed responses, answers no command twice, and says
// the same however the input came.
func FuzzConn(f *testing.F) {
	for _, c := range testCommands() {
		for state := range uint8(3) {
			f.Add("t "+c+"\r\nz NOOP\r\n", state, uint8(7))
		}
	}
	f.Add("a CREATE {5000+}\r\nx DELETE y\r\n", uint8(1), uint8(3))
	f.Add("GET / HTTP/1.1\r\n\r\n", uint8(0), uint8(1))
	f.Fuzz(func(t *testing.T, in string, state, size uint8) {
		run := func(size int) *script {
			s := inState(t, loopback, states[int(state)%len(states)])
			var cuts []int
			for n := 0; n < len(in); n += size {
				cuts = append(cuts, size)
			}
			s.feed(in, cuts...)
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
		if st := s.c.Stats(); st.MaxRetained > 256<<10 || st.MaxQueuedOut > 64<<10 {
			t.Fatalf("%d octets retained, %d queued", st.MaxRetained, st.MaxQueuedOut)
		}
		if st := s.c.Stats(); st.Steps > 8*(st.BytesIn+100) {
			t.Fatalf("%d steps for %d octets", st.Steps, st.BytesIn)
		}
		for line := range strings.SplitAfterSeq(s.out.String(), "\r\n") {
			if line == "" {
				continue
			}
			if _, err := imapwire.ParseResponse([]byte(line), imapwire.ParseOptions{UTF8: true}); err != nil {
				t.Fatalf("the response %q is not one: %v", line, err)
			}
		}
	})
}
