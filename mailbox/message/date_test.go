package message

import (
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

var dateTests = []struct{ in, want string }{
	// RFC 5322 §3.3 and appendix A.
	{"Fri, 21 Nov 1997 09:55:06 -0600", "1997-11-21T09:55:06-06:00"},
	{"Tue, 1 Jul 2003 10:52:37 +0200", "2003-07-01T10:52:37+02:00"},
	{"1 Jul 2003 10:52 +0200", "2003-07-01T10:52:00+02:00"},
	{"Thu,\r\n      13\r\n        Feb\r\n          1969\r\n      23:32\r\n               -0330 (Newfoundland Time)", "1969-02-13T23:32:00-03:30"},
	{"Fri, 21 Nov 1997 09(comment):   55  :  06 -0600", "1997-11-21T09:55:06-06:00"},
	// Obsolete forms, §4.3.
	{"21 Nov 97 09:55:06 GMT", "1997-11-21T09:55:06Z"},
	{"21 Nov 49 09:55:06 UT", "2049-11-21T09:55:06Z"},
	{"21 Nov 50 09:55:06 UT", "1950-11-21T09:55:06Z"},
	{"21 Nov 103 09:55:06 UT", "2003-11-21T09:55:06Z"},
	{"21 Nov 1997 09:55:06 EDT", "1997-11-21T09:55:06-04:00"},
	{"21 Nov 1997 09:55:06 PST", "1997-11-21T09:55:06-08:00"},
	{"21 Nov 1997 09:55:06 Z", "1997-11-21T09:55:06Z"},
	{"21 Nov 1997 09:55:06 A", "1997-11-21T09:55:06Z"},
	{"21 Nov 1997 09:55:06 -0000", "1997-11-21T09:55:06Z"},
	// What mail programs write.
	{"12 FEB 25 11:28:27 UT", "2025-02-12T11:28:27Z"},
	{"Thu Feb 13 23:32:54 2025", "2025-02-13T23:32:54Z"},
	{"Thu Feb 13 23:32:54 CET 2025", "2025-02-13T23:32:54+01:00"},
	{"Thursday, 13 February 2025 23:32:54 +0000", "2025-02-13T23:32:54Z"},
	{"Thu, 13 Sept 2025 1:02 PM +0000", "2025-09-13T13:02:00Z"},
	{"13 Feb 2025 12:00 AM", "2025-02-13T00:00:00Z"},
	{"13 Feb 2025 12:00PM", "2025-02-13T12:00:00Z"},
	{"Feb 3rd, 2025 1:02:03", "2025-02-03T01:02:03Z"},
	{"13-Feb-2025 23:32:54 +0100", "2025-02-13T23:32:54+01:00"},
	{"13-Feb-25 23:32:54", "2025-02-13T23:32:54Z"},
	{"2025-02-13T23:32:54Z", "2025-02-13T23:32:54Z"},
	{"2025-02-13T23:32:54.123456+05:30", "2025-02-13T23:32:54+05:30"},
	{"2025-02-13 23:32:54-0500", "2025-02-13T23:32:54-05:00"},
	{"2025-02-13", "2025-02-13T00:00:00Z"},
	{"13 Feb 2025", "2025-02-13T00:00:00Z"},
	{"Thu, 13 Feb 2025 23:32:54 GMT+0200", "2025-02-13T23:32:54+02:00"},
	{"Thu, 13 Feb 2025 23:32:54 +0200 (GMT+02:00)", "2025-02-13T23:32:54+02:00"},
	{"Thu, 13 Feb 2025 23:32:54 +0200 EET", "2025-02-13T23:32:54+02:00"},
	{"Thu, 13 Feb 2025 23:32:54 Mitteleuropäische Zeit", "2025-02-13T23:32:54Z"},
	{"Thu, 13 Feb 2025 23:32:54 +9959", "2025-02-13T23:32:54Z"},
	{"Do, 13 Feb 2025 23:32:54 +0100", "2025-02-13T23:32:54+01:00"},
	{"31 Dec 2016 23:59:60 +0000", "2016-12-31T23:59:59Z"},
	{"29 Feb 2024 00:00:00 +0000", "2024-02-29T00:00:00Z"},
	// No day can be made out.
	{"", ""},
	{"yesterday", ""},
	{"29 Feb 2025 00:00:00 +0000", ""},
	{"32 Jan 2025 00:00:00 +0000", ""},
	{"0 Jan 2025 00:00:00 +0000", ""},
	{"1 Jan 2025 24:00:00 +0000", ""},
	{"1 Jan 2025 23:60:00 +0000", ""},
	{"1 Jan 2025 1:2:3:4 +0000", ""},
	{"1 Jan 12345 00:00:00 +0000", ""},
	{"1 Foo 2025 00:00:00 +0000", ""},
	{"Jan 2025", ""},
	{"1 2 Jan 2025", ""},
	{"01/02/2025 10:00", ""},
	{"1 Jan 99999999999999999999", ""},
	{"=?utf-8?q?1_Jan_2025?=", ""},
	{"(1 Jan 2025", ""},
	{"1T--", ""},
	{"1-2", ""},
	{"1-Jan-2025-1", ""},
	{"1-Jan-2025T1-Jan-2025", ""},
}

func TestParseDate(t *testing.T) {
	for _, tt := range dateTests {
		got, ok := ParseDate(tt.in)
		if ok != (tt.want != "") || ok && got.Format(time.RFC3339) != tt.want {
			t.Errorf("%q: %v, %v, want %s", tt.in, got, ok, tt.want)
		}
	}
}

// TestParseDateRoundTrip: what a date-time is written from is read back, in all
// its forms.
func TestParseDateRoundTrip(t *testing.T) {
	layouts := []string{
		time.RFC1123Z, "2 Jan 2006 15:04:05 -0700", "Mon, 2 Jan 2006 15:04:05 -0700 (Some Zone)",
		"Monday, 02 January 2006 3:04:05 PM -0700", "Mon Jan _2 15:04:05 -0700 2006", time.RFC3339, "2-Jan-2006 15:04:05 -0700",
	}
	rapid.Check(t, func(t *rapid.T) {
		zone := time.FixedZone("", 60*rapid.IntRange(-14*60, 14*60).Draw(t, "zone"))
		want := time.Unix(rapid.Int64Range(0, 253402214400).Draw(t, "time"), 0).In(zone)
		s := want.Format(rapid.SampledFrom(layouts).Draw(t, "layout"))
		got, ok := ParseDate(s)
		if !ok || !got.Equal(want) {
			t.Fatalf("%q: %v, %v, want %v", s, got, ok, want)
		}
	})
}

// TestParseDateAny: nothing makes it panic, or give a year that IMAP has not.
func TestParseDateAny(t *testing.T) {
	words := []string{"1", "31", "2025", "Feb", "12:00:00", "-", "+", "T", ":", "(", ")", ",", "am", "PM", "GMT", "+0100", "99", ".", "\\", "\xff"}
	rapid.Check(t, func(t *rapid.T) {
		s := strings.Join(rapid.SliceOf(rapid.SampledFrom(words)).Draw(t, "words"), rapid.SampledFrom([]string{"", " "}).Draw(t, "separator"))
		if got, ok := ParseDate(s); ok && (got.Year() < 1 || got.Year() > 9999) {
			t.Fatalf("%q: %v", s, got)
		}
	})
}
