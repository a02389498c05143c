package imapwire

import (
	"strings"

	"github.com/mailwire/mailwire/imapwire/imap"
)

// envelopeItem reads an ENVELOPE.
func (c *cursor) envelopeItem() *imap.Envelope {
	mem := c.mem()
	mem.envelope = imap.Envelope{}
	c.envelope(&mem.envelope, mem)
	return &mem.envelope
}

// envelope = "(" env-date SP env-subject SP env-from SP env-sender SP env-reply-to SP env-to SP
// env-cc SP env-bcc SP env-in-reply-to SP env-message-id ")"
func (c *cursor) envelope(v *imap.Envelope, mem *fetchMemory) {
	const production = "envelope"
	if !c.open(production) {
		return
	}
	v.Date = c.nstring("env-date")
	c.sp(production)
	v.Subject = c.nstring("env-subject")
	for _, list := range [...]*[]imap.Address{&v.From, &v.Sender, &v.ReplyTo, &v.To, &v.CC, &v.BCC} {
		c.sp(production)
		*list = c.addressList(mem)
	}
	c.sp(production)
	v.InReplyTo = c.nstring("env-in-reply-to")
	c.sp(production)
	v.MessageID = c.nstring("env-message-id")
	c.close(production)
}

// env-from = "(" 1*address ")" / nil
// address = "(" addr-name SP addr-adl SP addr-mailbox SP addr-host ")"
func (c *cursor) addressList(mem *fetchMemory) []imap.Address {
	const production = "address"
	if c.acceptNil() || !c.open(production) {
		return nil
	}
	start := len(mem.addresses)
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
		mem.addresses = append(mem.addresses, a)
	}
	if len(mem.addresses) == start {
		return nil
	}
	return mem.addresses[start:len(mem.addresses):len(mem.addresses)]
}

// nilAddresses moves over NIL in the place of addresses, and returns how many
// there were.
func (c *cursor) nilAddresses() (n int) {
	for c.peek() != '(' && c.tol.Has(TolerateNilAddress) {
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
