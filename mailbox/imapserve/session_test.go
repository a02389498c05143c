package imapserve_test

import (
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/mailwire/mailwire/imapwire/engine"
	"github.com/mailwire/mailwire/mailbox/imapserve"
	"github.com/mailwire/mailwire/mailbox/memstore"
)

// start is the moment at which all tests happen.
var start = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

// A fixture is a server over a store in memory, with the user u of password p.
type fixture struct {
	t     testing.TB
	store *memstore.Store
	srv   *imapserve.Server
}

type fataler interface{ Fatalf(string, ...any) }

func newFixture(t testing.TB, opt memstore.Options) *fixture {
	t.Helper()
	opt.Now = func() time.Time { return start }
	store := memstore.New(opt)
	if err := store.AddUser("u", "p"); err != nil {
		t.Fatal(err)
	}
	srv, err := imapserve.NewServer(store, imapserve.Options{
		Auth: store, PlaintextAuth: engine.PlaintextLoopback, StartTLS: true,
		OnError: func(_ string, err error) { t.Errorf("error of the store: %v", err) },
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { srv.Close() })
	return &fixture{t, store, srv}
}

// A client is a session with a script for its network.
type client struct {
	t     fataler
	sess  *imapserve.Session
	woken bool
	tag   int
}

func (f *fixture) connect(t testing.TB, sec engine.Security) *client {
	t.Helper()
	sess, err := f.srv.Session(start, imapserve.Info{Security: sec})
	if err != nil {
		t.Fatal(err)
	}
	c := &client{t: t, sess: sess}
	sess.OnChange(func() { c.woken = true })
	t.Cleanup(func() { sess.Close() })
	return c
}

// login connects over loopback and logs in.
func (f *fixture) login(t testing.TB) *client {
	t.Helper()
	c := f.connect(t, engine.Security{Loopback: true})
	c.drain()
	c.ok("LOGIN u p")
	return c
}

// open logs in and selects a mailbox.
func (f *fixture) open(t testing.TB, name string) *client {
	t.Helper()
	c := f.login(t)
	c.ok("SELECT " + name)
	return c
}

// drain lets the session work and returns what it wrote.
func (c *client) drain() string {
	var out strings.Builder
	for {
		for c.sess.Work(ctx) {
		}
		seg := c.sess.Output()
		if seg.Empty() {
			return out.String()
		}
		if seg.Reader != nil {
			if _, err := io.CopyN(&out, seg.Reader, seg.N); err != nil {
				c.t.Fatalf("reading a body: %v", err)
			}
		} else {
			out.Write(seg.Bytes)
		}
		c.sess.Advance(start, seg.Len())
	}
}

// send feeds octets and returns what the session answers.
func (c *client) send(s string) string {
	if err := c.sess.Feed(start, []byte(s)); err != nil {
		c.t.Fatalf("feeding %q: %v", s, err)
	}
	return c.drain()
}

// do sends one command and returns the untagged responses, a line each, and
// the tagged one without its tag.
func (c *client) do(command string) (untagged, tagged string) {
	c.tag++
	tag := fmt.Sprintf("t%d ", c.tag)
	out := c.send(tag + command + "\r\n")
	i := strings.LastIndex(strings.TrimSuffix(out, "\r\n"), "\r\n")
	untagged, tagged = out[:i+1], out[i+1:]
	if i >= 0 {
		untagged, tagged = out[:i+2], out[i+2:]
	}
	if !strings.HasPrefix(tagged, tag) {
		c.t.Fatalf("%s: no tagged response at the end of\n%s", command, out)
	}
	return untagged, strings.TrimSuffix(strings.TrimPrefix(tagged, tag), "\r\n")
}

// ok is do for a command that has to succeed.
func (c *client) ok(command string) string {
	untagged, tagged := c.do(command)
	if !strings.HasPrefix(tagged, "OK") {
		c.t.Fatalf("%s: %s", command, tagged)
	}
	return untagged
}

// want sends a command and compares the answer: untagged lines, then the start
// of the tagged one.
func (c *client) want(command, want string) {
	if t, ok := c.t.(testing.TB); ok {
		t.Helper()
	}
	untagged, tagged := c.do(command)
	lines := strings.Split(strings.TrimSpace(strings.ReplaceAll(want, "\t", "")), "\n")
	wantTagged := lines[len(lines)-1]
	wantUntagged := strings.Join(lines[:len(lines)-1], "\r\n")
	if wantUntagged != "" {
		wantUntagged += "\r\n"
	}
	if untagged != wantUntagged || !strings.HasPrefix(tagged, wantTagged) {
		c.t.Fatalf("%s\ngot  %s%s\nwant %s%s", command, untagged, tagged, wantUntagged, wantTagged)
	}
}

// append adds a message with a subject.
func (c *client) append(name, subject string) {
	msg := "Subject: " + subject + "\r\n\r\nbody of " + subject + "\r\n"
	c.ok(fmt.Sprintf("APPEND %s {%d+}\r\n%s", name, len(msg), msg))
}
