package mailbox

import "context"

// A Secrets is an [Auth] that shares secrets with users, for what proves that a
// client knows one without showing it: APOP (RFC 1939 §7), for instance. It has
// to keep them in the clear, which an Auth that verifies passwords need not.
type Secrets interface {
	// KeepsSecrets reports whether any user can have a secret. Otherwise
	// nothing is offered that needs one.
	KeepsSecrets() bool
	// SharedSecret returns the secret of a user, and who somebody is who knows
	// it. It is not empty. The failures are [ErrAuthentication], for unknown
	// users and for those without a secret, [ErrExpired] and
	// [ErrUnavailable].
	SharedSecret(ctx context.Context, user string) (secret string, id Identity, err error)
}
