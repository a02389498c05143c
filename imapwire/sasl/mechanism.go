package sasl

import (
	"errors"
	"fmt"
	"strings"

	"github.com/mailwire/mailwire/imapwire/engine"
)

// A mechanism is what is known of one by its name.
type mechanism struct {
	name string
	// plaintext: who reads the connection can log in.
	plaintext bool
	// clientFirst: the client speaks first, in an initial response or as the
	// answer to an empty challenge (RFC 4422 §5, 2a).
	clientFirst bool
	// authzid: the client can name an identity to act as.
	authzid bool
	// hash and plus are of SCRAM.
	hash Hash
	plus bool
}

// The mechanisms, best first: what proves most and shows least. A token is
// asked for by name, so that it stands above a password.
var mechanisms = []mechanism{
	{name: External, clientFirst: true, authzid: true},
	{name: OAuthBearer, plaintext: true, clientFirst: true, authzid: true},
	{name: XOAuth2, plaintext: true, clientFirst: true},
	{name: ScramSHA256Plus, clientFirst: true, authzid: true, hash: SHA256, plus: true},
	{name: ScramSHA1Plus, clientFirst: true, authzid: true, hash: SHA1, plus: true},
	{name: ScramSHA256, clientFirst: true, authzid: true, hash: SHA256},
	{name: ScramSHA1, clientFirst: true, authzid: true, hash: SHA1},
	{name: CramMD5},
	{name: Plain, plaintext: true, clientFirst: true, authzid: true},
	{name: Login, plaintext: true},
	{name: Anonymous, clientFirst: true},
}

// find returns the mechanism of a name, in any case, or nil.
func find(name string) *mechanism {
	for i := range mechanisms {
		if strings.EqualFold(mechanisms[i].name, name) {
			return &mechanisms[i]
		}
	}
	return nil
}

// Plaintext reports whether a mechanism shows everybody who can read the
// connection what it takes to log in: a password or a token.
func Plaintext(mechanism string) bool {
	m := find(mechanism)
	return m != nil && m.plaintext
}

// Limits bound what a peer may cost. The zero value of a field is its default.
type Limits struct {
	// Message is the most octets of one message, without base64; 8192 by
	// default. Tokens are what needs so many.
	Message int
	// MinIterations is the least that a client takes from a server of SCRAM;
	// 4096 by default (RFC 5802 §5.1).
	MinIterations int
	// MaxIterations is the most that a client computes for a server of SCRAM,
	// about a second of work; 1,000,000 by default.
	MaxIterations int
}

func (l Limits) withDefaults() Limits {
	if l.Message <= 0 {
		l.Message = 8192
	}
	if l.MinIterations <= 0 {
		l.MinIterations = minIterations
	}
	if l.MaxIterations <= 0 {
		l.MaxIterations = 1_000_000
	}
	return l
}

// check is the first look at any message.
func (l Limits) check(message []byte) error {
	if len(message) > l.Message {
		return &engine.LimitError{Name: "Message", Cap: int64(l.Message), Got: int64(len(message)), Offset: int64(l.Message)}
	}
	return nil
}

// maxName is the most octets of an authorization or authentication identity
// and of a password (RFC 4616 §2: 255 octets each).
const maxName = 255

// Errors of both sides. None tells what a peer sent.
var (
	// ErrSyntax reports a message that the mechanism does not allow.
	ErrSyntax = errors.New("sasl: message not allowed by the mechanism")
	// ErrOver reports a step after the last one.
	ErrOver = errors.New("sasl: the exchange is over")
	// ErrAuthentication: the client did not prove to be who it says.
	ErrAuthentication = errors.New("sasl: authentication failed")
	// ErrChannelBinding: the two sides do not stand at the ends of one and the
	// same channel, or somebody made them believe that the other could not
	// bind to it (RFC 5802 §6).
	ErrChannelBinding = errors.New("sasl: channel binding failed")
	// ErrMechanism: there is no such mechanism, or the options lack what it
	// needs.
	ErrMechanism = errors.New("sasl: mechanism not available")
	// ErrCredentials: the mechanism cannot express the names, password or token
	// of the client's options.
	ErrCredentials = errors.New("sasl: credentials that the mechanism cannot express")
	// ErrPlaintext: the mechanism would show a password or token on a transport
	// where it may not travel. Nothing was sent.
	ErrPlaintext = errors.New("sasl: a password may not be sent in the clear")
	// ErrServer: the server reported success, or goes on, without having proved
	// what the mechanism makes it prove. It may be anybody.
	ErrServer = errors.New("sasl: the server did not prove itself")
)

// An IterationsError reports a number of iterations outside of what is allowed.
type IterationsError struct{ Got, Min, Max int }

func (e *IterationsError) Error() string {
	return fmt.Sprintf("sasl: expected %d to %d iterations, got %d", e.Min, e.Max, e.Got)
}

// identity reports whether s can be a name or password: not too long, UTF-8
// without NUL (RFC 4616 §2). It may be empty.
func identity(s string) bool {
	return len(s) <= maxName && text(s)
}
