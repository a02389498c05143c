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
	program(t, "neomutt", "neomutt")
	python := program(t, "python3", "python3")
	s := start(t, "-imap", "127.0.0.1:0", "-imaps", "", "-empty", "-v", "-user", "sync:secret")
	c := talk(t, s)
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
