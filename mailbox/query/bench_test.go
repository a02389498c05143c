package query_test

import (
	"testing"
	"time"

	"github.com/mailwire/mailwire/imapwire/imap"
	"github.com/mailwire/mailwire/mailbox"
	"github.com/mailwire/mailwire/mailbox/query"
)

// BenchmarkMatch is a key that what the folder knows decides, on one message.
func BenchmarkMatch(b *testing.B) {
	messages := make([]mailbox.Message, 1024)
	for i := range messages {
		messages[i] = mailbox.Message{UID: imap.UID(i + 1), Size: int64(i), InternalDate: now.Add(time.Duration(-i) * time.Hour)}
		if i%2 == 0 {
			messages[i].Flags = []imap.Flag{imap.FlagSeen}
		}
	}
	flag := &imap.SearchFlag{Flag: imap.FlagSeen, Unset: true}
	date := &imap.SearchDate{Field: imap.DateInternal, Op: imap.DateSince, Date: imap.DateOf(now.Add(-500 * time.Hour))}
	size := &imap.SearchSize{Size: 512}
	for _, bench := range []struct {
		name string
		key  imap.SearchKey
	}{
		{"flag", flag}, {"date", date}, {"size", size},
		{"all", &imap.SearchAnd{Keys: []imap.SearchKey{flag, date, size}}},
	} {
		b.Run(bench.name, func(b *testing.B) {
			q, err := query.Compile(bench.key, query.Scope{Now: now})
			if err != nil {
				b.Fatal(err)
			}
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				if _, err := q.Match(ctx, nil, &messages[i%len(messages)]); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
