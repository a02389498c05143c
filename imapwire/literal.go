package imapwire

import (
	"bytes"
	"strconv"
	"strings"

	"github.com/mailwire/mailwire/imapwire/engine"
)

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

// maxMinus is the octets of the largest literal that LITERAL- allows to be
// non-synchronising, RFC 7888 §5.
const maxMinus = 4096

func (p LiteralPolicy) nonSync(n int64) bool {
	return p == LiteralPlus || p == LiteralMinus && n <= maxMinus
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
	case len(rest) >= 1 && rest[0] == '\n' && c.tolerate(TolerateBareLF):
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
		if k := bytes.IndexByte(c.b[i:j], 0); k >= 0 && !c.tolerateAt(TolerateNULInLiteral, i+k) {
			c.failAt(i+k, production, "no NUL in a literal")
			return 0, 0, h
		}
	}
	c.pos, c.literalEnd = j, j
	return i, j, h
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

// rawLiterals appends octets with whole literals in them. In a command their
// announcements are written anew where the policy does not allow the form that
// they have; apart from that every octet stays.
func (e *encoder) rawLiterals(s string) {
	for e.err == nil {
		at, head, ok := nextLiteral(s)
		if !ok || head.bare {
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
	// bare: its line ends in a bare LF, as that of a response may have come.
	bare bool
}

// nextLiteral finds the first literal of s: an announcement right before a
// line end.
func nextLiteral(s string) (at int, h rawHead, ok bool) {
	end := strings.IndexByte(s, '\n')
	if end < 0 {
		return 0, h, false
	}
	line := strings.TrimSuffix(s[:end], "\r")
	size, nonSync, binary, n := announcement([]byte(line))
	if n == 0 {
		return 0, h, false
	}
	at = len(line) - n
	h.size, h.nonSync, h.binary, h.len, h.bare = size, nonSync, binary, end+1-at, len(line) == end
	return at, h, true
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
