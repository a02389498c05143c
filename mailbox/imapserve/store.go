package imapserve

import (
	"context"

	"github.com/mailwire/mailwire/imapwire"
	"github.com/mailwire/mailwire/imapwire/engine"
	"github.com/mailwire/mailwire/imapwire/imap"
	"github.com/mailwire/mailwire/mailbox"
)

var flagOps = map[imapwire.StoreOp]mailbox.FlagOp{
	imapwire.StoreReplace: mailbox.SetFlags,
	imapwire.StoreAdd:     mailbox.AddFlags,
	imapwire.StoreRemove:  mailbox.RemoveFlags,
}

// store answers STORE.
func (s *Session) store(ctx context.Context, id engine.ID, cmd *imapwire.Store) {
	sel := s.selected
	uids, err := sel.view.Resolve(cmd.Set, cmd.UID, sel.saved)
	if err != nil || len(cmd.Modifiers) > 0 {
		s.conn.Done(id, bad("no such messages, or an unknown modifier"))
		return
	}
	if cmd.HasUnchangedSince {
		s.condStore()
	}
	if err := sel.mayStore(cmd); err != nil {
		s.finish(ctx, id, s.condition(err))
		return
	}
	// What others did until now is told as theirs.
	if !s.read(ctx) {
		s.conn.Done(id, s.condition(mailbox.ErrNonExistent))
		return
	}
	res, err := sel.folder.Store(ctx, uids, mailbox.FlagUpdate{
		Op: flagOps[cmd.Op], Flags: cmd.Flags, Keep: keep(sel.rights),
		UnchangedSince: cmd.UnchangedSince, HasUnchangedSince: cmd.HasUnchangedSince,
	})
	if err != nil {
		s.finish(ctx, id, s.condition(err))
		return
	}
	sel.view.Own(res.Before, res.ModSeq, res.Changed)
	done := ok(nil, cmd.Verb()+" completed")
	if gone := held(sel, uids); gone {
		// RFC 2180 §4.2.1: what is gone does not keep the rest from changing.
		done = ok(imapwire.CodeExpungeIssued, "some messages are gone")
	}
	if code := sel.modified(res.Modified, cmd.UID); code != nil {
		done.Code = code
	}
	var tell task
	switch {
	case !cmd.Silent:
		tell = s.tellStored(uids)
	case cmd.HasUnchangedSince:
		// The client needs the modseqs of what passed, and the flags of what
		// did not (RFC 7162 §3.1.3).
		tell = then(s.tellModSeqs(uids.Minus(res.Modified)), s.tellStored(res.Modified))
	case s.modSeqs:
		tell = s.tellModSeqs(res.Changed)
	}
	s.run(ctx, id, then(tell, s.finishing(id, done)))
}

func held(sel *selected, uids imap.UIDSet) bool {
	if sel.view.Held() == 0 {
		return false
	}
	for _, r := range uids {
		for u := r.First; ; u++ {
			if sel.view.IsHeld(u) {
				return true
			}
			if u == r.Last {
				break
			}
		}
	}
	return false
}

// mayStore checks that the session may change at least one of the flags.
func (sel *selected) mayStore(cmd *imapwire.Store) error {
	if sel.readOnly {
		return errReadOnly
	}
	if imap.HasFlag(cmd.Flags, imap.FlagRecent) {
		return mailbox.ErrCannot // RFC 3501 §2.3.2: clients can not alter it
	}
	if cmd.Op == imapwire.StoreReplace || len(cmd.Flags) == 0 {
		if sel.rights&(imap.RightSeen|imap.RightDelete|imap.RightWrite) == 0 {
			return missing(sel.rights)
		}
		return nil
	}
	for _, f := range cmd.Flags {
		if sel.rights.Has(flagRight(f)) {
			return nil
		}
	}
	return missing(sel.rights)
}

// tellStored sends the flags of the messages of a STORE, changed or not.
func (s *Session) tellStored(uids imap.UIDSet) task {
	return (&telling{s: s, left: uids, has: imapwire.HasUID | imapwire.HasFlags | s.unsolicited()}).run
}

// expunge answers EXPUNGE and UID EXPUNGE.
func (s *Session) expunge(ctx context.Context, id engine.ID, cmd *imapwire.Expunge) {
	sel := s.selected
	uids := mailbox.AllUIDs
	if cmd.UID {
		uids, _ = sel.view.Resolve(cmd.Set, true, sel.saved)
	}
	var err error
	switch {
	case sel.readOnly:
		err = errReadOnly
	case !sel.rights.Has(commandRights["EXPUNGE"]):
		err = missing(sel.rights)
	case len(uids) > 0:
		var res mailbox.ExpungeResult
		res, err = sel.folder.Expunge(ctx, uids)
		sel.removed = err == nil && len(res.UIDs) > 0
	}
	s.finishWith(ctx, id, err, cmd.Verb()+" completed")
}

// copy answers COPY and MOVE. Their numbers are resolved before anything else
// is told.
func (s *Session) copy(ctx context.Context, id engine.ID, uid bool, set imap.Set, wire string, move bool) {
	sel := s.selected
	uids, err := sel.view.Resolve(set, uid, sel.saved)
	if err != nil {
		s.conn.Done(id, bad("no such messages"))
		return
	}
	verb := "COPY"
	if move {
		verb = "MOVE"
	}
	res, err := s.copyMessages(ctx, uids, wire, move)
	if err != nil {
		s.finish(ctx, id, s.condition(err))
		return
	}
	var code imapwire.Code
	if len(res.Source) > 0 && s.may(ctx, "FETCH", s.mustName(wire)) == nil {
		code = &imapwire.CodeCopyUID{
			UIDValidity: res.UIDValidity,
			Source:      imap.SetOfUIDs(res.Source), Dest: imap.SetOfUIDs(res.Dest),
		}
	}
	if len(res.Source) > 0 {
		s.grewTo(ctx, s.mustName(wire), move)
	}
	done := ok(code, verb+" completed")
	if move {
		// Before the EXPUNGEs, so that a client can follow what vanishes:
		// RFC 6851 §4.3.
		if code != nil {
			s.conn.Send(untaggedOK(code, "moved"))
		}
		done.Code = nil
		sel.removed = len(res.Source) > 0
	}
	s.finish(ctx, id, done)
}

func (s *Session) mustName(wire string) string {
	name, _ := s.name(wire)
	return name
}

func (s *Session) copyMessages(ctx context.Context, uids imap.UIDSet, wire string, move bool) (mailbox.CopyResult, error) {
	sel := s.selected
	name, err := s.name(wire)
	if err != nil {
		return mailbox.CopyResult{}, tryCreate(err)
	}
	if err := s.may(ctx, "COPY", name); err != nil {
		return mailbox.CopyResult{}, tryCreate(err)
	}
	if !move {
		if len(uids) == 0 {
			return mailbox.CopyResult{}, nil
		}
		res, err := sel.folder.Copy(ctx, uids, name)
		return res, tryCreate(err)
	}
	if sel.readOnly {
		return mailbox.CopyResult{}, errReadOnly
	}
	if !sel.rights.Has(commandRights["MOVE"]) {
		return mailbox.CopyResult{}, missing(sel.rights)
	}
	if len(uids) == 0 {
		return mailbox.CopyResult{}, nil
	}
	res, err := sel.folder.Move(ctx, uids, name)
	return res, tryCreate(err)
}
