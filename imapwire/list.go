package imapwire

import (
	"slices"
	"strings"

	"github.com/mailwire/mailwire/imapwire/engine"
	"github.com/mailwire/mailwire/imapwire/imap"
)

// A List is LIST, RFC 9051 §6.3.9, with the selection and return options of
// RFC 5258, 6154 and 5819.
type List struct {
	// Select are the selection options, upper case: SUBSCRIBED, REMOTE,
	// RECURSIVEMATCH, SPECIAL-USE, or another with its value as raw octets.
	Select []string
	// Reference and Patterns are octets of the wire; a List has one pattern
	// at least. Several are the extended form.
	Reference string
	Patterns  []string
	// Extended is true when the command used any form that RFC 3501 lacks:
	// selection options, several patterns in parentheses, RETURN.
	Extended bool
	// Return are the return options, upper case: SUBSCRIBED, CHILDREN,
	// SPECIAL-USE, STATUS (its items in StatusItems), or another as raw octets.
	Return []string
	// StatusItems are the items of the return option STATUS.
	StatusItems []StatusItem
}

// An LSub is LSUB, RFC 3501 §6.3.9.
type LSub struct {
	Reference string
	Pattern   string
}

// A ListData is one mailbox of a LIST or LSUB: * LIST, * LSUB, * XLIST.
type ListData struct {
	// Verb is LIST; LSUB or XLIST when it is one of these. Empty is LIST.
	Verb  string
	Attrs []imap.MailboxAttr
	// Delimiter separates levels of hierarchy; zero is NIL, a flat name.
	Delimiter byte
	Mailbox   string
	// OldName is the former name told in OLDNAME (RFC 9051 §6.3.9.7); empty is none.
	OldName string
	// ChildInfo are the words of CHILDINFO (RFC 5258 §3.5).
	ChildInfo []string
	// Extended are other extended items, each the octets of tag and value.
	Extended []string
}

// Verb implements Command.
func (*List) Verb() string { return "LIST" }

// Verb implements Command.
func (*LSub) Verb() string { return "LSUB" }

// list = "LIST" [SP list-select-opts] SP mailbox SP mbox-or-pat [SP list-return-opts]
// list-select-opts = "(" [list-select-opt *(SP list-select-opt)] ")"
// mbox-or-pat = list-mailbox / patterns
// patterns = "(" list-mailbox *(SP list-mailbox) ")"
// list-return-opts = "RETURN" SP "(" [return-option *(SP return-option)] ")"
func parseList(c *cursor) Command {
	slab := &struct {
		List
		patterns [1]string
	}{}
	l := &slab.List
	c.sp("list")
	if c.peek() == '(' {
		l.Extended = true
		c.open("list-select-opts")
		for c.more(len(l.Select), "list-select-opts") {
			l.Select = append(l.Select, c.listOption("list-select-opt"))
		}
		if modifiesNothing(l.Select) && c.err == nil {
			c.fail("list-select-opts", "an option that RECURSIVEMATCH can modify")
		}
		c.sp("list")
	}
	l.Reference = c.mailbox()
	c.sp("list")
	if c.peek() == '(' {
		l.Extended = true
		c.open("patterns")
		for len(l.Patterns) == 0 || c.more(len(l.Patterns), "patterns") {
			l.Patterns = append(l.Patterns, c.listMailbox())
			if c.err != nil {
				return nil
			}
		}
	} else {
		l.Patterns = append(slab.patterns[:0], c.listMailbox())
	}
	if c.accept(' ') {
		l.Extended = true
		if !c.acceptFold("RETURN ") && c.err == nil {
			c.fail("list-return-opts", "RETURN and a list of options")
		}
		c.open("list-return-opts")
		l.Return = makeList[string](c)
		for n := 0; c.more(n, "list-return-opts"); n++ {
			i := c.pos
			if l.StatusItems == nil && c.acceptFold("STATUS (") {
				c.pos--
				l.Return = append(l.Return, "STATUS")
				l.StatusItems = c.statusItems(nil)
				continue
			}
			o := c.listOption("return-option")
			if name, _, _ := strings.Cut(o, " "); name == "STATUS" {
				c.failAt(i, "return-option", "STATUS once, with its items")
			}
			l.Return = append(l.Return, o)
		}
	}
	return l
}

// list-select-opt = list-select-base-opt / list-select-independent-opt / list-select-mod-opt
// option-extension = atom [SP "(" option-val-comp ")"]
//
// The name comes out in upper case.
func (c *cursor) listOption(production string) string {
	i := c.pos
	_, j := c.span(engine.Atom, production, "an option")
	if c.peek() == ' ' && c.pos+1 < len(c.b) && c.b[c.pos+1] == '(' {
		c.pos++
		c.steps++
		c.skipValue(production)
	}
	return c.label(i, j, c.pos)
}

// modifiesNothing reports whether RECURSIVEMATCH, which modifies other options,
// stands where there is none (RFC 5258 §3, list-select-opts). Options that this
// package does not know may be such.
func modifiesNothing(opts []string) bool {
	modifies := false
	for _, o := range opts {
		switch o {
		case "RECURSIVEMATCH":
			modifies = true
		case "REMOTE":
		default:
			return false
		}
	}
	return modifies
}

func (l *List) encode(e *encoder) {
	if modifiesNothing(l.Select) {
		e.fail("LIST with RECURSIVEMATCH and nothing to modify")
	}
	if len(l.Select) > 0 {
		e.sp()
		e.listOptions(l.Select, "list-select-opt")
	}
	e.sp()
	e.astring(l.Reference)
	e.sp()
	status := slices.Contains(l.Return, "STATUS")
	if status != (len(l.StatusItems) > 0) {
		e.fail("LIST with the return option STATUS, or its items, alone")
	}
	switch {
	case len(l.Patterns) == 0:
		e.fail("LIST without a pattern")
	case len(l.Patterns) > 1, l.Extended && len(l.Select) == 0 && len(l.Return) == 0:
		e.byte('(')
		for i, p := range l.Patterns {
			if i > 0 {
				e.sp()
			}
			e.listMailbox(p)
		}
		e.byte(')')
	default:
		e.listMailbox(l.Patterns[0])
	}
	if len(l.Return) == 0 {
		return
	}
	e.raw(" RETURN ")
	if !status {
		e.listOptions(l.Return, "return-option")
		return
	}
	e.byte('(')
	for i, o := range l.Return {
		if i > 0 {
			e.sp()
		}
		if o != "STATUS" {
			e.listOption(o, "return-option")
			continue
		}
		if !status {
			e.fail("LIST with the return option STATUS twice")
		}
		status = false // written
		e.raw("STATUS ")
		e.statusItems(l.StatusItems)
	}
	e.byte(')')
}

func (e *encoder) listOptions(opts []string, what string) {
	e.byte('(')
	for i, o := range opts {
		if i > 0 {
			e.sp()
		}
		e.listOption(o, what)
	}
	e.byte(')')
}

func (e *encoder) listOption(o, what string) {
	e.value(o, what, func(c *cursor) {
		if strings.HasPrefix(c.listOption(what), "STATUS (") {
			c.fail(what, "the items of STATUS in StatusItems")
		}
	})
}

// lsub = "LSUB" SP mailbox SP list-mailbox
func parseLSub(c *cursor) Command {
	l := &LSub{}
	c.sp("lsub")
	l.Reference = c.mailbox()
	c.sp("lsub")
	l.Pattern = c.listMailbox()
	return l
}

func (l *LSub) encode(e *encoder) {
	e.sp()
	e.astring(l.Reference)
	e.sp()
	e.listMailbox(l.Pattern)
}

func (*ListData) response() {}
