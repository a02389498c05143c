package pop3serve_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/mailwire/mailwire/mailbox/pop3serve"
	"github.com/mailwire/mailwire/pop3wire"
)

var never = &pop3wire.CapExpire{Never: true}

// TestLoginDelay: RFC 2449 §6.5. The delay counts from the last login that
// succeeded, of the same user.
func TestLoginDelay(t *testing.T) {
	f := newFixture(t, pop3serve.Options{Policy: pop3serve.Policy{LoginDelay: time.Minute}})
	try := func(user, password, code string) {
		t.Helper()
		c := f.connect(loopback)
		defer c.sess.Close()
		c.ok("USER " + user)
		if code == "" {
			c.ok("PASS " + password)
			c.ok("QUIT")
			return
		}
		c.err("PASS "+password, code)
	}
	try("u", "x", "AUTH")
	try("u", "p", "")
	try("u", "p", "LOGIN-DELAY")
	try("u", "x", "AUTH")
	try("v", "p", "")
	f.clock = f.clock.Add(time.Minute - time.Second)
	// A login that came too soon does not make the delay longer.
	try("u", "p", "LOGIN-DELAY")
	f.clock = f.clock.Add(time.Second)
	try("u", "p", "")
	try("u", "p", "LOGIN-DELAY")

	// It says that the credentials were right, and is no failed login.
	c := f.connect(loopback)
	c.ok("USER u")
	c.err("PASS p", "LOGIN-DELAY")
	if n := c.sess.FailedLogins(); n != 0 {
		t.Errorf("%d logins failed", n)
	}
	c.ok("USER u")
	c.err("PASS x", "AUTH")
	if n := c.sess.FailedLogins(); n != 1 {
		t.Errorf("%d logins failed", n)
	}
}

// TestLoginDelayForgets: what is noted of users does not grow for ever.
func TestLoginDelayForgets(t *testing.T) {
	f := newFixture(t, pop3serve.Options{Policy: pop3serve.Policy{LoginDelay: time.Minute}})
	for i := range 3000 {
		name := fmt.Sprintf("user%d", i)
		if err := f.store.AddUser(name, "p"); err != nil {
			t.Fatal(err)
		}
		f.clock = f.clock.Add(time.Second)
		f.login(name).cut()
	}
	if n := pop3serve.Noted(f.srv); n > 1024 {
		t.Errorf("%d logins are noted", n)
	}
	c := f.connect(loopback)
	c.ok("USER user2999")
	c.err("PASS p", "LOGIN-DELAY")
}

// TestUserPolicy: before login the strictest of all, after it the user's own.
func TestUserPolicy(t *testing.T) {
	f := newFixture(t, pop3serve.Options{
		Policy: pop3serve.Policy{LoginDelay: time.Minute, Expire: &pop3wire.CapExpire{Days: 10}},
		UserPolicy: func(user string) pop3serve.Policy {
			if user == "u" {
				return pop3serve.Policy{Expire: never}
			}
			// Stricter than anybody was told: it does not count.
			return pop3serve.Policy{LoginDelay: time.Hour, Expire: &pop3wire.CapExpire{}}
		},
	})
	for user, want := range map[string][]string{
		"u": {"LOGIN-DELAY 0", "EXPIRE NEVER"},
		"v": {"LOGIN-DELAY 60", "EXPIRE 10"},
	} {
		c := f.connect(loopback)
		if got := c.lines("CAPA"); !slices.Contains(got, "LOGIN-DELAY 60 USER") || !slices.Contains(got, "EXPIRE 10 USER") {
			t.Errorf("before login %q", got)
		}
		c.ok("USER " + user)
		c.ok("PASS p")
		got := c.lines("CAPA")
		for _, line := range want {
			if !slices.Contains(got, line) {
				t.Errorf("%s: %q lacks %s", user, got, line)
			}
		}
		c.ok("QUIT")
	}
	f.login("u").ok("QUIT")
	c := f.connect(loopback)
	c.ok("USER v")
	c.err("PASS p", "LOGIN-DELAY")
}

// TestExpire: RFC 2449 §6.7. What may not stay goes at QUIT, and at no other
// end.
func TestExpire(t *testing.T) {
	const day = 24 * time.Hour
	for _, tt := range []struct {
		expire *pop3wire.CapExpire
		left   string
	}{
		{nil, "1:4"},
		{never, "1:4"},
		{&pop3wire.CapExpire{}, "1,4"}, // 2 was taken, 3 as well, and then unmarked
		{&pop3wire.CapExpire{Days: 3}, "2:4"},
		{&pop3wire.CapExpire{Days: 4}, "1:4"},
		{&pop3wire.CapExpire{Days: 2}, "3:4"},
	} {
		t.Run(fmt.Sprintf("%+v", tt.expire), func(t *testing.T) {
			f := newFixture(t, pop3serve.Options{Policy: pop3serve.Policy{Expire: tt.expire}})
			for range 4 {
				f.add("u", hello)
				f.clock = f.clock.Add(day)
			}
			f.clock = f.clock.Add(-day) // the last one has just come
			session := func() *client {
				c := f.login("u")
				c.ok("RETR 2")
				c.ok("RETR 3")
				c.ok("DELE 3")
				c.ok("RSET")
				c.ok("TOP 1 5")
				if got := c.lines("LIST"); len(got) != 4 {
					t.Errorf("listed are %q", got)
				}
				return c
			}
			session().cut()
			if got := f.uids("u"); got != "1:4" {
				t.Errorf("after a cut connection left are %s", got)
			}
			c := session()
			// The time of a session does not count.
			f.clock = f.clock.Add(9 * time.Minute)
			c.ok("QUIT")
			if got := f.uids("u"); got != tt.left {
				t.Errorf("left are %s, expected %s", got, tt.left)
			}
		})
	}
}

// TestPolicyErrors: what can not be announced is no policy.
func TestPolicyErrors(t *testing.T) {
	f := newFixture(t, pop3serve.Options{})
	for name, opt := range map[string]pop3serve.Options{
		"no Auth":                  {},
		"a negative delay":         {Auth: f.store, Policy: pop3serve.Policy{LoginDelay: -1}},
		"a delay of centuries":     {Auth: f.store, Policy: pop3serve.Policy{LoginDelay: 1<<63 - 1}},
		"never and days":           {Auth: f.store, Policy: pop3serve.Policy{Expire: &pop3wire.CapExpire{Never: true, Days: 1}}},
		"limits that are negative": {Auth: f.store, Limits: pop3wire.Limits{Line: -1}},
		"a greeting of two lines":  {Auth: f.store, Greeting: "a\r\nb"},
		"an implementation of two": {Auth: f.store, Implementation: "a\r\nb"},
		"a host with a space":      {Auth: secretive{f.store}, Random: strings.NewReader(strings.Repeat("x", 16)), Host: "a b"},
		"no randomness":            {Auth: secretive{f.store}, Random: strings.NewReader("")},
	} {
		if _, err := pop3serve.NewServer(f.store, opt); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}
