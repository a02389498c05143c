package imap_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"

	"github.com/mailwire/mailwire/imapwire/imap"
)

// mailboxNames are names with their one form in modified UTF-7.
var mailboxNames = []struct{ name, wire string }{
	{"", ""},
	{"INBOX", "INBOX"},
	{" ~\\\"%*{", " ~\\\"%*{"},
	{"-", "-"},
	{"&", "&-"},
	{"&&", "&-&-"},
	{"a&b", "a&-b"},
	{"&-", "&--"},
	{"Entwürfe", "Entw&APw-rfe"},
	{"é-", "&AOk--"},
	{"ü&ü", "&APw-&-&APw-"},
	{"&ü", "&-&APw-"},
	{"台北", "&U,BTFw-"},
	{"~peter/mail/台北/日本語", "~peter/mail/&U,BTFw-/&ZeVnLIqe-"},
	{"😀", "&2D3eAA-"},
	{"\U00010000", "&2ADcAA-"},
	{"\U0010FFFF", "&2,,f,w-"},
	{"é😀é", "&AOnYPd4AAOk-"},
	{"\uD7FF\uE000", "&1,,gAA-"},
	{"\uFFFD", "&,,0-"},
	{"\uFFFF", "&,,8-"},
	{"\x00", "&AAA-"},
	{"a\tb", "a&AAk-b"},
	{"\r\n", "&AA0ACg-"},
	{"\x1f \x7f", "&AB8- &AH8-"},
}

// wrongMailboxNames are octets that no name has for its modified UTF-7.
var wrongMailboxNames = []struct{ wire, why string }{
	{"&", "unterminated shift"},
	{"a&", "unterminated shift"},
	{"&AOk", "unterminated shift"},
	{"&AAA", "unterminated shift"},
	{"&AOk ", "unterminated shift"},
	{"&AOk &-", "octet that is no base64"},
	{"&A&AOk-", "shift inside a shift"},
	{"&BBAEMQQyACYEMwQ0BDU-", "encoded ampersand"},
	{"&AEA-", "encoded at sign"},
	{"&ACA-", "encoded space"},
	{"&AH4-", "encoded tilde"},
	{"&AC8-&AC8-", "encoded solidus"},
	{"&AOkAYQ-", "encoded letter inside a shift"},
	{"&A-", "six bits"},
	{"&AO-", "twelve bits"},
	{"&AE-", "twelve bits"},
	{"&AOkA-", "eight bits too many"},
	{"&AOkAA-", "six bits too many"},
	{"&AOl-", "odd bits not zero"},
	{"&AOkA6R-", "odd bits not zero"},
	{"&2D0-", "high surrogate at the end"},
	{"&2D0A6Q-", "high surrogate before a letter"},
	{"&2D3YPQ-", "two high surrogates"},
	{"&3gA-", "low surrogate"},
	{"&3gDYPQ-", "surrogates the wrong way round"},
	{"&AOk-&AOk-", "two shifts in a row"},
	{"a&AOk-&AOk-b", "two shifts in a row"},
	{"&AOk-&", "unterminated shift"},
	{"&AO/-", "solidus of ordinary base64"},
	{"&U/BTFw-", "solidus of ordinary base64"},
	{"&====-", "padding"},
	{"&AOk=-", "padding"},
	{"&\r-", "line end, which package base64 passes over"},
	{"&\n\r-", "line end, which package base64 passes over"},
	{"&AO\nk-", "line end, which package base64 passes over"},
	{"ü", "octets above 0x7E"},
	{"&AOk-ü", "octets above 0x7E"},
	{"\x7f", "DEL"},
	{"a\tb", "control"},
	{"\x00", "NUL"},
}

// TestMailboxName: threat I9. What is canonical modified UTF-7 stands for a
// name, and nothing else does.
func TestMailboxName(t *testing.T) {
	for _, tt := range mailboxNames {
		if got := imap.EncodeMailbox(tt.name, false); got != tt.wire {
			t.Errorf("%q: %q, want %q", tt.name, got, tt.wire)
		}
		if got, err := imap.DecodeMailbox(tt.wire, false); got != tt.name || err != nil {
			t.Errorf("%q: %q, %v; want %q", tt.wire, got, err, tt.name)
		}
		if got := imap.EncodeMailbox(tt.name, true); got != tt.name {
			t.Errorf("%q in UTF-8: %q", tt.name, got)
		}
		if got, err := imap.DecodeMailbox(tt.name, true); got != tt.name || err != nil {
			t.Errorf("%q in UTF-8: %q, %v", tt.name, got, err)
		}
		if got := imap.DisplayMailbox(tt.wire, false); got != tt.name {
			t.Errorf("%q shows as %q", tt.wire, got)
		}
	}
	for _, tt := range wrongMailboxNames {
		if got, err := imap.DecodeMailbox(tt.wire, false); err != imap.ErrMailboxName || got != "" {
			t.Errorf("%q, %s: %q, %v", tt.wire, tt.why, got, err)
		}
		if got := imap.DisplayMailbox(tt.wire, false); got != tt.wire {
			t.Errorf("%q, %s: shows as %q", tt.wire, tt.why, got)
		}
	}
}

// TestMailboxNameUTF8: octets that are not UTF-8 are no name, and become the
// same name in either form.
func TestMailboxNameUTF8(t *testing.T) {
	for in, want := range map[string]string{
		"\xff":                      "\uFFFD",
		"a\xff\xfeb":                "a\uFFFDb",
		"\xc3":                      "\uFFFD",
		"\xed\xa0\x80":              "\uFFFD", // a surrogate
		"\xc0\xaf":                  "\uFFFD", // an overlong solidus
		"é\xffé":                    "é\uFFFDé",
		"\xf4\x90\x80\x80&":         "\uFFFD&", // beyond U+10FFFF
		"a\xff" + "b" + "\xfe" + "": "a\uFFFDb\uFFFD",
	} {
		if got, err := imap.DecodeMailbox(in, true); err != imap.ErrMailboxName || got != "" {
			t.Errorf("%q: %q, %v", in, got, err)
		}
		if got := imap.EncodeMailbox(in, true); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
		if got, err := imap.DecodeMailbox(imap.EncodeMailbox(in, false), false); got != want || err != nil {
			t.Errorf("%q in modified UTF-7: %q, %v; want %q", in, got, err, want)
		}
		if got := imap.DisplayMailbox(in, true); got != want {
			t.Errorf("%q shows as %q, want %q", in, got, want)
		}
	}
}

func TestIsInbox(t *testing.T) {
	for name, want := range map[string]bool{"INBOX": true, "inBox": true, "": false, "INB": false, "INBOX2": false, "ınbox": false, "INBOX/a": false} {
		if imap.IsInbox(name) != want {
			t.Errorf("%q: %v", name, !want)
		}
	}
}

// checkMailboxName holds s to invariant 11 as a wire form and as a name: only
// what encodes to the same octets decodes, and what is encoded decodes to what
// it was.
func checkMailboxName(t interface{ Fatalf(string, ...any) }, s string) {
	for _, utf8Names := range []bool{false, true} {
		if name, err := imap.DecodeMailbox(s, utf8Names); err == nil {
			if back := imap.EncodeMailbox(name, utf8Names); back != s || !utf8.ValidString(name) {
				t.Fatalf("%q decodes to %q, which is %q", s, name, back)
			}
		} else if name != "" {
			t.Fatalf("%q decodes to %q and %v", s, name, err)
		}
		want := strings.ToValidUTF8(s, "\uFFFD")
		wire := imap.EncodeMailbox(s, utf8Names)
		if got, err := imap.DecodeMailbox(wire, utf8Names); err != nil || got != want {
			t.Fatalf("%q encodes to %q, which is %q, %v", s, wire, got, err)
		}
		if !utf8Names && strings.ContainsFunc(wire, func(r rune) bool { return r < 0x20 || r > 0x7e }) {
			t.Fatalf("%q encodes to %q", s, wire)
		}
		if !utf8.ValidString(imap.DisplayMailbox(s, utf8Names)) {
			t.Fatalf("%q shows as %q", s, imap.DisplayMailbox(s, utf8Names))
		}
	}
}

// TestMailboxNameForms draws from pieces that make near misses likely.
func TestMailboxNameForms(t *testing.T) {
	piece := rapid.OneOf(
		rapid.SampledFrom([]string{"&", "-", "&-", "A", "AOk", "&AOk-", "&AOkA6Q-", "2D3eAA", "2D0", "3gA", "AGE", ",", "/", "+", "=", "a", "é", "\n", "\x00", "\xff"}),
		rapid.StringMatching(`&[A-P][A-Za-z0-9+,]{1,6}-`),
	)
	rapid.Check(t, func(t *rapid.T) {
		checkMailboxName(t, strings.Join(rapid.SliceOfN(piece, 0, 6).Draw(t, "pieces"), ""))
		checkMailboxName(t, rapid.String().Draw(t, "name"))
	})
}

// TestMailboxNameShort tries every shift of up to three digits, and every octet
// by itself and within a shift.
func TestMailboxNameShort(t *testing.T) {
	const digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+,"
	decoded := 0
	for a := range len(digits) {
		checkMailboxName(t, "&"+digits[a:a+1]+"-")
		for b := range len(digits) {
			checkMailboxName(t, "&"+digits[a:a+1]+digits[b:b+1]+"-")
			for c := range len(digits) {
				wire := "&" + digits[a:a+1] + digits[b:b+1] + digits[c:c+1] + "-"
				checkMailboxName(t, wire)
				if _, err := imap.DecodeMailbox(wire, false); err == nil {
					decoded++
				}
			}
		}
	}
	// One character of 16 bits: all but the surrogates and printable ASCII.
	if want := 1<<16 - 2048 - 95; decoded != want {
		t.Errorf("%d shifts of three digits decode, want %d", decoded, want)
	}
	for c := range 256 {
		checkMailboxName(t, string([]byte{byte(c)}))
		checkMailboxName(t, "&AO"+string([]byte{byte(c)})+"k-")
	}
}
