package imapclient

import (
	"slices"

	"github.com/mailwire/mailwire/imapwire"
	"github.com/mailwire/mailwire/imapwire/imap"
)

// silent returns the silent STORE in progress, if it was of that message.
func (m *Mirror) silent(num uint32, u imap.UID) *mirrorCommand {
	if len(m.cmds) == 0 || m.cmds[0].kind != storeSilent {
		return nil
	}
	c := &m.cmds[0]
	n := num
	if c.store.UID {
		n = uint32(u)
	}
	i, ok := slices.BinarySearchFunc(c.set, n, func(r imap.Range, n uint32) int {
		switch {
		case r.Last < n:
			return -1
		case r.First > n:
			return 1
		}
		return 0
	})
	if !ok || i == len(c.set) {
		return nil
	}
	return c
}

// apply does to a record what a STORE did to the message.
func (m *Mirror) apply(s *imapwire.Store, rec *flagRecord, u imap.UID, modSeq imap.ModSeq) {
	if !m.permitted(s.Flags) || rec == nil && s.Op != imapwire.StoreReplace {
		m.dropRecords(imap.UIDRange{First: u, Last: u})
		return
	}
	flags := slices.Clone(s.Flags)
	if s.Op != imapwire.StoreReplace {
		old := m.table.flags(rec.flags)
		if s.Op == imapwire.StoreRemove {
			flags = slices.DeleteFunc(slices.Clone(old), func(f imap.Flag) bool { return imap.HasFlag(s.Flags, f) })
		} else {
			flags = append(flags, old...)
		}
	}
	m.put(rec, u, flags, modSeq)
}

// permitted reports whether the server keeps all of the flags, so that what a
// STORE did to them is known without being told.
func (m *Mirror) permitted(flags []imap.Flag) bool {
	for _, f := range flags {
		if !imap.HasFlag(m.permanent, f) && (f.IsSystem() || !imap.HasFlag(m.permanent, imap.FlagWildcard)) {
			return false
		}
	}
	return true
}

// stored takes the end of a silent STORE: what it did to messages that were not
// told of.
func (m *Mirror) stored(c *mirrorCommand, ok bool, code imapwire.Code) {
	var modified []imap.Range
	if code, told := code.(*imapwire.CodeModified); told {
		modified = code.Set.Resolve(1<<32 - 1)
	}
	if c.store.Set.Saved && !m.modSeqs {
		// It was of messages that only the server knows.
		m.sync.behind, m.sync.full, m.sync.stuck = true, true, false
	}
	var left imap.UIDSet
	for _, r := range c.set {
		left = left.Union(m.named(r, c.store.UID))
	}
	for _, r := range modified {
		left = left.Minus(m.named(r, c.store.UID))
	}
	if !m.modSeqs {
		// Whether the flags that were told are from before the STORE or from
		// behind it does not show, unless they are the same.
		for u := range left.Intersect(c.done).All() {
			if rec := m.records.get(u); rec != nil {
				was := rec.flags
				if m.apply(&c.store, rec, u, 0); m.records.get(u) != nil && rec.flags != was {
					m.dropRecords(imap.UIDRange{First: u, Last: u})
				}
			}
		}
	}
	for _, r := range left.Minus(c.done) {
		if !ok || !m.permitted(c.store.Flags) {
			// Some may have been changed.
			m.dropRecords(r)
			continue
		}
		m.records.between(r.First, r.Last, func(rec *flagRecord) bool {
			m.apply(&c.store, rec, rec.uid, 0)
			return true
		})
	}
}

// named returns the UIDs that numbers, or UIDs, of a command name, as far as
// they are known.
func (m *Mirror) named(r imap.Range, uid bool) imap.UIDSet {
	if uid {
		return imap.UIDSet{{First: imap.UID(r.First), Last: imap.UID(r.Last)}}
	}
	var set imap.UIDSet
	m.numbers.all(func(before uint32, run numberRun) bool {
		first, last := max(before+1, r.First), min(before+run.n, r.Last)
		if run.first != 0 && first <= last {
			set.AddRange(imap.UIDRange{First: run.first + imap.UID(first-before-1), Last: run.first + imap.UID(last-before-1)})
		}
		return before+run.n < r.Last
	})
	return set
}
