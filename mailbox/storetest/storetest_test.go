package storetest_test

import (
	"context"
	"iter"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/mailwire/mailwire/imapwire/imap"
	"github.com/mailwire/mailwire/mailbox"
	"github.com/mailwire/mailwire/mailbox/memstore"
	"github.com/mailwire/mailwire/mailbox/storetest"
	"github.com/mailwire/mailwire/quota"
)

// A mutant is a store with one fault.
type mutant struct {
	// run is which tests of the kit look for it, caught the one that has to
	// find it.
	run, caught string
	folder      func(mailbox.Folder) mailbox.Folder
	user        func(mailbox.User) mailbox.User
	store       func(*memstore.Store) mailbox.Store
	options     func(*storetest.Options)
}

// bent is a memstore with a fault.
type bent struct {
	*memstore.Store
	m mutant
}

func (s bent) User(ctx context.Context, name string) (mailbox.User, error) {
	u, err := s.Store.User(ctx, name)
	if err != nil || s.m.user == nil && s.m.folder == nil {
		return u, err
	}
	u = bentUser{u, s.m}
	if s.m.user != nil {
		u = s.m.user(u)
	}
	return u, nil
}

type bentUser struct {
	mailbox.User
	m mutant
}

func (u bentUser) Open(ctx context.Context, name string) (mailbox.Folder, error) {
	f, err := u.User.Open(ctx, name)
	if err != nil || u.m.folder == nil {
		return f, err
	}
	return u.m.folder(f), nil
}

func newMemstore(opt memstore.Options) *memstore.Store {
	s := memstore.New(opt)
	for _, name := range []string{storetest.Alice, storetest.Bob} {
		if err := s.AddUser(name, ""); err != nil {
			panic(err)
		}
	}
	return s
}

func newStore(m mutant, opt memstore.Options) mailbox.Store {
	s := newMemstore(opt)
	if m.store != nil {
		return m.store(s)
	}
	return bent{s, m}
}

// TestKit runs the kit on the mutant that the environment names, or without one
// on a store that is as it should be. TestMutants calls it.
func TestKit(t *testing.T) {
	m := mutants[os.Getenv("STORETEST_MUTANT")]
	opt := storetest.Options{
		Quota: func(t *testing.T, octets, messages int64) mailbox.Store {
			var lim quota.Limits
			if octets >= 0 {
				lim[quota.Storage] = quota.Hard(octets / 1024)
			}
			if messages >= 0 {
				lim[quota.Message] = quota.Hard(messages)
			}
			s := newStore(m, memstore.Options{})
			if err := s.(bent).SetQuota(storetest.Alice, "", lim); err != nil {
				t.Fatal(err)
			}
			return s
		},
		Usage: func(t rapid.TB, s mailbox.Store, user string) (booked, recount []quota.Root) {
			b, is := s.(bent)
			if !is {
				t.Fatalf("%T has no books", s)
			}
			roots, err := b.Quota(user)
			if err != nil {
				t.Fatal(err)
			}
			return roots, roots
		},
		Roots: func(t rapid.TB, policies []quota.Policy, fail func(string) error) mailbox.Store {
			return bent{newMemstore(memstore.Options{Roots: policies, Fail: fail}), mutant{}}
		},
		Failing: func(t *testing.T, fail func(string) error) mailbox.Store {
			return newStore(m, memstore.Options{Fail: fail})
		},
		Forgetful: func(t *testing.T, n int) mailbox.Store {
			return newStore(m, memstore.Options{Limits: memstore.Limits{Tombstones: n}})
		},
		AppendLimit: func(t *testing.T, n uint32) mailbox.Store {
			return newStore(m, memstore.Options{AppendLimit: n})
		},
		Clock: func(*testing.T) (mailbox.Store, func(time.Duration)) {
			now := time.Unix(0, 0)
			s := newStore(m, memstore.Options{Now: func() time.Time { return now }})
			return s, func(d time.Duration) { now = now.Add(d) }
		},
	}
	if m.store != nil {
		opt = storetest.Options{}
	}
	if m.options != nil {
		m.options(&opt)
	}
	storetest.RunOptions(t, func(*testing.T) mailbox.Store { return newStore(m, memstore.Options{}) }, opt)
}

// TestMutants: the kit finds every fault, and where it says so.
func TestMutants(t *testing.T) {
	for name, m := range mutants {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cmd := exec.Command(os.Args[0], "-test.run=^TestKit$/"+m.run, "-test.timeout=1m", "-rapid.nofailfile", "-rapid.shrinktime=1ms")
			cmd.Env = append(os.Environ(), "STORETEST_MUTANT="+name)
			out, err := cmd.CombinedOutput()
			if err == nil {
				t.Fatalf("the kit passes it\n%s", out)
			}
			if want := "--- FAIL: TestKit/" + m.caught; !strings.Contains(string(out), want) {
				t.Errorf("%q is not in\n%.2000s", want, out)
			}
		})
	}
}

// The parts of faulty stores. Each is a folder, or what a folder gives.

type spaceBody struct{ mailbox.Body }

func (b spaceBody) ReadAt(p []byte, off int64) (int, error) {
	n, err := b.Body.ReadAt(p, off)
	for i, c := range p[:n] {
		if c == 0 {
			p[i] = ' '
		}
	}
	return n, err
}

type noNUL struct{ mailbox.Folder }

func (f noNUL) Body(ctx context.Context, uid imap.UID) (mailbox.Body, error) {
	b, err := f.Folder.Body(ctx, uid)
	if err != nil {
		return nil, err
	}
	return spaceBody{b}, nil
}

// messagesOf changes what Messages yields.
type messagesOf struct {
	mailbox.Folder
	change func(*mailbox.Message)
}

func (f messagesOf) Messages(ctx context.Context, uids imap.UIDSet) iter.Seq2[mailbox.Message, error] {
	return func(yield func(mailbox.Message, error) bool) {
		for m, err := range f.Folder.Messages(ctx, uids) {
			f.change(&m)
			if !yield(m, err) {
				return
			}
		}
	}
}

// batchesOf changes what Batches yields.
type batchesOf struct {
	mailbox.BatchFolder
	change func([]mailbox.Message) []mailbox.Message
}

func (f batchesOf) Batches(ctx context.Context, uids imap.UIDSet) iter.Seq2[[]mailbox.Message, error] {
	return func(yield func([]mailbox.Message, error) bool) {
		for batch, err := range f.BatchFolder.Batches(ctx, uids) {
			if !yield(f.change(batch), err) {
				return
			}
		}
	}
}

// changesOf changes what Changes is asked, and what it yields.
type changesOf struct {
	mailbox.Folder
	since  func(imap.ModSeq) imap.ModSeq
	change func(c *mailbox.Change) (keep bool)
}

func (f changesOf) Changes(ctx context.Context, since imap.ModSeq) iter.Seq2[mailbox.Change, error] {
	if f.since != nil {
		since = f.since(since)
	}
	seq := f.Folder.Changes(ctx, since)
	return func(yield func(mailbox.Change, error) bool) {
		for c, err := range seq {
			if err == nil && f.change != nil && !f.change(&c) {
				continue
			}
			if !yield(c, err) {
				return
			}
		}
	}
}

type lazyChanges struct{ mailbox.Folder }

func (f lazyChanges) Changes(ctx context.Context, since imap.ModSeq) iter.Seq2[mailbox.Change, error] {
	return func(yield func(mailbox.Change, error) bool) { f.Folder.Changes(ctx, since)(yield) }
}

type neverClaims struct{ mailbox.Folder }

func (f neverClaims) ClaimRecent(ctx context.Context) (imap.UIDSet, error) {
	st, err := f.Status(ctx)
	return st.Recent, err
}

type copiesWhatIs struct{ mailbox.Folder }

func (f copiesWhatIs) Copy(ctx context.Context, uids imap.UIDSet, to string) (mailbox.CopyResult, error) {
	s, err := f.Snapshot(ctx)
	if err != nil {
		return mailbox.CopyResult{}, err
	}
	return f.Folder.Copy(ctx, s.UIDs.Intersect(uids), to)
}

type moveIsCopy struct{ mailbox.Folder }

func (f moveIsCopy) Move(ctx context.Context, uids imap.UIDSet, to string) (mailbox.CopyResult, error) {
	return copiesWhatIs(f).Copy(ctx, uids, to)
}

type expungesAll struct{ mailbox.Folder }

func (f expungesAll) Expunge(ctx context.Context, _ imap.UIDSet) (mailbox.ExpungeResult, error) {
	return f.Folder.Expunge(ctx, mailbox.AllUIDs)
}

// storeOf changes a Store and its result.
type storeOf struct {
	mailbox.Folder
	update func(*mailbox.FlagUpdate)
	result func(*mailbox.StoreResult)
}

func (f storeOf) Store(ctx context.Context, uids imap.UIDSet, u mailbox.FlagUpdate) (mailbox.StoreResult, error) {
	if f.update != nil {
		f.update(&u)
	}
	res, err := f.Folder.Store(ctx, uids, u)
	if f.result != nil {
		f.result(&res)
	}
	return res, err
}

// readsThenWrites makes a Store of two calls.
type readsThenWrites struct{ mailbox.Folder }

func (f readsThenWrites) Store(ctx context.Context, uids imap.UIDSet, u mailbox.FlagUpdate) (res mailbox.StoreResult, err error) {
	for m, err := range f.Messages(ctx, uids) {
		if err != nil {
			return res, err
		}
		now := slices.DeleteFunc(slices.Clone(m.Flags), func(k imap.Flag) bool { return imap.HasFlag(u.Flags, k) })
		if u.Op == mailbox.AddFlags {
			now = append(now, u.Flags...)
		}
		runtime.Gosched()
		one, err := f.Folder.Store(ctx, imap.UIDSetOf(m.UID), mailbox.FlagUpdate{Op: mailbox.SetFlags, Flags: now})
		if err != nil {
			return res, err
		}
		res.Before, res.ModSeq, res.Changed = one.Before, one.ModSeq, res.Changed.Union(one.Changed)
	}
	return res, nil
}

// snapshotOf changes snapshots.
type snapshotOf struct {
	mailbox.Folder
	change func(*mailbox.Snapshot)
}

func (f snapshotOf) Snapshot(ctx context.Context) (mailbox.Snapshot, error) {
	s, err := f.Folder.Snapshot(ctx)
	f.change(&s)
	return s, err
}

// statusOf changes the status and whether there is one.
type statusOf struct {
	mailbox.Folder
	change func(*mailbox.Status, *error)
}

func (f statusOf) Status(ctx context.Context) (mailbox.Status, error) {
	s, err := f.Folder.Status(ctx)
	f.change(&s, &err)
	return s, err
}

// txOf changes transactions.
type txOf struct {
	mailbox.Folder
	change func(mailbox.AppendTx) mailbox.AppendTx
}

func (f txOf) Append(ctx context.Context) (mailbox.AppendTx, error) {
	tx, err := f.Folder.Append(ctx)
	if err != nil {
		return nil, err
	}
	return f.change(tx), nil
}

type abortCommits struct{ mailbox.AppendTx }

func (tx abortCommits) Abort() error {
	tx.Commit()
	return nil
}

type keepsAll struct{ mailbox.AppendTx }

func (keepsAll) Expunge(imap.UIDSet) error { return nil }

type promises struct{ mailbox.AppendTx }

func (tx promises) Commit() (mailbox.AppendResult, error) {
	res, err := tx.AppendTx.Commit()
	slices.Reverse(res.UIDs)
	return res, err
}

type deaf struct{ mailbox.Folder }

func (f deaf) Expunge(_ context.Context, uids imap.UIDSet) (mailbox.ExpungeResult, error) {
	return f.Folder.Expunge(context.Background(), uids)
}

// The faults of users and stores.

type deleteUnsubscribes struct{ mailbox.User }

func (u deleteUnsubscribes) Delete(ctx context.Context, name string) error {
	err := u.User.Delete(ctx, name)
	if err == nil {
		u.Subscribe(ctx, name, false)
	}
	return err
}

type renameSubscribes struct{ mailbox.User }

func (u renameSubscribes) Rename(ctx context.Context, from, to string) error {
	err := u.User.Rename(ctx, from, to)
	if err == nil {
		u.Subscribe(ctx, to, true)
	}
	return err
}

type renameCopies struct{ mailbox.User }

// Rename makes a folder of the new name and moves the messages.
func (u renameCopies) Rename(ctx context.Context, from, to string) error {
	f, err := u.Open(ctx, from)
	if err != nil {
		return u.User.Rename(ctx, from, to)
	}
	defer f.Close()
	if _, err := u.Create(ctx, to, mailbox.CreateOptions{}); err != nil {
		return err
	}
	s, err := f.Snapshot(ctx)
	if err == nil {
		_, err = f.Move(ctx, s.UIDs.Set(), to)
	}
	if err == nil && from != imap.Inbox {
		err = u.Delete(ctx, from)
	}
	return err
}

type foldersOf struct {
	mailbox.User
	change func(*mailbox.FolderInfo)
}

func (u foldersOf) Folders(ctx context.Context) iter.Seq2[mailbox.FolderInfo, error] {
	return func(yield func(mailbox.FolderInfo, error) bool) {
		for info, err := range u.User.Folders(ctx) {
			u.change(&info)
			if !yield(info, err) {
				return
			}
		}
	}
}

type silentList struct{ mailbox.User }

func (u silentList) Changes(ctx context.Context, since imap.ModSeq) iter.Seq2[mailbox.FolderChange, error] {
	return func(yield func(mailbox.FolderChange, error) bool) {
		for c, err := range u.User.Changes(ctx, since) {
			if c.Event != mailbox.FolderDeleted && !yield(c, err) {
				return
			}
		}
	}
}

// oneAccount gives everybody the mail of Alice.
type oneAccount struct{ *memstore.Store }

func (s oneAccount) User(ctx context.Context, name string) (mailbox.User, error) {
	if name == storetest.Bob {
		name = storetest.Alice
	}
	return s.Store.User(ctx, name)
}

type ringsOn struct{ *memstore.Store }

func (s ringsOn) Watch(ring func(mailbox.Ring)) func() {
	s.Store.Watch(ring)
	return func() {}
}

// doesFirst has done the change when it fails.
type doesFirst struct {
	mailbox.Folder
	fail func(string) error
}

func (f doesFirst) Store(ctx context.Context, uids imap.UIDSet, u mailbox.FlagUpdate) (mailbox.StoreResult, error) {
	res, err := f.Folder.Store(ctx, uids, u)
	if err == nil {
		err = f.fail("late")
	}
	return res, err
}

// leasesOf changes the leases of a folder.
type leasesOf struct {
	mailbox.Folder
	change func(mailbox.Lease) mailbox.Lease
}

func (f leasesOf) Lease(ctx context.Context, ttl time.Duration) (mailbox.Lease, error) {
	l, err := f.Folder.(mailbox.LeaseFolder).Lease(ctx, ttl)
	if err != nil {
		return nil, err
	}
	return f.change(l), nil
}

type alwaysRenews struct{ mailbox.Lease }

func (alwaysRenews) Renew(context.Context, time.Duration) error { return nil }

type staysHeld struct{ mailbox.Lease }

func (staysHeld) Release() error { return nil }

// freeForAll gives everybody a lease.
type freeForAll struct{ mailbox.Folder }

func (f freeForAll) Lease(ctx context.Context, ttl time.Duration) (mailbox.Lease, error) {
	l, err := f.Folder.(mailbox.LeaseFolder).Lease(ctx, ttl)
	if err != nil {
		return alwaysRenews{staysHeld{}}, nil
	}
	return l, nil
}

// eternal is a folder whose leases do not run out.
type eternal struct{ mailbox.Folder }

func (f eternal) Lease(ctx context.Context, ttl time.Duration) (mailbox.Lease, error) {
	return f.Folder.(mailbox.LeaseFolder).Lease(ctx, 1000*ttl)
}

func changedFolder(f func(mailbox.Folder) mailbox.Folder) mutant { return mutant{folder: f} }

func changedRoots(f func([]quota.Policy) []quota.Policy) mutant {
	return mutant{options: func(o *storetest.Options) {
		of := o.Roots
		o.Roots = func(t rapid.TB, policies []quota.Policy, fail func(string) error) mailbox.Store {
			return of(t, f(policies), fail)
		}
	}}
}

func (m mutant) found(run, caught string) mutant {
	m.run, m.caught = run, caught
	return m
}

// mutants are faults, each a sentence of the contract that does not hold.
var mutants = map[string]mutant{
	"NUL becomes a space": changedFolder(func(f mailbox.Folder) mailbox.Folder { return noNUL{f} }).
		found("^append$", "append/gives_back_exactly_the_octets"),
	"wire size is size": changedFolder(func(f mailbox.Folder) mailbox.Folder {
		return messagesOf{f, func(m *mailbox.Message) { m.WireSize = m.Size }}
	}).found("^append$", "append/gives_back_exactly_the_octets"),
	"long batches lose a message": changedFolder(func(f mailbox.Folder) mailbox.Folder {
		return batchesOf{f.(mailbox.BatchFolder), func(b []mailbox.Message) []mailbox.Message { return b[:min(len(b), 255)] }}
	}).found("^messages$", "messages/many_at_a_time"),
	"dates in UTC": changedFolder(func(f mailbox.Folder) mailbox.Folder {
		return messagesOf{f, func(m *mailbox.Message) { m.InternalDate = m.InternalDate.UTC() }}
	}).found("^append$", "append/keeps_flags_and_date"),
	"Abort commits": changedFolder(func(f mailbox.Folder) mailbox.Folder {
		return txOf{f, func(tx mailbox.AppendTx) mailbox.AppendTx { return abortCommits{tx} }}
	}).found("^append$", "append/abort_changes_nothing"),
	"a transaction removes nothing": changedFolder(func(f mailbox.Folder) mailbox.Folder {
		return txOf{f, func(tx mailbox.AppendTx) mailbox.AppendTx { return keepsAll{tx} }}
	}).found("^append$", "append/removes_in_the_same_stroke"),
	"UIDs in another order": changedFolder(func(f mailbox.Folder) mailbox.Folder {
		return txOf{f, func(tx mailbox.AppendTx) mailbox.AppendTx { return promises{tx} }}
	}).found("^append$", "append/many_messages_or_none"),
	"a context is ignored": changedFolder(func(f mailbox.Folder) mailbox.Folder { return deaf{f} }).
		found("^append$", "append/the_context_ends_it"),
	"the append limit is not told": changedFolder(func(f mailbox.Folder) mailbox.Folder {
		return statusOf{f, func(s *mailbox.Status, _ *error) { s.AppendLimit = 0 }}
	}).found("^append$", "append/limit"),
	"no change has a modseq": changedFolder(func(f mailbox.Folder) mailbox.Folder {
		return storeOf{f, nil, func(r *mailbox.StoreResult) { r.ModSeq = max(r.ModSeq, r.Before) }}
	}).found("^flags$", "flags/what_is_the_same_already_is_no_change"),
	"flags are read, then written": changedFolder(func(f mailbox.Folder) mailbox.Folder { return readsThenWrites{f} }).
		found("^concurrency$", "concurrency/no_flag_update_is_lost"),
	"unchanged since is ignored": changedFolder(func(f mailbox.Folder) mailbox.Folder {
		return storeOf{f, func(u *mailbox.FlagUpdate) { u.HasUnchangedSince = false }, nil}
	}).found("^flags$", "flags/unchanged_since"),
	"keep is ignored": changedFolder(func(f mailbox.Folder) mailbox.Folder {
		return storeOf{f, func(u *mailbox.FlagUpdate) { u.Keep = nil }, nil}
	}).found("^flags$", "flags/keep"),
	"Copy skips what is gone": changedFolder(func(f mailbox.Folder) mailbox.Folder { return copiesWhatIs{f} }).
		found("^copy$", "copy/all_or_none"),
	"Move is Copy": changedFolder(func(f mailbox.Folder) mailbox.Folder { return moveIsCopy{f} }).
		found("^move$", "move/source_and_target_in_one_stroke"),
	"Expunge takes all": changedFolder(func(f mailbox.Folder) mailbox.Folder { return expungesAll{f} }).
		found("^expunge$", "expunge/only_\\Deleted_among_the_UIDs"),
	"UIDNEXT is the largest UID": changedFolder(func(f mailbox.Folder) mailbox.Folder {
		return snapshotOf{f, func(s *mailbox.Snapshot) { s.UIDNext = max(1, s.UIDs.Max()) }}
	}).found("^uid$", "uid/never_used_again"),
	"Changes tells the last again": changedFolder(func(f mailbox.Folder) mailbox.Folder {
		return changesOf{f, func(m imap.ModSeq) imap.ModSeq { return max(m, 1) - 1 }, nil}
	}).found("^changes$", "changes/what_became_of_each_message"),
	"Changes misses the next": changedFolder(func(f mailbox.Folder) mailbox.Folder {
		return changesOf{f, func(m imap.ModSeq) imap.ModSeq { return m + 1 }, nil}
	}).found("^changes$", "changes/lead_from_any_snapshot_to_now"),
	"arrivals are flags": changedFolder(func(f mailbox.Folder) mailbox.Folder {
		return changesOf{f, nil, func(c *mailbox.Change) bool {
			if c.Kind == mailbox.Appended {
				c.Kind = mailbox.FlagsChanged
			}
			return true
		}}
	}).found("^changes$", "changes/each_message_once,_in_its_last_state"),
	"expunges are not told": changedFolder(func(f mailbox.Folder) mailbox.Folder {
		return changesOf{f, nil, func(c *mailbox.Change) bool { return c.Kind != mailbox.Expunged }}
	}).found("^model$", "model"),
	"Changes is read late": changedFolder(func(f mailbox.Folder) mailbox.Folder { return lazyChanges{f} }).
		found("^changes$", "changes/as_of_the_moment_of_the_call"),
	"a snapshot is older than its modseq": changedFolder(func(f mailbox.Folder) mailbox.Folder {
		return snapshotOf{f, func(s *mailbox.Snapshot) { s.ModSeq++ }}
	}).found("^changes$", "changes/lead_from_any_snapshot_to_now"),
	"no floor": changedFolder(func(f mailbox.Folder) mailbox.Folder {
		return changesOf{f, func(imap.ModSeq) imap.ModSeq { return imap.MaxModSeq }, nil}
	}).found("^changes$", "changes/floor"),
	"recent for all": changedFolder(func(f mailbox.Folder) mailbox.Folder { return neverClaims{f} }).
		found("^recent$", "recent/one_winner"),
	"one UIDVALIDITY": changedFolder(func(f mailbox.Folder) mailbox.Folder {
		return snapshotOf{f, func(s *mailbox.Snapshot) { s.UIDValidity = 1 }}
	}).found("^folders$", "folders/made_again"),
	"a deleted folder has a status": changedFolder(func(f mailbox.Folder) mailbox.Folder {
		return statusOf{f, func(_ *mailbox.Status, err *error) { *err = nil }}
	}).found("^folders$", "folders/a_handle_of_a_deleted_folder"),
	"unseen is not counted": changedFolder(func(f mailbox.Folder) mailbox.Folder {
		return statusOf{f, func(s *mailbox.Status, _ *error) { s.Unseen = s.Messages }}
	}).found("^model$", "model"),
	"Delete unsubscribes": mutant{user: func(u mailbox.User) mailbox.User { return deleteUnsubscribes{u} }}.
		found("^folders$", "folders/delete"),
	"Rename subscribes": mutant{user: func(u mailbox.User) mailbox.User { return renameSubscribes{u} }}.
		found("^folders$", "folders/rename_with_children"),
	"Rename moves messages": mutant{user: func(u mailbox.User) mailbox.User { return renameCopies{u} }}.
		found("^folders$", "folders/rename_with_children"),
	"children are not seen": mutant{user: func(u mailbox.User) mailbox.User {
		return foldersOf{u, func(i *mailbox.FolderInfo) { i.HasChildren = false }}
	}}.found("^folders$", "folders/create"),
	"special uses are not listed": mutant{user: func(u mailbox.User) mailbox.User {
		return foldersOf{u, func(i *mailbox.FolderInfo) { i.Use = nil }}
	}}.found("^folders$", "folders/special_uses"),
	"deletions of folders are not told": mutant{user: func(u mailbox.User) mailbox.User { return silentList{u} }}.
		found("^list_changes$", "list_changes/lead_from_any_moment_to_now"),
	"one account for all": mutant{store: func(s *memstore.Store) mailbox.Store { return oneAccount{s} }}.
		found("^users$", "users/do_not_see_each_other"),
	"the bell never stops": mutant{store: func(s *memstore.Store) mailbox.Store { return ringsOn{s} }}.
		found("^watch$", "watch/until_it_is_stopped"),
	"no quota": mutant{options: func(o *storetest.Options) {
		o.Quota = func(*testing.T, int64, int64) mailbox.Store { return newStore(mutant{}, memstore.Options{}) }
	}}.found("^quota$", "quota/octets"),
	"one root where there are two": changedRoots(func(p []quota.Policy) []quota.Policy { return p[:1] }).
		found("^roots$", "roots/are_those_that_a_message_counts_in"),
	"one of two roots has no limit": changedRoots(func(p []quota.Policy) []quota.Policy {
		p[len(p)-1].Limits = quota.Limits{}
		return p
	}).found("^roots$", "roots/the_lowest_decides"),
	"folders have no rules": changedRoots(func(p []quota.Policy) []quota.Policy {
		for i, of := range p {
			p[i].Rule = func(name string) (quota.Rule, bool) {
				_, belongs := of.Of(name)
				return quota.Rule{}, belongs
			}
		}
		return p
	}).found("^roots$", "roots/rules_of_folders"),
	"the books are wrong": mutant{options: func(o *storetest.Options) {
		o.Usage = func(rapid.TB, mailbox.Store, string) (a, b []quota.Root) {
			return make([]quota.Root, 1), make([]quota.Root, 1)
		}
	}}.found("^append$", "append/adds_a_message"),
	"everybody has the lease": changedFolder(func(f mailbox.Folder) mailbox.Folder { return freeForAll{f} }).
		found("^lease$", "lease/one_holder"),
	"Release releases nothing": changedFolder(func(f mailbox.Folder) mailbox.Folder {
		return leasesOf{f, func(l mailbox.Lease) mailbox.Lease { return staysHeld{l} }}
	}).found("^lease$", "lease/one_holder"),
	"leases are never lost": changedFolder(func(f mailbox.Folder) mailbox.Folder {
		return leasesOf{f, func(l mailbox.Lease) mailbox.Lease { return alwaysRenews{l} }}
	}).found("^lease$", "lease/runs_out"),
	"leases are for ever": changedFolder(func(f mailbox.Folder) mailbox.Folder { return eternal{f} }).
		found("^lease$", "lease/runs_out"),
	"it fails too late": mutant{options: func(o *storetest.Options) {
		o.Failing = func(t *testing.T, fail func(string) error) mailbox.Store {
			return newStore(changedFolder(func(f mailbox.Folder) mailbox.Folder { return doesFirst{f, fail} }), memstore.Options{})
		}
	}}.found("^failures$", "failures/store"),
}
