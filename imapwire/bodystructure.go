package imapwire

import (
	"github.com/mailwire/mailwire/imapwire/engine"
	"github.com/mailwire/mailwire/imapwire/imap"
)

// bodyItem reads a BODY or BODYSTRUCTURE.
func (c *cursor) bodyItem(root *imap.BodyStructure) *imap.BodyStructure {
	*root = imap.BodyStructure{}
	c.body(root, c.mem())
	return root
}

// take moves the parts of a multipart that were read last, from octet at of the
// siblings on, to where they stay.
func (m *fetchMemory) take(at int) []imap.BodyStructure {
	start := len(m.parts)
	m.parts = append(m.parts, m.siblings[at:]...)
	m.siblings = m.siblings[:at]
	return m.parts[start:len(m.parts):len(m.parts)]
}

// body = "(" (body-type-1part / body-type-mpart) ")"
// body-type-mpart = 1*body SP media-subtype [SP body-ext-mpart]
// body-ext-mpart = body-fld-param [SP body-fld-dsp [SP body-fld-lang [SP body-fld-loc *(SP body-extension)]]]
func (c *cursor) body(b *imap.BodyStructure, mem *fetchMemory) {
	const production = "body"
	if !c.open(production) {
		return
	}
	if c.peek() != '(' {
		c.body1Part(b, mem)
		c.close(production)
		return
	}
	b.Type = "multipart"
	first := len(mem.siblings)
	var part imap.BodyStructure
	for c.peek() == '(' {
		part = imap.BodyStructure{}
		c.body(&part, mem)
		mem.siblings = append(mem.siblings, part)
		c.spaceBetweenBodies()
	}
	b.Parts = mem.take(first)
	c.sp(production)
	b.Subtype = c.str8("media-subtype")
	if c.follows() {
		b.Params = c.params(mem)
		c.bodyExt(b, mem)
	}
	c.close(production)
}

// spaceBetweenBodies moves over a space between two parts of a multipart.
func (c *cursor) spaceBetweenBodies() {
	if rest := c.b[min(c.pos, len(c.b)):]; c.err == nil && len(rest) > 1 && rest[0] == ' ' && rest[1] == '(' && c.tolerate(TolerateSpaceBetweenLists) {
		c.accept(' ')
	}
}

// skipBody moves over one body: parentheses that match, with strings between
// them. Unlike other values, bodies stand side by side without a space.
func (c *cursor) skipBody() {
	base := c.depth
	for c.err == nil {
		switch x := c.peek(); x {
		case '(':
			if !c.enter() {
				return
			}
			c.pos++
		case ')':
			c.leave()
			c.pos++
			if c.depth == base {
				return
			}
		case '"':
			c.quoted("body")
			continue
		case '{':
			c.literal("body")
			continue
		case '\r', '\n', 0:
			c.fail("body", "the end of the body")
			return
		default:
			c.pos++
		}
		c.steps++
	}
}

// body-type-1part = (body-type-basic / body-type-msg / body-type-text) [SP body-ext-1part]
// body-type-basic = media-basic SP body-fields
// body-type-msg = media-message SP body-fields SP envelope SP body SP body-fld-lines
// body-type-text = media-text SP body-fields SP body-fld-lines
// body-fields = body-fld-param SP body-fld-id SP body-fld-desc SP body-fld-enc SP body-fld-octets
// body-ext-1part = body-fld-md5 [SP body-fld-dsp [SP body-fld-lang [SP body-fld-loc *(SP body-extension)]]]
func (c *cursor) body1Part(b *imap.BodyStructure, mem *fetchMemory) {
	const production = "body-type-1part"
	if !c.media(b, mem) {
		return
	}
	b.Params = c.params(mem)
	c.sp(production)
	b.ID = c.nstring("body-fld-id")
	c.sp(production)
	b.Description = c.nstring("body-fld-desc")
	c.sp(production)
	b.Encoding = c.str8("body-fld-enc")
	c.sp(production)
	b.Size = uint32(c.sizeOf("body-fld-octets", 1<<32-1))
	switch {
	case c.err != nil:
		return
	case b.IsText():
		if !c.missingLines() {
			c.sp(production)
			b.Lines = int64(c.sizeOf("body-fld-lines", 1<<63-1))
		}
	case isMessageType(b) && (c.embedsMessage() || !c.tolerate(TolerateMessageAsLeaf)):
		c.sp(production)
		b.Envelope = &imap.Envelope{}
		c.envelope(b.Envelope, mem)
		c.sp(production)
		var part imap.BodyStructure
		if !c.emptyBody() {
			c.body(&part, mem)
		}
		mem.siblings = append(mem.siblings, part)
		b.Parts = mem.take(len(mem.siblings) - 1)
		c.sp(production)
		b.Lines = int64(c.sizeOf("body-fld-lines", 1<<63-1))
	}
	if !c.follows() {
		return
	}
	if b.IsMultipart() && c.peek() == '(' && c.tolerate(TolerateMultipartAsLeaf) {
		b.Params = c.params(mem)
	} else {
		b.MD5 = c.nstring("body-fld-md5")
	}
	c.bodyExt(b, mem)
}

// media reads type and subtype of a leaf, and the space behind them. It is false
// when there is no more to read.
func (c *cursor) media(b *imap.BodyStructure, mem *fetchMemory) bool {
	const production = "body-type-1part"
	if c.tol != 0 {
		if c.peek() == ' ' && c.tolerate(TolerateMissingMediaType) {
			// (␠"X-ZIP" …: there is a place for the type, and nothing in it.
			c.accept(' ')
			b.Type = "application"
			b.Subtype = c.str8("media-subtype")
			c.sp(production)
			return c.err == nil
		}
		if m := c.mark(); c.acceptNil() {
			c.sp(production)
			if b.Subtype = c.str8("media-subtype"); c.childless(b, mem, m.pos) {
				return false
			}
			c.retry(m)
		}
	}
	b.Type = c.str8("media-basic")
	if c.tol != 0 && c.err == nil && !c.secondString() {
		if c.missingSubtype(b, mem) {
			c.sp(production)
			return c.err == nil
		}
		m := c.mark()
		if b.Subtype = b.Type; c.childless(b, mem, m.pos) {
			return false
		}
		c.retry(m)
		*b = imap.BodyStructure{Type: b.Subtype}
	}
	c.sp(production)
	b.Subtype = c.str8("media-subtype")
	c.sp(production)
	return c.err == nil
}

// secondString reports whether a string follows behind a space, or what may stand
// for one.
func (c *cursor) secondString() bool {
	if c.peek() != ' ' || c.pos+1 >= len(c.b) {
		return false
	}
	if x := c.b[c.pos+1]; x == '"' || x == '{' {
		return true
	}
	look := *c
	look.accept(' ')
	return !look.acceptNil() && look.peek() != '('
}

// missingSubtype reports whether the fields of a leaf follow in place of the
// subtype, and makes one up. A type that is none is a subtype.
func (c *cursor) missingSubtype(b *imap.BodyStructure, mem *fetchMemory) bool {
	m, params := c.mark(), len(mem.params)
	c.sp("body-fields")
	c.params(mem)
	for range 2 {
		c.sp("body-fields")
		c.nstring("body-fields")
	}
	c.sp("body-fields")
	c.str8("body-fld-enc")
	c.sp("body-fields")
	c.sizeOf("body-fld-octets", 1<<32-1)
	leaf := c.err == nil
	mem.params = mem.params[:params]
	if c.retry(m); !leaf || !c.tolerate(TolerateMissingMediaType) {
		return false
	}
	switch upper(b.Type) {
	case "TEXT":
		b.Subtype = "plain"
	case "APPLICATION", "AUDIO", "FONT", "IMAGE", "MESSAGE", "MODEL", "VIDEO":
		b.Subtype = "octet-stream"
	default:
		b.Type, b.Subtype = "application", b.Type
	}
	return true
}

// childless reads what follows the subtype of a multipart without parts, which
// began at octet i. It is false when something else follows.
func (c *cursor) childless(b *imap.BodyStructure, mem *fetchMemory, i int) bool {
	if c.err != nil || !c.tol.Has(TolerateChildlessMultipart) {
		return false
	}
	b.Type = "multipart"
	if c.follows() {
		b.Params = c.params(mem)
		c.bodyExt(b, mem)
	}
	return c.peek() == ')' && b.Extension == "" && c.tolerateAt(TolerateChildlessMultipart, i)
}

// sizeOf reads a number of octets or lines; one below 0 is 0.
func (c *cursor) sizeOf(production string, most uint64) uint64 {
	if c.peek() == '-' && c.pos+1 < len(c.b) && engine.Digit.Is(c.b[c.pos+1]) && c.tolerate(TolerateNegativeNumber) {
		c.accept('-')
		c.digits(production, 0, 1<<63-1)
		return 0
	}
	return c.digits(production, 0, most)
}

// missingLines reports whether a text goes on, or ends, without its number of
// lines.
func (c *cursor) missingLines() bool {
	if c.peek() == ' ' && c.pos+1 < len(c.b) {
		if x := c.b[c.pos+1]; engine.Digit.Is(x) || x == '-' || x == ' ' {
			return false
		}
	}
	return (c.peek() == ' ' || c.peek() == ')') && c.tolerate(TolerateMissingLines)
}

// emptyBody moves over () in the place of the body of an embedded message.
func (c *cursor) emptyBody() bool {
	if rest := c.b[min(c.pos, len(c.b)):]; len(rest) < 2 || rest[0] != '(' || rest[1] != ')' || !c.tolerate(TolerateEmptyBody) {
		return false
	}
	c.open("body")
	c.close("body")
	return true
}

func isMessageType(b *imap.BodyStructure) bool {
	probe := *b
	probe.Envelope = &imap.Envelope{}
	return probe.IsMessage()
}

// embedsMessage reports whether an envelope follows: servers tell an embedded
// message whose encoding hides it as any other part.
func (c *cursor) embedsMessage() bool {
	return len(c.b)-c.pos > 1 && c.b[c.pos] == ' ' && c.b[c.pos+1] == '('
}

// bodyExt reads what follows the first extension field.
//
//	[SP body-fld-dsp [SP body-fld-lang [SP body-fld-loc *(SP body-extension)]]]
//	body-fld-dsp = "(" string SP body-fld-param ")" / nil
//	body-fld-loc = nstring
//	body-extension = nstring / number / number64 / "(" body-extension *(SP body-extension) ")"
func (c *cursor) bodyExt(b *imap.BodyStructure, mem *fetchMemory) {
	if !c.follows() {
		return
	}
	m := c.mark()
	if c.disposition(b, mem); c.failedHere() && c.tol.Has(TolerateSwappedDisposition) {
		c.swapped(m, func() { b.Language = c.languages(mem) })
	}
	if !c.follows() {
		return
	}
	m = c.mark()
	if b.Language == nil {
		b.Language = c.languages(mem)
	} else {
		c.disposition(b, mem)
	}
	if c.failedHere() && b.Disposition == "" && c.tol.Has(TolerateSwappedDisposition) {
		c.swapped(m, func() { c.disposition(b, mem) })
	}
	if !c.follows() {
		return
	}
	b.Location = c.nstring("body-fld-loc")
	if !c.follows() {
		return
	}
	i := c.pos
	end := c.pos
	for more := true; more; more = c.follows() {
		c.skipValue("body-extension")
		end = c.pos
	}
	b.Extension = c.rawStr(i, end)
}

// swapped goes back to m and reads a field with read, where another was expected.
// Behind a mistake everything is as it was.
func (c *cursor) swapped(m mark, read func()) {
	after, err := c.mark(), c.err
	c.back(m)
	read()
	if c.err == nil && (c.peek() == ' ' || c.peek() == ')') && c.tolerateAt(TolerateSwappedDisposition, m.pos) {
		return
	}
	c.back(after)
	c.err = err
}

// body-fld-dsp = "(" string SP body-fld-param ")" / nil
func (c *cursor) disposition(b *imap.BodyStructure, mem *fetchMemory) {
	const production = "body-fld-dsp"
	if c.acceptNil() {
		return
	}
	if c.atString() && c.tolerate(TolerateStringAsDisposition) {
		c.str8(production)
		return
	}
	if !c.open(production) {
		return
	}
	i := c.pos
	word, none := "", c.tol != 0 && c.peek() != '"'
	word = c.str8(production)
	c.sp(production)
	args := c.params(mem)
	c.close(production)
	if c.err != nil {
		return
	}
	none = none && word == "" && len(args) == 0
	switch {
	case len(word) > 1 && word[0] == '"':
		if w := upper(word); (w == `"ATTACHMENT"` || w == `"INLINE"`) && c.tolerateAt(TolerateQuotedDisposition, i) {
			word = word[1 : len(word)-1]
		}
	case word == "" && !none && c.tolerateAt(TolerateQuotedDisposition, i):
		word = "attachment"
	}
	b.Disposition, b.DispositionArgs = word, args
}

// body-fld-lang = nstring / "(" string *(SP string) ")"
func (c *cursor) languages(mem *fetchMemory) []string {
	start := len(mem.languages)
	if c.peek() != '(' {
		l := c.nstring("body-fld-lang")
		if !l.Valid || c.err != nil {
			return nil
		}
		mem.languages = append(mem.languages, l.Value)
	} else {
		c.open("body-fld-lang")
		for n := 0; n == 0 || c.more(n, "body-fld-lang"); n++ {
			isNil := !c.atString()
			if l := c.str8("body-fld-lang"); l != "" || !isNil {
				mem.languages = append(mem.languages, l)
			}
		}
		if len(mem.languages) == start || c.err != nil {
			mem.languages = mem.languages[:start]
			return nil
		}
	}
	return mem.languages[start:len(mem.languages):len(mem.languages)]
}

// body-fld-param = "(" string SP string *(SP string SP string) ")" / nil
func (c *cursor) params(mem *fetchMemory) []imap.Param {
	const production = "body-fld-param"
	if c.acceptNil() || !c.open(production) {
		return nil
	}
	if c.peek() == ')' && c.tolerateAt(TolerateEmptyList, c.pos-1) {
		c.close(production)
		return nil
	}
	start := len(mem.params)
	for n := 0; n == 0 || c.more(n, production); n++ {
		p := imap.Param{Name: c.str8(production)}
		c.sp(production)
		p.Value = c.str8(production)
		if c.err != nil {
			return nil
		}
		mem.params = append(mem.params, p)
	}
	return mem.params[start:len(mem.params):len(mem.params)]
}

// structure appends a body structure, with its extension data or without.
func (e *encoder) structure(b *imap.BodyStructure, extended bool) {
	if b == nil {
		e.fail("a body structure without one")
		return
	}
	if !e.enter() {
		return
	}
	defer e.leave()
	e.byte('(')
	if b.IsMultipart() {
		e.bodyMultipart(b, extended)
	} else {
		e.body1Part(b, extended)
	}
	e.byte(')')
}

func (e *encoder) bodyMultipart(b *imap.BodyStructure, extended bool) {
	if len(b.Parts) == 0 {
		e.fail("a multipart without parts")
	}
	for i := range b.Parts {
		e.structure(&b.Parts[i], extended)
	}
	e.sp()
	e.bodyString(b.Subtype)
	if extended {
		e.sp()
		e.params(b.Params)
		e.bodyExt(b)
	}
}

func (e *encoder) body1Part(b *imap.BodyStructure, extended bool) {
	e.bodyString(b.Type)
	e.sp()
	e.bodyString(b.Subtype)
	e.sp()
	e.params(b.Params)
	e.sp()
	e.headerString(b.ID)
	e.sp()
	e.headerString(b.Description)
	e.sp()
	e.bodyString(b.Encoding)
	e.sp()
	e.number(b.Size)
	switch {
	case b.IsMessage():
		if len(b.Parts) != 1 {
			e.fail("an embedded message has %d bodies", len(b.Parts))
			return
		}
		e.sp()
		e.envelope(b.Envelope)
		e.sp()
		e.structure(&b.Parts[0], extended)
		e.sp()
		e.number64(b.Lines, "a number of lines")
	case b.IsText():
		e.sp()
		e.number64(b.Lines, "a number of lines")
	case len(b.Parts) > 0 || b.Envelope != nil:
		e.fail("%s/%s has parts or an envelope", cut(b.Type), cut(b.Subtype))
	}
	if extended {
		e.sp()
		e.headerString(b.MD5)
		e.bodyExt(b)
	}
}

func (e *encoder) bodyExt(b *imap.BodyStructure) {
	e.sp()
	if b.Disposition == "" {
		if len(b.DispositionArgs) > 0 {
			e.fail("parameters of no disposition")
		}
		e.raw("NIL")
	} else {
		e.byte('(')
		e.bodyString(b.Disposition)
		e.sp()
		e.params(b.DispositionArgs)
		e.byte(')')
	}
	e.sp()
	switch len(b.Language) {
	case 0:
		e.raw("NIL")
	case 1:
		e.bodyString(b.Language[0])
	default:
		for i, l := range b.Language {
			e.byte("( "[min(i, 1)])
			e.bodyString(l)
		}
		e.byte(')')
	}
	e.sp()
	e.headerString(b.Location)
	if b.Extension != "" {
		e.sp()
		e.value(b.Extension, "extension data", func(c *cursor) {
			c.skipValue("body-extension")
			for c.accept(' ') {
				c.skipValue("body-extension")
			}
		})
	}
}

func (e *encoder) params(params []imap.Param) {
	if len(params) == 0 {
		e.raw("NIL")
		return
	}
	for i, p := range params {
		e.byte("( "[min(i, 1)])
		e.bodyString(p.Name)
		e.sp()
		e.bodyString(p.Value)
	}
	e.byte(')')
}

func (e *encoder) bodyString(s string) { e.headerString(imap.String(s)) }
