package message

import (
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
// HEADER.FIELDS specifiers; the error is its.
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
		c, err := selectFields(src, m.Header, s.Fields, s.Specifier == imap.SpecifierHeaderFields)
		return c, err == nil, err
	}
	return Content{}, false, nil
}

// selectFields returns the fields of a header that are named, or with named
// false all others, and the empty line that ends every such portion. Spans that
// touch become one.
func selectFields(src io.ReaderAt, header Span, names []string, named bool) (Content, error) {
	want := make(map[string]bool, len(names))
	for _, n := range names {
		want[strings.ToLower(n)] = true
	}
	var c Content
	for f, err := range HeaderFields(src, header, 1) {
		if err != nil {
			return Content{}, err
		}
		if want[strings.ToLower(f.Name)] != named {
			continue
		}
		if k := len(c.spans); k > 0 && c.spans[k-1].End() == f.Span.Offset {
			c.spans[k-1].Size += f.Span.Size
			continue
		}
		c.spans = append(c.spans, f.Span)
	}
	c.tail = "\r\n"
	if k := len(c.spans); k > 0 && c.spans[k-1].End() == header.End() {
		// The header ended without an empty line, perhaps without a line end.
		var last [1]byte
		if _, err := src.ReadAt(last[:], header.End()-1); err != nil {
			return Content{}, err
		}
		if last[0] != '\n' {
			c.tail = "\r\n\r\n"
		}
	}
	return c, nil
}
