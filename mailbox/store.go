package mailbox

import (
	"context"
	"iter"

	"github.com/mailwire/mailwire/imapwire/imap"
)

// A Store holds the mail of many users.
type Store interface {
	// User opens the account of a user who has proved to be that user.
	// Accounts that do not exist are [ErrNonExistent].
	User(ctx context.Context, name string) (User, error)
}

// A Watcher is a [Store] that rings when something changed. Without it a
// store is polled at command boundaries.
type Watcher interface {
	// Watch calls ring after every commit, outside the store's locks, until
	// stop is called. It carries no data: ring may come late, twice, or for
	// nothing, but the last change must be followed by one. ring returns at
	// once and must not call the store.
	Watch(ring func(Ring)) (stop func())
}

// A Ring says where something may have changed.
type Ring struct {
	// User is whose folder list or folder it was; empty is "any".
	User string
	// Folder is empty when the folder list changed.
	Folder FolderID
	// Quota: a quota root of the user crossed a soft limit, or a threshold of
	// [QuotaSupport], in whatever direction. Then the ring is about neither a
	// folder nor the list.
	Quota bool
}

// A FolderID is the identity of a folder, unique in its store and never used
// again. It is an opaque string of 1 to 255 octets in the characters that
// RFC 8474 §4 allows: letters, digits, "-" and "_".
type FolderID string

// A User is an open account.
type User interface {
	// Delimiter separates the levels of names: one ASCII character, always
	// the same for a user.
	Delimiter() byte
	// Folders yields every folder, every name that is only a parent of
	// folders (NoSelect) and every subscription without a folder
	// (NonExistent), ordered by name with INBOX first. It is consistent: the
	// folder list at one moment.
	Folders(ctx context.Context) iter.Seq2[FolderInfo, error]
	// Open opens a folder by name. [ErrNonExistent], or [ErrNoSelect] for a
	// name that is only a parent.
	Open(ctx context.Context, name string) (Folder, error)
	// Create makes a folder, and the parents that are missing as folders, too;
	// a name that is only a parent becomes one. The errors are
	// [ErrAlreadyExists], [ErrCannot] for a name that can not be, [ErrUseAttr],
	// [ErrOverQuota] and [ErrLimit].
	Create(ctx context.Context, name string, opt CreateOptions) (FolderID, error)
	// Delete deletes a folder with its messages. A folder that has children
	// loses its messages and stays as a name that can not be selected until its
	// last child goes; one that is such a name already is [ErrHasChildren].
	// INBOX is [ErrCannot]. The subscription stays.
	Delete(ctx context.Context, name string) error
	// Rename gives a folder and its children other names and makes missing
	// parents; IDs, messages and UIDVALIDITY stay. INBOX is different: its
	// messages move to a new folder and it stays, empty, as do its children
	// (RFC 9051 §6.3.6). Subscriptions do not follow. The errors are
	// [ErrNonExistent], [ErrAlreadyExists], and [ErrCannot], also for a new
	// name below the old one, and those of Create for folders that it makes.
	Rename(ctx context.Context, from, to string) error
	// Subscribe adds a name to the subscriptions, or takes it out. The name
	// need not exist. Doing it twice is no error.
	Subscribe(ctx context.Context, name string, on bool) error
	// Changes yields what the folder list became after since: one entry for
	// each folder, and one for each subscription or name that is only a parent,
	// its last change, in ascending order of modseq, all of them as of the
	// moment of the call. A since of zero tells how the list comes to be from an
	// empty one; the last entry is then [FolderNone] with the modseq of now, at
	// least 1. Any other since below the floor of the history is [*FloorError].
	Changes(ctx context.Context, since imap.ModSeq) iter.Seq2[FolderChange, error]
	// Close releases what Open took. Folders stay usable until they are
	// closed themselves.
	Close() error
}

// CreateOptions say more about a folder to be made. The zero value is none.
type CreateOptions struct {
	// Use are special uses of the folder, RFC 6154; a use that another
	// folder has is [ErrUseAttr].
	Use []imap.MailboxAttr
}

// FolderInfo is one line of the folder list.
type FolderInfo struct {
	// ID is empty for NoSelect and NonExistent names.
	ID   FolderID
	Name string
	// Use are the special uses of the folder.
	Use []imap.MailboxAttr
	// NoSelect: the name is only a parent of others.
	NoSelect bool
	// NonExistent: the name is only a subscription.
	NonExistent bool
	// NoInferiors: the folder can not have children.
	NoInferiors bool
	// HasChildren: folders exist below it.
	HasChildren bool
	Subscribed  bool
}

// A FolderEvent is what happened to a folder.
type FolderEvent uint8

const (
	// FolderNone: nothing; the entry only tells the modseq of now.
	FolderNone FolderEvent = iota
	// FolderCreated: made, or made selectable.
	FolderCreated
	// FolderDeleted: gone, or no longer selectable.
	FolderDeleted
	// FolderRenamed: has another name; OldName tells the former one.
	FolderRenamed
	// FolderSubscribed and FolderUnsubscribed: of a name, whether or not a
	// folder has it.
	FolderSubscribed
	FolderUnsubscribed
)

// A FolderChange is an entry of [User.Changes].
type FolderChange struct {
	ModSeq  imap.ModSeq
	Event   FolderEvent
	ID      FolderID
	Name    string
	OldName string
}
