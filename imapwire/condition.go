package imapwire

import (
	"strings"
	"unicode/utf8"
)

// A Condition is the word that starts a status response, RFC 9051 §7.1.
type Condition uint8

const (
	_ Condition = iota
	// OK: done, or information.
	OK
	// NO: the command failed, or a warning.
	NO
	// BAD: the command was not understood, or a protocol error.
	BAD
	// BYE: the server ends the connection. Never tagged.
	BYE
	// PREAUTH: a greeting to a client that is authenticated already.
	PREAUTH
)

// A StatusCondition is a word, a code and a text: what a command ends with.
type StatusCondition struct {
	Condition Condition
	Code      Code // nil: none
	// Text is for people, one line. The encoder drops what does not belong in
	// a line and sees that it never starts like a code. What came from a peer
	// may hold any octet but NUL, CR and LF: see [engine.Display].
	Text string
}

// A StatusResponse is a status response: tagged, or untagged with Tag empty.
type StatusResponse struct {
	Tag string
	StatusCondition
}

func (*StatusResponse) response() {}

var conditionWords = [...]string{OK: "OK", NO: "NO", BAD: "BAD", BYE: "BYE", PREAUTH: "PREAUTH"}

// String returns the word.
func (c Condition) String() string {
	if c == 0 || int(c) >= len(conditionWords) {
		return "invalid"
	}
	return conditionWords[c]
}

func conditionOf(word string) Condition {
	switch word {
	case "OK":
		return OK
	case "NO":
		return NO
	case "BAD":
		return BAD
	case "BYE":
		return BYE
	case "PREAUTH":
		return PREAUTH
	}
	return 0
}

// resp-cond-state = ("OK" / "NO" / "BAD") SP resp-text
func (c *cursor) condition() Condition {
	if c.err != nil {
		return 0
	}
	return conditionOf(string(c.word("resp-cond-state")))
}

// resp-text = ["[" resp-text-code "]" SP] [text]
//
// Servers end a line right behind the word, or behind the code; both are empty
// text. A "[" whose code is never closed is text.
func (c *cursor) respText(cond Condition) StatusCondition {
	s := StatusCondition{Condition: cond}
	if c.atEnd() && c.tolerate(TolerateMissingText) {
		c.crlf("resp-text")
		return s
	}
	if !c.accept(' ') {
		c.fail("resp-text", "a space")
	}
	if i := c.pos; c.peek() == '[' {
		s.Code = c.respTextCode()
		switch {
		case c.err != nil:
		case s.Code == nil:
			if !c.tolerateAt(TolerateUnclosedCode, i) {
				c.failAt(i, "resp-text-code", "a code and the bracket behind it")
			}
		case !c.accept(' ') && !(c.atEnd() && c.tolerate(TolerateMissingText)):
			c.fail("resp-text", "a space behind the code")
		}
	}
	s.Text = c.text1()
	return s
}

// maxText is how many octets of text a status response carries.
const maxText = 512

// respText appends code and text. The text is cut to one line of UTF-8: other
// octets, controls among them, become spaces, and characters beyond ASCII
// become "?" unless UTF-8 is enabled (RFC 9051 §9, text); what would start like
// a code gets "-" before it; and nothing becomes a word, since the grammar wants
// one.
func (e *encoder) respText(s StatusCondition) {
	e.sp()
	if s.Code != nil {
		e.byte('[')
		e.code(s.Code)
		e.raw("] ")
	}
	text := cleanText(s.Text, e.utf8)
	if text == "" {
		text = s.Condition.String()
	}
	if u, is := s.Code.(*CodeUnknown); is && strings.ContainsAny(u.Args, `("`) {
		// A list or a string that the code leaves open could end in the text, and the
		// code with it.
		text = strings.ReplaceAll(text, "]", ")")
	}
	// What is added counts, or a text that is written again would be cut again.
	if s.Code == nil && text[0] == '[' {
		text = cleanText("-"+text, e.utf8)
	}
	if announcesLiteral(text) {
		text = text[:min(len(text), maxText-1)] + "."
	}
	e.raw(text)
}

func cleanText(s string, utf8Text bool) string {
	s = s[:min(len(s), maxText)]
	clean := true
	for i := 0; i < len(s); i++ {
		if s[i] < ' ' || s[i] >= 0x7f {
			clean = false
		}
	}
	if !clean {
		s = strings.Map(func(r rune) rune {
			if r < ' ' || r == 0x7f || r >= 0x80 && r < 0xa0 || r == utf8.RuneError {
				return ' '
			}
			if r >= utf8.RuneSelf && !utf8Text {
				return '?'
			}
			return r
		}, s)
	}
	return strings.TrimSpace(s)
}

// status-response = (tag / "*") SP resp-cond-state CRLF
func (e *encoder) statusResponse(r *StatusResponse) {
	if r.Tag == "" {
		e.byte('*')
	} else {
		e.tag(r.Tag)
		if r.Condition == BYE || r.Condition == PREAUTH {
			e.fail("%s with a tag", r.Condition)
		}
	}
	e.sp()
	if r.Condition == 0 || int(r.Condition) >= len(conditionWords) {
		e.fail("condition %d is none", r.Condition)
		return
	}
	e.raw(conditionWords[r.Condition])
	e.respText(r.StatusCondition)
}
