package pop3server

import (
	"bytes"
	"errors"
	"io"
	"time"

	"github.com/mailwire/mailwire/imapwire/engine"
	"github.com/mailwire/mailwire/pop3wire"
)

// The timers of a Conn.
const (
	timerIdle    = iota // login, later idleness
	timerCommand        // a line that is not complete
	timerOutput         // output that waits
)

// A Conn is the server's half of one conversation. Its methods are of five
// kinds, and called in this order:
//
//	from the network and the clock   Feed, FeedEOF, Expire
//	to the application               Next, Want, Deadline
//	from the application             Done, Answer, Body, Begin, Send, Push, End, Challenge,
//	                                 Yield, Upgraded, UpgradeFailed, SetCapabilities, SetMechanisms, Bye
//	to the network                   Output, Advance, Flush, and at last Close
//	at any time                      State, Full, UTF8, Security, Stats
//
// A mistake of the caller is an error, and nothing changes.
type Conn struct {
	opt    Options
	lim    pop3wire.Limits
	lines  engine.Lines
	in     []byte // input that is not used up; borrowed
	fed    bool   // there was some, and Next has not said that there is no more
	out    output
	timers engine.Timers
	stats  engine.Stats

	now   time.Time
	state State
	sec   engine.Security
	// user is the name of a USER just before, if named.
	user  string
	named bool
	// stamp is the challenge of APOP; empty where APOP is not possible.
	stamp string
	utf8  bool // UTF8 was answered +OK
	text8 bool // texts are UTF-8, because of UTF8 or LANG
	capa  []byte

	events []Event
	heard  int // of these, how many Next has returned
	lastID engine.ID
	// cur is the command in progress; its id is zero between commands.
	cur   inProgress
	yield engine.ID // of the command that waits for its turn

	head    []byte // the start of the first line
	seen    bool   // the first line has come
	partial bool   // a line has begun
	bad     int    // malformed commands in a row
	upgrade engine.Layer
	closed  bool
}

// inProgress is a command that is not answered.
type inProgress struct {
	id   engine.ID
	verb string
	cmd  pop3wire.Command
	// line: the client owes a line of a SASL exchange.
	line    bool
	steps   int // of a SASL exchange
	unknown bool
	// multi: a multi-line response is open. It has lines, or octets that are
	// pushed, and not both.
	multi, lines, pushed bool
	stuff                pop3wire.Stuffer
}

// New returns a Conn for a client that just connected. The greeting is queued.
// The error is about options that contradict each other.
func New(now time.Time, opt Options) (*Conn, error) {
	lim, err := opt.Limits.WithDefaults()
	if err != nil {
		return nil, err
	}
	if err := opt.check(); err != nil {
		return nil, err
	}
	c := &Conn{opt: opt, lim: lim, now: now, sec: opt.Security, state: StateAuthorization}
	if opt.APOP.Allows(c.sec) {
		c.stamp = opt.Timestamp
	}
	greeting := pop3wire.Greeting{Text: opt.Greeting, Timestamp: c.stamp}
	if greeting.Text == "" {
		greeting.Text = "mailwire ready"
	}
	if c.stamp != "" {
		greeting.Text += " "
	}
	if c.out.buf, err = pop3wire.AppendGreeting(nil, greeting); err != nil {
		return nil, err
	}
	c.fresh()
	c.queued()
	return c, nil
}

// fresh forgets what a client has said, on a transport that is new to it. A name
// and mistakes do not outlast the STLS before it.
func (c *Conn) fresh() {
	// A line of AUTH may be longer than a command, and which it is shows late.
	c.lines = engine.Lines{Max: c.lim.SASLLine}
	c.utf8, c.text8 = false, false
	c.capa = nil
	c.head, c.seen, c.partial = c.head[:0], false, false
	c.timers.Clear(timerIdle)
	c.restIdle()
}

// restIdle starts the time of login, or of idleness, anew.
func (c *Conn) restIdle() {
	if c.state == StateAuthorization {
		if c.timers[timerIdle].IsZero() {
			c.timers.Set(timerIdle, c.now.Add(c.lim.LoginTime))
		}
		return
	}
	c.timers.Set(timerIdle, c.now.Add(c.lim.IdleTime))
}

// Feed gives input to the Conn. p is borrowed until Next returns nil and Want is
// WantInput. At any other time Feed returns [engine.ErrBusy], and after the end
// [engine.ErrClosed]; nothing is consumed then.
func (c *Conn) Feed(now time.Time, p []byte) error {
	if c.closed {
		return engine.ErrClosed
	}
	if c.heard < len(c.events) || c.fed || c.Want() != engine.WantInput {
		return engine.ErrBusy
	}
	c.now = now
	if len(p) == 0 {
		return nil
	}
	c.in, c.fed = p, true
	c.restIdle()
	return nil
}

// FeedEOF says that no more input comes. A client that only stopped sending may
// still read what is queued.
func (c *Conn) FeedEOF(now time.Time) {
	c.now = now
	c.end(io.EOF)
}

// Expire says what time it is. When a deadline has passed, the conversation ends
// without a word (RFC 1939 §3); of a client that does not read, what is queued
// for it is dropped. Early and repeated calls are harmless.
func (c *Conn) Expire(now time.Time) {
	c.now = now
	i, ok := c.timers.Expired(now)
	switch {
	case !ok:
	case i == timerOutput:
		c.end(engine.ErrTimeout)
		c.dropOutput()
	case i == timerIdle && c.waits():
		// The client waits for us.
		c.restIdle()
	default:
		c.end(engine.ErrTimeout)
	}
}

// waits reports whether a client that is logged in waits for the application.
func (c *Conn) waits() bool { return c.state != StateAuthorization && c.cur.id != 0 }

// Deadline returns when Expire is due; zero is never.
func (c *Conn) Deadline() time.Time { return c.timers.Next() }

// Want says what the Conn waits for, once Next has returned nil. WantAnswer is
// for Done and its like, or for what goes on with a multi-line response.
func (c *Conn) Want() engine.Want {
	switch {
	case c.closed:
		return engine.WantNothing
	case c.upgrade != 0 && c.out.empty():
		return engine.WantUpgrade
	case c.upgrade != 0, c.yield != 0:
		return engine.WantDrain
	case c.cur.id != 0 && !c.cur.line:
		return engine.WantAnswer
	case c.Full():
		return engine.WantDrain
	}
	return engine.WantInput
}

// Next returns the next event, or nil when there is none: Want says why.
func (c *Conn) Next() Event {
	for {
		if c.heard < len(c.events) {
			ev := c.events[c.heard]
			c.events[c.heard] = nil
			if c.heard++; c.heard == len(c.events) {
				c.events, c.heard = c.events[:0], 0
			}
			return ev
		}
		if c.closed || c.upgrade != 0 {
			return nil
		}
		if c.yield != 0 {
			if c.Full() {
				return nil
			}
			id := c.yield
			c.yield = 0
			return &Resume{ID: id}
		}
		if c.Want() != engine.WantInput || !c.fed {
			return nil
		}
		if len(c.in) == 0 {
			c.in, c.fed = nil, false
			c.setCommandTime()
			return nil
		}
		c.cut()
	}
}

// cut takes the next line of the input.
func (c *Conn) cut() {
	c.noteHead()
	line, n, bare, ok, err := c.lines.Cut(c.in)
	// Without a line, input that ends with LF has ended one that was too long.
	c.partial = !ok && c.in[n-1] != '\n'
	c.in = c.in[n:]
	c.stats.BytesIn += int64(n)
	c.stats.Steps += int64(n)
	c.stats.BytesRetained = int64(c.lines.Retained())
	c.stats.MaxRetained = max(c.stats.MaxRetained, c.stats.BytesRetained)
	if !ok && err == nil {
		return
	}
	if !c.seen {
		if c.seen = true; foreign(c.head) {
			c.say(pop3wire.Status{Text: "this is POP3"})
			c.end(engine.ErrProtocol)
			return
		}
	}
	switch limit := (*engine.LimitError)(nil); {
	case errors.As(err, &limit):
		if c.cur.line || c.lines.Max > c.lim.Line {
			limit.Name = "SASLLine"
		}
		if c.cur.line {
			c.endSASL(limit)
			return
		}
		c.malformed("", nil, limit)
	case c.cur.line:
		c.saslLine(line, bare)
	default:
		c.command(line, bare)
	}
}

// noteHead keeps the start of the first line.
func (c *Conn) noteHead() {
	if c.seen {
		return
	}
	line, _, _ := bytes.Cut(c.in, []byte("\n"))
	c.head = append(c.head, line[:min(len(line), headSize-len(c.head))]...)
}

// setCommandTime runs the timer of a line that is not complete.
func (c *Conn) setCommandTime() {
	if !c.partial {
		c.timers.Clear(timerCommand)
	} else if c.timers[timerCommand].IsZero() {
		c.timers.Set(timerCommand, c.now.Add(c.lim.CommandTime))
	}
}

func (c *Conn) event(ev Event) { c.events = append(c.events, ev) }

// end ends the conversation. What is queued may still be written.
func (c *Conn) end(err error) {
	if c.closed {
		return
	}
	c.closed, c.state = true, StateClosed
	c.in, c.fed = nil, false
	c.cur, c.yield, c.upgrade = inProgress{}, 0, 0
	c.timers = engine.Timers{}
	c.queued()
	c.event(&Closed{Err: err})
}

// Bye ends the conversation without an error, for example when the server is
// shut down. A client whose command is not answered is answered -ERR; one that
// is between commands is told in advance, since POP3 knows no other way: the
// answer to its next command. A multi-line response that is open stays without
// its end.
func (c *Conn) Bye(code pop3wire.Code, text string) {
	if c.closed {
		return
	}
	if c.upgrade == 0 && !c.cur.multi {
		c.say(pop3wire.Status{Code: code, Text: text})
	}
	c.end(nil)
}

// Close ends the conversation if it has not ended, drops what is queued and
// closes the reader in it. It is for the moment at which nothing more can be
// written, and for an application that can not go on with a multi-line response.
// Every Conn that was sent a reader has to be closed; more than once is harmless.
func (c *Conn) Close() {
	c.end(engine.ErrClosed)
	c.dropOutput()
}

// State returns where the conversation stands.
func (c *Conn) State() State { return c.state }

// UTF8 reports whether messages may be sent as UTF-8 (RFC 6856 §2.1).
func (c *Conn) UTF8() bool { return c.utf8 }

// Security returns what is known of the transport.
func (c *Conn) Security() engine.Security { return c.sec }

// Stats returns the counters.
func (c *Conn) Stats() engine.Stats { return c.stats }
