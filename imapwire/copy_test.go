package imapwire

import "github.com/mailwire/mailwire/imapwire/imap"

var copyRows = []commandRow{
	{in: "COPY 2:4 MEETING", want: &Copy{Set: imap.SetRange(2, 4), Mailbox: "MEETING"}},
	{in: "uid copy 4:2,*,* {3}\r\na\rb", want: &Copy{UID: true, Set: imap.Set{Ranges: []imap.Range{{First: 4, Last: 2}, {}, {}}}, Mailbox: "a\rb"}, canon: "UID COPY 4:2,*,* {3}\r\na\rb"},
	{in: "MOVE 1 \"a b\"", want: &Move{Set: imap.SetOf(1), Mailbox: "a b"}},
	{in: "UID MOVE $ x", want: &Move{UID: true, Set: imap.Set{Saved: true}, Mailbox: "x"}},
}

var copyRejects = []rejectRow{
	{"COPY", 4},
	{"COPY 1", 6},
	{"COPY 1 ", 7},
	{"COPY x y", 5},
	{"COPY 1 y z", 8},
	{"MOVE 1;2 x", 6},
	{"UID MOVE 1 (x)", 11},
	{"UID COPY 0 x", 9},
}
