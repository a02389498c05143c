package message

import (
	"io"
	"iter"
	"strings"

	"github.com/mailwire/mailwire/imapwire/imap"
)

// A Span is octets of a message.
type Span struct{ Offset, Size int64 }

// End returns the offset behind the span.
func (s Span) End() int64 { return s.Offset + s.Size }

// An Index says where the parts of a message are and what their headers say.
// It is immutable and safe for concurrent use.
type Index struct {
	root Part
}

// A Part is one entity of a message: the message itself, a part of a
// multipart, or the message inside a message/rfc822. It belongs to its Index;
// do not change it.
//
// Whatever the message is like, Header ends where Body begins, both lie in the
// Body of the entity around them, and parts follow each other. Strings hold no
// NUL, CR or LF.
type Part struct {
	// Header is the header with the empty line that ends it, Body what
	// follows.
	Header, Body Span
	// Type and Subtype are those of Content-Type, or the default of the
	// place: text/plain, or message/rfc822 in a digest.
	Type, Subtype string
	// Params are the parameters of Content-Type as they stand there, quotes
	// removed, those of RFC 2231 undecoded. Names match in any case.
	Params []imap.Param
	// Encoding is Content-Transfer-Encoding; "7bit" when there is none.
	Encoding string
	// Lines are the lines of Body; a last one without an end counts.
	Lines int64

	ID, Description imap.NString
	MD5, Location   imap.NString
	Disposition     string
	DispositionArgs []imap.Param
	Language        []string

	// Envelope is what the header says of a message; nil for parts.
	Envelope *imap.Envelope
	// Parts are those of a multipart: at least one. A multipart in which no
	// part begins has one of type text/plain, its content.
	Parts []Part
	// Message is the message inside a message/rfc822 or message/global; its
	// Header and Body lie in this part's Body.
	Message *Part
	// Cut: a limit left out something of the header, or of what is inside.
	Cut bool
}

// IsMultipart reports whether p is a multipart, which has Parts.
func (p *Part) IsMultipart() bool { return len(p.Parts) > 0 }

// IsLeaf reports whether p has content of its own: it is no multipart and embeds
// no message.
func (p *Part) IsLeaf() bool { return len(p.Parts) == 0 && p.Message == nil }

// IsText reports whether p is of type text.
func (p *Part) IsText() bool { return strings.EqualFold(p.Type, "text") }

// Param returns the value of a parameter of Content-Type, decoded.
func (p *Part) Param(name string) string {
	for _, q := range DecodeParams(p.Params) {
		if q.Name == name {
			return q.Value
		}
	}
	return ""
}

// Parse reads a message of size octets, once and from start to end. The only
// errors are those of src: io.ErrUnexpectedEOF when it has less than size.
func Parse(src io.ReaderAt, size int64, limits Limits) (*Index, error) {
	p := newParser(src, size, limits)
	p.begin(entity{message: true}, 0, false)
	for {
		l, err := p.lines.next()
		if err == io.EOF {
			break
		}
		if err != nil {
			return nil, err
		}
		p.line(l)
	}
	p.closeDownTo(0, max(size, 0), max(size, 0))
	return &Index{root: *p.root}, nil
}

// Root returns the message itself.
func (x *Index) Root() *Part { return &x.root }

// Envelope returns what the header of the message says. It is shared; do not
// change it.
func (x *Index) Envelope() *imap.Envelope { return x.root.Envelope }

// Part returns the part with that path of part numbers, as IMAP counts them
// (RFC 9051 §6.4.5): part 1 of what is not a multipart is its body. The empty
// path is the message.
func (x *Index) Part(path []uint32) (*Part, bool) {
	p := &x.root
	// below is where the next number counts.
	below := p
	for _, n := range path {
		switch {
		case below == nil || n == 0:
			return nil, false
		case uint64(n) <= uint64(len(below.Parts)):
			p = &below.Parts[n-1]
		case n == 1:
			// Its own part 1; only a message inside it has further ones.
			p, below = below, below.Message
			continue
		default:
			return nil, false
		}
		switch {
		case p.Message != nil:
			below = p.Message
		case len(p.Parts) > 0:
			below = p
		default:
			below = nil
		}
	}
	return p, true
}

// All yields every entity of the message in the order of its octets: the
// message, then what is inside, each before its own parts. Those for which
// [Part.IsLeaf] reports true have content of their own.
func (x *Index) All() iter.Seq[*Part] {
	return func(yield func(*Part) bool) { x.root.all(yield) }
}

func (p *Part) all(yield func(*Part) bool) bool {
	if !yield(p) {
		return false
	}
	if p.Message != nil {
		return p.Message.all(yield)
	}
	for i := range p.Parts {
		if !p.Parts[i].all(yield) {
			return false
		}
	}
	return true
}
