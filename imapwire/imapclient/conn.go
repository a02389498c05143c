package imapclient

import (
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/mailwire/mailwire/imapwire"
	"github.com/mailwire/mailwire/imapwire/engine"
	"github.com/mailwire/mailwire/imapwire/imap"
)

var (
	// ErrPlaintext: a password would travel in the clear. Nothing was sent.
	ErrPlaintext = errors.New("imapclient: a login may not be sent in the clear")
	// ErrWithdrawn: the application took a command back before it was sent.
	ErrWithdrawn = errors.New("imapclient: withdrawn")
	// ErrSurplus: octets came behind the answer to STARTTLS, where only TLS may
	// speak. Somebody on the path may have put them there (RFC 9051 §6.2.1).
	ErrSurplus = errors.New("imapclient: octets behind the answer to STARTTLS")
)

// A ByeError is a server that took its leave by itself.
type ByeError struct{ Status imapwire.StatusCondition }

func (e *ByeError) Error() string { return fmt.Sprintf("imapclient: BYE: %s", e.Status.Text) }

// A ProtocolError is a server that broke the protocol in a way after which
// nothing it says can be trusted. It is an [engine.ErrProtocol].
type ProtocolError struct {
	// What it did, in words; nothing that the server said is quoted.
	What string
}

func (e *ProtocolError) Error() string { return "imapclient: " + e.What }

// Unwrap returns engine.ErrProtocol.
func (e *ProtocolError) Unwrap() error { return engine.ErrProtocol }

// The timers of a Conn.
const (
	timerAnswer = iota // the server owes an answer
	timerOutput        // output that waits
	timerRenew         // an IDLE that is old
)

// A Conn is the client's half of one conversation. Its methods are of five
// kinds:
//
//	from the network and the clock   Feed, FeedEOF, Expire
//	to the application               Next, Want, Deadline
//	from the application             Send, Withdraw, Push, SendAppend, AbortAppend, Respond,
//	                                 Cancel, EndIdle, Upgraded, UpgradeFailed
//	to the network                   Output, Advance, Flush, and at last Close
//	at any time                      State, Capabilities, Full, Sent, Security, Stats
//
// A mistake of the caller is an error, and nothing changes.
type Conn struct {
	opt    Options
	lim    imapwire.Limits
	framer imapwire.Framer
	parser imapwire.Parser
	out    engine.Queue
	timers engine.Timers
	stats  engine.Stats

	now   time.Time
	state State
	sec   engine.Security

	caps      imap.Capabilities
	capsKnown bool
	// capsLogin: they were told while a login was answered, and hold behind it.
	capsLogin bool

	piece  BodyData // the event of a piece that is borrowed
	events []Event
	heard  int // of these, how many Next has returned
	lastID engine.ID
	// cmds are the commands without an answer, in the order of Send.
	cmds []*command
	// queued and written count the octets of the whole conversation.
	queued, written int64

	list    imapwire.ListReader
	fetch   *imapwire.FetchReader
	told    int          // sections of fetch that the application has heard of
	started bool         // a FetchStart was told
	record  *fetchRecord // what is told next, nil for none
	flags   []imap.Flag  // the room for its flags

	cut   cutResponse // frames that wait for the rest of their response
	stray []byte      // a line end behind a content, which may not be the end

	bye     *imapwire.StatusCondition
	upgrade engine.Layer
	closed  bool
	fed     bool // the framer has input that it has not used up

	// before is what framers counted before this one.
	before struct{ in, steps int64 }
}

// New returns a Conn to a server that has not spoken yet. The error is about
// limits that contradict each other.
func New(now time.Time, opt Options) (*Conn, error) {
	lim, err := opt.Limits.WithDefaults()
	if err != nil {
		return nil, err
	}
	c := &Conn{opt: opt, lim: lim, now: now, sec: opt.Security, state: StateGreeting}
	c.framer.BareLF, c.framer.Lists = true, true
	c.parser.Reuse, c.list.Reuse = true, true
	c.parser.Strict, c.parser.Tolerate, c.parser.Refuse = opt.Strict, opt.Tolerate, opt.Refuse
	c.setBounds()
	c.restAnswer()
	return c, nil
}

// setBounds makes framer and parser obey the limits of the state.
func (c *Conn) setBounds() {
	b := c.lim.Response(c.state > StateNotAuthenticated)
	c.framer.SetBounds(b)
	c.parser.Bounds = b
}

// restAnswer starts the time for which the server may be silent anew. It runs
// while the server owes something, and the application does not.
func (c *Conn) restAnswer() {
	owed := c.state == StateGreeting
	for _, cmd := range c.cmds {
		owed = owed || cmd.begun && cmd.wait != waitRespond
	}
	if owed && c.out.Unpushed() == 0 {
		c.timers.Set(timerAnswer, c.now.Add(c.lim.AnswerTime))
	} else {
		c.timers.Clear(timerAnswer)
	}
}

// Feed gives input to the Conn. p is borrowed until Next returns nil. Before
// that Feed returns [engine.ErrBusy], and after the end [engine.ErrClosed];
// nothing is consumed then. While Want is WantUpgrade, input is for the layer to
// come: what is fed here ends the conversation with [ErrSurplus].
func (c *Conn) Feed(now time.Time, p []byte) error {
	if c.closed {
		return engine.ErrClosed
	}
	if c.heard < len(c.events) || c.fed {
		return engine.ErrBusy
	}
	c.now = now
	if len(p) == 0 {
		return nil
	}
	if c.upgrade != 0 {
		c.end(ErrSurplus)
		return nil
	}
	if err := c.framer.Feed(p); err != nil {
		return err
	}
	c.fed = true
	c.restAnswer()
	return nil
}

// FeedEOF says that no more input comes.
func (c *Conn) FeedEOF(now time.Time) {
	c.now = now
	c.dropCut()
	switch {
	case c.bye != nil:
		c.end(&ByeError{Status: *c.bye})
	case len(c.cmds) > 0 || c.framer.Partial() || c.state == StateGreeting:
		c.end(io.ErrUnexpectedEOF)
	default:
		c.end(io.EOF)
	}
}

// Expire says what time it is. When a deadline has passed, the conversation
// ends, unless it was that of an IDLE, which begins anew. Early and repeated
// calls are harmless.
func (c *Conn) Expire(now time.Time) {
	c.now = now
	i, ok := c.timers.Expired(now)
	switch {
	case ok && i == timerRenew:
		c.renewIdle()
	case ok:
		c.end(engine.ErrTimeout)
		c.dropOutput()
	}
}

// Deadline returns when Expire is due; zero is never.
func (c *Conn) Deadline() time.Time { return c.timers.Next() }

// Want says what the Conn waits for, once Next has returned nil. That is input
// also while the application owes the rest of a content or the answer to a
// Challenge: a server may speak at any time.
func (c *Conn) Want() engine.Want {
	switch {
	case c.closed:
		return engine.WantNothing
	case c.upgrade != 0:
		return engine.WantUpgrade
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
		if c.closed || c.upgrade != 0 || !c.fed {
			return nil
		}
		f := c.framer.Next()
		held := len(c.cut.octets) + c.list.Retained()
		c.stats.BytesRetained = int64(c.framer.Retained() + held)
		c.stats.MaxRetained = max(c.stats.MaxRetained, int64(c.framer.MaxRetained()+held))
		if f.Kind == imapwire.FrameNone {
			c.fed = false
			return nil
		}
		c.frame(&f)
	}
}

func (c *Conn) event(ev Event) { c.events = append(c.events, ev) }

// broken ends the conversation with a server that can not be trusted.
func (c *Conn) broken(what string) { c.end(&ProtocolError{What: what}) }

// end ends the conversation: what was begun is told to be over, and then the
// conversation.
func (c *Conn) end(err error) {
	if c.closed {
		return
	}
	why := err
	if why == nil {
		why = engine.ErrClosed
	}
	if c.started {
		c.endFetch(why)
	}
	for _, cmd := range c.cmds {
		c.event(&Done{ID: cmd.id, Err: why})
		cmd.close()
	}
	c.cmds = nil
	c.closed, c.state, c.fed, c.upgrade = true, StateLogout, false, 0
	c.timers = engine.Timers{}
	c.event(&Closed{Err: err})
}

// Close ends the conversation if it has not ended, drops what is queued and
// closes the readers in it. It is for the moment at which nothing more can be
// written. Every Conn that was sent a reader has to be closed; more than once is
// harmless.
func (c *Conn) Close() {
	c.end(engine.ErrClosed)
	c.dropOutput()
}

// State returns where the conversation stands.
func (c *Conn) State() State { return c.state }

// Security returns what is known of the transport.
func (c *Conn) Security() engine.Security { return c.sec }

// Capabilities returns what the server has announced on the layer and in the
// state in which the conversation is, Options.Ignore excepted; known is false
// when it has not said.
func (c *Conn) Capabilities() (caps imap.Capabilities, known bool) { return c.caps, c.capsKnown }

// Stats returns the counters.
func (c *Conn) Stats() engine.Stats {
	s := c.stats
	s.BytesIn = c.before.in + c.framer.BytesIn()
	s.Steps += c.before.steps + c.framer.Steps() + c.parser.Steps
	s.MaxDepth = c.parser.MaxDepth
	return s
}
