package view

import (
	"iter"

	"github.com/mailwire/mailwire/imapwire/imap"
	"github.com/mailwire/mailwire/mailbox"
)

// A View is what one session knows of a folder. It belongs to the session's
// goroutine.
type View struct {
	told      imap.UIDList
	watermark imap.ModSeq
	validity  uint32

	// held are messages of told that the folder has no more.
	held imap.UIDSet
	// heldFrom is the modseq of the earliest change in held; zero without any.
	heldFrom imap.ModSeq
	// came are messages of the folder that are not in told yet, all above
	// told's largest.
	came imap.UIDSet
	// dirty are messages of told whose flags the client does not know.
	dirty imap.UIDSet
	// own are changes of this session above the watermark, which the client
	// knows from the command that made them.
	own []ownChange
}

type ownChange struct {
	modSeq imap.ModSeq
	uids   imap.UIDSet
}

// New returns the view of a session that has just been told s.
func New(s mailbox.Snapshot) *View {
	return &View{told: s.UIDs, watermark: s.ModSeq, validity: s.UIDValidity}
}

// Told returns the messages the client knows of, in the order of their
// sequence numbers.
func (v *View) Told() imap.UIDList { return v.told }

// UIDValidity returns that of the folder when it was opened.
func (v *View) UIDValidity() uint32 { return v.validity }

// Watermark returns the modseq up to which changes have been read: what to ask
// the folder for next.
func (v *View) Watermark() imap.ModSeq { return v.watermark }

// HighestModSeq returns the modseq that may be reported to the client: with
// it, it can ask for changes later and miss nothing. While an expunge is held
// that is below it (RFC 7162 §3.1.2.2).
func (v *View) HighestModSeq() imap.ModSeq {
	if v.heldFrom != 0 {
		return v.heldFrom - 1
	}
	return v.watermark
}

// Held returns how many messages are gone that the client still has.
func (v *View) Held() int64 { return v.held.Count() }

// IsHeld reports whether a message is gone and the client still has it.
func (v *View) IsHeld(u imap.UID) bool { return v.held.Contains(u) }

// Own tells the view that this session itself changed the flags of uids with
// modseq m, and that the client knows: by the response, or because it asked
// not to be told (.SILENT). before is the modseq of the folder right before: if
// changes up to it have not been read, the state that Changes yields may also
// contain what others did, and is told all the same, as is any later change.
func (v *View) Own(before, m imap.ModSeq, uids imap.UIDSet) {
	if before <= v.watermark && m > v.watermark && len(uids) > 0 {
		v.own = append(v.own, ownChange{m, uids})
	}
}

// Read takes in what [mailbox.Folder.Changes] yields from the watermark on. On
// an error it has taken in what came before. After [*mailbox.FloorError] call
// Resync.
func (v *View) Read(changes iter.Seq2[mailbox.Change, error]) error {
	for c, err := range changes {
		if err != nil {
			return err
		}
		v.read(c)
	}
	v.forgetOwn()
	return nil
}

func (v *View) read(c mailbox.Change) {
	v.watermark = max(v.watermark, c.ModSeq)
	_, told := v.told.Seq(c.UID)
	switch c.Kind {
	case mailbox.Expunged:
		if !told {
			v.came = remove(v.came, c.UID)
			return
		}
		if v.held.Contains(c.UID) {
			return
		}
		v.held.Add(c.UID)
		v.dirty = remove(v.dirty, c.UID)
		if v.heldFrom == 0 || c.ModSeq < v.heldFrom {
			v.heldFrom = c.ModSeq
		}
	case mailbox.Appended, mailbox.FlagsChanged:
		if !told {
			if c.UID > v.told.Max() {
				v.came.Add(c.UID)
			}
			return
		}
		if !v.isOwn(c) {
			v.dirty.Add(c.UID)
		}
	}
}

func remove(s imap.UIDSet, u imap.UID) imap.UIDSet {
	if !s.Contains(u) {
		return s
	}
	return s.Minus(imap.UIDSet{{First: u, Last: u}})
}

func (v *View) isOwn(c mailbox.Change) bool {
	for _, o := range v.own {
		if o.modSeq == c.ModSeq && o.uids.Contains(c.UID) {
			return true
		}
	}
	return false
}

// forgetOwn drops the changes of this session that have been read.
func (v *View) forgetOwn() {
	n := 0
	for _, o := range v.own {
		if o.modSeq > v.watermark {
			v.own[n] = o
			n++
		}
	}
	clear(v.own[n:])
	v.own = v.own[:n]
}

// Share lets the view hold the list of s, which other sessions hold too, in
// place of an equal one of its own. It does nothing while the view differs from
// the folder at that modseq.
func (v *View) Share(s mailbox.Snapshot) {
	if v.watermark == s.ModSeq && len(v.held) == 0 && len(v.came) == 0 && v.told.Len() == s.UIDs.Len() {
		v.told = s.UIDs
	}
}

// Resync takes in a snapshot when the history of the folder does not reach
// back to the watermark. Which flags changed is not known then, so that all of
// them are told again.
func (v *View) Resync(s mailbox.Snapshot) {
	told, now := v.told.Set(), s.UIDs.Set()
	gone := told.Minus(now)
	if fresh := gone.Minus(v.held); len(fresh) > 0 && v.heldFrom == 0 {
		v.heldFrom = v.watermark + 1
	}
	v.held = v.held.Union(gone)
	v.came = now.Minus(told)
	v.dirty = told.Intersect(now)
	v.watermark = max(v.watermark, s.ModSeq)
	v.own = nil
}
