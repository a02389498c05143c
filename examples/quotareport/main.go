package main

import (
	"context"
	"flag"
	"fmt"
	"net/url"
	"os"
	"os/signal"
	"syscall"

	"github.com/mailwire/mailwire/imapwire/imapcall"
)

func main() {
	n := flag.Int("n", 10, "print so many of the largest messages")
	flag.Usage = func() {
		fmt.Fprintln(flag.CommandLine.Output(), "usage: quotareport [-n N] URL")
		flag.PrintDefaults()
	}
	flag.Parse()
	if flag.NArg() != 1 || *n < 0 {
		flag.Usage()
		os.Exit(2)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, withPassword(flag.Arg(0)), *n); err != nil {
		fmt.Fprintln(os.Stderr, "quotareport:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, url string, n int) error {
	c, err := imapcall.Dial(ctx, url, imapcall.Options{})
	if err != nil {
		return err
	}
	defer c.Close()
	r, err := collect(ctx, c, n)
	if err != nil {
		return err
	}
	if err := r.print(os.Stdout); err != nil {
		return err
	}
	return c.Logout(ctx)
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
