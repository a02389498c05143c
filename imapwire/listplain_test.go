package imapwire

import (
	"bytes"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// plainMailbox reads a frame as a plain LIST or STATUS; nil when it is none.
func plainMailbox(p *Parser, frame []byte) Response {
	list, status := &ListData{}, &StatusData{}
	switch {
	case p.PlainList(frame, list):
		return list
	case p.PlainStatus(frame, status):
		return status
	}
	return nil
}

// checkPlainMailbox: what is read of a frame without the grammar is what the grammar
// reads, at no greater cost and without a deviation.
func checkPlainMailbox(t fataler, frame []byte) (plain bool) {
	var p, g Parser
	got := plainMailbox(&p, frame)
	if got == nil {
		return false
	}
	want, err := g.Response(frame)
	if err != nil || len(g.Diagnostics) > 0 {
		t.Fatalf("%q is plain, and the grammar says %v, %v", frame, err, g.Diagnostics)
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Fatalf("%q (-grammar +plain):\n%s", frame, d)
	}
	if p.Steps > g.Steps || p.MaxDepth != g.MaxDepth {
		t.Fatalf("%q: %d steps to depth %d, the grammar %d to %d", frame, p.Steps, p.MaxDepth, g.Steps, g.MaxDepth)
	}
	return true
}

// TestPlainMailboxes holds plain LIST and STATUS to the grammar: the tables of it,
// every line of a few with an octet changed or the end cut off, and random ones.
func TestPlainMailboxes(t *testing.T) {
	for _, frame := range ResponseFrames() {
		checkPlainMailbox(t, frame)
	}
	lines := []string{
		"* LIST () \"/\" x\r\n", "* LIST (\\HasNoChildren \\Archive) \"\\\\\" \"a b\"\r\n", "* LIST (\\Noselect) NIL NIL\r\n", "* LIST () \".\" \"\"\r\n",
		"* STATUS x (MESSAGES 0)\r\n", "* STATUS \"a b\" (MESSAGES 231 UIDNEXT 44292 UIDVALIDITY 3857529045 UNSEEN 0 HIGHESTMODSEQ 7)\r\n",
	}
	for i, line := range lines {
		// The delimiter that is escaped is for the grammar.
		if plain := checkPlainMailbox(t, []byte(line)); plain != (i != 1) {
			t.Errorf("%q is plain: %v", line, plain)
		}
		for at := range len(line) + 1 {
			checkPlainMailbox(t, []byte(line[:at]))
			if at == len(line) {
				break
			}
			for x := range 256 {
				frame := []byte(line)
				frame[at] = byte(x)
				if bytes.IndexByte(frame, '\n') == len(frame)-1 {
					checkPlainMailbox(t, frame)
				}
			}
		}
	}
	tokens := []string{"* LIST (", "* STATUS ", `\HasChildren`, `\Marked`, `\hasChildren`, ` `, `)`, `(`, `) "/" `, `) NIL `, `"a b"`, `x`, `"`, `\`, "MESSAGES", "UIDNEXT", "UIDVALIDITY", " 7", " 0", " 07", " 9223372036854775807", " NIL", "\r\n", "\xff"}
	rapid.Check(t, func(t *rapid.T) {
		frame := []byte(draw(t, rapid.SampledFrom(tokens[:2])))
		for range draw(t, rapid.IntRange(0, 9)) {
			frame = append(frame, draw(t, rapid.SampledFrom(tokens[2:]))...)
		}
		if frame = append(frame, "\r\n"...); bytes.IndexByte(frame, '\n') == len(frame)-1 {
			checkPlainMailbox(t, frame)
		}
	})
}

// TestPlainNames: the name that a STATUS repeats is the string of the LIST before it,
// and one that is long is not remembered.
func TestPlainNames(t *testing.T) {
	var p Parser
	list, status := []byte("* LIST () \"/\" \"some name\"\r\n"), []byte("* STATUS \"some name\" (MESSAGES 7)\r\n")
	values := make([]StatusValue, 0, 1)
	if got := testing.AllocsPerRun(100, func() {
		var l ListData
		s := StatusData{Values: values}
		if !p.PlainList(list, &l) || !p.PlainStatus(status, &s) || l.Mailbox != "some name" || s.Mailbox != l.Mailbox {
			t.Fatal("not plain")
		}
	}); got != 0 {
		t.Errorf("%v allocations for a name that was told before", got)
	}
	long := append(append([]byte("* LIST () NIL "), bytes.Repeat([]byte{'x'}, maxName+1)...), "\r\n"...)
	if plainMailbox(&p, long) == nil || p.name != "some name" {
		t.Errorf("%d octets of name are remembered", len(p.name))
	}
}
