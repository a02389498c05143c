package message

import (
	"github.com/mailwire/mailwire/imapwire/imap"
)

// envelope returns what a header says as ENVELOPE tells it. Sender and Reply-To
// are From when they are missing or empty (RFC 9051 §7.5.2).
func (h *headerParser) envelope() *imap.Envelope {
	list := func(name string) []imap.Address {
		return ParseAddresses(h.fields[name], h.lim.Addresses)
	}
	e := &imap.Envelope{
		Date: h.nstring("date"), Subject: h.nstring("subject"),
		From: list("from"), Sender: list("sender"), ReplyTo: list("reply-to"),
		To: list("to"), CC: list("cc"), BCC: list("bcc"),
		InReplyTo: h.nstring("in-reply-to"), MessageID: h.nstring("message-id"),
	}
	if len(e.Sender) == 0 {
		e.Sender = e.From
	}
	if len(e.ReplyTo) == 0 {
		e.ReplyTo = e.From
	}
	return e
}
