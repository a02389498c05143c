package pop3wire

import "bytes"

// How messages look on the wire
//
// RFC 1939 §3: every line ends with CRLF, a line that starts with "." gets
// another one in front, and a line of "." alone ends it all. A message has its
// own line ends, which become CRLF on the way:
//
//	octets of the message    on the wire
//	CR LF                    CR LF
//	LF without a CR          CR LF
//	CR without an LF         CR: it ends no line, and a client that took it for
//	                         one would break what it is part of
//	the end, not behind LF   CR LF, unless there were no octets at all
//
// That is also how the size of a message is counted, dots as they are in the
// message.

// A Stuffer turns the octets of one message into a multi-line response: its
// lines with CRLF at their ends and dots doubled, and the terminator. The zero
// value is ready for a whole message.
type Stuffer struct {
	// Top: only the header, the blank line behind it and Lines lines of the
	// body are wanted, as TOP asks.
	Top   bool
	Lines int64

	col    uint8 // of the octet to come; 2 stands for anything behind the first
	cr     bool  // the last octet was CR
	inBody bool  // the blank line has passed
	size   int64
}

// Append appends the wire form of p, at most twice as many octets, to dst. done
// reports that the top is complete: what follows in the message is not wanted.
func (s *Stuffer) Append(dst, p []byte) (b []byte, done bool) {
	if s.complete() {
		return dst, true
	}
	for len(p) > 0 {
		if s.col == 0 && p[0] == '.' {
			dst = append(dst, '.')
		}
		i := bytes.IndexByte(p, '\n')
		if i < 0 {
			dst = append(dst, p...)
			s.size += int64(len(p))
			s.cr = p[len(p)-1] == '\r'
			s.col = uint8(min(int(s.col)+len(p), 2))
			return dst, false
		}
		cr := s.cr
		if i > 0 {
			cr = p[i-1] == '\r'
		}
		n := int(s.col) + i // octets of the line, when under 2
		if cr {
			dst = append(dst, p[:i+1]...)
			s.size += int64(i + 1)
			n--
		} else {
			dst = append(append(dst, p[:i]...), "\r\n"...)
			s.size += int64(i + 2)
		}
		p = p[i+1:]
		s.endLine(n == 0)
		if s.complete() {
			return dst, true
		}
	}
	return dst, false
}

// endLine counts a line.
func (s *Stuffer) endLine(blank bool) {
	s.col, s.cr = 0, false
	if !s.Top {
		return
	}
	if s.inBody {
		s.Lines--
	} else if blank {
		s.inBody = true
	}
}

// complete reports whether the top has passed.
func (s *Stuffer) complete() bool { return s.Top && s.inBody && s.Lines <= 0 }

// Close appends the end of the last line, if the message lacks it, and the
// terminator. Nothing may be appended after it.
func (s *Stuffer) Close(dst []byte) []byte {
	if s.col > 0 {
		dst = append(dst, "\r\n"...)
		s.size += 2
		s.endLine(false)
	}
	return append(dst, Terminator...)
}

// Size returns the octets of what was appended so far, doubled dots and
// terminator not counted: after Close, what LIST has to say of the message, or
// of its top.
func (s *Stuffer) Size() int64 { return s.size }

// An Unstuffer takes the lines of a multi-line response as they come from the
// network and gives them back without the doubled dots. The zero value is ready
// for one response, and strict: only CRLF ends a line.
type Unstuffer struct {
	// BareLF: a line may end with LF alone, and the response with "." LF, as
	// some servers have it. A message with such a line in it ends there.
	BareLF bool

	state unstuffState
	cr    [1]byte
}

type unstuffState uint8

const (
	atStart unstuffState = iota // of a line
	atDot                       // behind a dot at the start, which is not part of it
	atDotCR                     // behind such a dot and a CR
	inLine
	inLineCR // behind a CR
	atEnd    // of the response
)

// Next takes input that continues the response. It returns the first piece of
// content in p, which is a part of p and borrowed as p is, and how many octets of
// p it has used up; call it again with the others. A piece of no octets says
// nothing. done reports that the terminator was among them: what is left of p
// belongs to the next response.
//
// One octet is not of p: a CR whose meaning was open when the input before
// ended. It is borrowed until the next call.
func (u *Unstuffer) Next(p []byte) (piece []byte, n int, done bool) {
	from := 0
	for n < len(p) {
		x := p[n]
		switch u.state {
		case atStart:
			if x == '.' {
				if n > from {
					// The piece ends before the dot.
					return p[from:n], n, false
				}
				u.state = atDot
				n++
				from = n
				continue
			}
			u.state = inLine
		case atDot:
			switch {
			case x == '\r':
				u.state = atDotCR
				n++
				continue
			case x == '\n' && u.BareLF:
				return u.finish(n + 1)
			}
			u.state = inLine
		case atDotCR:
			if x == '\n' {
				return u.finish(n + 1)
			}
			// A line that begins with CR.
			u.state = inLineCR
			if n == from {
				u.cr[0] = '\r'
				return u.cr[:], n, false
			}
		case inLine, inLineCR:
			i := bytes.IndexByte(p[n:], '\n')
			if i < 0 {
				u.state = inLine
				if p[len(p)-1] == '\r' {
					u.state = inLineCR
				}
				return p[from:], len(p), false
			}
			cr := u.state == inLineCR
			if i > 0 {
				cr = p[n+i-1] == '\r'
			}
			n += i + 1
			u.state = inLine
			if cr || u.BareLF {
				u.state = atStart
			}
		case atEnd:
			return nil, 0, true
		}
	}
	if u.state == atDotCR {
		// Whether the CR is content shows with the next octet.
		return nil, n, false
	}
	return p[from:n], n, u.state == atEnd
}

// finish ends the response with the octet before n.
func (u *Unstuffer) finish(n int) (piece []byte, used int, done bool) {
	u.state = atEnd
	return nil, n, true
}
