package pop3server_test

import (
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/mailwire/mailwire/imapwire/engine"
	"github.com/mailwire/mailwire/pop3wire"
	"github.com/mailwire/mailwire/pop3wire/pop3server"
)

// TestTimeouts: RFC 1939 §3: ten minutes, then the end without a word, and
// without UPDATE.
func TestTimeouts(t *testing.T) {
	for _, tt := range []struct {
		name  string
		state pop3server.State
		in    string
		after time.Duration
	}{
		{"login", pop3server.StateAuthorization, "", 3 * time.Minute},
		{"login, busy", pop3server.StateAuthorization, "CAPA\r\nUSER u\r\n", 3 * time.Minute},
		{"login, SASL", pop3server.StateAuthorization, "AUTH X-TWO\r\n", 3 * time.Minute},
		{"idle", pop3server.StateTransaction, "DELE 1\r\n", 10 * time.Minute},
		{"command", pop3server.StateTransaction, "NO", time.Minute},
		{"command, too long", pop3server.StateTransaction, strings.Repeat("x", 300), time.Minute},
		{"command, too long and over", pop3server.StateTransaction, strings.Repeat("x", 300) + "\r\n", 10 * time.Minute},
		{"command before login", pop3server.StateAuthorization, "NO", time.Minute},
	} {
		for _, size := range []int{1 << 20, 1, 299} {
			s := inState(t, loopback, tt.state)
			s.feed(tt.in, sizes(len(tt.in), size)...)
			if d := s.c.Deadline().Sub(start); d != tt.after {
				t.Errorf("%s: deadline after %v, want %v", tt.name, d, tt.after)
			}
			s.out.Reset()
			s.c.Expire(start.Add(tt.after - time.Second))
			s.work()
			if s.c.Want() == engine.WantNothing {
				t.Errorf("%s: an early call ended it", tt.name)
			}
			s.c.Expire(start.Add(tt.after))
			s.c.Expire(start.Add(tt.after))
			s.work()
			if s.c.Want() != engine.WantNothing || s.log[len(s.log)-1] != "closed: engine: time-out" || s.out.Len() > 0 || s.updated {
				t.Errorf("%s: %v %s", tt.name, s.log, s.out.String())
			}
			if !s.c.Deadline().IsZero() {
				t.Errorf("%s: a deadline at the end", tt.name)
			}
		}
	}
}

func sizes(n, size int) (cuts []int) {
	for ; n > 0; n -= size {
		cuts = append(cuts, size)
	}
	return cuts
}

// TestOutputStall: output that nobody takes ends the conversation.
func TestOutputStall(t *testing.T) {
	s, id := begin(t, "RETR 1")
	f := &filler{n: 100 << 10}
	s.must(s.c.Body(id, ok(""), pop3server.Body{Reader: f, Size: f.n}))
	now := start
	for range 3 {
		now = now.Add(4 * time.Minute)
		s.c.Expire(now)
		s.c.Output()
		s.c.Advance(now, 1)
		s.c.Advance(now.Add(time.Minute), 0) // which does not help
	}
	if s.c.Want() != engine.WantDrain || s.c.Deadline().Sub(now) != 5*time.Minute {
		t.Errorf("a slow download ended: wants %v, deadline %v", s.c.Want(), s.c.Deadline().Sub(now))
	}
	s.c.Expire(now.Add(5 * time.Minute))
	ev, is := s.c.Next().(*pop3server.Closed)
	if !is || !errors.Is(ev.Err, engine.ErrTimeout) || f.closed != 1 || !s.c.Output().Empty() || !s.c.Deadline().IsZero() {
		t.Errorf("%v, closed %d times", ev, f.closed)
	}
	// The last words, too, have their time.
	s = inState(t, loopback, pop3server.StateTransaction)
	s.c.Bye("", "x")
	if d := s.c.Deadline().Sub(start); d != 5*time.Minute {
		t.Errorf("Bye: deadline after %v", d)
	}
	s.c.Expire(start.Add(5 * time.Minute))
	if !s.c.Output().Empty() || !s.c.Deadline().IsZero() {
		t.Error("after the end")
	}
}

// TestBusyIsNotIdle: a client that waits for us is not idle, and one that has
// not logged in still is.
func TestBusyIsNotIdle(t *testing.T) {
	s, id := begin(t, "NOOP")
	now := start.Add(time.Hour)
	s.c.Expire(now)
	if s.c.Want() != engine.WantAnswer {
		t.Fatalf("wants %v", s.c.Want())
	}
	s.must(s.c.Done(id, ok("")))
	s.must(s.c.Flush(now, io.Discard))
	if d := s.c.Deadline().Sub(now); d != 10*time.Minute {
		t.Errorf("deadline after %v", d)
	}
	s = newScript(t, loopback)
	s.must(s.c.Feed(start, []byte("USER u\r\nPASS p\r\n")))
	for s.c.Next() != nil {
	}
	s.must(s.c.Flush(start, io.Discard))
	s.c.Expire(start.Add(3 * time.Minute))
	if s.c.Want() != engine.WantNothing {
		t.Errorf("wants %v", s.c.Want())
	}
}

// TestLimits: threat Q1. Every limit of a line at its cap and beyond, however it is cut:
// one -ERR, and the next command is answered (invariant 37).
func TestLimits(t *testing.T) {
	opt := loopback
	opt.Limits = pop3wire.Limits{Line: 300, SASLLine: 400}
	for _, state := range states {
		for _, n := range []int{299, 300, 301, 399, 400, 401, 5000, 1 << 20} {
			for _, size := range []int{1 << 20, 4096, 7} {
				if size == 7 && n > 5000 {
					continue
				}
				in := "XTND " + strings.Repeat("x", n-len("XTND \r\n")) + "\r\n"
				s := inState(t, opt, state)
				s.feed(in+"CAPA\r\n", sizes(len(in), size)...)
				out := s.take()
				status, rest, _ := strings.Cut(out, "\r\n")
				if !strings.HasPrefix(status, "-ERR ") || strings.Contains(status, "limit") != (n > 300) || !strings.HasPrefix(rest, "+OK capability list follows\r\n") {
					t.Fatalf("%s, %d in %d: %.200q", state, n, size, out)
				}
				if st := s.c.Stats(); st.MaxRetained > 1000 || st.Commands < 2 {
					t.Fatalf("%s, %d in %d: %d retained", state, n, size, st.MaxRetained)
				}
			}
		}
	}
}
