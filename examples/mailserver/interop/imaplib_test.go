//go:build interop

package interop

import (
	"net"
	"path/filepath"
	"strconv"
	"testing"
)

// script runs a script of testdata/imaplib, which fails by an exception.
func script(t *testing.T, s *server, name, transport, user, password, trust string) {
	t.Helper()
	address := s.imap
	if transport == "tls" {
		address = s.imaps
	}
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		t.Fatal(err)
	}
	out, log, status := run(t, program(t, "python3", "python3"), "-B", filepath.Join("testdata", "imaplib", name),
		transport, host, port, user, password, trust, strconv.Itoa(s.cmd.Process.Pid))
	if status != 0 || out != "ok\n" {
		t.Errorf("%s: exit status %d, %q\n%s", name, status, out, log)
	}
	if name == "sigterm.py" {
		s.wait(t)
	}
}

// Every method of Python's imaplib, each script on a server of its own.
func TestImaplib(t *testing.T) {
	t.Parallel()
	scripts := []string{"login.py", "folders.py", "messages.py", "store.py", "search.py", "extended.py", "refused.py", "shared.py", "idle.py", "quota.py", "sigterm.py"}
	flags := map[string][]string{"quota.py": {"-quota", "4KiB", "-quota-messages", "5"}}
	found, err := filepath.Glob(filepath.Join("testdata", "imaplib", "*.py"))
	if err != nil {
		t.Fatal(err)
	}
	if got, want := len(found), len(scripts)+2; got != want { // session.py, samples.py
		t.Errorf("%d scripts in testdata, want %d", got, want)
	}
	for _, transport := range transports {
		for _, name := range scripts {
			t.Run(transport+"/"+name, func(t *testing.T) {
				t.Parallel() // most of the time goes by waiting
				script(t, startEmpty(t, flags[name]...), name, transport, user, password, authority)
			})
		}
	}
}
