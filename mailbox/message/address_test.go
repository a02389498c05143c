package message

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/mailwire/mailwire/imapwire/imap"
)

// addressTests read as addressText writes.
var addressTests = []struct {
	in   string
	want []string
}{
	{"", nil},
	{" \t\r\n ", nil},
	{",", nil},
	{"a@b.example", []string{`"a" @ "b.example"`}},
	{"<a@b.example>", []string{`"a" @ "b.example"`}},
	{"Ada <a@b.example>", []string{`"a" @ "b.example" name "Ada"`}},
	{"Ada B. Example <a@b.example>", []string{`"a" @ "b.example" name "Ada B. Example"`}},
	{`"Ada, Example" <a@b.example>`, []string{`"a" @ "b.example" name "Ada, Example"`}},
	{`"Ada \"x\" \\ Example" <a@b.example>`, []string{`"a" @ "b.example" name "Ada \"x\" \\ Example"`}},
	{`"" <a@b.example>`, []string{`"a" @ "b.example"`}},
	{`"Ada"Example<a@b.example>`, []string{`"a" @ "b.example" name "AdaExample"`}},
	{"a@b.example (Ada (the first))", []string{`"a" @ "b.example" name "Ada (the first)"`}},
	{"a@[ 192.0.2.1\t]", []string{`"a" @ "[192.0.2.1]"`}},
	{"a@[192.0.2.1, b@[x, c@d.example", []string{`"a" @ "[192.0.2.1"`, `"b" @ "[x"`, `"c" @ "d.example"`}},
	{`a@b.example (Ada \(the first\) \\)`, []string{`"a" @ "b.example" name "Ada (the first) \\"`}},
	{"<,@x.example,,@y.example, :a@b.example>", []string{`"a" @ "b.example" route "@x.example,@y.example"`}},
	{"<@x . example (hub): a@b.example>", []string{`"a" @ "b.example" route "@x.example"`}},
	{"<@x.example,a@b.example>", []string{`"" @ "x.example"`, `"a" @ "b.example"`}},
	{"a@b.example: c@d.example", []string{`"a" @ "b.example"`, `"c" @ "d.example"`}},
	{"(Ada) a@b.example", []string{`"a" @ "b.example" name "Ada"`}},
	{"<a@b.example> (Ada)", []string{`"a" @ "b.example" name "Ada"`}},
	{"Bob <a@b.example> (Ada)", []string{`"a" @ "b.example" name "Bob"`}},
	{"Bob (Ada) <a@b.example>", []string{`"a" @ "b.example" name "Bob"`}},
	{"a(x)@(y)b(z).(z)example", []string{`"a" @ "b.example" name "x"`}},
	{"a . b @ c . example", []string{`"a.b" @ "c.example"`}},
	{`"a b"@c.example`, []string{`"a b" @ "c.example"`}},
	{`"a b".c@d.example`, []string{`"a b.c" @ "d.example"`}},
	{"a@[192.0.2.1], b@[IPv6:2001:db8::1]", []string{`"a" @ "[192.0.2.1]"`, `"b" @ "[IPv6:2001:db8::1]"`}},
	{"a@[unclosed, b@c", []string{`"a" @ "[unclosed"`, `"b" @ "c"`}},
	{"a@b.example,c@d.example", []string{`"a" @ "b.example"`, `"c" @ "d.example"`}},
	{" , a@b ,, c@d , ", []string{`"a" @ "b"`, `"c" @ "d"`}},
	{"a@b; c@d", []string{`"a" @ "b"`, `"c" @ "d"`}},
	{"=?utf-8?q?=C3=84da?= <a@b.example>", []string{`"a" @ "b.example" name "=?utf-8?q?=C3=84da?="`}},
	{"\"=?utf-8?q?=C3=84da,?=\" <a@b.example>", []string{`"a" @ "b.example" name "=?utf-8?q?=C3=84da,?="`}},
	{"Ädä <ä@b.example>", []string{`"ä" @ "b.example" name "Ädä"`}},
	{"Ada\r\n Example\r\n\t<a@b.example>", []string{`"a" @ "b.example" name "Ada Example"`}},

	// Routes, RFC 5322 §4.4.
	{"<@r.example:a@b.example>", []string{`"a" @ "b.example" route "@r.example"`}},
	{"Ada <@r.example,@s.example:a@b.example>", []string{`"a" @ "b.example" route "@r.example,@s.example" name "Ada"`}},
	{`<@r.example>, "x:y" <a@b>`, []string{`"" @ "r.example"`, `"a" @ "b" name "x:y"`}},
	{"<@r.example>", []string{`"" @ "r.example"`}},

	// Groups.
	{"g:;", []string{`group "g"`, "end of group"}},
	{"undisclosed recipients:;", []string{`group "undisclosed recipients"`, "end of group"}},
	{`"a, b": a@b, Ada <c@d>;, e@f`, []string{`group "a, b"`, `"a" @ "b"`, `"c" @ "d" name "Ada"`, "end of group", `"e" @ "f"`}},
	{"g: a@b", []string{`group "g"`, `"a" @ "b"`, "end of group"}},
	{"g: h: a@b; c@d;", []string{`group "g"`, `"a" @ "b" name "h"`, "end of group", `"c" @ "d"`}},
	{":;", []string{`group ""`, "end of group"}},
	{";;;;", nil},

	// What is no address.
	{"bob", []string{`"bob" @ ""`}},
	{"Ada Example", []string{`"Ada Example" @ ""`}},
	{"<bob>", []string{`"bob" @ ""`}},
	{"<>", []string{`"" @ ""`}},
	{"Ada <>", []string{`"" @ "" name "Ada"`}},
	{"Ada <not an address>", []string{`"not an address" @ "" name "Ada"`}},
	{"@b.example", []string{`"" @ "b.example"`}},
	{"a@", []string{`"a" @ ""`}},
	{"a@b@c.example", []string{`"a" @ "b@c.example"`}},
	{"a@b.example <a@b.example>", []string{`"a" @ "b.example" name "a@b.example"`}},
	{"Ada a@b.example", []string{`"a" @ "b.example" name "Ada"`}},
	{"a@b.example Ada", []string{`"a" @ "b.example"`}},
	{"a@b.example c@d.example", []string{`"a" @ "b.example"`, `"c" @ "d.example"`}},
	{"<<a@b.example>>", []string{`"a" @ "b.example"`}},
	{"<a@b.example", []string{`"a" @ "b.example"`}},
	{"<a@b.example, <c@d.example>", []string{`"a" @ "b.example"`, `"c" @ "d.example"`}},
	{"a@b.example>", []string{`"a" @ "b.example"`}},
	{`"unclosed <a@b.example>`, []string{`"unclosed <a@b.example>" @ ""`}},
	{"(unclosed a@b.example", nil},
	{`a\`, []string{`"a\\" @ ""`}},
	{`(a\`, nil},
	{`"a\`, []string{`"a\\" @ ""`}},
	{"mailto:a@b.example", []string{`group "mailto"`, `"a" @ "b.example"`, "end of group"}},
}

func TestParseAddresses(t *testing.T) {
	for _, tt := range addressTests {
		var got []string
		for _, a := range ParseAddresses(tt.in, 0) {
			got = append(got, addressText(a))
		}
		if d := cmp.Diff(tt.want, got); d != "" {
			t.Errorf("%q (-want +got):\n%s", tt.in, d)
		}
	}
}

// TestParseAddressesRoundTrip: an address that is written by the rules is read
// as what it was.
func TestParseAddressesRoundTrip(t *testing.T) {
	quote := strings.NewReplacer(`\`, `\\`, `"`, `\"`)
	text := rapid.StringMatching(`[a-zA-Z0-9 .,;:<>@()\\"äß-]{1,12}`)
	atom := rapid.StringMatching(`[a-z0-9+_-]{1,8}(\.[a-z0-9]{1,4}){0,2}`)
	rapid.Check(t, func(t *rapid.T) {
		var want []imap.Address
		var parts []string
		for range rapid.IntRange(0, 5).Draw(t, "addresses") {
			a := imap.Address{Mailbox: imap.String(atom.Draw(t, "local")), Host: imap.String(atom.Draw(t, "host"))}
			s := a.Mailbox.Value + "@" + a.Host.Value
			if rapid.Bool().Draw(t, "quoted") {
				a.Mailbox.Value = text.Draw(t, "local")
				s = `"` + quote.Replace(a.Mailbox.Value) + `"@` + a.Host.Value
			}
			if rapid.Bool().Draw(t, "named") {
				a.Name = imap.String(text.Draw(t, "name"))
				s = `"` + quote.Replace(a.Name.Value) + `" <` + s + ">"
			}
			want, parts = append(want, a), append(parts, s)
		}
		sep := rapid.SampledFrom([]string{",", ", ", " ,\r\n "}).Draw(t, "separator")
		if d := cmp.Diff(want, ParseAddresses(strings.Join(parts, sep), 0)); d != "" {
			t.Fatalf("%q (-want +got):\n%s", strings.Join(parts, sep), d)
		}
	})
}

// TestParseAddressesBounded: threats P6 and C8. What is hard to read costs no
// more than its length allows, and no more addresses come than asked for.
func TestParseAddressesBounded(t *testing.T) {
	const n = 100_000
	for _, unit := range []string{"a,", "a@b,", "<@", "<@,", "<@>,", "a@[,", "(", `"`, "a@b ", "g:", ":;", ";", "<", ">", "@", `"\`, "a.", ". "} {
		s := strings.Repeat(unit, n)
		if got := ParseAddresses(s, 100); len(got) > 101 {
			t.Errorf("%q repeated: %d addresses", unit, len(got))
		}
		if got := allocated(func() { ParseAddresses(s, n) }); got > 300*uint64(len(s)) {
			t.Errorf("%q repeated: %d octets allocated for %d", unit, got, len(s))
		}
	}
}
