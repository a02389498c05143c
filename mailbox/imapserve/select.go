package imapserve

import (
	"context"

	"github.com/mailwire/mailwire/imapwire"
	"github.com/mailwire/mailwire/imapwire/engine"
	"github.com/mailwire/mailwire/imapwire/imap"
	"github.com/mailwire/mailwire/mailbox"
	"github.com/mailwire/mailwire/mailbox/view"
)

// selected is the folder that a session has open.
type selected struct {
	folder mailbox.Folder
	hub    *hub
	view   *view.View
	// root is the folder as it was read last; its list is the hub's.
	root     mailbox.Snapshot
	readOnly bool
	rights   imap.Rights
	// recent are the messages that are \Recent for this session.
	recent imap.UIDSet
	// recentFlags is room for the flags of one of them.
	recentFlags []imap.Flag
	// saved is the result of the last SEARCH RETURN (SAVE), for "$".
	saved imap.UIDSet
	// known are the keywords the client was told in FLAGS; keywords has them
	// by their folded form, and is nil without any.
	known    []imap.Flag
	keywords map[string]bool
	// quota is what the session has told of each quota root, once quotaSeen.
	quota     []toldQuota
	quotaSeen bool
	// flushing: the changes to tell have been read; some are not told yet.
	flushing bool
	// rung: there may be more by now.
	rung bool
	// toldModSeq: the command in progress told a modseq; removed: it removed
	// messages itself; lowered: the client has been told a HIGHESTMODSEQ below
	// an EXPUNGE that was held.
	toldModSeq, removed, lowered bool
	// heard is the largest modseq of a message that was told; settled the last
	// HIGHESTMODSEQ that was true for the client.
	heard, settled imap.ModSeq
}

// selectMailbox answers SELECT and EXAMINE. Whatever was selected before is not
// any more, also when the new one can not be opened (RFC 9051 §6.3.2).
func (s *Session) selectMailbox(ctx context.Context, id engine.ID, cmd *imapwire.Select) {
	if s.selected != nil {
		s.deselect()
		// RFC 7162 §3.2.11, and RFC 9051 §6.3.2.
		s.conn.Send(untaggedOK(imapwire.CodeClosed, "previous mailbox closed"))
	}
	switch {
	case len(cmd.Params) > 0:
		s.conn.Done(id, bad("unknown parameter"))
		return
	case cmd.QResync != nil && !s.qresync():
		s.conn.Done(id, bad("QRESYNC has not been enabled"))
		return
	case cmd.CondStore:
		s.condStore()
	}
	if err := s.openSelected(ctx, cmd); err != nil {
		s.deselect()
		s.conn.Done(id, s.condition(err))
		return
	}
	s.warnQuota(ctx)
	done := ok(imapwire.CodeReadWrite, cmd.Verb()+" completed")
	if s.selected.readOnly {
		done.Code = imapwire.CodeReadOnly
	}
	var missed task
	if q := cmd.QResync; q != nil && q.UIDValidity == s.selected.view.UIDValidity() {
		known := q.Known
		if known == nil {
			known = mailbox.AllUIDs
		}
		d, err := s.difference(ctx, known, q.ModSeq, q.Match)
		if err != nil {
			s.deselect()
			s.conn.Done(id, s.condition(err))
			return
		}
		missed = s.resync(d, known, q.ModSeq)
	}
	s.run(ctx, id, then(missed, func(context.Context) bool {
		s.conn.Done(id, done)
		return false
	}))
}

// openSelected opens a folder and tells its state.
func (s *Session) openSelected(ctx context.Context, cmd *imapwire.Select) error {
	name, err := s.name(cmd.Mailbox)
	if err != nil {
		return err
	}
	folder, err := s.user.Open(ctx, name)
	if err != nil {
		return err
	}
	sel := &selected{folder: folder, readOnly: cmd.ReadOnly, hub: s.srv.join(folder.ID(), s)}
	s.selected = sel
	if sel.rights, err = rightsOf(ctx, folder); err != nil {
		return err
	}
	if !sel.rights.Has(imap.RightRead) {
		return missing(sel.rights)
	}
	const change = imap.RightSeen | imap.RightWrite | imap.RightDelete | imap.RightInsert | imap.RightExpunge
	if sel.rights&change == 0 {
		sel.readOnly = true // RFC 4314 §5.2
	}
	if sel.readOnly {
		status, err := folder.Status(ctx)
		if err != nil {
			return err
		}
		sel.recent = status.Recent
	} else if sel.recent, err = folder.ClaimRecent(ctx); err != nil {
		return err
	}
	// The counters come first: a message that arrives in between is then in
	// the list and merely not counted as unseen.
	status, err := folder.Status(ctx)
	if err != nil {
		return err
	}
	snap, err := sel.hub.pull(ctx, folder)
	if err != nil {
		return err
	}
	sel.view = view.New(snap)
	sel.settled = snap.ModSeq
	if s.rev2() {
		if err := s.tellName(ctx, folder.ID(), cmd.Mailbox); err != nil {
			return err
		}
	}
	return s.tellSelected(status, snap)
}

// tellName sends the LIST response that IMAP4rev2 has for a mailbox named by a
// command: with OLDNAME when the name is spelled otherwise (RFC 9051 §6.3.2,
// §6.3.9.7).
func (s *Session) tellName(ctx context.Context, id mailbox.FolderID, said string) error {
	for info, err := range s.user.Folders(ctx) {
		if err != nil {
			return err
		}
		if info.ID != id {
			continue
		}
		data := &imapwire.ListData{Attrs: listAttrs(info, true), Delimiter: s.user.Delimiter(), Mailbox: s.wire(info.Name)}
		if said != data.Mailbox {
			data.OldName = said
		}
		return s.conn.Send(data)
	}
	return nil
}

func (s *Session) tellSelected(status mailbox.Status, snap mailbox.Snapshot) error {
	sel := s.selected
	r := []imapwire.Response{
		sel.flagsData(status.Keywords),
		&imapwire.ExistsData{Count: uint32(snap.UIDs.Len())},
	}
	if !s.rev2() {
		r = append(r, &imapwire.RecentData{Count: sel.recentCount()})
		if seq, found := snap.UIDs.Seq(status.FirstUnseen); found {
			r = append(r, untaggedOK(&imapwire.CodeNumber{Name: imapwire.CodeUnseen, Number: uint64(seq)}, "first unseen"))
		}
	}
	r = append(r,
		untaggedOK(&imapwire.CodeNumber{Name: imapwire.CodeUIDValidity, Number: uint64(snap.UIDValidity)}, "UIDs valid"),
		untaggedOK(&imapwire.CodeNumber{Name: imapwire.CodeUIDNext, Number: uint64(max(status.UIDNext, snap.UIDs.Max()+1))}, "predicted next UID"),
		untaggedOK(&imapwire.CodePermanentFlags{Flags: sel.permanentFlags(status)}, "flags permitted"),
		highestModSeq(snap.ModSeq),
	)
	return s.conn.Send(r...)
}

// flagsData returns the FLAGS response and remembers what it tells.
func (sel *selected) flagsData(keywords []imap.Flag) *imapwire.FlagsData {
	sel.known = keywords[:len(keywords):len(keywords)]
	if sel.keywords = nil; len(keywords) > 0 {
		sel.keywords = make(map[string]bool, len(keywords))
	}
	flags := append(imap.SystemFlags(), keywords...)
	for _, k := range keywords {
		sel.keywords[k.Fold()] = true
	}
	return &imapwire.FlagsData{Flags: flags}
}

func (sel *selected) permanentFlags(status mailbox.Status) []imap.Flag {
	if sel.readOnly {
		return nil
	}
	var flags []imap.Flag
	for _, f := range append(imap.SystemFlags(), status.Keywords...) {
		if sel.rights.Has(flagRight(f)) {
			flags = append(flags, f)
		}
	}
	if sel.rights.Has(imap.RightWrite) && !status.KeywordsFull {
		flags = append(flags, imap.FlagWildcard)
	}
	return flags
}

func (sel *selected) recentCount() uint32 {
	if sel.view == nil {
		return uint32(sel.recent.Count())
	}
	return uint32(sel.view.Told().Intersect(sel.recent).Count())
}

// deselect leaves the selected folder, if any. The engine learns of it from
// the command that is answered.
func (s *Session) deselect() {
	sel := s.selected
	if sel == nil {
		return
	}
	s.selected = nil
	s.waiting.Store(nil)
	s.srv.part(sel.hub, s)
	sel.folder.Close()
}

// lost tells the client that the selected folder was deleted by somebody else:
// RFC 9051 lets the session go on without it, RFC 3501 has no word for that.
func (s *Session) lost() {
	s.deselect()
	if s.rev2() {
		s.conn.Send(untaggedOK(imapwire.CodeClosed, "the mailbox was deleted"))
		s.conn.Deselect()
		return
	}
	s.conn.Bye(nil, "the selected mailbox was deleted")
}

// closeMailbox answers CLOSE: messages with \Deleted go without a word.
func (s *Session) closeMailbox(ctx context.Context, id engine.ID) {
	sel := s.selected
	c := ok(nil, "CLOSE completed")
	if !sel.readOnly && sel.rights.Has(imap.RightExpunge) {
		if _, err := sel.folder.Expunge(ctx, mailbox.AllUIDs); err != nil {
			c = s.condition(err)
		}
	}
	if c.Condition == imapwire.OK {
		s.deselect()
	}
	s.conn.Done(id, c)
}

func untaggedOK(code imapwire.Code, text string) *imapwire.StatusResponse {
	return &imapwire.StatusResponse{StatusCondition: ok(code, text)}
}
