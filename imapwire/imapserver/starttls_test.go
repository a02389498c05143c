package imapserver_test

import (
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/mailwire/mailwire/imapwire"
	"github.com/mailwire/mailwire/imapwire/engine"
	"github.com/mailwire/mailwire/imapwire/imapserver"
)

// TestStartTLS: invariants 16 and 22, threats T1, T2, T3 and T14. However
// STARTTLS is written and cut, nothing behind it is read, all of it comes out as
// Rest, and nothing of it counts behind TLS.
func TestStartTLS(t *testing.T) {
	for _, first := range []string{"a STARTTLS\r\n", "a starttls\r\n", "a0 CAPABILITY\r\na StartTLS\r\n", "\r\na STARTTLS\r\n"} {
		for _, behind := range []string{"", "b LOGIN u p\r\nc CAPABILITY\r\n", "b", "b LOGIN u {200}\r\n", "b LOGIN u {200+}\r\nxxx", "\x16\x03\x01", "\r\n", "b STARTTLS\r\n"} {
			in := first + behind
			for cut := range len(in) + 1 {
				s := newScript(t, loopback)
				s.out.Reset()
				s.feed(in, cut)
				// What the network had read with the command.
				rest := in[len(first):max(len(first), cut)]
				if cut < len(first) {
					rest = behind
				}
				if s.rest != rest || s.c.Want() != engine.WantUpgrade || !strings.HasSuffix(s.out.String(), "a OK begin TLS\r\n") {
					t.Fatalf("%q cut at %d: rest %q, wants %v, %q", in, cut, s.rest, s.c.Want(), s.out.String())
				}
				before := s.c.Stats()
				if before.BytesIn != int64(len(first)) {
					t.Fatalf("%q cut at %d: %d octets read", in, cut, before.BytesIn)
				}
				s.out.Reset()
				s.log = nil
				s.c.Upgraded(start, engine.LayerTLS, engine.Security{Encrypted: true})
				s.work()
				if s.out.Len() > 0 || len(s.log) > 0 || s.c.Want() != engine.WantInput {
					t.Fatalf("%q cut at %d: said %q, heard %q, wants %v", in, cut, s.out.String(), s.log, s.c.Want())
				}
				s.feed("d NOOP\r\n")
				if st := s.c.Stats(); s.out.String() != "d OK done\r\n" || st.BytesIn != before.BytesIn+8 || st.Commands != before.Commands+1 {
					t.Fatalf("%q cut at %d: %q, %+v", in, cut, s.out.String(), st)
				}
			}
		}
	}
	// Nothing that only looks like STARTTLS is one.
	for _, in := range []string{"a STARTTLS \r\n", "a STARTTLS x\r\n", "a {8+}\r\nSTARTTLS\r\n", "a \"STARTTLS\"\r\n", "a STARTTLS\n\r\n", "a  STARTTLS\r\n"} {
		s := newScript(t, loopback)
		s.out.Reset()
		s.feed(in + "z NOOP\r\n")
		if s.c.Want() != engine.WantInput || strings.Contains(s.out.String(), "a OK") || !strings.HasSuffix(s.out.String(), "z OK done\r\n") {
			t.Errorf("%q: %q, wants %v", in, s.out.String(), s.c.Want())
		}
	}
}

// TestFreshBehindTLS: invariant 16, threats T9 and T13.
func TestFreshBehindTLS(t *testing.T) {
	opt := loopback
	opt.Security = engine.Security{} // not loopback
	s := newScript(t, opt)
	s.feed("a LOGIN u p\r\nb (\r\nc (\r\nd (\r\ne STARTTLS\r\n")
	s.c.Upgraded(start, engine.LayerTLS, engine.Security{Encrypted: true, Peer: []byte("x")})
	if s.c.State() != imapserver.StateNotAuthenticated || !s.c.Security().Encrypted || string(s.c.Security().Peer) != "x" {
		t.Errorf("%v, %+v", s.c.State(), s.c.Security())
	}
	s.out.Reset()
	// Mistakes from before do not count; the first line is a first line again.
	s.feed("f CAPABILITY\r\ng (\r\nh (\r\ni (\r\nj STARTTLS\r\nk LOGIN u p\r\nl STARTTLS\r\n")
	want := "* CAPABILITY IMAP4rev1 SASL-IR AUTH=PLAIN AUTH=X-TWO\r\nf OK"
	if got := s.out.String(); !strings.HasPrefix(got, want) || !strings.Contains(got, "j BAD ") || !strings.Contains(got, "k OK ") || !strings.Contains(got, "l BAD ") {
		t.Errorf("%q", got)
	}
	s = newScript(t, opt)
	s.feed("e STARTTLS\r\n")
	s.c.Upgraded(start, engine.LayerTLS, engine.Security{Encrypted: true})
	s.feed("GET / HTTP/1.1\r\n")
	if s.c.Want() != engine.WantNothing {
		t.Error("HTTP inside TLS")
	}
}

// TestUpgradePending: invariant 22. Until the layer is there, nothing is said: the
// client takes the next octet for one of TLS.
func TestUpgradePending(t *testing.T) {
	s := newScript(t, loopback)
	s.must(s.c.Feed(start, []byte("a STARTTLS\r\n")))
	s.c.Next()
	if w := s.c.Want(); w != engine.WantDrain {
		t.Errorf("wants %v before the answer is written", w)
	}
	if err := s.c.Send(&imapwire.ExistsData{}); !errors.Is(err, engine.ErrNotNow) {
		t.Errorf("Send: %v", err)
	}
	s.flush()
	if err := s.c.Feed(start, []byte("x")); !errors.Is(err, engine.ErrBusy) {
		t.Errorf("Feed: %v", err)
	}
	s.c.Upgraded(start, engine.LayerDeflate, engine.Security{Encrypted: true})
	if w := s.c.Want(); w != engine.WantUpgrade || s.c.Security().Encrypted {
		t.Errorf("another layer: wants %v", w)
	}
	s.out.Reset()
	for name, end := range map[string]func(*imapserver.Conn){
		"Bye":     func(c *imapserver.Conn) { c.Bye(nil, "x") },
		"Expire":  func(c *imapserver.Conn) { c.Expire(start.Add(3 * 60 * 1e9)) },
		"FeedEOF": func(c *imapserver.Conn) { c.FeedEOF(start) },
		"failed":  func(c *imapserver.Conn) { c.UpgradeFailed(nil) },
	} {
		s := newScript(t, loopback)
		s.feed("a STARTTLS\r\n")
		s.out.Reset()
		s.log = nil
		end(s.c)
		s.work()
		if s.out.Len() > 0 || s.c.Want() != engine.WantNothing || len(s.log) != 1 || !strings.HasPrefix(s.log[0], "closed") {
			t.Errorf("%s: said %q, heard %q", name, s.out.String(), s.log)
		}
	}
}

// TestUpgradeFailed: threat T16. Only Closed is left.
func TestUpgradeFailed(t *testing.T) {
	for _, flushed := range []bool{true, false} {
		s := newScript(t, loopback)
		s.out.Reset()
		s.must(s.c.Feed(start, []byte("a STARTTLS\r\nb NOOP\r\n")))
		s.c.Next()
		if flushed {
			s.flush()
			s.out.Reset()
		}
		s.c.UpgradeFailed(io.ErrUnexpectedEOF)
		s.c.UpgradeFailed(io.ErrClosedPipe)
		s.c.Upgraded(start, engine.LayerTLS, engine.Security{Encrypted: true})
		if ev, isClosed := s.c.Next().(*imapserver.Closed); !isClosed || !errors.Is(ev.Err, io.ErrUnexpectedEOF) {
			t.Errorf("%#v", ev)
		}
		s.work()
		if s.c.Want() != engine.WantNothing || s.out.Len() > 0 || s.c.Security().Encrypted {
			t.Errorf("wants %v, said %q", s.c.Want(), s.out.String())
		}
		if err := s.c.Feed(start, []byte("x")); !errors.Is(err, engine.ErrClosed) {
			t.Errorf("Feed: %v", err)
		}
	}
}

// TestStartTLSRefused: threat T15. Where it is not offered, it is BAD, and the
// conversation goes on.
func TestStartTLSRefused(t *testing.T) {
	encrypted := loopback
	encrypted.Security.Encrypted = true
	without := loopback
	without.StartTLS = false
	preauth := loopback
	preauth.PreAuth = true
	for name, opt := range map[string]imapserver.Options{"inside TLS": encrypted, "not offered": without, "authenticated": preauth} {
		s := newScript(t, opt)
		if strings.Contains(s.out.String(), "STARTTLS") {
			t.Errorf("%s: announced: %q", name, s.out.String())
		}
		s.out.Reset()
		s.feed("a STARTTLS\r\nb NOOP\r\n")
		if !strings.HasPrefix(s.out.String(), "a BAD ") || !strings.HasSuffix(s.out.String(), "b OK done\r\n") {
			t.Errorf("%s: %q", name, s.out.String())
		}
	}
}
