package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/url"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"syscall"
	"unicode"

	"github.com/mailwire/mailwire/imapwire"
	"github.com/mailwire/mailwire/imapwire/imap"
	"github.com/mailwire/mailwire/imapwire/imapcall"
	"github.com/mailwire/mailwire/mailbox/message"
)

// A request is what the command line asks for.
type request struct {
	url, mailbox string
	uid          imap.UID
	part         []uint32
	search       string
	// progress, when not nil, gets a bar.
	progress io.Writer
}

func main() {
	var r request
	part := flag.String("part", "", "the `number` of a part, such as 1.2")
	file := flag.String("o", "", "save to this `file`")
	flag.StringVar(&r.search, "search", "", "list messages with this `text` only")
	flag.Parse()
	err := r.parse(flag.Args(), *part)
	if err != nil {
		fmt.Fprintln(os.Stderr, "imapcat:", err)
		flag.Usage()
		os.Exit(2)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	out := os.Stdout
	if *file != "" {
		if out, err = os.Create(*file); err == nil {
			r.progress = os.Stderr
		}
	}
	if err == nil {
		err = errors.Join(r.run(ctx, out), out.Close())
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "imapcat:", err)
		os.Exit(1)
	}
}

func (r *request) parse(args []string, part string) error {
	if len(args) < 1 || len(args) > 3 {
		return errors.New("expected URL [MAILBOX [UID]]")
	}
	r.url = args[0]
	if u, err := url.Parse(r.url); err == nil && u.User != nil {
		if _, has := u.User.Password(); !has {
			u.User = url.UserPassword(u.User.Username(), os.Getenv("IMAP_PASSWORD"))
			r.url = u.String()
		}
	}
	if len(args) > 1 {
		r.mailbox = args[1]
	}
	if len(args) > 2 {
		n, err := strconv.ParseUint(args[2], 10, 32)
		if err != nil || n == 0 {
			return fmt.Errorf("%q is no UID", args[2])
		}
		r.uid = imap.UID(n)
	}
	for s := range strings.SplitSeq(part, ".") {
		if part == "" {
			break
		}
		n, err := strconv.ParseUint(s, 10, 32)
		if err != nil || n == 0 {
			return fmt.Errorf("%q is no part", part)
		}
		r.part = append(r.part, uint32(n))
	}
	return nil
}

func (r *request) run(ctx context.Context, out io.Writer) error {
	c, err := imapcall.Dial(ctx, r.url, imapcall.Options{})
	if err != nil {
		return err
	}
	defer c.Close()
	if r.mailbox == "" {
		err = list(ctx, c, out)
	} else if _, err = c.Do(ctx, &imapwire.Select{Mailbox: imap.EncodeMailbox(r.mailbox, false), ReadOnly: true}); err == nil {
		if r.uid == 0 {
			err = r.messages(ctx, c, out)
		} else {
			err = r.content(ctx, c, out)
		}
	}
	if err != nil {
		return err
	}
	return c.Logout(ctx)
}

// printable replaces what a terminal would act on.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return '?'
	}, s)
}

func list(ctx context.Context, c *imapcall.Client, out io.Writer) error {
	res, err := c.Do(ctx, &imapwire.List{Patterns: []string{"*"}})
	if err != nil {
		return err
	}
	for _, d := range res.Data {
		if l, ok := d.(*imapwire.ListData); ok {
			fmt.Fprintln(out, printable(imap.DisplayMailbox(l.Mailbox, false)))
		}
	}
	return nil
}

// messages lists messages, a line each.
func (r *request) messages(ctx context.Context, c *imapcall.Client, out io.Writer) error {
	set := imap.SetRange(1, imap.Star)
	if r.search != "" {
		res, err := c.Do(ctx, &imapwire.Search{UID: true, Charset: "UTF-8", Key: &imap.SearchText{Field: imap.TextText, Value: r.search}})
		if err != nil {
			return err
		}
		set = imap.Set{}
		for _, d := range res.Data {
			if s, ok := d.(*imapwire.SearchData); ok {
				for _, n := range s.Nums {
					set.Ranges = append(set.Ranges, imap.Range{First: n, Last: n})
				}
			}
		}
		if len(set.Ranges) == 0 {
			return nil
		}
	}
	res, err := c.Do(ctx, &imapwire.Fetch{UID: true, Set: set, Items: []imapwire.FetchItem{imapwire.FetchFlags, imapwire.FetchRFC822Size, imapwire.FetchEnvelope}})
	if err != nil {
		return err
	}
	for _, f := range res.Fetches {
		if f.Envelope == nil {
			continue
		}
		from := ""
		if len(f.Envelope.From) > 0 {
			from = f.Envelope.From[0].Mailbox.Value + "@" + f.Envelope.From[0].Host.Value
		}
		seen := "N"
		if imap.HasFlag(f.Flags, imap.FlagSeen) {
			seen = " "
		}
		fmt.Fprintf(out, "%6d %s %9d  %-30s  %s\n", f.UID, seen, f.Size, printable(from), printable(message.DecodeWords(f.Envelope.Subject.Value)))
	}
	return nil
}

// content writes a message or a part of one.
func (r *request) content(ctx context.Context, c *imapcall.Client, out io.Writer) error {
	var item imapwire.FetchItem = &imapwire.FetchBody{Peek: true}
	if len(r.part) > 0 {
		item = &imapwire.FetchBody{Peek: true, Section: imap.Section{Part: r.part}}
		if caps, _ := c.Capabilities(); caps.Has("BINARY") {
			item = &imapwire.FetchBinary{Peek: true, Part: r.part}
		}
	}
	call, err := c.Start(&imapwire.Fetch{UID: true, Set: imap.SetOf(uint32(r.uid)), Items: []imapwire.FetchItem{item}})
	if err != nil {
		return err
	}
	found := false
	call.Body(func(_ *imapwire.FetchData, section imapwire.SectionData) io.Writer {
		found = true
		if r.progress == nil {
			return out
		}
		return &bar{out: out, screen: r.progress, size: section.Content.Size, shown: -1}
	})
	if _, err := call.Wait(ctx); err != nil {
		return err
	}
	if !found {
		return fmt.Errorf("%s has no such content", r.mailbox)
	}
	return nil
}

// A bar shows how much has come.
type bar struct {
	out, screen io.Writer
	size, done  int64
	shown       int64 // percent
}

func (b *bar) Write(p []byte) (int, error) {
	n, err := b.out.Write(p)
	b.done += int64(n)
	if percent := b.done * 100 / max(b.size, 1); percent != b.shown {
		b.shown = percent
		fmt.Fprintf(b.screen, "\r[%-50s] %3d %%", strings.Repeat("#", int(percent/2)), percent)
		if b.done == b.size {
			fmt.Fprintln(b.screen)
		}
	}
	return n, err
}
