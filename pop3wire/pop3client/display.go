package pop3client

import (
	"strings"
	"unicode"
)

// Display returns a text of the server as it may be shown: what would change how
// the rest is shown (control characters, escapes of terminals, changes of
// direction, invalid UTF-8) becomes U+FFFD. The octets as they came are in the
// event.
func Display(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) || r == '\u2028' || r == '\u2029' {
			return unicode.ReplacementChar
		}
		return r
	}, text)
}
