package imapclient

import (
	"slices"

	"github.com/mailwire/mailwire/imapwire"
	"github.com/mailwire/mailwire/imapwire/engine"
)

// An Event is something the engine reports from [Conn.Next]. The kinds:
//
//	*Greeting    the server is there
//	*Data        the server tells something
//	*FetchStart  it tells of a message, with content
//	*Body        which section the content is, and its size
//	*BodyData    a piece of it
//	*FetchEnd    all that was told of the message, content excepted
//	*Ready       the server awaits the content of an APPEND: Push
//	*Challenge   the server's part of AUTHENTICATE: Respond or Cancel
//	*Idling      the server says that the IDLE has begun
//	*Done        a command is over
//	*Malformed   a response that can not be read
//	*Tolerated   the response behind it deviates from the grammar
//	*Upgrade     the connection changes its layer
//	*Closed      the conversation is over
//
// Events are the caller's for ever, except where a comment says borrowed: until
// the next call of a method of the Conn. The strings of a response are substrings
// of one string, its text: one that is kept keeps all of it, and a copy by
// strings.Clone does not.
type Event interface{ event() }

// A Greeting is the first thing a server says: OK, PREAUTH or BYE.
type Greeting struct{ imapwire.StatusCondition }

// A Data is an untagged response, whether a command asked for it or not: all
// but FETCH.
type Data struct {
	Response imapwire.Response
	// ID is the command whose tag an ESEARCH names; zero when there is none,
	// and for every other response.
	ID engine.ID
	// More: a SEARCH, SORT, ESEARCH or VANISHED is so long that it comes in
	// several Data, and this is not the last. Together they say what it says;
	// of an ESEARCH, the first has all but the rest of ALL, and items behind.
	//
	// Nums of a SearchData and All of an ESearchData are borrowed in such pieces,
	// the last included; see [Data.Clone].
	More bool

	piece bool // of a long list: its numbers are borrowed
}

// Clone returns a copy that is the caller's for ever: d itself, when nothing in it
// is borrowed.
func (d *Data) Clone() *Data {
	if !d.piece {
		return d
	}
	own := *d
	own.piece = false
	switch r := d.Response.(type) {
	case *imapwire.SearchData:
		c := *r
		c.Nums = slices.Clone(r.Nums)
		own.Response = &c
	case *imapwire.ESearchData:
		c := *r
		c.All = slices.Clone(r.All)
		own.Response = &c
	}
	return &own
}

// A FetchStart begins a FETCH response that has content. A Body follows for each
// section, and one FetchEnd at the end. A FETCH response without content is a
// FetchEnd alone.
type FetchStart struct {
	Num uint32 // the sequence number of the message
}

// A Body is one section of the message whose FetchStart came before.
type Body struct {
	Num uint32
	// So is all that was told of the message until here, this section
	// excepted. A server may tell the UID before the content, or behind it.
	So *imapwire.FetchData
	// Section says which it is. Its Content has no Data: Valid is false where
	// there is none, and no BodyData follows; else it is marked as Pushed, and
	// Size octets follow as BodyData.
	Section imapwire.SectionData
}

// A BodyData is a piece of the content announced last. It is borrowed, the struct
// and its octets, which are a part of what was fed.
type BodyData struct {
	Data []byte
	// Last: the content is complete with this piece. A content of no octets has
	// one BodyData without Data.
	Last bool
}

// A FetchEnd is everything that a FETCH response told. Sections have their sizes
// and no Data. It is borrowed where Options.Reuse asks for that.
type FetchEnd struct {
	Num  uint32
	Data *imapwire.FetchData
	// Err, when not nil, says why the response is not complete: it became
	// malformed behind a content, or the connection ended. Data is what was
	// read. The content announced last may lack octets.
	Err error
}

// A Ready says that the server awaits the content of an APPEND that was
// announced as pushed: [Conn.Push] gives it.
type Ready struct {
	ID   engine.ID
	Size int64
}

// A Challenge is the server's part of a SASL exchange.
type Challenge struct {
	ID   engine.ID
	Data []byte // decoded; the caller's
}

// An Idling says that an IDLE has begun. It goes on until EndIdle.
type Idling struct{ ID engine.ID }

// A Done says that a command is over. Each command that Send took has one.
type Done struct {
	ID engine.ID
	// Status is the tagged response. It is empty when Err is not nil.
	Status imapwire.StatusCondition
	// Err says why there is none: what ended the conversation, [ErrPlaintext] or
	// [ErrWithdrawn].
	Err error
}

// A Malformed is a response that can not be read, and was dropped.
type Malformed struct {
	// Raw is what came of it: up to the place of the mistake at least, all of
	// it when the grammar and not a limit is at fault.
	Raw string
	Err error // *engine.SyntaxError or *engine.LimitError
}

// A Tolerated says in what the response deviates from the grammar whose events
// follow, or the part of it.
type Tolerated struct {
	Diagnostics []imapwire.Diagnostic // one at least
}

// An Upgrade says that the connection changes its layer: Want is WantUpgrade
// until Upgraded or UpgradeFailed.
type Upgrade struct{ Layer engine.Layer }

// A Closed says that the conversation is over. No event follows.
type Closed struct {
	// Err is nil after LOGOUT, a [*ByeError] when the server took its leave by
	// itself, io.EOF when it went without a word, io.ErrUnexpectedEOF when it
	// owed an answer, and otherwise what ended the conversation.
	Err error
}

func (*Greeting) event()   {}
func (*Data) event()       {}
func (*FetchStart) event() {}
func (*Body) event()       {}
func (*BodyData) event()   {}
func (*FetchEnd) event()   {}
func (*Ready) event()      {}
func (*Challenge) event()  {}
func (*Idling) event()     {}
func (*Done) event()       {}
func (*Malformed) event()  {}
func (*Tolerated) event()  {}
func (*Upgrade) event()    {}
func (*Closed) event()     {}
