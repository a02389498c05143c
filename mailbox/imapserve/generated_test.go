package imapserve_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/mailwire/mailwire/imapwire"
	"github.com/mailwire/mailwire/imapwire/engine"
	"github.com/mailwire/mailwire/mailbox/memstore"
)

// A generated session is a client that says what a generator writes, cut into
// pieces of any size, and reads every answer with the client's parser.
type generated struct {
	*client
	g       *generator
	done    bool // LOGOUT was answered
	last    string
	answers map[string]int // "VERB condition"
}

// feed gives octets to the session in pieces, and returns what it says.
func (s *generated) feed(in string) string {
	var out strings.Builder
	size := pick(s.g, 1, 2, 7, 64, 1<<20)
	for in != "" && s.sess.Want() == engine.WantInput {
		n := min(size, len(in))
		out.WriteString(s.send(in[:n]))
		in = in[n:]
	}
	return out.String()
}

// read takes in what the server says, and returns the condition of the tagged
// response, or "" if there was none.
func (s *generated) read(out, tag string) (condition string) {
	for _, frame := range responsesOf(s.t, out) {
		r, err := imapwire.ParseResponse(frame, imapwire.ParseOptions{UTF8: s.g.rev2})
		if err != nil {
			s.t.Fatalf("%q: the response %q: %v", s.last, frame, err)
		}
		switch r := r.(type) {
		case *imapwire.ExistsData:
			s.g.messages = int(r.Count)
		case *imapwire.ExpungeData:
			s.g.messages--
		case *imapwire.EnabledData:
			s.g.rev2 = s.g.rev2 || enabled(r.Capabilities)
		case *imapwire.StatusResponse:
			switch {
			case r.Tag == "" && r.Condition == imapwire.BAD:
				s.t.Fatalf("%q: %q", s.last, frame)
			case r.Tag == "" && r.Code == imapwire.CodeClosed:
				s.g.selected = false
			case r.Tag == "" && r.Condition == imapwire.BYE && strings.Contains(r.Text, "was deleted"):
				// The other session deleted the open mailbox: RFC 3501 knows no
				// other way.
				s.done = true
			case r.Tag == "":
			case r.Tag != tag || condition != "":
				s.t.Fatalf("%q: a second answer, or one to nothing: %q", s.last, out)
			default:
				condition = r.Condition.String()
			}
		case *imapwire.UnknownData:
			s.t.Fatalf("%q: %q", s.last, frame)
		}
	}
	return condition
}

// next sends one command and sees to its one answer, which is not BAD.
func (s *generated) next() {
	if s.g.selected && s.g.messages == 0 && s.g.chance(60) {
		s.say("APPEND", "APPEND INBOX {3+}\r\nabc", nil)
		s.say("SELECT", "SELECT INBOX", nil)
		return
	}
	verb := s.g.command()
	s.say(verb, s.g.b.String(), s.g.waits)
}

func (s *generated) say(verb, command string, waits []int) {
	s.tag++
	tag := fmt.Sprintf("%s%d", pick(s.g, "t", "A", "]", "a.b-"), s.tag)
	waits = slices.Clone(waits)
	s.last = tag + " " + command
	line := s.last + "\r\n"
	at, condition := 0, ""
	for i := range waits {
		end := waits[i] + len(tag) + 1
		out := s.feed(line[at:end])
		at = end
		if condition = s.read(out, tag); condition != "" || s.done {
			break // refused before the literal: it is not sent
		}
		if !strings.HasPrefix(out, "+ ") && !strings.Contains(out, "\r\n+ ") {
			s.t.Fatalf("%q: no continuation after %d octets: %q", s.last, end, out)
		}
	}
	if condition == "" && !s.done {
		out := s.feed(line[at:])
		if verb == "IDLE" {
			if s.read(out, tag) != "" || !s.done && !strings.Contains(out, "+ ") {
				s.t.Fatalf("%q: %q", s.last, out)
			}
			if s.done {
				return
			}
			out = s.feed(pick(s.g, "DONE\r\n", "done\r\n", "Done\r\n"))
		}
		condition = s.read(out, tag)
	}
	if s.done && condition == "" {
		s.answers["BYE"]++
		return
	}
	if condition != "OK" && condition != "NO" {
		s.t.Fatalf("%q: %q, state %v", s.last, condition, s.sess.Conn().State())
	}
	s.answers[verb+" "+condition]++
	s.answers[verb]++
	if s.g.rev2 {
		s.answers["rev2"]++
	}
	s.g.answered(verb, condition)
	switch {
	case verb == "LOGOUT":
		s.done = true
	case verb == "STARTTLS" && condition == "OK":
		s.sess.Upgraded(start, engine.LayerTLS, engine.Security{Encrypted: true})
		s.drain()
	}
}

// generate runs sessions over one store, two at a time, for about n commands,
// and returns how many it said.
func generate(t testing.TB, fail fataler, roll func(int) int, n int, answers map[string]int) (said int) {
	f := newFixture(t, memstore.Options{})
	setup := f.login(t)
	setup.ok("CREATE box")
	setup.ok(`CREATE "sent mail"`)
	for i := range 5 {
		setup.append("INBOX", fmt.Sprint("hello ", i))
	}
	begin := func() *generated {
		sec := engine.Security{Loopback: true}
		if roll(2) == 0 {
			sec = engine.Security{Encrypted: true}
		}
		c := f.connect(t, sec)
		c.t = fail
		c.drain()
		return &generated{client: c, g: &generator{roll: roll, encrypted: sec.Encrypted}, answers: answers}
	}
	sessions := []*generated{begin(), begin()}
	for ; said < n; said++ {
		i := roll(len(sessions))
		s := sessions[i]
		if !s.g.authenticated && roll(2) > 0 {
			s.say("LOGIN", "LOGIN u p", nil)
		} else {
			s.next()
		}
		if s.done {
			s.sess.Close()
			sessions[i] = begin()
		}
	}
	return said
}

// TestGeneratedCommands: invariant 12, and the completeness of the server's
// grammar. 20,000 commands as the grammar has them, in sessions as clients have
// them, two at a time over one store: each is answered once, none is BAD, and
// every answer is one that the client's parser understands.
func TestGeneratedCommands(t *testing.T) {
	n := 20000
	if testing.Short() {
		n = 2000
	}
	r := rand.New(rand.NewPCG(3501, 9051))
	answers := map[string]int{}
	said := 0
	for said < n {
		said += generate(t, t, r.IntN, 200, answers)
	}
	if answers["rev2"] < said/10 || answers["rev2"] > said*9/10 {
		t.Errorf("%d of %d commands behind ENABLE IMAP4rev2", answers["rev2"], said)
	}
	verbs := []string{"CAPABILITY", "NOOP", "LOGOUT", "ID", "STARTTLS", "AUTHENTICATE", "LOGIN", "ENABLE", "SELECT", "EXAMINE", "CREATE", "DELETE", "RENAME", "SUBSCRIBE", "UNSUBSCRIBE", "LIST", "LSUB", "NAMESPACE", "STATUS", "APPEND", "IDLE",
		"CHECK", "CLOSE", "UNSELECT", "EXPUNGE", "UID EXPUNGE", "SEARCH", "UID SEARCH", "FETCH", "UID FETCH", "STORE", "UID STORE", "COPY", "UID COPY", "MOVE", "UID MOVE"}
	for _, verb := range verbs {
		// Enough of each are well received for the rest to mean something; a
		// short run is too short to have all of them.
		if ok := answers[verb+" OK"]; !testing.Short() && (ok == 0 || 20*ok < answers[verb]) {
			t.Errorf("%s: %d of %d OK", verb, answers[verb+" OK"], answers[verb])
		}
		t.Logf("%-12s %5d OK %5d NO", verb, answers[verb+" OK"], answers[verb+" NO"])
	}
}

// TestGeneratedSessions: the same, with the choices of rapid, which finds a
// small session that fails.
func TestGeneratedSessions(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		roll := func(n int) int { return rapid.IntRange(0, n-1).Draw(rt, "roll") }
		generate(t, rt, roll, 12, map[string]int{})
	})
}
