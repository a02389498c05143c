package pop3client

import (
	"io"
	"time"

	"github.com/mailwire/mailwire/imapwire/engine"
)

// Full reports whether so much is queued that it would be wise to send no more
// for a while: Limits.Output octets. Commands that are held back do not count.
func (c *Conn) Full() bool { return c.out.Own() >= c.lim.Output }

// Output returns the front of the output queue.
func (c *Conn) Output() engine.Segment { return c.out.Front() }

// Advance says that n octets of the output were written, or are sure to be
// before anything that the server says in return is fed.
func (c *Conn) Advance(now time.Time, n int64) {
	c.now = now
	if n = c.out.Advance(n); n == 0 {
		return
	}
	c.written += n
	c.stats.BytesOut += n
	if c.out.Empty() {
		c.timers.Clear(timerOutput)
	} else {
		c.timers.Set(timerOutput, now.Add(c.lim.OutputTime))
	}
	if !c.closed {
		c.restAnswer()
	}
	c.countQueue()
}

// Flush writes what is queued to w.
func (c *Conn) Flush(now time.Time, w io.Writer) error {
	for {
		s := c.Output()
		if s.Empty() {
			return nil
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
	c.out.Discard()
	c.timers.Clear(timerOutput)
	c.countQueue()
}

// countQueue keeps the counters and the time after something was queued.
func (c *Conn) countQueue() {
	c.stats.QueuedOut = int64(c.out.Own())
	c.stats.MaxQueuedOut = max(c.stats.MaxQueuedOut, c.stats.QueuedOut)
	if !c.closed && c.timers[timerOutput].IsZero() && !c.out.Empty() {
		c.timers.Set(timerOutput, c.now.Add(c.lim.OutputTime))
	}
}
