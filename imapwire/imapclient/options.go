package imapclient

import (
	"github.com/mailwire/mailwire/imapwire"
	"github.com/mailwire/mailwire/imapwire/engine"
	"github.com/mailwire/mailwire/imapwire/imap"
)

// Options say how a [Conn] behaves. The zero value never shows a password to an
// open network.
type Options struct {
	// Security is the transport at the beginning.
	Security engine.Security
	// PlaintextAuth says when LOGIN, and AUTHENTICATE with a mechanism that shows
	// a password or a token, may be sent in the clear. Where they may not, they
	// are refused with [ErrPlaintext], and no octet of them leaves. What shows
	// nothing is sent: see [engine.PlaintextAuth.AllowsMechanism].
	PlaintextAuth engine.PlaintextAuth
	// RequireTLS: nothing but CAPABILITY, ID, NOOP, STARTTLS and LOGOUT is sent
	// before the transport is encrypted; all else is [ErrPlaintext]. A server
	// that greets with PREAUTH in the clear, which makes STARTTLS impossible, is
	// left (RFC 9051 §11.1).
	RequireTLS bool
	// Ignore are capabilities that the engine takes for not announced.
	Ignore imap.Capabilities
	// Strict: responses are read as the grammar has them. Otherwise deviations that
	// servers are known for are understood, each with a [Tolerated]: those that are
	// not optional and those in Tolerate, less those in Refuse.
	Strict           bool
	Tolerate, Refuse imapwire.Tolerances
	// Reuse: the engine reuses the records of FETCH responses, so that a mailbox of
	// any size costs no memory: a [FetchEnd], its Data and the So of a [Body] are
	// borrowed until the next call, with all that hangs from them but strings, which
	// are the caller's for ever. [imapwire.FetchData.Clone] keeps a record.
	Reuse bool
	// Limits bound what the server can cost: the fields that start with
	// Response, and AnswerTime, OutputTime, IdleRenew and Output.
	Limits imapwire.Limits
}
