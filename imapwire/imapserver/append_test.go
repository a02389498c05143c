package imapserver_test

import (
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/mailwire/mailwire/imapwire"
	"github.com/mailwire/mailwire/imapwire/engine"
	"github.com/mailwire/mailwire/imapwire/imap"
	"github.com/mailwire/mailwire/imapwire/imapserver"
)

// TestAppendEvents: what the application hears of an APPEND, and what the client
// does. Each ends with exactly one commit or abandoned.
func TestAppendEvents(t *testing.T) {
	for _, tt := range []struct {
		name, in   string
		heard, out []string
	}{
		{"one", "a APPEND x (\\Seen k) \"23-Nov-2026 12:00:00 +0000\" {5+}\r\nhello\r\n",
			[]string{"append x", "message 5 [\\Seen k]", `literal "hello"`, "commit"}, []string{"a OK stored"}},
		{"empty", "a APPEND x {0+}\r\n\r\n", []string{"append x", "message 0 []", `literal ""`, "commit"}, []string{"a OK stored"}},
		{"name in a literal", "a APPEND {1+}\r\nx {2+}\r\nhi\r\n", []string{"append x", "message 2 []", `literal "hi"`, "commit"}, []string{"a OK stored"}},
		{"several, RFC 3502", "a APPEND x {1+}\r\na (\\Seen) {1}\r\nb ~{1+}\r\n\x00\r\n",
			[]string{"append x", "message 1 []", `literal "a"`, "message 1 [\\Seen]", `literal "b"`, "message 1 []", `literal "\x00"`, "commit"}, []string{"+ go ahead", "a OK stored"}},
		{"UTF8, RFC 6855", "a APPEND x UTF8 (~{1+}\r\na)\r\n", []string{"append x", "message 1 []", `literal "a"`, "commit"}, []string{"a OK stored"}},
		{"UTF8 without its end", "a APPEND x UTF8 (~{1+}\r\na\r\n", []string{"append x", "message 1 []", `literal "a"`, "abandoned"}, []string{"a BAD"}},
		{"something behind", "a APPEND x {1+}\r\nab\r\n", []string{"append x", "message 1 []", `literal "a"`, "abandoned"}, []string{"a BAD"}},
		{"a space behind", "a APPEND x {1+}\r\na \r\n", []string{"append x", "message 1 []", `literal "a"`, "abandoned"}, []string{"a BAD"}},
		{"a bare LF behind", "a APPEND x {1+}\r\na\n\r\n", []string{"append x", "message 1 []", `literal "a"`, "abandoned"}, []string{"a BAD"}},
		{"a second that is malformed", "a APPEND x {1+}\r\na (\\) {1+}\r\nb\r\n", []string{"append x", "message 1 []", `literal "a"`, "abandoned"}, []string{"a BAD"}},
		{"too long behind", "a APPEND x {1+}\r\na (" + strings.Repeat("x", 70_000) + "\r\n", []string{"append x", "message 1 []", `literal "a"`, "abandoned"}, []string{"a BAD limit Line of 65536 exceeded (65537) at octet 65536"}},
		{"limit", "a APPEND x {100+}\r\n" + strings.Repeat("m", 100) + "\r\n", []string{"append x", "message 100 []", "literal " + `"` + strings.Repeat("m", 100) + `"`, "commit"}, []string{"a OK stored"}},
		{"beyond the limit", "a APPEND x {101}\r\n", []string{"append x", "abandoned"}, []string{"a NO [TOOBIG] the message is too big"}},
		{"second beyond the limit", "a APPEND x {1+}\r\na {101}\r\n", []string{"append x", "message 1 []", `literal "a"`, "abandoned"}, []string{"a NO [TOOBIG] the message is too big"}},
		{"more than can be", "a APPEND x {9223372036854775807}\r\n", []string{"append x", "abandoned"}, []string{"a NO [TOOBIG] the message is too big"}},
		{"no message", "a APPEND x\r\n", []string{"malformed"}, []string{"a BAD"}},
		{"quoted message", "a APPEND x \"hi\"\r\n", []string{"malformed"}, []string{"a BAD"}},
		{"negative", "a APPEND x {-1}\r\n", []string{"malformed"}, []string{"a BAD"}},
		{"no mailbox", "a APPEND {1+}\r\nx\r\n", []string{"malformed"}, []string{"a BAD"}},
	} {
		for _, size := range []int{1, 3, 1 << 20} {
			opt := loopback
			opt.Limits.Append = 100
			s := inState(t, opt, imapserver.StateAuthenticated)
			in := tt.in + "z NOOP\r\n"
			s.feed(in, sizes(len(in), size)...)
			heard := append(append([]string{}, tt.heard...), "z NOOP")
			for i, l := range s.log {
				for _, w := range []string{"abandoned", "malformed"} {
					if strings.HasPrefix(l, w) {
						s.log[i] = w
					}
				}
			}
			if d := cmp.Diff(heard, s.log); d != "" {
				t.Errorf("%s by %d (-want +heard):\n%s", tt.name, size, d)
			}
			out := strings.Split(strings.TrimSuffix(s.out.String(), "\r\n"), "\r\n")
			for i, want := range append(append([]string{}, tt.out...), "z OK done") {
				if i >= len(out) || !strings.HasPrefix(out[i], want) {
					t.Errorf("%s by %d: %q", tt.name, size, out)
					break
				}
			}
		}
	}
}

// TestAppendMessage: every field of what is announced.
func TestAppendMessage(t *testing.T) {
	s := inState(t, loopback, imapserver.StateAuthenticated)
	var got []imapserver.AppendMessage
	s.on = func(ev imapserver.Event) bool {
		if m, isMessage := ev.(*imapserver.AppendMessage); isMessage {
			m := *m
			s.must(s.c.Accept(m.ID))
			m.ID = 0
			got = append(got, m)
			return true
		}
		return false
	}
	s.feed("a APPEND x (\\Seen k) \"23-Nov-2026 12:00:00 +0100\" {5}\r\nhello ~{3+}\r\nabc UTF8 (~{1+}\r\nx)\r\n")
	want := []imapserver.AppendMessage{
		{Index: 0, Flags: []imap.Flag{"\\Seen", "k"}, Date: time.Date(2026, 11, 23, 12, 0, 0, 0, time.FixedZone("", 3600)), Size: 5},
		{Index: 1, Size: 3, Binary: true, NonSync: true},
		{Index: 2, Size: 1, Binary: true, NonSync: true, UTF8: true},
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
}

// TestAppendDecision: nothing is taken before Accept, which counts once; a
// refusal needs a word that refuses.
func TestAppendDecision(t *testing.T) {
	s := inState(t, loopback, imapserver.StateAuthenticated)
	s.must(s.c.Feed(start, []byte("a APPEND x {5}\r\n")))
	id := s.c.Next().(*imapserver.Append).ID
	s.c.Next()
	if s.c.Next() != nil || s.c.Want() != engine.WantDecision || !s.c.Output().Empty() {
		t.Fatalf("wants %v, says %q", s.c.Want(), s.c.Output().Bytes)
	}
	if err := s.c.Feed(start, []byte("x")); !errors.Is(err, engine.ErrBusy) {
		t.Errorf("Feed: %v", err)
	}
	if err := s.c.Done(id, ok("x")); !errors.Is(err, engine.ErrUnknownID) {
		t.Errorf("Done: %v", err)
	}
	if err := s.c.Refuse(id, ok("x")); err == nil || errors.Is(err, engine.ErrUnknownID) {
		t.Errorf("Refuse with OK: %v", err)
	}
	if err := s.c.Refuse(id, imapwire.StatusCondition{Condition: imapwire.NO, Code: &imapwire.CodeUnknown{Name: "]"}}); err == nil {
		t.Error("Refuse with a code that is none")
	}
	s.must(s.c.Accept(id))
	if err := s.c.Accept(id); !errors.Is(err, engine.ErrUnknownID) {
		t.Errorf("Accept twice: %v", err)
	}
	if s.c.Next() != nil {
		t.Error("an event without input")
	}
	s.flush()
	if s.out.String() != "+ go ahead\r\n" || s.c.Want() != engine.WantInput {
		t.Errorf("%q, wants %v", s.out.String(), s.c.Want())
	}
	s.out.Reset()
	s.feed("hello\r\nb NOOP\r\n")
	if s.out.String() != "a OK stored\r\nb OK done\r\n" {
		t.Errorf("%q", s.out.String())
	}
	if err := s.c.Refuse(id, imapwire.StatusCondition{Condition: imapwire.NO}); !errors.Is(err, engine.ErrUnknownID) {
		t.Errorf("Refuse behind the end: %v", err)
	}
	// Refused as soon as it is heard of.
	s = inState(t, loopback, imapserver.StateAuthenticated)
	s.on = func(ev imapserver.Event) bool {
		a, isAppend := ev.(*imapserver.Append)
		if isAppend {
			s.must(s.c.Refuse(a.ID, imapwire.StatusCondition{Condition: imapwire.NO, Code: imapwire.CodeTryCreate, Text: "no"}))
		}
		return isAppend
	}
	s.feed("a APPEND x {5+}\r\nhello\r\nb NOOP\r\n")
	if s.out.String() != "a NO [TRYCREATE] no\r\nb OK done\r\n" || len(s.log) != 2 || s.log[0] != "abandoned: "+imapserver.ErrRefused.Error() {
		t.Errorf("%q, heard %q", s.out.String(), s.log)
	}
}

// TestAppendEnds: an APPEND that is open when the conversation ends is
// abandoned, once, whatever has come of it.
func TestAppendEnds(t *testing.T) {
	in := "a APPEND x {5+}\r\nhello (k) {3+}\r\nabc\r\n"
	for name, tt := range map[string]struct {
		end func(*imapserver.Conn)
		why error
	}{
		"EOF":      {func(c *imapserver.Conn) { c.FeedEOF(start) }, engine.ErrClosed},
		"time-out": {func(c *imapserver.Conn) { c.Expire(start.Add(time.Hour)) }, engine.ErrTimeout},
		"Close":    {func(c *imapserver.Conn) { c.Close() }, engine.ErrClosed},
	} {
		for n := range in {
			for _, handled := range []bool{true, false} {
				if name == "time-out" && !handled {
					continue // no time runs while the application decides
				}
				s := inState(t, loopback, imapserver.StateAuthenticated)
				s.must(s.c.Feed(start, []byte(in[:n])))
				if handled {
					s.work()
				} else if ev := s.c.Next(); ev != nil {
					s.handle(ev)
				}
				tt.end(s.c)
				var abandoned []error
				closed := 0
				for ev := s.c.Next(); ev != nil; ev = s.c.Next() {
					switch ev := ev.(type) {
					case *imapserver.Abandoned:
						abandoned = append(abandoned, ev.Err)
					case *imapserver.Closed:
						closed++
					case *imapserver.Literal, *imapserver.AppendMessage, *imapserver.AppendCommit:
						t.Errorf("%s after %q: %T", name, in[:n], ev)
					}
				}
				open := strings.Contains(strings.Join(s.log, "\n"), "append x")
				if closed != 1 || open != (len(abandoned) == 1) || open && !errors.Is(abandoned[0], tt.why) {
					t.Errorf("%s after %q, %v: %d closed, %v abandoned, %q", name, in[:n], handled, closed, abandoned, s.log)
				}
			}
		}
	}
}

// TestLargeAppend: invariant 7. A message of Limits.Append octets passes the
// engine, and nothing of it is kept.
func TestLargeAppend(t *testing.T) {
	const size = 64 << 20
	s := inState(t, loopback, imapserver.StateAuthenticated)
	var taken int64
	s.on = func(ev imapserver.Event) bool {
		l, isLiteral := ev.(*imapserver.Literal)
		if isLiteral {
			taken += int64(len(l.Data))
		}
		return isLiteral
	}
	s.feed("a APPEND x {67108864}\r\n")
	piece := make([]byte, 32<<10)
	for range size / len(piece) {
		s.must(s.c.Feed(start, piece))
		s.work()
	}
	s.feed("\r\n")
	if taken != size || !strings.HasSuffix(s.out.String(), "a OK stored\r\n") {
		t.Errorf("%d octets, %q", taken, s.out.String())
	}
	if st := s.c.Stats(); st.MaxRetained > 256<<10 || st.MaxQueuedOut > 4096 {
		t.Errorf("%+v", st)
	}
}

// TestLargeFetch: invariant 7. A body of 64 MiB passes the engine, by a reader
// or in pieces, and nothing of it is kept.
func TestLargeFetch(t *testing.T) {
	const size = 64 << 20
	s, id := begin(t, "FETCH 1 BODY[]")
	s.must(s.c.Send(body(imapwire.Content{Reader: io.NopCloser(zeros{}), Size: size})))
	s.must(s.c.Done(id, ok("x")))
	var written counter
	s.must(s.c.Flush(start, &written))
	head := len("* 1 FETCH (BODY[] {67108864}\r\n)\r\na OK x\r\n")
	if st := s.c.Stats(); int64(written) != size+int64(head) || st.MaxRetained > 256<<10 || st.MaxQueuedOut > 4096 {
		t.Errorf("%d octets, %+v", written, st)
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

type counter int64

func (c *counter) Write(p []byte) (int, error) { *c += counter(len(p)); return len(p), nil }
