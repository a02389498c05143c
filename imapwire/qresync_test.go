package imapwire

import (
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/mailwire/mailwire/imapwire/imap"
)

// drawQResync draws what a client remembers, or nil.
func drawQResync(t *rapid.T) *QResync {
	if draw(t, rapid.Bool()) {
		return nil
	}
	q := &QResync{UIDValidity: draw(t, rapid.Uint32Range(1, math.MaxUint32)), ModSeq: drawModSeq(t)}
	if draw(t, rapid.Bool()) {
		q.Known = drawUIDs(t)
	}
	if draw(t, rapid.Bool()) {
		n := draw(t, rapid.Uint32Range(1, 9))
		q.Match = &SeqMatch{
			Seqs: []imap.Range{{First: 3, Last: 3 + n}, {First: 20, Last: 20}},
			UIDs: []imap.Range{{First: 5, Last: 5}, {First: 9, Last: 9 + n}},
		}
	}
	return q
}

// TestSeqMatch: threat M6. Pairs are made in order, whatever the ranges are.
func TestSeqMatch(t *testing.T) {
	m := SeqMatch{
		Seqs: []imap.Range{{First: 1, Last: 2}, {First: 4, Last: 4}, {First: 6, Last: 8}},
		UIDs: []imap.Range{{First: 10, Last: 10}, {First: 20, Last: 23}, {First: math.MaxUint32, Last: math.MaxUint32}},
	}
	var got []uint64
	for seq, uid := range m.All {
		got = append(got, uint64(seq)<<32|uint64(uid))
	}
	var want []uint64
	for i, seq := range []uint64{1, 2, 4, 6, 7, 8} {
		want = append(want, seq<<32|[]uint64{10, 20, 21, 22, 23, math.MaxUint32}[i])
	}
	if !slices.Equal(got, want) {
		t.Errorf("%x, want %x", got, want)
	}
	for seq, uid := range m.All {
		if seq != 1 || uid != 10 {
			t.Errorf("%d is %d", seq, uid)
		}
		break
	}
	for range (&SeqMatch{}).All {
		t.Error("a pair of nothing")
	}
}
