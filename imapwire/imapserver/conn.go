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
	timerCommand        // a command that is not complete
	timerLiteral        // a literal that has been announced
	timerOutput         // output that waits
)

// A Conn is the server's half of one conversation. Its methods are of five
// kinds, and called in this order:
//
//	from the network and the clock   Feed, FeedEOF, Expire
//	to the application               Next, Want, Deadline
//	from the application             Send, SendFetch, Done, Accept, Refuse, Challenge, Push, Yield,
//	                                 Upgraded, UpgradeFailed, SetCapabilities, SetMechanisms,
//	                                 Deselect, Bye
//	to the network                   Output, Advance, Flush, and at last Close
//	at any time                      State, Full, MayExpunge, Enabled, UTF8, Idling, Security, Stats
//
// A mistake of the caller is an error, and nothing changes.
type Conn struct {
	opt    *Options         // shared: what is this Conn's own stands below
	lim    *imapwire.Limits // shared, too
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
	// lists and mechs are the Capabilities and Mechanisms in force.
	lists CapabilityLists
	mechs []Mechanism

	events []Event
	heard  int // of these, how many Next has returned
	lastID engine.ID
	// cur is the command in progress; its id is zero between commands.
	cur   inProgress
	yield engine.ID // of the command that waits for its turn

	bad     int  // malformed commands in a row
	seen    bool // a first line has come
	upgrade engine.Layer
	closed  bool
	fed     bool // the framer has input that it has not used up

	// before is what framers counted before this one.
	before struct{ in, steps int64 }
	// status is the tagged response that is being encoded.
	status imapwire.StatusResponse
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
	unknown bool
	// err is why the command ends with BAD, whatever the application says.
	err error
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
	t, err := NewTemplate(opt)
	if err != nil {
		return nil, err
	}
	return t.conn(now, opt.Security, opt.Mechanisms)
}

// conn is New for options that were checked.
func (t *Template) conn(now time.Time, sec engine.Security, m []Mechanism) (*Conn, error) {
	c := &Conn{
		opt: &t.opt, lim: &t.lim, lists: t.opt.Capabilities, mechs: m,
		now: now, sec: sec, state: StateNotAuthenticated,
	}
	greeting := imapwire.StatusCondition{Condition: imapwire.OK, Text: c.opt.Greeting}
	if greeting.Text == "" {
		greeting.Text = "mailwire ready"
	}
	if c.opt.PreAuth {
		c.state, greeting.Condition = StateAuthenticated, imapwire.PREAUTH
	}
	c.setBounds()
	c.out.Keep(2 * c.lim.Output)
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
	if c.heard < len(c.events) || c.fed || c.Want() != engine.WantInput {
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

// FeedEOF says that no more input comes. A client that only stopped sending may
// still read what is queued.
func (c *Conn) FeedEOF(now time.Time) {
	c.now = now
	c.end(io.EOF)
}

// Expire says what time it is. When a deadline has passed, the conversation ends
// with BYE; a client that does not read is not told, and what is queued for it
// is dropped. Early and repeated calls are harmless.
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
		c.bye(nil, [...]string{"idle for too long", "that command took too long", "that literal took too long"}[i])
		c.end(engine.ErrTimeout)
	}
}

// waits reports whether an authenticated client waits for the application.
func (c *Conn) waits() bool {
	return c.state != StateNotAuthenticated && c.cur.id != 0 && (c.cur.wait == waitApp || c.cur.wait == waitDecision)
}

// Deadline returns when Expire is due; zero is never.
func (c *Conn) Deadline() time.Time { return c.timers.Next() }

// Want says what the Conn waits for, once Next has returned nil. WantAnswer is
// for Done or Challenge, or for Push when nothing can be written before it.
func (c *Conn) Want() engine.Want {
	switch {
	case c.closed:
		return engine.WantNothing
	case c.upgrade != 0 && c.out.Empty():
		return engine.WantUpgrade
	case c.out.Starved():
		return engine.WantAnswer
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
		f := c.framer.Next()
		c.stats.BytesRetained = int64(c.framer.Retained())
		c.stats.MaxRetained = max(c.stats.MaxRetained, int64(c.framer.MaxRetained()))
		if f.Kind == imapwire.FrameNone {
			c.fed = false
			c.setCommandTime()
			c.restOutput()
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
	c.queued()
	c.event(&Closed{Err: err})
}

// bye queues * BYE, except where the next octet has to be one of TLS, or of a
// response that is not complete.
func (c *Conn) bye(code imapwire.Code, text string) {
	if c.upgrade == 0 && c.out.open == 0 {
		c.say(&imapwire.StatusResponse{StatusCondition: imapwire.StatusCondition{Condition: imapwire.BYE, Code: code, Text: text}})
	}
}

// Bye says goodbye to the client, and ends the conversation without an error.
func (c *Conn) Bye(code imapwire.Code, text string) {
	if c.closed {
		return
	}
	c.bye(code, text)
	c.end(nil)
}

// Close ends the conversation if it has not ended, drops what is queued and
// closes the readers in it. It is for the moment at which nothing more can be
// written. Every Conn that was sent a reader has to be closed; more than once is
// harmless.
func (c *Conn) Close() {
	c.end(engine.ErrClosed)
	c.dropOutput()
}

// Send queues untagged responses: all of them or, with an error, none. They are
// encoded before it returns; readers and lists are read as they drain. With an
// error the readers stay the caller's.
//
// An EXPUNGE or VANISHED at a time when [Conn.MayExpunge] is false, anything
// between an Upgrade and Upgraded, and anything but its own rest behind the
// first part of a FETCH response, is [engine.ErrNotNow]. A response that can not
// be encoded, or that Done, Challenge or Bye sends, is an error.
func (c *Conn) Send(rs ...imapwire.Response) error {
	switch {
	case c.closed:
		return engine.ErrClosed
	case c.upgrade != 0:
		return engine.ErrNotNow
	}
	for _, r := range rs {
		if err := c.maySend(r); err != nil {
			return err
		}
	}
	m := c.out.mark()
	for _, r := range rs {
		if err := c.out.send(r); err != nil {
			c.out.restore(m)
			return err
		}
	}
	c.stats.Steps += int64(len(rs))
	c.queued()
	return nil
}

// SendFetch is [Conn.Send] for one response to FETCH: for those who tell of all
// messages of a mailbox.
func (c *Conn) SendFetch(f *imapwire.FetchData) error {
	switch {
	case c.closed:
		return engine.ErrClosed
	case c.upgrade != 0:
		return engine.ErrNotNow
	}
	// Nothing is queued before all of it is encoded.
	if err := c.out.fetch(f); err != nil {
		return err
	}
	c.stats.Steps++
	c.queued()
	return nil
}

// maySend says what is wrong with sending r now.
func (c *Conn) maySend(r imapwire.Response) error {
	switch r := r.(type) {
	case *imapwire.ExpungeData:
		if !c.MayExpunge() {
			return engine.ErrNotNow
		}
	case *imapwire.VanishedData:
		if !r.Earlier && !c.MayExpunge() {
			return engine.ErrNotNow
		}
	case *imapwire.Continue:
		return errors.New("imapserver: a continuation is sent with Accept or Challenge")
	case *imapwire.StatusResponse:
		switch {
		case r.Tag != "":
			return errors.New("imapserver: a tagged response is sent with Done")
		case r.Condition == imapwire.BYE:
			return errors.New("imapserver: BYE is sent with Bye")
		case r.Condition == imapwire.PREAUTH:
			return errors.New("imapserver: PREAUTH is a greeting")
		}
	}
	return nil
}

// inProgress says what is wrong with an answer to the command id, when it is
// not the one that waits so.
func (c *Conn) inProgress(id engine.ID, wait waiting) error {
	switch {
	case c.closed:
		return engine.ErrClosed
	case id == 0 || id != c.cur.id || c.cur.wait != wait:
		return engine.ErrUnknownID
	}
	return nil
}

// Done ends the command id with its tagged response, and changes the state as
// the command and its outcome ask. A login that succeeded without a code tells
// the capabilities. An IDLE that did not end with DONE is BAD in any case.
func (c *Conn) Done(id engine.ID, s imapwire.StatusCondition) error {
	if err := c.inProgress(id, waitApp); err != nil {
		return err
	}
	if s.Condition != imapwire.OK && s.Condition != imapwire.NO && s.Condition != imapwire.BAD {
		return errors.New("imapserver: a command ends with OK, NO or BAD")
	}
	cur, was := c.cur, c.state
	if cur.err != nil {
		s = imapwire.StatusCondition{Condition: imapwire.BAD, Text: cur.err.Error()}
	}
	c.state = was.after(cur.verb, s.Condition)
	login := was == StateNotAuthenticated && c.state != was
	if login && s.Code == nil {
		s.Code = &imapwire.CodeCapability{Capabilities: c.capabilities()}
	}
	if err := c.complete(cur.tag, s); err != nil {
		c.state = was
		return err
	}
	c.reset()
	if login {
		c.setBounds()
		c.restIdle()
	}
	switch {
	case cur.err != nil:
		c.event(&Malformed{Tag: cur.tag, Raw: cur.tag + " " + cur.verb, Err: cur.err})
		c.mistake()
	case cur.unknown && s.Condition == imapwire.BAD:
		c.mistake()
	default:
		c.bad = 0
	}
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
	n, err = c.out.Push(p)
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

// Security returns what is known of the transport.
func (c *Conn) Security() engine.Security { return c.sec }

// Stats returns the counters.
func (c *Conn) Stats() engine.Stats {
	s := c.stats
	s.BytesIn = c.before.in + c.framer.BytesIn()
	s.Steps += c.before.steps + c.framer.Steps() + c.parser.Steps
	s.MaxDepth = c.parser.MaxDepth
	return s
}
