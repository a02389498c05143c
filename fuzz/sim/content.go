package sim

import (
	"bytes"
	"fmt"
	"hash/fnv"
	"strings"
)

// A content is a message as it was handed over, which is how it has to come back.
type content struct {
	serial int
	octets []byte
	// token stands in the subject, and in no other message.
	token string
	// plain: a header, an empty line, and CRLF everywhere, so that it is plain what
	// HEADER and TEXT are.
	plain bool
	hash  uint64
	wired []byte
}

var contentLines = []string{"Hello", ".", "..", ".hidden", "", "+OK", "* 1 EXISTS", "A1 OK done", "{12}", "{3+}", "\xff\xfe octets", "naïve", "x LOGOUT", "From here", "tab\there", "long " + strings.Repeat("word ", 40)}

// newContent makes a message that no other world of this seed has made.
func (w *world) newContent(d dice) *content {
	w.contents++
	c := &content{serial: w.contents, token: fmt.Sprintf("token%dx", w.contents), plain: true}
	var b bytes.Buffer
	kind := d.n(20)
	if kind == 0 {
		// Nothing that a parser of mail would ask for.
		c.plain, c.token = false, ""
		b.WriteString(pick(d, "", "\r\n", "\n", "no header", "x:\r\n", ".\r\n", "a\rb\nc", "\r\n.\r\n"))
	} else {
		fmt.Fprintf(&b, "From: %s <%s@example.org>\r\nTo: b@example.org\r\nSubject: %s %s\r\nMessage-ID: <%d@example.org>\r\n", pick(d, "Ada", "Bob"), pick(d, "ada", "bob"), c.token, pick(d, "hello", "again", "=?utf-8?q?=C3=A4?="), c.serial)
		b.WriteString(pick(d, "", "Date: Mon, 23 Nov 2026 12:00:00 +0000\r\n", "X-Long: a\r\n b\r\n"))
		b.WriteString("\r\n")
		most := pick(d, 0, 60, 300, 300, 1500, 4000)
		switch d.n(40) {
		case 0:
			most = 12_000
		case 1:
			most = 40_000
		}
		end := "\r\n"
		if kind == 1 {
			c.plain = false
			end = pick(d, "\n", "\r", "\n\r")
		}
		for n := 0; n < most; {
			line := contentLines[d.n(len(contentLines))] + end
			b.WriteString(line)
			n += len(line)
		}
		if d.chance(20) {
			b.WriteString("no end of line")
		}
	}
	c.octets = b.Bytes()
	h := fnv.New64a()
	h.Write(c.octets)
	c.hash = h.Sum64()
	return c
}

// wire is what POP3 makes of it, in a slow and plain way.
func (c *content) wire() []byte {
	if c.wired == nil {
		s := strings.ReplaceAll(strings.ReplaceAll(string(c.octets), "\r\n", "\n"), "\n", "\r\n")
		if s != "" && !strings.HasSuffix(s, "\r\n") {
			s += "\r\n"
		}
		c.wired = []byte(s)
	}
	return c.wired
}

// top is the header of the wire form, and n lines of the body.
func (c *content) top(n int) []byte {
	rest := c.wire()
	size, body := 0, false
	for len(rest) > 0 && (!body || n > 0) {
		i := bytes.Index(rest, []byte("\r\n")) + 2
		if body {
			n--
		} else if i == 2 {
			body = true
		}
		size, rest = size+i, rest[i:]
	}
	return c.wire()[:size]
}

// split returns header and text of a plain message.
func (c *content) split() (header, text []byte) {
	i := bytes.Index(c.octets, []byte("\r\n\r\n")) + 4
	return c.octets[:i], c.octets[i:]
}
