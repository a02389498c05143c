package imapserver

import (
	"bytes"
	"errors"
	"time"

	"github.com/mailwire/mailwire/imapwire"
	"github.com/mailwire/mailwire/imapwire/engine"
	"github.com/mailwire/mailwire/imapwire/imap"
)

// frame takes what the framer found.
func (c *Conn) frame(f imapwire.Frame) {
	first := !c.seen
	c.seen = true
	if first && f.Kind != imapwire.FrameBody && foreign(f.Data) {
		c.bye(nil, "this is IMAP")
		c.end(engine.ErrProtocol)
		return
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

// foreign reports whether the first line of a client belongs to another
// protocol: HTTP, SMTP, TLS without an upgrade, SSH. What would follow is not
// meant for us, and may hold commands (ALPACA).
func foreign(line []byte) bool {
	line = bytes.TrimRight(line, "\r\n")
	if len(line) >= 2 && line[0] == 0x16 && line[1] == 3 || bytes.HasPrefix(line, []byte("SSH-")) {
		return true
	}
	word, rest, _ := bytes.Cut(line, []byte(" "))
	switch string(bytes.ToUpper(word)) {
	case "EHLO", "HELO", "LHLO":
		return len(rest) > 0
	case "GET", "POST", "PUT", "HEAD", "DELETE", "OPTIONS", "CONNECT", "TRACE", "PATCH", "PROPFIND", "PRI":
		i := bytes.LastIndexByte(rest, ' ')
		return bytes.HasPrefix(rest[i+1:], []byte("HTTP/"))
	}
	return false
}

// frameBad answers what the framer could not take.
func (c *Conn) frameBad(f imapwire.Frame) {
	if c.cur.id != 0 {
		switch c.cur.verb {
		case "APPEND":
			c.answerBad(f.Err)
			c.abandonAnswered(f.Err)
		case "IDLE":
			c.cur.broken, c.cur.wait = true, waitApp
			c.event(&IdleDone{ID: c.cur.id})
		default:
			c.cancelSASL(f.Err)
		}
		return
	}
	tag, verb := imapwire.CommandHead(f.Data)
	c.malformed(tag, verb, f.Data, f.Err)
}

// malformed answers a command that was not understood.
func (c *Conn) malformed(tag, verb string, raw []byte, err error) {
	c.tagged(tag, imapwire.BAD, nil, err.Error())
	c.stats.Bad++
	c.bad++
	c.event(&Malformed{Tag: tag, Raw: rawOf(raw, tag, verb), Err: err})
	limit := c.lim.Bad
	if c.state == StateNotAuthenticated {
		limit = c.lim.BadPreAuth
	}
	if c.bad > limit {
		c.bye(nil, "too many bad commands")
		c.end(engine.ErrTooManyErrors)
	}
}

// maxRaw is how much of a malformed command an event shows.
const maxRaw = 256

// rawOf returns what an event shows of a malformed command. What follows the
// verb of a login may be a secret, and so may a line that has no verb.
func rawOf(raw []byte, tag, verb string) string {
	switch verb {
	case "LOGIN", "AUTHENTICATE":
		return tag + " " + verb + " " + engine.Redacted
	case "":
		return tag
	}
	return string(raw[:min(len(raw), maxRaw)])
}

// tagged queues a tagged response; without a tag it is untagged, as RFC 9051
// §7.1.3 asks.
func (c *Conn) tagged(tag string, cond imapwire.Condition, code imapwire.Code, text string) {
	c.out.send(&imapwire.StatusResponse{Tag: tag, StatusCondition: imapwire.StatusCondition{Condition: cond, Code: code, Text: text}})
	c.queued()
}

// command takes a complete command.
func (c *Conn) command(frame []byte) {
	if len(frame) <= 2 {
		return // an empty line keeps connections open: no answer
	}
	c.stats.Commands++
	tag, cmd, err := c.parser.Command(frame)
	if err != nil {
		_, verb := imapwire.CommandHead(frame)
		c.malformed(tag, verb, frame, err)
		return
	}
	c.bad = 0
	verb := cmd.Verb()
	g, known := gates[verb]
	if !known {
		g = gate{states: inAny}
	}
	if !g.allows(c.state) {
		c.tagged(tag, imapwire.BAD, nil, verb+" is not allowed when "+c.state.String())
		return
	}
	c.begin(tag, verb, g)
	switch cmd := cmd.(type) {
	case *imapwire.Capability:
		c.out.send(&imapwire.CapabilityData{Capabilities: c.capabilities()})
		c.finish(imapwire.OK, nil, "CAPABILITY completed")
	case *imapwire.Logout:
		c.bye(nil, "logging out")
		c.finish(imapwire.OK, nil, "LOGOUT completed")
		c.framer.Rest()
		c.end(nil)
	case *imapwire.ID:
		c.out.send(&imapwire.IDData{Fields: c.opt.ID})
		c.finish(imapwire.OK, nil, "ID completed")
		c.event(&ClientID{Fields: cmd.Fields})
	case *imapwire.Enable:
		c.enable(cmd)
	case *imapwire.StartTLS:
		c.startTLS()
	case *imapwire.Login:
		if !c.opt.PlaintextAuth.Allows(c.sec) {
			c.finish(imapwire.NO, imapwire.CodePrivacyRequired, "LOGIN needs TLS")
			return
		}
		c.event(&Command{ID: c.cur.id, Tag: tag, Cmd: cmd})
	case *imapwire.Authenticate:
		c.authenticate(cmd)
	case *imapwire.Idle:
		c.idle()
	case *imapwire.Append:
		// Its message is a literal, and literals of APPEND are streamed.
		c.finish(imapwire.BAD, nil, "APPEND without a literal")
	default:
		c.event(&Command{ID: c.cur.id, Tag: tag, Cmd: cmd})
	}
}

// begin makes a command the one in progress.
func (c *Conn) begin(tag, verb string, g gate) {
	c.lastID++
	c.cur = inProgress{id: c.lastID, tag: tag, verb: verb, gate: g}
}

// finish ends the command in progress on behalf of the engine.
func (c *Conn) finish(cond imapwire.Condition, code imapwire.Code, text string) {
	c.tagged(c.cur.tag, cond, code, text)
	c.cur, c.yield = inProgress{}, 0
}

// enable answers ENABLE: what is known and was not on is turned on, anything
// else is ignored (RFC 5161 §3.1).
func (c *Conn) enable(cmd *imapwire.Enable) {
	var on imap.Capabilities
	for _, x := range cmd.Capabilities {
		for _, known := range c.opt.Enable {
			if known.Equal(x) && !c.enabled.Has(x) && !on.Has(x) {
				on = append(on, known)
			}
		}
	}
	c.enabled = append(c.enabled, on...)
	utf8 := c.enabled.Has(imap.CapIMAP4rev2) || c.enabled.Has(imap.CapUTF8Accept)
	c.out.utf8, c.parser.UTF8 = utf8, utf8
	c.out.send(&imapwire.EnabledData{Capabilities: on})
	c.finish(imapwire.OK, nil, "ENABLE completed")
	if len(on) > 0 {
		c.event(&Enabled{Capabilities: on})
	}
}

// startTLS answers STARTTLS. Nothing behind it is read: it is for the TLS layer
// or for nobody (RFC 9051 §6.2.1).
func (c *Conn) startTLS() {
	if c.sec.Encrypted || !c.opt.StartTLS {
		c.finish(imapwire.BAD, nil, "STARTTLS is not possible here")
		return
	}
	c.finish(imapwire.OK, nil, "begin TLS")
	c.upgrade = engine.LayerTLS
	c.event(&Upgrade{Layer: engine.LayerTLS, Rest: c.framer.Rest()})
	c.fed = false
}

// Upgraded says that the layer of the last Upgrade is in place. Behind TLS
// everything is fresh: nothing that was said before counts (RFC 9051 §6.2.1).
func (c *Conn) Upgraded(now time.Time, l engine.Layer, s engine.Security) {
	c.now = now
	if c.upgrade == 0 || l != c.upgrade {
		return
	}
	c.upgrade, c.sec = 0, s
	c.framer = imapwire.Framer{}
	c.enabled, c.bad, c.seen = nil, 0, false
	c.out.utf8, c.parser.UTF8 = false, false
	c.caps = capabilityCache{}
	c.setBounds()
	c.timers.Clear(timerIdle)
	c.restIdle()
}

// UpgradeFailed says that the layer could not be put in place. Only Closed is
// left.
func (c *Conn) UpgradeFailed(err error) {
	if c.upgrade == 0 {
		return
	}
	if err == nil {
		err = errors.New("imapserver: the upgrade failed")
	}
	c.out.discard()
	c.end(err)
}
