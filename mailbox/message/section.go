package message

import (
	"bytes"
	"io"
	"math"
	"strings"

	"github.com/mailwire/mailwire/imapwire/imap"
)

// Content is octets of a message: some spans of it one after the other, and
// perhaps an empty line that the message lacks. It is a value and holds nothing
// of the message itself.
type Content struct {
	spans []Span
	tail  string
}

// contentOf returns the content of one span.
func contentOf(s Span) Content { return Content{spans: []Span{s}} }

// Size returns the number of octets.
func (c Content) Size() int64 {
	n := int64(len(c.tail))
	for _, s := range c.spans {
		n += s.Size
	}
	return n
}

// Slice returns count octets from offset on, or as many as there are: what
// <offset.count> asks for. Negative numbers are zero.
func (c Content) Slice(offset, count int64) Content {
	offset, count = max(offset, 0), max(count, 0)
	if offset > math.MaxInt64-count {
		count = math.MaxInt64 - offset
	}
	var out Content
	for _, s := range c.spans {
		skip := min(offset, s.Size)
		offset -= skip
		n := min(count, s.Size-skip)
		if n > 0 {
			out.spans = append(out.spans, Span{s.Offset + skip, n})
			count -= n
		}
	}
	skip := min(offset, int64(len(c.tail)))
	out.tail = c.tail[skip:min(skip+count, int64(len(c.tail)))]
	if count <= 0 {
		out.tail = ""
	}
	return out
}

// Reader returns a reader of the content from the message.
func (c Content) Reader(src io.ReaderAt) io.Reader {
	readers := make([]io.Reader, 0, len(c.spans)+1)
	for _, s := range c.spans {
		readers = append(readers, io.NewSectionReader(src, s.Offset, s.Size))
	}
	if c.tail != "" {
		readers = append(readers, strings.NewReader(c.tail))
	}
	if len(readers) == 1 {
		return readers[0]
	}
	return io.MultiReader(readers...)
}

// Section returns what BODY[…] stands for (RFC 9051 §6.4.5.1). ok is false when
// the message has no such portion: NIL. src is read only for the two
// HEADER.FIELDS specifiers; the error is its. The MIME header of the message
// inside a message/rfc822, or of a message that is its own part 1, is the header
// of that message.
func (x *Index) Section(src io.ReaderAt, s imap.Section) (c Content, ok bool, err error) {
	p, ok := x.Part(s.Part)
	if !ok {
		return Content{}, false, nil
	}
	// The message whose header and text the specifier means.
	m := p
	if len(s.Part) > 0 {
		m = p.Message
	}
	switch s.Specifier {
	case imap.SpecifierNone:
		if len(s.Part) == 0 {
			return contentOf(Span{p.Header.Offset, p.Header.Size + p.Body.Size}), true, nil
		}
		return contentOf(p.Body), true, nil
	case imap.SpecifierMIME:
		if len(s.Part) == 0 {
			return Content{}, false, nil
		}
		return contentOf(p.Header), true, nil
	}
	if m == nil {
		return Content{}, false, nil
	}
	switch s.Specifier {
	case imap.SpecifierHeader:
		return contentOf(m.Header), true, nil
	case imap.SpecifierText:
		return contentOf(m.Body), true, nil
	case imap.SpecifierHeaderFields, imap.SpecifierHeaderFieldsNot:
		c, err := selectFields(src, m, s.Fields, s.Specifier == imap.SpecifierHeaderFields)
		return c, err == nil, err
	}
	return Content{}, false, nil
}

// maxRuns is how many runs of neighbouring fields selectFields returns, so that
// a header of a million fields does not become a list as long.
const maxRuns = 1 << 16

// selectFields returns the fields of a header that are named, or with named
// false all others, and the empty line. Lines that are no field are none of
// either. Runs of fields become one span; those beyond maxRuns are left out.
//
// The empty line is that of the message. When there is none it is CRLF, except
// in a message that has no body either (RFC 9051 §7.5.2).
func selectFields(src io.ReaderAt, m *Part, names []string, named bool) (Content, error) {
	want := make(map[string]bool, len(names))
	for _, n := range names {
		want[strings.ToLower(n)] = true
	}
	var c Content
	for f, err := range headerFields(src, m.Header, 0) {
		if err != nil {
			return Content{}, err
		}
		if want[strings.ToLower(f.Name)] != named {
			continue
		}
		if c.append(f.Span); len(c.spans) > maxRuns {
			c.spans = c.spans[:maxRuns]
			break
		}
	}
	var end [3]byte
	tail := end[:min(int64(len(end)), m.Header.Size)]
	if _, err := io.ReadFull(io.NewSectionReader(src, m.Header.End()-int64(len(tail)), int64(len(tail))), tail); err != nil {
		return Content{}, err
	}
	if n := emptyLine(tail); n > 0 {
		c.append(Span{m.Header.End() - n, n})
		return c, nil
	}
	if m.Body.Size == 0 {
		return c, nil
	}
	// A body that follows begins a line, so that the last field has its end.
	c.tail = crlf
	return c, nil
}

// append adds a span.
func (c *Content) append(s Span) {
	if k := len(c.spans); k > 0 && c.spans[k-1].End() == s.Offset {
		c.spans[k-1].Size += s.Size
		return
	}
	c.spans = append(c.spans, s)
}

// emptyLine returns the size of the empty line that ends a header, given its
// last octets; 0 when there is none. An empty line ends a header, so that two
// line ends in a row are nowhere else.
func emptyLine(tail []byte) int64 {
	rest, ok := bytes.CutSuffix(tail, []byte("\n"))
	if !ok {
		return 0
	}
	rest = bytes.TrimSuffix(rest, []byte("\r"))
	if len(rest) > 0 && rest[len(rest)-1] != '\n' {
		return 0
	}
	return int64(len(tail) - len(rest))
}
