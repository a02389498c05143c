package sasl

import (
	"crypto/hmac"
	"errors"
	"strconv"
	"strings"
)

// scramServer is the server's side of all four. Nothing that it does before the
// end depends on whether the user exists.
type scramServer struct {
	opt       ServerOptions
	mechanism *mechanism
	// binding is the channel binding data; nil: the transport has none.
	binding []byte

	state  scramState
	gs2    gs2Header
	user   string
	nonce  string // that of the client and, behind it, the server's
	keys   ScramCredentials
	lookup error  // of the user; kept for the end
	signed string // AuthMessage, as far as it is known
}

type scramState uint8

const (
	scramFirst scramState = iota
	scramFinal
	scramAck
)

func (s *scramServer) step(response []byte) (Step, error) {
	switch s.state {
	case scramFirst:
		return s.first(string(response))
	case scramFinal:
		return s.final(string(response))
	}
	if len(response) != 0 {
		return nil, ErrSyntax
	}
	return &Authenticated{User: s.user, AuthzID: s.gs2.authzid}, nil
}

// refuse tells the client why the exchange fails, if SCRAM has a word for it.
// What is wrong with a proof it is not told: the failure is at once.
func refuse(err error) (Step, error) {
	var e *ScramError
	if !errors.As(err, &e) {
		return nil, err
	}
	return &Challenge{Data: []byte("e=" + e.Code), Err: e}, nil
}

// client-first-message = gs2-header [reserved-mext ","]
//
//	username "," nonce ["," extensions]
func (s *scramServer) first(message string) (Step, error) {
	gs2, bare, ok := parseGS2(message)
	if !ok {
		return nil, ErrSyntax
	}
	if err := s.checkBinding(gs2); err != nil {
		return refuse(err)
	}
	values, err := expect(attributes(bare), "nr")
	if err != nil {
		return refuse(err)
	}
	name, ok := parseSASLName(values[0])
	if !ok || !printable(values[1]) {
		return nil, ErrSyntax
	}
	if s.user, err = prepare(name); err != nil {
		return refuse(&ScramError{scramName})
	}
	if s.nonce == "" {
		if s.nonce, err = newNonce(s.opt.Random); err != nil {
			return nil, err
		}
	}
	s.gs2, s.nonce = gs2, values[1]+s.nonce
	s.find()
	first := "r=" + s.nonce + ",s=" + encode64(s.keys.Salt) + ",i=" + strconv.Itoa(s.keys.Iterations)
	s.signed = bare + "," + first + ","
	s.state = scramFinal
	return &Challenge{Data: []byte(first)}, nil
}

// checkBinding is RFC 5802 §6: the flag has to be "p" with a -PLUS mechanism
// and with no other, and a client that has seen no -PLUS ("y") has been lied
// to if there is one.
func (s *scramServer) checkBinding(gs2 gs2Header) error {
	switch {
	case gs2.flag == 'y' && s.binding != nil:
		return &ScramError{scramDoes}
	case gs2.flag == 'p' && !s.mechanism.plus:
		return &ScramError{scramNoBinding}
	case gs2.flag == 'p' && gs2.binding != tlsExporter:
		return &ScramError{scramNoType}
	case gs2.flag != 'p' && s.mechanism.plus:
		return &ScramError{scramNoMatch}
	}
	return nil
}

// find looks the keys up. Those of nobody are made for everybody, so that
// everybody costs the same.
func (s *scramServer) find() {
	h := s.mechanism.hash
	nobody := pseudoCredentials(s.opt, h, s.user)
	s.keys, s.lookup = s.opt.Scram(h, s.user)
	if s.lookup == nil && !s.keys.valid(h) {
		s.lookup = errKeys
	}
	if s.lookup != nil {
		s.keys = nobody
	}
}

var errKeys = errors.New("sasl: the server's SCRAM credentials are not valid")

// client-final-message = channel-binding "," nonce ["," extensions] "," proof
func (s *scramServer) final(message string) (Step, error) {
	i := strings.LastIndex(message, ",p=")
	if i < 0 {
		return nil, ErrSyntax
	}
	unsigned, proof64 := message[:i], message[i+len(",p="):]
	values, err := expect(attributes(unsigned), "cr")
	if err != nil {
		return refuse(err)
	}
	proof, ok := decode64(proof64)
	if !ok || len(proof) != s.mechanism.hash.size() {
		return nil, ErrSyntax
	}
	binding := s.gs2.raw
	if s.mechanism.plus {
		binding += string(s.binding)
	}
	if !hmac.Equal([]byte(values[0]), []byte(encode64(binding))) {
		return refuse(&ScramError{scramNoMatch})
	}
	if !hmac.Equal([]byte(values[1]), []byte(s.nonce)) {
		return nil, ErrAuthentication
	}
	signed := s.signed + unsigned
	h := s.mechanism.hash
	client := xor(proof, h.mac([]byte(s.keys.StoredKey), signed))
	same := hmac.Equal(h.sum(client), []byte(s.keys.StoredKey))
	signature := h.mac([]byte(s.keys.ServerKey), signed)
	switch {
	case s.lookup != nil:
		return nil, s.lookup
	case !same:
		return nil, ErrAuthentication
	}
	s.state = scramAck
	return &Challenge{Data: []byte("v=" + encode64(signature))}, nil
}
