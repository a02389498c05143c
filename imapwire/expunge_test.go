package imapwire

import "github.com/mailwire/mailwire/imapwire/imap"

var expungeRows = []commandRow{
	{in: "EXPUNGE", want: &Expunge{}},
	{in: "UID EXPUNGE 3000:3002", want: &Expunge{UID: true, Set: imap.SetRange(3000, 3002)}},
	{in: "uid expunge $", want: &Expunge{UID: true, Set: imap.Set{Saved: true}}, canon: "UID EXPUNGE $"},
}

var expungeRejects = []rejectRow{
	{"EXPUNGE 1", 7},
	{"UID EXPUNGE", 11},
	{"UID EXPUNGE ", 12},
	{"UID EXPUNGE x", 12},
	{"UID EXPUNGE $,1", 13},
}
