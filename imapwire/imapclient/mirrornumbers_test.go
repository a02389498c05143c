package imapclient

import (
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/mailwire/mailwire/imapwire/imap"
)

// checkNumbers compares a list with the plain slice of its UIDs, 0 where one is
// not known.
func checkNumbers(t *rapid.T, s *numberList, want []imap.UID) {
	known := uint32(0)
	var got []imap.UID
	for c, chunk := range s.chunks {
		var n uint32
		var last imap.UID
		for i, r := range chunk.runs {
			if r.n == 0 {
				t.Fatalf("an empty run")
			}
			if i > 0 {
				if p := chunk.runs[i-1]; p.first == 0 && r.first == 0 || p.first != 0 && p.first+imap.UID(p.n) == r.first {
					t.Fatalf("two runs that are one: %v, %v", p, r)
				}
			}
			n += r.n
			for k := range r.n {
				u := r.first
				if u != 0 {
					u += imap.UID(k)
					last = u
					known++
				}
				got = append(got, u)
			}
		}
		if n != chunk.n || last != chunk.last || len(chunk.runs) == 0 || len(chunk.runs) > chunkRuns {
			t.Fatalf("chunk %d of %d runs counts %d messages up to UID %d: %d, %d", c, len(chunk.runs), chunk.n, chunk.last, n, last)
		}
	}
	if s.count != uint32(len(got)) || s.known != known || !slices.Equal(got, want) {
		t.Fatalf("%d of %d known: %v\nwant %v", s.known, s.count, got, want)
	}
}

// TestNumbers: a numberList is the list of UIDs that it stands for, whatever is
// done to it.
func TestNumbers(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var s numberList
		var want []imap.UID
		if rapid.Bool().Draw(t, "large") {
			var set imap.UIDSet
			for i := range 1500 {
				set.Add(imap.UID(3*i + 10))
				want = append(want, imap.UID(3*i+10))
			}
			s.be(set)
		}
		for range rapid.IntRange(1, 40).Draw(t, "steps") {
			num := rapid.Uint32Range(0, uint32(len(want))).Draw(t, "num")
			switch step := rapid.IntRange(0, 4).Draw(t, "step"); {
			case step == 0:
				n := rapid.Uint32Range(0, 5).Draw(t, "n")
				s.grow(n)
				want = append(want, make([]imap.UID, n)...)
			case num == 0:
			case step == 1 && want[num-1] == 0:
				u := rapid.Uint32Range(1, 40).Draw(t, "uid")
				if len(want) >= 1500 {
					u += 4500
				}
				fits := true
				for i, w := range want {
					d := int64(u) - int64(w)
					fits = fits && (w == 0 || uint32(i) < num-1 && d >= int64(num)-1-int64(i) || uint32(i) > num-1 && -d >= int64(i)-int64(num)+1)
				}
				fits = fits && u >= num
				if got := s.fits(num, imap.UID(u)); got != fits {
					t.Fatalf("UID %d fits as %d of %v: %v", u, num, want, got)
				}
				if fits {
					s.set(num, imap.UID(u))
					want[num-1] = imap.UID(u)
				}
			case step < 4:
				c, i, before := s.locate(num)
				most := before + s.chunks[c].runs[i].n - num + 1
				n := rapid.Uint32Range(1, min(most, 400)).Draw(t, "count")
				s.remove(num, n)
				want = slices.Delete(want, int(num-1), int(num-1+n))
			default:
				u := imap.UID(rapid.Uint32Range(1, uint32(s.max())+3).Draw(t, "find"))
				got, _, g := s.find(u)
				if i := slices.Index(want, u); got != uint32(i+1) {
					t.Fatalf("UID %d is %d of %v", u, got, want)
				}
				if got == 0 {
					var w gap
					for i, v := range want {
						if v != 0 && v < u {
							w = gap{from: uint32(i) + 1, prev: v}
						} else if v > u {
							w.next = v
							break
						} else {
							w.n++
						}
					}
					if g != w {
						t.Fatalf("UID %d in %v: %v, want %v", u, want, g, w)
					}
				}
			}
			checkNumbers(t, &s, want)
			for n := range 3 {
				num := uint32(len(want)) * uint32(n) / 2
				if num > 0 && s.uid(num) != want[num-1] {
					t.Fatalf("%d is %d of %v", num, s.uid(num), want)
				}
			}
		}
	})
}

// TestFlagRecords: records are found, added and removed anywhere, in full chunks
// as in small ones.
func TestFlagRecords(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var s flagRecords
		want := map[imap.UID]imap.ModSeq{}
		uid := rapid.Uint32Range(1, 4000)
		for range rapid.IntRange(0, 3).Draw(t, "fill") * 600 {
			u := s.max() + 2
			s.add(flagRecord{uid: u, modSeq: 1})
			want[u] = 1
		}
		for i := range rapid.IntRange(1, 30).Draw(t, "steps") {
			u := imap.UID(uid.Draw(t, "uid"))
			switch rapid.IntRange(0, 2).Draw(t, "step") {
			case 0:
				if s.get(u) == nil {
					s.add(flagRecord{uid: u, modSeq: imap.ModSeq(i)})
					want[u] = imap.ModSeq(i)
				}
			case 1:
				for n := range rapid.Uint32Range(0, 300).Draw(t, "many") {
					if v := u + imap.UID(n); s.get(v) == nil {
						s.add(flagRecord{uid: v})
						want[v] = 0
					}
				}
			default:
				last := u + imap.UID(rapid.Uint32Range(0, 1500).Draw(t, "last"))
				s.remove(u, last, func(r flagRecord) {
					if _, ok := want[r.uid]; !ok || r.uid < u || r.uid > last {
						t.Fatalf("%d is removed", r.uid)
					}
					delete(want, r.uid)
				})
			}
			last, n := imap.UID(0), 0
			s.between(1, imap.MaxUID, func(r *flagRecord) bool {
				if m, ok := want[r.uid]; r.uid <= last || !ok || m != r.modSeq || s.get(r.uid) != r {
					t.Fatalf("UID %d behind %d", r.uid, last)
				}
				last = r.uid
				n++
				return true
			})
			if n != len(want) || n != s.n {
				t.Fatalf("%d records, counted %d, want %d", n, s.n, len(want))
			}
			for _, c := range s.chunks {
				if len(c) == 0 || len(c) > chunkRecords {
					t.Fatalf("a chunk of %d", len(c))
				}
			}
		}
	})
}
