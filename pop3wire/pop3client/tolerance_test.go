package pop3client_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mailwire/mailwire/pop3wire/pop3client"
)

// TestTolerances: what real servers send, by the numbers of the list of quirks:
// what comes of it by default, in strict mode, and with that one tolerance
// refused, which is as strict. Each row but those without a tolerance has its
// diagnostic.
func TestTolerances(t *testing.T) {
	for _, tt := range []struct {
		name      string
		tolerance pop3client.Tolerance
		send      []string // commands, behind a login but for AUTH
		said      string
		want      []string // events with the tolerance; nil: as strict
		strict    []string // and without; nil: the same
	}{
		{name: "Q181 no text", send: []string{"NOOP"}, said: "+OK\r\n", want: []string{`E: done 4 +OK ""`}},
		{name: "Q181 no text", send: []string{"RETR 1"}, said: "-ERR\r\n", want: []string{`E: done 4 -ERR ""`}},

		{name: "Q182 blank line", tolerance: pop3client.BlankLines, send: []string{"DELE 1"}, said: "\r\n+OK\r\n\r\n",
			want: []string{`E: tolerated 4 BlankLines ""`, `E: done 4 +OK ""`, `E: tolerated 0 BlankLines ""`},
			strict: []string{`E: malformed 4 "": syntax error at octet 0 in status: expected "+OK" or "-ERR", got the end`,
				`E: done 4: syntax error at octet 0 in status: expected "+OK" or "-ERR", got the end`,
				`E: closed: pop3client: the server says something that nothing asked for`}},
		{name: "Q182 blank line behind AUTH", tolerance: pop3client.BlankLines, send: []string{"AUTH X"}, said: "+ \r\n>RESPOND x\n+OK\r\n\r\n",
			want:   []string{`E: challenge 1 ""`, `E: done 1 +OK ""`, `E: tolerated 0 BlankLines ""`},
			strict: []string{`E: challenge 1 ""`, `E: done 1 +OK ""`, `E: closed: pop3client: the server says something that nothing asked for`}},

		{name: "Q183 +OK for a challenge", tolerance: pop3client.OKChallenge, send: []string{"AUTH NTLM"}, said: "+OK\r\n>RESPOND x\n+ eA==\r\n>RESPOND y\n+OK in\r\n",
			want:   []string{`E: tolerated 1 OKChallenge "[redacted]"`, `E: challenge 1 ""`, `E: challenge 1 "x"`, `E: done 1 +OK "in"`},
			strict: []string{`E: done 1 +OK ""`, "E: RESPOND: engine: no such command in progress", `E: closed: pop3client: the server says something that nothing asked for`, "E: RESPOND: engine: connection closed"}},
		{name: "Q183 with a message held back", tolerance: pop3client.OKChallenge, send: []string{"INITIAL NTLM x"}, said: "+OK\r\n+OK in\r\n",
			want: []string{`E: tolerated 1 OKChallenge "[redacted]"`, `E: initial sent 1`, `E: done 1 +OK "in"`}, strict: []string{`E: done 1 +OK ""`, `E: closed: pop3client: the server says something that nothing asked for`}},

		{name: "Q184 text for a challenge", tolerance: pop3client.TextChallenge, send: []string{"AUTH PLAIN"}, said: "+ go ahead\r\n>RESPOND x\n+OK in\r\n",
			want: []string{`E: tolerated 1 TextChallenge "[redacted]"`, `E: challenge 1 ""`, `E: done 1 +OK "in"`},
			strict: []string{`E: malformed 1 "[redacted]": syntax error at octet 4 in continue-req: expected base64, got "[redacted]"`,
				"E: RESPOND: engine: no such command in progress", `E: done 1 +OK "in"`}},
		{name: "Q184 no space", tolerance: pop3client.TextChallenge, send: []string{"INITIAL PLAIN x"}, said: "+\r\n+OK in\r\n",
			want:   []string{`E: tolerated 1 TextChallenge "[redacted]"`, `E: initial sent 1`, `E: done 1 +OK "in"`},
			strict: []string{`E: malformed 1 "[redacted]": syntax error at octet 1 in continue-req: expected a space, got the end`, `E: done 1 +OK "in"`}},

		{name: "Q186 runs of spaces", tolerance: pop3client.SpaceRuns, send: []string{"UIDL"}, said: "+OK\r\n1 a\r\n2   b\r\n 3  c \r\n.\r\n",
			want: []string{"E: line 4 1 a", `E: tolerated 4 SpaceRuns "2   b"`, "E: line 4 2 b", "E: line 4 3 c", `E: done 4 +OK ""`},
			strict: []string{"E: line 4 1 a", `E: malformed 4 "2   b": syntax error at octet 2 in unique-id: expected 1 to 70 visible characters, got "  b"`,
				`E: malformed 4 " 3  c ": syntax error at octet 0 in message-number: expected a number from 1 to 4294967295, got " 3  c "`, `E: done 4 +OK ""`}},
		{name: "Q186 in LIST", tolerance: pop3client.SpaceRuns, send: []string{"LIST"}, said: "+OK\r\n1   120\r\n.\r\n",
			want:   []string{`E: tolerated 4 SpaceRuns "1   120"`, "E: line 4 1 120", `E: done 4 +OK ""`},
			strict: []string{`E: malformed 4 "1   120": syntax error at octet 2 in scan-listing: expected a number from 0 to 9223372036854775807, got "  120"`, `E: done 4 +OK ""`}},
		{name: "Q186 in a status", tolerance: pop3client.SpaceRuns, send: []string{"STAT"}, said: "+OK  2  320\r\n",
			want:   []string{`E: tolerated 4 SpaceRuns " 2  320"`, `E: done 4 +OK " 2  320", *pop3wire.DropListing 2 320`},
			strict: []string{`E: malformed 4 " 2  320": syntax error at octet 0 in drop-listing: expected a number from 0 to 4294967295, got " 2  320"`, `E: done 4 +OK " 2  320"`}},

		{name: "Q187 UIDL without CAPA", send: []string{"CAPA", "UIDL"}, said: "-ERR\r\n>\n+OK\r\n1 a\r\n.\r\n", want: []string{`E: done 4 -ERR ""`, "E: line 5 1 a", `E: done 5 +OK ""`}},

		{name: "Q189 LF", tolerance: pop3client.BareLF, send: []string{"RETR 1"}, said: "+OK\na\n..\n.\n",
			want:   []string{`E: tolerated 4 BareLF "+OK"`, `E: body 4 of 1, top false, +OK ""`, `E: body 4 is "a\n.\n"`, `E: done 4 +OK ""`},
			strict: []string{`E: malformed 4 "+OK": syntax error at octet 3 in single-line: expected CRLF, got "\n"`, `E: body 4 of 1, top false, +OK ""`}},
		{name: "Q189 LF in a listing", tolerance: pop3client.BareLF, send: []string{"LIST"}, said: "+OK\n1 1\n2 2\n.\n",
			want: []string{`E: tolerated 4 BareLF "+OK"`, "E: line 4 1 1", "E: line 4 2 2", `E: done 4 +OK ""`},
			strict: []string{`E: malformed 4 "+OK": syntax error at octet 3 in single-line: expected CRLF, got "\n"`, `E: malformed 4 "1 1": syntax error at octet 3 in single-line: expected CRLF, got "\n"`,
				`E: malformed 4 "2 2": syntax error at octet 3 in single-line: expected CRLF, got "\n"`, `E: malformed 4 ".": syntax error at octet 1 in single-line: expected CRLF, got "\n"`}},
		// Invariant 32, threat I10: of a server with CRLF, a message's own LF ends nothing.
		{name: "Q189 LF in a message", send: []string{"RETR 1"}, said: "+OK\r\na\n.\nb\r\n.\r\n", want: []string{`E: body 4 of 1, top false, +OK ""`, `E: body 4 is "a\n.\nb\r\n"`, `E: done 4 +OK ""`}},
		{name: "Q189 LF and a text that is none", tolerance: pop3client.BareLF, send: []string{"RETR 1"}, said: "+OK \x00\na\n.\n",
			want: []string{`E: tolerated 4 BareLF "+OK \x00"`, `E: malformed 4 "+OK \x00": syntax error at octet 4 in text: expected a line without NUL, CR or LF, got "\x00"`,
				`E: body 4 of 1, top false, +OK ""`, `E: body 4 is "a\n"`, `E: done 4 +OK ""`},
			strict: []string{`E: malformed 4 "+OK \x00": syntax error at octet 4 in text: expected a line without NUL, CR or LF, got "\x00"`, `E: body 4 of 1, top false, +OK ""`}},

		{name: "Q191 dots not doubled", send: []string{"RETR 1"}, said: "+OK\r\na\r\n.b\r\n.\r\n", want: []string{`E: body 4 of 1, top false, +OK ""`, `E: body 4 is "a\r\nb\r\n"`, `E: done 4 +OK ""`}},
		{name: "Q192 dots doubled", send: []string{"RETR 1"}, said: "+OK\r\n..\r\n...\r\n.\r\n", want: []string{`E: body 4 of 1, top false, +OK ""`, `E: body 4 is ".\r\n..\r\n"`, `E: done 4 +OK ""`}},
		{name: "Q193 a line with a dot", send: []string{"CAPA"}, said: "+OK\r\n.capability\r\n.\r\n", want: []string{`E: line 4 CAPABILITY`, `E: done 4 +OK ""`}},

		{name: "Q197 numbers that do not ascend", tolerance: pop3client.Unordered, send: []string{"LIST"}, said: "+OK\r\n2 2\r\n1 1\r\n1 3\r\n3 3\r\n.\r\n",
			want: []string{"E: line 4 2 2", `E: tolerated 4 Unordered "1 1"`, "E: line 4 1 1", "E: line 4 1 3", "E: line 4 3 3", `E: done 4 +OK ""`},
			strict: []string{"E: line 4 2 2", `E: malformed 4 "1 1": syntax error at octet 0 in message-number: expected a number above the one before, got "1 1"`,
				`E: malformed 4 "1 3": syntax error at octet 0 in message-number: expected a number above the one before, got "1 3"`, "E: line 4 3 3", `E: done 4 +OK ""`}},

		{name: "Q198 an empty answer", send: []string{"DELE 1", "NOOP"}, said: "\r\n>\n+OK\r\n",
			want: []string{`E: malformed 4 "": syntax error at octet 0 in status: expected "+OK" or "-ERR", got the end`,
				`E: done 4: syntax error at octet 0 in status: expected "+OK" or "-ERR", got the end`, `E: done 5 +OK ""`}},
		{name: "Q199 no answer to QUIT", send: []string{"QUIT"}, said: ">EOF\n", want: []string{"E: done 4: unexpected EOF", "E: closed: unexpected EOF"}},
	} {
		run := func(opt pop3client.Options, cut int) []string {
			var p *player
			if verb := strings.Fields(tt.send[0])[0]; verb == "AUTH" || verb == "INITIAL" {
				opt.Security, opt.PlaintextAuth = loopback.Security, loopback.PlaintextAuth
				p = newPlayer(t, opt)
				p.feed("+OK ready\r\n")
				p.log = nil
			} else {
				p = loggedIn(t, opt)
			}
			p.cut = cut
			for _, cmd := range tt.send {
				p.act(cmd)
			}
			if cut == 0 && len(tt.send) == 1 && p.ids["LIST"]+p.ids["UIDL"]+p.ids["RETR"] > 0 {
				p.feed(tt.said) // all at once
				return p.lines("E: ")
			}
			// Lines that start with ">" are acts of the application.
			for piece := range strings.SplitAfterSeq(tt.said, "\n") {
				if do, is := strings.CutPrefix(piece, ">"); is {
					if do = strings.TrimSpace(do); do != "" {
						p.act(do)
					}
					continue
				}
				p.feed(piece)
			}
			return p.lines("E: ")
		}
		want := tt.want
		strict := tt.strict
		if strict == nil {
			strict = want
		}
		for cut := range 4 {
			for _, mode := range []struct {
				name string
				opt  pop3client.Options
				want []string
			}{
				{"default", pop3client.Options{Tolerate: tt.tolerance}, want},
				{"strict", pop3client.Options{Strict: true, Tolerate: tt.tolerance}, strict},
				{"refused", pop3client.Options{Refuse: tt.tolerance, Tolerate: tt.tolerance}, strict},
			} {
				if d := cmp.Diff(mode.want, run(mode.opt, cut)); d != "" {
					t.Errorf("%s, %s, in pieces of %d (-want +got):\n%s", tt.name, mode.name, cut, d)
				}
			}
		}
		if tt.tolerance == pop3client.BlankLines {
			if d := cmp.Diff(strict, run(pop3client.Options{}, 0)); d != "" {
				t.Errorf("%s is on by default (-want +got):\n%s", tt.name, d)
			}
		}
	}
}

// TestToleranceString: every tolerance has a name of its own.
func TestToleranceString(t *testing.T) {
	all := pop3client.BlankLines | pop3client.OKChallenge | pop3client.TextChallenge | pop3client.SpaceRuns | pop3client.BareLF | pop3client.Unordered
	if got := all.String(); got != "BlankLines|OKChallenge|TextChallenge|SpaceRuns|BareLF|Unordered" {
		t.Error(got)
	}
	if got := pop3client.Tolerance(0).String(); got != "none" {
		t.Error(got)
	}
}
