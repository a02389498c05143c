package pop3serve_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/mailwire/mailwire/imapwire/engine"
	"github.com/mailwire/mailwire/imapwire/imap"
	"github.com/mailwire/mailwire/mailbox"
	"github.com/mailwire/mailwire/mailbox/memstore"
	"github.com/mailwire/mailwire/mailbox/pop3serve"
)

var (
	ctx = context.Background()
	// start is the moment at which all tests begin.
	start = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)
	// loopback may see passwords.
	loopback = engine.Security{Loopback: true}
)

type testingT interface {
	Helper()
	Errorf(string, ...any)
	Fatalf(string, ...any)
}

// A fixture is a server over a store in memory, with the users u and v, whose
// password is p, and a clock.
type fixture struct {
	t     testingT
	store *memstore.Store
	srv   *pop3serve.Server
	clock time.Time
	// broken is what fails in the store.
	broken map[string]error
	errs   []error // that clients are not told
}

var errBroken = errors.New("a disk on fire")

func newFixture(t testingT, opt pop3serve.Options) *fixture {
	t.Helper()
	f := &fixture{t: t, clock: start, broken: make(map[string]error)}
	f.store = memstore.New(memstore.Options{
		Now:         func() time.Time { return f.clock },
		UIDValidity: 1000,
		KeepSecrets: opt.Random != nil,
		Fail:        func(step string) error { return f.broken[step] },
	})
	for _, name := range []string{"u", "v"} {
		if err := f.store.AddUser(name, "p"); err != nil {
			t.Fatalf("AddUser: %v", err)
		}
	}
	f.serve(f.store, opt)
	return f
}

// serve makes the server one over another store with the same users.
func (f *fixture) serve(store mailbox.Store, opt pop3serve.Options) {
	f.t.Helper()
	opt.Auth, opt.PlaintextAuth = f.store, engine.PlaintextLoopback
	opt.OnError = func(user string, err error) {
		if user != "u" {
			f.t.Errorf("OnError is told of user %q", user)
		}
		f.errs = append(f.errs, err)
	}
	var err error
	if f.srv, err = pop3serve.NewServer(store, opt); err != nil {
		f.t.Fatalf("NewServer: %v", err)
	}
}

// inbox opens a user's INBOX, past POP3.
func (f *fixture) inbox(user string) mailbox.Folder { return f.folder(user, imap.Inbox) }

func (f *fixture) folder(user, name string) mailbox.Folder {
	f.t.Helper()
	u, err := f.store.User(ctx, user)
	if err != nil {
		f.t.Fatalf("User: %v", err)
	}
	folder, err := u.Open(ctx, name)
	if err != nil {
		f.t.Fatalf("Open: %v", err)
	}
	return folder
}

// add appends messages to a user's INBOX, and returns their UIDs.
func (f *fixture) add(user string, messages ...string) []imap.UID {
	f.t.Helper()
	tx, err := f.inbox(user).Append(ctx)
	if err != nil {
		f.t.Fatalf("Append: %v", err)
	}
	for _, m := range messages {
		w, err := tx.Message(int64(len(m)), nil, time.Time{})
		if err != nil {
			f.t.Fatalf("Message: %v", err)
		}
		if _, err := w.Write([]byte(m)); err != nil {
			f.t.Fatalf("Write: %v", err)
		}
	}
	res, err := tx.Commit()
	if err != nil {
		f.t.Fatalf("Commit: %v", err)
	}
	return res.UIDs
}

// expunge removes messages as IMAP does.
func (f *fixture) expunge(user string, uids ...imap.UID) {
	f.t.Helper()
	folder, set := f.inbox(user), imap.UIDSetOf(uids...)
	if _, err := folder.Store(ctx, set, mailbox.FlagUpdate{Op: mailbox.AddFlags, Flags: []imap.Flag{imap.FlagDeleted}}); err != nil {
		f.t.Fatalf("Store: %v", err)
	}
	if _, err := folder.Expunge(ctx, set); err != nil {
		f.t.Fatalf("Expunge: %v", err)
	}
}

// uids returns the UIDs of a user's INBOX as text.
func (f *fixture) uids(user string) string {
	f.t.Helper()
	snap, err := f.inbox(user).Snapshot(ctx)
	if err != nil {
		f.t.Fatalf("Snapshot: %v", err)
	}
	return snap.UIDs.Set().String()
}

// A client is a session, with a test for its network.
type client struct {
	f    *fixture
	sess *pop3serve.Session
}

// connect begins a session and reads the greeting.
func (f *fixture) connect(sec engine.Security) *client {
	f.t.Helper()
	sess, err := f.srv.Session(f.clock, pop3serve.Info{Security: sec})
	if err != nil {
		f.t.Fatalf("Session: %v", err)
	}
	c := &client{f, sess}
	c.wants(c.drain(), "+OK ")
	return c
}

// login connects and logs in.
func (f *fixture) login(user string) *client {
	f.t.Helper()
	c := f.connect(loopback)
	c.ok("USER " + user)
	c.ok("PASS p")
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
			// A body that breaks ends the conversation here.
			if c.sess.Work(ctx) {
				continue
			}
			return out.String()
		}
		out.Write(seg.Bytes)
		c.sess.Advance(c.f.clock, seg.Len())
	}
}

// send sends octets and returns what the server says.
func (c *client) send(octets string) string {
	c.f.t.Helper()
	p := []byte(octets)
	if err := c.sess.Feed(c.f.clock, p); err != nil {
		c.f.t.Fatalf("Feed(%q): %v", octets, err)
	}
	out := c.drain()
	clear(p) // it was borrowed
	return out
}

// do sends a command.
func (c *client) do(command string) string {
	c.f.t.Helper()
	return c.send(command + "\r\n")
}

// ok sends a command that has to succeed, and returns what follows "+OK ".
func (c *client) ok(command string) string {
	c.f.t.Helper()
	rest, is := strings.CutPrefix(c.do(command), "+OK")
	if !is {
		c.f.t.Fatalf("%s: %q", command, rest)
	}
	return strings.TrimPrefix(rest, " ")
}

// err sends a command that has to fail with a code, or with none if it is
// empty.
func (c *client) err(command, code string) {
	c.f.t.Helper()
	out := c.do(command)
	if code != "" {
		code = "[" + code + "] "
	}
	if !strings.HasPrefix(out, "-ERR "+code) || code == "" && strings.HasPrefix(out, "-ERR [") || strings.Count(out, "\r\n") != 1 {
		c.f.t.Errorf("%s: %q, expected -ERR %s", command, out, code)
	}
}

// lines sends a command and returns the lines of its answer.
func (c *client) lines(command string) []string {
	c.f.t.Helper()
	_, rest, _ := strings.Cut(c.ok(command), "\r\n")
	body, is := strings.CutSuffix("\r\n"+rest, "\r\n.\r\n")
	if !is {
		c.f.t.Fatalf("%s: %q has no end", command, rest)
	}
	return strings.Split(body, "\r\n")[1:]
}

// is sends a command whose answer has to be a certain one.
func (c *client) is(command, want string) {
	c.f.t.Helper()
	if got := c.do(command); got != want {
		c.f.t.Errorf("%s: %q, expected %q", command, got, want)
	}
}

func (c *client) wants(got, prefix string) {
	c.f.t.Helper()
	if !strings.HasPrefix(got, prefix) {
		c.f.t.Errorf("%q does not begin with %q", got, prefix)
	}
}

// cut ends the connection: the client is gone.
func (c *client) cut() {
	c.sess.FeedEOF(c.f.clock)
	c.drain()
	c.sess.Close()
}

// over checks that the conversation has ended.
func (c *client) over() {
	c.f.t.Helper()
	if w := c.sess.Want(); w != engine.WantNothing {
		c.f.t.Errorf("the session wants %v", w)
	}
}

const hello = "Subject: hello\r\n\r\nhello world\r\n"

// TestConversation is a session as RFC 1939 §10 has it.
func TestConversation(t *testing.T) {
	f := newFixture(t, pop3serve.Options{})
	f.add("u", hello, "Subject: dots\n\n.one\n..two\n")
	c := f.connect(loopback)
	c.ok("USER u")
	c.is("PASS p", "+OK 2 messages (61 octets)\r\n")
	c.is("STAT", "+OK 2 61\r\n")
	c.is("LIST", "+OK 2 messages (61 octets)\r\n1 31\r\n2 30\r\n.\r\n")
	c.is("LIST 2", "+OK 2 30\r\n")
	c.is("UIDL", "+OK 2 messages (61 octets)\r\n1 1000.1\r\n2 1000.2\r\n.\r\n")
	c.is("UIDL 1", "+OK 1 1000.1\r\n")
	c.is("RETR 1", "+OK 31 octets\r\n"+hello+".\r\n")
	c.is("RETR 2", "+OK 30 octets\r\nSubject: dots\r\n\r\n..one\r\n...two\r\n.\r\n")
	c.is("TOP 2 0", "+OK top of message follows\r\nSubject: dots\r\n\r\n.\r\n")
	c.is("TOP 2 1", "+OK top of message follows\r\nSubject: dots\r\n\r\n..one\r\n.\r\n")
	c.is("TOP 1 99", "+OK top of message follows\r\n"+hello+".\r\n")
	c.is("NOOP", "+OK\r\n")
	c.is("DELE 1", "+OK marked\r\n")
	for _, command := range []string{"DELE 1", "RETR 1", "TOP 1 0", "LIST 1", "UIDL 1", "RETR 3", "LIST 4294967295", "XYZZY"} {
		c.err(command, "")
	}
	c.is("STAT", "+OK 1 30\r\n")
	c.is("LIST", "+OK 1 messages (30 octets)\r\n2 30\r\n.\r\n")
	c.is("UIDL", "+OK 1 messages (30 octets)\r\n2 1000.2\r\n.\r\n")
	c.is("RSET", "+OK 2 messages (61 octets)\r\n")
	c.is("LIST 1", "+OK 1 31\r\n")
	c.ok("DELE 2")
	c.is("QUIT", "+OK bye, 1 messages removed\r\n")
	c.over()
	if got := f.uids("u"); got != "1" {
		t.Errorf("left are %s", got)
	}
	c.sess.Close()
	f.login("u").is("QUIT", "+OK bye, 0 messages removed\r\n")
}

// TestFlags: POP3 sees messages that have \Deleted, and changes no flag.
func TestFlags(t *testing.T) {
	f := newFixture(t, pop3serve.Options{})
	uids := f.add("u", hello, hello)
	folder := f.inbox("u")
	if _, err := folder.Store(ctx, imap.UIDSetOf(uids[0]), mailbox.FlagUpdate{Op: mailbox.SetFlags, Flags: []imap.Flag{imap.FlagDeleted}}); err != nil {
		t.Fatal(err)
	}
	c := f.login("u")
	c.is("STAT", "+OK 2 62\r\n")
	c.ok("RETR 1")
	c.ok("RETR 2")
	c.ok("QUIT")
	st, err := folder.Status(ctx)
	if err != nil || st.Messages != 2 || st.Unseen != 2 || st.Deleted != 1 || st.Recent.Count() != 2 {
		t.Errorf("%+v, %v", st, err)
	}
}

// TestLists: a long listing stops when the output is full, and every line comes.
func TestLists(t *testing.T) {
	f := newFixture(t, pop3serve.Options{})
	const n = 20_000
	f.add("u", strings.Split(strings.Repeat("x ", n-1)+"x", " ")...)
	c := f.login("u")
	c.is("STAT", fmt.Sprintf("+OK %d %d\r\n", n, 3*n))
	for i, line := range c.lines("LIST") {
		if line != fmt.Sprintf("%d 3", i+1) {
			t.Fatalf("line %d is %q", i+1, line)
		}
	}
	if got := c.lines("UIDL"); len(got) != n || got[n-1] != fmt.Sprintf("%d 1000.%d", n, n) {
		t.Errorf("UIDL has %d lines, the last is %q", len(got), got[len(got)-1])
	}
	if st := c.sess.Conn().Stats(); st.MaxQueuedOut > 64<<10 {
		t.Errorf("%d octets were queued", st.MaxQueuedOut)
	}
}

// TestCapabilities: what is announced, by state and options, and nothing else.
func TestCapabilities(t *testing.T) {
	common := "TOP UIDL AUTH-RESP-CODE LANG"
	for _, tt := range []struct {
		name          string
		opt           pop3serve.Options
		sec           engine.Security
		before, after string
	}{
		{"default", pop3serve.Options{}, loopback,
			"RESP-CODES PIPELINING USER SASL PLAIN LOGIN|" + common, "RESP-CODES PIPELINING USER SASL PLAIN LOGIN|" + common},
		{"in the clear", pop3serve.Options{STLS: true}, engine.Security{}, "RESP-CODES PIPELINING STLS|" + common, ""},
		{"over TLS", pop3serve.Options{STLS: true}, engine.Security{Encrypted: true},
			"RESP-CODES PIPELINING USER SASL PLAIN LOGIN|" + common, "RESP-CODES PIPELINING USER SASL PLAIN LOGIN|" + common},
		{"everything", pop3serve.Options{
			STLS: true, UTF8: true, Implementation: "mailwire test",
			Policy: pop3serve.Policy{LoginDelay: 1500 * time.Millisecond, Expire: never},
		}, loopback,
			"RESP-CODES PIPELINING USER SASL PLAIN LOGIN STLS|" + common + " UTF8 IMPLEMENTATION mailwire test LOGIN-DELAY 2 EXPIRE NEVER",
			"RESP-CODES PIPELINING USER SASL PLAIN LOGIN|" + common + " UTF8 IMPLEMENTATION mailwire test LOGIN-DELAY 2 EXPIRE NEVER"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			f := newFixture(t, tt.opt)
			c := f.connect(tt.sec)
			if got, want := strings.Join(c.lines("CAPA"), " "), strings.ReplaceAll(tt.before, "|", " "); got != want {
				t.Errorf("before login\n%s, expected\n%s", got, want)
			}
			if tt.after == "" {
				return
			}
			c.ok("USER u")
			c.ok("PASS p")
			if got, want := strings.Join(c.lines("CAPA"), " "), strings.ReplaceAll(tt.after, "|", " "); got != want {
				t.Errorf("after login\n%s, expected\n%s", got, want)
			}
		})
	}
}

// TestLanguage: LANG has one language, and UTF8 is there when it is offered.
func TestLanguage(t *testing.T) {
	f := newFixture(t, pop3serve.Options{})
	c := f.connect(loopback)
	c.is("LANG", "+OK languages follow\r\nen English\r\n.\r\n")
	c.is("LANG EN", "+OK en English it is\r\n")
	c.is("LANG *", "+OK en English it is\r\n")
	c.err("LANG de", "")
	c.err("LANG en-GB", "")
	c.err("UTF8", "")
	c.ok("USER u")
	c.ok("PASS p")
	c.ok("LANG en")
	c.err("LANG mul", "")
}

// TestUTF8: RFC 6856 §2.1. What needs UTF-8 mode is sent in it only; what is old
// and has octets beyond ASCII is sent as it is.
func TestUTF8(t *testing.T) {
	long := "Subject: " + strings.Repeat("x", 4096-len("Subject: ")-1)
	messages := []struct {
		text  string
		needs bool
	}{
		{hello, false},
		{"Subject: Grüße\r\n\r\nx", true},
		{"Subject: Gr\xfc\xdfe\r\n\r\nx", false},
		{"Subject: ü and \xfc\r\n\r\nx", false},
		{"Subject: body\r\n\r\nGrüße", false},
		{"Subject: bare LF\n\nGrüße", false},
		{"Subject: no body ü", true},
		{"Grüße", true},
		{"\r\nGrüße", false},
		{"", false},
		{"Subject: cut \xc3", false},
		{"Subject: cut \xe2\x82", false},
		{long + "ü\r\n\r\n", true},
		{long + "\xfc\r\n\r\n", false},
		{long + "\r\n\r\nü", false},
	}
	for _, offered := range []bool{false, true} {
		for _, asked := range []bool{false, true} {
			f := newFixture(t, pop3serve.Options{UTF8: offered})
			for _, m := range messages {
				f.add("u", m.text)
			}
			c := f.connect(loopback)
			if asked && offered {
				c.ok("UTF8")
			}
			c.ok("USER u")
			c.ok("PASS p")
			for i, m := range messages {
				for _, command := range []string{"RETR %d", "TOP %d 1"} {
					command = fmt.Sprintf(command, i+1)
					if m.needs && offered && !asked {
						c.err(command, "UTF8")
					} else if out := c.do(command); !strings.HasPrefix(out, "+OK") {
						t.Errorf("offered %v, asked %v: %s of %q: %q", offered, asked, command, m.text, out)
					}
				}
			}
		}
	}
}
