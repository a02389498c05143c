package query

import (
	"bytes"
	"io"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/runes"
	"golang.org/x/text/transform"
	"golang.org/x/text/unicode/norm"
)

// newFolder returns the transformation of i;unicode-casemap: titlecase, then
// compatibility decomposition (RFC 5051 §2).
func newFolder() transform.Transformer {
	return transform.Chain(runes.Map(unicode.ToTitle), norm.NFKD)
}

// fold returns the form under which equal texts are equal strings.
func fold(s string) string {
	for i := 0; i < len(s); i++ {
		if s[i] >= utf8.RuneSelf {
			out, _, err := transform.String(newFolder(), s)
			if err != nil {
				return s
			}
			return out
		}
	}
	return strings.ToUpper(s)
}

// A needle is a text to look for.
type needle struct{ folded string }

func newNeedle(s string) needle { return needle{fold(s)} }

// in reports whether a text contains the needle.
func (n needle) in(s string) bool { return strings.Contains(fold(s), n.folded) }

// windowSize is how much of a stream is looked at, beyond the needle.
const windowSize = 16 << 10

// inStream reports whether what r gives contains the needle. It holds a window
// of it and looks at every octet twice at most.
func (n needle) inStream(r io.Reader) (bool, error) {
	if n.folded == "" {
		return true, nil
	}
	r = transform.NewReader(r, newFolder())
	keep := len(n.folded) - 1
	window := make([]byte, 0, keep+windowSize)
	for {
		k, err := io.ReadFull(r, window[len(window):cap(window)])
		window = window[:len(window)+k]
		if bytes.Contains(window, []byte(n.folded)) {
			return true, nil
		}
		if err == io.EOF || err == io.ErrUnexpectedEOF {
			return false, nil
		}
		if err != nil {
			return false, err
		}
		if len(window) > keep {
			window = window[:copy(window, window[len(window)-keep:])]
		}
	}
}
