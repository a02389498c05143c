package imapserver

import (
	"github.com/mailwire/mailwire/imapwire"
	"github.com/mailwire/mailwire/imapwire/imap"
)

// enable answers ENABLE: what is known and was not on is turned on, anything
// else is ignored (RFC 5161 §3.1).
func (c *Conn) enable(cmd *imapwire.Enable) {
	var on imap.Capabilities
	for _, x := range cmd.Capabilities {
		for _, known := range c.opt.Enable {
			if known.Equal(x) && c.enables(x) && !c.enabled.Has(x) && !on.Has(x) {
				on = append(on, known)
			}
		}
	}
	c.enabled = append(c.enabled, on...)
	utf8 := c.enabled.Has(imap.CapIMAP4rev2) || c.enabled.Has(imap.CapUTF8Accept)
	c.out.utf8, c.parser.UTF8 = utf8, utf8
	c.say(&imapwire.EnabledData{Capabilities: on})
	c.finish(imapwire.OK, nil, "ENABLE completed")
	if len(on) > 0 {
		c.event(&Enabled{Capabilities: on})
	}
}

// enables reports whether ENABLE turns x on: it has to be announced, too.
func (c *Conn) enables(x imap.Capability) bool {
	return c.opt.Enable.Has(x) && c.capabilities().Has(x)
}

// Enabled reports whether the client has enabled a capability.
func (c *Conn) Enabled(x imap.Capability) bool { return c.enabled.Has(x) }

// UTF8 reports whether mailbox names and quoted strings are UTF-8: IMAP4rev2 or
// UTF8=ACCEPT is enabled.
func (c *Conn) UTF8() bool { return c.out.utf8 }
