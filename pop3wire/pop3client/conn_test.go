package pop3client_test

import (
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/mailwire/mailwire/imapwire/drive"
	"github.com/mailwire/mailwire/imapwire/engine"
	"github.com/mailwire/mailwire/pop3wire"
	"github.com/mailwire/mailwire/pop3wire/pop3client"
)

// A Conn is what package drive drives.
var _ drive.ClientEngine = (*pop3client.Conn)(nil)

// TestCaller: a mistake of the caller is an error, and nothing changes.
func TestCaller(t *testing.T) {
	if _, err := pop3client.New(start, pop3client.Options{Limits: pop3wire.Limits{Line: -1}}); err == nil {
		t.Error("negative limits")
	}
	p := newPlayer(t, loopback)
	if err := p.c.Feed(start, nil); err != nil {
		t.Error(err)
	}
	p.feed("+OK\r\n")
	for _, cmd := range []pop3wire.Command{
		nil, &pop3wire.Retr{}, &pop3wire.User{Name: "a\r\nDELE 1"}, &pop3wire.User{}, &pop3wire.Pass{Password: "a\nb"}, &pop3wire.Apop{Name: "a"},
		&pop3wire.User{Name: strings.Repeat("x", 300)}, &pop3wire.Auth{HasInitial: true}, &pop3wire.Auth{Mechanism: "a b"}, &pop3wire.Auth{Mechanism: "A\r\nB", HasInitial: true},
		&pop3wire.Auth{Mechanism: "X", Initial: "y"}, &pop3wire.UnknownCommand{Name: "QUIT"},
	} {
		if id, err := p.c.Send(cmd); err == nil || id != 0 {
			t.Errorf("%#v: %d, %v", cmd, id, err)
		}
	}
	if _, err := p.c.SendListing(nil); err == nil {
		t.Error("no command")
	}
	if !p.c.Output().Empty() {
		t.Errorf("%q", p.c.Output().Bytes)
	}
	id, err := p.c.Send(&pop3wire.Noop{})
	if id != 1 || err != nil || p.c.Sent(id) || p.c.Full() {
		t.Errorf("%d, %v", id, err)
	}
	p.work()
	if !p.c.Sent(id) {
		t.Error("not sent")
	}
	if err := p.c.Respond(id, "x"); err != engine.ErrUnknownID {
		t.Error(err)
	}
	p.c.Feed(start, []byte("+OK\r\n"))
	if err := p.c.Feed(start, []byte("x")); err != engine.ErrBusy {
		t.Error(err)
	}
	p.work()
	p.c.Expire(start)
	if p.c.Want() != engine.WantInput || !p.c.Deadline().IsZero() {
		t.Errorf("wants %v until %v", p.c.Want(), p.c.Deadline())
	}
	p.c.Close()
	p.c.Close()
	p.work()
	if p.c.State() != pop3client.StateClosed || p.c.Feed(start, []byte("x")) != engine.ErrClosed || p.c.Respond(1, "") != engine.ErrClosed || !p.c.Sent(1) {
		t.Error("not closed")
	}
	if got := strings.Join(p.lines("E: closed"), "\n"); got != "E: closed: engine: connection closed" {
		t.Error(got)
	}
	p.c.FeedEOF(start)
	p.c.UpgradeFailed(nil)
	if ev := p.c.Next(); ev != nil {
		t.Errorf("%T behind Closed", ev)
	}
}

// TestTimers: a server that owes an answer has five minutes from its last octet,
// and octets that nobody takes as long.
func TestTimers(t *testing.T) {
	p := newPlayer(t, loopback)
	if d := p.c.Deadline(); d != start.Add(5*time.Minute) {
		t.Errorf("for the greeting: %v", d)
	}
	p.feed("+OK\r\n")
	p.act("AUTH X")
	if d := p.c.Deadline(); d != start.Add(5*time.Minute) {
		t.Errorf("for an answer: %v", d)
	}
	p.feed("+ \r\n")
	if d := p.c.Deadline(); !d.IsZero() {
		t.Errorf("while the application owes one: %v", d)
	}
	p.act("RESPOND x")
	p.c.Feed(start.Add(time.Minute), []byte("+"))
	if d := p.c.Deadline(); d != start.Add(6*time.Minute) {
		t.Errorf("behind an octet: %v", d)
	}
	p.c.Next()
	p.c.Expire(start.Add(6 * time.Minute))
	p.work()
	if log := strings.Join(p.log, "\n"); !strings.HasSuffix(log, "E: done 1: engine: time-out\nE: closed: engine: time-out") {
		t.Error(log)
	}

	p = newPlayer(t, pop3client.Options{Limits: pop3wire.Limits{AnswerTime: time.Hour, OutputTime: time.Minute}})
	p.feed("+OK\r\n")
	p.c.Send(&pop3wire.Capa{})
	if d := p.c.Deadline(); d != start.Add(time.Minute) {
		t.Errorf("for output: %v", d)
	}
	p.c.Advance(start.Add(time.Second), 1)
	if d := p.c.Deadline(); d != start.Add(time.Minute+time.Second) {
		t.Errorf("behind some output: %v", d)
	}
	p.c.Expire(start.Add(2 * time.Minute))
	if !p.c.Output().Empty() || p.c.Want() != engine.WantNothing {
		t.Error("output is left")
	}
}

// TestResult: what a Done says as an error.
func TestResult(t *testing.T) {
	no := &pop3client.Done{Status: pop3wire.Status{Code: "SYS/TEMP/X", Text: "later"}}
	var status *pop3client.StatusError
	if !errors.As(no.Result(), &status) || !status.Status.Code.Is("SYS") || !status.Status.Code.Is(pop3wire.CodeSysTemp) || status.Status.Code.Is(pop3wire.CodeAuth) {
		t.Errorf("%v", no.Result())
	}
	if got := no.Result().Error(); got != `pop3client: the server says no: [SYS/TEMP/X] "later"` {
		t.Error(got)
	}
	if err := (&pop3client.Done{Err: io.EOF}).Result(); err != io.EOF {
		t.Error(err)
	}
	if err := (&pop3client.Done{Status: pop3wire.Status{OK: true}}).Result(); err != nil {
		t.Error(err)
	}
}

// TestDisplay: threat T12. What a text may not do to who reads it.
func TestDisplay(t *testing.T) {
	for _, tt := range []struct{ text, want string }{
		{"plain, and é", "plain, and é"},
		{"\x1b[31;1;4mPOP3", "\ufffd[31;1;4mPOP3"},
		{"a\u202eb\u2066c\u200fd", "a\ufffdb\ufffdc\ufffdd"},
		{"a\u009bb\x7f\tc", "a\ufffdb\ufffd\ufffdc"},
		{"a\xffb", "a\ufffdb"},
		{"a\u2028b", "a\ufffdb"},
	} {
		if got := pop3client.Display(tt.text); got != tt.want {
			t.Errorf("%q: %q", tt.text, got)
		}
	}
}

// TestEightBit: names and passwords beyond ASCII go where the caller insists.
func TestEightBit(t *testing.T) {
	opt := loopback
	opt.EightBit = true
	p := newPlayer(t, opt)
	p.feed("+OK\r\n")
	p.act(`USER \x80`)
	if got := strings.Join(p.lines("C: "), "\n"); got != "C: USER \x80" {
		t.Errorf("%q", got)
	}
}

// TestIgnore: a capability that the application does not want is not used.
func TestIgnore(t *testing.T) {
	p := loggedIn(t, pop3client.Options{Ignore: []string{"PIPELINING"}}, "PIPELINING", "TOP")
	p.act("NOOP")
	p.act("NOOP")
	if len(p.lines("C: ")) != 1 || p.c.Has("PIPELINING") || !p.c.Has("TOP") {
		t.Errorf("%s", strings.Join(p.log, "\n"))
	}
}

// TestToldOnce: an answer of which only the word can be read is one Malformed,
// whatever its text should have been.
func TestToldOnce(t *testing.T) {
	for _, send := range []string{"STAT", "LIST 1", "UIDL 1", "LANG en"} {
		for _, said := range []string{"+OK " + strings.Repeat("1", 600) + "\r\n", "+OK 1 2\x00\r\n"} {
			p := loggedIn(t, loopback)
			p.act(send)
			p.feed(said)
			if len(p.lines("E: malformed 4")) != 1 || len(p.lines(`E: done 4 +OK ""`)) != 1 || p.c.Stats().Bad != 1 {
				t.Errorf("%s, %.20q:\n%s", send, said, strings.Join(p.log, "\n"))
			}
		}
	}
}
