package imapserve_test

import (
	"reflect"
	"strings"
	"testing"

	"github.com/mailwire/mailwire/imapwire"
	"github.com/mailwire/mailwire/imapwire/engine"
	"github.com/mailwire/mailwire/mailbox/memstore"
)

// FuzzSession: invariants 12, 21, 39, 43 and 49. Whatever a client sends, before
// login, behind it, or with a mailbox selected: what it is told are responses, no
// tag has more answers than lines that begin with it, the store sees no error,
// another session on the folder sees what a new one sees, and the usage is what a
// recount finds.
func FuzzSession(f *testing.F) {
	for _, s := range []string{
		"a APPEND INBOX (new) {3+}\r\nabc\r\n",
		"a FETCH 1:* (FLAGS UID MODSEQ ENVELOPE BODYSTRUCTURE)\r\nb FETCH 2 BODY[1]<0.9>\r\n",
		"a STORE 1:2 +FLAGS (\\Deleted x)\r\nb EXPUNGE\r\nc NOOP\r\n",
		"a UID STORE 1:* (UNCHANGEDSINCE 3) -FLAGS.SILENT (\\Seen)\r\n",
		"a APPEND INBOX (\\Seen) {3+}\r\nabc\r\nb UID EXPUNGE 1:3\r\nc CLOSE\r\nd SELECT INBOX\r\n",
		"a APPEND INBOX {3}\r\nabc\r\nb APPEND none {3+}\r\nabc\r\n",
		"a COPY 1 INBOX\r\nb MOVE 1:2 other\r\nc UID MOVE 3 other\r\n",
		"a SEARCH RETURN (SAVE ALL) OR SEEN NOT SUBJECT b\r\nb FETCH $ UID\r\nc UID SEARCH 1:*\r\n",
		"a CREATE x/y\r\nb RENAME x z\r\nc DELETE z/y\r\nd LIST \"\" (a%,*) RETURN (STATUS (MESSAGES SIZE))\r\ne RENAME INBOX old\r\n",
		"a ENABLE QRESYNC IMAP4rev2\r\nb SELECT INBOX (QRESYNC (1 1 1:9))\r\nc EXPUNGE\r\n",
		"a IDLE\r\nDONE\r\nb IDLE\r\nc NOOP\r\n",
		"a GETQUOTAROOT INBOX\r\nb SETQUOTA \"\" (STORAGE 1)\r\nc APPEND INBOX {3000+}\r\n",
		"a LOGIN u p\r\nb SELECT INBOX\r\nc LOGOUT\r\n",
		"a AUTHENTICATE PLAIN AHUAcA==\r\nb AUTHENTICATE LOGIN\r\ndQ==\r\ncA==\r\n",
		"a STARTTLS\r\nb LOGIN u p\r\n",
		"a SUBSCRIBE x\r\nb LSUB \"\" *\r\nc UNSUBSCRIBE x\r\nd STATUS INBOX (UIDNEXT HIGHESTMODSEQ DELETED)\r\ne UNSELECT\r\n",
	} {
		for state := range uint8(3) {
			f.Add(state, uint8(200), s)
		}
		f.Add(uint8(2), uint8(0), s)
	}
	f.Fuzz(func(t *testing.T, state, piece uint8, in string) {
		fix := newFixture(t, memstore.Options{})
		other := fix.login(t)
		other.ok("CREATE other")
		for _, subject := range []string{"a", "b", "c"} {
			other.append("INBOX", subject)
		}
		other.ok("SELECT INBOX")
		c := fix.connect(t, engine.Security{Loopback: true})
		c.drain()
		if state%3 > 0 {
			c.ok("LOGIN u p")
		}
		if state%3 > 1 {
			c.ok("SELECT INBOX")
		}
		var out strings.Builder
		for rest := in; rest != "" && c.sess.Want() == engine.WantInput; {
			n := min(int(piece)+1, len(rest))
			out.WriteString(c.send(rest[:n]))
			rest = rest[n:]
		}
		c.sess.FeedEOF(start)
		out.WriteString(c.drain())
		c.sess.Close()

		answers := make(map[string]int)
		for _, r := range responses(t, out.String()) {
			if s, ok := r.(*imapwire.StatusResponse); ok && s.Tag != "" {
				answers[s.Tag]++
			}
		}
		for tag, n := range answers {
			if lines := strings.Count("\n"+in, "\n"+tag+" ") + strings.Count("\n"+in, "\n"+tag+"\r") + strings.Count("\n"+in, "\n"+tag+"\n"); n > lines {
				t.Errorf("tag %s stands on %d lines, and has %d answers", tag, lines, n)
			}
		}
		other.ok("NOOP")
		seen := other.ok("UID FETCH 1:* (FLAGS)")
		fresh := fix.open(t, "INBOX")
		if now := fresh.ok("UID FETCH 1:* (FLAGS)"); messages(now) != messages(seen) {
			t.Errorf("another session sees\n%s\na new one\n%s", seen, now)
		}
		before, err := fix.store.Quota("u")
		if err != nil {
			t.Fatal(err)
		}
		if after, err := fix.store.Recount("u"); err != nil || !reflect.DeepEqual(before, after) {
			t.Errorf("usage %+v, recounted %+v, %v", before, after, err)
		}
	})
}

// messages leaves the FETCH responses of what was told, without \Recent, which one
// session has and no other. FLAGS is for who has not heard of a keyword.
func messages(told string) string {
	var b strings.Builder
	for line := range strings.Lines(told) {
		if strings.Contains(line, " FETCH ") {
			b.WriteString(strings.NewReplacer(" \\Recent", "", "\\Recent ", "", "\\Recent", "").Replace(line))
		}
	}
	return b.String()
}
