package storetest

import (
	"fmt"
	"slices"
	"sync"

	"github.com/mailwire/mailwire/imapwire/imap"
	"github.com/mailwire/mailwire/mailbox"
)

var concurrencyClauses = []clause{
	{"concurrency/no flag update is lost", testNoLostUpdate},
	{"concurrency/readers of changes miss nothing", testConcurrentReaders},
	{"concurrency/transactions are atomic", testConcurrentAppend},
	{"concurrency/moves lose nothing", testConcurrentMove},
	{"concurrency/the folder list", testConcurrentList},
}

// each runs work in n goroutines with a handle on INBOX for each, and waits.
func (k *kit) each(n int, work func(i int, f mailbox.Folder) error) {
	k.Helper()
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() {
			u, err := k.store.User(ctx, Alice)
			if err != nil {
				k.Error(err)
				return
			}
			defer u.Close()
			f, err := u.Open(ctx, imap.Inbox)
			if err != nil {
				k.Error(err)
				return
			}
			defer f.Close()
			if err := work(i, f); err != nil {
				k.Errorf("goroutine %d: %v", i, err)
			}
		})
	}
	wg.Wait()
	if k.Failed() {
		k.FailNow()
	}
}

// testNoLostUpdate: invariant 44. Changes of different flags commute.
func testNoLostUpdate(k *kit) {
	fill(k, k.inbox, 3)
	flags := []imap.Flag{"a", "b", imap.FlagSeen, imap.FlagFlagged}
	k.each(len(flags), func(i int, f mailbox.Folder) error {
		// An odd number of toggles: all are on in the end.
		for n := range 41 {
			op := mailbox.AddFlags
			if n%2 == 1 {
				op = mailbox.RemoveFlags
			}
			res, err := f.Store(ctx, mailbox.AllUIDs, mailbox.FlagUpdate{Op: op, Flags: flags[i : i+1]})
			if err != nil {
				return err
			}
			if res.Changed.Count() != 3 || res.ModSeq <= res.Before {
				return fmt.Errorf("toggle %d gave %+v", n, res)
			}
		}
		return nil
	})
	for _, m := range messages(k, k.inbox, mailbox.AllUIDs) {
		if got := flagText(m.Flags); got != `\flagged \seen a b` {
			k.Errorf("UID %d has the flags %q", m.UID, got)
		}
	}
}

// testConcurrentReaders: while some write, others read changes; nobody is told
// what lies at or below what was read, and all end with the folder as it is.
func testConcurrentReaders(k *kit) {
	const writers, readers, rounds = 3, 3, 25
	mirrors := make([]mirror, readers)
	for i := range mirrors {
		mirrors[i].start(k, k.inbox)
	}
	var writing sync.WaitGroup
	writing.Add(writers)
	done := make(chan struct{})
	k.each(writers+readers+1, func(i int, f mailbox.Folder) error {
		switch {
		case i < writers:
			defer writing.Done()
			return writeMuch(f, i, rounds)
		case i == writers:
			writing.Wait()
			close(done)
			return nil
		}
		m := &mirrors[i-writers-1]
		for last := false; ; {
			m.follow(k, f)
			if last {
				return nil
			}
			select {
			case <-done:
				last = true
			default:
			}
		}
	})
	for i := range mirrors {
		mirrors[i].compare(k, k.inbox)
	}
}

func writeMuch(f mailbox.Folder, writer, rounds int) error {
	for n := range rounds {
		res, err := tryAdd(f, text("x"), text("y"), text("z"))
		if err != nil {
			return err
		}
		own := imap.Flag(fmt.Sprint("writer", writer))
		if _, err := f.Store(ctx, set(res.UIDs...), mailbox.FlagUpdate{Op: mailbox.AddFlags, Flags: []imap.Flag{own}}); err != nil {
			return err
		}
		if _, err := f.Store(ctx, mailbox.AllUIDs, mailbox.FlagUpdate{Op: mailbox.FlagOp(2 + n%2), Flags: []imap.Flag{"all"}}); err != nil {
			return err
		}
		if _, err := f.Store(ctx, set(res.UIDs[1]), mailbox.FlagUpdate{Op: mailbox.AddFlags, Flags: []imap.Flag{imap.FlagDeleted}}); err != nil {
			return err
		}
		if _, err := f.Expunge(ctx, mailbox.AllUIDs); err != nil {
			return err
		}
	}
	return nil
}

// testConcurrentAppend: invariants 39 and 48. No reader sees a part of a
// transaction, and no two messages have one UID.
func testConcurrentAppend(k *kit) {
	const rounds = 25
	var mu sync.Mutex
	var uids []imap.UID
	k.each(4, func(i int, f mailbox.Folder) error {
		for range rounds {
			if i == 0 {
				s, err := f.Snapshot(ctx)
				if err != nil {
					return err
				}
				if s.UIDs.Len()%3 != 0 {
					return fmt.Errorf("a snapshot has %d messages, three come at a time", s.UIDs.Len())
				}
				continue
			}
			res, err := tryAdd(f, text("a"), text("b"), text("c"))
			if err != nil {
				return err
			}
			mu.Lock()
			uids = append(uids, res.UIDs...)
			mu.Unlock()
		}
		return nil
	})
	all := imap.UIDSetOf(uids...)
	if s := snapshot(k, k.inbox); int(all.Count()) != len(uids) || !s.UIDs.Set().Equal(all) {
		k.Errorf("%d UIDs were given, %v; the folder has %v", len(uids), all, s.UIDs.Set())
	}
}

// testConcurrentMove: invariant 48. Two move the same messages back and forth;
// each is in one place in the end.
func testConcurrentMove(k *kit) {
	const n = 12
	box := k.folder("box")
	fill(k, k.inbox, n)
	k.each(4, func(i int, f mailbox.Folder) error {
		from, to := f, "box"
		if i%2 == 1 {
			g, err := k.alice.Open(ctx, "box")
			if err != nil {
				return err
			}
			defer g.Close()
			from, to = g, imap.Inbox
		}
		for range 25 {
			s, err := from.Snapshot(ctx)
			if err != nil {
				return err
			}
			res, err := from.Move(ctx, s.UIDs.Set(), to)
			if err != nil {
				return err
			}
			if res.Source.Count() != res.Dest.Count() {
				return fmt.Errorf("moved %v to %v", res.Source, res.Dest)
			}
		}
		return nil
	})
	var found []string
	for _, f := range []mailbox.Folder{k.inbox, box} {
		for _, m := range messages(k, f, mailbox.AllUIDs) {
			found = append(found, octets(k, f, m.UID))
		}
	}
	slices.Sort(found)
	if len(slices.Compact(slices.Clone(found))) != n || len(found) != n {
		k.Errorf("of messages 1 to %d there are %q", n, found)
	}
}

// testConcurrentList: folders are made, renamed and deleted by many; who
// follows the changes of the list has it in the end.
func testConcurrentList(k *kit) {
	var list listMirror
	list.follow(k, k.alice)
	k.each(4, func(i int, _ mailbox.Folder) error {
		for n := range 15 {
			a, b := k.name("top", fmt.Sprint("a", i, "n", n)), k.name("top", fmt.Sprint("b", i, "n", n))
			if _, err := k.alice.Create(ctx, a, mailbox.CreateOptions{}); err != nil {
				return err
			}
			if err := k.alice.Rename(ctx, a, b); err != nil {
				return err
			}
			if n%2 == 0 {
				if err := k.alice.Delete(ctx, b); err != nil {
					return err
				}
			}
			if err := k.alice.Subscribe(ctx, b, true); err != nil {
				return err
			}
		}
		return nil
	})
	list.follow(k, k.alice)
	list.compare(k, k.alice)
}
