package imapclient

import (
	"errors"
	"io"
	"time"

	"github.com/mailwire/mailwire/imapwire/engine"
)

// Full reports whether so much is queued that it would be wise to send no more
// for a while: Limits.Output octets, or one content of a message.
func (c *Conn) Full() bool { return c.out.Large() > 0 || c.out.Own() >= c.lim.Output }

// Output returns the front of the output queue. A segment with a reader that
// can not give its octets, whatever the reason, is the end of what can be
// written: call [Conn.Close] then.
func (c *Conn) Output() engine.Segment {
	s := c.out.Front()
	c.countQueue()
	return s
}

// Advance says that n octets of the output were written.
func (c *Conn) Advance(now time.Time, n int64) {
	c.now = now
	if n = c.out.Advance(n); n == 0 {
		return
	}
	c.written += n
	c.stats.BytesOut += n
	if c.out.Front().Empty() {
		c.timers.Clear(timerOutput)
	} else {
		c.timers.Set(timerOutput, now.Add(c.lim.OutputTime))
	}
	if !c.closed {
		c.restAnswer()
	}
	c.countQueue()
}

// Flush writes what is queued to w. When a reader inside an announced literal
// fails, or has too little, the conversation is over and the queue is dropped:
// the server would take whatever comes next for the rest of the literal.
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
	c.out.Discard()
	c.timers.Clear(timerOutput)
	c.countQueue()
}

// countQueue keeps the counters and the time after something was queued.
func (c *Conn) countQueue() {
	c.stats.QueuedOut = int64(c.out.Own())
	c.stats.MaxQueuedOut = max(c.stats.MaxQueuedOut, c.stats.QueuedOut)
	if !c.closed && c.timers[timerOutput].IsZero() && !c.out.Empty() && !c.out.Starved() {
		c.timers.Set(timerOutput, c.now.Add(c.lim.OutputTime))
	}
}
