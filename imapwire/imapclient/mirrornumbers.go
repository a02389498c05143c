package imapclient

import (
	"slices"

	"github.com/mailwire/mailwire/imapwire/imap"
)

// How numbers are kept
//
// The messages of the mailbox in their order, as runs: UIDs without a hole, or
// messages whose UIDs were not told. Runs stand in chunks, so that a change costs
// a chunk and a look at each other one:
//
//	* 9 EXISTS, 2 is UID 5, 3 is UID 6, 7 is UID 40
//	runs   ?×1   5×2   ?×3   40×1   ?×2
//
// Neighbours that could be one run are one, within a chunk.

const chunkRuns = 512

type numberRun struct {
	first imap.UID // 0: not known
	n     uint32   // messages, at least 1
}

type numberChunk struct {
	n    uint32   // messages
	last imap.UID // the largest UID known, or 0
	runs []numberRun
}

// A numberList is what is known of number → UID. UIDs ascend with the numbers.
type numberList struct {
	chunks []numberChunk
	count  uint32 // EXISTS
	known  uint32 // of these, how many have a UID
	// Where the last look was: nearly all come in order.
	chunk  int
	before uint32 // messages in the chunks before it
}

// reset makes n messages of which no UID is known.
func (s *numberList) reset(n uint32) {
	*s = numberList{}
	s.grow(n)
}

// grow adds n messages at the end.
func (s *numberList) grow(n uint32) {
	if n == 0 {
		return
	}
	s.append(numberRun{0, n})
}

// append adds a run at the end.
func (s *numberList) append(r numberRun) {
	if c := len(s.chunks) - 1; c >= 0 {
		i := len(s.chunks[c].runs)
		s.splice(c, i, i, r)
		return
	}
	s.chunks = []numberChunk{{}}
	s.splice(0, 0, 0, r)
}

// locate returns the chunk and the run of a number, 1 to count, and how many
// messages are before the run.
func (s *numberList) locate(num uint32) (c, i int, before uint32) {
	if s.chunk >= len(s.chunks) || num <= s.before {
		s.chunk, s.before = 0, 0
	}
	for num-s.before > s.chunks[s.chunk].n {
		s.before += s.chunks[s.chunk].n
		s.chunk++
	}
	before = s.before
	runs := s.chunks[s.chunk].runs
	for num-before > runs[i].n {
		before += runs[i].n
		i++
	}
	return s.chunk, i, before
}

// uid returns the UID of a number, 0 when it is not known.
func (s *numberList) uid(num uint32) imap.UID {
	if num == 0 || num > s.count {
		return 0
	}
	c, i, before := s.locate(num)
	r := s.chunks[c].runs[i]
	if r.first == 0 {
		return 0
	}
	return r.first + imap.UID(num-before-1)
}

// A gap is where a UID belongs that no number is known of: behind `from`
// messages, the last of which has UID prev, before the message with UID next,
// among n messages without a UID. prev is 0 at the start, next at the end.
type gap struct {
	from, n    uint32
	prev, next imap.UID
}

// find returns the number of u and how many messages follow in its run; or num
// 0, and where it belongs.
func (s *numberList) find(u imap.UID) (num, more uint32, g gap) {
	var before uint32
	for c := range s.chunks {
		chunk := &s.chunks[c]
		if chunk.last < u && chunk.last != 0 {
			// All that is known of it is below u.
			before += chunk.n
			g = gap{from: before, prev: chunk.last}
			if r := chunk.runs[len(chunk.runs)-1]; r.first == 0 {
				g.from, g.n = before-r.n, r.n
			}
			continue
		}
		for _, r := range chunk.runs {
			switch {
			case r.first == 0:
				g.n += r.n
			case r.first > u:
				g.next = r.first
				return 0, 0, g
			case u-r.first < imap.UID(r.n):
				return before + uint32(u-r.first) + 1, r.n - uint32(u-r.first) - 1, gap{}
			default:
				g = gap{from: before + r.n, prev: r.first + imap.UID(r.n-1)}
			}
			before += r.n
		}
	}
	return 0, 0, g
}

// fits reports whether message num, whose UID is not known, can have UID u:
// UIDs ascend, so there have to be enough of them on either side.
func (s *numberList) fits(num uint32, u imap.UID) bool {
	c, i, before := s.locate(num)
	end := before + s.chunks[c].runs[i].n // the last message of the run
	// Nothing but runs without UIDs stands between run i and the neighbours
	// that count; within a chunk there is at most one.
	prev, prevNum := imap.UID(0), uint32(0)
	for pc, pi, pn := c, i, before; prev == 0; {
		if pi == 0 {
			if pc--; pc < 0 {
				break
			}
			pi = len(s.chunks[pc].runs)
			continue
		}
		pi--
		if r := s.chunks[pc].runs[pi]; r.first != 0 {
			prev, prevNum = r.first+imap.UID(r.n-1), pn
		} else {
			pn -= r.n
		}
	}
	next, nextNum := imap.UID(0), uint32(0)
	for nc, ni, nn := c, i+1, end; next == 0 && nc < len(s.chunks); {
		if ni == len(s.chunks[nc].runs) {
			nc, ni = nc+1, 0
			continue
		}
		if r := s.chunks[nc].runs[ni]; r.first != 0 {
			next, nextNum = r.first, nn+1
		} else {
			nn += r.n
		}
		ni++
	}
	if u <= prev || uint32(u-prev) < num-prevNum {
		return false
	}
	if next != 0 {
		return u < next && uint32(next-u) >= nextNum-num
	}
	return uint32(imap.MaxUID-u) >= s.count-num
}

// set tells the UID of message num, which fits.
func (s *numberList) set(num uint32, u imap.UID) {
	c, i, before := s.locate(num)
	r := s.chunks[c].runs[i]
	var with [3]numberRun
	runs := with[:0]
	if k := num - before - 1; k > 0 {
		runs = append(runs, numberRun{0, k})
	}
	runs = append(runs, numberRun{u, 1})
	if k := before + r.n - num; k > 0 {
		runs = append(runs, numberRun{0, k})
	}
	s.splice(c, i, i+1, runs...)
}

// remove takes out k messages from num on, all of one run.
func (s *numberList) remove(num, k uint32) {
	c, i, before := s.locate(num)
	r := s.chunks[c].runs[i]
	var with [2]numberRun
	runs := with[:0]
	if a := num - before - 1; a > 0 {
		runs = append(runs, numberRun{r.first, a})
	}
	if b := before + r.n - (num + k - 1); b > 0 {
		if r.first != 0 {
			r.first += imap.UID(num - before - 1 + k)
		}
		runs = append(runs, numberRun{r.first, b})
	}
	s.splice(c, i, i+1, runs...)
}

// splice puts runs in the place of those from i up to j of a chunk.
func (s *numberList) splice(c, i, j int, runs ...numberRun) {
	chunk := &s.chunks[c]
	if c < s.chunk {
		s.chunk, s.before = 0, 0
	}
	for _, r := range chunk.runs[i:j] {
		chunk.n -= r.n
		s.tally(r, -1)
	}
	for _, r := range runs {
		chunk.n += r.n
		s.tally(r, 1)
	}
	chunk.runs = slices.Replace(chunk.runs, i, j, runs...)
	// Melt what can be one run, around the place.
	for k := max(i, 1); k < min(i+len(runs)+1, len(chunk.runs)); {
		a, b := &chunk.runs[k-1], chunk.runs[k]
		if a.first == 0 && b.first == 0 || a.first != 0 && b.first != 0 && a.first+imap.UID(a.n) == b.first {
			a.n += b.n
			chunk.runs = slices.Delete(chunk.runs, k, k+1)
			continue
		}
		k++
	}
	s.balance(c)
}

func (s *numberList) tally(r numberRun, sign int) {
	s.count += uint32(sign) * r.n
	if r.first != 0 {
		s.known += uint32(sign) * r.n
	}
}

// balance keeps a chunk between its bounds: not empty, not too full, and with
// its neighbour more than half full.
func (s *numberList) balance(c int) {
	chunk := &s.chunks[c]
	switch {
	case len(chunk.runs) == 0:
		s.chunks = slices.Delete(s.chunks, c, c+1)
		s.chunk, s.before = 0, 0
		return
	case len(chunk.runs) > chunkRuns:
		at := chunkRuns / 2
		if c == len(s.chunks)-1 {
			at = chunkRuns // lists grow at the end
		}
		rest := slices.Clone(chunk.runs[at:])
		// A full chunk is not to keep what append made room for.
		chunk.runs = slices.Clone(chunk.runs[:at])
		s.chunks = slices.Insert(s.chunks, c+1, numberChunk{runs: rest})
		s.chunks[c+1].measure()
		s.chunks[c].n -= s.chunks[c+1].n
	case c+1 < len(s.chunks) && len(chunk.runs)+len(s.chunks[c+1].runs) <= chunkRuns/2:
		chunk.runs = append(chunk.runs, s.chunks[c+1].runs...)
		chunk.n += s.chunks[c+1].n
		s.chunks = slices.Delete(s.chunks, c+1, c+2)
		s.chunk, s.before = 0, 0
	}
	s.chunks[c].measureLast()
}

// measure counts a chunk anew.
func (c *numberChunk) measure() {
	c.n = 0
	for _, r := range c.runs {
		c.n += r.n
	}
	c.measureLast()
}

// measureLast finds the last UID: one of the last two runs has it.
func (c *numberChunk) measureLast() {
	c.last = 0
	for i := len(c.runs) - 1; i >= 0 && c.last == 0; i-- {
		if r := c.runs[i]; r.first != 0 {
			c.last = r.first + imap.UID(r.n-1)
		}
	}
}

// all yields the runs.
func (s *numberList) all(yield func(before uint32, r numberRun) bool) {
	var before uint32
	for _, c := range s.chunks {
		for _, r := range c.runs {
			if !yield(before, r) {
				return
			}
			before += r.n
		}
	}
}

// uids returns the UIDs that are known.
func (s *numberList) uids() imap.UIDSet {
	var set imap.UIDSet
	s.all(func(_ uint32, r numberRun) bool {
		if r.first != 0 {
			set.AddRange(imap.UIDRange{First: r.first, Last: r.first + imap.UID(r.n-1)})
		}
		return true
	})
	return set
}

// max returns the largest UID that is known.
func (s *numberList) max() imap.UID {
	for c := len(s.chunks) - 1; c >= 0; c-- {
		if last := s.chunks[c].last; last != 0 {
			return last
		}
	}
	return 0
}

// unknown returns the numbers without a UID, at most n ranges of them.
func (s *numberList) unknown(n int) []imap.Range {
	var set []imap.Range
	s.all(func(before uint32, r numberRun) bool {
		if r.first != 0 {
			return true
		}
		if k := len(set); k > 0 && set[k-1].Last == before {
			set[k-1].Last += r.n
		} else {
			set = append(set, imap.Range{First: before + 1, Last: before + r.n})
		}
		return len(set) <= n
	})
	return set[:min(n, len(set))]
}

// be makes the messages exactly those of a set.
func (s *numberList) be(set imap.UIDSet) {
	*s = numberList{}
	for _, r := range set {
		s.append(numberRun{r.First, uint32(r.Last-r.First) + 1})
	}
}
