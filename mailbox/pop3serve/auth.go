package pop3serve

import (
	"context"
	"errors"
	"fmt"

	"github.com/mailwire/mailwire/imapwire/engine"
	"github.com/mailwire/mailwire/imapwire/sasl"
	"github.com/mailwire/mailwire/mailbox"
	"github.com/mailwire/mailwire/pop3wire/pop3server"
)

func (s *Session) login(ctx context.Context, ev *pop3server.Login) {
	s.identify(ctx, ev.ID, &sasl.Credentials{User: ev.User, Password: ev.Password})
}

// apop compares the digest with that of the user's secret, or of one that nobody
// has, so that who has none can not be told by the time it takes.
func (s *Session) apop(ctx context.Context, ev *pop3server.Apop) {
	secret, identity, err := s.srv.secrets.SharedSecret(ctx, ev.User)
	if right := ev.Verify(engine.Secret(secret)); err == nil && (!right || secret == "") {
		err = mailbox.ErrAuthentication
	}
	if err != nil {
		s.deny(ev.ID, err)
		return
	}
	s.enter(ctx, ev.ID, identity)
}

func (s *Session) auth(ctx context.Context, ev *pop3server.Auth) {
	m, err := s.saslOptions(s.conn.Security()).Server(ev.Mechanism)
	if err != nil {
		s.conn.Done(ev.ID, refuse("no such mechanism"))
		return
	}
	s.exchange = m
	var initial []byte
	if ev.HasInitial {
		// Not nil: an empty initial response is one (RFC 5034 §4).
		initial = append([]byte{}, ev.Initial...)
	}
	s.saslStep(ctx, ev.ID, initial)
}

func (s *Session) authResponse(ctx context.Context, ev *pop3server.AuthResponse) {
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
		if !errors.Is(err, mailbox.ErrUnavailable) {
			// The same answer as for a wrong password.
			err = mailbox.ErrAuthentication
		}
		s.deny(id, err)
		return
	}
	switch step := step.(type) {
	case *sasl.Challenge:
		s.refused = step.Err != nil
		s.conn.Challenge(id, step.Data)
	case *sasl.Credentials:
		s.exchange = nil
		s.identify(ctx, id, step)
	case *sasl.Authenticated:
		s.exchange = nil
		identity, err := s.authorize(ctx, s.proved, step.AuthzID)
		s.entered(ctx, id, identity, err)
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

// identify verifies credentials.
func (s *Session) identify(ctx context.Context, id engine.ID, c *sasl.Credentials) {
	identity, err := s.srv.opt.Auth.Verify(ctx, c.User, string(c.Password))
	if err == nil {
		identity, err = s.authorize(ctx, identity, c.AuthzID)
	}
	s.entered(ctx, id, identity, err)
}

// authorize returns whom somebody may act as who proved to be identity and wants
// to be authzID, if that is not empty.
func (s *Session) authorize(ctx context.Context, identity mailbox.Identity, authzID string) (mailbox.Identity, error) {
	if authzID == "" || authzID == identity.User {
		return identity, nil
	}
	a, may := s.srv.opt.Auth.(mailbox.Authorizer)
	if !may {
		return identity, mailbox.ErrAuthorization
	}
	return a.Authorize(ctx, identity, authzID)
}

// entered goes on after a proof, or denies it.
func (s *Session) entered(ctx context.Context, id engine.ID, identity mailbox.Identity, err error) {
	if err != nil {
		s.deny(id, err)
		return
	}
	s.enter(ctx, id, identity)
}

// enter opens the maildrop of somebody who proved to be its user. What stands in
// the way then is told as it is: RFC 2449 §8.1.2 has IN-USE say that the
// credentials were right.
func (s *Session) enter(ctx context.Context, id engine.ID, identity mailbox.Identity) {
	s.who = identity.User
	p := s.srv.policyOf(s.who)
	if !s.srv.logins.may(s.who, s.now, p.LoginDelay) {
		s.deny(id, errTooSoon)
		return
	}
	drop, err := s.srv.open(ctx, s.who, s.now, p)
	if err != nil {
		s.deny(id, err)
		return
	}
	if s.srv.opt.UserPolicy != nil {
		// It was checked with the server's: only numbers differ.
		if err := s.conn.SetCapabilities(s.srv.listsFor(p)); err != nil {
			drop.release()
			s.deny(id, err)
			return
		}
	}
	s.user, s.drop = s.who, drop
	s.srv.logins.note(s.who, s.now, s.srv.opt.Policy.LoginDelay)
	s.conn.Done(id, ok(fmt.Sprintf("%d messages (%d octets)", drop.count, drop.size)))
}

// deny answers a login that failed.
func (s *Session) deny(id engine.ID, err error) {
	for _, theirs := range []error{mailbox.ErrAuthentication, mailbox.ErrAuthorization, mailbox.ErrExpired} {
		if errors.Is(err, theirs) {
			s.failed++
			break
		}
	}
	s.conn.Done(id, s.condition(err))
}
