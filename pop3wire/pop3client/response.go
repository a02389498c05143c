package pop3client

import (
	"bytes"

	"github.com/mailwire/mailwire/imapwire/engine"
	"github.com/mailwire/mailwire/pop3wire"
)

// response takes a line of the server that is complete.
func (c *Conn) response(x line) {
	if c.multi.open {
		c.listLine(x)
		return
	}
	c.told = 0
	switch {
	case c.state == StateGreeting:
		c.greeting(x)
		return
	case c.blankLine(x.text):
		return
	case c.begun == 0:
		c.broken("the server says something that nothing asked for")
		return
	case c.cmds[0].end > c.lineAt:
		// Nothing but the order tells what an answer belongs to. One that was
		// there before its command was sent belongs to none.
		c.broken("an answer to a command that was not wholly sent")
		return
	}
	cmd := c.cmds[0]
	if s, read, ok := c.status(cmd, x); ok {
		c.answer(cmd, s, read, x.text)
	}
}

// limitError returns the error for a line that is too long.
func (c *Conn) limitError(cmd *command) error {
	name, limit := "ResponseLine", int64(c.lim.ResponseLine)
	if cmd != nil && cmd.kind == kindSASL {
		name, limit = "SASLLine", int64(c.lim.SASLLine)
	}
	return &engine.LimitError{Name: name, Cap: limit, Got: limit + 1, Offset: limit}
}

// lineEnd says what is wrong with the end of a line, if that is not tolerated.
func (c *Conn) lineEnd(x line) error {
	if !x.bare || c.bareLF(x.text) {
		return nil
	}
	return &engine.SyntaxError{Offset: int64(len(x.text)), Production: "single-line", Expected: "CRLF", Got: "\n"}
}

// greeting takes the first line.
func (c *Conn) greeting(x line) {
	c.lineAt = 0
	if x.over {
		c.end(c.limitError(nil))
		return
	}
	s, err := pop3wire.ParseStatus(x.text)
	if err == nil {
		err = c.lineEnd(x)
	}
	switch {
	case err != nil:
		c.broken(foreign(x.text))
		return
	case !s.OK:
		c.end(&RefusedError{Status: s})
		return
	}
	// A positive status is a greeting.
	g, _ := pop3wire.ParseGreeting(x.text)
	c.state, c.stamp = StateAuthorization, g.Timestamp
	c.stats.Commands++
	c.event(&Greeting{Greeting: g, Protected: c.sec.Encrypted})
	c.pump()
	c.restAnswer()
}

// foreign says what a first line that is no greeting is.
func foreign(first []byte) string {
	for _, p := range []struct{ prefix, name string }{
		{"* ", "IMAP"}, {"220", "SMTP or FTP"}, {"HTTP/", "HTTP"}, {"SSH-", "SSH"}, {"\x15\x03", "TLS"},
	} {
		if bytes.HasPrefix(first, []byte(p.prefix)) {
			return "the server speaks " + p.name
		}
	}
	return "what the server says is not a greeting"
}

// status reads the line that answers cmd. read is false when only the word at its
// start could be, which was told. ok is false when it was no status, and everything
// that follows from it is done.
func (c *Conn) status(cmd *command, x line) (s pop3wire.Status, read, ok bool) {
	yes, word := statusWord(x.text)
	if cmd.kind == kindSASL && !word && bytes.HasPrefix(x.text, []byte("+")) {
		c.challenge(cmd, x)
		return s, false, false
	}
	s, err := pop3wire.ParseStatus(x.text)
	if x.over {
		err = c.limitError(cmd)
	}
	if !word {
		c.garbage(cmd, x.text, err)
		return s, false, false
	}
	if end := c.lineEnd(x); err == nil {
		err = end
	}
	if err != nil {
		// The word counts, whatever is wrong behind it.
		c.malformed(cmd.id, x.text, err)
		return pop3wire.Status{OK: yes}, false, true
	}
	c.stats.Commands++
	return s, true, true
}

// statusWord returns the word at the start of a status; ok is false without one.
func statusWord(text []byte) (yes, ok bool) {
	rest, yes := bytes.CutPrefix(text, []byte("+OK"))
	if !yes {
		if rest, ok = bytes.CutPrefix(text, []byte("-ERR")); !ok {
			return false, false
		}
	}
	return yes, len(rest) == 0 || !(engine.Alpha | engine.Digit).Is(rest[0])
}

// garbage takes a line in the place of a status that is none. It costs the one
// command whose answer is one line. Elsewhere nobody knows what the next line
// belongs to; and before login a stranger may be at work.
func (c *Conn) garbage(cmd *command, text []byte, err error) {
	c.malformed(cmd.id, text, err)
	if c.state != StateTransaction || cmd.kind >= kindSASL || cmd.gate&barrier != 0 || c.begun > 1 {
		c.broken("what the server says is not an answer")
		return
	}
	c.remove(0)
	c.event(&Done{ID: cmd.id, Err: err, Protected: c.sec.Encrypted})
	c.pump()
	c.restAnswer()
}

// malformed tells of a line that can not be read.
func (c *Conn) malformed(id engine.ID, text []byte, err error) {
	c.stats.Bad++
	raw := string(text)
	if c.begun > 0 && c.cmds[0].kind == kindSASL {
		raw = engine.Redacted
		if syntax, is := err.(*engine.SyntaxError); is && syntax.Got != "" {
			hidden := *syntax
			hidden.Got = engine.Redacted
			err = &hidden
		}
	}
	c.event(&Malformed{ID: id, Raw: raw, Err: err})
}

// answer takes the status of cmd. read: more of it than its word could be read.
func (c *Conn) answer(cmd *command, s pop3wire.Status, read bool, text []byte) {
	switch {
	case c.okChallenge(cmd, s, text):
		c.asked(cmd, nil)
	case s.OK && cmd.kind.multi():
		c.openMulti(cmd, s)
	case s.OK && read && cmd.kind >= kindDrop && cmd.kind <= kindLang:
		c.done(cmd, s, c.answerLine(cmd, s))
	default:
		c.done(cmd, s, nil)
	}
}

// answerLine reads the text of a positive status that is a listing.
func (c *Conn) answerLine(cmd *command, s pop3wire.Status) pop3wire.Line {
	text := []byte(s.Text)
	if s.Code != "" {
		// What looks like a code is the text, or has no place here.
		text = []byte("[" + string(s.Code) + "] " + s.Text)
	}
	l, err := cmd.parse(text)
	if err != nil {
		if single := c.spaceRuns(text); single != nil {
			if again, err2 := cmd.parse(single); err2 == nil {
				c.tolerated(SpaceRuns, text)
				return again
			}
		}
		c.malformed(cmd.id, text, err)
		return nil
	}
	return l
}

// parse reads the text of a positive status.
func (cmd *command) parse(text []byte) (l pop3wire.Line, err error) {
	num := cmd.num
	switch cmd.kind {
	case kindDrop:
		d, e := pop3wire.ParseDropListing(text)
		l, err = &d, e
	case kindScan:
		s, e := pop3wire.ParseScanListing(text)
		l, err, num = &s, e, s.Num
	case kindUID:
		u, e := pop3wire.ParseUniqueID(text)
		l, err, num = &u, e, u.Num
	case kindLang:
		g, e := pop3wire.ParseLanguage(text)
		l, err = &g, e
	}
	if err == nil && num != cmd.num {
		err = &engine.SyntaxError{Production: "message-number", Expected: "the number that was asked about", Got: engine.CutGot(text)}
	}
	if err != nil {
		return nil, err
	}
	return l, nil
}

// done ends a command that was answered, and draws the conclusions.
func (c *Conn) done(cmd *command, s pop3wire.Status, answer pop3wire.Line) {
	c.remove(0)
	c.event(&Done{ID: cmd.id, Status: s, Answer: answer, Protected: c.sec.Encrypted})
	switch {
	case cmd.verb == "QUIT":
		c.end(nil)
		return
	case cmd.verb == "STLS" && s.OK:
		c.startTLS()
		return
	case cmd.gate&login != 0 && s.OK && c.state == StateAuthorization:
		c.state = StateTransaction
		c.forget()
	}
	c.pump()
	c.restAnswer()
}
