package message

import (
	"encoding/binary"
	"errors"
	"strings"

	"github.com/mailwire/mailwire/imapwire/imap"
)

// The binary form of an Index
//
// One octet of version, then the message as a part. Numbers are unsigned
// varints in their shortest form, strings are their length and octets, an
// nstring is 0 for NIL or its length plus one and octets, a list is its length
// and elements. A part is
//
//	header offset relative to that of the entity around it, header size, body
//	size, lines; type, subtype, params, encoding; ID, description, MD5 and
//	location as nstrings; disposition with params; languages; flags (1: an
//	envelope follows, 2: a message, 4: cut); envelope; message; parts
//
// An envelope is its ten fields in the order of imap.Envelope, an address its
// four as nstrings. An Index has exactly one binary form.
const binaryVersion = 1

const (
	flagEnvelope = 1 << iota
	flagMessage
	flagCut
)

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
		flags |= flagEnvelope
	}
	if p.Message != nil {
		flags |= flagMessage
	}
	if p.Cut {
		flags |= flagCut
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
// [ErrBinary] and change nothing; they never cost more memory than a small
// multiple of their number. The tree that it reads is as sound as one of
// [Parse], but whether it is that of a message only its owner knows. What it
// returns keeps nothing of b.
func (x *Index) UnmarshalBinary(b []byte) error {
	if len(b) == 0 || b[0] != binaryVersion {
		return ErrBinary
	}
	d := binaryReader{s: string(b[1:])}
	root := d.part(Span{0, maxOffset}, 0)
	if d.bad || d.s != "" || root.Envelope == nil || root.Header.Offset != 0 {
		return ErrBinary
	}
	x.root = root
	return nil
}

// maxOffset is more than any message has, and few of it make no overflow.
const maxOffset = 1 << 60

// A binaryReader reads from the front of s. After an error s is empty and
// everything reads as zero.
type binaryReader struct {
	s   string
	bad bool
}

func (d *binaryReader) fail() { d.bad, d.s = true, "" }

// num reads a number up to maxOffset.
func (d *binaryReader) num() int64 {
	var n uint64
	for i := 0; i < len(d.s) && i < 9; i++ {
		c := d.s[i]
		n |= uint64(c&0x7f) << (7 * i)
		if c >= 0x80 {
			continue
		}
		if n > maxOffset || c == 0 && i > 0 {
			break
		}
		d.s = d.s[i+1:]
		return int64(n)
	}
	d.fail()
	return 0
}

// count reads the length of a list whose elements take size octets at least.
func (d *binaryReader) count(size int) int {
	n := d.num()
	if n > int64(len(d.s)/size) {
		d.fail()
		return 0
	}
	return int(n)
}

func (d *binaryReader) take(n int64) string {
	if n > int64(len(d.s)) {
		d.fail()
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
	return imap.String(d.take(n - 1))
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

func (d *binaryReader) languages() []string {
	n := d.count(1)
	if n == 0 {
		return nil
	}
	out := make([]string, n)
	for i := range out {
		out[i] = d.string()
	}
	return out
}

// minPart is the size of the smallest part.
const minPart = 17

// part reads a part that lies within around, which is the body of the entity
// around it with the offset of that entity's header.
func (d *binaryReader) part(around Span, depth int) (p Part) {
	if depth > maxDepth {
		d.fail()
		return p
	}
	p.Header = Span{around.Offset + d.num(), d.num()}
	p.Body = Span{p.Header.End(), d.num()}
	p.Lines = d.num()
	if p.Body.End() > around.End() {
		d.fail()
		return p
	}
	p.Type, p.Subtype, p.Params, p.Encoding = d.string(), d.string(), d.params(), d.string()
	p.ID, p.Description, p.MD5, p.Location = d.nstring(), d.nstring(), d.nstring(), d.nstring()
	p.Disposition, p.DispositionArgs, p.Language = d.string(), d.params(), d.languages()
	flags := d.take(1)
	if d.bad || flags[0] > flagEnvelope|flagMessage|flagCut {
		d.fail()
		return p
	}
	p.Cut = flags[0]&flagCut != 0
	if flags[0]&flagEnvelope != 0 {
		p.Envelope = d.envelope()
	}
	// Offsets inside count from this header, and begin in the body.
	inside := Span{p.Header.Offset, p.Header.Size + p.Body.Size}
	if flags[0]&flagMessage != 0 {
		m := d.part(inside, depth+1)
		p.Message = &m
		if m.Envelope == nil || m.Header.Offset != p.Body.Offset || m.Body.End() != p.Body.End() {
			d.fail()
		}
	}
	at := p.Body.Offset
	for n := d.count(minPart); n > 0 && !d.bad; n-- {
		q := d.part(inside, depth+1)
		if q.Header.Offset < at {
			d.fail()
		}
		at = q.Body.End()
		p.Parts = append(p.Parts, q)
	}
	// What a part is follows from its type.
	if strings.EqualFold(p.Type, "multipart") != (len(p.Parts) > 0) || isMessage(&p) != (p.Message != nil) {
		d.fail()
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
