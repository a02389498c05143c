package threats

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/mailwire/mailwire/imapwire/imap"
	"github.com/mailwire/mailwire/mailbox/pop3serve"
	"github.com/mailwire/mailwire/pop3wire"
)

// servedLimits has the options of pop3serve that bound something, those of the engine
// apart.
var servedLimits = map[string]func(t *testing.T){
	"Policy.LoginDelay": servedLoginDelay,
	"Policy.Expire":     servedExpire,
	"Lease":             servedLease,
}

// TestLimitsPOP3Serve: every number and time among the options of pop3serve at one
// below its cap, at it and one above: threats Q4 and Q10. One without a case fails.
func TestLimitsPOP3Serve(t *testing.T) {
	seen := 0
	check := func(prefix string, options reflect.Type) {
		for i := range options.NumField() {
			f := options.Field(i)
			kind := f.Type.Kind()
			if f.Type == reflect.TypeFor[*pop3wire.CapExpire]() {
				kind = reflect.Int
			}
			switch kind {
			case reflect.Int, reflect.Int32, reflect.Int64, reflect.Uint32:
			default:
				continue
			}
			run, ok := servedLimits[prefix+f.Name]
			if !ok {
				t.Errorf("pop3serve.Options.%s%s has no case", prefix, f.Name)
				continue
			}
			seen++
			t.Run(prefix+f.Name, run)
		}
	}
	for i := range reflect.TypeFor[pop3serve.Options]().NumField() {
		if f := reflect.TypeFor[pop3serve.Options]().Field(i); f.Type == reflect.TypeFor[pop3serve.Policy]() {
			check(f.Name+".", f.Type)
		}
	}
	check("", reflect.TypeFor[pop3serve.Options]())
	if seen < 3 {
		t.Errorf("only %d options were looked at", seen)
	}
}

// login logs in and returns the answer to PASS.
func (m *mailPop) login() (*mailSession, string) {
	m.t.Helper()
	s := m.session(inTheClear)
	s.do("USER " + saslUser)
	return s, s.do("PASS " + saslPassword)
}

func servedLoginDelay(t *testing.T) {
	for _, d := range []time.Duration{-1, 0, 1} {
		m := newMailPop(t)
		m.serve(pop3serve.Options{Policy: pop3serve.Policy{LoginDelay: 90 * time.Second}})
		s, out := m.login()
		if !strings.HasPrefix(out, "+OK") {
			t.Fatal(out)
		}
		s.do("QUIT")
		m.now = m.now.Add(90*time.Second + d)
		if _, out := m.login(); strings.HasPrefix(out, "-ERR [LOGIN-DELAY] ") != (d < 0) || strings.HasPrefix(out, "+OK") != (d >= 0) {
			t.Errorf("%v from the delay: %q", d, out)
		}
	}
}

func servedExpire(t *testing.T) {
	const days = 3
	for _, d := range []time.Duration{-1, 0, 1} {
		m := newMailPop(t)
		m.serve(pop3serve.Options{Policy: pop3serve.Policy{Expire: &pop3wire.CapExpire{Days: days}}})
		u, err := m.store.User(t.Context(), saslUser)
		if err != nil {
			t.Fatal(err)
		}
		inbox, err := u.Open(t.Context(), imap.Inbox)
		if err != nil {
			t.Fatal(err)
		}
		if err := memAppend(inbox, nil, 0, "a", "b"); err != nil {
			t.Fatal(err)
		}
		m.now = m.now.Add(days*24*time.Hour + d)
		left := func() int {
			snap, err := inbox.Snapshot(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			return snap.UIDs.Len()
		}
		// Only QUIT removes.
		s, _ := m.login()
		s.sess.FeedEOF(m.now)
		s.take()
		s.sess.Close()
		if n := left(); n != 2 {
			t.Fatalf("%v from the day: %d are left behind a connection that dropped", d, n)
		}
		s, _ = m.login()
		if s.do("QUIT"); (left() == 0) != (d >= 0) {
			t.Errorf("%v from the day: %d are left", d, left())
		}
	}
}

// servedLease: of a node that died nobody renews the lock, and another one gets it
// when the lease is over. It is never below twice the time that output may wait.
func servedLease(t *testing.T) {
	const least = 2 * time.Minute
	for _, lease := range []time.Duration{0, least - 1, least, least + 1, time.Hour} {
		want := max(lease, least)
		for _, d := range []time.Duration{-1, 0, 1} {
			m := newMailPop(t)
			opt := pop3serve.Options{Lease: lease, Limits: pop3wire.Limits{OutputTime: least / 2}}
			m.serve(opt)
			if _, out := m.login(); !strings.HasPrefix(out, "+OK") {
				t.Fatal(out)
			}
			m.serve(opt) // another node
			m.now = m.now.Add(want + d)
			if _, out := m.login(); strings.HasPrefix(out, "-ERR [IN-USE] ") != (d < 0) || strings.HasPrefix(out, "+OK") != (d >= 0) {
				t.Errorf("a lease of %v, %v from its end: %q", lease, d, out)
			}
		}
	}
}
