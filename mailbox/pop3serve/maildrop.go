package pop3serve

import (
	"context"
	"strconv"
	"time"

	"github.com/mailwire/mailwire/imapwire/imap"
	"github.com/mailwire/mailwire/mailbox"
	"github.com/mailwire/mailwire/pop3wire"
)

// A maildrop is what a session that is logged in has: the folder, the lock on
// it, and the messages as they were at login. Only marks change.
type maildrop struct {
	user   mailbox.User
	folder mailbox.Folder
	policy Policy

	lease mailbox.Lease
	ttl   time.Duration
	// ctx is that of the login: the lease is renewed on verbs that have none.
	ctx context.Context
	// renewal is when the lease is to be renewed, ends when it has ended as far
	// as this session knows.
	renewal, ends time.Time

	validity uint32
	items    []item // that of message n is items[n-1]
	// What is not marked adds up to.
	count uint32
	size  int64
}

// An item is a message.
type item struct {
	size int64 // on the wire
	uid  imap.UID
	// marked by DELE; taken by RETR; expired at login.
	marked, taken, expired bool
}

// open takes the lock on a user's maildrop and a picture of it.
func (s *Server) open(ctx context.Context, name string, now time.Time, p Policy) (d *maildrop, err error) {
	d = &maildrop{ctx: ctx, policy: p, ttl: s.opt.Lease}
	defer func() {
		if err != nil {
			d.release()
			d = nil
		}
	}()
	if d.user, err = s.store.User(ctx, name); err != nil {
		return d, err
	}
	if d.folder, err = d.user.Open(ctx, imap.Inbox); err != nil {
		return d, err
	}
	if err = d.may(ctx, imap.RightRead); err != nil {
		return d, err
	}
	if f, is := d.folder.(mailbox.LeaseFolder); is {
		d.lease, err = f.Lease(ctx, d.ttl)
	} else {
		d.lease, err = s.lock(d.folder.ID())
	}
	if err != nil {
		return d, err
	}
	d.renewed(now)
	return d, d.load(ctx, now)
}

// load takes the picture. A message that goes while it is taken is not in it.
func (d *maildrop) load(ctx context.Context, now time.Time) error {
	snap, err := d.folder.Snapshot(ctx)
	if err != nil {
		return err
	}
	d.validity = snap.UIDValidity
	d.items = make([]item, 0, snap.UIDs.Len())
	for m, err := range d.folder.Messages(ctx, snap.UIDs.Set()) {
		if err != nil {
			return err
		}
		d.items = append(d.items, item{size: m.WireSize, uid: m.UID, expired: d.policy.expired(m.SaveDate, now)})
		d.count++
		d.size += m.WireSize
	}
	return nil
}

// expired reports whether a message that came at a time has stayed long enough.
func (p Policy) expired(came, now time.Time) bool {
	return p.Expire != nil && p.Expire.Days > 0 && !came.IsZero() && now.Sub(came)/day >= time.Duration(p.Expire.Days)
}

// may returns an error unless the user has rights on the folder (RFC 4314 §4).
func (d *maildrop) may(ctx context.Context, need imap.Rights) error {
	f, is := d.folder.(mailbox.RightsFolder)
	if !is {
		return nil
	}
	have, err := f.Rights(ctx)
	if err == nil && !have.Has(need) {
		err = mailbox.ErrNoPerm
	}
	return err
}

// item returns the message n, or nil when there is none or it is marked.
func (d *maildrop) item(n uint32) *item {
	if n == 0 || int64(n) > int64(len(d.items)) || d.items[n-1].marked {
		return nil
	}
	return &d.items[n-1]
}

var noMessage = pop3wire.Status{Text: "no such message"}

// uniqueID returns the unique-id of a message: together UIDVALIDITY and UID are
// never used again (RFC 9051 §2.3.1.1), and so is what they make.
func (d *maildrop) uniqueID(it *item) string {
	b := strconv.AppendUint(make([]byte, 0, 21), uint64(d.validity), 10)
	return string(strconv.AppendUint(append(b, '.'), uint64(it.uid), 10))
}

// release gives up the lock and the folder. It works whatever is missing.
func (d *maildrop) release() {
	if d.lease != nil {
		// Of an error nothing follows: the lease runs out.
		_ = d.lease.Release()
	}
	if d.folder != nil {
		d.folder.Close()
	}
	if d.user != nil {
		d.user.Close()
	}
}

// leave releases the maildrop, if there is one.
func (s *Session) leave() {
	if d := s.drop; d != nil {
		s.drop = nil
		d.release()
	}
}
