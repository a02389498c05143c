package pop3server

import (
	"fmt"

	"github.com/mailwire/mailwire/imapwire/engine"
	"github.com/mailwire/mailwire/pop3wire"
)

// An Event is something the engine reports from [Conn.Next]. The kinds:
//
//	*Login           USER and PASS: check them, then Done
//	*Apop            APOP: check it, then Done
//	*Auth            an AUTH began: Challenge or Done
//	*AuthResponse    the client's answer to a challenge
//	*Command         any other command that the application answers
//	*Resume          a command that yielded may go on
//	*Malformed       something was answered -ERR
//	*Upgrade         the connection changes its layer
//	*Closed          the conversation is over
//
// Events are the caller's for ever, except where a field says borrowed: until
// the next call of a method of the Conn.
type Event interface{ event() }

// A Login is USER and PASS. The application takes the lock on the maildrop, and
// ends the command with Done: +OK begins TRANSACTION.
type Login struct {
	ID       engine.ID
	User     string
	Password engine.Secret // exactly as sent; it may be empty
}

// Format hides the secrets, whatever the verb.
func (l *Login) Format(f fmt.State, _ rune) { engine.FormatFields(f, *l) }

// An Apop is APOP. It is answered as a [Login] is.
type Apop struct {
	ID        engine.ID
	User      string
	Timestamp string // of the greeting
	Digest    engine.Secret
}

// Format hides the secrets, whatever the verb.
func (a *Apop) Format(f fmt.State, _ rune) { engine.FormatFields(f, *a) }

// Verify reports whether the client knows the secret. It takes the same time for
// every digest.
func (a *Apop) Verify(secret engine.Secret) bool {
	return (&pop3wire.Apop{Digest: a.Digest}).Verify(a.Timestamp, secret)
}

// An Auth is the start of a SASL exchange. The application answers with
// Challenge, or ends the exchange with Done: +OK begins TRANSACTION.
type Auth struct {
	ID        engine.ID
	Mechanism string // upper case; one of those announced
	// Initial is the client's first message, when HasInitial.
	Initial    engine.Secret
	HasInitial bool
}

// Format hides the secrets, whatever the verb.
func (a *Auth) Format(f fmt.State, _ rune) { engine.FormatFields(f, *a) }

// An AuthResponse is the client's answer to a challenge. When the client
// cancelled, or sent what is no answer, the engine has answered -ERR, the
// exchange is over, and Cancelled is true.
type AuthResponse struct {
	ID        engine.ID
	Data      engine.Secret
	Cancelled bool
}

// Format hides the secrets, whatever the verb.
func (a *AuthResponse) Format(f fmt.State, _ rune) { engine.FormatFields(f, *a) }

// A Command is a complete command that is allowed in the state. The application
// answers it with one of Done, Answer, Body, or Begin to End. One command at a
// time is in progress. The kinds are
//
//	in TRANSACTION    STAT, LIST, UIDL, RETR, TOP, DELE, RSET, NOOP
//	                  QUIT: remove what is marked, then Done says how it went
//	in AUTHORIZATION  UTF8
//	in both           LANG, and [*pop3wire.UnknownCommand]
type Command struct {
	ID  engine.ID
	Cmd pop3wire.Command
}

// A Resume says that a command which called Yield may go on.
type Resume struct{ ID engine.ID }

// A Malformed says that something was not understood, and has been answered.
type Malformed struct {
	// Raw is the start of what came, at most 256 octets, with nothing of a
	// PASS, APOP or AUTH beyond the verb, and nothing of a line that is too
	// long or in which no verb was found, since that may be a password on its
	// own.
	Raw string
	Err error // *engine.SyntaxError or *engine.LimitError
}

// An Upgrade says that the connection changes its layer as soon as the output
// is written: Want is WantUpgrade until Upgraded or UpgradeFailed.
type Upgrade struct {
	Layer engine.Layer
	// Rest is input that came behind the command, unread by the engine: the
	// start of the handshake or, from an attacker, commands that must not be
	// run. It may only be given to the TLS layer.
	Rest []byte // borrowed
}

// A Closed says that the conversation is over. No event follows; what is
// queued may still be written.
type Closed struct {
	// Err is nil after QUIT and after Bye, io.EOF when the client left, and
	// otherwise what ended the conversation.
	Err error
}

func (*Login) event()        {}
func (*Apop) event()         {}
func (*Auth) event()         {}
func (*AuthResponse) event() {}
func (*Command) event()      {}
func (*Resume) event()       {}
func (*Malformed) event()    {}
func (*Upgrade) event()      {}
func (*Closed) event()       {}
