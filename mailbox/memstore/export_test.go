package memstore

import (
	"slices"

	"github.com/mailwire/mailwire/imapwire/imap"
	"github.com/mailwire/mailwire/mailbox"
)

// Canonical is how a name is kept.
func (l Limits) Canonical(name string) (string, error) {
	l = l.withDefaults()
	return l.canonical(name)
}

// SetUIDNext makes the next UID of a folder u.
func SetUIDNext(f mailbox.Folder, u imap.UID) { f.(handle).f.uidNext = u }

// Counting makes Recount call f before each folder.
func (s *Store) Counting(f func()) { s.counting = f }

// Chunks returns the memory in which a message is kept.
func Chunks(b mailbox.Body) [][]byte { return b.(body).c.chunks }

// Broken returns what is wrong with the chain of a folder and with what its
// messages add up to, or the empty string.
func Broken(folder mailbox.Folder) string {
	f := folder.(handle).f
	f.a.mu.Lock()
	defer f.a.mu.Unlock()
	graves := make(map[*entry]bool)
	for _, e := range f.graves {
		graves[e] = true
	}
	n := 0
	var prev *entry
	for e := f.first; e != nil; prev, e = e, e.next {
		switch {
		case e.prev != prev:
			return "an entry does not point back"
		case prev != nil && (e.ModSeq < prev.ModSeq || e.ModSeq == prev.ModSeq && e.UID <= prev.UID):
			return "the chain is not in order"
		case e.content != nil && f.messages[f.at(e.UID)] != e:
			return "a message in the chain is not in the folder"
		case e.content == nil && !graves[e]:
			return "what is gone has no grave"
		}
		n++
	}
	if f.last != prev {
		return "the chain does not end where it ends"
	}
	if n != len(f.messages)+len(f.graves) {
		return "the chain lacks entries, or has too many"
	}
	if f.sum() != [4]int64{f.size, f.deletedSize, f.unseen, f.deletedMsgs} {
		return "the messages add up to something else"
	}
	if f.uids().Len() != len(f.messages) {
		return "the list of UIDs is not that of the messages"
	}
	return ""
}

func (f *folder) sum() (s [4]int64) {
	for _, e := range f.messages {
		s[0] += e.content.size
		if !slices.Contains(e.Flags, imap.FlagSeen) {
			s[2]++
		}
		if slices.Contains(e.Flags, imap.FlagDeleted) {
			s[1] += e.content.size
			s[3]++
		}
	}
	return s
}
