package imapwire

import (
	"bytes"
	"encoding/base64"
	"time"
	"unicode/utf8"

	"github.com/mailwire/mailwire/imapwire/engine"
	"github.com/mailwire/mailwire/imapwire/imap"
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
	depth    int
	maxDepth int
	lists    int
	tokens   int
	steps    int64
	scratch  [24]byte // for upper
}

func newCursor(frame []byte, lim Bounds, utf8 bool) cursor {
	return cursor{b: frame, lim: lim, utf8: utf8}
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

// fail records that at the cursor something else was expected.
func (c *cursor) fail(production, expected string) { c.failAt(c.pos, production, expected) }

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

func (c *cursor) limit(field string, limit, got, pos int) {
	if c.err == nil {
		c.err = &engine.LimitError{Name: c.lim.limitName(field), Cap: int64(limit), Got: int64(got), Offset: int64(pos)}
	}
}

// token counts one token.
func (c *cursor) token() {
	c.tokens++
	if c.tokens > c.lim.Tokens {
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
	if !c.accept(' ') && c.err == nil {
		c.fail(production, "a space")
	}
}

// crlf moves over the end of the frame, which has to follow.
func (c *cursor) crlf(production string) {
	if c.err != nil {
		return
	}
	if !c.atEnd() {
		c.fail(production, "the end of the line")
		return
	}
	c.steps += 2
	c.pos = len(c.b)
}

// atEnd reports whether only the CRLF of the frame follows. In responses a
// bare LF serves as well, since the framer lets it pass only where that is
// tolerated.
func (c *cursor) atEnd() bool {
	if c.err != nil {
		return false
	}
	rest := c.b[c.pos:]
	return len(rest) == 2 && rest[0] == '\r' && rest[1] == '\n' ||
		c.lim.Response && len(rest) == 1 && rest[0] == '\n'
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
	if c.peek() == ')' {
		c.close(production)
		return false
	}
	if n > 0 {
		if c.peek() != ' ' {
			c.fail(production, `a space or ")"`)
			return false
		}
		c.accept(' ')
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
	n := min(j-i, len(c.scratch))
	for k := range n {
		c.scratch[k] = upperByte(c.b[i+k])
	}
	return c.scratch[:n]
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

// astring = 1*ASTRING-CHAR / string
func (c *cursor) astring(production string) string {
	if c.at(engine.AString) {
		return c.str(c.span(engine.AString, production, ""))
	}
	if c.err == nil && !c.atString() {
		c.fail(production, "an atom or a string")
	}
	return c.str8(production)
}

// mailbox = "INBOX" / astring
//
// The octets stay as they came: [imap.IsInbox] knows all forms of INBOX.
func (c *cursor) mailbox() string { return c.astring("mailbox") }

// list-mailbox = 1*list-char / string
func (c *cursor) listMailbox() string {
	if c.at(engine.List) {
		return c.str(c.span(engine.List, "list-mailbox", ""))
	}
	if c.err == nil && !c.atString() {
		c.fail("list-mailbox", "a pattern")
	}
	return c.str8("list-mailbox")
}

func (c *cursor) atString() bool {
	x := c.peek()
	return x == '"' || x == '{' || x == '~' && c.binary
}

// str8 is the production string; the name is taken.
//
//	string = quoted / literal
func (c *cursor) str8(production string) string {
	switch x := c.peek(); {
	case x == '"':
		return c.quoted(production)
	case x == '{' || x == '~' && c.binary:
		i, j, _ := c.literal(production)
		return c.str(i, j)
	}
	c.fail(production, "a string")
	return ""
}

// nil = "NIL"
func (c *cursor) acceptNil() bool {
	if c.err != nil || len(c.b)-c.pos < 4 || engine.AString.Is(c.b[c.pos+3]) {
		return false
	}
	if !c.acceptFold("NIL") {
		return false
	}
	c.token()
	return c.err == nil
}

// nstring = string / nil
func (c *cursor) nstring(production string) imap.NString {
	if c.acceptNil() {
		return imap.NString{}
	}
	if c.err == nil && !c.atString() {
		c.fail(production, "a string or NIL")
	}
	s := c.str8(production)
	if c.err != nil {
		return imap.NString{}
	}
	return imap.String(s)
}

// quoted = DQUOTE *QUOTED-CHAR DQUOTE
// QUOTED-CHAR = <any TEXT-CHAR except quoted-specials> / "\" quoted-specials / UTF8-2 / UTF8-3 / UTF8-4
func (c *cursor) quoted(production string) string {
	start := c.pos
	c.expect('"', production)
	c.token()
	if c.err != nil {
		return ""
	}
	i, k := c.pos, c.pos
	var built []byte // what stands before i, once there was a backslash
	for {
		n := engine.Quoted.Span(c.b[k:])
		k += n
		c.steps += int64(n) + 1
		if k >= len(c.b) {
			break
		}
		switch x := c.b[k]; {
		case x == '"':
			c.pos = k + 1
			if built == nil {
				return c.str(i, k)
			}
			return string(append(built, c.b[i:k]...))
		case x == '\\' && k+1 < len(c.b) && (c.b[k+1] == '"' || c.b[k+1] == '\\'):
			if built == nil {
				built = make([]byte, 0, k-i+16)
			}
			built = append(built, c.b[i:k]...)
			i, k = k+1, k+2
			continue
		case x == '\\':
			c.failAt(k+1, production, `"\"" or "\\" after a backslash`)
			return ""
		case x >= utf8.RuneSelf && c.utf8:
			if r, n := utf8.DecodeRune(c.b[k:]); r != utf8.RuneError || n > 1 {
				k += n
				continue
			}
			c.failAt(k, production, "valid UTF-8 in a quoted string")
			return ""
		case x >= utf8.RuneSelf && c.quoted8():
			k++
			continue
		case x == '\r' || x == '\n':
			c.failAt(k, production, "the closing quote of the string at octet "+itoa(start))
			return ""
		default:
			c.failAt(k, production, "a character that may stand in a quoted string")
			return ""
		}
	}
	c.failAt(k, production, "a closing quote")
	return ""
}

// quoted8 reports whether quoted strings may hold any octet above 0x7F: in
// responses, where old servers put them.
func (c *cursor) quoted8() bool { return c.lim.Response }

func itoa(n int) string {
	var b [20]byte
	i := len(b)
	for {
		i--
		b[i] = byte('0' + n%10)
		n /= 10
		if n == 0 {
			return string(b[i:])
		}
	}
}

// A literalHead is what announces a literal.
type literalHead struct {
	size    int64
	nonSync bool // {n+}
	binary  bool // ~{n}
}

// literalHead moves over the announcement of a literal and its CRLF.
//
//	literal = "{" number64 ["+"] "}" CRLF *CHAR8
//	literal8 = "~{" number64 ["+"] "}" CRLF *OCTET
func (c *cursor) literalHead(production string) (h literalHead) {
	h.binary = c.accept('~')
	c.expect('{', production)
	if !c.at(engine.Digit) && c.err == nil {
		c.fail(production, "the size of a literal")
	}
	h.size = c.number64(production)
	h.nonSync = c.accept('+')
	c.expect('}', production)
	if c.err != nil {
		return h
	}
	switch rest := c.b[c.pos:]; {
	case len(rest) >= 2 && rest[0] == '\r' && rest[1] == '\n':
		c.pos += 2
		c.steps += 2
	case c.lim.Response && len(rest) >= 1 && rest[0] == '\n':
		c.pos++
		c.steps++
	default:
		c.fail(production, "the end of the line after the size of a literal")
	}
	return h
}

// literal moves over a literal and returns where its content begins and ends.
// Only a literal8 may hold NUL (RFC 9051 §9, CHAR8).
func (c *cursor) literal(production string) (i, j int, h literalHead) {
	h = c.literalHead(production)
	if c.err != nil {
		return 0, 0, h
	}
	if h.size > int64(len(c.b)-c.pos) {
		c.failAt(len(c.b), production, "the rest of a literal")
		return 0, 0, h
	}
	i, j = c.pos, c.pos+int(h.size)
	if !h.binary {
		c.steps += h.size
		if k := bytes.IndexByte(c.b[i:j], 0); k >= 0 && !c.lim.Response {
			c.failAt(i+k, production, "no NUL in a literal")
			return 0, 0, h
		}
	}
	c.pos = j
	return i, j, h
}

// digits moves over 1*DIGIT, whose value has to lie in min to max.
func (c *cursor) digits(production string, lo, hi uint64) uint64 {
	i, j := c.span(engine.Digit, production, "a number")
	if c.err != nil {
		return 0
	}
	var n uint64
	for _, x := range c.b[i:j] {
		d := uint64(x - '0')
		if n > (hi-d)/10 {
			c.failAt(i, production, "a smaller number")
			return 0
		}
		n = n*10 + d
	}
	if n < lo || lo > 0 && c.b[i] == '0' {
		c.failAt(i, production, "a number that is not zero and starts with no zero")
		return 0
	}
	return n
}

// number = 1*DIGIT, 0 to 4294967295
func (c *cursor) number(production string) uint32 {
	return uint32(c.digits(production, 0, 1<<32-1))
}

// nz-number = digit-nz *DIGIT, 1 to 4294967295
func (c *cursor) nzNumber(production string) uint32 {
	return uint32(c.digits(production, 1, 1<<32-1))
}

// number64 = 1*DIGIT, 0 to 9223372036854775807
func (c *cursor) number64(production string) int64 {
	return int64(c.digits(production, 0, 1<<63-1))
}

// nz-number64 = digit-nz *DIGIT, 1 to 9223372036854775807
func (c *cursor) nzNumber64(production string) int64 {
	return int64(c.digits(production, 1, 1<<63-1))
}

// seq-number = nz-number / "*"
func (c *cursor) seqNumber(production string) uint32 {
	if c.accept('*') {
		return imap.Star
	}
	if !c.at(engine.Digit) && c.err == nil {
		c.fail(production, `a number or "*"`)
	}
	c.tokens-- // the set is one token
	return c.nzNumber(production)
}

// sequence-set = (seq-number / seq-range) ["," sequence-set]
// sequence-set =/ seq-last-command
// seq-range = seq-number ":" seq-number
// seq-last-command = "$"
func (c *cursor) sequenceSet(production string) imap.Set {
	if c.accept('$') {
		c.token()
		return imap.Set{Saved: true}
	}
	c.token()
	n := c.countRanges()
	if c.err != nil {
		return imap.Set{}
	}
	ranges := make([]imap.Range, 0, n)
	for {
		r := imap.Range{First: c.seqNumber(production)}
		r.Last = r.First
		if c.accept(':') {
			r.Last = c.seqNumber(production)
		}
		if c.err != nil {
			return imap.Set{}
		}
		ranges = append(ranges, r)
		if !c.accept(',') {
			return imap.Set{Ranges: ranges}
		}
	}
}

// countRanges returns how many ranges the set at the cursor has, and sees that
// they are not too many.
func (c *cursor) countRanges() int {
	if c.err != nil {
		return 0
	}
	n := 1
	for i, x := range c.b[c.pos:] {
		if x == ',' {
			n++
			if n > c.lim.Ranges {
				c.limit("Ranges", c.lim.Ranges, n, c.pos+i+1)
				return 0
			}
		} else if x != ':' && x != '*' && !engine.Digit.Is(x) {
			c.steps += int64(i)
			break
		}
	}
	return n
}

// uid-set = (uniqueid / uid-range) *("," uid-set)
//
// The ranges come out ascending and merged.
func (c *cursor) uidSet(production string) imap.UIDSet {
	c.token()
	n := c.countRanges()
	if c.err != nil {
		return nil
	}
	ranges := make([]imap.Range, 0, n)
	for {
		c.tokens--
		r := imap.Range{First: c.nzNumber(production)}
		r.Last = r.First
		if c.accept(':') {
			c.tokens--
			r.Last = c.nzNumber(production)
		}
		if c.err != nil {
			return nil
		}
		ranges = append(ranges, r)
		if !c.accept(',') {
			return imap.Set{Ranges: ranges}.ResolveUIDs(imap.MaxUID)
		}
	}
}

// flag = "\Answered" / "\Flagged" / "\Deleted" / "\Seen" / "\Draft" / flag-keyword / flag-extension
// flag-extension = "\" atom
// flag-keyword = atom
//
// The system flags come out as the constants of package imap, in any case.
func (c *cursor) flag(production string) imap.Flag {
	i := c.pos
	system := c.accept('\\')
	_, j := c.span(engine.Atom, production, "a flag")
	if c.err != nil {
		return ""
	}
	if system {
		if f := systemFlag(c.fold(i, j)); f != "" {
			return f
		}
	}
	return imap.Flag(c.str(i, j))
}

func systemFlag(upper []byte) imap.Flag {
	switch string(upper) {
	case `\SEEN`:
		return imap.FlagSeen
	case `\ANSWERED`:
		return imap.FlagAnswered
	case `\FLAGGED`:
		return imap.FlagFlagged
	case `\DELETED`:
		return imap.FlagDeleted
	case `\DRAFT`:
		return imap.FlagDraft
	case `\RECENT`:
		return imap.FlagRecent
	}
	return ""
}

// flag-list = "(" [flag *(SP flag)] ")"
func (c *cursor) flagList(production string) []imap.Flag {
	if !c.open(production) {
		return nil
	}
	flags := makeList[imap.Flag](c)
	for c.more(len(flags), production) {
		flags = append(flags, c.flag(production))
	}
	return flags
}

// makeList returns an empty slice with room for the elements of the list of
// atoms that was just opened; nil when it is empty.
func makeList[T any](c *cursor) []T {
	n := 1
	for i, x := range c.b[min(c.pos, len(c.b)):] {
		if x == ')' && i == 0 {
			return nil
		}
		if x == ' ' {
			n++
		} else if x == ')' || x < ' ' {
			break
		}
	}
	return make([]T, 0, min(n, 64))
}

// date = date-text / DQUOTE date-text DQUOTE
func (c *cursor) date(production string) imap.Date {
	i := c.pos
	quoted := c.accept('"')
	s := c.str(c.span(engine.Atom, production, "a date"))
	if quoted {
		c.expect('"', production)
	}
	if c.err != nil {
		return imap.Date{}
	}
	d, err := imap.ParseDate(s)
	if err != nil {
		c.failAt(i, production, "a date such as 1-Feb-2026")
	}
	return d
}

// date-time = DQUOTE date-day-fixed "-" date-month "-" date-year SP time SP zone DQUOTE
func (c *cursor) dateTime(production string) time.Time {
	i := c.pos
	s := c.quoted(production)
	if c.err != nil {
		return time.Time{}
	}
	t, err := imap.ParseDateTime(s)
	if err != nil {
		c.failAt(i, production, `a date such as "01-Feb-2026 12:30:00 +0100"`)
	}
	return t
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
	if i == j {
		c.fail(production, "the name of an extension")
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
	return c.str(i, c.pos)
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
		for c.err == nil && c.depth > base && c.peek() == ')' {
			c.close(production)
		}
		if c.err != nil || c.depth == base {
			return
		}
		c.sp(production)
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
