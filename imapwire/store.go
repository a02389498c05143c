package imapwire

import "github.com/mailwire/mailwire/imapwire/imap"

// A StoreOp says what a [Store] does with its flags.
type StoreOp uint8

const (
	_ StoreOp = iota
	// StoreReplace is FLAGS: exactly these, \Recent excepted.
	StoreReplace
	// StoreAdd is +FLAGS.
	StoreAdd
	// StoreRemove is -FLAGS.
	StoreRemove
)

// A Store is STORE, or UID STORE, RFC 9051 §6.4.6.
type Store struct {
	UID bool
	Set imap.Set
	// Modifiers are store-modifiers (RFC 4466), each the octets of name and value.
	Modifiers []string
	Op        StoreOp
	Silent    bool // .SILENT
	Flags     []imap.Flag
}

// Verb implements Command.
func (s *Store) Verb() string { return uidVerb(s.UID, "STORE") }

// store = "STORE" SP sequence-set [store-modifiers] SP store-att-flags
// store-modifiers = SP "(" store-modifier *(SP store-modifier) ")"
// store-modifier = tagged-ext-label [SP tagged-ext-val]
// store-att-flags = (["+" / "-"] "FLAGS" [".SILENT"]) SP (flag-list / (flag *(SP flag)))
func parseStore(c *cursor, uid bool) Command {
	const production = "store-att-flags"
	slab := &struct {
		Store
		room [1]imap.Range
	}{}
	s := &slab.Store
	s.UID, s.Op = uid, StoreReplace
	c.sp("store")
	s.Set = c.sequenceSetIn(slab.room[:0], "store")
	c.sp("store")
	if c.peek() == '(' {
		s.Modifiers = c.taggedExtList("store-modifier")
		c.sp("store")
	}
	switch {
	case c.accept('+'):
		s.Op = StoreAdd
	case c.accept('-'):
		s.Op = StoreRemove
	}
	i := c.pos
	switch string(c.word(production)) {
	case "FLAGS":
	case "FLAGS.SILENT":
		s.Silent = true
	default:
		c.failAt(i, production, "FLAGS or FLAGS.SILENT")
	}
	c.sp(production)
	if c.peek() == '(' {
		s.Flags = c.flagList(production)
		return s
	}
	for c.err == nil {
		s.Flags = append(s.Flags, c.flag(production))
		if !c.accept(' ') {
			break
		}
	}
	return s
}

func (s *Store) encode(e *encoder) {
	e.sp()
	e.sequenceSet(s.Set)
	e.taggedExtList(s.Modifiers, "store-modifier")
	e.sp()
	switch s.Op {
	case StoreReplace:
	case StoreAdd:
		e.byte('+')
	case StoreRemove:
		e.byte('-')
	default:
		e.fail("STORE without an operation")
	}
	e.raw("FLAGS")
	if s.Silent {
		e.raw(".SILENT")
	}
	e.sp()
	e.flagList(s.Flags)
}
