package engine

import (
	"strings"
	"unicode"
)

// Display returns a text of the peer as it may be shown: what would change how the
// rest is shown (control characters, escapes of terminals, changes of direction,
// invalid UTF-8) becomes U+FFFD. What came in the clear may be from anybody, and
// may still lie.
func Display(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) || r == '\u2028' || r == '\u2029' {
			return unicode.ReplacementChar
		}
		return r
	}, text)
}
