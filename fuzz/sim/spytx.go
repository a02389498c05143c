package sim

import (
	"context"
	"errors"
	"io"
	"time"

	"github.com/mailwire/mailwire/imapwire/imap"
	"github.com/mailwire/mailwire/mailbox"
	"github.com/mailwire/mailwire/quota"
)

func (s *spyFolder) Append(ctx context.Context) (mailbox.AppendTx, error) {
	return s.begin(s.Folder.Append(ctx))
}

// Deliver implements [mailbox.Deliverer].
func (s *spyFolder) Deliver(ctx context.Context) (mailbox.AppendTx, error) {
	tx, err := s.begin(s.Folder.(mailbox.Deliverer).Deliver(ctx))
	if err == nil {
		tx.(*spyTx).grace = s.w.grace
	}
	return tx, err
}

func (s *spyFolder) begin(tx mailbox.AppendTx, err error) (mailbox.AppendTx, error) {
	if err == nil {
		err = s.w.fault("append")
		if err != nil {
			tx.Abort()
		}
	}
	if err != nil {
		return nil, err
	}
	s.w.handles++
	t := &spyTx{AppendTx: tx, w: s.w, f: s.f}
	s.f.a.open[t] = struct{}{}
	return t, nil
}

// A spyTx is a transaction, and what was put into it.
type spyTx struct {
	mailbox.AppendTx
	w     *world
	f     *folder
	msgs  []*arriving
	gone  imap.UIDSet
	held  quota.Amounts
	roots []int
	terms int // those of the account when it was reserved
	grace quota.Amounts
	ended bool
}

// An arriving message is one that is not in a folder yet.
type arriving struct {
	flags  []string
	date   time.Time
	octets []byte
	size   int64
}

func (t *spyTx) Message(size int64, flags []imap.Flag, date time.Time) (io.Writer, error) {
	if err := t.w.fault("tx.message"); err != nil {
		return nil, err
	}
	wr, err := t.AppendTx.Message(size, flags, date)
	if err != nil {
		if errors.Is(err, mailbox.ErrOverQuota) {
			t.overQuota(size, err)
		}
		t.w.checkQuota(t.f.a)
		return nil, err
	}
	if date.IsZero() {
		t.w.fail("append", "a message without a date")
	}
	m := &arriving{flags: folded(flags), date: date, size: size}
	t.msgs = append(t.msgs, m)
	t.held = t.held.Plus(quota.Of(size, 1))
	t.roots, t.terms = t.f.a.counted(t.f.name), t.f.a.terms
	t.w.checkQuota(t.f.a)
	return spyWriter{wr, t.w, m}, nil
}

// overQuota sees that a message which was refused does not fit.
func (t *spyTx) overQuota(size int64, err error) {
	a := t.f.a
	for _, i := range a.counted(t.f.name) {
		octets, messages, folders := a.usage(i)
		used := quota.Amounts{}
		used[quota.Storage], used[quota.Message], used[quota.Mailbox] = octets, messages, folders
		for tx := range a.open {
			if contains(tx.roots, i) {
				used = used.Plus(tx.held)
			}
		}
		used = used.Plus(quota.Of(size, 1))
		for _, r := range []quota.Resource{quota.Storage, quota.Message} {
			if lim := a.limits[i][r]; lim.HasHard && used[r] > lim.Hard*r.Unit()+t.grace[r] {
				return
			}
		}
	}
	t.w.fail("51", "a message of %d octets is refused by %q of %s, and would fit: %v", size, t.f.name, a.name, err)
}

type spyWriter struct {
	io.Writer
	w *world
	m *arriving
}

func (s spyWriter) Write(p []byte) (int, error) {
	if err := s.w.fault("tx.write"); err != nil {
		return 0, err
	}
	n, err := s.Writer.Write(p)
	s.m.octets = append(s.m.octets, p[:n]...)
	return n, err
}

func (t *spyTx) Expunge(uids imap.UIDSet) error {
	err := t.AppendTx.Expunge(uids)
	if err == nil {
		t.gone = t.gone.Union(uids)
	}
	return err
}

func (t *spyTx) end() {
	if !t.ended {
		t.ended = true
		t.w.handles--
		delete(t.f.a.open, t)
	}
}

func (t *spyTx) Abort() error {
	t.end()
	err := t.AppendTx.Abort()
	t.w.checkQuota(t.f.a)
	return err
}

func (t *spyTx) Commit() (mailbox.AppendResult, error) {
	if err := t.w.fault("tx.commit"); err != nil {
		return mailbox.AppendResult{}, err
	}
	f := t.f
	res, err := t.AppendTx.Commit()
	t.end()
	if err != nil {
		t.w.checkFolder(f)
		t.w.checkQuota(f.a)
		return res, err
	}
	if res.UIDValidity != f.validity || len(res.UIDs) != len(t.msgs) {
		t.w.fail("48", "a commit of %d messages gave %+v", len(t.msgs), res)
	}
	went := f.pick(t.gone)
	if len(went)+len(t.msgs) > 0 {
		f.advance(t.w, res.ModSeq)
	}
	f.remove(t.gone)
	e := effect{kind: "append", f: f, source: uidsOf(went), uids: t.gone}
	for i, m := range t.msgs {
		c := t.w.contentOf(m.octets)
		if c == nil {
			t.w.fail("append", "%q takes %d octets that nobody sent: %.60q", f.name, len(m.octets), m.octets)
		}
		if int64(len(m.octets)) != m.size {
			t.w.fail("48", "%q takes %d octets of %d announced", f.name, len(m.octets), m.size)
		}
		f.add(t.w, res.UIDs[i], c, m.flags, m.date, res.ModSeq)
		e.got.Add(res.UIDs[i])
		e.msgs = append(e.msgs, f.msgs[len(f.msgs)-1])
	}
	t.w.effect(e)
	t.w.checkFolder(f)
	t.w.checkQuota(f.a)
	held, roots := t.held, t.roots
	// A delivery may have used its grace meanwhile.
	t.w.checkGrowth(f.a, t.w.grace, func(i int) (g quota.Amounts) {
		// What was promised before the limits were lowered is kept.
		if contains(roots, i) && len(went) == 0 && t.terms == f.a.terms {
			return held
		}
		return g
	})
	return res, nil
}
