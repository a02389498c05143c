package imapwire

import (
	"github.com/mailwire/mailwire/imapwire/engine"
)

// tagged-ext-label = tagged-label-fchar *tagged-label-char
// tagged-ext-val = tagged-ext-simple / "(" [tagged-ext-comp] ")"
//
// taggedExt returns label and value of an extension as octets, the label in
// upper case. A value is recognised by its first octet: no label starts with
// one of "(", a digit, "*" or "$", nor with "-" before a digit (RFC 9394).
func (c *cursor) taggedExt(production string) string {
	if c.err != nil {
		return ""
	}
	i := c.pos
	for _, x := range c.b[i:] {
		if !isLabel(x, c.pos > i) {
			break
		}
		c.pos++
		c.steps++
	}
	j := c.pos
	if i == j || c.b[i] == '-' && j > i+1 && engine.Digit.Is(c.b[i+1]) {
		c.failAt(i, production, "the name of an extension")
		return ""
	}
	c.token()
	if rest := c.b[j:]; len(rest) > 1 && rest[0] == ' ' {
		x := rest[1]
		if x == '(' || x == '*' || x == '$' || engine.Digit.Is(x) || x == '-' && len(rest) > 2 && engine.Digit.Is(rest[2]) {
			c.pos++
			c.steps++
			c.skipValue(production)
		}
	}
	return c.label(i, j, c.pos)
}

// tagged-label-fchar = ALPHA / "-" / "_" / "."
// tagged-label-char = tagged-label-fchar / DIGIT / ":"
func isLabel(x byte, inner bool) bool {
	return engine.Alpha.Is(x) || x == '-' || x == '_' || x == '.' || inner && (x == ':' || engine.Digit.Is(x))
}

// label returns octets i to end of the frame, those before j in upper case.
func (c *cursor) label(i, j, end int) string {
	if c.err != nil {
		return ""
	}
	s := c.str(i, end)
	if name := s[:j-i]; upper(name) != name {
		return upper(name) + s[j-i:]
	}
	return s
}

// value returns the octets of one generic value.
func (c *cursor) value(production string) string {
	i := c.pos
	c.skipValue(production)
	if c.err != nil {
		return ""
	}
	return c.rawStr(i, c.pos)
}

// skipValue moves over one generic value: what an extension may put where this
// package has no production of its own. Nesting takes levels and lists as
// everywhere.
//
//	value = 1*(list-char / "\") / string / literal8 / "(" [value *(SP value)] ")"
func (c *cursor) skipValue(production string) {
	base := c.depth
	for {
		switch x := c.peek(); {
		case x == '(':
			if !c.open(production) {
				return
			}
			if c.peek() == ' ' && c.tolerate(TolerateSpaceInList) {
				c.follows()
			}
			if c.peek() != ')' {
				continue
			}
		case x == '"':
			c.quoted(production)
		case x == '{', x == '~' && c.pos+1 < len(c.b) && c.b[c.pos+1] == '{':
			c.token()
			c.literal(production)
		default:
			c.token()
			c.skipWord(production)
		}
		for more := false; c.err == nil && c.depth > base && !more; {
			switch x := c.peek(); {
			case x == ')':
				c.close(production)
			case x == ' ':
				more = c.follows()
			case x == '(' && c.b[c.pos-1] == ')' && c.tolerate(TolerateAdjacentLists):
				more = true
			default:
				c.sp(production)
				more = true
			}
		}
		if c.err != nil || c.depth == base {
			return
		}
	}
}

func (c *cursor) skipWord(production string) {
	if c.err != nil {
		return
	}
	n := 0
	for _, x := range c.b[c.pos:] {
		if !engine.List.Is(x) && x != '\\' {
			break
		}
		n++
	}
	if n == 0 {
		c.fail(production, "a value")
		return
	}
	c.pos += n
	c.steps += int64(n)
}

// value appends octets that were kept from an unknown extension, after it has
// seen that they are exactly one production: read moves a cursor over it.
func (e *encoder) value(s, what string, read func(*cursor)) {
	if e.err != nil {
		return
	}
	if s == "" {
		e.fail("%s is empty", what)
		return
	}
	c := newCursor([]byte(s), e.rawBounds(), true)
	c.tol = rawTolerances
	read(&c)
	if c.err != nil || c.pos != len(s) {
		e.fail("%s %q is not well formed", what, cut(s))
		return
	}
	e.rawLiterals(s)
}

// taggedExt appends one extension as [cursor.taggedExt] reads it.
func (e *encoder) taggedExt(s, what string) {
	e.value(s, what, func(c *cursor) { c.taggedExt(what) })
}

// genericValue appends one value as [cursor.value] reads it.
func (e *encoder) genericValue(s, what string) {
	e.value(s, what, func(c *cursor) { c.value(what) })
}

// rawBounds are those of raw octets that the caller vouches for: nothing but
// their depth is bounded.
func (e *encoder) rawBounds() Bounds {
	const most = 1<<31 - 1
	return Bounds{
		Response: e.server, Line: most, Literal: most, Literals: most, LiteralCount: most, Skip: most,
		Depth: maxEncodeDepth, Lists: most, Tokens: most, Ranges: most, Tag: most,
	}
}

// taggedExtList reads what RFC 4466 §2 puts behind the arguments of several
// commands.
//
//	"(" tagged-ext-label [SP tagged-ext-val] *(SP tagged-ext-label [SP tagged-ext-val]) ")"
func (c *cursor) taggedExtList(production string) []string {
	if !c.open(production) {
		return nil
	}
	var list []string
	for len(list) == 0 || c.more(len(list), production) {
		list = append(list, c.taggedExt(production))
		if c.err != nil {
			return nil
		}
	}
	return list
}

// taggedExtList writes the space, too; nothing for an empty list.
func (e *encoder) taggedExtList(list []string, what string) {
	for i, s := range list {
		if i == 0 {
			e.raw(" (")
		} else {
			e.sp()
		}
		e.taggedExt(s, what)
	}
	if len(list) > 0 {
		e.byte(')')
	}
}
