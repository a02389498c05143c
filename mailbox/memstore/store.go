package memstore

import (
	"context"
	"fmt"
	"math"
	"sync"
	"time"

	"github.com/mailwire/mailwire/mailbox"
	"github.com/mailwire/mailwire/quota"
)

// Options say how a [Store] behaves. The zero value is a store without a clock
// and without quotas.
type Options struct {
	// Now tells the time. Without it a message appended without a date has
	// the Unix epoch as its date, and save dates are unknown.
	Now func() time.Time
	// UIDValidity is the first UIDVALIDITY that the store gives; zero is 1.
	// Somebody whose users keep what they know between runs of a program sets
	// it to something that grows from run to run, for instance to the seconds
	// since the Unix epoch.
	UIDValidity uint32
	// AppendLimit is the most octets of a message; zero is no limit.
	AppendLimit uint32
	// Quota are the limits of every user, until [Store.SetQuota] gives others,
	// in one root, "", in which all folders count.
	Quota quota.Limits
	// Roots, when there are any, are the quota roots of every user in place of
	// that one. Names of folders are those of the store. Of two policies for one
	// root the first counts.
	Roots []quota.Policy
	// KeepSecrets makes the store keep passwords as they are, besides their
	// digests, for what needs them (see [mailbox.Secrets]).
	KeepSecrets bool
	// Grace is how far delivery may go above the limits.
	Grace quota.Amounts
	// Warnings are usages at whose crossing a warning is due, the most important
	// first: to the clients of the user, and to Warn.
	Warnings []quota.Threshold
	// Warn, when set, is called after a change by which a user's root crossed
	// one of Warnings. It is called without locks, from any goroutine.
	Warn func(user, root string, t quota.Threshold)
	// MaySetQuota tells whether a user may set the limits of one of the user's
	// own roots. Without it nobody may. It must not call the store.
	MaySetQuota func(user, root string) bool
	// Limits bound what else a user can make the store hold.
	Limits Limits
	// Fail is for tests. It is called at each step of a change with the name
	// of the step (see the list of Steps); an error ends the change there. It
	// is called with locks held and must not call the store.
	Fail func(step string) error
}

// Limits bound what users can make the store hold, besides messages. Zero is
// the default. What is beyond a limit is [mailbox.ErrLimit].
type Limits struct {
	// Name is the most octets of a folder's name. Default 1,024.
	// Names beyond it are [mailbox.ErrCannot].
	Name int
	// Levels is the most levels of a folder's name. Default 32.
	// Names beyond it are [mailbox.ErrCannot].
	Levels int
	// Folders is how many names a user may have. Default 10,000.
	Folders int
	// Subscriptions is how many subscriptions a user may have. Default 10,000.
	Subscriptions int
	// Keywords is how many keywords a folder may know. Default 128, as Cyrus.
	Keywords int
	// Keyword is the most octets of a keyword. Default 255.
	Keyword int
	// Tombstones is how many messages that are gone a folder remembers, and
	// how many changes of what is gone a user's folder list. Beyond it the
	// floor of the history rises. Default 100,000.
	Tombstones int
}

func (l Limits) withDefaults() Limits {
	for _, d := range []struct {
		n   *int
		def int
	}{
		{&l.Name, 1024}, {&l.Levels, 32}, {&l.Folders, 10_000}, {&l.Subscriptions, 10_000},
		{&l.Keywords, 128}, {&l.Keyword, 255}, {&l.Tombstones, 100_000},
	} {
		if *d.n <= 0 {
			*d.n = d.def
		}
	}
	return l
}

// A Store is mail in memory. It is a [mailbox.Store], [mailbox.Watcher] and
// [mailbox.Auth], and safe for concurrent use.
type Store struct {
	opt      Options
	policies []quota.Policy
	// counting is for tests: Recount calls it, without locks, before each
	// folder.
	counting func()
	// batches are buffers for reading many messages.
	batches sync.Pool // of *[batchSize]mailbox.Message

	// mu guards what follows. It is taken after an account's lock, never
	// before one.
	mu       sync.Mutex
	accounts map[string]*account
	validity uint32 // the last UIDVALIDITY given
	folders  uint64 // how many folder IDs have been given
	watchers map[*watcher]struct{}
}

var (
	_ mailbox.Store   = (*Store)(nil)
	_ mailbox.Watcher = (*Store)(nil)
	_ mailbox.Auth    = (*Store)(nil)
	_ mailbox.Secrets = (*Store)(nil)
)

// New returns a store without users.
func New(opt Options) *Store {
	opt.Limits = opt.Limits.withDefaults()
	s := &Store{
		opt:      opt,
		policies: opt.policies(),
		accounts: make(map[string]*account),
		watchers: make(map[*watcher]struct{}),
	}
	if opt.UIDValidity > 0 {
		s.validity = opt.UIDValidity - 1
	}
	return s
}

// AddUser adds a user with an empty INBOX. It returns
// [mailbox.ErrAlreadyExists] when there is one of that name, and
// [mailbox.ErrCannot] for an empty name.
func (s *Store) AddUser(name, password string) error {
	if name == "" {
		return fmt.Errorf("%w: a user without a name", mailbox.ErrCannot)
	}
	a, err := newAccount(s, name)
	if err != nil {
		return err
	}
	a.credentials = s.credentials(password)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.accounts[name] != nil {
		return mailbox.ErrAlreadyExists
	}
	s.accounts[name] = a
	return nil
}

// RemoveUser removes a user with all mail. Sessions that have something of it
// open get [mailbox.ErrNonExistent], as does RemoveUser for an unknown user.
func (s *Store) RemoveUser(name string) error {
	s.mu.Lock()
	a := s.accounts[name]
	delete(s.accounts, name)
	s.mu.Unlock()
	if a == nil {
		return mailbox.ErrNonExistent
	}
	s.ring(a.remove())
	return nil
}

// account returns a user's account, or [mailbox.ErrNonExistent].
func (s *Store) account(name string) (*account, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	a := s.accounts[name]
	if a == nil {
		return nil, mailbox.ErrNonExistent
	}
	return a, nil
}

// User implements [mailbox.Store].
func (s *Store) User(ctx context.Context, name string) (mailbox.User, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	a, err := s.account(name)
	if err != nil {
		return nil, err
	}
	return user{a}, nil
}

// identify returns the identities of n new folders: their IDs are made of
// serial numbers from first on. Neither these nor a UIDVALIDITY is given twice,
// whatever becomes of the folders (RFC 9051 §2.3.1.1).
func (s *Store) identify(n int) (first uint64, validity uint32, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if uint64(n) > math.MaxUint32-uint64(s.validity) {
		return 0, 0, fmt.Errorf("%w: no UIDVALIDITY is left", mailbox.ErrLimit)
	}
	first, validity = s.folders+1, s.validity+1
	s.folders += uint64(n)
	s.validity += uint32(n)
	return first, validity, nil
}

// batch returns a buffer of batches.
func (s *Store) batch() *[batchSize]mailbox.Message {
	if b, ok := s.batches.Get().(*[batchSize]mailbox.Message); ok {
		return b
	}
	return new([batchSize]mailbox.Message)
}

// now returns the time, or zero for a store without a clock.
func (s *Store) now() time.Time {
	if s.opt.Now == nil {
		return time.Time{}
	}
	return s.opt.Now()
}

// fail returns the error that a test wants at a step.
func (s *Store) fail(step string) error {
	if s.opt.Fail == nil {
		return nil
	}
	return s.opt.Fail(step)
}
