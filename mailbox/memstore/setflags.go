package memstore

import (
	"context"
	"slices"

	"github.com/mailwire/mailwire/imapwire/imap"
	"github.com/mailwire/mailwire/mailbox"
)

// Store implements [mailbox.Folder].
func (h handle) Store(ctx context.Context, uids imap.UIDSet, update mailbox.FlagUpdate) (res mailbox.StoreResult, err error) {
	err = h.change(ctx, func() (rings []mailbox.Ring, err error) {
		res, err = h.f.setFlags(uids, update)
		if res.ModSeq > 0 {
			rings = []mailbox.Ring{h.f.bell()}
		}
		return rings, err
	})
	return res, err
}

func (f *folder) setFlags(uids imap.UIDSet, update mailbox.FlagUpdate) (mailbox.StoreResult, error) {
	res := mailbox.StoreResult{Before: f.modSeq}
	found, _ := f.pick(uids)
	targets := found[:0]
	for _, e := range found {
		if update.HasUnchangedSince && e.ModSeq > update.UnchangedSince {
			res.Modified.Add(e.UID)
			continue
		}
		targets = append(targets, e)
	}
	if len(targets) == 0 {
		return res, nil
	}
	lim := &f.a.store.opt.Limits
	flags := update.Flags
	switch update.Op {
	case mailbox.RemoveFlags:
		// What the folder does not know no message has.
		flags = slices.DeleteFunc(slices.Clone(flags), func(k imap.Flag) bool {
			return !k.IsSystem() && f.keywords.byFold[k.Fold()] == ""
		})
	case mailbox.SetFlags, mailbox.AddFlags:
		// Nor does it learn what may not be set.
		flags = slices.DeleteFunc(slices.Clone(flags), func(k imap.Flag) bool {
			return update.Keep != nil && !update.Keep(k)
		})
	}
	resolved, fresh, err := f.keywords.resolve(flags, lim)
	if err != nil {
		return mailbox.StoreResult{}, err
	}
	change := flagChange{op: update.Op, flags: resolved, keep: update.Keep}
	if err := f.a.store.fail("store"); err != nil {
		return mailbox.StoreResult{}, err
	}
	f.keywords.learn(fresh)
	m := f.next()
	// Messages next to each other often have the same flags; then they share
	// the memory of the new ones.
	var before, after []imap.Flag
	var changed bool
	for i, e := range targets {
		if i == 0 || !slices.Equal(e.Flags, before) {
			before = e.Flags
			if after, changed = change.apply(before); changed {
				after = f.flagLists.share(after)
			}
		}
		if !changed {
			continue
		}
		f.count(e, -1)
		e.Flags = after
		f.count(e, 1)
		f.touch(e, m)
		res.ModSeq = m
		res.Changed.Add(e.UID)
	}
	return res, nil
}
