package imapwire

var listRows = []commandRow{
	{in: `LIST "" *`, want: &List{Patterns: []string{"*"}}},
	{in: `LIST "" ""`, want: &List{Patterns: []string{""}}},
	{in: `list #news. comp.mail.%`, want: &List{Reference: "#news.", Patterns: []string{"comp.mail.%"}}, canon: "LIST #news. comp.mail.%"},
	{in: `LIST "a b" "c d*"`, want: &List{Reference: "a b", Patterns: []string{"c d*"}}},
	{in: "LIST {1}\r\na {2}\r\n%]", want: &List{Reference: "a", Patterns: []string{"%]"}}, canon: "LIST a %]"},
	{in: `LIST (SUBSCRIBED) "" *`, want: &List{Select: []string{"SUBSCRIBED"}, Patterns: []string{"*"}, Extended: true}},
	{in: `LIST () "" *`, want: &List{Patterns: []string{"*"}, Extended: true}, canon: `LIST "" (*)`},
	{in: `LIST "" (*)`, want: &List{Patterns: []string{"*"}, Extended: true}},
	{in: `LIST "" * RETURN ()`, want: &List{Patterns: []string{"*"}, Extended: true}, canon: `LIST "" (*)`},
	{in: "LIST \"\" (INBOX Drafts \"Sent/%\" {3}\r\na*b)", want: &List{Patterns: []string{"INBOX", "Drafts", "Sent/%", "a*b"}, Extended: true}, canon: `LIST "" (INBOX Drafts Sent/% a*b)`},
	{
		in:    `LIST (subscribed Remote RECURSIVEMATCH) "" % return (children)`,
		want:  &List{Select: []string{"SUBSCRIBED", "REMOTE", "RECURSIVEMATCH"}, Patterns: []string{"%"}, Return: []string{"CHILDREN"}, Extended: true},
		canon: `LIST (SUBSCRIBED REMOTE RECURSIVEMATCH) "" % RETURN (CHILDREN)`,
	},
	{in: `LIST (SPECIAL-USE) "" *`, want: &List{Select: []string{"SPECIAL-USE"}, Patterns: []string{"*"}, Extended: true}},
	{in: `LIST (REMOTE) "" * RETURN (SPECIAL-USE SUBSCRIBED)`, want: &List{Select: []string{"REMOTE"}, Patterns: []string{"*"}, Return: []string{"SPECIAL-USE", "SUBSCRIBED"}, Extended: true}},
	{
		in:   `LIST "" % RETURN (STATUS (MESSAGES UNSEEN) CHILDREN)`,
		want: &List{Patterns: []string{"%"}, Return: []string{"STATUS", "CHILDREN"}, StatusItems: []StatusItem{StatusMessages, StatusUnseen}, Extended: true},
	},
	{
		in:    `LIST (vendor.x-y (a "b" (c)) RECURSIVEMATCH) "" (a b) RETURN (vendor.z-w ("q)") METADATA (/shared/comment) MYRIGHTS)`,
		want:  &List{Select: []string{`VENDOR.X-Y (a "b" (c))`, "RECURSIVEMATCH"}, Patterns: []string{"a", "b"}, Return: []string{`VENDOR.Z-W ("q)")`, "METADATA (/shared/comment)", "MYRIGHTS"}, Extended: true},
		canon: `LIST (VENDOR.X-Y (a "b" (c)) RECURSIVEMATCH) "" (a b) RETURN (VENDOR.Z-W ("q)") METADATA (/shared/comment) MYRIGHTS)`,
	},
	{in: `LSUB "#news." "comp.mail.*"`, want: &LSub{Reference: "#news.", Pattern: "comp.mail.*"}, canon: "LSUB #news. comp.mail.*"},
	{in: `LSUB "" %`, want: &LSub{Pattern: "%"}},
}

var listRejects = []rejectRow{
	{"LIST", 4},
	{`LIST ""`, 7},
	{`LIST "" `, 8},
	{`LIST * ""`, 5},
	{`LIST "" * `, 10},
	{`LIST "" * x`, 10},
	{`LIST "" ()`, 9},
	{`LIST "" (a`, 10},
	{`LIST "" (a  b)`, 11},
	{`LIST "" ((a))`, 9},
	{`LIST (SUBSCRIBED)"" *`, 17},
	{`LIST (SUBSCRIBED`, 16},
	{`LIST (RECURSIVEMATCH) "" *`, 21},
	{`LIST (REMOTE RECURSIVEMATCH) "" *`, 28},
	{`LIST ("SUBSCRIBED") "" *`, 6},
	{`LIST "" * RETURN`, 10},
	{`LIST "" * RETURN x`, 17},
	{`LIST "" * RETURN (x`, 19},
	{`LIST "" * RETURN (STATUS ())`, 26},
	{`LIST "" * RETURN (STATUS (MESSAGES)`, 35},
	{`LIST "" * RETURN () x`, 19},
	{`LIST "" * RETURN (STATUS)`, 18},
	{`LIST "" * RETURN (STATUS (SIZE) STATUS (SIZE))`, 32},
	{"LSUB", 4},
	{`LSUB "" (a)`, 8},
	{`LSUB "" a b`, 9},
}

func listing(l List) Command {
	if l.Patterns == nil {
		l.Patterns = []string{"*"}
	}
	l.Extended = true
	return &l
}

func listSelect(s []string) Command { return listing(List{Select: s}) }

func listReturn(s []string) Command { return listing(List{Return: s}) }

func one(f func([]string) Command) func(string) Command {
	return func(s string) Command { return f([]string{s}) }
}

// listRules: a list of options that is empty is written as a list of patterns,
// which is the extended form as well.
var listRules = []ruleTable{
	rowsOf("list", listRows, listRejects, "LIST"),
	rowsOf("lsub", listRows, listRejects, "LSUB"),
	command("list-mailbox", `LSUB "" %s`, func(s string) Command { return &LSub{Pattern: s} },
		k("a", "a"), k("*", "*"), k("a%b*]", "a%b*]"), k(`"a b"`, "a b"), k(`""`, ""), k(`"*"`, "*", "*"), k("{2}\r\n%\n", "%\n"), k("nil", "nil", `"nil"`)).but("", "(a)", "a b", `a"`, `a\b`, "a{1}"),
	command("mbox-or-pat", `LIST (SUBSCRIBED) "" %s`, func(p []string) Command { return listing(List{Select: []string{"SUBSCRIBED"}, Patterns: p}) },
		k("*", []string{"*"}), k(`"a b"`, []string{"a b"}), k("(*)", []string{"*"}, "*"), k("(a b)", []string{"a", "b"})).but("", "()", "a b"),
	command("patterns", `LIST "" %s`, func(p []string) Command { return listing(List{Patterns: p}) },
		k("(*)", []string{"*"}), k(`("a b")`, []string{"a b"}), k("(a % {1}\r\n*)", []string{"a", "%", "*"}, "(a % *)")).but("()", "(a", "(a )", "( a)", "((a))"),
	command("list-select-opts", `LIST %s "" *`, listSelect,
		k("(REMOTE)", []string{"REMOTE"}), k("(SUBSCRIBED)", []string{"SUBSCRIBED"}), k("(SUBSCRIBED REMOTE)", []string{"SUBSCRIBED", "REMOTE"}), k("(SUBSCRIBED RECURSIVEMATCH)", []string{"SUBSCRIBED", "RECURSIVEMATCH"}),
		k("(REMOTE RECURSIVEMATCH SUBSCRIBED)", []string{"REMOTE", "RECURSIVEMATCH", "SUBSCRIBED"}), k("(subscribed)", []string{"SUBSCRIBED"}, "(SUBSCRIBED)"),
	).but("(RECURSIVEMATCH)", "(REMOTE RECURSIVEMATCH)", "(SUBSCRIBED", "(SUBSCRIBED )", "( SUBSCRIBED)", "(SUBSCRIBED  REMOTE)", "SUBSCRIBED)"),
	command("list-select-opt", `LIST (SUBSCRIBED %s) "" *`, func(s string) Command { return listSelect([]string{"SUBSCRIBED", s}) }, k("SUBSCRIBED", "SUBSCRIBED"), k("REMOTE", "REMOTE"), k("RECURSIVEMATCH", "RECURSIVEMATCH"), k("X (a)", "X (a)")).but("", `"REMOTE"`),
	command("list-select-base-opt", `LIST (%s) "" *`, one(listSelect), k("SUBSCRIBED", "SUBSCRIBED"), k("SPECIAL-USE", "SPECIAL-USE"), k("X-Y (a)", "X-Y (a)")).but("(SUBSCRIBED)", "{1}\r\nX"),
	command("list-select-independent-opt", `LIST (%s) "" *`, one(listSelect), k("REMOTE", "REMOTE"), k("remote", "REMOTE", "REMOTE"), k("X", "X")),
	command("list-select-mod-opt", `LIST (SUBSCRIBED %s) "" *`, func(s string) Command { return listSelect([]string{"SUBSCRIBED", s}) }, k("RECURSIVEMATCH", "RECURSIVEMATCH"), k("X", "X")),
	command("list-return-opts", `LIST "" * %s`, listReturn, k("RETURN (SUBSCRIBED)", []string{"SUBSCRIBED"}), k("return (CHILDREN SUBSCRIBED)", []string{"CHILDREN", "SUBSCRIBED"}, "RETURN (CHILDREN SUBSCRIBED)")).but("RETURN", "RETURN CHILDREN", "RETURN (CHILDREN", "RETURN(CHILDREN)", "(CHILDREN)", "RETURN (CHILDREN )"),
	command("list-return-opt", `LIST "" * RETURN (%s)`, one(listReturn), k("CHILDREN", "CHILDREN"), k("X (a b)", "X (a b)")).but(`"CHILDREN"`),
	command("return-option", `LIST "" * RETURN (%s)`, one(listReturn), k("SUBSCRIBED", "SUBSCRIBED"), k("CHILDREN", "CHILDREN"), k("children", "CHILDREN", "CHILDREN"), k("SPECIAL-USE", "SPECIAL-USE"), k("X (a)", "X (a)")),
	command("return-option", `LIST "" * RETURN (%s)`, func(s []StatusItem) Command { return listing(List{Return: []string{"STATUS"}, StatusItems: s}) }, k("STATUS (SIZE)", []StatusItem{StatusSize})),
	command("status-option", `LIST "" * RETURN (%s)`, func(s []StatusItem) Command { return listing(List{Return: []string{"STATUS"}, StatusItems: s}) },
		k("STATUS (MESSAGES)", []StatusItem{StatusMessages}), k("status (messages unseen)", []StatusItem{StatusMessages, StatusUnseen}, "STATUS (MESSAGES UNSEEN)")).but("STATUS", "STATUS ()", "STATUS MESSAGES", "STATUS (MESSAGES", "STATUS (SIZE) STATUS (SIZE)"),
}
