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
	m, found := sasl.NewServer(ev.Mechanism)
	if !found {
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
		s.exchange = nil
		return
	}
	s.saslStep(ctx, ev.ID, append([]byte{}, ev.Data...))
}

func (s *Session) saslStep(ctx context.Context, id engine.ID, response []byte) {
	step, err := s.exchange.Step(response)
	if err != nil {
		s.exchange = nil
		s.failed++
		// The same answer as for a wrong password: RFC 9051 §11.7.
		s.conn.Done(id, s.condition(mailbox.ErrAuthentication))
		return
	}
	switch step := step.(type) {
	case *sasl.Challenge:
		s.conn.Challenge(id, step.Data)
	case *sasl.Credentials:
		s.exchange = nil
		s.enter(ctx, id, step, "AUTHENTICATE completed")
	}
}

// enter verifies credentials and opens the account.
func (s *Session) enter(ctx context.Context, id engine.ID, c *sasl.Credentials, done string) {
	identity, user, err := s.open(ctx, c)
	if err != nil {
		s.failed++
		s.conn.Done(id, s.condition(err))
		return
	}
	s.identity, s.user = identity, user
	s.conn.Done(id, ok(nil, done))
}

func (s *Session) open(ctx context.Context, c *sasl.Credentials) (mailbox.Identity, mailbox.User, error) {
	identity, err := s.srv.opt.Auth.Verify(ctx, c.User, string(c.Password))
	if err != nil {
		return identity, nil, err
	}
	if c.AuthzID != "" && c.AuthzID != identity.User {
		a, may := s.srv.opt.Auth.(mailbox.Authorizer)
		if !may {
			return identity, nil, mailbox.ErrAuthorization
		}
		if identity, err = a.Authorize(ctx, identity, c.AuthzID); err != nil {
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
