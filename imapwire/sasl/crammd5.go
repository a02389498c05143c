package sasl

import (
	"bytes"
	"crypto/hmac"
	"crypto/md5"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"io"

	"github.com/mailwire/mailwire/imapwire/engine"
)

// CramMD5 is the name of the mechanism of RFC 2195. It does not show the
// secret, but who reads an exchange can guess at it as fast as MD5 goes, and
// the server is not proved to be anybody.
const CramMD5 = "CRAM-MD5"

type cramServer struct {
	opt       ServerOptions
	challenge string
}

// step answers with a challenge in the form of a message identifier, of two
// random numbers where RFC 2195 §2 has one and a timestamp: there is no clock
// here, and no more is asked of the text than to be new.
//
//	response = user SP 32(%x30-39 / %x61-66)
func (s *cramServer) step(response []byte) (Step, error) {
	if response == nil {
		if s.challenge == "" {
			var b [16]byte
			if _, err := io.ReadFull(s.opt.Random, b[:]); err != nil {
				return nil, err
			}
			s.challenge = fmt.Sprintf("<%d.%d@%s>", binary.BigEndian.Uint64(b[:8]), binary.BigEndian.Uint64(b[8:]), s.opt.host())
		}
		return &Challenge{Data: []byte(s.challenge)}, nil
	}
	if s.challenge == "" {
		// The server speaks first: there is nothing that an initial response
		// could answer.
		return nil, ErrSyntax
	}
	// The user name may have spaces, the digest not.
	i := bytes.LastIndexByte(response, ' ')
	if i < 1 || !identity(string(response[:i])) || !lowerHex(response[i+1:]) {
		return nil, ErrSyntax
	}
	user := string(response[:i])
	// Made up for everybody, so that everybody costs the same.
	nobody := engine.Secret(hex.EncodeToString(pseudo(s.opt.Pepper, "cram-md5", user)))
	secret, err := s.opt.Secret(user)
	if err == nil && secret == "" {
		err = ErrAuthentication
	}
	if err != nil {
		secret = nobody
	}
	want := cramDigest(secret, s.challenge)
	if same := hmac.Equal([]byte(want), response[i+1:]); err != nil {
		return nil, err
	} else if !same {
		return nil, ErrAuthentication
	}
	return &Authenticated{User: user}, nil
}

func lowerHex(b []byte) bool {
	for _, c := range b {
		if !('0' <= c && c <= '9' || 'a' <= c && c <= 'f') {
			return false
		}
	}
	return len(b) == hex.EncodedLen(md5.Size)
}

func cramDigest(secret engine.Secret, challenge string) string {
	h := hmac.New(md5.New, []byte(secret))
	io.WriteString(h, challenge)
	return hex.EncodeToString(h.Sum(nil))
}

type cramClient struct {
	user   string
	secret engine.Secret
	done   bool
}

func newCramClient(o ClientOptions) (clientSide, error) {
	if !identity(o.User) || !identity(string(o.Password)) {
		return nil, ErrCredentials
	}
	return &cramClient{user: o.User, secret: o.Password}, nil
}

func (*cramClient) initial() (string, bool) { return "", false }

// step answers any printable text: servers that leave out the angle brackets
// exist.
func (c *cramClient) step(challenge []byte) (string, bool, error) {
	if c.done || len(challenge) == 0 {
		return "", false, ErrSyntax
	}
	for _, b := range challenge {
		if b < ' ' || b > '~' {
			return "", false, ErrSyntax
		}
	}
	c.done = true
	return c.user + " " + cramDigest(c.secret, string(challenge)), true, nil
}

func (*cramClient) refused() error { return nil }
