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
	// without white space at both ends. Encoded words are not decoded.
	Value string
	// Span is the whole field, its last line end included.
	Span Span
}

// HeaderFields yields the fields of a header in their order. Lines that are no
// field are left out. Of a value longer than limit octets the start is given;
// zero is the default of [Limits].Field. Only a window of the header and one
// field are in memory. An error is that of src, and the last.
func HeaderFields(src io.ReaderAt, header Span, limit int) iter.Seq2[Field, error] {
	return headerFields(src, header, Limits{Field: limit}.withDefaults().Field)
}

// headerFields is HeaderFields with a limit that may be 0: no values.
func headerFields(src io.ReaderAt, header Span, limit int) iter.Seq2[Field, error] {
	return func(yield func(Field, error) bool) {
		r := newLineReader(src, header)
		var f fieldReader
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
			if f.end() && !yield(f.field(), nil) {
				return
			}
			if f.begin(l) {
				f.collect(l, limit)
			}
		}
		if f.end() {
			yield(f.field(), nil)
		}
	}
}

// Unfold returns a field value on one line: without line ends, and without
// white space at both ends (RFC 5322 §2.2.3).
func Unfold(value string) string {
	value = strings.ReplaceAll(strings.ReplaceAll(value, "\r\n", ""), "\n", "")
	return strings.Trim(value, foldSpace)
}

// foldSpace is what a value does not start or end with.
const foldSpace = " \t\r"

// A fieldReader puts the lines of one field together. Its buffers are used
// again for the next field.
type fieldReader struct {
	open  bool
	name  []byte
	value []byte
	limit int // how many octets of value are collected
	cut   bool
	span  Span
}

// continues takes a line that belongs to the open field: one that starts with
// white space, or a further piece of a long line. Further pieces of a line that
// is no field belong to nothing and are taken too.
func (f *fieldReader) continues(l line) bool {
	if l.first && (!f.open || len(l.text) == 0 || l.text[0] != ' ' && l.text[0] != '\t') {
		return false
	}
	if f.open {
		f.add(l.text)
		f.span.Size += l.size
	}
	return true
}

func (f *fieldReader) add(b []byte) {
	room := max(0, f.limit-len(f.value))
	f.cut = f.cut || len(b) > room
	f.value = append(f.value, b[:min(len(b), room)]...)
}

// begin opens a field at a line, and reports whether the line starts one. Its
// value is not collected unless collect is called.
//
//	optional-field = field-name ":" unstructured CRLF
//	field-name = 1*ftext
//	obs-optional = field-name *WSP ":" unstructured CRLF
func (f *fieldReader) begin(l line) bool {
	i := bytes.IndexByte(l.text, ':')
	if i <= 0 || !l.first {
		return false
	}
	name := bytes.TrimRight(l.text[:i], " \t")
	if len(name) == 0 || len(name) > maxFieldName {
		return false
	}
	for _, c := range name {
		if c <= ' ' || c == 0x7f {
			return false
		}
	}
	f.open, f.span = true, Span{l.offset, l.size}
	f.name, f.value = append(f.name[:0], name...), f.value[:0]
	f.limit, f.cut = 0, false
	return true
}

// maxFieldName is the length of a line that RFC 5322 §2.1.1 permits.
const maxFieldName = 998

// collect keeps up to limit octets of the value of the field that l began.
func (f *fieldReader) collect(l line, limit int) {
	f.limit = limit
	f.add(l.text[bytes.IndexByte(l.text, ':')+1:])
}

// end closes the open field and reports whether there was one.
func (f *fieldReader) end() bool {
	open := f.open
	f.open = false
	return open
}

// field returns the field that ended.
func (f *fieldReader) field() Field {
	return Field{Name: string(f.name), Value: string(bytes.Trim(f.value, foldSpace)), Span: f.span}
}

// A headerParser collects the fields of one header that an Index keeps.
type headerParser struct {
	limits Limits
	// left is how much more may be kept of the message, octets and addresses.
	left struct {
		octets    int64
		addresses int
	}

	field fieldReader
	kind  fieldKind // of field
	seen  bool      // a line was taken
	cut   bool      // a limit cut something of this header
	// values are those of each kind, only the first unless it is a list of
	// addresses.
	values map[fieldKind][]string
}

// A fieldKind is a field that an Index keeps something of.
type fieldKind string

const (
	fieldDate        fieldKind = "date"
	fieldSubject     fieldKind = "subject"
	fieldFrom        fieldKind = "from"
	fieldSender      fieldKind = "sender"
	fieldReplyTo     fieldKind = "reply-to"
	fieldTo          fieldKind = "to"
	fieldCC          fieldKind = "cc"
	fieldBCC         fieldKind = "bcc"
	fieldInReplyTo   fieldKind = "in-reply-to"
	fieldMessageID   fieldKind = "message-id"
	fieldType        fieldKind = "content-type"
	fieldEncoding    fieldKind = "content-transfer-encoding"
	fieldID          fieldKind = "content-id"
	fieldDescription fieldKind = "content-description"
	fieldMD5         fieldKind = "content-md5"
	fieldDisposition fieldKind = "content-disposition"
	fieldLanguage    fieldKind = "content-language"
	fieldLocation    fieldKind = "content-location"
)

// keptFields says which fields are kept, and whether more than the first of
// them counts: mail programs repeat To.
var keptFields = map[fieldKind]struct{ envelope, repeats bool }{
	fieldDate: {envelope: true}, fieldSubject: {envelope: true},
	fieldFrom: {true, true}, fieldSender: {true, true}, fieldReplyTo: {true, true},
	fieldTo: {true, true}, fieldCC: {true, true}, fieldBCC: {true, true},
	fieldInReplyTo: {envelope: true}, fieldMessageID: {envelope: true},
	fieldType: {}, fieldEncoding: {}, fieldID: {}, fieldDescription: {}, fieldMD5: {},
	fieldDisposition: {}, fieldLanguage: {}, fieldLocation: {},
}

// fieldCost is what a kept field costs beside its octets.
const fieldCost = 64

// kept returns the kind of a field name; ok is false for a field that is not
// kept.
func kept(name []byte) (kind fieldKind, ok bool) {
	var lower [len(fieldEncoding)]byte
	if len(name) > len(lower) {
		return "", false
	}
	for i, c := range name {
		if 'A' <= c && c <= 'Z' {
			c += 'a' - 'A'
		}
		lower[i] = c
	}
	_, ok = keptFields[fieldKind(lower[:len(name)])]
	if !ok {
		return "", false
	}
	return fieldKind(lower[:len(name)]), true
}

// begin prepares for the next header.
func (h *headerParser) begin() {
	h.seen, h.cut, h.field.open = false, false, false
	clear(h.values)
}

// take takes a line of the header, and returns false when it is none: the empty
// line, or something that is no field.
func (h *headerParser) take(l line, message bool) bool {
	if h.field.continues(l) {
		return true
	}
	h.flush()
	first := !h.seen
	h.seen = true
	if !h.field.begin(l) {
		// The separator line of an mbox file is passed over.
		return first && l.first && bytes.HasPrefix(bytes.TrimPrefix(l.text, []byte(">")), []byte("From "))
	}
	kind, ok := kept(h.field.name)
	if h.kind = kind; !ok {
		return true
	}
	use := keptFields[kind]
	if use.envelope && !message || !use.repeats && len(h.values[kind]) > 0 {
		h.kind = ""
		return true
	}
	h.field.collect(l, h.limits.Field)
	return true
}

// flush ends the open field and keeps what counts of it. NUL, which no IMAP
// string can carry, becomes 0x80, as in Dovecot; a bare CR, which no quoted string
// can, becomes white space.
func (h *headerParser) flush() {
	if !h.field.end() || h.kind == "" {
		return
	}
	value := bytes.Trim(h.field.value, foldSpace)
	h.cut = h.cut || h.field.cut
	if keptFields[h.kind].repeats && len(value) == 0 {
		return
	}
	cost := int64(len(value)) + fieldCost
	if cost > h.left.octets {
		h.cut = true
		return
	}
	h.left.octets -= cost
	if h.values == nil {
		h.values = make(map[fieldKind][]string)
	}
	for i, c := range value {
		switch c {
		case 0:
			value[i] = 0x80
		case '\r':
			value[i] = ' '
		}
	}
	h.values[h.kind] = append(h.values[h.kind], string(value))
}

// first returns the first field of a kind.
func (h *headerParser) first(kind fieldKind) (value string, ok bool) {
	if v := h.values[kind]; len(v) > 0 {
		return v[0], true
	}
	return "", false
}

// nstring returns a field, NIL when there is none.
func (h *headerParser) nstring(kind fieldKind) imap.NString {
	v, ok := h.first(kind)
	return imap.NString{Value: v, Valid: ok}
}

// apply puts what the fields say into a part.
func (h *headerParser) apply(p *Part, message bool) {
	if v, ok := h.first(fieldType); ok {
		// Without a type that can be read the default stands (RFC 2045 §5.2).
		if t, ok := parseContentType(v, h.limits.Params); ok {
			p.Type, p.Subtype, p.Params = t.name, t.subtype, t.params
			h.cut = h.cut || t.cut
		}
	}
	p.Encoding = "7bit" // RFC 2045 §6.1
	if v, ok := h.first(fieldEncoding); ok {
		if e := firstToken(v); e != "" {
			p.Encoding = e
		}
	}
	p.ID = h.nstring(fieldID)
	p.Description = h.nstring(fieldDescription)
	p.MD5 = h.nstring(fieldMD5)
	p.Location = h.nstring(fieldLocation)
	if v, ok := h.first(fieldDisposition); ok {
		d := parseDisposition(v, h.limits.Params)
		p.Disposition, p.DispositionArgs = d.name, d.params
		h.cut = h.cut || d.cut
	}
	if v, ok := h.first(fieldLanguage); ok {
		p.Language = parseLanguages(v)
	}
	if message {
		p.Envelope = h.envelope()
	}
	p.Cut = p.Cut || h.cut
}
