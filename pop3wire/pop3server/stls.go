package pop3server

import (
	"errors"
	"time"

	"github.com/mailwire/mailwire/imapwire/engine"
	"github.com/mailwire/mailwire/pop3wire"
)

// mayUpgrade reports whether STLS is possible. RFC 6856 §2.1: not after UTF8.
func (c *Conn) mayUpgrade() bool {
	return c.opt.STLS && !c.sec.Encrypted && c.state == StateAuthorization && !c.utf8
}

// stls answers STLS. Nothing behind it is read: it is for the TLS layer or for
// nobody (RFC 2595 §4). Nothing behind the answer is said.
func (c *Conn) stls() {
	if !c.mayUpgrade() {
		c.finish(pop3wire.Status{Text: "STLS is not possible here"})
		return
	}
	c.finish(pop3wire.Status{OK: true, Text: "begin TLS"})
	c.upgrade = engine.LayerTLS
	c.event(&Upgrade{Layer: engine.LayerTLS, Rest: c.in})
	c.in, c.fed = nil, false
}

// Upgraded says that the layer of the last Upgrade is in place. Behind TLS
// everything is fresh: nothing that was said before counts (RFC 2595 §4), and
// the timestamp of the greeting does not either. Without such an Upgrade it does
// nothing.
func (c *Conn) Upgraded(now time.Time, l engine.Layer, s engine.Security) {
	c.now = now
	if c.upgrade == 0 || l != c.upgrade {
		return
	}
	c.upgrade, c.sec, c.stamp = 0, s, ""
	c.fresh()
}

// UpgradeFailed says that the layer could not be put in place. Only Closed is
// left; the queue is dropped.
func (c *Conn) UpgradeFailed(err error) {
	if c.upgrade == 0 {
		return
	}
	if err == nil {
		err = errors.New("pop3server: the upgrade failed")
	}
	c.end(err)
	c.dropOutput()
}
