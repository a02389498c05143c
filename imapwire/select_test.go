package imapwire

var selectRows = []commandRow{
	{in: "SELECT INBOX", want: &Select{Mailbox: "INBOX"}},
	{in: "select inBox", want: &Select{Mailbox: "inBox"}, canon: "SELECT inBox"},
	{in: "EXAMINE blurdybloop", want: &Select{Mailbox: "blurdybloop", ReadOnly: true}},
	{in: `SELECT "Gel&APY-schte Objekte"`, want: &Select{Mailbox: "Gel&APY-schte Objekte"}},
	{in: "SELECT {3}\r\na\xffb", want: &Select{Mailbox: "a\xffb"}},
	{in: "SELECT INBOX (CONDSTORE)", want: &Select{Mailbox: "INBOX", Params: []string{"CONDSTORE"}}},
	{in: "EXAMINE INBOX (condstore)", want: &Select{Mailbox: "INBOX", ReadOnly: true, Params: []string{"CONDSTORE"}}, canon: "EXAMINE INBOX (CONDSTORE)"},
	{
		in:   "SELECT INBOX (QRESYNC (67890007 20050715194045000 41,43:211 (1,3 5:*)) CONDSTORE)",
		want: &Select{Mailbox: "INBOX", Params: []string{"QRESYNC (67890007 20050715194045000 41,43:211 (1,3 5:*))", "CONDSTORE"}},
	},
	{
		in:    "EXAMINE INBOX (annotate RESPONSES (\"UID Responses\" {3}\r\na)b) X 5 Y 1:* Z $ P -1:-100 -Q ())",
		want:  &Select{Mailbox: "INBOX", ReadOnly: true, Params: []string{"ANNOTATE", "RESPONSES (\"UID Responses\" {3}\r\na)b)", "X 5", "Y 1:*", "Z $", "P -1:-100", "-Q ()"}},
		canon: "EXAMINE INBOX (ANNOTATE RESPONSES (\"UID Responses\" {3}\r\na)b) X 5 Y 1:* Z $ P -1:-100 -Q ())",
	},
}

var selectRejects = []rejectRow{
	{"SELECT", 6},
	{"SELECT ", 7},
	{"SELECT a b", 9},
	{"SELECT a*", 8},
	{"SELECT a ()", 10},
	{"SELECT a (X", 11},
	{"SELECT a (X ", 12},
	{"SELECT a (X) ", 12},
	{"SELECT a (X (Y)", 15},
	{"SELECT a (X (Y ))", 15},
	{"SELECT a (X (Y)) (Z)", 16},
	{"SELECT a (X ((Y))", 17},
	{`SELECT a ("X")`, 10},
	{`SELECT a (-1)`, 10},
	{"SELECT a (X {1}\r\ny)", 12},
}
