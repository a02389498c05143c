package imapserver

import (
	"bytes"

	"github.com/mailwire/mailwire/imapwire/engine"
)

// maxDone is the octets of the line that ends an IDLE.
const maxDone = 64

// idle answers IDLE with the continuation (RFC 9051 §6.3.13).
func (c *Conn) idle() {
	c.out.AppendString("+ idling\r\n")
	c.queued()
	c.expectLine(maxDone)
	c.event(&Idle{ID: c.cur.id, Tag: c.cur.tag})
}

// idleLine takes the line that ends an IDLE. Anything but DONE ends it as well,
// with BAD: it is most likely a command, and its sender not idle any more.
//
//	idle = "IDLE" CRLF "DONE"
func (c *Conn) idleLine(frame []byte) {
	if line := bytes.TrimRight(frame, "\r\n"); !bytes.EqualFold(line, []byte("DONE")) {
		// The first word is quoted, and not what may follow LOGIN.
		word, _, _ := bytes.Cut(line, []byte(" "))
		c.cur.err = &engine.SyntaxError{Production: "idle", Expected: "DONE", Got: engine.CutGot(word), Tag: c.cur.tag}
	}
	c.event(&IdleDone{ID: c.cur.id})
}

// Idling reports whether an IDLE is in progress.
func (c *Conn) Idling() bool { return c.cur.id != 0 && c.cur.verb == "IDLE" }
