package sasl

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"github.com/mailwire/mailwire/imapwire/engine"
)

// vectors are the exchanges of RFC 5802 §5 and RFC 7677 §3.
var vectors = []struct {
	name           string
	mechanism      string
	hash           Hash
	salt           string
	cnonce, snonce string
	first, sFirst  string
	final, sFinal  string
}{
	{
		"RFC 5802 §5", ScramSHA1, SHA1, "QSXCR+Q6sek8bf92", "fyko+d2lbbFgONRv9qkxdawL", "3rfcNHYJY1ZVvWVs7j",
		"n,,n=user,r=fyko+d2lbbFgONRv9qkxdawL",
		"r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,s=QSXCR+Q6sek8bf92,i=4096",
		"c=biws,r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,p=v0X8v3Bz2T0CJGbJQyF0X+HI4Ts=",
		"v=rmF9pqV8S7suAoZWja4dJRkFsKQ=",
	},
	{
		"RFC 7677 §3", ScramSHA256, SHA256, "W22ZaJ0SNY7soEsUEjb6gQ==", "rOprNGfwEbeRWgbNEkqO", "%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0",
		"n,,n=user,r=rOprNGfwEbeRWgbNEkqO",
		"r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096",
		"c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=",
		"v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=",
	},
}

const pepper = engine.Secret("0123456789abcdef")

// vectorClient and vectorServer are the sides of a vector, whose nonces no
// source of randomness would give.
func vectorClient(t testing.TB, mechanism, nonce string) Client {
	t.Helper()
	c, err := NewClient(mechanism, ClientOptions{User: "user", Password: "pencil", Random: zeros{}})
	if err != nil {
		t.Fatal(err)
	}
	c.(*client).side.(*scramClient).begin("user", nonce)
	return c
}

func vectorServer(t testing.TB, mechanism, nonce string, keys ScramCredentials) Server {
	t.Helper()
	s, err := ServerOptions{
		Random: zeros{}, Pepper: pepper, Hashes: []Hash{SHA1, SHA256},
		Scram: func(h Hash, user string) (ScramCredentials, error) {
			if user != "user" {
				return ScramCredentials{}, ErrAuthentication
			}
			return keys, nil
		},
	}.Server(mechanism)
	if err != nil {
		t.Fatal(err)
	}
	s.(*server).side.(*scramServer).nonce = nonce
	return s
}

func TestScramVectors(t *testing.T) {
	for _, v := range vectors {
		salt, _ := decode64(v.salt)
		keys, err := NewScramCredentials(v.hash, "pencil", salt, 4096)
		if err != nil {
			t.Fatal(err)
		}
		t.Run(v.name+" client", func(t *testing.T) {
			c := vectorClient(t, v.mechanism, v.cnonce)
			got, ok := c.Initial()
			if !ok || string(got) != v.first {
				t.Fatalf("client-first %q", string(got))
			}
			got, err := c.Step([]byte(v.sFirst))
			if err != nil || string(got) != v.final {
				t.Fatalf("client-final %q, %v", string(got), err)
			}
			got, err = c.Step([]byte(v.sFinal))
			if err != nil || got != "" {
				t.Fatalf("last %q, %v", string(got), err)
			}
			if err := c.Finish(true); err != nil {
				t.Fatal(err)
			}
		})
		t.Run(v.name+" server", func(t *testing.T) {
			s := vectorServer(t, v.mechanism, v.snonce, keys)
			for _, m := range [][2]string{{v.first, v.sFirst}, {v.final, v.sFinal}} {
				step, err := s.Step([]byte(m[0]))
				if err != nil {
					t.Fatal(err)
				}
				if c, ok := step.(*Challenge); !ok || string(c.Data) != m[1] || c.Err != nil {
					t.Fatalf("got %+v, want %q", step, m[1])
				}
			}
			step, err := s.Step([]byte{})
			if a, ok := step.(*Authenticated); err != nil || !ok || a.User != "user" || a.AuthzID != "" {
				t.Fatalf("%+v, %v", step, err)
			}
		})
	}
}

// The keys that RFC 5802 §3 derives, which no message shows, are those of the
// vector whose messages they make. What is checked here is what is refused.
func TestNewScramCredentials(t *testing.T) {
	salt := []byte("0123456789abcdef")
	var ie *IterationsError
	for _, tt := range []struct {
		name       string
		hash       Hash
		password   engine.Secret
		salt       []byte
		iterations int
		want       error
	}{
		{"hash", 0, "p", salt, 4096, ErrMechanism},
		{"hash of the future", 9, "p", salt, 4096, ErrMechanism},
		{"salt", SHA1, "p", nil, 4096, ErrMechanism},
		{"long salt", SHA1, "p", make([]byte, 1025), 4096, ErrMechanism},
		{"empty password", SHA256, "", salt, 4096, ErrPrepare},
		{"control", SHA256, "a\x07", salt, 4096, ErrPrepare},
		{"long", SHA256, engine.Secret(strings.Repeat("x", 256)), salt, 4096, ErrPrepare},
		{"few", SHA256, "p", salt, 4095, ie},
		{"many", SHA256, "p", salt, 1<<30 + 1, ie},
	} {
		_, err := NewScramCredentials(tt.hash, tt.password, tt.salt, tt.iterations)
		if _, any := tt.want.(*IterationsError); any {
			tt.want = err
			if !errors.As(err, &ie) || ie.Got != tt.iterations {
				t.Errorf("%s: %v", tt.name, err)
			}
		}
		if !errors.Is(err, tt.want) {
			t.Errorf("%s: %v", tt.name, err)
		}
	}
	// Spellings of one password are one password (RFC 5802 §2.2).
	a, err1 := NewScramCredentials(SHA256, "\u2168 x", salt, 4096)
	b, err2 := NewScramCredentials(SHA256, "I\u00adX\u00a0x", salt, 4096)
	if err1 != nil || err2 != nil || a.StoredKey != b.StoredKey || a.ServerKey != b.ServerKey {
		t.Error("keys differ", err1, err2)
	}
	if a.StoredKey == a.ServerKey || !a.valid(SHA256) || a.valid(SHA1) {
		t.Error("keys", a)
	}
	salt[0]++
	if bytes.Equal(a.Salt, salt) {
		t.Error("the salt is the caller's")
	}
}

// serverFirst is the answer to a client-first message, or the error.
func serverFirst(t *testing.T, s Server, message string) (string, error) {
	t.Helper()
	step, err := s.Step([]byte(message))
	if err != nil {
		return "", err
	}
	c, ok := step.(*Challenge)
	if !ok {
		t.Fatalf("%q: %T", message, step)
	}
	if c.Err != nil {
		if _, err := s.Step(nil); err != c.Err {
			t.Errorf("%q: then %v", message, err)
		}
		if _, err := s.Step(nil); err != ErrOver {
			t.Errorf("%q: at last %v", message, err)
		}
	}
	return string(c.Data), c.Err
}

// TestScramClientFirst: RFC 5802 §7, and §6 for the flags.
func TestScramClientFirst(t *testing.T) {
	const ok, syntax = "", "sasl: message not allowed by the mechanism"
	bound := engine.Security{Encrypted: true, Exporter: exporter("channel")}
	for _, tt := range []struct {
		mechanism string
		sec       engine.Security
		message   string
		want      string // the start of the challenge: "r=" or "e=…", or an error
	}{
		{ScramSHA1, engine.Security{}, "n,,n=user,r=abc", "r=abc"},
		{ScramSHA1, engine.Security{}, "y,,n=user,r=abc", "r=abc"},
		{ScramSHA1, engine.Security{}, "n,a=boss,n=user,r=abc", "r=abc"},
		{ScramSHA1, engine.Security{}, "n,,n=user,r=abc,x=y,z=,=", syntax},
		{ScramSHA1, engine.Security{}, "n,,n=user,r=abc,x=y,z==", "r=abc"},
		{ScramSHA1, engine.Security{}, "n,,n=user,r=abc,x=y,x=y", "r=abc"},
		{ScramSHA1, engine.Security{}, "n,,n=a=2Cb=3Dc,r=abc", "r=abc"},
		{ScramSHA1, engine.Security{}, "n,,n=a=2cb,r=abc", syntax},
		{ScramSHA1, engine.Security{}, "n,,n=a=,r=abc", syntax},
		{ScramSHA1, engine.Security{}, "n,,n=a=b,r=abc", syntax},
		{ScramSHA1, engine.Security{}, "n,a=x=y,n=a,r=abc", syntax},
		{ScramSHA1, engine.Security{}, "n,a=,n=a,r=abc", syntax},
		{ScramSHA1, engine.Security{}, "n,b=x,n=a,r=abc", syntax},
		{ScramSHA1, engine.Security{}, "n,user,n=a,r=abc", syntax},
		{ScramSHA1, engine.Security{}, "n,,r=abc,n=user", syntax},
		{ScramSHA1, engine.Security{}, "n,,n=user,n=user,r=abc", syntax},
		{ScramSHA1, engine.Security{}, "n,,n=user,r=abc,r=abc", syntax},
		{ScramSHA1, engine.Security{}, "n,,n=user,r=abc,p=abc", syntax},
		{ScramSHA1, engine.Security{}, "n,,n=user", syntax},
		{ScramSHA1, engine.Security{}, "n,,n=user,r=", syntax},
		{ScramSHA1, engine.Security{}, "n,,n=,r=abc", syntax},
		{ScramSHA1, engine.Security{}, "n,,n=user,r=a b", syntax},
		{ScramSHA1, engine.Security{}, "n,,n=user,r=a\x7f", syntax},
		{ScramSHA1, engine.Security{}, "n,,n=user,r=ä", syntax},
		{ScramSHA1, engine.Security{}, "n,,n=us\xffer,r=abc", syntax},
		{ScramSHA1, engine.Security{}, "n,,n=us\x00er,r=abc", syntax},
		{ScramSHA1, engine.Security{}, "n,,n=user,r=abc,", syntax},
		{ScramSHA1, engine.Security{}, "n,n=user,r=abc", syntax},
		{ScramSHA1, engine.Security{}, "", syntax},
		{ScramSHA1, engine.Security{}, ",,n=user,r=abc", syntax},
		{ScramSHA1, engine.Security{}, "N,,n=user,r=abc", syntax},
		{ScramSHA1, engine.Security{}, "nn,,n=user,r=abc", syntax},
		{ScramSHA1, engine.Security{}, "F,n,,n=user,r=abc", syntax},
		{ScramSHA1, engine.Security{}, "p=,,n=user,r=abc", syntax},
		{ScramSHA1, engine.Security{}, "p=tls_exporter,,n=user,r=abc", syntax},
		{ScramSHA1, engine.Security{}, "n,,n=" + strings.Repeat("u", 255) + ",r=abc", "r=abc"},
		{ScramSHA1, engine.Security{}, "n,,n=" + strings.Repeat("=2C", 255) + ",r=abc", "r=abc"},
		{ScramSHA1, engine.Security{}, "n,,n=" + strings.Repeat("u", 256) + ",r=abc", syntax},
		{ScramSHA1, engine.Security{}, "n,,m=x,n=user,r=abc", "e=extensions-not-supported"},
		{ScramSHA1, engine.Security{}, "n,,n=user,r=abc,m=x", "e=extensions-not-supported"},
		{ScramSHA1, engine.Security{}, "n,,n=us\u0007er,r=abc", "e=invalid-username-encoding"},
		{ScramSHA1, engine.Security{}, "n,,n=\u00ad,r=abc", "e=invalid-username-encoding"},
		{ScramSHA1, engine.Security{}, "p=tls-exporter,,n=user,r=abc", "e=channel-binding-not-supported"},
		{ScramSHA1, bound, "n,,n=user,r=abc", "r=abc"},
		{ScramSHA1, bound, "y,,n=user,r=abc", "e=server-does-support-channel-binding"},
		{ScramSHA1, bound, "p=tls-exporter,,n=user,r=abc", "e=channel-binding-not-supported"},
		{ScramSHA1Plus, bound, "p=tls-exporter,,n=user,r=abc", "r=abc"},
		{ScramSHA1Plus, bound, "p=tls-unique,,n=user,r=abc", "e=unsupported-channel-binding-type"},
		{ScramSHA1Plus, bound, "n,,n=user,r=abc", "e=channel-bindings-dont-match"},
		{ScramSHA1Plus, bound, "y,,n=user,r=abc", "e=server-does-support-channel-binding"},
	} {
		s, err := ServerOptions{
			Random: zeros{}, Pepper: pepper, Hashes: []Hash{SHA1}, Security: tt.sec,
			Scram: func(Hash, string) (ScramCredentials, error) { return ScramCredentials{}, ErrAuthentication },
		}.Server(tt.mechanism)
		if err != nil {
			t.Fatal(err)
		}
		got, err := serverFirst(t, s, tt.message)
		if got == "" {
			got = err.Error()
		}
		if !strings.HasPrefix(got, tt.want) || tt.want[0] == 'e' && got != tt.want {
			t.Errorf("%s %q: got %q, want %q", tt.mechanism, tt.message, got, tt.want)
		}
		if strings.Contains(tt.want, "channel") != errors.Is(err, ErrChannelBinding) {
			t.Errorf("%s %q: %v", tt.mechanism, tt.message, err)
		}
	}
}

// exporter is the keying material of a channel.
func exporter(channel string) func(string, []byte, int) ([]byte, error) {
	return func(label string, context []byte, length int) ([]byte, error) {
		if label != "EXPORTER-Channel-Binding" || context == nil || len(context) != 0 || length != 32 {
			return nil, errors.New("not RFC 9266 §4.1")
		}
		return SHA256.mac([]byte(channel), label), nil
	}
}

// TestScramClientFinal: what the server refuses of RFC 5802 §7's last message.
func TestScramClientFinal(t *testing.T) {
	v := vectors[0]
	salt, _ := decode64(v.salt)
	keys, err := NewScramCredentials(v.hash, "pencil", salt, 4096)
	if err != nil {
		t.Fatal(err)
	}
	nonce := v.cnonce + v.snonce
	const proof = "p=v0X8v3Bz2T0CJGbJQyF0X+HI4Ts="
	for _, tt := range []struct {
		message string
		want    error
	}{
		{v.final, nil},
		{"", ErrSyntax},
		{"c=biws,r=" + nonce, ErrSyntax},
		{proof, ErrSyntax},
		{"r=" + nonce + ",c=biws," + proof, ErrSyntax},
		{"c=biws,r=" + nonce + "," + proof + ",x=y", ErrSyntax},
		{"c=biws,r=" + nonce + ",p=v0X8v3Bz2T0CJGbJQyF0X+HI4Tt=", ErrSyntax}, // bits left over
		{"c=biws,r=" + nonce + ",p=v0X8v3Bz2T0CJGbJQyF0X+HI4Ts", ErrSyntax},
		{"c=biws,r=" + nonce + ",p=v0X8v3Bz2T0CJGbJQyF0X+HI\r\n4Ts=", ErrSyntax},
		{"c=biws,r=" + nonce + ",p=v0X8", ErrSyntax},
		{"c=biws,r=" + nonce + ",p=", ErrSyntax},
		{"c=biws,r=" + nonce + ",x=y," + proof, ErrAuthentication}, // signed
		{"c=biws,r=" + nonce + "x," + proof, ErrAuthentication},
		{"c=biws,r=" + v.cnonce + "," + proof, ErrAuthentication},
		{"c=eSws,r=" + nonce + "," + proof, ErrChannelBinding},
		{"c=biwsAA==,r=" + nonce + "," + proof, ErrChannelBinding},
		{"c=biws,r=" + nonce + ",m=x," + proof, &ScramError{}},
		{"m=x,c=biws,r=" + nonce + "," + proof, &ScramError{}},
	} {
		s := vectorServer(t, v.mechanism, v.snonce, keys)
		if _, err := s.Step([]byte(v.first)); err != nil {
			t.Fatal(err)
		}
		_, err := serverFirst(t, s, tt.message)
		var se *ScramError
		if _, any := tt.want.(*ScramError); any {
			if !errors.As(err, &se) || se.Code != "extensions-not-supported" {
				t.Errorf("%q: %v", tt.message, err)
			}
		} else if !errors.Is(err, tt.want) {
			t.Errorf("%q: %v, want %v", tt.message, err, tt.want)
		}
	}

	t.Run("the last answer is empty", func(t *testing.T) {
		s := vectorServer(t, v.mechanism, v.snonce, keys)
		s.Step([]byte(v.first))
		s.Step([]byte(v.final))
		if step, err := s.Step([]byte("x")); err != ErrSyntax {
			t.Errorf("%v, %v", step, err)
		}
	})
	t.Run("keys that are none", func(t *testing.T) {
		for _, bad := range []ScramCredentials{
			{},
			{Salt: keys.Salt, Iterations: 0, StoredKey: keys.StoredKey, ServerKey: keys.ServerKey},
			{Salt: keys.Salt, Iterations: 4096, StoredKey: "", ServerKey: keys.ServerKey},
			{Salt: nil, Iterations: 4096, StoredKey: keys.StoredKey, ServerKey: keys.ServerKey},
		} {
			s := vectorServer(t, v.mechanism, v.snonce, bad)
			if _, err := serverFirst(t, s, v.first); err != nil {
				t.Fatal(err)
			}
			if _, err := s.Step([]byte(v.final)); err != errKeys {
				t.Error(err)
			}
		}
	})
}

// TestScramServerMessages: threat C12. What the client refuses. Most of it is
// refused before any work is done.
func TestScramServerMessages(t *testing.T) {
	v := vectors[0]
	nonce := v.cnonce + v.snonce
	var ie *IterationsError
	var se *ScramError
	is := func(want error) func(error) bool { return func(err error) bool { return errors.Is(err, want) } }
	iterations := func(err error) bool { return errors.As(err, &ie) && ie.Min == 4096 && ie.Max == 1_000_000 }
	code := func(c string) func(error) bool {
		return func(err error) bool { return errors.As(err, &se) && se.Code == c && errors.Is(err, ErrAuthentication) }
	}
	for _, tt := range []struct {
		message string
		want    func(error) bool
	}{
		{"", is(ErrSyntax)},
		{"r=" + nonce + ",s=QSXCR+Q6sek8bf92", is(ErrSyntax)},
		{"s=QSXCR+Q6sek8bf92,r=" + nonce + ",i=4096", is(ErrSyntax)},
		{"r=" + nonce + ",s=,i=4096", is(ErrSyntax)},
		{"r=" + nonce + ",s=QSXCR+Q6sek8bf9,i=4096", is(ErrSyntax)},
		{"r=" + nonce + ",s=QSXCR+Q6\nsek8bf92,i=4096", is(ErrSyntax)},
		{"r=" + nonce + ",s=QSXCR+Q6sek8bf92,i=", is(ErrSyntax)},
		{"r=" + nonce + ",s=QSXCR+Q6sek8bf92,i=0", is(ErrSyntax)},
		{"r=" + nonce + ",s=QSXCR+Q6sek8bf92,i=04096", is(ErrSyntax)},
		{"r=" + nonce + ",s=QSXCR+Q6sek8bf92,i=+4096", is(ErrSyntax)},
		{"r=" + nonce + ",s=QSXCR+Q6sek8bf92,i=4096 ", is(ErrSyntax)},
		{"r=" + nonce + ",s=QSXCR+Q6sek8bf92,i=4096,r=x", is(ErrSyntax)},
		{"r=" + nonce + ",s=QSXCR+Q6sek8bf92,i=4096,x", is(ErrSyntax)},
		{"r=" + nonce + ",s=QSXCR+Q6sek8bf92,i=4095", iterations},
		{"r=" + nonce + ",s=QSXCR+Q6sek8bf92,i=1", iterations},
		{"r=" + nonce + ",s=QSXCR+Q6sek8bf92,i=1000001", iterations},
		{"r=" + nonce + ",s=QSXCR+Q6sek8bf92,i=4294971392", iterations}, // 4096 in 32 bits
		{"r=" + nonce + ",s=QSXCR+Q6sek8bf92,i=" + strings.Repeat("9", 500), iterations},
		{"r=" + v.cnonce + ",s=QSXCR+Q6sek8bf92,i=4096", is(ErrServer)},
		{"r=x" + nonce[1:] + ",s=QSXCR+Q6sek8bf92,i=4096", is(ErrServer)},
		{"r=" + nonce + "ä,s=QSXCR+Q6sek8bf92,i=4096", is(ErrServer)},
		{"r=" + v.snonce + ",s=QSXCR+Q6sek8bf92,i=4096", is(ErrServer)},
		{"m=x,r=" + nonce + ",s=QSXCR+Q6sek8bf92,i=4096", code("extensions-not-supported")},
		{"r=" + nonce + ",s=QSXCR+Q6sek8bf92,i=4096,m=x", code("extensions-not-supported")},
		{"e=unknown-user", code("unknown-user")},
		{"e=what-is-this", code("what-is-this")},
	} {
		c := vectorClient(t, v.mechanism, v.cnonce)
		c.Initial()
		response, err := c.Step([]byte(tt.message))
		if !tt.want(err) || response != "" {
			t.Errorf("%q: %v", tt.message, err)
		}
		if err2 := c.Finish(true); err2 != err {
			t.Errorf("%q: Finish %v", tt.message, err2)
		}
	}
	for _, tt := range []struct {
		message string
		want    func(error) bool
	}{
		{"", is(ErrSyntax)},
		{"v=rmF9pqV8S7suAoZWja4dJRkFsKR=", is(ErrSyntax)},
		{"v=cmF9pqV8S7suAoZWja4dJRkFsKQ=", is(ErrServer)},
		{"v=AAAA", is(ErrServer)},
		{"v=", is(ErrSyntax)},
		{"V=rmF9pqV8S7suAoZWja4dJRkFsKQ=", is(ErrSyntax)},
		{"x=y,v=rmF9pqV8S7suAoZWja4dJRkFsKQ=", is(ErrSyntax)},
		{"v=rmF9pqV8S7suAoZWja4dJRkFsKQ=,m=x", code("extensions-not-supported")},
		{"e=channel-bindings-dont-match", is(ErrChannelBinding)},
		{"e=invalid-proof", code("invalid-proof")},
		{"v=rmF9pqV8S7suAoZWja4dJRkFsKQ=,x=y", is(nil)},
	} {
		c := vectorClient(t, v.mechanism, v.cnonce)
		c.Initial()
		c.Step([]byte(v.sFirst))
		if _, err := c.Step([]byte(tt.message)); !tt.want(err) {
			t.Errorf("%q: %v", tt.message, err)
		}
	}
}

// TestScramMutual: a server's success is not believed before it has proved to
// know the keys (RFC 5802 §5).
func TestScramMutual(t *testing.T) {
	v := vectors[1]
	for steps := range 4 {
		c := vectorClient(t, v.mechanism, v.cnonce)
		if steps > 0 {
			c.Initial()
		}
		for _, m := range []string{v.sFirst, v.sFinal}[:max(steps-1, 0)] {
			if _, err := c.Step([]byte(m)); err != nil {
				t.Fatal(err)
			}
		}
		want := ErrServer
		if steps == 3 {
			want = nil
		}
		if err := c.Finish(true); err != want {
			t.Errorf("success after %d messages: %v", steps, err)
		}
	}
	c := vectorClient(t, v.mechanism, v.cnonce)
	c.Initial()
	if err := c.Finish(false); err != ErrAuthentication {
		t.Error(err)
	}
}

// TestUnknownUsers: threat S6. Who does not exist has a salt, which stays, and is another
// for every user and hash; and fails at the same step, with the error of the
// lookup, as who has given a wrong password (RFC 9051 §11.7).
func TestUnknownUsers(t *testing.T) {
	errNone := errors.New("no such user")
	known, err := NewScramCredentials(SHA256, "pencil", []byte("0123456789abcdef"), 10000)
	if err != nil {
		t.Fatal(err)
	}
	o := ServerOptions{
		Random: zeros{}, Pepper: pepper, Iterations: 10000, Hashes: []Hash{SHA1, SHA256},
		Scram: func(h Hash, user string) (ScramCredentials, error) {
			if user == "known" && h == SHA256 {
				return known, nil
			}
			return ScramCredentials{}, errNone
		},
	}
	run := func(o ServerOptions, mechanism, user string) (first string, err error) {
		s, err := o.Server(mechanism)
		if err != nil {
			t.Fatal(err)
		}
		c, err := NewClient(mechanism, ClientOptions{User: user, Password: "wrong", Random: zeros{}})
		if err != nil {
			t.Fatal(err)
		}
		m, _ := c.Initial()
		step, err := s.Step([]byte(m))
		if err != nil {
			t.Fatal(err)
		}
		first = string(step.(*Challenge).Data)
		if m, err = c.Step([]byte(first)); err != nil {
			t.Fatal(err)
		}
		_, err = s.Step([]byte(m))
		return first, err
	}
	form := func(first string) string { // all but the salt
		i, j := strings.Index(first, ",s="), strings.LastIndex(first, ",i=")
		return first[:i] + strings.Repeat("s", j-i) + first[j:]
	}
	first, err := run(o, ScramSHA256, "known")
	if err != ErrAuthentication {
		t.Error("wrong password:", err)
	}
	seen := map[string]string{}
	for _, tt := range [][2]string{{ScramSHA256, "nobody"}, {ScramSHA256, "noone"}, {ScramSHA1, "nobody"}, {ScramSHA1, "known"}} {
		got, err := run(o, tt[0], tt[1])
		if err != errNone {
			t.Error("unknown user:", err)
		}
		if form(got) != form(first) {
			t.Errorf("%s: %q, known: %q", tt[1], got, first)
		}
		if again, _ := run(o, tt[0], tt[1]); again != got {
			t.Errorf("%s: %q, then %q", tt[1], got, again)
		}
		if who := seen[got]; who != "" {
			t.Errorf("%v has the salt of %s", tt, who)
		}
		seen[got] = tt[0] + tt[1]
		other := o
		other.Pepper = "another one, as long"
		if again, _ := run(other, tt[0], tt[1]); again == got {
			t.Errorf("%s: the salt is not keyed", tt[1])
		}
	}
}

// TestScramNonce: who knows the password, and signs another nonce than the
// server's, is refused nevertheless (RFC 5802 §5.1): the signature is then over
// what the client chose alone.
func TestScramNonce(t *testing.T) {
	v := vectors[1]
	salt, _ := decode64(v.salt)
	keys, err := NewScramCredentials(v.hash, "pencil", salt, 4096)
	if err != nil {
		t.Fatal(err)
	}
	k, err := deriveKeys(v.hash, "pencil", salt, 4096)
	if err != nil {
		t.Fatal(err)
	}
	for _, nonce := range []string{v.cnonce + v.snonce, v.cnonce + v.snonce + "x", v.cnonce, "x"} {
		s := vectorServer(t, v.mechanism, v.snonce, keys)
		if _, err := serverFirst(t, s, v.first); err != nil {
			t.Fatal(err)
		}
		unsigned := "c=biws,r=" + nonce
		_, bare, _ := strings.Cut(v.first, ",,")
		proof := xor(k.client, v.hash.mac(k.stored, bare+","+v.sFirst+","+unsigned))
		_, err := s.Step([]byte(unsigned + ",p=" + encode64(proof)))
		if right := nonce == v.cnonce+v.snonce; right != (err == nil) || !right && err != ErrAuthentication {
			t.Errorf("%q: %v", nonce, err)
		}
	}
}

// TestDeriveScram: keys that are computed from a secret are those of NewScramCredentials,
// under the salt that a user has who does not exist; and who does not exist is
// still nobody, whatever the password.
func TestDeriveScram(t *testing.T) {
	errNone := errors.New("no such user")
	o := ServerOptions{Random: zeros{}, Pepper: pepper, Secret: func(user string) (engine.Secret, error) {
		switch user {
		case "tim":
			return "pencil", nil
		case "tom":
			return "a\x07", nil
		case "empty":
			return "", nil
		}
		return "", errNone
	}}
	o.Scram = o.DeriveScram
	for _, tt := range []struct {
		user, password string
		want           error
	}{
		{"tim", "pencil", nil},
		{"tim", "pencils", ErrAuthentication},
		{"tom", "a", ErrPrepare},
		{"empty", "nobody", ErrPrepare},
		{"nobody", "nobody", errNone},
	} {
		s, err := o.Server(ScramSHA256)
		if err != nil {
			t.Fatal(err)
		}
		c, err := NewClient(ScramSHA256, ClientOptions{User: tt.user, Password: engine.Secret(tt.password), Random: zeros{}})
		if err != nil {
			t.Fatal(err)
		}
		m, _ := c.Initial()
		first, err := serverFirst(t, s, string(m))
		if err != nil {
			t.Fatal(err)
		}
		if want := ",s=" + encode64(pseudoCredentials(o, SHA256, tt.user).Salt) + ",i=4096"; !strings.HasSuffix(first, want) {
			t.Errorf("%s: %q", tt.user, first)
		}
		if m, err = c.Step([]byte(first)); err != nil {
			t.Fatal(err)
		}
		if _, err := s.Step([]byte(m)); err != tt.want {
			t.Errorf("%s: %v", tt.user, err)
		}
	}
}
