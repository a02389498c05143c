package message

import (
	"strings"

	"github.com/mailwire/mailwire/imapwire/imap"
)

// A scanner reads the structured values of MIME fields (RFC 2045 §5.1). It
// passes over comments and white space, and gives what it can.
type scanner struct {
	s string
	i int
}

// skip passes over white space and comments.
func (s *scanner) skip() {
	for s.i < len(s.s) {
		switch s.s[s.i] {
		case ' ', '\t', '\r', '\n':
			s.i++
		case '(':
			s.comment()
		default:
			return
		}
	}
}

// comment passes over a comment, which may contain others, and returns its
// text. One that does not end takes the rest.
//
//	comment = "(" *([FWS] ccontent) [FWS] ")"
func (s *scanner) comment() string {
	start, depth := s.i+1, 0
	for s.i < len(s.s) {
		c := s.s[s.i]
		s.i++
		switch c {
		case '\\':
			s.i = min(s.i+1, len(s.s))
		case '(':
			depth++
		case ')':
			if depth--; depth == 0 {
				return s.s[start : s.i-1]
			}
		}
	}
	return s.s[min(start, len(s.s)):]
}

func isToken(c byte) bool {
	return c > ' ' && c != 0x7f && strings.IndexByte(`()<>@,;:\"/[]?=`, c) < 0
}

// token reads a token; octets above 0x7F are taken for part of it.
//
//	token = 1*<any CHAR except SPACE, CTLs, or tspecials>
func (s *scanner) token() string {
	s.skip()
	start := s.i
	for s.i < len(s.s) && isToken(s.s[s.i]) {
		s.i++
	}
	return s.s[start:s.i]
}

// quoted reads a quoted string, without quotes and backslashes. One that does
// not end takes the rest.
//
//	quoted-string = DQUOTE *([FWS] qcontent) [FWS] DQUOTE
func (s *scanner) quoted() string {
	s.i++
	start := s.i
	for j := start; j < len(s.s); j++ {
		switch s.s[j] {
		case '"':
			s.i = j + 1
			return s.s[start:j]
		case '\\':
			return s.quotedPairs(start, '"')
		}
	}
	s.i = len(s.s)
	return s.s[start:]
}

// quotedPairs reads from start up to end, or with 0 to the end of everything,
// and leaves out backslashes.
//
//	quoted-pair = ("\" (VCHAR / WSP)) / obs-qp
func (s *scanner) quotedPairs(start int, end byte) string {
	var b strings.Builder
	for s.i = start; s.i < len(s.s); s.i++ {
		c := s.s[s.i]
		if c == end && end != 0 {
			s.i++
			break
		}
		if c == '\\' && s.i+1 < len(s.s) {
			s.i++
			c = s.s[s.i]
		}
		b.WriteByte(c)
	}
	return b.String()
}

// accept passes over c if it comes next.
func (s *scanner) accept(c byte) bool {
	s.skip()
	if s.i < len(s.s) && s.s[s.i] == c {
		s.i++
		return true
	}
	return false
}

// value reads the value of a parameter. Mail programs forget quotes: a value
// goes on to the next ";" or to a comment after white space.
//
//	value = token / quoted-string
func (s *scanner) value() string {
	s.skip()
	if s.i < len(s.s) && s.s[s.i] == '"' {
		return s.quoted()
	}
	start := s.i
	for s.i < len(s.s) && s.s[s.i] != ';' {
		if s.s[s.i] == '(' && s.i > start && strings.IndexByte(" \t\r\n", s.s[s.i-1]) >= 0 {
			break
		}
		s.i++
	}
	return strings.TrimRight(s.s[start:s.i], " \t\r\n")
}

// A mediaField is the value of a field with parameters.
type mediaField struct {
	name, subtype string
	params        []imap.Param
	cut           bool // there are more parameters than the limit
}

// readParams reads parameters, at most limit of them. The first semicolon may
// be missing.
//
//	parameter = ";" attribute "=" value
func (f *mediaField) readParams(s *scanner, limit int) {
	for more := true; more; more = s.skipTo(';') {
		s.accept(';')
		name := s.token()
		if name == "" || !s.accept('=') {
			continue
		}
		value := s.value()
		if len(f.params) == limit {
			f.cut = true
			return
		}
		f.params = append(f.params, imap.Param{Name: name, Value: value})
	}
}

// skipTo passes over a comment and everything else up to c, and reports whether
// it is there.
func (s *scanner) skipTo(c byte) bool {
	s.skip()
	n := strings.IndexByte(s.s[s.i:], c)
	if n < 0 {
		s.i = len(s.s)
		return false
	}
	s.i += n
	return true
}

// parseContentType reads Content-Type; ok is false when it says no type, and the
// default stands (RFC 2045 §5.2). "text" is text/plain, which that is, and keeps its
// charset.
//
//	content = "Content-Type" ":" type "/" subtype *(";" parameter)
func parseContentType(v string, limit int) (f mediaField, ok bool) {
	s := scanner{s: v}
	f.name = s.token()
	if s.accept('/') {
		f.subtype = s.token()
	}
	if f.subtype == "" {
		if !strings.EqualFold(f.name, "text") {
			return mediaField{}, false
		}
		f.subtype = "plain"
	}
	f.readParams(&s, limit)
	return f, f.name != ""
}

// parseDisposition reads Content-Disposition; without a type it says nothing.
//
//	disposition = "Content-Disposition" ":" disposition-type *(";" disposition-parm)
func parseDisposition(v string, limit int) (f mediaField) {
	s := scanner{s: v}
	if f.name = s.token(); f.name != "" {
		f.readParams(&s, limit)
	}
	return f
}

// firstToken returns the first token of a value.
func firstToken(v string) string {
	s := scanner{s: v}
	return s.token()
}

// maxLanguages is how many languages of one field are kept.
const maxLanguages = 32

// parseLanguages reads Content-Language.
//
//	Language-List = Language-Tag *("," Language-Tag)
func parseLanguages(v string) []string {
	var out []string
	s := scanner{s: v}
	for len(out) < maxLanguages {
		if t := s.token(); t != "" {
			out = append(out, t)
		}
		if !s.skipTo(',') {
			break
		}
		s.i++
	}
	return out
}
