package main

import (
	"errors"
	"fmt"
	"strings"
	"sync"
)

// What memory and search are measured on; a test makes it less.
var (
	idleSessions   = 10_000
	sharedSessions = 1_000
	bigFolder      = 1_000_000
)

// goneMessages is how many messages, none next to another, are expunged from the
// big folder.
const goneMessages = 1_000

// sessionRows are those of what sessions hold, and of a folder that is large. What
// is held is measured once: it does not depend on how busy the machine is.
func sessionRows() []row {
	idle := map[string]*idling{}
	for _, kind := range []string{kindOurs, kindV2} {
		idle[kind] = &idling{start: func() (*server, error) { return startServer(kind, 100) }, sessions: &idleSessions}
	}
	// One big folder for all rows that need one; it goes with this process.
	big := sync.OnceValues(func() (*server, error) { return startServer(kindOurs, bigFolder) })
	shared := &idling{start: big, sessions: &sharedSessions, after: expungeSome}
	rows := []row{
		{
			name: "server, idle session of 10,000 with a folder selected, resident", unit: "session", measure: "octets", n: 1, most: 10 << 10,
			ours: idle[kindOurs].side(residentOf), theirs: idle[kindV2].side(residentOf), library: "go-imap v2",
		}, {
			name: "server, of this, heap and stacks", unit: "session", measure: "octets", n: 1,
			ours: idle[kindOurs].side(ownOf), theirs: idle[kindV2].side(ownOf), library: "go-imap v2",
		}, {
			name: "server, session of 1,000 on 1,000,000 messages, resident", unit: "session", measure: "octets", n: 1, most: 64 << 10,
			ours: shared.side(residentOf),
		}, {
			name: "server, of this as well, heap and stacks", unit: "session", measure: "octets", n: 1,
			ours: shared.side(ownOf),
		}, {
			name: "server, the same, and 1,000 scattered expunges not told yet", unit: "session", measure: "octets", n: 1, most: 64 << 10,
			ours: shared.side(ownAfter),
		},
	}
	return append(rows, scanRows(big)...)
}

// An idling is sessions that do nothing, measured once.
type idling struct {
	start    func() (*server, error)
	sessions *int
	// after, when not nil, makes something happen to the sessions, which is
	// measured, too.
	after func(conns []*load) error

	once     sync.Once
	err      error
	measured perSession
}

// perSession is what a session holds, in octets.
type perSession struct{ resident, own, ownAfter float64 }

func residentOf(p perSession) float64 { return p.resident }
func ownOf(p perSession) float64      { return p.own }
func ownAfter(p perSession) float64   { return p.ownAfter }

func (d *idling) side(pick func(perSession) float64) side {
	return func() (*work, error) {
		w := &work{
			run: func(int) (int, error) {
				d.once.Do(func() { d.err = d.measure() })
				return 1, d.err
			},
			value:      func() (float64, error) { return pick(d.measured), nil },
			understood: func() string { return "sessions" },
		}
		return w, nil
	}
}

func (d *idling) measure() error {
	s, err := d.start()
	if err != nil {
		return err
	}
	if d.after == nil {
		defer s.close()
	}
	// What the first sessions allocate is not theirs alone.
	first, err := connect(s, min(100, *d.sessions))
	defer hangUp(first)
	if err != nil {
		return err
	}
	before, err := s.ask(askMemory)
	if err != nil {
		return err
	}
	conns, err := connect(s, *d.sessions)
	defer hangUp(conns)
	if err != nil {
		return err
	}
	after, err := s.ask(askMemory)
	if err != nil {
		return err
	}
	n := float64(len(conns))
	d.measured.resident = float64(after.Resident-before.Resident) / n
	d.measured.own = float64(after.Own-before.Own) / n
	if d.after == nil {
		return nil
	}
	if err := d.after(conns); err != nil {
		return err
	}
	if after, err = s.ask(askMemory); err != nil {
		return err
	}
	d.measured.ownAfter = float64(after.Own-before.Own) / n
	return nil
}

// connect opens n sessions that have INBOX selected.
func connect(s *server, n int) ([]*load, error) {
	conns := make([]*load, n)
	const dialers = 4
	errs := make([]error, dialers)
	var wg sync.WaitGroup
	for d := range dialers {
		wg.Go(func() {
			for i := d; i < n && errs[d] == nil; i += dialers {
				conns[i], errs[d] = dialLoad(s.addr, 4096)
			}
		})
	}
	wg.Wait()
	return conns, errors.Join(errs...)
}

func hangUp(conns []*load) {
	for _, c := range conns {
		if c != nil {
			c.Close()
		}
	}
}

// expungeSome makes the first session expunge messages, none next to another, and
// the others learn of it in a FETCH, in which they may not be told (RFC 9051
// §7.5.1).
func expungeSome(conns []*load) error {
	step := bigFolder / goneMessages
	var set strings.Builder
	for i := range goneMessages {
		if i > 0 {
			set.WriteByte(',')
		}
		fmt.Fprint(&set, 1+i*step)
	}
	for _, command := range []string{"UID STORE " + set.String() + ` +FLAGS.SILENT (\Deleted)`, "UNSELECT"} {
		if _, err := conns[0].do([]byte("x "+command+"\r\n"), "x OK"); err != nil {
			return err
		}
	}
	// Who has to be told of the flags is told before the messages go.
	for _, c := range conns[1:] {
		if _, err := c.do([]byte("x NOOP\r\n"), "x OK"); err != nil {
			return err
		}
	}
	for _, command := range []string{"SELECT INBOX", "CLOSE"} {
		if _, err := conns[0].do([]byte("x "+command+"\r\n"), "x OK"); err != nil {
			return err
		}
	}
	for _, c := range conns[1:] {
		if _, err := c.do([]byte("x FETCH 2 UID\r\n"), "x OK"); err != nil {
			return err
		}
	}
	return nil
}
