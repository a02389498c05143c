package imapclient_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/mailwire/mailwire/imapwire"
	"github.com/mailwire/mailwire/imapwire/engine"
	"github.com/mailwire/mailwire/imapwire/imapclient"
)

// always lets passwords travel.
var always = imapclient.Options{PlaintextAuth: engine.PlaintextAlways}

// broken fails unless the conversation is over because of what the server did, and
// nothing that it said counts.
func broken(t *testing.T, p *player, what string) {
	t.Helper()
	log := strings.Join(p.log, "\n")
	if !strings.HasSuffix(log, "E: closed: imapclient: "+what) || p.c.Want() != engine.WantNothing {
		t.Errorf("not closed for %q:\n%s", what, log)
	}
	for _, line := range p.log {
		if strings.HasPrefix(line, "E: upgrade") || strings.HasPrefix(line, "E: done") && !strings.HasSuffix(line, what) {
			t.Errorf("%s", log)
		}
	}
}

// TestAnswerBeforeCommand: invariant 25, threat T5. An answer counts only for a
// command that has left wholly, whatever it is and wherever it was cut.
func TestAnswerBeforeCommand(t *testing.T) {
	const unsent, unwhole = "an answer to a command that was not sent", "an answer to a command that was not wholly sent"
	for _, cmd := range []func() imapwire.Command{
		func() imapwire.Command { return &imapwire.Noop{} },
		func() imapwire.Command { return &imapwire.StartTLS{} },
		func() imapwire.Command { return &imapwire.Login{User: "ada", Password: "\xff"} },
		func() imapwire.Command { return &imapwire.Authenticate{Mechanism: "LOGIN"} },
		func() imapwire.Command {
			return &imapwire.Append{Mailbox: "INBOX", Messages: []imapwire.AppendMessage{{Size: 5, Content: strings.NewReader("hello")}}}
		},
	} {
		for _, caps := range []string{"IMAP4rev1", "IMAP4rev1 LITERAL+"} {
			// What leaves before the server is asked for anything.
			p := newPlayer(t, always)
			p.feed("* OK [CAPABILITY " + caps + "] ready\r\n")
			p.c.Send(cmd())
			var out strings.Builder
			p.c.Flush(start, &out)
			whole := !strings.HasSuffix(out.String(), "}\r\n") || strings.HasSuffix(out.String(), "+}\r\n")
			for n := range out.Len() + 1 {
				p := newPlayer(t, always)
				p.feed("* OK [CAPABILITY " + caps + "] ready\r\n")
				p.c.Send(cmd())
				for left := int64(n); left > 0; {
					seg := p.c.Output()
					part := min(left, int64(len(seg.Bytes))+seg.N)
					p.c.Advance(start, part)
					left -= part
				}
				p.c.Feed(start, []byte("A1 OK early\r\n"))
				for ev := p.c.Next(); ev != nil; ev = p.c.Next() {
					p.event(ev)
				}
				if n == out.Len() && whole {
					if got := p.log[1]; got != "E: done 1 OK early" {
						t.Errorf("%q is whole: %s", out.String(), got)
					}
					continue
				}
				broken(t, p, unwhole)
				if t.Failed() {
					t.Fatalf("%d octets of %q", n, out.String())
				}
			}
		}
	}
	for _, tt := range []struct{ said, what string }{
		{"A1 OK done\r\nA1 OK again\r\n", unsent},
		{"A9 OK done\r\n", unsent},
		{"a1 OK done\r\n", unsent},
		{"B1 NO done\r\n", unsent},
		{"A3 OK done\r\n", unsent}, // it is held back
		{"A3 wrong\r\nA4 OK done\r\n", unsent},
	} {
		for _, cut := range []int{0, 1, 7} {
			p := newPlayer(t, always)
			p.cut = cut
			p.feed("* PREAUTH ready\r\n")
			p.act("SELECT INBOX")
			p.act("SELECT INBOX")
			p.act("FETCH 1 FLAGS")
			p.feed(tt.said)
			log := strings.Join(p.log, "\n")
			if !strings.HasSuffix(log, "E: closed: imapclient: "+tt.what) || strings.Contains(log, "again") {
				t.Errorf("%q in pieces of %d:\n%s", tt.said, cut, log)
			}
			if _, err := p.c.Send(&imapwire.Noop{}); !errors.Is(err, engine.ErrClosed) {
				t.Errorf("%q: %v", tt.said, err)
			}
		}
	}
}

// TestUnexpectedContinuation: invariant 28. A "+" that nothing awaits ends the
// conversation: whatever would be sent for it belongs to something else.
func TestUnexpectedContinuation(t *testing.T) {
	const unawaited = "a continuation request that nothing awaits"
	for _, tt := range []struct {
		name string
		to   func(p *player)
	}{
		{"nothing", func(*player) {}},
		{"a command without literals", func(p *player) { p.act("NOOP") }},
		{"a literal that has left", func(p *player) { p.act("LOGIN a {1}\\r\\n\xff"); p.feed("+ \r\n"); p.work() }},
		{"a pushed literal that is awaited", func(p *player) { p.act("OPEN INBOX 5"); p.feed("+ \r\n") }},
		{"an IDLE that was begun", func(p *player) { p.act("IDLE"); p.feed("+ \r\n") }},
		{"an IDLE that was ended", func(p *player) { p.act("IDLE"); p.feed("+ \r\n"); p.act("END") }},
		{"a challenge without its answer", func(p *player) { p.act("AUTHENTICATE LOGIN"); p.feed("+ \r\n") }},
		{"a command that waits for another", func(p *player) { p.act("SELECT INBOX"); p.act("FETCH 1 FLAGS") }},
		{"an IDLE that has not left", func(p *player) { p.c.Send(&imapwire.Idle{}); p.c.Advance(start, 7) }},
		{"an AUTHENTICATE that has not left", func(p *player) { p.c.Send(&imapwire.Authenticate{Mechanism: "LOGIN"}) }},
	} {
		p := newPlayer(t, always)
		p.feed("* OK [CAPABILITY IMAP4rev1] ready\r\n")
		tt.to(p)
		if len(p.log) > 0 && strings.Contains(p.log[len(p.log)-1], "E: closed") {
			t.Fatalf("%s: %s", tt.name, strings.Join(p.log, "\n"))
		}
		p.c.Feed(start, []byte("+ and on\r\n"))
		for ev := p.c.Next(); ev != nil; ev = p.c.Next() {
			p.event(ev)
		}
		if last := p.log[len(p.log)-1]; last != "E: closed: imapclient: "+unawaited {
			t.Errorf("%s:\n%s", tt.name, strings.Join(p.log, "\n"))
		}
	}
}

// TestForgottenCapabilities: invariant 27, threat T9. What was announced before
// TLS, or before a login that announced nothing itself, decides nothing any more,
// and nor does it while that is under way.
func TestForgottenCapabilities(t *testing.T) {
	const sync, nonSync = "APPEND INBOX {3}", "APPEND INBOX {3+}"
	for _, tt := range []struct {
		name string
		to   func(p *player)
		want string
	}{
		{"nothing announced", func(p *player) { p.feed("* PREAUTH ready\r\n") }, sync},
		{"announced", func(p *player) { p.feed("* PREAUTH [CAPABILITY IMAP4rev1 LITERAL+] ready\r\n") }, nonSync},
		{"announced in untagged data", func(p *player) { p.feed("* PREAUTH ready\r\n* CAPABILITY IMAP4rev1 LITERAL-\r\n") }, nonSync},
		{"announced and taken back", func(p *player) { p.feed("* PREAUTH [CAPABILITY LITERAL+] ready\r\n* CAPABILITY IMAP4rev1\r\n") }, sync},
		{"before a login", func(p *player) {
			p.feed("* OK [CAPABILITY IMAP4rev1 LITERAL+] ready\r\n")
			p.act("LOGIN a b")
			p.feed("A1 OK in\r\n")
		}, sync},
		{"before a login that failed", func(p *player) {
			p.feed("* OK [CAPABILITY IMAP4rev1 LITERAL+] ready\r\n")
			p.act("LOGIN a b")
			p.feed("A1 NO not in\r\n")
		}, nonSync},
		{"by the answer to a login", func(p *player) {
			p.feed("* OK [CAPABILITY IMAP4rev1] ready\r\n")
			p.act("LOGIN a b")
			p.feed("A1 OK [CAPABILITY IMAP4rev1 LITERAL+] in\r\n")
		}, nonSync},
		{"before AUTHENTICATE", func(p *player) {
			p.feed("* OK [CAPABILITY IMAP4rev1 LITERAL+] ready\r\n")
			p.act("AUTHENTICATE LOGIN")
			p.feed("A1 OK in\r\n")
		}, sync},
		{"in the clear", func(p *player) {
			p.feed("* OK [CAPABILITY IMAP4rev1 STARTTLS LITERAL+] ready\r\n")
			p.act("STARTTLS")
			p.feed("A1 OK begin\r\n")
			p.act("UPGRADED")
		}, sync},
		{"by the answer to STARTTLS", func(p *player) {
			p.feed("* OK ready\r\n")
			p.act("STARTTLS")
			p.feed("A1 OK [CAPABILITY IMAP4rev1 LITERAL+] begin\r\n")
			p.act("UPGRADED")
		}, sync},
		{"behind TLS", func(p *player) {
			p.feed("* OK ready\r\n")
			p.act("STARTTLS")
			p.feed("A1 OK begin\r\n")
			p.act("UPGRADED")
			p.feed("* CAPABILITY IMAP4rev2\r\n")
		}, nonSync},
	} {
		p := newPlayer(t, always)
		p.work()
		tt.to(p)
		p.act("OPEN INBOX 3")
		if got := p.log[len(p.log)-1]; !strings.HasSuffix(got, " "+tt.want) && !strings.HasSuffix(p.log[len(p.log)-2], " "+tt.want) {
			t.Errorf("%s: got %s, want %s", tt.name, strings.Join(p.log, "\n"), tt.want)
		}
	}

	// While it may change, the form that every server takes.
	for _, before := range []string{"LOGIN a b", "AUTHENTICATE LOGIN", "STARTTLS"} {
		p := newPlayer(t, always)
		p.feed("* OK [CAPABILITY IMAP4rev1 LITERAL+ SASL-IR] ready\r\n")
		p.act(before)
		p.act("OPEN INBOX 3")
		p.act("AUTHENTICATE PLAIN" + initial)
		p.feed("A1 OK [CAPABILITY IMAP4rev1 LITERAL+ SASL-IR] done\r\n")
		if before == "STARTTLS" {
			p.act("UPGRADED")
		}
		p.work()
		p.feed("A2 NO not now\r\n")
		p.work()
		log := strings.Join(p.log, "\n")
		if !strings.Contains(log, "C: A2 "+sync+"\n") || !strings.HasSuffix(log, "C: A3 AUTHENTICATE PLAIN") {
			t.Errorf("behind %s:\n%s", before, log)
		}
	}

	// What LITERAL- and IMAP4rev2 allow ends at 4096 octets (RFC 7888 §5).
	for _, tt := range []struct{ caps, size, want string }{
		{"LITERAL-", "4096", "{4096+}"}, {"LITERAL-", "4097", "{4097}"},
		{"IMAP4rev2", "4096", "{4096+}"}, {"IMAP4rev2", "4097", "{4097}"},
		{"LITERAL+", "4097", "{4097+}"}, {"IMAP4rev1", "1", "{1}"},
	} {
		p := newPlayer(t, always)
		p.feed("* PREAUTH [CAPABILITY " + tt.caps + "] ready\r\n")
		p.act("OPEN INBOX " + tt.size)
		if log := strings.Join(p.log, "\n"); !strings.Contains(log, "C: A1 APPEND INBOX "+tt.want) {
			t.Errorf("%s octets with %s:\n%s", tt.size, tt.caps, log)
		}
	}
}
