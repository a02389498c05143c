package pop3wire_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/mailwire/mailwire/imapwire/engine"
	"github.com/mailwire/mailwire/pop3wire"
)

// TestStatus: both ways.
func TestStatus(t *testing.T) {
	for _, tt := range []struct {
		line string
		want pop3wire.Status
	}{
		{"+OK", pop3wire.Status{OK: true}},
		{"-ERR", pop3wire.Status{}},
		{"+OK ready", pop3wire.Status{OK: true, Text: "ready"}},
		{"+OK  two", pop3wire.Status{OK: true, Text: " two"}},
		{"-ERR [IN-USE]", pop3wire.Status{Code: pop3wire.CodeInUse}},
		{"-ERR [IN-USE] Do you have another POP session running?", pop3wire.Status{Code: pop3wire.CodeInUse, Text: "Do you have another POP session running?"}},
		{"-ERR [LOGIN-DELAY] wait", pop3wire.Status{Code: pop3wire.CodeLoginDelay, Text: "wait"}},
		{"-ERR [SYS/TEMP] later", pop3wire.Status{Code: pop3wire.CodeSysTemp, Text: "later"}},
		{"-ERR [SYS/PERM] never", pop3wire.Status{Code: pop3wire.CodeSysPerm, Text: "never"}},
		{"-ERR [AUTH] wrong", pop3wire.Status{Code: pop3wire.CodeAuth, Text: "wrong"}},
		{"-ERR [UTF8] use UTF8", pop3wire.Status{Code: pop3wire.CodeUTF8, Text: "use UTF8"}},
		{"-ERR [x-y/Z/1] ?", pop3wire.Status{Code: "x-y/Z/1", Text: "?"}},
		{"-ERR [no code] x", pop3wire.Status{Text: "[no code] x"}},
		{"-ERR [open", pop3wire.Status{Text: "[open"}},
		{"-ERR [] x", pop3wire.Status{Text: "[] x"}},
		{"-ERR [a//b] x", pop3wire.Status{Text: "[a//b] x"}},
		{"+OK é", pop3wire.Status{OK: true, Text: "é"}},
	} {
		got, err := pop3wire.ParseStatus([]byte(tt.line))
		if err != nil || got != tt.want {
			t.Errorf("%q: %+v, %v", tt.line, got, err)
		}
		if b, err := pop3wire.AppendStatus([]byte("x"), tt.want); err != nil || string(b) != "x"+tt.line+"\r\n" {
			t.Errorf("%+v: %q, %v", tt.want, b, err)
		}
	}
	// Read, and written in another form.
	if got, err := pop3wire.ParseStatus([]byte("-ERR [IN-USE]busy")); err != nil || got != (pop3wire.Status{Code: pop3wire.CodeInUse, Text: "busy"}) {
		t.Errorf("%+v, %v", got, err)
	}
	for _, tt := range []struct {
		line   string
		offset int64
	}{{"", 0}, {"+", 0}, {"+ok", 0}, {"+OKAY", 3}, {"-ERRx", 4}, {"* OK", 0}, {"+OK a\x00", 5}, {"+OK a\rb", 5}} {
		_, err := pop3wire.ParseStatus([]byte(tt.line))
		syntax := (*engine.SyntaxError)(nil)
		if !errors.As(err, &syntax) || syntax.Offset != tt.offset {
			t.Errorf("%q: %v", tt.line, err)
		}
	}
	for _, s := range []pop3wire.Status{
		{Code: "a b"}, {Code: "]"}, {Code: "a/"}, {Code: "é"}, {Text: "[IN-USE] forged"}, {Text: "a\r\n+OK"}, {Text: "\n"}, {Code: "X", Text: "\x00"},
		{Text: strings.Repeat("x", 512-len("-ERR \r\n")+1)},
	} {
		if b, err := pop3wire.AppendStatus([]byte("x"), s); !errors.Is(err, pop3wire.ErrEncode) || string(b) != "x" {
			t.Errorf("%+v: %q, %v", s, b, err)
		}
	}
	if b, err := pop3wire.AppendStatus(nil, pop3wire.Status{Text: strings.Repeat("x", 512-len("-ERR \r\n"))}); err != nil || len(b) != 512 {
		t.Errorf("%d octets, %v", len(b), err)
	}
}

// TestCodeIs: RFC 2449 §8 and RFC 3206 §4: levels that are not known do not
// change what is.
func TestCodeIs(t *testing.T) {
	for _, tt := range []struct {
		c, general pop3wire.Code
		want       bool
	}{
		{"SYS/TEMP", pop3wire.CodeSysTemp, true}, {"sys/temp", pop3wire.CodeSysTemp, true}, {"SYS/TEMP/DISK", pop3wire.CodeSysTemp, true},
		{"SYS/NEW", "SYS", true}, {"SYSTEM", "SYS", false}, {"SYS", pop3wire.CodeSysTemp, false}, {"IN-USE", pop3wire.CodeInUse, true}, {"", "SYS", false},
	} {
		if got := tt.c.Is(tt.general); got != tt.want {
			t.Errorf("%s is %s: %v", tt.c, tt.general, got)
		}
	}
}

// TestGreeting: threat Q7. Both ways.
func TestGreeting(t *testing.T) {
	for _, tt := range []struct {
		line string
		want pop3wire.Greeting
	}{
		{"+OK", pop3wire.Greeting{}},
		{"+OK ready", pop3wire.Greeting{Text: "ready"}},
		{"+OK POP3 server ready <1896.697170952@dbc.mtview.ca.us>", pop3wire.Greeting{Text: "POP3 server ready ", Timestamp: "<1896.697170952@dbc.mtview.ca.us>"}},
		{"+OK <1@x> ready", pop3wire.Greeting{Timestamp: "<1@x>", After: " ready"}},
		{"+OK a <b> c <<1@x>> d <2@x>", pop3wire.Greeting{Text: "a <b> c <", Timestamp: "<1@x>", After: "> d <2@x>"}},
		{"+OK <no timestamp", pop3wire.Greeting{Text: "<no timestamp"}},
		{"+OK <1@x@y> <@x> <1@> <é@x>", pop3wire.Greeting{Text: "<1@x@y> <@x> <1@> <é@x>"}},
		{"+OK [SYS/TEMP] slow <1@x>", pop3wire.Greeting{Code: pop3wire.CodeSysTemp, Text: "slow ", Timestamp: "<1@x>"}},
	} {
		got, err := pop3wire.ParseGreeting([]byte(tt.line))
		if err != nil || got != tt.want {
			t.Errorf("%q: %+v, %v", tt.line, got, err)
		}
		if b, err := pop3wire.AppendGreeting([]byte("x"), tt.want); err != nil || string(b) != "x"+tt.line+"\r\n" {
			t.Errorf("%+v: %q, %v", tt.want, b, err)
		}
	}
	for _, bad := range []string{"-ERR no", "220 mail ESMTP", "* OK IMAP4rev1", ""} {
		if _, err := pop3wire.ParseGreeting([]byte(bad)); err == nil {
			t.Errorf("%q is a greeting", bad)
		}
	}
	for _, g := range []pop3wire.Greeting{{Timestamp: "1@x"}, {Text: "<1@x>", Timestamp: "<2@x>"}, {After: "x"}, {Text: "\r\n"}, {Text: strings.Repeat("x", 507)}} {
		if b, err := pop3wire.AppendGreeting([]byte("x"), g); !errors.Is(err, pop3wire.ErrEncode) || string(b) != "x" {
			t.Errorf("%+v: %q, %v", g, b, err)
		}
	}
}

// lineRows are lines of multi-line responses, and texts of statuses.
var lineRows = []struct {
	line string
	want pop3wire.Line
}{
	{"2 320", &pop3wire.DropListing{Count: 2, Size: 320}},
	{"0 0", &pop3wire.DropListing{}},
	{"1 9223372036854775807 and more", &pop3wire.DropListing{Count: 1, Size: 1<<63 - 1, More: " and more"}},
	{"1 120", &pop3wire.ScanListing{Num: 1, Size: 120}},
	{"4294967295 0 x", &pop3wire.ScanListing{Num: 1<<32 - 1, More: " x"}},
	{"1 whqtswO00WBw418f9t5JxYwZ", &pop3wire.UniqueID{Num: 1, ID: "whqtswO00WBw418f9t5JxYwZ"}},
	{"2 " + strings.Repeat("~", 70), &pop3wire.UniqueID{Num: 2, ID: strings.Repeat("~", 70)}},
	{"en English", &pop3wire.Language{Tag: "en", Text: "English"}},
	{"en-boont English Boontling dialect", &pop3wire.Language{Tag: "en-boont", Text: "English Boontling dialect"}},
	{"sv", &pop3wire.Language{Tag: "sv"}},
	{"TOP", pop3wire.CapTop},
	{"XFOO", pop3wire.CapTag("XFOO")},
	{"SASL", &pop3wire.CapSASL{}},
	{"SASL CRAM-MD5 KERBEROS_V4", &pop3wire.CapSASL{Mechanisms: []string{"CRAM-MD5", "KERBEROS_V4"}}},
	{"LOGIN-DELAY 900", &pop3wire.CapLoginDelay{Seconds: 900}},
	{"LOGIN-DELAY 900 USER", &pop3wire.CapLoginDelay{Seconds: 900, PerUser: true}},
	{"EXPIRE 5 USER", &pop3wire.CapExpire{Days: 5, PerUser: true}},
	{"EXPIRE 30", &pop3wire.CapExpire{Days: 30}},
	{"EXPIRE NEVER", &pop3wire.CapExpire{Never: true}},
	{"EXPIRE NEVER USER", &pop3wire.CapExpire{Never: true, PerUser: true}},
	{"EXPIRE 0", &pop3wire.CapExpire{}},
	{"IMPLEMENTATION Shlemazle-Plotz-v302", &pop3wire.CapImplementation{Text: "Shlemazle-Plotz-v302"}},
	{"IMPLEMENTATION two  words ", &pop3wire.CapImplementation{Text: "two  words "}},
	{"IMPLEMENTATION", &pop3wire.CapImplementation{}},
	{"UTF8", &pop3wire.CapUTF8{}},
	{"UTF8 USER", &pop3wire.CapUTF8{User: true}},
	{"STLS", pop3wire.CapSTLS},
	{"X-PARAM a  b", &pop3wire.CapUnknown{Name: "X-PARAM", Params: "a  b"}},
	{"TOP 3", &pop3wire.CapUnknown{Name: "TOP", Params: "3"}},
	{"EXPIRE", pop3wire.CapTag("EXPIRE")},
	{"EXPIRE soon", &pop3wire.CapUnknown{Name: "EXPIRE", Params: "soon"}},
	{"EXPIRE 1 USER x", &pop3wire.CapUnknown{Name: "EXPIRE", Params: "1 USER x"}},
	{"LOGIN-DELAY 4294967296", &pop3wire.CapUnknown{Name: "LOGIN-DELAY", Params: "4294967296"}},
	{"UTF8 OTHER", &pop3wire.CapUnknown{Name: "UTF8", Params: "OTHER"}},
	{"SASL .", &pop3wire.CapUnknown{Name: "SASL", Params: "."}},
}

// parseLike reads a line as the kind of v.
func parseLike(v pop3wire.Line, line []byte) (pop3wire.Line, error) {
	switch v.(type) {
	case *pop3wire.DropListing:
		d, err := pop3wire.ParseDropListing(line)
		return &d, err
	case *pop3wire.ScanListing:
		s, err := pop3wire.ParseScanListing(line)
		return &s, err
	case *pop3wire.UniqueID:
		u, err := pop3wire.ParseUniqueID(line)
		return &u, err
	case *pop3wire.Language:
		l, err := pop3wire.ParseLanguage(line)
		return &l, err
	}
	return pop3wire.ParseCapability(line)
}

// TestLines: every kind of line both ways.
func TestLines(t *testing.T) {
	for _, tt := range lineRows {
		got, err := parseLike(tt.want, []byte(tt.line))
		if err != nil {
			t.Errorf("%q: %v", tt.line, err)
			continue
		}
		if s, is := got.(*pop3wire.CapSASL); is && len(s.Mechanisms) == 0 {
			s.Mechanisms = nil
		}
		if d := cmp.Diff(tt.want, got); d != "" {
			t.Errorf("%q (-want +got):\n%s", tt.line, d)
		}
		if b, err := pop3wire.AppendLine([]byte("x"), tt.want); err != nil || string(b) != "x"+tt.line+"\r\n" {
			t.Errorf("%#v: %q, %v", tt.want, b, err)
		}
		answer := tt.line
		if l, is := tt.want.(*pop3wire.Language); is && l.Text == "" {
			answer += " "
		}
		if b, err := pop3wire.AppendAnswer([]byte("x"), tt.want); err != nil || string(b) != "x+OK "+answer+"\r\n" {
			t.Errorf("%#v: %q, %v", tt.want, b, err)
		}
	}
	// Read, and written in another form.
	for line, want := range map[string]pop3wire.Line{
		"top":                  pop3wire.CapTop,
		"sasl  plain ":         &pop3wire.CapSASL{Mechanisms: []string{"PLAIN"}},
		"Expire never user":    &pop3wire.CapExpire{Never: true, PerUser: true},
		"login-delay  07 user": &pop3wire.CapLoginDelay{Seconds: 7, PerUser: true},
		"TOP ":                 pop3wire.CapTop,
	} {
		if got, err := pop3wire.ParseCapability([]byte(line)); err != nil || !cmp.Equal(got, want) {
			t.Errorf("%q: %#v, %v", line, got, err)
		}
	}
	if l, err := pop3wire.ParseLanguage([]byte("es ")); err != nil || l != (pop3wire.Language{Tag: "es"}) {
		t.Errorf("%+v, %v", l, err)
	}
	for _, tt := range []struct{ line, want string }{{"x", "x\r\n"}, {".", "..\r\n"}, {".x", "..x\r\n"}, {"", "\r\n"}, {"a.", "a.\r\n"}} {
		if b, err := pop3wire.AppendLine([]byte("."), pop3wire.RawLine(tt.line)); err != nil || string(b) != "."+tt.want {
			t.Errorf("%q: %q, %v", tt.line, b, err)
		}
	}
}

// TestBadLines: threat Q5, and values that no line can hold.
func TestBadLines(t *testing.T) {
	for _, tt := range []struct {
		kind   pop3wire.Line
		line   string
		offset int64
	}{
		{&pop3wire.DropListing{}, "", 0}, {&pop3wire.DropListing{}, "-1 3", 0}, {&pop3wire.DropListing{}, "1", 1}, {&pop3wire.DropListing{}, "1 ", 2},
		{&pop3wire.DropListing{}, "1 9223372036854775808", 2}, {&pop3wire.DropListing{}, "1 3x", 3}, {&pop3wire.DropListing{}, "4294967296 3", 0},
		{&pop3wire.ScanListing{}, "0 3", 0}, {&pop3wire.ScanListing{}, "-1 3", 0}, {&pop3wire.ScanListing{}, "1  3", 2}, {&pop3wire.ScanListing{}, "1 -3", 2},
		{&pop3wire.ScanListing{}, "4294967296 3", 0}, {&pop3wire.ScanListing{}, "99999999999999999999 3", 0}, {&pop3wire.ScanListing{}, "1 3 \x00", 4},
		{&pop3wire.UniqueID{}, "1", 1}, {&pop3wire.UniqueID{}, "1 ", 2}, {&pop3wire.UniqueID{}, "1 " + strings.Repeat("x", 71), 72}, {&pop3wire.UniqueID{}, "1 a b", 3},
		{&pop3wire.UniqueID{}, "0 a", 0}, {&pop3wire.UniqueID{}, "1 é", 2}, {&pop3wire.UniqueID{}, "1 a\x7f", 3},
		{&pop3wire.Language{}, "", 0}, {&pop3wire.Language{}, "* all", 0}, {&pop3wire.Language{}, "e! x", 1}, {&pop3wire.Language{}, "en a\x00", 4},
		{pop3wire.CapTop, "", 0}, {pop3wire.CapTop, " TOP", 0}, {pop3wire.CapTop, "T.P", 1}, {pop3wire.CapTop, ".", 0}, {pop3wire.CapTop, "Té", 1}, {pop3wire.CapTop, "T a\r", 3},
	} {
		_, err := parseLike(tt.kind, []byte(tt.line))
		syntax := (*engine.SyntaxError)(nil)
		if !errors.As(err, &syntax) || syntax.Offset != tt.offset {
			t.Errorf("%T %q: %v", tt.kind, tt.line, err)
		}
	}
	for _, l := range []pop3wire.Line{
		&pop3wire.DropListing{Size: -1}, &pop3wire.DropListing{More: "x"}, &pop3wire.DropListing{More: " \r"}, &pop3wire.ScanListing{Size: 3}, &pop3wire.ScanListing{Num: 1, Size: -1},
		&pop3wire.UniqueID{ID: "x"}, &pop3wire.UniqueID{Num: 1}, &pop3wire.UniqueID{Num: 1, ID: "a b"}, &pop3wire.UniqueID{Num: 1, ID: strings.Repeat("x", 71)},
		&pop3wire.Language{}, &pop3wire.Language{Tag: "*"}, &pop3wire.Language{Tag: "a b"}, &pop3wire.Language{Tag: "en", Text: "\n"},
		pop3wire.CapTag(""), pop3wire.CapTag("top"), pop3wire.CapTag("A B"), pop3wire.CapTag("SASL"), pop3wire.CapTag("."), &pop3wire.CapSASL{Mechanisms: []string{"plain"}},
		&pop3wire.CapExpire{Days: 1, Never: true}, &pop3wire.CapUnknown{Name: "X"}, &pop3wire.CapUnknown{Name: "EXPIRE", Params: "3"}, &pop3wire.CapImplementation{Text: "\r\n"},
		&pop3wire.CapImplementation{Text: strings.Repeat("x", 512)}, pop3wire.RawLine("a\r\n."),
	} {
		if b, err := pop3wire.AppendLine([]byte("x"), l); !errors.Is(err, pop3wire.ErrEncode) || string(b) != "x" {
			t.Errorf("%#v: %q, %v", l, b, err)
		}
		if _, raw := l.(pop3wire.RawLine); raw {
			continue
		}
		if b, err := pop3wire.AppendAnswer([]byte("x"), l); !errors.Is(err, pop3wire.ErrEncode) || string(b) != "x" {
			t.Errorf("%#v: %q, %v", l, b, err)
		}
	}
	if _, err := pop3wire.AppendAnswer(nil, pop3wire.RawLine("[IN-USE] x")); !errors.Is(err, pop3wire.ErrEncode) {
		t.Error(err)
	}
}

// TestResponseInjection: invariant 21 for the syntax. Whatever stands in a
// response, it is one line that reads as the same value, or an error.
func TestResponseInjection(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.StringOf(rapid.SampledFrom([]rune("aB \r\n\x00[]<>@/.é1"))).Draw(t, "s")
		status := pop3wire.Status{OK: rapid.Bool().Draw(t, "ok"), Text: s}
		if rapid.Bool().Draw(t, "code") {
			status.Code = pop3wire.Code(rapid.StringOf(rapid.SampledFrom([]rune("aB/ ]\r"))).Draw(t, "code"))
		}
		if b, err := pop3wire.AppendStatus(nil, status); err == nil {
			line, crlf := strings.CutSuffix(string(b), "\r\n")
			if back, err := pop3wire.ParseStatus([]byte(line)); !crlf || err != nil || back != status {
				t.Fatalf("%q: %+v, %v", b, back, err)
			}
		}
		for _, l := range []pop3wire.Line{
			&pop3wire.Language{Tag: "en", Text: s}, &pop3wire.UniqueID{Num: 1, ID: s}, &pop3wire.ScanListing{Num: 1, More: s}, pop3wire.CapTag(s),
			&pop3wire.CapUnknown{Name: "X", Params: s}, &pop3wire.CapImplementation{Text: s}, &pop3wire.CapSASL{Mechanisms: []string{s, "B"}},
		} {
			b, err := pop3wire.AppendLine(nil, l)
			if err != nil {
				continue
			}
			line, crlf := strings.CutSuffix(string(b), "\r\n")
			if !crlf || line == "." {
				t.Fatalf("%q", b)
			}
			if back, err := parseLike(l, []byte(line)); err != nil || !cmp.Equal(back, l) {
				t.Fatalf("%q: %#v, %v", b, back, err)
			}
		}
	})
}
