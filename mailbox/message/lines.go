package message

import (
	"bytes"
	"errors"
	"io"
)

// window is how much of a message is read at once.
const window = 32 << 10

// A line is one line of a message.
type line struct {
	offset int64
	// text is the line without its end; of a line longer than the window, its
	// start or a further piece of it.
	text []byte
	// size is the octets of text and of the line end.
	size int64
	// ended: a LF ends the line here. first: text is its start.
	ended, first bool
}

// A lineReader reads lines from a message, each octet once. A line longer than
// the window comes in pieces.
type lineReader struct {
	src  io.ReaderAt
	size int64

	buf    [window]byte
	lo, hi int   // what of buf is not used yet
	at     int64 // offset of buf[hi] in the message
	inside bool  // the next piece does not start a line
}

func (r *lineReader) next() (line, error) {
	for {
		have := r.buf[r.lo:r.hi]
		n := bytes.IndexByte(have, '\n')
		if n < 0 && r.hi-r.lo < len(r.buf) && r.at < r.size {
			if err := r.fill(); err != nil {
				return line{}, err
			}
			continue
		}
		if len(have) == 0 {
			return line{}, io.EOF
		}
		l := line{offset: r.at - int64(len(have)), first: !r.inside, ended: n >= 0}
		if n < 0 {
			n = len(have)
		} else {
			n++
		}
		l.text, l.size = have[:n], int64(n)
		if l.ended {
			l.text = bytes.TrimSuffix(l.text[:n-1], []byte("\r"))
		}
		r.inside = !l.ended
		r.lo += n
		return l, nil
	}
}

func (r *lineReader) fill() error {
	r.hi = copy(r.buf[:], r.buf[r.lo:r.hi])
	r.lo = 0
	want := min(int64(len(r.buf)-r.hi), r.size-r.at)
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
