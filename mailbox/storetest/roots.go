package storetest

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/mailwire/mailwire/imapwire/imap"
	"github.com/mailwire/mailwire/mailbox"
	"github.com/mailwire/mailwire/quota"
)

// A rootClause is a clause about a store with several quota roots.
type rootClause struct {
	clause
	policies []quota.Policy
}

var rootClauses = []rootClause{
	{clause{"roots/are those that a message counts in", testRootsListed}, twoRoots(4, 4)},
	{clause{"roots/the lowest decides", testRootsLowest}, twoRoots(4, 1)},
	{clause{"roots/a move carries the cost across", testRootsMove}, twoRoots(4, 1)},
	{clause{"roots/a rename carries the cost across", testRootsRename}, twoRoots(4, 1)},
	{clause{"roots/what is ignored costs nothing", testRootsIgnored}, twoRoots(1, 1)},
	{clause{"roots/rules of folders", testRootsRules}, ruledRoot(2)},
	{clause{"roots/folders are counted", testRootsMailboxes}, folderRoot(4)},
	{clause{"roots/a transaction follows its folder", testRootsFollow}, twoRoots(4, 1)},
}

// twoRoots are limits in KiB: root "all" has every folder but "trash", which it
// ignores, and "drafts", which does not belong; root "work" has the folder "work",
// those below it, and "drafts".
func twoRoots(all, work int64) []quota.Policy {
	return []quota.Policy{
		{Root: "all", Limits: storageLimit(all), Rule: func(folder string) (quota.Rule, bool) {
			return quota.Rule{Ignore: folder == "trash"}, folder != "drafts"
		}},
		{Root: "work", Limits: storageLimit(work), Rule: func(folder string) (quota.Rule, bool) {
			return quota.Rule{}, strings.HasPrefix(folder, "work") || folder == "drafts"
		}},
	}
}

// ruledRoot has a limit in KiB, half as much for "half", and 1024 octets more for
// "extra".
func ruledRoot(n int64) []quota.Policy {
	return []quota.Policy{{Root: "r", Limits: storageLimit(n), Rule: func(folder string) (r quota.Rule, _ bool) {
		switch folder {
		case "half":
			r.Percent = 50
		case "extra":
			r.Extra[quota.Storage] = 1024
		}
		return r, true
	}}}
}

func folderRoot(n int64) []quota.Policy {
	var l quota.Limits
	l[quota.Mailbox] = quota.Hard(n)
	return []quota.Policy{{Root: "f", Limits: l}}
}

func storageLimit(n int64) (l quota.Limits) {
	l[quota.Storage] = quota.Hard(n)
	return l
}

// rootsOf returns the names of the roots that a folder of that name has or would
// have.
func rootsOf(t rapid.TB, u mailbox.User, name string) string {
	t.Helper()
	q, is := u.(mailbox.QuotaUser)
	if !is {
		t.Fatalf("%T is no QuotaUser", u)
	}
	roots, err := q.QuotaRoots(ctx, name)
	ok(t, err, "QuotaRoots")
	return rootNames(t, q, roots)
}

func rootNames(t rapid.TB, q mailbox.QuotaUser, roots []quota.Root) string {
	t.Helper()
	var names []string
	for _, r := range roots {
		names = append(names, r.Name)
		if same, err := q.QuotaRoot(ctx, r.Name); err != nil || same != r {
			t.Fatalf("QuotaRoot(%q): %+v, %v, expected %+v", r.Name, same, err, r)
		}
	}
	return strings.Join(names, " ")
}

// testRootsListed: invariant 53. The roots of a name are those that an append to
// it charges, whether or not the folder exists.
func testRootsListed(k *kit) {
	for name, want := range map[string]string{
		imap.Inbox: "all", "x": "all", "work": "all work", k.name("work", "x"): "all work", "trash": "", "drafts": "work",
	} {
		if got := rootsOf(k, k.alice, name); got != want {
			k.Errorf("%q has the roots %q before it exists, expected %q", name, got, want)
		}
		before, _ := k.opt.Usage(k, k.store, Alice)
		f := k.inbox
		if name != imap.Inbox {
			if _, err := k.alice.Open(ctx, name); err != nil {
				create(k, k.alice, name)
			}
			f = open(k, k.alice, name)
			before, _ = k.opt.Usage(k, k.store, Alice)
		}
		roots, err := f.(mailbox.QuotaFolder).QuotaRoots(ctx)
		ok(k, err, "QuotaRoots")
		if got := rootNames(k, k.alice.(mailbox.QuotaUser), roots); got != want || rootsOf(k, k.alice, name) != want {
			k.Errorf("%q has the roots %q, expected %q", name, got, want)
		}
		add(k, f, text("0123456789"))
		after, _ := k.opt.Usage(k, k.store, Alice)
		var grew []string
		for i := range after {
			if after[i].Used != before[i].Used {
				grew = append(grew, after[i].Name)
			}
		}
		if got := strings.Join(grew, " "); got != want {
			k.Errorf("an append to %q was charged to %q, listed is %q", name, got, want)
		}
		if name != imap.Inbox {
			f.Close()
		}
	}
	_, err := k.alice.(mailbox.QuotaUser).QuotaRoot(ctx, "none")
	wants(k, err, mailbox.ErrNonExistent, "QuotaRoot of a root that does not exist")
}

// testRootsLowest: invariant 51. All roots of a folder have to allow it.
func testRootsLowest(k *kit) {
	work := k.folder("work")
	add(k, work, half)
	k.overQuota("an octet more than one root allows", func() error { _, err := tryAdd(work, text("x")); return err })
	add(k, k.inbox, half, half, half)
	k.overQuota("an octet more than the other allows", k.tryAdd(text("x")))
	k.overQuota("Copy to where one root is full", func() error {
		_, err := k.inbox.Copy(ctx, snapshot(k, k.inbox).UIDs.Set(), "work")
		return err
	})
}

// testRootsMove: invariant 52.
func testRootsMove(k *kit) {
	work, more := k.folder("work"), k.folder(k.name("work", "more"))
	first := add(k, k.inbox, half, half, half, half).UIDs
	move := func(f mailbox.Folder, uid imap.UID, to string) func() error {
		return func() error { _, err := f.Move(ctx, set(uid), to); return err }
	}
	ok(k, move(k.inbox, first[0], "work")(), "Move at the limit of the root that both have")
	checkUsage(k, k.opt, k.store)
	k.overQuota("Move to where another root is full", move(k.inbox, first[1], k.name("work", "more")))
	ok(k, move(work, snapshot(k, work).UIDs.Max(), k.name("work", "more"))(), "Move where both have both roots")
	create(k, k.alice, "drafts")
	ok(k, move(more, snapshot(k, more).UIDs.Max(), "drafts")(), "Move out of one of two roots")
	checkUsage(k, k.opt, k.store)
	add(k, k.inbox, half) // there is room in "all" now, and none in "work"
	k.overQuota("Move into a full root", move(k.inbox, first[1], "drafts"))
	drafts := open(k, k.alice, "drafts")
	defer drafts.Close()
	k.overQuota("Move back into a root that is full again", move(drafts, snapshot(k, drafts).UIDs.Max(), imap.Inbox))
	k.overQuota("one octet more", k.tryAdd(text("x")))
}

// testRootsRename: invariant 52 for whole folders.
func testRootsRename(k *kit) {
	dir, sub := k.folder("dir"), k.folder(k.name("dir", "sub"))
	add(k, dir, text(half.text[:512]))
	add(k, sub, text(half.text[:512]))
	rename := func(from, to string) func() error {
		return func() error { return k.alice.Rename(ctx, from, to) }
	}
	ok(k, rename("dir", "work")(), "Rename to where it just fits")
	checkUsage(k, k.opt, k.store)
	if got := rootsOf(k, k.alice, k.name("work", "sub")); got != "all work" {
		k.Errorf("the child counts in %q", got)
	}
	k.overQuota("an octet more in the child", func() error { _, err := tryAdd(sub, text("x")); return err })
	ok(k, rename("work", "work2")(), "Rename inside both roots at the limit")
	ok(k, rename("work2", "dir")(), "Rename back")
	checkUsage(k, k.opt, k.store)
	add(k, sub, text("x"))
	k.overQuota("Rename to where it does not fit", rename("dir", "work"))
	add(k, k.inbox, half, text("y"))
	k.overQuota("Rename of INBOX to where it does not fit", rename(imap.Inbox, "work"))
	ok(k, rename(imap.Inbox, "drafts2")(), "Rename of INBOX")
	checkUsage(k, k.opt, k.store)
}

func testRootsIgnored(k *kit) {
	trash := k.folder("trash")
	add(k, trash, half, half, half)
	add(k, k.inbox, half)
	checkUsage(k, k.opt, k.store)
	uids := snapshot(k, trash).UIDs.Set()
	k.overQuota("Move from where nothing counts", func() error { _, err := trash.Move(ctx, uids, imap.Inbox); return err })
	_, err := k.inbox.Move(ctx, snapshot(k, k.inbox).UIDs.Set(), "trash")
	ok(k, err, "Move to where nothing counts")
	_, err = trash.Move(ctx, set(uids.Max()), imap.Inbox)
	ok(k, err, "Move of one back")
	checkUsage(k, k.opt, k.store)
	k.overQuota("Rename of a folder that does not count", func() error { return k.alice.Rename(ctx, "trash", "x") })
	k.overQuota("an octet more", k.tryAdd(text("x")))
	expunge(k, trash, mailbox.AllUIDs)
	k.overQuota("an octet more after an expunge where nothing counts", k.tryAdd(text("x")))
}

func testRootsRules(k *kit) {
	low, high := k.folder("half"), k.folder("extra")
	add(k, low, half)
	k.overQuota("more than half", func() error { _, err := tryAdd(low, text("x")); return err })
	add(k, k.inbox, half)
	k.overQuota("more than all", k.tryAdd(text("x")))
	add(k, high, half)
	k.overQuota("more than the extra", func() error { _, err := tryAdd(high, text("x")); return err })
	_, err := high.Move(ctx, snapshot(k, high).UIDs.Set(), "half")
	ok(k, err, "Move inside the root, above the limit that its target has")
	k.overQuota("Copy above it", func() error {
		_, err := low.Copy(ctx, snapshot(k, low).UIDs.Set(), "half")
		return err
	})
}

func testRootsMailboxes(k *kit) {
	create(k, k.alice, k.name("a", "b", "c")) // and INBOX
	k.overQuota("a fifth folder", func() error { _, err := k.alice.Create(ctx, "d", mailbox.CreateOptions{}); return err })
	k.overQuota("Rename with a parent to be made", func() error { return k.alice.Rename(ctx, "a", k.name("x", "y")) })
	k.overQuota("Rename of INBOX", func() error { return k.alice.Rename(ctx, imap.Inbox, "d") })
	ok(k, k.alice.Rename(ctx, "a", "d"), "Rename")
	ok(k, k.alice.Delete(ctx, k.name("d", "b", "c")), "Delete")
	create(k, k.alice, "e")
	add(k, k.inbox, half, half, half)
}

// testRootsFollow: what is reserved for a folder is charged to the roots that it
// counts in when the transaction ends.
func testRootsFollow(k *kit) {
	work := k.folder("work")
	box := k.folder("box")
	tx := begin(k, box)
	defer tx.Abort()
	ok(k, put(tx, half), "a message")
	ok(k, k.alice.Rename(ctx, "box", k.name("work", "box")), "Rename")
	_, err := tx.Commit()
	ok(k, err, "Commit in another root")
	checkUsage(k, k.opt, k.store)
	k.overQuota("an octet more there", func() error { _, err := tryAdd(work, text("x")); return err })

	ok(k, k.alice.Rename(ctx, "work", "done"), "Rename")
	third := k.folder("third")
	tx = begin(k, third)
	defer tx.Abort()
	ok(k, put(tx, half), "a message")
	ok(k, put(tx, text("x")), "another")
	ok(k, k.alice.Rename(ctx, "third", "work"), "Rename")
	before := state(k, k.alice)
	_, err = tx.Commit()
	wants(k, err, mailbox.ErrOverQuota, "Commit where it does not fit any more")
	if now := state(k, k.alice); now != before {
		k.Errorf("a failed Commit changed\n%sto\n%s", before, now)
	}
	checkUsage(k, k.opt, k.store)
	tx = begin(k, third)
	defer tx.Abort()
	ok(k, put(tx, text("x")), "a message")
	ok(k, k.alice.Delete(ctx, "work"), "Delete")
	_, err = tx.Commit()
	wants(k, err, mailbox.ErrNonExistent, "Commit to a folder that is gone")
}

// testRootsModel: invariants 49 to 52, and 48, for any sequence of calls that may
// fail at any of their steps, or for a quota: what failed has changed nothing,
// what succeeded is within the limits, a move inside the roots never fails for
// them, UIDs only ascend, and no message is lost or doubled.
func testRootsModel(t *testing.T, opt Options) {
	rapid.Check(t, func(t *rapid.T) {
		f := &failer{after: -1}
		policies := twoRoots(rapid.Int64Range(0, 6).Draw(t, "all"), rapid.Int64Range(0, 3).Draw(t, "work"))
		for i := range policies {
			if rapid.Bool().Draw(t, "counted") {
				policies[i].Limits[quota.Message] = quota.Hard(rapid.Int64Range(0, 8).Draw(t, "messages"))
				policies[i].Limits[quota.Mailbox] = quota.Hard(rapid.Int64Range(1, 5).Draw(t, "folders"))
			}
		}
		s := opt.Roots(t, policies, f.fail)
		m := &rootMachine{opt: opt, store: s, user: account(t, s, Alice), fails: f, last: map[mailbox.FolderID]imap.UID{}}
		delim := string(rune(m.user.Delimiter()))
		m.names = []string{imap.Inbox, "a", "work", "work" + delim + "x", "trash", "drafts"}
		t.Repeat(map[string]func(*rapid.T){
			"append": m.append, "replace": m.replace, "copy": m.copy, "move": m.move, "expunge": m.expunge,
			"create": m.create, "delete": m.delete, "rename": m.rename, "": m.check,
		})
	})
}

type rootMachine struct {
	opt   Options
	store mailbox.Store
	user  mailbox.User
	fails *failer
	names []string
	// messages is how many there are.
	messages int
	// last is the largest UID of each folder.
	last map[mailbox.FolderID]imap.UID
}

func (m *rootMachine) name(t *rapid.T, label string) string {
	return rapid.SampledFrom(m.names).Draw(t, label)
}

// folder opens some folder that exists.
func (m *rootMachine) folder(t *rapid.T) (name string, f mailbox.Folder) {
	var there []string
	for name, info := range folders(t, m.user) {
		if info.ID != "" {
			there = append(there, name)
		}
	}
	slices.Sort(there)
	name = rapid.SampledFrom(there).Draw(t, "folder")
	return name, open(t, m.user, name)
}

// try makes a call, which may be told to fail at some step, and says whether it
// worked. mayFail says that the quota may be the reason.
func (m *rootMachine) try(t *rapid.T, mayFail bool, call func() error) bool {
	before := state(t, m.user)
	m.fails.steps, m.fails.after = nil, rapid.IntRange(-4, 4).Draw(t, "failing")
	err := call()
	m.fails.after = -1
	if err == nil {
		return true
	}
	over := errors.Is(err, mailbox.ErrOverQuota)
	switch {
	case over && mayFail, errors.Is(err, errInjected):
	case over:
		t.Fatalf("for the quota failed what costs nothing: %v", err)
	case !errors.Is(err, mailbox.ErrNonExistent) && !errors.Is(err, mailbox.ErrNoSelect) && !errors.Is(err, mailbox.ErrAlreadyExists) &&
		!errors.Is(err, mailbox.ErrCannot) && !errors.Is(err, mailbox.ErrHasChildren):
		t.Fatalf("unexpected: %v", err)
	}
	if now := state(t, m.user); now != before {
		t.Fatalf("what failed with %v changed\n%sto\n%s", err, before, now)
	}
	return false
}

func (m *rootMachine) letters(t *rapid.T) []letter {
	return rapid.SliceOfN(rapid.Map(rapid.IntRange(0, 1100), func(n int) letter { return text(strings.Repeat("x", n)) }), 1, 3).Draw(t, "letters")
}

func (m *rootMachine) append(t *rapid.T) {
	_, f := m.folder(t)
	defer f.Close()
	letters := m.letters(t)
	if m.try(t, true, func() error { _, err := tryAdd(f, letters...); return err }) {
		m.messages += len(letters)
	}
}

func (m *rootMachine) replace(t *rapid.T) {
	_, f := m.folder(t)
	defer f.Close()
	letters, old := m.letters(t), m.some(t, f)
	if m.try(t, true, func() error {
		tx, err := f.Append(ctx)
		if err != nil {
			return err
		}
		defer tx.Abort()
		if err := tx.Expunge(old); err != nil {
			return err
		}
		for _, l := range letters {
			if err := put(tx, l); err != nil {
				return err
			}
		}
		_, err = tx.Commit()
		return err
	}) {
		m.messages += len(letters) - int(old.Count())
	}
}

// some draws messages of a folder.
func (m *rootMachine) some(t *rapid.T, f mailbox.Folder) (uids imap.UIDSet) {
	for u := range snapshot(t, f).UIDs.Set().All() {
		if rapid.Bool().Draw(t, "this one") {
			uids.Add(u)
		}
	}
	return uids
}

func (m *rootMachine) copy(t *rapid.T) {
	_, f := m.folder(t)
	defer f.Close()
	uids, to := m.some(t, f), m.name(t, "to")
	if m.try(t, true, func() error { _, err := f.Copy(ctx, uids, to); return err }) {
		m.messages += int(uids.Count())
	}
}

func (m *rootMachine) move(t *rapid.T) {
	from, f := m.folder(t)
	defer f.Close()
	uids, to := m.some(t, f), m.name(t, "to")
	m.try(t, !m.inside(t, from, to), func() error { _, err := f.Move(ctx, uids, to); return err })
}

// inside reports whether a folder named to counts in no root that one named from
// does not count in.
func (m *rootMachine) inside(t *rapid.T, from, to string) bool {
	has := strings.Fields(rootsOf(t, m.user, from))
	return !slices.ContainsFunc(strings.Fields(rootsOf(t, m.user, to)), func(r string) bool { return !slices.Contains(has, r) })
}

func (m *rootMachine) expunge(t *rapid.T) {
	_, f := m.folder(t)
	defer f.Close()
	uids := m.some(t, f)
	store(t, f, uids, mailbox.AddFlags, imap.FlagDeleted)
	// What EXPUNGE frees is what STATUS says: invariant 53.
	would, before := status(t, f), m.used(t, f)
	m.try(t, false, func() error {
		res, err := f.Expunge(ctx, mailbox.AllUIDs)
		if err != nil {
			return err
		}
		m.messages -= int(res.UIDs.Count())
		for i, used := range m.used(t, f) {
			if before[i].Minus(used) != quota.Of(would.DeletedSize, would.Deleted) || res.UIDs.Count() != would.Deleted {
				t.Fatalf("Expunge of %+v freed %v", would, before[i].Minus(used))
			}
		}
		return nil
	})
}

func (m *rootMachine) used(t *rapid.T, f mailbox.Folder) (used []quota.Amounts) {
	roots, err := f.(mailbox.QuotaFolder).QuotaRoots(ctx)
	ok(t, err, "QuotaRoots")
	for _, r := range roots {
		used = append(used, r.Used)
	}
	return used
}

func (m *rootMachine) create(t *rapid.T) {
	name := m.name(t, "name")
	m.try(t, true, func() error { _, err := m.user.Create(ctx, name, mailbox.CreateOptions{}); return err })
}

func (m *rootMachine) delete(t *rapid.T) {
	name := m.name(t, "name")
	has := 0
	if f, err := m.user.Open(ctx, name); err == nil {
		has = int(status(t, f).Messages)
		f.Close()
	}
	if m.try(t, false, func() error { return m.user.Delete(ctx, name) }) {
		m.messages -= has
	}
}

func (m *rootMachine) rename(t *rapid.T) {
	from, to := m.name(t, "from"), m.name(t, "to")
	m.try(t, true, func() error { return m.user.Rename(ctx, from, to) })
}

func (m *rootMachine) check(t *rapid.T) {
	checkUsage(t, m.opt, m.store)
	roots, _ := m.opt.Usage(t, m.store, Alice)
	for _, r := range roots {
		for _, x := range quota.Resources() {
			if l := r.Limits[x]; l.HasHard && r.Used[x] > l.Hard*x.Unit() {
				t.Fatalf("root %q has %d of %s, the limit is %d units", r.Name, r.Used[x], x, l.Hard)
			}
		}
	}
	n := 0
	for name, info := range folders(t, m.user) {
		if info.ID == "" {
			continue
		}
		f := open(t, m.user, name)
		snap := snapshot(t, f)
		if snap.UIDNext <= m.last[info.ID] {
			t.Fatalf("%q has UIDNEXT %d, UID %d was used", name, snap.UIDNext, m.last[info.ID])
		}
		m.last[info.ID] = max(m.last[info.ID], snap.UIDs.Max())
		n += snap.UIDs.Len()
		f.Close()
	}
	if n != m.messages {
		t.Fatalf("there are %d messages, expected %d", n, m.messages)
	}
}
