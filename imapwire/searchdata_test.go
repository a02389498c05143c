package imapwire

import "github.com/mailwire/mailwire/imapwire/imap"

func esearched(r ESearchData) Response { return &r }

func esearchedItem(s string) Response { return &ESearchData{Extended: []string{s}} }

var searchdataRules = []ruleTable{
	response("esearch-response", "* %s", esearched,
		k("ESEARCH", ESearchData{}), k(`ESEARCH (TAG "a")`, ESearchData{Tag: "a"}), k("ESEARCH UID", ESearchData{UID: true}), k("ESEARCH COUNT 0", ESearchData{HasCount: true}), k(`esearch (tag "a") uid min 1 ALL 1:3`, ESearchData{Tag: "a", UID: true, HasMin: true, Min: 1, All: []imap.Range{{First: 1, Last: 3}}}, `ESEARCH (TAG "a") UID MIN 1 ALL 1:3`),
	).but(`ESEARCH UID (TAG "a") x`, "ESEARCH  UID", "ESEARCH UID UID", `ESEARCH(TAG "a")`, "ESEARCH COUNT"),
	response("search-correlator", "* ESEARCH%s UID", func(s string) Response { return &ESearchData{Tag: s, UID: true} }, k(` (TAG "a1")`, "a1"), k(" (tag a1)", "a1", ` (TAG "a1")`)).but(" (TAG)", ` (X "a1")`, ` (TAG "a1" x)`, ` ("a1")`, " ()", ` (TAG "a1"`),
	response("tag-string", "* ESEARCH (TAG %s)", func(s string) Response { return &ESearchData{Tag: s} }, k(`"a1"`, "a1"), k("a1", "a1", `"a1"`), k("{2}\r\na]", "a]", `"a]"`)).but("", "(a1)", "a b"),
	response("search-return-data", "* ESEARCH %s", esearched,
		k("MIN 1", ESearchData{HasMin: true, Min: 1}), k("MAX 4294967295", ESearchData{HasMax: true, Max: lastUID}), k("ALL 1:3,5", ESearchData{All: []imap.Range{{First: 1, Last: 3}, {First: 5, Last: 5}}}), k("ALL 5,3:1", ESearchData{All: []imap.Range{{First: 1, Last: 3}, {First: 5, Last: 5}}}, "ALL 1:3,5"),
		k("COUNT 0", ESearchData{HasCount: true}), k("COUNT 4294967295", ESearchData{HasCount: true, Count: lastUID}), k("X (1)", ESearchData{Extended: []string{"X (1)"}}),
	).but("MIN 0", "MIN 4294967296", "MAX 0", "COUNT -1", "COUNT 4294967296", "ALL $", "ALL 1:*", "ALL", "ALL 0", "MIN"),
	response("search-ret-data-ext", "* ESEARCH %s", esearchedItem, k("PARTIAL (1:3 7)", "PARTIAL (1:3 7)"), k("X 7", "X 7")).but("X", "X (", "(X 1)", "X 1 Y"),
	response("search-return-value", "* ESEARCH X %s", func(s string) Response { return esearchedItem("X " + s) }, k("7", "7"), k("9223372036854775807", "9223372036854775807"), k("1:3,5", "1:3,5"), k("()", "()"), k(`(a "b" (c))`, `(a "b" (c))`)).but("", "(a", "(a  b)"),
}
