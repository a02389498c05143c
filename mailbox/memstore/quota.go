package memstore

import (
	"context"
	"fmt"
	"slices"

	"github.com/mailwire/mailwire/mailbox"
	"github.com/mailwire/mailwire/quota"
)

var (
	_ mailbox.QuotaStore  = (*Store)(nil)
	_ mailbox.QuotaUser   = user{}
	_ mailbox.QuotaFolder = handle{}
)

// policies returns the roots that the options ask for, each name once.
func (o *Options) policies() []quota.Policy {
	if len(o.Roots) == 0 {
		return []quota.Policy{{Limits: o.Quota}}
	}
	var out []quota.Policy
	for _, p := range o.Roots {
		if !slices.ContainsFunc(out, func(q quota.Policy) bool { return q.Root == p.Root }) {
			out = append(out, p)
		}
	}
	return out
}

// QuotaSupport implements [mailbox.QuotaStore].
func (s *Store) QuotaSupport() mailbox.QuotaSupport {
	return mailbox.QuotaSupport{
		Resources: []quota.Resource{quota.Storage, quota.Message, quota.Mailbox},
		Set:       s.opt.MaySetQuota != nil,
		Warnings:  s.opt.Warnings,
	}
}

// Quota returns a user's quota roots: limits and what is used. Unknown users are
// [mailbox.ErrNonExistent].
func (s *Store) Quota(user string) ([]quota.Root, error) {
	a, err := s.account(user)
	if err != nil {
		return nil, err
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	return slices.Clone(a.roots), nil
}

// SetQuota gives a user's root other limits. They may be below what is used:
// then only what does not grow is possible. Unknown users and roots are
// [mailbox.ErrNonExistent].
func (s *Store) SetQuota(user, root string, limits quota.Limits) error {
	a, err := s.account(user)
	if err != nil {
		return err
	}
	_, err = a.setQuota(context.Background(), root, limits)
	return err
}

func (a *account) setQuota(ctx context.Context, root string, limits quota.Limits) (set quota.Root, err error) {
	err = a.change(ctx, func() ([]mailbox.Ring, error) {
		i := a.rootAt(root)
		if i < 0 {
			return nil, fmt.Errorf("%w: no such quota root", mailbox.ErrNonExistent)
		}
		if err := a.store.fail("quota"); err != nil {
			return nil, err
		}
		roots := slices.Clone(a.roots)
		roots[i].Limits = limits
		a.roots, set = roots, roots[i]
		return nil, nil
	})
	return set, err
}

// rootAt returns the index of a root, or -1.
func (a *account) rootAt(name string) int {
	return slices.IndexFunc(a.roots, func(r quota.Root) bool { return r.Name == name })
}

// QuotaRoots implements [mailbox.QuotaUser].
func (u user) QuotaRoots(ctx context.Context, name string) ([]quota.Root, error) {
	name, err := u.a.store.opt.Limits.canonical(name)
	if err != nil {
		return nil, err
	}
	if err := u.a.lock(ctx); err != nil {
		return nil, err
	}
	defer u.a.mu.Unlock()
	return u.a.charged(u.a.shares(name)), nil
}

// QuotaRoot implements [mailbox.QuotaUser].
func (u user) QuotaRoot(ctx context.Context, root string) (quota.Root, error) {
	if err := u.a.lock(ctx); err != nil {
		return quota.Root{}, err
	}
	defer u.a.mu.Unlock()
	i := u.a.rootAt(root)
	if i < 0 {
		return quota.Root{}, fmt.Errorf("%w: no such quota root", mailbox.ErrNonExistent)
	}
	return u.a.roots[i], nil
}

// SetQuota implements [mailbox.QuotaUser].
func (u user) SetQuota(ctx context.Context, root string, limits quota.Limits) (quota.Root, error) {
	if may := u.a.store.opt.MaySetQuota; may == nil || !may(u.a.name, root) {
		return quota.Root{}, fmt.Errorf("%w: to set a quota", mailbox.ErrNoPerm)
	}
	return u.a.setQuota(ctx, root, limits)
}

// QuotaRoots implements [mailbox.QuotaFolder].
func (h handle) QuotaRoots(ctx context.Context) ([]quota.Root, error) {
	if err := h.lock(ctx); err != nil {
		return nil, err
	}
	defer h.f.a.mu.Unlock()
	return h.f.a.charged(h.f.shares), nil
}

// A crossing is a warning that is due.
type crossing struct {
	root      string
	threshold quota.Threshold
}

// crossed returns the warnings that are due since the roots were as in before, and
// whether any soft limit or threshold was crossed, in whatever direction.
func (a *account) crossed(before []quota.Root) (due []crossing, any bool) {
	for i, r := range a.roots {
		b := before[i]
		if b.Used == r.Used && b.Limits == r.Limits {
			continue
		}
		if !slices.Equal(b.OverSoft(), r.OverSoft()) {
			any = true
		}
		if t, is := quota.Crossed(a.store.opt.Warnings, r.Limits, b.Used, r.Used); is {
			due, any = append(due, crossing{r.Name, t}), true
		}
		if _, is := quota.Crossed(a.store.opt.Warnings, r.Limits, r.Used, b.Used); is {
			any = true
		}
	}
	return due, any
}

// warn tells whoever the options name. The caller holds no lock.
func (s *Store) warn(user string, due []crossing) {
	if s.opt.Warn == nil {
		return
	}
	for _, d := range due {
		s.opt.Warn(user, d.root, d.threshold)
	}
}
