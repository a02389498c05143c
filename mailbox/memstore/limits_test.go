package memstore_test

import (
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/mailwire/mailwire/imapwire/imap"
	"github.com/mailwire/mailwire/mailbox"
	"github.com/mailwire/mailwire/mailbox/memstore"
	"github.com/mailwire/mailwire/mailbox/storetest"
)

func openUser(t rapid.TB, s *memstore.Store, name string) mailbox.User {
	t.Helper()
	u, err := s.User(ctx, name)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

func openInbox(t rapid.TB, s *memstore.Store, name string) mailbox.Folder {
	t.Helper()
	f, err := openUser(t, s, name).Open(ctx, imap.Inbox)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func create(t rapid.TB, u mailbox.User, name string) {
	t.Helper()
	if _, err := u.Create(ctx, name, mailbox.CreateOptions{}); err != nil {
		t.Fatalf("Create(%q): %v", name, err)
	}
}

// tryAdd appends one message in a transaction of its own.
func tryAdd(begin func() (mailbox.AppendTx, error), text string, flags ...imap.Flag) ([]imap.UID, error) {
	tx, err := begin()
	if err != nil {
		return nil, err
	}
	defer tx.Abort()
	w, err := tx.Message(int64(len(text)), flags, time.Time{})
	if err != nil {
		return nil, err
	}
	if _, err := w.Write([]byte(text)); err != nil {
		return nil, err
	}
	res, err := tx.Commit()
	return res.UIDs, err
}

func appending(f mailbox.Folder) func() (mailbox.AppendTx, error) {
	return func() (mailbox.AppendTx, error) { return f.Append(ctx) }
}

func add(t rapid.TB, f mailbox.Folder, text string, flags ...imap.Flag) imap.UID {
	t.Helper()
	uids, err := tryAdd(appending(f), text, flags...)
	if err != nil {
		t.Fatal(err)
	}
	return uids[0]
}

func wantLimit(t *testing.T, err error, what string) {
	t.Helper()
	if !errors.Is(err, mailbox.ErrLimit) {
		t.Errorf("%s: expected %v, got %v", what, mailbox.ErrLimit, err)
	}
}

func TestFolderLimits(t *testing.T) {
	u := openUser(t, newStore(t, memstore.Options{Limits: memstore.Limits{Folders: 4, Subscriptions: 2}}), storetest.Alice)
	create(t, u, "a/b")
	_, err := u.Create(ctx, "c/d", mailbox.CreateOptions{})
	wantLimit(t, err, "two folders where one fits")
	create(t, u, "c")
	_, err = u.Create(ctx, "d", mailbox.CreateOptions{})
	wantLimit(t, err, "one folder more")
	wantLimit(t, u.Rename(ctx, "c", "x/y"), "a rename that needs a parent")
	wantLimit(t, u.Rename(ctx, imap.Inbox, "x"), "a rename of INBOX")
	if err := u.Rename(ctx, "c", "x"); err != nil {
		t.Errorf("a rename at the limit: %v", err)
	}
	// A name that is only a parent becomes a folder without a name more.
	if err := u.Delete(ctx, "a"); err != nil {
		t.Fatal(err)
	}
	create(t, u, "a")
	for _, name := range []string{"a", "b", "a"} {
		if err := u.Subscribe(ctx, name, true); err != nil {
			t.Fatal(err)
		}
	}
	wantLimit(t, u.Subscribe(ctx, "c", true), "one subscription more")
	if err := u.Subscribe(ctx, "a", false); err != nil {
		t.Fatal(err)
	}
	if err := u.Subscribe(ctx, "c", true); err != nil {
		t.Errorf("a subscription after another went: %v", err)
	}
}

// TestRenameLimits: a child must not get a name that could not be made.
func TestRenameLimits(t *testing.T) {
	u := openUser(t, newStore(t, memstore.Options{Limits: memstore.Limits{Name: 10, Levels: 3}}), storetest.Alice)
	create(t, u, "a/bcdef")
	for _, to := range []string{"x/y/z", "abcdefg", "b/c/d"} {
		if err := u.Rename(ctx, "a", to); !errors.Is(err, mailbox.ErrCannot) {
			t.Errorf("Rename to %q: %v", to, err)
		}
	}
	if err := u.Rename(ctx, "a", "x/y"); err != nil {
		t.Error(err)
	}
}

// TestKeywordLimits: threat M14. A folder takes so many keywords, and they may
// be so long.
func TestKeywordLimits(t *testing.T) {
	s := newStore(t, memstore.Options{Limits: memstore.Limits{Keywords: 3, Keyword: 5}})
	f := openInbox(t, s, storetest.Alice)
	uid := add(t, f, "x", "a", "B")
	set := func(op mailbox.FlagOp, flags ...imap.Flag) error {
		_, err := f.Store(ctx, mailbox.AllUIDs, mailbox.FlagUpdate{Op: op, Flags: flags})
		return err
	}
	full := func() bool {
		st, err := f.Status(ctx)
		if err != nil {
			t.Fatal(err)
		}
		return st.KeywordsFull
	}
	wantLimit(t, set(mailbox.AddFlags, "c", "d"), "two keywords where one fits")
	if full() {
		t.Error("a refused change filled the table")
	}
	wantLimit(t, set(mailbox.AddFlags, "sixsix"), "a long keyword")
	for _, k := range []imap.Flag{"", "a b", "a(", "{", "x%", "*", `a\`, "]", "é", "a\r", `"`} {
		if err := set(mailbox.AddFlags, k); !errors.Is(err, mailbox.ErrCannot) {
			t.Errorf("keyword %q: %v", k, err)
		}
	}
	if err := set(mailbox.SetFlags, "c", imap.FlagSeen, `\Unknown`, imap.FlagWildcard); err != nil {
		t.Error(err)
	}
	if !full() {
		t.Error("three of three keywords, and the table is not full")
	}
	wantLimit(t, set(mailbox.AddFlags, "d"), "one keyword more")
	if err := set(mailbox.RemoveFlags, "d", "not even a keyword"); err != nil {
		t.Errorf("removing what is not known: %v", err)
	}
	if err := set(mailbox.AddFlags, "A", "b", "C"); err != nil {
		t.Errorf("what is known in another case: %v", err)
	}
	_, err := tryAdd(appending(f), "y", "d")
	wantLimit(t, err, "a message with one keyword more")
	// A transaction that filled the table before this one came to its end.
	g := openInbox(t, s, storetest.Bob)
	tx, err := g.Append(ctx)
	if err != nil {
		t.Fatal(err)
	}
	defer tx.Abort()
	if _, err := tx.Message(0, []imap.Flag{"late"}, time.Time{}); err != nil {
		t.Fatal(err)
	}
	add(t, g, "x", "a", "b", "c")
	_, err = tx.Commit()
	wantLimit(t, err, "a Commit after the table was filled")
	var flags []imap.Flag
	for m, err := range f.Messages(ctx, imap.UIDSetOf(uid)) {
		if err != nil {
			t.Fatal(err)
		}
		flags = m.Flags
	}
	if got := fmt.Sprint(flags); got != `[c \Seen a B]` {
		t.Errorf("the flags are %s", got)
	}
}

// TestCopyKeywords: a copy is spelled as its folder spells, and needs room
// there.
func TestCopyKeywords(t *testing.T) {
	s := newStore(t, memstore.Options{Limits: memstore.Limits{Keywords: 3}})
	u, f := openUser(t, s, storetest.Alice), openInbox(t, s, storetest.Alice)
	create(t, u, "box")
	box, err := u.Open(ctx, "box")
	if err != nil {
		t.Fatal(err)
	}
	add(t, box, "x", "KEY", "two")
	uid := add(t, f, "y", "key", "a", imap.FlagSeen)
	if _, err := f.Copy(ctx, imap.UIDSetOf(uid), "box"); err != nil {
		t.Fatal(err)
	}
	for m, err := range box.Messages(ctx, imap.UIDSetOf(2)) {
		if got := fmt.Sprint(m.Flags, err); got != `[KEY a \Seen] <nil>` {
			t.Errorf("the copy has the flags %s", got)
		}
	}
	uid = add(t, f, "z", "b")
	_, err = f.Copy(ctx, imap.UIDSetOf(uid), "box")
	wantLimit(t, err, "Copy with a keyword too many")
	_, err = f.Move(ctx, imap.UIDSetOf(uid), "box")
	wantLimit(t, err, "Move with a keyword too many")
}

// TestExhaustion: invariants 39 and 41. A folder that has given all UIDs, and a
// store that has given all UIDVALIDITYs, give no more, and none twice.
func TestExhaustion(t *testing.T) {
	s := newStore(t, memstore.Options{UIDValidity: math.MaxUint32 - 2})
	u, f := openUser(t, s, storetest.Alice), openInbox(t, s, storetest.Alice)
	_, err := u.Create(ctx, "a/b", mailbox.CreateOptions{})
	wantLimit(t, err, "two folders where one UIDVALIDITY is left")
	create(t, u, "a")
	box, err := u.Open(ctx, "a")
	if err != nil {
		t.Fatal(err)
	}
	snap, err := box.Snapshot(ctx)
	if snap.UIDValidity != math.MaxUint32 || err != nil {
		t.Errorf("the last UIDVALIDITY is %d, %v", snap.UIDValidity, err)
	}
	if err := u.Delete(ctx, "a"); err != nil {
		t.Fatal(err)
	}
	_, err = u.Create(ctx, "a", mailbox.CreateOptions{})
	wantLimit(t, err, "a folder without a UIDVALIDITY")
	wantLimit(t, s.AddUser("carol", ""), "a user without a UIDVALIDITY")
	if used, err := s.Recount(storetest.Alice); err != nil || len(used) != 1 || used[0].Used[3] != 1 {
		t.Errorf("Alice has %v, %v", used, err)
	}

	memstore.SetUIDNext(f, imap.MaxUID-1)
	if uid := add(t, f, "last"); uid != imap.MaxUID-1 {
		t.Errorf("the last UID is %d", uid)
	}
	_, err = tryAdd(appending(f), "none")
	wantLimit(t, err, "a message without a UID")
	_, err = f.Copy(ctx, imap.UIDSetOf(imap.MaxUID-1), imap.Inbox)
	wantLimit(t, err, "a copy without a UID")
	snap, err = f.Snapshot(ctx)
	if snap.UIDNext != imap.MaxUID || snap.UIDs.Len() != 1 || err != nil {
		t.Errorf("the snapshot is %+v, %v", snap, err)
	}
}

// TestFolderListFloor: the folder list forgets what is gone beyond the limit,
// and says so.
func TestFolderListFloor(t *testing.T) {
	u := openUser(t, newStore(t, memstore.Options{Limits: memstore.Limits{Tombstones: 3}}), storetest.Alice)
	read := func(since imap.ModSeq) (all []mailbox.FolderChange, err error) {
		for c, err := range u.Changes(ctx, since) {
			if err != nil {
				return all, err
			}
			all = append(all, c)
		}
		return all, nil
	}
	create(t, u, "stays")
	for i := range 5 {
		name := fmt.Sprint("goes", i)
		create(t, u, name)
		if err := u.Delete(ctx, name); err != nil {
			t.Fatal(err)
		}
	}
	_, err := read(2)
	var floor *mailbox.FloorError
	if !errors.As(err, &floor) || floor.Floor != 6 {
		t.Fatalf("Changes(2): %v", err)
	}
	if got, err := read(6); err != nil || len(got) != 3 || got[0].Name != "goes2" {
		t.Errorf("Changes(6): %+v, %v", got, err)
	}
	got, err := read(0)
	var text []string
	for _, c := range got {
		text = append(text, fmt.Sprint(c.ModSeq, c.Event, c.Name))
	}
	if want := "1 1INBOX,2 1stays,12 0"; strings.Join(text, ",") != want || err != nil {
		t.Errorf("Changes(0): %q, %v, expected %q", text, err, want)
	}
}
