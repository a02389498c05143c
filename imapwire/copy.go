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

// copy = "COPY" SP sequence-set SP mailbox
func parseCopy(c *cursor, uid bool) Command {
	cp := &Copy{UID: uid}
	cp.Set, cp.Mailbox = c.setAndMailbox("copy")
	return cp
}

func (cp *Copy) encode(e *encoder) { e.setAndMailbox(cp.Set, cp.Mailbox) }

// move = "MOVE" SP sequence-set SP mailbox
func parseMove(c *cursor, uid bool) Command {
	m := &Move{UID: uid}
	m.Set, m.Mailbox = c.setAndMailbox("move")
	return m
}

func (m *Move) encode(e *encoder) { e.setAndMailbox(m.Set, m.Mailbox) }

func (c *cursor) setAndMailbox(production string) (imap.Set, string) {
	c.sp(production)
	set := c.sequenceSet(production)
	c.sp(production)
	return set, c.mailbox()
}

func (e *encoder) setAndMailbox(set imap.Set, mailbox string) {
	e.sp()
	e.sequenceSet(set)
	e.sp()
	e.astring(mailbox)
}
