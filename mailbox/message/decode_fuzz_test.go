package message

import (
	"bytes"
	"io"
	"strings"
	"testing"
	"testing/iotest"
	"unicode/utf8"

	"github.com/mailwire/mailwire/imapwire/imap"
)

// checkDecoded holds everything that decodes to what it promises of any octets:
// UTF-8 comes out, no more of it than there is reason for, and the pieces in which
// octets come make no difference.
func checkDecoded(t *testing.T, s, charset string) {
	t.Helper()
	text := func(name, out string, most int) {
		t.Helper()
		if !utf8.ValidString(out) {
			t.Fatalf("%s: %q is not UTF-8", name, out)
		}
		if len(out) > most {
			t.Fatalf("%s: %d octets of %d", name, len(out), len(s))
		}
	}
	// One octet of a charset is four of UTF-8 at most, or U+FFFD.
	most := 4*len(s) + 16
	text("DecodeWords", DecodeWords(s), most)
	text("DecodeCharset", DecodeCharset(charset, s), most)
	for _, p := range DecodeParams([]imap.Param{{Name: "a*0*", Value: charset + "'" + s}, {Name: "a*1", Value: s}, {Name: "b", Value: s}, {Name: s, Value: s}}) {
		text("DecodeParams", p.Value, 3*most+4*len(charset))
	}
	if d, ok := ParseDate(s); ok && (d.Year() < 0 || d.Year() > 10_000) {
		t.Fatalf("ParseDate: %v", d)
	}
	group, list := false, ParseAddresses(s, 10)
	if most := 10; len(list) > most {
		if last := list[len(list)-1]; len(list) > most+1 || last.Mailbox.Valid {
			t.Fatalf("%d addresses", len(list)) // only the end of a group may be more
		}
	}
	for _, a := range list {
		start, end := a.Mailbox.Valid && !a.Host.Valid, !a.Mailbox.Valid && !a.Host.Valid
		if start && group || end && !group {
			t.Fatalf("groups are not one after the other: %v", list)
		}
		group = group && !end || start
	}
	if group {
		t.Fatalf("a group does not end: %v", list)
	}
	for _, encoding := range []string{"base64", "quoted-printable", "8bit"} {
		whole := readAll(t, TransferReader(encoding, strings.NewReader(s)))
		bytewise := readAll(t, iotest.OneByteReader(TransferReader(encoding, iotest.OneByteReader(strings.NewReader(s)))))
		if whole != bytewise || len(whole) > len(s) {
			t.Fatalf("%s: %q, and octet by octet %q", encoding, whole, bytewise)
		}
		text("CharsetReader", readAll(t, CharsetReader(charset, strings.NewReader(whole))), most)
	}
}

// FuzzDecode: see checkDecoded. The seeds are the fields and bodies of the corpus.
func FuzzDecode(f *testing.F) {
	for _, msg := range corpus(f) {
		src := bytes.NewReader(msg)
		x := mustParse(f, msg, Limits{})
		for p := range x.All() {
			fields := 0
			for field, err := range HeaderFields(src, p.Header, 4096) {
				if fields++; fields > 12 {
					break
				}
				if err == nil && len(field.Value) < 200 {
					f.Add(field.Value, "utf-8")
				}
			}
			if body, err := io.ReadAll(io.NewSectionReader(src, p.Body.Offset, min(p.Body.Size, 200))); err == nil && p.IsLeaf() {
				f.Add(string(body), p.Param("charset"))
			}
		}
	}
	f.Fuzz(checkDecoded)
}

// TestDecodeCost: threats C8 and C10. Up to half a megabyte of what makes parsers look back are read in steps
// that its size bounds, or this test does not end.
func TestDecodeCost(t *testing.T) {
	size := 1 << 19
	if testing.Short() {
		size = 1 << 16
	}
	for _, unit := range []string{
		"=?", "=?a?q?", "=?a?q?=", "=?utf-8?q?x?=", "=?utf-8?q?x?= ", "=?utf-8?b?w?= =?x?q??=", "?=", "=?a?q? ", "=?aaaa?",
		"(", ")", "\\", "\"", "<", "<@a,", "<@a,<", "@[", "a@[,", "a:", "a:b;", ",", ";", ": ", "a@b ", "=", "= ", "= \r\n", "=4", "%", "'", "\x1b$B", "\xe2\x82",
	} {
		s := strings.Repeat(unit, size/len(unit))
		DecodeWords(s)
		DecodeParams([]imap.Param{{Name: "a*", Value: "utf-8''" + s}})
		ParseAddresses(s, 0)
		ParseAddresses(s, size)
		ParseDate(s)
		parseContentType("text/plain;"+s, size)
		parseLanguages(s)
		checkDecoded(t, s[:4096], "iso-2022-jp")
	}
}
