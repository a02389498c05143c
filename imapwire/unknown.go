package imapwire

import (
	"bytes"
	"strings"
)

// An UnknownCommand is a command that this package has no type for.
type UnknownCommand struct {
	// Name is the verb in upper case, with "UID " before it when it was
	// prefixed so.
	Name string
	// Args are the octets that follow the verb, the space before them
	// included, the last CRLF excluded; literals stand in it as on the wire.
	Args string
}

// An UnknownData is an untagged response that this package has no type for.
type UnknownData struct {
	// Raw is the octets between "* " and the last CRLF, literals as on the
	// wire.
	Raw string
}

// Verb implements Command.
func (u *UnknownCommand) Verb() string { return u.Name }

// parseUnknown takes the verb that begins at start, and all that follows as
// octets: lines and literals, with nothing in a line that no line may hold.
func parseUnknown(c *cursor, start int) Command {
	u := &UnknownCommand{}
	args := c.pos
	if c.err == nil && !c.atEnd() && c.peek() != ' ' {
		c.fail("command", "a space or the end of the line")
	}
	c.rawArgs("command")
	if c.err == nil {
		u.Name = upper(c.str(start, args))
		u.Args = c.str(args, c.pos)
	}
	return u
}

// rawArgs moves to the CRLF at the end of the frame, over literals as they
// are announced at line ends. NUL, CR and LF stand in literals only.
func (c *cursor) rawArgs(production string) {
	for c.err == nil {
		end := bytes.IndexAny(c.b[c.pos:], "\x00\r\n")
		if end < 0 {
			c.failAt(len(c.b), production, "the end of the line")
			return
		}
		line := c.b[c.pos : c.pos+end]
		_, _, _, n := announcement(line)
		c.pos += end - n
		c.steps += int64(end)
		if n == 0 {
			if !c.atEnd() {
				c.fail(production, "a line without NUL, CR or LF")
			}
			return
		}
		c.literal(production)
	}
}

func (u *UnknownCommand) encode(e *encoder) {
	name := upper(u.Name)
	if rest, uid := strings.CutPrefix(name, "UID "); uid {
		e.raw("UID ")
		name = rest
	}
	e.atom(name)
	if u.Args == "" {
		return
	}
	if u.Args[0] != ' ' {
		e.fail("arguments %q do not start with a space", cut(u.Args))
	}
	e.rawLiterals(u.Args)
}

func (*UnknownData) response() {}
