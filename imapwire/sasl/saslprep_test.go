package sasl

import (
	"strings"
	"testing"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
	"pgregory.net/rapid"
)

// TestPrepare: the examples of RFC 4013 §3, and one for each table.
func TestPrepare(t *testing.T) {
	for _, tt := range []struct{ in, want string }{
		{"I\u00adX", "IX"},
		{"user", "user"},
		{"USER", "USER"},
		{"\u00aa", "a"},
		{"\u2168", "IX"},
		{"\u0007", ""},
		{"\u0627\u0031", ""},
		{"", ""},
		{"\u00ad", ""},
		{"a\u00a0b\u3000c", "a b c"},
		{"a\u200bb", "a b"},
		{"a\u200db\ufe0f", "ab"},
		{"e\u0301", "é"},
		{"\U0001F600 newer than Unicode 3.2", "\U0001F600 newer than Unicode 3.2"},
		{"\x7f", ""},
		{"\u0085", ""},
		{"\ue000", ""},
		{"\ufdd0", ""},
		{"\U0001fffe", ""},
		{"\ufffd", ""},
		{"\u2ff0", ""},
		{"\u200e", ""},
		{"\U000e0041", ""},
		{"\xff", ""},
		{"\xed\xa0\x80", ""}, // a surrogate
		{"\u05d0\u05d1", "\u05d0\u05d1"},
		{"\u0627 1 \u0628", "\u0627 1 \u0628"},
		{"\u0627a\u0628", ""},
		{"a\u0627", ""},
		{"\u0627 ", ""},
	} {
		got, err := Prepare(tt.in)
		if got != tt.want || (err == nil) != (tt.want != "") || err != nil && err != ErrPrepare {
			t.Errorf("%+q: got %+q, %v", tt.in, got, err)
		}
	}
}

// TestPrepared: what is prepared stays as it is, and canonical spellings of it
// become the same.
func TestPrepared(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.OneOf(rapid.String(), rapid.StringOf(rapid.RuneFrom([]rune("aä\u00ad\u2168\u0627\u0628 ß\u00a0\u00aaé\u0301日\uFB01\u212b")))).Draw(t, "s")
		p, err := Prepare(s)
		d, err2 := Prepare(norm.NFD.String(s))
		if p != d || (err == nil) != (err2 == nil) {
			t.Fatalf("%+q and %+q", p, d)
		}
		if err != nil {
			return
		}
		if again, err := Prepare(p); again != p || err != nil {
			t.Fatalf("%+q becomes %+q, %v", p, again, err)
		}
		if !utf8.ValidString(p) || strings.ContainsRune(p, 0) || p == "" {
			t.Fatalf("%+q", p)
		}
	})
}

// TestTables: ranges ascend and do not touch.
func TestTables(t *testing.T) {
	for _, table := range [][][2]rune{spaces, nothing, prohibited, randALCat} {
		last := rune(-2)
		for _, r := range table {
			if r[0] <= last+1 || r[1] < r[0] {
				t.Errorf("%X after %X", r, last)
			}
			last = r[1]
			if !in(table, r[0]) || !in(table, r[1]) || in(table, r[1]+1) || in(table, r[0]-1) {
				t.Errorf("%X", r)
			}
		}
	}
}

// TestSASLName: RFC 5802 §5.1.
func TestSASLName(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.OneOf(rapid.StringN(0, 40, 300), rapid.StringOf(rapid.RuneFrom([]rune("=,2C3Da")))).Draw(t, "s")
		q := saslName(s)
		got, ok := parseSASLName(q)
		if want := s != "" && identity(s); ok != want || ok && got != s {
			t.Fatalf("%q: %q, %v", q, got, ok)
		}
		if strings.Contains(q, ",") {
			t.Fatalf("%q", q)
		}
		// And there is one spelling only.
		if got, ok := parseSASLName(s); ok && saslName(got) != s {
			t.Fatalf("%q read as %q", s, got)
		}
	})
}
