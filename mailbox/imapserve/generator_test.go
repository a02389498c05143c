package imapserve_test

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/mailwire/mailwire/imapwire/engine"
	"github.com/mailwire/mailwire/imapwire/imap"
)

// A generator writes commands as the grammar allows them in the state of its
// session: every command of RFC 3501 and RFC 9051, every alternative of its
// arguments, strings in every form that may stand at their place, words in any
// case. It knows what a client knows: the state, the count of messages, the
// revision in force.
type generator struct {
	// roll returns a number below n.
	roll func(n int) int

	encrypted, authenticated, selected, rev2 bool
	messages                                 int

	b strings.Builder
	// waits are the octets of the command after which a literal waits for "+".
	waits []int
}

// pick returns one of its arguments.
func pick[T any](g *generator, from ...T) T { return from[g.roll(len(from))] }

func (g *generator) chance(percent int) bool { return g.roll(100) < percent }

func (g *generator) raw(s string) { g.b.WriteString(s) }

// word writes a word of the protocol in some case.
func (g *generator) word(s string) {
	switch g.roll(6) {
	case 0:
		s = strings.ToLower(s)
	case 1:
		b := []byte(s)
		for i, c := range b {
			if c >= 'A' && c <= 'Z' && g.chance(50) {
				b[i] = c + 'a' - 'A'
			}
		}
		s = string(b)
	}
	g.raw(s)
}

// list writes lo to hi elements in parentheses.
func (g *generator) list(lo, hi int, element func()) {
	g.raw("(")
	g.row(lo, hi, element)
	g.raw(")")
}

// row writes lo to hi elements with spaces between them.
func (g *generator) row(lo, hi int, element func()) {
	for i := range lo + g.roll(hi-lo+1) {
		if i > 0 {
			g.raw(" ")
		}
		element()
	}
}

// literal writes s as a literal, which waits or does not.
func (g *generator) literal(s string, binary bool) {
	if binary {
		g.raw("~")
	}
	g.raw("{" + strings.Repeat("0", g.roll(6)/5) + strconv.Itoa(len(s)))
	if g.chance(50) {
		g.raw("+}\r\n")
	} else {
		g.raw("}\r\n")
		g.waits = append(g.waits, g.b.Len())
	}
	g.raw(s)
}

// str writes s in one of the forms of a string.
func (g *generator) str(s string) {
	quotable := len(s) < 900 && !strings.ContainsAny(s, "\r\n")
	for _, c := range []byte(s) {
		quotable = quotable && (c < utf8.RuneSelf || g.rev2 && utf8.ValidString(s))
	}
	if !quotable || g.chance(25) {
		g.literal(s, false)
		return
	}
	g.raw(`"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(s) + `"`)
}

// astring writes s as an atom where it may be one.
func (g *generator) astring(s string) { g.either(s, engine.AString) }

// pattern writes s as what LIST matches names with.
func (g *generator) pattern(s string) { g.either(s, engine.List) }

func (g *generator) either(s string, atom engine.Class) {
	if s != "" && atom.All(s) && g.chance(50) {
		g.raw(s)
		return
	}
	g.str(s)
}

// name is the name of a mailbox, there or not.
func (g *generator) name() string {
	return pick(g, "INBOX", "inbox", "InBox", "box", "box", "box", "a", "a/b", "a/b/c", "sent mail", "we\"ird\\", "&AOQ-", "R&-D", "per%cent", "st*r", "new", "INBOX/sub", "nosuch", "dir/", "", "/", "a//b", "&", "ä\xff", "line\r\nend", strings.Repeat("long", 300))
}

// existing is most often the name of a mailbox that is there.
func (g *generator) existing() string {
	if g.chance(70) {
		return pick(g, "INBOX", "inbox", "box", "sent mail")
	}
	return g.name()
}

func (g *generator) keyword() string {
	return pick(g, "k", "$Forwarded", "$MDNSent", "$Junk", "NonJunk", "a.b:c", "key-1", "NIL", "[x", "=+&")
}

func (g *generator) flag() {
	switch g.roll(3) {
	case 0:
		g.raw(g.keyword())
	case 1:
		g.raw(pick(g, `\Own`, `\X-1`, `\Seen`))
	default:
		g.raw(`\`)
		g.word(pick(g, "Answered", "Flagged", "Deleted", "Seen", "Draft"))
	}
}

// seq writes one number of a set: at most top, which is at least 1.
func (g *generator) seq(top int) {
	if g.chance(15) {
		g.raw("*")
		return
	}
	g.raw(strconv.Itoa(1 + g.roll(top)))
}

// set writes a set of numbers that messages have, or of UIDs.
func (g *generator) set(uid bool) {
	top := g.messages
	if uid {
		top = pick(g, g.messages+3, 40, 4294967295)
		if g.chance(10) {
			g.raw(pick(g, "*", "*:4294967295", "1:*"))
			return
		}
	}
	if top == 0 || g.chance(8) {
		g.raw("$")
		return
	}
	for i := range 1 + g.roll(3) {
		if i > 0 {
			g.raw(",")
		}
		g.seq(top)
		if g.chance(40) {
			g.raw(":")
			g.seq(top)
		}
	}
}

func (g *generator) text() string {
	return pick(g, "hello", "", "a", "body of", "Subject", "two words", `q"uote`, `b\ack`, "{3}", "{3+}", "ü", "зима", "(", ")", "NIL", "a\r\nb", "*", "x DELETE INBOX", "\xff", "a\xc3", strings.Repeat("y", 1100))
}

func (g *generator) date() {
	d := fmt.Sprintf("%s-%s-%04d", pick(g, strconv.Itoa(1+g.roll(28)), fmt.Sprintf("%02d", 1+g.roll(28))), pick(g, "Jan", "Feb", "mar", "APR", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"), pick(g, 1970, 2025, 2026, 2026, 9999, 0))
	if g.chance(40) {
		d = `"` + d + `"`
	}
	g.raw(d)
}

// key writes a search key of at most depth levels.
func (g *generator) key(depth int) {
	if depth > 0 && g.chance(35) {
		switch g.roll(3) {
		case 0:
			g.word("NOT ")
			g.key(depth - 1)
		case 1:
			g.word("OR ")
			g.key(depth - 1)
			g.raw(" ")
			g.key(depth - 1)
		default:
			g.list(1, 3, func() { g.key(depth - 1) })
		}
		return
	}
	switch g.roll(11) {
	case 0, 1:
		words := []string{"ALL", "ANSWERED", "DELETED", "DRAFT", "FLAGGED", "SEEN", "UNANSWERED", "UNDELETED", "UNDRAFT", "UNFLAGGED", "UNSEEN"}
		if !g.rev2 {
			words = append(words, "NEW", "OLD", "RECENT")
		}
		g.word(pick(g, words...))
	case 2:
		g.word(pick(g, "KEYWORD ", "UNKEYWORD "))
		g.raw(g.keyword())
	case 3, 4:
		g.word(pick(g, "BCC ", "BODY ", "CC ", "FROM ", "SUBJECT ", "TEXT ", "TO "))
		g.astring(g.text())
	case 5:
		g.word("HEADER ")
		g.astring(pick(g, "Subject", "Message-ID", "X-None", "to", "a b"))
		g.raw(" ")
		g.astring(g.text())
	case 6:
		g.word(pick(g, "BEFORE ", "ON ", "SINCE ", "SENTBEFORE ", "SENTON ", "SENTSINCE "))
		g.date()
	case 7:
		g.word(pick(g, "LARGER ", "SMALLER "))
		g.raw(pick(g, "0", "1", "50", "4294967296", "9223372036854775807"))
	case 8:
		g.word("UID ")
		g.set(true)
	case 9:
		if g.chance(20) {
			g.raw(pick(g, "*", "99", "1:*", "99,4294967295"))
		} else {
			g.set(false)
		}
	default:
		g.word(pick(g, "OLDER ", "YOUNGER "))
		g.raw(pick(g, "1", "3600", "4294967295"))
	}
}

func (g *generator) part() string {
	return pick(g, "1", "2", "1.1", "2.1.3", "4294967295", "1.2.3.4.5.6.7.8")
}

func (g *generator) section() {
	g.raw("[")
	header := func() {
		switch g.roll(3) {
		case 0:
			g.word(pick(g, "HEADER", "TEXT"))
		default:
			g.word(pick(g, "HEADER.FIELDS ", "HEADER.FIELDS.NOT "))
			g.list(1, 3, func() { g.astring(pick(g, "Subject", "from", "X-None", "a b", "]", "TO")) })
		}
	}
	switch g.roll(5) {
	case 0:
	case 1, 2:
		header()
	case 3:
		g.raw(g.part())
	default:
		g.raw(g.part() + ".")
		if g.chance(30) {
			g.word("MIME")
		} else {
			header()
		}
	}
	g.raw("]")
}

func (g *generator) partial() {
	if g.chance(35) {
		g.raw("<" + pick(g, "0", "3", "4294967296", "9223372036854775807") + "." + pick(g, "1", "10", "4294967296", "9223372036854775807") + ">")
	}
}

func (g *generator) fetchItem() {
	switch g.roll(5) {
	case 0, 1:
		words := []string{"ENVELOPE", "FLAGS", "INTERNALDATE", "RFC822.SIZE", "BODY", "BODYSTRUCTURE", "UID"}
		if !g.rev2 {
			words = append(words, "RFC822", "RFC822.HEADER", "RFC822.TEXT")
		}
		g.word(pick(g, words...))
	case 2, 3:
		g.word(pick(g, "BODY", "BODY.PEEK"))
		g.section()
		g.partial()
	default:
		size := g.chance(30)
		if size {
			g.word("BINARY.SIZE")
		} else {
			g.word(pick(g, "BINARY", "BINARY.PEEK"))
		}
		g.raw("[" + pick(g, "", g.part()) + "]")
		if !size {
			g.partial()
		}
	}
}

func (g *generator) status() {
	items := []string{"MESSAGES", "UIDNEXT", "UIDVALIDITY", "UNSEEN", "DELETED", "DELETED-STORAGE", "SIZE", "APPENDLIMIT"}
	if !g.rev2 {
		items = append(items, "RECENT")
	}
	g.list(1, 4, func() { g.word(pick(g, items...)) })
}

// message is something to append.
func (g *generator) message() string {
	return pick(g, "", "x", "Subject: hello\r\n\r\nbody of hello\r\n", "From: A <a@b.c>\r\nTo: b@c.d\r\nDate: Mon, 23 Nov 2026 12:00:00 +0000\r\n\r\nText\r\n",
		"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\none\r\n--b\r\nContent-Type: message/rfc822\r\n\r\nSubject: in\r\n\r\ninner\r\n--b--\r\n",
		"Content-Transfer-Encoding: base64\r\n\r\naGVsbG8=\r\n", "Content-Transfer-Encoding: x-none\r\n\r\nabc\r\n", "no header\xff\r\n\r\n.\r\n", "a {3}\r\nb LOGOUT\r\n")
}

// command writes the next command without its tag and last CRLF, and returns its
// verb.
func (g *generator) command() (verb string) {
	g.b.Reset()
	g.waits = g.waits[:0]
	verbs := []string{"CAPABILITY", "NOOP", "ID"}
	switch {
	case !g.authenticated:
		verbs = append(verbs, "LOGIN", "LOGIN", "LOGIN", "AUTHENTICATE")
		if !g.encrypted {
			verbs = append(verbs, "STARTTLS")
		}
	case !g.selected:
		verbs = append(verbs, "SELECT", "SELECT", "SELECT", "SELECT", "SELECT", "SELECT", "SELECT", "SELECT")
	default:
		verbs = append(verbs, "NOOP", "CLOSE", "UNSELECT", "EXPUNGE", "UID EXPUNGE", "SEARCH", "SEARCH", "SEARCH", "UID SEARCH", "UID SEARCH", "FETCH", "FETCH", "FETCH", "FETCH", "UID FETCH", "UID FETCH", "UID FETCH", "STORE", "STORE", "UID STORE", "UID STORE", "COPY", "UID COPY", "MOVE", "UID MOVE")
		if !g.rev2 {
			verbs = append(verbs, "CHECK")
		}
	}
	if g.authenticated {
		verbs = append(verbs, "ENABLE", "SELECT", "EXAMINE", "CREATE", "DELETE", "RENAME", "SUBSCRIBE", "UNSUBSCRIBE", "LIST", "LIST", "NAMESPACE", "STATUS", "GETQUOTA", "GETQUOTAROOT", "SETQUOTA", "APPEND", "APPEND", "APPEND", "IDLE")
		if !g.rev2 {
			verbs = append(verbs, "LSUB")
		}
	}
	verb = pick(g, verbs...)
	if g.chance(1) {
		verb = "LOGOUT"
	}
	g.word(verb)
	if !strings.Contains(" CAPABILITY NOOP LOGOUT STARTTLS NAMESPACE CHECK CLOSE UNSELECT EXPUNGE IDLE ", " "+verb+" ") {
		g.raw(" ")
		g.arguments(verb)
	}
	return verb
}

func (g *generator) arguments(verb string) {
	uid := strings.HasPrefix(verb, "UID ")
	switch strings.TrimPrefix(verb, "UID ") {
	case "ID":
		if g.chance(40) {
			g.word("NIL")
			return
		}
		g.list(0, 4, func() {
			g.str(pick(g, "name", "version", "os", "", "we\"ird"))
			g.raw(" ")
			if g.chance(20) {
				g.word("NIL")
			} else {
				g.str(pick(g, "x", "1.0", "", `q"\`, "two\r\nlines"))
			}
		})
	case "LOGIN":
		g.astring(pick(g, "u", "u", "u", "nobody", ""))
		g.raw(" ")
		g.astring(pick(g, "p", "p", "p", "wrong", "", "p w"))
	case "AUTHENTICATE":
		g.word("PLAIN")
		answer := pick(g, "AHUAcA==", "AHUAcA==", "AHUAd3Jvbmc=", "dQB1AHA=", "eAB1AHA=")
		if g.chance(50) {
			g.raw(" " + pick(g, answer, answer, "="))
		} else {
			g.raw("\r\n")
			g.waits = append(g.waits, g.b.Len())
			g.raw(answer)
		}
	case "ENABLE":
		g.row(1, 3, func() { g.word(pick(g, "X-NONE", "CONDSTORE", "UTF8=NONE", "X-NONE", "IMAP4REV2")) })
	case "SELECT", "EXAMINE":
		g.astring(g.existing())
	case "CREATE":
		g.astring(g.name())
		if g.chance(20) {
			g.raw(" (")
			g.word("USE ")
			g.list(0, 2, func() { g.raw(`\` + pick(g, "Sent", "Drafts", "Trash", "Archive", "All", "Own")) })
			g.raw(")")
		}
	case "SUBSCRIBE", "UNSUBSCRIBE":
		g.astring(g.name())
	case "DELETE":
		g.astring(pick(g, g.name(), "a", "a/b", "a/b/c", "new", "dir"))
	case "RENAME":
		g.astring(pick(g, g.name(), "a", "a/b", "new", "dir", "box"))
		g.raw(" ")
		g.astring(g.name())
	case "LIST":
		if g.chance(25) {
			g.raw(pick(g, "()", "(SUBSCRIBED)", "(subscribed RecursiveMatch)", "(REMOTE)", "(SPECIAL-USE)", "(REMOTE SUBSCRIBED SPECIAL-USE RECURSIVEMATCH)") + " ")
		}
		g.astring(pick(g, "", "", "", "a/", "nosuch", "a b", "INBOX"))
		g.raw(" ")
		pattern := func() {
			g.pattern(pick(g, "*", "%", "", "INBOX", "inb*", "a/%", "*/b", "%/%", "sent mail", "&AOQ-", "x*y%z]"))
		}
		if g.chance(20) {
			g.list(1, 3, pattern)
		} else {
			pattern()
		}
		if g.chance(25) {
			g.raw(" ")
			g.word("RETURN ")
			switch g.roll(3) {
			case 0:
				g.list(0, 3, func() { g.word(pick(g, "SUBSCRIBED", "CHILDREN", "SPECIAL-USE")) })
			default:
				g.raw("(")
				g.word("STATUS ")
				g.status()
				g.raw(")")
			}
		}
	case "LSUB":
		g.astring(pick(g, "", "a/", "nosuch"))
		g.raw(" ")
		g.pattern(pick(g, "*", "%", "", "a/%", "box"))
	case "STATUS":
		g.astring(g.existing())
		g.raw(" ")
		g.status()
	case "APPEND":
		g.astring(g.existing())
		g.raw(" ")
		if g.chance(50) {
			g.list(0, 3, g.flag)
			g.raw(" ")
		}
		if g.chance(40) {
			g.raw(pick(g, `" 5-Jan-2026 01:02:03 +0100"`, `"05-jan-2026 01:02:03 -0330"`, `"31-Dec-1999 23:59:59 +0000"`) + " ")
		}
		if g.chance(15) {
			g.literal(g.message()+"\x00", true)
		} else {
			g.literal(g.message(), false)
		}
	case "EXPUNGE":
		g.set(true)
	case "SEARCH":
		if g.chance(40) {
			g.word("RETURN ")
			g.list(0, 3, func() { g.word(pick(g, "MIN", "MAX", "ALL", "COUNT", "SAVE")) })
			g.raw(" ")
		}
		if g.chance(30) {
			g.word("CHARSET ")
			g.astring(pick(g, "UTF-8", "utf-8", "US-ASCII", "X-NONE"))
			g.raw(" ")
		}
		g.row(1, 3, func() { g.key(3) })
	case "FETCH":
		g.set(uid)
		g.raw(" ")
		switch g.roll(4) {
		case 0:
			g.word(pick(g, "ALL", "FAST", "FULL"))
		case 1:
			g.fetchItem()
		default:
			g.list(1, 4, g.fetchItem)
		}
	case "STORE":
		g.set(uid)
		g.raw(" " + pick(g, "", "+", "-"))
		g.word(pick(g, "FLAGS ", "FLAGS.SILENT "))
		if g.chance(70) {
			g.list(0, 3, g.flag)
		} else {
			g.row(1, 3, g.flag)
		}
	case "GETQUOTA":
		g.astring(pick(g, "", "", "nosuch"))
	case "GETQUOTAROOT":
		g.astring(g.name())
	case "SETQUOTA":
		g.astring("")
		g.raw(" ")
		resources := []string{"STORAGE", "MESSAGE", "MAILBOX", "ANNOTATION-STORAGE", "X-NONE"}
		g.list(0, len(resources), func() {
			g.word(resources[0])
			resources = resources[1:]
			g.raw(" " + pick(g, "0", "1", "4294967296", "9223372036854775807"))
		})
	case "COPY", "MOVE":
		g.set(uid)
		g.raw(" ")
		g.astring(g.existing())
	default:
		panic(verb)
	}
}

// answered tells the generator what a command did.
func (g *generator) answered(verb, condition string) {
	ok := condition == "OK"
	switch verb {
	case "LOGIN", "AUTHENTICATE":
		g.authenticated = g.authenticated || ok
	case "SELECT", "EXAMINE":
		g.selected = ok
	case "STARTTLS":
		g.encrypted = g.encrypted || ok
	case "CLOSE", "UNSELECT":
		g.selected = g.selected && !ok
	}
	if !g.selected {
		g.messages = 0
	}
}

// enabled reports whether an answer to ENABLE turned rev2 on.
func enabled(caps imap.Capabilities) bool { return caps.Has(imap.CapIMAP4rev2) }
