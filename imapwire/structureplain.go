package imapwire

import (
	"strings"

	"github.com/mailwire/mailwire/imapwire/imap"
)

// A plainReader reads the envelope and the structure of a plain FETCH response. Once
// it has met anything else, b is nil, and every method returns a zero value.
type plainReader struct {
	b    []byte
	text string // string(b)
	i    int    // the octet that comes next; up to where it has looked, with b nil
	m    *fetchMemory
	// depth is how many parentheses are open, most how many were.
	depth, most int
}

// fail gives up: what stands here is for the grammar.
func (r *plainReader) fail() { r.b = nil }

// rest returns the octets that come next.
func (r *plainReader) rest() []byte {
	if r.i >= len(r.b) {
		return nil
	}
	return r.b[r.i:]
}

// skip moves over x.
func (r *plainReader) skip(x byte) {
	if r.i < len(r.b) && r.b[r.i] == x {
		r.i++
		return
	}
	r.fail()
}

// open moves over "(" and close over ")".
func (r *plainReader) open() {
	if r.skip('('); r.depth == plainDepth {
		r.fail()
	}
	r.depth++
	r.most = max(r.most, r.depth)
}

func (r *plainReader) close() {
	r.skip(')')
	r.depth--
}

// next reports whether x comes next.
func (r *plainReader) next(x byte) bool { return r.i < len(r.b) && r.b[r.i] == x }

// more moves over the space before one more field, if there is one.
func (r *plainReader) more() bool {
	if r.next(' ') {
		r.i++
		return true
	}
	return false
}

// nstring = DQUOTE *QUOTED-CHAR DQUOTE / nil
//
// A space or ")" has to stand behind it.
func (r *plainReader) nstring() (s imap.NString) {
	b := r.rest()
	if len(b) < 4 {
		r.fail()
		return s
	}
	if b[0] == '"' {
		n := quotedSpan(b[1:])
		if n+2 < len(b) && b[n+1] == '"' && (b[n+2] == ' ' || b[n+2] == ')') {
			r.i += n + 2
			return imap.NString{Value: r.text[r.i-n-1 : r.i-1], Valid: true}
		}
	} else if b[0] == 'N' && b[1] == 'I' && b[2] == 'L' && (b[3] == ' ' || b[3] == ')') {
		r.i += 3
		return s
	}
	r.fail()
	return s
}

// field is nstring with the space behind it.
func (r *plainReader) field() imap.NString {
	s := r.nstring()
	r.skip(' ')
	return s
}

// string is nstring where there may be no nil.
func (r *plainReader) string() string {
	s := r.nstring()
	if !s.Valid {
		r.fail()
	}
	return s.Value
}

// number = 1*DIGIT, 0 to 999999999
func (r *plainReader) number() (n uint32) {
	const digits = 9
	b := r.rest()
	k := 0
	for ; k < len(b); k++ {
		x := b[k] - '0'
		if x > 9 {
			break
		}
		n = n*10 + uint32(x)
	}
	if k == 0 || k > digits {
		r.fail()
		return 0
	}
	r.i += k
	return n
}

// structure reads the item that comes next. It is 0 when that is another, or was
// read before.
func (r *plainReader) structure(f *FetchData) FetchHas {
	m := r.m
	switch {
	case plainAt(r.b, r.i, "ENVELOPE (") && f.Has&HasEnvelope == 0:
		r.i += len("ENVELOPE ")
		f.Envelope = &m.envelope
		r.envelope(f.Envelope)
		return HasEnvelope
	case plainAt(r.b, r.i, "BODYSTRUCTURE (") && f.Has&HasStructure == 0:
		r.i += len("BODYSTRUCTURE ")
		f.Structure = r.root(&m.structure)
		return HasStructure
	case plainAt(r.b, r.i, "BODY (") && f.Has&HasBody == 0:
		r.i += len("BODY ")
		f.Body = r.root(&m.body)
		return HasBody
	}
	return 0
}

// envelope = "(" env-date SP env-subject SP env-from SP env-sender SP env-reply-to SP env-to SP
// env-cc SP env-bcc SP env-in-reply-to SP env-message-id ")"
func (r *plainReader) envelope(v *imap.Envelope) {
	r.open()
	v.Date, v.Subject = r.field(), r.field()
	v.From, v.Sender, v.ReplyTo = r.addresses(), r.addresses(), r.addresses()
	v.To, v.CC, v.BCC = r.addresses(), r.addresses(), r.addresses()
	v.InReplyTo, v.MessageID = r.field(), r.nstring()
	r.close()
}

// env-from = "(" 1*address ")" / nil
// address = "(" addr-name SP addr-adl SP addr-mailbox SP addr-host ")"
//
// The space behind is moved over.
func (r *plainReader) addresses() []imap.Address {
	if !r.next('(') {
		if s := r.field(); s.Valid {
			r.fail()
		}
		return nil
	}
	m := r.m
	start := len(m.addresses)
	for r.open(); r.next('('); {
		r.open()
		m.addresses = append(m.addresses, imap.Address{})
		a := &m.addresses[len(m.addresses)-1]
		a.Name, a.Route, a.Mailbox, a.Host = r.field(), r.field(), r.field(), r.nstring()
		r.close()
	}
	r.close()
	r.skip(' ')
	if len(m.addresses) == start {
		r.fail()
	}
	return m.addresses[start:len(m.addresses):len(m.addresses)]
}

// root reads a body that is none of another's parts.
func (r *plainReader) root(b *imap.BodyStructure) *imap.BodyStructure {
	r.body()
	if r.b != nil {
		*b = r.m.siblings[0]
		r.m.siblings = r.m.siblings[:0]
	}
	return b
}

// body = "(" (body-type-1part / body-type-mpart) ")"
// body-type-mpart = 1*body SP media-subtype [SP body-ext-mpart]
// body-ext-mpart = body-fld-param [SP body-fld-dsp [SP body-fld-lang [SP body-fld-loc]]]
//
// It becomes the last of the siblings. No pointer to one is kept while others are
// read, since that may move them.
func (r *plainReader) body() {
	m := r.m
	r.open()
	if !r.next('(') {
		m.siblings = append(m.siblings, imap.BodyStructure{})
		r.leaf(&m.siblings[len(m.siblings)-1])
		r.close()
		return
	}
	first := len(m.siblings)
	for r.next('(') {
		r.body()
	}
	parts := m.take(first)
	m.siblings = append(m.siblings, imap.BodyStructure{Type: "multipart", Parts: parts})
	b := &m.siblings[first]
	r.skip(' ')
	if b.Subtype = r.string(); r.more() {
		b.Params = r.params()
		r.extension(b)
	}
	r.close()
}

// body-type-1part = (body-type-basic / body-type-text) [SP body-ext-1part]
// body-type-basic = media-basic SP body-fields
// body-type-text = media-text SP body-fields SP body-fld-lines
// body-fields = body-fld-param SP body-fld-id SP body-fld-desc SP body-fld-enc SP body-fld-octets
// body-ext-1part = body-fld-md5 [SP body-fld-dsp [SP body-fld-lang [SP body-fld-loc]]]
func (r *plainReader) leaf(b *imap.BodyStructure) {
	b.Type = r.string()
	r.skip(' ')
	b.Subtype = r.string()
	r.skip(' ')
	if b.IsMultipart() || strings.EqualFold(b.Type, "message") {
		r.fail() // a message may be embedded, and either may be told as the other
	}
	b.Params = r.params()
	r.skip(' ')
	b.ID, b.Description = r.field(), r.field()
	b.Encoding = r.string()
	r.skip(' ')
	b.Size = r.number()
	if b.IsText() {
		r.skip(' ')
		b.Lines = int64(r.number())
	}
	if r.more() {
		b.MD5 = r.nstring()
		r.extension(b)
	}
}

// [SP body-fld-dsp [SP body-fld-lang [SP body-fld-loc]]]
// body-fld-dsp = "(" string SP body-fld-param ")" / nil
// body-fld-lang = nil
func (r *plainReader) extension(b *imap.BodyStructure) {
	if !r.more() {
		return
	}
	if r.next('(') {
		r.open()
		b.Disposition = r.string()
		r.skip(' ')
		b.DispositionArgs = r.params()
		if r.close(); b.Disposition == "" {
			r.fail()
		}
	} else if r.nstring().Valid {
		r.fail()
	}
	if !r.more() {
		return
	}
	if r.nstring().Valid {
		r.fail()
	}
	if r.more() {
		b.Location = r.nstring()
	}
}

// body-fld-param = "(" string SP string *(SP string SP string) ")" / nil
func (r *plainReader) params() []imap.Param {
	if !r.next('(') {
		if r.nstring().Valid {
			r.fail()
		}
		return nil
	}
	m := r.m
	start := len(m.params)
	r.open()
	for {
		name := r.string()
		r.skip(' ')
		m.params = append(m.params, imap.Param{Name: name, Value: r.string()})
		if !r.more() {
			break
		}
	}
	r.close()
	return m.params[start:len(m.params):len(m.params)]
}
