package imapcall_test

import (
	"strings"
	"testing"

	"github.com/mailwire/mailwire/imapwire"
	"github.com/mailwire/mailwire/imapwire/imapcall"
)

// TestDial: a URL is all it takes, and what is wrong with one never shows the
// password.
func TestDial(t *testing.T) {
	addr := mailServer(t)
	c, err := imapcall.Dial(t.Context(), "imap://ada:secret@"+addr+"/", imapcall.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	do(t, c, &imapwire.Select{Mailbox: "INBOX"})
	for _, url := range []string{
		"imap://ada:wrongsecret@" + addr, "pop3://ada:wrongsecret@" + addr, "imap://ada:wrongsecret@", "imap://ada:wrongsecret@%zz", "imaps://ada:wrongsecret@" + addr, ":",
	} {
		if c, err := imapcall.Dial(t.Context(), url, imapcall.Options{}); err == nil || strings.Contains(err.Error(), "wrongsecret") {
			t.Errorf("%v", err)
			if c != nil {
				c.Close()
			}
		}
	}
}
