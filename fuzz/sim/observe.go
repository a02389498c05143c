package sim

import (
	"bytes"
	"strconv"
	"strings"
)

// An observer reads what a session sends, in the order in which it is sent, and
// before any client has it. It knows nothing of the module's own parsers.
type observer struct {
	p       *imapPeer
	line    []byte
	literal int
	// answered is the number of the last tagged answer.
	answered uint64
	// open: a mailbox is selected, with so many messages.
	open  bool
	count int
}

func (o *observer) take(b []byte) {
	for len(b) > 0 {
		if o.literal > 0 {
			n := min(o.literal, len(b))
			o.literal -= n
			b = b[n:]
			continue
		}
		i := bytes.IndexByte(b, '\n')
		if i < 0 {
			o.line = append(o.line, b...)
			return
		}
		o.line = append(o.line, b[:i+1]...)
		b = b[i+1:]
		if n, is := literalOf(o.line); is {
			o.literal = n
			// The rest of the response is of no interest, its end is.
			o.line = append(o.line[:len(o.line)-2], ' ')
			continue
		}
		o.whole(strings.TrimSuffix(string(o.line), "\r\n"))
		o.line = o.line[:0]
	}
}

// literalOf returns the octets of the literal that a line ends with.
func literalOf(line []byte) (int, bool) {
	s, ok := bytes.CutSuffix(line, []byte("}\r\n"))
	if !ok {
		return 0, false
	}
	i := bytes.LastIndexByte(s, '{')
	if i < 0 {
		return 0, false
	}
	n, err := strconv.Atoi(string(s[i+1:]))
	return n, err == nil
}

// whole takes a response.
func (o *observer) whole(line string) {
	p := o.p
	rest, untagged := strings.CutPrefix(line, "* ")
	if !untagged {
		if !strings.HasPrefix(line, "+") {
			o.tagged(line)
		}
		return
	}
	word, rest, _ := strings.Cut(rest, " ")
	n, err := strconv.Atoi(word)
	if err != nil {
		if word == "VANISHED" && !strings.HasPrefix(rest, "(EARLIER)") {
			o.mayExpunge(line)
			gone := numbersIn(rest)
			if o.count -= gone; o.count < 0 {
				p.fail("15", "%q of a mailbox with %d messages", line, o.count+gone)
			}
		}
		return
	}
	switch word, _, _ := strings.Cut(rest, " "); word {
	case "EXISTS":
		if c := o.current(); c != nil && (c.verb == "SELECT" || c.verb == "EXAMINE") {
			o.open, o.count = true, n
			return
		}
		if !o.open || n < o.count {
			p.fail("15", "%q, and there were %d messages", line, o.count)
		}
		o.count = n
	case "EXPUNGE":
		o.mayExpunge(line)
		if n < 1 || n > o.count {
			p.fail("15", "%q of %d messages", line, o.count)
		}
		o.count--
	case "FETCH":
		if n < 1 || n > o.count {
			p.fail("15", "%.60q of %d messages", line, o.count)
		}
	}
}

// numbersIn counts the numbers of a set.
func numbersIn(set string) (n int) {
	for _, r := range strings.Split(set, ",") {
		a, b, is := strings.Cut(r, ":")
		if !is {
			n++
			continue
		}
		x, _ := strconv.Atoi(a)
		y, _ := strconv.Atoi(b)
		n += max(x, y) - min(x, y) + 1
	}
	return n
}

// current is the oldest command that has no answer on its way.
func (o *observer) current() *imapCmd {
	for _, c := range o.p.pend {
		if uint64(c.id) > o.answered {
			return c
		}
	}
	return nil
}

// mayExpunge checks that an EXPUNGE comes when it may.
func (o *observer) mayExpunge(line string) {
	c := o.current()
	switch {
	case c == nil || !c.seen:
		o.p.fail("14", "%q with no command in progress", line)
	case c.verb == "FETCH", c.verb == "STORE", c.verb == "SEARCH":
		o.p.fail("14", "%q during %s", line, c.verb)
	}
}

// tagged takes the answer to a command: to the oldest, and to each once.
func (o *observer) tagged(line string) {
	tag, rest, _ := strings.Cut(line, " ")
	word, _, _ := strings.Cut(rest, " ")
	// An IDLE that is renewed has the tag of the first with a number behind it.
	tag, _, _ = strings.Cut(tag, ".")
	n, err := strconv.ParseUint(strings.TrimPrefix(tag, "A"), 10, 64)
	c := o.current()
	if err != nil || c == nil || uint64(c.id) != n || word != "OK" && word != "NO" && word != "BAD" {
		o.p.fail("12", "the server answers %q", line)
	}
	o.answered = n
	switch {
	case c.verb == "SELECT" || c.verb == "EXAMINE":
		o.open = word == "OK"
	case word == "OK" && (c.verb == "CLOSE" || c.verb == "UNSELECT"):
		o.open = false
	}
	if !o.open {
		o.count = 0
	}
}
