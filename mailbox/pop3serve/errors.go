package pop3serve

import (
	"context"
	"errors"

	"github.com/mailwire/mailwire/mailbox"
	"github.com/mailwire/mailwire/pop3wire"
)

var (
	// errTooSoon: LOGIN-DELAY has not passed.
	errTooSoon = errors.New("pop3serve: too soon after the last login")
	// errUTF8: the message needs UTF-8 mode.
	errUTF8 = errors.New("pop3serve: the message needs UTF8")
	// errLost: the lease on the maildrop ran out and somebody else had it.
	errLost = errors.New("pop3serve: the lock on the maildrop was lost")
)

// errorTable is how errors are told: -ERR with a code of RFC 2449, RFC 3206 or
// RFC 6856, and a text for people. What is likely to pass is SYS/TEMP, what
// somebody has to mend SYS/PERM.
var errorTable = []struct {
	err  error
	code pop3wire.Code
	text string
}{
	{errTooSoon, pop3wire.CodeLoginDelay, "too soon after the last login"},
	{errUTF8, pop3wire.CodeUTF8, "this message needs UTF8"},
	{errLost, pop3wire.CodeSysTemp, "the lock on the maildrop was lost"},
	{mailbox.ErrInUse, pop3wire.CodeInUse, "the maildrop is in use by another session"},
	{mailbox.ErrExpunged, "", "the message is gone"},
	{mailbox.ErrAuthentication, pop3wire.CodeAuth, "authentication failed"},
	{mailbox.ErrAuthorization, pop3wire.CodeAuth, "authorization failed"},
	{mailbox.ErrExpired, pop3wire.CodeAuth, "the password has expired"},
	{mailbox.ErrNonExistent, pop3wire.CodeSysPerm, "there is no maildrop"},
	{mailbox.ErrNoSelect, pop3wire.CodeSysPerm, "there is no maildrop"},
	{mailbox.ErrNoPerm, pop3wire.CodeSysPerm, "not permitted"},
	{mailbox.ErrCorruption, pop3wire.CodeSysPerm, "the maildrop is damaged"},
	{mailbox.ErrUnavailable, pop3wire.CodeSysTemp, "temporarily unavailable"},
	{mailbox.ErrLimit, pop3wire.CodeSysTemp, "limit reached"},
	{context.DeadlineExceeded, pop3wire.CodeSysTemp, "that took too long"},
	{context.Canceled, pop3wire.CodeSysTemp, "the server is shutting down"},
}

// condition returns how err is told to the client. The text of an error that
// the table lacks is not: it goes to Options.OnError.
func (s *Session) condition(err error) pop3wire.Status {
	for _, e := range errorTable {
		if errors.Is(err, e.err) {
			return pop3wire.Status{Code: e.code, Text: e.text}
		}
	}
	if s.srv.opt.OnError != nil {
		s.srv.opt.OnError(s.who, err)
	}
	return pop3wire.Status{Code: pop3wire.CodeSysPerm, Text: "internal error"}
}
