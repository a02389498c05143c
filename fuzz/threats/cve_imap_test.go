package threats_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/mailwire/mailwire/imapwire"
	"github.com/mailwire/mailwire/imapwire/engine"
	"github.com/mailwire/mailwire/imapwire/imap"
	"github.com/mailwire/mailwire/imapwire/imapclient"
	"github.com/mailwire/mailwire/imapwire/imapserver"
)

// A cveRow is a flaw that another program had, in octets of our own, and what our
// engine makes of them.
type cveRow struct {
	cve string
	// server or client is the state in which the octets come to one or the other.
	server imapserver.State
	client imapclient.State
	// send is what the client has sent before.
	send []imapwire.Command
	in   string
	eof  bool // the input ends there
	// want is what must be seen, in this order, never what must not.
	want, never []string
	// limit is the field that the octets exceed.
	limit string
}

// The states, in short.
const (
	sNot, sAuth, sSel         = imapserver.StateNotAuthenticated, imapserver.StateAuthenticated, imapserver.StateSelected
	cGreet, cNot, cAuth, cSel = imapclient.StateGreeting, imapclient.StateNotAuthenticated, imapclient.StateAuthenticated, imapclient.StateSelected
)

func cveServerRows() []cveRow {
	row := func(cve string, state imapserver.State, in string, limit string, want ...string) cveRow {
		return cveRow{cve: cve, server: state, in: in, limit: limit, want: want}
	}
	starttls := func(cve, in string, want ...string) cveRow {
		return cveRow{cve: cve, server: sNot, in: in, want: append(want, "OK begin TLS\r\n\n", "wants upgrade"), never: []string{"command z", "z OK", "z BAD", "y OK"}}
	}
	return []cveRow{
		starttls("CVE-2011-0411 Postfix", "a STARTTLS\r\nz NOOP\r\n"),
		starttls("CVE-2011-1926 Cyrus", "a STARTTLS\r\nz LOGIN eve loot\r\n"),
		starttls("CVE-2021-33515 Dovecot", "a STARTTLS\r\n\r\nz LOGIN eve loot\r\ny APPEND x {99}\r\n"),
		starttls("CVE-2020-29547 Citadel", "a STARTTLS\r\nz NOOP\r\ny LOGOUT\r\n"),
		starttls("CVE-2020-29548 SmarterMail", "b CAPABILITY\r\na STARTTLS\r\nz NOOP\r\n", "b OK"),
		starttls("CVE-2021-38542 James", "b NOOP\r\na STARTTLS\r\nz LOGIN eve loot\r\n", "b OK"),
		starttls("CVE-2022-28220 James", "a starttls\r\nz LOGIN eve loot\r\n"),
		{cve: "CVE-2022-28220 James, as a literal", server: sNot, in: "a {8+}\r\nSTARTTLS\r\nb NOOP\r\n", want: []string{"a BAD", "b OK"}, never: []string{"begin TLS"}},

		row("CVE-2026-115774 Twisted", sNot, "a LOGIN {-1}\r\nb NOOP\r\n", "", "a BAD", "b OK"),
		row("CVE-2026-115774 Twisted, larger than any number", sNot, "a LOGIN {18446744073709551616}\r\nb NOOP\r\n", "", "a BAD", "b OK"),
		row("CVE-2019-11500 Dovecot", sNot, "a LOGIN \"u\x00\\\" p\r\nb NOOP\r\n", "", "a BAD", "b OK"),
		row("CVE-2024-34055 Cyrus", sSel, "a SEARCH"+rep(" TEXT {100000+}\r\n"+xs(100000), 11)+"\r\nb NOOP\r\n", "Literals", "a BAD", "b OK"),
		row("CVE-2024-37358 James", sNot, "a XYZ"+rep(" {4000+}\r\n"+xs(4000), 5)+"\r\nb NOOP\r\n", "LiteralsPreAuth", "a BAD", "b OK"),
		row("CVE-2025-61600 Stalwart", sNot, "a LOGIN {25000000}\r\nb NOOP\r\n", "LiteralPreAuth", "a BAD", "b OK"),
		row("CVE-2026-27857 Dovecot", sNot, "a NOOP "+rep("(", 4000)+rep(")", 4000)+"\r\nb NOOP\r\n", "", "a BAD", "b OK"),
		row("CVE-2026-27857 Dovecot, side by side", sSel, "a SEARCH"+rep(" (ALL)", 2049)+"\r\nb NOOP\r\n", "Lists", "a BAD", "b OK"),
		row("CVE-2026-42006 Dovecot", sSel, "a SEARCH "+rep("(", 4000)+"\r\nb NOOP\r\n", "Depth", "a BAD", "b OK"),
		row("CVE-2026-67194 Courier", sSel, "a SEARCH "+rep("(", 2500)+"ALL"+rep(")", 2500)+"\r\nb NOOP\r\n", "Depth", "a BAD", "b OK"),
		row("CVE-2026-67194 Courier, NOT", sSel, "a SEARCH"+rep(" NOT", 2500)+" ALL\r\nb NOOP\r\n", "Depth", "a BAD", "b OK"),
		row("CVE-2025-59028 Dovecot", sNot, "a AUTHENTICATE X-TWO\r\n!!!!\r\nb NOOP\r\n", "", "a BAD", "b OK"),
		row("CVE-2020-12674 Dovecot", sNot, "a AUTHENTICATE X-TWO\r\n\r\n*\r\nb NOOP\r\n", "", "a BAD", "b OK", "response 0 octets"),
		row("CVE-2026-27858 Dovecot", sNot, "a AUTHENTICATE X-TWO "+rep("AAAA", 5000)+"\r\nb NOOP\r\n", "LinePreAuth", "a BAD", "b OK"),
		row("CVE-2026-27858 Dovecot, in the exchange", sNot, "a AUTHENTICATE X-TWO\r\n"+rep("AAAA", 5000)+"\r\nb NOOP\r\n", "SASLLine", "a BAD", "b OK"),
		{cve: "CVE-2019-11494 Dovecot", server: sNot, in: "a AUTHENTICATE X-TWO\r\n", eof: true, want: []string{"closed: EOF"}},
		row("CVE-2019-11499 Dovecot", sNot, "a AUTHENTICATE X-TWO\r\n*\r\nb AUTHENTICATE X-TWO =\r\n*\r\nc NOOP\r\n", "", "a BAD", "b BAD", "c OK"),
		{cve: "CVE-2021-40111 James", server: sAuth, in: "a APPEND x {5+}\r\nab", eof: true, want: []string{"abandoned", "closed: EOF"}},
		row("CVE-2026-33606 Dovecot", sAuth, "a CREATE \"x\\\" z NOOP\"\r\nb NOOP\r\n", "", "a OK", "b OK"),
		row("CVE-2021-33582 Cyrus", sSel, "a STORE 1 FLAGS ("+listed(8000, "Aa BB", " ")+")\r\nb NOOP\r\n", "", "a OK", "b OK"),
	}
}

func cveClientRows() []cveRow {
	surplus := func(cve, behind string) cveRow {
		return cveRow{cve: cve, client: cNot, send: []imapwire.Command{&imapwire.StartTLS{}}, in: "A1 OK begin\r\n" + behind,
			want: []string{"closed: " + imapclient.ErrSurplus.Error()}, never: []string{"data", "greeting", "done 2 OK"}}
	}
	told := func(cve, in string, want ...string) cveRow {
		return cveRow{cve: cve, client: cSel, in: in + "* OK on\r\n", want: append(want, `data "* OK on\r\n"`)}
	}
	return []cveRow{
		surplus("CVE-2020-14954 mutt", "* OK x\r\n"),
		surplus("CVE-2020-15953 libetpan", "* CAPABILITY IMAP4rev1 AUTH=PLAIN\r\n"),
		surplus("CVE-2021-22947 curl", "A2 OK in\r\n"),
		surplus("CVE-2026-41319 MailKit", "* CAPABILITY IMAP4rev1 AUTH=PLAIN LOGINDISABLED\r\nA2 OK told\r\n"),
		surplus("CVE-2026-115559 CPython", "* PREAUTH in\r\n"),
		surplus("CVE-2020-15685 Thunderbird", "* 7 EXISTS\r\n"),
		{cve: "CVE-2021-22946 curl", client: cGreet, send: []imapwire.Command{&imapwire.StartTLS{}, &imapwire.Login{User: "ada", Password: "tanstaafl"}}, in: "* OK hi\r\nA1 BAD no\r\n",
			want: []string{"done 1 BAD", "done 2: " + imapclient.ErrPlaintext.Error()}, never: []string{"LOGIN", "tanstaafl"}},
		{cve: "CVE-2021-38502 Thunderbird", client: cGreet, send: []imapwire.Command{&imapwire.StartTLS{}, &imapwire.Authenticate{Mechanism: "PLAIN", Initial: "tanstaafl", HasInitial: true}}, in: "* OK [CAPABILITY IMAP4rev1 SASL-IR AUTH=PLAIN] hi\r\nA1 NO no\r\n",
			want: []string{"done 1 NO", "done 2: "}, never: []string{"AUTHENTICATE", "dGFuc3RhYWZs"}},
		{cve: "CVE-2020-12398 Thunderbird", client: cGreet, send: []imapwire.Command{&imapwire.StartTLS{}, &imapwire.Select{Mailbox: "INBOX"}}, in: "* PREAUTH hi\r\n* 3 EXISTS\r\n", want: []string{"closed: "}, never: []string{"SELECT", "STARTTLS", "data"}},
		{cve: "CVE-2020-14093 mutt", client: cGreet, send: []imapwire.Command{&imapwire.StartTLS{}}, in: "* PREAUTH [CAPABILITY IMAP4rev1 STARTTLS] hi\r\nA1 OK x\r\n", want: []string{"closed: "}, never: []string{"upgrade", "done 1 OK"}},
		{cve: "CVE-2020-14929 Alpine", client: cGreet, send: []imapwire.Command{&imapwire.List{Patterns: []string{"*"}}}, in: "* PREAUTH hi\r\n", want: []string{"closed: "}, never: []string{"LIST"}},
		{cve: "CVE-2021-39272 fetchmail", client: cGreet, send: []imapwire.Command{&imapwire.Capability{}}, in: "* preauth\r\n", want: []string{"closed: "}, never: []string{"CAPABILITY"}},
		{cve: "CVE-2020-28896 mutt", client: cGreet, send: []imapwire.Command{&imapwire.Capability{}}, in: "xyz\r\n* OK hi\r\n", want: []string{"closed: "}, never: []string{"CAPABILITY", "greeting"}},
		{cve: "CVE-2021-29969 Thunderbird", client: cNot, in: "* LIST () \"/\" Loot\r\n* OK on\r\n", want: []string{"malformed", `data "* OK on`}, never: []string{`data "* LIST`}},
		{cve: "CVE-2021-38370 Alpine", client: cNot, in: "* 1 FETCH (BODY[] {4}\r\nloot)\r\n* OK on\r\n", want: []string{"malformed", `data "* OK on`}, never: []string{"fetch", "content"}},
		{cve: "CVE-2026-42246 net-imap", client: cNot, send: []imapwire.Command{&imapwire.Noop{}, &imapwire.StartTLS{}}, in: "A2 OK begin\r\nA1 OK x\r\n", want: []string{"closed: "}, never: []string{"upgrade"}},

		told("CVE-2017-1000257 curl", "* 1 FETCH (BODY[] {0}\r\n)\r\n", "content of 0 octets", "fetched 1: <nil>"),
		told("CVE-2018-14349 mutt", "* NO\r\n"),
		told("CVE-2018-14350 mutt", "* 1 FETCH (INTERNALDATE \""+xs(3000)+"\")\r\n"),
		told("CVE-2018-14358 mutt", "* 1 FETCH (INTERNALDATE {3000}\r\n"+xs(3000)+")\r\n"),
		told("CVE-2018-14351 mutt", "* STATUS {5}\r\nINBOX (MESSAGES -1)\r\n"),
		told("CVE-2018-14352 mutt", "* LIST () \"/\" \"\\\r\n", "malformed"),
		told("CVE-2018-14353 mutt", "* LIST () \"\\\"\r\n", "malformed"),
		told("CVE-2018-14354 mutt", "* LIST () \"/\" \"`touch x`\"\r\n", "`touch x`"),
		told("CVE-2018-14357 mutt", "* LSUB () \"/\" \"$(touch x)\"\r\n", "$(touch x)"),
		told("CVE-2018-14355 mutt", "* LIST () \"/\" \"../../x\"\r\n", "../../x"),
		told("CVE-2018-14362 mutt", "* LIST () \"/\" \"a/&AC8-&AC8-/b\"\r\n", "&AC8-"),
		told("CVE-2018-19518 UW", "* LIST () \"/\" \"-oProxyCommand=x\"\r\n", "-oProxyCommand"),
		told("CVE-2021-32055 neomutt", "* VANISHED 1:2,\r\n", "malformed"),
		told("CVE-2026-92240 Thunderbird", "* ID\r\n* ID (\r\n", "malformed"),
		told("CVE-2026-4371 Thunderbird", "* XYZ {-1}\r\n* XYZ {99999999999999999999}\r\n"),
		told("CVE-2025-25186 net-imap", "* OK [COPYUID 1 1:4294967295 1:4294967295] x\r\n* OK [APPENDUID 1 1:4294967295] x\r\n", "COPYUID"),
		told("CVE-2026-42245 net-imap", "* XYZ"+rep(" {1}\r\n{", 4096)+"\r\n"),
		{cve: "CVE-2025-43857 net-imap", client: cSel, in: "* XYZ {2147483647}\r\n* OK on\r\n", limit: "ResponseLiteral", want: []string{"malformed"}, never: []string{`data "* OK on`}},
		{cve: "gh-119511 CPython", client: cSel, in: "* 1 FETCH (X {9223372036854775807}\r\n", limit: "ResponseLiteral", want: []string{"closed: "}},
		{cve: "CVE-2026-43863 mutt", client: cSel, in: "* 1 FETCH (BODY[] {9}\r\nab", eof: true, want: []string{"fetched 1: unexpected EOF", "closed: unexpected EOF"}},
	}
}

// TestCVEsIMAP: threats T1 to T10, P1 to P5, P8, M1, M2, M4 to M7, C1, C2, C13,
// I9, S8 and S10. One row for each flaw of others that concerns what an engine
// reads, however it is cut.
func TestCVEsIMAP(t *testing.T) {
	for _, r := range append(cveServerRows(), cveClientRows()...) {
		t.Run(r.cve, func(t *testing.T) {
			first := ""
			for _, cut := range imapCuts(len(r.in)) {
				if len(r.in) > 100_000 && len(cut) > 1000 {
					continue
				}
				all, errs, held := r.play(t, cut)
				if first == "" {
					first = all
				} else if all != first {
					t.Fatalf("%v:\n%s\nwhole:\n%s", cut, all, first)
				}
				rest := all
				for _, w := range r.want {
					i := strings.Index(rest, w)
					if i < 0 {
						t.Fatalf("%v: no %q in\n%.2000s", cut, w, all)
					}
					rest = rest[i+len(w):]
				}
				for _, n := range r.never {
					if strings.Contains(all, n) {
						t.Fatalf("%v: %q in\n%.2000s", cut, n, all)
					}
				}
				hit := false
				for _, err := range errs {
					if e := (*engine.LimitError)(nil); errors.As(err, &e) && e.Name == r.limit {
						hit = true
					}
				}
				if hit != (r.limit != "") {
					t.Fatalf("%v: limit %q: %v", cut, r.limit, errs)
				}
				if held > 4<<20 {
					t.Fatalf("%v: %d octets held", cut, held)
				}
			}
		})
	}
}

// play feeds a row, and returns what was seen.
func (r *cveRow) play(t *testing.T, cut imapCut) (all string, errs []error, held int64) {
	t.Helper()
	if r.server != 0 {
		s := imapServerIn(t, imapLocal(), r.server)
		s.feed(cut.pieces(r.in)...)
		if r.eof {
			s.c.FeedEOF(s.now)
			s.work()
		}
		return s.out.String() + "\n" + strings.Join(s.log, "\n") + "\nwants " + s.c.Want().String(), s.errs, s.c.Stats().MaxRetained
	}
	opt := imapclient.Options{RequireTLS: true}
	if r.client >= cAuth {
		opt = imapclient.Options{Security: engine.Security{Encrypted: true}}
	}
	var c *imapClient
	if r.client == cSel || r.client == cAuth {
		c = imapClientIn(t, opt, r.client)
	} else {
		c = newIMAPClient(t, opt)
		if r.client == cNot {
			c.feed("* OK hi\r\n")
			c.log = nil
		}
	}
	for _, cmd := range r.send {
		c.send(cmd)
	}
	for _, p := range cut.pieces(r.in) {
		if c.c.Want() == engine.WantUpgrade {
			c.c.Feed(c.now, []byte(p)) // nobody has begun TLS
			c.work()
			continue
		}
		c.feed(p)
	}
	if r.eof {
		c.c.FeedEOF(c.now)
		c.work()
	}
	// An upgrade is told only when the answer came alone.
	log := strings.Replace(strings.Join(c.log, "\n"), "upgrade TLS\n", "", 1)
	if len(r.send) > 0 && len(r.never) > 0 && r.never[0] == "upgrade" {
		log = strings.Join(c.log, "\n")
	}
	return c.out.String() + "\n" + log + "\nwants " + c.c.Want().String(), c.errs, c.c.Stats().MaxRetained
}

// TestEncoderCVEsIMAP: threats I1 to I6. One row for each flaw of others in what a
// client writes: what leaves is one command, or nothing does.
func TestEncoderCVEsIMAP(t *testing.T) {
	const cr = "x\r\nA9 DELETE INBOX\r\n"
	for _, tt := range []struct {
		cve  string
		cmd  imapwire.Command
		want string // what leaves before the server has said anything; empty is an error
	}{
		{"CVE-2025-15366 CPython", &imapwire.Login{User: cr, Password: "p"}, "LOGIN {20}\r\n"},
		{"CVE-2026-42257 net-imap", &imapwire.UnknownCommand{Name: "XYZ", Args: " " + cr}, ""},
		{"CVE-2026-42258 net-imap", &imapwire.Store{Set: imap.Set{Ranges: []imap.Range{{First: 1, Last: 1}}}, Flags: []imap.Flag{imap.Flag(cr)}}, ""},
		{"CVE-2026-47242 net-imap, ID", &imapwire.ID{Fields: []imapwire.IDField{{Name: "name", Value: imap.String(cr)}}}, `ID ("name" {20}` + "\r\n"},
		{"CVE-2026-47242 net-imap, ENABLE", &imapwire.Enable{Capabilities: imap.Capabilities{cr}}, ""},
		{"CVE-2026-2469 imapengine", &imapwire.ID{Fields: []imapwire.IDField{{Name: cr, Value: imap.String("x")}}}, `ID ({20}` + "\r\n"},
		{"CVE-2012-0036 curl", &imapwire.Select{Mailbox: cr}, "SELECT {20}\r\n"},
		{"imapclient 657", &imapwire.Search{Key: &imap.SearchText{Field: imap.TextSubject, Value: cr}}, "SEARCH SUBJECT {20}\r\n"},
		{"CVE-2026-47240 net-imap", &imapwire.Search{Key: &imap.SearchText{Field: imap.TextText, Value: "\r\nX STORE 1:* FLAGS ()"}}, "SEARCH TEXT {22}\r\n"},
		{"CVE-2026-47241 net-imap", &imapwire.UnknownCommand{Name: "XYZ", Args: " SUBJECT x{10}"}, ""},
		{"CVE-2026-47241 net-imap, in quotes", &imapwire.Create{Mailbox: "x{10}"}, `CREATE "x{10}"` + "\r\n"},
		{"NUL", &imapwire.Create{Mailbox: "a\x00b"}, ""},
		{"a mechanism", &imapwire.Authenticate{Mechanism: "PLAIN\r\nA9 NOOP"}, ""},
		{"a tab", &imapwire.Create{Mailbox: "a\tb"}, "CREATE \"a\tb\"\r\n"},
	} {
		c := imapClientIn(t, imapclient.Options{}, imapclient.StateNotAuthenticated)
		_, err := c.send(tt.cmd)
		got := strings.TrimPrefix(c.out.String(), "A1 ")
		if got != tt.want || (err == nil) != (tt.want != "") {
			t.Errorf("%s: %q, %v; want %q", tt.cve, got, err, tt.want)
		}
		if err != nil {
			// Nothing has happened: the next command is the first.
			if c.send(&imapwire.Noop{}); c.out.String() != "A1 NOOP\r\n" {
				t.Errorf("%s: then %q", tt.cve, c.out.String())
			}
		}
	}
	// CVE-2026-87864, curl: the octets of a message are as many as were announced,
	// or the conversation is over.
	for n := range 9 {
		content := &imapReader{Reader: strings.NewReader("abcdefgh"[:n])}
		c := imapClientIn(t, imapclient.Options{}, imapclient.StateAuthenticated)
		c.stuck = true
		if _, err := c.send(&imapwire.Append{Mailbox: "x", Messages: []imapwire.AppendMessage{{Size: 4, Content: content}}}); err != nil {
			t.Fatal(err)
		}
		flush := func() error { return c.c.Flush(c.now, &c.out) }
		flush()
		c.feed("+ go\r\n")
		err := flush()
		c.work()
		if want := "A2 APPEND x {4}\r\n" + "abcd"[:min(n, 4)]; !strings.HasPrefix(c.out.String(), want) || (err != nil) != (n < 4) || n < 4 && (c.out.String() != want || c.c.Want() != engine.WantNothing) || n >= 4 && c.out.String() != want+"\r\n" {
			t.Errorf("%d octets for 4: %q, %v, wants %v", n, c.out.String(), err, c.c.Want())
		}
		if c.c.Close(); content.closed != 1 {
			t.Errorf("%d octets for 4: the reader was closed %d times", n, content.closed)
		}
	}
}
