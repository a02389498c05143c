package pop3client

import (
	"bytes"
	"strings"

	"github.com/mailwire/mailwire/imapwire/engine"
	"github.com/mailwire/mailwire/pop3wire"
)

// A Tolerance is a set of deviations from the protocol, each of which some real
// server has. One that was made use of is told as [Tolerated].
type Tolerance uint8

const (
	// BlankLines: a server sends empty lines between responses ("+OK", and an
	// empty line behind it, to AUTH: o2.pl). They are skipped. It is off unless
	// Options.Tolerate has it: elsewhere an empty line is what comes in the
	// place of an answer.
	BlankLines Tolerance = 1 << iota
	// OKChallenge: "+OK" in the place of the "+ " that asks for the client's
	// first message of a SASL exchange (Exchange 2003 to AUTH NTLM).
	OKChallenge
	// TextChallenge: words in the place of base64 in the "+" that asks for the
	// client's first message ("+ go ahead"), or no space behind it. It counts
	// as the empty challenge.
	TextChallenge
	// SpaceRuns: several spaces where one belongs, in a listing
	// ("12   uid", " 1 120 ").
	SpaceRuns
	// BareLF: lines that end with LF alone (UNIX servers). The end of a message
	// may be "." LF only if the status before the message ended so: elsewhere a
	// line that the sender of the message wrote could end it (RFC 1939 §3).
	BareLF
	// Unordered: numbers of a listing that do not ascend. A number may then come
	// twice.
	Unordered
)

// Tolerances that a Conn has when Options do not say otherwise.
const defaultTolerances = OKChallenge | TextChallenge | SpaceRuns | BareLF | Unordered

var toleranceNames = [...]string{"BlankLines", "OKChallenge", "TextChallenge", "SpaceRuns", "BareLF", "Unordered"}

// String returns the names of t, with "|" between them.
func (t Tolerance) String() string {
	var names []string
	for i, name := range toleranceNames {
		if t&(1<<i) != 0 {
			names = append(names, name)
		}
	}
	if len(names) == 0 {
		return "none"
	}
	return strings.Join(names, "|")
}

// tolerates reports whether a deviation is tolerated.
func (c *Conn) tolerates(t Tolerance) bool {
	return !c.opt.Strict && c.opt.Refuse&t == 0 && (defaultTolerances|c.opt.Tolerate)&t != 0
}

// tolerated tells of a deviation, once in each response.
func (c *Conn) tolerated(t Tolerance, line []byte) {
	if c.told&t != 0 {
		return
	}
	c.tellBefore()
	c.told |= t
	ev := &Tolerated{Tolerance: t, Raw: string(line)}
	if c.begun > 0 {
		ev.ID = c.cmds[0].id
		if c.cmds[0].kind == kindSASL {
			ev.Raw = engine.Redacted
		}
	}
	c.event(ev)
}

// blankLine tolerates an empty line where a response should be.
func (c *Conn) blankLine(line []byte) bool {
	if len(line) > 0 || !c.tolerates(BlankLines) {
		return false
	}
	c.tolerated(BlankLines, line)
	c.told = 0
	return true
}

// okChallenge tolerates a positive status to an AUTH to which the client has not
// said anything: no mechanism succeeds without a message of the client.
func (c *Conn) okChallenge(cmd *command, s pop3wire.Status, line []byte) bool {
	if cmd.kind != kindSASL || !s.OK || cmd.spoken || !c.tolerates(OKChallenge) {
		return false
	}
	c.tolerated(OKChallenge, line)
	return true
}

// textChallenge tolerates a first challenge that is not base64.
func (c *Conn) textChallenge(cmd *command, line []byte) bool {
	if cmd.spoken || !c.tolerates(TextChallenge) {
		return false
	}
	c.tolerated(TextChallenge, line)
	return true
}

// spaceRuns returns the line of a listing with single spaces, or nil when it has
// no others or they are not tolerated.
func (c *Conn) spaceRuns(line []byte) []byte {
	trimmed := bytes.Trim(line, " ")
	if !c.tolerates(SpaceRuns) || len(trimmed) == len(line) && !bytes.Contains(line, []byte("  ")) {
		return nil
	}
	return bytes.Join(bytes.FieldsFunc(trimmed, func(r rune) bool { return r == ' ' }), []byte(" "))
}

// bareLF tolerates a line that ends with LF alone.
func (c *Conn) bareLF(line []byte) bool {
	if !c.tolerates(BareLF) {
		return false
	}
	c.tolerated(BareLF, line)
	return true
}

// unordered tolerates a number that is not above the one before it.
func (c *Conn) unordered(line []byte) bool {
	if !c.tolerates(Unordered) {
		return false
	}
	c.tolerated(Unordered, line)
	return true
}
