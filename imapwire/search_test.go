package imapwire

import (
	"strings"
	"time"

	"github.com/mailwire/mailwire/imapwire/imap"
)

func search1(key imap.SearchKey) *Search { return &Search{Key: key} }

func and(keys ...imap.SearchKey) imap.SearchKey { return &imap.SearchAnd{Keys: keys} }

func text(f imap.TextField, s string) imap.SearchKey { return &imap.SearchText{Field: f, Value: s} }

func has(f imap.Flag) imap.SearchKey { return &imap.SearchFlag{Flag: f} }

func hasNot(f imap.Flag) imap.SearchKey { return &imap.SearchFlag{Flag: f, Unset: true} }

var (
	all       = &imap.SearchAll{}
	searchDay = imap.Date{Year: 1994, Month: time.February, Day: 1}
)

var searchRows = []commandRow{
	{in: "SEARCH ALL", want: search1(all)},
	{in: "search all", want: search1(all), canon: "SEARCH ALL"},
	{in: "UID SEARCH ALL", want: &Search{UID: true, Key: all}},
	{
		in:   "SEARCH ANSWERED DELETED DRAFT FLAGGED RECENT SEEN UNANSWERED UNDELETED UNDRAFT UNFLAGGED OLD UNSEEN NEW",
		want: search1(and(has(imap.FlagAnswered), has(imap.FlagDeleted), has(imap.FlagDraft), has(imap.FlagFlagged), has(imap.FlagRecent), has(imap.FlagSeen), hasNot(imap.FlagAnswered), hasNot(imap.FlagDeleted), hasNot(imap.FlagDraft), hasNot(imap.FlagFlagged), hasNot(imap.FlagRecent), hasNot(imap.FlagSeen), &imap.SearchNew{})),
	},
	{in: "SEARCH KEYWORD $Forwarded UNKEYWORD seen", want: search1(and(has("$Forwarded"), hasNot("seen")))},
	{in: "SEARCH SUBJECT hello", want: search1(text(imap.TextSubject, "hello"))},
	{
		in:    `SEARCH BCC a BODY "b c" cc {1}` + "\r\nd" + ` FROM "" TEXT NIL TO a]`,
		want:  search1(and(text(imap.TextBCC, "a"), text(imap.TextBody, "b c"), text(imap.TextCC, "d"), text(imap.TextFrom, ""), text(imap.TextText, "NIL"), text(imap.TextTo, "a]"))),
		canon: `SEARCH BCC a BODY "b c" CC d FROM "" TEXT "NIL" TO a]`,
	},
	{in: `SEARCH HEADER Message-ID "<a@b>"`, want: search1(&imap.SearchHeader{Name: "Message-ID", Value: "<a@b>"}), canon: "SEARCH HEADER Message-ID <a@b>"},
	{in: `SEARCH HEADER "List-Id" ""`, want: search1(&imap.SearchHeader{Name: "List-Id"}), canon: `SEARCH HEADER List-Id ""`},
	{
		in: "SEARCH BEFORE 1-Feb-1994 ON 1-Feb-1994 SINCE 1-Feb-1994 SENTBEFORE 1-Feb-1994 SENTON 1-Feb-1994 SENTSINCE 1-Feb-1994",
		want: search1(and(
			&imap.SearchDate{Field: imap.DateInternal, Op: imap.DateBefore, Date: searchDay},
			&imap.SearchDate{Field: imap.DateInternal, Op: imap.DateOn, Date: searchDay},
			&imap.SearchDate{Field: imap.DateInternal, Op: imap.DateSince, Date: searchDay},
			&imap.SearchDate{Field: imap.DateSent, Op: imap.DateBefore, Date: searchDay},
			&imap.SearchDate{Field: imap.DateSent, Op: imap.DateOn, Date: searchDay},
			&imap.SearchDate{Field: imap.DateSent, Op: imap.DateSince, Date: searchDay},
		)),
	},
	{in: `SEARCH SINCE "01-fEB-1994"`, want: search1(&imap.SearchDate{Field: imap.DateInternal, Op: imap.DateSince, Date: searchDay}), canon: "SEARCH SINCE 1-Feb-1994"},
	{in: "SEARCH ON 31-Dec-9999", want: search1(&imap.SearchDate{Field: imap.DateInternal, Op: imap.DateOn, Date: imap.Date{Year: 9999, Month: 12, Day: 31}})},
	{in: "SEARCH LARGER 0 SMALLER 9223372036854775807", want: search1(and(&imap.SearchSize{}, &imap.SearchSize{Smaller: true, Size: 1<<63 - 1}))},
	{in: "SEARCH OLDER 259200 YOUNGER 1", want: search1(and(&imap.SearchWithin{Seconds: 259200}, &imap.SearchWithin{Younger: true, Seconds: 1}))},
	{in: "SEARCH MODSEQ 0 MODSEQ 9223372036854775807", want: search1(and(&imap.SearchModSeq{}, &imap.SearchModSeq{ModSeq: imap.MaxModSeq}))},
	{in: `SEARCH MODSEQ "/flags/\\draft" all 620162338`, want: search1(&imap.SearchModSeq{Entry: `/flags/\draft`, Type: "ALL", ModSeq: 620162338}), canon: `SEARCH MODSEQ "/flags/\\draft" ALL 620162338`},
	{in: `SEARCH NOT MODSEQ "" PRIV 1`, want: search1(&imap.SearchNot{Key: &imap.SearchModSeq{Type: "PRIV", ModSeq: 1}})},
	{in: "SEARCH 2,10:* UID *:7 $ UID $", want: search1(and(
		&imap.SearchSeq{Set: imap.Set{Ranges: []imap.Range{{First: 2, Last: 2}, {First: 10, Last: imap.Star}}}},
		&imap.SearchUID{Set: imap.SetRange(imap.Star, 7)},
		&imap.SearchSeq{Set: imap.Set{Saved: true}},
		&imap.SearchUID{Set: imap.Set{Saved: true}},
	))},
	{in: "SEARCH * (*)", want: search1(and(&imap.SearchSeq{Set: imap.SetOf(imap.Star)}, &imap.SearchSeq{Set: imap.SetOf(imap.Star)})), canon: "SEARCH * *"},
	{in: "SEARCH NOT SEEN", want: search1(&imap.SearchNot{Key: has(imap.FlagSeen)})},
	{in: "SEARCH OR SEEN NOT (DELETED DRAFT)", want: search1(&imap.SearchOr{Left: has(imap.FlagSeen), Right: &imap.SearchNot{Key: and(has(imap.FlagDeleted), has(imap.FlagDraft))}})},
	{in: "SEARCH OR OR SEEN ALL (OR ALL ALL)", want: search1(&imap.SearchOr{Left: &imap.SearchOr{Left: has(imap.FlagSeen), Right: all}, Right: &imap.SearchOr{Left: all, Right: all}}), canon: "SEARCH OR OR SEEN ALL OR ALL ALL"},
	{in: "SEARCH (SEEN)", want: search1(has(imap.FlagSeen)), canon: "SEARCH SEEN"},
	{in: "SEARCH ((SEEN (ALL ($))))", want: search1(and(has(imap.FlagSeen), and(all, &imap.SearchSeq{Set: imap.Set{Saved: true}}))), canon: "SEARCH SEEN (ALL $)"},
	{in: "SEARCH CHARSET UTF-8 TEXT {4}\r\n\xd0\xb9\xd0\xb9", want: &Search{Charset: "UTF-8", Key: text(imap.TextText, "йй")}},
	{in: `SEARCH charset "us-ascii" ALL`, want: &Search{Charset: "us-ascii", Key: all}, canon: "SEARCH CHARSET us-ascii ALL"},
	{in: "SEARCH RETURN () ALL", want: &Search{HasReturn: true, Key: all}},
	{in: "UID SEARCH return (min MAX ALL COUNT save PARTIAL 1:500 UPDATE X (a b)) CHARSET UTF-8 ALL", want: &Search{
		UID: true, HasReturn: true, Return: []string{"MIN", "MAX", "ALL", "COUNT", "SAVE", "PARTIAL 1:500", "UPDATE", "X (a b)"}, Charset: "UTF-8", Key: all,
	}, canon: "UID SEARCH RETURN (MIN MAX ALL COUNT SAVE PARTIAL 1:500 UPDATE X (a b)) CHARSET UTF-8 ALL"},
}

var searchRejects = []rejectRow{
	{"SEARCH", 6},
	{"SEARCH ", 7},
	{"SEARCH NONSENSE", 7},
	{"SEARCH ALL ", 11},
	{"SEARCH  ALL", 7},
	{"SEARCH ()", 8},
	{"SEARCH (ALL", 11},
	{"SEARCH (ALL ", 12},
	{"SEARCH (ALL))", 12},
	{"SEARCH (ALL)SEEN", 12},
	{"SEARCH NOT", 10},
	{"SEARCH NOT ", 11},
	{"SEARCH OR ALL", 13},
	{"SEARCH OR ALL ", 14},
	{"SEARCH SUBJECT", 14},
	{"SEARCH SUBJECT ", 15},
	{"SEARCH SUBJECT (a)", 15},
	{"SEARCH HEADER a", 15},
	{`SEARCH KEYWORD "a"`, 15},
	{`SEARCH KEYWORD \Seen`, 15},
	{"SEARCH KEYWORD a]", 16},
	{"SEARCH BEFORE 1994", 14},
	{"SEARCH BEFORE 31-Feb-1994", 14},
	{"SEARCH BEFORE 001-Feb-1994", 14},
	{"SEARCH BEFORE 1-Foo-1994", 14},
	{`SEARCH BEFORE "1-Feb-1994`, 25},
	{"SEARCH BEFORE 1-Feb-94", 14},
	{"SEARCH UID", 10},
	{"SEARCH UID ALL", 11},
	{"SEARCH $,1", 7},
	{"SEARCH 1,$", 9},
	{"SEARCH $x", 7},
	{"SEARCH RETURN ALL", 14},
	{"SEARCH RETURN (ALL)", 19},
	{"SEARCH RETURN (ALL", 18},
	{"SEARCH RETURN (1) ALL", 15},
	{"SEARCH CHARSET", 7},
	{"SEARCH CHARSET UTF-8", 20},
	{`SEARCH CHARSET "" ALL`, 15},
	{"SEARCH CHARSET UTF-8 RETURN () ALL", 21},
	{"SEARCH LARGER -1", 14},
	{"SEARCH OLDER 0", 13},
	{"SEARCH ALL" + strings.Repeat(")", 3), 10},
}

func searchReturn(s []string) Command { return &Search{HasReturn: true, Return: s, Key: all} }

func searchFor(key imap.SearchKey) Command { return search1(key) }

var keyRows = []known[imap.SearchKey]{
	k[imap.SearchKey]("ALL", all), k("ANSWERED", has(imap.FlagAnswered)), k("BCC a", text(imap.TextBCC, "a")), k("BODY a", text(imap.TextBody, "a")), k("CC a", text(imap.TextCC, "a")), k("DELETED", has(imap.FlagDeleted)), k("FLAGGED", has(imap.FlagFlagged)),
	k[imap.SearchKey]("BEFORE 1-Feb-1994", &imap.SearchDate{Field: imap.DateInternal, Op: imap.DateBefore, Date: searchDay}), k[imap.SearchKey]("ON 1-Feb-1994", &imap.SearchDate{Field: imap.DateInternal, Op: imap.DateOn, Date: searchDay}), k[imap.SearchKey]("SINCE 1-Feb-1994", &imap.SearchDate{Field: imap.DateInternal, Op: imap.DateSince, Date: searchDay}),
	k("FROM a", text(imap.TextFrom, "a")), k("KEYWORD a", has("a")), k[imap.SearchKey]("NEW", &imap.SearchNew{}), k("OLD", hasNot(imap.FlagRecent)), k("RECENT", has(imap.FlagRecent)), k("SEEN", has(imap.FlagSeen)), k("SUBJECT a", text(imap.TextSubject, "a")), k("TEXT a", text(imap.TextText, "a")), k("TO a", text(imap.TextTo, "a")),
	k("UNANSWERED", hasNot(imap.FlagAnswered)), k("UNDELETED", hasNot(imap.FlagDeleted)), k("UNFLAGGED", hasNot(imap.FlagFlagged)), k("UNKEYWORD a", hasNot("a")), k("UNSEEN", hasNot(imap.FlagSeen)), k("DRAFT", has(imap.FlagDraft)), k("UNDRAFT", hasNot(imap.FlagDraft)),
	k[imap.SearchKey]("HEADER a b", &imap.SearchHeader{Name: "a", Value: "b"}), k[imap.SearchKey]("LARGER 7", &imap.SearchSize{Size: 7}), k[imap.SearchKey]("SMALLER 7", &imap.SearchSize{Smaller: true, Size: 7}),
	k[imap.SearchKey]("NOT SEEN", &imap.SearchNot{Key: has(imap.FlagSeen)}), k[imap.SearchKey]("OR SEEN DRAFT", &imap.SearchOr{Left: has(imap.FlagSeen), Right: has(imap.FlagDraft)}),
	k[imap.SearchKey]("SENTBEFORE 1-Feb-1994", &imap.SearchDate{Field: imap.DateSent, Op: imap.DateBefore, Date: searchDay}), k[imap.SearchKey]("SENTON 1-Feb-1994", &imap.SearchDate{Field: imap.DateSent, Op: imap.DateOn, Date: searchDay}), k[imap.SearchKey]("SENTSINCE 1-Feb-1994", &imap.SearchDate{Field: imap.DateSent, Op: imap.DateSince, Date: searchDay}),
	k[imap.SearchKey]("UID 1:7", &imap.SearchUID{Set: imap.SetRange(1, 7)}), k[imap.SearchKey]("2:4", &imap.SearchSeq{Set: imap.SetRange(2, 4)}), k[imap.SearchKey]("$", &imap.SearchSeq{Set: imap.Set{Saved: true}}),
	k("(SEEN)", has(imap.FlagSeen), "SEEN"), k("not (SEEN DRAFT)", imap.SearchKey(&imap.SearchNot{Key: and(has(imap.FlagSeen), has(imap.FlagDraft))}), "NOT (SEEN DRAFT)"),
}

var searchRules = []ruleTable{
	rowsOf("search", searchRows, searchRejects),
	command("search-key", "SEARCH %s", searchFor, keyRows...).but("", "()", "NOT", "OR SEEN", "UN SEEN", "UNRECENT", "UNALL", "SEENX", "FROM", "ON", "KEYWORD", "HEADER a", "(SEEN", "SEEN)", "SEEN DRAFT)", `"SEEN"`, "{4}\r\nSEEN"),
	command("search-key", "SEARCH NOT %s", func(key imap.SearchKey) Command { return search1(&imap.SearchNot{Key: key}) }, keyRows...),
	command("search-program", "SEARCH %s", func(s Search) Command { return &s }, k("ALL", Search{Key: all}), k("SEEN DRAFT", Search{Key: and(has(imap.FlagSeen), has(imap.FlagDraft))}), k("CHARSET UTF-8 ALL", Search{Charset: "UTF-8", Key: all}), k("charset \"UTF-8\" SEEN DRAFT", Search{Charset: "UTF-8", Key: and(has(imap.FlagSeen), has(imap.FlagDraft))}, "CHARSET UTF-8 SEEN DRAFT")).but("CHARSET UTF-8", "CHARSET ALL", "ALL CHARSET UTF-8", "ALL ", "ALL  SEEN"),
	command("search-return-opts", "SEARCH%s ALL", searchReturn, k[[]string](" RETURN ()", nil), k(" RETURN (MIN MAX)", []string{"MIN", "MAX"}), k(" return (COUNT)", []string{"COUNT"}, " RETURN (COUNT)")).but(" RETURN", " RETURN MIN", " RETURN (MIN", " RETURN(MIN)", " (MIN)", " RETURN (MIN )", " RETURN (MIN,MAX)"),
	command("search-return-opt", "SEARCH RETURN (%s) ALL", one(searchReturn), k("MIN", "MIN"), k("MAX", "MAX"), k("ALL", "ALL"), k("COUNT", "COUNT"), k("SAVE", "SAVE"), k("save", "SAVE", "SAVE"), k("X 5", "X 5")).but("5", `"MIN"`, "MIN)("),
	command("search-ret-opt-ext", "SEARCH RETURN (%s) ALL", one(searchReturn), k("X", "X"), k("PARTIAL 1:100", "PARTIAL 1:100"), k("X (a b)", "X (a b)")).but("X (a", `X "a"`),
	command("search-modifier-name", "SEARCH RETURN (%s) ALL", one(searchReturn), k("X-y.z_9:", "X-Y.Z_9:", "X-Y.Z_9:")).but("9X", ":X"),
	command("search-mod-params", "SEARCH RETURN (X %s) ALL", func(s string) Command { return searchReturn([]string{"X " + s}) }, k("5", "5"), k("1:*", "1:*"), k("()", "()"), k(`(a "b")`, `(a "b")`)).but("(", `"a"`, "{1}\r\na"),
}
