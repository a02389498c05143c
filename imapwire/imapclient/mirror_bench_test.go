package imapclient_test

import (
	"runtime"
	"testing"

	"github.com/mailwire/mailwire/imapwire"
	"github.com/mailwire/mailwire/imapwire/imap"
	"github.com/mailwire/mailwire/imapwire/imapclient"
)

// large is a Mirror of a million messages, as a first FETCH tells them. Every
// step-th UID is used.
func large(b testing.TB, step int) *imapclient.Mirror {
	const n = 1_000_000
	m := &told{TB: b, Mirror: &imapclient.Mirror{}}
	m.sent(m.Select("INBOX", qresync))
	m.take("* 1000000 EXISTS\n* OK [UIDVALIDITY 1] x\n* OK [HIGHESTMODSEQ 1000000] x\nA1 OK x")
	sets := [][]imap.Flag{{imap.FlagSeen}, {}, {imap.FlagSeen, imap.FlagAnswered}, {"$Forwarded"}}
	for i := range n {
		f := &imapwire.FetchData{Num: uint32(i + 1), Has: imapwire.HasUID | imapwire.HasFlags | imapwire.HasModSeq, UID: imap.UID((i + 1) * step), Flags: sets[i%7%len(sets)], ModSeq: imap.ModSeq(i + 1)}
		if err := m.Take(&imapclient.FetchEnd{Num: f.Num, Data: f}); err != nil {
			b.Fatal(err)
		}
	}
	return m.Mirror
}

// BenchmarkMirror measures what a million messages cost: octets of memory and of
// MarshalBinary for each, with and without holes between their UIDs.
func BenchmarkMirror(b *testing.B) {
	for _, bb := range []struct {
		name string
		step int
	}{{"dense", 1}, {"holes", 3}} {
		b.Run(bb.name, func(b *testing.B) {
			var before, after runtime.MemStats
			for b.Loop() {
				runtime.GC()
				runtime.ReadMemStats(&before)
				m := large(b, bb.step)
				runtime.GC()
				runtime.ReadMemStats(&after)
				b.ReportMetric(float64(after.HeapAlloc-before.HeapAlloc)/1e6, "B/message")
				data, _ := m.MarshalBinary()
				b.ReportMetric(float64(len(data))/1e6, "kept-B/message")
				runtime.KeepAlive(m)
			}
		})
	}
	b.Run("expunge", func(b *testing.B) {
		m := large(b, 3)
		for b.Loop() {
			if m.Exists() < 1000 {
				b.StopTimer()
				m = large(b, 3)
				b.StartTimer()
			}
			if err := m.Take(&imapclient.Data{Response: &imapwire.ExpungeData{Seq: m.Exists() / 2}}); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("resynchronise", func(b *testing.B) {
		m := large(b, 3)
		for b.Loop() {
			m.Take(&imapclient.Closed{})
			x := &told{TB: b, Mirror: m}
			x.take("* ENABLED QRESYNC")
			x.sent(x.Select("INBOX", qresync))
			x.take("* 1000000 EXISTS\n* OK [UIDVALIDITY 1] x\n* OK [HIGHESTMODSEQ 1000000] x\nA1 OK x")
			if !m.Synced() {
				b.Fatal("the numbers are not known")
			}
		}
	})
}
