package pop3server_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"runtime"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"pgregory.net/rapid"

	"github.com/mailwire/mailwire/imapwire/engine"
	"github.com/mailwire/mailwire/pop3wire"
	"github.com/mailwire/mailwire/pop3wire/pop3server"
)

// begin feeds a command to a session in TRANSACTION and returns it.
func begin(t interface{ Fatalf(string, ...any) }, command string) (*script, engine.ID) {
	s := inState(t, loopback, pop3server.StateTransaction)
	s.must(s.c.Feed(start, []byte(command+"\r\n")))
	return s, s.c.Next().(*pop3server.Command).ID
}

// unstuffed returns the content of a multi-line response, without its status.
func unstuffed(t interface{ Fatalf(string, ...any) }, out string) string {
	status, rest, _ := strings.Cut(out, "\r\n")
	if !strings.HasPrefix(status, "+OK") {
		t.Fatalf("%q", out)
	}
	var u pop3wire.Unstuffer
	var b strings.Builder
	for p := []byte(rest); ; {
		piece, n, done := u.Next(p)
		b.Write(piece)
		if p = p[n:]; done {
			if len(p) > 0 {
				t.Fatalf("behind the end of %q: %q", out, p)
			}
			return b.String()
		}
		if len(p) == 0 {
			t.Fatalf("no end: %q", out)
		}
	}
}

// TestConsistency: invariants 34 and 35. For any messages and marks, STAT is the
// sum of LIST, LIST n its line n, RETR as long as LIST says, and TOP a prefix of
// RETR that ends behind the blank line and so many lines.
func TestConsistency(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := inState(t, loopback, pop3server.StateTransaction)
		s.messages = rapid.SliceOfN(rapid.StringOf(rapid.SampledFrom([]rune("ab.\r\n"))), 1, 5).Draw(t, "messages")
		for _, n := range rapid.SliceOf(rapid.IntRange(1, 5)).Draw(t, "deleted") {
			s.do(fmt.Sprintf("DELE %d", n))
		}
		lines := strings.Split(strings.TrimSuffix(unstuffed(t, s.do("LIST")), "\r\n"), "\r\n")
		if lines[0] == "" {
			lines = nil
		}
		uids := unstuffed(t, s.do("UIDL"))
		var sum, count int64
		for n := uint32(1); int(n) <= len(s.messages); n++ {
			one := s.do(fmt.Sprintf("LIST %d", n))
			retr := s.do(fmt.Sprintf("RETR %d", n))
			if s.deleted[n] {
				for _, c := range []string{"LIST", "UIDL", "RETR", "DELE"} {
					if got := s.do(fmt.Sprintf("%s %d", c, n)); !strings.HasPrefix(got, "-ERR ") {
						t.Fatalf("%s of a deleted message: %q", c, got)
					}
				}
				continue
			}
			if one != "+OK "+lines[count]+"\r\n" {
				t.Fatalf("LIST %d is %q, and %q among all", n, one, lines[count])
			}
			scan, err := pop3wire.ParseScanListing([]byte(lines[count]))
			body := unstuffed(t, retr)
			if err != nil || scan.Num != n || scan.Size != int64(len(body)) {
				t.Fatalf("%+v, %v, RETR gives %d octets", scan, err, len(body))
			}
			count++
			sum += scan.Size
			if id := s.do(fmt.Sprintf("UIDL %d", n)); !strings.Contains("\r\n"+uids, "\r\n"+id[len("+OK "):]) {
				t.Fatalf("UIDL %d is %q, all are %q", n, id, uids)
			}
			k := rapid.IntRange(0, 3).Draw(t, "lines")
			top := unstuffed(t, s.do(fmt.Sprintf("TOP %d %d", n, k)))
			head := strings.Index("\r\n"+body, "\r\n\r\n") + 2
			switch {
			case !strings.HasPrefix(body, top):
				t.Fatalf("TOP %q is no prefix of RETR %q", top, body)
			case head < 2:
				head = len(body)
				fallthrough
			default:
				if got := strings.Count(top[min(head, len(top)):], "\r\n"); top != body && got != k {
					t.Fatalf("TOP %d of %q: %q", k, body, top)
				}
			}
		}
		if int(count) != len(lines) || s.do("STAT") != fmt.Sprintf("+OK %d %d\r\n", count, sum) {
			t.Fatalf("STAT %q, %d messages of %d octets listed", s.do("STAT"), count, sum)
		}
		if s.opened != 0 {
			t.Fatalf("%d bodies left open", s.opened)
		}
		s.do("RSET")
		if d := s.do("STAT"); !strings.HasPrefix(d, fmt.Sprintf("+OK %d ", len(s.messages))) {
			t.Fatalf("after RSET: %q", d)
		}
	})
}

// A filler gives n octets of lines, some of which begin with a dot.
type filler struct {
	n      int64
	closed int
}

var fillLines = []byte("A line of text of the usual length, more or less, as mail has it.\n.with a dot\r\n")

// fillBlock is as much as anybody reads at once.
var fillBlock = bytes.Repeat(fillLines, 1000)

func (f *filler) Read(p []byte) (int, error) {
	if f.n == 0 {
		return 0, io.EOF
	}
	n := int64(copy(p[:min(int64(len(p)), f.n)], fillBlock))
	f.n -= n
	return int(n), nil
}

func (f *filler) Close() error { f.closed++; return nil }

// A checker takes what is written, takes dots back, and counts.
type checker struct {
	u    pop3wire.Unstuffer
	n    int64
	done bool
	most int
}

func (c *checker) Write(p []byte) (int, error) {
	c.most = max(c.most, len(p))
	for q := p; len(q) > 0 && !c.done; {
		piece, n, done := c.u.Next(q)
		c.n += int64(len(piece))
		q, c.done = q[n:], done
	}
	return len(p), nil
}

// TestLargeRetr: 64 MiB pass through with at most 256 KiB allocated in all.
func TestLargeRetr(t *testing.T) {
	size := int64(64 << 20)
	if testing.Short() {
		size = 4 << 20
	}
	s, id := begin(t, "RETR 1")
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f := &filler{n: size}
	s.must(s.c.Body(id, ok(""), pop3server.Body{Reader: f, Size: size}))
	if !s.c.Full() || s.c.Want() != engine.WantDrain {
		t.Errorf("a body does not fill the queue: wants %v", s.c.Want())
	}
	var w checker
	s.must(s.c.Flush(start, &w))
	runtime.ReadMemStats(&after)
	if n := after.TotalAlloc - before.TotalAlloc; n > 256<<10 {
		t.Errorf("%d octets were allocated", n)
	}
	if w.most > 64<<10 || s.c.Stats().MaxQueuedOut > 64<<10 || f.closed != 1 || !w.done || w.n < size {
		t.Errorf("writes of %d, %d queued, closed %d times, %d octets, done %v", w.most, s.c.Stats().MaxQueuedOut, f.closed, w.n, w.done)
	}
	if s.c.Full() || s.c.Want() != engine.WantInput {
		t.Errorf("wants %v", s.c.Want())
	}
}

// TestRetrAllocations: a piece of a body costs no allocation.
func TestRetrAllocations(t *testing.T) {
	s, id := begin(t, "RETR 1")
	f := &filler{n: 1 << 40}
	s.must(s.c.Body(id, ok(""), pop3server.Body{Reader: f, Size: f.n}))
	for range 3 {
		s.c.Advance(start, s.c.Output().Len())
	}
	if n := testing.AllocsPerRun(100, func() { s.c.Advance(start, s.c.Output().Len()) }); n > 0 {
		t.Errorf("%v allocations for a piece", n)
	}
	s.c.Close()
	if f.closed != 1 {
		t.Errorf("closed %d times", f.closed)
	}
}

func BenchmarkRetr(b *testing.B) {
	s, id := begin(b, "RETR 1")
	f := &filler{n: 1 << 60}
	s.must(s.c.Body(id, ok(""), pop3server.Body{Reader: f, Size: f.n}))
	b.SetBytes(16 << 10)
	for b.Loop() {
		s.c.Advance(start, s.c.Output().Len())
	}
}

// TestOneWrite: the status and a small message are one segment.
func TestOneWrite(t *testing.T) {
	s := inState(t, loopback, pop3server.StateTransaction)
	s.must(s.c.Feed(start, []byte("RETR 2\r\n")))
	s.handle(s.c.Next())
	if got := string(s.c.Output().Bytes); got != "+OK message follows\r\nSubject: dots\r\n\r\n..\r\n...two\r\nlast\r\n.\r\n" {
		t.Errorf("%q", got)
	}
}

// TestPartialWrites: bodies come out the same however they are read and written.
func TestPartialWrites(t *testing.T) {
	msg := strings.Repeat(string(fillLines), 700) // 55 KiB
	for _, reader := range []func(io.Reader) io.Reader{
		func(r io.Reader) io.Reader { return r }, iotest.OneByteReader, iotest.HalfReader, iotest.DataErrReader,
	} {
		for _, n := range []int64{1 << 40, 1000, 7} {
			s, id := begin(t, "RETR 1\r\nNOOP")
			closed := 0
			s.must(s.c.Body(id, ok(""), pop3server.Body{Reader: closer{reader(strings.NewReader(msg + "not this")), func() { closed++ }}, Size: int64(len(msg))}))
			var out bytes.Buffer
			for {
				seg := s.c.Output()
				if seg.Empty() {
					break
				}
				k := min(seg.Len(), n)
				out.Write(seg.Bytes[:k])
				s.c.Advance(start, k)
			}
			if got := unstuffed(t, out.String()); int64(len(got)) != wireSize(msg) || closed != 1 {
				t.Fatalf("%d octets of %d, closed %d times", len(got), wireSize(msg), closed)
			}
			if got := s.take(); got != "+OK\r\n" {
				t.Errorf("behind it: %q", got)
			}
		}
	}
}

// TestBrokenBody: a message that can not be sent whole has no terminator, and
// nothing follows.
func TestBrokenBody(t *testing.T) {
	broken := errors.New("broken")
	for _, tt := range []struct {
		name string
		r    io.Reader
		size int64
		want error
	}{
		{"fails at once", iotest.ErrReader(broken), 10, broken},
		{"fails", io.MultiReader(strings.NewReader("half\r\n.\r\n"), iotest.ErrReader(broken)), 100, broken},
		{"too short", strings.NewReader("half\r\n"), 100, io.ErrUnexpectedEOF},
		{"too short, with EOF", iotest.DataErrReader(strings.NewReader("half\r\n")), 100, io.ErrUnexpectedEOF},
		{"empty", strings.NewReader(""), 1, io.ErrUnexpectedEOF},
		{"says nothing", silent{}, 1, io.ErrNoProgress},
		{"lies", liar{}, 1, nil},
	} {
		for _, drive := range []bool{false, true} {
			s, id := begin(t, "RETR 1\r\nNOOP\r\nDELE 1\r\nQUIT")
			closed := 0
			s.must(s.c.Body(id, ok("x"), pop3server.Body{Reader: closer{tt.r, func() { closed++ }}, Size: tt.size}))
			var err error
			if drive { // without Flush
				for seg := s.c.Output(); !seg.Empty(); seg = s.c.Output() {
					s.out.Write(seg.Bytes)
					s.c.Advance(start, seg.Len())
				}
				err = tt.want
			} else {
				err = s.c.Flush(start, &s.out)
			}
			if err == nil && !drive || tt.want != nil && !errors.Is(err, tt.want) {
				t.Errorf("%s: %v", tt.name, err)
			}
			ev, is := s.c.Next().(*pop3server.Closed)
			if !is || tt.want != nil && !errors.Is(ev.Err, tt.want) || ev.Err == nil || s.c.Want() != engine.WantNothing || closed != 1 || s.updated {
				t.Errorf("%s: %v, wants %v, closed %d times", tt.name, ev, s.c.Want(), closed)
			}
			if got := s.out.String(); strings.Contains(got, "\r\n.\r\n") || !s.c.Output().Empty() {
				t.Errorf("%s: %q", tt.name, got)
			}
			// Who did not ask before hears it once.
			if err := s.c.Flush(start, io.Discard); (err != nil) != drive || !s.c.Deadline().IsZero() {
				t.Errorf("%s: afterwards %v, %v", tt.name, err, s.c.Deadline())
			}
			if err := s.c.Flush(start, io.Discard); err != nil {
				t.Errorf("%s: again %v", tt.name, err)
			}
		}
	}
}

type silent struct{}

func (silent) Read([]byte) (int, error) { return 0, nil }

type liar struct{}

func (liar) Read(p []byte) (int, error) { return len(p) + 1, nil }

// TestTopStopsReading: what TOP does not send is not read.
func TestTopStopsReading(t *testing.T) {
	s, id := begin(t, "TOP 1 1")
	closed := 0
	r := io.MultiReader(strings.NewReader("A: b\n\none\n"), iotest.ErrReader(errors.New("read too far")))
	s.must(s.c.Body(id, ok(""), pop3server.Body{Reader: closer{r, func() { closed++ }}, Size: 1 << 30, Top: true, Lines: 1}))
	if got := s.take(); got != "+OK\r\nA: b\r\n\r\none\r\n.\r\n" || closed != 1 {
		t.Errorf("%q, closed %d times", got, closed)
	}
	// An empty message, and one that ends before its top does.
	for _, top := range []bool{false, true} {
		s, id := begin(t, "TOP 1 1")
		s.must(s.c.Body(id, ok(""), pop3server.Body{Reader: closer{strings.NewReader(""), func() { closed++ }}, Top: top, Lines: 9}))
		if got := s.take(); got != "+OK\r\n.\r\n" {
			t.Errorf("%q", got)
		}
	}
}

// TestReadersClosed: every way in which a conversation ends closes the reader
// once.
func TestReadersClosed(t *testing.T) {
	for name, end := range map[string]func(c *pop3server.Conn){
		"Close":   func(c *pop3server.Conn) { c.Close(); c.Close() },
		"output":  func(c *pop3server.Conn) { c.Expire(start.Add(5 * time.Minute)) },
		"left":    func(c *pop3server.Conn) { c.FeedEOF(start); c.Close() },
		"drained": func(c *pop3server.Conn) { c.FeedEOF(start); c.Flush(start, io.Discard); c.Close() },
		"bye":     func(c *pop3server.Conn) { c.Bye("", "x"); c.Flush(start, io.Discard) },
	} {
		s, id := begin(t, "RETR 1")
		f := &filler{n: 100 << 10}
		s.must(s.c.Body(id, ok(""), pop3server.Body{Reader: f, Size: f.n}))
		s.c.Advance(start, s.c.Output().Len())
		end(s.c)
		if f.closed != 1 || s.c.Want() != engine.WantNothing {
			t.Errorf("%s: closed %d times, wants %v", name, f.closed, s.c.Want())
		}
	}
}

// TestBye: a command that has no answer gets one, a listing that is open has no
// end, and a message that is queued is sent whole before the last words.
func TestBye(t *testing.T) {
	const bye = "-ERR [SYS/TEMP] going down\r\n"
	for _, tt := range []struct {
		name string
		do   func(s *script)
		want string
	}{
		{"idle", func(*script) {}, bye},
		{"busy", func(s *script) { s.must(s.c.Feed(start, []byte("STAT\r\n"))); s.c.Next() }, bye},
		{"listing", func(s *script) {
			s.must(s.c.Feed(start, []byte("LIST\r\n")))
			id := s.c.Next().(*pop3server.Command).ID
			s.must(s.c.Begin(id, ok("")))
			s.must(s.c.Send(id, pop3wire.RawLine("1 2")))
		}, "+OK\r\n1 2\r\n"},
		{"message", func(s *script) { s.must(s.c.Feed(start, []byte("RETR 3\r\n"))); s.handle(s.c.Next()) }, "+OK message follows\r\nno blank line\r\n.\r\n" + bye},
	} {
		s := inState(t, loopback, pop3server.StateTransaction)
		tt.do(s)
		s.c.Bye(pop3wire.CodeSysTemp, "going down")
		s.flush()
		ev, is := s.c.Next().(*pop3server.Closed)
		if !is || ev.Err != nil || s.out.String() != tt.want || s.c.Want() != engine.WantNothing || s.opened != 0 {
			t.Errorf("%s: %q, %v", tt.name, s.out.String(), ev)
		}
	}
}

// TestLongListing: a listing of a million messages in bounded memory.
func TestLongListing(t *testing.T) {
	count := uint32(1_000_000)
	if testing.Short() {
		count = 50_000
	}
	s, id := begin(t, "LIST")
	s.must(s.c.Begin(id, ok("")))
	var w checker
	var l pop3wire.ScanListing
	pieces := 0
	for l.Num < count {
		if s.c.Full() {
			s.c.Yield(id)
			if s.c.Next() != nil || s.c.Want() != engine.WantDrain {
				t.Fatalf("wants %v", s.c.Want())
			}
			s.must(s.c.Flush(start, &w))
			if r, is := s.c.Next().(*pop3server.Resume); !is || r.ID != id {
				t.Fatal("no Resume")
			}
			pieces++
		}
		l.Num++
		l.Size = int64(l.Num)
		s.must(s.c.Send(id, &l))
	}
	s.must(s.c.End(id))
	s.must(s.c.Flush(start, &w))
	if st := s.c.Stats(); st.MaxQueuedOut > 64<<10 || !w.done || pieces < int(count)/10_000 {
		t.Errorf("%d queued, done %v, %d pieces", st.MaxQueuedOut, w.done, pieces)
	}
}

// TestListingAllocations: a line of a listing costs no allocation, and a queue
// that is never quite empty does not grow.
func TestListingAllocations(t *testing.T) {
	s, id := begin(t, "UIDL")
	s.must(s.c.Begin(id, ok("")))
	u := &pop3wire.UniqueID{Num: 1, ID: "v1.10"}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for range 200_000 {
		if s.c.Full() {
			s.c.Advance(start, s.c.Output().Len()-100)
		}
		s.must(s.c.Send(id, u))
	}
	runtime.ReadMemStats(&after)
	if n := after.TotalAlloc - before.TotalAlloc; n > 256<<10 {
		t.Errorf("%d octets were allocated", n)
	}
}

// TestYield: what yields goes on at once when there is room.
func TestYield(t *testing.T) {
	s, id := begin(t, "LIST")
	s.c.Yield(id + 1)
	if s.c.Want() != engine.WantAnswer {
		t.Errorf("wants %v", s.c.Want())
	}
	s.c.Yield(id)
	if r, is := s.c.Next().(*pop3server.Resume); !is || r.ID != id || s.c.Want() != engine.WantAnswer {
		t.Errorf("%v, wants %v", r, s.c.Want())
	}
}

// TestPush: a message that comes in pieces from elsewhere.
func TestPush(t *testing.T) {
	s, id := begin(t, "RETR 1")
	s.must(s.c.Begin(id, ok("")))
	if s.c.Want() != engine.WantAnswer {
		t.Errorf("wants %v", s.c.Want())
	}
	for _, p := range []string{"A: b\n", "", "\n", ".", "x\r", "\n.", "\n", "end"} {
		if n, err := s.c.Push([]byte(p)); n != len(p) || err != nil {
			t.Errorf("%q: %d, %v", p, n, err)
		}
		s.flush()
	}
	if err := s.c.Send(id, pop3wire.RawLine("x")); err == nil {
		t.Error("a line in a message")
	}
	s.must(s.c.End(id))
	if got := s.take(); got != "+OK\r\nA: b\r\n\r\n..x\r\n..\r\nend\r\n.\r\n" {
		t.Errorf("%q", got)
	}
	// A reader that stops: so much is held and no more.
	s, id = begin(t, "RETR 1")
	s.must(s.c.Begin(id, ok("")))
	sent := 0
	for {
		n, err := s.c.Push(bytes.Repeat([]byte("\n"), 5000))
		s.must(err)
		if sent += n; n < 5000 {
			break
		}
	}
	if st := s.c.Stats(); st.QueuedOut > 33<<10 || sent == 0 {
		t.Errorf("%d queued", st.QueuedOut)
	}
	s.flush()
	s.must(s.c.End(id))
	if got := unstuffed(t, s.take()); len(got) != 2*sent {
		t.Errorf("%d octets of %d", len(got), 2*sent)
	}
	// The other side fails: no terminator.
	s, id = begin(t, "RETR 1")
	s.must(s.c.Begin(id, ok("")))
	if _, err := s.c.Push([]byte("half\r\n")); err != nil {
		t.Error(err)
	}
	s.flush()
	s.c.Close()
	s.flush()
	if got := s.out.String(); got != "+OK\r\nhalf\r\n" {
		t.Errorf("%q", got)
	}
}

// TestBackpressure: invariant 20, threats M10 and M12. While output waits no further command is read.
func TestBackpressure(t *testing.T) {
	for _, state := range states {
		s := inState(t, loopback, state)
		s.must(s.c.Feed(start, bytes.Repeat([]byte("CAPA\r\n"), 5000)))
		for s.c.Next() != nil {
		}
		st := s.c.Stats()
		limit := int64(64 << 10)
		if state == pop3server.StateAuthorization {
			limit = 4 << 10
		}
		if st.MaxQueuedOut > limit || st.BytesIn > 6*1000 || s.c.Want() != engine.WantDrain {
			t.Errorf("%s: %d queued, %d read, wants %v", state, st.MaxQueuedOut, st.BytesIn, s.c.Want())
		}
		s.work()
		if st := s.c.Stats(); st.Commands < 5000 || st.MaxQueuedOut > limit {
			t.Errorf("%s: %d commands, %d queued", state, st.Commands, st.MaxQueuedOut)
		}
	}
}

// TestText: RFC 6856 §2.1, §3.2: nothing beyond ASCII until UTF8 or LANG, and
// never more than a line (invariant 37).
func TestText(t *testing.T) {
	done := func(s *script, st pop3wire.Status) string {
		t.Helper()
		s.must(s.c.Feed(start, []byte("NOOP\r\n")))
		s.must(s.c.Done(s.c.Next().(*pop3server.Command).ID, st))
		return s.take()
	}
	s := inState(t, loopback, pop3server.StateTransaction)
	if got := done(s, ok("jörg \xff")); got != "+OK j?rg ?\r\n" {
		t.Errorf("%q", got)
	}
	if got := done(s, pop3wire.Status{Code: pop3wire.CodeSysTemp, Text: strings.Repeat("x", 600)}); len(got) < 510 || len(got) > 512 {
		t.Errorf("%d octets", len(got))
	}
	s.do("LANG es")
	if got := done(s, ok("jörg \xff")); got != "+OK jörg ?\r\n" {
		t.Errorf("%q", got)
	}
	for n := range 4 {
		got := done(s, ok(strings.Repeat("x", n)+strings.Repeat("é€", 300)))
		if len(got) < 508 || len(got) > 512 || strings.Contains(got, "\ufffd") || strings.ToValidUTF8(got, "!") != got {
			t.Errorf("%d octets: %q", len(got), got)
		}
	}
	s = inState(t, loopback, pop3server.StateAuthorization)
	if s.do("UTF8"); !s.c.UTF8() {
		t.Error("UTF8 is off")
	}
	if got := s.do("LANG x"); got != "-ERR sé no\r\n" {
		t.Errorf("%q", got)
	}
}

// TestAdvance: what is reported beyond the queue is not counted.
func TestAdvance(t *testing.T) {
	s := inState(t, loopback, pop3server.StateTransaction)
	s.must(s.c.Feed(start, []byte("CAPA\r\n")))
	s.c.Next()
	before, n := s.c.Stats().BytesOut, s.c.Output().Len()
	s.c.Advance(start, -1)
	s.c.Advance(start, 3)
	if got := s.c.Output().Len(); got != n-3 {
		t.Errorf("%d left of %d", got, n)
	}
	s.c.Advance(start, 1<<40)
	if st := s.c.Stats(); st.BytesOut-before != n || st.QueuedOut != 0 || !s.c.Output().Empty() {
		t.Errorf("%+v", st)
	}
	// A writer that fails: what it did not take is still there.
	s.must(s.c.Feed(start, []byte("CAPA\r\n")))
	s.c.Next()
	if err := s.c.Flush(start, failing{}); !errors.Is(err, io.ErrClosedPipe) || s.c.Output().Len() != n-2 {
		t.Errorf("%v, %d left of %d", err, s.c.Output().Len(), n)
	}
}

// failing takes two octets.
type failing struct{}

func (failing) Write([]byte) (int, error) { return 2, io.ErrClosedPipe }
