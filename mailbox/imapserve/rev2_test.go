package imapserve_test

import (
	"strings"
	"testing"

	"github.com/mailwire/mailwire/mailbox/memstore"
)

// TestRev2: what ENABLE IMAP4rev2 changes, RFC 9051 Appendix E.
func TestRev2(t *testing.T) {
	f := newFixture(t, memstore.Options{})
	old := f.login(t)
	old.append("INBOX", "one")
	old.ok("CREATE &ZeVnLIqe-")
	c := f.login(t)
	caps := c.ok("CAPABILITY")
	// RFC 9051 Appendix E: what IMAP4rev2 contains is announced to rev1 clients.
	for _, want := range []string{"IMAP4rev1", "IMAP4rev2", "NAMESPACE", "UNSELECT", "UIDPLUS", "ESEARCH", "SEARCHRES", "ENABLE", "IDLE", "LIST-EXTENDED", "LIST-STATUS", "MOVE", "LITERAL+", "BINARY", "SPECIAL-USE", "STATUS=SIZE"} {
		if !strings.Contains(strings.TrimSpace(caps)+" ", " "+want+" ") {
			t.Errorf("%s is missing: %s", want, caps)
		}
	}
	c.want("ENABLE IMAP4rev2", "* ENABLED IMAP4rev2\nOK")
	c.want("SELECT inbox", `* LIST (\HasNoChildren) "/" INBOX ("OLDNAME" (inbox))
		* FLAGS (\Answered \Flagged \Deleted \Seen \Draft)
		* 1 EXISTS
		* OK [UIDVALIDITY 1] UIDs valid
		* OK [UIDNEXT 2] predicted next UID
		* OK [PERMANENTFLAGS (\Answered \Flagged \Deleted \Seen \Draft \*)] flags permitted
		* OK [HIGHESTMODSEQ 2] modseq
		OK [READ-WRITE]`)
	c.want("FETCH 1 FLAGS", "* 1 FETCH (FLAGS ())\nOK") // no \Recent
	old.append("INBOX", "two")
	c.want("NOOP", "* 2 EXISTS\nOK") // no RECENT
	for _, tt := range []struct{ command, want string }{
		{"SEARCH ALL", "ALL 1:2"}, {"UID SEARCH SEEN", "UID"}, {"SEARCH RETURN (COUNT) ALL", "COUNT 2"},
	} {
		if out, _ := c.do(tt.command); !strings.HasPrefix(out, "* ESEARCH (TAG \"t") || !strings.HasSuffix(out, ") "+tt.want+"\r\n") {
			t.Errorf("%s: %s", tt.command, out)
		}
	}
	c.ok("STORE 1 +FLAGS.SILENT \\Deleted")
	c.want("STATUS INBOX (MESSAGES DELETED SIZE)", "* STATUS INBOX (MESSAGES 2 DELETED 1 SIZE 58)\nOK")
	c.want("STATUS INBOX (RECENT)", "BAD")
	c.want(`LIST "" 日*`, "BAD") // UTF-8 in an atom
	c.want(`LIST "" "日*"`, "* LIST (\\HasNoChildren) \"/\" \"日本語\"\nOK")
	c.want("CREATE \"a\\q\"", "BAD") // a backslash quotes only itself and the quote
}

// TestRev2Names: names are UTF-8, and told anew when they are spelled otherwise.
func TestRev2Names(t *testing.T) {
	f := newFixture(t, memstore.Options{})
	c := f.login(t)
	c.ok("ENABLE IMAP4rev2")
	c.want("CREATE \"cafe\u0301\"", "* LIST (\\HasNoChildren) \"/\" \"café\" (\"OLDNAME\" (\"cafe\u0301\"))\nOK")
	c.want(`CREATE "a&b"`, "OK")
	c.want(`LIST "" "a*"`, "* LIST (\\HasNoChildren) \"/\" a&b\nOK")
	if out := c.ok("SELECT \"cafe\u0301\""); !strings.HasPrefix(out, "* LIST (\\HasNoChildren) \"/\" \"café\" (\"OLDNAME\" (\"cafe\u0301\"))\r\n") {
		t.Error(out)
	}
	c.want("SELECT a&b", `* OK [CLOSED] previous mailbox closed
		* LIST (\HasNoChildren) "/" a&b
		* FLAGS (\Answered \Flagged \Deleted \Seen \Draft)
		* 0 EXISTS
		* OK [UIDVALIDITY 3] UIDs valid
		* OK [UIDNEXT 1] predicted next UID
		* OK [PERMANENTFLAGS (\Answered \Flagged \Deleted \Seen \Draft \*)] flags permitted
		* OK [HIGHESTMODSEQ 1] modseq
		OK [READ-WRITE]`)
	// The mailbox goes while it is open: the session stays.
	f.login(t).ok("DELETE a&-b")
	c.want("NOOP", "* OK [CLOSED] the mailbox was deleted\nOK")
	c.want("FETCH 1 FLAGS", "BAD")
	c.want("SELECT INBOX", "* LIST (\\HasNoChildren) \"/\" INBOX\n"+`* FLAGS (\Answered \Flagged \Deleted \Seen \Draft)
		* 0 EXISTS
		* OK [UIDVALIDITY 1] UIDs valid
		* OK [UIDNEXT 1] predicted next UID
		* OK [PERMANENTFLAGS (\Answered \Flagged \Deleted \Seen \Draft \*)] flags permitted
		* OK [HIGHESTMODSEQ 1] modseq
		OK [READ-WRITE]`)
}
