package imapserve

import (
	"context"
	"errors"
	"io"

	"github.com/mailwire/mailwire/imapwire"
	"github.com/mailwire/mailwire/imapwire/engine"
	"github.com/mailwire/mailwire/imapwire/imapserver"
	"github.com/mailwire/mailwire/mailbox"
)

// appending is an APPEND in progress.
type appending struct {
	id     engine.ID
	folder mailbox.Folder
	tx     mailbox.AppendTx
	w      io.Writer
	// err is the first failure after a message was accepted. The rest of the
	// APPEND is then read and dropped.
	err error
}

// appendBegin starts an APPEND. What can be refused is refused before the
// client sends a message.
func (s *Session) appendBegin(ctx context.Context, ev *imapserver.Append) {
	s.abandonAppend()
	name, err := s.name(ev.Mailbox)
	var f mailbox.Folder
	if err == nil {
		f, err = s.user.Open(ctx, name)
	}
	if err != nil {
		s.refuse(ctx, ev.ID, tryCreate(err))
		return
	}
	a := &appending{id: ev.ID, folder: f}
	s.appendTx = a
	have, err := rightsOf(ctx, f)
	if err == nil && !have.Has(commandRights["APPEND"]) {
		err = missing(have)
	}
	if err == nil {
		a.tx, err = f.Append(ctx)
	}
	if err != nil {
		// A folder that must not be seen is answered as one that is not there.
		s.refuse(ctx, ev.ID, tryCreate(err))
	}
}

// errTryCreate is [mailbox.ErrNonExistent] for the target of a message, or
// [mailbox.ErrNoSelect], which CREATE makes a mailbox as well: the client may create
// it and try again (RFC 9051 §6.3.12, §6.4.7).
var errTryCreate = errors.New("imapserve: no such target")

func tryCreate(err error) error {
	if errors.Is(err, mailbox.ErrNonExistent) || errors.Is(err, mailbox.ErrNoSelect) {
		return errTryCreate
	}
	return err
}

// refuse ends an APPEND before or at one of its messages.
func (s *Session) refuse(ctx context.Context, id engine.ID, err error) {
	s.abandonAppend()
	s.conn.Refuse(id, s.condition(err))
}

func (s *Session) appendMessage(ctx context.Context, ev *imapserver.AppendMessage) {
	a := s.appendTx
	if a == nil {
		return // refused already
	}
	if a.err == nil {
		date := ev.Date
		if date.IsZero() {
			date = s.now
		}
		if a.w, a.err = a.tx.Message(ev.Size, ev.Flags, date); a.err != nil {
			s.refuse(ctx, ev.ID, a.err)
			return
		}
	}
	s.conn.Accept(ev.ID)
}

func (s *Session) appendLiteral(ev *imapserver.Literal) {
	a := s.appendTx
	if a == nil || a.err != nil || len(ev.Data) == 0 {
		return
	}
	_, a.err = a.w.Write(ev.Data)
}

func (s *Session) appendCommit(ctx context.Context, ev *imapserver.AppendCommit) {
	a := s.appendTx
	if a == nil {
		s.conn.Done(ev.ID, s.condition(errors.New("imapserve: commit without a transaction")))
		return
	}
	var res mailbox.AppendResult
	err := a.err
	if err == nil {
		res, err = a.tx.Commit()
	}
	var code imapwire.Code
	if err == nil {
		// Only who may read the folder learns UIDs of it: RFC 4315 §3.
		if have, rerr := rightsOf(ctx, a.folder); rerr == nil && have.Has(commandRights["FETCH"]) {
			code = appendUID(res)
		}
	}
	if err == nil {
		s.grew(ctx, a.folder)
	}
	s.abandonAppend()
	if err != nil {
		s.finish(ctx, ev.ID, s.condition(tryCreate(err)))
		return
	}
	s.finish(ctx, ev.ID, ok(code, "APPEND completed"))
}

func appendUID(res mailbox.AppendResult) imapwire.Code {
	c := &imapwire.CodeAppendUID{UIDValidity: res.UIDValidity}
	for _, u := range res.UIDs {
		c.UIDs.Add(u)
	}
	return c
}

// abandonAppend undoes an APPEND that was not committed.
func (s *Session) abandonAppend() {
	a := s.appendTx
	if a == nil {
		return
	}
	s.appendTx = nil
	if a.tx != nil {
		a.tx.Abort()
	}
	a.folder.Close()
}
