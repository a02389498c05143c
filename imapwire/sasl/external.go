package sasl

// External is the name of the mechanism of RFC 4422, Appendix A: the transport
// has identified the client.
const External = "EXTERNAL"

type externalServer struct{ opt ServerOptions }

// extern-initial-resp = [ authzid-string ]
func (s externalServer) step(response []byte) (Step, error) {
	authzid := string(response)
	if !identity(authzid) {
		return nil, ErrSyntax
	}
	user, err := s.opt.Certificate(s.opt.Security.Peer)
	if err != nil {
		return nil, err
	}
	if user == "" {
		return nil, ErrAuthentication
	}
	return &Authenticated{User: user, AuthzID: authzid}, nil
}

func newExternalClient(o ClientOptions) (clientSide, error) {
	if !identity(o.AuthzID) {
		return nil, ErrCredentials
	}
	return oneMessage(o.AuthzID), nil
}
