package imapserve_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/mailwire/mailwire/imapwire"
	"github.com/mailwire/mailwire/imapwire/engine"
	"github.com/mailwire/mailwire/imapwire/imap"
	"github.com/mailwire/mailwire/mailbox/imapserve"
	"github.com/mailwire/mailwire/mailbox/memstore"
)

// A cache is a client with QRESYNC that keeps what it was told as RFC 7162 §6
// says, and nothing else.
type cache struct {
	t        *rapid.T
	c        *client // nil: not connected
	validity uint32
	modSeq   imap.ModSeq // 0: never synchronised
	flags    map[imap.UID]string
	// view are the UIDs by number, of this connection; 0 where the UID is not
	// known.
	view []imap.UID
	// heard is the largest modseq since the last tagged response; code that of
	// a HIGHESTMODSEQ.
	heard, code imap.ModSeq
	selecting   bool
	// flag is what the client's own silent STORE adds, or with a "-" takes out:
	// the server tells the modseq of what it changed, and no more.
	flag string
}

// text shows flags as flagText does.
func text(flags []string) string {
	slices.Sort(flags)
	return strings.Join(slices.Compact(flags), " ")
}

func (k *cache) uids() []imap.UID { return slices.Sorted(maps.Keys(k.flags)) }

// take takes in what the server said, up to the tagged response.
func (k *cache) take(out string) imapwire.StatusCondition {
	var last imapwire.StatusCondition
	for _, frame := range responsesOf(k.t, out) {
		r, err := imapwire.ParseResponse(frame, imapwire.ParseOptions{})
		if err != nil {
			k.t.Fatalf("%q: %v", frame, err)
		}
		switch r := r.(type) {
		case *imapwire.ExistsData:
			if k.selecting {
				k.view = make([]imap.UID, r.Count)
				continue
			}
			if int(r.Count) < len(k.view) {
				k.t.Fatalf("EXISTS %d below %d", r.Count, len(k.view))
			}
			k.view = append(k.view, make([]imap.UID, int(r.Count)-len(k.view))...)
		case *imapwire.ExpungeData:
			k.t.Fatalf("%q with QRESYNC", frame)
		case *imapwire.VanishedData:
			for uid := range r.UIDs.All() {
				delete(k.flags, uid)
				if r.Earlier {
					continue
				}
				i := slices.Index(k.view, uid)
				if i < 0 {
					// It counts a message whose UID the client has not heard.
					if i = slices.Index(k.view, 0); i < 0 {
						k.t.Fatalf("%q: the client has %v", frame, k.view)
					}
				}
				k.view = slices.Delete(k.view, i, i+1)
			}
		case *imapwire.FetchData:
			if r.Has&imapwire.HasUID == 0 || int(r.Num) > len(k.view) {
				k.t.Fatalf("%q of %d messages", frame, len(k.view))
			}
			k.view[r.Num-1] = r.UID
			switch minus, took := strings.CutPrefix(k.flag, "-"); {
			case r.Has&imapwire.HasFlags != 0:
				k.flags[r.UID] = flagText(r.Flags)
			case took:
				k.flags[r.UID] = text(slices.DeleteFunc(strings.Fields(k.flags[r.UID]), func(f string) bool { return f == minus }))
			default:
				k.flags[r.UID] = text(append(strings.Fields(k.flags[r.UID]), k.flag))
			}
			if r.Has&imapwire.HasModSeq == 0 {
				k.t.Fatalf("%q has no modseq", frame)
			}
			k.heard = max(k.heard, r.ModSeq)
		case *imapwire.StatusResponse:
			if code, ok := r.Code.(*imapwire.CodeNumber); ok {
				switch code.Name {
				case imapwire.CodeHighestModSeq:
					k.code = imap.ModSeq(code.Number)
				case imapwire.CodeUIDValidity:
					if k.validity != uint32(code.Number) {
						k.validity, k.modSeq, k.flags = uint32(code.Number), 0, map[imap.UID]string{}
					}
				}
			}
			if r.Tag != "" {
				last = r.StatusCondition
				// Only now is it safe to go on from what was told.
				if k.code != 0 {
					k.modSeq = k.code
				} else {
					k.modSeq = max(k.modSeq, k.heard)
				}
				k.code, k.heard = 0, 0
			}
		}
	}
	return last
}

func (k *cache) do(command string) imapwire.StatusCondition {
	k.c.tag++
	return k.take(k.c.send(fmt.Sprintf("t%d %s\r\n", k.c.tag, command)))
}

// TestQResync: invariants 46 and 47. A client that is cut off at any moment, while
// others change the mailbox, and comes back with what it remembers, is told what
// makes that true again: exactly where the store remembers, and below that by
// what is not there. So HIGHESTMODSEQ is never above what the client was told.
func TestQResync(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		opt := memstore.Options{}
		if rapid.Bool().Draw(t, "forgetful") {
			opt.Limits.Tombstones = 2
		}
		store := memstore.New(opt)
		if err := store.AddUser("u", "p"); err != nil {
			t.Fatal(err)
		}
		srv, err := imapserve.NewServer(store, imapserve.Options{Auth: store, PlaintextAuth: engine.PlaintextLoopback})
		if err != nil {
			t.Fatal(err)
		}
		defer srv.Close()
		connect := func() *client {
			sess, err := srv.Session(start, imapserve.Info{Security: engine.Security{Loopback: true}})
			if err != nil {
				t.Fatal(err)
			}
			c := &client{t: t, sess: sess}
			sess.OnChange(func() {})
			c.drain()
			c.ok("LOGIN u p")
			return c
		}
		other := connect()
		defer other.sess.Close()
		other.ok("SELECT INBOX")
		k := &cache{t: t, flags: map[imap.UID]string{}}
		uid := func() uint32 { return rapid.Uint32Range(1, 12).Draw(t, "uid") }
		flag := rapid.SampledFrom([]string{`\Seen`, `\Flagged`, "k", "j"})

		// truth compares the cache with the mailbox, for the UIDs in known.
		truth := func(when string, known func(imap.UID) bool) {
			check := connect()
			defer check.sess.Close()
			check.ok("EXAMINE INBOX")
			want := map[imap.UID]string{}
			for _, frame := range responsesOf(t, check.ok("UID FETCH 1:* FLAGS")) {
				r, _ := imapwire.ParseResponse(frame, imapwire.ParseOptions{})
				if f, ok := r.(*imapwire.FetchData); ok && known(f.UID) {
					want[f.UID] = flagText(f.Flags)
				}
			}
			got := maps.Clone(k.flags)
			maps.DeleteFunc(got, func(u imap.UID, _ string) bool { return !known(u) })
			if !maps.Equal(got, want) {
				t.Fatalf("%s: the client has %v, the mailbox %v", when, got, want)
			}
		}
		all := func(imap.UID) bool { return true }
		for range rapid.IntRange(1, 30).Draw(t, "steps") {
			switch step := rapid.IntRange(0, 11).Draw(t, "step"); {
			case step < 2:
				other.append("INBOX", "m")
			case step < 4:
				other.do(fmt.Sprintf("UID STORE %d %sFLAGS.SILENT (%s)", uid(), rapid.SampledFrom([]string{"+", "-"}).Draw(t, "sign"), flag.Draw(t, "flag")))
			case step < 6:
				other.do(fmt.Sprintf("UID STORE %d +FLAGS.SILENT (\\Deleted)", uid()))
				other.do("EXPUNGE")
			case k.c == nil && step < 11:
				k.c = connect()
				k.do("ENABLE QRESYNC")
				// Of some messages it may have heard the number and nothing else:
				// these it looks for itself (RFC 7162 §6, d-2).
				params, known := "", imap.UIDSetOf(k.uids()...).Contains
				if k.modSeq > 0 && len(k.flags) > 0 || k.modSeq > 0 && rapid.Bool().Draw(t, "empty") {
					params = fmt.Sprintf(" (QRESYNC (%d %d", k.validity, k.modSeq)
					uids := k.uids()
					if len(uids) > 0 && rapid.Bool().Draw(t, "known") {
						params += " " + imap.SetOfUIDs(imap.UIDSetOf(uids...)).String()
					}
					if slices.Equal(uids, k.view) && len(uids) > 0 && rapid.Bool().Draw(t, "match") {
						// A client that knows all messages knows their numbers.
						var seqs, sample []string
						for i, u := range uids {
							if rapid.Bool().Draw(t, "sample") {
								seqs, sample = append(seqs, fmt.Sprint(i+1)), append(sample, fmt.Sprint(u))
							}
						}
						if len(seqs) > 0 {
							params += " (" + strings.Join(seqs, ",") + " " + strings.Join(sample, ",") + ")"
						}
					}
					params += "))"
				}
				k.selecting = true
				if s := k.do("SELECT INBOX" + params); s.Condition != imapwire.OK {
					t.Fatalf("SELECT%s: %v", params, s)
				}
				k.selecting = false
				if params != "" {
					truth("resynchronised with"+params, known)
				}
				// The UIDs of all numbers, and what is new to the cache.
				k.flags = map[imap.UID]string{}
				k.do("UID FETCH 1:* (FLAGS MODSEQ)")
				truth("fetched", all)
			case k.c == nil:
			case step == 6:
				k.do("NOOP")
				if n := slices.Index(k.view, 0); n >= 0 {
					k.do(fmt.Sprintf("FETCH %d:* (UID FLAGS MODSEQ)", n+1))
				}
			case step == 7:
				// Two commands at once: an EXPUNGE is held behind the first.
				k.flag = imap.Flag(flag.Draw(t, "flag")).Fold()
				k.take(k.c.send(fmt.Sprintf("a STORE 1 +FLAGS.SILENT (%s)\r\nb FETCH 1:* (UID FLAGS MODSEQ)\r\n", k.flag)))
			case step == 8:
				cond := rapid.Uint64Range(0, 40).Draw(t, "unchangedsince")
				before := maps.Clone(k.flags)
				k.flag = "c"
				s := k.do(fmt.Sprintf("UID STORE %d (UNCHANGEDSINCE %d) +FLAGS.SILENT (%s)", uid(), cond, "c"))
				if code, failed := s.Code.(*imapwire.CodeModified); failed {
					for u := range code.Set.ResolveUIDs(imap.MaxUID).All() {
						if had, known := before[u]; known && k.flags[u] != "" && !strings.Contains(had, "c") && strings.Contains(k.flags[u], "c") {
							t.Fatalf("UID %d was modified: %s", u, k.flags[u])
						}
					}
				}
			case step == 9:
				since := rapid.Uint64Range(1, 40).Draw(t, "since")
				k.do(fmt.Sprintf("UID FETCH 1:* (FLAGS) (CHANGEDSINCE %d VANISHED)", since))
			case step == 10:
				k.flag = "-j"
				k.do("UID STORE 1:* -FLAGS.SILENT (j)")
			default:
				// Cut off, perhaps with something untold.
				k.c.sess.Close()
				k.c = nil
			}
		}
		if k.c != nil {
			k.c.sess.Close()
		}
	})
}

// TestCondStore: invariant 46, and what else RFC 7162 says of single commands.
func TestCondStore(t *testing.T) {
	f := newFixture(t, memstore.Options{})
	setup := f.login(t)
	for _, s := range []string{"one", "two", "three"} {
		setup.append("INBOX", s)
	}
	setup.ok("SELECT INBOX") // modseqs 2, 3, 4
	c := f.open(t, "INBOX")
	// Nobody hears of modseqs who has not asked.
	c.want(`STORE 1 +FLAGS (a)`, "* FLAGS (\\Answered \\Flagged \\Deleted \\Seen \\Draft a)\n* 1 FETCH (UID 1 FLAGS (a))\nOK")
	c.want("FETCH 2 MODSEQ", "* OK [HIGHESTMODSEQ 5] modseq\n* 2 FETCH (MODSEQ (3))\nOK")
	c.want("STORE 2 +FLAGS.SILENT (a)", "* 2 FETCH (UID 2 MODSEQ (6))\nOK")
	c.want("STORE 2 +FLAGS.SILENT (a)", "OK") // nothing changed
	c.want("STORE 2 +FLAGS (b)", "* FLAGS (\\Answered \\Flagged \\Deleted \\Seen \\Draft a b)\n* 2 FETCH (UID 2 FLAGS (a b) MODSEQ (7))\nOK")
	c.want("FETCH 3 BODY[TEXT]", "* 3 FETCH (UID 3 FLAGS (\\Seen) MODSEQ (8) BODY[TEXT] {15}\nbody of three\n)\nOK")
	// The condition.
	c.want("STORE 1:3 (UNCHANGEDSINCE 6) +FLAGS.SILENT (c)", "* 1 FETCH (UID 1 MODSEQ (9))\n* 2 FETCH (UID 2 FLAGS (a b) MODSEQ (7))\n* 3 FETCH (UID 3 FLAGS (\\Seen) MODSEQ (8))\nOK [MODIFIED 2:3]")
	c.want("UID STORE 2 (UNCHANGEDSINCE 0) +FLAGS (c)", "* 2 FETCH (UID 2 FLAGS (a b) MODSEQ (7))\nOK [MODIFIED 2]")
	c.want("UID STORE 2 (UNCHANGEDSINCE 7) +FLAGS.SILENT (b)", "* 2 FETCH (UID 2 MODSEQ (7))\nOK UID STORE")
	// What changed, and what to search for.
	c.want("FETCH 1:* UID (CHANGEDSINCE 7)", "* 1 FETCH (UID 1 MODSEQ (9))\n* 3 FETCH (UID 3 MODSEQ (8))\nOK")
	c.want("SEARCH MODSEQ 8", "* SEARCH 1 3 (MODSEQ 9)\nOK")
	c.want(`SEARCH NOT MODSEQ "/flags/\\seen" all 8`, "* SEARCH 2 (MODSEQ 7)\nOK")
	c.want("SEARCH MODSEQ 99", "* SEARCH\nOK")
	for _, tt := range []struct{ options, want string }{
		{"", "MODSEQ 9 ALL 1:3"}, {"MIN", "MIN 1 MODSEQ 9"}, {"MAX", "MAX 3 MODSEQ 8"}, {"MIN MAX", "MIN 1 MAX 3 MODSEQ 9"}, {"COUNT", "COUNT 3 MODSEQ 9"},
	} {
		c.want("SEARCH RETURN ("+tt.options+") MODSEQ 1", fmt.Sprintf("* ESEARCH (TAG \"t%d\") %s\nOK", c.tag+1, tt.want))
	}
	c.want("STATUS INBOX (HIGHESTMODSEQ)", "* STATUS INBOX (HIGHESTMODSEQ 9)\nOK")
	c.want("UID FETCH 1:* FLAGS (CHANGEDSINCE 1 VANISHED)", "BAD")
	c.want("SELECT INBOX (QRESYNC (1 1))", "* OK [CLOSED] previous mailbox closed\nBAD")

	// QRESYNC: VANISHED in the place of EXPUNGE, and in the OK where it stands.
	q := f.login(t)
	q.want("ENABLE QRESYNC", "* ENABLED QRESYNC\nOK")
	q.ok("SELECT INBOX")
	q.want(`STORE 2 +FLAGS.SILENT (\Deleted)`, "* 2 FETCH (UID 2 MODSEQ (10))\nOK")
	q.want("EXPUNGE", "* VANISHED 2\nOK [HIGHESTMODSEQ 11]")
	q.want("EXPUNGE", "OK EXPUNGE")
	setup.want("NOOP", "* 2 EXPUNGE\n* FLAGS (\\Answered \\Flagged \\Deleted \\Seen \\Draft a c)\n* 1 FETCH (UID 1 FLAGS (a c \\Recent))\n* 2 FETCH (UID 3 FLAGS (\\Seen \\Recent))\nOK")
	q.want("UID FETCH 1:* FLAGS (CHANGEDSINCE 8 VANISHED)", "* VANISHED (EARLIER) 2\n* 1 FETCH (UID 1 FLAGS (a c) MODSEQ (9))\nOK")
	q.want("MOVE 1 INBOX", "* OK [COPYUID 1 1 4] moved\n* VANISHED 1\n* 2 EXISTS\n* 1 RECENT\nOK [HIGHESTMODSEQ 12]")
	q.want("STORE 1:2 (UNCHANGEDSINCE 1) +FLAGS.SILENT (d)", "* 1 FETCH (UID 3 FLAGS (\\Seen) MODSEQ (8))\n* 2 FETCH (UID 4 FLAGS (a c \\Recent) MODSEQ (12))\nOK [MODIFIED 1:2]")
	// RFC 7162 §3.2.8: a CLOSE does not say.
	q.ok(`STORE 1 +FLAGS.SILENT (\Deleted)`)
	q.want("CLOSE", "OK CLOSE")
	// What is remembered of another mailbox is worth nothing.
	if out := q.ok("SELECT INBOX (QRESYNC (9 1))"); strings.Contains(out, "VANISHED") || strings.Contains(out, "FETCH") {
		t.Errorf("another UIDVALIDITY: %s", out)
	}
	if out := q.ok("SELECT INBOX (QRESYNC (1 1 1:3,9))"); !strings.Contains(out, "* VANISHED (EARLIER) 1:3\r\n") || strings.Contains(out, "FETCH") {
		t.Errorf("UIDs known: %s", out)
	}
}

// TestChangedSinceSeen: RFC 7162 §3.1.4.1. A message that CHANGEDSINCE leaves out
// is not read, and so does not become \Seen.
func TestChangedSinceSeen(t *testing.T) {
	f := newFixture(t, memstore.Options{})
	c := f.open(t, "INBOX")
	for _, s := range []string{"one", "two"} {
		c.append("INBOX", s) // modseqs 2, 3
	}
	c.ok("FETCH 1 MODSEQ")
	c.want("FETCH 1:2 BODY[TEXT] (CHANGEDSINCE 2)", "* 2 FETCH (UID 2 FLAGS (\\Seen \\Recent) MODSEQ (4) BODY[TEXT] {13}\nbody of two\n)\nOK")
	c.want("FETCH 1:2 BODY[TEXT] (CHANGEDSINCE 9)", "OK")
	c.want("FETCH 1:2 FLAGS", "* 1 FETCH (FLAGS (\\Recent))\n* 2 FETCH (FLAGS (\\Seen \\Recent))\nOK")
}

// TestHeldModSeq: while an EXPUNGE is held, the client is told a modseq below it,
// and the true one as soon as it is told (RFC 7162 §6).
func TestHeldModSeq(t *testing.T) {
	f := newFixture(t, memstore.Options{})
	setup := f.open(t, "INBOX")
	for _, s := range []string{"one", "two", "three"} {
		setup.append("INBOX", s)
	}
	setup.ok("NOOP")
	c := f.login(t)
	c.ok("ENABLE QRESYNC")
	c.ok("SELECT INBOX")
	setup.ok(`STORE 2 +FLAGS.SILENT (\Deleted)`) // 5
	setup.ok("EXPUNGE")                          // 6
	c.want(`STORE 1 +FLAGS.SILENT (a)`, "* 1 FETCH (UID 1 MODSEQ (7))\n* OK [HIGHESTMODSEQ 5] modseq\nOK")
	c.want("NOOP", "* VANISHED 2\n* OK [HIGHESTMODSEQ 7] modseq\nOK")
	c.want("NOOP", "OK")
}

// TestFetchModSeq: a FETCH of flags that somebody else changed does not stand for
// telling the change, which goes with its modseq (RFC 7162 §3.1).
func TestFetchModSeq(t *testing.T) {
	f := newFixture(t, memstore.Options{})
	a := f.login(t)
	a.append("INBOX", "x")
	a.ok("SELECT INBOX")
	b := f.login(t)
	b.ok("ENABLE CONDSTORE")
	b.ok("SELECT INBOX")
	a.ok("STORE 1 +FLAGS (\\Seen)")
	// Reading the body asks for \Seen, which the message has.
	out := b.ok("FETCH 1 (FLAGS BODY[TEXT])")
	if !strings.HasSuffix(out, "* 1 FETCH (UID 1 FLAGS (\\Seen) MODSEQ (3))\r\n") {
		t.Errorf("the change was not told:\n%s", out)
	}
	b.want("FETCH 1 (FLAGS MODSEQ)", `* 1 FETCH (FLAGS (\Seen) MODSEQ (3))
		OK`)
}

// TestVanishedUntold: invariant 47. A message that came and that the client was not
// told of has not vanished, also where the history does not say what has.
func TestVanishedUntold(t *testing.T) {
	f := newFixture(t, memstore.Options{Limits: memstore.Limits{Tombstones: 1}})
	c := f.login(t)
	c.ok("ENABLE QRESYNC")
	c.ok("SELECT INBOX")
	for _, s := range []string{"one", "two", "three"} {
		c.append("INBOX", s)
	}
	c.ok(`STORE 1:2 +FLAGS.SILENT (\Deleted)`)
	c.ok("EXPUNGE")
	f.login(t).append("INBOX", "four")
	if out := c.ok("UID FETCH 1:* UID (CHANGEDSINCE 2 VANISHED)"); !strings.HasPrefix(out, "* VANISHED (EARLIER) 1:2\r\n") {
		t.Errorf("told is %s", out)
	}
}
