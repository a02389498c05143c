package sasl

import (
	"bytes"
	"unicode/utf8"

	"github.com/mailwire/mailwire/imapwire/engine"
)

// Plain is the name of the mechanism of RFC 4616.
const Plain = "PLAIN"

// maxName is the most octets of an authorization or authentication identity
// and of a password (RFC 4616 §2: 255 octets each).
const maxName = 255

type plainServer struct{ asked bool }

// Step implements Server.
//
//	message = [authzid] UTF8NUL authcid UTF8NUL passwd
func (s *plainServer) Step(response []byte) (Step, error) {
	if response == nil && !s.asked {
		s.asked = true
		return &Challenge{}, nil
	}
	fields := bytes.Split(response, []byte{0})
	if len(fields) != 3 || len(fields[1]) == 0 || len(fields[2]) == 0 {
		return nil, ErrSyntax
	}
	for _, f := range fields {
		if len(f) > maxName || !utf8.Valid(f) {
			return nil, ErrSyntax
		}
	}
	return &Credentials{
		AuthzID:  string(fields[0]),
		User:     string(fields[1]),
		Password: engine.Secret(fields[2]),
	}, nil
}
