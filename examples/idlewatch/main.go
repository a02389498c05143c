package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/mailwire/mailwire/imapwire"
	"github.com/mailwire/mailwire/imapwire/imap"
	"github.com/mailwire/mailwire/imapwire/imapcall"
)

func main() {
	if len(os.Args) < 2 || len(os.Args) > 3 {
		fmt.Fprintln(os.Stderr, "usage: idlewatch URL [MAILBOX]")
		os.Exit(2)
	}
	mailbox := imap.Inbox
	if len(os.Args) == 3 {
		mailbox = os.Args[2]
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := watch(ctx, withPassword(os.Args[1]), mailbox, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "idlewatch:", err)
		os.Exit(1)
	}
}

// withPassword puts IMAP_PASSWORD into a URL that has none.
func withPassword(rawURL string) string {
	u, err := url.Parse(rawURL)
	if err != nil || u.User == nil {
		return rawURL
	}
	if _, has := u.User.Password(); !has {
		u.User = url.UserPassword(u.User.Username(), os.Getenv("IMAP_PASSWORD"))
	}
	return u.String()
}

// watch tells what happens until ctx ends.
func watch(ctx context.Context, url, mailbox string, out io.Writer) error {
	c, err := imapcall.Dial(ctx, url, imapcall.Options{})
	if err != nil {
		return err
	}
	defer c.Close()
	res, err := c.Do(ctx, &imapwire.Select{Mailbox: imap.EncodeMailbox(mailbox, false), ReadOnly: true})
	if err != nil {
		return err
	}
	count := uint32(0)
	for _, r := range res.Data {
		if e, ok := r.(*imapwire.ExistsData); ok {
			count = e.Count
		}
	}
	fmt.Fprintf(out, "%s has %d messages\n", mailbox, count)
	err = c.Idle(ctx, func(r imapwire.Response) {
		switch r := r.(type) {
		case *imapwire.ExistsData:
			fmt.Fprintf(out, "%d new\n", r.Count-min(count, r.Count))
			count = r.Count
		case *imapwire.ExpungeData:
			fmt.Fprintf(out, "message %d is gone\n", r.Seq)
			count--
		case *imapwire.FetchData:
			var flags []string
			for _, f := range r.Flags {
				if f != imap.FlagRecent {
					flags = append(flags, string(f))
				}
			}
			fmt.Fprintf(out, "message %d is (%s)\n", r.Num, strings.Join(flags, " "))
		}
	})
	if errors.Is(err, context.Canceled) {
		return nil
	}
	return err
}
