package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"time"

	"github.com/emersion/go-imap/v2/imapclient"
	"github.com/mailwire/mailwire/imapwire"
	ours "github.com/mailwire/mailwire/imapwire/imapclient"
)

// How clients are driven
//
// The server is a prepared answer: as soon as a client has sent a command, the
// answer and a tagged OK wait for it. Both clients are given them in pieces of
// 4 KiB, which is the buffer that go-imap v2 reads with. Its client parses in a
// goroutine and hands over through channels; that is what an application has to
// use, so it is part of what is measured, on both processors.

// pieceSize is the octets of one read.
const pieceSize = 4 << 10

const (
	greeting = "* PREAUTH [CAPABILITY IMAP4rev1 CONDSTORE ESEARCH LIST-EXTENDED LIST-STATUS] ready\r\n"
	selected = "* 1000000 EXISTS\r\n* OK [UIDVALIDITY 1] fine\r\n"
)

// An answer is what a server says to a command before its tagged OK: a head, which
// may name the tag, the rest, as often as times says but once at least, and a tail.
type answer struct {
	head  func(tag string) string
	rest  []byte
	times int
	tail  string
}

// parts returns the answer in pieces of a few octets or of many.
func (a answer) parts(tag string) [][]byte {
	var parts [][]byte
	if a.head != nil {
		parts = append(parts, []byte(a.head(tag)))
	}
	for range max(1, a.times) {
		if len(a.rest) > 0 {
			parts = append(parts, a.rest)
		}
	}
	if a.tail != "" {
		parts = append(parts, []byte(a.tail))
	}
	return parts
}

// now is the time that our engines are told.
var now = time.Date(2026, 11, 30, 12, 0, 0, 0, time.UTC)

// An oursClient drives our client engine.
type oursClient struct {
	c   *ours.Conn
	out bytes.Buffer
	tag []byte
}

// newOursClient returns a client that has a mailbox selected.
func newOursClient(opt ours.Options) (*oursClient, error) {
	c, err := ours.New(now, opt)
	if err != nil {
		return nil, err
	}
	o := &oursClient{c: c}
	ignore := func(ours.Event) error { return nil }
	if err := o.feed([]byte(greeting), ignore); err != nil {
		return nil, err
	}
	return o, o.do(&imapwire.Select{Mailbox: "INBOX"}, answer{tail: selected}, pieceSize, ignore)
}

// do sends a command and takes its answer.
func (o *oursClient) do(cmd imapwire.Command, a answer, piece int, take func(ours.Event) error) error {
	if _, err := o.c.Send(cmd); err != nil {
		return err
	}
	o.out.Reset()
	if err := o.c.Flush(now, &o.out); err != nil {
		return err
	}
	tag, _, _ := bytes.Cut(o.out.Bytes(), []byte(" "))
	o.tag = append(append(o.tag[:0], tag...), " OK done\r\n"...)
	for _, part := range a.parts(string(tag)) {
		for len(part) > 0 {
			n := min(piece, len(part))
			if err := o.feed(part[:n], take); err != nil {
				return err
			}
			part = part[n:]
		}
	}
	done := false
	err := o.feed(o.tag, func(ev ours.Event) error {
		_, is := ev.(*ours.Done)
		done = done || is
		return take(ev)
	})
	if err == nil && !done {
		err = errors.New("the command is not over")
	}
	return err
}

func (o *oursClient) feed(p []byte, take func(ours.Event) error) error {
	if err := o.c.Feed(now, p); err != nil {
		return err
	}
	for ev := o.c.Next(); ev != nil; ev = o.c.Next() {
		switch ev := ev.(type) {
		case *ours.Malformed:
			return ev.Err
		case *ours.Tolerated:
			return fmt.Errorf("tolerated: %v", ev.Diagnostics)
		case *ours.Closed:
			return fmt.Errorf("closed: %w", ev.Err)
		}
		if err := take(ev); err != nil {
			return err
		}
	}
	return nil
}

// A wire is the connection of a client of go-imap v2 to a prepared server.
type wire struct {
	net.Conn // nil: whatever else is called is a mistake

	mu     sync.Mutex
	wake   sync.Cond
	answer answer   // to the next command
	in     [][]byte // what can be read
	line   []byte   // of a command that is not complete
	closed bool
}

func newWire() *wire {
	w := &wire{in: [][]byte{[]byte(greeting)}}
	w.wake.L = &w.mu
	return w
}

func (w *wire) Read(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for len(w.in) == 0 {
		if w.closed {
			return 0, io.EOF
		}
		w.wake.Wait()
	}
	n := copy(p, w.in[0])
	if w.in[0] = w.in[0][n:]; len(w.in[0]) == 0 {
		w.in = w.in[1:]
	}
	return n, nil
}

// Write takes commands. Each is answered.
func (w *wire) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.line = append(w.line, p...)
	for {
		line, rest, whole := bytes.Cut(w.line, []byte("\r\n"))
		if !whole {
			return len(p), nil
		}
		tag, _, _ := strings.Cut(string(line), " ")
		w.line = append(w.line[:0], rest...)
		w.in = append(w.in, w.answer.parts(tag)...)
		w.in = append(w.in, []byte(tag+" OK done\r\n"))
		w.wake.Signal()
	}
}

func (w *wire) Close() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.closed = true
	w.wake.Signal()
	return nil
}

func (w *wire) SetReadDeadline(time.Time) error  { return nil }
func (w *wire) SetWriteDeadline(time.Time) error { return nil }

// newTheirsClient returns a client of go-imap v2 that has a mailbox selected.
// Every further command is answered with a.
func newTheirsClient(a answer) (*imapclient.Client, error) {
	w := newWire()
	w.answer = answer{tail: selected}
	c := imapclient.New(w, nil)
	if err := c.WaitGreeting(); err != nil {
		return nil, err
	}
	if _, err := c.Select("INBOX", nil).Wait(); err != nil {
		return nil, err
	}
	w.answer = a
	return c, nil
}

// batches runs do so often that it does n operations, with size each time.
func batches(n, size int, do func() error) (int, error) {
	done := 0
	for done < n {
		if err := do(); err != nil {
			return done, err
		}
		done += size
	}
	return done, nil
}
