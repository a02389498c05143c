package imapserve_test

import (
	"context"
	"testing"

	"github.com/mailwire/mailwire/imapwire/engine"
	"github.com/mailwire/mailwire/imapwire/imap"
	"github.com/mailwire/mailwire/mailbox"
	"github.com/mailwire/mailwire/mailbox/imapserve"
	"github.com/mailwire/mailwire/mailbox/memstore"
)

// A limitedStore is a store on whose folders a user may do only what rights says.
type limitedStore struct {
	*memstore.Store
	rights map[string]string // by folder name; without an entry all
}

func (s limitedStore) User(ctx context.Context, name string) (mailbox.User, error) {
	u, err := s.Store.User(ctx, name)
	return limitedUser{u, s.rights}, err
}

type limitedUser struct {
	mailbox.User
	rights map[string]string
}

func (u limitedUser) Open(ctx context.Context, name string) (mailbox.Folder, error) {
	f, err := u.User.Open(ctx, name)
	letters, limited := u.rights[name]
	if err != nil || !limited {
		return f, err
	}
	r, _ := imap.ParseRights(letters)
	return limitedFolder{f, r}, nil
}

type limitedFolder struct {
	mailbox.Folder
	rights imap.Rights
}

func (f limitedFolder) Rights(context.Context) (imap.Rights, error) { return f.rights, nil }

// TestRights: RFC 4314 §4 and threats S4 and S15. Every command on a folder is
// refused without its right, before the store hears of it; without the lookup
// right a folder does not even exist.
func TestRights(t *testing.T) {
	f := newFixture(t, memstore.Options{})
	setup := f.login(t)
	for _, name := range []string{"read", "seen", "drop", "hidden", "keep"} {
		setup.ok("CREATE " + name)
		setup.append(name, "x")
	}
	store := limitedStore{f.store, map[string]string{"read": "lr", "seen": "lrs", "drop": "li", "hidden": "", "keep": "lrswti"}}
	srv, err := imapserve.NewServer(store, imapserve.Options{Auth: f.store, PlaintextAuth: engine.PlaintextLoopback})
	if err != nil {
		t.Fatal(err)
	}
	defer srv.Close()
	f.srv = srv
	c := f.login(t)

	c.want("SELECT hidden", "NO [NONEXISTENT]")
	c.want("STATUS hidden (MESSAGES)", "NO [NONEXISTENT]")
	c.want("DELETE hidden", "NO [NONEXISTENT]")
	c.want("APPEND hidden {3}", "NO [TRYCREATE]")
	c.want("SELECT drop", "NO [NOPERM]")
	c.want("STATUS drop (MESSAGES)", "NO [NOPERM]")
	c.want("APPEND drop {3+}\r\n\r\nx", "OK APPEND") // no APPENDUID: it may not read there
	c.want("APPEND read {3}", "NO [NOPERM]")
	c.want("DELETE read", "NO [NOPERM]")
	c.want("RENAME read other", "NO [NOPERM]")
	c.want("CREATE read/below", "NO [NOPERM]")

	// Nothing to change: it opens read-only.
	c.ok("SELECT read")
	c.want("STORE 1 +FLAGS \\Seen", "NO [READ-ONLY]")
	c.want("COPY 1 keep", "OK [COPYUID")
	c.want("COPY 1 read", "NO [NOPERM]")
	c.want("COPY 1 drop", "OK COPY")
	c.want("COPY 1 hidden", "NO [TRYCREATE]")
	c.want("COPY 1 nosuch", "NO [TRYCREATE]")

	c.want("SELECT seen", `* OK [CLOSED] previous mailbox closed
		* FLAGS (\Answered \Flagged \Deleted \Seen \Draft)
		* 1 EXISTS
		* 1 RECENT
		* OK [UNSEEN 1] first unseen
		* OK [UIDVALIDITY 3] UIDs valid
		* OK [UIDNEXT 2] predicted next UID
		* OK [PERMANENTFLAGS (\Seen)] flags permitted
		* OK [HIGHESTMODSEQ 2] modseq
		OK [READ-WRITE]`)
	c.want("STORE 1 +FLAGS k", "NO [NOPERM]")
	c.want("STORE 1 +FLAGS (k \\Seen \\Deleted)", "* 1 FETCH (UID 1 FLAGS (\\Seen \\Recent))\nOK") // what it may
	c.want("STORE 1 FLAGS (k)", "* 1 FETCH (UID 1 FLAGS (\\Recent))\nOK")
	c.want("EXPUNGE", "NO [NOPERM]")

	c.ok("SELECT keep")
	c.ok("STORE 1 +FLAGS.SILENT \\Deleted")
	c.want("EXPUNGE", "NO [NOPERM]")
	c.want("MOVE 1 INBOX", "NO [NOPERM]")
	c.want("CLOSE", "OK") // leaves, and removes nothing
	c.want("STATUS keep (MESSAGES)", "* STATUS keep (MESSAGES 2)\nOK")
}
