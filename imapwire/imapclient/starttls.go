package imapclient

import (
	"errors"
	"time"

	"github.com/mailwire/mailwire/imapwire"
	"github.com/mailwire/mailwire/imapwire/engine"
)

// Upgraded says that the layer of the last Upgrade is in place. Behind TLS
// nothing that the server said before counts, neither its capabilities nor that
// the client is logged in (RFC 9051 §6.2.1). Without such an Upgrade it does nothing.
func (c *Conn) Upgraded(now time.Time, l engine.Layer, s engine.Security) {
	c.now = now
	if c.upgrade == 0 || l != c.upgrade {
		return
	}
	c.upgrade, c.sec = 0, s
	c.before.in += c.framer.BytesIn()
	c.before.steps += c.framer.Steps()
	c.framer = imapwire.Framer{BareLF: true, Lists: true}
	c.caps, c.capsKnown = nil, false
	c.state = StateNotAuthenticated
	c.parser.UTF8 = false
	c.setBounds()
	c.restAnswer()
	c.pump()
}

// UpgradeFailed says that the layer could not be put in place. Only Closed is
// left; the queue is dropped.
func (c *Conn) UpgradeFailed(err error) {
	if c.upgrade == 0 {
		return
	}
	if err == nil {
		err = errors.New("imapclient: the upgrade failed")
	}
	c.end(err)
	c.dropOutput()
}
