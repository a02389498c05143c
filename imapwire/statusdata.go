package imapwire

import "github.com/mailwire/mailwire/imapwire/engine"

// mailbox-data =/ "STATUS" SP mailbox SP "(" [status-att-list] ")"
// status-att-list = status-att-val *(SP status-att-val)
// status-att-val = ("MESSAGES" SP number) / ("UIDNEXT" SP nz-number) / … / status-att-extension
func (c *cursor) statusData() Response {
	const production = "status-att-list"
	slab := &struct {
		StatusData
		room [4]StatusValue
	}{}
	r := &slab.StatusData
	c.sp("mailbox-data")
	name := c.mark()
	r.Mailbox = c.mailbox()
	c.sp("mailbox-data")
	if c.tol.Has(TolerateUnquotedMailbox) && c.peek() != '(' && (c.err == nil || c.failedHere()) {
		c.back(name)
		if s, ok := c.unquotedMailbox(true); ok {
			r.Mailbox = s
		}
		c.sp("mailbox-data")
	}
	if !c.open(production) {
		return nil
	}
	values := slab.room[:0]
	for c.more(len(values), production) {
		v := StatusValue{Item: c.statusItem()}
		c.sp(production)
		if m := c.mark(); c.at(engine.Digit) {
			v.Number = c.number64(production)
			if x := c.peek(); x == ' ' || x == ')' {
				if v.Number == 0 && (v.Item == StatusUIDNext || v.Item == StatusUIDValidity) && !c.tolerateAt(TolerateZeroNumber, m.pos) {
					c.failAt(m.pos, production, "a number above 0")
				}
				values = append(values, v)
				continue
			}
			c.retry(m)
			v.Number = 0
		}
		v.Raw = c.value(production)
		values = append(values, v)
	}
	if len(values) > 0 {
		r.Values = values
	}
	return r
}

func (e *encoder) statusData(r *StatusData) {
	e.raw("* STATUS ")
	e.astring(r.Mailbox)
	e.raw(" (")
	for i, v := range r.Values {
		if i > 0 {
			e.sp()
		}
		e.atom(upper(string(v.Item)))
		e.sp()
		if v.Raw == "" {
			e.number64(v.Number, string(v.Item))
			continue
		}
		if v.Number != 0 {
			e.fail("%s with a number and %q", v.Item, cut(v.Raw))
		}
		if engine.Digit.All(v.Raw) && len(v.Raw) < 19 {
			e.fail("%s of %q, which is a number", v.Item, cut(v.Raw))
		}
		e.genericValue(v.Raw, "the value of a status item")
	}
	e.byte(')')
}
