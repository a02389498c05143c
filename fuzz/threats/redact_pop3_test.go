package threats

import (
	"encoding/base64"
	"fmt"
	"strings"
	"testing"

	"github.com/mailwire/mailwire/imapwire/engine"
	"github.com/mailwire/mailwire/imapwire/sasl"
	"github.com/mailwire/mailwire/pop3wire"
	"github.com/mailwire/mailwire/pop3wire/pop3client"
	"github.com/mailwire/mailwire/pop3wire/pop3server"
)

// A said is octets that one side sent.
type said struct {
	server bool
	octets string
}

// shows returns everything of values that package fmt can show.
func shows(b *strings.Builder, values ...any) {
	for _, v := range values {
		fmt.Fprintf(b, "%v\n%+v\n%#v\n%s\n%q\n", v, v, v, v, v)
	}
}

// authPOP3 plays an exchange of a mechanism between the engines of both sides, which
// have what package sasl knows, and returns what was said and what the engines showed
// of it. wrong: the server knows other secrets.
func authPOP3(t *testing.T, mechanism string, initial, wrong bool) (talk []said, shown string) {
	t.Helper()
	c, s := saslPair(t, mechanism)
	if wrong {
		o := saslServer()
		o.Secret = func(string) (engine.Secret, error) { return "another", nil }
		o.Scram = o.DeriveScram
		o.Token = func(*sasl.Token) (string, error) { return "", errNobody }
		o.Certificate = func([]byte) (string, error) { return "", errNobody }
		var err error
		if s, err = o.Server(mechanism); err != nil {
			t.Fatal(err)
		}
	}
	var b strings.Builder
	opt := openPop()
	opt.Security, opt.Timestamp = insideTLS, ""
	opt.Mechanisms = []pop3server.Mechanism{{Name: mechanism}}
	srv := newPopServer(t, opt)
	step := func(id engine.ID, response []byte) {
		next, err := s.Step(response)
		shows(&b, next, s)
		if err != nil {
			shows(&b, err)
			srv.must(srv.c.Done(id, pop3wire.Status{Code: pop3wire.CodeAuth, Text: err.Error()}))
			return
		}
		switch next := next.(type) {
		case *sasl.Challenge:
			srv.must(srv.c.Challenge(id, next.Data))
		case *sasl.Credentials:
			srv.must(srv.c.Done(id, pop3wire.Status{OK: !wrong}))
		case *sasl.Authenticated:
			srv.must(srv.c.Done(id, yes("")))
		}
	}
	srv.on = func(ev pop3server.Event) bool {
		shows(&b, ev)
		switch ev := ev.(type) {
		case *pop3server.Auth:
			var response []byte
			if ev.HasInitial {
				response = append([]byte{}, ev.Initial...)
			}
			step(ev.ID, response)
		case *pop3server.AuthResponse:
			if !ev.Cancelled {
				step(ev.ID, append([]byte{}, ev.Data...))
			}
		default:
			return false
		}
		return true
	}
	p := newPopClient(t, pop3client.Options{Security: insideTLS})
	p.feed("+OK\r\n")
	p.send(&pop3wire.Capa{})
	p.feed("+OK\r\nSASL " + mechanism + "\r\n.\r\n")
	p.take()
	cmd := &pop3wire.Auth{Mechanism: mechanism}
	if initial {
		cmd.Initial, cmd.HasInitial = c.Initial()
	}
	shows(&b, cmd, c)
	var id engine.ID
	p.on = func(ev pop3client.Event) {
		shows(&b, ev)
		if ch, is := ev.(*pop3client.Challenge); is {
			answer, err := c.Step(ch.Data)
			shows(&b, answer, err, c)
			if err != nil {
				err = p.c.Cancel(id)
			} else {
				err = p.c.Respond(id, answer)
			}
			if err != nil {
				t.Fatal(err)
			}
		}
	}
	id, err := p.c.Send(cmd)
	if err != nil {
		t.Fatal(err)
	}
	talk = []said{{true, "+OK\r\n"}}
	for out := p.take(); out != ""; out = p.take() {
		talk = append(talk, said{false, out})
		srv.feed(out)
		in := srv.take()
		talk = append(talk, said{true, in})
		p.feed(in)
	}
	if in := srv.c.State() == pop3server.StateTransaction; in == wrong {
		t.Fatalf("%s: logged in %v: %v, %v", mechanism, in, srv.log, p.log)
	}
	return talk, b.String()
}

// transcripts calls f with what a transcript shows of a talk, under all ways to cut
// what is said.
func transcripts(talk []said, f func(cut string, lines []string)) {
	longest := 0
	for _, s := range talk {
		longest = max(longest, len(s.octets))
	}
	for cut := range min(longest, 200) + 2 {
		var lines []string
		tr := pop3wire.Transcript{Line: func(_ bool, line []byte) { lines = append(lines, string(line)) }}
		for _, s := range talk {
			take := tr.Client
			if s.server {
				take = tr.Server
			}
			b := []byte(s.octets)
			for len(b) > 0 {
				n := len(b) // 0: whole
				switch {
				case cut == 1:
					n = 1
				case cut > 1 && cut-1 < len(b):
					n = cut - 1
				}
				take(b[:n])
				if b = b[n:]; cut > 1 {
					take(b)
					b = nil
				}
			}
		}
		f(fmt.Sprint("cut ", cut), lines)
	}
}

// secretsOf returns the lines of an exchange, and what is in them, that nobody may
// see: what follows the verb, coded and decoded.
func secretsOf(talk []said) (list []string) {
	for _, s := range talk {
		for line := range strings.Lines(s.octets) {
			line = strings.TrimSuffix(line, "\r\n")
			fields := strings.Fields(line)
			if strings.HasPrefix(line, "+OK") || strings.HasPrefix(line, "-ERR") || len(fields) == 0 {
				continue
			}
			if len(fields) == 2 && fields[0] == "AUTH" {
				continue // the mechanism is no secret
			}
			coded := fields[len(fields)-1]
			if octets, err := base64.StdEncoding.DecodeString(coded); err == nil && len(octets) > 4 {
				list = append(list, coded, string(octets))
			}
		}
	}
	return list
}

// TestRedactAuthPOP3: threat S13, invariant 31. Of an exchange of any mechanism, with
// an initial response and without, right and wrong, a transcript shows nothing but
// that there was one, however it was cut; and neither the engines' events, nor the
// errors, nor the values of package sasl show a secret under any verb.
func TestRedactAuthPOP3(t *testing.T) {
	for _, mechanism := range saslMechanisms {
		for _, initial := range []bool{false, true} {
			for _, wrong := range []bool{false, true} {
				if wrong && mechanism == sasl.Anonymous {
					continue
				}
				if c, _ := saslPair(t, mechanism); initial {
					if _, has := c.Initial(); !has {
						continue
					}
				}
				talk, shown := authPOP3(t, mechanism, initial, wrong)
				for _, secret := range []string{saslPassword, saslToken, base64.StdEncoding.EncodeToString([]byte(saslPassword))} {
					if strings.Contains(shown, secret) {
						t.Errorf("%s: %q is shown in\n%s", mechanism, secret, shown)
					}
				}
				secrets := secretsOf(talk)
				if n := len(talk); wrong && n > 3 {
					// The server lost its patience while the last answer was on its way.
					talk[n-3].octets += "-ERR too late\r\n"
					talk[n-1].octets = "-ERR\r\n"
				}
				talk = append(talk, said{false, "NOOP\r\n"}, said{true, "+OK done\r\n"})
				if len(secrets) == 0 && mechanism != sasl.External {
					t.Fatalf("%s: nothing was said: %v", mechanism, talk)
				}
				transcripts(talk, func(cut string, lines []string) {
					text := strings.Join(lines, "\n")
					for _, secret := range append(secrets, saslPassword, saslToken) {
						if strings.Contains(text, secret) {
							t.Fatalf("%s, %s: %q is shown in\n%s", mechanism, cut, secret, text)
						}
					}
					if !strings.HasPrefix(text, "+OK\nAUTH "+mechanism) || !strings.HasSuffix(text, "\nNOOP\n+OK done") {
						t.Fatalf("%s, %s: other lines changed:\n%s", mechanism, cut, text)
					}
				})
			}
		}
	}
}

// TestRedactLoginPOP3: threats S13 and Q9, invariant 31. The same for PASS and APOP,
// with passwords of all kinds, and for those that missed their command.
func TestRedactLoginPOP3(t *testing.T) {
	for _, password := range []string{
		"hunter2", "two words of it", " hunter2 ", "PASS hunter2", "hunter2=", "é-hunter2-ü", "\x80hunter2\xff", "+OK hunter2", "hunter2.", "USER hunter2x", strings.Repeat("hunter2", 34), "aGVsbG8gd29ybGQ=",
	} {
		digest := string(pop3wire.APOPDigest("<1.2@host>", engine.Secret(password)))
		for _, lines := range [][]string{
			{"USER u", "PASS " + password}, {"user u", "pass " + password}, {"PASS " + password}, {"APOP u " + digest}, {"APOP " + password}, {"APOP u " + password}, {"apop u v " + digest},
			{"USER u", "PASS " + password + "\x00"}, {"USER u", "PASS\t" + password},
		} {
			in := strings.Join(lines, "\r\n") + "\r\n"
			for cut, pieces := range popCuts(in) {
				opt := openPop()
				opt.Limits = pop3wire.Limits{Bad: 100, BadPreAuth: 100}
				s := newPopServer(t, opt)
				var b strings.Builder
				s.on = func(ev pop3server.Event) bool {
					shows(&b, ev)
					if m, is := ev.(*pop3server.Malformed); is {
						shows(&b, m.Raw, m.Err)
					}
					if l, is := ev.(*pop3server.Login); is && string(l.Password) != password {
						t.Fatalf("%q, %s: the password is %q", in, cut, string(l.Password))
					}
					return false
				}
				s.feed(pieces...)
				text := b.String() + s.take()
				for _, secret := range []string{password, digest} {
					if strings.Contains(text, secret) && !strings.Contains("USER u APOP u v", secret) {
						t.Fatalf("%q, %s: %q is shown in\n%s", in, cut, secret, text)
					}
				}
			}
			if strings.Contains(in, "\x00") || strings.Contains(in, "\t") {
				continue // No client of ours sends it.
			}
			talk := []said{{true, "+OK <1.2@host>\r\n"}}
			for _, line := range lines {
				talk = append(talk, said{false, line + "\r\n"}, said{true, "+OK\r\n"})
			}
			transcripts(append(talk, said{false, "STAT\r\n"}, said{true, "+OK 1 2\r\n"}), func(cut string, lines []string) {
				text := strings.Join(lines, "\n")
				if strings.Contains(text, password) || strings.Contains(text, digest) {
					t.Fatalf("%q, %s: shown in\n%s", in, cut, text)
				}
				if !strings.HasPrefix(text, "+OK <1.2@host>\n") || !strings.HasSuffix(text, "\nSTAT\n+OK 1 2") {
					t.Fatalf("%q, %s: other lines changed:\n%s", in, cut, text)
				}
			})
		}
	}
	// What the client keeps of a login that waits shows nothing either.
	for _, cmd := range popLogins() {
		p := newPopClient(t, anyPop())
		p.send(cmd)
		var b strings.Builder
		shows(&b, cmd, p.kept)
		p.c.Close()
		p.work()
		shows(&b, p.kept)
		if text := b.String(); strings.Contains(text, "hunter2") || strings.Contains(text, string(pop3wire.APOPDigest("<1.2@host>", "hunter2"))) {
			t.Errorf("%T: shown in\n%s", cmd, text)
		}
	}
}
