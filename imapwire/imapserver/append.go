package imapserver

import (
	"errors"

	"github.com/mailwire/mailwire/imapwire"
	"github.com/mailwire/mailwire/imapwire/engine"
	"github.com/mailwire/mailwire/imapwire/imap"
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
	switch {
	case c.cur.id == 0:
		c.announcedFirst(f)
	case c.cur.verb == "APPEND":
		part, err := c.parser.AppendRest(f.Data, c.cur.tag, c.cur.utf8)
		if err == nil && part == nil {
			err = &engine.SyntaxError{Production: "append", Expected: "the end of the command", Tag: c.cur.tag}
		}
		if err == nil {
			err = c.message(part, f)
		}
		if err != nil {
			c.framer.Refuse()
			c.breakAppend(err)
		}
	default:
		// Where DONE or base64 is due, a literal is a mistake, and what is in
		// it no command.
		c.framer.Refuse()
		c.badLine(&engine.SyntaxError{Production: c.lineProduction(), Expected: "no literal", Tag: c.cur.tag})
	}
}

// announcedFirst takes the announcement of a literal of a command that is not
// complete.
func (c *Conn) announcedFirst(f imapwire.Frame) {
	tag, verb := imapwire.CommandHead(f.Data)
	part, err := c.parser.AppendPrefix(f.Data)
	switch {
	case err != nil:
		c.framer.Refuse()
		c.malformed(tag, verb, f.Data, err)
	case part != nil && !gates["APPEND"].allows(c.state):
		c.framer.Refuse()
		c.timers.Clear(timerCommand)
		c.bad = 0
		c.tagged(part.Tag, imapwire.BAD, nil, "APPEND is not allowed when "+c.state.String())
	case part != nil:
		c.timers.Clear(timerCommand)
		c.timers.Clear(timerLiteral)
		c.begin(part.Tag, "APPEND", gates["APPEND"])
		c.event(&Append{ID: c.cur.id, Tag: part.Tag, Mailbox: part.Mailbox})
		if err := c.message(part, f); err != nil {
			c.framer.Refuse()
			c.breakAppend(err)
		}
	default:
		if err := c.framer.Buffer(); err != nil {
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
	c.out.AppendString("+ go ahead\r\n")
	c.queued()
}

// message announces a message to the application, or says why it is not taken.
func (c *Conn) message(part *imapwire.AppendPart, f imapwire.Frame) error {
	m := part.Message
	if f.Size > c.lim.Append {
		// RFC 7889 §4: refused before a single octet.
		return &engine.LimitError{Name: "Append", Cap: c.lim.Append, Got: f.Size, Offset: int64(len(f.Data))}
	}
	if m.UTF8 && !c.enables(imap.CapUTF8Accept) {
		// RFC 6855 §4: only where the server supports it.
		return &engine.SyntaxError{Production: "append-data", Expected: "a literal, since UTF8=ACCEPT is not supported", Got: "UTF8", Tag: c.cur.tag}
	}
	c.cur.wait, c.cur.nonSync, c.cur.utf8 = waitDecision, f.NonSync, m.UTF8
	c.event(&AppendMessage{
		ID: c.cur.id, Index: c.cur.index, Flags: m.Flags, Date: m.Date, Size: f.Size,
		Binary: f.Binary, UTF8: m.UTF8, NonSync: f.NonSync,
	})
	c.cur.index++
	return nil
}

// Accept takes the message announced last: its Literals follow.
func (c *Conn) Accept(id engine.ID) error {
	if err := c.inProgress(id, waitDecision); err != nil {
		return err
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

// Refuse ends an APPEND that is not complete with s, which is NO or BAD, and
// drops the rest of it. Abandoned follows.
func (c *Conn) Refuse(id engine.ID, s imapwire.StatusCondition) error {
	if c.closed {
		return engine.ErrClosed
	}
	if id == 0 || id != c.cur.id || c.cur.verb != "APPEND" || c.cur.wait == waitApp {
		return engine.ErrUnknownID
	}
	if s.Condition != imapwire.NO && s.Condition != imapwire.BAD {
		return errors.New("imapserver: a message is refused with NO or BAD")
	}
	if err := c.complete(c.cur.tag, s); err != nil {
		return err
	}
	c.framer.Refuse()
	c.abandon(ErrRefused)
	c.reset()
	return nil
}

// literal hands out a piece of a message.
func (c *Conn) literal(f imapwire.Frame) {
	c.event(&Literal{ID: c.cur.id, Data: f.Data, Last: f.Last})
}

// appendRest takes what follows the last message of an APPEND.
func (c *Conn) appendRest(frame []byte) {
	if _, err := c.parser.AppendRest(frame, c.cur.tag, c.cur.utf8); err != nil {
		c.breakAppend(err)
		return
	}
	c.cur.wait = waitApp
	c.event(&AppendCommit{ID: c.cur.id})
}

// breakAppend ends an APPEND because of what its client sent.
func (c *Conn) breakAppend(err error) {
	tag := c.cur.tag
	c.abandon(err)
	c.reset()
	if limit := (*engine.LimitError)(nil); errors.As(err, &limit) && limit.Name == "Append" {
		c.bad = 0
		c.tagged(tag, imapwire.NO, imapwire.CodeTooBig, "the message is too big")
		return
	}
	c.tagged(tag, imapwire.BAD, nil, err.Error())
	c.mistake()
}

// reset ends the command in progress, which has its answer.
func (c *Conn) reset() {
	c.cur, c.yield = inProgress{}, 0
	c.timers.Clear(timerLiteral)
}

// abandon tells the application that an APPEND came to nothing. What it has not
// heard of its messages yet, it need not hear.
func (c *Conn) abandon(err error) {
	id := c.cur.id
	kept := c.events[:c.heard]
	for _, ev := range c.events[c.heard:] {
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
	clear(c.events[len(kept):])
	c.events = append(kept, &Abandoned{ID: id, Err: err})
}
