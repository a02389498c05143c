package memstore

import (
	"context"
	"time"

	"github.com/mailwire/mailwire/mailbox"
)

// A lease is a folder that somebody holds. The account's lock guards it.
type lease struct {
	h handle
	// until is when it runs out; zero is never, in a store without a clock.
	until time.Time
}

var _ mailbox.LeaseFolder = handle{}

// Lease implements [mailbox.LeaseFolder].
func (h handle) Lease(ctx context.Context, ttl time.Duration) (mailbox.Lease, error) {
	if err := h.lock(ctx); err != nil {
		return nil, err
	}
	defer h.f.a.mu.Unlock()
	now := h.f.a.store.now()
	if held := h.f.lease; held != nil && (held.until.IsZero() || now.Before(held.until)) {
		return nil, mailbox.ErrInUse
	}
	l := &lease{h: h}
	l.extend(now, ttl)
	h.f.lease = l
	return l, nil
}

func (l *lease) extend(now time.Time, ttl time.Duration) {
	if !now.IsZero() {
		l.until = now.Add(ttl)
	}
}

// Renew implements [mailbox.Lease].
func (l *lease) Renew(ctx context.Context, ttl time.Duration) error {
	if err := l.h.lock(ctx); err != nil {
		return err
	}
	f := l.h.f
	defer f.a.mu.Unlock()
	if f.lease != l {
		return mailbox.ErrInUse
	}
	l.extend(f.a.store.now(), ttl)
	return nil
}

// Release implements [mailbox.Lease].
func (l *lease) Release() error {
	f := l.h.f
	f.a.mu.Lock()
	defer f.a.mu.Unlock()
	if f.lease == l {
		f.lease = nil
	}
	return nil
}
