package drive_test

import (
	"bufio"
	"context"
	"fmt"
	"net"

	"github.com/mailwire/mailwire/imapwire/drive"
	"github.com/mailwire/mailwire/imapwire/engine"
)

// Serve runs a session on every connection until the context ends. The session
// of this example answers words; that of package imapserve answers IMAP.
func Example() {
	srv := &drive.Server{
		NewSession: func(drive.Info) (drive.Session, error) {
			return &talk{want: engine.WantInput, events: &events{}}, nil
		},
	}
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		fmt.Println(err)
		return
	}
	ended := make(chan error)
	go func() { ended <- srv.Serve(ctx, l) }()

	client, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		fmt.Println(err)
		return
	}
	answers := bufio.NewScanner(client)
	fmt.Fprintln(client, "echo hello")
	answers.Scan()
	fmt.Println(answers.Text())
	stop()
	answers.Scan()
	fmt.Println(answers.Text(), <-ended)
	// Output:
	// hello
	// bye <nil>
}
