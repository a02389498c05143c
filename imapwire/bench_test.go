package imapwire

import (
	"fmt"
	"io"
	"strings"
	"testing"
)

// A mixed set of commands, as a busy client sends them.
var benchFrames = [][]byte{
	[]byte("A1 NOOP\r\n"),
	[]byte("A2 SELECT INBOX\r\n"),
	[]byte("A3 UID FETCH 1:* (FLAGS UID)\r\n"),
	[]byte("A4 UID FETCH 1000:1010 (UID FLAGS INTERNALDATE RFC822.SIZE BODY.PEEK[HEADER.FIELDS (Date From To Cc Subject Message-ID)])\r\n"),
	[]byte("A5 FETCH 5 BODY[1.2]<0.16384>\r\n"),
	[]byte("A6 STORE 2:4 +FLAGS.SILENT (\\Seen \\Deleted)\r\n"),
	[]byte("A7 UID SEARCH UNSEEN SINCE 1-Feb-2026 SUBJECT \"annual report\"\r\n"),
	[]byte("A8 LIST \"\" \"*\" RETURN (CHILDREN SPECIAL-USE)\r\n"),
	[]byte("A9 STATUS Drafts (MESSAGES UNSEEN UIDNEXT)\r\n"),
	[]byte("A10 UID COPY 4,7:9 \"Sent Messages\"\r\n"),
	[]byte("A11 IDLE\r\n"),
	[]byte("A12 LOGIN {4}\r\nfred {6+}\r\nsecret\r\n"),
}

func BenchmarkParseCommand(b *testing.B) {
	b.ReportAllocs()
	var p Parser
	for i := 0; b.Loop(); i++ {
		if _, _, err := p.Command(benchFrames[i%len(benchFrames)]); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkAppendCommand(b *testing.B) {
	var cmds []Command
	for _, f := range benchFrames {
		_, cmd, err := ParseCommand(f, ParseOptions{})
		if err != nil {
			b.Fatal(err)
		}
		cmds = append(cmds, cmd)
	}
	b.ReportAllocs()
	var buf []byte
	for i := 0; b.Loop(); i++ {
		var err error
		if buf, _, err = AppendCommand(buf[:0], "A1", cmds[i%len(cmds)], CommandOptions{}); err != nil {
			b.Fatal(err)
		}
	}
}

// One APPEND of 1 MiB in pieces of 16 KiB.
func BenchmarkFramerStream(b *testing.B) {
	head, body, tail := []byte("A1 APPEND x {1048576+}\r\n"), make([]byte, 16<<10), []byte("\r\n")
	b.SetBytes(1 << 20)
	b.ReportAllocs()
	var f Framer
	feed := func(p []byte) {
		f.Feed(p)
		for fr := f.Next(); fr.Kind != FrameNone; fr = f.Next() {
			switch fr.Kind {
			case FrameLiteral:
				f.Stream()
			case FrameBody:
				io.Discard.Write(fr.Data)
			}
		}
	}
	for b.Loop() {
		feed(head)
		for range 64 {
			feed(body)
		}
		feed(tail)
	}
}

// Parsing allocates for the frame's text, for the value and for those of its
// slices that are long; for nothing else.
func TestParseCommandAllocations(t *testing.T) {
	most := []float64{
		1, // NOOP: the tag
		2, // SELECT: text, value
		2, // text, value with its range and items
		4, // and section, its fields
		3, // text, value, body with its part path and partial
		2, // text, value with its flags
		5, // text, value with its list of keys, three of them
		3, // text, value with its pattern, options
		2, // text, value with its items
		2, // text, value with its set of two
		1, // IDLE
		2, // LOGIN
	}
	var p Parser
	for i, frame := range benchFrames {
		got := testing.AllocsPerRun(100, func() {
			if _, _, err := p.Command(frame); err != nil {
				t.Fatal(err)
			}
		})
		if got > most[i] {
			t.Errorf("%q: %v allocations, want at most %v", frame, got, most[i])
		}
	}
}

// One response of each kind that a mailbox has many of.
var benchResponses = []struct{ name, wire string }{
	{"flags", `* 12 FETCH (UID 40036 FLAGS (\Seen \Answered) MODSEQ (917162512))`},
	{"structure", `* 12 FETCH (UID 5 ENVELOPE ("Mon, 7 Feb 1994 21:52:25 -0800" "afternoon meeting" (("Terry" NIL "gray" "cac.washington.edu")) (("Terry" NIL "gray" "cac.washington.edu")) (("Terry" NIL "gray" "cac.washington.edu")) ((NIL NIL "imap" "cac.washington.edu")("John" NIL "KLENSIN" "MIT.EDU")) NIL NIL NIL "<B27397@cac>") BODYSTRUCTURE (("TEXT" "PLAIN" ("CHARSET" "US-ASCII") NIL NIL "7BIT" 1152 23 NIL NIL NIL NIL)("TEXT" "HTML" ("CHARSET" "US-ASCII" "NAME" "cc.diff") "<96@cac>" "Compiler diff" "BASE64" 4554 73 NIL ("attachment" ("filename" "cc.diff")) NIL NIL) "MIXED" ("BOUNDARY" "x") NIL NIL NIL))`},
	{"list", `* LIST (\HasNoChildren) "/" "Projects/Analytical Engine"`},
	{"status", `* STATUS INBOX (MESSAGES 231 UIDNEXT 44292 UIDVALIDITY 3857529045 UNSEEN 3)`},
	{"search", "* SEARCH" + strings.Repeat(" 123456", 1000)},
	{"esearch", "* ESEARCH UID ALL 1" + benchRanges()},
}

// benchRanges returns a thousand ranges, each with a comma before it.
func benchRanges() string {
	var b strings.Builder
	for i := range 1000 {
		fmt.Fprintf(&b, ",%d:%d", 100000+9*i, 100002+9*i)
	}
	return b.String()
}

func BenchmarkParseResponse(b *testing.B) {
	for _, r := range benchResponses {
		for _, reuse := range []bool{false, true} {
			if reuse && !strings.Contains(r.wire, "FETCH") {
				continue
			}
			b.Run(fmt.Sprintf("%s/reuse=%v", r.name, reuse), func(b *testing.B) {
				frame := []byte(r.wire + "\r\n")
				p := Parser{Reuse: reuse}
				b.ReportAllocs()
				b.SetBytes(int64(len(frame)))
				for b.Loop() {
					if _, err := p.Response(frame); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}

// A response allocates for its strings together, its record, an envelope and a
// structure; with Reuse for its strings only.
func TestParseResponseAllocations(t *testing.T) {
	most := map[string]struct{ owned, reused float64 }{
		"flags": {1, 0}, "structure": {4, 1}, "list": {2, 0}, "status": {2, 0}, "search": {2, 0}, "esearch": {2, 0},
	}
	for _, r := range benchResponses {
		frame := []byte(r.wire + "\r\n")
		for _, reuse := range []bool{false, true} {
			p := Parser{Reuse: reuse}
			got := testing.AllocsPerRun(100, func() {
				if _, err := p.Response(frame); err != nil {
					t.Fatal(err)
				}
			})
			want := most[r.name].owned
			if reuse && strings.Contains(r.wire, "FETCH") {
				want = most[r.name].reused
			}
			if got > want {
				t.Errorf("%s, reuse %v: %v allocations, want at most %v", r.name, reuse, got, want)
			}
		}
	}
}

// Invariant 7: what a large response needed is given up for the next one, and
// keywords that are many or long are not remembered.
func TestFetchMemory(t *testing.T) {
	p := Parser{Reuse: true}
	read := func(wire string) {
		t.Helper()
		if _, err := p.Response([]byte(wire + "\r\n")); err != nil {
			t.Fatal(err)
		}
	}
	read("* 1 FETCH (FLAGS (" + strings.TrimSpace(strings.Repeat("keyword ", 10000)) + "))")
	if cap(p.memory.flags) < 10000 {
		t.Fatalf("room for %d flags", cap(p.memory.flags))
	}
	read("a OK done")
	if p.memory != nil {
		t.Errorf("room for %d flags is kept", cap(p.memory.flags))
	}
	read("* 1 FETCH (FLAGS (" + strings.Repeat("k", 1000) + "))")
	for i := range 1000 {
		read(fmt.Sprintf("* 1 FETCH (FLAGS (keyword-%d))", i))
	}
	for range 1000 {
		read(benchResponses[1].wire)
	}
	if m := p.memory; cap(m.addresses) > 64 || cap(m.params) > 64 || cap(m.parts) > 64 || cap(m.siblings) > 64 {
		t.Errorf("room for %d addresses, %d parameters, %d parts, %d siblings", cap(m.addresses), cap(m.params), cap(m.parts), cap(m.siblings))
	}
	octets := 0
	for _, k := range p.memory.keywords {
		octets += len(k)
	}
	if most := len(p.memory.keywords) * maxKeyword; octets > most {
		t.Errorf("%d octets of keywords, want at most %d", octets, most)
	}
}
