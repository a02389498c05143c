package storetest

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/mailwire/mailwire/imapwire/imap"
	"github.com/mailwire/mailwire/mailbox"
)

// A quotaClause is a clause about a store with a quota.
type quotaClause struct {
	clause
	octets, messages int64
}

var quotaClauses = []quotaClause{
	{clause{"quota/octets", testQuotaOctets}, 2048, -1},
	{clause{"quota/messages", testQuotaMessages}, -1, 3},
	{clause{"quota/nothing fits into nothing", testQuotaZero}, 0, 0},
	{clause{"quota/transactions reserve", testQuotaReserve}, 2048, -1},
	{clause{"quota/octets without a size", testQuotaUnknown}, 2048, -1},
	{clause{"quota/replacing is credited once", testQuotaReplace}, 2048, 2},
	{clause{"quota/copies count", testQuotaCopy}, 2048, -1},
	{clause{"quota/moves do not", testQuotaMove}, 2048, 2},
	{clause{"quota/what goes is free again", testQuotaFree}, 2048, 2},
	{clause{"quota/many at once", testQuotaConcurrent}, 2048, -1},
	{clause{"quota/is each user's own", testQuotaUsers}, 2048, 2},
}

// half is a message of half of the octets that the quota tests have.
var half = text(strings.Repeat("x", 1024))

// overQuota runs a call that has to fail for the quota and to change nothing.
func (k *kit) overQuota(what string, call func() error) {
	k.Helper()
	unchanged(k, k.alice, mailbox.ErrOverQuota, what, call)
	checkUsage(k, k.opt, k.store)
}

func (k *kit) tryAdd(letters ...letter) func() error {
	return func() error {
		_, err := tryAdd(k.inbox, letters...)
		return err
	}
}

func testQuotaOctets(k *kit) {
	add(k, k.inbox, half)
	tx := begin(k, k.inbox)
	defer tx.Abort()
	_, err := tx.Message(1025, nil, day)
	wants(k, err, mailbox.ErrOverQuota, "Message of an octet too many")
	ok(k, tx.Abort(), "Abort")
	k.overQuota("the second of two", k.tryAdd(text("x"), half))
	add(k, k.inbox, half) // exactly full: invariant 51
	k.overQuota("one octet more", k.tryAdd(text("x")))
	if st := status(k, k.inbox); st.Size != 2048 {
		k.Errorf("the folder has %d octets", st.Size)
	}
}

func testQuotaMessages(k *kit) {
	add(k, k.inbox, half, text(""))
	k.overQuota("two where one fits", k.tryAdd(text("x"), text("y")))
	add(k, k.inbox, half)
	k.overQuota("an empty one more", k.tryAdd(text("")))
}

// testQuotaZero: invariant 50. A limit of zero forbids growth.
func testQuotaZero(k *kit) {
	k.overQuota("a message", k.tryAdd(text("x")))
	k.overQuota("an empty message", k.tryAdd(text("")))
	create(k, k.alice, "box")
	_, err := k.inbox.Move(ctx, mailbox.AllUIDs, "box")
	ok(k, err, "Move of nothing")
}

func testQuotaReserve(k *kit) {
	first := begin(k, k.inbox)
	defer first.Abort()
	_, err := first.Message(1536, nil, day)
	ok(k, err, "Message")
	// Not written yet, but taken.
	unchanged(k, k.alice, mailbox.ErrOverQuota, "what another transaction has reserved", k.tryAdd(half))
	add(k, k.inbox, text(half.text[:512]))
	ok(k, first.Abort(), "Abort")
	add(k, k.inbox, half)
	second := begin(k, k.inbox)
	defer second.Abort()
	ok(k, put(second, text(half.text[:512])), "a message")
	_, err = second.Commit()
	ok(k, err, "Commit of what was reserved")
	k.overQuota("one octet more", k.tryAdd(text("x")))
}

func testQuotaUnknown(k *kit) {
	write := func(n int) func() error {
		return func() error {
			tx := begin(k, k.inbox)
			defer tx.Abort()
			w, err := tx.Message(-1, nil, day)
			if err != nil {
				return err
			}
			for range n {
				if _, err := io.WriteString(w, half.text[:512]); err != nil {
					return err
				}
			}
			_, err = tx.Commit()
			return err
		}
	}
	ok(k, write(3)(), "three quarters")
	k.overQuota("two quarters more", write(2))
	ok(k, write(1)(), "the last quarter")
}

func testQuotaReplace(k *kit) {
	uids := add(k, k.inbox, half, half).UIDs
	replace := func(old imap.UID, l ...letter) (imap.UID, error) {
		tx := begin(k, k.inbox)
		defer tx.Abort()
		ok(k, tx.Expunge(set(old)), "Expunge")
		for _, l := range l {
			if err := put(tx, l); err != nil {
				return 0, err
			}
		}
		res, err := tx.Commit()
		if err != nil {
			return 0, err
		}
		return res.UIDs[0], nil
	}
	uid, err := replace(uids[0], half)
	ok(k, err, "replacing at the limit")
	checkUsage(k, k.opt, k.store)
	k.overQuota("replacing by something larger", func() error {
		_, err := replace(uid, text(half.text+"x"))
		return err
	})
	k.overQuota("replacing one by two", func() error {
		_, err := replace(uid, text("x"), text("y"))
		return err
	})
	// What is gone already gives nothing twice.
	k.overQuota("replacing what is gone", func() error {
		_, err := replace(uids[0], half)
		return err
	})
	// Two at once that count on the same message.
	first, second := begin(k, k.inbox), begin(k, k.inbox)
	defer first.Abort()
	defer second.Abort()
	ok(k, first.Expunge(set(uid)), "Expunge")
	ok(k, second.Expunge(set(uid)), "Expunge")
	ok(k, put(first, half), "the first")
	if err := put(second, half); !errors.Is(err, mailbox.ErrOverQuota) {
		if _, err = second.Commit(); !errors.Is(err, mailbox.ErrOverQuota) {
			_, err1 := first.Commit()
			if used := status(k, k.inbox).Size; used > 2048 {
				k.Fatalf("the folder has %d octets (errors %v, %v)", used, err1, err)
			}
		}
	}
	ok(k, second.Abort(), "Abort")
	first.Commit()
	if used := status(k, k.inbox).Size; used > 2048 {
		k.Errorf("the folder has %d octets", used)
	}
}

func testQuotaCopy(k *kit) {
	uid := add(k, k.inbox, half).UIDs[0]
	create(k, k.alice, "box")
	_, err := k.inbox.Copy(ctx, set(uid), "box")
	ok(k, err, "Copy")
	k.overQuota("Copy at the limit", func() error {
		_, err := k.inbox.Copy(ctx, set(uid), "box")
		return err
	})
	k.overQuota("Copy at the limit into the same folder", func() error {
		_, err := k.inbox.Copy(ctx, set(uid), imap.Inbox)
		return err
	})
}

// testQuotaMove: invariant 52.
func testQuotaMove(k *kit) {
	add(k, k.inbox, half, half)
	create(k, k.alice, "box")
	for range 2 {
		_, err := k.inbox.Move(ctx, snapshot(k, k.inbox).UIDs.Set(), "box")
		ok(k, err, "Move at the limit")
		checkUsage(k, k.opt, k.store)
		ok(k, k.alice.Rename(ctx, imap.Inbox, "former"), "Rename of an empty INBOX at the limit")
		ok(k, k.alice.Delete(ctx, "former"), "Delete")
		box := open(k, k.alice, "box")
		_, err = box.Move(ctx, snapshot(k, box).UIDs.Set(), imap.Inbox)
		ok(k, err, "Move back at the limit")
		box.Close()
	}
	_, err := k.inbox.Move(ctx, set(snapshot(k, k.inbox).UIDs.Max()), imap.Inbox)
	ok(k, err, "Move into the same folder at the limit")
	ok(k, k.alice.Rename(ctx, "box", "case"), "Rename at the limit")
	ok(k, k.alice.Rename(ctx, imap.Inbox, "old"), "Rename of INBOX at the limit")
	k.overQuota("one octet more", k.tryAdd(text("x")))
}

func testQuotaFree(k *kit) {
	for name, free := range map[string]func(){
		"Expunge": func() { expunge(k, k.inbox, mailbox.AllUIDs) },
		"Expunge by two": func() {
			store(k, k.inbox, mailbox.AllUIDs, mailbox.AddFlags, imap.FlagDeleted)
			f := open(k, k.alice, imap.Inbox)
			defer f.Close()
			for _, f := range []mailbox.Folder{k.inbox, f, k.inbox} {
				_, err := f.Expunge(ctx, mailbox.AllUIDs)
				ok(k, err, "Expunge")
			}
		},
		"Delete": func() {
			create(k, k.alice, "box")
			_, err := k.inbox.Move(ctx, snapshot(k, k.inbox).UIDs.Set(), "box")
			ok(k, err, "Move")
			ok(k, k.alice.Delete(ctx, "box"), "Delete")
		},
	} {
		add(k, k.inbox, half, half)
		k.overQuota("before "+name, k.tryAdd(text("x")))
		free()
		checkUsage(k, k.opt, k.store)
		add(k, k.inbox, half, half)
		k.overQuota("after "+name, k.tryAdd(text("x")))
		free()
	}
}

// testQuotaConcurrent: invariant 51. However many append, copy and expunge at
// once, what succeeds stays within the limit.
func testQuotaConcurrent(k *kit) {
	piece := text(half.text[:200])
	k.each(4, func(i int, f mailbox.Folder) error {
		for n := range 30 {
			var err error
			switch {
			case n%5 == 4:
				_, err = f.Store(ctx, mailbox.AllUIDs, mailbox.FlagUpdate{Op: mailbox.AddFlags, Flags: []imap.Flag{imap.FlagDeleted}})
				if err == nil {
					_, err = f.Expunge(ctx, mailbox.AllUIDs)
				}
			case i == 0:
				var s mailbox.Snapshot
				if s, err = f.Snapshot(ctx); err == nil {
					_, err = f.Copy(ctx, s.UIDs.Set(), imap.Inbox)
				}
			default:
				_, err = tryAdd(f, piece, piece)
			}
			if err != nil && !errors.Is(err, mailbox.ErrOverQuota) && !errors.Is(err, mailbox.ErrExpunged) {
				return err
			}
			st, err := f.Status(ctx)
			if err != nil {
				return err
			}
			if st.Size > 2048 {
				return fmt.Errorf("the folder has %d octets", st.Size)
			}
		}
		return nil
	})
}

func testQuotaUsers(k *kit) {
	add(k, k.inbox, half, half)
	bob := account(k, k.store, Bob)
	defer bob.Close()
	theirs := open(k, bob, imap.Inbox)
	defer theirs.Close()
	add(k, theirs, half, half, half)
	expunge(k, theirs, mailbox.AllUIDs)
	k.overQuota("when somebody else has room", k.tryAdd(text("x")))
}
