package pop3client_test

import (
	"bufio"
	"fmt"
	"net"
	"strings"
	"time"

	"github.com/mailwire/mailwire/imapwire/engine"
	"github.com/mailwire/mailwire/pop3wire"
	"github.com/mailwire/mailwire/pop3wire/pop3client"
)

// The whole loop over a connection: log in, list, print a message.
func Example() {
	conn, server := net.Pipe()
	go scripted(server)
	defer conn.Close()

	c, err := pop3client.New(time.Now(), pop3client.Options{PlaintextAuth: engine.PlaintextAlways})
	if err != nil {
		return
	}
	defer c.Close()
	c.Send(&pop3wire.User{Name: "ada"})
	c.Send(&pop3wire.Pass{Password: "secret"})
	stat, _ := c.Send(&pop3wire.Stat{})
	c.Send(&pop3wire.List{})
	c.Send(&pop3wire.Retr{Num: 1})
	c.Send(&pop3wire.Quit{})

	buf := make([]byte, 4096)
	for {
		switch ev := c.Next().(type) {
		case *pop3client.ScanListings:
			for _, m := range ev.List {
				fmt.Println("message", m.Num, "has", m.Size, "octets")
			}
		case *pop3client.BodyData:
			fmt.Print(strings.ReplaceAll(string(ev.Data), "\r\n", "\n"))
		case *pop3client.Done:
			if err := ev.Result(); err != nil {
				fmt.Println(err)
			} else if ev.ID == stat {
				fmt.Println(ev.Answer.(*pop3wire.DropListing).Count, "messages")
			}
		case *pop3client.Closed:
			fmt.Println("closed:", ev.Err)
			return
		case nil: // input is what it wants, without STLS
			if c.Flush(time.Now(), conn) != nil {
				return
			}
			n, err := conn.Read(buf)
			if err != nil {
				c.FeedEOF(time.Now())
				continue
			}
			c.Feed(time.Now(), buf[:n])
		}
	}
	// Output:
	// 2 messages
	// message 1 has 23 octets
	// message 2 has 22 octets
	// Subject: one
	//
	// Hello
	// closed: <nil>
}

// scripted answers as a server would.
func scripted(conn net.Conn) {
	defer conn.Close()
	fmt.Fprint(conn, "+OK ready\r\n")
	lines := bufio.NewScanner(conn)
	for lines.Scan() {
		answer := map[string]string{
			"STAT":   "+OK 2 45\r\n",
			"LIST":   "+OK\r\n1 23\r\n2 22\r\n.\r\n",
			"UIDL":   "+OK\r\n1 id-a\r\n2 id-b\r\n.\r\n",
			"RETR 1": "+OK\r\nSubject: one\r\n\r\nHello\r\n.\r\n",
			"RETR 2": "+OK\r\nSubject: two\r\n\r\n..\r\nBye\r\n.\r\n",
		}[lines.Text()]
		if answer == "" {
			answer = "+OK\r\n"
		}
		fmt.Fprint(conn, answer)
		if lines.Text() == "QUIT" {
			return
		}
	}
}

// The usual job of a client that keeps mail on the server: fetch what it has not
// fetched before, known by its unique-id, and remove what it was told to. A
// message counts as fetched only when its end has come.
func Example_keepByUniqueID() {
	conn, server := net.Pipe()
	go scripted(server)
	defer conn.Close()

	fetched := map[string]bool{"id-a": true} // what the sessions before have left
	remove := map[string]bool{"id-a": true}  // and what the user has deleted since

	c, _ := pop3client.New(time.Now(), pop3client.Options{PlaintextAuth: engine.PlaintextAlways})
	defer c.Close()
	c.Send(&pop3wire.User{Name: "ada"})
	c.Send(&pop3wire.Pass{Password: "secret"})
	listing, _ := c.Send(&pop3wire.Uidl{})

	ids := map[engine.ID]string{} // commands → the message they fetch
	var message strings.Builder
	event := func(ev pop3client.Event) {
		switch ev := ev.(type) {
		case *pop3client.UniqueIDs:
			for _, m := range ev.List {
				if remove[m.ID] {
					c.Send(&pop3wire.Dele{Num: m.Num})
				} else if !fetched[m.ID] {
					id, _ := c.Send(&pop3wire.Retr{Num: m.Num})
					ids[id] = m.ID
				}
			}
		case *pop3client.BodyData:
			message.Write(ev.Data)
		case *pop3client.BodyEnd:
			if ev.Err == nil {
				fetched[ids[ev.ID]] = true
				fmt.Printf("%s: %q\n", ids[ev.ID], message.String())
			}
			message.Reset()
		case *pop3client.Done:
			if ev.ID == listing {
				// Behind all that the listing asked for.
				c.Send(&pop3wire.Quit{})
			}
		}
	}
	buf := make([]byte, 4096)
	for c.Want() != engine.WantNothing {
		if ev := c.Next(); ev != nil {
			event(ev)
		} else if c.Flush(time.Now(), conn) != nil {
			break
		} else if n, err := conn.Read(buf); err != nil {
			c.FeedEOF(time.Now())
		} else {
			c.Feed(time.Now(), buf[:n])
		}
	}
	fmt.Println(len(fetched), "fetched")
	// Output:
	// id-b: "Subject: two\r\n\r\n.\r\nBye\r\n"
	// 2 fetched
}

// say feeds what a server says, and prints what the client sends.
func say(c *pop3client.Conn, said string, event func(pop3client.Event)) {
	c.Feed(time.Time{}, []byte(said))
	for ev := c.Next(); ev != nil; ev = c.Next() {
		if event != nil {
			event(ev)
		}
	}
	for !c.Output().Empty() {
		out := c.Output().Bytes
		fmt.Print(strings.ReplaceAll(string(out), "\r\n", "\n"))
		c.Advance(time.Time{}, int64(len(out)))
	}
}

// STLS before anything else; what was sent ahead waits for it.
func ExampleConn_Upgraded() {
	c, _ := pop3client.New(time.Time{}, pop3client.Options{RequireTLS: true})
	c.Send(&pop3wire.Stls{})
	c.Send(&pop3wire.User{Name: "ada"})
	say(c, "+OK ready\r\n", nil)
	say(c, "+OK begin TLS\r\n", nil)
	if c.Want() == engine.WantUpgrade { // the handshake happens here
		c.Upgraded(time.Time{}, engine.LayerTLS, engine.Security{Encrypted: true})
	}
	say(c, "", nil)
	// Output:
	// STLS
	// USER ada
}

// A SASL exchange. Package sasl has the mechanisms.
func ExampleConn_Respond() {
	c, _ := pop3client.New(time.Time{}, pop3client.Options{Security: engine.Security{Encrypted: true}})
	answers := map[string]engine.Secret{"Username:": "ada", "Password:": "secret"}
	event := func(ev pop3client.Event) {
		switch ev := ev.(type) {
		case *pop3client.Challenge:
			if c.Respond(ev.ID, answers[string(ev.Data)]) != nil {
				c.Cancel(ev.ID)
			}
		case *pop3client.Done:
			fmt.Println("logged in:", ev.Status.OK)
		}
	}
	c.Send(&pop3wire.Auth{Mechanism: "LOGIN"})
	say(c, "+OK ready\r\n", event)
	say(c, "+ VXNlcm5hbWU6\r\n", event)
	say(c, "+ UGFzc3dvcmQ6\r\n", event)
	say(c, "+OK in\r\n", event)
	// Output:
	// AUTH LOGIN
	// YWRh
	// c2VjcmV0
	// logged in: true
}

// APOP, with the timestamp of the greeting.
func ExampleConn_Timestamp() {
	c, _ := pop3client.New(time.Time{}, pop3client.Options{APOP: engine.PlaintextAlways})
	say(c, "+OK POP3 server ready <1896.697170952@dbc.mtview.ca.us>\r\n", nil)
	if stamp := c.Timestamp(); stamp != "" {
		c.Send(&pop3wire.Apop{Name: "mrose", Digest: pop3wire.APOPDigest(stamp, "tanstaaf")})
	}
	say(c, "", nil)
	// Output: APOP mrose c4c9334bac560ecc979e58001b3e22fb
}
