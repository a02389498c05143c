package threats_test

import (
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/mailwire/mailwire/imapwire"
	"github.com/mailwire/mailwire/imapwire/engine"
	"github.com/mailwire/mailwire/imapwire/imap"
	"github.com/mailwire/mailwire/imapwire/imapclient"
	"github.com/mailwire/mailwire/imapwire/imapserver"
)

// imapStart is when the conversations of IMAP begin.
var imapStart = time.Date(2026, 11, 30, 12, 0, 0, 0, time.UTC)

// An imapCut is a way in which the network may cut input: the places, ascending.
type imapCut []int

// pieces cuts s.
func (c imapCut) pieces(s string) []string {
	var out []string
	from := 0
	for _, at := range c {
		if at > from && at < len(s) {
			out = append(out, s[from:at])
			from = at
		}
	}
	return append(out, s[from:])
}

func (c imapCut) String() string {
	switch {
	case len(c) == 0:
		return "whole"
	case len(c) > 8:
		return fmt.Sprintf("in %d pieces", len(c)+1)
	}
	return fmt.Sprintf("cut at %v", []int(c))
}

// imapCuts are the ways to cut n octets: not at all; octet by octet; in two, at
// every place of short input, and of long input at its ends and some others; and
// at random in a few. With -short these are fewer.
func imapCuts(n int) []imapCut {
	all := make(imapCut, 0, n)
	for i := 1; i < n; i++ {
		all = append(all, i)
	}
	cuts := []imapCut{nil, all}
	r := rand.New(rand.NewPCG(uint64(n), 6))
	short, twos, few := 200, 24, 6
	if testing.Short() {
		short, twos, few = 40, 8, 2
	}
	if n <= short {
		for i := 1; i < n; i++ {
			cuts = append(cuts, imapCut{i})
		}
	} else {
		for _, i := range []int{1, 2, n - 3, n - 2, n - 1} {
			cuts = append(cuts, imapCut{i})
		}
		for range twos {
			cuts = append(cuts, imapCut{1 + r.IntN(n-1)})
		}
	}
	for range few {
		var c imapCut
		for at := 0; ; {
			if at += 1 + r.IntN(max(2, n/4)); at >= n {
				break
			}
			c = append(c, at)
		}
		cuts = append(cuts, c)
	}
	return cuts
}

// An imapServer is a server engine, its application, which answers everything
// with OK, and a log of what the application hears.
type imapServer struct {
	t   testing.TB
	c   *imapserver.Conn
	now time.Time
	out strings.Builder
	log []string
	// errs are those of Malformed, Abandoned and Closed, in order.
	errs []error
	// heard counts the octets of messages that were announced and came.
	heard int64
	// stuck: the client does not read.
	stuck bool
	// rest is what the last Upgrade gave back.
	rest string
	// on, when set, handles an event in place of the rest, or returns false.
	on func(imapserver.Event) bool
	// quiet: nothing is logged.
	quiet bool
}

func newIMAPServer(t testing.TB, opt imapserver.Options) *imapServer {
	t.Helper()
	c, err := imapserver.New(imapStart, opt)
	if err != nil {
		t.Fatal(err)
	}
	s := &imapServer{t: t, c: c, now: imapStart}
	s.work()
	return s
}

// imapLocal is a server that may be logged in to without TLS, and offers it.
func imapLocal() imapserver.Options {
	return imapserver.Options{
		Security: engine.Security{Loopback: true}, PlaintextAuth: engine.PlaintextLoopback, StartTLS: true,
		Mechanisms:   []imapserver.Mechanism{{Name: "PLAIN", Plaintext: true}, {Name: "X-TWO"}},
		Enable:       imap.Capabilities{imap.CapUTF8Accept, imap.CapIMAP4rev2},
		Capabilities: imapserver.CapabilityLists{Authenticated: imap.Capabilities{imap.CapIMAP4rev1, imap.CapIMAP4rev2, imap.CapUTF8Accept}},
	}
}

// imapServerIn returns a server whose client has come to a state. What was said
// on the way is forgotten.
func imapServerIn(t testing.TB, opt imapserver.Options, state imapserver.State) *imapServer {
	t.Helper()
	s := newIMAPServer(t, opt)
	if state >= imapserver.StateAuthenticated {
		s.feed("l LOGIN u p\r\n")
	}
	if state == imapserver.StateSelected {
		s.feed("s SELECT x\r\n")
	}
	if s.c.State() != state {
		t.Fatalf("state %v, want %v", s.c.State(), state)
	}
	s.out.Reset()
	s.log, s.errs = nil, nil
	return s
}

func (s *imapServer) logf(format string, a ...any) {
	if !s.quiet {
		s.log = append(s.log, fmt.Sprintf(format, a...))
	}
}

func (s *imapServer) failed(err error) {
	if !s.quiet {
		s.errs = append(s.errs, err)
	}
}

func (s *imapServer) must(err error) {
	if err != nil {
		s.t.Helper()
		s.t.Fatal(err)
	}
}

func imapOK(text string) imapwire.StatusCondition {
	return imapwire.StatusCondition{Condition: imapwire.OK, Text: text}
}

// work handles events and writes, until there is nothing to do but to wait.
func (s *imapServer) work() {
	for {
		ev := s.c.Next()
		switch {
		case ev != nil:
			s.handle(ev)
		case s.stuck || s.c.Output().Empty():
			return
		default:
			s.must(s.c.Flush(s.now, &s.out))
		}
	}
}

func (s *imapServer) handle(ev imapserver.Event) {
	if s.on != nil && s.on(ev) {
		return
	}
	switch ev := ev.(type) {
	case *imapserver.Command:
		s.logf("command %s %s", ev.Tag, ev.Cmd.Verb())
		s.must(s.c.Done(ev.ID, imapOK("done")))
	case *imapserver.Append:
		s.logf("append %q", ev.Mailbox)
	case *imapserver.AppendMessage:
		s.logf("message %d", ev.Size)
		s.must(s.c.Accept(ev.ID))
	case *imapserver.Literal:
		s.heard += int64(len(ev.Data))
		if ev.Last {
			s.logf("octets %d", s.heard)
			s.heard = 0
		}
	case *imapserver.AppendCommit:
		s.logf("commit")
		s.must(s.c.Done(ev.ID, imapOK("stored")))
	case *imapserver.Abandoned:
		s.heard = 0
		s.failed(ev.Err)
		s.logf("abandoned: %v", ev.Err)
	case *imapserver.Authenticate:
		s.logf("authenticate %s %q", ev.Mechanism, string(ev.Initial))
		s.must(s.c.Challenge(ev.ID, []byte("next")))
	case *imapserver.AuthResponse:
		s.logf("response %d octets, cancelled %v", len(ev.Data), ev.Cancelled)
		switch {
		case ev.Cancelled:
		case ev.Data == "in":
			s.must(s.c.Done(ev.ID, imapOK("in")))
		default:
			s.must(s.c.Challenge(ev.ID, []byte("next")))
		}
	case *imapserver.Idle:
		s.logf("idle")
	case *imapserver.IdleDone:
		s.logf("idle done")
		s.must(s.c.Done(ev.ID, imapOK("idled")))
	case *imapserver.Enabled:
		s.logf("enabled %v", ev.Capabilities)
	case *imapserver.ClientID:
		s.logf("client %v", ev.Fields)
	case *imapserver.Resume:
		s.logf("resume")
	case *imapserver.Malformed:
		s.failed(ev.Err)
		s.logf("malformed %q %q: %v", ev.Tag, ev.Raw, ev.Err)
	case *imapserver.Upgrade:
		s.rest = string(ev.Rest)
		s.logf("upgrade %v", ev.Layer)
	case *imapserver.Closed:
		if ev.Err != nil {
			s.failed(ev.Err)
		}
		s.logf("closed: %v", ev.Err)
	default:
		s.t.Fatalf("event %T", ev)
	}
}

// feed gives input piece by piece, as long as the engine reads. It returns how
// many pieces were taken. Each is overwritten when it was borrowed long enough.
func (s *imapServer) feed(pieces ...string) int {
	for i, p := range pieces {
		s.work()
		if s.c.Want() != engine.WantInput {
			return i
		}
		b := []byte(p)
		s.must(s.c.Feed(s.now, b))
		s.work()
		if s.c.Want() == engine.WantInput {
			for j := range b {
				b[j] = '#'
			}
		}
	}
	return len(pieces)
}

// all is what can be seen from outside.
func (s *imapServer) all() string {
	st := s.c.Stats()
	return fmt.Sprintf("%s\n%s\nin %d, steps %d, depth %d, commands %d, bad %d, state %v, wants %v",
		s.out.String(), strings.Join(s.log, "\n"), st.BytesIn, st.Steps, st.MaxDepth, st.Commands, st.Bad, s.c.State(), s.c.Want())
}

// An imapClient is a client engine, the network that it writes to, and a log of
// what the application hears.
type imapClient struct {
	t    testing.TB
	c    *imapclient.Conn
	now  time.Time
	out  strings.Builder
	log  []string
	errs []error // of Malformed and Closed, in order
	// body joins the pieces of a content.
	body  strings.Builder
	stuck bool // the server does not read
	quiet bool // nothing is logged
	// on, when set, hears every event first.
	on func(imapclient.Event)
}

func newIMAPClient(t testing.TB, opt imapclient.Options) *imapClient {
	t.Helper()
	c, err := imapclient.New(imapStart, opt)
	if err != nil {
		t.Fatal(err)
	}
	return &imapClient{t: t, c: c, now: imapStart}
}

// imapClientIn returns a client that a server has let come to a state.
func imapClientIn(t testing.TB, opt imapclient.Options, state imapclient.State) *imapClient {
	t.Helper()
	opt.PlaintextAuth = engine.PlaintextAlways
	c := newIMAPClient(t, opt)
	if state >= imapclient.StateNotAuthenticated {
		c.feed("* OK hi\r\n")
	}
	if state >= imapclient.StateAuthenticated {
		c.send(&imapwire.Login{User: "u", Password: "p"})
		c.feed("A1 OK in\r\n")
	}
	if state >= imapclient.StateSelected {
		c.send(&imapwire.Select{Mailbox: "x"})
		c.feed("A2 OK open\r\n")
	}
	if c.c.State() != state {
		t.Fatalf("state %v, want %v", c.c.State(), state)
	}
	c.out.Reset()
	c.log, c.errs = nil, nil
	return c
}

func (c *imapClient) logf(format string, a ...any) { c.log = append(c.log, fmt.Sprintf(format, a...)) }

// send sends a command, and writes it.
func (c *imapClient) send(cmd imapwire.Command) (engine.ID, error) {
	id, err := c.c.Send(cmd)
	c.work()
	return id, err
}

func (c *imapClient) work() {
	for {
		if !c.stuck {
			if err := c.c.Flush(c.now, &c.out); err != nil {
				c.t.Fatal(err)
			}
		}
		ev := c.c.Next()
		if ev == nil {
			if !c.stuck && !c.c.Output().Empty() {
				continue
			}
			return
		}
		if c.on != nil {
			c.on(ev)
		}
		if !c.quiet {
			c.handle(ev)
		}
	}
}

func (c *imapClient) handle(ev imapclient.Event) {
	switch ev := ev.(type) {
	case *imapclient.Greeting:
		c.logf("greeting %v", ev.Condition)
	case *imapclient.Data:
		b, err := imapwire.AppendResponse(nil, ev.Response, imapwire.ResponseOptions{UTF8: true})
		if err != nil {
			b = fmt.Appendf(nil, "%T: %v", ev.Response, err)
		}
		if len(b) > 200 {
			b = fmt.Appendf(b[:200:200], "… %d octets", len(b))
		}
		c.logf("data %q", b)
	case *imapclient.FetchStart:
		c.logf("fetch %d", ev.Num)
	case *imapclient.Body:
		c.logf("body %d, %d octets", ev.Num, ev.Section.Content.Size)
	case *imapclient.BodyData:
		c.body.Write(ev.Data)
		clear(ev.Data)
		if ev.Last {
			c.logf("content of %d octets", c.body.Len())
			c.body.Reset()
		}
	case *imapclient.FetchEnd:
		c.logf("fetched %d: %v", ev.Num, ev.Err)
	case *imapclient.Ready:
		c.logf("ready %d", ev.Size)
	case *imapclient.Challenge:
		c.logf("challenge %q", ev.Data)
	case *imapclient.Idling:
		c.logf("idling")
	case *imapclient.Done:
		if ev.Err != nil {
			c.logf("done %d: %v", ev.ID, ev.Err)
		} else {
			c.logf("done %d %v", ev.ID, ev.Status.Condition)
		}
	case *imapclient.Malformed:
		c.errs = append(c.errs, ev.Err)
		c.logf("malformed %.80q: %v", ev.Raw, ev.Err)
	case *imapclient.Tolerated:
		c.logf("tolerated %d", len(ev.Diagnostics))
	case *imapclient.Upgrade:
		c.logf("upgrade %v", ev.Layer)
	case *imapclient.Closed:
		if ev.Err != nil {
			c.errs = append(c.errs, ev.Err)
		}
		c.logf("closed: %v", ev.Err)
	default:
		c.t.Fatalf("event %T", ev)
	}
}

// feed gives input piece by piece, as long as the engine takes it. It returns
// how many pieces were taken.
func (c *imapClient) feed(pieces ...string) int {
	for i, p := range pieces {
		c.work()
		if c.c.Want() != engine.WantInput {
			return i
		}
		b := []byte(p)
		if err := c.c.Feed(c.now, b); err != nil {
			c.t.Fatal(err)
		}
		c.work()
		for j := range b {
			b[j] = '#'
		}
	}
	return len(pieces)
}

// all is what can be seen from outside.
func (c *imapClient) all() string {
	st := c.c.Stats()
	return fmt.Sprintf("%s\n%s\nin %d, depth %d, responses %d, bad %d, state %v, wants %v",
		c.out.String(), strings.Join(c.log, "\n"), st.BytesIn, st.MaxDepth, st.Commands, st.Bad, c.c.State(), c.c.Want())
}

// imapReader is a content that notes how often it was closed.
type imapReader struct {
	io.Reader
	closed int
}

func (r *imapReader) Close() error { r.closed++; return nil }
