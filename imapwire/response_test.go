package imapwire_test

import (
	"bytes"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/mailwire/mailwire/imapwire"
	"github.com/mailwire/mailwire/imapwire/engine"
	"github.com/mailwire/mailwire/imapwire/imap"
)

func nstr(s string) imap.NString { return imap.String(s) }

func status(tag string, c imapwire.Condition, code imapwire.Code, text string) *imapwire.StatusResponse {
	return &imapwire.StatusResponse{Tag: tag, StatusCondition: imapwire.StatusCondition{Condition: c, Code: code, Text: text}}
}

func fetch(f imapwire.FetchData) *imapwire.FetchData {
	f.Num = 1
	return &f
}

func section(name imapwire.SectionName, s imap.Section, data string) []imapwire.SectionData {
	return []imapwire.SectionData{{Name: name, Section: s, Content: imapwire.Content{Valid: true, Data: data}}}
}

var zone = time.FixedZone("", 2*3600)

// A responseRow is one form of a response. wire is without the CRLF, LF stands
// for CRLF; canonical is what the encoder writes, if other than wire.
type responseRow struct {
	wire      string
	want      imapwire.Response
	canonical string
}

func responseRows() []responseRow {
	text := func(lines int64) imap.BodyStructure {
		return imap.BodyStructure{Type: "text", Subtype: "plain", Params: []imap.Param{{Name: "charset", Value: "utf-8"}}, Encoding: "7bit", Size: 12, Lines: lines}
	}
	addr := []imap.Address{{Name: nstr("A B"), Mailbox: nstr("a"), Host: nstr("b.c")}}
	env := &imap.Envelope{Date: nstr("d"), Subject: nstr(`q"\`), From: addr, Sender: addr, ReplyTo: addr, MessageID: nstr("<m>")}
	const envText = `("d" "q\"\\" (("A B" NIL "a" "b.c")) (("A B" NIL "a" "b.c")) (("A B" NIL "a" "b.c")) NIL NIL NIL NIL "<m>")`
	plain, ext := text(1), text(2)
	ext.MD5, ext.Disposition = nstr("m"), "inline"
	ext.DispositionArgs = []imap.Param{{Name: "filename", Value: "x"}}
	ext.Language, ext.Location, ext.Extension = []string{"en", "de"}, nstr("loc"), `1 "x" (2 (NIL))`
	multi := imap.BodyStructure{Type: "multipart", Subtype: "mixed", Parts: []imap.BodyStructure{text(1), {
		Type: "message", Subtype: "rfc822", Encoding: "7bit", Size: 99, Lines: 7, Envelope: env, Parts: []imap.BodyStructure{text(3)},
	}, {Type: "image", Subtype: "png", ID: nstr("<i>"), Description: nstr("d"), Encoding: "base64", Size: 1 << 31}}}
	multiExt := multi
	multiExt.Params = []imap.Param{{Name: "boundary", Value: "x"}}
	const textWire = `("text" "plain" ("charset" "utf-8") NIL NIL "7bit" 12 `
	star := uint32(1<<32 - 1)
	return []responseRow{
		// Status responses and codes: RFC 9051 §7.1.
		{"* OK hello", status("", imapwire.OK, nil, "hello"), ""},
		{"* PREAUTH hello", status("", imapwire.PREAUTH, nil, "hello"), ""},
		{"* BYE bye", status("", imapwire.BYE, nil, "bye"), ""},
		{"a1 ok done", status("a1", imapwire.OK, nil, "done"), "a1 OK done"},
		{"a1 NO [ALERT] x", status("a1", imapwire.NO, imapwire.CodeAlert, "x"), ""},
		{"* BAD [parse] x", status("", imapwire.BAD, imapwire.CodeParse, "x"), "* BAD [PARSE] x"},
		{"a1 BAD", status("a1", imapwire.BAD, nil, ""), "a1 BAD BAD"},
		{"* OK [READ-ONLY]", status("", imapwire.OK, imapwire.CodeReadOnly, ""), "* OK [READ-ONLY] OK"},
		{"* OK [UIDNEXT 4392] x", status("", imapwire.OK, &imapwire.CodeNumber{Name: "UIDNEXT", Number: 4392}, "x"), ""},
		{"* OK [HIGHESTMODSEQ 9223372036854775807] x", status("", imapwire.OK, &imapwire.CodeNumber{Name: "HIGHESTMODSEQ", Number: 1<<63 - 1}, "x"), ""},
		{"* OK [CAPABILITY IMAP4rev1 AUTH=PLAIN] x", status("", imapwire.OK, &imapwire.CodeCapability{Capabilities: imap.Capabilities{"IMAP4rev1", "AUTH=PLAIN"}}, "x"), ""},
		{`* OK [PERMANENTFLAGS (\Seen k \*)] x`, status("", imapwire.OK, &imapwire.CodePermanentFlags{Flags: []imap.Flag{imap.FlagSeen, "k", imap.FlagWildcard}}, "x"), ""},
		{`* OK [PERMANENTFLAGS ()] x`, status("", imapwire.OK, &imapwire.CodePermanentFlags{}, "x"), ""},
		{"a NO [BADCHARSET] x", status("a", imapwire.NO, &imapwire.CodeBadCharset{}, "x"), ""},
		{`a NO [BADCHARSET (UTF-8 "a b")] x`, status("a", imapwire.NO, &imapwire.CodeBadCharset{Charsets: []string{"UTF-8", "a b"}}, "x"), ""},
		{"a OK [APPENDUID 1 2:3,5] x", status("a", imapwire.OK, &imapwire.CodeAppendUID{UIDValidity: 1, UIDs: imap.UIDSetOf(2, 3, 5)}, "x"), ""},
		{"a OK [COPYUID 9 4:5,2 1:3] x", status("a", imapwire.OK, &imapwire.CodeCopyUID{UIDValidity: 9, Source: imap.Set{Ranges: []imap.Range{{First: 4, Last: 5}, {First: 2, Last: 2}}}, Dest: imap.SetRange(1, 3)}, "x"), ""},
		{"a OK [COPYUID 9 1:4 1:3] x", status("a", imapwire.OK, &imapwire.CodeUnknown{Name: "COPYUID", Args: " 9 1:4 1:3"}, "x"), ""},
		{"a OK [COPYUID 1 1:4294967295 1:4294967295] x", status("a", imapwire.OK, &imapwire.CodeCopyUID{UIDValidity: 1, Source: imap.SetRange(1, star), Dest: imap.SetRange(1, star)}, "x"), ""},
		{`a NO [X-Foo "a]b" {9} (1] x`, status("a", imapwire.NO, &imapwire.CodeUnknown{Name: "X-Foo", Args: ` "a]b" {9} (1`}, "x"), ""},
		{"* NO [UNSEEN] x", status("", imapwire.NO, imapwire.CodeAtom("UNSEEN"), "x"), ""},
		{"* NO [TRYCREATE", status("", imapwire.NO, nil, "[TRYCREATE"), "* NO -[TRYCREATE"},
		{"* OK Willk\xf6mmen", status("", imapwire.OK, nil, "Willk\xf6mmen"), "* OK Willk mmen"},

		{"+ go", &imapwire.Continue{Text: "go"}, ""},
		{"+", &imapwire.Continue{}, "+ "},
		{"+ ", &imapwire.Continue{}, ""},

		// Data: RFC 9051 §7.2 to §7.4.
		{"* CAPABILITY IMAP4rev1 X-Y", &imapwire.CapabilityData{Capabilities: imap.Capabilities{"IMAP4rev1", "X-Y"}}, ""},
		{"* CAPABILITY IMAP4rev1 ", &imapwire.CapabilityData{Capabilities: imap.Capabilities{"IMAP4rev1"}}, "* CAPABILITY IMAP4rev1"},
		{"* ENABLED", &imapwire.EnabledData{}, ""},
		{"* enabled CONDSTORE", &imapwire.EnabledData{Capabilities: imap.Capabilities{"CONDSTORE"}}, "* ENABLED CONDSTORE"},
		{`* FLAGS (\Seen \X k)`, &imapwire.FlagsData{Flags: []imap.Flag{imap.FlagSeen, `\X`, "k"}}, ""},
		{"* FLAGS ()", &imapwire.FlagsData{}, ""},
		{"* 0 EXISTS", &imapwire.ExistsData{}, ""},
		{"* 4294967295 exists", &imapwire.ExistsData{Count: star}, "* 4294967295 EXISTS"},
		{"* 3 RECENT", &imapwire.RecentData{Count: 3}, ""},
		{"* 3 EXPUNGE", &imapwire.ExpungeData{Seq: 3}, ""},
		{"* VANISHED 1:4294967295", &imapwire.VanishedData{UIDs: imap.UIDSet{{First: 1, Last: imap.MaxUID}}}, ""},
		{"* VANISHED (EARLIER) 3,5:7", &imapwire.VanishedData{Earlier: true, UIDs: imap.UIDSetOf(3, 5, 6, 7)}, ""},
		{"* SEARCH", &imapwire.SearchData{}, ""},
		{"* SEARCH 2 84 3", &imapwire.SearchData{Nums: []uint32{2, 84, 3}}, ""},
		{"* SEARCH 2 ", &imapwire.SearchData{Nums: []uint32{2}}, "* SEARCH 2"},
		{"* SEARCH 2 (MODSEQ 9)", &imapwire.SearchData{Nums: []uint32{2}, ModSeq: 9}, ""},
		{"* ESEARCH", &imapwire.ESearchData{}, ""},
		{`* ESEARCH (TAG "a1") UID MIN 1 MAX 9 COUNT 0 MODSEQ 4 X (1) ALL 1:3,9`, &imapwire.ESearchData{Tag: "a1", UID: true, Min: 1, HasMin: true, Max: 9, HasMax: true, HasCount: true, ModSeq: 4, Extended: []string{"X (1)"}, All: []imap.Range{{First: 1, Last: 3}, {First: 9, Last: 9}}}, ""},
		{`* LIST (\Noselect) "/" foo`, &imapwire.ListData{Attrs: []imap.MailboxAttr{imap.AttrNoSelect}, Delimiter: '/', Mailbox: "foo"}, ""},
		{`* LIST () NIL "a b"`, &imapwire.ListData{Mailbox: "a b"}, ""},
		{`* LSUB () "\\" {3}` + "\na\"b", &imapwire.ListData{Verb: "LSUB", Delimiter: '\\', Mailbox: `a"b`}, `* LSUB () "\\" "a\"b"`},
		{`* XLIST (\Inbox) "/" Inbox`, &imapwire.ListData{Verb: "XLIST", Attrs: []imap.MailboxAttr{`\Inbox`}, Delimiter: '/', Mailbox: "Inbox"}, ""},
		{`* LIST () "/" a ("CHILDINFO" ("SUBSCRIBED") "OLDNAME" (b) "X" (y "z"))`, &imapwire.ListData{Delimiter: '/', Mailbox: "a", OldName: "b", ChildInfo: []string{"SUBSCRIBED"}, Extended: []string{`"X" (y "z")`}}, ""},
		{`* STATUS "x y" (MESSAGES 1 uidnext 2 X-Q (a b) APPENDLIMIT NIL)`, &imapwire.StatusData{Mailbox: "x y", Values: []imapwire.StatusValue{{Item: "MESSAGES", Number: 1}, {Item: "UIDNEXT", Number: 2}, {Item: "X-Q", Raw: "(a b)"}, {Item: "APPENDLIMIT", Raw: "NIL"}}}, `* STATUS "x y" (MESSAGES 1 UIDNEXT 2 X-Q (a b) APPENDLIMIT NIL)`},
		{"* STATUS x ()", &imapwire.StatusData{Mailbox: "x"}, ""},
		{`* NAMESPACE (("" "/")) NIL (("Public/" "/" "X-P" ("a"))("q" NIL))`, &imapwire.NamespaceData{Personal: []imapwire.NamespaceEntry{{Delimiter: '/'}}, Shared: []imapwire.NamespaceEntry{{Prefix: "Public/", Delimiter: '/', Extensions: []string{`"X-P" ("a")`}}, {Prefix: "q"}}}, ""},
		{"* ID NIL", &imapwire.IDData{}, ""},
		{`* ID ("name" "x" "v" NIL)`, &imapwire.IDData{Fields: []imapwire.IDField{{Name: "name", Value: nstr("x")}, {Name: "v"}}}, ""},
		{"* X-NEW 1 (2 {3}\na\nb \"c\")", &imapwire.UnknownData{Raw: "X-NEW 1 (2 {3}\r\na\nb \"c\")"}, ""},
		{"* 7 X-NEW", &imapwire.UnknownData{Raw: "7 X-NEW"}, ""},

		// FETCH: RFC 9051 §7.5.2.
		{`* 1 FETCH (UID 5 FLAGS (\Seen $Forwarded) MODSEQ (7))`, fetch(imapwire.FetchData{Has: imapwire.HasUID | imapwire.HasFlags | imapwire.HasModSeq, UID: 5, Flags: []imap.Flag{imap.FlagSeen, imap.KeywordForwarded}, ModSeq: 7}), ""},
		{`* 1 fetch (flags () uid 5)`, fetch(imapwire.FetchData{Has: imapwire.HasUID | imapwire.HasFlags, UID: 5}), "* 1 FETCH (UID 5 FLAGS ())"},
		{`* 1 FETCH (INTERNALDATE " 5-Jan-2026 01:02:03 +0200" RFC822.SIZE 9223372036854775807)`, fetch(imapwire.FetchData{Has: imapwire.HasInternalDate | imapwire.HasSize, InternalDate: time.Date(2026, 1, 5, 1, 2, 3, 0, zone), Size: 1<<63 - 1}), ""},
		{"* 1 FETCH (ENVELOPE " + envText + ")", fetch(imapwire.FetchData{Has: imapwire.HasEnvelope, Envelope: env}), ""},
		{"* 1 FETCH (BODY " + textWire + "1))", fetch(imapwire.FetchData{Has: imapwire.HasBody, Body: &plain}), ""},
		{"* 1 FETCH (BODYSTRUCTURE " + textWire + `2 "m" ("inline" ("filename" "x")) ("en" "de") "loc" 1 "x" (2 (NIL))))`, fetch(imapwire.FetchData{Has: imapwire.HasStructure, Structure: &ext}), ""},
		{"* 1 FETCH (BODY (" + textWire + `1)("message" "rfc822" NIL NIL NIL "7bit" 99 ` + envText + " " + textWire + `3) 7)("image" "png" NIL "<i>" "d" "base64" 2147483648) "mixed"))`, fetch(imapwire.FetchData{Has: imapwire.HasBody, Body: &multi}), ""},
		{"* 1 FETCH (BODYSTRUCTURE (" + textWire + `1 NIL NIL NIL NIL)("message" "rfc822" NIL NIL NIL "7bit" 99 ` + envText + " " + textWire + `3 NIL NIL NIL NIL) 7 NIL NIL NIL NIL)("image" "png" NIL "<i>" "d" "base64" 2147483648 NIL NIL NIL NIL) "mixed" ("boundary" "x") NIL NIL NIL))`, fetch(imapwire.FetchData{Has: imapwire.HasStructure, Structure: &multiExt}), ""},
		{`* 1 FETCH (BODY ((("text" "plain" NIL NIL NIL "7bit" 1 1)("text" "html" NIL NIL NIL "7bit" 2 2) "alternative")("a" "b" NIL NIL NIL "7bit" 3) "mixed"))`, fetch(imapwire.FetchData{Has: imapwire.HasBody, Body: &imap.BodyStructure{Type: "multipart", Subtype: "mixed", Parts: []imap.BodyStructure{
			{Type: "multipart", Subtype: "alternative", Parts: []imap.BodyStructure{{Type: "text", Subtype: "plain", Encoding: "7bit", Size: 1, Lines: 1}, {Type: "text", Subtype: "html", Encoding: "7bit", Size: 2, Lines: 2}}},
			{Type: "a", Subtype: "b", Encoding: "7bit", Size: 3},
		}}}), ""},
		{"* 1 FETCH (BODY[] {3}\na\nc)", fetch(imapwire.FetchData{Sections: section(imapwire.SectionBody, imap.Section{}, "a\nc")}), ""},
		{`* 1 FETCH (BODY[1.2.HEADER.FIELDS (From "x y")]<0> "")`, fetch(imapwire.FetchData{Sections: []imapwire.SectionData{{Name: imapwire.SectionBody, Partial: true, Section: imap.Section{Part: []uint32{1, 2}, Specifier: imap.SpecifierHeaderFields, Fields: []string{"From", "x y"}}, Content: imapwire.Content{Valid: true}}}}), "* 1 FETCH (BODY[1.2.HEADER.FIELDS (From \"x y\")]<0> {0}\n)"},
		{"* 1 FETCH (BODY[9] NIL RFC822 {1}\nx RFC822.TEXT NIL)", fetch(imapwire.FetchData{Sections: []imapwire.SectionData{{Name: imapwire.SectionBody, Section: imap.Section{Part: []uint32{9}}}, {Name: imapwire.SectionRFC822, Content: imapwire.Content{Valid: true, Data: "x"}}, {Name: imapwire.SectionRFC822Text}}}), ""},
		{"* 1 FETCH (BINARY.SIZE[1] 7 BINARY[1]<3> ~{2}\n\x00x)", fetch(imapwire.FetchData{BinarySizes: []imapwire.BinarySize{{Part: []uint32{1}, Size: 7}}, Sections: []imapwire.SectionData{{Name: imapwire.SectionBinary, Section: imap.Section{Part: []uint32{1}}, Partial: true, Origin: 3, Content: imapwire.Content{Valid: true, Data: "\x00x", Binary: true}}}}), ""},
		{`* 1 FETCH (X-GM-LABELS (\Inbox "a b") EMAILID (M1) X[a "]"]<0> NIL UID 3)`, fetch(imapwire.FetchData{Has: imapwire.HasUID, UID: 3, Unknown: []string{`X-GM-LABELS (\Inbox "a b")`, "EMAILID (M1)", `X[a "]"]<0> NIL`}}), `* 1 FETCH (UID 3 X-GM-LABELS (\Inbox "a b") EMAILID (M1) X[a "]"]<0> NIL)`},
	}
}

func frameOf(s string) []byte {
	// LF inside the rows' own literals stands for itself.
	b := bytes.ReplaceAll([]byte(s), []byte("}\n"), []byte("}\r\n"))
	return append(b, "\r\n"...)
}

func TestResponses(t *testing.T) {
	for _, row := range responseRows() {
		got, err := imapwire.ParseResponse(frameOf(row.wire), imapwire.ParseOptions{})
		if err != nil {
			t.Errorf("%q: %v", row.wire, err)
			continue
		}
		if d := cmp.Diff(row.want, got); d != "" {
			t.Errorf("%q (-want +got):\n%s", row.wire, d)
		}
		canonical := row.canonical
		if canonical == "" {
			canonical = row.wire
		}
		b, err := imapwire.AppendResponse([]byte("x"), row.want, imapwire.ResponseOptions{})
		if err != nil {
			t.Errorf("%q: encoding: %v", row.wire, err)
			continue
		}
		if want := "x" + string(frameOf(canonical)); string(b) != want {
			t.Errorf("%q: encoded\n got %q\nwant %q", row.wire, b, want)
		}
		// Invariant 3.
		again, err := imapwire.ParseResponse(b[1:], imapwire.ParseOptions{})
		if err != nil {
			t.Errorf("%q: parsing %q: %v", row.wire, b, err)
			continue
		}
		twice, err := imapwire.AppendResponse([]byte("x"), again, imapwire.ResponseOptions{})
		if err != nil || !bytes.Equal(b, twice) {
			t.Errorf("%q: encoded again %q, %v", row.wire, twice, err)
		}
	}
}

// TestResponsesCut: threats P4 and P5. A response cut anywhere is an error, and
// never a panic.
func TestResponsesCut(t *testing.T) {
	for _, row := range responseRows() {
		whole := frameOf(row.wire)
		for i := range whole {
			r, err := imapwire.ParseResponse(whole[:i], imapwire.ParseOptions{})
			if err == nil {
				t.Errorf("%q is taken for %T", whole[:i], r)
			}
			var se *engine.SyntaxError
			var le *engine.LimitError
			if !errors.As(err, &se) && !errors.As(err, &le) {
				t.Errorf("%q: error of type %T", whole[:i], err)
			}
		}
	}
}

func TestResponseRejects(t *testing.T) {
	for _, wire := range []string{
		"", "*", "* ", "a", "a OK x\r", "a PREAUTH x", "a BYE x", "+x", "a  OK", "* 0 EXPUNGE", "* 0 FETCH (UID 1)",
		"* 1 FETCH", "* 1 FETCH ()x", "* 1 FETCH (UID 0)", "* 1 FETCH (UID 4294967296)", "* 1 FETCH (FLAGS (\\))", "* 1 FETCH (FLAGS \\Seen)",
		"* 1 FETCH (MODSEQ 1)", "* 1 FETCH (MODSEQ (0))", "* 1 FETCH (INTERNALDATE \"x\")", "* 1 FETCH (ENVELOPE (NIL))",
		"* 1 FETCH (BODY ())", "* 1 FETCH (BODY[] {2}\na)", "* 1 FETCH (BODY[MIME] NIL)", "* 1 FETCH (BODY[] -1)", "* LIST \"/\" a", "* LIST (a) \"/\" b",
		"* LIST () \"//\" b", "* SEARCH 0", "* SEARCH a", "* SEARCH 1,2", "* STATUS a", "* STATUS a (MESSAGES)", "* NAMESPACE NIL NIL", "* NAMESPACE () NIL NIL",
		"* VANISHED", "* VANISHED 0", "* VANISHED *", "* FLAGS", "* X {5}\nab", "* ID (\"a\")", "* CAPABILITY  A", "* 4294967296 EXISTS",
	} {
		if r, err := imapwire.ParseResponse(frameOf(wire), imapwire.ParseOptions{Strict: true}); err == nil {
			t.Errorf("%q is taken for %#v", wire, r)
		}
		p := imapwire.Parser{}
		if r, err := p.Response(frameOf(wire)); err == nil && len(p.Diagnostics) == 0 {
			t.Errorf("%q is taken for %#v without a diagnostic", wire, r)
		}
	}
}

// TestResponseAllocs: what a client keeps of a FETCH costs few allocations.
func TestResponseAllocs(t *testing.T) {
	for _, tt := range []struct {
		name string
		wire string
		most float64
	}{
		{"flags", `* 12 FETCH (UID 5 FLAGS (\Seen \Answered) MODSEQ (7))`, 2},
		{"envelope and structure", `* 12 FETCH (UID 5 ENVELOPE ("Mon, 7 Feb 1994 21:52:25 -0800" "afternoon meeting" (("Terry" NIL "gray" "cac.washington.edu")) (("Terry" NIL "gray" "cac.washington.edu")) (("Terry" NIL "gray" "cac.washington.edu")) ((NIL NIL "imap" "cac.washington.edu")("John" NIL "KLENSIN" "MIT.EDU")) NIL NIL NIL "<B27397@cac>") BODYSTRUCTURE (("TEXT" "PLAIN" ("CHARSET" "US-ASCII") NIL NIL "7BIT" 1152 23 NIL NIL NIL NIL)("TEXT" "HTML" ("CHARSET" "US-ASCII" "NAME" "cc.diff") "<96@cac>" "Compiler diff" "BASE64" 4554 73 NIL ("attachment" ("filename" "cc.diff")) NIL NIL) "MIXED" ("BOUNDARY" "x") NIL NIL NIL))`, 6},
	} {
		frame := frameOf(tt.wire)
		p := imapwire.Parser{}
		if n := testing.AllocsPerRun(100, func() {
			if _, err := p.Response(frame); err != nil {
				t.Fatal(err)
			}
		}); n > tt.most {
			t.Errorf("%s: %v allocations, want at most %v", tt.name, n, tt.most)
		} else {
			t.Logf("%s: %v allocations", tt.name, n)
		}
	}
}
