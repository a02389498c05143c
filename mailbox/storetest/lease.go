package storetest

import (
	"sync"
	"time"

	"github.com/mailwire/mailwire/imapwire/imap"
	"github.com/mailwire/mailwire/mailbox"
)

var leaseClauses = []clause{
	{"lease/one holder", testLease},
	{"lease/one winner", testLeaseRace},
	{"lease/keeps out nothing else", testLeaseOthers},
	{"lease/a folder that is deleted", testLeaseDeleted},
}

// ttl is longer than any test takes.
const ttl = 24 * time.Hour

func lease(k *kit, f mailbox.Folder) mailbox.Lease {
	k.Helper()
	l, err := f.(mailbox.LeaseFolder).Lease(ctx, ttl)
	ok(k, err, "Lease")
	return l
}

func taken(k *kit, f mailbox.Folder) {
	k.Helper()
	_, err := f.(mailbox.LeaseFolder).Lease(ctx, ttl)
	wants(k, err, mailbox.ErrInUse, "Lease of what somebody holds")
}

func leases(k *kit) bool {
	_, is := k.inbox.(mailbox.LeaseFolder)
	return is
}

// testLease: the folder is held through every handle and in every account that
// is opened, and others are not.
func testLease(k *kit) {
	if !leases(k) {
		return
	}
	u := account(k, k.store, Alice)
	defer u.Close()
	again := open(k, u, imap.Inbox)
	defer again.Close()
	bob := account(k, k.store, Bob)
	defer bob.Close()
	other := open(k, bob, imap.Inbox)
	defer other.Close()

	first := lease(k, k.inbox)
	taken(k, k.inbox)
	taken(k, again)
	ok(k, lease(k, k.folder("box")).Release(), "Release of another folder")
	ok(k, lease(k, other).Release(), "Release of another user's folder")
	taken(k, again)
	ok(k, first.Renew(ctx, ttl), "Renew")
	taken(k, again)
	ok(k, first.Release(), "Release")
	wants(k, first.Renew(ctx, ttl), mailbox.ErrInUse, "Renew after Release")

	second := lease(k, again)
	// What was released is not the next one's.
	ok(k, first.Release(), "Release again")
	wants(k, first.Renew(ctx, ttl), mailbox.ErrInUse, "Renew of what somebody else has")
	taken(k, k.inbox)
	ok(k, second.Renew(ctx, ttl), "Renew")
	ok(k, second.Release(), "Release")
}

func testLeaseRace(k *kit) {
	if !leases(k) {
		return
	}
	for range 20 {
		var wg sync.WaitGroup
		won := make(chan mailbox.Lease, 4)
		for range cap(won) {
			wg.Go(func() {
				if l, err := k.inbox.(mailbox.LeaseFolder).Lease(ctx, ttl); err == nil {
					won <- l
				}
			})
		}
		wg.Wait()
		if n := len(won); n != 1 {
			k.Fatalf("%d have the lease", n)
		}
		ok(k, (<-won).Release(), "Release")
	}
}

// testLeaseOthers: whoever asks for no lease is not in the way of one, nor it in
// theirs.
func testLeaseOthers(k *kit) {
	if !leases(k) {
		return
	}
	l := lease(k, k.inbox)
	uids := fill(k, k.inbox, 2).UIDs
	store(k, k.inbox, set(uids[0]), mailbox.AddFlags, imap.FlagDeleted)
	expunge(k, k.inbox, set(uids[1]))
	before := snapshot(k, k.inbox)
	taken(k, k.inbox)
	ok(k, l.Release(), "Release")
	if after := snapshot(k, k.inbox); after.ModSeq != before.ModSeq {
		k.Errorf("a lease is a change: the modseq was %d and is %d", before.ModSeq, after.ModSeq)
	}
}

func testLeaseDeleted(k *kit) {
	if !leases(k) {
		return
	}
	box := k.folder("box")
	l := lease(k, box)
	ok(k, k.alice.Delete(ctx, "box"), "Delete")
	wants(k, l.Renew(ctx, ttl), mailbox.ErrNonExistent, "Renew of a deleted folder")
	_, err := box.(mailbox.LeaseFolder).Lease(ctx, ttl)
	wants(k, err, mailbox.ErrNonExistent, "Lease of a deleted folder")
	ok(k, l.Release(), "Release of a deleted folder")
	// The next of that name is another folder.
	ok(k, lease(k, k.folder("box")).Release(), "Release")
}

// testLeaseTime: what is not renewed ends, and not a moment before.
func testLeaseTime(k *kit, later func(time.Duration)) {
	if !leases(k) {
		return
	}
	lease(k, k.inbox)
	later(ttl + time.Second)
	first := lease(k, k.inbox)
	later(ttl - time.Second)
	taken(k, k.inbox)
	ok(k, first.Renew(ctx, ttl), "Renew")
	later(ttl - time.Second)
	taken(k, k.inbox)
	later(2 * time.Second)
	// Nobody missed it.
	ok(k, first.Renew(ctx, ttl), "Renew of what ran out")
	taken(k, k.inbox)
	later(ttl + time.Second)
	second := lease(k, k.inbox)
	wants(k, first.Renew(ctx, ttl), mailbox.ErrInUse, "Renew of what was lost")
	ok(k, first.Release(), "Release of what was lost")
	taken(k, k.inbox)
	ok(k, second.Release(), "Release")
	wants(k, first.Renew(ctx, ttl), mailbox.ErrInUse, "Renew of what was lost, with nobody there")
	ok(k, lease(k, k.inbox).Release(), "Release")
}
