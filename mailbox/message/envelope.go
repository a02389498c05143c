package message

import (
	"github.com/mailwire/mailwire/imapwire/imap"
)

// envelope returns what a header says as ENVELOPE tells it. Sender and Reply-To
// are From when they are missing or empty (RFC 9051 §7.5.2).
func (h *headerParser) envelope() *imap.Envelope {
	e := &imap.Envelope{
		Date: h.nstring(fieldDate), Subject: h.nstring(fieldSubject),
		From: h.addresses(fieldFrom), Sender: h.addresses(fieldSender), ReplyTo: h.addresses(fieldReplyTo),
		To: h.addresses(fieldTo), CC: h.addresses(fieldCC), BCC: h.addresses(fieldBCC),
		InReplyTo: h.nstring(fieldInReplyTo), MessageID: h.nstring(fieldMessageID),
	}
	if len(e.Sender) == 0 {
		e.Sender = e.From
	}
	if len(e.ReplyTo) == 0 {
		e.ReplyTo = e.From
	}
	return e
}

// addresses returns the addresses of all fields of a kind, as far as the limit
// of the message goes.
func (h *headerParser) addresses(kind fieldKind) []imap.Address {
	var out []imap.Address
	for _, v := range h.values[kind] {
		a := addressParser{scanner: scanner{s: v}, limit: h.left.addresses}
		a.list()
		h.left.addresses -= min(len(a.out), h.left.addresses)
		h.cut = h.cut || a.cut
		if out == nil {
			out = a.out
		} else {
			out = append(out, a.out...)
		}
	}
	return out
}
