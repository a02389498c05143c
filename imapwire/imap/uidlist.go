package imap

import (
	"iter"
	"math"
	"slices"
	"sort"
)

// A UIDList is the messages of a folder at one moment: UIDs ascending, the
// n-th of which has sequence number n. It is immutable and may be shared by
// any number of sessions; methods that change it return another list, which
// shares with the first what they have in common. The zero value is the empty
// list.
//
// A run is a stretch of UIDs without a hole. A list takes memory in proportion
// to its runs, and finding a UID by sequence number or the reverse takes
// O(log runs).
type UIDList struct {
	// Runs stand in chunks of 1 to chunkRuns. Once a list is returned neither a
	// chunk's runs nor the slice of chunks is written to again, spare capacity
	// included, so lists that derive from one another share them without
	// knowing of each other.
	//
	// Nothing tells where a run ends but what follows it: the next run of its
	// chunk, the next chunk, or the end of the list. So a list whose last run
	// goes on differs from its base in end alone.
	chunks []uidChunk
	end    uint32 // messages in the list
}

// chunkRuns bounds what a change copies beside the slice of chunks. Two
// neighbours have more than half as many together, unless they are all there
// is: the number of chunks stays in proportion to the runs.
const chunkRuns = 256

type uidChunk struct {
	first  UID    // that of its first run
	before uint32 // messages in all earlier chunks
	runs   []uidRun
}

type uidRun struct {
	first  UID
	before uint32 // messages in the earlier runs of the chunk
}

// A place is a run: the chunk and the index in it.
type place struct{ chunk, run int }

// UIDListOf returns the list of the UIDs in s.
func UIDListOf(s UIDSet) UIDList { return UIDList{}.Append(s) }

// Len returns the number of messages. Where an int has 32 bits it stops at
// 2^31-1.
func (l UIDList) Len() int { return int(min(uint64(l.end), math.MaxInt)) }

// chunkLen returns the number of messages in a chunk.
func (l UIDList) chunkLen(c int) uint32 {
	if c+1 < len(l.chunks) {
		return l.chunks[c+1].before - l.chunks[c].before
	}
	return l.end - l.chunks[c].before
}

func (l UIDList) has(p place) bool { return p.chunk < len(l.chunks) }

func (l UIDList) next(p place) place {
	if p.run++; p.run == len(l.chunks[p.chunk].runs) {
		return place{p.chunk + 1, 0}
	}
	return p
}

// at returns a run, and how many messages the list has before it.
func (l UIDList) at(p place) (r UIDRange, before uint32) {
	c := &l.chunks[p.chunk]
	run := c.runs[p.run]
	var end uint32
	if p.run+1 < len(c.runs) {
		end = c.runs[p.run+1].before
	} else {
		end = l.chunkLen(p.chunk)
	}
	return UIDRange{run.first, run.first + UID(end-run.before-1)}, c.before + run.before
}

// find returns the place of the first run that ends at u or later.
func (l UIDList) find(u UID) place {
	c := sort.Search(len(l.chunks), func(i int) bool { return l.chunks[i].first > u }) - 1
	if c < 0 {
		return place{}
	}
	runs := l.chunks[c].runs
	p := place{c, sort.Search(len(runs), func(i int) bool { return runs[i].first > u }) - 1}
	if r, _ := l.at(p); r.Last < u {
		return l.next(p)
	}
	return p
}

// UID returns the UID of the message with sequence number seq, or zero when
// seq is 0 or above Len.
func (l UIDList) UID(seq uint32) UID {
	if seq == 0 || seq > l.end {
		return 0
	}
	n := seq - 1 // messages before it
	c := l.chunks[sort.Search(len(l.chunks), func(i int) bool { return l.chunks[i].before > n })-1]
	n -= c.before
	r := c.runs[sort.Search(len(c.runs), func(i int) bool { return c.runs[i].before > n })-1]
	return r.first + UID(n-r.before)
}

// Seq returns the sequence number of u, and whether u is in the list. When it
// is not, seq is that of the next larger UID: Len+1 if there is none.
func (l UIDList) Seq(u UID) (seq uint32, ok bool) {
	p := l.find(u)
	if !l.has(p) {
		return l.end + 1, false
	}
	r, before := l.at(p)
	if u < r.First {
		return before + 1, false
	}
	return before + uint32(u-r.First) + 1, true
}

// A UIDCursor finds sequence numbers in a list for UIDs that ascend: one that
// lies in the run of the one before, or in the next, costs no search. Others
// may be asked for, too.
type UIDCursor struct {
	list   UIDList
	at     place
	run    UIDRange // the one at at; zero at first
	before uint32
}

// Cursor returns a cursor into the list.
func (l UIDList) Cursor() UIDCursor { return UIDCursor{list: l} }

// Seq is [UIDList.Seq].
func (c *UIDCursor) Seq(u UID) (seq uint32, ok bool) {
	if u < c.run.First || u > c.run.Last {
		if seq, ok = c.move(u); !ok {
			return seq, false
		}
	}
	return c.before + uint32(u-c.run.First) + 1, true
}

// move goes to the run of u. Without one it stays, and returns what Seq does.
func (c *UIDCursor) move(u UID) (seq uint32, ok bool) {
	p := c.at
	if c.run.First != 0 && u > c.run.Last {
		p = c.list.next(p)
	}
	if c.list.has(p) {
		if r, before := c.list.at(p); r.First <= u && u <= r.Last {
			c.at, c.run, c.before = p, r, before
			return 0, true
		}
	}
	if seq, ok = c.list.Seq(u); ok {
		c.at = c.list.find(u)
		c.run, c.before = c.list.at(c.at)
	}
	return seq, ok
}

// Max returns the largest UID, or zero.
func (l UIDList) Max() UID { return l.UID(l.end) }

// Set returns the UIDs of the list as a set.
func (l UIDList) Set() UIDSet {
	n := 0
	for _, c := range l.chunks {
		n += len(c.runs)
	}
	s := make(UIDSet, 0, n)
	for p := (place{}); l.has(p); p = l.next(p) {
		r, _ := l.at(p)
		s = append(s, r)
	}
	return s
}

// Intersect returns the UIDs of s that are in the list, in time proportional to
// the ranges of the result and, times O(log runs), of s.
func (l UIDList) Intersect(s UIDSet) UIDSet {
	if len(s) == 1 && len(l.chunks) > 0 && s[0].First <= l.chunks[0].first && s[0].Last >= l.Max() {
		return l.Set()
	}
	var out UIDSet
	for _, r := range s {
		out = l.appendBetween(out, r)
	}
	return out
}

// appendBetween appends to s, all of it below r, the UIDs of the list in r.
func (l UIDList) appendBetween(s UIDSet, r UIDRange) UIDSet {
	for p := l.find(r.First); l.has(p); p = l.next(p) {
		q, _ := l.at(p)
		if q.First > r.Last {
			break
		}
		s.AddRange(UIDRange{max(q.First, r.First), min(q.Last, r.Last)})
	}
	return s
}

// Slice returns the UIDs of the messages with the sequence numbers of r, which
// has to be resolved: First <= Last, no [Star]. Numbers beyond Len are left
// out.
func (l UIDList) Slice(r Range) UIDSet { return l.Slices([]Range{r}) }

// Slices is [UIDList.Slice] for many ranges, as [Set.Resolve] returns them:
// ascending, and apart. It takes time in proportion to the ranges of the result
// and, times O(log runs), of rs.
func (l UIDList) Slices(rs []Range) UIDSet {
	var out UIDSet
	for _, r := range rs {
		r.Last = min(r.Last, l.end)
		if r.First == 0 || r.First > r.Last {
			continue
		}
		out = l.appendBetween(out, UIDRange{l.UID(r.First), l.UID(r.Last)})
	}
	return out
}

// All yields sequence number and UID of every message, ascending.
func (l UIDList) All() iter.Seq2[uint32, UID] {
	return func(yield func(uint32, UID) bool) {
		for p := (place{}); l.has(p); p = l.next(p) {
			r, before := l.at(p)
			for u := r.First; ; u++ {
				if !yield(before+uint32(u-r.First)+1, u) {
					return
				}
				if u == r.Last {
					break
				}
			}
		}
	}
}

// Append returns the list with the UIDs of s added. UIDs at or below Max are
// left out: a folder only grows upwards. Nothing is copied when s goes on with
// the last run, else up to 256 runs and what finds the others, which is a
// fraction of them.
func (l UIDList) Append(s UIDSet) UIDList {
	last := l.Max()
	owned := false // the chunks and the runs of the last one
	for i, r := range s {
		if r.Last <= last || r.First > r.Last {
			continue
		}
		r.First = max(r.First, last+1)
		if l.end == 0 || r.First > last+1 {
			if !owned {
				l.chunks = ownLast(l.chunks, len(s)-i)
				owned = true
			}
			c := len(l.chunks) - 1
			if c < 0 || len(l.chunks[c].runs) == chunkRuns {
				c++
				l.chunks = append(l.chunks, uidChunk{r.First, l.end, make([]uidRun, 0, min(len(s)-i, chunkRuns))})
			}
			l.chunks[c].runs = append(l.chunks[c].runs, uidRun{r.First, l.end - l.chunks[c].before})
		}
		l.end += uint32(r.Last-r.First) + 1
		last = r.Last
	}
	return l
}

// ownLast returns a copy of chunks the last of which can take runs, if there is
// room in it, out of as many as are still to come.
func ownLast(chunks []uidChunk, more int) []uidChunk {
	chunks = append(make([]uidChunk, 0, len(chunks)+(more+chunkRuns-1)/chunkRuns), chunks...)
	if c := len(chunks) - 1; c >= 0 && len(chunks[c].runs) < chunkRuns {
		runs := chunks[c].runs
		chunks[c].runs = append(make([]uidRun, 0, min(len(runs)+more, chunkRuns)), runs...)
	}
	return chunks
}

// Without returns the list with the UIDs of s removed: the list itself if it
// has none of them, else one that shares every chunk of runs that s leaves
// alone.
func (l UIDList) Without(s UIDSet) UIDList {
	if !slices.ContainsFunc(s, l.hasAny) {
		return l
	}
	out := UIDList{chunks: make([]uidChunk, 0, len(l.chunks)+1)}
	for c := range l.chunks {
		runs := l.chunks[c].runs
		last, _ := l.at(place{c, len(runs) - 1})
		s = s[s.find(l.chunks[c].first):]
		if len(s) == 0 || s[0].First > last.Last {
			out.join(runs, l.chunkLen(c))
		} else {
			l.cut(c, s, &out)
		}
	}
	if out.end == 0 {
		return UIDList{}
	}
	return out
}

// hasAny reports whether the list has a UID of r.
func (l UIDList) hasAny(r UIDRange) bool {
	p := l.find(r.First)
	if !l.has(p) {
		return false
	}
	q, _ := l.at(p)
	return q.First <= r.Last
}

// cut joins to out what s, none of it below the chunk, leaves of a chunk.
func (l UIDList) cut(chunk int, s UIDSet, out *UIDList) {
	runs := l.chunks[chunk].runs
	kept := make([]uidRun, 0, len(runs))
	n := uint32(0) // messages in kept
	keep := func(first, last UID) {
		if len(kept) == chunkRuns {
			out.join(kept, n)
			kept, n = nil, 0
		}
		kept = append(kept, uidRun{first, n})
		n += uint32(last-first) + 1
	}
	for i := range runs {
		r, _ := l.at(place{chunk, i})
		first, gone := r.First, false // what of r is left to look at
		for len(s) > 0 && s[0].First <= r.Last {
			if s[0].First > first {
				keep(first, s[0].First-1)
			}
			if gone = s[0].Last >= r.Last; gone {
				break // and it may reach into the next run
			}
			first = max(first, s[0].Last+1)
			s = s[1:]
		}
		if !gone {
			keep(first, r.Last)
		}
	}
	if n > 0 {
		out.join(kept, n)
	}
}

// join adds a chunk with n messages to a list that is being made, whose chunks
// are nobody else's; their runs, and those given, may be.
func (l *UIDList) join(runs []uidRun, n uint32) {
	if c := len(l.chunks) - 1; c >= 0 && len(l.chunks[c].runs)+len(runs) <= chunkRuns/2 {
		size := l.chunkLen(c)
		both := append(make([]uidRun, 0, len(l.chunks[c].runs)+len(runs)), l.chunks[c].runs...)
		for _, r := range runs {
			both = append(both, uidRun{r.first, size + r.before})
		}
		l.chunks[c].runs = both
	} else {
		l.chunks = append(l.chunks, uidChunk{runs[0].first, l.end, runs})
	}
	l.end += n
}

// Equal reports whether both lists hold the same UIDs.
func (l UIDList) Equal(m UIDList) bool {
	if l.end != m.end {
		return false
	}
	var p, q place
	for l.has(p) {
		a, _ := l.at(p)
		if b, _ := m.at(q); a != b {
			return false
		}
		p, q = l.next(p), m.next(q)
	}
	return true
}
