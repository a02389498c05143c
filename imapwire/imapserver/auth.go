package imapserver

import (
	"bytes"
	"encoding/base64"
	"errors"
	"strings"

	"github.com/mailwire/mailwire/imapwire"
	"github.com/mailwire/mailwire/imapwire/engine"
)

// login passes a LOGIN on, where passwords may travel.
func (c *Conn) login(cmd *imapwire.Login) {
	if !c.opt.PlaintextAuth.Allows(c.sec) {
		c.finish(imapwire.NO, imapwire.CodePrivacyRequired, "LOGIN needs TLS")
		return
	}
	c.event(&Command{ID: c.cur.id, Tag: c.cur.tag, Cmd: cmd})
}

// authenticate begins a SASL exchange. A mechanism that is not offered is NO, as
// RFC 9051 §6.2.2 says; which of those that the server has are hidden is no
// secret, so that the client hears why.
//
//	authenticate = "AUTHENTICATE" SP auth-type [SP initial-resp] *(CRLF base64)
func (c *Conn) authenticate(cmd *imapwire.Authenticate) {
	for _, m := range c.mechs {
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
	if err := c.inProgress(id, waitApp); err != nil {
		return err
	}
	if c.cur.verb != "AUTHENTICATE" {
		return engine.ErrUnknownID
	}
	c.out.AppendString("+ " + base64.StdEncoding.EncodeToString(data) + "\r\n")
	c.queued()
	c.expectLine(c.lim.SASLLine)
	return nil
}

var errCancelled = errors.New("cancelled")

// saslLine takes the client's answer to a challenge.
//
//	base64 CRLF / "*" CRLF
func (c *Conn) saslLine(frame []byte) {
	line := bytes.TrimRight(frame, "\r\n")
	if string(line) == "*" {
		c.endSASL(errCancelled)
		return
	}
	if c.cur.steps++; c.cur.steps > c.lim.SASLSteps {
		c.endSASL(&engine.LimitError{Name: "SASLSteps", Cap: int64(c.lim.SASLSteps), Got: int64(c.cur.steps)})
		return
	}
	data := make([]byte, base64.StdEncoding.DecodedLen(len(line)))
	// The decoder passes over CR and LF, which a line must not have inside.
	n, err := base64.StdEncoding.Strict().Decode(data, line)
	if err != nil || bytes.ContainsAny(line, "\r\n") {
		c.endSASL(&engine.SyntaxError{Production: "base64", Expected: "base64", Got: engine.Redacted, Tag: c.cur.tag})
		return
	}
	c.event(&AuthResponse{ID: c.cur.id, Data: engine.Secret(data[:n])})
}

// endSASL answers BAD and ends the exchange (RFC 9051 §6.2.2). To cancel is
// every client's right, and anything else counts as a malformed command.
func (c *Conn) endSASL(err error) {
	id, tag := c.cur.id, c.cur.tag
	c.event(&AuthResponse{ID: id, Cancelled: true})
	if err == errCancelled {
		c.finish(imapwire.BAD, nil, "AUTHENTICATE cancelled")
		return
	}
	c.cur = inProgress{}
	c.malformed(tag, "AUTHENTICATE", nil, err)
}
