package imap

import (
	"cmp"
	"slices"
	"strconv"
)

// Star stands for "*" in a [Range]: the largest number in use.
const Star uint32 = 0

// A Range is the numbers between First and Last, both included, in either
// order: 4:2 is 2:4 (RFC 9051 §9, seq-range). [Star] may stand at either end.
type Range struct{ First, Last uint32 }

// A Set is the argument of a command that names messages: sequence numbers,
// or UIDs where the command says so. It keeps the ranges as they were written.
// The zero Set names nothing and can not be encoded.
type Set struct {
	// Ranges in the order of the wire.
	Ranges []Range
	// Saved is "$", the result of the last SEARCH RETURN (SAVE), RFC 5182.
	// Ranges is then empty.
	Saved bool
}

// SetOf returns the set of the given numbers, in their order; [Star] is "*".
func SetOf(nums ...uint32) Set {
	s := Set{Ranges: make([]Range, len(nums))}
	for i, n := range nums {
		s.Ranges[i] = Range{n, n}
	}
	return s
}

// SetRange returns the set first:last. [Star] may stand at either end.
func SetRange(first, last uint32) Set { return Set{Ranges: []Range{{first, last}}} }

// SetOfUIDs returns the set that names exactly the UIDs of u, ascending.
func SetOfUIDs(u UIDSet) Set {
	s := Set{Ranges: make([]Range, len(u))}
	for i, r := range u {
		s.Ranges[i] = Range{uint32(r.First), uint32(r.Last)}
	}
	return s
}

// IsZero reports whether s names nothing.
func (s Set) IsZero() bool { return !s.Saved && len(s.Ranges) == 0 }

// Resolve returns the ranges of s ascending, merged, and with [Star] replaced
// by largest, the largest number in use (RFC 9051 §9: "*" in a set of UIDs is
// the UID of the last message, even when the other end is larger). With largest
// 0, an empty folder, ranges that contain "*" vanish. Numbers above largest
// stay. A saved set resolves to nothing; the caller substitutes its content.
func (s Set) Resolve(largest uint32) []Range {
	out := make([]Range, 0, len(s.Ranges))
	for _, r := range s.Ranges {
		if r.First == Star {
			r.First = largest
		}
		if r.Last == Star {
			r.Last = largest
		}
		if r.First == 0 || r.Last == 0 {
			continue
		}
		if r.First > r.Last {
			r.First, r.Last = r.Last, r.First
		}
		out = append(out, r)
	}
	slices.SortFunc(out, func(a, b Range) int { return cmp.Compare(a.First, b.First) })
	n := 0
	for _, r := range out {
		if n > 0 && uint64(r.First) <= uint64(out[n-1].Last)+1 {
			out[n-1].Last = max(out[n-1].Last, r.Last)
			continue
		}
		out[n] = r
		n++
	}
	return out[:n]
}

// ResolveUIDs is [Set.Resolve] for a set of UIDs.
func (s Set) ResolveUIDs(largest UID) UIDSet {
	rs := s.Resolve(uint32(largest))
	if len(rs) == 0 {
		return nil
	}
	u := make(UIDSet, len(rs))
	for i, r := range rs {
		u[i] = UIDRange{UID(r.First), UID(r.Last)}
	}
	return u
}

// Append appends the wire form of s: "$", or ranges separated by commas.
//
//	sequence-set = (seq-number / seq-range) ["," sequence-set] / seq-last-command
func (s Set) Append(dst []byte) []byte {
	if s.Saved {
		return append(dst, '$')
	}
	for i, r := range s.Ranges {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = appendSeqNumber(dst, r.First)
		if r.First != r.Last {
			dst = append(dst, ':')
			dst = appendSeqNumber(dst, r.Last)
		}
	}
	return dst
}

// String returns the wire form of s.
func (s Set) String() string { return string(s.Append(nil)) }

func appendSeqNumber(dst []byte, n uint32) []byte {
	if n == Star {
		return append(dst, '*')
	}
	return strconv.AppendUint(dst, uint64(n), 10)
}
