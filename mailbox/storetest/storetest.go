package storetest

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/mailwire/mailwire/imapwire/imap"
	"github.com/mailwire/mailwire/mailbox"
	"github.com/mailwire/mailwire/quota"
)

// The users of a store under test.
const (
	Alice = "alice"
	Bob   = "bob"
)

// Options say what the store under test can be made to do. Each field that is
// set adds tests; the zero value adds none.
type Options struct {
	// Quota returns a store, as newStore does, in which Alice may have so many
	// octets, a multiple of 1024, and messages. Negative is no limit.
	Quota func(t *testing.T, octets, messages int64) mailbox.Store
	// Roots returns a store, as newStore does, whose users have the quota roots
	// of policies, and which fails as one of Failing does when fail is not nil.
	// Its users are [mailbox.QuotaUser], and its folders [mailbox.QuotaFolder].
	Roots func(t rapid.TB, policies []quota.Policy, fail func(step string) error) mailbox.Store
	// Usage returns the quota roots of a user as a store of newStore, Quota,
	// Roots or Failing has them on its books, and what adding up all messages
	// makes of them. All transactions are over when it is called. Every test
	// then ends with a look at it.
	Usage func(t rapid.TB, s mailbox.Store, user string) (booked, recount []quota.Root)
	// Failing returns a store, as newStore does, that calls fail at each step
	// of a change that could go wrong, and gives the change up with fail's
	// error if there is one. step names the step.
	Failing func(t *testing.T, fail func(step string) error) mailbox.Store
	// Forgetful returns a store, as newStore does, whose folders remember no
	// more than n messages that are gone.
	Forgetful func(t *testing.T, n int) mailbox.Store
	// AppendLimit returns a store, as newStore does, that takes messages of at
	// most n octets.
	AppendLimit func(t *testing.T, n uint32) mailbox.Store
	// Clock returns a store, as newStore does, whose clock stands still, and
	// what moves it on.
	Clock func(t *testing.T) (s mailbox.Store, later func(time.Duration))
}

// Run tests the stores that newStore returns. Each call makes a fresh one with
// the users [Alice] and [Bob], who have an empty INBOX.
func Run(t *testing.T, newStore func(t *testing.T) mailbox.Store) {
	t.Helper()
	RunOptions(t, newStore, Options{})
}

// RunOptions is [Run] for a store that can do more.
func RunOptions(t *testing.T, newStore func(t *testing.T) mailbox.Store, opt Options) {
	t.Helper()
	for _, c := range clauses {
		t.Run(c.name, func(t *testing.T) { c.run(newKit(t, newStore(t), opt)) })
	}
	if opt.AppendLimit != nil {
		t.Run("append/limit", func(t *testing.T) { testAppendLimit(newKit(t, opt.AppendLimit(t, 1000), opt)) })
	}
	if opt.Clock != nil {
		t.Run("lease/runs out", func(t *testing.T) {
			s, later := opt.Clock(t)
			testLeaseTime(newKit(t, s, opt), later)
		})
	}
	if opt.Forgetful != nil {
		t.Run("changes/floor", func(t *testing.T) { testFloor(newKit(t, opt.Forgetful(t, 5), opt)) })
	}
	if opt.Quota != nil {
		for _, c := range quotaClauses {
			t.Run(c.name, func(t *testing.T) { c.run(newKit(t, opt.Quota(t, c.octets, c.messages), opt)) })
		}
	}
	if opt.Roots != nil {
		for _, c := range rootClauses {
			t.Run(c.name, func(t *testing.T) { c.run(newKit(t, opt.Roots(t, c.policies, nil), opt)) })
		}
		t.Run("roots/model", func(t *testing.T) { testRootsModel(t, opt) })
	}
	if opt.Failing != nil {
		t.Run("failures", func(t *testing.T) { testFailures(t, opt) })
	}
	t.Run("model", func(t *testing.T) { testModel(t, newStore, opt) })
}

// A clause is a sentence of the contract, and its test.
type clause struct {
	name string
	run  func(*kit)
}

var clauses = slices.Concat(appendClauses, flagClauses, copyClauses, expungeClauses, changesClauses,
	recentClauses, folderClauses, listClauses, watchClauses, leaseClauses, concurrencyClauses)

// A kit is what a test works with: a fresh store with Alice's account open.
type kit struct {
	*testing.T
	opt   Options
	store mailbox.Store
	alice mailbox.User
	inbox mailbox.Folder
}

func newKit(t *testing.T, s mailbox.Store, opt Options) *kit {
	k := &kit{T: t, opt: opt, store: s}
	k.alice = account(t, s, Alice)
	k.inbox = open(t, k.alice, imap.Inbox)
	t.Cleanup(func() {
		checkUsage(t, opt, s)
		k.inbox.Close()
		k.alice.Close()
	})
	return k
}

// checkUsage compares the books with the store's recount and with what users
// see: invariant 49.
func checkUsage(t rapid.TB, opt Options, s mailbox.Store) {
	t.Helper()
	if opt.Usage == nil {
		return
	}
	for _, name := range []string{Alice, Bob} {
		booked, recount := opt.Usage(t, s, name)
		if len(booked) == 0 || len(booked) != len(recount) {
			t.Errorf("%s: the books have %d roots, a recount has %d", name, len(booked), len(recount))
			continue
		}
		u := account(t, s, name)
		seen := usage(t, u, booked[0].Name)
		u.Close()
		for i, r := range booked {
			if r.Name != recount[i].Name || r.Used != recount[i].Used || r.Reserved != (quota.Amounts{}) {
				t.Errorf("%s: the books say %+v, a recount says %+v", name, r, recount[i])
			}
			for _, x := range []quota.Resource{quota.Storage, quota.Message} {
				if r.Used[x] != seen[r.Name][x] {
					t.Errorf("%s: root %q has %d of %s on the books, the folders have %d", name, r.Name, r.Used[x], x, seen[r.Name][x])
				}
			}
			// Not every store counts folders.
			if n := r.Used[quota.Mailbox]; n != 0 && n != seen[r.Name][quota.Mailbox] {
				t.Errorf("%s: root %q has %d folders on the books, there are %d", name, r.Name, n, seen[r.Name][quota.Mailbox])
			}
		}
	}
}

// usage adds up what a user sees, by root; all folders count in only, unless they
// say otherwise.
func usage(t rapid.TB, u mailbox.User, only string) map[string]quota.Amounts {
	t.Helper()
	sums := make(map[string]quota.Amounts)
	for name, info := range folders(t, u) {
		if info.ID == "" {
			continue
		}
		f := open(t, u, name)
		var sum quota.Amounts
		sum[quota.Mailbox] = 1
		for m, err := range f.Messages(ctx, mailbox.AllUIDs) {
			ok(t, err, "Messages")
			sum = sum.Plus(quota.Of(m.Size, 1))
		}
		roots := []quota.Root{{Name: only}}
		if q, is := f.(mailbox.QuotaFolder); is {
			var err error
			roots, err = q.QuotaRoots(ctx)
			ok(t, err, "QuotaRoots")
		}
		for _, r := range roots {
			sums[r.Name] = sums[r.Name].Plus(sum)
		}
		f.Close()
	}
	return sums
}

// ctx is for calls that are not to be cancelled.
var ctx = context.Background()

// name joins the levels of a name.
func (k *kit) name(levels ...string) string {
	return strings.Join(levels, string(rune(k.alice.Delimiter())))
}

// folder makes a folder and opens it.
func (k *kit) folder(name string) mailbox.Folder {
	k.Helper()
	create(k, k.alice, name)
	f := open(k, k.alice, name)
	k.Cleanup(func() { f.Close() })
	return f
}

func account(t rapid.TB, s mailbox.Store, name string) mailbox.User {
	t.Helper()
	u, err := s.User(ctx, name)
	if err != nil {
		t.Fatalf("User(%q): %v", name, err)
	}
	return u
}

func open(t rapid.TB, u mailbox.User, name string) mailbox.Folder {
	t.Helper()
	f, err := u.Open(ctx, name)
	if err != nil {
		t.Fatalf("Open(%q): %v", name, err)
	}
	return f
}

func create(t rapid.TB, u mailbox.User, name string) mailbox.FolderID {
	t.Helper()
	id, err := u.Create(ctx, name, mailbox.CreateOptions{})
	if err != nil {
		t.Fatalf("Create(%q): %v", name, err)
	}
	return id
}

// ok fails the test on an error.
func ok(t rapid.TB, err error, what string) {
	t.Helper()
	if err != nil {
		t.Fatalf("%s: %v", what, err)
	}
}

// wants fails the test unless err is target.
func wants(t rapid.TB, err, target error, what string) {
	t.Helper()
	if !errors.Is(err, target) {
		t.Fatalf("%s: expected error %q, got %v", what, target, err)
	}
}

// A letter is a message to append.
type letter struct {
	text  string
	flags []imap.Flag
	date  time.Time
}

// day is a date that no clock returns, in a zone of its own.
var day = time.Date(2001, 2, 3, 4, 5, 6, 0, time.FixedZone("", -(3*60+30)*60))

func text(s string) letter { return letter{text: s, date: day} }

// put starts a message in a transaction and writes its octets.
func put(tx mailbox.AppendTx, l letter) error {
	w, err := tx.Message(int64(len(l.text)), l.flags, l.date)
	if err != nil {
		return err
	}
	_, err = io.WriteString(w, l.text)
	return err
}

// tryAdd appends letters in one transaction, which is over afterwards.
func tryAdd(f mailbox.Folder, letters ...letter) (mailbox.AppendResult, error) {
	tx, err := f.Append(ctx)
	if err != nil {
		return mailbox.AppendResult{}, err
	}
	defer tx.Abort()
	for _, l := range letters {
		if err := put(tx, l); err != nil {
			return mailbox.AppendResult{}, err
		}
	}
	return tx.Commit()
}

// add is tryAdd that has to work.
func add(t rapid.TB, f mailbox.Folder, letters ...letter) mailbox.AppendResult {
	t.Helper()
	res, err := tryAdd(f, letters...)
	ok(t, err, "appending")
	if len(res.UIDs) != len(letters) {
		t.Fatalf("appending %d messages gave the UIDs %v", len(letters), res.UIDs)
	}
	return res
}

// fill appends n small messages, the n-th being "n".
func fill(t rapid.TB, f mailbox.Folder, n int) mailbox.AppendResult {
	t.Helper()
	letters := make([]letter, n)
	for i := range letters {
		letters[i] = text(fmt.Sprint(i + 1))
	}
	return add(t, f, letters...)
}

func begin(t rapid.TB, f mailbox.Folder) mailbox.AppendTx {
	t.Helper()
	tx, err := f.Append(ctx)
	ok(t, err, "Append")
	return tx
}

func snapshot(t rapid.TB, f mailbox.Folder) mailbox.Snapshot {
	t.Helper()
	s, err := f.Snapshot(ctx)
	ok(t, err, "Snapshot")
	return s
}

func status(t rapid.TB, f mailbox.Folder) mailbox.Status {
	t.Helper()
	s, err := f.Status(ctx)
	ok(t, err, "Status")
	return s
}

func messages(t rapid.TB, f mailbox.Folder, uids imap.UIDSet) []mailbox.Message {
	t.Helper()
	var all []mailbox.Message
	for m, err := range f.Messages(ctx, uids) {
		ok(t, err, "Messages")
		all = append(all, m)
	}
	return all
}

// theMessage returns the one message with a UID.
func theMessage(t rapid.TB, f mailbox.Folder, uid imap.UID) mailbox.Message {
	t.Helper()
	all := messages(t, f, set(uid))
	if len(all) != 1 || all[0].UID != uid {
		t.Fatalf("Messages(%d) yielded %v", uid, all)
	}
	return all[0]
}

// octets returns all of a message.
func octets(t rapid.TB, f mailbox.Folder, uid imap.UID) string {
	t.Helper()
	b, err := f.Body(ctx, uid)
	ok(t, err, "Body")
	defer b.Close()
	s, err := io.ReadAll(io.NewSectionReader(b, 0, b.Size()))
	ok(t, err, "reading a body")
	return string(s)
}

func set(uids ...imap.UID) imap.UIDSet { return imap.UIDSetOf(uids...) }

// store changes flags of messages.
func store(t rapid.TB, f mailbox.Folder, uids imap.UIDSet, op mailbox.FlagOp, flags ...imap.Flag) mailbox.StoreResult {
	t.Helper()
	res, err := f.Store(ctx, uids, mailbox.FlagUpdate{Op: op, Flags: flags})
	ok(t, err, "Store")
	return res
}

// expunge makes messages \Deleted and removes them.
func expunge(t rapid.TB, f mailbox.Folder, uids imap.UIDSet) mailbox.ExpungeResult {
	t.Helper()
	store(t, f, uids, mailbox.AddFlags, imap.FlagDeleted)
	res, err := f.Expunge(ctx, uids)
	ok(t, err, "Expunge")
	return res
}

func changes(t rapid.TB, f mailbox.Folder, since imap.ModSeq) []mailbox.Change {
	t.Helper()
	all, err := tryChanges(f, since)
	ok(t, err, "Changes")
	last := since
	for _, c := range all {
		if c.ModSeq <= since || c.ModSeq < last {
			t.Fatalf("Changes(%d) yielded modseq %d behind %d", since, c.ModSeq, last)
		}
		last = c.ModSeq
	}
	return all
}

func tryChanges(f mailbox.Folder, since imap.ModSeq) ([]mailbox.Change, error) {
	var all []mailbox.Change
	for c, err := range f.Changes(ctx, since) {
		if err != nil {
			return all, err
		}
		all = append(all, c)
	}
	return all, nil
}

// folders returns the folder list by name.
func folders(t rapid.TB, u mailbox.User) map[string]mailbox.FolderInfo {
	t.Helper()
	all := make(map[string]mailbox.FolderInfo)
	last := ""
	for info, err := range u.Folders(ctx) {
		ok(t, err, "Folders")
		if _, twice := all[info.Name]; twice {
			t.Fatalf("%q is twice in the folder list", info.Name)
		}
		if last != "" && (info.Name == imap.Inbox || last != imap.Inbox && info.Name < last) {
			t.Fatalf("%q follows %q in the folder list", info.Name, last)
		}
		if named := info.ID != ""; named == (info.NoSelect || info.NonExistent) {
			t.Fatalf("folder with ID %q: %+v", info.ID, info)
		}
		last = info.Name
		all[info.Name] = info
	}
	return all
}

// flagText returns flags as a set: folded and sorted.
func flagText(flags []imap.Flag) string {
	s := make([]string, len(flags))
	for i, f := range flags {
		s[i] = f.Fold()
	}
	slices.Sort(s)
	return strings.Join(s, " ")
}

// state returns everything of a user that no failed call may change, as text.
// UIDNEXT may.
func state(t rapid.TB, u mailbox.User) string {
	t.Helper()
	var b strings.Builder
	for info, err := range u.Folders(ctx) {
		ok(t, err, "Folders")
		fmt.Fprintf(&b, "%+v\n", info)
		if info.ID == "" {
			continue
		}
		f := open(t, u, info.Name)
		st := status(t, f)
		st.UIDNext, st.ModSeq = 0, 0
		fmt.Fprintf(&b, "\t%+v\n\t%v\n", st, snapshot(t, f).UIDs.Set())
		for _, m := range messages(t, f, mailbox.AllUIDs) {
			h := fnv.New64a()
			io.WriteString(h, octets(t, f, m.UID))
			fmt.Fprintf(&b, "\t%+v %x\n", m, h.Sum64())
		}
		f.Close()
	}
	return b.String()
}

// unchanged runs a call that fails and compares the user's state.
func unchanged(t rapid.TB, u mailbox.User, target error, what string, call func() error) {
	t.Helper()
	before := state(t, u)
	wants(t, call(), target, what)
	if after := state(t, u); after != before {
		t.Fatalf("%s failed and changed\n%sto\n%s", what, before, after)
	}
}
