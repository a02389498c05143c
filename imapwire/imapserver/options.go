package imapserver

import (
	"fmt"
	"strings"
	"time"

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
	// state and policy: STARTTLS, LOGINDISABLED, SASL-IR and AUTH=, which
	// must not be listed.
	Capabilities CapabilityLists
	// Mechanisms are the SASL mechanisms, in the order of announcement.
	Mechanisms []Mechanism
	// StartTLS: offer STARTTLS while the transport is not encrypted.
	StartTLS bool
	// Enable are the capabilities that ENABLE turns on, where they are
	// announced. With UTF8=ACCEPT among them, APPEND may carry UTF8 (…).
	Enable imap.Capabilities
	// ID is the answer to ID; no fields are NIL.
	ID []imapwire.IDField
	// Greeting is the text of the greeting; empty is a default. Greeting and
	// tagged OK of a login carry the capabilities.
	Greeting string
	// PreAuth: the client is authenticated by other means, and greeted so.
	PreAuth bool
	// Relay: sequence numbers are those of another server, which has its own
	// view of what the client was told. An EXPUNGE or VANISHED is sent when it
	// comes, since the next number means what the other server says; see
	// [Conn.MayExpunge].
	Relay bool
}

// A Template makes Conns whose options are the same but for the transport: it
// checks and holds them once for all. It may be used by many goroutines.
type Template struct {
	opt Options
	lim imapwire.Limits
}

// NewTemplate returns a template. The error is about options that contradict each
// other.
func NewTemplate(opt Options) (*Template, error) {
	lim, err := opt.Limits.WithDefaults()
	if err != nil {
		return nil, err
	}
	if err := opt.check(); err != nil {
		return nil, err
	}
	return &Template{opt, lim}, nil
}

// New returns a Conn as [New] does, with another transport and other mechanisms
// than the options of the template have.
func (t *Template) New(now time.Time, sec engine.Security, m []Mechanism) (*Conn, error) {
	if err := checkMechanisms(m); err != nil {
		return nil, err
	}
	return t.conn(now, sec, m)
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

// check finds what is wrong with options, limits excepted.
func (o *Options) check() error {
	if err := checkMechanisms(o.Mechanisms); err != nil {
		return err
	}
	if _, err := imapwire.AppendResponse(nil, &imapwire.EnabledData{Capabilities: o.Enable}, imapwire.ResponseOptions{}); err != nil {
		return fmt.Errorf("imapserver: Enable: %w", err)
	}
	if _, err := imapwire.AppendResponse(nil, &imapwire.IDData{Fields: o.ID}, imapwire.ResponseOptions{}); err != nil {
		return fmt.Errorf("imapserver: ID: %w", err)
	}
	return o.Capabilities.check()
}

func checkMechanisms(mechs []Mechanism) error {
	for i, m := range mechs {
		if m.Name == "" || !engine.Atom.All(m.Name) || strings.ToUpper(m.Name) != m.Name {
			return fmt.Errorf("imapserver: %q is not the name of a SASL mechanism in upper case", m.Name)
		}
		for _, n := range mechs[:i] {
			if n.Name == m.Name {
				return fmt.Errorf("imapserver: the mechanism %s is listed twice", m.Name)
			}
		}
	}
	return nil
}

// check finds words that are no capabilities, or that are not the caller's to
// announce.
func (l CapabilityLists) check() error {
	for _, list := range []imap.Capabilities{l.NotAuthenticated, l.Authenticated} {
		for _, x := range list {
			_, auth := x.AuthMechanism()
			switch {
			case x == "" || !engine.Atom.All(string(x)):
				return fmt.Errorf("imapserver: %q is not a capability", x)
			case auth || x.Equal(imap.CapStartTLS) || x.Equal(imap.CapLoginDisabled) || x.Equal(imap.CapSASLIR):
				return fmt.Errorf("imapserver: %s is announced as state and policy ask", x)
			}
		}
	}
	return nil
}
