package imapserver_test

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/mailwire/mailwire/imapwire"
	"github.com/mailwire/mailwire/imapwire/engine"
	"github.com/mailwire/mailwire/imapwire/imap"
	"github.com/mailwire/mailwire/imapwire/imapserver"
)

var update = flag.Bool("update", false, "write golden files")

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(string(want), got); d != "" {
		t.Errorf("%s (-want +got):\n%s", name, d)
	}
}

// TestMatrix: invariant 13, threat S1. Every command in every state: the
// answer, what the application hears, and the state that follows.
func TestMatrix(t *testing.T) {
	var b strings.Builder
	for _, command := range testCommands() {
		for _, state := range states {
			s := inState(t, loopback, state)
			s.feed("t " + command + "\r\n")
			fmt.Fprintf(&b, "%s | %q\n", state, command)
			for _, l := range s.log {
				fmt.Fprintf(&b, "\t%s\n", l)
			}
			for l := range strings.Lines(s.out.String()) {
				fmt.Fprintf(&b, "\tS: %s\n", strings.TrimRight(l, "\r\n"))
			}
			if s.c.State() != state {
				fmt.Fprintf(&b, "\t→ %s\n", s.c.State())
			}
		}
	}
	golden(t, "matrix.txt", b.String())
}

// TestChunking: invariant 1. What the engine says, hears and counts does not
// depend on how the input was cut.
func TestChunking(t *testing.T) {
	broken := []string{
		"a\r\n", "\r\n", "a NOOP\nb NOOP\r\n", "a FETCH\r\n", "{5+}\r\nabc\r\n", "a LOGIN {99999}\r\n", "a CREATE {5000+}\r\nx DELETE y\r\n" + strings.Repeat("z", 4987) + "\r\n",
		"a APPEND x {5+}\r\nhelloy\r\n", "a APPEND x {99999999+}\r\n", "a AUTHENTICATE X-TWO\r\n!!!\r\n", "a IDLE\r\n" + strings.Repeat("x", 100) + "\r\n",
		"a " + strings.Repeat("x", 70000) + "\r\n", "a SEARCH " + strings.Repeat("(", 40) + "\r\n", "a \x00\r\n", "GET / HTTP/1.1\r\nb LOGIN u p\r\n",
	}
	for _, state := range states {
		for i, command := range append(testCommands(), broken...) {
			in := command + "z NOOP\r\n"
			if i < len(testCommands()) {
				in = "t " + command + "\r\nz NOOP\r\n"
			}
			run := func(cuts ...int) string {
				s := inState(t, loopback, state)
				s.feed(in, cuts...)
				return s.result()
			}
			want := run()
			splits := []int{1, 2, 3, len(in) / 2, len(in) - 3, len(in) - 1}
			if len(in) < 200 {
				splits = splits[:0]
				for n := range len(in) {
					splits = append(splits, n)
				}
			}
			for _, n := range splits {
				if got := run(n); got != want {
					t.Fatalf("%s, %q cut at %d (-whole +cut):\n%s", state, command, n, cmp.Diff(want, got))
				}
			}
			ones := make([]int, len(in))
			for i := range ones {
				ones[i] = 1
			}
			if got := run(ones...); got != want {
				t.Fatalf("%s, %q octet by octet (-whole +cut):\n%s", state, command, cmp.Diff(want, got))
			}
		}
	}
}

// TestCompletion: invariant 12. Any mixture of commands, malformed ones among them,
// is answered once each, in order, however it is cut, unless the conversation ends.
func TestCompletion(t *testing.T) {
	opt := loopback
	opt.Limits.Bad, opt.Limits.BadPreAuth = 1000, 1000
	commands := append(testCommands(), "", "NOOP x", "FETCH", "FETCH 0 UID", "LOGIN u", "SEARCH ((", "CREATE {3+}\r\n\x00\r\n y", "X \x00", "ENABLE",
		"CREATE {5000+}\r\nt0 NOOP\r\n"+strings.Repeat("z", 4991), "SELECT {9999999}", "APPEND INBOX {99999999}", "APPEND INBOX {1+}\r\nx)", "APPEND INBOX x")
	rapid.Check(t, func(t *rapid.T) {
		s := inState(t, opt, rapid.SampledFrom(states).Draw(t, "state"))
		var in strings.Builder
		var want []string
		for i := range rapid.IntRange(1, 12).Draw(t, "n") {
			c := rapid.SampledFrom(commands).Draw(t, "command")
			if strings.HasPrefix(c, "LOGOUT") || strings.HasPrefix(c, "STARTTLS") || strings.Contains(c, "{1}") || strings.Contains(c, "{3}") || strings.Contains(c, "{0}") ||
				strings.HasPrefix(c, "AUTHENTICATE X-TWO") || strings.HasPrefix(c, "IDLE") {
				continue // what follows depends on the answer
			}
			tag := fmt.Sprint("t", i)
			want = append(want, tag)
			in.WriteString(tag + " " + c + "\r\n")
		}
		var cuts []int
		for range 20 {
			cuts = append(cuts, rapid.IntRange(1, 30).Draw(t, "cut"))
		}
		s.feed(in.String(), cuts...)
		var got []string
		for line := range strings.Lines(s.out.String()) {
			if tag, _, _ := strings.Cut(line, " "); tag != "*" && tag != "+" {
				got = append(got, tag)
			}
		}
		if d := cmp.Diff(want, got); d != "" && len(want)+len(got) > 0 {
			t.Fatalf("tags (-sent +answered):\n%s\n%s", d, s.out.String())
		}
	})
}

// TestTruncated: threat C13. Every command cut at every octet waits for more,
// and the end of the input ends the conversation and nothing else.
func TestTruncated(t *testing.T) {
	opt := loopback
	opt.Limits.Bad, opt.Limits.BadPreAuth = 1000, 1000
	for _, state := range states {
		for _, command := range testCommands() {
			whole := "t " + command + "\r\n"
			for n := range whole {
				s := inState(t, opt, state)
				s.feed(whole[:n])
				if strings.Contains(s.out.String(), "* BYE") && !strings.Contains(command, "LOGOUT") {
					t.Fatalf("%s, %q: %s", state, whole[:n], s.out.String())
				}
				if s.c.Want() == engine.WantInput && !s.c.Idling() {
					// With the end of the line it is a command, or BAD.
					s.feed("\r\n")
				}
				if s.c.Want() == engine.WantInput {
					s.c.FeedEOF(start)
					s.work()
					if s.log[len(s.log)-1] != "closed: EOF" {
						t.Fatalf("%s, %q: %v", state, whole[:n], s.log)
					}
				}
			}
		}
	}
}

// TestHeldState: invariant 7, threat M5. Every state of the parser, kept by 1
// MiB of an octet that stays in it, holds no more than the limits allow.
func TestHeldState(t *testing.T) {
	pieces, fills := 256, []byte{'x', '(', ' ', '"', '{', '1', ',', '\\', 0, 0xff, '\r'}
	if testing.Short() {
		pieces, fills = 72, []byte{'x', '(', '{', '\r'}
	}
	for _, state := range states {
		for _, prefix := range []string{"", "a", "a ", "a LOGIN ", `a LOGIN "`, "a LOGIN {", "a LOGIN {1", "a SEARCH ", "a SEARCH (", "a UID FETCH 1", "a APPEND x (", "a XYZ {4000+}\r\n", "a XYZ {100000+}\r\n",
			"a APPEND x {1000000+}\r\n", "a AUTHENTICATE X-TWO\r\n", "a IDLE\r\n"} {
			for _, fill := range fills {
				opt := loopback
				opt.Limits.Bad, opt.Limits.BadPreAuth = 1<<30, 1<<30
				s := inState(t, opt, state)
				s.feed(prefix)
				piece := strings.Repeat(string([]byte{fill}), 4096)
				for range pieces {
					if s.c.Want() != engine.WantInput {
						break
					}
					s.feed(piece)
					s.log = s.log[:0]
					s.body.Reset()
				}
				limit := int64(256 << 10)
				if state == imapserver.StateNotAuthenticated {
					limit = 64 << 10
				}
				if st := s.c.Stats(); st.MaxRetained > limit || st.MaxQueuedOut > 64<<10 {
					t.Errorf("%s, %q, %q: %d octets retained, %d queued", state, prefix, fill, st.MaxRetained, st.MaxQueuedOut)
				}
			}
		}
	}
}

// TestCallersMistakes: an error, and nothing changes.
func TestCallersMistakes(t *testing.T) {
	s := inState(t, loopback, imapserver.StateSelected)
	for name, err := range map[string]error{
		"Done":      s.c.Done(99, ok("x")),
		"Accept":    s.c.Accept(99),
		"Refuse":    s.c.Refuse(99, ok("x")),
		"Challenge": s.c.Challenge(99, nil),
	} {
		if !errors.Is(err, engine.ErrUnknownID) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := s.c.Send(&imapwire.ExpungeData{Seq: 1}); !errors.Is(err, engine.ErrNotNow) {
		t.Errorf("EXPUNGE with no command in progress: %v", err)
	}
	if err := s.c.Send(&imapwire.ExpungeData{Seq: 0}, &imapwire.ExistsData{}); err == nil {
		t.Error("EXPUNGE 0")
	}
	if err := s.c.Send(&imapwire.FlagsData{Flags: []imap.Flag{"a b"}}); err == nil {
		t.Error("a flag that is none")
	}
	if _, err := s.c.Push([]byte("x")); !errors.Is(err, engine.ErrNotNow) {
		t.Errorf("Push: %v", err)
	}
	if !s.c.Output().Empty() {
		t.Errorf("queued: %q", s.c.Output().Bytes)
	}
	s.c.Yield(99)
	s.c.Upgraded(start, engine.LayerTLS, engine.Security{})
	s.c.UpgradeFailed(nil)
	if s.c.Want() != engine.WantInput {
		t.Errorf("wants %v", s.c.Want())
	}
	s.c.Bye(nil, "x")
	s.work()
	if err := s.c.Send(&imapwire.ExistsData{}); !errors.Is(err, engine.ErrClosed) {
		t.Errorf("Send after the end: %v", err)
	}
	if err := s.c.Feed(start, []byte("x")); !errors.Is(err, engine.ErrClosed) {
		t.Errorf("Feed after the end: %v", err)
	}
	s.c.FeedEOF(start)
	s.c.Expire(start.Add(time.Hour))
	if ev := s.c.Next(); ev != nil {
		t.Errorf("after the end: %T", ev)
	}
}
