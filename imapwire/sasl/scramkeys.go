package sasl

import (
	"crypto/hmac"
	"crypto/pbkdf2"
	"crypto/sha1"
	"crypto/sha256"
	"fmt"
	"hash"
	"io"

	"github.com/mailwire/mailwire/imapwire/engine"
)

// A Hash is the hash function of a SCRAM mechanism.
type Hash uint8

const (
	_ Hash = iota
	// SHA1 is that of SCRAM-SHA-1 (RFC 5802).
	SHA1
	// SHA256 is that of SCRAM-SHA-256 (RFC 7677).
	SHA256
)

// String returns the name of h.
func (h Hash) String() string {
	switch h {
	case SHA1:
		return "SHA-1"
	case SHA256:
		return "SHA-256"
	}
	return "invalid"
}

func (h Hash) new() hash.Hash {
	if h == SHA1 {
		return sha1.New()
	}
	return sha256.New()
}

func (h Hash) size() int {
	if h == SHA1 {
		return sha1.Size
	}
	return sha256.Size
}

func (h Hash) sum(b []byte) []byte {
	f := h.new()
	f.Write(b)
	return f.Sum(nil)
}

func (h Hash) mac(key []byte, s string) []byte {
	f := hmac.New(h.new, key)
	io.WriteString(f, s)
	return f.Sum(nil)
}

// minIterations is the least that RFC 5802 §5.1 and RFC 7677 §4 ask of servers.
const minIterations = 4096

// maxIterations is the most that keys are made or told with. It bounds mistakes
// and not attacks.
const maxIterations = 1 << 30

// ScramCredentials are what a server keeps of a password for SCRAM (RFC 5802
// §3). They do not let anybody log in as the user, but let him who has them
// guess at the password, and pose as the server. The salt and the number are
// told to whoever asks.
type ScramCredentials struct {
	// Salt is any octets, not none. Every user has another.
	Salt []byte
	// Iterations is how often the password is hashed.
	Iterations int
	// StoredKey and ServerKey have as many octets as a hash.
	StoredKey engine.Secret
	ServerKey engine.Secret
}

// Format hides the secrets, whatever the verb.
func (s *ScramCredentials) Format(f fmt.State, _ rune) { engine.FormatFields(f, *s) }

// valid reports whether c can be keys of h.
func (c *ScramCredentials) valid(h Hash) bool {
	return len(c.Salt) > 0 && len(c.Salt) <= 1024 && c.Iterations > 0 && c.Iterations <= maxIterations &&
		len(c.StoredKey) == h.size() && len(c.ServerKey) == h.size()
}

// NewScramCredentials computes what a server has to keep of a password, which
// is prepared first. The salt has to be random, 16 octets or more are usual;
// the iterations are at least 4096. The errors are [ErrPrepare],
// [*IterationsError], and [ErrMechanism] for another hash or an empty salt.
func NewScramCredentials(h Hash, password engine.Secret, salt []byte, iterations int) (ScramCredentials, error) {
	if iterations < minIterations || iterations > maxIterations {
		return ScramCredentials{}, &IterationsError{Got: iterations, Min: minIterations, Max: maxIterations}
	}
	if h != SHA1 && h != SHA256 || len(salt) == 0 || len(salt) > 1024 {
		return ScramCredentials{}, ErrMechanism
	}
	p, err := prepare(string(password))
	if err != nil {
		return ScramCredentials{}, err
	}
	k, err := deriveKeys(h, p, salt, iterations)
	if err != nil {
		return ScramCredentials{}, err
	}
	return ScramCredentials{
		Salt: append([]byte(nil), salt...), Iterations: iterations,
		StoredKey: engine.Secret(k.stored), ServerKey: engine.Secret(k.server),
	}, nil
}

// scramKeys are what the client computes from the password.
type scramKeys struct{ client, stored, server []byte }

// deriveKeys is RFC 5802 §3 up to the keys; its Hi is PBKDF2.
func deriveKeys(h Hash, prepared string, salt []byte, iterations int) (scramKeys, error) {
	salted, err := pbkdf2.Key(h.new, prepared, salt, iterations, h.size())
	if err != nil {
		return scramKeys{}, err
	}
	client := h.mac(salted, "Client Key")
	return scramKeys{client: client, stored: h.sum(client), server: h.mac(salted, "Server Key")}, nil
}

// pseudo is what a server makes up about users who do not exist: the same for
// the same user, nothing that anybody could compute without the pepper.
func pseudo(pepper engine.Secret, what, user string) []byte {
	return SHA256.mac([]byte(pepper), what+"\x00"+user)
}

// DeriveScram returns the keys of a user whose secret o.Secret returns, computed
// from it at every login: for servers that keep secrets rather than keys, as
//
//	o.Scram = o.DeriveScram
//
// The salt depends on o.Pepper and the user, as it does for users who do not
// exist, and those cost as much. The errors are those of o.Secret and of
// [NewScramCredentials].
func (o ServerOptions) DeriveScram(h Hash, user string) (ScramCredentials, error) {
	nobody := pseudoCredentials(o, h, user)
	secret, err := o.Secret(user)
	if err != nil {
		secret = "nobody"
	}
	c, derived := NewScramCredentials(h, secret, nobody.Salt, nobody.Iterations)
	if err == nil {
		err = derived
	}
	return c, err
}

// pseudoCredentials are the keys of a user who does not exist. Nobody knows a
// password for them.
func pseudoCredentials(o ServerOptions, h Hash, user string) ScramCredentials {
	c := ScramCredentials{Iterations: o.Iterations}
	if c.Iterations < minIterations {
		c.Iterations = minIterations
	}
	c.Salt = pseudo(o.Pepper, "salt "+h.String(), user)[:16]
	c.StoredKey = engine.Secret(pseudo(o.Pepper, "stored "+h.String(), user)[:h.size()])
	c.ServerKey = engine.Secret(pseudo(o.Pepper, "server "+h.String(), user)[:h.size()])
	return c
}
