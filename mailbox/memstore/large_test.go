package memstore_test

import (
	"io"
	"testing"
	"time"

	"github.com/mailwire/mailwire/imapwire/imap"
	"github.com/mailwire/mailwire/mailbox"
	"github.com/mailwire/mailwire/mailbox/memstore"
	"github.com/mailwire/mailwire/mailbox/storetest"
)

// fill appends n small messages, a thousand at a time.
func fill(t testing.TB, f mailbox.Folder, n int) {
	t.Helper()
	for n > 0 {
		tx, err := f.Append(ctx)
		if err != nil {
			t.Fatal(err)
		}
		for range min(n, 1000) {
			w, err := tx.Message(14, nil, start)
			if err != nil {
				t.Fatal(err)
			}
			io.WriteString(w, "Subject: x\r\n\r\n")
			n--
		}
		if _, err := tx.Commit(); err != nil {
			t.Fatal(err)
		}
	}
}

// TestLargeFolder: in a folder of 100,000 messages, what a session asks for all
// the time costs as much as its answer, not as much as the folder.
func TestLargeFolder(t *testing.T) {
	n := 100_000
	if testing.Short() {
		n = 30_000 // the race detector takes ten times as long
	}
	middle := imap.UID(n / 2)
	f := openInbox(t, newStore(t, memstore.Options{}), storetest.Alice)
	fill(t, f, n)
	mark := uint32(0)
	last := func() imap.ModSeq {
		s, err := f.Snapshot(ctx)
		if err != nil || s.UIDs.Len() != n {
			t.Fatalf("%d messages, %v", s.UIDs.Len(), err)
		}
		return s.ModSeq
	}
	// A change of one message that is in the middle.
	one := func() {
		mark++
		since := last()
		flags := []imap.Flag{imap.FlagSeen}
		op := mailbox.AddFlags
		if mark%2 == 0 {
			op = mailbox.RemoveFlags
		}
		if _, err := f.Store(ctx, imap.UIDSetOf(middle), mailbox.FlagUpdate{Op: op, Flags: flags}); err != nil {
			t.Fatal(err)
		}
		told := 0
		for c, err := range f.Changes(ctx, since) {
			if err != nil || c.UID != middle {
				t.Fatalf("told %+v, %v", c, err)
			}
			told++
		}
		read := 0
		for m, err := range f.Messages(ctx, imap.UIDSetOf(middle)) {
			if err != nil || m.UID != middle {
				t.Fatalf("read %+v, %v", m, err)
			}
			read++
		}
		if told != 1 || read != 1 {
			t.Fatalf("told of %d messages, read %d", told, read)
		}
	}
	if allocs := testing.AllocsPerRun(1000, one); allocs > 40 {
		t.Errorf("a change of one message and its news: %.0f allocations", allocs)
	}
	read := 0
	for _, err := range f.Messages(ctx, mailbox.AllUIDs) {
		if err != nil {
			t.Fatal(err)
		}
		read++
	}
	told := 0
	for _, err := range f.Changes(ctx, 0) {
		if err != nil {
			t.Fatal(err)
		}
		told++
	}
	if read != n || told != n {
		t.Errorf("read %d messages, told of %d", read, told)
	}
	if _, err := f.Store(ctx, mailbox.AllUIDs, mailbox.FlagUpdate{Op: mailbox.AddFlags, Flags: []imap.Flag{imap.FlagDeleted}}); err != nil {
		t.Fatal(err)
	}
	// Every second one alone, so that the list falls into many runs.
	for u := imap.UID(2); u <= 20_000; u += 2 {
		if _, err := f.Expunge(ctx, imap.UIDSetOf(u)); err != nil {
			t.Fatal(err)
		}
	}
	if problem := memstore.Broken(f); problem != "" {
		t.Error(problem)
	}
	res, err := f.Expunge(ctx, mailbox.AllUIDs)
	if err != nil || res.UIDs.Count() != int64(n)-10_000 {
		t.Errorf("expunged %d, %v", res.UIDs.Count(), err)
	}
	if problem := memstore.Broken(f); problem != "" {
		t.Error(problem)
	}
}

// TestBodiesShare: what is read is not copied on the way, and copies of a
// message are one.
func TestBodiesShare(t *testing.T) {
	f := openInbox(t, newStore(t, memstore.Options{}), storetest.Alice)
	tx, err := f.Append(ctx)
	if err != nil {
		t.Fatal(err)
	}
	w, err := tx.Message(-1, nil, time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	piece := make([]byte, 1000)
	for range 200 {
		w.Write(piece)
	}
	if _, err := tx.Commit(); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(piece); err == nil {
		t.Error("a message can be written after Commit")
	}
	if _, err := f.Copy(ctx, imap.UIDSetOf(1), imap.Inbox); err != nil {
		t.Fatal(err)
	}
	a, err1 := f.Body(ctx, 1)
	b, err2 := f.Body(ctx, 2)
	if err1 != nil || err2 != nil {
		t.Fatal(err1, err2)
	}
	if len(memstore.Chunks(a)) != 4 || &memstore.Chunks(a)[0][0] != &memstore.Chunks(b)[0][0] {
		t.Error("a copy has octets of its own")
	}
	for _, c := range memstore.Chunks(a) {
		if cap(c)-len(c) > len(c)/4 {
			t.Errorf("a chunk of %d octets takes %d", len(c), cap(c))
		}
	}
	p := make([]byte, 100_000)
	if allocs := testing.AllocsPerRun(100, func() { a.ReadAt(p, 50_000) }); allocs != 0 {
		t.Errorf("reading makes %.0f allocations", allocs)
	}
	if n, err := a.ReadAt(p, -1); n != 0 || err == nil {
		t.Errorf("reading at -1 gave %d octets, %v", n, err)
	}
}

// TestChain: the structure of a folder holds after any sequence of changes.
func TestChain(t *testing.T) {
	for _, tombstones := range []int{3, 1000} {
		f := openInbox(t, newStore(t, memstore.Options{Limits: memstore.Limits{Tombstones: tombstones}}), storetest.Alice)
		x := uint32(1)
		random := func(n int) int {
			x = x*1664525 + 1013904223
			return int(x>>8) % n
		}
		for range 400 {
			s, err := f.Snapshot(ctx)
			if err != nil {
				t.Fatal(err)
			}
			var some imap.UIDSet
			for _, u := range s.UIDs.All() {
				if random(3) == 0 {
					some.Add(u)
				}
			}
			switch random(6) {
			case 0, 1:
				fill(t, f, 1+random(4))
			case 2:
				_, err = f.Store(ctx, some, mailbox.FlagUpdate{Op: mailbox.FlagOp(1 + random(3)), Flags: []imap.Flag{imap.FlagSeen, imap.FlagDeleted}[random(2):]})
			case 3:
				_, err = f.Expunge(ctx, mailbox.AllUIDs)
			case 4:
				_, err = f.Move(ctx, some, imap.Inbox)
			case 5:
				var tx mailbox.AppendTx
				if tx, err = f.Append(ctx); err == nil {
					tx.Expunge(some)
					_, err = tx.Commit()
				}
			}
			if err != nil {
				t.Fatal(err)
			}
			if problem := memstore.Broken(f); problem != "" {
				t.Fatal(problem)
			}
		}
	}
}
