package memstore

import (
	"context"
	"fmt"
	"iter"
	"slices"
	"strconv"
	"time"

	"github.com/mailwire/mailwire/imapwire/imap"
	"github.com/mailwire/mailwire/mailbox"
)

// A folder is messages. Its account's lock guards it.
//
// Every message, and every message that is gone and still remembered, is an
// entry. Entries hang on a chain in the order of their modseqs: a change moves
// its entry to the end. So what changed after a modseq is found from the end,
// in as many steps as there are changes, however many came before.
//
//	messages  [ 3 ] [ 5 ] [ 8 ] [ 9 ]          by UID
//	chain     5@2 ⇄ 8@3 ⇄ 4@5† ⇄ 9@6 ⇄ 3@7     by modseq; † gone
//	graves    4
//
// All entries of one change have one modseq and follow each other by UID.
type folder struct {
	a    *account
	id   mailbox.FolderID
	name string
	use  []imap.MailboxAttr
	// shares are where the folder counts; they follow from its name.
	shares []share
	// deleted: handles are of no use any more.
	deleted bool

	validity uint32
	modSeq   imap.ModSeq
	uidNext  imap.UID
	// unclaimed is the smallest UID that can be recent.
	unclaimed imap.UID
	keywords  keywords
	flagLists flagLists

	messages    []*entry
	first, last *entry
	// graves are the entries of messages that are gone, by modseq. Below
	// floor some have been forgotten.
	graves []*entry
	floor  imap.ModSeq

	// list is the UIDs of messages, but for those that came and then went
	// since it was last asked for.
	list       imap.UIDList
	came, went imap.UIDSet

	// lease is the last one given, unless it was released.
	lease *lease

	// What messages add up to.
	size, deletedSize   int64
	unseen, deletedMsgs int64
}

// An entry is a message of a folder, or what is left of one.
type entry struct {
	// Message is what the folder knows of it, in one piece for those who look at
	// many. Its flags are never changed, only replaced: callers keep them.
	mailbox.Message
	appended   imap.ModSeq // that of its arrival
	prev, next *entry
	content    *content // nil: gone
}

// newEntry returns the entry of a message that is not in a folder yet.
func newEntry(flags []imap.Flag, date, saved time.Time, c *content) *entry {
	return &entry{content: c, Message: mailbox.Message{
		Flags: flags, InternalDate: date, SaveDate: saved, Size: c.size, WireSize: c.wire.Size(),
	}}
}

func newFolder(a *account, serial uint64, validity uint32) *folder {
	return &folder{
		a:        a,
		id:       mailbox.FolderID("F" + strconv.FormatUint(serial, 10)),
		validity: validity, modSeq: 1, uidNext: 1, unclaimed: 1,
	}
}

func (f *folder) bell() mailbox.Ring { return mailbox.Ring{User: f.a.name, Folder: f.id} }

// next returns the modseq of a change that is about to be made.
func (f *folder) next() imap.ModSeq { return f.modSeq + 1 }

// count adds a message to what the messages add up to, or with sign -1 takes it
// out.
func (f *folder) count(e *entry, sign int64) {
	f.size += sign * e.Size
	if !slices.Contains(e.Flags, imap.FlagSeen) {
		f.unseen += sign
	}
	if slices.Contains(e.Flags, imap.FlagDeleted) {
		f.deletedMsgs += sign
		f.deletedSize += sign * e.Size
	}
}

// touch puts an entry at the end of the chain.
func (f *folder) touch(e *entry, m imap.ModSeq) {
	f.unlink(e)
	e.ModSeq, f.modSeq = m, m
	e.prev = f.last
	if f.last != nil {
		f.last.next = e
	} else {
		f.first = e
	}
	f.last = e
}

// unlink takes an entry out of the chain, if it is in it.
func (f *folder) unlink(e *entry) {
	if e.prev != nil {
		e.prev.next = e.next
	} else if f.first == e {
		f.first = e.next
	}
	if e.next != nil {
		e.next.prev = e.prev
	} else if f.last == e {
		f.last = e.prev
	}
	e.prev, e.next = nil, nil
}

// at returns the index of the first message with that UID or a larger one.
func (f *folder) at(u imap.UID) int { return indexOf(f.messages, u) }

func indexOf(messages []*entry, u imap.UID) int {
	if len(messages) == 0 || u <= messages[0].UID {
		return 0
	}
	// No more messages come before u than UIDs do, and just as many where none has
	// gone.
	if most := u - messages[0].UID; uint64(most) < uint64(len(messages)) {
		if messages[most].UID == u {
			return int(most)
		}
		messages = messages[:most]
	}
	i, _ := slices.BinarySearchFunc(messages, u, func(e *entry, u imap.UID) int {
		if e.UID < u {
			return -1
		} else if e.UID > u {
			return 1
		}
		return 0
	})
	return i
}

// pick returns the messages of uids that exist, and whether all do.
func (f *folder) pick(uids imap.UIDSet) (found []*entry, all bool) {
	for _, r := range uids {
		for i := f.at(r.First); i < len(f.messages) && f.messages[i].UID <= r.Last; i++ {
			found = append(found, f.messages[i])
		}
	}
	return found, int64(len(found)) == uids.Count()
}

func uidsOf(entries []*entry) imap.UIDSet {
	var s imap.UIDSet
	for _, e := range entries {
		s.Add(e.UID)
	}
	return s
}

// room returns [mailbox.ErrLimit] when the folder has no UIDs for n messages.
// The last UID is never given, so that UIDNEXT is one.
func (f *folder) room(n int) error {
	if uint64(n) > uint64(imap.MaxUID-f.uidNext) {
		return fmt.Errorf("%w: no UIDs are left in the folder", mailbox.ErrLimit)
	}
	return nil
}

// add takes in new messages, which room has been found for.
func (f *folder) add(came []*entry, m imap.ModSeq) {
	if len(came) == 0 {
		return
	}
	f.came.AddRange(imap.UIDRange{First: f.uidNext, Last: f.uidNext + imap.UID(len(came)) - 1})
	for _, e := range came {
		e.UID, e.appended = f.uidNext, m
		f.uidNext++
		f.messages = append(f.messages, e)
		f.touch(e, m)
		f.count(e, 1)
	}
}

// remove takes messages out, ascending by UID, and keeps their tombstones.
func (f *folder) remove(went []*entry, m imap.ModSeq) {
	if len(went) == 0 {
		return
	}
	for _, e := range went {
		f.count(e, -1)
		f.went.Add(e.UID)
		f.touch(e, m)
		e.Flags, e.content = nil, nil
	}
	// What lies between two that go moves down in one piece.
	to := f.at(went[0].UID)
	from := to
	for k := range went {
		from++
		end := len(f.messages)
		if k+1 < len(went) {
			end = from + indexOf(f.messages[from:], went[k+1].UID)
		}
		to += copy(f.messages[to:], f.messages[from:end])
		from = end
	}
	clear(f.messages[to:])
	f.messages = f.messages[:to]
	f.graves = append(f.graves, went...)
	for len(f.graves) > f.a.store.opt.Limits.Tombstones {
		f.floor = f.graves[0].ModSeq
		f.unlink(f.graves[0])
		f.graves[0] = nil
		f.graves = f.graves[1:]
	}
}

// uids returns the messages as a list.
func (f *folder) uids() imap.UIDList {
	if len(f.came) > 0 {
		f.list, f.came = f.list.Append(f.came), nil
	}
	if len(f.went) > 0 {
		f.list, f.went = f.list.Without(f.went), nil
	}
	return f.list
}

// A handle is an open folder.
type handle struct{ f *folder }

var (
	_ mailbox.BatchFolder = handle{}
	_ mailbox.Deliverer   = handle{}
)

// lock takes the account's lock for a call with ctx. On an error it is not
// held.
func (h handle) lock(ctx context.Context) error {
	if err := h.f.a.lock(ctx); err != nil {
		return err
	}
	if h.f.deleted {
		h.f.a.mu.Unlock()
		return mailbox.ErrNonExistent
	}
	return nil
}

// change runs a change of the folder under the account's lock, and rings
// afterwards for what the change returns.
func (h handle) change(ctx context.Context, change func() ([]mailbox.Ring, error)) error {
	return h.f.a.change(ctx, func() ([]mailbox.Ring, error) {
		if h.f.deleted {
			return nil, mailbox.ErrNonExistent
		}
		return change()
	})
}

// ID implements [mailbox.Folder].
func (h handle) ID() mailbox.FolderID { return h.f.id }

// Close implements [mailbox.Folder].
func (h handle) Close() error { return nil }

// Status implements [mailbox.Folder].
func (h handle) Status(ctx context.Context) (mailbox.Status, error) {
	if err := h.lock(ctx); err != nil {
		return mailbox.Status{}, err
	}
	f := h.f
	defer f.a.mu.Unlock()
	lim := &f.a.store.opt.Limits
	st := mailbox.Status{
		UIDValidity: f.validity, UIDNext: f.uidNext, ModSeq: f.modSeq,
		Messages: int64(len(f.messages)), Unseen: f.unseen, Deleted: f.deletedMsgs,
		Size: f.size, DeletedSize: f.deletedSize,
		Recent:       f.recent(),
		Keywords:     f.keywords.list(),
		KeywordsFull: len(f.keywords.known) >= lim.Keywords,
		AppendLimit:  f.a.store.opt.AppendLimit,
	}
	if f.unseen > 0 {
		i := slices.IndexFunc(f.messages, func(e *entry) bool { return !slices.Contains(e.Flags, imap.FlagSeen) })
		st.FirstUnseen = f.messages[i].UID
	}
	return st, nil
}

// recent returns the messages that nobody has claimed.
func (f *folder) recent() imap.UIDSet {
	return f.uids().Intersect(imap.UIDSet{{First: f.unclaimed, Last: imap.MaxUID}})
}

// ClaimRecent implements [mailbox.Folder].
func (h handle) ClaimRecent(ctx context.Context) (recent imap.UIDSet, err error) {
	err = h.change(ctx, func() ([]mailbox.Ring, error) {
		if err := h.f.a.store.fail("claim"); err != nil {
			return nil, err
		}
		recent = h.f.recent()
		h.f.unclaimed = h.f.uidNext
		return nil, nil
	})
	return recent, err
}

// Snapshot implements [mailbox.Folder].
func (h handle) Snapshot(ctx context.Context) (mailbox.Snapshot, error) {
	if err := h.lock(ctx); err != nil {
		return mailbox.Snapshot{}, err
	}
	f := h.f
	defer f.a.mu.Unlock()
	return mailbox.Snapshot{UIDValidity: f.validity, UIDs: f.uids(), ModSeq: f.modSeq, UIDNext: f.uidNext}, nil
}

// Changes implements [mailbox.Folder].
func (h handle) Changes(ctx context.Context, since imap.ModSeq) iter.Seq2[mailbox.Change, error] {
	changes, err := h.changes(ctx, since)
	if err == nil && len(changes) == 0 {
		return unchanged // what polls hear most often
	}
	return each(ctx, changes, err)
}

// unchanged is the changes when there are none.
func unchanged(func(mailbox.Change, error) bool) {}

func (h handle) changes(ctx context.Context, since imap.ModSeq) ([]mailbox.Change, error) {
	if err := h.lock(ctx); err != nil {
		return nil, err
	}
	f := h.f
	defer f.a.mu.Unlock()
	if since < f.floor {
		return nil, &mailbox.FloorError{Floor: f.floor}
	}
	var changes []mailbox.Change
	for e := f.last; e != nil && e.ModSeq > since; e = e.prev {
		c := mailbox.Change{ModSeq: e.ModSeq, Kind: mailbox.FlagsChanged, UID: e.UID, Flags: e.Flags}
		switch {
		case e.content == nil:
			c.Kind = mailbox.Expunged
		case e.appended > since:
			c.Kind = mailbox.Appended
		}
		changes = append(changes, c)
	}
	slices.Reverse(changes)
	return changes, nil
}

// batchSize is how many messages are read under one hold of the lock.
const batchSize = 256

// Messages implements [mailbox.Folder].
func (h handle) Messages(ctx context.Context, uids imap.UIDSet) iter.Seq2[mailbox.Message, error] {
	return func(yield func(mailbox.Message, error) bool) {
		for batch, err := range h.Batches(ctx, uids) {
			if err != nil {
				yield(mailbox.Message{}, err)
				return
			}
			for _, m := range batch {
				if err := ctx.Err(); err != nil {
					yield(mailbox.Message{}, err)
					return
				}
				if !yield(m, nil) {
					return
				}
			}
		}
	}
}

// Batches implements [mailbox.BatchFolder].
func (h handle) Batches(ctx context.Context, uids imap.UIDSet) iter.Seq2[[]mailbox.Message, error] {
	return func(yield func([]mailbox.Message, error) bool) {
		buf := h.f.a.store.batch()
		defer h.f.a.store.batches.Put(buf)
		for from, rest := imap.UID(1), uids; len(rest) > 0; {
			var n int
			var err error
			if n, rest, err = h.read(ctx, buf[:], rest, from); err != nil {
				yield(nil, err)
				return
			}
			if n == 0 {
				return
			}
			from = buf[n-1].UID + 1
			if !yield(buf[:n:n], nil) {
				return
			}
		}
	}
}

// read fills buf with the first messages of uids, none below from, and returns
// how many they are and what of uids is left to read.
func (h handle) read(ctx context.Context, buf []mailbox.Message, uids imap.UIDSet, from imap.UID) (n int, rest imap.UIDSet, err error) {
	if err := h.lock(ctx); err != nil {
		return 0, nil, err
	}
	f := h.f
	defer f.a.mu.Unlock()
	for k, r := range uids {
		for i := f.at(max(r.First, from)); i < len(f.messages) && f.messages[i].UID <= r.Last; i++ {
			if n == len(buf) {
				return n, uids[k:], nil
			}
			buf[n] = f.messages[i].Message
			n++
		}
	}
	return n, nil, nil
}

// Body implements [mailbox.Folder]. It stays readable when the message goes.
func (h handle) Body(ctx context.Context, uid imap.UID) (mailbox.Body, error) {
	if err := h.lock(ctx); err != nil {
		return nil, err
	}
	defer h.f.a.mu.Unlock()
	i := h.f.at(uid)
	if i == len(h.f.messages) || h.f.messages[i].UID != uid {
		return nil, mailbox.ErrExpunged
	}
	return body{h.f.messages[i].content}, nil
}
