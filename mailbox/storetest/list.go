package storetest

import (
	"errors"
	"fmt"
	"slices"

	"pgregory.net/rapid"

	"github.com/mailwire/mailwire/imapwire/imap"
	"github.com/mailwire/mailwire/mailbox"
)

var listClauses = []clause{
	{"list changes/what happened to each folder", testListChanges},
	{"list changes/lead from any moment to now", testListFollow},
}

// A listMirror is a folder list as somebody knows it who was told its changes.
type listMirror struct {
	modSeq     imap.ModSeq
	folders    map[mailbox.FolderID]string
	subscribed map[string]bool
}

// changes returns what happened since the mirror was brought up to date.
func (m *listMirror) changes(t rapid.TB, u mailbox.User) []mailbox.FolderChange {
	t.Helper()
	var all []mailbox.FolderChange
	last := m.modSeq
	for c, err := range u.Changes(ctx, m.modSeq) {
		if floor := (*mailbox.FloorError)(nil); errors.As(err, &floor) && m.modSeq > 0 && len(all) == 0 {
			*m = listMirror{}
			return m.changes(t, u)
		}
		ok(t, err, "User.Changes")
		if c.ModSeq < last || c.ModSeq == m.modSeq && m.modSeq > 0 {
			t.Fatalf("User.Changes(%d) yielded %+v behind modseq %d", m.modSeq, c, last)
		}
		last = c.ModSeq
		all = append(all, c)
	}
	if m.modSeq == 0 && (len(all) == 0 || all[len(all)-1].Event != mailbox.FolderNone || last == 0) {
		t.Fatalf("User.Changes(0) yielded %+v", all)
	}
	return all
}

// follow brings the mirror up to date.
func (m *listMirror) follow(t rapid.TB, u mailbox.User) {
	t.Helper()
	all := m.changes(t, u)
	if m.modSeq == 0 {
		m.folders, m.subscribed = make(map[mailbox.FolderID]string), make(map[string]bool)
	}
	for _, c := range all {
		m.modSeq = c.ModSeq
		switch c.Event {
		case mailbox.FolderNone:
		case mailbox.FolderCreated, mailbox.FolderRenamed:
			if c.ID != "" {
				m.folders[c.ID] = c.Name
			}
		case mailbox.FolderDeleted:
			delete(m.folders, c.ID)
		case mailbox.FolderSubscribed:
			m.subscribed[c.Name] = true
		case mailbox.FolderUnsubscribed:
			delete(m.subscribed, c.Name)
		default:
			t.Fatalf("User.Changes yielded %+v", c)
		}
	}
}

// compare checks that the mirror shows the folder list.
func (m *listMirror) compare(t rapid.TB, u mailbox.User) {
	t.Helper()
	n, subscribed := 0, 0
	for name, info := range folders(t, u) {
		if info.ID != "" {
			n++
			if m.folders[info.ID] != name {
				t.Fatalf("changes lead to the name %q, it is %+v", m.folders[info.ID], info)
			}
		}
		if info.Subscribed {
			subscribed++
			if !m.subscribed[name] {
				t.Fatalf("changes lead to no subscription of %+v", info)
			}
		}
	}
	if n != len(m.folders) || subscribed != len(m.subscribed) {
		t.Fatalf("changes lead to %v and the subscriptions %v; there are %d and %d", m.folders, m.subscribed, n, subscribed)
	}
}

func testListChanges(k *kit) {
	var m listMirror
	m.follow(k, k.alice)
	m.compare(k, k.alice)
	if c := m.changes(k, k.alice); len(c) > 0 {
		k.Errorf("nothing happened, and told was %+v", c)
	}
	box := create(k, k.alice, "box")
	dir := create(k, k.alice, "dir")
	told := func(want ...string) {
		k.Helper()
		var got []string
		for _, c := range m.changes(k, k.alice) {
			got = append(got, fmt.Sprint(c.Event, c.ID, c.Name, c.OldName))
		}
		if !slices.Equal(got, want) {
			k.Errorf("told %q, expected %q", got, want)
		}
		m.follow(k, k.alice)
		m.compare(k, k.alice)
	}
	told(fmt.Sprint(mailbox.FolderCreated, box, "box", ""), fmt.Sprint(mailbox.FolderCreated, dir, "dir", ""))
	ok(k, k.alice.Subscribe(ctx, "nosuch", true), "Subscribe")
	ok(k, k.alice.Rename(ctx, "box", "case"), "Rename")
	told(fmt.Sprint(mailbox.FolderSubscribed, mailbox.FolderID(""), "nosuch", ""), fmt.Sprint(mailbox.FolderRenamed, box, "case", "box"))
	ok(k, k.alice.Delete(ctx, "case"), "Delete")
	ok(k, k.alice.Subscribe(ctx, "nosuch", false), "Subscribe off")
	told(fmt.Sprint(mailbox.FolderDeleted, box, "case", ""), fmt.Sprint(mailbox.FolderUnsubscribed, mailbox.FolderID(""), "nosuch", ""))
	// No change is told for what was so already.
	ok(k, k.alice.Subscribe(ctx, "nosuch", false), "Subscribe off")
	told()
}

func testListFollow(k *kit) {
	always, rarely := &listMirror{}, &listMirror{}
	for i, step := range []func() error{
		func() error { create(k, k.alice, k.name("a", "b", "c")); return nil },
		func() error { return k.alice.Subscribe(ctx, k.name("a", "b"), true) },
		func() error { return k.alice.Rename(ctx, "a", "z") },
		func() error { return k.alice.Rename(ctx, k.name("z", "b"), k.name("a", "b")) },
		func() error { return k.alice.Delete(ctx, k.name("a", "b")) },
		func() error { create(k, k.alice, k.name("a", "b")); return nil },
		func() error { return k.alice.Rename(ctx, k.name("a", "b", "c"), "c") },
		func() error { return k.alice.Subscribe(ctx, k.name("a", "b"), false) },
		func() error { return k.alice.Rename(ctx, imap.Inbox, k.name("a", "b", "c")) },
		func() error { return k.alice.Delete(ctx, k.name("a", "b", "c")) },
		func() error { return k.alice.Rename(ctx, "a", "x") },
		func() error { return k.alice.Rename(ctx, "x", "a") },
		func() error { return k.alice.Delete(ctx, "z") },
	} {
		ok(k, step(), fmt.Sprint("step ", i))
		always.follow(k, k.alice)
		always.compare(k, k.alice)
		if i%4 == 3 {
			rarely.follow(k, k.alice)
			rarely.compare(k, k.alice)
			late := &listMirror{}
			late.follow(k, k.alice)
			late.compare(k, k.alice)
		}
	}
}
