package message

import (
	"math"
	"strconv"
	"strings"

	"github.com/mailwire/mailwire/imapwire/imap"
)

// BodyStructure returns the MIME tree of the message, with extension data, as
// BODY and BODYSTRUCTURE tell it (RFC 9051 §7.5.2). Every multipart in it has a
// part. A text without a charset is told as us-ascii, as Dovecot does; types,
// names and values stand as in the header, except that continued parameters are
// put together. An extended one keeps its mark and its percent signs: "name*"
// with charset'language'text, which is what clients decode.
//
// Envelopes and parameters are shared; do not change them.
func (x *Index) BodyStructure() *imap.BodyStructure {
	b := x.root.structure()
	return &b
}

func (p *Part) structure() imap.BodyStructure {
	b := imap.BodyStructure{
		Type: p.Type, Subtype: p.Subtype, Params: joinContinued(p.Params),
		Disposition: p.Disposition, DispositionArgs: joinContinued(p.DispositionArgs),
		Language: p.Language, Location: p.Location,
	}
	if p.IsMultipart() {
		b.Parts = make([]imap.BodyStructure, len(p.Parts))
		for i := range p.Parts {
			b.Parts[i] = p.Parts[i].structure()
		}
		return b
	}
	b.ID, b.Description, b.Encoding, b.MD5 = p.ID, p.Description, p.Encoding, p.MD5
	b.Size = uint32(min(p.Body.Size, math.MaxUint32))
	switch {
	case p.Message != nil:
		b.Envelope, b.Lines = p.Message.Envelope, p.Lines
		b.Parts = []imap.BodyStructure{p.Message.structure()}
	case p.IsText():
		b.Lines = p.Lines
		b.Params = withCharset(b.Params)
	}
	return b
}

// withCharset adds the charset that text has by default (RFC 2046 §4.1.2).
func withCharset(params []imap.Param) []imap.Param {
	for _, p := range params {
		name, _, _ := strings.Cut(p.Name, "*")
		if strings.EqualFold(name, "charset") {
			return params
		}
	}
	return append(params[:len(params):len(params)], imap.Param{Name: "charset", Value: "us-ascii"})
}

// joinContinued puts the pieces of continued parameters together, each where its
// first piece stands. Pieces behind a gap, and repeated ones, are left out; those
// without a first piece stay what they are. When
// one piece is extended all are: the others are escaped, and the name gets the
// mark (RFC 2231 §4.1).
//
//	parameter = regular-parameter / extended-parameter
//	section = initial-section / other-sections
func joinContinued(params []imap.Param) []imap.Param {
	type continued struct {
		at     int // where in out
		pieces map[int]imap.Param
	}
	var found map[string]*continued
	for _, p := range params {
		if name, n, ok := continuation(p.Name); ok && n == 0 {
			if found == nil {
				found = make(map[string]*continued)
			}
			found[strings.ToLower(name)] = nil
		}
	}
	if found == nil {
		return params
	}
	out := make([]imap.Param, 0, len(params))
	for _, p := range params {
		name, n, ok := continuation(p.Name)
		key := strings.ToLower(name)
		c, begun := found[key]
		if !ok || !begun {
			out = append(out, p)
			continue
		}
		if c == nil {
			c = &continued{at: len(out), pieces: make(map[int]imap.Param)}
			found[key] = c
			out = append(out, p)
		}
		if _, twice := c.pieces[n]; !twice {
			c.pieces[n] = p
		}
	}
	for _, c := range found {
		extended := false
		for n := 0; c.pieces[n].Name != ""; n++ {
			extended = extended || strings.HasSuffix(c.pieces[n].Name, "*")
		}
		var b strings.Builder
		for n := 0; c.pieces[n].Name != ""; n++ {
			p := c.pieces[n]
			switch {
			case !extended || strings.HasSuffix(p.Name, "*"):
				b.WriteString(p.Value)
			case n == 0:
				b.WriteString("''" + percentEncode(p.Value))
			default:
				b.WriteString(percentEncode(p.Value))
			}
		}
		name, _, _ := strings.Cut(out[c.at].Name, "*")
		if extended {
			name += "*"
		}
		out[c.at] = imap.Param{Name: name, Value: b.String()}
	}
	return out
}

// continuation splits the name of a piece of a continued parameter.
//
//	initial-section = "*0"
//	other-sections = "*" ("1" / … / "9") *DIGIT
func continuation(name string) (base string, n int, ok bool) {
	base, rest, ok := strings.Cut(name, "*")
	rest = strings.TrimSuffix(rest, "*")
	if !ok || base == "" || rest == "" || len(rest) > 4 || rest[0] == '0' && rest != "0" {
		return "", 0, false
	}
	u, err := strconv.ParseUint(rest, 10, 32)
	return base, int(u), err == nil
}

// percentEncode writes what an extended value can not hold as it is.
//
//	ext-octet = "%" 2(DIGIT / "A" / "B" / "C" / "D" / "E" / "F")
func percentEncode(s string) string {
	const hex = "0123456789ABCDEF"
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if c := s[i]; isToken(c) && c < 0x80 && c != '*' && c != '\'' && c != '%' {
			b.WriteByte(c)
		} else {
			b.Write([]byte{'%', hex[c>>4], hex[c&15]})
		}
	}
	return b.String()
}
