package threats_test

import (
	"runtime"
	"testing"

	"github.com/mailwire/mailwire/imapwire"
	"github.com/mailwire/mailwire/imapwire/engine"
	"github.com/mailwire/mailwire/imapwire/imapclient"
	"github.com/mailwire/mailwire/imapwire/imapserver"
)

// heldLimits are limits so low that every state of the parsers can be tried.
func heldLimits() imapwire.Limits {
	return imapwire.Limits{
		Line: 512, LinePreAuth: 256, Literal: 128, LiteralPreAuth: 64, Literals: 256, LiteralsPreAuth: 128, Tag: 16, SASLLine: 200,
		Bad: 1 << 30, BadPreAuth: 1 << 30, SASLSteps: 1 << 30,
		ResponseLine: 512, ResponseLinePreAuth: 256, ResponseLiteral: 128, ResponseLiteralPreAuth: 64, ResponseLiterals: 256, ResponseLiteralsPreAuth: 128,
	}
}

// mostHeld is what an engine may hold of input under limits: a frame, in a buffer
// that has grown to twice of it at most; and at a client as much again, which
// waits for the rest of a response that a line end has cut.
func mostHeld(line, literals int, client bool) int64 {
	n := 2 * (line + literals)
	if client {
		n += line + literals
	}
	return int64(n) + 512
}

// heldFills are octets that may keep a parser where it is.
var heldFills = []byte{'x', '(', ' ', '"', '{', '1', '\\', 0xff, '\r', '\n'}

// heldStarts are commands and responses whose starts are the states.
var heldStarts = map[bool][]string{
	false: {
		"a LOGIN \"u\\\"\" {3+}\r\nabc\r\n", "a AUTHENTICATE X-TWO\r\nAAAA\r\n*\r\n", "a ID (\"x\" \"y\" \"z\" NIL)\r\n", "a SELECT \"&AOk-\" (X (1))\r\n", "a LIST (X) \"\" (\"*\" {1+}\r\nx) RETURN (STATUS (MESSAGES))\r\n",
		"a APPEND x (\\Seen k) \"23-Nov-2026 12:00:00 +0000\" {3+}\r\nabc {2+}\r\nde\r\n", "a APPEND x UTF8 (~{3+}\r\nabc)\r\n", "a IDLE\r\nDONE\r\n", "a UID SEARCH RETURN (MIN) CHARSET UTF-8 (OR NOT SUBJECT {1+}\r\nx 1:*,3 (ALL))\r\n",
		"a UID FETCH 1:*,3 (FLAGS BODY.PEEK[1.2.HEADER.FIELDS (x \"y\")]<0.9>)\r\n", "a STORE 1,2 +FLAGS.SILENT (\\Seen k)\r\n", "a XYZ {3}\r\n", "a XYZ {60+}\r\nabc", "a XYZ {1+}\r\nx {1+}\r\ny ((\r\n", "a ENABLE X Y\r\n", "a XYZ {999999+}\r\nabc", "a (\n{3+}\r\nabc\r\n",
	},
	true: {
		"* OK [CAPABILITY IMAP4rev1 X] hi\r\n", "* 1 FETCH (UID 7 FLAGS (\\Seen) BODY[1.MIME] {5}\r\nhello ENVELOPE (\"x\" {1}\r\ny ((NIL NIL \"a\" \"b\")) NIL NIL NIL NIL NIL NIL NIL))\r\n",
		"* LIST (\\X) \"/\" \"&AOk-\" (\"X\" (1))\r\n", "* LIST () \"/\" \"a\r\nb\"\r\n", "* 1 FETCH (BODY[] {3}\r\nabc\r\n UID 1)\r\n", "*\r\n LIST () \"/\" x\r\n", "* FLAGS (a\r\n b)\r\n", "* ESEARCH (TAG \"A1\") UID ALL 1:3,9\r\n", "* SEARCH 1 2 3\r\n", "* VANISHED (EARLIER) 1:3\r\n",
		"* STATUS {1}\r\nx (MESSAGES 1 X (2))\r\n", "A9 OK [COPYUID 1 1:2 3:4] x\r\n", "+ go on\r\n", "* XYZ {60}\r\nabc", "* XYZ {1}\r\nx {1}\r\ny ((\r\n", "* XYZ {999999}\r\nabc", "* 1 FETCH (BODYSTRUCTURE ((\"a\" \"b\" (\"c\" \"d\") NIL NIL \"7bit\" 1) \"mixed\"))\r\n", "* NAMESPACE ((\"\" \"/\" \"X\" (\"y\"))) NIL NIL\r\n", "* ID (\"x\" {1}\r\ny)\r\n", "* BYE\r\n",
	},
}

// TestHeldIMAP: invariant 7, threats M1, M3, M4, M5 and P3. In every state that a
// command or response can leave a parser in, and with every octet that may keep
// it there, an engine holds what its limits say, before and behind login, at both
// sides.
func TestHeldIMAP(t *testing.T) {
	const pieces = 2 // each is more than a frame may have
	l := heldLimits()
	tried := 0
	for client, starts := range heldStarts {
		for _, start := range starts {
			for n := range len(start) + 1 {
				if testing.Short() && n%8 != 0 {
					continue
				}
				for _, fill := range heldFills {
					piece := rep(string([]byte{fill}), 1024)
					for _, before := range []bool{true, false} {
						tried++
						var st engine.Stats
						if client {
							state := imapclient.StateSelected
							if before {
								state = imapclient.StateNotAuthenticated
							}
							c := imapClientIn(t, imapclient.Options{Limits: l}, state)
							c.quiet = true
							c.feed(start[:n])
							for i := 0; i < pieces && c.c.Want() == engine.WantInput; i++ {
								c.feed(piece)
							}
							st = c.c.Stats()
						} else {
							state := imapserver.StateSelected
							if before {
								state = imapserver.StateNotAuthenticated
							}
							opt := imapLocal()
							opt.Limits = l
							s := imapServerIn(t, opt, state)
							s.quiet = true
							s.feed(start[:n])
							for i := 0; i < pieces && s.c.Want() == engine.WantInput; i++ {
								s.feed(piece)
							}
							st = s.c.Stats()
						}
						line, literals := l.Line, l.Literals
						if before && n < len(start) {
							line, literals = l.LinePreAuth, l.LiteralsPreAuth
						}
						if most := mostHeld(line, literals, client); st.MaxRetained > most {
							t.Fatalf("client %v, before login %v, %q and %q: %d octets held, %d at most", client, before, start[:n], fill, st.MaxRetained, most)
						}
					}
				}
			}
		}
	}
	if tried < 1000 {
		t.Errorf("only %d states were tried", tried)
	}
}

// TestHeldDefaultsIMAP: invariant 7, threats M1, M4, M5 and M8. The same for a
// client with its default limits and a MiB of each octet.
func TestHeldDefaultsIMAP(t *testing.T) {
	l, err := imapwire.Limits{}.WithDefaults()
	if err != nil {
		t.Fatal(err)
	}
	// Line ends make responses of it, which are another test's.
	fills := []byte{'x', '(', ' ', '1', '"', '{', 0}
	if testing.Short() {
		fills = []byte{'x', '('}
	}
	for _, before := range []bool{true, false} {
		state, line, literals := imapclient.StateSelected, l.ResponseLine, l.ResponseLiterals
		if before {
			state, line, literals = imapclient.StateNotAuthenticated, l.ResponseLinePreAuth, l.ResponseLiteralsPreAuth
		}
		for _, start := range []string{"", "* ", "A", "* OK [", "* LIST () \"/\" \"", "* SEARCH", "* VANISHED 1", "* ESEARCH ALL 1", "* 1 FETCH (BODYSTRUCTURE ", "* XYZ {60000}\r\n", "* XYZ {9223372036854775807}\r\n", "* 1 FETCH (BODY[] {9223372036854775807}\r\n", "* 1 FETCH (UID 1 BODY[] {0}\r\n"} {
			for _, fill := range fills {
				piece := rep(string([]byte{fill}), 64<<10)
				c := imapClientIn(t, imapclient.Options{Limits: l}, state)
				c.quiet = true
				c.feed(start)
				for i := 0; i <= 1<<20 && c.c.Want() == engine.WantInput; i += len(piece) {
					c.feed(piece)
				}
				if st := c.c.Stats(); st.MaxRetained > mostHeld(line, literals, true) {
					t.Errorf("before login %v, %q and %q: %d octets held", before, start, fill, st.MaxRetained)
				}
			}
		}
	}
}

// TestHeldConnectionsIMAP: threats M1 and M4. Strangers who open connections and
// stop in the middle of a line of parentheses, or of a literal that they have
// announced, cost memory that Limits.LinePreAuth bounds, with everything that a
// connection has.
func TestHeldConnectionsIMAP(t *testing.T) {
	const n = 64
	l, err := imapwire.Limits{}.WithDefaults()
	if err != nil {
		t.Fatal(err)
	}
	for _, in := range []string{"a NOOP " + rep("(", 8000) + rep(")", 8000), "a LOGIN {4096+}\r\n", "a LOGIN u {4096}\r\n", "a XYZ" + rep(" {1+}\r\nx", 8) + "(((("} {
		conns := make([]*imapserver.Conn, n)
		var before, after runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&before)
		for i := range conns {
			opt := imapLocal()
			s := newIMAPServer(t, opt)
			s.feed(in)
			if len(s.errs) > 0 {
				t.Fatalf("%.20q: %v", in, s.errs)
			}
			conns[i] = s.c
		}
		runtime.GC()
		runtime.ReadMemStats(&after)
		each := (int64(after.HeapAlloc) - int64(before.HeapAlloc)) / n
		if most := int64(2*l.LinePreAuth + 8<<10); each > most {
			t.Errorf("%.20q: %d octets for each connection, %d at most", in, each, most)
		}
		if st := conns[0].Stats(); st.BytesRetained < int64(len(in)) {
			t.Errorf("%.20q: it holds %d octets", in, st.BytesRetained)
		}
		runtime.KeepAlive(conns)
		t.Logf("%.20q: %d octets for each connection", in, each)
	}
}
