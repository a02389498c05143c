package imapwire

import "github.com/mailwire/mailwire/imapwire/imap"

// A QResync is the QRESYNC parameter of SELECT: what a client remembers of the
// mailbox, RFC 7162 §3.2.5.
type QResync struct {
	UIDValidity uint32
	ModSeq      imap.ModSeq // at least 1
	// Known are the UIDs that it wants to hear of; nil is all.
	Known imap.UIDSet
	// Match, when not nil, is a sample of what it knows of numbers.
	Match *SeqMatch
}

// A SeqMatch pairs sequence numbers with UIDs: the n-th of Seqs was the n-th of
// UIDs. Both ascend, and have as many numbers; there is no "*".
type SeqMatch struct{ Seqs, UIDs []imap.Range }

// All yields the pairs, ascending.
func (m *SeqMatch) All(yield func(seq uint32, uid imap.UID) bool) {
	if len(m.Seqs) == 0 {
		return
	}
	i, seq := 0, m.Seqs[0].First
	for _, r := range m.UIDs {
		for uid := r.First; ; uid++ {
			if i == len(m.Seqs) || !yield(seq, imap.UID(uid)) {
				return
			}
			if seq++; seq-1 == m.Seqs[i].Last {
				if i++; i < len(m.Seqs) {
					seq = m.Seqs[i].First
				}
			}
			if uid == r.Last {
				break
			}
		}
	}
}

// qresync reads what follows the name of the parameter.
//
//	select-param =/ "QRESYNC" SP "(" uidvalidity SP mod-sequence-value [SP known-uids] [SP seq-match-data] ")"
//	seq-match-data = "(" known-sequence-set SP known-uid-set ")"
//	known-uids = sequence-set
//	known-sequence-set = sequence-set
//	known-uid-set = sequence-set
func (c *cursor) qresync() *QResync {
	const production = "select-param"
	q := &QResync{}
	c.sp(production)
	c.open(production)
	q.UIDValidity = c.nzNumber("uidvalidity")
	c.sp(production)
	q.ModSeq = imap.ModSeq(c.nzNumber64("mod-sequence-value"))
	if c.accept(' ') {
		if c.peek() != '(' {
			q.Known = c.uidSet("known-uids")
			if c.accept(' ') {
				q.Match = c.seqMatch()
			}
		} else {
			q.Match = c.seqMatch()
		}
	}
	c.close(production)
	return q
}

func (c *cursor) seqMatch() *SeqMatch {
	const production = "seq-match-data"
	m := &SeqMatch{}
	c.open(production)
	i := c.pos
	m.Seqs = c.ascendingSet("known-sequence-set")
	c.sp(production)
	m.UIDs = c.ascendingSet("known-uid-set")
	if c.err == nil && setCount(imap.Set{Ranges: m.Seqs}) != setCount(imap.Set{Ranges: m.UIDs}) {
		c.failAt(i, production, "as many numbers as UIDs")
	}
	c.close(production)
	return m
}

// ascendingSet reads a set of numbers that ascend: their order counts, since they
// are paired.
func (c *cursor) ascendingSet(production string) []imap.Range {
	i := c.pos
	s := c.copySet()
	last := uint32(0)
	for _, r := range s.Ranges {
		if c.err == nil && (r.First <= last || r.Last < r.First) {
			c.failAt(i, production, "ascending numbers")
		}
		last = r.Last
	}
	return s.Ranges
}

func (e *encoder) qresync(q *QResync) {
	e.raw("QRESYNC (")
	e.nzNumber(q.UIDValidity, "a UIDVALIDITY")
	e.sp()
	e.modSeq(q.ModSeq)
	if q.Known != nil {
		e.sp()
		e.uidSet(q.Known)
	}
	if m := q.Match; m != nil {
		seqs, uids := imap.Set{Ranges: m.Seqs}, imap.Set{Ranges: m.UIDs}
		if setCount(seqs) != setCount(uids) {
			e.fail("numbers and UIDs that can not be paired")
		}
		e.ascending(m.Seqs)
		e.ascending(m.UIDs)
		e.raw(" (")
		e.sequenceSet(seqs)
		e.sp()
		e.sequenceSet(uids)
		e.byte(')')
	}
	e.byte(')')
}

// acceptLabel moves over the name of a parameter or modifier, given in upper
// case, if it stands at the cursor and ends there.
func (c *cursor) acceptLabel(name string) bool {
	i := c.pos
	if !c.acceptFold(name) {
		return false
	}
	if x := c.peek(); x != ' ' && x != ')' {
		c.steps -= int64(c.pos - i)
		c.pos = i
		return false
	}
	c.token()
	return true
}

// A CodeModified is MODIFIED: the messages that a conditional STORE left alone,
// by number, or by UID in UID STORE (RFC 7162 §3.1.3).
type CodeModified struct{ Set imap.Set }

func (*CodeModified) code() {}
