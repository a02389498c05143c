package imapclient

import (
	"slices"
	"strings"

	"github.com/mailwire/mailwire/imapwire/imap"
)

// A flagRecord is what was told of the flags of a message: 16 octets.
type flagRecord struct {
	uid    imap.UID
	flags  uint32 // an index of the flagTable
	modSeq imap.ModSeq
}

const chunkRecords = 512

// flagRecords are records ascending by UID, in chunks none of which is empty.
type flagRecords struct {
	chunks [][]flagRecord
	n      int
}

func (s *flagRecords) place(u imap.UID) (c, i int, ok bool) {
	c, ok = slices.BinarySearchFunc(s.chunks, u, func(chunk []flagRecord, u imap.UID) int {
		return int(int64(chunk[0].uid) - int64(u))
	})
	if !ok {
		if c == 0 {
			return 0, 0, false
		}
		c--
	}
	i, ok = slices.BinarySearchFunc(s.chunks[c], u, func(r flagRecord, u imap.UID) int { return int(int64(r.uid) - int64(u)) })
	return c, i, ok
}

// get returns the record of u, which may be changed but for its UID; nil when
// there is none.
func (s *flagRecords) get(u imap.UID) *flagRecord {
	c, i, ok := s.place(u)
	if !ok {
		return nil
	}
	return &s.chunks[c][i]
}

// add puts in a record whose UID is not there.
func (s *flagRecords) add(r flagRecord) {
	s.n++
	c, i, _ := s.place(r.uid)
	if len(s.chunks) == 0 {
		s.chunks = [][]flagRecord{{r}}
		return
	}
	chunk := s.chunks[c]
	if len(chunk) == chunkRecords {
		if i == len(chunk) && c == len(s.chunks)-1 {
			s.chunks = append(s.chunks, []flagRecord{r})
			return
		}
		half := chunkRecords / 2
		s.chunks = slices.Insert(s.chunks, c+1, append(make([]flagRecord, 0, chunkRecords), chunk[half:]...))
		s.chunks[c] = chunk[:half]
		if i > half {
			c, i = c+1, i-half
		}
	}
	s.chunks[c] = slices.Insert(s.chunks[c], i, r)
}

// remove takes out the records from first to last, and tells each.
func (s *flagRecords) remove(first, last imap.UID, gone func(flagRecord)) {
	c, i, _ := s.place(first)
	for c < len(s.chunks) {
		j := i
		for j < len(s.chunks[c]) && s.chunks[c][j].uid <= last {
			gone(s.chunks[c][j])
			j++
		}
		end := j < len(s.chunks[c])
		s.n -= j - i
		s.chunks[c] = slices.Delete(s.chunks[c], i, j)
		switch {
		case len(s.chunks[c]) == 0:
			s.chunks = slices.Delete(s.chunks, c, c+1)
		case c+1 < len(s.chunks) && len(s.chunks[c])+len(s.chunks[c+1]) <= chunkRecords/2:
			i = len(s.chunks[c])
			s.chunks[c] = append(s.chunks[c], s.chunks[c+1]...)
			s.chunks = slices.Delete(s.chunks, c+1, c+2)
			continue
		default:
			c++
		}
		if end {
			return
		}
		i = 0
	}
}

// between yields the records from first to last, which may be changed but for
// their UIDs.
func (s *flagRecords) between(first, last imap.UID, yield func(*flagRecord) bool) {
	c, i, _ := s.place(first)
	for ; c < len(s.chunks); c, i = c+1, 0 {
		for ; i < len(s.chunks[c]); i++ {
			if r := &s.chunks[c][i]; r.uid > last || !yield(r) {
				return
			}
		}
	}
}

func (s *flagRecords) uids() imap.UIDSet {
	var set imap.UIDSet
	for _, c := range s.chunks {
		for _, r := range c {
			set.Add(r.uid)
		}
	}
	return set
}

func (s *flagRecords) max() imap.UID {
	if len(s.chunks) == 0 {
		return 0
	}
	c := s.chunks[len(s.chunks)-1]
	return c[len(c)-1].uid
}

// A flagTable keeps each set of flags once. Index 0 is the empty set.
type flagTable struct {
	sets   []flagSet
	free   []uint32
	index  map[string]uint32
	octets int // of all sets
	buf    []byte
	list   []imap.Flag
}

type flagSet struct {
	flags []imap.Flag
	refs  int
}

// canonical returns flags in the one form of their set: without \Recent, which
// is the session's, ascending, each once. It is valid until the next call.
func (t *flagTable) canonical(flags []imap.Flag) []imap.Flag {
	t.list = t.list[:0]
	for _, f := range flags {
		if f = f.Canonical(); f != imap.FlagRecent {
			t.list = append(t.list, f)
		}
	}
	slices.SortFunc(t.list, func(a, b imap.Flag) int {
		return strings.Compare(a.Fold(), b.Fold())
	})
	t.list = slices.CompactFunc(t.list, imap.Flag.Equal)
	return t.list
}

// key puts the name of a canonical set into t.buf: no flag has a space.
func (t *flagTable) key(flags []imap.Flag) {
	t.buf = t.buf[:0]
	for _, f := range flags {
		t.buf = append(append(t.buf, f.Fold()...), ' ')
	}
}

// cost returns how many octets a set would add to the table.
func (t *flagTable) cost(flags []imap.Flag) int {
	// Where there are none, or the set is known, it is nothing.
	t.key(t.canonical(flags))
	if _, ok := t.index[string(t.buf)]; ok {
		return 0
	}
	return len(t.buf)
}

// take returns the index of a set, and counts it.
func (t *flagTable) take(flags []imap.Flag) uint32 {
	flags = t.canonical(flags)
	if len(flags) == 0 {
		return 0
	}
	t.key(flags)
	i, ok := t.index[string(t.buf)]
	if !ok {
		if t.index == nil {
			t.index, t.sets = map[string]uint32{}, []flagSet{{}}
		}
		set := flagSet{flags: make([]imap.Flag, len(flags))}
		for k, f := range flags {
			if c := f.Canonical(); c.IsSystem() && slices.Contains(systemFlags, c) {
				set.flags[k] = systemFlags[slices.Index(systemFlags, c)]
			} else {
				// What was told is part of a response; a flag is not to keep it.
				set.flags[k] = imap.Flag(strings.Clone(string(f)))
			}
		}
		if n := len(t.free); n > 0 {
			i, t.free = t.free[n-1], t.free[:n-1]
			t.sets[i] = set
		} else {
			i = uint32(len(t.sets))
			t.sets = append(t.sets, set)
		}
		t.index[string(t.buf)] = i
		t.octets += len(t.buf)
	}
	t.sets[i].refs++
	return i
}

var systemFlags = imap.SystemFlags()

// drop counts a set out.
func (t *flagTable) drop(i uint32) {
	if i == 0 {
		return
	}
	set := &t.sets[i]
	if set.refs--; set.refs == 0 {
		t.key(set.flags)
		delete(t.index, string(t.buf))
		t.octets -= len(t.buf)
		*set = flagSet{}
		t.free = append(t.free, i)
	}
}

// flags returns the flags of a set, which are not to be changed.
func (t *flagTable) flags(i uint32) []imap.Flag {
	if int(i) >= len(t.sets) {
		return nil
	}
	return t.sets[i].flags
}
