package imapwire

import (
	"strings"

	"github.com/mailwire/mailwire/imapwire/engine"
	"github.com/mailwire/mailwire/imapwire/imap"
)

// A Fetch is FETCH, or UID FETCH, RFC 9051 §6.4.5.
type Fetch struct {
	UID   bool
	Set   imap.Set
	Items []FetchItem // at least one; a macro stands alone
	// ChangedSince, when not zero, leaves out messages with this modseq or a
	// smaller one; with Vanished, those that are gone since are told as well
	// (RFC 7162 §3.1.4.1, §3.2.6).
	ChangedSince imap.ModSeq
	Vanished     bool
	// Modifiers are other fetch-modifiers (RFC 4466), each the octets of name
	// and value.
	Modifiers []string
}

// A FetchItem is one thing to fetch: a [FetchAttr], a [*FetchBody] or a
// [*FetchBinary].
type FetchItem interface{ fetchItem() }

// A FetchAttr is an item that is a single word, in upper case. Words that this
// package has no constant for parse and encode as they are, with the argument
// in parentheses that may follow such a word inside a list: PREVIEW (LAZY).
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

// fetch = "FETCH" SP sequence-set SP ("ALL" / "FULL" / "FAST" / fetch-att / "(" fetch-att *(SP fetch-att) ")") [fetch-modifiers]
// fetch-modifiers = SP "(" fetch-modifier *(SP fetch-modifier) ")"
// fetch-modifier = tagged-ext-label [SP tagged-ext-val]
// fetch-modifier =/ "CHANGEDSINCE" SP mod-sequence-value / "VANISHED"
func parseFetch(c *cursor, uid bool) Command {
	const production = "fetch-att"
	slab := &struct {
		Fetch
		ranges [1]imap.Range
		items  [5]FetchItem
	}{}
	f := &slab.Fetch
	f.UID = uid
	c.sp("fetch")
	f.Set = c.sequenceSetIn(slab.ranges[:0], "fetch")
	c.sp("fetch")
	if c.peek() == '(' {
		c.open(production)
		f.Items = makeListIn(c, slab.items[:0])
		for len(f.Items) == 0 || c.more(len(f.Items), production) {
			i := c.pos
			item := c.fetchItem(true)
			if a, ok := item.(FetchAttr); ok && isFetchMacro(a) {
				c.failAt(i, production, "no macro among items")
			}
			if c.err != nil {
				return nil
			}
			f.Items = append(f.Items, item)
		}
	} else {
		f.Items = append(slab.items[:0], c.fetchItem(false))
	}
	if c.accept(' ') {
		c.fetchModifiers(f)
	}
	return f
}

func (c *cursor) fetchModifiers(f *Fetch) {
	const production = "fetch-modifier"
	c.open(production)
	for n := 0; c.err == nil && (n == 0 || c.more(n, production)); n++ {
		switch {
		case f.ChangedSince == 0 && c.acceptLabel("CHANGEDSINCE"):
			c.sp(production)
			f.ChangedSince = imap.ModSeq(c.nzNumber64("mod-sequence-value"))
		case !f.Vanished && c.acceptLabel("VANISHED"):
			f.Vanished = true
		default:
			f.Modifiers = append(f.Modifiers, c.taggedExt(production))
		}
	}
}

func isFetchMacro(a FetchAttr) bool { return a == FetchAll || a == FetchFast || a == FetchFull }

// fetch-att = "ENVELOPE" / "FLAGS" / "INTERNALDATE" / "RFC822" [".HEADER" / ".SIZE" / ".TEXT"] / "BODY" ["STRUCTURE"] / "UID"
// fetch-att =/ "BODY" section [partial] / "BODY.PEEK" section [partial]
// fetch-att =/ "BINARY" [".PEEK"] section-binary [partial] / "BINARY.SIZE" section-binary
// fetch-att =/ word [SP value]
func (c *cursor) fetchItem(inList bool) FetchItem {
	const production = "fetch-att"
	if c.err != nil {
		return nil
	}
	// "[" is an ATOM-CHAR, but ends the name of an item.
	i, n := c.pos, 0
	for _, x := range c.b[i:] {
		if !engine.Atom.Is(x) || x == '[' {
			break
		}
		n++
	}
	if n == 0 {
		c.fail(production, "an item")
		return nil
	}
	c.token()
	c.pos += n
	c.steps += int64(n)
	j := c.pos
	word := c.fold(i, j)
	if c.peek() == '[' {
		switch string(word) {
		case "BODY":
			return c.fetchBody(false)
		case "BODY.PEEK":
			return c.fetchBody(true)
		case "BINARY":
			return c.fetchBinary(false, false)
		case "BINARY.PEEK":
			return c.fetchBinary(true, false)
		case "BINARY.SIZE":
			return c.fetchBinary(false, true)
		}
		k := engine.AString.Span(c.b[c.pos:])
		c.pos += k
		c.steps += int64(k)
	} else if a := fetchAttr(word); a != nil {
		return a
	}
	if inList && c.peek() == ' ' && c.pos+1 < len(c.b) && c.b[c.pos+1] == '(' {
		c.pos++
		c.steps++
		c.skipValue(production)
	}
	return FetchAttr(c.label(i, j, c.pos))
}

// fetchAttr returns the item of one of the words that have a constant. Their
// interface values are made once, by the compiler.
func fetchAttr(word []byte) FetchItem {
	switch string(word) {
	case "ALL":
		return FetchAll
	case "FAST":
		return FetchFast
	case "FULL":
		return FetchFull
	case "BODY":
		return FetchBodyBasic
	case "BODYSTRUCTURE":
		return FetchBodyStructure
	case "ENVELOPE":
		return FetchEnvelope
	case "FLAGS":
		return FetchFlags
	case "INTERNALDATE":
		return FetchInternalDate
	case "MODSEQ":
		return FetchModSeq
	case "UID":
		return FetchUID
	case "RFC822":
		return FetchRFC822
	case "RFC822.HEADER":
		return FetchRFC822Header
	case "RFC822.SIZE":
		return FetchRFC822Size
	case "RFC822.TEXT":
		return FetchRFC822Text
	}
	return nil
}

func (c *cursor) fetchBody(peek bool) FetchItem {
	slab := &struct {
		FetchBody
		part    [2]uint32
		partial imap.Partial
	}{}
	b := &slab.FetchBody
	b.Peek = peek
	b.Section = c.sectionIn(slab.part[:0])
	if c.peek() == '<' {
		slab.partial = c.partial()
		b.Partial = &slab.partial
	}
	return b
}

// section-binary = "[" [section-part] "]"
func (c *cursor) fetchBinary(peek, sizeOnly bool) FetchItem {
	b := &FetchBinary{Peek: peek, SizeOnly: sizeOnly}
	b.Part = c.sectionBinary()
	if !sizeOnly {
		if c.peek() == '<' {
			p := c.partial()
			b.Partial = &p
		}
	}
	return b
}

// section-binary = "[" [section-part] "]"
func (c *cursor) sectionBinary() (part []uint32) {
	const production = "section-binary"
	c.expect('[', production)
	if c.at(engine.Digit) {
		var point bool
		if part, point = c.sectionPart(nil); point {
			c.fail(production, "a part number")
		}
	}
	c.expect(']', production)
	return part
}

// section = "[" [section-spec] "]"
// section-spec = section-msgtext / (section-part ["." section-text])
// section-text = section-msgtext / "MIME"
// section-msgtext = "HEADER" / "HEADER.FIELDS" [".NOT"] SP header-list / "TEXT"
func (c *cursor) section() imap.Section { return c.sectionIn(nil) }

// sectionIn is section with room for the part where it suffices.
func (c *cursor) sectionIn(room []uint32) (s imap.Section) {
	const production = "section"
	c.expect('[', production)
	if c.accept(']') {
		return s
	}
	if c.at(engine.Digit) {
		var point bool
		if s.Part, point = c.sectionPart(room); !point {
			c.expect(']', production)
			return s
		}
	}
	i, n := c.pos, 0
	if c.err == nil {
		for _, x := range c.b[i:] {
			if !engine.Atom.Is(x) {
				break
			}
			n++
		}
		c.token()
		c.pos += n
		c.steps += int64(n)
	}
	switch string(c.fold(i, i+n)) {
	case "HEADER":
		s.Specifier = imap.SpecifierHeader
	case "TEXT":
		s.Specifier = imap.SpecifierText
	case "HEADER.FIELDS":
		s.Specifier = imap.SpecifierHeaderFields
		s.Fields = c.headerList()
	case "HEADER.FIELDS.NOT":
		s.Specifier = imap.SpecifierHeaderFieldsNot
		s.Fields = c.headerList()
	case "MIME":
		if len(s.Part) == 0 {
			c.failAt(i, production, "a part before MIME")
		}
		s.Specifier = imap.SpecifierMIME
	default:
		c.failAt(i, production, "HEADER, HEADER.FIELDS, HEADER.FIELDS.NOT, TEXT or MIME")
	}
	c.expect(']', production)
	return s
}

// section-part = nz-number *("." nz-number)
//
// point reports that a "." without a number behind it followed; it is
// consumed. A path is bounded as a set is, and is put into room where that
// suffices.
func (c *cursor) sectionPart(room []uint32) (part []uint32, point bool) {
	const production = "section-part"
	n := 1
	for i, x := range c.b[c.pos:] {
		if x == '.' {
			n++
			if n > c.lim.Ranges {
				c.limit("Ranges", c.lim.Ranges, n, c.pos+i+1)
				return nil, false
			}
		} else if !engine.Digit.Is(x) {
			c.steps += int64(i)
			break
		}
	}
	part = room
	if n > cap(room) {
		part = make([]uint32, 0, n)
	}
	for {
		part = append(part, c.nzNumber(production))
		if !c.accept('.') {
			return part, false
		}
		if !c.at(engine.Digit) {
			return part, true
		}
	}
}

// header-list = "(" header-fld-name *(SP header-fld-name) ")"
// header-fld-name = astring
func (c *cursor) headerList() []string {
	const production = "header-list"
	c.sp(production)
	if !c.open(production) {
		return nil
	}
	fields := makeList[string](c)
	for len(fields) == 0 || c.more(len(fields), production) {
		i := c.pos
		name := c.astring("header-fld-name")
		if c.err != nil {
			return nil
		}
		if name == "" {
			c.failAt(i, "header-fld-name", "a name that is not empty")
		}
		fields = append(fields, name)
	}
	return fields
}

// partial = "<" number64 "." nz-number64 ">"
func (c *cursor) partial() (p imap.Partial) {
	const production = "partial"
	c.expect('<', production)
	p.Offset = c.number64(production)
	c.expect('.', production)
	p.Count = c.nzNumber64(production)
	c.expect('>', production)
	return p
}

func (f *Fetch) encode(e *encoder) {
	e.sp()
	e.sequenceSet(f.Set)
	e.sp()
	switch len(f.Items) {
	case 0:
		e.fail("FETCH without items")
	case 1:
		e.fetchItem(f.Items[0], true)
	default:
		e.byte('(')
		for i, item := range f.Items {
			if i > 0 {
				e.sp()
			}
			e.fetchItem(item, false)
		}
		e.byte(')')
	}
	sep := " ("
	if f.ChangedSince != 0 {
		e.raw(sep + "CHANGEDSINCE ")
		e.modSeq(f.ChangedSince)
		sep = " "
	}
	if f.Vanished {
		e.raw(sep + "VANISHED")
		sep = " "
	}
	for _, m := range f.Modifiers {
		e.raw(sep)
		e.taggedExt(m, "fetch-modifier")
		sep = " "
	}
	if sep == " " {
		e.byte(')')
	}
}

func (e *encoder) fetchItem(item FetchItem, alone bool) {
	switch item := item.(type) {
	case FetchAttr:
		if isFetchMacro(item) {
			if !alone {
				e.fail("the macro %s among items", item)
			}
			e.raw(string(item))
			return
		}
		if s := string(item); s != "" && engine.Atom.All(s) && !strings.Contains(s, "[") && upper(s) == s {
			e.raw(s)
			return
		}
		// A word with an argument is an item in a list only.
		list := alone && strings.Contains(string(item), " ")
		if list {
			e.byte('(')
		}
		e.value(string(item), "fetch-att", func(c *cursor) {
			if got, ok := c.fetchItem(true).(FetchAttr); !ok || got != item {
				c.fail("fetch-att", "a word in upper case")
			}
		})
		if list {
			e.byte(')')
		}
	case *FetchBody:
		e.raw("BODY")
		if item.Peek {
			e.raw(".PEEK")
		}
		e.section(item.Section)
		e.partial(item.Partial)
	case *FetchBinary:
		switch {
		case item.SizeOnly && (item.Peek || item.Partial != nil):
			e.fail("BINARY.SIZE with PEEK or an offset")
		case item.SizeOnly:
			e.raw("BINARY.SIZE")
		case item.Peek:
			e.raw("BINARY.PEEK")
		default:
			e.raw("BINARY")
		}
		e.byte('[')
		e.sectionPart(item.Part)
		e.byte(']')
		e.partial(item.Partial)
	default:
		e.fail("FETCH with a nil item")
	}
}

func (e *encoder) section(s imap.Section) {
	e.byte('[')
	e.sectionPart(s.Part)
	if len(s.Part) > 0 && s.Specifier != imap.SpecifierNone {
		e.byte('.')
	}
	fields := false
	switch s.Specifier {
	case imap.SpecifierNone:
	case imap.SpecifierHeader:
		e.raw("HEADER")
	case imap.SpecifierText:
		e.raw("TEXT")
	case imap.SpecifierHeaderFields:
		e.raw("HEADER.FIELDS")
		fields = true
	case imap.SpecifierHeaderFieldsNot:
		e.raw("HEADER.FIELDS.NOT")
		fields = true
	case imap.SpecifierMIME:
		if len(s.Part) == 0 {
			e.fail("MIME without a part")
		}
		e.raw("MIME")
	default:
		e.fail("the specifier %d is unknown", s.Specifier)
	}
	if fields != (len(s.Fields) > 0) {
		e.fail("HEADER.FIELDS, or names of fields, alone")
	}
	for i, name := range s.Fields {
		e.sp()
		if i == 0 {
			e.byte('(')
		}
		if name == "" {
			e.fail("the name of a header field is empty")
		}
		e.astring(name)
	}
	if fields {
		e.byte(')')
	}
	e.byte(']')
}

func (e *encoder) sectionPart(part []uint32) {
	for i, n := range part {
		if i > 0 {
			e.byte('.')
		}
		e.nzNumber(n, "a part number")
	}
}

func (e *encoder) partial(p *imap.Partial) {
	if p == nil {
		return
	}
	if p.Count < 1 {
		e.fail("a range of %d octets", p.Count)
	}
	e.byte('<')
	e.number64(p.Offset, "an offset")
	e.byte('.')
	e.number64(p.Count, "a count")
	e.byte('>')
}
