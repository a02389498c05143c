package message

import (
	"bytes"
	"io"
)

// A WireCounter counts what POP3 sends of the octets written to it: every line
// ended by CRLF, the last one too (RFC 1939 §11). A bare LF is a line end and
// becomes CRLF; a bare CR is an octet like any other. Nothing is one octet of
// nothing. The zero value is ready.
type WireCounter struct {
	n    int64
	last byte // the last octet written, 0 before the first
}

// Write counts p. It never fails.
func (w *WireCounter) Write(p []byte) (int, error) {
	for rest := p; len(rest) > 0; {
		i := bytes.IndexByte(rest, '\n')
		if i < 0 {
			w.n += int64(len(rest))
			w.last = rest[len(rest)-1]
			break
		}
		if i > 0 {
			w.last = rest[i-1]
		}
		w.n += int64(i) + 1
		if w.last != '\r' {
			w.n++
		}
		w.last = '\n'
		rest = rest[i+1:]
	}
	return len(p), nil
}

// Size returns the octets of the wire form of what was written so far, were it
// the whole message.
func (w *WireCounter) Size() int64 {
	if w.last == 0 && w.n == 0 || w.last == '\n' {
		return w.n
	}
	return w.n + 2
}

// WireReader returns the wire form of what r gives: as many octets as a
// [WireCounter] counts. It does not stuff dots.
func WireReader(r io.Reader) io.Reader { return &wireReader{r: r} }

type wireReader struct {
	r    io.Reader
	in   [4096]byte
	rest []byte // of in
	last byte   // the last octet given, 0 before the first
	any  bool
	end  []byte
	err  error
}

// Read implements io.Reader.
func (w *wireReader) Read(p []byte) (n int, err error) {
	if len(p) == 0 {
		return 0, nil
	}
	for n < len(p) {
		if len(w.rest) == 0 {
			if w.err == nil {
				if n > 0 {
					return n, nil
				}
				var k int
				k, w.err = w.r.Read(w.in[:])
				w.rest = w.in[:k]
				w.any = w.any || k > 0
				if w.err == io.EOF && w.any && !(len(w.rest) == 0 && w.last == '\n' || len(w.rest) > 0 && w.rest[k-1] == '\n') {
					w.end = []byte("\r\n")
				}
				continue
			}
			if k := copy(p[n:], w.end); k > 0 {
				w.end = w.end[k:]
				n += k
				continue
			}
			break
		}
		c := w.rest[0]
		if c == '\n' && w.last != '\r' {
			// The LF itself follows with the next turn.
			p[n], w.last = '\r', '\r'
			n++
			continue
		}
		p[n], w.last, w.rest = c, c, w.rest[1:]
		n++
	}
	if n == 0 {
		return 0, w.err
	}
	return n, nil
}
