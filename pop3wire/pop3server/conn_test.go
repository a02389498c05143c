package pop3server_test

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

	"github.com/mailwire/mailwire/imapwire/engine"
	"github.com/mailwire/mailwire/pop3wire"
	"github.com/mailwire/mailwire/pop3wire/pop3server"
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

// TestMatrix: threats S1 and Q8. Every command in every state: the answer, what the application
// hears, and the state that follows.
func TestMatrix(t *testing.T) {
	var b strings.Builder
	for _, command := range append(testCommands(), brokenCommands()...) {
		for _, state := range states {
			s := inState(t, loopback, state)
			s.feed(command + "\r\n")
			shown := fmt.Sprintf("%q", command)
			if len(shown) > 80 {
				shown = fmt.Sprintf("%s… (%d octets)", shown[:40], len(command))
			}
			fmt.Fprintf(&b, "%s | %s\n", state, shown)
			for _, l := range s.log {
				if len(l) > 100 {
					l = fmt.Sprintf("%s…%s", l[:40], l[len(l)-50:])
				}
				fmt.Fprintf(&b, "\t%s\n", l)
			}
			for l := range strings.Lines(s.out.String()) {
				fmt.Fprintf(&b, "\tS: %s\n", strings.TrimRight(l, "\r\n"))
			}
			if s.c.State() != state {
				fmt.Fprintf(&b, "\t→ %s\n", s.c.State())
			}
			if s.opened != 0 {
				t.Errorf("%s: %d bodies left open", shown, s.opened)
			}
		}
	}
	golden(t, "matrix.txt", b.String())
}

// TestTranscripts plays the client of each file in testdata and compares what
// the server says. Lines start with "C: " or "S: "; "# " is a comment.
func TestTranscripts(t *testing.T) {
	files, err := filepath.Glob("testdata/*.session")
	if err != nil || len(files) == 0 {
		t.Fatalf("no transcripts: %v", err)
	}
	for _, file := range files {
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		s := newScript(t, loopback)
		var got, want []string
		take := func() {
			for l := range strings.Lines(s.take()) {
				got = append(got, "S: "+strings.TrimRight(l, "\r\n"))
			}
		}
		take()
		for line := range strings.Lines(string(b)) {
			line = strings.TrimRight(line, "\n")
			switch {
			case strings.HasPrefix(line, "# "), line == "":
			case strings.HasPrefix(line, "C: "):
				want, got = append(want, line), append(got, line)
				s.feed(line[3:] + "\r\n")
				take()
			case strings.HasPrefix(line, "S: "):
				want = append(want, line)
			default:
				t.Fatalf("%s: %q", file, line)
			}
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("%s (-want +got):\n%s", file, d)
		}
	}
}

// TestChunking: invariant 1, threat P9. What the engine says, hears and counts does not
// depend on how the input was cut.
func TestChunking(t *testing.T) {
	for _, state := range states {
		for _, command := range append(testCommands(), brokenCommands()...) {
			in := command + "\r\nCAPA\r\nNOOP\r\n"
			run := func(cuts ...int) string {
				s := inState(t, loopback, state)
				s.feed(in, cuts...)
				return s.result()
			}
			want := run()
			splits := []int{1, 2, 255, 256, 257, len(in) / 2, len(in) - 13, len(in) - 1}
			if len(in) < 500 {
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

// readResponses checks that out is whole responses to the commands, as their
// kinds tell, and returns the statuses.
func readResponses(t interface{ Fatalf(string, ...any) }, out string, commands []string) (ok []bool) {
	lines := strings.SplitAfter(out, "\r\n")
	next := func() string {
		if len(lines) == 0 || !strings.HasSuffix(lines[0], "\r\n") {
			t.Fatalf("the output ends early: %q", out)
		}
		l := strings.TrimSuffix(lines[0], "\r\n")
		lines = lines[1:]
		return l
	}
	for _, c := range commands {
		line := next()
		for strings.HasPrefix(line, "+ ") {
			line = next()
		}
		s, err := pop3wire.ParseStatus([]byte(line))
		if err != nil || len(line) > 510 {
			t.Fatalf("%s: %q: %v", c, line, err)
		}
		ok = append(ok, s.OK)
		verb, _, args := strings.Cut(c, " ")
		switch verb {
		case "LIST", "UIDL", "LANG", "AUTH":
			if args {
				continue
			}
		case "RETR", "TOP", "CAPA":
		default:
			continue
		}
		for s.OK && next() != "." {
		}
	}
	if len(lines) != 1 || lines[0] != "" {
		t.Fatalf("more than was asked for: %q", lines)
	}
	return ok
}

// TestCompletion: invariant 37. Any mixture of commands is answered with one
// status each, in order, however it is cut.
func TestCompletion(t *testing.T) {
	opt := loopback
	opt.Limits = pop3wire.Limits{Bad: 1000, BadPreAuth: 1000}
	var commands []string
	for _, c := range append(testCommands(), brokenCommands()...) {
		if !strings.Contains(c, "QUIT") && c != "STLS" && !strings.HasPrefix(c, "AUTH X-TWO") && !strings.Contains(strings.ReplaceAll(c, "\r\n", ""), "\n") && !strings.HasPrefix(c, "SSH-") && !strings.HasPrefix(c, "GET ") {
			commands = append(commands, c)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		s := inState(t, opt, rapid.SampledFrom(states).Draw(t, "state"))
		sent := strings.Split(strings.Join(rapid.SliceOfN(rapid.SampledFrom(commands), 1, 12).Draw(t, "commands"), "\r\n"), "\r\n")
		s.feed(strings.Join(sent, "\r\n")+"\r\n", rapid.SliceOfN(rapid.IntRange(1, 9), 0, 20).Draw(t, "cuts")...)
		s.work()
		readResponses(t, s.out.String(), sent)
		if got := s.c.Stats().Commands; s.c.State() == pop3server.StateClosed || got < int64(len(sent)) {
			t.Fatalf("%d answered of %d, %v", got, len(sent), s.c.State())
		}
	})
}

// TestTruncated: invariants 33 and 13, threats Q4 and C13. A client that leaves at any octet ends
// the conversation, and nothing is removed unless QUIT was whole.
func TestTruncated(t *testing.T) {
	for _, state := range states {
		for _, command := range append(testCommands(), brokenCommands()...) {
			in := "DELE 3\r\n" + command + "\r\n"
			if len(in) > 300 {
				continue
			}
			for n := range len(in) {
				s := inState(t, loopback, state)
				s.feed(in[:n])
				ended := s.c.Want() == engine.WantNothing
				s.c.FeedEOF(start)
				s.work()
				if s.c.Want() != engine.WantNothing || s.opened != 0 || s.c.State() != pop3server.StateClosed {
					t.Fatalf("%q: wants %v, %d open", in[:n], s.c.Want(), s.opened)
				}
				if last := s.log[len(s.log)-1]; !strings.HasPrefix(last, "closed: ") || !ended && last != "closed: EOF" {
					t.Fatalf("%q: %v", in[:n], s.log)
				}
				quit := state == pop3server.StateTransaction && strings.Contains(in[:n], "QUIT\r\n")
				if s.updated != quit {
					t.Fatalf("%q: updated %v", in[:n], s.updated)
				}
				if err := s.c.Feed(start, []byte("x")); err != engine.ErrClosed {
					t.Fatalf("%q: %v", in[:n], err)
				}
				if s.c.Next() != nil {
					t.Fatalf("%q: an event behind the end", in[:n])
				}
			}
		}
	}
}

// TestCallersMistakes: an error, and nothing changes.
func TestCallersMistakes(t *testing.T) {
	s := inState(t, loopback, pop3server.StateTransaction)
	s.must(s.c.Feed(start, []byte("LIST\r\nNOOP\r\n")))
	if err := s.c.Feed(start, []byte("x")); err != engine.ErrBusy {
		t.Errorf("Feed: %v", err)
	}
	id := s.c.Next().(*pop3server.Command).ID
	if err := s.c.Feed(start, []byte("x")); err != engine.ErrBusy {
		t.Errorf("Feed: %v", err)
	}
	body := pop3server.Body{Reader: closer{strings.NewReader("x"), func() { t.Error("closed") }}, Size: 1}
	negative := body
	negative.Size = -1
	for name, err := range map[string]error{
		"Done, other":       s.c.Done(id+1, ok("")),
		"Done, zero":        s.c.Done(0, ok("")),
		"Done, code":        s.c.Done(id, pop3wire.Status{Code: "a b"}),
		"Done, forged code": s.c.Done(id, no("[IN-USE] x")),
		"Done, CRLF":        s.c.Done(id, ok("a\r\n.")),
		"Answer":            s.c.Answer(id, &pop3wire.UniqueID{Num: 1}),
		"Answer, other":     s.c.Answer(id+1, &pop3wire.UniqueID{Num: 1, ID: "x"}),
		"Body, -ERR":        s.c.Body(id, no(""), body),
		"Body, negative":    s.c.Body(id, ok(""), negative),
		"Body, none":        s.c.Body(id, ok(""), pop3server.Body{Size: 1}),
		"Body, other":       s.c.Body(id+1, ok(""), body),
		"Begin, -ERR":       s.c.Begin(id, no("")),
		"Begin, CRLF":       s.c.Begin(id, ok("\n")),
		"Send":              s.c.Send(id, pop3wire.RawLine("x")),
		"End":               s.c.End(id),
		"Challenge":         s.c.Challenge(id, nil),
		"SetCapabilities":   s.c.SetCapabilities(pop3server.CapabilityLists{Authorization: []pop3wire.Capability{pop3wire.CapSTLS}}),
	} {
		if err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	if n, err := s.c.Push([]byte("x")); n != 0 || !errors.Is(err, engine.ErrNotNow) {
		t.Errorf("Push: %d, %v", n, err)
	}
	s.must(s.c.Begin(id, ok("")))
	for name, err := range map[string]error{
		"Done": s.c.Done(id, ok("")), "Answer": s.c.Answer(id, &pop3wire.UniqueID{Num: 1, ID: "x"}), "Body": s.c.Body(id, ok(""), body), "Begin": s.c.Begin(id, ok("")),
		"Send": s.c.Send(id, pop3wire.RawLine("x"), pop3wire.RawLine("\n")), "Send, other": s.c.Send(id + 1), "End, other": s.c.End(id + 1),
	} {
		if err == nil {
			t.Errorf("%s in a multi-line response: no error", name)
		}
	}
	s.must(s.c.Send(id, pop3wire.RawLine(".x")))
	if _, err := s.c.Push([]byte("x")); !errors.Is(err, engine.ErrNotNow) {
		t.Errorf("Push among lines: %v", err)
	}
	s.must(s.c.End(id))
	s.c.Yield(id) // of a command that is done: nothing
	s.c.Upgraded(start, engine.LayerTLS, engine.Security{})
	s.c.UpgradeFailed(nil)
	if got := s.take(); got != "+OK\r\n..x\r\n.\r\n+OK\r\n" {
		t.Errorf("%q", got)
	}
	s.c.Close()
	s.c.Close()
	for name, err := range map[string]error{"Done": s.c.Done(id, ok("")), "Send": s.c.Send(id), "Feed": s.c.Feed(start, nil), "Body": s.c.Body(id, ok(""), body)} {
		if !errors.Is(err, engine.ErrClosed) {
			t.Errorf("%s after the end: %v", name, err)
		}
	}
	if _, err := s.c.Push(nil); !errors.Is(err, engine.ErrClosed) {
		t.Error(err)
	}
	s.c.Bye("", "x")
	if !s.c.Output().Empty() {
		t.Error("output after Close")
	}
}

// TestOptions: what contradicts itself is an error of New.
func TestOptions(t *testing.T) {
	caps := func(auth, trans []pop3wire.Capability) pop3server.Options {
		return pop3server.Options{Capabilities: pop3server.CapabilityLists{Authorization: auth, Transaction: trans}}
	}
	top := []pop3wire.Capability{pop3wire.CapTop}
	for i, opt := range []pop3server.Options{
		{Limits: pop3wire.Limits{Line: -1}},
		{Limits: pop3wire.Limits{IdleTime: time.Minute}},
		{Mechanisms: []pop3server.Mechanism{{Name: "plain"}}},
		{Mechanisms: []pop3server.Mechanism{{Name: "X"}, {Name: "X"}}},
		{Timestamp: "1@x"},
		{Greeting: "two\r\nlines"},
		{Greeting: "an <a@b> challenge"},
		caps([]pop3wire.Capability{nil}, nil),
		caps([]pop3wire.Capability{pop3wire.CapTag("a b")}, nil),
		caps([]pop3wire.Capability{pop3wire.CapPipelining}, nil),
		caps([]pop3wire.Capability{&pop3wire.CapSASL{Mechanisms: []string{"X"}}}, nil),
		caps(append(top, top...), nil),
		caps(top, []pop3wire.Capability{}),
		caps(nil, append(top, top...)),
	} {
		if _, err := pop3server.New(start, opt); err == nil {
			t.Errorf("%d: no error", i)
		}
	}
	// The zero value is safe: nobody can log in.
	s := newScript(t, pop3server.Options{})
	if got := s.out.String(); got != "+OK mailwire ready\r\n" {
		t.Errorf("greeting %q", got)
	}
	for _, c := range []string{"USER u", "PASS p", "APOP u " + digest, "AUTH PLAIN AHUAcA==", "STLS", "STAT", "UTF8", "LANG"} {
		if got := s.do(c); !strings.HasPrefix(got, "-ERR ") {
			t.Errorf("%s: %q", c, got)
		}
	}
	if got := s.do("CAPA"); got != "+OK capability list follows\r\nRESP-CODES\r\nPIPELINING\r\n.\r\n" {
		t.Errorf("%q", got)
	}
	if len(s.log) > 0 {
		t.Errorf("the application heard %v", s.log)
	}
}
