package imapserver_test

import (
	"fmt"
	"strings"
	"time"

	"github.com/mailwire/mailwire/imapwire"
	"github.com/mailwire/mailwire/imapwire/engine"
	"github.com/mailwire/mailwire/imapwire/imap"
	"github.com/mailwire/mailwire/imapwire/imapserver"
)

var start = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

var loopback = imapserver.Options{
	Security:      engine.Security{Loopback: true},
	PlaintextAuth: engine.PlaintextLoopback,
	StartTLS:      true,
	Mechanisms:    []imapserver.Mechanism{{Name: "PLAIN", Plaintext: true}, {Name: "X-TWO"}},
	Enable:        imap.Capabilities{"X-ON", imap.CapUTF8Accept, "X-HIDDEN"},
	Capabilities:  imapserver.CapabilityLists{Authenticated: imap.Capabilities{imap.CapIMAP4rev1, "X-ON", imap.CapUTF8Accept}},
}

// A script is a server whose application answers every command OK, and writes
// down what it hears. It is deterministic, so that what is heard and said can be
// compared between ways of cutting the input.
type script struct {
	t   interface{ Fatalf(string, ...any) }
	c   *imapserver.Conn
	out strings.Builder
	log []string
	// body joins the pieces of a message.
	body strings.Builder
	// refuse, when set, refuses messages of APPEND.
	refuse bool
	// on, when set, handles an event in place of the script, or returns false.
	on func(imapserver.Event) bool
	// rest is what the last Upgrade gave back.
	rest string
}

func newScript(t interface{ Fatalf(string, ...any) }, opt imapserver.Options) *script {
	c, err := imapserver.New(start, opt)
	if err != nil {
		t.Fatalf("New: %v", err)
	}
	s := &script{t: t, c: c}
	s.flush()
	return s
}

func (s *script) logf(format string, a ...any) { s.log = append(s.log, fmt.Sprintf(format, a...)) }

func ok(text string) imapwire.StatusCondition {
	return imapwire.StatusCondition{Condition: imapwire.OK, Text: text}
}

func (s *script) flush() {
	if err := s.c.Flush(start, &s.out); err != nil {
		s.t.Fatalf("Flush: %v", err)
	}
}

// work handles events until there is nothing to do but to read.
func (s *script) work() {
	for {
		ev := s.c.Next()
		if ev == nil {
			if !s.c.Output().Empty() {
				s.flush()
				continue
			}
			switch s.c.Want() {
			case engine.WantInput, engine.WantNothing, engine.WantUpgrade:
				return
			case engine.WantDrain:
				continue
			}
			s.t.Fatalf("the engine wants %v of an application that answers everything", s.c.Want())
		}
		s.handle(ev)
	}
}

func (s *script) must(err error) {
	if err != nil {
		s.t.Fatalf("%v", err)
	}
}

func (s *script) handle(ev imapserver.Event) {
	if s.on != nil && s.on(ev) {
		return
	}
	switch ev := ev.(type) {
	case *imapserver.Command:
		s.logf("%s %s", ev.Tag, ev.Cmd.Verb())
		s.must(s.c.Done(ev.ID, ok("done")))
	case *imapserver.Append:
		s.logf("append %s", ev.Mailbox)
	case *imapserver.AppendMessage:
		s.logf("message %d %v", ev.Size, ev.Flags)
		if s.refuse {
			s.must(s.c.Refuse(ev.ID, imapwire.StatusCondition{Condition: imapwire.NO, Text: "no"}))
			return
		}
		s.must(s.c.Accept(ev.ID))
	case *imapserver.Literal:
		s.body.Write(ev.Data)
		if ev.Last {
			s.logf("literal %q", s.body.String())
			s.body.Reset()
		}
	case *imapserver.AppendCommit:
		s.logf("commit")
		s.must(s.c.Done(ev.ID, ok("stored")))
	case *imapserver.Abandoned:
		s.body.Reset()
		s.logf("abandoned: %v", ev.Err)
	case *imapserver.Authenticate:
		s.logf("authenticate %s %q %v", ev.Mechanism, string(ev.Initial), ev.HasInitial)
		if ev.HasInitial {
			s.must(s.c.Done(ev.ID, ok("in")))
			return
		}
		s.must(s.c.Challenge(ev.ID, []byte("who?")))
	case *imapserver.AuthResponse:
		s.logf("response %q %v", string(ev.Data), ev.Cancelled)
		if !ev.Cancelled {
			s.must(s.c.Done(ev.ID, ok("in")))
		}
	case *imapserver.Idle:
		s.logf("idle")
	case *imapserver.IdleDone:
		s.logf("idle done")
		s.must(s.c.Done(ev.ID, ok("idled")))
	case *imapserver.Enabled:
		s.logf("enabled %v", ev.Capabilities)
	case *imapserver.ClientID:
		s.logf("client %v", ev.Fields)
	case *imapserver.Malformed:
		s.logf("malformed %q %q: %v", ev.Tag, ev.Raw, ev.Err)
	case *imapserver.Upgrade:
		// How much of the input came with the command depends on the network.
		s.rest = string(ev.Rest)
		s.logf("upgrade %v", ev.Layer)
	case *imapserver.Closed:
		s.logf("closed: %v", ev.Err)
	default:
		s.t.Fatalf("event %T", ev)
	}
}

// sizes are the pieces of size octets into which n octets are cut.
func sizes(n, size int) []int {
	var cuts []int
	for ; n > 0; n -= size {
		cuts = append(cuts, size)
	}
	return cuts
}

// feed gives input in pieces of the sizes in cuts, the rest at once. It stops
// where the engine stops reading.
func (s *script) feed(in string, cuts ...int) {
	for in != "" {
		n := len(in)
		if len(cuts) > 0 {
			n, cuts = min(cuts[0], n), cuts[1:]
		}
		s.work()
		if s.c.Want() != engine.WantInput {
			return
		}
		p := []byte(in[:n])
		s.must(s.c.Feed(start, p))
		in = in[n:]
		s.work()
		for i := range p {
			p[i] = '#' // the input was borrowed
		}
	}
}

// result is all that can be seen from outside.
func (s *script) result() string {
	st := s.c.Stats()
	return fmt.Sprintf("%s\n%s\nin %d steps %d depth %d commands %d bad %d state %v", s.out.String(), strings.Join(s.log, "\n"),
		st.BytesIn, st.Steps, st.MaxDepth, st.Commands, st.Bad, s.c.State())
}

// login makes a script that is logged in; selected also selects.
func inState(t interface{ Fatalf(string, ...any) }, opt imapserver.Options, state imapserver.State) *script {
	s := newScript(t, opt)
	if state >= imapserver.StateAuthenticated {
		s.feed("l LOGIN u p\r\n")
	}
	if state == imapserver.StateSelected {
		s.feed("s SELECT INBOX\r\n")
	}
	if s.c.State() != state {
		t.Fatalf("state %v, want %v", s.c.State(), state)
	}
	s.out.Reset()
	s.log = nil
	return s
}

var states = []imapserver.State{imapserver.StateNotAuthenticated, imapserver.StateAuthenticated, imapserver.StateSelected}

func testCommands() []string {
	return []string{
		"CAPABILITY", "NOOP", "LOGOUT", `ID ("name" "x")`, "STARTTLS", "AUTHENTICATE PLAIN AHUAcA==", "AUTHENTICATE X-TWO\r\nAHUAcA==", "AUTHENTICATE X-TWO\r\n*", "AUTHENTICATE NONE",
		"LOGIN u p", "LOGIN {1+}\r\nu {1}\r\np", "ENABLE X-ON X-OFF X-HIDDEN", "SELECT INBOX", "EXAMINE INBOX", "CREATE x", "DELETE x", "RENAME x y", "SUBSCRIBE x", "UNSUBSCRIBE x",
		`LIST "" *`, `LSUB "" *`, "NAMESPACE", "STATUS x (MESSAGES)", `GETQUOTA ""`, "GETQUOTAROOT x", "SETQUOTA {1+}\r\nx (STORAGE 10)", "APPEND x (\\Seen) {5+}\r\nhello", "APPEND x {0}\r\n", "APPEND x {3}\r\na\r\n {2+}\r\nxy", "IDLE\r\nDONE", "IDLE\r\nNOPE",
		"CHECK", "CLOSE", "UNSELECT", "EXPUNGE", "UID EXPUNGE 1:2", "SEARCH ALL", "UID SEARCH SUBJECT {3+}\r\nabc", "FETCH 1 FLAGS", "UID FETCH 1:* (FLAGS BODY[])",
		"STORE 1 +FLAGS (x)", "UID STORE 1 FLAGS ()", "COPY 1 x", "UID COPY 1 x", "MOVE 1 x", "UID MOVE 1 x", "XFOO {3+}\r\nabc def", "UID XFOO 1",
	}
}
