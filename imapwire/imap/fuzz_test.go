package imap_test

import "testing"

// FuzzText: invariant 11 for mailbox names, and the same both ways for dates and
// times: whatever the text is, what is read is written as something that reads
// the same.
func FuzzText(f *testing.F) {
	for _, tt := range mailboxNames {
		f.Add(tt.name)
		f.Add(tt.wire)
	}
	for _, tt := range wrongMailboxNames {
		f.Add(tt.wire)
	}
	for _, tt := range dateTimes {
		f.Add(tt.text)
	}
	for _, tt := range dates {
		f.Add(tt.text)
	}
	for _, s := range wrongDateTimes {
		f.Add(s)
	}
	for _, s := range wrongDates {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		checkMailboxName(t, s)
		checkDateTime(t, s)
	})
}
