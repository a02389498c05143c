package imapwire

import (
	"github.com/mailwire/mailwire/imapwire/imap"
)

func fetch1(items ...FetchItem) *Fetch { return &Fetch{Set: imap.SetOf(1), Items: items} }

func fetchSection(s imap.Section) *Fetch { return fetch1(&FetchBody{Section: s}) }

var fetchRows = []commandRow{
	{in: "FETCH 1 FLAGS", want: fetch1(FetchFlags)},
	{in: "fetch 1 flags", want: fetch1(FetchFlags), canon: "FETCH 1 FLAGS"},
	{in: "FETCH 1 (FLAGS)", want: fetch1(FetchFlags), canon: "FETCH 1 FLAGS"},
	{in: "FETCH 1 ALL", want: fetch1(FetchAll)},
	{in: "FETCH 1 fast", want: fetch1(FetchFast), canon: "FETCH 1 FAST"},
	{in: "FETCH 1 FULL", want: fetch1(FetchFull)},
	{
		in:   "FETCH 1 (ENVELOPE FLAGS INTERNALDATE RFC822 RFC822.HEADER RFC822.SIZE RFC822.TEXT BODY BODYSTRUCTURE UID MODSEQ)",
		want: fetch1(FetchEnvelope, FetchFlags, FetchInternalDate, FetchRFC822, FetchRFC822Header, FetchRFC822Size, FetchRFC822Text, FetchBodyBasic, FetchBodyStructure, FetchUID, FetchModSeq),
	},
	{in: "FETCH 2:4,7,9:* (FLAGS BODY[HEADER.FIELDS (DATE FROM)])", want: &Fetch{
		Set:   imap.Set{Ranges: []imap.Range{{First: 2, Last: 4}, {First: 7, Last: 7}, {First: 9, Last: imap.Star}}},
		Items: []FetchItem{FetchFlags, &FetchBody{Section: imap.Section{Specifier: imap.SpecifierHeaderFields, Fields: []string{"DATE", "FROM"}}}},
	}},
	{in: "UID FETCH * UID", want: &Fetch{UID: true, Set: imap.SetOf(imap.Star), Items: []FetchItem{FetchUID}}},
	{in: "UID FETCH $ UID", want: &Fetch{UID: true, Set: imap.Set{Saved: true}, Items: []FetchItem{FetchUID}}},
	{in: "UID FETCH *:4 UID", want: &Fetch{UID: true, Set: imap.SetRange(imap.Star, 4), Items: []FetchItem{FetchUID}}},
	{in: "FETCH 1 BODY[]", want: fetchSection(imap.Section{})},
	{in: "FETCH 1 body.peek[]", want: fetch1(&FetchBody{Peek: true}), canon: "FETCH 1 BODY.PEEK[]"},
	{in: "FETCH 1 BODY[HEADER]", want: fetchSection(imap.Section{Specifier: imap.SpecifierHeader})},
	{in: "FETCH 1 BODY[text]", want: fetchSection(imap.Section{Specifier: imap.SpecifierText}), canon: "FETCH 1 BODY[TEXT]"},
	{in: "FETCH 1 BODY[1]", want: fetchSection(imap.Section{Part: []uint32{1}})},
	{in: "FETCH 1 BODY[4.1.MIME]", want: fetchSection(imap.Section{Part: []uint32{4, 1}, Specifier: imap.SpecifierMIME})},
	{in: "FETCH 1 BODY[3.HEADER]", want: fetchSection(imap.Section{Part: []uint32{3}, Specifier: imap.SpecifierHeader})},
	{in: "FETCH 1 BODY[3.TEXT]", want: fetchSection(imap.Section{Part: []uint32{3}, Specifier: imap.SpecifierText})},
	{
		in:    "FETCH 1 BODY[4.2.header.fields.not ({2}\r\nTo \"C c\" x]y)]<0.10>",
		want:  fetch1(&FetchBody{Section: imap.Section{Part: []uint32{4, 2}, Specifier: imap.SpecifierHeaderFieldsNot, Fields: []string{"To", "C c", "x]y"}}, Partial: &imap.Partial{Count: 10}}),
		canon: "FETCH 1 BODY[4.2.HEADER.FIELDS.NOT (To \"C c\" x]y)]<0.10>",
	},
	{in: "FETCH 1 BODY.PEEK[1.2]<2048.1024>", want: fetch1(&FetchBody{Peek: true, Section: imap.Section{Part: []uint32{1, 2}}, Partial: &imap.Partial{Offset: 2048, Count: 1024}})},
	{in: "FETCH 1 BODY[]<0.10>", want: fetch1(&FetchBody{Partial: &imap.Partial{Count: 10}})},
	{in: "FETCH 1 BINARY[1.2]<0.5>", want: fetch1(&FetchBinary{Part: []uint32{1, 2}, Partial: &imap.Partial{Count: 5}})},
	{in: "FETCH 1 binary.peek[]", want: fetch1(&FetchBinary{Peek: true}), canon: "FETCH 1 BINARY.PEEK[]"},
	{in: "FETCH 1 BINARY.SIZE[3]", want: fetch1(&FetchBinary{Part: []uint32{3}, SizeOnly: true})},
	{in: "FETCH 1 rfc822.peek", want: fetch1(FetchAttr("RFC822.PEEK")), canon: "FETCH 1 RFC822.PEEK"},
	{in: "FETCH 1 (X-GM-MSGID EMAILID)", want: fetch1(FetchAttr("X-GM-MSGID"), FetchAttr("EMAILID"))},
	{in: "FETCH 1 (preview (Lazy) uid)", want: fetch1(FetchAttr("PREVIEW (Lazy)"), FetchUID), canon: "FETCH 1 (PREVIEW (Lazy) UID)"},
	{in: "FETCH 1 (PREVIEW (LAZY))", want: fetch1(FetchAttr("PREVIEW (LAZY)"))},
	{in: "FETCH 1 x[a.b]<7>", want: fetch1(FetchAttr("X[a.b]<7>")), canon: "FETCH 1 X[a.b]<7>"},
	{in: "FETCH 1 BODYX[1]", want: fetch1(FetchAttr("BODYX[1]"))},
	{in: "FETCH 1 FLAGS (CHANGEDSINCE 12345)", want: &Fetch{Set: imap.SetOf(1), Items: []FetchItem{FetchFlags}, ChangedSince: 12345}},
	{
		in:    "UID FETCH 300:500 (FLAGS UID) (changedsince 12345 VANISHED partial -1:-30)",
		want:  &Fetch{UID: true, Set: imap.SetRange(300, 500), Items: []FetchItem{FetchFlags, FetchUID}, ChangedSince: 12345, Vanished: true, Modifiers: []string{"PARTIAL -1:-30"}},
		canon: "UID FETCH 300:500 (FLAGS UID) (CHANGEDSINCE 12345 VANISHED PARTIAL -1:-30)",
	},
}

var fetchRejects = []rejectRow{
	{"FETCH 1 FLAGS (CHANGEDSINCE)", 27},
	{"FETCH 1 FLAGS (CHANGEDSINCE 0)", 28},
	{"FETCH 1 FLAGS (VANISHED 1 CHANGEDSINCE 2)", 24},
	{"FETCH", 5},
	{"FETCH ", 6},
	{"FETCH 1", 7},
	{"FETCH 1 ", 8},
	{"FETCH 1, FLAGS", 8},
	{"FETCH ,1 FLAGS", 6},
	{"FETCH 1: FLAGS", 8},
	{"FETCH 1:2:3 FLAGS", 9},
	{"FETCH a FLAGS", 6},
	{"FETCH (1) FLAGS", 6},
	{"FETCH $1 FLAGS", 7},
	{"FETCH 1 ()", 9},
	{"FETCH 1 (FLAGS", 14},
	{"FETCH 1 (FLAGS )", 15},
	{"FETCH 1 (FLAGS  UID)", 15},
	{"FETCH 1 (FLAGS) ", 16},
	{"FETCH 1 FLAGS UID", 14},
	{"FETCH 1 (ALL)", 9},
	{"FETCH 1 (FLAGS FAST)", 15},
	{"FETCH 1 ((FLAGS))", 9},
	{`FETCH 1 "FLAGS"`, 8},
	{"FETCH 1 BODY[", 13},
	{"FETCH 1 BODY[1", 14},
	{"FETCH 1 BODY[1.]", 15},
	{"FETCH 1 BODY[0]", 13},
	{"FETCH 1 BODY[1.2.]", 17},
	{"FETCH 1 BODY[MIME]", 13},
	{"FETCH 1 BODY[HEADER.FIELDS]", 26},
	{"FETCH 1 BODY[HEADER.FIELDS ()]", 28},
	{`FETCH 1 BODY[HEADER.FIELDS ("")]`, 28},
	{"FETCH 1 BODY[HEADER.FIELDS (a]", 30},
	{"FETCH 1 BODY[HEADERS]", 13},
	{"FETCH 1 BODY[1TEXT]", 14},
	{"FETCH 1 BODY[]<>", 15},
	{"FETCH 1 BODY[]<0>", 16},
	{"FETCH 1 BODY[]<0.0>", 17},
	{"FETCH 1 BODY[]<0.1", 18},
	{"FETCH 1 BODY[]x", 14},
	{"FETCH 1 BINARY[TEXT]", 15},
	{"FETCH 1 BINARY[1.]", 17},
	{"FETCH 1 BINARY.SIZE[1]<0.1>", 22},
	{"FETCH 1 FLAGS ()", 15},
	{"FETCH 1 FLAGS (CHANGEDSINCE", 27},
	{"FETCH 1 {5}\r\nFLAGS", 8},
}

func fetchPart(s imap.Section) Command { return fetchSection(s) }

func fetchAtts(items []FetchItem) Command { return fetch1(items...) }

func fetchAtt(item FetchItem) Command { return fetch1(item) }

var sectionRows = []known[imap.Section]{
	k("[]", imap.Section{}), k("[HEADER]", imap.Section{Specifier: imap.SpecifierHeader}), k("[TEXT]", imap.Section{Specifier: imap.SpecifierText}), k("[1]", imap.Section{Part: []uint32{1}}),
	k("[1.MIME]", imap.Section{Part: []uint32{1}, Specifier: imap.SpecifierMIME}), k("[1.2.header]", imap.Section{Part: []uint32{1, 2}, Specifier: imap.SpecifierHeader}, "[1.2.HEADER]"),
}

var fetchRules = []ruleTable{
	rowsOf("fetch", fetchRows, fetchRejects),
	command("fetch-att", "FETCH 1 %s", fetchAtt,
		k[FetchItem]("ENVELOPE", FetchEnvelope), k[FetchItem]("FLAGS", FetchFlags), k[FetchItem]("INTERNALDATE", FetchInternalDate), k[FetchItem]("RFC822", FetchRFC822), k[FetchItem]("RFC822.HEADER", FetchRFC822Header),
		k[FetchItem]("RFC822.SIZE", FetchRFC822Size), k[FetchItem]("RFC822.TEXT", FetchRFC822Text), k[FetchItem]("BODY", FetchBodyBasic), k[FetchItem]("BODYSTRUCTURE", FetchBodyStructure), k[FetchItem]("UID", FetchUID),
		k[FetchItem]("BODY[]", &FetchBody{}), k[FetchItem]("BODY[]<0.1>", &FetchBody{Partial: &imap.Partial{Count: 1}}), k[FetchItem]("BODY.PEEK[TEXT]", &FetchBody{Peek: true, Section: imap.Section{Specifier: imap.SpecifierText}}),
		k[FetchItem]("BODY.PEEK[]<3.4>", &FetchBody{Peek: true, Partial: &imap.Partial{Offset: 3, Count: 4}}), k[FetchItem]("BINARY[1]", &FetchBinary{Part: []uint32{1}}), k[FetchItem]("BINARY[1]<0.1>", &FetchBinary{Part: []uint32{1}, Partial: &imap.Partial{Count: 1}}),
		k[FetchItem]("BINARY.PEEK[1.2]", &FetchBinary{Part: []uint32{1, 2}, Peek: true}), k[FetchItem]("BINARY.PEEK[]<3.4>", &FetchBinary{Peek: true, Partial: &imap.Partial{Offset: 3, Count: 4}}), k[FetchItem]("BINARY.SIZE[1]", &FetchBinary{Part: []uint32{1}, SizeOnly: true}),
		k[FetchItem]("(body.peek[])", &FetchBody{Peek: true}, "BODY.PEEK[]"),
	).but("", "BODY [", "BODY[", "BODY[]<", "BINARY.SIZE[1]<0.1>", "BINARY[HEADER]", `"FLAGS"`, "(ALL)", "(UID FULL)"),
	command("fetch-att", "FETCH 1 (%s)", fetchAtts, k("FLAGS UID", []FetchItem{FetchFlags, FetchUID}), k("BODY[] BODY", []FetchItem{&FetchBody{}, FetchBodyBasic})),
	command("section", "FETCH 1 BODY%s", fetchPart, sectionRows...).but("[", "]", "[ ]", "[1", "[1]]", "()", "[0]", "[X]"),
	response("section", "* 1 FETCH (BODY%s {1}\r\na)", func(s imap.Section) Response {
		return &FetchData{Num: 1, Sections: []SectionData{{Name: SectionBody, Section: s, Content: Content{Valid: true, Data: "a"}}}}
	}, sectionRows...).but("[", "[0]", "[MIME]"),
	command("section-spec", "FETCH 1 BODY[%s]", fetchPart,
		k("HEADER", imap.Section{Specifier: imap.SpecifierHeader}), k("1", imap.Section{Part: []uint32{1}}), k("1.TEXT", imap.Section{Part: []uint32{1}, Specifier: imap.SpecifierText}), k("1.MIME", imap.Section{Part: []uint32{1}, Specifier: imap.SpecifierMIME})).but("MIME", "1TEXT", "1.", "TEXT.1", "HEADER.1", ".TEXT"),
	command("section-msgtext", "FETCH 1 BODY[2.%s]", func(s imap.Section) Command {
		s.Part = []uint32{2}
		return fetchSection(s)
	}, k("HEADER", imap.Section{Specifier: imap.SpecifierHeader}), k("TEXT", imap.Section{Specifier: imap.SpecifierText}), k("HEADER.FIELDS (a)", imap.Section{Specifier: imap.SpecifierHeaderFields, Fields: []string{"a"}}), k("HEADER.FIELDS.NOT (a)", imap.Section{Specifier: imap.SpecifierHeaderFieldsNot, Fields: []string{"a"}})).but("HEADER.FIELDS", "HEADER.FIELDS.NOT", "HEADER (a)", "TEXT (a)", "HEADER.FIELDS a"),
	command("section-text", "FETCH 1 BODY[2.%s]", func(s imap.Specifier) Command {
		return fetchSection(imap.Section{Part: []uint32{2}, Specifier: s})
	}, k("MIME", imap.SpecifierMIME), k("TEXT", imap.SpecifierText), k("header", imap.SpecifierHeader, "HEADER")).but("MIMES", "MIME.1", ""),
	command("section-part", "FETCH 1 BODY[%s]", func(p []uint32) Command { return fetchSection(imap.Section{Part: p}) }, k("1", []uint32{1}), k("4294967295", []uint32{1<<32 - 1}), k("1.2.3", []uint32{1, 2, 3})).but("0", "1.0", "01", "1..2", ".1", "4294967296"),
	command("section-binary", "FETCH 1 BINARY%s", func(p []uint32) Command { return fetch1(&FetchBinary{Part: p}) }, k[[]uint32]("[]", nil), k("[1.2]", []uint32{1, 2})).but("[", "[0]", "[1.]", "[TEXT]", "[1.MIME]"),
	response("section-binary", "* 1 FETCH (BINARY.SIZE%s 7)", func(p []uint32) Response {
		return &FetchData{Num: 1, BinarySizes: []BinarySize{{Part: p, Size: 7}}}
	}, k[[]uint32]("[]", nil), k("[1.2]", []uint32{1, 2})).but("[0]", "[TEXT]"),
	command("header-list", "FETCH 1 BODY[HEADER.FIELDS %s]", func(f []string) Command {
		return fetchSection(imap.Section{Specifier: imap.SpecifierHeaderFields, Fields: f})
	}, k("(a)", []string{"a"}), k(`(a "b c" {1}`+"\r\nd)", []string{"a", "b c", "d"}, `(a "b c" d)`)).but("()", "(a", "a", "(a )", "(a,b)c"),
}
