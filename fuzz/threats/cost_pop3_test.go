package threats

import (
	"strings"
	"testing"

	"github.com/mailwire/mailwire/imapwire/engine"
	"github.com/mailwire/mailwire/imapwire/sasl"
	"github.com/mailwire/mailwire/pop3wire"
	"github.com/mailwire/mailwire/pop3wire/pop3client"
	"github.com/mailwire/mailwire/pop3wire/pop3server"
)

// feedServer gives a server of no limits to speak of input octet by octet, and
// returns its counters. The application answers everything.
func feedServer(in string) engine.Stats {
	opt := openPop()
	opt.Limits = pop3wire.Limits{Bad: 1 << 30, BadPreAuth: 1 << 30, SASLSteps: 1 << 30}
	c, err := pop3server.New(popStart, opt)
	if err != nil {
		panic(err)
	}
	for i := range len(in) {
		if err := c.Feed(popStart, []byte{in[i]}); err != nil {
			panic(err)
		}
		answer(c)
		for !c.Output().Empty() {
			c.Flush(popStart, discard{})
			answer(c)
		}
	}
	return c.Stats()
}

// answer takes the events of a server and answers what is asked.
func answer(c *pop3server.Conn) {
	for ev := c.Next(); ev != nil; ev = c.Next() {
		var err error
		switch ev := ev.(type) {
		case *pop3server.Login:
			err = c.Done(ev.ID, yes(""))
		case *pop3server.Auth:
			err = c.Challenge(ev.ID, nil)
		case *pop3server.AuthResponse:
			if !ev.Cancelled {
				err = c.Challenge(ev.ID, nil)
			}
		case *pop3server.Command:
			err = c.Done(ev.ID, yes(""))
		}
		if err != nil {
			panic(err)
		}
	}
}

type discard struct{}

func (discard) Write(p []byte) (int, error) { return len(p), nil }

// feedClient gives a client that sent a command, behind a login, the answer octet by
// octet, and returns its counters.
func feedClient(said string, commands ...pop3wire.Command) engine.Stats {
	c, err := pop3client.New(popStart, pop3client.Options{Security: insideTLS})
	if err != nil {
		panic(err)
	}
	feed := func(s string) {
		for i := range len(s) {
			c.Flush(popStart, discard{})
			if err := c.Feed(popStart, []byte{s[i]}); err != nil {
				panic(err)
			}
			for c.Next() != nil {
			}
		}
	}
	feed("+OK\r\n")
	for _, cmd := range append([]pop3wire.Command{&pop3wire.User{Name: "u"}, &pop3wire.Pass{Password: "p"}, &pop3wire.Capa{}}, commands...) {
		if _, err := c.Send(cmd); err != nil {
			panic(err)
		}
	}
	feed("+OK\r\n+OK\r\n+OK\r\nPIPELINING\r\n.\r\n")
	feed(said)
	return c.Stats()
}

// popCosts are the families of POP3: each feeds some octets for each of n, octet by
// octet.
var popCosts = map[string]func(n int) engine.Stats{
	"server: a line":             func(n int) engine.Stats { return feedServer(strings.Repeat("x", n)) },
	"server: CR":                 func(n int) engine.Stats { return feedServer(strings.Repeat("\r", n)) },
	"server: line ends":          func(n int) engine.Stats { return feedServer(strings.Repeat("\n", n)) },
	"server: spaces":             func(n int) engine.Stats { return feedServer("USER " + strings.Repeat(" ", n)) },
	"server: commands":           func(n int) engine.Stats { return feedServer("USER u\r\nPASS p\r\n" + strings.Repeat("NOOP\r\n", n)) },
	"server: malformed commands": func(n int) engine.Stats { return feedServer(strings.Repeat("LIST x\r\n", n)) },
	"server: long lines":         func(n int) engine.Stats { return feedServer(strings.Repeat(strings.Repeat("x", 300)+"\r\n", n/10)) },
	"server: names":              func(n int) engine.Stats { return feedServer(strings.Repeat("USER u\r\n", n)) },
	"server: capabilities":       func(n int) engine.Stats { return feedServer(strings.Repeat("CAPA\r\n", n)) },
	"server: an exchange":        func(n int) engine.Stats { return feedServer("AUTH X-TWO\r\n" + strings.Repeat("AAAA\r\n", n)) },
	"server: initial responses":  func(n int) engine.Stats { return feedServer(strings.Repeat("AUTH PLAIN AAAA\r\n*\r\n", n)) },

	"client: a body of dots": func(n int) engine.Stats {
		return feedClient("+OK\r\n"+strings.Repeat("..\r\n", n)+".\r\n", &pop3wire.Retr{Num: 1})
	},
	"client: a body of CR": func(n int) engine.Stats {
		return feedClient("+OK\r\n"+strings.Repeat(".\r", n), &pop3wire.Retr{Num: 1})
	},
	"client: a line":    func(n int) engine.Stats { return feedClient("+OK "+strings.Repeat("x", n), &pop3wire.Noop{}) },
	"client: a listing": func(n int) engine.Stats { return feedClient("+OK\r\n"+strings.Repeat("1 2\r\n", n), &pop3wire.List{}) },
	"client: a listing of many spaces": func(n int) engine.Stats {
		return feedClient("+OK\r\n"+strings.Repeat("1"+strings.Repeat(" ", 100)+"2\r\n", n/10), &pop3wire.List{})
	},
	"client: a malformed listing": func(n int) engine.Stats { return feedClient("+OK\r\n"+strings.Repeat("x\r\n", n), &pop3wire.Uidl{}) },
	"client: capabilities":        func(n int) engine.Stats { return feedClient("+OK\r\n"+strings.Repeat("X y\r\n", n), &pop3wire.Capa{}) },
	"client: a greeting of brackets": func(n int) engine.Stats {
		// As long as a line may be, again and again.
		line := strings.Repeat("<", 500)
		for range n / 100 {
			pop3wire.ParseGreeting([]byte("+OK " + line))
		}
		return engine.Stats{}
	},
	"client: commands": func(n int) engine.Stats {
		cmds := make([]pop3wire.Command, n)
		for i := range cmds {
			cmds[i] = &pop3wire.Noop{}
		}
		return feedClient(strings.Repeat("+OK\r\n", n), cmds...)
	},

	"transcript": func(n int) engine.Stats {
		tr := pop3wire.Transcript{Line: func(bool, []byte) {}}
		for range n {
			tr.Client([]byte("NOOP\r\nAUTH X\r\n"))
			tr.Server([]byte("+OK\r\n+ \r\n-ERR\r\n"))
		}
		return engine.Stats{}
	},
	"dots": func(n int) engine.Stats {
		var s pop3wire.Stuffer
		var u pop3wire.Unstuffer
		wire, _ := s.Append(nil, []byte(strings.Repeat(".\r\n", n)))
		for wire = s.Close(wire); len(wire) > 0; {
			_, used, done := u.Next(wire)
			if wire = wire[used:]; done {
				break
			}
		}
		return engine.Stats{}
	},
	"SASL: attributes of SCRAM": func(n int) engine.Stats {
		// Longer messages are refused by their size alone.
		message := []byte("n,,n=u,r=x" + strings.Repeat(",x=y", 2000))
		for range n / 100 {
			s, err := saslServer().Server(sasl.ScramSHA256)
			if err != nil {
				panic(err)
			}
			s.Step(message)
		}
		return engine.Stats{}
	},
}

// TestCostPOP3: threats C1, C12 and C13, invariant 8. Octet by octet, ten times the
// input costs no more than twelve times the steps and the memory that is allocated,
// and a step looks at an octet twice at most. What is held does not grow.
func TestCostPOP3(t *testing.T) {
	sizes := []int{300, 3_000, 30_000}
	if testing.Short() {
		sizes = []int{100, 1_000}
	}
	for name, f := range popCosts {
		var last engine.Stats
		var lastSpent uint64
		for i, n := range sizes {
			var st engine.Stats
			cost := spent(func() { st = f(n) })
			if st.Steps > 2*st.BytesIn+int64(n) || i > 0 && st.Steps > 12*last.Steps || i > 0 && cost > 12*lastSpent+64<<10 {
				t.Errorf("%s, %d: %d octets allocated, %d for a tenth; %+v, then %+v", name, n, cost, lastSpent, last, st)
			}
			if st.MaxRetained > 32<<10 || st.MaxQueuedOut > 64<<10 {
				t.Errorf("%s, %d: %+v", name, n, st)
			}
			last, lastSpent = st, cost
		}
	}
	// Nothing that is fed as nothing is looked at: input of no octets and the end of
	// input make no progress, and return.
	s := newPopServer(t, openPop())
	for range 1000 {
		s.must(s.c.Feed(s.now, nil))
		s.work()
	}
	s.c.FeedEOF(s.now)
	s.c.FeedEOF(s.now)
	s.work()
	if st := s.c.Stats(); st.Steps != 0 || st.BytesIn != 0 || s.c.Want() != engine.WantNothing {
		t.Errorf("input of no octets: %+v", st)
	}
}
