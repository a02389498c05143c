package imapserve_test

import (
	"context"
	"errors"
	"iter"
	"testing"

	"github.com/mailwire/mailwire/imapwire/engine"
	"github.com/mailwire/mailwire/imapwire/imap"
	"github.com/mailwire/mailwire/mailbox"
	"github.com/mailwire/mailwire/mailbox/imapserve"
	"github.com/mailwire/mailwire/mailbox/memstore"
)

// An unreadStore has bodies that can not be opened, and messages that can not be
// looked at now and then.
type unreadStore struct {
	*memstore.Store
	broken *broken
}

type broken struct {
	bodies bool
	// messages counts down to the look that fails; 0 is none.
	messages int
}

var errDisk = errors.New("a disk has died")

type unreadUser struct {
	mailbox.User
	broken *broken
}

type unreadFolder struct {
	mailbox.Folder
	broken *broken
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
	if f.broken.bodies {
		return nil, errDisk
	}
	return f.Folder.Body(ctx, uid)
}

func (f unreadFolder) Messages(ctx context.Context, uids imap.UIDSet) iter.Seq2[mailbox.Message, error] {
	if f.broken.messages--; f.broken.messages == 0 {
		return func(yield func(mailbox.Message, error) bool) { yield(mailbox.Message{}, errDisk) }
	}
	return f.Folder.Messages(ctx, uids)
}

// unread returns a session on an INBOX of one message in a store of that kind.
func unread(t *testing.T) (*fixture, *client, *broken) {
	f, b := newFixture(t, memstore.Options{}), &broken{}
	f.login(t).append("INBOX", "one")
	srv, err := imapserve.NewServer(unreadStore{f.store, b}, imapserve.Options{Auth: f.store, PlaintextAuth: engine.PlaintextLoopback})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { srv.Close() })
	f.srv = srv
	return f, f.open(t, "INBOX"), b
}

// TestUnreadSeen: invariant 43. A FETCH that makes a message \Seen, and then can
// not read it, has changed it all the same: its client hears of that as of what
// others do, and of what others did as if it had not asked.
func TestUnreadSeen(t *testing.T) {
	f, c, b := unread(t)
	b.bodies = true
	c.want("FETCH 1 BODY[TEXT]", "* 1 FETCH (UID 1 FLAGS (\\Seen \\Recent))\nNO [SERVERBUG]")
	f.open(t, "INBOX").ok("STORE 1 +FLAGS.SILENT (k)")
	c.want("FETCH 1 (FLAGS BODY[TEXT])", "* FLAGS (\\Answered \\Flagged \\Deleted \\Seen \\Draft k)\n* 1 FETCH (UID 1 FLAGS (\\Seen k \\Recent))\nNO [SERVERBUG]")
	b.bodies = false
	c.want("FETCH 1 BODY[TEXT]", "* 1 FETCH (BODY[TEXT] {13}\nbody of one\n)\nOK")
}

// TestUnreadModSeq: invariant 45. Nor is the modseq of a silent STORE lost that
// could not be looked up.
func TestUnreadModSeq(t *testing.T) {
	_, c, b := unread(t)
	c.ok("FETCH 1 MODSEQ")
	b.messages = 1
	c.want(`STORE 1 +FLAGS.SILENT (\Seen)`, "* 1 FETCH (UID 1 FLAGS (\\Seen \\Recent) MODSEQ (3))\nOK")
}

// TestUntoldModSeq: invariant 47. While a change could not be told, a client does not
// get to believe in a modseq behind it, though later ones are told.
func TestUntoldModSeq(t *testing.T) {
	f, c, b := unread(t)
	c.append("INBOX", "two")
	c.ok("FETCH 1:2 MODSEQ") // 2, 3
	f.open(t, "INBOX").ok("STORE 1 +FLAGS.SILENT (k)")
	b.messages = 2
	c.want(`STORE 2 +FLAGS.SILENT (\Seen)`, "* 2 FETCH (UID 2 MODSEQ (5))\n* OK [HIGHESTMODSEQ 3] modseq\nOK")
	c.want("NOOP", "* FLAGS (\\Answered \\Flagged \\Deleted \\Seen \\Draft k)\n* 1 FETCH (UID 1 FLAGS (k \\Recent) MODSEQ (4))\n* OK [HIGHESTMODSEQ 5] modseq\nOK")
	c.want("NOOP", "OK")
}
