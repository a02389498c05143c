//go:build interop

package interop

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const muttrc = `set imap_user=sync
set imap_pass=secret
set folder=imap://%s/
set spoolfile=+INBOX
set ssl_starttls=no
set ssl_force_tls=no
set imap_idle=yes
set confirmappend=no
set delete=yes
set move=no
set quit=yes
set wait_key=no
set sleep_time=0
set mark_old=no
set header_cache=
set sort=mailbox-order
`

// TestNeomutt reads, flags and saves mail with neomutt on a terminal.
func TestNeomutt(t *testing.T) {
	t.Run("straight", func(t *testing.T) { testNeomutt(t, func(*server) {}) })
	t.Run("proxy", func(t *testing.T) { testNeomutt(t, func(s *server) { behindProxy(t, s) }) })
}

func testNeomutt(t *testing.T, reach func(*server)) {
	program(t, "neomutt", "neomutt")
	python := program(t, "python3", "python3")
	s := start(t, "-imap", "127.0.0.1:0", "-imaps", "", "-empty", "-v", "-user", "sync:secret")
	c := talk(t, s)
	reach(s)
	c.do("CREATE Box")
	for _, subject := range []string{"first letter", "second letter", "third letter"} {
		c.append("INBOX", "", subject)
	}
	home := t.TempDir()
	rc := filepath.Join(home, "muttrc")
	if err := os.WriteFile(rc, fmt.Appendf(nil, muttrc, s.imap), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, log, status := run(t, python, "-B", "testdata/neomutt.py", home, rc); status != 0 {
		t.Fatalf("neomutt.py: exit status %d\n%s%s", status, out, log)
	}
	c.do("SELECT INBOX")
	inbox := c.do("FETCH 1:* (FLAGS BODY.PEEK[HEADER.FIELDS (SUBJECT)])")
	if strings.Count(inbox, "FETCH (") != 2 || strings.Contains(inbox, "third letter") {
		t.Errorf("INBOX: %s", inbox)
	}
	if first, _, _ := strings.Cut(inbox, "second letter"); !strings.Contains(first, `\Seen`) {
		t.Errorf("the letter that was read is not: %s", inbox)
	}
	if !strings.Contains(inbox, `\Flagged`) {
		t.Errorf("nothing is flagged: %s", inbox)
	}
	c.do("SELECT Box")
	if box := c.do("FETCH 1:* BODY.PEEK[]"); strings.Count(box, "FETCH (") != 1 || !strings.Contains(box, "body of third letter") {
		t.Errorf("Box: %s", box)
	}
	if strings.Contains(s.stderr.String(), " BAD") {
		t.Error("neomutt heard BAD")
	}
}

// TestNeomuttResync: neomutt with CONDSTORE, QRESYNC and a cache of headers learns
// what another session changed, and looks at nothing else.
func TestNeomuttResync(t *testing.T) {
	program(t, "neomutt", "neomutt")
	python := program(t, "python3", "python3")
	s := start(t, "-imap", "127.0.0.1:0", "-imaps", "", "-empty", "-v", "-user", "sync:secret")
	c := talk(t, s)
	const messages = 200
	for i := range messages {
		c.append("INBOX", "", fmt.Sprintf("letter number %d", i+1))
	}
	home := t.TempDir()
	rc := filepath.Join(home, "muttrc")
	more := "set imap_condstore=yes\nset imap_qresync=yes\nset header_cache=" + filepath.Join(home, "cache") + "\nset sort=reverse-mailbox-order\n"
	if err := os.MkdirAll(filepath.Join(home, "cache"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(rc, append(fmt.Appendf(nil, muttrc, s.imap), more...), 0o600); err != nil {
		t.Fatal(err)
	}
	look := func(text string) string {
		before := len(s.stderr.String())
		if out, log, status := run(t, python, "-B", "testdata/neomutt.py", home, rc, text); status != 0 {
			t.Fatalf("neomutt.py: exit status %d\n%s%s", status, out, log)
		}
		return s.stderr.String()[before:]
	}
	fetched := func(transcript string) int { return strings.Count(transcript, " FETCH (") }
	if first := look("letter number 200"); fetched(first) < messages {
		t.Fatalf("the first time neomutt fetched %d messages:\n%s", fetched(first), first)
	}
	c.do("SELECT INBOX")
	c.do(`STORE 3,50,199 +FLAGS.SILENT (\Flagged)`)
	c.append("INBOX", "", "a new letter")
	second := look("a new letter")
	if !strings.Contains(second, "CHANGEDSINCE") || fetched(second) > 8 {
		t.Errorf("neomutt fetched %d times:\n%s", fetched(second), second)
	}
	// Behind an EXPUNGE neomutt takes its numbers for wrong, and looks at all
	// flags again; what it keeps of headers it does not fetch again.
	c.do(`STORE 10,100 +FLAGS.SILENT (\Deleted)`)
	c.do("EXPUNGE")
	c.append("INBOX", "", "the last letter")
	third := look("the last letter")
	if !strings.Contains(third, "* VANISHED (EARLIER) 10,100\n") {
		t.Errorf("neomutt did not ask what is gone:\n%s", third)
	}
	if n := strings.Count(third, "BODY[HEADER"); n > 5 {
		t.Errorf("neomutt fetched %d headers:\n%s", n, third)
	}
	if strings.Contains(second+third, " BAD") {
		t.Error("neomutt heard BAD")
	}
}
