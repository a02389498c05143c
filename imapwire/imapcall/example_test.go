package imapcall_test

import (
	"context"
	"fmt"
	"io"
	"net"
	"time"

	"github.com/mailwire/mailwire/imapwire"
	"github.com/mailwire/mailwire/imapwire/drive"
	"github.com/mailwire/mailwire/imapwire/engine"
	"github.com/mailwire/mailwire/imapwire/imap"
	"github.com/mailwire/mailwire/imapwire/imapcall"
	"github.com/mailwire/mailwire/imapwire/imapclient"
	"github.com/mailwire/mailwire/mailbox/imapserve"
	"github.com/mailwire/mailwire/mailbox/memstore"
)

// The whole loop: log in, put a message into a mailbox and read its subject.
func Example() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	conn := exampleServer(ctx)
	c, err := imapcall.New(ctx, conn, imapcall.Options{
		Engine: imapclient.Options{PlaintextAuth: engine.PlaintextAlways}, // an example: this connection is memory
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer c.Close()
	if err := c.Login(ctx, "ada", "secret"); err != nil {
		fmt.Println(err)
		return
	}
	for _, cmd := range []imapwire.Command{
		&imapwire.Append{Mailbox: "INBOX", Messages: []imapwire.AppendMessage{message("Subject: Hello\r\n\r\nworld\r\n")}},
		&imapwire.Select{Mailbox: "INBOX", ReadOnly: true},
	} {
		if _, err := c.Do(ctx, cmd); err != nil {
			fmt.Println(err)
			return
		}
	}
	res, err := c.Do(ctx, &imapwire.Fetch{Set: imap.SetOf(1), Items: []imapwire.FetchItem{imapwire.FetchEnvelope, imapwire.FetchRFC822Size}})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, f := range res.Fetches {
		fmt.Println(f.Num, f.Envelope.Subject.Value, f.Size)
	}
	// Output: 1 Hello 25
}

// exampleServer returns a connection to a server in memory.
func exampleServer(ctx context.Context) net.Conn {
	store := memstore.New(memstore.Options{Now: time.Now})
	store.AddUser("ada", "secret")
	srv, err := imapserve.NewServer(store, imapserve.Options{Auth: store, PlaintextAuth: engine.PlaintextAlways})
	if err != nil {
		panic(err)
	}
	client, server := net.Pipe()
	d := &drive.Server{NewSession: func(info drive.Info) (drive.Session, error) {
		return srv.Session(info.Now, imapserve.Info{Security: info.Security})
	}}
	go d.ServeConn(ctx, server)
	return client
}

// A toMailbox is a writer whose octets become a message: what copies from one
// server to another needs.
type toMailbox struct {
	ctx  context.Context
	call *imapcall.Call
}

func (m toMailbox) Write(p []byte) (int, error) { return m.call.Push(m.ctx, p) }

// A message goes from one server to another in the pieces in which it comes: there
// is no reader, no file and no goroutine in between.
func ExampleCall_Push() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	var from, to *imapcall.Client
	for _, c := range []**imapcall.Client{&from, &to} {
		var err error
		*c, err = imapcall.New(ctx, exampleServer(ctx), imapcall.Options{
			Engine: imapclient.Options{PlaintextAuth: engine.PlaintextAlways}, // an example: this connection is memory
		})
		if err != nil {
			fmt.Println(err)
			return
		}
		defer (*c).Close()
		if err := (*c).Login(ctx, "ada", "secret"); err != nil {
			fmt.Println(err)
			return
		}
	}
	for _, cmd := range []imapwire.Command{
		&imapwire.Append{Mailbox: "INBOX", Messages: []imapwire.AppendMessage{message("Subject: Hello\r\n\r\nworld\r\n")}},
		&imapwire.Select{Mailbox: "INBOX", ReadOnly: true},
	} {
		if _, err := from.Do(ctx, cmd); err != nil {
			fmt.Println(err)
			return
		}
	}

	fetch, err := from.Start(&imapwire.Fetch{Set: imap.SetOf(1), Items: []imapwire.FetchItem{&imapwire.FetchBody{Peek: true}}})
	if err != nil {
		fmt.Println(err)
		return
	}
	var call *imapcall.Call
	fetch.Body(func(_ *imapwire.FetchData, section imapwire.SectionData) io.Writer {
		call, err = to.Start(&imapwire.Append{Mailbox: "INBOX", Messages: []imapwire.AppendMessage{{
			Size: section.Content.Size, Pushed: true, Wait: true,
		}}})
		if err != nil {
			return nil
		}
		return toMailbox{ctx, call}
	})
	if _, fetchErr := fetch.Wait(ctx); fetchErr != nil || err != nil {
		fmt.Println(fetchErr, err)
		return
	}
	res, err := call.Wait(ctx)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(res.Status.Condition, res.Status.Code.(*imapwire.CodeAppendUID).UIDs)
	// Output: OK 1
}
