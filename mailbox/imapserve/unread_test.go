package imapserve_test

import (
	"context"
	"errors"
	"testing"

	"github.com/mailwire/mailwire/imapwire/engine"
	"github.com/mailwire/mailwire/imapwire/imap"
	"github.com/mailwire/mailwire/mailbox"
	"github.com/mailwire/mailwire/mailbox/imapserve"
	"github.com/mailwire/mailwire/mailbox/memstore"
)

// An unread store has bodies that can not be opened while broken is set.
type unreadStore struct {
	*memstore.Store
	broken *bool
}

type unreadUser struct {
	mailbox.User
	broken *bool
}

type unreadFolder struct {
	mailbox.Folder
	broken *bool
}

func (s unreadStore) User(ctx context.Context, name string) (mailbox.User, error) {
	u, err := s.Store.User(ctx, name)
	return unreadUser{u, s.broken}, err
}

func (u unreadUser) Open(ctx context.Context, name string) (mailbox.Folder, error) {
	f, err := u.User.Open(ctx, name)
	return unreadFolder{f, u.broken}, err
}

func (f unreadFolder) Body(ctx context.Context, uid imap.UID) (mailbox.Body, error) {
	if *f.broken {
		return nil, errors.New("a disk has died")
	}
	return f.Folder.Body(ctx, uid)
}

// TestUnreadSeen: invariant 43. A FETCH that makes a message \Seen, and then can
// not read it, has changed it all the same: its client hears of that as of what
// others do, and of what others did as if it had not asked.
func TestUnreadSeen(t *testing.T) {
	f := newFixture(t, memstore.Options{})
	c := f.login(t)
	c.append("INBOX", "one")
	broken := true
	srv, err := imapserve.NewServer(unreadStore{f.store, &broken}, imapserve.Options{Auth: f.store, PlaintextAuth: engine.PlaintextLoopback})
	if err != nil {
		t.Fatal(err)
	}
	defer srv.Close()
	f.srv = srv
	c = f.open(t, "INBOX")
	c.want("FETCH 1 BODY[TEXT]", "* 1 FETCH (UID 1 FLAGS (\\Seen \\Recent))\nNO [SERVERBUG]")
	other := f.open(t, "INBOX")
	other.ok("STORE 1 +FLAGS.SILENT (k)")
	c.want("FETCH 1 (FLAGS BODY[TEXT])", "* FLAGS (\\Answered \\Flagged \\Deleted \\Seen \\Draft k)\n* 1 FETCH (UID 1 FLAGS (\\Seen k \\Recent))\nNO [SERVERBUG]")
	broken = false
	c.want("FETCH 1 BODY[TEXT]", "* 1 FETCH (BODY[TEXT] {13}\nbody of one\n)\nOK")
}
