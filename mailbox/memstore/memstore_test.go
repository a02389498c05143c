package memstore_test

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/mailwire/mailwire/mailbox"
	"github.com/mailwire/mailwire/mailbox/memstore"
	"github.com/mailwire/mailwire/mailbox/storetest"
	"github.com/mailwire/mailwire/quota"
)

var start = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

// newStore returns a store with the users of storetest.
func newStore(t rapid.TB, opt memstore.Options) *memstore.Store {
	t.Helper()
	if opt.Now == nil {
		opt.Now = func() time.Time { return start }
	}
	s := memstore.New(opt)
	for _, name := range []string{storetest.Alice, storetest.Bob} {
		if err := s.AddUser(name, "secret of "+name); err != nil {
			t.Fatal(err)
		}
	}
	return s
}

// TestStore: invariants 39 to 41 and 44 to 53.
func TestStore(t *testing.T) {
	storetest.RunOptions(t,
		func(t *testing.T) mailbox.Store { return newStore(t, memstore.Options{}) },
		storetest.Options{
			Failing: func(t *testing.T, fail func(string) error) mailbox.Store {
				return newStore(t, memstore.Options{Fail: fail})
			},
			Forgetful: func(t *testing.T, n int) mailbox.Store {
				return newStore(t, memstore.Options{Limits: memstore.Limits{Tombstones: n}})
			},
			Quota: func(t *testing.T, octets, messages int64) mailbox.Store {
				s := newStore(t, memstore.Options{})
				if err := s.SetQuota(storetest.Alice, "", limits(octets, messages)); err != nil {
					t.Fatal(err)
				}
				return s
			},
			Roots: func(t rapid.TB, policies []quota.Policy, fail func(string) error) mailbox.Store {
				return newStore(t, memstore.Options{Roots: policies, Fail: fail})
			},
			Usage: func(t rapid.TB, s mailbox.Store, user string) (booked, recount []quota.Root) {
				booked, err := s.(*memstore.Store).Quota(user)
				if err != nil {
					t.Fatalf("Quota: %v", err)
				}
				recount, err = s.(*memstore.Store).Recount(user)
				if err != nil {
					t.Fatalf("Recount: %v", err)
				}
				return booked, recount
			},
			AppendLimit: func(t *testing.T, n uint32) mailbox.Store {
				return newStore(t, memstore.Options{AppendLimit: n})
			},
			Clock: func(t *testing.T) (mailbox.Store, func(time.Duration)) {
				now := start
				s := newStore(t, memstore.Options{Now: func() time.Time { return now }})
				return s, func(d time.Duration) { now = now.Add(d) }
			},
		})
}

// limits returns limits on octets and messages; negative is none.
func limits(octets, messages int64) (l quota.Limits) {
	if octets >= 0 {
		l[quota.Storage] = quota.Hard(octets / quota.Storage.Unit())
	}
	if messages >= 0 {
		l[quota.Message] = quota.Hard(messages)
	}
	return l
}
