package view

import (
	"errors"
	"iter"

	"github.com/mailwire/mailwire/imapwire/imap"
	"github.com/mailwire/mailwire/mailbox"
)

// A Difference is what a client that remembers a folder has to be told to know
// what this view knows.
type Difference struct {
	// Vanished are messages that are gone. They are none of the view's, and may
	// be some that the client never knew.
	Vanished imap.UIDSet
	// Changed are messages of the view that came, or whose flags may have
	// changed; nil with All.
	Changed imap.UIDSet
	// All: the history does not reach back far enough to name the changed ones:
	// all messages of the view with a larger modseq are.
	All bool
}

// Since returns what changed in known, UIDs of which a client remembers the
// state at the modseq m: exactly, from what [mailbox.Folder.Changes] yields from
// m on, or, where the history does not reach back to m, by what is not there (RFC
// 7162 §3.2.6). there is the folder at a moment before those changes: what it has is
// not gone, whether or not the client was told of it. A match, which may be nil, yields
// pairs of a number and a UID that the client knows, ascending: what is not there
// up to the last pair that is still true, it knows already (§3.2.5.2).
func (v *View) Since(changes iter.Seq2[mailbox.Change, error], known imap.UIDSet, there mailbox.Snapshot, match iter.Seq2[uint32, imap.UID]) (Difference, error) {
	var d Difference
	for c, err := range changes {
		if floor := (*mailbox.FloorError)(nil); errors.As(err, &floor) {
			return v.sinceUnknown(known, there, match), nil
		}
		if err != nil {
			return d, err
		}
		if !known.Contains(c.UID) {
			continue
		}
		_, told := v.told.Seq(c.UID)
		switch {
		case told:
			// One that is gone by now is told as any other expunge is.
			if c.Kind != mailbox.Expunged {
				d.Changed.Add(c.UID)
			}
		case c.Kind == mailbox.Expunged:
			d.Vanished.Add(c.UID)
		}
	}
	return d, nil
}

func (v *View) sinceUnknown(known imap.UIDSet, there mailbox.Snapshot, match iter.Seq2[uint32, imap.UID]) Difference {
	gone := known.Minus(v.told.Set()).Minus(there.UIDs.Set())
	if match != nil {
		// A pair that is true vouches for all below it; the first that is not
		// ends what the sample shows.
		sure := imap.UID(0)
		for seq, uid := range match {
			if at, told := v.told.Seq(uid); !told || at != seq {
				break
			}
			sure = uid
		}
		if sure > 0 {
			gone = gone.Minus(imap.UIDSet{{First: 1, Last: sure}})
		}
	}
	gone = gone.Minus(imap.UIDSet{{First: max(there.UIDNext, 1), Last: imap.MaxUID}})
	return Difference{Vanished: gone, All: true}
}
