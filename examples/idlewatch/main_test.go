package main

import (
	"bufio"
	"context"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/mailwire/mailwire/imapwire"
	"github.com/mailwire/mailwire/imapwire/drive"
	"github.com/mailwire/mailwire/imapwire/engine"
	"github.com/mailwire/mailwire/imapwire/imap"
	"github.com/mailwire/mailwire/imapwire/imapcall"
	"github.com/mailwire/mailwire/mailbox/imapserve"
	"github.com/mailwire/mailwire/mailbox/memstore"
)

// TestWatch: what another session does is printed as it happens.
func TestWatch(t *testing.T) {
	store := memstore.New(memstore.Options{Now: time.Now})
	if err := store.AddUser("ada", "secret"); err != nil {
		t.Fatal(err)
	}
	srv, err := imapserve.NewServer(store, imapserve.Options{Auth: store, PlaintextAuth: engine.PlaintextLoopback})
	if err != nil {
		t.Fatal(err)
	}
	d := &drive.Server{NewSession: func(info drive.Info) (drive.Session, error) {
		return srv.Session(info.Now, imapserve.Info{Security: info.Security})
	}}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	serving, end := context.WithCancel(context.Background())
	served := make(chan error)
	go func() { served <- d.Serve(serving, l) }()
	defer func() {
		end()
		<-served
	}()
	url := "imap://ada:secret@" + l.Addr().String() + "/"

	ctx, cancel := context.WithCancel(t.Context())
	out, in := io.Pipe()
	watched := make(chan error)
	go func() { watched <- watch(ctx, url, "INBOX", in) }()
	lines := bufio.NewScanner(out)
	next := func(want string) {
		t.Helper()
		if !lines.Scan() || lines.Text() != want {
			t.Fatalf("%q, want %q", lines.Text(), want)
		}
	}
	next("INBOX has 0 messages")
	c, err := imapcall.Dial(ctx, url, imapcall.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	do := func(cmd imapwire.Command) {
		t.Helper()
		if _, err := c.Do(ctx, cmd); err != nil {
			t.Fatal(err)
		}
	}
	do(&imapwire.Append{Mailbox: "INBOX", Messages: []imapwire.AppendMessage{{Size: 1, Content: strings.NewReader("x")}}})
	next("1 new")
	do(&imapwire.Select{Mailbox: "INBOX"})
	do(&imapwire.Store{Set: imap.SetOf(1), Op: imapwire.StoreAdd, Flags: []imap.Flag{imap.FlagDeleted}})
	next(`message 1 is (\Deleted)`)
	do(&imapwire.Expunge{})
	next("message 1 is gone")
	cancel()
	if err := <-watched; err != nil {
		t.Error(err)
	}
}
