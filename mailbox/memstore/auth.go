package memstore

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"

	"github.com/mailwire/mailwire/mailbox"
)

// A passwordDigest stands for a password. All have one length, so that
// comparing two takes the same time whatever they are.
type passwordDigest [sha256.Size]byte

func digest(password string) passwordDigest { return sha256.Sum256([]byte(password)) }

// credentials are what a user logs in with.
type credentials struct {
	password passwordDigest
	// secret is the password itself, in a store that keeps it.
	secret string
}

func (s *Store) credentials(password string) credentials {
	c := credentials{password: digest(password)}
	if s.opt.KeepSecrets {
		c.secret = password
	}
	return c
}

// Verify implements [mailbox.Auth]. Names and passwords are compared octet by
// octet. An unknown user costs the same work as a known one.
func (s *Store) Verify(ctx context.Context, user, password string) (mailbox.Identity, error) {
	if err := ctx.Err(); err != nil {
		return mailbox.Identity{}, err
	}
	got := digest(password)
	var want passwordDigest
	known := 0
	s.mu.Lock()
	if a := s.accounts[user]; a != nil {
		want, known = a.password, 1
	}
	s.mu.Unlock()
	if subtle.ConstantTimeCompare(got[:], want[:])&known != 1 {
		return mailbox.Identity{}, mailbox.ErrAuthentication
	}
	return mailbox.Identity{User: user}, nil
}

// SetPassword changes a user's password. Unknown users are
// [mailbox.ErrNonExistent].
func (s *Store) SetPassword(user, password string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	a := s.accounts[user]
	if a == nil {
		return mailbox.ErrNonExistent
	}
	a.credentials = s.credentials(password)
	return nil
}

// KeepsSecrets implements [mailbox.Secrets]; see Options.KeepSecrets.
func (s *Store) KeepsSecrets() bool { return s.opt.KeepSecrets }

// SharedSecret implements [mailbox.Secrets]. A user's secret is the password.
func (s *Store) SharedSecret(ctx context.Context, user string) (string, mailbox.Identity, error) {
	if err := ctx.Err(); err != nil {
		return "", mailbox.Identity{}, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	a := s.accounts[user]
	if a == nil || a.secret == "" {
		return "", mailbox.Identity{}, mailbox.ErrAuthentication
	}
	return a.secret, mailbox.Identity{User: user}, nil
}
