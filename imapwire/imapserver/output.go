package imapserver

import (
	"errors"
	"io"
	"strings"
	"time"

	"github.com/mailwire/mailwire/imapwire"
	"github.com/mailwire/mailwire/imapwire/engine"
)

// How the queue works
//
// The queue is items in the order of Send: octets, a body that a reader gives, a
// body that is pushed, or a list that is encoded as it drains. Octets that
// follow octets go into the same item, so that many small responses are one
// write. own counts the octets of the engine's memory in the queue, and those
// alone are bounded: a body or a list makes the queue full by itself, so that
// there is at most one response with bodies, or one list, behind a command.
//
//	items[head:]   [octets][body: n of reader][octets][list: octets of a piece]
//	                ↑ front, advance                                ↑ tail, send
type output struct {
	items []item
	head  int
	own   int
	// large is how many bodies and lists are queued.
	large int
	utf8  bool
	// room is a buffer to use again, at most roomSize octets of it.
	room []byte
}

// An item is one of: octets; a reader of n octets; n octets to be pushed, of
// which some are in bytes; a list, of which a piece is in bytes.
type item struct {
	bytes  []byte
	off    int // octets of bytes that were written
	reader io.ReadCloser
	pushed bool
	n      int64 // octets of reader, or still to be pushed
	list   *imapwire.ListEncoder
}

func (it *item) large() bool { return it.reader != nil || it.pushed || it.list != nil }

const (
	// listPiece is how much of a list is encoded at once.
	listPiece = 8 << 10
	// pushRoom is how much of a pushed body is held.
	pushRoom = 32 << 10
	// roomSize is how much of a drained buffer is kept.
	roomSize = 512
	// roomItems is how many drained items are kept.
	roomItems = 8
	// shortSearch is how many numbers make no list.
	shortSearch = 64
)

// tail returns the octets to append to.
func (o *output) tail() *item {
	if k := len(o.items); k > o.head && !o.items[k-1].large() {
		return &o.items[k-1]
	}
	o.items = append(o.items, item{bytes: o.room[:0]})
	o.room = nil
	return &o.items[len(o.items)-1]
}

// append queues octets.
func (o *output) append(s string) {
	it := o.tail()
	it.bytes = append(it.bytes, s...)
	o.own += len(s)
}

// An outputMark is a state of the queue to which restore goes back.
type outputMark struct{ items, tail, own, large int }

func (o *output) mark() outputMark {
	m := outputMark{items: len(o.items), own: o.own, large: o.large}
	if m.items > o.head {
		m.tail = len(o.items[m.items-1].bytes)
	}
	return m
}

// restore takes back what was sent since m. Readers in it belong to the caller
// again.
func (o *output) restore(m outputMark) {
	clear(o.items[m.items:])
	o.items, o.own, o.large = o.items[:m.items], m.own, m.large
	if m.items > o.head {
		it := &o.items[m.items-1]
		it.bytes = it.bytes[:m.tail]
	}
}

// send queues a response. On an error the caller has to restore.
func (o *output) send(r imapwire.Response) error {
	opt := imapwire.ResponseOptions{UTF8: o.utf8}
	switch r := r.(type) {
	case *imapwire.FetchData:
		return o.fetch(r, opt)
	case *imapwire.SearchData:
		if len(r.Nums) < shortSearch && len(r.Ranges) == 0 {
			return o.whole(r, opt)
		}
	case *imapwire.StatusResponse:
		if text := o.text(r.Text); text != r.Text {
			clean := *r
			clean.Text = text
			return o.whole(&clean, opt)
		}
	}
	if list, ok := imapwire.NewListEncoder(r, opt); ok {
		// The first piece shows whether it can be encoded at all.
		it := o.tail()
		before := len(it.bytes)
		b, done, err := list.Append(it.bytes, listPiece)
		if err != nil {
			return err
		}
		it.bytes = b
		o.own += len(b) - before
		if !done {
			o.items = append(o.items, item{list: list})
			o.large++
		}
		return nil
	}
	return o.whole(r, opt)
}

// text returns s as a client may read it: one that has not enabled UTF-8 is
// told nothing beyond ASCII (RFC 9051 §9, text).
func (o *output) text(s string) string {
	if o.utf8 {
		return s
	}
	for i := range len(s) {
		if s[i] >= 0x80 {
			return strings.Map(func(r rune) rune {
				if r >= 0x80 {
					return '?'
				}
				return r
			}, s)
		}
	}
	return s
}

func (o *output) whole(r imapwire.Response, opt imapwire.ResponseOptions) error {
	it := o.tail()
	b, err := imapwire.AppendResponse(it.bytes, r, opt)
	if err != nil {
		return err
	}
	o.own += len(b) - len(it.bytes)
	it.bytes = b
	return nil
}

func (o *output) fetch(f *imapwire.FetchData, opt imapwire.ResponseOptions) error {
	it := o.tail()
	before := len(it.bytes)
	b, bodies, err := imapwire.EncodeFetch(it.bytes, f, opt)
	if err != nil {
		return err
	}
	o.own += len(b) - before
	if len(bodies) == 0 {
		it.bytes = b
		return nil
	}
	at := before + bodies[0].At
	rest := append([]byte(nil), b[at:]...)
	it.bytes = b[:at]
	for i, body := range bodies {
		o.items = append(o.items, itemOf(body))
		o.large++
		from, to := body.At-bodies[0].At, len(rest)
		if i+1 < len(bodies) {
			to = bodies[i+1].At - bodies[0].At
		}
		o.items = append(o.items, item{bytes: rest[from:to:to]})
	}
	return nil
}

func itemOf(b imapwire.FetchBodyAt) item {
	switch {
	case b.Content.Pushed:
		return item{pushed: true, n: b.Content.Size}
	case b.Content.Reader != nil:
		return item{reader: b.Content.Reader, n: b.Content.Size}
	}
	return item{reader: io.NopCloser(strings.NewReader(b.Content.Data)), n: int64(len(b.Content.Data))}
}

// drop forgets the first item.
func (o *output) drop() {
	it := &o.items[o.head]
	if it.reader != nil {
		it.reader.Close()
	}
	if it.large() {
		o.large--
	} else if cap(it.bytes) <= roomSize {
		o.room = it.bytes[:0]
	}
	*it = item{}
	o.head++
	if o.head == len(o.items) {
		o.head = 0
		if o.items = o.items[:0]; cap(o.items) > roomItems {
			o.items = nil
		}
	}
}

// front returns what is to be written next.
func (o *output) front() engine.Segment {
	for o.head < len(o.items) {
		it := &o.items[o.head]
		switch {
		case it.off < len(it.bytes):
			return engine.Segment{Bytes: it.bytes[it.off:]}
		case it.reader != nil && it.n > 0:
			return engine.Segment{Reader: it.reader, N: it.n}
		case it.pushed && it.n > 0:
			return engine.Segment{} // until Push gives some
		case it.list != nil:
			// An error comes with the first piece, which is long written.
			b, done, _ := it.list.Append(it.bytes, listPiece)
			it.bytes = b
			o.own += len(b)
			if done {
				o.large--
				it.list = nil
			}
			continue
		}
		o.drop()
	}
	return engine.Segment{}
}

// advance takes up to n octets off the front, and returns how many.
func (o *output) advance(n int64) (taken int64) {
	for taken < n && o.head < len(o.items) {
		it := &o.items[o.head]
		left := n - taken
		switch {
		case it.off < len(it.bytes):
			k := int(min(left, int64(len(it.bytes)-it.off)))
			it.off += k
			o.own -= k
			taken += int64(k)
			it.compact()
		case it.reader != nil:
			k := min(left, it.n)
			it.n -= k
			taken += k
		default:
			return taken
		}
		if len(it.bytes) == 0 && it.n == 0 && it.list == nil {
			o.drop()
		}
	}
	return taken
}

// compact gives up what was written, so that a queue which is never quite empty
// does not grow.
func (it *item) compact() {
	if left := len(it.bytes) - it.off; left <= it.off {
		copy(it.bytes, it.bytes[it.off:])
		it.bytes, it.off = it.bytes[:left], 0
	}
}

// push gives octets to the first pushed body that is not complete.
func (o *output) push(p []byte) (int, error) {
	for i := o.head; i < len(o.items); i++ {
		it := &o.items[i]
		if !it.pushed || it.n == 0 {
			continue
		}
		n := int(min(int64(len(p)), it.n, int64(max(0, pushRoom-len(it.bytes)))))
		it.bytes = append(it.bytes, p[:n]...)
		it.n -= int64(n)
		o.own += n
		return n, nil
	}
	return 0, engine.ErrNotNow
}

// starved reports whether the front waits for a Push.
func (o *output) starved() bool {
	if o.head == len(o.items) {
		return false
	}
	it := &o.items[o.head]
	return it.pushed && len(it.bytes) == 0 && it.n > 0
}

func (o *output) empty() bool { return o.head == len(o.items) }

// discard closes what is queued and forgets it.
func (o *output) discard() {
	for !o.empty() {
		o.drop()
	}
	o.own = 0
}

// Full reports whether so much is queued that a command should stop for a
// while: three quarters of Limits.Output octets, or one body or list. Whoever
// asks before each response stays within Limits.Output as long as no response
// alone is larger than a quarter of it.
func (c *Conn) Full() bool {
	limit := c.lim.Output
	if c.state == StateNotAuthenticated {
		limit = c.lim.OutputPreAuth
	}
	return c.out.large > 0 || c.out.own >= limit-limit/4
}

// Output returns the front of the output queue. A segment with a reader that
// can not give its octets, whatever the reason, is the end of what can be
// written: call [Conn.Close] then.
func (c *Conn) Output() engine.Segment {
	s := c.out.front()
	c.countQueue()
	return s
}

// Advance says that n octets of the output were written. Zero changes nothing:
// the time in which some of it has to be written runs on.
func (c *Conn) Advance(now time.Time, n int64) {
	c.now = now
	if n = c.out.advance(n); n == 0 {
		return
	}
	c.stats.BytesOut += n
	if c.out.front().Empty() {
		// Nothing to write, or nothing until Push.
		c.timers.Clear(timerOutput)
	} else {
		c.timers.Set(timerOutput, now.Add(c.lim.OutputTime))
	}
	if !c.closed && c.state != StateNotAuthenticated && !c.Idling() {
		// A client that takes what it asked for is not idle.
		c.restIdle()
	}
	c.countQueue()
}

// Flush writes what is queued to w. When a reader inside an announced literal
// fails, or has too little, the conversation is over and the queue is dropped:
// the client would take whatever comes next for the rest of the literal.
func (c *Conn) Flush(now time.Time, w io.Writer) error {
	for {
		s := c.Output()
		if s.Empty() {
			return nil
		}
		if s.Reader == nil {
			n, err := w.Write(s.Bytes)
			c.Advance(now, int64(n))
			if err != nil {
				return err
			}
			continue
		}
		n, err := io.CopyN(w, s.Reader, s.N)
		c.Advance(now, n)
		if err != nil {
			if errors.Is(err, io.EOF) {
				err = io.ErrUnexpectedEOF
			}
			c.end(err)
			c.dropOutput()
			return err
		}
	}
}

// dropOutput gives up what is queued.
func (c *Conn) dropOutput() {
	c.out.discard()
	c.timers.Clear(timerOutput)
	c.countQueue()
}

// queued keeps the time and the counters after something was queued.
func (c *Conn) queued() {
	c.countQueue()
	if c.timers[timerOutput].IsZero() && !c.out.empty() && !c.out.starved() {
		c.timers.Set(timerOutput, c.now.Add(c.lim.OutputTime))
	}
}

func (c *Conn) countQueue() {
	c.stats.QueuedOut = int64(c.out.own)
	c.stats.MaxQueuedOut = max(c.stats.MaxQueuedOut, c.stats.QueuedOut)
}
