package imap_test

import (
	"testing"

	"github.com/mailwire/mailwire/imapwire/imap"
)

func TestMailboxAttr(t *testing.T) {
	for attr, want := range map[imap.MailboxAttr]bool{
		imap.AttrAll: true, imap.AttrArchive: true, imap.AttrDrafts: true, imap.AttrFlagged: true, imap.AttrJunk: true, imap.AttrSent: true, imap.AttrTrash: true, imap.AttrImportant: true,
		`\TRASH`: true, "Trash": false, `\Trash2`: false, "": false,
		imap.AttrNoInferiors: false, imap.AttrNoSelect: false, imap.AttrNonExistent: false, imap.AttrMarked: false, imap.AttrUnmarked: false,
		imap.AttrHasChildren: false, imap.AttrHasNoChildren: false, imap.AttrSubscribed: false, imap.AttrRemote: false,
	} {
		if attr.IsSpecialUse() != want {
			t.Errorf("%q: special use %v", attr, !want)
		}
	}
	if !imap.MailboxAttr(`\NOSELECT`).Equal(imap.AttrNoSelect) || imap.AttrMarked.Equal(imap.AttrUnmarked) {
		t.Error("Equal")
	}
}
