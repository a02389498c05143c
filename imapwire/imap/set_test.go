package imap_test

import (
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
