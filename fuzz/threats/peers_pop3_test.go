package threats

import (
	"errors"
	"fmt"
	"iter"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/mailwire/mailwire/imapwire/engine"
	"github.com/mailwire/mailwire/pop3wire"
	"github.com/mailwire/mailwire/pop3wire/pop3client"
	"github.com/mailwire/mailwire/pop3wire/pop3server"
)

// popStart is when the conversations of these tests begin.
var popStart = time.Date(2026, 11, 30, 12, 0, 0, 0, time.UTC)

// The transports.
var (
	inTheClear = engine.Security{}
	atHome     = engine.Security{Loopback: true}
	insideTLS  = engine.Security{Encrypted: true}
)

// popCuts yields the ways in which the network may cut in, with a name for each:
// whole, octet by octet, in two at every place, or for long input at some places,
// and in a few pieces at random.
func popCuts(in string) iter.Seq2[string, []string] {
	const short = 300
	return func(yield func(string, []string) bool) {
		if !yield("whole", []string{in}) || len(in) == 0 {
			return
		}
		at := func(places ...int) []string {
			var pieces []string
			from := 0
			for _, n := range append(places, len(in)) {
				if n > from && n <= len(in) {
					pieces = append(pieces, in[from:n])
					from = n
				}
			}
			return pieces
		}
		places := make([]int, len(in))
		for i := range places {
			places[i] = i
		}
		if len(in) <= 64<<10 && !yield("octet by octet", at(places...)) {
			return
		}
		r := rand.New(rand.NewPCG(uint64(len(in)), 7))
		if len(in) > short {
			places = places[:0]
			for range 24 {
				places = append(places, 1+r.IntN(len(in)-1))
			}
			places = append(places, 1, 2, len(in)-1, len(in)-2, len(in)-3)
		}
		for _, n := range places {
			if !yield(fmt.Sprintf("cut at %d", n), at(n)) {
				return
			}
		}
		for range 3 {
			var k []int
			for n := 0; n < len(in); n += 1 + r.IntN(max(2, len(in)/5)) {
				k = append(k, n)
			}
			if !yield(fmt.Sprintf("cut at %v", k), at(k...)) {
				return
			}
		}
	}
}

// A popServer is a server whose application lets everybody in but who has the
// password "wrong", and answers every command with one line. It writes down what
// it hears.
type popServer struct {
	t   testing.TB
	c   *pop3server.Conn
	now time.Time
	out strings.Builder
	log []string
	// on, when set, handles an event in place of the application, or returns
	// false.
	on func(pop3server.Event) bool
	// rest is what the last Upgrade gave back.
	rest string
	// kept are the events as they came.
	kept []pop3server.Event
}

func newPopServer(t testing.TB, opt pop3server.Options) *popServer {
	t.Helper()
	c, err := pop3server.New(popStart, opt)
	if err != nil {
		t.Fatal(err)
	}
	s := &popServer{t: t, c: c, now: popStart}
	s.work()
	s.out.Reset()
	return s
}

// openPop is a server at home that offers all there is.
func openPop() pop3server.Options {
	return pop3server.Options{
		Security: atHome, PlaintextAuth: engine.PlaintextLoopback,
		Timestamp: "<1.2@host>", APOP: engine.PlaintextLoopback, STLS: true,
		Mechanisms: []pop3server.Mechanism{{Name: "PLAIN", Plaintext: true}, {Name: "X-TWO"}},
		Capabilities: pop3server.CapabilityLists{
			Authorization: []pop3wire.Capability{pop3wire.CapTop, pop3wire.CapUIDL, &pop3wire.CapUTF8{}, pop3wire.CapLang},
		},
	}
}

func yes(text string) pop3wire.Status { return pop3wire.Status{OK: true, Text: text} }

func (s *popServer) logf(format string, a ...any) { s.log = append(s.log, fmt.Sprintf(format, a...)) }

func (s *popServer) must(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}

// work handles events and writes what is queued until the engine waits for input.
func (s *popServer) work() {
	for {
		ev := s.c.Next()
		if ev != nil {
			s.kept = append(s.kept, ev)
			if s.on == nil || !s.on(ev) {
				s.handle(ev)
			}
			continue
		}
		if s.c.Output().Empty() {
			return
		}
		s.must(s.c.Flush(s.now, &s.out))
	}
}

func (s *popServer) handle(ev pop3server.Event) {
	switch ev := ev.(type) {
	case *pop3server.Login:
		s.logf("login %q %q", ev.User, string(ev.Password))
		s.must(s.c.Done(ev.ID, pop3wire.Status{OK: ev.Password != "wrong"}))
	case *pop3server.Apop:
		s.logf("apop %q", ev.User)
		s.must(s.c.Done(ev.ID, pop3wire.Status{OK: ev.Verify("secret")}))
	case *pop3server.Auth:
		s.logf("auth %s %q %v", ev.Mechanism, string(ev.Initial), ev.HasInitial)
		if ev.HasInitial {
			s.must(s.c.Done(ev.ID, yes("")))
			return
		}
		s.must(s.c.Challenge(ev.ID, nil))
	case *pop3server.AuthResponse:
		s.logf("response %q %v", string(ev.Data), ev.Cancelled)
		if !ev.Cancelled {
			s.must(s.c.Done(ev.ID, yes("")))
		}
	case *pop3server.Command:
		s.logf("%s", ev.Cmd.Verb())
		_, unknown := ev.Cmd.(*pop3wire.UnknownCommand)
		if unknown {
			s.must(s.c.Done(ev.ID, pop3wire.Status{Text: "no sé"}))
			return
		}
		s.must(s.c.Done(ev.ID, yes("")))
	case *pop3server.Malformed:
		s.logf("malformed %q: %v", ev.Raw, ev.Err)
	case *pop3server.Upgrade:
		s.rest = string(ev.Rest)
		s.logf("upgrade")
	case *pop3server.Closed:
		s.logf("closed: %v", ev.Err)
	}
}

// feed gives input, and stops where the engine stops reading; what is left is
// returned.
func (s *popServer) feed(pieces ...string) (left string) {
	for i, p := range pieces {
		s.work()
		if s.c.Want() != engine.WantInput {
			return strings.Join(pieces[i:], "")
		}
		b := []byte(p)
		s.must(s.c.Feed(s.now, b))
		s.work()
		if w := s.c.Want(); w == engine.WantInput || w == engine.WantNothing || w == engine.WantUpgrade {
			for i := range b {
				b[i] = '#' // it was borrowed
			}
		}
	}
	return ""
}

// take returns what was said since the last time.
func (s *popServer) take() string {
	s.work()
	out := s.out.String()
	s.out.Reset()
	return out
}

// do gives a command and returns what is said.
func (s *popServer) do(command string) string {
	s.feed(command + "\r\n")
	return s.take()
}

// login logs in.
func (s *popServer) login() {
	s.t.Helper()
	s.do("USER u")
	s.do("PASS p")
	if s.c.State() != pop3server.StateTransaction {
		s.t.Fatalf("not logged in: %v", s.log)
	}
	s.log, s.kept = nil, nil
}

// A popClient is a client and the network before it. It writes down what the
// engine tells and sends. Pieces of what comes in pieces are put together.
type popClient struct {
	t    testing.TB
	c    *pop3client.Conn
	now  time.Time
	out  strings.Builder
	log  []string
	body strings.Builder
	// kept are the events that are not borrowed, as they came.
	kept []pop3client.Event
	// on, when set, is told of each event.
	on func(pop3client.Event)
}

func newPopClient(t testing.TB, opt pop3client.Options) *popClient {
	t.Helper()
	c, err := pop3client.New(popStart, opt)
	if err != nil {
		t.Fatal(err)
	}
	return &popClient{t: t, c: c, now: popStart}
}

// anyPop may send everything everywhere.
func anyPop() pop3client.Options {
	return pop3client.Options{PlaintextAuth: engine.PlaintextAlways, APOP: engine.PlaintextAlways}
}

func (p *popClient) logf(format string, a ...any) { p.log = append(p.log, fmt.Sprintf(format, a...)) }

// work writes what is queued and takes events until there are none.
func (p *popClient) work() {
	for {
		if err := p.c.Flush(p.now, &p.out); err != nil {
			p.t.Fatal(err)
		}
		ev := p.c.Next()
		if ev == nil {
			if p.c.Output().Empty() {
				return
			}
			continue
		}
		p.event(ev)
		if p.on != nil {
			p.on(ev)
		}
	}
}

func (p *popClient) event(ev pop3client.Event) {
	switch ev := ev.(type) {
	case *pop3client.BodyData:
		p.body.Write(ev.Data)
		clear(ev.Data)
		return
	case *pop3client.ScanListings:
		for _, l := range ev.List {
			p.logf("scan %d %d%s", l.Num, l.Size, l.More)
		}
		return
	case *pop3client.UniqueIDs:
		for _, l := range ev.List {
			p.logf("uid %d %s", l.Num, l.ID)
		}
		return
	case *pop3client.Capabilities:
		for _, l := range ev.List {
			p.logf("capability %s", l.Tag())
		}
		return
	case *pop3client.Languages:
		for _, l := range ev.List {
			p.logf("language %s %q", l.Tag, l.Text)
		}
		return
	case *pop3client.Lines:
		for _, l := range ev.List {
			p.logf("line %q", string(l))
		}
		return
	case *pop3client.Greeting:
		p.logf("greeting %q, protected %v", ev.Text, ev.Protected)
	case *pop3client.Body:
		p.logf("body of %d", ev.Num)
	case *pop3client.BodyEnd:
		p.logf("body %q, %v", p.body.String(), ev.Err)
		p.body.Reset()
	case *pop3client.Challenge:
		p.logf("challenge %q", ev.Data)
	case *pop3client.Done:
		p.logf("done %v %q %q: %v", ev.Status.OK, ev.Status.Code, ev.Status.Text, ev.Err)
	case *pop3client.Malformed:
		p.logf("malformed %q: %v", ev.Raw, ev.Err)
	case *pop3client.Closed:
		p.logf("closed: %v", ev.Err)
	default:
		p.logf("%T", ev)
	}
	p.kept = append(p.kept, ev)
}

// feed gives input. After the end it is dropped.
func (p *popClient) feed(pieces ...string) {
	for _, s := range pieces {
		p.work()
		b := []byte(s)
		if err := p.c.Feed(p.now, b); errors.Is(err, engine.ErrClosed) {
			return
		} else if err != nil {
			p.t.Fatal(err)
		}
		p.work()
		for i := range b {
			b[i] = '#' // it was borrowed
		}
	}
}

// send sends a command and lets it leave.
func (p *popClient) send(cmd pop3wire.Command) error {
	_, err := p.c.Send(cmd)
	p.work()
	return err
}

// take returns what was sent since the last time.
func (p *popClient) take() string {
	p.work()
	out := p.out.String()
	p.out.Reset()
	return out
}

// ended returns why the conversation is over; ok is false when it is not.
func (p *popClient) ended() (err error, ok bool) {
	for _, ev := range p.kept {
		if c, is := ev.(*pop3client.Closed); is {
			return c.Err, true
		}
	}
	return nil, false
}

// loggedInPop returns a client that is logged in to a server with these
// capabilities. What came before is not in its log.
func loggedInPop(t testing.TB, opt pop3client.Options, capabilities ...string) *popClient {
	t.Helper()
	opt.PlaintextAuth = engine.PlaintextAlways
	p := newPopClient(t, opt)
	p.feed("+OK\r\n")
	p.send(&pop3wire.User{Name: "u"})
	p.feed("+OK\r\n")
	p.send(&pop3wire.Pass{Password: "p"})
	p.feed("+OK\r\n")
	p.send(&pop3wire.Capa{})
	p.feed("+OK\r\n" + strings.Join(append(capabilities, ".\r\n"), "\r\n"))
	if p.c.State() != pop3client.StateTransaction {
		t.Fatalf("not logged in: %v", p.log)
	}
	p.take()
	p.log, p.kept = nil, nil
	return p
}
