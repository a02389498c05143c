package imapwire

import (
	"strings"

	"github.com/mailwire/mailwire/imapwire/engine"
	"github.com/mailwire/mailwire/imapwire/imap"
)

// A slabs holds what the lists of one ENVELOPE or body structure are cut from:
// one allocation for each type, of about the right size.
type slabs struct {
	addresses []imap.Address
	params    []imap.Param
	parts     []imap.BodyStructure
	strings   []string
}

// census looks ahead over the value at the cursor and makes room: pairs is how
// often a list begins right behind another or inside it, which addresses and
// parts do; strings is how many quoted strings there are.
func (c *cursor) census() (pairs, quoted int) {
	depth := 0
	last := byte(0)
	for i := c.pos; i < len(c.b); i++ {
		x := c.b[i]
		switch x {
		case '(':
			if last == '(' || last == ')' {
				pairs++
			}
			depth++
		case ')':
			if depth--; depth <= 0 {
				c.steps += int64(i - c.pos)
				return pairs, quoted
			}
		case '"':
			quoted++
			for i++; i < len(c.b) && c.b[i] != '"'; i++ {
				if c.b[i] == '\\' {
					i++
				}
			}
		case '{':
			n, j := 0, i+1
			for ; j < len(c.b) && engine.Digit.Is(c.b[j]) && n < len(c.b); j++ {
				n = n*10 + int(c.b[j]-'0')
			}
			i = min(j+2+n, len(c.b))
		}
		last = x
	}
	c.steps += int64(len(c.b) - c.pos)
	return pairs, quoted
}

// envelopeItem reads an ENVELOPE with a slab of its own.
func (c *cursor) envelopeItem() *imap.Envelope {
	pairs, _ := c.census()
	s := slabs{addresses: make([]imap.Address, 0, pairs)}
	env := &imap.Envelope{}
	c.envelope(env, &s)
	return env
}

// envelope = "(" env-date SP env-subject SP env-from SP env-sender SP env-reply-to SP env-to SP
// env-cc SP env-bcc SP env-in-reply-to SP env-message-id ")"
func (c *cursor) envelope(v *imap.Envelope, s *slabs) {
	const production = "envelope"
	if !c.open(production) {
		return
	}
	v.Date = c.nstring("env-date")
	c.sp(production)
	v.Subject = c.nstring("env-subject")
	for _, list := range [...]*[]imap.Address{&v.From, &v.Sender, &v.ReplyTo, &v.To, &v.CC, &v.BCC} {
		c.sp(production)
		*list = c.addressList(s)
	}
	c.sp(production)
	v.InReplyTo = c.nstring("env-in-reply-to")
	c.sp(production)
	v.MessageID = c.nstring("env-message-id")
	c.close(production)
}

// env-from = "(" 1*address ")" / nil
// address = "(" addr-name SP addr-adl SP addr-mailbox SP addr-host ")"
func (c *cursor) addressList(s *slabs) []imap.Address {
	const production = "address"
	if c.acceptNil() || !c.open(production) {
		return nil
	}
	start := len(s.addresses)
	for n := c.nilAddresses(); c.nextList(n, production); n += 1 + c.nilAddresses() {
		if !c.open(production) {
			return nil
		}
		c.inAddress = c.tol.Has(TolerateQuoteInAddress)
		var a imap.Address
		a.Name = c.nstring("addr-name")
		c.shortLiteral(&a.Name)
		c.sp(production)
		a.Route = c.nstring("addr-adl")
		c.sp(production)
		a.Mailbox = c.nstring("addr-mailbox")
		c.sp(production)
		a.Host = c.nstring("addr-host")
		c.inAddress = false
		c.close(production)
		s.addresses = append(s.addresses, a)
	}
	if len(s.addresses) == start {
		return nil
	}
	return s.addresses[start:len(s.addresses):len(s.addresses)]
}

// nilAddresses moves over NIL in the place of addresses, and returns how many
// there were.
func (c *cursor) nilAddresses() (n int) {
	for c.tol.Has(TolerateNilAddress) {
		m := c.mark()
		c.accept(' ')
		if i := c.pos; !c.acceptNil() {
			if c.err == nil {
				c.back(m)
			}
			return n
		} else if c.tolerateAt(TolerateNilAddress, i) {
			n++
		}
	}
	return n
}

// maxShortLiteral is how far a literal may go on behind its end.
const maxShortLiteral = 1024

// shortLiteral lets the name of an address, a literal that was just read, go on to
// where the three other fields follow.
func (c *cursor) shortLiteral(name *imap.NString) {
	if c.err != nil || c.pos != c.literalEnd || !c.tol.Has(TolerateShortLiteral) {
		return
	}
	rest := func() bool {
		for range 3 {
			c.expect(' ', "address")
			c.nstring("address")
		}
		return c.err == nil && c.peek() == ')'
	}
	m := c.mark()
	for end := m.pos; end < min(len(c.b), m.pos+maxShortLiteral); end++ {
		if c.b[end] != ' ' {
			continue
		}
		c.back(m)
		c.pos = end
		fits := rest()
		c.back(m)
		if fits {
			if end > m.pos && c.tolerate(TolerateShortLiteral) {
				name.Value += c.str(m.pos, end)
				c.pos = end
			}
			return
		}
	}
}

// headerString appends a string that came out of a message. NUL, which has no
// form outside of literal8 (RFC 9051 §4.3), is left out, as are CR and LF,
// which unfolding took away already.
func (e *encoder) headerString(s imap.NString) {
	if s.Valid && strings.ContainsAny(s.Value, "\x00\r\n") {
		s.Value = unsendable.Replace(s.Value)
	}
	e.nstring(s)
}

var unsendable = strings.NewReplacer("\x00", "", "\r", "", "\n", "")

func (e *encoder) envelope(v *imap.Envelope) {
	if v == nil {
		e.fail("ENVELOPE without one")
		return
	}
	e.byte('(')
	e.headerString(v.Date)
	e.sp()
	e.headerString(v.Subject)
	for _, list := range [...][]imap.Address{v.From, v.Sender, v.ReplyTo, v.To, v.CC, v.BCC} {
		e.sp()
		e.addressList(list)
	}
	e.sp()
	e.headerString(v.InReplyTo)
	e.sp()
	e.headerString(v.MessageID)
	e.byte(')')
}

func (e *encoder) addressList(list []imap.Address) {
	if len(list) == 0 {
		e.raw("NIL")
		return
	}
	e.byte('(')
	for _, a := range list {
		e.byte('(')
		e.headerString(a.Name)
		e.sp()
		e.headerString(a.Route)
		e.sp()
		e.headerString(a.Mailbox)
		e.sp()
		e.headerString(a.Host)
		e.byte(')')
	}
	e.byte(')')
}
