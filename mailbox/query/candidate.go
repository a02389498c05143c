package query

import (
	"context"
	"io"
	"strings"
	"time"

	"github.com/mailwire/mailwire/mailbox"
	"github.com/mailwire/mailwire/mailbox/message"
)

// A candidate is a message that is being looked at. Its octets are opened when a
// key first asks for them.
type candidate struct {
	ctx    context.Context
	folder mailbox.Folder
	m      *mailbox.Message

	body   mailbox.Body
	index  *message.Index
	fields []field // of the message's own header, once it was read
	read   bool
}

// A field is a header field, decoded.
type field struct{ name, value string }

func (c *candidate) close() {
	if c.body != nil {
		c.body.Close()
	}
}

func (c *candidate) open() error {
	if c.index != nil {
		return nil
	}
	if c.body == nil {
		body, err := c.folder.Body(c.ctx, c.m.UID)
		if err != nil {
			return err
		}
		c.body = body
	}
	var err error
	if b, kept := c.body.(mailbox.IndexedBody); kept {
		c.index, err = b.Index()
	} else {
		c.index, err = message.Parse(c.body, c.body.Size(), message.Limits{})
	}
	return err
}

// header returns the fields of the message's header.
func (c *candidate) header() ([]field, error) {
	if c.read {
		return c.fields, nil
	}
	if err := c.open(); err != nil {
		return nil, err
	}
	fields, err := c.fieldsOf(c.index.Root().Header)
	c.fields, c.read = fields, err == nil
	return fields, err
}

func (c *candidate) fieldsOf(header message.Span) ([]field, error) {
	var out []field
	for f, err := range message.HeaderFields(c.body, header, 0) {
		if err != nil {
			return nil, err
		}
		out = append(out, field{strings.ToLower(f.Name), message.DecodeWords(f.Value)})
	}
	return out, nil
}

func (c *candidate) headerContains(name string, n needle) (bool, error) {
	fields, err := c.header()
	if err != nil {
		return false, err
	}
	for _, f := range fields {
		if f.name == name && n.in(f.value) {
			return true, nil
		}
	}
	return false, nil
}

// sent returns what the Date field says.
func (c *candidate) sent() (t time.Time, ok bool, err error) {
	fields, err := c.header()
	if err != nil {
		return t, false, err
	}
	for _, f := range fields {
		if f.name == "date" {
			t, ok = message.ParseDate(f.value)
			return t, ok, nil
		}
	}
	return t, false, nil
}

// textContains looks at the body, and with header also at the header, of the
// message: its MIME headers and those of embedded messages, and its text parts.
func (c *candidate) textContains(n needle, header bool) (bool, error) {
	if err := c.open(); err != nil {
		return false, err
	}
	root := c.index.Root()
	for part := range c.index.All() {
		if err := c.ctx.Err(); err != nil {
			return false, err
		}
		// The message's own header is not part of its body.
		if header || part != root {
			if found, err := c.spanContains(n, part.Header); found || err != nil {
				return found, err
			}
		}
		if part.IsLeaf() && part.IsText() {
			r := io.NewSectionReader(c.body, part.Body.Offset, part.Body.Size)
			text := message.CharsetReader(part.Param("charset"), message.TransferReader(part.Encoding, r))
			if found, err := n.inStream(text); found || err != nil {
				return found, err
			}
		}
	}
	return false, nil
}

func (c *candidate) spanContains(n needle, header message.Span) (bool, error) {
	fields, err := c.fieldsOf(header)
	for _, f := range fields {
		if n.in(f.name + ": " + f.value) {
			return true, nil
		}
	}
	return false, err
}
