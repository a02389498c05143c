package sasl

import "strings"

// XOAuth2 is the name of the mechanism that came before [OAuthBearer], and that
// large providers have. It stands in no RFC.
const XOAuth2 = "XOAUTH2"

// parseXOAuth2 reads the client's message. The user is the account that the
// client wants to open; whose token it is, the token says.
//
//	message = "user=" user %x01 "auth=Bearer " token %x01 %x01
func parseXOAuth2(message string) (*Token, error) {
	user, ok := strings.CutPrefix(message, "user=")
	user, rest, cut := strings.Cut(user, "\x01")
	auth, is := strings.CutPrefix(rest, "auth=")
	auth, end := strings.CutSuffix(auth, "\x01\x01")
	if !ok || !cut || !is || !end || !accountName(user) {
		return nil, ErrSyntax
	}
	t := &Token{AuthzID: user}
	if t.Token, ok = parseBearer(auth); !ok && auth != "" {
		return nil, ErrSyntax
	}
	return t, nil
}

func accountName(s string) bool {
	return s != "" && identity(s) && !strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r == 0x7F })
}

func newXOAuth2Client(o ClientOptions) (clientSide, error) {
	if !accountName(o.User) || !bearerToken(string(o.Token)) {
		return nil, ErrCredentials
	}
	// A failure is answered with nothing.
	return &bearerClient{message: "user=" + o.User + "\x01auth=Bearer " + string(o.Token) + "\x01\x01"}, nil
}
