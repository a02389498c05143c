package mailbox

import (
	"context"
	"io"
	"iter"
	"time"

	"github.com/mailwire/mailwire/imapwire/imap"
	"github.com/mailwire/mailwire/mailbox/message"
)

// AllUIDs is every UID there can be. Do not change it.
var AllUIDs = imap.UIDSet{{First: 1, Last: imap.MaxUID}}

// A Folder is an open folder. When the folder is deleted, every method returns
// [ErrNonExistent]; a rename changes nothing.
type Folder interface {
	// ID returns the identity of the folder.
	ID() FolderID
	// Status returns the counters of the folder at one moment.
	Status(ctx context.Context) (Status, error)
	// Snapshot returns the messages of the folder at one moment.
	Snapshot(ctx context.Context) (Snapshot, error)
	// Changes yields what the folder became after since: one entry for each
	// message changed, its last state, in ascending order of modseq, all of
	// them as of the moment of the call. Entries of one stroke have one modseq.
	// The last modseq yielded is what the caller has read up to, if it took all.
	// A since below the floor of the history is [*FloorError], and nothing else
	// is yielded: start anew from a Snapshot.
	Changes(ctx context.Context, since imap.ModSeq) iter.Seq2[Change, error]
	// Messages yields the messages of uids that exist, by ascending UID, each
	// as it is at some moment after the call. The store's locks are not held
	// while the caller has the message.
	Messages(ctx context.Context, uids imap.UIDSet) iter.Seq2[Message, error]
	// Body opens the octets of a message. One that is gone is [ErrExpunged].
	Body(ctx context.Context, uid imap.UID) (Body, error)
	// Append starts a transaction that adds messages. The context ends it.
	Append(ctx context.Context) (AppendTx, error)
	// Store changes the flags of those of uids that exist, all in one stroke
	// with one modseq; what has the flags already does not change. A keyword too
	// many is [ErrLimit].
	Store(ctx context.Context, uids imap.UIDSet, update FlagUpdate) (StoreResult, error)
	// Copy adds copies of the messages uids to the folder named to, which may
	// be this one, in ascending order, all or none, with flags, date and save
	// date as RFC 9051 §6.4.7 asks. The errors are [ErrNonExistent] for a
	// missing target, [ErrExpunged] when one of uids is gone,
	// [ErrOverQuota] and [ErrLimit].
	Copy(ctx context.Context, uids imap.UIDSet, to string) (CopyResult, error)
	// Move is Copy and removal of the sources in one stroke, all or none,
	// except that those of uids which are gone are left out. Inside one quota
	// root it always fits.
	Move(ctx context.Context, uids imap.UIDSet, to string) (CopyResult, error)
	// Expunge removes those of uids that have \Deleted, in one stroke with one
	// modseq, and returns them. Without any nothing changes.
	Expunge(ctx context.Context, uids imap.UIDSet) (ExpungeResult, error)
	// ClaimRecent returns the messages that nobody claimed before; they are
	// recent for the caller and for no other session (RFC 3501 §2.3.2). It is no
	// change: it takes no modseq.
	ClaimRecent(ctx context.Context) (imap.UIDSet, error)
	// Close releases the handle.
	Close() error
}

// A BatchFolder is a [Folder] that can yield many messages at a time, so that
// each costs less.
type BatchFolder interface {
	Folder
	// Batches is Messages in slices of at least one message. A slice is borrowed
	// until the next one is asked for, but for what the messages in it point to.
	Batches(ctx context.Context, uids imap.UIDSet) iter.Seq2[[]Message, error]
}

// Batches yields what f.Messages does, in slices as a [BatchFolder] does; of
// another folder each has one message.
func Batches(ctx context.Context, f Folder, uids imap.UIDSet) iter.Seq2[[]Message, error] {
	if b, ok := f.(BatchFolder); ok {
		return b.Batches(ctx, uids)
	}
	return func(yield func([]Message, error) bool) {
		one := make([]Message, 1)
		for m, err := range f.Messages(ctx, uids) {
			if err != nil {
				yield(nil, err)
				return
			}
			one[0] = m
			if !yield(one, nil) {
				return
			}
		}
	}
}

// A RightsFolder is a [Folder] on which a user may not do everything. Without
// it a user has [imap.RightsAll].
type RightsFolder interface {
	Rights(ctx context.Context) (imap.Rights, error)
}

// A Deliverer is a [Folder] that takes mail from outside: an Append with the
// grace that quotas grant to delivery.
type Deliverer interface {
	Deliver(ctx context.Context) (AppendTx, error)
}

// A Snapshot is the messages of a folder at one moment.
type Snapshot struct {
	UIDValidity uint32
	UIDs        imap.UIDList
	// ModSeq is the modseq of the last change, the HIGHESTMODSEQ of the
	// folder, at least 1: changes after it are what Changes(ModSeq) yields.
	ModSeq  imap.ModSeq
	UIDNext imap.UID
}

// Status is the counters of a folder.
type Status struct {
	UIDValidity uint32
	UIDNext     imap.UID
	ModSeq      imap.ModSeq // HIGHESTMODSEQ, at least 1
	Messages    int64
	Unseen      int64 // without \Seen
	Deleted     int64 // with \Deleted
	Size        int64 // octets of all messages
	DeletedSize int64 // octets of those with \Deleted
	// FirstUnseen is the smallest UID without \Seen; zero is none.
	FirstUnseen imap.UID
	// Recent are the messages that nobody has claimed.
	Recent imap.UIDSet
	// Keywords are the keywords that the folder knows, in use or not.
	Keywords []imap.Flag
	// KeywordsFull: no further keyword can be made.
	KeywordsFull bool
	// AppendLimit is the most octets of a message; zero is no limit.
	AppendLimit uint32
}

// A Message is what a folder knows of a message besides its octets. Its Flags
// are shared with the store and must not be changed.
type Message struct {
	UID    imap.UID
	ModSeq imap.ModSeq
	// Flags are system flags as the constants of package imap and keywords,
	// each once, without \Recent.
	Flags        []imap.Flag
	InternalDate time.Time
	// SaveDate is when the message came into this folder; zero is unknown.
	SaveDate time.Time
	// Size is the octets appended; WireSize is what POP3 sends and counts:
	// every line ended by CRLF, the last one too (see message.WireCounter).
	Size, WireSize int64
}

// A Body is the octets of a message.
type Body interface {
	io.ReaderAt
	// Size is the octets of the message.
	Size() int64
	// Close ends the use. A body that is open stays readable, or fails with
	// [ErrExpunged], when its message is expunged.
	Close() error
}

// An IndexedBody is a [Body] whose store keeps the offsets of its parts.
type IndexedBody interface {
	Body
	Index() (*message.Index, error)
}

// A ChangeKind is what happened to a message.
type ChangeKind uint8

const (
	_ ChangeKind = iota
	// Appended: the message came after the modseq asked for.
	Appended
	// FlagsChanged: it was there, and has the flags told now.
	FlagsChanged
	// Expunged: it is gone. It may never have been seen.
	Expunged
)

// A Change is an entry of [Folder.Changes].
type Change struct {
	ModSeq imap.ModSeq
	Kind   ChangeKind
	UID    imap.UID
	// Flags are those of now, shared with the store; nil when Expunged.
	Flags []imap.Flag
}

// A FlagOp is what a [FlagUpdate] does.
type FlagOp uint8

const (
	_ FlagOp = iota
	// SetFlags makes the flags exactly these.
	SetFlags
	// AddFlags adds them.
	AddFlags
	// RemoveFlags takes them out.
	RemoveFlags
)

// A FlagUpdate is a change of flags. \Recent in Flags is ignored, as a store may
// ignore all system flags but the five of [imap.SystemFlags].
type FlagUpdate struct {
	Op    FlagOp
	Flags []imap.Flag
	// UnchangedSince, with HasUnchangedSince, leaves messages alone that have
	// a larger modseq (RFC 7162 §3.1.3).
	UnchangedSince    imap.ModSeq
	HasUnchangedSince bool
	// Keep limits what the update may touch: with a nil Keep every flag,
	// otherwise only flags for which it returns true; others stay as they are.
	// Rights of RFC 4314 need it. It must not call the store.
	Keep func(imap.Flag) bool
}

// A StoreResult says what a Store did.
type StoreResult struct {
	// ModSeq is that of the change; zero when no flag changed.
	ModSeq imap.ModSeq
	// Before is the modseq of the folder right before the change: a session
	// that has read up to it knows what the flags were.
	Before imap.ModSeq
	// Changed are the messages whose flags are others now.
	Changed imap.UIDSet
	// Modified are those left alone because of UnchangedSince.
	Modified imap.UIDSet
}

// A CopyResult says what a Copy or Move did. The n-th UID of Source became the
// n-th of Dest.
type CopyResult struct {
	UIDValidity  uint32 // of the target
	Source, Dest imap.UIDSet
	// ModSeq is that of the removal of the sources; zero for a Copy.
	ModSeq imap.ModSeq
}

// An ExpungeResult says what an Expunge did.
type ExpungeResult struct {
	UIDs   imap.UIDSet
	ModSeq imap.ModSeq // zero when there were none
}

// An AppendTx is a transaction that adds messages to a folder: all of them or
// none. It is used by one goroutine and ends with Commit or Abort.
type AppendTx interface {
	// Message starts the next message, of size octets, and returns where to
	// write them: exactly size, before the next call of another method.
	// It refuses before a single octet with [ErrTooBig], [ErrOverQuota] or, for
	// a keyword too many, [ErrLimit]. A size of -1 is not known beforehand; then
	// the writer refuses what goes too far. After an error of either the
	// transaction can only be aborted. A zero date is now.
	Message(size int64, flags []imap.Flag, date time.Time) (io.Writer, error)
	// Expunge names messages of the folder to remove in the same stroke,
	// whatever their flags; their octets are credited to the quota for the
	// messages that follow. Those that are gone by then are left out.
	Expunge(uids imap.UIDSet) error
	// Commit adds the messages. A message with too few octets or too many is
	// [ErrSize], and nothing is added.
	Commit() (AppendResult, error)
	// Abort ends the transaction with nothing changed. After Commit it does
	// nothing, so that it may be deferred.
	Abort() error
}

// An AppendResult says where the messages of an [AppendTx] are.
type AppendResult struct {
	UIDValidity uint32
	UIDs        []imap.UID // ascending, in the order of the messages
	ModSeq      imap.ModSeq
}
