package imapserve_test

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/mailwire/mailwire/imapwire/imap"
	"github.com/mailwire/mailwire/mailbox"
	"github.com/mailwire/mailwire/mailbox/memstore"
)

const (
	// maxRetained and maxQueued are what a session may hold of input and of
	// output with the default limits.
	maxRetained = 256 << 10
	maxQueued   = 64 << 10
)

// A zeros gives octets of a message that is never in memory as a whole.
type zeros struct{ n int }

func (z *zeros) Read(p []byte) (int, error) {
	if z.n == 0 {
		return 0, io.EOF
	}
	n := min(len(p), z.n)
	for i := range p[:n] {
		p[i] = "0123456789abcdef"[(z.n-i)&15]
	}
	z.n -= n
	return n, nil
}

// TestLargeMessage: invariant 7. 64 MiB come in and go out, and the engine holds
// no more than its buffers.
func TestLargeMessage(t *testing.T) {
	const size = 64 << 20
	f := newFixture(t, memstore.Options{})
	c := f.open(t, "INBOX")
	if out := c.send(fmt.Sprintf("a APPEND INBOX {%d}\r\n", size)); !strings.HasPrefix(out, "+ ") {
		t.Fatal(out)
	}
	buf := make([]byte, 32<<10)
	for z := (&zeros{size}); ; {
		n, err := z.Read(buf)
		if err != nil {
			break
		}
		if err := c.sess.Feed(start, buf[:n]); err != nil {
			t.Fatal(err)
		}
		if out := c.drain(); out != "" {
			t.Fatal(out)
		}
		clear(buf) // it was borrowed
	}
	if out := c.send("\r\n"); !strings.Contains(out, "a OK [APPENDUID ") {
		t.Fatal(out)
	}
	if err := c.sess.Feed(start, []byte("b FETCH 1 BODY.PEEK[]\r\n")); err != nil {
		t.Fatal(err)
	}
	var got int64
	want := &zeros{size}
	in, cmp := make([]byte, 32<<10), make([]byte, 32<<10)
	var tail strings.Builder
	for {
		for c.sess.Work(ctx) {
		}
		seg := c.sess.Output()
		if seg.Empty() {
			break
		}
		if seg.Reader == nil {
			tail.Write(seg.Bytes)
			c.sess.Advance(start, seg.Len())
			continue
		}
		n, err := io.ReadFull(seg.Reader, in[:min(int64(len(in)), seg.N)])
		if err != nil {
			t.Fatal(err)
		}
		io.ReadFull(want, cmp[:n])
		if !bytes.Equal(in[:n], cmp[:n]) {
			t.Fatalf("other octets at %d", got)
		}
		got += int64(n)
		c.sess.Advance(start, int64(n))
	}
	if got != size || !strings.Contains(tail.String(), "b OK") {
		t.Fatalf("%d octets, %s", got, tail.String())
	}
	st := c.sess.Conn().Stats()
	if st.MaxRetained > maxRetained || st.MaxQueuedOut > maxQueued {
		t.Errorf("%d octets retained, %d queued", st.MaxRetained, st.MaxQueuedOut)
	}
	t.Logf("64 MiB in and out: at most %d octets retained, %d queued", st.MaxRetained, st.MaxQueuedOut)
}

// fill adds n small messages to INBOX, past the protocol.
func (f *fixture) fill(t testing.TB, n int) {
	t.Helper()
	user, err := f.store.User(ctx, "u")
	if err != nil {
		t.Fatal(err)
	}
	defer user.Close()
	folder, err := user.Open(ctx, imap.Inbox)
	if err != nil {
		t.Fatal(err)
	}
	defer folder.Close()
	const msg = "Subject: x\r\n\r\n"
	for n > 0 {
		tx, err := folder.Append(ctx)
		if err != nil {
			t.Fatal(err)
		}
		for range min(n, 1000) {
			addMessage(t, tx, msg)
		}
		n -= min(n, 1000)
		if _, err := tx.Commit(); err != nil {
			t.Fatal(err)
		}
	}
}

func addMessage(t testing.TB, tx mailbox.AppendTx, msg string) {
	t.Helper()
	w, err := tx.Message(int64(len(msg)), nil, time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(w, msg); err != nil {
		t.Fatal(err)
	}
}

// count drains a session in pieces and returns how often a text was said.
func (c *client) count(text string) int {
	n := 0
	var rest []byte
	for {
		for c.sess.Work(ctx) {
		}
		seg := c.sess.Output()
		if seg.Empty() {
			return n
		}
		part := seg.Bytes[:min(1000, len(seg.Bytes))]
		rest = append(rest, part...)
		n += bytes.Count(rest, []byte(text))
		if i := bytes.LastIndex(rest, []byte(text)); i >= 0 {
			rest = rest[i+len(text):]
		}
		if k := len(rest) - len(text); k > 0 {
			rest = rest[k:]
		}
		c.sess.Advance(start, int64(len(part)))
	}
}

// TestManyMessages: invariant 20, threats C5 and C15. Answers about 100,000
// messages are made as they are written.
func TestManyMessages(t *testing.T) {
	const n = 100_000
	f := newFixture(t, memstore.Options{})
	f.fill(t, n)
	c := f.open(t, "INBOX")
	for _, tt := range []struct {
		command, text string
		want          int
	}{
		{"SEARCH ALL", " ", n + 3}, // with "* SEARCH", "x OK completed"
		{"FETCH 1:* (FLAGS)", "FETCH (", n},
		{"STORE 1:* +FLAGS (\\Deleted)", "FETCH (", n},
		{"EXPUNGE", "EXPUNGE\r\n", n},
	} {
		if err := c.sess.Feed(start, []byte("x "+tt.command+"\r\n")); err != nil {
			t.Fatal(err)
		}
		got := c.count(tt.text)
		if tt.command == "SEARCH ALL" {
			got = min(got, tt.want)
		}
		if got != tt.want {
			t.Errorf("%s: %d times %q", tt.command, got, tt.text)
		}
		if st := c.sess.Conn().Stats(); st.MaxQueuedOut > maxQueued {
			t.Errorf("%s: %d octets queued", tt.command, st.MaxQueuedOut)
		}
	}
	t.Logf("at most %d octets queued", c.sess.Conn().Stats().MaxQueuedOut)
}

// TestSlowReader: invariants 20 and 43, threat M9. A session that does not read costs a
// bounded queue and nobody else's time; when it reads again it sees what all
// see.
func TestSlowReader(t *testing.T) {
	f := newFixture(t, memstore.Options{})
	f.fill(t, 5000)
	slow, busy := f.open(t, "INBOX"), f.open(t, "INBOX")
	for _, in := range []string{"a FETCH 1:* (FLAGS UID INTERNALDATE)\r\n", ""} {
		if in != "" {
			if err := slow.sess.Feed(start, []byte(in)); err != nil {
				t.Fatal(err)
			}
		}
		for slow.sess.Work(ctx) {
		}
	}
	for i := range 300 {
		busy.ok(fmt.Sprintf("STORE %d +FLAGS.SILENT (k%d)", i+1, i%7))
		busy.append("INBOX", "new")
		if i%10 == 0 {
			busy.ok("STORE 4000 +FLAGS.SILENT \\Deleted")
			busy.ok("EXPUNGE")
		}
		for slow.sess.Work(ctx) {
		}
		if st := slow.sess.Conn().Stats(); st.QueuedOut > maxQueued {
			t.Fatalf("%d octets queued", st.QueuedOut)
		}
	}
	p := &player{client: slow, mirror: mirror{uids: make([]imap.UID, 5000), flags: make(map[imap.UID]string)}}
	for i := range p.uids {
		p.uids[i] = imap.UID(i + 1)
	}
	p.read(t, slow.drain(), true, func(string) {})
	p.play(t, "NOOP")
	p.sync(t)
	truth := &player{client: f.login(t), mirror: mirror{flags: make(map[imap.UID]string)}}
	truth.play(t, "SELECT INBOX")
	truth.sync(t)
	if len(p.uids) != len(truth.uids) {
		t.Fatalf("%d messages, there are %d", len(p.uids), len(truth.uids))
	}
	for i, u := range truth.uids {
		if p.uids[i] != u || p.flags[u] != truth.flags[u] {
			t.Fatalf("number %d is UID %d %q, should be %d %q", i+1, p.uids[i], p.flags[u], u, truth.flags[u])
		}
	}
	// More than there is room for at once.
	busy.ok("STORE 1:* +FLAGS.SILENT (late)")
	p.play(t, "NOOP")
	for i, u := range p.uids {
		if !strings.Contains(p.flags[u], "late") {
			t.Fatalf("number %d, UID %d, has flags %q", i+1, u, p.flags[u])
		}
	}
}
