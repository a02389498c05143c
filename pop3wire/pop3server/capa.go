package pop3server

import "github.com/mailwire/mailwire/pop3wire"

// capabilities returns the response to CAPA. It changes with the state and the
// transport, and not with commands.
func (c *Conn) capabilities() []byte {
	if c.capa != nil {
		return c.capa
	}
	list := []pop3wire.Capability{pop3wire.CapRespCodes, pop3wire.CapPipelining}
	if c.opt.PlaintextAuth.Allows(c.sec) {
		list = append(list, pop3wire.CapUser)
	}
	// RFC 5034 §3: SASL is announced after login, too.
	sasl := &pop3wire.CapSASL{}
	for _, m := range c.opt.Mechanisms {
		if c.offers(m) {
			sasl.Mechanisms = append(sasl.Mechanisms, m.Name)
		}
	}
	if len(sasl.Mechanisms) > 0 {
		list = append(list, sasl)
	}
	// RFC 2595 §4: STLS where it is permitted in the current state.
	if c.mayUpgrade() {
		list = append(list, pop3wire.CapSTLS)
	}
	c.capa = append(c.capa, "+OK capability list follows\r\n"...)
	for _, x := range append(list, c.opt.Capabilities.of(c.state)...) {
		// Options were checked at New.
		c.capa, _ = pop3wire.AppendLine(c.capa, x)
	}
	c.capa = append(c.capa, pop3wire.Terminator...)
	return c.capa
}

// SetCapabilities changes what is announced, from the next answer on: after a
// login, LOGIN-DELAY and EXPIRE may be the user's. The error is that of [New],
// and nothing changes.
func (c *Conn) SetCapabilities(l CapabilityLists) error {
	if err := l.check(); err != nil {
		return err
	}
	c.opt.Capabilities = l
	c.capa = nil
	return nil
}

// SetMechanisms changes what SASL mechanisms are offered, for a transport that
// has become another. The error is that of [New], and nothing changes.
func (c *Conn) SetMechanisms(m []Mechanism) error {
	opt := c.opt
	opt.Mechanisms = m
	if err := opt.check(); err != nil {
		return err
	}
	c.opt.Mechanisms = m
	c.capa = nil
	return nil
}
