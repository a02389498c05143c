package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/mailwire/mailwire/imapwire"
	"github.com/mailwire/mailwire/imapwire/engine"
	"github.com/mailwire/mailwire/imapwire/imapclient"
	"github.com/mailwire/mailwire/mailbox/imapserve"
	"github.com/mailwire/mailwire/mailbox/memstore"
)

// start is the moment at which all tests happen.
var start = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)

type fataler interface{ Fatalf(string, ...any) }

// An end is the network side of an engine or session.
type end interface {
	Feed(now time.Time, p []byte) error
	Want() engine.Want
	Output() engine.Segment
	Advance(now time.Time, n int64)
}

// move writes what from has queued to w, at most one segment of 32 KiB, and
// reports whether there was any.
func move(t fataler, from end, w io.Writer) bool {
	s := from.Output()
	if s.Empty() {
		return false
	}
	n := min(s.Len(), 32<<10)
	if s.Reader != nil {
		if _, err := io.CopyN(w, s.Reader, n); err != nil {
			t.Fatalf("reading a body: %v", err)
		}
	} else if _, err := w.Write(s.Bytes[:n]); err != nil {
		t.Fatalf("writing: %v", err)
	}
	from.Advance(start, n)
	return true
}

// A line is a client's connection to a server over a store in memory, straight
// or through a relay.
type line struct {
	t     fataler
	store *memstore.Store
	srv   *imapserve.Server
	sess  *imapserve.Session
	relay *relay // nil: straight
	// toServer, toUp are octets on their way between relay and server.
	toServer, toUp bytes.Buffer
	out            bytes.Buffer // to the client
}

func newLine(t fataler, relayed bool, opt memstore.Options) *line {
	opt.Now = func() time.Time { return start }
	l := &line{t: t, store: memstore.New(opt)}
	if err := l.store.AddUser("u", "p"); err != nil {
		t.Fatalf("%v", err)
	}
	var err error
	if l.srv, err = imapserve.NewServer(l.store, imapserve.Options{Auth: l.store, PlaintextAuth: engine.PlaintextLoopback}); err != nil {
		t.Fatalf("%v", err)
	}
	if l.sess, err = l.srv.Session(start, imapserve.Info{Security: engine.Security{Loopback: true}}); err != nil {
		t.Fatalf("%v", err)
	}
	if relayed {
		loopback := engine.Security{Loopback: true}
		if l.relay, err = newRelay(start, loopback, loopback, imapclient.Options{PlaintextAuth: engine.PlaintextLoopback}); err != nil {
			t.Fatalf("%v", err)
		}
	}
	l.run()
	return l
}

func (l *line) close() {
	l.sess.Close()
	l.srv.Close()
}

// front is what the client is connected to.
func (l *line) front() end {
	if l.relay != nil {
		return l.relay.down
	}
	return l.sess
}

// run works until nothing moves.
func (l *line) run() {
	for {
		moved := l.sess.Work(context.Background())
		if l.relay == nil {
			if !move(l.t, l.sess, &l.out) && !moved {
				return
			}
			continue
		}
		moved = l.relay.step() || moved
		if l.relay.err != nil || len(l.relay.malformed) > 0 {
			l.t.Fatalf("the relay broke: %v, %+v", l.relay.err, l.relay.malformed)
		}
		moved = move(l.t, l.relay.down, &l.out) || moved
		moved = move(l.t, l.relay.up, &l.toServer) || moved
		if l.toUp.Len() == 0 {
			moved = move(l.t, l.sess, &l.toUp) || moved
		}
		moved = pass(l.sess, &l.toServer) || moved
		moved = pass(l.relay.up, &l.toUp) || moved
		if !moved {
			return
		}
	}
}

// pass feeds octets on their way, if they are taken now.
func pass(to end, from *bytes.Buffer) bool {
	if from.Len() == 0 || to.Feed(start, from.Bytes()) != nil {
		return false
	}
	// Both sides borrow what they are fed until they ask for more.
	*from = bytes.Buffer{}
	return true
}

// feed gives octets of the client as they are taken, in pieces of at most cut.
func (l *line) feed(in []byte, cut int) {
	for len(in) > 0 {
		l.run()
		if l.front().Want() != engine.WantInput {
			return // the conversation is over
		}
		n := min(cut, len(in))
		if err := l.front().Feed(start, in[:n]); err != nil {
			l.t.Fatalf("feeding: %v", err)
		}
		in = in[n:]
		l.run()
	}
}

// responses reads what the client was told, without what is for people or of
// the relay's own.
func responses(t fataler, out []byte) []string {
	var (
		f    = imapwire.Framer{}
		list []string
	)
	f.SetBounds(imapwire.Limits{ResponseLiteral: 1 << 20}.Response(true))
	f.Feed(out)
	for {
		fr := f.Next()
		switch fr.Kind {
		case imapwire.FrameNone:
			return list
		case imapwire.FrameLiteral:
			if err := f.Buffer(); err != nil {
				t.Fatalf("%v", err)
			}
			continue
		case imapwire.FrameWhole:
		default:
			t.Fatalf("%q: %v", fr.Data, fr.Err)
		}
		r, err := imapwire.ParseResponse(fr.Data, imapwire.ParseOptions{UTF8: true})
		if err != nil {
			t.Fatalf("%q: %v", fr.Data, err)
		}
		switch r := r.(type) {
		case *imapwire.StatusResponse:
			r.Text = ""
			if _, ok := r.Code.(*imapwire.CodeCapability); ok {
				r.Code = nil
			}
		case *imapwire.Continue:
			r.Text = ""
		case *imapwire.CapabilityData:
			r.Capabilities = nil
		}
		b, err := imapwire.AppendResponse(nil, r, imapwire.ResponseOptions{UTF8: true})
		if err != nil {
			t.Fatalf("%T can not be encoded: %v", r, err)
		}
		list = append(list, strings.TrimSuffix(string(b), "\r\n"))
	}
}

// contents is everything that a user has.
func (l *line) contents() []string {
	l2 := &line{t: l.t, store: l.store, srv: l.srv}
	var err error
	if l2.sess, err = l.srv.Session(start, imapserve.Info{Security: engine.Security{Loopback: true}}); err != nil {
		l.t.Fatalf("%v", err)
	}
	defer l2.sess.Close()
	l2.run()
	do := func(command string) string {
		l2.out.Reset()
		l2.feed([]byte("x "+command+"\r\n"), 1<<20)
		return l2.out.String()
	}
	do("LOGIN u p")
	do("ENABLE IMAP4rev2")
	var all []string
	folders := do(`LIST (SUBSCRIBED) "" * RETURN (SPECIAL-USE)`) + do(`LIST "" *`)
	all = append(all, folders)
	for _, f := range responses(l.t, []byte(folders)) {
		r, _ := imapwire.ParseResponse([]byte(f+"\r\n"), imapwire.ParseOptions{UTF8: true})
		if d, ok := r.(*imapwire.ListData); ok {
			b, _, err := imapwire.AppendCommand(nil, "x", &imapwire.Select{Mailbox: d.Mailbox, ReadOnly: true}, imapwire.CommandOptions{UTF8: true, Literals: imapwire.LiteralPlus})
			if err != nil {
				l.t.Fatalf("%v", err)
			}
			l2.out.Reset()
			l2.feed(b, 1<<20)
			all = append(all, d.Mailbox, l2.out.String(), do("UID FETCH 1:* (FLAGS INTERNALDATE BODY.PEEK[])"))
		}
	}
	return all
}

// TestProxyLarge: 64 MiB go through both engines, in both directions, within
// 256 KiB (invariant 7).
func TestProxyLarge(t *testing.T) {
	size := 64 << 20
	if testing.Short() {
		size = 4 << 20
	}
	l := newLine(t, true, memstore.Options{})
	defer l.close()
	l.feed([]byte("a LOGIN u p\r\n"), 1<<20)
	msg := bytes.Repeat([]byte("0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ\r\n"), size/64)
	copy(msg, "Subject: large\r\n\r\n")
	for _, head := range []string{fmt.Sprintf("b APPEND INBOX {%d}\r\n", len(msg)), fmt.Sprintf("c APPEND INBOX {%d+}\r\n", len(msg))} {
		l.feed([]byte(head), 1<<20)
		l.feed(msg, 32<<10)
		l.out.Reset()
		l.feed([]byte("\r\n"), 1<<20)
		if !strings.HasPrefix(l.out.String(), head[:1]+" OK [APPENDUID") {
			t.Fatalf("%s: %q; %v", head, l.out.String(), l.relay)
		}
	}
	l.feed([]byte("d SELECT INBOX\r\n"), 1<<20)
	l.out.Reset()
	l.feed([]byte("e UID FETCH 2 (BODY[] FLAGS)\r\n"), 1<<20)
	head, rest, _ := strings.Cut(l.out.String(), "\r\n")
	if head != fmt.Sprintf(`* 2 FETCH (UID 2 FLAGS (\Seen \Recent) BODY[] {%d}`, len(msg)) {
		t.Errorf("head %q", head)
	}
	if len(rest) < len(msg) || sha256.Sum256([]byte(rest[:len(msg)])) != sha256.Sum256(msg) {
		t.Fatalf("got %d octets back, or others", len(rest))
	}
	if tail := rest[len(msg):]; tail != ")\r\ne OK UID FETCH completed\r\n" {
		t.Errorf("tail %q", tail)
	}
	for name, s := range map[string]engine.Stats{"server": l.relay.down.Stats(), "client": l.relay.up.Stats()} {
		t.Logf("%s's engine: %d octets in, at most %d retained, %d queued", name, s.BytesIn, s.MaxRetained, s.MaxQueuedOut)
		if s.MaxRetained+s.MaxQueuedOut > 256<<10 {
			t.Errorf("%s's engine: %+v", name, s)
		}
	}
}

// TestProxy: any stream of a client has the same effect, and gets the same
// answers, through the two engines as without them; and each engine reads
// everything that the other writes (invariants 2, 3 and 21).
//
// With commands sent ahead, untagged responses are left out of the comparison,
// sequence numbers are not used, and INBOX is not renamed: when an EXPUNGE is told
// depends on what of the next command has come, and the server behind the relay
// sees less of it (RFC 9051 §5.5).
func TestProxy(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		ahead := rapid.Bool().Draw(t, "ahead")
		cut := rapid.SampledFrom([]int{1, 2, 7, 50, 1 << 20}).Draw(t, "cut")
		commands := slices.Clone(prelude)
		for i := range rapid.IntRange(1, 30).Draw(t, "commands") {
			command := stream.Draw(t, "command")
			switch verb, _, _ := strings.Cut(command, " "); verb {
			case "FETCH", "STORE", "SEARCH", "COPY", "MOVE":
				if ahead {
					command = "UID " + command
				}
			case "RENAME":
				if ahead && strings.Contains(strings.ToUpper(command), "INBOX") {
					command = "NOOP\r\n"
				}
			}
			commands = append(commands, fmt.Sprintf("t%d %s", i, command))
		}
		if ahead {
			commands = append(commands[:len(prelude):len(prelude)], strings.Join(commands[len(prelude):], ""))
		}
		opt := memstore.Options{AppendLimit: 100}
		straight, relayed := newLine(t, false, opt), newLine(t, true, opt)
		defer straight.close()
		defer relayed.close()
		for _, command := range commands {
			straight.feed([]byte(command), cut)
			relayed.feed([]byte(command), cut)
			got, want := responses(t, relayed.out.Bytes()), responses(t, straight.out.Bytes())
			if ahead {
				got, want = tagged(got), tagged(want)
			}
			if d := cmp.Diff(want, got); d != "" {
				t.Fatalf("%q\nanswers (-straight +relayed):\n%s", commands, d)
			}
			straight.out.Reset()
			relayed.out.Reset()
		}
		if d := cmp.Diff(straight.contents(), relayed.contents()); d != "" {
			t.Fatalf("%q\ncontents (-straight +relayed):\n%s", commands, d)
		}
	})
}

// tagged keeps the tagged responses.
func tagged(list []string) []string {
	return slices.DeleteFunc(list, func(s string) bool { return s[0] == '*' || s[0] == '+' })
}

// prelude makes that commands have something to act on.
var prelude = []string{
	"l LOGIN u p\r\n", "c CREATE Work\r\n", "c CREATE Work/Old\r\n", "c CREATE {3}\r\nA b\r\n",
	"a APPEND INBOX (\\Seen) {20+}\r\nSubject: x\r\n\r\nbody\r\n\r\n",
	"a APPEND INBOX (\\Deleted $Later) {34+}\r\nSubject: two\r\nFrom: a@b\r\n\r\nbody\r\n\r\n",
	"a APPEND INBOX {3+}\r\nabc {7+}\r\nA: b\r\n\r\n\r\n", "a APPEND Work {1+}\r\nx\r\n",
	"s SELECT INBOX\r\n",
}

// stream draws one command, well formed or not, with its CRLF.
var stream = rapid.Custom(func(t *rapid.T) string {
	pick := func(of ...string) string { return rapid.SampledFrom(of).Draw(t, "of") }
	str := func(s string) string {
		switch rapid.IntRange(0, 3).Draw(t, "form") {
		case 0:
			return fmt.Sprintf("{%d}\r\n%s", len(s), s)
		case 1:
			return fmt.Sprintf("{%d+}\r\n%s", len(s), s)
		case 2:
			if !strings.ContainsAny(s, "\r\n\"\\\x00") && strings.ToValidUTF8(s, "") == s {
				return `"` + s + `"`
			}
			return fmt.Sprintf("{%d+}\r\n%s", len(s), s)
		}
		if s != "" && engine.Atom.All(s) {
			return s
		}
		return fmt.Sprintf("{%d+}\r\n%s", len(s), s)
	}
	box := func() string {
		return str(pick("INBOX", "inbox", "Work", "Work/Old", "A b", "Entw&APw-rfe", "Trash", ""))
	}
	set := func() string { return pick("1", "2", "1:*", "*", "3:1,5", "1:2", "4294967295", "$", "0") }
	flags := func() string {
		return pick(`(\Seen)`, `(\Deleted)`, `(\Flagged $Later)`, `\Answered`, "()", `(\Recent)`)
	}
	section := func() string {
		return pick("BODY[]", "BODY.PEEK[HEADER]", "BODY[TEXT]<2.5>", "BODY[1]", "BODY[HEADER.FIELDS (Subject "+str("From")+")]", "BODY[2.MIME]", "BINARY[1]", "BINARY.SIZE[1]", "RFC822", "RFC822.HEADER")
	}
	message := func() string {
		m := pick("Subject: x\r\n\r\nbody\r\n", "", "no header", "A: b\r\n\r\n\xff\xfe{5}\r\n", "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\none\r\n--b\r\n\r\ntwo\r\n--b--\r\n", strings.Repeat("long ", 30))
		date := pick("", ` "24-Nov-2026 12:00:00 +0000"`, ` " 1-Jan-1990 00:00:00 -0500"`)
		fl := pick("", ` (\Seen)`, ` (\Draft x)`)
		switch rapid.IntRange(0, 2).Draw(t, "literal") {
		case 0:
			return fmt.Sprintf("%s%s {%d}\r\n%s", fl, date, len(m), m)
		case 1:
			return fmt.Sprintf("%s%s ~{%d+}\r\n%s", fl, date, len(m), m)
		}
		return fmt.Sprintf("%s%s {%d+}\r\n%s", fl, date, len(m), m)
	}
	uid := func() string { return pick("", "UID ") }
	switch rapid.IntRange(0, 26).Draw(t, "verb") {
	case 0, 1:
		return pick("SELECT ", "EXAMINE ", "SELECT ") + pick("INBOX", "inbox", "Work", box()) + "\r\n"
	case 2, 3, 4:
		s := "APPEND " + box() + message()
		for rapid.IntRange(0, 3).Draw(t, "more") == 0 {
			s += message()
		}
		return s + pick("\r\n", "\r\n", "\r\n", "x\r\n", " (\r\n")
	case 5, 6:
		return uid() + "FETCH " + set() + " (" + section() + " FLAGS " + section() + ")\r\n"
	case 7:
		return uid() + "FETCH " + set() + " " + pick("ALL", "FULL", "FAST", "ENVELOPE", "BODYSTRUCTURE", "(UID INTERNALDATE RFC822.SIZE)", section()) + "\r\n"
	case 8, 9:
		return uid() + "STORE " + set() + " " + pick("FLAGS", "+FLAGS", "-FLAGS", "+FLAGS.SILENT") + " " + flags() + "\r\n"
	case 10:
		return uid() + "SEARCH " + pick("", "RETURN (ALL COUNT) ", "RETURN (SAVE) ", "RETURN () ") + pick("ALL", "UNSEEN", "SUBJECT "+str("x"), "NOT DELETED", "OR SEEN FLAGGED", "$", "LARGER 5", "BAD KEY") + "\r\n"
	case 11:
		return uid() + pick("COPY ", "MOVE ") + set() + " " + box() + "\r\n"
	case 12:
		return pick("EXPUNGE", "UID EXPUNGE 1:*", "CLOSE", "UNSELECT", "CHECK", "NOOP") + "\r\n"
	case 13:
		return "CREATE " + box() + "\r\n"
	case 14:
		return "DELETE " + box() + "\r\n"
	case 15:
		return "RENAME " + box() + " " + box() + "\r\n"
	case 16:
		return pick("SUBSCRIBE ", "UNSUBSCRIBE ") + box() + "\r\n"
	case 17:
		return `LIST "" ` + pick("*", "%", `"Work/%"`, str("A*")) + pick("", " RETURN (SUBSCRIBED CHILDREN)", " RETURN (STATUS (MESSAGES UIDNEXT))") + "\r\n"
	case 18:
		return "STATUS " + box() + " (MESSAGES UIDNEXT UIDVALIDITY UNSEEN SIZE)\r\n"
	case 19:
		return "IDLE\r\n" + pick("DONE", "done", "DONE", "NOOP", "x") + "\r\n"
	case 20:
		return pick("NAMESPACE", "CAPABILITY", `ID ("name" "x")`, "ID NIL", "ENABLE IMAP4rev2", "ENABLE UTF8=ACCEPT X", "LSUB \"\" *") + "\r\n"
	case 21:
		return pick("FETCH", "FETCH 1", "SEARCH", "XYZZY", "XYZZY {3}\r\nabc", "APPEND INBOX", "SELECT {99999999}", "SELECT {99999999+}\r\nt NOOP", "STARTTLS", "LOGIN u p", "AUTHENTICATE PLAIN") + "\r\n"
	case 22:
		return "UID " + pick("NOOP", "XYZZY 1", "FETCH x UID") + "\r\n"
	case 23:
		return "SEARCH CHARSET " + pick("UTF-8", "US-ASCII", "X-NONE") + " TEXT " + str("\xc3\xa4") + "\r\n"
	case 24:
		return "NOOP\r\n\r\n"
	default:
		return "NOOP\r\n"
	}
})
