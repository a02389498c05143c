package pop3client_test

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/mailwire/mailwire/imapwire/engine"
	"github.com/mailwire/mailwire/pop3wire"
	"github.com/mailwire/mailwire/pop3wire/pop3client"
)

// start is the moment at which all tests happen.
var start = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)

var loopback = pop3client.Options{
	Security:      engine.Security{Loopback: true},
	PlaintextAuth: engine.PlaintextLoopback,
	APOP:          engine.PlaintextLoopback,
}

type fataler interface{ Fatalf(string, ...any) }

// A player plays the server and the application of a Conn, and logs what the Conn
// does: "C: " lines that it sent, "E: " events. Pieces of what comes in pieces are
// put together, since where they are cut depends on the network.
type player struct {
	t    fataler
	c    *pop3client.Conn
	cut  int // octets of each Feed; 0 is all at once
	log  []string
	out  string // octets written that are not logged
	body strings.Builder
	ids  map[string]engine.ID
}

func newPlayer(t fataler, opt pop3client.Options) *player {
	c, err := pop3client.New(start, opt)
	if err != nil {
		t.Fatalf("%v", err)
	}
	return &player{t: t, c: c, ids: map[string]engine.ID{}}
}

func (p *player) logf(format string, args ...any) {
	p.log = append(p.log, fmt.Sprintf(format, args...))
}

// work flushes and takes events until nothing is left to do.
func (p *player) work() {
	for {
		p.flush()
		ev := p.c.Next()
		if ev == nil {
			return
		}
		p.event(ev)
	}
}

func (p *player) flush() {
	var b strings.Builder
	p.c.Flush(start, &b)
	p.out += b.String()
	for {
		line, rest, ok := strings.Cut(p.out, "\r\n")
		if !ok {
			break
		}
		p.logf("C: %s", line)
		p.out = rest
	}
}

// entries logs the lines of a piece of a listing, and poisons the piece.
func entries[T any](p *player, id engine.ID, list []T, line func(*T) pop3wire.Line) {
	for i := range list {
		p.logf("E: line %d %s", id, wire(line(&list[i])))
	}
	clear(list)
}

func (p *player) event(ev pop3client.Event) {
	switch ev := ev.(type) {
	case *pop3client.Greeting:
		p.logf("E: greeting %s%q, timestamp %q", code(ev.Code), ev.Text, ev.Timestamp)
	case *pop3client.ScanListings:
		entries(p, ev.ID, ev.List, func(s *pop3wire.ScanListing) pop3wire.Line { return s })
	case *pop3client.UniqueIDs:
		entries(p, ev.ID, ev.List, func(u *pop3wire.UniqueID) pop3wire.Line { return u })
	case *pop3client.Capabilities:
		entries(p, ev.ID, ev.List, func(x *pop3wire.Capability) pop3wire.Line { return *x })
	case *pop3client.Languages:
		entries(p, ev.ID, ev.List, func(l *pop3wire.Language) pop3wire.Line { return l })
	case *pop3client.Lines:
		entries(p, ev.ID, ev.List, func(r *pop3wire.RawLine) pop3wire.Line { return *r })
	case *pop3client.Body:
		p.logf("E: body %d of %d, top %v, %s", ev.ID, ev.Num, ev.Top, status(ev.Status))
	case *pop3client.BodyData:
		p.body.Write(ev.Data)
		// What is borrowed is poisoned behind the test of it.
		clear(ev.Data)
	case *pop3client.BodyEnd:
		if int64(p.body.Len()) != ev.Size {
			p.t.Fatalf("a body of %d octets has size %d", p.body.Len(), ev.Size)
		}
		p.logf("E: body %d is %q%s", ev.ID, p.body.String(), because(ev.Err))
		p.body.Reset()
	case *pop3client.Challenge:
		p.logf("E: challenge %d %q", ev.ID, ev.Data)
	case *pop3client.InitialSent:
		p.logf("E: initial sent %d", ev.ID)
	case *pop3client.Done:
		answer := ""
		if ev.Answer != nil {
			answer = fmt.Sprintf(", %T %s", ev.Answer, wire(ev.Answer))
		}
		if ev.Err != nil {
			p.logf("E: done %d%s", ev.ID, because(ev.Err))
		} else {
			p.logf("E: done %d %s%s", ev.ID, status(ev.Status), answer)
		}
	case *pop3client.Tolerated:
		p.logf("E: tolerated %d %v %q", ev.ID, ev.Tolerance, ev.Raw)
	case *pop3client.Malformed:
		p.logf("E: malformed %d %q%s", ev.ID, ev.Raw, because(ev.Err))
	case *pop3client.Upgrade:
		p.logf("E: upgrade %v", ev.Layer)
	case *pop3client.Closed:
		p.logf("E: closed: %v", ev.Err)
	default:
		p.t.Fatalf("event %T", ev)
	}
}

func because(err error) string {
	if err == nil {
		return ""
	}
	return ": " + err.Error()
}

func code(c pop3wire.Code) string {
	if c == "" {
		return ""
	}
	return "[" + string(c) + "] "
}

func status(s pop3wire.Status) string {
	word := "-ERR"
	if s.OK {
		word = "+OK"
	}
	return word + " " + code(s.Code) + fmt.Sprintf("%q", s.Text)
}

func wire(l pop3wire.Line) string {
	b, err := pop3wire.AppendLine(nil, l)
	if err != nil {
		return fmt.Sprintf("%T: %v", l, err)
	}
	return strings.TrimSuffix(string(b), "\r\n")
}

// feed gives input, and works.
func (p *player) feed(s string) {
	for s != "" {
		n := len(s)
		if p.cut > 0 {
			n = min(n, p.cut)
		}
		p.work()
		b := []byte(s[:n])
		if err := p.c.Feed(start, b); err != nil {
			if err != engine.ErrClosed {
				p.t.Fatalf("feed: %v", err)
			}
			return
		}
		p.work()
		for i := range b {
			b[i] = '#'
		}
		s = s[n:]
	}
}

var unescape = strings.NewReplacer(`\r`, "\r", `\n`, "\n", `\0`, "\x00", `\e`, "\x1b", `\x80`, "\x80")

// act does what a line of a transcript says: an action in capitals of the test's
// own, or a command.
func (p *player) act(text string) {
	verb, arg, _ := strings.Cut(text, " ")
	arg = unescape.Replace(arg)
	var err error
	switch verb {
	case "EOF":
		p.c.FeedEOF(start)
	case "EXPIRE":
		p.c.Expire(p.c.Deadline())
	case "UPGRADED":
		p.c.Upgraded(start, engine.LayerTLS, engine.Security{Encrypted: true})
	case "FAILED":
		p.c.UpgradeFailed(io.ErrNoProgress)
	case "RESPOND":
		err = p.c.Respond(p.ids["AUTH"], engine.Secret(arg))
	case "CANCEL":
		err = p.c.Cancel(p.ids["AUTH"])
	case "WITHDRAW":
		err = p.c.Withdraw(p.ids[arg])
	case "INITIAL": // INITIAL mechanism message
		mechanism, initial, _ := strings.Cut(arg, " ")
		p.ids["AUTH"], err = p.c.Send(&pop3wire.Auth{Mechanism: mechanism, Initial: engine.Secret(initial), HasInitial: true})
	case "MULTI": // MULTI command
		name, args, has := strings.Cut(arg, " ")
		if has {
			args = " " + args
		}
		p.ids[name], err = p.c.SendListing(&pop3wire.UnknownCommand{Name: name, Args: args})
	case "CLOSE":
		p.c.Close()
	default:
		cmd, perr := pop3wire.ParseCommand([]byte(unescape.Replace(text)))
		if perr != nil {
			p.t.Fatalf("%s: %v", text, perr)
		}
		p.ids[verb], err = p.c.Send(cmd)
	}
	if err != nil {
		p.logf("E: %s: %v", verb, err)
	}
	p.work()
}

// lines returns the lines of the log that start with a prefix.
func (p *player) lines(prefix string) (list []string) {
	for _, line := range p.log {
		if strings.HasPrefix(line, prefix) {
			list = append(list, line)
		}
	}
	return list
}

// loggedIn returns a player behind a login to a server with these capabilities,
// whose next command has ID 4.
func loggedIn(t fataler, opt pop3client.Options, capabilities ...string) *player {
	opt.Security = engine.Security{Encrypted: true}
	p := newPlayer(t, opt)
	p.feed("+OK ready\r\n")
	p.act("USER u")
	p.feed("+OK\r\n")
	p.act("PASS p")
	p.feed("+OK\r\n")
	p.act("CAPA")
	p.feed("+OK\r\n" + strings.Join(append(capabilities, ".\r\n"), "\r\n"))
	if p.c.State() != pop3client.StateTransaction {
		t.Fatalf("%s", strings.Join(p.log, "\n"))
	}
	p.log = nil
	return p
}
