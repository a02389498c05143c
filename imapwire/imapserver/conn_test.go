package imapserver_test

import (
	"errors"
	"flag"
	"fmt"
	"io"
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

// TestMatrix: invariant 13. Every command in every state: the answer, what the
// application hears, and the state that follows.
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

// TestCompletion: invariant 12. Any mixture of commands is answered once each,
// in order, however it is cut, unless the conversation ends.
func TestCompletion(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := inState(t, loopback, rapid.SampledFrom(states).Draw(t, "state"))
		var in strings.Builder
		var want []string
		for i := range rapid.IntRange(1, 12).Draw(t, "n") {
			c := rapid.SampledFrom(testCommands()).Draw(t, "command")
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

// TestTruncated: every command cut at every octet waits for more, and the end
// of the input ends the conversation and nothing else.
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

// TestRefusedLiteral: invariant 18. What stands in a refused literal, or behind
// one in the same command, never runs.
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
			var cuts []int
			for n := 0; n < len(tt.in); n += size {
				cuts = append(cuts, size)
			}
			s.feed(tt.in, cuts...)
			out := s.out.String()
			if !strings.HasPrefix(out, tt.want) || strings.Count(out, "\r\n") != 1 || strings.Contains(strings.Join(s.log, "\n"), "DELETE") && !strings.Contains(strings.Join(s.log, "\n"), "malformed") {
				t.Errorf("%s in pieces of %d: %.200q\n%.500q", tt.name, size, out, s.log)
			}
			s.feed("z NOOP\r\n")
			if got := strings.TrimPrefix(s.out.String(), out); got != "z OK done\r\n" {
				t.Errorf("%s in pieces of %d: then %q", tt.name, size, got)
			}
		}
	}
}

// TestHeldState: invariant 7. Every state of the parser, kept by 1 MiB of an
// octet that stays in it, holds no more than the limits allow.
func TestHeldState(t *testing.T) {
	for _, state := range states {
		for _, prefix := range []string{"", "a", "a ", "a LOGIN ", `a LOGIN "`, "a LOGIN {", "a LOGIN {1", "a SEARCH ", "a SEARCH (", "a UID FETCH 1", "a APPEND x (", "a XYZ {4000+}\r\n", "a XYZ {100000+}\r\n",
			"a APPEND x {1000000+}\r\n", "a AUTHENTICATE X-TWO\r\n", "a IDLE\r\n"} {
			for _, fill := range []byte{'x', '(', ' ', '"', '{', '1', ',', '\\', 0, 0xff, '\r'} {
				opt := loopback
				opt.Limits.Bad, opt.Limits.BadPreAuth = 1<<30, 1<<30
				s := inState(t, opt, state)
				s.feed(prefix)
				piece := strings.Repeat(string([]byte{fill}), 4096)
				for range 256 {
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

// TestStartTLS: invariants 16 and 22. Nothing behind STARTTLS is read, nothing
// from before is remembered, and it is not possible twice.
func TestStartTLS(t *testing.T) {
	s := newScript(t, loopback)
	if !strings.Contains(s.out.String(), " STARTTLS") {
		t.Fatal(s.out.String())
	}
	s.out.Reset()
	s.must(s.c.Feed(start, []byte("a STARTTLS\r\nb LOGIN u p\r\nc CAPABILITY\r\n")))
	ev, isUpgrade := s.c.Next().(*imapserver.Upgrade)
	if !isUpgrade || string(ev.Rest) != "b LOGIN u p\r\nc CAPABILITY\r\n" || s.c.Next() != nil {
		t.Fatalf("%#v", ev)
	}
	if w := s.c.Want(); w != engine.WantDrain {
		t.Errorf("wants %v before the answer is written", w)
	}
	s.flush()
	if w := s.c.Want(); w != engine.WantUpgrade {
		t.Errorf("wants %v", w)
	}
	if err := s.c.Feed(start, []byte("x")); !errors.Is(err, engine.ErrBusy) {
		t.Errorf("Feed: %v", err)
	}
	s.c.Upgraded(start, engine.LayerTLS, engine.Security{Encrypted: true})
	s.feed("d CAPABILITY\r\ne STARTTLS\r\nf LOGIN u p\r\n")
	got := s.out.String()
	if !strings.HasPrefix(got, "a OK begin TLS\r\n* CAPABILITY IMAP4rev1 SASL-IR AUTH=PLAIN AUTH=X-TWO\r\nd OK") || !strings.Contains(got, "e BAD") || !strings.Contains(got, "f OK") {
		t.Error(got)
	}
	if strings.Contains(got, "b ") || strings.Contains(got, "c ") {
		t.Errorf("commands from before TLS were run: %s", got)
	}
	failed := newScript(t, loopback)
	failed.feed("a STARTTLS\r\n")
	failed.c.UpgradeFailed(io.ErrUnexpectedEOF)
	failed.work()
	if failed.c.Want() != engine.WantNothing || failed.log[len(failed.log)-1] != "closed: unexpected EOF" {
		t.Error(failed.log)
	}
}

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

// TestExpungeTiming: invariant 14.
func TestExpungeTiming(t *testing.T) {
	for _, tt := range []struct {
		command, behind string
		want            bool
	}{
		{"NOOP", "", true}, {"CHECK", "", true}, {"COPY 1 x", "", true}, {"UID FETCH 1 FLAGS", "", true}, {"STATUS x (MESSAGES)", "", true},
		{"FETCH 1 FLAGS", "", false}, {"STORE 1 FLAGS ()", "", false}, {"SEARCH ALL", "", false},
		{"NOOP", "b", false}, {"NOOP", "b STORE 3 FLAGS ()\r\n", false}, {"EXPUNGE", "b NOOP\r\n", true}, {"MOVE 1 x", "b NOOP\r\n", true},
		{"SELECT x", "", true}, {"CAPABILITY", "", false},
	} {
		s := inState(t, loopback, imapserver.StateSelected)
		s.must(s.c.Feed(start, []byte("a "+tt.command+"\r\n"+tt.behind)))
		ev := s.c.Next()
		if got := s.c.MayExpunge(); got != tt.want {
			t.Errorf("%s, then %q: MayExpunge %v", tt.command, tt.behind, got)
		}
		if err := s.c.Send(&imapwire.ExpungeData{Seq: 1}); (err == nil) != tt.want {
			t.Errorf("%s, then %q: %v", tt.command, tt.behind, err)
		}
		if c, isCommand := ev.(*imapserver.Command); isCommand {
			s.must(s.c.Done(c.ID, ok("x")))
		}
		if tt.behind == "" && s.c.MayExpunge() {
			t.Errorf("%s: MayExpunge behind the answer", tt.command)
		}
	}
	idle := inState(t, loopback, imapserver.StateSelected)
	idle.feed("a IDLE\r\n")
	if !idle.c.MayExpunge() {
		t.Error("no EXPUNGE in IDLE")
	}
}

// A closeCounter is a body that knows how often it was closed.
type closeCounter struct {
	io.Reader
	closed int
}

func (c *closeCounter) Close() error { c.closed++; return nil }

// TestBodies: bodies pass through, in order, and are closed once.
func TestBodies(t *testing.T) {
	s := inState(t, loopback, imapserver.StateSelected)
	s.must(s.c.Feed(start, []byte("a FETCH 1 BODY[]\r\n")))
	ev := s.c.Next().(*imapserver.Command)
	body := &closeCounter{Reader: strings.NewReader("0123456789 and more")}
	s.must(s.c.Send(&imapwire.FetchData{Num: 1, Sections: []imapwire.SectionData{
		{Name: imapwire.SectionBody, Content: imapwire.Content{Valid: true, Reader: body, Size: 10}},
		{Name: imapwire.SectionBody, Section: imap.Section{Part: []uint32{2}}, Content: imapwire.Content{Valid: true, Data: "small"}},
		{Name: imapwire.SectionBody, Section: imap.Section{Part: []uint32{3}}, Content: imapwire.Content{Valid: true, Pushed: true, Size: 4}},
	}}))
	if !s.c.Full() {
		t.Error("a body does not fill the queue")
	}
	s.must(s.c.Done(ev.ID, ok("x")))
	s.flush()
	for _, p := range []string{"pu", "shed"} {
		n, err := s.c.Push([]byte(p))
		s.must(err)
		if p == "shed" && n != 2 {
			t.Errorf("%d octets taken of 2", n)
		}
		s.flush()
	}
	want := "* 1 FETCH (BODY[] {10}\r\n0123456789 BODY[2] {5}\r\nsmall BODY[3] {4}\r\npush)\r\na OK x\r\n"
	if s.out.String() != want {
		t.Errorf("got %q", s.out.String())
	}
	if body.closed != 1 {
		t.Errorf("closed %d times", body.closed)
	}
	if s.c.Full() {
		t.Error("still full")
	}
	// One that is not drained is closed with the conversation.
	s.work()
	s.must(s.c.Feed(start, []byte("b NOOP\r\n")))
	s.c.Next()
	left := &closeCounter{Reader: strings.NewReader("x")}
	s.must(s.c.Send(&imapwire.FetchData{Num: 1, Sections: []imapwire.SectionData{{Name: imapwire.SectionBody, Content: imapwire.Content{Valid: true, Reader: left, Size: 10}}}}))
	if err := s.c.Flush(start, io.Discard); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("a reader that is too short: %v", err)
	}
	s.c.Close()
	s.c.Close()
	if left.closed != 1 {
		t.Errorf("closed %d times", left.closed)
	}
}

// TestBackpressure: invariant 20. A client that does not read is not read.
func TestBackpressure(t *testing.T) {
	s := inState(t, loopback, imapserver.StateSelected)
	s.must(s.c.Feed(start, []byte(strings.Repeat("a CAPABILITY\r\n", 10_000))))
	for s.c.Next() != nil {
	}
	st := s.c.Stats()
	if s.c.Want() != engine.WantDrain || st.QueuedOut > 66<<10 || st.Commands > 2000 {
		t.Errorf("wants %v with %d octets queued after %d commands", s.c.Want(), st.QueuedOut, st.Commands)
	}
	s.work()
	if n := strings.Count(s.out.String(), "a OK"); n != 10_000 {
		t.Errorf("%d answers", n)
	}
	if st := s.c.Stats(); st.MaxQueuedOut > 66<<10 {
		t.Errorf("%d octets queued", st.MaxQueuedOut)
	}
	// A long list is encoded as it drains.
	s.work()
	s.out.Reset()
	s.must(s.c.Feed(start, []byte("b SEARCH ALL\r\n")))
	ev := s.c.Next().(*imapserver.Command)
	s.must(s.c.Send(&imapwire.SearchData{Ranges: []imap.Range{{First: 1, Last: 100_000}}}))
	s.must(s.c.Done(ev.ID, ok("x")))
	s.flush()
	r, err := imapwire.ParseResponse([]byte(s.out.String()[:strings.Index(s.out.String(), "\r\n")+2]), imapwire.ParseOptions{})
	if err != nil || len(r.(*imapwire.SearchData).Nums) != 100_000 {
		t.Errorf("%v", err)
	}
	if st := s.c.Stats(); st.MaxQueuedOut > 66<<10 {
		t.Errorf("%d octets queued", st.MaxQueuedOut)
	}
}

// TestSecrets: invariant 31 for events: a login that is malformed shows nothing
// of its password.
func TestSecrets(t *testing.T) {
	for _, in := range []string{"a LOGIN u tanstaaf x\r\n", "a LOGIN u \"tanstaaf\r\n", "a login {8+}\r\ntanstaaf(\r\n", "a AUTHENTICATE PLAIN tanstaaf=\r\n", "a AUTHENTICATE X-TWO\r\ntanstaaf!\r\n", "LOGIN u tanstaaf\r\n"} {
		s := newScript(t, loopback)
		s.feed(in)
		if all := strings.Join(s.log, "\n"); strings.Contains(all, "tanstaaf") && !strings.HasPrefix(in, "LOGIN") {
			t.Errorf("%q: %s", in, all)
		}
	}
}
