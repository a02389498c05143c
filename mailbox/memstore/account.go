package memstore

import (
	"context"
	"fmt"
	"iter"
	"slices"
	"strings"
	"sync"

	"github.com/mailwire/mailwire/imapwire/imap"
	"github.com/mailwire/mailwire/mailbox"
	"github.com/mailwire/mailwire/quota"
)

// An account is a user's mail. One lock guards all of it, so that a message
// moves, and a quota counts it, in one stroke. The lock is held for work in
// memory only: never while a message is written or parsed, nor while a caller
// looks at what an iterator gave, nor while a bell rings.
type account struct {
	store *Store
	name  string
	// credentials belong to the store's lock.
	credentials

	mu sync.Mutex
	// gone: the user was removed.
	gone bool
	// names has every name, with every parent of every name. Nil is a name
	// that is only a parent. INBOX is always there.
	names map[string]*folder
	// subscriptions are names, whether or not they are in names.
	subscriptions map[string]struct{}
	list          folderLog
	// roots are the quota roots, in the order of the store's policies. The
	// slice is never changed, only replaced: a change that fails leaves the old
	// one.
	roots []quota.Root
	// recounts are those going on.
	recounts map[*recount]struct{}
}

// newAccount returns an account with an empty INBOX.
func newAccount(s *Store, name string) (*account, error) {
	a := &account{
		store:         s,
		name:          name,
		names:         make(map[string]*folder),
		subscriptions: make(map[string]struct{}),
		list:          newFolderLog(s.opt.Limits.Tombstones),
		recounts:      make(map[*recount]struct{}),
	}
	for _, p := range s.policies {
		a.roots = append(a.roots, quota.Root{Name: p.Root, Limits: p.Limits})
	}
	serial, validity, err := s.identify(1)
	if err != nil {
		return nil, err
	}
	a.add(newFolder(a, serial, validity), imap.Inbox)
	for _, sh := range a.names[imap.Inbox].shares {
		a.roots[sh.root].Used = folders(1)
	}
	return a, nil
}

// remove empties the account for good and returns whom to ring.
func (a *account) remove() []mailbox.Ring {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.gone = true
	rings := []mailbox.Ring{{User: a.name}}
	for _, f := range a.names {
		if f != nil {
			f.deleted = true
			rings = append(rings, f.bell())
		}
	}
	return rings
}

// lock takes the account's lock for a call with ctx. On an error it is not
// held.
func (a *account) lock(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	a.mu.Lock()
	if a.gone {
		a.mu.Unlock()
		return mailbox.ErrNonExistent
	}
	return nil
}

// change runs a change of the account under its lock, and rings afterwards for
// what the change returns.
func (a *account) change(ctx context.Context, f func() ([]mailbox.Ring, error)) error {
	if err := a.lock(ctx); err != nil {
		return err
	}
	var due []crossing
	rings, err := func() ([]mailbox.Ring, error) {
		defer a.mu.Unlock()
		before := a.roots
		rings, err := f()
		if err == nil {
			var any bool
			if due, any = a.crossed(before); any {
				rings = append(rings, mailbox.Ring{User: a.name, Quota: true})
			}
		}
		return rings, err
	}()
	if err == nil {
		a.store.ring(rings)
		a.store.warn(a.name, due)
	}
	return err
}

// find returns the folder of a name.
func (a *account) find(name string) (*folder, error) {
	name, err := a.store.opt.Limits.canonical(name)
	if err != nil {
		return nil, fmt.Errorf("%w: %v", mailbox.ErrNonExistent, err)
	}
	f, known := a.names[name]
	switch {
	case !known:
		return nil, mailbox.ErrNonExistent
	case f == nil:
		return nil, mailbox.ErrNoSelect
	}
	return f, nil
}

// parents returns the names above name that are missing, from the top down.
func (a *account) parents(name string) []string {
	var missing []string
	for p := parent(name); p != ""; p = parent(p) {
		if _, known := a.names[p]; known {
			break
		}
		missing = append(missing, p)
	}
	slices.Reverse(missing)
	return missing
}

// make makes the folders names, none of which is a folder. also is what else the
// quota is charged in the same stroke: all of it, or nothing.
func (a *account) make(names []string, also bill) ([]*folder, error) {
	fresh := 0
	for _, n := range names {
		if _, known := a.names[n]; !known {
			fresh++
		}
	}
	if len(a.names)+fresh > a.store.opt.Limits.Folders {
		return nil, fmt.Errorf("%w: more than %d folders", mailbox.ErrLimit, a.store.opt.Limits.Folders)
	}
	var b bill
	for _, n := range names {
		b = append(b, item{name: n, shares: a.shares(n), came: folders(1), enters: true})
	}
	b = append(b, also...)
	roots, err := a.admit(b)
	if err != nil {
		return nil, err
	}
	serial, validity, err := a.store.identify(len(names))
	if err == nil {
		err = a.store.fail("create.commit")
	}
	if err != nil {
		return nil, err
	}
	made := make([]*folder, len(names))
	for i, n := range names {
		made[i] = newFolder(a, serial+uint64(i), validity+uint32(i))
		a.add(made[i], n)
	}
	a.post(b, roots)
	return made, nil
}

// add puts a new folder under a name.
func (a *account) add(f *folder, name string) {
	f.name, f.shares = name, a.shares(name)
	a.names[name] = f
	a.list.folder(mailbox.FolderChange{Event: mailbox.FolderCreated, ID: f.id, Name: name})
}

// tree returns name and every name below it, in order.
func (a *account) tree(name string) []string {
	names := []string{name}
	for n := range a.names {
		if strings.HasPrefix(n, below(name)) {
			names = append(names, n)
		}
	}
	slices.Sort(names)
	return names
}

// prune removes name, and then the names above it, as long as they are only
// parents and have no children left.
func (a *account) prune(name string) {
	for ; name != ""; name = parent(name) {
		if f, known := a.names[name]; !known || f != nil || len(a.tree(name)) > 1 {
			return
		}
		delete(a.names, name)
		a.list.name(mailbox.FolderChange{Event: mailbox.FolderDeleted, Name: name})
	}
}

// A user is an open account.
type user struct{ a *account }

var _ mailbox.User = user{}

// Delimiter implements [mailbox.User].
func (u user) Delimiter() byte { return delimiter }

// Close implements [mailbox.User].
func (u user) Close() error { return nil }

// Open implements [mailbox.User].
func (u user) Open(ctx context.Context, name string) (mailbox.Folder, error) {
	if err := u.a.lock(ctx); err != nil {
		return nil, err
	}
	defer u.a.mu.Unlock()
	f, err := u.a.find(name)
	if err != nil {
		return nil, err
	}
	return handle{f}, nil
}

// Folders implements [mailbox.User].
func (u user) Folders(ctx context.Context) iter.Seq2[mailbox.FolderInfo, error] {
	return func(yield func(mailbox.FolderInfo, error) bool) {
		infos, err := u.a.folders(ctx)
		if err != nil {
			yield(mailbox.FolderInfo{}, err)
			return
		}
		for _, info := range infos {
			if err := ctx.Err(); err != nil {
				yield(mailbox.FolderInfo{}, err)
				return
			}
			if !yield(info, nil) {
				return
			}
		}
	}
}

func (a *account) folders(ctx context.Context) ([]mailbox.FolderInfo, error) {
	if err := a.lock(ctx); err != nil {
		return nil, err
	}
	defer a.mu.Unlock()
	hasChildren := make(map[string]bool)
	infos := make([]mailbox.FolderInfo, 0, len(a.names)+len(a.subscriptions))
	for name, f := range a.names {
		hasChildren[parent(name)] = true
		_, subscribed := a.subscriptions[name]
		info := mailbox.FolderInfo{Name: name, NoSelect: f == nil, Subscribed: subscribed}
		if f != nil {
			info.ID, info.Use = f.id, slices.Clone(f.use)
		}
		infos = append(infos, info)
	}
	for name := range a.subscriptions {
		if _, known := a.names[name]; !known {
			infos = append(infos, mailbox.FolderInfo{Name: name, NonExistent: true, Subscribed: true})
		}
	}
	for i := range infos {
		infos[i].HasChildren = hasChildren[infos[i].Name]
	}
	slices.SortFunc(infos, func(x, y mailbox.FolderInfo) int {
		switch {
		case x.Name == imap.Inbox:
			return -1
		case y.Name == imap.Inbox:
			return 1
		}
		return strings.Compare(x.Name, y.Name)
	})
	return infos, nil
}

// Create implements [mailbox.User]. Uses that would make a folder show the
// messages of others, \All and \Flagged, are [mailbox.ErrUseAttr].
func (u user) Create(ctx context.Context, name string, opt mailbox.CreateOptions) (id mailbox.FolderID, err error) {
	name, err = u.a.store.opt.Limits.canonical(name)
	if err != nil {
		return "", err
	}
	err = u.a.change(ctx, func() (rings []mailbox.Ring, err error) {
		id, err = u.a.create(name, opt.Use)
		return []mailbox.Ring{{User: u.a.name}}, err
	})
	return id, err
}

func (a *account) create(name string, want []imap.MailboxAttr) (mailbox.FolderID, error) {
	if a.names[name] != nil {
		return "", mailbox.ErrAlreadyExists
	}
	use, err := a.free(want)
	if err != nil {
		return "", err
	}
	if err := a.store.fail("create"); err != nil {
		return "", err
	}
	made, err := a.make(append(a.parents(name), name), nil)
	if err != nil {
		return "", err
	}
	f := made[len(made)-1]
	f.use = use
	return f.id, nil
}

// uses are the special uses that a folder can have. Those that RFC 6154 §2
// defines as a view of other folders are not among them.
var uses = [...]imap.MailboxAttr{
	imap.AttrArchive, imap.AttrDrafts, imap.AttrJunk, imap.AttrSent, imap.AttrTrash, imap.AttrImportant,
}

// free returns the special uses wanted, each once and in its usual spelling, or
// [mailbox.ErrUseAttr] when one is not possible or taken.
func (a *account) free(want []imap.MailboxAttr) ([]imap.MailboxAttr, error) {
	var use []imap.MailboxAttr
	for _, w := range want {
		i := slices.IndexFunc(uses[:], w.Equal)
		if i < 0 {
			return nil, fmt.Errorf("%w: %q", mailbox.ErrUseAttr, string(w))
		}
		if !slices.Contains(use, uses[i]) {
			use = append(use, uses[i])
		}
	}
	for name, f := range a.names {
		if f == nil {
			continue
		}
		for _, taken := range f.use {
			if slices.Contains(use, taken) {
				return nil, fmt.Errorf("%w: %q has %s", mailbox.ErrUseAttr, name, string(taken))
			}
		}
	}
	return use, nil
}

// Delete implements [mailbox.User].
func (u user) Delete(ctx context.Context, name string) error {
	name, err := u.a.store.opt.Limits.canonical(name)
	if err != nil {
		return fmt.Errorf("%w: %v", mailbox.ErrNonExistent, err)
	}
	return u.a.change(ctx, func() ([]mailbox.Ring, error) { return u.a.delete(name) })
}

func (a *account) delete(name string) ([]mailbox.Ring, error) {
	f, known := a.names[name]
	switch {
	case !known:
		return nil, mailbox.ErrNonExistent
	case name == imap.Inbox:
		return nil, fmt.Errorf("%w: INBOX can not be deleted", mailbox.ErrCannot)
	case f == nil:
		return nil, mailbox.ErrHasChildren
	}
	if err := a.store.fail("delete"); err != nil {
		return nil, err
	}
	b := bill{{folder: f.id, shares: f.shares, went: f.cost(), leaves: true}}
	roots, err := a.admit(b)
	if err != nil {
		return nil, err
	}
	f.deleted = true
	a.post(b, roots)
	a.names[name] = nil
	a.list.folder(mailbox.FolderChange{Event: mailbox.FolderDeleted, ID: f.id, Name: name})
	if len(a.tree(name)) == 1 {
		// The folder's own change told that the name is gone.
		delete(a.names, name)
		a.prune(parent(name))
	}
	return []mailbox.Ring{{User: a.name}, f.bell()}, nil
}

// Rename implements [mailbox.User].
func (u user) Rename(ctx context.Context, from, to string) error {
	lim := &u.a.store.opt.Limits
	from, err := lim.canonical(from)
	if err != nil {
		return fmt.Errorf("%w: %v", mailbox.ErrNonExistent, err)
	}
	if to, err = lim.canonical(to); err != nil {
		return err
	}
	return u.a.change(ctx, func() ([]mailbox.Ring, error) { return u.a.rename(from, to) })
}

func (a *account) rename(from, to string) ([]mailbox.Ring, error) {
	if _, known := a.names[from]; !known {
		return nil, mailbox.ErrNonExistent
	}
	if _, known := a.names[to]; known {
		return nil, mailbox.ErrAlreadyExists
	}
	if from == imap.Inbox {
		return a.renameInbox(to)
	}
	if strings.HasPrefix(to, below(from)) {
		return nil, fmt.Errorf("%w: a name below itself", mailbox.ErrCannot)
	}
	// A name is in the tree only together with its parents, so that nothing
	// can be in the way of a child.
	names := a.tree(from)
	var b bill
	for _, n := range names {
		now := to + n[len(from):]
		if err := a.store.opt.Limits.check(now); err != nil {
			return nil, err
		}
		f := a.names[n]
		if f == nil {
			continue
		}
		if shares := a.shares(now); !slices.Equal(shares, f.shares) {
			b = append(b, item{folder: f.id, shares: f.shares, went: f.cost(), leaves: true},
				item{folder: f.id, shares: shares, came: f.cost(), enters: true})
		}
	}
	if err := a.store.fail("rename"); err != nil {
		return nil, err
	}
	if _, err := a.make(a.parents(to), b); err != nil {
		return nil, err
	}
	for _, n := range names {
		f := a.names[n]
		delete(a.names, n)
		c := mailbox.FolderChange{Event: mailbox.FolderRenamed, Name: to + n[len(from):], OldName: n}
		a.names[c.Name] = f
		if f == nil {
			a.list.name(c)
			continue
		}
		f.name, f.shares, c.ID = c.Name, a.shares(c.Name), f.id
		a.list.folder(c)
	}
	a.prune(parent(from))
	return []mailbox.Ring{{User: a.name}}, nil
}

// renameInbox moves the messages of INBOX to a new folder (RFC 9051 §6.3.6).
func (a *account) renameInbox(to string) ([]mailbox.Ring, error) {
	if err := a.store.fail("rename"); err != nil {
		return nil, err
	}
	inbox := a.names[imap.Inbox]
	all := inbox.messages
	moved := amounts(all)
	made, err := a.make(append(a.parents(to), to), bill{
		{folder: inbox.id, shares: inbox.shares, went: moved},
		{name: to, shares: a.shares(to), came: moved},
	})
	if err != nil {
		return nil, err
	}
	f := made[len(made)-1]
	came := f.copies(all, a.store.now())
	// A new folder has room for the keywords and the UIDs of an old one.
	f.add(came, f.next())
	inbox.remove(slices.Clone(all), inbox.next())
	return []mailbox.Ring{{User: a.name}, inbox.bell(), f.bell()}, nil
}

// Subscribe implements [mailbox.User].
func (u user) Subscribe(ctx context.Context, name string, on bool) error {
	name, err := u.a.store.opt.Limits.canonical(name)
	if err != nil {
		return err
	}
	return u.a.change(ctx, func() ([]mailbox.Ring, error) { return u.a.subscribe(name, on) })
}

func (a *account) subscribe(name string, on bool) ([]mailbox.Ring, error) {
	if _, is := a.subscriptions[name]; is == on {
		return nil, nil
	}
	if most := a.store.opt.Limits.Subscriptions; on && len(a.subscriptions) >= most {
		return nil, fmt.Errorf("%w: more than %d subscriptions", mailbox.ErrLimit, most)
	}
	if err := a.store.fail("subscribe"); err != nil {
		return nil, err
	}
	c := mailbox.FolderChange{Event: mailbox.FolderSubscribed, Name: name}
	if f := a.names[name]; f != nil {
		c.ID = f.id
	}
	if on {
		a.subscriptions[name] = struct{}{}
	} else {
		delete(a.subscriptions, name)
		c.Event = mailbox.FolderUnsubscribed
	}
	a.list.subscription(c)
	return []mailbox.Ring{{User: a.name}}, nil
}

// Changes implements [mailbox.User].
func (u user) Changes(ctx context.Context, since imap.ModSeq) iter.Seq2[mailbox.FolderChange, error] {
	changes, err := u.a.listChanges(ctx, since)
	return each(ctx, changes, err)
}

func (a *account) listChanges(ctx context.Context, since imap.ModSeq) ([]mailbox.FolderChange, error) {
	if err := a.lock(ctx); err != nil {
		return nil, err
	}
	defer a.mu.Unlock()
	return a.list.since(since)
}

// each yields values that nobody else changes, until the context ends, and
// then the error, if there is one.
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
		if err != nil {
			yield(none, err)
		}
	}
}
