package sasl

import (
	"unicode/utf8"

	"github.com/mailwire/mailwire/imapwire/engine"
)

// Login is the name of the mechanism of draft-murchison-sasl-login.
const Login = "LOGIN"

type loginServer struct {
	user    string
	hasUser bool
	asked   bool
}

// Step implements Server. The server asks twice; a client may give the user
// name as its initial response.
func (s *loginServer) Step(response []byte) (Step, error) {
	if response == nil && !s.asked {
		s.asked = true
		return &Challenge{Data: []byte("User Name\x00")}, nil
	}
	if len(response) == 0 || len(response) > maxName || !utf8.Valid(response) {
		return nil, ErrSyntax
	}
	for _, c := range response {
		if c == 0 {
			return nil, ErrSyntax
		}
	}
	if !s.hasUser {
		s.user, s.hasUser, s.asked = string(response), true, true
		return &Challenge{Data: []byte("Password\x00")}, nil
	}
	return &Credentials{User: s.user, Password: engine.Secret(response)}, nil
}
