package imap

import (
	"cmp"
	"errors"
	"strconv"
	"time"
)

// ErrDate reports a text that is no date of the production asked for.
var ErrDate = errors.New("imap: not a date")

// A Date is a calendar day, as SEARCH takes it: without time and zone.
type Date struct {
	Year  int        // 0 to 9999
	Month time.Month // January to December
	Day   int        // 1 to 31, as far as the month goes
}

// DateOf returns the day of t in t's own zone.
func DateOf(t time.Time) Date {
	y, m, d := t.Date()
	return Date{y, m, d}
}

// Compare returns -1, 0 or +1 as d is earlier than, equal to or later than e.
func (d Date) Compare(e Date) int {
	return cmp.Or(cmp.Compare(d.Year, e.Year), cmp.Compare(d.Month, e.Month), cmp.Compare(d.Day, e.Day))
}

// IsValid reports whether the day exists.
func (d Date) IsValid() bool {
	if d.Year < 0 || d.Year > 9999 || d.Month < 1 || d.Month > 12 || d.Day < 1 {
		return false
	}
	if d.Day <= 28 {
		return true
	}
	t := time.Date(d.Year, d.Month, d.Day, 0, 0, 0, 0, time.UTC)
	return t.Day() == d.Day
}

const months = "JanFebMarAprMayJunJulAugSepOctNovDec"

func parseMonth(s string) (time.Month, bool) {
	for m := range 12 {
		if equalFoldASCII(s, months[3*m:3*m+3]) {
			return time.Month(m + 1), true
		}
	}
	return 0, false
}

func digits(s string) (int, bool) {
	n := 0
	for i := 0; i < len(s); i++ {
		if s[i] < '0' || s[i] > '9' {
			return 0, false
		}
		n = n*10 + int(s[i]-'0')
	}
	return n, len(s) > 0
}

// ParseDate parses a day. Months match in any case.
//
//	date-text = date-day "-" date-month "-" date-year
//	date-day = 1*2DIGIT
//	date-year = 4DIGIT
func ParseDate(s string) (Date, error) {
	if len(s) < 10 || len(s) > 11 {
		return Date{}, ErrDate
	}
	n := len(s) - 9 // digits of the day
	day, ok := digits(s[:n])
	m, ok2 := parseMonth(s[n+1 : n+4])
	y, ok3 := digits(s[n+5:])
	d := Date{y, m, day}
	if !ok || !ok2 || !ok3 || s[n] != '-' || s[n+4] != '-' || !d.IsValid() {
		return Date{}, ErrDate
	}
	return d, nil
}

// Append appends the form that [ParseDate] reads, for instance 5-Jan-2026. A
// field out of its range is written as the nearest value within: whoever has
// not made sure that d exists asks [Date.IsValid] first.
func (d Date) Append(dst []byte) []byte {
	dst = strconv.AppendInt(dst, int64(min(max(d.Day, 1), 31)), 10)
	dst = append(dst, '-')
	dst = appendMonth(dst, d.Month)
	dst = append(dst, '-')
	return appendYear(dst, d.Year)
}

// String returns the form that [ParseDate] reads.
func (d Date) String() string { return string(d.Append(nil)) }

func appendMonth(dst []byte, m time.Month) []byte {
	m = min(max(m, time.January), time.December)
	return append(dst, months[3*(m-1):3*m]...)
}

func appendYear(dst []byte, y int) []byte {
	y = min(max(y, 0), 9999)
	return append(dst, byte('0'+y/1000), byte('0'+y/100%10), byte('0'+y/10%10), byte('0'+y%10))
}

func append2(dst []byte, n int) []byte { return append(dst, byte('0'+n/10%10), byte('0'+n%10)) }

// AppendDateTime appends t as INTERNALDATE and APPEND carry it, quotes
// included, the day padded with a space (RFC 9051 §9, date-time). It names the
// second of t in the zone of t, less the seconds of the zone's offset; an offset
// of a hundred hours or more gives way to UTC. A t outside the years 0 to 9999
// is written as the nearest second within, in UTC.
func AppendDateTime(dst []byte, t time.Time) []byte {
	switch _, off := t.Zone(); {
	case off <= -100*3600 || off >= 100*3600:
		t = t.UTC()
	case off%60 != 0:
		t = t.In(time.FixedZone("", off-off%60))
	}
	if t.Year() < 0 {
		t = time.Date(0, time.January, 1, 0, 0, 0, 0, time.UTC)
	} else if t.Year() > 9999 {
		t = time.Date(9999, time.December, 31, 23, 59, 59, 0, time.UTC)
	}
	y, m, d := t.Date()
	hh, mm, ss := t.Clock()
	_, off := t.Zone()
	dst = append(dst, '"')
	if d < 10 {
		dst = append(dst, ' ', byte('0'+d))
	} else {
		dst = append2(dst, d)
	}
	dst = append(dst, '-')
	dst = appendMonth(dst, m)
	dst = append(dst, '-')
	dst = appendYear(dst, y)
	dst = append(dst, ' ')
	dst = append2(dst, hh)
	dst = append(dst, ':')
	dst = append2(dst, mm)
	dst = append(dst, ':')
	dst = append2(dst, ss)
	dst = append(dst, ' ')
	if off < 0 {
		dst = append(dst, '-')
		off = -off
	} else {
		dst = append(dst, '+')
	}
	dst = append2(dst, off/3600)
	dst = append2(dst, off/60%60)
	return append(dst, '"')
}

// ParseDateTime parses the text between the quotes of a date-time.
//
//	date-time = DQUOTE date-day-fixed "-" date-month "-" date-year SP time SP zone DQUOTE
//	date-day-fixed = (SP DIGIT) / 2DIGIT
//	time = 2DIGIT ":" 2DIGIT ":" 2DIGIT
//	zone = ("+" / "-") 4DIGIT
func ParseDateTime(s string) (time.Time, error) {
	if len(s) != 26 || s[2] != '-' || s[6] != '-' || s[11] != ' ' || s[14] != ':' || s[17] != ':' || s[20] != ' ' {
		return time.Time{}, ErrDate
	}
	day := s[:2]
	if day[0] == ' ' {
		day = day[1:]
	}
	d, ok1 := digits(day)
	m, ok2 := parseMonth(s[3:6])
	y, ok3 := digits(s[7:11])
	hh, ok4 := digits(s[12:14])
	mm, ok5 := digits(s[15:17])
	ss, ok6 := digits(s[18:20])
	zh, ok7 := digits(s[22:24])
	zm, ok8 := digits(s[24:26])
	if !(ok1 && ok2 && ok3 && ok4 && ok5 && ok6 && ok7 && ok8) ||
		hh > 23 || mm > 59 || ss > 60 || zm > 59 || !(Date{y, m, d}).IsValid() {
		return time.Time{}, ErrDate
	}
	off := (zh*60 + zm) * 60
	switch s[21] {
	case '+':
	case '-':
		off = -off
	default:
		return time.Time{}, ErrDate
	}
	loc := time.UTC
	if off != 0 {
		loc = time.FixedZone("", off)
	}
	return time.Date(y, m, d, hh, mm, ss, 0, loc), nil
}
