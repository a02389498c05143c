package pop3wire_test

import (
	"bytes"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/mailwire/mailwire/pop3wire"
)

// stuff gives msg to a Stuffer in pieces of n octets.
func stuff(s pop3wire.Stuffer, msg string, n int) (wire string, size int64) {
	var b []byte
	for rest := msg; rest != ""; {
		k := min(max(n, 1), len(rest))
		p := []byte(rest[:k])
		var done bool
		if b, done = s.Append(b, p); done {
			break
		}
		clear(p)
		rest = rest[k:]
	}
	b = s.Close(b)
	return string(b), s.Size()
}

// unstuff gives wire to an Unstuffer in pieces of n octets.
func unstuff(t interface{ Fatalf(string, ...any) }, u pop3wire.Unstuffer, wire string, n int) (msg, rest string, done bool) {
	var b strings.Builder
	for wire != "" && !done {
		p := []byte(wire[:min(max(n, 1), len(wire))])
		full := len(p)
		for len(p) > 0 && !done {
			piece, k, end := u.Next(p)
			if k == 0 && len(piece) == 0 && !end || k < 0 || k > len(p) {
				t.Fatalf("no progress at %q", p)
			}
			b.Write(piece)
			for i := range piece {
				piece[i] = '#' // it was borrowed
			}
			p, done = p[k:], end
		}
		wire = wire[full-len(p):]
	}
	return b.String(), wire, done
}

// The wire form by definition: LF without a CR is CRLF, and the last line has
// an end. It is what mailbox/message counts as the size of a message on the wire.
func canonical(msg string) string {
	var out []byte
	for i := range len(msg) {
		if msg[i] == '\n' && (i == 0 || msg[i-1] != '\r') {
			out = append(out, '\r')
		}
		out = append(out, msg[i])
	}
	if len(out) > 0 && out[len(out)-1] != '\n' {
		out = append(out, "\r\n"...)
	}
	return string(out)
}

// stuffRows: size is that of the message on the wire, dots as they are in it.
var stuffRows = []struct {
	msg  string
	size int64
	wire string
}{
	{"", 0, ".\r\n"},
	{"a", 3, "a\r\n.\r\n"},
	{"a\n", 3, "a\r\n.\r\n"},
	{"a\r\n", 3, "a\r\n.\r\n"},
	{"a\r", 4, "a\r\r\n.\r\n"},
	{"\n", 2, "\r\n.\r\n"},
	{"\r", 3, "\r\r\n.\r\n"},
	{"\r\n", 2, "\r\n.\r\n"},
	{"\n\n", 4, "\r\n\r\n.\r\n"},
	{"\r\r\n", 3, "\r\r\n.\r\n"},
	{"\n\r", 5, "\r\n\r\r\n.\r\n"},
	{"a\rb\nc", 8, "a\rb\r\nc\r\n.\r\n"},
	{".", 3, "..\r\n.\r\n"},
	{".\r\n", 3, "..\r\n.\r\n"},
	{".\n", 3, "..\r\n.\r\n"},
	{"..\n", 4, "...\r\n.\r\n"},
	{".a\n.b", 8, "..a\r\n..b\r\n.\r\n"},
	{"a\n.\nb\n", 9, "a\r\n..\r\nb\r\n.\r\n"},
	{"a\r\n.\r\nb\r\n", 9, "a\r\n..\r\nb\r\n.\r\n"},
	{"x\r.\r\n", 5, "x\r.\r\n.\r\n"},
	{"x\r.\n", 5, "x\r.\r\n.\r\n"},
	{"\n.\n", 5, "\r\n..\r\n.\r\n"},
	{"a.\n.", 7, "a.\r\n..\r\n.\r\n"},
	{"\x00\xff\n", 4, "\x00\xff\r\n.\r\n"},
}

// TestStuffer: invariant 32, with the sizes that mailbox/message counts, in
// pieces of every size.
func TestStuffer(t *testing.T) {
	for _, tt := range stuffRows {
		for n := 1; n <= len(tt.msg)+1; n++ {
			wire, size := stuff(pop3wire.Stuffer{}, tt.msg, n)
			if wire != tt.wire || size != tt.size {
				t.Errorf("%q in %d: %q, %d, want %q, %d", tt.msg, n, wire, size, tt.wire, tt.size)
			}
		}
		if c := canonical(tt.msg); int64(len(c)) != tt.size {
			t.Errorf("%q: the table has %d, the definition %d", tt.msg, tt.size, len(c))
		}
		for n := 1; n <= len(tt.wire)+1; n++ {
			msg, rest, done := unstuff(t, pop3wire.Unstuffer{}, tt.wire+".rest", n)
			if msg != canonical(tt.msg) || rest != ".rest" || !done {
				t.Errorf("%q in %d: %q, %q, %v", tt.wire, n, msg, rest, done)
			}
		}
	}
}

// checkStuffing: invariant 32 for any message and cut.
func checkStuffing(t interface{ Fatalf(string, ...any) }, msg string, n int) {
	wire, size := stuff(pop3wire.Stuffer{}, msg, n)
	want := canonical(msg)
	if size != int64(len(want)) {
		t.Fatalf("%q: size %d, want %d", msg, size, len(want))
	}
	if again, _ := stuff(pop3wire.Stuffer{}, msg, len(msg)); again != wire {
		t.Fatalf("%q: %q in pieces of %d, %q whole", msg, wire, n, again)
	}
	// The terminator stands once, at the end.
	if at := strings.Index("\r\n"+wire, "\r\n.\r\n"); at != len(wire)-len(".\r\n") {
		t.Fatalf("%q: terminator at %d of %q", msg, at, wire)
	}
	for _, k := range []int{1, n, len(wire)} {
		got, rest, done := unstuff(t, pop3wire.Unstuffer{}, wire+"+OK\r\n", k)
		if got != want || rest != "+OK\r\n" || !done {
			t.Fatalf("%q in pieces of %d: %q, %q, %v", msg, k, got, rest, done)
		}
	}
	if len(wire) > 2*len(msg)+len("\r\n.\r\n") {
		t.Fatalf("%d octets became %d", len(msg), len(wire))
	}
}

var stuffLetters = []rune("a.\r\n")

func TestStuffing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		checkStuffing(t, rapid.StringOf(rapid.SampledFrom(stuffLetters)).Draw(t, "msg"), rapid.IntRange(1, 9).Draw(t, "n"))
	})
}

// naiveTop is what TOP gives, by definition: RFC 1939 §7.
func naiveTop(msg string, lines int64) string {
	c := canonical(msg)
	var out strings.Builder
	body := false
	for line := range strings.SplitAfterSeq(c, "\r\n") {
		if body {
			if lines--; lines < 0 {
				break
			}
		}
		out.WriteString(line)
		body = body || line == "\r\n"
	}
	return out.String()
}

// TestTop: invariant 35. TOP gives the header, the blank line and as many lines
// as asked for, always a prefix of what RETR gives.
func TestTop(t *testing.T) {
	const msg = "A: b\n.c: d\r\n\n.one\ntwo\r\n.\n\nlast"
	for _, tt := range []struct {
		msg   string
		lines int64
		want  string
	}{
		{msg, 0, "A: b\r\n.c: d\r\n\r\n"},
		{msg, 1, "A: b\r\n.c: d\r\n\r\n.one\r\n"},
		{msg, 3, "A: b\r\n.c: d\r\n\r\n.one\r\ntwo\r\n.\r\n"},
		{msg, 4, "A: b\r\n.c: d\r\n\r\n.one\r\ntwo\r\n.\r\n\r\n"},
		{msg, 5, canonical(msg)},
		{msg, 1<<63 - 1, canonical(msg)},
		{"A: b\r\n", 0, "A: b\r\n"},
		{"A: b", 0, "A: b\r\n"},
		{"", 0, ""},
		{"\nbody", 0, "\r\n"},
		{"\r\n\r\nx", 1, "\r\n\r\n"},
		{"a\n\r\r\nb\n\nc", 0, "a\r\n\r\r\nb\r\n\r\n"},
	} {
		for n := 1; n <= len(tt.msg)+1; n++ {
			wire, size := stuff(pop3wire.Stuffer{Top: true, Lines: tt.lines}, tt.msg, n)
			got, rest, done := unstuff(t, pop3wire.Unstuffer{}, wire, n)
			if got != tt.want || rest != "" || !done || size != int64(len(got)) {
				t.Errorf("%q, %d lines in %d: %q, size %d", tt.msg, tt.lines, n, got, size)
			}
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		msg := rapid.StringOf(rapid.SampledFrom(stuffLetters)).Draw(t, "msg")
		lines := rapid.Int64Range(0, 4).Draw(t, "lines")
		wire, _ := stuff(pop3wire.Stuffer{Top: true, Lines: lines}, msg, rapid.IntRange(1, 9).Draw(t, "n"))
		got, _, done := unstuff(t, pop3wire.Unstuffer{}, wire, 3)
		if want := naiveTop(msg, lines); got != want || !done || !strings.HasPrefix(canonical(msg), got) {
			t.Fatalf("%q, %d lines: %q, want %q", msg, lines, got, want)
		}
	})
}

// TestStuffDone: behind the top nothing is taken.
func TestStuffDone(t *testing.T) {
	s := pop3wire.Stuffer{Top: true}
	b, done := s.Append(nil, []byte("a\n\nbody"))
	if string(b) != "a\r\n\r\n" || !done {
		t.Errorf("%q, %v", b, done)
	}
	if b, done = s.Append(b, []byte("more")); string(b) != "a\r\n\r\n" || !done {
		t.Errorf("%q, %v", b, done)
	}
}

// TestUnstuffer: what real servers send, strictly and not (Q189, Q192, Q193,
// threats I10 and Q3).
func TestUnstuffer(t *testing.T) {
	for _, tt := range []struct {
		wire              string
		strict, strictEnd string // content, and what is left; "-": it does not end
		loose, looseEnd   string
	}{
		{".\r\nx", "", "x", "", "x"},
		{"..\r\n.\r\n", ".\r\n", "", ".\r\n", ""},
		{"...\r\n.\r\n", "..\r\n", "", "..\r\n", ""},
		{".capability\r\n.\r\n", "capability\r\n", "", "capability\r\n", ""},
		{"a\n.\nx", "a\n.\nx", "-", "a\n", "x"},
		{".\nx", "\nx", "-", "", "x"},
		{"a\n..b\r\n.\r\n", "a\n..b\r\n", "", "a\n.b\r\n", ""},
		{"a\r.\r\n.\r\n", "a\r.\r\n", "", "a\r.\r\n", ""},
		{".\rx\r\n.\r\n", "\rx\r\n", "", "\rx\r\n", ""},
		{".\r\r\n.\r\n", "\r\r\n", "", "\r\r\n", ""},
		{"a\r\r\n.\r\n", "a\r\r\n", "", "a\r\r\n", ""},
		{"a\r\n.", "a\r\n", "-", "a\r\n", "-"},
		{"a\r\n.\r", "a\r\n", "-", "a\r\n", "-"},
		{"", "", "-", "", "-"},
	} {
		for n := 1; n <= len(tt.wire)+1; n++ {
			for _, lf := range []bool{false, true} {
				want, wantRest := tt.strict, tt.strictEnd
				if lf {
					want, wantRest = tt.loose, tt.looseEnd
				}
				got, rest, done := unstuff(t, pop3wire.Unstuffer{BareLF: lf}, tt.wire, n)
				if got != want || done != (wantRest != "-") || done && rest != wantRest {
					t.Errorf("%q in %d, bare LF %v: %q, %q, %v", tt.wire, n, lf, got, rest, done)
				}
			}
		}
	}
	var u pop3wire.Unstuffer
	u.Next([]byte(".\r\n"))
	if p, n, done := u.Next([]byte("x")); len(p) > 0 || n != 0 || !done {
		t.Errorf("behind the end: %q, %d, %v", p, n, done)
	}
}

// TestUnstufferCopiesNothing: pieces are parts of the input, and cost nothing.
func TestUnstufferCopiesNothing(t *testing.T) {
	in := []byte(strings.Repeat("line of text\r\n..dots\r\n", 1000))
	var u pop3wire.Unstuffer
	at := 0
	for p := in; len(p) > 0; {
		piece, n, _ := u.Next(p)
		if len(piece) > 0 && &piece[0] != &in[at] && &piece[0] != &in[at+1] {
			t.Fatal("a piece is a copy")
		}
		at += n
		p = p[n:]
	}
	out := make([]byte, 0, 2*len(in)+8)
	if allocs := testing.AllocsPerRun(10, func() {
		var s pop3wire.Stuffer
		var u pop3wire.Unstuffer
		out, _ = s.Append(out[:0], in)
		out = s.Close(out)
		for p := out; len(p) > 0; {
			_, n, _ := u.Next(p)
			p = p[n:]
		}
	}); allocs > 0 {
		t.Errorf("%v allocations", allocs)
	}
}

// naiveUnstuff is what RFC 1939 §3 says of the lines of a response.
func naiveUnstuff(wire string) (content, rest string, done bool) {
	for {
		line, rest, whole := strings.Cut(wire, "\r\n")
		switch {
		case whole && line == ".":
			return content, rest, true
		case whole:
			content += strings.TrimPrefix(line, ".") + "\r\n"
		case line == ".\r":
			return content, "", false // it may be the end
		default:
			return content + strings.TrimPrefix(line, "."), "", false
		}
		wire = rest
	}
}

// FuzzDotStuffing: invariant 32, threat I10, and any input to the decoder however it is cut.
func FuzzDotStuffing(f *testing.F) {
	for _, tt := range stuffRows {
		f.Add(tt.msg, uint8(1))
		f.Add(tt.wire, uint8(2))
	}
	for _, wire := range []string{".\r.\r\n.\r\n", "a\r\n.\rx\r\n..\r\n.\r\nb", ".\r\r.\n.\r\n", "a\r\n.\r"} {
		f.Add(wire, uint8(0))
		f.Add(wire, uint8(2))
	}
	f.Fuzz(func(t *testing.T, msg string, n uint8) {
		checkStuffing(t, msg, int(n)+1)
		for _, lf := range []bool{false, true} {
			whole, rest, done := unstuff(t, pop3wire.Unstuffer{BareLF: lf}, msg, len(msg))
			cut, cutRest, cutDone := unstuff(t, pop3wire.Unstuffer{BareLF: lf}, msg, int(n)+1)
			if whole != cut || rest != cutRest || done != cutDone {
				t.Fatalf("%q: %q, %q, %v whole; %q, %q, %v in pieces of %d", msg, whole, rest, done, cut, cutRest, cutDone, int(n)+1)
			}
			if want, wantRest, wantDone := naiveUnstuff(msg); !lf && (whole != want || rest != wantRest || done != wantDone) {
				t.Fatalf("%q: %q, %q, %v; want %q, %q, %v", msg, whole, rest, done, want, wantRest, wantDone)
			}
		}
		for lines := range int64(3) {
			wire, _ := stuff(pop3wire.Stuffer{Top: true, Lines: lines}, msg, int(n)+1)
			if got, _, done := unstuff(t, pop3wire.Unstuffer{}, wire, len(wire)); got != naiveTop(msg, lines) || !done {
				t.Fatalf("TOP %d of %q: %q", lines, msg, got)
			}
		}
	})
}

func BenchmarkStuffer(b *testing.B) {
	in := bytes.Repeat([]byte("A line of text of the usual length, more or less, as mail has it.\r\n"), 250)
	out := make([]byte, 0, 2*len(in))
	b.SetBytes(int64(len(in)))
	for b.Loop() {
		var s pop3wire.Stuffer
		out, _ = s.Append(out[:0], in)
	}
}

func BenchmarkUnstuffer(b *testing.B) {
	in := bytes.Repeat([]byte("A line of text of the usual length, more or less, as mail has it.\r\n"), 250)
	b.SetBytes(int64(len(in)))
	for b.Loop() {
		var u pop3wire.Unstuffer
		for p := in; len(p) > 0; {
			_, n, _ := u.Next(p)
			p = p[n:]
		}
	}
}
