package mailbox

import (
	"context"
	"time"
)

// A LeaseFolder is a [Folder] that one holder at a time can have for itself, on
// whatever node of a store it is opened: the lock on a maildrop that POP3 asks
// for (RFC 1939 §4). A lease keeps out other leases and nothing else: whoever
// does not ask for one reads and changes the folder as ever. Without it package
// pop3serve keeps a lock of its own, which ends at the process.
type LeaseFolder interface {
	// Lease gives the folder to the caller for the time ttl. While somebody
	// else has it, it is [ErrInUse].
	Lease(ctx context.Context, ttl time.Duration) (Lease, error)
}

// A Lease is a folder held for some time, measured by the store's clock, so that
// what a dead node held is free again. It is used by one goroutine at a time.
type Lease interface {
	// Renew makes the lease end ttl from now. It is [ErrInUse] when the lease
	// was lost: it ran out, and somebody else has had the folder since. One
	// that ran out and that nobody missed goes on. One that was released is
	// lost. In a folder that was deleted it is [ErrNonExistent].
	Renew(ctx context.Context, ttl time.Duration) error
	// Release ends the lease. Of one that is lost, or was released, it changes
	// nothing. An error means that the lease has to run out.
	Release() error
}
