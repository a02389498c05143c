package sasl

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mailwire/mailwire/imapwire/engine"
)

var encrypted = engine.Security{Encrypted: true}

// The exchanges of the specifications, as both sides have them. "-" is that
// there is no initial response.
var exchanges = []struct {
	name      string
	mechanism string
	client    ClientOptions
	server    ServerOptions
	challenge string   // that RFC 2195's server sends
	messages  []string // S: and C: in turn, C: first
	want      Step     // nil: refused
}{
	{
		name: "RFC 4616 §4, first", mechanism: Plain,
		client:   ClientOptions{User: "tim", Password: "tanstaaftanstaaf", Security: encrypted},
		server:   ServerOptions{Passwords: true},
		messages: []string{"-", "", "\x00tim\x00tanstaaftanstaaf"},
		want:     &Credentials{User: "tim", Password: "tanstaaftanstaaf"},
	},
	{
		name: "RFC 4616 §4, second", mechanism: Plain,
		client:   ClientOptions{AuthzID: "Ursel", User: "Kurt", Password: "xipj3plmq", Security: encrypted},
		server:   ServerOptions{Passwords: true},
		messages: []string{"Ursel\x00Kurt\x00xipj3plmq"},
		want:     &Credentials{AuthzID: "Ursel", User: "Kurt", Password: "xipj3plmq"},
	},
	{
		name: "LOGIN", mechanism: Login,
		client:   ClientOptions{User: "tim", Password: "tanstaaf", Security: encrypted},
		server:   ServerOptions{Passwords: true},
		messages: []string{"-", "User Name\x00", "tim", "Password\x00", "tanstaaf"},
		want:     &Credentials{User: "tim", Password: "tanstaaf"},
	},
	{
		name: "RFC 2195 §2", mechanism: CramMD5, challenge: "<1896.697170952@postoffice.reston.mci.net>",
		client: ClientOptions{User: "tim", Password: "tanstaaftanstaaf"},
		server: ServerOptions{Secret: func(user string) (engine.Secret, error) {
			return map[string]engine.Secret{"tim": "tanstaaftanstaaf"}[user], nil
		}},
		messages: []string{"-", "<1896.697170952@postoffice.reston.mci.net>", "tim b913a602c7eda7a495b4e6e7334d3890"},
		want:     &Authenticated{User: "tim"},
	},
	{
		name: "RFC 4422 Appendix A, with an identity", mechanism: External,
		client:   ClientOptions{External: true, AuthzID: "fred@example.com"},
		server:   ServerOptions{Security: engine.Security{Peer: []byte{1}}, Certificate: func([]byte) (string, error) { return "fred", nil }},
		messages: []string{"-", "", "fred@example.com"},
		want:     &Authenticated{User: "fred", AuthzID: "fred@example.com"},
	},
	{
		name: "RFC 4422 Appendix A, without", mechanism: External,
		client:   ClientOptions{External: true},
		server:   ServerOptions{Security: engine.Security{Peer: []byte{1}}, Certificate: func([]byte) (string, error) { return "fred", nil }},
		messages: []string{""},
		want:     &Authenticated{User: "fred"},
	},
	{
		name: "RFC 4505 §4", mechanism: Anonymous,
		client:   ClientOptions{Anonymous: true, Trace: "sirhc"},
		server:   ServerOptions{Anonymous: true},
		messages: []string{"-", "", "sirhc"},
		want:     &Authenticated{Anonymous: true, Trace: "sirhc"},
	},
	{
		name: "RFC 7628 §4.1", mechanism: OAuthBearer,
		client: ClientOptions{User: "user@example.com", Host: "server.example.com", Port: 143, Token: bearer, Security: encrypted},
		server: ServerOptions{Token: bearerOf("user"), Host: "server.example.com", Port: 143},
		messages: []string{from64("bixhPXVzZXJAZXhhbXBsZS5jb20sAWhvc3Q9c2VydmVyLmV4YW1wbGUuY29tAXBvcnQ9MTQzAWF1dGg9QmVhcmVyI" +
			"HZGOWRmdDRxbVRjMk52YjNSbGNrQmhiSFJoZG1semRHRXVZMjl0Q2c9PQEB")},
		want: &Authenticated{User: "user", AuthzID: "user@example.com"},
	},
	{
		name: "RFC 7628 §4.1, SMTP", mechanism: OAuthBearer,
		client: ClientOptions{User: "user@example.com", Host: "server.example.com", Port: 587, Token: bearer, Security: encrypted},
		server: ServerOptions{Token: bearerOf("user")},
		messages: []string{from64("bixhPXVzZXJAZXhhbXBsZS5jb20sAWhvc3Q9c2VydmVyLmV4YW1wbGUuY29tAXBvcnQ9NTg3AWF1dGg9QmVhcmVyIHZGOWRmd" +
			"DRxbVRjMk52YjNSbGNrQmhiSFJoZG1semRHRXVZMjl0Q2c9PQEB")},
		want: &Authenticated{User: "user", AuthzID: "user@example.com"},
	},
	{
		name: "XOAUTH2", mechanism: XOAuth2,
		client:   ClientOptions{User: "someuser@example.com", Token: bearer, Security: encrypted},
		server:   ServerOptions{Token: bearerOf("someuser@example.com")},
		messages: []string{"user=someuser@example.com\x01auth=Bearer " + string(bearer) + "\x01\x01"},
		want:     &Authenticated{User: "someuser@example.com", AuthzID: "someuser@example.com"},
	},
	{
		name: "XOAUTH2, refused", mechanism: XOAuth2,
		client: ClientOptions{User: "someuser@example.com", Token: "old", Security: encrypted},
		server: ServerOptions{Token: bearerOf("x"), Discovery: TokenError{Scope: "https://mail.example.com/"}},
		messages: []string{
			"user=someuser@example.com\x01auth=Bearer old\x01\x01",
			`{"status":"401","schemes":"bearer","scope":"https://mail.example.com/"}`,
			"",
		},
	},
	{
		name: "RFC 7628 §4.4, corrected", mechanism: OAuthBearer,
		client: ClientOptions{User: "someuser@example.com", Token: "old", Security: encrypted},
		server: ServerOptions{Token: func(*Token) (string, error) {
			return "", fmt.Errorf("database: %w", &TokenError{Status: "invalid_token", Scope: "https://mail.example.com/", OpenIDConfiguration: "https://example.com/.well-known/openid-config"})
		}},
		messages: []string{
			"n,a=someuser@example.com,\x01auth=Bearer old\x01\x01",
			`{"status":"invalid_token","scope":"https://mail.example.com/","openid-configuration":"https://example.com/.well-known/openid-config"}`,
			"\x01",
		},
	},
}

const bearer = engine.Secret("vF9dft4qmTc2Nvb3RlckBhbHRhdmlzdGEuY29tCg==")

func bearerOf(user string) func(t *Token) (string, error) {
	return func(t *Token) (string, error) {
		if t.Token != bearer {
			return "", ErrAuthentication
		}
		return user, nil
	}
}

func from64(s string) string {
	b, ok := decode64(s)
	if !ok {
		panic("not base64")
	}
	return string(b)
}

func TestVectors(t *testing.T) {
	for _, tt := range exchanges {
		t.Run(tt.name+" client", func(t *testing.T) {
			c, err := NewClient(tt.mechanism, tt.client)
			if err != nil {
				t.Fatal(err)
			}
			for i, m := range tt.messages {
				if i%2 == 1 {
					continue
				}
				var got engine.Secret
				switch {
				case m == "-":
					continue
				case i == 0:
					var ok bool
					if got, ok = c.Initial(); !ok {
						t.Fatal("no initial response")
					}
				default:
					if got, err = c.Step([]byte(tt.messages[i-1])); err != nil {
						t.Fatal(err)
					}
				}
				if string(got) != m {
					t.Errorf("message %d: got %q, want %q", i, string(got), m)
				}
			}
			if err := c.Finish(tt.want != nil); (err == nil) != (tt.want != nil) {
				t.Error(err)
			}
		})
		t.Run(tt.name+" server", func(t *testing.T) {
			tt.server.Random, tt.server.Pepper = zeros{}, pepper
			s, err := tt.server.Server(tt.mechanism)
			if err != nil {
				t.Fatal(err)
			}
			if tt.challenge != "" {
				s.(*server).side.(*cramServer).challenge = tt.challenge
			}
			for i, m := range tt.messages {
				if i%2 == 1 {
					continue
				}
				in := []byte(m)
				if m == "-" {
					in = nil
				}
				step, err := s.Step(in)
				if i == len(tt.messages)-1 {
					if tt.want == nil && err == nil || tt.want != nil && !cmp.Equal(step, tt.want) {
						t.Errorf("got %+v, %v", step, err)
					}
					return
				}
				c, ok := step.(*Challenge)
				if err != nil || !ok || string(c.Data) != tt.messages[i+1] {
					t.Fatalf("message %d: %+v, %v", i, step, err)
				}
			}
		})
	}
}

// TestMessages: single messages to a server, and what it makes of them.
func TestMessages(t *testing.T) {
	var told *TokenError
	o := ServerOptions{
		Random: zeros{}, Pepper: pepper, Passwords: true, Anonymous: true, Host: "mail.example.org", Port: 993,
		Security: engine.Security{Peer: []byte{1}}, Certificate: func([]byte) (string, error) { return "fred", nil },
		Secret: func(user string) (engine.Secret, error) {
			return map[string]engine.Secret{"tim": "tanstaaftanstaaf", "tim tom": "tanstaaftanstaaf"}[user], nil
		},
		Token: func(t *Token) (string, error) {
			if t.Token == "nobody's" {
				return "", nil
			}
			return "user", nil
		},
		Discovery: TokenError{Scope: "mail"},
	}
	user := func(authzid string) *Authenticated { return &Authenticated{User: "user", AuthzID: authzid} }
	failing := &Challenge{Data: []byte(`{"status":"invalid_token","scope":"mail"}`), Err: ErrAuthentication}
	for _, tt := range []struct {
		mechanism, message string
		want               Step // nil: ErrSyntax
	}{
		{OAuthBearer, "n,,\x01auth=Bearer t\x01\x01", user("")},
		{OAuthBearer, "y,a=x,\x01auth=Bearer t\x01\x01", user("x")},
		{OAuthBearer, "n,a=a=2Cb=3D,\x01auth=Bearer t\x01\x01", user("a,b=")},
		{OAuthBearer, "n,,\x01auth=BEARER   t\x01\x01", user("")},
		{OAuthBearer, "n,,\x01unknown=\x01auth=bearer t\x01unknown=a=b c\x01\x01", user("")},
		{OAuthBearer, "n,,\x01host=MAIL.example.org\x01port=993\x01auth=Bearer t\x01\x01", user("")},
		{OAuthBearer, "n,,\x01host=mail.example.com\x01auth=Bearer t\x01\x01", failing},
		{OAuthBearer, "n,,\x01port=143\x01auth=Bearer t\x01\x01", failing},
		{OAuthBearer, "n,,\x01auth=\x01\x01", failing}, // RFC 7628 §4.3
		{OAuthBearer, "n,,\x01auth=Bearer nobody's\x01\x01", failing},
		{OAuthBearer, "\x01", nil},
		{OAuthBearer, "", nil},
		{OAuthBearer, "n,,", nil},
		{OAuthBearer, "n,,\x01\x01", nil},
		{OAuthBearer, "n,,\x01", nil},
		{OAuthBearer, "p=tls-exporter,,\x01auth=Bearer t\x01\x01", nil},
		{OAuthBearer, "n,user=someuser@example.com,\x01auth=Bearer t\x01\x01", nil}, // as in RFC 7628 §4.4
		{OAuthBearer, "n,,auth=Bearer t\x01\x01", nil},
		{OAuthBearer, "n,,\x01auth=Bearer t\x01", nil},
		{OAuthBearer, "n,,\x01auth=Bearer t\x01\x01\x01", nil},
		{OAuthBearer, "n,,\x01auth=Bearer t\x01\x01x", nil},
		{OAuthBearer, "n,,\x01auth=Bearer t\x01auth=Bearer u\x01\x01", nil},
		{OAuthBearer, "n,,\x01auth=Bearer t\x01host=a\x01host=b\x01\x01", nil},
		{OAuthBearer, "n,,\x01auth=Bearer t\x01port=\x01\x01", nil},
		{OAuthBearer, "n,,\x01auth=Bearer t\x01port=0993\x01\x01", nil},
		{OAuthBearer, "n,,\x01auth=Bearer t\x01port=+993\x01\x01", nil},
		{OAuthBearer, "n,,\x01auth=Bearer t\x01port=65536\x01\x01", nil},
		{OAuthBearer, "n,,\x01auth=Bearer t\x01port=0\x01\x01", nil},
		{OAuthBearer, "n,,\x01auth=Bearer t\x01=x\x01\x01", nil},
		{OAuthBearer, "n,,\x01auth=Bearer t\x01x1=x\x01\x01", nil},
		{OAuthBearer, "n,,\x01auth=Bearer t\x01x=\x00\x01\x01", nil},
		{OAuthBearer, "n,,\x01auth=Bearer t\x01x=ä\x01\x01", nil},
		{OAuthBearer, "n,,\x01auth=Bearer \x01\x01", nil},
		{OAuthBearer, "n,,\x01auth=Bearer\x01\x01", nil},
		{OAuthBearer, "n,,\x01host=mail.example.org\x01\x01", nil},
		{OAuthBearer, "n,,\x01auth=Basic t\x01\x01", nil},
		{OAuthBearer, "n,,\x01auth=Bearer t u\x01\x01", nil},
		{XOAuth2, "user=u\x01auth=bearer t\x01\x01", user("u")},
		{XOAuth2, "user=u\x01auth=\x01\x01", &Challenge{Data: []byte(`{"status":"401","schemes":"bearer","scope":"mail"}`), Err: ErrAuthentication}},
		{XOAuth2, "user=\x01auth=Bearer t\x01\x01", nil},
		{XOAuth2, "user=u\x00\x01auth=Bearer t\x01\x01", nil},
		{XOAuth2, "auth=Bearer t\x01user=u\x01\x01", nil},
		{XOAuth2, "user=u\x01auth=Bearer t\x01", nil},
		{XOAuth2, "user=u\x01auth=Bearer t\x01x=y\x01\x01", nil},
		{XOAuth2, "user=u\x01\x01", nil},
		{XOAuth2, "", nil},
		{Anonymous, "", &Authenticated{Anonymous: true}},
		{Anonymous, "a@example.org", &Authenticated{Anonymous: true, Trace: "a@example.org"}},
		{Anonymous, strings.Repeat("日", 255), &Authenticated{Anonymous: true, Trace: strings.Repeat("日", 255)}},
		{Anonymous, "non\u00a0ASCII\u3000spaces", &Authenticated{Anonymous: true, Trace: "non\u00a0ASCII\u3000spaces"}},
		{Anonymous, strings.Repeat("x", 256), nil},
		{Anonymous, "a\r\nroot logged in", nil},
		{Anonymous, "a\u202eb", nil},
		{Anonymous, "\u0627\u0031", nil},
		{Anonymous, "\xff", nil},
		{External, "", &Authenticated{User: "fred"}},
		{External, "a\x00", nil},
		{External, "\xff", nil},
		{External, strings.Repeat("x", 256), nil},
		{CramMD5, "", nil}, // there is nothing yet that it could answer
		{CramMD5, "tim b913a602c7eda7a495b4e6e7334d3890", nil},
		{Plain, "\x00\x00\x00", nil},
		{Plain, "u\x00\x00p", nil},
		{Plain, "\xff\x00u\x00p", nil},
	} {
		s, err := o.Server(tt.mechanism)
		if err != nil {
			t.Fatal(err)
		}
		got, err := s.Step([]byte(tt.message))
		if tt.want == nil {
			if err != ErrSyntax {
				t.Errorf("%s %q: %+v, %v", tt.mechanism, tt.message, got, err)
			}
			continue
		}
		if err != nil || !cmp.Equal(got, tt.want, cmp.Comparer(func(a, b error) bool { return errors.Is(a, b) })) {
			t.Errorf("%s %q: %+v, %v", tt.mechanism, tt.message, got, err)
		}
	}

	// CRAM-MD5 over the challenge of RFC 2195.
	for _, tt := range []struct {
		message string
		want    error
	}{
		{"tim b913a602c7eda7a495b4e6e7334d3890", nil},
		{"tim tom b913a602c7eda7a495b4e6e7334d3890", nil},
		{"tom b913a602c7eda7a495b4e6e7334d3890", ErrAuthentication},
		{"tim b913a602c7eda7a495b4e6e7334d3891", ErrAuthentication},
		{"tim B913A602C7EDA7A495B4E6E7334D3890", ErrSyntax},
		{"tim  b913a602c7eda7a495b4e6e7334d3890", ErrAuthentication},
		{"tim b913a602c7eda7a495b4e6e7334d389", ErrSyntax},
		{"tim b913a602c7eda7a495b4e6e7334d3890 ", ErrSyntax},
		{"tim b913a602c7eda7a495b4e6e7334d389g", ErrSyntax},
		{" b913a602c7eda7a495b4e6e7334d3890", ErrSyntax},
		{"b913a602c7eda7a495b4e6e7334d3890", ErrSyntax},
		{"t\x00m b913a602c7eda7a495b4e6e7334d3890", ErrSyntax},
		{"", ErrSyntax},
	} {
		s, err := o.Server(CramMD5)
		if err != nil {
			t.Fatal(err)
		}
		s.(*server).side.(*cramServer).challenge = "<1896.697170952@postoffice.reston.mci.net>"
		s.Step(nil)
		if step, err := s.Step([]byte(tt.message)); err != tt.want {
			t.Errorf("%q: %+v, %v", tt.message, step, err)
		}
	}

	// What a client is told, it tells.
	c, err := NewClient(OAuthBearer, ClientOptions{Token: "t", Security: encrypted})
	if err != nil {
		t.Fatal(err)
	}
	c.Initial()
	if m, err := c.Step([]byte(`{"status":"invalid_token","schemes":"bearer mac","scope":"https://mail.example.com/","x":1}`)); m != "\x01" || err != nil {
		t.Error(m, err)
	}
	err = c.Finish(false)
	if !errors.As(err, &told) || told.Status != "invalid_token" || told.Scope != "https://mail.example.com/" || !errors.Is(err, ErrAuthentication) {
		t.Errorf("%#v", err)
	}
	for _, raw := range []string{"", "[]", `{"status":5}`, strings.Repeat("[", 8000), "\xff"} {
		c, err := NewClient(XOAuth2, ClientOptions{User: "u", Token: "t", Security: encrypted})
		if err != nil {
			t.Fatal(err)
		}
		c.Initial()
		if m, err := c.Step([]byte(raw)); m != "" || err != nil {
			t.Error(m, err)
		}
		// A success after that is none.
		if err := c.Finish(true); !errors.As(err, &told) || string(told.Raw) != raw {
			t.Errorf("%q: %#v", raw, err)
		}
	}
}

// TestPrompts: what a client makes of challenges that are not as they should be.
func TestPrompts(t *testing.T) {
	o := ClientOptions{User: "tim", Password: "tanstaaf", Token: "t", External: true, Anonymous: true, Random: zeros{}, Security: encrypted}
	for _, tt := range []struct {
		mechanism  string
		challenges []string
		want       error
	}{
		{Plain, []string{""}, nil},
		{Plain, []string{"Password:"}, ErrSyntax},
		{Plain, []string{"", ""}, ErrSyntax},
		{External, []string{"", ""}, ErrSyntax},
		{Anonymous, []string{"", "x"}, ErrSyntax},
		{ScramSHA256, []string{"r="}, ErrSyntax},
		{OAuthBearer, []string{"", "{}", "{}"}, ErrSyntax},
		{Login, []string{"Username:", "Password:"}, nil},
		{Login, []string{"", ""}, nil},
		{Login, []string{"", "", ""}, ErrSyntax},
		{CramMD5, []string{"12345"}, nil},
		{CramMD5, []string{""}, ErrSyntax},
		{CramMD5, []string{"<\n>"}, ErrSyntax},
		{CramMD5, []string{"<\xff>"}, ErrSyntax},
		{CramMD5, []string{"<1@a>", "<2@a>"}, ErrSyntax},
	} {
		c, err := NewClient(tt.mechanism, o)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range tt.challenges {
			if err != nil {
				t.Errorf("%s %q: %v too soon", tt.mechanism, tt.challenges, err)
			}
			_, err = c.Step([]byte(m))
		}
		if err != tt.want {
			t.Errorf("%s %q: %v", tt.mechanism, tt.challenges, err)
		}
		if got := c.Finish(true); got != tt.want {
			t.Errorf("%s %q: Finish %v", tt.mechanism, tt.challenges, got)
		}
	}
	// The server says OK before it has heard anything, or not all.
	for _, m := range mechanisms {
		o.Security.Exporter = exporter("one")
		c, err := NewClient(m.name, o)
		if err != nil {
			t.Fatal(err)
		}
		if err := c.Finish(true); err != ErrServer {
			t.Errorf("%s: success before the beginning: %v", m.name, err)
		}
		if _, ok := c.Initial(); ok {
			t.Errorf("%s: begins after the end", m.name)
		}
	}
	c, _ := NewClient(Login, o)
	c.Step(nil)
	if err := c.Finish(true); err != ErrServer {
		t.Error("LOGIN: success without a password", err)
	}
}

// TestLimits: threat M13. A message that is too long is refused unread, in
// each mechanism and at each step.
func TestLimits(t *testing.T) {
	o := ServerOptions{
		Limits: Limits{Message: 100}, Random: zeros{}, Pepper: pepper, Passwords: true, Anonymous: true,
		Security: engine.Security{Peer: []byte{1}, Exporter: exporter("one")}, Hashes: []Hash{SHA1, SHA256},
		Certificate: func([]byte) (string, error) { return "fred", nil },
		Secret:      func(string) (engine.Secret, error) { return "s", nil },
		Token:       func(*Token) (string, error) { return "fred", nil },
		Scram:       func(Hash, string) (ScramCredentials, error) { return ScramCredentials{}, ErrAuthentication },
	}
	co := ClientOptions{
		Limits: Limits{Message: 100}, Security: engine.Security{Encrypted: true, Exporter: exporter("one")}, Random: zeros{},
		User: "tim", Password: "p", Token: "t", External: true, Anonymous: true,
	}
	var le *engine.LimitError
	for _, m := range mechanisms {
		for _, before := range []int{0, 1} {
			s, err := o.Server(m.name)
			if err != nil {
				t.Fatal(err)
			}
			c, err := NewClient(m.name, co)
			if err != nil {
				t.Fatal(err)
			}
			for range before {
				s.Step(nil)
				c.Initial()
			}
			if _, err := s.Step(make([]byte, 101)); !errors.As(err, &le) || le.Name != "Message" || le.Cap != 100 {
				t.Errorf("%s server: %v", m.name, err)
			}
			if _, err := s.Step(nil); err != ErrOver {
				t.Errorf("%s server: %v", m.name, err)
			}
			if _, err := c.Step(make([]byte, 101)); !errors.As(err, &le) || le.Name != "Message" || le.Cap != 100 {
				t.Errorf("%s client: %v", m.name, err)
			}
			if err := c.Finish(true); !errors.As(err, &le) {
				t.Errorf("%s client: %v", m.name, err)
			}
			if _, err := c.Step(nil); err != ErrOver {
				t.Errorf("%s client: %v", m.name, err)
			}
		}
	}
	if l := (Limits{}).withDefaults(); l != (Limits{8192, 4096, 1_000_000}) {
		t.Error(l)
	}
}

// TestCramChallenge: a message identifier, and another each time.
func TestCramChallenge(t *testing.T) {
	o := ServerOptions{Random: strings.NewReader(strings.Repeat("x", 16) + strings.Repeat("y", 16)), Pepper: pepper, Host: "mail.example.org",
		Secret: func(string) (engine.Secret, error) { return "s", nil }}
	seen := map[string]bool{}
	for range 2 {
		s, err := o.Server(CramMD5)
		if err != nil {
			t.Fatal(err)
		}
		step, err := s.Step(nil)
		if err != nil {
			t.Fatal(err)
		}
		m := string(step.(*Challenge).Data)
		if !strings.HasPrefix(m, "<") || !strings.HasSuffix(m, "@mail.example.org>") || seen[m] {
			t.Errorf("%q", m)
		}
		seen[m] = true
	}
}

// TestEmptyAnswers: nil is that there is none only at the beginning.
func TestEmptyAnswers(t *testing.T) {
	s, err := ServerOptions{Passwords: true}.Server(Plain)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Step(nil); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Step(nil); err != ErrSyntax {
		t.Error("PLAIN:", err)
	}
	if s, err = (ServerOptions{Passwords: true}).Server(Login); err != nil {
		t.Fatal(err)
	}
	s.Step(nil)
	if _, err := s.Step(nil); err != ErrSyntax {
		t.Error("LOGIN:", err)
	}
}

// TestNobody: a lookup that finds nothing lets nobody in, though it says so
// with an empty answer; and its error is what the caller hears at the end.
func TestNobody(t *testing.T) {
	errDown := errors.New("database down")
	const challenge = "<0.0@localhost>"
	for _, tt := range []struct {
		err, want error
	}{{nil, ErrAuthentication}, {errDown, errDown}} {
		o := ServerOptions{
			Random: zeros{}, Pepper: pepper, Security: engine.Security{Peer: []byte{1}},
			Secret:      func(string) (engine.Secret, error) { return "", tt.err },
			Certificate: func([]byte) (string, error) { return "", tt.err },
		}
		s, err := o.Server(CramMD5)
		if err != nil {
			t.Fatal(err)
		}
		if step, err := s.Step(nil); err != nil || string(step.(*Challenge).Data) != challenge {
			t.Fatal(step, err)
		}
		if _, err := s.Step([]byte("tim " + cramDigest("", challenge))); err != tt.want {
			t.Error(err)
		}
		if s, err = o.Server(External); err != nil {
			t.Fatal(err)
		}
		if step, err := s.Step([]byte{}); err != tt.want {
			t.Error(step, err)
		}
	}
}
