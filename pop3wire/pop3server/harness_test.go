package pop3server_test

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/mailwire/mailwire/imapwire/engine"
	"github.com/mailwire/mailwire/pop3wire"
	"github.com/mailwire/mailwire/pop3wire/pop3server"
)

var start = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

const stamp = "<1896.697170952@dbc.mtview.ca.us>"

var lists = pop3server.CapabilityLists{
	Authorization: []pop3wire.Capability{pop3wire.CapTop, pop3wire.CapUIDL, &pop3wire.CapUTF8{User: true}, pop3wire.CapLang, &pop3wire.CapExpire{Never: true}},
}

var loopback = pop3server.Options{
	Security:      engine.Security{Loopback: true},
	PlaintextAuth: engine.PlaintextLoopback,
	Timestamp:     stamp,
	APOP:          engine.PlaintextLoopback,
	STLS:          true,
	Mechanisms:    []pop3server.Mechanism{{Name: "PLAIN", Plaintext: true}, {Name: "X-TWO"}},
	Capabilities:  lists,
}

var maildrop = []string{
	"Subject: one\r\n\r\nHello\r\n",
	"Subject: dots\n\n.\n..two\r\nlast",
	"no blank line",
}

// A script is a server whose application has a maildrop, and writes down what it
// hears. It is deterministic, so that what is heard and said can be compared
// between ways of cutting the input.
type script struct {
	t   interface{ Fatalf(string, ...any) }
	c   *pop3server.Conn
	out strings.Builder
	log []string
	// on, when set, handles an event in place of the script, or returns false.
	on func(pop3server.Event) bool
	// rest is what the last Upgrade gave back.
	rest string

	messages []string
	deleted  map[uint32]bool
	updated  bool
	opened   int // bodies that are not closed
	work1    []func() bool
}

func newScript(t interface{ Fatalf(string, ...any) }, opt pop3server.Options) *script {
	c, err := pop3server.New(start, opt)
	if err != nil {
		t.Fatalf("New: %v", err)
	}
	s := &script{t: t, c: c, messages: maildrop, deleted: map[uint32]bool{}}
	s.flush()
	return s
}

func (s *script) logf(format string, a ...any) { s.log = append(s.log, fmt.Sprintf(format, a...)) }

func ok(text string) pop3wire.Status { return pop3wire.Status{OK: true, Text: text} }

func no(text string) pop3wire.Status { return pop3wire.Status{Text: text} }

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

// A closer counts how often it is closed.
type closer struct {
	io.Reader
	closed func()
}

func (c closer) Close() error { c.closed(); return nil }

func (s *script) body(msg string) pop3server.Body {
	s.opened++
	return pop3server.Body{Reader: closer{strings.NewReader(msg), func() { s.opened-- }}, Size: int64(len(msg))}
}

// wireSize is the octets of a message on the wire, dots as they are in it.
func wireSize(msg string) int64 {
	var w pop3wire.Stuffer
	w.Append(nil, []byte(msg))
	w.Close(nil)
	return w.Size()
}

// message returns a message that is there, or answers that it is not.
func (s *script) message(id engine.ID, n uint32) (string, bool) {
	if int64(n) > int64(len(s.messages)) || s.deleted[n] {
		s.must(s.c.Done(id, no("no such message")))
		return "", false
	}
	return s.messages[n-1], true
}

func (s *script) uid(n uint32) *pop3wire.UniqueID {
	return &pop3wire.UniqueID{Num: n, ID: fmt.Sprintf("v1.%d", n*10)}
}

func (s *script) handle(ev pop3server.Event) {
	if s.on != nil && s.on(ev) {
		return
	}
	switch ev := ev.(type) {
	case *pop3server.Login:
		s.logf("login %q %q", ev.User, string(ev.Password))
		if ev.Password == "wrong" {
			s.must(s.c.Done(ev.ID, pop3wire.Status{Code: pop3wire.CodeAuth, Text: "no"}))
			return
		}
		s.must(s.c.Done(ev.ID, ok("in")))
	case *pop3server.Apop:
		s.logf("apop %q %v", ev.User, ev.Verify("tanstaaf"))
		s.must(s.c.Done(ev.ID, pop3wire.Status{OK: ev.Verify("tanstaaf"), Text: "apop"}))
	case *pop3server.Auth:
		s.logf("auth %s %q %v", ev.Mechanism, string(ev.Initial), ev.HasInitial)
		if ev.HasInitial {
			s.must(s.c.Done(ev.ID, ok("in")))
			return
		}
		s.must(s.c.Challenge(ev.ID, []byte("who?")))
	case *pop3server.AuthResponse:
		s.logf("response %q %v", string(ev.Data), ev.Cancelled)
		if !ev.Cancelled {
			s.must(s.c.Done(ev.ID, ok("in")))
		}
	case *pop3server.Command:
		s.logf("%s", ev.Cmd.Verb())
		s.command(ev.ID, ev.Cmd)
	case *pop3server.Malformed:
		s.logf("malformed %q: %v", ev.Raw, ev.Err)
	case *pop3server.Upgrade:
		// How much of the input came with the command depends on the network.
		s.rest = string(ev.Rest)
		s.logf("upgrade %v", ev.Layer)
	case *pop3server.Resume:
		if len(s.work1) == 0 {
			s.t.Fatalf("Resume of nothing")
		}
		f := s.work1[0]
		s.work1 = s.work1[1:]
		s.run(ev.ID, f)
	case *pop3server.Closed:
		s.logf("closed: %v", ev.Err)
	default:
		s.t.Fatalf("event %T", ev)
	}
}

// run runs a task until it is done or the queue is full.
func (s *script) run(id engine.ID, f func() (more bool)) {
	if f() {
		s.work1 = append(s.work1, f)
		s.c.Yield(id)
	}
}

func (s *script) listing(id engine.ID, line func(n uint32) pop3wire.Line) {
	s.must(s.c.Begin(id, ok("listing follows")))
	n := uint32(0)
	s.run(id, func() bool {
		for int(n) < len(s.messages) {
			if s.c.Full() {
				return true
			}
			if n++; !s.deleted[n] {
				s.must(s.c.Send(id, line(n)))
			}
		}
		s.must(s.c.End(id))
		return false
	})
}

func (s *script) command(id engine.ID, cmd pop3wire.Command) {
	switch cmd := cmd.(type) {
	case *pop3wire.Stat:
		var d pop3wire.DropListing
		for i, m := range s.messages {
			if !s.deleted[uint32(i+1)] {
				d.Count++
				d.Size += wireSize(m)
			}
		}
		s.must(s.c.Answer(id, &d))
	case *pop3wire.List:
		scan := func(n uint32) pop3wire.Line {
			return &pop3wire.ScanListing{Num: n, Size: wireSize(s.messages[n-1])}
		}
		if cmd.Num == 0 {
			s.listing(id, scan)
		} else if _, there := s.message(id, cmd.Num); there {
			s.must(s.c.Answer(id, scan(cmd.Num)))
		}
	case *pop3wire.Uidl:
		uid := func(n uint32) pop3wire.Line { return s.uid(n) }
		if cmd.Num == 0 {
			s.listing(id, uid)
		} else if _, there := s.message(id, cmd.Num); there {
			s.must(s.c.Answer(id, uid(cmd.Num)))
		}
	case *pop3wire.Retr:
		if m, there := s.message(id, cmd.Num); there {
			s.must(s.c.Body(id, ok("message follows"), s.body(m)))
		}
	case *pop3wire.Top:
		if m, there := s.message(id, cmd.Num); there {
			b := s.body(m)
			b.Top, b.Lines = true, cmd.Lines
			s.must(s.c.Body(id, ok("top follows"), b))
		}
	case *pop3wire.Dele:
		if _, there := s.message(id, cmd.Num); there {
			s.deleted[cmd.Num] = true
			s.must(s.c.Done(id, ok("marked")))
		}
	case *pop3wire.Rset:
		clear(s.deleted)
		s.must(s.c.Done(id, ok("")))
	case *pop3wire.Noop, *pop3wire.UTF8:
		s.must(s.c.Done(id, ok("")))
	case *pop3wire.Lang:
		switch cmd.Range {
		case "":
			s.must(s.c.Begin(id, ok("languages")))
			s.must(s.c.Send(id, &pop3wire.Language{Tag: "en", Text: "English"}, &pop3wire.Language{Tag: "es", Text: "Español"}))
			s.must(s.c.End(id))
		case "es":
			s.must(s.c.Answer(id, &pop3wire.Language{Tag: "es", Text: "sí"}))
		default:
			s.must(s.c.Done(id, no("sé no")))
		}
	case *pop3wire.Quit:
		s.updated = true
		s.must(s.c.Done(id, ok(fmt.Sprintf("%d removed", len(s.deleted)))))
	default:
		s.must(s.c.Done(id, no("unknown command")))
	}
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

// take returns what was said since the last time.
func (s *script) take() string {
	s.work()
	out := s.out.String()
	s.out.Reset()
	return out
}

// do feeds a command and returns what is said.
func (s *script) do(command string) string {
	s.take()
	s.feed(command + "\r\n")
	return s.take()
}

// result is all that can be seen from outside.
func (s *script) result() string {
	st := s.c.Stats()
	return fmt.Sprintf("%s\n%s\nin %d out %d steps %d commands %d bad %d state %v updated %v open %d", s.out.String(), strings.Join(s.log, "\n"),
		st.BytesIn, st.BytesOut, st.Steps, st.Commands, st.Bad, s.c.State(), s.updated, s.opened)
}

// inState makes a script in a state.
func inState(t interface{ Fatalf(string, ...any) }, opt pop3server.Options, state pop3server.State) *script {
	s := newScript(t, opt)
	if state == pop3server.StateTransaction {
		s.feed("USER u\r\nPASS p\r\n")
	}
	if s.c.State() != state {
		t.Fatalf("state %v, want %v", s.c.State(), state)
	}
	s.out.Reset()
	s.log = nil
	return s
}

var states = []pop3server.State{pop3server.StateAuthorization, pop3server.StateTransaction}

const digest = "c4c9334bac560ecc979e58001b3e22fb"

func testCommands() []string {
	return []string{
		"CAPA", "QUIT", "LANG", "LANG es", "LANG xx", "USER u", "USER u\r\nPASS p", "USER u\r\nPASS wrong", "PASS p", "USER u\r\nCAPA\r\nPASS p", "USER \xff",
		"APOP mrose " + digest, "APOP mrose " + strings.Repeat("0", 32), "AUTH", "AUTH PLAIN AHUAcA==", "AUTH PLAIN =", "AUTH X-TWO\r\nAHUAcA==", "AUTH X-TWO\r\n", "AUTH X-TWO\r\n*",
		"AUTH X-TWO\r\n!", "AUTH NONE", "STLS", "UTF8", "STAT", "LIST", "LIST 2", "LIST 9", "UIDL", "UIDL 2", "UIDL 9", "RETR 1", "RETR 2", "RETR 9", "TOP 1 0", "TOP 2 1", "TOP 9 1",
		"DELE 1", "DELE 9", "DELE 1\r\nLIST\r\nSTAT\r\nRETR 1", "DELE 1\r\nRSET\r\nLIST 1", "DELE 2\r\nQUIT", "RSET", "NOOP", "XTND a b", "FOO",
	}
}

func brokenCommands() []string {
	return []string{
		"", " ", "LIST 0", "RETR", "TOP 1 -1", "STAT\nNOOP", "PASS secret\n", "USER", "NOOP x", "AUTH PLAIN !", "AUTH X-TWO\r\nAHUA", "AUTH X-TWO\r\nx\ny", "APOP x y",
		"NOOP " + strings.Repeat("x", 248), "NOOP " + strings.Repeat("x", 249), "USER " + strings.Repeat("x", 300), "XTND " + strings.Repeat("y", 13000) + "\r\nNOOP",
		"AUTH PLAIN " + strings.Repeat("A", 400), "AUTH X-TWO\r\n" + strings.Repeat("A", 13000), "X\x00Y", "SSH-2.0-x", "GET / HTTP/1.1\r\nUSER u\r\nPASS p",
	}
}
