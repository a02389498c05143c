package imapserve

import (
	"context"
	"errors"

	"github.com/mailwire/mailwire/imapwire"
	"github.com/mailwire/mailwire/imapwire/engine"
	"github.com/mailwire/mailwire/imapwire/imapserver"
	"github.com/mailwire/mailwire/imapwire/sasl"
	"github.com/mailwire/mailwire/mailbox"
)

// login answers LOGIN. That the password may travel was the engine's to check.
func (s *Session) login(ctx context.Context, id engine.ID, cmd *imapwire.Login) {
	s.enter(ctx, id, &sasl.Credentials{User: cmd.User, Password: cmd.Password}, "LOGIN completed")
}

// authenticate begins a SASL exchange.
func (s *Session) authenticate(ctx context.Context, ev *imapserver.Authenticate) {
	m, err := s.saslOptions(s.conn.Security()).Server(ev.Mechanism)
	if err != nil {
		s.conn.Done(ev.ID, no(imapwire.CodeCannot, "no such mechanism"))
		return
	}
	s.exchange = m
	var initial []byte
	if ev.HasInitial {
		// Not nil: an empty initial response is one (RFC 4959 §3).
		initial = append([]byte{}, ev.Initial...)
	}
	s.saslStep(ctx, ev.ID, initial)
}

func (s *Session) authResponse(ctx context.Context, ev *imapserver.AuthResponse) {
	if ev.Cancelled || s.exchange == nil {
		if s.refused {
			// Who knows that it has failed does not get out of its counting.
			s.failed++
		}
		s.exchange, s.refused = nil, false
		return
	}
	s.saslStep(ctx, ev.ID, append([]byte{}, ev.Data...))
}

func (s *Session) saslStep(ctx context.Context, id engine.ID, response []byte) {
	s.exchanging = ctx
	step, err := s.exchange.Step(response)
	s.exchanging, s.refused = nil, false
	if err != nil {
		s.exchange = nil
		s.failed++
		if !errors.Is(err, mailbox.ErrUnavailable) {
			// The same answer as for a wrong password: RFC 9051 §11.7.
			err = mailbox.ErrAuthentication
		}
		s.conn.Done(id, s.condition(err))
		return
	}
	switch step := step.(type) {
	case *sasl.Challenge:
		s.refused = step.Err != nil
		s.conn.Challenge(id, step.Data)
	case *sasl.Credentials:
		s.exchange = nil
		s.enter(ctx, id, step, "AUTHENTICATE completed")
	case *sasl.Authenticated:
		s.exchange = nil
		identity, user, err := s.openAs(ctx, s.proved, step.AuthzID)
		s.entered(id, identity, user, err, "AUTHENTICATE completed")
	}
}

// saslOptions say what mechanisms Auth can serve over a transport.
func (s *Session) saslOptions(sec engine.Security) sasl.ServerOptions {
	opt := &s.srv.opt
	o := sasl.ServerOptions{Security: sec, Random: opt.Random, Pepper: opt.Pepper, Host: opt.Host, Passwords: true}
	if a, ok := opt.Auth.(mailbox.Secrets); ok && a.KeepsSecrets() {
		o.Secret = func(user string) (engine.Secret, error) {
			secret, identity, err := a.SharedSecret(s.exchanging, user)
			if err == nil && secret == "" {
				err = mailbox.ErrAuthentication
			}
			s.proved = identity
			return engine.Secret(secret), err
		}
		o.Hashes = []sasl.Hash{sasl.SHA256, sasl.SHA1}
		o.Scram = o.DeriveScram
	}
	if a, ok := opt.Auth.(mailbox.TokenAuth); ok {
		o.Token = func(t *sasl.Token) (string, error) {
			var err error
			s.proved, err = a.Token(s.exchanging, t.AuthzID, string(t.Token))
			return s.proved.User, err
		}
	}
	if a, ok := opt.Auth.(mailbox.CertificateAuth); ok {
		o.Certificate = func(der []byte) (string, error) {
			var err error
			s.proved, err = a.Certificate(s.exchanging, der)
			return s.proved.User, err
		}
	}
	return o
}

// mechanisms are those that are offered, best first. SCRAM binds to a channel
// only where the transport has one.
func mechanisms(o sasl.ServerOptions) []imapserver.Mechanism {
	var out []imapserver.Mechanism
	for _, name := range o.Mechanisms() {
		out = append(out, imapserver.Mechanism{Name: name, Plaintext: sasl.Plaintext(name)})
	}
	return out
}

// enter verifies credentials and opens the account.
func (s *Session) enter(ctx context.Context, id engine.ID, c *sasl.Credentials, done string) {
	identity, err := s.srv.opt.Auth.Verify(ctx, c.User, string(c.Password))
	var user mailbox.User
	if err == nil {
		identity, user, err = s.openAs(ctx, identity, c.AuthzID)
	}
	s.entered(id, identity, user, err, done)
}

// entered ends a login.
func (s *Session) entered(id engine.ID, identity mailbox.Identity, user mailbox.User, err error, done string) {
	if err != nil {
		s.failed++
		s.conn.Done(id, s.condition(err))
		return
	}
	s.identity, s.user = identity, user
	s.conn.Done(id, ok(nil, done))
}

// openAs opens the account of somebody who proved to be identity and wants to act
// as authzID, if that is not empty.
func (s *Session) openAs(ctx context.Context, identity mailbox.Identity, authzID string) (mailbox.Identity, mailbox.User, error) {
	if authzID != "" && authzID != identity.User {
		a, may := s.srv.opt.Auth.(mailbox.Authorizer)
		if !may {
			return identity, nil, mailbox.ErrAuthorization
		}
		var err error
		if identity, err = a.Authorize(ctx, identity, authzID); err != nil {
			return identity, nil, err
		}
	}
	user, err := s.srv.store.User(ctx, identity.User)
	if errors.Is(err, mailbox.ErrNonExistent) {
		// Somebody who can log in and has no mail here.
		err = mailbox.ErrAuthorization
	}
	return identity, user, err
}
