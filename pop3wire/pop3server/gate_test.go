package pop3server

import (
	"go/ast"
	"go/parser"
	"go/token"
	"strconv"
	"testing"
	"time"

	"github.com/mailwire/mailwire/pop3wire"
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
		if !isFunc || f.Name.Name != "parseArguments" {
			continue
		}
		ast.Inspect(f, func(n ast.Node) bool {
			if c, isCase := n.(*ast.CaseClause); isCase {
				for _, x := range c.List {
					if lit, isString := x.(*ast.BasicLit); isString {
						verb, _ := strconv.Unquote(lit.Value)
						known[verb] = true
					}
				}
			}
			return true
		})
	}
	if len(known) < 15 {
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
		if g.states == 0 || g.login && g.allows(StateTransaction) {
			t.Errorf("%s: %+v", verb, g)
		}
	}
}

// TestBarriers: invariants 22 and 38, threats T3 and Q11, RFC 2449 §6.6. Behind a barrier nothing is
// read before it is resolved, and behind STLS and QUIT nothing at all.
func TestBarriers(t *testing.T) {
	for verb, g := range gates {
		if !g.barrier {
			continue
		}
		for _, state := range []State{StateAuthorization, StateTransaction} {
			if !g.allows(state) {
				continue
			}
			c, err := New(start, Options{STLS: true, Mechanisms: []Mechanism{{Name: "X"}}})
			if err != nil {
				t.Fatal(err)
			}
			c.state = state
			first := map[string]string{"AUTH": "AUTH X", "STLS": "STLS", "QUIT": "QUIT"}[verb] + "\r\n"
			if err := c.Feed(start, []byte(first+"LANG\r\nXONE\r\nNOOP\r\n")); err != nil {
				t.Fatal(err)
			}
			var heard []Event
			for ev := c.Next(); ev != nil; ev = c.Next() {
				heard = append(heard, ev)
			}
			if len(heard) != 1 || c.Stats().BytesIn != int64(len(first)) {
				t.Errorf("%s in %s: %d octets were read, %d events", verb, state, c.Stats().BytesIn, len(heard))
			}
			switch ev := heard[0].(type) {
			case *Auth:
				// An answer to a challenge is no command, whatever it looks like.
				if err := c.Challenge(ev.ID, nil); err != nil {
					t.Error(err)
				}
				if answer, is := c.Next().(*AuthResponse); !is || answer.Cancelled {
					t.Errorf("behind AUTH: %v", answer)
				}
			case *Upgrade:
				if string(ev.Rest) != "LANG\r\nXONE\r\nNOOP\r\n" {
					t.Errorf("Rest is %q", ev.Rest)
				}
			case *Command:
				if c.State() != StateUpdate {
					t.Errorf("behind QUIT: %s", c.State())
				}
				if err := c.Done(ev.ID, pop3wire.Status{OK: true}); err != nil {
					t.Error(err)
				}
				if closed, is := c.Next().(*Closed); !is || closed.Err != nil || c.Stats().BytesIn != int64(len(first)) {
					t.Errorf("behind QUIT: %v", closed)
				}
			}
		}
	}
}

// TestStateAfter: the transitions, RFC 1939 §3.
func TestStateAfter(t *testing.T) {
	for verb := range gates {
		for s := StateAuthorization; s <= StateUpdate; s++ {
			for _, ok := range []bool{true, false} {
				want := s
				switch verb {
				case "PASS", "APOP", "AUTH":
					if ok {
						want = StateTransaction
					}
				case "QUIT":
					want = StateClosed
				}
				if got := s.after(verb, ok); got != want {
					t.Errorf("%s in %s, %v: %s", verb, s, ok, got)
				}
			}
		}
	}
	if StateUpdate.String() != "UPDATE" || State(0).String() != "invalid" || State(99).String() != "invalid" {
		t.Error("names of states")
	}
}

// TestForeign: threat T18. First lines of other protocols. The same line later is an
// unknown command.
func TestForeign(t *testing.T) {
	for line, want := range map[string]bool{
		"GET / HTTP/1.1\r": true, "POST /x HTTP/1.0": true, "PRI * HTTP/2.0\r": true, "CONNECT mail:110 HTTP/1.1": true, "DELETE /x": true, "propfind /": true,
		"EHLO x\r": true, "HELO": true, "lhlo x": true, "SSH-2.0-OpenSSH_9": true, "\x16\x03\x01\x02\x00": true,
		"": false, "\r": false, "QUIT\r": false, "GET\r": false, "DELE 1\r": false, "TOP 1 1\r": false, "USER GET /": false, "\x16": false, "CAPA\r": false, "a001 CAPABILITY": false,
	} {
		if got := foreign([]byte(line)); got != want {
			t.Errorf("%q: %v", line, got)
		}
	}
}
