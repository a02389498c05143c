//go:build interop

package interop

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// The ways to reach the server.
var transports = []string{"plain", "starttls", "tls"}

// A curl runs curl as the user of the tests.
type curl struct {
	path    string
	url     string   // of the server, with a final slash
	options []string // transport and user
}

// newCurl returns a curl that trusts the server's certificate.
func newCurl(t *testing.T, s *server, transport string) curl {
	t.Helper()
	c := curl{
		path:    program(t, "curl", "curl"),
		url:     "imap://" + s.imap + "/",
		options: []string{"--user", user + ":" + password, "--cacert", authority},
	}
	switch transport {
	case "starttls":
		c.options = append(c.options, "--ssl-reqd")
	case "tls":
		c.url = "imaps://" + s.imaps + "/"
	}
	return c
}

// exit runs curl on a URL below the server's and returns what it printed and its
// exit status.
func (c curl) exit(t *testing.T, url string, options ...string) (string, int) {
	t.Helper()
	args := []string{"--disable", "--silent", "--show-error", "--globoff", "--max-time", "20"}
	args = append(append(args, c.options...), options...)
	out, log, status := run(t, c.path, append(args, c.url+url)...)
	if log != "" {
		t.Logf("curl %s: %s", url, strings.TrimSpace(log))
	}
	return out, status
}

// get is exit for what must succeed.
func (c curl) get(t *testing.T, url string, options ...string) string {
	t.Helper()
	out, status := c.exit(t, url, options...)
	if status != 0 {
		t.Fatalf("curl %s %q: exit status %d, output %q", url, options, status, out)
	}
	return out
}

// want fails unless text matches the pattern.
func want(t *testing.T, text, pattern string) {
	t.Helper()
	if !regexp.MustCompile("(?m)" + pattern).MatchString(text) {
		t.Errorf("got %q, want a match of %s", text, pattern)
	}
}

// wantNot fails if text matches the pattern.
func wantNot(t *testing.T, text, pattern string) {
	t.Helper()
	if regexp.MustCompile("(?m)" + pattern).MatchString(text) {
		t.Errorf("got %q, want no match of %s", text, pattern)
	}
}

// The messages that curl uploads.
const (
	helloHeader = "From: Ann <ann@example.org>\r\nTo: bob@example.org\r\nSubject: hello there\r\n" +
		"Date: Mon, 7 Feb 1994 21:52:25 -0800\r\nMessage-ID: <1@example.org>\r\n\r\n"
	helloText = "Dear Bob,\r\n\r\n.A line with a dot and {12}\r\n* 1 FETCH of nothing\r\nA OK done\r\n"

	partsHeader = "From: Bob <bob@example.org>\r\nSubject: two parts\r\nMIME-Version: 1.0\r\n" +
		"Content-Type: multipart/mixed; boundary=cut\r\n\r\n"
	firstPart   = "the first part"
	secondPart  = "<p>the second part</p>"
	secondMIME  = "Content-Type: text/html\r\nContent-Description: markup\r\n\r\n"
	partsText   = "preamble\r\n--cut\r\n\r\n" + firstPart + "\r\n--cut\r\n" + secondMIME + secondPart + "\r\n--cut--\r\n"
	emptyFolder = `\(MESSAGES 0 UIDNEXT 1\)`
)

// A user's round with curl: every form of IMAP URL (RFC 5092) and the commands
// that only -X can send.
func TestCurl(t *testing.T) {
	t.Parallel()
	for _, transport := range transports {
		t.Run(transport, func(t *testing.T) {
			s := startEmpty(t)
			c := newCurl(t, s, transport)
			file := func(name, content string) string {
				path := filepath.Join(t.TempDir(), name)
				if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
					t.Fatal(err)
				}
				return path
			}

			// LIST, and a folder without messages.
			want(t, c.get(t, ""), `^\* LIST \(.*\) "?.*"? "?INBOX"?\r$`)
			want(t, c.get(t, "", "-X", "STATUS INBOX (MESSAGES UIDNEXT)"), `^\* STATUS "?INBOX"? `+emptyFolder)
			want(t, c.get(t, "INBOX?ALL"), `^\* SEARCH\r$`)

			// APPEND; curl marks what it uploads as seen.
			c.get(t, "INBOX", "-T", file("hello", helloHeader+helloText))
			c.get(t, "INBOX", "-T", file("parts", partsHeader+partsText))
			want(t, c.get(t, "", "-X", "STATUS INBOX (MESSAGES UIDNEXT UNSEEN)"), `^\* STATUS "?INBOX"? \(MESSAGES 2 UIDNEXT 3 UNSEEN 0\)`)

			// Fetching, byte for byte, also what sets \Seen in passing.
			c.get(t, "INBOX", "-X", `STORE 1:2 -FLAGS.SILENT (\Seen)`)
			for _, fetch := range []struct{ url, body string }{
				{"INBOX;UID=1", helloHeader + helloText},
				{"INBOX/;UID=2", partsHeader + partsText},
				{"INBOX;MAILINDEX=1", helloHeader + helloText},
				{"INBOX;UID=1;SECTION=TEXT", helloText},
				{"INBOX;UID=1;SECTION=HEADER", helloHeader},
				{"INBOX;UID=1;SECTION=HEADER.FIELDS%20(SUBJECT)", "Subject: hello there\r\n\r\n"},
				{"INBOX;MAILINDEX=2;SECTION=1", firstPart},
				{"INBOX;UID=2;SECTION=2", secondPart},
				{"INBOX;UID=2;SECTION=2.MIME", secondMIME},
				{"INBOX;UID=1;SECTION=TEXT;PARTIAL=5.8", helloText[5:13]},
			} {
				if got := c.get(t, fetch.url); got != fetch.body {
					t.Errorf("%s: got %q, want %q", fetch.url, got, fetch.body)
				}
			}
			want(t, c.get(t, "INBOX", "-X", "FETCH 1:2 (FLAGS)"), `^\* 1 FETCH \(.*FLAGS \(.*\\Seen`)
			if _, status := c.exit(t, "INBOX;UID=99"); status != 78 {
				t.Errorf("a UID that does not exist: exit status %d", status)
			}

			// UIDVALIDITY in the URL.
			out := c.get(t, "", "-X", "EXAMINE INBOX")
			want(t, out, `^\* 2 EXISTS\r$`)
			want(t, out, `^\* FLAGS \(`)
			validity := regexp.MustCompile(`\[UIDVALIDITY (\d+)\]`).FindStringSubmatch(out)
			if validity == nil {
				t.Fatalf("no UIDVALIDITY in %q", out)
			}
			if got := c.get(t, "INBOX;UIDVALIDITY="+validity[1]+"/;UID=1;SECTION=TEXT"); got != helloText {
				t.Errorf("got %q", got)
			}
			if _, status := c.exit(t, "INBOX;UIDVALIDITY=1"+validity[1]+"/;UID=1"); status != 78 {
				t.Errorf("another UIDVALIDITY: exit status %d", status)
			}

			// SEARCH in the URL and as a command.
			want(t, c.get(t, "INBOX?SUBJECT%20hello"), `^\* SEARCH 1\r$`)
			want(t, c.get(t, "INBOX?TEXT%20%22second%20part%22"), `^\* SEARCH 2\r$`)
			want(t, c.get(t, "INBOX?SUBJECT%20shadows"), `^\* SEARCH\r$`)
			want(t, c.get(t, "INBOX", "-X", "SEARCH OR FROM ann SUBJECT parts"), `^\* SEARCH 1 2\r$`)
			want(t, c.get(t, "INBOX", "-X", "UID SEARCH NOT SUBJECT hello"), `^\* SEARCH 2\r$`)

			// Flags.
			want(t, c.get(t, "INBOX", "-X", `STORE 1 +FLAGS (\Flagged urgent)`), `^\* 1 FETCH \(.*FLAGS \(.*\\Flagged.*\)`)
			want(t, c.get(t, "INBOX", "-X", `UID STORE 1 -FLAGS (\Flagged)`), `^\* 1 FETCH \(.*UID 1`)
			flags := c.get(t, "INBOX", "-X", "FETCH 1 (FLAGS)")
			want(t, flags, `urgent`)
			wantNot(t, flags, `Flagged`)

			// Folders, COPY and MOVE.
			c.get(t, "", "-X", "CREATE Archive")
			c.get(t, "", "-X", `CREATE "Entw&APw-rfe 2024"`)
			list := c.get(t, "")
			want(t, list, `Archive`)
			want(t, list, `"Entw&APw-rfe 2024"`)
			c.get(t, "INBOX", "-X", "COPY 1 Archive")
			if got := c.get(t, "Archive;UID=1;SECTION=TEXT"); got != helloText {
				t.Errorf("copy: got %q", got)
			}
			if _, status := c.exit(t, "INBOX", "-X", "COPY 1 Nowhere"); status == 0 {
				t.Error("COPY to a folder that does not exist succeeds")
			}
			want(t, c.get(t, "INBOX", "-X", `UID MOVE 1 "Entw&APw-rfe 2024"`), `^\* 1 EXPUNGE\r$`)
			want(t, c.get(t, "", "-X", `STATUS "Entw&APw-rfe 2024" (MESSAGES)`), `\(MESSAGES 1\)`)
			if got := c.get(t, "Entw%26APw-rfe%202024;MAILINDEX=1"); got != helloHeader+helloText {
				t.Errorf("moved: got %q", got)
			}

			// Deleting.
			c.get(t, "INBOX", "-X", `STORE 1 +FLAGS (\Deleted)`)
			want(t, c.get(t, "INBOX", "-X", "EXPUNGE"), `^\* 1 EXPUNGE\r$`)
			want(t, c.get(t, "", "-X", "STATUS INBOX (MESSAGES UIDNEXT)"), `\(MESSAGES 0 UIDNEXT 3\)`)
			c.get(t, "", "-X", "DELETE Archive")
			wantNot(t, c.get(t, ""), `Archive`)
			if _, status := c.exit(t, "Archive;UID=1"); status == 0 {
				t.Error("a deleted folder can be selected")
			}

			c.get(t, "INBOX", "-X", "NOOP")
			c.get(t, "", "-X", "NOOP")
		})
	}
}

// Every way to log in that curl knows and this server offers. What fails is
// tried in the clear only, since the server takes its time over it.
func TestCurlLogin(t *testing.T) {
	t.Parallel()
	s := startEmpty(t)
	for _, transport := range transports {
		for _, login := range [][]string{
			nil,
			{"--login-options", "AUTH=PLAIN"},
			{"--login-options", "AUTH=PLAIN", "--sasl-ir"},
			{"--login-options", "AUTH=LOGIN"},
			{"--login-options", "AUTH=LOGIN", "--sasl-ir"},
		} {
			t.Run(transport+" "+strings.Join(login, " "), func(t *testing.T) {
				c := newCurl(t, s, transport)
				want(t, c.get(t, "", login...), `^\* LIST .*INBOX`)
				if transport != "plain" {
					return
				}
				if out, status := c.exit(t, "", append(login, "--user", user+":"+password+"!")...); status != 67 {
					t.Errorf("a wrong password: exit status %d, %q", status, out)
				}
			})
		}
	}
	for _, who := range []string{"nobody:" + password, "demo:demo"} {
		if out, status := newCurl(t, s, "plain").exit(t, "", "--user", who); status != 67 {
			t.Errorf("login as %s: exit status %d, %q", who, status, out)
		}
	}
}

// Without -tls-cert the certificate vouches for itself only: a client that was
// not told to trust it goes away, one that was told to look away stays.
func TestCurlSelfSigned(t *testing.T) {
	s := start(t, "-imap", "127.0.0.1:0", "-imaps", "127.0.0.1:0", "-empty", "-user", user+":"+password)
	for _, transport := range transports[1:] {
		t.Run(transport, func(t *testing.T) {
			c := newCurl(t, s, transport)
			if out, status := c.exit(t, ""); status != 60 {
				t.Errorf("exit status %d, %q", status, out)
			}
			want(t, c.get(t, "", "--insecure"), `^\* LIST .*INBOX`)
		})
	}
}
