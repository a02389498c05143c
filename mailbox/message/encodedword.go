package message

import (
	"io"
	"mime"
	"strings"
)

// DecodeWords returns a header field value with its encoded words decoded, as
// UTF-8 (RFC 2047). Folding has to be undone before. An encoded word that is
// not well formed stays as it is; one in a charset that is not known is decoded
// as [CharsetReader] does.
func DecodeWords(value string) string {
	if !strings.Contains(value, "=?") {
		return DecodeCharset("", value)
	}
	d := mime.WordDecoder{CharsetReader: func(charset string, r io.Reader) (io.Reader, error) {
		// RFC 2231 §5: a language may follow the charset.
		charset, _, _ = strings.Cut(charset, "*")
		return CharsetReader(charset, r), nil
	}}
	out, err := d.DecodeHeader(DecodeCharset("", value))
	if err != nil {
		return DecodeCharset("", value)
	}
	return out
}
