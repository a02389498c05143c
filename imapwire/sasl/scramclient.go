package sasl

import (
	"crypto/hmac"
	"strings"
)

// scramClient is the client's side of all four.
type scramClient struct {
	mechanism *mechanism
	limits    Limits
	password  string // prepared
	gs2       string
	binding   []byte // sent behind the header; nil without -PLUS
	nonce     string
	bare      string // client-first-message-bare

	state     scramState
	signature []byte // that the server has to send
}

func newScramClient(o ClientOptions, m *mechanism, binding []byte) (clientSide, error) {
	user, err := prepare(o.User)
	if err != nil || !identity(user) || !identity(o.AuthzID) {
		return nil, ErrCredentials
	}
	password, err := prepare(string(o.Password))
	if err != nil {
		return nil, ErrCredentials
	}
	nonce, err := newNonce(o.Random)
	if err != nil {
		return nil, err
	}
	c := &scramClient{mechanism: m, limits: o.Limits, password: password}
	switch {
	case m.plus:
		c.gs2, c.binding = appendGS2("p="+tlsExporter, o.AuthzID), binding
	case binding != nil:
		c.gs2 = appendGS2("y", o.AuthzID)
	default:
		c.gs2 = appendGS2("n", o.AuthzID)
	}
	c.begin(user, nonce)
	return c, nil
}

func (c *scramClient) begin(user, nonce string) {
	c.nonce, c.bare = nonce, "n="+saslName(user)+",r="+nonce
}

func (c *scramClient) initial() (string, bool) { return c.gs2 + c.bare, false }

func (c *scramClient) step(challenge []byte) (string, bool, error) {
	message := string(challenge)
	list := attributes(message)
	if len(list) > 0 && list[0].name == 'e' && c.state != scramAck {
		return "", false, &ScramError{list[0].value}
	}
	switch c.state {
	case scramFirst:
		response, err := c.final(message, list)
		c.state = scramFinal
		return response, false, err
	case scramFinal:
		c.state = scramAck
		return "", true, c.verify(list)
	}
	return "", false, ErrSyntax
}

// final checks the server's first message, and answers it. No work is done
// for a message that is not right in all its parts.
//
//	server-first-message = [reserved-mext ","] nonce "," salt ","
//	                       iteration-count ["," extensions]
func (c *scramClient) final(first string, list []attribute) (string, error) {
	values, err := expect(list, "rsi")
	if err != nil {
		return "", err
	}
	nonce := values[0]
	if !printable(nonce) || len(nonce) == len(c.nonce) || !strings.HasPrefix(nonce, c.nonce) {
		return "", ErrServer
	}
	salt, ok := decode64(values[1])
	iterations, number := parseIterations(values[2])
	if !ok || !number {
		return "", ErrSyntax
	}
	if iterations < c.limits.MinIterations || iterations > c.limits.MaxIterations {
		return "", &IterationsError{Got: iterations, Min: c.limits.MinIterations, Max: c.limits.MaxIterations}
	}
	h := c.mechanism.hash
	k, err := deriveKeys(h, c.password, salt, iterations)
	if err != nil {
		return "", err
	}
	c.password = ""
	unsigned := "c=" + encode64(c.gs2+string(c.binding)) + ",r=" + nonce
	signed := c.bare + "," + first + "," + unsigned
	proof := xor(k.client, h.mac(k.stored, signed))
	c.signature = h.mac(k.server, signed)
	return unsigned + ",p=" + encode64(proof), nil
}

// verify checks that the server knows the keys too.
//
//	server-final-message = (server-error / verifier) ["," extensions]
func (c *scramClient) verify(list []attribute) error {
	values, err := expect(list, "v")
	if err != nil {
		return err
	}
	signature, ok := decode64(values[0])
	if !ok {
		return ErrSyntax
	}
	if !hmac.Equal(signature, c.signature) {
		return ErrServer
	}
	return nil
}

func (*scramClient) refused() error { return nil }
