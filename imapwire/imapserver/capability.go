package imapserver

import (
	"slices"

	"github.com/mailwire/mailwire/imapwire/imap"
)

// A capabilityCache holds the list of one state: it changes with the state and
// the transport, and not with commands.
type capabilityCache struct {
	state State
	list  imap.Capabilities
}

// capabilities returns what is announced now.
func (c *Conn) capabilities() imap.Capabilities {
	state := min(c.state, StateAuthenticated)
	if c.caps.state != state {
		c.caps = capabilityCache{state, c.listCapabilities(state)}
	}
	return c.caps.list
}

func (c *Conn) listCapabilities(state State) imap.Capabilities {
	list := c.lists.NotAuthenticated
	if state != StateNotAuthenticated {
		list = c.lists.Authenticated
	}
	// The list itself is shared; what is added goes into a copy.
	list = slices.Clip(list)
	if !list.Has(imap.CapIMAP4rev1) && !list.Has(imap.CapIMAP4rev2) {
		list = append(imap.Capabilities{imap.CapIMAP4rev1}, list...)
	}
	if state != StateNotAuthenticated {
		return list
	}
	if c.opt.StartTLS && !c.sec.Encrypted {
		list = append(list, imap.CapStartTLS)
	}
	if !c.opt.PlaintextAuth.Allows(c.sec) {
		list = append(list, imap.CapLoginDisabled)
	}
	ir := true
	for _, m := range c.mechs {
		if !c.offers(m) {
			continue
		}
		if ir {
			list, ir = append(list, imap.CapSASLIR), false
		}
		list = append(list, imap.AuthCapability(m.Name))
	}
	return list
}

// offers reports whether a mechanism may be used on this transport.
func (c *Conn) offers(m Mechanism) bool {
	return !m.Plaintext || c.opt.PlaintextAuth.Allows(c.sec)
}

// SetMechanisms changes what mechanisms are offered, for a transport that has
// become another. The error is that of [New], and nothing changes.
func (c *Conn) SetMechanisms(m []Mechanism) error {
	if err := checkMechanisms(m); err != nil {
		return err
	}
	c.mechs = m
	c.caps = capabilityCache{}
	return nil
}

// SetCapabilities changes what is announced, from the next answer on. The error
// is that of [New], and nothing changes.
func (c *Conn) SetCapabilities(l CapabilityLists) error {
	if err := l.check(); err != nil {
		return err
	}
	c.lists = l
	c.caps = capabilityCache{}
	return nil
}
