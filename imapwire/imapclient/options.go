package imapclient

import (
	"github.com/mailwire/mailwire/imapwire"
	"github.com/mailwire/mailwire/imapwire/engine"
)

// Options say how a [Conn] behaves. The zero value never shows a password to an
// open network.
type Options struct {
	// Security is the transport at the beginning.
	Security engine.Security
	// PlaintextAuth says when LOGIN and AUTHENTICATE may be sent in the clear.
	// Where they may not, they are refused with [ErrPlaintext], and no octet of
	// them leaves.
	PlaintextAuth engine.PlaintextAuth
	// Limits bound what the server can cost: the fields that start with
	// Response, and AnswerTime, OutputTime and Output.
	Limits imapwire.Limits
}
