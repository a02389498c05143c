package imap_test

import (
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/mailwire/mailwire/imapwire/imap"
)

const top = 1<<32 - 1

// numbers draws numbers near both ends and in the middle.
func numbers() *rapid.Generator[uint32] {
	return rapid.OneOf(rapid.Uint32Range(1, 12), rapid.Uint32Range(top-6, top))
}

func TestResolve(t *testing.T) {
	star := imap.Star
	for _, tt := range []struct {
		set  imap.Set
		max  uint32
		want []imap.Range
	}{
		{imap.Set{}, 5, nil},
		{imap.Set{Saved: true}, 5, nil},
		{imap.SetOf(3, 1, 2), 5, []imap.Range{{First: 1, Last: 3}}},
		{imap.SetRange(4, 2), 5, []imap.Range{{First: 2, Last: 4}}},
		{imap.SetRange(2, star), 5, []imap.Range{{First: 2, Last: 5}}},
		{imap.SetRange(9, star), 5, []imap.Range{{First: 5, Last: 9}}},
		{imap.SetRange(star, star), 5, []imap.Range{{First: 5, Last: 5}}},
		{imap.SetRange(1, star), 0, nil},
		{imap.SetRange(1, top), 5, []imap.Range{{First: 1, Last: top}}},
		{imap.Set{Ranges: []imap.Range{{First: top - 1, Last: top - 1}, {First: top, Last: top}, {First: 1, Last: 1}}}, 5, []imap.Range{{First: 1, Last: 1}, {First: top - 1, Last: top}}},
	} {
		if got := tt.set.Resolve(tt.max); !slices.Equal(got, tt.want) {
			t.Errorf("%v with %d messages: %v, want %v", tt.set, tt.max, got, tt.want)
		}
	}
}

// TestResolveMembers: invariant 11. Resolving keeps the members, whatever the
// order and overlap of the ranges, and makes them ascend without touching.
func TestResolveMembers(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var s imap.Set
		for range rapid.IntRange(0, 6).Draw(t, "n") {
			r := imap.Range{First: numbers().Draw(t, "first"), Last: numbers().Draw(t, "last")}
			if rapid.IntRange(0, 5).Draw(t, "star") == 0 {
				r.Last = imap.Star
			}
			s.Ranges = append(s.Ranges, r)
		}
		most := numbers().Draw(t, "max")
		got := s.Resolve(most)
		for i, r := range got {
			if r.First == 0 || r.First > r.Last || i > 0 && uint64(got[i-1].Last)+1 >= uint64(r.First) {
				t.Fatalf("%v is not in order", got)
			}
		}
		in := func(rs []imap.Range, n uint32) bool {
			return slices.ContainsFunc(rs, func(r imap.Range) bool {
				a, b := r.First, r.Last
				if b == imap.Star {
					b = most
				}
				return min(a, b) <= n && n <= max(a, b)
			})
		}
		for _, n := range []uint32{1, 2, 3, 5, 8, 11, 12, 13, 1 << 20, top - 7, top - 6, top - 3, top - 1, top, most} {
			if in(s.Ranges, n) != in(got, n) {
				t.Fatalf("%d is in one of %v and %v only", n, s, got)
			}
		}
		if uids := s.ResolveUIDs(imap.UID(most)); imap.SetOfUIDs(uids).String() != (imap.Set{Ranges: got}).String() {
			t.Fatalf("as UIDs %v", uids)
		}
	})
}

func TestSetString(t *testing.T) {
	for want, s := range map[string]imap.Set{
		"":               {},
		"$":              {Saved: true},
		"1,3:5,*,7:*":    {Ranges: []imap.Range{{First: 1, Last: 1}, {First: 3, Last: 5}, {}, {First: 7}}},
		"5:3,4294967295": {Ranges: []imap.Range{{First: 5, Last: 3}, {First: top, Last: top}}},
	} {
		if got := s.String(); got != want {
			t.Errorf("%q, want %q", got, want)
		}
		if s.IsZero() != (want == "") {
			t.Errorf("%q: IsZero", want)
		}
	}
}

// A plain is the model of a set: a map.
type plain map[imap.UID]bool

func (p plain) sorted() []imap.UID {
	var out []imap.UID
	for u := range p {
		out = append(out, u)
	}
	slices.Sort(out)
	return out
}

func check(t *rapid.T, what string, s imap.UIDSet, p plain) {
	for i, r := range s {
		if r.First == 0 || r.First > r.Last || i > 0 && (s[i-1].Last >= r.First || s[i-1].Last == r.First-1) {
			t.Fatalf("%s: %v is not in order", what, s)
		}
	}
	if got := slices.Collect(s.All()); !slices.Equal(got, p.sorted()) {
		t.Fatalf("%s: %v, want %v", what, got, p.sorted())
	}
	if s.Count() != int64(len(p)) {
		t.Fatalf("%s: Count %d, want %d", what, s.Count(), len(p))
	}
}

func drawSet(t *rapid.T, label string) (imap.UIDSet, plain) {
	var s imap.UIDSet
	p := plain{}
	for range rapid.IntRange(0, 8).Draw(t, label) {
		a := numbers().Draw(t, "uid")
		b := a + uint32(rapid.IntRange(0, 3).Draw(t, "length"))
		if b < a {
			b = top
		}
		s.AddRange(imap.UIDRange{First: imap.UID(a), Last: imap.UID(b)})
		for u := a; ; u++ {
			p[imap.UID(u)] = true
			if u == b {
				break
			}
		}
		check(t, "AddRange", s, p)
	}
	return s, p
}

// TestUIDSet: invariant 11. Sets against maps, at both ends of the numbers.
func TestUIDSet(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, pa := drawSet(t, "a")
		b, pb := drawSet(t, "b")
		before := a.String() + "|" + b.String()
		union, both, minus := plain{}, plain{}, plain{}
		for u := range pa {
			union[u] = true
			if pb[u] {
				both[u] = true
			} else {
				minus[u] = true
			}
		}
		for u := range pb {
			union[u] = true
		}
		check(t, "Union", a.Union(b), union)
		check(t, "Intersect", a.Intersect(b), both)
		check(t, "Minus", a.Minus(b), minus)
		if a.String()+"|"+b.String() != before {
			t.Fatalf("an operation changed its operands: %s", before)
		}
		for u := range union {
			if a.Contains(u) != pa[u] {
				t.Fatalf("Contains(%d)", u)
			}
		}
		n := rapid.Int64Range(0, 20).Draw(t, "n")
		rest := slices.Clone(a)
		head := rest.Cut(n)
		want := pa.sorted()[:min(int(n), len(pa))]
		if got := slices.Collect(head.All()); !slices.Equal(got, want) || !head.Union(rest).Equal(a) || head.Count()+rest.Count() != a.Count() {
			t.Fatalf("Cut(%d) of %v: %v and %v", n, a, head, rest)
		}
		if !slices.Equal(pa.sorted(), slices.Collect(imap.UIDSetOf(pa.sorted()...).All())) {
			t.Fatal("UIDSetOf")
		}
		if len(pa) > 0 && (a.Min() != pa.sorted()[0] || a.Max() != pa.sorted()[len(pa)-1]) {
			t.Fatalf("Min %d, Max %d of %v", a.Min(), a.Max(), a)
		}
	})
}

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

// From what a command names to the UIDs it means: numbers resolve against what
// the session has been told.
func Example() {
	told := imap.UIDListOf(imap.UIDSetOf(3, 4, 9)) // numbers 1 to 3
	set := imap.SetRange(2, imap.Star)             // 2:*
	for _, r := range set.Resolve(uint32(told.Len())) {
		fmt.Println(told.Slice(r))
	}
	fmt.Println(told.Intersect(set.ResolveUIDs(told.Max())))
	// Output:
	// 4,9
	// 3:4,9
}

func ExampleEncodeMailbox() {
	wire := imap.EncodeMailbox("Entwürfe & mehr", false)
	fmt.Println(wire)
	name, err := imap.DecodeMailbox(wire, false)
	fmt.Println(name, err)
	_, err = imap.DecodeMailbox("&AEA-", false) // "@", which is not encoded
	fmt.Println(err)
	// Output:
	// Entw&APw-rfe &- mehr
	// Entwürfe & mehr <nil>
	// imap: mailbox name is not valid in its encoding
}

func ExampleFlag_Equal() {
	fmt.Println(imap.Flag(`\seen`).Equal(imap.FlagSeen), imap.Flag(`\SEEN`).Canonical())
	// Output: true \Seen
}
