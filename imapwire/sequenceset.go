package imapwire

import (
	"bytes"

	"github.com/mailwire/mailwire/imapwire/engine"
	"github.com/mailwire/mailwire/imapwire/imap"
)

// seq-number = nz-number / "*"
func (c *cursor) seqNumber(production string) uint32 {
	if c.peek()-'0' <= 9 {
		return c.listNumber(production)
	}
	if !c.accept('*') && c.err == nil {
		c.fail(production, `a number or "*"`)
	}
	return imap.Star
}

// sequence-set = (seq-number / seq-range) ["," sequence-set]
// sequence-set =/ seq-last-command
// seq-range = seq-number ":" seq-number
// seq-last-command = "$"
func (c *cursor) sequenceSet(production string) imap.Set { return c.sequenceSetIn(nil, production) }

// sequenceSetIn is sequenceSet with room for the ranges where it suffices: the
// commonest set is one range, which is allocated with its command.
func (c *cursor) sequenceSetIn(room []imap.Range, production string) imap.Set {
	if c.accept('$') {
		c.token()
		return imap.Set{Saved: true}
	}
	c.token()
	n := c.countRanges()
	if c.err != nil {
		return imap.Set{}
	}
	ranges := room
	if n > cap(room) {
		ranges = make([]imap.Range, 0, n)
	}
	for {
		r := imap.Range{First: c.seqNumber(production)}
		r.Last = r.First
		if c.accept(':') {
			r.Last = c.seqNumber(production)
		}
		if c.err != nil {
			return imap.Set{}
		}
		ranges = append(ranges, r)
		if !c.accept(',') {
			return imap.Set{Ranges: ranges}
		}
	}
}

// countRanges returns how many ranges the set at the cursor has at most, and sees
// that they are not too many.
func (c *cursor) countRanges() int {
	if c.err != nil {
		return 0
	}
	rest := c.b[c.pos:]
	if end := bytes.IndexByte(rest, ' '); end >= 0 {
		rest = rest[:end]
	}
	c.steps += int64(len(rest))
	if n := bytes.Count(rest, []byte{','}) + 1; n <= c.lim.Ranges {
		return n
	}
	n := 1
	for i, x := range rest {
		if x == ',' {
			n++
			if n > c.lim.Ranges {
				c.limit("Ranges", c.lim.Ranges, n, c.pos+i+1)
				return 0
			}
		} else if x != ':' && x != '*' && !engine.Digit.Is(x) {
			c.steps += int64(i)
			break
		}
	}
	return n
}

// uid-set = (uniqueid / uid-range) *("," uid-set)
//
// The ranges come out ascending and merged.
func (c *cursor) uidSet(production string) imap.UIDSet {
	c.token()
	n := c.countRanges()
	if c.err != nil {
		return nil
	}
	ranges := make([]imap.Range, 0, n)
	for {
		r := imap.Range{First: c.listNumber(production)}
		r.Last = r.First
		if c.accept(':') {
			r.Last = c.listNumber(production)
		}
		if c.err != nil {
			return nil
		}
		ranges = append(ranges, r)
		if !c.accept(',') {
			return imap.Set{Ranges: ranges}.ResolveUIDs(imap.MaxUID)
		}
	}
}

// sequence-set = (seq-number / seq-range) ["," sequence-set] / "$"
func (e *encoder) sequenceSet(s imap.Set) {
	if s.IsZero() || s.Saved && len(s.Ranges) > 0 {
		e.fail("a set names nothing, or $ and numbers")
	}
	if e.err == nil {
		e.b = s.Append(e.b)
	}
}

// uid-set = (uniqueid / uid-range) *("," uid-set)
func (e *encoder) uidSet(s imap.UIDSet) {
	if len(s) == 0 {
		e.fail("a set of UIDs is empty")
	}
	for i, r := range s {
		if r.First == 0 || r.Last < r.First || i > 0 && s[i-1].Last >= r.First {
			e.fail("a set of UIDs is not in order")
		}
	}
	if e.err == nil {
		e.b = s.Append(e.b)
	}
}
