package imapserve_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/mailwire/mailwire/imapwire"
	"github.com/mailwire/mailwire/imapwire/engine"
	"github.com/mailwire/mailwire/imapwire/imap"
	"github.com/mailwire/mailwire/mailbox"
	"github.com/mailwire/mailwire/mailbox/imapserve"
	"github.com/mailwire/mailwire/mailbox/memstore"
)

// A farStore is a store whose bells come from another process: when a test lets
// them, and as often as it wants.
type farStore struct {
	*memstore.Store
	bells []func(mailbox.Ring)
	late  []mailbox.Ring
	last  mailbox.Ring
}

func newFarStore(opt memstore.Options) *farStore {
	f := &farStore{Store: memstore.New(opt)}
	f.Store.Watch(func(r mailbox.Ring) { f.late, f.last = append(f.late, r), r })
	return f
}

// Watch implements [mailbox.Watcher].
func (f *farStore) Watch(ring func(mailbox.Ring)) (stop func()) {
	f.bells = append(f.bells, ring)
	return func() {}
}

// ring rings one of the bells that are late at some of the servers.
func (f *farStore) ring(r mailbox.Ring, servers ...int) {
	for _, i := range servers {
		f.bells[i](r)
	}
}

// TestTwoServers: invariant 43. Two servers serve one store, and hear of each
// other's changes late, twice, in any order or not at all; after a last ring every
// session that waits in IDLE has been told everything, and at its next command
// every other.
func TestTwoServers(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		opt := memstore.Options{Now: func() time.Time { return start }}
		if rapid.Bool().Draw(t, "forgetful") {
			opt.Limits.Tombstones = 2
		}
		store := newFarStore(opt)
		if err := store.AddUser("u", "p"); err != nil {
			t.Fatal(err)
		}
		var players []*player
		for range 2 {
			srv, err := imapserve.NewServer(store, imapserve.Options{Auth: store, PlaintextAuth: engine.PlaintextLoopback})
			if err != nil {
				t.Fatal(err)
			}
			defer srv.Close()
			for range 2 {
				sess, err := srv.Session(start, imapserve.Info{Security: engine.Security{Loopback: true}})
				if err != nil {
					t.Fatal(err)
				}
				defer sess.Close()
				p := &player{client: &client{t: t, sess: sess}, mirror: mirror{flags: map[imap.UID]string{}}}
				sess.OnChange(func() { p.woken = true })
				p.drain()
				p.ok("LOGIN u p")
				p.play(t, "SELECT INBOX")
				players = append(players, p)
			}
		}
		notify := func() {
			for _, p := range players {
				if p.woken && p.idling {
					p.sess.Notify(ctx)
					p.read(t, p.drain(), false, func(string) {})
				}
				p.woken = false
			}
		}
		for range rapid.IntRange(1, 25).Draw(t, "steps") {
			p := rapid.SampledFrom(players).Draw(t, "player")
			switch step := rapid.IntRange(0, 7).Draw(t, "step"); {
			case step >= 6:
				if len(store.late) > 0 {
					i := rapid.IntRange(0, len(store.late)-1).Draw(t, "bell")
					store.ring(store.late[i], rapid.SampledFrom([][]int{{0}, {1}, {0, 1}, {1, 1}, {}}).Draw(t, "servers")...)
					if rapid.Bool().Draw(t, "heard") {
						store.late = slices.Delete(store.late, i, i+1)
					}
					notify()
				}
			case p.idling:
				p.read(t, p.send("DONE\r\n"), false, func(string) {})
				p.idling = false
			case step == 0:
				p.tag++
				p.read(t, p.send(fmt.Sprintf("t%d IDLE\r\n", p.tag)), false, func(tag string) { t.Fatalf("IDLE ended: %s", tag) })
				p.idling = true
			case step == 1:
				p.play(t, "APPEND INBOX {1+}\r\nm")
			case step == 2:
				p.play(t, fmt.Sprintf("UID STORE %d +FLAGS (k%d)", rapid.IntRange(1, 8).Draw(t, "uid"), rapid.IntRange(1, 3).Draw(t, "k")))
			case step == 3:
				p.play(t, fmt.Sprintf("UID STORE %d +FLAGS (\\Deleted)", rapid.IntRange(1, 8).Draw(t, "uid")), "EXPUNGE")
			default:
				p.play(t, "NOOP")
				p.sync(t)
			}
		}
		// The last ring.
		store.ring(store.last, 0, 1)
		notify()
		for _, p := range players {
			if !p.idling {
				p.play(t, "NOOP")
			}
		}
		for i, p := range players {
			if len(p.uids) != len(players[0].uids) {
				t.Fatalf("session %d (idling %v) has %d messages, the first has %d", i, p.idling, len(p.uids), len(players[0].uids))
			}
			if p.idling {
				p.read(t, p.send("DONE\r\n"), false, func(string) {})
			}
			before := len(p.uids)
			p.sync(t)
			if len(p.uids) != before {
				t.Fatalf("session %d had not been told everything", i)
			}
			if !slices.Equal(p.uids, players[0].uids) {
				t.Fatalf("session %d has %v, the first %v", i, p.uids, players[0].uids)
			}
		}
	})
}

// TestBellWhileFull: invariant 43. A bell that rings while a session in IDLE still
// waits for room to tell what changed before is not lost.
func TestBellWhileFull(t *testing.T) {
	f := newFixture(t, memstore.Options{})
	srv, err := imapserve.NewServer(f.store, imapserve.Options{
		Auth: f.store, PlaintextAuth: engine.PlaintextLoopback, Limits: imapwire.Limits{Output: 300, OutputPreAuth: 300},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { srv.Close() })
	f.srv = srv
	other := f.login(t)
	for range 20 {
		other.append("INBOX", "x")
	}
	other.ok("SELECT INBOX")
	c := f.open(t, "INBOX")
	c.send("i IDLE\r\n")
	other.ok("STORE 1:20 +FLAGS.SILENT (k)")
	c.sess.Notify(ctx)
	other.ok(`STORE 20 +FLAGS.SILENT (\Deleted)`)
	other.ok("EXPUNGE")
	c.sess.Notify(ctx)
	if out := c.drain(); !strings.HasSuffix(out, "* 20 EXPUNGE\r\n") {
		t.Errorf("told is %s", out)
	}
}
