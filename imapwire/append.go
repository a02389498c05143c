package imapwire

import (
	"io"
	"time"

	"github.com/mailwire/mailwire/imapwire/imap"
)

// An Append is APPEND, RFC 9051 §6.3.12. Servers do not meet it as one value:
// the conversation streams its messages. Syntax-only users and clients do.
type Append struct {
	Mailbox  string
	Messages []AppendMessage // one, or several with MULTIAPPEND (RFC 3502)
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
}

// Verb implements Command.
func (*Append) Verb() string { return "APPEND" }

func (*Append) command() {}
