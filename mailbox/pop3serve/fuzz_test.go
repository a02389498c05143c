package pop3serve_test

import (
	"regexp"
	"strings"
	"testing"

	"github.com/mailwire/mailwire/imapwire/engine"
	"github.com/mailwire/mailwire/mailbox/pop3serve"
)

// FuzzSession: invariants 33, 37 and 38. Whatever a client sends, before login
// or after it, messages go only by a QUIT that says so, no status is longer than
// 512 octets, and the maildrop is free afterwards.
func FuzzSession(f *testing.F) {
	for _, s := range []string{
		"STAT\r\nLIST\r\nUIDL\r\nQUIT\r\n",
		"DELE 1\r\nQUIT\r\n",
		"DELE 1\r\nDELE 2\r\nDELE 2\r\nRSET\r\nDELE 1\r\nSTAT\r\nLIST\r\n",
		"RETR 1\r\nTOP 2 0\r\nRETR 3\r\nNOOP\r\n",
		"LANG\r\nLANG en\r\nLANG x\r\nCAPA\r\nUTF8\r\n",
		"AUTH PLAIN " + encode("\x00u\x00p") + "\r\nDELE 1\r\nQUIT\r\n",
		"AUTH LOGIN\r\n" + encode("u") + "\r\n" + encode("p") + "\r\nQUIT\r\n",
		"UTF8\r\nUSER u\r\nPASS p\r\nDELE 2\r\nquit\r\nDELE 1\r\n",
		"STLS\r\nDELE 1\r\nQUIT\r\n",
		strings.Repeat("x", 600) + "\r\nDELE 1\r\nQUIT",
	} {
		f.Add(true, 7, []byte(s))
		f.Add(false, 1000, []byte(s))
	}
	removed := regexp.MustCompile(`\+OK bye, (\d) messages removed\r\n$`)
	f.Fuzz(func(t *testing.T, loggedIn bool, piece int, input []byte) {
		fix := newFixture(t, pop3serve.Options{UTF8: true, STLS: true})
		fix.add("u", hello, "Subject: Grüße\r\n\r\n.\r\n")
		c := fix.connect(loopback)
		if loggedIn {
			c.ok("USER u")
			c.ok("PASS p")
		}
		var out strings.Builder
		for len(input) > 0 && c.sess.Want() == engine.WantInput {
			n := min(max(piece, 1), len(input))
			out.WriteString(c.send(string(input[:n])))
			input = input[n:]
		}
		c.cut()
		gone := 0
		if m := removed.FindStringSubmatch(out.String()); m != nil {
			gone = int(m[1][0] - '0')
		}
		for line := range strings.SplitSeq(out.String(), "\r\n") {
			if len(line)+2 > 512 {
				t.Errorf("a line of %d octets", len(line)+2)
			}
		}
		snap, err := fix.inbox("u").Snapshot(ctx)
		if err != nil || snap.UIDs.Len() != 2-gone {
			t.Errorf("%d messages are left, %d were removed", snap.UIDs.Len(), gone)
		}
		fix.login("u").ok("QUIT")
		if len(fix.errs) > 0 {
			t.Errorf("errors %v", fix.errs)
		}
	})
}
