package imapclient

import (
	"github.com/mailwire/mailwire/imapwire"
	"github.com/mailwire/mailwire/imapwire/engine"
	"github.com/mailwire/mailwire/imapwire/imap"
)

// How a picture becomes true again
//
//	QRESYNC     SELECT tells what changed and what is gone
//	CONDSTORE   UID FETCH 1:* (FLAGS) (CHANGEDSINCE …) tells what changed,
//	            UID SEARCH UID 1:last what is still there
//	neither     UID FETCH 1:* (FLAGS) tells everything
//
// Behind that, numbers. Of messages that are remembered the numbers are not known
// in a new session: they are loose. But let C be UIDs each of which is known to be
// in the mailbox: those told with a number, and those that are remembered and not
// gone. If they are as many as EXISTS says, the mailbox is C, and its n-th message
// the n-th of C. A search takes part in it only as far as it was told to look:
// up to the last UID that is remembered, since above it a message that EXISTS does
// not count yet could stand for one whose EXPUNGE was not told yet.
//
// What is still missing is asked for by number, or by UID.

type mirrorSync struct {
	// behind: the picture has what is not true any more, and modSeq stays. full:
	// nothing less than everything helps.
	behind, full bool
	changed      bool // what has changed was told
	searched     bool // what is left was told
	missed       bool // flags were told in the meantime, and not taken
	// loose: there are records without numbers. trust: they are all in the
	// mailbox.
	loose, trust bool
	// live are UIDs that a search found, whose numbers are not known.
	live imap.UIDSet
	// found are those of a search that still goes on.
	found []imap.UIDRange
	// fresh: the messages behind the last known were asked for. stuck: asking
	// for numbers has told nothing.
	fresh, stuck bool
	changes      uint64 // of which messages there are
	// absent are UIDs with a number of which nothing more is told: their
	// expunge is still to come.
	absent imap.UIDSet
	asks   []*ask
	rounds int // how often everything was asked for again
}

// again reports whether what was missed is worth another round. A server that
// never tells what is asked for is not asked for ever.
func (s *mirrorSync) again() bool {
	if !s.missed || s.rounds == maxRounds {
		return false
	}
	s.missed = false
	s.rounds++
	return true
}

const maxRounds = 3

// news says that there are other messages than before.
func (s *mirrorSync) news() {
	s.fresh, s.stuck = false, false
	s.changes++
}

type askKind uint8

const (
	askChanged askKind = iota
	askSearch
	askAll
	askFresh
	askNumbers
	askFlags
)

// An ask is a command of Catchup.
type ask struct {
	kind askKind
	cmd  imapwire.Command
	id   engine.ID
	// known numbers, and changes, when it was made.
	known   uint32
	changes uint64
	set     imap.UIDSet
	heard   bool // a SEARCH has its answer
}

func (s *mirrorSync) sent(cmd imapwire.Command, id engine.ID) *ask {
	for _, a := range s.asks {
		if a.cmd == cmd && a.id == 0 {
			a.id = id
			return a
		}
	}
	return nil
}

// Sizes of what is asked for at once, so that commands stay within what servers
// take as a line.
const (
	askRanges   = 400
	sampleRange = 32
)

// Select returns a SELECT of the mailbox that makes the server tell as much of
// what changed as it can, if it has these capabilities: with QRESYNC, where that
// was enabled on this connection and there is a modseq to start from; else with
// CONDSTORE; else plain. It may be changed into an EXAMINE. mailbox is as it goes
// over the wire, see [imap.EncodeMailbox].
//
// The Mirror has to have taken the ENABLED of this connection.
func (m *Mirror) Select(mailbox string, caps imap.Capabilities) *imapwire.Select {
	m.caps = mirrorCaps{
		condStore: caps.Has(imap.CapCondStore) || caps.Has(imap.CapQResync),
		esearch:   caps.Has(imap.CapESearch) || caps.Has(imap.CapIMAP4rev2),
	}
	m.next = &imapwire.Select{Mailbox: mailbox}
	switch {
	case m.qresync && caps.Has(imap.CapQResync) && m.modSeq > 0 && m.validity != 0 && !m.volatile:
		m.next.QResync = &imapwire.QResync{UIDValidity: m.validity, ModSeq: m.modSeq}
		// All is 1:* : then new messages are told at once.
		if set := m.records.uids(); len(set) > 0 && len(set) <= m.Limits.withDefaults().Known {
			m.next.QResync.Known = set
		}
		m.next.QResync.Match = m.sample()
	case m.caps.condStore:
		m.next.CondStore = true
	}
	return m.next
}

// sample returns numbers that are known, the last ones and ever fewer of those
// before (RFC 7162 §3.2.5.2): what was expunged below the last that still holds
// need not be told. nil where a number does not tell what is below it.
func (m *Mirror) sample() *imapwire.SeqMatch {
	if m.sync.loose || m.numbers.known == 0 {
		return nil
	}
	// A record without a number could be of a message that is gone.
	if m.records.n > int(m.numbers.known) || len(m.records.uids().Minus(m.numbers.uids())) > 0 {
		return nil
	}
	match := &imapwire.SeqMatch{}
	var nums []uint32
	for step, num := uint32(1), m.numbers.count; num > 0 && len(nums) < sampleRange; step *= 2 {
		if m.numbers.uid(num) != 0 {
			nums = append(nums, num)
		}
		if num <= step {
			break
		}
		num -= step
	}
	for i := len(nums) - 1; i >= 0; i-- {
		match.Seqs = appendNumber(match.Seqs, nums[i])
		match.UIDs = appendNumber(match.UIDs, uint32(m.numbers.uid(nums[i])))
	}
	if len(match.Seqs) == 0 {
		return nil
	}
	return match
}

func appendNumber(rs []imap.Range, n uint32) []imap.Range {
	if k := len(rs); k > 0 && rs[k-1].Last == n-1 {
		rs[k-1].Last = n
		return rs
	}
	return append(rs, imap.Range{First: n, Last: n})
}

// selected takes the end of a SELECT that succeeded.
func (m *Mirror) selected() {
	sel, modSeq := m.sel, m.code
	missed := m.sync.missed
	m.state, m.sel = mirrorSelected, selecting{}
	m.code, m.heard = 0, 0
	if !sel.exists {
		m.numbers.reset(0)
	}
	if sel.validity == 0 {
		// RFC 3501 §6.3.1: the server has no UIDs that last.
		m.forget()
		m.validity, m.volatile = 0, true
	}
	if sel.noModSeq || modSeq == 0 || modSeq < m.modSeq {
		// RFC 7162 §6: what is known of modseqs does not hold any more.
		m.forgetModSeqs()
	}
	if sel.uidNext != 0 {
		m.uidNext = max(sel.uidNext, m.largest()+1)
	}
	asked := sel.cmd.QResync != nil || sel.cmd.CondStore
	m.modSeqs = asked && modSeq > 0 && !sel.noModSeq
	m.told = modSeq
	s := &m.sync
	s.missed, s.loose = missed, m.records.n > 0
	switch {
	case !s.loose:
		s.missed = false
	case m.modSeqs && sel.cmd.QResync != nil && sel.cmd.QResync.UIDValidity == sel.validity && sel.cmd.QResync.ModSeq <= m.modSeq && !missed:
		s.trust = true
	case m.modSeqs && m.modSeq > 0:
		s.behind, s.changed = true, modSeq == m.modSeq && !missed
	default:
		s.behind, s.full = true, true
	}
}

// Catchup returns the commands that have to be sent next so that the picture
// becomes true, and complete; none when it is, or while such commands are in
// progress. It is to be called behind every Done: each answer may show what else
// is to be asked for, and messages may come and go in the meantime.
func (m *Mirror) Catchup() []imapwire.Command {
	s := &m.sync
	if m.state != mirrorSelected {
		return nil
	}
	for _, a := range s.asks {
		if a.id != 0 {
			return nil
		}
	}
	s.asks = nil
	switch {
	case m.numbers.count == 0 || s.behind && s.full && s.stuck:
	case s.behind && s.full:
		m.ask(askAll, m.flagsOf(true, imap.SetRange(1, imap.Star)))
	case s.behind:
		if !s.changed {
			// CHANGEDSINCE makes the server tell modseqs.
			m.ask(askChanged, &imapwire.Fetch{UID: true, Set: imap.SetRange(1, imap.Star), Items: []imapwire.FetchItem{imapwire.FetchFlags}, ChangedSince: m.modSeq})
		}
		if s.loose && !s.searched {
			m.askSearch()
		}
	case m.numbers.known < m.numbers.count && !s.stuck:
		m.askNumbers()
	case m.missing() > 0:
		set := m.numbers.uids().Minus(m.records.uids()).Minus(s.absent)
		set = set[:min(len(set), askRanges)]
		if len(set) > 0 {
			m.ask(askFlags, m.flagsOf(true, imap.SetOfUIDs(set)))
			s.asks[0].set = set
		}
	}
	cmds := make([]imapwire.Command, len(s.asks))
	for i, a := range s.asks {
		cmds[i] = a.cmd
	}
	return cmds
}

// missing returns how many messages have a number and no flags, those excepted
// of which nothing more is told.
func (m *Mirror) missing() int64 {
	if m.sync.loose {
		return 0 // the numbers come first
	}
	return int64(m.numbers.known) - int64(m.records.n) - m.numbered(m.sync.absent).Count()
}

// askNumbers asks for messages that have no UID yet.
func (m *Mirror) askNumbers() {
	s := &m.sync
	last := m.largest()
	switch {
	case !s.fresh && m.numbers.uid(m.numbers.count) == 0:
		// Most often there is nothing but new messages. A UID means the same
		// whatever is expunged before the command leaves.
		m.ask(askFresh, m.flagsOf(true, imap.SetRange(uint32(last)+1, imap.Star)))
	case s.loose && !s.searched:
		m.askSearch()
	default:
		m.ask(askNumbers, m.flagsOf(false, imap.Set{Ranges: m.numbers.unknown(askRanges)}))
	}
}

// askSearch asks which of the messages that are remembered are there.
func (m *Mirror) askSearch() {
	cmd := &imapwire.Search{UID: true, Key: &imap.SearchUID{Set: imap.SetRange(1, uint32(m.records.max()))}}
	if m.caps.esearch {
		cmd.HasReturn, cmd.Return = true, []string{"ALL"}
	}
	m.ask(askSearch, cmd)
	m.sync.found = nil
}

// flagsOf returns a FETCH of what the Mirror has to know of messages.
func (m *Mirror) flagsOf(uid bool, set imap.Set) *imapwire.Fetch {
	f := &imapwire.Fetch{UID: uid, Set: set, Items: []imapwire.FetchItem{imapwire.FetchUID, imapwire.FetchFlags}}
	if m.modSeqs {
		f.Items = append(f.Items, imapwire.FetchModSeq)
	}
	return f
}

func (m *Mirror) ask(kind askKind, cmd imapwire.Command) {
	m.sync.asks = append(m.sync.asks, &ask{kind: kind, cmd: cmd, known: m.numbers.known, changes: m.sync.changes})
}

// search takes the answer to a search, if it was the Mirror's: an ESEARCH names
// the command, a SEARCH is that of the oldest one in progress.
func (m *Mirror) search(id engine.ID, nums []uint32, all []imap.Range, more bool) {
	var a *ask
	for i := range m.cmds {
		if c := &m.cmds[i]; c.kind == searchCommand && (id == 0 || c.id == id) {
			a = c.ask
			break
		}
	}
	if a == nil || a.kind != askSearch || a.heard || m.state != mirrorSelected {
		return
	}
	s := &m.sync
	for _, n := range nums {
		u := imap.UID(n)
		if k := len(s.found); k > 0 && s.found[k-1].Last == u-1 {
			s.found[k-1].Last = u
			continue
		}
		s.found = append(s.found, imap.UIDRange{First: u, Last: u})
	}
	for _, r := range all {
		s.found = append(s.found, imap.UIDRange{First: imap.UID(r.First), Last: imap.UID(r.Last)})
	}
	if more {
		return
	}
	a.heard = true
	asked := imap.UID(a.cmd.(*imapwire.Search).Key.(*imap.SearchUID).Set.Ranges[0].Last)
	live := setOfRanges(s.found).Intersect(imap.UIDSet{{First: 1, Last: asked}})
	s.found = nil
	// What has no number and was not found is gone.
	for _, r := range m.records.uids().Minus(live).Minus(m.numbers.uids()) {
		m.dropRecords(r)
	}
	s.live, s.searched, s.trust = live, true, true
}

// setOfRanges returns the set of ranges in any order.
func setOfRanges(rs []imap.UIDRange) imap.UIDSet {
	set := imap.Set{Ranges: make([]imap.Range, len(rs))}
	for i, r := range rs {
		set.Ranges[i] = imap.Range{First: uint32(r.First), Last: uint32(r.Last)}
	}
	return set.ResolveUIDs(imap.MaxUID)
}

// answered takes the end of a command of Catchup.
func (m *Mirror) answered(a *ask, ok bool) {
	s := &m.sync
	for i, b := range s.asks {
		if a == b {
			s.asks = append(s.asks[:i:i], s.asks[i+1:]...)
		}
	}
	switch a.kind {
	case askChanged:
		if s.changed = ok; !ok {
			s.full = true
		}
	case askSearch:
		if !ok || !a.heard {
			// It can not say what is left.
			s.full, s.searched = s.behind, true
		}
	case askAll:
		if !ok {
			s.stuck = true
			return
		}
		// It told every message that is there.
		for _, r := range m.records.uids().Minus(m.numbers.uids()) {
			m.dropRecords(r)
		}
		m.frozen = m.frozen || s.missed && s.rounds == maxRounds
		s.loose, s.live, s.behind = false, nil, s.again()
	case askFresh:
		s.fresh = a.changes == s.changes
	case askNumbers:
		// It may have waited for others, and the numbers were not those any
		// more when it left.
		s.stuck = a.changes == s.changes && (!ok || m.numbers.known <= a.known)
	case askFlags:
		if !ok {
			// They may be there: a server that can not tell is asked again.
			if s.rounds < maxRounds {
				s.rounds++
				return
			}
			m.frozen = true
		}
		if left := a.set.Minus(m.records.uids()); len(left) > 0 {
			s.absent = s.absent.Union(left)
		}
	}
}

// settle draws the conclusions of what was told until a tagged response.
func (m *Mirror) settle() {
	s := &m.sync
	if s.loose && m.numbers.known == m.numbers.count {
		for _, r := range m.records.uids().Minus(m.numbers.uids()) {
			m.dropRecords(r)
		}
		s.loose, s.live = false, nil
	}
	if s.loose && s.trust {
		there := m.records.uids().Union(m.numbers.uids()).Union(s.live)
		if there.Count() == int64(m.numbers.count) {
			m.numbers.be(there)
			s.loose, s.live = false, nil
		}
	}
	if s.behind && !s.full && s.changed && (!s.loose || s.searched) {
		m.frozen = m.frozen || s.missed && s.rounds == maxRounds
		s.behind = s.again()
		s.changed = !s.behind
	}
	if s.behind && m.numbers.count == 0 {
		s.behind = false
	}
	if m.modSeqs && !s.behind && !m.frozen {
		m.modSeq = m.told
	}
}

// Synced reports whether the mailbox is selected and the picture is true and
// complete, as far as the server has told.
func (m *Mirror) Synced() bool {
	return m.state == mirrorSelected && !m.sync.behind && !m.sync.loose && !m.frozen &&
		m.numbers.known == m.numbers.count && int64(m.numbers.known) == int64(m.records.n)+m.numbered(m.sync.absent).Count()
}

// An Unchanged is messages and the UNCHANGEDSINCE with which a STORE changes them
// only if they are as the Mirror knows them.
type Unchanged struct {
	UIDs  imap.UIDSet
	Since imap.ModSeq
}

// UnchangedSince returns what conditional STOREs (RFC 7162 §3.1.3) of the messages
// have to say, so that no change is overwritten that is not in the picture. Most
// often it is one: all changes up to HighestModSeq are known. Messages that are
// known at a later modseq have one each. UIDs whose flags are not known are left
// out, and there is none while the server has no modseqs or the picture is not
// true yet.
func (m *Mirror) UnchangedSince(uids imap.UIDSet) []Unchanged {
	if m.state != mirrorSelected || !m.modSeqs || m.modSeq == 0 || m.sync.behind {
		return nil
	}
	var out []Unchanged
	var most imap.UIDSet
	for _, g := range uids {
		m.records.between(g.First, g.Last, func(r *flagRecord) bool {
			if r.modSeq <= m.modSeq {
				most.Add(r.uid)
			} else {
				out = append(out, Unchanged{imap.UIDSet{{First: r.uid, Last: r.uid}}, r.modSeq})
			}
			return true
		})
	}
	if len(most) > 0 {
		out = append(out, Unchanged{most, m.modSeq})
	}
	return out
}
