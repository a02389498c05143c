package view

import (
	"errors"

	"github.com/mailwire/mailwire/imapwire/imap"
)

// ErrNumber reports a sequence number that names no message: the command that
// contains it is BAD, also for "*" in an empty folder (RFC 9051 §9, seq-number).
var ErrNumber = errors.New("view: no message has that sequence number")

// Resolve returns the messages that the set of a command names, as this
// session knows them, the moment it is called. With uid the set holds UIDs,
// and those that the client does not know of are left out; without, it holds
// sequence numbers, and one that names nothing is [ErrNumber]. saved is the
// content of "$".
func (v *View) Resolve(set imap.Set, uid bool, saved imap.UIDSet) (imap.UIDSet, error) {
	if set.Saved {
		return v.told.Intersect(saved), nil
	}
	if uid {
		return v.told.Intersect(set.ResolveUIDs(v.told.Max())), nil
	}
	if v.told.Len() == 0 {
		return nil, ErrNumber
	}
	ranges := set.Resolve(uint32(v.told.Len()))
	if n := len(ranges); n > 0 && uint64(ranges[n-1].Last) > uint64(v.told.Len()) {
		return nil, ErrNumber
	}
	return v.told.Slices(ranges), nil
}
