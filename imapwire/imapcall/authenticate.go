package imapcall

import (
	"context"
	"crypto/rand"
	"strings"

	"github.com/mailwire/mailwire/imapwire"
	"github.com/mailwire/mailwire/imapwire/engine"
	"github.com/mailwire/mailwire/imapwire/imapclient"
	"github.com/mailwire/mailwire/imapwire/sasl"
)

// Authenticate logs in with the best SASL mechanism that the server offers and o
// has all for, see [sasl.Choose]. The transport and Options.Engine.PlaintextAuth
// are filled in, and Random, if it is nil, with that of package crypto/rand.
//
// The errors are those of [sasl.Choose], and what package sasl found wrong with
// the server's part; a refusal is a [*StatusError], unless the mechanism has
// told more. A server that lets the client in without the proof that it owes is
// [sasl.ErrServer], and the session is closed.
func (c *Client) Authenticate(ctx context.Context, o sasl.ClientOptions) error {
	caps, err := c.capabilities(ctx)
	if err != nil {
		return err
	}
	var offered []string
	for _, capability := range caps {
		if name, ok := strings.CutPrefix(string(capability), "AUTH="); ok {
			offered = append(offered, name)
		}
	}
	c.mu.Lock()
	o.Security, o.PlaintextAuth = c.conn.Security(), c.opt.Engine.PlaintextAuth
	c.mu.Unlock()
	if o.Random == nil {
		o.Random = rand.Reader
	}
	name, err := sasl.Choose(offered, o)
	if err != nil {
		return err
	}
	for _, other := range offered {
		if strings.EqualFold(other, name+"-PLUS") {
			// The server has seen no attack if its offer is not taken: RFC 5802 §6.
			o.Security.Exporter = nil
		}
	}
	exchange, err := sasl.NewClient(name, o)
	if err != nil {
		return err
	}
	cmd := &imapwire.Authenticate{Mechanism: name}
	cmd.Initial, cmd.HasInitial = exchange.Initial()
	call, err := c.start(cmd, exchange)
	if err != nil {
		return err
	}
	_, err = call.Wait(ctx)
	if status, refused := err.(*StatusError); refused {
		if told := exchange.Finish(false); told != nil && told != sasl.ErrAuthentication {
			return told
		}
		return status
	}
	if err == nil {
		if err = exchange.Finish(true); err != nil {
			c.Close()
		}
	}
	return err
}

// challenged goes on with the exchange of a call, or gives it up.
func (c *Client) challenged(ev *imapclient.Challenge) {
	for _, call := range c.calls {
		if call.id != ev.ID || call.exchange == nil || call.given {
			continue
		}
		response, err := call.exchange.Step(ev.Data)
		if err == nil {
			err = c.conn.Respond(ev.ID, engine.Secret(response))
		}
		if err == nil {
			return
		}
		call.err = err
	}
	c.conn.Cancel(ev.ID)
}
