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
	m, found := sasl.NewServer(ev.Mechanism)
	if !found {
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
		s.exchange = nil
		return
	}
	s.saslStep(ctx, ev.ID, append([]byte{}, ev.Data...))
}

func (s *Session) saslStep(ctx context.Context, id engine.ID, response []byte) {
	step, err := s.exchange.Step(response)
	if err != nil {
		s.exchange = nil
		// The same answer as for a wrong password.
		s.deny(id, mailbox.ErrAuthentication)
		return
	}
	switch step := step.(type) {
	case *sasl.Challenge:
		s.conn.Challenge(id, step.Data)
	case *sasl.Credentials:
		s.exchange = nil
		s.identify(ctx, id, step)
	}
}

// identify verifies credentials.
func (s *Session) identify(ctx context.Context, id engine.ID, c *sasl.Credentials) {
	identity, err := s.srv.opt.Auth.Verify(ctx, c.User, string(c.Password))
	if err == nil && c.AuthzID != "" && c.AuthzID != identity.User {
		if a, may := s.srv.opt.Auth.(mailbox.Authorizer); may {
			identity, err = a.Authorize(ctx, identity, c.AuthzID)
		} else {
			err = mailbox.ErrAuthorization
		}
	}
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
