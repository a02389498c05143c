package imapclient

import (
	"github.com/mailwire/mailwire/imapwire"
	"github.com/mailwire/mailwire/imapwire/imap"
)

// expunge takes EXPUNGE.
func (m *Mirror) expunge(num uint32) error {
	if num == 0 || num > m.numbers.count || m.state == mirrorSelecting && !m.sel.exists {
		return &MirrorError{Num: num, What: "expunged, and not there"}
	}
	if u := m.numbers.uid(num); u != 0 {
		m.dropRecords(imap.UIDRange{First: u, Last: u})
		m.sync.live = m.sync.live.Minus(imap.UIDSetOf(u))
	} else {
		if m.state == mirrorSelecting {
			m.missed(false)
		}
		// One of those whose numbers are not known may be gone.
		m.sync.trust, m.sync.searched, m.sync.live = false, false, nil
	}
	m.numbers.remove(num, 1)
	m.sync.news()
	return nil
}

func (m *Mirror) dropRecords(r imap.UIDRange) {
	m.records.remove(r.First, r.Last, func(r flagRecord) { m.table.drop(r.flags) })
}

// vanished takes VANISHED. That of messages gone earlier says nothing of numbers;
// each UID of the other is a message of the mailbox (RFC 7162 §3.2.10).
func (m *Mirror) vanished(r *imapwire.VanishedData) error {
	if m.foreign() {
		return nil
	}
	if !r.Earlier {
		if err := m.removeNumbers(r.UIDs); err != nil {
			return err
		}
		m.sync.news()
	}
	for _, g := range r.UIDs {
		m.dropRecords(g)
	}
	m.sync.live = m.sync.live.Minus(r.UIDs)
	if r.Earlier {
		// Their flags need not be asked for, should they have numbers still.
		m.sync.absent = m.sync.absent.Union(m.numbered(r.UIDs))
	}
	return nil
}

// numbered returns the UIDs of a set whose numbers are known.
func (m *Mirror) numbered(set imap.UIDSet) imap.UIDSet {
	var out imap.UIDSet
	for _, r := range set {
		for u := r.First; ; {
			num, more, g := m.numbers.find(u)
			if num == 0 {
				if g.next == 0 || g.next > r.Last {
					break
				}
				u = g.next
				continue
			}
			last := min(r.Last, u+imap.UID(more))
			out.AddRange(imap.UIDRange{First: u, Last: last})
			if last == r.Last {
				break
			}
			u = last + 1
		}
	}
	return out
}

// removeNumbers takes the messages of a set out of the numbers, if all are there.
func (m *Mirror) removeNumbers(set imap.UIDSet) error {
	var last gap
	used := uint64(0) // of last
	err := pieces(&m.numbers, set, func(first, last2 imap.UID, num uint32, g gap) error {
		if num != 0 {
			return nil
		}
		if g != last {
			last, used = g, 0
		}
		if used += uint64(last2-first) + 1; used > uint64(g.n) {
			return &MirrorError{UID: first, What: "vanished, and not there"}
		}
		return nil
	})
	if err != nil {
		return err
	}
	return pieces(&m.numbers, set, func(first, last imap.UID, num uint32, g gap) error {
		if num == 0 {
			num = g.from + 1
		}
		m.numbers.remove(num, uint32(last-first)+1)
		return nil
	})
}

// pieces cuts a set where the runs of numbers begin and end: each piece has the
// number of its first UID, or the gap where it belongs.
func pieces(s *numberList, set imap.UIDSet, yield func(first, last imap.UID, num uint32, g gap) error) error {
	for _, r := range set {
		for u := r.First; ; {
			num, more, g := s.find(u)
			last := r.Last
			if num != 0 {
				last = min(last, u+imap.UID(more))
			} else if g.next != 0 {
				last = min(last, g.next-1)
			}
			if err := yield(u, last, num, g); err != nil {
				return err
			}
			if last == r.Last {
				break
			}
			u = last + 1
		}
	}
	return nil
}
