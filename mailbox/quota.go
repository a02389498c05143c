package mailbox

import (
	"context"

	"github.com/mailwire/mailwire/quota"
)

// A QuotaStore is a [Store] that keeps quotas (RFC 9208) and shows them. Its
// users are [QuotaUser], its folders [QuotaFolder]. When it is a [Watcher] too,
// it rings with [Ring.Quota].
type QuotaStore interface {
	// QuotaSupport returns what there is for all users. It is always the same.
	QuotaSupport() QuotaSupport
}

// QuotaSupport is what a [QuotaStore] does with quotas.
type QuotaSupport struct {
	// Resources are what the store counts; at least one.
	Resources []quota.Resource
	// Set: some users may set limits.
	Set bool
	// Warnings are usages at whose crossing a client is told, the most
	// important first ([quota.Crossed]).
	Warnings []quota.Threshold
}

// A QuotaUser is a [User] whose folders count in quota roots. Roots that come
// back are as of one moment.
type QuotaUser interface {
	// QuotaRoots returns the roots that a message in the folder named name
	// counts in. The folder need not exist; a name that can not be is
	// [ErrCannot].
	QuotaRoots(ctx context.Context, name string) ([]quota.Root, error)
	// QuotaRoot returns the root of that name. One that does not exist, or is
	// not for the user to see, is [ErrNonExistent].
	QuotaRoot(ctx context.Context, root string) (quota.Root, error)
	// SetQuota gives a root exactly these limits, soft ones included, and
	// returns what it became: the store may round. They may be below what is
	// used; then only what does not grow is possible. The errors are those of
	// QuotaRoot, [ErrNoPerm], and [ErrCannot] for a limit that can not be.
	SetQuota(ctx context.Context, root string, limits quota.Limits) (quota.Root, error)
}

// A QuotaFolder is a [Folder] that counts in quota roots.
type QuotaFolder interface {
	// QuotaRoots returns the roots that a message in the folder counts in now.
	QuotaRoots(ctx context.Context) ([]quota.Root, error)
}
