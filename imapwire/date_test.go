package imapwire

import (
	"time"

	"github.com/mailwire/mailwire/imapwire/imap"
)

func searchOn(d imap.Date) Command {
	return search1(&imap.SearchDate{Field: imap.DateInternal, Op: imap.DateOn, Date: d})
}

func internalDate(t time.Time) Response {
	return &FetchData{Num: 1, Has: HasInternalDate, InternalDate: t}
}

func day(n int) imap.Date { return imap.Date{Year: 2026, Month: 1, Day: n} }

func month(m time.Month) imap.Date { return imap.Date{Year: 2026, Month: m, Day: 5} }

func east(minutes int) Response {
	return internalDate(time.Date(2026, 1, 15, 1, 2, 3, 0, zoneOf(minutes)))
}

func zoneOf(minutes int) *time.Location {
	if minutes == 0 {
		return time.UTC
	}
	return time.FixedZone("", minutes*60)
}

var monthRows = []known[time.Month]{
	k("Jan", time.January), k("Feb", time.February), k("Mar", time.March), k("Apr", time.April), k("May", time.May), k("Jun", time.June),
	k("Jul", time.July), k("Aug", time.August), k("Sep", time.September), k("Oct", time.October), k("Nov", time.November), k("Dec", time.December),
	k("jAN", time.January, "Jan"), k("DEC", time.December, "Dec"),
}

var dateRules = []ruleTable{
	command("date", "SEARCH ON %s", searchOn, k("5-Jan-2026", day(5)), k(`"5-Jan-2026"`, day(5), "5-Jan-2026")).but(`"5-Jan-2026`, `5-Jan-2026"`, "{10}\r\n5-Jan-2026", "", "2026-01-05", "(5-Jan-2026)"),
	command("date-text", "SEARCH ON %s", searchOn, k("5-Jan-2026", day(5)), k("29-Feb-2024", imap.Date{Year: 2024, Month: 2, Day: 29})).but("29-Feb-2026", "5 Jan 2026", "5-Jan", "5--Jan-2026", "5-1-2026"),
	command("date-day", "SEARCH ON %s-Jan-2026", func(n int) Command { return searchOn(day(n)) }, k("1", 1), k("05", 5, "5"), k("31", 31)).but("", "0", "00", "32", "005", " 5", "-1"),
	command("date-month", "SEARCH ON 5-%s-2026", func(m time.Month) Command { return searchOn(month(m)) }, monthRows...).but("January", "Ja", "", "Foo", "01"),
	response("date-month", `* 1 FETCH (INTERNALDATE "15-%s-2026 01:02:03 +0000")`, func(m time.Month) Response {
		return internalDate(time.Date(2026, m, 15, 1, 2, 3, 0, time.UTC))
	}, monthRows...).but("January", "Foo"),
	command("date-year", "SEARCH ON 5-Jan-%s", func(y int) Command { return searchOn(imap.Date{Year: y, Month: 1, Day: 5}) }, k("0000", 0), k("1970", 1970), k("9999", 9999)).but("", "26", "026", "10000", "-026", "20x6"),
	response("date-time", "* 1 FETCH (INTERNALDATE %s)", internalDate,
		k(`" 5-Jan-2026 01:02:03 +0000"`, time.Date(2026, 1, 5, 1, 2, 3, 0, time.UTC)), k(`"15-Jan-2026 01:02:03 -0330"`, time.Date(2026, 1, 15, 1, 2, 3, 0, zoneOf(-210))),
	).but("15-Jan-2026", `"15-Jan-2026 01:02:03"`, `"15-Jan-2026 01:02 +0000"`, `"31-Feb-2026 01:02:03 +0000"`, "NIL", `""`),
	command("date-time", "APPEND x %s {1}\r\na", func(t time.Time) Command {
		m := literalMessage("a")
		m.Date = t
		return &Append{Mailbox: "x", Messages: []AppendMessage{m}}
	}, k(`" 5-Jan-2026 01:02:03 +0000"`, time.Date(2026, 1, 5, 1, 2, 3, 0, time.UTC))).but("15-Jan-2026", `"5-Jan-2026 01:02:03 +0000"`),
	response("date-day-fixed", `* 1 FETCH (INTERNALDATE "%s-Jan-2026 01:02:03 +0000")`, func(n int) Response {
		return internalDate(time.Date(2026, 1, n, 1, 2, 3, 0, time.UTC))
	}, k(" 1", 1), k("01", 1, " 1"), k("31", 31)).but("1", " 0", "00", "32", "  1", "1 "),
	response("time", `* 1 FETCH (INTERNALDATE "15-Jan-2026 %s +0000")`, func(d time.Duration) Response {
		return internalDate(time.Date(2026, 1, 15, 0, 0, 0, 0, time.UTC).Add(d))
	}, k("00:00:00", time.Duration(0)), k("23:59:59", 24*time.Hour-time.Second), k("12:34:56", 12*time.Hour+34*time.Minute+56*time.Second)).but("24:00:00", "12:60:00", "12:00:61", "1:02:03", "12-34-56", "12:34", " 1:02:03"),
	response("zone", `* 1 FETCH (INTERNALDATE "15-Jan-2026 01:02:03 %s")`, func(minutes int) Response { return east(minutes) },
		k("+0000", 0), k("-0000", 0, "+0000"), k("+0200", 120), k("-0330", -210), k("+1400", 14*60), k("+9959", 99*60+59), k("-9959", -99*60-59)).but("0000", "+000", "+00000", "+0060", "UTC", "GMT", "Z", "+02:00"),
}
