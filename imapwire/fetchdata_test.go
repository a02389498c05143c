package imapwire

import (
	"time"

	"github.com/mailwire/mailwire/imapwire/imap"
)

func fetched(f FetchData) Response {
	f.Num = 1
	return &f
}

func content(name SectionName, s imap.Section, c Content) FetchData {
	return FetchData{Sections: []SectionData{{Name: name, Section: s, Content: c}}}
}

func literalContent(s string) Content { return Content{Valid: true, Data: s} }

var leaf = &imap.BodyStructure{Type: "image", Subtype: "png", Encoding: "base64", Size: 7}

const leafWire = `("image" "png" NIL NIL NIL "base64" 7`

var fetchdataRules = []ruleTable{
	response("msg-att", "* 1 FETCH %s", fetched, k("(UID 7)", FetchData{Has: HasUID, UID: 7}), k("(FLAGS (a) UID 7)", FetchData{Has: HasUID | HasFlags, UID: 7, Flags: []imap.Flag{"a"}}, "(UID 7 FLAGS (a))")).but("", "UID 7", "(UID 7", "(UID 7 )", "( UID 7)", "(UID 7  FLAGS ())", "(UID)"),
	response("msg-att-dynamic", "* 1 FETCH (%s)", fetched, k("FLAGS ()", FetchData{Has: HasFlags}), k(`flags (\Recent \Seen a)`, FetchData{Has: HasFlags, Flags: []imap.Flag{imap.FlagRecent, imap.FlagSeen, "a"}}, `FLAGS (\Recent \Seen a)`), k("MODSEQ (7)", FetchData{Has: HasModSeq, ModSeq: 7})).but("FLAGS", "FLAGS a", "FLAGS NIL", "FLAGS (a )", "MODSEQ 7", "MODSEQ (0)", "MODSEQ (9223372036854775808)"),
	response("msg-att-static", "* 1 FETCH (%s)", fetched,
		k("ENVELOPE (NIL NIL NIL NIL NIL NIL NIL NIL NIL NIL)", FetchData{Has: HasEnvelope, Envelope: &imap.Envelope{}}), k(`INTERNALDATE " 5-Jan-2026 01:02:03 +0000"`, FetchData{Has: HasInternalDate, InternalDate: time.Date(2026, 1, 5, 1, 2, 3, 0, time.UTC)}),
		k("RFC822 {1}\r\na", content(SectionRFC822, imap.Section{}, literalContent("a"))), k("RFC822.HEADER {1}\r\na", content(SectionRFC822Header, imap.Section{}, literalContent("a"))), k("RFC822.TEXT NIL", content(SectionRFC822Text, imap.Section{}, Content{})),
		k("RFC822.SIZE 4294967296", FetchData{Has: HasSize, Size: 1 << 32}), k("BODY "+leafWire+")", FetchData{Has: HasBody, Body: leaf}), k("BODYSTRUCTURE "+leafWire+" NIL NIL NIL NIL)", FetchData{Has: HasStructure, Structure: leaf}),
		k("BODY[] {1}\r\na", content(SectionBody, imap.Section{}, literalContent("a"))), k(`BODY[] "a"`, content(SectionBody, imap.Section{}, literalContent("a")), "BODY[] {1}\r\na"), k("BODY[TEXT] NIL", content(SectionBody, imap.Section{Specifier: imap.SpecifierText}, Content{})),
		k("BODY[]<7> {1}\r\na", FetchData{Sections: []SectionData{{Name: SectionBody, Partial: true, Origin: 7, Content: literalContent("a")}}}),
		k("BINARY[1] {1}\r\na", content(SectionBinary, imap.Section{Part: []uint32{1}}, literalContent("a"))), k("BINARY[1] ~{1}\r\n\x00", content(SectionBinary, imap.Section{Part: []uint32{1}}, Content{Valid: true, Binary: true, Data: "\x00"})), k("BINARY[] NIL", content(SectionBinary, imap.Section{}, Content{})),
		k("BINARY.SIZE[1.2] 4294967295", FetchData{BinarySizes: []BinarySize{{Part: []uint32{1, 2}, Size: 1<<32 - 1}}}), k("UID 4294967295", FetchData{Has: HasUID, UID: imap.MaxUID}),
	).but("ENVELOPE", "ENVELOPE NIL", "INTERNALDATE 5-Jan-2026", "RFC822.SIZE", "RFC822.SIZE -1", "RFC822 a", "BODY NIL", "BODY ()", "BODY[] a", "BODY[] (a)", "BODY[]<x> NIL", "BODY[]<0.1> NIL", "BINARY[TEXT] NIL", "BINARY.SIZE[1] NIL", "UID 0", "UID *", `UID "7"`),
}
