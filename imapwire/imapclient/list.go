package imapclient

import (
	"bytes"

	"github.com/mailwire/mailwire/imapwire"
	"github.com/mailwire/mailwire/imapwire/imap"
)

// A listRecord is a LIST with its event, in one piece with the room for what most
// mailboxes have; a statusRecord is the same for STATUS.
type (
	listRecord struct {
		event Data
		data  imapwire.ListData
		attrs [2]imap.MailboxAttr
	}
	statusRecord struct {
		event  Data
		data   imapwire.StatusData
		values [4]imapwire.StatusValue
	}
)

// plainMailbox takes a LIST or STATUS of a form that nearly all have straight into
// the record that is told.
func (c *Conn) plainMailbox(frame []byte) bool {
	if c.state < StateAuthenticated || c.cut.frames > 0 || c.list.Begun() {
		return false
	}
	switch {
	case bytes.HasPrefix(frame, []byte("* LIST (")):
		r := &listRecord{}
		r.data.Attrs = r.attrs[:0]
		if !c.parser.PlainList(frame, &r.data) {
			return false
		}
		r.event.Response = &r.data
		c.event(&r.event)
	case bytes.HasPrefix(frame, []byte("* STATUS ")):
		r := &statusRecord{}
		r.data.Values = r.values[:0]
		if !c.parser.PlainStatus(frame, &r.data) {
			return false
		}
		r.event.Response = &r.data
		c.event(&r.event)
	default:
		return false
	}
	c.stats.Commands++
	return true
}
