package threats

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/mailwire/mailwire/imapwire/engine"
	"github.com/mailwire/mailwire/pop3wire"
	"github.com/mailwire/mailwire/pop3wire/pop3client"
	"github.com/mailwire/mailwire/pop3wire/pop3server"
)

// TestUpgradePOP3Spelled: threat T2, invariant 16. However STLS is spelled, it is an
// upgrade with everything behind it left to the caller, or it is none, and what is
// behind it is read as commands. There is one reader of lines, so that nobody takes
// for STLS what another does not.
func TestUpgradePOP3Spelled(t *testing.T) {
	const behind = "USER eve\r\nPASS p\r\n"
	upgrades := 0
	for _, stls := range []string{
		"STLS\r\n", "stls\r\n", "StLs\r\n", "STLS \r\n", " STLS\r\n", "STLS x\r\n", "STLS\n", "STLS\r\r\n", "\r\nSTLS\r\n", "STLS\x00\r\n", "STLS\t\r\n",
		"\"STLS\"\r\n", "{4+}\r\nSTLS\r\n", "STARTTLS\r\n", "A STARTTLS\r\n", "XTND STLS\r\n", "\xEF\xBB\xBFSTLS\r\n", "STL\r\nS\r\n", "ſTLS\r\n",
	} {
		for cut, pieces := range popCuts(stls + behind) {
			s := newPopServer(t, openPop())
			left := s.feed(pieces...)
			log, out := strings.Join(s.log, "\n"), s.take()
			if strings.Contains(log, "upgrade") {
				upgrades++
				if s.rest+left != behind || strings.Contains(log, "login") || !strings.HasSuffix(out, "+OK begin TLS\r\n") {
					t.Fatalf("%q, %s: %q and %q are left, heard %s", stls, cut, s.rest, left, log)
				}
			} else if left != "" || !strings.Contains(log, `login "eve"`) || strings.Contains(out, "begin TLS") {
				t.Fatalf("%q, %s: %q is left, heard %s, said %q", stls, cut, left, log, out)
			}
		}
	}
	if upgrades == 0 {
		t.Error("nothing was an upgrade")
	}
}

// TestUpgradePOP3Refused: threats T13, T14 and T15, Q8. STLS is refused behind a
// login, inside TLS and behind UTF8, and an exchange that is open takes it for its
// answer. Nobody changes the layer then.
func TestUpgradePOP3Refused(t *testing.T) {
	for _, tt := range []struct {
		name, before, after string
		sec                 engine.Security
		want                string // what is said to STLS, and to after
	}{
		{"behind a login", "USER u\r\nPASS p\r\n", "NOOP\r\n", atHome, "-ERR STLS is not allowed in TRANSACTION\r\n+OK\r\n"},
		{"inside TLS", "", "CAPA x\r\n", insideTLS, "-ERR STLS is not possible here\r\n-ERR"},
		{"behind UTF8", "UTF8\r\n", "CAPA x\r\n", atHome, "-ERR STLS is not possible here\r\n-ERR"},
		// "STLS" is base64.
		{"in an exchange", "AUTH X-TWO\r\n", "NOOP\r\n", atHome, "+OK\r\n+OK\r\n"},
	} {
		opt := openPop()
		opt.Security = tt.sec
		lead := newPopServer(t, opt)
		lead.feed(tt.before)
		said := lead.take()
		for cut, pieces := range popCuts(tt.before + "STLS\r\n" + tt.after) {
			s := newPopServer(t, opt)
			left := s.feed(pieces...)
			if got := s.take(); left != "" || !strings.HasPrefix(got, said+tt.want) || strings.Contains(strings.Join(s.log, "\n"), "upgrade") {
				t.Errorf("%s, %s: %q", tt.name, cut, got)
			}
			s.c.Upgraded(s.now, engine.LayerTLS, insideTLS)
			if s.c.Security().Encrypted != tt.sec.Encrypted {
				t.Errorf("%s, %s: somebody says TLS, and is believed", tt.name, cut)
			}
		}
	}
}

// TestUpgradePOP3Fresh: threats T9, T13 and Q8, invariants 16 and 38. Whatever was
// said before STLS, behind TLS a server is as one to which somebody connects over
// TLS: for every command the same answer, the same events and the same state.
func TestUpgradePOP3Fresh(t *testing.T) {
	const bad = "LIST x\r\nLIST x\r\n"
	script := []string{
		"PASS p", "CAPA", "LANG", "APOP u " + string(pop3wire.APOPDigest("<1.2@host>", "secret")), "STLS", "XTND é", "AUTH", "STAT",
		"AUTH X-TWO", "AHUAcA==", "NOOP", "CAPA", "QUIT",
	}
	opt := openPop()
	opt.Security = insideTLS
	opt.Timestamp = "" // That of the greeting came in the clear.
	fresh := newPopServer(t, opt)
	var want []string
	for _, command := range script {
		want = append(want, fresh.do(command))
	}
	for _, before := range []string{"", "USER u\r\n", "UTF7\r\nUSER attacker\r\n", "LANG en\r\n", "AUTH X-TWO\r\n*\r\n", bad, "PASS p\r\nCAPA\r\n", "APOP attacker " + strings.Repeat("0", 32) + "\r\n", "NOOP\r\n"} {
		for cut, pieces := range popCuts(before + "STLS\r\n") {
			opt := openPop()
			opt.Limits.BadPreAuth = 3
			s := newPopServer(t, opt)
			s.feed(pieces...)
			s.take()
			s.log = nil
			s.c.Upgraded(s.now, engine.LayerTLS, insideTLS)
			for i, command := range script {
				if got := s.do(command); got != want[i] {
					t.Fatalf("behind %q, %s: %s is answered %q, want %q", before, cut, command, got, want[i])
				}
			}
			if a, b := fmt.Sprint(s.log), fmt.Sprint(fresh.log); a != b || s.c.State() != fresh.c.State() {
				t.Fatalf("behind %q, %s: heard %s, want %s", before, cut, a, b)
			}
		}
	}
}

// TestUpgradePOP3Failed: threat T16. Behind a handshake that failed there is nothing
// but the end, on both sides.
func TestUpgradePOP3Failed(t *testing.T) {
	s := newPopServer(t, openPop())
	s.do("STLS")
	s.c.UpgradeFailed(errors.New("no TLS"))
	s.work()
	if err := s.c.Feed(s.now, []byte("CAPA\r\n")); err != engine.ErrClosed || s.take() != "" || s.log[len(s.log)-1] != "closed: no TLS" {
		t.Errorf("server: %v, %v", err, s.log)
	}
	p := newPopClient(t, anyPop())
	p.feed("+OK\r\n")
	p.send(&pop3wire.Stls{})
	p.send(&pop3wire.User{Name: "ada"})
	p.feed("+OK\r\n")
	p.c.UpgradeFailed(errors.New("no TLS"))
	if end, over := p.ended(); over {
		t.Errorf("client: %v before it was asked", end)
	}
	p.work()
	if end, over := p.ended(); !over || end == nil || end.Error() != "no TLS" || p.take() != "STLS\r\n" {
		t.Errorf("client: %v, %v", end, p.log)
	}
}

// TestBarriersPOP3Server: threats T3 and Q11, invariant 22. Behind AUTH, STLS and
// QUIT nothing is read before they are resolved, and behind QUIT nothing at all,
// however input is cut. The application takes its time.
func TestBarriersPOP3Server(t *testing.T) {
	const behind = "DELE 1\r\nUSER eve\r\nPASS p\r\nCAPA\r\n"
	for _, tt := range []struct {
		barrier string
		in      bool
	}{{"AUTH X-TWO\r\n", false}, {"AUTH PLAIN AHUAcA==\r\n", false}, {"STLS\r\n", false}, {"QUIT\r\n", true}, {"QUIT\r\n", false}} {
		for cut, pieces := range popCuts("NOOP\r\n" + tt.barrier + behind) {
			s := newPopServer(t, openPop())
			if tt.in {
				s.login()
			}
			start := s.c.Stats().BytesIn
			var held pop3server.Event
			s.on = func(ev pop3server.Event) bool {
				if cmd, is := ev.(*pop3server.Command); is && cmd.Cmd.Verb() == "NOOP" {
					return false
				}
				if held != nil {
					if _, is := ev.(*pop3server.Closed); !is {
						t.Fatalf("%q, %s: %T behind %T", tt.barrier, cut, ev, held)
					}
				}
				held = ev
				return true
			}
			left := s.feed(pieces...)
			if read := s.c.Stats().BytesIn - start; read != int64(len("NOOP\r\n"+tt.barrier)) {
				t.Fatalf("%q, %s: %d octets were read", tt.barrier, cut, read)
			}
			switch ev := held.(type) {
			case *pop3server.Auth:
				// What is behind it is the client's part of the exchange, whatever it
				// looks like, and ends it.
				s.on = nil
				s.must(s.c.Challenge(ev.ID, nil))
				s.feed(left)
				if log := strings.Join(s.log, "\n"); !strings.Contains(log, `response "" true`) || strings.Contains(log, "DELE") {
					t.Fatalf("%q, %s: heard %s", tt.barrier, cut, log)
				}
			case *pop3server.Command: // QUIT
				s.must(s.c.Done(ev.ID, yes("bye")))
				if s.work(); s.c.Want() != engine.WantNothing || s.c.Stats().BytesIn-start != int64(len("NOOP\r\n"+tt.barrier)) {
					t.Fatalf("%s: something is read behind QUIT", cut)
				}
			}
		}
	}
}

// TestBarriersPOP3Client: threats T3 and Q11, invariants 22 and 28. To a server that
// takes commands ahead, nothing goes behind STLS, AUTH and QUIT before they are
// answered, and they wait for the answers to all before them, however those are cut.
func TestBarriersPOP3Client(t *testing.T) {
	for _, tt := range []struct {
		barrier pop3wire.Command
		line    string
		answers []string // the last one resolves it
		behind  string   // what leaves then
	}{
		{&pop3wire.Stls{}, "STLS\r\n", []string{"+OK begin\r\n"}, ""},
		{&pop3wire.Stls{}, "STLS\r\n", []string{"-ERR no\r\n"}, "CAPA\r\nCAPA\r\n"},
		{&pop3wire.Auth{Mechanism: "X"}, "AUTH X\r\n", []string{"+ \r\n", "-ERR no\r\n"}, "CAPA\r\nCAPA\r\n"},
		{&pop3wire.Auth{Mechanism: "X"}, "AUTH X\r\n", []string{"+ \r\n", "+ AAAA\r\n", "+OK\r\n"}, "CAPA\r\n"},
		{&pop3wire.Quit{}, "QUIT\r\n", []string{"+OK bye\r\n"}, ""},
		{&pop3wire.Quit{}, "QUIT\r\n", []string{"-ERR some messages were not removed\r\n"}, ""},
	} {
		const first = "-ERR\r\n-ERR\r\n"
		script := strings.Join(tt.answers, "")
		for cut, pieces := range popCuts(first + script) {
			p := newPopClient(t, anyPop())
			p.feed("+OK\r\n")
			p.send(&pop3wire.Capa{})
			p.feed("+OK\r\nPIPELINING\r\nUSER\r\n.\r\n")
			p.take()
			p.log, p.kept = nil, nil
			for range 2 {
				p.c.Send(&pop3wire.Capa{})
			}
			id, err := p.c.Send(tt.barrier)
			if err != nil {
				t.Fatal(err)
			}
			for range 2 {
				p.c.Send(&pop3wire.Capa{})
			}
			p.on = func(ev pop3client.Event) {
				if c, is := ev.(*pop3client.Challenge); is {
					if err := p.c.Respond(c.ID, "x"); err != nil {
						t.Fatal(err)
					}
				}
			}
			if got := p.take(); got != "CAPA\r\nCAPA\r\n" {
				t.Fatalf("%T, %s: %q went before", tt.barrier, cut, got)
			}
			sent, fed := "", 0
			for _, piece := range pieces {
				// A server does not answer what it has not got.
				for line := range strings.SplitAfterSeq(piece, "\n") {
					p.feed(line)
					fed += len(line)
					sent += p.take()
					if resolved := fed == len(first+script); !resolved && strings.Contains(sent, "CAPA") {
						t.Fatalf("%T, %s: %q behind %d octets", tt.barrier, cut, sent, fed)
					}
				}
			}
			lines := tt.line + strings.Repeat("eA==\r\n", len(tt.answers)-1)
			if sent != lines+tt.behind {
				t.Fatalf("%T, %s, command %d: sent %q, want %q", tt.barrier, cut, id, sent, lines+tt.behind)
			}
		}
	}
}
