package main

import "fmt"

const (
	// fetched is the messages of the folder that is fetched whole.
	fetched = 10_000
	// depth is how many NOOPs are sent before an answer is read.
	depth = 64
)

// serverRows are those of the speed of servers: ours as the README has it, over
// memstore, and the memory server of go-imap v2. Both are talked to over loopback
// by one client, which does not understand but counts what they answer.
func serverRows() []row {
	fetch := func(kind string) side {
		return func() (*work, error) { return newTalk(kind, fetched, fetchFlags) }
	}
	noop := func(kind string) side {
		return func() (*work, error) { return newTalk(kind, 100, noopsInTurn) }
	}
	return []row{
		{
			name: "server, UID FETCH 1:* (FLAGS) on 10,000 messages", unit: "message",
			ours: fetch(kindOurs), theirs: fetch(kindV2), library: "go-imap v2", times: 30,
		}, {
			name: "server, NOOP in 64s", unit: "command",
			ours: noop(kindOurs), theirs: noop(kindV2), library: "go-imap v2", times: 3,
		},
	}
}

// newTalk starts a server and a client, which has a conversation with it again and
// again: at least n operations, of which it returns the number.
func newTalk(kind string, messages int, converse func(c *load, n int) (int, error)) (*work, error) {
	s, err := startServer(kind, messages)
	if err != nil {
		return nil, err
	}
	c, err := dialLoad(s.addr, 256<<10)
	if err != nil {
		s.close()
		return nil, err
	}
	done := 0
	return &work{
		run: func(n int) (_ int, err error) {
			done, err = converse(c, n)
			return done, err
		},
		processor:  s.processor,
		understood: func() string { return fmt.Sprint(done, " lines that answer") },
		close:      func() { c.Close(); s.close() },
	}, nil
}

// fetchFlags fetches the flags of all messages. An operation is a message.
func fetchFlags(c *load, n int) (done int, err error) {
	for done < n {
		lines, err := c.do([]byte("f UID FETCH 1:* (FLAGS)\r\n"), "f OK")
		if err != nil {
			return done, err
		}
		if lines != fetched+1 {
			return done, fmt.Errorf("%w: %d lines for %d messages", errAnswer, lines, fetched)
		}
		done += fetched
	}
	return done, nil
}

// noopsInTurn sends NOOPs, so many that are answered together. An operation is a
// NOOP.
func noopsInTurn(c *load, n int) (done int, err error) {
	commands, end := noops(depth)
	for done < n {
		lines, err := c.do(commands, end)
		if err != nil {
			return done, err
		}
		if lines != depth {
			return done, fmt.Errorf("%w: %d lines for %d NOOPs", errAnswer, lines, depth)
		}
		done += depth
	}
	return done, nil
}
