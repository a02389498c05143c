package imapwire

import (
	"bytes"
	"encoding/base64"
	"strings"

	"github.com/mailwire/mailwire/imapwire/engine"
)

// How the cursor works
//
// A cursor walks over one frame: all octets of a command or response, literals
// inline, from the first to the last CRLF. There is never a "need more": the
// framer has seen to that.
//
// The error is sticky. After the first mistake every method returns a zero
// value and moves nothing, so a parser reads a production from start to end
// and looks at c.err once; a loop looks at it in its condition. Methods are
// named for the production they read; peek, at and accept look without
// insisting.
//
// Strings are substrings of c.text, which is made once per frame; only quoted
// strings with a backslash are built apart. Steps count octets looked at.
//
// Every list, parenthesised key, NOT, OR and nested structure takes one level
// from the same counter: enter and leave, or open and close.
type cursor struct {
	b    []byte
	text string // string(b), made when the first string is handed out
	pos  int
	err  error
	// tag is that of the command, for errors.
	tag string

	lim      Bounds
	utf8     bool // quoted strings may hold UTF-8
	binary   bool // literals of strings may hold NUL, as literal8
	secret   bool // errors quote nothing
	streamed bool // the content of the section at the end of the frame is not in it
	depth    int
	maxDepth int
	lists    int
	tokens   int
	steps    int64

	tol        Tolerances   // what is tolerated
	noted      Tolerances   // what of it was met
	notes      []Diagnostic // the same, with places
	inAddress  bool         // quotes are those of an address
	cut        bool         // the frame may go on behind its end
	literalEnd int          // where the last literal ended
	broken     brokenAt     // the item that could not be read last
	memory     *fetchMemory // what a FETCH response is read into; mem makes it

	scratch [24]byte // for upper
}

func newCursor(frame []byte, lim Bounds, utf8 bool) cursor {
	return cursor{b: frame, lim: lim, utf8: utf8, literalEnd: -1}
}

// str returns octets i to j of the frame as a string.
func (c *cursor) str(i, j int) string {
	if i >= j {
		return ""
	}
	if c.text == "" {
		c.text = string(c.b)
	}
	return c.text[i:j]
}

// rawStr returns octets i to j of the frame, in which literals may stand. Where
// a response announced one with a bare LF, the string has the CRLF of the
// grammar.
func (c *cursor) rawStr(i, j int) string {
	s := c.str(i, j)
	if !c.lim.Response || !strings.Contains(s, "}\n") {
		return s
	}
	var b strings.Builder
	for {
		at, head, ok := nextLiteral(s)
		if !ok || head.size > int64(len(s)-at-head.len) {
			b.WriteString(s)
			return b.String()
		}
		line, content := s[:at+head.len], s[at+head.len:][:head.size]
		if head.bare {
			line = strings.TrimSuffix(line, "\n") + "\r\n"
		}
		b.WriteString(line)
		b.WriteString(content)
		s = s[at+head.len+len(content):]
	}
}

// fail records that at the cursor something else was expected.
func (c *cursor) fail(production, expected string) { c.failAt(c.pos, production, expected) }

//go:noinline
func (c *cursor) failAt(pos int, production, expected string) {
	if c.err != nil {
		return
	}
	got := engine.CutGot(c.b[min(pos, len(c.b)):])
	if c.secret && got != "" {
		got = engine.Redacted
	}
	c.err = &engine.SyntaxError{Offset: int64(pos), Production: production, Expected: expected, Got: got, Tag: c.tag}
}

//go:noinline
func (c *cursor) limit(field string, limit, got, pos int) {
	if c.err == nil {
		c.err = &engine.LimitError{Name: c.lim.limitName(field), Cap: int64(limit), Got: int64(got), Offset: int64(pos)}
	}
}

// token counts one token.
func (c *cursor) token() {
	if c.tokens++; c.tokens > c.lim.Tokens {
		c.limit("Tokens", c.lim.Tokens, c.tokens, c.pos)
	}
}

// enter goes one level deeper; false when that is too deep.
func (c *cursor) enter() bool {
	if c.err != nil {
		return false
	}
	if c.depth == c.lim.Depth {
		c.limit("Depth", c.lim.Depth, c.depth+1, c.pos)
		return false
	}
	c.depth++
	c.maxDepth = max(c.maxDepth, c.depth)
	return true
}

func (c *cursor) leave() { c.depth-- }

// peek returns the octet at the cursor, 0 at the end of the frame and after an
// error.
func (c *cursor) peek() byte {
	if c.err != nil || c.pos >= len(c.b) {
		return 0
	}
	return c.b[c.pos]
}

// at reports whether the octet at the cursor is of class k.
func (c *cursor) at(k engine.Class) bool {
	return c.err == nil && c.pos < len(c.b) && k.Is(c.b[c.pos])
}

// accept moves over x if it stands at the cursor.
func (c *cursor) accept(x byte) bool {
	if c.err == nil && c.pos < len(c.b) && c.b[c.pos] == x {
		c.pos++
		c.steps++
		return true
	}
	return false
}

// acceptFold moves over the ASCII text s, given in upper case, if it stands at
// the cursor in any case.
func (c *cursor) acceptFold(s string) bool {
	if c.err != nil || len(c.b)-c.pos < len(s) {
		return false
	}
	for i := 0; i < len(s); i++ {
		if upperByte(c.b[c.pos+i]) != s[i] {
			return false
		}
	}
	c.pos += len(s)
	c.steps += int64(len(s))
	return true
}

// expect moves over x and insists on it.
func (c *cursor) expect(x byte, production string) {
	if !c.accept(x) && c.err == nil {
		c.fail(production, quoteByte(x))
	}
}

func quoteByte(x byte) string {
	switch x {
	case ' ':
		return "a space"
	case '(':
		return `"("`
	case ')':
		return `")"`
	}
	return "'" + string(rune(x)) + "'"
}

// sp moves over the one space between arguments.
func (c *cursor) sp(production string) {
	if c.accept(' ') {
		if c.peek() == ' ' {
			c.spaces()
		}
		return
	}
	if c.err == nil && !(c.peek() == '(' && c.tolerate(TolerateMissingSpace)) {
		c.fail(production, "a space")
	}
}

// crlf moves over the end of the frame, which has to follow.
func (c *cursor) crlf(production string) {
	if c.err != nil {
		return
	}
	if !c.atEnd() {
		if i := c.pos; c.peek() != ' ' || c.follows() || !c.atEnd() {
			c.pos = i
			c.fail(production, "the end of the line")
			return
		}
	}
	if len(c.b)-c.pos == 1 {
		c.tolerate(TolerateBareLF)
	}
	c.steps += 2
	c.pos = len(c.b)
}

// atEnd reports whether only the CRLF of the frame follows, or a bare LF where
// that is tolerated.
func (c *cursor) atEnd() bool {
	if c.err != nil {
		return false
	}
	rest := c.b[c.pos:]
	return len(rest) == 2 && rest[0] == '\r' && rest[1] == '\n' ||
		len(rest) == 1 && rest[0] == '\n' && c.tol.Has(TolerateBareLF)
}

// open moves over "(" and goes one level deeper.
func (c *cursor) open(production string) bool {
	if c.err != nil {
		return false
	}
	if c.peek() != '(' {
		c.fail(production, `"("`)
		return false
	}
	c.lists++
	if c.lists > c.lim.Lists {
		c.limit("Lists", c.lim.Lists, c.lists, c.pos)
		return false
	}
	c.token()
	if !c.enter() {
		return false
	}
	c.pos++
	c.steps++
	return true
}

// close moves over ")" and leaves its level.
func (c *cursor) close(production string) {
	c.expect(')', production)
	c.leave()
}

// more is the condition of a loop over the elements of an open list, the n-th
// (from 0) of which comes next. It moves over the space between elements, or
// over the ")" at the end.
//
//	"(" [element *(SP element)] ")"
func (c *cursor) more(n int, production string) bool {
	if c.err != nil {
		return false
	}
	x := c.peek()
	for (x == '\r' || x == '\n') && c.strayLineEnd() {
		x = c.peek()
	}
	switch {
	case x == ')':
		c.close(production)
		return false
	case x == ' ' && (n > 0 || c.tolerate(TolerateSpaceInList)):
		if !c.follows() {
			c.close(production)
			return false
		}
	case n > 0:
		c.fail(production, `a space or ")"`)
		return false
	}
	return c.err == nil
}

// span moves over the octets of class k and returns where they begin and end.
// There has to be one at least.
func (c *cursor) span(k engine.Class, production, expected string) (i, j int) {
	if c.err != nil {
		return 0, 0
	}
	n := k.Span(c.b[c.pos:])
	if n == 0 {
		c.fail(production, expected)
		return 0, 0
	}
	c.token()
	if c.err != nil {
		return 0, 0
	}
	i = c.pos
	c.pos += n
	c.steps += int64(n)
	return i, c.pos
}

// atom = 1*ATOM-CHAR
func (c *cursor) atom(production string) string {
	return c.str(c.span(engine.Atom, production, "an atom"))
}

// atomUpper reads an atom and returns it in upper case, without allocating
// when it is in upper case already.
//
//	atom = 1*ATOM-CHAR
func (c *cursor) atomUpper(production string) string { return upper(c.atom(production)) }

// word reads an atom and returns it in upper case in the cursor's scratch
// space, until the next call. What does not fit there is no word of the
// protocol, and comes out cut: callers compare it with shorter words only, and
// take the octets from the frame.
//
//	atom = 1*ATOM-CHAR
func (c *cursor) word(production string) []byte {
	return c.fold(c.span(engine.Atom, production, "an atom"))
}

// fold returns octets i to j of the frame in upper case, in the scratch space.
func (c *cursor) fold(i, j int) []byte {
	word := c.scratch[:min(j-i, len(c.scratch))]
	for k, x := range c.b[i:][:len(word)] {
		word[k] = upperByte(x)
	}
	return word
}

func upperByte(x byte) byte {
	if 'a' <= x && x <= 'z' {
		return x - ('a' - 'A')
	}
	return x
}

// upper returns s with ASCII letters in upper case.
func upper(s string) string {
	for i := 0; i < len(s); i++ {
		if 'a' <= s[i] && s[i] <= 'z' {
			b := []byte(s)
			for ; i < len(b); i++ {
				b[i] = upperByte(b[i])
			}
			return string(b)
		}
	}
	return s
}

// readTag reads the tag of a command or response. Only a tag that ends where a
// tag may end is kept for errors and answers.
//
//	tag = 1*<any ASTRING-CHAR except "+">
func (c *cursor) readTag() string {
	i, j := c.span(engine.Tag, "tag", "a tag")
	if j-i > c.lim.Tag {
		c.limit("Tag", c.lim.Tag, c.lim.Tag+1, i+c.lim.Tag)
	}
	if c.err != nil || c.peek() != ' ' && !c.atEnd() {
		return ""
	}
	c.tag = c.str(i, j)
	return c.tag
}

// makeList returns an empty slice with room for the elements of the list of
// atoms that was just opened, 64 at most; nil when it is empty.
func makeList[T any](c *cursor) []T { return makeListIn[T](c, nil) }

// makeListIn is makeList with room for the elements where it suffices: short
// lists are allocated with their command.
func makeListIn[T any](c *cursor, room []T) []T {
	if c.err != nil || c.peek() == ')' {
		return nil
	}
	rest := c.b[c.pos:]
	if end := bytes.IndexByte(rest, ')'); end >= 0 {
		rest = rest[:end]
	}
	c.steps += int64(len(rest))
	// An element with a list in it is BODY[HEADER.FIELDS (…)], whose own space is
	// one too many. What follows it is not counted.
	n := 1
	if end := bytes.IndexByte(rest, '('); end > 0 {
		rest, n = rest[:end], 0
	}
	n += bytes.Count(rest, []byte{' '})
	if n <= cap(room) {
		return room[:0]
	}
	return make([]T, 0, min(n, 64))
}

// base64 = *(4base64-char) [base64-terminal]
func (c *cursor) base64(production string) []byte {
	if c.err != nil {
		return nil
	}
	i := c.pos
	n := engine.Base64.Span(c.b[i:])
	for n < len(c.b)-i && c.b[i+n] == '=' {
		n++
	}
	c.token()
	c.steps += int64(n)
	out := make([]byte, base64.StdEncoding.DecodedLen(n))
	n2, err := base64.StdEncoding.Strict().Decode(out, c.b[i:i+n])
	if err != nil {
		c.fail(production, "base64")
		return nil
	}
	c.pos += n
	return out[:n2]
}
