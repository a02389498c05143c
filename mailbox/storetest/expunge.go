package storetest

import (
	"errors"
	"io"

	"github.com/mailwire/mailwire/imapwire/imap"
	"github.com/mailwire/mailwire/mailbox"
)

var expungeClauses = []clause{
	{"expunge/only \\Deleted among the UIDs", testExpunge},
	{"expunge/nothing to do is no change", testExpungeNothing},
	{"expunge/a body that is open", testExpungeOpenBody},
	{"expunge/a body that is gone", testBodyGone},
	{"uid/never used again", testUIDs},
}

func testExpunge(k *kit) {
	uids := fill(k, k.inbox, 4).UIDs
	store(k, k.inbox, set(uids[0], uids[1], uids[3]), mailbox.AddFlags, imap.FlagDeleted)
	before := snapshot(k, k.inbox)
	res, err := k.inbox.Expunge(ctx, set(uids[0], uids[2], uids[3], uids[3]+100))
	ok(k, err, "Expunge")
	if !res.UIDs.Equal(set(uids[0], uids[3])) || res.ModSeq <= before.ModSeq {
		k.Errorf("the result is %+v", res)
	}
	after := snapshot(k, k.inbox)
	if !after.UIDs.Set().Equal(set(uids[1], uids[2])) || after.ModSeq != res.ModSeq || after.UIDNext != before.UIDNext {
		k.Errorf("the folder was %+v and is %+v", before, after)
	}
	told := changes(k, k.inbox, before.ModSeq)
	for _, c := range told {
		if c.Kind != mailbox.Expunged || c.ModSeq != res.ModSeq || !res.UIDs.Contains(c.UID) || c.Flags != nil {
			k.Errorf("told %+v", c)
		}
	}
	if len(told) != 2 {
		k.Errorf("told %+v", told)
	}
	if st := status(k, k.inbox); st.Messages != 2 || st.Size != 2 || st.Deleted != 1 || st.DeletedSize != 1 || st.Unseen != 2 || st.FirstUnseen != uids[1] {
		k.Errorf("the status is %+v", st)
	}
	_, err = k.inbox.Body(ctx, uids[0])
	wants(k, err, mailbox.ErrExpunged, "Body of what is gone")
	if got := messages(k, k.inbox, set(uids[0])); len(got) > 0 {
		k.Errorf("what is gone is still there: %+v", got)
	}
	if res := store(k, k.inbox, set(uids[0]), mailbox.AddFlags, "k"); res.ModSeq != 0 || len(res.Changed) > 0 {
		k.Errorf("Store to what is gone gave %+v", res)
	}
}

func testExpungeNothing(k *kit) {
	uids := fill(k, k.inbox, 2).UIDs
	store(k, k.inbox, set(uids[0]), mailbox.AddFlags, imap.FlagDeleted)
	before := snapshot(k, k.inbox)
	for _, s := range []imap.UIDSet{nil, set(uids[1]), set(uids[1] + 1)} {
		res, err := k.inbox.Expunge(ctx, s)
		ok(k, err, "Expunge")
		if len(res.UIDs) > 0 || res.ModSeq != 0 {
			k.Errorf("Expunge(%v) gave %+v", s, res)
		}
	}
	if after := snapshot(k, k.inbox); after.ModSeq != before.ModSeq || !after.UIDs.Equal(before.UIDs) {
		k.Errorf("the folder was %+v and is %+v", before, after)
	}
	// The second of two who remove the same has nothing to do.
	if res, err := k.inbox.Expunge(ctx, mailbox.AllUIDs); err != nil || !res.UIDs.Equal(set(uids[0])) {
		k.Errorf("Expunge gave %+v, %v", res, err)
	}
	if res, err := k.inbox.Expunge(ctx, mailbox.AllUIDs); err != nil || len(res.UIDs) > 0 {
		k.Errorf("Expunge again gave %+v, %v", res, err)
	}
}

func testExpungeOpenBody(k *kit) {
	uid := add(k, k.inbox, text("a body that stays, or fails")).UIDs[0]
	b, err := k.inbox.Body(ctx, uid)
	ok(k, err, "Body")
	defer b.Close()
	expunge(k, k.inbox, set(uid))
	p := make([]byte, b.Size())
	if n, err := b.ReadAt(p, 0); errors.Is(err, mailbox.ErrExpunged) {
		return
	} else if err != nil && err != io.EOF || string(p[:n]) != "a body that stays, or fails" {
		k.Errorf("after the expunge ReadAt gave %q, %v", p[:n], err)
	}
}

// testBodyGone: invariant 41. A UID whose message is gone has no octets, and others
// keep theirs.
func testBodyGone(k *kit) {
	uids := add(k, k.inbox, text("one"), text("two"), text("three")).UIDs
	expunge(k, k.inbox, set(uids[0], uids[2]))
	for _, uid := range []imap.UID{uids[0], uids[2], uids[2] + 1} {
		if b, err := k.inbox.Body(ctx, uid); !errors.Is(err, mailbox.ErrExpunged) {
			k.Errorf("the body of UID %d, which is not there: %v, %v", uid, b, err)
		}
	}
	b, err := k.inbox.Body(ctx, uids[1])
	ok(k, err, "Body")
	defer b.Close()
	p := make([]byte, b.Size())
	if n, err := b.ReadAt(p, 0); err != nil && err != io.EOF || string(p[:n]) != "two" {
		k.Errorf("the body of the message between is %q, %v", p[:n], err)
	}
}

// testUIDs: invariants 39 and 40. Nothing makes a UID come back or UIDNEXT
// fall.
func testUIDs(k *kit) {
	box := k.folder("box")
	largest, next := imap.UID(0), imap.UID(0)
	for i, step := range []func(){
		func() { fill(k, k.inbox, 2) },
		func() { expunge(k, k.inbox, mailbox.AllUIDs) },
		func() { fill(k, k.inbox, 1) },
		func() {
			tx := begin(k, k.inbox)
			ok(k, put(tx, text("x")), "a message")
			ok(k, tx.Abort(), "Abort")
		},
		func() { fill(k, k.inbox, 1) },
		func() { k.inbox.Move(ctx, snapshot(k, k.inbox).UIDs.Set(), "box") },
		func() { box.Move(ctx, snapshot(k, box).UIDs.Set(), imap.Inbox) },
		func() { k.inbox.Copy(ctx, snapshot(k, k.inbox).UIDs.Set(), imap.Inbox) },
		func() {
			tx := begin(k, k.inbox)
			ok(k, tx.Expunge(mailbox.AllUIDs), "Expunge")
			ok(k, put(tx, text("x")), "a message")
			_, err := tx.Commit()
			ok(k, err, "Commit")
		},
		func() { expunge(k, k.inbox, mailbox.AllUIDs) },
		func() { ok(k, k.alice.Rename(ctx, imap.Inbox, "former"), "Rename") },
		func() { fill(k, k.inbox, 1) },
	} {
		step()
		s := snapshot(k, k.inbox)
		for u := range s.UIDs.Set().All() {
			if u > largest && u < next {
				k.Fatalf("step %d made UID %d, UIDNEXT was %d", i, u, next)
			}
		}
		if s.UIDs.Max() >= s.UIDNext || s.UIDNext < next {
			k.Fatalf("after step %d UIDNEXT is %d; it was %d, the largest UID is %d", i, s.UIDNext, next, s.UIDs.Max())
		}
		if st := status(k, k.inbox); st.UIDNext != s.UIDNext {
			k.Fatalf("after step %d UIDNEXT is %d, and %d in the snapshot", i, st.UIDNext, s.UIDNext)
		}
		largest, next = max(largest, s.UIDs.Max()), s.UIDNext
	}
}
