package pop3serve

import (
	"context"
	"errors"
	"time"

	"github.com/mailwire/mailwire/mailbox"
)

// A lock is the lease on a maildrop of a store that has no leases. It ends with
// the process, and so needs no renewal.
type lock struct {
	s  *Server
	id mailbox.FolderID
}

var _ mailbox.Lease = (*lock)(nil)

// lock takes a maildrop, or returns [mailbox.ErrInUse].
func (s *Server) lock(id mailbox.FolderID) (mailbox.Lease, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.locked[id] != nil {
		return nil, mailbox.ErrInUse
	}
	l := &lock{s, id}
	s.locked[id] = l
	return l, nil
}

// Renew implements [mailbox.Lease].
func (l *lock) Renew(context.Context, time.Duration) error { return nil }

// Release implements [mailbox.Lease].
func (l *lock) Release() error {
	l.s.mu.Lock()
	defer l.s.mu.Unlock()
	if l.s.locked[l.id] == l {
		delete(l.s.locked, l.id)
	}
	return nil
}

// renewed notes that the lease was given, or renewed, now. It is renewed when a
// quarter of its time is over. A client that takes its time then may take half
// of it, Limits.OutputTime, and there is still a quarter left.
func (d *maildrop) renewed(now time.Time) {
	d.renewal, d.ends = now.Add(d.ttl/4), now.Add(d.ttl)
}

// renew renews the lease. An error means that the maildrop may be somebody
// else's.
func (d *maildrop) renew(ctx context.Context, now time.Time) error {
	err := d.lease.Renew(ctx, d.ttl)
	switch {
	case err == nil:
		d.renewed(now)
	case errors.Is(err, mailbox.ErrInUse):
		return errLost
	}
	return err
}

// keep renews the lease when that is due. A session that has lost it ends: by
// now another one counts the messages.
func (s *Session) keep() {
	d := s.drop
	if d == nil || s.now.Before(d.renewal) {
		return
	}
	err := d.renew(d.ctx, s.now)
	switch {
	case err == nil:
		return
	case errors.Is(err, errLost), errors.Is(err, mailbox.ErrNonExistent), !s.now.Before(d.ends):
	default:
		// It is still ours. The store may answer the next time.
		d.renewal = s.now.Add(d.ttl / 16)
		return
	}
	s.leave()
	c := s.condition(err)
	s.conn.Bye(c.Code, c.Text)
}
