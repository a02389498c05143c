package imapclient_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/mailwire/mailwire/imapwire"
	"github.com/mailwire/mailwire/imapwire/imapclient"
)

// selectedConn returns a Conn with a mailbox selected.
func selectedConn(t testing.TB, opt imapclient.Options) *imapclient.Conn {
	p := newPlayer(t, opt)
	p.feed("* PREAUTH ready\r\n")
	if _, err := p.c.Send(&imapwire.Select{Mailbox: "INBOX"}); err != nil {
		t.Fatal(err)
	}
	p.work()
	p.feed("A1 OK [READ-WRITE] selected\r\n")
	return p.c
}

// read feeds octets and takes the events, of which there have to be so many.
func read(t testing.TB, c *imapclient.Conn, p []byte, events int) {
	if err := c.Feed(start, p); err != nil {
		t.Fatal(err)
	}
	for ev := c.Next(); ev != nil; ev = c.Next() {
		switch ev := ev.(type) {
		case *imapclient.FetchEnd, *imapclient.BodyData:
			events--
		default:
			t.Fatalf("%T", ev)
		}
	}
	if events != 0 {
		t.Fatalf("%d events are missing", events)
	}
}

const (
	flagsWire     = `(UID %d FLAGS (\Seen \Answered $Forwarded) MODSEQ (917162512))`
	structureWire = `(UID %d ENVELOPE ("Mon, 30 Nov 2026 10:15:00 +0100" "Minutes" (("Ada" NIL "ada" "example.org")) (("Ada" NIL "ada" "example.org")) (("Ada" NIL "ada" "example.org")) (("Mary" NIL "mary" "example.com")(NIL NIL "minutes" "example.org")) NIL NIL NIL "<1@example.org>") ` +
		`BODYSTRUCTURE (("text" "plain" ("charset" "utf-8") NIL NIL "7bit" 1152 23 NIL NIL NIL NIL)("application" "pdf" ("name" "a.pdf") NIL NIL "base64" 4554 NIL ("attachment" ("filename" "a.pdf")) NIL NIL) "mixed" ("boundary" "x") NIL NIL NIL))`
)

// A FETCH response costs one allocation for its record and its event, one for the
// strings, one for an envelope and one for a structure; with Options.Reuse it
// costs its strings, and flags are none.
func TestFetchAllocations(t *testing.T) {
	for _, test := range []struct {
		wire  string
		reuse bool
		most  float64
	}{{flagsWire, false, 2}, {flagsWire, true, 0}, {structureWire, false, 4}, {structureWire, true, 1}} {
		c := selectedConn(t, imapclient.Options{Reuse: test.reuse})
		const n = 100
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, "* %d FETCH "+test.wire+"\r\n", i+1, 40000+i)
		}
		in := []byte(b.String())
		if got := testing.AllocsPerRun(20, func() { read(t, c, in, n) }) / n; got > test.most {
			t.Errorf("%.30s, reuse %v: %v allocations a response, want at most %v", test.wire, test.reuse, got, test.most)
		}
	}
}

// A piece of a content is handed over as it came: nothing is allocated for it.
func TestBodyAllocations(t *testing.T) {
	c := selectedConn(t, imapclient.Options{})
	c.Feed(start, []byte("* 1 FETCH (BODY[] {1000000000}\r\n"))
	for c.Next() != nil {
	}
	piece := make([]byte, 64<<10)
	if got := testing.AllocsPerRun(100, func() { read(t, c, piece, 1) }); got != 0 {
		t.Errorf("%v allocations a piece", got)
	}
	if err := c.Feed(start, piece); err != nil {
		t.Fatal(err)
	}
	if ev, ok := c.Next().(*imapclient.BodyData); !ok || &ev.Data[0] != &piece[0] || len(ev.Data) != len(piece) {
		t.Errorf("the piece is not the input")
	}
}

func BenchmarkFetch(b *testing.B) {
	for _, wire := range []string{flagsWire, structureWire} {
		for _, reuse := range []bool{false, true} {
			b.Run(fmt.Sprintf("%.10s/reuse=%v", wire[8:], reuse), func(b *testing.B) {
				c := selectedConn(b, imapclient.Options{Reuse: reuse})
				in := fmt.Appendf(nil, "* 1 FETCH "+wire+"\r\n", 40000)
				b.ReportAllocs()
				b.SetBytes(int64(len(in)))
				for b.Loop() {
					read(b, c, in, 1)
				}
			})
		}
	}
}

// A mailbox that is listed with its status costs two records and a name.
func TestMailboxAllocations(t *testing.T) {
	c := selectedConn(t, imapclient.Options{})
	const n = 100
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "* LIST (\\HasNoChildren \\Archive) \"/\" \"Lists/%d\"\r\n* STATUS \"Lists/%d\" (MESSAGES %d UIDNEXT 44292 UIDVALIDITY 7 UNSEEN 0)\r\n", i, i, i)
	}
	in := []byte(b.String())
	if got := testing.AllocsPerRun(20, func() {
		c.Feed(start, in)
		for range 2 * n {
			if _, ok := c.Next().(*imapclient.Data); !ok {
				t.Fatal("not a mailbox")
			}
		}
		c.Next()
	}) / n; got > 3 {
		t.Errorf("%v allocations a mailbox", got)
	}
}
