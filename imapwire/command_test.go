package imapwire

import (
	"bytes"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/mailwire/mailwire/imapwire/engine"
	"github.com/mailwire/mailwire/imapwire/imap"
)

// A commandRow is one form of a command: what stands between tag and last
// CRLF, the value it means, and how the value is written when that differs.
type commandRow struct {
	in    string
	want  Command
	canon string
}

// A rejectRow is something that is no command, and where that shows.
type rejectRow struct {
	in     string
	offset int // in the row, without the tag
}

// commandRows are the rows of all topics.
var commandRows = slices.Concat(
	plainRows, authRows, enableRows, idRows, selectRows, mailboxRows, listRows, statusRows,
	appendRows, expungeRows, searchRows, fetchRows, storeRows, copyRows, quotaRows, unknownRows,
)

var rejectRows = slices.Concat(
	plainRejects, authRejects, enableRejects, idRejects, selectRejects, mailboxRejects, listRejects, statusRejects,
	appendRejects, expungeRejects, searchRejects, fetchRejects, storeRejects, copyRejects, quotaRejects, unknownRejects,
)

var plainRows = []commandRow{
	{in: "CAPABILITY", want: &Capability{}},
	{in: "NOOP", want: &Noop{}},
	{in: "noop", want: &Noop{}, canon: "NOOP"},
	{in: "LOGOUT", want: &Logout{}},
	{in: "STARTTLS", want: &StartTLS{}},
	{in: "StartTls", want: &StartTLS{}, canon: "STARTTLS"},
	{in: "NAMESPACE", want: &Namespace{}},
	{in: "CHECK", want: &Check{}},
	{in: "CLOSE", want: &Close{}},
	{in: "UNSELECT", want: &Unselect{}},
	{in: "IDLE", want: &Idle{}},
}

var plainRejects = []rejectRow{
	{"", 0},
	{" NOOP", 0},
	{"NOOP ", 4},
	{"NOOP x", 4},
	{"CAPABILITY NOOP", 10},
	{"LOGOUT\t", 6},
	{"STARTTLS {0}\r\n", 8},
	{`"NOOP"`, 0},
	{"{4}\r\nNOOP", 0},
	{"UID", 3},
	{"UID ", 4},
	{"UID  FETCH 1 FLAGS", 4},
	{"NOOP\r", 4},
	{"NOOP\n", 4},
	{"NO\x00OP", 2},
	{"NO\xc3\xa4", 2},
}

// append1 is an Append that can be compared.
type append1 struct {
	Mailbox  string
	Messages []append1Message
}

type append1Message struct {
	AppendMessage
	Content string
}

// comparable1 returns a value that cmp can compare: the contents of an Append
// are read, and stand at their start again afterwards.
func comparable1(t *testing.T, c Command) any {
	a, ok := c.(*Append)
	if !ok {
		return c
	}
	out := append1{Mailbox: a.Mailbox}
	for i := range a.Messages {
		m := &a.Messages[i]
		content := ""
		if m.Content != nil {
			m.Content.(io.Seeker).Seek(0, io.SeekStart)
			b, err := io.ReadAll(m.Content)
			if err != nil {
				t.Fatal(err)
			}
			content = string(b)
			m.Content.(io.Seeker).Seek(0, io.SeekStart)
		}
		om := append1Message{*m, content}
		om.AppendMessage.Content = nil
		out.Messages = append(out.Messages, om)
	}
	return out
}

func diffCommands(t *testing.T, want, got Command) string {
	t.Helper()
	return cmp.Diff(comparable1(t, want), comparable1(t, got))
}

func mustParse(t *testing.T, frame string, opt ParseOptions) Command {
	t.Helper()
	tag, got, err := ParseCommand([]byte(frame), opt)
	if err != nil {
		t.Fatalf("%q: %v", frame, err)
	}
	if tag != "A1" {
		t.Fatalf("%q: tag %q", frame, tag)
	}
	return got
}

func mustAppend(t *testing.T, cmd Command, opt CommandOptions) string {
	t.Helper()
	comparable1(t, cmd)
	b, _, err := AppendCommand(nil, "A1", cmd, opt)
	if err != nil {
		t.Fatalf("%#v: %v", cmd, err)
	}
	return string(b)
}

// Invariant 2, on known answers: bytes to value, value to bytes, and back.
func TestCommandRows(t *testing.T) {
	for _, row := range commandRows {
		frame := "A1 " + row.in + "\r\n"
		got := mustParse(t, frame, ParseOptions{})
		if d := diffCommands(t, row.want, got); d != "" {
			t.Errorf("%q: -want +got\n%s", row.in, d)
			continue
		}
		canon := row.canon
		if canon == "" {
			canon = row.in
		}
		if b := mustAppend(t, row.want, CommandOptions{}); b != "A1 "+canon+"\r\n" {
			t.Errorf("%q: encoded as %q", row.in, b)
			continue
		}
		again := mustParse(t, "A1 "+canon+"\r\n", ParseOptions{})
		if d := diffCommands(t, row.want, again); d != "" {
			t.Errorf("%q: canonical form: -want +got\n%s", row.in, d)
		}
	}
}

// Verbs match in any case, and a command does not depend on what stands
// before it in the destination.
func TestCommandVerbs(t *testing.T) {
	for _, row := range commandRows {
		verb := row.want.Verb()
		for _, v := range []string{strings.ToLower(verb), verb[:1] + strings.ToLower(verb[1:])} {
			got := mustParse(t, "A1 "+v+row.in[len(verb):]+"\r\n", ParseOptions{})
			if got.Verb() != verb {
				t.Errorf("%q: verb %q", row.in, got.Verb())
			}
		}
		comparable1(t, row.want)
		b1, stops1, err1 := AppendCommand([]byte("xyz"), "A1", row.want, CommandOptions{})
		comparable1(t, row.want)
		b2, stops2, err2 := AppendCommand(nil, "A1", row.want, CommandOptions{})
		if err1 != nil || err2 != nil || string(b1) != "xyz"+string(b2) || len(stops1) != len(stops2) {
			t.Errorf("%q: %q and %q (%v, %v)", row.in, b1, b2, err1, err2)
		}
		for i := range stops2 {
			if stops1[i] != stops2[i]+3 || !bytes.HasSuffix(b2[:stops2[i]], []byte("}\r\n")) {
				t.Errorf("%q: stops %v and %v in %q", row.in, stops1, stops2, b2)
			}
		}
	}
}

func TestCommandRejects(t *testing.T) {
	for _, row := range rejectRows {
		tag, cmd, err := ParseCommand([]byte("A1 "+row.in+"\r\n"), ParseOptions{})
		var se *engine.SyntaxError
		if !errors.As(err, &se) {
			t.Errorf("%q: got %#v, error %v", row.in, cmd, err)
			continue
		}
		if se.Offset != int64(row.offset)+3 {
			t.Errorf("%q: offset %d, want %d: %v", row.in, se.Offset-3, row.offset, err)
		}
		if cmd != nil || tag != "A1" || se.Tag != "A1" || se.Production == "" || se.Expected == "" {
			t.Errorf("%q: %q, %#v, %#v", row.in, tag, cmd, se)
		}
	}
}

// Every command cut off at every octet is an error, and so is what remains of
// it on a line of its own, or it is another command; nothing panics.
func TestCommandTruncated(t *testing.T) {
	for _, row := range commandRows {
		frame := "A1 " + row.in + "\r\n"
		for i := range frame {
			if _, cmd, err := ParseCommand([]byte(frame[:i]), ParseOptions{}); err == nil || cmd != nil {
				t.Errorf("%q: no error", frame[:i])
			}
			tag, _, err := ParseCommand([]byte(frame[:i]+"\r\n"), ParseOptions{})
			if err == nil && (tag == "" || !strings.HasPrefix("A1", tag)) {
				t.Errorf("%q: tag %q", frame[:i], tag)
			}
		}
	}
}

// TestTags: threat P8. What is no tag is none, and a long one is a limit.
func TestTags(t *testing.T) {
	long := strings.Repeat("t", 128)
	for _, tag := range []string{"a", "A1", "]", ".", "a]b", "~", "!#$&',-./:;<=>?@[^_`|}~", long, "NIL", "0"} {
		got, _, err := ParseCommand([]byte(tag+" NOOP\r\n"), ParseOptions{})
		if err != nil || got != tag {
			t.Errorf("%q: %q, %v", tag, got, err)
		}
		if b, _, err := AppendCommand(nil, tag, &Noop{}, CommandOptions{}); err != nil || string(b) != tag+" NOOP\r\n" {
			t.Errorf("%q: %q, %v", tag, b, err)
		}
		if got, verb := CommandHead([]byte(tag + " noop\r\n")); got != tag || verb != "NOOP" {
			t.Errorf("%q: head %q %q", tag, got, verb)
		}
	}
	for _, tag := range []string{"", "+", "a+", "*", "a*", "%", "(", "a(", `"`, `a\`, "{", "a b", "a\x00", "ä", "a\r", "\n"} {
		got, _, err := ParseCommand([]byte(tag+" NOOP\r\n"), ParseOptions{})
		if err == nil && tag != "a b" || tag != "a b" && got != "" {
			t.Errorf("%q: %q, %v", tag, got, err)
		}
		if b, _, err := AppendCommand([]byte("x"), tag, &Noop{}, CommandOptions{}); !errors.Is(err, ErrEncode) || string(b) != "x" {
			t.Errorf("%q: %q, %v", tag, b, err)
		}
	}
	_, _, err := ParseCommand([]byte(long+"t NOOP\r\n"), ParseOptions{})
	var le *engine.LimitError
	if !errors.As(err, &le) || *le != (engine.LimitError{Name: "Tag", Cap: 128, Got: 129, Offset: 128}) {
		t.Errorf("long tag: %v", err)
	}
}

func TestCommandHead(t *testing.T) {
	for _, row := range []struct{ in, tag, verb string }{
		{"", "", ""},
		{"A1", "", ""}, // cut off, perhaps A12
		{"A1 ", "A1", ""},
		{"A1\r\n", "A1", ""},
		{"A1 lo", "A1", ""},
		{"A1 login ", "A1", "LOGIN"},
		{"A1 login fred {1000000}\r\n", "A1", "LOGIN"},
		{"A1 uid fetch 1", "A1", "UID FETCH"},
		{"A1 uid \r\n", "A1", "UID "},
		{"A1 noop\n", "A1", "NOOP"},
		{"A1(NOOP\r\n", "", ""},
		{"* NOOP\r\n", "", ""},
		{"GET / HTTP/1.1\r\n", "GET", "/"},
		{strings.Repeat("x", 200) + " NOOP\r\n", "", ""},
		{"A1 " + strings.Repeat("x", 200), "A1", ""},
	} {
		if tag, verb := CommandHead([]byte(row.in)); tag != row.tag || verb != row.verb {
			t.Errorf("%q: %q %q", row.in, tag, verb)
		}
	}
}

// TestDepth: invariant 9, threat C2. One more than the limit gives one error,
// whatever the mix.
func TestDepth(t *testing.T) {
	opens := []string{"(", "NOT ", "OR ALL "}
	for depth := 30; depth <= 40; depth++ {
		for seed := range 27 {
			var in, end strings.Builder
			in.WriteString("A1 SEARCH ")
			at := 0
			for i := range depth {
				o := opens[[]int{seed % 3, seed / 3 % 3, seed / 9 % 3}[i%3]]
				if i == 32 {
					at = in.Len()
					switch o {
					case "NOT ", "OR ALL ":
						at += strings.IndexByte(o, ' ') + 1
					}
				}
				in.WriteString(o)
				if o == "(" {
					end.WriteString(")")
				}
			}
			frame := in.String() + "SEEN" + end.String() + "\r\n"
			p := Parser{}
			_, _, err := p.Command([]byte(frame))
			if depth <= 32 {
				if err != nil || p.MaxDepth != depth {
					t.Fatalf("%q: depth %d, %v", frame, p.MaxDepth, err)
				}
				continue
			}
			var le *engine.LimitError
			if !errors.As(err, &le) || *le != (engine.LimitError{Name: "Depth", Cap: 32, Got: 33, Offset: int64(at)}) {
				t.Fatalf("%q: %v, want offset %d", frame, err, at)
			}
		}
	}
}

// Each limit of the grammar at its cap and one above.
func TestGrammarLimits(t *testing.T) {
	repeat := func(s string, n int) string { return strings.TrimSuffix(strings.Repeat(s+" ", n), " ") }
	for _, row := range []struct {
		name string
		b    Bounds
		in   func(n int) string
		most int // the n that passes
	}{
		{"Lists", Bounds{Lists: 5}, func(n int) string { return "SEARCH " + repeat("(ALL)", n) }, 5},
		{"ListsPreAuth", Limits{}.Command(false), func(n int) string { return "SEARCH " + repeat("(ALL)", n) }, 4},
		{"Lists", Bounds{Lists: 5}, func(n int) string { return "SELECT x (Y (" + repeat("()", n-2) + "))" }, 5},
		{"Tokens", Bounds{Tokens: 10}, func(n int) string { return "SEARCH " + repeat("ALL", n-2) }, 10},
		{"TokensPreAuth", Limits{}.Command(false), func(n int) string { return "ENABLE " + repeat("X", n-2) }, 64},
		{"Tokens", Bounds{Tokens: 10}, func(n int) string { return "ID (" + repeat(`"a" NIL`, (n-3)/2) + ")" }, 10},
		{"Ranges", Bounds{Ranges: 3}, func(n int) string { return "FETCH " + strings.Repeat("1:2,", n-1) + "9 UID" }, 3},
		{"Ranges", Bounds{Ranges: 3}, func(n int) string { return "FETCH 1 BODY[1" + strings.Repeat(".1", n-1) + "]" }, 3},
		{"RangesPreAuth", Limits{}.Command(false), func(n int) string { return "COPY 1" + strings.Repeat(",1", n-1) + " x" }, 16},
		{"Depth", Bounds{Depth: 2}, func(n int) string { return "SELECT x (Y " + strings.Repeat("(", n-1) + strings.Repeat(")", n-1) + ")" }, 2},
	} {
		frame := "A1 " + row.in(row.most) + "\r\n"
		if _, _, err := ParseCommand([]byte(frame), ParseOptions{Bounds: row.b}); err != nil {
			t.Errorf("%s: %q: %v", row.name, frame, err)
		}
		frame = "A1 " + row.in(row.most+2) + "\r\n"
		tag, _, err := ParseCommand([]byte(frame), ParseOptions{Bounds: row.b})
		var le *engine.LimitError
		if !errors.As(err, &le) || le.Name != row.name || le.Cap != int64(row.most) || le.Got != le.Cap+1 || tag != "A1" {
			t.Errorf("%s: %q: %q, %v", row.name, frame, tag, err)
		}
	}
}

// What a parser returns shares no memory with the frame.
func TestCommandsAreOwned(t *testing.T) {
	for _, row := range commandRows {
		frame := []byte("A1 " + row.in + "\r\n")
		_, got, err := ParseCommand(frame, ParseOptions{})
		if err != nil {
			t.Fatal(err)
		}
		for i := range frame {
			frame[i] = '!'
		}
		if d := diffCommands(t, row.want, got); d != "" {
			t.Errorf("%q: %s", row.in, d)
		}
	}
}

// TestCommandSteps: invariants 8 and 60, and threat C1, for the grammar. Steps grow
// with the octets.
func TestCommandSteps(t *testing.T) {
	b := Bounds{Line: 1 << 30, Depth: 1 << 20, Lists: 1 << 30, Tokens: 1 << 30, Ranges: 1 << 30, Literals: 1 << 30, Literal: 1 << 30}
	for name, in := range map[string]func(n int) string{
		"set":      func(n int) string { return "FETCH " + strings.Repeat("1,", n) + "1 UID" },
		"keys":     func(n int) string { return "SEARCH ALL" + strings.Repeat(" ALL", n) },
		"quoted":   func(n int) string { return "SEARCH ALL" + strings.Repeat(` TEXT "\"a"`, n) },
		"long":     func(n int) string { return `SEARCH TEXT "` + strings.Repeat(`\"a`, n) + `"` },
		"literals": func(n int) string { return "SEARCH ALL" + strings.Repeat(" TEXT {1+}\r\nx", n) },
		"nested":   func(n int) string { return "SEARCH " + strings.Repeat("NOT ", n) + "ALL" },
		"flags":    func(n int) string { return "STORE 1 FLAGS (" + strings.Repeat("a ", n) + "b)" },
		"lists":    func(n int) string { return "SELECT x (Y (" + strings.Repeat("() ", n) + "b))" },
		"unknown":  func(n int) string { return "XYZ" + strings.Repeat(" {1}\r\nx", n) },
		"fields":   func(n int) string { return "FETCH 1 BODY[HEADER.FIELDS (" + strings.Repeat("a ", n) + "b)]" },
	} {
		for _, n := range []int{100, 1000, 10000} {
			frame := []byte("A1 " + in(n) + "\r\n")
			p := Parser{ParseOptions: ParseOptions{Bounds: b}}
			if _, _, err := p.Command(frame); err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			if p.Steps < int64(len(frame))/2 || p.Steps > 3*int64(len(frame)) {
				t.Errorf("%s: %d steps for %d octets", name, p.Steps, len(frame))
			}
		}
	}
}

func TestEncodeCommand(t *testing.T) {
	msg := func(s string, binary bool) AppendMessage {
		return AppendMessage{Size: int64(len(s)), Binary: binary, UTF8: binary, Content: strings.NewReader(s)}
	}
	a := &Append{Mailbox: "a\nb", Messages: []AppendMessage{msg("one\r\n", false), msg("", false), msg("three", true)}}
	parts, err := EncodeCommand("A1", a, CommandOptions{Literals: LiteralMinus})
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, p := range parts {
		s := string(p.Bytes)
		if p.Wait {
			s += "<wait>"
		}
		if p.Body != nil {
			b, _ := io.ReadAll(p.Body)
			if int64(len(b)) != p.Size {
				t.Errorf("size %d of %q", p.Size, b)
			}
			s += "<" + string(b) + ">"
		}
		out = append(out, s)
	}
	want := []string{
		"A1 APPEND {3+}\r\na\nb {5+}\r\n<one\r\n>",
		" {0+}\r\n<>",
		" UTF8 (~{5+}\r\n<three>",
		")\r\n",
	}
	if d := cmp.Diff(want, out); d != "" {
		t.Error(d)
	}
	parts, err = EncodeCommand("A1", &Login{User: "a\nb", Password: "c\nd"}, CommandOptions{})
	if err != nil || len(parts) != 3 || !parts[0].Wait || !parts[1].Wait || parts[2].Wait || string(parts[1].Bytes) != "a\nb {3}\r\n" {
		t.Errorf("%v, %v", parts, err)
	}
	if _, err := EncodeCommand("A1", &Login{User: "\x00"}, CommandOptions{}); !errors.Is(err, ErrEncode) {
		t.Error(err)
	}
}

// TestCommandsThatCanNotBeEncoded: threat I6. Values that have no form on the
// wire are errors and leave no octet.
func TestCommandsThatCanNotBeEncoded(t *testing.T) {
	var cycle imap.SearchNot
	cycle.Key = &cycle
	one := imap.SetOf(1)
	for _, cmd := range []Command{
		nil,
		&Login{User: "a\x00"}, &Login{Password: "a\x00"},
		&Authenticate{}, &Authenticate{Mechanism: "A B"}, &Authenticate{Mechanism: "X", Initial: "x"},
		&Enable{}, &Enable{Capabilities: imap.Capabilities{"A B"}}, &Enable{Capabilities: imap.Capabilities{""}},
		&ID{Fields: make([]IDField, 31)}, &ID{Fields: []IDField{{Name: strings.Repeat("x", 31)}}},
		&ID{Fields: []IDField{{Name: "x", Value: imap.NString{Value: "y"}}}},
		&ID{Fields: []IDField{{Name: "x", Value: imap.String(strings.Repeat("y", 1025))}}},
		&Select{Mailbox: "x\x00"}, &Select{Mailbox: "x", Params: []string{""}}, &Select{Mailbox: "x", Params: []string{"A B"}},
		&Select{Mailbox: "x", Params: []string{"A)"}}, &Select{Mailbox: "x", Params: []string{"A {3}\r\nab"}},
		&Create{Mailbox: "x", Use: []imap.MailboxAttr{"Sent"}}, &Create{Mailbox: "x", Use: []imap.MailboxAttr{`\`}},
		&Create{Mailbox: "x", Params: []string{"A (B"}}, &Rename{Params: []string{"A B) C ("}},
		&List{}, &List{Patterns: []string{"\x00"}}, &List{Patterns: []string{"*"}, Select: []string{"A B"}},
		&List{Patterns: []string{"*"}, Return: []string{"STATUS"}}, &List{Patterns: []string{"*"}, StatusItems: []StatusItem{StatusSize}},
		&List{Patterns: []string{"*"}, Return: []string{"STATUS", "STATUS"}, StatusItems: []StatusItem{StatusSize}},
		&List{Patterns: []string{"*"}, Return: []string{"status (SIZE)"}}, &List{Patterns: []string{"*"}, Select: []string{"RECURSIVEMATCH"}},
		&Create{Params: []string{`use (\Sent)`}},
		&LSub{Pattern: "\x00"},
		&Status{Mailbox: "x"}, &Status{Mailbox: "x", Items: []StatusItem{"A B"}},
		&Append{Mailbox: "x"}, &Append{Mailbox: "x", Messages: []AppendMessage{{Size: 3}}},
		&Append{Mailbox: "x", Messages: []AppendMessage{{Size: -1}}},
		&Append{Mailbox: "x", Messages: []AppendMessage{{Size: 3, Content: strings.NewReader("ab")}}},
		&Append{Mailbox: "x", Messages: []AppendMessage{{Size: 3, Content: strings.NewReader("abcd")}}},
		&Append{Mailbox: "x", Messages: []AppendMessage{{Size: 3, Content: strings.NewReader("a\x00b")}}},
		&Append{Mailbox: "x", Messages: []AppendMessage{{UTF8: true}}},
		&Append{Mailbox: "x", Messages: []AppendMessage{{Flags: []imap.Flag{"a b"}}}},
		&Append{Mailbox: "x", Messages: []AppendMessage{{Date: time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC)}}},
		&Append{Mailbox: "x", Messages: []AppendMessage{{Date: time.Date(2026, 1, 1, 0, 0, 0, 0, time.FixedZone("", 100*3600))}}},
		&Append{Mailbox: "x", Messages: []AppendMessage{{Size: 3, Content: iotest.ErrReader(io.ErrUnexpectedEOF)}}},
		&Expunge{UID: true}, &Expunge{Set: one},
		&Search{}, &Search{Key: &cycle}, &Search{Key: &imap.SearchAnd{}}, &Search{Key: &imap.SearchText{}}, &Search{Key: &imap.SearchText{Field: 99}},
		&Search{Key: &imap.SearchAll{}, Return: []string{"MIN"}}, &Search{Key: &imap.SearchAll{}, HasReturn: true, Return: []string{"MIN MAX"}},
		&Search{Key: &imap.SearchDate{}}, &Search{Key: &imap.SearchDate{Field: imap.DateSent, Op: imap.DateOn}},
		&Search{Key: &imap.SearchSize{Size: -1}}, &Search{Key: &imap.SearchSeq{}}, &Search{Key: &imap.SearchUID{}}, &Search{Key: &imap.SearchWithin{}},
		&Search{Key: &imap.SearchFlag{}}, &Search{Key: &imap.SearchFlag{Flag: "a b"}}, &Search{Key: &imap.SearchFlag{Flag: `\Own`}},
		&Search{Key: &imap.SearchNot{}}, &Search{Key: &imap.SearchOr{Left: &imap.SearchAll{}}}, &Search{Key: &imap.SearchHeader{Name: "\x00"}},
		&Fetch{Set: one}, &Fetch{Items: []FetchItem{FetchFlags}}, &Fetch{Set: one, Items: []FetchItem{nil}},
		&Fetch{Set: one, Items: []FetchItem{FetchAll, FetchUID}}, &Fetch{Set: one, Items: []FetchItem{FetchAttr("flags")}},
		&Fetch{Set: one, Items: []FetchItem{FetchAttr("A B")}}, &Fetch{Set: one, Items: []FetchItem{FetchAttr("BODY[]")}}, &Fetch{Set: one, Items: []FetchItem{FetchAttr("")}},
		&Fetch{Set: one, Items: []FetchItem{FetchFlags}, Modifiers: []string{"A B"}},
		&Fetch{Set: one, Items: []FetchItem{&FetchBody{Section: imap.Section{Specifier: imap.SpecifierMIME}}}},
		&Fetch{Set: one, Items: []FetchItem{&FetchBody{Section: imap.Section{Specifier: imap.SpecifierHeaderFields}}}},
		&Fetch{Set: one, Items: []FetchItem{&FetchBody{Section: imap.Section{Fields: []string{"a"}}}}},
		&Fetch{Set: one, Items: []FetchItem{&FetchBody{Section: imap.Section{Specifier: 99}}}},
		&Fetch{Set: one, Items: []FetchItem{&FetchBody{Section: imap.Section{Part: []uint32{0}}}}},
		&Fetch{Set: one, Items: []FetchItem{&FetchBody{Partial: &imap.Partial{}}}}, &Fetch{Set: one, Items: []FetchItem{&FetchBody{Partial: &imap.Partial{Offset: -1, Count: 1}}}},
		&Fetch{Set: one, Items: []FetchItem{&FetchBinary{SizeOnly: true, Peek: true}}},
		&Store{Set: one}, &Store{Set: one, Op: 99}, &Store{Op: StoreAdd}, &Store{Set: one, Op: StoreAdd, Flags: []imap.Flag{""}},
		&Store{Set: one, Op: StoreAdd, Flags: []imap.Flag{`\`}}, &Store{Set: one, Op: StoreAdd, Flags: []imap.Flag{`\*`}}, &Store{Set: one, Op: StoreAdd, Flags: []imap.Flag{"a)"}},
		&Copy{Mailbox: "x"}, &Copy{Set: imap.Set{Saved: true, Ranges: one.Ranges}, Mailbox: "x"}, &Move{Set: one, Mailbox: "\x00"},
		&UnknownCommand{}, &UnknownCommand{Name: "A B"}, &UnknownCommand{Name: "UID "}, &UnknownCommand{Name: "X", Args: "y"},
		&UnknownCommand{Name: "X", Args: " a\r\nA2 NOOP"}, &UnknownCommand{Name: "X", Args: " {3}"}, &UnknownCommand{Name: "X", Args: " {3}\r\nab"},
		&UnknownCommand{Name: "X", Args: " {3+}\r\nabc {5}"}, &UnknownCommand{Name: "X", Args: " \x00"}, &UnknownCommand{Name: "X", Args: " {1}\r\n\x00"},
		&UnknownCommand{Name: "X", Args: " a\r"}, &UnknownCommand{Name: "X", Args: " a\n {1}\r\nx"},
	} {
		for _, policy := range []LiteralPolicy{LiteralSync, LiteralPlus} {
			b, stops, err := AppendCommand([]byte("kept"), "A1", cmd, CommandOptions{Literals: policy})
			if !errors.Is(err, ErrEncode) || string(b) != "kept" || stops != nil {
				t.Errorf("%#v: %q, %v, %v", cmd, b, stops, err)
			}
		}
	}
}

func TestSecretsStayOutOfErrors(t *testing.T) {
	_, _, err := AppendCommand(nil, "A1", &Login{User: "u", Password: "hunter2\x00"}, CommandOptions{})
	if err == nil || strings.Contains(err.Error(), "hunter2") {
		t.Error(err)
	}
}

// Keys in a list of one are written as themselves.
func TestSearchAndOfOne(t *testing.T) {
	if b := mustAppend(t, &Search{Key: and(&imap.SearchNot{Key: and(all)})}, CommandOptions{}); b != "A1 SEARCH NOT ALL\r\n" {
		t.Errorf("%q", b)
	}
}
