package memstore

import (
	"slices"

	"github.com/mailwire/mailwire/quota"
)

// A recount counts the roots of an account anew, a folder at a time, while the
// account is in use. The account's lock guards it.
type recount struct{ roots []quota.Recount }

// count adds a folder, unless it has been counted.
func (c *recount) count(f *folder) {
	has := amounts(f.messages).Plus(folders(1))
	for _, sh := range f.shares {
		c.roots[sh.root].Count(string(f.id), has)
	}
}

// tell tells what happened to a folder.
func (c *recount) tell(it item) {
	for _, sh := range it.shares {
		r := &c.roots[sh.root]
		switch {
		case it.leaves:
			r.Drop(string(it.folder), it.went)
		case it.enters:
			r.Count(string(it.folder), it.came)
		default:
			r.Change(string(it.folder), it.came, it.went)
		}
	}
}

// Recount adds up what a user has, message by message, and puts the books right
// should they say otherwise. The user need not wait: folders are counted one by
// one, and what changes in between is reckoned with. It returns the roots as
// they are in the end. Unknown users are [mailbox.ErrNonExistent].
func (s *Store) Recount(user string) ([]quota.Root, error) {
	a, err := s.account(user)
	if err != nil {
		return nil, err
	}
	c := &recount{roots: make([]quota.Recount, len(s.policies))}
	for _, f := range a.start(c) {
		if s.counting != nil {
			s.counting()
		}
		a.mu.Lock()
		if !f.deleted {
			c.count(f)
		}
		a.mu.Unlock()
	}
	return a.finish(c), nil
}

// start begins a recount and returns the folders to count. Those that come later
// are counted when they come.
func (a *account) start(c *recount) (all []*folder) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.recounts[c] = struct{}{}
	for _, f := range a.names {
		if f != nil {
			all = append(all, f)
		}
	}
	return all
}

// finish ends a recount of all folders and returns the roots.
func (a *account) finish(c *recount) []quota.Root {
	a.mu.Lock()
	defer a.mu.Unlock()
	delete(a.recounts, c)
	roots := slices.Clone(a.roots)
	for i := range roots {
		roots[i] = c.roots[i].Finish(roots[i])
	}
	a.roots = roots
	return slices.Clone(roots)
}
