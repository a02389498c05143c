package imapserver

import (
	"go/ast"
	"go/parser"
	"go/token"
	"strconv"
	"testing"
	"time"

	"github.com/mailwire/mailwire/imapwire"
)

var start = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

// TestGatesComplete: every verb that the grammar knows has its line in the
// table, and the table has no other.
func TestGatesComplete(t *testing.T) {
	file, err := parser.ParseFile(token.NewFileSet(), "../command.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	known := map[string]bool{}
	for _, d := range file.Decls {
		f, isFunc := d.(*ast.FuncDecl)
		prefix := map[string]string{"parseCommand": "", "parseUID": "UID "}
		if !isFunc || f.Recv != nil {
			continue
		}
		p, isParser := prefix[f.Name.Name]
		if !isParser {
			continue
		}
		ast.Inspect(f, func(n ast.Node) bool {
			if c, isCase := n.(*ast.CaseClause); isCase {
				for _, x := range c.List {
					if lit, isString := x.(*ast.BasicLit); isString {
						verb, _ := strconv.Unquote(lit.Value)
						known[p+verb] = true
					}
				}
			}
			return true
		})
	}
	delete(known, "UID")
	if len(known) < 30 {
		t.Fatalf("only %d verbs found", len(known))
	}
	for verb := range known {
		if _, has := gates[verb]; !has {
			t.Errorf("%s is not in the table", verb)
		}
	}
	for verb, g := range gates {
		if !known[verb] {
			t.Errorf("%s is in the table, and the grammar does not know it", verb)
		}
		if g.states == 0 || g.noExpunge && g.expunges {
			t.Errorf("%s: %+v", verb, g)
		}
	}
}

// TestBarriers: invariant 22, threat T3. Behind a barrier nothing is read
// before it is resolved, and behind STARTTLS and LOGOUT nothing at all.
func TestBarriers(t *testing.T) {
	commands := map[string]string{"LOGOUT": "LOGOUT", "STARTTLS": "STARTTLS", "AUTHENTICATE": "AUTHENTICATE X", "IDLE": "IDLE"}
	for verb, g := range gates {
		if !g.barrier {
			continue
		}
		command, has := commands[verb]
		if !has {
			t.Errorf("no test for %s", verb)
			continue
		}
		opt := Options{StartTLS: true, Mechanisms: []Mechanism{{Name: "X"}}, PreAuth: !g.allows(StateNotAuthenticated)}
		c, err := New(start, opt)
		if err != nil {
			t.Fatal(err)
		}
		first := "a " + command + "\r\n"
		if err := c.Feed(start, []byte(first+"b NOOP\r\nc NOOP\r\n")); err != nil {
			t.Fatal(err)
		}
		for c.stats.Commands == 0 {
			ev := c.Next()
			if _, isCommand := ev.(*Command); isCommand {
				t.Errorf("%s: a command was read behind it", verb)
			}
			if ev == nil || verb == "AUTHENTICATE" || verb == "IDLE" {
				break
			}
		}
		if verb != "IDLE" && c.Stats().BytesIn != int64(len(first)) {
			t.Errorf("%s: %d octets were read", verb, c.Stats().BytesIn)
		}
	}
}

// TestStateAfter: threat S2. The transitions, RFC 9051 §3.
func TestStateAfter(t *testing.T) {
	for verb := range gates {
		for s := StateNotAuthenticated; s <= StateSelected; s++ {
			for c := imapwire.OK; c <= imapwire.BAD; c++ {
				want := s
				switch {
				case c == imapwire.OK && (verb == "LOGIN" || verb == "AUTHENTICATE"):
					want = StateAuthenticated
				case verb == "SELECT" || verb == "EXAMINE":
					if want = StateAuthenticated; c == imapwire.OK {
						want = StateSelected
					}
				case c == imapwire.OK && (verb == "CLOSE" || verb == "UNSELECT"):
					want = StateAuthenticated
				}
				if got := s.after(verb, c); got != want {
					t.Errorf("%s %s in %s: %s", verb, c, s, got)
				}
			}
		}
	}
	if StateLogout.String() != "logout" || State(0).String() != "invalid" || State(99).String() != "invalid" {
		t.Error("names of states")
	}
}
