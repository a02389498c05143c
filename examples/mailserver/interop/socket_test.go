//go:build interop

package interop

import (
	"bufio"
	"crypto/tls"
	"fmt"
	"net"
	"slices"
	"strings"
	"testing"
	"time"
)

// A socket speaks IMAP by hand.
type socket struct {
	net.Conn
	r *bufio.Reader
}

// open connects and reads the greeting.
func open(t *testing.T, network net.Conn, err error) *socket {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { network.Close() })
	if err := network.SetDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	c := &socket{network, bufio.NewReader(network)}
	if greeting := c.line(t); !strings.HasPrefix(greeting, "* OK ") {
		t.Fatalf("greeting %q", greeting)
	}
	return c
}

// dial opens the listener without TLS.
func dial(t *testing.T, s *server) *socket {
	t.Helper()
	network, err := net.Dial("tcp", s.imap)
	return open(t, network, err)
}

// session dials and logs in.
func session(t *testing.T, s *server) *socket {
	t.Helper()
	c := dial(t, s)
	c.do(t, `l LOGIN `+user+` "`+strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(password)+`"`)
	return c
}

// send writes bytes as they are, in one piece.
func (c *socket) send(t *testing.T, text string) {
	t.Helper()
	if _, err := c.Write([]byte(text)); err != nil {
		t.Fatal(err)
	}
}

// line reads one line and returns it without its CRLF.
func (c *socket) line(t *testing.T) string {
	t.Helper()
	text, err := c.r.ReadString('\n')
	if err != nil {
		t.Fatalf("reading a line: %v after %q", err, text)
	}
	return strings.TrimSuffix(text, "\r\n")
}

// until reads lines up to one that begins with the prefix, and returns them all.
func (c *socket) until(t *testing.T, prefix string) []string {
	t.Helper()
	var lines []string
	for {
		lines = append(lines, c.line(t))
		if strings.HasPrefix(lines[len(lines)-1], prefix) {
			return lines
		}
	}
}

// do sends a command without literals, which must succeed, and returns what the
// server said before its tagged OK.
func (c *socket) do(t *testing.T, command string) []string {
	t.Helper()
	tag, _, _ := strings.Cut(command, " ")
	c.send(t, command+"\r\n")
	lines := c.until(t, tag+" ")
	last := len(lines) - 1
	if !strings.HasPrefix(lines[last], tag+" OK") {
		t.Fatalf("%s: %q", command, lines)
	}
	return lines[:last]
}

// fill appends n messages to INBOX, with UIDs from 1.
func (c *socket) fill(t *testing.T, n int) {
	t.Helper()
	for range n {
		const message = "Subject: one of many\r\n\r\n"
		c.do(t, fmt.Sprintf("a APPEND INBOX {%d+}\r\n%s", len(message), message))
	}
}

// Numbers of a pipelined command mean what the session has been told, though
// another session has expunged the first message meanwhile; so do those of a
// command sent the moment the OK of a FETCH is there. RFC 3501 §7.4.1 and §5.5.
func TestPipelinedNumbers(t *testing.T) {
	s := startEmpty(t)
	for _, pipelined := range []bool{true, false} {
		t.Run(fmt.Sprintf("pipelined %v", pipelined), func(t *testing.T) {
			a, b := session(t, s), session(t, s)
			folder := fmt.Sprintf("f%v", pipelined)
			a.fill(t, 3)
			a.do(t, "c CREATE "+folder)
			a.do(t, "s SELECT INBOX")
			a.do(t, "m MOVE 1:* "+folder) // UIDs 1, 2 and 3 there
			a.do(t, "s SELECT "+folder)
			b.do(t, "s SELECT "+folder)
			a.do(t, `x STORE 1 +FLAGS.SILENT (\Deleted)`)
			a.do(t, "x EXPUNGE")

			const fetch, store = "b1 FETCH 3 (UID)\r\n", "b2 STORE 3 +FLAGS (\\Flagged)\r\n"
			var lines []string
			if pipelined {
				b.send(t, fetch+store)
				lines = slices.Concat(b.until(t, "b1 "), b.until(t, "b2 "))
			} else {
				b.send(t, fetch)
				lines = b.until(t, "b1 ")
				b.send(t, store)
				lines = append(lines, b.until(t, "b2 ")...)
			}
			text := strings.Join(lines, "\n")
			want(t, text, `^\* 3 FETCH \(UID 3\)$`)
			want(t, text, `^\* 3 FETCH \(.*\\Flagged`)
			want(t, text, `^b1 OK`)
			want(t, text, `^b2 OK`)
			wantNot(t, text, `EXPUNGE\]?$`)

			if got := b.do(t, "b3 NOOP"); !slices.Contains(got, "* 1 EXPUNGE") {
				t.Errorf("NOOP: %q", got)
			}
			a.do(t, "a NOOP")
			flagged := a.do(t, "a UID SEARCH FLAGGED")
			if !slices.Contains(flagged, "* SEARCH 3") {
				t.Errorf("flagged: %q", flagged)
			}
		})
	}
}

// A refused literal takes the rest of its command with it: nothing inside runs,
// and the next command is the next command. RFC 7888 §4.
func TestRefusedLiteral(t *testing.T) {
	// Padded to n octets, so that a server that loses count stumbles over it.
	commands := func(n int) string {
		inside := "\r\ni1 CREATE inside\r\ni2 LOGIN " + user + " \"won\\\"der\\\\land: {7}\"\r\ni3 CREATE inside\r\ni4 LOGOUT\r\n"
		return inside + strings.Repeat("i5 NOOP\r\n", (n-len(inside))/9+1)[:n-len(inside)]
	}
	tests := []struct {
		name     string
		loggedIn bool
		command  string
	}{
		{"before login", false, "x LOGIN {5000+}\r\n" + commands(5000) + " {4+}\r\ntail\r\n"},
		{"unknown command before login", false, "x CREATE {5000+}\r\n" + commands(5000) + "\r\n"},
		{"folder name", true, "x CREATE {5000+}\r\n" + commands(5000) + "\r\n"},
		{"above the limit", true, "x CREATE {200000+}\r\n" + commands(200000) + "\r\n"},
		{"several literals", true, "x RENAME {200000+}\r\n" + commands(200000) + " {5000+}\r\n" + commands(5000) + "\r\n"},
		{"several literals after a bad one", true, "x STATUS {5000+}\r\n" + commands(5000) + " {300+}\r\n" + commands(300) + " {300+}\r\n" + commands(300) + "\r\n"},
		{"message to a folder that does not exist", true, "x APPEND nowhere {5000+}\r\n" + commands(5000) + "\r\n"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s := startEmpty(t)
			c := dial(t, s)
			if test.loggedIn {
				c = session(t, s)
			}
			c.send(t, test.command+"y NOOP\r\n")
			lines := c.until(t, "y ")
			if len(lines) != 2 || !strings.HasPrefix(lines[0], "x BAD") && !strings.HasPrefix(lines[0], "x NO") || !strings.HasPrefix(lines[1], "y OK") {
				t.Errorf("got %q, want x refused and y done", lines)
			}
			if got := session(t, s).do(t, `z LIST "" *`); len(got) != 1 {
				t.Errorf("folders afterwards: %q", got)
			}
		})
	}
}

// The synchronising form is refused before its octets are sent, and what follows
// is a command. RFC 3501 §7.5, RFC 9051 §4.3.
func TestRefusedSynchronisingLiteral(t *testing.T) {
	c := session(t, startEmpty(t))
	c.send(t, "x APPEND nowhere {5000}\r\n")
	want(t, c.line(t), `^x NO \[TRYCREATE\]`)
	c.do(t, "y NOOP")
}

// On SIGTERM every session hears BYE, wherever it stands, and the connection
// ends; the server ends with status 0.
func TestSIGTERM(t *testing.T) {
	s := startEmpty(t)
	idle := session(t, s)
	idle.do(t, "s SELECT INBOX")
	idle.send(t, "i IDLE\r\n")
	idle.until(t, "+")
	literal := session(t, s)
	literal.send(t, "a APPEND INBOX {10}\r\n")
	literal.until(t, "+")
	network, err := tls.Dial("tcp", s.imaps, &tls.Config{InsecureSkipVerify: true})
	sockets := map[string]*socket{
		"not logged in":    dial(t, s),
		"logged in":        session(t, s),
		"in IDLE":          idle,
		"inside a literal": literal,
		"over TLS":         open(t, network, err),
	}
	s.terminate(t)
	for name, c := range sockets {
		var lines []string
		for {
			text, err := c.r.ReadString('\n')
			if err != nil {
				break
			}
			lines = append(lines, text)
		}
		if !slices.ContainsFunc(lines, func(l string) bool { return strings.HasPrefix(l, "* BYE") }) {
			t.Errorf("%s: %q", name, lines)
		}
	}
}
