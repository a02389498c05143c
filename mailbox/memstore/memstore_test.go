package memstore_test

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/mailwire/mailwire/mailbox"
	"github.com/mailwire/mailwire/mailbox/memstore"
	"github.com/mailwire/mailwire/mailbox/storetest"
)

var start = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

// newStore returns a store with the users of storetest.
func newStore(t testing.TB, opt memstore.Options) *memstore.Store {
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

// TestStore: invariants 39 to 41, 44, 45 and 48 to 52.
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
			AppendLimit: func(t *testing.T, n uint32) mailbox.Store {
				return newStore(t, memstore.Options{AppendLimit: n})
			},
		})
}

var _ rapid.TB
