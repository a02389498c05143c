package imapserve

import (
	"context"
	"math"
	"slices"
	"strings"

	"github.com/mailwire/mailwire/imapwire"
	"github.com/mailwire/mailwire/imapwire/engine"
	"github.com/mailwire/mailwire/mailbox"
	"github.com/mailwire/mailwire/quota"
)

// create answers CREATE. A delimiter at the end announces children and is not
// part of the name (RFC 9051 §6.3.4).
func (s *Session) create(ctx context.Context, id engine.ID, cmd *imapwire.Create) {
	if len(cmd.Params) > 0 {
		s.conn.Done(id, bad("unknown parameter"))
		return
	}
	err := s.createMailbox(ctx, cmd)
	s.finishWith(ctx, id, err, "CREATE completed")
}

func (s *Session) createMailbox(ctx context.Context, cmd *imapwire.Create) error {
	name, err := s.newName(cmd.Mailbox)
	if err != nil {
		return err
	}
	delim := s.user.Delimiter()
	name = strings.TrimSuffix(name, string(rune(delim)))
	if i := strings.LastIndexByte(name, delim); i > 0 {
		if err := s.may(ctx, "CREATE", name[:i]); err != nil {
			return err
		}
	}
	folder, err := s.user.Create(ctx, name, mailbox.CreateOptions{Use: cmd.Use})
	if err != nil || !s.rev2() {
		return err
	}
	// The store may have spelled the name otherwise (RFC 9051 §6.3.4).
	for info, err := range s.user.Folders(ctx) {
		if err != nil {
			return err
		}
		if info.ID == folder && info.Name != name {
			return s.tellName(ctx, folder, cmd.Mailbox)
		}
	}
	return nil
}

// delete answers DELETE.
func (s *Session) delete(ctx context.Context, id engine.ID, cmd *imapwire.Delete) {
	name, err := s.name(cmd.Mailbox)
	if err == nil {
		err = s.may(ctx, "DELETE", name)
	}
	if err == nil {
		err = s.user.Delete(ctx, name)
	}
	s.finishWith(ctx, id, err, "DELETE completed")
}

// rename answers RENAME.
func (s *Session) rename(ctx context.Context, id engine.ID, cmd *imapwire.Rename) {
	if len(cmd.Params) > 0 {
		s.conn.Done(id, bad("unknown parameter"))
		return
	}
	err := s.renameMailbox(ctx, cmd)
	s.finishWith(ctx, id, err, "RENAME completed")
}

func (s *Session) renameMailbox(ctx context.Context, cmd *imapwire.Rename) error {
	from, err := s.name(cmd.From)
	if err != nil {
		return err
	}
	to, err := s.newName(cmd.To)
	if err != nil {
		return err
	}
	if err := s.may(ctx, "RENAME", from); err != nil {
		return err
	}
	if i := strings.LastIndexByte(to, s.user.Delimiter()); i > 0 {
		if err := s.may(ctx, "CREATE", to[:i]); err != nil {
			return err
		}
	}
	return s.user.Rename(ctx, from, to)
}

// subscribe answers SUBSCRIBE and UNSUBSCRIBE. The name need not exist
// (RFC 9051 §6.3.7).
func (s *Session) subscribe(ctx context.Context, id engine.ID, wire string, on bool) {
	name, err := s.newName(wire)
	if err == nil {
		err = s.user.Subscribe(ctx, name, on)
	}
	text := "SUBSCRIBE completed"
	if !on {
		text = "UNSUBSCRIBE completed"
	}
	s.finishWith(ctx, id, err, text)
}

// finishWith ends a command with OK, or with what err says.
func (s *Session) finishWith(ctx context.Context, id engine.ID, err error, done string) {
	c := ok(nil, done)
	if err != nil {
		c = s.condition(err)
	}
	s.finish(ctx, id, c)
}

// status answers STATUS.
func (s *Session) status(ctx context.Context, id engine.ID, cmd *imapwire.Status) {
	data, err := s.statusData(ctx, cmd)
	if err == nil && data == nil {
		s.conn.Done(id, bad("unknown status item"))
		return
	}
	if err == nil {
		s.conn.Send(data)
	}
	s.finishWith(ctx, id, err, "STATUS completed")
}

// statusData returns nil without an error when an item is not known.
func (s *Session) statusData(ctx context.Context, cmd *imapwire.Status) (*imapwire.StatusData, error) {
	for _, item := range cmd.Items {
		if !s.knowsStatus(item) {
			return nil, nil
		}
	}
	name, err := s.name(cmd.Mailbox)
	if err != nil {
		return nil, err
	}
	data, err := s.statusOf(ctx, name, cmd.Items)
	if err == nil {
		data.Mailbox = cmd.Mailbox
	}
	return data, err
}

// knowsStatus reports whether a status item is one. RECENT is not in IMAP4rev2,
// and DELETED-STORAGE comes with QUOTA=RES-STORAGE.
func (s *Session) knowsStatus(item imapwire.StatusItem) bool {
	_, known := statusItems[item]
	switch item {
	case imapwire.StatusRecent:
		return !s.rev2()
	case imapwire.StatusDeletedStorage:
		return slices.Contains(s.srv.quota.Resources, quota.Storage)
	}
	return known
}

// statusOf returns the status of a mailbox, all of whose items are known.
func (s *Session) statusOf(ctx context.Context, name string, items []imapwire.StatusItem) (*imapwire.StatusData, error) {
	f, err := s.user.Open(ctx, name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	have, err := rightsOf(ctx, f)
	if err != nil {
		return nil, err
	}
	if !have.Has(commandRights["STATUS"]) {
		return nil, missing(have)
	}
	st, err := f.Status(ctx)
	if err != nil {
		return nil, err
	}
	st.AppendLimit = s.appendLimit(st)
	if slices.Contains(items, imapwire.StatusHighestModSeq) {
		s.condStore()
		if sel := s.selected; sel != nil && sel.folder.ID() == f.ID() {
			// What the session has not been told of its own mailbox is not
			// behind it.
			st.ModSeq = min(st.ModSeq, sel.view.HighestModSeq())
		}
	}
	data := &imapwire.StatusData{}
	for _, item := range items {
		data.Values = append(data.Values, imapwire.StatusValue{Item: item, Number: statusItems[item](st)})
	}
	return data, nil
}

// appendLimit returns the most octets of a message that a folder takes: that of
// the store, or that of the protocol engine (RFC 7889 §3).
func (s *Session) appendLimit(st mailbox.Status) uint32 {
	limit := uint32(min(s.srv.appendMax, math.MaxUint32))
	if st.AppendLimit != 0 {
		limit = min(limit, st.AppendLimit)
	}
	return limit
}

// statusItems are the items of STATUS: RFC 3501 §6.3.10, DELETED of RFC 9051
// §6.3.11, SIZE of RFC 8438, APPENDLIMIT of RFC 7889 and DELETED-STORAGE of
// RFC 9208 §4.1.4, which is octets.
var statusItems = map[imapwire.StatusItem]func(mailbox.Status) int64{
	imapwire.StatusMessages:    func(st mailbox.Status) int64 { return st.Messages },
	imapwire.StatusRecent:      func(st mailbox.Status) int64 { return st.Recent.Count() },
	imapwire.StatusUIDNext:     func(st mailbox.Status) int64 { return int64(st.UIDNext) },
	imapwire.StatusUIDValidity: func(st mailbox.Status) int64 { return int64(st.UIDValidity) },
	imapwire.StatusUnseen:      func(st mailbox.Status) int64 { return st.Unseen },
	imapwire.StatusDeleted:     func(st mailbox.Status) int64 { return st.Deleted },
	imapwire.StatusSize:        func(st mailbox.Status) int64 { return st.Size },
	// RFC 7162 §3.1.7.
	imapwire.StatusHighestModSeq: func(st mailbox.Status) int64 { return int64(st.ModSeq) },
	imapwire.StatusAppendLimit:   func(st mailbox.Status) int64 { return int64(st.AppendLimit) },

	imapwire.StatusDeletedStorage: func(st mailbox.Status) int64 { return st.DeletedSize },
}

// namespace answers NAMESPACE: one personal namespace without a prefix.
func (s *Session) namespace(ctx context.Context, id engine.ID) {
	s.conn.Send(&imapwire.NamespaceData{
		Personal: []imapwire.NamespaceEntry{{Prefix: "", Delimiter: s.user.Delimiter()}},
	})
	s.finish(ctx, id, ok(nil, "NAMESPACE completed"))
}
