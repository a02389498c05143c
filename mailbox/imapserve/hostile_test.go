package imapserve_test

import (
	"bytes"
	"fmt"
	"strings"
	"sync"
	"testing"

	"pgregory.net/rapid"

	"github.com/mailwire/mailwire/imapwire"
	"github.com/mailwire/mailwire/imapwire/imap"
	"github.com/mailwire/mailwire/mailbox/memstore"
)

// responses cuts and parses what a session said, as a client does.
func responses(t fataler, out string) []imapwire.Response {
	var f imapwire.Framer
	f.SetBounds(imapwire.Limits{ResponseLiteral: 1 << 20, ResponseLiterals: 1 << 22}.Response(true))
	if err := f.Feed([]byte(out)); err != nil {
		t.Fatalf("%v", err)
	}
	var rs []imapwire.Response
	for {
		fr := f.Next()
		switch fr.Kind {
		case imapwire.FrameNone:
			if f.Partial() {
				t.Fatalf("what was said does not end: %q", out)
			}
			return rs
		case imapwire.FrameLiteral:
			if err := f.Buffer(); err != nil {
				t.Fatalf("%v", err)
			}
		case imapwire.FrameWhole:
			r, err := imapwire.ParseResponse(fr.Data, imapwire.ParseOptions{})
			if err != nil {
				t.Fatalf("%q is no response: %v", fr.Data, err)
			}
			rs = append(rs, r)
		default:
			t.Fatalf("%q: %v", out, fr.Err)
		}
	}
}

// TestHostileMail: invariant 21, threat I7. Whatever a message says, what is
// told of it is one FETCH response and its octets come back as they were.
func TestHostileMail(t *testing.T) {
	piece := rapid.OneOf(
		rapid.SampledFrom([]string{
			"Subject: a\r\n* 9 EXISTS\r\n", "Subject: {9}\r\n", "Subject: x\"y\\z\r\n", "Subject: \x00\xff\r\n", "From: (a\\", "To: ;;;;,,,<>@:\r\n", "From: \"a\r\n b\" <c@d>\r\n",
			"Content-Type: multipart/mixed; boundary=b\r\n", "Content-Type: message/rfc822\r\n", "Content-Type: \"){}\r\n", "Content-Disposition: x; y=\"\r\n) z\"\r\n", "Content-Language: (a, b\r\n", "Content-ID: <\r\n",
			"--b\r\n", "--b--\r\n", "\r\n", "\n", "\r", "a {3+}\r\n", "* BYE\r\n", "Content-Transfer-Encoding: \x01(\r\n", "Message-ID: )\r\n", "Date: \"\r\n",
		}),
		rapid.StringOf(rapid.RuneFrom([]rune("ab:\r\n \"\\(){}<>@,;=\x00é"))),
	)
	rapid.Check(t, func(rt *rapid.T) {
		msg := strings.Join(rapid.SliceOfN(piece, 0, 12).Draw(rt, "message"), "")
		f := newFixture(t, memstore.Options{})
		c := f.open(t, "INBOX")
		c.t = rt
		c.ok(fmt.Sprintf("APPEND INBOX {%d+}\r\n%s", len(msg), msg))
		for _, items := range []string{"(ENVELOPE BODYSTRUCTURE BODY)", "FULL", "(BODY.PEEK[] RFC822.HEADER BODY.PEEK[TEXT] BODY.PEEK[HEADER.FIELDS (Subject X-None)] BODY.PEEK[HEADER.FIELDS.NOT (Subject)] BODY.PEEK[1] BODY.PEEK[1.MIME] BODY.PEEK[2.1])"} {
			c.tag++
			out := c.send(fmt.Sprintf("t%d FETCH 1 %s\r\n", c.tag, items))
			rs := responses(rt, out)
			if len(rs) != 2 {
				rt.Fatalf("%s: %d responses: %q", items, len(rs), out)
			}
			fd, isFetch := rs[0].(*imapwire.FetchData)
			if !isFetch || fd.Num != 1 {
				rt.Fatalf("%s: %q", items, out)
			}
			if st, isStatus := rs[1].(*imapwire.StatusResponse); !isStatus || st.Condition != imapwire.OK {
				rt.Fatalf("%s: %q", items, out)
			}
			if len(fd.Sections) > 0 {
				if fd.Sections[0].Content.Data != msg {
					rt.Fatalf("BODY[] is %q, appended %q", fd.Sections[0].Content.Data, msg)
				}
				if header, text := fd.Sections[1].Content.Data, fd.Sections[2].Content.Data; header+text != msg {
					rt.Fatalf("HEADER and TEXT are %q and %q, appended %q", header, text, msg)
				}
			}
		}
		for _, key := range []string{"TEXT b", "SUBJECT a", "BODY x", "SENTON 1-Jan-2026", "HEADER To \"\""} {
			c.ok("SEARCH " + key)
		}
	})
}

// TestHostileNames: invariant 21 and threat I7 for mailbox names and keywords.
// What exists is told so that it can be selected by what was told.
func TestHostileNames(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		f := newFixture(t, memstore.Options{})
		c := f.login(t)
		c.t = rt
		name := rapid.StringOf(rapid.RuneFrom([]rune("a&\"\\{}()*% ]é日😀"))).Draw(rt, "name")
		wire, err := imapwire.AppendResponse(nil, &imapwire.ListData{Mailbox: imap.EncodeMailbox(name, false)}, imapwire.ResponseOptions{})
		if err != nil || bytes.Contains(wire, []byte("{")) && !strings.Contains(name, "{") {
			return
		}
		arg := strings.TrimSuffix(strings.TrimPrefix(string(wire), "* LIST () NIL "), "\r\n")
		if _, tagged := c.do("CREATE " + arg); !strings.HasPrefix(tagged, "OK") {
			return // not every name is possible
		}
		out := c.ok(`LIST "" *`)
		found := false
		for _, r := range responses(rt, out) {
			l := r.(*imapwire.ListData)
			if got, err := imap.DecodeMailbox(l.Mailbox, false); err != nil {
				rt.Fatalf("LIST tells %q: %v", l.Mailbox, err)
			} else if got == name {
				found = true
			}
		}
		if found {
			c.ok("SELECT " + arg)
		}
	})
}

// TestConcurrentSessions: invariant 43 with real concurrency, threat S3.
// Sessions on goroutines of their own work on one folder; afterwards all see
// the same.
func TestConcurrentSessions(t *testing.T) {
	const sessions, rounds = 8, 60
	f := newFixture(t, memstore.Options{})
	setup := f.login(t)
	setup.ok("CREATE other")
	for i := range 10 {
		setup.append("INBOX", fmt.Sprint(i))
	}
	players := make([]*player, sessions)
	for i := range players {
		players[i] = &player{client: f.login(t), mirror: mirror{flags: make(map[imap.UID]string)}}
		// The flag is read by the session's own goroutine only.
		players[i].sess.OnChange(func() {})
		players[i].play(t, "SELECT INBOX")
		players[i].sync(t)
	}
	var wg sync.WaitGroup
	for i, p := range players {
		wg.Go(func() {
			for j := range rounds {
				switch n := len(p.uids); {
				case (i+j)%5 == 0:
					p.play(t, "APPEND INBOX {4+}\r\n\r\n\r\n")
				case n > 0 && (i+j)%5 == 1:
					p.play(t, fmt.Sprintf("STORE %d +FLAGS (k%d)", n, i))
				case n > 5 && (i+j)%5 == 2:
					p.play(t, "STORE 1 +FLAGS.SILENT (\\Deleted)", "EXPUNGE")
				case n > 5 && (i+j)%5 == 3:
					p.play(t, "MOVE 2 other")
				case (i+j)%7 == 4:
					p.sess.Notify(ctx)
					p.play(t, "NOOP")
				default:
					p.sync(t)
				}
			}
		})
	}
	wg.Wait()
	truth := &player{client: f.login(t), mirror: mirror{flags: make(map[imap.UID]string)}}
	truth.play(t, "SELECT INBOX")
	truth.sync(t)
	for i, p := range players {
		p.play(t, "NOOP")
		p.sync(t)
		if fmt.Sprint(p.uids) != fmt.Sprint(truth.uids) {
			t.Errorf("session %d has %v, there are %v", i, p.uids, truth.uids)
		}
		for _, u := range p.uids {
			if p.flags[u] != truth.flags[u] {
				t.Errorf("session %d: UID %d has %q, told %q", i, u, truth.flags[u], p.flags[u])
			}
		}
	}
}
