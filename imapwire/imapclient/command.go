package imapclient

import (
	"bytes"
	"io"
	"strconv"

	"github.com/mailwire/mailwire/imapwire"
	"github.com/mailwire/mailwire/imapwire/engine"
	"github.com/mailwire/mailwire/imapwire/imap"
)

// How commands leave
//
//	Send ─→ cmds: [answered? gone] [begun, all sent] [begun, waits for "+"] [held back] …
//	                                                        ↑ pump goes on here
//
// A command is encoded by Send, in parts that end where the server has to say
// "+". pump moves parts into the queue, in the order of Send: the rest of the
// command that is not wholly sent, then the next one whose gate allows it.

// A command is one that has no answer.
type command struct {
	id   engine.ID
	tag  string
	verb string
	gate gate
	// parts are those that are not in the queue.
	parts []imapwire.CommandPart
	begun bool // its first part is in the queue
	open  bool // an APPEND to which further messages may come
	wait  waiting
	// end is up to where the octets of the conversation are this command's.
	end int64
	// literal: it has one, which a server may refuse before it has come.
	literal bool
	// mechanism is that of AUTHENTICATE.
	mechanism string
	// initial is the client's first message, held back for a server that takes
	// it only as an answer.
	initial    engine.Secret
	hasInitial bool
	idling     bool // the server has begun the IDLE
	idleEnd    bool // EndIdle was called
	renewing   bool // the IDLE is ended in order to begin another
	renews     int
}

type waiting uint8

const (
	waitServer   waiting = iota // its answer
	waitContinue                // "+" before the rest of it
	waitRespond                 // the application's part of a SASL exchange
)

// close closes the readers that never got into the queue.
func (cmd *command) close() {
	for _, p := range cmd.parts {
		if closer, ok := p.Body.(io.Closer); ok {
			closer.Close()
		}
	}
	cmd.parts = nil
}

// Send queues a command, and returns its ID: a [Done] with it follows. The
// command is encoded before Send returns, in the form that any server takes
// unless this one has announced more. Readers pass to the Conn with success: it
// never reads them, and closes them, where they are an io.Closer, once.
//
// What may not travel in the clear is [ErrPlaintext], unless a STARTTLS goes
// before it; if that fails, its Done has the error.
func (c *Conn) Send(cmd imapwire.Command) (engine.ID, error) {
	if c.closed {
		return 0, engine.ErrClosed
	}
	next := &command{id: c.lastID + 1, tag: "A" + strconv.FormatUint(uint64(c.lastID+1), 10), verb: cmd.Verb()}
	next.gate = gateOf(cmd)
	barred := c.upgrade != 0
	for _, before := range c.cmds {
		barred = barred || before.verb == "STARTTLS"
	}
	if v, is := cmd.(*imapwire.Authenticate); is {
		next.mechanism = v.Mechanism
	}
	if !barred && !c.mayTravel(next) {
		return 0, ErrPlaintext
	}
	switch v := cmd.(type) {
	case *imapwire.Append:
		next.open = v.Open
	case *imapwire.Authenticate:
		if v.HasInitial && !c.mayAssume(imap.CapSASLIR) {
			// RFC 4959 §3: only where the server supports it.
			next.initial, next.hasInitial = v.Initial, true
			cmd = &imapwire.Authenticate{Mechanism: v.Mechanism}
		}
	}
	parts, err := imapwire.EncodeCommand(next.tag, cmd, c.commandOptions())
	if err != nil {
		return 0, err
	}
	next.parts = parts
	for _, p := range parts {
		next.literal = next.literal || p.Wait || p.Body != nil || p.Pushed || bytes.Contains(p.Bytes, []byte("+}\r\n"))
	}
	c.lastID++
	c.cmds = append(c.cmds, next)
	c.pump()
	return next.id, nil
}

// mayTravel reports whether a command may be sent over the transport.
func (c *Conn) mayTravel(cmd *command) bool {
	switch cmd.verb {
	case "CAPABILITY", "ID", "NOOP", "STARTTLS", "LOGOUT":
		return true
	}
	if !c.sec.Encrypted && c.opt.RequireTLS {
		return false
	}
	switch cmd.verb {
	case "LOGIN":
		return c.opt.PlaintextAuth.Allows(c.sec)
	case "AUTHENTICATE":
		return c.opt.PlaintextAuth.AllowsMechanism(c.sec, cmd.mechanism)
	}
	return true
}

// mayAssume reports whether the server has announced x, and nothing that is
// under way can change that before the next command arrives.
func (c *Conn) mayAssume(x imap.Capability) bool {
	if !c.caps.Has(x) {
		return false
	}
	for _, cmd := range c.cmds {
		switch cmd.verb {
		case "STARTTLS", "AUTHENTICATE", "LOGIN", "COMPRESS":
			return false
		}
	}
	return c.upgrade == 0
}

// commandOptions says how a command may be written now.
func (c *Conn) commandOptions() imapwire.CommandOptions {
	opt := imapwire.CommandOptions{UTF8: c.parser.UTF8}
	switch {
	case c.mayAssume("LITERAL+"):
		opt.Literals = imapwire.LiteralPlus
	case c.mayAssume("LITERAL-"), c.mayAssume(imap.CapIMAP4rev2):
		opt.Literals = imapwire.LiteralMinus
	}
	return opt
}

// pump moves into the queue what may be sent.
func (c *Conn) pump() {
	if c.closed || c.state == StateGreeting || c.upgrade != 0 {
		return
	}
	for i := 0; i < len(c.cmds); i++ {
		cmd := c.cmds[i]
		if !cmd.begun {
			for _, before := range c.cmds[:i] {
				if !cmd.gate.mayFollow(before.gate) {
					return
				}
			}
			if !c.mayTravel(cmd) {
				cmd.close()
				c.event(&Done{ID: cmd.id, Err: ErrPlaintext})
				c.cmds = append(c.cmds[:i:i], c.cmds[i+1:]...)
				i--
				continue
			}
			cmd.begun = true
			c.restAnswer()
		}
		if !c.pumpParts(cmd) {
			return
		}
	}
}

// pumpParts moves parts of a command into the queue, and reports whether that
// was the last.
func (c *Conn) pumpParts(cmd *command) bool {
	for len(cmd.parts) > 0 && cmd.wait == waitServer {
		p := cmd.parts[0]
		c.out.Append(p.Bytes)
		c.queued += int64(len(p.Bytes))
		cmd.end = c.queued
		if p.Wait {
			cmd.wait = waitContinue
			break
		}
		c.content(cmd)
	}
	c.countQueue()
	return len(cmd.parts) == 0 && !cmd.open && cmd.wait != waitContinue
}

// content moves the content behind the first part of a command into the queue,
// and forgets the part.
func (c *Conn) content(cmd *command) {
	p := cmd.parts[0]
	cmd.parts = cmd.parts[1:]
	if p.Body != nil {
		c.out.AppendReader(p.Body, p.Size)
	} else if p.Pushed {
		c.out.AppendPushed(p.Size)
		c.event(&Ready{ID: cmd.id, Size: p.Size})
	}
	if p.Body != nil || p.Pushed {
		c.queued += p.Size
		cmd.end = c.queued
	}
}

// command returns the command with that ID, which has no answer and whose verb
// is verb; nil when there is none.
func (c *Conn) command(id engine.ID, verb string) *command {
	for _, cmd := range c.cmds {
		if cmd.id == id && cmd.verb == verb {
			return cmd
		}
	}
	return nil
}

// Withdraw takes back a command of which nothing has been sent. Its Done follows,
// with [ErrWithdrawn]. For any other it is [engine.ErrNotNow].
func (c *Conn) Withdraw(id engine.ID) error {
	for i, cmd := range c.cmds {
		if cmd.id == id && !cmd.begun {
			cmd.close()
			c.cmds = append(c.cmds[:i:i], c.cmds[i+1:]...)
			c.event(&Done{ID: id, Err: ErrWithdrawn})
			c.pump()
			return nil
		}
	}
	return engine.ErrNotNow
}

// Sent reports whether a command has left wholly, or has its answer: one that has
// not can not be taken back, since the server may wait for the rest.
func (c *Conn) Sent(id engine.ID) bool {
	for _, cmd := range c.cmds {
		if cmd.id == id {
			return cmd.begun && len(cmd.parts) == 0 && !cmd.open && cmd.wait != waitContinue && cmd.end <= c.written
		}
	}
	return true
}

// Push gives a piece of the content for which Ready came, and returns how much
// was taken: n < len(p) means that the queue is full. Without such a content it
// is [engine.ErrNotNow].
func (c *Conn) Push(p []byte) (n int, err error) {
	if c.closed {
		return 0, engine.ErrClosed
	}
	n, err = c.out.Push(p)
	c.countQueue()
	return n, err
}

// SendAppend goes on with an APPEND that was sent as Open: with further messages
// (RFC 3502), and with its end if last. It is [engine.ErrNotNow] before the
// content of the message before them was pushed whole.
func (c *Conn) SendAppend(id engine.ID, messages []imapwire.AppendMessage, last bool) error {
	cmd, err := c.openAppend(id)
	if err != nil {
		return err
	}
	parts, err := imapwire.EncodeAppendRest(messages, last, c.commandOptions())
	if err != nil {
		return err
	}
	cmd.parts, cmd.open = parts, !last
	c.pump()
	return nil
}

// AbortAppend ends an APPEND that was sent as Open in a way that no server can
// take for a complete command: none of its messages is stored, and the command
// ends with BAD. It is [engine.ErrNotNow] while octets of a message are owed to
// the server; there only [Conn.Close] is left.
func (c *Conn) AbortAppend(id engine.ID) error {
	cmd, err := c.openAppend(id)
	if err != nil {
		return err
	}
	cmd.parts, cmd.open = []imapwire.CommandPart{{Bytes: []byte(" (\r\n")}}, false
	c.pump()
	return nil
}

func (c *Conn) openAppend(id engine.ID) (*command, error) {
	if c.closed {
		return nil, engine.ErrClosed
	}
	cmd := c.command(id, "APPEND")
	switch {
	case cmd == nil || !cmd.open:
		return nil, engine.ErrUnknownID
	case len(cmd.parts) > 0 || c.out.Unpushed() > 0:
		return nil, engine.ErrNotNow
	}
	return cmd, nil
}

// EndIdle ends an IDLE. Its Done follows. More than once is harmless.
func (c *Conn) EndIdle(id engine.ID) error {
	if c.closed {
		return engine.ErrClosed
	}
	cmd := c.command(id, "IDLE")
	if cmd == nil {
		return engine.ErrUnknownID
	}
	cmd.idleEnd = true
	c.endIdle(cmd)
	return nil
}

// endIdle ends an IDLE that the server has begun.
//
//	idle = "IDLE" CRLF "DONE"
func (c *Conn) endIdle(cmd *command) {
	if cmd.wait == waitRespond {
		c.timers.Clear(timerRenew)
		c.sendLine(cmd, "DONE")
		c.restAnswer()
	}
}

// renewIdle ends an IDLE, to begin it anew when the server has answered.
func (c *Conn) renewIdle() {
	for _, cmd := range c.cmds {
		if cmd.verb == "IDLE" && cmd.wait == waitRespond {
			cmd.renewing = true
			c.endIdle(cmd)
		}
	}
}

// renewed begins an IDLE anew whose answer has come, and reports whether it did:
// for the application it is the same one.
func (c *Conn) renewed(cmd *command, s imapwire.StatusCondition) bool {
	if !cmd.renewing || cmd.idleEnd || s.Condition != imapwire.OK {
		return false
	}
	cmd.renews++
	cmd.tag = "A" + strconv.FormatUint(uint64(cmd.id), 10) + "." + strconv.Itoa(cmd.renews)
	cmd.idling, cmd.renewing = false, false
	c.sendLine(cmd, cmd.tag+" IDLE")
	c.restAnswer()
	return true
}

// sendLine queues a line that belongs to a command.
func (c *Conn) sendLine(cmd *command, line string) {
	c.out.AppendString(line)
	c.out.AppendString("\r\n")
	c.queued += int64(len(line) + 2)
	cmd.end, cmd.wait = c.queued, waitServer
	c.countQueue()
}
