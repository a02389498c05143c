package pop3client

import "bytes"

// lines cuts input into lines whose limit may change between two of them. Other
// than engine.Lines it gives the start of a line that is too long: whether the
// server said yes or no stands there, and what follows depends on it.
type lines struct {
	held []byte // the start of an unfinished line
	over bool   // there was more than is held
	cr   bool   // the last octet was CR
	done bool   // held was handed out
}

// A line is borrowed until the next one is cut.
type line struct {
	text []byte // without its end; when over, its first octets
	bare bool   // it ended with LF alone
	over bool   // it was longer than the limit
}

// fresh reports whether a line has not begun.
func (l *lines) fresh() bool { return l.done || len(l.held) == 0 && !l.over }

// cut returns the next line of p, and how many octets of p it used up. Without a
// whole line, ok is false and all of p is used up. limit counts the line end.
func (l *lines) cut(p []byte, limit int) (x line, n int, ok bool) {
	if l.done {
		l.held, l.over, l.cr, l.done = l.held[:0], false, false, false
		if cap(l.held) > keepLine {
			l.held = nil
		}
	}
	i := bytes.IndexByte(p, '\n')
	end := i + 1
	if i < 0 {
		i, end = len(p), len(p)
	}
	whole := end > i
	if i > 0 {
		l.cr = p[i-1] == '\r'
	}
	if l.fresh() && whole && end <= limit {
		x = line{text: p[:i], bare: !l.cr}
		if l.cr {
			x.text = p[:i-1]
		}
		l.cr = false
		return x, end, true
	}
	l.over = l.over || len(l.held)+end > limit
	l.held = append(l.held, p[:min(i, max(0, limit-len(l.held)))]...)
	if !whole {
		return line{}, end, false
	}
	x = line{text: l.held, bare: !l.cr, over: l.over}
	if l.cr && !l.over {
		x.text = x.text[:len(x.text)-1]
	}
	l.done = true
	return x, end, true
}

// keepLine is how large a buffer is kept for the next line.
const keepLine = 1 << 10
