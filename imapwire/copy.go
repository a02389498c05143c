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
	slab := &struct {
		Copy
		room [3]imap.Range
	}{}
	cp := &slab.Copy
	cp.UID = uid
	cp.Set, cp.Mailbox = c.setAndMailbox(slab.room[:0], "copy")
	return cp
}

func (cp *Copy) encode(e *encoder) { e.setAndMailbox(cp.Set, cp.Mailbox) }

// move = "MOVE" SP sequence-set SP mailbox
func parseMove(c *cursor, uid bool) Command {
	slab := &struct {
		Move
		room [3]imap.Range
	}{}
	m := &slab.Move
	m.UID = uid
	m.Set, m.Mailbox = c.setAndMailbox(slab.room[:0], "move")
	return m
}

func (m *Move) encode(e *encoder) { e.setAndMailbox(m.Set, m.Mailbox) }

func (c *cursor) setAndMailbox(room []imap.Range, production string) (imap.Set, string) {
	c.sp(production)
	set := c.sequenceSetIn(room, production)
	c.sp(production)
	return set, c.mailbox()
}

func (e *encoder) setAndMailbox(set imap.Set, mailbox string) {
	e.sp()
	e.sequenceSet(set)
	e.sp()
	e.astring(mailbox)
}
