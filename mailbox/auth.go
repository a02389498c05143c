package mailbox

import "context"

// Auth tells who a client is. The bindings offer the mechanisms that it can
// serve: an Auth serves every mechanism that transmits a password.
type Auth interface {
	// Verify checks a password. The failures are [ErrAuthentication], also
	// for unknown users, [ErrExpired] and [ErrUnavailable]. It takes as long
	// for unknown users as for others.
	Verify(ctx context.Context, user, password string) (Identity, error)
}

// An Authorizer is an [Auth] that lets some users act as others: SASL's
// authorization identity. Without it nobody may.
type Authorizer interface {
	// Authorize returns the identity of user other for somebody who proved to
	// be id, or [ErrAuthorization].
	Authorize(ctx context.Context, id Identity, other string) (Identity, error)
}

// An Identity is a user who proved to be that user.
type Identity struct {
	// User is the name for [Store.User].
	User string
}
