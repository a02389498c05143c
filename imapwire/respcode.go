package imapwire

import (
	"bytes"
	"strings"

	"github.com/mailwire/mailwire/imapwire/engine"
	"github.com/mailwire/mailwire/imapwire/imap"
)

// A Code is a response code in the brackets of a status response, RFC 9051
// §7.1. The kinds: [CodeAtom], [*CodeNumber], [*CodeCapability],
// [*CodePermanentFlags], [*CodeBadCharset], [*CodeAppendUID], [*CodeCopyUID],
// [*CodeModified] and [*CodeUnknown].
type Code interface{ code() }

// A CodeAtom is a code without arguments, in upper case.
type CodeAtom string

// Codes without arguments, of RFC 9051 §7.1, RFC 5530 and extensions.
const (
	CodeAlert                CodeAtom = "ALERT"
	CodeAlreadyExists        CodeAtom = "ALREADYEXISTS"
	CodeAuthenticationFailed CodeAtom = "AUTHENTICATIONFAILED"
	CodeAuthorizationFailed  CodeAtom = "AUTHORIZATIONFAILED"
	CodeCannot               CodeAtom = "CANNOT"
	CodeClientBug            CodeAtom = "CLIENTBUG"
	CodeClosed               CodeAtom = "CLOSED"
	CodeContactAdmin         CodeAtom = "CONTACTADMIN"
	CodeCorruption           CodeAtom = "CORRUPTION"
	CodeExpired              CodeAtom = "EXPIRED"
	CodeExpungeIssued        CodeAtom = "EXPUNGEISSUED"
	CodeHasChildren          CodeAtom = "HASCHILDREN"
	CodeInUse                CodeAtom = "INUSE"
	CodeLimit                CodeAtom = "LIMIT"
	CodeNoModSeq             CodeAtom = "NOMODSEQ" // RFC 7162
	CodeNonExistent          CodeAtom = "NONEXISTENT"
	CodeNoPerm               CodeAtom = "NOPERM"
	CodeNotSaved             CodeAtom = "NOTSAVED"
	CodeOverQuota            CodeAtom = "OVERQUOTA"
	CodeParse                CodeAtom = "PARSE"
	CodePrivacyRequired      CodeAtom = "PRIVACYREQUIRED"
	CodeReadOnly             CodeAtom = "READ-ONLY"
	CodeReadWrite            CodeAtom = "READ-WRITE"
	CodeServerBug            CodeAtom = "SERVERBUG"
	CodeTooBig               CodeAtom = "TOOBIG" // RFC 7889
	CodeTryCreate            CodeAtom = "TRYCREATE"
	CodeUIDNotSticky         CodeAtom = "UIDNOTSTICKY"
	CodeUnavailable          CodeAtom = "UNAVAILABLE"
	CodeUnknownCTE           CodeAtom = "UNKNOWN-CTE"
	CodeUseAttr              CodeAtom = "USEATTR" // RFC 6154
)

// A CodeNumber is a code with one number.
type CodeNumber struct {
	Name   string // upper case: UIDNEXT, UIDVALIDITY, UNSEEN, HIGHESTMODSEQ …
	Number uint64 // 0 to 2^63-1
}

// Names of a [CodeNumber].
const (
	CodeUIDNext       = "UIDNEXT"
	CodeUIDValidity   = "UIDVALIDITY"
	CodeUnseen        = "UNSEEN" // RFC 3501
	CodeHighestModSeq = "HIGHESTMODSEQ"
)

// A CodeCapability is CAPABILITY.
type CodeCapability struct{ Capabilities imap.Capabilities }

// A CodePermanentFlags is PERMANENTFLAGS.
type CodePermanentFlags struct{ Flags []imap.Flag }

// A CodeBadCharset is BADCHARSET, with the charsets that are supported, if told.
type CodeBadCharset struct{ Charsets []string }

// A CodeAppendUID is APPENDUID, RFC 4315 §3.
type CodeAppendUID struct {
	UIDValidity uint32
	UIDs        imap.UIDSet // as many as messages were appended
}

// A CodeCopyUID is COPYUID, RFC 4315 §3. The n-th UID of Source became the
// n-th of Dest, in the order written; neither contains "*".
type CodeCopyUID struct {
	UIDValidity  uint32
	Source, Dest imap.Set
}

// A CodeUnknown is a code that this package has no type for, or whose
// arguments it did not understand.
type CodeUnknown struct {
	Name string
	// Args are the octets between the name and "]", the space before them
	// included.
	Args string
}

func (CodeAtom) code()            {}
func (*CodeNumber) code()         {}
func (*CodeCapability) code()     {}
func (*CodePermanentFlags) code() {}
func (*CodeBadCharset) code()     {}
func (*CodeAppendUID) code()      {}
func (*CodeCopyUID) code()        {}
func (*CodeUnknown) code()        {}

// resp-text-code = "ALERT" / "BADCHARSET" [SP "(" charset *(SP charset) ")" ] / capability-data
// resp-text-code =/ "PARSE" / "PERMANENTFLAGS" SP "(" [flag-perm *(SP flag-perm)] ")"
// resp-text-code =/ "READ-ONLY" / "READ-WRITE" / "TRYCREATE" / "UIDNEXT" SP nz-number
// resp-text-code =/ "UIDVALIDITY" SP nz-number / "UNSEEN" SP nz-number / resp-code-apnd / resp-code-copy
// resp-text-code =/ atom [SP 1*<any TEXT-CHAR except "]">]
//
// A code whose arguments are not what its name says is a [*CodeUnknown]. nil
// means that the bracket is never closed, and nothing was consumed.
func (c *cursor) respTextCode() Code {
	start := c.pos
	rest := c.b[start:]
	if end := bytes.IndexAny(rest, "]\r\n"); end < 0 || rest[end] != ']' {
		return nil
	}
	c.pos++
	name := c.pos
	c.pos += engine.Atom.Span(c.b[name:])
	c.steps += int64(c.pos - start)
	if c.pos == name {
		c.pos = start
		return nil
	}
	word, args := upper(c.str(name, c.pos)), c.pos
	if c.accept(']') {
		if word == "BADCHARSET" {
			return &CodeBadCharset{}
		}
		return CodeAtom(word)
	}
	// The arguments are read by a cursor of their own: its mistakes are not
	// those of the response.
	sub := *c
	if code := sub.codeArgs(word); code != nil && sub.err == nil && sub.accept(']') {
		*c = sub
		return code
	}
	first, end := bytes.IndexByte(c.b[args:], ']'), codeEnd(c.b[args:])
	if end < 0 {
		c.pos = start
		return nil
	}
	if behind := c.b[args+end+1:]; c.b[args] == ' ' && end != first && len(behind) > 0 && !strings.ContainsRune(" \r\n", rune(behind[0])) {
		end = first // that is no end of a code, and what the grammar takes for one may be
	}
	if c.b[args] != ' ' || end != first {
		if !c.tolerateAt(TolerateLooseCode, args) {
			end = first
			if c.b[args] != ' ' {
				c.fail("resp-text-code", `a space or "]"`)
				return nil
			}
		}
	}
	c.pos = args + end + 1
	return &CodeUnknown{Name: c.str(name, args), Args: c.str(args, args+end)}
}

// codeEnd finds the "]" that ends a code: the first outside of quotes, or the
// first of all.
func codeEnd(b []byte) int {
	quoted := false
	for i := 0; i < len(b); i++ {
		switch b[i] {
		case '\r', '\n':
			return bytes.IndexByte(b[:i], ']')
		case '\\':
			if quoted {
				i++
			}
		case '"':
			quoted = !quoted
		case ']':
			if !quoted {
				return i
			}
		}
	}
	return -1
}

// codeArgs reads the arguments of a code that has a type; nil when the name is
// not one of these.
func (c *cursor) codeArgs(word string) Code {
	const production = "resp-text-code"
	switch word {
	case "CAPABILITY":
		return &CodeCapability{Capabilities: c.capabilityList()}
	case "PERMANENTFLAGS":
		c.sp(production)
		return &CodePermanentFlags{Flags: c.flagPermList()}
	case "BADCHARSET":
		c.sp(production)
		if !c.open(production) {
			return nil
		}
		var charsets []string
		for c.more(len(charsets), production) {
			charsets = append(charsets, c.astring("charset"))
		}
		if len(charsets) == 0 {
			return nil
		}
		return &CodeBadCharset{Charsets: charsets}
	case "APPENDUID":
		code := &CodeAppendUID{}
		c.sp(production)
		code.UIDValidity = c.nzNumber(production)
		c.sp(production)
		code.UIDs = c.uidSet(production)
		return code
	case "COPYUID":
		code := &CodeCopyUID{}
		c.sp(production)
		code.UIDValidity = c.nzNumber(production)
		if bytes.HasPrefix(c.b[c.pos:], []byte("  ]")) && c.tolerate(TolerateEmptyCopyUID) {
			c.pos += 2
			return code
		}
		c.sp(production)
		code.Source = c.copySet()
		c.sp(production)
		code.Dest = c.copySet()
		if c.err != nil || setCount(code.Source) != setCount(code.Dest) {
			return nil // they can not be paired: RFC 4315 §3
		}
		return code
	case "MODIFIED":
		c.sp(production)
		return &CodeModified{Set: c.copySet()}
	case CodeUIDNext, CodeUIDValidity, CodeUnseen, CodeHighestModSeq, "APPENDLIMIT":
		c.sp(production)
		i := c.pos
		n := c.number64(production)
		if n == 0 && word != "APPENDLIMIT" && !c.tolerateAt(TolerateZeroNumber, i) {
			return nil
		}
		return &CodeNumber{Name: word, Number: uint64(n)}
	}
	return nil
}

// flag-perm = flag / "\*"
func (c *cursor) flagPermList() []imap.Flag {
	const production = "flag-perm"
	if !c.open(production) {
		return nil
	}
	flags := makeList[imap.Flag](c)
	for n := 0; c.more(n, production); n++ {
		if c.peek() == '\\' && c.pos+1 < len(c.b) && c.b[c.pos+1] == '*' {
			c.pos += 2
			c.token()
			flags = append(flags, imap.FlagWildcard)
			continue
		}
		if f := c.flag(production); f != "" {
			flags = append(flags, f)
		}
	}
	if len(flags) == 0 {
		return nil
	}
	return flags
}

// copySet reads a uid-set whose order counts.
func (c *cursor) copySet() imap.Set {
	i := c.pos
	s := c.sequenceSet("uid-set")
	for _, r := range s.Ranges {
		if r.First == imap.Star || r.Last == imap.Star {
			c.failAt(i, "uid-set", "numbers")
		}
	}
	if s.Saved {
		c.failAt(i, "uid-set", "numbers")
	}
	return s
}

// setCount returns how many numbers a set without "*" has, in its order.
func setCount(s imap.Set) (n int64) {
	for _, r := range s.Ranges {
		d := int64(r.Last) - int64(r.First)
		n += max(d, -d) + 1
	}
	return n
}

// code appends what stands between the brackets.
func (e *encoder) code(code Code) {
	switch code := code.(type) {
	case CodeAtom:
		e.atomCode(string(code))
	case *CodeNumber:
		e.atomCode(code.Name)
		e.sp()
		if code.Number > 1<<63-1 {
			e.fail("%s of %d", code.Name, code.Number)
		}
		e.uint(code.Number)
	case *CodeCapability:
		e.raw("CAPABILITY")
		e.capabilities(code.Capabilities)
	case *CodePermanentFlags:
		e.raw("PERMANENTFLAGS (")
		for i, f := range code.Flags {
			if i > 0 {
				e.sp()
			}
			if f == imap.FlagWildcard {
				e.raw(string(f))
				continue
			}
			e.flag(f)
			e.noBracket(string(f))
		}
		e.byte(')')
	case *CodeBadCharset:
		e.raw("BADCHARSET")
		for i, s := range code.Charsets {
			if i == 0 {
				e.raw(" (")
			} else {
				e.sp()
			}
			if s == "" || !engine.Atom.All(s) {
				e.quoted(s)
			} else {
				e.raw(s)
			}
			e.noBracket(s)
		}
		if len(code.Charsets) > 0 {
			e.byte(')')
		}
	case *CodeAppendUID:
		e.raw("APPENDUID ")
		e.nzNumber(code.UIDValidity, "a UIDVALIDITY")
		e.sp()
		e.uidSet(code.UIDs)
	case *CodeCopyUID:
		if code.Source.Saved || code.Dest.Saved || setCount(code.Source) != setCount(code.Dest) {
			e.fail("COPYUID with sets that can not be paired")
		}
		e.raw("COPYUID ")
		e.nzNumber(code.UIDValidity, "a UIDVALIDITY")
		e.sp()
		e.sequenceSet(code.Source)
		e.sp()
		e.sequenceSet(code.Dest)
	case *CodeModified:
		if code.Set.Saved {
			e.fail("MODIFIED without numbers")
		}
		e.raw("MODIFIED ")
		e.sequenceSet(code.Set)
	case *CodeUnknown:
		e.atomCode(code.Name)
		if code.Args == "" {
			return
		}
		if !(engine.Text | engine.UTF8).All(code.Args) || codeEnd([]byte(code.Args+"]")) != len(code.Args) || engine.Atom.Is(code.Args[0]) {
			e.fail("%q can not stand in a code", cut(code.Args))
		}
		e.raw(code.Args)
	default:
		e.fail("%T is not a response code", code)
	}
}

// atomCode appends the name of a code.
func (e *encoder) atomCode(s string) {
	e.atom(s)
	e.noBracket(s)
}

func (e *encoder) noBracket(s string) {
	if strings.Contains(s, "]") {
		e.fail("%q would end the code", cut(s))
	}
}
