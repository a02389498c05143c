package view_test

import (
	"testing"

	"github.com/mailwire/mailwire/imapwire/imap"
	"github.com/mailwire/mailwire/mailbox"
	"github.com/mailwire/mailwire/mailbox/view"
)

// large is a folder of a million messages, every hundredth of which is gone.
func large() mailbox.Snapshot {
	var s imap.UIDSet
	for u := imap.UID(1); u < 1_000_000; u += 100 {
		s.AddRange(imap.UIDRange{First: u, Last: u + 98})
	}
	return mailbox.Snapshot{UIDValidity: 1, ModSeq: 1, UIDNext: 1_000_001, UIDs: imap.UIDListOf(s)}
}

// BenchmarkResolve is a command that names a hundred messages by number.
func BenchmarkResolve(b *testing.B) {
	v := view.New(large())
	set := imap.Set{Ranges: []imap.Range{{First: 500_000, Last: 500_099}}}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := v.Resolve(set, false, nil); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkRead is a message whose flags changed: read, told and known again.
func BenchmarkRead(b *testing.B) {
	v := view.New(large())
	m := imap.ModSeq(1)
	changes := func(yield func(mailbox.Change, error) bool) {
		m++
		yield(mailbox.Change{ModSeq: m, Kind: mailbox.FlagsChanged, UID: 777_777}, nil)
	}
	b.ReportAllocs()
	for b.Loop() {
		if err := v.Read(changes); err != nil {
			b.Fatal(err)
		}
		if uids := v.TakeDirty(1); len(uids) != 1 {
			b.Fatal("the change was not read")
		}
	}
}

// BenchmarkExpunge is a message that goes, and one that comes.
func BenchmarkExpunge(b *testing.B) {
	v := view.New(large())
	m, next := imap.ModSeq(1), imap.UID(1_000_001)
	changes := func(yield func(mailbox.Change, error) bool) {
		m++
		_ = yield(mailbox.Change{ModSeq: m, Kind: mailbox.Expunged, UID: v.Told().UID(500_000)}, nil) &&
			yield(mailbox.Change{ModSeq: m, Kind: mailbox.Appended, UID: next}, nil)
		next++
	}
	b.ReportAllocs()
	for b.Loop() {
		if err := v.Read(changes); err != nil {
			b.Fatal(err)
		}
		v.TakeExpunged(1)
		v.TakeExists()
	}
}
