package imapwire

import (
	"github.com/mailwire/mailwire/imapwire/engine"
)

// How a FETCH response passes in parts
//
// Contents of messages are too large to hold, and items may stand before and
// behind them:
//
//	* 7 FETCH (UID 42 BODY[1] {9}⏎ | 9 octets |  BODY[2] {5}⏎ | 5 octets |  FLAGS (\Seen))⏎
//	└────── frame, FetchFirst ────┘            └─ FetchMiddle ─┘            └── FetchLast ──┘
//
// A reader gets each frame from the framer, asks Section whether the literal at
// its end is such a content, to be streamed, or an argument, to be buffered, and
// gives the frame to [Parser.FetchPart]. A writer sets Part in the FetchData
// that it sends.

// A FetchPart says which part of a FETCH response a [FetchData] is.
type FetchPart uint8

const (
	// FetchWhole: all of it.
	FetchWhole FetchPart = iota
	// FetchFirst: its first items; more follow.
	FetchFirst
	// FetchMiddle: items behind a FetchFirst; more follow.
	FetchMiddle
	// FetchLast: the rest, which may be nothing.
	FetchLast
)

func (p FetchPart) begins() bool { return p == FetchWhole || p == FetchFirst }
func (p FetchPart) ends() bool   { return p == FetchWhole || p == FetchLast }

// Since returns the items that f tells beyond those of before, an earlier state
// of the same response. What it returns shares memory with f.
func (f *FetchData) Since(before *FetchData) *FetchData {
	rest := *f
	rest.Has &^= before.Has
	rest.Sections = f.Sections[len(before.Sections):]
	rest.BinarySizes = f.BinarySizes[len(before.BinarySizes):]
	rest.Unknown = f.Unknown[len(before.Unknown):]
	rest.Broken = f.Broken[len(before.Broken):]
	return &rest
}

// A FetchReader is what is known of a FETCH response of which only some frames
// have come. The zero value is ready for the first of them.
type FetchReader struct {
	// Data is what was read. Sections have no Data in their Content: they are
	// marked as Pushed, with their Size, where it is streamed.
	Data FetchData

	memory *fetchMemory // of Data
	scan   fetchScan
	begun  bool
	noted  Tolerances
	tokens int
	lists  int
	octets int   // of the frames before
	offset int64 // of the next frame in the response
}

// Section reports whether the literal announced at the end of frame, of size
// octets, is the content of a section. It looks at every octet once, however
// many literals a frame has; when it reports false the literal has to be
// buffered into the frame.
func (r *FetchReader) Section(frame []byte, size int64) bool {
	if r.scan.section(frame, r.begun) {
		return true
	}
	r.scan.pos = len(frame) + int(min(size, 1<<30))
	return false
}

// FetchPart reads the next frame of a FETCH response: up to the announcement of
// a literal for which Section was true, of size octets, or to the end of the
// response, with size -1. Errors are those of [Parser.Response]; offsets count
// from the start of the response.
func (p *Parser) FetchPart(r *FetchReader, frame []byte, size int64) error {
	opt := p.ParseOptions
	opt.Bounds.Response = true
	c := newCursor(frame, opt.Bounds.withDefaults(), opt.UTF8)
	c.tol, c.notes, c.noted = opt.Tolerates(), p.Diagnostics[:0], r.noted
	c.tokens, c.lists, c.memory = r.tokens, r.lists, r.memory
	c.streamed = size >= 0
	if most := c.lim.Line + c.lim.Literals; len(frame) > most-r.octets {
		c.limit("Line", most, r.octets+len(frame), 0)
	}
	c.fetchPart(r)
	p.count(&c)
	switch err := c.err.(type) {
	case *engine.SyntaxError:
		err.Offset += r.offset
	case *engine.LimitError:
		err.Offset += r.offset
	}
	for i := range p.Diagnostics {
		p.Diagnostics[i].Offset += r.offset
	}
	r.tokens, r.lists, r.noted, r.memory = c.tokens, c.lists, c.noted, c.memory
	r.octets += len(frame)
	r.offset += int64(len(frame)) + max(size, 0)
	r.begun, r.scan = true, fetchScan{}
	return c.err
}

// msg-att = "(" (msg-att-dynamic / msg-att-static) *(SP (msg-att-dynamic / msg-att-static)) ")"
//
// fetchPart reads as much of it as the frame has.
func (c *cursor) fetchPart(r *FetchReader) {
	const production = "msg-att"
	f := &r.Data
	n := 1
	if r.begun {
		// The level that the first frame opened.
		c.enter()
	} else {
		n = 0
		c.expect('*', "response-data")
		c.sp("response-data")
		i := c.pos
		if f.Num = c.number("message-data"); f.Num == 0 && c.err == nil && !c.tolerateAt(TolerateZeroNumber, i) {
			c.failAt(i, "message-data", "a number above 0")
		}
		c.sp("message-data")
		if string(c.word("message-data")) != "FETCH" && c.err == nil {
			c.fail("message-data", "FETCH")
		}
		c.sp("message-data")
		c.open(production)
	}
	for ; c.more(n, production); n++ {
		c.fetchDataItem(f)
		if c.streamed && c.err == nil && c.pos == len(c.b) {
			return // the content of the last item follows
		}
	}
	c.brokenRest(f)
	c.crlf("response-data")
	if c.streamed && c.err == nil {
		c.fail(production, "the content of a section")
	}
}

// A fetchScan looks at the frames of a FETCH response octet by octet, to know
// what item a literal belongs to.
type fetchScan struct {
	pos   int // up to where in the frame it has looked
	state fetchScanState
	// depth counts parentheses, brackets those of a section.
	depth, brackets int
	quoted, escaped bool
	name, value     int // where in the frame they begin
	nameEnd         int
}

type fetchScanState uint8

const (
	scanBegin fetchScanState = iota
	scanName
	scanValue
	scanOther // the frame is no FETCH, or not a well-formed one
)

// section looks at the rest of the frame, which ends with an announcement.
func (s *fetchScan) section(frame []byte, begun bool) bool {
	if s.state == scanBegin {
		s.begin(frame, begun)
	}
	for ; s.pos < len(frame) && s.state != scanOther; s.pos++ {
		x := frame[s.pos]
		switch {
		case s.escaped:
			s.escaped = false
		case s.quoted:
			s.quoted, s.escaped = x != '"', x == '\\'
		case x == '"':
			s.quoted = true
		case s.state == scanName:
			s.nextName(x)
		default:
			s.nextValue(x)
		}
	}
	if s.state != scanValue || s.depth != 1 || s.value >= len(frame) {
		return false
	}
	if x := frame[s.value:]; x[0] != '{' && (x[0] != '~' || len(x) < 2 || x[1] != '{') {
		return false
	}
	return sectionName(frame[s.name:s.nameEnd])
}

// begin finds where the items of a frame begin.
func (s *fetchScan) begin(frame []byte, begun bool) {
	s.state, s.depth = scanValue, 1
	if begun {
		return // behind the content of an item
	}
	c := newCursor(frame, Bounds{Response: true}.withDefaults(), false)
	c.tol = defaultTolerances
	c.expect('*', "response-data")
	c.sp("response-data")
	c.number("message-data")
	c.sp("message-data")
	word := string(c.word("message-data"))
	c.sp("message-data")
	c.open("msg-att")
	if c.err != nil || word != "FETCH" {
		s.state = scanOther
		return
	}
	s.pos, s.name, s.state = c.pos, c.pos, scanName
}

func (s *fetchScan) nextName(x byte) {
	switch {
	case x == '[':
		s.brackets++
	case x == ']':
		s.brackets--
	case s.brackets > 0:
	case x == ' ':
		s.nameEnd, s.value, s.state = s.pos, s.pos+1, scanValue
	case x == ')':
		s.state = scanOther
	}
}

func (s *fetchScan) nextValue(x byte) {
	switch {
	case x == '(':
		s.depth++
	case x == ')':
		if s.depth--; s.depth == 0 {
			s.state = scanOther
		}
	case x == ' ' && s.depth == 1 && s.pos == s.value && s.value > s.name:
		s.value++ // one of several spaces
	case x == ' ' && s.depth == 1:
		s.name, s.brackets, s.state = s.pos+1, 0, scanName
	}
}

// sectionName reports whether an item of this name carries content.
func sectionName(name []byte) bool {
	n := fetchWord(name)
	if n < len(name) && n < len("BINARY.SIZE") {
		word := upper(string(name[:n]))
		return word == "BODY" || word == "BINARY"
	}
	return n <= len("RFC822.HEADER") && rfc822Name([]byte(upper(string(name)))) != 0
}
