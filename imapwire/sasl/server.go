package sasl

import (
	"errors"
	"strings"

	"github.com/mailwire/mailwire/imapwire/engine"
)

// ErrSyntax reports a message that the mechanism does not allow.
var ErrSyntax = errors.New("sasl: message not allowed by the mechanism")

// A Server is the server's side of one exchange. It is used once.
type Server interface {
	// Step takes the client's next message, nil when the client sent no
	// initial response, and says what to do. It keeps nothing of response.
	Step(response []byte) (Step, error)
}

// A Step is what a server does next: [*Challenge] or [*Credentials].
type Step interface{ step() }

// A Challenge is to be sent to the client, whose answer is the next message.
type Challenge struct{ Data []byte }

// Credentials end an exchange: the client is User if Password is that of User.
type Credentials struct {
	// AuthzID is the identity the client wants to act as; empty means User.
	AuthzID  string
	User     string
	Password engine.Secret
}

func (*Challenge) step()   {}
func (*Credentials) step() {}

// NewServer returns the server's side of a mechanism, whose name matches in
// any case, and false for one that the package does not have.
func NewServer(mechanism string) (Server, bool) {
	switch strings.ToUpper(mechanism) {
	case Plain:
		return &plainServer{}, true
	case Login:
		return &loginServer{}, true
	}
	return nil, false
}

// Plaintext reports whether a mechanism shows the password to everybody who
// can read the connection.
func Plaintext(mechanism string) bool {
	switch strings.ToUpper(mechanism) {
	case Plain, Login:
		return true
	}
	return false
}
