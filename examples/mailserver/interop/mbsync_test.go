//go:build interop

package interop

import (
	"bufio"
	"fmt"
	"io"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

const mbsyncrc = `IMAPAccount a
Host %s
Port %s
User sync
Pass secret
SSLType None
AuthMechs *

IMAPStore far
Account a

MaildirStore near
Path %[3]s/
Inbox %[3]s/INBOX
SubFolders Verbatim

Channel c
Far :far:
Near :near:
Patterns *
Create Both
Expunge Both
SyncState *
`

// A talker speaks IMAP by hand.
type talker struct {
	t *testing.T
	net.Conn
	r *bufio.Reader
	n int
}

func talk(t *testing.T, s *server) *talker {
	t.Helper()
	nc, err := net.Dial("tcp", s.imap)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { nc.Close() })
	nc.SetDeadline(time.Now().Add(time.Minute))
	c := &talker{t: t, Conn: nc, r: bufio.NewReader(nc)}
	if _, err := c.r.ReadString('\n'); err != nil {
		t.Fatal(err)
	}
	c.do("LOGIN sync secret")
	return c
}

// do sends a command, which has to succeed, and returns what came before its
// tagged response.
func (c *talker) do(command string) string {
	c.t.Helper()
	c.n++
	tag := fmt.Sprintf("t%d ", c.n)
	io.WriteString(c, tag+command+"\r\n")
	var said strings.Builder
	for {
		line, err := c.r.ReadString('\n')
		if err != nil {
			c.t.Fatalf("%.40s: %v after %q", command, err, said.String())
		}
		if rest, ok := strings.CutPrefix(line, tag); ok {
			if !strings.HasPrefix(rest, "OK") {
				c.t.Fatalf("%.40s: %s", command, rest)
			}
			return said.String()
		}
		said.WriteString(line)
	}
}

func (c *talker) append(folder, flags, subject string) {
	c.t.Helper()
	msg := "From: a@example.org\r\nSubject: " + subject + "\r\nMessage-ID: <" + subject + "@example.org>\r\n\r\nbody of " + subject + "\r\n"
	c.do(fmt.Sprintf("APPEND %s (%s) {%d+}\r\n%s", folder, flags, len(msg), msg))
}

// tree returns every message below a maildir with its folder and flags, and what
// its subject is.
func tree(t *testing.T, dir string) map[string]string {
	t.Helper()
	out := make(map[string]string)
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || strings.HasPrefix(d.Name(), ".") {
			return err
		}
		b, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		_, rest, _ := strings.Cut(string(b), "Subject: ")
		subject, _, _ := strings.Cut(rest, "\n")
		_, flags, _ := strings.Cut(d.Name(), ":2,")
		folder, _ := filepath.Rel(dir, filepath.Dir(filepath.Dir(path)))
		out[strings.TrimSpace(subject)] = folder + " " + flags
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// file returns the maildir file of a subject.
func file(t *testing.T, dir, subject string) string {
	t.Helper()
	var found string
	filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() && !strings.HasPrefix(d.Name(), ".") {
			if b, _ := os.ReadFile(path); strings.Contains(string(b), "Subject: "+subject+"\n") || strings.Contains(string(b), "Subject: "+subject+"\r\n") {
				found = path
			}
		}
		return nil
	})
	if found == "" {
		t.Fatalf("no file of %s", subject)
	}
	return found
}

// TestMbsync keeps 200 messages in two folders equal on both sides, with new
// mail, flags and deletions on both, and finds nothing to do when there is
// nothing.
func TestMbsync(t *testing.T) {
	t.Run("straight", func(t *testing.T) { testMbsync(t, func(*server) {}) })
	t.Run("proxy", func(t *testing.T) { testMbsync(t, func(s *server) { behindProxy(t, s) }) })
}

func testMbsync(t *testing.T, reach func(*server)) {
	mbsync := program(t, "mbsync", "isync")
	s := start(t, "-imap", "127.0.0.1:0", "-imaps", "", "-empty", "-v", "-user", "sync:secret")
	c := talk(t, s)
	reach(s)
	c.do("CREATE Box")
	want := make(map[string]string)
	for i := range 200 {
		folder, subject, flags, letters := "INBOX", fmt.Sprintf("m%03d", i), "", ""
		if i%2 == 1 {
			folder = "Box"
		}
		if i%3 == 0 {
			flags, letters = `\Seen`, "S"
		}
		c.append(folder, flags, subject)
		want[subject] = folder + " " + letters
	}
	dir := t.TempDir()
	host, port, _ := net.SplitHostPort(s.imap)
	rc := filepath.Join(dir, "mbsyncrc")
	if err := os.WriteFile(rc, fmt.Appendf(nil, mbsyncrc, host, port, filepath.Join(dir, "mail")), 0o600); err != nil {
		t.Fatal(err)
	}
	mail := filepath.Join(dir, "mail")
	if err := os.Mkdir(mail, 0o700); err != nil {
		t.Fatal(err)
	}
	sync := func() {
		t.Helper()
		if out, log, status := run(t, mbsync, "-c", rc, "-a"); status != 0 {
			t.Fatalf("mbsync: exit status %d\n%s%s", status, out, log)
		}
	}
	equal := func(when string) {
		t.Helper()
		got := tree(t, mail)
		for subject, is := range want {
			if got[subject] != is {
				t.Errorf("%s: %s is %q near, want %q", when, subject, got[subject], is)
			}
			delete(got, subject)
		}
		for subject, is := range got {
			t.Errorf("%s: %s is %q near and should not be there", when, subject, is)
		}
		for _, folder := range []string{"INBOX", "Box"} {
			var far []string
			c.do("SELECT " + folder)
			said := c.do("FETCH 1:* (FLAGS BODY.PEEK[HEADER.FIELDS (SUBJECT)])")
			for _, m := range strings.Split(said, "FETCH (FLAGS (")[1:] {
				flags, rest, _ := strings.Cut(m, ")")
				_, rest, _ = strings.Cut(rest, "Subject: ")
				subject, _, _ := strings.Cut(rest, "\r\n")
				letters := ""
				for _, f := range []struct{ flag, letter string }{{`\Flagged`, "F"}, {`\Seen`, "S"}} {
					if strings.Contains(flags, f.flag) {
						letters += f.letter
					}
				}
				far = append(far, subject+" "+letters)
			}
			var near []string
			for subject, is := range want {
				if in, letters, _ := strings.Cut(is, " "); in == folder {
					near = append(near, subject+" "+letters)
				}
			}
			slices.Sort(far)
			slices.Sort(near)
			if !slices.Equal(far, near) {
				t.Errorf("%s: %s has\n%v, want\n%v", when, folder, far, near)
			}
		}
	}
	sync()
	equal("after the first run")

	// The far side changes …
	c.do("SELECT INBOX")
	c.do("STORE 2 +FLAGS.SILENT (\\Flagged)") // m002
	want["m002"] += "F"
	c.do("STORE 3 +FLAGS.SILENT (\\Deleted)") // m004
	c.do("EXPUNGE")
	delete(want, "m004")
	c.append("Box", `\Seen`, "far")
	want["far"] = "Box S"
	c.do("UNSELECT")
	// … and so does the near one.
	f := file(t, mail, "m006")
	base, _, _ := strings.Cut(filepath.Base(f), ":2,")
	if err := os.Rename(f, filepath.Join(filepath.Dir(filepath.Dir(f)), "cur", base+":2,FS")); err != nil {
		t.Fatal(err)
	}
	want["m006"] = "INBOX FS"
	f = file(t, mail, "m007")
	base, _, _ = strings.Cut(filepath.Base(f), ":2,")
	if err := os.Rename(f, filepath.Join(filepath.Dir(filepath.Dir(f)), "cur", base+":2,T")); err != nil {
		t.Fatal(err)
	}
	delete(want, "m007")
	if err := os.WriteFile(filepath.Join(mail, "INBOX", "new", "1700000000.1.near"), []byte("From: b@example.org\nSubject: near\n\nnear\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	want["near"] = "INBOX "
	sync()
	equal("after changes on both sides")

	before := len(s.stderr.String())
	sync()
	equal("after a run with nothing to do")
	for line := range strings.Lines(s.stderr.String()[before:]) {
		for _, verb := range []string{" STORE ", " APPEND ", " EXPUNGE", " COPY ", " MOVE ", " CREATE ", " BODY"} {
			if strings.Contains(line, " C: ") && strings.Contains(line, verb) && !strings.Contains(line, "C: t") {
				t.Errorf("nothing was to be done, and mbsync said %s", line)
			}
		}
	}
	if strings.Contains(s.stderr.String(), " BAD") {
		t.Error("mbsync heard BAD")
	}
}
