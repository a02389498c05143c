package pop3client

import (
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/mailwire/mailwire/imapwire/engine"
	"github.com/mailwire/mailwire/pop3wire"
)

var (
	// ErrPlaintext: a name or a password would travel in the clear, or anything
	// before TLS where TLS is required. Nothing was sent.
	ErrPlaintext = errors.New("pop3client: this may not be sent in the clear")
	// ErrWithdrawn: the application took a command back before it was sent.
	ErrWithdrawn = errors.New("pop3client: withdrawn")
	// ErrSurplus: octets came behind the answer to STLS, where only TLS may
	// speak. Somebody on the path may have put them there.
	ErrSurplus = errors.New("pop3client: octets behind the answer to STLS")
	// ErrNoSTLS: STLS is not possible behind TLS, a login or UTF8 (RFC 2595 §4,
	// RFC 6856 §2.1). Nothing was sent.
	ErrNoSTLS = errors.New("pop3client: STLS is not possible here")
	// ErrNoAPOP: the greeting had no timestamp, or it came before TLS, which
	// makes it worthless. Nothing was sent.
	ErrNoAPOP = errors.New("pop3client: there is no timestamp for APOP")
	// ErrNoUTF8: a name or password is beyond ASCII, and the server has not
	// announced UTF8 with USER (RFC 6856 §2.2), or it is not UTF-8. Nothing was
	// sent.
	ErrNoUTF8 = errors.New("pop3client: the server takes ASCII names and passwords only")
)

// A RefusedError is a server that greeted with -ERR.
type RefusedError struct{ Status pop3wire.Status }

func (e *RefusedError) Error() string {
	return fmt.Sprintf("pop3client: the server refuses the connection: %q", e.Status.Text)
}

// A ProtocolError is a server that broke the protocol in a way after which
// nothing it says can be trusted. It is an [engine.ErrProtocol].
type ProtocolError struct {
	// What it did, in words; nothing that the server said is quoted.
	What string
}

func (e *ProtocolError) Error() string { return "pop3client: " + e.What }

// Unwrap returns engine.ErrProtocol.
func (e *ProtocolError) Unwrap() error { return engine.ErrProtocol }

// The timers of a Conn.
const (
	timerAnswer = iota // the server owes an answer
	timerOutput        // output that waits
)

// A Conn is the client's half of one conversation. Its methods are of five
// kinds:
//
//	from the network and the clock   Feed, FeedEOF, Expire
//	to the application               Next, Want, Deadline
//	from the application             Send, SendListing, Withdraw, Respond, Cancel, Upgraded,
//	                                 UpgradeFailed
//	to the network                   Output, Advance, Flush, and at last Close
//	at any time                      State, Capabilities, Has, Mechanisms, Timestamp, Full, Sent,
//	                                 Security, Stats
//
// A mistake of the caller is an error, and nothing changes.
type Conn struct {
	opt    Options
	lim    pop3wire.Limits
	lines  lines
	in     []byte // input that is not used up; borrowed
	fed    bool   // there was some, and Next has not said that there is no more
	out    engine.Queue
	timers engine.Timers
	stats  engine.Stats

	now   time.Time
	state State
	sec   engine.Security
	stamp string // the challenge of APOP; empty where APOP is not possible
	utf8  bool   // UTF8 was sent

	capa capabilities

	events []Event
	heard  int // of these, how many Next has returned
	lastID engine.ID
	// cmds are the commands without an answer, in the order of Send. The first
	// begun of them have been queued, which takes ahead octets.
	cmds  []*command
	begun int
	ahead int
	// queued and written count the octets of the whole conversation.
	queued, written int64
	// fedAt is what was written when the input came, lineAt when the first octet
	// of the line did that is not complete.
	fedAt, lineAt int64

	multi   multi
	told    Tolerance // of the response that is read
	piece   BodyData
	upgrade engine.Layer
	closed  bool
}

// New returns a Conn to a server that has not spoken yet. The error is about
// limits that contradict each other.
func New(now time.Time, opt Options) (*Conn, error) {
	lim, err := opt.Limits.WithDefaults()
	if err != nil {
		return nil, err
	}
	c := &Conn{opt: opt, lim: lim, now: now, sec: opt.Security, state: StateGreeting}
	c.restAnswer()
	return c, nil
}

// restAnswer starts the time for which the server may be silent anew. It runs
// while the server owes something, and the application does not.
func (c *Conn) restAnswer() {
	if c.state == StateGreeting || c.begun > 0 && !c.cmds[0].waiting {
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
	c.in, c.fed, c.fedAt = p, true, c.written
	c.restAnswer()
	return nil
}

// FeedEOF says that no more input comes.
func (c *Conn) FeedEOF(now time.Time) {
	c.now = now
	if len(c.cmds) > 0 || !c.lines.fresh() || c.state == StateGreeting || c.upgrade != 0 {
		c.end(io.ErrUnexpectedEOF)
		return
	}
	c.end(io.EOF)
}

// Expire says what time it is. When a deadline has passed, the conversation
// ends. Early and repeated calls are harmless.
func (c *Conn) Expire(now time.Time) {
	c.now = now
	if _, ok := c.timers.Expired(now); ok {
		c.end(engine.ErrTimeout)
		c.dropOutput()
	}
}

// Deadline returns when Expire is due; zero is never.
func (c *Conn) Deadline() time.Time { return c.timers.Next() }

// Want says what the Conn waits for, once Next has returned nil. That is input
// also while the application owes the answer to a Challenge: a server may lose
// its patience.
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
		switch {
		case c.closed || c.upgrade != 0 || !c.fed:
			return nil
		case len(c.in) == 0:
			if c.tellList() {
				continue
			}
			c.in, c.fed = nil, false
			return nil
		case c.multi.body:
			c.bodyPiece()
		default:
			c.takeLine()
		}
	}
}

// takeLine takes input up to the end of a line.
func (c *Conn) takeLine() {
	if c.lines.fresh() {
		c.lineAt = c.fedAt
	}
	limit := c.lim.ResponseLine
	if c.begun > 0 && c.cmds[0].kind == kindSASL {
		limit = c.lim.SASLLine
	}
	x, n, ok := c.lines.cut(c.in, limit)
	c.used(n)
	c.countRetained()
	if ok {
		c.response(x)
	}
}

// used takes n octets off the input.
func (c *Conn) used(n int) {
	c.in = c.in[n:]
	c.stats.BytesIn += int64(n)
	c.stats.Steps += int64(n)
}

func (c *Conn) countRetained() {
	c.stats.BytesRetained = int64(cap(c.lines.held) + c.multi.octets + c.capa.octets)
	c.stats.MaxRetained = max(c.stats.MaxRetained, c.stats.BytesRetained)
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
	c.tellList()
	if c.multi.body {
		c.event(&BodyEnd{ID: c.cmds[0].id, Size: c.multi.size, Err: why})
	}
	for _, cmd := range c.cmds {
		c.event(&Done{ID: cmd.id, Err: why, Protected: c.sec.Encrypted})
	}
	c.cmds, c.begun, c.ahead, c.multi = nil, 0, 0, multi{}
	c.closed, c.state, c.in, c.fed, c.upgrade = true, StateClosed, nil, false, 0
	c.timers = engine.Timers{}
	c.event(&Closed{Err: err})
}

// Close ends the conversation if it has not ended, and drops what is queued. It
// is for the moment at which nothing more can be written. More than once is
// harmless.
func (c *Conn) Close() {
	c.end(engine.ErrClosed)
	c.dropOutput()
}

// State returns where the conversation stands.
func (c *Conn) State() State { return c.state }

// Security returns what is known of the transport.
func (c *Conn) Security() engine.Security { return c.sec }

// Timestamp returns the challenge of APOP, angle brackets included, for
// pop3wire.APOPDigest. It is empty where APOP is not possible: before the
// greeting, when that has none, and behind STLS.
func (c *Conn) Timestamp() string { return c.stamp }

// Stats returns the counters.
func (c *Conn) Stats() engine.Stats {
	c.countRetained()
	return c.stats
}
