package pop3server

import (
	"errors"
	"strings"
	"unicode/utf8"

	"github.com/mailwire/mailwire/imapwire/engine"
	"github.com/mailwire/mailwire/pop3wire"
)

// command takes a line that should be a command.
func (c *Conn) command(line []byte, bare bool) {
	user, named := c.user, c.named
	// RFC 1939 §7: PASS comes immediately after USER.
	c.user, c.named = "", false
	verb := pop3wire.CommandVerb(line)
	if bare {
		c.malformed(verb, line, &engine.SyntaxError{Offset: int64(len(line)), Production: "command", Expected: "CRLF", Got: "\n", Tag: verb})
		return
	}
	if n := len(line) + len("\r\n"); n > c.lim.Line && verb != "AUTH" {
		c.malformed(verb, line, &engine.LimitError{Name: "Line", Cap: int64(c.lim.Line), Got: int64(n), Offset: int64(c.lim.Line)})
		return
	}
	cmd, err := pop3wire.ParseCommand(line)
	if err != nil {
		c.malformed(verb, line, err)
		return
	}
	g, known := gates[verb]
	if !known {
		g = gate{states: inAny}
	}
	if !g.allows(c.state) {
		c.bad = 0
		c.fail(verb + " is not allowed in " + c.state.String())
		return
	}
	c.lastID++
	c.cur = inProgress{id: c.lastID, verb: verb, cmd: cmd, unknown: !known}
	switch cmd := cmd.(type) {
	case *pop3wire.Capa:
		c.bad = 0
		c.out.buf = append(c.out.buf, c.capabilities()...)
		c.answered()
	case *pop3wire.User:
		if !c.mayLogin(cmd.Name) {
			return
		}
		c.user, c.named = cmd.Name, true
		c.finish(pop3wire.Status{OK: true, Text: "send PASS"})
	case *pop3wire.Pass:
		switch {
		case !c.mayLogin(string(cmd.Password)):
		case !named:
			c.finish(pop3wire.Status{Text: "send USER first"})
		default:
			c.event(&Login{ID: c.cur.id, User: user, Password: cmd.Password})
		}
	case *pop3wire.Apop:
		switch {
		case c.stamp == "":
			c.finish(pop3wire.Status{Text: "APOP is not offered here"})
		case !c.validText(cmd.Name):
		default:
			c.event(&Apop{ID: c.cur.id, User: cmd.Name, Timestamp: c.stamp, Digest: cmd.Digest})
		}
	case *pop3wire.Auth:
		c.auth(cmd)
	case *pop3wire.Stls:
		c.stls()
	case *pop3wire.Quit:
		if c.state == StateAuthorization {
			c.finish(pop3wire.Status{OK: true, Text: "bye"})
			c.end(nil)
			return
		}
		c.state = StateUpdate
		c.event(&Command{ID: c.cur.id, Cmd: cmd})
	case *pop3wire.UTF8, *pop3wire.Lang:
		if hasTag(c.opt.Capabilities.of(c.state), verb) == nil {
			c.finish(pop3wire.Status{Text: verb + " is not offered"})
			return
		}
		c.event(&Command{ID: c.cur.id, Cmd: cmd})
	default:
		c.event(&Command{ID: c.cur.id, Cmd: cmd})
	}
}

// mayLogin reports whether a name or password may travel here, and is one.
// Otherwise the command is answered.
func (c *Conn) mayLogin(s string) bool {
	if !c.opt.PlaintextAuth.Allows(c.sec) {
		c.finish(pop3wire.Status{Text: c.cur.verb + " needs TLS"})
		return false
	}
	return c.validText(s)
}

// validText reports whether s is UTF-8 where a server has promised to look at it
// as such (RFC 6856 §2.2). Otherwise the command is answered.
func (c *Conn) validText(s string) bool {
	if u, is := hasTag(c.opt.Capabilities.of(c.state), "UTF8").(*pop3wire.CapUTF8); is && u.User && !utf8.ValidString(s) {
		c.finish(pop3wire.Status{Text: "that is not UTF-8"})
		return false
	}
	return true
}

// maxRaw is how much of a malformed command an event shows.
const maxRaw = 256

// secretVerb reports whether what follows a verb may be a secret.
func secretVerb(verb string) bool { return verb == "PASS" || verb == "APOP" || verb == "AUTH" }

// malformed answers a command that was not understood.
func (c *Conn) malformed(verb string, raw []byte, err error) {
	c.user, c.named = "", false
	_, known := gates[verb]
	ev := &Malformed{Raw: string(raw[:min(len(raw), maxRaw)]), Err: err}
	switch {
	case secretVerb(verb):
		ev.Raw = verb + " " + engine.Redacted
	case verb == "" && (raw == nil || len(raw) > 0), !known && c.state == StateAuthorization && len(raw) > 0:
		// It may be a password, or a SASL response, that missed its command.
		ev.Raw, ev.Err = engine.Redacted, redacted(err)
	}
	c.fail(ev.Err.Error())
	c.event(ev)
	c.mistake()
}

// redacted returns err without what it quotes.
func redacted(err error) error {
	syntax := (*engine.SyntaxError)(nil)
	if !errors.As(err, &syntax) {
		return err
	}
	e := *syntax
	e.Tag = ""
	if strings.Trim(e.Got, "\r\n") != "" {
		e.Got = engine.Redacted
	}
	return &e
}

// mistake counts a malformed command, and ends the conversation when there are
// too many in a row: a client with a bug stops sooner or later, somebody who
// guesses or fills the network does not.
func (c *Conn) mistake() {
	c.stats.Bad++
	limit := c.lim.Bad
	if c.state == StateAuthorization {
		limit = c.lim.BadPreAuth
	}
	if c.bad++; c.bad > limit {
		c.end(engine.ErrTooManyErrors)
	}
}

// fail answers -ERR on behalf of the engine.
func (c *Conn) fail(text string) {
	c.say(pop3wire.Status{Text: text})
	c.answered()
}

// finish ends the command in progress, which is well formed, on behalf of the
// engine.
func (c *Conn) finish(s pop3wire.Status) {
	c.bad = 0
	c.say(s)
	c.answered()
}

// answered says that the command in progress has got its response.
func (c *Conn) answered() {
	c.cur = inProgress{}
	c.stats.Commands++
	c.stats.Steps++
	c.queued()
}

// say queues a status of the engine's own. Behind a body it waits for its turn.
func (c *Conn) say(s pop3wire.Status) {
	s.Text = c.fit(s)
	if c.out.body != nil {
		c.out.tail, _ = pop3wire.AppendStatus(c.out.tail, s)
		return
	}
	// What the engine says has no octet that an encoder refuses.
	c.out.buf, _ = pop3wire.AppendStatus(c.out.buf, s)
	c.queued()
}

// fit returns the text of s as the client may read it: one that has asked for
// neither UTF8 nor LANG is told nothing beyond ASCII (RFC 6856 §2.1, §3.2), and
// nobody more than a line holds.
func (c *Conn) fit(s pop3wire.Status) string {
	text := s.Text
	if !c.text8 {
		text = strings.Map(func(r rune) rune {
			if r >= utf8.RuneSelf {
				return '?'
			}
			return r
		}, text)
	} else if !utf8.ValidString(text) {
		text = strings.ToValidUTF8(text, "?")
	}
	room := pop3wire.MaxResponseLine - len("-ERR \r\n")
	if s.Code != "" {
		room -= len("[] ") + len(s.Code)
	}
	if len(text) > max(room, 0) {
		text = text[:max(room, 0)]
		for r := len(text) - 1; r >= 0 && r > len(text)-utf8.UTFMax; r-- {
			if utf8.RuneStart(text[r]) {
				if !utf8.FullRuneInString(text[r:]) {
					text = text[:r]
				}
				break
			}
		}
	}
	return text
}
