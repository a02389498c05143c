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

// fold returns the form under which equal texts are equal strings, that of
// i;unicode-casemap: titlecase, then compatibility decomposition (RFC 5051 §2).
func fold(s string) string {
	for i := 0; i < len(s); i++ {
		if s[i] >= utf8.RuneSelf {
			return norm.NFKD.String(strings.Map(unicode.ToTitle, s))
		}
	}
	return strings.ToUpper(s)
}

// foldReader is fold for a stream. The two steps are readers of their own: a
// [transform.Chain] fails where a decomposition is much longer than its character.
func foldReader(r io.Reader) io.Reader {
	return norm.NFKD.Reader(transform.NewReader(r, runes.Map(unicode.ToTitle)))
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
	r = foldReader(r)
	keep := len(n.folded) - 1
	// As long as the needle at least, so that what is kept is not looked at again
	// and again.
	window := make([]byte, 0, keep+max(keep, windowSize))
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
