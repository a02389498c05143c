package imapwire

import (
	"io"
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

// Parsing allocates for the frame's text, for the value and for its slices;
// for nothing else.
func TestParseCommandAllocations(t *testing.T) {
	most := []float64{
		1, // NOOP: the tag
		2, // SELECT: text, value
		3, // text, value with its range, items
		5, // and section, its fields
		6, // text, value, items, body, part path, partial
		3, // text, value, flags
		7, // text, value, and, keys, three of them
		4, // text, value, patterns, options
		3, // text, value, items
		3, // text, value, set of two
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
