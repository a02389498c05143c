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
	a := addressParser{
		scanner: scanner{s: Unfold(value)},
		limit:   Limits{Addresses: limit}.withDefaults().Addresses,
	}
	a.list()
	return a.out
}

// An addressParser reads an address list. It goes back over nothing but white
// space and comments, and that once, so that its cost is linear.
type addressParser struct {
	scanner
	limit    int
	cut      bool // there is more than limit
	out      []imap.Address
	inGroup  bool
	unclosed bool // no "]" comes any more
}

// list reads the whole value. Outlook's semicolons separate as commas do.
//
//	obs-addr-list = *([CFWS] ",") address *("," [address / CFWS])
func (a *addressParser) list() {
	for a.i < len(a.s) {
		switch a.s[a.i] {
		case ' ', '\t', '\r', '\n', ',':
			a.i++
		case ';':
			a.i++
			a.endGroup()
		default:
			a.element()
		}
	}
	a.endGroup()
}

// full reports whether the limit is reached, and ends the list if so.
func (a *addressParser) full() bool {
	if len(a.out) < a.limit {
		return false
	}
	a.cut, a.i = true, len(a.s)
	return true
}

func (a *addressParser) endGroup() {
	if a.inGroup {
		a.inGroup = false
		a.out = append(a.out, imap.Address{})
	}
}

func (a *addressParser) add(ad imap.Address) {
	if !a.full() {
		a.out = append(a.out, ad)
	}
}

// addMailbox adds an address that is not a mark of a group.
func (a *addressParser) addMailbox(name, route imap.NString, mailbox, host string) {
	a.add(imap.Address{Name: name, Route: route, Mailbox: imap.String(mailbox), Host: imap.String(host)})
}

// A phrase is the words that come before what tells their meaning: a display
// name, a group's name, a local part, or all of that without its marks.
type phrase struct {
	words []word
	note  string // the last comment, a name where nothing else is one
	// spec is the number of words up to a domain that was read; domain is it.
	spec   int
	domain string
}

// A word is an atom or the content of a quoted string.
type word struct {
	text string
	gap  bool // white space or a comment comes before it
}

// join returns words as they stood, each gap one space.
func join(words []word) string {
	if len(words) == 1 {
		return words[0].text
	}
	var b strings.Builder
	for i, w := range words {
		if i > 0 && w.gap {
			b.WriteByte(' ')
		}
		b.WriteString(w.text)
	}
	return b.String()
}

// remark reads a comment as a name: without the backslashes of its quoted pairs,
// which mean nothing (RFC 5322 §3.2.1).
func (a *addressParser) remark() string {
	text := scanner{s: a.comment()}
	return strings.TrimSpace(text.quotedPairs(0, 0))
}

// nonEmpty returns s, NIL when it is empty.
func nonEmpty(s string) imap.NString { return imap.NString{Value: s, Valid: s != ""} }

// name returns words as a display name, or the comment in their place.
func (p *phrase) name(words []word) imap.NString {
	if s := join(words); s != "" {
		return imap.String(s)
	}
	return nonEmpty(p.note)
}

// local returns the local part that ends words, and the words before it.
//
//	local-part = dot-atom / quoted-string / obs-local-part
//	obs-local-part = word *("." word)
func local(words []word) (before []word, part string) {
	i := len(words) - 1
	for i > 0 && (!words[i].gap || strings.HasPrefix(words[i].text, ".") || strings.HasSuffix(words[i-1].text, ".")) {
		i--
	}
	if i < 0 {
		return nil, ""
	}
	var b strings.Builder
	for _, w := range words[i:] {
		b.WriteString(w.text)
	}
	return words[:i], b.String()
}

// element reads one mailbox, or the start of a group.
//
//	mailbox = name-addr / addr-spec
//	name-addr = [display-name] angle-addr
//	group = display-name ":" [group-list] ";" [CFWS]
func (a *addressParser) element() {
	var p phrase
	gap := false
	for a.i < len(a.s) && a.s[a.i] != ',' && a.s[a.i] != ';' {
		switch c := a.s[a.i]; c {
		case ' ', '\t', '\r', '\n':
			a.i++
			gap = true
			continue
		case '(':
			p.note = a.remark()
			gap = true
			continue
		case '"':
			p.words = append(p.words, word{a.quoted(), gap})
		case '<':
			a.i++
			a.angle(&p)
			return
		case '@':
			a.i++
			if p.spec > 0 {
				// Two addresses without a comma.
				a.addrSpec(&p)
				p = phrase{words: p.words[p.spec:]}
			}
			p.domain = a.domain()
			p.words = append(p.words, word{"@" + p.domain, false})
			p.spec = len(p.words)
		case ':':
			a.i++
			if a.inGroup || p.spec > 0 {
				break // noise: groups have no groups
			}
			a.inGroup = !a.full()
			a.add(imap.Address{Mailbox: imap.String(join(p.words))})
			return
		case '>':
			a.i++
		default:
			p.words = append(p.words, word{a.word(), gap})
		}
		gap = false
	}
	switch {
	case p.spec > 0:
		a.addrSpec(&p)
	case len(p.words) > 0:
		a.addMailbox(nonEmpty(p.note), imap.NString{}, join(p.words), "")
	}
}

// addrSpec adds the address whose domain has been read. Words before its local
// part are the name, as if there were angle brackets.
//
//	addr-spec = local-part "@" domain
func (a *addressParser) addrSpec(p *phrase) {
	before, part := local(p.words[:p.spec-1])
	a.addMailbox(p.name(before), imap.NString{}, part, p.domain)
}

// word reads octets up to white space or something special.
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
		a.i++ // a bracket that closes nothing
	}
	return a.s[start:a.i]
}

// domain reads a domain. White space is part of it only around dots.
//
//	domain = dot-atom / domain-literal / obs-domain
//	obs-domain = atom *("." atom)
func (a *addressParser) domain() string {
	var b strings.Builder
	a.skip()
	for a.i < len(a.s) {
		start := a.i
		for a.i < len(a.s) && strings.IndexByte(" \t\r\n(),:;<>[\"", a.s[a.i]) < 0 {
			a.i++
		}
		b.WriteString(a.s[start:a.i])
		if a.i >= len(a.s) {
			break
		}
		switch a.s[a.i] {
		case '[':
			b.WriteString(a.literal())
			continue
		case ' ', '\t', '\r', '\n', '(':
			dot := strings.HasSuffix(b.String(), ".")
			at := a.i
			a.skip()
			if a.i < len(a.s) && (dot || a.s[a.i] == '.') {
				continue
			}
			a.i = at
		}
		break
	}
	return b.String()
}

// literal reads up to the bracket that closes, without the white space next to the
// brackets, which means nothing. A bracket that is not closed is one of a domain.
//
//	domain-literal = [CFWS] "[" *([FWS] dtext) [FWS] "]" [CFWS]
func (a *addressParser) literal() string {
	start := a.i + 1
	a.i = start
	if a.unclosed {
		return "["
	}
	n := strings.IndexByte(a.s[start:], ']')
	if n < 0 {
		a.unclosed = true
		return "["
	}
	a.i += n + 1
	return "[" + strings.Trim(a.s[start:start+n], foldSpace) + "]"
}

// angle reads what follows "<", and adds the address.
//
//	angle-addr = [CFWS] "<" addr-spec ">" [CFWS] / obs-angle-addr
//	obs-angle-addr = [CFWS] "<" obs-route addr-spec ">" [CFWS]
func (a *addressParser) angle(p *phrase) {
	for a.skip(); a.i < len(a.s) && a.s[a.i] == '<'; a.skip() {
		a.i++
	}
	route := a.route()
	var words []word
	host := ""
	gap := false
	for a.i < len(a.s) && strings.IndexByte(",;<>", a.s[a.i]) < 0 {
		switch a.s[a.i] {
		case ' ', '\t', '\r', '\n':
			a.i++
			gap = true
			continue
		case '(':
			p.note = a.remark()
			gap = true
			continue
		case '"':
			words = append(words, word{a.quoted(), gap})
		case '@':
			a.i++
			if host == "" {
				host = a.domain()
			}
		case ':':
			a.i++
			words = append(words, word{":", gap})
		default:
			if w := (word{a.word(), gap}); host == "" {
				words = append(words, w)
			}
		}
		gap = false
	}
	if a.i < len(a.s) && a.s[a.i] == '>' {
		a.i++
	}
	a.trailer(p)
	part := join(words)
	if host != "" {
		var b strings.Builder
		for _, w := range words {
			b.WriteString(w.text)
		}
		part = b.String()
	}
	a.addMailbox(p.name(p.words), route, part, host)
}

// route reads a source route, NIL when there is none.
//
//	obs-route = obs-domain-list ":"
//	obs-domain-list = *(CFWS / ",") "@" domain *("," [CFWS] ["@" domain])
func (a *addressParser) route() imap.NString {
	start := a.i
	var domains []string
	for {
		for a.skip(); a.i < len(a.s) && a.s[a.i] == ','; a.skip() {
			a.i++
		}
		if a.i >= len(a.s) || a.s[a.i] != '@' {
			break
		}
		a.i++
		domains = append(domains, "@"+a.domain())
	}
	if len(domains) > 0 && a.i < len(a.s) && a.s[a.i] == ':' {
		a.i++
		return imap.String(strings.Join(domains, ","))
	}
	a.i = start
	return imap.NString{}
}

// trailer passes over what follows an address in angle brackets, up to the next
// one. A comment there is the name where nothing else is.
func (a *addressParser) trailer(p *phrase) {
	for a.i < len(a.s) && strings.IndexByte(",;<", a.s[a.i]) < 0 {
		switch a.s[a.i] {
		case '(':
			p.note = a.remark()
		case '"':
			a.quoted()
		default:
			a.i++
		}
	}
}
