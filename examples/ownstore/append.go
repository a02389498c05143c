package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/mailwire/mailwire/imapwire/imap"
	"github.com/mailwire/mailwire/mailbox"
	"github.com/mailwire/mailwire/mailbox/message"
)

// maxMessage is the most octets of a message.
const maxMessage = 64 << 20

// An appending adds messages. Their octets go to files of their own at once;
// Commit makes them messages, and Abort removes them.
type appending struct {
	ctx     context.Context
	h       *handle
	came    []entry
	sizes   []int64 // as announced, -1: not known
	file    *os.File
	wire    message.WireCounter
	expunge imap.UIDSet
	ended   bool
	err     error
}

var errEnded = errors.New("ownstore: the transaction has ended")

// Append implements [mailbox.Folder].
func (h *handle) Append(ctx context.Context) (mailbox.AppendTx, error) {
	if _, err := h.look(ctx); err != nil {
		return nil, err
	}
	return &appending{ctx: ctx, h: h}, nil
}

// usable reports why the transaction can not go on, if it can not.
func (x *appending) usable() error {
	if x.ended {
		return errEnded
	}
	if x.err == nil {
		x.err = x.ctx.Err()
	}
	return x.err
}

// Message implements [mailbox.AppendTx].
func (x *appending) Message(size int64, flags []imap.Flag, date time.Time) (io.Writer, error) {
	if err := x.finish(); err != nil {
		return nil, err
	}
	f, err := x.h.look(x.ctx)
	if err == nil {
		// Only to refuse early what Commit would refuse.
		trial := *f
		trial.Keywords = slices.Clone(f.Keywords)
		_, err = trial.learn(flags)
	}
	if err == nil && size > maxMessage {
		err = mailbox.ErrTooBig
	}
	e := entry{Flags: slices.Clone(flags), Date: date, Body: rand.Text()}
	if err == nil {
		x.file, err = os.OpenFile(filepath.Join(x.h.dir, e.Body), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	}
	if err != nil {
		x.err = err
		return nil, err
	}
	x.came, x.sizes, x.wire = append(x.came, e), append(x.sizes, max(size, -1)), message.WireCounter{}
	return &messageWriter{x, len(x.came)}, nil
}

// A messageWriter takes the octets of the n-th message.
type messageWriter struct {
	x *appending
	n int
}

// Write implements [io.Writer].
func (w *messageWriter) Write(p []byte) (int, error) {
	x := w.x
	if err := x.usable(); err != nil {
		return 0, err
	}
	if w.n != len(x.came) || x.file == nil {
		return 0, errEnded
	}
	e, size := &x.came[w.n-1], x.sizes[w.n-1]
	switch all := e.Size + int64(len(p)); {
	case size >= 0 && all > size:
		x.err = fmt.Errorf("%w: more than %d octets", mailbox.ErrSize, size)
	case all > maxMessage:
		x.err = mailbox.ErrTooBig
	}
	if x.err != nil {
		return 0, x.err
	}
	n, err := x.file.Write(p)
	e.Size += int64(n)
	x.wire.Write(p[:n])
	x.err = err
	return n, err
}

// finish ends the message being written, if there is one.
func (x *appending) finish() error {
	if err := x.usable(); err != nil || x.file == nil {
		return err
	}
	i := len(x.came) - 1
	e := &x.came[i]
	x.err = x.h.finish(x.file)
	x.file = nil
	if x.err == nil && x.sizes[i] >= 0 && e.Size != x.sizes[i] {
		x.err = fmt.Errorf("%w: %d octets of %d", mailbox.ErrSize, e.Size, x.sizes[i])
	}
	e.WireSize = x.wire.Size()
	return x.err
}

// Expunge implements [mailbox.AppendTx].
func (x *appending) Expunge(uids imap.UIDSet) error {
	if err := x.finish(); err != nil {
		return err
	}
	x.expunge = x.expunge.Union(uids)
	return nil
}

// Commit implements [mailbox.AppendTx].
func (x *appending) Commit() (res mailbox.AppendResult, err error) {
	defer x.Abort()
	if err := x.finish(); err != nil {
		return res, err
	}
	now := time.Now()
	err = x.h.work(x.ctx, func(_ *state, f *folder) ([]mailbox.Ring, error) {
		if uint64(len(x.came)) > uint64(imap.MaxUID-f.UIDNext) {
			return nil, mailbox.ErrLimit
		}
		came, err := f.adopt(slices.Clone(x.came))
		if err != nil {
			return nil, err
		}
		for i := range came {
			e := &came[i]
			if e.Saved = now; e.Date.IsZero() {
				e.Date = now
			}
		}
		res = mailbox.AppendResult{UIDValidity: f.Validity, ModSeq: f.ModSeq}
		at := f.pick(x.expunge)
		if len(came)+len(at) == 0 {
			return nil, nil
		}
		res.ModSeq++
		f.remove(at, res.ModSeq)
		for _, r := range f.add(came, res.ModSeq) {
			for uid := r.First; uid <= r.Last; uid++ {
				res.UIDs = append(res.UIDs, uid)
			}
		}
		return x.h.bell(), nil
	})
	if err == nil {
		x.ended = true
	}
	return res, err
}

// Abort implements [mailbox.AppendTx].
func (x *appending) Abort() error {
	if x.ended {
		return nil
	}
	x.ended = true
	if x.file != nil {
		x.file.Close()
		x.file = nil
	}
	for _, e := range x.came {
		os.Remove(filepath.Join(x.h.dir, e.Body))
	}
	return nil
}
