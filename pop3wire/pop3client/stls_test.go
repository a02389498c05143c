package pop3client_test

import (
	"encoding/base64"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/mailwire/mailwire/imapwire/engine"
	"github.com/mailwire/mailwire/pop3wire"
	"github.com/mailwire/mailwire/pop3wire/pop3client"
)

// TestSurplus: invariants 24 and 38, threat T4. What comes behind the answer to
// STLS ends the conversation, however it was cut, and is never taken for a
// response.
func TestSurplus(t *testing.T) {
	for _, surplus := range []string{"x", "\r", "\r\n", " ", "+OK injected\r\n", "-ERR\r\n", "+OK\r\nPLAIN\r\nLOGIN\r\n.\r\n", "\x16\x03\x01"} {
		in := "+OK begin\r\n" + surplus
		for first := 0; first <= len(in); first++ {
			for _, size := range []int{1, 2, 3, len(in)} {
				p := newPlayer(t, pop3client.Options{})
				p.feed("+OK ready\r\n")
				p.act("STLS")
				p.act("CAPA")
				for rest := in; rest != ""; {
					n := min(size, len(rest))
					if len(rest) == len(in) && first > 0 {
						n = first
					}
					p.c.Feed(start, []byte(rest[:n]))
					p.work()
					rest = rest[n:]
				}
				p.c.Upgraded(start, engine.LayerTLS, engine.Security{Encrypted: true})
				p.work()
				if last := p.log[len(p.log)-1]; !strings.Contains(last, "closed: "+pop3client.ErrSurplus.Error()) {
					t.Fatalf("%q in pieces of %d and %d: %s", surplus, first, size, last)
				}
				if list := strings.Join(append(p.lines("E: line"), p.lines("C: CAPA")...), "\n"); list != "" {
					t.Fatalf("%q in pieces of %d and %d: %s", surplus, first, size, list)
				}
				if p.c.Security().Encrypted {
					t.Fatalf("%q: taken for encrypted", surplus)
				}
			}
		}
	}
}

// TestAnswerBeforeCommand: invariant 25, threat T5. An answer that was there
// before its command had left belongs to none, also when it was read later.
func TestAnswerBeforeCommand(t *testing.T) {
	p := newPlayer(t, loopback)
	p.act("STLS")
	p.feed("+OK ready\r\n+OK begin TLS\r\n")
	if last := p.log[len(p.log)-1]; !strings.Contains(last, "not wholly sent") || len(p.lines("E: upgrade")) > 0 {
		t.Errorf("%s", strings.Join(p.log, "\n"))
	}

	// One octet of the command is not written.
	p = newPlayer(t, loopback)
	p.feed("+OK ready\r\n")
	p.c.Send(&pop3wire.Stls{})
	p.c.Advance(start, int64(len("STLS\r\n")-1))
	p.c.Feed(start, []byte("+OK begin\r\n"))
	var closed *pop3client.Closed
	for ev := p.c.Next(); ev != nil; ev = p.c.Next() {
		if _, is := ev.(*pop3client.Upgrade); is {
			t.Error("an upgrade")
		}
		closed, _ = ev.(*pop3client.Closed)
	}
	if closed == nil || !errors.Is(closed.Err, engine.ErrProtocol) {
		t.Errorf("%+v", closed)
	}

	// An answer too many is not the one to the next command.
	p = loggedIn(t, pop3client.Options{})
	p.act("DELE 1")
	p.act("DELE 2")
	p.feed("+OK\r\n+OK\r\n")
	if last := p.log[len(p.log)-1]; !strings.Contains(last, "not wholly sent") {
		t.Errorf("%s", strings.Join(p.log, "\n"))
	}
}

// TestFreshBehindTLS: invariants 27 and 38, threats T9 and T13. Nothing that was
// said in the clear counts behind TLS.
func TestFreshBehindTLS(t *testing.T) {
	p := newPlayer(t, loopback)
	p.feed("+OK <1.2@host>\r\n")
	p.act("CAPA")
	p.feed("+OK\r\nPIPELINING\r\nSASL PLAIN\r\nUTF8 USER\r\n.\r\n")
	if p.c.Timestamp() != "<1.2@host>" || !p.c.Has("PIPELINING") || strings.Join(p.c.Mechanisms(), " ") != "PLAIN" {
		t.Fatalf("%s", strings.Join(p.log, "\n"))
	}
	p.act("STLS")
	p.feed("+OK\r\n")
	if p.c.Want() != engine.WantUpgrade {
		t.Fatalf("wants %v", p.c.Want())
	}
	p.act("UPGRADED")
	if list, known := p.c.Capabilities(); p.c.Timestamp() != "" || known || len(list) > 0 || p.c.Has("PIPELINING") || p.c.Mechanisms() != nil || !p.c.Security().Encrypted {
		t.Errorf("%v, %v, %q", list, known, p.c.Timestamp())
	}
	p.c.Upgraded(start, engine.LayerTLS, engine.Security{})
	p.c.UpgradeFailed(nil)
	if p.c.State() != pop3client.StateAuthorization || !p.c.Security().Encrypted {
		t.Error("an upgrade that nothing asked for")
	}
}

// TestUpgradeFailed: threat T16. Behind a handshake that failed only Closed is
// left.
func TestUpgradeFailed(t *testing.T) {
	p := newPlayer(t, loopback)
	p.feed("+OK\r\n")
	p.act("STLS")
	p.act("USER u")
	p.feed("+OK\r\n")
	p.act("FAILED")
	if !p.c.Output().Empty() || p.c.Want() != engine.WantNothing || len(p.lines("C: ")) != 1 {
		t.Errorf("%s", strings.Join(p.log, "\n"))
	}
	if _, err := p.c.Send(&pop3wire.Noop{}); err != engine.ErrClosed {
		t.Errorf("%v", err)
	}
}

// credentials sends all ways to log in, and returns the errors.
func credentials(p *player) (errs []error) {
	for _, cmd := range []pop3wire.Command{
		&pop3wire.User{Name: "ada"}, &pop3wire.Pass{Password: "secret"},
		&pop3wire.Apop{Name: "ada", Digest: pop3wire.APOPDigest("<1.2@host>", "secret")},
		&pop3wire.Auth{Mechanism: "PLAIN", Initial: "\x00ada\x00secret", HasInitial: true},
		&pop3wire.Auth{Mechanism: "CRAM-MD5"},
	} {
		_, err := p.c.Send(cmd)
		errs = append(errs, err)
	}
	return errs
}

// TestRequireTLS: invariant 23, threats T1 to T12. Whatever a server says in the
// clear, in the place of every answer, and however it is cut: no octet leaves that
// logs in.
func TestRequireTLS(t *testing.T) {
	lines := []string{
		"+OK ready", "+OK <1.2@host>", "-ERR no", "+OK", "-ERR", "+ ", "+ go on", "+OK begin\r\n+OK\r\nPIPELINING\r\n.", "+OK list\r\nSASL PLAIN\r\nPIPELINING\r\n.",
		"", ".", "1 120", "* PREAUTH in", "+OK 2 messages\r\n1 120\r\n2 200\r\n.", "garbage", "+OK \x1b[31mPOP3", "-ERR [REFERRAL pop://attacker]",
	}
	secrets := []string{"USER", "PASS", "APOP", "AUTH", "LIST", "ada", "secret", base64.StdEncoding.EncodeToString([]byte("\x00ada\x00secret"))}
	for _, tolerate := range []pop3client.Tolerance{0, pop3client.BlankLines} {
		for _, first := range lines {
			for _, second := range lines {
				for _, third := range lines {
					if testing.Short() && len(third) > 4 {
						continue
					}
					for _, cut := range []int{0, 1} {
						p := newPlayer(t, pop3client.Options{RequireTLS: true, PlaintextAuth: engine.PlaintextAlways, APOP: engine.PlaintextAlways, Tolerate: tolerate})
						p.cut = cut
						p.c.Send(&pop3wire.Capa{})
						p.c.Send(&pop3wire.Stls{})
						credentials(p)
						p.c.Send(&pop3wire.List{})
						for _, said := range []string{first, second, third} {
							p.feed(said + "\r\n")
							credentials(p)
							p.work()
						}
						p.c.UpgradeFailed(nil)
						credentials(p)
						p.work()
						for _, line := range p.lines("C: ") {
							for _, s := range secrets {
								if strings.Contains(line, s) {
									t.Fatalf("%q, %q, %q: %s", first, second, third, line)
								}
							}
						}
					}
				}
			}
		}
	}
}

// TestPlaintext: invariant 23. Which way to log in may be used on which transport.
func TestPlaintext(t *testing.T) {
	open, loop, tls := engine.Security{}, engine.Security{Loopback: true}, engine.Security{Encrypted: true}
	for _, tt := range []struct {
		opt  pop3client.Options
		want string // for USER, PASS, APOP, and AUTH with PLAIN and CRAM-MD5: y is sent
	}{
		{pop3client.Options{Security: open}, "----y"},
		{pop3client.Options{Security: loop}, "----y"},
		{pop3client.Options{Security: tls}, "yyyyy"},
		{pop3client.Options{Security: open, PlaintextAuth: engine.PlaintextLoopback, APOP: engine.PlaintextLoopback}, "----y"},
		{pop3client.Options{Security: loop, PlaintextAuth: engine.PlaintextLoopback}, "yy-yy"},
		{pop3client.Options{Security: loop, APOP: engine.PlaintextLoopback}, "--y-y"},
		{pop3client.Options{Security: open, PlaintextAuth: engine.PlaintextAlways, APOP: engine.PlaintextAlways}, "yyyyy"},
		{pop3client.Options{Security: open, PlaintextAuth: engine.PlaintextAlways, APOP: engine.PlaintextAlways, RequireTLS: true}, "-----"},
		{pop3client.Options{Security: loop, PlaintextAuth: engine.PlaintextAlways, APOP: engine.PlaintextAlways, RequireTLS: true}, "-----"},
		{pop3client.Options{Security: tls, RequireTLS: true}, "yyyyy"},
	} {
		p := newPlayer(t, tt.opt)
		p.feed("+OK <1.2@host>\r\n")
		got := ""
		for _, err := range credentials(p) {
			switch {
			case err == nil:
				got += "y"
			case errors.Is(err, pop3client.ErrPlaintext):
				got += "-"
			default:
				got += "?"
			}
		}
		if got != tt.want {
			t.Errorf("%+v: %s, want %s", tt.opt, got, tt.want)
		}
	}
	// Behind STLS it is for the Done to say.
	for _, answer := range []string{"-ERR no", "-ERR", "+OK"} {
		p := newPlayer(t, pop3client.Options{})
		p.feed("+OK <1.2@host>\r\n")
		p.act("STLS")
		for _, err := range credentials(p) {
			if err != nil {
				t.Errorf("behind STLS: %v", err)
			}
		}
		p.feed(answer + "\r\n")
		p.c.UpgradeFailed(nil)
		p.work()
		// CRAM-MD5 shows nothing, and is sent where STLS is refused.
		want, done := []string{"C: STLS"}, 6
		if answer != "+OK" {
			want, done = append(want, "C: AUTH CRAM-MD5"), 5
		}
		if !slices.Equal(p.lines("C: "), want) || len(p.lines("E: done")) != done {
			t.Errorf("%s:\n%s", answer, strings.Join(p.log, "\n"))
		}
	}
}
