package imapserve_test

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"strings"
	"time"

	"github.com/mailwire/mailwire/imapwire/drive"
	"github.com/mailwire/mailwire/imapwire/engine"
	"github.com/mailwire/mailwire/mailbox/imapserve"
	"github.com/mailwire/mailwire/mailbox/memstore"
)

// A whole server: a store, the binding, and the driver on a listener. The
// second half is a client that tries it.
func Example() {
	store := memstore.New(memstore.Options{Now: time.Now})
	store.AddUser("demo", "demo")
	mail, err := imapserve.NewServer(store, imapserve.Options{Auth: store, PlaintextAuth: engine.PlaintextLoopback})
	if err != nil {
		fmt.Println(err)
		return
	}
	srv := &drive.Server{NewSession: func(info drive.Info) (drive.Session, error) {
		return mail.Session(info.Now, imapserve.Info{Security: info.Security})
	}}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		fmt.Println(err)
		return
	}
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	go srv.Serve(ctx, l)

	client, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		fmt.Println(err)
		return
	}
	answers := bufio.NewScanner(client)
	answers.Scan() // the greeting
	for _, command := range []string{"a LOGIN demo demo", "b STATUS INBOX (MESSAGES)", "c LOGOUT"} {
		fmt.Fprintf(client, "%s\r\n", command)
	}
	for answers.Scan() {
		if line := answers.Text(); line[0] == '*' {
			fmt.Println(line)
		}
	}
	// Output:
	// * STATUS INBOX (MESSAGES 0)
	// * BYE logging out
}

// An application that drives the engine itself, and answers a command that the
// library does not know.
func ExampleSession_Step() {
	now := time.Unix(1_800_000_000, 0)
	store := memstore.New(memstore.Options{Now: func() time.Time { return now }})
	mail, err := imapserve.NewServer(store, imapserve.Options{Auth: store, PlaintextAuth: engine.PlaintextAlways})
	if err != nil {
		fmt.Println(err)
		return
	}
	sess, err := mail.Session(now, imapserve.Info{})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer sess.Close()
	sess.Feed(now, []byte("a XPING hello\r\nb LOGOUT\r\n"))
	for ev := sess.Conn().Next(); ev != nil; ev = sess.Conn().Next() {
		if c, ok := ping(ev); ok {
			c.answer(sess.Conn())
			continue
		}
		sess.Step(context.Background(), ev)
	}
	for seg := sess.Output(); !seg.Empty(); seg = sess.Output() {
		fmt.Print(strings.ReplaceAll(string(seg.Bytes), "\r\n", "\n"))
		sess.Advance(now, seg.Len())
	}
	// Output:
	// * OK [CAPABILITY IMAP4rev1 IMAP4rev2 LITERAL+ ID ENABLE SASL-IR AUTH=PLAIN AUTH=LOGIN] mailwire ready
	// * XPONG hello
	// a OK pinged
	// * BYE logging out
	// b OK LOGOUT completed
}
