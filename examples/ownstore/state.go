package main

import (
	"crypto/rand"
	"maps"
	"slices"
	"time"

	"github.com/mailwire/mailwire/imapwire/imap"
	"github.com/mailwire/mailwire/mailbox"
)

// A state is what is known of an account. Once it is in its place nothing of it
// changes any more: who wants to change it works on a [state.clone], and on
// folders from [state.edit].
type state struct {
	// Folders has every name, with every parent of every name. Nil is a name
	// that is only a parent.
	Folders map[string]*folder
	// Subscribed are names, whether or not they are in Folders.
	Subscribed map[string]bool
	// Validity is the UIDVALIDITY that was given last.
	Validity uint32
	// List is the last change of each folder, name and subscription, ascending
	// by modseq; below ListFloor some that are gone were forgotten.
	List      []mailbox.FolderChange
	ListSeq   imap.ModSeq
	ListFloor imap.ModSeq
}

// A folder is messages and, of those that are gone, what is left to tell.
type folder struct {
	ID        mailbox.FolderID
	Use       []imap.MailboxAttr
	Validity  uint32
	ModSeq    imap.ModSeq
	UIDNext   imap.UID
	Unclaimed imap.UID // the smallest UID that can be recent
	Keywords  []imap.Flag
	Messages  []entry // by UID
	Gone      []grave // by modseq
	Floor     imap.ModSeq
}

// An entry is a message of a folder. Its octets are in the file Body, which
// copies share.
type entry struct {
	UID      imap.UID
	Arrived  imap.ModSeq
	ModSeq   imap.ModSeq // of the last change
	Flags    []imap.Flag
	Date     time.Time
	Saved    time.Time
	Size     int64
	WireSize int64
	Body     string
}

// A grave is a message that is gone.
type grave struct {
	UID    imap.UID
	ModSeq imap.ModSeq
}

// memory is how many folders, and how many messages of a folder, that are gone
// are remembered.
const memory = 10_000

func (s *state) clone() *state {
	next := *s
	next.Folders, next.Subscribed = maps.Clone(s.Folders), maps.Clone(s.Subscribed)
	next.List = slices.Clone(s.List)
	return &next
}

// edit returns a folder of a clone to work on.
func (s *state) edit(name string) *folder {
	f := *s.Folders[name]
	f.Messages, f.Gone, f.Keywords = slices.Clone(f.Messages), slices.Clone(f.Gone), slices.Clone(f.Keywords)
	s.Folders[name] = &f
	return &f
}

// find returns the name and the folder of an ID.
func (s *state) find(id mailbox.FolderID) (string, *folder, error) {
	for name, f := range s.Folders {
		if f != nil && f.ID == id {
			return name, f, nil
		}
	}
	return "", nil, mailbox.ErrNonExistent
}

// newFolder adds an empty folder.
func (s *state) newFolder(name string) *folder {
	s.Validity++
	f := &folder{ID: mailbox.FolderID(rand.Text()), Validity: s.Validity, ModSeq: 1, UIDNext: 1, Unclaimed: 1}
	s.Folders[name] = f
	s.note(mailbox.FolderChange{Event: mailbox.FolderCreated, ID: f.ID, Name: name})
	return f
}

// note puts a change of the folder list at the end of its history, in the place
// of an earlier one of the same thing.
func (s *state) note(c mailbox.FolderChange) {
	s.ListSeq++
	c.ModSeq = s.ListSeq
	s.List = slices.DeleteFunc(s.List, func(old mailbox.FolderChange) bool { return sameThing(old, c) })
	s.List = append(s.List, c)
	if len(s.List) > memory {
		if i := slices.IndexFunc(s.List, isGone); i >= 0 {
			s.ListFloor = s.List[i].ModSeq
			s.List = slices.Delete(s.List, i, i+1)
		}
	}
}

func sameThing(a, b mailbox.FolderChange) bool {
	switch {
	case isSubscription(a) || isSubscription(b):
		return isSubscription(a) && isSubscription(b) && a.Name == b.Name
	case a.ID != "" || b.ID != "":
		return a.ID == b.ID
	}
	return a.Name == b.Name
}

func isSubscription(c mailbox.FolderChange) bool {
	return c.Event == mailbox.FolderSubscribed || c.Event == mailbox.FolderUnsubscribed
}

func isGone(c mailbox.FolderChange) bool {
	return c.Event == mailbox.FolderDeleted || c.Event == mailbox.FolderUnsubscribed
}

// pick returns the indices of the messages of uids that exist.
func (f *folder) pick(uids imap.UIDSet) []int {
	var at []int
	for i, e := range f.Messages {
		if uids.Contains(e.UID) {
			at = append(at, i)
		}
	}
	return at
}

// add gives messages their UIDs, in one stroke with one modseq.
func (f *folder) add(came []entry, m imap.ModSeq) imap.UIDSet {
	var uids imap.UIDSet
	for _, e := range came {
		e.UID, e.Arrived, e.ModSeq = f.UIDNext, m, m
		f.UIDNext++
		f.Messages = append(f.Messages, e)
		f.ModSeq = m
		uids.Add(e.UID)
	}
	return uids
}

// remove takes messages out, in one stroke with one modseq, and remembers them.
func (f *folder) remove(at []int, m imap.ModSeq) imap.UIDSet {
	var uids imap.UIDSet
	for _, i := range at {
		uids.Add(f.Messages[i].UID)
		f.Gone = append(f.Gone, grave{f.Messages[i].UID, m})
		f.ModSeq = m
	}
	f.Messages = slices.DeleteFunc(f.Messages, func(e entry) bool { return uids.Contains(e.UID) })
	if over := len(f.Gone) - memory; over > 0 {
		f.Floor = f.Gone[over-1].ModSeq
		f.Gone = f.Gone[over:]
	}
	return uids
}
