package imapwire

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mailwire/mailwire/imapwire/imap"
)

func condition(tag string, c Condition, code Code, s string) *StatusResponse {
	return &StatusResponse{Tag: tag, StatusCondition: StatusCondition{Condition: c, Code: code, Text: s}}
}

func itself[T any](v T) T { return v }

func capabilityData(c imap.Capabilities) Response { return &CapabilityData{Capabilities: c} }

// responseRules: what a response is, and the data that has no file of its own.
var responseRules = []ruleTable{
	response("continue-req", "%s", func(s string) Response { return &Continue{Text: s} }, k("+ go ahead", "go ahead"), k("+ [ALERT] x", "[ALERT] x"), k("+ AAEC", "AAEC"), k("+ ", "")).but("+ a\rb"),
	response("response-data", "%s", itself[Response],
		k[Response]("* OK x", condition("", OK, nil, "x")), k[Response]("* BYE x", condition("", BYE, nil, "x")), k[Response]("* FLAGS (a)", &FlagsData{Flags: []imap.Flag{"a"}}), k[Response]("* 3 EXPUNGE", &ExpungeData{Seq: 3}),
		k[Response]("* CAPABILITY IMAP4rev1", &CapabilityData{Capabilities: imap.Capabilities{"IMAP4rev1"}}), k[Response]("* ENABLED X", &EnabledData{Capabilities: imap.Capabilities{"X"}}),
	).but("* ", "*  OK x", "* (OK)", "* 0 EXPUNGE"),
	response("response-tagged", "%s", itself[Response], k[Response]("a OK x", condition("a", OK, nil, "x")), k[Response]("a NO x", condition("a", NO, nil, "x")), k[Response]("a BAD x", condition("a", BAD, nil, "x"))).but("a", "a BYE x", "a PREAUTH x", "a FLAGS (x)", "a  OK x", "(a) OK x"),
	response("response-fatal", "%s", itself[Response], k[Response]("* BYE x", condition("", BYE, nil, "x")), k[Response]("* BYE [UNAVAILABLE] x", condition("", BYE, CodeUnavailable, "x"))),
	response("response-done", "%s", itself[Response], k[Response]("a OK x", condition("a", OK, nil, "x")), k[Response]("* BYE x", condition("", BYE, nil, "x"))).but("a BYE x"),
	response("greeting", "%s", itself[Response], k[Response]("* OK x", condition("", OK, nil, "x")), k[Response]("* PREAUTH x", condition("", PREAUTH, nil, "x")), k[Response]("* BYE x", condition("", BYE, nil, "x"))),
	response("capability", "* CAPABILITY IMAP4rev1 %s", func(c imap.Capability) Response { return capabilityData(imap.Capabilities{"IMAP4rev1", c}) }, k("AUTH=PLAIN", imap.Capability("AUTH=PLAIN")), k("X", imap.Capability("X")), k("LITERAL+", imap.CapLiteralPlus)).but(`"X"`, "(X)", "a]"),
	response("capability-data", "* %s", capabilityData, k("CAPABILITY IMAP4rev1", imap.Capabilities{"IMAP4rev1"}), k("CAPABILITY IMAP4 X IMAP4rev1 IMAP4rev2 Y", imap.Capabilities{"IMAP4", "X", "IMAP4rev1", "IMAP4rev2", "Y"})).but("CAPABILITY  X", "CAPABILITY(X)", "CAPABILITY X  Y"),
	response("enable-data", "* ENABLED%s", func(c imap.Capabilities) Response { return &EnabledData{Capabilities: c} }, k("", imap.Capabilities(nil)), k(" X", imap.Capabilities{"X"}), k(" X IMAP4rev2", imap.Capabilities{"X", "IMAP4rev2"})).but(" (X)", "  X"),
	response("enable-data", "* %s", func(c imap.Capabilities) Response { return &EnabledData{Capabilities: c} }, k("ENABLED", imap.Capabilities(nil)), k("enabled X", imap.Capabilities{"X"}, "ENABLED X")),
	response("mailbox-data", "* %s", itself[Response],
		k[Response]("FLAGS (a)", &FlagsData{Flags: []imap.Flag{"a"}}), k[Response](`LIST () "/" a`, &ListData{Delimiter: '/', Mailbox: "a"}), k[Response](`LSUB () "/" a`, &ListData{Verb: "LSUB", Delimiter: '/', Mailbox: "a"}), k[Response]("SEARCH 1 2", &SearchData{Nums: []uint32{1, 2}}),
		k[Response]("ESEARCH UID", &ESearchData{UID: true}), k[Response]("STATUS a (SIZE 1)", &StatusData{Mailbox: "a", Values: []StatusValue{{Item: StatusSize, Number: 1}}}), k[Response]("STATUS a ()", &StatusData{Mailbox: "a"}), k[Response]("7 EXISTS", &ExistsData{Count: 7}), k[Response]("7 RECENT", &RecentData{Count: 7}),
		k[Response]("NAMESPACE NIL NIL NIL", &NamespaceData{}),
	).but("FLAGS", "FLAGS a", "LIST", "STATUS a", "STATUS (SIZE 1)", "-7 EXISTS", "* EXISTS", "NAMESPACE"),
	response("obsolete-recent-response", "* %s", itself[Response], k[Response]("0 RECENT", &RecentData{}), k[Response]("4294967295 recent", &RecentData{Count: 1<<32 - 1}, "4294967295 RECENT")).but("4294967296 RECENT", "0 RECENT 1"),
	response("obsolete-search-response", "* %s", itself[Response], k[Response]("SEARCH", &SearchData{}), k[Response]("search 3 1", &SearchData{Nums: []uint32{3, 1}}, "SEARCH 3 1")).but("SEARCH 0", "SEARCH 1,2", "SEARCH 1:2", "SEARCH *"),
	response("message-data", "* %s", itself[Response], k[Response]("1 EXPUNGE", &ExpungeData{Seq: 1}), k[Response]("4294967295 expunge", &ExpungeData{Seq: 1<<32 - 1}, "4294967295 EXPUNGE"), k[Response]("1 FETCH (UID 7)", &FetchData{Num: 1, Has: HasUID, UID: 7})).but("0 EXPUNGE", "0 FETCH (UID 7)", "1 FETCH", "1 FETCH UID 7", "1 EXPUNGE 2"),
}

var conditionRules = []ruleTable{
	response("resp-cond-state", "a %s", itself[Response], k[Response]("OK x", condition("a", OK, nil, "x")), k[Response]("NO x", condition("a", NO, nil, "x")), k[Response]("BAD x", condition("a", BAD, nil, "x")), k[Response]("ok x", condition("a", OK, nil, "x"), "OK x")).but("OKAY x", "YES x", "BYE x", ""),
	response("resp-cond-auth", "* %s", itself[Response], k[Response]("OK x", condition("", OK, nil, "x")), k[Response]("PREAUTH x", condition("", PREAUTH, nil, "x")), k[Response]("preauth [ALERT] x", condition("", PREAUTH, CodeAlert, "x"), "PREAUTH [ALERT] x")),
	response("resp-cond-bye", "* %s", itself[Response], k[Response]("BYE x", condition("", BYE, nil, "x")), k[Response]("bye x", condition("", BYE, nil, "x"), "BYE x")),
	response("resp-text", "a OK %s", func(s StatusCondition) Response {
		s.Condition = OK
		return &StatusResponse{Tag: "a", StatusCondition: s}
	},
		k("x", StatusCondition{Text: "x"}), k("[ALERT] x y", StatusCondition{Code: CodeAlert, Text: "x y"}), k("[X a (b) \"c]\"] z", StatusCondition{Code: &CodeUnknown{Name: "X", Args: ` a (b) "c]"`}, Text: "z"}), k("x [ALERT]", StatusCondition{Text: "x [ALERT]"}),
	).but("[ALERT]x", "x\ry"),
}

// TestTextIsASCII: RFC 3501 §9, text. Octets above 0x7F may be said in a text
// only behind ENABLE IMAP4rev2 (RFC 9051 §9) or where UTF-8 is enabled.
func TestTextIsASCII(t *testing.T) {
	for text, want := range map[string]string{"ä b": "? b", "漢": "?", "a\xffb": "a b", "x\U0001f600": "x?", "a\u0085b": "a b", "äö": "??"} {
		b, err := AppendResponse(nil, condition("a", NO, nil, text), ResponseOptions{})
		if err != nil || string(b) != "a NO "+want+"\r\n" {
			t.Errorf("%q: %q, %v", text, b, err)
		}
	}
	for _, text := range []string{"ä b", "漢", "x\U0001f600"} {
		b, err := AppendResponse(nil, condition("a", NO, nil, text), ResponseOptions{UTF8: true})
		if err != nil || string(b) != "a NO "+text+"\r\n" {
			t.Errorf("%q: %q, %v", text, b, err)
		}
	}
}

// TestResponseSequence: response = *(continue-req / response-data) response-done.
// A stream is cut into its responses, whatever their literals hold, and
// written as it was.
func TestResponseSequence(t *testing.T) {
	responses := []Response{
		&Continue{Text: "go"}, &FlagsData{Flags: []imap.Flag{"a"}},
		&FetchData{Num: 1, Has: HasUID, UID: 7, Sections: []SectionData{{Name: SectionBody, Content: literalContent("a OK done\r\n* BYE {3}\r\n")}}},
		condition("a", OK, nil, "done"), condition("", BYE, nil, "x"),
	}
	const stream = "+ go\r\n* FLAGS (a)\r\n* 1 FETCH (UID 7 BODY[] {22}\r\na OK done\r\n* BYE {3}\r\n)\r\na OK done\r\n* BYE x\r\n"
	var wire []byte
	for _, r := range responses {
		var err error
		if wire, err = AppendResponse(wire, r, ResponseOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	if string(wire) != stream {
		t.Errorf("written as %q", wire)
	}
	var f Framer
	f.SetBounds(Limits{}.Response(true))
	if err := f.Feed([]byte(stream)); err != nil {
		t.Fatal(err)
	}
	var got []Response
	for fr := f.Next(); fr.Kind != FrameNone; fr = f.Next() {
		switch fr.Kind {
		case FrameLiteral:
			if err := f.Buffer(); err != nil {
				t.Fatal(err)
			}
		case FrameWhole:
			r, err := ParseResponse(fr.Data, ParseOptions{})
			if err != nil {
				t.Fatalf("%q: %v", fr.Data, err)
			}
			got = append(got, r)
		default:
			t.Fatalf("%+v", fr)
		}
	}
	if d := cmp.Diff(responses, got); d != "" {
		t.Error(d)
	}
}
