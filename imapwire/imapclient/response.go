package imapclient

import (
	"slices"

	"github.com/mailwire/mailwire/imapwire"
	"github.com/mailwire/mailwire/imapwire/engine"
	"github.com/mailwire/mailwire/imapwire/imap"
)

// frame takes what the framer found.
func (c *Conn) frame(f *imapwire.Frame) {
	if c.resume(f); c.closed {
		return
	}
	switch f.Kind {
	case imapwire.FrameFatal:
		c.end(f.Err)
	case imapwire.FrameBad:
		c.malformed(f.Data, f.Err)
	case imapwire.FrameBody:
		c.piece = BodyData{Data: f.Data, Last: f.Last}
		c.event(&c.piece)
	case imapwire.FrameLiteral:
		c.announced(f)
	case imapwire.FrameList:
		c.listPiece(f.Data)
	case imapwire.FrameWhole:
		if c.fetch != nil && c.started {
			c.fetchRest(f.Data)
			return
		}
		c.fetch = nil
		c.whole(f.Data)
	}
}

// listPiece takes a piece of a long list.
func (c *Conn) listPiece(piece []byte) {
	r, err := c.parser.Piece(&c.list, piece)
	if err == nil {
		err = c.expected(r)
	}
	if err != nil {
		c.framer.Refuse()
		c.malformed(piece, err)
		return
	}
	c.tolerated()
	c.response(r, true, true)
}

// malformed drops a response that can not be read. When it is the answer to a
// command, its word still counts: the command would never end.
func (c *Conn) malformed(raw []byte, err error) {
	c.stats.Bad++
	if c.state == StateGreeting {
		c.broken("what the server says is not IMAP")
		return
	}
	c.event(&Malformed{Raw: string(raw), Err: err})
	if c.started {
		c.endFetch(err)
	}
	c.fetch, c.list = nil, imapwire.ListReader{Reuse: true}
	tag, word := imapwire.CommandHead(raw)
	cond := map[string]imapwire.Condition{"OK": imapwire.OK, "NO": imapwire.NO, "BAD": imapwire.BAD}[word]
	if tag == "" || cond == 0 {
		return
	}
	for _, cmd := range c.cmds {
		if cmd.tag == tag && cmd.begun {
			c.tagged(tag, imapwire.StatusCondition{Condition: cond})
			return
		}
	}
}

// response takes a response that was read; piece says that it is one of several
// pieces, and more that it is not the last.
func (c *Conn) response(r imapwire.Response, piece, more bool) {
	if c.state == StateGreeting {
		c.greeting(r)
		return
	}
	if f, ok := r.(*imapwire.FetchData); ok {
		c.fetchWhole(f)
		return
	}
	data := &Data{Response: r, More: more, piece: piece}
	switch r := r.(type) {
	case *imapwire.ESearchData:
		for _, cmd := range c.cmds {
			if cmd.tag == r.Tag {
				data.ID = cmd.id
			}
		}
	case *imapwire.Continue:
		c.proceed(r)
		return
	case *imapwire.StatusResponse:
		if r.Tag != "" {
			c.tagged(r.Tag, r.StatusCondition)
			return
		}
		if r.Condition == imapwire.BYE {
			if c.repeatedBye() && c.tolerate(imapwire.TolerateRepeatedBye, r.Text) {
				c.event(data)
				c.end(&ByeError{Status: *c.bye})
				return
			}
			bye := r.StatusCondition
			c.bye = &bye
		}
		if c.learnCode(r.Code) {
			c.capsLogin = c.loggingIn()
		}
	case *imapwire.CapabilityData:
		c.learn(r.Capabilities)
		c.capsLogin = c.loggingIn()
	case *imapwire.EnabledData:
		if r.Capabilities.Has(imap.CapIMAP4rev2) || r.Capabilities.Has(imap.CapUTF8Accept) {
			c.parser.UTF8 = true
		}
	}
	c.event(data)
}

// greeting = "*" SP (resp-cond-auth / resp-cond-bye) CRLF
func (c *Conn) greeting(r imapwire.Response) {
	s, ok := r.(*imapwire.StatusResponse)
	if !ok || s.Tag != "" {
		c.broken("what the server says is not a greeting")
		return
	}
	switch s.Condition {
	case imapwire.OK:
		c.state = StateNotAuthenticated
	case imapwire.PREAUTH:
		if c.opt.RequireTLS && !c.sec.Encrypted {
			c.event(&Greeting{s.StatusCondition})
			c.end(ErrPlaintext)
			return
		}
		c.state = StateAuthenticated
		c.setBounds()
	case imapwire.BYE:
		bye := s.StatusCondition
		c.bye = &bye
		c.event(&Greeting{s.StatusCondition})
		c.end(&ByeError{Status: bye})
		return
	default:
		c.broken("what the server says is not a greeting")
		return
	}
	c.learnCode(s.Code)
	c.event(&Greeting{s.StatusCondition})
	c.restAnswer()
	c.pump()
}

// learn takes a list of capabilities.
func (c *Conn) learn(caps imap.Capabilities) {
	if len(c.opt.Ignore) > 0 {
		caps = slices.DeleteFunc(slices.Clone(caps), c.opt.Ignore.Has)
	}
	c.caps, c.capsKnown = caps, true
}

func (c *Conn) learnCode(code imapwire.Code) bool {
	caps, ok := code.(*imapwire.CodeCapability)
	if ok {
		c.learn(caps.Capabilities)
	}
	return ok
}

// tagged takes the answer to a command.
func (c *Conn) tagged(tag string, s imapwire.StatusCondition) {
	i := 0
	for i < len(c.cmds) && (c.cmds[i].tag != tag || !c.cmds[i].begun) {
		i++
	}
	if i == len(c.cmds) && c.unknownTag(tag, s) {
		return
	}
	if i == len(c.cmds) {
		c.broken("an answer to a command that was not sent")
		return
	}
	cmd := c.cmds[i]
	if (cmd.end > c.written || len(cmd.parts) > 0 || cmd.open || cmd.wait == waitContinue) && !c.refused(cmd, s) {
		c.broken("an answer to a command that was not wholly sent")
		return
	}
	if c.renewed(cmd, s) {
		return
	}
	if cmd.verb == "IDLE" {
		c.timers.Clear(timerRenew)
	}
	c.cmds = append(c.cmds[:i:i], c.cmds[i+1:]...)
	verb, was := cmd.verb, c.state
	c.state = was.after(verb, s.Condition)
	told := c.learnCode(s.Code)
	if was == StateNotAuthenticated && c.state == StateAuthenticated {
		if !told && !c.capsLogin {
			// RFC 9051 §6.2: what was announced before may not hold any more.
			c.caps, c.capsKnown = nil, false
		}
		c.setBounds()
	}
	c.capsLogin = false
	c.event(&Done{ID: cmd.id, Status: s})
	switch {
	case verb == "LOGOUT" && s.Condition == imapwire.OK:
		c.framer.Rest()
		c.end(nil)
		return
	case verb == "STARTTLS" && s.Condition == imapwire.OK:
		c.startTLS()
		return
	}
	c.restAnswer()
	c.pump()
}

// refused takes NO or BAD to a command with a literal, of which not everything
// was sent, as the server's right to refuse it (RFC 7888 §4). What it was told
// to expect still has to come: it drops that, and the rest of the command.
func (c *Conn) refused(cmd *command, s imapwire.StatusCondition) bool {
	if s.Condition == imapwire.OK || !cmd.literal {
		return false
	}
	if cmd.wait == waitContinue && cmd.end > c.written {
		return false // the announcement has not even left
	}
	cut := len(cmd.parts) > 0 || cmd.open
	waits := cmd.wait == waitContinue
	cmd.close()
	c.out.Fill()
	if cut && !waits {
		// The shortest rest that ends the command.
		c.out.AppendString("\r\n")
		c.queued += 2
	}
	c.countQueue()
	return true
}

// proceed takes a continuation request.
func (c *Conn) proceed(r *imapwire.Continue) {
	for _, cmd := range c.cmds {
		switch {
		case !cmd.begun || cmd.end > c.written:
		case cmd.wait == waitContinue:
			cmd.wait = waitServer
			c.content(cmd)
			c.pump()
			return
		case cmd.verb == "AUTHENTICATE" && cmd.wait == waitServer && len(cmd.parts) == 0:
			c.challenge(cmd, r.Text)
			return
		case cmd.verb == "IDLE" && !cmd.idling:
			cmd.idling, cmd.wait = true, waitRespond
			c.timers.Set(timerRenew, c.now.Add(c.lim.IdleRenew))
			if cmd.renews == 0 {
				c.event(&Idling{ID: cmd.id})
			}
			if cmd.idleEnd {
				c.endIdle(cmd)
			}
			c.restAnswer()
			return
		}
	}
	c.broken("a continuation request that nothing awaits")
}

// endFetch ends a FETCH response that is not complete.
func (c *Conn) endFetch(err error) {
	c.event(&FetchEnd{Num: c.fetch.Data.Num, Data: &c.fetch.Data, Err: err})
	c.fetch, c.started, c.told = nil, false, 0
}

// startTLS makes ready for TLS. From here on only TLS may speak.
func (c *Conn) startTLS() {
	if len(c.framer.Rest()) > 0 {
		c.end(ErrSurplus)
		return
	}
	c.fed = false
	c.upgrade = engine.LayerTLS
	c.event(&Upgrade{Layer: engine.LayerTLS})
}
