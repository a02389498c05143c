package engine

import (
	"strings"
	"testing"
	"unicode/utf8"
)

// TestDisplay: threat T12. No octet of a text commands a terminal or turns the
// text around it.
func TestDisplay(t *testing.T) {
	for _, tt := range []struct{ text, want string }{
		{"", ""},
		{"plain, and é", "plain, and é"},
		{"\x1b]0;title\a", "\ufffd]0;title\ufffd"},
		{"a\u202eb\u2066c\u200ed", "a\ufffdb\ufffdc\ufffdd"},
		{"a\u009bb\x7f\tc\r\n", "a\ufffdb\ufffd\ufffdc\ufffd\ufffd"},
		{"a\xff\xc3b", "a\ufffd\ufffdb"},
		{"a\u2028b\u2029", "a\ufffdb\ufffd"},
	} {
		if got := Display(tt.text); got != tt.want {
			t.Errorf("%q: %q, want %q", tt.text, got, tt.want)
		}
	}
	for b := range 256 {
		got := Display("x" + string([]byte{byte(b)}) + "y")
		if !utf8.ValidString(got) || strings.ContainsFunc(got, func(r rune) bool { return r < ' ' || r == 0x7f }) {
			t.Errorf("%#x: %q", b, got)
		}
	}
}
