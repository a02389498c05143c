package imapclient

import (
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"

	"github.com/mailwire/mailwire/imapwire/engine"
	"github.com/mailwire/mailwire/imapwire/imap"
)

// ErrMirrorData: what UnmarshalBinary was given is not a Mirror of this version.
var ErrMirrorData = errors.New("imapclient: not the data of a mirror")

const mirrorVersion = 1

// The binary form, all numbers as uvarints:
//
//	octet   version
//	        UIDVALIDITY, UIDNEXT, HIGHESTMODSEQ
//	        sets of flags: how many, of each how many flags, of each its octets
//	        UIDs: how many ranges, of each the distance to the last and the length
//	        their sets: runs of a length and an index
//	        their modseqs: runs of 2×length+step and the zigzag distance to the last,
//	        in which each is the one before + step
//	        1: the messages are those UIDs, or 0: runs of 2×length+known, and of
//	        those known the distance to the last UID; ended by 0

// MarshalBinary returns what the Mirror remembers beyond the connection, in a form
// that [Mirror.UnmarshalBinary] reads: a few octets for each run of messages that
// are alike. The error is always nil. The limits and the flags of the mailbox are
// not part of it; nothing at all is remembered of UIDs that do not last
// (UIDNOTSTICKY).
func (m *Mirror) MarshalBinary() ([]byte, error) {
	b := []byte{mirrorVersion}
	if m.volatile {
		return append(b, 0, 0, 0, 0, 0, 1), nil
	}
	put := func(n uint64) { b = binary.AppendUvarint(b, n) }
	put(uint64(m.validity))
	put(uint64(m.uidNext))
	put(uint64(m.modSeq))

	index, sets := make([]uint64, max(1, len(m.table.sets))), uint64(0)
	for i, set := range m.table.sets {
		if i > 0 && set.refs > 0 {
			sets++
			index[i] = sets
		}
	}
	put(sets)
	for i, set := range m.table.sets {
		if i == 0 || set.refs == 0 {
			continue
		}
		put(uint64(len(set.flags)))
		for _, f := range set.flags {
			put(uint64(len(f)))
			b = append(b, f...)
		}
	}
	uids := m.records.uids()
	put(uint64(len(uids)))
	last := imap.UID(0)
	for _, r := range uids {
		put(uint64(r.First - last))
		put(uint64(r.Last - r.First))
		last = r.Last
	}
	n, was := uint64(0), uint64(0)
	m.records.between(1, imap.MaxUID, func(r *flagRecord) bool {
		if set := index[r.flags]; set == was {
			n++
		} else {
			if n > 0 {
				put(n)
				put(was)
			}
			n, was = 1, set
		}
		return true
	})
	if n > 0 {
		put(n)
		put(was)
	}
	b = m.appendModSeqs(b)

	if numbered := m.numbers.uids(); m.numbers.known == m.numbers.count && numbered.Equal(uids) {
		put(1)
		return b, nil
	}
	put(0)
	last = 0
	m.numbers.all(func(_ uint32, r numberRun) bool {
		if r.first == 0 {
			put(uint64(r.n) << 1)
			return true
		}
		put(uint64(r.n)<<1 | 1)
		put(uint64(r.first - last))
		last = r.first + imap.UID(r.n-1)
		return true
	})
	put(0)
	return b, nil
}

// appendModSeqs appends the modseqs of the records as runs with a step of 0 or 1.
func (m *Mirror) appendModSeqs(b []byte) []byte {
	n, step, first, last, base := uint64(0), uint64(0), uint64(0), uint64(0), uint64(0)
	flush := func() {
		if n > 0 {
			b = binary.AppendUvarint(b, n<<1|step)
			b = binary.AppendVarint(b, int64(first-base))
			base = last
		}
	}
	m.records.between(1, imap.MaxUID, func(r *flagRecord) bool {
		k := uint64(r.modSeq)
		switch {
		case n == 1 && (k == last || k == last+1):
			step = k - last
			n++
		case n > 1 && k == last+step:
			n++
		default:
			flush()
			n, step, first = 1, 0, k
		}
		last = k
		return true
	})
	flush()
	return b
}

// UnmarshalBinary makes m what was marshalled; Limits stay, and hold for what is
// read: data may come from anywhere. The error is [ErrMirrorData] or an
// [*engine.LimitError], and m is what it was. data is not kept.
func (m *Mirror) UnmarshalBinary(data []byte) error {
	if len(data) == 0 || data[0] != mirrorVersion {
		return fmt.Errorf("%w: version", ErrMirrorData)
	}
	d := mirrorDecoder{b: data[1:], lim: m.Limits.withDefaults()}
	next := Mirror{Limits: m.Limits}
	d.mirror(&next)
	switch {
	case d.err != nil:
		return d.err
	case len(d.b) > 0:
		return fmt.Errorf("%w: %d octets too many", ErrMirrorData, len(d.b))
	}
	*m = next
	return nil
}

// A mirrorDecoder reads the binary form. Behind the first mistake it reads zeros.
type mirrorDecoder struct {
	b   []byte
	lim Limits
	err error
}

func (d *mirrorDecoder) bad(what string) {
	if d.err == nil {
		d.err, d.b = fmt.Errorf("%w: %s", ErrMirrorData, what), nil
	}
}

// number reads a number up to most.
func (d *mirrorDecoder) number(most uint64) uint64 {
	n, k := binary.Uvarint(d.b)
	if k <= 0 || n > most {
		d.bad("a number")
		return 0
	}
	d.b = d.b[k:]
	return n
}

func (d *mirrorDecoder) limit(name string, most, got int) bool {
	if got > most && d.err == nil {
		d.err, d.b = &engine.LimitError{Name: name, Cap: int64(most), Got: int64(got)}, nil
	}
	return d.err == nil
}

func (d *mirrorDecoder) mirror(m *Mirror) {
	m.validity = uint32(d.number(1<<32 - 1))
	m.uidNext = imap.UID(d.number(uint64(imap.MaxUID)))
	m.modSeq = imap.ModSeq(d.number(uint64(imap.MaxModSeq)))
	sets := d.flagSets(m)
	uids := d.uids()
	if d.err != nil {
		return
	}
	count := uint64(uids.Count())
	// The list of records, of which the flags come first.
	for u := range uids.All() {
		m.records.add(flagRecord{uid: u})
	}
	left := uint64(0)
	set := uint32(0)
	m.records.between(1, imap.MaxUID, func(r *flagRecord) bool {
		if left == 0 {
			if left = d.number(count); left == 0 {
				d.bad("a run of flags")
			}
			set = uint32(d.number(uint64(len(sets))))
		}
		if d.err != nil {
			return false
		}
		left--
		if r.flags = set; set > 0 {
			r.flags = sets[set-1]
			m.table.sets[r.flags].refs++
		}
		return true
	})
	if left > 0 {
		d.bad("flags of nothing")
	}
	d.modSeqs(m)
	// Each set was counted once as it was read.
	for _, i := range sets {
		m.table.drop(i)
	}
	switch d.number(1) {
	case 1:
		m.numbers.be(uids)
	default:
		d.numbers(m)
	}
}

func (d *mirrorDecoder) flagSets(m *Mirror) []uint32 {
	n := d.number(uint64(len(d.b)))
	sets := make([]uint32, 0, n)
	for range n {
		k := d.number(uint64(len(d.b)))
		flags := make([]imap.Flag, 0, k)
		for range k {
			size := d.number(uint64(len(d.b)))
			f := imap.Flag(d.b[:min(size, uint64(len(d.b)))])
			d.b = d.b[len(f):]
			// What a server may call a flag is more than the grammar has.
			if f == "" || strings.ContainsFunc(string(f), func(r rune) bool { return r <= ' ' || r == 0x7f }) {
				d.bad("a flag")
				return nil
			}
			flags = append(flags, f)
		}
		if cost := m.table.cost(flags); cost == 0 && d.err == nil {
			d.bad("a set of flags twice, or empty")
		} else if !d.limit("Flags", d.lim.Flags, m.table.octets+cost) {
			return nil
		}
		if d.err != nil {
			return nil
		}
		sets = append(sets, m.table.take(flags))
	}
	return sets
}

func (d *mirrorDecoder) uids() imap.UIDSet {
	n := d.number(uint64(len(d.b)) / 2)
	set := make(imap.UIDSet, 0, n)
	last, count := uint64(0), uint64(0)
	for i := range n {
		gap := d.number(uint64(imap.MaxUID) - last)
		if gap == 0 || gap == 1 && i > 0 {
			d.bad("UIDs that do not ascend")
			return nil
		}
		first := last + gap
		last = first + d.number(uint64(imap.MaxUID)-first)
		if count += last - first + 1; !d.limit("Messages", d.lim.Messages, int(min(count, 1<<31-1))) {
			return nil
		}
		set = append(set, imap.UIDRange{First: imap.UID(first), Last: imap.UID(last)})
	}
	return set
}

func (d *mirrorDecoder) modSeqs(m *Mirror) {
	left, step, value := uint64(0), uint64(0), uint64(0)
	m.records.between(1, imap.MaxUID, func(r *flagRecord) bool {
		if left == 0 {
			n := d.number(1<<33 - 1)
			delta, k := binary.Varint(d.b)
			if k <= 0 || n>>1 == 0 {
				d.bad("a run of modseqs")
				return false
			}
			d.b = d.b[k:]
			left, step = n>>1, n&1
			value += uint64(delta) - step
		}
		left--
		if value += step; value > uint64(imap.MaxModSeq) {
			d.bad("a modseq")
			return false
		}
		r.modSeq = imap.ModSeq(value)
		return true
	})
	if left > 0 {
		d.bad("modseqs of nothing")
	}
}

func (d *mirrorDecoder) numbers(m *Mirror) {
	// unknown counts the messages since the last UID.
	last, unknown, count := uint64(0), uint64(0), uint64(0)
	for {
		n := d.number(1<<33 - 1)
		if n == 0 || d.err != nil {
			if unknown > uint64(imap.MaxUID)-last {
				d.bad("more messages than UIDs")
			}
			return
		}
		r := numberRun{n: uint32(n >> 1)}
		if r.n == 0 {
			d.bad("an empty run")
			return
		}
		if n&1 == 1 {
			gap := d.number(uint64(imap.MaxUID) - last)
			if gap == 0 {
				d.bad("UIDs that do not ascend")
				return
			}
			first := last + gap
			if last = first + uint64(r.n) - 1; last > uint64(imap.MaxUID) || gap <= unknown {
				d.bad("UIDs that leave too few to the messages between them")
				return
			}
			r.first, unknown = imap.UID(first), 0
		} else {
			unknown += uint64(r.n)
		}
		if count += uint64(r.n); count > uint64(imap.MaxUID) {
			d.bad("more messages than UIDs")
			return
		}
		m.numbers.append(r)
	}
}

// MarshalText returns the binary form in base64, so that a Mirror may be part of
// JSON.
func (m *Mirror) MarshalText() ([]byte, error) {
	b, err := m.MarshalBinary()
	if err != nil {
		return nil, err
	}
	return base64.StdEncoding.AppendEncode(nil, b), nil
}

// UnmarshalText reads what MarshalText wrote, as [Mirror.UnmarshalBinary] does.
func (m *Mirror) UnmarshalText(text []byte) error {
	b, err := base64.StdEncoding.Strict().AppendDecode(nil, text)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrMirrorData, err)
	}
	return m.UnmarshalBinary(b)
}
