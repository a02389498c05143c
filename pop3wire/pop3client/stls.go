package pop3client

import (
	"errors"
	"time"

	"github.com/mailwire/mailwire/imapwire/engine"
)

// startTLS makes ready for TLS. From here on only TLS may speak.
func (c *Conn) startTLS() {
	if len(c.in) > 0 {
		c.end(ErrSurplus)
		return
	}
	c.in, c.fed = nil, false
	c.upgrade = engine.LayerTLS
	c.timers.Clear(timerAnswer)
	c.event(&Upgrade{Layer: engine.LayerTLS})
}

// Upgraded says that the layer of the last Upgrade is in place. Behind TLS
// nothing that the server said before counts: neither its capabilities nor the
// timestamp of its greeting (RFC 2595 §4). Without such an Upgrade it does
// nothing.
func (c *Conn) Upgraded(now time.Time, l engine.Layer, s engine.Security) {
	c.now = now
	if c.upgrade == 0 || l != c.upgrade {
		return
	}
	c.upgrade, c.sec, c.stamp = 0, s, ""
	c.lines = lines{}
	c.forget()
	c.pump()
	c.restAnswer()
}

// UpgradeFailed says that the layer could not be put in place. Only Closed is
// left; the queue is dropped.
func (c *Conn) UpgradeFailed(err error) {
	if c.upgrade == 0 {
		return
	}
	if err == nil {
		err = errors.New("pop3client: the upgrade failed")
	}
	c.end(err)
	c.dropOutput()
}
