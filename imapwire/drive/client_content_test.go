package drive_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/mailwire/mailwire/imapwire"
	"github.com/mailwire/mailwire/imapwire/drive"
	"github.com/mailwire/mailwire/imapwire/engine"
	"github.com/mailwire/mailwire/imapwire/imapclient"
)

// A slowConn answers Deadline no sooner than the write that goes on has ended, so
// that a Step that is about to wait finds all of its outcome.
type slowConn struct {
	*imapclient.Conn
	content bool
	wrote   chan struct{}
}

func (c *slowConn) Output() engine.Segment {
	s := c.Conn.Output()
	select {
	case <-c.wrote: // it was about the write before this one
	default:
	}
	c.content = s.Reader != nil
	return s
}

func (c *slowConn) Deadline() time.Time {
	if c.content {
		select {
		case <-c.wrote:
		case <-time.After(time.Second):
		}
		c.content = false
	}
	return c.Conn.Deadline()
}

// TestContentCounted: what was taken of a content counts before the next piece of
// it is taken, in whatever order a Step finds that the piece was taken and written.
func TestContentCounted(t *testing.T) {
	const size, messages = 40 << 10, 20
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	go func() {
		nc, err := l.Accept()
		if err != nil {
			return
		}
		defer nc.Close()
		fmt.Fprint(nc, "* PREAUTH [CAPABILITY IMAP4rev1 LITERAL+] ready\r\n")
		r := bufio.NewReader(nc)
		for i := range messages {
			r.ReadString('\n')
			n, _ := io.CopyN(io.Discard, r, size)
			rest, _ := r.ReadString('\n')
			fmt.Fprintf(nc, "A%d OK %d and %q\r\n", i+1, n, rest)
		}
	}()
	nc, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	conn, err := imapclient.New(time.Now(), imapclient.Options{})
	if err != nil {
		t.Fatal(err)
	}
	c := &slowConn{Conn: conn, wrote: make(chan struct{}, 1)}
	d := &drive.Client{Conn: nc, Engine: c, Wake: func() {
		select {
		case c.wrote <- struct{}{}:
		default:
		}
	}}
	defer d.Close()
	for sent := 0; ; {
		ev := c.Next()
		switch ev := ev.(type) {
		case *imapclient.Done:
			if want := fmt.Sprintf("%d and %q", size, "\r\n"); ev.Err != nil || ev.Status.Text != want {
				t.Fatalf("%+v, want %s; %v", ev, want, d.Err())
			}
			if sent == messages {
				return
			}
		case nil:
			if err := d.Step(ctx); err != nil {
				t.Fatal(err)
			}
			continue
		}
		sent++
		if _, err := c.Send(&imapwire.Append{Mailbox: "INBOX", Messages: []imapwire.AppendMessage{{
			Size: size, Content: strings.NewReader(strings.Repeat("x", size)),
		}}}); err != nil {
			t.Fatal(err)
		}
	}
}
