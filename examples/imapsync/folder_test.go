package main

import (
	"slices"
	"testing"

	"github.com/mailwire/mailwire/imapwire"
	"github.com/mailwire/mailwire/imapwire/imap"
)

// TestNames: names keep their levels from server to server, whatever separates
// them, comes before them or encodes them.
func TestNames(t *testing.T) {
	slash := &session{delimiter: '/'}
	rev2 := &session{delimiter: '/', utf8: true}
	courier := &session{delimiter: '.', prefix: "INBOX."}
	flat := &session{}
	for _, test := range []struct {
		from       *session
		name, want string
		to         *session
	}{
		{slash, "inbox", "INBOX", courier},
		{courier, "INBOX", "INBOX", rev2},
		{courier, "INBOX.Sent.2019", "Sent/2019", slash},
		{slash, "Sent/2019", "INBOX.Sent.2019", courier},
		{slash, "v1.5/&AMk-t&AOk-", "v1.5/Été", rev2},
		{rev2, "v1.5/Été", "INBOX.v1_5.&AMk-t&AOk-", courier},
		{rev2, "Tom & Jerry", "Tom &- Jerry", slash},
		{slash, "Tom & Jerry", "Tom & Jerry", rev2}, // not valid: as it is
		{slash, "a/b", "a_b", flat},
		{flat, "a/b", "a_b", slash},
		{slash, "INBOX/x", "INBOX/x", rev2},
	} {
		got := test.to.name(test.from.levels(&imapwire.ListData{Mailbox: test.name, Delimiter: test.from.delimiter}))
		if got != test.want {
			t.Errorf("%q is %q, want %q", test.name, got, test.want)
		}
	}
}

// TestStorable: what a destination can not store is left out.
func TestStorable(t *testing.T) {
	flags := []imap.Flag{`\seen`, `\Recent`, `\XOld`, "$Forwarded", "later", `\Deleted`}
	for _, test := range []struct{ permanent, want []imap.Flag }{
		{nil, []imap.Flag{`\seen`, `\Deleted`}},
		{[]imap.Flag{}, nil},
		{[]imap.Flag{imap.FlagSeen, "LATER"}, []imap.Flag{`\seen`, "later"}},
		{[]imap.Flag{imap.FlagDeleted, imap.FlagWildcard}, []imap.Flag{"$Forwarded", "later", `\Deleted`}},
	} {
		if got := storable(flags, test.permanent); !slices.Equal(got, test.want) {
			t.Errorf("%v may be stored: %v, want %v", test.permanent, got, test.want)
		}
	}
}

// TestMessageID: only what every server reads the same way is searched for.
func TestMessageID(t *testing.T) {
	for head, want := range map[string]string{
		"Message-ID: <a@b>\r\n\r\n":     "<a@b>",
		"MESSAGE-ID:<a@b>  \r\n\r\n":    "<a@b>",
		"\r\n":                          "",
		"":                              "",
		"Message-ID:\r\n <a@b>\r\n\r\n": "",
		"Message-ID: <a @b>\r\n\r\n":    "",
		"Message-ID: <\xe4@b>\r\n\r\n":  "",
		"Message-ID: <a@b>\r\nMessage-ID: <c@d>\r\n\r\n": "",
	} {
		if got := messageID([]byte(head)); got != want {
			t.Errorf("%q: %q, want %q", head, got, want)
		}
	}
}
