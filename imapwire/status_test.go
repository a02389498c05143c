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

func statusOf(s StatusItem) Command { return &Status{Mailbox: "x", Items: []StatusItem{s}} }

func statusAnswer(v ...StatusValue) Response { return &StatusData{Mailbox: "x", Values: v} }

var statusRules = []ruleTable{
	rowsOf("status", statusRows, statusRejects),
	command("status-att", "STATUS x (%s)", statusOf,
		k("MESSAGES", StatusMessages), k("RECENT", StatusRecent), k("UIDNEXT", StatusUIDNext), k("UIDVALIDITY", StatusUIDValidity), k("UNSEEN", StatusUnseen), k("DELETED", StatusDeleted), k("SIZE", StatusSize), k("size", StatusSize, "SIZE"), k("X-NEW", StatusItem("X-NEW")),
	).but("", `"SIZE"`, "SIZE()", "SIZE 5)("),
	response("status-att-val", "* STATUS x (%s)", func(v StatusValue) Response { return statusAnswer(v) },
		k("MESSAGES 0", StatusValue{Item: StatusMessages}), k("UIDNEXT 4294967295", StatusValue{Item: StatusUIDNext, Number: 1<<32 - 1}), k("UIDVALIDITY 7", StatusValue{Item: StatusUIDValidity, Number: 7}), k("UNSEEN 7", StatusValue{Item: StatusUnseen, Number: 7}),
		k("DELETED 7", StatusValue{Item: StatusDeleted, Number: 7}), k("SIZE 9223372036854775807", StatusValue{Item: StatusSize, Number: 1<<63 - 1}), k("messages 1", StatusValue{Item: StatusMessages, Number: 1}, "MESSAGES 1"),
		k("MAILBOXID (F1)", StatusValue{Item: StatusMailboxID, Raw: "(F1)"}), k("APPENDLIMIT NIL", StatusValue{Item: StatusAppendLimit, Raw: "NIL"}),
	).but("MESSAGES", "MESSAGES ", "MESSAGES 1 2 ", "MESSAGES (1", "(MESSAGES 1)"),
	response("status-att-list", "* STATUS x (%s)", func(v []StatusValue) Response { return statusAnswer(v...) },
		k("MESSAGES 1", []StatusValue{{Item: StatusMessages, Number: 1}}), k("MESSAGES 1 UNSEEN 0", []StatusValue{{Item: StatusMessages, Number: 1}, {Item: StatusUnseen}})).but("MESSAGES 1  UNSEEN 0", "MESSAGES 1 UNSEEN", "MESSAGES 1,UNSEEN 0)"),
}
