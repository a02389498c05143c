package imapwire

import (
	"math"

	"github.com/mailwire/mailwire/imapwire/engine"
	"github.com/mailwire/mailwire/imapwire/imap"
)

// How a plain FETCH response is read
//
// A client that opens or resynchronises a mailbox is told the same of every message
// in it, a hundred thousand times the same line:
//
//	* 7 FETCH (UID 42 FLAGS (\Seen $Forwarded) MODSEQ (917162500))⏎
//
// As long as a line has exactly that form, with the items below in any order, one
// space everywhere, names in upper case and strings in quotes without a backslash, it
// is read here octet by octet: nothing of it can be tolerated, refused or kept as it
// came. Whatever else stands in it makes the grammar of the cursor read it from its
// start. Both understand the same, and count the same steps.

// maxPlain is the octets of the longest response that is read as a plain one, and
// plainDepth how deep it may be: less than any limit, unless one was set.
const (
	maxPlain   = maxMemory
	plainDepth = 16
)

// PlainFetch reads a FETCH response into f, in the room of f.Flags, if it is a plain
// one: if it tells numbers, flags and dates and nothing else, in the form that nearly all
// servers give it. Otherwise it reports false, and f is not complete:
// [Parser.Response] reads all. It is for those who keep records in memory of their
// own; Response reads plain ones the same way.
func (p *Parser) PlainFetch(frame []byte, f *FetchData) bool {
	m, lim := p.memory, &p.Bounds
	switch {
	case m == nil, m.octets > maxMemory, len(frame) > maxPlain, lim.PreAuth, lim.Depth > 0 && lim.Depth < plainDepth,
		lim.Tokens > 0 && lim.Tokens < len(frame), lim.Lists > 0 && lim.Lists < len(frame):
		return false
	}
	n, depth := m.plain(frame, f)
	p.Steps += int64(n)
	if n < len(frame) || depth == 0 {
		return false
	}
	p.MaxDepth = max(p.MaxDepth, depth)
	p.Diagnostics, p.Cut = p.Diagnostics[:0], false
	return true
}

// plainResponse is Response for a plain FETCH; nil for every other response.
func (p *Parser) plainResponse(frame []byte) *FetchData {
	m := p.memory
	if m == nil {
		return nil
	}
	m.reset()
	m.data.Flags = m.flags
	if !p.PlainFetch(frame, &m.data) {
		return nil
	}
	m.octets = len(frame)
	if m.data.Flags != nil {
		m.flags = m.data.Flags
	}
	if !p.Reuse {
		return m.data.Clone()
	}
	return &m.data
}

// plain reads a response, and returns how many octets of it are those of a plain
// one, and how deep it is; depth is 0 when it ends too early.
//
//	message-data = nz-number SP "FETCH" SP "(" plain-att *(SP plain-att) ")"
//	plain-att = "UID" SP uniqueid / "FLAGS" SP "(" [flag *(SP flag)] ")" /
//	            "MODSEQ" SP "(" mod-sequence-value ")" / "RFC822.SIZE" SP number64 /
//	            "INTERNALDATE" SP date-time
//	plain-att =/ "ENVELOPE" SP envelope / "BODY" ["STRUCTURE"] SP body
//
// The last two are read into the memory of the parser only.
func (m *fetchMemory) plain(b []byte, f *FetchData) (n, depth int) {
	const begin, fetch = "* ", " FETCH ("
	if !plainAt(b, 0, begin) {
		return 0, 0
	}
	num, i := plainNumber(b, len(begin))
	if num == 0 || num > math.MaxUint32 || !plainAt(b, i, fetch) {
		return i, 0
	}
	i += len(fetch)
	room := f.Flags[:0]
	*f = FetchData{Num: uint32(num)}
	depth = 1
	text := ""
	for {
		has := FetchHas(0)
		switch {
		case plainAt(b, i, "UID "):
			has = HasUID
			var uid uint64
			if uid, i = plainNumber(b, i+len("UID ")); uid == 0 || uid > math.MaxUint32 {
				return i, 0
			}
			f.UID = imap.UID(uid)
		case plainAt(b, i, "FLAGS ("):
			has, depth = HasFlags, max(depth, 2)
			var ok bool
			if room, i, ok = m.plainFlags(b, i+len("FLAGS ("), room); !ok {
				return i, 0
			}
			if len(room) > 0 {
				f.Flags = room
			}
		case plainAt(b, i, "MODSEQ ("):
			has, depth = HasModSeq, max(depth, 2)
			var v uint64
			if v, i = plainNumber(b, i+len("MODSEQ (")); v == 0 || i == len(b) || b[i] != ')' {
				return i, 0
			}
			i++
			f.ModSeq = imap.ModSeq(v)
		case plainAt(b, i, "RFC822.SIZE "):
			has = HasSize
			var size uint64
			if size, i = plainNumber(b, i+len("RFC822.SIZE ")); size == 0 {
				return i, 0
			}
			f.Size = int64(size)
		case plainAt(b, i, `INTERNALDATE "`):
			has = HasInternalDate
			const octets = len("01-Feb-2026 12:30:00 +0100")
			if i += len(`INTERNALDATE "`); len(b)-i <= octets || b[i+octets] != '"' {
				return i, 0
			}
			var err error
			if f.InternalDate, err = imap.ParseDateTime(string(b[i : i+octets])); err != nil {
				return i, 0
			}
			i += octets + 1
		case f == &m.data:
			if text == "" {
				text = string(b)
			}
			r := plainReader{b: b, text: text, i: i, m: m, depth: 1, most: depth}
			if has = r.structure(f); r.b == nil {
				return r.i, 0
			}
			i, depth = r.i, r.most
		}
		if has&^f.Has == 0 || i == len(b) {
			return i, 0
		}
		f.Has |= has
		switch b[i] {
		case ' ':
			i++
		case ')':
			if !plainAt(b, i, ")\r\n") || len(b) != i+len(")\r\n") {
				return i, 0
			}
			return len(b), depth
		default:
			return i, 0
		}
	}
}

// plainAt reports whether s stands at octet i of b.
func plainAt(b []byte, i int, s string) bool {
	return len(b)-i >= len(s) && string(b[i:i+len(s)]) == s
}

// plainNumber reads the number at octet i of b, and returns where it ends. It is 0
// where none stands, one that begins with 0, or one of so many digits that it may be
// too large.
func plainNumber(b []byte, i int) (n uint64, end int) {
	const digits = 18
	start := i
	for ; i < len(b); i++ {
		x := b[i] - '0'
		if x > 9 {
			break
		}
		n = n*10 + uint64(x)
	}
	if i == start || i-start > digits || b[start] == '0' {
		return 0, i
	}
	return n, i
}

// plainFlags reads the flags behind the "(" before octet i of b, up to behind the
// ")" at their end, and appends them to flags.
func (m *fetchMemory) plainFlags(b []byte, i int, flags []imap.Flag) (list []imap.Flag, end int, ok bool) {
	if i < len(b) && b[i] == ')' {
		return flags, i + 1, true
	}
	for i < len(b) {
		f := spelledFlag(b[i:])
		n := len(f)
		if n == 0 {
			n = engine.Atom.Span(b[i:])
			if n == 0 || n > maxKeyword || n == len("NIL") || i+n == len(b) || b[i+n] != ' ' && b[i+n] != ')' {
				return flags, i + n, false
			}
			f = m.keyword(b[i : i+n])
		}
		flags = append(flags, f)
		if i += n + 1; b[i-1] == ')' {
			return flags, i, true
		}
	}
	return flags, i, false
}
