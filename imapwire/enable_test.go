package imapwire

import "github.com/mailwire/mailwire/imapwire/imap"

var enableRows = []commandRow{
	{in: "ENABLE CONDSTORE", want: &Enable{Capabilities: imap.Capabilities{"CONDSTORE"}}},
	{in: "ENABLE IMAP4rev2 UTF8=ACCEPT X-Good-Idea", want: &Enable{Capabilities: imap.Capabilities{"IMAP4rev2", "UTF8=ACCEPT", "X-Good-Idea"}}},
}

var enableRejects = []rejectRow{
	{"ENABLE", 6},
	{"ENABLE ", 7},
	{"ENABLE A ", 9},
	{"ENABLE (A)", 7},
	{`ENABLE "A"`, 7},
}
