//go:build interop

package interop

import (
	"bufio"
	"os/exec"
	"strings"
	"testing"
)

// imapproxy is the proxy's program.
var imapproxy string

// behindProxy starts a proxy before a server, and lets the test reach the server's
// IMAP through it.
func behindProxy(t *testing.T, s *server) {
	t.Helper()
	cmd := exec.Command(imapproxy, "-listen", "127.0.0.1:0", "-server", s.imap)
	cmd.Stderr = &s.stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cmd.Process.Kill()
		cmd.Wait()
	})
	line, err := bufio.NewReader(out).ReadString('\n')
	addr, ok := strings.CutPrefix(strings.TrimSpace(line), "imap ")
	if !ok {
		t.Fatalf("the proxy says %q: %v", line, err)
	}
	s.imap = addr
}
