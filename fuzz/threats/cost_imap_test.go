package threats_test

import (
	"fmt"
	"runtime"
	"strings"
	"testing"

	"github.com/mailwire/mailwire/imapwire"
	"github.com/mailwire/mailwire/imapwire/imapclient"
	"github.com/mailwire/mailwire/imapwire/imapserver"
)

// wide is limits under which nothing is refused.
func wide() imapwire.Limits {
	const n = 1 << 26
	return imapwire.Limits{
		Line: n, LinePreAuth: n, Literal: n, LiteralPreAuth: n, Literals: n, LiteralsPreAuth: n, LiteralCount: n, LiteralCountPreAuth: n,
		Depth: n, Lists: n, ListsPreAuth: n, Tokens: n, TokensPreAuth: n, Ranges: n, RangesPreAuth: n, Bad: n, BadPreAuth: n, SASLSteps: n, SASLLine: n,
		ResponseLine: n, ResponseLinePreAuth: n, ResponseLiteral: n, ResponseLiteralPreAuth: n, ResponseLiterals: n, ResponseLiteralsPreAuth: n,
		ResponseLiteralCount: n, ResponseLiteralCountPreAuth: n, ResponseDepth: n, ResponseDepthPreAuth: n, ResponseLists: n, ResponseListsPreAuth: n,
		ResponseTokens: n, ResponseTokensPreAuth: n, ResponseRanges: n, ResponseRangesPreAuth: n,
	}
}

// checkCost checks that ten times the size costs less than twelve times as much,
// at three sizes of which the first is given.
func checkCost(t *testing.T, name string, first int, cost func(n int) int64) {
	t.Helper()
	last := int64(0)
	for n := first; n <= 100*first; n *= 10 {
		c := cost(n)
		if last > 0 && c >= 12*last {
			t.Errorf("%s: %d for %d, and %d for a tenth", name, c, n, last)
		}
		if c == 0 {
			t.Errorf("%s: nothing was counted", name)
		}
		last = c
	}
}

// rep is s n times.
func rep(s string, n int) string { return strings.Repeat(s, n) }

// inOctets is a string as its octets.
func inOctets(s string) []string {
	pieces := make([]string, len(s))
	for i := range s {
		pieces[i] = s[i : i+1]
	}
	return pieces
}

// keywords are n keywords, no two alike.
func keywords(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, " k%06d", i)
	}
	return b.String()[1:]
}

// costCommands are inputs to a server whose length grows with n.
var costCommands = map[string]func(n int) string{
	"octets":              func(n int) string { return "a XYZ " + xs(n) + "\r\n" },
	"octets and no end":   func(n int) string { return "a XYZ " + xs(n) },
	"a tag":               func(n int) string { return xs(n) + " NOOP\r\n" },
	"literals":            func(n int) string { return "a XYZ" + rep(" {1+}\r\nx", n) + "\r\n" },
	"empty literals":      func(n int) string { return "a XYZ" + rep(" {0+}\r\n", n) + "\r\n" },
	"strings to search":   func(n int) string { return "a SEARCH" + rep(" SUBJECT {1+}\r\nx", n) + "\r\n" },
	"half a literal":      func(n int) string { return fmt.Sprintf("a XYZ {%d+}\r\n%s", 2*n, xs(n)) },
	"open braces":         func(n int) string { return "a XYZ " + rep("{", n) + "\r\n" },
	"sizes that are none": func(n int) string { return "a XYZ " + rep("{9", n) + "}\r\n" },
	"digits of a size":    func(n int) string { return "a XYZ {" + rep("9", n) + "+}\r\nb\r\n" },
	"zeros of a size":     func(n int) string { return "a XYZ {" + rep("0", n) + "1+}\r\nb\r\n" },
	"parentheses":         func(n int) string { return "a SEARCH " + rep("(", n) + "ALL" + rep(")", n) + "\r\n" },
	"open parentheses":    func(n int) string { return "a SEARCH " + rep("(", n) + "\r\n" },
	"open, and no end":    func(n int) string { return "a NOOP " + rep("(", n) },
	"lists":               func(n int) string { return "a SEARCH" + rep(" (ALL)", n) + "\r\n" },
	"NOT":                 func(n int) string { return "a SEARCH" + rep(" NOT", n) + " ALL\r\n" },
	"OR":                  func(n int) string { return "a SEARCH" + rep(" OR ALL", n) + " ALL\r\n" },
	"OR, both":            func(n int) string { return "a SEARCH" + rep(" OR", n) + rep(" ALL", n+1) + "\r\n" },
	"all three":           func(n int) string { return "a SEARCH " + rep("(NOT OR (ALL) ", n) + "ALL" + rep(")", n) + "\r\n" },
	"commas":              func(n int) string { return "a FETCH " + listed(n, "1", ",") + " FLAGS\r\n" },
	"ranges":              func(n int) string { return "a UID FETCH " + listed(n, "4294967295:1", ",") + " FLAGS\r\n" },
	"a set and no end":    func(n int) string { return "a FETCH " + rep("1,", n) },
	"digits":              func(n int) string { return "a FETCH " + rep("9", n) + " FLAGS\r\n" },
	"runs of UTF-7":       func(n int) string { return "a SELECT " + rep("&AOk-x", n) + "\r\n" },
	"ampersands":          func(n int) string { return "a SELECT \"" + rep("&", n) + "\"\r\n" },
	"escapes":             func(n int) string { return "a SELECT \"" + rep("\\\"", n) + "\"\r\n" },
	"a quote and no end":  func(n int) string { return "a SELECT \"" + rep("\\\\", n) },
	"flags":               func(n int) string { return "a STORE 1 FLAGS (" + listed(n, "k", " ") + ")\r\n" },
	"keywords":            func(n int) string { return "a STORE 1 FLAGS (" + keywords(n) + ")\r\n" },
	"flags of a message":  func(n int) string { return "a APPEND x (" + listed(n, "k", " ") + ") {1+}\r\nx\r\n" },
	"messages":            func(n int) string { return "a APPEND x" + rep(" {1+}\r\nx", n) + "\r\n" },
	"items":               func(n int) string { return "a FETCH 1 (" + listed(n, "FLAGS", " ") + ")\r\n" },
	"a path":              func(n int) string { return "a FETCH 1 BODY[1" + rep(".1", n) + "]\r\n" },
	"header fields":       func(n int) string { return "a FETCH 1 BODY[HEADER.FIELDS (" + listed(n, "x", " ") + ")]\r\n" },
	"brackets":            func(n int) string { return "a FETCH 1 BODY" + rep("[", n) + rep("]", n) + "\r\n" },
	"patterns":            func(n int) string { return "a LIST \"\" (" + listed(n, "*a", " ") + ")\r\n" },
	"wildcards":           func(n int) string { return "a LIST \"\" " + rep("*%", n) + "\r\n" },
	"status items":        func(n int) string { return "a STATUS x (" + listed(n, "MESSAGES", " ") + ")\r\n" },
	"words to enable":     func(n int) string { return "a ENABLE" + rep(" X", n) + "\r\n" },
	"parameters":          func(n int) string { return "a SELECT x (X" + rep(" Y (Z)", n) + ")\r\n" },
	"nested parameters":   func(n int) string { return "a SELECT x (X " + rep("(", n) + "1" + rep(")", n) + ")\r\n" },
	"commands":            func(n int) string { return rep("a NOOP\r\n", n) },
	"bad commands":        func(n int) string { return rep("a (\r\n", n) },
	"bare line feeds":     func(n int) string { return rep("a NOOP\n", n) + "\r\n" },
	"carriage returns":    func(n int) string { return "a XYZ" + rep("\r", n) + "\r\n" },
	"empty lines":         func(n int) string { return rep("\r\n", n) },
	"spaces":              func(n int) string { return "a XYZ" + rep(" ", n) + "\r\n" },
	"NUL":                 func(n int) string { return "a XYZ " + rep("\x00", n) + "\r\n" },
	"a dropped command":   func(n int) string { return "a XYZ ((\n" + rep("x {3+}\r\n(((", n) + "\r\n" },
	"lines to IDLE":       func(n int) string { return rep("a IDLE\r\nx\r\n", n) },
	"a line to IDLE":      func(n int) string { return "a IDLE\r\n" + xs(n) + "\r\n" },
	"identifications":     func(n int) string { return rep("a ID (\"x\" \"y\")\r\n", n) },
}

// costResponses are inputs to a client.
var costResponses = map[string]func(n int) string{
	"octets":           func(n int) string { return "* XYZ " + xs(n) + "\r\n" },
	"text":             func(n int) string { return "* OK " + rep("[", n) + "\r\n" },
	"a code":           func(n int) string { return "* OK [X " + rep("\"a]\" ", n) + "] x\r\n" },
	"no end of a code": func(n int) string { return "* OK [X" + rep(" \"", n) + "\r\n" },
	"literals":         func(n int) string { return "* XYZ" + rep(" {1}\r\nx", n) + "\r\n" },
	"open parentheses": func(n int) string { return "* 1 FETCH (BODYSTRUCTURE " + rep("(", n) + "\r\n" },
	"structures": func(n int) string {
		return "* 1 FETCH (BODY " + rep("(", n) + `("text" "plain" NIL NIL NIL "7bit" 1 1)` + rep(" \"mixed\")", n) + ")\r\n"
	},
	"parts": func(n int) string {
		return "* 1 FETCH (BODY (" + rep(`("text" "plain" NIL NIL NIL "7bit" 1 1)`, n) + " \"mixed\"))\r\n"
	},
	"messages in messages": func(n int) string {
		return "* 1 FETCH (BODY " + rep(`("message" "rfc822" NIL NIL NIL "7bit" 9 (NIL NIL NIL NIL NIL NIL NIL NIL NIL NIL) `, n) + `("text" "plain" NIL NIL NIL "7bit" 1 1)` + rep(" 1)", n) + ")\r\n"
	},
	"threads": func(n int) string { return "* THREAD " + rep("(", n) + "1" + rep(")", n) + "\r\n" },
	"addresses": func(n int) string {
		return "* 1 FETCH (ENVELOPE (NIL NIL (" + rep(`(NIL NIL "a" "b")`, n) + ") NIL NIL NIL NIL NIL NIL NIL))\r\n"
	},
	"numbers":  func(n int) string { return "* SEARCH" + rep(" 1", n) + "\r\n" },
	"ranges":   func(n int) string { return "* ESEARCH (TAG \"A9\") ALL " + listed(n, "4294967295:1", ",") + "\r\n" },
	"vanished": func(n int) string { return "* VANISHED 1" + rep(",3:4294967295", n) + "\r\n" },
	"COPYUID": func(n int) string {
		return "* OK [COPYUID 1 1:" + fmt.Sprint(n) + " " + listed(n, "1", ",") + "] x\r\n"
	},
	"contents":           func(n int) string { return "* 1 FETCH (UID 1" + rep(" BODY[1] {3}\r\nabc", n) + ")\r\n" },
	"one content":        func(n int) string { return fmt.Sprintf("* 1 FETCH (BODY[] {%d}\r\n%s)\r\n", n, xs(n)) },
	"lists":              func(n int) string { return rep("* LIST () \"/\" x\r\n", n) },
	"counts":             func(n int) string { return rep("* 1 EXISTS\r\n", n) },
	"what is none":       func(n int) string { return rep("* (\r\n", n) },
	"cut by a line end":  func(n int) string { return rep("* LIST () \"/\" \"a\r\n", n) },
	"cut in flags":       func(n int) string { return "* FLAGS (a\r\n" + rep(" b\r\n", n) + ")\r\n" },
	"line ends":          func(n int) string { return rep("\r\n", n) },
	"empty items":        func(n int) string { return "* 1 FETCH (" + rep(" ", n) + ")\r\n" },
	"unknown items":      func(n int) string { return "* 1 FETCH (UID 1" + rep(" X[y] (z)", n) + ")\r\n" },
	"broken items":       func(n int) string { return rep("* 1 FETCH (UID 1 ENVELOPE (x) FLAGS (y))\r\n", n) },
	"brackets":           func(n int) string { return "* 1 FETCH (BODY" + rep("[", n) + rep("]", n) + " NIL)\r\n" },
	"runs of UTF-7":      func(n int) string { return "* LIST () \"/\" \"" + rep("&AOk-x", n) + "\"\r\n" },
	"keywords":           func(n int) string { return "* FLAGS (" + keywords(n) + ")\r\n" },
	"capabilities":       func(n int) string { return "* CAPABILITY" + rep(" X", n) + "\r\n" },
	"namespaces":         func(n int) string { return "* NAMESPACE (" + rep("(\"x\" \"/\")", n) + ") NIL NIL\r\n" },
	"continuation":       func(n int) string { return "* XYZ " + rep("{5", n) + "\r\n" },
	"a dropped response": func(n int) string { return "* XYZ \x00" + rep(" {3}\r\nabc", n) + "\r\n" },
}

// costSize is the first of three sizes.
func costSize(octets bool) int {
	switch {
	case testing.Short():
		return 5
	case octets:
		return 20
	}
	return 50
}

// allocated returns how many octets of memory f takes, whatever is given back.
func allocated(f func()) int64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return int64(after.TotalAlloc - before.TotalAlloc)
}

// checkAllocated checks that ten times the input takes about ten times the
// memory: what is copied again and again is not among the steps.
func checkAllocated(t *testing.T, name string, of func(n int) string, feed func() func(in string)) {
	t.Helper()
	var took [2]int64
	for i, n := range []int{200, 2000} {
		f, in := feed(), of(n)
		took[i] = allocated(func() { f(in) })
	}
	if took[1] > 16*took[0]+128<<10 {
		t.Errorf("%s: %d octets of memory, and %d for a tenth", name, took[1], took[0])
	}
}

// TestCostIMAP: invariant 8, threats C1, C2, C14, P1, P7, P10, M2, M4, M6 and
// M12.
// Every family of input costs steps in proportion to its length, whole and octet
// by octet, at three sizes, at the server and at the client; and memory. Nothing
// is refused, so that nothing hides behind a limit.
func TestCostIMAP(t *testing.T) {
	for name, of := range costCommands {
		server := func() *imapServer {
			opt := imapLocal()
			opt.Limits = wide()
			s := imapServerIn(t, opt, imapserver.StateSelected)
			s.out.Reset()
			return s
		}
		for _, octets := range []bool{false, true} {
			checkCost(t, fmt.Sprintf("server, %s, octet by octet %v", name, octets), costSize(octets), func(n int) int64 {
				s, in := server(), of(n)
				before := s.c.Stats()
				if octets {
					s.feed(inOctets(in)...)
				} else {
					s.feed(in)
				}
				st := s.c.Stats()
				if st.BytesIn-before.BytesIn != int64(len(in)) {
					t.Errorf("server, %s: %d octets of %d were read: %v", name, st.BytesIn-before.BytesIn, len(in), s.errs)
				}
				if steps := st.Steps - before.Steps; steps > 8*int64(len(in))+100 {
					t.Errorf("server, %s: %d steps for %d octets", name, steps, len(in))
				}
				return st.Steps - before.Steps
			})
		}
		checkAllocated(t, "server, "+name, of, func() func(string) {
			s := server()
			return func(in string) { s.feed(in) }
		})
	}
	for name, of := range costResponses {
		client := func() *imapClient {
			return imapClientIn(t, imapclient.Options{Limits: wide()}, imapclient.StateSelected)
		}
		for _, octets := range []bool{false, true} {
			checkCost(t, fmt.Sprintf("client, %s, octet by octet %v", name, octets), costSize(octets), func(n int) int64 {
				c, in := client(), of(n)
				before := c.c.Stats()
				if octets {
					c.feed(inOctets(in)...)
				} else {
					c.feed(in)
				}
				st := c.c.Stats()
				if st.BytesIn-before.BytesIn != int64(len(in)) {
					t.Errorf("client, %s: %d octets of %d were read: %v", name, st.BytesIn-before.BytesIn, len(in), c.errs)
				}
				if steps := st.Steps - before.Steps; steps > 24*int64(len(in))+100 {
					t.Errorf("client, %s: %d steps for %d octets", name, steps, len(in))
				}
				return st.Steps - before.Steps
			})
		}
		checkAllocated(t, "client, "+name, of, func() func(string) {
			c := client()
			return func(in string) { c.feed(in) }
		})
	}
}
