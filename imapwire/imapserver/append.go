package imapserver

import (
	"github.com/mailwire/mailwire/imapwire"
	"github.com/mailwire/mailwire/imapwire/engine"
)

// The way of an APPEND
//
//	APPEND box (flags) date {n}  ──→ Append, AppendMessage ── Refuse → tagged NO, Abandoned
//	                                       │ Accept ("+" if it waits)
//	                                       ▼
//	                                  Literal … Literal{Last}
//	                                       │
//	        CRLF ──────────────────────────┼──→ AppendCommit → Done
//	        another message ───────────────┼──→ AppendMessage …
//	        anything else ─────────────────┴──→ tagged BAD, Abandoned

// announced takes the announcement of a literal: the message of an APPEND, or an
// argument that is held with its command.
func (c *Conn) announced(f imapwire.Frame) {
	if c.cur.id != 0 {
		// Behind a message of an APPEND.
		part, err := c.parser.AppendRest(f.Data, c.cur.tag, c.cur.utf8)
		if err == nil && part == nil {
			err = &engine.SyntaxError{Production: "append", Expected: "the end of the command", Tag: c.cur.tag}
		}
		if err != nil {
			c.framer.Refuse()
			c.answerBad(err)
			c.abandonAnswered(err)
			return
		}
		c.message(part, f)
		return
	}
	tag, verb := imapwire.CommandHead(f.Data)
	part, err := c.parser.AppendPrefix(f.Data)
	switch {
	case err != nil:
		c.framer.Refuse()
		c.stats.Commands++
		c.malformed(tag, verb, f.Data, err)
	case part != nil && !gates["APPEND"].allows(c.state):
		c.framer.Refuse()
		c.stats.Commands++
		c.tagged(part.Tag, imapwire.BAD, nil, "APPEND is not allowed when "+c.state.String())
	case part != nil:
		c.stats.Commands++
		c.bad = 0
		c.begin(part.Tag, "APPEND", gates["APPEND"])
		c.event(&Append{ID: c.cur.id, Tag: part.Tag, Mailbox: part.Mailbox})
		c.message(part, f)
	default:
		if err := c.framer.Buffer(); err != nil {
			c.stats.Commands++
			c.malformed(tag, verb, f.Data, err)
			return
		}
		c.timers.Set(timerLiteral, c.now.Add(c.lim.LiteralTime))
		if !f.NonSync {
			c.goAhead()
		}
	}
}

func (c *Conn) goAhead() {
	c.out.append([]byte("+ go ahead\r\n"))
	c.queued()
}

// message announces a message to the application, unless it is too large.
func (c *Conn) message(part *imapwire.AppendPart, f imapwire.Frame) {
	if f.Size > c.lim.Append {
		// RFC 7889 §4: refused before a single octet.
		err := &engine.LimitError{Name: "Append", Cap: c.lim.Append, Got: f.Size, Offset: int64(len(f.Data))}
		c.framer.Refuse()
		c.tagged(c.cur.tag, imapwire.NO, imapwire.CodeTooBig, "the message is too big")
		c.abandonAnswered(err)
		return
	}
	m := part.Message
	c.cur.wait, c.cur.nonSync, c.cur.utf8 = waitDecision, f.NonSync, m.UTF8
	c.event(&AppendMessage{
		ID: c.cur.id, Index: c.cur.index, Flags: m.Flags, Date: m.Date, Size: f.Size,
		Binary: f.Binary, UTF8: m.UTF8, NonSync: f.NonSync,
	})
	c.cur.index++
}

// Accept takes the message announced last: its Literals follow.
func (c *Conn) Accept(id engine.ID) error {
	if c.closed {
		return engine.ErrClosed
	}
	if id == 0 || id != c.cur.id || c.cur.wait != waitDecision {
		return engine.ErrUnknownID
	}
	if err := c.framer.Stream(); err != nil {
		return err
	}
	c.cur.wait = waitBody
	if !c.cur.nonSync {
		c.goAhead()
	}
	return nil
}

// Refuse ends an APPEND that is not complete with s, and drops the rest of it.
// Abandoned follows.
func (c *Conn) Refuse(id engine.ID, s imapwire.StatusCondition) error {
	if c.closed {
		return engine.ErrClosed
	}
	if id == 0 || id != c.cur.id || c.cur.verb != "APPEND" || c.cur.wait == waitApp {
		return engine.ErrUnknownID
	}
	if err := c.out.send(&imapwire.StatusResponse{Tag: c.cur.tag, StatusCondition: s}); err != nil {
		return err
	}
	c.queued()
	c.framer.Refuse()
	c.abandonAnswered(ErrRefused)
	return nil
}

// literal hands out a piece of a message.
func (c *Conn) literal(f imapwire.Frame) {
	c.event(&Literal{ID: c.cur.id, Data: f.Data, Last: f.Last})
}

// appendRest takes what follows the last message of an APPEND.
func (c *Conn) appendRest(frame []byte) {
	if _, err := c.parser.AppendRest(frame, c.cur.tag, c.cur.utf8); err != nil {
		c.answerBad(err)
		c.abandonAnswered(err)
		return
	}
	c.timers.Clear(timerLiteral)
	c.cur.wait = waitApp
	c.event(&AppendCommit{ID: c.cur.id})
}

// answerBad answers an APPEND whose syntax is broken.
func (c *Conn) answerBad(err error) {
	c.tagged(c.cur.tag, imapwire.BAD, nil, err.Error())
	c.stats.Bad++
}

// abandonAnswered ends an APPEND whose client has its answer.
func (c *Conn) abandonAnswered(err error) {
	c.abandon(err)
	c.timers.Clear(timerLiteral)
	c.cur, c.yield = inProgress{}, 0
}

// abandon tells the application that an APPEND came to nothing. What it has not
// heard of the APPEND yet, it need not hear.
func (c *Conn) abandon(err error) {
	id := c.cur.id
	kept := c.events[:0]
	for _, ev := range c.events {
		switch ev := ev.(type) {
		case *AppendMessage:
			if ev.ID == id {
				continue
			}
		case *Literal:
			if ev.ID == id {
				continue
			}
		}
		kept = append(kept, ev)
	}
	c.events = append(kept, &Abandoned{ID: id, Err: err})
}
