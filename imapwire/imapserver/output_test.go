package imapserver_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/mailwire/mailwire/imapwire"
	"github.com/mailwire/mailwire/imapwire/engine"
	"github.com/mailwire/mailwire/imapwire/imap"
	"github.com/mailwire/mailwire/imapwire/imapserver"
)

// A closeCounter is a body that knows how often it was closed.
type closeCounter struct {
	io.Reader
	closed int
}

func (c *closeCounter) Close() error { c.closed++; return nil }

// begin feeds a command to a selected session and returns it.
func begin(t interface{ Fatalf(string, ...any) }, command string) (*script, engine.ID) {
	s := inState(t, loopback, imapserver.StateSelected)
	s.must(s.c.Feed(start, []byte("a "+command+"\r\n")))
	return s, s.c.Next().(*imapserver.Command).ID
}

// body is a FETCH of one section.
func body(content imapwire.Content) *imapwire.FetchData {
	content.Valid = true
	return &imapwire.FetchData{Num: 1, Sections: []imapwire.SectionData{{Name: imapwire.SectionBody, Content: content}}}
}

// TestBodies: bodies pass through, in order, and are closed once.
func TestBodies(t *testing.T) {
	s, id := begin(t, "FETCH 1 BODY[]")
	first := &closeCounter{Reader: strings.NewReader("0123456789 and more")}
	none := &closeCounter{Reader: strings.NewReader("")}
	s.must(s.c.Send(&imapwire.FetchData{Num: 1, Sections: []imapwire.SectionData{
		{Name: imapwire.SectionBody, Content: imapwire.Content{Valid: true, Reader: first, Size: 10}},
		{Name: imapwire.SectionBody, Section: imap.Section{Part: []uint32{2}}, Content: imapwire.Content{Valid: true, Data: "small"}},
		{Name: imapwire.SectionBody, Section: imap.Section{Part: []uint32{3}}, Content: imapwire.Content{Valid: true, Pushed: true, Size: 4}},
		{Name: imapwire.SectionBody, Section: imap.Section{Part: []uint32{4}}, Content: imapwire.Content{Valid: true, Reader: none}},
		{Name: imapwire.SectionBody, Section: imap.Section{Part: []uint32{5}}, Content: imapwire.Content{Valid: true, Pushed: true}},
	}}))
	if !s.c.Full() {
		t.Error("a body does not fill the queue")
	}
	s.must(s.c.Done(id, ok("x")))
	s.flush()
	if w := s.c.Want(); w != engine.WantAnswer || !s.c.Deadline().Equal(start.Add(31*60*1e9)) {
		t.Errorf("with a piece missing: wants %v, deadline %v", w, s.c.Deadline())
	}
	for _, p := range []string{"pu", "shed"} {
		n, err := s.c.Push([]byte(p))
		s.must(err)
		if p == "shed" && n != 2 {
			t.Errorf("%d octets taken of 2", n)
		}
		s.flush()
	}
	want := "* 1 FETCH (BODY[] {10}\r\n0123456789 BODY[2] {5}\r\nsmall BODY[3] {4}\r\npush BODY[4] {0}\r\n BODY[5] {0}\r\n)\r\na OK x\r\n"
	if s.out.String() != want {
		t.Errorf("got %q", s.out.String())
	}
	if first.closed != 1 || none.closed != 1 {
		t.Errorf("closed %d and %d times", first.closed, none.closed)
	}
	if s.c.Full() || s.c.Stats().QueuedOut != 0 {
		t.Errorf("still full, %d octets queued", s.c.Stats().QueuedOut)
	}
}

// TestLargeData: a string that is too large to be copied is written as a body.
func TestLargeData(t *testing.T) {
	s, id := begin(t, "FETCH 1 BODY[]")
	data := strings.Repeat("x", 100_000)
	s.must(s.c.Send(body(imapwire.Content{Data: data})))
	s.must(s.c.Done(id, ok("x")))
	if st := s.c.Stats(); st.QueuedOut > 1000 || !s.c.Full() {
		t.Errorf("%d octets queued", st.QueuedOut)
	}
	s.flush()
	if want := "* 1 FETCH (BODY[] {100000}\r\n" + data + ")\r\na OK x\r\n"; s.out.String() != want {
		t.Errorf("%.50q", s.out.String())
	}
}

type brokenReader struct{ err error }

func (r brokenReader) Read([]byte) (int, error) { return 0, r.err }

// TestBrokenBody: threat I5. A reader that fails, or has too little, ends the
// conversation, and nothing is written that the client could take for the rest
// of it.
func TestBrokenBody(t *testing.T) {
	for name, tt := range map[string]struct {
		r   io.Reader
		err error
	}{
		"short":  {strings.NewReader("x"), io.ErrUnexpectedEOF},
		"broken": {brokenReader{io.ErrClosedPipe}, io.ErrClosedPipe},
	} {
		s, id := begin(t, "FETCH 1 BODY[]")
		r := &closeCounter{Reader: tt.r}
		behind := &closeCounter{Reader: strings.NewReader("x")}
		s.must(s.c.Send(body(imapwire.Content{Reader: r, Size: 10}), body(imapwire.Content{Reader: behind, Size: 1})))
		s.must(s.c.Done(id, ok("x")))
		if err := s.c.Flush(start, &s.out); !errors.Is(err, tt.err) {
			t.Errorf("%s: %v", name, err)
		}
		s.must(s.c.Flush(start, &s.out))
		if out := strings.TrimSuffix(s.out.String(), "x"); out != "* 1 FETCH (BODY[] {10}\r\n" {
			t.Errorf("%s: %q", name, out)
		}
		if ev, isClosed := s.c.Next().(*imapserver.Closed); !isClosed || !errors.Is(ev.Err, tt.err) {
			t.Errorf("%s: %#v", name, ev)
		}
		s.c.Close()
		if r.closed != 1 || behind.closed != 1 {
			t.Errorf("%s: closed %d and %d times", name, r.closed, behind.closed)
		}
	}
}

// TestReadersClosed: a reader is closed exactly once, however the conversation
// ends.
func TestReadersClosed(t *testing.T) {
	for name, end := range map[string]func(s *script){
		"drained": func(s *script) { s.flush() },
		"Close":   func(s *script) {},
		"EOF":     func(s *script) { s.c.FeedEOF(start) },
		"Bye":     func(s *script) { s.c.Bye(nil, "x"); s.flush() },
		"stalled": func(s *script) { s.c.Expire(start.Add(5 * 60 * 1e9)) },
		"partly":  func(s *script) { s.c.Advance(start, s.c.Output().Len()); s.c.Advance(start, 1); s.c.FeedEOF(start) },
	} {
		s, _ := begin(t, "FETCH 1 BODY[]")
		r := &closeCounter{Reader: strings.NewReader("0123456789")}
		s.must(s.c.Send(body(imapwire.Content{Reader: r, Size: 10})))
		end(s)
		s.c.Close()
		s.c.Close()
		if r.closed != 1 || !s.c.Output().Empty() {
			t.Errorf("%s: closed %d times", name, r.closed)
		}
	}
}

// TestSendIsAtomic: of a Send with an error nothing is queued, and its readers
// stay the caller's.
func TestSendIsAtomic(t *testing.T) {
	bad := &imapwire.FlagsData{Flags: []imap.Flag{"a b"}}
	for _, queued := range []string{"", "NOOP", "FETCH"} {
		s, _ := begin(t, "FETCH 1 BODY[]")
		if queued == "NOOP" {
			s.must(s.c.Send(&imapwire.ExistsData{Count: 7}))
		} else if queued == "FETCH" {
			s.must(s.c.Send(body(imapwire.Content{Data: strings.Repeat("y", 20_000)})))
		}
		before := s.c.Stats()
		full := s.c.Full()
		r := &closeCounter{Reader: strings.NewReader("0123456789")}
		for name, last := range map[string]imapwire.Response{
			"a flag that is none": bad,
			"EXPUNGE in FETCH":    &imapwire.ExpungeData{Seq: 1},
			"VANISHED in FETCH":   &imapwire.VanishedData{UIDs: imap.UIDSet{{First: 1, Last: 1}}},
			"a tag":               &imapwire.StatusResponse{Tag: "a", StatusCondition: ok("x")},
			"BYE":                 &imapwire.StatusResponse{StatusCondition: imapwire.StatusCondition{Condition: imapwire.BYE}},
			"PREAUTH":             &imapwire.StatusResponse{StatusCondition: imapwire.StatusCondition{Condition: imapwire.PREAUTH}},
			"a continuation":      &imapwire.Continue{Text: "x"},
			"a number of zero":    &imapwire.SearchData{Nums: make([]uint32, 100)},
			"a body that is none": body(imapwire.Content{Reader: r, Size: -1}),
		} {
			err := s.c.Send(
				&imapwire.ExistsData{Count: 1},
				body(imapwire.Content{Reader: r, Size: 10}),
				&imapwire.SearchData{Ranges: []imap.Range{{First: 1, Last: 100_000}}},
				last,
			)
			if err == nil {
				t.Errorf("%s: no error", name)
			}
			if strings.Contains(name, " in FETCH") != errors.Is(err, engine.ErrNotNow) {
				t.Errorf("%s: %v", name, err)
			}
			if after := s.c.Stats(); after.QueuedOut != before.QueuedOut || s.c.Full() != full || r.closed != 0 {
				t.Errorf("%s behind %q: %d octets queued, closed %d times", name, queued, after.QueuedOut, r.closed)
			}
		}
		s.must(s.c.Send(&imapwire.ExistsData{Count: 9}))
		s.flush()
		if out := s.out.String(); !strings.HasSuffix(out, "* 9 EXISTS\r\n") || strings.Contains(out, "* 1 EXISTS") || strings.Contains(out, "SEARCH") {
			t.Errorf("behind %q: %.100q", queued, out)
		}
		if err := s.c.Send(bad); err == nil {
			t.Error("no error")
		}
		if !s.c.Output().Empty() || !s.c.Deadline().Equal(start.Add(31*60*1e9)) {
			t.Errorf("queued: %q, deadline %v", s.c.Output().Bytes, s.c.Deadline())
		}
	}
}

// TestBackpressure: invariant 20, threats M10 and M12. A client that does not
// read is not read, and costs Limits.Output.
func TestBackpressure(t *testing.T) {
	s := inState(t, loopback, imapserver.StateSelected)
	in := strings.Repeat("a CAPABILITY\r\n", 10_000)
	s.must(s.c.Feed(start, []byte(in)))
	for s.c.Next() != nil {
	}
	st := s.c.Stats()
	if s.c.Want() != engine.WantDrain || st.QueuedOut > 64<<10 || st.Commands > 2000 || st.BytesIn > int64(len(in))/5 {
		t.Errorf("wants %v with %d octets queued after %d commands", s.c.Want(), st.QueuedOut, st.Commands)
	}
	if err := s.c.Feed(start, []byte("b")); !errors.Is(err, engine.ErrBusy) {
		t.Errorf("Feed: %v", err)
	}
	for range 100 {
		if s.c.Next() != nil || s.c.Stats() != st {
			t.Fatal("input is consumed while the queue is full")
		}
	}
	s.work()
	if n := strings.Count(s.out.String(), "a OK"); n != 10_000 {
		t.Errorf("%d answers", n)
	}
	if st := s.c.Stats(); st.MaxQueuedOut > 64<<10 || st.BytesOut == 0 {
		t.Errorf("%+v", st)
	}
	// Before login it is Limits.OutputPreAuth.
	s = newScript(t, loopback)
	s.must(s.c.Feed(start, []byte(in)))
	for s.c.Next() != nil {
	}
	if st := s.c.Stats(); st.MaxQueuedOut > 4<<10 || s.c.Want() != engine.WantDrain {
		t.Errorf("wants %v with %d octets queued", s.c.Want(), st.MaxQueuedOut)
	}
}

// TestLongList: a list of 100,000 numbers is encoded as it drains, whatever the
// pieces, and is written as if it had been encoded at once.
func TestLongList(t *testing.T) {
	nums := make([]uint32, 100_000)
	for i := range nums {
		nums[i] = uint32(2*i + 1)
	}
	for _, r := range []imapwire.Response{
		&imapwire.SearchData{Ranges: []imap.Range{{First: 1, Last: 100_000}}},
		&imapwire.SearchData{Nums: nums},
		&imapwire.SearchData{Nums: nums[:3]},
		&imapwire.ESearchData{Tag: "a", All: odd(100_000)},
		&imapwire.VanishedData{Earlier: true, UIDs: oddUIDs(100_000)},
	} {
		want, err := imapwire.AppendResponse(nil, r, imapwire.ResponseOptions{})
		if err != nil {
			t.Fatal(err)
		}
		want = append(want, "a OK x\r\n"...)
		for _, piece := range []int64{7, 4096, 1 << 30} {
			s, id := begin(t, "SEARCH ALL")
			s.must(s.c.Send(r))
			s.must(s.c.Done(id, ok("x")))
			var got bytes.Buffer
			for !s.c.Output().Empty() {
				seg := s.c.Output()
				n := min(piece, seg.Len())
				got.Write(seg.Bytes[:n])
				s.c.Advance(start, n)
			}
			if !bytes.Equal(got.Bytes(), want) {
				t.Errorf("%T by %d: %d octets, want %d", r, piece, got.Len(), len(want))
			}
			if st := s.c.Stats(); st.MaxQueuedOut > 16<<10 || st.QueuedOut != 0 || s.c.Full() || st.BytesOut < int64(len(want)) {
				t.Errorf("%T by %d: %+v", r, piece, st)
			}
		}
	}
}

func odd(n int) []imap.Range {
	r := make([]imap.Range, n)
	for i := range r {
		r[i] = imap.Range{First: uint32(2*i + 1), Last: uint32(2*i + 1)}
	}
	return r
}

func oddUIDs(n int) (s imap.UIDSet) {
	for i := range n {
		s = append(s, imap.UIDRange{First: imap.UID(2*i + 1), Last: imap.UID(2*i + 1)})
	}
	return s
}

// TestManyFlags: invariant 20. A FETCH of the flags of 100,000 messages that
// yields when the queue is full never queues more than Limits.Output, and is
// told in full.
func TestManyFlags(t *testing.T) {
	const messages = 100_000
	for _, output := range []int{0, 1024, 4096} {
		opt := loopback
		opt.Limits.Output = output
		s := inState(t, opt, imapserver.StateSelected)
		s.must(s.c.Feed(start, []byte("a FETCH 1:* FLAGS\r\nb NOOP\r\n")))
		id := s.c.Next().(*imapserver.Command).ID
		next, slices := uint32(1), 0
		work := func() {
			slices++
			for ; next <= messages; next++ {
				if s.c.Full() {
					s.c.Yield(id)
					if w := s.c.Want(); w != engine.WantDrain {
						t.Fatalf("wants %v", w)
					}
					return
				}
				s.must(s.c.Send(&imapwire.FetchData{Num: next, Has: imapwire.HasUID | imapwire.HasFlags, UID: imap.UID(next), Flags: []imap.Flag{imap.FlagSeen}}))
			}
			s.must(s.c.Done(id, ok("fetched")))
		}
		work()
		var told int
		buf := make([]byte, 0, 100)
		for {
			switch ev := s.c.Next().(type) {
			case *imapserver.Resume:
				if ev.ID != id || s.c.Full() {
					t.Fatalf("Resume %d", ev.ID)
				}
				work()
				continue
			case *imapserver.Command:
				s.must(s.c.Done(ev.ID, ok("noop")))
				continue
			}
			seg := s.c.Output()
			if seg.Empty() {
				break
			}
			// A reader that takes 1000 octets at a time.
			p := seg.Bytes[:min(1000, len(seg.Bytes))]
			told += bytes.Count(p, []byte("\n"))
			buf = append(buf[max(0, len(buf)-50):], p...)
			s.c.Advance(start, int64(len(p)))
		}
		limit := int64(output)
		if limit == 0 {
			limit = 64 << 10
		}
		if st := s.c.Stats(); st.MaxQueuedOut > limit || told != messages+2 || slices < 10 {
			t.Errorf("Output %d: %d octets queued, %d lines told in %d slices", output, st.MaxQueuedOut, told, slices)
		}
		if !bytes.HasSuffix(buf, []byte("a OK fetched\r\nb OK noop\r\n")) {
			t.Errorf("Output %d: %q", output, buf)
		}
	}
}

// TestYield: a command that stops of its own accord goes on at once.
func TestYield(t *testing.T) {
	s, id := begin(t, "SEARCH ALL")
	s.c.Yield(id)
	if ev, isResume := s.c.Next().(*imapserver.Resume); !isResume || ev.ID != id {
		t.Errorf("%#v", ev)
	}
	if s.c.Next() != nil || s.c.Want() != engine.WantAnswer {
		t.Errorf("wants %v", s.c.Want())
	}
	s.c.Yield(id)
	s.must(s.c.Done(id, ok("x")))
	if ev := s.c.Next(); ev != nil {
		t.Errorf("%#v for a command that is done", ev)
	}
	s.c.Yield(id)
	if ev := s.c.Next(); ev != nil {
		t.Errorf("%#v for a command that is done", ev)
	}
}

// TestPush: a pushed body is held within bounds.
func TestPush(t *testing.T) {
	s, id := begin(t, "FETCH 1 BODY[]")
	const size = 1 << 20
	s.must(s.c.Send(body(imapwire.Content{Pushed: true, Size: size})))
	s.must(s.c.Done(id, ok("x")))
	piece := make([]byte, 50_000)
	pushed, written := 0, int64(0)
	for i := 0; ; i++ {
		for pushed < size {
			n, err := s.c.Push(piece)
			s.must(err)
			pushed += n
			if n < len(piece) {
				break
			}
		}
		if st := s.c.Stats(); st.QueuedOut > 33<<10 {
			t.Fatalf("%d octets queued", st.QueuedOut)
		}
		seg := s.c.Output()
		if seg.Empty() {
			break
		}
		n := min(seg.Len(), int64(1000+i))
		written += n
		s.c.Advance(start, n)
	}
	if pushed != size || written != size+int64(len("* 1 FETCH (BODY[] {1048576}\r\n)\r\na OK x\r\n")) {
		t.Errorf("pushed %d, written %d", pushed, written)
	}
	if _, err := s.c.Push(piece); !errors.Is(err, engine.ErrNotNow) {
		t.Errorf("Push: %v", err)
	}
}

// TestAdvance: whatever the writer takes at a time, the client reads the same,
// and counters never go wrong.
func TestAdvance(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s, id := begin(t, "UID FETCH 1 BODY[]")
		var want bytes.Buffer
		var got bytes.Buffer
		var readers []*closeCounter
		drain := func(most int64) {
			for most > 0 {
				seg := s.c.Output()
				if seg.Empty() {
					return
				}
				n := min(seg.Len(), rapid.Int64Range(1, 5000).Draw(t, "n"), most)
				if seg.Reader != nil {
					if _, err := io.CopyN(&got, seg.Reader, n); err != nil {
						t.Fatalf("%v", err)
					}
				} else {
					got.Write(seg.Bytes[:n])
				}
				s.c.Advance(start, n)
				most -= n
			}
		}
		for i := range rapid.IntRange(1, 20).Draw(t, "responses") {
			switch rapid.IntRange(0, 4).Draw(t, "kind") {
			case 0:
				s.must(s.c.Send(&imapwire.ExistsData{Count: uint32(i)}))
				fmt.Fprintf(&want, "* %d EXISTS\r\n", i)
			case 1:
				n := rapid.IntRange(0, 20_000).Draw(t, "size")
				r := &closeCounter{Reader: strings.NewReader(strings.Repeat("r", n+5))}
				readers = append(readers, r)
				s.must(s.c.Send(body(imapwire.Content{Reader: r, Size: int64(n)})))
				fmt.Fprintf(&want, "* 1 FETCH (BODY[] {%d}\r\n%s)\r\n", n, strings.Repeat("r", n))
			case 2:
				n := uint32(rapid.IntRange(1, 3000).Draw(t, "numbers"))
				s.must(s.c.Send(&imapwire.SearchData{Ranges: []imap.Range{{First: 1, Last: n}}}))
				want.WriteString("* SEARCH")
				for k := range n {
					fmt.Fprintf(&want, " %d", k+1)
				}
				want.WriteString("\r\n")
			case 3:
				n := rapid.SampledFrom([]int{0, 1, 100, 20_000}).Draw(t, "size")
				s.must(s.c.Send(body(imapwire.Content{Data: strings.Repeat("d", n)})))
				fmt.Fprintf(&want, "* 1 FETCH (BODY[] {%d}\r\n%s)\r\n", n, strings.Repeat("d", n))
			case 4:
				drain(rapid.Int64Range(1, 10_000).Draw(t, "some"))
			}
		}
		s.must(s.c.Done(id, ok("x")))
		want.WriteString("a OK x\r\n")
		drain(1 << 40)
		if !bytes.Equal(got.Bytes(), want.Bytes()) {
			t.Fatalf("%d octets, want %d", got.Len(), want.Len())
		}
		if st := s.c.Stats(); st.QueuedOut != 0 || s.c.Full() || st.BytesOut < int64(want.Len()) {
			t.Fatalf("%+v", st)
		}
		s.c.Close()
		if slices.ContainsFunc(readers, func(r *closeCounter) bool { return r.closed != 1 }) {
			t.Fatalf("a reader was not closed once")
		}
	})
}

// TestText: a client that has not enabled UTF-8 is told nothing beyond ASCII, as
// RFC 9051 §9 has it for text; nothing becomes a code or a second line.
func TestText(t *testing.T) {
	for _, tt := range []struct{ text, want, utf8 string }{
		{"é", "a OK ?\r\n", "a OK é\r\n"},
		{"a\r\nb OK", "a OK a  b OK\r\n", "a OK a  b OK\r\n"},
		{"[ALERT] x", "a OK -[ALERT] x\r\n", "a OK -[ALERT] x\r\n"},
		{"x {5}", "a OK x {5}.\r\n", "a OK x {5}.\r\n"},
	} {
		for _, enabled := range []bool{false, true} {
			s := inState(t, loopback, imapserver.StateAuthenticated)
			want := tt.want
			if enabled {
				s.feed("e ENABLE UTF8=ACCEPT\r\n")
				s.out.Reset()
				want = tt.utf8
			}
			s.must(s.c.Feed(start, []byte("a NOOP\r\n")))
			s.must(s.c.Done(s.c.Next().(*imapserver.Command).ID, ok(tt.text)))
			s.flush()
			if s.out.String() != want {
				t.Errorf("%q: %q, want %q", tt.text, s.out.String(), want)
			}
		}
	}
	// What a client sends is echoed as ASCII.
	s := inState(t, loopback, imapserver.StateAuthenticated)
	s.feed("a FETCH é\x1b[31m\r\nb é\r\nc CREATE \"é\"\r\n")
	for _, x := range []byte(s.out.String()) {
		if x >= 0x80 || x < ' ' && x != '\r' && x != '\n' {
			t.Fatalf("%q", s.out.String())
		}
	}
}

// TestSendFetch: SendFetch is Send for one FETCH: the same octets, the same refusals,
// the same cost, and nothing is allocated for a plain one.
func TestSendFetch(t *testing.T) {
	part := func(p imapwire.FetchPart) *imapwire.FetchData {
		return &imapwire.FetchData{Num: 1, Part: p, Has: imapwire.HasUID, UID: 7}
	}
	long := body(imapwire.Content{Data: strings.Repeat("x", 20<<10)})
	sent := []*imapwire.FetchData{
		part(imapwire.FetchWhole), part(imapwire.FetchLast), {Num: 1}, {Has: imapwire.HasUID, UID: 7}, long,
		part(imapwire.FetchFirst), part(imapwire.FetchWhole), {Num: 2, Part: imapwire.FetchLast}, part(imapwire.FetchMiddle), part(imapwire.FetchLast), part(imapwire.FetchWhole),
	}
	a, _ := begin(t, "FETCH 1 UID")
	b, _ := begin(t, "FETCH 1 UID")
	for i, f := range sent {
		if x, y := a.c.Send(f), b.c.SendFetch(f); fmt.Sprint(x) != fmt.Sprint(y) {
			t.Errorf("%d: Send says %v, SendFetch %v", i, x, y)
		}
		if x, y := a.c.Stats(), b.c.Stats(); x != y {
			t.Errorf("%d: Send has cost %+v, SendFetch %+v", i, x, y)
		}
		var x, y bytes.Buffer
		a.must(a.c.Flush(start, &x))
		b.must(b.c.Flush(start, &y))
		if x.String() != y.String() {
			t.Errorf("%d: Send writes %.80q, SendFetch %.80q", i, &x, &y)
		}
	}
	b.c.Bye(nil, "")
	if err := b.c.SendFetch(part(imapwire.FetchWhole)); !errors.Is(err, engine.ErrClosed) {
		t.Errorf("behind the end: %v", err)
	}
	c, _ := begin(t, "FETCH 1 FLAGS")
	f := &imapwire.FetchData{Num: 1, Has: imapwire.HasUID | imapwire.HasFlags, UID: 7, Flags: []imap.Flag{imap.FlagSeen, "$Junk"}}
	if got := testing.AllocsPerRun(100, func() {
		c.must(c.c.SendFetch(f))
		c.c.Advance(start, int64(len(c.c.Output().Bytes)))
	}); got != 0 {
		t.Errorf("%v allocations", got)
	}
}
