package message

import (
	"bytes"
	"io"
	"iter"
	"strings"

	"github.com/mailwire/mailwire/imapwire/imap"
)

// A Field is one header field.
type Field struct {
	// Name is the name as it stands there.
	Name string
	// Value is what follows the colon, unfolded: without line ends, and
	// without white space at both ends.
	Value string
	// Span is the whole field, its last line end included.
	Span Span
}

// HeaderFields yields the fields of a header in their order. Lines that are no
// field are left out. Of a value longer than limit octets the start is given;
// zero is the default of [Limits].Field.
func HeaderFields(src io.ReaderAt, header Span, limit int) iter.Seq2[Field, error] {
	lim := Limits{Field: limit}.withDefaults()
	return func(yield func(Field, error) bool) {
		r := lineReader{src: src, at: header.Offset, size: header.End()}
		var f fieldReader
		f.limit = lim.Field
		for {
			l, err := r.next()
			if err == io.EOF {
				break
			}
			if err != nil {
				yield(Field{}, err)
				return
			}
			if f.continues(l) {
				continue
			}
			if done, ok := f.end(); ok && !yield(done, nil) {
				return
			}
			f.begin(l)
		}
		if done, ok := f.end(); ok {
			yield(done, nil)
		}
	}
}

// Unfold returns a field value on one line: without line ends, and without
// white space at both ends (RFC 5322 §2.2.3).
func Unfold(value string) string {
	value = strings.ReplaceAll(strings.ReplaceAll(value, "\r\n", ""), "\n", "")
	return strings.Trim(value, " \t\r")
}

// A fieldReader puts the lines of one field together.
type fieldReader struct {
	limit int
	open  bool
	name  string
	value []byte
	span  Span
}

// continues takes a line that belongs to the open field: one that starts with
// white space, or a further piece of a long line.
func (f *fieldReader) continues(l line) bool {
	if l.first && (len(l.text) == 0 || l.text[0] != ' ' && l.text[0] != '\t') {
		return false
	}
	if f.open {
		f.add(l.text)
		f.span.Size += l.size
	}
	return f.open || !l.first
}

func (f *fieldReader) add(b []byte) {
	f.value = append(f.value, b[:min(len(b), max(0, f.limit-len(f.value)))]...)
}

// begin opens a field at a line, and reports whether it is one.
//
//	optional-field = field-name ":" unstructured CRLF
//	obs-optional = field-name *WSP ":" unstructured CRLF
func (f *fieldReader) begin(l line) bool {
	i := bytes.IndexByte(l.text, ':')
	if i <= 0 || !l.first {
		return false
	}
	name := bytes.TrimRight(l.text[:i], " \t")
	for _, c := range name {
		if c <= ' ' || c == 0x7f {
			return false
		}
	}
	if len(name) == 0 || len(name) > 998 {
		return false
	}
	f.open, f.name, f.value, f.span = true, string(name), f.value[:0], Span{l.offset, l.size}
	f.add(l.text[i+1:])
	return true
}

// end closes the open field.
func (f *fieldReader) end() (Field, bool) {
	if !f.open {
		return Field{}, false
	}
	f.open = false
	return Field{Name: f.name, Value: strings.Trim(string(f.value), " \t\r"), Span: f.span}, true
}

// A headerParser collects the fields of one header that an Index keeps.
type headerParser struct {
	lim    Limits
	field  fieldReader
	seen   bool // a line was taken
	fields map[string]string
}

// keptFields are the fields an Index keeps something of, in lower case.
var keptFields = map[string]bool{
	"date": true, "subject": true, "from": true, "sender": true, "reply-to": true,
	"to": true, "cc": true, "bcc": true, "in-reply-to": true, "message-id": true,
	"content-type": true, "content-transfer-encoding": true, "content-id": true,
	"content-description": true, "content-md5": true, "content-disposition": true,
	"content-language": true, "content-location": true,
}

// take takes a line of the header, and returns false when it is none: the empty
// line, or something without a colon.
func (h *headerParser) take(l line) bool {
	if h.field.continues(l) {
		return true
	}
	h.flush()
	if l.first && len(l.text) == 0 {
		return false
	}
	h.field.limit = h.lim.Field
	first := !h.seen
	h.seen = true
	if h.field.begin(l) {
		return true
	}
	// The separator line of an mbox file is passed over.
	return first && bytes.HasPrefix(bytes.TrimPrefix(l.text, []byte(">")), []byte("From "))
}

// flush ends the open field. The first field of a name counts.
func (h *headerParser) flush() {
	f, ok := h.field.end()
	name := strings.ToLower(f.Name)
	if !ok || !keptFields[name] {
		return
	}
	if h.fields == nil {
		h.fields = make(map[string]string)
	}
	if _, twice := h.fields[name]; !twice {
		h.fields[name] = f.Value
	}
}

// nstring returns a field, NIL when there is none.
func (h *headerParser) nstring(name string) imap.NString {
	v, ok := h.fields[name]
	return imap.NString{Value: v, Valid: ok}
}

// apply puts what the fields say into a part.
func (h *headerParser) apply(p *Part, message bool) {
	if v, ok := h.fields["content-type"]; ok {
		// Without a type that can be read the default stands (RFC 2045 §5.2).
		if t, sub, params, ok := parseContentType(v, h.lim.Params); ok {
			p.Type, p.Subtype, p.Params = t, sub, params
		}
	}
	if p.Params == nil && strings.EqualFold(p.Type, "text") {
		p.Params = []imap.Param{{Name: "charset", Value: "us-ascii"}}
	}
	p.Encoding = "7bit"
	if e := firstToken(h.fields["content-transfer-encoding"]); e != "" {
		p.Encoding = e
	}
	p.ID = h.nstring("content-id")
	p.Description = h.nstring("content-description")
	p.MD5 = h.nstring("content-md5")
	p.Location = h.nstring("content-location")
	if v, ok := h.fields["content-disposition"]; ok {
		s := scanner{s: v}
		p.Disposition = s.token()
		if p.Disposition != "" {
			p.DispositionArgs = s.params(h.lim.Params)
		}
	}
	p.Language = parseLanguages(h.fields["content-language"])
	if message {
		p.Envelope = h.envelope()
	}
	h.fields = nil
}
