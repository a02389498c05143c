package imapclient_test

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mailwire/mailwire/imapwire/engine"
	"github.com/mailwire/mailwire/imapwire/imapclient"
)

var update = flag.Bool("update", false, "write what the transcripts should be")

// play plays the server and the application of a transcript: lines that start
// with "S: " are fed, with "> " they are commands and calls. It returns all
// lines, with what the Conn did in place of "C: " and "E: ". A "S: " line that
// ends in "\" has no line end.
func play(t fataler, text string, cut int) []string { return playReusing(t, text, cut, false) }

// playReusing is play with or without Options.Reuse.
func playReusing(t fataler, text string, cut int, reuse bool) []string {
	opt := imapclient.Options{Security: engine.Security{Loopback: true}, PlaintextAuth: engine.PlaintextLoopback, Reuse: reuse}
	p := newPlayer(t, opt)
	p.cut = cut
	p.work()
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, "\n")
		kind, arg, _ := strings.Cut(line, " ")
		switch kind {
		case "C:", "E:":
			continue
		case "S:", ">", "#":
			p.settle()
			p.log = append(p.log, line)
		case "":
			p.settle()
			p.log = append(p.log, "")
			// A new conversation.
			next := newPlayer(t, opt)
			next.log, next.cut = p.log, cut
			p = next
			continue
		default:
			t.Fatalf("%q", line)
		}
		switch kind {
		case "S:":
			if body, ok := strings.CutSuffix(arg, `\`); ok {
				p.feed(strings.NewReplacer(`\r`, "\r", `\n`, "\n").Replace(body))
			} else {
				p.feed(arg + "\r\n")
			}
		case ">":
			p.act(arg)
		}
	}
	p.settle()
	return p.log
}

// TestTranscripts plays each file in testdata and compares what the engine
// sends and reports, with the server's octets in pieces of every size up to 9
// (invariant 1), and with Options.Reuse.
func TestTranscripts(t *testing.T) {
	files, err := filepath.Glob("testdata/*.session")
	if err != nil || len(files) == 0 {
		t.Fatalf("no transcripts: %v", err)
	}
	for _, file := range files {
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		got := play(t, string(b), 0)
		if *update {
			if err := os.WriteFile(file, []byte(strings.Join(got, "\n")+"\n"), 0o644); err != nil {
				t.Fatal(err)
			}
			continue
		}
		if d := cmp.Diff(strings.Split(strings.TrimSuffix(string(b), "\n"), "\n"), got); d != "" {
			t.Errorf("%s (-want +got):\n%s", file, d)
		}
		for cut := 1; cut < 10; cut++ {
			if d := cmp.Diff(got, play(t, string(b), cut)); d != "" {
				t.Fatalf("%s in pieces of %d (-whole +pieces):\n%s", file, cut, d)
			}
			if d := cmp.Diff(got, playReusing(t, string(b), cut, true)); d != "" {
				t.Fatalf("%s in pieces of %d, records reused (-owned +reused):\n%s", file, cut, d)
			}
		}
	}
}
