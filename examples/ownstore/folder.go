package main

import (
	"cmp"
	"context"
	"errors"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/mailwire/mailwire/imapwire/imap"
	"github.com/mailwire/mailwire/mailbox"
)

// A handle is an open folder. It knows the folder by its ID, since a name may
// come to mean another one.
type handle struct {
	*account
	id   mailbox.FolderID
	name string // the folder's at the time of Open
}

// ID implements [mailbox.Folder].
func (h *handle) ID() mailbox.FolderID { return h.id }

// Close implements [mailbox.Folder].
func (h *handle) Close() error { return nil }

// look returns the folder as it is now.
func (h *handle) look(ctx context.Context) (*folder, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	_, f, err := h.state.Load().find(h.id)
	return f, err
}

// work is change for this folder.
func (h *handle) work(ctx context.Context, do func(s *state, f *folder) ([]mailbox.Ring, error)) error {
	return h.change(ctx, func(s *state) ([]mailbox.Ring, error) {
		name, _, err := s.find(h.id)
		if err != nil {
			return nil, err
		}
		return do(s, s.edit(name))
	})
}

func (h *handle) bell() []mailbox.Ring { return []mailbox.Ring{{User: h.account.name, Folder: h.id}} }

// Status implements [mailbox.Folder].
func (h *handle) Status(ctx context.Context) (mailbox.Status, error) {
	f, err := h.look(ctx)
	if err != nil {
		return mailbox.Status{}, err
	}
	st := mailbox.Status{
		UIDValidity: f.Validity, UIDNext: f.UIDNext, ModSeq: f.ModSeq, Messages: int64(len(f.Messages)),
		Recent: f.recent(), Keywords: slices.Clone(f.Keywords), KeywordsFull: len(f.Keywords) == maxKeywords,
		AppendLimit: maxMessage,
	}
	for _, e := range f.Messages {
		st.Size += e.Size
		if slices.Contains(e.Flags, imap.FlagDeleted) {
			st.Deleted++
			st.DeletedSize += e.Size
		}
		if !slices.Contains(e.Flags, imap.FlagSeen) {
			st.Unseen++
			if st.FirstUnseen == 0 {
				st.FirstUnseen = e.UID
			}
		}
	}
	return st, nil
}

func (f *folder) recent() (uids imap.UIDSet) {
	for _, e := range f.Messages {
		if e.UID >= f.Unclaimed {
			uids.Add(e.UID)
		}
	}
	return uids
}

// ClaimRecent implements [mailbox.Folder].
func (h *handle) ClaimRecent(ctx context.Context) (recent imap.UIDSet, err error) {
	err = h.work(ctx, func(_ *state, f *folder) ([]mailbox.Ring, error) {
		if recent = f.recent(); len(recent) == 0 {
			return nil, nil
		}
		f.Unclaimed = f.UIDNext
		return []mailbox.Ring{}, nil
	})
	return recent, err
}

// Snapshot implements [mailbox.Folder].
func (h *handle) Snapshot(ctx context.Context) (mailbox.Snapshot, error) {
	f, err := h.look(ctx)
	if err != nil {
		return mailbox.Snapshot{}, err
	}
	var uids imap.UIDSet
	for _, e := range f.Messages {
		uids.Add(e.UID)
	}
	return mailbox.Snapshot{UIDValidity: f.Validity, UIDs: imap.UIDList{}.Append(uids), ModSeq: f.ModSeq, UIDNext: f.UIDNext}, nil
}

// Changes implements [mailbox.Folder].
func (h *handle) Changes(ctx context.Context, since imap.ModSeq) iter.Seq2[mailbox.Change, error] {
	f, err := h.look(ctx)
	if err == nil && since < f.Floor {
		err = &mailbox.FloorError{Floor: f.Floor}
	}
	if err != nil {
		return each[mailbox.Change](ctx, nil, err)
	}
	return each(ctx, f.since(since), nil)
}

// since is what changed after a modseq.
func (f *folder) since(since imap.ModSeq) (list []mailbox.Change) {
	for _, e := range f.Messages {
		if e.ModSeq > since {
			c := mailbox.Change{ModSeq: e.ModSeq, Kind: mailbox.FlagsChanged, UID: e.UID, Flags: e.Flags}
			if e.Arrived > since {
				c.Kind = mailbox.Appended
			}
			list = append(list, c)
		}
	}
	for _, g := range f.Gone {
		if g.ModSeq > since {
			list = append(list, mailbox.Change{ModSeq: g.ModSeq, Kind: mailbox.Expunged, UID: g.UID})
		}
	}
	slices.SortFunc(list, func(x, y mailbox.Change) int {
		return cmp.Or(cmp.Compare(x.ModSeq, y.ModSeq), cmp.Compare(x.UID, y.UID))
	})
	return list
}

// Messages implements [mailbox.Folder]. What it yields is of the moment at which
// the caller begins to read.
func (h *handle) Messages(ctx context.Context, uids imap.UIDSet) iter.Seq2[mailbox.Message, error] {
	return func(yield func(mailbox.Message, error) bool) {
		f, err := h.look(ctx)
		var list []mailbox.Message
		if err == nil {
			for _, i := range f.pick(uids) {
				e := f.Messages[i]
				list = append(list, mailbox.Message{
					UID: e.UID, ModSeq: e.ModSeq, Flags: e.Flags, InternalDate: e.Date, SaveDate: e.Saved, Size: e.Size, WireSize: e.WireSize,
				})
			}
		}
		each(ctx, list, err)(yield)
	}
}

// A body is an open file. It stays readable when the message goes.
type body struct {
	*os.File
	size int64
}

// Size implements [mailbox.Body].
func (b body) Size() int64 { return b.size }

// Body implements [mailbox.Folder].
func (h *handle) Body(ctx context.Context, uid imap.UID) (mailbox.Body, error) {
	f, err := h.look(ctx)
	if err != nil {
		return nil, err
	}
	at := f.pick(imap.UIDSet{{First: uid, Last: uid}})
	if len(at) == 0 {
		return nil, mailbox.ErrExpunged
	}
	e := f.Messages[at[0]]
	file, err := os.Open(filepath.Join(h.dir, e.Body))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, mailbox.ErrExpunged // between the two lines above
	} else if err != nil {
		return nil, err
	}
	return body{file, e.Size}, nil
}

// Store implements [mailbox.Folder].
func (h *handle) Store(ctx context.Context, uids imap.UIDSet, u mailbox.FlagUpdate) (res mailbox.StoreResult, err error) {
	err = h.work(ctx, func(_ *state, f *folder) ([]mailbox.Ring, error) {
		res.Before = f.ModSeq
		if u.Op == mailbox.RemoveFlags {
			u.Flags = f.spelled(u.Flags)
		} else if u.Flags, err = f.learn(slices.DeleteFunc(slices.Clone(u.Flags), func(x imap.Flag) bool { return u.Keep != nil && !u.Keep(x) })); err != nil {
			return nil, err
		}
		for _, i := range f.pick(uids) {
			e := &f.Messages[i]
			if u.HasUnchangedSince && e.ModSeq > u.UnchangedSince {
				res.Modified.Add(e.UID)
				continue
			}
			if flags, changed := apply(e.Flags, u); changed {
				e.Flags, e.ModSeq = flags, res.Before+1
				res.Changed.Add(e.UID)
			}
		}
		if len(res.Changed) == 0 {
			return nil, nil
		}
		res.ModSeq, f.ModSeq = res.Before+1, res.Before+1
		return h.bell(), nil
	})
	return res, err
}

// spelled returns flags as the folder spells them, if it does.
func (f *folder) spelled(flags []imap.Flag) (known []imap.Flag) {
	for _, flag := range flags {
		if i := slices.IndexFunc(f.Keywords, flag.Equal); i >= 0 {
			flag = f.Keywords[i]
		}
		known = append(known, flag.Canonical())
	}
	return known
}

// copies returns messages as they go to another folder.
func (f *folder) copies(at []int) (out []entry) {
	for _, i := range at {
		e := f.Messages[i]
		e.Saved = time.Now()
		out = append(out, e)
	}
	return out
}

// adopt spells the flags of new messages as the folder does.
func (f *folder) adopt(came []entry) (_ []entry, err error) {
	for i := range came {
		if came[i].Flags, err = f.learn(came[i].Flags); err != nil {
			return nil, err
		}
	}
	return came, nil
}

// Copy implements [mailbox.Folder].
func (h *handle) Copy(ctx context.Context, uids imap.UIDSet, to string) (mailbox.CopyResult, error) {
	return h.transfer(ctx, uids, to, false)
}

// Move implements [mailbox.Folder].
func (h *handle) Move(ctx context.Context, uids imap.UIDSet, to string) (mailbox.CopyResult, error) {
	return h.transfer(ctx, uids, to, true)
}

func (h *handle) transfer(ctx context.Context, uids imap.UIDSet, to string, move bool) (res mailbox.CopyResult, err error) {
	err = h.work(ctx, func(s *state, f *folder) ([]mailbox.Ring, error) {
		to, target, err := s.named(to)
		if err != nil {
			return nil, err
		}
		if target.ID != f.ID {
			target = s.edit(to)
		}
		at := f.pick(uids)
		if !move && int64(len(at)) < uids.Count() {
			return nil, mailbox.ErrExpunged
		}
		res.UIDValidity = target.Validity
		if len(at) == 0 {
			return nil, nil
		}
		came, err := target.adopt(f.copies(at))
		if err != nil {
			return nil, err
		}
		if uint64(len(came)) > uint64(imap.MaxUID-target.UIDNext) {
			return nil, mailbox.ErrLimit
		}
		rings := []mailbox.Ring{{User: h.account.name, Folder: target.ID}}
		// Moved within one folder, both halves are one stroke with one modseq.
		m := target.ModSeq + 1
		if move {
			res.ModSeq = f.ModSeq + 1
			res.Source = f.remove(at, res.ModSeq)
			rings = append(rings, h.bell()...)
		} else {
			for _, i := range at {
				res.Source.Add(f.Messages[i].UID)
			}
		}
		res.Dest = target.add(came, m)
		return rings, nil
	})
	return res, err
}

// Expunge implements [mailbox.Folder].
func (h *handle) Expunge(ctx context.Context, uids imap.UIDSet) (res mailbox.ExpungeResult, err error) {
	err = h.work(ctx, func(_ *state, f *folder) ([]mailbox.Ring, error) {
		at := slices.DeleteFunc(f.pick(uids), func(i int) bool { return !slices.Contains(f.Messages[i].Flags, imap.FlagDeleted) })
		if len(at) == 0 {
			return nil, nil
		}
		res.ModSeq = f.ModSeq + 1
		res.UIDs = f.remove(at, res.ModSeq)
		return h.bell(), nil
	})
	return res, err
}
