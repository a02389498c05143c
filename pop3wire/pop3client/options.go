package pop3client

import (
	"github.com/mailwire/mailwire/imapwire/engine"
	"github.com/mailwire/mailwire/pop3wire"
)

// Options say how a [Conn] behaves. The zero value never shows a password to an
// open network.
type Options struct {
	// Security is the transport at the beginning.
	Security engine.Security
	// PlaintextAuth says when USER, PASS, and AUTH with a mechanism that shows a
	// password or a token, may be sent in the clear. Where they may not, they are
	// refused with [ErrPlaintext], and no octet of them leaves. A mechanism that
	// shows nothing is used: see [engine.PlaintextAuth.AllowsMechanism].
	PlaintextAuth engine.PlaintextAuth
	// APOP says when APOP may be sent in the clear. Whoever sees it can try
	// passwords, and a server that is an impostor can find some of it by
	// collisions of MD5.
	APOP engine.PlaintextAuth
	// RequireTLS: nothing but CAPA, STLS and QUIT is sent before the transport is
	// encrypted; all else is [ErrPlaintext].
	RequireTLS bool
	// EightBit: names and passwords beyond ASCII are sent to servers that have not
	// announced UTF8 with USER, against RFC 6856 §2.2.
	EightBit bool
	// Ignore are capabilities, in upper case, that the engine takes for not
	// announced: "PIPELINING" for one command at a time.
	Ignore []string

	// Strict: no deviation is tolerated.
	Strict bool
	// Tolerate are deviations that are tolerated beside those that are by
	// default: all but [BlankLines].
	Tolerate Tolerance
	// Refuse are deviations that are not.
	Refuse Tolerance

	// Limits bound what the server can cost: ResponseLine, SASLLine, SASLSteps,
	// Capabilities, Ahead, Output, AnswerTime and OutputTime.
	Limits pop3wire.Limits
}
