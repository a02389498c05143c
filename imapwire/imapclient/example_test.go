package imapclient_test

import (
	"fmt"
	"net"
	"os"
	"time"

	"github.com/mailwire/mailwire/imapwire"
	"github.com/mailwire/mailwire/imapwire/engine"
	"github.com/mailwire/mailwire/imapwire/imap"
	"github.com/mailwire/mailwire/imapwire/imapclient"
)

// The whole loop over a connection: log in, open a mailbox, print a message.
func Example() {
	conn, server := net.Pipe()
	go func() {
		defer server.Close()
		scripted(server)
	}()

	c, err := imapclient.New(time.Now(), imapclient.Options{PlaintextAuth: engine.PlaintextAlways})
	if err != nil {
		return
	}
	defer c.Close()
	c.Send(&imapwire.Login{User: "ada", Password: "sécret"})
	c.Send(&imapwire.Select{Mailbox: "INBOX", ReadOnly: true})
	c.Send(&imapwire.Fetch{
		Set:   imap.Set{Ranges: []imap.Range{{First: 1, Last: 1}}},
		Items: []imapwire.FetchItem{&imapwire.FetchBody{Peek: true}},
	})
	c.Send(&imapwire.Logout{})

	buf := make([]byte, 4096)
	for {
		switch ev := c.Next().(type) {
		case *imapclient.Done:
			fmt.Println("command", ev.ID, ev.Status.Condition)
		case *imapclient.Body:
			fmt.Println("message", ev.Num, "of", ev.Section.Content.Size, "octets:")
		case *imapclient.BodyData:
			os.Stdout.Write(ev.Data)
		case *imapclient.Closed:
			fmt.Println("closed:", ev.Err)
			return
		case nil: // input is what it wants, without STARTTLS
			if c.Flush(time.Now(), conn) != nil {
				return
			}
			n, err := conn.Read(buf)
			if err != nil {
				c.FeedEOF(time.Now())
			} else {
				c.Feed(time.Now(), buf[:n])
			}
		}
	}
	// Output:
	// command 1 OK
	// command 2 OK
	// message 1 of 6 octets:
	// Hello
	// command 3 OK
	// command 4 OK
	// closed: <nil>
}

// scripted says what a server would, when the client has said enough.
func scripted(conn net.Conn) {
	buf := make([]byte, 1024)
	for _, say := range []string{
		"* OK ready\r\n",
		"+ the password\r\n",
		"A1 OK in\r\n* 1 EXISTS\r\nA2 OK [READ-ONLY] selected\r\n",
		"* 1 FETCH (BODY[] {6}\r\nHello\n UID 42)\r\nA3 OK done\r\n",
		"* BYE\r\nA4 OK bye\r\n",
	} {
		fmt.Fprint(conn, say)
		if _, err := conn.Read(buf); err != nil {
			return
		}
	}
}
