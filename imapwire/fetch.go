package imapwire

import "github.com/mailwire/mailwire/imapwire/imap"

// A Fetch is FETCH, or UID FETCH, RFC 9051 §6.4.5.
type Fetch struct {
	UID   bool
	Set   imap.Set
	Items []FetchItem // at least one; a macro stands alone
	// Modifiers are fetch-modifiers (RFC 4466), each the octets of name and value.
	Modifiers []string
}

// A FetchItem is one thing to fetch: a [FetchAttr], a [*FetchBody] or a
// [*FetchBinary].
type FetchItem interface{ fetchItem() }

// A FetchAttr is an item that is a single word, in upper case. Words that this
// package has no constant for parse and encode as they are.
type FetchAttr string

// Items and macros that are single words.
const (
	FetchAll           FetchAttr = "ALL"  // macro
	FetchFast          FetchAttr = "FAST" // macro
	FetchFull          FetchAttr = "FULL" // macro
	FetchBodyBasic     FetchAttr = "BODY" // structure without extension data
	FetchBodyStructure FetchAttr = "BODYSTRUCTURE"
	FetchEnvelope      FetchAttr = "ENVELOPE"
	FetchFlags         FetchAttr = "FLAGS"
	FetchInternalDate  FetchAttr = "INTERNALDATE"
	FetchModSeq        FetchAttr = "MODSEQ"
	FetchUID           FetchAttr = "UID"
	FetchRFC822        FetchAttr = "RFC822"
	FetchRFC822Header  FetchAttr = "RFC822.HEADER"
	FetchRFC822Size    FetchAttr = "RFC822.SIZE"
	FetchRFC822Text    FetchAttr = "RFC822.TEXT"
)

// A FetchBody is BODY[section] or BODY.PEEK[section], with <offset.count>.
type FetchBody struct {
	Section imap.Section
	Peek    bool
	Partial *imap.Partial // nil: all
}

// A FetchBinary is BINARY[part], BINARY.PEEK[part] or BINARY.SIZE[part],
// RFC 3516, RFC 9051 §6.4.5.
type FetchBinary struct {
	Part     []uint32
	Peek     bool
	SizeOnly bool
	Partial  *imap.Partial // nil: all
}

// Verb implements Command.
func (f *Fetch) Verb() string { return uidVerb(f.UID, "FETCH") }

func (FetchAttr) fetchItem()    {}
func (*FetchBody) fetchItem()   {}
func (*FetchBinary) fetchItem() {}
func (*Fetch) command()         {}
