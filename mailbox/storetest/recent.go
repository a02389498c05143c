package storetest

import (
	"sync"

	"github.com/mailwire/mailwire/imapwire/imap"
)

var recentClauses = []clause{
	{"recent/claimed once", testRecent},
	{"recent/one winner", testRecentWinner},
}

func claim(k *kit) imap.UIDSet {
	k.Helper()
	s, err := k.inbox.ClaimRecent(ctx)
	ok(k, err, "ClaimRecent")
	return s
}

func testRecent(k *kit) {
	k.folder("box")
	if got := claim(k); len(got) > 0 {
		k.Errorf("in an empty folder %v are recent", got)
	}
	uids := fill(k, k.inbox, 3).UIDs
	expunge(k, k.inbox, set(uids[1]))
	if got := status(k, k.inbox).Recent; !got.Equal(set(uids[0], uids[2])) {
		k.Errorf("unclaimed are %v", got)
	}
	before := snapshot(k, k.inbox)
	if got := claim(k); !got.Equal(set(uids[0], uids[2])) {
		k.Errorf("claimed %v", got)
	}
	if got := claim(k); len(got) > 0 {
		k.Errorf("claimed again: %v", got)
	}
	if got := status(k, k.inbox).Recent; len(got) > 0 {
		k.Errorf("unclaimed are %v", got)
	}
	if after := snapshot(k, k.inbox); after.ModSeq != before.ModSeq {
		k.Errorf("claiming took modseq %d to %d", before.ModSeq, after.ModSeq)
	}
	res, err := k.inbox.Copy(ctx, set(uids[0]), imap.Inbox)
	ok(k, err, "Copy")
	if got := claim(k); !got.Equal(res.Dest) {
		k.Errorf("of the copy %v claimed %v", res.Dest, got)
	}
}

// testRecentWinner: invariant 44. However many ask at once while messages
// arrive, every message is given to exactly one.
func testRecentWinner(k *kit) {
	const rounds, workers = 20, 4
	claims := make([][]imap.UIDSet, workers)
	var wg sync.WaitGroup
	for w := range workers {
		wg.Go(func() {
			f, err := k.alice.Open(ctx, imap.Inbox)
			if err != nil {
				k.Error(err)
				return
			}
			defer f.Close()
			for range rounds {
				if _, err := tryAdd(f, text("x"), text("y")); err != nil {
					k.Error(err)
				}
				s, err := f.ClaimRecent(ctx)
				if err != nil {
					k.Error(err)
				}
				claims[w] = append(claims[w], s)
			}
		})
	}
	wg.Wait()
	all := claim(k)
	n := all.Count()
	for _, ss := range claims {
		for _, s := range ss {
			n += s.Count()
			all = all.Union(s)
		}
	}
	if want := snapshot(k, k.inbox).UIDs.Set(); !all.Equal(want) || n != want.Count() {
		k.Errorf("%d claims of %v; the folder has %d messages, %v", n, all, want.Count(), want)
	}
}
