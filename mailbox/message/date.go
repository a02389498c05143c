package message

import (
	"net/mail"
	"strconv"
	"strings"
	"time"
)

// ParseDate reads a Date field: RFC 5322 with its obsolete forms (comments,
// two-digit years, named zones), and what mail programs write instead: no
// seconds, one-digit hours, month names in full, the year after the time, ISO
// 8601. ok is false when no day can be made out. A date without a zone is UTC.
//
//	date-time = [ day-of-week "," ] date time [CFWS]
func ParseDate(value string) (t time.Time, ok bool) {
	if t, err := mail.ParseDate(value); err == nil && t.Year() > 0 {
		return t, true
	}
	if t, err := time.Parse(time.RFC3339, strings.TrimSpace(value)); err == nil {
		return t, true
	}
	var d dateFields
	s := scanner{s: value}
	for {
		s.skip()
		if s.i >= len(s.s) {
			break
		}
		start := s.i
		for s.i < len(s.s) && strings.IndexByte(" \t\r\n(,", s.s[s.i]) < 0 {
			s.i++
		}
		d.word(s.s[start:s.i])
		if s.i == start {
			s.i++
		}
	}
	return d.time()
}

// dateFields are the words of a date, by what they look like.
type dateFields struct {
	numbers   []int // day and year, in their order
	month     time.Month
	h, m, sec int
	zone      *time.Location
}

func (d *dateFields) word(w string) {
	switch {
	case w == "":
	case strings.Contains(w, ":"):
		var f [3]int
		for i, p := range strings.SplitN(w, ":", 3) {
			f[i], _ = strconv.Atoi(strings.TrimRight(p, "apmAPM."))
		}
		d.h, d.m, d.sec = f[0], f[1], f[2]
	case len(w) == 5 && (w[0] == '+' || w[0] == '-'):
		if n, err := strconv.Atoi(w[1:]); err == nil && n%100 < 60 && n < 2400 {
			off := n/100*3600 + n%100*60
			if w[0] == '-' {
				off = -off
			}
			d.zone = time.FixedZone("", off)
		}
	case strings.Count(w, "-") == 2:
		// 12-Feb-2025
		for p := range strings.SplitSeq(w, "-") {
			d.word(p)
		}
	case w[0] >= '0' && w[0] <= '9':
		if n, err := strconv.Atoi(strings.TrimRight(w, "stndrh.")); err == nil {
			d.numbers = append(d.numbers, n)
		}
	case len(w) >= 3 && d.month == 0:
		for m := time.January; m <= time.December; m++ {
			if strings.EqualFold(w[:3], m.String()[:3]) && len(w) <= len(m.String()) {
				d.month = m
			}
		}
	}
}

func (d *dateFields) time() (time.Time, bool) {
	if d.month == 0 || len(d.numbers) < 2 {
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
	zone := d.zone
	if zone == nil {
		zone = time.UTC
	}
	t := time.Date(year, d.month, day, d.h, d.m, d.sec, 0, zone)
	if t.Day() != day || day == 0 || d.h > 23 || d.m > 59 || d.sec > 60 || year > 9999 {
		return time.Time{}, false
	}
	return t, true
}
