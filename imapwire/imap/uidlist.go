package imap

import (
	"iter"
	"slices"
)

// A UIDList is the messages of a folder at one moment: UIDs ascending, the
// n-th of which has sequence number n. It is immutable and may be shared by
// any number of sessions; methods that change it return another list. Finding
// a UID by sequence number and the reverse take O(log runs), where a run is a
// stretch of UIDs without a hole. The zero value is the empty list.
type UIDList struct {
	runs []uidRun
	// end is the number of messages.
	end int
}

// A uidRun is the UIDs first … first+n-1, where n follows from the next run's
// before, or from the list's end.
type uidRun struct {
	first  UID
	before uint32 // messages in all earlier runs
}

// UIDListOf returns the list of the UIDs in s.
func UIDListOf(s UIDSet) UIDList {
	return UIDList{}.Append(s)
}

// Len returns the number of messages.
func (l UIDList) Len() int { return l.end }

func (l UIDList) runLen(i int) uint32 {
	if i+1 < len(l.runs) {
		return l.runs[i+1].before - l.runs[i].before
	}
	return uint32(l.end) - l.runs[i].before
}

func (l UIDList) runRange(i int) UIDRange {
	f := l.runs[i].first
	return UIDRange{f, f + UID(l.runLen(i)) - 1}
}

// UID returns the UID of the message with sequence number seq, or zero when
// seq is 0 or above Len.
func (l UIDList) UID(seq uint32) UID {
	if seq == 0 || uint64(seq) > uint64(l.end) {
		return 0
	}
	i, found := slices.BinarySearchFunc(l.runs, seq-1, func(r uidRun, n uint32) int {
		if r.before < n {
			return -1
		} else if r.before > n {
			return 1
		}
		return 0
	})
	if !found {
		i--
	}
	return l.runs[i].first + UID(seq-1-l.runs[i].before)
}

// Seq returns the sequence number of u, and whether u is in the list. When it
// is not, seq is that of the next larger UID: Len+1 if there is none.
func (l UIDList) Seq(u UID) (seq uint32, ok bool) {
	i, found := slices.BinarySearchFunc(l.runs, u, func(r uidRun, u UID) int {
		if r.first < u {
			return -1
		} else if r.first > u {
			return 1
		}
		return 0
	})
	if found {
		return l.runs[i].before + 1, true
	}
	if i == 0 {
		return 1, false
	}
	i--
	off, n := uint32(u-l.runs[i].first), l.runLen(i)
	if off >= n {
		return l.runs[i].before + n + 1, false
	}
	return l.runs[i].before + off + 1, true
}

// Max returns the largest UID, or zero.
func (l UIDList) Max() UID { return l.UID(uint32(l.end)) }

// Set returns the UIDs of the list as a set.
func (l UIDList) Set() UIDSet {
	s := make(UIDSet, len(l.runs))
	for i := range l.runs {
		s[i] = l.runRange(i)
	}
	return s
}

// Intersect returns the UIDs of s that are in the list, in O(ranges + runs).
func (l UIDList) Intersect(s UIDSet) UIDSet {
	if len(s) == 1 && len(l.runs) > 0 && s[0].First <= l.runs[0].first && s[0].Last >= l.Max() {
		return l.Set()
	}
	var out UIDSet
	for _, r := range s {
		for i := l.runAt(r.First); i < len(l.runs) && l.runs[i].first <= r.Last; i++ {
			q := l.runRange(i)
			out.AddRange(UIDRange{max(q.First, r.First), min(q.Last, r.Last)})
		}
	}
	return out
}

// runAt returns the index of the first run that ends at u or later.
func (l UIDList) runAt(u UID) int {
	i, found := slices.BinarySearchFunc(l.runs, u, func(r uidRun, u UID) int {
		if r.first < u {
			return -1
		} else if r.first > u {
			return 1
		}
		return 0
	})
	if !found && i > 0 && l.runRange(i-1).Last >= u {
		i--
	}
	return i
}

// Slice returns the UIDs of the messages with the sequence numbers of r, which
// has to be resolved: First <= Last, no [Star]. Numbers beyond Len are left
// out.
func (l UIDList) Slice(r Range) UIDSet {
	if r.First == 0 || uint64(r.First) > uint64(l.end) {
		return nil
	}
	r.Last = min(r.Last, uint32(l.end))
	var out UIDSet
	first, last := l.UID(r.First), l.UID(r.Last)
	for i := l.runAt(first); i < len(l.runs) && l.runs[i].first <= last; i++ {
		q := l.runRange(i)
		out.AddRange(UIDRange{max(q.First, first), min(q.Last, last)})
	}
	return out
}

// All yields sequence number and UID of every message, ascending.
func (l UIDList) All() iter.Seq2[uint32, UID] {
	return func(yield func(uint32, UID) bool) {
		seq := uint32(1)
		for i := range l.runs {
			r := l.runRange(i)
			for u := r.First; ; u++ {
				if !yield(seq, u) {
					return
				}
				seq++
				if u == r.Last {
					break
				}
			}
		}
	}
}

// Append returns the list with the UIDs of s added. UIDs at or below Max are
// left out: a folder only grows upwards.
func (l UIDList) Append(s UIDSet) UIDList {
	out := UIDList{runs: slices.Clip(l.runs), end: l.end}
	last := l.Max()
	for _, r := range s {
		if r.Last <= last {
			continue
		}
		r.First = max(r.First, last+1)
		if last == 0 || r.First != last+1 {
			out.runs = append(out.runs, uidRun{r.First, uint32(out.end)})
		}
		out.end += int(r.Last-r.First) + 1
		last = r.Last
	}
	return out
}

// Without returns the list with the UIDs of s removed.
func (l UIDList) Without(s UIDSet) UIDList {
	if len(l.Intersect(s)) == 0 {
		return l
	}
	return UIDListOf(l.Set().Minus(s))
}

// Equal reports whether both lists hold the same UIDs.
func (l UIDList) Equal(m UIDList) bool { return l.end == m.end && slices.Equal(l.runs, m.runs) }
