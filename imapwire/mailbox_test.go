package imapwire

import "github.com/mailwire/mailwire/imapwire/imap"

var mailboxRows = []commandRow{
	{in: "CREATE owatagusiam/", want: &Create{Mailbox: "owatagusiam/"}},
	{in: `CREATE "a b"`, want: &Create{Mailbox: "a b"}},
	{in: `CREATE ""`, want: &Create{}},
	{in: `CREATE MySpecial (USE (\Drafts \Sent))`, want: &Create{Mailbox: "MySpecial", Use: []imap.MailboxAttr{imap.AttrDrafts, imap.AttrSent}}},
	{in: `CREATE x (use ())`, want: &Create{Mailbox: "x"}, canon: "CREATE x"},
	{
		in:    `CREATE x (MAILBOXID (a) use (\All) Y 7 USE (\Own))`,
		want:  &Create{Mailbox: "x", Use: []imap.MailboxAttr{imap.AttrAll, `\Own`}, Params: []string{"MAILBOXID (a)", "Y 7"}},
		canon: `CREATE x (USE (\All \Own) MAILBOXID (a) Y 7)`,
	},
	{in: "CREATE x (USEFUL)", want: &Create{Mailbox: "x", Params: []string{"USEFUL"}}},
	{in: "DELETE foo/bar", want: &Delete{Mailbox: "foo/bar"}},
	{in: "RENAME blurdybloop sarasoon", want: &Rename{From: "blurdybloop", To: "sarasoon"}},
	{in: "RENAME {3}\r\na\"b \"c d\"", want: &Rename{From: "a\"b", To: "c d"}, canon: `RENAME "a\"b" "c d"`},
	{in: "RENAME a b (X Y (z))", want: &Rename{From: "a", To: "b", Params: []string{"X", "Y (z)"}}},
	{in: "SUBSCRIBE #news.comp.mail.mime", want: &Subscribe{Mailbox: "#news.comp.mail.mime"}},
	{in: "UNSUBSCRIBE #news.comp.mail.mime", want: &Unsubscribe{Mailbox: "#news.comp.mail.mime"}},
	{in: "DELETE \"a\tb\"", want: &Delete{Mailbox: "a\tb"}},
}

var mailboxRejects = []rejectRow{
	{"CREATE", 6},
	{"CREATE (x)", 7},
	{"CREATE x USE", 9},
	{"CREATE x ()", 10},
	{"CREATE x (USE (Sent))", 15},
	{`CREATE x (USE (\))`, 16},
	{`CREATE x (USE (\Sent)`, 21},
	{`CREATE x (USE (\Sent))x`, 22},
	{`CREATE x (USE \Sent)`, 14},
	{"DELETE", 6},
	{"DELETE x y", 8},
	{"RENAME x", 8},
	{"RENAME x y z", 11},
	{"SUBSCRIBE", 9},
	{"SUBSCRIBE %", 10},
	{"UNSUBSCRIBE ", 12},
	{`UNSUBSCRIBE a"b`, 13},
}
