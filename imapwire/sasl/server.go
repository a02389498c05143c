package sasl

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/mailwire/mailwire/imapwire/engine"
)

// A Server is the server's side of one exchange. It is used once.
type Server interface {
	// Step takes the client's next message, nil when the client sent no
	// initial response, and says what to do. It keeps nothing of response.
	// After an error or a last step it returns [ErrOver].
	Step(response []byte) (Step, error)
}

// A Step is what a server does next: [*Challenge], or one that ends the
// exchange: [*Credentials] or [*Authenticated].
type Step interface{ step() }

// A Challenge is to be sent to the client, whose answer is the next message.
type Challenge struct {
	Data []byte
	// Err is not nil when the exchange has failed and Data only tells the
	// client why; the next Step returns it. A client that cancels now has
	// failed all the same, and counts as such.
	Err error
}

// Credentials end an exchange of PLAIN or LOGIN: the client is User if Password
// is that of User. They are as the client sent them; see [Prepare].
type Credentials struct {
	// AuthzID is the identity the client wants to act as; empty means User.
	AuthzID  string
	User     string
	Password engine.Secret
}

// Format hides the secrets, whatever the verb.
func (c *Credentials) Format(f fmt.State, _ rune) { engine.FormatFields(f, *c) }

// Authenticated ends an exchange of any other mechanism: the client has proved
// to be User.
type Authenticated struct {
	// User is the name as its proof was looked up: prepared for SCRAM, as sent
	// for CRAM-MD5, and what Certificate or Token returned for the others.
	// It is empty for ANONYMOUS.
	User string
	// AuthzID is the identity the client wants to act as; empty means User.
	// Whether it may is for the caller to decide.
	AuthzID string
	// Anonymous: the client is nobody, and left Trace (RFC 4505), which proves
	// nothing. It may be empty, and is free of control characters.
	Anonymous bool
	Trace     string
}

func (*Challenge) step()     {}
func (*Credentials) step()   {}
func (*Authenticated) step() {}

// ServerOptions are what a server needs to offer mechanisms: each needs some
// of the fields, and is not offered without. The zero value offers none.
//
// The functions may wait for a database. What they return as an error ends the
// exchange and is what Step returns, unchanged, but not before the client has
// been taken through the steps, and the work, of every other client: whether
// a user exists does not show (RFC 9051 §11.7). An error that nobody but the
// user may learn of, such as an expired password, is none of theirs: it
// belongs behind [Authenticated].
type ServerOptions struct {
	// Limits bound what a client may cost.
	Limits Limits
	// Security is the transport. With an Exporter that works the SCRAM-…-PLUS
	// mechanisms are offered too, and clients that say they saw none are
	// refused: they have been lied to (RFC 5802 §6). A server that does not
	// announce the -PLUS names leaves it out.
	Security engine.Security
	// Random is where nonces come from; SCRAM and CRAM-MD5 need it. It has to
	// be cryptographically secure.
	Random io.Reader
	// Host is the name of the server: what CRAM-MD5 shows, and what an
	// OAUTHBEARER client must mean if it says to whom it speaks. Empty: any,
	// and "localhost" in CRAM-MD5.
	Host string
	// Port is where the server listens, checked as Host is; zero: any.
	Port int

	// Passwords: the caller verifies [Credentials]. For PLAIN and LOGIN.
	Passwords bool
	// Scram returns the keys of a user, whose name is prepared. For SCRAM,
	// with Random and Pepper. [ServerOptions.DeriveScram] is one for servers
	// that have Secret.
	Scram func(h Hash, user string) (ScramCredentials, error)
	// Hashes are those for which there may be keys; empty: SHA-256 alone.
	Hashes []Hash
	// Iterations is the number that users have who do not exist; that of all
	// others should be the same. Zero: 4096.
	Iterations int
	// Pepper keys what the server makes up for users who do not exist. It is
	// random, at least 16 octets, and has to stay the same, on all servers of
	// a service: otherwise the users who do not exist are those whose salts
	// change.
	Pepper engine.Secret
	// Secret returns the secret that is shared with a user. For CRAM-MD5, with
	// Random and Pepper. It is not empty.
	Secret func(user string) (engine.Secret, error)
	// Token returns whose token it is. For OAUTHBEARER and XOAUTH2. An error
	// that is, or wraps, a [*TokenError] is told to the client.
	Token func(t *Token) (user string, err error)
	// Discovery is what is told to a client whose token is refused without a
	// TokenError, and to one that asks with an empty token (RFC 7628 §4.3).
	Discovery TokenError
	// Certificate returns whom the transport has identified, from
	// Security.Peer, which must not be nil. For EXTERNAL.
	Certificate func(der []byte) (user string, err error)
	// Anonymous: anybody is let in (RFC 4505 §5 asks for a decision). For
	// ANONYMOUS.
	Anonymous bool
}

// Format hides the secrets, whatever the verb.
func (o *ServerOptions) Format(f fmt.State, _ rune) { engine.FormatFields(f, *o) }

// Mechanisms returns the names of the mechanisms that there is all for, best
// first. Which of them may be offered on this transport, see [Plaintext], is
// for the caller to say.
func (o ServerOptions) Mechanisms() []string {
	bound := bindingOf(o.Security) != nil
	var names []string
	for i := range mechanisms {
		if o.can(&mechanisms[i], bound) {
			names = append(names, mechanisms[i].name)
		}
	}
	return names
}

func (o ServerOptions) can(m *mechanism, bound bool) bool {
	switch m.name {
	case Plain, Login:
		return o.Passwords
	case External:
		return o.Certificate != nil && o.Security.Peer != nil
	case Anonymous:
		return o.Anonymous
	case CramMD5:
		return o.Secret != nil && o.Random != nil && len(o.Pepper) >= minPepper && domain(o.host())
	case OAuthBearer, XOAuth2:
		return o.Token != nil
	}
	hashes := o.Hashes
	if len(hashes) == 0 {
		hashes = []Hash{SHA256}
	}
	return o.Scram != nil && o.Random != nil && len(o.Pepper) >= minPepper &&
		slices.Contains(hashes, m.hash) && (bound || !m.plus)
}

// minPepper is the least that is accepted as a key, in octets: what is shorter
// is no secret but a mistake.
const minPepper = 16

func (o ServerOptions) host() string {
	if o.Host == "" {
		return "localhost"
	}
	return o.Host
}

// Server returns the server's side of an exchange. The name matches in any
// case. [ErrMechanism] is the error for one that is not in o.Mechanisms().
func (o ServerOptions) Server(mechanism string) (Server, error) {
	m := find(mechanism)
	binding := bindingOf(o.Security)
	if m == nil || !o.can(m, binding != nil) {
		return nil, ErrMechanism
	}
	o.Limits = o.Limits.withDefaults()
	s := &server{mechanism: m, limits: o.Limits}
	switch m.name {
	case Plain:
		s.side = plainServer{}
	case Login:
		s.side = &loginServer{}
	case External:
		s.side = externalServer{opt: o}
	case Anonymous:
		s.side = anonymousServer{}
	case CramMD5:
		s.side = &cramServer{opt: o}
	case OAuthBearer:
		s.side = &bearerServer{opt: o, parse: parseOAuthBearer}
	case XOAuth2:
		s.side = &bearerServer{opt: o, parse: parseXOAuth2, google: true}
	default:
		s.side = &scramServer{opt: o, mechanism: m, binding: binding}
	}
	return s, nil
}

// NewServer returns the server's side of a mechanism that ends in
// [Credentials], PLAIN or LOGIN, whose name matches in any case, and false for
// any other. [ServerOptions.Server] has them all.
func NewServer(mechanism string) (Server, bool) {
	s, err := ServerOptions{Passwords: true}.Server(mechanism)
	return s, err == nil
}

// A serverSide is what differs between mechanisms. It is not called again
// after an error or a last step, and response is nil only in the first call of
// a mechanism in which the server speaks first.
type serverSide interface {
	step(response []byte) (Step, error)
}

// server keeps every mechanism to what is the same for all.
type server struct {
	mechanism *mechanism
	limits    Limits
	side      serverSide
	begun     bool
	over      bool
	failed    error
}

// Step implements Server.
func (s *server) Step(response []byte) (Step, error) {
	if s.over {
		return nil, ErrOver
	}
	if s.failed != nil {
		return nil, s.fail(s.failed)
	}
	if err := s.limits.check(response); err != nil {
		return nil, s.fail(err)
	}
	first := !s.begun
	s.begun = true
	switch {
	case response != nil:
	case !first:
		response = []byte{}
	case s.mechanism.clientFirst:
		return &Challenge{}, nil
	}
	step, err := s.side.step(response)
	if err != nil {
		return nil, s.fail(err)
	}
	if c, more := step.(*Challenge); more {
		s.failed = c.Err
	} else {
		s.finish()
	}
	return step, nil
}

func (s *server) fail(err error) error {
	s.finish()
	return err
}

// finish lets go of what the exchange knows.
func (s *server) finish() { s.over, s.side = true, nil }

// Format shows the mechanism and nothing that was said, whatever the verb.
func (s *server) Format(f fmt.State, _ rune) {
	io.WriteString(f, "sasl.Server("+s.mechanism.name+")")
}

// domain reports whether s can stand in a message identifier.
func domain(s string) bool {
	return s != "" && !strings.ContainsFunc(s, func(r rune) bool {
		return r <= ' ' || r >= 0x7F || strings.ContainsRune(`<>@"(),;:\`, r)
	})
}
