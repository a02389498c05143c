package imapserver_test

import (
	"fmt"
	"net"
	"strings"
	"time"

	"github.com/mailwire/mailwire/imapwire"
	"github.com/mailwire/mailwire/imapwire/engine"
	"github.com/mailwire/mailwire/imapwire/imapserver"
)

// The whole loop over a connection: a server with one mailbox of one message.
func Example() {
	client, conn := net.Pipe()
	go func() {
		defer conn.Close()
		serve(conn)
	}()
	var said strings.Builder
	buf := make([]byte, 1024)
	hear := func(until string) {
		for !strings.Contains(said.String(), until) {
			n, err := client.Read(buf)
			said.Write(buf[:n])
			if err != nil {
				return
			}
		}
	}
	hear("ready\r\n")
	fmt.Fprint(client, "a LOGIN u {1}\r\n")
	hear("+ ")
	fmt.Fprint(client, "p\r\nb SELECT INBOX\r\nc FETCH 1 BODY[]\r\nd LOGOUT\r\n")
	hear("d OK")
	_, rest, _ := strings.Cut(said.String(), "ready\r\n")
	fmt.Print(strings.ReplaceAll(rest, "\r\n", "\n"))
	// Output:
	// + go ahead
	// a OK [CAPABILITY IMAP4rev1] hello
	// * 1 EXISTS
	// b OK [READ-WRITE] selected
	// * 1 FETCH (BODY[] {5}
	// Hello)
	// c OK fetched
	// * BYE logging out
	// d OK LOGOUT completed
}

func serve(conn net.Conn) {
	c, err := imapserver.New(time.Now(), imapserver.Options{PlaintextAuth: engine.PlaintextAlways})
	if err != nil {
		return
	}
	buf := make([]byte, 4096)
	for {
		if ev := c.Next(); ev != nil {
			answer(c, ev)
			continue
		}
		want := c.Want()
		if c.Flush(time.Now(), conn) != nil {
			return
		}
		switch want {
		case engine.WantInput:
			n, err := conn.Read(buf)
			if err != nil {
				c.FeedEOF(time.Now())
				continue
			}
			c.Feed(time.Now(), buf[:n])
		case engine.WantNothing:
			return
		}
	}
}

func answer(c *imapserver.Conn, ev imapserver.Event) {
	command, isCommand := ev.(*imapserver.Command)
	if !isCommand {
		return
	}
	ok := func(code imapwire.Code, text string) {
		c.Done(command.ID, imapwire.StatusCondition{Condition: imapwire.OK, Code: code, Text: text})
	}
	switch cmd := command.Cmd.(type) {
	case *imapwire.Login:
		ok(nil, "hello")
	case *imapwire.Select:
		c.Send(&imapwire.ExistsData{Count: 1})
		ok(imapwire.CodeReadWrite, "selected")
	case *imapwire.Fetch:
		for range cmd.Items {
			c.Send(&imapwire.FetchData{Num: 1, Sections: []imapwire.SectionData{{
				Name: imapwire.SectionBody, Content: imapwire.Content{Valid: true, Data: "Hello"},
			}}})
		}
		ok(nil, "fetched")
	default:
		c.Done(command.ID, imapwire.StatusCondition{Condition: imapwire.BAD, Text: "unknown command"})
	}
}
