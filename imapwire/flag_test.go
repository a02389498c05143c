package imapwire

import "github.com/mailwire/mailwire/imapwire/imap"

func storeFlags(f []imap.Flag) Command {
	return &Store{Set: imap.SetOf(1), Op: StoreReplace, Flags: f}
}

func fetchedFlag(f imap.Flag) Response {
	return &FetchData{Num: 1, Has: HasFlags, Flags: []imap.Flag{f}}
}

func permanentFlag(f imap.Flag) Response {
	return &StatusResponse{StatusCondition: StatusCondition{Condition: OK, Code: &CodePermanentFlags{Flags: []imap.Flag{f}}, Text: "x"}}
}

var systemFlagRows = []known[imap.Flag]{
	k(`\Answered`, imap.FlagAnswered), k(`\Flagged`, imap.FlagFlagged), k(`\Deleted`, imap.FlagDeleted), k(`\Seen`, imap.FlagSeen), k(`\Draft`, imap.FlagDraft), k(`\sEEN`, imap.FlagSeen, `\Seen`),
}

var otherFlagRows = []known[imap.Flag]{
	k("k", imap.Flag("k")), k("$MDNSent", imap.KeywordMDNSent), k("$forwarded", imap.Flag("$forwarded")), k(`\X-New`, imap.Flag(`\X-New`)),
}

var flagRules = []ruleTable{
	command("flag", "STORE 1 FLAGS (%s)", func(f imap.Flag) Command { return storeFlags([]imap.Flag{f}) }, append(systemFlagRows, otherFlagRows...)...).but(`\`, `\*`, `\\Seen`, `"a"`, "a]", "{1}\r\na"),
	response("flag", "* FLAGS (%s)", func(f imap.Flag) Response { return &FlagsData{Flags: []imap.Flag{f}} }, append(systemFlagRows, otherFlagRows...)...).but(`\`, `"a"`),
	command("flag-keyword", "SEARCH KEYWORD %s", func(f imap.Flag) Command { return search1(has(f)) },
		k("$MDNSent", imap.KeywordMDNSent), k("$Forwarded", imap.KeywordForwarded), k("$Junk", imap.KeywordJunk), k("$NotJunk", imap.KeywordNotJunk), k("$Phishing", imap.KeywordPhishing), k("a", imap.Flag("a")),
	).but(`\Seen`, `"a"`, "a]", "(a)", ""),
	command("flag-extension", "STORE 1 FLAGS (%s)", func(f imap.Flag) Command { return storeFlags([]imap.Flag{f}) }, k(`\Own`, imap.Flag(`\Own`))).but(`\`, `\a\b`, `\(`),
	response("flag-extension", "* FLAGS (%s)", func(f imap.Flag) Response { return &FlagsData{Flags: []imap.Flag{f}} }, k(`\Own`, imap.Flag(`\Own`))).but(`\`, `\a\b`),
	command("flag-list", "STORE 1 FLAGS %s", storeFlags, k[[]imap.Flag]("()", nil), k("(a)", []imap.Flag{"a"}), k(`(\Seen a b)`, []imap.Flag{imap.FlagSeen, "a", "b"})).but("(", "(a", "(a )", "( a)", "(a  b)", "(a)(b)"),
	response("flag-list", "* FLAGS %s", func(f []imap.Flag) Response { return &FlagsData{Flags: f} }, k[[]imap.Flag]("()", nil), k(`(\Seen a)`, []imap.Flag{imap.FlagSeen, "a"})).but("(a", "a", "NIL"),
	response("flag-fetch", "* 1 FETCH (FLAGS (%s))", fetchedFlag, append([]known[imap.Flag]{k(`\Recent`, imap.FlagRecent), k(`\recent`, imap.FlagRecent, `\Recent`)}, systemFlagRows...)...).but(`\*`, `\`),
	response("obsolete-flag-recent", "* 1 FETCH (FLAGS (%s))", fetchedFlag, k(`\Recent`, imap.FlagRecent)),
	response("flag-perm", "* OK [PERMANENTFLAGS (%s)] x", permanentFlag, append([]known[imap.Flag]{k(`\*`, imap.FlagWildcard)}, append(systemFlagRows, otherFlagRows...)...)...),
}
