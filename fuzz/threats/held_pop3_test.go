package threats

import (
	"bytes"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"testing"

	"github.com/mailwire/mailwire/imapwire/engine"
	"github.com/mailwire/mailwire/imapwire/sasl"
	"github.com/mailwire/mailwire/pop3wire"
	"github.com/mailwire/mailwire/pop3wire/pop3client"
	"github.com/mailwire/mailwire/pop3wire/pop3server"
)

// heldOctets are those of which a MiB is fed in each state.
func heldOctets() []byte {
	if testing.Short() {
		return []byte{'0', '\r', '.'}
	}
	return []byte{'x', '0', ' ', '\r', '\n', 0, '=', '.', '+'}
}

// heldPiece returns a piece of the MiB, and how many there are. Of line ends there
// are few: each is an event, and what is held does not depend on how many there were.
func heldPiece(octet byte) (piece string, rounds int) {
	if octet == '\n' {
		return strings.Repeat("\n", 1<<10), 1
	}
	return strings.Repeat(string(rune(octet)), 16<<10), 64
}

// spent returns the octets that f allocates.
func spent(f func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

// popServerStates are the states of the server's parser, and what leads there. What
// a state is left to the network for is in feed.
var popServerStates = []struct {
	name string
	in   bool // logged in
	feed string
}{
	{"start", false, ""},
	{"first line", false, "CA"},
	{"keyword", false, "CAPA\r\nUSE"},
	{"name", false, "USER "},
	{"password", false, "USER u\r\nPASS "},
	{"digest", false, "APOP u "},
	{"mechanism", false, "AUTH "},
	{"initial response", false, "AUTH PLAIN "},
	{"answer of an exchange", false, "AUTH X-TWO\r\n"},
	{"answer, begun", false, "AUTH X-TWO\r\nAAAA"},
	{"behind CR", false, "CAPA\r"},
	{"behind a line that is too long", false, "XTND " + strings.Repeat("x", 13000)},
	{"behind a malformed line", false, "LIST x\r\n"},
	{"unknown keyword", false, "CAPA\r\nXTND "},
	{"logged in", true, ""},
	{"number", true, "RETR "},
	{"lines of TOP", true, "TOP 1 "},
	{"language", true, "LANG "},
	{"logged in, too long", true, "NOOP" + strings.Repeat(" ", 300)},
	{"logged in, behind CR", true, "NOOP\r"},
}

// heldServer is a server whose application answers everything, and asks on and on
// in an exchange.
func heldServer(t *testing.T, in bool) *popServer {
	s := limited(t, pop3wire.Limits{Bad: 1 << 30, BadPreAuth: 1 << 30, SASLSteps: 1 << 30}, in)
	ask := s.on
	s.on = func(ev pop3server.Event) bool {
		s.kept, s.log = s.kept[:0], s.log[:0]
		return ask(ev)
	}
	return s
}

// TestHeldPOP3Server: threats M3 and M5, invariant 7. In every state of the server's
// parser a MiB of each octet that may keep it there costs no more than two lines.
func TestHeldPOP3Server(t *testing.T) {
	for _, state := range popServerStates {
		for _, octet := range heldOctets() {
			s := heldServer(t, state.in)
			s.feed(state.feed)
			piece, rounds := heldPiece(octet)
			cost := spent(func() {
				for range rounds {
					if left := s.feed(piece); left != "" {
						t.Fatalf("%s, %q: wants %v", state.name, octet, s.c.Want())
					}
					s.out.Reset()
				}
			})
			cost -= min(cost, uint64(rounds*len(piece))) // the network's copies
			// What append rounds up to is less than two lines.
			if st := s.c.Stats(); st.MaxRetained > 2*12<<10 || st.Steps > 2*st.BytesIn+100 || octet != '\n' && cost > 128<<10 {
				t.Errorf("%s, %q: %d octets allocated, %+v", state.name, octet, cost, st)
			}
		}
	}
}

// TestHeldPOP3ServerBusy: threats M10 and M12, invariant 20. Where the server does
// not read, it takes nothing: while an answer is owed, while a message waits to be
// written, and behind STLS and QUIT.
func TestHeldPOP3ServerBusy(t *testing.T) {
	in := []byte(strings.Repeat("NOOP\r\n", 1000))
	for name, lead := range map[string]struct {
		in   bool
		feed string
		do   func(s *popServer, ev pop3server.Event) bool
		want engine.Want
	}{
		"an answer is owed":  {true, "NOOP\r\n", func(*popServer, pop3server.Event) bool { return true }, engine.WantAnswer},
		"a login is checked": {false, "USER u\r\nPASS p\r\n", func(*popServer, pop3server.Event) bool { return true }, engine.WantAnswer},
		"UPDATE":             {true, "QUIT\r\n", func(*popServer, pop3server.Event) bool { return true }, engine.WantAnswer},
		"STLS":               {false, "STLS\r\n", func(*popServer, pop3server.Event) bool { return false }, engine.WantUpgrade},
		"a listing is open": {true, "LIST\r\n", func(s *popServer, ev pop3server.Event) bool {
			s.must(s.c.Begin(ev.(*pop3server.Command).ID, yes("")))
			return true
		}, engine.WantAnswer},
	} {
		s := newPopServer(t, openPop())
		if lead.in {
			s.login()
		}
		s.on = func(ev pop3server.Event) bool { return lead.do(s, ev) }
		s.feed(lead.feed)
		before := s.c.Stats()
		for range 100 {
			if err := s.c.Feed(s.now, in); err != engine.ErrBusy {
				t.Fatalf("%s: fed: %v", name, err)
			}
		}
		if s.work(); s.c.Want() != lead.want || s.c.Stats() != before {
			t.Errorf("%s: wants %v, %+v", name, s.c.Want(), s.c.Stats())
		}
	}
	// A million commands to somebody who does not read the answers.
	s := newPopServer(t, openPop())
	s.login()
	if err := s.c.Feed(s.now, bytes.Repeat([]byte("CAPA\r\n"), 1<<20)); err != nil {
		t.Fatal(err)
	}
	for s.c.Next() != nil {
	}
	if st := s.c.Stats(); s.c.Want() != engine.WantDrain || st.MaxQueuedOut > 64<<10 || st.BytesIn > 64<<10 {
		t.Errorf("wants %v, %+v", s.c.Want(), st)
	}
}

// popClientStates are the states of the client's parser: what is sent, and said.
var popClientStates = []struct {
	name string
	send pop3wire.Command // nil: nothing
	said string
}{
	{"status", &pop3wire.Noop{}, ""},
	{"word of a status", &pop3wire.Noop{}, "+O"},
	{"text of a status", &pop3wire.Noop{}, "+OK "},
	{"code", &pop3wire.Noop{}, "-ERR ["},
	{"number of messages", &pop3wire.Stat{}, "+OK "},
	{"size", &pop3wire.Stat{}, "+OK 1 "},
	{"listing", &pop3wire.List{}, "+OK\r\n"},
	{"number of a listing", &pop3wire.List{}, "+OK\r\n1"},
	{"size of a listing", &pop3wire.List{}, "+OK\r\n1 "},
	{"dot of a listing", &pop3wire.List{}, "+OK\r\n1 2\r\n."},
	{"behind a line that is too long", &pop3wire.List{}, "+OK\r\n" + strings.Repeat("1", 600)},
	{"unique-id", &pop3wire.Uidl{}, "+OK\r\n1 "},
	{"capability", &pop3wire.Capa{}, "+OK\r\nSASL "},
	{"language", &pop3wire.Lang{}, "+OK\r\nen "},
	{"mechanism", &pop3wire.Auth{}, "+OK\r\n"},
	{"body", &pop3wire.Retr{Num: 1}, "+OK\r\n"},
	{"body, in a line", &pop3wire.Retr{Num: 1}, "+OK\r\nx"},
	{"body, behind a dot", &pop3wire.Retr{Num: 1}, "+OK\r\n."},
	{"body, behind a dot and CR", &pop3wire.Retr{Num: 1}, "+OK\r\n.\r"},
	{"body, behind CR", &pop3wire.Top{Num: 1}, "+OK\r\nx\r"},
	{"start", nil, ""},
}

// TestHeldPOP3Client: threats M3, M5 and M8, invariant 7. In every state of the
// client's parser, behind a login, a MiB of each octet costs no more than a line or a
// piece of a listing; before login pop3client's own test has it.
func TestHeldPOP3Client(t *testing.T) {
	for _, state := range popClientStates {
		for _, octet := range heldOctets() {
			p := loggedInPop(t, anyPop(), "PIPELINING")
			if state.send != nil {
				p.send(state.send)
				p.feed(state.said)
			}
			p.on = func(pop3client.Event) { p.log, p.kept = p.log[:0], p.kept[:0] }
			piece, rounds := heldPiece(octet)
			cost := spent(func() {
				for range rounds {
					p.feed(piece)
					p.body.Reset()
				}
			})
			// The network's copies, and what this test writes down of a body.
			cost -= min(cost, uint64(rounds*len(piece)*2))
			if st := p.c.Stats(); st.MaxRetained > 32<<10 || st.Steps > 2*st.BytesIn || octet != '\n' && cost > 128<<10 {
				t.Errorf("%s, %q: %d octets allocated, %+v", state.name, octet, cost, st)
			}
		}
	}
}

// TestHeldSASL: threats M5 and M13. A message of a MiB is refused in every step of
// every mechanism, on both sides, and costs nothing: it is looked at by its size.
func TestHeldSASL(t *testing.T) {
	huge := bytes.Repeat([]byte("n,,n=u,r=a"), 1<<20/10)
	for _, name := range saslMechanisms {
		for step := range 4 {
			for _, side := range []string{"server", "client"} {
				c, s := saslPair(t, name)
				var err error
				reached := false
				cost := spent(func() { err, reached = hugeAt(c, s, side, step, huge) })
				if !reached {
					continue
				}
				limit := (*engine.LimitError)(nil)
				if !errors.As(err, &limit) || limit.Name != "Message" || cost > 64<<10 {
					t.Errorf("%s, %s, step %d: %v, %d octets allocated", name, side, step, err, cost)
				}
				// The exchange is over, and lets go of what it knew.
				if shown := fmt.Sprintf("%+v %#v", s, c); strings.Contains(shown, "n,,n") || strings.Contains(shown, saslPassword) {
					t.Errorf("%s: %.200s", name, shown)
				}
			}
		}
	}
}

// hugeAt plays an exchange up to a step of one side, to which it gives the message
// instead. reached is false when the exchange is over before.
func hugeAt(c sasl.Client, s sasl.Server, side string, step int, huge []byte) (err error, reached bool) {
	var response []byte
	for n := 0; ; n++ {
		if side == "server" && n == step {
			_, err := s.Step(huge)
			return err, true
		}
		next, err := s.Step(response)
		challenge, more := next.(*sasl.Challenge)
		if err != nil || !more {
			return nil, false
		}
		if side == "client" && n == step {
			_, err := c.Step(huge)
			return err, true
		}
		answer, err := c.Step(challenge.Data)
		if err != nil {
			return nil, false
		}
		response = append([]byte{}, answer...)
	}
}
