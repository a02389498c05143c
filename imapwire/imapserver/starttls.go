package imapserver

import (
	"errors"
	"time"

	"github.com/mailwire/mailwire/imapwire"
	"github.com/mailwire/mailwire/imapwire/engine"
)

// startTLS answers STARTTLS. Nothing behind it is read: it is for the TLS layer
// or for nobody (RFC 9051 §6.2.1). Nothing behind the answer is said.
func (c *Conn) startTLS() {
	if c.sec.Encrypted || !c.opt.StartTLS {
		c.finish(imapwire.BAD, nil, "STARTTLS is not possible here")
		return
	}
	c.finish(imapwire.OK, nil, "begin TLS")
	c.upgrade = engine.LayerTLS
	c.event(&Upgrade{Layer: engine.LayerTLS, Rest: c.framer.Rest()})
	c.fed = false
}

// Upgraded says that the layer of the last Upgrade is in place. Behind TLS
// everything is fresh: nothing that was said before counts (RFC 9051 §6.2.1).
// Without such an Upgrade it does nothing.
func (c *Conn) Upgraded(now time.Time, l engine.Layer, s engine.Security) {
	c.now = now
	if c.upgrade == 0 || l != c.upgrade {
		return
	}
	c.upgrade, c.sec = 0, s
	c.before.in += c.framer.BytesIn()
	c.before.steps += c.framer.Steps()
	c.framer = imapwire.Framer{}
	c.enabled, c.bad, c.seen = nil, 0, false
	c.out.utf8, c.parser.UTF8 = false, false
	c.caps = capabilityCache{}
	c.setBounds()
	c.timers.Clear(timerIdle)
	c.restIdle()
}

// UpgradeFailed says that the layer could not be put in place. Only Closed is
// left; the queue is dropped.
func (c *Conn) UpgradeFailed(err error) {
	if c.upgrade == 0 {
		return
	}
	if err == nil {
		err = errors.New("imapserver: the upgrade failed")
	}
	c.end(err)
	c.dropOutput()
}
