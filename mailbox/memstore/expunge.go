package memstore

import (
	"context"
	"slices"

	"github.com/mailwire/mailwire/imapwire/imap"
	"github.com/mailwire/mailwire/mailbox"
)

// Expunge implements [mailbox.Folder].
func (h handle) Expunge(ctx context.Context, uids imap.UIDSet) (res mailbox.ExpungeResult, err error) {
	err = h.change(ctx, func() ([]mailbox.Ring, error) {
		f := h.f
		if f.deletedMsgs == 0 {
			return nil, nil
		}
		found, _ := f.pick(uids)
		went := slices.DeleteFunc(found, func(e *entry) bool { return !slices.Contains(e.Flags, imap.FlagDeleted) })
		if len(went) == 0 {
			return nil, nil
		}
		if err := f.a.store.fail("expunge"); err != nil {
			return nil, err
		}
		b := bill{{folder: f.id, shares: f.shares, went: amounts(went)}}
		roots, err := f.a.admit(b)
		if err != nil {
			return nil, err
		}
		f.a.post(b, roots)
		res = mailbox.ExpungeResult{UIDs: uidsOf(went), ModSeq: f.next()}
		f.remove(went, res.ModSeq)
		return []mailbox.Ring{f.bell()}, nil
	})
	return res, err
}
