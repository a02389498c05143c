package threats_test

import (
	"errors"
	"io"
	"reflect"
	"strings"
	"testing"

	"github.com/mailwire/mailwire/imapwire"
	"github.com/mailwire/mailwire/imapwire/engine"
	"github.com/mailwire/mailwire/imapwire/imapclient"
	"github.com/mailwire/mailwire/imapwire/imapserver"
)

// TestUpgradeClientIMAP: invariants 22 and 24, threats T3, T4, T15 and T16. What
// a client sends behind a command that changes who speaks stays with it until the
// server has answered, however the answer is cut and whatever it is; behind
// LOGOUT, and behind a failed handshake, nothing leaves any more.
func TestUpgradeClientIMAP(t *testing.T) {
	type barrier struct {
		name     string
		cmd      imapwire.Command
		first    string // what leaves at once
		answers  string // a bar is where the server waits for the application's part
		then     string // what leaves when it was answered
		state    imapclient.State
		act      func(c *imapClient, id engine.ID) // what the application does when the server goes on
		upgraded bool
		ends     bool
	}
	end := func(c *imapClient, id engine.ID) { c.c.EndIdle(id) }
	respond := func(c *imapClient, id engine.ID) { c.c.Respond(id, "\x00ada\x00tanstaafl") }
	cancel := func(c *imapClient, id engine.ID) { c.c.Cancel(id) }
	nothing := func(*imapClient, engine.ID) {}
	const noop, list = "NOOP\r\n", "LIST \"\" x\r\n"
	for _, b := range []barrier{
		{name: "STARTTLS, OK", cmd: &imapwire.StartTLS{}, first: "STARTTLS\r\n", answers: "? OK begin\r\n", then: noop + list, upgraded: true},
		{name: "STARTTLS, NO", cmd: &imapwire.StartTLS{}, first: "STARTTLS\r\n", answers: "? NO no\r\n", then: noop + list},
		{name: "STARTTLS, BAD", cmd: &imapwire.StartTLS{}, first: "STARTTLS\r\n", answers: "* OK x\r\n? BAD no\r\n", then: noop + list},
		{name: "AUTHENTICATE", cmd: &imapwire.Authenticate{Mechanism: "PLAIN"}, first: "AUTHENTICATE PLAIN\r\n", answers: "+ \r\n|? OK in\r\n", act: respond, then: "AGFkYQB0YW5zdGFhZmw=\r\n" + noop + list},
		{name: "AUTHENTICATE, cancelled", cmd: &imapwire.Authenticate{Mechanism: "PLAIN"}, first: "AUTHENTICATE PLAIN\r\n", answers: "+ \r\n|? BAD so\r\n", act: cancel, then: "*\r\n" + noop + list},
		{name: "AUTHENTICATE, NO", cmd: &imapwire.Authenticate{Mechanism: "PLAIN"}, first: "AUTHENTICATE PLAIN\r\n", answers: "? NO no\r\n", then: noop + list},
		{name: "AUTHENTICATE with a response", cmd: &imapwire.Authenticate{Mechanism: "PLAIN", Initial: "\x00ada\x00tanstaafl", HasInitial: true}, first: "AUTHENTICATE PLAIN\r\n", answers: "+ \r\n|? OK in\r\n", act: nothing, then: "AGFkYQB0YW5zdGFhZmw=\r\n" + noop + list},
		{name: "IDLE", cmd: &imapwire.Idle{}, first: "IDLE\r\n", answers: "+ idling\r\n* 1 EXISTS\r\n|? OK done\r\n", act: end, then: "DONE\r\n" + noop + list, state: imapclient.StateSelected},
		{name: "IDLE, NO", cmd: &imapwire.Idle{}, first: "IDLE\r\n", answers: "? NO no\r\n", then: noop + list, state: imapclient.StateSelected},
		{name: "LOGOUT", cmd: &imapwire.Logout{}, first: "LOGOUT\r\n", answers: "* BYE bye\r\n? OK out\r\n", ends: true},
		{name: "LOGOUT, and the end of input", cmd: &imapwire.Logout{}, first: "LOGOUT\r\n", answers: "* BYE bye\r\n", ends: true},
	} {
		if b.state == 0 {
			b.state = imapclient.StateNotAuthenticated
		}
		for _, cut := range imapCuts(len(b.answers) + 1) {
			c := imapClientIn(t, imapclient.Options{}, b.state)
			id, err := c.send(b.cmd)
			if err != nil {
				t.Fatal(err)
			}
			c.send(&imapwire.Noop{})
			c.send(&imapwire.List{Patterns: []string{"x"}})
			tag, line, _ := strings.Cut(c.out.String(), " ")
			if line != b.first {
				t.Fatalf("%s: %q leaves before the answer", b.name, c.out.String())
			}
			c.out.Reset()
			first, then, waits := strings.Cut(strings.ReplaceAll(b.answers, "?", tag), "|")
			for _, p := range cut.pieces(first) {
				c.feed(p)
				if done := c.seen("done"); !done && strings.Contains(c.out.String(), "NOOP") {
					t.Fatalf("%s, %v: %q leaves before the answer", b.name, cut, c.out.String())
				}
			}
			if waits {
				if got := c.out.String(); got != "" && (c.seen("challenge") || c.seen("idling")) {
					t.Fatalf("%s, %v: %q leaves", b.name, cut, got)
				}
				b.act(c, id)
				c.work()
				for _, p := range cut.pieces(then) {
					if strings.Contains(c.out.String(), "NOOP") {
						t.Fatalf("%s, %v: %q leaves before the answer", b.name, cut, c.out.String())
					}
					c.feed(p)
				}
			}
			if b.ends && c.c.Want() != engine.WantNothing {
				c.c.FeedEOF(c.now)
				c.work()
			}
			if b.upgraded {
				if c.c.Want() != engine.WantUpgrade || c.out.Len() > 0 {
					t.Fatalf("%s, %v: %s", b.name, cut, c.all())
				}
				if cut == nil {
					failed := imapClientIn(t, imapclient.Options{}, b.state)
					failed.send(b.cmd)
					failed.send(&imapwire.Noop{})
					failed.feed("A1 OK begin\r\n")
					failed.out.Reset()
					failed.c.UpgradeFailed(io.ErrUnexpectedEOF)
					failed.work()
					failed.c.Upgraded(failed.now, engine.LayerTLS, engine.Security{Encrypted: true})
					_, err := failed.send(&imapwire.Noop{})
					if failed.out.Len() > 0 || failed.c.Want() != engine.WantNothing || !errors.Is(err, engine.ErrClosed) || !errors.Is(failed.errs[0], io.ErrUnexpectedEOF) || failed.c.Security().Encrypted {
						t.Fatalf("behind a failed handshake: %v\n%s", err, failed.all())
					}
				}
				c.c.Upgraded(c.now, engine.LayerTLS, engine.Security{Encrypted: true})
				c.work()
			}
			// Without their tags.
			var got strings.Builder
			for line := range strings.Lines(c.out.String()) {
				if word, rest, ok := strings.Cut(line, " "); ok && word[0] == 'A' && len(word) < 4 {
					line = rest
				}
				got.WriteString(line)
			}
			if got.String() != b.then || b.ends != (c.c.Want() == engine.WantNothing) {
				t.Fatalf("%s, %v: then %q leaves, want %q\n%s", b.name, cut, got.String(), b.then, c.all())
			}
		}
	}
}

// seen reports whether the application heard of something.
func (c *imapClient) seen(what string) bool {
	for _, l := range c.log {
		if strings.HasPrefix(l, what) {
			return true
		}
	}
	return false
}

// TestUpgradeServerIMAP: invariant 22, threats T1, T3, T15 and T16. However input
// is cut, what a server has read is the same in all that can be seen of it, up to
// the line that changes who speaks.
func TestUpgradeServerIMAP(t *testing.T) {
	for _, tt := range []struct {
		name, in, out string
		state         imapserver.State
	}{
		{"STARTTLS", "a NOOP\r\nb STARTTLS\r\n", "a OK done\r\nb OK begin TLS\r\n", imapserver.StateNotAuthenticated},
		{"STARTTLS behind a literal", "a XYZ {3+}\r\nabc\r\nb STARTTLS\r\n", "a OK done\r\nb OK begin TLS\r\n", imapserver.StateNotAuthenticated},
		{"LOGOUT", "a NOOP\r\nb LOGOUT\r\n", "a OK done\r\n* BYE logging out\r\nb OK LOGOUT completed\r\n", imapserver.StateSelected},
	} {
		for _, behind := range []string{"c NOOP\r\n", "c LOGIN u p\r\nd APPEND x {3+}\r\nabc\r\n", "\r\n\r\n", "c XYZ {100000+}\r\n", "c"} {
			in := tt.in + behind
			for _, cut := range imapCuts(len(in)) {
				s := imapServerIn(t, imapLocal(), tt.state)
				read := s.c.Stats().BytesIn
				s.feed(cut.pieces(in)...)
				if st := s.c.Stats(); s.out.String() != tt.out || st.BytesIn-read != int64(len(tt.in)) {
					t.Fatalf("%s, then %q, %v: %d of %d octets were read\n%s", tt.name, behind, cut, st.BytesIn-read, len(tt.in), s.all())
				}
			}
		}
	}
	// What would change the layer under a session that has one already.
	for _, sec := range []engine.Security{{Encrypted: true}, {Loopback: true}} {
		in := "a LOGIN u p\r\nb STARTTLS\r\nc COMPRESS DEFLATE\r\nd COMPRESS DEFLATE\r\n"
		for _, cut := range imapCuts(len(in)) {
			opt := imapLocal()
			opt.Security = sec
			s := newIMAPServer(t, opt)
			s.on = func(ev imapserver.Event) bool {
				cmd, is := ev.(*imapserver.Command)
				if is && cmd.Cmd.Verb() == "COMPRESS" {
					s.must(s.c.Done(cmd.ID, imapwire.StatusCondition{Condition: imapwire.BAD, Text: "unknown"}))
				}
				return is && cmd.Cmd.Verb() == "COMPRESS"
			}
			s.feed(cut.pieces(in)...)
			if out := s.out.String(); !strings.Contains(out, "\r\nb BAD ") || !strings.Contains(out, "\r\nc BAD ") || s.c.Want() != engine.WantInput || s.c.Security().Encrypted != sec.Encrypted {
				t.Fatalf("%+v, %v: %s", sec, cut, s.all())
			}
		}
	}
}

// TestNoReuseIMAP: threat T17. An engine serves one conversation: it can not be
// begun anew, and what it takes for the security of its transport changes by an
// upgrade alone.
func TestNoReuseIMAP(t *testing.T) {
	for _, c := range []reflect.Type{reflect.TypeFor[*imapclient.Conn](), reflect.TypeFor[*imapserver.Conn]()} {
		for i := range c.NumMethod() {
			m := c.Method(i)
			if strings.Contains(m.Name, "Reset") || strings.Contains(m.Name, "Reuse") {
				t.Errorf("%v has %s", c, m.Name)
			}
			for j := 1; j < m.Type.NumIn(); j++ {
				if m.Type.In(j) == reflect.TypeFor[engine.Security]() && m.Name != "Upgraded" {
					t.Errorf("%v: %s takes a Security", c, m.Name)
				}
			}
		}
	}
	s, c := newIMAPServer(t, imapLocal()), newIMAPClient(t, imapclient.Options{})
	s.c.Upgraded(s.now, engine.LayerTLS, engine.Security{Encrypted: true})
	c.c.Upgraded(c.now, engine.LayerTLS, engine.Security{Encrypted: true})
	if s.c.Security().Encrypted || c.c.Security().Encrypted {
		t.Error("encrypted without an upgrade")
	}
	s.feed("a LOGOUT\r\n")
	s.c.Upgraded(s.now, engine.LayerTLS, engine.Security{Encrypted: true})
	if s.c.Feed(s.now, []byte("b NOOP\r\n")); s.c.Next() != nil || s.c.Security().Encrypted {
		t.Error("a conversation goes on behind its end")
	}
}
