package imap_test

import (
	"fmt"
	"math"
	"regexp"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/mailwire/mailwire/imapwire/imap"
)

// dates are days with the form they are written in, and others they are read
// from.
var dates = []struct {
	date imap.Date
	text string
	also []string
}{
	{imap.Date{Year: 1994, Month: time.February, Day: 1}, "1-Feb-1994", []string{"01-Feb-1994", "1-feb-1994", "01-FEB-1994", "1-fEb-1994"}},
	{imap.Date{Year: 2026, Month: time.October, Day: 10}, "10-Oct-2026", nil},
	{imap.Date{Year: 2024, Month: time.February, Day: 29}, "29-Feb-2024", nil},
	{imap.Date{Year: 2000, Month: time.February, Day: 29}, "29-Feb-2000", nil},
	{imap.Date{Year: 0, Month: time.February, Day: 29}, "29-Feb-0000", nil},
	{imap.Date{Year: 0, Month: time.January, Day: 1}, "1-Jan-0000", []string{"01-Jan-0000"}},
	{imap.Date{Year: 31, Month: time.May, Day: 31}, "31-May-0031", nil},
	{imap.Date{Year: 9999, Month: time.December, Day: 31}, "31-Dec-9999", nil},
}

var wrongDates = []string{
	"", "-", "1-Feb-94", "1-Feb-194", "1-Feb-19940", "001-Feb-1994", "-Feb-1994", "Feb-1994",
	"29-Feb-2023", "29-Feb-1900", "30-Feb-2024", "31-Apr-2026", "31-Jun-2026", "31-Sep-2026", "31-Nov-2026", "32-Jan-2026", "0-Jan-2026", "00-Jan-2026", "99-Jan-2026",
	"+1-Jan-2026", "-1-Jan-2026", " 1-Jan-2026", "1 -Jan-2026", "1_-Jan-2026", "0x-Jan-2026", "1-Jan-+026", "1-Jan--026", "1-Jan- 026", "1-Jan-2_26", "1-Jan-0x1A", "1-Jan-202\x00", "1-Jan-２6",
	"1-Foo-2026", "1-Janu-206", "1-ſep-2026", "1- Ja-2026", "1-01-2026", "1-001-2026", "1 Jan 2026", "1/Jan/2026", "1-Jan 2026", "1--an-2026", "1-Jan-2026 ", `"1-Jan-2026"`,
}

func TestDate(t *testing.T) {
	for _, tt := range dates {
		if got := tt.date.String(); got != tt.text {
			t.Errorf("%#v is written %q, want %q", tt.date, got, tt.text)
		}
		for _, s := range append([]string{tt.text}, tt.also...) {
			if got, err := imap.ParseDate(s); err != nil || got != tt.date {
				t.Errorf("%q: %#v, %v; want %#v", s, got, err, tt.date)
			}
		}
	}
	for _, s := range wrongDates {
		if got, err := imap.ParseDate(s); err != imap.ErrDate || got != (imap.Date{}) {
			t.Errorf("%q: %#v, %v", s, got, err)
		}
	}
	if got := imap.DateOf(time.Date(2026, 1, 31, 23, 30, 0, 0, time.FixedZone("", -3600))); got.String() != "31-Jan-2026" {
		t.Errorf("the day in its own zone is %s", got)
	}
}

// TestDateDays tries every text that has the shape of a day, for a leap year
// and others, against the calendar of package time.
func TestDateDays(t *testing.T) {
	for _, year := range []int{0, 1, 4, 1900, 2000, 2023, 2024, 2100, 9999} {
		var last imap.Date
		for month := time.January; month <= time.December; month++ {
			for day := range 100 {
				s := fmt.Sprintf("%d-%s-%04d", day, month.String()[:3], year)
				_, wrong := time.Parse("2-Jan-2006", s)
				d, err := imap.ParseDate(s)
				if (err == nil) != (wrong == nil) {
					t.Fatalf("%q: %v, want %v", s, err, wrong)
				}
				if valid := (imap.Date{Year: year, Month: month, Day: day}).IsValid(); valid != (err == nil) {
					t.Fatalf("%q: valid %v, %v", s, valid, err)
				}
				if err != nil {
					continue
				}
				if d != (imap.Date{Year: year, Month: month, Day: day}) || d.String() != s {
					t.Fatalf("%q is read %#v", s, d)
				}
				if last != (imap.Date{}) && (last.Compare(d) != -1 || d.Compare(last) != 1 || d.Compare(d) != 0) {
					t.Fatalf("%s is not before %s", last, d)
				}
				last = d
			}
		}
	}
}

// TestDateOutOfRange: a value that is no day compares field by field, and is
// written as the nearest text that has the form of one.
func TestDateOutOfRange(t *testing.T) {
	for _, tt := range []struct {
		date imap.Date
		want string
	}{
		{imap.Date{}, "1-Jan-0000"},
		{imap.Date{Year: 2026, Month: 13, Day: -5}, "1-Dec-2026"},
		{imap.Date{Year: 2026, Month: -1, Day: 105}, "31-Jan-2026"},
		{imap.Date{Year: 12000, Month: 2, Day: 30}, "30-Feb-9999"},
		{imap.Date{Year: math.MinInt, Month: math.MinInt, Day: math.MinInt}, "1-Jan-0000"},
		{imap.Date{Year: math.MaxInt, Month: math.MaxInt, Day: math.MaxInt}, "31-Dec-9999"},
	} {
		if tt.date.IsValid() {
			t.Errorf("%#v is a day", tt.date)
		}
		if got := tt.date.String(); got != tt.want {
			t.Errorf("%#v is written %q, want %q", tt.date, got, tt.want)
		}
	}
	early := imap.Date{Year: 1, Month: 40, Day: math.MaxInt}
	if late := (imap.Date{Year: 3, Month: 1, Day: 1}); early.Compare(late) != -1 || late.Compare(early) != 1 {
		t.Errorf("%#v is not before %#v", early, late)
	}
}

// dateTimes are texts between quotes, with their instant; canonical ones are
// written as they were read.
var dateTimes = []struct {
	text      string
	unix      int64
	canonical bool
}{
	{" 1-Jan-1970 00:00:00 +0000", 0, true},
	{"01-Jan-1970 00:00:00 +0000", 0, false},
	{" 1-jan-1970 00:00:00 -0000", 0, false},
	{" 1-Jan-1970 00:00:00 +0100", -3600, true},
	{"31-Dec-1969 23:30:00 -0030", 0, true},
	{"17-Jul-1996 02:44:25 -0700", 837596665, true},
	{"29-Feb-2024 12:00:00 +0530", 1709188200, true},
	{" 1-Jan-2017 00:00:00 +1400", 1483178400, true},
	{"31-Dec-2016 23:59:60 +0000", 1483228800, false}, // a leap second
	{" 5-Jan-1970 03:59:00 +9959", 0, true},
	{"27-Dec-1969 20:01:00 -9959", 0, true},
	{" 1-Jan-0000 00:00:00 +0000", -62167219200, true},
	{"31-Dec-9999 23:59:59 +0000", 253402300799, true},
}

var wrongDateTimes = []string{
	"", "1-Jan-2026 00:00:00 +0000", "001-Jan-2026 00:00:00 +0000", "  1-Jan-2026 00:00:00 +0000", " 1-Jan-2026 00:00:00 +00000", " 1-Jan-2026 00:00:00 +000",
	"01-Jan-2026 24:00:00 +0000", "01-Jan-2026 99:00:00 +0000", "01-Jan-2026 00:60:00 +0000", "01-Jan-2026 00:00:61 +0000", "01-Jan-2026 00:00:00 +0060", "01-Jan-2026 00:00:00 -0099",
	"30-Feb-2026 00:00:00 +0000", "29-Feb-2026 00:00:00 +0000", " 0-Jan-2026 00:00:00 +0000", "00-Jan-2026 00:00:00 +0000", "32-Jan-2026 00:00:00 +0000", "  -Jan-2026 00:00:00 +0000",
	"01-Jan-2026 00:00:00  0000", "01-Jan-2026 00:00:00 00000", "01-Jan-2026 00:00:00 GMT  ", "01-Jan-2026 00:00:00 +-100", "01-Jan-2026 00:00:00 ++100", "01-Jan-2026 00:00:00 + 100", "01-Jan-2026 00:00:00 +00:0",
	"+1-Jan-2026 00:00:00 +0000", "-1-Jan-2026 00:00:00 +0000", "1 -Jan-2026 00:00:00 +0000", "01-Jan-+026 00:00:00 +0000", "01-Jan--026 00:00:00 +0000", "01-Jan-2026 +1:00:00 +0000", "01-Jan-2026 -1:00:00 +0000",
	"01-Jan-2026  1:00:00 +0000", "01-Jan-2026 00:+1:00 +0000", "01-Jan-2026 00:00:-1 +0000", "01-Jan-2026 00:00:0x +0000", "01-Jan-2026 00:00:1_ +0000",
	"01/Jan/2026 00:00:00 +0000", "01-Jan-2026T00:00:00 +0000", "01-Jan-2026 00.00.00 +0000", "01-Jan-2026 00:00:00+ 0000", "01-Foo-2026 00:00:00 +0000", "01-ſep-2026 0:00:00 +0000",
}

func TestDateTime(t *testing.T) {
	for _, tt := range dateTimes {
		got, err := imap.ParseDateTime(tt.text)
		if err != nil || got.Unix() != tt.unix {
			t.Errorf("%q: %v, %d, %v; want %d", tt.text, got, got.Unix(), err, tt.unix)
			continue
		}
		if back := string(imap.AppendDateTime(nil, got)); tt.canonical && back != `"`+tt.text+`"` {
			t.Errorf("%q: written %s", tt.text, back)
		}
	}
	for _, s := range wrongDateTimes {
		if got, err := imap.ParseDateTime(s); err != imap.ErrDate || !got.IsZero() {
			t.Errorf("%q: %v, %v", s, got, err)
		}
	}
}

// TestDateTimeOctets puts every octet at every place of a date-time: it is read
// if it has the form of the production and package time knows the day.
func TestDateTimeOctets(t *testing.T) {
	form := regexp.MustCompile(`^(?: [0-9]|[0-9]{2})-[A-Za-z]{3}-[0-9]{4} [0-9]{2}:[0-9]{2}:[0-9]{2} [+-][0-9]{2}[0-5][0-9]$`)
	for _, text := range []string{"17-Jul-1996 02:44:25 -0700", " 1-Jan-2026 23:59:60 +0000", "29-Feb-2024 10:00:00 +1030"} {
		for i := range len(text) {
			for c := range 256 {
				s := text[:i] + string([]byte{byte(c)}) + text[i+1:]
				// Package time has no leap seconds, and its zones end at 24 hours.
				known := s[:20]
				if seconds, leap := strings.CutSuffix(known, ":60"); leap {
					known = seconds + ":59"
				}
				_, wrong := time.Parse("_2-Jan-2006 15:04:05", known)
				want := form.MatchString(s) && wrong == nil
				if got, err := imap.ParseDateTime(s); (err == nil) != want {
					t.Errorf("%q: %v, %v; want it read: %v", s, got, err, want)
				}
			}
		}
	}
}

// TestDateTimeOutOfRange: what a date-time can not tell gives way without
// moving the instant, and years without four digits to the nearest second.
func TestDateTimeOutOfRange(t *testing.T) {
	at := time.Date(2026, 3, 1, 0, 0, 0, 999_999_999, time.UTC)
	for zone, want := range map[int]string{
		3208:            " 1-Mar-2026 00:53:00 +0053",
		-3208:           "28-Feb-2026 23:07:00 -0053",
		59:              " 1-Mar-2026 00:00:00 +0000",
		-59:             " 1-Mar-2026 00:00:00 +0000",
		100*3600 - 1:    " 5-Mar-2026 03:59:00 +9959",
		-(100*3600 - 1): "24-Feb-2026 20:01:00 -9959",
		100 * 3600:      " 1-Mar-2026 00:00:00 +0000",
		-100 * 3600:     " 1-Mar-2026 00:00:00 +0000",
	} {
		if got := string(imap.AppendDateTime(nil, at.In(time.FixedZone("", zone)))); got != `"`+want+`"` {
			t.Errorf("%d seconds east: %s, want %q", zone, got, want)
		}
	}
	for _, tt := range []struct {
		at   time.Time
		want string
	}{
		{time.Time{}, " 1-Jan-0001 00:00:00 +0000"},
		{time.Date(12000, 2, 29, 12, 0, 0, 0, time.UTC), "31-Dec-9999 23:59:59 +0000"},
		{time.Date(10000, 1, 1, 0, 0, 0, 0, time.FixedZone("", 3600)), "31-Dec-9999 23:59:59 +0000"},
		{time.Date(-4, 2, 29, 12, 0, 0, 0, time.FixedZone("", -3600)), " 1-Jan-0000 00:00:00 +0000"},
		{time.Date(0, 1, 1, 0, 0, 0, 0, time.FixedZone("", 30)), " 1-Jan-0000 00:00:00 +0000"},
	} {
		if got := string(imap.AppendDateTime(nil, tt.at)); got != `"`+tt.want+`"` {
			t.Errorf("%v: %s, want %q", tt.at, got, tt.want)
		}
	}
}

// TestDateTimeRoundTrip: every second of the years that have four digits, in
// every zone of whole minutes, is read as it was written.
func TestDateTimeRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		zone := rapid.IntRange(-100*60+1, 100*60-1).Draw(t, "minutes") * 60
		at := time.Unix(rapid.Int64Range(-62167219200, 253402300799).Draw(t, "unix"), 0).In(time.FixedZone("", zone))
		if at.Year() < 0 || at.Year() > 9999 {
			return
		}
		s := string(imap.AppendDateTime(nil, at))
		got, err := imap.ParseDateTime(strings.Trim(s, `"`))
		if _, off := got.Zone(); err != nil || !got.Equal(at) || off != zone {
			t.Fatalf("%v is written %s, read %v, %v", at, s, got, err)
		}
		d := imap.DateOf(at)
		if again, err := imap.ParseDate(d.String()); err != nil || again != d || !d.IsValid() {
			t.Fatalf("%s is read %s, %v", d, again, err)
		}
	})
}

// checkDateTime: what is read has the octets of the production, denotes what
// package time makes of them, and is written as a text that reads the same.
func checkDateTime(t interface{ Fatalf(string, ...any) }, s string) {
	if d, err := imap.ParseDate(s); err == nil {
		if want, err := time.Parse("2-Jan-2006", s); err != nil || imap.DateOf(want) != d {
			t.Fatalf("%q is %s, package time says %v, %v", s, d, want, err)
		}
		if again, err := imap.ParseDate(d.String()); err != nil || again != d {
			t.Fatalf("%q is %s, and that is %s, %v", s, d, again, err)
		}
	}
	got, err := imap.ParseDateTime(s)
	if err != nil {
		return
	}
	text, leap := s, time.Duration(0)
	if s[18:20] == "60" {
		text, leap = s[:18]+"59"+s[20:], time.Second
	}
	want, err := time.Parse("_2-Jan-2006 15:04:05 -0700", text[:21]+"+0000")
	if err != nil {
		t.Fatalf("%q is %v, package time says %v", s, got, err)
	}
	_, off := got.Zone()
	if !got.Equal(want.Add(leap - time.Duration(off)*time.Second)) {
		t.Fatalf("%q is %v", s, got)
	}
	if sign := fmt.Sprintf("%+03d%02d", off/3600, max(off, -off)/60%60); sign[1:] != s[22:] {
		t.Fatalf("%q is %v, %s", s, got, sign)
	}
	if got.Year() > 9999 {
		return // the leap second of the last year
	}
	again, err := imap.ParseDateTime(strings.Trim(string(imap.AppendDateTime(nil, got)), `"`))
	if err != nil || !again.Equal(got) {
		t.Fatalf("%q is %v, and that is %v, %v", s, got, again, err)
	}
}
