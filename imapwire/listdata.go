package imapwire

import (
	"github.com/mailwire/mailwire/imapwire/engine"
	"github.com/mailwire/mailwire/imapwire/imap"
)

// mailbox-list = "(" [mbx-list-flags] ")" SP (DQUOTE QUOTED-CHAR DQUOTE / nil) SP mailbox [SP mbox-list-extended]
func (c *cursor) listData(verb string) Response {
	const production = "mailbox-list"
	slab := &struct {
		ListData
		room [2]imap.MailboxAttr
	}{}
	r := &slab.ListData
	r.Verb = verb
	attrs := slab.room[:0]
	c.sp(production)
	if c.open(production) {
		for n := 0; c.more(n, production); n++ {
			if a := c.mailboxAttr(); a != "" {
				attrs = append(attrs, a)
			}
		}
	}
	if len(attrs) > 0 {
		r.Attrs = attrs
	}
	c.sp(production)
	r.Delimiter = c.delimiter()
	c.sp(production)
	name := c.mark()
	r.Mailbox = c.mailbox()
	if c.follows() {
		c.listExtended(r)
	}
	if c.tol.Has(TolerateUnquotedMailbox) && (c.failedHere() || c.err == nil && !c.lineEnds()) {
		m, err := c.mark(), c.err
		c.back(name)
		if s, ok := c.unquotedMailbox(false); ok {
			return &ListData{Verb: r.Verb, Attrs: r.Attrs, Delimiter: r.Delimiter, Mailbox: s}
		}
		c.back(m)
		c.err = err
	}
	return r
}

// mbx-list-oflag = "\Noinferiors" / child-mbox-flag / "\Subscribed" / "\Remote" / flag-extension
func (c *cursor) mailboxAttr() imap.MailboxAttr {
	i := c.pos
	c.expect('\\', "mbx-list-oflag")
	if x := c.peek(); (x == ' ' || x == ')') && c.tolerateAt(TolerateEmptyFlag, i) {
		return ""
	}
	_, j := c.span(engine.Atom, "mbx-list-oflag", "an attribute")
	if c.err == nil {
		if a := knownAttr(c.b[i:j]); a != "" {
			return a
		}
	}
	return imap.MailboxAttr(c.str(i, j))
}

// mbox-list-extended = "(" [mbox-list-extended-item *(SP mbox-list-extended-item)] ")"
// mbox-list-extended-item = mbox-list-extended-item-tag SP tagged-ext-val
// childinfo-extended-item = "CHILDINFO" SP "(" list-select-base-opt-quoted *(SP list-select-base-opt-quoted) ")"
// oldname-extended-item = "OLDNAME" SP "(" mailbox ")"
func (c *cursor) listExtended(r *ListData) {
	const production = "mbox-list-extended"
	if !c.open(production) {
		return
	}
	for n := 0; c.more(n, production); n++ {
		i := c.pos
		tag := upper(c.astring("mbox-list-extended-item-tag"))
		c.sp(production)
		sub := *c
		switch tag {
		case "CHILDINFO":
			if words := sub.childInfo(); sub.err == nil && r.ChildInfo == nil {
				*c = sub
				r.ChildInfo = words
				continue
			}
		case "OLDNAME":
			if name := sub.oldName(); sub.err == nil && r.OldName == "" && name != "" {
				*c = sub
				r.OldName = name
				continue
			}
		}
		c.skipValue(production)
		r.Extended = append(r.Extended, c.rawStr(i, c.pos))
	}
}

func (c *cursor) childInfo() []string {
	const production = "childinfo-extended-item"
	if !c.open(production) {
		return nil
	}
	var words []string
	for c.more(len(words), production) {
		words = append(words, upper(c.astring(production)))
	}
	if len(words) == 0 && c.err == nil {
		c.fail(production, "an option")
	}
	return words
}

func (c *cursor) oldName() string {
	const production = "oldname-extended-item"
	if !c.open(production) {
		return ""
	}
	name := c.mailbox()
	c.close(production)
	return name
}

func (e *encoder) listData(r *ListData) {
	switch r.Verb {
	case "":
		e.raw("* LIST (")
	case "LSUB", "XLIST":
		e.raw("* " + r.Verb + " (")
	default:
		e.fail("%q is not LIST, LSUB or XLIST", cut(r.Verb))
	}
	for i, a := range r.Attrs {
		if i > 0 {
			e.sp()
		}
		if len(a) < 2 || a[0] != '\\' || !engine.Atom.All(string(a[1:])) {
			e.fail("%q is not an attribute", cut(string(a)))
		}
		e.raw(string(a))
	}
	e.raw(") ")
	e.delimiter(r.Delimiter)
	e.sp()
	e.astring(r.Mailbox)
	if r.OldName == "" && len(r.ChildInfo)+len(r.Extended) == 0 {
		return
	}
	e.raw(" (")
	sep := ""
	if len(r.ChildInfo) > 0 {
		e.raw(`"CHILDINFO" (`)
		for i, w := range r.ChildInfo {
			if i > 0 {
				e.sp()
			}
			e.quoted(upper(w))
		}
		e.byte(')')
		sep = " "
	}
	if r.OldName != "" {
		e.raw(sep + `"OLDNAME" (`)
		e.astring(r.OldName)
		e.byte(')')
		sep = " "
	}
	for _, x := range r.Extended {
		e.raw(sep)
		sep = " "
		e.value(x, "an extended item", func(c *cursor) {
			c.astring("mbox-list-extended-item-tag")
			c.sp("mbox-list-extended")
			c.skipValue("mbox-list-extended")
		})
	}
	e.byte(')')
}
