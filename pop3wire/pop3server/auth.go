package pop3server

import (
	"errors"

	"github.com/mailwire/mailwire/imapwire/engine"
	"github.com/mailwire/mailwire/pop3wire"
)

// auth begins a SASL exchange. Which of the mechanisms that the server has are
// hidden is no secret, so that the client hears why.
func (c *Conn) auth(cmd *pop3wire.Auth) {
	if cmd.Mechanism == "" {
		// No specification has it: Outlook asks so for the list.
		c.bad = 0
		c.out.buf = append(c.out.buf, "+OK\r\n"...)
		for _, m := range c.opt.Mechanisms {
			if c.offers(m) {
				c.out.buf = append(append(c.out.buf, m.Name...), "\r\n"...)
			}
		}
		c.out.buf = append(c.out.buf, pop3wire.Terminator...)
		c.answered()
		return
	}
	for _, m := range c.opt.Mechanisms {
		if m.Name != cmd.Mechanism {
			continue
		}
		if !c.offers(m) {
			c.finish(pop3wire.Status{Text: m.Name + " needs TLS"})
			return
		}
		c.cur.steps = 1
		c.event(&Auth{ID: c.cur.id, Mechanism: m.Name, Initial: cmd.Initial, HasInitial: cmd.HasInitial})
		return
	}
	c.finish(pop3wire.Status{Text: "no such mechanism"})
}

// offers reports whether a mechanism may be used on this transport.
func (c *Conn) offers(m Mechanism) bool {
	return !m.Plaintext || c.opt.PlaintextAuth.Allows(c.sec)
}

// Challenge sends data to the client of an AUTH; the answer is an AuthResponse.
func (c *Conn) Challenge(id engine.ID, data []byte) error {
	if err := c.inProgress(id); err != nil {
		return err
	}
	if c.cur.verb != "AUTH" {
		return engine.ErrUnknownID
	}
	c.out.buf = pop3wire.AppendChallenge(c.out.buf, data)
	c.cur.line = true
	c.queued()
	return nil
}

var errCancelled = errors.New("cancelled")

// saslLine takes the client's answer to a challenge.
func (c *Conn) saslLine(line []byte, bare bool) {
	if bare {
		c.endSASL(&engine.SyntaxError{Offset: int64(len(line)), Production: "base64", Expected: "CRLF", Got: "\n", Tag: "AUTH"})
		return
	}
	answer, err := pop3wire.ParseAuthLine(line)
	switch {
	case err != nil:
		c.endSASL(err)
		return
	case answer.Cancel:
		c.endSASL(errCancelled)
		return
	}
	if c.cur.steps++; c.cur.steps > c.lim.SASLSteps {
		c.endSASL(&engine.LimitError{Name: "SASLSteps", Cap: int64(c.lim.SASLSteps), Got: int64(c.cur.steps)})
		return
	}
	c.cur.line = false
	c.event(&AuthResponse{ID: c.cur.id, Data: answer.Data})
}

// endSASL answers -ERR and ends the exchange (RFC 5034 §4). To cancel is every
// client's right, and anything else counts as a malformed command.
func (c *Conn) endSASL(err error) {
	c.event(&AuthResponse{ID: c.cur.id, Cancelled: true})
	if err == errCancelled {
		c.finish(pop3wire.Status{Text: "AUTH cancelled"})
		return
	}
	c.malformed("AUTH", nil, err)
}
