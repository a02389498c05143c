package threats_test

import (
	"encoding/base64"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/mailwire/mailwire/imapwire"
	"github.com/mailwire/mailwire/imapwire/engine"
	"github.com/mailwire/mailwire/imapwire/imapclient"
	"github.com/mailwire/mailwire/imapwire/imapserver"
)

// The attacks of "Why TLS is better without STARTTLS" (USENIX Security 2021), by
// the letters that its test program gives them:
//
//	D  STARTTLS is not announced
//	O  it is refused, or answered with something else
//	P  the client is logged in by the greeting
//	L  a login is answered with a referral
//	M  a mailbox is answered with a referral
//	C  what stands in place of the greeting is none
//	R  the answer is there before the command
//	B  responses behind the answer to STARTTLS are kept for the session in TLS
//	T  mailboxes and messages are told before TLS
//	U  a text that is meant for the user

// A starttlsAttack is what a server says in the clear: first by itself, then in
// answer to each line of the client, whose tag stands for ?. Lines end with \n
// here.
type starttlsAttack struct {
	class, name string
	says        []string
	// tls: the handshake comes, and the session in it is a fresh one.
	tls bool
	// err is what ends the conversation, if something does.
	err error
}

// protocolError is a *imapclient.ProtocolError, byeError a *imapclient.ByeError,
// whatever they say.
var protocolError, byeError = &imapclient.ProtocolError{}, &imapclient.ByeError{}

func starttlsAttacks() []starttlsAttack {
	const caps = "IMAP4rev1 LITERAL+ SASL-IR AUTH=PLAIN"
	attacks := []starttlsAttack{
		{class: "D", name: "the answer to CAPABILITY lacks it", says: []string{"* OK hello\n", "* CAPABILITY " + caps + "\n? OK told\n", "? BAD what is that\n"}},
		{class: "D", name: "CAPABILITY is refused", says: []string{"* OK hello\n", "? BAD no\n", "? BAD no\n"}},
		{class: "D", name: "the greeting lacks it", says: []string{"* OK [CAPABILITY " + caps + "] hello\n", "? NO\n", "? NO no\n"}},
		{class: "D", name: "there is nothing but IMAP4", says: []string{"* OK [CAPABILITY IMAP4] hello\n", "* CAPABILITY IMAP4\n? OK x\n", "? BAD x\n"}},
		{class: "D", name: "it is announced inside another word", says: []string{"* OK [CAPABILITY IMAP4rev1 XSTARTTLS] hello\n", "? OK x\n", "? BAD x\n"}},
		{class: "O", name: "BAD", says: []string{"* OK hello\n", "? OK x\n", "? BAD no\n"}},
		{class: "O", name: "NO", says: []string{"* OK hello\n", "? OK x\n", "? NO [UNAVAILABLE] no\n"}},
		{class: "O", name: "a continuation request", says: []string{"* OK hello\n", "? OK x\n", "+ go on\n"}, err: protocolError},
		{class: "O", name: "an empty continuation request", says: []string{"* OK hello\n", "? OK x\n", "+ \n"}, err: protocolError},
		{class: "O", name: "OK to nobody", says: []string{"* OK hello\n", "? OK x\n", "* OK begin TLS\n? BAD no\n"}},
		{class: "O", name: "OK to another", says: []string{"* OK hello\n", "? OK x\n", "Z9 OK begin TLS\n"}, err: protocolError},
		{class: "O", name: "OK in another case", says: []string{"* OK hello\n", "? OK x\n", "? ok begin\n"}, tls: true},
		{class: "O", name: "BYE", says: []string{"* OK hello\n", "? OK x\n", "* BYE no\n? BAD no\n"}},
		{class: "O", name: "a word that is none", says: []string{"* OK hello\n", "? OK x\n", "? YES begin TLS\n? NO x\n"}},
		{class: "P", name: "PREAUTH", says: []string{"* PREAUTH hello\n", "? OK x\n", "? OK begin\n"}, err: imapclient.ErrPlaintext},
		{class: "P", name: "PREAUTH with capabilities", says: []string{"* PREAUTH [CAPABILITY " + caps + "] hello\n"}, err: imapclient.ErrPlaintext},
		{class: "P", name: "PREAUTH that announces STARTTLS", says: []string{"* PREAUTH [CAPABILITY IMAP4rev1 STARTTLS] hello\n", "? OK x\n", "? OK begin TLS\n"}, err: imapclient.ErrPlaintext},
		{class: "P", name: "preauth in lower case", says: []string{"* preauth hello\n", "? OK x\n", "? BAD x\n"}, err: imapclient.ErrPlaintext},
		{class: "P", name: "PREAUTH and mailboxes", says: []string{"* PREAUTH hello\n* LIST () \"/\" Loot\n* 3 EXISTS\n"}, err: imapclient.ErrPlaintext},
		{class: "P", name: "PREAUTH without a text", says: []string{"* PREAUTH\n"}, err: imapclient.ErrPlaintext},
		{class: "P", name: "PREAUTH as the second greeting", says: []string{"* OK hello\n", "* PREAUTH hello\n? OK x\n", "? BAD x\n"}},
		{class: "L", name: "a referral in place of a login", says: []string{"* OK [REFERRAL IMAP://;AUTH=*@loot.example/] hello\n", "? OK x\n", "? NO [REFERRAL IMAP://ada;AUTH=PLAIN@loot.example:143/] there\n"}},
		{class: "L", name: "BYE with a referral", says: []string{"* BYE [REFERRAL IMAP://loot.example/] there\n"}, err: byeError},
		{class: "M", name: "a referral in place of a mailbox", says: []string{"* OK hello\n", "* NO [REFERRAL IMAP://ada@loot.example/INBOX] there\n? OK x\n", "? BAD x\n"}},
		{class: "M", name: "a remote mailbox in a list", says: []string{"* OK hello\n", "* LIST (\\Remote) \"/\" \"IMAP://loot.example/INBOX\"\n? OK x\n", "? OK begin TLS\n"}, tls: true},
		{class: "C", name: "a tagged greeting", says: []string{"A0 OK hello\n"}, err: protocolError},
		{class: "C", name: "two words", says: []string{"k3tt3 mUrmeL\n"}, err: protocolError},
		{class: "C", name: "another mark", says: []string{"! OK hello\n"}, err: protocolError},
		{class: "C", name: "NO", says: []string{"* NO hello\n"}, err: protocolError},
		{class: "C", name: "BYE", says: []string{"* BYE hello\n"}, err: byeError},
		{class: "C", name: "garbage, then a greeting", says: []string{"x\ny\n* OK hello\n"}, err: protocolError},
		{class: "C", name: "an empty line, then a greeting", says: []string{"\n* OK hello\n"}, err: protocolError},
		{class: "C", name: "capabilities, then a greeting", says: []string{"* CAPABILITY " + caps + "\n* OK hello\n"}, err: protocolError},
		{class: "C", name: "a continuation request", says: []string{"+ hello\n"}, err: protocolError},
		{class: "C", name: "another protocol", says: []string{"220 mail.example ESMTP\n"}, err: protocolError},
		{class: "R", name: "OK with the greeting", says: []string{"* OK hello\nA1 OK x\nA2 OK begin TLS\n"}, err: protocolError},
		{class: "R", name: "OK to STARTTLS with the answer before it", says: []string{"* OK hello\n", "? OK x\nA2 OK begin TLS\n"}, err: protocolError},
		{class: "R", name: "both at once, in the other order", says: []string{"* OK hello\n", "A2 OK begin TLS\n? OK x\n"}, err: protocolError},
	}
	for name, surplus := range map[string]string{
		"capabilities": "* CAPABILITY " + caps + "\n", "a greeting": "* OK hello\n", "PREAUTH": "* PREAUTH in\n", "the answer to the next": "A3 OK [CAPABILITY " + caps + "] in\n",
		"one octet": " ", "a line end": "\n", "a list": "* LIST () \"/\" Loot\n", "an alert": "* OK [ALERT] call us\n", "a continuation request": "+ \n", "a literal": "* LIST () \"/\" {4}\nLoot\n", "TLS itself": "\x16\x03\x01",
	} {
		attacks = append(attacks, starttlsAttack{class: "B", name: name, says: []string{"* OK hello\n", "? OK x\n", "? OK begin TLS\n" + surplus}, err: imapclient.ErrSurplus})
	}
	for name, tale := range map[string]string{
		"LIST": "* LIST () \"/\" Loot\n", "LSUB": "* LSUB () \"/\" Loot\n", "STATUS": "* STATUS INBOX (MESSAGES 7)\n", "SEARCH": "* SEARCH 1 2 3\n", "FLAGS": "* FLAGS (\\Seen Loot)\n",
		"EXISTS": "* 7 EXISTS\n", "RECENT": "* 7 RECENT\n", "EXPUNGE": "* 1 EXPUNGE\n", "FETCH": "* 1 FETCH (UID 7 BODY[] {19}\nSubject: click me\n\n)\n",
		"ENABLED": "* ENABLED IMAP4rev2 UTF8=ACCEPT\n", "CAPABILITY": "* CAPABILITY " + caps + " UTF8=ACCEPT\n", "a referral": "* NO [REFERRAL IMAP://loot.example/] x\n", "NAMESPACE": "* NAMESPACE ((\"Loot\" \"/\")) NIL NIL\n",
	} {
		attacks = append(attacks,
			starttlsAttack{class: "T", name: name + " behind the greeting", says: []string{"* OK hello\n" + tale, "? OK x\n", "? OK begin TLS\n"}, tls: true},
			starttlsAttack{class: "T", name: name + " before the answer", says: []string{"* OK hello\n", "? OK x\n", tale + "? OK begin TLS\n"}, tls: true})
	}
	for name, text := range map[string]string{"an alert": "[ALERT] Call 555 0100, your account is closed", "an escape": "\x1b[31;1mYour account is closed", "another code": "[PARSE] x", "a code for the rest": "[COPYUID 1 1 1] x"} {
		attacks = append(attacks,
			starttlsAttack{class: "U", name: name + " in the greeting", says: []string{"* OK " + text + "\n", "? OK x\n", "? OK begin TLS\n"}, tls: true},
			starttlsAttack{class: "U", name: name + " between", says: []string{"* OK hello\n", "* NO " + text + "\n? OK x\n", "? OK begin TLS\n"}, tls: true},
			starttlsAttack{class: "U", name: name + " in the answer", says: []string{"* OK hello\n", "? OK x\n", "? NO " + text + "\n"}})
	}
	return attacks
}

// loginSecrets are the forms in which a password, or the intention to send one,
// must not be seen.
var loginSecrets = []string{"LOGIN", "AUTHENTICATE", "tanstaafl", base64.StdEncoding.EncodeToString([]byte("\x00ada\x00tanstaafl"))[:20]}

// TestEASTClient: invariants 23, 24 and 27, threats T4 to T12, S9 and S10. Every
// class of attack on STARTTLS, however the octets come, against an application
// that sends all it has as soon as it may: no password leaves in the clear, what
// can not be trusted ends the conversation, and the session inside TLS is the
// same as one that was in TLS from the start.
func TestEASTClient(t *testing.T) {
	for _, a := range starttlsAttacks() {
		t.Run(a.class+"/"+a.name, func(t *testing.T) {
			for _, requireTLS := range []bool{true, false} {
				said := strings.ReplaceAll(strings.Join(a.says, ""), "\n", "\r\n")
				for _, cut := range imapCuts(len(said)) {
					opt := imapclient.Options{RequireTLS: requireTLS}
					if requireTLS {
						opt.PlaintextAuth = engine.PlaintextAlways
					}
					c, tls := attack(t, a, opt, cut)
					if t.Failed() {
						t.Fatalf("RequireTLS %v, %v:\n%s", requireTLS, cut, c.all())
					}
					if requireTLS && tls != a.tls {
						t.Fatalf("%v: TLS %v, want %v\n%s", cut, tls, a.tls, c.all())
					}
					if requireTLS && a.err != nil {
						checkEnd(t, c, a.err)
					}
				}
			}
		})
	}
}

// checkEnd checks how a conversation ended.
func checkEnd(t *testing.T, c *imapClient, want error) {
	t.Helper()
	if len(c.errs) == 0 {
		t.Fatalf("did not end with %v\n%s", want, c.all())
	}
	err := c.errs[len(c.errs)-1]
	ok := errors.Is(err, want)
	switch want.(type) {
	case *imapclient.ProtocolError:
		var e *imapclient.ProtocolError
		ok = errors.As(err, &e) && errors.Is(err, engine.ErrProtocol)
	case *imapclient.ByeError:
		var e *imapclient.ByeError
		ok = errors.As(err, &e)
	}
	if !ok || c.c.Want() != engine.WantNothing {
		t.Fatalf("ended with %v, want %v\n%s", err, want, c.all())
	}
}

// attack plays an attack, and reports whether there was TLS.
func attack(t *testing.T, a starttlsAttack, opt imapclient.Options, cut imapCut) (c *imapClient, tls bool) {
	t.Helper()
	c = newIMAPClient(t, opt)
	var ids []engine.ID
	eager := func() {
		for _, cmd := range []imapwire.Command{
			&imapwire.Login{User: "ada", Password: "tanstaafl"},
			&imapwire.Authenticate{Mechanism: "PLAIN", Initial: "\x00ada\x00tanstaafl", HasInitial: true},
			&imapwire.Select{Mailbox: "INBOX"},
		} {
			if _, isSelect := cmd.(*imapwire.Select); isSelect && !opt.RequireTLS {
				continue
			}
			if id, err := c.send(cmd); err == nil {
				ids = append(ids, id)
			}
		}
	}
	c.send(&imapwire.Capability{})
	c.send(&imapwire.StartTLS{})
	eager()
	// The places at which to cut, in what is said as a whole.
	from := 0
	for i, say := range a.says {
		if a.class == "R" {
			// What waits leaves, and nothing that follows does before the answer.
			c.stuck = false
			c.work()
			c.stuck = true
		}
		say = strings.ReplaceAll(say, "\n", "\r\n")
		if i > 0 {
			tag := fmt.Sprint("A", i)
			if lines := strings.Split(c.out.String(), "\r\n"); len(lines) > i {
				tag, _, _ = strings.Cut(lines[i-1], " ")
			}
			say = strings.ReplaceAll(say, "?", tag)
		}
		var here imapCut
		for _, at := range cut {
			if at > from && at < from+len(say) {
				here = append(here, at-from)
			}
		}
		from += len(say)
		for _, p := range here.pieces(say) {
			if c.c.Want() == engine.WantUpgrade {
				// It comes before anybody has begun TLS.
				if err := c.c.Feed(c.now, []byte(p)); err != nil {
					t.Errorf("in the place of TLS: %v", err)
				}
				c.work()
				continue
			}
			c.feed(p)
		}
		if c.c.Want() == engine.WantInput {
			eager()
		}
	}
	if c.c.Want() == engine.WantUpgrade {
		// What waits for TLS goes elsewhere.
		for _, id := range ids {
			if err := c.c.Withdraw(id); err != nil {
				t.Errorf("%d was sent in the clear", id)
			}
		}
		c.work()
	}
	clear := c.out.String()
	for _, s := range loginSecrets {
		if strings.Contains(clear, s) {
			t.Errorf("%s in the clear", s)
		}
	}
	if opt.RequireTLS && strings.Contains(clear, "SELECT") {
		t.Error("SELECT in the clear")
	}
	for _, l := range c.log {
		if strings.HasPrefix(l, "fetch") || strings.HasPrefix(l, "content") || strings.Contains(l, "Loot") && !strings.HasPrefix(l, "malformed") && a.class == "T" && !strings.Contains(a.name, "FLAGS") {
			t.Errorf("told before TLS: %s", l)
		}
	}
	if c.stuck = false; c.c.Want() != engine.WantUpgrade {
		return c, false
	}
	c.out.Reset()
	c.log, c.errs = nil, nil
	c.c.Upgraded(c.now, engine.LayerTLS, engine.Security{Encrypted: true})
	if caps, known := c.c.Capabilities(); known || len(caps) > 0 {
		t.Errorf("capabilities from before TLS: %v", caps)
	}
	c.work()
	inTLS(t, c, opt)
	return c, true
}

// inTLS compares a client behind STARTTLS with one that was in TLS from the start:
// the same commands are the same octets, but for tags, and the same answers the
// same events.
func inTLS(t *testing.T, c *imapClient, opt imapclient.Options) {
	t.Helper()
	opt.Security = engine.Security{Encrypted: true}
	f := newIMAPClient(t, opt)
	f.feed("* OK hello\r\n")
	f.log = nil
	seen := func(c *imapClient) string {
		tag := ""
		c.send(&imapwire.Authenticate{Mechanism: "PLAIN", Initial: "\x00ada\x00tanstaafl", HasInitial: true})
		tag, _, _ = strings.Cut(c.out.String(), " ")
		c.feed("* LIST () \"/\" x\r\n", "* 3 EXISTS\r\n", "+ \r\n")
		c.feed(tag + " OK in\r\n")
		c.send(&imapwire.Append{Mailbox: "x", Messages: []imapwire.AppendMessage{{Size: 5, Content: strings.NewReader("hello")}}})
		c.send(&imapwire.Create{Mailbox: "&AOk-"})
		c.send(&imapwire.Create{Mailbox: "a\"b"})
		c.feed("* LIST () \"/\" x\r\n", "* 3 EXISTS\r\n", "* LIST () \"/\" \"\xc3\xa9\"\r\n", "+ go on\r\n")
		caps, known := c.c.Capabilities()
		// Tags and IDs go on behind STARTTLS.
		first, _ := strconv.Atoi(strings.TrimPrefix(tag, "A"))
		s := fmt.Sprintf("%s\n%s\n%v %v %v", c.out.String(), strings.Join(c.log, "\n"), c.c.State(), caps, known)
		return tagOrID.ReplaceAllStringFunc(s, func(m string) string {
			i := strings.IndexAny(m, "123456789")
			n, _ := strconv.Atoi(m[i:])
			return m[:i] + strconv.Itoa(n-first+1)
		})
	}
	if a, b := seen(c), seen(f); a != b {
		t.Errorf("behind STARTTLS:\n%s\n\nin TLS from the start:\n%s", a, b)
	}
}

var tagOrID = regexp.MustCompile(`(\bA|done )[1-9][0-9]*`)

// TestEASTServer: invariant 16, threats T1, T13 and T14. The two probes that are
// run against servers: a command in one packet with STARTTLS, and a login of the
// attacker's that the session inside TLS would go on with.
func TestEASTServer(t *testing.T) {
	for _, behind := range []string{"p1 NOOP\r\n", "p1 LOGIN eve loot\r\np2 APPEND x {60}\r\n", "p1 LOGIN {200}\r\n", "p1 CAPABILITY\r\np2 LOGIN eve loot\r\n", "p1"} {
		in := "p0 STARTTLS\r\n" + behind
		for _, cut := range imapCuts(len(in)) {
			s := newIMAPServer(t, imapLocal())
			s.out.Reset()
			pieces := cut.pieces(in)
			taken := s.feed(pieces...)
			if s.out.String() != "p0 OK begin TLS\r\n" || s.rest+strings.Join(pieces[taken:], "") != behind || len(s.log) != 1 {
				t.Fatalf("%q, %v: %s", behind, cut, s.all())
			}
			s.out.Reset()
			s.log = nil
			s.c.Upgraded(s.now, engine.LayerTLS, engine.Security{Encrypted: true})
			if s.work(); s.out.Len() > 0 || len(s.log) > 0 || s.c.State() != imapserver.StateNotAuthenticated {
				t.Fatalf("%q, %v: inside TLS %s", behind, cut, s.all())
			}
			s.feed("v1 LOGIN ada tanstaafl\r\n")
			if !strings.HasPrefix(s.out.String(), "v1 OK ") || len(s.log) != 1 {
				t.Fatalf("%q, %v: the login inside TLS: %s", behind, cut, s.all())
			}
		}
	}
	// The attacker logs in first: there is no STARTTLS for him any more.
	in := "p0 LOGIN eve loot\r\np1 STARTTLS\r\np2 NOOP\r\n"
	for _, cut := range imapCuts(len(in)) {
		s := newIMAPServer(t, imapLocal())
		s.feed(cut.pieces(in)...)
		if !strings.Contains(s.out.String(), "p1 BAD ") || !strings.HasSuffix(s.out.String(), "p2 OK done\r\n") || s.c.Security().Encrypted {
			t.Fatalf("%v: %s", cut, s.all())
		}
	}
}
