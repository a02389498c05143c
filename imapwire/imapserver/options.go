package imapserver

import (
	"github.com/mailwire/mailwire/imapwire"
	"github.com/mailwire/mailwire/imapwire/engine"
	"github.com/mailwire/mailwire/imapwire/imap"
)

// Options say how a [Conn] behaves. The zero value offers IMAP4rev1 to a client
// that can not log in.
type Options struct {
	// Security is the transport at the beginning.
	Security engine.Security
	// PlaintextAuth says when passwords may travel in the clear. Where they
	// may not, LOGINDISABLED is announced and LOGIN is NO [PRIVACYREQUIRED].
	PlaintextAuth engine.PlaintextAuth
	// Limits bound what the client can cost.
	Limits imapwire.Limits
	// Capabilities are what is announced besides what the engine adds by
	// state and policy: STARTTLS, LOGINDISABLED, SASL-IR and AUTH=.
	Capabilities CapabilityLists
	// Mechanisms are the SASL mechanisms, in the order of announcement.
	Mechanisms []Mechanism
	// StartTLS: offer STARTTLS while the transport is not encrypted.
	StartTLS bool
	// Enable are the capabilities that ENABLE turns on.
	Enable imap.Capabilities
	// ID is the answer to ID; no fields are NIL.
	ID []imapwire.IDField
	// Greeting is the text of the greeting; empty is a default.
	Greeting string
	// PreAuth: the client is authenticated by other means, and greeted so.
	PreAuth bool
}

// A Mechanism is a SASL mechanism that a server offers.
type Mechanism struct {
	// Name in upper case.
	Name string
	// Plaintext: it shows the password, and is hidden and refused where
	// passwords may not travel.
	Plaintext bool
}

// CapabilityLists are what is announced in each state. A list without
// IMAP4rev1 and IMAP4rev2 gets IMAP4rev1 in front.
type CapabilityLists struct {
	NotAuthenticated imap.Capabilities
	Authenticated    imap.Capabilities
}
