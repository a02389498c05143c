package sasl

import (
	"errors"
	"sort"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/unicode/bidi"
	"golang.org/x/text/unicode/norm"
)

// ErrPrepare: a name or password has characters that it cannot have, or nothing
// is left of it.
var ErrPrepare = errors.New("sasl: name or password cannot be prepared")

// Prepare applies SASLprep (RFC 4013), which makes two spellings of a name or
// password the same octets. It fails with [ErrPrepare], also where nothing is
// left (RFC 4616 §2).
//
// SASLprep and not its successor PRECIS (RFC 8265), which differs in what it
// normalises to: RFC 5802 §2.2 computes keys from SASLprep, and a key that is
// computed otherwise is another key. Code points that Unicode 3.2 had not
// assigned are allowed, in stored strings too, which §2.2 does not want: it
// would leave no password a character newer than 2002. Their normal forms and
// directions are those of the Unicode version that golang.org/x/text has.
func Prepare(s string) (string, error) {
	plain := s != ""
	for i := 0; i < len(s); i++ {
		plain = plain && ' ' <= s[i] && s[i] < 0x7F
	}
	if plain {
		return s, nil
	}
	if !utf8.ValidString(s) {
		return "", ErrPrepare
	}
	s = strings.Map(func(r rune) rune {
		switch {
		case in(spaces, r):
			return ' '
		case in(nothing, r):
			return -1
		}
		return r
	}, s)
	s = norm.NFKC.String(s)
	if s == "" || strings.ContainsFunc(s, func(r rune) bool { return in(prohibited, r) }) || !bidirectional(s) {
		return "", ErrPrepare
	}
	return s, nil
}

// prepare is Prepare with the bound of names and passwords, on what was given:
// a character of it can become many.
func prepare(s string) (string, error) {
	if !identity(s) {
		return "", ErrPrepare
	}
	return Prepare(s)
}

// bidirectional reports whether s keeps to RFC 3454 §6: with a character that
// runs from right to left there is none that runs from left to right, and the
// first and the last are such too.
func bidirectional(s string) bool {
	if !strings.ContainsFunc(s, rightToLeft) {
		return true
	}
	first, _ := utf8.DecodeRuneInString(s)
	last, _ := utf8.DecodeLastRuneInString(s)
	return rightToLeft(first) && rightToLeft(last) && !strings.ContainsFunc(s, func(r rune) bool {
		p, _ := bidi.LookupRune(r)
		return p.Class() == bidi.L
	})
}

func rightToLeft(r rune) bool { return in(randALCat, r) }

// in reports whether a table, of ascending ranges, has r.
func in(table [][2]rune, r rune) bool {
	i := sort.Search(len(table), func(i int) bool { return r <= table[i][1] })
	return i < len(table) && table[i][0] <= r
}

// Tables of RFC 3454. What is in two of them, U+200B, is a space: the order is
// that of RFC 4013 §2.1.
var (
	// C.1.2: spaces that are not ASCII.
	spaces = [][2]rune{
		{0xA0, 0xA0}, {0x1680, 0x1680}, {0x2000, 0x200B}, {0x202F, 0x202F}, {0x205F, 0x205F}, {0x3000, 0x3000},
	}
	// B.1: commonly mapped to nothing.
	nothing = [][2]rune{
		{0xAD, 0xAD}, {0x34F, 0x34F}, {0x1806, 0x1806}, {0x180B, 0x180D}, {0x200B, 0x200D}, {0x2060, 0x2060},
		{0xFE00, 0xFE0F}, {0xFEFF, 0xFEFF},
	}
	// C.1.2 and C.2.1 to C.9: prohibited output.
	prohibited = [][2]rune{
		{0x0, 0x1F}, {0x7F, 0xA0}, {0x340, 0x341}, {0x6DD, 0x6DD}, {0x70F, 0x70F}, {0x1680, 0x1680},
		{0x180E, 0x180E}, {0x2000, 0x200F}, {0x2028, 0x202F}, {0x205F, 0x2063}, {0x206A, 0x206F},
		{0x2FF0, 0x2FFB}, {0x3000, 0x3000}, {0xD800, 0xF8FF}, {0xFDD0, 0xFDEF}, {0xFEFF, 0xFEFF},
		{0xFFF9, 0xFFFF}, {0x1D173, 0x1D17A}, {0x1FFFE, 0x1FFFF}, {0x2FFFE, 0x2FFFF}, {0x3FFFE, 0x3FFFF},
		{0x4FFFE, 0x4FFFF}, {0x5FFFE, 0x5FFFF}, {0x6FFFE, 0x6FFFF}, {0x7FFFE, 0x7FFFF}, {0x8FFFE, 0x8FFFF},
		{0x9FFFE, 0x9FFFF}, {0xAFFFE, 0xAFFFF}, {0xBFFFE, 0xBFFFF}, {0xCFFFE, 0xCFFFF}, {0xDFFFE, 0xDFFFF},
		{0xE0001, 0xE0001}, {0xE0020, 0xE007F}, {0xEFFFE, 0x10FFFF},
	}
	// D.1: characters that run from right to left.
	randALCat = [][2]rune{
		{0x5BE, 0x5BE}, {0x5C0, 0x5C0}, {0x5C3, 0x5C3}, {0x5D0, 0x5EA}, {0x5F0, 0x5F4}, {0x61B, 0x61B},
		{0x61F, 0x61F}, {0x621, 0x63A}, {0x640, 0x64A}, {0x66D, 0x66F}, {0x671, 0x6D5}, {0x6DD, 0x6DD},
		{0x6E5, 0x6E6}, {0x6FA, 0x6FE}, {0x700, 0x70D}, {0x710, 0x710}, {0x712, 0x72C}, {0x780, 0x7A5},
		{0x7B1, 0x7B1}, {0x200F, 0x200F}, {0xFB1D, 0xFB1D}, {0xFB1F, 0xFB28}, {0xFB2A, 0xFB36},
		{0xFB38, 0xFB3C}, {0xFB3E, 0xFB3E}, {0xFB40, 0xFB41}, {0xFB43, 0xFB44}, {0xFB46, 0xFBB1},
		{0xFBD3, 0xFD3D}, {0xFD50, 0xFD8F}, {0xFD92, 0xFDC7}, {0xFDF0, 0xFDFC}, {0xFE70, 0xFE74},
		{0xFE76, 0xFEFC},
	}
)

// text reports whether s is UTF-8 without NUL.
func text(s string) bool {
	return utf8.ValidString(s) && strings.IndexByte(s, 0) < 0
}
