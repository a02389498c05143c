package pop3serve_test

import (
	"context"
	"crypto/md5"
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/mailwire/mailwire/imapwire/engine"
	"github.com/mailwire/mailwire/mailbox"
	"github.com/mailwire/mailwire/mailbox/memstore"
	"github.com/mailwire/mailwire/mailbox/pop3serve"
)

// secretive is a store that says it keeps secrets.
type secretive struct{ *memstore.Store }

func (secretive) KeepsSecrets() bool { return true }

func encode(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) }

// TestSASL: RFC 5034, with an initial response, without, cancelled and wrong.
func TestSASL(t *testing.T) {
	f := newFixture(t, pop3serve.Options{})
	c := f.connect(loopback)
	c.is("AUTH PLAIN", "+ \r\n")
	c.err("*", "")
	c.err("AUTH PLAIN "+encode("\x00u\x00wrong"), "AUTH")
	c.err("AUTH PLAIN "+encode("v\x00u\x00p"), "AUTH")
	c.err("AUTH PLAIN "+encode("no NUL"), "AUTH")
	c.err("AUTH CRAM-MD5", "")
	if n := c.sess.FailedLogins(); n != 3 {
		t.Errorf("%d logins failed", n)
	}
	c.is("AUTH LOGIN", "+ "+encode("User Name\x00")+"\r\n")
	c.is(encode("u"), "+ "+encode("Password\x00")+"\r\n")
	c.wants(c.do(encode("p")), "+OK 0 messages")
	if c.sess.User() != "u" {
		t.Errorf("logged in is %q", c.sess.User())
	}
	c.ok("QUIT")
	c = f.connect(loopback)
	c.ok("AUTH PLAIN " + encode("v\x00v\x00p"))
	c.ok("STAT")
}

func digest(timestamp, secret string) string {
	sum := md5.Sum([]byte(timestamp + secret))
	return hex.EncodeToString(sum[:])
}

// TestAPOP: threat Q7, RFC 1939 §7, for users who have a secret.
func TestAPOP(t *testing.T) {
	f := newFixture(t, pop3serve.Options{Random: rand.Reader, APOP: engine.PlaintextLoopback, Host: "pop.example.org", STLS: true})
	if err := f.store.AddUser("none", ""); err != nil {
		t.Fatal(err)
	}
	stamp := regexp.MustCompile(`<[0-9a-f]{32}@pop\.example\.org>`)
	greet := func(sec engine.Security) (*client, string) {
		sess, err := f.srv.Session(start, pop3serve.Info{Security: sec})
		if err != nil {
			t.Fatal(err)
		}
		c := &client{f, sess}
		return c, stamp.FindString(c.drain())
	}
	c, timestamp := greet(loopback)
	if _, other := greet(loopback); timestamp == "" || other == timestamp {
		t.Errorf("timestamps are %q and %q", timestamp, other)
	}
	for _, wrong := range []string{"u " + digest(timestamp, "x"), "nobody " + digest(timestamp, ""), "none " + digest(timestamp, "")} {
		c.err("APOP "+wrong, "AUTH")
	}
	if n := c.sess.FailedLogins(); n != 3 {
		t.Errorf("%d logins failed", n)
	}
	c.ok("APOP u " + digest(timestamp, "p"))
	c.ok("STAT")

	// Over TLS it is always possible; in the clear, and after STLS, it is not.
	if _, timestamp := greet(engine.Security{Encrypted: true}); timestamp == "" {
		t.Error("no timestamp over TLS")
	}
	if c, timestamp := greet(engine.Security{}); timestamp != "" {
		t.Errorf("in the clear the timestamp is %s", timestamp)
	} else {
		c.err("APOP u "+digest("", "p"), "")
	}
	c, timestamp = greet(loopback)
	c.ok("STLS")
	c.sess.Upgraded(start, engine.LayerTLS, engine.Security{Encrypted: true, Loopback: true})
	c.err("APOP u "+digest(timestamp, "p"), "")
}

// careless has no secret for anybody, and does not say so.
type careless struct{ secretive }

func (careless) SharedSecret(context.Context, string) (string, mailbox.Identity, error) {
	return "", mailbox.Identity{User: "u"}, nil
}

// TestEmptySecret: nobody knows a secret that is none.
func TestEmptySecret(t *testing.T) {
	f := newFixture(t, pop3serve.Options{})
	srv, err := pop3serve.NewServer(f.store, pop3serve.Options{
		Auth: careless{secretive{f.store}}, Random: rand.Reader, APOP: engine.PlaintextAlways,
	})
	if err != nil {
		t.Fatal(err)
	}
	sess, err := srv.Session(start, pop3serve.Info{})
	if err != nil {
		t.Fatal(err)
	}
	c := &client{f, sess}
	_, timestamp, _ := strings.Cut(strings.TrimSpace(c.drain()), "<")
	c.err("APOP u "+digest("<"+timestamp, ""), "AUTH")
}

// TestNoSecrets: nothing is offered that nobody can use.
func TestNoSecrets(t *testing.T) {
	f := newFixture(t, pop3serve.Options{})
	f.serve(f.store, pop3serve.Options{Random: rand.Reader, APOP: engine.PlaintextAlways})
	c := f.connect(engine.Security{Encrypted: true})
	c.err("APOP u "+digest("", "p"), "")
}

// TestSTLS: invariant 38, threats T13 and Q8. What was said before does not cross the upgrade, and
// what came behind STLS is for the TLS layer.
func TestSTLS(t *testing.T) {
	f := newFixture(t, pop3serve.Options{STLS: true})
	c := f.connect(loopback)
	c.ok("USER u")
	if out := c.send("STLS\r\nPASS p\r\nSTAT\r\n"); !strings.HasPrefix(out, "+OK") || strings.Count(out, "\r\n") != 1 {
		t.Errorf("STLS: %q", out)
	}
	if w := c.sess.Want(); w != engine.WantUpgrade {
		t.Errorf("the session wants %v", w)
	}
	if layer, _ := c.sess.Upgrade(); layer != engine.LayerTLS {
		t.Errorf("the layer is %v", layer)
	}
	c.sess.Upgraded(start, engine.LayerTLS, engine.Security{Encrypted: true})
	c.err("PASS p", "")
	c.err("STLS", "")
	if got := strings.Join(c.lines("CAPA"), " "); strings.Contains(got, "STLS") || !strings.Contains(got, "SASL PLAIN") {
		t.Errorf("after STLS %s", got)
	}
	c.ok("USER u")
	c.ok("PASS p")

	c = f.connect(loopback)
	c.ok("STLS")
	c.sess.UpgradeFailed(nil)
	c.drain()
	c.over()
}

// TestTimers: a client that does not log in, or is silent, is not kept.
func TestTimers(t *testing.T) {
	f := newFixture(t, pop3serve.Options{})
	c := f.connect(loopback)
	if d := c.sess.Deadline(); d != start.Add(3*time.Minute) {
		t.Errorf("before login the deadline is %v", d)
	}
	c.sess.Expire(start.Add(3 * time.Minute))
	c.drain()
	c.over()
}
