package pop3wire_test

import (
	"encoding/base64"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/mailwire/mailwire/imapwire/engine"
	"github.com/mailwire/mailwire/pop3wire"
)

// conversation feeds lines that start with "C: " or "S: ", in chunks of at most
// n octets, and returns what the transcript shows.
func conversation(n int, parts ...string) (lines []string) {
	tr := pop3wire.Transcript{Line: func(server bool, line []byte) {
		who := "C: "
		if server {
			who = "S: "
		}
		lines = append(lines, who+string(line))
	}}
	tr.Server([]byte("+OK hello\r\n"))
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
	return lines[1:]
}

func TestTranscript(t *testing.T) {
	for _, tt := range []struct {
		name  string
		parts []string
		want  []string
	}{
		{"login", []string{"C: USER u\r\n", "S: +OK\r\n", "C: PASS two words\r\n", "S: +OK in\r\n", "C: STAT\r\n", "S: +OK 0 0\r\n"},
			[]string{"C: USER u", "S: +OK", "C: PASS [redacted]", "S: +OK in", "C: STAT", "S: +OK 0 0"}},
		{"login, pipelined", []string{"C: user u\r\npass secret\r\nSTAT\r\n", "S: +OK\r\n-ERR no\r\n-ERR\r\n"},
			[]string{"C: user u", "C: pass [redacted]", "C: STAT", "S: +OK", "S: -ERR no", "S: -ERR"}},
		{"apop", []string{"C: APOP mrose " + digest + "\r\n", "S: +OK\r\n"}, []string{"C: APOP mrose [redacted]", "S: +OK"}},
		{"apop without a digest", []string{"C: APOP secret\r\n", "S: -ERR\r\n"}, []string{"C: APOP [redacted]", "S: -ERR"}},
		{"auth", []string{"C: AUTH LOGIN\r\n", "S: + VXNlcg==\r\n", "C: dQ==\r\n", "S: + UGFzcw==\r\n", "C: c2VjcmV0\r\n", "S: +OK in\r\n", "C: RETR 1\r\n", "S: +OK\r\nx\r\n.\r\n"},
			[]string{"C: AUTH LOGIN", "S: + [redacted]", "C: [redacted]", "S: + [redacted]", "C: [redacted]", "S: +OK in", "C: RETR 1", "S: +OK", "S: ."}},
		{"auth, sent ahead", []string{"C: AUTH LOGIN\r\ndQ==\r\nc2VjcmV0\r\nLIST\r\n", "S: + VXNlcg==\r\n+ \r\n+OK in\r\n+OK\r\n1 2\r\n.\r\n", "C: STAT\r\n"},
			[]string{"C: AUTH LOGIN", "C: [redacted]", "C: [redacted]", "C: [redacted]", "S: + [redacted]", "S: + ", "S: +OK in", "S: +OK", "S: 1 2", "S: .", "C: STAT"}},
		{"auth refused", []string{"C: AUTH X\r\n", "S: -ERR none\r\n", "C: USER u\r\n"}, []string{"C: AUTH X", "S: -ERR none", "C: USER u"}},
		{"initial response", []string{"C: auth plain c2VjcmV0\r\n", "S: -ERR\r\n"}, []string{"C: auth plain [redacted]", "S: -ERR"}},
		{"initial response alone", []string{"C: AUTH AHNlY3JldAAAAAAAAAAAAAAAAAA=\r\n", "S: -ERR\r\n"}, []string{"C: AUTH [redacted]", "S: -ERR"}},
		{"cancelled", []string{"C: AUTH PLAIN\r\n", "S: + \r\n", "C: *\r\n", "S: -ERR\r\n", "C: QUIT\r\n"},
			[]string{"C: AUTH PLAIN", "S: + ", "C: [redacted]", "S: -ERR", "C: QUIT"}},
		{"an answer that comes too late", []string{"C: AUTH LOGIN\r\n", "S: + VXNlcg==\r\n-ERR too late\r\n", "C: c2VjcmV0\r\nNOOP\r\n", "S: -ERR\r\n+OK\r\n"},
			[]string{"C: AUTH LOGIN", "S: + [redacted]", "S: -ERR too late", "C: [redacted]", "C: NOOP", "S: -ERR", "S: +OK"}},
		{"answers to one that is refused", []string{"C: AUTH LOGIN\r\n", "S: -ERR none\r\n", "C: dQ==\r\nc2VjcmV0\r\nNOOP\r\n", "S: -ERR\r\n-ERR\r\n+OK\r\n"},
			[]string{"C: AUTH LOGIN", "S: -ERR none", "C: [redacted]", "C: [redacted]", "C: NOOP", "S: -ERR", "S: -ERR", "S: +OK"}},
		{"no answer, and a command", []string{"C: AUTH LOGIN\r\n", "S: + \r\n-ERR too late\r\n", "C: USER u\r\nx y\r\n", "S: +OK\r\n-ERR\r\n"},
			[]string{"C: AUTH LOGIN", "S: + ", "S: -ERR too late", "C: USER u", "C: x y", "S: +OK", "S: -ERR"}},
		{"list of mechanisms", []string{"C: AUTH\r\n", "S: +OK\r\nPLAIN\r\n.\r\n", "C: NOOP\r\n"}, []string{"C: AUTH", "S: +OK", "S: PLAIN", "S: .", "C: NOOP"}},
		{"message", []string{"C: RETR 1\r\nNOOP\r\n", "S: +OK 9\r\nPASS me\r\n..\r\n.\r\n+OK\r\n"}, []string{"C: RETR 1", "C: NOOP", "S: +OK 9", "S: .", "S: +OK"}},
		{"no message", []string{"C: TOP 1 1\r\n", "S: -ERR\r\n", "C: LIST\r\n", "S: +OK\r\n1 3\r\n.\r\n"}, []string{"C: TOP 1 1", "S: -ERR", "C: LIST", "S: +OK", "S: 1 3", "S: ."}},
		{"stls", []string{"C: STLS\r\nRETR 1\r\n", "S: +OK go\r\n", "C: CAPA\r\n", "S: +OK\r\nTOP\r\n.\r\n"},
			[]string{"C: STLS", "C: RETR 1", "S: +OK go", "C: CAPA", "S: +OK", "S: TOP", "S: ."}},
		{"long lines", []string{"C: NOOP " + strings.Repeat("x", 5000) + "\r\n", "S: -ERR\n"}, []string{"C: NOOP " + strings.Repeat("x", 1024-5), "S: -ERR"}},
		{"unasked", []string{"S: +OK\r\n+ x\r\n", "C: NOOP\r\n", "S: + x\r\n+OK\r\n"}, []string{"S: +OK", "S: + x", "C: NOOP", "S: + x", "S: +OK"}},
	} {
		for _, n := range []int{1, 2, 3, 7, 1 << 20} {
			if d := cmp.Diff(tt.want, conversation(n, tt.parts...)); d != "" {
				t.Errorf("%s, chunks of %d (-want +got):\n%s", tt.name, n, d)
			}
		}
	}
}

// TestTranscriptBounded: a client that sends ahead without end costs a bounded
// memory, and its secrets do not show.
func TestTranscriptBounded(t *testing.T) {
	got := conversation(1000, "C: "+strings.Repeat("NOOP\r\n", 5000)+"PASS secret\r\nAUTH X c2VjcmV0\r\n", "S: +OK\r\n")
	if n := len(got); got[n-1] != "S: [redacted]" || got[n-2] != "C: [redacted]" || got[n-3] != "C: [redacted]" || got[4095] != "C: NOOP" || got[4096] != "C: [redacted]" {
		t.Errorf("%q", got[n-3:])
	}
}

// TestTranscriptRedaction: invariant 31, threat S13. What is shown is the same for
// every secret of a length, in whatever form it is sent and however the stream is cut.
func TestTranscriptRedaction(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		secret := "pw" + rapid.StringMatching(`[a-zA-Z0-9 "\\{}+()]{6,20}`).Draw(t, "secret")
		form := rapid.IntRange(0, 8).Draw(t, "form")
		n := rapid.IntRange(1, 40).Draw(t, "chunk")
		show := func(secret string) string {
			coded := base64.StdEncoding.EncodeToString([]byte("\x00u\x00" + secret))
			hash := string(pop3wire.APOPDigest("<1@x>", engine.Secret(secret)))
			parts := [][]string{
				{"C: USER u\r\n", "S: +OK\r\n", "C: PASS " + secret + "\r\n", "S: +OK\r\n"},
				{"C: USER u\r\npass " + secret + "\r\n", "S: +OK\r\n+OK\r\n"},
				{"C: APOP u " + hash + "\r\n", "S: +OK\r\n"},
				{"C: APOP " + hash + "\r\n", "S: -ERR\r\n"},
				{"C: AUTH PLAIN " + coded + "\r\n", "S: +OK\r\n"},
				{"C: AUTH PLAIN\r\n", "S: + \r\n", "C: " + coded + "\r\n", "S: +OK\r\n"},
				{"C: AUTH PLAIN\r\n" + coded + "\r\n", "S: + \r\n+OK\r\n"},
				{"C: AUTH PLAIN\r\n" + coded + "\r\n", "S: -ERR\r\n-ERR\r\n"},
				{"C: AUTH X\r\n", "S: + " + coded + "\r\n", "C: " + coded + "\r\n", "S: +OK\r\n"},
			}[form]
			parts = append(append([]string{"C: CAPA\r\n", "S: +OK\r\n.\r\n"}, parts...), "C: NOOP\r\n", "S: +OK\r\n")
			return strings.Join(conversation(n, parts...), "\n")
		}
		got := show(secret)
		if want := show(strings.Repeat("x", len(secret))); got != want {
			t.Fatalf("something of %q shows in\n%s\nwhich for another secret is\n%s", secret, got, want)
		}
		if !strings.HasPrefix(got, "C: CAPA\nS: +OK\nS: .\n") || !strings.HasSuffix(got, "C: NOOP\nS: +OK") {
			t.Fatalf("other lines changed:\n%s", got)
		}
	})
}
