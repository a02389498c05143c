package imap_test

import (
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/mailwire/mailwire/imapwire/imap"
)

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
		b := a + uint32(rapid.SampledFrom([]int{0, 0, 1, 2, 3, 9}).Draw(t, "length"))
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

// TestUIDSetEnds: threat P7. Sets at both ends of the numbers.
func TestUIDSetEnds(t *testing.T) {
	all := imap.UIDSet{{First: 1, Last: imap.MaxUID}}
	set := func(ranges ...imap.UIDRange) (s imap.UIDSet) {
		for _, r := range ranges {
			s.AddRange(r)
		}
		return s
	}
	for _, tt := range []struct {
		what string
		got  imap.UIDSet
		want string
	}{
		{"zero is no UID", imap.UIDSetOf(0), ""},
		{"a range from zero", set(imap.UIDRange{First: 0, Last: 5}), ""},
		{"a range backwards", set(imap.UIDRange{First: 5, Last: 4}), ""},
		{"the last UID twice", imap.UIDSetOf(imap.MaxUID, imap.MaxUID), "4294967295"},
		{"down to the first", imap.UIDSetOf(imap.MaxUID, 2, imap.MaxUID-1, 1), "1:2,4294967294:4294967295"},
		{"the hole is filled", set(imap.UIDRange{First: 3, Last: imap.MaxUID}, imap.UIDRange{First: 1, Last: 1}, imap.UIDRange{First: 2, Last: 2}), "1:4294967295"},
		{"a range over all others", set(imap.UIDRange{First: 2, Last: 3}, imap.UIDRange{First: 5, Last: 6}, all[0]), "1:4294967295"},
		{"a range within", set(all[0], imap.UIDRange{First: 5, Last: 6}), "1:4294967295"},
		{"all without the ends", all.Minus(imap.UIDSetOf(1, imap.MaxUID)), "2:4294967294"},
		{"all without the middle", all.Minus(imap.UIDSet{{First: 2, Last: imap.MaxUID - 1}}), "1,4294967295"},
		{"all without all", all.Minus(all), ""},
		{"all and all", all.Union(all), "1:4294967295"},
		{"halves", imap.UIDSet{{First: 1, Last: 1 << 31}}.Union(imap.UIDSet{{First: 1<<31 + 1, Last: imap.MaxUID}}), "1:4294967295"},
		{"all that is one", all.Intersect(imap.UIDSetOf(imap.MaxUID)), "4294967295"},
	} {
		if tt.got.String() != tt.want {
			t.Errorf("%s: %q, want %q", tt.what, tt.got, tt.want)
		}
	}
	if all.Count() != 1<<32-1 || all.Min() != 1 || all.Max() != imap.MaxUID || !all.Contains(imap.MaxUID) || all.Contains(0) {
		t.Errorf("all UIDs: %d, from %d to %d", all.Count(), all.Min(), all.Max())
	}
	var none imap.UIDSet
	if none.Count() != 0 || none.Min() != 0 || none.Max() != 0 || none.Contains(1) || len(none.Union(none)) != 0 || len(none.Minus(all)) != 0 || len(none.Cut(1)) != 0 {
		t.Error("the empty set has members")
	}
	for u := range all.All() { // four thousand million, but for the break
		if u == 3 {
			break
		}
	}
	rest := slices.Clone(all)
	if head := rest.Cut(1<<32 - 2); head.String() != "1:4294967294" || rest.String() != "4294967295" {
		t.Errorf("all but the last: %v and %v", head, rest)
	}
}

// TestUIDSetShared: what an operation returns grows without touching what it was
// made from, and the head of Cut without touching the rest.
func TestUIDSetShared(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, pa := drawSet(t, "a")
		b, pb := drawSet(t, "b")
		rest := slices.Clone(a)
		head := rest.Cut(rapid.Int64Range(-1, 20).Draw(t, "n"))
		wantRest := plain{}
		for u := range rest.All() {
			wantRest[u] = true
		}
		results := []*imap.UIDSet{ref(a.Union(b)), ref(a.Union(nil)), ref(a.Intersect(b)), ref(a.Intersect(a)), ref(a.Minus(b)), ref(a.Minus(nil)), &head}
		for _, s := range results {
			last := s.Max()
			s.Add(last + 1)
			s.Add(last + 3)
			s.AddRange(imap.UIDRange{First: 1, Last: 20})
			s.AddRange(imap.UIDRange{First: 30, Last: 30})
		}
		check(t, "a", a, pa)
		check(t, "b", b, pb)
		check(t, "the rest", rest, wantRest)
	})
}

func ref(s imap.UIDSet) *imap.UIDSet { return &s }

// TestUIDSetOfOrder: the order of the arguments changes neither the set nor,
// beyond sorting, the cost.
func TestUIDSetOfOrder(t *testing.T) {
	const n = 2000
	ascending, shuffled := make([]imap.UID, n), make([]imap.UID, n)
	for i := range n {
		ascending[i] = imap.UID(2*i + 1)
		shuffled[i] = imap.UID(2*(i*1009%n) + 1)
	}
	before := slices.Clone(shuffled)
	if !imap.UIDSetOf(shuffled...).Equal(imap.UIDSetOf(ascending...)) {
		t.Error("sets differ")
	}
	if !slices.Equal(shuffled, before) {
		t.Error("the arguments have been sorted in place")
	}
}

func BenchmarkUIDSetOf(b *testing.B) {
	const n = 100_000
	uids := make([]imap.UID, n)
	for i := range uids {
		uids[i] = imap.UID(2*(i*7919%n) + 1)
	}
	b.Run("shuffled", func(b *testing.B) {
		for range b.N {
			imap.UIDSetOf(uids...)
		}
	})
	slices.Sort(uids)
	b.Run("ascending", func(b *testing.B) {
		for range b.N {
			imap.UIDSetOf(uids...)
		}
	})
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
