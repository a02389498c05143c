package imapserve_test

import (
	"context"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/mailwire/mailwire/imapwire/engine"
	"github.com/mailwire/mailwire/imapwire/imap"
	"github.com/mailwire/mailwire/mailbox/imapserve"
	"github.com/mailwire/mailwire/mailbox/memstore"
)

// stock adds n small messages to INBOX: every other one is \Seen, and each is a
// minute younger than the one before.
func (f *fixture) stock(tb testing.TB, n int) {
	tb.Helper()
	const message = "Subject: hello\r\n\r\nHello.\r\n"
	ctx := context.Background()
	user, err := f.store.User(ctx, "u")
	if err != nil {
		tb.Fatal(err)
	}
	defer user.Close()
	inbox, err := user.Open(ctx, "INBOX")
	if err != nil {
		tb.Fatal(err)
	}
	defer inbox.Close()
	tx, err := inbox.Append(ctx)
	if err != nil {
		tb.Fatal(err)
	}
	for i := range n {
		var flags []imap.Flag
		if i%2 == 0 {
			flags = []imap.Flag{imap.FlagSeen}
		}
		w, err := tx.Message(int64(len(message)), flags, start.Add(time.Duration(i-n)*time.Minute))
		if err != nil {
			tb.Fatal(err)
		}
		if _, err := io.WriteString(w, message); err != nil {
			tb.Fatal(err)
		}
	}
	if _, err := tx.Commit(); err != nil {
		tb.Fatal(err)
	}
}

// talk feeds commands to a session and takes everything it answers, as a driver
// does, and returns how many octets that were.
func talk(tb testing.TB, s *imapserve.Session, commands []byte) (octets int64) {
	ctx := context.Background()
	if err := s.Feed(start, commands); err != nil {
		tb.Fatal(err)
	}
	for {
		if s.Work(ctx) {
			continue
		}
		seg := s.Output()
		if seg.Empty() {
			break
		}
		n := int64(len(seg.Bytes))
		octets += n
		s.Advance(start, n)
	}
	if w := s.Want(); w != engine.WantInput {
		tb.Fatalf("the session wants %v", w)
	}
	return octets
}

// opened is a session with INBOX selected in which nothing is recent any more.
func (f *fixture) opened(tb testing.TB) *imapserve.Session {
	f.open(tb, "INBOX")
	return f.open(tb, "INBOX").sess
}

func BenchmarkNoop(b *testing.B) {
	f := newFixture(b, memstore.Options{})
	f.stock(b, 100)
	s := f.opened(b)
	commands := []byte(strings.Repeat("a NOOP\r\n", 64))
	b.ReportAllocs()
	for b.Loop() {
		talk(b, s, commands)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*64), "ns/command")
}

func BenchmarkFetchFlags(b *testing.B) {
	const messages = 10_000
	f := newFixture(b, memstore.Options{})
	f.stock(b, messages)
	s := f.opened(b)
	b.ReportAllocs()
	for b.Loop() {
		talk(b, s, []byte("a UID FETCH 1:* (FLAGS)\r\n"))
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*messages), "ns/message")
}

func BenchmarkSearch(b *testing.B) {
	const messages = 100_000
	f := newFixture(b, memstore.Options{})
	f.stock(b, messages)
	s := f.opened(b)
	since := start.Add(-messages / 2 * time.Minute).Format("2-Jan-2006")
	for _, key := range []string{"UNSEEN", "SINCE " + since, "LARGER 100", "UNSEEN SINCE " + since + " SMALLER 100"} {
		b.Run(strings.Fields(key)[0]+fmt.Sprint(strings.Count(key, " ")), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				talk(b, s, []byte("a UID SEARCH RETURN (COUNT) "+key+"\r\n"))
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*messages), "ns/message")
		})
	}
}
