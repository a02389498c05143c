package engine

import "bytes"

// Lines cuts a byte stream into lines. It looks at every octet once, holds at
// most Max octets of an unfinished line, and hands out a line that lies wholly
// in the input without copying it. The zero value has no limit to give: set
// Max first.
type Lines struct {
	// Max is the most octets of a line, its end included.
	Max int
	// held is the start of an unfinished line.
	held []byte
	// skipping: the line is too long; its rest is dropped.
	skipping bool
	// done: the caller has seen held as a line; it is dropped at the next Cut.
	done bool
}

// Cut returns the next line of p without its end, and how many octets of p it
// consumed. A line ends with LF; a CR before it belongs to the end, and bare
// reports that there was none. Without a full line in p, ok is false, all of p
// is consumed and kept.
//
// A line of more than Max octets gives a [*LimitError] once, at its octet
// Max+1; the rest is dropped up to and including its LF.
//
// The line is borrowed until the next call.
func (l *Lines) Cut(p []byte) (line []byte, n int, bare, ok bool, err error) {
	if l.done {
		l.held, l.done = l.held[:0], false
	}
	i := bytes.IndexByte(p, '\n')
	if l.skipping {
		if i < 0 {
			return nil, len(p), false, false, nil
		}
		l.skipping = false
		line, n, bare, ok, err = l.Cut(p[i+1:])
		return line, n + i + 1, bare, ok, err
	}
	end := i + 1
	if i < 0 {
		end = len(p)
	}
	if len(l.held)+end > l.Max {
		l.held = l.held[:0]
		if i < 0 {
			l.skipping = true
		}
		return nil, end, false, false, &LimitError{Name: "Line", Cap: int64(l.Max), Got: int64(l.Max) + 1, Offset: int64(l.Max)}
	}
	if i < 0 {
		l.held = append(l.held, p...)
		return nil, len(p), false, false, nil
	}
	line = p[:i]
	if len(l.held) > 0 {
		l.held = append(l.held, p[:i]...)
		line, l.done = l.held, true
	}
	if k := len(line); k > 0 && line[k-1] == '\r' {
		return line[:k-1], end, false, true, nil
	}
	return line, end, true, true, nil
}

// Retained returns the octets held.
func (l *Lines) Retained() int { return cap(l.held) }
