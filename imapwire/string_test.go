package imapwire

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/mailwire/mailwire/imapwire/imap"
)

// Invariant 6: every form of a string means the same.
func TestStringForms(t *testing.T) {
	for _, forms := range [][]string{
		{"abc", `"abc"`, "{3}\r\nabc", "{3+}\r\nabc", `"\a`[:1] + `abc"`},
		{`""`, "{0}\r\n", "{0+}\r\n"},
		{`"a\"b\\c"`, "{5}\r\na\"b\\c", "{0005+}\r\na\"b\\c"},
		{`"a b"`, "{3}\r\na b"},
		{`nil`, `"nil"`, "{3}\r\nnil"},
		{"a]b", `"a]b"`},
		{"\"a\tb\x7f\"", "{4}\r\na\tb\x7f"},
	} {
		want := mustParse(t, "A1 DELETE "+forms[0]+"\r\n", ParseOptions{})
		for _, form := range forms[1:] {
			if d := cmp.Diff(want, mustParse(t, "A1 DELETE "+form+"\r\n", ParseOptions{})); d != "" {
				t.Errorf("%q: %s", form, d)
			}
		}
	}
	want := &ID{Fields: []IDField{{"a", imap.String("")}, {"b", imap.NString{}}, {"c", imap.String("NIL")}}}
	if d := cmp.Diff(Command(want), mustParse(t, "A1 ID (\"a\" {0}\r\n \"b\" nil \"c\" \"NIL\")\r\n", ParseOptions{})); d != "" {
		t.Error(d)
	}
}

func TestQuotedUTF8(t *testing.T) {
	frame := "A1 DELETE \"Entw\xc3\xbcrfe \xf0\x9f\x93\xac\"\r\n"
	if _, _, err := ParseCommand([]byte(frame), ParseOptions{}); err == nil {
		t.Error("8-bit octets in quotes pass without UTF8")
	}
	got := mustParse(t, frame, ParseOptions{UTF8: true})
	want := &Delete{Mailbox: "Entwürfe 📬"}
	if d := cmp.Diff(Command(want), got); d != "" {
		t.Error(d)
	}
	if b := mustAppend(t, want, CommandOptions{UTF8: true}); b != frame {
		t.Errorf("encoded as %q", b)
	}
	if b := mustAppend(t, want, CommandOptions{}); b != "A1 DELETE {14}\r\nEntwürfe 📬\r\n" {
		t.Errorf("encoded as %q", b)
	}
	for _, bad := range []string{"\xff", "\xc3", "\xc0\x80", "\xed\xa0\x80", "\xf5\x80\x80\x80", "\x00", "a\xc3\"\""} {
		if _, _, err := ParseCommand([]byte("A1 DELETE \""+bad+"\"\r\n"), ParseOptions{UTF8: true}); err == nil {
			t.Errorf("%q passes", bad)
		}
	}
	// In a literal any octet but NUL may stand.
	mustParse(t, "A1 DELETE {3}\r\n\xff\r\n\r\n", ParseOptions{})
}

// Every string that is no error in an astring comes back, octet by octet.
func TestEveryOctetInStrings(t *testing.T) {
	for i := range 256 {
		for _, s := range []string{string([]byte{byte(i)}), "a" + string([]byte{byte(i)}), string([]byte{byte(i)}) + "{3}"} {
			for _, utf := range []bool{false, true} {
				b, _, err := AppendCommand(nil, "A1", &Select{Mailbox: s}, CommandOptions{UTF8: utf})
				if i == 0 {
					if err == nil {
						t.Errorf("NUL passes: %q", b)
					}
					continue
				}
				if err != nil {
					t.Fatal(err)
				}
				if quoted := strings.Contains(string(b), `"`) && i != '"'; quoted && !utf8.ValidString(s) {
					t.Errorf("%q in quotes", s)
				}
				got := mustParse(t, string(b), ParseOptions{UTF8: utf})
				if got.(*Select).Mailbox != s {
					t.Errorf("%q: %q", s, b)
				}
			}
		}
	}
}
