package storetest

import (
	"fmt"
	"slices"

	"github.com/mailwire/mailwire/imapwire/imap"
	"github.com/mailwire/mailwire/mailbox"
)

var folderClauses = []clause{
	{"folders/a fresh user has INBOX", testFresh},
	{"folders/create", testCreate},
	{"folders/names that can not be", testBadNames},
	{"folders/delete", testDelete},
	{"folders/delete with children", testDeleteParent},
	{"folders/made again", testRecreate},
	{"folders/a handle of a deleted folder", testDeadHandle},
	{"folders/rename with children", testRename},
	{"folders/rename that can not be", testRenameNot},
	{"folders/rename INBOX", testRenameInbox},
	{"folders/subscriptions are of names", testSubscribe},
	{"folders/special uses", testSpecialUse},
	{"users/do not see each other", testUsers},
}

func testFresh(k *kit) {
	d := k.alice.Delimiter()
	if d <= ' ' || d >= 0x7f {
		k.Errorf("the delimiter is %q", d)
	}
	info, listed := folders(k, k.alice)[imap.Inbox]
	if !listed || info.ID != k.inbox.ID() || info.HasChildren || info.Subscribed {
		k.Errorf("INBOX is listed as %+v", info)
	}
	for _, name := range []string{"inbox", "Inbox", "iNBOX"} {
		f := open(k, k.alice, name)
		if f.ID() != k.inbox.ID() {
			k.Errorf("%q is another folder", name)
		}
		ok(k, f.Close(), "Close")
	}
	if id := k.inbox.ID(); len(id) < 1 || len(id) > 255 || slices.ContainsFunc([]byte(id), notInIDs) {
		k.Errorf("the ID is %q", id)
	}
}

func notInIDs(c byte) bool {
	return !('a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '-' || c == '_')
}

func testCreate(k *kit) {
	name := k.name("a", "b", "c")
	id := create(k, k.alice, name)
	f := open(k, k.alice, name)
	defer f.Close()
	if f.ID() != id {
		k.Errorf("Create gave the ID %q, the folder has %q", id, f.ID())
	}
	list := folders(k, k.alice)
	ids := map[mailbox.FolderID]bool{k.inbox.ID(): true}
	for n, children := range map[string]bool{"a": true, k.name("a", "b"): true, name: false} {
		info, listed := list[n]
		if !listed || info.ID == "" || ids[info.ID] || info.HasChildren != children || info.Subscribed || len(info.Use) > 0 {
			k.Errorf("%q is listed as %+v", n, info)
		}
		ids[info.ID] = true
		open(k, k.alice, n).Close()
	}
	for _, n := range []string{name, "a", imap.Inbox, "inBox"} {
		unchanged(k, k.alice, mailbox.ErrAlreadyExists, fmt.Sprintf("Create(%q)", n), func() error {
			_, err := k.alice.Create(ctx, n, mailbox.CreateOptions{})
			return err
		})
	}
	_, err := k.alice.Open(ctx, "nosuch")
	wants(k, err, mailbox.ErrNonExistent, "Open of nothing")
	create(k, k.alice, k.name(imap.Inbox, "sub"))
	if info := folders(k, k.alice)[imap.Inbox]; !info.HasChildren {
		k.Errorf("INBOX is listed as %+v", info)
	}
}

func testBadNames(k *kit) {
	create(k, k.alice, "there")
	for _, name := range []string{"", k.name("a", "", "b"), k.name("", "a"), "a\x00b", "a\r\nb", "\x7f", "a\xffb"} {
		unchanged(k, k.alice, mailbox.ErrCannot, fmt.Sprintf("Create(%q)", name), func() error {
			_, err := k.alice.Create(ctx, name, mailbox.CreateOptions{})
			return err
		})
		unchanged(k, k.alice, mailbox.ErrCannot, fmt.Sprintf("Rename to %q", name), func() error {
			return k.alice.Rename(ctx, "there", name)
		})
		_, err := k.alice.Open(ctx, name)
		wants(k, err, mailbox.ErrNonExistent, fmt.Sprintf("Open(%q)", name))
		wants(k, k.alice.Delete(ctx, name), mailbox.ErrNonExistent, fmt.Sprintf("Delete(%q)", name))
		wants(k, k.alice.Rename(ctx, name, "x"), mailbox.ErrNonExistent, fmt.Sprintf("Rename(%q)", name))
	}
}

func testDelete(k *kit) {
	fill(k, k.folder("box"), 3)
	ok(k, k.alice.Subscribe(ctx, "box", true), "Subscribe")
	ok(k, k.alice.Delete(ctx, "box"), "Delete")
	if info := folders(k, k.alice)["box"]; !info.NonExistent || !info.Subscribed {
		k.Errorf("a subscription without a folder is listed as %+v", info)
	}
	_, err := k.alice.Open(ctx, "box")
	wants(k, err, mailbox.ErrNonExistent, "Open of a deleted folder")
	wants(k, k.alice.Delete(ctx, "box"), mailbox.ErrNonExistent, "Delete of a deleted folder")
	unchanged(k, k.alice, mailbox.ErrCannot, "Delete of INBOX", func() error { return k.alice.Delete(ctx, "inbox") })
}

func testDeleteParent(k *kit) {
	child, grandchild := k.name("p", "c"), k.name("p", "c", "g")
	fill(k, k.folder(grandchild), 1)
	p := open(k, k.alice, "p")
	defer p.Close()
	fill(k, p, 1)
	ok(k, k.alice.Delete(ctx, "p"), "Delete of a parent")
	_, err := p.Status(ctx)
	wants(k, err, mailbox.ErrNonExistent, "Status of a deleted parent")
	if info := folders(k, k.alice)["p"]; !info.NoSelect || !info.HasChildren || info.ID != "" {
		k.Errorf("a deleted parent is listed as %+v", info)
	}
	_, err = k.alice.Open(ctx, "p")
	wants(k, err, mailbox.ErrNoSelect, "Open of a name that is only a parent")
	wants(k, k.alice.Delete(ctx, "p"), mailbox.ErrHasChildren, "Delete of a name that is only a parent")

	id := create(k, k.alice, "p") // the name becomes a folder again
	q := open(k, k.alice, "p")
	defer q.Close()
	if st := status(k, q); q.ID() != id || id == p.ID() || st.Messages != 0 {
		k.Errorf("made again it has the ID %q, %+v", q.ID(), st)
	}
	ok(k, k.alice.Delete(ctx, "p"), "Delete of a parent")
	ok(k, k.alice.Delete(ctx, child), "Delete of a parent")
	ok(k, k.alice.Delete(ctx, grandchild), "Delete of the last child")
	for name := range folders(k, k.alice) {
		if name == "p" || name == child || name == grandchild {
			k.Errorf("%q is still there and has no children", name)
		}
	}
}

// testRecreate: invariant 41.
func testRecreate(k *kit) {
	ids := make(map[mailbox.FolderID]bool)
	validity := uint32(0)
	for range 3 {
		f := k.folder("box")
		s := snapshot(k, f)
		if ids[f.ID()] || s.UIDValidity <= validity {
			k.Errorf("made again it has the ID %q and UIDVALIDITY %d; before it had %v and %d", f.ID(), s.UIDValidity, ids, validity)
		}
		ids[f.ID()], validity = true, s.UIDValidity
		fill(k, f, 2)
		ok(k, k.alice.Delete(ctx, "box"), "Delete")
	}
	// A folder that is renamed keeps its own; nobody else has it.
	f := k.folder("other")
	fill(k, f, 1)
	ok(k, k.alice.Rename(ctx, "other", "box"), "Rename")
	if s := snapshot(k, f); s.UIDValidity == validity {
		k.Errorf("a folder renamed to the name has the UIDVALIDITY of one before, %d", validity)
	}
}

func testDeadHandle(k *kit) {
	f := k.folder("box")
	fill(k, f, 1)
	seq := f.Messages(ctx, mailbox.AllUIDs)
	ok(k, k.alice.Delete(ctx, "box"), "Delete")
	g := k.folder("box")
	fill(k, g, 1)
	before := state(k, k.alice)
	for i, err := range k.folderErrors(ctx, f) {
		wants(k, err, mailbox.ErrNonExistent, fmt.Sprint("call ", i))
	}
	for _, err := range seq {
		wants(k, err, mailbox.ErrNonExistent, "a message of a deleted folder")
		break
	}
	_, err := k.inbox.Copy(ctx, nil, "box")
	ok(k, err, "Copy of nothing to the new folder")
	if after := state(k, k.alice); after != before {
		k.Errorf("calls on a deleted folder changed\n%sto\n%s", before, after)
	}
	ok(k, f.Close(), "Close of a deleted folder")
}

func testRename(k *kit) {
	leaf := k.folder(k.name("a", "b", "c"))
	uids := add(k, leaf, letter{"x", []imap.Flag{"k"}, day}).UIDs
	create(k, k.alice, "ab") // not below a
	ok(k, k.alice.Delete(ctx, k.name("a", "b")), "Delete")
	ok(k, k.alice.Subscribe(ctx, "a", true), "Subscribe")
	before, snap := folders(k, k.alice), snapshot(k, leaf)
	ok(k, k.alice.Rename(ctx, "a", k.name("n", "m")), "Rename")
	after := folders(k, k.alice)
	for from, to := range map[string]string{"a": k.name("n", "m"), k.name("a", "b"): k.name("n", "m", "b"), k.name("a", "b", "c"): k.name("n", "m", "b", "c")} {
		old, now := before[from], after[to]
		if now.Name != to || now.ID != old.ID || now.NoSelect != old.NoSelect || now.HasChildren != old.HasChildren || now.Subscribed {
			k.Errorf("%+v became %+v", old, now)
		}
		if left, still := after[from]; still && !left.NonExistent {
			k.Errorf("%+v is still there", left)
		}
	}
	if now := after["ab"]; now.ID != before["ab"].ID {
		k.Errorf("a folder that is not a child is now %+v", now)
	}
	if now := after["n"]; now.ID == "" || !now.HasChildren {
		k.Errorf("a parent that was missing is now %+v", now)
	}
	if now := after["a"]; !now.NonExistent || !now.Subscribed {
		k.Errorf("the subscription of the former name is listed as %+v", now)
	}
	if s := snapshot(k, leaf); s.UIDValidity != snap.UIDValidity || !s.UIDs.Equal(snap.UIDs) || s.UIDNext != snap.UIDNext || octets(k, leaf, uids[0]) != "x" {
		k.Errorf("the folder was %+v and is %+v", snap, s)
	}
	// A name that is only a parent goes when its last child is renamed away.
	create(k, k.alice, k.name("p", "c"))
	ok(k, k.alice.Delete(ctx, "p"), "Delete")
	ok(k, k.alice.Rename(ctx, k.name("p", "c"), "c"), "Rename")
	if info, still := folders(k, k.alice)["p"]; still {
		k.Errorf("%+v is a parent of nothing", info)
	}
	// The handle opened under the former name takes messages still.
	fill(k, leaf, 1)
	f := open(k, k.alice, k.name("n", "m", "b", "c"))
	defer f.Close()
	if f.ID() != leaf.ID() || snapshot(k, f).UIDs.Len() != 2 {
		k.Errorf("under its new name the folder has the ID %q and %d messages", f.ID(), snapshot(k, f).UIDs.Len())
	}
}

func testRenameNot(k *kit) {
	create(k, k.alice, k.name("a", "b"))
	create(k, k.alice, "x")
	for _, tt := range []struct {
		from, to string
		target   error
	}{
		{"nosuch", "y", mailbox.ErrNonExistent},
		{"a", "x", mailbox.ErrAlreadyExists},
		{"a", "a", mailbox.ErrAlreadyExists},
		{"a", imap.Inbox, mailbox.ErrAlreadyExists},
		{"a", k.name("a", "b"), mailbox.ErrAlreadyExists},
		{"a", k.name("a", "c"), mailbox.ErrCannot},
		{"a", k.name("a", "b", "c"), mailbox.ErrCannot},
		{imap.Inbox, "x", mailbox.ErrAlreadyExists},
		{imap.Inbox, imap.Inbox, mailbox.ErrAlreadyExists},
	} {
		unchanged(k, k.alice, tt.target, fmt.Sprintf("Rename(%q, %q)", tt.from, tt.to), func() error {
			return k.alice.Rename(ctx, tt.from, tt.to)
		})
	}
}

func testRenameInbox(k *kit) {
	sub := k.name(imap.Inbox, "sub")
	create(k, k.alice, sub)
	ok(k, k.alice.Subscribe(ctx, imap.Inbox, true), "Subscribe")
	add(k, k.inbox, letter{"one", []imap.Flag{imap.FlagSeen, "Key"}, day}, text("two"))
	before := snapshot(k, k.inbox)
	to := k.name("old", "mail")
	ok(k, k.alice.Rename(ctx, "inbox", to), "Rename")

	after := snapshot(k, k.inbox)
	if after.UIDs.Len() != 0 || after.UIDValidity != before.UIDValidity || after.UIDNext < before.UIDNext {
		k.Errorf("INBOX was %+v and is %+v", before, after)
	}
	for _, c := range changes(k, k.inbox, before.ModSeq) {
		if c.Kind != mailbox.Expunged {
			k.Errorf("INBOX told %+v", c)
		}
	}
	f := open(k, k.alice, to)
	defer f.Close()
	all := messages(k, f, mailbox.AllUIDs)
	if f.ID() == k.inbox.ID() || len(all) != 2 {
		k.Fatalf("the new folder has the ID %q and %+v", f.ID(), all)
	}
	if m := all[0]; octets(k, f, m.UID) != "one" || flagText(m.Flags) != `\seen key` || !m.InternalDate.Equal(day) {
		k.Errorf("the first message is now %+v", m)
	}
	list := folders(k, k.alice)
	if list[imap.Inbox].ID != k.inbox.ID() || !list[imap.Inbox].HasChildren || !list[imap.Inbox].Subscribed || list[sub].ID == "" || list[to].HasChildren {
		k.Errorf("the list is %+v", list)
	}
}

func testSubscribe(k *kit) {
	box := k.name("a", "box")
	create(k, k.alice, box)
	for range 2 {
		for _, name := range []string{"nosuch", box, "inbox"} {
			ok(k, k.alice.Subscribe(ctx, name, true), "Subscribe")
		}
	}
	list := folders(k, k.alice)
	if info := list["nosuch"]; !info.Subscribed || !info.NonExistent || info.HasChildren {
		k.Errorf("a subscription without a folder is listed as %+v", info)
	}
	for _, name := range []string{box, imap.Inbox} {
		if info := list[name]; !info.Subscribed || info.NonExistent || info.ID == "" {
			k.Errorf("%q is listed as %+v", name, info)
		}
	}
	if list["a"].Subscribed {
		k.Errorf("the parent is listed as %+v", list["a"])
	}
	for range 2 {
		for _, name := range []string{"nosuch", box, "never"} {
			ok(k, k.alice.Subscribe(ctx, name, false), "Subscribe off")
		}
	}
	list = folders(k, k.alice)
	if _, listed := list["nosuch"]; listed || list[box].Subscribed || !list[imap.Inbox].Subscribed {
		k.Errorf("the list is %+v", list)
	}
	// It waits for a folder of its name, and outlives it.
	ok(k, k.alice.Subscribe(ctx, "later", true), "Subscribe")
	create(k, k.alice, "later")
	if info := folders(k, k.alice)["later"]; !info.Subscribed || info.NonExistent {
		k.Errorf("listed as %+v", info)
	}
}

func testSpecialUse(k *kit) {
	made := func(name string, use ...imap.MailboxAttr) error {
		_, err := k.alice.Create(ctx, name, mailbox.CreateOptions{Use: use})
		return err
	}
	ok(k, made("gone", imap.AttrTrash, imap.AttrJunk), "Create")
	if info := folders(k, k.alice)["gone"]; len(info.Use) != 2 || !slices.ContainsFunc(info.Use, imap.AttrTrash.Equal) || !slices.ContainsFunc(info.Use, imap.AttrJunk.Equal) {
		k.Errorf("listed as %+v", info)
	}
	for _, use := range []imap.MailboxAttr{imap.AttrTrash, `\TRASH`, imap.AttrNoSelect, `\X-Unheard-Of`} {
		unchanged(k, k.alice, mailbox.ErrUseAttr, "Create with "+string(use), func() error { return made("second", use) })
	}
	ok(k, k.alice.Rename(ctx, "gone", "bin"), "Rename")
	if info := folders(k, k.alice)["bin"]; len(info.Use) != 2 {
		k.Errorf("renamed it is listed as %+v", info)
	}
	// The use is free when its folder is gone.
	ok(k, k.alice.Delete(ctx, "bin"), "Delete")
	ok(k, made("second", imap.AttrTrash), "Create")
}

func testUsers(k *kit) {
	_, err := k.store.User(ctx, "nobody")
	wants(k, err, mailbox.ErrNonExistent, "User of nobody")
	bob := account(k, k.store, Bob)
	defer bob.Close()
	theirs := open(k, bob, imap.Inbox)
	defer theirs.Close()
	if theirs.ID() == k.inbox.ID() {
		k.Errorf("two users have one INBOX")
	}
	fill(k, theirs, 1)
	before := state(k, bob)
	var list listMirror
	list.follow(k, bob)
	k.folder("box")
	fill(k, k.inbox, 2)
	ok(k, k.alice.Subscribe(ctx, "box", true), "Subscribe")
	_, err = k.inbox.Move(ctx, mailbox.AllUIDs, "box")
	ok(k, err, "Move")
	if after := state(k, bob); after != before {
		k.Errorf("what Alice did changed Bob's\n%sto\n%s", before, after)
	}
	if c := list.changes(k, bob); len(c) > 0 {
		k.Errorf("Bob is told %+v", c)
	}
	_, err = bob.Open(ctx, "box")
	wants(k, err, mailbox.ErrNonExistent, "Open of somebody else's folder")
	// An account that is closed leaves its folders open.
	second := account(k, k.store, Alice)
	f := open(k, second, "box")
	ok(k, second.Close(), "Close")
	if n := snapshot(k, f).UIDs.Len(); n != 2 {
		k.Errorf("the folder has %d messages", n)
	}
	ok(k, f.Close(), "Close")
}
