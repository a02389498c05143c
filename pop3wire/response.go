package pop3wire

import (
	"bytes"
	"strings"

	"github.com/mailwire/mailwire/imapwire/engine"
)

// visible is VCHAR as RFC 2449 §3 means it: 0x21 to 0x7E.
const visible = engine.Visible

// MaxResponseLine is the most octets of a status, a greeting or a capability,
// its line end included: RFC 2449 §4 and §5.
const MaxResponseLine = 512

// A Code is a response code without its brackets, RFC 2449 §8: levels of detail
// divided by "/". Any name is kept as it came; case does not matter.
type Code string

// The response codes of RFC 2449 §8.1, RFC 3206 §4 and RFC 6856 §5.
const (
	CodeInUse      Code = "IN-USE"      // the maildrop is in use, the login was right
	CodeLoginDelay Code = "LOGIN-DELAY" // too soon after the last login
	CodeSysTemp    Code = "SYS/TEMP"    // trouble that will likely pass
	CodeSysPerm    Code = "SYS/PERM"    // trouble that somebody has to mend
	CodeAuth       Code = "AUTH"        // the credentials are the problem
	CodeUTF8       Code = "UTF8"        // the message needs UTF-8 mode
)

// Is reports whether c is the code general, or one of its details: RFC 2449 §8
// has clients ignore levels that they do not know.
func (c Code) Is(general Code) bool {
	return len(c) >= len(general) && strings.EqualFold(string(c[:len(general)]), string(general)) &&
		(len(c) == len(general) || c[len(general)] == '/')
}

// codeLen returns how long the response code at the start of text is, brackets
// included, and 0 without one.
//
//	resp-code  = "[" resp-level *("/" resp-level) "]"
//	resp-level = 1*rchar
func codeLen(text []byte) int {
	if len(text) == 0 || text[0] != '[' {
		return 0
	}
	level := 0
	for i := 1; i < len(text); i++ {
		switch x := text[i]; {
		case x == ']' && level > 0:
			return i + 1
		case x == '/' && level > 0:
			level = 0
		case x == ']' || x == '/' || !visible.Is(x):
			return 0
		default:
			level++
		}
	}
	return 0
}

// A Status is +OK or -ERR, RFC 2449 §3.
type Status struct {
	OK   bool
	Code Code // empty: none
	// Text is what follows. It may be empty. ASCII, or UTF-8 after UTF8 or
	// LANG.
	Text string
}

// ParseStatus reads the first line of a response, without its CRLF. The error is
// a [*engine.SyntaxError].
//
// What stands in brackets at the start of the text and has the form of a
// response code is one.
//
//	single-line = status [SP text] CRLF       ;512 octets maximum
//	status      = "+OK" / "-ERR"
//	text        = *schar / resp-code *CHAR
func ParseStatus(line []byte) (Status, error) {
	c := cursor{b: line}
	var s Status
	switch {
	case bytes.HasPrefix(line, []byte("+OK")):
		s.OK, c.pos = true, len("+OK")
	case bytes.HasPrefix(line, []byte("-ERR")):
		c.pos = len("-ERR")
	default:
		c.fail("status", `"+OK" or "-ERR"`)
	}
	if c.err == nil && !c.atEnd() {
		c.sp("single-line")
	}
	s.Code = c.code()
	s.Text = c.rest("text")
	if c.err != nil {
		return Status{}, c.err
	}
	return s, nil
}

// code takes a response code, if one stands here, and the space behind it.
func (c *cursor) code() Code {
	if c.err != nil {
		return ""
	}
	n := codeLen(c.b[c.pos:])
	if n == 0 {
		return ""
	}
	code := Code(c.b[c.pos+1 : c.pos+n-1])
	c.pos += n
	c.accept(' ')
	return code
}

// AppendStatus appends a status with its CRLF. A code or text that no status can
// hold, text that would be read as a code, and a line of more than
// [MaxResponseLine] octets are errors that wrap [ErrEncode]; dst is returned as
// it was.
func AppendStatus(dst []byte, s Status) ([]byte, error) {
	b := append(dst, "-ERR"...)
	if s.OK {
		b = append(dst, "+OK"...)
	}
	b, err := appendCodeText(b, s.Code, s.Text)
	return finishStatus(dst, b, err)
}

func appendCodeText(b []byte, code Code, text string) ([]byte, error) {
	if code != "" {
		at := len(b) + 1
		b = append(append(append(b, " ["...), code...), ']')
		if codeLen(b[at:]) != len(b)-at {
			return nil, failEncode("%q is not a response code", cut(string(code)))
		}
	}
	if text == "" {
		return b, nil
	}
	at := len(b) + 1
	b = append(append(b, ' '), text...)
	if code == "" && codeLen(b[at:]) > 0 {
		return nil, failEncode("text %q reads as a response code", cut(text))
	}
	return b, lineOctets("text", text)
}

func finishStatus(dst, b []byte, err error) ([]byte, error) {
	if err != nil {
		return dst, err
	}
	b = append(b, "\r\n"...)
	if n := len(b) - len(dst); n > MaxResponseLine {
		return dst, failEncode("a line of %d octets is longer than %d", n, MaxResponseLine)
	}
	return b, nil
}

// A Greeting is the first line that a server sends. It is always positive.
type Greeting struct {
	Code Code   // empty: none
	Text string // what precedes the timestamp, or all there is
	// Timestamp is the challenge of APOP, angle brackets included. Empty:
	// the server has no APOP.
	Timestamp string
	// After is what follows the timestamp; empty without one.
	After string
}

// ParseGreeting reads a greeting, without its CRLF. The error is a
// [*engine.SyntaxError]. The timestamp is the first thing in angle brackets
// that [IsTimestamp] accepts, wherever it stands.
//
//	greeting = "+OK" [resp-code] *gchar [timestamp] *gchar CRLF
func ParseGreeting(line []byte) (Greeting, error) {
	s, err := ParseStatus(line)
	if err != nil {
		return Greeting{}, err
	}
	if !s.OK {
		c := cursor{b: line}
		c.fail("greeting", `"+OK"`)
		return Greeting{}, c.err
	}
	g := Greeting{Code: s.Code, Text: s.Text}
	for from := 0; ; {
		i := strings.IndexByte(s.Text[from:], '<')
		if i < 0 {
			return g, nil
		}
		from += i
		if n := strings.IndexByte(s.Text[from:], '>') + 1; IsTimestamp(s.Text[from : from+n]) {
			g.Text, g.Timestamp, g.After = s.Text[:from], s.Text[from:from+n], s.Text[from+n:]
			return g, nil
		}
		from++
	}
}

// IsTimestamp reports whether s can be the timestamp of a greeting: visible
// ASCII in angle brackets, with one "@" and something on both sides of it.
//
//	timestamp = "<" *VCHAR ">"    ;MUST conform to RFC-822 msg-id
func IsTimestamp(s string) bool {
	if len(s) < 2 || s[0] != '<' || s[len(s)-1] != '>' {
		return false
	}
	local, domain, ok := strings.Cut(s[1:len(s)-1], "@")
	return ok && local != "" && domain != "" && visible.All(local+domain) && !strings.ContainsAny(local+domain, "<>@")
}

// AppendGreeting appends a greeting with its CRLF. A value that would be read as
// another one is an error that wraps [ErrEncode]; dst is returned as it was.
func AppendGreeting(dst []byte, g Greeting) ([]byte, error) {
	b, err := appendCodeText(append(dst, "+OK"...), g.Code, g.Text+g.Timestamp+g.After)
	if b, err = finishStatus(dst, b, err); err != nil {
		return dst, err
	}
	if back, err := ParseGreeting(b[len(dst) : len(b)-2]); err != nil || back != g {
		return dst, failEncode("the greeting reads as %+v", back)
	}
	return b, nil
}

// A Line is what stands on one line of a multi-line response. Some also stand
// in the text of a status, see [AppendAnswer]. The kinds: [*DropListing],
// [*ScanListing], [*UniqueID], [*Language], [RawLine], and those of
// [Capability].
type Line interface {
	appendLine(b []byte) ([]byte, error)
}

// A RawLine is a line that this package has no type for, dots not doubled.
type RawLine string

func (r RawLine) appendLine(b []byte) ([]byte, error) {
	return append(b, r...), lineOctets("a line", string(r))
}

// AppendLine appends a line of a multi-line response with its CRLF, a dot at its
// start doubled. A value that has no form on the wire is an error that wraps
// [ErrEncode]; dst is returned as it was.
func AppendLine(dst []byte, l Line) ([]byte, error) {
	b, err := l.appendLine(dst)
	if err != nil {
		return dst, err
	}
	if len(b) > len(dst) && b[len(dst)] == '.' {
		b = append(b, 0)
		copy(b[len(dst)+1:], b[len(dst):])
	}
	return append(b, "\r\n"...), nil
}

// AppendAnswer appends l as the text of a positive status, with its CRLF: what
// STAT, LIST and UIDL with a number, and LANG with a range are answered. Errors
// are those of [AppendLine] and [AppendStatus].
func AppendAnswer(dst []byte, l Line) ([]byte, error) {
	b, err := l.appendLine(append(dst, "+OK "...))
	if lang, is := l.(*Language); is && lang.Text == "" && err == nil {
		// RFC 6856 §3.2: the tag, and another space.
		b = append(b, ' ')
	}
	if err == nil && codeLen(b[len(dst)+len("+OK "):]) > 0 {
		err = failEncode("%T reads as a response code", l)
	}
	return finishStatus(dst, b, err)
}

// Terminator is the line that ends a multi-line response.
const Terminator = ".\r\n"
