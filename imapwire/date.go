package imapwire

import (
	"strings"
	"time"

	"github.com/mailwire/mailwire/imapwire/engine"
	"github.com/mailwire/mailwire/imapwire/imap"
)

// date = date-text / DQUOTE date-text DQUOTE
func (c *cursor) date(production string) imap.Date {
	i := c.pos
	quoted := c.accept('"')
	s := c.str(c.span(engine.Atom, production, "a date"))
	if quoted {
		c.expect('"', production)
	}
	if c.err != nil {
		return imap.Date{}
	}
	d, err := imap.ParseDate(s)
	if err != nil {
		c.failAt(i, production, "a date such as 1-Feb-2026")
	}
	return d
}

// date-time = DQUOTE date-day-fixed "-" date-month "-" date-year SP time SP zone DQUOTE
func (c *cursor) dateTime(production string) time.Time {
	i := c.pos
	s := c.quoted(production)
	if c.err != nil {
		return time.Time{}
	}
	t, err := imap.ParseDateTime(s)
	if err != nil {
		if t, ok := looseDate(s); ok && c.tolerateAt(TolerateLooseDate, i) {
			return t
		}
		c.failAt(i, production, `a date such as "01-Feb-2026 12:30:00 +0100"`)
	}
	return t
}

// looseDate reads a date-time whose day has one digit, or whose zone has a name
// behind it, or the date-time of RFC 5322 §3.3.
func looseDate(s string) (time.Time, bool) {
	fields := strings.Fields(s)
	if len(s) > 64 || len(fields) < 3 {
		return time.Time{}, false
	}
	if strings.Count(fields[0], "-") == 2 {
		if t, err := time.Parse("2-Jan-2006 15:04:05 -0700", strings.Join(fields[:3], " ")); err == nil {
			return fixedZone(t), true
		}
		return time.Time{}, false
	}
	if strings.HasSuffix(fields[0], ",") {
		fields = fields[1:]
	}
	if len(fields) < 5 {
		return time.Time{}, false
	}
	t, err := time.Parse("2 Jan 2006 15:04:05 -0700", strings.Join(fields[:5], " "))
	return fixedZone(t), err == nil
}

// fixedZone returns t in a zone that is nothing but its offset.
func fixedZone(t time.Time) time.Time {
	_, off := t.Zone()
	if off == 0 {
		return t.UTC()
	}
	return t.In(time.FixedZone("", off))
}

// date = date-text / DQUOTE date-text DQUOTE
func (e *encoder) date(d imap.Date) {
	if !d.IsValid() {
		e.fail("there is no day %d-%d-%d", d.Year, d.Month, d.Day)
		return
	}
	if e.err == nil {
		e.b = d.Append(e.b)
	}
}

// date-time = DQUOTE date-day-fixed "-" date-month "-" date-year SP time SP zone DQUOTE
func (e *encoder) dateTime(t time.Time) {
	if y := t.Year(); y < 0 || y > 9999 {
		e.fail("the year %d has no four digits", y)
		return
	}
	if _, off := t.Zone(); off <= -100*3600 || off >= 100*3600 {
		e.fail("the zone is %d seconds from UTC", off)
		return
	}
	if e.err == nil {
		e.b = imap.AppendDateTime(e.b, t)
	}
}
