package imapserve

import (
	"context"
	"errors"

	"github.com/mailwire/mailwire/imapwire"
	"github.com/mailwire/mailwire/mailbox"
)

var (
	errReadOnly = errors.New("imapserve: read-only")
)

// errorTable is how errors of a store are told: NO with a code of RFC 5530 or
// of the RFC named, and a text for people.
var errorTable = []struct {
	err  error
	code imapwire.Code
	text string
}{
	{errTryCreate, imapwire.CodeTryCreate, "no such mailbox"},
	{errUnknownCTE, imapwire.CodeUnknownCTE, "the transfer encoding is not known"},
	{errReadOnly, imapwire.CodeReadOnly, "the mailbox is open read-only"},
	{mailbox.ErrNonExistent, imapwire.CodeNonExistent, "no such mailbox"},
	{mailbox.ErrNoSelect, imapwire.CodeCannot, "the mailbox can not be selected"},
	{mailbox.ErrAlreadyExists, imapwire.CodeAlreadyExists, "the mailbox exists already"},
	{mailbox.ErrHasChildren, imapwire.CodeHasChildren, "the mailbox has children"},
	{mailbox.ErrCannot, imapwire.CodeCannot, "that can not be done"},
	{mailbox.ErrNoPerm, imapwire.CodeNoPerm, "not permitted"},
	{mailbox.ErrOverQuota, imapwire.CodeOverQuota, "over quota"},
	{mailbox.ErrTooBig, imapwire.CodeTooBig, "message too big"},            // RFC 7889 §4
	{mailbox.ErrUseAttr, imapwire.CodeUseAttr, "special use not possible"}, // RFC 6154 §3
	{mailbox.ErrLimit, imapwire.CodeLimit, "limit reached"},
	{mailbox.ErrInUse, imapwire.CodeInUse, "in use, try again"},
	{mailbox.ErrExpunged, imapwire.CodeExpungeIssued, "some messages are gone"},
	{mailbox.ErrUnavailable, imapwire.CodeUnavailable, "temporarily unavailable"},
	{mailbox.ErrCorruption, imapwire.CodeCorruption, "the mailbox is damaged"},
	{mailbox.ErrAuthentication, imapwire.CodeAuthenticationFailed, "authentication failed"},
	{mailbox.ErrAuthorization, imapwire.CodeAuthorizationFailed, "authorization failed"},
	{mailbox.ErrExpired, imapwire.CodeExpired, "the password has expired"},
	{context.DeadlineExceeded, imapwire.CodeUnavailable, "that took too long"},
	{context.Canceled, imapwire.CodeUnavailable, "the server is shutting down"},
}

// condition returns how err is told to the client. The text of an error that
// the table lacks is not: it goes to Options.OnError.
func (s *Session) condition(err error) imapwire.StatusCondition {
	for _, e := range errorTable {
		if errors.Is(err, e.err) {
			return no(e.code, e.text)
		}
	}
	if s.srv.opt.OnError != nil {
		s.srv.opt.OnError(s.identity.User, err)
	}
	return no(imapwire.CodeServerBug, "internal error")
}

func ok(code imapwire.Code, text string) imapwire.StatusCondition {
	return imapwire.StatusCondition{Condition: imapwire.OK, Code: code, Text: text}
}

func no(code imapwire.Code, text string) imapwire.StatusCondition {
	return imapwire.StatusCondition{Condition: imapwire.NO, Code: code, Text: text}
}

func bad(text string) imapwire.StatusCondition {
	return imapwire.StatusCondition{Condition: imapwire.BAD, Text: text}
}
