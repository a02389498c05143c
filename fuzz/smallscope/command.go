package smallscope

import (
	"slices"
	"strings"
)

// selectInbox is SELECT INBOX (RFC 9051 §6.3.2).
func (m *model) selectInbox(s *session) answer {
	*s = session{selected: true}
	var a answer
	if m.rev2 {
		a.add("LIST INBOX")
	}
	a.add("FLAGS")
	a.add("OK PERMANENTFLAGS")
	for _, msg := range m.inbox.messages {
		a.add("arrived", num(msg.uid))
		s.view = append(s.view, told{uid: msg.uid, modSeq: msg.modSeq})
	}
	s.next = m.inbox.uidNext
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
	a.tagged = "OK READ-WRITE"
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

// search is SEARCH for messages with a flag (§6.4.4).
func (m *model) search(s *session, uid bool, flag flagSet) answer {
	var found []uint32
	for _, t := range s.view {
		if msg := m.inbox.find(t.uid); msg != nil && msg.flags&flag != 0 {
			found = append(found, t.uid)
		}
	}
	a := answer{tagged: "OK"}
	a.add("found", nums(found))
	m.tell(s, &a, uid)
	return a
}

// fetchFlags is FETCH (UID FLAGS) (§6.4.5). A change that the client was not told
// of stays one, for what was asked for has no modseq.
func (m *model) fetchFlags(s *session, set set) answer {
	uids, ok := s.resolve(set)
	if !ok {
		return answer{tagged: "BAD"}
	}
	there, all := m.present(uids)
	a := answer{tagged: m.complete(all)}
	for _, uid := range there {
		m.tellFlags(s, &a, uid)
	}
	m.tell(s, &a, set.uid)
	return a
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

// store is STORE (RFC 9051 §6.4.6). What the client did silently it knows; but a
// message whose flags somebody else changed before is told all the same.
func (m *model) store(s *session, set set, op storeOp, flags flagSet, silent bool) answer {
	uids, ok := s.resolve(set)
	if !ok {
		return answer{tagged: "BAD"}
	}
	there, all := m.present(uids)
	a := answer{tagged: m.complete(all)}
	before := m.inbox.modSeq
	for _, uid := range there {
		msg, t := m.inbox.find(uid), s.entry(uid)
		if t.knows {
			t.believes = op.apply(t.believes, flags)
		}
		if now := op.apply(msg.flags, flags); now != msg.flags {
			if t.modSeq == msg.modSeq {
				t.modSeq = before + 1
			}
			msg.flags, msg.modSeq = now, before+1
			m.inbox.modSeq = before + 1
		}
	}
	for _, uid := range there {
		if !silent {
			m.tellChange(s, &a, uid)
		} else if m.inbox.find(uid).modSeq > before {
			// The client must learn the modseq of its own change (RFC 7162 §3.1.3).
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
