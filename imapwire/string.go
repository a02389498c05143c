package imapwire

import (
	"encoding/binary"
	"math/bits"
	"strings"
	"unicode/utf8"

	"github.com/mailwire/mailwire/imapwire/engine"
	"github.com/mailwire/mailwire/imapwire/imap"
)

// maxQuoted is the octets of the longest string that is written in quotes:
// lines stay below what RFC 7162 §4 asks clients for.
const maxQuoted = 1024

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
	return c.looseString(production)
}

// nil = "NIL"
func (c *cursor) acceptNil() bool {
	if c.err != nil || len(c.b)-c.pos < 4 {
		return false
	}
	if b := c.b[c.pos:]; b[0]|0x20 != 'n' || b[1]|0x20 != 'i' || b[2]|0x20 != 'l' || engine.AString.Is(b[3]) {
		return false
	}
	c.pos += 3
	c.steps += 3
	c.token()
	return c.err == nil
}

// nstring = string / nil
func (c *cursor) nstring(production string) imap.NString {
	if c.peek() == '"' {
		s := c.quoted(production)
		return imap.NString{Value: s, Valid: c.err == nil}
	}
	if c.acceptNil() {
		return imap.NString{}
	}
	if c.err == nil && !c.atString() && !c.at(engine.AString) {
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
	i := c.pos
	k := i + quotedSpan(c.b[i:])
	if k+1 < len(c.b) && c.b[k] == '"' && (c.b[k+1] == ' ' || c.b[k+1] == ')') {
		// What nearly all are: nothing is escaped, and the quote is the last.
		c.steps += int64(k-i) + 1
		c.pos = k + 1
		return c.str(i, k)
	}
	k = i
	var built []byte // what stands before i, once there was a backslash
	for {
		n := quotedSpan(c.b[k:])
		k += n
		c.steps += int64(n) + 1
		if k >= len(c.b) {
			break
		}
		switch x := c.b[k]; {
		case x == '"' && c.tol != 0 && c.innerQuote(k):
			k++
			continue
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
			if c.tolerateAt(TolerateEightBitQuoted, k) {
				k++
				continue
			}
			c.failAt(k, production, "valid UTF-8 in a quoted string")
			return ""
		case x >= utf8.RuneSelf && c.tolerateAt(TolerateEightBitQuoted, k):
			k++
			continue
		case (x == '\r' || x == '\n') && c.quotedLineEnd(k):
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

// quotedSpan returns how many octets at the start of b are of class Quoted. It
// looks at eight of them at once.
func quotedSpan(b []byte) int {
	const ones, highs = 0x0101010101010101, 0x8080808080808080
	i := 0
	for ; i+8 <= len(b); i += 8 {
		x := binary.LittleEndian.Uint64(b[i:])
		quotes, slashes := x^'"'*ones, x^'\\'*ones
		// The high bit of an octet is set in the first that is '"', "\", below a
		// space or above 0x7F; behind it, it may be set for nothing.
		odd := (quotes-ones)&^quotes | (slashes-ones)&^slashes | (x - ' '*ones) | x
		if odd &= highs; odd != 0 {
			if i += bits.TrailingZeros64(odd) / 8; b[i] == '"' {
				return i
			}
			break
		}
	}
	return i + engine.Quoted.Span(b[i:])
}

type quotable uint8

const (
	quotableYes quotable = iota + 1
	quotableNo
	quotableNever
)

// astring = 1*ASTRING-CHAR / string
//
// NIL is quoted, since some programs do not tell the atom from nothing.
func (e *encoder) astring(s string) {
	if s != "" && len(s) <= maxQuoted && engine.AString.All(s) && !isNIL(s) {
		e.raw(s)
		return
	}
	e.string(s)
}

func isNIL(s string) bool { return len(s) == 3 && upper(s) == "NIL" }

// list-mailbox = 1*list-char / string
func (e *encoder) listMailbox(s string) {
	if s != "" && len(s) <= maxQuoted && engine.List.All(s) && !isNIL(s) {
		e.raw(s)
		return
	}
	e.string(s)
}

// string = quoted / literal
func (e *encoder) string(s string) {
	if e.err != nil {
		return
	}
	switch q := e.quotable(s); {
	case q == quotableNever:
		e.fail("%q contains NUL", cut(s))
	case q == quotableYes && len(s) <= maxQuoted:
		e.quote(s)
	default:
		e.literalHead(int64(len(s)), false)
		e.raw(s)
	}
}

// quoted insists on a quoted string.
//
//	quoted = DQUOTE *QUOTED-CHAR DQUOTE
func (e *encoder) quoted(s string) {
	if e.err != nil {
		return
	}
	if e.quotable(s) != quotableYes {
		e.fail("%q can not be quoted", cut(s))
		return
	}
	e.quote(s)
}

// quotable reports whether s may be written in quotes, has to be a literal, or
// is no string at all.
func (e *encoder) quotable(s string) quotable {
	q := quotableYes
	high := false
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == 0:
			return quotableNever
		case c == '\r' || c == '\n':
			q = quotableNo
		case c >= utf8.RuneSelf:
			high = true
		}
	}
	if high && (!e.utf8 || !utf8.ValidString(s)) {
		q = quotableNo
	}
	return q
}

func (e *encoder) quote(s string) {
	e.byte('"')
	for {
		i := strings.IndexAny(s, `"\`)
		if i < 0 {
			break
		}
		e.raw(s[:i])
		e.byte('\\')
		e.byte(s[i])
		s = s[i+1:]
	}
	e.raw(s)
	e.byte('"')
}

// nstring = string / nil
func (e *encoder) nstring(s imap.NString) {
	if !s.Valid {
		if s.Value != "" {
			e.fail("%q is marked as NIL", cut(s.Value))
		}
		e.raw("NIL")
		return
	}
	e.string(s.Value)
}
