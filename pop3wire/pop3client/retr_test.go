package pop3client_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/mailwire/mailwire/imapwire/engine"
	"github.com/mailwire/mailwire/pop3wire"
	"github.com/mailwire/mailwire/pop3wire/pop3client"
)

// TestLargeRetr: invariant 7. A message of 64 MiB comes out as slices of what was
// fed, dots not doubled, and costs neither a copy nor an allocation for each
// piece.
func TestLargeRetr(t *testing.T) {
	p := loggedIn(t, pop3client.Options{})
	p.act("RETR 1")
	p.feed("+OK message follows\r\n")
	piece := bytes.Repeat([]byte("..a line that starts with a dot\r\nA line of text of the usual length, more or less\r\n"), 400)
	content := int64(len(piece) - 400)
	total := int64(64 << 20)
	if testing.Short() {
		total = 4 << 20
	}
	var size, pieces int64
	feed := func() {
		if err := p.c.Feed(start, piece); err != nil {
			t.Fatal(err)
		}
		at := 0
		for ev := p.c.Next(); ev != nil; ev = p.c.Next() {
			data, is := ev.(*pop3client.BodyData)
			if !is {
				t.Fatalf("%T", ev)
			}
			// Somewhere behind the piece before, in what was fed.
			for at < len(piece) && &piece[at] != &data.Data[0] {
				at++
			}
			if at == len(piece) {
				t.Fatal("a piece is a copy")
			}
			at += len(data.Data)
			size += int64(len(data.Data))
			pieces++
		}
	}
	feed()
	if allocs := testing.AllocsPerRun(5, feed); allocs > 0 {
		t.Errorf("%v allocations for %d octets", allocs, len(piece))
	}
	for size < total {
		feed()
	}
	if size%content != 0 || pieces == 0 {
		t.Errorf("%d octets, not a multiple of %d", size, content)
	}
	p.c.Feed(start, []byte(".\r\n"))
	end, is := p.c.Next().(*pop3client.BodyEnd)
	if !is || end.Size != size || end.Err != nil {
		t.Errorf("%+v, want size %d", end, size)
	}
	if done, is := p.c.Next().(*pop3client.Done); !is || done.Result() != nil {
		t.Errorf("%+v", done)
	}
	if s := p.c.Stats(); s.MaxRetained > 256<<10 || s.MaxQueuedOut > 1<<10 || s.Steps > 2*s.BytesIn {
		t.Errorf("%+v", s)
	}
}

// TestTruncated: threats Q3 and C13. An answer with several lines that was cut at any octet never
// looks complete.
func TestTruncated(t *testing.T) {
	for _, tt := range []struct{ send, said string }{
		{"RETR 1", "+OK 12 octets\r\nSubject: x\r\n\r\n..\r\nend.\r\n.\r\n"},
		{"TOP 1 1", "+OK\r\n.\r\n"},
		{"LIST", "+OK\r\n1 120\r\n2 200\r\n.\r\n"},
		{"UIDL", "+OK\r\n1 a\r\n2 .\r\n.\r\n"},
		{"CAPA", "+OK\r\nTOP\r\nPIPELINING\r\n.\r\n"},
		{"LANG", "+OK\r\nen English\r\n.\r\n"},
		{"MULTI XTND", "+OK\r\n..\r\n.\r\n"},
		{"STAT", "+OK 2 320\r\n"},
		{"DELE 1", "+OK\r\n"},
		{"QUIT", "+OK\r\n"},
	} {
		for n := range len(tt.said) {
			for _, cut := range []int{0, 1} {
				p := loggedIn(t, pop3client.Options{})
				p.cut = cut
				p.act(tt.send)
				known := p.c.Has("PIPELINING")
				p.feed(tt.said[:n])
				p.act("EOF")
				log := strings.Join(p.log, "\n")
				if !strings.HasSuffix(log, "E: done 4: unexpected EOF\nE: closed: unexpected EOF") || known != p.c.Has("PIPELINING") {
					t.Errorf("%s, %q:\n%s", tt.send, tt.said[:n], log)
				}
				if strings.Contains(log, "E: body 4 of") != strings.Contains(log, `": unexpected EOF`) {
					t.Errorf("%s, %q: a body without its end:\n%s", tt.send, tt.said[:n], log)
				}
			}
		}
		p := loggedIn(t, pop3client.Options{})
		p.act(tt.send)
		p.feed(tt.said)
		if log := strings.Join(p.log, "\n"); !strings.Contains(log, "E: done 4 +OK") {
			t.Errorf("%s, whole:\n%s", tt.send, log)
		}
	}
}

// TestLongListings: threat Q12. Answers of a million lines come out in pieces and
// within bounds, however the lines are cut.
func TestLongListings(t *testing.T) {
	most := 1_000_000
	if testing.Short() {
		most = 50_000
	}
	for _, tt := range []struct {
		send pop3wire.Command
		// all: so many lines as there may be, else a tenth.
		all  bool
		line func(b []byte, n int) []byte
	}{
		{&pop3wire.List{}, true, func(b []byte, n int) []byte { return fmt.Appendf(b, "%d %d\r\n", n, 7*n) }},
		{&pop3wire.Uidl{}, true, func(b []byte, n int) []byte { return fmt.Appendf(b, "%d u%d\r\n", n, n) }},
		{&pop3wire.Uidl{}, false, func(b []byte, n int) []byte { return fmt.Appendf(b, "%d   u%d\r\n", n, n) }},
		{&pop3wire.Capa{}, true, func(b []byte, n int) []byte { return fmt.Appendf(b, "X%d a b\r\n", n) }},
		{&pop3wire.Lang{}, false, func(b []byte, n int) []byte { return fmt.Appendf(b, "x-y%d text\r\n", n) }},
		{&pop3wire.Auth{}, false, func(b []byte, n int) []byte { return fmt.Appendf(b, "..%d\r\n", n) }},
	} {
		total := most
		if !tt.all {
			total /= 10
		}
		p := loggedIn(t, pop3client.Options{})
		if _, err := p.c.Send(tt.send); err != nil {
			t.Fatal(err)
		}
		p.work()
		p.feed("+OK\r\n")
		lines, last, largest, bad := 0, 0, 0, 0
		take := func() (done bool) {
			for ev := p.c.Next(); ev != nil; ev = p.c.Next() {
				n := 0
				switch ev := ev.(type) {
				case *pop3client.ScanListings:
					n = len(ev.List)
					last = int(ev.List[n-1].Num)
				case *pop3client.UniqueIDs:
					n = len(ev.List)
					last = int(ev.List[n-1].Num)
				case *pop3client.Capabilities:
					n = len(ev.List)
				case *pop3client.Languages:
					n = len(ev.List)
				case *pop3client.Lines:
					n = len(ev.List)
				case *pop3client.Tolerated, *pop3client.Malformed:
					bad++
				case *pop3client.Done:
					done = true
				default:
					t.Fatalf("%T", ev)
				}
				lines += n
				largest = max(largest, n)
			}
			return done
		}
		b := make([]byte, 0, 40<<10)
		for n := 1; n <= total; n++ {
			if b = tt.line(b, n); len(b) < 32<<10 && n < total {
				continue
			}
			// The last octet comes alone, so that lines are held.
			for _, p1 := range [][]byte{b[:len(b)-1], b[len(b)-1:]} {
				if err := p.c.Feed(start, p1); err != nil {
					t.Fatal(err)
				}
				take()
			}
			b = b[:0]
		}
		p.c.Feed(start, []byte(".\r\n"))
		if !take() || lines != total || largest > 128 || bad > 1 {
			t.Errorf("%T: %d lines, %d at once, %d diagnostics", tt.send, lines, largest, bad)
		}
		if _, scan := tt.send.(*pop3wire.List); scan && last != total {
			t.Errorf("the last is %d", last)
		}
		if s := p.c.Stats(); s.MaxRetained > 64<<10 || s.Steps > 2*s.BytesIn {
			t.Errorf("%T: %+v", tt.send, s)
		}
		if list, _ := p.c.Capabilities(); len(list) > 128 {
			t.Errorf("%d capabilities are remembered", len(list))
		}
	}
}

// TestRetained: what is remembered of CAPA counts, and what is forgotten does not.
func TestRetained(t *testing.T) {
	p := loggedIn(t, pop3client.Options{})
	for _, size := range []int{400, 100, 0} {
		p.act("CAPA")
		p.feed("+OK\r\n" + strings.Repeat("x", size) + " y\r\n.\r\n")
		if s := p.c.Stats(); s.BytesRetained < int64(size) || s.BytesRetained > int64(size)+10 {
			t.Errorf("%d octets retained of a line of %d", s.BytesRetained, size)
		}
	}
}

// TestHeld: invariant 7, threats M3 and M5. In every state, a mebibyte of an octet that stays in it.
func TestHeld(t *testing.T) {
	for _, tt := range []struct{ send, said string }{
		{"", ""}, {"NOOP", ""}, {"NOOP", "+OK "}, {"LIST", "+OK\r\n"}, {"LIST", "+OK\r\n1 1 "}, {"CAPA", "+OK\r\nX "}, {"AUTH X", "+ "}, {"AUTH X", ""},
	} {
		for _, octet := range []string{"x", "\r", "\x00", " ", "."} {
			p := newPlayer(t, loopback)
			if tt.send != "" {
				p.feed("+OK\r\n")
				p.act(tt.send)
				p.feed(tt.said)
			}
			in := strings.Repeat(octet, 64<<10)
			for range 16 {
				p.feed(in)
			}
			if s := p.c.Stats(); s.MaxRetained > 32<<10 {
				t.Errorf("%s, %q, %q: %d octets retained", tt.send, tt.said, octet, s.MaxRetained)
			}
		}
	}
}

// TestManyCommands: threat Q11. Any number may be sent at once; no more than Limits.Ahead of
// them are in flight, and each has its answer, in order.
func TestManyCommands(t *testing.T) {
	for _, caps := range [][]string{nil, {"PIPELINING"}} {
		p := loggedIn(t, pop3client.Options{}, caps...)
		const total = 20_000
		var first, last engine.ID
		for n := range total {
			id, err := p.c.Send(&pop3wire.Dele{Num: uint32(n + 1)})
			if err != nil {
				t.Fatal(err)
			}
			if n == 0 {
				first = id
			}
			last = id
		}
		most, next := 0, first
		for next <= last {
			var out bytes.Buffer
			p.c.Flush(start, &out)
			n := bytes.Count(out.Bytes(), []byte("\r\n"))
			most = max(most, out.Len())
			if n == 0 {
				t.Fatalf("nothing is sent behind %d", next)
			}
			if err := p.c.Feed(start, bytes.Repeat([]byte("+OK\r\n"), n)); err != nil {
				t.Fatal(err)
			}
			for ev := p.c.Next(); ev != nil; ev = p.c.Next() {
				if done, is := ev.(*pop3client.Done); !is || done.ID != next || done.Err != nil {
					t.Fatalf("%+v, want %d", ev, next)
				}
				next++
			}
		}
		if most > 4<<10 || most < 4000 == (caps != nil) {
			t.Errorf("%v: %d octets at once", caps, most)
		}
	}
}
