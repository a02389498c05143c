package pop3wire

import (
	"fmt"
	"time"
)

// Limits bounds what a peer can cost. In every field zero is the documented
// default, or what comes nearest to it beside the fields that are set; nothing
// can be made unlimited. A field whose name ends in PreAuth stands in place of
// its namesake until the client has authenticated.
//
// Exceeding a limit of syntax costs the peer the command or response, with an
// [engine.LimitError] that names the field; exceeding Bad or a time costs the
// connection.
type Limits struct {
	// Line is the octets of a command, its line end included. 255, which
	// RFC 2449 §4 has as the least and the most.
	Line int
	// SASLLine is the octets of a line in a SASL exchange, on both sides, and of
	// an AUTH with an initial response. 12 KiB: RFC 5034 §4 exempts the former
	// from the limit of commands, and clients with tokens the latter.
	SASLLine int
	// SASLSteps is how many messages a client may send in one exchange, and how
	// many challenges a server. 16.
	SASLSteps int
	// Bad is how many malformed commands in a row a connection survives. 20 as
	// Dovecot, before login 3.
	Bad, BadPreAuth int
	// Output is the octets of its own that a server queues before it stops
	// taking commands and asks to be drained. 64 KiB, before login 4 KiB. At a
	// client it is only when Full becomes true.
	Output, OutputPreAuth int

	// ResponseLine is the octets of a status or of a line of a listing that a
	// client takes. 512 as RFC 2449 §4 has it. The lines of messages are
	// not bounded.
	ResponseLine int
	// Capabilities is how many lines of the response to CAPA a client
	// remembers, 128; the others it only tells.
	Capabilities int
	// Ahead is the octets of commands without an answer that a client sends to
	// a server with PIPELINING; one command it always sends. 4 KiB, which is
	// below the window of any transport, as RFC 2449 §6.6 asks of those who
	// may block when they write.
	Ahead int

	// LoginTime is how long a client may take to authenticate, and a TLS
	// handshake to be done. 3 minutes as Dovecot.
	LoginTime time.Duration
	// IdleTime is how long an authenticated client may be silent, 10 minutes;
	// RFC 1939 §3 forbids less.
	IdleTime time.Duration
	// CommandTime is how long one command may take from its first octet to its
	// last. 1 minute.
	CommandTime time.Duration
	// OutputTime is how long queued output may stand still. 5 minutes as
	// Dovecot and mox.
	OutputTime time.Duration
	// AnswerTime is how long a server may be silent while it owes its greeting
	// or an answer. 5 minutes, as imapwire has it: some look for the unique-ids
	// of a large maildrop in every message.
	AnswerTime time.Duration
}

// WithDefaults returns l with every zero replaced. The error is about limits
// that are negative or contradict each other.
func (l Limits) WithDefaults() (Limits, error) {
	if l.Line == 0 {
		l.Line = MaxCommandLine
		if l.SASLLine > 0 {
			l.Line = min(l.Line, l.SASLLine)
		}
	}
	if l.SASLLine == 0 {
		l.SASLLine = max(12<<10, l.Line)
	}
	orPair(&l.BadPreAuth, &l.Bad, 3, 20)
	orPair(&l.OutputPreAuth, &l.Output, 4<<10, 64<<10)
	for _, n := range []struct {
		n   *int
		def int
	}{{&l.SASLSteps, 16}, {&l.ResponseLine, MaxResponseLine}, {&l.Capabilities, 128}, {&l.Ahead, 4 << 10}} {
		if *n.n == 0 {
			*n.n = n.def
		}
	}
	for _, t := range []struct {
		d   *time.Duration
		def time.Duration
	}{
		{&l.LoginTime, 3 * time.Minute},
		{&l.IdleTime, 10 * time.Minute},
		{&l.CommandTime, time.Minute},
		{&l.OutputTime, 5 * time.Minute},
		{&l.AnswerTime, 5 * time.Minute},
	} {
		if *t.d == 0 {
			*t.d = t.def
		}
	}
	return l, l.check()
}

// orPair sets defaults of two limits the first of which may not be above the
// second: a default gives way to what was set.
func orPair(small, large *int, ds, dl int) {
	switch {
	case *small == 0 && *large > 0:
		ds = min(ds, *large)
	case *small > 0 && *large == 0:
		dl = max(dl, *small)
	}
	if *small == 0 {
		*small = ds
	}
	if *large == 0 {
		*large = dl
	}
}

func (l *Limits) check() error {
	for _, p := range []struct {
		name string
		n    int64
	}{
		{"Line", int64(l.Line)}, {"SASLLine", int64(l.SASLLine)}, {"SASLSteps", int64(l.SASLSteps)},
		{"Bad", int64(l.Bad)}, {"BadPreAuth", int64(l.BadPreAuth)},
		{"Output", int64(l.Output)}, {"OutputPreAuth", int64(l.OutputPreAuth)},
		{"ResponseLine", int64(l.ResponseLine)}, {"Capabilities", int64(l.Capabilities)}, {"Ahead", int64(l.Ahead)},
		{"LoginTime", int64(l.LoginTime)}, {"CommandTime", int64(l.CommandTime)}, {"OutputTime", int64(l.OutputTime)},
		{"AnswerTime", int64(l.AnswerTime)},
	} {
		if p.n < 0 {
			return fmt.Errorf("pop3wire: limit %s is negative", p.name)
		}
	}
	for _, p := range []struct {
		small, large string
		s, l         int
	}{
		{"Line", "SASLLine", l.Line, l.SASLLine},
		{"BadPreAuth", "Bad", l.BadPreAuth, l.Bad},
		{"OutputPreAuth", "Output", l.OutputPreAuth, l.Output},
	} {
		if p.s > p.l {
			return fmt.Errorf("pop3wire: limit %s of %d is above %s of %d", p.small, p.s, p.large, p.l)
		}
	}
	if l.IdleTime < 10*time.Minute {
		return fmt.Errorf("pop3wire: limit IdleTime of %v is below 10 minutes (RFC 1939 §3)", l.IdleTime)
	}
	return nil
}
