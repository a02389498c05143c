package imapwire

import (
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/mailwire/mailwire/imapwire/engine"
)

// Every field of Limits has a default, which WithDefaults keeps as it is, and
// every number in Bounds names its field.
func TestLimitsDefaults(t *testing.T) {
	l, err := Limits{}.WithDefaults()
	if err != nil {
		t.Fatal(err)
	}
	v := reflect.ValueOf(l)
	for i := range v.NumField() {
		if v.Field(i).Int() <= 0 {
			t.Errorf("%s has no default", v.Type().Field(i).Name)
		}
	}
	if again, err := l.WithDefaults(); err != nil || again != l {
		t.Errorf("%+v, %v", again, err)
	}
	for _, b := range []Bounds{l.Command(false), l.Command(true), l.Response(false), l.Response(true)} {
		bv := reflect.ValueOf(b)
		for i := range bv.NumField() {
			name := bv.Type().Field(i).Name
			if name == "Response" || name == "PreAuth" {
				continue
			}
			f := v.FieldByName(b.limitName(name))
			if !f.IsValid() || f.Int() != bv.Field(i).Int() {
				t.Errorf("%s of %+v is %d, %s %v", name, b, bv.Field(i).Int(), b.limitName(name), f)
			}
		}
		if zero := (Bounds{Response: b.Response, PreAuth: b.PreAuth}).withDefaults(); zero != b {
			t.Errorf("%+v and %+v", zero, b)
		}
	}
	if l.Line != 64<<10 || l.LinePreAuth != 16<<10 || l.Literal != 128<<10 || l.LiteralPreAuth != 4<<10 ||
		l.Literals != 1<<20 || l.LiteralsPreAuth != 16<<10 || l.Append != 64<<20 || l.Skip != 64<<20 ||
		l.Depth != 32 || l.Ranges != 8192 || l.Output != 64<<10 {
		t.Errorf("not the documented numbers: %+v", l)
	}
}

// Every field alone may be set to 1, and to a number above its default, unless
// that contradicts a default that can not give way; a negative one may not.
func TestLimitsCheck(t *testing.T) {
	v := reflect.TypeFor[Limits]()
	for i := range v.NumField() {
		name := v.Field(i).Name
		for _, n := range []int64{-1, 1, 1 << 40} {
			var l Limits
			reflect.ValueOf(&l).Elem().Field(i).SetInt(n)
			got, err := l.WithDefaults()
			if err == nil && reflect.ValueOf(got).Field(i).Int() != n {
				t.Errorf("%s of %d becomes %d", name, n, reflect.ValueOf(got).Field(i).Int())
			}
			wantErr := n < 0
			switch {
			case n == 1 && (name == "Line" || name == "LinePreAuth" || name == "IdleTime"):
				wantErr = true
			case n > 1 && name == "Tag":
				wantErr = true // longer than a line
			case n > 1 && name == "IdleTime":
				wantErr = time.Duration(n) < 30*time.Minute
			}
			if (err != nil) != wantErr {
				t.Errorf("%s of %d: %v", name, n, err)
			}
			if err != nil && !strings.Contains(err.Error(), "limit") {
				t.Errorf("%s of %d: %v", name, n, err)
			}
		}
	}
	for _, l := range []Limits{
		{Line: 1000, LinePreAuth: 2000},
		{Literal: 2000, Literals: 1000},
		{Bad: 1, BadPreAuth: 2},
		{IdleTime: 29 * time.Minute},
	} {
		if _, err := l.WithDefaults(); err == nil {
			t.Errorf("%+v passes", l)
		}
	}
	l, err := Limits{Line: 1000, Literals: 2000}.WithDefaults()
	if err != nil || l.LinePreAuth != 1000 || l.Literal != 2000 || l.LiteralPreAuth != 2000 || l.LiteralsPreAuth != 2000 {
		t.Errorf("%+v, %v", l, err)
	}
}

// parentheses returns the offset of the "(" outside of quotes that makes the
// depth most+1, and of the one that is number most+1 of all; -1 is none.
func parentheses(frame string, most int) (deep, many int) {
	deep, many = -1, -1
	depth, count := 0, 0
	quoted := false
	for i := range len(frame) {
		switch c := frame[i]; {
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '(':
			depth++
			count++
			if depth == most+1 && deep < 0 {
				deep = i
			}
			if count == most+1 {
				many = i
			}
		case c == ')':
			depth--
		}
	}
	return deep, many
}

// nestedBody draws a body structure of about depth levels: multiparts, embedded
// messages, and extension data at the end.
func nestedBody(t *rapid.T, depth int) string {
	if depth <= 0 {
		return leafWire + ")"
	}
	switch draw(t, rapid.IntRange(0, 3)) {
	case 0, 1:
		return "(" + nestedBody(t, depth-1) + strings.Repeat(leafWire+")", draw(t, rapid.IntRange(0, 1))) + ` "mixed")`
	case 2:
		return `("message" "rfc822" NIL NIL NIL "7bit" 9 ` + emptyMessage + " " + nestedBody(t, depth-1) + " 1)"
	}
	return leafWire + " NIL NIL NIL NIL " + nestedValue(t, depth-1) + ")"
}

// nestedValue draws a value of lists, depth of them inside each other.
func nestedValue(t *rapid.T, depth int) string {
	open, end := "", ""
	for range depth {
		open += "(" + draw(t, rapid.SampledFrom([]string{"", "a ", `"(" `, "(b) "}))
		end += ")"
	}
	return open + "x" + end
}

// TestNestingOffsets: invariant 9 and threat M7, for responses and for what
// commands take of extensions. One level too many is the same error at the
// parenthesis that opens it, whatever the levels are made of: lists,
// multiparts, embedded messages, extension data.
func TestNestingOffsets(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		const most = 12
		value := func() string { return nestedValue(t, draw(t, rapid.IntRange(1, 14))) }
		table := draw(t, rapid.SampledFrom([]ruleTable{
			{wire: "* 1 FETCH (FLAGS () BODYSTRUCTURE " + nestedBody(t, draw(t, rapid.IntRange(1, 14))) + " UID 7)", response: true},
			{wire: "* 1 FETCH (X " + value() + " UID 7)", response: true}, {wire: `* NAMESPACE (("" "/" "x" ` + value() + ")) NIL NIL", response: true}, {wire: "* STATUS x (X " + value() + ")", response: true},
			{wire: `* LIST () "/" x ("a" ` + value() + ")", response: true}, {wire: "* ESEARCH X " + value(), response: true},
			{wire: "A1 SELECT x (X " + value() + ")"}, {wire: "A1 FETCH 1 (FLAGS X " + value() + ")"}, {wire: `A1 LIST (X ` + value() + `) "" *`}, {wire: `A1 LIST "" * RETURN (X ` + value() + ")"}, {wire: "A1 SEARCH RETURN (X " + value() + ") ALL"},
		}))
		frame := table.wire + "\r\n"
		deep, _ := parentheses(frame, most)
		p := Parser{ParseOptions: ParseOptions{Bounds: Bounds{Depth: most}}}
		name, err := "Depth", error(nil)
		if table.response {
			name = "ResponseDepth"
			var r Response
			if r, err = p.Response([]byte(frame)); err == nil {
				if f, fetched := r.(*FetchData); fetched && len(f.Broken) == 1 {
					err = f.Broken[0].Err // it costs the item
				}
			}
		} else {
			_, _, err = p.Command([]byte(frame))
		}
		var le *engine.LimitError
		switch {
		case deep < 0:
			if errors.As(err, &le) {
				t.Fatalf("%q: %v", frame, err)
			}
		case !errors.As(err, &le) || *le != (engine.LimitError{Name: name, Cap: most, Got: most + 1, Offset: int64(deep)}):
			t.Fatalf("%q: %v, want offset %d", frame, err, deep)
		}
	})
}

// TestBreadthOffsets: invariant 9, threat M4. One list too many is the same
// error at its parenthesis, whatever the lists are.
func TestBreadthOffsets(t *testing.T) {
	const address = `("a" NIL "b" "c")`
	items := map[string][]string{
		"* 1 FETCH (":  {"FLAGS (a b)", "X (y)", `Y ((z) ("(" w))`, "ENVELOPE (NIL NIL (" + address + address + ") NIL NIL NIL NIL NIL NIL NIL)", "BODY (" + leafWire + ")" + leafWire + `) "mixed")`, "BODYSTRUCTURE " + leafWire + ` NIL ("inline" ("a" "b")) ("en") NIL (1 (2)))`, "BODY[HEADER.FIELDS (a b)] NIL", "MODSEQ (7)"},
		"* STATUS x (": {"A 1", "B (a)", "C (a (b) c)", "D (((a) b) (c) (d (e)))", "E (f)"}, `* LIST () "/" x (`: {`"A" (b)`, `"CHILDINFO" ("X")`, `"OLDNAME" (y)`, "B ((c))", "C (((a) b) (c) (d (e)))", "D (e)"},
		"A1 SELECT x (": {"A", "B (c)", "D ((e) (f))", "E (((a) b) (c) (d (e)))", "F"}, "A1 FETCH 1 (": {"FLAGS", "BODY[HEADER.FIELDS (a)]", "X (y)", "Y (((a) b) (c) (d (e)))", "Z (a)"}, "A1 SEARCH (": {"ALL", "(SEEN)", "(SEEN (DRAFT))", "NOT (SEEN DRAFT)", "(OR (ALL) (ALL))", "((1) (2) (3))"},
	}
	rapid.Check(t, func(t *rapid.T) {
		most := draw(t, rapid.IntRange(4, 14))
		start := draw(t, rapid.SampledFrom([]string{"* 1 FETCH (", "* STATUS x (", `* LIST () "/" x (`, "A1 SELECT x (", "A1 FETCH 1 (", "A1 SEARCH ("}))
		frame := start + strings.Join(rapid.Permutation(items[start]).Draw(t, "items"), " ") + ")\r\n"
		_, many := parentheses(frame, most)
		p := Parser{ParseOptions: ParseOptions{Bounds: Bounds{Lists: most}}}
		name, err := "Lists", error(nil)
		if frame[0] == '*' {
			name = "ResponseLists"
			_, err = p.Response([]byte(frame))
		} else {
			_, _, err = p.Command([]byte(frame))
		}
		var le *engine.LimitError
		switch {
		case many < 0:
			if err != nil {
				t.Fatalf("%q: %v", frame, err)
			}
		case !errors.As(err, &le) || *le != (engine.LimitError{Name: name, Cap: int64(most), Got: int64(most) + 1, Offset: int64(many)}):
			t.Fatalf("%q: %v, want offset %d", frame, err, many)
		}
	})
}

// TestResponseSteps: invariant 8, threat C14. At 1, 10 and 100 times the size,
// steps grow with the octets, for every kind of list that a response may have.
func TestResponseSteps(t *testing.T) {
	b := wideResponse
	b.Line, b.Literal, b.Literals, b.Lists, b.Tokens, b.Ranges, b.LiteralCount = 1<<30, 1<<30, 1<<30, 1<<30, 1<<30, 1<<30, 1<<30
	for name, of := range map[string]func(n int) string{
		"search":       func(n int) string { return "* SEARCH" + strings.Repeat(" 12345", n) },
		"esearch":      func(n int) string { return "* ESEARCH ALL 1" + strings.Repeat(",3:5", n) },
		"esearch data": func(n int) string { return "* ESEARCH" + strings.Repeat(" X (1 2)", n) },
		"vanished":     func(n int) string { return "* VANISHED 1" + strings.Repeat(",3:5", n) },
		"flags":        func(n int) string { return "* FLAGS (a" + strings.Repeat(` \b`, n) + ")" },
		"capabilities": func(n int) string { return "* CAPABILITY" + strings.Repeat(" X", n) },
		"attributes":   func(n int) string { return `* LIST (\a` + strings.Repeat(` \b`, n) + `) "/" x` },
		"extended":     func(n int) string { return `* LIST () "/" x (A 1` + strings.Repeat(` "B" (c d)`, n) + ")" },
		"childinfo":    func(n int) string { return `* LIST () "/" x (A 1` + strings.Repeat(` "CHILDINFO" ("x")`, n) + ")" },
		"half childinfo": func(n int) string {
			return `* LIST () "/" x (A 1` + strings.Repeat(` "CHILDINFO" ("x" (y))`, n) + ")"
		},
		"oldname":    func(n int) string { return `* LIST () "/" x (A 1` + strings.Repeat(` "OLDNAME" (y)`, n) + ")" },
		"namespaces": func(n int) string { return `* NAMESPACE (("" "/")` + strings.Repeat(`("a" ".")`, n) + ") NIL NIL" },
		"status":     func(n int) string { return "* STATUS x (A 1" + strings.Repeat(" B (2)", n) + ")" },
		"status numbers": func(n int) string {
			return "* STATUS x (A 1" + strings.Repeat(" B 99999999999999999999999", n) + ")"
		},
		"items": func(n int) string { return "* 1 FETCH (UID 1" + strings.Repeat(" X[a] (b)", n) + ")" },
		"uids":  func(n int) string { return "* 1 FETCH (UID 1" + strings.Repeat(" UID 1", n) + ")" },
		"sections": func(n int) string {
			return "* 1 FETCH (UID 1" + strings.Repeat(" BODY[1.2.HEADER.FIELDS (a)] {1}\r\nx", n) + ")"
		},
		"path":     func(n int) string { return "* 1 FETCH (BODY[1" + strings.Repeat(".1", n) + "] NIL)" },
		"brackets": func(n int) string { return "* 1 FETCH (X" + strings.Repeat("[", n) + strings.Repeat("]", n) + " NIL)" },
		"addresses": func(n int) string {
			return "* 1 FETCH (ENVELOPE (NIL NIL (" + strings.Repeat(`("a" NIL "b" "c")`, n) + ") NIL NIL NIL NIL NIL NIL NIL))"
		},
		"parts": func(n int) string { return "* 1 FETCH (BODY (" + strings.Repeat(leafWire+")", n) + ` "mixed"))` },
		"params": func(n int) string {
			return `* 1 FETCH (BODY ("a" "b" (` + strings.Repeat(`"k" "v" `, n) + `"k" "v") NIL NIL "7bit" 1))`
		},
		"languages": func(n int) string {
			return "* 1 FETCH (BODYSTRUCTURE " + leafWire + ` NIL NIL ("a"` + strings.Repeat(` "b"`, n) + ") NIL))"
		},
		"extensions": func(n int) string {
			return "* 1 FETCH (BODYSTRUCTURE " + leafWire + " NIL NIL NIL NIL" + strings.Repeat(" (1)", n) + "))"
		},
		"quotes": func(n int) string {
			return `* 1 FETCH (ENVELOPE (NIL "` + strings.Repeat(`\"`, n) + `" NIL NIL NIL NIL NIL NIL NIL NIL))`
		},
		"quota":       func(n int) string { return `* QUOTA "" (A 1 2` + strings.Repeat(" STORAGE 12345 1", n) + ")" },
		"quota roots": func(n int) string { return "* QUOTAROOT a" + strings.Repeat(` "b\\"`, n) },
		"unknown":     func(n int) string { return "* X" + strings.Repeat(" {1}\r\nx", n) },
		"code":        func(n int) string { return "* OK [X " + strings.Repeat(`"a]" `, n) + "] x" },
		"copyuid":     func(n int) string { return "* OK [COPYUID 1 1" + strings.Repeat(",3", n) + " 1] x" },
		"charsets":    func(n int) string { return "* NO [BADCHARSET (a" + strings.Repeat(" b", n) + ")] x" },
		"text":        func(n int) string { return "* OK " + strings.Repeat("[", n) },
		"id":          func(n int) string { return `* ID ("a" "b"` + strings.Repeat(` "" NIL`, min(n, 29)) + ")" },
	} {
		for _, n := range []int{100, 1000, 10000} {
			if n > 1000 && testing.Short() {
				continue
			}
			frame := []byte(of(n) + "\r\n")
			p := Parser{ParseOptions: ParseOptions{Bounds: b}}
			if _, err := p.Response(frame); err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			if p.Steps > 4*int64(len(frame))+16 {
				t.Errorf("%s: %d steps for %d octets", name, p.Steps, len(frame))
			}
		}
	}
}
