package view_test

import (
	"runtime"
	"testing"

	"github.com/mailwire/mailwire/imapwire/imap"
	"github.com/mailwire/mailwire/mailbox"
	"github.com/mailwire/mailwire/mailbox/view"
)

// allocated returns the octets that f allocates.
func allocated(f func()) int64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return int64(after.TotalAlloc - before.TotalAlloc)
}

// TestResolveCost: invariant 8. What it takes to resolve the numbers of a command
// grows with their ranges.
func TestResolveCost(t *testing.T) {
	for _, ranges := range []int{80, 800, 8000} {
		v := view.New(mailbox.Snapshot{UIDValidity: 1, ModSeq: 1, UIDs: imap.UIDListOf(imap.UIDSet{{First: 1, Last: 20_000}})})
		var set imap.Set
		for i := range ranges {
			set.Ranges = append(set.Ranges, imap.Range{First: uint32(2*i + 1), Last: uint32(2*i + 1)})
		}
		var uids imap.UIDSet
		var err error
		octets := allocated(func() { uids, err = v.Resolve(set, false, nil) })
		if err != nil || len(uids) != ranges {
			t.Fatalf("%d ranges of UIDs for %d of numbers, %v", len(uids), ranges, err)
		}
		if octets > int64(100*ranges) {
			t.Errorf("%d octets for %d ranges", octets, ranges)
		}
	}
}
