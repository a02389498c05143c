package threats

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/mailwire/mailwire/imapwire/engine"
	"github.com/mailwire/mailwire/imapwire/sasl"
	"github.com/mailwire/mailwire/mailbox/message"
	"github.com/mailwire/mailwire/pop3wire"
	"github.com/mailwire/mailwire/pop3wire/pop3client"
)

// A flaw is one of others that was given a number, and how it is met here. The
// octets are this module's own.
type flaw struct {
	number, whose, what string
	check               func(t *testing.T, what string)
}

// behindSTLS: what comes with STLS is run neither before TLS nor inside it.
func behindSTLS(injected string) func(*testing.T, string) {
	return func(t *testing.T, what string) {
		for cut, pieces := range popCuts("STLS\r\n" + injected) {
			s := newPopServer(t, openPop())
			left := s.feed(pieces...)
			s.c.Upgraded(s.now, engine.LayerTLS, insideTLS)
			if out := s.take(); s.rest+left != injected || out != "+OK begin TLS\r\n" || len(s.log) != 1 {
				t.Errorf("%s, %s: said %q, heard %v", what, cut, out, s.log)
			}
		}
	}
}

// toServer: a server that hears octets says want, and its application hears no login
// and nothing else but heard.
func toServer(in, want string, heard ...string) func(*testing.T, string) {
	return func(t *testing.T, what string) {
		for cut, pieces := range popCuts(in) {
			s := newPopServer(t, openPop())
			s.feed(pieces...)
			if out, log := s.take(), strings.Join(s.log, "\n"); out != want || log != strings.Join(heard, "\n") {
				t.Errorf("%s, %s: said %q, heard %s", what, cut, out, log)
			}
		}
	}
}

// toClient: a client that sent commands over a transport, and is told octets, ends
// with an error, or goes on when that is nil, and its log has all of want.
func toClient(opt pop3client.Options, commands []pop3wire.Command, said string, end error, want ...string) func(*testing.T, string) {
	return func(t *testing.T, what string) {
		for cut, pieces := range popCuts(said) {
			p := newPopClient(t, opt)
			for _, cmd := range commands {
				p.send(cmd)
			}
			p.feed("+OK\r\n")
			p.feed(pieces...)
			err, over := p.ended()
			if log := strings.Join(p.log, "\n"); over != (end != nil) || over && !errors.Is(err, end) {
				t.Errorf("%s, %s: ended %v, %v: %s", what, cut, over, err, log)
			} else {
				for _, w := range want {
					if !strings.Contains(log, w) {
						t.Errorf("%s, %s: no %q in\n%s", what, cut, w, log)
					}
				}
			}
			if out := p.take(); !opt.Security.Encrypted && strings.Contains(out, "PASS") {
				t.Errorf("%s, %s: sent %q", what, cut, out)
			}
		}
	}
}

// parsed: a message is parsed, its parts lie in each other, no string of it ends a
// line, and f is content with the index.
func parsed(msg string, f func(x *message.Index) bool) func(*testing.T, string) {
	return func(t *testing.T, what string) {
		for n := range len(msg) + 1 {
			if len(msg) > 2000 && n < len(msg) {
				continue
			}
			src := []byte(msg[:n])
			x, err := message.Parse(bytes.NewReader(src), int64(n), message.Limits{})
			if err != nil {
				t.Fatalf("%s: %v", what, err)
			}
			var inside func(p *message.Part, around message.Span)
			inside = func(p *message.Part, around message.Span) {
				if p.Header.Offset < around.Offset || p.Header.End() != p.Body.Offset || p.Body.End() > around.End() {
					t.Fatalf("%s, %d octets: a part at %v and %v in %v", what, n, p.Header, p.Body, around)
				}
				sum := int64(0)
				for i := range p.Parts {
					inside(&p.Parts[i], p.Body)
					sum += p.Parts[i].Header.Size + p.Parts[i].Body.Size
				}
				if p.Message != nil {
					inside(p.Message, p.Body)
				}
				if sum > p.Body.Size {
					t.Fatalf("%s, %d octets: parts of %d octets in a body of %d", what, n, sum, p.Body.Size)
				}
			}
			inside(x.Root(), message.Span{Size: int64(n)})
			shown := fmt.Sprintf("%+v", *x.Envelope())
			if strings.ContainsAny(shown, "\r\n\x00") {
				t.Fatalf("%s, %d octets: %q", what, n, shown)
			}
			if n == len(msg) && !f(x) {
				t.Errorf("%s: %+v, %+v", what, *x.Root(), *x.Envelope())
			}
		}
	}
}

// stripped is what a client sends that has to have TLS.
var stripped = []pop3wire.Command{&pop3wire.Stls{}, &pop3wire.User{Name: "ada"}, &pop3wire.Pass{Password: "p"}}

// A listing asks for one over TLS, behind no login: the client does not care.
func listing(cmd pop3wire.Command) (pop3client.Options, []pop3wire.Command) {
	return pop3client.Options{Security: insideTLS}, []pop3wire.Command{cmd}
}

// dots: a message is stuffed and comes out with its lines ended by CRLF.
func dots(body string) func(*testing.T, string) {
	return func(t *testing.T, what string) {
		var s pop3wire.Stuffer
		wire, _ := s.Append(nil, []byte(body))
		wire = s.Close(wire)
		if bytes.Count(wire, []byte("\r\n.\r\n")) != 1 || !bytes.HasSuffix(wire, []byte("\r\n.\r\n")) {
			t.Errorf("%s: %q has an end inside", what, wire)
		}
		opt, cmd := listing(&pop3wire.Retr{Num: 1})
		toClient(opt, cmd, "+OK\r\n"+string(wire), nil, fmt.Sprintf("body %q, <nil>", canonical(body)))(t, what)
	}
}

func flaws() []flaw {
	list := func(cmd pop3wire.Command, said string, want ...string) func(*testing.T, string) {
		opt, commands := listing(cmd)
		return toClient(opt, commands, said, nil, want...)
	}
	requireTLS := anyPop()
	requireTLS.RequireTLS = true
	many := func(unit string, n int) string { return strings.Repeat(unit, n) }
	addresses := func(x *message.Index) int {
		return len(x.Envelope().From) + len(x.Envelope().To)
	}
	return []flaw{
		// Servers, the change to TLS.
		{"CVE-2011-0411", "Postfix", "a command behind STARTTLS", behindSTLS("CAPA\r\n")},
		{"CVE-2021-38084", "Courier", "the same in POP3", behindSTLS("USER eve\r\nPASS p\r\n")},
		{"CVE-2020-29547", "Citadel", "the same, with half a command", behindSTLS("USER eve\r\nPASS ")},
		{"CVE-2020-29548", "SmarterMail", "the same, with octets that are no command", behindSTLS("\x00\r\n\r\nQUIT\r\n")},
		{"CVE-2022-28220", "James", "STARTTLS in a spelling that is not looked for", toServer("STLS \r\nNOOP\r\n",
			"-ERR syntax error at octet 4 in command: expected the end of the line, got \" \"\r\n-ERR NOOP is not allowed in AUTHORIZATION\r\n",
			`malformed "STLS ": syntax error at octet 4 in command: expected the end of the line, got " "`)},

		// Clients, the change to TLS.
		{"CVE-2020-14954", "mutt", "responses behind the answer to STLS", toClient(requireTLS, stripped, "+OK begin\r\n+OK\r\n+OK\r\n", pop3client.ErrSurplus)},
		{"CVE-2021-22947", "curl", "the same, told as capabilities", toClient(requireTLS, stripped, "+OK begin\r\n+OK\r\nSASL PLAIN\r\n.\r\n", pop3client.ErrSurplus)},
		{"CVE-2026-41319", "MailKit", "mechanisms told in the clear lower those inside TLS", func(t *testing.T, what string) {
			p := newPopClient(t, anyPop())
			p.send(&pop3wire.Capa{})
			p.feed("+OK\r\n", "+OK\r\nSASL PLAIN\r\n.\r\n")
			if p.send(&pop3wire.Stls{}); len(p.c.Mechanisms()) != 1 {
				t.Fatalf("%s: %v", what, p.c.Mechanisms())
			}
			p.feed("+OK\r\n")
			p.c.Upgraded(p.now, engine.LayerTLS, insideTLS)
			if m := p.c.Mechanisms(); m != nil {
				t.Errorf("%s: %v", what, m)
			}
		}},
		{"CVE-2021-22946", "curl", "no TLS where it was asked for", toClient(requireTLS, stripped, "-ERR no STLS\r\n", nil, pop3client.ErrPlaintext.Error())},
		{"CVE-2021-39272", "fetchmail", "the same behind a greeting that says all is well", toClient(requireTLS, stripped, "-ERR you are ada\r\n", nil, pop3client.ErrPlaintext.Error())},
		{"CVE-2021-38502", "Thunderbird", "in the clear behind a handshake that failed", func(t *testing.T, what string) {
			p := newPopClient(t, requireTLS)
			for _, cmd := range stripped {
				p.send(cmd)
			}
			p.feed("+OK\r\n", "+OK\r\n")
			p.c.UpgradeFailed(io.ErrUnexpectedEOF)
			if out := p.take(); out != "STLS\r\n" || p.c.Want() != engine.WantNothing {
				t.Errorf("%s: %q, wants %v", what, out, p.c.Want())
			}
		}},
		{"CVE-2020-28896", "mutt", "a greeting that is none", func(t *testing.T, what string) {
			p := newPopClient(t, requireTLS)
			p.send(&pop3wire.Capa{})
			p.feed("XYZ OK hi\r\n+OK\r\n")
			if end, over := p.ended(); !over || !errors.Is(end, engine.ErrProtocol) || p.take() != "" {
				t.Errorf("%s: %v", what, p.log)
			}
		}},

		// What a client is given by its own caller.
		{"CVE-2025-15367", "CPython", "line ends in the arguments of poplib", func(t *testing.T, what string) {
			for _, cmd := range []pop3wire.Command{
				&pop3wire.User{Name: "a\r\nDELE 1"}, &pop3wire.Pass{Password: "a\nDELE 1"}, &pop3wire.Apop{Name: "a\rDELE 1", Digest: engine.Secret(many("0", 32))},
				&pop3wire.UnknownCommand{Name: "XTND", Args: " a\r\nDELE 1"}, &pop3wire.Lang{Range: "en\r\nDELE 1"},
			} {
				p := newPopClient(t, anyPop())
				p.feed("+OK\r\n")
				if err := p.send(cmd); !errors.Is(err, pop3wire.ErrEncode) || p.take() != "" {
					t.Errorf("%s: %#v: %v", what, cmd, err)
				}
			}
		}},
		{"CVE-2012-0036", "curl", "line ends in a name that came encoded", func(t *testing.T, what string) {
			if b, err := pop3wire.AppendCommand(nil, &pop3wire.User{Name: "a%0d%0aDELE 1"}); err != nil || bytes.Count(b, []byte("\n")) != 1 {
				t.Errorf("%s: %q, %v", what, b, err)
			}
		}},

		// What servers tell in listings.
		{"CVE-2001-1009", "fetchmail", "a negative number in LIST", list(&pop3wire.List{}, "+OK\r\n-1 3\r\n1 -3\r\n4294967296 1\r\n2 3\r\n.\r\n",
			`malformed "-1 3"`, `malformed "1 -3"`, `malformed "4294967296 1"`, "scan 2 3")},
		{"CVE-2005-2335", "fetchmail", "a long unique-id", list(&pop3wire.Uidl{}, "+OK\r\n1 "+many("x", 70)+"\r\n2 "+many("x", 71)+"\r\n3 "+many("x", 5000)+"\r\n4 y\r\n.\r\n",
			"uid 1 "+many("x", 70)+"\n", `malformed "2 x`, "limit ResponseLine of 512 exceeded (513) at octet 512", "uid 4 y")},
		{"CVE-2018-14356", "mutt", "a unique-id of no octets", list(&pop3wire.Uidl{}, "+OK\r\n1 \r\n2\r\n\r\n3 x\r\n.\r\n", `malformed "1 "`, `malformed "2"`, `malformed ""`, "uid 3 x")},
		{"CVE-2018-14362", "mutt", "a unique-id that is a path", list(&pop3wire.Uidl{}, "+OK\r\n1 ../../etc/x\r\n.\r\n", "uid 1 ../../etc/x")},
		{"CVE-2018-14349", "mutt", "a no without a text", list(&pop3wire.Retr{Num: 1}, "-ERR\r\n", `done false "" "": <nil>`)},
		{"CVE-2007-1558", "all with APOP", "a time stamp that makes MD5 collide", func(t *testing.T, what string) {
			for _, stamp := range []string{"<a\x80@b>", "<a b@c>", "<@b>", "<a@>", "<a@b", "a@b>", "<a>", "<>", "<a@b@c>", "<<a@b>"[:2] + ">", "<a\x01@b>"} {
				p := newPopClient(t, anyPop())
				p.feed("+OK hi " + stamp + "\r\n")
				if err := p.send(&pop3wire.Apop{Name: "a", Digest: engine.Secret(many("0", 32))}); !errors.Is(err, pop3client.ErrNoAPOP) || p.c.Timestamp() != "" {
					t.Errorf("%s: %q: %v, %q", what, stamp, err, p.c.Timestamp())
				}
			}
			// Whoever does not say otherwise does not use it in the clear.
			p := newPopClient(t, pop3client.Options{})
			p.feed("+OK <a@b>\r\n")
			if err := p.send(&pop3wire.Apop{Name: "a", Digest: engine.Secret(many("0", 32))}); !errors.Is(err, pop3client.ErrPlaintext) {
				t.Errorf("%s: %v", what, err)
			}
		}},

		// Dots.
		{"CVE-2026-33604", "Dovecot", "a dot behind a bare CR", dots("x\r.\r\nQUIT\r\n")},
		{"CVE-2021-38189", "lettre", "a dot behind a bare LF", dots("x\n.\nDELE 1\n.\r\n..\n")},

		// Servers, SASL.
		{"CVE-2019-11494", "Dovecot", "an exchange that is cancelled", toServer("AUTH X-TWO\r\n*\r\nNOOP x\r\n",
			"+ \r\n-ERR AUTH cancelled\r\n-ERR syntax error at octet 4 in command: expected the end of the line, got \" x\"\r\n",
			"auth X-TWO \"\" false", `response "" true`, `malformed "NOOP x": syntax error at octet 4 in command: expected the end of the line, got " x"`)},
		{"CVE-2019-11499", "Dovecot", "an exchange that the end of input cuts", func(t *testing.T, what string) {
			s := newPopServer(t, openPop())
			s.feed("AUTH X-TWO\r\nAAA")
			s.c.FeedEOF(s.now)
			if s.work(); s.log[len(s.log)-1] != "closed: EOF" || len(s.log) != 2 {
				t.Errorf("%s: %v", what, s.log)
			}
		}},
		{"CVE-2020-12674", "Dovecot", "a message of no octets", func(t *testing.T, what string) {
			for _, mechanism := range saslMechanisms {
				for step := range 3 {
					c, s := saslPair(t, mechanism)
					_, _ = hugeAt(c, s, "server", step, []byte{})
					c, s = saslPair(t, mechanism)
					_, _ = hugeAt(c, s, "client", step, nil)
				}
			}
			m := newMailPop(t)
			for _, mechanism := range posed[1:] {
				s := m.session(saslChannel)
				out := s.do("AUTH " + mechanism + " =")
				for strings.HasPrefix(out, "+ ") {
					out = s.do("")
				}
				if !strings.HasPrefix(out, "-ERR") {
					t.Errorf("%s: %s: %q", what, mechanism, out)
				}
			}
		}},
		{"CVE-2025-59028", "Dovecot", "bad base64 of one hurts the login of another", func(t *testing.T, what string) {
			m := newMailPop(t)
			s, other := m.session(saslChannel), m.session(saslChannel)
			other.do("AUTH CRAM-MD5")
			for _, bad := range []string{"AUTH PLAIN", "!!!!", "AUTH CRAM-MD5 !", "AUTH LOGIN", "====", "AAAA"} {
				s.do(bad)
			}
			if said, _ := other.exchange(sasl.CramMD5, saslClient(sasl.CramMD5), false, -1, nil); len(said) == 0 {
				t.Fatal("nothing was said")
			}
			third := m.session(saslChannel)
			if said, _ := third.exchange(sasl.CramMD5, saslClient(sasl.CramMD5), false, -1, nil); third.sess.User() != saslUser {
				t.Errorf("%s: %q", what, said)
			}
		}},
		{"CVE-2026-27858", "Dovecot", "an initial response that costs memory before anything is known", func(t *testing.T, what string) {
			s := newPopServer(t, openPop())
			piece := many("A", 4<<10)
			s.feed("AUTH PLAIN ")
			cost := spent(func() {
				for range 256 {
					s.feed(piece) // which copies it
				}
			})
			if st := s.c.Stats(); st.MaxRetained > 24<<10 || cost > 1<<20+128<<10 {
				t.Errorf("%s: %+v, %d allocated", what, st, cost)
			}
		}},
		{"CVE-2026-33603", "Dovecot", "SCRAM-…-PLUS over another channel", func(t *testing.T, what string) {
			for _, mechanism := range []string{sasl.ScramSHA256Plus, sasl.ScramSHA1Plus} {
				o := saslClient(mechanism)
				o.Security.Exporter = func(_ string, _ []byte, n int) ([]byte, error) { return []byte(many("m", n)), nil }
				s := newMailPop(t).session(saslChannel)
				if said, _ := s.exchange(mechanism, o, true, -1, nil); s.sess.User() != "" || !strings.HasPrefix(said[len(said)-1], "-ERR [AUTH]") {
					t.Errorf("%s: %s: %q", what, mechanism, said)
				}
			}
		}},
		{"CVE-2026-42256", "net-imap", "ten million iterations of SCRAM", func(t *testing.T, what string) {
			c, _ := saslPair(t, sasl.ScramSHA256)
			first, _ := c.Initial()
			_, nonce, _ := strings.Cut(string(first), ",r=")
			e := (*sasl.IterationsError)(nil)
			if _, err := c.Step([]byte("r=" + nonce + "x,s=c2FsdA==,i=10000000")); !errors.As(err, &e) || e.Max != 1_000_000 {
				t.Errorf("%s: %v", what, err)
			}
		}},

		// Messages.
		{"CVE-2026-47088", "Cyrus", "a comment that ends in a backslash", parsed("From: (a\\", func(x *message.Index) bool { return addresses(x) == 0 })},
		{"CVE-2017-14461", "Dovecot", "an address that ends too soon", parsed("From: \"a\\\nTo: <@a,@\nCc: a@[\nBcc: =?\n\n", func(x *message.Index) bool { return true })},
		{"CVE-2019-19722", "Dovecot", "a group without members", parsed("From: g:\nTo: g:;, :;\n\n", func(x *message.Index) bool { return len(x.Envelope().To) == 4 })},
		{"CVE-2021-3181", "mutt", "a field of semicolons", parsed("To: "+many(";", 100_000)+"\n\n", func(x *message.Index) bool { return addresses(x) == 0 })},
		{"CVE-2024-23184", "Dovecot", "500,000 address fields", parsed(many("To: a@b\n", 500_000)+"\n", func(x *message.Index) bool { return addresses(x) == 10_000 && x.Root().Cut })},
		{"CVE-2026-27852", "Dovecot", "one field of 500,000 addresses", parsed("To: "+many("a@b,", 500_000)+"\n\n", func(x *message.Index) bool { return addresses(x) == 10_000 && x.Root().Cut })},
		{"CVE-2024-23185", "Dovecot", "a header of 12 megabytes", parsed("Subject: "+many("x", 12<<20)+"\n\n", func(x *message.Index) bool {
			return len(x.Envelope().Subject.Value) == 1<<20-1 && x.Root().Cut // Limits.Field, the space behind the colon included
		})},
		{"CVE-2026-27859", "Dovecot", "a parameter in 10,000 pieces", func(t *testing.T, what string) {
			var b strings.Builder
			for n := 9999; n >= 0; n-- {
				fmt.Fprintf(&b, ";\n a*%d*=x", n)
			}
			parsed("Content-Type: text/plain"+b.String()+"\n\n", func(x *message.Index) bool {
				return len(x.Root().Params) == 128 && x.Root().Cut && x.Root().Param("a") == ""
			})(t, what)
		}},
		{"CVE-2020-12100", "Dovecot", "parts inside each other, 10,000 deep", parsed(func() string {
			var b strings.Builder
			for n := range 10_000 {
				fmt.Fprintf(&b, "Content-Type: multipart/mixed; boundary=%s\n\n--%s\n", many("a", n%70+1), many("a", n%70+1))
			}
			return b.String()
		}(), func(x *message.Index) bool {
			deep := 1
			for p := x.Root(); len(p.Parts) > 0; p = &p.Parts[0] {
				deep++
			}
			return deep <= 101 && anyCut(x)
		})},
		{"CVE-2026-26312", "Stalwart", "messages inside each other without end", parsed(many("Content-Type: message/rfc822\n\n", 10_000), func(x *message.Index) bool {
			n, cut := parts(x)
			return n == 101 && cut
		})},
		{"CVE-2019-11500", "Dovecot", "NUL in a quoted string", parsed("From: \"a\x00b\" <c\x00@d>\nSubject: \x00\nContent-Type: text/plain; a=\"b\x00c\"\n\n", func(x *message.Index) bool { return addresses(x) == 1 })},
		{"CVE-2026-30227", "MimeKit", "line ends in what a header says become lines of an answer", parsed("Subject: a\r* 9 EXISTS\r\n b\rc\r\nFrom: \"x\r.\r\" <y@z>\n\n", func(x *message.Index) bool { return x.Envelope().Subject.Valid })},
	}
}

// TestCVEPOP3: one row for each flaw that was given a number and concerns POP3, SASL
// or messages: threats T1, T2, T4, T6, T8, T9, T16, I1, I7, I10, P3, P4, P6, C8 to
// C12, M13, S8, Q5 and Q7. Those of timing and of connections that are used again are
// in TestConstantTime and TestNoReset.
func TestCVEPOP3(t *testing.T) {
	seen := map[string]bool{}
	for _, f := range flaws() {
		if seen[f.number] {
			t.Errorf("%s stands here twice", f.number)
		}
		seen[f.number] = true
		t.Run(f.number, func(t *testing.T) { f.check(t, f.whose+", "+f.what) })
	}
}
