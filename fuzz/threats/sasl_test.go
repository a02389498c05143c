package threats

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/mailwire/mailwire/imapwire/engine"
	"github.com/mailwire/mailwire/imapwire/sasl"
	"github.com/mailwire/mailwire/mailbox"
	"github.com/mailwire/mailwire/mailbox/memstore"
	"github.com/mailwire/mailwire/mailbox/pop3serve"
)

// A saslAuth is an Auth that serves every mechanism but ANONYMOUS.
type saslAuth struct{ *memstore.Store }

func (saslAuth) Token(_ context.Context, user, token string) (mailbox.Identity, error) {
	if token != saslToken || user != "" && user != saslUser {
		return mailbox.Identity{}, mailbox.ErrAuthentication
	}
	return mailbox.Identity{User: saslUser}, nil
}

func (saslAuth) Certificate(_ context.Context, der []byte) (mailbox.Identity, error) {
	if string(der) != "DER" {
		return mailbox.Identity{}, mailbox.ErrAuthentication
	}
	return mailbox.Identity{User: saslUser}, nil
}

// A mailPop is a POP3 server over a store.
type mailPop struct {
	t     testing.TB
	store *memstore.Store
	srv   *pop3serve.Server
	now   time.Time // of the store, and of its sessions
}

func newMailPop(t testing.TB) *mailPop {
	t.Helper()
	m := &mailPop{t: t, now: popStart}
	m.store = memstore.New(memstore.Options{KeepSecrets: true, Now: func() time.Time { return m.now }})
	for _, name := range []string{saslUser, "bob"} {
		if err := m.store.AddUser(name, saslPassword); err != nil {
			t.Fatal(err)
		}
	}
	m.serve(pop3serve.Options{
		APOP: engine.PlaintextAlways, STLS: true, Random: &saslRandom{}, Pepper: "0123456789abcdef", Host: "mail.example.org",
	})
	return m
}

// serve makes the server one with other options, over the same store.
func (m *mailPop) serve(opt pop3serve.Options) {
	m.t.Helper()
	opt.Auth, opt.PlaintextAuth = saslAuth{m.store}, engine.PlaintextAlways
	var err error
	if m.srv, err = pop3serve.NewServer(m.store, opt); err != nil {
		m.t.Fatal(err)
	}
}

// A mailSession is one conversation with it.
type mailSession struct {
	*mailPop
	sess *pop3serve.Session
}

func (m *mailPop) session(sec engine.Security) *mailSession {
	m.t.Helper()
	sess, err := m.srv.Session(m.now, pop3serve.Info{Security: sec})
	if err != nil {
		m.t.Fatal(err)
	}
	s := &mailSession{m, sess}
	s.take()
	return s
}

func (s *mailSession) take() string {
	var b strings.Builder
	for {
		for s.sess.Work(context.Background()) {
		}
		seg := s.sess.Output()
		if seg.Empty() {
			return b.String()
		}
		b.Write(seg.Bytes)
		s.sess.Advance(s.now, seg.Len())
	}
}

// do sends a line and returns what is said.
func (s *mailSession) do(line string) string {
	s.t.Helper()
	if err := s.sess.Feed(s.now, []byte(line+"\r\n")); err != nil && !errors.Is(err, engine.ErrClosed) {
		s.t.Fatalf("%q: %v", line, err)
	}
	return s.take()
}

// posed are the mechanisms of such a server, best first.
var posed = []string{
	sasl.External, sasl.OAuthBearer, sasl.XOAuth2, sasl.ScramSHA256Plus, sasl.ScramSHA1Plus, sasl.ScramSHA256, sasl.ScramSHA1, sasl.CramMD5, sasl.Plain, sasl.Login,
}

func coded(octets string) string {
	if octets == "" {
		return "="
	}
	return base64.StdEncoding.EncodeToString([]byte(octets))
}

// challenge returns the octets of a challenge.
func challenge(t testing.TB, line string) []byte {
	t.Helper()
	b, err := base64.StdEncoding.DecodeString(strings.TrimSuffix(strings.TrimPrefix(line, "+ "), "\r\n"))
	if err != nil {
		t.Fatalf("%q: %v", line, err)
	}
	return b
}

// exchange plays an exchange up to the n-th line of the client's, which is replaced by
// what instead returns; n is -1 for none. It returns all that the server said, and
// ok is false when the exchange was over before.
func (s *mailSession) exchange(mechanism string, o sasl.ClientOptions, initial bool, n int, instead func(line string) string) (said []string, ok bool) {
	s.t.Helper()
	c, err := sasl.NewClient(mechanism, o)
	if err != nil {
		s.t.Fatalf("%s: %v", mechanism, err)
	}
	line := "AUTH " + mechanism
	if m, first := c.Initial(); initial && first {
		line += " " + coded(string(m))
	} else if first {
		// It is not sent with the command: begin anew.
		c, _ = sasl.NewClient(mechanism, o)
	}
	for i := 0; ; i++ {
		if i == n {
			line, ok = instead(line), true
		}
		out := s.do(line)
		said = append(said, out)
		if !strings.HasPrefix(out, "+ ") || i == n {
			return said, ok
		}
		answer, err := c.Step(challenge(s.t, out))
		if err != nil {
			answer = "" // It was told why it fails.
		}
		line = strings.TrimSuffix(coded(string(answer)), "=")
		if answer != "" {
			line = coded(string(answer))
		}
	}
}

// TestSASLExchangePOP3: threats S8 and M13. In every step of every mechanism the
// client cancels, says nothing, says what is no base64, or says too much: the exchange
// is over with one -ERR, nobody is logged in, and the session goes on to a login that
// is right. So it does behind an initial response that is not for the mechanism.
func TestSASLExchangePOP3(t *testing.T) {
	m := newMailPop(t)
	for i, mechanism := range posed {
		if testing.Short() && i%2 == 0 {
			continue
		}
		for _, initial := range []bool{false, true} {
			for _, bad := range []struct {
				name    string
				instead func(line string) string
			}{
				{"cancel", func(line string) string { return "*" }},
				{"no base64", func(line string) string { return "!!!" }},
				{"half of base64", func(line string) string { return "AAA" }},
				{"bits beyond the end", func(line string) string { return "YR==" }},
				{"a space behind it", func(line string) string { return line + " " }},
				{"two answers", func(line string) string { return line + " " + line }},
				{"data behind the padding", func(line string) string { return "YQ==YQ==" }},
				{"octets of no meaning", func(line string) string { return "AAAAAAAA" }},
				{"too much", func(line string) string { return strings.Repeat("AAAA", 5000) }},
			} {
				for step := 1; ; step++ {
					s := m.session(saslChannel)
					said, reached := s.exchange(mechanism, saslClient(mechanism), initial, step, bad.instead)
					if !reached {
						s.sess.Close()
						break
					}
					what := fmt.Sprintf("%s, initial %v, %s in line %d", mechanism, initial, bad.name, step)
					last := said[len(said)-1]
					if strings.HasPrefix(last, "+ ") && bad.name != "cancel" {
						// It is told first, or asks for more: enough of it.
						last = s.do("*")
					}
					if !strings.HasPrefix(last, "-ERR ") || strings.Count(last, "\r\n") != 1 || s.sess.User() != "" {
						t.Fatalf("%s: %q, user %q", what, said, s.sess.User())
					}
					if got := s.do("STAT"); !strings.HasPrefix(got, "-ERR") {
						t.Fatalf("%s: then STAT is answered %q", what, got)
					}
					// Nothing is left of it.
					if said, _ := s.exchange(mechanism, saslClient(mechanism), true, -1, nil); !strings.HasPrefix(said[len(said)-1], "+OK") || s.sess.User() != saslUser {
						t.Fatalf("%s: then %q", what, said)
					}
					s.do("QUIT")
					s.sess.Close()
				}
			}
		}
		// The initial response: empty, of no base64, or of a mechanism in which the
		// server speaks first.
		for _, ir := range []string{"=", "!", "AAA", "====", "AAAA", "AA AA", "=="} {
			s := m.session(saslChannel)
			out := s.do("AUTH " + mechanism + " " + ir)
			for strings.HasPrefix(out, "+ ") {
				out = s.do("*")
			}
			// EXTERNAL with nothing said is whole.
			if in := strings.HasPrefix(out, "+OK"); in != (mechanism == sasl.External && ir == "=") || strings.Count(out, "\r\n") != 1 {
				t.Errorf("AUTH %s %s: %q", mechanism, ir, out)
			}
			s.do("QUIT")
			s.sess.Close()
		}
	}
	// Data behind success is a command, and none that was meant for the exchange.
	s := m.session(saslChannel)
	if out := s.do("AUTH PLAIN " + coded("\x00ada\x00"+saslPassword) + "\r\nAAAA\r\nSTAT"); strings.Count(out, "\r\n") != 3 || !strings.HasPrefix(out, "+OK") || !strings.Contains(out, "-ERR") {
		t.Errorf("behind success: %q", out)
	}
}

// TestSASLOver: threat S8. A step behind the last one is an error, on both sides of
// every mechanism, and Finish tells a success that nobody proved.
func TestSASLOver(t *testing.T) {
	for _, mechanism := range saslMechanisms {
		c, s := saslPair(t, mechanism)
		var response []byte
		steps := 0
		for {
			step, err := s.Step(response)
			if err != nil {
				t.Fatalf("%s: %v", mechanism, err)
			}
			ch, more := step.(*sasl.Challenge)
			if !more {
				break
			}
			answer, err := c.Step(ch.Data)
			if err != nil {
				t.Fatalf("%s: %v", mechanism, err)
			}
			response = append([]byte{}, answer...)
			steps++
			// Whoever says success now has not proved it, where there is something to
			// prove.
			if strings.HasPrefix(mechanism, "SCRAM") && steps < 3 {
				early, _ := saslPair(t, mechanism)
				early.Initial()
				if err := early.Finish(true); !errors.Is(err, sasl.ErrServer) {
					t.Errorf("%s: success without a proof: %v", mechanism, err)
				}
			}
		}
		for range 3 {
			if step, err := s.Step(response); step != nil || !errors.Is(err, sasl.ErrOver) {
				t.Errorf("%s: a step behind the last: %v, %v", mechanism, step, err)
			}
		}
		if err := c.Finish(true); err != nil {
			t.Errorf("%s: Finish: %v", mechanism, err)
		}
		if err := c.Finish(true); err == nil {
			t.Errorf("%s: finished twice", mechanism)
		}
		if _, err := c.Step(nil); !errors.Is(err, sasl.ErrOver) {
			t.Errorf("%s: a challenge behind the end: %v", mechanism, err)
		}
	}
}

// TestUnknownUserPOP3: threat S6. To a password that is wrong, and to a user who does
// not exist, every way to log in answers the same octets in as many steps; what
// SCRAM tells before is of the same form.
func TestUnknownUserPOP3(t *testing.T) {
	m := newMailPop(t)
	try := func(user string, login func(s *mailSession) string) string {
		t.Helper()
		s := m.session(saslChannel)
		defer s.sess.Close()
		out := login(s)
		if s.sess.User() != "" || s.sess.FailedLogins() != 1 || !strings.Contains(out, "-ERR [AUTH] ") {
			t.Errorf("%s: logged in as %q, %d failed: %q", user, s.sess.User(), s.sess.FailedLogins(), out)
		}
		return out
	}
	wrong := map[string]string{}
	for _, user := range []string{saslUser, "eve", "bob", "ADA", "ada ", strings.Repeat("e", 200)} {
		for _, mechanism := range posed[1:] {
			o := saslClient(mechanism)
			o.User, o.Password, o.Token = user, "wrong", "d3Jvbmc="
			got := try(user+" "+mechanism, func(s *mailSession) string {
				said, _ := s.exchange(mechanism, o, false, -1, nil)
				for i, line := range said {
					if !strings.HasPrefix(line, "+ ") {
						continue
					}
					// Nonces, salts and stamps differ.
					text := string(challenge(t, line))
					if strings.HasPrefix(text, "r=") {
						parts := strings.Split(text, ",")
						if len(parts) != 3 {
							t.Fatalf("%s: %q", mechanism, text)
						}
						text = fmt.Sprintf("nonce of %d, salt of %d, %s", len(parts[0]), len(parts[1]), parts[2])
					} else if strings.HasPrefix(text, "<") {
						text = "a stamp"
					}
					said[i] = text
				}
				return strings.Join(said, "\n")
			})
			if before, has := wrong[mechanism]; has && before != got {
				t.Errorf("%s: %q is told\n%s\nand ada\n%s", mechanism, user, got, before)
			}
			if user == saslUser {
				wrong[mechanism] = got
			}
		}
		got := try(user+" PASS", func(s *mailSession) string { return s.do("USER "+user) + s.do("PASS wrong") })
		got += try(user+" APOP", func(s *mailSession) string { return s.do("APOP " + user + " " + strings.Repeat("0", 32)) })
		if before, has := wrong["PASS"]; has && before != got {
			t.Errorf("%q is told %q, and ada %q", user, got, before)
		}
		if user == saslUser {
			wrong["PASS"] = got
		}
	}
}

// saslLimits has every field of sasl.Limits.
var saslLimits = map[string]func(t *testing.T){
	"Message":       saslMessage,
	"MinIterations": func(t *testing.T) { saslIterations(t, true) },
	"MaxIterations": func(t *testing.T) { saslIterations(t, false) },
}

// TestLimitsSASL: every field of sasl.Limits at one below its cap, at it and one
// above: threats C12 and M13. A field without a case fails.
func TestLimitsSASL(t *testing.T) {
	fields := reflect.TypeFor[sasl.Limits]()
	for i := range fields.NumField() {
		name := fields.Field(i).Name
		f, ok := saslLimits[name]
		if !ok {
			t.Errorf("sasl.Limits.%s has no case", name)
			continue
		}
		t.Run(name, f)
	}
}

func saslMessage(t *testing.T) {
	message := []byte(strings.Repeat("x", 100))
	for _, mechanism := range saslMechanisms {
		around(t, len(message), func(t *testing.T, limit int, over bool) {
			for _, side := range []string{"server", "client"} {
				so, co := saslServer(), saslClient(mechanism)
				so.Limits.Message, co.Limits.Message = limit, limit
				s, err := so.Server(mechanism)
				if err != nil {
					t.Fatal(err)
				}
				c, err := sasl.NewClient(mechanism, co)
				if err != nil {
					t.Fatal(err)
				}
				if side == "server" {
					_, err = s.Step(message)
				} else {
					c.Initial()
					_, err = c.Step(message)
				}
				if over {
					wantLimit(t, mechanism+", "+side, err, "Message", limit, len(message), limit)
				} else if e := (*engine.LimitError)(nil); errors.As(err, &e) {
					t.Errorf("%s, %s, limit %d: %v", mechanism, side, limit, err)
				}
			}
		})
	}
}

func saslIterations(t *testing.T, least bool) {
	const iterations = 4200
	for _, mechanism := range []string{sasl.ScramSHA256, sasl.ScramSHA1, sasl.ScramSHA256Plus, sasl.ScramSHA1Plus} {
		ask := func(l sasl.Limits, n string) error {
			o := saslClient(mechanism)
			o.Limits = l
			c, err := sasl.NewClient(mechanism, o)
			if err != nil {
				t.Fatal(err)
			}
			first, _ := c.Initial()
			_, nonce, _ := bytes.Cut([]byte(first), []byte(",r="))
			_, err = c.Step([]byte("r=" + string(nonce) + "more,s=c2FsdA==,i=" + n))
			return err
		}
		around(t, iterations, func(t *testing.T, limit int, over bool) {
			l := sasl.Limits{MaxIterations: limit}
			want := over
			if least {
				// The least of three is one above, at, and one below.
				l, want = sasl.Limits{MinIterations: limit}, limit > iterations
			}
			err := ask(l, fmt.Sprint(iterations))
			e := (*sasl.IterationsError)(nil)
			if is := errors.As(err, &e); is != want || !want && err != nil || want && e.Got != iterations {
				t.Errorf("%s, %+v: %v", mechanism, l, err)
			}
		})
		// What would take hours is refused before the first of them: this test would
		// not end.
		for _, n := range []string{"1", "4095", "1000001", "10000000", "2147483647"} {
			e := (*sasl.IterationsError)(nil)
			if err := ask(sasl.Limits{}, n); !errors.As(err, &e) || e.Min != 4096 || e.Max != 1_000_000 {
				t.Errorf("%s, i=%s: %v", mechanism, n, err)
			}
		}
		for _, n := range []string{"", "0", "-1", "+4096", "4096x", "1e9", "99999999999999999999", "04096", " 4096"} {
			if err := ask(sasl.Limits{}, n); err == nil {
				t.Errorf("%s, i=%q is taken", mechanism, n)
			}
		}
	}
}
