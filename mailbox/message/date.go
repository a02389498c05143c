package message

import (
	"strconv"
	"strings"
	"time"

	"github.com/mailwire/mailwire/imapwire/imap"
)

// ParseDate reads a Date field: RFC 5322 with its obsolete forms (comments,
// two-digit years, named zones), and what mail programs write instead: no
// seconds, one-digit hours, AM and PM, month names in full, the year after the
// time as in asctime, dashes, ISO 8601. ok is false when no day can be made out.
// Words that say nothing are passed over. A date without a zone that is known
// is UTC (RFC 5322 §4.3).
//
//	date-time = [ day-of-week "," ] date time [CFWS]
//	date = day month year
//	time = time-of-day zone
func ParseDate(value string) (t time.Time, ok bool) {
	var d dateFields
	s := scanner{s: value[:min(len(value), maxDate)]}
	var w []byte
	for {
		at := s.i
		s.skip()
		if s.i >= len(s.s) || s.s[s.i] == ',' {
			d.word(string(w))
			w = w[:0]
			if s.i >= len(s.s) {
				return d.time()
			}
			s.i++
			continue
		}
		// White space parts words, except around the colons of a time.
		if s.i > at && s.s[s.i] != ':' && !(len(w) > 0 && w[len(w)-1] == ':') {
			d.word(string(w))
			w = w[:0]
		}
		w = append(w, s.s[s.i])
		s.i++
	}
}

// maxDate is how much of a field is looked at.
const maxDate = 256

// dateFields are the words of a date, by what they look like.
type dateFields struct {
	numbers []int // day and year, in their order
	month   time.Month
	clock   [3]int
	zone    *time.Location
	half    int // hours that AM or PM starts with, plus one; 0 for 24 hours
	hasTime bool
	bad     bool
}

// zones are the offsets of named zones in minutes: those of RFC 5322 §4.3, and
// others that mean one thing only.
//
//	obs-zone = "UT" / "GMT" / "EST" / "EDT" / "CST" / "CDT" / "MST" / "MDT" / "PST" / "PDT" / …
var zones = map[string]int{
	"UT": 0, "GMT": 0, "UTC": 0, "Z": 0,
	"EDT": -240, "EST": -300, "CDT": -300, "CST": -360, "MDT": -360, "MST": -420, "PDT": -420, "PST": -480,
	"WET": 0, "WEST": 60, "CET": 60, "CEST": 120, "MET": 60, "MEST": 120, "EET": 120, "EEST": 180, "MSK": 180,
	"JST": 540, "KST": 540, "NZST": 720, "NZDT": 780,
}

func (d *dateFields) setZone(minutes int) {
	d.zone = time.UTC
	if minutes != 0 {
		d.zone = time.FixedZone("", minutes*60)
	}
}

func (d *dateFields) word(w string) {
	if w == "" {
		return
	}
	digit, mark := w[0] >= '0' && w[0] <= '9', strings.IndexAny(w, "-:")
	switch {
	case w[0] == '+' || w[0] == '-':
		d.offset(w)
	case digit && mark > 0 && w[mark] == '-':
		d.dashes(w)
	case digit && mark > 0:
		d.timeOfDay(w)
	case digit:
		if n, err := strconv.Atoi(strings.TrimRight(w, "stndrh.")); err == nil {
			d.numbers = append(d.numbers, n)
		} else {
			d.bad = true
		}
	default:
		d.name(strings.TrimRight(w, "."))
	}
}

// name reads a word of letters: a month, a zone, or AM and PM. Others, the day
// of the week among them, say nothing.
//
//	month-name = "Jan" / "Feb" / "Mar" / "Apr" / … / "Dec"
func (d *dateFields) name(w string) {
	upper := strings.ToUpper(w)
	if len(w) >= 3 && d.month == 0 {
		for m := time.January; m <= time.December; m++ {
			if strings.HasPrefix(strings.ToUpper(m.String()), upper) || m == time.September && upper == "SEPT" {
				d.month = m
				return
			}
		}
	}
	switch upper {
	case "AM":
		d.half = 1
	case "PM":
		d.half = 13
	}
	if i := strings.IndexAny(w, "+-"); i > 0 {
		// GMT+0200
		d.offset(w[i:])
		return
	}
	if minutes, ok := zones[upper]; ok && d.zone == nil {
		d.setZone(minutes)
	}
}

// offset reads a zone as a number. One that can not be is as good as none.
//
//	zone = (FWS ( "+" / "-" ) 4DIGIT) / (FWS obs-zone)
func (d *dateFields) offset(w string) {
	digits := strings.Replace(w[1:], ":", "", 1)
	n, err := strconv.ParseUint(digits, 10, 16)
	if err != nil || len(digits) != 4 || n%100 > 59 || n/100 > 23 || d.zone != nil {
		return
	}
	minutes := int(n/100*60 + n%100)
	if w[0] == '-' {
		minutes = -minutes
	}
	d.setZone(minutes)
}

// dashes reads 12-Feb-2025 and 2025-02-12T10:30:00Z.
func (d *dateFields) dashes(w string) {
	date, clock, _ := strings.Cut(w, "T")
	f := strings.Split(date, "-")
	if len(f) != 3 {
		d.bad = true
		return
	}
	year, err := strconv.Atoi(f[0])
	month, err2 := strconv.Atoi(f[1])
	if err == nil && err2 == nil && len(f[0]) == 4 && month >= 1 && month <= 12 {
		d.month = time.Month(month)
		d.numbers = append(d.numbers, atoi(f[2]), year)
	} else {
		for _, v := range f {
			d.word(v)
		}
	}
	d.word(clock)
}

// timeOfDay reads a time, with fractions, AM or PM and a zone that may follow
// without white space.
//
//	time-of-day = hour ":" minute [ ":" second ]
func (d *dateFields) timeOfDay(w string) {
	end := strings.IndexFunc(w, func(r rune) bool { return (r < '0' || r > '9') && r != ':' && r != '.' })
	rest := ""
	if end >= 0 {
		w, rest = w[:end], w[end:]
	}
	w, _, _ = strings.Cut(w, ".")
	f := strings.Split(w, ":")
	if d.hasTime || len(f) > len(d.clock) {
		d.bad = true
		return
	}
	d.hasTime = true
	for i, v := range f {
		d.clock[i] = atoi(v)
	}
	d.word(rest)
}

// atoi reads a number; what is none is out of every range.
func atoi(s string) int {
	n, err := strconv.ParseUint(s, 10, 16)
	if err != nil {
		return 1 << 16
	}
	return int(n)
}

// time puts the fields together.
func (d *dateFields) time() (time.Time, bool) {
	if d.bad || d.month == 0 || len(d.numbers) != 2 {
		return time.Time{}, false
	}
	day, year := d.numbers[0], d.numbers[1]
	if day > 31 {
		day, year = year, day
	}
	switch { // RFC 5322 §4.3
	case year < 50:
		year += 2000
	case year < 1000:
		year += 1900
	}
	h, m, s := d.clock[0], d.clock[1], d.clock[2]
	if d.half > 0 && h >= 1 && h <= 12 {
		h = h%12 + d.half - 1
	}
	if !(imap.Date{Year: year, Month: d.month, Day: day}).IsValid() || h > 23 || m > 59 || s > 60 {
		return time.Time{}, false
	}
	zone := d.zone
	if zone == nil {
		zone = time.UTC
	}
	// A leap second is the last second of its minute, so that the day stays.
	return time.Date(year, d.month, day, h, m, min(s, 59), 0, zone), true
}
