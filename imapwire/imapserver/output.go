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
// there is at most one of each kind behind a command.
type output struct {
	items []item
	own   int
	// large is how many bodies and lists are queued.
	large int
	utf8  bool
	// room is a buffer to use again, at most roomSize octets of it.
	room []byte
	err  error // a list that could not be encoded
}

// An item is one of: octets; a reader of n octets; n octets to be pushed, of
// which some are in bytes; a list.
type item struct {
	bytes  []byte
	reader io.ReadCloser
	pushed bool
	n      int64 // octets of reader, or still to be pushed
	list   *imapwire.ListEncoder
}

const (
	// listPiece is how much of a list is encoded at once.
	listPiece = 8 << 10
	// pushRoom is how much of a pushed body is held.
	pushRoom = 32 << 10
	// roomSize is how much of a drained buffer is kept.
	roomSize = 512
)

// tail returns the octets to append to.
func (o *output) tail() *item {
	if k := len(o.items); k > 0 {
		if it := &o.items[k-1]; it.reader == nil && !it.pushed && it.list == nil {
			return it
		}
	}
	o.items = append(o.items, item{bytes: o.room[:0]})
	o.room = nil
	return &o.items[len(o.items)-1]
}

// append queues octets.
func (o *output) append(b []byte) {
	it := o.tail()
	it.bytes = append(it.bytes, b...)
	o.own += len(b)
}

// send queues a response. On an error nothing is queued.
func (o *output) send(r imapwire.Response) error {
	opt := imapwire.ResponseOptions{UTF8: o.utf8}
	if f, ok := r.(*imapwire.FetchData); ok {
		return o.fetch(f, opt)
	}
	if s, ok := r.(*imapwire.SearchData); ok && len(s.Nums) < 64 && len(s.Ranges) == 0 {
		return o.whole(r, opt)
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
	it := &o.items[0]
	if it.reader != nil {
		it.reader.Close()
	}
	if it.reader != nil || it.pushed || it.list != nil {
		o.large--
	} else if cap(it.bytes) <= roomSize {
		o.room = it.bytes[:0]
	}
	*it = item{}
	if o.items = o.items[1:]; len(o.items) == 0 {
		o.items = nil
	}
}

// front returns what is to be written next.
func (o *output) front() engine.Segment {
	for len(o.items) > 0 {
		it := &o.items[0]
		switch {
		case len(it.bytes) > 0:
			return engine.Segment{Bytes: it.bytes}
		case it.reader != nil && it.n > 0:
			return engine.Segment{Reader: it.reader, N: it.n}
		case it.pushed && it.n > 0:
			return engine.Segment{} // until Push gives some
		case it.list != nil:
			b, done, err := it.list.Append(o.room[:0], listPiece)
			o.room = nil
			o.own += len(b)
			if err != nil {
				o.err = err
				done = true
			}
			if done {
				o.large--
				*it = item{bytes: b}
				continue
			}
			it.bytes = b
			continue
		}
		o.drop()
	}
	return engine.Segment{}
}

// advance takes n octets off the front.
func (o *output) advance(n int64) {
	for n > 0 && len(o.items) > 0 {
		it := &o.items[0]
		if len(it.bytes) > 0 {
			k := min(n, int64(len(it.bytes)))
			it.bytes = it.bytes[k:]
			o.own -= int(k)
			n -= k
			if len(it.bytes) == 0 && it.list != nil {
				it.bytes = nil
			}
		} else if it.reader != nil {
			k := min(n, it.n)
			it.n -= k
			n -= k
		} else {
			break
		}
		if len(it.bytes) == 0 && it.n == 0 && it.list == nil {
			o.drop()
		}
	}
}

// push gives octets to the first pushed body that is not complete.
func (o *output) push(p []byte) (int, error) {
	for i := range o.items {
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
	return len(o.items) > 0 && o.items[0].pushed && len(o.items[0].bytes) == 0 && o.items[0].n > 0
}

func (o *output) empty() bool { return len(o.items) == 0 }

// discard closes what is queued and forgets it.
func (o *output) discard() {
	for len(o.items) > 0 {
		o.items[0].bytes = nil
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

// Output returns the front of the output queue.
func (c *Conn) Output() engine.Segment {
	s := c.out.front()
	c.countQueue()
	return s
}

// Advance says that n octets of the output were written.
func (c *Conn) Advance(now time.Time, n int64) {
	c.now = now
	c.out.advance(n)
	c.stats.BytesOut += n
	if c.out.front().Empty() && !c.out.starved() {
		c.timers.Clear(timerOutput)
	} else {
		c.timers.Set(timerOutput, now.Add(c.lim.OutputTime))
	}
	c.countQueue()
}

// Flush writes what is queued to w. When a reader inside an announced literal
// fails, the conversation is over: the client would take what comes next for
// the rest of the literal.
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
			return err
		}
	}
}

// queued keeps the time and the counters after something was queued.
func (c *Conn) queued() {
	c.countQueue()
	if c.timers[timerOutput].IsZero() && !c.out.empty() {
		c.timers.Set(timerOutput, c.now.Add(c.lim.OutputTime))
	}
}

func (c *Conn) countQueue() {
	c.stats.QueuedOut = int64(c.out.own)
	c.stats.MaxQueuedOut = max(c.stats.MaxQueuedOut, c.stats.QueuedOut)
}
