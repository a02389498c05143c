package imapclient

import (
	"bytes"
	"slices"

	"github.com/mailwire/mailwire/imapwire"
	"github.com/mailwire/mailwire/imapwire/engine"
)

// How deviations come out
//
// What the parser tolerates comes as one Tolerated before the events of the
// response. Three deviations break the framing of lines, so that a response comes
// as several frames; they are put together here:
//
//	*⏎                  CAPABILITY X⏎     a line end behind the asterisk
//	* LIST () "/" "a⏎   b"⏎               a line end in quotes
//	* 1 FETCH (X {3}⏎abc⏎   UID 7)⏎       a line end behind a literal
//
// A frame after which the parser says that it may be cut waits for the next one.
// When both together can not be read, each is taken by itself: what is well formed
// is never lost to what was cut before it.

// maxCutFrames is how many frames one response may consist of.
const maxCutFrames = 8

// A cutResponse is frames that wait for the next one.
type cutResponse struct {
	octets []byte
	frames int
	err    error // why they can not be read without it
}

// tolerates reports whether the options have t.
func (c *Conn) tolerates(t imapwire.Tolerance) bool { return c.parser.Tolerates().Has(t) }

// tolerated tells what the parser has tolerated in what it read last.
func (c *Conn) tolerated() {
	if len(c.parser.Diagnostics) > 0 {
		c.event(&Tolerated{Diagnostics: slices.Clone(c.parser.Diagnostics)})
		c.parser.Diagnostics = c.parser.Diagnostics[:0]
	}
}

// tolerate tells of a deviation of the conversation, if it is tolerated.
func (c *Conn) tolerate(t imapwire.Tolerance, got string) bool {
	if !c.tolerates(t) {
		return false
	}
	c.event(&Tolerated{Diagnostics: []imapwire.Diagnostic{{Tolerance: t, Got: engine.CutGot([]byte(got))}}})
	return true
}

// whole takes a response in one frame, or the last frame of one that was cut.
func (c *Conn) whole(frame []byte) {
	if c.plainFetch(frame) || c.plainMailbox(frame) {
		return
	}
	cut := c.cut
	if cut.frames > 0 {
		frame = append(cut.octets, frame...)
	}
	var r imapwire.Response
	var err error
	piece := c.list.Begun()
	if piece {
		r, err = c.parser.LastPiece(&c.list, frame)
	} else {
		r, err = c.parser.Response(frame)
	}
	switch {
	case err != nil && c.parser.Cut && c.mayGoOn(frame):
		c.cut = cutResponse{octets: bytes.Clone(frame), frames: cut.frames + 1, err: err}
		if cut.frames > 0 {
			c.cut.err = cut.err
		}
		return
	case err != nil && cut.frames > 0:
		last := frame[len(cut.octets):]
		c.dropCut()
		if !c.closed {
			c.whole(last)
		}
		return
	}
	c.cut = cutResponse{}
	if err == nil {
		err = c.expected(r)
	}
	if err != nil {
		c.malformed(frame, err)
		return
	}
	c.tolerated()
	c.stats.Commands++
	c.response(r, piece, false)
}

// mayGoOn reports whether the next frame may make this one whole: not when there
// are too many, and not when the last of them is a response by itself.
func (c *Conn) mayGoOn(frame []byte) bool {
	b, cut := c.parser.Bounds, c.cut
	if cut.frames+1 >= maxCutFrames || len(frame) > b.Line+b.Literals {
		return false
	}
	if cut.frames == 0 {
		return true
	}
	_, err := c.parser.Response(frame[len(cut.octets):])
	return err != nil
}

// dropCut gives up frames that wait: what came does not make them whole.
func (c *Conn) dropCut() {
	if c.cut.frames > 0 {
		cut := c.cut
		c.cut = cutResponse{}
		c.malformed(cut.octets, cut.err)
	}
	if c.stray != nil {
		stray := c.stray
		c.stray = nil
		c.malformed(stray, &engine.SyntaxError{
			Production: "msg-att", Expected: `a space or ")"`, Got: string(stray),
		})
	}
}

// strayLineEnd holds a line end behind the content of a section, until the next
// frame shows whether the response goes on.
func (c *Conn) strayLineEnd(frame []byte) bool {
	if len(bytes.TrimRight(frame, "\r\n")) > 0 || !c.tolerates(imapwire.TolerateStrayLineEnd) {
		return false
	}
	c.stray = bytes.Clone(frame)
	return true
}

// resume decides with the next frame about what waits for it.
func (c *Conn) resume(f *imapwire.Frame) {
	if c.stray != nil && len(f.Data) > 0 && (f.Data[0] == ' ' || f.Data[0] == ')') &&
		(f.Kind == imapwire.FrameWhole || f.Kind == imapwire.FrameLiteral) {
		stray := c.stray
		c.stray = nil
		c.tolerate(imapwire.TolerateStrayLineEnd, string(stray))
		return
	}
	if c.stray != nil || f.Kind != imapwire.FrameWhole {
		c.dropCut()
	}
}

// repeatedBye reports whether a BYE is not the first, and nobody asked for it.
func (c *Conn) repeatedBye() bool {
	return c.bye != nil && !slices.ContainsFunc(c.cmds, func(cmd *command) bool { return cmd.begun && cmd.verb == "LOGOUT" })
}

// unknownTag takes an answer with a tag that was never sent as data, if that is
// tolerated.
func (c *Conn) unknownTag(tag string, s imapwire.StatusCondition) bool {
	if slices.ContainsFunc(c.cmds, func(cmd *command) bool { return cmd.tag == tag }) || !c.tolerate(imapwire.TolerateUnknownTag, tag) {
		return false
	}
	c.event(&Data{Response: &imapwire.StatusResponse{Tag: tag, StatusCondition: s}})
	return true
}

// loggingIn reports whether a login was sent and not answered.
func (c *Conn) loggingIn() bool {
	return slices.ContainsFunc(c.cmds, func(cmd *command) bool {
		return cmd.begun && cmd.end <= c.written && (cmd.verb == "LOGIN" || cmd.verb == "AUTHENTICATE")
	})
}
