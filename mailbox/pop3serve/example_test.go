package pop3serve_test

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"strings"
	"time"

	"github.com/mailwire/mailwire/imapwire/drive"
	"github.com/mailwire/mailwire/imapwire/engine"
	"github.com/mailwire/mailwire/mailbox/memstore"
	"github.com/mailwire/mailwire/mailbox/pop3serve"
	"github.com/mailwire/mailwire/pop3wire"
	"github.com/mailwire/mailwire/pop3wire/pop3server"
)

// A whole server: a store, the binding, and the driver on a listener. The
// second half is a client that tries it.
func Example() {
	store := memstore.New(memstore.Options{Now: time.Now})
	store.AddUser("demo", "demo")
	mail, err := pop3serve.NewServer(store, pop3serve.Options{Auth: store, PlaintextAuth: engine.PlaintextLoopback})
	if err != nil {
		fmt.Println(err)
		return
	}
	srv := &drive.Server{NewSession: func(info drive.Info) (drive.Session, error) {
		return mail.Session(info.Now, pop3serve.Info{Security: info.Security})
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
	fmt.Fprint(client, "USER demo\r\nPASS demo\r\nSTAT\r\nQUIT\r\n")
	for answers := bufio.NewScanner(client); answers.Scan(); {
		fmt.Println(answers.Text())
	}
	// Output:
	// +OK mailwire ready
	// +OK send PASS
	// +OK 0 messages (0 octets)
	// +OK 0 0
	// +OK bye, 0 messages removed
}

// An application that drives the engine itself, and answers a command that the
// library does not know.
func ExampleSession_Step() {
	now := time.Unix(1_800_000_000, 0)
	store := memstore.New(memstore.Options{Now: func() time.Time { return now }})
	mail, err := pop3serve.NewServer(store, pop3serve.Options{Auth: store, PlaintextAuth: engine.PlaintextAlways})
	if err != nil {
		fmt.Println(err)
		return
	}
	sess, err := mail.Session(now, pop3serve.Info{})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer sess.Close()
	sess.Feed(now, []byte("XPING hello\r\nQUIT\r\n"))
	for ev := sess.Conn().Next(); ev != nil; ev = sess.Conn().Next() {
		if c, is := ev.(*pop3server.Command); is && c.Cmd.Verb() == "XPING" {
			args := c.Cmd.(*pop3wire.UnknownCommand).Args
			sess.Conn().Done(c.ID, pop3wire.Status{OK: true, Text: "pong" + args})
			continue
		}
		sess.Step(context.Background(), ev)
	}
	for seg := sess.Output(); !seg.Empty(); seg = sess.Output() {
		fmt.Print(strings.ReplaceAll(string(seg.Bytes), "\r\n", "\n"))
		sess.Advance(now, seg.Len())
	}
	// Output:
	// +OK mailwire ready
	// +OK pong hello
	// +OK bye
}

// A site whose users may keep mail for a month, and one of them for ever.
func ExamplePolicy() {
	store := memstore.New(memstore.Options{})
	store.AddUser("demo", "demo")
	store.AddUser("boss", "boss")
	_, err := pop3serve.NewServer(store, pop3serve.Options{
		Auth: store,
		Policy: pop3serve.Policy{
			LoginDelay: time.Minute,
			Expire:     &pop3wire.CapExpire{Days: 30},
		},
		UserPolicy: func(user string) pop3serve.Policy {
			if user == "boss" {
				return pop3serve.Policy{Expire: &pop3wire.CapExpire{Never: true}}
			}
			return pop3serve.Policy{LoginDelay: time.Minute}
		},
	})
	fmt.Println(err)
	// Output: <nil>
}
