package imap

// A BodyStructure is the MIME tree of a message, or one node of it, as BODY and
// BODYSTRUCTURE tell it (RFC 9051 §7.5.2). Which fields count depends on the
// type: see [BodyStructure.IsMultipart] and [BodyStructure.IsMessage].
type BodyStructure struct {
	// Type and Subtype as in Content-Type. A multipart has Type "multipart".
	Type, Subtype string
	// Params are the parameters of Content-Type, in order. BODY tells those
	// of a multipart never, BODYSTRUCTURE always.
	Params []Param

	// Fields of every leaf, messages included.
	ID          NString // Content-ID
	Description NString // Content-Description
	Encoding    string  // Content-Transfer-Encoding, as it stands in the header
	Size        uint32  // octets of the encoded content

	// Lines is the number of text lines, for TEXT/* and for messages.
	Lines int64

	// Envelope is that of an embedded message; nil elsewhere.
	Envelope *Envelope
	// Parts are the children of a multipart, possibly none, or the one body
	// of an embedded message.
	Parts []BodyStructure

	// Extension data: absent in BODY.
	MD5             NString // of a leaf
	Disposition     string  // empty: none
	DispositionArgs []Param
	Language        []string
	Location        NString
	// Extension is what follows Location, the octets of the wire without the
	// leading space: body-extension data of a future specification.
	Extension string
}

// A Param is one attribute of a MIME header field with its value.
type Param struct{ Name, Value string }

// IsMultipart reports whether b has parts of its own instead of content.
func (b *BodyStructure) IsMultipart() bool { return equalFoldASCII(b.Type, "multipart") }

// IsMessage reports whether b embeds a message whose envelope and structure
// are told: MESSAGE/RFC822, or MESSAGE/GLOBAL (RFC 9051 §7.5.2), with an
// Envelope.
func (b *BodyStructure) IsMessage() bool {
	return b.Envelope != nil && equalFoldASCII(b.Type, "message") &&
		(equalFoldASCII(b.Subtype, "rfc822") || equalFoldASCII(b.Subtype, "global"))
}

// IsText reports whether b is a leaf of type TEXT, which has Lines.
func (b *BodyStructure) IsText() bool { return equalFoldASCII(b.Type, "text") }
