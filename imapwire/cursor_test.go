package imapwire

import (
	"strings"

	"github.com/mailwire/mailwire/imapwire/engine"
	"github.com/mailwire/mailwire/imapwire/imap"
)

// The classes as RFC 9051 §9 writes them, apart from the table of package
// engine.
func isChar(c byte) bool     { return c >= 1 && c <= 0x7f }
func isCTL(c byte) bool      { return c < 0x20 || c == 0x7f }
func isTextChar(c byte) bool { return isChar(c) && c != '\r' && c != '\n' }
func isAtomChar(c byte) bool {
	return isChar(c) && !isCTL(c) && !strings.ContainsRune(`(){ %*"\]`, rune(c))
}

func storeFlag(s string) Command {
	return &Store{Set: imap.SetOf(1), Op: StoreReplace, Flags: []imap.Flag{imap.Flag(s)}}
}

func storeNamed(s string) Command { return storeFlag("a" + s + "b") }

func deleteMailbox(s string) Command { return &Delete{Mailbox: s} }

func idName(s string) Command { return &ID{Fields: []IDField{{Name: s}}} }

func appended(s string) Command {
	return &Append{Mailbox: "x", Messages: []AppendMessage{literalMessage(s)}}
}

func appendedBinary(s string) Command {
	m := literalMessage(s)
	m.Binary = true
	return &Append{Mailbox: "x", Messages: []AppendMessage{m}}
}

func authInitial(s string) Command {
	return &Authenticate{Mechanism: "X", Initial: engine.Secret(s), HasInitial: true}
}

func okText(s string) Response {
	return &StatusResponse{StatusCondition: StatusCondition{Condition: OK, Text: s}}
}

var characterRules = []ruleTable{
	characters("ATOM-CHAR", "STORE 1 FLAGS (%s)", storeFlag, isAtomChar),
	characters("ATOM-CHAR", "STORE 1 FLAGS (a%sb)", storeNamed, func(c byte) bool { return isAtomChar(c) }).exceptSpace(),
	characters("ASTRING-CHAR", "DELETE %s", deleteMailbox, func(c byte) bool { return isAtomChar(c) || c == ']' }),
	characters("list-char", `LSUB "" %s`, func(s string) Command { return &LSub{Pattern: s} }, func(c byte) bool { return isAtomChar(c) || strings.IndexByte("]%*", c) >= 0 }),
	characters("list-wildcards", `LSUB "" %sa`, func(s string) Command { return &LSub{Pattern: s + "a"} }, func(c byte) bool { return c == '%' || c == '*' }).onlyRows(),
	characters("CHAR", `ID ("%s" NIL)`, idName, func(c byte) bool { return isTextChar(c) && c != '"' && c != '\\' }),
	characters("TEXT-CHAR", `ID ("%s" NIL)`, idName, func(c byte) bool { return isTextChar(c) && c != '"' && c != '\\' }),
	characters("QUOTED-CHAR", `ID ("%s" NIL)`, idName, func(c byte) bool { return isTextChar(c) && c != '"' && c != '\\' }),
	characters("QUOTED-CHAR", `ID ("a\%s" NIL)`, func(s string) Command { return idName("a" + s) }, func(c byte) bool { return c == '"' || c == '\\' }),
	characters("quoted-specials", `ID ("\%sa" NIL)`, func(s string) Command { return idName(s + "a") }, func(c byte) bool { return c == '"' || c == '\\' }),
	characters("CHAR8", "APPEND x {1}\r\n%s", appended, func(c byte) bool { return c != 0 }),
	characters("OCTET", "APPEND x ~{1}\r\n%s", appendedBinary, func(byte) bool { return true }),
	characters("CTL", `ID ("a%sb" NIL)`, func(s string) Command { return idName("a" + s + "b") }, func(c byte) bool { return isCTL(c) && isTextChar(c) }).onlyRows(),
	command("CTL", "DELETE %s", deleteMailbox).but("\x01", "\t", "\x1f", "\x7f", "a\x00"),
	characters("ALPHA", "SELECT x (%s)", func(s string) Command { return &Select{Mailbox: "x", Params: []string{s}} }, func(c byte) bool {
		return c >= 'A' && c <= 'Z' || strings.IndexByte("-_.", c) >= 0
	}).foldCase(),
	characters("DIGIT", "SEARCH LARGER %s", func(s string) Command { return search1(&imap.SearchSize{Size: int64(s[0] - '0')}) }, func(c byte) bool { return c >= '0' && c <= '9' }),
	characters("digit-nz", "SEARCH OLDER %s", func(s string) Command { return search1(&imap.SearchWithin{Seconds: uint32(s[0] - '0')}) }, func(c byte) bool { return c >= '1' && c <= '9' }),
	characters("base64-char", "AUTHENTICATE X AA%sA", func(s string) Command {
		const digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
		v := strings.IndexByte(digits, s[0]) // six bits: four end the second octet, two begin the third
		return authInitial(string([]byte{0, byte(v >> 2), byte(v << 6)}))
	}, func(c byte) bool {
		return c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c == '+' || c == '/'
	}),
	command("base64", "AUTHENTICATE X %s", authInitial,
		k("AAEC", "\x00\x01\x02"), k("AAECAwQF", "\x00\x01\x02\x03\x04\x05"), k("AAECAw==", "\x00\x01\x02\x03"), k("AAECAwQ=", "\x00\x01\x02\x03\x04"),
	).but("A", "AA", "AAE", "AA=", "A===", "AAEC=", "====", "AA==AAEC", "AAEC AAEC", "AAEC\r\nAAEC", "AAEC-_"),
	command("base64-terminal", "AUTHENTICATE X %s", authInitial, k("AA==", "\x00"), k("//8=", "\xff\xff")).but("AB==", "AAB=", "A=", "AA=A"),
	command("initial-resp", "AUTHENTICATE X %s", authInitial, k("=", ""), k("AA==", "\x00")).but("", "==", `"AA=="`),
	command("SP", "DELETE%sx", deleteMailbox, k(" ", "x")).but("", "  ", "\t", "\u00a0"),
	command("CRLF", "APPEND x {1}%sa", appended, k("\r\n", "a")).but("", "\r", "\n", "\n\r", " \r\n", "\r\r\n"),
	command("DQUOTE", `ID (%sa" NIL)`, idName, k(`"`, "a")).but("", "'", "`", `""`),
	command("atom", "STORE 1 FLAGS (%s)", func(s string) Command { return storeFlag(s) },
		k("a", "a"), k("NIL", "NIL"), k("1", "1"), k("!#$&'+,-./09:;<=>?@AZ[^_`az|}~", "!#$&'+,-./09:;<=>?@AZ[^_`az|}~"),
	).but("a(b", "a]", "a{1}", `a"`, `a\b`, "a%", "a*", "{1}\r\na", "a\x7f", "ä"),
	command("atom-specials", "STORE 1 FLAGS (%s)", storeFlag, k("a", "a")).but("(", ")", "{", "%", "*", `"`, "]", "a(", "a)b", "a{", "a%", "a*", `a"`, `a\`, "a]", "\x00", "\x1f", "\x7f"),
	command("resp-specials", "DELETE a%sb", func(s string) Command { return deleteMailbox("a" + s + "b") }, k("]", "]")),
	command("resp-specials", "STORE 1 FLAGS (%s)", storeFlag).but("]", "a]"),
	response("tag", "%s OK x", func(s string) Response {
		return &StatusResponse{Tag: s, StatusCondition: StatusCondition{Condition: OK, Text: "x"}}
	}, k("a1", "a1"), k("]", "]"), k("!#$&',-./:;<=>?@[^_`|}~", "!#$&',-./:;<=>?@[^_`|}~"), k(strings.Repeat("t", 128), strings.Repeat("t", 128)),
	).but("", "a+", "a b", "(", "a*", "%", `"a"`, `\a`, "{1}", strings.Repeat("t", 129)),
	response("text", "* OK %s", okText, k("a", "a"), k(`a"b\c{d (e) %*`, `a"b\c{d (e) %*`), k("a]b[c", "a]b[c")).but("a\rb", "a\nb", "a\x00"),
	response("text", "* OK %s", okText, k("ü ж 漢 😀", "ü ж 漢 😀")).rev2(),
	command("UTF8-2", `DELETE "a%s"`, func(s string) Command { return deleteMailbox("a" + s) }, k("\u0080", "\u0080"), k("\u07ff", "\u07ff")).rev2().but("\xc1\x81", "\xc2", "\xdf", "\x80"),
	command("UTF8-3", `DELETE "a%s"`, func(s string) Command { return deleteMailbox("a" + s) }, k("\u0800", "\u0800"), k("\ud7ff", "\ud7ff"), k("\ue000", "\ue000"), k("\uffff", "\uffff")).rev2().but("\xe0\x9f\xbf", "\xed\xa0\x80", "\xed\xbf\xbf", "\xe2\x82"),
	command("UTF8-4", `DELETE "a%s"`, func(s string) Command { return deleteMailbox("a" + s) }, k("\U00010000", "\U00010000"), k("\U0010ffff", "\U0010ffff")).rev2().but("\xf0\x8f\xbf\xbf", "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xff"),
	command("UTF8-CHAR", `DELETE "%s"`, deleteMailbox, k(" ", " "), k("é", "é"), k("漢", "漢"), k("😀", "😀")).rev2(),
	command("UTF8-CHAR", `DELETE "%s"`, deleteMailbox).but("é", "漢", "😀"),
}

// exceptSpace drops the refusal of what would end the word and begin another.
func (t ruleTable) exceptSpace() ruleTable {
	var bad []string
	for _, s := range t.bad {
		if s != " " {
			bad = append(bad, s)
		}
	}
	t.bad = bad
	return t
}

// onlyRows drops the refusals: what is not of the rule is of another one.
func (t ruleTable) onlyRows() ruleTable {
	t.bad = nil
	return t
}

// foldCase moves lower case letters from what is refused to what is read as
// upper case.
func (t ruleTable) foldCase() ruleTable {
	var bad []string
	for _, s := range t.bad {
		i := -1
		for j, row := range t.rows {
			if s >= "a" && s <= "z" && row.in == strings.ToUpper(s) {
				i = j
			}
		}
		if i < 0 {
			bad = append(bad, s)
		} else {
			t.rows = append(t.rows, ruleRow{s, t.rows[i].value, t.rows[i].in})
		}
	}
	t.bad = bad
	return t
}
