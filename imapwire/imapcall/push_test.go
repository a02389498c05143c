package imapcall_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/mailwire/mailwire/imapwire"
	"github.com/mailwire/mailwire/imapwire/imap"
	"github.com/mailwire/mailwire/imapwire/imapcall"
)

// contents fetches all messages of INBOX.
func contents(t *testing.T, c *imapcall.Client) []string {
	t.Helper()
	do(t, c, &imapwire.Select{Mailbox: imap.Inbox})
	var texts []string
	for _, f := range do(t, c, &imapwire.Fetch{Set: all, Items: []imapwire.FetchItem{&imapwire.FetchBody{Peek: true}}}).Fetches {
		texts = append(texts, f.Sections[0].Content.Data)
	}
	return texts
}

// TestPush: a content that comes in pieces of any size arrives, whether the server
// is waited for or not, and two whose pieces come by turns arrive both.
func TestPush(t *testing.T) {
	text := "Subject: x\r\n\r\n" + strings.Repeat("0123456789abcde\n", 10_000)
	for _, piece := range []int{1000, 50_000, len(text)} {
		for _, wait := range []bool{false, true} {
			c, _ := session(t, mailServer(t))
			if err := c.Login(t.Context(), "ada", "secret"); err != nil {
				t.Fatal(err)
			}
			cmd := &imapwire.Append{Mailbox: imap.Inbox, Messages: []imapwire.AppendMessage{{Size: int64(len(text)), Pushed: true, Wait: wait}}}
			if _, err := c.Do(t.Context(), cmd); err != imapcall.ErrPushed {
				t.Errorf("Do: %v", err)
			}
			first, err := c.Start(cmd)
			if err != nil {
				t.Fatal(err)
			}
			second, err := c.Start(cmd)
			if err != nil {
				t.Fatal(err)
			}
			done := make(chan error, 1)
			go func() {
				for rest := text; rest != ""; {
					n, err := second.Push(t.Context(), []byte(rest[:min(piece, len(rest))]))
					if rest = rest[n:]; err != nil {
						done <- err
						return
					}
				}
				_, err := second.Wait(t.Context())
				done <- err
			}()
			for rest := text; rest != ""; {
				n, err := first.Push(t.Context(), []byte(rest[:min(piece, len(rest))]))
				if rest = rest[n:]; err != nil {
					t.Fatal(err)
				}
			}
			if n, err := first.Push(t.Context(), []byte("x")); n != 0 || err != imapcall.ErrSurplus {
				t.Errorf("more than all: %d, %v", n, err)
			}
			if _, err := first.Wait(t.Context()); err != nil {
				t.Error(err)
			}
			if err := <-done; err != nil {
				t.Error(err)
			}
			if got := contents(t, c); len(got) != 2 || got[0] != text || got[1] != text {
				t.Errorf("pieces of %d: %d messages", piece, len(got))
			}
		}
	}
}

// TestWaitBeside: an answer reaches who waits for it, though others, who wait
// on, may have read it.
func TestWaitBeside(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	const slow, beside = 8, 20
	go func() {
		nc, err := l.Accept()
		if err != nil {
			return
		}
		defer nc.Close()
		io.WriteString(nc, "* PREAUTH in\r\n")
		r := bufio.NewReader(nc)
		for i := range slow + beside {
			r.ReadString('\n')
			if i >= slow {
				fmt.Fprintf(nc, "A%d OK\r\n", 1+i)
			}
		}
		io.Copy(io.Discard, nc)
	}()
	c, _ := session(t, l.Addr().String())
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	long, give := context.WithCancel(ctx)
	waited := make(chan error)
	for range slow {
		call, err := c.Start(&imapwire.List{Patterns: []string{"*"}})
		if err != nil {
			t.Fatal(err)
		}
		go func() {
			_, err := call.Wait(long)
			waited <- err
		}()
	}
	for range beside {
		if _, err := c.Do(ctx, &imapwire.Noop{}); err != nil {
			t.Fatal(err)
		}
	}
	give()
	for range slow {
		if err := <-waited; !errors.Is(err, context.Canceled) {
			t.Errorf("%v", err)
		}
	}
}

// TestPushRefused: a server that refuses costs the call, before a content has come
// and in the middle of it.
func TestPushRefused(t *testing.T) {
	c, _ := session(t, mailServer(t))
	if err := c.Login(t.Context(), "ada", "secret"); err != nil {
		t.Fatal(err)
	}
	for _, wait := range []bool{false, true} {
		call, err := c.Start(&imapwire.Append{Mailbox: "none", Messages: []imapwire.AppendMessage{{Size: 1 << 20, Pushed: true, Wait: wait}}})
		if err != nil {
			t.Fatal(err)
		}
		var no *imapcall.StatusError
		err = nil
		for n := 0; n < 1<<20 && err == nil; n += 1 << 10 {
			_, err = call.Push(t.Context(), make([]byte, 1<<10))
		}
		if err == nil {
			_, err = call.Wait(t.Context())
		}
		if !errors.As(err, &no) || no.Status.Code != imapwire.CodeTryCreate {
			t.Errorf("%v", err)
		}
		do(t, c, &imapwire.Noop{})
	}
}

// TestPushGivenUp: who does not come to the end of a content closes the session, and
// who has not begun it does not.
func TestPushGivenUp(t *testing.T) {
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	for _, before := range []int{0, 10} {
		c, _ := session(t, mailServer(t))
		if err := c.Login(t.Context(), "ada", "secret"); err != nil {
			t.Fatal(err)
		}
		call, err := c.Start(&imapwire.Append{Mailbox: imap.Inbox, Messages: []imapwire.AppendMessage{{Size: 100_000, Pushed: true}}})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := call.Push(t.Context(), make([]byte, before)); err != nil {
			t.Fatal(err)
		}
		// More than there is room for.
		n, err := call.Push(gone, make([]byte, 99_000))
		if n == 99_000 || !errors.Is(err, context.Canceled) || !errors.Is(err, imapcall.ErrHalfSent) {
			t.Errorf("%d, %v", n, err)
		}
		if _, err := c.Do(t.Context(), &imapwire.Noop{}); err == nil {
			t.Error("the session goes on")
		}
	}
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
		io.WriteString(nc, "* PREAUTH in\r\n")
		io.Copy(io.Discard, nc)
	}()
	c, _ := session(t, l.Addr().String())
	if _, err := c.Start(&imapwire.StartTLS{}); err != nil { // which nothing follows
		t.Fatal(err)
	}
	call, err := c.Start(&imapwire.Append{Mailbox: imap.Inbox, Messages: []imapwire.AppendMessage{{Size: 10, Pushed: true}}})
	if err != nil {
		t.Fatal(err)
	}
	short, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	if n, err := call.Push(short, make([]byte, 10)); n != 0 || !errors.Is(err, context.DeadlineExceeded) || errors.Is(err, imapcall.ErrHalfSent) {
		t.Errorf("held back: %d, %v", n, err)
	}
	if _, err := c.Start(&imapwire.Noop{}); err != nil {
		t.Errorf("the session is over: %v", err)
	}
}

// A pusher is a call whose content is what is written to it.
type pusher struct {
	ctx  context.Context
	call *imapcall.Call
}

func (p pusher) Write(b []byte) (int, error) { return p.call.Push(p.ctx, b) }

// TestPushThrough: a message of 16 MiB goes from one server to another in the pieces
// in which it comes (invariant 7).
func TestPushThrough(t *testing.T) {
	size := 16 << 20
	if testing.Short() {
		size = 1 << 20
	}
	from, _ := session(t, mailServer(t))
	to, _ := session(t, mailServer(t))
	for _, c := range []*imapcall.Client{from, to} {
		if err := c.Login(t.Context(), "ada", "secret"); err != nil {
			t.Fatal(err)
		}
	}
	text := strings.Repeat("0123456789abcde\n", size/16)
	do(t, from, &imapwire.Append{Mailbox: imap.Inbox, Messages: []imapwire.AppendMessage{message(text)}})
	do(t, from, &imapwire.Select{Mailbox: imap.Inbox, ReadOnly: true})
	fetch, err := from.Start(&imapwire.Fetch{Set: all, Items: []imapwire.FetchItem{&imapwire.FetchBody{Peek: true}}})
	if err != nil {
		t.Fatal(err)
	}
	var call *imapcall.Call
	fetch.Body(func(_ *imapwire.FetchData, section imapwire.SectionData) io.Writer {
		call, err = to.Start(&imapwire.Append{Mailbox: imap.Inbox, Messages: []imapwire.AppendMessage{{Size: section.Content.Size, Pushed: true, Wait: true}}})
		if err != nil {
			t.Error(err)
			return nil
		}
		return pusher{t.Context(), call}
	})
	if _, err := fetch.Wait(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := call.Wait(t.Context()); err != nil {
		t.Fatal(err)
	}
	do(t, to, &imapwire.Select{Mailbox: imap.Inbox})
	call, err = to.Start(&imapwire.Fetch{Set: all, Items: []imapwire.FetchItem{&imapwire.FetchBody{Peek: true}}})
	if err != nil {
		t.Fatal(err)
	}
	var got strings.Builder
	call.Body(func(*imapwire.FetchData, imapwire.SectionData) io.Writer { return &got })
	if _, err := call.Wait(t.Context()); err != nil || got.String() != text {
		t.Errorf("%v, %d octets", err, got.Len())
	}
}
