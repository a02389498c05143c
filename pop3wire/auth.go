package pop3wire

import (
	"bytes"
	"crypto/md5"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"strings"

	"github.com/mailwire/mailwire/imapwire/engine"
)

// A User is USER, RFC 1939 §7.
type User struct {
	// Name is the rest of the line, spaces included: USER has one argument.
	// At least one octet; ASCII, or UTF-8 where RFC 6856 §2.2 is announced.
	Name string
}

// A Pass is PASS, RFC 1939 §7.
type Pass struct {
	// Password is the rest of the line, exactly: RFC 1939 §7 lets a server
	// take spaces as part of it. It may be empty.
	Password engine.Secret
}

// Format hides the secrets, whatever the verb.
func (p *Pass) Format(f fmt.State, _ rune) { engine.FormatFields(f, *p) }

// An Apop is APOP, RFC 1939 §7.
type Apop struct {
	Name string // as in [User]
	// Digest is 32 hexadecimal digits in lower case. It is no password, but
	// lets who sees it try passwords.
	Digest engine.Secret
}

// Format hides the secrets, whatever the verb.
func (a *Apop) Format(f fmt.State, _ rune) { engine.FormatFields(f, *a) }

// An Auth is AUTH, RFC 5034 §4. The exchange that follows is lines of base64,
// which belong to the conversation: [ParseChallenge], [ParseAuthLine].
type Auth struct {
	// Mechanism is the SASL mechanism, in upper case after parsing. Empty:
	// AUTH alone, with which some clients ask for the list of mechanisms.
	Mechanism string
	// Initial is the decoded initial response, when HasInitial.
	Initial    engine.Secret
	HasInitial bool
}

// Format hides the secrets, whatever the verb.
func (a *Auth) Format(f fmt.State, _ rune) { engine.FormatFields(f, *a) }

// Verb implements Command.
func (*User) Verb() string { return "USER" }

// Verb implements Command.
func (*Pass) Verb() string { return "PASS" }

// Verb implements Command.
func (*Apop) Verb() string { return "APOP" }

// Verb implements Command.
func (*Auth) Verb() string { return "AUTH" }

// user = "USER" SP name
func parseUser(c *cursor) Command {
	c.sp("user")
	u := &User{Name: c.rest("name")}
	if u.Name == "" {
		c.fail("name", "a name")
	}
	return u
}

func (u *User) encode(b []byte) ([]byte, error) {
	if u.Name == "" {
		return nil, failEncode("USER without a name")
	}
	return append(append(b, ' '), u.Name...), lineOctets("a name", u.Name)
}

// pass = "PASS" SP string
func parsePass(c *cursor) Command {
	c.secret = true
	c.sp("pass")
	return &Pass{Password: engine.Secret(c.rest("string"))}
}

func (p *Pass) encode(b []byte) ([]byte, error) {
	return append(append(b, ' '), p.Password...), lineOctets("the password", string(p.Password))
}

// apop   = "APOP" SP name SP digest
// digest = 32(DIGIT / %x61-66)
func parseApop(c *cursor) Command {
	c.secret = true
	c.sp("apop")
	from := c.pos
	args := c.rest("apop")
	if c.err != nil {
		return nil
	}
	i := strings.LastIndexByte(args, ' ')
	if i <= 0 {
		c.failAt(len(c.b), "apop", "a name and a digest")
		return nil
	}
	if !isDigest(args[i+1:]) {
		c.failAt(from+i+1, "digest", "32 hexadecimal digits in lower case")
		return nil
	}
	return &Apop{Name: args[:i], Digest: engine.Secret(args[i+1:])}
}

func isDigest(s string) bool {
	b, err := hex.DecodeString(s)
	return err == nil && len(b) == md5.Size && strings.ToLower(s) == s
}

func (a *Apop) encode(b []byte) ([]byte, error) {
	if a.Name == "" {
		return nil, failEncode("APOP without a name")
	}
	if !isDigest(string(a.Digest)) {
		return nil, failEncode("the digest of APOP is not 32 hexadecimal digits in lower case")
	}
	b = append(append(append(append(b, ' '), a.Name...), ' '), a.Digest...)
	return b, lineOctets("a name", a.Name)
}

// APOPDigest returns the digest of APOP for the timestamp of a greeting, angle
// brackets included, and the secret that both sides know.
func APOPDigest(timestamp string, secret engine.Secret) engine.Secret {
	sum := md5.Sum([]byte(timestamp + string(secret)))
	return engine.Secret(hex.EncodeToString(sum[:]))
}

// Verify reports whether a's digest is that of the timestamp and the secret. It
// takes the same time for every digest.
func (a *Apop) Verify(timestamp string, secret engine.Secret) bool {
	return subtle.ConstantTimeCompare([]byte(a.Digest), []byte(APOPDigest(timestamp, secret))) == 1
}

// auth-command     = "AUTH" SP sasl-mech [SP initial-response]
// sasl-mech        = 1*20mech-char
// mech-char        = %x41-5A / DIGIT / "-" / "_"
// initial-response = base64 / "="
//
// AUTH alone, with a space behind it or without, asks for the list of
// mechanisms: no specification has it, and Outlook sends it.
func parseAuth(c *cursor) Command {
	a := &Auth{}
	if c.atEnd() {
		return a
	}
	c.sp("auth-command")
	if c.atEnd() {
		return a
	}
	n := mechanismLen(c.b[c.pos:])
	if n == 0 || n > maxMechanism {
		c.secret = true
		c.fail("sasl-mech", "the name of a mechanism")
		return a
	}
	a.Mechanism = strings.ToUpper(string(c.b[c.pos : c.pos+n]))
	c.pos += n
	if c.secret = true; c.atEnd() {
		return a
	}
	c.sp("auth-command")
	a.HasInitial = true
	if c.atEnd() {
		c.fail("initial-response", `base64 or "="`)
	}
	if string(c.b[c.pos:]) == "=" {
		c.pos++
		return a
	}
	a.Initial = engine.Secret(c.base64("initial-response"))
	return a
}

const maxMechanism = 20

func mechanismLen(b []byte) (n int) {
	for n < len(b) && ((engine.Alpha | engine.Digit).Is(b[n]) || b[n] == '-' || b[n] == '_') {
		n++
	}
	return n
}

// IsMechanism reports whether s is the name of a SASL mechanism in upper case,
// RFC 4422 §3.1.
func IsMechanism(s string) bool {
	n := mechanismLen([]byte(s))
	return n > 0 && n == len(s) && n <= maxMechanism && strings.ToUpper(s) == s
}

func (a *Auth) encode(b []byte) ([]byte, error) {
	switch {
	case !a.HasInitial && a.Initial != "":
		return nil, failEncode("an initial response is marked as absent")
	case a.Mechanism == "" && !a.HasInitial:
		return b, nil
	case !IsMechanism(strings.ToUpper(a.Mechanism)):
		return nil, failEncode("%q is not a mechanism", cut(a.Mechanism))
	}
	b = append(append(b, ' '), strings.ToUpper(a.Mechanism)...)
	switch {
	case a.HasInitial && a.Initial == "":
		b = append(b, " ="...)
	case a.HasInitial:
		b = base64.StdEncoding.AppendEncode(append(b, ' '), []byte(a.Initial))
	}
	return b, nil
}

// ParseChallenge reads a challenge of a SASL exchange, a line without its CRLF.
// The error is a [*engine.SyntaxError] that quotes nothing.
//
//	continue-req = "+" SP [base64] CRLF
func ParseChallenge(line []byte) ([]byte, error) {
	c := cursor{b: line, secret: true}
	if !c.accept('+') {
		c.fail("continue-req", `"+"`)
	}
	c.sp("continue-req")
	data := c.base64("continue-req")
	if c.err != nil {
		return nil, c.err
	}
	return []byte(data), nil
}

// AppendChallenge appends a challenge with its CRLF.
func AppendChallenge(dst, data []byte) []byte {
	dst = base64.StdEncoding.AppendEncode(append(dst, "+ "...), data)
	return append(dst, "\r\n"...)
}

// An AuthLine is the client's answer to a challenge, RFC 5034 §4.
type AuthLine struct {
	Data engine.Secret
	// Cancel: the client ends the exchange.
	Cancel bool
}

// Format hides the secrets, whatever the verb.
func (a *AuthLine) Format(f fmt.State, _ rune) { engine.FormatFields(f, *a) }

// ParseAuthLine reads the answer to a challenge, a line without its CRLF. The
// error is a [*engine.SyntaxError] that quotes nothing.
//
//	[base64] CRLF / cancel-response CRLF
//	cancel-response = "*"
func ParseAuthLine(line []byte) (AuthLine, error) {
	if bytes.Equal(line, []byte("*")) {
		return AuthLine{Cancel: true}, nil
	}
	c := cursor{b: line, secret: true}
	l := AuthLine{Data: engine.Secret(c.base64("base64"))}
	return l, c.err
}

// AppendAuthLine appends an answer with its CRLF. Data beside Cancel is an error
// that wraps [ErrEncode].
func AppendAuthLine(dst []byte, l AuthLine) ([]byte, error) {
	if l.Cancel {
		if l.Data != "" {
			return dst, failEncode("an answer that cancels has data")
		}
		return append(dst, "*\r\n"...), nil
	}
	dst = base64.StdEncoding.AppendEncode(dst, []byte(l.Data))
	return append(dst, "\r\n"...), nil
}
