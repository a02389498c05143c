package imap

import (
	"iter"
	"slices"
)

// A UIDRange is the UIDs from First to Last, both included, First <= Last.
type UIDRange struct{ First, Last UID }

// A UIDSet is a set of UIDs as ascending ranges that neither touch nor
// overlap. It takes memory in proportion to its ranges, whatever they span.
// Every method keeps the form; a composite literal has to. The zero value is
// empty.
//
// A UIDSet is a slice, and a plain copy shares its ranges. Add, AddRange and Cut
// write to them, so who changes a set that somebody else holds clones it first.
// No other method changes its receiver, and what one returns shares nothing
// with the operands.
type UIDSet []UIDRange

// UIDSetOf returns the set of the given UIDs, in any order. Zero is left out.
func UIDSetOf(uids ...UID) UIDSet {
	var s UIDSet
	if !slices.IsSorted(uids) {
		uids = slices.Clone(uids)
		slices.Sort(uids) // else each Add moves the ranges above
	}
	for _, u := range uids {
		s.Add(u)
	}
	return s
}

// find returns the index of the first range whose Last is at least u.
func (s UIDSet) find(u UID) int {
	i, _ := slices.BinarySearchFunc(s, u, func(r UIDRange, u UID) int {
		if r.Last < u {
			return -1
		} else if r.Last > u {
			return 1
		}
		return 0
	})
	return i
}

// Contains reports whether u is in s, in O(log ranges).
func (s UIDSet) Contains(u UID) bool {
	if len(s) == 0 {
		return false // what most sets of a session are
	}
	i := s.find(u)
	return i < len(s) && s[i].First <= u
}

// Count returns the number of UIDs in s.
func (s UIDSet) Count() int64 {
	var n int64
	for _, r := range s {
		n += int64(r.Last-r.First) + 1
	}
	return n
}

// Min returns the smallest UID of s, or zero.
func (s UIDSet) Min() UID {
	if len(s) == 0 {
		return 0
	}
	return s[0].First
}

// Max returns the largest UID of s, or zero.
func (s UIDSet) Max() UID {
	if len(s) == 0 {
		return 0
	}
	return s[len(s)-1].Last
}

// Add puts u into s. Zero is ignored. It costs O(1) in ascending order, O(ranges)
// otherwise.
func (s *UIDSet) Add(u UID) {
	if u != 0 {
		s.AddRange(UIDRange{u, u})
	}
}

// AddRange puts the UIDs of r into s, at the cost of [UIDSet.Add]. A range with
// First above Last or First zero is ignored.
func (s *UIDSet) AddRange(r UIDRange) {
	if r.First == 0 || r.First > r.Last {
		return
	}
	t := *s
	if n := len(t); n == 0 || t[n-1].Last < r.First {
		if n > 0 && t[n-1].Last == r.First-1 {
			t[n-1].Last = r.Last
			return
		}
		*s = append(t, r)
		return
	}
	// All ranges from i up to j, exclusively, touch r and melt into it.
	i := t.find(r.First)
	if i > 0 && t[i-1].Last == r.First-1 {
		i--
	}
	j := i
	for j < len(t) && (t[j].First <= r.Last || t[j].First-1 == r.Last) {
		r.First = min(r.First, t[j].First)
		r.Last = max(r.Last, t[j].Last)
		j++
	}
	*s = slices.Replace(t, i, j, r)
}

// Union returns the UIDs that are in s or in t.
func (s UIDSet) Union(t UIDSet) UIDSet {
	var out UIDSet
	for len(s) > 0 || len(t) > 0 {
		if len(t) == 0 || len(s) > 0 && s[0].First <= t[0].First {
			out.AddRange(s[0])
			s = s[1:]
		} else {
			out.AddRange(t[0])
			t = t[1:]
		}
	}
	return out
}

// Intersect returns the UIDs that are in both s and t.
func (s UIDSet) Intersect(t UIDSet) UIDSet {
	var out UIDSet
	for len(s) > 0 && len(t) > 0 {
		out.AddRange(UIDRange{max(s[0].First, t[0].First), min(s[0].Last, t[0].Last)})
		if s[0].Last < t[0].Last {
			s = s[1:]
		} else {
			t = t[1:]
		}
	}
	return out
}

// Minus returns the UIDs of s that are not in t.
func (s UIDSet) Minus(t UIDSet) UIDSet {
	var out UIDSet
	for _, r := range s {
		for len(t) > 0 && t[0].Last < r.First {
			t = t[1:]
		}
		first, rest := r.First, t
		for len(rest) > 0 && rest[0].First <= r.Last {
			if rest[0].First > first {
				out = append(out, UIDRange{first, rest[0].First - 1})
			}
			if rest[0].Last >= r.Last {
				first = 0
				break
			}
			first = rest[0].Last + 1
			rest = rest[1:]
		}
		if first != 0 {
			out = append(out, UIDRange{first, r.Last})
		}
	}
	return out
}

// Equal reports whether s and t hold the same UIDs.
func (s UIDSet) Equal(t UIDSet) bool { return slices.Equal(s, t) }

// All yields the UIDs of s ascending. A set that a peer wrote may span four
// thousand million; intersect it with known UIDs first.
func (s UIDSet) All() iter.Seq[UID] {
	return func(yield func(UID) bool) {
		for _, r := range s {
			for u := r.First; ; u++ {
				if !yield(u) {
					return
				}
				if u == r.Last {
					break
				}
			}
		}
	}
}

// Append appends the wire form of s: ascending ranges separated by commas,
// nothing for an empty set.
//
//	uid-set = (uniqueid / uid-range) *("," uid-set)
func (s UIDSet) Append(dst []byte) []byte {
	for i, r := range s {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = r.First.Append(dst)
		if r.Last != r.First {
			dst = append(dst, ':')
			dst = r.Last.Append(dst)
		}
	}
	return dst
}

// String returns the wire form of s.
func (s UIDSet) String() string { return string(s.Append(nil)) }

// Cut takes the first n UIDs out of s, all of them if it has fewer, and returns
// them, in O(ranges taken). It changes the ranges of s in place: s must not share
// them with another set. The two parts may be changed independently.
func (s *UIDSet) Cut(n int64) UIDSet {
	t := *s
	for i := range t {
		k := int64(t[i].Last-t[i].First) + 1
		if k < n {
			n -= k
			continue
		}
		if k == n {
			*s = t[i+1:]
			return t[: i+1 : i+1]
		}
		if n <= 0 {
			*s = t[i:]
			return t[:i:i]
		}
		head := slices.Clone(t[:i+1])
		head[i].Last = head[i].First + UID(n) - 1
		t[i].First = head[i].Last + 1
		*s = t[i:]
		return head
	}
	*s = nil
	return t
}
