package imapclient

import (
	"encoding/base64"

	"github.com/mailwire/mailwire/imapwire/engine"
)

// challenge takes the server's part of a SASL exchange.
//
//	continue-req = "+" SP (resp-text / base64) CRLF
func (c *Conn) challenge(cmd *command, text string) {
	if cmd.hasInitial {
		initial := cmd.initial
		cmd.initial, cmd.hasInitial = "", false
		c.sendLine(cmd, base64.StdEncoding.EncodeToString([]byte(initial)))
		return
	}
	data, err := base64.StdEncoding.Strict().DecodeString(text)
	if err != nil {
		c.stats.Bad++
		c.event(&Malformed{Raw: engine.Redacted, Err: &engine.SyntaxError{
			Offset: 2, Production: "continue-req", Expected: "base64", Got: engine.Redacted,
		}})
		c.sendLine(cmd, "*")
		return
	}
	cmd.wait = waitRespond
	c.event(&Challenge{ID: cmd.id, Data: data})
}

// Respond answers a Challenge.
func (c *Conn) Respond(id engine.ID, data engine.Secret) error {
	cmd, err := c.challenged(id)
	if err != nil {
		return err
	}
	c.sendLine(cmd, base64.StdEncoding.EncodeToString([]byte(data)))
	c.restAnswer()
	return nil
}

// Cancel ends a SASL exchange at a Challenge; the server answers BAD.
func (c *Conn) Cancel(id engine.ID) error {
	cmd, err := c.challenged(id)
	if err != nil {
		return err
	}
	c.sendLine(cmd, "*")
	c.restAnswer()
	return nil
}

func (c *Conn) challenged(id engine.ID) (*command, error) {
	if c.closed {
		return nil, engine.ErrClosed
	}
	cmd := c.command(id, "AUTHENTICATE")
	if cmd == nil || cmd.wait != waitRespond {
		return nil, engine.ErrUnknownID
	}
	return cmd, nil
}
