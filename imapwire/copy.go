package imapwire

import "github.com/mailwire/mailwire/imapwire/imap"

// A Copy is COPY, or UID COPY, RFC 9051 §6.4.7.
type Copy struct {
	UID     bool
	Set     imap.Set
	Mailbox string
}

// A Move is MOVE, or UID MOVE, RFC 6851, RFC 9051 §6.4.8.
type Move struct {
	UID     bool
	Set     imap.Set
	Mailbox string
}

// Verb implements Command.
func (c *Copy) Verb() string { return uidVerb(c.UID, "COPY") }

// Verb implements Command.
func (m *Move) Verb() string { return uidVerb(m.UID, "MOVE") }

func (*Copy) command() {}
func (*Move) command() {}
