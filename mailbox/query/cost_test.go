package query_test

import (
	"runtime"
	"testing"

	"github.com/mailwire/mailwire/imapwire/imap"
	"github.com/mailwire/mailwire/mailbox/query"
)

// TestCompileCost: invariant 8 and threat C4. What a key takes grows with what was
// said, and not with the folder that it is said about.
func TestCompileCost(t *testing.T) {
	var holes imap.UIDSet
	for u := imap.UID(1); u < 20_000; u += 2 {
		holes.Add(u)
	}
	scope := query.Scope{Told: imap.UIDListOf(holes), Now: now}
	for _, n := range []int{10, 100, 1000} {
		var many imap.Set
		and := &imap.SearchAnd{}
		for i := range n {
			many.Ranges = append(many.Ranges, imap.Range{First: uint32(3*i + 1), Last: uint32(3*i + 1)})
			and.Keys = append(and.Keys, &imap.SearchSeq{Set: imap.Set{Ranges: []imap.Range{{First: 1, Last: imap.Star}}}})
		}
		for _, key := range []imap.SearchKey{and, &imap.SearchSeq{Set: many}, &imap.SearchUID{Set: many}} {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			q, err := query.Compile(key, scope)
			runtime.ReadMemStats(&after)
			if err != nil {
				t.Fatal(err)
			}
			if octets := after.TotalAlloc - before.TotalAlloc; octets > uint64(1000*n) {
				t.Errorf("%T of %d: %d octets", key, n, octets)
			}
			runtime.KeepAlive(q)
		}
	}
}
