package imapwire

import (
	"bytes"
	"io"
	"strconv"
	"time"

	"github.com/mailwire/mailwire/imapwire/engine"
	"github.com/mailwire/mailwire/imapwire/imap"
)

// A FetchData is what a server tells of one message: * n FETCH (…). Only the
// fields whose bit is in Has count, lists of sections and unknown items
// excepted. Encoding writes UID first, then FLAGS and MODSEQ, the other
// attributes, and sections last, in their order.
type FetchData struct {
	// Num is the sequence number.
	Num uint32
	// Part says which part of the response this is; zero is all of it.
	Part FetchPart
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
	// Broken are items that could not be read ([TolerateBrokenItem]). Encoding
	// leaves them out.
	Broken []BrokenItem
}

// A BrokenItem is an item of a FETCH response that could not be read. When its end
// could not be found either, it goes on to the end of the response.
type BrokenItem struct {
	// Name is that of the item in upper case, its section excluded.
	Name string
	// Raw is the octets of name and value as they came.
	Raw string
	// Err says what is wrong: a [*engine.SyntaxError], or a [*engine.LimitError]
	// of its depth.
	Err error
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

// To add a FETCH item: its bit and field above, a case in fetchItemData, and
// its line in fetchAttrs; the table of the test beside them.

// msg-att = "(" (msg-att-dynamic / msg-att-static) *(SP (msg-att-dynamic / msg-att-static)) ")"
func (c *cursor) fetchData() *FetchData {
	const production = "msg-att"
	f := c.mem().begin(c.b)
	if !c.open(production) {
		return f
	}
	for n := 0; c.more(n, production); n++ {
		c.fetchDataItem(f)
	}
	c.brokenRest(f)
	return f
}

// A brokenAt is the item that could not be read last: where it begins, and what the
// response had told before it.
type brokenAt struct {
	pos    int
	before *FetchData
}

// fetchDataItem reads one item. When it can not be read, it is moved over and told
// as Broken; when that fails, too, f is what it was before.
func (c *cursor) fetchDataItem(f *FetchData) {
	m, before := c.mark(), f.mark()
	if c.fetchItemData(f); c.err != nil {
		f.back(before)
		c.brokenItem(f, m)
	}
}

// brokenItem moves over the item at m, which could not be read.
func (c *cursor) brokenItem(f *FetchData, m mark) {
	err := c.err
	pos := m.pos
	switch e := err.(type) {
	case *engine.SyntaxError:
		pos = int(e.Offset)
	case *engine.LimitError:
		if e.Name != c.lim.limitName("Depth") {
			return
		}
	}
	end := c.itemEnd(m.pos)
	if end < 0 && !c.streamed {
		end = c.listEnd()
	}
	if c.cut || end <= m.pos || !c.tol.Has(TolerateBrokenItem) || !engine.Alpha.Is(c.b[m.pos]) {
		return
	}
	name := upper(string(c.b[m.pos:][:fetchWord(c.b[m.pos:])]))
	if known := fetchHas([]byte(name)) != 0 || rfc822Name([]byte(name)) != 0 || name == "BINARY" || name == "BINARY.SIZE"; c.broken.pos > 0 && !known {
		return // the rest of the other
	}
	c.back(m)
	c.tolerateAt(TolerateBrokenItem, pos)
	c.steps += int64(end - m.pos)
	c.pos = end
	f.Broken = append(f.Broken, BrokenItem{Name: name, Raw: c.str(m.pos, end), Err: err})
	saved := *f
	c.broken = brokenAt{m.pos, &saved}
}

// itemEnd finds the end of the item at octet i without its grammar: where a space
// or ")" stands outside of parentheses, quotes and literals. It is below 0 when
// these are not closed.
func (c *cursor) itemEnd(i int) int {
	depth, section, value := 0, 0, false
	for start := i; i < len(c.b); {
		switch x := c.b[i]; {
		case x == '"':
			for i++; i < len(c.b) && c.b[i] != '"'; i++ {
				if c.b[i] == '\r' || c.b[i] == '\n' {
					return -1
				}
				if c.b[i] == '\\' {
					i++
				}
			}
			value = section == 0
		case x == '{':
			head := cursor{b: c.b, pos: i, lim: c.lim, tol: c.tol}
			if h := head.literalHead("msg-att"); head.err == nil {
				if h.size > int64(len(c.b)-head.pos) {
					return -1
				}
				i = head.pos + int(h.size)
				value = section == 0
				continue
			}
		case x == '[' && !value && depth == 0:
			section++
		case x == ']' && section > 0 && depth == 0:
			section--
		case x == '(':
			depth++
			value = value || section == 0
		case x == ')' && depth > 0:
			depth--
		case x == ')':
			return i
		case x == ' ' && depth == 0 && section == 0 && value:
			return i
		case x == '\r' || x == '\n':
			return -1
		case x != ' ' && section == 0 && i > start && c.b[i-1] == ' ':
			value = true
		}
		i++
	}
	return -1
}

// listEnd returns where the ")" stands that ends the frame; below 0 when none
// does.
func (c *cursor) listEnd() int {
	line := bytes.TrimSuffix(c.b, []byte("\n"))
	if len(line) == len(c.b) || len(line) == 0 {
		return -1
	}
	line = bytes.TrimSuffix(line, []byte("\r"))
	if line = bytes.TrimRight(line, " "); len(line) == 0 || line[len(line)-1] != ')' {
		return -1
	}
	return len(line) - 1
}

// brokenRest makes the rest of the response part of the item that was broken last,
// when it can not be read: the end of the item was not where it seemed to be, and
// what was read behind it may be what a message says.
func (c *cursor) brokenRest(f *FetchData) {
	if c.broken.pos == 0 {
		return
	}
	end := c.listEnd()
	if end < c.broken.pos || c.cut || c.err == nil && c.atEnd() || c.err != nil && !c.failedHere() {
		return
	}
	*f = *c.broken.before
	f.Broken[len(f.Broken)-1].Raw = c.str(c.broken.pos, end)
	c.err = nil
	c.pos = end + 1
}

// msg-att-dynamic = "FLAGS" SP "(" [flag-fetch *(SP flag-fetch)] ")" / "MODSEQ" SP "(" mod-sequence-value ")"
// msg-att-static = "ENVELOPE" SP envelope / "INTERNALDATE" SP date-time / "RFC822.SIZE" SP number64
// msg-att-static =/ "BODY" ["STRUCTURE"] SP body / "BODY" section ["<" number ">"] SP nstring
// msg-att-static =/ "BINARY" section-binary SP (nstring / literal8) / "BINARY.SIZE" section-binary SP number
// msg-att-static =/ "UID" SP uniqueid / "RFC822" [".HEADER" / ".TEXT"] SP nstring
//
// The second item of a name, and whatever has no name here, is kept as it is.
func (c *cursor) fetchItemData(f *FetchData) {
	const production = "msg-att"
	if c.peek() == '(' && c.tolerate(TolerateNestedItems) {
		c.open(production)
		for n := 0; c.more(n, production); n++ {
			c.fetchItemData(f)
		}
		return
	}
	start := c.pos
	c.pos += fetchWord(c.b[start:])
	c.steps += int64(c.pos - start)
	word := c.b[start:c.pos]
	if fetchHas(word) == 0 {
		word = c.fold(start, c.pos)
	}
	if c.pos == start || c.broken.pos > 0 && (string(word) == "NIL" || !engine.Alpha.Is(word[0])) {
		// Behind an item that is broken, its rest may seem to be items.
		c.failAt(start, production, "the name of an item")
		return
	}
	c.token()
	if c.peek() == '[' {
		switch binary := string(word) == "BINARY"; string(word) {
		case "BODY", "BINARY":
			f.Sections = append(f.Sections, c.sectionData(binary))
			return
		case "BINARY.SIZE":
			b := BinarySize{Part: c.sectionBinary()}
			c.sp(production)
			b.Size = c.number64(production)
			f.BinarySizes = append(f.BinarySizes, b)
			return
		}
	}
	has := fetchHas(word)
	if name := rfc822Name(word); name != 0 {
		c.sp(production)
		f.Sections = append(f.Sections, SectionData{Name: name, Content: c.content()})
		return
	}
	if has == 0 || f.Has&has != 0 {
		c.unknownItem(f, start)
		return
	}
	f.Has |= has
	c.sp(production)
	switch has {
	case HasUID:
		f.UID = imap.UID(c.nzNumber(production))
	case HasModSeq:
		c.open(production)
		if f.ModSeq = c.modSeqValue(); f.ModSeq == 0 {
			f.Has &^= HasModSeq
		}
		c.close(production)
	case HasFlags:
		m := c.mem()
		if f.Flags = c.flagListIn(m.flags, "flag-fetch"); f.Flags != nil {
			m.flags = f.Flags
		}
	case HasSize:
		f.Size = c.number64(production)
	case HasInternalDate:
		f.InternalDate = c.dateTime("date-time")
	case HasEnvelope:
		f.Envelope = c.envelopeItem()
	case HasBody:
		f.Body = c.bodyItem(&c.mem().body)
	case HasStructure:
		f.Structure = c.bodyItem(&c.mem().structure)
	}
}

// fetchHas returns the field of an item, 0 for one that has none.
func fetchHas(word []byte) FetchHas {
	switch string(word) {
	case "UID":
		return HasUID
	case "MODSEQ":
		return HasModSeq
	case "FLAGS":
		return HasFlags
	case "RFC822.SIZE":
		return HasSize
	case "INTERNALDATE":
		return HasInternalDate
	case "ENVELOPE":
		return HasEnvelope
	case "BODY":
		return HasBody
	case "BODYSTRUCTURE":
		return HasStructure
	}
	return 0
}

// rfc822Name returns the section of an item that has content, but no section in
// brackets; 0 for every other.
func rfc822Name(word []byte) SectionName {
	switch string(word) {
	case "RFC822":
		return SectionRFC822
	case "RFC822.HEADER":
		return SectionRFC822Header
	case "RFC822.TEXT":
		return SectionRFC822Text
	}
	return 0
}

// fetchWord returns the length of the name of an item, a section excluded.
func fetchWord(b []byte) int {
	for i, x := range b {
		if x == '[' || !engine.Atom.Is(x) {
			return i
		}
	}
	return len(b)
}

// unknownItem keeps an item that starts at start: its name with a section, and
// its value.
func (c *cursor) unknownItem(f *FetchData, start int) {
	c.pos = start
	c.unknownItemData()
	f.Unknown = append(f.Unknown, c.rawStr(start, c.pos))
}

// unknownItemData moves over an item: a name and one value. Bodies and envelopes,
// when they are told twice, have lists side by side.
func (c *cursor) unknownItemData() {
	start := c.pos
	c.itemName()
	switch name := string(c.fold(start, max(start, c.pos))); {
	case name == "ENVELOPE" || name == "BODY" || name == "BODYSTRUCTURE":
		c.sp("msg-att")
		if c.peek() == '(' {
			c.skipBody()
			return
		}
	default:
		c.sp("msg-att")
	}
	c.skipValue("msg-att")
}

// mod-sequence-value = 1*DIGIT
//
// modSeqValue is 0 for one that is none.
func (c *cursor) modSeqValue() imap.ModSeq {
	if c.err != nil {
		return 0
	}
	m := c.mark()
	v := c.nzNumber64("mod-sequence-value")
	if c.failedHere() && c.tol != 0 {
		err := c.err
		c.back(m)
		i := c.pos
		n := 0
		if c.peek() == '-' {
			n = 1
		}
		n += engine.Digit.Span(c.b[i+n:])
		s := string(c.b[i : i+n])
		if v, err := strconv.ParseUint(s, 10, 63); n > 0 && s != "-" && (err != nil || v == 0) && c.tolerate(TolerateModSeqRange) {
			c.token()
			c.pos += n
			c.steps += int64(n)
			return 0
		}
		c.err = err
	}
	return imap.ModSeq(v)
}

// itemName moves over the name of an item, with whatever stands in brackets.
func (c *cursor) itemName() {
	start := c.pos
	if c.err == nil && fetchWord(c.b[c.pos:]) == 0 {
		c.fail("msg-att", "the name of an item")
	}
	depth := 0
	for c.err == nil && c.pos < len(c.b) {
		switch x := c.b[c.pos]; {
		case x == '[':
			depth++
		case x == ']' && depth > 0:
			depth--
		case x == '"' && depth > 0:
			c.quoted("section")
			continue
		case x == '{' && depth > 0:
			c.literal("section")
			continue
		case x == '\r' || x == '\n' || x == 0, depth == 0 && !engine.AString.Is(x):
			if c.pos == start || depth > 0 {
				c.fail("msg-att", "the name of an item")
			}
			return
		}
		c.pos++
		c.steps++
	}
}

// sectionData reads a section and its content; its name is consumed.
func (c *cursor) sectionData(binary bool) (d SectionData) {
	const production = "msg-att-static"
	d.Name = SectionBody
	if binary {
		d.Name = SectionBinary
		d.Section.Part = c.sectionBinary()
	} else {
		d.Section = c.section()
	}
	if c.accept('<') {
		d.Partial, d.Origin = true, c.number64(production)
		if c.peek() == '.' && c.tolerate(TolerateSectionLength) {
			c.accept('.')
			c.number64(production)
		}
		c.expect('>', production)
	}
	if c.missingContent() {
		return d
	}
	c.sp(production)
	d.Content = c.content()
	return d
}

// missingContent reports whether the list of items ends where a content has to
// stand.
func (c *cursor) missingContent() bool {
	if rest := c.b[min(c.pos, len(c.b)):]; !bytes.HasPrefix(rest, []byte(")")) && !bytes.HasPrefix(rest, []byte(" )")) || !c.tolerate(TolerateMissingContent) {
		return false
	}
	c.accept(' ')
	return true
}

// nstring / literal8
func (c *cursor) content() (d Content) {
	const production = "msg-att-static"
	if c.acceptNil() {
		return d
	}
	d.Valid = true
	switch x := c.peek(); x {
	case '{', '~':
		c.token()
		if c.streamed {
			if head := *c; head.literalHead(production).size >= 0 && head.err == nil && head.pos == len(c.b) {
				h := c.literalHead(production)
				return Content{Valid: true, Pushed: true, Size: h.size, Binary: h.binary}
			}
		}
		i, j, h := c.literal(production)
		d.Data, d.Binary = c.str(i, j), h.binary
	default:
		d.Data = c.quoted(production)
	}
	if c.err != nil {
		return Content{}
	}
	d.Size = 0
	return d
}

// maxInline is how many octets of content are copied into the octets around
// them; more is handed out as it is.
const maxInline = 16 << 10

// A FetchBodyAt is content that stands between the octets of a response.
type FetchBodyAt struct {
	// At is the offset of the octets around it at which the content stands.
	At int
	// Content points into the response: a Reader, something pushed, or Data of
	// more than 16 KiB.
	Content *Content
}

// Octets returns how many octets of content there are.
func (b FetchBodyAt) Octets() int64 {
	if b.Content.Reader != nil || b.Content.Pushed {
		return b.Content.Size
	}
	return int64(len(b.Content.Data))
}

// EncodeFetch appends a FETCH response without its large contents, and says
// where they stand. On an error dst is returned as it was.
func EncodeFetch(dst []byte, f *FetchData, opt ResponseOptions) (b []byte, bodies []FetchBodyAt, err error) {
	if b, ok := appendPlainFetch(dst, f); ok {
		return b, nil, nil
	}
	e := encoder{b: dst, server: true, utf8: opt.UTF8}
	bodies = e.fetchData(f)
	if e.err != nil {
		return dst, nil, e.err
	}
	for i := range bodies {
		bodies[i].At -= len(dst)
	}
	return e.b, bodies, nil
}

// appendPlainFetch appends a response of numbers and flags, which is what a client is
// told of all messages of a mailbox. ok is false for every other, and for one in
// which something has no form on the wire.
func appendPlainFetch(dst []byte, f *FetchData) (b []byte, ok bool) {
	const plain = HasUID | HasFlags | HasModSeq | HasSize
	if f.Has == 0 || f.Has&^plain != 0 || f.Part != FetchWhole || f.Num == 0 ||
		len(f.Sections)+len(f.BinarySizes)+len(f.Unknown) > 0 {
		return dst, false
	}
	b = append(dst, "* "...)
	b = appendUint(b, uint64(f.Num))
	b = append(b, " FETCH ("...)
	if f.Has&HasUID != 0 {
		if f.UID == 0 {
			return dst, false
		}
		b = append(b, "UID "...)
		b = appendUint(b, uint64(f.UID))
		b = append(b, ' ')
	}
	if f.Has&HasFlags != 0 {
		b = append(b, "FLAGS ("...)
		for _, flag := range f.Flags {
			name := string(flag)
			if flag.IsSystem() {
				name = name[1:]
			}
			if name == "" || !engine.Atom.All(name) {
				return dst, false
			}
			b = append(b, flag...)
			b = append(b, ' ')
		}
		if len(f.Flags) > 0 {
			b = b[:len(b)-1]
		}
		b = append(b, ") "...)
	}
	if f.Has&HasModSeq != 0 {
		if f.ModSeq == 0 || f.ModSeq > imap.MaxModSeq {
			return dst, false
		}
		b = append(b, "MODSEQ ("...)
		b = appendUint(b, uint64(f.ModSeq))
		b = append(b, ") "...)
	}
	if f.Has&HasSize != 0 {
		if f.Size < 0 {
			return dst, false
		}
		b = append(b, "RFC822.SIZE "...)
		b = appendUint(b, uint64(f.Size))
		b = append(b, ' ')
	}
	// The space behind the last item gives way.
	return append(b[:len(b)-1], ")\r\n"...), true
}

// appendFetch appends a FETCH response, or a part of one, with its contents.
func appendFetch(dst []byte, f *FetchData, opt ResponseOptions) ([]byte, error) {
	e := encoder{b: dst, server: true, utf8: opt.UTF8, inline: true}
	if len(e.fetchData(f)) > 0 {
		e.fail("FETCH with a content that is not in memory")
	}
	if e.err != nil {
		return dst, e.err
	}
	return e.b, nil
}

func (e *encoder) fetchData(f *FetchData) (bodies []FetchBodyAt) {
	sep := !f.Part.begins()
	if !sep {
		e.raw("* ")
		e.nzNumber(f.Num, "the number of a message")
		e.raw(" FETCH (")
	}
	start := len(e.b)
	next := func(name string) {
		if sep {
			e.sp()
		}
		sep = true
		e.raw(name)
	}
	if f.Has&HasUID != 0 {
		next("UID ")
		e.nzNumber(uint32(f.UID), "a UID")
	}
	if f.Has&HasFlags != 0 {
		next("FLAGS ")
		e.flagList(f.Flags)
	}
	if f.Has&HasModSeq != 0 {
		next("MODSEQ (")
		e.modSeq(f.ModSeq)
		e.byte(')')
	}
	if f.Has&HasInternalDate != 0 {
		next("INTERNALDATE ")
		e.dateTime(f.InternalDate)
	}
	if f.Has&HasSize != 0 {
		next("RFC822.SIZE ")
		e.number64(f.Size, "a size")
	}
	if f.Has&HasEnvelope != 0 {
		next("ENVELOPE ")
		e.envelope(f.Envelope)
	}
	if f.Has&HasBody != 0 {
		next("BODY ")
		e.structure(f.Body, false)
	}
	if f.Has&HasStructure != 0 {
		next("BODYSTRUCTURE ")
		e.structure(f.Structure, true)
	}
	for _, b := range f.BinarySizes {
		next("BINARY.SIZE[")
		e.sectionPart(b.Part)
		e.raw("] ")
		e.number64(b.Size, "a size")
	}
	for _, x := range f.Unknown {
		next("")
		e.value(x, "a FETCH item", (*cursor).unknownItemData)
	}
	for i := range f.Sections {
		next("")
		if at, large := e.sectionData(&f.Sections[i]); large {
			bodies = append(bodies, FetchBodyAt{At: at, Content: &f.Sections[i].Content})
		}
	}
	if len(e.b) == start && f.Part != FetchLast {
		e.fail("FETCH tells nothing")
	}
	if f.Part.ends() {
		e.raw(")\r\n")
	}
	return bodies
}

// sectionData appends a section with its content or, when large, up to it.
func (e *encoder) sectionData(d *SectionData) (at int, large bool) {
	binary := false
	switch d.Name {
	case SectionBody:
		e.raw("BODY")
		e.section(d.Section)
	case SectionBinary:
		e.raw("BINARY[")
		e.sectionPart(d.Section.Part)
		e.byte(']')
		binary = d.Content.Binary
	case SectionRFC822:
		e.raw("RFC822")
	case SectionRFC822Header:
		e.raw("RFC822.HEADER")
	case SectionRFC822Text:
		e.raw("RFC822.TEXT")
	default:
		e.fail("the section %d has no name", d.Name)
	}
	if d.Partial {
		e.byte('<')
		e.number64(d.Origin, "an offset")
		e.byte('>')
	}
	e.sp()
	n := FetchBodyAt{Content: &d.Content}.Octets()
	streamed := d.Content.Reader != nil || d.Content.Pushed
	switch {
	case !d.Content.Valid:
		if streamed || d.Content.Data != "" {
			e.fail("a content is marked as NIL")
		}
		e.raw("NIL")
		return 0, false
	case streamed && (d.Content.Data != "" || d.Content.Reader != nil && d.Content.Pushed || n < 0):
		e.fail("a content comes from several places")
	}
	e.literalHead(n, binary)
	if streamed || n > maxInline && !e.inline {
		return len(e.b), e.err == nil
	}
	e.raw(d.Content.Data)
	return 0, false
}
