package imapserver_test

import (
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/mailwire/mailwire/imapwire"
	"github.com/mailwire/mailwire/imapwire/engine"
	"github.com/mailwire/mailwire/imapwire/imapserver"
)

func TestTimeouts(t *testing.T) {
	for _, tt := range []struct {
		name  string
		state imapserver.State
		in    string
		after time.Duration
	}{
		{"login", imapserver.StateNotAuthenticated, "", 3 * time.Minute},
		{"login, busy", imapserver.StateNotAuthenticated, "a NOOP\r\n", 3 * time.Minute},
		{"login, SASL", imapserver.StateNotAuthenticated, "a AUTHENTICATE X-TWO\r\n", 3 * time.Minute},
		{"idle", imapserver.StateAuthenticated, "", 31 * time.Minute},
		{"IDLE", imapserver.StateSelected, "a IDLE\r\n", 31 * time.Minute},
		{"command", imapserver.StateAuthenticated, "a NO", 5 * time.Minute},
		{"literal", imapserver.StateAuthenticated, "a CREATE {5}\r\nab", time.Minute},
		{"message", imapserver.StateAuthenticated, "a APPEND x {5}\r\nab", time.Minute},
		{"behind a message", imapserver.StateAuthenticated, "a APPEND x {5}\r\nabcde", time.Minute},
		{"a complete literal", imapserver.StateAuthenticated, "a CREATE {5}\r\nabcde\r\n", 31 * time.Minute},
	} {
		s := inState(t, loopback, tt.state)
		s.feed(tt.in)
		if d := s.c.Deadline().Sub(start); d != tt.after {
			t.Errorf("%s: deadline after %v, want %v", tt.name, d, tt.after)
		}
		s.c.Expire(start.Add(tt.after - time.Second))
		s.work()
		if s.c.Want() == engine.WantNothing {
			t.Errorf("%s: an early call ended it", tt.name)
		}
		s.c.Expire(start.Add(tt.after))
		s.c.Expire(start.Add(tt.after))
		s.work()
		if s.c.Want() != engine.WantNothing || s.log[len(s.log)-1] != "closed: engine: time-out" || !strings.Contains(s.out.String(), "* BYE") {
			t.Errorf("%s: %v %s", tt.name, s.log, s.out.String())
		}
		if !s.c.Deadline().IsZero() {
			t.Errorf("%s: a deadline at the end", tt.name)
		}
	}
}

// TestOutputStall: output that nobody takes ends the conversation, also when
// the writer reports again and again that nothing was written.
func TestOutputStall(t *testing.T) {
	s := inState(t, loopback, imapserver.StateAuthenticated)
	s.must(s.c.Feed(start, []byte("a CAPABILITY\r\n")))
	s.c.Next()
	if d := s.c.Deadline().Sub(start); d != 5*time.Minute {
		t.Errorf("deadline after %v", d)
	}
	late := start.Add(4 * time.Minute)
	s.c.Advance(late, 0)
	if d := s.c.Deadline().Sub(start); d != 5*time.Minute {
		t.Errorf("nothing was written, and the deadline is after %v", d)
	}
	s.c.Advance(late, 1)
	if d := s.c.Deadline().Sub(late); d != 5*time.Minute {
		t.Errorf("an octet was written, and the deadline is after %v", d)
	}
	body := &closeCounter{Reader: strings.NewReader("x")}
	s.must(s.c.Send(&imapwire.FetchData{Num: 1, Sections: []imapwire.SectionData{{Name: imapwire.SectionBody, Content: imapwire.Content{Valid: true, Reader: body, Size: 10}}}}))
	s.c.Expire(late.Add(5 * time.Minute))
	if ev, isClosed := s.c.Next().(*imapserver.Closed); !isClosed || !errors.Is(ev.Err, engine.ErrTimeout) {
		t.Errorf("%v", ev)
	}
	if !s.c.Output().Empty() || !s.c.Deadline().IsZero() || body.closed != 1 {
		t.Errorf("after the end: %q, %v, closed %d times", s.c.Output().Bytes, s.c.Deadline(), body.closed)
	}
	// The last words, too, have their time.
	s = inState(t, loopback, imapserver.StateAuthenticated)
	s.c.Bye(nil, "x")
	if d := s.c.Deadline().Sub(start); d != 5*time.Minute {
		t.Errorf("BYE: deadline after %v", d)
	}
	s.c.Expire(start.Add(5 * time.Minute))
	if !s.c.Output().Empty() || !s.c.Deadline().IsZero() {
		t.Errorf("after the end: %q, %v", s.c.Output().Bytes, s.c.Deadline())
	}
}

// TestBusyIsNotIdle: RFC 9051 §5.4 is about clients that are silent, not about
// those that wait for us.
func TestBusyIsNotIdle(t *testing.T) {
	s := inState(t, loopback, imapserver.StateSelected)
	s.must(s.c.Feed(start, []byte("a SEARCH SUBJECT {1+}\r\nx\r\n")))
	ev := s.c.Next().(*imapserver.Command)
	now := start.Add(40 * time.Minute)
	s.c.Expire(now)
	if s.c.Want() != engine.WantAnswer {
		t.Fatalf("a long command ended the conversation: wants %v", s.c.Want())
	}
	s.must(s.c.Done(ev.ID, ok("found")))
	s.must(s.c.Flush(now, io.Discard))
	s.c.Expire(now.Add(30 * time.Minute))
	if s.c.Next() != nil || s.c.Want() != engine.WantInput {
		t.Fatalf("too early: wants %v", s.c.Want())
	}
	// A download that lasts.
	s.must(s.c.Feed(now, []byte("b FETCH 1 BODY[]\r\n")))
	ev = s.c.Next().(*imapserver.Command)
	s.must(s.c.Send(&imapwire.FetchData{Num: 1, Sections: []imapwire.SectionData{{Name: imapwire.SectionBody,
		Content: imapwire.Content{Valid: true, Reader: io.NopCloser(strings.NewReader(strings.Repeat("x", 100))), Size: 100}}}}))
	s.must(s.c.Done(ev.ID, ok("fetched")))
	for s.c.Next() == nil && !s.c.Output().Empty() {
		seg := s.c.Output()
		now = now.Add(4 * time.Minute)
		s.c.Expire(now)
		s.c.Advance(now, min(seg.Len(), 5))
	}
	if s.c.Want() != engine.WantInput {
		t.Errorf("a slow download ended the conversation: wants %v", s.c.Want())
	}
	// IDLE counts as silence: RFC 2177 §3.
	s.must(s.c.Feed(now, []byte("c IDLE\r\n")))
	s.c.Next()
	s.must(s.c.Flush(now, io.Discard))
	began := now
	for range 10 {
		now = now.Add(3 * time.Minute)
		s.must(s.c.Send(&imapwire.ExistsData{Count: 1}))
		s.must(s.c.Flush(now, io.Discard))
	}
	if d := s.c.Deadline().Sub(began); d != 31*time.Minute {
		t.Errorf("IDLE: deadline after %v", d)
	}
}

// TestMessageAwaitsDecision: the time of a command does not run while the
// application decides about a message.
func TestMessageAwaitsDecision(t *testing.T) {
	s := inState(t, loopback, imapserver.StateAuthenticated)
	s.must(s.c.Feed(start, []byte("a APPEND x {5")))
	s.c.Next()
	now := start.Add(4 * time.Minute)
	s.must(s.c.Feed(now, []byte("+}\r\nab")))
	for s.c.Next() != nil {
	}
	s.c.Expire(now.Add(2 * time.Minute))
	if s.c.Want() != engine.WantDecision {
		t.Errorf("wants %v", s.c.Want())
	}
}
