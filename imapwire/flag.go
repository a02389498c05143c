package imapwire

import (
	"github.com/mailwire/mailwire/imapwire/engine"
	"github.com/mailwire/mailwire/imapwire/imap"
)

// flag = "\Answered" / "\Flagged" / "\Deleted" / "\Seen" / "\Draft" / flag-keyword / flag-extension
// flag-extension = "\" atom
// flag-keyword = atom
//
// The system flags come out as the constants of package imap, in any case.
func (c *cursor) flag(production string) imap.Flag {
	if f := c.systemFlag(); f != "" {
		return f
	}
	if c.tol != 0 && !c.at(engine.Alpha) && !c.systemFollows() {
		if f, ok := c.oddFlag(production); ok {
			return f
		}
	}
	i := c.pos
	system := c.accept('\\')
	_, j := c.span(engine.Atom, production, "a flag")
	if c.err != nil {
		return ""
	}
	if x := c.peek(); x != ' ' && x != ')' && c.tol != 0 {
		j = c.flagRest()
	} else if j-i == len("NIL") && upperByte(c.b[i]) == 'N' && string(c.fold(i, j)) == "NIL" && c.tolerateAt(TolerateNilFlag, i) {
		return ""
	}
	if system {
		if f := systemFlag(c.fold(i, j)); f != "" {
			return f
		}
	}
	return c.keyword(i, j)
}

// systemFollows reports whether a "\" with a letter behind it stands at the cursor.
func (c *cursor) systemFollows() bool {
	return c.peek() == '\\' && c.pos+1 < len(c.b) && engine.Alpha.Is(c.b[c.pos+1])
}

// oddFlag reads a flag in quotes, or a "\" without one; the flag is empty when
// there is none.
func (c *cursor) oddFlag(production string) (f imap.Flag, ok bool) {
	switch i := c.pos; {
	case c.peek() == '"' && c.tolerate(TolerateQuotedFlag):
		s := c.quoted(production)
		if len(s) > 0 && s[0] == '\\' {
			if f := systemFlag([]byte(upper(s))); f != "" {
				return f, true
			}
		}
		return imap.Flag(s), true
	case c.peek() == '\\' && i+1 < len(c.b) && (c.b[i+1] == ' ' || c.b[i+1] == ')') && c.tolerate(TolerateEmptyFlag):
		c.accept('\\')
		return "", true
	case c.tol.Has(TolerateAnyFlag) && c.peek() != '\\' && !c.at(engine.Atom):
		c.flagRest()
		return imap.Flag(c.str(i, c.pos)), c.pos > i
	}
	return "", false
}

// flagRest moves over what follows the atom of a flag and is no part of an atom,
// and returns where the flag ends.
func (c *cursor) flagRest() int {
	for c.err == nil && c.pos < len(c.b) {
		switch x := c.b[c.pos]; {
		case engine.Atom.Is(x):
		case x == ']' && c.tolerate(TolerateBracketInFlag):
		case x == ' ' || x == ')' || x < ' ' || x == 0x7f || x == ']' || !c.tolerate(TolerateAnyFlag):
			return c.pos
		}
		c.pos++
		c.steps++
	}
	return c.pos
}

// systemFlag reads a system flag that is spelled as RFC 9051 spells it, and stands
// in a list. It is empty, and nothing is read, where anything else stands.
func (c *cursor) systemFlag() imap.Flag {
	if c.err != nil || c.pos >= len(c.b) {
		return ""
	}
	f := spelledFlag(c.b[c.pos:])
	if f == "" {
		return ""
	}
	if c.token(); c.err != nil {
		return ""
	}
	c.pos += len(f)
	c.steps += int64(len(f))
	return f
}

// spelledFlag returns the system flag at the start of b, if it is spelled as RFC 9051
// spells it and a space or ")" stands behind it.
func spelledFlag(b []byte) imap.Flag {
	if len(b) < 2 || b[0] != '\\' {
		return ""
	}
	var f imap.Flag
	switch b[1] {
	case 'S':
		f = imap.FlagSeen
	case 'A':
		f = imap.FlagAnswered
	case 'F':
		f = imap.FlagFlagged
	case 'D':
		if f = imap.FlagDeleted; len(b) > 2 && b[2] == 'r' {
			f = imap.FlagDraft
		}
	case 'R':
		f = imap.FlagRecent
	}
	n := len(f)
	if n == 0 || len(b) <= n || string(b[:n]) != string(f) || b[n] != ' ' && b[n] != ')' {
		return ""
	}
	return f
}

// systemFlag returns the constant of a system flag in upper case.
func systemFlag(upper []byte) imap.Flag {
	switch string(upper) {
	case `\SEEN`:
		return imap.FlagSeen
	case `\ANSWERED`:
		return imap.FlagAnswered
	case `\FLAGGED`:
		return imap.FlagFlagged
	case `\DELETED`:
		return imap.FlagDeleted
	case `\DRAFT`:
		return imap.FlagDraft
	case `\RECENT`:
		return imap.FlagRecent
	}
	return ""
}

// flag-list = "(" [flag *(SP flag)] ")"
func (c *cursor) flagList(production string) []imap.Flag { return c.flagListIn(nil, production) }

// flagListIn is flagList with room for the flags where it suffices.
func (c *cursor) flagListIn(room []imap.Flag, production string) []imap.Flag {
	if i := c.pos; c.tol != 0 && c.acceptNil() {
		if c.tolerateAt(TolerateNilFlag, i) {
			return nil
		}
		c.pos = i
	}
	if !c.open(production) {
		return nil
	}
	flags := room[:0]
	if cap(room) == 0 {
		flags = makeList[imap.Flag](c)
	}
	for n := 0; c.more(n, production); n++ {
		if f := c.flag(production); f != "" {
			flags = append(flags, f)
		}
	}
	if len(flags) == 0 {
		return nil
	}
	return flags
}

// flag = "\" atom / atom
func (e *encoder) flag(f imap.Flag) {
	name := string(f)
	if f.IsSystem() {
		name = name[1:]
	}
	if name == "" || !engine.Atom.All(name) {
		e.fail("%q is not a flag", cut(string(f)))
	}
	e.raw(string(f))
}

// flag-list = "(" [flag *(SP flag)] ")"
func (e *encoder) flagList(flags []imap.Flag) {
	e.byte('(')
	for i, f := range flags {
		if i > 0 {
			e.sp()
		}
		e.flag(f)
	}
	e.byte(')')
}
