package memstore

import (
	"fmt"

	"github.com/mailwire/mailwire/mailbox"
	"github.com/mailwire/mailwire/quota"
)

// Quota returns a user's quota root: its limits and what is used. Unknown users
// are [mailbox.ErrNonExistent].
func (s *Store) Quota(user string) (quota.Root, error) {
	a, err := s.account(user)
	if err != nil {
		return quota.Root{}, err
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.root, nil
}

// SetQuota gives a user other limits. They may be below what is used: then only
// what does not grow is possible. Unknown users are [mailbox.ErrNonExistent].
func (s *Store) SetQuota(user string, limits quota.Limits) error {
	a, err := s.account(user)
	if err != nil {
		return err
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.root.Limits = limits
	return nil
}

// Recount adds up what a user has, message by message, and puts the books right
// should they say otherwise. Unknown users are [mailbox.ErrNonExistent].
func (s *Store) Recount(user string) (quota.Amounts, error) {
	a, err := s.account(user)
	if err != nil {
		return quota.Amounts{}, err
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	var c quota.Recount
	for _, f := range a.names {
		if f != nil {
			c.Count(string(f.id), amounts(f.messages).Plus(folders(1)))
		}
	}
	a.root = c.Finish(a.root)
	return a.root.Used, nil
}

// amounts returns what messages cost.
func amounts(messages []*entry) quota.Amounts {
	var octets int64
	for _, e := range messages {
		octets += e.content.size
	}
	return quota.Of(octets, int64(len(messages)))
}

// folders returns what n folders cost.
func folders(n int) (a quota.Amounts) {
	a[quota.Mailbox] = int64(n)
	return a
}

// reserve promises need to a change, which ends with commit or release.
func (a *account) reserve(need quota.Amounts, t quota.Terms) (quota.Hold, error) {
	root, hold, err := a.root.Reserve(need, t)
	if err != nil {
		return quota.Hold{}, overQuota(err)
	}
	a.root = root
	return hold, nil
}

// enlarge is reserve for a change that holds something already: credit makes
// room once for all of it.
func (a *account) enlarge(hold quota.Hold, more quota.Amounts, t quota.Terms) (quota.Hold, error) {
	root, hold, err := a.root.Release(hold).Reserve(hold.Amounts().Plus(more), t)
	if err != nil {
		return quota.Hold{}, overQuota(err)
	}
	a.root = root
	return hold, nil
}

func overQuota(err error) error { return fmt.Errorf("%w: %w", mailbox.ErrOverQuota, err) }

func (a *account) commit(hold quota.Hold)       { a.root = a.root.Commit(hold) }
func (a *account) release(hold quota.Hold)      { a.root = a.root.Release(hold) }
func (a *account) discharge(gone quota.Amounts) { a.root = a.root.Discharge(gone) }
