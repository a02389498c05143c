package pop3server

import (
	"errors"
	"io"
	"time"

	"github.com/mailwire/mailwire/imapwire/engine"
	"github.com/mailwire/mailwire/pop3wire"
)

// How the queue works
//
// The queue is octets, and behind them at most one body. Everything that is
// said goes into the octets; while there is a body nothing is said but the last
// words of a conversation, which wait in tail. Octets of the body are read when
// those before it have been written, or so few are left that both make one
// write.
//
//	buf[off:]                      body                     tail
//	[octets]                       [reader: left octets]    [last words]
//	 ↑ front, advance   read ←──────┘
type output struct {
	buf  []byte
	off  int // octets of buf that were written
	body *body
	tail []byte
	// err is why the body could not be sent.
	err error
}

// A body is a message that is read while it is written.
type body struct {
	reader  io.ReadCloser
	left    int64
	stuff   pop3wire.Stuffer
	scratch []byte // what is read, nil before the first time
	err     error  // of the reader, behind octets that it gave with it
}

const (
	// bodyPiece is how much of a body is read at once; what it becomes is at
	// most twice as much.
	bodyPiece = 16 << 10
	// bodyHead is how many octets before a body share their write with it.
	bodyHead = 1 << 10
	// pushRoom is how much of a pushed body is held.
	pushRoom = 32 << 10
	// roomSize is how much of a drained buffer is kept.
	roomSize = 512
)

func (o *output) len() int { return len(o.buf) - o.off }

func (o *output) empty() bool { return o.len() == 0 && o.body == nil }

// front returns what is to be written next. An error is of the body, which can
// not be sent then.
func (o *output) front() ([]byte, error) {
	if o.body != nil && (o.len() == 0 || o.body.scratch == nil && o.len() <= bodyHead) {
		if err := o.fill(); err != nil {
			return nil, err
		}
	}
	return o.buf[o.off:], nil
}

// fill reads some of the body.
func (o *output) fill() error {
	b := o.body
	if b.scratch == nil {
		n := int(max(1, min(b.left, bodyPiece)))
		room := make([]byte, bodyHead+2*n+len("\r\n")+len(pop3wire.Terminator)+n)
		at := len(room) - n
		b.scratch = room[at:]
		o.buf, o.off = append(room[:0:at], o.buf[o.off:]...), 0
	} else {
		o.buf, o.off = o.buf[:0], 0
	}
	done := b.left == 0
	for idle := 0; !done; idle++ {
		if b.err != nil {
			return b.err
		}
		p := b.scratch[:min(b.left, int64(len(b.scratch)))]
		n, err := b.reader.Read(p)
		switch {
		case n < 0 || n > len(p):
			return errors.New("pop3server: a reader returned an impossible count")
		case err == io.EOF:
			b.err = io.ErrUnexpectedEOF
		case err != nil:
			b.err = err
		case n == 0 && idle > 100:
			return io.ErrNoProgress
		}
		if n == 0 {
			continue
		}
		b.left -= int64(n)
		o.buf, done = b.stuff.Append(o.buf, p[:n])
		if done = done || b.left == 0; !done {
			return nil
		}
	}
	o.buf = append(b.stuff.Close(o.buf), o.tail...)
	o.body, o.tail = nil, nil
	// Nothing depends on what closing a file that was only read says.
	_ = b.reader.Close()
	return nil
}

// advance takes up to n octets off the front, and returns how many.
func (o *output) advance(n int64) int64 {
	k := int(max(0, min(n, int64(o.len()))))
	o.off += k
	switch left := o.len(); {
	case left == 0 && o.body == nil && cap(o.buf) > roomSize:
		o.buf, o.off = nil, 0
	case left <= o.off:
		// A queue which is never quite empty must not grow.
		copy(o.buf, o.buf[o.off:])
		o.buf, o.off = o.buf[:left], 0
	}
	return int64(k)
}

// discard closes what is queued and forgets it.
func (o *output) discard() {
	if o.body != nil {
		_ = o.body.reader.Close()
	}
	*o = output{err: o.err}
}

// Full reports whether so much is queued that a command should stop for a
// while: three quarters of Limits.Output octets, or a body. Whoever asks before
// each line stays within Limits.Output.
func (c *Conn) Full() bool {
	limit := c.lim.Output
	if c.state == StateAuthorization {
		limit = c.lim.OutputPreAuth
	}
	return c.out.body != nil || c.out.len() >= limit-limit/4
}

// Output returns the front of the output queue, always octets of the engine's. It
// reads the reader of a [Body] when it comes to that. When the reader fails, or
// has too little, the conversation is over, what is left of the queue is
// dropped, and Output returns nothing: the client must not take what it got for
// the message, so no terminator may follow.
func (c *Conn) Output() engine.Segment {
	b, err := c.out.front()
	if err != nil {
		c.end(err)
		c.out.err = err
		c.dropOutput()
		return engine.Segment{}
	}
	c.countQueue()
	return engine.Segment{Bytes: b}
}

// Advance says that n octets of the output were written. Zero changes nothing:
// the time in which some of it has to be written runs on.
func (c *Conn) Advance(now time.Time, n int64) {
	c.now = now
	if n = c.out.advance(n); n == 0 {
		return
	}
	c.stats.BytesOut += n
	if c.out.empty() {
		c.timers.Clear(timerOutput)
	} else {
		c.timers.Set(timerOutput, now.Add(c.lim.OutputTime))
	}
	if !c.closed && c.state != StateAuthorization {
		// A client that takes what it asked for is not idle.
		c.restIdle()
	}
	c.countQueue()
}

// Flush writes what is queued to w. The error is that of w, or of a body that
// could not be sent, see Output.
func (c *Conn) Flush(now time.Time, w io.Writer) error {
	for {
		s := c.Output()
		if s.Empty() {
			err := c.out.err
			c.out.err = nil
			return err
		}
		n, err := w.Write(s.Bytes)
		c.Advance(now, int64(n))
		if err != nil {
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
	if c.timers[timerOutput].IsZero() && !c.out.empty() {
		c.timers.Set(timerOutput, c.now.Add(c.lim.OutputTime))
	}
}

func (c *Conn) countQueue() {
	c.stats.QueuedOut = int64(c.out.len())
	c.stats.MaxQueuedOut = max(c.stats.MaxQueuedOut, c.stats.QueuedOut)
}
