package imapclient_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mailwire/mailwire/imapwire"
	"github.com/mailwire/mailwire/imapwire/engine"
	"github.com/mailwire/mailwire/imapwire/imapclient"
)

func everyTolerance() (all imapwire.Tolerances) {
	for t := range imapwire.AllTolerances {
		all |= imapwire.ToleranceSet(t)
	}
	return all
}

// TestOptionalTolerances: what has to be asked for, in a conversation, in pieces of
// every size (invariant 1).
func TestOptionalTolerances(t *testing.T) {
	said := strings.Join([]string{
		"\x00\x00* 1 EXISTS", "* LIST () \"/\" \"a", "b\"", "* LIST () \"/\" \"c", "* 2 EXISTS", "* LIST () \"/\" d e",
		"*", "* 3 EXISTS", "*", "CAPABILITY X", "A77 OK forgotten", " OK no tag", "A2 OK done", "",
	}, "\r\n")
	want := []string{
		`E: tolerated NUL before the response at octet 0: "\x00\x00* 1 EXISTS\r\n"`, "E: data * 1 EXISTS",
		`E: tolerated a line end in quotes at octet 16: "\r\nb\"\r\n"`, `E: data * LIST () "/" {4}\r\na\r\nb`,
		`E: malformed "* LIST () \"/\" \"c\r\n": syntax error at octet 16 in mailbox: expected the closing quote of the string at octet 14, got "\r\n"`, "E: data * 2 EXISTS",
		`E: tolerated a mailbox that needs quotes at octet 14: "d e\r\n"`, `E: data * LIST () "/" "d e"`,
		`E: malformed "*\r\n": syntax error at octet 1 in response-data: expected a space, got "\r\n"`, "E: data * 3 EXISTS",
		`E: tolerated a line end behind the asterisk at octet 1: "\r\nCAPABILITY X\r\n"`, "E: data * CAPABILITY X",
		`E: tolerated a tag that was never sent at octet 0: "A77"`, "E: data A77 OK forgotten",
		`E: tolerated a space before the response at octet 0: " OK no tag\r\n"`, "E: data * OK no tag",
		"E: done 2 OK done",
	}
	for cut := range 10 {
		p := newPlayer(t, imapclient.Options{Tolerate: everyTolerance()})
		p.feed("* PREAUTH ready\r\n")
		p.act("SELECT INBOX")
		p.feed("A1 OK done\r\n")
		p.act("NOOP")
		p.log, p.cut = nil, cut
		p.feed(said)
		if d := cmp.Diff(want, p.log); d != "" {
			t.Fatalf("in pieces of %d (-want +got):\n%s", cut, d)
		}
	}
}

// TestStrict: no deviation is tolerated, and each costs its response only.
func TestStrict(t *testing.T) {
	for _, tt := range []struct{ said, want string }{
		{"* OK\r\n", "E: malformed"}, {"* 3 EXISTS\n", "E: malformed"}, {"* FLAGS (a )\r\n", "E: malformed"},
		{"* 1 FETCH (UID 7 BODYSTRUCTURE (x))\r\n", "E: malformed"},
		{"* 1 FETCH (UID 7 BODY[] {3}\r\nabc\r\n)\r\n", "E: fetch 1,E: body,E: content,E: malformed,E: fetched,E: malformed"},
		{"Server Unavailable. 15\r\n", "E: malformed"}, {"* BYE x\r\n* BYE x\r\n", "E: data,E: data"},
	} {
		p := newPlayer(t, imapclient.Options{Strict: true, Tolerate: everyTolerance()})
		p.feed("* PREAUTH ready\r\n")
		p.act("SELECT INBOX")
		p.feed("A1 OK done\r\n")
		p.log = nil
		p.feed(tt.said)
		p.feed("* 5 EXISTS\r\n")
		want := append(strings.Split(tt.want, ","), "E: data * 5 EXISTS")
		if !slices.EqualFunc(p.log, want, strings.HasPrefix) {
			t.Errorf("%q:\n%s", tt.said, strings.Join(p.log, "\n"))
		}
	}
	// A tag that was never sent ends the conversation, unless that is asked for.
	for _, opt := range []imapclient.Options{{}, {Strict: true, Tolerate: everyTolerance()}} {
		p := newPlayer(t, opt)
		p.feed("* PREAUTH ready\r\nA9 OK done\r\n")
		if last := p.log[len(p.log)-1]; !strings.HasPrefix(last, "E: closed: imapclient: an answer to a command that was not sent") {
			t.Errorf("%+v: %s", opt, last)
		}
	}
	// Not even then may it be that of a command which waits to be sent.
	p := newPlayer(t, imapclient.Options{Tolerate: everyTolerance()})
	if _, err := p.c.Send(&imapwire.Noop{}); err != nil {
		t.Fatal(err)
	}
	p.feed("* PREAUTH ready\r\n")
	p.act("LOGOUT")
	p.feed("A1 OK done\r\n* BYE\r\n* BYE\r\nA2 OK done\r\n")
	if last := p.log[len(p.log)-1]; last != "E: closed: <nil>" {
		t.Errorf("LOGOUT:\n%s", strings.Join(p.log, "\n"))
	}
}

// TestCapabilitiesOfLogin: what a server announces between a login and the answer
// to it holds behind it; what it announced before does not.
func TestCapabilitiesOfLogin(t *testing.T) {
	for said, want := range map[string]bool{
		"A1 OK done\r\n":                                             false,
		"* CAPABILITY X\r\nA1 OK done\r\n":                           true,
		"* OK [CAPABILITY X] so\r\nA1 OK done\r\n":                   true,
		"A1 OK [CAPABILITY X] done\r\n":                              true,
		"* CAPABILITY Y\r\nA1 OK [CAPABILITY X] done\r\n":            true,
		"* CAPABILITY Y\r\n* CAPABILITY X\r\nA1 OK done\r\n":         true,
		"* CAPABILITY Y\r\n* OK [CAPABILITY X] so\r\nA1 OK done\r\n": true,
	} {
		p := newPlayer(t, imapclient.Options{PlaintextAuth: engine.PlaintextAlways})
		p.feed("* OK [CAPABILITY Z] ready\r\n")
		p.act("LOGIN ada secret")
		p.feed(said)
		caps, known := p.c.Capabilities()
		if known != want || known && !(len(caps) == 1 && caps[0] == "X") {
			t.Errorf("%q: %v, %v", said, caps, known)
		}
	}
	// Those before the login was sent are gone, whatever was told in the meantime.
	p := newPlayer(t, imapclient.Options{PlaintextAuth: engine.PlaintextAlways})
	p.feed("* OK ready\r\n")
	p.act("CAPABILITY")
	p.feed("* CAPABILITY Z\r\nA1 OK done\r\n")
	p.act("LOGIN ada secret")
	p.feed("A2 NO wrong\r\n")
	p.act("LOGIN ada secret")
	p.feed("A3 OK done\r\n")
	if caps, known := p.c.Capabilities(); known {
		t.Errorf("%v", caps)
	}
}

// TestOtherProtocols: a server of another protocol is one, not a mistake of syntax.
func TestOtherProtocols(t *testing.T) {
	for _, greeting := range []string{"+OK XMail POP3 ready\r\n", "220 mail ESMTP\r\n", "220-mail\r\n220 ESMTP\r\n", "HTTP/1.1 400 Bad Request\r\n\r\n", "SSH-2.0-x\r\n", "\r\n", "\x15\x03\x01\x00\x02\x02\x50\n"} {
		for _, opt := range []imapclient.Options{{}, {Strict: true}, {Tolerate: everyTolerance()}} {
			c, err := imapclient.New(start, opt)
			if err != nil {
				t.Fatal(err)
			}
			c.Feed(start, []byte(greeting))
			var last imapclient.Event
			for ev := c.Next(); ev != nil; ev = c.Next() {
				last = ev
			}
			if closed, ok := last.(*imapclient.Closed); !ok || !errors.Is(closed.Err, engine.ErrProtocol) {
				t.Errorf("%q: %+v", greeting, last)
			}
		}
	}
}
