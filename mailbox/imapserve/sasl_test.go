package imapserve_test

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"strings"
	"testing"

	"github.com/mailwire/mailwire/imapwire/engine"
	"github.com/mailwire/mailwire/imapwire/sasl"
	"github.com/mailwire/mailwire/mailbox"
	"github.com/mailwire/mailwire/mailbox/imapserve"
	"github.com/mailwire/mailwire/mailbox/memstore"
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

// TestMechanisms: every mechanism that the Auth can serve is offered where it may
// be, logs in who is right and nobody else, and tells those who are wrong one
// thing.
func TestMechanisms(t *testing.T) {
	store := memstore.New(memstore.Options{KeepSecrets: true})
	if err := store.AddUser("u", "p,=ä"); err != nil {
		t.Fatal(err)
	}
	srv, err := imapserve.NewServer(store, imapserve.Options{
		Auth: everyAuth{store}, PlaintextAuth: engine.PlaintextNever, StartTLS: true,
		Random: rand.Reader, Pepper: "0123456789abcdef", Host: "mail.example.org",
	})
	if err != nil {
		t.Fatal(err)
	}
	defer srv.Close()
	secure := engine.Security{
		Encrypted: true, Peer: []byte("certificate of u"),
		Exporter: func(label string, context []byte, n int) ([]byte, error) { return []byte(strings.Repeat("k", n)), nil },
	}
	connect := func(sec engine.Security) (*client, string) {
		sess, err := srv.Session(start, imapserve.Info{Security: sec})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { sess.Close() })
		c := &client{t: t, sess: sess}
		return c, c.drain()
	}
	_, greeting := connect(engine.Security{})
	if want := "STARTTLS LOGINDISABLED SASL-IR AUTH=SCRAM-SHA-256 AUTH=SCRAM-SHA-1 AUTH=CRAM-MD5]"; !strings.Contains(greeting, want) {
		t.Errorf("in the clear: %s", greeting)
	}
	c, _ := connect(engine.Security{})
	c.send("a STARTTLS\r\n")
	c.sess.Upgraded(start, engine.LayerTLS, secure)
	all := []string{"EXTERNAL", "OAUTHBEARER", "XOAUTH2", "SCRAM-SHA-256-PLUS", "SCRAM-SHA-1-PLUS", "SCRAM-SHA-256", "SCRAM-SHA-1", "CRAM-MD5", "PLAIN", "LOGIN"}
	if caps := c.ok("CAPABILITY"); !strings.Contains(caps, "SASL-IR AUTH="+strings.Join(all, " AUTH=")+"\r\n") {
		t.Errorf("behind STARTTLS: %s", caps)
	}
	right := sasl.ClientOptions{Security: secure, Random: rand.Reader, User: "u", Password: "p,=ä", Token: "good", External: true, Host: "mail.example.org"}
	wrong, nobody := right, right
	wrong.Password, wrong.Token = "q", "bad"
	nobody.User, nobody.Token = "nobody", "bad"
	for _, name := range all {
		for i, o := range []sasl.ClientOptions{right, wrong, nobody} {
			sec := secure
			if i > 0 {
				sec.Peer = []byte("another's")
			}
			if !strings.HasSuffix(name, "-PLUS") {
				o.Security.Exporter = nil // it does not mean to bind
			}
			c, _ := connect(sec)
			m, err := sasl.NewClient(name, o)
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			out := c.send("a AUTHENTICATE " + name + "\r\n")
			for strings.HasPrefix(out, "+ ") {
				challenge, err := base64.StdEncoding.DecodeString(strings.TrimSpace(out[2:]))
				if err != nil {
					t.Fatalf("%s: %q", name, out)
				}
				answer, err := m.Step(challenge)
				if err != nil {
					out = c.send("*\r\n")
					break
				}
				out = c.send(base64.StdEncoding.EncodeToString([]byte(answer)) + "\r\n")
			}
			if in := strings.HasPrefix(out, "a OK [CAPABILITY"); in != (i == 0) || in && m.Finish(true) != nil || !in && c.sess.FailedLogins() == 0 && !strings.Contains(out, "BAD") {
				t.Errorf("%s as %d: %q", name, i, out)
			}
			if i > 0 && !strings.HasPrefix(out, "a NO [AUTHENTICATIONFAILED] ") && !strings.HasPrefix(out, "a BAD") {
				t.Errorf("%s as %d: %q", name, i, out)
			}
		}
	}
}

// TestCancelledFailure: a client that is told why its token is refused, and then
// cancels, has failed all the same.
func TestCancelledFailure(t *testing.T) {
	store := memstore.New(memstore.Options{})
	srv, err := imapserve.NewServer(store, imapserve.Options{Auth: everyAuth{store}, PlaintextAuth: engine.PlaintextLoopback})
	if err != nil {
		t.Fatal(err)
	}
	defer srv.Close()
	sess, err := srv.Session(start, imapserve.Info{Security: engine.Security{Loopback: true}})
	if err != nil {
		t.Fatal(err)
	}
	defer sess.Close()
	c := &client{t: t, sess: sess}
	c.drain()
	c.send("a AUTHENTICATE OAUTHBEARER " + base64.StdEncoding.EncodeToString([]byte("n,a=u,\x01auth=Bearer bad\x01\x01")) + "\r\n")
	c.send("*\r\n")
	if n := sess.FailedLogins(); n != 1 {
		t.Errorf("%d logins failed; want 1", n)
	}
	c.send("b AUTHENTICATE PLAIN\r\n")
	c.send("*\r\n")
	if n := sess.FailedLogins(); n != 1 {
		t.Errorf("%d logins failed; a change of mind is no failure", n)
	}
}
