package pop3server_test

import (
	"encoding/base64"
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/mailwire/mailwire/imapwire/engine"
	"github.com/mailwire/mailwire/pop3wire"
	"github.com/mailwire/mailwire/pop3wire/pop3server"
)

// TestNoPlaintextSecrets: invariant 17 for POP3, threat S7. Before protection USER and
// plaintext mechanisms are neither announced nor taken, in any form, and no
// password reaches the application.
func TestNoPlaintextSecrets(t *testing.T) {
	for _, sec := range []engine.Security{{}, {Loopback: true}, {Encrypted: true}} {
		for p := engine.PlaintextNever; p <= engine.PlaintextAlways; p++ {
			opt := loopback
			opt.Security, opt.PlaintextAuth, opt.APOP = sec, p, p
			allowed := p.Allows(sec)
			for _, login := range []string{"USER u\r\nPASS secret", "user u\r\npass secret", "AUTH PLAIN c2VjcmV0", "auth plain c2VjcmV0", "AUTH PLAIN\r\nc2VjcmV0", "APOP u " + digest} {
				s := newScript(t, opt)
				heard := false
				s.on = func(ev pop3server.Event) bool {
					switch ev.(type) {
					case *pop3server.Login, *pop3server.Auth, *pop3server.AuthResponse, *pop3server.Apop:
						heard = true
					}
					return false
				}
				greeting := s.out.String()
				capa := s.do("CAPA")
				s.do(login)
				if heard != allowed || strings.Contains(capa, "\r\nUSER\r\n") != allowed || strings.Contains(capa, " PLAIN") != allowed || strings.Contains(greeting, stamp) != allowed {
					t.Errorf("%+v, %d, %q: heard %v, greeting %q, announced %q", sec, p, login, heard, greeting, capa)
				}
				if !strings.Contains(capa, "X-TWO") || strings.Contains(capa, "STLS") == sec.Encrypted {
					t.Errorf("%+v: announced %q", sec, capa)
				}
				for _, l := range s.log {
					if !allowed && strings.Contains(l, "secret") {
						t.Errorf("heard %q", l)
					}
				}
			}
		}
	}
	// APOP in the clear by its own policy, where passwords may not be.
	s := newScript(t, pop3server.Options{Timestamp: stamp, APOP: engine.PlaintextAlways})
	if got := s.do("USER u"); !strings.HasPrefix(got, "-ERR") {
		t.Errorf("USER: %q", got)
	}
	if got := s.do("APOP mrose " + digest); got != "+OK apop\r\n" || s.c.State() != pop3server.StateTransaction {
		t.Errorf("APOP: %q", got)
	}
}

// TestUserPass: RFC 1939 §7. PASS comes immediately after USER; threat Q9: the
// rest of the line is the password.
func TestUserPass(t *testing.T) {
	for _, tt := range []struct{ in, want string }{
		{"USER u\r\nPASS  two  words ", `login "u" " two  words "`},
		{"USER u\r\nPASS ", `login "u" ""`},
		{"USER a\r\nUSER b\r\nPASS p", `login "b" "p"`},
		{"USER John Doe\r\nPASS \x01é", `login "John Doe" "\x01é"`},
		{"USER u\r\nCAPA\r\nPASS p", ""},
		{"USER u\r\nFOO\r\nPASS p", "FOO"},
		{"USER u\r\nSTAT\r\nPASS p", ""},
		{"USER u\r\nSTLS x\r\nPASS p", `malformed "STLS x"`},
		{"USER u\r\nAUTH NONE\r\nPASS p", ""},
		{"USER u\r\n" + strings.Repeat("x", 13000) + "\r\nPASS p", "malformed"},
		{"PASS p", ""},
	} {
		s := newScript(t, loopback)
		s.do(tt.in)
		if got := strings.Join(s.log, "; "); tt.want == "" && got != "" || !strings.HasPrefix(got, tt.want) || strings.Contains(got, "login") != strings.Contains(tt.want, "login") {
			t.Errorf("%.40q: heard %s", tt.in, got)
		}
	}
	s := newScript(t, loopback)
	if s.do("USER u\r\nPASS wrong"); s.c.State() != pop3server.StateAuthorization || !strings.HasPrefix(s.do("PASS p"), "-ERR") {
		t.Error("a name outlasts a login that failed")
	}
}

// TestUTF8Names: RFC 6856 §2.2: names and passwords that are not UTF-8 are
// refused where UTF-8 is promised, and taken as they are elsewhere.
func TestUTF8Names(t *testing.T) {
	for _, user := range []bool{true, false} {
		opt := loopback
		opt.Capabilities = pop3server.CapabilityLists{Authorization: []pop3wire.Capability{&pop3wire.CapUTF8{User: user}}}
		for _, in := range []string{"USER u\r\nPASS \xff", "USER \xff\r\nPASS p", "APOP \xff " + digest} {
			s := newScript(t, opt)
			s.do(in)
			if heard := len(s.log) > 0; heard == user {
				t.Errorf("UTF8 USER %v, %q: %v", user, in, s.log)
			}
		}
		s := newScript(t, opt)
		if s.do("USER jörg\r\nPASS pässword"); len(s.log) != 1 || s.log[0] != `login "jörg" "pässword"` {
			t.Errorf("%v", s.log)
		}
	}
}

// TestSASLLimits: threat M13. Lines of an exchange are bounded in size and
// number, and what is no answer ends it.
func TestSASLLimits(t *testing.T) {
	opt := loopback
	opt.Limits = pop3wire.Limits{SASLLine: 1000, SASLSteps: 3}
	always := func(s *script) func(pop3server.Event) bool {
		return func(ev pop3server.Event) bool {
			switch ev := ev.(type) {
			case *pop3server.Auth:
				s.must(s.c.Challenge(ev.ID, nil))
			case *pop3server.AuthResponse:
				if !ev.Cancelled {
					s.must(s.c.Challenge(ev.ID, []byte("more")))
				}
				s.logf("response %d %v", len(ev.Data), ev.Cancelled)
			default:
				return false
			}
			return true
		}
	}
	for _, tt := range []struct {
		name, in string
		want     string
	}{
		{"at the cap", strings.Repeat("A", 996) + "\r\n", "response 747 false"},
		{"beyond it", strings.Repeat("A", 1000) + "\r\n", `response 0 true; malformed "AUTH [redacted]": limit SASLLine of 1000 exceeded (1001) at octet 1000`},
		{"without end", strings.Repeat("A", 5000), `response 0 true; malformed "AUTH [redacted]": limit SASLLine of 1000 exceeded (1001) at octet 1000`},
		{"steps", "AAAA\r\nAAAA\r\nAAAA\r\n", `response 3 false; response 3 false; response 0 true; malformed "AUTH [redacted]": limit SASLSteps of 3 exceeded (4) at octet 0`},
		{"cancel", "*\r\n", "response 0 true"},
	} {
		s := inState(t, opt, pop3server.StateAuthorization)
		s.on = always(s)
		s.feed("AUTH X-TWO\r\n" + tt.in)
		if got := strings.Join(s.log, "; "); got != tt.want {
			t.Errorf("%s: %s", tt.name, got)
		}
		if !strings.HasPrefix(tt.name, "at") && s.c.State() != pop3server.StateAuthorization {
			t.Errorf("%s: %v", tt.name, s.c.State())
		}
	}
	// The same caps for an initial response.
	for n, want := range map[int]string{981: "auth", 1000: "malformed"} {
		s := inState(t, opt, pop3server.StateAuthorization)
		n = n / 4 * 4
		if s.feed("AUTH PLAIN " + strings.Repeat("A", n) + "\r\n"); len(s.log) != 1 || !strings.HasPrefix(s.log[0], want) {
			t.Errorf("%d: %v", n, s.log)
		}
	}
}

// TestChallenge: only an AUTH is challenged, and only while it waits for it.
func TestChallenge(t *testing.T) {
	s := inState(t, loopback, pop3server.StateAuthorization)
	s.must(s.c.Feed(start, []byte("AUTH X-TWO\r\n")))
	id := s.c.Next().(*pop3server.Auth).ID
	s.must(s.c.Challenge(id, []byte("x")))
	for name, err := range map[string]error{"Challenge": s.c.Challenge(id, nil), "Done": s.c.Done(id, ok(""))} {
		if err != engine.ErrUnknownID {
			t.Errorf("%s while the client has to speak: %v", name, err)
		}
	}
	if got := s.take(); got != "+ eA==\r\n" || s.c.Want() != engine.WantInput {
		t.Errorf("%q, wants %v", got, s.c.Want())
	}
	s.must(s.c.Feed(start, []byte("USER u\r\n"))) // which is no base64
	r, m, none := s.c.Next().(*pop3server.AuthResponse), s.c.Next(), s.c.Next()
	if _, bad := m.(*pop3server.Malformed); !r.Cancelled || !bad || none != nil {
		t.Errorf("a command was taken for an answer: %v, %v", r, m)
	}
	s.must(s.c.Feed(start, []byte("USER u\r\nPASS p\r\n")))
	for ev := s.c.Next(); ev != nil; ev = s.c.Next() {
		if l, is := ev.(*pop3server.Login); is {
			if err := s.c.Begin(l.ID, ok("")); err == nil {
				t.Error("a login has a multi-line response")
			}
			if err := s.c.Challenge(l.ID, nil); err != engine.ErrUnknownID {
				t.Errorf("PASS was challenged: %v", err)
			}
		}
	}
}

// TestSecrets: invariant 31, threat S13. Whatever form a password is sent in, and however
// the input is cut, neither an event other than the login's shows it, nor what
// the server says.
func TestSecrets(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		secret := "pw" + rapid.StringMatching(`[a-zA-Z0-9 ]{6,20}`).Draw(t, "secret")
		coded := base64.StdEncoding.EncodeToString([]byte("\x00u\x00" + secret))
		hash := string(pop3wire.APOPDigest(stamp, engine.Secret(secret)))
		lines := rapid.SliceOfN(rapid.SampledFrom([]string{
			"USER u\r\nPASS " + secret, "PASS " + secret, "PASS " + secret + "\n", "pass " + secret + "\x00", "PASS" + secret + "=", secret + "!", "=" + secret, secret + "\n", secret + " \x00",
			"AUTH PLAIN " + coded, "AUTH PLAIN  " + coded, "AUTH X-TWO\r\n" + coded, "AUTH X-TWO\r\n" + coded + "!", "AUTH " + coded, "AUTH NONE " + coded, coded,
			"APOP u " + hash, "APOP " + hash, "APOP u " + secret, "APOP " + secret, "PASS " + secret + strings.Repeat("x", 300), "PASS " + secret + strings.Repeat("x", 13000),
		}), 1, 6).Draw(t, "lines")
		opt := loopback
		opt.Limits = pop3wire.Limits{Bad: 100, BadPreAuth: 100}
		s := newScript(t, opt)
		s.on = func(ev pop3server.Event) bool {
			for _, verb := range []string{"%v", "%+v", "%#v"} {
				s.logf(verb, ev)
			}
			switch ev := ev.(type) {
			case *pop3server.Malformed:
				s.logf("%s %v", ev.Raw, ev.Err)
			case *pop3server.Login:
				s.must(s.c.Done(ev.ID, no("no")))
			case *pop3server.Apop:
				s.must(s.c.Done(ev.ID, no("no")))
			case *pop3server.Auth:
				s.must(s.c.Challenge(ev.ID, nil))
			case *pop3server.AuthResponse:
				if !ev.Cancelled {
					s.must(s.c.Done(ev.ID, no("no")))
				}
			case *pop3server.Command:
				// Something that looks like a keyword is one.
				s.log = s.log[:len(s.log)-3]
				s.must(s.c.Done(ev.ID, no("unknown")))
			}
			return true
		}
		s.feed(strings.Join(lines, "\r\n")+"\r\n", rapid.SliceOfN(rapid.IntRange(1, 30), 0, 30).Draw(t, "cuts")...)
		s.work()
		all := s.out.String() + strings.Join(s.log, "\n")
		for _, hidden := range []string{secret, coded, hash} {
			if strings.Contains(all, hidden) {
				t.Fatalf("%q shows in\n%s", hidden, all)
			}
		}
	})
}

// TestTooManyErrors: Limits.Bad malformed commands in a row are survived, one
// more is not; a good one starts anew.
func TestTooManyErrors(t *testing.T) {
	for _, state := range states {
		n := 20
		if state == pop3server.StateAuthorization {
			n = 3
		}
		for _, bad := range []string{"LIST x", "", "FOO", "STAT\nX", strings.Repeat("x", 13000)} {
			per := 1 + strings.Count(bad, "\n")
			s := inState(t, loopback, state)
			for range n / per {
				s.do(bad)
			}
			if s.c.Want() != engine.WantInput {
				t.Errorf("%s, %.9q: ended by %d", state, bad, n)
			}
			s.do("CAPA")
			for range n / per {
				s.do(bad)
			}
			if s.c.Want() != engine.WantInput {
				t.Errorf("%s, %.9q: a good command did not start anew", state, bad)
			}
			s.do("LIST x")
			s.do("LIST x")
			if last := s.log[len(s.log)-1]; s.c.Want() != engine.WantNothing || last != fmt.Sprint("closed: ", engine.ErrTooManyErrors) {
				t.Errorf("%s, %.9q: %s", state, bad, last)
			}
		}
	}
}
