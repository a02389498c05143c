package imapserve_test

import (
	"fmt"
	"runtime"
	"strings"
	"testing"

	"github.com/mailwire/mailwire/imapwire/engine"
	"github.com/mailwire/mailwire/mailbox/imapserve"
	"github.com/mailwire/mailwire/mailbox/memstore"
)

// TestAllocations: what is done again and again allocates next to nothing: a poll of
// a folder in which nothing happened, and each message that is fetched or looked at.
func TestAllocations(t *testing.T) {
	const messages = 2000
	f := newFixture(t, memstore.Options{})
	f.stock(t, messages)
	s := f.opened(t)
	for _, tt := range []struct {
		command string
		most    float64 // allocations
	}{
		{"NOOP", 8},
		{"UID FETCH 1:* (FLAGS)", 100},
		{"FETCH 1:* (UID FLAGS INTERNALDATE RFC822.SIZE MODSEQ)", 160},
		{"UID SEARCH RETURN (COUNT) UNSEEN SINCE 1-Jan-2026 LARGER 10", 120},
		{"SEARCH RETURN (MIN MAX) OR SEEN SMALLER 10 NOT DELETED", 120},
	} {
		commands := []byte("a " + tt.command + "\r\n")
		talk(t, s, commands)
		if n := testing.AllocsPerRun(5, func() { talk(t, s, commands) }); n > tt.most {
			t.Errorf("%s: %v allocations, want at most %v", tt.command, n, tt.most)
		}
	}
}

// heap returns the octets of the heap that are in use.
func heap() int64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.GC()
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// TestSharedMemory: what a session holds does not grow with the folder that is
// selected, and with changes only as far as it could not be told of them: a session
// that has not been told of expunges holds as much as there are gaps.
func TestSharedMemory(t *testing.T) {
	const gone = 500 // messages that are expunged, none next to another
	sessions := int64(200)
	if testing.Short() {
		sessions = 50
	}
	// measure returns the octets of a session that rests, and of one that has not
	// been told what is gone.
	measure := func(messages int) (resting, behind int64) {
		f := newFixture(t, memstore.Options{})
		f.stock(t, messages)
		first := f.opened(t)
		all := make([]*imapserve.Session, sessions)
		before := heap()
		for i := range all {
			s, err := f.srv.Session(start, imapserve.Info{Security: engine.Security{Loopback: true}})
			if err != nil {
				t.Fatal(err)
			}
			defer s.Close()
			all[i] = s
			talk(t, s, nil)
			talk(t, s, []byte("a LOGIN u p\r\nb SELECT INBOX\r\nc NOOP\r\n"))
		}
		resting = (heap() - before) / sessions
		var set strings.Builder
		for i := range gone {
			fmt.Fprintf(&set, ",%d", 2*i+1)
		}
		talk(t, first, []byte("a UID STORE "+set.String()[1:]+" +FLAGS.SILENT (\\Deleted)\r\n"))
		for _, s := range all {
			talk(t, s, []byte("a NOOP\r\n"))
		}
		told := heap()
		talk(t, first, []byte("a EXPUNGE\r\n"))
		for _, s := range all {
			talk(t, s, []byte("a FETCH 2 UID\r\n"))
		}
		behind = (heap() - told) / sessions
		for _, s := range all {
			talk(t, s, []byte("a NOOP\r\n"))
		}
		if rest := (heap() - told) / sessions; rest > 1<<10 {
			t.Errorf("%d octets are left of what was told", rest)
		}
		runtime.KeepAlive(all)
		return resting, behind
	}
	small, smallBehind := measure(2 * gone)
	large, largeBehind := measure(40 * gone)
	t.Logf("octets of a session: %d on %d messages, %d on %d; %d and %d more with %d expunges that it has not been told",
		small, 2*gone, large, 40*gone, smallBehind, largeBehind, gone)
	if small > 4<<10 {
		t.Errorf("a session that rests holds %d octets", small)
	}
	if large > small+256 {
		t.Errorf("a session holds %d octets on %d messages, and %d on %d", small, 2*gone, large, 40*gone)
	}
	if most := int64(32 * gone); smallBehind > most || largeBehind > most {
		t.Errorf("a session holds %d and %d octets for %d expunges", smallBehind, largeBehind, gone)
	}
}
