package message

import (
	"bytes"
	"errors"
	"io"
)

// window is how much of a message is read at once.
const window = 32 << 10

// A line is one line of a message. Lines end with LF; a CR before it belongs to
// the line end, and any other CR is an octet of the line.
type line struct {
	offset int64
	// text is the line without its end; of a line longer than the window, its
	// start or a further piece of it. It is valid until the next line.
	text []byte
	// size is the octets of text and of the line end.
	size int64
	// ended: a line end follows text. first: text is the start of the line.
	ended, first bool
}

// A lineReader reads the lines of a span of a message, each octet once. A line
// longer than the window comes in pieces, which never part a CR from its LF.
type lineReader struct {
	src io.ReaderAt
	end int64 // offset behind the span

	buf    []byte
	lo, hi int   // what of buf is not used yet
	at     int64 // offset of buf[hi] in the message
	inside bool  // the next piece does not start a line
}

func newLineReader(src io.ReaderAt, s Span) *lineReader {
	return &lineReader{src: src, at: s.Offset, end: s.End()}
}

// next returns the next line, or io.EOF.
func (r *lineReader) next() (line, error) {
	n := bytes.IndexByte(r.buf[r.lo:r.hi], '\n')
	for n < 0 && r.at < r.end && (r.buf == nil || r.hi-r.lo < len(r.buf)) {
		if err := r.fill(); err != nil {
			return line{}, err
		}
		n = bytes.IndexByte(r.buf[r.lo:r.hi], '\n')
	}
	have := r.buf[r.lo:r.hi]
	if len(have) == 0 {
		return line{}, io.EOF
	}
	l := line{offset: r.at - int64(len(have)), first: !r.inside, ended: n >= 0}
	switch {
	case l.ended:
		n++
	case r.at < r.end && have[len(have)-1] == '\r':
		n = len(have) - 1
	default:
		n = len(have)
	}
	l.text, l.size = have[:n], int64(n)
	if l.ended {
		l.text = bytes.TrimSuffix(l.text[:n-1], []byte("\r"))
	}
	r.inside = !l.ended
	r.lo += n
	return l, nil
}

// fill reads until buf is full or the span is at its end.
func (r *lineReader) fill() error {
	if r.buf == nil {
		r.buf = make([]byte, min(window, r.end-r.at))
	}
	r.hi = copy(r.buf, r.buf[r.lo:r.hi])
	r.lo = 0
	want := min(int64(len(r.buf)-r.hi), r.end-r.at)
	n, err := r.src.ReadAt(r.buf[r.hi:r.hi+int(want)], r.at)
	r.hi += n
	r.at += int64(n)
	if int64(n) == want {
		return nil
	}
	if err == nil || errors.Is(err, io.EOF) {
		// The message is shorter than announced.
		return io.ErrUnexpectedEOF
	}
	return err
}
