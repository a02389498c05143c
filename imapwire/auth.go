package imapwire

import (
	"fmt"

	"github.com/mailwire/mailwire/imapwire/engine"
)

// A Login is LOGIN, RFC 9051 §6.2.3.
type Login struct {
	User     string
	Password engine.Secret
}

// Format hides the secrets, whatever the verb.
func (l *Login) Format(f fmt.State, _ rune) { engine.FormatFields(f, *l) }

// An Authenticate is AUTHENTICATE, RFC 9051 §6.2.2. The exchange that follows
// is lines of base64, which belong to the conversation.
type Authenticate struct {
	// Mechanism is the SASL mechanism, in upper case after parsing.
	Mechanism string
	// Initial is the decoded initial response (RFC 4959), when HasInitial.
	Initial    engine.Secret
	HasInitial bool
}

// Format hides the secrets, whatever the verb.
func (a *Authenticate) Format(f fmt.State, _ rune) { engine.FormatFields(f, *a) }

// Verb implements Command.
func (*Login) Verb() string { return "LOGIN" }

// Verb implements Command.
func (*Authenticate) Verb() string { return "AUTHENTICATE" }

// login = "LOGIN" SP userid SP password
// userid = astring
// password = astring
func parseLogin(c *cursor) Command {
	l := &Login{}
	c.secret = true
	c.sp("login")
	l.User = c.astring("userid")
	c.sp("login")
	l.Password = engine.Secret(c.astring("password"))
	return l
}

func (l *Login) encode(e *encoder) {
	e.sp()
	e.astring(l.User)
	e.sp()
	e.secret(l.Password)
}

// secret writes an astring whose errors do not show it.
func (e *encoder) secret(s engine.Secret) {
	if e.quotable(string(s)) == quotableNever {
		e.fail("the password contains NUL")
		return
	}
	e.astring(string(s))
}

// authenticate = "AUTHENTICATE" SP auth-type [SP initial-resp] *(CRLF base64)
// auth-type = atom
// initial-resp = (base64 / "=")
func parseAuthenticate(c *cursor) Command {
	a := &Authenticate{}
	c.sp("authenticate")
	a.Mechanism = c.atomUpper("auth-type")
	if c.accept(' ') {
		a.HasInitial = true
		c.secret = true
		if !c.accept('=') {
			if !c.at(engine.Base64) && c.err == nil {
				c.fail("initial-resp", `base64 or "="`)
			}
			a.Initial = engine.Secret(c.base64("initial-resp"))
		}
	}
	return a
}

func (a *Authenticate) encode(e *encoder) {
	e.sp()
	e.atom(upper(a.Mechanism))
	switch {
	case !a.HasInitial && a.Initial != "":
		e.fail("an initial response is marked as absent")
	case a.HasInitial && a.Initial == "":
		e.raw(" =")
	case a.HasInitial:
		e.sp()
		e.base64(string(a.Initial))
	}
}
