package imapwire

import "github.com/mailwire/mailwire/imapwire/imap"

func bodied(b imap.BodyStructure) Response { return &FetchData{Num: 1, Has: HasBody, Body: &b} }

func structured(b imap.BodyStructure) Response {
	return &FetchData{Num: 1, Has: HasStructure, Structure: &b}
}

func image() imap.BodyStructure { return *leaf }

// leafWith is a leaf that set changes, told as BODY.
func leafWith[T any](set func(*imap.BodyStructure, T)) func(T) Response {
	return func(v T) Response {
		b := image()
		set(&b, v)
		return bodied(b)
	}
}

// extendedWith is a leaf that set changes, told as BODYSTRUCTURE.
func extendedWith[T any](set func(*imap.BodyStructure, T)) func(T) Response {
	return func(v T) Response {
		b := image()
		set(&b, v)
		return structured(b)
	}
}

func setParams(b *imap.BodyStructure, p []imap.Param) { b.Params = p }

var paramRows = []known[[]imap.Param]{
	k[[]imap.Param]("NIL", nil), k(`("a" "b")`, []imap.Param{{Name: "a", Value: "b"}}), k(`("a" "b" "c" "")`, []imap.Param{{Name: "a", Value: "b"}, {Name: "c"}}), k("({1}\r\na {2}\r\n\xc3\xa4)", []imap.Param{{Name: "a", Value: "ä"}}, "(\"a\" {2}\r\n\xc3\xa4)"),
}

var notParams = []string{"()", `("a")`, `("a" NIL)`, `("a" "b" "c")`, `(a "b")`, `"a"`, `("a" "b" )`, ""}

const (
	textWire     = `("text" "plain" NIL NIL NIL "7bit" 3 1`
	emptyMessage = `(NIL NIL NIL NIL NIL NIL NIL NIL NIL NIL)`
)

func plainText() imap.BodyStructure {
	return imap.BodyStructure{Type: "text", Subtype: "plain", Encoding: "7bit", Size: 3, Lines: 1}
}

func embedded(subtype string) imap.BodyStructure {
	return imap.BodyStructure{Type: "message", Subtype: subtype, Encoding: "7bit", Size: 9, Lines: 4, Envelope: &imap.Envelope{}, Parts: []imap.BodyStructure{plainText()}}
}

func mixed(b imap.BodyStructure) imap.BodyStructure {
	b.Type, b.Subtype = "multipart", "mixed"
	b.Parts = []imap.BodyStructure{plainText()}
	return b
}

// A body's own words are written in quotes in the case in which they came.
var bodystructureRules = []ruleTable{
	response("body", "* 1 FETCH (BODY %s)", bodied, k(leafWire+")", image()), k("("+textWire+`) "mixed")`, mixed(imap.BodyStructure{}))).but("", "NIL", "()", leafWire, `("mixed")`, "(())"),
	response("body-type-1part", "* 1 FETCH (BODYSTRUCTURE (%s))", structured, k(leafWire[1:]+" NIL NIL NIL NIL", image()), k(leafWire[1:], image(), leafWire[1:]+" NIL NIL NIL NIL")).but(leafWire[1:]+" ", `"image" "png"`),
	response("body-type-basic", "* 1 FETCH (BODY (%s))", bodied, k(leafWire[1:], image()), k(`"message" "delivery-status" NIL NIL NIL "7bit" 7`, imap.BodyStructure{Type: "message", Subtype: "delivery-status", Encoding: "7bit", Size: 7})).but(`"image" "png" NIL NIL NIL "7bit"`, `"image" "png" NIL NIL NIL NIL 7`, `image "png" NIL NIL NIL "7bit" 7`),
	response("body-type-text", "* 1 FETCH (BODY (%s))", bodied, k(textWire[1:], plainText()), k(`"TEXT" "html" NIL NIL NIL "7bit" 3 9223372036854775807`, imap.BodyStructure{Type: "TEXT", Subtype: "html", Encoding: "7bit", Size: 3, Lines: 1<<63 - 1})).but(`"text" "plain" NIL NIL NIL "7bit" 3`, `"text" "plain" NIL NIL NIL "7bit" 3 NIL`),
	response("body-type-msg", "* 1 FETCH (BODY (%s))", bodied, k(`"message" "rfc822" NIL NIL NIL "7bit" 9 `+emptyMessage+" "+textWire+") 4", embedded("rfc822")), k(`"message" "global" NIL NIL NIL "7bit" 9 `+emptyMessage+" "+textWire+") 4", embedded("global"))).but(`"message" "rfc822" NIL NIL NIL "7bit" 9 `+emptyMessage, `"message" "rfc822" NIL NIL NIL "7bit" 9 `+emptyMessage+" "+textWire+")"),
	response("body-type-mpart", "* 1 FETCH (BODY (%s))", bodied, k(textWire+`) "mixed"`, mixed(imap.BodyStructure{})), k(textWire+")"+leafWire+`) "mixed"`, imap.BodyStructure{Type: "multipart", Subtype: "mixed", Parts: []imap.BodyStructure{plainText(), image()}})).but(textWire+")", textWire+`)"mixed"`, textWire+") "+leafWire+`) "mixed"`, textWire+") mixed"),
	response("body-fields", `* 1 FETCH (BODY ("image" "png" %s))`, bodied, k(`NIL NIL NIL "base64" 7`, image()), k(`("a" "b") "<i>" "d" "7bit" 0`, imap.BodyStructure{Type: "image", Subtype: "png", Params: []imap.Param{{Name: "a", Value: "b"}}, ID: imap.String("<i>"), Description: imap.String("d"), Encoding: "7bit"})).but("NIL NIL NIL", `NIL NIL "base64" 7`, `NIL NIL NIL "base64" -7`),
	response("body-ext-1part", "* 1 FETCH (BODYSTRUCTURE "+leafWire+" %s))", structured,
		k(`NIL NIL NIL NIL`, image()), k(`"m" ("inline" NIL) "en" "loc" 7`, imap.BodyStructure{Type: "image", Subtype: "png", Encoding: "base64", Size: 7, MD5: imap.String("m"), Disposition: "inline", Language: []string{"en"}, Location: imap.String("loc"), Extension: "7"}),
		k("NIL", image(), "NIL NIL NIL NIL"), k("NIL NIL", image(), "NIL NIL NIL NIL"), k("NIL NIL NIL", image(), "NIL NIL NIL NIL")).but("", "7", "NIL ", "NIL NIL NIL NIL ", "NIL NIL NIL NIL (7"),
	response("body-ext-mpart", "* 1 FETCH (BODYSTRUCTURE ("+textWire+` NIL NIL NIL NIL) "mixed" %s))`, func(b imap.BodyStructure) Response { return structured(mixed(b)) },
		k("NIL NIL NIL NIL", imap.BodyStructure{}), k(`("boundary" "x") ("inline" NIL) NIL NIL`, imap.BodyStructure{Params: []imap.Param{{Name: "boundary", Value: "x"}}, Disposition: "inline"}), k("NIL", imap.BodyStructure{}, "NIL NIL NIL NIL"), k("NIL NIL NIL", imap.BodyStructure{}, "NIL NIL NIL NIL")).but("", `"m"`, "NIL "),
	response("body-extension", "* 1 FETCH (BODYSTRUCTURE "+leafWire+" NIL NIL NIL NIL %s))", extendedWith(func(b *imap.BodyStructure, s string) { b.Extension = s }),
		k("NIL", "NIL"), k(`"x"`, `"x"`), k("{1}\r\n)", "{1}\r\n)"), k("7", "7"), k("9223372036854775807", "9223372036854775807"), k("(7)", "(7)"), k(`1 "x" (2 (NIL "y"))`, `1 "x" (2 (NIL "y"))`)).but("(7", `"x`, "7 ", "7  8"),
	response("body-fld-desc", `* 1 FETCH (BODY ("image" "png" NIL NIL %s "base64" 7))`, leafWith(func(b *imap.BodyStructure, s imap.NString) { b.Description = s }), nstringRows...).but(notNString...),
	response("body-fld-id", `* 1 FETCH (BODY ("image" "png" NIL %s NIL "base64" 7))`, leafWith(func(b *imap.BodyStructure, s imap.NString) { b.ID = s }), nstringRows...).but(notNString...),
	response("body-fld-md5", "* 1 FETCH (BODYSTRUCTURE "+leafWire+" %s NIL NIL NIL))", extendedWith(func(b *imap.BodyStructure, s imap.NString) { b.MD5 = s }), nstringRows...).but("a", "()", "7", `"a`),
	response("body-fld-loc", "* 1 FETCH (BODYSTRUCTURE "+leafWire+" NIL NIL NIL %s))", extendedWith(func(b *imap.BodyStructure, s imap.NString) { b.Location = s }), nstringRows...).but(notNString...),
	response("body-fld-param", `* 1 FETCH (BODY ("image" "png" %s NIL NIL "base64" 7))`, leafWith(setParams), paramRows...).but(notParams...),
	response("body-fld-dsp", "* 1 FETCH (BODYSTRUCTURE "+leafWire+" NIL %s NIL NIL))", extendedWith(func(b *imap.BodyStructure, d imap.BodyStructure) {
		b.Disposition, b.DispositionArgs = d.Disposition, d.DispositionArgs
	}), k("NIL", imap.BodyStructure{}), k(`("inline" NIL)`, imap.BodyStructure{Disposition: "inline"}), k(`("attachment" ("filename" "x"))`, imap.BodyStructure{Disposition: "attachment", DispositionArgs: []imap.Param{{Name: "filename", Value: "x"}}})).but("()", `("inline")`, `"inline"`, `(NIL NIL)`, `("inline" ())`, "inline"),
	response("body-fld-lang", "* 1 FETCH (BODYSTRUCTURE "+leafWire+" NIL NIL %s NIL))", extendedWith(func(b *imap.BodyStructure, l []string) { b.Language = l }), k[[]string]("NIL", nil), k(`"en"`, []string{"en"}), k(`("en")`, []string{"en"}, `"en"`), k(`("en" "de")`, []string{"en", "de"})).but("()", "en", `("en" NIL)`, `("en"`),
	response("body-fld-enc", `* 1 FETCH (BODY ("image" "png" NIL NIL NIL %s 7))`, leafWith(func(b *imap.BodyStructure, s string) { b.Encoding = s }), k(`"7BIT"`, "7BIT"), k(`"8BIT"`, "8BIT"), k(`"BINARY"`, "BINARY"), k(`"BASE64"`, "BASE64"), k(`"QUOTED-PRINTABLE"`, "QUOTED-PRINTABLE"), k(`"x-uue"`, "x-uue"), k("{4}\r\n7bit", "7bit", `"7bit"`), k(`""`, "")).but("7BIT", "NIL", ""),
	response("body-fld-octets", `* 1 FETCH (BODY ("image" "png" NIL NIL NIL "base64" %s))`, leafWith(func(b *imap.BodyStructure, n uint32) { b.Size = n }), k[uint32]("0", 0), k[uint32]("4294967295", 1<<32-1)).but("4294967296", "-1", "NIL", ""),
	response("body-fld-lines", `* 1 FETCH (BODY ("text" "plain" NIL NIL NIL "7bit" 3 %s))`, func(n int64) Response {
		b := plainText()
		b.Lines = n
		return bodied(b)
	}, k[int64]("0", 0), k[int64]("9223372036854775807", 1<<63-1)).but("9223372036854775808", "-1", "NIL", ""),
	response("media-basic", `* 1 FETCH (BODY (%s NIL NIL NIL "base64" 7))`, leafWith(func(b *imap.BodyStructure, m [2]string) { b.Type, b.Subtype = m[0], m[1] }),
		k(`"APPLICATION" "pdf"`, [2]string{"APPLICATION", "pdf"}), k(`"AUDIO" "x"`, [2]string{"AUDIO", "x"}), k(`"IMAGE" "x"`, [2]string{"IMAGE", "x"}), k(`"FONT" "x"`, [2]string{"FONT", "x"}), k(`"MESSAGE" "partial"`, [2]string{"MESSAGE", "partial"}), k(`"MODEL" "x"`, [2]string{"MODEL", "x"}), k(`"VIDEO" "x"`, [2]string{"VIDEO", "x"}), k(`"x-own" "x"`, [2]string{"x-own", "x"}), k("{1}\r\na {1}\r\nb", [2]string{"a", "b"}, `"a" "b"`),
	).but(`IMAGE "x"`, `NIL "x"`, `"IMAGE"`, `"IMAGE" NIL`),
	response("media-message", `* 1 FETCH (BODY (%s NIL NIL NIL "7bit" 9 `+emptyMessage+" "+textWire+") 4))", func(m [2]string) Response {
		b := embedded(m[1])
		b.Type = m[0]
		return bodied(b)
	}, k(`"MESSAGE" "RFC822"`, [2]string{"MESSAGE", "RFC822"}), k(`"message" "GLOBAL"`, [2]string{"message", "GLOBAL"})).but(`"MESSAGE" "PARTIAL"`, `"TEXT" "RFC822"`),
	response("media-subtype", `* 1 FETCH (BODY ("image" %s NIL NIL NIL "base64" 7))`, leafWith(func(b *imap.BodyStructure, s string) { b.Subtype = s }), k(`"png"`, "png"), k("{3}\r\npng", "png", `"png"`), k(`""`, "")).but("png", "NIL"),
	response("media-text", `* 1 FETCH (BODY (%s NIL NIL NIL "7bit" 3 1))`, func(m [2]string) Response {
		b := plainText()
		b.Type, b.Subtype = m[0], m[1]
		return bodied(b)
	}, k(`"TEXT" "plain"`, [2]string{"TEXT", "plain"}), k(`"text" "x"`, [2]string{"text", "x"})).but(`TEXT "plain"`, `"TEXT" plain`),
}
