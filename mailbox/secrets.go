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

// A TokenAuth is an [Auth] that knows OAuth 2.0 bearer tokens (RFC 6750).
type TokenAuth interface {
	// Token returns whose token it is. user is the account that the client named;
	// empty when it named none. The failures are those of [Auth.Verify].
	Token(ctx context.Context, user, token string) (Identity, error)
}

// A CertificateAuth is an [Auth] that knows users by the certificates whose keys
// they proved to hold.
type CertificateAuth interface {
	// Certificate returns whose certificate it is, given in DER form. The failures
	// are those of [Auth.Verify]. Whether the certificate can be trusted was the
	// TLS layer's to check.
	Certificate(ctx context.Context, der []byte) (Identity, error)
}
