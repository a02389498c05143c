package imapserve_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/mailwire/mailwire/imapwire/engine"
	"github.com/mailwire/mailwire/mailbox/memstore"
)

// TestPlaintextPolicy: invariant 17. Away from the machine and without TLS a
// password is not taken, in whatever form.
func TestPlaintextPolicy(t *testing.T) {
	f := newFixture(t, memstore.Options{})
	far := f.connect(t, engine.Security{})
	if greeting := far.drain(); !strings.Contains(greeting, "LOGINDISABLED") || strings.Contains(greeting, "AUTH=") {
		t.Errorf("greeting %s", greeting)
	}
	caps, _ := far.do("CAPABILITY")
	if !strings.Contains(caps, " LOGINDISABLED") || !strings.Contains(caps, " STARTTLS") || strings.Contains(caps, "AUTH=") {
		t.Errorf("capabilities %s", caps)
	}
	for _, command := range []string{"LOGIN u p", `login "u" {1+}` + "\r\np", "AUTHENTICATE PLAIN AHUAcA==", "authenticate plain AHUAcA=="} {
		if _, tagged := far.do(command); !strings.HasPrefix(tagged, "NO") || strings.Contains(tagged, "CAPABILITY") {
			t.Errorf("%s: %s", command, tagged)
		}
	}
	if _, tagged := far.do("LOGIN u p"); !strings.HasPrefix(tagged, "NO [PRIVACYREQUIRED]") {
		t.Errorf("LOGIN: %s", tagged)
	}
	near := f.connect(t, engine.Security{Loopback: true})
	near.drain()
	near.ok("AUTHENTICATE PLAIN AHUAcA==")
	tls := f.connect(t, engine.Security{Encrypted: true})
	if greeting := tls.drain(); strings.Contains(greeting, "LOGINDISABLED") || strings.Contains(greeting, "STARTTLS") || !strings.Contains(greeting, "AUTH=PLAIN") {
		t.Errorf("greeting under TLS %s", greeting)
	}
	tls.ok("LOGIN u p")
}

func TestLogin(t *testing.T) {
	f := newFixture(t, memstore.Options{})
	c := f.connect(t, engine.Security{Loopback: true})
	c.drain()
	c.want("LOGIN u wrong", "NO [AUTHENTICATIONFAILED]")
	c.want("LOGIN nobody p", "NO [AUTHENTICATIONFAILED]")
	c.want("AUTHENTICATE PLAIN AHUAd3Jvbmc=", "NO [AUTHENTICATIONFAILED]")
	c.want("AUTHENTICATE PLAIN =", "NO [AUTHENTICATIONFAILED]")
	c.want("AUTHENTICATE PLAIN eAB1AHA=", "NO [AUTHORIZATIONFAILED]")
	if n := c.sess.FailedLogins(); n != 5 {
		t.Errorf("%d failed logins", n)
	}
	if out := c.send("x AUTHENTICATE LOGIN\r\n"); !strings.HasPrefix(out, "+ ") {
		t.Fatal(out)
	}
	if out := c.send("dQ==\r\n"); !strings.HasPrefix(out, "+ ") {
		t.Fatal(out)
	}
	if out := c.send("cA==\r\n"); !strings.HasPrefix(out, "x OK [CAPABILITY ") {
		t.Fatal(out)
	}
	if c.sess.User() != "u" {
		t.Errorf("user %q", c.sess.User())
	}
	c.want("LOGIN u p", "BAD")
}

func TestSelect(t *testing.T) {
	f := newFixture(t, memstore.Options{})
	c := f.login(t)
	c.append("INBOX", "one")
	c.append("INBOX", "two")
	c.want("SELECT inbox", `* FLAGS (\Answered \Flagged \Deleted \Seen \Draft)
		* 2 EXISTS
		* 2 RECENT
		* OK [UNSEEN 1] first unseen
		* OK [UIDVALIDITY 1] UIDs valid
		* OK [UIDNEXT 3] predicted next UID
		* OK [PERMANENTFLAGS (\Answered \Flagged \Deleted \Seen \Draft \*)] flags permitted
		* OK [HIGHESTMODSEQ 3] modseq
		OK [READ-WRITE]`)
	c.ok(`STORE 1 +FLAGS (\Seen $Forwarded)`)
	c.want("EXAMINE INBOX", `* OK [CLOSED] previous mailbox closed
		* FLAGS (\Answered \Flagged \Deleted \Seen \Draft $Forwarded)
		* 2 EXISTS
		* 0 RECENT
		* OK [UNSEEN 2] first unseen
		* OK [UIDVALIDITY 1] UIDs valid
		* OK [UIDNEXT 3] predicted next UID
		* OK [PERMANENTFLAGS ()] flags permitted
		* OK [HIGHESTMODSEQ 4] modseq
		OK [READ-ONLY]`)
	c.want(`STORE 1 +FLAGS \Seen`, "NO [READ-ONLY]")
	c.want("EXPUNGE", "NO [READ-ONLY]")
	c.want("MOVE 1 INBOX", "NO [READ-ONLY]")
	c.want("FETCH 2 BODY[HEADER.FIELDS (SUBJECT)]", "* 2 FETCH (BODY[HEADER.FIELDS (SUBJECT)] {16}\nSubject: two\n\n)\nOK")
	c.want("FETCH 2 FLAGS", "* 2 FETCH (FLAGS ())\nOK") // EXAMINE changes nothing: invariant 19
	c.want("SELECT nosuch", "* OK [CLOSED] previous mailbox closed\nNO [NONEXISTENT]")
	c.want("FETCH 1 FLAGS", "BAD") // a failed SELECT leaves nothing selected
	c.want("SELECT INBOX (X)", "BAD")
}

func TestFolders(t *testing.T) {
	f := newFixture(t, memstore.Options{})
	c := f.login(t)
	c.want("CREATE a/b/c", "OK")
	c.want("CREATE a/b/c", "NO [ALREADYEXISTS]")
	c.want("CREATE inbox", "NO [ALREADYEXISTS]")
	c.want(`CREATE "q"`, "OK")
	c.want("CREATE dir/", "OK")
	c.want("CREATE &ZeVnLIqe-", "OK")
	c.want("CREATE &AEA-", "NO [CANNOT]") // not the encoding of any name
	c.want(`LIST "" ""`, "* LIST (\\Noselect) \"/\" \"\"\nOK")
	c.want(`LIST "" %`, `* LIST (\HasNoChildren) "/" INBOX
		* LIST (\HasChildren) "/" a
		* LIST (\HasNoChildren) "/" dir
		* LIST (\HasNoChildren) "/" q
		* LIST (\HasNoChildren) "/" &ZeVnLIqe-
		OK`)
	c.want(`LIST "" a/%`, "* LIST (\\HasChildren) \"/\" a/b\nOK")
	c.want(`LIST a/ *`, "* LIST (\\HasChildren) \"/\" a/b\n* LIST (\\HasNoChildren) \"/\" a/b/c\nOK")
	c.want(`LIST "" inb*`, "* LIST (\\HasNoChildren) \"/\" INBOX\nOK")
	c.want("RENAME a/b z", "OK")
	c.want(`LIST "" z*`, "* LIST (\\HasChildren) \"/\" z\n* LIST (\\HasNoChildren) \"/\" z/c\nOK")
	c.want("RENAME nosuch x", "NO [NONEXISTENT]")
	c.want("RENAME z q", "NO [ALREADYEXISTS]")
	c.want("RENAME z z/deep", "NO [CANNOT]")
	c.want("SUBSCRIBE z/c", "OK")
	c.want("SUBSCRIBE gone", "OK")
	c.want(`LSUB "" *`, "* LSUB () \"/\" gone\n* LSUB () \"/\" z/c\nOK")
	c.want(`LSUB "" %`, "* LSUB () \"/\" gone\n* LSUB (\\Noselect) \"/\" z\nOK")
	c.want("UNSUBSCRIBE gone", "OK")
	c.want(`LSUB "" *`, "* LSUB () \"/\" z/c\nOK")
	c.want("DELETE INBOX", "NO [CANNOT]")
	c.want("DELETE nosuch", "NO [NONEXISTENT]")
	c.want("DELETE z", "OK")
	c.want(`LIST "" z*`, "* LIST (\\Noselect \\HasChildren) \"/\" z\n* LIST (\\HasNoChildren) \"/\" z/c\nOK")
	c.want("SELECT z", "NO [CANNOT]")
	c.want("DELETE z", "NO [HASCHILDREN]")
	c.want("NAMESPACE", "* NAMESPACE ((\"\" \"/\")) NIL NIL\nOK")
	c.append("q", "x")
	c.want("STATUS q (MESSAGES RECENT UIDNEXT UIDVALIDITY UNSEEN)", "* STATUS q (MESSAGES 1 RECENT 1 UIDNEXT 2 UIDVALIDITY 5 UNSEEN 1)\nOK")
	c.want("STATUS nosuch (MESSAGES)", "NO [NONEXISTENT]")
	c.want("STATUS q (NONSENSE)", "BAD")
}

// TestMessages: invariant 48. Messages come, are read, changed, copied, moved and go.
func TestMessages(t *testing.T) {
	f := newFixture(t, memstore.Options{})
	c := f.login(t)
	msg := "From: A <a@b.c>\r\nSubject: hi\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\n\r\none\r\n--x\r\nContent-Type: text/html\r\n\r\n<b>\r\n--x--\r\n"
	if _, tagged := c.do(fmt.Sprintf("APPEND INBOX (\\Flagged k) \" 5-Jan-2026 01:02:03 +0400\" {%d+}\r\n%s", len(msg), msg)); !strings.HasPrefix(tagged, "OK [APPENDUID 1 1] ") {
		t.Fatal(tagged)
	}
	c.want("APPEND nosuch {3}", "NO [TRYCREATE]")
	c.ok("SELECT INBOX")
	c.want("FETCH 1 (FLAGS INTERNALDATE RFC822.SIZE UID)", fmt.Sprintf(`* 1 FETCH (UID 1 FLAGS (\Flagged k \Recent) INTERNALDATE " 5-Jan-2026 01:02:03 +0400" RFC822.SIZE %d)
		OK`, len(msg)))
	c.want("FETCH 1 BODY[1]", "* 1 FETCH (FLAGS (\\Flagged k \\Seen \\Recent) BODY[1] {3}\none)\nOK")
	c.want("FETCH 1 BODY[2.MIME]", "* 1 FETCH (BODY[2.MIME] {27}\nContent-Type: text/html\n\n)\nOK")
	c.want("FETCH 1 BODY[3]", "* 1 FETCH (BODY[3] NIL)\nOK")
	c.want("FETCH 1 BODY[]<0.10>", "* 1 FETCH (BODY[]<0> {10}\nFrom: A <a)\nOK")
	c.want("FETCH 1 BODY.PEEK[TEXT]<5000.10>", "* 1 FETCH (BODY[TEXT]<5000> {0}\n)\nOK")
	c.want("FETCH 1 RFC822.HEADER", "* 1 FETCH (RFC822.HEADER {75}\nFrom: A <a@b.c>\nSubject: hi\nContent-Type: multipart/mixed; boundary=x\n\n)\nOK")
	c.want("FETCH 1 ENVELOPE", `* 1 FETCH (ENVELOPE (NIL "hi" (("A" NIL "a" "b.c")) (("A" NIL "a" "b.c")) (("A" NIL "a" "b.c")) NIL NIL NIL NIL NIL))
		OK`)
	c.want("FETCH 1 BODY", `* 1 FETCH (BODY (("text" "plain" ("charset" "us-ascii") NIL NIL "7bit" 3 1)("text" "html" ("charset" "us-ascii") NIL NIL "7bit" 3 1) "mixed"))
		OK`)
	c.want("FETCH 2 FLAGS", "BAD")
	c.want("FETCH 1:2 FLAGS", "BAD")
	c.want("UID FETCH 2:99 FLAGS", "* 1 FETCH (UID 1 FLAGS (\\Flagged k \\Seen \\Recent))\nOK"[len("* 1 FETCH (UID 1 FLAGS (\\Flagged k \\Seen \\Recent))\n"):])
	c.want("UID FETCH 5:* FLAGS", "* 1 FETCH (UID 1 FLAGS (\\Flagged k \\Seen \\Recent))\nOK")
	c.want("FETCH 1 NONSENSE", "BAD")
	c.want("STORE 1 FLAGS (j)", "* FLAGS (\\Answered \\Flagged \\Deleted \\Seen \\Draft k j)\n* 1 FETCH (UID 1 FLAGS (j \\Recent))\nOK")
	c.want("STORE 1 +FLAGS.SILENT \\Deleted", "OK")
	c.want("COPY 1 nosuch", "NO [TRYCREATE]")
	c.ok("CREATE box")
	c.want("COPY 1 box", "OK [COPYUID 2 1 1]")
	c.want("COPY 1 INBOX", "* 2 EXISTS\n* 2 RECENT\nOK [COPYUID 1 1 2]")
	c.want("UID EXPUNGE 2", "* 2 EXPUNGE\nOK")
	c.want("EXPUNGE", "* 1 EXPUNGE\nOK")
	c.append("INBOX", "moving")
	c.want("MOVE 1 box", "* OK [COPYUID 2 3 2] moved\n* 1 EXPUNGE\nOK")
	c.want("UID MOVE 77 box", "OK")
	c.want("UNSELECT", "OK")
	c.want("NOOP", "OK")
}

func TestSearchCommand(t *testing.T) {
	f := newFixture(t, memstore.Options{})
	c := f.login(t)
	for _, s := range []string{"hello", "=?utf-8?q?gr=C3=BCn?=", "third"} {
		c.append("INBOX", s)
	}
	c.ok("SELECT INBOX")
	c.ok(`STORE 2 +FLAGS.SILENT (\Seen k)`)
	for _, tt := range []struct{ key, want string }{
		{"ALL", "* SEARCH 1 2 3\nOK"},
		{"SUBJECT hello", "* SEARCH 1\nOK"},
		{"SUBJECT HELL", "* SEARCH 1\nOK"},
		{"CHARSET UTF-8 SUBJECT {5+}\r\nGR\xc3\x9cN", "* SEARCH 2\nOK"},
		{"CHARSET X-NONE SUBJECT x", "NO [BADCHARSET (US-ASCII UTF-8)]"},
		{"SEEN", "* SEARCH 2\nOK"},
		{"NOT SEEN", "* SEARCH 1 3\nOK"},
		{"KEYWORD K", "* SEARCH 2\nOK"},
		{"OR 1 3", "* SEARCH 1 3\nOK"},
		{"BODY body TEXT third", "* SEARCH 3\nOK"},
		{"UID 2:*", "* SEARCH 2 3\nOK"},
		{"9:10", "* SEARCH\nOK"},
		{"SMALLER 10", "* SEARCH\nOK"},
		{"NEW", "* SEARCH 1 3\nOK"},
		{"ON 23-Nov-2026", "* SEARCH 1 2 3\nOK"},
	} {
		c.want("SEARCH "+tt.key, tt.want)
	}
	c.ok("STORE 1 +FLAGS.SILENT \\Deleted")
	c.ok("EXPUNGE")
	c.want("UID SEARCH ALL", "* SEARCH 2 3\nOK")
}

// TestTwoSessions: what one does, the other is told when it may be: at once in
// IDLE, otherwise at its next command, and never so that a number changes its
// meaning behind a FETCH, STORE or SEARCH.
func TestTwoSessions(t *testing.T) {
	f := newFixture(t, memstore.Options{})
	setup := f.login(t)
	for i := range 4 {
		setup.append("INBOX", fmt.Sprint(i))
	}
	a, b := f.open(t, "INBOX"), f.open(t, "INBOX")
	a.ok("STORE 2 +FLAGS.SILENT \\Deleted")
	a.ok("EXPUNGE")
	b.want("FETCH 3 UID", "* 3 FETCH (UID 3)\nOK")
	b.want("STORE 3 +FLAGS (x)", "* FLAGS (\\Answered \\Flagged \\Deleted \\Seen \\Draft x)\n* 3 FETCH (UID 3 FLAGS (x))\nOK")
	b.want("FETCH 2 FLAGS", "OK [EXPUNGEISSUED]")
	b.want("NOOP", "* 2 EXPUNGE\nOK")
	a.want("NOOP", "* FLAGS (\\Answered \\Flagged \\Deleted \\Seen \\Draft x)\n* 2 FETCH (UID 3 FLAGS (x \\Recent))\nOK")

	if out := b.send("i IDLE\r\n"); !strings.HasPrefix(out, "+ ") {
		t.Fatal(out)
	}
	news := func(want string) {
		t.Helper()
		if !b.woken {
			t.Fatal("IDLE was not woken")
		}
		b.woken = false
		b.sess.Notify(ctx)
		if got := b.drain(); got != strings.ReplaceAll(want, "\n", "\r\n") {
			t.Errorf("got %s want %s", got, want)
		}
	}
	a.ok("STORE 1 +FLAGS.SILENT \\Flagged")
	news("* 1 FETCH (UID 1 FLAGS (\\Flagged))\n")
	a.append("INBOX", "new")
	news("* 4 EXISTS\n* 0 RECENT\n")
	a.ok("CREATE box")
	a.ok("MOVE 2 box")
	news("* 2 EXPUNGE\n")
	if out := b.send("DONE\r\n"); !strings.HasPrefix(out, "i OK") {
		t.Error(out)
	}
	// A deleted folder: RFC 3501 has no word for it but BYE.
	a.ok("SELECT box")
	c := f.open(t, "box")
	a.ok("UNSELECT")
	a.ok("DELETE box")
	if out := c.send("x NOOP\r\n"); !strings.Contains(out, "* BYE") {
		t.Error(out)
	}
}

// TestRefusedLiterals: invariant 18. Nothing inside a literal that was refused,
// nor the rest of its command, is ever a command.
func TestRefusedLiterals(t *testing.T) {
	f := newFixture(t, memstore.Options{AppendLimit: 100})
	hidden := "x CREATE hacked\r\nx DELETE INBOX\r\n"
	pad := hidden + strings.Repeat("y", 5000-len(hidden))
	for _, command := range []string{
		"c CREATE {5000+}\r\n" + pad + "\r\n",
		"c APPEND INBOX {5000+}\r\n" + pad + "\r\n",
		"c APPEND nosuch {5000+}\r\n" + pad + " {33+}\r\n" + hidden[:33] + "\r\n",
		"c SEARCH SUBJECT {200000+}\r\n" + strings.Repeat(hidden, 6061)[:200000] + " SUBJECT {33+}\r\n" + hidden[:33] + "\r\n",
		"c LOGIN {5000+}\r\n" + pad + " {33+}\r\n" + hidden[:33] + "\r\n",
	} {
		for _, size := range []int{1, 7, 1000, 1 << 20} {
			c := f.login(t)
			var out strings.Builder
			for in := command + "d NOOP\r\n"; in != ""; {
				n := min(size, len(in))
				out.WriteString(c.send(in[:n]))
				in = in[n:]
			}
			got := out.String()
			if strings.Contains(got, "x ") || strings.Count(got, "\r\n") != 2 || !strings.Contains(got, "d OK") {
				t.Errorf("%.20q in pieces of %d: %s", command, size, got)
			}
		}
	}
	c := f.login(t)
	if out := c.ok(`LIST "" *`); out != "* LIST (\\HasNoChildren) \"/\" INBOX\r\n" {
		t.Errorf("folders: %s", out)
	}
}

// TestSpecialUse: special uses are told without being asked for, since clients
// use them so, and can be asked for (RFC 6154 §5).
func TestSpecialUse(t *testing.T) {
	f := newFixture(t, memstore.Options{})
	c := f.login(t)
	c.ok("CREATE Sent (USE (\\Sent))")
	c.ok("CREATE plain")
	c.want(`LIST "" S*`, "* LIST (\\HasNoChildren \\Sent) \"/\" Sent\nOK")
	c.want(`LIST (SPECIAL-USE) "" *`, "* LIST (\\HasNoChildren \\Sent) \"/\" Sent\nOK")
	c.want(`LIST "" S* RETURN (SPECIAL-USE CHILDREN)`, "* LIST (\\HasNoChildren \\Sent) \"/\" Sent\nOK")
	c.want("CREATE Other (USE (\\Sent))", "NO [USEATTR]")
	c.want(`LIST (NONSENSE) "" *`, "BAD")
	c.want("CREATE y (NONSENSE 1)", "BAD")
}

// TestESearch: result options (RFC 4731) and the saved result (RFC 5182).
func TestESearch(t *testing.T) {
	f := newFixture(t, memstore.Options{})
	setup := f.login(t)
	for i := range 7 {
		setup.append("INBOX", fmt.Sprint("m", i))
	}
	setup.ok("SELECT INBOX")
	setup.ok("STORE 2 +FLAGS.SILENT \\Deleted")
	setup.ok("EXPUNGE") // UIDs 1 3 4 5 6 7
	setup.ok("STORE 2:3,5 +FLAGS.SILENT \\Flagged")
	c := f.open(t, "INBOX")
	for _, tt := range []struct{ command, want string }{
		{"SEARCH RETURN () FLAGGED", "ALL 2:3,5"},
		{"SEARCH RETURN (ALL COUNT MIN MAX) FLAGGED", "MIN 2 MAX 5 COUNT 3 ALL 2:3,5"},
		{"UID SEARCH RETURN (ALL COUNT MIN MAX) FLAGGED", "UID MIN 3 MAX 6 COUNT 3 ALL 3:4,6"},
		{"SEARCH RETURN (COUNT ALL MIN) ANSWERED", "COUNT 0"},
		{"SEARCH RETURN (MIN) ANSWERED", ""},
	} {
		c.tag++
		want := strings.TrimRight(fmt.Sprintf("* ESEARCH (TAG \"t%d\") %s", c.tag, tt.want), " ") + "\r\n"
		out := c.send(fmt.Sprintf("t%d %s\r\n", c.tag, tt.command))
		if !strings.HasPrefix(out, want) || !strings.Contains(out, " OK ") {
			t.Errorf("%s: got %s want %s", tt.command, out, want)
		}
	}
	c.want("SEARCH RETURN (NONSENSE) ALL", "BAD")
	c.want("FETCH $ UID", "OK") // nothing is saved yet, and that is no mistake
	c.want("SEARCH RETURN (SAVE) FLAGGED", "OK")
	c.want("FETCH $ UID", "* 2 FETCH (UID 3)\n* 3 FETCH (UID 4)\n* 5 FETCH (UID 6)\nOK")
	c.want("UID SEARCH $ NOT UID 4", "* SEARCH 3 6\nOK")
	c.want("UID SEARCH UID $", "* SEARCH 3 4 6\nOK")
	// Not changed by what does not save, nor by BAD; emptied by NO.
	c.ok("SEARCH ALL")
	c.want("SEARCH RETURN (SAVE NONSENSE) ALL", "BAD")
	c.want("UID SEARCH $", "* SEARCH 3 4 6\nOK")
	setup.ok("UID STORE 4 +FLAGS.SILENT \\Deleted")
	setup.ok("EXPUNGE")
	c.want("NOOP", "* 3 EXPUNGE\nOK")
	c.want("UID SEARCH $", "* SEARCH 3 6\nOK")
	c.ok("STORE $ +FLAGS.SILENT (k)")
	c.want("SEARCH KEYWORD k", "* SEARCH 2 4\nOK")
	c.want("SEARCH RETURN (SAVE) CHARSET X-NONE SUBJECT x", "NO [BADCHARSET (US-ASCII UTF-8)]")
	c.want("UID SEARCH $", "* SEARCH\nOK")
	// What is saved follows what is asked for.
	for _, tt := range []struct{ options, want string }{
		{"SAVE MIN", "3"}, {"SAVE MAX", "6"}, {"SAVE MIN MAX", "3 6"}, {"SAVE MIN COUNT", "3 6"}, {"SAVE ALL", "3 6"},
	} {
		c.ok("SEARCH RETURN (" + tt.options + ") FLAGGED")
		c.want("UID SEARCH $", "* SEARCH "+tt.want+"\nOK")
	}
	c.ok("SELECT INBOX")
	c.want("UID SEARCH $", "* SEARCH\nOK")
}

func TestStatusItems(t *testing.T) {
	f := newFixture(t, memstore.Options{})
	c := f.login(t)
	c.append("INBOX", "x")
	c.want("STATUS INBOX (SIZE APPENDLIMIT)", "* STATUS INBOX (SIZE 25 APPENDLIMIT 67108864)\nOK")
	small := newFixture(t, memstore.Options{AppendLimit: 20}).login(t)
	small.want("STATUS INBOX (APPENDLIMIT)", "* STATUS INBOX (APPENDLIMIT 20)\nOK")
	small.want("APPEND INBOX {21}", "NO [TOOBIG]")
	small.want("SEARCH YOUNGER 5", "BAD")
	c.ok("SELECT INBOX")
	c.want("SEARCH YOUNGER 3600", "* SEARCH 1\nOK")
	c.want("SEARCH OLDER 3600", "* SEARCH\nOK")
}

// TestListExtended: RFC 5258, with the examples of its §5 in mind, and RFC 5819.
func TestListExtended(t *testing.T) {
	f := newFixture(t, memstore.Options{})
	c := f.login(t)
	for _, name := range []string{"Fruit", "Fruit/Apple", "Fruit/Banana", "Tofu", "Vegetable", "Vegetable/Broccoli", "Vegetable/Corn"} {
		c.ok("CREATE " + name)
	}
	for _, name := range []string{"INBOX", "Fruit/Banana", "Fruit/Peach", "Vegetable", "Vegetable/Broccoli", "gone/deep"} {
		c.ok("SUBSCRIBE " + name)
	}
	for _, tt := range []struct{ command, want string }{
		{`LIST (SUBSCRIBED) "" "*"`, `* LIST (\HasNoChildren \Subscribed) "/" INBOX
			* LIST (\HasNoChildren \Subscribed) "/" Fruit/Banana
			* LIST (\NonExistent \HasNoChildren \Subscribed) "/" Fruit/Peach
			* LIST (\HasChildren \Subscribed) "/" Vegetable
			* LIST (\HasNoChildren \Subscribed) "/" Vegetable/Broccoli
			* LIST (\NonExistent \HasNoChildren \Subscribed) "/" gone/deep
			OK`},
		{`LIST () "" "%" RETURN (CHILDREN)`, `* LIST (\HasNoChildren) "/" INBOX
			* LIST (\HasChildren) "/" Fruit
			* LIST (\HasNoChildren) "/" Tofu
			* LIST (\HasChildren) "/" Vegetable
			OK`},
		{`LIST (SUBSCRIBED RECURSIVEMATCH) "" "%"`, `* LIST (\HasNoChildren \Subscribed) "/" INBOX
			* LIST (\HasChildren) "/" Fruit ("CHILDINFO" ("SUBSCRIBED"))
			* LIST (\HasChildren \Subscribed) "/" Vegetable ("CHILDINFO" ("SUBSCRIBED"))
			* LIST (\NonExistent \HasChildren) "/" gone ("CHILDINFO" ("SUBSCRIBED"))
			OK`},
		{`LIST (SUBSCRIBED RECURSIVEMATCH) "" "Fruit*"`, `* LIST (\HasNoChildren \Subscribed) "/" Fruit/Banana
			* LIST (\NonExistent \HasNoChildren \Subscribed) "/" Fruit/Peach
			OK`},
		{`LIST "" ("INBOX" "Tofu" "T*" "Vegetable/%") RETURN (SUBSCRIBED)`, `* LIST (\HasNoChildren \Subscribed) "/" INBOX
			* LIST (\HasNoChildren) "/" Tofu
			* LIST (\HasNoChildren \Subscribed) "/" Vegetable/Broccoli
			* LIST (\HasNoChildren) "/" Vegetable/Corn
			OK`},
		{`LIST (REMOTE) "" "T*"`, "* LIST (\\HasNoChildren) \"/\" Tofu\nOK"},
		{`LIST "" "T*" RETURN (STATUS (MESSAGES UNSEEN))`, "* LIST (\\HasNoChildren) \"/\" Tofu\n* STATUS Tofu (MESSAGES 0 UNSEEN 0)\nOK"},
		{`LIST (SUBSCRIBED) "" "gone/*" RETURN (STATUS (MESSAGES))`, "* LIST (\\NonExistent \\HasNoChildren \\Subscribed) \"/\" gone/deep\nOK"},
		{`LIST (RECURSIVEMATCH) "" "*"`, "BAD"},
		{`LIST (X) "" "*"`, "BAD"},
		{`LIST "" "*" RETURN (X)`, "BAD"},
		{`LIST "" "*" RETURN (STATUS (X))`, "BAD"},
	} {
		c.want(tt.command, tt.want)
	}
}

// TestTryCreate: a name that is only a parent is no mailbox to put a message in, but
// can become one (RFC 9051 §6.3.12, §6.4.7).
func TestTryCreate(t *testing.T) {
	f := newFixture(t, memstore.Options{})
	c := f.open(t, "INBOX")
	c.append("INBOX", "x")
	c.ok("CREATE a/b")
	c.ok("DELETE a")
	c.want("APPEND a {2+}\r\nx\n", "NO [TRYCREATE]")
	c.want("COPY 1 a", "NO [TRYCREATE]")
	c.want("MOVE 1 a", "NO [TRYCREATE]")
	c.ok("CREATE a")
	c.ok("COPY 1 a")
}
