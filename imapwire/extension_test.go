package imapwire

import "github.com/mailwire/mailwire/imapwire/imap"

func selectParam(s string) Command { return &Select{Mailbox: "x", Params: []string{s}} }

// extensionRules: the generic form that extensions take (RFC 4466 §3).
var extensionRules = []ruleTable{
	command("tagged-ext-label", "SELECT x (%s)", selectParam, k("A", "A"), k("A-b_c.d:9", "A-B_C.D:9", "A-B_C.D:9"), k("-", "-"), k("_X", "_X"), k(".X", ".X")).but("", "9", ":A", "A+B", "-1", `"A"`, "A]", "A,B"),
	command("tagged-label-fchar", "SELECT x (%s)", selectParam, k("A", "A"), k("Z", "Z"), k("-A", "-A"), k("_", "_"), k(".", ".")).but("0", ":", "/", "=", "*"),
	command("tagged-label-char", "SELECT x (A%s)", func(s string) Command { return selectParam("A" + s) }, k("B", "B"), k("-", "-"), k("_", "_"), k(".", "."), k("0", "0"), k("9", "9"), k(":", ":")).but("/", "=", "+", "'", "*"),
	command("tagged-ext-val", "SELECT x (A%s)", func(s string) Command { return selectParam("A" + s) }, k(" 5", " 5"), k(" ()", " ()"), k(" (b)", " (b)")).but(" ", " (", " b)", " ((b)", ` "b"`, " {1}\r\nb"),
	command("tagged-ext-simple", "SELECT x (A %s)", func(s string) Command { return selectParam("A " + s) },
		k("5", "5"), k("0", "0"), k("18446744073709551615", "18446744073709551615"), k("1:*", "1:*"), k("$", "$"), k("2,4:7", "2,4:7"), k("*", "*")),
	command("tagged-ext-comp", "SELECT x (A (%s))", func(s string) Command { return selectParam("A (" + s + ")") },
		k("b", "b"), k(`"b c"`, `"b c"`), k("{1}\r\n(", "{1}\r\n("), k("b c", "b c"), k("(b)", "(b)"), k(`a ("b" (c d)) 5`, `a ("b" (c d)) 5`), k("a]", "a]"),
	).but("(", "b ", "b  c", `"b`, "{2}\r\na", "a{1}", "\x01"),
	command("option-extension", `LIST (%s) "" *`, func(s string) Command {
		return &List{Select: []string{s}, Patterns: []string{"*"}, Extended: true}
	}, k("X", "X"), k("x-y", "X-Y", "X-Y"), k("X (a)", "X (a)"), k("VENDOR.ACME-X (a)", "VENDOR.ACME-X (a)")).but(`"X"`, "X ()x", "(X)"),
	command("option-standard-tag", `LIST (%s) "" *`, func(s string) Command {
		return &List{Select: []string{s}, Patterns: []string{"*"}, Extended: true}
	}, k("METADATA", "METADATA"), k("x", "X", "X")).but("a%", `"x"`),
	command("option-vendor-tag", `LIST "" * RETURN (%s)`, func(s string) Command {
		return &List{Return: []string{s}, Patterns: []string{"*"}, Extended: true}
	}, k("VENDOR.ACME-X", "VENDOR.ACME-X"), k("vendor.acme-y", "VENDOR.ACME-Y", "VENDOR.ACME-Y")),
	command("vendor-token", `LIST "" * RETURN (%s-X)`, func(s string) Command {
		return &List{Return: []string{s + "-X"}, Patterns: []string{"*"}, Extended: true}
	}, k("VENDOR.ACME", "VENDOR.ACME"), k("vendor.acme", "VENDOR.ACME", "VENDOR.ACME")).but("vendor.a%", "vendor.a*"),
	response("vendor-token", `* LIST () "/" a (%s-x (b))`, func(s string) Response {
		return &ListData{Delimiter: '/', Mailbox: "a", Extended: []string{s + "-x (b)"}}
	}, k("vendor.acme", "vendor.acme")),
	response("name-component", `* LIST () "/" a (vendor.%s-x (b))`, func(s string) Response {
		return &ListData{Delimiter: '/', Mailbox: "a", Extended: []string{"vendor." + s + "-x (b)"}}
	}, k("acme", "acme"), k("A1", "A1")).but("a%", "a*"),
	command("option-value", `LIST (X %s) "" *`, func(s string) Command {
		return &List{Select: []string{"X " + s}, Patterns: []string{"*"}, Extended: true}
	}, k("(a)", "(a)"), k("((a))", "((a))")).but("(a", "a)", "(a))", `("a)`),
	command("option-val-comp", `LIST (X (%s)) "" *`, func(s string) Command {
		return &List{Select: []string{"X (" + s + ")"}, Patterns: []string{"*"}, Extended: true}
	}, k("a", "a"), k(`"a b"`, `"a b"`), k("{1}\r\n)", "{1}\r\n)"), k("a b", "a b"), k("(a)", "(a)"), k(`a (b "c") d`, `a (b "c") d`)).but("a ", "a  b", "(a", "{2}\r\na"),
}

// commandRules: the commands as a whole, and the rules that sort them.
var commandRules = []ruleTable{
	rowsOf("command", commandRows, rejectRows),
	rowsOf("command-any", plainRows, plainRejects, "CAPABILITY", "LOGOUT", "NOOP"),
	rowsOf("command-auth", commandRows, nil, "APPEND", "CREATE", "DELETE", "ENABLE", "EXAMINE", "LIST", "LSUB", "NAMESPACE", "RENAME", "SELECT", "STATUS", "SUBSCRIBE", "UNSUBSCRIBE", "IDLE", "GETQUOTA", "SETQUOTA"),
	rowsOf("command-nonauth", commandRows, nil, "LOGIN", "AUTHENTICATE", "STARTTLS"),
	rowsOf("command-select", commandRows, nil, "CHECK", "CLOSE", "UNSELECT", "EXPUNGE", "COPY", "MOVE", "FETCH", "STORE", "SEARCH", "UID"),
	rowsOf("x-command", unknownRows, unknownRejects, "X"),
	rowsOf("uid", commandRows, rejectRows, "UID "),
	rowsOf("uid-expunge", expungeRows, expungeRejects, "UID EXPUNGE"),
	rowsOf("login", authRows, authRejects, "LOGIN"),
	rowsOf("authenticate", authRows, authRejects, "AUTHENTICATE"),
	rowsOf("enable", enableRows, enableRejects),
	command("capability", "ENABLE %s", func(c imap.Capability) Command { return &Enable{Capabilities: imap.Capabilities{c}} },
		k("IMAP4rev2", imap.CapIMAP4rev2), k("AUTH=PLAIN", imap.Capability("AUTH=PLAIN")), k("UTF8=ACCEPT", imap.CapUTF8Accept), k("LITERAL+", imap.CapLiteralPlus)).but("", `"A"`, "A]", "A{", "(A)"),
	rowsOf("namespace-command", plainRows, nil, "NAMESPACE").but("NAMESPACE ", `NAMESPACE ""`),
	rowsOf("idle", plainRows, nil, "IDLE").but("IDLE ", "IDLE DONE", "IDLE\r\nDONE"),
	rowsOf("select", selectRows, selectRejects, "SELECT"),
	rowsOf("examine", selectRows, nil, "EXAMINE").but("EXAMINE", "EXAMINE ", "EXAMINE a b", "EXAMINE a*", "EXAMINE a ()"),
	rowsOf("create", mailboxRows, mailboxRejects, "CREATE"),
	rowsOf("delete", mailboxRows, mailboxRejects, "DELETE"),
	rowsOf("rename", mailboxRows, mailboxRejects, "RENAME"),
	rowsOf("subscribe", mailboxRows, mailboxRejects, "SUBSCRIBE"),
	rowsOf("unsubscribe", mailboxRows, mailboxRejects, "UNSUBSCRIBE"),
	rowsOf("append", appendRows, appendRejects),
	rowsOf("copy", copyRows, copyRejects, "COPY", "UID COPY"),
	rowsOf("move", copyRows, copyRejects, "MOVE", "UID MOVE"),
	rowsOf("store", storeRows, storeRejects),
	command("store-att-flags", "STORE 1 %s", func(s Store) Command {
		s.Set = imap.SetOf(1)
		return &s
	},
		k("FLAGS (a)", Store{Op: StoreReplace, Flags: []imap.Flag{"a"}}), k("+FLAGS (a)", Store{Op: StoreAdd, Flags: []imap.Flag{"a"}}), k("-FLAGS (a)", Store{Op: StoreRemove, Flags: []imap.Flag{"a"}}),
		k("FLAGS.SILENT (a)", Store{Op: StoreReplace, Silent: true, Flags: []imap.Flag{"a"}}), k("+FLAGS.SILENT (a)", Store{Op: StoreAdd, Silent: true, Flags: []imap.Flag{"a"}}), k("-flags.silent ()", Store{Op: StoreRemove, Silent: true}, "-FLAGS.SILENT ()"),
		k("FLAGS a", Store{Op: StoreReplace, Flags: []imap.Flag{"a"}}, "FLAGS (a)"), k(`FLAGS \Seen b`, Store{Op: StoreReplace, Flags: []imap.Flag{imap.FlagSeen, "b"}}, `FLAGS (\Seen b)`),
	).but("FLAGS", "FLAGS ", "=FLAGS (a)", "+-FLAGS (a)", "+ FLAGS (a)", "FLAGS.LOUD (a)", "FLAGS.SILENT", "FLAGS (a) (b)"),
}
