package imapwire

import "github.com/mailwire/mailwire/imapwire/imap"

var selectRows = []commandRow{
	{in: "SELECT INBOX", want: &Select{Mailbox: "INBOX"}},
	{in: "select inBox", want: &Select{Mailbox: "inBox"}, canon: "SELECT inBox"},
	{in: "EXAMINE blurdybloop", want: &Select{Mailbox: "blurdybloop", ReadOnly: true}},
	{in: `SELECT "Gel&APY-schte Objekte"`, want: &Select{Mailbox: "Gel&APY-schte Objekte"}},
	{in: "SELECT {3}\r\na\xffb", want: &Select{Mailbox: "a\xffb"}},
	{in: "SELECT INBOX (CONDSTORE)", want: &Select{Mailbox: "INBOX", CondStore: true}},
	{in: "EXAMINE INBOX (condstore)", want: &Select{Mailbox: "INBOX", ReadOnly: true, CondStore: true}, canon: "EXAMINE INBOX (CONDSTORE)"},
	{
		in: "SELECT INBOX (QRESYNC (67890007 20050715194045000 41,43:211 (1,3 5:6)) condstore)",
		want: &Select{Mailbox: "INBOX", CondStore: true, QResync: &QResync{
			UIDValidity: 67890007, ModSeq: 20050715194045000, Known: imap.UIDSet{{First: 41, Last: 41}, {First: 43, Last: 211}},
			Match: &SeqMatch{Seqs: []imap.Range{{First: 1, Last: 1}, {First: 3, Last: 3}}, UIDs: []imap.Range{{First: 5, Last: 6}}},
		}},
		canon: "SELECT INBOX (CONDSTORE QRESYNC (67890007 20050715194045000 41,43:211 (1,3 5:6)))",
	},
	{in: "SELECT x (QRESYNC (1 9223372036854775807))", want: &Select{Mailbox: "x", QResync: &QResync{UIDValidity: 1, ModSeq: imap.MaxModSeq}}},
	{in: "SELECT x (qresync (1 2 (4 4294967295)) X)", want: &Select{
		Mailbox: "x", Params: []string{"X"},
		QResync: &QResync{UIDValidity: 1, ModSeq: 2, Match: &SeqMatch{Seqs: []imap.Range{{First: 4, Last: 4}}, UIDs: []imap.Range{{First: 1<<32 - 1, Last: 1<<32 - 1}}}},
	}, canon: "SELECT x (QRESYNC (1 2 (4 4294967295)) X)"},
	{in: "SELECT x (CONDSTORED QRESYNC-NOT (1 2))", want: &Select{Mailbox: "x", Params: []string{"CONDSTORED", "QRESYNC-NOT (1 2)"}}},
	{in: "SELECT x (CONDSTORE CONDSTORE)", want: &Select{Mailbox: "x", CondStore: true, Params: []string{"CONDSTORE"}}},
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
	{"SELECT a (QRESYNC)", 17},
	{"SELECT a (QRESYNC 1)", 18},
	{"SELECT a (QRESYNC (1))", 20},
	{"SELECT a (QRESYNC (0 1))", 19},
	{"SELECT a (QRESYNC (1 0))", 21},
	{"SELECT a (QRESYNC (1 9223372036854775808))", 21},
	{"SELECT a (QRESYNC (1 2 *))", 23},
	{"SELECT a (QRESYNC (1 2 $))", 23},
	{"SELECT a (QRESYNC (1 2 3 4))", 25},
	{"SELECT a (QRESYNC (1 2 (3)))", 25},
	{"SELECT a (QRESYNC (1 2 (3 4:5)))", 24},
	{"SELECT a (QRESYNC (1 2 (4,3 5:6)))", 24},
	{"SELECT a (QRESYNC (1 2 (3:4 6:5)))", 28},
	{"SELECT a (QRESYNC (1 2 (3:4 5,5)))", 28},
	{"SELECT a (QRESYNC (1 2 (3 *)))", 26},
	{"SELECT a (QRESYNC (1 2) ", 24},
}
