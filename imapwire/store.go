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
	// UnchangedSince, with HasUnchangedSince, leaves messages alone that have
	// a larger modseq; zero leaves all alone (RFC 7162 §3.1.3).
	UnchangedSince    imap.ModSeq
	HasUnchangedSince bool
	// Modifiers are other store-modifiers (RFC 4466), each the octets of name
	// and value.
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
// store-modifier =/ "UNCHANGEDSINCE" SP mod-sequence-valzer
// store-att-flags = (["+" / "-"] "FLAGS" [".SILENT"]) SP (flag-list / (flag *(SP flag)))
func parseStore(c *cursor, uid bool) Command {
	const production = "store-att-flags"
	slab := &struct {
		Store
		ranges [1]imap.Range
		flags  [2]imap.Flag
	}{}
	s := &slab.Store
	s.UID, s.Op = uid, StoreReplace
	c.sp("store")
	s.Set = c.sequenceSetIn(slab.ranges[:0], "store")
	c.sp("store")
	if c.peek() == '(' {
		c.storeModifiers(s)
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
		s.Flags = c.flagListIn(slab.flags[:0], production)
		return s
	}
	s.Flags = slab.flags[:0]
	for c.err == nil {
		s.Flags = append(s.Flags, c.flag(production))
		if !c.accept(' ') {
			break
		}
	}
	return s
}

func (c *cursor) storeModifiers(s *Store) {
	const production = "store-modifier"
	c.open(production)
	for n := 0; c.err == nil && (n == 0 || c.more(n, production)); n++ {
		if !s.HasUnchangedSince && c.acceptLabel("UNCHANGEDSINCE") {
			s.HasUnchangedSince = true
			c.sp(production)
			s.UnchangedSince = imap.ModSeq(c.number64("mod-sequence-valzer"))
			continue
		}
		s.Modifiers = append(s.Modifiers, c.taggedExt(production))
	}
}

func (s *Store) encode(e *encoder) {
	e.sp()
	e.sequenceSet(s.Set)
	sep := " ("
	if s.HasUnchangedSince {
		e.raw(" (UNCHANGEDSINCE ")
		e.number64(int64(min(s.UnchangedSince, imap.MaxModSeq+1)), "a modseq")
		sep = " "
	} else if s.UnchangedSince != 0 {
		e.fail("UNCHANGEDSINCE without HasUnchangedSince")
	}
	for _, m := range s.Modifiers {
		e.raw(sep)
		e.taggedExt(m, "store-modifier")
		sep = " "
	}
	if sep == " " {
		e.byte(')')
	}
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
