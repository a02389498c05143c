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
	return c > ' ' && c != 0x7f && !strings.ContainsRune(`()<>@,;:\"/[]?=`, rune(c))
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
			return s.quotedPairs(start)
		}
	}
	s.i = len(s.s)
	return s.s[start:]
}

func (s *scanner) quotedPairs(start int) string {
	var b strings.Builder
	for s.i = start; s.i < len(s.s); s.i++ {
		c := s.s[s.i]
		if c == '"' {
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
// goes on to the next ";".
//
//	value = token / quoted-string
func (s *scanner) value() string {
	s.skip()
	if s.i < len(s.s) && s.s[s.i] == '"' {
		return s.quoted()
	}
	end := strings.IndexByte(s.s[s.i:], ';')
	if end < 0 {
		end = len(s.s) - s.i
	}
	v := s.s[s.i : s.i+end]
	if i := strings.IndexByte(v, '('); i > 0 {
		v = v[:i]
	}
	s.i += end
	return strings.TrimRight(v, " \t\r\n")
}

// params reads parameters, at most limit of them.
//
//	parameter = ";" attribute "=" value
func (s *scanner) params(limit int) []imap.Param {
	var out []imap.Param
	for s.skipTo(';') && len(out) < limit {
		name := s.token()
		if name == "" || !s.accept('=') {
			continue
		}
		out = append(out, imap.Param{Name: name, Value: s.value()})
	}
	return out
}

// skipTo passes over everything up to and including c.
func (s *scanner) skipTo(c byte) bool {
	i := strings.IndexByte(s.s[s.i:], c)
	if i < 0 {
		s.i = len(s.s)
		return false
	}
	s.i += i + 1
	return true
}

// parseContentType reads Content-Type.
//
//	content = "Content-Type" ":" type "/" subtype *(";" parameter)
func parseContentType(v string, limit int) (typ, subtype string, params []imap.Param, ok bool) {
	s := scanner{s: v}
	typ = s.token()
	if typ == "" || !s.accept('/') {
		return "", "", nil, false
	}
	if subtype = s.token(); subtype == "" {
		return "", "", nil, false
	}
	return typ, subtype, s.params(limit), true
}

// firstToken returns the first token of a value.
func firstToken(v string) string {
	s := scanner{s: v}
	return s.token()
}

// parseLanguages reads Content-Language.
//
//	Language-List = Language-Tag *("," Language-Tag)
func parseLanguages(v string) []string {
	var out []string
	s := scanner{s: v}
	for len(out) < 32 {
		if t := s.token(); t != "" {
			out = append(out, t)
		}
		if !s.skipTo(',') {
			break
		}
	}
	return out
}
