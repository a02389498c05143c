package pop3client

import (
	"github.com/mailwire/mailwire/imapwire/engine"
	"github.com/mailwire/mailwire/pop3wire"
)

// multi is a multi-line answer that is not complete. Lines of a listing are
// gathered into pieces; the octets of a message are never held.
type multi struct {
	open   bool // a listing: lines are read
	body   bool // a message
	status pop3wire.Status
	last   uint32 // the number of the entry before

	scans  []pop3wire.ScanListing
	uids   []pop3wire.UniqueID
	capas  []pop3wire.Capability
	langs  []pop3wire.Language
	raws   []pop3wire.RawLine
	n      int // of them, in all
	octets int // of the lines that they are

	unstuff pop3wire.Unstuffer
	size    int64 // of the message so far
}

// pieceLines is how many lines a piece has at most.
const pieceLines = 128

// openMulti begins a multi-line answer.
func (c *Conn) openMulti(cmd *command, s pop3wire.Status) {
	c.multi.status, c.multi.last = s, 0
	if cmd.kind != kindBody {
		c.multi.open = true
		return
	}
	c.multi.body, c.multi.size = true, 0
	// That the status ended so was told as BareLF, if it is tolerated.
	c.multi.unstuff = pop3wire.Unstuffer{BareLF: c.told&BareLF != 0}
	c.event(&Body{ID: cmd.id, Num: cmd.num, Top: cmd.top, Status: s})
}

// listLine takes a line of a listing.
func (c *Conn) listLine(x line) {
	cmd := c.cmds[0]
	text := x.text
	if x.over {
		c.badLine(cmd, text, c.limitError(nil))
		return
	}
	if err := c.lineEnd(x); err != nil {
		c.badLine(cmd, text, err)
		return
	}
	if len(text) > 0 && text[0] == '.' {
		if len(text) == 1 {
			c.endList(cmd)
			return
		}
		text = text[1:]
	}
	num, err := c.entry(cmd, text)
	if err != nil {
		if single := c.spaceRuns(text); single != nil {
			if c.told&SpaceRuns == 0 {
				c.tellBefore()
			}
			if num, err = c.entry(cmd, single); err == nil {
				c.tolerated(SpaceRuns, text)
			}
		}
	}
	if err != nil {
		c.badLine(cmd, text, err)
		return
	}
	if num > 0 {
		c.multi.last = num
	}
	c.multi.octets += len(text)
	if c.multi.n++; c.multi.n == pieceLines {
		c.tellList()
	}
}

// badLine tells of a line that can not be read, behind those before it.
func (c *Conn) badLine(cmd *command, text []byte, err error) {
	c.tellList()
	c.malformed(cmd.id, text, err)
}

// entry reads a line of a listing and adds it to the piece. num is the number of
// the message, if the lines have such.
func (c *Conn) entry(cmd *command, text []byte) (num uint32, err error) {
	m := &c.multi
	switch cmd.kind {
	case kindScans:
		s, err := pop3wire.ParseScanListing(text)
		if err == nil {
			err = c.ascends(s.Num, text)
		}
		if err != nil {
			return 0, err
		}
		m.scans = append(m.scans, s)
		return s.Num, nil
	case kindUIDs:
		u, err := pop3wire.ParseUniqueID(text)
		if err == nil {
			err = c.ascends(u.Num, text)
		}
		if err != nil {
			return 0, err
		}
		m.uids = append(m.uids, u)
		return u.Num, nil
	case kindCapa:
		x, err := pop3wire.ParseCapability(text)
		if err != nil {
			return 0, err
		}
		m.capas = append(m.capas, x)
		c.learn(x, len(text))
	case kindLangs:
		l, err := pop3wire.ParseLanguage(text)
		if err != nil {
			return 0, err
		}
		m.langs = append(m.langs, l)
	default:
		m.raws = append(m.raws, pop3wire.RawLine(text))
	}
	return 0, nil
}

// ascends says what is wrong with the number of an entry, if it is not above the
// one before it and that is not tolerated.
func (c *Conn) ascends(num uint32, text []byte) error {
	if num > c.multi.last || c.unordered(text) {
		return nil
	}
	return &engine.SyntaxError{Production: "message-number", Expected: "a number above the one before", Got: engine.CutGot(text)}
}

// tellList tells what was gathered, and reports whether there was something.
func (c *Conn) tellList() bool {
	m := &c.multi
	if m.n == 0 {
		return false
	}
	id := c.cmds[0].id
	switch c.cmds[0].kind {
	case kindScans:
		c.event(&ScanListings{ID: id, List: m.scans})
	case kindUIDs:
		c.event(&UniqueIDs{ID: id, List: m.uids})
	case kindCapa:
		c.event(&Capabilities{ID: id, List: m.capas})
	case kindLangs:
		c.event(&Languages{ID: id, List: m.langs})
	default:
		c.event(&Lines{ID: id, List: m.raws})
	}
	m.scans, m.uids, m.capas, m.langs, m.raws = m.scans[:0], m.uids[:0], m.capas[:0], m.langs[:0], m.raws[:0]
	m.n, m.octets = 0, 0
	return true
}

// tellBefore tells what was gathered before the line that is being read, because
// a diagnostic of that comes next. The line's own entry is gathered before the
// application has seen the piece, which therefore keeps its arrays.
func (c *Conn) tellBefore() {
	if m := &c.multi; c.tellList() {
		m.scans, m.uids, m.capas, m.langs, m.raws = nil, nil, nil, nil, nil
	}
}

// endList ends a listing.
func (c *Conn) endList(cmd *command) {
	c.tellList()
	s := c.multi.status
	c.multi = multi{}
	if cmd.kind == kindCapa {
		c.learned(cmd)
	}
	c.done(cmd, s, nil)
}
