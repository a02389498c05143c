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
	i := c.pos
	system := c.accept('\\')
	_, j := c.span(engine.Atom, production, "a flag")
	if c.err != nil {
		return ""
	}
	if system {
		if f := systemFlag(c.fold(i, j)); f != "" {
			return f
		}
	}
	return imap.Flag(c.str(i, j))
}

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
func (c *cursor) flagList(production string) []imap.Flag {
	if !c.open(production) {
		return nil
	}
	flags := makeList[imap.Flag](c)
	for c.more(len(flags), production) {
		flags = append(flags, c.flag(production))
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
