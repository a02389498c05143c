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
