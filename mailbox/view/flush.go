package view

import (
	"github.com/mailwire/mailwire/imapwire/imap"
)

// Pending reports whether anything waits to be told; with mayExpunge false,
// anything but expunges.
func (v *View) Pending(mayExpunge bool) bool {
	return mayExpunge && len(v.held) > 0 || len(v.came) > 0 || len(v.dirty) > 0
}

// TakeExpunged takes at most n of the messages that are gone out of the view,
// and returns the sequence numbers to send as EXPUNGE, in that order, and their
// UIDs. Numbers descend, so that each is right at its place in the order. Call
// it only when an EXPUNGE may be sent, immediately before it is.
func (v *View) TakeExpunged(n int) (seqs []uint32, uids imap.UIDSet) {
	uids = tail(v.held, int64(n))
	if len(uids) == 0 {
		return nil, nil
	}
	seqs = make([]uint32, 0, uids.Count())
	for i := len(uids) - 1; i >= 0; i-- {
		// Neighbours in the set have consecutive numbers: the list has no
		// UIDs between them.
		seq, _ := v.told.Seq(uids[i].Last)
		for k := uids[i].Last - uids[i].First + 1; k > 0; k-- {
			seqs = append(seqs, seq)
			seq--
		}
	}
	v.told = v.told.Without(uids)
	v.held = v.held.Minus(uids)
	if len(v.held) == 0 {
		v.heldFrom = 0
	}
	return seqs, uids
}

// TakeExists takes the new messages into the view and returns the number to
// send as EXISTS. ok is false when there are none.
func (v *View) TakeExists() (count uint32, uids imap.UIDSet, ok bool) {
	if len(v.came) == 0 {
		return 0, nil, false
	}
	uids, v.came = v.came, nil
	v.told = v.told.Append(uids)
	return uint32(v.told.Len()), uids, true
}

// TakeDirty takes at most n of the messages whose flags the client does not
// know, to be fetched from the folder and sent as FETCH with FLAGS. A message
// that turns out to be gone by then is left out.
func (v *View) TakeDirty(n int) imap.UIDSet {
	return v.dirty.Cut(int64(n))
}

// Clean says that the client has been told the flags of uids in another way.
func (v *View) Clean(uids imap.UIDSet) {
	if len(v.dirty) > 0 {
		v.dirty = v.dirty.Minus(uids)
	}
}

// Soil marks the flags of uids as not known to the client: the next flush
// tells them.
func (v *View) Soil(uids imap.UIDSet) {
	v.dirty = v.dirty.Union(v.told.Intersect(uids).Minus(v.held))
}

// tail returns the last n UIDs of s.
func tail(s imap.UIDSet, n int64) imap.UIDSet {
	i := len(s)
	for n > 0 && i > 0 {
		i--
		n -= int64(s[i].Last-s[i].First) + 1
	}
	out := append(imap.UIDSet(nil), s[i:]...)
	if n < 0 {
		out[0].First += imap.UID(-n)
	}
	return out
}
