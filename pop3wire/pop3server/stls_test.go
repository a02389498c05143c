package pop3server_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/mailwire/mailwire/imapwire/engine"
	"github.com/mailwire/mailwire/pop3wire"
	"github.com/mailwire/mailwire/pop3wire/pop3server"
)

// TestSTLS: invariants 16 and 38, threats T1 and Q8. Nothing behind STLS becomes
// a command, however it is cut.
func TestSTLS(t *testing.T) {
	const in = "USER u\r\nSTLS\r\nPASS p\r\nQUIT\r\n"
	for n := range len(in) + 1 {
		s := newScript(t, loopback)
		s.take()
		s.feed(in, n)
		if got := s.take(); got != "+OK send PASS\r\n+OK begin TLS\r\n" || s.c.Want() != engine.WantUpgrade {
			t.Fatalf("cut at %d: %q, wants %v", n, got, s.c.Want())
		}
		if !strings.HasPrefix("PASS p\r\nQUIT\r\n", s.rest) {
			t.Fatalf("cut at %d: Rest %q", n, s.rest)
		}
		if err := s.c.Feed(start, []byte("STAT\r\n")); err != engine.ErrBusy {
			t.Fatalf("Feed: %v", err)
		}
		s.c.Upgraded(start, engine.LayerDeflate, engine.Security{Encrypted: true}) // not what was asked for
		if s.c.Want() != engine.WantUpgrade {
			t.Fatal("another layer was taken")
		}
		s.c.Upgraded(start, engine.LayerTLS, engine.Security{Encrypted: true})
		if got := s.do("PASS p"); got != "-ERR send USER first\r\n" {
			t.Fatalf("a name outlasts STLS: %q", got)
		}
	}
}

// TestFreshBehindTLS: threats T9 and T13. What was said before TLS does not count: the name, UTF-8,
// mistakes, the challenge of APOP and the capabilities.
func TestFreshBehindTLS(t *testing.T) {
	opt := loopback
	opt.PlaintextAuth = engine.PlaintextNever
	s := newScript(t, opt)
	before := s.do("CAPA")
	s.do("LIST x")
	s.do("LIST x")
	s.do("LIST x")
	s.do("LANG es")
	s.do("LIST x\r\nLIST x\r\nSTLS")
	s.c.Upgraded(start, engine.LayerTLS, engine.Security{Encrypted: true})
	if got := s.do("GET / HTTP/1.1"); got != "-ERR this is POP3\r\n" {
		t.Errorf("the first line is not the first: %q", got)
	}
	s = newScript(t, opt)
	s.do("LANG es")
	s.do("LIST x\r\nLIST x\r\nSTLS")
	s.c.Upgraded(start, engine.LayerTLS, engine.Security{Encrypted: true})
	s.do("LIST x\r\nLIST x\r\nLIST x")
	if s.c.Want() != engine.WantInput {
		t.Error("mistakes outlast STLS")
	}
	after := s.do("CAPA")
	if strings.Contains(after, "STLS") || !strings.Contains(after, "USER\r\nSASL PLAIN X-TWO") || strings.Contains(before, "USER\r\nSASL") || !strings.Contains(before, "STLS") {
		t.Errorf("before %q, after %q", before, after)
	}
	if got := s.do("LANG x"); got != "-ERR s? no\r\n" {
		t.Errorf("the language outlasts STLS: %q", got)
	}
	if got := s.do("APOP mrose " + digest); got != "-ERR APOP is not offered here\r\n" {
		t.Errorf("the challenge outlasts STLS: %q", got)
	}
	if got := s.do("STLS"); got != "-ERR STLS is not possible here\r\n" {
		t.Errorf("STLS inside TLS: %q", got)
	}
	if !s.c.Security().Encrypted || s.c.UTF8() {
		t.Error("security")
	}
	s.do("USER u\r\nPASS p")
	if s.c.State() != pop3server.StateTransaction {
		t.Errorf("%v", s.c.State())
	}
}

// TestSTLSAfterUTF8: RFC 6856 §2.1.
func TestSTLSAfterUTF8(t *testing.T) {
	s := newScript(t, loopback)
	if !strings.Contains(s.do("CAPA"), "STLS") {
		t.Error("no STLS")
	}
	s.do("UTF8")
	if strings.Contains(s.do("CAPA"), "STLS") || s.do("STLS") != "-ERR STLS is not possible here\r\n" {
		t.Error("STLS after UTF8")
	}
}

// TestUpgradeFailed: threat T16. Only Closed is left, and nothing is said in the clear.
func TestUpgradeFailed(t *testing.T) {
	for _, why := range []error{nil, errors.New("no TLS")} {
		s := newScript(t, loopback)
		s.do("STLS")
		s.c.Bye("", "x")
		if !s.c.Output().Empty() {
			t.Errorf("between STLS and TLS: %q", s.c.Output().Bytes)
		}
		s = newScript(t, loopback)
		s.do("STLS")
		s.c.UpgradeFailed(why)
		ev, is := s.c.Next().(*pop3server.Closed)
		if !is || ev.Err == nil || why != nil && ev.Err != why || !s.c.Output().Empty() || s.c.Want() != engine.WantNothing {
			t.Errorf("%v", ev)
		}
	}
}

// TestCapabilities: RFC 2449 §5 and §6.5: other parameters after login, and no
// encoding for each command.
func TestCapabilities(t *testing.T) {
	opt := loopback
	opt.Capabilities = pop3server.CapabilityLists{
		Authorization: []pop3wire.Capability{&pop3wire.CapLoginDelay{Seconds: 900, PerUser: true}},
		Transaction:   []pop3wire.Capability{&pop3wire.CapLoginDelay{Seconds: 60}, &pop3wire.CapImplementation{Text: "mailwire"}, pop3wire.CapLang},
	}
	s := newScript(t, opt)
	if got := s.do("CAPA"); !strings.HasSuffix(got, "\r\nSTLS\r\nLOGIN-DELAY 900 USER\r\n.\r\n") {
		t.Errorf("%q", got)
	}
	if got := s.do("LANG"); got != "-ERR LANG is not offered\r\n" {
		t.Errorf("%q", got)
	}
	s.do("USER u\r\nPASS p")
	if got := s.do("CAPA"); !strings.HasSuffix(got, "X-TWO\r\nLOGIN-DELAY 60\r\nIMPLEMENTATION mailwire\r\nLANG\r\n.\r\n") {
		t.Errorf("%q", got)
	}
	if got := s.do("LANG"); !strings.HasPrefix(got, "+OK") {
		t.Errorf("%q", got)
	}
	s.must(s.c.SetCapabilities(pop3server.CapabilityLists{}))
	if got := s.do("CAPA"); !strings.HasSuffix(got, "X-TWO\r\n.\r\n") {
		t.Errorf("%q", got)
	}
}
