package imapserver

import (
	"fmt"
	"time"

	"github.com/mailwire/mailwire/imapwire"
	"github.com/mailwire/mailwire/imapwire/engine"
	"github.com/mailwire/mailwire/imapwire/imap"
)

// An Event is something the engine reports from [Conn.Next]. The kinds:
//
//	*Command         a complete command that the application answers
//	*Append          an APPEND began
//	*AppendMessage   one of its messages is announced: Accept or Refuse
//	*Literal         a piece of that message
//	*AppendCommit    all of the APPEND has come: store it, then Done
//	*Abandoned       the APPEND came to nothing: undo it
//	*Authenticate    an AUTHENTICATE began: Challenge or Done
//	*AuthResponse    the client's answer to a challenge
//	*Idle            an IDLE began, *IdleDone it ended
//	*Enabled         an ENABLE turned something on
//	*ClientID        the client said who it is
//	*Resume          a command that yielded may go on
//	*Malformed       something was answered BAD
//	*Upgrade         the connection changes its layer
//	*Closed          the conversation is over
//
// Events are the caller's for ever, except where a field says borrowed: until
// the next call of a method of the Conn.
type Event interface{ event() }

// A Command is a complete command. The application sends what it has to with
// Send and ends the command with Done. One command at a time is in progress.
// CAPABILITY, ENABLE, ID, LOGOUT, STARTTLS, IDLE, APPEND and AUTHENTICATE
// never come as a Command.
type Command struct {
	ID  engine.ID
	Tag string
	Cmd imapwire.Command
}

// An Append is an APPEND that began. Messages follow: for each an
// AppendMessage and its Literals. It ends with exactly one AppendCommit or
// Abandoned. The application may end it before with Refuse.
type Append struct {
	ID      engine.ID
	Tag     string
	Mailbox string // octets of the wire
}

// An AppendMessage is a message that the client wants to send now. Nothing of
// it is taken before Accept; until Accept or Refuse, Want is WantDecision.
type AppendMessage struct {
	ID    engine.ID
	Index int // 0 for the first message of the APPEND
	Flags []imap.Flag
	Date  time.Time // zero: not given
	Size  int64     // octets to come, 0 to Limits.Append
	// Binary: sent as a literal8. UTF8: inside UTF8 (…).
	Binary, UTF8 bool
	// NonSync: the octets come whether they are accepted or not.
	NonSync bool
}

// A Literal is a piece of the message announced last.
type Literal struct {
	ID   engine.ID
	Data []byte // borrowed
	// Last: the message is complete with this piece. A message of no octets
	// has one Literal without Data.
	Last bool
}

// An AppendCommit says that an APPEND came whole and well formed.
type AppendCommit struct{ ID engine.ID }

// An Abandoned says that an APPEND will not be completed. The engine has
// answered it, if it can still be answered.
type Abandoned struct {
	ID engine.ID
	// Err says why: a [*engine.SyntaxError], a [*engine.LimitError],
	// [engine.ErrTimeout], [engine.ErrClosed] at the end of input, or
	// [ErrRefused] when the application refused it.
	Err error
}

// An Authenticate is the start of a SASL exchange. The application answers
// with Challenge, or ends the exchange with Done: OK makes the session
// authenticated.
type Authenticate struct {
	ID        engine.ID
	Tag       string
	Mechanism string // upper case; one of those announced
	// Initial is the client's first message, when HasInitial.
	Initial    engine.Secret
	HasInitial bool
}

// Format hides the secrets, whatever the verb.
func (a *Authenticate) Format(f fmt.State, _ rune) { engine.FormatFields(f, *a) }

// An AuthResponse is the client's answer to a challenge. When the client
// cancelled, the engine answered BAD, the exchange is over, and Cancelled is
// true.
type AuthResponse struct {
	ID        engine.ID
	Data      engine.Secret
	Cancelled bool
}

// Format hides the secrets, whatever the verb.
func (a *AuthResponse) Format(f fmt.State, _ rune) { engine.FormatFields(f, *a) }

// An Idle says that the client waits for news; the continuation has been sent.
// EXPUNGE is allowed until IdleDone.
type Idle struct {
	ID  engine.ID
	Tag string
}

// An IdleDone says that the client ended its IDLE. The application sends what
// may be told and ends the command with Done.
type IdleDone struct{ ID engine.ID }

// An Enabled says what an ENABLE turned on now, for the first time.
type Enabled struct{ Capabilities imap.Capabilities }

// A ClientID is what a client said in ID; the engine has answered.
type ClientID struct{ Fields []imapwire.IDField }

// A Resume says that a command which called Yield may go on.
type Resume struct{ ID engine.ID }

// A Malformed says that something was not understood, and has been answered.
type Malformed struct {
	Tag string // empty when there was none to read
	// Raw is the start of what came, at most 256 octets, with nothing of a
	// LOGIN or AUTHENTICATE beyond the verb, and nothing of a line in which no
	// verb was found, since that may be a password on its own; Tag is empty
	// then.
	Raw string
	Err error // *engine.SyntaxError or *engine.LimitError
}

// An Upgrade says that the connection changes its layer as soon as the output
// is written: Want is WantUpgrade until Upgraded or UpgradeFailed.
type Upgrade struct {
	Layer engine.Layer
	// Rest is input that came behind the command, unread by the engine. For
	// TLS it is the start of the handshake or, from an attacker, commands
	// that must not be run: it may only be given to the TLS layer.
	Rest []byte // borrowed
}

// A Closed says that the conversation is over. No event follows; what is
// queued may still be written.
type Closed struct {
	// Err is nil after LOGOUT and after a BYE of the application, io.EOF when
	// the client left, and otherwise what ended the conversation.
	Err error
}

func (*Command) event()       {}
func (*Append) event()        {}
func (*AppendMessage) event() {}
func (*Literal) event()       {}
func (*AppendCommit) event()  {}
func (*Abandoned) event()     {}
func (*Authenticate) event()  {}
func (*AuthResponse) event()  {}
func (*Idle) event()          {}
func (*IdleDone) event()      {}
func (*Enabled) event()       {}
func (*ClientID) event()      {}
func (*Resume) event()        {}
func (*Malformed) event()     {}
func (*Upgrade) event()       {}
func (*Closed) event()        {}
