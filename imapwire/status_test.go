package imapwire

var statusRows = []commandRow{
	{in: "STATUS blurdybloop (UIDNEXT MESSAGES)", want: &Status{Mailbox: "blurdybloop", Items: []StatusItem{StatusUIDNext, StatusMessages}}},
	{
		in:    `status "a b" (messages Recent UIDNEXT UIDVALIDITY UNSEEN DELETED SIZE HIGHESTMODSEQ X-NEW)`,
		want:  &Status{Mailbox: "a b", Items: []StatusItem{StatusMessages, StatusRecent, StatusUIDNext, StatusUIDValidity, StatusUnseen, StatusDeleted, StatusSize, StatusHighestModSeq, "X-NEW"}},
		canon: `STATUS "a b" (MESSAGES RECENT UIDNEXT UIDVALIDITY UNSEEN DELETED SIZE HIGHESTMODSEQ X-NEW)`,
	},
	{in: "STATUS {1}\r\n\xff (SIZE)", want: &Status{Mailbox: "\xff", Items: []StatusItem{StatusSize}}},
}

var statusRejects = []rejectRow{
	{"STATUS", 6},
	{"STATUS x", 8},
	{"STATUS x ", 9},
	{"STATUS x ()", 10},
	{"STATUS x MESSAGES", 9},
	{"STATUS x (MESSAGES", 18},
	{"STATUS x (MESSAGES )", 19},
	{"STATUS x (MESSAGES 5)x", 21},
	{`STATUS x ("MESSAGES")`, 10},
	{"STATUS x (MESSAGES (A))", 19},
}
