package pop3server

import (
	"errors"
	"fmt"

	"github.com/mailwire/mailwire/imapwire/engine"
	"github.com/mailwire/mailwire/pop3wire"
)

// Options say how a [Conn] behaves. The zero value is a server at which nobody
// can log in over an open network.
type Options struct {
	// Security is the transport at the beginning.
	Security engine.Security
	// PlaintextAuth says when passwords may travel in the clear. Where they
	// may not, USER is not announced, and USER and PASS are -ERR.
	PlaintextAuth engine.PlaintextAuth
	// Timestamp, when not empty, is the challenge of APOP that stands in the
	// greeting, angle brackets included. It has to be another one for every
	// connection (RFC 1939 §7), and hard to guess.
	Timestamp string
	// APOP says where APOP may be used, when there is a Timestamp: its digest
	// shows no password, but lets who sees it try passwords by the million.
	// Where it may not, the greeting has no timestamp. After STLS there is
	// no APOP at all: the timestamp was sent in the clear.
	APOP engine.PlaintextAuth
	// Limits bound what the client can cost.
	Limits pop3wire.Limits
	// Capabilities are what is announced besides what the engine adds.
	Capabilities CapabilityLists
	// Mechanisms are the SASL mechanisms, in the order of announcement.
	Mechanisms []Mechanism
	// STLS: offer STLS while the transport is not encrypted.
	STLS bool
	// Greeting is the text of the greeting; empty is a default.
	Greeting string
}

// A Mechanism is a SASL mechanism that a server offers.
type Mechanism struct {
	// Name in upper case.
	Name string
	// Plaintext: it shows the password, and is hidden and refused where
	// passwords may not travel.
	Plaintext bool
}

// CapabilityLists are what CAPA announces in each state. PIPELINING, RESP-CODES,
// USER, SASL and STLS are the engine's, as state and policy ask, and must not be
// listed. The commands UTF8 and LANG are -ERR unless their capabilities are.
type CapabilityLists struct {
	Authorization []pop3wire.Capability
	// Transaction, when nil, is Authorization. Otherwise it has all tags of
	// Authorization, perhaps with other parameters (RFC 2449 §5).
	Transaction []pop3wire.Capability
}

// of returns what is listed for a state.
func (l CapabilityLists) of(s State) []pop3wire.Capability {
	if s == StateAuthorization || l.Transaction == nil {
		return l.Authorization
	}
	return l.Transaction
}

// hasTag returns the capability of a tag, or nil.
func hasTag(list []pop3wire.Capability, tag string) pop3wire.Capability {
	for _, c := range list {
		if c.Tag() == tag {
			return c
		}
	}
	return nil
}

// check finds what is wrong with options, limits excepted.
func (o *Options) check() error {
	for i, m := range o.Mechanisms {
		if !pop3wire.IsMechanism(m.Name) {
			return fmt.Errorf("pop3server: %q is not the name of a SASL mechanism in upper case", m.Name)
		}
		for _, n := range o.Mechanisms[:i] {
			if n.Name == m.Name {
				return fmt.Errorf("pop3server: the mechanism %s is listed twice", m.Name)
			}
		}
	}
	if o.Timestamp != "" && !pop3wire.IsTimestamp(o.Timestamp) {
		return errors.New("pop3server: Timestamp is not like <unique@host>")
	}
	return o.Capabilities.check()
}

// check finds lines that can not be announced, or that are not the caller's to
// announce.
func (l CapabilityLists) check() error {
	for _, list := range [][]pop3wire.Capability{l.Authorization, l.Transaction} {
		for i, x := range list {
			if x == nil {
				return errors.New("pop3server: a capability is nil")
			}
			if _, err := pop3wire.AppendLine(nil, x); err != nil {
				return fmt.Errorf("pop3server: capability: %w", err)
			}
			switch x.Tag() {
			case "PIPELINING", "RESP-CODES", "USER", "SASL", "STLS":
				return fmt.Errorf("pop3server: %s is announced as state and policy ask", x.Tag())
			}
			if hasTag(list[:i], x.Tag()) != nil {
				return fmt.Errorf("pop3server: the capability %s is listed twice", x.Tag())
			}
		}
	}
	for _, x := range l.Authorization {
		if hasTag(l.of(StateTransaction), x.Tag()) == nil {
			return fmt.Errorf("pop3server: %s is announced before login and not after it (RFC 2449 §5)", x.Tag())
		}
	}
	return nil
}
