package storetest

import (
	"github.com/mailwire/mailwire/imapwire/imap"
	"github.com/mailwire/mailwire/mailbox"
)

var copyClauses = []clause{
	{"copy/flags, date and octets", testCopy},
	{"copy/into the same folder", testCopyHere},
	{"copy/all or none", testCopyNone},
	{"move/source and target in one stroke", testMove},
	{"move/what is gone is left out", testMoveGone},
	{"move/into the same folder", testMoveHere},
	{"move/never without a target", testMoveNone},
}

// pairs checks that two sets are of one length and pairs their UIDs in order.
func pairs(k *kit, res mailbox.CopyResult) map[imap.UID]imap.UID {
	k.Helper()
	if res.Source.Count() != res.Dest.Count() {
		k.Fatalf("%v was copied to %v", res.Source, res.Dest) // invariant 48
	}
	var dest []imap.UID
	for u := range res.Dest.All() {
		dest = append(dest, u)
	}
	m := make(map[imap.UID]imap.UID)
	for u := range res.Source.All() {
		m[u] = dest[len(m)]
	}
	return m
}

func testCopy(k *kit) {
	box := k.folder("box")
	add(k, box, text("there already"))
	uids := add(k, k.inbox, text("one"), letter{"two", []imap.Flag{imap.FlagSeen, "Key"}, day}, text("three")).UIDs
	source, target := snapshot(k, k.inbox), snapshot(k, box)
	res, err := k.inbox.Copy(ctx, set(uids[1], uids[2]), "box")
	ok(k, err, "Copy")
	if res.UIDValidity != target.UIDValidity || !res.Source.Equal(set(uids[1], uids[2])) || res.ModSeq != 0 || res.Dest.Min() < target.UIDNext {
		k.Errorf("the result is %+v; the target was %+v", res, target)
	}
	for from, to := range pairs(k, res) {
		a, b := theMessage(k, k.inbox, from), theMessage(k, box, to)
		if octets(k, box, to) != octets(k, k.inbox, from) || flagText(a.Flags) != flagText(b.Flags) || !a.InternalDate.Equal(b.InternalDate) ||
			a.Size != b.Size || a.WireSize != b.WireSize || b.ModSeq <= target.ModSeq {
			k.Errorf("%+v was copied as %+v", a, b)
		}
	}
	if after := snapshot(k, k.inbox); !after.UIDs.Equal(source.UIDs) || after.ModSeq != source.ModSeq {
		k.Errorf("the source was %+v and is %+v", source, after)
	}
	if st := status(k, box); st.Messages != 3 || st.Unseen != 2 || flagText(st.Keywords) != "key" || st.Recent.Intersect(res.Dest).Count() != 2 {
		k.Errorf("the target's status is %+v", st)
	}
	for i, c := range changes(k, box, target.ModSeq) {
		if i > 1 || c.Kind != mailbox.Appended || !res.Dest.Contains(c.UID) {
			k.Errorf("the target told %+v", c)
		}
	}
	// A copy is a message of its own.
	expunge(k, k.inbox, mailbox.AllUIDs)
	if got := octets(k, box, res.Dest.Min()); got != "two" {
		k.Errorf("without its source the copy is %q", got)
	}
}

func testCopyHere(k *kit) {
	fill(k, k.inbox, 2)
	res, err := k.inbox.Copy(ctx, snapshot(k, k.inbox).UIDs.Set(), "inbox")
	ok(k, err, "Copy")
	after := snapshot(k, k.inbox)
	if !after.UIDs.Set().Equal(res.Source.Union(res.Dest)) || after.UIDs.Len() != 4 {
		k.Errorf("the folder has %v after %+v", after.UIDs.Set(), res)
	}
	for from, to := range pairs(k, res) {
		if octets(k, k.inbox, from) != octets(k, k.inbox, to) {
			k.Errorf("%d was not copied to %d", from, to)
		}
	}
}

func testCopyNone(k *kit) {
	k.folder("box")
	k.folder(k.name("parent", "child"))
	uids := fill(k, k.inbox, 3).UIDs
	expunge(k, k.inbox, set(uids[1]))
	ok(k, k.alice.Delete(ctx, "parent"), "Delete")
	for _, tt := range []struct {
		what   string
		uids   imap.UIDSet
		to     string
		target error
	}{
		{"one is gone", set(uids...), "box", mailbox.ErrExpunged},
		{"one never was", set(uids[0], uids[2]+1), "box", mailbox.ErrExpunged},
		{"no such target", set(uids[0]), "nosuch", mailbox.ErrNonExistent},
		{"a target that is only a parent", set(uids[0]), "parent", mailbox.ErrNoSelect},
	} {
		unchanged(k, k.alice, tt.target, "Copy: "+tt.what, func() error {
			_, err := k.inbox.Copy(ctx, tt.uids, tt.to)
			return err
		})
	}
}

func testMove(k *kit) {
	box := k.folder("box")
	uids := add(k, k.inbox, letter{"one", []imap.Flag{imap.FlagSeen, "Key"}, day}, text("two"), text("three")).UIDs
	source, target := snapshot(k, k.inbox), snapshot(k, box)
	moved := theMessage(k, k.inbox, uids[0])
	res, err := k.inbox.Move(ctx, set(uids[0], uids[2]), "box")
	ok(k, err, "Move")
	if !res.Source.Equal(set(uids[0], uids[2])) || res.UIDValidity != target.UIDValidity || res.ModSeq <= source.ModSeq {
		k.Errorf("the result is %+v", res)
	}
	to := pairs(k, res)
	m := theMessage(k, box, to[uids[0]])
	if flagText(m.Flags) != flagText(moved.Flags) || !m.InternalDate.Equal(moved.InternalDate) || octets(k, box, m.UID) != "one" || octets(k, box, to[uids[2]]) != "three" {
		k.Errorf("%+v was moved as %+v", moved, m)
	}
	if got := snapshot(k, k.inbox).UIDs.Set(); !got.Equal(set(uids[1])) {
		k.Errorf("the source has %v", got)
	}
	gone := changes(k, k.inbox, source.ModSeq)
	for _, c := range gone {
		if c.Kind != mailbox.Expunged || c.ModSeq != res.ModSeq || !res.Source.Contains(c.UID) {
			k.Errorf("the source told %+v", c)
		}
	}
	if came := changes(k, box, target.ModSeq); len(gone) != 2 || len(came) != 2 {
		k.Errorf("the source told %+v, the target %+v", gone, came)
	}
	if a, b := status(k, k.inbox), status(k, box); a.Messages != 1 || b.Messages != 2 || a.Size != 3 || b.Size != 8 {
		k.Errorf("the status of the source is %+v, of the target %+v", a, b)
	}
}

func testMoveGone(k *kit) {
	box := k.folder("box")
	uids := fill(k, k.inbox, 2).UIDs
	expunge(k, k.inbox, set(uids[0]))
	res, err := k.inbox.Move(ctx, set(uids...), "box")
	ok(k, err, "Move")
	if !res.Source.Equal(set(uids[1])) || res.Dest.Count() != 1 {
		k.Errorf("the result is %+v", res)
	}
	before := snapshot(k, box)
	if res, err = k.inbox.Move(ctx, set(uids...), "box"); err != nil || len(res.Source)+len(res.Dest) > 0 || res.ModSeq != 0 {
		k.Errorf("a second Move gave %+v, %v", res, err)
	}
	if after := snapshot(k, box); after.ModSeq != before.ModSeq {
		k.Errorf("a Move of nothing changed %+v to %+v", before, after)
	}
}

func testMoveHere(k *kit) {
	uids := fill(k, k.inbox, 2).UIDs
	before := snapshot(k, k.inbox)
	res, err := k.inbox.Move(ctx, set(uids[0]), imap.Inbox)
	ok(k, err, "Move")
	to := pairs(k, res)[uids[0]]
	if got := snapshot(k, k.inbox); !got.UIDs.Set().Equal(set(uids[1], to)) || to <= uids[1] || octets(k, k.inbox, to) != "1" {
		k.Errorf("the folder has %v after %+v", got.UIDs.Set(), res)
	}
	kinds := make(map[imap.UID]mailbox.ChangeKind)
	for _, c := range changes(k, k.inbox, before.ModSeq) {
		kinds[c.UID] = c.Kind
	}
	if len(kinds) != 2 || kinds[uids[0]] != mailbox.Expunged || kinds[to] != mailbox.Appended {
		k.Errorf("told %v", kinds)
	}
}

func testMoveNone(k *kit) {
	uids := fill(k, k.inbox, 2).UIDs
	unchanged(k, k.alice, mailbox.ErrNonExistent, "Move to no folder", func() error {
		_, err := k.inbox.Move(ctx, set(uids...), "nosuch")
		return err
	})
}
