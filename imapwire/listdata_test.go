package imapwire

import "github.com/mailwire/mailwire/imapwire/imap"

func listed(d ListData) Response {
	d.Delimiter, d.Mailbox = '/', "a"
	return &d
}

func listedAttr(a imap.MailboxAttr) Response { return listed(ListData{Attrs: []imap.MailboxAttr{a}}) }

func listedItem(s string) Response { return listed(ListData{Extended: []string{s}}) }

var (
	selectableRows = []known[imap.MailboxAttr]{k(`\NonExistent`, imap.AttrNonExistent), k(`\Noselect`, imap.AttrNoSelect), k(`\Marked`, imap.AttrMarked), k(`\Unmarked`, imap.AttrUnmarked)}
	otherAttrRows  = []known[imap.MailboxAttr]{k(`\Noinferiors`, imap.AttrNoInferiors), k(`\HasChildren`, imap.AttrHasChildren), k(`\HasNoChildren`, imap.AttrHasNoChildren), k(`\Subscribed`, imap.AttrSubscribed), k(`\Remote`, imap.AttrRemote), k(`\Own-1`, imap.MailboxAttr(`\Own-1`))}
)

var listdataRules = []ruleTable{
	response("mailbox-list", "* LIST %s", itself[Response],
		k[Response](`() "/" a`, &ListData{Delimiter: '/', Mailbox: "a"}), k[Response](`() NIL a`, &ListData{Mailbox: "a"}), k[Response](`(\Noselect) "\\" a`, &ListData{Attrs: []imap.MailboxAttr{imap.AttrNoSelect}, Delimiter: '\\', Mailbox: "a"}), k[Response](`() "\"" "a b"`, &ListData{Delimiter: '"', Mailbox: "a b"}),
		k[Response](`() "/" a ("X" (b))`, &ListData{Delimiter: '/', Mailbox: "a", Extended: []string{`"X" (b)`}}), k[Response](`() "/" a ()`, &ListData{Delimiter: '/', Mailbox: "a"}, `() "/" a`),
	).but("", `"/" a`, `() a`, `() / a`, `() "//" a`, `()"/" a`, `() "/" a b`, `() {1}`+"\r\n"+`/ a`, `() "/"`),
	response("mbx-list-flags", `* LIST (%s) "/" a`, func(a []imap.MailboxAttr) Response { return listed(ListData{Attrs: a}) },
		k(`\Noselect`, []imap.MailboxAttr{imap.AttrNoSelect}), k(`\HasChildren \Noselect \Subscribed`, []imap.MailboxAttr{imap.AttrHasChildren, imap.AttrNoSelect, imap.AttrSubscribed}), k(`\Noinferiors \Own`, []imap.MailboxAttr{imap.AttrNoInferiors, `\Own`})).but(`\`, "a", `\a `, `\a  \b`, `\a,\b`),
	response("mbx-list-oflag", `* LIST (%s) "/" a`, listedAttr, otherAttrRows...).but("Noinferiors", `\`, `\*`, `"\Remote"`),
	response("mbx-list-sflag", `* LIST (%s) "/" a`, listedAttr, selectableRows...).but("Noselect"),
	response("child-mbox-flag", `* LIST (%s) "/" a`, listedAttr, k(`\HasChildren`, imap.AttrHasChildren), k(`\HasNoChildren`, imap.AttrHasNoChildren)),
	response("mbox-list-extended", `* LIST () "/" a %s`, func(s []string) Response { return listed(ListData{Extended: s}) }, k(`("X" 1)`, []string{`"X" 1`}), k(`(X (b) "Y" 1:2)`, []string{`X (b)`, `"Y" 1:2`})).but("(", `("X")`, `("X" 1`, `("X" 1 )`, `"X" 1`),
	response("mbox-list-extended-item", `* LIST () "/" a (%s)`, listedItem, k(`"X" 7`, `"X" 7`), k(`X ()`, `X ()`), k(`"X" (a "b" (c))`, `"X" (a "b" (c))`), k(`"X" 2:*`, `"X" 2:*`)).but(`"X"`, `"X" `, `X (a`),
	response("mbox-list-extended-item-tag", `* LIST () "/" a (%s (b))`, func(s string) Response { return listedItem(s + " (b)") }, k(`"TABLECLOTH"`, `"TABLECLOTH"`), k("TABLECLOTH", "TABLECLOTH"), k(`"vendor.acme-x"`, `"vendor.acme-x"`), k("{1}\r\nX", "{1}\r\nX")).but("", "(X)", "a%"),
	response("eitem-standard-tag", `* LIST () "/" a (%s (b))`, func(s string) Response { return listedItem(s + " (b)") }, k("X", "X"), k(`"X"`, `"X"`)),
	response("eitem-vendor-tag", `* LIST () "/" a (%s (b))`, func(s string) Response { return listedItem(s + " (b)") }, k("vendor.acme-x", "vendor.acme-x"), k(`"vendor.acme-x"`, `"vendor.acme-x"`)),
	response("childinfo-extended-item", `* LIST () "/" a (%s)`, func(w []string) Response { return listed(ListData{ChildInfo: w}) }, k(`"CHILDINFO" ("SUBSCRIBED")`, []string{"SUBSCRIBED"}), k(`CHILDINFO ("SUBSCRIBED" "X")`, []string{"SUBSCRIBED", "X"}, `"CHILDINFO" ("SUBSCRIBED" "X")`)).but("CHILDINFO", "CHILDINFO (", `CHILDINFO ("a`),
	response("list-select-base-opt-quoted", `* LIST () "/" a ("CHILDINFO" (%s))`, func(w string) Response { return listed(ListData{ChildInfo: []string{w}}) }, k(`"SUBSCRIBED"`, "SUBSCRIBED"), k(`"X-Y"`, "X-Y"), k(`"subscribed"`, "SUBSCRIBED", `"SUBSCRIBED"`)),
	response("oldname-extended-item", `* LIST () "/" a (%s)`, func(s string) Response { return listed(ListData{OldName: s}) }, k(`"OLDNAME" (b)`, "b"), k(`OLDNAME ("b c")`, "b c", `"OLDNAME" ("b c")`), k(`"oldname" ({2}`+"\r\nb\n)", "b\n", `"OLDNAME" ({2}`+"\r\nb\n)")).but("OLDNAME", "OLDNAME b)(", "OLDNAME (b"),
}
