package message

import (
	"encoding/binary"
	"errors"

	"github.com/mailwire/mailwire/imapwire/imap"
)

// The binary form of an Index
//
// One octet of version, then the message as a part. Numbers are unsigned
// varints, strings are their length and octets, an nstring is 0 for NIL or its
// length plus one and octets, a list is its length and elements. A part is
//
//	header offset relative to the parent's, header size, body offset relative
//	to the header's end, body size, lines; type, subtype, params, encoding;
//	ID, description, MD5, location as nstrings; disposition with params;
//	languages; flags (1: envelope, 2: message), envelope, message; parts
//
// An envelope is its ten fields in the order of imap.Envelope.
const binaryVersion = 1

// ErrBinary reports octets that are not the binary form of an Index.
var ErrBinary = errors.New("message: not the binary form of an index")

// AppendBinary appends the binary form of x, which a store may keep beside the
// message. It never fails.
func (x *Index) AppendBinary(dst []byte) ([]byte, error) {
	dst = append(dst, binaryVersion)
	return appendPart(dst, &x.root, 0), nil
}

func appendPart(dst []byte, p *Part, base int64) []byte {
	num := func(n int64) { dst = binary.AppendUvarint(dst, uint64(n)) }
	num(p.Header.Offset - base)
	num(p.Header.Size)
	num(p.Body.Offset - p.Header.End())
	num(p.Body.Size)
	num(p.Lines)
	dst = appendString(dst, p.Type)
	dst = appendString(dst, p.Subtype)
	dst = appendParams(dst, p.Params)
	dst = appendString(dst, p.Encoding)
	for _, s := range []imap.NString{p.ID, p.Description, p.MD5, p.Location} {
		dst = appendNString(dst, s)
	}
	dst = appendString(dst, p.Disposition)
	dst = appendParams(dst, p.DispositionArgs)
	num(int64(len(p.Language)))
	for _, l := range p.Language {
		dst = appendString(dst, l)
	}
	var flags byte
	if p.Envelope != nil {
		flags |= 1
	}
	if p.Message != nil {
		flags |= 2
	}
	dst = append(dst, flags)
	if p.Envelope != nil {
		dst = appendEnvelope(dst, p.Envelope)
	}
	if p.Message != nil {
		dst = appendPart(dst, p.Message, p.Header.Offset)
	}
	dst = binary.AppendUvarint(dst, uint64(len(p.Parts)))
	for i := range p.Parts {
		dst = appendPart(dst, &p.Parts[i], p.Header.Offset)
	}
	return dst
}

func appendString(dst []byte, s string) []byte {
	return append(binary.AppendUvarint(dst, uint64(len(s))), s...)
}

func appendNString(dst []byte, s imap.NString) []byte {
	if !s.Valid {
		return append(dst, 0)
	}
	return append(binary.AppendUvarint(dst, uint64(len(s.Value))+1), s.Value...)
}

func appendParams(dst []byte, params []imap.Param) []byte {
	dst = binary.AppendUvarint(dst, uint64(len(params)))
	for _, p := range params {
		dst = appendString(appendString(dst, p.Name), p.Value)
	}
	return dst
}

func appendEnvelope(dst []byte, e *imap.Envelope) []byte {
	dst = appendNString(appendNString(dst, e.Date), e.Subject)
	for _, list := range [][]imap.Address{e.From, e.Sender, e.ReplyTo, e.To, e.CC, e.BCC} {
		dst = binary.AppendUvarint(dst, uint64(len(list)))
		for _, a := range list {
			for _, s := range []imap.NString{a.Name, a.Route, a.Mailbox, a.Host} {
				dst = appendNString(dst, s)
			}
		}
	}
	return appendNString(appendNString(dst, e.InReplyTo), e.MessageID)
}

// UnmarshalBinary reads the binary form. Octets that are not one are
// [ErrBinary], and never cost more memory than a multiple of their number. What
// it returns keeps nothing of b.
func (x *Index) UnmarshalBinary(b []byte) error {
	if len(b) == 0 || b[0] != binaryVersion {
		return ErrBinary
	}
	d := binaryReader{s: string(b[1:])}
	root := d.part(0, 0)
	if d.bad || d.s != "" {
		return ErrBinary
	}
	x.root = root
	return nil
}

type binaryReader struct {
	s   string
	bad bool
}

func (d *binaryReader) num() int64 {
	n, k := uint64(0), 0
	for shift := 0; k < len(d.s) && k < binary.MaxVarintLen64; shift += 7 {
		c := d.s[k]
		k++
		n |= uint64(c&0x7f) << shift
		if c < 0x80 {
			d.s = d.s[k:]
			if n > 1<<62 {
				break
			}
			return int64(n)
		}
	}
	d.bad, d.s = true, ""
	return 0
}

// count reads the length of a list whose elements take size octets at least.
func (d *binaryReader) count(size int) int {
	n := d.num()
	if n > int64(len(d.s)/size) {
		d.bad, d.s = true, ""
		return 0
	}
	return int(n)
}

func (d *binaryReader) take(n int64) string {
	if n < 0 || n > int64(len(d.s)) {
		d.bad, d.s = true, ""
		return ""
	}
	s := d.s[:n]
	d.s = d.s[n:]
	return s
}

func (d *binaryReader) string() string { return d.take(d.num()) }

func (d *binaryReader) nstring() imap.NString {
	n := d.num()
	if n == 0 {
		return imap.NString{}
	}
	return imap.NString{Value: d.take(n - 1), Valid: !d.bad}
}

func (d *binaryReader) params() []imap.Param {
	n := d.count(2)
	if n == 0 {
		return nil
	}
	out := make([]imap.Param, n)
	for i := range out {
		out[i] = imap.Param{Name: d.string(), Value: d.string()}
	}
	return out
}

// maxBinaryDepth is deeper than any Parse goes with sensible limits.
const maxBinaryDepth = 1000

func (d *binaryReader) part(base int64, depth int) (p Part) {
	if depth > maxBinaryDepth {
		d.bad, d.s = true, ""
		return p
	}
	p.Header.Offset = base + d.num()
	p.Header.Size = d.num()
	p.Body.Offset = p.Header.End() + d.num()
	p.Body.Size = d.num()
	p.Lines = d.num()
	if p.Body.End() < p.Header.Offset || p.Header.Offset < 0 {
		d.bad, d.s = true, ""
		return p
	}
	p.Type, p.Subtype, p.Params, p.Encoding = d.string(), d.string(), d.params(), d.string()
	p.ID, p.Description, p.MD5, p.Location = d.nstring(), d.nstring(), d.nstring(), d.nstring()
	p.Disposition, p.DispositionArgs = d.string(), d.params()
	if n := d.count(1); n > 0 {
		p.Language = make([]string, n)
		for i := range p.Language {
			p.Language[i] = d.string()
		}
	}
	flags := d.take(1)
	if d.bad || flags[0] > 3 {
		d.bad, d.s = true, ""
		return p
	}
	if flags[0]&1 != 0 {
		p.Envelope = d.envelope()
	}
	if flags[0]&2 != 0 {
		m := d.part(p.Header.Offset, depth+1)
		p.Message = &m
	}
	for n := d.count(15); n > 0 && !d.bad; n-- {
		p.Parts = append(p.Parts, d.part(p.Header.Offset, depth+1))
	}
	return p
}

func (d *binaryReader) envelope() *imap.Envelope {
	e := &imap.Envelope{Date: d.nstring(), Subject: d.nstring()}
	for _, list := range []*[]imap.Address{&e.From, &e.Sender, &e.ReplyTo, &e.To, &e.CC, &e.BCC} {
		n := d.count(4)
		if n == 0 {
			continue
		}
		*list = make([]imap.Address, n)
		for i := range *list {
			(*list)[i] = imap.Address{Name: d.nstring(), Route: d.nstring(), Mailbox: d.nstring(), Host: d.nstring()}
		}
	}
	e.InReplyTo, e.MessageID = d.nstring(), d.nstring()
	return e
}
