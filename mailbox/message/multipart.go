package message

import (
	"bytes"
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
// Depth and the number of parts are bounded: beyond them a multipart is not
// opened, and what it contains is plain content.
type parser struct {
	lim   Limits
	lines lineReader
	root  *Part
	open  []*entity
	// boundaries are the open multiparts by boundary, the innermost of each.
	boundaries map[string][]int
	parts      int

	newlines int64 // line ends seen so far
	// The end of the last line: how much of it is LF or CRLF, and whether
	// the line had content.
	lastEnd   int64
	lastEmpty bool
}

// An entity is an open part.
type entity struct {
	part     *Part
	inHeader bool
	header   headerParser
	boundary string // of a multipart; "" when it is none
	over     bool   // the multipart's last boundary has come
	digest   bool   // parts are messages by default
	lines    int64  // newlines before the body
	message  bool   // a message, which has an envelope
	embedded bool   // the message inside the entity below
}

// begin opens an entity whose header starts at offset.
func (p *parser) begin(offset int64, message, digest bool) *entity {
	e := &entity{part: &Part{Header: Span{Offset: offset}}, inHeader: true, message: message}
	e.header.lim = p.lim
	e.part.Type, e.part.Subtype = "text", "plain"
	if digest {
		e.part.Type, e.part.Subtype = "message", "rfc822" // RFC 2046 §5.1.5
	}
	p.parts++
	p.open = append(p.open, e)
	if len(p.open) == 1 {
		p.root = e.part
	}
	return e
}

func (p *parser) top() *entity { return p.open[len(p.open)-1] }

// line takes the next line.
func (p *parser) line(l line) {
	if l.first && len(p.boundaries) > 0 && len(l.text) > 2 && l.text[0] == '-' && l.text[1] == '-' {
		if p.boundaryLine(l) {
			p.ended(l)
			return
		}
	}
	for e := p.top(); e.inHeader && !e.header.take(l); e = p.top() {
		if p.endHeader(l) {
			break
		}
		// No empty line: l is the first line of the body, which may be a
		// message whose header it starts.
	}
	p.ended(l)
}

// ended keeps what the next boundary has to know of the line before it.
func (p *parser) ended(l line) {
	p.lastEmpty = l.first && len(l.text) == 0
	p.lastEnd = 0
	if l.ended {
		p.newlines++
		p.lastEnd = l.size - int64(len(l.text))
	}
}

// boundaryLine handles a line that may be a boundary, and reports whether it is
// one.
//
//	delimiter = CRLF "--" boundary
//	close-delimiter = delimiter "--"
func (p *parser) boundaryLine(l line) bool {
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
	if p.parts >= p.lim.Parts {
		return true
	}
	p.begin(l.offset+l.size, false, m.digest)
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
	e.header.flush()
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
	e.header.apply(part, e.message)
	if len(p.open) >= p.lim.Depth {
		return
	}
	switch {
	case strings.EqualFold(part.Type, "multipart"):
		e.boundary = rawParam(part.Params, "boundary")
		e.digest = strings.EqualFold(part.Subtype, "digest")
		if e.boundary != "" {
			if p.boundaries == nil {
				p.boundaries = make(map[string][]int)
			}
			p.boundaries[e.boundary] = append(p.boundaries[e.boundary], len(p.open)-1)
		}
	case isMessage(part) && p.parts < p.lim.Parts:
		m := p.begin(end, true, false)
		m.embedded = true
	}
}

func isMessage(p *Part) bool {
	return strings.EqualFold(p.Type, "message") &&
		(strings.EqualFold(p.Subtype, "rfc822") || strings.EqualFold(p.Subtype, "global"))
}

// rawParam returns a parameter as the mail program wrote it: a boundary is
// octets and not text. Trailing white space can not be part of one.
func rawParam(params []imap.Param, name string) string {
	for _, q := range params {
		if strings.EqualFold(q.Name, name) {
			return strings.TrimRight(q.Value, " \t")
		}
	}
	return ""
}

// closeDownTo ends the entities from depth on, innermost first. Their bodies end
// at end, which leaves out the line end before a boundary; a body that begins
// behind end is empty, and a header that did not end, ends at next.
func (p *parser) closeDownTo(depth int, end, next int64) {
	for len(p.open) > depth {
		e := p.top()
		if e.inHeader {
			// No empty line came. Only this one is looked at: what it would
			// open begins and ends here.
			e.header.flush()
			p.startBody(e, max(min(end, next), e.part.Header.Offset), p.newlines)
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
		part.Body.Size = max(0, end-part.Body.Offset)
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

// complete gives a multipart without parts, and a message without one inside,
// what IMAP's grammar asks for: its content as text.
func (p *parser) complete(part *Part) {
	content := Part{
		Header: Span{Offset: part.Body.Offset}, Body: part.Body, Lines: part.Lines,
		Type: "text", Subtype: "plain", Encoding: "7bit",
	}
	switch {
	case strings.EqualFold(part.Type, "multipart") && len(part.Parts) == 0:
		part.Parts = []Part{content}
	case isMessage(part) && part.Message == nil:
		content.Envelope = &imap.Envelope{}
		part.Message = &content
	}
}
