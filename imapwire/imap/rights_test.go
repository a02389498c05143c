package imap_test

import (
	"testing"

	"github.com/mailwire/mailwire/imapwire/imap"
)

func TestRights(t *testing.T) {
	for in, want := range map[string]string{"": "", "lr9": "lr9", "9rrl": "lr9", "zyxwvutsrqponmlkjihgfedcba9876543210": "abcdefghijklmnopqrstuvwxyz0123456789"} {
		if r, ok := imap.ParseRights(in); !ok || r.String() != want {
			t.Errorf("%q: %q, %v", in, r, ok)
		}
	}
	for _, in := range []string{"lR", "l r", "l-", "é", "\x00", "lr\n"} {
		if r, ok := imap.ParseRights(in); ok || r != 0 {
			t.Errorf("%q is taken for %q", in, r)
		}
	}
	for letter, r := range map[string]imap.Rights{
		"l": imap.RightLookup, "r": imap.RightRead, "s": imap.RightSeen, "w": imap.RightWrite, "i": imap.RightInsert, "p": imap.RightPost,
		"k": imap.RightCreate, "x": imap.RightDeleteFolder, "t": imap.RightDelete, "e": imap.RightExpunge, "a": imap.RightAdmin, "n": imap.RightAnnotate,
	} {
		if r.String() != letter || !imap.RightsAll.Has(r) {
			t.Errorf("%s: %s", letter, r)
		}
	}
	if got := imap.RightsAll.String(); got != "aeiklnprstwx" {
		t.Errorf("all rights: %s", got)
	}
	r := imap.RightLookup | imap.RightRead
	if !r.Has(0) || !r.Has(imap.RightRead) || r.Has(imap.RightRead|imap.RightWrite) {
		t.Error("Has")
	}
}
