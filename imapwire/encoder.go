package imapwire

import (
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/mailwire/mailwire/imapwire/engine"
	"github.com/mailwire/mailwire/imapwire/imap"
)

// ErrEncode is wrapped by every error of an encoder: the value has no form on
// the wire, and nothing was written.
var ErrEncode = errors.New("imapwire: can not be encoded")

// A LiteralPolicy says which literals a command may have. It follows from what
// the server has announced on the layer in use.
type LiteralPolicy uint8

const (
	// LiteralSync: every literal waits for the server.
	LiteralSync LiteralPolicy = iota
	// LiteralMinus: literals of up to 4096 octets do not wait (LITERAL-, and
	// IMAP4rev2).
	LiteralMinus
	// LiteralPlus: no literal waits (LITERAL+).
	LiteralPlus
)

const (
	// maxMinus is the octets of the largest literal that LITERAL- allows to be
	// non-synchronising, RFC 7888 §5.
	maxMinus = 4096
	// maxQuoted is the octets of the longest string that is written in quotes:
	// lines stay below what RFC 7162 §4 asks clients for.
	maxQuoted = 1024
	// maxEncodeDepth bounds values that were built in a circle.
	maxEncodeDepth = 1000
)

func (p LiteralPolicy) nonSync(n int64) bool {
	return p == LiteralPlus || p == LiteralMinus && n <= maxMinus
}

// How the encoder works
//
// An encoder appends to b. The error is sticky: after the first one, methods
// do nothing, and the caller cuts b back to where it began, so that a value
// that can not be encoded leaves no octet behind. Every method checks what it
// writes; raw octets (unknown commands, extensions) are read by a cursor first.
//
// No line ends in {n} unless literalHead wrote it: an atom contains no "{",
// a quoted string ends in its quote, and raw octets are checked.
type encoder struct {
	b   []byte
	err error
	// stops are the offsets in b at which the sender has to wait for "+".
	stops []int
	// bodies are messages that stand between octets of b.
	bodies []encodedBody

	literals LiteralPolicy
	// server: responses are written. Their literals never wait.
	server bool
	// utf8: quoted strings may hold UTF-8.
	utf8 bool
	// inline: bodies are read into b.
	inline bool
	depth  int
}

// An encodedBody is a message that stands at offset at of the octets around it.
type encodedBody struct {
	at      int
	content io.Reader
	size    int64
}

func (e *encoder) fail(format string, args ...any) {
	if e.err == nil {
		e.err = fmt.Errorf("%w: %s", ErrEncode, fmt.Sprintf(format, args...))
	}
}

// cut returns s short enough for an error.
func cut(s string) string { return s[:min(len(s), 24)] }

// enter goes one level deeper.
func (e *encoder) enter() bool {
	e.depth++
	if e.depth > maxEncodeDepth {
		e.fail("nested deeper than %d", maxEncodeDepth)
	}
	return e.err == nil
}

func (e *encoder) leave() { e.depth-- }

// raw appends s, which the caller vouches for.
func (e *encoder) raw(s string) {
	if e.err == nil {
		e.b = append(e.b, s...)
	}
}

func (e *encoder) byte(c byte) {
	if e.err == nil {
		e.b = append(e.b, c)
	}
}

func (e *encoder) sp() { e.byte(' ') }

func (e *encoder) crlf() { e.raw("\r\n") }

// tag = 1*<any ASTRING-CHAR except "+">
func (e *encoder) tag(s string) {
	if s == "" || !engine.Tag.All(s) {
		e.fail("%q is not a tag", cut(s))
		return
	}
	e.raw(s)
}

// atom = 1*ATOM-CHAR
func (e *encoder) atom(s string) {
	if s == "" || !engine.Atom.All(s) {
		e.fail("%q is not an atom", cut(s))
		return
	}
	e.raw(s)
}

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

type quotable uint8

const (
	quotableYes quotable = iota + 1
	quotableNo
	quotableNever
)

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

// literalHead announces a literal of n octets, which have to follow.
//
//	literal = "{" number64 ["+"] "}" CRLF *CHAR8
//	literal8 = "~{" number64 ["+"] "}" CRLF *OCTET
func (e *encoder) literalHead(n int64, binary bool) {
	if e.err != nil {
		return
	}
	if binary {
		e.b = append(e.b, '~')
	}
	e.b = append(e.b, '{')
	e.b = strconv.AppendInt(e.b, n, 10)
	nonSync := !e.server && e.literals.nonSync(n)
	if nonSync {
		e.b = append(e.b, '+')
	}
	e.b = append(e.b, "}\r\n"...)
	if !e.server && !nonSync {
		e.stops = append(e.stops, len(e.b))
	}
}

func (e *encoder) uint(n uint64) {
	if e.err == nil {
		e.b = strconv.AppendUint(e.b, n, 10)
	}
}

// number = 1*DIGIT
func (e *encoder) number(n uint32) { e.uint(uint64(n)) }

// nz-number = digit-nz *DIGIT
func (e *encoder) nzNumber(n uint32, what string) {
	if n == 0 {
		e.fail("%s is zero", what)
	}
	e.uint(uint64(n))
}

// number64 = 1*DIGIT
func (e *encoder) number64(n int64, what string) {
	if n < 0 {
		e.fail("%s is %d", what, n)
	}
	e.uint(uint64(n))
}

// sequence-set = (seq-number / seq-range) ["," sequence-set] / "$"
func (e *encoder) sequenceSet(s imap.Set) {
	if s.IsZero() || s.Saved && len(s.Ranges) > 0 {
		e.fail("a set names nothing, or $ and numbers")
	}
	if e.err == nil {
		e.b = s.Append(e.b)
	}
}

// uid-set = (uniqueid / uid-range) *("," uid-set)
func (e *encoder) uidSet(s imap.UIDSet) {
	if len(s) == 0 {
		e.fail("a set of UIDs is empty")
	}
	for i, r := range s {
		if r.First == 0 || r.Last < r.First || i > 0 && s[i-1].Last >= r.First {
			e.fail("a set of UIDs is not in order")
		}
	}
	if e.err == nil {
		e.b = s.Append(e.b)
	}
}

// flag = "\" atom / atom
func (e *encoder) flag(f imap.Flag) {
	name := string(f)
	if f.IsSystem() {
		name = name[1:]
	}
	if name == "" || !engine.Atom.All(name) {
		e.fail("%q is not a flag", cut(string(f)))
	}
	e.raw(string(f))
}

// flag-list = "(" [flag *(SP flag)] ")"
func (e *encoder) flagList(flags []imap.Flag) {
	e.byte('(')
	for i, f := range flags {
		if i > 0 {
			e.sp()
		}
		e.flag(f)
	}
	e.byte(')')
}

// date = date-text / DQUOTE date-text DQUOTE
func (e *encoder) date(d imap.Date) {
	if !d.IsValid() {
		e.fail("there is no day %d-%d-%d", d.Year, d.Month, d.Day)
		return
	}
	if e.err == nil {
		e.b = d.Append(e.b)
	}
}

// date-time = DQUOTE date-day-fixed "-" date-month "-" date-year SP time SP zone DQUOTE
func (e *encoder) dateTime(t time.Time) {
	if y := t.Year(); y < 0 || y > 9999 {
		e.fail("the year %d has no four digits", y)
		return
	}
	if _, off := t.Zone(); off <= -100*3600 || off >= 100*3600 {
		e.fail("the zone is %d seconds from UTC", off)
		return
	}
	if e.err == nil {
		e.b = imap.AppendDateTime(e.b, t)
	}
}

// base64 = *(4base64-char) [base64-terminal]
func (e *encoder) base64(s string) {
	if e.err == nil {
		e.b = base64.StdEncoding.AppendEncode(e.b, []byte(s))
	}
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

// rawLiterals appends octets with whole literals in them. In a command their
// announcements are written anew where the policy does not allow the form that
// they have; apart from that every octet stays.
func (e *encoder) rawLiterals(s string) {
	for e.err == nil {
		at, head, ok := nextLiteral(s)
		if !ok {
			if i := strings.IndexAny(s, "\x00\r\n"); i >= 0 {
				e.fail("raw octets contain %q", s[i])
			}
			if announcesLiteral(s) {
				e.fail("raw octets end in %q", cut(s[strings.LastIndexByte(s, '{'):]))
			}
			e.raw(s)
			return
		}
		end := at + head.len
		if head.size > int64(len(s)-end) {
			e.fail("raw octets end within a literal")
			return
		}
		line := s[:at]
		if strings.ContainsAny(line, "\x00\r\n") {
			e.fail("raw octets contain NUL or a line end")
			return
		}
		content := s[end : end+int(head.size)]
		if !head.binary && strings.IndexByte(content, 0) >= 0 {
			e.fail("a literal contains NUL")
			return
		}
		e.raw(line)
		switch {
		case e.server && head.nonSync, !e.server && head.nonSync && !e.literals.nonSync(head.size):
			e.literalHead(head.size, head.binary)
		default:
			e.raw(s[at:end])
			if !e.server && !head.nonSync {
				e.stops = append(e.stops, len(e.b))
			}
		}
		e.raw(content)
		s = s[end+int(head.size):]
	}
}

// A rawHead is the announcement of a literal in raw octets, len octets long.
type rawHead struct {
	literalHead
	len int
}

// nextLiteral finds the first literal of s: an announcement right before a
// CRLF.
func nextLiteral(s string) (at int, h rawHead, ok bool) {
	i := strings.IndexByte(s, '\n')
	if i < 1 || s[i-1] != '\r' {
		return 0, h, false
	}
	size, nonSync, binary, n := announcement([]byte(s[:i-1]))
	if n == 0 {
		return 0, h, false
	}
	h.size, h.nonSync, h.binary, h.len = size, nonSync, binary, n+2
	return i - 1 - n, h, true
}

func announcesLiteral(s string) bool {
	_, _, _, n := announcement([]byte(s))
	return n > 0
}

// announcement reads the literal that a line without its end announces, from
// its back: how many octets of it do. n is 0 when it announces none.
//
//	["~"] "{" number64 ["+"] "}"
func announcement(line []byte) (size int64, nonSync, binary bool, n int) {
	i := len(line)
	if i < 3 || line[i-1] != '}' {
		return 0, false, false, 0
	}
	i--
	if line[i-1] == '+' {
		nonSync = true
		i--
	}
	end := i
	for i > 0 && engine.Digit.Is(line[i-1]) {
		i--
	}
	if i == end || i == 0 || line[i-1] != '{' {
		return 0, false, false, 0
	}
	for _, c := range line[i:end] {
		d := int64(c - '0')
		if size > (1<<63-1-d)/10 {
			return 0, false, false, 0
		}
		size = size*10 + d
	}
	i--
	if i > 0 && line[i-1] == '~' {
		binary = true
		i--
	}
	return size, nonSync, binary, len(line) - i
}
