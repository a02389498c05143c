package pop3wire

import (
	"strings"

	"github.com/mailwire/mailwire/imapwire/engine"
)

// A UTF8 is the command UTF8, RFC 6856 §2.1.
type UTF8 struct{}

// A Lang is LANG, RFC 6856 §3.2.
type Lang struct {
	// Range is a basic language range of RFC 4647, as it came: "de",
	// "en-boont", or "*" for the one that the server prefers. Empty asks for
	// the list.
	Range string
}

// Verb implements Command.
func (*UTF8) Verb() string { return "UTF8" }

// Verb implements Command.
func (*Lang) Verb() string { return "LANG" }

func (*UTF8) encode(b []byte) ([]byte, error) { return b, nil }

// lang           = "LANG" [SP language-range]
// language-range = (1*8ALPHA *("-" 1*8alphanum)) / "*"
func parseLang(c *cursor) Command {
	l := &Lang{}
	if !c.accept(' ') {
		return l
	}
	l.Range = string(c.b[c.pos:])
	if n := languageLen(l.Range); n < len(l.Range) || n == 0 {
		c.failAt(c.pos+n, "language-range", `a language tag or "*"`)
	}
	c.pos = len(c.b)
	return l
}

func (l *Lang) encode(b []byte) ([]byte, error) {
	if l.Range == "" {
		return b, nil
	}
	if languageLen(l.Range) != len(l.Range) {
		return nil, failEncode("%q is not a language range", cut(l.Range))
	}
	return append(append(b, ' '), l.Range...), nil
}

// languageLen returns how much of s is a basic language range.
func languageLen(s string) int {
	if s == "*" {
		return 1
	}
	k, part := engine.Alpha, 0
	for i := 0; i < len(s); i++ {
		switch {
		case k.Is(s[i]) && part < 8:
			part++
		case s[i] == '-' && part > 0 && i+1 < len(s):
			k, part = engine.Alpha|engine.Digit, 0
		default:
			return i
		}
	}
	return len(s)
}

// A Language is a language that a server has, RFC 6856 §3.2: a line of the
// response to LANG, or the status of a LANG that chose it.
type Language struct {
	Tag string // of RFC 5646
	// Text is the name of the language in itself, or in a status any text in
	// it. UTF-8; it may be empty.
	Text string
}

// ParseLanguage reads a line of the response to LANG, or the text of a status.
// The error is a [*engine.SyntaxError].
//
//	language-listing = language-tag [SP *CHAR]
func ParseLanguage(line []byte) (Language, error) {
	c := cursor{b: line}
	tag, _, _ := strings.Cut(string(line), " ")
	if n := languageLen(tag); n < len(tag) || n == 0 || tag == "*" {
		c.failAt(n%max(len(tag), 1), "language-listing", "a language tag")
		return Language{}, c.err
	}
	c.pos = len(tag)
	l := Language{Tag: tag}
	if c.accept(' ') {
		l.Text = c.rest("language-listing")
	}
	return l, c.err
}

func (l *Language) appendLine(b []byte) ([]byte, error) {
	if l.Tag == "" || l.Tag == "*" || languageLen(l.Tag) != len(l.Tag) {
		return nil, failEncode("%q is not a language tag", cut(l.Tag))
	}
	b = append(b, l.Tag...)
	if l.Text == "" {
		return b, nil
	}
	return append(append(b, ' '), l.Text...), lineOctets("a description", l.Text)
}
