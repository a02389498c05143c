package imap_test

import (
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/mailwire/mailwire/imapwire/imap"
)

// TestUIDList: invariant 42 rests on it. The list against a slice, and lists
// that were made from one another against what they were.
func TestUIDList(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		type version struct {
			list  imap.UIDList
			model []imap.UID
		}
		versions := []version{{}}
		t.Repeat(map[string]func(*rapid.T){
			"append": func(t *rapid.T) {
				v := rapid.SampledFrom(versions).Draw(t, "base")
				last := imap.UID(0)
				if len(v.model) > 0 {
					last = v.model[len(v.model)-1]
				}
				var s imap.UIDSet
				model := slices.Clone(v.model)
				for range rapid.IntRange(0, 4).Draw(t, "n") {
					last += imap.UID(rapid.IntRange(1, 3).Draw(t, "gap"))
					s.Add(last)
					model = append(model, last)
				}
				if len(v.model) > 0 {
					s.Add(v.model[0]) // at or below the largest: left out
				}
				versions = append(versions, version{v.list.Append(s), model})
			},
			"without": func(t *rapid.T) {
				v := rapid.SampledFrom(versions).Draw(t, "base")
				var s imap.UIDSet
				var model []imap.UID
				for _, u := range v.model {
					if rapid.Bool().Draw(t, "gone") {
						s.Add(u)
					} else {
						model = append(model, u)
					}
				}
				s.Add(imap.MaxUID)
				versions = append(versions, version{v.list.Without(s), model})
			},
			"": func(t *rapid.T) {
				for _, v := range versions {
					if v.list.Len() != len(v.model) {
						t.Fatalf("%d messages, want %d", v.list.Len(), len(v.model))
					}
					i := 0
					for seq, u := range v.list.All() {
						if int(seq) != i+1 || v.model[i] != u || v.list.UID(seq) != u {
							t.Fatalf("number %d is UID %d, want %d", seq, u, v.model[i])
						}
						if got, ok := v.list.Seq(u); got != seq || !ok {
							t.Fatalf("UID %d is number %d, %v", u, got, ok)
						}
						i++
					}
					if v.list.UID(0) != 0 || v.list.UID(uint32(len(v.model))+1) != 0 {
						t.Fatal("a number that is none has a UID")
					}
					for u := imap.UID(1); u < 40; u++ {
						at, in := slices.BinarySearch(v.model, u)
						if seq, ok := v.list.Seq(u); ok != in || int(seq) != at+1 {
							t.Fatalf("UID %d is number %d, %v; want %d, %v", u, seq, ok, at+1, in)
						}
					}
					if !v.list.Equal(imap.UIDListOf(v.list.Set())) {
						t.Fatal("Set")
					}
				}
			},
		})
		v := rapid.SampledFrom(versions).Draw(t, "version")
		s, p := drawSet(t, "s")
		var both []imap.UID
		for _, u := range v.model {
			if p[u] {
				both = append(both, u)
			}
		}
		if got := slices.Collect(v.list.Intersect(s).All()); !slices.Equal(got, both) {
			t.Fatalf("Intersect(%v): %v, want %v", s, got, both)
		}
		r := imap.Range{First: rapid.Uint32Range(0, 12).Draw(t, "first"), Last: rapid.Uint32Range(0, 12).Draw(t, "last")}
		if r.First > r.Last {
			r.First, r.Last = r.Last, r.First
		}
		var slice []imap.UID
		for i, u := range v.model {
			if r.First > 0 && uint32(i+1) >= r.First && uint32(i+1) <= r.Last {
				slice = append(slice, u)
			}
		}
		if got := slices.Collect(v.list.Slice(r).All()); !slices.Equal(got, slice) {
			t.Fatalf("Slice(%v): %v, want %v", r, got, slice)
		}
	})
}

func BenchmarkUIDList(b *testing.B) {
	var s imap.UIDSet
	for u := imap.UID(1); u <= 300_000; u += 3 {
		s.AddRange(imap.UIDRange{First: u, Last: u + 1})
	}
	l := imap.UIDListOf(s) // 100,000 runs
	b.Run("Seq", func(b *testing.B) {
		for i := range b.N {
			l.Seq(imap.UID(i % 300_000))
		}
	})
	b.Run("UID", func(b *testing.B) {
		for i := range b.N {
			l.UID(uint32(i%200_000) + 1)
		}
	})
	b.Run("Append", func(b *testing.B) {
		b.ReportAllocs()
		for range b.N {
			l.Append(imap.UIDSetOf(300_002))
		}
	})
}
