package imapwire

import (
	"errors"
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/mailwire/mailwire/imapwire/engine"
)

// A decision is what a test does with the literals of a command: B buffers
// it, S streams it, R refuses it; the last letter stands for all that follow.
type decision string

func (d decision) of(n int) byte { return d[min(n, len(d)-1)] }

// A frameRun feeds a framer and writes down what comes out, in words that do
// not depend on how the input was cut.
type frameRun struct {
	f        Framer
	decide   decision
	literals int
	log      []string
	body     strings.Builder
	line     int // after so many whole frames, one line is expected
	wholes   int
}

// lowBounds are small enough for short inputs to meet every limit.
var lowBounds = Bounds{Line: 64, Literal: 20, Literals: 30, LiteralCount: 3, Skip: 100}

func (r *frameRun) feed(t testing.TB, p []byte) {
	own := append([]byte(nil), p...)
	if err := r.f.Feed(own); err != nil {
		t.Fatal(err)
	}
	for i := 0; ; i++ {
		if i > 10*len(p)+10 {
			t.Fatal("Next does not end")
		}
		fr := r.f.Next()
		switch fr.Kind {
		case FrameNone:
			for i := range own {
				own[i] = '#' // borrowed no more
			}
			return
		case FrameWhole:
			r.log = append(r.log, fmt.Sprintf("whole %q", fr.Data))
			r.wholes++
			if r.wholes == r.line {
				r.f.ExpectLine("SASLLine", 16)
			}
		case FrameLiteral:
			r.log = append(r.log, fmt.Sprintf("literal %d %v %v %q", fr.Size, fr.NonSync, fr.Binary, fr.Data))
			d := r.decide.of(r.literals)
			r.literals++
			switch d {
			case 'B':
				if err := r.f.Buffer(); err != nil {
					r.log = append(r.log, "refused: "+err.Error())
				}
			case 'S':
				if err := r.f.Stream(); err != nil {
					t.Fatal(err)
				}
			case 'R':
				r.f.Refuse()
			}
		case FrameBody:
			r.body.Write(fr.Data)
			if fr.Last {
				r.log = append(r.log, fmt.Sprintf("body %q", r.body.String()))
				r.body.Reset()
			} else if len(fr.Data) == 0 {
				t.Fatal("an empty piece")
			}
		case FrameBad:
			r.log = append(r.log, fmt.Sprintf("bad %q: %v", fr.Data, fr.Err))
		case FrameFatal:
			r.log = append(r.log, "fatal: "+fr.Err.Error())
			return
		}
	}
}

func (r *frameRun) end() []string {
	log := append([]string{}, r.log...)
	if r.body.Len() > 0 {
		log = append(log, fmt.Sprintf("part %q", r.body.String()))
	}
	return append(log, fmt.Sprintf("partial %v, pending %v, %d in, %d steps", r.f.Partial(), r.f.Pending(), r.f.BytesIn(), r.f.Steps()))
}

func runFrames(t testing.TB, b Bounds, d decision, line int, chunks ...string) []string {
	r := frameRun{decide: d, line: line}
	r.f.SetBounds(b)
	for _, c := range chunks {
		r.feed(t, []byte(c))
		if n := len(r.log); n > 0 && strings.HasPrefix(r.log[n-1], "fatal") {
			break
		}
	}
	return r.end()
}

// frameInputs are streams that reach every state of the framer.
var frameInputs = []string{
	"",
	"\r\n",
	"A1 NOOP\r\n",
	"A1 NOOP\r\nA2 NOOP\r\nA3 NO",
	"A1 NOOP\r\n\r\n\r\nA2 NOOP\r\n",
	"A1 LOGIN {5}\r\nfredx {3+}\r\na\r\n\r\nA2 NOOP\r\n",
	"A1 LOGIN {0}\r\n {0+}\r\n\r\nA2 NOOP\r\n",
	"A1 APPEND x {10}\r\n{5+}\r\nabcd (A) ~{3+}\r\nxyz\r\nA2 NOOP\r\n",
	"A1 APPEND x ~{3}\r\n\x00\r\n ~{003+}\r\n{1}) {2}\r\nxy\r\n",
	"A1 X \"abc {3}\r\nfoo\r\nA2 NOOP\r\n",
	"A1 X {5}}\r\nA2 X {5\r\nA3 X {}\r\nA4 X {+}\r\nA5 X {-1}\r\nA6 X {5++}\r\nA7 X { 5}\r\nA8 X {5} \r\n",
	"A1 X {9223372036854775808}\r\nA2 X {99999999999999999999999+}\r\nA3 NOOP\r\n",
	"A1 X {9223372036854775807}\r\nA2 NOOP\r\n",
	"A1 X {9223372036854775807+}\r\nA2 NOOP\r\n",
	"A1 NOOP\nA2 NOOP\r\nA3 NOOP\r\n",
	"A1 X {5+}\nabcde\nA2 NOOP\r\nA3 NOOP\r\n",
	"A1 X {5}\nA2 DELETE x\r\nA3 NOOP\r\n",
	"\nA1 NOOP\r\nA2 NOOP\r\n",
	"A1 NO\rOP\r\nA2 NOOP\r\r\nA3 NOOP\r\n",
	"A1 X {3+}\r\r\nA2 NOOP\r\n",
	"A1 X {5+}\r\nab\r\nc{5+}\r\n12345\r\nA2 NOOP\r\n",
	"A1 CREATE {21+}\r\nx\r\nA2 DELETE inbox\r\n\r\nA3 NOOP\r\n",
	"A1 RENAME {21+}\r\nx\r\nA2 DELETE inbox\r\n {25+}\r\nA4 DELETE inbox\r\n1234567\r\nA5 NOOP\r\n",
	"A1 X {21}\r\nA2 NOOP\r\n",
	"A1 " + strings.Repeat("x", 59) + "\r\nA2 NOOP\r\n",
	"A1 " + strings.Repeat("x", 60) + "\r\nA2 NOOP\r\n",
	"A1 " + strings.Repeat("x", 61) + "\r\nA2 NOOP\r\n",
	"A1 " + strings.Repeat("x", 62) + "\r\nA2 NOOP\r\n",
	"A1 " + strings.Repeat("x", 70) + "{12+}\r\nA2 DELETE x\r\n\r\nA3 NOOP\r\n",
	"A1 " + strings.Repeat("x", 57) + "{00012+}\r\nA2 DELETE x\r\n\r\nA3 NOOP\r\n",
	"A1 " + strings.Repeat("x", 61) + "{12+}\r\nA2 DELETE x\r\n {1+}\r\nz\r\nA3 NOOP\r\n",
	"A1 " + strings.Repeat("x", 70) + " {12}\r\nA2 NOOP\r\n",
	"A1 " + strings.Repeat("x", 70) + "\nA2 DELETE x {3+}\nabc\r\nA3 NOOP\r\n",
	"A1 {2+}\r\nab" + strings.Repeat("x", 55) + "{2+}\r\ncd {1+}\r\ne\r\nA3 NOOP\r\n",
	"A1 {3+}\r\na\r\n" + strings.Repeat("x", 80) + "\r\nA3 NOOP\r\n",
	"A1 {5+}\r\na{12+" + strings.Repeat("x", 40) + "}\r\nA3 NOOP\r\n",
	"A1 {1}\r\na {1}\r\nb {1}\r\nc {1}\r\nd\r\nA2 NOOP\r\n",
	"A1 {1+}\r\na {1+}\r\nb {1+}\r\nc {1+}\r\nd\r\nA2 NOOP\r\n",
	"A1 {20+}\r\n01234567890123456789 {11+}\r\n01234567890\r\nA2 NOOP\r\n",
	"A1 " + strings.Repeat("x", 200) + "\r\nA2 NOOP\r\n",
	"A1 X {21+}\r\n" + strings.Repeat("y", 21) + " {80+}\r\n" + strings.Repeat("z", 80) + "\r\nA2 NOOP\r\n",
	"A1 AUTHENTICATE PLAIN\r\nAHRlc3Q=\r\nA2 NOOP\r\n",
	"A1 AUTHENTICATE PLAIN\r\nabc {5+}\r\nA2 NOOP\r\n",
	"A1 AUTHENTICATE PLAIN\r\n0123456789012345678 {5+}\r\nA2 NOOP\r\n",
	"A1 AUTHENTICATE PLAIN\r\nab\ncd\r\nA2 NOOP\r\n",
	"A1 AUTHENTICATE PLAIN\r\n01234567890123\r\nA2 NOOP\r\n",
	"A1 AUTHENTICATE PLAIN\r\n012345678901234\r\nA2 NOOP\r\n",
}

var frameDecisions = []decision{"B", "S", "R", "BSR", "SB", "SR", "BR"}

// TestFramerChunking: invariant 1, threat P9. The same frames, errors and
// counts however input is cut.
func TestFramerChunking(t *testing.T) {
	for _, in := range frameInputs {
		for _, d := range frameDecisions {
			for _, line := range []int{0, 1} {
				want := runFrames(t, lowBounds, d, line, in)
				check := func(chunks ...string) {
					if d := cmp.Diff(want, runFrames(t, lowBounds, d, line, chunks...)); d != "" {
						t.Fatalf("%q: -whole +cut\n%s", chunks, d)
					}
				}
				for i := range in {
					check(in[:i], in[i:])
				}
				check(strings.Split(in, "")...)
			}
		}
	}
}

// TestFramerReference: threat P1. The framer agrees with a plain reading of its
// rules.
func TestFramerReference(t *testing.T) {
	for _, in := range frameInputs {
		for _, d := range frameDecisions {
			want := referenceFrames(in, lowBounds, d)
			got := runFrames(t, lowBounds, d, 0, in)
			if d := cmp.Diff(want, got[:len(got)-1]); d != "" {
				t.Errorf("%q: -reference +got\n%s", in, d)
			}
		}
	}
}

var referenceLiteral = regexp.MustCompile(`(~?)\{([0-9]+)(\+?)\}$`)

// referenceFrames reads a whole stream with the rules of framer.go in the
// plainest way there is.
func referenceFrames(in string, b Bounds, decide decision) (log []string) {
	literal := func(line string) (size int64, nonSync, binary, ok bool) {
		m := referenceLiteral.FindStringSubmatch(line)
		if m == nil {
			return
		}
		n, err := strconv.ParseInt(m[2], 10, 64)
		return n, m[3] != "", m[1] != "", err == nil
	}
	log = []string{}
	n := 0
	pos := 0
	for {
		start, lineStart, octets, literals, count := pos, pos, 0, 0, 0
		drop := func(from, line int, skipped int64, offset int64) bool {
			fatal := func(got int64) bool {
				log = append(log, "fatal: "+(&engine.LimitError{Name: "Skip", Cap: b.Skip, Got: got, Offset: offset + b.Skip}).Error())
				return false
			}
			for {
				lf := strings.IndexByte(in[from:], '\n')
				end := from + lf + 1
				if lf < 0 {
					end = len(in)
				}
				if int64(end-from) > b.Skip-skipped {
					return fatal(b.Skip + 1)
				}
				if lf < 0 {
					return false
				}
				skipped += int64(end - from)
				text, crlf := strings.CutSuffix(in[line:end-1], "\r")
				size, nonSync, _, ok := literal(text)
				if ok && nonSync {
					if size > b.Skip-skipped {
						return fatal(skipped + min(size, 1<<62))
					}
					skipped += size
					end += int(min(size, int64(len(in)-end)))
				} else if crlf {
					pos = end
					return true
				}
				from, line = end, end
			}
		}
		bad := func(to int, err error) bool {
			log = append(log, fmt.Sprintf("bad %q: %v", in[start:to], err))
			return drop(to, lineStart, 0, int64(to-start))
		}
	frame:
		for {
			lf := strings.IndexByte(in[pos:], '\n')
			end := pos + lf + 1
			if lf < 0 {
				end = len(in)
			}
			if octets+end-pos > b.Line {
				to := pos + b.Line - octets
				if !bad(to, &engine.LimitError{Name: "Line", Cap: int64(b.Line), Got: int64(b.Line) + 1, Offset: int64(to - start)}) {
					return log
				}
				break
			}
			if lf < 0 {
				return log
			}
			octets += end - pos
			text, crlf := strings.CutSuffix(in[lineStart:end-1], "\r")
			if !crlf {
				tag, _ := CommandHead([]byte(in[start:end]))
				err := &engine.SyntaxError{Offset: int64(end - 1 - start), Production: "command", Expected: "CRLF at the end of the line", Got: "\n", Tag: tag}
				log = append(log, fmt.Sprintf("bad %q: %v", in[start:end], err))
				from, skipped := end, int64(0)
				if size, nonSync, _, ok := literal(text); ok && nonSync {
					if size > b.Skip {
						return append(log, "fatal: "+(&engine.LimitError{Name: "Skip", Cap: b.Skip, Got: min(size, 1<<62), Offset: int64(end-start) + b.Skip}).Error())
					}
					skipped = size
					from += int(min(size, int64(len(in)-end)))
				}
				if !drop(from, from, skipped, int64(end-start)) {
					return log
				}
				break
			}
			size, nonSync, binary, ok := literal(text)
			if !ok {
				log = append(log, fmt.Sprintf("whole %q", in[start:end]))
				pos = end
				break
			}
			log = append(log, fmt.Sprintf("literal %d %v %v %q", size, nonSync, binary, in[start:end]))
			d := decide.of(n)
			n++
			if d == 'B' {
				e := &engine.LimitError{Offset: int64(end - start)}
				switch {
				case count+1 > b.LiteralCount:
					e.Name, e.Cap, e.Got = "LiteralCount", int64(b.LiteralCount), int64(count)+1
				case size > int64(b.Literal):
					e.Name, e.Cap, e.Got = "Literal", int64(b.Literal), size
				case int64(literals)+size > int64(b.Literals):
					e.Name, e.Cap, e.Got = "Literals", int64(b.Literals), int64(literals)+size
				default:
					e = nil
				}
				if e != nil {
					log = append(log, "refused: "+e.Error())
					d = 'R'
				}
			}
			switch d {
			case 'B':
				count++
				literals += int(size)
				if int64(len(in)-end) < size {
					return log
				}
				pos = end + int(size)
				lineStart = pos
			case 'S':
				body := in[end:]
				if int64(len(body)) >= size {
					body = body[:size]
				}
				if int64(len(body)) < size {
					if len(body) > 0 {
						log = append(log, fmt.Sprintf("part %q", body))
					}
					return log
				}
				log = append(log, fmt.Sprintf("body %q", body))
				pos = end + len(body)
				start, lineStart, octets, literals, count = pos, pos, 0, 0, 0
			case 'R':
				if !nonSync {
					pos = end
					break frame
				}
				if size > b.Skip {
					return append(log, "fatal: "+(&engine.LimitError{Name: "Skip", Cap: b.Skip, Got: min(size, 1<<62), Offset: int64(end-start) + b.Skip}).Error())
				}
				if from := end + int(min(size, int64(len(in)-end))); !drop(from, from, size, int64(end-start)) {
					return log
				}
				break frame
			}
		}
	}
}

// streams draws byte streams in which everything that means something to the
// framer is frequent.
func streams() *rapid.Generator[string] {
	piece := rapid.OneOf(
		rapid.SampledFrom([]string{"\r\n", "\r", "\n", "{", "}", "+", "~", "{3}", "{3+}", "{0}\r\n", "{0+}\r\n", "{7+}\r\n", "{7}\r\n", "~{5+}\r\n", "{30+}\r\n", "{99+}\r\n", "A1 NOOP\r\n", "A2 X ", "\"", "{0000000000000000000000000000000002+}\r\n"}),
		rapid.StringOfN(rapid.RuneFrom([]rune("ab{}+0123456789\r\n ")), 0, 8, -1),
		rapid.Map(rapid.IntRange(0, 150), func(n int) string { return strings.Repeat("x", n) }),
		rapid.Map(rapid.IntRange(0, 150), func(n int) string { return fmt.Sprintf("{%d+}\r\n", n) }),
		rapid.Map(rapid.SliceOfN(rapid.Byte(), 0, 6), func(b []byte) string { return string(b) }),
	)
	return rapid.Map(rapid.SliceOfN(piece, 0, 12), func(s []string) string { return strings.Join(s, "") })
}

// Invariant 1 with random streams, decisions and cuts, against the reference.
func TestFramerRandom(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		in := streams().Draw(rt, "in")
		d := decision(rapid.StringOfN(rapid.RuneFrom([]rune("BSR")), 1, 4, -1).Draw(rt, "decision"))
		want := runFrames(t, lowBounds, d, 0, in)
		if diff := cmp.Diff(referenceFrames(in, lowBounds, d), want[:len(want)-1]); diff != "" {
			rt.Fatalf("-reference +got\n%s", diff)
		}
		var chunks []string
		for rest := in; rest != ""; {
			n := rapid.IntRange(0, len(rest)).Draw(rt, "cut")
			chunks = append(chunks, rest[:n])
			rest = rest[max(n, 1)-1:]
			if n == 0 {
				chunks[len(chunks)-1] = rest[:1]
			}
			rest = rest[1:]
		}
		if strings.Join(chunks, "") != in {
			rt.Fatalf("the cut %q is not %q", chunks, in)
		}
		if diff := cmp.Diff(want, runFrames(t, lowBounds, d, 0, chunks...)); diff != "" {
			rt.Fatalf("%q: -whole +cut\n%s", chunks, diff)
		}
	})
}

// Another implementation reads the content of a refused literal as commands:
// it answers OK to the refused one and deletes the mailbox.
func TestRefusedLiteralRunsNothing(t *testing.T) {
	inner := "\r\nA2 DELETE INBOX\r\nA3 LOGIN evil evil\r\n"
	inner += strings.Repeat("x", 5000-len(inner))
	in := "A1 CREATE {5000+}\r\n" + inner + " {18+}\r\nA4 DELETE Drafts\r\n (x {3+}\r\n)\r\n\r\nA5 NOOP\r\n"
	for _, chunk := range []int{1, 7, 4096, len(in)} {
		f := Framer{}
		f.SetBounds(Limits{}.Command(false))
		var wholes []string
		var limit *engine.LimitError
		for i := 0; i < len(in); i += chunk {
			f.Feed([]byte(in[i:min(i+chunk, len(in))]))
			for fr := f.Next(); fr.Kind != FrameNone; fr = f.Next() {
				switch fr.Kind {
				case FrameLiteral:
					if err := f.Buffer(); !errors.As(err, &limit) {
						t.Errorf("buffered: %v", err)
					}
				case FrameWhole:
					wholes = append(wholes, string(fr.Data))
				default:
					t.Errorf("%+v", fr)
				}
			}
			if f.Retained() > 4096 {
				t.Errorf("%d octets held", f.Retained())
			}
		}
		if limit == nil || *limit != (engine.LimitError{Name: "LiteralPreAuth", Cap: 4096, Got: 5000, Offset: 19}) {
			t.Errorf("%v", limit)
		}
		if d := cmp.Diff([]string{"A5 NOOP\r\n"}, wholes); d != "" {
			t.Errorf("chunks of %d: %s", chunk, d)
		}
	}
}

// A message that is refused half-way is dropped with the rest of its command,
// and so is a command that is refused between two messages.
func TestRefuseWhileStreaming(t *testing.T) {
	for name, row := range map[string]struct {
		in     string
		refuse string // after this body
	}{
		"within the message":  {"A1 APPEND x {20}\r\n01234\r\nA2 DELETE x\r\n (A) {3+}\r\nabc\r\nA3 NOOP\r\n", "01234"},
		"behind it":           {"A1 APPEND x {5}\r\n01234 (A) {16+}\r\n\r\nA2 DELETE x\r\nq\r\nA3 NOOP\r\n", "01234"},
		"before one to await": {"A1 APPEND x {5}\r\n01234 (A) {16}\r\nA3 NOOP\r\n", "01234"},
	} {
		for i := range row.in {
			f := Framer{}
			var body, whole string
			for _, chunk := range []string{row.in[:i], row.in[i:]} {
				f.Feed([]byte(chunk))
				for fr := f.Next(); fr.Kind != FrameNone; fr = f.Next() {
					switch fr.Kind {
					case FrameLiteral:
						f.Stream()
					case FrameBody:
						body += string(fr.Data)
						if strings.HasPrefix(body, row.refuse) {
							f.Refuse()
						}
					case FrameWhole:
						whole += string(fr.Data)
					}
				}
			}
			if whole != "A3 NOOP\r\n" || f.Partial() || f.Retained() > idleBuffer {
				t.Errorf("%s, cut at %d: %q", name, i, whole)
			}
		}
	}
	f := Framer{}
	f.Refuse()
	f.Feed([]byte("A1 NOOP\r\nA2 NOOP\r\n"))
	f.Next()
	f.Refuse() // between two commands: nothing
	if fr := f.Next(); string(fr.Data) != "A2 NOOP\r\n" {
		t.Errorf("%q", fr.Data)
	}
}

// Rest gives the input behind a command, unread.
func TestFramerRest(t *testing.T) {
	const in = "A1 STARTTLS\r\nA2 LOGIN u p\r\nA3 {5+}\r\n"
	for i := range in {
		f := Framer{}
		got, rest := "", ""
		for _, chunk := range []string{in[:i], in[i:]} {
			if got != "" {
				rest += chunk
				continue
			}
			f.Feed([]byte(chunk))
			if fr := f.Next(); fr.Kind == FrameWhole {
				got = string(fr.Data)
				rest = string(f.Rest())
			}
		}
		if got != "A1 STARTTLS\r\n" || rest != in[13:] || f.Pending() || f.BytesIn() != 13 {
			t.Errorf("cut at %d: %q, %q", i, got, rest)
		}
		f.Feed([]byte("B1 NOOP\r\n"))
		if fr := f.Next(); string(fr.Data) != "B1 NOOP\r\n" {
			t.Errorf("afterwards %q", fr.Data)
		}
	}
}

func TestFramerBusy(t *testing.T) {
	f := Framer{}
	if err := f.Feed([]byte("A1 NOOP\r\n")); err != nil {
		t.Fatal(err)
	}
	if err := f.Feed([]byte("A2")); !errors.Is(err, engine.ErrBusy) {
		t.Error(err)
	}
	f.Next()
	if err := f.Feed([]byte("A2")); !errors.Is(err, engine.ErrBusy) {
		t.Error(err)
	}
	if f.Next().Kind != FrameNone || f.Feed([]byte("A2 NOOP {1}\r\n")) != nil {
		t.Error("not ready")
	}
	if f.Buffer() == nil || f.Stream() == nil {
		t.Error("a decision before the announcement")
	}
	if fr := f.Next(); fr.Kind != FrameLiteral || f.Next().Kind != FrameLiteral {
		t.Error("the announcement does not stay")
	}
	if err := f.Feed([]byte("A2")); !errors.Is(err, engine.ErrBusy) {
		t.Error(err)
	}
}

// A frame that lies wholly in the input is a part of it.
func TestFramerDoesNotCopy(t *testing.T) {
	in := []byte("A1 NOOP\r\nA2 LOGIN {4}\r\nfred {3+}\r\nabc\r\nA3 APPEND x {5}\r\nhello\r\n")
	f := Framer{}
	if n := testing.AllocsPerRun(100, func() {
		f.Feed(in)
		for fr := f.Next(); fr.Kind != FrameNone; fr = f.Next() {
			if fr.Kind == FrameLiteral && fr.Data[1] == '3' {
				f.Stream()
			} else if fr.Kind == FrameLiteral {
				f.Buffer()
			}
			if len(fr.Data) > 0 && cap(fr.Data) > cap(in) {
				t.Fatal("copied")
			}
		}
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// TestFramerMemoryAndSteps: invariants 7 and 8, threat M1. In whatever state a
// peer stays, memory is bounded by the limits, nothing is allocated for what is
// merely announced or kept for what is done, and the steps are proportional to the
// octets.
func TestFramerMemoryAndSteps(t *testing.T) {
	prefixes := []string{
		"", "A", "A1 ", "A1 NOOP", "A1 LOGIN \"", "A1 LOGIN {", "A1 LOGIN {1", "A1 LOGIN {100000+", "A1 LOGIN {100000}", "A1 NOOP\r", "A1 X ((((",
		"A1 LOGIN {4096}\r\n", "A1 LOGIN {8192+}\r\n", "A1 LOGIN {9000000}\r\n", "A1 LOGIN {9000000+}\r\n", "A1 APPEND x {60000000}\r\n", "A1 NOOP\n",
		strings.Repeat("A1 LOGIN {1}\r\nx", 20), strings.Repeat("x", 70000), strings.Repeat("x", 70000) + "{9000000+}\r\n",
	}
	for _, b := range []Bounds{Limits{}.Command(false), {Line: 4096, Literal: 8192, Literals: 12 << 10, LiteralCount: 100}} {
		b = b.withDefaults()
		// Growth by doubling: never more than twice what may be held.
		most := 2 * (b.Line + b.Literals)
		for _, prefix := range prefixes {
			for _, fill := range []string{"x", " ", "1", "(", "{", "}", "\r", "\x00", "\"", "\n", "\r\n", "a {1+}\r\n", "{0+}\r\n", "a {4000+}\r\n" + strings.Repeat("x", 4000)} {
				f := Framer{}
				f.SetBounds(b)
				total := 0
				feed := func(s string) {
					total += len(s)
					f.Feed([]byte(s))
					for fr := f.Next(); fr.Kind != FrameNone && fr.Kind != FrameFatal; fr = f.Next() {
						if fr.Kind != FrameLiteral {
							continue
						}
						if part, _ := (&Parser{}).AppendPrefix(fr.Data); part != nil {
							f.Stream()
						} else {
							f.Buffer()
						}
						if f.Retained() > min(most, 2*total+idleBuffer) {
							t.Fatalf("%.20q then %.20q: %d octets held at an announcement, after %d octets", prefix, fill, f.Retained(), total)
						}
					}
					if !f.Partial() && f.Retained() > idleBuffer {
						t.Fatalf("%.20q then %.20q: %d octets held between commands", prefix, fill, f.Retained())
					}
				}
				feed(prefix)
				chunk := strings.Repeat(fill, 4096/len(fill))
				for total < 4*b.Line+2*b.Literals {
					feed(chunk)
				}
				if f.MaxRetained() > most {
					t.Errorf("%.20q then %.20q: %d octets held, limit %d", prefix, fill, f.MaxRetained(), most)
				}
				if f.Steps() > 3*int64(total)+int64(b.Line) {
					t.Errorf("%.20q then %.20q: %d steps for %d octets", prefix, fill, f.Steps(), total)
				}
			}
		}
	}
}

// TestFramerStepsByOctet: invariant 8 and threat C1, fed octet by octet.
func TestFramerStepsByOctet(t *testing.T) {
	for name, unit := range map[string]string{
		"commands": "A1 NOOP\r\n", "literals": "A1 LOGIN {1+}\r\nx {2}\r\nxy\r\n", "digits": "A1 {" + strings.Repeat("0", 500) + "1+}\r\nx\r\n", "bare LF": "A1\n\r\n",
	} {
		for _, n := range []int{10, 100, 1000} {
			f := Framer{}
			for _, c := range []byte(strings.Repeat(unit, n)) {
				f.Feed([]byte{c})
				for fr := f.Next(); fr.Kind != FrameNone; fr = f.Next() {
					if fr.Kind == FrameLiteral {
						f.Buffer()
					}
				}
			}
			if total := int64(n * len(unit)); f.BytesIn() != total || f.Steps() > 3*total {
				t.Errorf("%s: %d steps for %d octets", name, f.Steps(), total)
			}
		}
	}
}

// TestFramerLimits: threats M2 and M3. Every limit of the framer at its cap and
// one above, as one error.
func TestFramerLimits(t *testing.T) {
	pre, post := Limits{}.Command(false), Limits{}.Command(true)
	for _, row := range []struct {
		b      Bounds
		name   string
		in     func(n int64) string
		most   int64
		offset int64
	}{
		{post, "Line", func(n int64) string { return strings.Repeat("x", int(n)-2) + "\r\n" }, 64 << 10, 64 << 10},
		{pre, "LinePreAuth", func(n int64) string { return strings.Repeat("x", int(n)-2) + "\r\n" }, 16 << 10, 16 << 10},
		{pre, "LinePreAuth", func(n int64) string { return "A {5+}\r\nabcde" + strings.Repeat("x", int(n)-10) + "\r\n" }, 16 << 10, 16<<10 + 5},
		{post, "Literal", func(n int64) string { return fmt.Sprintf("A X {%d}\r\n", n) }, 128 << 10, 14},
		{pre, "LiteralPreAuth", func(n int64) string { return fmt.Sprintf("A X {%d+}\r\n", n) }, 4 << 10, 13},
		{pre, "LiteralsPreAuth", func(n int64) string {
			return strings.Repeat("A {4000+}\r\n"+strings.Repeat("x", 4000), 4) + fmt.Sprintf("{%d}\r\n", n-4*4000)
		}, 16 << 10, 4*(4000+11) + 7},
		{pre, "LiteralCountPreAuth", func(n int64) string { return strings.Repeat("A {0}\r\n", int(n)) }, 8, 9 * 7},
		{post, "LiteralCount", func(n int64) string { return strings.Repeat("A {0}\r\n", int(n)) }, 1000, 1001 * 7},
	} {
		for _, n := range []int64{row.most - 1, row.most, row.most + 1} {
			f := Framer{}
			f.SetBounds(row.b)
			f.Feed([]byte(row.in(n)))
			var errs []error
			for fr := f.Next(); fr.Kind != FrameNone; fr = f.Next() {
				if fr.Kind == FrameLiteral {
					if err := f.Buffer(); err != nil {
						errs = append(errs, err)
					}
				} else if fr.Err != nil {
					errs = append(errs, fr.Err)
				}
			}
			if n <= row.most {
				if len(errs) > 0 {
					t.Errorf("%s of %d: %v", row.name, n, errs)
				}
				continue
			}
			want := engine.LimitError{Name: row.name, Cap: row.most, Got: n, Offset: row.offset}
			var le *engine.LimitError
			if len(errs) != 1 || !errors.As(errs[0], &le) || *le != want {
				t.Errorf("%s of %d: %v, want %v", row.name, n, errs, &want)
			}
		}
	}
}

func TestFramerResponses(t *testing.T) {
	f := Framer{BareLF: true}
	f.SetBounds(Limits{}.Response(true))
	f.Feed([]byte("* OK hi\n* 1 FETCH (BODY[] {5}\nab\ncd FLAGS ())\r\n* X {3}\r\nabc\r\nA1 OK {5}x\n"))
	var got []string
	for fr := f.Next(); fr.Kind != FrameNone; fr = f.Next() {
		got = append(got, string(fr.Data))
		if fr.Kind == FrameLiteral && fr.Size == 5 {
			f.Buffer()
		} else if fr.Kind == FrameLiteral {
			f.Refuse() // the octets come in any case
		}
	}
	want := []string{"* OK hi\n", "* 1 FETCH (BODY[] {5}\n", "* 1 FETCH (BODY[] {5}\nab\ncd FLAGS ())\r\n", "* X {3}\r\n", "A1 OK {5}x\n"}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

// After the skip cap nothing is taken any more.
func TestFramerFatal(t *testing.T) {
	f := Framer{}
	f.SetBounds(Bounds{Skip: 10, Line: 20})
	f.Feed([]byte("A1 X {30+}\r\n"))
	f.Next()
	f.Refuse()
	for range 3 {
		fr := f.Next()
		var le *engine.LimitError
		if fr.Kind != FrameFatal || !errors.As(fr.Err, &le) || *le != (engine.LimitError{Name: "Skip", Cap: 10, Got: 30, Offset: 22}) {
			t.Errorf("%+v", fr)
		}
		if err := f.Feed([]byte("A2 NOOP\r\n")); err != nil {
			t.Error(err)
		}
	}
	f = Framer{}
	f.SetBounds(Bounds{})
	f.Feed([]byte(fmt.Sprintf("A1 X {%d+}\r\n", int64(math.MaxInt64))))
	f.Next()
	f.Refuse()
	if fr := f.Next(); fr.Kind != FrameFatal {
		t.Errorf("%+v", fr)
	}
}

// Invariant 1: any stream, cut anywhere, against the reference.
func FuzzFramer(f *testing.F) {
	for i, in := range frameInputs {
		f.Add([]byte(in), string(frameDecisions[i%len(frameDecisions)]), uint16(i))
	}
	f.Fuzz(func(t *testing.T, b []byte, d string, cut uint16) {
		if len(b) > 2000 || d == "" || strings.Trim(d, "BSR") != "" {
			return
		}
		in := string(b)
		want := runFrames(t, lowBounds, decision(d), 0, in)
		if diff := cmp.Diff(referenceFrames(in, lowBounds, decision(d)), want[:len(want)-1]); diff != "" {
			t.Fatalf("-reference +got\n%s", diff)
		}
		i := int(cut) % (len(in) + 1)
		if diff := cmp.Diff(want, runFrames(t, lowBounds, decision(d), 0, in[:i], in[i:])); diff != "" {
			t.Fatalf("cut at %d: -whole +cut\n%s", i, diff)
		}
	})
}
