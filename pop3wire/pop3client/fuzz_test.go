package pop3client_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/mailwire/mailwire/imapwire/engine"
	"github.com/mailwire/mailwire/pop3wire"
	"github.com/mailwire/mailwire/pop3wire/pop3client"
)

// FuzzConn: invariants 1, 7, 12, 25 and 32 for a client. Whatever a server says,
// cut anywhere: the engine waits or ends, holds no more than its limits, ends
// every command once, tells no message or listing as whole that has no end, and
// says the same however the octets of a line came.
func FuzzConn(f *testing.F) {
	files, err := filepath.Glob("testdata/*.session")
	if err != nil || len(files) == 0 {
		f.Fatalf("no seeds: %v", err)
	}
	for _, file := range files {
		b, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		for conversation := range strings.SplitSeq(string(b), "\n\n") {
			var said strings.Builder
			for line := range strings.Lines(conversation) {
				if s, ok := strings.CutPrefix(strings.TrimRight(line, "\n"), "S: "); ok {
					said.WriteString(unescape.Replace(s) + "\r\n")
				}
			}
			f.Add(said.String(), uint8(3), uint8(0))
		}
	}
	for set := range uint8(16) {
		f.Add("+OK\r\n+OK\r\nPIPELINING\r\nSASL PLAIN\r\n.\r\n+OK\r\n+OK\r\n1 a\r\n2  b\r\n.\r\n+OK\n..x\n.\n+OK 2 320\r\n-ERR\r\n+OK\r\n", uint8(set), set)
		f.Add("+OK\r\n+ \r\n+ c2VjcmV0\r\n+OK\r\n\r\n-ERR [AUTH] no\r\n", uint8(set), set)
	}
	f.Fuzz(func(t *testing.T, in string, size, set uint8) {
		opt := pop3client.Options{PlaintextAuth: engine.PlaintextAlways, APOP: engine.PlaintextAlways, Strict: set&1 != 0}
		if set&2 != 0 {
			opt.Tolerate = pop3client.BlankLines
		}
		commands := []pop3wire.Command{&pop3wire.Capa{}, &pop3wire.User{Name: "ada"}, &pop3wire.Pass{Password: "secret"}}
		if set&4 != 0 {
			auth := &pop3wire.Auth{Mechanism: "PLAIN"}
			if set&8 != 0 {
				auth.Initial, auth.HasInitial = "\x00ada\x00secret", true
			}
			commands = []pop3wire.Command{auth}
		} else if set&8 != 0 {
			commands = append(commands, &pop3wire.Capa{})
		}
		commands = append(commands,
			&pop3wire.Uidl{}, &pop3wire.Retr{Num: 1}, &pop3wire.Stat{}, &pop3wire.List{Num: 2}, &pop3wire.List{}, &pop3wire.Top{Num: 2, Lines: 1},
			&pop3wire.Lang{}, &pop3wire.Auth{}, &pop3wire.Dele{Num: 1}, &pop3wire.Quit{}, &pop3wire.Noop{})
		run := func(whole bool, size int) *player {
			p := newPlayer(t, opt)
			p.cut = size
			for _, cmd := range commands {
				if _, err := p.c.Send(cmd); err != nil {
					t.Fatal(err)
				}
			}
			// An answer that comes with the one before it came before its
			// question, unless that was sent ahead: that much depends on when
			// octets come.
			pieces := strings.SplitAfter(in, "\n")
			if whole {
				pieces = []string{in}
			}
			for _, piece := range pieces {
				p.feed(piece)
				if n := len(p.log); n > 0 && strings.HasPrefix(p.log[n-1], "E: challenge") {
					p.ids["AUTH"] = 1
					p.act("RESPOND x")
				}
			}
			p.act("EOF")
			return p
		}
		lines, cut := run(false, 0), run(false, int(size)+1)
		if a, b := strings.Join(lines.log, "\n"), strings.Join(cut.log, "\n"); a != b {
			t.Fatalf("in pieces of %d:\n%s\nline by line:\n%s", int(size)+1, b, a)
		}
		for _, p := range []*player{lines, run(true, 0)} {
			log := strings.Join(p.log, "\n")
			if n := len(p.lines("E: done")); n != len(commands) {
				t.Fatalf("%d of %d commands are done:\n%s", n, len(commands), log)
			}
			if n := len(p.lines("E: closed")); n != 1 || !strings.HasPrefix(p.log[len(p.log)-1], "E: closed") {
				t.Fatalf("closed %d times:\n%s", n, log)
			}
			if strings.Count(log, ", top ") != strings.Count(log, " is \"") && !strings.Contains(in, " is \"") && !strings.Contains(in, ", top ") {
				t.Fatalf("bodies without ends:\n%s", log)
			}
			if s := p.c.Stats(); s.MaxRetained > 96<<10 || s.MaxQueuedOut > 16<<10 || s.BytesIn > int64(len(in)) || s.Steps > 2*s.BytesIn {
				t.Fatalf("%+v", s)
			}
			// A challenge is the server's own, in base64 until here.
			for _, line := range p.lines("E: ") {
				if strings.Contains(line, "secret") && !strings.HasPrefix(line, "E: challenge") && !strings.Contains(in, "secret") {
					t.Fatalf("a secret shows:\n%s", log)
				}
			}
			if p.c.Want() != engine.WantNothing || !p.c.Deadline().IsZero() {
				t.Fatalf("wants %v", p.c.Want())
			}
		}
	})
}
