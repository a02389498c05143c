package pop3serve

import (
	"context"
	"fmt"

	"github.com/mailwire/mailwire/imapwire/engine"
	"github.com/mailwire/mailwire/imapwire/imap"
)

// rightsToRemove are what removing messages takes: to flag and to expunge them.
const rightsToRemove = imap.RightDelete | imap.RightExpunge

// quit removes what is to be removed, gives up the lock, and says how it went.
// The lock goes before the answer: who has read that may log in again.
func (s *Session) quit(ctx context.Context, id engine.ID) {
	uids := s.drop.leaving()
	err := s.drop.remove(ctx, s, uids)
	s.leave()
	if err != nil {
		c := s.condition(err)
		c.Text = "no message was removed: " + c.Text
		s.conn.Done(id, c)
		return
	}
	s.conn.Done(id, ok(fmt.Sprintf("bye, %d messages removed", uids.Count())))
}

// leaving returns the messages that QUIT removes: what is marked, and what the
// policy asks for.
func (d *maildrop) leaving() imap.UIDSet {
	implied := d.policy.Expire != nil && d.policy.Expire.Days == 0 && !d.policy.Expire.Never
	var uids imap.UIDSet
	for i := range d.items {
		if it := &d.items[i]; it.marked || it.expired || implied && it.taken {
			uids.Add(it.uid)
		}
	}
	return uids
}

// remove removes messages, all of those that are still there or none, whatever
// their flags.
func (d *maildrop) remove(ctx context.Context, s *Session, uids imap.UIDSet) error {
	if len(uids) == 0 {
		return nil
	}
	if err := d.may(ctx, rightsToRemove); err != nil {
		return err
	}
	// Whoever has the lock by now has been told of these messages.
	if err := d.renew(ctx, s.now); err != nil {
		return err
	}
	tx, err := d.folder.Append(ctx)
	if err != nil {
		return err
	}
	defer tx.Abort()
	if err := tx.Expunge(uids); err != nil {
		return err
	}
	_, err = tx.Commit()
	return err
}
