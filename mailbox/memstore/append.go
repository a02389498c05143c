package memstore

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/mailwire/mailwire/imapwire/imap"
	"github.com/mailwire/mailwire/mailbox"
	"github.com/mailwire/mailwire/quota"
)

// An appending is an [mailbox.AppendTx]. Octets are written and parsed without
// the account's lock; what they cost is reserved under it, piece by piece, and
// Commit puts everything into the folder in one stroke.
type appending struct {
	ctx context.Context
	h   handle
	// delivery: from outside, with the grace of the quota.
	delivery bool
	messages []*incoming
	expunge  imap.UIDSet
	// hold is reserved for messages.
	hold hold
	// err is the failure after which only Abort is possible.
	err   error
	ended bool
}

// An incoming is a message of an appending.
type incoming struct {
	flags   []imap.Flag
	date    time.Time
	size    int64 // as announced, -1: not known
	content *content
}

var (
	errEnded = errors.New("memstore: the transaction has ended")
	errIdle  = errors.New("memstore: this message is no longer being written")
)

// Append implements [mailbox.Folder].
func (h handle) Append(ctx context.Context) (mailbox.AppendTx, error) { return h.begin(ctx, false) }

// Deliver implements [mailbox.Deliverer].
func (h handle) Deliver(ctx context.Context) (mailbox.AppendTx, error) { return h.begin(ctx, true) }

func (h handle) begin(ctx context.Context, delivery bool) (mailbox.AppendTx, error) {
	if err := h.lock(ctx); err != nil {
		return nil, err
	}
	defer h.f.a.mu.Unlock()
	return &appending{ctx: ctx, h: h, delivery: delivery}, nil
}

// broken notes the failure of the transaction.
func (x *appending) broken(err error) error {
	if x.err == nil {
		x.err = err
	}
	return x.err
}

// usable reports why the transaction can not go on, if it can not.
func (x *appending) usable() error {
	switch {
	case x.ended:
		return errEnded
	case x.err != nil:
		return x.err
	}
	if err := x.ctx.Err(); err != nil {
		return x.broken(err)
	}
	return nil
}

// Message implements [mailbox.AppendTx].
func (x *appending) Message(size int64, flags []imap.Flag, date time.Time) (io.Writer, error) {
	if err := x.finish(); err != nil {
		return nil, err
	}
	m := &incoming{flags: slices.Clone(flags), date: date, size: max(size, -1), content: new(content)}
	if err := x.grow(m, max(size, 0), 1); err != nil {
		return nil, x.broken(err)
	}
	x.messages = append(x.messages, m)
	return &messageWriter{x, m}, nil
}

// grow reserves room for octets of a message, and, with count 1, for the
// message itself.
func (x *appending) grow(m *incoming, octets, count int64) error {
	f := x.h.f
	s := f.a.store
	if limit := s.opt.AppendLimit; limit > 0 && m.content.size+octets > int64(limit) {
		return fmt.Errorf("%w: the limit is %d octets", mailbox.ErrTooBig, limit)
	}
	if err := x.h.lock(x.ctx); err != nil {
		return err
	}
	defer f.a.mu.Unlock()
	if count > 0 {
		if _, _, err := f.keywords.resolve(m.flags, &s.opt.Limits); err != nil {
			return err
		}
	}
	if err := s.fail("append.reserve"); err != nil {
		return err
	}
	went, _ := f.pick(x.expunge)
	return x.reserve(quota.Of(octets, count), amounts(went))
}

// reserve makes the transaction hold so much more, if credit, which is what it
// will remove as things are now, leaves room for that.
func (x *appending) reserve(more, credit quota.Amounts) error {
	f := x.h.f
	hold, err := f.reserve(x.hold, x.hold.need.Plus(more), credit, quota.Terms{Delivery: x.delivery, Grace: f.a.store.opt.Grace})
	if err != nil {
		return err
	}
	x.hold = hold
	return nil
}

// finish ends the message being written, if there is one.
func (x *appending) finish() error {
	if err := x.usable(); err != nil || len(x.messages) == 0 {
		return err
	}
	m := x.messages[len(x.messages)-1]
	if m.content.index != nil {
		return nil
	}
	if m.size >= 0 && m.content.size != m.size {
		return x.broken(fmt.Errorf("%w: expected %d octets, got %d", mailbox.ErrSize, m.size, m.content.size))
	}
	if err := x.h.f.a.store.fail("append.index"); err != nil {
		return x.broken(err)
	}
	if err := m.content.finish(); err != nil {
		return x.broken(err)
	}
	return nil
}

// A messageWriter takes the octets of a message.
type messageWriter struct {
	x *appending
	m *incoming
}

// Write implements [io.Writer]. p is copied.
func (w *messageWriter) Write(p []byte) (int, error) {
	x, m := w.x, w.m
	if err := x.usable(); err != nil {
		return 0, err
	}
	if m.content.index != nil {
		return 0, errIdle
	}
	left := int64(-1)
	if m.size >= 0 {
		if left = m.size - m.content.size; int64(len(p)) > left {
			return 0, x.broken(fmt.Errorf("%w: more than %d octets", mailbox.ErrSize, m.size))
		}
	} else if err := x.grow(m, int64(len(p)), 0); err != nil {
		return 0, x.broken(err)
	}
	if err := x.h.f.a.store.fail("append.write"); err != nil {
		return 0, x.broken(err)
	}
	m.content.write(p, left)
	return len(p), nil
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
func (x *appending) Commit() (mailbox.AppendResult, error) {
	if err := x.finish(); err != nil {
		x.Abort()
		return mailbox.AppendResult{}, err
	}
	var res mailbox.AppendResult
	err := x.h.change(x.ctx, func() (rings []mailbox.Ring, err error) {
		res, rings, err = x.commit()
		return rings, err
	})
	if err != nil {
		x.Abort()
	}
	return res, err
}

func (x *appending) commit() (mailbox.AppendResult, []mailbox.Ring, error) {
	f := x.h.f
	s := f.a.store
	if err := f.room(len(x.messages)); err != nil {
		return mailbox.AppendResult{}, nil, err
	}
	// The first pass can fail, message by message; the second can not.
	known := f.keywords.clone()
	now := s.now()
	came := make([]*entry, len(x.messages))
	for i, m := range x.messages {
		if err := s.fail("append.message"); err != nil {
			return mailbox.AppendResult{}, nil, err
		}
		flags, fresh, err := known.resolve(m.flags, &s.opt.Limits)
		if err != nil {
			return mailbox.AppendResult{}, nil, err
		}
		known.learn(fresh)
		if m.date.IsZero() {
			if m.date = now; m.date.IsZero() {
				m.date = time.Unix(0, 0).UTC()
			}
		}
		came[i] = newEntry(f.flagLists.share(flags), m.date, now, m.content)
	}
	if err := s.fail("append.commit"); err != nil {
		return mailbox.AppendResult{}, nil, err
	}
	went, _ := f.pick(x.expunge)
	gone := amounts(went)
	if x.hold.credit.Minus(gone) != (quota.Amounts{}) || !slices.Equal(x.hold.shares, f.shares) {
		// Somebody else removed what this transaction counted on, and perhaps
		// used the room; or the folder was renamed, and counts elsewhere.
		if err := x.reserve(quota.Amounts{}, gone); err != nil {
			return mailbox.AppendResult{}, nil, err
		}
	}
	x.ended = true
	f.keywords = known
	f.commit(x.hold, gone)
	res := mailbox.AppendResult{UIDValidity: f.validity, ModSeq: f.modSeq}
	if len(came)+len(went) == 0 {
		return res, nil, nil
	}
	res.ModSeq = f.next()
	f.remove(went, res.ModSeq)
	f.add(came, res.ModSeq)
	res.UIDs = make([]imap.UID, len(came))
	for i, e := range came {
		res.UIDs[i] = e.UID
	}
	return res, []mailbox.Ring{f.bell()}, nil
}

// Abort implements [mailbox.AppendTx].
func (x *appending) Abort() error {
	if x.ended {
		return nil
	}
	x.ended = true
	x.messages = nil
	a := x.h.f.a
	a.mu.Lock()
	defer a.mu.Unlock()
	a.release(x.hold)
	return nil
}
