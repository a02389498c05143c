package pop3wire

import "strconv"

// A Retr is RETR, RFC 1939 §5.
type Retr struct {
	Num uint32 // of the message, from 1
}

// A Top is TOP, RFC 1939 §7.
type Top struct {
	Num   uint32 // of the message, from 1
	Lines int64  // of the body, 0 to 2^63-1
}

// A Dele is DELE, RFC 1939 §5.
type Dele struct {
	Num uint32 // of the message, from 1
}

// Verb implements Command.
func (*Retr) Verb() string { return "RETR" }

// Verb implements Command.
func (*Top) Verb() string { return "TOP" }

// Verb implements Command.
func (*Dele) Verb() string { return "DELE" }

// retr = "RETR" SP message-number
func parseRetr(c *cursor) Command {
	c.sp("retr")
	return &Retr{Num: c.messageNumber()}
}

// top = "TOP" SP message-number SP 1*DIGIT
func parseTop(c *cursor) Command {
	t := &Top{}
	c.sp("top")
	t.Num = c.messageNumber()
	c.sp("top")
	t.Lines = int64(c.number(0, maxSize, "top"))
	return t
}

// dele = "DELE" SP message-number
func parseDele(c *cursor) Command {
	c.sp("dele")
	return &Dele{Num: c.messageNumber()}
}

func (r *Retr) encode(b []byte) ([]byte, error) { return appendNumber(b, r.Num) }
func (d *Dele) encode(b []byte) ([]byte, error) { return appendNumber(b, d.Num) }

func (t *Top) encode(b []byte) ([]byte, error) {
	if t.Lines < 0 {
		return nil, failEncode("TOP of %d lines", t.Lines)
	}
	b, err := appendNumber(b, t.Num)
	return strconv.AppendInt(append(b, ' '), t.Lines, 10), err
}

func appendNumber(b []byte, n uint32) ([]byte, error) {
	if n == 0 {
		return nil, failEncode("a message without a number")
	}
	return appendOptional(b, n), nil
}
