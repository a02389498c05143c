package message

import (
	"bufio"
	"encoding/base64"
	"errors"
	"io"
	"strings"
)

// TransferReader returns the content of a part without its
// Content-Transfer-Encoding, whose name matches in any case. What is not known,
// and 7bit, 8bit and binary, is given as it is (RFC 2045 §6). Errors in the
// encoding are passed over: decoding goes on after them.
func TransferReader(encoding string, r io.Reader) io.Reader {
	switch strings.ToLower(strings.TrimSpace(encoding)) {
	case "base64":
		// The decoder may ask for a single octet; the filter needs room for two.
		return base64.NewDecoder(base64.RawStdEncoding, bufio.NewReaderSize(&base64Filter{r: r}, 1024))
	case "quoted-printable":
		return &quotedPrintable{r: bufio.NewReaderSize(r, 4096)}
	}
	return r
}

// KnownTransfer reports whether TransferReader decodes or needs not decode an
// encoding.
func KnownTransfer(encoding string) bool {
	switch strings.ToLower(strings.TrimSpace(encoding)) {
	case "", "7bit", "8bit", "binary", "base64", "quoted-printable":
		return true
	}
	return false
}

// A base64Filter gives only the characters of the alphabet, up to padding, and
// drops a last one that makes no octet.
type base64Filter struct {
	r   io.Reader
	n   int // characters given, modulo 4
	end bool
	one [1]byte // a character held back: it may be the last, and alone
	has bool
	err error
}

func isBase64(c byte) bool {
	return 'A' <= c && c <= 'Z' || 'a' <= c && c <= 'z' || '0' <= c && c <= '9' || c == '+' || c == '/'
}

// Read implements io.Reader.
func (f *base64Filter) Read(p []byte) (int, error) {
	if len(p) < 2 {
		return 0, io.ErrShortBuffer
	}
	for {
		if f.end {
			return 0, io.EOF
		}
		if f.err != nil {
			return 0, f.err
		}
		// One place is kept for the character held back.
		n, err := f.r.Read(p[1:])
		out := 0
		in := p[1 : 1+n]
		if f.has {
			p[0] = f.one[0]
			out = 1
		}
		for _, c := range in {
			if c == '=' {
				f.end = true
				break
			}
			if isBase64(c) {
				p[out] = c
				out++
			}
		}
		f.has = false
		if err != nil && !errors.Is(err, io.EOF) {
			f.err = err
		}
		last := f.end || err != nil
		if err != nil {
			f.end = f.end || errors.Is(err, io.EOF)
		}
		// A quantum of one character is not an octet.
		if (f.n+out)%4 == 1 {
			out--
			if !last {
				f.one[0], f.has = p[out], true
			}
		}
		f.n = (f.n + out) % 4
		if out > 0 {
			return out, nil
		}
	}
}

// A quotedPrintable decodes RFC 2045 §6.7.
type quotedPrintable struct {
	r *bufio.Reader
	// space is white space that counts only when its line goes on.
	space []byte
	ready []byte
	err   error
}

// Read implements io.Reader.
func (q *quotedPrintable) Read(p []byte) (n int, err error) {
	for n < len(p) {
		if len(q.ready) > 0 {
			k := copy(p[n:], q.ready)
			q.ready = q.ready[k:]
			n += k
			continue
		}
		if q.err != nil {
			break
		}
		c, err := q.r.ReadByte()
		if err != nil {
			q.err = err
			break
		}
		q.octet(c)
	}
	if n == 0 && len(p) > 0 {
		return 0, q.err
	}
	return n, nil
}

// maxSpaces bounds the white space that is held back; longer runs are kept.
const maxSpaces = 1024

// octet decodes what starts with c into ready.
func (q *quotedPrintable) octet(c byte) {
	switch c {
	case ' ', '\t':
		if len(q.space) < maxSpaces {
			q.space = append(q.space, c)
			return
		}
		q.ready = append(q.ready[:0], q.space...)
		q.ready = append(q.ready, c)
		q.space = q.space[:0]
		return
	case '\r', '\n':
		// White space at the end of a line was added on the way.
		q.space = q.space[:0]
		q.ready = append(q.ready[:0], c)
		return
	}
	q.ready = append(q.ready[:0], q.space...)
	q.space = q.space[:0]
	if c != '=' {
		q.ready = append(q.ready, c)
		return
	}
	next, _ := q.r.Peek(2)
	if len(next) == 2 {
		hi, ok1 := unhex(next[0])
		lo, ok2 := unhex(next[1])
		if ok1 && ok2 {
			q.ready = append(q.ready, hi<<4|lo)
			q.r.Discard(2)
			return
		}
	}
	if n, ok := q.softBreak(); ok {
		q.r.Discard(n)
		return
	}
	q.ready = append(q.ready, '=')
}

// softBreak returns the octets of white space and line end that follow "=".
func (q *quotedPrintable) softBreak() (int, bool) {
	for n := 1; n <= 64; n++ {
		b, _ := q.r.Peek(n)
		if len(b) < n {
			return len(b), len(strings.Trim(string(b), " \t\r")) == 0
		}
		switch b[n-1] {
		case ' ', '\t', '\r':
		case '\n':
			return n, true
		default:
			return 0, false
		}
	}
	return 0, false
}

func unhex(c byte) (byte, bool) {
	switch {
	case '0' <= c && c <= '9':
		return c - '0', true
	case 'A' <= c && c <= 'F':
		return c - 'A' + 10, true
	case 'a' <= c && c <= 'f':
		return c - 'a' + 10, true
	}
	return 0, false
}
