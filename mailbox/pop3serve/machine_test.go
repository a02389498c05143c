package pop3serve_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/mailwire/mailwire/imapwire/imap"
	"github.com/mailwire/mailwire/mailbox"
	"github.com/mailwire/mailwire/mailbox/pop3serve"
)

// A machine is a maildrop with clients, and what should be true of it, kept in
// slices. Other programs change the folder meanwhile, connections break, and the
// store fails.
type machine struct {
	*fixture
	t       *rapid.T
	here    []letter // in the folder
	clients [3]*player
	holder  *player
	// ids are the unique-ids that were ever told, and of what.
	ids map[string]string
}

// A letter is a message.
type letter struct {
	uid  imap.UID
	wire string
}

// A player is a client, and what it should see once it is logged in.
type player struct {
	*client
	drop   []letter
	marked map[int]bool // by number
}

// wireOf is what POP3 makes of a message: a slow and plain way.
func wireOf(stored string) string {
	wire := strings.ReplaceAll(strings.ReplaceAll(stored, "\r\n", "\n"), "\n", "\r\n")
	if wire != "" && !strings.HasSuffix(wire, "\r\n") {
		wire += "\r\n"
	}
	return wire
}

// topOf is the header of a message, and n lines of its body.
func topOf(wire string, n int) string {
	lines := strings.SplitAfter(wire, "\r\n")
	if i := slices.Index(lines, "\r\n"); i >= 0 {
		lines = lines[:min(len(lines), i+1+n)]
	}
	return strings.Join(lines, "")
}

var textGen = rapid.OneOf(
	rapid.Custom(func(t *rapid.T) string { return wireForms[rapid.IntRange(0, len(wireForms)-1).Draw(t, "form")].stored }),
	rapid.Custom(func(t *rapid.T) string {
		return strings.Join(rapid.SliceOfN(rapid.SampledFrom([]string{".", "\r", "\n", "\r\n", "a", "\x00", "\xff"}), 0, 20).Draw(t, "octets"), "")
	}),
)

// Deliver adds messages.
func (m *machine) Deliver(t *rapid.T) {
	texts := rapid.SliceOfN(textGen, 1, 3).Draw(t, "messages")
	for i, uid := range m.add("u", texts...) {
		m.here = append(m.here, letter{uid, wireOf(texts[i])})
	}
}

// take takes some messages out of the model.
func (m *machine) take(t *rapid.T) imap.UIDSet {
	if len(m.here) == 0 {
		t.Skip("there is no mail")
	}
	var gone imap.UIDSet
	for range rapid.IntRange(1, 2).Draw(t, "how many") {
		gone.Add(rapid.SampledFrom(m.here).Draw(t, "message").uid)
	}
	m.remove(gone)
	return gone
}

func (m *machine) remove(gone imap.UIDSet) {
	m.here = slices.DeleteFunc(m.here, func(l letter) bool { return gone.Contains(l.uid) })
}

// Expunge removes messages as an IMAP session does.
func (m *machine) Expunge(t *rapid.T) { m.expunge("u", slices.Collect(m.take(t).All())...) }

// Move moves messages as an IMAP session does.
func (m *machine) Move(t *rapid.T) {
	if _, err := m.inbox("u").Move(ctx, m.take(t), "Box"); err != nil {
		t.Fatalf("Move: %v", err)
	}
}

// Flag gives messages flags, which are nothing to POP3.
func (m *machine) Flag(t *rapid.T) {
	flags := []imap.Flag{imap.FlagDeleted, imap.FlagSeen}
	if _, err := m.inbox("u").Store(ctx, mailbox.AllUIDs, mailbox.FlagUpdate{Op: mailbox.SetFlags, Flags: flags}); err != nil {
		t.Fatalf("Store: %v", err)
	}
}

// client draws a client: one that is logged in, if there is one and it is asked
// for.
func (m *machine) client(t *rapid.T, loggedIn bool) *player {
	if loggedIn {
		if m.holder == nil {
			t.Skip("nobody is logged in")
		}
		return m.holder
	}
	i := rapid.IntRange(0, len(m.clients)-1).Draw(t, "client")
	if m.clients[i] == nil {
		m.clients[i] = &player{client: m.connect(loopback)}
	}
	return m.clients[i]
}

// Login logs a client in: if nobody else is.
func (m *machine) Login(t *rapid.T) {
	c := m.client(t, false)
	if c == m.holder {
		c.err("USER u", "")
		return
	}
	c.ok("USER u")
	if rapid.IntRange(0, 3).Draw(t, "with a wrong password") == 0 {
		c.err("PASS x", "AUTH")
		return
	}
	if m.holder != nil {
		c.err("PASS p", "IN-USE")
		return
	}
	c.drop, c.marked, m.holder = slices.Clone(m.here), make(map[int]bool), c
	count, size := c.sum()
	c.is("PASS p", fmt.Sprintf("+OK %d messages (%d octets)\r\n", count, size))
}

// sum is what is not marked.
func (c *player) sum() (count, size int) {
	for i, l := range c.drop {
		if !c.marked[i+1] {
			count++
			size += len(l.wire)
		}
	}
	return count, size
}

// expect returns the answer to a command, and does to the model what it does.
func (m *machine) expect(c *player, verb string, n, lines int) string {
	count, size := c.sum()
	all := fmt.Sprintf("+OK %d messages (%d octets)\r\n", count, size)
	if n > 0 && (n > len(c.drop) || c.marked[n]) {
		return "-ERR no such message\r\n"
	}
	gone := func() bool {
		return !slices.ContainsFunc(m.here, func(l letter) bool { return l.uid == c.drop[n-1].uid })
	}
	listing := func(tell func(i int) string) string {
		if n > 0 {
			return fmt.Sprintf("+OK %d %s\r\n", n, tell(n-1))
		}
		out := all
		for i := range c.drop {
			if !c.marked[i+1] {
				out += fmt.Sprintf("%d %s\r\n", i+1, tell(i))
			}
		}
		return out + ".\r\n"
	}
	switch verb {
	case "STAT":
		return fmt.Sprintf("+OK %d %d\r\n", count, size)
	case "NOOP":
		return "+OK\r\n"
	case "LIST":
		return listing(func(i int) string { return fmt.Sprint(len(c.drop[i].wire)) })
	case "UIDL":
		return listing(func(i int) string {
			id := fmt.Sprintf("1000.%d", c.drop[i].uid)
			if was, told := m.ids[id]; told && was != c.drop[i].wire {
				m.t.Fatalf("the unique-id %s was that of another message", id)
			}
			m.ids[id] = c.drop[i].wire
			return id
		})
	case "RSET":
		clear(c.marked)
		count, size = c.sum()
		return fmt.Sprintf("+OK %d messages (%d octets)\r\n", count, size)
	}
	if gone() {
		return "-ERR the message is gone\r\n"
	}
	switch l := c.drop[n-1]; verb {
	case "DELE":
		c.marked[n] = true
		return "+OK marked\r\n"
	case "RETR":
		return fmt.Sprintf("+OK %d octets\r\n", len(l.wire)) + stuff(l.wire)
	case "TOP":
		return "+OK top of message follows\r\n" + stuff(topOf(l.wire, lines))
	}
	panic(verb)
}

// Talk sends some commands, ahead of their answers or not, in pieces or not.
func (m *machine) Talk(t *rapid.T) {
	c := m.client(t, true)
	var said, want strings.Builder
	for range rapid.IntRange(1, 6).Draw(t, "commands") {
		verb := rapid.SampledFrom([]string{"STAT", "LIST", "UIDL", "RETR", "TOP", "DELE", "DELE", "RSET", "NOOP"}).Draw(t, "verb")
		n, lines := 0, 0
		command := verb
		if verb != "STAT" && verb != "RSET" && verb != "NOOP" {
			least := 1
			if verb == "LIST" || verb == "UIDL" {
				least = 0
			}
			if n = rapid.IntRange(least, len(c.drop)+1).Draw(t, "number"); n > 0 {
				command += fmt.Sprint(" ", n)
			}
		}
		if verb == "TOP" {
			lines = rapid.IntRange(0, 3).Draw(t, "lines")
			command += fmt.Sprint(" ", lines)
		}
		said.WriteString(command + "\r\n")
		want.WriteString(m.expect(c, verb, n, lines))
	}
	var got strings.Builder
	piece := rapid.IntRange(1, said.Len()).Draw(t, "octets at a time")
	for p := said.String(); p != ""; {
		n := min(piece, len(p))
		got.WriteString(c.send(p[:n]))
		p = p[n:]
	}
	if got.String() != want.String() {
		t.Fatalf("%q\nis answered %q\n   expected %q", said.String(), got.String(), want.String())
	}
}

// Quit ends a session in good order: unless the store fails, what is marked is
// gone, and nothing else.
func (m *machine) Quit(t *rapid.T) {
	c := m.client(t, true)
	var gone imap.UIDSet
	for i, l := range c.drop {
		if c.marked[i+1] {
			gone.Add(l.uid)
		}
	}
	fails := rapid.Bool().Draw(t, "the store fails")
	if fails {
		m.broken["append.commit"] = mailbox.ErrUnavailable
	}
	out := c.do("QUIT")
	clear(m.broken)
	switch {
	case len(gone) > 0 && fails:
		c.wants(out, "-ERR [SYS/TEMP] no message was removed")
	default:
		c.wants(out, fmt.Sprintf("+OK bye, %d messages removed\r\n", gone.Count()))
		m.remove(gone)
	}
	m.left(c)
}

// left forgets a client whose conversation is over.
func (m *machine) left(c *player) {
	c.over()
	if m.holder == c {
		m.holder = nil
	}
	m.clients[slices.Index(m.clients[:], c)] = nil
	if rapid.Bool().Draw(m.t, "closed late") {
		// What a session held is free before the driver is done with it.
		return
	}
	c.sess.Close()
}

// Leave ends a session in another way: nothing is gone.
func (m *machine) Leave(t *rapid.T) {
	c := m.client(t, rapid.Bool().Draw(t, "logged in"))
	switch rapid.SampledFrom([]string{"end of input", "in the middle of a line", "shutdown", "closed", "QUIT before login"}).Draw(t, "how") {
	case "end of input":
		c.sess.FeedEOF(m.clock)
		c.drain()
	case "in the middle of a line":
		c.send("QUIT")
		c.sess.FeedEOF(m.clock)
		c.drain()
	case "shutdown":
		c.sess.Shutdown(m.clock)
		c.wants(c.drain(), "-ERR [SYS/TEMP]")
	case "closed":
		c.sess.Close()
	case "QUIT before login":
		if c == m.holder {
			t.Skip("it is logged in")
		}
		c.ok("QUIT")
	}
	m.left(c)
}

// Silence lets everybody wait until they are thrown out.
func (m *machine) Silence(*rapid.T) {
	for end := m.clock.Add(11 * time.Minute); m.clock.Before(end); m.clock = m.clock.Add(30 * time.Second) {
		for _, c := range m.clients {
			if c != nil && !c.sess.Deadline().After(m.clock) {
				c.sess.Expire(m.clock)
				c.drain()
			}
		}
	}
	for _, c := range m.clients {
		if c != nil {
			m.left(c)
		}
	}
}

// Crash stops the node of whoever is logged in: nobody hears of it again, and
// the lease runs out.
func (m *machine) Crash(t *rapid.T) {
	c := m.client(t, true)
	m.clients[slices.Index(m.clients[:], c)], m.holder = nil, nil
	m.Silence(t)
}

// check compares the folder.
func (m *machine) check(t *rapid.T) {
	var want imap.UIDSet
	for _, l := range m.here {
		want.Add(l.uid)
	}
	if got := m.uids("u"); got != want.String() {
		t.Fatalf("in the folder are %s, expected %s", got, want)
	}
	if len(m.errs) > 0 {
		t.Fatalf("errors %v", m.errs)
	}
}

// TestMachine: invariants 33 to 36 and 38, whatever happens in whatever order.
func TestMachine(t *testing.T) {
	for _, leases := range []bool{true, false} {
		t.Run(fmt.Sprintf("leases %v", leases), func(t *testing.T) {
			rapid.Check(t, func(t *rapid.T) {
				m := &machine{fixture: newFixture(t, pop3serve.Options{}), t: t, ids: make(map[string]string)}
				if !leases {
					m.serve(bentStore{m.store, func(f mailbox.Folder) mailbox.Folder { return plain{f} }}, pop3serve.Options{})
				}
				u, err := m.store.User(ctx, "u")
				if err != nil {
					t.Fatal(err)
				}
				if _, err := u.Create(ctx, "Box", mailbox.CreateOptions{}); err != nil {
					t.Fatal(err)
				}
				actions := map[string]func(*rapid.T){
					"": m.check, "Deliver": m.Deliver, "Expunge": m.Expunge, "Move": m.Move, "Flag": m.Flag,
					"Login": m.Login, "Talk": m.Talk, "Talk more": m.Talk, "Talk on": m.Talk, "Quit": m.Quit, "Leave": m.Leave, "Silence": m.Silence,
				}
				if leases {
					// A lock of the process's own does not outlive it.
					actions["Crash"] = m.Crash
				}
				t.Repeat(actions)
			})
		})
	}
}
