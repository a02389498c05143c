package smallscope

import (
	"slices"
	"strings"
)

// selectInbox is SELECT INBOX (RFC 9051 §6.3.2).
func (m *model) selectInbox(s *session) answer {
	a := answer{tagged: "OK READ-WRITE"}
	if s.selected {
		a.add("OK CLOSED")
	}
	*s = session{selected: true, next: m.inbox.uidNext}
	if m.rev2 {
		a.add("LIST INBOX")
	}
	a.add("FLAGS")
	a.add("OK PERMANENTFLAGS")
	for _, msg := range m.inbox.messages {
		a.add("arrived", num(msg.uid))
		s.view = append(s.view, told{uid: msg.uid, modSeq: msg.modSeq})
	}
	a.add("OK UIDVALIDITY", num(m.inbox.validity))
	a.add("OK UIDNEXT", num(m.inbox.uidNext))
	a.add("OK HIGHESTMODSEQ", num(m.inbox.modSeq))
	if !m.rev2 {
		m.claim(s, &a)
		i := slices.IndexFunc(m.inbox.messages, func(msg message) bool { return msg.flags&seen == 0 })
		if i >= 0 {
			a.add("OK UNSEEN", num(i+1))
		}
	}
	return a
}

// resyncInbox is SELECT INBOX (QRESYNC (UIDVALIDITY since)): what became of the
// folder after a modseq (RFC 7162 §3.2.5).
func (m *model) resyncInbox(s *session, since uint64) answer {
	a := m.selectInbox(s)
	m.earlier(s, &a, since)
	for _, msg := range m.inbox.messages {
		if msg.modSeq > since {
			m.tellChange(s, &a, msg.uid)
		}
	}
	return a
}

// closeInbox is CLOSE: what is marked goes, and nothing is told (§6.4.1).
func (m *model) closeInbox(s *session) answer {
	m.inbox.remove(m.marked(nil))
	*s = session{}
	return answer{tagged: "OK"}
}

// marked returns the messages with \Deleted, of uids unless that is nil.
func (m *model) marked(uids []uint32) (out []uint32) {
	for _, msg := range m.inbox.messages {
		if msg.flags&deleted != 0 && (uids == nil || slices.Contains(uids, msg.uid)) {
			out = append(out, msg.uid)
		}
	}
	return out
}

// noop is NOOP, which any session may use to be told everything (§6.1.2).
func (m *model) noop(s *session) answer {
	a := answer{tagged: "OK"}
	m.tell(s, &a, numbersMove)
	return a
}

// idle is IDLE, and done its end (§6.3.13). In between wake tells all that
// happens when it happens.
func (m *model) idle(s *session) answer {
	s.idling = true
	a := answer{facts: []string{"+"}}
	m.tell(s, &a, numbersMove)
	return a
}

func (m *model) done(s *session) answer {
	a := m.noop(s)
	s.idling = false
	return a
}

// wake is what a session must be told without asking: nothing, unless it is in
// IDLE.
func (m *model) wake(s *session) answer {
	var a answer
	if s.idling {
		m.tell(s, &a, numbersMove)
	}
	return a
}

// A searchKey is what SEARCH looks for: a flag, or a modseq at least (RFC 7162
// §3.1.5).
type searchKey struct {
	flag   flagSet
	modSeq uint64
}

// search is SEARCH (RFC 9051 §6.4.4). With save the result is not told and is "$"
// from then on (RFC 5182 §2.1).
func (m *model) search(s *session, uid bool, key searchKey, save bool) answer {
	var found []uint32
	var highest uint64
	for _, t := range s.view {
		msg := m.inbox.find(t.uid)
		if msg == nil || key.flag != 0 && msg.flags&key.flag == 0 || msg.modSeq < key.modSeq {
			continue
		}
		found = append(found, t.uid)
		highest = max(highest, msg.modSeq)
	}
	a := answer{tagged: "OK"}
	if save {
		s.saved = found
	} else {
		a.add("found", nums(found))
	}
	if key.modSeq != 0 && highest != 0 {
		a.add("found modseq", num(highest))
	}
	m.tell(s, &a, uid)
	return a
}

// A fetchPlan is what FETCH asks for besides the UID.
type fetchPlan struct {
	flags, modSeq, body bool
	// since leaves out what did not change after a modseq, vanished adds what
	// is gone since (RFC 7162 §3.1.4.1, §3.2.6).
	since    uint64
	vanished bool
}

// fetch is FETCH (RFC 9051 §6.4.5). A change that the client was not told of stays
// one, unless it was told the modseq with the flags.
func (m *model) fetch(s *session, set set, plan fetchPlan) answer {
	uids, ok := s.resolve(set)
	if !ok {
		return answer{tagged: "BAD"}
	}
	there, all := m.present(uids)
	a := answer{tagged: m.complete(all)}
	if plan.vanished {
		m.earlier(s, &a, plan.since)
	}
	for _, uid := range there {
		msg := m.inbox.find(uid)
		if plan.body {
			a.add("body", num(uid), num(msg.size))
			if msg.flags&seen == 0 {
				m.change(s.entry(uid), msg, msg.flags|seen, m.inbox.modSeq+1)
				m.tellChange(s, &a, uid)
			}
		}
		switch {
		case msg.modSeq <= plan.since:
		case plan.flags && plan.modSeq:
			m.tellChange(s, &a, uid)
		case plan.flags:
			m.tellFlags(s, &a, uid)
		}
	}
	m.tell(s, &a, set.uid)
	return a
}

// earlier tells what is gone since a modseq and not known to the client, or no
// more (RFC 7162 §3.2.6).
func (m *model) earlier(s *session, a *answer, since uint64) {
	for _, g := range m.inbox.gone {
		if g.modSeq > since && s.entry(g.uid) == nil {
			a.add("earlier", num(g.uid))
		}
	}
}

// change gives a message other flags by a command of the session's own, which the
// client then knows, unless somebody else's change came before.
func (m *model) change(t *told, msg *message, flags flagSet, modSeq uint64) {
	if t.modSeq == msg.modSeq {
		t.modSeq = modSeq
	}
	msg.flags, msg.modSeq, m.inbox.modSeq = flags, modSeq, modSeq
}

// complete is the end of a command some of whose messages may be gone already,
// which its client could not know (RFC 5530 §3, EXPUNGEISSUED).
func (m *model) complete(all bool) string {
	if !all {
		return "OK EXPUNGEISSUED"
	}
	return "OK"
}

// How STORE changes flags.
type storeOp uint8

const (
	setFlags storeOp = iota
	addFlags
	removeFlags
)

func (op storeOp) apply(old, flags flagSet) flagSet {
	switch op {
	case addFlags:
		return old | flags
	case removeFlags:
		return old &^ flags
	}
	return flags
}

// A storing is what STORE does.
type storing struct {
	op     storeOp
	flags  flagSet
	silent bool
	// unchangedSince, unless zero, leaves alone what changed after it (RFC 7162
	// §3.1.3).
	unchangedSince uint64
}

// store is STORE (RFC 9051 §6.4.6). What the client did silently it knows; but a
// message whose flags somebody else changed before is told all the same.
func (m *model) store(s *session, set set, do storing) answer {
	uids, ok := s.resolve(set)
	if !ok {
		return answer{tagged: "BAD"}
	}
	there, all := m.present(uids)
	a := answer{tagged: m.complete(all)}
	var modified []uint32
	before := m.inbox.modSeq
	for _, uid := range there {
		msg, t := m.inbox.find(uid), s.entry(uid)
		if do.unchangedSince != 0 && msg.modSeq > do.unchangedSince {
			modified = append(modified, uid)
			continue
		}
		if t.knows {
			t.believes = do.op.apply(t.believes, do.flags)
		}
		if now := do.op.apply(msg.flags, do.flags); now != msg.flags {
			m.change(t, msg, now, before+1)
		}
	}
	if len(modified) > 0 {
		a.tagged = "OK MODIFIED " + nums(modified)
	}
	for _, uid := range there {
		switch {
		case !do.silent || slices.Contains(modified, uid):
			m.tellChange(s, &a, uid)
		case do.unchangedSince != 0 || m.inbox.find(uid).modSeq > before:
			// The client must learn the modseq that it can go on with.
			m.tellModSeq(&a, uid)
		}
	}
	m.tell(s, &a, set.uid)
	return a
}

// expunge is EXPUNGE, or with uids UID EXPUNGE (RFC 9051 §6.4.3, §6.4.9).
func (m *model) expunge(s *session, uids []uint32) answer {
	gone := m.marked(uids)
	m.inbox.remove(gone)
	a := answer{tagged: "OK"}
	m.tellOwn(s, &a, gone)
	return a
}

// tellOwn ends a command that removed messages. It tells all that is gone, even
// when another command follows: whoever sends one behind it knows that numbers
// move.
func (m *model) tellOwn(s *session, a *answer, gone []uint32) {
	if m.qresync && len(gone) > 0 {
		a.tagged = "OK HIGHESTMODSEQ" // RFC 7162 §3.2.7
	}
	m.tellGone(s, a)
	m.tell(s, a, numbersMove)
}

// copyTo is COPY (§6.4.7): all of the messages or none, with their flags.
func (m *model) copyTo(s *session, set set, to *folder) answer {
	uids, ok := s.resolve(set)
	if !ok {
		return answer{tagged: "BAD"}
	}
	a := answer{tagged: "OK"}
	if there, all := m.present(uids); !all {
		a.tagged = "NO EXPUNGEISSUED"
	} else if len(there) > 0 {
		a.tagged = "OK " + copyUID(to, there, to.add(m.messages(there)))
	}
	m.tell(s, &a, numbersMove)
	return a
}

// moveTo is MOVE (RFC 6851 §3.3): messages that are gone are left out.
func (m *model) moveTo(s *session, set set, to *folder) answer {
	uids, ok := s.resolve(set)
	if !ok {
		return answer{tagged: "BAD"}
	}
	a := answer{tagged: "OK"}
	there, _ := m.present(uids)
	if len(there) > 0 {
		a.add("OK " + copyUID(to, there, to.add(m.messages(there))))
		m.inbox.remove(there)
	}
	m.tellOwn(s, &a, there)
	return a
}

func (m *model) messages(uids []uint32) (out []message) {
	for _, uid := range uids {
		out = append(out, *m.inbox.find(uid))
	}
	return out
}

// copyUID is the code COPYUID (RFC 4315 §3), pair by pair.
func copyUID(to *folder, from, dest []uint32) string {
	var pairs []string
	for i := range from {
		pairs = append(pairs, num(from[i])+">"+num(dest[i]))
	}
	return "COPYUID " + num(to.validity) + " " + strings.Join(pairs, ",")
}

// appendTo is APPEND to the selected folder (RFC 9051 §6.3.12).
func (m *model) appendTo(s *session, flags flagSet, size int64) answer {
	uids := m.inbox.add([]message{{flags: flags, size: size}})
	a := answer{tagged: "OK APPENDUID " + num(m.inbox.validity) + " " + nums(uids)}
	m.tell(s, &a, numbersMove)
	return a
}
