package message

import (
	"io"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/htmlindex"
	"golang.org/x/text/encoding/ianaindex"
	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/encoding/unicode/utf32"
	"golang.org/x/text/transform"
)

// KnownCharset reports whether a charset, by any of its names, can be decoded.
func KnownCharset(charset string) bool { return charsetOf(charset) != nil }

// charsetOf returns the encoding of that name, or nil.
func charsetOf(name string) encoding.Encoding {
	name = strings.ToLower(strings.Trim(name, " \t\"'"))
	switch name {
	case "us-ascii", "ascii", "utf-8", "utf8":
		return unicode.UTF8
	case "utf-16": // RFC 2781 §4.3
		return unicode.UTF16(unicode.BigEndian, unicode.UseBOM)
	case "utf-32":
		return utf32.UTF32(utf32.BigEndian, utf32.UseBOM)
	}
	if label, ok := charsetAliases[name]; ok {
		name = label
	}
	if e, err := htmlindex.Get(name); err == nil && e != encoding.Replacement {
		return e
	}
	if e, err := ianaindex.MIME.Encoding(name); err == nil && e != nil {
		return e
	}
	return nil
}

// charsetAliases are names that mail programs write and no registry has.
var charsetAliases = map[string]string{
	"646": "us-ascii", "latin-1": "iso-8859-1", "iso-latin-1": "iso-8859-1", "iso-8859_1": "iso-8859-1",
	"cp-1252": "windows-1252", "win-1251": "windows-1251", "cp874": "windows-874",
	"cp932": "shift_jis", "cp936": "gbk", "euc-cn": "gbk", "cp949": "euc-kr", "ms949": "euc-kr", "cp950": "big5",
	"eucjp": "euc-jp", "ujis": "euc-jp",
}

// CharsetReader returns text that r gives in a charset as UTF-8, with U+FFFD for
// what is not valid in it. Text in a charset that is not known, or in none, is
// taken for UTF-8 where it is valid and for windows-1252 octet by octet where
// it is not: most mail without a label is one of the two.
func CharsetReader(charset string, r io.Reader) io.Reader {
	if e := charsetOf(charset); e != nil && e != unicode.UTF8 {
		return transform.NewReader(r, e.NewDecoder())
	}
	return transform.NewReader(r, guess{})
}

// DecodeCharset is [CharsetReader] for a string.
func DecodeCharset(charset, s string) string {
	var t transform.Transformer = guess{}
	if e := charsetOf(charset); e != nil && e != unicode.UTF8 {
		t = e.NewDecoder()
	} else if utf8.ValidString(s) {
		return s
	}
	out, _, err := transform.String(t, s)
	if err != nil {
		return strings.ToValidUTF8(s, "\uFFFD")
	}
	return out
}

// guess copies valid UTF-8 and decodes other octets as windows-1252.
type guess struct{ transform.NopResetter }

// Transform implements transform.Transformer.
func (guess) Transform(dst, src []byte, atEOF bool) (nDst, nSrc int, err error) {
	for nSrc < len(src) {
		if c := src[nSrc]; c < utf8.RuneSelf {
			if nDst == len(dst) {
				return nDst, nSrc, transform.ErrShortDst
			}
			dst[nDst] = c
			nDst++
			nSrc++
			continue
		}
		r, n := utf8.DecodeRune(src[nSrc:])
		if r == utf8.RuneError && n == 1 {
			if !atEOF && !utf8.FullRune(src[nSrc:]) {
				return nDst, nSrc, transform.ErrShortSrc
			}
			r = charmap.Windows1252.DecodeByte(src[nSrc])
		}
		if nDst+utf8.RuneLen(r) > len(dst) {
			return nDst, nSrc, transform.ErrShortDst
		}
		nDst += utf8.EncodeRune(dst[nDst:], r)
		nSrc += n
	}
	return nDst, nSrc, nil
}
