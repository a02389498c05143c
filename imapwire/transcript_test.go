package imapwire_test

import (
	"encoding/base64"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/mailwire/mailwire/imapwire"
)

// conversation feeds lines that start with "C: " or "S: ", in chunks of at
// most n octets, and returns what the transcript shows.
func conversation(n int, parts ...string) (lines []string) {
	tr := imapwire.Transcript{Line: func(server bool, line []byte) {
		who := "C: "
		if server {
			who = "S: "
		}
		lines = append(lines, who+string(line))
	}}
	for _, p := range parts {
		feed := tr.Client
		if strings.HasPrefix(p, "S: ") {
			feed = tr.Server
		}
		b := []byte(p[3:])
		for len(b) > 0 {
			k := min(n, len(b))
			feed(b[:k])
			b = b[k:]
		}
	}
	return lines
}

func TestTranscript(t *testing.T) {
	for _, tt := range []struct {
		name  string
		parts []string
		want  []string
	}{
		{"login", []string{"C: a LOGIN u secret\r\n", "S: a OK in\r\n", "C: b NOOP\r\n"},
			[]string{"C: a LOGIN [redacted]", "S: a OK in", "C: b NOOP"}},
		{"login literals", []string{"C: a login {1}\r\n", "S: + go\r\n", "C: u {6+}\r\nsecret\r\n", "C: b NOOP\r\n"},
			[]string{"C: a login [redacted] {1}", "S: + go", "C: [redacted] {6}", "C: [redacted]", "C: b NOOP"}},
		{"login refused literal", []string{"C: a LOGIN {9999}\r\n", "S: a NO too big\r\n", "C: b LOGIN u secret\r\n"},
			[]string{"C: a LOGIN [redacted] {9999}", "S: a NO too big", "C: b LOGIN [redacted]"}},
		{"authenticate", []string{"C: a AUTHENTICATE LOGIN\r\n", "S: + VXNlcg==\r\n", "C: c2VjcmV0\r\n", "S: a OK in\r\n", "C: b NOOP\r\n"},
			[]string{"C: a AUTHENTICATE LOGIN", "S: + [redacted]", "C: [redacted]", "S: a OK in", "C: b NOOP"}},
		{"initial response", []string{"C: a AUTHENTICATE PLAIN c2VjcmV0\r\n", "S: a NO\r\n"},
			[]string{"C: a AUTHENTICATE PLAIN [redacted]", "S: a NO"}},
		{"an answer that comes too late", []string{"C: a AUTHENTICATE LOGIN\r\n", "S: + VXNlcg==\r\na NO too late\r\n", "C: dQ==\r\nc2VjcmV0\r\nb NOOP\r\n", "S: * BAD\r\n* BAD\r\nb OK\r\n", "C: x\r\n"},
			[]string{"C: a AUTHENTICATE LOGIN", "S: + [redacted]", "S: a NO too late", "C: [redacted]", "C: [redacted]", "C: b NOOP", "S: * BAD", "S: * BAD", "S: b OK", "C: x"}},
		{"append", []string{"C: a APPEND x {12}\r\n", "S: + go\r\n", "C: a LOGIN u p\n\r\n", "S: a OK\r\n"},
			[]string{"C: a APPEND x {12}", "S: + go", "C: ", "S: a OK"}},
		{"fetched literal", []string{"C: a FETCH 1 BODY[]\r\n", "S: * 1 FETCH (BODY[] {5}\r\n+ x\r\n)\r\na OK\r\n"},
			[]string{"C: a FETCH 1 BODY[]", "S: * 1 FETCH (BODY[] {5}", "S: )", "S: a OK"}},
	} {
		for _, n := range []int{1, 2, 3, 7, 1 << 20} {
			if d := cmp.Diff(tt.want, conversation(n, tt.parts...)); d != "" {
				t.Errorf("%s, chunks of %d (-want +got):\n%s", tt.name, n, d)
			}
		}
	}
}

// TestTranscriptRedaction: invariant 31. What is shown is the same for every
// secret of a length, in whatever form it is sent and however the stream is cut.
func TestTranscriptRedaction(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		secret := "pw" + rapid.StringMatching(`[a-zA-Z0-9 "\\{}+()]{6,20}`).Draw(t, "secret")
		form := rapid.IntRange(0, 9).Draw(t, "form")
		n := rapid.IntRange(1, 40).Draw(t, "chunk")
		spell := rapid.SampledFrom([]func(string) string{strings.ToUpper, strings.ToLower, func(s string) string { return s }}).Draw(t, "case")
		login, authenticate := spell("Login"), spell("Authenticate")
		show := func(secret string) string {
			quoted := `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(secret) + `"`
			coded := base64.StdEncoding.EncodeToString([]byte("\x00u\x00" + secret))
			parts := [][]string{
				{"C: a " + login + " u " + quoted + "\r\n", "S: a OK\r\n"},
				{fmt.Sprintf("C: a %s u {%d+}\r\n%s\r\n", login, len(secret), secret), "S: a OK\r\n"},
				{"C: a " + login + " {1}\r\n", "S: + \r\n", fmt.Sprintf("C: u {%d}\r\n", len(secret)), "S: + \r\n", "C: " + secret + "\r\n", "S: a OK\r\n"},
				{"C: a " + login + " {1+}\r\nu " + quoted + "\r\n", "S: a OK\r\n"},
				{"C: a " + login + " {1}\r\n", "S: + \r\n", "C: u " + quoted + "\r\n", "S: a NO\r\n"},
				{fmt.Sprintf("C: a %s %s {%d+}\r\n%s\r\n", login, quoted, len(secret), secret), "S: a OK\r\n"},
				{"C: a " + authenticate + " PLAIN " + coded + "\r\n", "S: a OK\r\n"},
				{"C: a " + authenticate + " PLAIN\r\n", "S: + \r\n", "C: " + coded + "\r\n", "S: a OK\r\n"},
				{"C: a " + authenticate + " X\r\n", "S: + " + coded + "\r\n", "C: " + coded + "\r\n", "S: a OK\r\n"},
				{"C: a " + authenticate + " PLAIN\r\n", "S: + \r\na NO\r\n", "C: " + coded + "\r\n", "S: * BAD\r\n"},
			}[form]
			parts = append(append([]string{"C: z NOOP\r\n", "S: z OK\r\n"}, parts...), "C: b NOOP\r\n", "S: b OK\r\n")
			return strings.Join(conversation(n, parts...), "\n")
		}
		got := show(secret)
		if want := show(strings.Repeat("x", len(secret))); got != want {
			t.Fatalf("something of %q shows in\n%s\nwhich for another secret is\n%s", secret, got, want)
		}
		if !strings.HasPrefix(got, "C: z NOOP\nS: z OK\n") || !strings.HasSuffix(got, "C: b NOOP\nS: b OK") {
			t.Fatalf("other lines changed:\n%s", got)
		}
	})
}
