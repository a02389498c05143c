package imapwire

import (
	"bytes"
	"math"

	"github.com/mailwire/mailwire/imapwire/engine"
	"github.com/mailwire/mailwire/imapwire/imap"
)

// How long lists pass
//
// A search in a large mailbox has an answer of many megabytes on one line. It is
// cut where a number ends, at the last place within each 8 KiB, so that the pieces
// do not depend on how the network cut them:
//
//	* SEARCH 1 2 3 … 1999 2000 … 4000⏎
//	└── FrameList ──┘└ FrameList ┘└ FrameWhole
//
// A [ListReader] makes a response of its own of each piece.

// listPiece is how many octets of a list are one piece at most.
const listPiece = 8 << 10

// listState says what a frame is that has become longer than a piece.
type listState uint8

const (
	listUnknown listState = iota
	listNone
	listNumbers // SEARCH, SORT: numbers between spaces
	listSet     // ESEARCH, VANISHED: a set at the end
)

// nextPiece moves to the end of the piece and returns it; ok is false when the
// frame is no list, with what has come of the piece in the frame.
func (f *Framer) nextPiece() (b []byte, ok bool) {
	if f.count > 0 || f.rest {
		f.list = listNone
		return nil, false
	}
	if n := listPiece - f.size(); n > 0 {
		f.take(n)
		f.line += n
		f.steps += int64(n)
	}
	b = f.frame()
	if f.list == listUnknown {
		f.list = listKind(b)
	}
	cut := -1
	switch f.list {
	case listNumbers:
		cut = bytes.LastIndexByte(b, ' ')
	case listSet:
		cut = bytes.LastIndexByte(b, ',')
	}
	// A piece ends with a number, and not with the separator that it begins with.
	if cut <= 0 || !engine.Digit.Is(b[cut-1]) {
		f.list = listNone
		return nil, false
	}
	// b is borrowed until the next call, and may be in held.
	rest := append(f.spare[:0], b[cut:]...)
	f.held, f.spare = rest, f.held
	f.start, f.lineStart, f.line = f.pos, 0, len(rest)
	f.most = max(f.most, f.Retained())
	return b[:cut], true
}

// listKind says what list begins so, if any: an ESEARCH only in the set of its
// ALL.
func listKind(b []byte) listState {
	head := upper(string(b[:min(len(b), len("* VANISHED "))]))
	is := func(verb string) bool { return len(head) >= len(verb) && head[:len(verb)] == verb }
	set := bytes.LastIndexByte(b, ' ') + 1
	for _, x := range b[set:] {
		if !engine.Digit.Is(x) && x != ',' && x != ':' {
			return listNone
		}
	}
	switch {
	case is("* SEARCH "), is("* SORT "):
		return listNumbers
	case is("* VANISHED "), is("* ESEARCH ") && set > 5 && upper(string(b[set-5:set])) == " ALL ":
		return listSet
	}
	return listNone
}

// A ListReader reads the pieces of a long list: each becomes a response of the
// kind of the whole, and all of them together say what it says. The zero value is
// ready for a first piece.
type ListReader struct {
	// Reuse: the numbers of all pieces are read into the same memory. Nums, All and
	// UIDs of a piece are borrowed until the next one is read.
	Reuse bool

	// head is what each piece behind the first begins with, in place of its
	// separator.
	head   []byte
	sep    int // octets of the separator
	kind   listState
	tag    string // of an ESEARCH
	uid    bool   // it is one of UIDs
	buf    []byte // the piece that is read
	nums   []uint32
	ranges []imap.Range
}

// Begun reports whether a piece has been read, and the last one not.
func (r *ListReader) Begun() bool { return r.head != nil }

// Retained returns the octets of the reader's own memory.
func (r *ListReader) Retained() int { return cap(r.buf) + 4*cap(r.nums) + 8*cap(r.ranges) }

// Piece reads the Data of a [FrameList]. Errors are those of [Parser.Response];
// the rest of the list is to be dropped then.
func (p *Parser) Piece(r *ListReader, piece []byte) (Response, error) {
	if r.Begun() {
		if resp := p.plainPiece(r, piece); resp != nil {
			return resp, nil
		}
	}
	resp, err := p.Response(append(r.frame(piece), "\r\n"...))
	if err != nil || r.Begun() {
		return r.tagged(resp), err
	}
	switch resp := resp.(type) {
	case *SearchData:
		r.kind, r.head = listNumbers, []byte("* SEARCH")
		if r.Reuse {
			r.nums = resp.Nums
		}
	case *VanishedData:
		r.sep, r.head = 1, []byte("* VANISHED ")
		if resp.Earlier {
			r.head = append(r.head, "(EARLIER) "...)
		}
	case *ESearchData:
		e := encoder{server: true, utf8: true}
		e.esearchHead(&ESearchData{UID: resp.UID, All: resp.All})
		r.sep, r.head, r.tag, r.uid = 1, e.b, resp.Tag, resp.UID
		if r.kind = listSet; r.Reuse {
			r.ranges = resp.All
		}
		err = e.err
	default:
		// A list of a kind that this package has no type for: its verb, again.
		verb := bytes.IndexByte(piece[2:], ' ')
		r.head = append([]byte(nil), piece[:verb+2]...)
	}
	return resp, err
}

// LastPiece reads the FrameWhole behind the pieces.
func (p *Parser) LastPiece(r *ListReader, piece []byte) (Response, error) {
	var resp Response
	var err error
	if line, ok := bytes.CutSuffix(piece, []byte("\r\n")); ok {
		resp = p.plainPiece(r, line)
	}
	if resp == nil {
		resp, err = p.Response(r.frame(piece))
		resp = r.tagged(resp)
	}
	*r = ListReader{Reuse: r.Reuse}
	return resp, err
}

// plainPiece reads a piece behind the first in which nothing but numbers stands,
// ascending ones in a set, and nothing that a limit or a deviation is about: what
// nearly all are. It is nil for every other, which the grammar has to read.
func (p *Parser) plainPiece(r *ListReader, piece []byte) Response {
	var resp Response
	switch r.kind {
	case listNumbers:
		nums := r.nums[:0]
		if !r.Reuse {
			nums = make([]uint32, 0, bytes.Count(piece, []byte{' '}))
		}
		nums, ok := appendNumbers(nums, piece)
		if r.Reuse {
			r.nums = nums
		}
		if !ok {
			return nil
		}
		resp = &SearchData{Nums: nums}
	case listSet:
		ranges := r.ranges[:0]
		if !r.Reuse {
			ranges = make([]imap.Range, 0, bytes.Count(piece, []byte{','}))
		}
		ranges, ok := appendRanges(ranges, piece)
		if r.Reuse {
			r.ranges = ranges
		}
		lim := p.Bounds
		lim.Response = true
		if lim.setDefaults(); !ok || len(ranges) > lim.Ranges {
			return nil
		}
		resp = &ESearchData{Tag: r.tag, UID: r.uid, All: ranges}
	default:
		return nil
	}
	p.Steps += int64(len(piece))
	p.Diagnostics, p.Cut = p.Diagnostics[:0], false
	return resp
}

// appendNumbers appends the numbers of b, each with a space before it; ok is false
// when anything else stands there.
func appendNumbers(nums []uint32, b []byte) (_ []uint32, ok bool) {
	for i := 0; i < len(b); {
		if b[i] != ' ' {
			return nums, false
		}
		n, end := plainNumber(b, i+1)
		if n == 0 || n > math.MaxUint32 {
			return nums, false
		}
		nums = append(nums, uint32(n))
		i = end
	}
	return nums, len(b) > 0
}

// appendRanges appends the ranges of b, each with a comma before it; ok is false
// when anything else stands there, and when they are not ascending and apart.
func appendRanges(ranges []imap.Range, b []byte) (_ []imap.Range, ok bool) {
	next := uint64(1) // the least number that may come
	for i := 0; i < len(b); {
		if b[i] != ',' {
			return ranges, false
		}
		first, end := plainNumber(b, i+1)
		last := first
		if end < len(b) && b[end] == ':' {
			last, end = plainNumber(b, end+1)
		}
		if first < next || last < first || last > math.MaxUint32 {
			return ranges, false
		}
		ranges = append(ranges, imap.Range{First: uint32(first), Last: uint32(last)})
		next = last + 2
		i = end
	}
	return ranges, len(b) > 0
}

// tagged puts the tag of an ESEARCH into a further piece of it.
func (r *ListReader) tagged(resp Response) Response {
	if e, ok := resp.(*ESearchData); ok {
		e.Tag = r.tag
	}
	return resp
}

func (r *ListReader) frame(piece []byte) []byte {
	if r.Begun() {
		piece = piece[min(r.sep, len(piece)):]
	}
	r.buf = append(append(r.buf[:0], r.head...), piece...)
	return r.buf
}
