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

// fetchWhole takes a FETCH response that came in one frame, whose record is the
// parser's.
func (c *Conn) fetchWhole(f *imapwire.FetchData) {
	end := &c.record
	if c.opt.Reuse {
		*end = FetchEnd{Num: f.Num, Data: f}
	} else {
		end = ownedFetch(f)
	}
	if len(f.Sections) > 0 {
		c.tellSections(end.Data)
		c.started, c.told = false, 0
	}
	c.event(end)
}

// ownedFetch returns the event of a record that is the parser's, with a copy of it:
// one allocation for what all messages have.
func ownedFetch(f *imapwire.FetchData) *FetchEnd {
	r := &struct {
		end   FetchEnd
		data  imapwire.FetchData
		flags [4]imap.Flag
	}{}
	r.data.Flags = r.flags[:0]
	f.CloneInto(&r.data)
	r.end = FetchEnd{Num: f.Num, Data: &r.data}
	return &r.end
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
