package pop3client_test

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mailwire/mailwire/pop3wire/pop3client"
)

var update = flag.Bool("update", false, "write what the transcripts should be")

// sessionOptions are those that the first line of a conversation may ask for, as
// "> OPTIONS name…".
func sessionOptions(t fataler, names string) pop3client.Options {
	opt := loopback
	for name := range strings.FieldsSeq(names) {
		switch name {
		case "strict":
			opt.Strict = true
		case "blank":
			opt.Tolerate = pop3client.BlankLines
		case "tls":
			opt.RequireTLS = true
		case "default":
			opt = pop3client.Options{}
		case "short":
			opt.Limits.SASLLine, opt.Limits.Line, opt.Limits.ResponseLine, opt.Limits.SASLSteps, opt.Limits.Capabilities = 60, 60, 40, 2, 2
		default:
			t.Fatalf("option %s", name)
		}
	}
	return opt
}

// play plays the server and the application of a transcript: lines that start
// with "S: " are fed, with "> " they are commands and calls. It returns all
// lines, with what the Conn did in place of "C: " and "E: ". A "S: " line that
// ends in "\" has no line end, and may have others.
func play(t fataler, text string, cut int) []string {
	p := newPlayer(t, loopback)
	p.cut = cut
	p.work()
	for text := range strings.Lines(text) {
		text = strings.TrimRight(text, "\n")
		kind, arg, _ := strings.Cut(text, " ")
		switch kind {
		case "C:", "E:":
			continue
		case "S:", ">", "#":
			p.log = append(p.log, text)
		case "":
			// A new conversation.
			next := newPlayer(t, loopback)
			next.log, next.cut = append(p.log, ""), cut
			p = next
			continue
		default:
			t.Fatalf("%q", text)
		}
		switch kind {
		case "S:":
			if body, ok := strings.CutSuffix(arg, `\`); ok {
				p.feed(unescape.Replace(body))
			} else {
				p.feed(unescape.Replace(arg) + "\r\n")
			}
		case ">":
			if names, ok := strings.CutPrefix(arg, "OPTIONS "); ok {
				next := newPlayer(t, sessionOptions(t, names))
				next.log, next.cut = p.log, cut
				p = next
				continue
			}
			p.act(arg)
		}
	}
	return p.log
}

// TestTranscripts plays each file in testdata and compares what the engine sends
// and reports, with the server's octets in pieces of every size up to 9
// (invariant 1).
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
		}
	}
}
