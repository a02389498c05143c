package imapclient_test

import (
	"encoding/base64"
	"slices"
	"strconv"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/mailwire/mailwire/imapwire"
	"github.com/mailwire/mailwire/imapwire/engine"
	"github.com/mailwire/mailwire/imapwire/imapclient"
)

// An ahead says what RFC 9051 §5.5 has to know of a command, by hand.
type ahead uint8

const (
	byNumber  ahead = 1 << iota // it has sequence numbers
	numbered                    // FETCH, STORE, SEARCH: no EXPUNGE while it runs
	inMailbox                   // it acts on the selected mailbox
	changes                     // another mailbox is selected behind it, or none
	alone                       // nothing is sent ahead of its answer
)

// aheadRows are the commands that are sent, each as a client may write it. Literals
// stand where a string has octets that are no text.
var aheadRows = []struct {
	line string
	is   ahead
}{
	{"NOOP", 0},
	{"CAPABILITY", 0},
	{"CHECK", inMailbox},
	{"EXPUNGE", inMailbox},
	{"UID EXPUNGE 1:3", inMailbox},
	{"FETCH 1 FLAGS", byNumber | numbered | inMailbox},
	{"UID FETCH 1 FLAGS", inMailbox},
	{`STORE 2 +FLAGS (\Seen)`, byNumber | numbered | inMailbox},
	{`UID STORE 2 +FLAGS (\Seen)`, inMailbox},
	{"SEARCH UNSEEN", numbered | inMailbox},
	{"SEARCH NOT 1:3", byNumber | numbered | inMailbox},
	{"SEARCH TEXT {3}\r\n\xffab BODY {1}\r\n\xfe", numbered | inMailbox},
	{"UID SEARCH UID 1:3", inMailbox},
	{"UID SEARCH $", inMailbox},
	{"UID SEARCH 1:3 UNSEEN", byNumber | inMailbox},
	{"UID SEARCH OR SEEN (DELETED NOT 7)", byNumber | inMailbox},
	{"COPY 1 Copies", byNumber | inMailbox},
	{"UID COPY 1 Copies", inMailbox},
	{"MOVE 1 Copies", byNumber | inMailbox},
	{"UID MOVE 1 Copies", inMailbox},
	{`LIST "" *`, 0},
	{"STATUS Copies (MESSAGES)", 0},
	{"SELECT INBOX", changes},
	{"EXAMINE Copies", changes},
	{"CLOSE", changes | inMailbox},
	{"UNSELECT", changes | inMailbox},
	{"APPEND INBOX {5}\r\nhello", 0},
	{"APPEND INBOX {0}\r\n", 0},
	{"APPEND INBOX {2}\r\n\r\n {3}\r\nabc", 0},
	{"APPEND INBOX {4096}\r\n" + strings.Repeat("m", 4096), 0},
	{"APPEND INBOX {4097}\r\n" + strings.Repeat("M", 4097), 0},
	{"LOGIN {2}\r\n\xff\xfe {0}\r\n", 0},
	{"IDLE", alone},
	{"AUTHENTICATE LOGIN", alone},
	{"AUTHENTICATE PLAIN" + initial, alone},
}

// initial is the initial response of a SASL exchange.
const initial = " AGEAYg=="

// A strictServer reads what a client sends. It knows what is in flight, and fails
// the test at what a server could misunderstand.
type strictServer struct {
	t    *rapid.T
	caps string
	sent map[string]string // tag → the line of the command that was asked for

	in   string // octets that are not taken
	raw  string // of the command that is not whole
	left int    // octets of a literal that come
	// owed is a line that the client has to send now, and nothing else.
	owed string
	// silent: the client has to wait for the server.
	silent bool
	fly    []*flight
}

// A flight is a command in flight.
type flight struct {
	tag, line string
	is        ahead
	whole     bool
	held      bool // its initial response comes behind the first "+"
	told      int  // how often the server has said "+" to it
}

func (s *strictServer) announced(c string) bool { return slices.Contains(strings.Fields(s.caps), c) }

// take takes octets.
func (s *strictServer) take(b string) {
	for s.in += b; s.in != ""; {
		if s.silent {
			s.t.Fatalf("%.40q is sent ahead of the server", s.in)
		}
		if s.left > 0 {
			n := min(s.left, len(s.in))
			s.raw += s.in[:n]
			s.in = s.in[n:]
			s.left -= n
			continue
		}
		line, rest, ok := strings.Cut(s.in, "\r\n")
		if !ok {
			return
		}
		s.in = rest
		switch {
		case s.owed != "":
			if line != s.owed {
				s.t.Fatalf("%q in place of %q", line, s.owed)
			}
			s.owed, s.silent = "", true
			continue
		case s.raw == "":
			s.begin(line)
		}
		s.raw += line + "\r\n"
		if i := strings.LastIndexByte(line, '{'); i >= 0 && strings.HasSuffix(line, "}") {
			s.literal(line[i+1 : len(line)-1])
		} else {
			s.end()
		}
	}
}

// begin holds a command to those in flight.
func (s *strictServer) begin(line string) {
	tag, _, _ := strings.Cut(line, " ")
	f := &flight{tag: tag, line: s.sent[tag]}
	for _, row := range aheadRows {
		if row.line == f.line {
			f.is = row.is
		}
	}
	for _, before := range s.fly {
		why := ""
		switch {
		case !before.whole || (before.is|f.is)&alone != 0:
			why = "which is not over"
		case f.is&byNumber != 0 && before.is&numbered == 0:
			why = "which may shift its numbers"
		case f.is&inMailbox != 0 && before.is&changes != 0:
			why = "which may select another mailbox"
		}
		if why != "" {
			s.t.Fatalf("%.40q is sent ahead of the answer to %.40q, %s", line, before.line, why)
		}
	}
	s.fly = append(s.fly, f)
}

// literal takes what stands between the braces at the end of a line.
func (s *strictServer) literal(size string) {
	size, nonSync := strings.CutSuffix(size, "+")
	n, err := strconv.Atoi(size)
	if err != nil {
		s.t.Fatalf("a literal of %q", size)
	}
	s.left, s.silent = n, !nonSync
	if nonSync && !s.announced("LITERAL+") && (n > 4096 || !s.announced("LITERAL-") && !s.announced("IMAP4rev2")) {
		s.t.Fatalf("{%d+}, to a server with %s", n, s.caps)
	}
}

// end holds a command that is whole to what was asked for.
func (s *strictServer) end() {
	f := s.fly[len(s.fly)-1]
	raw := s.raw
	s.raw, f.whole, s.silent = "", true, f.is&alone != 0
	want := f.line
	if mechanism, ok := strings.CutSuffix(want, initial); ok && !strings.HasSuffix(raw, initial+"\r\n") {
		want, f.held = mechanism, true
	} else if ok && !s.announced("SASL-IR") {
		s.t.Fatalf("%q, to a server with %s", raw, s.caps)
	}
	if got, want := plainForm(s.t, raw), plainForm(s.t, f.tag+" "+want+"\r\n"); got != want {
		s.t.Fatalf("%q was sent for %q", got, want)
	}
}

// plainForm is a command in the one form that it has for every server.
func plainForm(t *rapid.T, raw string) string {
	tag, cmd, err := imapwire.ParseCommand([]byte(raw), imapwire.ParseOptions{})
	if err != nil {
		t.Fatalf("%q: %v", raw, err)
	}
	b, _, err := imapwire.AppendCommand(nil, tag, cmd, imapwire.CommandOptions{})
	if err != nil {
		t.Fatalf("%q: %v", raw, err)
	}
	return string(b)
}

// proceed returns a "+" for the command that came last.
func (s *strictServer) proceed() string {
	f := s.fly[len(s.fly)-1]
	switch {
	case !f.whole:
		s.silent = false
		return "+ go on\r\n"
	case f.held && f.told == 0:
		f.told++
		s.silent, s.owed = false, initial[1:]
		return "+ \r\n"
	}
	f.told++
	return "+ " + base64.StdEncoding.EncodeToString([]byte("what?")) + "\r\n"
}

// answer returns the answer to the command that has waited longest.
func (s *strictServer) answer(word string) string {
	f := s.fly[0]
	s.fly = s.fly[1:]
	if len(s.fly) == 0 {
		s.raw, s.silent, s.left = "", false, 0
	}
	return f.tag + " " + word + " done\r\n"
}

// TestInFlight: invariants 27, 28 and 30. Whatever is sent, and whenever the server
// answers: nothing goes ahead of an answer that may change what it means, literals
// and parts of a SASL exchange leave after their own "+" and have exactly the
// octets that were announced, and every command has its answer in the end.
func TestInFlight(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		caps := rapid.SampledFrom([]string{"IMAP4rev1", "IMAP4rev1 LITERAL+ SASL-IR", "IMAP4rev1 LITERAL-", "IMAP4rev2"}).Draw(t, "caps")
		p := newPlayer(t, imapclient.Options{PlaintextAuth: engine.PlaintextAlways})
		s := &strictServer{t: t, caps: caps, sent: map[string]string{}}
		done := 0
		asked := engine.ID(0) // the command for which the application has to say something
		feed := func(said string) {
			p.c.Feed(start, []byte(said))
			for {
				var out strings.Builder
				p.c.Flush(start, &out)
				s.take(out.String())
				switch ev := p.c.Next().(type) {
				case *imapclient.Challenge:
					asked = ev.ID
				case *imapclient.Idling:
					asked = ev.ID
				case *imapclient.Done:
					if ev.Err != nil {
						t.Fatalf("command %d: %v", ev.ID, ev.Err)
					}
					asked = 0
					done++
				case *imapclient.Closed, *imapclient.Malformed:
					t.Fatalf("%+v behind %q", ev, said)
				case nil:
					if p.c.Output().Empty() {
						return
					}
				}
			}
		}
		// step is what the server does next, or the application if it is asked.
		step := func(proceed bool, word string) {
			if len(s.fly) == 0 {
				return
			}
			last := s.fly[len(s.fly)-1]
			idle := last.line == "IDLE"
			switch {
			case asked != 0:
				s.silent = false
				switch id := asked; {
				case idle:
					s.owed = "DONE"
					p.c.EndIdle(id)
				case word == "BAD":
					s.owed = "*"
					p.c.Cancel(id)
				default:
					s.owed = base64.StdEncoding.EncodeToString([]byte("that"))
					p.c.Respond(id, "that")
				}
				asked = 0
				feed("")
				if s.owed != "" {
					t.Fatalf("%q was not sent", s.owed)
				}
			case !last.whole && proceed:
				feed(s.proceed())
			case len(s.fly) == 1 && !last.whole:
				feed(s.answer("NO"))
			case last.is&alone != 0 && proceed && last.told < 3 && !(idle && last.told > 0):
				feed(s.proceed())
			case last.is&alone != 0 && idle && last.told == 0:
				feed(s.answer("NO"))
			default:
				feed(s.answer(word))
			}
		}
		feed("* PREAUTH [CAPABILITY " + caps + "] ready\r\n")
		// A few commands meet each other more often than many.
		few := rapid.SliceOfN(rapid.IntRange(0, len(aheadRows)-1), 2, 6).Draw(t, "commands")
		total := 0
		for range rapid.IntRange(1, 60).Draw(t, "steps") {
			if rapid.IntRange(0, 2).Draw(t, "who") == 0 {
				step(rapid.Bool().Draw(t, "proceed"), rapid.SampledFrom([]string{"OK", "NO", "BAD"}).Draw(t, "word"))
				continue
			}
			row := aheadRows[rapid.SampledFrom(few).Draw(t, "command")]
			_, cmd, err := imapwire.ParseCommand([]byte("x "+row.line+"\r\n"), imapwire.ParseOptions{})
			if err != nil {
				t.Fatalf("%q: %v", row.line, err)
			}
			total++
			s.sent["A"+strconv.Itoa(total)] = row.line
			if _, err := p.c.Send(cmd); err != nil {
				t.Fatalf("%q: %v", row.line, err)
			}
			feed("")
		}
		for n := 0; done < total; n++ {
			if n > 10*total {
				t.Fatalf("%d of %d commands are done", done, total)
			}
			step(n%2 == 0, "OK")
		}
	})
}
