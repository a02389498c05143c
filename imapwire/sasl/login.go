package sasl

import "github.com/mailwire/mailwire/imapwire/engine"

// Login is the name of the mechanism of draft-murchison-sasl-login.
const Login = "LOGIN"

type loginServer struct{ user string }

// The server asks twice; a client may give the user name as its initial
// response.
func (s *loginServer) step(response []byte) (Step, error) {
	switch {
	case response == nil:
		return &Challenge{Data: []byte("User Name\x00")}, nil
	case len(response) == 0 || !identity(string(response)):
		return nil, ErrSyntax
	case s.user == "":
		s.user = string(response)
		return &Challenge{Data: []byte("Password\x00")}, nil
	}
	return &Credentials{User: s.user, Password: engine.Secret(response)}, nil
}

type loginClient struct {
	answers []string
}

func newLoginClient(o ClientOptions) (clientSide, error) {
	if !identity(o.User) || !identity(string(o.Password)) {
		return nil, ErrCredentials
	}
	return &loginClient{answers: []string{o.User, string(o.Password)}}, nil
}

func (*loginClient) initial() (string, bool) { return "", false }

// The prompts are not looked at: every server has its own.
func (c *loginClient) step([]byte) (string, bool, error) {
	if len(c.answers) == 0 {
		return "", false, ErrSyntax
	}
	answer := c.answers[0]
	c.answers = c.answers[1:]
	return answer, len(c.answers) == 0, nil
}

func (*loginClient) refused() error { return nil }
