package pop3serve_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/mailwire/mailwire/imapwire/imap"
	"github.com/mailwire/mailwire/mailbox"
	"github.com/mailwire/mailwire/mailbox/pop3serve"
)

// A bentStore is another store's, with other folders.
type bentStore struct {
	mailbox.Store
	folder func(mailbox.Folder) mailbox.Folder
}

func (s bentStore) User(ctx context.Context, name string) (mailbox.User, error) {
	u, err := s.Store.User(ctx, name)
	if err != nil {
		return nil, err
	}
	return bentUser{u, s}, nil
}

type bentUser struct {
	mailbox.User
	s bentStore
}

func (u bentUser) Open(ctx context.Context, name string) (mailbox.Folder, error) {
	f, err := u.User.Open(ctx, name)
	if err != nil {
		return nil, err
	}
	return u.s.folder(f), nil
}

// plain is a folder without leases.
type plain struct{ mailbox.Folder }

// TestLock: invariant 38, threats Q4 and Q10. A maildrop has one session, whose lock is gone after
// every way out, and nothing but QUIT removes a message (invariant 33).
func TestLock(t *testing.T) {
	ways := map[string]func(c *client){
		"QUIT":     func(c *client) { c.ok("QUIT") },
		"cut":      func(c *client) { c.sess.FeedEOF(start); c.drain() },
		"Close":    func(c *client) { c.sess.Close() },
		"shutdown": func(c *client) { c.sess.Shutdown(start); c.drain() },
		"silence": func(c *client) {
			for c.sess.Want().String() != "nothing" && c.f.clock.Before(start.Add(time.Hour)) {
				c.f.clock = c.sess.Deadline()
				c.sess.Expire(c.f.clock)
				c.drain()
			}
			if got := c.f.clock.Sub(start); got != 10*time.Minute {
				c.f.t.Errorf("the session ended after %v", got)
			}
		},
		"a client that does not read": func(c *client) {
			if err := c.sess.Feed(start, []byte("RETR 1\r\n")); err != nil {
				c.f.t.Fatalf("Feed: %v", err)
			}
			for c.sess.Work(ctx) {
			}
			for c.sess.Want().String() != "nothing" && c.f.clock.Before(start.Add(time.Hour)) {
				c.f.clock = c.sess.Deadline()
				c.sess.Expire(c.f.clock)
				for c.sess.Work(ctx) {
				}
			}
			if got := c.f.clock.Sub(start); got != 5*time.Minute {
				c.f.t.Errorf("the session ended after %v", got)
			}
		},
		"nonsense": func(c *client) {
			for range 30 {
				if c.sess.Want().String() != "nothing" {
					c.do("?")
				}
			}
		},
		"QUIT that fails": func(c *client) {
			c.f.broken["append.commit"] = mailbox.ErrUnavailable
			c.ok("DELE 1")
			c.err("QUIT", "SYS/TEMP")
			delete(c.f.broken, "append.commit")
		},
	}
	for _, leases := range []bool{true, false} {
		for way, leave := range ways {
			t.Run(fmt.Sprintf("%s, leases %v", way, leases), func(t *testing.T) {
				f := newFixture(t, pop3serve.Options{})
				if !leases {
					f.serve(bentStore{f.store, func(f mailbox.Folder) mailbox.Folder { return plain{f} }}, pop3serve.Options{})
				}
				f.add("u", hello, hello)
				a, b := f.login("u"), f.connect(loopback)
				f.login("v").ok("QUIT")
				b.ok("USER u")
				b.err("PASS x", "AUTH")
				b.ok("USER u")
				b.err("PASS p", "IN-USE")
				if n := b.sess.FailedLogins(); n != 1 {
					t.Errorf("%d logins failed", n)
				}
				b.is("STAT", "-ERR STAT is not allowed in AUTHORIZATION\r\n")
				if way != "QUIT" {
					a.ok("DELE 2")
				}
				leave(a)
				if got := f.uids("u"); got != "1:2" {
					t.Errorf("left are %s", got)
				}
				// The one that waited logs in, if it was not too long.
				if f.clock != start {
					b = f.connect(loopback)
				}
				b.ok("USER u")
				b.is("PASS p", "+OK 2 messages (62 octets)\r\n")
				// Whatever is done with the first now is not the second's business.
				a.sess.Close()
				f.connect(loopback).err("AUTH PLAIN "+encode("\x00u\x00p"), "IN-USE")
				b.ok("QUIT")
				if n := pop3serve.Locked(f.srv); n != 0 {
					t.Errorf("%d maildrops are locked", n)
				}
				if len(f.errs) > 0 {
					t.Errorf("errors %v", f.errs)
				}
			})
		}
	}
}

// TestFailedLogin: a login that fails on its way leaves no lock behind.
func TestFailedLogin(t *testing.T) {
	broken := errors.New("the index is broken")
	for _, leases := range []bool{true, false} {
		f := newFixture(t, pop3serve.Options{})
		fail := true
		f.serve(bentStore{f.store, func(f mailbox.Folder) mailbox.Folder {
			if leases {
				return failingSnapshot{f.(leasing), &fail, broken}
			}
			return failingSnapshot{noLease{f}, &fail, broken}
		}}, pop3serve.Options{})
		c := f.connect(loopback)
		c.ok("USER u")
		c.err("PASS p", "SYS/PERM")
		if len(f.errs) != 1 || !errors.Is(f.errs[0], broken) {
			t.Errorf("errors %v", f.errs)
		}
		if c.sess.User() != "" || c.sess.FailedLogins() != 0 {
			t.Errorf("logged in is %q, %d logins failed", c.sess.User(), c.sess.FailedLogins())
		}
		fail = false
		f.login("u").ok("QUIT")
	}
}

// leasing is a folder with leases.
type leasing interface {
	mailbox.Folder
	mailbox.LeaseFolder
}

// noLease makes a folder without leases one that gives them to everybody.
type noLease struct{ mailbox.Folder }

type nothing struct{}

func (nothing) Renew(context.Context, time.Duration) error { return nil }
func (nothing) Release() error                             { return nil }

func (noLease) Lease(context.Context, time.Duration) (mailbox.Lease, error) { return nothing{}, nil }

type failingSnapshot struct {
	leasing
	fail *bool
	err  error
}

func (f failingSnapshot) Snapshot(ctx context.Context) (mailbox.Snapshot, error) {
	if *f.fail {
		return mailbox.Snapshot{}, f.err
	}
	return f.leasing.Snapshot(ctx)
}

// TestHonestQuit: invariant 33, threat Q4. When the removal fails the client is told, and
// every message is there; what others removed meanwhile is no failure.
func TestHonestQuit(t *testing.T) {
	for _, tt := range []struct {
		err  error
		code string
	}{
		{mailbox.ErrUnavailable, "SYS/TEMP"},
		{mailbox.ErrCorruption, "SYS/PERM"},
		{context.DeadlineExceeded, "SYS/TEMP"},
		{errBroken, "SYS/PERM"},
	} {
		f := newFixture(t, pop3serve.Options{})
		f.add("u", hello, hello, hello)
		c := f.login("u")
		c.ok("DELE 1")
		c.ok("DELE 3")
		f.broken["append.commit"] = tt.err
		out := c.do("QUIT")
		if !strings.HasPrefix(out, "-ERR ["+tt.code+"] no message was removed: ") || strings.Contains(out, "fire") {
			t.Errorf("%v: %q", tt.err, out)
		}
		c.over()
		if got := f.uids("u"); got != "1:3" {
			t.Errorf("%v: left are %s", tt.err, got)
		}
		if tt.err == errBroken != (len(f.errs) == 1) {
			t.Errorf("%v: errors %v", tt.err, f.errs)
		}
	}

	f := newFixture(t, pop3serve.Options{})
	uids := f.add("u", hello, hello, hello)
	c := f.login("u")
	c.ok("DELE 1")
	c.ok("DELE 2")
	f.expunge("u", uids[0], uids[1])
	c.ok("QUIT")
	if got := f.uids("u"); got != "3" {
		t.Errorf("left are %s", got)
	}

	// With a context that has ended there is no removal, and no lie.
	c = f.login("u")
	c.ok("DELE 1")
	ended, cancel := context.WithCancel(ctx)
	cancel()
	if err := c.sess.Feed(start, []byte("QUIT\r\n")); err != nil {
		t.Fatal(err)
	}
	for c.sess.Work(ended) {
	}
	c.wants(c.drain(), "-ERR [SYS/TEMP] ")
	if got := f.uids("u"); got != "3" {
		t.Errorf("left are %s", got)
	}
	f.login("u").ok("QUIT")
}

// TestForeignExpunge: invariant 34. What IMAP expunges is -ERR for itself, and
// nothing else changes; new mail is for the next session.
func TestForeignExpunge(t *testing.T) {
	f := newFixture(t, pop3serve.Options{})
	uids := f.add("u", hello, "two\r\n", hello)
	c := f.login("u")
	before := c.do("LIST") + c.do("UIDL") + c.do("STAT")
	f.expunge("u", uids[1])
	f.add("u", "four\r\n")
	if after := c.do("LIST") + c.do("UIDL") + c.do("STAT"); after != before {
		t.Errorf("the listings were\n%s and are\n%s", before, after)
	}
	for _, command := range []string{"RETR 2", "TOP 2 0", "DELE 2", "RETR 4"} {
		c.err(command, "")
	}
	c.ok("RETR 3")
	c.ok("DELE 1")
	c.ok("QUIT")
	c = f.login("u")
	c.is("UIDL", "+OK 2 messages (37 octets)\r\n1 1000.3\r\n2 1000.4\r\n.\r\n")

	// What IMAP moves away is gone at the next login.
	u, err := f.store.User(ctx, "u")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := u.Create(ctx, "Box", mailbox.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	if _, err := f.inbox("u").Move(ctx, imap.UIDSetOf(uids[2]), "Box"); err != nil {
		t.Fatal(err)
	}
	c.err("RETR 1", "")
	c.ok("DELE 2")
	c.ok("QUIT")
	f.login("u").is("STAT", "+OK 0 0\r\n")
}

// TestUserRemoved: an account that goes takes its session along, and the server
// lives.
func TestUserRemoved(t *testing.T) {
	f := newFixture(t, pop3serve.Options{})
	f.add("u", hello)
	c, d := f.login("u"), f.connect(loopback)
	c.ok("DELE 1")
	c.ok("RSET")
	if err := f.store.RemoveUser("u"); err != nil {
		t.Fatal(err)
	}
	c.err("RETR 1", "SYS/PERM")
	c.err("DELE 1", "SYS/PERM")
	c.ok("STAT")
	c.ok("QUIT")
	d.ok("USER u")
	d.err("PASS p", "AUTH")
}

// TestLease: what a session holds it renews for as long as it lives, and what a
// dead node held ends.
func TestLease(t *testing.T) {
	f := newFixture(t, pop3serve.Options{})
	f.add("u", hello, hello)
	dead := f.login("u")
	dead.ok("DELE 1")
	other := f.connect(loopback)
	other.ok("USER u")
	other.err("PASS p", "IN-USE")
	f.clock = start.Add(10*time.Minute - 1)
	other = f.connect(loopback)
	other.ok("USER u")
	other.err("PASS p", "IN-USE")

	// Of nobody who renews anything is heard.
	f.clock = start.Add(10 * time.Minute)
	alive := f.login("u")
	for i := range 100 {
		f.clock = f.clock.Add(time.Minute)
		if d := alive.sess.Deadline(); !d.After(f.clock) {
			alive.sess.Expire(f.clock)
		}
		if i%8 == 0 {
			alive.ok("NOOP")
		}
		alive.drain()
		c := f.connect(loopback)
		c.ok("USER u")
		c.err("PASS p", "IN-USE")
	}

	// The dead one wakes up. By now others count its messages.
	if err := dead.sess.Feed(start.Add(5*time.Minute), []byte("NOOP\r\nQUIT\r\n")); err != nil {
		t.Fatal(err)
	}
	dead.wants(dead.drain(), "-ERR [SYS/TEMP] ")
	dead.over()
	if got := f.uids("u"); got != "1:2" {
		t.Errorf("left are %s", got)
	}
	alive.ok("DELE 2")
	alive.ok("QUIT")
	if got := f.uids("u"); got != "1" {
		t.Errorf("left are %s", got)
	}
	if len(f.errs) > 0 {
		t.Errorf("errors %v", f.errs)
	}
}

// TestTwoNodes: the lock is the store's, so that two servers over one store have
// one maildrop between them, and each sees what the other removed.
func TestTwoNodes(t *testing.T) {
	f := newFixture(t, pop3serve.Options{})
	f.add("u", hello, hello)
	here := f.srv
	a := f.login("u")
	f.serve(f.store, pop3serve.Options{})
	b := f.connect(loopback)
	b.ok("USER u")
	b.err("PASS p", "IN-USE")
	a.ok("DELE 1")
	a.ok("QUIT")
	b.ok("USER u")
	b.is("PASS p", "+OK 1 messages (31 octets)\r\n")
	f.srv = here
	a = f.connect(loopback)
	a.ok("USER u")
	a.err("PASS p", "IN-USE")
	b.cut()
	a.ok("USER u")
	a.ok("PASS p")
}

// TestLeaseAtQuit: a lease that was lost without a verb noticing is noticed
// before anything is removed.
func TestLeaseAtQuit(t *testing.T) {
	f := newFixture(t, pop3serve.Options{})
	f.add("u", hello, hello)
	lost := f.login("u")
	lost.ok("DELE 1")
	f.clock = start.Add(time.Hour)
	other := f.login("u")
	// Its own clock stands still.
	f.clock = start
	lost.err("QUIT", "SYS/TEMP")
	if got := f.uids("u"); got != "1:2" {
		t.Errorf("left are %s", got)
	}
	other.ok("QUIT")
}

// TestLongBody: the lease is renewed while a message is sent, and while that
// goes on no deadline but the engine's ends a write.
func TestLongBody(t *testing.T) {
	f := newFixture(t, pop3serve.Options{})
	f.add("u", strings.Repeat("0123456789\r\n", 1<<20/12))
	c := f.login("u")
	if err := c.sess.Feed(start, []byte("RETR 1\r\n")); err != nil {
		t.Fatal(err)
	}
	for c.sess.Work(ctx) {
	}
	pieces := 0
	for seg := c.sess.Output(); !seg.Empty(); seg = c.sess.Output() {
		if d := c.sess.Deadline(); d.Sub(f.clock) != 5*time.Minute {
			t.Fatalf("the deadline is in %v", d.Sub(f.clock))
		}
		f.clock = f.clock.Add(5*time.Minute - time.Second)
		c.sess.Advance(f.clock, seg.Len())
		other := f.connect(loopback)
		other.ok("USER u")
		other.err("PASS p", "IN-USE")
		pieces++
	}
	c.drain()
	if pieces < 60 {
		t.Errorf("the message came in %d pieces", pieces)
	}
	c.ok("QUIT")
}

// TestLeaseTrouble: a store that does not answer for a moment is asked again,
// one that never does costs the session.
func TestLeaseTrouble(t *testing.T) {
	f := newFixture(t, pop3serve.Options{})
	var down error
	var renewals int
	f.serve(bentStore{f.store, func(f mailbox.Folder) mailbox.Folder {
		return troubled{f.(leasing), &down, &renewals}
	}}, pop3serve.Options{})
	c := f.login("u")
	advance := func(d time.Duration) {
		for end := f.clock.Add(d); f.clock.Before(end); {
			f.clock = f.clock.Add(15 * time.Second)
			if d := c.sess.Deadline(); !d.After(f.clock) {
				c.sess.Expire(f.clock)
			}
		}
	}
	advance(2*time.Minute + 15*time.Second)
	if renewals != 0 {
		t.Errorf("%d renewals", renewals)
	}
	down = mailbox.ErrUnavailable
	advance(5 * time.Minute)
	if renewals < 3 || renewals > 10 {
		t.Errorf("%d renewals", renewals)
	}
	down = nil
	advance(time.Minute)
	c.ok("NOOP")
	down = mailbox.ErrUnavailable
	advance(9 * time.Minute)
	c.ok("NOOP")
	advance(time.Minute)
	c.wants(c.drain(), "-ERR [SYS/TEMP] ")
	c.over()
}

type troubled struct {
	leasing
	down     *error
	renewals *int
}

func (f troubled) Lease(ctx context.Context, ttl time.Duration) (mailbox.Lease, error) {
	l, err := f.leasing.Lease(ctx, ttl)
	return troubledLease{l, f}, err
}

type troubledLease struct {
	mailbox.Lease
	f troubled
}

func (l troubledLease) Renew(ctx context.Context, ttl time.Duration) error {
	*l.f.renewals++
	if *l.f.down != nil {
		return *l.f.down
	}
	return l.Lease.Renew(ctx, ttl)
}

// TestRights: RFC 4314 §4. To read takes r, to remove t and e, at DELE and at
// QUIT.
func TestRights(t *testing.T) {
	f := newFixture(t, pop3serve.Options{})
	f.add("u", hello)
	rights := imap.RightLookup
	f.serve(bentStore{f.store, func(f mailbox.Folder) mailbox.Folder { return restricted{f, &rights} }}, pop3serve.Options{})
	c := f.connect(loopback)
	c.ok("USER u")
	c.err("PASS p", "SYS/PERM")
	rights |= imap.RightRead
	c.ok("USER u")
	c.ok("PASS p")
	c.ok("RETR 1")
	for _, have := range []imap.Rights{0, imap.RightDelete, imap.RightExpunge} {
		rights = imap.RightLookup | imap.RightRead | have
		c.err("DELE 1", "SYS/PERM")
	}
	rights = imap.RightsAll
	c.ok("DELE 1")
	rights = imap.RightRead
	c.err("QUIT", "SYS/PERM")
	if got := f.uids("u"); got != "1" {
		t.Errorf("left are %s", got)
	}
	if !slices.Equal(f.errs, nil) {
		t.Errorf("errors %v", f.errs)
	}
}

type restricted struct {
	mailbox.Folder
	rights *imap.Rights
}

func (f restricted) Rights(context.Context) (imap.Rights, error) { return *f.rights, nil }
