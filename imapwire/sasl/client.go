package sasl

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/mailwire/mailwire/imapwire/engine"
)

// A Client is the client's side of one exchange. It is used once.
type Client interface {
	// Initial returns the first message of a mechanism in which the client
	// speaks first, and false for the others. Who sends it with the command
	// (RFC 4959) calls Initial; who does not, leaves it out: Step then returns
	// the same as the answer to the server's empty challenge.
	Initial() (response engine.Secret, ok bool)
	// Step takes the server's next challenge and returns the answer, which may
	// be empty and has to be sent nevertheless. After an error there is none:
	// the exchange is to be cancelled. It keeps nothing of challenge.
	Step(challenge []byte) (response engine.Secret, err error)
	// Finish is to be called with the server's verdict. It returns nil if that
	// is success and may be believed: [ErrServer] is success from somebody who
	// has not proved what the mechanism makes a server prove. For a failure it
	// returns the reason, [ErrAuthentication] or what the exchange has brought,
	// such as a [*TokenError].
	Finish(success bool) error
}

// ClientOptions are who the client is and what it has to show for it. Which
// fields a mechanism needs stands in the package comment.
type ClientOptions struct {
	// Limits bound what a server may cost.
	Limits Limits
	// Security is the transport. With an Exporter that works the client can
	// bind to the channel, and tells a server without a -PLUS mechanism that
	// it could. A client that uses a mechanism without -PLUS although the
	// server has the other leaves it out.
	Security engine.Security
	// PlaintextAuth says when a mechanism may be used that shows a password or
	// a token. The zero value: only over an encrypted transport.
	PlaintextAuth engine.PlaintextAuth
	// RequireBinding: only mechanisms that bind to the channel are used.
	RequireBinding bool
	// Allow are the mechanisms that may be used; empty: all. A client that has
	// seen a server with SCRAM may insist on it from then on.
	Allow []string
	// Random is where nonces come from; SCRAM needs it. It has to be
	// cryptographically secure.
	Random io.Reader

	// AuthzID is the identity to act as; empty means that of User.
	AuthzID string
	// User is the name to log in with.
	User string
	// Password of User, or the secret shared in CRAM-MD5.
	Password engine.Secret
	// Token is an OAuth 2.0 bearer token (RFC 6750).
	Token engine.Secret
	// Host and Port are whom the client believes to speak to, told by
	// OAUTHBEARER if not empty and zero.
	Host string
	Port int
	// External: the transport has identified the client, by a certificate.
	External bool
	// Anonymous: the client logs in as nobody, and leaves Trace: a token, or
	// an address of mail.
	Anonymous bool
	Trace     string
}

// Format hides the secrets, whatever the verb.
func (o *ClientOptions) Format(f fmt.State, _ rune) { engine.FormatFields(f, *o) }

// usable says why a client may not use a mechanism, or nil. Whether the
// credentials can be expressed in it is for the mechanism to say.
func (o ClientOptions) usable(m *mechanism, bound bool) error {
	has := false
	switch m.name {
	case External:
		has = o.External
	case OAuthBearer:
		has = o.Token != ""
	case XOAuth2:
		has = o.Token != "" && o.User != ""
	case Anonymous:
		has = o.Anonymous
	case Plain, Login, CramMD5:
		has = o.User != "" && o.Password != ""
	default:
		has = o.User != "" && o.Password != "" && o.Random != nil
	}
	allowed := len(o.Allow) == 0 || slices.ContainsFunc(o.Allow, func(name string) bool {
		return strings.EqualFold(name, m.name)
	})
	switch {
	case !has || !allowed:
		return ErrMechanism
	case m.plus && !bound, o.RequireBinding && !m.plus:
		return ErrChannelBinding
	case o.AuthzID != "" && !m.authzid:
		return ErrCredentials
	case m.plaintext && !o.PlaintextAuth.Allows(o.Security):
		return ErrPlaintext
	}
	return nil
}

// Choose returns the best of the mechanisms that a server offers and that o has
// all for, as the name of one of this package's constants. It takes an
// identity of the transport before a token, a token before a password and a
// password before nothing; of those with a password it takes one that binds to
// the channel before one that does not, and one that shows the password last.
//
// With none the error is [ErrMechanism]; or [ErrPlaintext], if the transport is
// all that there is against one; or [ErrChannelBinding], if that is what o
// requires and the server lacks, or [ErrCredentials], if no other can express
// what o asks for.
func Choose(offered []string, o ClientOptions) (string, error) {
	bound := bindingOf(o.Security) != nil
	probe := o
	if o.Random != nil {
		// Nothing is begun yet.
		probe.Random = zeros{}
	}
	reason := ErrMechanism
	for i := range mechanisms {
		m := &mechanisms[i]
		if !slices.ContainsFunc(offered, func(name string) bool { return strings.EqualFold(name, m.name) }) {
			continue
		}
		err := o.usable(m, bound)
		if err == nil {
			if _, err = NewClient(m.name, probe); err == nil {
				return m.name, nil
			}
		}
		// The first that is not merely absent tells the most.
		if reason == ErrMechanism {
			reason = err
		}
	}
	return "", reason
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}

// NewClient returns the client's side of an exchange. The name matches in any
// case. The errors are those of [Choose], [ErrCredentials] for names or secrets
// that the mechanism cannot express, and what Random failed with.
func NewClient(mechanism string, o ClientOptions) (Client, error) {
	m := find(mechanism)
	if m == nil {
		return nil, ErrMechanism
	}
	binding := bindingOf(o.Security)
	if err := o.usable(m, binding != nil); err != nil {
		return nil, err
	}
	o.Limits = o.Limits.withDefaults()
	c := &client{mechanism: m, limits: o.Limits}
	var err error
	switch m.name {
	case Plain:
		c.side, err = newPlainClient(o)
	case Login:
		c.side, err = newLoginClient(o)
	case External:
		c.side, err = newExternalClient(o)
	case Anonymous:
		c.side, err = newAnonymousClient(o)
	case CramMD5:
		c.side, err = newCramClient(o)
	case OAuthBearer:
		c.side, err = newOAuthBearerClient(o)
	case XOAuth2:
		c.side, err = newXOAuth2Client(o)
	default:
		c.side, err = newScramClient(o, m, binding)
	}
	if err != nil {
		return nil, err
	}
	return c, nil
}

// A clientSide is what differs between mechanisms. It is not called again after
// an error. complete: the server may report success after this message.
type clientSide interface {
	// initial is called once, and only if the client speaks first.
	initial() (response string, complete bool)
	step(challenge []byte) (response string, complete bool, err error)
	// refused is why the exchange failed although it went on, or nil.
	refused() error
}

// client keeps every mechanism to what is the same for all.
type client struct {
	mechanism *mechanism
	limits    Limits
	side      clientSide
	begun     bool
	complete  bool
	over      bool
	err       error
}

// Initial implements Client.
func (c *client) Initial() (engine.Secret, bool) {
	if !c.mechanism.clientFirst || c.begun || c.over {
		return "", false
	}
	c.begun = true
	var response string
	response, c.complete = c.side.initial()
	return engine.Secret(response), true
}

// Step implements Client.
func (c *client) Step(challenge []byte) (engine.Secret, error) {
	if c.over {
		return "", ErrOver
	}
	if err := c.limits.check(challenge); err != nil {
		return "", c.fail(err)
	}
	if c.mechanism.clientFirst && !c.begun {
		if len(challenge) != 0 {
			return "", c.fail(ErrSyntax)
		}
		response, _ := c.Initial()
		return response, nil
	}
	c.begun = true
	response, complete, err := c.side.step(challenge)
	if err != nil {
		return "", c.fail(err)
	}
	c.complete = complete
	return engine.Secret(response), nil
}

// Finish implements Client.
func (c *client) Finish(success bool) error {
	if c.over && c.err == nil {
		return ErrOver
	}
	c.over = true
	if c.err == nil {
		c.err = c.side.refused()
	}
	if c.err == nil && !success {
		c.err = ErrAuthentication
	}
	if c.err == nil && !c.complete {
		c.err = ErrServer
	}
	c.side = nil
	return c.err
}

func (c *client) fail(err error) error {
	c.over, c.err, c.side = true, err, nil
	return err
}

// Format shows the mechanism and nothing that was said, whatever the verb.
func (c *client) Format(f fmt.State, _ rune) {
	io.WriteString(f, "sasl.Client("+c.mechanism.name+")")
}
