package imapserver

import (
	"errors"
	"io"
	"time"

	"github.com/mailwire/mailwire/imapwire"
	"github.com/mailwire/mailwire/imapwire/engine"
	"github.com/mailwire/mailwire/imapwire/imap"
)

// ErrRefused is the reason of an [Abandoned] that the application caused.
var ErrRefused = errors.New("imapserver: refused by the application")

// The timers of a Conn.
const (
	timerIdle    = iota // login, later idleness
	timerCommand        // a command that has begun
	timerLiteral        // a literal that has been announced
	timerOutput         // output that waits
)

// A Conn is the server's half of one conversation. Its methods are of four
// kinds, and called in this order: Feed, FeedEOF and Expire bring in the network
// and the clock; Next, Want and Deadline say what follows from it; Send, Done,
// Accept, Refuse, Challenge, Push, Yield, Upgraded … answer; Output, Advance and
// Flush write.
//
// A mistake of the caller is an error, and nothing changes.
type Conn struct {
	opt    Options
	lim    imapwire.Limits
	framer imapwire.Framer
	parser imapwire.Parser
	out    output
	timers engine.Timers
	stats  engine.Stats

	now     time.Time
	state   State
	sec     engine.Security
	enabled imap.Capabilities
	caps    capabilityCache

	events []Event
	lastID engine.ID
	// cur is the command in progress; its id is zero between commands.
	cur   inProgress
	yield engine.ID // of the command that waits for its turn

	bad     int  // malformed commands in a row
	seen    bool // a first line has come
	upgrade engine.Layer
	closed  bool
	fed     bool // the framer has input that it has not used up
}

// inProgress is a command that is not answered.
type inProgress struct {
	id   engine.ID
	tag  string
	verb string
	gate gate
	// wait says what the command waits for.
	wait waiting
	// utf8: the message of an APPEND that is streamed stands in UTF8 (…).
	utf8    bool
	nonSync bool
	index   int // messages of an APPEND announced so far
	steps   int // of a SASL exchange
	broken  bool
}

type waiting uint8

const (
	waitApp      waiting = iota // the application's answer
	waitDecision                // Accept or Refuse
	waitBody                    // octets of a message, or what follows it
	waitLine                    // a line of a SASL exchange, or DONE
)

// New returns a Conn for a client that just connected. The greeting is queued.
// The error is about options that contradict each other.
func New(now time.Time, opt Options) (*Conn, error) {
	lim, err := opt.Limits.WithDefaults()
	if err != nil {
		return nil, err
	}
	c := &Conn{opt: opt, lim: lim, now: now, sec: opt.Security, state: StateNotAuthenticated}
	greeting := imapwire.StatusCondition{Condition: imapwire.OK, Text: opt.Greeting}
	if greeting.Text == "" {
		greeting.Text = "mailwire ready"
	}
	if opt.PreAuth {
		c.state, greeting.Condition = StateAuthenticated, imapwire.PREAUTH
	}
	c.setBounds()
	greeting.Code = &imapwire.CodeCapability{Capabilities: c.capabilities()}
	if err := c.out.send(&imapwire.StatusResponse{StatusCondition: greeting}); err != nil {
		return nil, err
	}
	c.queued()
	c.restIdle()
	return c, nil
}

// setBounds makes framer and parser obey the limits of the state.
func (c *Conn) setBounds() {
	b := c.lim.Command(c.state != StateNotAuthenticated)
	c.framer.SetBounds(b)
	c.parser.Bounds = b
}

// restIdle starts the time of login, or of idleness, anew.
func (c *Conn) restIdle() {
	if c.state == StateNotAuthenticated {
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
	if len(c.events) > 0 || c.Want() != engine.WantInput {
		return engine.ErrBusy
	}
	c.now = now
	if len(p) == 0 {
		return nil
	}
	if err := c.framer.Feed(p); err != nil {
		return err
	}
	c.fed = true
	c.restIdle()
	return nil
}

// FeedEOF says that no more input comes.
func (c *Conn) FeedEOF(now time.Time) {
	c.now = now
	c.end(io.EOF)
}

// Expire says what time it is. When a deadline has passed, the conversation ends
// with BYE. Early and repeated calls are harmless.
func (c *Conn) Expire(now time.Time) {
	c.now = now
	if c.closed {
		return
	}
	i, ok := c.timers.Expired(now)
	if !ok {
		return
	}
	if i != timerOutput {
		// A client that does not read will not read this either.
		c.bye(nil, [...]string{"idle for too long", "that command took too long", "that literal took too long"}[i])
	}
	c.end(engine.ErrTimeout)
}

// Deadline returns when Expire is due; zero is never.
func (c *Conn) Deadline() time.Time { return c.timers.Next() }

// Want says what the Conn waits for, once Next has returned nil.
func (c *Conn) Want() engine.Want {
	switch {
	case c.closed:
		return engine.WantNothing
	case c.upgrade != 0 && c.out.empty():
		return engine.WantUpgrade
	case c.upgrade != 0, c.yield != 0:
		return engine.WantDrain
	case c.cur.id != 0 && c.cur.wait == waitDecision:
		return engine.WantDecision
	case c.cur.id != 0 && c.cur.wait == waitApp:
		return engine.WantAnswer
	case c.Full():
		return engine.WantDrain
	}
	return engine.WantInput
}

// Next returns the next event, or nil when there is none: Want says why.
func (c *Conn) Next() Event {
	for {
		if len(c.events) > 0 {
			ev := c.events[0]
			if c.events = c.events[1:]; len(c.events) == 0 {
				c.events = nil
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
		f := c.framer.Next()
		c.stats.BytesRetained = int64(c.framer.Retained())
		c.stats.MaxRetained = max(c.stats.MaxRetained, int64(c.framer.MaxRetained()))
		if f.Kind == imapwire.FrameNone {
			c.fed = false
			c.setCommandTime()
			return nil
		}
		c.frame(f)
	}
}

// setCommandTime runs the timer of a command or literal that is not complete.
func (c *Conn) setCommandTime() {
	switch {
	case c.cur.id != 0 && c.cur.wait == waitBody:
		c.timers.Clear(timerCommand)
		c.timers.Set(timerLiteral, c.now.Add(c.lim.LiteralTime))
	case c.framer.Partial():
		if c.timers[timerCommand].IsZero() {
			c.timers.Set(timerCommand, c.now.Add(c.lim.CommandTime))
		}
		if !c.timers[timerLiteral].IsZero() {
			c.timers.Set(timerLiteral, c.now.Add(c.lim.LiteralTime))
		}
	default:
		c.timers.Clear(timerCommand)
		c.timers.Clear(timerLiteral)
	}
}

func (c *Conn) event(ev Event) { c.events = append(c.events, ev) }

// end ends the conversation. What is queued may still be written.
func (c *Conn) end(err error) {
	if c.closed {
		return
	}
	if c.cur.id != 0 && c.cur.verb == "APPEND" && c.cur.wait != waitApp {
		why := err
		if errors.Is(err, io.EOF) {
			why = engine.ErrClosed
		}
		c.abandon(why)
	}
	c.closed, c.state, c.fed = true, StateLogout, false
	c.cur, c.yield, c.upgrade = inProgress{}, 0, 0
	c.timers = engine.Timers{}
	if !c.out.empty() {
		c.timers.Set(timerOutput, c.now.Add(c.lim.OutputTime))
	}
	c.event(&Closed{Err: err})
}

// bye queues * BYE.
func (c *Conn) bye(code imapwire.Code, text string) {
	c.out.send(&imapwire.StatusResponse{StatusCondition: imapwire.StatusCondition{Condition: imapwire.BYE, Code: code, Text: text}})
	c.queued()
}

// Bye says goodbye to the client, and ends the conversation without an error.
func (c *Conn) Bye(code imapwire.Code, text string) {
	if c.closed {
		return
	}
	c.bye(code, text)
	c.end(nil)
}

// Close drops what is queued and closes the readers in it. It is for the moment
// at which nothing more can be written.
func (c *Conn) Close() {
	c.end(engine.ErrClosed)
	c.out.discard()
	c.countQueue()
}

// Send queues untagged responses, encoded before it returns; readers and lists
// are read as they drain. An EXPUNGE or VANISHED at a time when [Conn.MayExpunge]
// is false is [engine.ErrNotNow]; a response that can not be encoded is an error.
// Responses before it are queued, it and those after it are not.
func (c *Conn) Send(rs ...imapwire.Response) error {
	if c.closed {
		return engine.ErrClosed
	}
	defer c.queued()
	for _, r := range rs {
		switch r := r.(type) {
		case *imapwire.ExpungeData:
			if !c.MayExpunge() {
				return engine.ErrNotNow
			}
		case *imapwire.VanishedData:
			if !r.Earlier && !c.MayExpunge() {
				return engine.ErrNotNow
			}
		case *imapwire.StatusResponse:
			if r.Tag != "" {
				return errors.New("imapserver: a tagged response is sent with Done")
			}
		}
		if err := c.out.send(r); err != nil {
			return err
		}
		c.stats.Steps++
	}
	return nil
}

// Done ends the command id with its tagged response, and changes the state as
// the command and its outcome ask. A login that succeeded without a code tells
// the capabilities.
func (c *Conn) Done(id engine.ID, s imapwire.StatusCondition) error {
	if c.closed {
		return engine.ErrClosed
	}
	if id == 0 || id != c.cur.id || c.cur.wait != waitApp {
		return engine.ErrUnknownID
	}
	if s.Condition != imapwire.OK && s.Condition != imapwire.NO && s.Condition != imapwire.BAD {
		return errors.New("imapserver: a command ends with OK, NO or BAD")
	}
	if c.cur.broken {
		s = imapwire.StatusCondition{Condition: imapwire.BAD, Text: "expected DONE"}
	}
	next := c.state.after(c.cur.verb, s.Condition)
	login := c.state == StateNotAuthenticated && next != c.state
	if login {
		c.state = next
		if s.Code == nil {
			s.Code = &imapwire.CodeCapability{Capabilities: c.capabilities()}
		}
	}
	if err := c.out.send(&imapwire.StatusResponse{Tag: c.cur.tag, StatusCondition: s}); err != nil {
		if login {
			c.state = StateNotAuthenticated
		}
		return err
	}
	c.queued()
	c.state = next
	if login {
		c.setBounds()
		c.restIdle()
	}
	c.cur, c.yield = inProgress{}, 0
	return nil
}

// Yield stops the command id until Resume: until there is room in the queue, or
// at once when there is.
func (c *Conn) Yield(id engine.ID) {
	if id != 0 && id == c.cur.id && !c.closed {
		c.yield = id
	}
}

// Push gives a piece of a content that was announced as pushed, and returns how
// much was taken: n < len(p) means that the queue is full. Without such a
// content it is [engine.ErrNotNow].
func (c *Conn) Push(p []byte) (n int, err error) {
	if c.closed {
		return 0, engine.ErrClosed
	}
	n, err = c.out.push(p)
	c.queued()
	return n, err
}

// Deselect says that the selected mailbox is not there any more; the client has
// been told by * OK [CLOSED].
func (c *Conn) Deselect() {
	if c.state == StateSelected {
		c.state = StateAuthenticated
	}
}

// State returns where the conversation stands.
func (c *Conn) State() State { return c.state }

// Enabled reports whether the client has enabled a capability.
func (c *Conn) Enabled(x imap.Capability) bool { return c.enabled.Has(x) }

// UTF8 reports whether mailbox names and quoted strings are UTF-8: IMAP4rev2 or
// UTF8=ACCEPT is enabled.
func (c *Conn) UTF8() bool { return c.out.utf8 }

// Idling reports whether an IDLE is in progress.
func (c *Conn) Idling() bool { return c.cur.id != 0 && c.cur.verb == "IDLE" }

// Security returns what is known of the transport.
func (c *Conn) Security() engine.Security { return c.sec }

// Stats returns the counters.
func (c *Conn) Stats() engine.Stats {
	s := c.stats
	s.BytesIn = c.framer.BytesIn()
	s.Steps += c.framer.Steps() + c.parser.Steps
	s.MaxDepth = c.parser.MaxDepth
	return s
}
