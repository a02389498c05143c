package mailbox_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/mailwire/mailwire/imapwire/imap"
	"github.com/mailwire/mailwire/mailbox"
	"github.com/mailwire/mailwire/mailbox/memstore"
)

// The whole model once: a user makes a folder, a message comes into INBOX, one
// session flags and moves it, and another learns of that.
func Example() {
	if err := tour(); err != nil {
		fmt.Println(err)
	}
	// Output:
	// arrived as UID 1 at modseq 2
	// UID 1 [\Flagged] 32 octets, 34 on the wire
	// Subject: lunch
	// moved to UID 1 of Done
	// the other session: UID 1 is gone at modseq 4
	// folders: INBOX Done
}

func tour() error {
	ctx := context.Background()
	store := memstore.New(memstore.Options{Now: func() time.Time { return time.Unix(1_800_000_000, 0) }})
	if err := store.AddUser("ada", "secret"); err != nil {
		return err
	}
	ada, err := store.User(ctx, "ada")
	if err != nil {
		return err
	}
	defer ada.Close()
	if _, err := ada.Create(ctx, "Done", mailbox.CreateOptions{}); err != nil {
		return err
	}
	inbox, err := ada.Open(ctx, imap.Inbox)
	if err != nil {
		return err
	}
	defer inbox.Close()

	// A message: all of it or nothing, and refused before it is sent.
	const text = "Subject: lunch\r\n\r\nnoon, as ever?"
	tx, err := inbox.Append(ctx)
	if err != nil {
		return err
	}
	defer tx.Abort()
	w, err := tx.Message(int64(len(text)), nil, time.Time{})
	if err != nil {
		return err
	}
	if _, err := io.WriteString(w, text); err != nil {
		return err
	}
	res, err := tx.Commit()
	if err != nil {
		return err
	}
	fmt.Printf("arrived as UID %d at modseq %d\n", res.UIDs[0], res.ModSeq)

	// Another session opens the folder: what is in it, and as of when.
	snap, err := inbox.Snapshot(ctx)
	if err != nil {
		return err
	}

	uids := imap.UIDSetOf(res.UIDs...)
	if _, err := inbox.Store(ctx, uids, mailbox.FlagUpdate{Op: mailbox.AddFlags, Flags: []imap.Flag{imap.FlagFlagged}}); err != nil {
		return err
	}
	for m, err := range inbox.Messages(ctx, uids) {
		if err != nil {
			return err
		}
		fmt.Println("UID", m.UID, m.Flags, m.Size, "octets,", m.WireSize, "on the wire")
	}
	body, err := inbox.Body(ctx, res.UIDs[0])
	if err != nil {
		return err
	}
	defer body.Close()
	subject := make([]byte, 14)
	if _, err := body.ReadAt(subject, 0); err != nil {
		return err
	}
	fmt.Printf("%s\n", subject)

	moved, err := inbox.Move(ctx, uids, "Done")
	if err != nil {
		return err
	}
	fmt.Println("moved to UID", moved.Dest, "of Done")

	// The other session catches up.
	for c, err := range inbox.Changes(ctx, snap.ModSeq) {
		if floor := (*mailbox.FloorError)(nil); errors.As(err, &floor) {
			continue // too long ago: it would start anew from a Snapshot
		} else if err != nil {
			return err
		}
		if c.Kind == mailbox.Expunged {
			fmt.Printf("the other session: UID %d is gone at modseq %d\n", c.UID, c.ModSeq)
		}
	}
	var names []string
	for info, err := range ada.Folders(ctx) {
		if err != nil {
			return err
		}
		names = append(names, info.Name)
	}
	fmt.Println("folders:", strings.Join(names, " "))
	return nil
}
