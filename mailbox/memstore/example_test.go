package memstore_test

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/mailwire/mailwire/imapwire/imap"
	"github.com/mailwire/mailwire/mailbox"
	"github.com/mailwire/mailwire/mailbox/memstore"
	"github.com/mailwire/mailwire/quota"
)

// A store with a user, a message delivered from outside, and somebody who
// watches for it.
func Example() {
	ctx := context.Background()
	store := memstore.New(memstore.Options{
		Now: func() time.Time { return time.Unix(1_800_000_000, 0).UTC() }, // a program has time.Now here
	})
	if err := store.AddUser("ada", "secret"); err != nil {
		fmt.Println(err)
		return
	}
	stop := store.Watch(func(r mailbox.Ring) { fmt.Println("a bell for", r.User) })
	defer stop()

	id, err := store.Verify(ctx, "ada", "secret")
	if err != nil {
		fmt.Println(err)
		return
	}
	ada, err := store.User(ctx, id.User)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer ada.Close()
	inbox, err := ada.Open(ctx, imap.Inbox)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer inbox.Close()

	tx, err := inbox.(mailbox.Deliverer).Deliver(ctx)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer tx.Abort()
	w, err := tx.Message(-1, nil, time.Time{}) // of unknown size
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Fprint(w, "From: charles@example.net\r\nSubject: the mill\r\n\r\nIt needs oil.\r\n")
	if _, err := tx.Commit(); err != nil {
		fmt.Println(err)
		return
	}

	for m, err := range inbox.Messages(ctx, mailbox.AllUIDs) {
		if err != nil {
			fmt.Println(err)
			return
		}
		body, err := inbox.Body(ctx, m.UID)
		if err != nil {
			fmt.Println(err)
			return
		}
		index, err := body.(mailbox.IndexedBody).Index()
		if err != nil {
			fmt.Println(err)
			return
		}
		text := index.Root().Body
		io.Copy(lines{}, io.NewSectionReader(body, text.Offset, text.Size))
		fmt.Println(m.InternalDate, index.Envelope().Subject.Value)
		body.Close()
	}
	// Output:
	// a bell for ada
	// It needs oil.
	// 2027-01-15 08:00:00 +0000 UTC the mill
}

// lines prints what is written to it, with the line ends of the screen.
type lines struct{}

func (lines) Write(p []byte) (int, error) {
	for _, c := range p {
		if c != '\r' {
			fmt.Printf("%c", c)
		}
	}
	return len(p), nil
}

// A user who has run out of quota.
func ExampleStore_SetQuota() {
	store := memstore.New(memstore.Options{})
	store.AddUser("ada", "secret")
	var limits quota.Limits
	limits[quota.Storage] = quota.Hard(1) // KiB
	store.SetQuota("ada", "", limits)

	ctx := context.Background()
	ada, _ := store.User(ctx, "ada")
	inbox, _ := ada.Open(ctx, imap.Inbox)
	tx, _ := inbox.Append(ctx)
	_, err := tx.Message(1025, nil, time.Time{})
	fmt.Println(err)
	tx.Abort()
	roots, _ := store.Quota("ada")
	for _, l := range roots[0].Lines() {
		fmt.Println(l.Resource, l.Usage, "of", l.Limit)
	}
	// Output:
	// mailbox: over quota: quota: 1025 more in STORAGE of root "": 0 of 1024 used
	// STORAGE 0 of 1
}
