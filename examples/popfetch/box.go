package main

import "io"

// A box is where messages go. A message is written beside it as a draft; when the
// draft is on the disk, it is put into the box:
//
//	draft → Write… → seal → ticket → put
//
// The ticket says where the message goes. With it put can be called again after
// the program was killed, and the message is in the box once.
type box interface {
	// draft begins a message, of which the octets follow as POP3 has them. One
	// that was begun before is dropped.
	draft() (io.Writer, error)
	// seal ends the draft.
	seal() (ticket string, err error)
	// put brings a sealed draft into the box. there is false when it could not:
	// somebody else has changed the box since. The message has to be fetched again.
	put(ticket string) (there bool, err error)
	close() error
}

// A lineWriter makes the ends of lines LF.
type lineWriter struct {
	w  io.Writer
	cr bool // the octet before was CR, and is held back
	// last is the last octet that was written.
	last byte
	buf  []byte
}

func (l *lineWriter) Write(p []byte) (int, error) {
	out := l.buf[:0]
	for _, b := range p {
		if l.cr && b != '\n' {
			out = append(out, '\r')
		}
		if l.cr = b == '\r'; !l.cr {
			out = append(out, b)
		}
	}
	l.buf = out
	return len(p), l.write(out)
}

func (l *lineWriter) write(p []byte) error {
	if len(p) == 0 {
		return nil
	}
	l.last = p[len(p)-1]
	_, err := l.w.Write(p)
	return err
}

// end ends the last line, if that has no end.
func (l *lineWriter) end() error {
	if l.cr {
		l.cr = false
		if err := l.write([]byte("\r")); err != nil {
			return err
		}
	}
	if l.last != '\n' && l.last != 0 {
		return l.write([]byte("\n"))
	}
	return nil
}
