package pop3wire

import (
	"encoding/base64"
	"errors"
	"fmt"
	"strings"

	"github.com/mailwire/mailwire/imapwire/engine"
)

// ErrEncode is wrapped by every error of an encoder: the value has no form on
// the wire, and nothing was written.
var ErrEncode = errors.New("pop3wire: can not be encoded")

// failEncode returns an error that wraps ErrEncode.
func failEncode(format string, args ...any) error {
	return fmt.Errorf("%w: %s", ErrEncode, fmt.Sprintf(format, args...))
}

// cut returns s short enough for an error.
func cut(s string) string { return s[:min(len(s), 24)] }

// A cursor walks over one line. The error is sticky: after the first mistake
// every method returns a zero value and moves nothing, so a parser reads a
// production from start to end and looks at err once.
type cursor struct {
	b      []byte
	pos    int
	err    error
	tag    string // the keyword, for errors
	secret bool   // errors quote nothing
}

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

func (c *cursor) atEnd() bool { return c.pos >= len(c.b) }

// accept moves over x if it stands here.
func (c *cursor) accept(x byte) bool {
	if c.err != nil || c.atEnd() || c.b[c.pos] != x {
		return false
	}
	c.pos++
	return true
}

// sp moves over the one space that separates.
func (c *cursor) sp(production string) {
	if !c.accept(' ') {
		c.fail(production, "a space")
	}
}

// end insists on the end of the line.
func (c *cursor) end(production string) {
	if !c.atEnd() {
		c.fail(production, "the end of the line")
	}
}

// span takes one or more octets of class k.
func (c *cursor) span(k engine.Class, production, expected string) string {
	if c.err != nil {
		return ""
	}
	n := k.Span(c.b[c.pos:])
	if n == 0 {
		c.fail(production, expected)
		return ""
	}
	s := string(c.b[c.pos : c.pos+n])
	c.pos += n
	return s
}

// rest takes what is left of the line, which may hold anything but NUL, CR and
// LF.
func (c *cursor) rest(production string) string {
	if c.err != nil {
		return ""
	}
	for i, x := range c.b[c.pos:] {
		if x == 0 || x == '\r' || x == '\n' {
			c.failAt(c.pos+i, production, "a line without NUL, CR or LF")
			return ""
		}
	}
	s := string(c.b[c.pos:])
	c.pos = len(c.b)
	return s
}

// number takes digits whose value is at least low and at most high.
func (c *cursor) number(low, high uint64, production string) uint64 {
	if c.err != nil {
		return 0
	}
	n := engine.Digit.Span(c.b[c.pos:])
	var v uint64
	ok := n > 0
	for _, d := range c.b[c.pos : c.pos+n] {
		x := uint64(d - '0')
		if v > (high-x)/10 {
			ok = false
			break
		}
		v = v*10 + x
	}
	if !ok || v < low {
		c.fail(production, fmt.Sprintf("a number from %d to %d", low, high))
		return 0
	}
	c.pos += n
	return v
}

// The ranges of numbers. RFC 1939 has none: message numbers are as wide as
// IMAP's, sizes and line counts as a file's.
const (
	maxNum  = 1<<32 - 1
	maxSize = 1<<63 - 1
)

// messageNumber takes the number of a message. RFC 1939 §4: the first is 1.
func (c *cursor) messageNumber() uint32 { return uint32(c.number(1, maxNum, "message-number")) }

// base64 takes the rest of the line.
//
//	base64          = base64-terminal / (1*(4base64-char) [base64-terminal])
//	base64-terminal = (2base64-char "==") / (3base64-char "=")
func (c *cursor) base64(production string) string {
	if c.err != nil {
		return ""
	}
	in := c.b[c.pos:]
	chars := engine.Base64.Span(in)
	pad := len(in) - chars
	at := -1
	switch {
	case strings.Trim(string(in[chars:]), "=") != "", pad > 2, pad > 0 && (chars+pad)%4 == 0 && chars%4 < 2:
		at = chars
	case (chars+pad)%4 != 0:
		at = len(in)
	}
	out := make([]byte, base64.StdEncoding.DecodedLen(len(in)))
	n, err := base64.StdEncoding.Strict().Decode(out, in)
	if err != nil && at < 0 {
		// Bits of the last character that belong to no octet.
		at = chars - 1
	}
	if at >= 0 {
		c.failAt(c.pos+at, production, "base64")
		return ""
	}
	c.pos = len(c.b)
	return string(out[:n])
}

// lineOctets says what is wrong with s as part of a line.
func lineOctets(what, s string) error {
	if strings.ContainsAny(s, "\x00\r\n") {
		return failEncode("%s has NUL, CR or LF", what)
	}
	return nil
}
