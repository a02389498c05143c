package pop3client

import (
	"bytes"

	"github.com/mailwire/mailwire/imapwire/engine"
	"github.com/mailwire/mailwire/pop3wire"
)

// challenge takes the server's part of a SASL exchange.
//
//	continue-req = "+" SP [base64] CRLF
func (c *Conn) challenge(cmd *command, x line) {
	if cmd.waiting || cmd.cancelled {
		c.broken("a challenge that nothing awaits")
		return
	}
	data, err := pop3wire.ParseChallenge(x.text)
	if err == nil {
		err = c.lineEnd(x)
	}
	if cmd.steps++; cmd.steps > c.lim.SASLSteps {
		err = &engine.LimitError{Name: "SASLSteps", Cap: int64(c.lim.SASLSteps), Got: int64(cmd.steps)}
	} else if x.over {
		err = c.limitError(cmd)
	} else if err != nil && bytes.IndexByte(x.text, 0) < 0 && c.textChallenge(cmd, x.text) {
		data, err = nil, nil
	}
	if err != nil {
		c.malformed(cmd.id, x.text, err)
		c.sendAuthLine(cmd, pop3wire.AuthLine{Cancel: true})
		c.restAnswer()
		return
	}
	c.asked(cmd, data)
}

// asked answers a challenge with the client's first message, if that was held
// back, or leaves it to the application.
func (c *Conn) asked(cmd *command, data []byte) {
	if !cmd.hasInitial {
		cmd.waiting, cmd.spoken = true, true
		c.event(&Challenge{ID: cmd.id, Data: data})
		c.restAnswer()
		return
	}
	initial := cmd.initial
	cmd.initial, cmd.hasInitial = "", false
	c.sendAuthLine(cmd, pop3wire.AuthLine{Data: initial})
	c.event(&InitialSent{ID: cmd.id})
	c.restAnswer()
}

// sendAuthLine queues a line of a SASL exchange.
func (c *Conn) sendAuthLine(cmd *command, l pop3wire.AuthLine) {
	// Only data beside Cancel has no form.
	b, _ := pop3wire.AppendAuthLine(nil, l)
	cmd.waiting, cmd.spoken, cmd.cancelled = false, true, l.Cancel
	c.queue(cmd, b)
}

// Respond answers a Challenge.
func (c *Conn) Respond(id engine.ID, data engine.Secret) error {
	return c.respond(id, pop3wire.AuthLine{Data: data})
}

// Cancel ends a SASL exchange at a Challenge; the server answers -ERR.
func (c *Conn) Cancel(id engine.ID) error {
	return c.respond(id, pop3wire.AuthLine{Cancel: true})
}

func (c *Conn) respond(id engine.ID, l pop3wire.AuthLine) error {
	if c.closed {
		return engine.ErrClosed
	}
	if c.begun == 0 || c.cmds[0].id != id || !c.cmds[0].waiting {
		return engine.ErrUnknownID
	}
	c.sendAuthLine(c.cmds[0], l)
	c.restAnswer()
	return nil
}
