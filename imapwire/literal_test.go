package imapwire

import (
	"strings"
	"testing"

	"github.com/mailwire/mailwire/imapwire/imap"
)

// TestLiteralPolicy: threat I3. A literal that does not wait is written only
// where the server has announced that it takes it, and of no more octets.
func TestLiteralPolicy(t *testing.T) {
	small, large := strings.Repeat("ä", 2048), strings.Repeat("ä", 2048)+"x"
	for _, row := range []struct {
		policy LiteralPolicy
		s      string
		head   string
		stops  int
	}{
		{LiteralSync, "ä", "{2}", 1},
		{LiteralMinus, "ä", "{2+}", 0},
		{LiteralMinus, small, "{4096+}", 0},
		{LiteralMinus, large, "{4097}", 1},
		{LiteralPlus, large, "{4097+}", 0},
	} {
		b, stops, err := AppendCommand(nil, "A1", &Delete{Mailbox: row.s}, CommandOptions{Literals: row.policy})
		if err != nil || len(stops) != row.stops || string(b) != "A1 DELETE "+row.head+"\r\n"+row.s+"\r\n" {
			t.Errorf("%d %s: %.40q, %v, %v", row.policy, row.head, b, stops, err)
		}
	}
}

var literalRules = []ruleTable{
	command("literal", "APPEND x %s", appended,
		k("{3}\r\nabc", "abc"), k("{3+}\r\nabc", "abc", "{3}\r\nabc"), k("{0}\r\n", ""), k("{2}\r\n\r\n", "\r\n"), k("{0002}\r\n\xff{", "\xff{", "{2}\r\n\xff{"),
	).but("{3}\r\nab", "{3}\r\nabcd", "{}\r\n", "{-1}\r\n", "{+3}\r\nabc", "{3++}\r\nabc", "{3}abc", "{3}\nabc", "{1}\r\n\x00", "{9223372036854775808}\r\n", "(3)\r\nabc"),
	command("literal", "DELETE %s", deleteMailbox, k("{3}\r\na\nb", "a\nb"), k("{3+}\r\na\nb", "a\nb", "{3}\r\na\nb")).but("{2}\r\na\nb"),
	response("literal", "* 1 FETCH (BODY[] %s)", func(s string) Response {
		return &FetchData{Num: 1, Sections: []SectionData{{Name: SectionBody, Content: Content{Valid: true, Data: s}}}}
	}, k("{3}\r\nabc", "abc"), k("{0}\r\n", ""), k("{4}\r\n)\r\n*", ")\r\n*")).but("{4}\r\nabc", "{}\r\n"),
	command("literal8", "APPEND x %s", appendedBinary, k("~{3}\r\na\x00c", "a\x00c"), k("~{0}\r\n", ""), k("~{1+}\r\n\xff", "\xff", "~{1}\r\n\xff")).but("~{3}\r\nab", "~3\r\nabc", "~ {1}\r\na", "~{1}a"),
	response("literal8", "* 1 FETCH (BINARY[1] %s)", func(s string) Response {
		return &FetchData{Num: 1, Sections: []SectionData{{Name: SectionBinary, Section: imap.Section{Part: []uint32{1}}, Content: Content{Valid: true, Data: s, Binary: true}}}}
	}, k("~{2}\r\n\x00)", "\x00)"), k("~{0}\r\n", "")),
}

// TestBareLiteral: a literal of a response that was announced with a bare LF
// comes out with the line end that the grammar has.
func TestBareLiteral(t *testing.T) {
	r, err := ParseResponse([]byte("* X {2}\nab ({1}\nc)\r\n"), ParseOptions{})
	if err != nil {
		t.Fatal(err)
	}
	b, err := AppendResponse(nil, r, ResponseOptions{})
	if want := "* X {2}\r\nab ({1}\r\nc)\r\n"; err != nil || string(b) != want {
		t.Errorf("%q, want %q: %v", b, want, err)
	}
	if b, _, err := AppendCommand(nil, "a", &UnknownCommand{Name: "X", Args: " {2}\nab"}, CommandOptions{}); err == nil {
		t.Errorf("a command: %q", b)
	}
}
