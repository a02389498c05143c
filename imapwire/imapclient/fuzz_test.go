package imapclient_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/mailwire/mailwire/imapwire"
	"github.com/mailwire/mailwire/imapwire/engine"
	"github.com/mailwire/mailwire/imapwire/imapclient"
)

// FuzzConn: invariants 1, 7 and 12 for a client. Whatever a server says, cut
// anywhere: the engine waits or ends, holds no more than its limits, ends every
// command once, and says the same however the octets of a line came.
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
					said.WriteString(s + "\r\n")
				}
			}
			f.Add(said.String(), uint8(3))
		}
	}
	for _, said := range []string{"* OK\r\n* FLAGS (a )\n", "* OK x\r\nA1 OK\r\nA2 OK\r\n* 1 FETCH (UID 7 BODY[] {3}\r\nabc\r\n FLAGS(a))\r\n* BYE\r\n* BYE\r\n", "* OK x\r\nA1 OK\r\nA2 OK\r\n* 1 FETCH (X {3}\r\nabc\r\n BODYSTRUCTURE (x))\r\n"} {
		f.Add(said, uint8(1))
	}
	commands := []imapwire.Command{
		&imapwire.Login{User: "ada", Password: "secret"},
		&imapwire.Select{Mailbox: "INBOX"},
		&imapwire.Append{Mailbox: "INBOX", Messages: []imapwire.AppendMessage{{Size: 5, Content: strings.NewReader("hello")}}},
		&imapwire.UnknownCommand{Name: "X", Args: " {2}\r\nab c"},
		&imapwire.Noop{},
		&imapwire.Idle{},
	}
	f.Fuzz(func(t *testing.T, in string, size uint8) {
		// Half of the inputs meet all that can be tolerated.
		var tolerate imapwire.Tolerances
		if len(in)%2 == 1 {
			tolerate = everyTolerance()
		}
		run := func(whole bool, size int) *player {
			p := newPlayer(t, imapclient.Options{PlaintextAuth: engine.PlaintextAlways, Tolerate: tolerate})
			p.cut = size
			for _, cmd := range commands {
				if a, ok := cmd.(*imapwire.Append); ok {
					a.Messages[0].Content = strings.NewReader("hello")
				}
				if _, err := p.c.Send(cmd); err != nil {
					t.Fatal(err)
				}
			}
			// An answer that comes with the one before it may come before the rest
			// of its command was sent: that much depends on when octets come.
			pieces := strings.SplitAfter(in, "\n")
			if whole {
				pieces = []string{in}
			}
			for _, piece := range pieces {
				p.feed(piece)
			}
			p.act("EOF")
			p.settle()
			return p
		}
		lines, cut := run(false, 0), run(false, int(size)+1)
		if a, b := strings.Join(events(lines), "\n"), strings.Join(events(cut), "\n"); a != b {
			t.Fatalf("in pieces of %d:\n%s\nline by line:\n%s", int(size)+1, b, a)
		}
		for _, p := range []*player{lines, run(true, 0)} {
			done := 0
			for _, line := range p.log {
				if strings.HasPrefix(line, "E: done") {
					done++
				}
			}
			if done != len(commands) {
				t.Fatalf("%d of %d commands are done:\n%s", done, len(commands), strings.Join(p.log, "\n"))
			}
			if s := p.c.Stats(); s.MaxRetained > 4<<20 || s.MaxQueuedOut > 64<<10 {
				t.Fatalf("%d octets retained, %d queued", s.MaxRetained, s.MaxQueuedOut)
			}
		}
	})
}

// events are the lines of the log that tell events: how these mix with what is
// sent depends on how the input came. Only where input arrived with it is an
// Upgrade not told, and the Feed that comes too late refused.
func events(p *player) []string {
	var list []string
	for _, line := range p.log {
		if strings.HasPrefix(line, "E: ") && line != "E: upgrade TLS" && !strings.HasPrefix(line, "E: feed") {
			list = append(list, line)
		}
	}
	return list
}
