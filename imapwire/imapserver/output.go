package imapserver

import (
	"errors"
	"io"
	"strings"
	"time"

	"github.com/mailwire/mailwire/imapwire"
	"github.com/mailwire/mailwire/imapwire/engine"
)

// An output is the queue, and what decides how responses are written.
type output struct {
	engine.Queue
	utf8 bool
	// open is the number of the message of a FETCH response that is not
	// complete: nothing else may come before its end.
	open uint32
}

// An outputMark is a state to which restore goes back.
type outputMark struct {
	queue engine.QueueMark
	open  uint32
}

func (o *output) mark() outputMark { return outputMark{o.Mark(), o.open} }

func (o *output) restore(m outputMark) {
	o.Restore(m.queue)
	o.open = m.open
}

// shortSearch is how many numbers make no list.
const shortSearch = 64

// send queues a response. On an error the caller has to restore the queue.
func (o *output) send(r imapwire.Response) error {
	opt := imapwire.ResponseOptions{UTF8: o.utf8}
	if f, ok := r.(*imapwire.FetchData); ok {
		return o.fetch(f)
	}
	if o.open != 0 {
		return engine.ErrNotNow
	}
	switch r := r.(type) {
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
		return o.whole(r, opt)
	}
	if list, ok := imapwire.NewListEncoder(r, opt); ok {
		return o.AppendList(list)
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
	b, err := imapwire.AppendResponse(o.Begin(), r, opt)
	if err != nil {
		return err
	}
	o.Commit(b)
	return nil
}

func (o *output) fetch(f *imapwire.FetchData) error {
	if more := f.Part == imapwire.FetchMiddle || f.Part == imapwire.FetchLast; more != (o.open != 0) || more && f.Num != o.open {
		return engine.ErrNotNow
	}
	b := o.Begin()
	before := len(b)
	b, bodies, err := imapwire.EncodeFetch(b, f, imapwire.ResponseOptions{UTF8: o.utf8})
	if err != nil {
		return err
	}
	switch f.Part {
	case imapwire.FetchFirst:
		o.open = f.Num
	case imapwire.FetchLast:
		o.open = 0
	}
	if len(bodies) == 0 {
		o.Commit(b)
		return nil
	}
	at := before + bodies[0].At
	rest := append([]byte(nil), b[at:]...)
	o.Commit(b[:at])
	for i, body := range bodies {
		switch n := body.Octets(); {
		case body.Content.Pushed:
			o.AppendPushed(n)
		case body.Content.Reader != nil:
			o.AppendReader(body.Content.Reader, n)
		default:
			o.AppendReader(strings.NewReader(body.Content.Data), n)
		}
		from, to := body.At-bodies[0].At, len(rest)
		if i+1 < len(bodies) {
			to = bodies[i+1].At - bodies[0].At
		}
		o.Append(rest[from:to])
	}
	return nil
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
	return c.out.Large() > 0 || c.out.Own() >= limit-limit/4
}

// Output returns the front of the output queue. A segment with a reader that
// can not give its octets, whatever the reason, is the end of what can be
// written: call [Conn.Close] then.
func (c *Conn) Output() engine.Segment {
	s := c.out.Front()
	c.countQueue()
	return s
}

// Advance says that n octets of the output were written. Zero changes nothing:
// the time in which some of it has to be written runs on.
func (c *Conn) Advance(now time.Time, n int64) {
	c.now = now
	if n = c.out.Advance(n); n == 0 {
		return
	}
	c.stats.BytesOut += n
	if c.out.Front().Empty() {
		// Nothing to write, or nothing until Push.
		c.timers.Clear(timerOutput)
		c.restOutput()
	} else {
		c.timers.Set(timerOutput, now.Add(c.lim.OutputTime))
	}
	if !c.closed && c.state != StateNotAuthenticated && !c.Idling() {
		// A client that takes what it asked for is not idle.
		c.restIdle()
	}
	c.countQueue()
}

// restOutput gives up the buffer of the output when nothing is queued, no input is
// left and the application owes no answer: only the client can go on.
func (c *Conn) restOutput() {
	if c.out.Empty() && !c.fed && (c.cur.id == 0 || c.cur.wait != waitApp) {
		c.out.Rest()
	}
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
	c.out.Discard()
	c.timers.Clear(timerOutput)
	c.countQueue()
}

// queued keeps the time and the counters after something was queued.
func (c *Conn) queued() {
	c.countQueue()
	if c.timers[timerOutput].IsZero() && !c.out.Empty() && !c.out.Starved() {
		c.timers.Set(timerOutput, c.now.Add(c.lim.OutputTime))
	}
}

func (c *Conn) countQueue() {
	c.stats.QueuedOut = int64(c.out.Own())
	c.stats.MaxQueuedOut = max(c.stats.MaxQueuedOut, c.stats.QueuedOut)
}
