package pop3wire

import (
	"strconv"
	"strings"
)

// A Capa is the command CAPA, RFC 2449 §5.
type Capa struct{}

// Verb implements Command.
func (*Capa) Verb() string { return "CAPA" }

func (*Capa) encode(b []byte) ([]byte, error) { return b, nil }

// A Capability is a line of the response to CAPA. The kinds: [CapTag],
// [*CapSASL], [*CapLoginDelay], [*CapExpire], [*CapImplementation], [*CapUTF8]
// and [*CapUnknown].
type Capability interface {
	Line
	// Tag returns the name in upper case.
	Tag() string
}

// A CapTag is a capability without parameters, in upper case, known or not.
type CapTag string

// Capabilities without parameters.
const (
	CapTop          CapTag = "TOP"            // RFC 2449 §6.1
	CapUser         CapTag = "USER"           // RFC 2449 §6.2
	CapRespCodes    CapTag = "RESP-CODES"     // RFC 2449 §6.4
	CapPipelining   CapTag = "PIPELINING"     // RFC 2449 §6.6
	CapUIDL         CapTag = "UIDL"           // RFC 2449 §6.8
	CapSTLS         CapTag = "STLS"           // RFC 2595 §4
	CapAuthRespCode CapTag = "AUTH-RESP-CODE" // RFC 3206 §5
	CapLang         CapTag = "LANG"           // RFC 6856 §3
)

// A CapSASL is SASL, RFC 2449 §6.3 and RFC 5034 §3.
type CapSASL struct{ Mechanisms []string }

// A CapLoginDelay is LOGIN-DELAY, RFC 2449 §6.5.
type CapLoginDelay struct {
	Seconds uint32
	// PerUser: a more accurate value is announced after login.
	PerUser bool
}

// A CapExpire is EXPIRE, RFC 2449 §6.7.
type CapExpire struct {
	Days  uint32 // messages stay at least so long; 0: they may not stay
	Never bool   // messages stay; Days is 0
	// PerUser: a more accurate value is announced after login.
	PerUser bool
}

// A CapImplementation is IMPLEMENTATION, RFC 2449 §6.9.
type CapImplementation struct{ Text string }

// A CapUTF8 is UTF8, RFC 6856 §2.
type CapUTF8 struct {
	// User: names and passwords may be UTF-8.
	User bool
}

// A CapUnknown is a capability with parameters that this package has no type
// for, or which have not the form that they should have.
type CapUnknown struct {
	Name string // the tag in upper case
	// Params are the octets behind the tag and a space; not empty.
	Params string
}

// Tag implements Capability.
func (t CapTag) Tag() string { return string(t) }

// Tag implements Capability.
func (*CapSASL) Tag() string { return "SASL" }

// Tag implements Capability.
func (*CapLoginDelay) Tag() string { return "LOGIN-DELAY" }

// Tag implements Capability.
func (*CapExpire) Tag() string { return "EXPIRE" }

// Tag implements Capability.
func (*CapImplementation) Tag() string { return "IMPLEMENTATION" }

// Tag implements Capability.
func (*CapUTF8) Tag() string { return "UTF8" }

// Tag implements Capability.
func (u *CapUnknown) Tag() string { return u.Name }

// ParseCapability reads a line of the response to CAPA. The error is a
// [*engine.SyntaxError] about the tag or about octets that no line holds;
// parameters that are not as they should be make a [*CapUnknown].
//
//	capability = capa-tag *(SP param) CRLF   ;512 octets maximum
//	capa-tag   = 1*cchar
//	cchar      = %x21-2D / %x2F-7F
func ParseCapability(line []byte) (Capability, error) {
	c := cursor{b: line}
	tag := strings.ToUpper(c.span(visible, "capa-tag", "a capability"))
	if i := strings.IndexByte(tag, '.'); i >= 0 {
		c.failAt(i, "capa-tag", "a capability without a dot")
	}
	if !c.atEnd() {
		c.sp("capability")
	}
	params := c.rest("param")
	if c.err != nil {
		return nil, c.err
	}
	return capability(tag, params), nil
}

// capability returns the value of a tag and its parameters.
func capability(tag, params string) Capability {
	p := strings.Fields(params)
	switch tag {
	case "SASL":
		for _, m := range p {
			if !IsMechanism(strings.ToUpper(m)) {
				return &CapUnknown{Name: tag, Params: params}
			}
		}
		for i := range p {
			p[i] = strings.ToUpper(p[i])
		}
		return &CapSASL{Mechanisms: p[:len(p):len(p)]}
	case "LOGIN-DELAY":
		if n, rest, ok := daysOrSeconds(p); ok && len(rest) <= 1 && (len(rest) == 0 || isUser(rest[0])) {
			return &CapLoginDelay{Seconds: n, PerUser: len(rest) == 1}
		}
	case "EXPIRE":
		e := &CapExpire{}
		n, rest, ok := daysOrSeconds(p)
		if len(p) > 0 && strings.EqualFold(p[0], "NEVER") {
			e.Never, rest, ok = true, p[1:], true
		}
		if ok && len(rest) <= 1 && (len(rest) == 0 || isUser(rest[0])) {
			e.Days, e.PerUser = n, len(rest) == 1
			return e
		}
	case "IMPLEMENTATION":
		return &CapImplementation{Text: params}
	case "UTF8":
		if len(p) == 0 || len(p) == 1 && isUser(p[0]) {
			return &CapUTF8{User: len(p) == 1}
		}
	}
	if params == "" {
		return CapTag(tag)
	}
	return &CapUnknown{Name: tag, Params: params}
}

func isUser(s string) bool { return strings.EqualFold(s, "USER") }

func daysOrSeconds(p []string) (n uint32, rest []string, ok bool) {
	if len(p) == 0 {
		return 0, nil, false
	}
	c := cursor{b: []byte(p[0])}
	n = uint32(c.number(0, maxNum, "param"))
	c.end("param")
	return n, p[1:], c.err == nil
}

func (t CapTag) appendLine(b []byte) ([]byte, error) { return appendCap(b, t, "") }

func (s *CapSASL) appendLine(b []byte) ([]byte, error) {
	for _, m := range s.Mechanisms {
		if !IsMechanism(m) {
			return nil, failEncode("%q is not a mechanism in upper case", cut(m))
		}
	}
	return appendCap(b, s, strings.Join(s.Mechanisms, " "))
}

func (l *CapLoginDelay) appendLine(b []byte) ([]byte, error) {
	return appendCap(b, l, strconv.FormatUint(uint64(l.Seconds), 10)+perUser(l.PerUser))
}

func (e *CapExpire) appendLine(b []byte) ([]byte, error) {
	days := strconv.FormatUint(uint64(e.Days), 10)
	if e.Never {
		if e.Days != 0 {
			return nil, failEncode("EXPIRE of never and %d days", e.Days)
		}
		days = "NEVER"
	}
	return appendCap(b, e, days+perUser(e.PerUser))
}

func perUser(yes bool) string {
	if yes {
		return " USER"
	}
	return ""
}

func (i *CapImplementation) appendLine(b []byte) ([]byte, error) { return appendCap(b, i, i.Text) }

func (u *CapUTF8) appendLine(b []byte) ([]byte, error) {
	return appendCap(b, u, strings.TrimSpace(perUser(u.User)))
}

func (u *CapUnknown) appendLine(b []byte) ([]byte, error) {
	if u.Params == "" {
		return nil, failEncode("%s without parameters is a CapTag", cut(u.Name))
	}
	return appendCap(b, u, u.Params)
}

// appendCap appends a capability. It is read again: tag and parameters of one
// kind may be another one.
func appendCap(b []byte, c Capability, params string) ([]byte, error) {
	from := len(b)
	b = append(b, c.Tag()...)
	if params != "" {
		b = append(append(b, ' '), params...)
	}
	if n := len(b) - from + len("\r\n"); n > MaxResponseLine {
		return nil, failEncode("a capability of %d octets is longer than %d", n, MaxResponseLine)
	}
	back, err := ParseCapability(b[from:])
	if err != nil {
		return nil, failEncode("%q is not a capability", cut(c.Tag()))
	}
	same := false
	switch c := c.(type) {
	case CapTag:
		same = back == Capability(c)
	case *CapUnknown:
		other, is := back.(*CapUnknown)
		same = is && *other == *c
	case *CapSASL:
		_, same = back.(*CapSASL)
	default:
		same = true
	}
	if !same {
		return nil, failEncode("%q reads as another kind of capability", cut(string(b[from:])))
	}
	return b, nil
}
