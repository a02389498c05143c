package smallscope

import (
	"slices"
	"strconv"
	"strings"
)

// A told is a message that a session's client knows of.
type told struct {
	uid uint32
	// modSeq is that of the flags that the client was told last, or that the
	// message had when the client was told of it.
	modSeq uint64
	recent bool
	// believes is what the client takes the flags for, once it knows any.
	knows    bool
	believes flagSet
}

// A session is what its client was told. The n-th of view has sequence number n.
type session struct {
	view []told
	// next is above every UID that the client was told of, and every one that
	// came and went before it could be.
	next     uint32
	selected bool
	idling   bool
	// saved is what was found for "$", which stands for what of it is in view
	// (RFC 5182 §2.1).
	saved []uint32
	// open is the UIDVALIDITY of what is selected in a mode of mailboxes, count
	// its messages as they were told.
	open, count int
	// opened and lost say that it had a mailbox before, and that one was deleted
	// under it. Nothing follows from that, unless the server forgot something.
	opened, lost bool
}

// A mode is what the sessions enabled. With pop3 the second is one of POP3,
// with mailboxes both work on mailboxes and not on messages.
type mode struct{ rev2, qresync, pop3, mailboxes bool }

func (m mode) String() string {
	s := "rev1"
	if m.rev2 {
		s = "rev2"
	}
	if m.qresync {
		s += "-qresync"
	}
	if m.pop3 {
		s += "-pop3"
	}
	if m.mailboxes {
		s += "-mailboxes"
	}
	return s
}

// A model is a user with two folders, of which two sessions have one selected.
type model struct {
	mode
	inbox, other folder
	sessions     [2]session
	drop         []dropped // of the session of POP3
	unmarked     bool      // RSET undid something in it
	account
	// more says that the command in hand is followed by octets of another, so
	// that its client numbers messages without having read the answer.
	more bool
}

// clone returns a model that shares nothing with m.
func (m *model) clone() *model {
	c := *m
	for _, f := range []*folder{&c.inbox, &c.other} {
		f.messages, f.gone = slices.Clone(f.messages), slices.Clone(f.gone)
	}
	c.drop = slices.Clone(c.drop)
	c.boxes, c.subscribed = slices.Clone(c.boxes), slices.Clone(c.subscribed)
	for i := range c.sessions {
		s := &c.sessions[i]
		s.view, s.saved = slices.Clone(s.view), slices.Clone(s.saved)
	}
	return &c
}

// An answer is what a client must read after what it sent, in any order that
// keeps the meaning of numbers: facts about messages by UID, and the result. A
// fact told twice counts once.
type answer struct {
	facts []string
	// tagged is the condition and its code; empty where none is due.
	tagged string
}

func (a *answer) add(words ...string) { a.facts = append(a.facts, strings.Join(words, " ")) }

func num[T ~uint32 | ~uint64 | ~int | ~int64](n T) string { return strconv.FormatUint(uint64(n), 10) }

func nums(ns []uint32) string {
	s := make([]string, len(ns))
	for i, n := range ns {
		s[i] = num(n)
	}
	return strings.Join(s, ",")
}

// A set is what a command names messages with: ranges by number or UID, zero
// being "*", or "$".
type set struct {
	uid    bool
	ranges [][2]uint32
	saved  bool
}

// resolve returns the messages of the client's view that a set names, by UID.
// Not ok is a number that the client can not have (RFC 9051 §9, seq-number). A
// UID that it was not told of is passed over (§6.4.9).
func (s *session) resolve(set set) (uids []uint32, ok bool) {
	for i, t := range s.view {
		n, last := uint32(i+1), uint32(len(s.view))
		if set.uid {
			n, last = t.uid, s.view[len(s.view)-1].uid
		}
		in := set.saved && slices.Contains(s.saved, t.uid)
		for _, r := range set.ranges {
			in = in || between(n, star(r[0], last), star(r[1], last))
		}
		if in {
			uids = append(uids, t.uid)
		}
	}
	if !set.uid {
		for _, r := range set.ranges {
			if max(r[0], r[1]) > uint32(len(s.view)) || len(s.view) == 0 {
				return nil, false
			}
		}
	}
	return uids, true
}

func star(n, last uint32) uint32 {
	if n == 0 {
		return last
	}
	return n
}

func between(n, a, b uint32) bool { return min(a, b) <= n && n <= max(a, b) }

// present returns those of uids that the folder still has, and whether it has
// them all.
func (m *model) present(uids []uint32) (there []uint32, all bool) {
	for _, uid := range uids {
		if m.inbox.find(uid) != nil {
			there = append(there, uid)
		}
	}
	return there, len(there) == len(uids)
}

func (s *session) entry(uid uint32) *told {
	for i := range s.view {
		if s.view[i].uid == uid {
			return &s.view[i]
		}
	}
	return nil
}

// tellFlags is a FETCH response with flags, after which the client knows them.
func (m *model) tellFlags(s *session, a *answer, uid uint32) {
	msg, t := m.inbox.find(uid), s.entry(uid)
	t.knows, t.believes = true, msg.flags
	flags := msg.flags
	if t.recent {
		flags |= recent
	}
	a.add("flags", num(uid), flags.String())
}

// tellChange is a FETCH response that tells a change. Who enabled QRESYNC gets
// its modseq as well (RFC 7162 §3.2.4).
func (m *model) tellChange(s *session, a *answer, uid uint32) {
	m.tellFlags(s, a, uid)
	s.entry(uid).modSeq = m.inbox.find(uid).modSeq
	m.tellModSeq(a, uid)
}

func (m *model) tellModSeq(a *answer, uid uint32) {
	if m.qresync {
		a.add("modseq", num(uid), num(m.inbox.find(uid).modSeq))
	}
}

// How long a client's numbers have to hold.
const (
	numbersHold = false // FETCH, STORE, SEARCH (RFC 9051 §7.5.1)
	numbersMove = true
)

// tell is what every answer ends with: all that has become of the folder and may
// be told. An EXPUNGE waits while the client uses numbers; all else never does.
func (m *model) tell(s *session, a *answer, mayExpunge bool) {
	if m.mailboxes {
		*a = m.news(s, *a)
		return
	}
	if mayExpunge && !m.more {
		m.tellGone(s, a)
	}
	arrived := false
	for _, msg := range m.inbox.messages {
		if msg.uid < s.next {
			continue
		}
		arrived = true
		a.add("arrived", num(msg.uid))
		s.view = append(s.view, told{uid: msg.uid, modSeq: msg.modSeq})
	}
	s.next = m.inbox.uidNext
	if arrived && !m.rev2 {
		m.claim(s, a)
	}
	for _, t := range s.view {
		if msg := m.inbox.find(t.uid); msg != nil && msg.modSeq > t.modSeq {
			m.tellChange(s, a, t.uid)
		}
	}
}

// tellGone tells messages of the view that the folder no longer has.
func (m *model) tellGone(s *session, a *answer) {
	word := "expunged"
	if m.qresync {
		word = "vanished"
	}
	s.view = slices.DeleteFunc(s.view, func(t told) bool {
		if m.inbox.find(t.uid) != nil {
			return false
		}
		a.add(word, num(t.uid))
		return true
	})
}

// claim gives the messages that are nobody's recent ones to a session, which
// learns how many it has (RFC 3501 §2.3.2, §7.3.2).
func (m *model) claim(s *session, a *answer) {
	count := 0
	for i := range s.view {
		t := &s.view[i]
		if msg := m.inbox.find(t.uid); msg != nil && !msg.claimed {
			msg.claimed, t.recent = true, true
		}
		if t.recent {
			count++
		}
	}
	a.add("recent", num(count))
}

// settled reports what is wrong with a session that has been told everything, or
// "": it knows of every message and of no other, and takes none to have flags
// that it has not (invariant 43).
func (m *model) settled(s *session) string {
	if m.mailboxes {
		if b := m.opened(s); s.open != 0 && (b == nil || b.messages != s.count) {
			return "has a mailbox that is not as it was told"
		}
		return ""
	}
	if len(s.view) != len(m.inbox.messages) {
		return "knows of " + num(len(s.view)) + " messages, there are " + num(len(m.inbox.messages))
	}
	for i, t := range s.view {
		msg := m.inbox.messages[i]
		if t.uid != msg.uid {
			return "message " + num(i+1) + " is UID " + num(msg.uid) + ", the client knows UID " + num(t.uid)
		}
		if t.knows && t.believes != msg.flags {
			return "UID " + num(t.uid) + " has " + msg.flags.String() + ", the client believes " + t.believes.String()
		}
	}
	return ""
}

// missed reports what a client would never hear of that comes back and asks for
// the changes after a modseq (RFC 7162 §3.2, §6), or "".
func (m *model) missed(s *session, highest uint64) string {
	if highest > m.inbox.modSeq {
		return "HIGHESTMODSEQ " + num(highest) + ", there is none above " + num(m.inbox.modSeq)
	}
	for _, msg := range m.inbox.messages {
		if t := s.entry(msg.uid); msg.modSeq <= highest && (t == nil || t.modSeq < msg.modSeq) {
			return "HIGHESTMODSEQ " + num(highest) + " is above what became of UID " + num(msg.uid)
		}
	}
	for _, g := range m.inbox.gone {
		if s.entry(g.uid) != nil && g.modSeq <= highest {
			return "HIGHESTMODSEQ " + num(highest) + " is above the removal of UID " + num(g.uid)
		}
	}
	return ""
}
