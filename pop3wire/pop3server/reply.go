package pop3server

import (
	"errors"
	"io"

	"github.com/mailwire/mailwire/imapwire/engine"
	"github.com/mailwire/mailwire/pop3wire"
)

// inProgress says what is wrong with an answer to the command id, when it is
// not the one that waits for it.
func (c *Conn) inProgress(id engine.ID) error {
	switch {
	case c.closed:
		return engine.ErrClosed
	case id == 0 || id != c.cur.id || c.cur.line:
		return engine.ErrUnknownID
	}
	return nil
}

// first says what is wrong with a first line for the command id.
func (c *Conn) first(id engine.ID) error {
	if err := c.inProgress(id); err != nil {
		return err
	}
	if c.cur.multi {
		return errors.New("pop3server: a multi-line response is open")
	}
	return nil
}

// Done ends the command id with its status, and changes the state as the command
// and its outcome ask. Text that is too long is cut, and what the client may not
// be told, because it is beyond ASCII, is replaced.
func (c *Conn) Done(id engine.ID, s pop3wire.Status) error {
	if err := c.first(id); err != nil {
		return err
	}
	was := c.text8
	c.text8 = c.textAfter(s.OK)
	s.Text = c.fit(s)
	b, err := pop3wire.AppendStatus(c.out.buf, s)
	if err != nil {
		c.text8 = was
		return err
	}
	c.out.buf = b
	c.complete(s.OK)
	return nil
}

// Answer ends the command id with +OK and a listing as its text: a
// [*pop3wire.DropListing] for STAT, a [*pop3wire.ScanListing] for LIST with a
// number, a [*pop3wire.UniqueID] for UIDL with one, a [*pop3wire.Language] for
// LANG with a range.
func (c *Conn) Answer(id engine.ID, l pop3wire.Line) error {
	if err := c.first(id); err != nil {
		return err
	}
	b, err := pop3wire.AppendAnswer(c.out.buf, l)
	if err != nil {
		return err
	}
	c.out.buf = b
	c.text8 = c.textAfter(true)
	c.complete(true)
	return nil
}

// textAfter reports whether texts are UTF-8 from the answer to the command in
// progress on.
func (c *Conn) textAfter(ok bool) bool {
	if lang, is := c.cur.cmd.(*pop3wire.Lang); ok && is && lang.Range != "" {
		return true
	}
	return c.text8 || ok && c.cur.verb == "UTF8"
}

// complete draws the conclusions of an answer that is queued.
func (c *Conn) complete(ok bool) {
	cur := c.cur
	was := c.state
	c.state = was.after(cur.verb, ok)
	c.answered()
	if cur.verb == "UTF8" && ok {
		c.utf8 = true
		c.capa = nil // of STLS
	}
	switch {
	case c.state == StateClosed:
		c.bad = 0
		c.end(nil)
	case c.state != was:
		c.capa, c.bad = nil, 0
		c.lines = engine.Lines{Max: c.lim.Line}
		c.restIdle()
	case cur.unknown && !ok:
		c.mistake()
	default:
		c.bad = 0
	}
}

// A Body is the message that RETR or TOP sends.
type Body struct {
	// Reader gives the octets of the message as they are stored. The engine
	// reads it while the output drains, and closes it exactly once, when it
	// is done with it or when the Conn ends.
	Reader io.ReadCloser
	// Size is how many octets are read from Reader: those of the message as it
	// is stored, not of its wire form.
	Size int64
	// Top: only the header and Lines lines of the body are sent, as TOP asks.
	// What follows is not read.
	Top   bool
	Lines int64
}

// Body ends the command id, RETR or TOP, with a message. s is +OK. The command
// is done with it, and Full is true until the message is written. With an error
// the reader stays the caller's.
func (c *Conn) Body(id engine.ID, s pop3wire.Status, b Body) error {
	switch {
	case b.Reader == nil:
		return errors.New("pop3server: a body without a reader")
	case b.Size < 0 || b.Lines < 0:
		return errors.New("pop3server: a body of a negative size, or number of lines")
	}
	if err := c.Begin(id, s); err != nil {
		return err
	}
	c.out.body = &body{reader: b.Reader, left: b.Size, stuff: pop3wire.Stuffer{Top: b.Top, Lines: b.Lines}}
	c.complete(true)
	return nil
}

// Begin begins a multi-line response to the command id. s is +OK. Send or Push
// go on with it, and End ends it; nothing else may be said before. Only Close or
// Bye give it up.
func (c *Conn) Begin(id engine.ID, s pop3wire.Status) error {
	if err := c.first(id); err != nil {
		return err
	}
	switch {
	case !s.OK:
		return errors.New("pop3server: a multi-line response is positive")
	case c.cur.verb == "QUIT" || gates[c.cur.verb].login:
		return errors.New("pop3server: " + c.cur.verb + " has no multi-line response")
	}
	s.Text = c.fit(s)
	b, err := pop3wire.AppendStatus(c.out.buf, s)
	if err != nil {
		return err
	}
	c.out.buf = b
	c.cur.multi = true
	c.queued()
	return nil
}

// open says what is wrong with going on with a multi-line response.
func (c *Conn) open(id engine.ID) error {
	if err := c.inProgress(id); err != nil {
		return err
	}
	if !c.cur.multi {
		return errors.New("pop3server: no multi-line response is open")
	}
	return nil
}

// Send queues lines of the multi-line response to the command id: all of them
// or, with an error, none. A long listing asks Full between pieces and calls
// Yield.
func (c *Conn) Send(id engine.ID, lines ...pop3wire.Line) error {
	if err := c.open(id); err != nil {
		return err
	}
	if c.cur.pushed {
		return errors.New("pop3server: lines in a message that is pushed")
	}
	b := c.out.buf
	for _, l := range lines {
		var err error
		if b, err = pop3wire.AppendLine(b, l); err != nil {
			return err
		}
	}
	c.out.buf = b
	c.cur.lines = true
	c.stats.Steps += int64(len(lines))
	c.queued()
	return nil
}

// Push gives a piece of a message, as it is stored, to the multi-line response
// that is open, and returns how much was taken: n < len(p) means that the queue
// is full. It is for messages whose size is not known, or that come from
// elsewhere; the others are a [Body]. Without such a response it is
// [engine.ErrNotNow].
func (c *Conn) Push(p []byte) (n int, err error) {
	switch {
	case c.closed:
		return 0, engine.ErrClosed
	case !c.cur.multi || c.cur.lines:
		return 0, engine.ErrNotNow
	}
	c.cur.pushed = true
	n = min(len(p), max(0, (pushRoom-c.out.len())/2))
	c.out.buf, _ = c.cur.stuff.Append(c.out.buf, p[:n])
	c.queued()
	return n, nil
}

// End ends the multi-line response to the command id, and with it the command.
func (c *Conn) End(id engine.ID) error {
	if err := c.open(id); err != nil {
		return err
	}
	if c.cur.pushed {
		c.out.buf = c.cur.stuff.Close(c.out.buf)
	} else {
		c.out.buf = append(c.out.buf, pop3wire.Terminator...)
	}
	c.complete(true)
	return nil
}

// Yield stops the command id until Resume: until there is room in the queue, or
// at once when there is.
func (c *Conn) Yield(id engine.ID) {
	if id != 0 && id == c.cur.id && !c.closed {
		c.yield = id
	}
}
