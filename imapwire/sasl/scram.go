package sasl

import (
	"fmt"
	"io"
	"strconv"
	"strings"
)

// Names of the mechanisms of RFC 5802 and RFC 7677. Those with -PLUS bind to
// the channel, by tls-exporter (RFC 9266).
const (
	ScramSHA1       = "SCRAM-SHA-1"
	ScramSHA1Plus   = "SCRAM-SHA-1-PLUS"
	ScramSHA256     = "SCRAM-SHA-256"
	ScramSHA256Plus = "SCRAM-SHA-256-PLUS"
)

// The messages, which scramclient.go and scramserver.go exchange:
//
//	C: client-first   gs2-header "n=" saslname ",r=" nonce
//	S: server-first   "r=" nonce ",s=" base64 ",i=" number
//	C: client-final   "c=" base64 ",r=" nonce ",p=" base64
//	S: server-final   "v=" base64 / "e=" error
//	C: (empty)
//
// The last message is there as neither IMAP nor POP3 can say something together
// with success (RFC 4422 §3.6). Both sides sign all that went before:
//
//	AuthMessage = client-first without gs2-header "," server-first ","
//	              client-final without ",p="

// A ScramError is a failure that one side of SCRAM tells the other ("e=").
type ScramError struct {
	// Code is a server-error-value of RFC 5802 §7. At the client it is what
	// the server sent, which may be any text.
	Code string
}

// Values of server-error-value.
const (
	scramExtensions = "extensions-not-supported"
	scramNoMatch    = "channel-bindings-dont-match"
	scramDoes       = "server-does-support-channel-binding"
	scramNoBinding  = "channel-binding-not-supported"
	scramNoType     = "unsupported-channel-binding-type"
	scramName       = "invalid-username-encoding"
)

func (e *ScramError) Error() string {
	code := e.Code
	if len(code) > 64 {
		code = code[:64]
	}
	return fmt.Sprintf("sasl: SCRAM failed with %q", code)
}

// Is makes the codes that speak of channel binding [ErrChannelBinding], and
// every code [ErrAuthentication].
func (e *ScramError) Is(target error) bool {
	switch e.Code {
	case scramNoMatch, scramDoes, scramNoBinding, scramNoType:
		if target == ErrChannelBinding {
			return true
		}
	}
	return target == ErrAuthentication
}

// An attribute of a message: one letter and its value.
type attribute struct {
	name  byte
	value string
}

// attributes cuts a message; nil if it is not made of attributes.
//
//	attr-val = ALPHA "=" value
//	value    = 1*value-char
func attributes(message string) []attribute {
	if !text(message) {
		return nil
	}
	var list []attribute
	for field := range strings.SplitSeq(message, ",") {
		if len(field) < 3 || !alpha(field[0]) || field[1] != '=' {
			return nil
		}
		list = append(list, attribute{field[0], field[2:]})
	}
	return list
}

// expect returns the values of a message that has the attributes of names, in
// this order, first. Those behind them are extensions, which are optional and
// ignored, but neither "m", which means that they are not to be, nor another
// that the RFC gives a place (RFC 5802 §5.1).
func expect(list []attribute, names string) ([]string, error) {
	if len(list) > 0 && list[0].name == 'm' {
		return nil, &ScramError{scramExtensions}
	}
	if len(list) < len(names) {
		return nil, ErrSyntax
	}
	var values []string
	for i, a := range list {
		switch {
		case i < len(names) && a.name == names[i]:
			values = append(values, a.value)
		case i < len(names):
			return nil, ErrSyntax
		case a.name == 'm':
			return nil, &ScramError{scramExtensions}
		case strings.IndexByte("anrcsipve", a.name) >= 0:
			return nil, ErrSyntax
		}
	}
	return values, nil
}

// printable reports whether s can be a nonce.
//
//	printable = %x21-2B / %x2D-7E
func printable(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] <= ' ' || s[i] > '~' || s[i] == ',' {
			return false
		}
	}
	return s != ""
}

// newNonce is 144 random bits.
func newNonce(random io.Reader) (string, error) {
	var b [18]byte
	if _, err := io.ReadFull(random, b[:]); err != nil {
		return "", err
	}
	return encode64(b[:]), nil
}

// parseIterations reads a number that it need not hold: what is too large is
// the largest int32.
//
//	posit-number = %x31-39 *DIGIT
func parseIterations(s string) (int, bool) {
	if s == "" || s[0] == '0' {
		return 0, false
	}
	for i := 0; i < len(s); i++ {
		if !digit(s[i]) {
			return 0, false
		}
	}
	n, err := strconv.ParseInt(s, 10, 32)
	if err != nil {
		n = 1<<31 - 1
	}
	return int(n), true
}

// xor returns the exclusive or of two slices of the same length.
func xor(a, b []byte) []byte {
	x := make([]byte, len(a))
	for i := range a {
		x[i] = a[i] ^ b[i]
	}
	return x
}
