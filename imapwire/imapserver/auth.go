package imapserver

import (
	"bytes"
	"encoding/base64"
	"errors"
	"strings"

	"github.com/mailwire/mailwire/imapwire"
	"github.com/mailwire/mailwire/imapwire/engine"
)

// authenticate begins a SASL exchange.
//
//	authenticate = "AUTHENTICATE" SP auth-type [SP initial-resp] *(CRLF base64)
func (c *Conn) authenticate(cmd *imapwire.Authenticate) {
	for _, m := range c.opt.Mechanisms {
		if !strings.EqualFold(m.Name, cmd.Mechanism) {
			continue
		}
		if !c.offers(m) {
			c.finish(imapwire.NO, imapwire.CodePrivacyRequired, m.Name+" needs TLS")
			return
		}
		c.cur.steps = 1
		c.event(&Authenticate{
			ID: c.cur.id, Tag: c.cur.tag, Mechanism: m.Name,
			Initial: cmd.Initial, HasInitial: cmd.HasInitial,
		})
		return
	}
	c.finish(imapwire.NO, imapwire.CodeCannot, "no such mechanism")
}

// Challenge sends data to the client of an AUTHENTICATE; the answer is an
// AuthResponse.
func (c *Conn) Challenge(id engine.ID, data []byte) error {
	if c.closed {
		return engine.ErrClosed
	}
	if id == 0 || id != c.cur.id || c.cur.verb != "AUTHENTICATE" || c.cur.wait != waitApp {
		return engine.ErrUnknownID
	}
	line := base64.StdEncoding.AppendEncode([]byte("+ "), data)
	c.out.append(append(line, "\r\n"...))
	c.queued()
	c.cur.wait = waitLine
	c.framer.ExpectLine("SASLLine", c.lim.SASLLine)
	return nil
}

// saslLine takes the client's answer to a challenge.
//
//	base64 CRLF / "*" CRLF
func (c *Conn) saslLine(frame []byte) {
	line := bytes.TrimRight(frame, "\r\n")
	if string(line) == "*" {
		c.cancelSASL(errors.New("cancelled"))
		return
	}
	if c.cur.steps++; c.cur.steps > c.lim.SASLSteps {
		c.cancelSASL(&engine.LimitError{Name: "SASLSteps", Cap: int64(c.lim.SASLSteps), Got: int64(c.cur.steps)})
		return
	}
	data := make([]byte, base64.StdEncoding.DecodedLen(len(line)))
	n, err := base64.StdEncoding.Strict().Decode(data, line)
	if err != nil || bytes.ContainsAny(line, "\r\n") {
		c.cancelSASL(&engine.SyntaxError{Production: "base64", Expected: "base64", Got: engine.Redacted, Tag: c.cur.tag})
		return
	}
	c.cur.wait = waitApp
	c.event(&AuthResponse{ID: c.cur.id, Data: engine.Secret(data[:n])})
}

// cancelSASL answers BAD and ends the exchange (RFC 9051 §6.2.2).
func (c *Conn) cancelSASL(err error) {
	id, tag := c.cur.id, c.cur.tag
	c.finish(imapwire.BAD, nil, "AUTHENTICATE ended: "+err.Error())
	c.event(&AuthResponse{ID: id, Cancelled: true})
	c.stats.Bad++
	if c.bad++; c.bad > c.lim.BadPreAuth {
		c.event(&Malformed{Tag: tag, Raw: tag + " AUTHENTICATE " + engine.Redacted, Err: err})
		c.bye(nil, "too many bad commands")
		c.end(engine.ErrTooManyErrors)
	}
}
