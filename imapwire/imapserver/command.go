package imapserver

import (
	"errors"
	"strings"

	"github.com/mailwire/mailwire/imapwire"
	"github.com/mailwire/mailwire/imapwire/engine"
)

// frame takes what the framer found.
//
//	frame                between commands   in APPEND    in IDLE, AUTHENTICATE
//	FrameWhole           command            appendRest   idleLine, saslLine
//	FrameLiteral         announcedFirst     announced    badLine
//	FrameBody                               literal
//	FrameBad             malformed          breakAppend  badLine
//	FrameFatal           BYE, Closed
func (c *Conn) frame(f imapwire.Frame) {
	if f.Kind == imapwire.FrameWhole && len(f.Data) <= len("\r\n") && c.cur.id == 0 {
		// An empty line keeps connections open: no answer, and no first line.
		c.timers.Clear(timerCommand)
		return
	}
	if !c.seen && foreign(f.Data) {
		c.bye(nil, "this is IMAP")
		c.end(engine.ErrProtocol)
		return
	}
	c.seen = true
	if c.cur.wait == waitLine {
		c.cur.wait = waitApp
		c.setBounds()
	}
	switch f.Kind {
	case imapwire.FrameFatal:
		c.bye(nil, "too much was refused")
		c.end(f.Err)
	case imapwire.FrameBad:
		c.frameBad(f)
	case imapwire.FrameBody:
		c.literal(f)
	case imapwire.FrameLiteral:
		c.announced(f)
	case imapwire.FrameWhole:
		c.timers.Clear(timerCommand)
		c.timers.Clear(timerLiteral)
		switch {
		case c.cur.id == 0:
			c.command(f.Data)
		case c.cur.verb == "APPEND":
			c.appendRest(f.Data)
		case c.cur.verb == "IDLE":
			c.idleLine(f.Data)
		default:
			c.saslLine(f.Data)
		}
	}
}

// frameBad answers what the framer could not take.
func (c *Conn) frameBad(f imapwire.Frame) {
	switch {
	case c.cur.id == 0:
		tag, verb := imapwire.CommandHead(f.Data)
		c.malformed(tag, verb, f.Data, f.Err)
	case c.cur.verb == "APPEND":
		c.breakAppend(f.Err)
	default:
		c.badLine(f.Err)
	}
}

// expectLine makes the next frame one line of at most most octets, for the
// command in progress. The framer still knows literals: a client that sends a
// command instead, with an argument in {n+}, must not have that run as commands.
func (c *Conn) expectLine(most int) {
	c.cur.wait = waitLine
	b := c.lim.Command(c.state != StateNotAuthenticated)
	b.Line = most
	c.framer.SetBounds(b)
}

// badLine takes something that can not be the line which IDLE or AUTHENTICATE
// expect. Nothing of it is quoted: it may be part of a login.
func (c *Conn) badLine(err error) {
	limit := (*engine.LimitError)(nil)
	switch c.cur.verb {
	case "IDLE":
		c.cur.err = &engine.SyntaxError{Production: c.lineProduction(), Expected: "DONE", Got: engine.Redacted, Tag: c.cur.tag}
		c.event(&IdleDone{ID: c.cur.id})
	default:
		if errors.As(err, &limit) {
			c.endSASL(&engine.LimitError{Name: "SASLLine", Cap: limit.Cap, Got: limit.Got, Offset: limit.Offset})
			return
		}
		c.endSASL(redacted(err, c.cur.tag))
	}
}

func (c *Conn) lineProduction() string {
	if c.cur.verb == "IDLE" {
		return "idle"
	}
	return "base64"
}

// malformed answers a command that was not understood.
func (c *Conn) malformed(tag, verb string, raw []byte, err error) {
	ev := &Malformed{Tag: tag, Raw: string(raw[:min(len(raw), maxRaw)]), Err: err}
	switch {
	case secretVerb(verb):
		ev.Raw = tag + " " + verb + " " + engine.Redacted
	case secretVerb(strings.ToUpper(tag)):
		// A login whose tag was forgotten.
		ev.Raw = tag + " " + engine.Redacted
		ev.Err = redacted(err, tag)
	case verb == "":
		// It may be a password, or a SASL response, that missed its command.
		ev.Tag, ev.Raw = "", engine.Redacted
		ev.Err = redacted(err, "")
	}
	c.tagged(tag, imapwire.BAD, nil, ev.Err.Error())
	c.event(ev)
	c.mistake()
}

// maxRaw is how much of a malformed command an event shows.
const maxRaw = 256

// secretVerb reports whether what follows a verb, given in upper case, may be a
// secret.
func secretVerb(verb string) bool { return verb == "LOGIN" || verb == "AUTHENTICATE" }

// redacted returns err without what it quotes.
func redacted(err error, tag string) error {
	syntax := (*engine.SyntaxError)(nil)
	if !errors.As(err, &syntax) {
		return err
	}
	e := *syntax
	e.Tag = tag
	if strings.Trim(e.Got, "\r\n") != "" {
		e.Got = engine.Redacted
	}
	return &e
}

// mistake counts a malformed command, and ends the conversation when there are
// too many in a row: a client with a bug stops sooner or later, somebody who
// guesses or fills the network does not. They count in a row and not in all, as
// Cyrus does, so that a long session with a flaw is not cut off.
func (c *Conn) mistake() {
	c.stats.Bad++
	limit := c.lim.Bad
	if c.state == StateNotAuthenticated {
		limit = c.lim.BadPreAuth
	}
	if c.bad++; c.bad > limit {
		c.bye(nil, "too many bad commands")
		c.end(engine.ErrTooManyErrors)
	}
}

// command takes a complete command.
func (c *Conn) command(frame []byte) {
	tag, cmd, err := c.parser.Command(frame)
	if err != nil {
		_, verb := imapwire.CommandHead(frame)
		c.malformed(tag, verb, frame, err)
		return
	}
	verb := cmd.Verb()
	g, known := gates[verb]
	if !known {
		g = gate{states: inAny}
	}
	if !g.allows(c.state) {
		c.bad = 0
		c.tagged(tag, imapwire.BAD, nil, verb+" is not allowed when "+c.state.String())
		return
	}
	c.begin(tag, verb, g)
	switch cmd := cmd.(type) {
	case *imapwire.Capability:
		c.say(&imapwire.CapabilityData{Capabilities: c.capabilities()})
		c.finish(imapwire.OK, nil, "CAPABILITY completed")
	case *imapwire.Logout:
		c.logout()
	case *imapwire.ID:
		c.say(&imapwire.IDData{Fields: c.opt.ID})
		c.finish(imapwire.OK, nil, "ID completed")
		c.event(&ClientID{Fields: cmd.Fields})
	case *imapwire.Enable:
		c.enable(cmd)
	case *imapwire.StartTLS:
		c.startTLS()
	case *imapwire.Login:
		c.login(cmd)
	case *imapwire.Authenticate:
		c.authenticate(cmd)
	case *imapwire.Idle:
		c.idle()
	default:
		if search, ok := cmd.(*imapwire.Search); ok && search.UsesNumbers() {
			// RFC 7162 §3.2.10.2, for UID SEARCH.
			c.cur.gate.noExpunge = true
		}
		c.cur.unknown = !known
		c.event(&Command{ID: c.cur.id, Tag: tag, Cmd: cmd})
	}
}

// logout says BYE, then OK, and then nothing (RFC 9051 §6.1.3).
func (c *Conn) logout() {
	c.bye(nil, "logging out")
	c.finish(imapwire.OK, nil, "LOGOUT completed")
	c.framer.Rest()
	c.end(nil)
}

// begin makes a command the one in progress.
func (c *Conn) begin(tag, verb string, g gate) {
	c.lastID++
	c.cur = inProgress{id: c.lastID, tag: tag, verb: verb, gate: g}
}

// finish ends the command in progress, which is well formed, on behalf of the
// engine.
func (c *Conn) finish(cond imapwire.Condition, code imapwire.Code, text string) {
	c.bad = 0
	c.tagged(c.cur.tag, cond, code, text)
	c.reset()
}

// tagged queues a tagged response of the engine's own; without a tag it is
// untagged, as RFC 9051 §7.1.3 asks.
func (c *Conn) tagged(tag string, cond imapwire.Condition, code imapwire.Code, text string) {
	// The tag was read by the grammar that the encoder obeys.
	_ = c.complete(tag, imapwire.StatusCondition{Condition: cond, Code: code, Text: text})
}

// complete queues the one tagged response of a command.
func (c *Conn) complete(tag string, s imapwire.StatusCondition) error {
	c.status = imapwire.StatusResponse{Tag: tag, StatusCondition: s}
	err := c.trySend(&c.status)
	c.status = imapwire.StatusResponse{}
	if err == nil {
		c.stats.Commands++
	}
	return err
}

// say queues a response of the engine's own.
func (c *Conn) say(r imapwire.Response) {
	// Options were checked at New.
	_ = c.trySend(r)
}

// trySend queues a response, or nothing.
func (c *Conn) trySend(r imapwire.Response) error {
	m := c.out.mark()
	if err := c.out.send(r); err != nil {
		c.out.restore(m)
		return err
	}
	c.stats.Steps++
	c.queued()
	return nil
}
