package imapwire

import (
	"github.com/mailwire/mailwire/imapwire/imap"
)

// bodyItem reads a BODY or BODYSTRUCTURE with slabs of its own.
func (c *cursor) bodyItem() *imap.BodyStructure {
	pairs, quoted := c.census()
	// The first part of the slab is the root; type, subtype and encoding of a
	// part are strings and no parameters.
	s := slabs{
		parts:  make([]imap.BodyStructure, 1, pairs+1),
		params: make([]imap.Param, 0, min(quoted/2, max(2, (quoted-3*(pairs+1))/2+1))),
	}
	root := &s.parts[0]
	c.body(root, &s)
	return root
}

// take cuts n parts from the slab.
func (s *slabs) take(n int) []imap.BodyStructure {
	if cap(s.parts)-len(s.parts) < n {
		s.parts = make([]imap.BodyStructure, 0, max(n, 2*cap(s.parts)))
	}
	at := len(s.parts)
	s.parts = s.parts[:at+n]
	return s.parts[at : at+n : at+n]
}

// body = "(" (body-type-1part / body-type-mpart) ")"
// body-type-mpart = 1*body SP media-subtype [SP body-ext-mpart]
// body-ext-mpart = body-fld-param [SP body-fld-dsp [SP body-fld-lang [SP body-fld-loc *(SP body-extension)]]]
func (c *cursor) body(b *imap.BodyStructure, s *slabs) {
	const production = "body"
	if !c.open(production) {
		return
	}
	if c.peek() != '(' {
		c.body1Part(b, s)
		c.close(production)
		return
	}
	b.Type = "multipart"
	n := c.countParts()
	if c.err != nil {
		return
	}
	b.Parts = s.take(n)
	for i := range b.Parts {
		c.body(&b.Parts[i], s)
	}
	c.sp(production)
	b.Subtype = c.str8("media-subtype")
	if c.accept(' ') {
		b.Params = c.params(s)
		c.bodyExt(b, s)
	}
	c.close(production)
}

// countParts looks ahead over the parts of a multipart and returns how many
// there are. Parts inside these are looked at once for every level.
func (c *cursor) countParts() int {
	look := *c
	n := 0
	for look.err == nil && look.peek() == '(' {
		look.skipBody()
		n++
	}
	c.steps, c.maxDepth = look.steps, look.maxDepth
	if look.err != nil {
		c.err = look.err
	}
	return n
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
func (c *cursor) body1Part(b *imap.BodyStructure, s *slabs) {
	const production = "body-type-1part"
	b.Type = c.str8("media-basic")
	c.sp(production)
	b.Subtype = c.str8("media-subtype")
	c.sp(production)
	b.Params = c.params(s)
	c.sp(production)
	b.ID = c.nstring("body-fld-id")
	c.sp(production)
	b.Description = c.nstring("body-fld-desc")
	c.sp(production)
	b.Encoding = c.str8("body-fld-enc")
	c.sp(production)
	b.Size = c.number("body-fld-octets")
	switch {
	case c.err != nil:
		return
	case b.IsText():
		c.sp(production)
		b.Lines = c.number64("body-fld-lines")
	case isMessageType(b) && c.embedsMessage():
		c.sp(production)
		b.Envelope = &imap.Envelope{}
		c.envelope(b.Envelope, s)
		c.sp(production)
		b.Parts = s.take(1)
		c.body(&b.Parts[0], s)
		c.sp(production)
		b.Lines = c.number64("body-fld-lines")
	}
	if c.accept(' ') {
		b.MD5 = c.nstring("body-fld-md5")
		c.bodyExt(b, s)
	}
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
func (c *cursor) bodyExt(b *imap.BodyStructure, s *slabs) {
	if !c.accept(' ') {
		return
	}
	if !c.acceptNil() && c.open("body-fld-dsp") {
		b.Disposition = c.str8("body-fld-dsp")
		c.sp("body-fld-dsp")
		b.DispositionArgs = c.params(s)
		c.close("body-fld-dsp")
	}
	if !c.accept(' ') {
		return
	}
	b.Language = c.languages(s)
	if !c.accept(' ') {
		return
	}
	b.Location = c.nstring("body-fld-loc")
	if !c.accept(' ') {
		return
	}
	i := c.pos
	c.skipValue("body-extension")
	for c.accept(' ') {
		c.skipValue("body-extension")
	}
	b.Extension = c.rawStr(i, c.pos)
}

// body-fld-lang = nstring / "(" string *(SP string) ")"
func (c *cursor) languages(s *slabs) []string {
	start := len(s.strings)
	if c.peek() != '(' {
		l := c.nstring("body-fld-lang")
		if !l.Valid || c.err != nil {
			return nil
		}
		s.strings = append(s.strings, l.Value)
	} else {
		c.open("body-fld-lang")
		for n := 0; n == 0 || c.more(n, "body-fld-lang"); n++ {
			s.strings = append(s.strings, c.str8("body-fld-lang"))
		}
	}
	return s.strings[start:len(s.strings):len(s.strings)]
}

// body-fld-param = "(" string SP string *(SP string SP string) ")" / nil
func (c *cursor) params(s *slabs) []imap.Param {
	const production = "body-fld-param"
	if c.acceptNil() || !c.open(production) {
		return nil
	}
	start := len(s.params)
	for n := 0; n == 0 || c.more(n, production); n++ {
		p := imap.Param{Name: c.str8(production)}
		c.sp(production)
		p.Value = c.str8(production)
		if c.err != nil {
			return nil
		}
		s.params = append(s.params, p)
	}
	return s.params[start:len(s.params):len(s.params)]
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
