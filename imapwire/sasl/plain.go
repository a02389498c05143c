package sasl

import (
	"bytes"

	"github.com/mailwire/mailwire/imapwire/engine"
)

// Plain is the name of the mechanism of RFC 4616.
const Plain = "PLAIN"

type plainServer struct{}

// message = [authzid] UTF8NUL authcid UTF8NUL passwd
func (plainServer) step(response []byte) (Step, error) {
	fields := bytes.Split(response, []byte{0})
	if len(fields) != 3 || len(fields[1]) == 0 || len(fields[2]) == 0 {
		return nil, ErrSyntax
	}
	for _, f := range fields {
		if !identity(string(f)) {
			return nil, ErrSyntax
		}
	}
	return &Credentials{
		AuthzID:  string(fields[0]),
		User:     string(fields[1]),
		Password: engine.Secret(fields[2]),
	}, nil
}

// oneMessage is a client that says one thing and waits for the verdict.
type oneMessage string

func (m oneMessage) initial() (string, bool)         { return string(m), true }
func (oneMessage) step([]byte) (string, bool, error) { return "", false, ErrSyntax }
func (oneMessage) refused() error                    { return nil }

func newPlainClient(o ClientOptions) (clientSide, error) {
	if !identity(o.AuthzID) || !identity(o.User) || !identity(string(o.Password)) {
		return nil, ErrCredentials
	}
	return oneMessage(o.AuthzID + "\x00" + o.User + "\x00" + string(o.Password)), nil
}
