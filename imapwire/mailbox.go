package imapwire

import (
	"strings"

	"github.com/mailwire/mailwire/imapwire/engine"
	"github.com/mailwire/mailwire/imapwire/imap"
)

type (
	// A Create is CREATE, RFC 9051 §6.3.4. A trailing hierarchy delimiter
	// stands in Mailbox as it came.
	Create struct {
		Mailbox string
		// Use are the special uses asked for (RFC 6154 §3).
		Use []imap.MailboxAttr
		// Params are other create-params (RFC 4466), each the octets of name
		// and value as they stood on the wire.
		Params []string
	}
	// A Delete is DELETE, §6.3.5.
	Delete struct{ Mailbox string }
	// A Rename is RENAME, §6.3.6.
	Rename struct {
		From, To string
		// Params are rename-params (RFC 4466), as in Create.
		Params []string
	}
	// A Subscribe is SUBSCRIBE, §6.3.7.
	Subscribe struct{ Mailbox string }
	// An Unsubscribe is UNSUBSCRIBE, §6.3.8.
	Unsubscribe struct{ Mailbox string }
)

// Verb implements Command.
func (*Create) Verb() string { return "CREATE" }

// Verb implements Command.
func (*Delete) Verb() string { return "DELETE" }

// Verb implements Command.
func (*Rename) Verb() string { return "RENAME" }

// Verb implements Command.
func (*Subscribe) Verb() string { return "SUBSCRIBE" }

// Verb implements Command.
func (*Unsubscribe) Verb() string { return "UNSUBSCRIBE" }

// create = "CREATE" SP mailbox [SP "(" create-param *(SP create-param) ")"]
// create-param = tagged-ext-label [SP tagged-ext-val]
// create-param =/ "USE" SP "(" [use-attr *(SP use-attr)] ")"
func parseCreate(c *cursor) Command {
	cr := &Create{}
	c.sp("create")
	cr.Mailbox = c.mailbox()
	if !c.accept(' ') || !c.open("create-param") {
		return cr
	}
	for n := 0; n == 0 || c.more(n, "create-param"); n++ {
		if c.acceptFold("USE (") {
			c.pos--
			cr.Use = append(cr.Use, c.mailboxAttrs("use-attr")...)
		} else {
			cr.Params = append(cr.Params, c.taggedExt("create-param"))
		}
		if c.err != nil {
			return nil
		}
	}
	return cr
}

// use-attr = "\All" / "\Archive" / "\Drafts" / "\Flagged" / "\Junk" / "\Sent" / "\Trash" / use-attr-ext
// use-attr-ext = "\" atom
//
//	"(" [use-attr *(SP use-attr)] ")"
func (c *cursor) mailboxAttrs(production string) []imap.MailboxAttr {
	if !c.open(production) {
		return nil
	}
	attrs := makeList[imap.MailboxAttr](c)
	for c.more(len(attrs), production) {
		i := c.pos
		c.expect('\\', production)
		_, j := c.span(engine.Atom, production, "an attribute")
		if c.err == nil {
			attrs = append(attrs, imap.MailboxAttr(c.str(i, j)))
		}
	}
	return attrs
}

func (cr *Create) encode(e *encoder) {
	e.sp()
	e.astring(cr.Mailbox)
	for _, p := range cr.Params {
		if strings.HasPrefix(upper(p), "USE (") {
			e.fail("the parameter USE outside of Use")
		}
	}
	if len(cr.Use) == 0 {
		e.taggedExtList(cr.Params, "create-param")
		return
	}
	e.raw(" (USE (")
	for i, a := range cr.Use {
		if i > 0 {
			e.sp()
		}
		e.mailboxAttr(a)
	}
	e.byte(')')
	for _, p := range cr.Params {
		e.sp()
		e.taggedExt(p, "create-param")
	}
	e.byte(')')
}

func (e *encoder) mailboxAttr(a imap.MailboxAttr) {
	if len(a) < 2 || a[0] != '\\' || !engine.Atom.All(string(a[1:])) {
		e.fail("%q is not an attribute of a mailbox", cut(string(a)))
	}
	e.raw(string(a))
}

// delete = "DELETE" SP mailbox
func parseDelete(c *cursor) Command {
	c.sp("delete")
	return &Delete{Mailbox: c.mailbox()}
}

func (d *Delete) encode(e *encoder) {
	e.sp()
	e.astring(d.Mailbox)
}

// rename = "RENAME" SP mailbox SP mailbox [SP "(" rename-param *(SP rename-param) ")"]
// rename-param = tagged-ext-label [SP tagged-ext-val]
func parseRename(c *cursor) Command {
	r := &Rename{}
	c.sp("rename")
	r.From = c.mailbox()
	c.sp("rename")
	r.To = c.mailbox()
	if c.accept(' ') {
		r.Params = c.taggedExtList("rename-param")
	}
	return r
}

func (r *Rename) encode(e *encoder) {
	e.sp()
	e.astring(r.From)
	e.sp()
	e.astring(r.To)
	e.taggedExtList(r.Params, "rename-param")
}

// subscribe = "SUBSCRIBE" SP mailbox
func parseSubscribe(c *cursor) Command {
	c.sp("subscribe")
	return &Subscribe{Mailbox: c.mailbox()}
}

func (s *Subscribe) encode(e *encoder) {
	e.sp()
	e.astring(s.Mailbox)
}

// unsubscribe = "UNSUBSCRIBE" SP mailbox
func parseUnsubscribe(c *cursor) Command {
	c.sp("unsubscribe")
	return &Unsubscribe{Mailbox: c.mailbox()}
}

func (u *Unsubscribe) encode(e *encoder) {
	e.sp()
	e.astring(u.Mailbox)
}
