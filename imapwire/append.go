package imapwire

import (
	"bytes"
	"io"
	"strings"
	"time"

	"github.com/mailwire/mailwire/imapwire/engine"
	"github.com/mailwire/mailwire/imapwire/imap"
)

// An Append is APPEND, RFC 9051 §6.3.12. Servers do not meet it as one value:
// the conversation streams its messages. Syntax-only users and clients do.
type Append struct {
	Mailbox  string
	Messages []AppendMessage // one, or several with MULTIAPPEND (RFC 3502)
	// Open: the command does not end behind these messages. [EncodeAppendRest]
	// goes on with it.
	Open bool
}

// An AppendMessage is one message of an APPEND: its arguments, and its
// content when it is sent.
type AppendMessage struct {
	Flags []imap.Flag
	// Date becomes INTERNALDATE; the zero Time is "not given".
	Date time.Time
	// Size is the octets of the literal.
	Size int64
	// Binary: the literal is a literal8, which may hold NUL (RFC 3516).
	Binary bool
	// UTF8: the literal stands in UTF8 (…), RFC 6855 §4.
	UTF8 bool
	// Content is the message to send, Size octets of it. The parser puts a
	// strings.Reader here.
	Content io.Reader
	// Pushed, with a nil Content: Size octets follow with Conn.Push.
	Pushed bool
	// Wait: the literal waits for the server even where it need not. A large
	// message that may be refused is better not sent.
	Wait bool
}

// Verb implements Command.
func (*Append) Verb() string { return "APPEND" }

// An AppendPart is what announces one message of an APPEND.
type AppendPart struct {
	// Tag and Mailbox are those of the command; empty in what AppendRest
	// returns.
	Tag     string
	Mailbox string
	// Message is all of the message but its Content.
	Message AppendMessage
	// NonSync: the literal is {n+}.
	NonSync bool
}

// AppendPrefix reads a command so far, the Data of a [FrameLiteral]. When the
// literal at its end is the message of an APPEND, it returns what was said
// about it, and nil when it is anything else, an argument that has to be
// buffered. An error means that the command is an APPEND and malformed before
// its message: it can be refused without taking the literal.
//
//	append = "APPEND" SP mailbox 1*append-message
//	append-message = [SP flag-list] [SP date-time] SP append-data
//	append-data = literal / literal8 / "UTF8" SP "(" literal8 ")"
func (p *Parser) AppendPrefix(frame []byte) (*AppendPart, error) {
	var c cursor
	p.start(&c, frame, false)
	if !isAppend(frame, c.lim.Tag) {
		return nil, nil
	}
	defer p.count(&c)
	c.readTag()
	c.sp("append")
	if string(c.word("append")) != "APPEND" || c.err != nil {
		return nil, nil
	}
	c.sp("append")
	if x := c.peek(); x == '{' {
		// The announced literal itself, not one that was buffered before it?
		head := c
		if head.literalHead("mailbox"); head.err == nil && head.pos == len(frame) {
			return nil, nil
		}
	}
	part := &AppendPart{Tag: c.tag, Mailbox: c.mailbox()}
	c.appendHead(part)
	if c.err != nil {
		return nil, c.err
	}
	return part, nil
}

// isAppend reports whether a command so far is an APPEND. It is asked at each
// literal of every command, and costs no more at the last than at the first.
func isAppend(frame []byte, maxTag int) bool {
	tag := engine.Tag.Span(frame[:min(len(frame), maxTag+1)])
	rest := frame[tag:]
	const verb = " APPEND"
	return tag > 0 && len(rest) > len(verb) && strings.EqualFold(string(rest[:len(verb)]), verb) && !engine.Atom.Is(rest[len(verb)])
}

// AppendRest reads what follows a message of an APPEND that was streamed: a
// frame that begins behind the literal. It returns what announces the next
// message (RFC 3502), or nil when the command ends. utf8 says that the message
// stood in UTF8 (…), whose parenthesis comes first. An error means that the
// command is malformed; tag is for the error.
func (p *Parser) AppendRest(frame []byte, tag string, utf8 bool) (*AppendPart, error) {
	var c cursor
	p.start(&c, frame, false)
	defer p.count(&c)
	c.tag = tag
	if utf8 {
		c.expect(')', "append")
	}
	if c.peek() != ' ' {
		c.crlf("append")
		return nil, c.err
	}
	part := &AppendPart{}
	c.appendHead(part)
	if c.err != nil {
		return nil, c.err
	}
	return part, nil
}

// appendHead reads the rest of the frame as the arguments and the announcement
// of one message.
func (c *cursor) appendHead(part *AppendPart) {
	head := c.appendMessage(&part.Message)
	part.NonSync = head.nonSync
	if c.err == nil && c.pos != len(c.b) {
		c.fail("append-message", "the end of the announcement")
	}
}

// append-message = [SP flag-list] [SP date-time] SP append-data
// append-data = literal / literal8 / "UTF8" SP "(" literal8 ")"
//
// appendMessage stops behind the announcement of the literal.
func (c *cursor) appendMessage(m *AppendMessage) (head literalHead) {
	const production = "append-message"
	c.sp(production)
	if c.peek() == '(' {
		m.Flags = c.flagList(production)
		c.sp(production)
	}
	if c.peek() == '"' {
		m.Date = c.dateTime(production)
		c.sp(production)
	}
	if c.acceptFold("UTF8 (") {
		m.UTF8 = true
		if c.peek() != '~' && c.err == nil {
			c.fail(production, "a literal8")
		}
	}
	if x := c.peek(); x != '{' && x != '~' && c.err == nil {
		c.fail(production, "flags, a date or a literal")
	}
	head = c.literalHead(production)
	m.Size, m.Binary = head.size, head.binary
	return head
}

// append = "APPEND" SP mailbox 1*append-message
func parseAppend(c *cursor) Command {
	const production = "append"
	a := &Append{}
	c.sp(production)
	a.Mailbox = c.mailbox()
	for first := true; c.err == nil && (first || c.peek() == ' '); first = false {
		m := AppendMessage{}
		c.appendMessage(&m)
		c.appendContent(&m)
		a.Messages = append(a.Messages, m)
	}
	return a
}

// appendContent moves over the literal announced last.
func (c *cursor) appendContent(m *AppendMessage) {
	const production = "append-message"
	if c.err == nil && m.Size > int64(len(c.b)-c.pos) {
		c.failAt(len(c.b), production, "the rest of a literal")
	}
	if c.err != nil {
		return
	}
	i, j := c.pos, c.pos+int(m.Size)
	if !m.Binary {
		c.steps += m.Size
		if k := bytes.IndexByte(c.b[i:j], 0); k >= 0 {
			c.failAt(i+k, production, "no NUL in a literal")
			return
		}
	}
	m.Content = strings.NewReader(c.str(i, j))
	c.pos = j
	if m.UTF8 {
		c.expect(')', production)
	}
}

func (a *Append) encode(e *encoder) {
	e.sp()
	e.astring(a.Mailbox)
	if len(a.Messages) == 0 {
		e.fail("APPEND without a message")
	}
	if a.Open && e.inline {
		e.fail("APPEND without an end")
	}
	e.appendMessages(a.Messages)
}

func (e *encoder) appendMessages(messages []AppendMessage) {
	for i := range messages {
		m := &messages[i]
		e.sp()
		if len(m.Flags) > 0 {
			e.flagList(m.Flags)
			e.sp()
		}
		if !m.Date.IsZero() {
			e.dateTime(m.Date)
			e.sp()
		}
		if m.UTF8 {
			if !m.Binary {
				e.fail("UTF8 (…) without a literal8")
			}
			e.raw("UTF8 (")
		}
		switch {
		case m.Size < 0, m.Content == nil && !m.Pushed && m.Size > 0, m.Pushed && e.inline:
			e.fail("a message of %d octets without content", m.Size)
		case m.Content != nil && m.Pushed:
			e.fail("a message with two contents")
		}
		policy := e.literals
		if m.Wait {
			e.literals = LiteralSync
		}
		e.literalHead(m.Size, m.Binary)
		e.literals = policy
		e.body(m)
		if m.UTF8 {
			e.byte(')')
		}
	}
}

// body writes the content of a message, or notes where it belongs.
func (e *encoder) body(m *AppendMessage) {
	if e.err != nil || m.Content == nil && !m.Pushed {
		return
	}
	if !e.inline {
		e.bodies = append(e.bodies, encodedBody{at: len(e.b), content: m.Content, size: m.Size})
		return
	}
	content, err := io.ReadAll(io.LimitReader(m.Content, min(m.Size, 1<<62)+1))
	switch {
	case err != nil:
		e.fail("the content of a message: %v", err)
	case int64(len(content)) != m.Size:
		e.fail("the content of a message has not the announced %d octets", m.Size)
	case !m.Binary && bytes.IndexByte(content, 0) >= 0:
		e.fail("the content of a message contains NUL and is no literal8")
	}
	e.raw(string(content))
}
