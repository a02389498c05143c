package threats_test

import (
	"context"
	"fmt"
	"io"
	"iter"
	"strings"
	"testing"
	"time"

	"github.com/mailwire/mailwire/imapwire/engine"
	"github.com/mailwire/mailwire/imapwire/imap"
	"github.com/mailwire/mailwire/mailbox"
	"github.com/mailwire/mailwire/mailbox/imapserve"
	"github.com/mailwire/mailwire/mailbox/memstore"
)

// An imapSession is a session over a store, and the network of its client.
type imapSession struct {
	t    testing.TB
	sess *imapserve.Session
	tag  int
}

// serveIMAP returns a server over a store, whose users auth knows.
func serveIMAP(t testing.TB, store mailbox.Store, opt imapserve.Options) *imapserve.Server {
	t.Helper()
	opt.PlaintextAuth, opt.StartTLS = engine.PlaintextLoopback, true
	srv, err := imapserve.NewServer(store, opt)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { srv.Close() })
	return srv
}

// connectIMAP begins a session; its greeting is read.
func connectIMAP(t testing.TB, srv *imapserve.Server, sec engine.Security) *imapSession {
	t.Helper()
	sess, err := srv.Session(imapStart, imapserve.Info{Security: sec})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { sess.Close() })
	s := &imapSession{t: t, sess: sess}
	s.drain()
	return s
}

// loginIMAP begins a session of a user whose password is p.
func loginIMAP(t testing.TB, srv *imapserve.Server, user string) *imapSession {
	t.Helper()
	s := connectIMAP(t, srv, engine.Security{Loopback: true})
	s.ok("LOGIN " + user + " p")
	return s
}

// drain lets the session work, and returns what it says.
func (s *imapSession) drain() string {
	var out strings.Builder
	for {
		for s.sess.Work(context.Background()) {
		}
		seg := s.sess.Output()
		if seg.Empty() {
			return out.String()
		}
		if seg.Reader != nil {
			if _, err := io.CopyN(&out, seg.Reader, seg.N); err != nil {
				s.t.Fatal(err)
			}
		} else {
			out.Write(seg.Bytes)
		}
		s.sess.Advance(imapStart, seg.Len())
	}
}

// say feeds input and returns the answer.
func (s *imapSession) say(in string) string {
	s.t.Helper()
	if err := s.sess.Feed(imapStart, []byte(in)); err != nil {
		s.t.Fatalf("%.80q: %v", in, err)
	}
	return s.drain()
}

// do sends a command and returns what is told, and the answer without its tag.
func (s *imapSession) do(command string) (told, answer string) {
	s.t.Helper()
	s.tag++
	tag := fmt.Sprintf("t%d ", s.tag)
	out := s.say(tag + command + "\r\n")
	i := strings.LastIndex("\r\n"+out, "\r\n"+tag)
	if i < 0 {
		s.t.Fatalf("%.80q: no answer in %.200q", command, out)
	}
	return out[:i], strings.TrimSuffix(out[i+len(tag):], "\r\n")
}

// ok is do for a command that has to succeed.
func (s *imapSession) ok(command string) string {
	s.t.Helper()
	told, answer := s.do(command)
	if !strings.HasPrefix(answer, "OK") {
		s.t.Fatalf("%.80q: %s", command, answer)
	}
	return told
}

// put appends a message.
func (s *imapSession) put(mailbox, message string) {
	s.t.Helper()
	s.ok(fmt.Sprintf("APPEND %s {%d+}\r\n%s", mailbox, len(message), message))
}

// A countedStore counts what is asked of a store: calls, messages that it gives,
// and octets of bodies that are read.
type countedStore struct {
	*memstore.Store
	calls, messages, octets *int64
}

func newCountedStore(t testing.TB, opt memstore.Options) countedStore {
	t.Helper()
	s := countedStore{Store: memstore.New(opt), calls: new(int64), messages: new(int64), octets: new(int64)}
	if err := s.AddUser("u", "p"); err != nil {
		t.Fatal(err)
	}
	return s
}

func (s countedStore) count() int64 { return *s.calls + *s.messages }

func (s countedStore) User(ctx context.Context, name string) (mailbox.User, error) {
	u, err := s.Store.User(ctx, name)
	return countedUser{u, s}, err
}

type countedUser struct {
	mailbox.User
	s countedStore
}

func (u countedUser) Open(ctx context.Context, name string) (mailbox.Folder, error) {
	*u.s.calls++
	f, err := u.User.Open(ctx, name)
	if err != nil {
		return nil, err
	}
	return countedFolder{f, u.s}, nil
}

type countedFolder struct {
	mailbox.Folder
	s countedStore
}

func (f countedFolder) Body(ctx context.Context, uid imap.UID) (mailbox.Body, error) {
	*f.s.calls++
	b, err := f.Folder.Body(ctx, uid)
	if err != nil {
		return nil, err
	}
	return countedBody{b, f.s}, nil
}

type countedBody struct {
	mailbox.Body
	s countedStore
}

func (b countedBody) ReadAt(p []byte, off int64) (int, error) {
	n, err := b.Body.ReadAt(p, off)
	*b.s.octets += int64(n)
	return n, err
}

func (f countedFolder) Messages(ctx context.Context, uids imap.UIDSet) iter.Seq2[mailbox.Message, error] {
	*f.s.calls++
	return func(yield func(mailbox.Message, error) bool) {
		for m, err := range f.Folder.Messages(ctx, uids) {
			*f.s.messages++
			if !yield(m, err) {
				return
			}
		}
	}
}

func (f countedFolder) Store(ctx context.Context, uids imap.UIDSet, update mailbox.FlagUpdate) (mailbox.StoreResult, error) {
	*f.s.calls++
	*f.s.messages += int64(len(uids))
	return f.Folder.Store(ctx, uids, update)
}

func (f countedFolder) Status(ctx context.Context) (mailbox.Status, error) {
	*f.s.calls++
	return f.Folder.Status(ctx)
}

// folderCost logs in to a server with folders and messages, and returns what a
// command costs the store, with the octets of its answer.
func folderCost(t *testing.T, folders, messages int, body string, command string) int64 {
	t.Helper()
	store := newCountedStore(t, memstore.Options{Now: func() time.Time { return imapStart }})
	var lim = wide()
	lim.Output = 1 << 16
	s := loginIMAP(t, serveIMAP(t, store, imapserve.Options{Auth: store, Limits: lim}), "u")
	for i := range folders {
		s.ok(fmt.Sprintf("CREATE f%d", i))
	}
	if messages > 0 {
		s.ok("APPEND INBOX" + rep(fmt.Sprintf(" {%d+}\r\n%s", len(body), body), messages))
	}
	s.ok("SELECT INBOX")
	before := store.count() + *store.octets
	told := s.ok(command)
	return store.count() + *store.octets - before + int64(len(told))
}

// every is the odd numbers to n as a set of as many ranges as there can be.
func every(n int) string {
	var b strings.Builder
	for i := 1; i <= n; i += 2 {
		fmt.Fprintf(&b, ",%d", i)
	}
	return b.String()[1:]
}

// TestCostStoreIMAP: invariant 8 for what the store is asked, threats C4, C5 and
// C15. What a set, a search or a LIST costs grows with the messages, octets and
// folders that there are, and not with their product.
func TestCostStoreIMAP(t *testing.T) {
	few := func(n int) int { return max(n/5, 1) } // 10, 100, 1000
	const body = "Subject: x\r\n\r\ny\r\n"
	for _, tt := range []struct {
		name string
		cost func(n int) int64
	}{
		{"a FETCH of many ranges", func(n int) int64 { return folderCost(t, 0, few(n), body, "FETCH "+every(few(n))+" FLAGS") }},
		{"a UID FETCH of many ranges", func(n int) int64 { return folderCost(t, 0, few(n), body, "UID FETCH "+every(few(n))+" FLAGS") }},
		{"the same range again and again", func(n int) int64 {
			return folderCost(t, 0, few(n), body, "FETCH "+listed(few(n), "1:*", ",")+" FLAGS")
		}},
		{"a STORE of many ranges", func(n int) int64 {
			return folderCost(t, 0, few(n), body, "STORE "+every(few(n))+" +FLAGS.SILENT (\\Seen)")
		}},
		{"a SEARCH by many sets", func(n int) int64 {
			return folderCost(t, 0, few(n), body, "SEARCH RETURN (COUNT)"+rep(" 1:*", few(n)))
		}},
		{"a SEARCH of a set", func(n int) int64 {
			return folderCost(t, 0, few(n), body, "SEARCH RETURN (COUNT) "+every(few(n))+" UNSEEN")
		}},
		{"a text that almost occurs", func(n int) int64 {
			return folderCost(t, 0, 1, "\r\n"+rep("a", 20*n), "SEARCH BODY "+rep("a", 1000)+"b")
		}},
		{"a long text that almost occurs", func(n int) int64 {
			return folderCost(t, 0, 1, "\r\n"+rep("ab", 20*n), "SEARCH BODY "+rep("ab", 10*n)+"b")
		}},
		{"LIST with STATUS", func(n int) int64 {
			return folderCost(t, few(n), 0, "", `LIST "" * RETURN (STATUS (MESSAGES UNSEEN))`)
		}},
		{"LIST with many patterns", func(n int) int64 {
			return folderCost(t, few(n), 0, "", `LIST "" (`+listed(few(n), "*", " ")+`) RETURN (STATUS (MESSAGES))`)
		}},
	} {
		checkCost(t, tt.name, costSize(false), tt.cost)
	}
}
