package threats

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/mailwire/mailwire/imapwire/engine"
	"github.com/mailwire/mailwire/pop3wire"
	"github.com/mailwire/mailwire/pop3wire/pop3client"
	"github.com/mailwire/mailwire/pop3wire/pop3server"
)

// A popScene is somebody between a client and its server before TLS, after the
// published classes of attacks on STARTTLS. The octets are this module's own.
type popScene struct {
	class, name string
	greeting    string
	// answers are what is said to each verb, as octets. What has none is -ERR.
	answers answers
	// hangUp: what was said was all.
	hangUp bool
	// whole: it all comes at once, before anything of the client's has left.
	whole bool
	// want is how it has to end for a client that needs TLS: an error that the
	// conversation ends with, errStripped where every login is refused by the
	// client itself, or nil where TLS is reached.
	want error
}

// answers are what is said to each verb.
type answers map[string]string

// errStripped: the conversation goes on, and no login was sent.
var errStripped = errors.New("stripped")

// refused is a server that greets with a no.
var refused = &pop3client.RefusedError{}

var popScenes = []popScene{
	// Negotiation, D: the upgrade is denied.
	{class: "negotiation", name: "STLS is refused", greeting: "+OK\r\n", answers: answers{"CAPA": "+OK\r\nSTLS\r\n.\r\n"}, want: errStripped},
	{class: "negotiation", name: "STLS is refused with a code", greeting: "+OK\r\n", answers: answers{"STLS": "-ERR [SYS/TEMP] try later\r\n"}, want: errStripped},
	{class: "negotiation", name: "CAPA lacks STLS, STLS is refused", greeting: "+OK\r\n", answers: answers{"CAPA": "+OK\r\nUSER\r\nSASL PLAIN\r\n.\r\n"}, want: errStripped},
	{class: "negotiation", name: "the connection ends behind STLS", greeting: "+OK\r\n", answers: answers{"STLS": ""}, hangUp: true, want: io.ErrUnexpectedEOF},
	{class: "negotiation", name: "the greeting is a no", greeting: "-ERR go away\r\n", want: refused},
	// Negotiation, O: something odd in the place of the answer.
	{class: "negotiation", name: "a continuation answers STLS", greeting: "+OK\r\n", answers: answers{"STLS": "+ go on\r\n"}, want: engine.ErrProtocol},
	{class: "negotiation", name: "an empty line answers STLS", greeting: "+OK\r\n", answers: answers{"STLS": "\r\n"}, want: engine.ErrProtocol},
	{class: "negotiation", name: "another word answers STLS", greeting: "+OK\r\n", answers: answers{"STLS": "+OKAY\r\n"}, want: engine.ErrProtocol},
	{class: "negotiation", name: "IMAP answers STLS", greeting: "+OK\r\n", answers: answers{"STLS": "A1 OK begin\r\n"}, want: engine.ErrProtocol},
	{class: "negotiation", name: "lower case answers STLS", greeting: "+OK\r\n", answers: answers{"STLS": "+ok\r\n"}, want: engine.ErrProtocol},
	{class: "negotiation", name: "the start of an answer, and the end", greeting: "+OK\r\n", answers: answers{"STLS": "+OK"}, hangUp: true, want: io.ErrUnexpectedEOF},
	{class: "negotiation", name: "the greeting is garbage", greeting: "garbage\r\ngarbage\r\n+OK\r\n", want: engine.ErrProtocol},
	{class: "negotiation", name: "the greeting is IMAP's", greeting: "* PREAUTH [CAPABILITY IMAP4rev1] hi\r\n", want: engine.ErrProtocol},
	{class: "negotiation", name: "the greeting is empty", greeting: "\r\n+OK\r\n", want: engine.ErrProtocol},
	{class: "negotiation", name: "the greeting is a continuation", greeting: "+ \r\n", want: engine.ErrProtocol},
	{class: "negotiation", name: "the greeting is the end of a listing", greeting: ".\r\n", want: engine.ErrProtocol},
	// Negotiation, P, L and M: what would make a client believe that it is done, or
	// that it should go elsewhere.
	{class: "negotiation", name: "the greeting says that all is well", greeting: "+OK already logged in, user ada\r\n", want: errStripped},
	{class: "negotiation", name: "a referral answers STLS", greeting: "+OK\r\n", answers: answers{"STLS": "-ERR [REFERRAL pop://ada;AUTH=*@attacker.example:110/] there\r\n"}, want: errStripped},
	{class: "negotiation", name: "a referral answers CAPA", greeting: "+OK\r\n", answers: answers{"CAPA": "-ERR [REFERRAL pop://attacker.example/] there\r\n"}, want: errStripped},

	// Buffering, B: octets behind the answer to STLS.
	{class: "buffering", name: "an answer to CAPA", greeting: "+OK\r\n", answers: answers{"STLS": "+OK begin\r\n+OK\r\nSASL PLAIN LOGIN\r\n.\r\n"}, want: pop3client.ErrSurplus},
	{class: "buffering", name: "a yes for each login", greeting: "+OK\r\n", answers: answers{"STLS": "+OK begin\r\n+OK\r\n+OK\r\n+OK\r\n"}, want: pop3client.ErrSurplus},
	{class: "buffering", name: "a challenge", greeting: "+OK\r\n", answers: answers{"STLS": "+OK begin\r\n+ \r\n"}, want: pop3client.ErrSurplus},
	{class: "buffering", name: "the start of a line", greeting: "+OK\r\n", answers: answers{"STLS": "+OK begin\r\n+"}, want: pop3client.ErrSurplus},
	{class: "buffering", name: "one octet", greeting: "+OK\r\n", answers: answers{"STLS": "+OK begin\r\n\n"}, want: pop3client.ErrSurplus},
	{class: "buffering", name: "a handshake too soon", greeting: "+OK\r\n", answers: answers{"STLS": "+OK begin\r\n\x16\x03\x01"}, want: pop3client.ErrSurplus},
	{class: "buffering", name: "the answer before the command", greeting: "+OK\r\n+OK begin\r\n", whole: true, want: engine.ErrProtocol},
	{class: "buffering", name: "two answers to CAPA", greeting: "+OK\r\n", answers: answers{"CAPA": "+OK\r\nSTLS\r\n.\r\n+OK begin\r\n"}, whole: true, want: engine.ErrProtocol},

	// Tampering: what a server said in the clear has no meaning behind TLS.
	{class: "tampering", name: "nothing", greeting: "+OK\r\n", answers: answers{"CAPA": "+OK\r\nSTLS\r\n.\r\n", "STLS": "+OK\r\n"}},
	{class: "tampering", name: "capabilities", greeting: "+OK\r\n", answers: answers{"CAPA": "+OK\r\nPIPELINING\r\nSASL PLAIN LOGIN\r\nUTF8 USER\r\nIMPLEMENTATION x\r\n.\r\n", "STLS": "+OK\r\n"}},
	{class: "tampering", name: "no capabilities", greeting: "+OK\r\n", answers: answers{"STLS": "+OK\r\n"}},
	{class: "tampering", name: "a timestamp", greeting: "+OK <1.2@host>\r\n", answers: answers{"STLS": "+OK\r\n"}},
	{class: "tampering", name: "a listing behind the greeting", greeting: "+OK 2 messages\r\n1 120\r\n2 200\r\n.\r\n", answers: answers{"STLS": "+OK\r\n"}, want: engine.ErrProtocol},
	{class: "tampering", name: "a listing answers STLS", greeting: "+OK\r\n", answers: answers{"STLS": "+OK 2 messages\r\n1 120\r\n2 200\r\n.\r\n"}, want: pop3client.ErrSurplus},
	{class: "tampering", name: "a listing before the answer to STLS", greeting: "+OK\r\n", answers: answers{"STLS": "1 120\r\n.\r\n+OK\r\n"}, want: engine.ErrProtocol},
	{class: "tampering", name: "a message behind the answer to CAPA", greeting: "+OK\r\n", answers: answers{"CAPA": "+OK\r\n.\r\nFrom: x\r\n\r\n.\r\n", "STLS": "+OK\r\n"}, want: engine.ErrProtocol},

	// User interface: what a text may do to who reads it.
	{class: "interface", name: "escapes in the greeting", greeting: "+OK \x1b[31;1;4mcall 555\r\n", answers: answers{"STLS": "+OK\r\n"}},
	{class: "interface", name: "escapes in the answer to STLS", greeting: "+OK\r\n", answers: answers{"STLS": "-ERR \x1b]0;x\x07\u202e moc.elpmaxe\r\n"}, want: errStripped},
	{class: "interface", name: "an alert in the greeting", greeting: "+OK [ALERT] call 555\r\n", answers: answers{"STLS": "+OK\r\n"}},
}

// popLogins are all ways to log in, and what needs a login.
func popLogins() []pop3wire.Command {
	return []pop3wire.Command{
		&pop3wire.User{Name: "ada"}, &pop3wire.Pass{Password: "hunter2"},
		&pop3wire.Apop{Name: "ada", Digest: pop3wire.APOPDigest("<1.2@host>", "hunter2")},
		&pop3wire.Auth{Mechanism: "PLAIN", Initial: "\x00ada\x00hunter2", HasInitial: true},
		&pop3wire.Auth{Mechanism: "CRAM-MD5"}, &pop3wire.Stat{}, &pop3wire.List{},
	}
}

// afterTLS is the conversation with the real server: what is sent, and said.
func afterTLS(p *popClient) {
	p.send(&pop3wire.Capa{})
	p.send(&pop3wire.User{Name: "ada"})
	p.send(&pop3wire.Pass{Password: "hunter2"})
	p.feed("+OK\r\nTOP\r\nUSER\r\n.\r\n", "+OK\r\n", "+OK in\r\n")
	p.send(&pop3wire.Stat{})
	p.feed("+OK 1 120\r\n")
}

// popState is what can be asked about a client.
func popState(c *pop3client.Conn) string {
	list, known := c.Capabilities()
	return fmt.Sprintf("%v, timestamp %q, capabilities %v %v, mechanisms %v, TLS %v, retained %d", c.State(), c.Timestamp(), list, known, c.Mechanisms(), c.Security().Encrypted, c.Stats().BytesRetained)
}

// TestEastPOP3: threats T1, T4 to T12, and Q2: invariants 23, 24 and 27. A client
// that has to have TLS meets everybody of the scenes, however what they say is cut.
// Nothing that logs in leaves in the clear; it ends with an error that says why, or
// behind TLS, where it is as one that has heard nothing.
func TestEastPOP3(t *testing.T) {
	fresh := newPopClient(t, pop3client.Options{Security: insideTLS})
	fresh.feed("+OK\r\n")
	fresh.log = nil
	wantState := popState(fresh.c)
	afterTLS(fresh)
	wantLog, wantOut := strings.Join(fresh.log, "\n"), fresh.take()

	requireTLS := anyPop()
	requireTLS.RequireTLS = true
	for _, scene := range popScenes {
		for name, opt := range map[string]pop3client.Options{"the zero value": {}, "RequireTLS": requireTLS} {
			for _, eager := range []bool{false, true} {
				for cut := range 40 {
					if scene.whole && cut > 0 {
						break
					}
					what := fmt.Sprintf("%s: %s; %s, eager %v, cut %d", scene.class, scene.name, name, eager, cut)
					p := newPopClient(t, opt)
					said := func(s string) {
						for s != "" {
							n := len(s) // 0: whole
							switch {
							case cut == 1:
								n = 1
							case cut > 1:
								n = min(n, cut-1)
							}
							p.feed(s[:n])
							if s = s[n:]; cut > 1 && s != "" {
								p.feed(s)
								s = ""
							}
						}
					}
					var errs []error
					login := func() {
						for _, cmd := range popLogins() {
							errs = append(errs, p.send(cmd))
						}
					}
					p.c.Send(&pop3wire.Capa{})
					p.c.Send(&pop3wire.Stls{})
					if eager {
						login()
					}
					said(scene.greeting)
					heard := ""
					for round := 0; ; round++ {
						out := p.take()
						if out == "" {
							break
						}
						heard += out
						for _, line := range strings.SplitAfter(out, "\r\n") {
							verb, _, _ := strings.Cut(strings.TrimSuffix(line, "\r\n"), " ")
							if answer, has := scene.answers[verb]; has {
								said(answer)
							} else if verb != "" {
								said("-ERR\r\n")
							}
						}
						if !eager && round < 2 && scene.want != nil {
							login()
						}
					}
					if scene.hangUp {
						p.c.FeedEOF(p.now)
						p.work()
					}
					heard += p.take()
					secrets := []string{"USER", "PASS", "APOP", "AUTH PLAIN", "ada", "hunter2", "AGFkYQBodW50ZXIy"}
					if opt.RequireTLS {
						// Only that keeps back what shows no password.
						secrets = append(secrets, "AUTH", "STAT", "LIST")
					}
					for _, secret := range secrets {
						if strings.Contains(heard, secret) {
							t.Fatalf("%s: %q was sent in the clear", what, heard)
						}
					}
					checkTexts(t, p, scene)
					end, over := p.ended()
					no := (*pop3client.RefusedError)(nil)
					switch {
					case scene.want == nil:
						if over || p.c.Want() != engine.WantUpgrade {
							t.Fatalf("%s: no TLS: %v", what, p.log)
						}
						p.log = nil
						p.c.Upgraded(p.now, engine.LayerTLS, insideTLS)
						if eager {
							// What was held back follows.
							if got := p.take(); !strings.HasPrefix(got, "USER ada\r\n") {
								t.Fatalf("%s: behind TLS %q", what, got)
							}
							break
						}
						if got := popState(p.c); got != wantState {
							t.Fatalf("%s: behind TLS: %s\nwant %s", what, got, wantState)
						}
					case scene.want == errStripped:
						if over {
							t.Fatalf("%s: ended: %v", what, end)
						}
						checkStripped(t, what, p, errs, opt.RequireTLS)
					case scene.want == refused:
						if !errors.As(end, &no) {
							t.Fatalf("%s: ended %v: %v", what, over, end)
						}
					case !over || !errors.Is(end, scene.want):
						t.Fatalf("%s: ended %v: %v; want %v", what, over, end, scene.want)
					}
					if scene.want == nil && !eager {
						// What was refused before is over; so the conversation is the same.
						p.take()
						p.log = nil
						afterTLS(p)
						if got, out := strings.Join(p.log, "\n"), p.take(); got != wantLog || out != wantOut {
							t.Fatalf("%s: behind TLS:\n%s\n%q\nwant\n%s\n%q", what, got, out, wantLog, wantOut)
						}
					}
				}
			}
		}
	}
}

// checkStripped checks that each login was refused with the error for that, by
// Send or in its Done.
func checkStripped(t *testing.T, what string, p *popClient, errs []error, requireTLS bool) {
	t.Helper()
	refused, sent := 0, 0
	for _, err := range errs {
		if err == nil {
			sent++
		} else if errors.Is(err, pop3client.ErrPlaintext) {
			refused++
		} else {
			t.Fatalf("%s: %v", what, err)
		}
	}
	for _, ev := range p.kept {
		if d, is := ev.(*pop3client.Done); is && errors.Is(d.Err, pop3client.ErrPlaintext) {
			refused++
			sent--
		}
	}
	logins := len(popLogins())
	if !requireTLS {
		logins -= 3 // CRAM-MD5, STAT and LIST show no password
	}
	if refused == 0 || refused%logins != 0 {
		t.Fatalf("%s: %d logins were refused of %d", what, refused, len(errs))
	}
}

// checkTexts: threat T12. A text that came in the clear says so, and the form
// that is for display does nothing to the display.
func checkTexts(t *testing.T, p *popClient, scene popScene) {
	t.Helper()
	texts := map[string]bool{}
	for _, ev := range p.kept {
		switch ev := ev.(type) {
		case *pop3client.Greeting:
			texts[ev.Text] = ev.Protected
		case *pop3client.Done:
			texts[ev.Status.Text] = ev.Protected
		}
	}
	for text, protected := range texts {
		if shown := pop3client.Display(text); protected || strings.ContainsAny(shown, "\x1b\x07\u202e") {
			t.Fatalf("%s: protected %v, shown %q", scene.name, protected, shown)
		}
	}
}

// TestEastServerPOP3: threats T1, T3 and T14: invariants 16 and 38. What a tester
// sends behind STLS in the same read, to a server, is given to the TLS layer or to
// nobody: it is answered neither before TLS nor behind it, however it is cut.
func TestEastServerPOP3(t *testing.T) {
	for _, injected := range []string{
		"CAPA\r\n", "NOOP\r\n", "QUIT\r\n", "USER attacker\r\nPASS p\r\n", "USER attacker\r\n", "AUTH PLAIN AGF0dABw\r\n", "AUTH X-TWO\r\n",
		"STLS\r\n", "\x16\x03\x01\x00", "PASS", "\r\n", "x",
	} {
		in := "NOOP\r\nSTLS\r\n" + injected
		for cut, pieces := range popCuts(in) {
			s := newPopServer(t, openPop())
			left := s.feed(pieces...)
			if got := s.take(); strings.Count(got, "\r\n") != 2 || !strings.HasSuffix(got, "+OK begin TLS\r\n") || s.c.Want() != engine.WantUpgrade {
				t.Fatalf("%q, %s: %q, wants %v", injected, cut, got, s.c.Want())
			}
			// What came with STLS is the caller's, and what comes later was not taken.
			if s.rest+left != injected {
				t.Fatalf("%q, %s: %q and %q are left", injected, cut, s.rest, left)
			}
			if err := s.c.Feed(s.now, []byte(injected)); err != engine.ErrBusy {
				t.Fatalf("%q, %s: fed before TLS: %v", injected, cut, err)
			}
			in := s.c.Stats()
			s.log = nil
			s.c.Upgraded(s.now, engine.LayerTLS, insideTLS)
			if got := s.take(); got != "" || len(s.log) != 0 || s.c.Stats() != in || s.c.State() != pop3server.StateAuthorization {
				t.Fatalf("%q, %s: behind TLS %q, heard %v", injected, cut, got, s.log)
			}
		}
	}
}
