package pop3serve_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/mailwire/mailwire/imapwire/imap"
	"github.com/mailwire/mailwire/mailbox"
	"github.com/mailwire/mailwire/mailbox/pop3serve"
)

// allOctets is every octet there is, in a header-less message.
var allOctets = func() string {
	b := make([]byte, 256)
	for i := range b {
		b[i] = byte(i)
	}
	return "Subject: all\r\n\r\n" + string(b)
}()

// wireForms are messages and what POP3 makes of them, dots not doubled.
var wireForms = []struct{ stored, wire string }{
	{hello, hello},
	{"", ""},
	{"x", "x\r\n"},
	{"x\n", "x\r\n"},
	{"x\r", "x\r\r\n"},
	{"\n", "\r\n"},
	{"\r\n", "\r\n"},
	{"\r", "\r\r\n"},
	{".", ".\r\n"},
	{".\r\n", ".\r\n"},
	{"..\n.\n", "..\r\n.\r\n"},
	{"a\r\n.\r\nb", "a\r\n.\r\nb\r\n"},
	{"a\n.\nb", "a\r\n.\r\nb\r\n"},
	{"a\r.\rb\r\n", "a\r.\rb\r\n"},
	{"a\n.\r\n-ERR\r\n", "a\r\n.\r\n-ERR\r\n"},
	{"a\x00b\r\n", "a\x00b\r\n"},
	{"\xff\xfe8-bit \xe4\r\n", "\xff\xfe8-bit \xe4\r\n"},
	{"a\n\nb\r\n\r\n", "a\r\n\r\nb\r\n\r\n"},
	{allOctets, strings.Replace(allOctets, "\t\n\v", "\t\r\n\v", 1) + "\r\n"},
}

// stuff doubles the dots and adds the terminator.
func stuff(wire string) string {
	return strings.TrimPrefix(strings.ReplaceAll("\r\n"+wire, "\r\n.", "\r\n.."), "\r\n") + ".\r\n"
}

// TestWireForm: invariants 32 and 35. STAT, LIST and RETR agree on the size of
// the wire form, and the first two read no message.
func TestWireForm(t *testing.T) {
	f := newFixture(t, pop3serve.Options{})
	opened := 0
	f.serve(bentStore{f.store, func(f mailbox.Folder) mailbox.Folder { return counting{f, &opened} }}, pop3serve.Options{})
	total := 0
	for _, m := range wireForms {
		f.add("u", m.stored)
		total += len(m.wire)
	}
	c := f.login("u")
	c.is("STAT", fmt.Sprintf("+OK %d %d\r\n", len(wireForms), total))
	for i, line := range c.lines("LIST") {
		if want := fmt.Sprintf("%d %d", i+1, len(wireForms[i].wire)); line != want {
			t.Errorf("%q: LIST says %q, expected %q", wireForms[i].stored, line, want)
		}
	}
	c.lines("UIDL")
	if opened > 0 {
		t.Errorf("%d messages were opened", opened)
	}
	for i, m := range wireForms {
		n := strconv.Itoa(i + 1)
		c.is("LIST "+n, "+OK "+n+" "+strconv.Itoa(len(m.wire))+"\r\n")
		c.is("RETR "+n, "+OK "+strconv.Itoa(len(m.wire))+" octets\r\n"+stuff(m.wire))
		c.is("TOP "+n+" 999", "+OK top of message follows\r\n"+stuff(m.wire))
		header, _, cut := strings.Cut("\r\n"+m.wire, "\r\n\r\n")
		if header = strings.TrimPrefix(header, "\r\n"); cut {
			header += "\r\n\r\n"
			if strings.HasPrefix(m.wire, "\r\n") {
				header = "\r\n"
			}
		} else {
			header = m.wire
		}
		c.is("TOP "+n+" 0", "+OK top of message follows\r\n"+stuff(header))
	}
}

// counting counts the bodies that are opened.
type counting struct {
	mailbox.Folder
	opened *int
}

func (f counting) Body(ctx context.Context, uid imap.UID) (mailbox.Body, error) {
	*f.opened++
	return f.Folder.Body(ctx, uid)
}

// TestLargeMessage: invariant 7. 64 MiB go out, and the session holds no more
// than its buffers.
func TestLargeMessage(t *testing.T) {
	const line = ".123456789abcd\r\n"
	size := 64 << 20
	if testing.Short() {
		size = 1 << 20
	}
	f := newFixture(t, pop3serve.Options{})
	tx, err := f.inbox("u").Append(ctx)
	if err != nil {
		t.Fatal(err)
	}
	w, err := tx.Message(int64(size), nil, time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	piece := bytes.Repeat([]byte(line), 1024)
	for n := 0; n < size; n += len(piece) {
		if _, err := w.Write(piece); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := tx.Commit(); err != nil {
		t.Fatal(err)
	}
	c := f.login("u")
	c.is("STAT", fmt.Sprintf("+OK 1 %d\r\n", size))
	if err := c.sess.Feed(start, []byte("RETR 1\r\n")); err != nil {
		t.Fatal(err)
	}
	want := fmt.Sprintf("+OK %d octets\r\n", size)
	lines, off := 0, 0
	for {
		for c.sess.Work(ctx) {
		}
		seg := c.sess.Output()
		if seg.Empty() {
			break
		}
		for _, b := range seg.Bytes {
			if off == len(want) {
				if lines++; lines <= size/len(line) {
					want = "." + line
				} else {
					want = ".\r\n"
				}
				off = 0
			}
			if b != want[off] {
				t.Fatalf("line %d: octet %d is %q, expected %q", lines, off, b, want[off])
			}
			off++
		}
		c.sess.Advance(start, seg.Len())
	}
	if lines != size/len(line)+1 || off != 3 {
		t.Errorf("%d lines came, the last has %d octets", lines, off)
	}
	st := c.sess.Conn().Stats()
	if st.MaxRetained > 256<<10 || st.MaxQueuedOut > 256<<10 {
		t.Errorf("%d octets retained, %d queued", st.MaxRetained, st.MaxQueuedOut)
	}
	t.Logf("%d octets: at most %d octets retained, %d queued", size, st.MaxRetained, st.MaxQueuedOut)
	c.ok("QUIT")
}

// TestBrokenBody: a message that can not be read to its end is not ended, and
// the session is.
func TestBrokenBody(t *testing.T) {
	f := newFixture(t, pop3serve.Options{})
	f.add("u", strings.Repeat("0123456789\r\n", 10_000))
	closed := 0
	f.serve(bentStore{f.store, func(f mailbox.Folder) mailbox.Folder { return breaking{f, &closed} }}, pop3serve.Options{})
	c := f.login("u")
	c.ok("DELE 1")
	c.ok("RSET")
	out := c.do("RETR 1")
	if !strings.HasPrefix(out, "+OK 120000 octets\r\n0123") || strings.HasSuffix(out, ".\r\n") || len(out) > 60_000 {
		t.Errorf("%d octets came, the last are %q", len(out), out[len(out)-20:])
	}
	c.over()
	if closed != 1 {
		t.Errorf("the body was closed %d times", closed)
	}
	f.login("u").ok("QUIT")
}

// breaking is a folder whose messages can be read up to 50,000 octets.
type breaking struct {
	mailbox.Folder
	closed *int
}

func (f breaking) Body(ctx context.Context, uid imap.UID) (mailbox.Body, error) {
	b, err := f.Folder.Body(ctx, uid)
	return breakingBody{b, f.closed}, err
}

type breakingBody struct {
	mailbox.Body
	closed *int
}

func (b breakingBody) ReadAt(p []byte, off int64) (int, error) {
	if off+int64(len(p)) > 50_000 {
		return 0, errors.New("a bad sector")
	}
	return b.Body.ReadAt(p, off)
}

func (b breakingBody) Close() error {
	*b.closed++
	return b.Body.Close()
}

var _ io.ReaderAt = breakingBody{}
