package memstore

import (
	"context"
	"time"

	"github.com/mailwire/mailwire/imapwire/imap"
	"github.com/mailwire/mailwire/mailbox"
)

// Copy implements [mailbox.Folder].
func (h handle) Copy(ctx context.Context, uids imap.UIDSet, to string) (res mailbox.CopyResult, err error) {
	err = h.change(ctx, func() (rings []mailbox.Ring, err error) {
		res, rings, err = h.f.copy(uids, to)
		return rings, err
	})
	return res, err
}

func (f *folder) copy(uids imap.UIDSet, to string) (mailbox.CopyResult, []mailbox.Ring, error) {
	s := f.a.store
	dst, err := f.a.find(to)
	if err != nil {
		return mailbox.CopyResult{}, nil, err
	}
	sources, all := f.pick(uids)
	if !all {
		return mailbox.CopyResult{}, nil, mailbox.ErrExpunged
	}
	if len(sources) == 0 {
		return mailbox.CopyResult{UIDValidity: dst.validity}, nil, nil
	}
	if err := dst.fits(sources); err != nil {
		return mailbox.CopyResult{}, nil, err
	}
	if err := s.fail("copy.reserve"); err != nil {
		return mailbox.CopyResult{}, nil, err
	}
	b := bill{{folder: dst.id, shares: dst.shares, came: amounts(sources)}}
	roots, err := f.a.admit(b)
	if err != nil {
		return mailbox.CopyResult{}, nil, err
	}
	if err := s.fail("copy.commit"); err != nil {
		return mailbox.CopyResult{}, nil, err
	}
	f.a.post(b, roots)
	came := dst.copies(sources, s.now())
	dst.add(came, dst.next())
	res := mailbox.CopyResult{UIDValidity: dst.validity, Source: uidsOf(sources), Dest: uidsOf(came)}
	return res, []mailbox.Ring{dst.bell()}, nil
}

// fits returns [mailbox.ErrLimit] when the folder can not take copies of
// messages of another folder.
func (f *folder) fits(sources []*entry) error {
	if err := f.room(len(sources)); err != nil {
		return err
	}
	fresh := make(map[string]struct{})
	for _, e := range sources {
		for _, k := range e.Flags {
			if !k.IsSystem() && f.keywords.byFold[k.Fold()] == "" {
				fresh[k.Fold()] = struct{}{}
			}
		}
	}
	return f.keywords.room(len(fresh), &f.a.store.opt.Limits)
}

// copies returns entries for copies of messages of another folder, which fit,
// saved at now. They are not in the folder yet.
func (f *folder) copies(sources []*entry, now time.Time) []*entry {
	came := make([]*entry, len(sources))
	for i, e := range sources {
		flags := e.Flags
		for _, k := range e.Flags {
			if !k.IsSystem() && f.keywords.byFold[k.Fold()] != k {
				// Spelled as this folder spells it, and perhaps new to it.
				flags = f.adopt(e.Flags)
				break
			}
		}
		came[i] = newEntry(flags, e.InternalDate, now, e.content)
	}
	return came
}

// adopt returns flags of another folder as this folder spells them.
func (f *folder) adopt(flags []imap.Flag) []imap.Flag {
	out := make([]imap.Flag, len(flags))
	for i, k := range flags {
		if out[i] = k; !k.IsSystem() {
			f.keywords.learn([]imap.Flag{k})
			out[i] = f.keywords.byFold[k.Fold()]
		}
	}
	return out
}

// Move implements [mailbox.Folder].
func (h handle) Move(ctx context.Context, uids imap.UIDSet, to string) (res mailbox.CopyResult, err error) {
	err = h.change(ctx, func() (rings []mailbox.Ring, err error) {
		res, rings, err = h.f.move(uids, to)
		return rings, err
	})
	return res, err
}

func (f *folder) move(uids imap.UIDSet, to string) (mailbox.CopyResult, []mailbox.Ring, error) {
	s := f.a.store
	dst, err := f.a.find(to)
	if err != nil {
		return mailbox.CopyResult{}, nil, err
	}
	sources, _ := f.pick(uids)
	res := mailbox.CopyResult{UIDValidity: dst.validity}
	if len(sources) == 0 {
		return res, nil, nil
	}
	if err := dst.fits(sources); err != nil {
		return mailbox.CopyResult{}, nil, err
	}
	if err := s.fail("move"); err != nil {
		return mailbox.CopyResult{}, nil, err
	}
	// In a root that both folders count in, what goes makes room for what comes.
	moved := amounts(sources)
	b := bill{{folder: f.id, shares: f.shares, went: moved}, {folder: dst.id, shares: dst.shares, came: moved}}
	roots, err := f.a.admit(b)
	if err != nil {
		return mailbox.CopyResult{}, nil, err
	}
	if err := s.fail("move.commit"); err != nil {
		return mailbox.CopyResult{}, nil, err
	}
	f.a.post(b, roots)
	came := dst.copies(sources, s.now())
	res.Source, res.ModSeq = uidsOf(sources), f.next()
	rings := []mailbox.Ring{f.bell()}
	f.remove(sources, res.ModSeq)
	if dst == f {
		// One stroke of one folder has one modseq.
		f.add(came, res.ModSeq)
	} else {
		dst.add(came, dst.next())
		rings = append(rings, dst.bell())
	}
	res.Dest = uidsOf(came)
	return res, rings, nil
}
