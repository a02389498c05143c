package imapclient

import (
	"github.com/mailwire/mailwire/imapwire"
	"github.com/mailwire/mailwire/imapwire/imap"
)

// How a FETCH response comes out
//
//	* 7 FETCH (UID 42 BODY[] {9}⏎   → FetchStart{7}, Body{7, So: UID 42, BODY[], 9 octets}
//	9 octets                        → BodyData…, BodyData{Last}
//	 FLAGS (\Seen))⏎                → FetchEnd{7, UID 42, FLAGS, BODY[]}
//
// A content in quotes comes out the same way, and so does one that is small.

// announced takes the announcement of a literal: the content of a section, or
// an argument that is held with its response.
func (c *Conn) announced(f *imapwire.Frame) {
	if c.fetch == nil {
		c.fetch = &imapwire.FetchReader{}
	}
	if !c.fetch.Section(f.Data, f.Size) || c.state != StateSelected && !c.selecting() {
		if err := c.framer.Buffer(); err != nil {
			c.malformed(f.Data, err)
		}
		return
	}
	if err := c.parser.FetchPart(c.fetch, f.Data, f.Size); err != nil {
		c.framer.Refuse()
		c.malformed(f.Data, err)
		return
	}
	c.framer.Stream()
	c.tolerated()
	c.tellSections(&c.fetch.Data)
}

// fetchRest takes the end of a FETCH response with contents.
func (c *Conn) fetchRest(frame []byte) {
	r := c.fetch
	if c.strayLineEnd(frame) {
		return
	}
	if err := c.parser.FetchPart(r, frame, -1); err != nil {
		c.malformed(frame, err)
		return
	}
	c.stats.Commands++
	c.tolerated()
	c.tellSections(&r.Data)
	c.endFetch(nil)
}

// A fetchRecord is what is told of a message, in one piece with the room for what all
// messages have.
type fetchRecord struct {
	end   FetchEnd
	data  imapwire.FetchData
	flags [4]imap.Flag
}

// spareRecord returns a record that is told next. It is told with Options.Reuse;
// otherwise whoever tells it makes c.record nil.
func (c *Conn) spareRecord() *fetchRecord {
	if c.record == nil {
		c.record = &fetchRecord{}
		c.flags = c.record.flags[:0]
	}
	return c.record
}

// plainFetch takes a FETCH response of numbers and flags straight into the record
// that is told.
func (c *Conn) plainFetch(frame []byte) bool {
	if c.state != StateSelected || c.cut.frames > 0 || c.list.Begun() {
		return false
	}
	r := c.spareRecord()
	r.data.Flags = c.flags
	if !c.parser.PlainFetch(frame, &r.data) {
		return false
	}
	r.end = FetchEnd{Num: r.data.Num, Data: &r.data}
	if !c.opt.Reuse {
		c.record = nil
	} else if r.data.Flags != nil {
		c.flags = r.data.Flags[:0]
	}
	c.stats.Commands++
	c.event(&r.end)
	return true
}

// fetchWhole takes a FETCH response that came in one frame, whose record is the
// parser's: one allocation for the event and a copy of what all messages have.
func (c *Conn) fetchWhole(f *imapwire.FetchData) {
	r := c.spareRecord()
	r.end = FetchEnd{Num: f.Num, Data: f}
	if !c.opt.Reuse {
		r.data.Flags = c.flags
		f.CloneInto(&r.data)
		r.end.Data, c.record = &r.data, nil
	}
	if len(f.Sections) > 0 {
		c.tellSections(r.end.Data)
		c.started, c.told = false, 0
	}
	c.event(&r.end)
}

// tellSections tells the sections that the application has not heard of.
func (c *Conn) tellSections(f *imapwire.FetchData) {
	for ; c.told < len(f.Sections); c.told++ {
		if !c.started {
			c.started = true
			c.event(&FetchStart{Num: f.Num})
		}
		d := &f.Sections[c.told]
		data, inline := d.Content.Data, d.Content.Valid && !d.Content.Pushed
		if inline {
			d.Content = imapwire.Content{Valid: true, Pushed: true, Size: int64(len(data)), Binary: d.Content.Binary}
		}
		so := *f
		so.Sections = f.Sections[:c.told:c.told]
		c.event(&Body{Num: f.Num, So: &so, Section: *d})
		if inline {
			c.event(&BodyData{Data: []byte(data), Last: true})
		}
	}
}
