package main

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"github.com/mailwire/mailwire/imapwire/imap"
	"github.com/mailwire/mailwire/mailbox"
)

// A store is a directory with one directory for each user.
type store struct {
	dir string
	// careless: do not wait until the disk has what it was given. For tests.
	careless bool

	mu       sync.Mutex
	accounts map[string]*account
	bells    map[*func(mailbox.Ring)]bool
}

func newStore(dir string) *store {
	return &store{dir: dir, accounts: map[string]*account{}, bells: map[*func(mailbox.Ring)]bool{}}
}

// An account is the mail of a user: the state in place, and the lock under which
// it is replaced.
type account struct {
	store *store
	name  string
	dir   string
	mu    sync.Mutex
	state atomic.Pointer[state]
}

const stateFile = "account.json"

// addUser makes an account with an INBOX, unless there is one.
func (s *store) addUser(name string) error {
	dir := filepath.Join(s.dir, url.PathEscape(name))
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	if _, err := os.Stat(filepath.Join(dir, stateFile)); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	a := &account{store: s, name: name, dir: dir}
	// A UIDVALIDITY is never given twice, also when an account is removed and
	// made again: it starts from the clock.
	first := &state{Folders: map[string]*folder{}, Subscribed: map[string]bool{}, Validity: uint32(time.Now().Unix())}
	first.newFolder(imap.Inbox)
	return a.save(first)
}

// User implements [mailbox.Store].
func (s *store) User(ctx context.Context, name string) (mailbox.User, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	a := s.accounts[name]
	if a == nil {
		a = &account{store: s, name: name, dir: filepath.Join(s.dir, url.PathEscape(name))}
		if err := a.load(); err != nil {
			return nil, err
		}
		s.accounts[name] = a
	}
	return user{a}, nil
}

// load reads an account, and removes files that no message has: what a crash
// left of messages on their way.
func (a *account) load() error {
	b, err := os.ReadFile(filepath.Join(a.dir, stateFile))
	if errors.Is(err, fs.ErrNotExist) {
		return mailbox.ErrNonExistent
	} else if err != nil {
		return err
	}
	s := new(state)
	if err := json.Unmarshal(b, s); err != nil {
		return fmt.Errorf("%w: %v", mailbox.ErrCorruption, err)
	}
	a.state.Store(s)
	known := bodies(s)
	files, err := os.ReadDir(a.dir)
	for _, f := range files {
		if name := f.Name(); name != stateFile && !known[name] {
			os.Remove(filepath.Join(a.dir, name))
		}
	}
	return err
}

// bodies are the files that messages have.
func bodies(s *state) map[string]bool {
	known := map[string]bool{}
	for _, f := range s.Folders {
		if f != nil {
			for _, e := range f.Messages {
				known[e.Body] = true
			}
		}
	}
	return known
}

// save writes a state to disk: wholly or not at all.
func (a *account) save(s *state) error {
	b, err := json.Marshal(s)
	if err != nil {
		return err
	}
	temp := filepath.Join(a.dir, rand.Text())
	f, err := os.OpenFile(temp, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(b)
	if err = errors.Join(err, a.finish(f)); err == nil {
		err = os.Rename(temp, filepath.Join(a.dir, stateFile))
	}
	if err != nil {
		os.Remove(temp)
	}
	return err
}

// finish closes a file that was written.
func (a *account) finish(f *os.File) error {
	var err error
	if !a.store.careless {
		err = f.Sync()
	}
	return errors.Join(err, f.Close())
}

// change lets f work on a copy of the state and puts it in place. f returns where
// to ring; nil means that it changed nothing.
func (a *account) change(ctx context.Context, f func(s *state) ([]mailbox.Ring, error)) error {
	rings, err := func() ([]mailbox.Ring, error) {
		a.mu.Lock()
		defer a.mu.Unlock()
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		now := a.state.Load()
		next := now.clone()
		rings, err := f(next)
		if err != nil || rings == nil {
			return nil, err
		}
		if err := a.save(next); err != nil {
			return nil, err
		}
		a.state.Store(next)
		if kept := bodies(next); len(kept) < len(bodies(now)) {
			for body := range bodies(now) {
				if !kept[body] {
					os.Remove(filepath.Join(a.dir, body))
				}
			}
		}
		return rings, nil
	}()
	// Outside of the lock: whoever hears the bell may be slow.
	for _, r := range rings {
		a.store.ring(r)
	}
	return err
}

// Watch implements [mailbox.Watcher].
func (s *store) Watch(ring func(mailbox.Ring)) (stop func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.bells[&ring] = true
	return func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		delete(s.bells, &ring)
	}
}

func (s *store) ring(r mailbox.Ring) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for bell := range s.bells {
		(*bell)(r)
	}
}
