package pop3serve_test

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"strings"
	"testing"

	"github.com/mailwire/mailwire/imapwire/engine"
	"github.com/mailwire/mailwire/imapwire/sasl"
	"github.com/mailwire/mailwire/mailbox"
	"github.com/mailwire/mailwire/mailbox/memstore"
	"github.com/mailwire/mailwire/mailbox/pop3serve"
)

// everyAuth can do all that an Auth can.
type everyAuth struct{ *memstore.Store }

func (everyAuth) Token(_ context.Context, user, token string) (mailbox.Identity, error) {
	if token != "good" || user != "" && user != "u" {
		return mailbox.Identity{}, mailbox.ErrAuthentication
	}
	return mailbox.Identity{User: "u"}, nil
}

func (everyAuth) Certificate(_ context.Context, der []byte) (mailbox.Identity, error) {
	if string(der) != "certificate of u" {
		return mailbox.Identity{}, mailbox.ErrAuthentication
	}
	return mailbox.Identity{User: "u"}, nil
}

// TestMechanisms: threats S6 and S8. Every mechanism that the Auth can serve is offered where it may
// be, logs in who is right and nobody else, and tells those who are wrong one
// thing.
func TestMechanisms(t *testing.T) {
	f := newFixture(t, pop3serve.Options{Random: rand.Reader})
	var err error
	f.srv, err = pop3serve.NewServer(f.store, pop3serve.Options{
		Auth: everyAuth{f.store}, PlaintextAuth: engine.PlaintextNever, STLS: true,
		Random: rand.Reader, Pepper: "0123456789abcdef", Host: "mail.example.org",
	})
	if err != nil {
		t.Fatal(err)
	}
	secure := engine.Security{
		Encrypted: true, Peer: []byte("certificate of u"),
		Exporter: func(_ string, _ []byte, n int) ([]byte, error) { return []byte(strings.Repeat("k", n)), nil },
	}
	has := func(c *client, want string) {
		t.Helper()
		if got := c.lines("CAPA"); !strings.Contains("\n"+strings.Join(got, "\n")+"\n", "\nSASL "+want+"\n") {
			t.Errorf("CAPA is %q; want SASL %s", got, want)
		}
	}
	c := f.connect(engine.Security{})
	has(c, "SCRAM-SHA-256 SCRAM-SHA-1 CRAM-MD5")
	c.ok("STLS")
	c.sess.Upgraded(start, engine.LayerTLS, secure)
	all := []string{"EXTERNAL", "OAUTHBEARER", "XOAUTH2", "SCRAM-SHA-256-PLUS", "SCRAM-SHA-1-PLUS", "SCRAM-SHA-256", "SCRAM-SHA-1", "CRAM-MD5", "PLAIN", "LOGIN"}
	has(c, strings.Join(all, " "))

	right := sasl.ClientOptions{Security: secure, Random: rand.Reader, User: "u", Password: "p", Token: "good", External: true, Host: "mail.example.org"}
	wrong := right
	wrong.Password, wrong.Token = "q", "bad"
	nobody := wrong
	nobody.User = "nobody"
	for _, name := range all {
		for i, o := range []sasl.ClientOptions{right, wrong, nobody} {
			sec := secure
			if i > 0 {
				sec.Peer = []byte("another's")
			}
			if !strings.HasSuffix(name, "-PLUS") {
				o.Security.Exporter = nil // it does not mean to bind
			}
			m, err := sasl.NewClient(name, o)
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			c := f.connect(sec)
			out := c.do("AUTH " + name)
			for strings.HasPrefix(out, "+ ") {
				challenge, err := base64.StdEncoding.DecodeString(strings.TrimSpace(out[2:]))
				if err != nil {
					t.Fatalf("%s: %q", name, out)
				}
				answer, err := m.Step(challenge)
				if err != nil {
					// What it was told is why it fails.
					answer = ""
				}
				out = c.do(encode(string(answer)))
			}
			switch {
			case i > 0 && (!strings.HasPrefix(out, "-ERR [AUTH] ") || c.sess.FailedLogins() != 1):
				t.Errorf("%s as %d: %q, %d failed", name, i, out, c.sess.FailedLogins())
			case i == 0 && (!strings.HasPrefix(out, "+OK ") || m.Finish(true) != nil || c.sess.User() != "u"):
				t.Errorf("%s: %q", name, out)
			case i == 0:
				c.ok("QUIT")
			}
		}
	}
}

// TestScramSalt: threat S6. What SCRAM tells before a proof looks the same for who exists
// and who does not (RFC 5802 §9), and stays the same.
func TestScramSalt(t *testing.T) {
	f := newFixture(t, pop3serve.Options{Random: rand.Reader, Pepper: "0123456789abcdef"})
	first := func(user string) (salt, iterations string) {
		out := f.connect(loopback).do("AUTH SCRAM-SHA-256 " + encode("n,,n="+user+",r=nonce"))
		text, err := base64.StdEncoding.DecodeString(strings.TrimSpace(strings.TrimPrefix(out, "+ ")))
		parts := strings.Split(string(text), ",")
		if err != nil || len(parts) != 3 {
			t.Fatalf("%s: %q", user, out)
		}
		return parts[1], parts[2]
	}
	salts := make(map[string]bool)
	for _, user := range []string{"u", "v", "nobody"} {
		salt, iterations := first(user)
		if again, _ := first(user); again != salt {
			t.Errorf("the salt of %s changes", user)
		}
		if len(salt) != len("s=")+24 || iterations != "i=4096" {
			t.Errorf("%s has %s,%s", user, salt, iterations)
		}
		salts[salt] = true
	}
	if len(salts) != 3 {
		t.Errorf("%d salts of 3 users", len(salts))
	}
}

// TestCancelledFailure: threat S8. A client that is told why its token is refused, and then
// cancels, has failed all the same.
func TestCancelledFailure(t *testing.T) {
	f := newFixture(t, pop3serve.Options{})
	var err error
	if f.srv, err = pop3serve.NewServer(f.store, pop3serve.Options{Auth: everyAuth{f.store}, PlaintextAuth: engine.PlaintextLoopback}); err != nil {
		t.Fatal(err)
	}
	c := f.connect(loopback)
	for i := range 3 {
		out := c.do("AUTH OAUTHBEARER " + encode("n,a=u,\x01auth=Bearer bad\x01\x01"))
		if !strings.HasPrefix(out, "+ ") {
			t.Fatalf("refused with %q", out)
		}
		c.err("*", "")
		if n := c.sess.FailedLogins(); n != i+1 {
			t.Errorf("%d logins failed; want %d", n, i+1)
		}
	}
	c.is("AUTH LOGIN", "+ "+encode("User Name\x00")+"\r\n")
	c.err("*", "")
	if n := c.sess.FailedLogins(); n != 3 {
		t.Errorf("%d logins failed; a change of mind is no failure", n)
	}
}
