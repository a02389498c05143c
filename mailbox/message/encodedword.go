package message

import (
	"io"
	"strings"
)

// DecodeWords returns a header field value with its encoded words decoded, as
// UTF-8 (RFC 2047). Folding has to be undone before. White space between encoded
// words goes, and words of one charset that follow each other are decoded as one,
// since mail programs cut characters in two.
//
// What mail programs get wrong is decoded as well as it goes: words longer than
// permitted, next to text without white space, with spaces or question marks
// inside, base64 without padding. "=" in the Q encoding without two hexadecimal
// digits stands for itself. A word in a charset that is not known is decoded as
// [CharsetReader] does. What has neither encoding, or decodes to nothing, stays
// as it is.
func DecodeWords(value string) string {
	if !strings.Contains(value, "=?") {
		return DecodeCharset("", value)
	}
	var b strings.Builder
	var octets []byte // of the words before, in one charset
	charset, words := "", false
	flush := func() {
		b.WriteString(DecodeCharset(charset, string(octets)))
		octets = octets[:0]
	}
	for value != "" {
		w, before, rest, ok := nextWord(value)
		if !words || !ok || strings.Trim(before, foldSpace) != "" {
			flush()
			b.WriteString(DecodeCharset("", before))
		}
		if words = ok; !ok {
			break
		}
		if !strings.EqualFold(w.charset, charset) {
			flush()
			charset = w.charset
		}
		n := len(octets)
		if octets = w.decode(octets); len(octets) == n && w.text != "" {
			octets = append(octets, value[len(before):len(value)-len(rest)]...)
		}
		value = rest
	}
	flush()
	return b.String()
}

// An encodedWord is an encoded word, not decoded.
type encodedWord struct {
	charset string // without a language (RFC 2231 §5)
	base64  bool
	text    string
}

// nextWord returns the first encoded word of s with what is before and behind it;
// ok is false when there is none, and before is all of s.
//
//	encoded-word = "=?" charset ["*" language] "?" encoding "?" encoded-text "?="
func nextWord(s string) (w encodedWord, before, rest string, ok bool) {
	for at := 0; ; {
		i := strings.Index(s[at:], "=?")
		if i < 0 {
			return w, s, "", false
		}
		at += i
		charset, tail, found := strings.Cut(s[at+2:], "?")
		if !found {
			return w, s, "", false
		}
		if len(tail) >= 2 && tail[1] == '?' && !strings.ContainsAny(charset, " \t=") {
			// The text ends before the next word, but for a last "=" of its own.
			text, encoding := tail[2:], tail[0]|0x20
			if next := strings.Index(text, "=?"); next >= 0 {
				text = text[:min(next+3, len(text))]
			}
			text, _, found := strings.Cut(text, "?=")
			if found && (encoding == 'b' || encoding == 'q') {
				rest = tail[2+len(text)+2:]
				charset, _, _ = strings.Cut(charset, "*")
				return encodedWord{charset, encoding == 'b', text}, s[:at], rest, true
			}
		}
		at += 2
	}
}

// decode appends the octets of a word.
func (w *encodedWord) decode(dst []byte) []byte {
	if w.base64 {
		octets, _ := io.ReadAll(TransferReader("base64", strings.NewReader(w.text)))
		return append(dst, octets...)
	}
	for i := 0; i < len(w.text); i++ {
		switch c := w.text[i]; {
		case c == '_':
			dst = append(dst, ' ')
		case c == '=' && i+2 < len(w.text):
			hi, ok1 := unhex(w.text[i+1])
			lo, ok2 := unhex(w.text[i+2])
			if ok1 && ok2 {
				c = hi<<4 | lo
				i += 2
			}
			dst = append(dst, c)
		default:
			dst = append(dst, c)
		}
	}
	return dst
}
