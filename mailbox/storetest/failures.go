package storetest

import (
	"errors"
	"io"
	"testing"

	"github.com/mailwire/mailwire/imapwire/imap"
	"github.com/mailwire/mailwire/mailbox"
)

// errInjected is what a failing store is told to fail with.
var errInjected = errors.New("storetest: a failure on purpose")

// A failer makes one step fail.
type failer struct {
	// after is how many steps succeed before the one that fails; negative is
	// all of them.
	after int
	steps []string
}

func (f *failer) fail(step string) error {
	f.steps = append(f.steps, step)
	if f.after >= 0 && len(f.steps) == f.after+1 {
		return errInjected
	}
	return nil
}

// testFailures: invariants 48 and 49. Every call is made to fail at each of its
// steps in turn; each time it says so, nothing has changed, the books equal a
// recount, and the call works when it is made again.
func testFailures(t *testing.T, opt Options) {
	for _, tt := range []struct {
		name string
		call func(k *kit) error
	}{
		{"append", func(k *kit) error {
			_, err := tryAdd(k.inbox, letter{"one", []imap.Flag{"new"}, day}, half)
			return err
		}},
		{"append of unknown size", func(k *kit) error {
			tx, err := k.inbox.Append(ctx)
			if err != nil {
				return err
			}
			defer tx.Abort()
			w, err := tx.Message(-1, nil, day)
			if err != nil {
				return err
			}
			for range 3 {
				if _, err := io.WriteString(w, half.text); err != nil {
					return err
				}
			}
			_, err = tx.Commit()
			return err
		}},
		{"replace", func(k *kit) error {
			tx, err := k.inbox.Append(ctx)
			if err != nil {
				return err
			}
			defer tx.Abort()
			if err := tx.Expunge(set(snapshot(k, k.inbox).UIDs.UID(1))); err != nil {
				return err
			}
			if err := put(tx, half); err != nil {
				return err
			}
			_, err = tx.Commit()
			return err
		}},
		{"copy", func(k *kit) error { _, err := k.inbox.Copy(ctx, snapshot(k, k.inbox).UIDs.Set(), "box"); return err }},
		{"copy here", func(k *kit) error {
			_, err := k.inbox.Copy(ctx, snapshot(k, k.inbox).UIDs.Set(), imap.Inbox)
			return err
		}},
		{"move", func(k *kit) error { _, err := k.inbox.Move(ctx, snapshot(k, k.inbox).UIDs.Set(), "box"); return err }},
		{"store", func(k *kit) error {
			_, err := k.inbox.Store(ctx, mailbox.AllUIDs, mailbox.FlagUpdate{Op: mailbox.AddFlags, Flags: []imap.Flag{"other"}})
			return err
		}},
		{"expunge", func(k *kit) error { _, err := k.inbox.Expunge(ctx, mailbox.AllUIDs); return err }},
		{"claim", func(k *kit) error { _, err := k.inbox.ClaimRecent(ctx); return err }},
		{"create", func(k *kit) error {
			_, err := k.alice.Create(ctx, k.name("x", "y", "z"), mailbox.CreateOptions{Use: []imap.MailboxAttr{imap.AttrSent}})
			return err
		}},
		{"delete", func(k *kit) error { return k.alice.Delete(ctx, "box") }},
		{"rename", func(k *kit) error { return k.alice.Rename(ctx, "dir", k.name("n", "m")) }},
		{"rename INBOX", func(k *kit) error { return k.alice.Rename(ctx, imap.Inbox, k.name("n", "m")) }},
		{"subscribe", func(k *kit) error { return k.alice.Subscribe(ctx, "box", true) }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			for after := 0; ; after++ {
				f := &failer{after: -1}
				k := newKit(t, opt.Failing(t, f.fail), opt)
				add(k, k.folder("box"), half)
				create(k, k.alice, k.name("dir", "sub"))
				add(k, k.inbox, letter{"x", []imap.Flag{imap.FlagDeleted, "k"}, day}, half)
				f.after, f.steps = after, nil
				before := state(k, k.alice)
				err := tt.call(k)
				if len(f.steps) <= after {
					ok(k, err, "the call, when nothing fails")
					k.Logf("steps: %q", f.steps)
					return
				}
				failed := f.steps[after]
				f.after = -1
				wants(k, err, errInjected, "the call, failing at "+failed)
				if now := state(k, k.alice); now != before {
					k.Fatalf("failing at %s changed\n%sto\n%s", failed, before, now)
				}
				checkUsage(k, k.opt, k.store)
				ok(k, tt.call(k), "the call again, after it failed at "+failed)
				checkUsage(k, k.opt, k.store)
			}
		})
	}
}
