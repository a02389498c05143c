package sim

import (
	"slices"
	"strings"

	"github.com/mailwire/mailwire/imapwire/imap"
	"github.com/mailwire/mailwire/mailbox"
	"github.com/mailwire/mailwire/quota"
)

// checkFolder compares a folder of the store with that of the ledger.
func (w *world) checkFolder(f *folder) {
	if f.deleted {
		return
	}
	w.stats.Checks++
	snap, err := f.raw.Snapshot(ctx)
	w.must(err)
	if snap.UIDValidity != f.validity {
		w.fail("41", "%q has UIDVALIDITY %d, and had %d", f.name, snap.UIDValidity, f.validity)
	}
	if snap.UIDNext < f.next {
		w.fail("40", "%q has UIDNEXT %d, expected %d", f.name, snap.UIDNext, f.next)
	}
	if snap.ModSeq != f.modSeq {
		w.fail("45", "%q has HIGHESTMODSEQ %d, expected %d", f.name, snap.ModSeq, f.modSeq)
	}
	if snap.UIDs.Len() != len(f.msgs) {
		w.fail("lost mail", "%q has the messages %s, expected %s", f.name, snap.UIDs.Set(), uidsOf(f.msgs))
	}
	i := 0
	for m, err := range f.raw.Messages(ctx, mailbox.AllUIDs) {
		w.must(err)
		if i == len(f.msgs) || f.msgs[i].uid != m.UID {
			w.fail("lost mail", "%q has UID %d as message %d, expected %s", f.name, m.UID, i+1, uidsOf(f.msgs))
		}
		x := f.msgs[i]
		if got := keyOf(folded(m.Flags)); got != x.hist[len(x.hist)-1].flags {
			w.fail("44", "UID %d of %q has the flags %s, expected %s", m.UID, f.name, got, x.hist[len(x.hist)-1].flags)
		}
		if m.ModSeq != x.modSeq() || m.ModSeq > snap.ModSeq {
			w.fail("45", "UID %d of %q has modseq %d, expected %d, and the folder %d", m.UID, f.name, m.ModSeq, x.modSeq(), snap.ModSeq)
		}
		if m.Size != int64(len(x.content.octets)) || !m.InternalDate.Equal(x.date) {
			w.fail("41", "UID %d of %q has %d octets of %v, expected %d of %v", m.UID, f.name, m.Size, m.InternalDate, len(x.content.octets), x.date)
		}
		if m.WireSize != int64(len(x.content.wire())) {
			w.fail("35", "UID %d of %q has %d octets on the wire, expected %d", m.UID, f.name, m.WireSize, len(x.content.wire()))
		}
		i++
	}
	st, err := f.raw.Status(ctx)
	w.must(err)
	var unseen, deleted, deletedSize int64
	for _, x := range f.msgs {
		if !x.has(`\seen`) {
			unseen++
		}
		if x.has(`\deleted`) {
			deleted++
			deletedSize += int64(len(x.content.octets))
		}
	}
	if st.Messages != int64(len(f.msgs)) || st.Unseen != unseen || st.Deleted != deleted || st.DeletedSize != deletedSize || st.Size != f.octets() {
		w.fail("53", "%q counts %d messages, %d unseen, %d deleted of %d octets, %d octets; expected %d, %d, %d of %d, %d", f.name,
			st.Messages, st.Unseen, st.Deleted, st.DeletedSize, st.Size, len(f.msgs), unseen, deleted, deletedSize, f.octets())
	}
}

// checkContents reads the octets of every message of a folder.
func (w *world) checkContents(f *folder) {
	if f.deleted {
		return
	}
	for _, m := range f.msgs {
		w.stats.Checks++
		body, err := f.raw.Body(ctx, m.uid)
		w.must(err)
		b := make([]byte, body.Size())
		if n, err := body.ReadAt(b, 0); n != len(b) {
			w.fail("41", "UID %d of %q gives %d octets: %v", m.uid, f.name, n, err)
		}
		body.Close()
		if string(b) != string(m.content.octets) {
			w.fail("41", "UID %d of %q has other octets than were appended", m.uid, f.name)
		}
	}
}

// checkNames compares the folder list.
func (w *world) checkNames(a *account) {
	w.stats.Checks++
	want := map[string]bool{}
	for n := range a.names {
		want[n] = true
	}
	for n := range a.subs {
		want[n] = true
	}
	n := 0
	for info, err := range a.raw.Folders(ctx) {
		w.must(err)
		f, known := a.names[info.Name]
		switch {
		case !want[info.Name]:
			w.fail("folders", "%q is in the list of %s, and should not be", info.Name, a.name)
		case info.NonExistent == known || known && info.NoSelect != (f == nil) || f != nil && info.ID != f.id:
			w.fail("folders", "%q is listed as %+v, expected %v", info.Name, info, f)
		case info.Subscribed != a.subs[info.Name] || known && info.HasChildren != a.children(info.Name):
			w.fail("folders", "%q is listed as %+v", info.Name, info)
		}
		n++
	}
	if n != len(want) {
		w.fail("folders", "the list of %s has %d names, expected %d", a.name, n, len(want))
	}
}

// checkQuota compares usage with a recount, and with what transactions hold.
func (w *world) checkQuota(a *account) {
	w.stats.Checks++
	roots, err := w.raw.Quota(a.name)
	w.must(err)
	for i, r := range roots {
		octets, messages, folders := a.usage(i)
		var want quota.Amounts
		want[quota.Storage], want[quota.Message], want[quota.Mailbox] = octets, messages, folders
		if r.Used != want {
			w.fail("49", "root %q of %s has used %v, a recount gives %v", r.Name, a.name, r.Used, want)
		}
		if r.Limits != a.limits[i] {
			w.fail("50", "root %q of %s has the limits %v, expected %v", r.Name, a.name, r.Limits, a.limits[i])
		}
		var held quota.Amounts
		for tx := range a.open {
			for _, sh := range tx.roots {
				if sh == i {
					held = held.Plus(tx.held)
				}
			}
		}
		if r.Reserved != held {
			w.fail("49", "root %q of %s has reserved %v, open transactions hold %v", r.Name, a.name, r.Reserved, held)
		}
	}
}

// checkGrowth sees that a change which made folders grow left no root above its
// hard limits, grace included.
func (w *world) checkGrowth(a *account, grace quota.Amounts, grown func(root int) quota.Amounts) {
	for i := range a.policies {
		octets, messages, folders := a.usage(i)
		used := quota.Amounts{}
		used[quota.Storage], used[quota.Message], used[quota.Mailbox] = octets, messages, folders
		g := grown(i)
		for _, r := range []quota.Resource{quota.Storage, quota.Message, quota.Mailbox} {
			if lim := a.limits[i][r]; g[r] > 0 && lim.HasHard && used[r] > lim.Hard*r.Unit()+grace[r] {
				w.fail("51", "root %q of %s has %d of %s after it grew, and a limit of %d", a.policies[i].Root, a.name, used[r], r, lim.Hard)
			}
		}
	}
}

// checkStore compares everything.
func (w *world) checkStore() {
	for _, a := range w.sortedAccounts() {
		w.checkNames(a)
		w.checkQuota(a)
		for _, f := range a.sortedFolders() {
			w.checkFolder(f)
			w.checkContents(f)
		}
		before, err := w.raw.Quota(a.name)
		w.must(err)
		after, err := w.raw.Recount(a.name)
		w.must(err)
		if !slices.Equal(before, after) {
			w.fail("49", "a recount of %s makes %v of %v", a.name, after, before)
		}
	}
}

func (w *world) sortedAccounts() (out []*account) {
	for _, name := range w.users {
		out = append(out, w.led.accounts[name])
	}
	return out
}

func (a *account) sortedFolders() (out []*folder) {
	for _, f := range a.names {
		if f != nil {
			out = append(out, f)
		}
	}
	slices.SortFunc(out, func(x, y *folder) int { return strings.Compare(x.name, y.name) })
	return out
}

// inSet reports whether a set may name a number: "*" is taken for anything from
// last on.
func inSet(set imap.Set, n, last uint32) bool {
	for _, r := range set.Ranges {
		a, b := r.First, r.Last
		switch {
		case a == imap.Star && b == imap.Star:
			if n >= last {
				return true
			}
			continue
		case a == imap.Star:
			a, b = b, a
		}
		if b == imap.Star {
			if n >= min(a, last) {
				return true
			}
			continue
		}
		if n >= min(a, b) && n <= max(a, b) {
			return true
		}
	}
	return false
}
