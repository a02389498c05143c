package main

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"

	"github.com/mailwire/mailwire/imapwire/imap"
	"github.com/mailwire/mailwire/mailbox"
)

// A user is an open account.
type user struct{ *account }

// Delimiter implements [mailbox.User].
func (u user) Delimiter() byte { return delimiter[0] }

// Close implements [mailbox.User].
func (u user) Close() error { return nil }

func (u user) bell() []mailbox.Ring { return []mailbox.Ring{{User: u.name}} }

// Folders implements [mailbox.User].
func (u user) Folders(ctx context.Context) iter.Seq2[mailbox.FolderInfo, error] {
	s := u.state.Load()
	var list []mailbox.FolderInfo
	for name, f := range s.Folders {
		info := mailbox.FolderInfo{Name: name, NoSelect: f == nil, Subscribed: s.Subscribed[name], HasChildren: len(s.tree(name)) > 1}
		if f != nil {
			info.ID, info.Use = f.ID, slices.Clone(f.Use)
		}
		list = append(list, info)
	}
	for name := range s.Subscribed {
		if _, known := s.Folders[name]; !known {
			list = append(list, mailbox.FolderInfo{Name: name, NonExistent: true, Subscribed: true})
		}
	}
	slices.SortFunc(list, func(x, y mailbox.FolderInfo) int {
		switch {
		case x.Name == imap.Inbox:
			return -1
		case y.Name == imap.Inbox:
			return 1
		}
		return strings.Compare(x.Name, y.Name)
	})
	return each(ctx, list, nil)
}

// tree returns name and every name below it.
func (s *state) tree(name string) []string {
	names := []string{name}
	for n := range s.Folders {
		if strings.HasPrefix(n, below(name)) {
			names = append(names, n)
		}
	}
	return names
}

// Open implements [mailbox.User].
func (u user) Open(ctx context.Context, name string) (mailbox.Folder, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	name, f, err := u.state.Load().named(name)
	if err != nil {
		return nil, err
	}
	return &handle{account: u.account, id: f.ID, name: name}, nil
}

// named returns the folder of a name, and the name as it is kept.
func (s *state) named(name string) (string, *folder, error) {
	name, err := canonical(name)
	if err != nil {
		return "", nil, fmt.Errorf("%w: %v", mailbox.ErrNonExistent, err)
	}
	f, known := s.Folders[name]
	switch {
	case !known:
		return "", nil, mailbox.ErrNonExistent
	case f == nil:
		return "", nil, mailbox.ErrNoSelect
	}
	return name, f, nil
}

// Create implements [mailbox.User].
func (u user) Create(ctx context.Context, name string, opt mailbox.CreateOptions) (id mailbox.FolderID, err error) {
	if name, err = canonical(name); err != nil {
		return "", err
	}
	err = u.change(ctx, func(s *state) ([]mailbox.Ring, error) {
		if s.Folders[name] != nil {
			return nil, mailbox.ErrAlreadyExists
		}
		use, err := s.free(opt.Use)
		if err != nil {
			return nil, err
		}
		s.makeParents(name)
		f := s.newFolder(name)
		f.Use, id = use, f.ID
		return u.bell(), nil
	})
	return id, err
}

// makeParents makes folders of the names above name that are missing.
func (s *state) makeParents(name string) {
	if p := parent(name); p != "" {
		if _, known := s.Folders[p]; !known {
			s.makeParents(p)
			s.newFolder(p)
		}
	}
}

// uses are the special uses that a folder can have: not those that are a view of
// other folders (RFC 6154 §2).
var uses = []imap.MailboxAttr{imap.AttrArchive, imap.AttrDrafts, imap.AttrJunk, imap.AttrSent, imap.AttrTrash, imap.AttrImportant}

// free returns special uses, each once, if no folder has one of them.
func (s *state) free(want []imap.MailboxAttr) ([]imap.MailboxAttr, error) {
	var use []imap.MailboxAttr
	for _, w := range want {
		i := slices.IndexFunc(uses, w.Equal)
		if i < 0 {
			return nil, mailbox.ErrUseAttr
		}
		for _, f := range s.Folders {
			if f != nil && slices.Contains(f.Use, uses[i]) {
				return nil, mailbox.ErrUseAttr
			}
		}
		if !slices.Contains(use, uses[i]) {
			use = append(use, uses[i])
		}
	}
	return use, nil
}

// Delete implements [mailbox.User].
func (u user) Delete(ctx context.Context, name string) error {
	name, err := canonical(name)
	if err != nil {
		return fmt.Errorf("%w: %v", mailbox.ErrNonExistent, err)
	}
	return u.change(ctx, func(s *state) ([]mailbox.Ring, error) {
		f, known := s.Folders[name]
		switch {
		case !known:
			return nil, mailbox.ErrNonExistent
		case name == imap.Inbox:
			return nil, mailbox.ErrCannot
		case f == nil:
			return nil, mailbox.ErrHasChildren
		}
		s.note(mailbox.FolderChange{Event: mailbox.FolderDeleted, ID: f.ID, Name: name})
		if s.Folders[name] = nil; len(s.tree(name)) == 1 {
			delete(s.Folders, name)
			s.prune(parent(name))
		}
		return append(u.bell(), mailbox.Ring{User: u.name, Folder: f.ID}), nil
	})
}

// prune removes name, and then the names above it, while they are only parents
// and have no children left.
func (s *state) prune(name string) {
	for ; name != ""; name = parent(name) {
		if f, known := s.Folders[name]; !known || f != nil || len(s.tree(name)) > 1 {
			return
		}
		delete(s.Folders, name)
		s.note(mailbox.FolderChange{Event: mailbox.FolderDeleted, Name: name})
	}
}

// Rename implements [mailbox.User].
func (u user) Rename(ctx context.Context, from, to string) error {
	from, err := canonical(from)
	if err != nil {
		return fmt.Errorf("%w: %v", mailbox.ErrNonExistent, err)
	}
	if to, err = canonical(to); err != nil {
		return err
	}
	return u.change(ctx, func(s *state) ([]mailbox.Ring, error) {
		if _, known := s.Folders[from]; !known {
			return nil, mailbox.ErrNonExistent
		}
		if _, known := s.Folders[to]; known {
			return nil, mailbox.ErrAlreadyExists
		}
		if from == imap.Inbox {
			return u.emptyInbox(s, to)
		}
		if strings.HasPrefix(to, below(from)) {
			return nil, fmt.Errorf("%w: a name below itself", mailbox.ErrCannot)
		}
		names := s.tree(from)
		slices.Sort(names)
		for _, name := range names {
			if _, err := canonical(to + name[len(from):]); err != nil {
				return nil, err
			}
		}
		s.makeParents(to)
		for _, name := range names {
			f := s.Folders[name]
			c := mailbox.FolderChange{Event: mailbox.FolderRenamed, Name: to + name[len(from):], OldName: name}
			if f != nil {
				c.ID = f.ID
			} else {
				// A name without a folder has no identity but itself.
				s.note(mailbox.FolderChange{Event: mailbox.FolderDeleted, Name: name})
			}
			delete(s.Folders, name)
			s.Folders[c.Name] = f
			s.note(c)
		}
		s.prune(parent(from))
		return u.bell(), nil
	})
}

// emptyInbox moves the messages of INBOX to a new folder (RFC 9051 §6.3.6).
func (u user) emptyInbox(s *state, to string) ([]mailbox.Ring, error) {
	s.makeParents(to)
	f, inbox := s.newFolder(to), s.edit(imap.Inbox)
	all := inbox.pick(mailbox.AllUIDs)
	came, err := f.adopt(inbox.copies(all))
	if err != nil {
		return nil, err
	}
	f.add(came, f.ModSeq+1)
	inbox.remove(all, inbox.ModSeq+1)
	return append(u.bell(), mailbox.Ring{User: u.name, Folder: inbox.ID}), nil
}

// Subscribe implements [mailbox.User].
func (u user) Subscribe(ctx context.Context, name string, on bool) error {
	name, err := canonical(name)
	if err != nil {
		return err
	}
	return u.change(ctx, func(s *state) ([]mailbox.Ring, error) {
		if s.Subscribed[name] == on {
			return nil, nil
		}
		c := mailbox.FolderChange{Event: mailbox.FolderSubscribed, Name: name}
		if f := s.Folders[name]; f != nil {
			c.ID = f.ID
		}
		if on {
			s.Subscribed[name] = true
		} else {
			delete(s.Subscribed, name)
			c.Event = mailbox.FolderUnsubscribed
		}
		s.note(c)
		return u.bell(), nil
	})
}

// Changes implements [mailbox.User].
func (u user) Changes(ctx context.Context, since imap.ModSeq) iter.Seq2[mailbox.FolderChange, error] {
	s := u.state.Load()
	var list []mailbox.FolderChange
	switch {
	case since == 0:
		for _, c := range s.List {
			if isGone(c) {
				continue
			}
			if c.Event == mailbox.FolderRenamed {
				c.Event, c.OldName = mailbox.FolderCreated, ""
			}
			list = append(list, c)
		}
		list = append(list, mailbox.FolderChange{ModSeq: s.ListSeq, Event: mailbox.FolderNone})
	case since < s.ListFloor:
		return each[mailbox.FolderChange](ctx, nil, &mailbox.FloorError{Floor: s.ListFloor})
	default:
		for _, c := range s.List {
			if c.ModSeq > since {
				list = append(list, c)
			}
		}
	}
	return each(ctx, list, nil)
}

// each yields values until the context ends, and then the error, if there is one.
func each[T any](ctx context.Context, values []T, err error) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		var none T
		for _, v := range values {
			if err := ctx.Err(); err != nil {
				yield(none, err)
				return
			}
			if !yield(v, nil) {
				return
			}
		}
		if err = errors.Join(err, ctx.Err()); err != nil {
			yield(none, err)
		}
	}
}
