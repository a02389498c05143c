package imapserve

import (
	"context"
	"errors"

	"github.com/mailwire/mailwire/imapwire"
	"github.com/mailwire/mailwire/imapwire/imap"
	"github.com/mailwire/mailwire/imapwire/imapserver"
	"github.com/mailwire/mailwire/mailbox"
)

// Messages told in one go before the output is looked at again.
const (
	expungeSlice = 512
	flagSlice    = 128
)

// read brings the view up to the folder. It returns false when the folder is
// gone, and the session knows.
func (s *Session) read(ctx context.Context) bool {
	sel := s.selected
	snap, err := sel.hub.pull(ctx, sel.folder)
	if err == nil && snap.ModSeq != sel.view.Watermark() {
		err = sel.view.Read(sel.hub.changes(ctx, sel.folder, sel.view.Watermark()))
		if floor := (*mailbox.FloorError)(nil); errors.As(err, &floor) {
			sel.view.Resync(snap)
			err = nil
		}
	}
	switch {
	case err == nil && snap.UIDValidity == sel.view.UIDValidity():
		sel.root = snap
		return true
	case err == nil, errors.Is(err, mailbox.ErrNonExistent):
		s.lost()
		return false
	}
	// What could not be read now is read the next time.
	s.condition(err)
	return true
}

// flush is the task that tells what may be told now: what is gone, if that may
// be said, then what came, then which flags changed.
func (s *Session) flush(ctx context.Context) (more bool) {
	sel := s.selected
	if sel == nil {
		return false
	}
	if !sel.flushing {
		sel.rung = false
		if !s.read(ctx) {
			return false
		}
		s.warnQuota(ctx)
		sel.flushing = true
	}
	v := sel.view
	for {
		if s.conn.Full() {
			return true
		}
		if v.Held() > 0 && s.conn.MayExpunge() {
			seqs, uids := v.TakeExpunged(expungeSlice)
			sel.recent = sel.recent.Minus(uids)
			if s.qresync() {
				s.conn.Send(&imapwire.VanishedData{UIDs: uids}) // RFC 7162 §3.2.10
				continue
			}
			r := make([]imapwire.Response, len(seqs))
			data := make([]imapwire.ExpungeData, len(seqs))
			for i, seq := range seqs {
				data[i].Seq = seq
				r[i] = &data[i]
			}
			s.conn.Send(r...)
			continue
		}
		if count, uids, came := v.TakeExists(); came {
			s.tellExists(ctx, count, uids)
			continue
		}
		uids := v.TakeDirty(flagSlice)
		if len(uids) == 0 {
			break
		}
		left, err := s.tellFlags(ctx, uids)
		v.Soil(left)
		if err != nil {
			s.condition(err)
			break
		}
	}
	sel.flushing = false
	if sel.rung {
		return s.flush(ctx)
	}
	// Sessions that know all of the folder hold one list together.
	v.Share(sel.root)
	return false
}

func (s *Session) tellExists(ctx context.Context, count uint32, uids imap.UIDSet) {
	sel := s.selected
	s.conn.Send(&imapwire.ExistsData{Count: count})
	if !sel.readOnly {
		if claimed, err := sel.folder.ClaimRecent(ctx); err == nil {
			sel.recent = sel.recent.Union(claimed)
		}
	} else {
		if status, err := sel.folder.Status(ctx); err == nil {
			sel.recent = sel.recent.Union(status.Recent.Intersect(uids))
		}
	}
	if !s.rev2() {
		s.conn.Send(&imapwire.RecentData{Count: sel.recentCount()})
	}
}

// tellFlags sends the flags of messages as they are now, and returns those for
// which there was no room, or which could not be read.
func (s *Session) tellFlags(ctx context.Context, uids imap.UIDSet) (left imap.UIDSet, err error) {
	return s.tellMessages(ctx, uids, imapwire.HasUID|imapwire.HasFlags|s.unsolicited(), 0)
}

// tellMessages is tellFlags for other fields, and for those of the messages that
// have a modseq above since.
func (s *Session) tellMessages(ctx context.Context, uids imap.UIDSet, has imapwire.FetchHas, since imap.ModSeq) (left imap.UIDSet, err error) {
	sel := s.selected
	told := sel.view.Told().Cursor()
	d := new(imapwire.FetchData)
	for batch, err := range mailbox.Batches(ctx, sel.folder, uids) {
		if err != nil {
			return uids, err
		}
		for i := range batch {
			m := &batch[i]
			if s.conn.Full() {
				return uids.Minus(imap.UIDSet{{First: 1, Last: m.UID - 1}}), nil
			}
			seq, known := told.Seq(m.UID)
			if !known || m.ModSeq <= since {
				continue
			}
			*d = imapwire.FetchData{Num: seq, Has: has, UID: m.UID, ModSeq: m.ModSeq}
			if has&imapwire.HasFlags != 0 {
				s.announceKeywords(m.Flags)
				d.Flags = sel.flags(s, m)
			}
			s.sendFetch(d)
		}
	}
	return nil, nil
}

// telling is a task: it tells fields of many messages, in slices.
type telling struct {
	s *Session
	// part is what is left of the slice at hand, left what follows it.
	part, left imap.UIDSet
	has        imapwire.FetchHas
	since      imap.ModSeq
}

func (t *telling) run(ctx context.Context) bool {
	s, sel := t.s, t.s.selected
	for len(t.part) > 0 || len(t.left) > 0 {
		if s.conn.Full() {
			return true
		}
		if len(t.part) == 0 {
			t.part = t.left.Cut(flagSlice)
		}
		if t.has&imapwire.HasFlags != 0 {
			sel.view.Clean(t.part)
		}
		left, err := s.tellMessages(ctx, t.part, t.has, t.since)
		if err != nil {
			// What could not be told now is told as news.
			sel.view.Soil(left.Union(t.left))
			s.condition(err)
			return false
		}
		t.part = left
	}
	return false
}

// flags returns the flags of a message for this session: with \Recent, if it
// is, and the client knows that flag. They are good until the next call.
func (sel *selected) flags(s *Session, m *mailbox.Message) []imap.Flag {
	if !sel.recent.Contains(m.UID) || s.rev2() {
		return m.Flags
	}
	sel.recentFlags = append(append(sel.recentFlags[:0], m.Flags...), imap.FlagRecent)
	return sel.recentFlags
}

// announceKeywords tells FLAGS anew when a message has a keyword that the
// client was not told of (RFC 9051 §7.3.5).
func (s *Session) announceKeywords(flags []imap.Flag) {
	sel := s.selected
	fresh := false
	for _, f := range flags {
		if !f.IsSystem() && !sel.keywords[f.Fold()] {
			if sel.keywords == nil {
				sel.keywords = make(map[string]bool)
			}
			sel.keywords[f.Fold()] = true
			sel.known = append(sel.known, f)
			fresh = true
		}
	}
	if fresh {
		s.conn.Send(&imapwire.FlagsData{Flags: append(imap.SystemFlags(), sel.known...)})
	}
}

// idleBegin answers IDLE: from now on the session may be told news without a
// command.
func (s *Session) idleBegin(ctx context.Context, ev *imapserver.Idle) {
	s.idle = ev.ID
	if s.onChange != nil {
		s.waiting.Store(&s.onChange)
	}
	// What changed before hubs knew that this session waits.
	s.run(ctx, ev.ID, s.flush)
}

func (s *Session) idleEnd(ctx context.Context, ev *imapserver.IdleDone) {
	s.waiting.Store(nil)
	s.idle = 0
	s.finish(ctx, ev.ID, ok(nil, "IDLE completed"))
}

// Notify sends what may be told now: to a session in IDLE everything that
// changed, to others nothing.
func (s *Session) Notify(ctx context.Context) {
	if s.idle == 0 {
		return
	}
	if s.task != nil {
		// What is being told was read before this.
		if s.selected != nil {
			s.selected.rung = true
		}
		return
	}
	s.run(ctx, s.idle, s.flush)
}
