package sasl

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/mailwire/mailwire/imapwire/engine"
)

// OAuthBearer is the name of the mechanism of RFC 7628 for bearer tokens.
const OAuthBearer = "OAUTHBEARER"

// A Token is what a client presents in OAUTHBEARER and XOAUTH2.
type Token struct {
	// AuthzID is the account that the client names; empty: it names none.
	AuthzID string
	// Token is the bearer token, without "Bearer": one or more printable
	// characters, no spaces.
	Token engine.Secret
	// Host and Port are whom the client believes to speak to; empty and zero
	// if it does not say. They have been compared with the options.
	Host string
	Port int
}

// Format hides the secrets, whatever the verb.
func (t *Token) Format(f fmt.State, _ rune) { engine.FormatFields(f, *t) }

// A TokenError is why a server refuses a token, in the words that it tells the
// client (RFC 7628 §3.2.2).
type TokenError struct {
	// Status is an error code of OAuth, such as "invalid_token", which an empty
	// one becomes in OAUTHBEARER. XOAUTH2 has the status of HTTP, and an empty
	// one becomes "401".
	Status string
	// Scope is a scope that is good for the service; empty: none is needed.
	Scope string
	// OpenIDConfiguration is the address of a discovery document.
	OpenIDConfiguration string
	// Raw is what the server sent, at the client: any octets.
	Raw []byte
}

func (e *TokenError) Error() string {
	status := e.Status
	if len(status) > 64 {
		status = status[:64]
	}
	return fmt.Sprintf("sasl: token refused with status %q", status)
}

// Is makes every TokenError [ErrAuthentication].
func (e *TokenError) Is(target error) bool { return target == ErrAuthentication }

// A tokenResult is the JSON of a TokenError. The scheme is what XOAUTH2 adds.
type tokenResult struct {
	Status              string `json:"status"`
	Schemes             string `json:"schemes,omitempty"`
	Scope               string `json:"scope,omitempty"`
	OpenIDConfiguration string `json:"openid-configuration,omitempty"`
}

func (e *TokenError) append(google bool) []byte {
	r := tokenResult{Status: e.Status, Scope: e.Scope, OpenIDConfiguration: e.OpenIDConfiguration}
	switch {
	case google:
		r.Schemes = "bearer"
		if r.Status == "" {
			r.Status = "401"
		}
	case r.Status == "":
		r.Status = "invalid_token"
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	// Strings can always be encoded.
	enc.Encode(r)
	return bytes.TrimSuffix(b.Bytes(), []byte("\n"))
}

// parseTokenError keeps what it does not understand.
func parseTokenError(b []byte) *TokenError {
	e := &TokenError{Raw: append([]byte{}, b...)}
	var r tokenResult
	if json.Unmarshal(b, &r) == nil {
		e.Status, e.Scope, e.OpenIDConfiguration = r.Status, r.Scope, r.OpenIDConfiguration
	}
	return e
}

// bearerServer is the server's side of both mechanisms, which differ in the
// form of what is said.
type bearerServer struct {
	opt    ServerOptions
	parse  func(message string) (*Token, error)
	google bool
}

func (s *bearerServer) step(response []byte) (Step, error) {
	t, err := s.parse(string(response))
	if err != nil {
		return nil, err
	}
	var user string
	switch {
	case t.Token == "", t.Host != "" && s.opt.Host != "" && !strings.EqualFold(t.Host, s.opt.Host),
		t.Port != 0 && s.opt.Port != 0 && t.Port != s.opt.Port:
		// A token for somebody else is not looked at (RFC 7628 §3.2).
		err = ErrAuthentication
	default:
		user, err = s.opt.Token(t)
	}
	if err == nil && user == "" {
		err = ErrAuthentication
	}
	if err == nil {
		return &Authenticated{User: user, AuthzID: t.AuthzID}, nil
	}
	told := &s.opt.Discovery
	errors.As(err, &told)
	// The client answers with %x01, or nothing in XOAUTH2; whatever it is, the
	// exchange has failed (RFC 7628 §3.2.3).
	return &Challenge{Data: told.append(s.google), Err: err}, nil
}

// parseOAuthBearer reads the client's message. Keys that are not known are
// ignored; one that is known stands once.
//
//	client-resp = (gs2-header kvsep *kvpair kvsep) / kvsep
//	kvpair      = key "=" value kvsep
//	key         = 1*(ALPHA)
//	value       = *(VCHAR / SP / HTAB / CR / LF )
//	kvsep       = %x01
func parseOAuthBearer(message string) (*Token, error) {
	gs2, rest, ok := parseGS2(message)
	rest, begun := strings.CutPrefix(rest, "\x01")
	pairs, ended := strings.CutSuffix(rest, "\x01\x01")
	// There is no form of it that binds to the channel.
	if !ok || gs2.flag == 'p' || !begun || !ended {
		return nil, ErrSyntax
	}
	t := &Token{AuthzID: gs2.authzid}
	seen := map[string]bool{}
	for pair := range strings.SplitSeq(pairs, "\x01") {
		key, value, ok := strings.Cut(pair, "=")
		if !ok || key == "" || strings.ContainsFunc(key, notAlpha) || strings.ContainsFunc(value, notValue) {
			return nil, ErrSyntax
		}
		switch key {
		case "auth", "host", "port":
			if seen[key] {
				return nil, ErrSyntax
			}
			seen[key] = true
		}
		switch key {
		case "auth":
			if t.Token, ok = parseBearer(value); !ok && value != "" {
				return nil, ErrSyntax
			}
		case "host":
			t.Host = value
		case "port":
			n, err := strconv.ParseUint(value, 10, 16)
			if err != nil || n == 0 || value[0] == '0' || value[0] == '+' {
				return nil, ErrSyntax
			}
			t.Port = int(n)
		}
	}
	if !seen["auth"] {
		return nil, ErrSyntax
	}
	return t, nil
}

func notAlpha(r rune) bool { return r > 0x7F || !alpha(byte(r)) }

func notValue(r rune) bool {
	return r > '~' || r < ' ' && r != '\t' && r != '\r' && r != '\n'
}

// parseBearer reads the value of an Authorization header. What a token looks
// like is for its issuer to say: no more is asked than that it is one word.
//
//	credentials = "Bearer" 1*SP b64token
func parseBearer(value string) (engine.Secret, bool) {
	const scheme = "Bearer "
	if len(value) < len(scheme) || !strings.EqualFold(value[:len(scheme)], scheme) {
		return "", false
	}
	token := strings.TrimLeft(value[len(scheme):], " ")
	return engine.Secret(token), bearerToken(token)
}

func bearerToken(s string) bool {
	return s != "" && !strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r > '~' })
}

// bearerClient is the client's side of both mechanisms.
type bearerClient struct {
	message string
	// answer is what tells the server to go on and fail.
	answer string
	failed *TokenError
}

// newOAuthBearerClient names the account as the authorization identity, as the
// examples of RFC 7628 do.
func newOAuthBearerClient(o ClientOptions) (clientSide, error) {
	authzid := o.AuthzID
	if authzid == "" {
		authzid = o.User
	}
	if !identity(authzid) || !bearerToken(string(o.Token)) || strings.ContainsFunc(o.Host, notValue) || o.Port < 0 || o.Port > 65535 {
		return nil, ErrCredentials
	}
	m := appendGS2("n", authzid) + "\x01"
	if o.Host != "" {
		m += "host=" + o.Host + "\x01"
	}
	if o.Port != 0 {
		m += "port=" + strconv.Itoa(o.Port) + "\x01"
	}
	return &bearerClient{message: m + "auth=Bearer " + string(o.Token) + "\x01\x01", answer: "\x01"}, nil
}

func (c *bearerClient) initial() (string, bool) { return c.message, true }

// step takes the server's failure: there is no other challenge.
func (c *bearerClient) step(challenge []byte) (string, bool, error) {
	if c.failed != nil {
		return "", false, ErrSyntax
	}
	c.failed = parseTokenError(challenge)
	return c.answer, false, nil
}

func (c *bearerClient) refused() error {
	if c.failed == nil {
		return nil
	}
	return c.failed
}
