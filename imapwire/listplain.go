package imapwire

import (
	"math"

	"github.com/mailwire/mailwire/imapwire/engine"
	"github.com/mailwire/mailwire/imapwire/imap"
)

// How plain LIST and STATUS responses are read
//
// A client that opens an account is told of every mailbox, in the same two lines:
//
//	* LIST (\HasNoChildren) "/" Archive/2026⏎
//	* STATUS Archive/2026 (MESSAGES 231 UIDNEXT 44292 UIDVALIDITY 3857529045 UNSEEN 0)⏎
//
// As with a plain FETCH, a line that has exactly that form is read here: one space
// everywhere, names that this package knows, in the case of the RFC, and nothing
// behind. Whatever else stands in it makes the grammar of the cursor read it from
// its start.
//
// The parser remembers the name of the mailbox that it was told of last: the second
// line names it again (RFC 5819), and shares the string.

// maxName is the octets of the longest name that is remembered.
const maxName = 256

// mayBePlain reports whether a LIST or STATUS in this frame can exceed no limit.
func (p *Parser) mayBePlain(frame []byte) bool {
	lim := &p.Bounds
	return len(frame) <= maxPlain && (p.memory == nil || p.memory.octets <= maxMemory) && (lim.Tokens == 0 || lim.Tokens >= maxPlain)
}

// wasPlain counts what it has cost to look at n octets of a frame, and returns ok:
// they are all, and those of a plain response.
func (p *Parser) wasPlain(n int, ok bool) bool {
	p.Steps += int64(n)
	if !ok {
		return false
	}
	p.MaxDepth = max(p.MaxDepth, 1)
	p.Diagnostics, p.Cut = p.Diagnostics[:0], false
	return true
}

// PlainList reads a LIST response into r, which is zero but for the room of
// r.Attrs, if it has nothing but attributes that this package knows, delimiter and
// name, in the form that nearly all servers give it. Otherwise it reports false, and
// r is not complete: [Parser.Response] reads all. It is for those who keep responses
// in memory of their own.
func (p *Parser) PlainList(frame []byte, r *ListData) bool {
	return p.mayBePlain(frame) && p.wasPlain(p.plainList(frame, r))
}

// plainList returns how many octets of a frame it looked at, and whether they are a
// plain LIST.
func (p *Parser) plainList(frame []byte, r *ListData) (n int, ok bool) {
	const begin = "* LIST ("
	if !plainAt(frame, 0, begin) {
		return 0, false
	}
	i := len(begin)
	for !plainAt(frame, i, ")") {
		if len(r.Attrs) > 0 {
			if !plainAt(frame, i, " ") {
				return i, false
			}
			i++
		}
		end := min(i+1, len(frame))
		end += engine.Atom.Span(frame[end:])
		a := knownAttr(frame[i:end])
		if a == "" {
			return i, false
		}
		r.Attrs = append(r.Attrs, a)
		i = end
	}
	if len(r.Attrs) == 0 {
		r.Attrs = nil
	}
	const delimiter = `) "/" `
	switch d := frame[i:]; {
	case plainAt(d, 0, ") NIL "):
		i += len(") NIL ")
	case len(d) > len(delimiter) && d[1] == ' ' && d[2] == '"' && d[4] == '"' && d[5] == ' ' && engine.Quoted.Is(d[3]):
		r.Delimiter = d[3]
		i += len(delimiter)
	default:
		return i, false
	}
	if r.Mailbox, i, ok = p.plainName(frame, i); !ok || len(frame) != i+2 || !plainAt(frame, i, "\r\n") {
		return i, false
	}
	return len(frame), true
}

// PlainStatus reads a STATUS response into r, which is zero but for the room of
// r.Values, if it has nothing but numbers of attributes that this package knows.
// Otherwise it reports false as [Parser.PlainList] does.
func (p *Parser) PlainStatus(frame []byte, r *StatusData) bool {
	return p.mayBePlain(frame) && p.wasPlain(p.plainStatus(frame, r))
}

// plainStatus is plainList for a STATUS.
func (p *Parser) plainStatus(frame []byte, r *StatusData) (n int, ok bool) {
	const begin = "* STATUS "
	if !plainAt(frame, 0, begin) {
		return 0, false
	}
	i := len(begin)
	if r.Mailbox, i, ok = p.plainName(frame, i); !ok || !plainAt(frame, i, " (") {
		return i, false
	}
	for i++; i < len(frame) && frame[i] != ')'; {
		i++
		n := engine.Atom.Span(frame[i:])
		v := StatusValue{Item: knownStatusItem(frame[i : i+n])}
		i += n
		if v.Item == "" || !plainAt(frame, i, " ") {
			return i, false
		}
		i++
		number, end := plainNumber(frame, i)
		switch {
		case number > math.MaxInt64:
			return i, false
		case number > 0:
		case !plainAt(frame, i, "0 ") && !plainAt(frame, i, "0)"), v.Item == StatusUIDNext, v.Item == StatusUIDValidity:
			return i, false
		}
		v.Number = int64(number)
		r.Values = append(r.Values, v)
		if i = end; i < len(frame) && frame[i] != ' ' && frame[i] != ')' {
			return i, false
		}
	}
	if len(r.Values) == 0 || len(frame) != i+3 || !plainAt(frame, i, ")\r\n") {
		return i, false
	}
	return len(frame), true
}

// plainName reads the name of a mailbox at octet i of b: an atom, or a string in
// quotes in which nothing is escaped. It returns where it ends.
func (p *Parser) plainName(b []byte, i int) (name string, end int, ok bool) {
	var s []byte
	if plainAt(b, i, `"`) {
		n := quotedSpan(b[i+1:])
		if s, end = b[i+1:i+1+n], i+n+2; !plainAt(b, end-1, `"`) {
			return "", end, false
		}
	} else {
		n := engine.AString.Span(b[min(i, len(b)):])
		if s, end = b[i:i+n], i+n; n == 0 {
			return "", end, false
		}
	}
	if string(s) == p.name {
		return p.name, end, true
	}
	name = string(s)
	if len(name) <= maxName {
		p.name = name
	}
	return name, end, true
}

// knownAttr returns the constant of an attribute, when it is spelled as its RFC
// spells it.
func knownAttr(b []byte) imap.MailboxAttr {
	switch a := imap.MailboxAttr(b); a {
	case imap.AttrHasNoChildren:
		return imap.AttrHasNoChildren
	case imap.AttrHasChildren:
		return imap.AttrHasChildren
	case imap.AttrSubscribed:
		return imap.AttrSubscribed
	case imap.AttrNoSelect:
		return imap.AttrNoSelect
	case imap.AttrNoInferiors:
		return imap.AttrNoInferiors
	case imap.AttrMarked:
		return imap.AttrMarked
	case imap.AttrUnmarked:
		return imap.AttrUnmarked
	case imap.AttrAll:
		return imap.AttrAll
	case imap.AttrArchive:
		return imap.AttrArchive
	case imap.AttrDrafts:
		return imap.AttrDrafts
	case imap.AttrFlagged:
		return imap.AttrFlagged
	case imap.AttrJunk:
		return imap.AttrJunk
	case imap.AttrSent:
		return imap.AttrSent
	case imap.AttrTrash:
		return imap.AttrTrash
	case imap.AttrImportant:
		return imap.AttrImportant
	}
	return ""
}
