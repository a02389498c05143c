package engine

import "io"

// How the queue works
//
// The queue is items in the order in which they were appended: octets, a body
// that a reader gives, a body that is pushed, or a list that is encoded as it
// drains. Octets that follow octets go into the same item, so that many small
// responses are one write. Own counts the octets of the engine's memory in the
// queue, and those alone have to be bounded: a body or a list is Large, and an
// engine that takes no more work while there is one holds at most one.
//
//	items[head:]   [octets][body: n of reader][octets][list: octets of a piece]
//	                ↑ Front, Advance                                ↑ Begin, Commit

// A Queue is the output of an engine: octets, and bodies that it never reads.
// The zero value is empty.
type Queue struct {
	items []queued
	head  int
	own   int
	large int
	// room is a buffer to use again, of at most keep octets.
	room []byte
	keep int
}

// A queued item is one of: octets; a reader of n octets; n octets to be pushed,
// of which some are in bytes; a list, of which a piece is in bytes.
type queued struct {
	bytes  []byte
	off    int // octets of bytes that were written
	reader io.Reader
	closed io.Closer
	pushed bool
	n      int64 // octets of reader, or still to be pushed
	list   Lister
}

func (it *queued) large() bool { return it.reader != nil || it.pushed || it.list != nil }

// A Lister encodes something long in pieces: Append appends about budget octets
// to dst, and says whether they were the last ones. Only the first call may
// fail.
type Lister interface {
	Append(dst []byte, budget int) (b []byte, done bool, err error)
}

const (
	// queueList is how much of a list is encoded at once.
	queueList = 8 << 10
	// queuePush is how much of a pushed body is held.
	queuePush = 32 << 10
	// queueRoom is what a buffer begins with, and how much of a drained one is
	// kept without Keep.
	queueRoom = 512
	// queueItems is how many drained items are kept.
	queueItems = 8
)

// Keep makes the queue keep a drained buffer of up to n octets, to be used again
// until Rest.
func (q *Queue) Keep(n int) { q.keep = n }

// Rest gives up the buffer that a queue without octets keeps: for the moment at
// which nothing will be queued for a while.
func (q *Queue) Rest() { q.room = nil }

// tail returns the octets to append to.
func (q *Queue) tail() *queued {
	if k := len(q.items); k > q.head && !q.items[k-1].large() {
		return &q.items[k-1]
	}
	if q.room == nil {
		q.room = make([]byte, 0, queueRoom)
	}
	q.items = append(q.items, queued{bytes: q.room[:0]})
	q.room = nil
	return &q.items[len(q.items)-1]
}

// Begin returns octets at the end of the queue, for an encoder to append to.
// What it appended is in the queue with Commit, and forgotten without it.
func (q *Queue) Begin() []byte { return q.tail().bytes }

// Commit puts what was appended to the octets of Begin into the queue.
func (q *Queue) Commit(b []byte) {
	it := q.tail()
	q.own += len(b) - len(it.bytes)
	it.bytes = b
}

// Append queues octets, which are copied.
func (q *Queue) Append(p []byte) { q.Commit(append(q.Begin(), p...)) }

// AppendString queues octets.
func (q *Queue) AppendString(s string) { q.Commit(append(q.Begin(), s...)) }

// AppendReader queues n octets of r. The queue never reads r; it closes it once,
// if it is an io.Closer, when the octets were written or dropped.
func (q *Queue) AppendReader(r io.Reader, n int64) {
	closer, _ := r.(io.Closer)
	q.items = append(q.items, queued{reader: r, closed: closer, n: n})
	q.large++
}

// AppendPushed queues n octets that Push will give.
func (q *Queue) AppendPushed(n int64) {
	q.items = append(q.items, queued{pushed: true, n: n})
	q.large++
}

// AppendList queues what l encodes. The first piece is encoded at once, and an
// error of it leaves the queue as it was.
func (q *Queue) AppendList(l Lister) error {
	b, done, err := l.Append(q.Begin(), queueList)
	if err != nil {
		return err
	}
	q.Commit(b)
	if !done {
		q.items = append(q.items, queued{list: l})
		q.large++
	}
	return nil
}

// A QueueMark is a state of a queue, to which Restore goes back.
type QueueMark struct{ items, tail, own, large int }

// Mark returns the state of the queue.
func (q *Queue) Mark() QueueMark {
	m := QueueMark{items: len(q.items), own: q.own, large: q.large}
	if m.items > q.head {
		m.tail = len(q.items[m.items-1].bytes)
	}
	return m
}

// Restore takes back what was queued since m, if nothing was written since.
// Readers in it are not closed: they belong to the caller again.
func (q *Queue) Restore(m QueueMark) {
	clear(q.items[m.items:])
	q.items, q.own, q.large = q.items[:m.items], m.own, m.large
	if m.items > q.head {
		it := &q.items[m.items-1]
		it.bytes = it.bytes[:m.tail]
	}
}

// drop forgets the first item.
func (q *Queue) drop() {
	it := &q.items[q.head]
	if it.closed != nil {
		it.closed.Close()
	}
	if it.large() {
		q.large--
	} else if cap(it.bytes) <= max(q.keep, queueRoom) {
		q.room = it.bytes[:0]
	}
	*it = queued{}
	q.head++
	if q.head == len(q.items) {
		q.head = 0
		if q.items = q.items[:0]; cap(q.items) > queueItems {
			q.items = nil
		}
	}
}

// Front returns what is to be written next. It is empty when the queue is, and
// when it is Starved.
func (q *Queue) Front() Segment {
	for q.head < len(q.items) {
		it := &q.items[q.head]
		switch {
		case it.off < len(it.bytes):
			return Segment{Bytes: it.bytes[it.off:]}
		case it.reader != nil && it.n > 0:
			return Segment{Reader: it.reader, N: it.n}
		case it.pushed && it.n > 0:
			return Segment{}
		case it.list != nil:
			// An error comes with the first piece, which is long written.
			b, done, _ := it.list.Append(it.bytes, queueList)
			it.bytes = b
			q.own += len(b)
			if done {
				q.large--
				it.list = nil
			}
			continue
		}
		q.drop()
	}
	return Segment{}
}

// Advance takes up to n octets off the front, and returns how many.
func (q *Queue) Advance(n int64) (taken int64) {
	for taken < n && q.head < len(q.items) {
		it := &q.items[q.head]
		left := n - taken
		switch {
		case it.off < len(it.bytes):
			k := int(min(left, int64(len(it.bytes)-it.off)))
			it.off += k
			q.own -= k
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
			q.drop()
		}
	}
	return taken
}

// compact gives up what was written, so that a queue which is never quite empty
// does not grow.
func (it *queued) compact() {
	if left := len(it.bytes) - it.off; left <= it.off {
		copy(it.bytes, it.bytes[it.off:])
		it.bytes, it.off = it.bytes[:left], 0
	}
}

// Push gives octets to the first pushed body that is not complete, and returns
// how many were taken: fewer than len(p) when the queue holds as much of a
// body as it may, or when the body ends. Without such a body it is ErrNotNow.
func (q *Queue) Push(p []byte) (int, error) {
	for i := q.head; i < len(q.items); i++ {
		it := &q.items[i]
		if !it.pushed || it.n == 0 {
			continue
		}
		n := int(min(int64(len(p)), it.n, int64(max(0, queuePush-len(it.bytes)))))
		it.bytes = append(it.bytes, p[:n]...)
		it.n -= int64(n)
		q.own += n
		return n, nil
	}
	return 0, ErrNotNow
}

// Unpushed returns how many octets Push still has to give to the first pushed
// body that is not complete; 0 when there is none.
func (q *Queue) Unpushed() int64 {
	for i := q.head; i < len(q.items); i++ {
		if it := &q.items[i]; it.pushed && it.n > 0 {
			return it.n
		}
	}
	return 0
}

// Fill puts spaces in the place of what Push has not given: for a body that the
// peer has refused and drops, but has to be sent.
func (q *Queue) Fill() {
	for i := q.head; i < len(q.items); i++ {
		if it := &q.items[i]; it.pushed && it.n > 0 {
			// The item has one kind from now on, and its octets come first.
			it.pushed, it.reader = false, spaces{}
		}
	}
}

// spaces is a reader of as many spaces as are asked for.
type spaces struct{}

func (spaces) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = ' '
	}
	return len(p), nil
}

// Starved reports whether the front waits for a Push.
func (q *Queue) Starved() bool {
	if q.head == len(q.items) {
		return false
	}
	it := &q.items[q.head]
	return it.pushed && len(it.bytes) == 0 && it.n > 0
}

// Empty reports whether nothing is queued.
func (q *Queue) Empty() bool { return q.head == len(q.items) }

// Own returns the octets of the queue's own memory in it.
func (q *Queue) Own() int { return q.own }

// Large returns how many bodies and lists are in the queue.
func (q *Queue) Large() int { return q.large }

// Discard empties the queue and closes its readers.
func (q *Queue) Discard() {
	for !q.Empty() {
		q.drop()
	}
	q.own = 0
}
