package pop3client

import (
	"slices"
	"strings"

	"github.com/mailwire/mailwire/imapwire/engine"
	"github.com/mailwire/mailwire/pop3wire"
)

// capabilities are what the server has announced on the layer and in the state
// in which the conversation is. RFC 2449 §5 would have those of AUTHORIZATION
// hold after login, but servers differ there, so they are forgotten.
type capabilities struct {
	list  []pop3wire.Capability
	known bool
	// next is the list that is being read: it counts when its end has come.
	next []pop3wire.Capability
	// octets are about what both hold.
	octets, nextOctets int
	dropped            int64 // lines of next that were too many
}

// learn keeps a capability of the list that is being read, as long as there is
// room. Ignored ones are not kept.
func (c *Conn) learn(x pop3wire.Capability, size int) {
	if slices.ContainsFunc(c.opt.Ignore, func(tag string) bool { return strings.EqualFold(tag, x.Tag()) }) {
		return
	}
	a := &c.capa
	if len(a.next) == c.lim.Capabilities {
		a.dropped++
		return
	}
	a.next = append(a.next, x)
	a.nextOctets += size
	a.octets += size
}

// learned takes the list at its end.
func (c *Conn) learned(cmd *command) {
	a := &c.capa
	if a.dropped > 0 {
		c.malformed(cmd.id, nil, &engine.LimitError{
			Name: "Capabilities", Cap: int64(c.lim.Capabilities), Got: int64(c.lim.Capabilities) + a.dropped,
		})
	}
	*a = capabilities{list: a.next, known: true, octets: a.nextOctets}
}

// forget forgets what was announced.
func (c *Conn) forget() { c.capa = capabilities{} }

// userUTF8 reports whether names and passwords may be UTF-8.
func (a *capabilities) userUTF8() bool {
	for _, x := range a.list {
		if u, is := x.(*pop3wire.CapUTF8); is && u.User {
			return true
		}
	}
	return false
}

// Capabilities returns what the server has announced in the last answer to CAPA,
// Options.Ignore excepted, up to Limits.Capabilities lines; known is false when
// it has not said, because it was not asked or refused to say. STLS and a login
// make it forgotten: ask again. A server that lacks UIDL or TOP there may have
// them all the same.
func (c *Conn) Capabilities() (list []pop3wire.Capability, known bool) {
	return slices.Clone(c.capa.list), c.capa.known
}

// Has reports whether the capability with that name, in upper case, is known to
// be announced.
func (c *Conn) Has(tag string) bool {
	return slices.ContainsFunc(c.capa.list, func(x pop3wire.Capability) bool { return x.Tag() == tag })
}

// Mechanisms returns the SASL mechanisms that are known to be announced, in upper
// case.
func (c *Conn) Mechanisms() []string {
	for _, x := range c.capa.list {
		if s, is := x.(*pop3wire.CapSASL); is {
			return slices.Clone(s.Mechanisms)
		}
	}
	return nil
}
