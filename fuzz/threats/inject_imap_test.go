package threats_test

import (
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/mailwire/mailwire/imapwire"
	"github.com/mailwire/mailwire/imapwire/engine"
	"github.com/mailwire/mailwire/imapwire/imapclient"
	"github.com/mailwire/mailwire/imapwire/imapserver"
)

// hostileStrings are what somebody who wants to be more than an argument says.
var hostileStrings = []string{
	"", "x\r\nA9 DELETE INBOX\r\n", "x\r\n* BYE loot\r\n", "\r", "\n", "a\nA9 NOOP", "\r\n", "\x00", "a\x00b", "{3}", "x{3+}", "~{3}", "{3}\r\nabc", "{3+}\r\nabc A9 NOOP\r\n", "\"", "\\", "a\" \"b", "(", ")", "()", "a b", " a", "a ",
	"*", "%", "&", "&-", "&AOk-", "\t", "\x1b[2J", "\x7f", "\xc3\xa9", "\xff", "NIL", "nil", "[ALERT] x", "[ALERT", "]", "INBOX", "+ x", "* BYE x", "A1 OK x", "$", "\\Seen", "1:*", "0", xs(5000),
}

// fewStrings are some of them.
func fewStrings() []string {
	var few []string
	for i, h := range hostileStrings {
		if i%3 == 1 || strings.HasPrefix(h, "[") {
			few = append(few, h)
		}
	}
	return few
}

// injectCommands are commands of every type, in the state in which they go.
var injectCommands = map[imapserver.State][]string{
	sNot: {"CAPABILITY", "NOOP", `ID ("name" "x" "other" NIL)`, "LOGIN u p", "AUTHENTICATE X-TWO", "AUTHENTICATE X-TWO aW4="},
	sSel: {
		"ENABLE X Y", "SELECT x", "SELECT x (CONDSTORE X (y))", "EXAMINE x", "CREATE x", "CREATE x (USE (\\Sent))", "DELETE x", "RENAME x y", "SUBSCRIBE x", "UNSUBSCRIBE x", `LIST r (p "q") RETURN (SUBSCRIBED X)`, `LIST "" x`, "LSUB r p", "STATUS x (MESSAGES)",
		"NAMESPACE", "CHECK", "CLOSE", "UNSELECT", "IDLE", "EXPUNGE", "UID EXPUNGE 1", "SEARCH SUBJECT x FROM y", `UID SEARCH CHARSET UTF-8 HEADER x y KEYWORD k NOT TEXT z`, "SEARCH RETURN (MIN X) ALL", "FETCH 1 (FLAGS BODY[1.HEADER.FIELDS (x y)] X)", "UID FETCH 1 (ENVELOPE)",
		"STORE 1 +FLAGS (k \\Seen)", "UID STORE 1 FLAGS ()", "COPY 1 x", "UID MOVE 1 x", "GETQUOTA x", "GETQUOTAROOT x", "SETQUOTA x (STORAGE 1)", "XYZ a b", "LOGOUT", "STARTTLS",
	},
}

// injectResponses are responses of every type.
var injectResponses = []string{
	"* OK x", "* OK [ALERT] x", "* OK [PERMANENTFLAGS (k \\*)] x", "* NO [BADCHARSET (UTF-8)] x", "* OK [X y] x", "* OK [UIDNEXT 3] x", "* CAPABILITY IMAP4rev1 X", "* ENABLED X", "* ID (\"x\" \"y\" \"z\" NIL)", "* FLAGS (k \\Seen)", "* 3 EXISTS", "* 3 RECENT", "* 3 EXPUNGE",
	`* LIST (\X) "/" x`, `* LIST () "/" x ("OLDNAME" (y) "CHILDINFO" ("z"))`, `* LSUB () "/" x`, "* STATUS x (MESSAGES 1 X (y))", `* NAMESPACE (("x" "/" "Y" ("z"))) NIL NIL`, "* SEARCH 1 2", `* ESEARCH (TAG "x") UID MIN 1 ALL 1:3 X (y)`, "* VANISHED (EARLIER) 1:3",
	`* 1 FETCH (UID 1 FLAGS (k) INTERNALDATE "23-Nov-2026 12:00:00 +0000" X y)`, `* 1 FETCH (ENVELOPE ("date" "subject" (("name" NIL "box" "host")) NIL NIL NIL NIL NIL "reply" "id"))`,
	`* 1 FETCH (BODYSTRUCTURE ("text" "plain" ("charset" "x") "id" "description" "7bit" 1 1 "md5" ("inline" ("a" "b")) ("en") "location"))`, `* 1 FETCH (BODYSTRUCTURE (("image" "png" NIL NIL NIL "7bit" 1) "mixed" ("a" "b")))`,
	"* 1 FETCH (BODY[HEADER.FIELDS (x)] {3}\r\nabc)", "* 1 FETCH (BODY[1]<0> \"abc\")", `* QUOTA x (STORAGE 1 2)`, `* QUOTAROOT x y z`, "* XYZ a b",
}

// A stringPlace is a string within a value.
type stringPlace struct {
	get func() string
	set func(string)
}

// stringPlaces finds every string of a value, by reflection.
func stringPlaces(v reflect.Value) (places []stringPlace) {
	switch v.Kind() {
	case reflect.String:
		if v.CanSet() {
			places = append(places, stringPlace{v.String, v.SetString})
		}
	case reflect.Pointer:
		if !v.IsNil() {
			places = stringPlaces(v.Elem())
		}
	case reflect.Interface:
		if e := v.Elem(); e.IsValid() && e.Kind() == reflect.String && v.CanSet() {
			places = append(places, stringPlace{
				func() string { return v.Elem().String() },
				func(s string) { v.Set(reflect.ValueOf(s).Convert(e.Type())) },
			})
		} else if e.IsValid() {
			places = stringPlaces(e)
		}
	case reflect.Struct:
		for i := 0; v.Type() != reflect.TypeFor[time.Time]() && i < v.NumField(); i++ {
			places = append(places, stringPlaces(v.Field(i))...)
		}
	case reflect.Slice:
		for i := range v.Len() {
			places = append(places, stringPlaces(v.Index(i))...)
		}
	}
	return places
}

// typesWith returns the types of package imapwire that have a method.
func typesWith(t *testing.T, method string) map[string]bool {
	t.Helper()
	files, err := filepath.Glob("../../imapwire/*.go")
	if err != nil || len(files) == 0 {
		t.Fatalf("no source: %v", err)
	}
	types := map[string]bool{}
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		f, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range f.Decls {
			if fn, ok := d.(*ast.FuncDecl); ok && fn.Recv != nil && fn.Name.Name == method && fn.Type.Params.NumFields() == 0 {
				if star, ok := fn.Recv.List[0].Type.(*ast.StarExpr); ok {
					types[star.X.(*ast.Ident).Name] = true
				}
			}
		}
	}
	return types
}

// parsedCommand returns a command by its text.
func parsedCommand(t *testing.T, text string) imapwire.Command {
	t.Helper()
	_, cmd, err := imapwire.ParseCommand([]byte("x "+text+"\r\n"), imapwire.ParseOptions{})
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return cmd
}

// TestInjectCommandsIMAP: invariants 4 and 5, threats I1 to I4 and I6. Whatever
// string stands at whatever place of a command, from one engine to the other it is
// one command or an error that has changed nothing; and no literal is announced in
// a form that the server has not announced.
func TestInjectCommandsIMAP(t *testing.T) {
	missing := typesWith(t, "Verb")
	delete(missing, "Append") // its octets are another test's
	policies := []string{"", " LITERAL+", " LITERAL-"}
	hostile := hostileStrings
	if testing.Short() {
		policies, hostile = policies[1:2], fewStrings()
	}
	sent := 0
	for _, state := range slices.Sorted(maps.Keys(injectCommands)) {
		for _, text := range injectCommands[state] {
			delete(missing, reflect.TypeOf(parsedCommand(t, text)).Elem().Name())
			for i := range stringPlaces(reflect.ValueOf(parsedCommand(t, text))) {
				for _, h := range hostile {
					for _, policy := range policies {
						cmd := parsedCommand(t, text)
						stringPlaces(reflect.ValueOf(cmd))[i].set(h)
						if injectCommand(t, cmd, state, policy) {
							sent++
						}
						if t.Failed() {
							t.Fatalf("%s with %.40q at place %d, %q: %+v", text, h, i, policy, cmd)
						}
					}
				}
			}
		}
	}
	for name := range missing {
		t.Errorf("there is no %s", name)
	}
	if sent < 400 {
		t.Errorf("only %d commands were sent", sent)
	}
}

// injectCommand sends a command from engine to engine. It reports whether it was
// one.
func injectCommand(t *testing.T, cmd imapwire.Command, state imapserver.State, policy string) bool {
	t.Helper()
	opt := imapLocal()
	opt.Limits = wide()
	s := imapServerIn(t, opt, state)
	c := imapClientIn(t, imapclient.Options{Limits: wide()}, imapclient.State(state)+1)
	c.feed("* CAPABILITY IMAP4rev1" + policy + "\r\n")
	c.log = nil
	var wire strings.Builder
	turns := func() {
		for c.out.Len()+s.out.Len() > 0 {
			up, down := c.out.String(), s.out.String()
			c.out.Reset()
			s.out.Reset()
			wire.WriteString(up)
			if up != "" {
				s.feed(up)
			}
			if down != "" {
				c.feed(down)
			}
		}
	}
	_, err := c.send(cmd)
	if err != nil {
		if !errors.Is(err, imapwire.ErrEncode) || c.out.Len() > 0 || len(c.log) > 0 {
			t.Errorf("an error, and %q: %v", c.out.String(), err)
		}
		return false
	}
	turns()
	checkMarkers(t, wire.String(), policy)
	// One command came, and nothing was wrong with it.
	heard := 0
	for _, l := range s.log {
		if strings.HasPrefix(l, "malformed") {
			t.Error(l)
		}
		if l != "idle done" && !strings.HasPrefix(l, "response") && !strings.HasPrefix(l, "closed") {
			heard++
		}
	}
	st := s.c.Stats()
	if st.Bad != 0 || heard > 1 || strings.Count(strings.Join(c.log, "\n"), "done ")+strings.Count(strings.Join(c.log, "\n"), "challenge")+strings.Count(strings.Join(c.log, "\n"), "idling") != 1 {
		t.Errorf("heard %q\nanswered %q\nfor %q", s.log, c.log, wire.String())
	}
	return true
}

// checkMarkers checks that every literal that does not wait is one that the server
// has announced to take.
func checkMarkers(t *testing.T, wire, policy string) {
	t.Helper()
	var f imapwire.Framer
	f.SetBounds(wide().Command(true))
	if err := f.Feed([]byte(wire)); err != nil {
		t.Error(err)
	}
	for {
		switch fr := f.Next(); fr.Kind {
		case imapwire.FrameNone:
			return
		case imapwire.FrameLiteral:
			if fr.NonSync && policy != " LITERAL+" && (policy != " LITERAL-" || fr.Size > 4096) {
				t.Errorf("a literal of %d octets that does not wait, to a server with%s", fr.Size, policy)
			}
			if err := f.Buffer(); err != nil {
				t.Error(err)
			}
		case imapwire.FrameWhole:
		default:
			t.Errorf("frame %v: %v", fr.Kind, fr.Err)
		}
	}
}

// TestInjectResponsesIMAP: invariants 5 and 21, threats I7 and I8. Whatever string
// stands at whatever place of a response, from one engine to the other it is one
// response as the grammar has it, or an error that has queued nothing.
func TestInjectResponsesIMAP(t *testing.T) {
	missing := typesWith(t, "response")
	delete(missing, "Continue") // the engine's own
	hostile := hostileStrings
	if testing.Short() {
		hostile = fewStrings()
	}
	sent := 0
	parsed := func(text string) imapwire.Response {
		r, err := imapwire.ParseResponse([]byte(text+"\r\n"), imapwire.ParseOptions{Strict: true})
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		return r
	}
	for _, text := range injectResponses {
		delete(missing, reflect.TypeOf(parsed(text)).Elem().Name())
		for i := range stringPlaces(reflect.ValueOf(parsed(text))) {
			// The arguments of a code that is not known are octets as they came,
			// also those that a lenient reader has taken.
			strict := !strings.Contains(text, "[X y]")
			for _, h := range hostile {
				r := parsed(text)
				stringPlaces(reflect.ValueOf(r))[i].set(h)
				if injectResponse(t, func(s *imapServer, _ engine.ID) error { return s.c.Send(r) }, 1, strict) {
					sent++
				}
				if t.Failed() {
					t.Fatalf("%s with %.40q at place %d", text, h, i)
				}
			}
		}
	}
	// The same in the answer to a command.
	for _, h := range hostile {
		for _, code := range []imapwire.Code{nil, imapwire.CodeAtom(h), &imapwire.CodeUnknown{Name: "X", Args: h}, &imapwire.CodeUnknown{Name: h}} {
			injectResponse(t, func(s *imapServer, id engine.ID) error {
				return s.c.Done(id, imapwire.StatusCondition{Condition: imapwire.NO, Code: code, Text: h})
			}, 0, false)
			if t.Failed() {
				t.Fatalf("an answer with %#v and %.40q", code, h)
			}
		}
	}
	for name := range missing {
		t.Errorf("there is no %s", name)
	}
	if sent < 150 {
		t.Errorf("only %d responses were sent", sent)
	}
}

// injectResponse sends a response while a command is in progress, and checks that
// the client hears as many as told, and the answer.
func injectResponse(t *testing.T, send func(*imapServer, engine.ID) error, told int, strict bool) bool {
	t.Helper()
	opt := imapLocal()
	opt.Limits = wide()
	s := imapServerIn(t, opt, imapserver.StateSelected)
	c := imapClientIn(t, imapclient.Options{Limits: wide(), Strict: strict}, imapclient.StateSelected)
	c.send(&imapwire.Expunge{})
	var id engine.ID
	s.on = func(ev imapserver.Event) bool {
		if cmd, is := ev.(*imapserver.Command); is {
			id = cmd.ID
			return true
		}
		return false
	}
	s.feed(c.out.String())
	if err := send(s, id); err != nil {
		if s.work(); s.out.Len() > 0 {
			t.Errorf("an error, and %q: %v", s.out.String(), err)
		}
		return false
	}
	if told > 0 {
		s.must(s.c.Done(id, imapOK("done")))
	}
	s.work()
	c.feed(s.out.String())
	heard := 0
	for _, l := range c.log {
		if strings.HasPrefix(l, "data") || strings.HasPrefix(l, "fetched") {
			heard++
		}
	}
	if len(c.errs) > 0 || heard != told || !strings.HasPrefix(c.log[len(c.log)-1], "done 3 ") || c.c.Want() != engine.WantInput {
		t.Errorf("%q is heard as %q: %v", s.out.String(), c.log, c.errs)
	}
	return true
}

// TestEchoIMAP: threats I8 and P8. What a client says that is not understood comes
// back, if at all, as the text of one BAD: no line of its own, no code, no octet
// that commands a terminal, and not much of it.
func TestEchoIMAP(t *testing.T) {
	for _, h := range hostileStrings {
		for _, in := range []string{h, "A " + h, "A [ALERT] " + h, "A FETCH " + h, "A SELECT x " + h, "A STORE 1 FLAGS (" + h, "A SEARCH " + h + " x", "] " + h, "A X] " + h, "[ALERT] " + h, "A UID " + h, "A ENABLE X\"" + h, "A AUTHENTICATE " + h + " x", "A LOGIN u " + h + " x", "A IDLE\r\n" + h} {
			for _, state := range []imapserver.State{imapserver.StateNotAuthenticated, imapserver.StateSelected} {
				opt := imapLocal()
				opt.Limits.Bad, opt.Limits.BadPreAuth = 100, 100
				s := imapServerIn(t, opt, state)
				s.feed(in + "\r\n")
				for line := range strings.Lines(s.out.String()) {
					r, err := imapwire.ParseResponse([]byte(line), imapwire.ParseOptions{Strict: true})
					if err != nil {
						t.Fatalf("%.60q: %q: %v", in, line, err)
					}
					bad, is := r.(*imapwire.StatusResponse)
					if !is || bad.Condition != imapwire.BAD {
						continue
					}
					clean := !strings.ContainsFunc(bad.Text, func(r rune) bool { return r < ' ' || r >= 0x7f })
					if bad.Code != nil || len(line) > 400 || !clean || len(bad.Tag) > 128 {
						t.Fatalf("%.60q: %q", in, line)
					}
				}
			}
		}
	}
}
