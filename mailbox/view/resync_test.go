package view_test

import (
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/mailwire/mailwire/imapwire/imap"
	"github.com/mailwire/mailwire/mailbox/view"
)

// TestSince: invariant 47. A client that remembers some messages at a modseq is
// told of every one of them that is gone, and of none that is there; of every one
// that changed; and, where the folder remembers, of nothing else. What a sample of
// numbers spares it is only what it knows (RFC 7162 §3.2.5.2).
func TestSince(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		f := newFolder()
		change := func(label string) {
			for range rapid.IntRange(0, 12).Draw(t, label) {
				uids := f.uids()
				switch n := rapid.IntRange(0, 2).Draw(t, "change"); {
				case n == 0 || len(uids) == 0:
					f.append(rapid.IntRange(1, 4).Draw(t, "append"))
				case n == 1:
					f.store(rapid.SampledFrom(uids).Draw(t, "uid"), rapid.StringMatching("[abc]").Draw(t, "flag"))
				default:
					f.expunge(rapid.SampledFrom(uids).Draw(t, "uid"))
				}
			}
		}
		change("before")
		old, since := f.uids(), f.modSeq
		var seqs, uids []uint32 // the sample
		for i, u := range old {
			if rapid.Bool().Draw(t, "sample") {
				seqs, uids = append(seqs, uint32(i)+1), append(uids, uint32(u))
			}
		}
		change("after")
		forgot := rapid.Bool().Draw(t, "forgot")
		if forgot {
			f.floor = f.modSeq + 1
		}
		known := imap.UIDSetOf(old...)
		if rapid.Bool().Draw(t, "all") {
			known = imap.UIDSet{{First: 1, Last: imap.MaxUID}}
		}
		match := func(yield func(uint32, imap.UID) bool) {
			for i := range seqs {
				if !yield(seqs[i], imap.UID(uids[i])) {
					return
				}
			}
		}
		if rapid.Bool().Draw(t, "no match") {
			match = nil
		}
		v := view.New(f.snapshot())
		// The client is not told of all that is there.
		f.append(rapid.IntRange(0, 2).Draw(t, "untold"))
		now := f.uids()
		d, err := v.Since(f.changes(since), known, f.snapshot(), match)
		if err != nil || d.All != forgot {
			t.Fatalf("%+v: %v", d, err)
		}
		for u := range d.Vanished.All() {
			if slices.Contains(now, u) || !known.Contains(u) || u >= f.next {
				t.Fatalf("%v vanished: there is %v, known %v", d.Vanished, now, known)
			}
			if !forgot && f.changed[u] <= since {
				t.Fatalf("UID %d vanished earlier than modseq %d", u, since)
			}
		}
		for u := range d.Changed.All() {
			if _, told := v.Told().Seq(u); !told {
				t.Fatalf("%v changed, and the client has %v", d.Changed, v.Told())
			}
		}
		for _, u := range old {
			switch there := slices.Contains(now, u); {
			case !there && !d.Vanished.Contains(u):
				t.Fatalf("UID %d of %v is gone, and %v vanished: sample %v %v", u, old, d.Vanished, seqs, uids)
			case there && !forgot && d.Changed.Contains(u) != (f.changed[u] > since):
				t.Fatalf("UID %d changed at %d; %v changed since %d", u, f.changed[u], d.Changed, since)
			}
		}
	})
}
