package sim

import (
	"context"
	"iter"
	"time"

	"github.com/mailwire/mailwire/imapwire/imap"
	"github.com/mailwire/mailwire/mailbox"
	"github.com/mailwire/mailwire/mailbox/memstore"
	"github.com/mailwire/mailwire/mailbox/message"
	"github.com/mailwire/mailwire/quota"
)

// ctx is that of all calls: nothing in a world waits.
var ctx = context.Background()

// A spyStore stands between the servers and the store. Calls may fail or take
// time there; those that succeed are checked and go into the ledger; what is
// opened is counted until it is closed.
type spyStore struct{ w *world }

var (
	_ mailbox.Store      = (*spyStore)(nil)
	_ mailbox.QuotaStore = (*spyStore)(nil)
	_ mailbox.Watcher    = belledStore{}
	_ mailbox.QuotaUser  = (*spyUser)(nil)
	_ mailbox.Deliverer  = (*spyFolder)(nil)
)

// User implements [mailbox.Store].
func (s *spyStore) User(ctx context.Context, name string) (mailbox.User, error) {
	if err := s.w.fault("user"); err != nil {
		return nil, err
	}
	u, err := s.w.raw.User(ctx, name)
	if err != nil {
		return nil, err
	}
	s.w.handles++
	return &spyUser{u, s.w, s.w.led.accounts[name]}, nil
}

// QuotaSupport implements [mailbox.QuotaStore].
func (s *spyStore) QuotaSupport() mailbox.QuotaSupport { return s.w.raw.QuotaSupport() }

// A belledStore has bells.
type belledStore struct{ *spyStore }

// Watch implements [mailbox.Watcher]: rings go through the world's hands.
func (s belledStore) Watch(ring func(mailbox.Ring)) (stop func()) {
	s.w.watchers = append(s.w.watchers, ring)
	return func() {}
}

// A spyAuth is the store's with failures.
type spyAuth struct {
	*memstore.Store
	w *world
}

// Verify implements [mailbox.Auth].
func (a spyAuth) Verify(ctx context.Context, user, password string) (mailbox.Identity, error) {
	if err := a.w.fault("verify"); err != nil {
		return mailbox.Identity{}, err
	}
	return a.Store.Verify(ctx, user, password)
}

type spyUser struct {
	mailbox.User
	w *world
	a *account
}

func (u *spyUser) Close() error {
	u.w.handles--
	return u.User.Close()
}

func (u *spyUser) Folders(ctx context.Context) iter.Seq2[mailbox.FolderInfo, error] {
	if err := u.w.fault("folders"); err != nil {
		return func(yield func(mailbox.FolderInfo, error) bool) { yield(mailbox.FolderInfo{}, err) }
	}
	return u.User.Folders(ctx)
}

func (u *spyUser) Open(ctx context.Context, name string) (mailbox.Folder, error) {
	if err := u.w.fault("open"); err != nil {
		return nil, err
	}
	raw, err := u.User.Open(ctx, name)
	if err != nil {
		return nil, err
	}
	f := u.w.led.byID[raw.ID()]
	if f == nil || f.deleted || u.a.find(name) != f {
		u.w.fail("folders", "%q of %s opens the folder %s", name, u.a.name, raw.ID())
	}
	u.w.handles++
	s := &spyFolder{Folder: raw, w: u.w, f: f}
	if !u.w.leases {
		return unleased{s}, nil
	}
	return leased{s}, nil
}

func (u *spyUser) Create(ctx context.Context, name string, opt mailbox.CreateOptions) (mailbox.FolderID, error) {
	if err := u.w.fault("user.create"); err != nil {
		return "", err
	}
	id, err := u.User.Create(ctx, name, opt)
	if err == nil {
		u.w.checkFolder(u.w.led.make(u.a, name))
		u.w.effect(effect{kind: "create", name: name})
		u.w.folders(u.a, func(root int) (g quota.Amounts) {
			if contains(u.a.counted(name), root) {
				g[quota.Mailbox] = 1
			}
			return g
		})
	} else {
		u.w.unchanged(u.a)
	}
	return id, err
}

func (u *spyUser) Delete(ctx context.Context, name string) error {
	if err := u.w.fault("user.delete"); err != nil {
		return err
	}
	err := u.User.Delete(ctx, name)
	if err != nil {
		u.w.unchanged(u.a)
		return err
	}
	f := u.a.find(name)
	if f == nil || name == imap.Inbox {
		u.w.fail("folders", "%q of %s was deleted", name, u.a.name)
	}
	f.deleted = true
	u.a.names[name] = nil
	for n := name; !u.a.children(n) && u.a.names[n] == nil; {
		delete(u.a.names, n)
		ps := parents(n)
		if len(ps) == 0 {
			break
		}
		n = ps[len(ps)-1]
	}
	u.w.effect(effect{kind: "delete", name: name})
	u.w.folders(u.a, nil)
	return nil
}

func (u *spyUser) Rename(ctx context.Context, from, to string) error {
	if err := u.w.fault("user.rename"); err != nil {
		return err
	}
	err := u.User.Rename(ctx, from, to)
	if err != nil {
		u.w.unchanged(u.a)
		return err
	}
	u.w.led.rename(u.a, from, to)
	u.w.effect(effect{kind: "rename", name: from, to: to})
	u.w.folders(u.a, nil)
	return nil
}

func (u *spyUser) Subscribe(ctx context.Context, name string, on bool) error {
	if err := u.w.fault("user.subscribe"); err != nil {
		return err
	}
	err := u.User.Subscribe(ctx, name, on)
	if err == nil {
		if on {
			u.a.subs[name] = true
		} else {
			delete(u.a.subs, name)
		}
		u.w.effect(effect{kind: "subscribe", name: name})
	}
	u.w.checkNames(u.a)
	return err
}

// QuotaRoots implements [mailbox.QuotaUser].
func (u *spyUser) QuotaRoots(ctx context.Context, name string) ([]quota.Root, error) {
	if err := u.w.fault("quotaroots"); err != nil {
		return nil, err
	}
	return u.User.(mailbox.QuotaUser).QuotaRoots(ctx, name)
}

// QuotaRoot implements [mailbox.QuotaUser].
func (u *spyUser) QuotaRoot(ctx context.Context, root string) (quota.Root, error) {
	if err := u.w.fault("quotaroot"); err != nil {
		return quota.Root{}, err
	}
	return u.User.(mailbox.QuotaUser).QuotaRoot(ctx, root)
}

// SetQuota implements [mailbox.QuotaUser].
func (u *spyUser) SetQuota(ctx context.Context, root string, limits quota.Limits) (quota.Root, error) {
	if err := u.w.fault("setquota"); err != nil {
		return quota.Root{}, err
	}
	r, err := u.User.(mailbox.QuotaUser).SetQuota(ctx, root, limits)
	if err == nil {
		for i, p := range u.a.policies {
			if p.Root == root {
				u.a.limits[i] = limits
				u.a.terms++
			}
		}
		u.w.effect(effect{kind: "setquota", name: root})
	}
	u.w.checkQuota(u.a)
	return r, err
}

// A spyFolder is a folder; the methods that it does not have pass.
type spyFolder struct {
	mailbox.Folder
	w *world
	f *folder
}

type (
	// leased is a folder with leases, unleased one without.
	leased   struct{ *spyFolder }
	unleased struct{ *spyFolder }
)

var _ mailbox.LeaseFolder = leased{}

func (s *spyFolder) Close() error {
	s.w.handles--
	return s.Folder.Close()
}

func (s *spyFolder) Status(ctx context.Context) (mailbox.Status, error) {
	if err := s.w.fault("status"); err != nil {
		return mailbox.Status{}, err
	}
	return s.Folder.Status(ctx)
}

func (s *spyFolder) Snapshot(ctx context.Context) (mailbox.Snapshot, error) {
	if err := s.w.fault("snapshot"); err != nil {
		return mailbox.Snapshot{}, err
	}
	return s.Folder.Snapshot(ctx)
}

func (s *spyFolder) Changes(ctx context.Context, since imap.ModSeq) iter.Seq2[mailbox.Change, error] {
	return faulty(s.w, "changes", s.Folder.Changes(ctx, since))
}

func (s *spyFolder) Messages(ctx context.Context, uids imap.UIDSet) iter.Seq2[mailbox.Message, error] {
	return faulty(s.w, "messages", s.Folder.Messages(ctx, uids))
}

// faulty is a sequence that may fail at the beginning or in the middle.
func faulty[T any](w *world, step string, seq iter.Seq2[T, error]) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		var none T
		if err := w.fault(step); err != nil {
			yield(none, err)
			return
		}
		n := 0
		for v, err := range seq {
			if n++; n%8 == 2 {
				if err := w.fault(step + ".next"); err != nil {
					yield(none, err)
					return
				}
			}
			if !yield(v, err) {
				return
			}
		}
	}
}

func (s *spyFolder) Body(ctx context.Context, uid imap.UID) (mailbox.Body, error) {
	if err := s.w.fault("body"); err != nil {
		return nil, err
	}
	b, err := s.Folder.Body(ctx, uid)
	if err != nil {
		return nil, err
	}
	s.w.handles++
	return &spyBody{Body: b, w: s.w}, nil
}

type spyBody struct {
	mailbox.Body
	w      *world
	closed bool
}

// Index implements [mailbox.IndexedBody].
func (b *spyBody) Index() (*message.Index, error) { return b.Body.(mailbox.IndexedBody).Index() }

func (b *spyBody) ReadAt(p []byte, off int64) (int, error) {
	if b.closed {
		b.w.fail("handles", "a body is read after it was closed")
	}
	if err := b.w.fault("body.read"); err != nil {
		return 0, err
	}
	return b.Body.ReadAt(p, off)
}

func (b *spyBody) Close() error {
	if b.closed {
		b.w.fail("handles", "a body is closed twice")
	}
	b.closed = true
	b.w.handles--
	return b.Body.Close()
}

func (s *spyFolder) Store(ctx context.Context, uids imap.UIDSet, up mailbox.FlagUpdate) (mailbox.StoreResult, error) {
	if err := s.w.fault("folder.store"); err != nil {
		return mailbox.StoreResult{}, err
	}
	f := s.f
	res, err := s.Folder.Store(ctx, uids, up)
	if err == nil {
		flags := folded(up.Flags)
		var changed, modified imap.UIDSet
		var touched []*msg
		for _, m := range f.pick(uids) {
			if up.HasUnchangedSince && m.modSeq() > up.UnchangedSince {
				modified.Add(m.uid)
				continue
			}
			now := change(m.flags, up.Op, flags)
			if keyOf(now) != keyOf(m.flags) {
				m.flags = now
				changed.Add(m.uid)
				touched = append(touched, m)
			}
		}
		if !res.Changed.Equal(changed) || !res.Modified.Equal(modified) {
			s.w.fail("46", "a store of %s in %q changed %s and left %s, expected %s and %s", uids, f.name, res.Changed, res.Modified, changed, modified)
		}
		if len(touched) > 0 {
			f.advance(s.w, res.ModSeq)
		}
		for _, m := range touched {
			m.hist = append(m.hist, version{res.ModSeq, keyOf(m.flags)})
			f.learn(m.flags)
		}
		s.w.effect(effect{kind: "store", f: f, uids: uids, op: up.Op, flags: flags, modified: modified})
	}
	s.w.checkFolder(f)
	return res, err
}

func (s *spyFolder) Copy(ctx context.Context, uids imap.UIDSet, to string) (mailbox.CopyResult, error) {
	return s.transfer(ctx, uids, to, false)
}

func (s *spyFolder) Move(ctx context.Context, uids imap.UIDSet, to string) (mailbox.CopyResult, error) {
	return s.transfer(ctx, uids, to, true)
}

// transfer is Copy and Move.
func (s *spyFolder) transfer(ctx context.Context, uids imap.UIDSet, to string, move bool) (res mailbox.CopyResult, err error) {
	kind := "copy"
	if move {
		kind = "move"
	}
	if err := s.w.fault("folder." + kind); err != nil {
		return res, err
	}
	f, dst := s.f, s.f.a.find(to)
	if move {
		res, err = s.Folder.Move(ctx, uids, to)
	} else {
		res, err = s.Folder.Copy(ctx, uids, to)
	}
	if err != nil {
		s.w.checkFolder(f)
		if dst != nil {
			s.w.checkFolder(dst)
		}
		s.w.checkQuota(f.a)
		return res, err
	}
	sources := f.pick(uids)
	if dst == nil || res.UIDValidity != dst.validity || !res.Source.Equal(uidsOf(sources)) || res.Dest.Count() != int64(len(sources)) || !move && len(sources) != int(uids.Count()) {
		s.w.fail("48", "a %s of %s to %q gave %+v, there are %s", kind, uids, to, res, uidsOf(sources))
	}
	e := effect{kind: kind, f: f, dest: dst, uids: uids, source: res.Source, got: res.Dest}
	if len(sources) > 0 {
		before := dst.modSeq
		if move {
			f.advance(s.w, res.ModSeq)
			f.remove(res.Source)
		}
		at := res.ModSeq
		if dst != f || !move {
			// A copy does not tell its modseq.
			snap, err := dst.raw.Snapshot(ctx)
			s.w.must(err)
			at = snap.ModSeq
			dst.advance(s.w, at)
		}
		i := 0
		for u := range res.Dest.All() {
			dst.add(s.w, u, sources[i].content, sources[i].flags, sources[i].date, at)
			i++
		}
		if at <= before {
			s.w.fail("45", "a %s to %q has modseq %d after %d", kind, to, at, before)
		}
	}
	s.w.effect(e)
	s.w.checkFolder(f)
	s.w.checkFolder(dst)
	s.w.checkQuota(f.a)
	s.w.checkGrowth(f.a, quota.Amounts{}, func(i int) (g quota.Amounts) {
		from, into := contains(f.a.counted(f.name), i), contains(f.a.counted(dst.name), i)
		if into && !(move && from) {
			for _, m := range sources {
				g = g.Plus(quota.Of(int64(len(m.content.octets)), 1))
			}
		}
		return g
	})
	return res, nil
}

func contains(s []int, x int) bool {
	for _, y := range s {
		if x == y {
			return true
		}
	}
	return false
}

func (s *spyFolder) Expunge(ctx context.Context, uids imap.UIDSet) (mailbox.ExpungeResult, error) {
	if err := s.w.fault("folder.expunge"); err != nil {
		return mailbox.ExpungeResult{}, err
	}
	f := s.f
	res, err := s.Folder.Expunge(ctx, uids)
	if err == nil {
		var want imap.UIDSet
		for _, m := range f.pick(uids) {
			if m.has(`\deleted`) {
				want.Add(m.uid)
			}
		}
		if !res.UIDs.Equal(want) {
			s.w.fail("lost mail", "an expunge of %s in %q removed %s, expected %s", uids, f.name, res.UIDs, want)
		}
		if len(want) > 0 {
			f.advance(s.w, res.ModSeq)
			f.remove(want)
		}
		s.w.effect(effect{kind: "expunge", f: f, uids: uids, got: want})
	}
	s.w.checkFolder(f)
	s.w.checkQuota(f.a)
	return res, err
}

func (s *spyFolder) ClaimRecent(ctx context.Context) (imap.UIDSet, error) {
	if err := s.w.fault("folder.claim"); err != nil {
		return nil, err
	}
	uids, err := s.Folder.ClaimRecent(ctx)
	if err == nil {
		for u := range uids.All() {
			if s.f.claimed[u] || s.f.alive(u) == nil {
				s.w.fail("44", `UID %d of %q is \Recent for a second session`, u, s.f.name)
			}
			s.f.claimed[u] = true
		}
	}
	return uids, err
}

// QuotaRoots implements [mailbox.QuotaFolder].
func (s *spyFolder) QuotaRoots(ctx context.Context) ([]quota.Root, error) {
	if err := s.w.fault("folder.quotaroots"); err != nil {
		return nil, err
	}
	return s.Folder.(mailbox.QuotaFolder).QuotaRoots(ctx)
}

// Lease implements [mailbox.LeaseFolder].
func (s leased) Lease(ctx context.Context, ttl time.Duration) (mailbox.Lease, error) {
	if err := s.w.fault("lease"); err != nil {
		return nil, err
	}
	l, err := s.Folder.(mailbox.LeaseFolder).Lease(ctx, ttl)
	if err != nil {
		return nil, err
	}
	s.w.handles++
	return &spyLease{Lease: l, w: s.w}, nil
}

type spyLease struct {
	mailbox.Lease
	w        *world
	released bool
}

func (l *spyLease) Renew(ctx context.Context, ttl time.Duration) error {
	if err := l.w.fault("renew"); err != nil {
		return err
	}
	return l.Lease.Renew(ctx, ttl)
}

func (l *spyLease) Release() error {
	if !l.released {
		l.w.handles--
	}
	l.released = true
	return l.Lease.Release()
}
