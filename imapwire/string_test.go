package imapwire

import (
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/mailwire/mailwire/imapwire/engine"
	"github.com/mailwire/mailwire/imapwire/imap"
)

// Invariant 6: every form of a string means the same, and none is written that may be
// taken for NIL.
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
	// Some programs take the atom for none wherever it stands.
	for _, name := range []string{"NIL", "nil", "Nil"} {
		list := &List{Reference: name, Patterns: []string{name}}
		for cmd, want := range map[Command]string{&Delete{Mailbox: name}: `A1 DELETE "%s"`, list: `A1 LIST "%s" "%[1]s"`} {
			if got, want := mustAppend(t, cmd, CommandOptions{}), fmt.Sprintf(want+"\r\n", name); got != want {
				t.Errorf("got %q, want %q", got, want)
			}
		}
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

// TestEveryOctetInStrings: threats I2 and P3. Every string that is no error in
// an astring comes back, octet by octet.
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

func mailboxResponse(s string) Response { return &ListData{Delimiter: '/', Mailbox: s} }

// stringRules: the forms of strings. A string in quotes is written as an atom
// where an astring may be one.
var stringRules = []ruleTable{
	command("astring", "DELETE %s", deleteMailbox,
		k("a", "a"), k("a]b", "a]b"), k(`"a b"`, "a b"), k(`"a"`, "a", "a"), k("{1}\r\na", "a", "a"), k("{1+}\r\n\n", "\n", "{1}\r\n\n"), k(`""`, ""), k("nil", "nil", `"nil"`),
	).but("", "a b", "(a)", "a%", `a"b"`, "~{1}\r\na"),
	command("string", "ID (%s NIL)", idName, k(`"a"`, "a"), k("{1}\r\na", "a", `"a"`), k("{1}\r\n\r", "\r"), k(`""`, ""), k("{0}\r\n", "", `""`)).but("a", "NIL", "", "()", "1"),
	command("quoted", "ID (%s NIL)", idName, k(`""`, ""), k(`"a b"`, "a b"), k(`"\"\\"`, `"\`), k("\"\t{1}()%*]\"", "\t{1}()%*]")).but(`"`, `"a`, `a"`, `"\a"`, `"\"`, "\"\r\n\"", "\"\x00\"", "\"ä\""),
	command("quoted", "ID (%s NIL)", idName, k(`"ä漢"`, "ä漢")).rev2().but("\"\xff\""),
	command("nstring", `ID ("a" %s)`, func(v imap.NString) Command { return &ID{Fields: []IDField{{"a", v}}} },
		k(`"b"`, imap.String("b")), k(`""`, imap.String("")), k("{3}\r\nNIL", imap.String("NIL"), `"NIL"`), k("NIL", imap.NString{}), k("nil", imap.NString{}, "NIL"),
	).but("b", "NILL", "", "()"),
	command("nil", `ID ("a" %s)`, func(v imap.NString) Command { return &ID{Fields: []IDField{{"a", v}}} }, k("NIL", imap.NString{}), k("nIl", imap.NString{}, "NIL")).but("NI", "NILL", "nul"),
	response("nil", "* ID %s", func([]IDField) Response { return &IDData{} }, k[[]IDField]("NIL", nil), k[[]IDField]("nil", nil, "NIL")).but("NI", "NIL "),
	command("userid", "LOGIN %s p", func(s string) Command { return &Login{User: s, Password: "p"} }, k("u", "u"), k(`"u v"`, "u v"), k("{2+}\r\nu\n", "u\n", "{2}\r\nu\n"), k(`""`, "")).but("", "(u)", "u v"),
	command("password", "LOGIN u %s", func(s string) Command { return &Login{User: "u", Password: engine.Secret(s)} }, k("p", "p"), k(`"p q"`, "p q"), k("{2}\r\np\n", "p\n"), k(`""`, "")).but("", "(p)", "p q"),
	command("mailbox", "DELETE %s", deleteMailbox, k("INBOX", "INBOX"), k("iNbOx", "iNbOx"), k(`"INBOX"`, "INBOX", "INBOX"), k("{5}\r\ninbox", "inbox", "inbox"), k("a/b", "a/b"), k(`"a b"`, "a b"), k("&AOQ-", "&AOQ-")).but("", "a*", "(INBOX)"),
	response("mailbox", `* LIST () "/" %s`, mailboxResponse, k("INBOX", "INBOX"), k("iNbOx", "iNbOx"), k(`"a b"`, "a b"), k("{1}\r\n\xff", "\xff")).but("", "(a)", "a*"),
	command("auth-type", "AUTHENTICATE %s", func(s string) Command { return &Authenticate{Mechanism: s} }, k("PLAIN", "PLAIN"), k("scram-sha-256", "SCRAM-SHA-256", "SCRAM-SHA-256")).but("", `"PLAIN"`, "{5}\r\nPLAIN", "(X)"),
	command("charset", "SEARCH CHARSET %s ALL", func(s string) Command { return &Search{Charset: s, Key: all} }, k("UTF-8", "UTF-8"), k(`"UTF-8"`, "UTF-8", "UTF-8"), k(`"a b"`, "a b")).but("", "(a)", `""`),
	response("charset", "a NO [BADCHARSET (%s)] x", func(s string) Response {
		return &StatusResponse{Tag: "a", StatusCondition: StatusCondition{Condition: NO, Code: &CodeBadCharset{Charsets: []string{s}}, Text: "x"}}
	}, k("UTF-8", "UTF-8"), k(`"UTF-8"`, "UTF-8", "UTF-8"), k(`"a b"`, "a b")),
	command("header-fld-name", "FETCH 1 BODY[HEADER.FIELDS (%s)]", func(s string) Command {
		return fetchSection(imap.Section{Specifier: imap.SpecifierHeaderFields, Fields: []string{s}})
	}, k("To", "To"), k(`"X Y"`, "X Y"), k("{2}\r\nTo", "To", "To")).but("", `""`, "(To)"),
}

// TestQuotingChoice: invariant 6. Every form that a string may have at a place
// means the same there, in commands and in responses.
func TestQuotingChoice(t *testing.T) {
	places := []struct {
		wire     string
		response bool
		atom     bool // an atom may stand here
	}{
		{"A1 LOGIN %s p", false, true}, {"A1 LOGIN u %s", false, true}, {"A1 SELECT %s", false, true}, {"A1 EXAMINE %s (X)", false, true}, {"A1 CREATE %s", false, true}, {"A1 DELETE %s", false, true}, {"A1 RENAME %s b", false, true},
		{"A1 RENAME a %s", false, true}, {"A1 SUBSCRIBE %s", false, true}, {"A1 UNSUBSCRIBE %s", false, true}, {"A1 LIST %s *", false, true}, {`A1 LIST "" %s`, false, true}, {`A1 LIST "" (a %s)`, false, true}, {`A1 LSUB %s *`, false, true}, {`A1 LSUB "" %s`, false, true},
		{"A1 STATUS %s (SIZE)", false, true}, {"A1 COPY 1 %s", false, true}, {"A1 UID MOVE 1 %s", false, true}, {"A1 SEARCH TEXT %s SEEN", false, true}, {"A1 SEARCH OR HEADER %s b NOT HEADER a b", false, true}, {"A1 SEARCH HEADER a %s", false, true},
		{`A1 ID (%s "b")`, false, false}, {`A1 ID ("a" %s)`, false, false}, {"A1 APPEND %s {1}\r\nx", false, true},
		{`* LIST () "/" %s`, true, true}, {"* STATUS %s (SIZE 1)", true, true}, {`* ID (%s "b")`, true, false}, {`* ID ("a" %s)`, true, false}, {`* NAMESPACE ((%s "/")) NIL NIL`, true, false}, {`* LIST () "/" a (OLDNAME (%s))`, true, true},
		{"* 1 FETCH (ENVELOPE (%s NIL NIL NIL NIL NIL NIL NIL NIL NIL))", true, false}, {`* 1 FETCH (BODY ("a" %s NIL NIL NIL "b" 1))`, true, false}, {`* 1 FETCH (BODY ("a" "b" ("c" %s) NIL NIL "b" 1))`, true, false},
	}
	read := func(t interface{ Fatalf(string, ...any) }, wire, form string, response, rev2 bool) any {
		table := ruleTable{wire: wire, response: response, utf8: rev2}
		v, err := table.parse(table.frame(form))
		if err != nil {
			t.Fatalf("%q: %v", table.frame(form), err)
		}
		if c, isCommand := v.(Command); isCommand {
			v = comparable1(nil, c)
		}
		return v
	}
	rapid.Check(t, func(t *rapid.T) {
		s := draw(t, rapid.OneOf(hostile().Filter(func(s string) bool { return len(s) <= 30 }), atoms(), rapid.SampledFrom([]string{"", "NIL", "nil", "a]b", "%", "*", "INBOX"})))
		for _, p := range places {
			if s == "" && strings.Contains(p.wire, "OLDNAME") {
				continue // no name: kept as it came
			}
			rev2 := draw(t, rapid.Bool())
			size := itoa(len(s))
			forms := []string{"{" + size + "}\r\n" + s}
			if !p.response {
				forms = append(forms, "{"+size+"+}\r\n"+s)
			}
			if e := (&encoder{utf8: rev2}); e.quotable(s) == quotableYes {
				forms = append(forms, `"`+strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(s)+`"`)
			}
			if p.atom && s != "" && engine.AString.All(s) {
				forms = append(forms, s)
			}
			want := read(t, p.wire, forms[0], p.response, rev2)
			for _, form := range forms[1:] {
				if d := cmp.Diff(want, read(t, p.wire, form, p.response, rev2)); d != "" {
					t.Fatalf("%q at %q (-%q +%q):\n%s", s, p.wire, forms[0], form, d)
				}
			}
		}
	})
	for _, p := range places {
		if strings.Contains(p.wire, `"a" %s`) && strings.Contains(p.wire, "ID") || strings.Contains(p.wire, "ENVELOPE") {
			none, empty := read(t, p.wire, "NIL", p.response, false), read(t, p.wire, `""`, p.response, false)
			if cmp.Equal(none, empty) || !cmp.Equal(empty, read(t, p.wire, "{0}\r\n", p.response, false)) {
				t.Errorf("%q: NIL is %#v, the empty string is %#v", p.wire, none, empty)
			}
		}
	}
}
