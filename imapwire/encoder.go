package imapwire

import (
	"encoding/base64"
	"errors"
	"fmt"
	"io"

	"github.com/mailwire/mailwire/imapwire/engine"
)

// ErrEncode is wrapped by every error of an encoder: the value has no form on
// the wire, and nothing was written.
var ErrEncode = errors.New("imapwire: can not be encoded")

// maxEncodeDepth bounds values that were built in a circle.
const maxEncodeDepth = 1000

// How the encoder works
//
// An encoder appends to b. The error is sticky: after the first one, methods
// do nothing, and the caller cuts b back to where it began, so that a value
// that can not be encoded leaves no octet behind. Every method checks what it
// writes; raw octets (unknown commands, extensions) are read by a cursor first.
//
// No line ends in {n} unless literalHead wrote it: an atom contains no "{",
// a quoted string ends in its quote, and raw octets are checked.
type encoder struct {
	b   []byte
	err error
	// stops are the offsets in b at which the sender has to wait for "+".
	stops []int
	// bodies are messages that stand between octets of b.
	bodies []encodedBody

	literals LiteralPolicy
	// server: responses are written. Their literals never wait.
	server bool
	// utf8: quoted strings may hold UTF-8.
	utf8 bool
	// inline: bodies are read into b.
	inline bool
	depth  int
}

// An encodedBody is a message that stands at offset at of the octets around it.
type encodedBody struct {
	at      int
	content io.Reader
	size    int64
}

func (e *encoder) fail(format string, args ...any) {
	if e.err == nil {
		e.err = fmt.Errorf("%w: %s", ErrEncode, fmt.Sprintf(format, args...))
	}
}

// cut returns s short enough for an error.
func cut(s string) string { return s[:min(len(s), 24)] }

// enter goes one level deeper.
func (e *encoder) enter() bool {
	e.depth++
	if e.depth > maxEncodeDepth {
		e.fail("nested deeper than %d", maxEncodeDepth)
	}
	return e.err == nil
}

func (e *encoder) leave() { e.depth-- }

// raw appends s, which the caller vouches for.
func (e *encoder) raw(s string) {
	if e.err == nil {
		e.b = append(e.b, s...)
	}
}

func (e *encoder) byte(c byte) {
	if e.err == nil {
		e.b = append(e.b, c)
	}
}

func (e *encoder) sp() { e.byte(' ') }

func (e *encoder) crlf() { e.raw("\r\n") }

// tag = 1*<any ASTRING-CHAR except "+">
func (e *encoder) tag(s string) {
	if s == "" || !engine.Tag.All(s) {
		e.fail("%q is not a tag", cut(s))
		return
	}
	e.raw(s)
}

// atom = 1*ATOM-CHAR
func (e *encoder) atom(s string) {
	if s == "" || !engine.Atom.All(s) {
		e.fail("%q is not an atom", cut(s))
		return
	}
	e.raw(s)
}

// base64 = *(4base64-char) [base64-terminal]
func (e *encoder) base64(s string) {
	if e.err == nil {
		e.b = base64.StdEncoding.AppendEncode(e.b, []byte(s))
	}
}
