package imapserver

import (
	"bytes"
)

// maxDone is the octets of the line that ends an IDLE.
const maxDone = 64

// idle answers IDLE with the continuation (RFC 9051 §6.3.13).
func (c *Conn) idle() {
	c.out.append([]byte("+ idling\r\n"))
	c.queued()
	c.cur.wait = waitLine
	c.framer.ExpectLine("Line", maxDone)
	c.event(&Idle{ID: c.cur.id, Tag: c.cur.tag})
}

// idleLine takes the line that ends an IDLE. Anything but DONE ends it as well,
// with BAD.
//
//	idle = "IDLE" CRLF "DONE"
func (c *Conn) idleLine(frame []byte) {
	if line := bytes.TrimRight(frame, "\r\n"); !bytes.EqualFold(line, []byte("DONE")) {
		c.cur.broken = true
	}
	c.cur.wait = waitApp
	c.event(&IdleDone{ID: c.cur.id})
}
