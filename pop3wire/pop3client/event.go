package pop3client

import (
	"fmt"

	"github.com/mailwire/mailwire/imapwire/engine"
	"github.com/mailwire/mailwire/pop3wire"
)

// An Event is something the engine reports from [Conn.Next]. The kinds:
//
//	*Greeting      the server is there
//	*ScanListings  a piece of the answer to LIST
//	*UniqueIDs     a piece of the answer to UIDL
//	*Capabilities  a piece of the answer to CAPA
//	*Languages     a piece of the answer to LANG
//	*Lines         a piece of the answer to SendListing, or to AUTH alone
//	*Body          a message, or the top of one, begins
//	*BodyData      a piece of it
//	*BodyEnd       it is over
//	*Challenge     the server's part of AUTH: Respond or Cancel
//	*InitialSent   the server asked for the first message that Send was given
//	*Done          a command is over
//	*Tolerated     a deviation from the protocol was made good for
//	*Malformed     a response, or a line of one, that can not be read
//	*Upgrade       the connection changes its layer
//	*Closed        the conversation is over
//
// Events are the caller's for ever, except where a comment says borrowed: until
// the next call of a method of the Conn.
type Event interface{ event() }

// A Greeting is the first thing a server says, when it is positive.
type Greeting struct {
	pop3wire.Greeting
	// Protected: it came over an encrypted transport. What did not may be from
	// anybody; show its text with care, and through [Display].
	Protected bool
}

// A ScanListings is a piece of the answer to LIST without a number. The Done of
// the command says whether all have come.
type ScanListings struct {
	ID   engine.ID
	List []pop3wire.ScanListing // borrowed; the values in it are not
}

// A UniqueIDs is a piece of the answer to UIDL without a number. The Done of the
// command says whether all have come.
type UniqueIDs struct {
	ID   engine.ID
	List []pop3wire.UniqueID // borrowed; the values in it are not
}

// A Capabilities is a piece of the answer to CAPA. The engine draws its
// conclusions when all have come: see [Conn.Capabilities].
type Capabilities struct {
	ID   engine.ID
	List []pop3wire.Capability // borrowed; the values in it are not
}

// A Languages is a piece of the answer to LANG without a range. The Done of the
// command says whether all have come.
type Languages struct {
	ID   engine.ID
	List []pop3wire.Language // borrowed; the values in it are not
}

// A Lines is a piece of an answer for whose lines there is no type. The Done of
// the command says whether all have come.
type Lines struct {
	ID   engine.ID
	List []pop3wire.RawLine // borrowed; the values in it are not
}

// A Body begins the message that RETR or TOP asked for. BodyData, as many as it
// takes, one BodyEnd, and the Done of the command follow.
type Body struct {
	ID     engine.ID
	Num    uint32 // of the message
	Top    bool   // only its top was asked for
	Status pop3wire.Status
}

// A BodyData is a piece of the message whose Body came before, dots not doubled.
// It is borrowed, the struct and its octets, which are a part of what was fed.
type BodyData struct {
	ID   engine.ID
	Data []byte
}

// A BodyEnd says that a message is over.
type BodyEnd struct {
	ID engine.ID
	// Size is the octets of all BodyData. When LIST said another number, the
	// message may be cut: servers that do not double dots end it at a line of
	// one dot, and the engine can not know.
	Size int64
	// Err, when not nil, says why the message is not complete.
	Err error
}

// A Challenge is the server's part of a SASL exchange.
type Challenge struct {
	ID   engine.ID
	Data []byte // decoded; the caller's
}

// An InitialSent says that the client's first message of a SASL exchange, which
// Send was given and the server does not take with the command, is queued.
type InitialSent struct{ ID engine.ID }

// A Done says that a command is over. Each command that Send took has one.
type Done struct {
	ID engine.ID
	// Status is the answer. Its Code is whatever stands in brackets; that it was
	// meant as one is sure where the server announces RESP-CODES. It is empty
	// when there was no answer, or none that can be read.
	Status pop3wire.Status
	// Answer is what the text of the status says, for a positive one: a
	// [*pop3wire.DropListing] of STAT, a [*pop3wire.ScanListing] of LIST with a
	// number, a [*pop3wire.UniqueID] of UIDL with one, a [*pop3wire.Language] of
	// LANG with a range. Nil for other commands, and behind a Malformed.
	Answer pop3wire.Line
	// Err says why there is no status: what ended the conversation, why the
	// command was not sent, or what was wrong with the answer.
	Err error
	// Protected is as in [Greeting].
	Protected bool
}

// Result returns nil for a positive status, a [*StatusError] for a negative one,
// and else Err.
func (d *Done) Result() error {
	switch {
	case d.Err != nil:
		return d.Err
	case !d.Status.OK:
		return &StatusError{Status: d.Status}
	}
	return nil
}

// A StatusError is the server's no. Its Status.Code.Is tells the kinds apart; a
// server that announces AUTH-RESP-CODE says [pop3wire.CodeAuth] whenever a name
// or a password is to blame, and at no other time (RFC 3206 §6).
type StatusError struct{ Status pop3wire.Status }

func (e *StatusError) Error() string {
	if e.Status.Code != "" {
		return fmt.Sprintf("pop3client: the server says no: [%s] %q", e.Status.Code, e.Status.Text)
	}
	return fmt.Sprintf("pop3client: the server says no: %q", e.Status.Text)
}

// A Tolerated tells of a deviation from the protocol that was made good for. It
// comes once in a response for each deviation.
type Tolerated struct {
	ID        engine.ID // of the command whose response it is; 0 without one
	Tolerance Tolerance
	Raw       string // the line, or the first such one; redacted in an AUTH
}

// A Malformed is a response that can not be read, or a line of a listing, which
// was dropped.
type Malformed struct {
	ID  engine.ID // of the command whose response it is; 0 without one
	Raw string    // the line up to the limit; redacted in an AUTH
	Err error     // *engine.SyntaxError or *engine.LimitError
}

// An Upgrade says that the connection changes its layer: Want is WantUpgrade
// until Upgraded or UpgradeFailed.
type Upgrade struct{ Layer engine.Layer }

// A Closed says that the conversation is over. No event follows.
type Closed struct {
	// Err is nil after QUIT, a [*RefusedError] when the server greeted with a
	// no, io.EOF when it went without a word, io.ErrUnexpectedEOF when it owed
	// an answer, and otherwise what ended the conversation.
	Err error
}

func (*Greeting) event()     {}
func (*ScanListings) event() {}
func (*UniqueIDs) event()    {}
func (*Capabilities) event() {}
func (*Languages) event()    {}
func (*Lines) event()        {}
func (*Body) event()         {}
func (*BodyData) event()     {}
func (*BodyEnd) event()      {}
func (*Challenge) event()    {}
func (*InitialSent) event()  {}
func (*Done) event()         {}
func (*Tolerated) event()    {}
func (*Malformed) event()    {}
func (*Upgrade) event()      {}
func (*Closed) event()       {}
