package message

import (
	"strings"

	"github.com/mailwire/mailwire/imapwire/imap"
)

// ParseAddresses reads an address list as ENVELOPE tells it: the octets of the
// header, encoded words included, quotes and comments taken away. A group is an
// address without a host that has its name, the members, and one with nothing
// at all (RFC 9051 §7.5.2). What is no address becomes one as well as it goes:
// a mailbox without a domain has the empty host, since NIL would start a group.
// At most limit elements are read; zero is the default of [Limits].Addresses.
//
//	address-list = (address *("," address)) / obs-addr-list
//	address = mailbox / group
func ParseAddresses(value string, limit int) []imap.Address {
	if limit <= 0 {
		limit = Limits{}.withDefaults().Addresses
	}
	a := addressParser{scanner: scanner{s: value}, limit: limit}
	a.list()
	return a.out
}

type addressParser struct {
	scanner
	limit   int
	out     []imap.Address
	inGroup bool
}

func (a *addressParser) list() {
	for len(a.out) < a.limit {
		a.one()
		a.skip()
		if a.i >= len(a.s) {
			break
		}
		switch a.s[a.i] {
		case ';':
			if a.inGroup {
				a.inGroup = false
				a.out = append(a.out, imap.Address{})
			}
		}
		a.i++ // "," or ";", or something that stands in the way
	}
	if a.inGroup {
		a.out = append(a.out, imap.Address{})
	}
}

// A phrase is words that may be a display name, a group's name or a local part.
type phrase struct {
	words []string // as a name has them: quotes taken away
	local strings.Builder
	note  string // the last comment
}

func (p *phrase) name() imap.NString {
	if len(p.words) == 0 {
		return imap.NString{}
	}
	return imap.String(strings.Join(p.words, " "))
}

// one reads one mailbox, or the start of a group.
func (a *addressParser) one() {
	var p phrase
	for a.i < len(a.s) {
		switch c := a.s[a.i]; c {
		case ' ', '\t', '\r', '\n':
			a.i++
		case '(':
			p.note = strings.TrimSpace(a.comment())
		case '"':
			q := a.quoted()
			p.words = append(p.words, q)
			p.local.WriteString(q)
		case '<':
			a.i++
			a.angle(&p)
			return
		case '@':
			a.i++
			a.spec(&p)
			return
		case ':':
			a.i++
			if a.inGroup {
				continue // groups have no groups: it is noise
			}
			a.inGroup = true
			a.out = append(a.out, imap.Address{Mailbox: imap.String(strings.Join(p.words, " "))})
			return
		case ',', ';':
			a.bare(&p)
			return
		default:
			w := a.word()
			p.words = append(p.words, w)
			p.local.WriteString(w)
		}
	}
	a.bare(&p)
}

// word reads octets up to white space or something special; a single special
// that has no meaning here counts as a word.
func (a *addressParser) word() string {
	start := a.i
	for a.i < len(a.s) && strings.IndexByte(" \t\r\n()<>@,;:\"", a.s[a.i]) < 0 {
		if a.s[a.i] == '\\' {
			a.i++
		}
		a.i++
	}
	a.i = min(a.i, len(a.s))
	if a.i == start {
		a.i++
	}
	return a.s[start:a.i]
}

// bare is words without an address.
func (a *addressParser) bare(p *phrase) {
	if p.local.Len() == 0 {
		return
	}
	ad := imap.Address{Mailbox: imap.String(p.local.String()), Host: imap.String("")}
	if p.note != "" {
		ad.Name = imap.String(p.note)
	}
	a.out = append(a.out, ad)
}

// spec reads the domain of an address without angle brackets; the words before
// are its local part, and a comment is the name.
//
//	addr-spec = local-part "@" domain
func (a *addressParser) spec(p *phrase) {
	domain := a.domain(p, ",;<>")
	ad := imap.Address{Mailbox: imap.String(p.local.String()), Host: imap.String(domain)}
	if p.note != "" {
		ad.Name = imap.String(p.note)
	}
	a.out = append(a.out, ad)
}

// domain reads up to one of the octets in stop. White space and comments are
// not part of it.
//
//	domain = dot-atom / domain-literal / obs-domain
func (a *addressParser) domain(p *phrase, stop string) string {
	var b strings.Builder
	for a.i < len(a.s) && strings.IndexByte(stop, a.s[a.i]) < 0 {
		switch c := a.s[a.i]; c {
		case ' ', '\t', '\r', '\n':
			a.i++
		case '(':
			p.note = strings.TrimSpace(a.comment())
		case '[':
			end := strings.IndexByte(a.s[a.i:], ']')
			if end < 0 {
				end = len(a.s) - a.i - 1
			}
			b.WriteString(a.s[a.i : a.i+end+1])
			a.i += end + 1
		default:
			b.WriteByte(c)
			a.i++
		}
	}
	return b.String()
}

// angle reads what stands between "<" and ">".
//
//	angle-addr = "<" addr-spec ">" / obs-angle-addr
//	obs-angle-addr = "<" obs-route addr-spec ">"
func (a *addressParser) angle(p *phrase) {
	ad := imap.Address{Name: p.name()}
	if !ad.Name.Valid && p.note != "" {
		ad.Name = imap.String(p.note)
	}
	a.skip()
	if a.i < len(a.s) && a.s[a.i] == '@' {
		if i := strings.IndexByte(a.s[a.i:], ':'); i > 0 && strings.IndexByte(a.s[a.i:a.i+i], '>') < 0 {
			ad.Route = imap.String(strings.TrimSpace(a.s[a.i : a.i+i]))
			a.i += i + 1
		}
	}
	var local strings.Builder
	for a.i < len(a.s) && a.s[a.i] != '@' && a.s[a.i] != '>' {
		switch a.s[a.i] {
		case ' ', '\t', '\r', '\n':
			a.i++
		case '(':
			a.comment()
		case '"':
			local.WriteString(a.quoted())
		default:
			start := a.i
			for a.i < len(a.s) && strings.IndexByte(" \t\r\n(\"@>", a.s[a.i]) < 0 {
				a.i++
			}
			local.WriteString(a.s[start:a.i])
		}
	}
	ad.Mailbox, ad.Host = imap.String(local.String()), imap.String("")
	if a.i < len(a.s) && a.s[a.i] == '@' {
		a.i++
		ad.Host = imap.String(a.domain(p, ">"))
	}
	if a.i < len(a.s) {
		a.i++
	}
	// What follows the bracket up to the comma is noise, but for comments.
	for a.i < len(a.s) && a.s[a.i] != ',' && a.s[a.i] != ';' {
		switch a.s[a.i] {
		case '(':
			if note := strings.TrimSpace(a.comment()); !ad.Name.Valid && note != "" {
				ad.Name = imap.String(note)
			}
		case '"':
			a.quoted()
		default:
			a.i++
		}
	}
	a.out = append(a.out, ad)
}
