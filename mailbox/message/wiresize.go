package message

import (
	"bytes"
	"io"
)

// A WireCounter counts what POP3 sends of the octets written to it: every line
// ended by CRLF, the last one too (RFC 1939 §11). A bare LF is a line end and
// becomes CRLF; a bare CR is an octet like any other, since a client that took
// it for a line end would break what it is part of. No octets at all are no
// line. The zero value is ready.
type WireCounter struct {
	n    int64
	last byte // the last octet written; that of an empty message is a line end
	any  bool
}

// Write counts p. It never fails.
func (w *WireCounter) Write(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	w.n += int64(len(p)) + bareLFs(p, w.last)
	w.last, w.any = p[len(p)-1], true
	return len(p), nil
}

// Size returns the octets of the wire form of what was written so far, were it
// the whole message.
func (w *WireCounter) Size() int64 {
	if !w.any || w.last == '\n' {
		return w.n
	}
	return w.n + int64(len(crlf))
}

const crlf = "\r\n"

// bareLFs counts the LFs in p that no CR precedes; last is the octet before p.
func bareLFs(p []byte, last byte) (n int64) {
	for rest := p; ; {
		i := bytes.IndexByte(rest, '\n')
		if i < 0 {
			return n
		}
		if i > 0 {
			last = rest[i-1]
		}
		if last != '\r' {
			n++
		}
		last, rest = '\n', rest[i+1:]
	}
}

// WireReader returns the wire form of what r gives: as many octets as a
// [WireCounter] counts. It does not stuff dots.
func WireReader(r io.Reader) io.Reader { return &wireReader{r: r} }

type wireReader struct {
	r    io.Reader
	buf  [4096]byte
	rest []byte // of buf, not given yet
	last byte   // the last octet given, or 0
	any  bool
	end  bool // the last line end has been looked after
	err  error
}

// Read implements io.Reader.
func (w *wireReader) Read(p []byte) (n int, err error) {
	for n < len(p) {
		if len(w.rest) > 0 {
			n += w.copy(p[n:])
			continue
		}
		if n > 0 {
			return n, nil
		}
		if w.err == nil {
			var k int
			k, w.err = w.r.Read(w.buf[:])
			w.rest = w.buf[:k]
			w.any = w.any || k > 0
			continue
		}
		if w.err != io.EOF || w.end {
			return 0, w.err
		}
		w.end = true
		if w.any && w.last != '\n' {
			w.rest = w.buf[:copy(w.buf[:], crlf)]
		}
	}
	return n, nil
}

// copy gives octets up to the next line end, or starts that.
func (w *wireReader) copy(p []byte) int {
	i := bytes.IndexByte(w.rest, '\n')
	switch {
	case i < 0:
		i = len(w.rest)
	case i > 0:
	case w.last != '\r':
		// The LF itself follows with the next turn.
		p[0], w.last = '\r', '\r'
		return 1
	default:
		i = 1
	}
	n := copy(p, w.rest[:i])
	w.last, w.rest = w.rest[n-1], w.rest[n:]
	return n
}
