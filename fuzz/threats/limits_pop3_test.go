package threats

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/mailwire/mailwire/imapwire/engine"
	"github.com/mailwire/mailwire/pop3wire"
	"github.com/mailwire/mailwire/pop3wire/pop3client"
	"github.com/mailwire/mailwire/pop3wire/pop3server"
)

// How a limit is tested: the input stays, and the limit moves around its cost, so
// that input which is valid at one size only is at the cap, one below and one
// above.

// A popLimit is how one field of pop3wire.Limits is tested at one side. A nil
// function says that the field bounds nothing there.
type popLimit struct {
	server, client func(t *testing.T)
}

// popLimits has every field of pop3wire.Limits.
var popLimits = map[string]popLimit{
	"Line":          {server: serverLine},
	"SASLLine":      {server: serverSASLLine, client: clientSASLLine},
	"SASLSteps":     {server: serverSASLSteps, client: clientSASLSteps},
	"Bad":           {server: func(t *testing.T) { serverBad(t, true) }},
	"BadPreAuth":    {server: func(t *testing.T) { serverBad(t, false) }},
	"Output":        {server: func(t *testing.T) { serverOutput(t, true) }, client: clientOutput},
	"OutputPreAuth": {server: func(t *testing.T) { serverOutput(t, false) }},
	"ResponseLine":  {client: clientResponseLine},
	"Capabilities":  {client: clientCapabilities},
	"Ahead":         {client: clientAhead},
	"LoginTime":     {server: serverLoginTime},
	"IdleTime":      {server: serverIdleTime},
	"CommandTime":   {server: serverCommandTime},
	"OutputTime":    {server: serverOutputTime, client: clientOutputTime},
	"AnswerTime":    {client: clientAnswerTime},
}

// TestLimitsPOP3: every field of pop3wire.Limits at one below its cap, at it and
// one above, before and after login, however input is cut: threats Q1, Q11, Q12, M3, M12
// and M13, invariant 37. A field without a case fails.
func TestLimitsPOP3(t *testing.T) {
	fields := reflect.TypeFor[pop3wire.Limits]()
	for i := range fields.NumField() {
		name := fields.Field(i).Name
		l, ok := popLimits[name]
		if !ok || l.server == nil && l.client == nil {
			t.Errorf("pop3wire.Limits.%s has no case", name)
			continue
		}
		if l.server != nil {
			t.Run(name+"/server", l.server)
		}
		if l.client != nil {
			t.Run(name+"/client", l.client)
		}
	}
	if len(popLimits) != fields.NumField() {
		t.Errorf("%d cases for %d fields", len(popLimits), fields.NumField())
	}
}

// TestLimitsPOP3Negative: no field can be below zero, nor above the one that it is
// a part of.
func TestLimitsPOP3Negative(t *testing.T) {
	fields := reflect.TypeFor[pop3wire.Limits]()
	for i := range fields.NumField() {
		var l pop3wire.Limits
		reflect.ValueOf(&l).Elem().Field(i).SetInt(-1)
		if _, err := l.WithDefaults(); err == nil {
			t.Errorf("%s of -1 is allowed", fields.Field(i).Name)
		}
		if _, err := pop3server.New(popStart, pop3server.Options{Limits: l}); err == nil {
			t.Errorf("a server takes %s of -1", fields.Field(i).Name)
		}
		if _, err := pop3client.New(popStart, pop3client.Options{Limits: l}); err == nil {
			t.Errorf("a client takes %s of -1", fields.Field(i).Name)
		}
		// Every zero has a default.
		whole, err := pop3wire.Limits{}.WithDefaults()
		if v := reflect.ValueOf(whole).Field(i); err != nil || v.Int() <= 0 {
			t.Errorf("%s is %v, %v by default", fields.Field(i).Name, v, err)
		}
	}
	for _, l := range []pop3wire.Limits{{Line: 9, SASLLine: 8}, {BadPreAuth: 9, Bad: 8}, {OutputPreAuth: 9, Output: 8}, {IdleTime: 10*time.Minute - 1}} {
		if _, err := l.WithDefaults(); err == nil {
			t.Errorf("%+v is allowed", l)
		}
	}
}

// around calls f with the cost of an input as one below the limit, at it, and one
// above.
func around(t *testing.T, cost int, f func(t *testing.T, limit int, over bool)) {
	t.Helper()
	for _, d := range []int{1, 0, -1} {
		f(t, cost+d, d < 0)
	}
}

// wantLimit checks a limit error.
func wantLimit(t *testing.T, what string, err error, name string, limit, got, offset int) {
	t.Helper()
	want := &engine.LimitError{Name: name, Cap: int64(limit), Got: int64(got), Offset: int64(offset)}
	e := (*engine.LimitError)(nil)
	if !errors.As(err, &e) || *e != *want {
		t.Fatalf("%s: %v, want %v", what, err, want)
	}
}

// malformedOf returns the error of the only Malformed, or nil without one.
func (s *popServer) malformedOf(what string) (err error) {
	for _, ev := range s.kept {
		if m, is := ev.(*pop3server.Malformed); is {
			if err != nil {
				s.t.Fatalf("%s: two errors", what)
			}
			err = m.Err
		}
	}
	return err
}

// limited is a server with these limits, before login or behind it, whose exchanges
// of SASL go on and on.
func limited(t *testing.T, lim pop3wire.Limits, in bool) *popServer {
	t.Helper()
	opt := openPop()
	opt.Limits = lim
	s := newPopServer(t, opt)
	if in {
		s.login()
	}
	s.on = func(ev pop3server.Event) bool {
		switch ev := ev.(type) {
		case *pop3server.Auth:
			s.must(s.c.Challenge(ev.ID, nil))
		case *pop3server.AuthResponse:
			s.logf("response %d %v", len(ev.Data), ev.Cancelled)
			if !ev.Cancelled {
				s.must(s.c.Challenge(ev.ID, nil))
			}
		default:
			return false
		}
		return true
	}
	return s
}

func serverLine(t *testing.T) {
	const command = "XTND 0123456789 0123456789 01234\r\n"
	for _, in := range []bool{false, true} {
		around(t, len(command), func(t *testing.T, limit int, over bool) {
			for cut, pieces := range popCuts(command + "CAPA\r\n") {
				what := fmt.Sprintf("logged in %v, limit %d, %s", in, limit, cut)
				s := limited(t, pop3wire.Limits{Line: limit, SASLLine: 2 * limit}, in)
				s.feed(pieces...)
				err := s.malformedOf(what)
				if over {
					wantLimit(t, what, err, "Line", limit, limit+1, limit)
				} else if err != nil || len(s.log) != 1 || s.log[0] != "XTND" {
					t.Fatalf("%s: %v, %v", what, err, s.log)
				}
				status, rest, _ := strings.Cut(s.take(), "\r\n")
				if !strings.HasPrefix(status, "-ERR") || !strings.HasPrefix(rest, "+OK capability") || strings.Count(rest, "-ERR") != 0 {
					t.Fatalf("%s: %q, then %q", what, status, rest)
				}
			}
		})
	}
}

func serverSASLLine(t *testing.T) {
	const initial, answer = "AUTH X-TWO AAAAAAAAAAAAAAAAAAAAAAAA\r\n", "AAAAAAAAAAAAAAAAAAAAAAAAAAAA\r\n"
	around(t, len(initial), func(t *testing.T, limit int, over bool) {
		for cut, pieces := range popCuts(initial) {
			what := fmt.Sprintf("initial response, limit %d, %s", limit, cut)
			s := limited(t, pop3wire.Limits{Line: 20, SASLLine: limit}, false)
			s.feed(pieces...)
			err := s.malformedOf(what)
			if over {
				wantLimit(t, what, err, "SASLLine", limit, limit+1, limit)
				s.take()
				if got := s.do("CAPA"); !strings.HasPrefix(got, "+OK") {
					t.Fatalf("%s: then %q", what, got)
				}
				continue
			}
			s.feed("*\r\nCAPA\r\n")
			if err != nil || !strings.HasPrefix(s.take(), "+ \r\n-ERR AUTH cancelled\r\n+OK") {
				t.Fatalf("%s: %v", what, err)
			}
		}
	})
	around(t, len(answer), func(t *testing.T, limit int, over bool) {
		for cut, pieces := range popCuts("AUTH X-TWO\r\n" + answer + "*\r\nCAPA\r\n") {
			what := fmt.Sprintf("answer, limit %d, %s", limit, cut)
			s := limited(t, pop3wire.Limits{Line: 20, SASLLine: limit}, false)
			s.feed(pieces...)
			if over {
				if len(s.kept) < 3 {
					t.Fatalf("%s: %v", what, s.log)
				}
				if r, is := s.kept[1].(*pop3server.AuthResponse); !is || !r.Cancelled {
					t.Fatalf("%s: not cancelled: %v", what, s.log)
				}
				m, _ := s.kept[2].(*pop3server.Malformed)
				if m == nil {
					t.Fatalf("%s: %v", what, s.log)
				}
				wantLimit(t, what, m.Err, "SASLLine", limit, limit+1, limit)
			} else if err := s.malformedOf(what); err != nil || !strings.HasPrefix(s.take(), "+ \r\n+ \r\n-ERR AUTH cancelled\r\n+OK") {
				t.Fatalf("%s: %v", what, err)
			}
		}
	})
}

func serverSASLSteps(t *testing.T) {
	const steps = 4
	around(t, steps, func(t *testing.T, limit int, over bool) {
		// The command is the first message.
		for cut, pieces := range popCuts("AUTH X-TWO AAAA\r\n" + strings.Repeat("AAAA\r\n", steps-1)) {
			what := fmt.Sprintf("limit %d, %s", limit, cut)
			s := limited(t, pop3wire.Limits{SASLSteps: limit}, false)
			s.feed(pieces...)
			err := s.malformedOf(what)
			if over {
				wantLimit(t, what, err, "SASLSteps", limit, limit+1, 0)
				if !strings.HasSuffix(s.do("CAPA"), "\r\n.\r\n") {
					t.Fatalf("%s: no command behind it", what)
				}
			} else if err != nil || len(s.log) != steps-1 {
				t.Fatalf("%s: %v, %v", what, err, s.log)
			}
		}
	})
}

func serverBad(t *testing.T, in bool) {
	const bad = 5
	lim := func(n int) pop3wire.Limits {
		if in {
			return pop3wire.Limits{Bad: n, BadPreAuth: 1}
		}
		return pop3wire.Limits{Bad: 100, BadPreAuth: n}
	}
	for _, line := range []string{"LIST x\r\n", "XTND\r\n", "\r\n", "NOOP\n", strings.Repeat("x", 20000) + "\r\n"} {
		around(t, bad, func(t *testing.T, limit int, over bool) {
			for cut, pieces := range popCuts(strings.Repeat(line, bad)) {
				if len(line) > 1000 && cut != "whole" && !strings.HasPrefix(cut, "cut at [") {
					continue
				}
				what := fmt.Sprintf("%.9q, limit %d, %s", line, limit, cut)
				s := limited(t, lim(limit), in)
				s.feed(pieces...)
				if closed := s.c.Want() == engine.WantNothing; closed != over {
					t.Fatalf("%s: closed %v", what, closed)
				}
				if last := s.log[len(s.log)-1]; over && last != "closed: "+engine.ErrTooManyErrors.Error() {
					t.Fatalf("%s: %s", what, last)
				}
			}
		})
	}
}

// serverOutput: a command more is taken only while less than three quarters of the
// limit are queued, so that one line more stays within it.
func serverOutput(t *testing.T, in bool) {
	const queued = 3 * 250
	around(t, queued, func(t *testing.T, threshold int, over bool) {
		limit := threshold + threshold/3
		for limit-limit/4 < threshold {
			limit++
		}
		lim := pop3wire.Limits{Output: limit, OutputPreAuth: 1}
		if !in {
			lim = pop3wire.Limits{Output: 1 << 20, OutputPreAuth: limit}
		}
		for cut, pieces := range popCuts(strings.Repeat("XTND\r\n", 5)) {
			what := fmt.Sprintf("limit %d, %s", limit, cut)
			s := limited(t, pop3wire.Limits{Output: 1 << 20}, false)
			opt := openPop()
			opt.Limits = lim
			c, err := pop3server.New(popStart, opt)
			s.must(err)
			s.c = c
			s.on = nil
			s.work()
			if in {
				s.login()
			}
			s.take()
			n := 0
			feed := func(p string) {
				if p != "" && s.c.Want() == engine.WantInput {
					s.must(s.c.Feed(s.now, []byte(p)))
				}
				for ev := s.c.Next(); ev != nil; ev = s.c.Next() {
					n++
					s.must(s.c.Done(ev.(*pop3server.Command).ID, yes(strings.Repeat("x", 250-len("+OK \r\n")))))
				}
			}
			for _, p := range pieces {
				feed(p)
			}
			// Of five answers three are queued, or four when three leave room.
			want := 3
			if threshold > queued {
				want = 4
			}
			if s.c.Want() != engine.WantDrain || !s.c.Full() || n != want || s.c.Stats().QueuedOut != int64(250*want) || s.c.Stats().MaxQueuedOut > int64(limit) {
				t.Fatalf("%s: %d answers, wants %v, %+v", what, n, s.c.Want(), s.c.Stats())
			}
			s.must(s.c.Flush(s.now, &s.out))
			if feed(""); n == want && cut == "whole" {
				t.Fatalf("%s: nothing is read behind the drain", what)
			}
		}
	})
}

// expires calls f with a time one nanosecond before a time-out, at it and behind it.
func expires(t *testing.T, after time.Duration, make func() *popServer) {
	t.Helper()
	for _, d := range []time.Duration{-1, 0, 1} {
		s := make()
		if got := s.c.Deadline().Sub(s.now); got != after {
			t.Fatalf("the deadline is after %v, want %v", got, after)
		}
		s.take()
		s.now = s.now.Add(after + d)
		s.c.Expire(s.now)
		s.c.Expire(s.now)
		out := s.take()
		if over := s.c.Want() == engine.WantNothing; over != (d >= 0) || out != "" {
			t.Fatalf("%v from the time-out: over %v, said %q", d, over, out)
		}
		if last := len(s.log); d >= 0 && s.log[last-1] != "closed: "+engine.ErrTimeout.Error() {
			t.Fatalf("%v from the time-out: %v", d, s.log)
		}
	}
}

func serverLoginTime(t *testing.T) {
	for _, in := range []string{"", "CAPA\r\n", "USER u\r\n", "AUTH X-TWO\r\n", "STLS\r\n"} {
		for _, pieces := range popCuts(in) {
			expires(t, 7*time.Second, func() *popServer {
				s := limited(t, pop3wire.Limits{LoginTime: 7 * time.Second}, false)
				s.feed(pieces...)
				return s
			})
		}
	}
}

func serverIdleTime(t *testing.T) {
	for _, in := range []string{"", "NOOP\r\n", "XTND\r\n", "DELE 1\r\nCAPA\r\n"} {
		for _, pieces := range popCuts(in) {
			expires(t, 11*time.Minute, func() *popServer {
				s := limited(t, pop3wire.Limits{IdleTime: 11 * time.Minute, LoginTime: time.Second}, true)
				s.feed(pieces...)
				return s
			})
		}
	}
}

func serverCommandTime(t *testing.T) {
	for _, logged := range []bool{false, true} {
		for _, in := range []string{"N", "USER ada", "NOOP\r\nLIST\r", strings.Repeat("x", 20000)} {
			for _, pieces := range popCuts(in) {
				expires(t, 5*time.Second, func() *popServer {
					s := limited(t, pop3wire.Limits{CommandTime: 5 * time.Second}, logged)
					s.feed(pieces...)
					return s
				})
			}
		}
	}
}

func serverOutputTime(t *testing.T) {
	for _, logged := range []bool{false, true} {
		for _, d := range []time.Duration{-1, 0, 1} {
			s := limited(t, pop3wire.Limits{OutputTime: 3 * time.Second}, logged)
			s.must(s.c.Feed(s.now, []byte("CAPA\r\n")))
			for s.c.Next() != nil {
			}
			if got := s.c.Deadline().Sub(s.now); got != 3*time.Second {
				t.Fatalf("the deadline is after %v", got)
			}
			// An octet that was written starts it anew; none does not.
			s.c.Advance(s.now.Add(time.Second), 1)
			s.c.Advance(s.now.Add(2*time.Second), 0)
			s.c.Expire(s.now.Add(4*time.Second + d))
			if over := s.c.Want() == engine.WantNothing; over != (d >= 0) || over == !s.c.Output().Empty() {
				t.Fatalf("%v from the time-out: over %v, %d octets queued", d, over, len(s.c.Output().Bytes))
			}
		}
	}
}

// limitedClient is a client with these limits, before login or behind it.
func limitedClient(t *testing.T, lim pop3wire.Limits, in bool, capabilities ...string) *popClient {
	t.Helper()
	opt := anyPop()
	opt.Limits = lim
	if in {
		return loggedInPop(t, opt, capabilities...)
	}
	p := newPopClient(t, opt)
	p.feed("+OK\r\n")
	p.log, p.kept = nil, nil
	return p
}

// malformedOf returns the error of the only Malformed, or nil without one.
func (p *popClient) malformedOf(what string) (err error) {
	for _, ev := range p.kept {
		if m, is := ev.(*pop3client.Malformed); is {
			if err != nil {
				p.t.Fatalf("%s: two errors", what)
			}
			err = m.Err
		}
	}
	return err
}

func clientResponseLine(t *testing.T) {
	const line = "+OK 12 34 more than anybody asked for\r\n"
	around(t, len(line), func(t *testing.T, limit int, over bool) {
		lim := pop3wire.Limits{ResponseLine: limit}
		for cut, pieces := range popCuts(line) {
			what := fmt.Sprintf("limit %d, %s", limit, cut)
			opt := anyPop()
			opt.Limits = lim
			p := newPopClient(t, opt)
			p.feed(pieces...)
			if end, ended := p.ended(); over {
				wantLimit(t, "greeting, "+what, end, "ResponseLine", limit, limit+1, limit)
			} else if ended || p.c.State() != pop3client.StateAuthorization {
				t.Fatalf("greeting, %s: %v", what, p.log)
			}
			for _, in := range []bool{false, true} {
				p := limitedClient(t, lim, in)
				p.send(&pop3wire.Stat{})
				p.feed(pieces...)
				err := p.malformedOf(what)
				done, _ := p.kept[len(p.kept)-1].(*pop3client.Done)
				if over {
					wantLimit(t, what, err, "ResponseLine", limit, limit+1, limit)
				}
				// The word at its start counts all the same.
				if err != nil != over || done == nil || !done.Status.OK || (done.Answer == nil) != over || done.Err != nil {
					t.Fatalf("logged in %v, %s: %v, %+v", in, what, err, done)
				}
				p.send(&pop3wire.Noop{})
				p.feed("-ERR\r\n")
				if last := p.log[len(p.log)-1]; last != `done false "" "": <nil>` {
					t.Fatalf("logged in %v, %s: then %s", in, what, last)
				}
			}
		}
	})
	const entry = "17 4711 more than anybody asked for\r\n"
	around(t, len(entry), func(t *testing.T, limit int, over bool) {
		for _, in := range []bool{false, true} {
			for cut, pieces := range popCuts("+OK\r\n1 2\r\n" + entry + "20 3\r\n.\r\n") {
				what := fmt.Sprintf("line of a listing, logged in %v, limit %d, %s", in, limit, cut)
				p := limitedClient(t, pop3wire.Limits{ResponseLine: limit}, in)
				p.send(&pop3wire.List{})
				p.feed(pieces...)
				err := p.malformedOf(what)
				if over {
					wantLimit(t, what, err, "ResponseLine", limit, limit+1, limit)
				}
				log := strings.Join(p.log, "\n")
				if err != nil != over || strings.Contains(log, "scan 17") == over || !strings.Contains(log, "scan 1 2") || !strings.HasSuffix(log, "scan 20 3\ndone true \"\" \"\": <nil>") {
					t.Fatalf("%s: %s", what, log)
				}
			}
		}
	})
}

func clientSASLLine(t *testing.T) {
	const challenge = "+ AAAAAAAAAAAAAAAAAAAAAAAA\r\n"
	around(t, len(challenge), func(t *testing.T, limit int, over bool) {
		for cut, pieces := range popCuts(challenge) {
			what := fmt.Sprintf("limit %d, %s", limit, cut)
			// The other limit has no say here.
			p := limitedClient(t, pop3wire.Limits{Line: 20, SASLLine: limit, ResponseLine: 6}, false)
			p.send(&pop3wire.Auth{Mechanism: "X"})
			p.feed(pieces...)
			err := p.malformedOf(what)
			if over {
				wantLimit(t, what, err, "SASLLine", limit, limit+1, limit)
			}
			if out := p.take(); err != nil != over || strings.HasSuffix(out, "*\r\n") != over || strings.Contains(strings.Join(p.log, "\n"), "challenge") == over {
				t.Fatalf("%s: %v, sent %q, %v", what, err, out, p.log)
			}
		}
	})
}

func clientSASLSteps(t *testing.T) {
	const steps = 4
	around(t, steps, func(t *testing.T, limit int, over bool) {
		for cut, pieces := range popCuts("+ AAAA\r\n") {
			what := fmt.Sprintf("limit %d, %s", limit, cut)
			p := limitedClient(t, pop3wire.Limits{SASLSteps: limit}, false)
			id, err := p.c.Send(&pop3wire.Auth{Mechanism: "X"})
			if err != nil {
				t.Fatal(err)
			}
			for n := range steps {
				p.feed(pieces...)
				if over && n == limit {
					break
				}
				if err := p.c.Respond(id, "x"); err != nil {
					t.Fatalf("%s: step %d: %v", what, n, err)
				}
			}
			if err = p.malformedOf(what); over {
				wantLimit(t, what, err, "SASLSteps", limit, limit+1, 0)
			}
			if out := p.take(); err != nil != over || strings.HasSuffix(out, "*\r\n") != over {
				t.Fatalf("%s: %v, sent %q", what, err, out)
			}
		}
	})
}

func clientCapabilities(t *testing.T) {
	const lines = 5
	around(t, lines, func(t *testing.T, limit int, over bool) {
		for _, in := range []bool{false, true} {
			for cut, pieces := range popCuts("+OK\r\nA\r\nB x\r\nC\r\nD\r\nE y z\r\n.\r\n") {
				what := fmt.Sprintf("limit %d, logged in %v, %s", limit, in, cut)
				p := limitedClient(t, pop3wire.Limits{Capabilities: limit}, in)
				p.send(&pop3wire.Capa{})
				p.feed(pieces...)
				err := p.malformedOf(what)
				if over {
					wantLimit(t, what, err, "Capabilities", limit, lines, 0)
				}
				list, _ := p.c.Capabilities()
				if err != nil != over || len(list) != min(limit, lines) || strings.Count(strings.Join(p.log, "\n"), "capability") != lines {
					t.Fatalf("%s: %v, %d remembered, %v", what, err, len(list), p.log)
				}
			}
		}
	})
}

func clientAhead(t *testing.T) {
	const inFlight = "NOOP\r\nNOOP\r\nNOOP\r\n"
	around(t, len(inFlight), func(t *testing.T, limit int, over bool) {
		for _, capability := range []string{"PIPELINING", "X"} {
			p := limitedClient(t, pop3wire.Limits{Ahead: limit}, true, capability)
			for range 10 {
				p.c.Send(&pop3wire.Noop{})
			}
			want := "NOOP\r\nNOOP\r\nNOOP\r\n"
			if over {
				want = "NOOP\r\nNOOP\r\n"
			}
			if capability == "X" {
				want = "NOOP\r\n" // threat Q11: nothing ahead where that is not announced
			}
			if out := p.take(); out != want {
				t.Fatalf("limit %d, %s: %q are in flight", limit, capability, out)
			}
			p.feed("+OK\r\n")
			if out := p.take(); out != "NOOP\r\n" {
				t.Fatalf("limit %d, %s: behind an answer %q", limit, capability, out)
			}
		}
	})
	// One command always goes.
	p := limitedClient(t, pop3wire.Limits{Ahead: 1}, true, "PIPELINING")
	if p.send(&pop3wire.Noop{}); p.take() != "NOOP\r\n" {
		t.Error("no command is sent below the limit of one octet")
	}
}

func clientOutput(t *testing.T) {
	const queued = "NOOP\r\nNOOP\r\nNOOP\r\n"
	around(t, len(queued), func(t *testing.T, limit int, over bool) {
		p := limitedClient(t, pop3wire.Limits{Output: limit, OutputPreAuth: 1}, true, "PIPELINING")
		for n := 1; n <= 3; n++ {
			p.c.Send(&pop3wire.Noop{})
			if full := p.c.Full(); full != (6*n >= limit) {
				t.Fatalf("limit %d, %d octets: full %v", limit, 6*n, full)
			}
		}
		p.take()
		if p.c.Full() {
			t.Fatal("full behind the drain")
		}
	})
}

func clientOutputTime(t *testing.T) {
	for _, d := range []time.Duration{-1, 0, 1} {
		p := limitedClient(t, pop3wire.Limits{OutputTime: 3 * time.Second}, false)
		p.c.Send(&pop3wire.Capa{})
		if got := p.c.Deadline().Sub(p.now); got != 3*time.Second {
			t.Fatalf("the deadline is after %v", got)
		}
		p.c.Advance(p.now.Add(time.Second), 1)
		p.c.Advance(p.now.Add(2*time.Second), 0)
		p.c.Expire(p.now.Add(4*time.Second + d))
		if over := p.c.Want() == engine.WantNothing; over != (d >= 0) || over == !p.c.Output().Empty() {
			t.Fatalf("%v from the time-out: over %v", d, over)
		}
	}
}

func clientAnswerTime(t *testing.T) {
	for _, tt := range []struct {
		send pop3wire.Command // nil: the greeting
		said string
	}{{nil, ""}, {nil, "+O"}, {&pop3wire.Capa{}, ""}, {&pop3wire.Capa{}, "+OK\r\nTOP\r\n"}, {&pop3wire.Retr{Num: 1}, "+OK\r\nx\r\n."}, {&pop3wire.Auth{Mechanism: "X"}, "+"}} {
		for cut, pieces := range popCuts(tt.said) {
			for _, d := range []time.Duration{-1, 0, 1} {
				opt := anyPop()
				opt.Limits.AnswerTime = 3 * time.Second
				p := newPopClient(t, opt)
				if tt.send != nil {
					p.feed("+OK\r\n")
					p.send(tt.send)
				}
				// Every octet starts the time anew.
				for _, piece := range pieces {
					if piece != "" {
						p.now = p.now.Add(2 * time.Second)
						p.feed(piece)
					}
				}
				if got := p.c.Deadline().Sub(p.now); got != 3*time.Second {
					t.Fatalf("%q, %s: the deadline is after %v", tt.said, cut, got)
				}
				p.c.Expire(p.now.Add(3*time.Second + d))
				p.work()
				if end, over := p.ended(); over != (d >= 0) || over && end != engine.ErrTimeout {
					t.Fatalf("%q, %s, %v from the time-out: over %v, %v", tt.said, cut, d, over, end)
				}
			}
		}
	}
}
