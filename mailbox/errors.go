package mailbox

import (
	"errors"
	"fmt"

	"github.com/mailwire/mailwire/imapwire/imap"
)

// The errors of stores that have a meaning in the protocols; wrap them to say
// more. The bindings turn them into response codes (RFC 5530); any other error
// is the server's fault, and its text is not shown to clients.
var (
	// ErrNonExistent: no such user, folder or name.
	ErrNonExistent = errors.New("mailbox: does not exist")
	// ErrNoSelect: the name is only a parent of folders.
	ErrNoSelect = errors.New("mailbox: can not be opened")
	// ErrAlreadyExists: the name is taken.
	ErrAlreadyExists = errors.New("mailbox: exists already")
	// ErrHasChildren: the name has folders below it.
	ErrHasChildren = errors.New("mailbox: has children")
	// ErrCannot: this can never be done, for instance with that name.
	ErrCannot = errors.New("mailbox: impossible")
	// ErrNoPerm: the user has not the right to do this.
	ErrNoPerm = errors.New("mailbox: not permitted")
	// ErrOverQuota: it does not fit into a quota.
	ErrOverQuota = errors.New("mailbox: over quota")
	// ErrTooBig: the message is larger than the folder takes.
	ErrTooBig = errors.New("mailbox: message too big")
	// ErrLimit: a limit of the store other than a quota.
	ErrLimit = errors.New("mailbox: limit reached")
	// ErrUseAttr: the special use is not possible.
	ErrUseAttr = errors.New("mailbox: special use not possible")
	// ErrInUse: somebody else holds it; try later.
	ErrInUse = errors.New("mailbox: in use")
	// ErrExpunged: the message is gone.
	ErrExpunged = errors.New("mailbox: message is gone")
	// ErrSize: fewer or more octets were written than announced.
	ErrSize = errors.New("mailbox: message is not of the size announced")
	// ErrUnavailable: a part of the store does not answer; try later.
	ErrUnavailable = errors.New("mailbox: temporarily unavailable")
	// ErrCorruption: the store found its data damaged.
	ErrCorruption = errors.New("mailbox: damaged")
	// ErrAuthentication: user and password do not fit, or the user is unknown.
	ErrAuthentication = errors.New("mailbox: authentication failed")
	// ErrAuthorization: the user may not act as the one asked for.
	ErrAuthorization = errors.New("mailbox: authorization failed")
	// ErrExpired: the password was right and is no longer valid.
	ErrExpired = errors.New("mailbox: credentials expired")
)

// A FloorError reports that the history of a folder does not reach back to the
// modseq asked for.
type FloorError struct {
	// Floor is the smallest modseq that [Folder.Changes] takes.
	Floor imap.ModSeq
}

func (e *FloorError) Error() string {
	return fmt.Sprintf("mailbox: changes before modseq %d are gone", e.Floor)
}
