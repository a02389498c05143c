package engine

import "strings"

// An ID names one command of a connection. Engines issue it, ascending from 1;
// zero is no command. Tags can not serve: peers may repeat them.
type ID uint64

// A Want says what an engine waits for when it has no event to report.
type Want uint8

const (
	_ Want = iota
	// WantInput: call Feed, FeedEOF or, at the deadline, Expire.
	WantInput
	// WantDecision: an announced literal awaits Accept or Refuse.
	WantDecision
	// WantAnswer: a command awaits its answer from the application; nothing
	// more is parsed until then.
	WantAnswer
	// WantDrain: queued output has to be written first.
	WantDrain
	// WantUpgrade: the connection changes its layer; call Upgraded or
	// UpgradeFailed after the queued output is written.
	WantUpgrade
	// WantNothing: the conversation is over.
	WantNothing
)

var wantNames = [...]string{"invalid", "input", "decision", "answer", "drain", "upgrade", "nothing"}

// String returns a word for w.
func (w Want) String() string {
	if int(w) < len(wantNames) {
		return wantNames[w]
	}
	return wantNames[0]
}

// A Layer is something that can be put between an engine and the network in
// the middle of a conversation.
type Layer uint8

const (
	_ Layer = iota
	// LayerTLS is what STARTTLS and STLS negotiate.
	LayerTLS
	// LayerDeflate is COMPRESS DEFLATE, RFC 4978.
	LayerDeflate
)

// String returns the name of l.
func (l Layer) String() string {
	switch l {
	case LayerTLS:
		return "TLS"
	case LayerDeflate:
		return "DEFLATE"
	}
	return "invalid"
}

// Security is what an engine knows of the transport below it. Only the options
// at New and Upgraded set it. The zero value is an open network.
type Security struct {
	// Encrypted: TLS, or an equal, protects the connection.
	Encrypted bool
	// Loopback: the connection does not leave the machine.
	Loopback bool
	// Exporter derives keying material (RFC 5705, RFC 8446 §7.5) for channel
	// bindings; nil when the transport has none to offer.
	Exporter func(label string, context []byte, length int) ([]byte, error)
	// Peer is the DER form of the certificate whose key the peer proved to
	// hold; nil without one.
	Peer []byte
}

// PlaintextAuth says when passwords may travel in the clear.
type PlaintextAuth uint8

const (
	// PlaintextNever: only over an encrypted transport.
	PlaintextNever PlaintextAuth = iota
	// PlaintextLoopback: also when the connection does not leave the machine.
	PlaintextLoopback
	// PlaintextAlways: on any transport. Everybody on the path can read them.
	PlaintextAlways
)

// Allows reports whether a password may travel over a transport like s.
func (p PlaintextAuth) Allows(s Security) bool {
	return s.Encrypted || p == PlaintextAlways || p == PlaintextLoopback && s.Loopback
}

// AllowsMechanism reports whether a SASL mechanism may be used on a transport:
// any where passwords may travel, and elsewhere those of SCRAM, CRAM-MD5, EXTERNAL
// and ANONYMOUS, which show nobody what it takes to log in. Names match in any
// case; one that is not known is taken for one that shows it.
func (p PlaintextAuth) AllowsMechanism(s Security, mechanism string) bool {
	if p.Allows(s) {
		return true
	}
	name := strings.ToUpper(mechanism)
	switch name {
	case "CRAM-MD5", "EXTERNAL", "ANONYMOUS":
		return true
	}
	return strings.HasPrefix(name, "SCRAM-")
}
