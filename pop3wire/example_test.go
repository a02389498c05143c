package pop3wire_test

import (
	"fmt"
	"os"

	"github.com/mailwire/mailwire/imapwire/engine"
	"github.com/mailwire/mailwire/pop3wire"
)

// Lines are cut from a stream and read one by one.
func ExampleParseCommand() {
	lines := engine.Lines{Max: pop3wire.MaxCommandLine}
	for in := []byte("USER mrose\r\nPASS secret\r\nTOP 1 -3\r\n"); len(in) > 0; {
		line, n, _, ok, err := lines.Cut(in)
		if in = in[n:]; !ok || err != nil {
			continue
		}
		cmd, err := pop3wire.ParseCommand(line)
		fmt.Printf("%T %+v %v\n", cmd, cmd, err)
	}
	// Output:
	// *pop3wire.User &{Name:mrose} <nil>
	// *pop3wire.Pass &{Password:[redacted]} <nil>
	// <nil> <nil> syntax error at octet 6 in top: expected a number from 0 to 9223372036854775807, got "-3"
}

// What a client sends.
func ExampleAppendCommand() {
	b, err := pop3wire.AppendCommand(nil, &pop3wire.Retr{Num: 3})
	fmt.Printf("%q %v\n", b, err)
	_, err = pop3wire.AppendCommand(nil, &pop3wire.User{Name: "x\r\nDELE 1"})
	fmt.Println(err)
	// Output:
	// "RETR 3\r\n" <nil>
	// pop3wire: can not be encoded: a name has NUL, CR or LF
}

// What a server answers.
func ExampleAppendStatus() {
	b, _ := pop3wire.AppendStatus(nil, pop3wire.Status{Code: pop3wire.CodeInUse, Text: "try again later"})
	b, _ = pop3wire.AppendAnswer(b, &pop3wire.DropListing{Count: 2, Size: 320})
	b, _ = pop3wire.AppendLine(b, &pop3wire.CapSASL{Mechanisms: []string{"PLAIN"}})
	fmt.Printf("%q\n", b)
	// Output:
	// "-ERR [IN-USE] try again later\r\n+OK 2 320\r\nSASL PLAIN\r\n"
}

// A message as RETR sends it, in pieces of any size.
func ExampleStuffer() {
	var s pop3wire.Stuffer
	var b []byte
	for _, piece := range []string{"Subject: dots\n", "\n", ".one line", "\n."} {
		b, _ = s.Append(b, []byte(piece))
	}
	b = s.Close(b)
	fmt.Printf("%q, %d octets\n", b, s.Size())
	// Output:
	// "Subject: dots\r\n\r\n..one line\r\n..\r\n.\r\n", 31 octets
}

// The message again, from what the network gives.
func ExampleUnstuffer() {
	var u pop3wire.Unstuffer
	in := []byte("one\r\n..two\r\n.\r\n+OK next")
	for {
		piece, n, done := u.Next(in)
		in = in[n:]
		fmt.Fprintf(os.Stdout, "%q\n", piece)
		if done {
			break
		}
	}
	fmt.Printf("left: %q\n", in)
	// Output:
	// "one\r\n"
	// ".two\r\n"
	// ""
	// left: "+OK next"
}

// A conversation to show, without its secrets.
func ExampleTranscript() {
	t := pop3wire.Transcript{Line: func(server bool, line []byte) {
		if server {
			fmt.Printf("S: %s\n", line)
		} else {
			fmt.Printf("C: %s\n", line)
		}
	}}
	t.Server([]byte("+OK ready\r\n"))
	t.Client([]byte("USER mrose\r\nPASS se"))
	t.Client([]byte("cret\r\n"))
	t.Server([]byte("+OK\r\n+OK 2 messages\r\n"))
	// Output:
	// S: +OK ready
	// C: USER mrose
	// C: PASS [redacted]
	// S: +OK
	// S: +OK 2 messages
}
