package imapserve

import (
	"context"

	"github.com/mailwire/mailwire/imapwire"
	"github.com/mailwire/mailwire/imapwire/imap"
	"github.com/mailwire/mailwire/mailbox/view"
)

// condStore makes the session one that is told modseqs, for good. The first time
// it hears where the selected mailbox stands (RFC 7162 §3.1).
func (s *Session) condStore() {
	if s.modSeqs {
		return
	}
	s.modSeqs = true
	if sel := s.selected; sel != nil && sel.view != nil {
		s.conn.Send(highestModSeq(sel.view.HighestModSeq()))
	}
}

// qresync reports whether the client enabled QRESYNC.
func (s *Session) qresync() bool { return s.conn.Enabled(imap.CapQResync) }

func highestModSeq(m imap.ModSeq) *imapwire.StatusResponse {
	return untaggedOK(codeHighestModSeq(m), "modseq")
}

func codeHighestModSeq(m imap.ModSeq) imapwire.Code {
	return &imapwire.CodeNumber{Name: imapwire.CodeHighestModSeq, Number: uint64(m)}
}

// unsolicited returns what a FETCH tells besides what was asked for: a session
// that knows of modseqs gets them, and the UID (RFC 7162 §3.2.4).
func (s *Session) unsolicited() imapwire.FetchHas {
	if s.modSeqs {
		return imapwire.HasUID | imapwire.HasModSeq
	}
	return 0
}

// settleModSeq sees before a tagged response that the client ends with a modseq
// from which it can ask later and miss nothing: while an EXPUNGE is held, or
// something could not be read that has to be told, one below it (RFC 7162 §3.2, §6),
// and the true one as soon as it is told. What a command itself removed is told in
// its OK (§3.2.7): it returns the code of the response.
func (s *Session) settleModSeq(c imapwire.StatusCondition) imapwire.Code {
	sel := s.selected
	if sel == nil || sel.view == nil || !s.modSeqs {
		return c.Code
	}
	m, behind := sel.view.HighestModSeq(), sel.view.Held() > 0
	if sel.view.Pending(false) {
		m, behind = min(m, sel.settled), true
	}
	sel.settled = m
	behind = behind || m < sel.heard
	switch {
	case sel.removed && s.qresync() && c.Code == nil && c.Condition == imapwire.OK:
		c.Code = codeHighestModSeq(m)
		sel.lowered = behind
	case behind && sel.toldModSeq:
		s.conn.Send(highestModSeq(m))
		sel.lowered = true
	case !behind && sel.lowered:
		s.conn.Send(highestModSeq(m))
		sel.lowered = false
	}
	sel.removed, sel.toldModSeq = false, false
	return c.Code
}

// sendFetch sends a FETCH response.
func (s *Session) sendFetch(d *imapwire.FetchData) error {
	if d.Has&imapwire.HasModSeq != 0 {
		s.selected.toldModSeq = true
		s.selected.heard = max(s.selected.heard, d.ModSeq)
	}
	return s.conn.SendFetch(d)
}

// modified returns the code for messages that a conditional STORE left alone; nil
// for none.
func (sel *selected) modified(uids imap.UIDSet, uid bool) imapwire.Code {
	if len(uids) == 0 {
		return nil
	}
	if uid {
		return &imapwire.CodeModified{Set: imap.SetOfUIDs(uids)}
	}
	var s imap.Set
	for u := range uids.All() {
		seq, told := sel.view.Told().Seq(u)
		if !told {
			continue
		}
		if k := len(s.Ranges); k > 0 && s.Ranges[k-1].Last == seq-1 {
			s.Ranges[k-1].Last = seq
		} else {
			s.Ranges = append(s.Ranges, imap.Range{First: seq, Last: seq})
		}
	}
	return &imapwire.CodeModified{Set: s}
}

// tellModSeqs sends the modseqs of messages, without their flags: what a silent
// STORE tells.
func (s *Session) tellModSeqs(uids imap.UIDSet) task {
	return (&telling{s: s, left: uids, has: imapwire.HasUID | imapwire.HasModSeq}).run
}

// resync is the task that tells a client what it missed: VANISHED (EARLIER)
// first, then the flags of what changed (RFC 7162 §3.2.6).
func (s *Session) resync(d view.Difference, known imap.UIDSet, since imap.ModSeq) task {
	if len(d.Vanished) > 0 {
		s.conn.Send(&imapwire.VanishedData{Earlier: true, UIDs: d.Vanished})
	}
	changed := d.Changed
	if d.All {
		changed = s.selected.view.Told().Intersect(known)
	}
	return (&telling{s: s, left: changed, has: imapwire.HasUID | imapwire.HasFlags | imapwire.HasModSeq, since: since}).run
}

// difference returns what became of known, UIDs that the client remembers, since
// a modseq.
func (s *Session) difference(ctx context.Context, known imap.UIDSet, since imap.ModSeq, match *imapwire.SeqMatch) (view.Difference, error) {
	sel := s.selected
	snap, err := sel.folder.Snapshot(ctx)
	if err != nil {
		return view.Difference{}, err
	}
	var pairs func(func(uint32, imap.UID) bool)
	if match != nil {
		pairs = match.All
	}
	return sel.view.Since(sel.folder.Changes(ctx, since), known, snap, pairs)
}
