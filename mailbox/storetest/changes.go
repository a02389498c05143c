package storetest

import (
	"context"
	"errors"
	"fmt"

	"pgregory.net/rapid"

	"github.com/mailwire/mailwire/imapwire/imap"
	"github.com/mailwire/mailwire/mailbox"
)

var changesClauses = []clause{
	{"changes/what became of each message", testChanges},
	{"changes/each message once, in its last state", testChangesCoalesce},
	{"changes/as of the moment of the call", testChangesMoment},
	{"changes/lead from any snapshot to now", testChangesFollow},
	{"changes/modseqs only grow", testModSeqs},
	{"messages/by UID, those that exist", testMessages},
	{"messages/many at a time", testBatches},
	{"messages/no lock is held meanwhile", testNoLock},
}

func testChanges(k *kit) {
	if got := changes(k, k.inbox, 0); len(got) > 0 {
		k.Errorf("an empty folder told %+v", got)
	}
	uids := fill(k, k.inbox, 4).UIDs
	mark := snapshot(k, k.inbox).ModSeq
	if got := changes(k, k.inbox, mark); len(got) > 0 {
		k.Errorf("nothing happened, and told was %+v", got)
	}
	store(k, k.inbox, set(uids[1]), mailbox.AddFlags, "k")
	expunge(k, k.inbox, set(uids[2]))
	came := add(k, k.inbox, letter{"new", []imap.Flag{imap.FlagSeen}, day}).UIDs[0]
	want := map[imap.UID]string{
		uids[1]: fmt.Sprint(mailbox.FlagsChanged, "k"),
		uids[2]: fmt.Sprint(mailbox.Expunged, ""),
		came:    fmt.Sprint(mailbox.Appended, `\seen`),
	}
	for _, c := range changes(k, k.inbox, mark) {
		if got := fmt.Sprint(c.Kind, flagText(c.Flags)); got != want[c.UID] {
			k.Errorf("UID %d: told %s, expected %s", c.UID, got, want[c.UID])
		}
		delete(want, c.UID)
	}
	if len(want) > 0 {
		k.Errorf("not told: %v", want)
	}
	if got := changes(k, k.inbox, imap.MaxModSeq); len(got) > 0 {
		k.Errorf("the future told %+v", got)
	}
}

func testChangesCoalesce(k *kit) {
	old := fill(k, k.inbox, 2).UIDs
	mark := snapshot(k, k.inbox).ModSeq
	came := fill(k, k.inbox, 2).UIDs
	for _, f := range []imap.Flag{"a", "b", "c"} {
		store(k, k.inbox, set(old[0], came[0]), mailbox.AddFlags, f)
	}
	expunge(k, k.inbox, set(came[1]))
	seen := make(map[imap.UID]mailbox.Change)
	for _, c := range changes(k, k.inbox, mark) {
		if _, twice := seen[c.UID]; twice {
			k.Errorf("UID %d was told twice", c.UID)
		}
		seen[c.UID] = c
	}
	if c := seen[old[0]]; c.Kind != mailbox.FlagsChanged || flagText(c.Flags) != "a b c" {
		k.Errorf("of the flags was told %+v", c)
	}
	if c := seen[came[0]]; c.Kind != mailbox.Appended || flagText(c.Flags) != "a b c" {
		k.Errorf("of the arrival was told %+v", c)
	}
	// What came and went may be told or not.
	if c, told := seen[came[1]]; told && c.Kind != mailbox.Expunged {
		k.Errorf("of what came and went was told %+v", c)
	}
	if _, told := seen[old[1]]; told {
		k.Errorf("told of a message that did not change")
	}
}

func testChangesMoment(k *kit) {
	uids := fill(k, k.inbox, 3).UIDs
	seq := k.inbox.Changes(ctx, 0)
	store(k, k.inbox, set(uids[0]), mailbox.AddFlags, "later")
	expunge(k, k.inbox, set(uids[1]))
	n := 0
	for c, err := range seq {
		ok(k, err, "Changes")
		if c.Kind != mailbox.Appended || len(c.Flags) > 0 {
			k.Errorf("told %+v, which was not so at the call", c)
		}
		n++
	}
	if n != 3 {
		k.Errorf("told %d changes of 3", n)
	}
}

// A mirror is a folder as somebody knows it who was told a snapshot and then
// changes.
type mirror struct {
	modSeq imap.ModSeq
	uids   imap.UIDList
	flags  map[imap.UID]string
}

// follow brings the mirror up to the folder. Below the floor it starts anew.
func (m *mirror) follow(t rapid.TB, f mailbox.Folder) {
	t.Helper()
	told, err := tryChanges(f, m.modSeq)
	if floor := (*mailbox.FloorError)(nil); errors.As(err, &floor) {
		if floor.Floor <= m.modSeq || len(told) > 0 {
			t.Fatalf("Changes(%d) yielded %d changes and %v", m.modSeq, len(told), err)
		}
		m.start(t, f)
		return
	}
	ok(t, err, "Changes")
	var came, gone imap.UIDSet
	since := m.modSeq
	for _, c := range told {
		if c.ModSeq <= since || c.ModSeq < m.modSeq {
			t.Fatalf("Changes(%d) yielded %+v behind modseq %d", since, c, m.modSeq)
		}
		m.modSeq = c.ModSeq
		_, known := m.uids.Seq(c.UID)
		switch c.Kind {
		case mailbox.Appended:
			if known {
				t.Fatalf("Changes(%d) yielded %+v of a message that was there", since, c)
			}
			came.Add(c.UID)
		case mailbox.FlagsChanged:
			if !known {
				t.Fatalf("Changes(%d) yielded %+v of a message that was not there", since, c)
			}
		case mailbox.Expunged:
			gone.Add(c.UID)
			delete(m.flags, c.UID)
			continue
		default:
			t.Fatalf("Changes(%d) yielded %+v", since, c)
		}
		m.flags[c.UID] = flagText(c.Flags)
	}
	if len(came) > 0 && came.Min() <= m.uids.Max() {
		t.Fatalf("Changes(%d) told of new messages %v, the folder had %v", since, came, m.uids.Set())
	}
	m.uids = m.uids.Append(came).Without(gone)
}

// start reads the folder as it is. Changes made meanwhile are told later.
func (m *mirror) start(t rapid.TB, f mailbox.Folder) {
	t.Helper()
	s := snapshot(t, f)
	m.modSeq, m.uids, m.flags = s.ModSeq, s.UIDs, make(map[imap.UID]string)
	for msg, err := range f.Messages(ctx, s.UIDs.Set()) {
		ok(t, err, "Messages")
		m.flags[msg.UID] = flagText(msg.Flags)
	}
}

// compare checks that the mirror shows the folder.
func (m *mirror) compare(t rapid.TB, f mailbox.Folder) {
	t.Helper()
	s := snapshot(t, f)
	if !m.uids.Equal(s.UIDs) || m.modSeq > s.ModSeq {
		t.Fatalf("changes lead to %v at %d, the folder has %v at %d", m.uids.Set(), m.modSeq, s.UIDs.Set(), s.ModSeq)
	}
	all := messages(t, f, mailbox.AllUIDs)
	if len(all) != len(m.flags) || len(all) != s.UIDs.Len() {
		t.Fatalf("changes lead to %d messages with flags, the folder has %d", len(m.flags), len(all))
	}
	for _, msg := range all {
		if got, known := m.flags[msg.UID]; !known || got != flagText(msg.Flags) {
			t.Fatalf("UID %d: changes lead to the flags %q, it has %q", msg.UID, got, msg.Flags)
		}
		if msg.ModSeq > s.ModSeq || msg.ModSeq < 1 {
			t.Fatalf("UID %d has modseq %d, the folder %d", msg.UID, msg.ModSeq, s.ModSeq) // invariant 45
		}
	}
}

// testChangesFollow: whoever has a snapshot and the changes after it has the
// folder. One follower reads after every step, one after every seventh, and
// others start on the way.
func testChangesFollow(k *kit) {
	type follower struct {
		mirror
		every int
	}
	followers := []*follower{{every: 1}, {every: 7}}
	for _, f := range followers {
		f.start(k, k.inbox)
	}
	uids := []imap.UID{}
	for i := range 60 {
		switch {
		case i%3 == 0 || len(uids) < 2:
			uids = append(uids, fill(k, k.inbox, 1+i%4).UIDs...)
		case i%5 == 0:
			expunge(k, k.inbox, set(uids[i%len(uids)]))
		case i%7 == 0:
			tx := begin(k, k.inbox)
			ok(k, tx.Expunge(set(uids[i%len(uids)])), "Expunge")
			ok(k, put(tx, text("x")), "a message")
			res, err := tx.Commit()
			ok(k, err, "Commit")
			uids = append(uids, res.UIDs...)
		default:
			store(k, k.inbox, set(uids[i%len(uids)], uids[i*i%len(uids)]), mailbox.FlagOp(1+i%3), "a", imap.Flag([]string{"b", "c", `\Seen`}[i%3]))
		}
		if i%10 == 4 {
			f := &follower{every: 3}
			f.start(k, k.inbox)
			followers = append(followers, f)
		}
		for _, f := range followers {
			if i%f.every == 0 {
				f.follow(k, k.inbox)
				f.compare(k, k.inbox)
			}
		}
	}
}

// testModSeqs: invariant 45.
func testModSeqs(k *kit) {
	k.folder("box")
	uids := fill(k, k.inbox, 4).UIDs
	last := snapshot(k, k.inbox).ModSeq
	for i, step := range []func(){
		func() { store(k, k.inbox, set(uids[0]), mailbox.AddFlags, "a") },
		func() { store(k, k.inbox, set(uids[0]), mailbox.RemoveFlags, "a") },
		func() { store(k, k.inbox, set(uids[0]), mailbox.AddFlags, "a") },
		func() { fill(k, k.inbox, 1) },
		func() { expunge(k, k.inbox, set(uids[1])) },
		func() { k.inbox.Copy(ctx, set(uids[0]), imap.Inbox) },
		func() { k.inbox.Move(ctx, set(uids[0]), "box") },
		func() { ok(k, k.alice.Rename(ctx, imap.Inbox, "former"), "Rename") },
	} {
		step()
		s := snapshot(k, k.inbox)
		if s.ModSeq <= last || s.ModSeq > imap.MaxModSeq {
			k.Errorf("step %d took modseq %d to %d", i, last, s.ModSeq)
		}
		for _, m := range messages(k, k.inbox, mailbox.AllUIDs) {
			if m.ModSeq > s.ModSeq {
				k.Errorf("step %d: UID %d has modseq %d, the folder %d", i, m.UID, m.ModSeq, s.ModSeq)
			}
		}
		last = s.ModSeq
	}
}

// testFloor: invariant 47 for a folder that remembers five messages that are gone.
func testFloor(k *kit) {
	uids := fill(k, k.inbox, 12).UIDs
	start := snapshot(k, k.inbox)
	var marks []imap.ModSeq
	for _, uid := range uids[:10] {
		expunge(k, k.inbox, set(uid))
		marks = append(marks, snapshot(k, k.inbox).ModSeq)
	}
	now := snapshot(k, k.inbox)
	got, err := tryChanges(k.inbox, start.ModSeq)
	var floor *mailbox.FloorError
	if !errors.As(err, &floor) || len(got) > 0 {
		k.Fatalf("Changes(%d) yielded %d changes and %v", start.ModSeq, len(got), err)
	}
	if floor.Floor <= start.ModSeq || floor.Floor > now.ModSeq {
		k.Errorf("the floor is %d, between modseqs %d and %d", floor.Floor, start.ModSeq, now.ModSeq)
	}
	if _, err := tryChanges(k.inbox, floor.Floor-1); !errors.As(err, &floor) {
		k.Errorf("Changes below the floor: %v", err)
	}
	// From the floor on, history is complete.
	for i, mark := range append(marks, floor.Floor) {
		if mark < floor.Floor {
			continue
		}
		gone := make(map[imap.UID]bool)
		for _, c := range changes(k, k.inbox, mark) {
			gone[c.UID] = c.Kind == mailbox.Expunged
		}
		for j, uid := range uids[:10] {
			if marks[j] > mark && !gone[uid] {
				k.Errorf("Changes(%d), of mark %d, is silent on UID %d, gone at %d", mark, i, uid, marks[j])
			}
		}
	}
	m := mirror{modSeq: start.ModSeq, uids: start.UIDs}
	m.follow(k, k.inbox)
	m.compare(k, k.inbox)
}

func testMessages(k *kit) {
	uids := fill(k, k.inbox, 5).UIDs
	expunge(k, k.inbox, set(uids[1]))
	for _, tt := range []struct {
		ask  imap.UIDSet
		want imap.UIDSet
	}{
		{nil, nil},
		{mailbox.AllUIDs, set(uids[0], uids[2], uids[3], uids[4])},
		{set(uids[1]), nil},
		{set(uids[3], uids[0]), set(uids[0], uids[3])},
		{imap.UIDSet{{First: uids[4], Last: imap.MaxUID}}, set(uids[4])},
		{imap.UIDSet{{First: uids[4] + 1, Last: imap.MaxUID}}, nil},
	} {
		var got imap.UIDSet
		last := imap.UID(0)
		for _, m := range messages(k, k.inbox, tt.ask) {
			if m.UID <= last {
				k.Errorf("Messages(%v) yields %d behind %d", tt.ask, m.UID, last)
			}
			last = m.UID
			got.Add(m.UID)
		}
		if !got.Equal(tt.want) {
			k.Errorf("Messages(%v) yields %v, expected %v", tt.ask, got, tt.want)
		}
	}
	for range k.inbox.Messages(ctx, mailbox.AllUIDs) {
		break // leaving early is allowed
	}
}

// testBatches: a store that yields many messages at a time yields those of
// Messages, however many there are and whatever happens in between.
func testBatches(k *kit) {
	f, is := k.inbox.(mailbox.BatchFolder)
	if !is {
		k.Skip("the store has no batches")
	}
	uids := fill(k, f, 1000).UIDs
	gone := set(uids[0], uids[300], uids[301], uids[999])
	expunge(k, f, gone)
	store(k, f, imap.UIDSet{{First: uids[100], Last: uids[200]}}, mailbox.AddFlags, imap.FlagSeen)
	for _, ask := range []imap.UIDSet{
		nil, mailbox.AllUIDs, gone, set(uids[5]), set(uids[299], uids[300], uids[302]),
		{{First: uids[0], Last: uids[255]}, {First: uids[257], Last: uids[700]}, {First: uids[998], Last: imap.MaxUID}},
	} {
		var got []mailbox.Message
		for batch, err := range f.Batches(ctx, ask) {
			ok(k, err, "Batches")
			if len(batch) == 0 {
				k.Fatalf("Batches(%v) yields an empty slice", ask)
			}
			got = append(got, batch...)
		}
		if want := messages(k, f, ask); fmt.Sprint(got) != fmt.Sprint(want) {
			k.Errorf("Batches(%v) yields %d messages that are not the %d of Messages", ask, len(got), len(want))
		}
	}
	n := 0
	for batch, err := range f.Batches(ctx, mailbox.AllUIDs) {
		ok(k, err, "Batches")
		n += len(batch)
		expunge(k, f, set(batch[0].UID))
	}
	if n != 1000-4 {
		k.Errorf("Batches yielded %d of %d while messages behind it went", n, 1000-4)
	}
	for range f.Batches(ctx, mailbox.AllUIDs) {
		break
	}
	c, cancel := context.WithCancel(ctx)
	n = 0
	var err error
	for _, err = range f.Batches(c, mailbox.AllUIDs) {
		if n++; n == 1 {
			cancel()
		}
	}
	if cancel(); err == nil && n > 1 {
		k.Errorf("Batches went on when its context had ended")
	}
}

// testNoLock: while somebody looks at what an iterator yields, everything can
// be called, and what is yielded still is right.
func testNoLock(k *kit) {
	fill(k, k.inbox, 10)
	n := 0
	for m, err := range k.inbox.Messages(ctx, mailbox.AllUIDs) {
		ok(k, err, "Messages")
		store(k, k.inbox, set(m.UID), mailbox.AddFlags, "seen")
		if n++; n == 1 {
			fill(k, k.inbox, 1)
		}
	}
	if n < 10 {
		k.Errorf("Messages yielded %d of 10", n)
	}
	for c, err := range k.inbox.Changes(ctx, 0) {
		ok(k, err, "Changes")
		expunge(k, k.inbox, set(c.UID))
	}
	for info, err := range k.alice.Folders(ctx) {
		ok(k, err, "Folders")
		create(k, k.alice, k.name("below", info.Name))
	}
	for _, err := range k.alice.Changes(ctx, 0) {
		ok(k, err, "User.Changes")
		status(k, k.inbox)
	}
}
