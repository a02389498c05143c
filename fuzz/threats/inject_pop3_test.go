package threats

import (
	"errors"
	"fmt"
	"go/ast"
	"io"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mailwire/mailwire/imapwire/engine"
	"github.com/mailwire/mailwire/pop3wire"
	"github.com/mailwire/mailwire/pop3wire/pop3client"
	"github.com/mailwire/mailwire/pop3wire/pop3server"
)

// popHostile are strings that end a line, begin another one, or mean something
// where they come to stand.
var popHostile = []string{
	"", " ", "  ", "x", "x\r\nDELE 1", "x\nDELE 1\n", "x\rDELE 1", "\r\n", "\r", "\n", "\r\n.\r\n", "x\x00y", "\x00", "x\r", "x\n",
	".", "..", ".\r", " x", "x ", "two words", "+OK", "-ERR", "+ ", "*", "=", "[IN-USE] x", "[X]", "[", "]", "<1@x>", "<", "{10}", "{10+}",
	"\x1b[31m", "\u202e", "\u2028", "\u0085", "é", "\xff", "\x80", "x y z", "USER", "PLAIN", "1", "0", "-1", "18446744073709551616",
	strings.Repeat("x", 70), strings.Repeat("x", 71), strings.Repeat("x", 255), strings.Repeat("x", 513), strings.Repeat("x", 70000),
}

// popCommands are the commands, each valid, of which a string at a time is
// replaced.
var popCommands = []pop3wire.Command{
	&pop3wire.Quit{}, &pop3wire.Stat{}, &pop3wire.Noop{}, &pop3wire.Rset{}, &pop3wire.Stls{}, &pop3wire.Capa{}, &pop3wire.UTF8{},
	&pop3wire.User{Name: "u"}, &pop3wire.Pass{Password: "p"}, &pop3wire.Apop{Name: "u", Digest: engine.Secret(strings.Repeat("0a", 16))},
	&pop3wire.Auth{Mechanism: "PLAIN", Initial: "x", HasInitial: true}, &pop3wire.List{Num: 1}, &pop3wire.Uidl{Num: 1}, &pop3wire.Retr{Num: 1},
	&pop3wire.Top{Num: 1, Lines: 1}, &pop3wire.Dele{Num: 1}, &pop3wire.Lang{Range: "en"}, &pop3wire.UnknownCommand{Name: "XTND", Args: " x"},
}

// popLines are the values of lines.
var popLines = []pop3wire.Line{
	&pop3wire.DropListing{Count: 1, Size: 2, More: " x"}, &pop3wire.ScanListing{Num: 1, Size: 2, More: " x"}, &pop3wire.UniqueID{Num: 1, ID: "x"},
	&pop3wire.Language{Tag: "en", Text: "x"}, pop3wire.RawLine("x"), pop3wire.CapTag("X"), &pop3wire.CapSASL{Mechanisms: []string{"X"}}, &pop3wire.CapLoginDelay{Seconds: 1},
	&pop3wire.CapExpire{Days: 1}, &pop3wire.CapImplementation{Text: "x"}, &pop3wire.CapUTF8{}, &pop3wire.CapUnknown{Name: "X", Params: "y"},
}

// haveMethod returns the names of the types of package pop3wire that have a method.
func haveMethod(t *testing.T, method string) (names []string) {
	t.Helper()
	library(t, func(name string, file *ast.File) {
		if !strings.HasPrefix(name, "pop3wire/") || strings.Count(name, "/") > 1 {
			return
		}
		for _, d := range file.Decls {
			if fn, is := d.(*ast.FuncDecl); is && fn.Recv != nil && fn.Name.Name == method {
				x := fn.Recv.List[0].Type
				if star, is := x.(*ast.StarExpr); is {
					x = star.X
				}
				names = append(names, x.(*ast.Ident).Name)
			}
		}
	})
	slices.Sort(names)
	return names
}

// typeNames returns the names of the types of values.
func typeNames[T any](list []T) (names []string) {
	for _, v := range list {
		names = append(names, strings.TrimPrefix(strings.TrimPrefix(fmt.Sprintf("%T", v), "*"), "pop3wire."))
	}
	slices.Sort(names)
	return names
}

// inStrings calls f with a copy of v for each of its strings and each hostile one in
// its place, those of lists included.
func inStrings[T any](v T, f func(copy T, where string)) {
	var walk func(x reflect.Value, where string, again func(set func(reflect.Value)) T)
	walk = func(x reflect.Value, where string, again func(set func(reflect.Value)) T) {
		switch x.Kind() {
		case reflect.String:
			for _, h := range popHostile {
				f(again(func(x reflect.Value) { x.SetString(h) }), where)
			}
		case reflect.Struct:
			for i := range x.NumField() {
				walk(x.Field(i), where+"."+x.Type().Field(i).Name, func(set func(reflect.Value)) T {
					return again(func(x reflect.Value) { set(x.Field(i)) })
				})
			}
		case reflect.Slice:
			for i := range x.Len() {
				walk(x.Index(i), where+"[]", func(set func(reflect.Value)) T {
					return again(func(x reflect.Value) {
						x.Set(reflect.AppendSlice(reflect.MakeSlice(x.Type(), 0, x.Len()), x))
						set(x.Index(i))
					})
				})
			}
		}
	}
	x := reflect.ValueOf(v)
	name := fmt.Sprintf("%T", v)
	if x.Kind() == reflect.Pointer {
		walk(x.Elem(), name, func(set func(reflect.Value)) T {
			fresh := reflect.New(x.Type().Elem())
			fresh.Elem().Set(x.Elem())
			set(fresh.Elem())
			return fresh.Interface().(T)
		})
		return
	}
	walk(x, name, func(set func(reflect.Value)) T {
		fresh := reflect.New(x.Type())
		fresh.Elem().Set(x)
		set(fresh.Elem())
		return fresh.Elem().Interface().(T)
	})
}

// oneLine checks that octets are one line with its end.
func oneLine(t *testing.T, where string, b []byte) string {
	t.Helper()
	line, crlf := strings.CutSuffix(string(b), "\r\n")
	if !crlf || strings.ContainsAny(line, "\r\n\x00") {
		t.Fatalf("%s: %q is not one line", where, b)
	}
	return line
}

// TestInjectPOP3Commands: threats I1, I4 and I6, invariants 4 and 5. Any string at
// any place of any command is an error, or one line that the server reads as the
// same command; and what the client engine sends is that line and nothing more. A
// command of the package that is not here fails.
func TestInjectPOP3Commands(t *testing.T) {
	if d := cmp.Diff(haveMethod(t, "encode"), typeNames(popCommands)); d != "" {
		t.Errorf("commands without a test (-package +test):\n%s", d)
	}
	tried, sent := 0, 0
	for _, cmd := range popCommands {
		inStrings(cmd, func(cmd pop3wire.Command, where string) {
			tried++
			b, err := pop3wire.AppendCommand(nil, cmd)
			p := loggedInPop(t, pop3client.Options{EightBit: true, Security: insideTLS})
			_, sendErr := p.c.Send(cmd)
			out := p.take()
			if err != nil {
				if !errors.Is(err, pop3wire.ErrEncode) || len(b) != 0 {
					t.Fatalf("%s: %v, %q", where, err, b)
				}
				if auth, is := cmd.(*pop3wire.Auth); is && sendErr == nil && auth.HasInitial {
					return // The client sends the long message by itself.
				}
				if sendErr == nil || out != "" {
					t.Fatalf("%s: %v, but the client sends %q, %v", where, err, out, sendErr)
				}
				return
			}
			line := oneLine(t, where, b)
			back, err := pop3wire.ParseCommand([]byte(line))
			want := string(b)
			if auth, is := cmd.(*pop3wire.Auth); is {
				auth.Mechanism = strings.ToUpper(auth.Mechanism)
				if auth.HasInitial {
					want = "AUTH " + auth.Mechanism + "\r\n" // The message is held back.
				}
			}
			if err != nil || !cmp.Equal(back, cmd) {
				t.Fatalf("%s: %q is read as %#v, %v", where, line, back, err)
			}
			if sendErr == nil && out != want {
				t.Fatalf("%s: the client sends %q, want %q", where, out, want)
			}
			sent++
		})
	}
	if tried < 9*len(popHostile) || sent < tried/5 {
		t.Errorf("%d tried, %d sent", tried, sent)
	}
}

// TestInjectPOP3Exchange: threat I1. What an application answers in an exchange of
// SASL is one line, whatever its octets.
func TestInjectPOP3Exchange(t *testing.T) {
	for _, h := range popHostile {
		p := newPopClient(t, anyPop())
		p.feed("+OK\r\n")
		id, err := p.c.Send(&pop3wire.Auth{Mechanism: "X", Initial: engine.Secret(h), HasInitial: true})
		if err != nil {
			t.Fatal(err)
		}
		p.feed("+ \r\n", "+ AAAA\r\n")
		if err := p.c.Respond(id, engine.Secret(h)); err != nil {
			t.Fatal(err)
		}
		lines := strings.SplitAfter(p.take(), "\r\n")
		if len(lines) != 4 || lines[0] != "AUTH X\r\n" || lines[1] != lines[2] || lines[3] != "" {
			t.Fatalf("%q: %q", h, lines)
		}
		answer, err := pop3wire.ParseAuthLine([]byte(oneLine(t, h, []byte(lines[1]))))
		if err != nil || string(answer.Data) != h || answer.Cancel {
			t.Fatalf("%q: %+v, %v", h, answer, err)
		}
	}
}

// TestInjectPOP3Responses: threat I7, invariant 21. Any string at any place of any
// answer, listing, greeting and capability of a server is an error that queues
// nothing, or reaches the client as what it is: one answer, of the same value. A
// line of the package that is not here fails.
func TestInjectPOP3Responses(t *testing.T) {
	if d := cmp.Diff(haveMethod(t, "appendLine"), typeNames(popLines)); d != "" {
		t.Errorf("lines without a test (-package +test):\n%s", d)
	}
	for _, status := range []pop3wire.Status{{OK: true, Text: "x"}, {Text: "x"}, {Code: "IN-USE", Text: "x"}} {
		inStrings(status, func(status pop3wire.Status, where string) {
			var err error
			events, log := answered(t, pop3client.Options{}, &pop3wire.Noop{}, func(s *popServer, id engine.ID) {
				if err = s.c.Done(id, status); err != nil {
					if !s.c.Output().Empty() {
						t.Fatalf("%s: %v, but something is queued", where, err)
					}
					s.must(s.c.Done(id, yes("")))
				}
			})
			if err != nil {
				return
			}
			done, is := events[0].(*pop3client.Done)
			if len(events) != 1 || !is || done.Status.OK != status.OK || done.Status.Code != status.Code || done.Err != nil {
				t.Fatalf("%s: %+v is heard as %v", where, status, log)
			}
			// What is beyond ASCII, or the line, is not told; the rest is.
			if text := done.Status.Text; len(text) > 512 || len(status.Text) < 400 && isASCII(status.Text) && text != status.Text {
				t.Fatalf("%s: %q is heard as %q", where, status.Text, text)
			}
		})
	}
	for _, line := range popLines {
		inStrings(line, func(line pop3wire.Line, where string) {
			want, encodeErr := pop3wire.AppendLine(nil, line)
			var err error
			events, log := answered(t, pop3client.Options{Limits: pop3wire.Limits{ResponseLine: 1 << 20}}, nil, func(s *popServer, id engine.ID) {
				s.must(s.c.Begin(id, yes("")))
				err = s.c.Send(id, line)
				s.must(s.c.End(id))
			})
			if (err == nil) != (encodeErr == nil) {
				t.Fatalf("%s: %v, %v", where, err, encodeErr)
			}
			if err != nil {
				if len(log) != 1 {
					t.Fatalf("%s: %v", where, log)
				}
				return
			}
			text := oneLine(t, where, want)
			text = strings.TrimPrefix(text, ".")
			if done, is := events[len(events)-1].(*pop3client.Done); !is || !done.Status.OK || done.Err != nil {
				t.Fatalf("%s: %v", where, log)
			}
			if len(log) != 2 || log[0] != fmt.Sprintf("line %q", text) {
				t.Fatalf("%s: %q is heard as %v", where, text, log)
			}
		})
	}
	for _, h := range popHostile {
		for _, opt := range []pop3server.Options{
			{Greeting: h}, {Timestamp: h, APOP: engine.PlaintextAlways}, {Greeting: "x", Timestamp: "<" + h + "@host>", APOP: engine.PlaintextAlways},
			{Mechanisms: []pop3server.Mechanism{{Name: h}}},
			{Capabilities: pop3server.CapabilityLists{Authorization: []pop3wire.Capability{pop3wire.CapTag(h)}}},
			{Capabilities: pop3server.CapabilityLists{Authorization: []pop3wire.Capability{&pop3wire.CapImplementation{Text: h}}}},
		} {
			c, err := pop3server.New(popStart, opt)
			if err != nil {
				continue
			}
			var out strings.Builder
			c.Flush(popStart, &out)
			p := newPopClient(t, pop3client.Options{Strict: true})
			p.feed(out.String())
			p.send(&pop3wire.Capa{})
			c.Feed(popStart, []byte(p.take()))
			for c.Next() != nil {
			}
			out.Reset()
			c.Flush(popStart, &out)
			p.feed(out.String())
			if last := p.log[len(p.log)-1]; p.log[0][:8] != "greeting" || last != `done true "" "capability list follows": <nil>` || p.c.Timestamp() != opt.Timestamp {
				t.Fatalf("%+v: %v", opt, p.log)
			}
		}
	}
}

// answered has a server answer a command as f says, and returns what a strict client
// hears. Without a command it is one of which the client knows only that its answer
// has lines.
func answered(t *testing.T, opt pop3client.Options, cmd pop3wire.Command, f func(s *popServer, id engine.ID)) (events []pop3client.Event, log []string) {
	t.Helper()
	s := newPopServer(t, openPop())
	s.login()
	s.on = func(ev pop3server.Event) bool {
		f(s, ev.(*pop3server.Command).ID)
		return true
	}
	opt.Strict, opt.Security = true, insideTLS
	p := loggedInPop(t, opt)
	var err error
	if cmd != nil {
		_, err = p.c.Send(cmd)
	} else {
		_, err = p.c.SendListing(&pop3wire.UnknownCommand{Name: "XTND"})
	}
	if err != nil {
		t.Fatal(err)
	}
	s.feed(p.take())
	p.feed(s.take())
	if p.c.Want() != engine.WantInput {
		t.Fatalf("the conversation is over: %v", p.log)
	}
	return p.kept, p.log
}

func isASCII(s string) bool {
	return strings.IndexFunc(s, func(r rune) bool { return r >= 0x80 }) < 0
}

// TestEchoPOP3: threat I8. What a client says comes back in no answer as a code or a
// line, and does nothing to a terminal: every answer to a malformed or refused
// command is one printable line of no code.
func TestEchoPOP3(t *testing.T) {
	for _, in := range []bool{false, true} {
		for _, h := range popHostile {
			for _, start := range []string{"", "XTND ", "USER", "USER ", "LIST ", "TOP 1 ", "AUTH ", "AUTH X-TWO ", "LANG ", "APOP ", "STAT "} {
				s := limited(t, pop3wire.Limits{Bad: 1000, BadPreAuth: 1000}, in)
				s.on = func(ev pop3server.Event) bool {
					if cmd, is := ev.(*pop3server.Command); is && cmd.Cmd.Verb() != "QUIT" {
						// An application that says what it did not understand.
						u, _ := cmd.Cmd.(*pop3wire.UnknownCommand)
						if u != nil && s.c.Done(cmd.ID, pop3wire.Status{Text: "what is " + u.Args}) == nil {
							return true
						}
					}
					return false
				}
				s.feed(start + h + "\r\n")
				for line := range strings.Lines(s.take()) {
					line = strings.TrimSuffix(line, "\r\n")
					status, err := pop3wire.ParseStatus([]byte(line))
					if strings.HasPrefix(line, "+ ") || line == "." || !strings.HasPrefix(line, "+") && !strings.HasPrefix(line, "-") {
						continue // a challenge, or the lines of a list that was asked for
					}
					printable := strings.IndexFunc(line, func(r rune) bool { return r < ' ' || r >= 0x7F }) < 0
					unknown := false // the application answered
					if len(s.kept) > 0 {
						_, unknown = s.kept[len(s.kept)-1].(*pop3server.Command)
					}
					if err != nil || status.Code != "" || len(line) > 510 || !printable && !unknown {
						t.Fatalf("%q is answered %q, %v", start+h, line, err)
					}
				}
			}
		}
	}
}

// TestDotsPOP3: threats I10 and Q3, invariant 32. Every message of up to five octets
// of those that matter reaches the client with its lines ended by CRLF and not
// changed otherwise; there is one end, and nothing of the message is another command's
// answer, however the answer is cut.
func TestDotsPOP3(t *testing.T) {
	const octets = "x.\r\n"
	most := 5
	if testing.Short() {
		most = 3
	}
	messages := []string{""}
	for from := 0; len(messages[from]) < most; from++ {
		for _, c := range octets {
			messages = append(messages, messages[from]+string(c))
		}
	}
	messages = append(messages, "x\r.\r\n", "\n.\n", "\r\n.\r\n", "a\r\n.\r\nQUIT\r\n", "a\n.\n+OK\n", strings.Repeat(".\r\n", 300), strings.Repeat("\r.", 300))
	for i, m := range messages {
		s := newPopServer(t, openPop())
		s.login()
		s.on = func(ev pop3server.Event) bool {
			cmd, is := ev.(*pop3server.Command)
			if !is || cmd.Cmd.Verb() != "RETR" {
				return false
			}
			s.must(s.c.Body(cmd.ID, yes(""), pop3server.Body{Reader: io.NopCloser(strings.NewReader(m)), Size: int64(len(m))}))
			return true
		}
		s.feed("RETR 1\r\nNOOP\r\n")
		out := s.take()
		want := canonical(m)
		for cut, pieces := range popCuts(out) {
			if i%7 != 0 && most > 3 && cut != "whole" && cut != "octet by octet" {
				continue
			}
			p := loggedInPop(t, pop3client.Options{Strict: true, Security: insideTLS}, "PIPELINING")
			p.c.Send(&pop3wire.Retr{Num: 1})
			p.send(&pop3wire.Noop{})
			p.feed(pieces...)
			if log := strings.Join(p.log, "\n"); log != fmt.Sprintf("body of 1\nbody %q, <nil>\ndone true \"\" \"\": <nil>\ndone true \"\" \"\": <nil>", want) {
				t.Fatalf("%q, %s: %s", m, cut, log)
			}
		}
	}
}

// canonical is a message with every line ended by CRLF: a plain way to say it.
func canonical(m string) string {
	m = strings.ReplaceAll(strings.ReplaceAll(m, "\r\n", "\n"), "\n", "\r\n")
	if m != "" && !strings.HasSuffix(m, "\r\n") {
		m += "\r\n"
	}
	return m
}
