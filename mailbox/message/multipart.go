package message

import (
	"bytes"
	"io"
	"strings"

	"github.com/mailwire/mailwire/imapwire/imap"
)

// How Parse works
//
// The message is read line by line. open is the stack of entities that have
// begun and not ended, outermost first:
//
//	message ── multipart ── part ── message inside it ── multipart ── …
//
// The innermost is in its header or in its body. A line "--boundary" of any
// open multipart ends everything that is open inside that multipart, and begins
// its next part; "--boundary--" only ends. Boundaries are found by name in one
// step, however deep the stack. The line end before a boundary belongs to the
// boundary (RFC 2046 §5.1.1).
//
// Depth and the number of parts are bounded: beyond them a multipart or message
// is not opened, and what it contains is plain content.
type parser struct {
	limits Limits
	lines  *lineReader
	root   *Part
	open   []*entity
	// header is that of the innermost entity, while it is in its header.
	header headerParser
	// boundaries are the open multiparts by boundary, as positions in open.
	boundaries map[string][]int
	parts      int

	newlines int64 // line ends seen so far
	// The last line: how many octets its end has, and whether that was all.
	lastEnd   int64
	lastEmpty bool
}

// An entity is an open part.
type entity struct {
	part     *Part
	inHeader bool
	boundary string // of a multipart; "" when it is none
	over     bool   // the multipart's last boundary has come
	digest   bool   // parts are messages by default
	lines    int64  // newlines before the body
	message  bool   // a message, which has an envelope
	embedded bool   // the message inside the entity below
}

func newParser(src io.ReaderAt, size int64, limits Limits) *parser {
	p := &parser{limits: limits.withDefaults(), lines: newLineReader(src, Span{0, size})}
	p.header.limits = p.limits
	p.header.left.octets, p.header.left.addresses = p.limits.HeaderBytes, p.limits.Addresses
	return p
}

// begin opens an entity whose header starts at offset.
func (p *parser) begin(e entity, offset int64, digest bool) {
	e.part = &Part{Header: Span{Offset: offset}, Type: "text", Subtype: "plain"}
	if digest {
		e.part.Type, e.part.Subtype = "message", "rfc822" // RFC 2046 §5.1.5
	}
	e.inHeader = true
	p.header.begin()
	p.parts++
	p.open = append(p.open, &e)
	if len(p.open) == 1 {
		p.root = e.part
	}
}

func (p *parser) top() *entity { return p.open[len(p.open)-1] }

// line takes the next line.
func (p *parser) line(l line) {
	if !p.boundaryLine(l) {
		p.contentLine(l)
	}
	p.lastEmpty = l.first && len(l.text) == 0
	p.lastEnd = 0
	if l.ended {
		p.newlines++
		p.lastEnd = l.size - int64(len(l.text))
	}
}

// contentLine takes a line that is no boundary.
func (p *parser) contentLine(l line) {
	for e := p.top(); e.inHeader && !p.header.take(l, e.message); e = p.top() {
		if p.endHeader(l) {
			return
		}
		// No empty line: l is the first line of the body, which may be a
		// multipart that it begins, or a message whose header it begins.
		if p.boundaryLine(l) {
			return
		}
	}
}

// boundaryLine handles a line that may be a boundary, and reports whether it is
// one. The whole line has to be the boundary but for white space at its end, so
// that a boundary which is the start of another one does not end its parts.
//
//	dash-boundary = "--" boundary
//	encapsulation = delimiter transport-padding CRLF body-part
//	close-delimiter = delimiter "--"
func (p *parser) boundaryLine(l line) bool {
	if len(p.boundaries) == 0 || !l.first || !bytes.HasPrefix(l.text, []byte("--")) {
		return false
	}
	text := bytes.TrimRight(l.text[2:], " \t\r")
	at, last := p.find(text), false
	if at < 0 {
		t, cut := bytes.CutSuffix(text, []byte("--"))
		if at = p.find(t); !cut || at < 0 {
			return false
		}
		last = true
	}
	m := p.open[at]
	p.closeDownTo(at+1, l.offset-p.lastEnd, l.offset)
	if last {
		m.over = true
		return true
	}
	if p.parts >= p.limits.Parts {
		m.part.Cut = true
		return true
	}
	p.begin(entity{}, l.offset+l.size, m.digest)
	return true
}

// find returns the innermost open multipart with that boundary that has not
// ended, or -1.
func (p *parser) find(boundary []byte) int {
	ats := p.boundaries[string(boundary)]
	for i := len(ats) - 1; i >= 0; i-- {
		if !p.open[ats[i]].over {
			return ats[i]
		}
	}
	return -1
}

// endHeader ends the header of the innermost entity at line l, and reports
// whether l is the empty line. Otherwise that is missing, and l is part of the
// body.
func (p *parser) endHeader(l line) bool {
	e := p.top()
	p.header.flush()
	if l.first && len(l.text) == 0 {
		p.startBody(e, l.offset+l.size, p.newlines+1)
		return true
	}
	p.startBody(e, l.offset, p.newlines)
	return false
}

// startBody ends the header at offset end and opens what the body is.
func (p *parser) startBody(e *entity, end, newlines int64) {
	e.inHeader = false
	part := e.part
	part.Header.Size = end - part.Header.Offset
	part.Body.Offset = end
	e.lines = newlines
	p.header.apply(part, e.message)
	switch {
	case strings.EqualFold(part.Type, "multipart"):
		if len(p.open) >= p.limits.Depth {
			part.Cut = true
			return
		}
		e.boundary = boundaryOf(part)
		e.digest = strings.EqualFold(part.Subtype, "digest")
		if e.boundary != "" {
			if p.boundaries == nil {
				p.boundaries = make(map[string][]int)
			}
			p.boundaries[e.boundary] = append(p.boundaries[e.boundary], len(p.open)-1)
		}
	case isMessage(part) && isIdentity(part.Encoding):
		if len(p.open) >= p.limits.Depth || p.parts >= p.limits.Parts {
			part.Cut = true
			return
		}
		p.begin(entity{message: true, embedded: true}, end, false)
	}
}

func isMessage(p *Part) bool {
	return strings.EqualFold(p.Type, "message") &&
		(strings.EqualFold(p.Subtype, "rfc822") || strings.EqualFold(p.Subtype, "global"))
}

// isIdentity reports whether content is what it says. RFC 2046 §5.2.1 permits no
// other encoding of a message; one that has it can not be looked into, while
// that of a multipart is not believed (RFC 2045 §6.4).
func isIdentity(encoding string) bool {
	return !strings.EqualFold(encoding, "base64") && !strings.EqualFold(encoding, "quoted-printable")
}

// boundaryOf returns the boundary of a multipart, "" when it has none. It is
// octets and not text, so that only one that RFC 2231 encodes is decoded. White
// space at its end can not be part of it (RFC 2046 §5.1.1).
func boundaryOf(p *Part) string {
	for _, q := range p.Params {
		if strings.EqualFold(q.Name, "boundary") {
			return strings.TrimRight(q.Value, foldSpace)
		}
	}
	return strings.TrimRight(p.Param("boundary"), foldSpace)
}

// closeDownTo ends the entities from depth on, innermost first. Their bodies end
// at end, which leaves out the line end before a boundary at next. When that is
// also the line end of the empty line behind the header of the outermost, it
// stays with that header, and everything inside is empty and lies there.
func (p *parser) closeDownTo(depth int, end, next int64) {
	for len(p.open) > depth {
		e := p.top()
		if e.inHeader {
			// No empty line came. What the body would be begins and ends here.
			p.header.flush()
			p.startBody(e, max(end, e.part.Header.Offset), p.newlines)
			if p.top() != e {
				continue
			}
		}
		p.open = p.open[:len(p.open)-1]
		if e.boundary != "" {
			ats := p.boundaries[e.boundary]
			if p.boundaries[e.boundary] = ats[:len(ats)-1]; len(ats) == 1 {
				delete(p.boundaries, e.boundary)
			}
		}
		part := e.part
		if len(p.open) > depth {
			part.endAt(max(end, p.open[depth].part.Body.Offset))
		} else {
			part.endAt(max(end, part.Body.Offset))
		}
		part.Lines = p.linesOf(e, end < next)
		p.complete(part)
		if len(p.open) == 0 {
			return
		}
		below := p.top()
		if e.embedded {
			below.part.Message = part
		} else {
			below.part.Parts = append(below.part.Parts, *part)
		}
	}
}

// endAt ends a part, which may begin behind end.
func (p *Part) endAt(end int64) {
	p.Header.Offset = min(p.Header.Offset, end)
	p.Header.Size = min(p.Header.Size, end-p.Header.Offset)
	p.Body.Offset = p.Header.End()
	p.Body.Size = end - p.Body.Offset
}

// linesOf counts the lines of a body that ends here; cut says that the last
// line end is not part of it.
func (p *parser) linesOf(e *entity, cut bool) int64 {
	if e.part.Body.Size == 0 {
		return 0
	}
	n := p.newlines - e.lines
	switch {
	case cut && p.lastEmpty:
		n--
	case !cut && p.lastEnd == 0:
		n++
	}
	return n
}

// complete gives a multipart without parts, and a message that was not looked
// into, what IMAP's grammar asks for: its content as text. That of an encoded
// message has the encoding of the message.
func (p *parser) complete(part *Part) {
	content := Part{
		Header: Span{Offset: part.Body.Offset}, Body: part.Body, Lines: part.Lines,
		Type: "text", Subtype: "plain", Encoding: "7bit",
	}
	switch {
	case strings.EqualFold(part.Type, "multipart") && len(part.Parts) == 0:
		part.Parts = []Part{content}
	case isMessage(part) && part.Message == nil:
		content.Encoding = part.Encoding
		content.Envelope = &imap.Envelope{}
		part.Message = &content
	}
}
