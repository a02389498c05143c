package threats

import (
	"errors"
	"hash/fnv"
	"strconv"
	"strings"
	"testing"

	"github.com/mailwire/mailwire/imapwire/engine"
	"github.com/mailwire/mailwire/imapwire/sasl"
)

// saslMechanisms are all that package sasl has.
var saslMechanisms = []string{
	sasl.External, sasl.OAuthBearer, sasl.XOAuth2, sasl.ScramSHA256Plus, sasl.ScramSHA1Plus, sasl.ScramSHA256, sasl.ScramSHA1,
	sasl.CramMD5, sasl.Plain, sasl.Login, sasl.Anonymous,
}

// Who may log in, and with what.
const (
	saslUser     = "ada"
	saslPassword = "hunter2-and-more"
	saslToken    = "dG9rZW4tb2YtYWRh"
)

// saslRandom looks random, and is the same each time.
type saslRandom struct{ n uint64 }

func (r *saslRandom) Read(p []byte) (int, error) {
	for i := range p {
		h := fnv.New64a()
		h.Write(strconv.AppendUint(nil, r.n, 10))
		p[i] = byte(h.Sum64() >> 24)
		r.n++
	}
	return len(p), nil
}

// saslChannel is a TLS connection with a certificate of the client's.
var saslChannel = engine.Security{Encrypted: true, Peer: []byte("DER"), Exporter: func(_ string, _ []byte, n int) ([]byte, error) {
	return []byte(strings.Repeat("k", n)), nil
}}

var errNobody = errors.New("nobody of that name")

// saslServer are the options of a server that knows one user.
func saslServer() sasl.ServerOptions {
	o := sasl.ServerOptions{
		Security: saslChannel, Random: &saslRandom{}, Pepper: "0123456789abcdef", Host: "mail.example.org",
		Passwords: true, Anonymous: true, Hashes: []sasl.Hash{sasl.SHA256, sasl.SHA1},
		Secret: func(user string) (engine.Secret, error) {
			if user != saslUser {
				return "", errNobody
			}
			return saslPassword, nil
		},
		Token: func(t *sasl.Token) (string, error) {
			if string(t.Token) != saslToken {
				return "", &sasl.TokenError{Status: "invalid_token"}
			}
			return saslUser, nil
		},
		Certificate: func(der []byte) (string, error) {
			if string(der) != "DER" {
				return "", errNobody
			}
			return saslUser, nil
		},
	}
	o.Scram = o.DeriveScram
	return o
}

// saslClient are the options of a client that is that user.
func saslClient(mechanism string) sasl.ClientOptions {
	o := sasl.ClientOptions{
		Security: saslChannel, Random: &saslRandom{n: 1 << 20}, User: saslUser, Password: saslPassword, Token: saslToken,
		Host: "mail.example.org", External: true, Anonymous: true, Trace: "trace-of-ada",
	}
	if !strings.HasSuffix(mechanism, "-PLUS") {
		// It does not mean to bind.
		o.Security.Exporter = nil
	}
	return o
}

func saslPair(t testing.TB, mechanism string) (sasl.Client, sasl.Server) {
	t.Helper()
	c, err := sasl.NewClient(mechanism, saslClient(mechanism))
	if err != nil {
		t.Fatal(err)
	}
	s, err := saslServer().Server(mechanism)
	if err != nil {
		t.Fatal(err)
	}
	return c, s
}
