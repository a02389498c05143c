package imapserve_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/mailwire/mailwire/imapwire"
	"github.com/mailwire/mailwire/imapwire/engine"
	"github.com/mailwire/mailwire/mailbox"
	"github.com/mailwire/mailwire/mailbox/imapserve"
	"github.com/mailwire/mailwire/mailbox/memstore"
	"github.com/mailwire/mailwire/quota"
)

// limitOf returns limits with one resource limited.
func limitOf(r quota.Resource, l quota.Limit) (limits quota.Limits) {
	limits[r] = l
	return limits
}

// workRoots are two roots: "#all", and "work stuff" for "Work" and what is below.
// "Trash" counts nowhere.
func workRoots(all, work quota.Limits) []quota.Policy {
	return []quota.Policy{
		{Root: "#all", Limits: all, Rule: func(folder string) (quota.Rule, bool) { return quota.Rule{Ignore: folder == "Trash"}, true }},
		{Root: "work stuff", Limits: work, Rule: func(folder string) (quota.Rule, bool) { return quota.Rule{}, strings.HasPrefix(folder, "Work") }},
	}
}

// TestQuota: RFC 9208 §4.1 and invariant 53 as a client sees them.
func TestQuota(t *testing.T) {
	all := limitOf(quota.Storage, quota.Hard(100))
	all[quota.Message] = quota.Hard(1 << 40)
	f := newFixture(t, memstore.Options{
		Roots:       workRoots(all, quota.Limits{}),
		MaySetQuota: func(_, root string) bool { return root == "work stuff" },
	})
	c := f.login(t)
	if caps := c.ok("CAPABILITY"); !strings.Contains(caps, " QUOTA QUOTA=RES-STORAGE QUOTA=RES-MESSAGE QUOTA=RES-MAILBOX QUOTASET\r\n") {
		t.Errorf("announced is %s", caps)
	}
	if caps, _ := f.connect(t, engine.Security{Loopback: true}).do("CAPABILITY"); strings.Contains(caps, "QUOTA") {
		t.Errorf("announced before login is %s", caps)
	}
	c.append("INBOX", "x") // 28 octets
	c.want("GETQUOTA #all", "* QUOTA #all (STORAGE 1 100 MESSAGE 1 1099511627776)\nOK")
	c.want(`GETQUOTA "work stuff"`, `* QUOTA "work stuff" ()`+"\nOK")
	c.want(`GETQUOTA ""`, "NO [NONEXISTENT]")
	c.want("GETQUOTA nosuch", "NO [NONEXISTENT]")
	c.want("GETQUOTAROOT inbox", "* QUOTAROOT inbox #all\n* QUOTA #all (STORAGE 1 100 MESSAGE 1 1099511627776)\nOK")
	c.want("GETQUOTAROOT Work/&ZeVnLIqe-", `* QUOTAROOT Work/&ZeVnLIqe- #all "work stuff"
		* QUOTA #all (STORAGE 1 100 MESSAGE 1 1099511627776)
		* QUOTA "work stuff" ()
		OK`) // a mailbox that does not exist
	c.want("GETQUOTAROOT Trash", "* QUOTAROOT Trash\nOK")
	c.want("GETQUOTAROOT &AEA-", "NO [CANNOT]")
	c.want("GETQUOTAROOT a//b", "NO [CANNOT]")

	c.want("SETQUOTA #all ()", "NO [NOPERM]")
	c.want("SETQUOTA nosuch ()", "NO [NOPERM]")
	c.want(`SETQUOTA "work stuff" (STORAGE 7 MAILBOX 3)`, `* QUOTA "work stuff" (STORAGE 0 7 MAILBOX 0 3)`+"\nOK")
	c.want(`SETQUOTA "work stuff" (message 0)`, `* QUOTA "work stuff" (MESSAGE 0 0)`+"\nOK") // the others are gone
	c.want(`SETQUOTA "work stuff" (ANNOTATION-STORAGE 5)`, "NO [CANNOT]")
	c.want(`SETQUOTA "work stuff" (X-NODES 5)`, "NO [CANNOT]")
	c.want(`SETQUOTA "work stuff" (STORAGE 5 STORAGE 6)`, "BAD")
	c.want(`GETQUOTA "work stuff"`, `* QUOTA "work stuff" (MESSAGE 0 0)`+"\nOK")
	c.ok("CREATE Work")
	c.want("APPEND Work {1+}\r\nx", "NO [OVERQUOTA]")
	c.want(`SETQUOTA "work stuff" ()`, `* QUOTA "work stuff" ()`+"\nOK")
	c.ok("APPEND Work {1+}\r\nx")
}

// TestNoQuota: a store without quotas has no commands for them.
func TestNoQuota(t *testing.T) {
	f := newFixture(t, memstore.Options{})
	srv, err := imapserve.NewServer(struct{ mailbox.Store }{f.store}, imapserve.Options{Auth: f.store, PlaintextAuth: engine.PlaintextLoopback})
	if err != nil {
		t.Fatal(err)
	}
	defer srv.Close()
	f.srv = srv
	c := f.login(t)
	if caps := c.ok("CAPABILITY"); strings.Contains(caps, "QUOTA") {
		t.Error(caps)
	}
	for _, command := range []string{`GETQUOTA ""`, "GETQUOTAROOT INBOX", `SETQUOTA "" ()`, "STATUS INBOX (DELETED-STORAGE)"} {
		c.want(command, "BAD")
	}
	c.want("STATUS INBOX (DELETED)", "* STATUS INBOX (DELETED 0)\nOK")
}

// TestQuotaPolicy: without a policy nobody sets limits, and QUOTASET is not
// announced.
func TestQuotaPolicy(t *testing.T) {
	f := newFixture(t, memstore.Options{})
	c := f.login(t)
	if caps := c.ok("CAPABILITY"); !strings.Contains(caps, " QUOTA QUOTA=RES-") || strings.Contains(caps, "QUOTASET") {
		t.Error(caps)
	}
	c.want(`SETQUOTA "" (STORAGE 1)`, "NO [NOPERM]")
	c.want("GETQUOTAROOT INBOX", "* QUOTAROOT INBOX \"\"\n* QUOTA \"\" ()\nOK")
	c.ok("ENABLE IMAP4rev2")
	c.want("GETQUOTAROOT ä", "BAD") // not UTF-8 in an atom
	c.want(`GETQUOTAROOT "ä"`, "* QUOTAROOT \"ä\" \"\"\n* QUOTA \"\" ()\nOK")
	c.want("STATUS INBOX (DELETED DELETED-STORAGE)", "* STATUS INBOX (DELETED 0 DELETED-STORAGE 0)\nOK")
}

// TestQuotaRights: RFC 9208 §6. Usage is told of mailboxes that may be read.
func TestQuotaRights(t *testing.T) {
	f := newFixture(t, memstore.Options{})
	setup := f.login(t)
	for _, name := range []string{"read", "drop", "hidden"} {
		setup.ok("CREATE " + name)
	}
	srv, err := imapserve.NewServer(limitedQuotas{limitedStore{f.store, map[string]string{"read": "lr", "drop": "li", "hidden": ""}}}, imapserve.Options{Auth: f.store, PlaintextAuth: engine.PlaintextLoopback})
	if err != nil {
		t.Fatal(err)
	}
	defer srv.Close()
	f.srv = srv
	c := f.login(t)
	c.want("GETQUOTAROOT read", "* QUOTAROOT read \"\"\n* QUOTA \"\" ()\nOK")
	c.want("GETQUOTAROOT drop", "NO [NOPERM]")
	c.want("GETQUOTAROOT hidden", "NO [NONEXISTENT]")
	c.want("GETQUOTAROOT nosuch", "* QUOTAROOT nosuch \"\"\n* QUOTA \"\" ()\nOK")
}

// limitedQuotas is a limitedStore whose users have quotas.
type limitedQuotas struct{ limitedStore }

func (s limitedQuotas) User(ctx context.Context, name string) (mailbox.User, error) {
	u, err := s.limitedStore.User(ctx, name)
	if err != nil {
		return nil, err
	}
	return struct {
		mailbox.User
		mailbox.QuotaUser
	}{u, u.(limitedUser).User.(mailbox.QuotaUser)}, nil
}

// TestOverQuota: RFC 9208 §4.3.1, invariant 51. A full account refuses before the
// client sends the message, or without storing it; what is expunged is free.
func TestOverQuota(t *testing.T) {
	f := newFixture(t, memstore.Options{Quota: limitOf(quota.Storage, quota.Hard(2))})
	c := f.login(t)
	kib := strings.Repeat("x", 1024)
	c.ok("CREATE box")
	c.ok(fmt.Sprintf("APPEND INBOX {1024+}\r\n%s", kib))
	c.ok(fmt.Sprintf("APPEND INBOX {1024+}\r\n%s", kib))
	c.want("GETQUOTA \"\"", "* QUOTA \"\" (STORAGE 2 2)\nOK")
	// Synchronising: no continuation.
	c.want("APPEND INBOX {1}", "NO [OVERQUOTA]")
	// Not synchronising: the octets are skipped, whatever is in them.
	c.want("APPEND INBOX {12+}\r\nx1 LOGOUT\r\n\n", "NO [OVERQUOTA]")
	// The second message of two.
	c.ok("SELECT INBOX")
	c.ok(`STORE 1 +FLAGS.SILENT (\Deleted)`)
	c.want("STATUS INBOX (MESSAGES DELETED DELETED-STORAGE)", "* STATUS INBOX (MESSAGES 2 DELETED 1 DELETED-STORAGE 1024)\nOK")
	c.want("COPY 2 box", "NO [OVERQUOTA]")
	c.want("COPY 2 INBOX", "NO [OVERQUOTA]")
	c.want("MOVE 2 box", "* OK [COPYUID 2 2 1] moved\n* 2 EXPUNGE\nOK")
	c.want("GETQUOTA \"\"", "* QUOTA \"\" (STORAGE 2 2)\nOK") // a move frees nothing
	c.want("EXPUNGE", "* 1 EXPUNGE\nOK")
	c.want("EXPUNGE", "OK")
	c.want("GETQUOTA \"\"", "* QUOTA \"\" (STORAGE 1 2)\nOK")
	if out := c.send("y APPEND box {1024}\r\n"); !strings.HasPrefix(out, "+ ") {
		t.Fatal(out)
	}
	if out := c.send(kib + "\r\n"); !strings.HasPrefix(out, "y OK [APPENDUID 2 2]") {
		t.Fatal(out)
	}
	c.want("APPEND box {1+}\r\nx", "NO [OVERQUOTA]")
	c.want("STATUS box (MESSAGES SIZE)", "* STATUS box (MESSAGES 2 SIZE 2048)\nOK")
	c.ok("DELETE box")
	c.want("GETQUOTA \"\"", "* QUOTA \"\" (STORAGE 0 2)\nOK")
}

// TestSoftQuota: a soft limit refuses nothing and is told: to whoever exceeds it,
// at SELECT, and once to those who have a mailbox of the root open. Nobody else
// hears of it.
func TestSoftQuota(t *testing.T) {
	f := newFixture(t, memstore.Options{Roots: workRoots(quota.Limits{}, limitOf(quota.Message, quota.Soft(1)))})
	const over = "* NO [OVERQUOTA] soft quota of MESSAGE exceeded"
	c := f.login(t)
	c.ok("CREATE Work")
	c.ok("CREATE Work/sub")
	inbox, work, idle := f.open(t, "INBOX"), f.open(t, "Work"), f.open(t, "Work/sub")
	idle.send("i IDLE\r\n")
	c.want("APPEND Work {1+}\r\na", "OK")
	c.want("APPEND INBOX {1+}\r\na", "OK")
	c.want("APPEND Work {1+}\r\nb", over+"\nOK [APPENDUID")
	c.want("APPEND INBOX {1+}\r\nb", "OK")
	c.want("NOOP", "OK")
	if !idle.woken {
		t.Error("the idle session sleeps on")
	}
	idle.sess.Notify(ctx)
	if out := idle.drain(); out != over+"\r\n" {
		t.Errorf("the idle session is told %q", out)
	}
	idle.sess.Notify(ctx)
	if out := idle.drain(); out != "" {
		t.Errorf("the idle session is told again %q", out)
	}
	work.want("NOOP", over+"\n* 2 EXISTS\n* 2 RECENT\nOK")
	work.want("NOOP", "OK")
	inbox.want("NOOP", "* 2 EXISTS\n* 2 RECENT\nOK")
	inbox.want("COPY 1 Work/sub", over+"\nOK [COPYUID")
	inbox.want("MOVE 1 Work/sub", over+"\n* OK [COPYUID 3 1 2] moved\n* 1 EXPUNGE\nOK")
	work.want("MOVE 1 Work/sub", "* OK [COPYUID 3 1 3] moved\n* 1 EXPUNGE\nOK") // inside the root
	work.want("COPY 1 Work/sub", over+"\nOK [COPYUID")
	idle.send("DONE\r\n")
	idle.drain()
	if out := idle.ok("SELECT Work"); strings.Count(out, over) != 1 {
		t.Errorf("at SELECT is told\n%s", out)
	}
	// Back below the limit, and above again: that is news.
	idle.ok(`STORE 1 +FLAGS.SILENT (\Deleted)`)
	idle.ok("EXPUNGE")
	idle.ok("SELECT Work/sub")
	idle.ok(`STORE 1:* +FLAGS.SILENT (\Deleted)`)
	idle.ok("EXPUNGE")
	work.ok("NOOP")
	c.ok("APPEND Work {1+}\r\na")
	work.want("NOOP", "* 1 EXISTS\n* 1 RECENT\nOK")
	c.ok("APPEND Work {1+}\r\na")
	if out := work.ok("NOOP"); !strings.Contains(out, over) {
		t.Errorf("the second time is told %q", out)
	}
	work.want("APPEND Work {1+}\r\na", over+"\n* 3 EXISTS\n* 3 RECENT\nOK")
	// One's own crossing is told once.
	work.ok(`STORE 1:2 +FLAGS.SILENT (\Deleted)`)
	work.ok("EXPUNGE")
	work.want("APPEND Work {1+}\r\na", over+"\n* 2 EXISTS\n* 2 RECENT\nOK")
	work.want("NOOP", "OK")
}

// TestQuotaNews: what was told is not told again because something else happened,
// and a server keeps nothing of sessions that are gone.
func TestQuotaNews(t *testing.T) {
	f := newFixture(t, memstore.Options{
		Quota:    limitOf(quota.Message, quota.Limit{Soft: 1, HasSoft: true, Hard: 4, HasHard: true}),
		Warnings: []quota.Threshold{{Resource: quota.Message, Percent: 75}},
	})
	c, other := f.login(t), f.open(t, "INBOX")
	if n := f.srv.Watching(); n != 1 {
		t.Errorf("%d sessions are watching", n)
	}
	c.append("INBOX", "1")
	c.append("INBOX", "2")
	if out := other.ok("NOOP"); strings.Count(out, "OVERQUOTA") != 1 || strings.Contains(out, "ALERT") {
		t.Errorf("above the soft limit is told %q", out)
	}
	c.append("INBOX", "3")
	if out := other.ok("NOOP"); strings.Contains(out, "OVERQUOTA") || strings.Count(out, "ALERT") != 1 {
		t.Errorf("above the threshold is told %q", out)
	}
	if out := other.ok("SELECT INBOX"); strings.Count(out, "OVERQUOTA") != 1 || strings.Contains(out, "ALERT") {
		t.Errorf("at SELECT is told %q", out)
	}
	other.ok("UNSELECT")
	if n := f.srv.Watching(); n != 0 {
		t.Errorf("%d sessions are watching", n)
	}
}

// TestQuotaWarnings: a threshold that is crossed reaches the sessions that have a
// mailbox of the root open, upwards and downwards, at once in IDLE.
func TestQuotaWarnings(t *testing.T) {
	f := newFixture(t, memstore.Options{
		Quota: limitOf(quota.Message, quota.Hard(10)),
		Warnings: []quota.Threshold{
			{Resource: quota.Message, Percent: 100}, {Resource: quota.Message, Percent: 80},
			{Resource: quota.Message, At: 5, Under: true},
		},
	})
	c, idle := f.open(t, "INBOX"), f.open(t, "INBOX")
	idle.send("i IDLE\r\n")
	told := func() string {
		idle.sess.Notify(ctx)
		var lines []string
		for _, l := range strings.Split(idle.drain(), "\r\n") {
			if strings.Contains(l, "ALERT") {
				lines = append(lines, l)
			}
		}
		return strings.Join(lines, "\n")
	}
	for range 7 {
		c.append("INBOX", "x")
	}
	if got := told(); got != "" {
		t.Errorf("at 7: %q", got)
	}
	if untagged, _ := c.do("APPEND INBOX {1+}\r\nx"); !strings.Contains(untagged, "* NO [ALERT] quota warning: MESSAGE 8 of 10\r\n") {
		t.Errorf("whoever crosses it is told %q", untagged)
	}
	if got := told(); got != "* NO [ALERT] quota warning: MESSAGE 8 of 10" {
		t.Errorf("at 8: %q", got)
	}
	c.append("INBOX", "x")
	if got := told(); got != "" {
		t.Errorf("at 9: %q", got)
	}
	c.append("INBOX", "x")
	if got := told(); got != "* NO [ALERT] quota warning: MESSAGE 10 of 10" {
		t.Errorf("at 10: %q", got)
	}
	c.ok(`STORE 1:6 +FLAGS.SILENT (\Deleted)`)
	c.ok("EXPUNGE")
	if got := told(); got != "* OK [ALERT] quota: down to MESSAGE 4 of 10" {
		t.Errorf("at 4: %q", got)
	}
	for range 4 {
		c.append("INBOX", "x")
	}
	if got := told(); got != "* NO [ALERT] quota warning: MESSAGE 8 of 10" {
		t.Errorf("at 8 again: %q", got)
	}
}

// TestQuotaModel: invariants 49 and 51 through the protocol, with a store that
// fails at any step: GETQUOTAROOT of every mailbox is what STATUS adds up to, and
// what fails for the quota says so.
func TestQuotaModel(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		fails, failing := -1, fmt.Errorf("a failure on purpose")
		opt := memstore.Options{
			Roots: workRoots(limitOf(quota.Storage, quota.Hard(rapid.Int64Range(0, 4).Draw(rt, "all"))), limitOf(quota.Message, quota.Hard(rapid.Int64Range(0, 4).Draw(rt, "work")))),
			Fail: func(string) error {
				if fails--; fails == 0 {
					return failing
				}
				return nil
			},
		}
		store := memstore.New(opt)
		if err := store.AddUser("u", "p"); err != nil {
			rt.Fatal(err)
		}
		srv, err := imapserve.NewServer(store, imapserve.Options{Auth: store, PlaintextAuth: engine.PlaintextLoopback})
		if err != nil {
			rt.Fatal(err)
		}
		defer srv.Close()
		session := func() *client {
			sess, err := srv.Session(start, imapserve.Info{Security: engine.Security{Loopback: true}})
			if err != nil {
				rt.Fatal(err)
			}
			c := &client{t: rt, sess: sess}
			c.drain()
			c.ok("LOGIN u p")
			return c
		}
		c, look := session(), session()
		defer c.sess.Close()
		defer look.sess.Close()
		boxes := []string{"INBOX", "Work", "Work/x", "a", "Trash"}
		box := func() string { return rapid.SampledFrom(boxes).Draw(rt, "box") }
		selected := false
		for range rapid.IntRange(1, 25).Draw(rt, "commands") {
			command := ""
			switch n := rapid.IntRange(0, 9).Draw(rt, "command"); {
			case n <= 2:
				size := rapid.IntRange(0, 1500).Draw(rt, "size")
				command = fmt.Sprintf("APPEND %s {%d+}\r\n%s", box(), size, strings.Repeat("x", size))
			case n == 3:
				command = "CREATE " + box()
			case n == 4:
				command = "RENAME " + box() + " " + box()
			case n == 5:
				command = "DELETE " + box()
			case n == 6 || !selected:
				command = "SELECT " + box()
			case n == 7:
				command = "UID COPY 1:* " + box()
			case n == 8:
				command = "UID MOVE 1:* " + box()
			default:
				c.do(`UID STORE 1:* +FLAGS.SILENT (\Deleted)`)
				command = "EXPUNGE"
			}
			fails = rapid.IntRange(0, 6).Draw(rt, "failing")
			out := c.send("x " + command + "\r\n")
			fails = -1
			if c.sess.Want() == engine.WantNothing { // the open mailbox was deleted
				c.sess.Close()
				c, selected = session(), false
			} else if strings.HasPrefix(command, "SELECT") {
				selected = strings.Contains(out, "x OK ")
			}
			sizes, counts := map[string]int64{}, map[string]int64{}
			// A RENAME takes what is below the mailbox with it, to names of their own.
			listed, _ := look.do(`LIST "" *`)
			for line := range strings.Lines(listed) {
				r, err := imapwire.ParseResponse([]byte(line), imapwire.ParseOptions{})
				if err != nil {
					rt.Fatal(line, err)
				}
				b := r.(*imapwire.ListData).Mailbox
				roots, _ := quotaRoots(rt, look, b)
				untagged, tagged := look.do("STATUS " + b + " (MESSAGES SIZE)")
				if strings.HasPrefix(tagged, "OK") {
					r, err := imapwire.ParseResponse([]byte(untagged), imapwire.ParseOptions{})
					if err != nil {
						rt.Fatal(untagged, err)
					}
					st := r.(*imapwire.StatusData)
					for _, root := range roots {
						counts[root] += st.Values[0].Number
						sizes[root] += st.Values[1].Number
					}
				}
			}
			_, all := quotaRoots(rt, look, "Work")
			for root, lines := range all {
				for _, l := range lines {
					want := counts[root]
					if l.Resource == imapwire.QuotaStorage {
						want = (sizes[root] + 1023) / 1024
					}
					if l.Usage != want || l.Usage > l.Limit {
						rt.Fatalf("%s %.40q: root %q has %+v, the mailboxes have %d", out, command, root, l, want)
					}
				}
			}
		}
	})
}

// quotaRoots asks for the roots of a mailbox.
func quotaRoots(t fataler, c *client, name string) (roots []string, lines map[string][]imapwire.QuotaUsage) {
	lines = map[string][]imapwire.QuotaUsage{}
	for _, frame := range responsesOf(t, c.ok("GETQUOTAROOT "+name)) {
		r, err := imapwire.ParseResponse(frame, imapwire.ParseOptions{})
		if err != nil {
			t.Fatalf("%q: %v", frame, err)
		}
		switch r := r.(type) {
		case *imapwire.QuotaRootData:
			roots = r.Roots
		case *imapwire.QuotaData:
			lines[r.Root] = r.Resources
		}
	}
	return roots, lines
}
