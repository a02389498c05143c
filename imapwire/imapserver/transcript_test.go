package imapserver_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestTranscripts plays the client of each file in testdata and compares what
// the server says. Lines start with "C: " or "S: "; "# " is a comment.
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
		s := newScript(t, loopback)
		var got, want []string
		take := func() {
			s.work()
			for l := range strings.Lines(s.out.String()) {
				got = append(got, "S: "+strings.TrimRight(l, "\r\n"))
			}
			s.out.Reset()
		}
		take()
		for line := range strings.Lines(string(b)) {
			line = strings.TrimRight(line, "\n")
			switch {
			case strings.HasPrefix(line, "# "), line == "":
			case strings.HasPrefix(line, "C: "):
				want, got = append(want, line), append(got, line)
				s.feed(line[3:] + "\r\n")
				take()
			case strings.HasPrefix(line, "S: "):
				want = append(want, line)
			default:
				t.Fatalf("%s: %q", file, line)
			}
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("%s (-want +got):\n%s", file, d)
		}
	}
}
