package pop3server_test

import (
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"time"

	"github.com/mailwire/mailwire/imapwire/engine"
	"github.com/mailwire/mailwire/imapwire/sasl"
	"github.com/mailwire/mailwire/pop3wire"
	"github.com/mailwire/mailwire/pop3wire/pop3server"
)

// The whole loop over a connection: a server with a maildrop of one message.
func Example() {
	client, conn := net.Pipe()
	go func() {
		defer conn.Close()
		serve(conn)
	}()
	go fmt.Fprint(client, "USER u\r\nPASS p\r\nSTAT\r\nLIST\r\nRETR 1\r\nDELE 1\r\nQUIT\r\n")
	said, _ := io.ReadAll(client)
	fmt.Print(strings.ReplaceAll(string(said), "\r\n", "\n"))
	// Output:
	// +OK mailwire ready
	// +OK send PASS
	// +OK hello
	// +OK 1 9
	// +OK one message
	// 1 9
	// .
	// +OK 9 octets
	// Hello
	// ..
	// .
	// +OK marked
	// +OK bye
}

const message = "Hello\n.\n"

func serve(conn net.Conn) {
	c, err := pop3server.New(time.Now(), pop3server.Options{PlaintextAuth: engine.PlaintextAlways})
	if err != nil {
		return
	}
	defer c.Close()
	buf := make([]byte, 512)
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

func answer(c *pop3server.Conn, ev pop3server.Event) {
	switch ev := ev.(type) {
	case *pop3server.Login:
		c.Done(ev.ID, pop3wire.Status{OK: ev.Password == "p", Text: "hello"})
	case *pop3server.Command:
		switch cmd := ev.Cmd.(type) {
		case *pop3wire.Stat:
			c.Answer(ev.ID, &pop3wire.DropListing{Count: 1, Size: 9})
		case *pop3wire.List:
			c.Begin(ev.ID, pop3wire.Status{OK: true, Text: "one message"})
			c.Send(ev.ID, &pop3wire.ScanListing{Num: 1, Size: 9})
			c.End(ev.ID)
		case *pop3wire.Retr:
			if cmd.Num != 1 {
				c.Done(ev.ID, pop3wire.Status{Text: "no such message"})
				return
			}
			c.Body(ev.ID, pop3wire.Status{OK: true, Text: "9 octets"}, pop3server.Body{
				Reader: io.NopCloser(strings.NewReader(message)), Size: int64(len(message)),
			})
		case *pop3wire.Dele:
			c.Done(ev.ID, pop3wire.Status{OK: true, Text: "marked"})
		case *pop3wire.Quit:
			c.Done(ev.ID, pop3wire.Status{OK: true, Text: "bye"})
		default:
			c.Done(ev.ID, pop3wire.Status{Text: "unknown command"})
		}
	}
}

// say feeds commands and prints what the server answers.
func say(c *pop3server.Conn, commands string, handle func(pop3server.Event)) {
	c.Flush(time.Time{}, io.Discard)
	c.Feed(time.Time{}, []byte(commands))
	for {
		ev := c.Next()
		c.Flush(time.Time{}, unCR{})
		switch {
		case ev != nil:
			handle(ev)
		case c.Want() != engine.WantDrain && c.Output().Empty():
			return
		}
	}
}

// unCR prints lines as examples have them.
type unCR struct{}

func (unCR) Write(p []byte) (int, error) {
	io.WriteString(os.Stdout, strings.ReplaceAll(string(p), "\r\n", "\n"))
	return len(p), nil
}

// A SASL exchange, with the mechanisms of package sasl.
func ExampleConn_Challenge() {
	c, _ := pop3server.New(time.Time{}, pop3server.Options{
		Security:   engine.Security{Encrypted: true},
		Mechanisms: []pop3server.Mechanism{{Name: sasl.Login, Plaintext: true}},
	})
	var exchange sasl.Server
	step := func(id engine.ID, response []byte) {
		next, err := exchange.Step(response)
		if err != nil {
			c.Done(id, pop3wire.Status{Code: pop3wire.CodeAuth, Text: "no"})
			return
		}
		switch next := next.(type) {
		case *sasl.Challenge:
			c.Challenge(id, next.Data)
		case *sasl.Credentials:
			c.Done(id, pop3wire.Status{OK: next.Password == "p", Text: "hello, " + next.User})
		}
	}
	say(c, "AUTH LOGIN\r\ndQ==\r\ncA==\r\n", func(ev pop3server.Event) {
		switch ev := ev.(type) {
		case *pop3server.Auth:
			exchange, _ = sasl.NewServer(ev.Mechanism)
			if ev.HasInitial {
				step(ev.ID, append([]byte{}, ev.Initial...))
			} else {
				step(ev.ID, nil)
			}
		case *pop3server.AuthResponse:
			if !ev.Cancelled {
				step(ev.ID, []byte(ev.Data))
			}
		}
	})
	// Output:
	// + VXNlciBOYW1lAA==
	// + UGFzc3dvcmQA
	// +OK hello, u
}

// The first lines of a message, as TOP asks for them.
func ExampleConn_Body() {
	c, _ := pop3server.New(time.Time{}, pop3server.Options{PlaintextAuth: engine.PlaintextAlways})
	const msg = "Subject: long\n\none\n.two\nthree\n"
	say(c, "USER u\r\nPASS p\r\nTOP 1 2\r\n", func(ev pop3server.Event) {
		switch ev := ev.(type) {
		case *pop3server.Login:
			c.Done(ev.ID, pop3wire.Status{OK: true})
		case *pop3server.Command:
			top := ev.Cmd.(*pop3wire.Top)
			c.Body(ev.ID, pop3wire.Status{OK: true, Text: "top follows"}, pop3server.Body{
				Reader: io.NopCloser(strings.NewReader(msg)), Size: int64(len(msg)),
				Top: true, Lines: top.Lines,
			})
		}
	})
	// Output:
	// +OK send PASS
	// +OK
	// +OK top follows
	// Subject: long
	//
	// one
	// ..two
	// .
}

// A listing of any length, in bounded memory.
func ExampleConn_Yield() {
	c, _ := pop3server.New(time.Time{}, pop3server.Options{PlaintextAuth: engine.PlaintextAlways})
	var lines int64
	list := func(id engine.ID) {
		for lines < 100_000 {
			if c.Full() {
				c.Yield(id) // Resume comes when there is room
				return
			}
			lines++
			c.Send(id, &pop3wire.UniqueID{Num: uint32(lines), ID: fmt.Sprint("u", lines)})
		}
		c.End(id)
	}
	c.Feed(time.Time{}, []byte("USER u\r\nPASS p\r\nUIDL\r\n"))
	resumed := 0
	for {
		switch ev := c.Next().(type) {
		case *pop3server.Login:
			c.Done(ev.ID, pop3wire.Status{OK: true})
		case *pop3server.Command:
			c.Begin(ev.ID, pop3wire.Status{OK: true})
			list(ev.ID)
		case *pop3server.Resume:
			resumed++
			list(ev.ID)
		case nil:
			if !c.Output().Empty() {
				c.Flush(time.Time{}, io.Discard)
				continue
			}
			fmt.Println(lines, "lines,", resumed > 10, c.Stats().MaxQueuedOut < 64<<10)
			return
		}
	}
	// Output:
	// 100000 lines, true true
}

// STLS: what the client sent ahead belongs to the TLS layer.
func ExampleConn_Upgraded() {
	c, _ := pop3server.New(time.Time{}, pop3server.Options{STLS: true})
	say(c, "CAPA\r\nSTLS\r\nsurplus", func(ev pop3server.Event) {
		if up, is := ev.(*pop3server.Upgrade); is {
			fmt.Printf("for %v: %q\n", up.Layer, up.Rest)
		}
	})
	if c.Want() == engine.WantUpgrade { // the handshake happens here
		c.Upgraded(time.Time{}, engine.LayerTLS, engine.Security{Encrypted: true})
	}
	say(c, "CAPA\r\n", nil)
	// Output:
	// +OK capability list follows
	// RESP-CODES
	// PIPELINING
	// STLS
	// .
	// +OK begin TLS
	// for TLS: "surplus"
	// +OK capability list follows
	// RESP-CODES
	// PIPELINING
	// USER
	// .
}
