package pop3client

import (
	"errors"
	"unicode/utf8"

	"github.com/mailwire/mailwire/imapwire/engine"
	"github.com/mailwire/mailwire/pop3wire"
)

// How commands leave
//
//	Send ─→ cmds: [answered? gone] [begun: in the queue, or sent] [held back] …
//	               ↑ the next status is this one's                 ↑ pump goes on here
//
// A command is encoded by Send. pump moves them into the queue in the order of
// Send: the next one whose gate, the server's capabilities and Limits.Ahead allow
// it.

// A command is one that has no answer.
type command struct {
	id   engine.ID
	verb string
	gate gate
	kind kind
	num  uint32 // the message that it is about; 0 is none
	top  bool   // TOP
	// octets are its line, with its end; inline those of an AUTH with the
	// client's first message, for servers that take it.
	octets, inline []byte
	// text is a name or a password, which may be beyond ASCII.
	text string
	// end is up to where the octets of the conversation are this command's.
	end  int64
	size int // of its line

	// What follows is of a SASL exchange, with its mechanism. initial is the client's first message,
	// held back for a server that takes it only as an answer.
	mechanism  string
	initial    engine.Secret
	hasInitial bool
	spoken     bool // the client has sent a message
	waiting    bool // for the application's message
	cancelled  bool
	steps      int
}

// Send queues a command, and returns its ID: exactly one [Done] with it follows.
// The command is encoded before Send returns. It is sent when it may be: before
// the greeting nothing is, behind a command without an answer only what a server
// with PIPELINING takes, and nothing across STLS, AUTH and QUIT.
//
// What may not be sent at all is [ErrPlaintext], [ErrNoAPOP], [ErrNoSTLS] or
// [ErrNoUTF8]: at once when that is known, and in the Done when it shows later.
// Values without a form on the wire are errors that wrap [pop3wire.ErrEncode].
func (c *Conn) Send(cmd pop3wire.Command) (engine.ID, error) {
	if cmd == nil {
		return 0, errors.New("pop3client: no command")
	}
	kind, num := kindOf(cmd)
	return c.send(cmd, kind, num)
}

// SendListing queues a command that this module does not know and whose positive
// answer has several lines, which come out as [Lines].
func (c *Conn) SendListing(cmd *pop3wire.UnknownCommand) (engine.ID, error) {
	if cmd == nil {
		return 0, errors.New("pop3client: no command")
	}
	return c.send(cmd, kindRaw, 0)
}

func (c *Conn) send(cmd pop3wire.Command, k kind, num uint32) (engine.ID, error) {
	if c.closed {
		return 0, engine.ErrClosed
	}
	next := &command{id: c.lastID + 1, verb: cmd.Verb(), gate: gateOf(cmd), kind: k, num: num}
	if err := next.encode(cmd); err != nil {
		return 0, err
	}
	if err := c.refuse(next); err != nil && c.settled(err) {
		return 0, err
	}
	c.lastID++
	c.cmds = append(c.cmds, next)
	c.pump()
	return next.id, nil
}

// encode makes the octets of a command.
func (cmd *command) encode(v pop3wire.Command) (err error) {
	switch v := v.(type) {
	case *pop3wire.User:
		cmd.text = v.Name
	case *pop3wire.Pass:
		cmd.text = string(v.Password)
	case *pop3wire.Apop:
		cmd.text = v.Name
	case *pop3wire.Top:
		cmd.top = true
	case *pop3wire.Auth:
		cmd.mechanism = v.Mechanism
		if !v.HasInitial {
			break
		}
		if v.Mechanism == "" {
			_, err := pop3wire.AppendCommand(nil, v)
			return err
		}
		if cmd.octets, err = pop3wire.AppendCommand(nil, &pop3wire.Auth{Mechanism: v.Mechanism}); err != nil {
			return err
		}
		// RFC 5034 §4: a command that would be too long leaves it out.
		if b, err := pop3wire.AppendCommand(nil, v); err == nil {
			cmd.inline = b
		}
		cmd.initial, cmd.hasInitial = v.Initial, true
		return nil
	}
	cmd.octets, err = pop3wire.AppendCommand(nil, v)
	return err
}

// settled reports whether a refusal holds whatever the server still answers to
// the commands before.
func (c *Conn) settled(refusal error) bool {
	if c.state == StateGreeting && refusal != ErrPlaintext || c.upgrade != 0 {
		return false
	}
	for _, before := range c.cmds {
		if before.verb == "STLS" || refusal == ErrNoUTF8 {
			return false
		}
	}
	return refusal != ErrNoUTF8 || c.capa.known
}

// refuse says why a command may not be sent now, or nil.
func (c *Conn) refuse(cmd *command) error {
	switch {
	case !c.mayTravel(cmd):
		return ErrPlaintext
	case cmd.verb == "APOP" && c.stamp == "":
		return ErrNoAPOP
	case cmd.verb == "STLS" && (c.sec.Encrypted || c.state == StateTransaction || c.utf8):
		return ErrNoSTLS
	case cmd.text != "" && !c.mayName(cmd.text):
		return ErrNoUTF8
	}
	return nil
}

// mayTravel reports whether a command may be sent over the transport.
func (c *Conn) mayTravel(cmd *command) bool {
	switch {
	case cmd.gate&open != 0 || c.sec.Encrypted:
		return true
	case c.opt.RequireTLS:
		return false
	case cmd.verb == "APOP":
		return c.opt.APOP.Allows(c.sec)
	}
	if cmd.kind == kindSASL {
		return c.opt.PlaintextAuth.AllowsMechanism(c.sec, cmd.mechanism)
	}
	return cmd.gate&password == 0 || c.opt.PlaintextAuth.Allows(c.sec)
}

// mayName reports whether the server takes s as a name or a password.
func (c *Conn) mayName(s string) bool {
	ascii := true
	for i := range len(s) {
		ascii = ascii && s[i] < utf8.RuneSelf
	}
	return ascii || c.opt.EightBit || c.capa.userUTF8() && utf8.ValidString(s)
}

// pump moves into the queue what may be sent.
func (c *Conn) pump() {
	for !c.closed && c.state != StateGreeting && c.upgrade == 0 && c.begun < len(c.cmds) {
		cmd := c.cmds[c.begun]
		if !c.mayFollow(cmd) {
			break
		}
		if err := c.refuse(cmd); err != nil {
			c.remove(c.begun)
			c.event(&Done{ID: cmd.id, Err: err, Protected: c.sec.Encrypted})
			continue
		}
		c.begin(cmd)
	}
	c.countQueue()
}

// mayFollow reports whether a command may be sent behind those without an
// answer.
func (c *Conn) mayFollow(cmd *command) bool {
	if c.begun == 0 {
		return true
	}
	return (cmd.gate|c.cmds[0].gate)&barrier == 0 && c.Has("PIPELINING") && c.ahead+len(cmd.octets) <= c.lim.Ahead
}

// begin puts a command into the queue.
func (c *Conn) begin(cmd *command) {
	b := cmd.octets
	if cmd.inline != nil && c.Has("SASL") {
		// RFC 5034 §4: only where SASL is announced.
		b, cmd.initial, cmd.hasInitial, cmd.spoken = cmd.inline, "", false, true
	}
	c.utf8 = c.utf8 || cmd.verb == "UTF8"
	cmd.size = len(b)
	c.begun++
	c.ahead += cmd.size
	c.queue(cmd, b)
	cmd.octets, cmd.inline, cmd.text = nil, nil, ""
	c.restAnswer()
}

// queue puts octets of a command into the queue.
func (c *Conn) queue(cmd *command, b []byte) {
	c.out.Append(b)
	c.queued += int64(len(b))
	cmd.end = c.queued
	c.countQueue()
}

// remove takes command i out of cmds. There are few before it.
func (c *Conn) remove(i int) {
	if i < c.begun {
		c.begun--
		c.ahead -= c.cmds[i].size
	}
	copy(c.cmds[1:i+1], c.cmds[:i])
	c.cmds[0] = nil
	if c.cmds = c.cmds[1:]; len(c.cmds) == 0 {
		c.cmds = nil
	}
}

// Withdraw takes back a command of which nothing has been queued. Its Done
// follows, with [ErrWithdrawn]. For any other it is [engine.ErrNotNow].
func (c *Conn) Withdraw(id engine.ID) error {
	for i := c.begun; i < len(c.cmds); i++ {
		if c.cmds[i].id == id {
			c.cmds = append(c.cmds[:i], c.cmds[i+1:]...)
			c.event(&Done{ID: id, Err: ErrWithdrawn, Protected: c.sec.Encrypted})
			c.pump()
			return nil
		}
	}
	return engine.ErrNotNow
}

// Sent reports whether a command has left wholly, or has its answer.
func (c *Conn) Sent(id engine.ID) bool {
	for i, cmd := range c.cmds {
		if cmd.id == id {
			return i < c.begun && cmd.end <= c.written
		}
	}
	return true
}
