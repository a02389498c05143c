package imapwire

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/mailwire/mailwire/imapwire/engine"
	"github.com/mailwire/mailwire/imapwire/imap"
)

var (
	appendDate  = time.Date(1994, time.February, 7, 21, 52, 25, 0, time.FixedZone("", -8*3600))
	appendDate2 = time.Date(2026, time.November, 23, 1, 2, 3, 0, time.UTC)
)

func literalMessage(s string) AppendMessage {
	return AppendMessage{Size: int64(len(s)), Content: strings.NewReader(s)}
}

var appendRows = []commandRow{
	{in: "APPEND INBOX {3}\r\nabc", want: &Append{Mailbox: "INBOX", Messages: []AppendMessage{literalMessage("abc")}}},
	{in: "append INBOX {3+}\r\n\r\n\xff", want: &Append{Mailbox: "INBOX", Messages: []AppendMessage{literalMessage("\r\n\xff")}}, canon: "APPEND INBOX {3}\r\n\r\n\xff"},
	{in: "APPEND x {0}\r\n", want: &Append{Mailbox: "x", Messages: []AppendMessage{literalMessage("")}}},
	{
		in: "APPEND saved-messages (\\Seen Work) \" 7-Feb-1994 21:52:25 -0800\" {1}\r\nx",
		want: &Append{Mailbox: "saved-messages", Messages: []AppendMessage{{
			Flags: []imap.Flag{imap.FlagSeen, "Work"}, Date: appendDate, Size: 1, Content: strings.NewReader("x"),
		}}},
	},
	{
		in:    "APPEND {1}\r\nx () \"07-feb-1994 21:52:25 -0800\" {1}\r\nx",
		want:  &Append{Mailbox: "x", Messages: []AppendMessage{{Date: appendDate, Size: 1, Content: strings.NewReader("x")}}},
		canon: "APPEND x \" 7-Feb-1994 21:52:25 -0800\" {1}\r\nx",
	},
	{
		in:    "APPEND x (\\seen) ~{3+}\r\na\x00b",
		want:  &Append{Mailbox: "x", Messages: []AppendMessage{{Flags: []imap.Flag{imap.FlagSeen}, Size: 3, Binary: true, Content: strings.NewReader("a\x00b")}}},
		canon: "APPEND x (\\Seen) ~{3}\r\na\x00b",
	},
	{
		in:    "APPEND x utf8 (~{3}\r\n\xc3\xa4!)",
		want:  &Append{Mailbox: "x", Messages: []AppendMessage{{Size: 3, Binary: true, UTF8: true, Content: strings.NewReader("\xc3\xa4!")}}},
		canon: "APPEND x UTF8 (~{3}\r\n\xc3\xa4!)",
	},
	{
		in: "APPEND x {1}\r\na (A) {2}\r\nbc \"23-Nov-2026 01:02:03 +0000\" ~{1}\r\n\x00 (\\Draft) UTF8 (~{0}\r\n)",
		want: &Append{Mailbox: "x", Messages: []AppendMessage{
			literalMessage("a"),
			{Flags: []imap.Flag{"A"}, Size: 2, Content: strings.NewReader("bc")},
			{Date: appendDate2, Size: 1, Binary: true, Content: strings.NewReader("\x00")},
			{Flags: []imap.Flag{imap.FlagDraft}, Binary: true, UTF8: true, Content: strings.NewReader("")},
		}},
	},
}

var appendRejects = []rejectRow{
	{"APPEND", 6},
	{"APPEND x", 8},
	{"APPEND x ", 9},
	{"APPEND x abc", 9},
	{`APPEND x "abc"`, 9},
	{"APPEND x {4}\r\nabc", 18},
	{"APPEND x {3}\r\na\x00c", 15},
	{"APPEND x {3}\r\nabcd", 17},
	{"APPEND x {3}\r\nabc ", 18},
	{"APPEND x (\\Seen){3}\r\nabc", 16},
	{"APPEND x (\\Seen) (A) {3}\r\nabc", 17},
	{"APPEND x (\\Seen {3}\r\nabc", 16},
	{"APPEND x \\Seen {3}\r\nabc", 9},
	{"APPEND x \"23-Nov-2026 01:02:03\" {3}\r\nabc", 9},
	{"APPEND x \"31-Feb-2026 01:02:03 +0000\" {3}\r\nabc", 9},
	{"APPEND x \"23-Nov-2026 01:02:03 +0000\" (A) {3}\r\nabc", 38},
	{"APPEND x UTF8 ({3}\r\nabc)", 15},
	{"APPEND x UTF8 (~{3}\r\nabc", 24},
	{"APPEND x CATENATE (URL x)", 9},
}

func TestAppendPrefix(t *testing.T) {
	flags := []imap.Flag{imap.FlagSeen}
	for _, row := range []struct {
		frame string
		want  *AppendPart
		bad   bool
	}{
		{frame: "A1 APPEND x {3}\r\n", want: &AppendPart{Tag: "A1", Mailbox: "x", Message: AppendMessage{Size: 3}}},
		{frame: "A1 append x {3+}\r\n", want: &AppendPart{Tag: "A1", Mailbox: "x", Message: AppendMessage{Size: 3}, NonSync: true}},
		{frame: "A1 APPEND {1}\r\nx {0}\r\n", want: &AppendPart{Tag: "A1", Mailbox: "x"}},
		{frame: "A1 APPEND x (\\seen) \" 7-Feb-1994 21:52:25 -0800\" ~{9223372036854775807}\r\n",
			want: &AppendPart{Tag: "A1", Mailbox: "x", Message: AppendMessage{Flags: flags, Date: appendDate, Size: 1<<63 - 1, Binary: true}}},
		{frame: "A1 APPEND x UTF8 (~{3+}\r\n", want: &AppendPart{Tag: "A1", Mailbox: "x", Message: AppendMessage{Size: 3, Binary: true, UTF8: true}, NonSync: true}},
		{frame: "A1 APPEND {0}\r\n"},
		{frame: "A1 APPEND {5+}\r\n"},
		{frame: "A1 LOGIN {5}\r\n"},
		{frame: "A1 APPENDX x {5}\r\n"},
		{frame: "A1 {6}\r\n"},
		{frame: "(A1 APPEND x {6}\r\n"},
		{frame: "A1 APPEND  {6}\r\n", bad: true},
		{frame: "A1 APPEND ~{6}\r\n", bad: true},
		{frame: "A1 APPEND x (\\Seen {6}\r\n", bad: true},
		{frame: "A1 APPEND x ({6}\r\n", bad: true},
		{frame: "A1 APPEND x \"{6}\r\n", bad: true},
		{frame: "A1 APPEND x x{6}\r\n", bad: true},
		{frame: "A1 APPEND x {3}\r\nabc {3}\r\n", bad: true},
		{frame: "A1 APPEND x UTF8 ({3}\r\n", bad: true},
		{frame: "A1 APPEND x CATENATE (TEXT {3}\r\n", bad: true},
	} {
		var p Parser
		got, err := p.AppendPrefix([]byte(row.frame))
		var se *engine.SyntaxError
		if row.bad != (err != nil) || err != nil && (!errors.As(err, &se) || se.Tag != "A1") {
			t.Errorf("%q: %v", row.frame, err)
		}
		if d := cmp.Diff(row.want, got); d != "" {
			t.Errorf("%q: %s", row.frame, d)
		}
	}
	p := Parser{ParseOptions: ParseOptions{Bounds: Bounds{Tokens: 3}}}
	_, err := p.AppendPrefix([]byte("A1 APPEND x (a b c) {3}\r\n"))
	var le *engine.LimitError
	if !errors.As(err, &le) {
		t.Error(err)
	}
}

func TestAppendRest(t *testing.T) {
	for _, row := range []struct {
		frame string
		utf8  bool
		want  *AppendPart
		bad   bool
	}{
		{frame: "\r\n"},
		{frame: ")\r\n", utf8: true},
		{frame: " (A) {3+}\r\n", want: &AppendPart{Message: AppendMessage{Flags: []imap.Flag{"A"}, Size: 3}, NonSync: true}},
		{frame: ") ~{3}\r\n", utf8: true, want: &AppendPart{Message: AppendMessage{Size: 3, Binary: true}}},
		{frame: ")\r\n", bad: true},
		{frame: "\r\n", utf8: true, bad: true},
		{frame: "x\r\n", bad: true},
		{frame: " \r\n", bad: true},
		{frame: " (A)\r\n", bad: true},
		{frame: " (A){3}\r\n", bad: true},
		{frame: "{3}\r\n", bad: true},
	} {
		var p Parser
		got, err := p.AppendRest([]byte(row.frame), "A1", row.utf8)
		var se *engine.SyntaxError
		if row.bad != (err != nil) || err != nil && (!errors.As(err, &se) || se.Tag != "A1") {
			t.Errorf("%q: %v", row.frame, err)
		}
		if d := cmp.Diff(row.want, got); d != "" {
			t.Errorf("%q: %s", row.frame, d)
		}
	}
}
