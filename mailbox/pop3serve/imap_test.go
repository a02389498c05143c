package pop3serve_test

import (
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/mailwire/mailwire/imapwire/engine"
	"github.com/mailwire/mailwire/mailbox/imapserve"
	"github.com/mailwire/mailwire/mailbox/memstore"
	"github.com/mailwire/mailwire/mailbox/pop3serve"
	"github.com/mailwire/mailwire/quota"
)

// say feeds octets and returns the answer.
func say(t *testing.T, feed func(time.Time, []byte) error, work func() bool, output func() engine.Segment, advance func(time.Time, int64), in string) string {
	t.Helper()
	if in != "" {
		if err := feed(start, []byte(in)); err != nil {
			t.Fatalf("%q: %v", in, err)
		}
	}
	var out strings.Builder
	for {
		for work() {
		}
		s := output()
		if s.Empty() {
			return out.String()
		}
		if s.Reader != nil {
			io.CopyN(&out, s.Reader, s.N)
		} else {
			out.Write(s.Bytes)
		}
		advance(start, s.Len())
	}
}

// TestBothProtocols: an account that IMAP fills refuses more, before the literal is
// sent or without storing it; what POP3 deletes frees it; and what either moves or
// deletes is gone for the other (invariants 33, 51).
func TestBothProtocols(t *testing.T) {
	var limits quota.Limits
	limits[quota.Storage] = quota.Hard(2)
	store := memstore.New(memstore.Options{Now: func() time.Time { return start }, UIDValidity: 7, Quota: limits})
	if err := store.AddUser("u", "p"); err != nil {
		t.Fatal(err)
	}
	imapServer, err := imapserve.NewServer(store, imapserve.Options{Auth: store, PlaintextAuth: engine.PlaintextLoopback})
	if err != nil {
		t.Fatal(err)
	}
	defer imapServer.Close()
	popServer, err := pop3serve.NewServer(store, pop3serve.Options{Auth: store, PlaintextAuth: engine.PlaintextLoopback})
	if err != nil {
		t.Fatal(err)
	}
	is, err := imapServer.Session(start, imapserve.Info{Security: loopback})
	if err != nil {
		t.Fatal(err)
	}
	defer is.Close()
	imap := func(in string) string {
		return say(t, is.Feed, func() bool { return is.Work(ctx) }, is.Output, is.Advance, in)
	}
	pop := func() func(string) string {
		ps, err := popServer.Session(start, pop3serve.Info{Security: loopback})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { ps.Close() })
		say := func(in string) string {
			return say(t, ps.Feed, func() bool { return ps.Work(ctx) }, ps.Output, ps.Advance, in)
		}
		say("")
		say("USER u\r\n")
		if out := say("PASS p\r\n"); !strings.HasPrefix(out, "+OK") {
			t.Fatalf("PASS: %s", out)
		}
		return say
	}
	want := func(out, want string) {
		t.Helper()
		if !strings.Contains(out, want) {
			t.Errorf("got %q, want %q", out, want)
		}
	}
	imap("")
	want(imap("a LOGIN u p\r\n"), "a OK")
	want(imap("a CREATE box\r\n"), "a OK")
	body := strings.Repeat("x", 1000)
	for range 2 {
		want(imap(fmt.Sprintf("b APPEND INBOX {%d+}\r\n%s\r\n", len(body), body)), "b OK")
	}
	// Full: before a synchronising literal, and without storing the other.
	if out := imap("c APPEND INBOX {1000}\r\n"); out != "c NO [OVERQUOTA] over quota\r\n" {
		t.Errorf("%q", out)
	}
	want(imap(fmt.Sprintf("d APPEND INBOX {%d+}\r\n%s\r\n", len(body), body)), "d NO [OVERQUOTA]")
	want(imap("e STATUS INBOX (MESSAGES)\r\n"), "MESSAGES 2)")

	p := pop()
	want(p("STAT\r\n"), "+OK 2 ")
	want(p("DELE 1\r\n"), "+OK")
	want(imap("f APPEND INBOX {1000}\r\n"), "f NO [OVERQUOTA]") // nothing is deleted before QUIT
	want(p("QUIT\r\n"), "+OK")
	want(imap(fmt.Sprintf("g APPEND INBOX {%d+}\r\n%s\r\n", len(body), body)), "g OK")

	// What IMAP moves and deletes is gone at the next login, and the other way
	// round.
	want(imap("h SELECT INBOX\r\n"), "2 EXISTS")
	want(imap("i UID MOVE 2 box\r\n"), "i OK")
	p = pop()
	want(p("UIDL\r\n"), "\r\n1 7.3\r\n.\r\n")
	want(imap("j UID STORE 3 +FLAGS.SILENT (\\Deleted)\r\nk EXPUNGE\r\n"), "k OK")
	want(p("RETR 1\r\n"), "-ERR")
	want(p("NOOP\r\n"), "+OK")
	want(p("QUIT\r\n"), "+OK")
	p = pop()
	want(p("STAT\r\n"), "+OK 0 0")
}
