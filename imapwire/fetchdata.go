package imapwire

import (
	"io"
	"time"

	"github.com/mailwire/mailwire/imapwire/imap"
)

// A FetchData is what a server tells of one message: * n FETCH (…). Only the
// fields whose bit is in Has count, lists of sections and unknown items
// excepted. Encoding writes UID first, then FLAGS and MODSEQ, the other
// attributes, and sections last, in their order.
type FetchData struct {
	// Num is the sequence number.
	Num uint32
	// Has says which of the following fields are told.
	Has          FetchHas
	UID          imap.UID
	ModSeq       imap.ModSeq
	Flags        []imap.Flag
	Size         int64 // RFC822.SIZE, octets
	InternalDate time.Time
	Envelope     *imap.Envelope
	// Body is BODY, Structure is BODYSTRUCTURE.
	Body      *imap.BodyStructure
	Structure *imap.BodyStructure
	// Sections are contents of the message.
	Sections []SectionData
	// BinarySizes are BINARY.SIZE[…] items.
	BinarySizes []BinarySize
	// Unknown are items that this package has no name for, each the octets
	// of name and value.
	Unknown []string
}

// FetchHas says which fields of a [FetchData] are told.
type FetchHas uint16

// One bit for each field.
const (
	HasUID FetchHas = 1 << iota
	HasModSeq
	HasFlags
	HasSize
	HasInternalDate
	HasEnvelope
	HasBody
	HasStructure
)

// A SectionName is the kind of item that carries content.
type SectionName uint8

const (
	_ SectionName = iota
	// SectionBody is BODY[…].
	SectionBody
	// SectionBinary is BINARY[…]; only Part of the section counts.
	SectionBinary
	// SectionRFC822 is RFC822, SectionRFC822Header RFC822.HEADER and
	// SectionRFC822Text RFC822.TEXT; they have no section.
	SectionRFC822
	SectionRFC822Header
	SectionRFC822Text
)

// A SectionData is the content of one section of a message.
type SectionData struct {
	Name    SectionName
	Section imap.Section
	// Partial: the content starts at octet Origin of the section.
	Partial bool
	Origin  int64
	Content Content
}

// Content is octets that a response carries: a string, or a stream. The zero
// value is NIL: the section does not exist.
type Content struct {
	// Valid is false for NIL.
	Valid bool
	// Data is the content itself. The parser always uses it.
	Data string
	// Reader, when not nil, stands in place of Data: exactly Size octets of
	// it are sent. It passes to the engine, which closes it once.
	Reader io.ReadCloser
	// Pushed, with a nil Reader: Size octets follow with Conn.Push.
	Pushed bool
	// Size is the octets of a Reader or of what is pushed.
	Size int64
	// Binary: sent as a literal8, as BINARY needs when it may hold NUL.
	Binary bool
}

// A BinarySize is BINARY.SIZE[part]: the octets of the decoded part.
type BinarySize struct {
	Part []uint32
	Size int64
}

func (*FetchData) response() {}
