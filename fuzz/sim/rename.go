package sim

import (
	"github.com/mailwire/mailwire/imapwire/imap"
	"github.com/mailwire/mailwire/mailbox"
)

// rename does what RENAME does.
func (l *ledger) rename(a *account, from, to string) {
	if from == imap.Inbox {
		in := a.find(from)
		came := in.msgs
		f := l.make(a, to)
		if len(came) == 0 {
			// Whether an empty stroke takes a modseq is not for us to say.
			for _, x := range []*folder{f, in} {
				snap, err := x.raw.Snapshot(ctx)
				l.w.must(err)
				x.modSeq = max(x.modSeq, snap.ModSeq)
			}
			return
		}
		snap, err := f.raw.Snapshot(ctx)
		l.w.must(err)
		i := 0
		for _, u := range snap.UIDs.All() {
			if i == len(came) {
				l.w.fail("lost mail", "a rename of INBOX made %d messages of %d", snap.UIDs.Len(), len(came))
			}
			f.add(l.w, u, came[i].content, came[i].flags, came[i].date, snap.ModSeq)
			i++
		}
		left, err := in.raw.Snapshot(ctx)
		l.w.must(err)
		in.advance(l.w, left.ModSeq)
		in.remove(mailbox.AllUIDs)
		l.w.checkFolder(f)
		l.w.checkFolder(in)
		return
	}
	moved := map[string]*folder{}
	for n, f := range a.names {
		if n == from || len(n) > len(from) && n[:len(from)+1] == from+"/" {
			moved[n] = f
		}
	}
	// Missing parents are made while the old names are still there.
	l.makeParents(a, to)
	for n := range moved {
		delete(a.names, n)
	}
	for n, f := range moved {
		now := to + n[len(from):]
		a.names[now] = f
		if f != nil {
			f.name = now
		}
	}
	for ps := parents(from); len(ps) > 0; ps = ps[:len(ps)-1] {
		n := ps[len(ps)-1]
		if f, known := a.names[n]; !known || f != nil || a.children(n) {
			break
		}
		delete(a.names, n)
	}
}
