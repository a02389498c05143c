package imapwire_test

import (
	"fmt"
	"strings"

	"github.com/mailwire/mailwire/imapwire"
	"github.com/mailwire/mailwire/imapwire/imap"
)

// The whole loop of a server's reader: bytes come in as the network cuts them,
// commands come out. Literals are announced before they are taken; what is
// refused is dropped with all that belongs to it.
func Example() {
	limits, err := imapwire.Limits{Literal: 1000}.WithDefaults()
	if err != nil {
		fmt.Println(err)
		return
	}
	var framer imapwire.Framer
	framer.SetBounds(limits.Command(true))
	parser := imapwire.Parser{ParseOptions: imapwire.ParseOptions{Bounds: limits.Command(true)}}

	reads := []string{
		"A1 SELECT INBOX\r\nA2 FET",
		"CH 1:* (FLAGS BODY.PEEK[HEADER.FIELDS (Subject)])\r\nA3 LOGIN fred {6}\r\n",
		"secret\r\nA4 CREATE {5000+}\r\nA5 DELETE INBOX\r\n" + strings.Repeat("x", 4983),
		"\r\nA6 NOPE (\r\nA7 NOOP now\r\n",
	}
	for _, read := range reads {
		framer.Feed([]byte(read))
		for f := framer.Next(); f.Kind != imapwire.FrameNone; f = framer.Next() {
			switch f.Kind {
			case imapwire.FrameLiteral:
				if err := framer.Buffer(); err != nil {
					tag, verb := imapwire.CommandHead(f.Data)
					fmt.Printf("%s BAD %s: %v\n", tag, verb, err)
				} else if !f.NonSync {
					fmt.Println("+ go on")
				}
			case imapwire.FrameWhole:
				tag, cmd, err := parser.Command(f.Data)
				if err != nil {
					fmt.Printf("%s BAD %v\n", tag, err)
					continue
				}
				switch cmd := cmd.(type) {
				case *imapwire.Select:
					fmt.Printf("%s: open %s\n", tag, cmd.Mailbox)
				case *imapwire.Fetch:
					fmt.Printf("%s: fetch %d items of %v\n", tag, len(cmd.Items), cmd.Set)
				case *imapwire.Login:
					fmt.Printf("%s: log in %s with %v\n", tag, cmd.User, cmd.Password)
				default:
					fmt.Printf("%s: %s\n", tag, cmd.Verb())
				}
			case imapwire.FrameBad, imapwire.FrameFatal:
				fmt.Println(f.Err)
			}
		}
	}
	// Output:
	// A1: open INBOX
	// A2: fetch 2 items of 1:*
	// + go on
	// A3: log in fred with [redacted]
	// A4 BAD CREATE: limit Literal of 1000 exceeded (5000) at octet 19
	// A6: NOPE
	// A7 BAD syntax error at octet 7 in command: expected the end of the line, got " now\r\n"
}

// The messages of an APPEND pass through without being held.
func ExampleParser_AppendPrefix() {
	var framer imapwire.Framer
	var parser imapwire.Parser
	var part *imapwire.AppendPart // the message that is streamed
	framer.Feed([]byte("A1 APPEND Sent (\\Seen) {5+}\r\nhello {6+}\r\nworld!\r\n"))
	for f := framer.Next(); f.Kind != imapwire.FrameNone; f = framer.Next() {
		var err error
		switch {
		case f.Kind == imapwire.FrameBody:
			fmt.Printf("%q last=%v\n", f.Data, f.Last)
			continue
		case part == nil:
			part, err = parser.AppendPrefix(f.Data)
		default:
			part, err = parser.AppendRest(f.Data, "A1", part.Message.UTF8)
		}
		switch {
		case err != nil:
			fmt.Println(err)
			framer.Refuse()
		case part != nil:
			fmt.Printf("%q %v, %d octets\n", part.Mailbox, part.Message.Flags, part.Message.Size)
			framer.Stream()
		default:
			fmt.Println("complete")
		}
	}
	// Output:
	// "Sent" [\Seen], 5 octets
	// "hello" last=true
	// "" [], 6 octets
	// "world!" last=true
	// complete
}

// A client waits at the stops before it sends on.
func ExampleAppendCommand() {
	cmd := &imapwire.Search{
		Charset: "UTF-8",
		Key:     &imap.SearchText{Field: imap.TextSubject, Value: "Grüße"},
	}
	for _, policy := range []imapwire.LiteralPolicy{imapwire.LiteralSync, imapwire.LiteralMinus} {
		b, stops, err := imapwire.AppendCommand(nil, "A1", cmd, imapwire.CommandOptions{Literals: policy})
		if err != nil {
			fmt.Println(err)
			return
		}
		from := 0
		for _, stop := range stops {
			fmt.Printf("%q, then wait for +\n", b[from:stop])
			from = stop
		}
		fmt.Printf("%q\n", b[from:])
	}
	_, _, err := imapwire.AppendCommand(nil, "A1", &imapwire.Delete{Mailbox: "a\x00b"}, imapwire.CommandOptions{})
	fmt.Println(err)
	// Output:
	// "A1 SEARCH CHARSET UTF-8 SUBJECT {7}\r\n", then wait for +
	// "Grüße\r\n"
	// "A1 SEARCH CHARSET UTF-8 SUBJECT {7+}\r\nGrüße\r\n"
	// imapwire: can not be encoded: "a\x00b" contains NUL
}
