package sim

import (
	"bytes"
	"slices"
	"strings"

	"github.com/mailwire/mailwire/imapwire"
	"github.com/mailwire/mailwire/imapwire/imap"
)

// searchKey draws a key that the ledger can answer.
func (p *imapPeer) searchKey(depth int) imap.SearchKey {
	d := p.d
	if depth > 0 && d.chance(40) {
		switch d.n(3) {
		case 0:
			return &imap.SearchNot{Key: p.searchKey(depth - 1)}
		case 1:
			return &imap.SearchOr{Left: p.searchKey(depth - 1), Right: p.searchKey(depth - 1)}
		}
		return &imap.SearchAnd{Keys: []imap.SearchKey{p.searchKey(depth - 1), p.searchKey(depth - 1)}}
	}
	switch d.n(6) {
	case 0:
		return &imap.SearchAll{}
	case 1, 2:
		return &imap.SearchFlag{Flag: pick(d, imap.FlagSeen, imap.FlagDeleted, imap.FlagFlagged, "k1", "k2"), Unset: d.chance(40)}
	case 3:
		return &imap.SearchSize{Smaller: d.chance(50), Size: int64(d.n(800))}
	case 4:
		return &imap.SearchUID{Set: imap.SetRange(uint32(1+d.n(20)), uint32(1+d.n(40)))}
	}
	return &imap.SearchText{Field: pick(d, imap.TextSubject, imap.TextText), Value: "token" + itoa(uint64(1+d.n(p.w.contents+1))) + "x"}
}

func (p *imapPeer) drawSearch(uid bool) {
	s := &imapwire.Search{UID: uid, Key: p.searchKey(2)}
	if p.d.chance(40) {
		s.HasReturn, s.Return = true, pick(p.d, nil, []string{"ALL"}, []string{"COUNT"}, []string{"MIN", "MAX"}, []string{"ALL", "COUNT", "MIN"})
	}
	p.send(&imapCmd{cmd: s})
}

// matches is a naive evaluation of a key.
func (m *msg) matches(key imap.SearchKey) bool {
	switch k := key.(type) {
	case *imap.SearchAll:
		return true
	case *imap.SearchFlag:
		return m.has(strings.ToLower(string(k.Flag))) != k.Unset
	case *imap.SearchSize:
		n := int64(len(m.content.octets))
		return k.Smaller && n < k.Size || !k.Smaller && n > k.Size
	case *imap.SearchUID:
		return inSet(k.Set, uint32(m.uid), 0)
	case *imap.SearchText:
		return bytes.Contains(m.content.octets, []byte(k.Value))
	case *imap.SearchNot:
		return !m.matches(k.Key)
	case *imap.SearchOr:
		return m.matches(k.Left) || m.matches(k.Right)
	case *imap.SearchAnd:
		return !slices.ContainsFunc(k.Keys, func(k imap.SearchKey) bool { return !m.matches(k) })
	}
	panic("a key that is never drawn")
}

// simple reports whether a key is one of those above: those of a Mirror are, too.
func simple(key imap.SearchKey) bool {
	switch k := key.(type) {
	case *imap.SearchAll, *imap.SearchFlag, *imap.SearchSize, *imap.SearchText:
		return true
	case *imap.SearchUID:
		return !slices.ContainsFunc(k.Set.Ranges, func(r imap.Range) bool { return r.First == imap.Star || r.Last == imap.Star })
	case *imap.SearchNot:
		return simple(k.Key)
	case *imap.SearchOr:
		return simple(k.Left) && simple(k.Right)
	case *imap.SearchAnd:
		return !slices.ContainsFunc(k.Keys, func(k imap.SearchKey) bool { return !simple(k) })
	}
	return false
}

// foreseeSearch notes what a SEARCH has to find: of the messages that the client
// knows of and that are there. What came or went since it was told is left open.
func (p *imapPeer) foreseeSearch(c *imapCmd, s *imapwire.Search) {
	f := p.folder()
	if f == nil || f.deleted || p.mirror == nil || !simple(s.Key) {
		return
	}
	m := p.mirror.m
	want := map[uint32]bool{}
	known := m.Exists()
	for seq := uint32(1); seq <= known; seq++ {
		u := m.UID(seq)
		x := f.alive(u)
		if x == nil {
			continue
		}
		n := seq
		if s.UID {
			n = uint32(u)
		}
		want[n] = x.matches(s.Key)
	}
	if len(want) == 0 {
		return
	}
	c.judge = func(st imapwire.StatusCondition) {
		if st.Condition != imapwire.OK {
			return
		}
		listed := !s.HasReturn || len(s.Return) == 0 || slices.Contains(s.Return, "ALL")
		if listed {
			for n, yes := range want {
				if yes != inRanges(c.found, n) {
					p.fail("54", "%s found %v, message %d should be among them: %v", c.verb, c.found, n, yes)
				}
			}
		}
		p.w.stats.Answers++
		for _, r := range c.data {
			e, is := r.(*imapwire.ESearchData)
			if !is || !listed {
				continue
			}
			n := int64(0)
			for _, r := range c.found {
				n += int64(r.Last) - int64(r.First) + 1
			}
			if e.HasCount && int64(e.Count) != n || e.HasMin && (n == 0 || e.Min != c.found[0].First) || e.HasMax && (n == 0 || e.Max != c.found[len(c.found)-1].Last) {
				p.fail("56", "%+v with ALL %v", e, c.found)
			}
		}
	}
}

func inRanges(rs []imap.Range, n uint32) bool {
	return slices.ContainsFunc(rs, func(r imap.Range) bool { return r.First <= n && n <= r.Last })
}
