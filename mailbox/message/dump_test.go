package message

import (
	"bytes"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/mailwire/mailwire/imapwire/imap"
)

// dump writes a message as text: for each entity its part number, type and
// octets, then what its header says. What an encoding hides is told behind "is":
// encoded words, the instant of a date, extended parameters, and the text of a
// part when it is not what stands there.
func dump(msg []byte, x *Index) string {
	d := dumper{msg: msg, index: x}
	d.entity(x.Root(), x.BodyStructure(), nil, "message")
	return d.String()
}

type dumper struct {
	strings.Builder
	msg     []byte
	index   *Index
	indent  string
	skipped int
}

// line writes one line.
func (d *dumper) line(format string, args ...any) {
	d.WriteString(d.indent)
	fmt.Fprintf(d, format, args...)
	d.WriteByte('\n')
}

func (d *dumper) entity(p *Part, s *imap.BodyStructure, path []uint32, name string) {
	if len(d.indent) > maxIndent {
		if d.skipped++; only(only(p)) != nil {
			d.below(p, s, path)
			return
		}
		if d.skipped > 1 {
			d.line("… %d levels more", d.skipped-1)
		}
		d.skipped = 0
	}
	head := fmt.Sprintf("%s: %s/%s%s header %d+%d body %d+%d", name, plain(s.Type), plain(s.Subtype), params(s.Params),
		p.Header.Offset, p.Header.Size, p.Body.Offset, p.Body.Size)
	if !s.IsMultipart() {
		head += " " + plain(s.Encoding)
		if s.IsText() || s.IsMessage() {
			head += fmt.Sprintf(" lines %d", s.Lines)
		}
	}
	if p.Cut {
		head += " cut"
	}
	d.line("%s", head)
	d.indent += "  "
	d.decoded(p.Params)
	d.fields(p, s)
	if p.Envelope != nil {
		d.envelope(p.Envelope)
	}
	d.text(p)
	d.below(p, s, path)
	d.indent = d.indent[2:]
}

// maxIndent is how deep the text goes. What is deeper is left out as long as it
// has nothing but a part or message that has nothing but another.
const maxIndent = 12

// only returns the only part of p, or the message in it, or nil.
func only(p *Part) *Part {
	switch {
	case p == nil:
		return nil
	case len(p.Parts) == 1:
		return &p.Parts[0]
	}
	return p.Message
}

// below writes what is inside an entity.
func (d *dumper) below(p *Part, s *imap.BodyStructure, path []uint32) {
	if p.Message != nil {
		if len(path) == 0 {
			path = []uint32{1} // a message that is no multipart is its own part 1
		}
		name := "message in " + number(path)
		if !p.Message.IsMultipart() {
			path = append(path, 1) // as is that message
			d.check(path, p.Message)
		}
		d.entity(p.Message, &s.Parts[0], path, name)
	}
	for i := range p.Parts {
		path := append(path[:len(path):len(path)], uint32(i+1))
		d.entity(&p.Parts[i], &s.Parts[i], path, number(path))
		d.check(path, &p.Parts[i])
	}
}

// verbatim writes a field that has no encoded words.
func (d *dumper) verbatim(name string, v imap.NString) {
	if v.Valid {
		d.line("%s %s", name, quote(v.Value))
	}
}

// field writes a field whose encoded words are decoded for people.
func (d *dumper) field(name string, v imap.NString) {
	if !v.Valid {
		return
	}
	d.line("%s %s%s", name, quote(v.Value), is(v.Value, DecodeWords(v.Value)))
}

func (d *dumper) fields(p *Part, s *imap.BodyStructure) {
	d.verbatim("id", s.ID)
	d.field("description", s.Description)
	d.verbatim("md5", s.MD5)
	if s.Disposition != "" {
		d.line("disposition %s%s", plain(s.Disposition), params(s.DispositionArgs))
		d.decoded(p.DispositionArgs)
	}
	if s.Language != nil {
		d.line("language %q", s.Language)
	}
	d.verbatim("location", s.Location)
}

func (d *dumper) envelope(e *imap.Envelope) {
	if e.Date.Valid {
		day := "no date"
		if t, ok := ParseDate(e.Date.Value); ok {
			day = t.Format(time.RFC3339)
		}
		d.line("date %s is %s", quote(e.Date.Value), day)
	}
	d.field("subject", e.Subject)
	same := func(a, b []imap.Address) bool { return len(a) > 0 && slices.Equal(a, b) }
	for _, l := range []struct {
		name string
		list []imap.Address
	}{{"from", e.From}, {"sender", e.Sender}, {"reply-to", e.ReplyTo}, {"to", e.To}, {"cc", e.CC}, {"bcc", e.BCC}} {
		if (l.name == "sender" || l.name == "reply-to") && same(l.list, e.From) {
			continue // what everybody expects
		}
		if len(l.list) == 0 && len(e.From) > 0 && (l.name == "sender" || l.name == "reply-to") {
			d.line("%s is missing", l.name)
		}
		for i, a := range l.list {
			switch {
			case len(l.list) > 12 && i == 5:
				d.line("%s … %d more", l.name, len(l.list)-7)
			case len(l.list) <= 12 || i < 5 || i >= len(l.list)-2:
				name := a.Name.Value
				if !a.Host.Valid {
					name = a.Mailbox.Value // of a group
				}
				d.line("%s %s%s", l.name, addressText(a), is(name, DecodeWords(name)))
			}
		}
	}
	d.verbatim("in-reply-to", e.InReplyTo)
	d.verbatim("message-id", e.MessageID)
}

// decoded tells extended parameters and those with encoded words.
func (d *dumper) decoded(list []imap.Param) {
	told := joinContinued(list)
	for _, p := range DecodeParams(list) {
		stands := slices.ContainsFunc(told, func(q imap.Param) bool {
			return strings.EqualFold(q.Name, p.Name) && q.Value == p.Value
		})
		if !stands {
			d.line("parameter %s is %s", plain(p.Name), quote(p.Value))
		}
	}
}

// text tells the text of a part of type text.
func (d *dumper) text(p *Part) {
	if !p.IsLeaf() || !p.IsText() {
		return
	}
	raw := d.msg[p.Body.Offset:p.Body.End()]
	text, err := io.ReadAll(CharsetReader(p.Param("charset"), TransferReader(p.Encoding, bytes.NewReader(raw))))
	if err != nil {
		d.line("UNREADABLE: %v", err)
	} else if string(text) != string(raw) {
		d.line("text is %s", quote(string(text)))
	}
}

// check says so in the dump when a part number is not that of a part.
func (d *dumper) check(path []uint32, p *Part) {
	if q, ok := d.index.Part(path); !ok || p != q {
		d.line("NOT FOUND: %s", number(path))
	}
}

func number(path []uint32) string {
	s := fmt.Sprint(path)
	return strings.ReplaceAll(s[1:len(s)-1], " ", ".")
}

// is returns " is " and the decoded form, nothing when that is the same.
func is(raw, decoded string) string {
	if raw == decoded {
		return ""
	}
	return " is " + quote(decoded)
}

// quote quotes a string; of a long one its start, its end and its size.
func quote(s string) string {
	if len(s) <= 400 {
		return fmt.Sprintf("%q", s)
	}
	start, end := 60, len(s)-60
	for !utf8.RuneStart(s[start]) {
		start--
	}
	for !utf8.RuneStart(s[end]) {
		end++
	}
	return fmt.Sprintf("%q … %q (%d octets)", s[:start], s[end:], len(s))
}

func params(list []imap.Param) string {
	var b strings.Builder
	for i, p := range list {
		switch {
		case len(list) > 12 && i == 5:
			fmt.Fprintf(&b, "; … %d more", len(list)-7)
		case len(list) <= 12 || i < 5 || i >= len(list)-2:
			fmt.Fprintf(&b, "; %s=%s", plain(p.Name), quote(p.Value))
		}
	}
	return b.String()
}

// plain quotes a word only where it can not stand in a line.
func plain(s string) string {
	if q := strconv.Quote(s); q != `"`+s+`"` {
		return q
	}
	return s
}

// addressText writes an address as "mailbox" @ "host" with route and name, each
// part quoted; what is NIL is left out with its mark.
func addressText(a imap.Address) string {
	if !a.Mailbox.Valid && !a.Host.Valid {
		return "end of group"
	}
	if !a.Host.Valid {
		return fmt.Sprintf("group %s", quote(a.Mailbox.Value))
	}
	s := fmt.Sprintf("%s @ %s", quote(a.Mailbox.Value), quote(a.Host.Value))
	if a.Route.Valid {
		s += fmt.Sprintf(" route %s", quote(a.Route.Value))
	}
	if a.Name.Valid {
		s += fmt.Sprintf(" name %s", quote(a.Name.Value))
	}
	return s
}
