package threats_test

import (
	"errors"
	"fmt"
	"maps"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/mailwire/mailwire/imapwire"
	"github.com/mailwire/mailwire/imapwire/engine"
	"github.com/mailwire/mailwire/imapwire/imapclient"
	"github.com/mailwire/mailwire/imapwire/imapserver"
)

// An imapLimit is how one field of imapwire.Limits is met: what a peer sends that
// has n of what the field counts.
type imapLimit struct {
	// before login; otherwise a mailbox is selected.
	before bool
	// cap is the small limit at which all ways of cutting are tried.
	cap int
	// also makes room for what n of it need besides, given the largest n.
	also func(l *imapwire.Limits, n int)
	// of is the input with n; at is the offset in it that the error names when
	// cap is one less than n.
	of func(n int) string
	at func(n int) int
	// got is what the error says it was; nil is n.
	got func(n int) int
	// fatal: exceeding it ends the conversation. The error of another limit, that
	// of what is dropped, goes before it.
	fatal bool
	// syntax: at its default it is tried with the parser alone, since an engine
	// reads what has so many in pieces.
	syntax bool
	// step is by how much n grows at a time; 0 is 1.
	step int
	// client is set for what a server says to a client.
	client bool
}

// xs is n octets.
func xs(n int) string { return strings.Repeat("x", n) }

// filled is start, filled with x, and end: n octets in all.
func filled(n int, start, end string) string { return start + xs(n-len(start)-len(end)) + end }

// listed is n words with a separator between.
func listed(n int, word, sep string) string {
	return strings.Repeat(word+sep, n-1) + word
}

// The offsets of errors.
func atLast(of func(int) string, s string) func(int) int {
	return func(n int) int { return strings.LastIndex(of(n), s) }
}
func atCap(n int) int { return n - 1 }

func imapLimits() map[string]imapLimit {
	line := func(n int) string { return filled(n, "a XYZ ", "\r\n") }
	literal := func(n int) string { return fmt.Sprintf("a XYZ {%d+}\r\n%s\r\n", n, xs(n)) }
	literals := func(n int) string {
		return fmt.Sprintf("a XYZ {4+}\r\nabcd {%d+}\r\n%s\r\n", n-4, xs(n-4))
	}
	count := func(n int) string { return "a XYZ" + strings.Repeat(" {1+}\r\nx", n) + "\r\n" }
	depth := func(n int) string {
		return "a SEARCH " + strings.Repeat("(", n) + "ALL" + strings.Repeat(")", n) + "\r\n"
	}
	lists := func(n int) string { return "a SEARCH" + strings.Repeat(" (ALL)", n) + "\r\n" }
	// Tag, verb, and what is left.
	tokens := func(n int) string { return "a SEARCH" + strings.Repeat(" ALL", n-2) + "\r\n" }
	ranges := func(n int) string { return "a COPY " + listed(n, "1", ",") + " x\r\n" }
	tag := func(n int) string { return xs(n) + " NOOP\r\n" }

	rLine := func(n int) string { return filled(n, "* XYZ ", "\r\n") }
	rLiteral := func(n int) string { return fmt.Sprintf("* XYZ {%d}\r\n%s\r\n", n, xs(n)) }
	rLiterals := func(n int) string {
		return fmt.Sprintf("* XYZ {4}\r\nabcd {%d}\r\n%s\r\n", n-4, xs(n-4))
	}
	rCount := func(n int) string { return "* XYZ" + strings.Repeat(" {1}\r\nx", n) + "\r\n" }
	rDepth := func(n int) string {
		return "* STATUS x " + strings.Repeat("(X ", n) + "1" + strings.Repeat(")", n) + "\r\n"
	}
	rLists := func(n int) string { return "* STATUS x (X 1" + strings.Repeat(" Y (2)", n-1) + ")\r\n" }
	rTokens := func(n int) string {
		return "* CAPABILITY" + strings.Repeat(" X", n-1) + "\r\n"
	}
	rRanges := func(n int) string { return "* VANISHED " + listed(n, "1", ",") + "\r\n" }

	room := func(l *imapwire.Limits, n int) {
		n += 1 << 20
		l.Line, l.LinePreAuth, l.ResponseLine, l.ResponseLinePreAuth = 8*n, 8*n, 8*n, 8*n
		l.Lists, l.ListsPreAuth, l.ResponseLists, l.ResponseListsPreAuth = n, n, n, n
		l.Tokens, l.TokensPreAuth, l.ResponseTokens, l.ResponseTokensPreAuth = 8*n, 8*n, 8*n, 8*n
		l.Literals, l.LiteralsPreAuth, l.ResponseLiterals, l.ResponseLiteralsPreAuth = 4*n, 4*n, 4*n, 4*n
	}
	literalRoom := func(l *imapwire.Limits, n int) {
		l.Literal, l.LiteralPreAuth, l.ResponseLiteral, l.ResponseLiteralPreAuth = n, n, n, n
	}
	shortTag := func(l *imapwire.Limits, n int) { l.Tag = 8 }
	m := map[string]imapLimit{
		"Line":         {cap: 40, of: line, at: atCap, also: shortTag},
		"Literal":      {cap: 20, of: literal, at: func(n int) int { return len(fmt.Sprintf("a XYZ {%d+}\r\n", n)) }, also: room},
		"Literals":     {cap: 20, of: literals, at: func(n int) int { return len(fmt.Sprintf("a XYZ {4+}\r\nabcd {%d+}\r\n", n-4)) }, also: literalRoom},
		"LiteralCount": {cap: 5, of: count, at: func(n int) int { return len(count(n)) - len("x\r\n") }, also: room},
		"Lists":        {cap: 6, of: lists, at: atLast(lists, "("), also: room},
		"Tokens":       {cap: 8, of: tokens, at: atLast(tokens, "ALL"), also: room},
		"Ranges":       {cap: 7, of: ranges, at: atLast(ranges, "1"), also: room},

		"ResponseLine":         {client: true, cap: 40, of: rLine, at: atCap, also: shortTag},
		"ResponseLiteral":      {client: true, cap: 20, of: rLiteral, at: func(n int) int { return len(fmt.Sprintf("* XYZ {%d}\r\n", n)) }, also: room},
		"ResponseLiterals":     {client: true, cap: 20, of: rLiterals, at: func(n int) int { return len(fmt.Sprintf("* XYZ {4}\r\nabcd {%d}\r\n", n-4)) }, also: literalRoom},
		"ResponseLiteralCount": {client: true, cap: 5, of: rCount, at: func(n int) int { return len(rCount(n)) - len("x\r\n") }, also: room},
		"ResponseDepth":        {client: true, cap: 5, of: rDepth, at: atLast(rDepth, "("), also: room},
		"ResponseLists":        {client: true, cap: 6, of: rLists, at: atLast(rLists, "("), also: room},
		"ResponseTokens":       {client: true, cap: 8, of: rTokens, at: atLast(rTokens, "X"), also: room},
		"ResponseRanges":       {client: true, cap: 7, of: rRanges, at: atLast(rRanges, "1"), also: room, syntax: true},
	}
	for name, l := range maps.Clone(m) {
		l.before, l.syntax = true, false
		m[name+"PreAuth"] = l
	}
	// One limit for both states: what has no twin is tried in both.
	m["Depth"] = imapLimit{cap: 5, of: depth, at: func(n int) int { return len("a SEARCH ") + n - 1 }, also: room}
	m["Tag"] = imapLimit{cap: 9, of: tag, at: atCap}
	m["Append"] = imapLimit{cap: 20, at: func(n int) int { return len(fmt.Sprintf("a APPEND x {%d+}\r\n", n)) },
		of:   func(n int) string { return fmt.Sprintf("a APPEND x {%d+}\r\n%s\r\n", n, xs(n)) },
		also: func(l *imapwire.Limits, n int) { l.Skip = int64(n) + 100 }}
	// What is dropped is the literal that is too large, and the line end.
	m["Skip"] = imapLimit{cap: 40, fatal: true, at: func(n int) int { return len(fmt.Sprintf("a XYZ {%d+}\r\n", n-2)) + n - 1 },
		of:   func(n int) string { return fmt.Sprintf("a XYZ {%d+}\r\n%s\r\n", n-2, xs(n-2)) },
		also: func(l *imapwire.Limits, n int) { l.Literal, l.LiteralPreAuth = 8, 8 }}
	m["ResponseSkip"] = imapLimit{client: true, cap: 40, fatal: true, at: func(n int) int { return len(fmt.Sprintf("* XYZ {%d}\r\n", n-2)) + n - 1 },
		of:   func(n int) string { return fmt.Sprintf("* XYZ {%d}\r\n%s\r\n", n-2, xs(n-2)) },
		also: func(l *imapwire.Limits, n int) { l.ResponseLiteral, l.ResponseLiteralPreAuth = 8, 8 }}
	m["SASLSteps"] = imapLimit{before: true, cap: 4, at: func(int) int { return 0 },
		of: func(n int) string {
			return "a AUTHENTICATE X-TWO eA==\r\n" + strings.Repeat("eA==\r\n", n-1) + "*\r\n"
		}}
	m["SASLLine"] = imapLimit{before: true, cap: 26, step: 4, at: func(n int) int { return n - 4 }, got: func(n int) int { return n - 3 },
		of: func(n int) string {
			return "a AUTHENTICATE X-TWO\r\n" + strings.Repeat("A", n-2) + "\r\n*\r\n"
		}}
	return m
}

// imapTimes are the fields of imapwire.Limits that are times: what a peer leaves
// undone, and for how long.
var imapTimes = map[string]func(t *testing.T, l imapwire.Limits, cap time.Duration){
	"LoginTime":   imapServerTime(imapserver.StateNotAuthenticated, "a NOOP\r\n"),
	"IdleTime":    imapServerTime(imapserver.StateSelected, "a NOOP\r\n", "a IDLE\r\n"),
	"CommandTime": imapServerTime(imapserver.StateSelected, "a NO", "a XYZ {3+}\r\nabc", "a"),
	"LiteralTime": imapServerTime(imapserver.StateSelected, "a XYZ {3+}\r\n", "a APPEND x {5}\r\nabcd"),
	"OutputTime":  imapOutputTime,
	"AnswerTime":  imapAnswerTime,
	"IdleRenew":   imapIdleRenew,
}

// imapQueues are the fields that bound what is not input.
var imapQueues = map[string]func(t *testing.T){
	"Output":        func(t *testing.T) { imapOutput(t, imapserver.StateSelected) },
	"OutputPreAuth": func(t *testing.T) { imapOutput(t, imapserver.StateNotAuthenticated) },
	"Bad":           func(t *testing.T) { imapBad(t, imapserver.StateSelected) },
	"BadPreAuth":    func(t *testing.T) { imapBad(t, imapserver.StateNotAuthenticated) },
}

// TestLimitsIMAP: invariant 9, threats M1 to M4, M7, M13 and C2. Every field of
// imapwire.Limits, at one below, at, and one above, in the engine that obeys it,
// before and behind login, however the input is cut: what is within it passes,
// and what is not is one error that names it, its cap and the place.
func TestLimitsIMAP(t *testing.T) {
	cases := imapLimits()
	fields := reflect.TypeFor[imapwire.Limits]()
	defaults, err := imapwire.Limits{}.WithDefaults()
	if err != nil {
		t.Fatal(err)
	}
	for name := range cases {
		if _, ok := fields.FieldByName(name); !ok {
			t.Errorf("there is no field %s", name)
		}
	}
	for i := range fields.NumField() {
		name := fields.Field(i).Name
		set := func(l *imapwire.Limits, n int64) { reflect.ValueOf(l).Elem().Field(i).SetInt(n) }
		def := reflect.ValueOf(defaults).Field(i).Int()
		t.Run(name, func(t *testing.T) {
			c, counted := cases[name]
			timed, queue := imapTimes[name], imapQueues[name]
			if !counted && timed == nil && queue == nil {
				t.Fatal("there is no case for this field")
			}
			switch {
			case timed != nil:
				small := 7 * time.Second
				if name == "IdleTime" {
					small = 30*time.Minute + small // RFC 9051 §5.4
				}
				for _, d := range []time.Duration{small, time.Duration(def)} {
					var l imapwire.Limits
					set(&l, int64(d))
					timed(t, l, d)
				}
			case queue != nil:
				queue(t)
			default:
				imapCounted(t, name, c, set, int(def))
			}
		})
	}
}

// imapCounted tries a field that counts, at a small limit in all ways of cutting,
// and at its default whole.
func imapCounted(t *testing.T, name string, c imapLimit, set func(*imapwire.Limits, int64), def int) {
	step := max(c.step, 1)
	befores := []bool{c.before}
	if !strings.HasSuffix(name, "PreAuth") && !c.before && name != "Append" {
		if _, twin := reflect.TypeFor[imapwire.Limits]().FieldByName(name + "PreAuth"); !twin {
			befores = []bool{true, false}
		}
	}
	for _, before := range befores {
		c.before = before
		for n := c.cap - step; n <= c.cap+step; n += step {
			var l imapwire.Limits
			if c.also != nil {
				c.also(&l, c.cap)
			}
			clearTwin(&l, name)
			set(&l, int64(c.cap))
			first := ""
			for _, cut := range imapCuts(len(c.of(n))) {
				got := c.try(t, name, l, cut.pieces(c.of(n)), imapWant(name, c, n, c.cap))
				if first == "" {
					first = got
				}
				if got != first || t.Failed() {
					t.Fatalf("%d of %d, %v, before login %v:\n%s\nwhole:\n%s", n, c.cap, cut, before, got, first)
				}
			}
		}
		if def > 1<<20 && testing.Short() {
			continue
		}
		for n := def - step; n <= def+step; n += step {
			if def > 4<<20 && n < def {
				continue // two of 64 MiB are enough
			}
			var l imapwire.Limits
			if c.also != nil {
				c.also(&l, def)
			}
			clearTwin(&l, name)
			set(&l, 0)
			if c.syntax {
				imapParsed(t, []byte(c.of(n)), imapWant(name, c, n, def))
				continue
			}
			if c.try(t, name, l, []string{c.of(n)}, imapWant(name, c, n, def)); t.Failed() {
				t.Fatalf("%d of the default, before login %v", n, before)
			}
		}
	}
}

// clearTwin leaves the limit before login to its default, which gives way to one
// for behind it.
func clearTwin(l *imapwire.Limits, name string) {
	if f := reflect.ValueOf(l).Elem().FieldByName(name + "PreAuth"); f.IsValid() {
		f.SetInt(0)
	}
}

// imapParsed tries the parser of responses under the defaults for behind login,
// of lines excepted.
func imapParsed(t *testing.T, frame []byte, want *engine.LimitError) {
	t.Helper()
	_, err := imapwire.ParseResponse(frame, imapwire.ParseOptions{Bounds: imapwire.Bounds{Response: true, Line: len(frame)}})
	if got := (*engine.LimitError)(nil); errors.As(err, &got) != (want != nil) || want != nil && *got != *want {
		t.Errorf("got %v, want %v", err, want)
	}
}

// imapWant is the error that n of something is, under a limit; nil for none.
func imapWant(name string, c imapLimit, n, limit int) *engine.LimitError {
	if n <= limit {
		return nil
	}
	e := &engine.LimitError{Name: name, Cap: int64(limit), Got: int64(n), Offset: int64(c.at(n))}
	if c.got != nil {
		e.Got = int64(c.got(n))
	}
	return e
}

// try feeds an engine and checks the error, and that the conversation goes on
// behind it where it should. It returns what was seen.
func (c imapLimit) try(t *testing.T, name string, l imapwire.Limits, pieces []string, want *engine.LimitError) string {
	t.Helper()
	var errs []error
	var all string
	goesOn := false
	if c.client {
		state := imapclient.StateSelected
		if c.before {
			state = imapclient.StateNotAuthenticated
		}
		cl := imapClientIn(t, imapclient.Options{Limits: l}, state)
		cl.feed(pieces...)
		errs, all = cl.errs, cl.all()
		cl.log = nil
		cl.feed("* XYZ\r\n")
		goesOn = len(cl.log) == 1 && cl.log[0] == `data "* XYZ\r\n"`
	} else {
		opt := imapLocal()
		opt.Limits = l
		state := imapserver.StateSelected
		if c.before {
			state = imapserver.StateNotAuthenticated
		}
		s := imapServerIn(t, opt, state)
		s.feed(pieces...)
		errs, all = s.errs, s.all()
		s.out.Reset()
		s.feed("z NOOP\r\n")
		goesOn = s.out.String() == "z OK done\r\n"
	}
	var got *engine.LimitError
	for _, err := range errs {
		if e := (*engine.LimitError)(nil); errors.As(err, &e) && !(c.fatal && e.Name != name) {
			if got != nil && *got != *e {
				t.Errorf("two errors: %v, %v", got, e)
			}
			got = e
		}
	}
	switch {
	case want == nil && got != nil:
		t.Errorf("%v", got)
	case want != nil && got == nil:
		t.Errorf("no error, want %v, got %v", want, errs)
	case want != nil && *got != *want:
		t.Errorf("got %+v, want %+v", got, want)
	}
	if fatal := want != nil && c.fatal; goesOn == fatal {
		t.Errorf("goes on %v", goesOn)
	}
	return all
}

// imapBad is Limits.Bad: so many mistakes in a row, and one more ends it.
func imapBad(t *testing.T, state imapserver.State) {
	const most = 4
	for n := most - 1; n <= most+1; n++ {
		in := strings.Repeat("a (\r\n", n)
		for _, cut := range imapCuts(len(in)) {
			opt := imapLocal()
			opt.Limits.Bad, opt.Limits.BadPreAuth = most, most
			s := imapServerIn(t, opt, state)
			s.feed(cut.pieces(in)...)
			closed := len(s.errs) > 0 && errors.Is(s.errs[len(s.errs)-1], engine.ErrTooManyErrors)
			if closed != (n > most) || closed != (s.c.Want() == engine.WantNothing) || strings.Count(s.out.String(), "a BAD ") != n {
				t.Fatalf("%d of %d, %v: %s", n, most, cut, s.all())
			}
			if n == most {
				// What was understood begins the count anew.
				if s.feed("b NOOP\r\n", "c (\r\n"); s.c.Want() != engine.WantInput {
					t.Fatalf("%d of %d and NOOP: %s", n, most, s.all())
				}
			}
		}
	}
}

// imapOutput is Limits.Output: a client that does not read is not read any more
// when three quarters are queued, and what is queued stays within the whole,
// however its commands come.
func imapOutput(t *testing.T, state imapserver.State) {
	const most = 400
	full := most - most/4
	for n := full - 1; n <= full+1; n++ {
		opt := imapLocal()
		opt.Limits.Output, opt.Limits.OutputPreAuth = most, most
		s := imapServerIn(t, opt, state)
		s.stuck = true
		s.must(s.c.Send(&imapwire.StatusResponse{StatusCondition: imapOK(xs(n - len("* OK \r\n")))}))
		want := engine.WantInput
		if n >= full {
			want = engine.WantDrain
		}
		if st := s.c.Stats(); st.QueuedOut != int64(n) || s.c.Want() != want || s.c.Full() != (n >= full) {
			t.Errorf("%d of %d queued: wants %v, full %v, %d", n, most, s.c.Want(), s.c.Full(), st.QueuedOut)
		}
	}
	in := strings.Repeat("a CAPABILITY\r\nb NOOP\r\nc (\r\nd NOOP\r\n", 40)
	answers := ""
	for _, cut := range imapCuts(len(in)) {
		opt := imapLocal()
		opt.Limits.Output, opt.Limits.OutputPreAuth = most, most
		s := imapServerIn(t, opt, state)
		s.stuck = true
		pieces := cut.pieces(in)
		for len(pieces) > 0 {
			n := s.feed(pieces...)
			pieces = pieces[n:]
			if st := s.c.Stats(); st.MaxQueuedOut > most {
				t.Fatalf("%v: %d octets queued, limit %d", cut, st.MaxQueuedOut, most)
			}
			if len(pieces) > 0 && s.c.Want() != engine.WantDrain {
				t.Fatalf("%v: wants %v", cut, s.c.Want())
			}
			s.must(s.c.Flush(s.now, &s.out))
		}
		for s.stuck = false; s.c.Want() == engine.WantDrain; {
			s.work()
		}
		s.work()
		if answers == "" {
			answers = s.out.String()
		}
		if s.out.String() != answers || strings.Count(answers, "OK done") != 80 {
			t.Fatalf("%v: %q, want %q", cut, s.out.String(), answers)
		}
	}
}

// timedOut reports whether the last error is that of a time.
func timedOut(errs []error) bool {
	return len(errs) > 0 && errors.Is(errs[len(errs)-1], engine.ErrTimeout)
}

// imapServerTime is a time that a client may take, behind any of some inputs.
func imapServerTime(state imapserver.State, inputs ...string) func(*testing.T, imapwire.Limits, time.Duration) {
	return func(t *testing.T, l imapwire.Limits, most time.Duration) {
		t.Helper()
		for _, in := range inputs {
			for _, cut := range imapCuts(len(in)) {
				opt := imapLocal()
				opt.Limits = l
				if l.CommandTime != 0 {
					opt.Limits.LiteralTime = 24 * time.Hour
				}
				s := imapServerIn(t, opt, state)
				s.feed(cut.pieces(in)...)
				if d := s.c.Deadline().Sub(imapStart); d != most {
					t.Fatalf("%q, %v: deadline after %v, want %v", in, cut, d, most)
				}
				for _, d := range []time.Duration{0, most - 1} {
					s.c.Expire(imapStart.Add(d))
					if s.work(); s.c.Want() == engine.WantNothing {
						t.Fatalf("%q, %v: ended after %v of %v", in, cut, d, most)
					}
				}
				s.c.Expire(imapStart.Add(most))
				if s.work(); !timedOut(s.errs) || !strings.Contains(s.out.String(), "* BYE ") {
					t.Fatalf("%q, %v: after %v: %s", in, cut, most, s.all())
				}
			}
			opt := imapLocal()
			opt.Limits = l
			s := imapServerIn(t, opt, state)
			s.feed(in)
			s.c.Expire(imapStart.Add(most + 1))
			if s.work(); !timedOut(s.errs) {
				t.Fatalf("%q: one later: %s", in, s.all())
			}
		}
	}
}

// imapOutputTime is the time that output may wait, on both sides.
func imapOutputTime(t *testing.T, l imapwire.Limits, most time.Duration) {
	for _, late := range []time.Duration{-1, 0, 1} {
		opt := imapLocal()
		opt.Limits = l
		s := imapServerIn(t, opt, imapserver.StateSelected)
		s.stuck = true
		s.feed("a NOOP\r\n")
		s.c.Expire(imapStart.Add(most + late))
		if s.work(); timedOut(s.errs) != (late >= 0) {
			t.Errorf("server, %d beyond: %s", late, s.all())
		}
		l.AnswerTime = 24 * time.Hour
		c := imapClientIn(t, imapclient.Options{Limits: l}, imapclient.StateSelected)
		c.stuck = true
		c.send(&imapwire.Noop{})
		c.c.Expire(imapStart.Add(most + late))
		if c.work(); timedOut(c.errs) != (late >= 0) {
			t.Errorf("client, %d beyond: %s", late, c.all())
		}
	}
}

// imapAnswerTime is the time that a server may owe something.
func imapAnswerTime(t *testing.T, l imapwire.Limits, most time.Duration) {
	l.OutputTime = 24 * time.Hour
	for _, state := range []imapclient.State{imapclient.StateGreeting, imapclient.StateNotAuthenticated, imapclient.StateSelected} {
		for _, in := range []string{"", "* XYZ\r\n", "* XY", "* XYZ {4}\r\nab"} {
			if state == imapclient.StateGreeting && in != "" {
				in = "*"
			}
			for _, late := range []time.Duration{-1, 0, 1} {
				c := imapClientIn(t, imapclient.Options{Limits: l}, state)
				if state != imapclient.StateGreeting {
					c.send(&imapwire.Noop{})
				}
				if in != "" {
					// What comes begins the time anew.
					c.now = imapStart.Add(most - 1)
					c.feed(in)
				}
				c.c.Expire(c.now.Add(most + late))
				if c.work(); timedOut(c.errs) != (late >= 0) {
					t.Errorf("%v, %q, %d beyond: %s", state, in, late, c.all())
				}
			}
		}
	}
}

// imapIdleRenew is the time that a client stays in one IDLE.
func imapIdleRenew(t *testing.T, l imapwire.Limits, most time.Duration) {
	for _, late := range []time.Duration{-1, 0, 1} {
		c := imapClientIn(t, imapclient.Options{Limits: l}, imapclient.StateSelected)
		c.send(&imapwire.Idle{})
		c.feed("+ idling\r\n")
		c.out.Reset()
		c.c.Expire(imapStart.Add(most + late))
		if c.work(); (c.out.String() == "DONE\r\n") != (late >= 0) {
			t.Errorf("%d beyond: %s", late, c.all())
		}
	}
}
