package imap

// A Specifier says which portion of a part a [Section] is. The zero value is
// the whole of it.
type Specifier uint8

const (
	// SpecifierNone is the content itself: BODY[] or BODY[2.1].
	SpecifierNone Specifier = iota
	// SpecifierHeader is HEADER: the header of a message with the empty line
	// that ends it.
	SpecifierHeader
	// SpecifierHeaderFields is HEADER.FIELDS: only the fields named.
	SpecifierHeaderFields
	// SpecifierHeaderFieldsNot is HEADER.FIELDS.NOT: all but the fields named.
	SpecifierHeaderFieldsNot
	// SpecifierText is TEXT: the body of a message without its header.
	SpecifierText
	// SpecifierMIME is MIME: the MIME header of a part. It needs a Part.
	SpecifierMIME
)

// A Section names a portion of a message: what stands between the brackets of
// BODY[…] (RFC 9051 §6.4.5.1).
type Section struct {
	// Part is the path of part numbers, each at least 1; empty is the message.
	Part []uint32
	// Specifier says which portion of the part.
	Specifier Specifier
	// Fields are header field names, for the two HEADER.FIELDS specifiers, in
	// the case and order of the wire.
	Fields []string
}

// A Partial is the <offset.count> behind a section. In a command Count is at
// least 1; in a response only Offset exists.
type Partial struct {
	Offset int64 // octets, 0 to 2^63-1 (RFC 9051), 2^32-1 (RFC 3501)
	Count  int64 // octets
}
