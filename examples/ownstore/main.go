package main

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/mailwire/mailwire/imapwire/drive"
	"github.com/mailwire/mailwire/imapwire/engine"
	"github.com/mailwire/mailwire/mailbox"
	"github.com/mailwire/mailwire/mailbox/imapserve"
)

// passwords are users and the digests of their passwords. A server with real
// users takes a slow hash of a database in its place.
type passwords map[string][sha256.Size]byte

// Verify implements [mailbox.Auth].
func (p passwords) Verify(_ context.Context, user, password string) (mailbox.Identity, error) {
	// The comparison comes first, so that an unknown user takes as long.
	want, known := p[user]
	got := sha256.Sum256([]byte(password))
	if subtle.ConstantTimeCompare(got[:], want[:]) == 1 && known {
		return mailbox.Identity{User: user}, nil
	}
	return mailbox.Identity{}, mailbox.ErrAuthentication
}

// String and Set make passwords the value of a flag.
func (p passwords) String() string { return "" }

// Set takes NAME:PASSWORD.
func (p passwords) Set(s string) error {
	name, password, ok := strings.Cut(s, ":")
	if !ok || name == "" || password == "" {
		return errors.New("expected NAME:PASSWORD")
	}
	p[name] = sha256.Sum256([]byte(password))
	return nil
}

func main() {
	users := passwords{}
	addr := flag.String("imap", "127.0.0.1:1143", "serve IMAP on this `address`")
	dir := flag.String("dir", "mail", "keep mail in this `directory`")
	flag.Var(users, "user", "a user as `NAME:PASSWORD`; may be repeated")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := serve(ctx, *dir, *addr, users, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "ownstore:", err)
		os.Exit(1)
	}
}

// serve runs the server until ctx ends.
func serve(ctx context.Context, dir, addr string, users passwords, out io.Writer) error {
	s := newStore(dir)
	for name := range users {
		if err := s.addUser(name); err != nil {
			return err
		}
	}
	srv, err := imapserve.NewServer(s, imapserve.Options{
		Auth: users, PlaintextAuth: engine.PlaintextLoopback,
		OnError: func(user string, err error) { fmt.Fprintln(os.Stderr, "ownstore:", user, err) },
	})
	if err != nil {
		return err
	}
	defer srv.Close()
	d := drive.Server{NewSession: func(info drive.Info) (drive.Session, error) {
		return srv.Session(info.Now, imapserve.Info{Security: info.Security})
	}}
	l, err := net.Listen("tcp", addr)
	if err != nil {
		return err
	}
	fmt.Fprintln(out, "imap", l.Addr())
	return d.Serve(ctx, l)
}
