package imap

// A MailboxAttr is an attribute of a mailbox in a LIST response, with its
// backslash. Attributes compare without regard to case.
type MailboxAttr string

// Attributes of RFC 9051 §7.3.1 and, below, the special uses of RFC 6154 §2
// and RFC 8457.
const (
	AttrNoInferiors   MailboxAttr = `\Noinferiors`
	AttrNoSelect      MailboxAttr = `\Noselect`
	AttrNonExistent   MailboxAttr = `\NonExistent`
	AttrMarked        MailboxAttr = `\Marked`
	AttrUnmarked      MailboxAttr = `\Unmarked`
	AttrHasChildren   MailboxAttr = `\HasChildren`
	AttrHasNoChildren MailboxAttr = `\HasNoChildren`
	AttrSubscribed    MailboxAttr = `\Subscribed`
	AttrRemote        MailboxAttr = `\Remote`

	AttrAll       MailboxAttr = `\All`
	AttrArchive   MailboxAttr = `\Archive`
	AttrDrafts    MailboxAttr = `\Drafts`
	AttrFlagged   MailboxAttr = `\Flagged`
	AttrJunk      MailboxAttr = `\Junk`
	AttrSent      MailboxAttr = `\Sent`
	AttrTrash     MailboxAttr = `\Trash`
	AttrImportant MailboxAttr = `\Important`
)

// Equal reports whether a and b are the same attribute in any case.
func (a MailboxAttr) Equal(b MailboxAttr) bool { return equalFoldASCII(string(a), string(b)) }

// IsSpecialUse reports whether a names a use of a mailbox rather than a
// property of its name.
func (a MailboxAttr) IsSpecialUse() bool {
	for _, b := range [...]MailboxAttr{AttrAll, AttrArchive, AttrDrafts, AttrFlagged, AttrJunk, AttrSent, AttrTrash, AttrImportant} {
		if a.Equal(b) {
			return true
		}
	}
	return false
}
