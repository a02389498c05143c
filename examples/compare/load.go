package main

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"strconv"
)

// A load is a client that knows next to nothing: it writes commands, and reads
// lines up to the one with the last tag. It is the same for all servers, so that
// only servers differ.
type load struct {
	net.Conn
	buf      []byte
	from, to int // what of buf has come and was not looked at
}

// dialLoad connects, logs in and selects INBOX.
func dialLoad(addr string, buffer int) (*load, error) {
	nc, err := net.Dial("tcp", addr)
	if err != nil {
		return nil, err
	}
	c := &load{Conn: nc, buf: make([]byte, buffer)}
	_, err = c.until("* OK")
	if err == nil {
		_, err = c.do([]byte("l LOGIN "+userName+" "+password+"\r\n"), "l OK")
	}
	if err == nil {
		_, err = c.do([]byte("s SELECT INBOX\r\n"), "s OK")
	}
	if err != nil {
		nc.Close()
		return nil, err
	}
	return c, nil
}

// do writes commands and reads up to the line that begins with end. It returns how
// many lines came.
func (c *load) do(commands []byte, end string) (lines int, err error) {
	if _, err := c.Write(commands); err != nil {
		return 0, err
	}
	return c.until(end)
}

func (c *load) until(end string) (lines int, err error) {
	for {
		if i := bytes.LastIndexByte(c.buf[c.from:c.to], '\n'); i >= 0 {
			whole := c.buf[c.from : c.from+i]
			lines += bytes.Count(whole, []byte("\n")) + 1
			c.from += i + 1
			// Of whole lines, only the last can be the one: nothing is told unasked.
			last := whole[bytes.LastIndexByte(whole, '\n')+1:]
			if bytes.HasPrefix(last, []byte(end)) {
				return lines, nil
			}
			if bytes.Contains(last, []byte(" BAD ")) || bytes.Contains(last, []byte(" NO ")) {
				return lines, fmt.Errorf("%w: %q", errAnswer, last)
			}
		}
		c.to = copy(c.buf, c.buf[c.from:c.to])
		c.from = 0
		if c.to == len(c.buf) {
			return lines, io.ErrShortBuffer
		}
		n, err := c.Read(c.buf[c.to:])
		if n == 0 && err != nil {
			return lines, err
		}
		c.to += n
	}
}

// noops is so many NOOPs, and the beginning of the last answer.
func noops(n int) (commands []byte, end string) {
	for i := range n {
		commands = append(commands, 'n')
		commands = strconv.AppendInt(commands, int64(i), 10)
		commands = append(commands, " NOOP\r\n"...)
	}
	return commands, "n" + strconv.Itoa(n-1) + " OK"
}
