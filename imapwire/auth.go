package imapwire

import "github.com/mailwire/mailwire/imapwire/engine"

// A Login is LOGIN, RFC 9051 §6.2.3.
type Login struct {
	User     string
	Password engine.Secret
}

// An Authenticate is AUTHENTICATE, RFC 9051 §6.2.2. The exchange that follows
// is lines of base64, which belong to the conversation.
type Authenticate struct {
	// Mechanism is the SASL mechanism, in upper case after parsing.
	Mechanism string
	// Initial is the decoded initial response (RFC 4959), when HasInitial.
	Initial    engine.Secret
	HasInitial bool
}

// Verb implements Command.
func (*Login) Verb() string { return "LOGIN" }

// Verb implements Command.
func (*Authenticate) Verb() string { return "AUTHENTICATE" }

func (*Login) command()        {}
func (*Authenticate) command() {}
