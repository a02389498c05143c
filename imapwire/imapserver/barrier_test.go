package imapserver_test

import (
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/mailwire/mailwire/imapwire"
	"github.com/mailwire/mailwire/imapwire/engine"
	"github.com/mailwire/mailwire/imapwire/imapserver"
)

// TestBehindBarriers: invariant 22. A client sends commands behind a STARTTLS,
// AUTHENTICATE, IDLE or LOGOUT without waiting. However that is cut, none is
// read while the application has not answered; behind IDLE and AUTHENTICATE they
// then run in order, behind STARTTLS they come out unread, behind LOGOUT they
// die, after BYE and OK. What stands in the place of DONE is no command.
func TestBehindBarriers(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		kind := rapid.SampledFrom([]string{"IDLE", "AUTHENTICATE", "LOGOUT", "STARTTLS"}).Draw(t, "barrier")
		opt := loopback
		opt.PreAuth = kind == "IDLE"
		c, err := imapserver.New(start, opt)
		if err != nil {
			t.Fatal(err)
		}
		var out strings.Builder
		flush := func() {
			if err := c.Flush(start, &out); err != nil {
				t.Fatal(err)
			}
		}
		flush()
		out.Reset()
		accept := rapid.Bool().Draw(t, "OK")
		first, line := "a "+kind+"\r\n", ""
		switch kind {
		case "IDLE":
			line = rapid.SampledFrom([]string{"DONE\r\n", "done\r\n", "x NOOP\r\n", "DONE x\r\n", "\r\n"}).Draw(t, "line")
		case "AUTHENTICATE":
			first, line = "a AUTHENTICATE X-TWO\r\n", "AHUAcA==\r\n"
		}
		var behind strings.Builder
		var verbs []string
		for i := range rapid.IntRange(0, 4).Draw(t, "behind") {
			cmd := rapid.SampledFrom([]string{"NOOP", "CREATE x", "CREATE {1+}\r\nx", "XFOO DONE", "SELECT INBOX"}).Draw(t, "command")
			fmt.Fprintf(&behind, "b%d %s\r\n", i, cmd)
			verbs = append(verbs, strings.Fields(cmd)[0])
		}
		in := []byte(first + line + behind.String())

		// held is called when the engine waits for the application: nothing more
		// may come of what is behind.
		var ran []string
		held := func(read int) {
			for range 3 {
				if ev := c.Next(); ev != nil || c.Want() != engine.WantAnswer {
					t.Fatalf("%s: the engine goes on with %T, and wants %v", kind, ev, c.Want())
				}
			}
			if n := c.Stats().BytesIn; n != int64(read) {
				t.Fatalf("%s: %d octets read, the barrier ends at %d", kind, n, read)
			}
			if len(ran) > 0 {
				t.Fatalf("%s: %v ran", kind, ran)
			}
		}
		status := imapwire.StatusCondition{Condition: imapwire.NO, Text: "x"}
		if accept {
			status.Condition = imapwire.OK
		}
		must := func(err error) {
			if err != nil {
				t.Fatalf("%s: %v", kind, err)
			}
		}
		rest, closed := "", false
		for done := false; !done; {
			switch ev := c.Next().(type) {
			case *imapserver.Idle:
			case *imapserver.IdleDone:
				held(len(first) + len(line))
				must(c.Done(ev.ID, status))
			case *imapserver.Authenticate:
				held(len(first))
				must(c.Challenge(ev.ID, nil))
			case *imapserver.AuthResponse:
				held(len(first) + len(line))
				must(c.Done(ev.ID, status))
			case *imapserver.Command:
				ran = append(ran, ev.Cmd.Verb())
				must(c.Done(ev.ID, ok("x")))
			case *imapserver.Malformed:
				if kind != "IDLE" || strings.EqualFold(line, "DONE\r\n") {
					t.Fatalf("%s: malformed: %v", kind, ev.Err)
				}
			case *imapserver.Upgrade:
				rest = string(ev.Rest)
			case *imapserver.Closed:
				closed = true
			case nil:
				flush()
				if c.Want() != engine.WantInput || len(in) == 0 {
					done = true
					break
				}
				n := rapid.IntRange(1, len(in)).Draw(t, "cut")
				must(c.Feed(start, in[:n]))
				in = in[n:]
			default:
				t.Fatalf("%s: %T", kind, ev)
			}
		}
		answered := tags(out.String())
		switch kind {
		case "LOGOUT":
			if !closed || len(ran) > 0 || out.String() != "* BYE logging out\r\na OK LOGOUT completed\r\n" {
				t.Fatalf("%v ran, closed %v: %q", ran, closed, out.String())
			}
		case "STARTTLS":
			if c.Want() != engine.WantUpgrade || len(ran) > 0 || rest+string(in) != behind.String() || out.String() != "a OK begin TLS\r\n" {
				t.Fatalf("%v ran, rest %q, %q", ran, rest, out.String())
			}
		default:
			// Who is not logged in may not create; everybody may do nothing.
			want := verbs
			if kind == "AUTHENTICATE" && !accept {
				want = nil
				for _, v := range verbs {
					if v == "NOOP" || v == "XFOO" {
						want = append(want, v)
					}
				}
			}
			if fmt.Sprint(ran) != fmt.Sprint(want) || len(answered) != 1+len(verbs) || answered[0] != "a" {
				t.Fatalf("%s: %v ran of %v, answered %v", kind, ran, verbs, answered)
			}
			if kind == "IDLE" && !strings.EqualFold(line, "DONE\r\n") && !strings.Contains(out.String(), "\r\na BAD ") {
				t.Fatalf("%q in the place of DONE: %q", line, out.String())
			}
			for i, tag := range answered[1:] {
				if tag != fmt.Sprint("b", i) {
					t.Fatalf("%s: answered %v", kind, answered)
				}
			}
		}
	})
}

// tags are the tags of the tagged responses in what a server said.
func tags(out string) (tags []string) {
	for l := range strings.Lines(out) {
		if tag, _, _ := strings.Cut(l, " "); tag != "*" && tag != "+" {
			tags = append(tags, tag)
		}
	}
	return tags
}
