//go:build interop

package interop

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// deposit appends messages to INBOX over IMAP, and checks that IMAP gives their
// octets back.
func deposit(t *testing.T, c *socket, messages ...string) {
	t.Helper()
	for _, m := range messages {
		c.send(t, fmt.Sprintf("a APPEND INBOX {%d+}\r\n%s\r\n", len(m), m))
		if lines := c.until(t, "a "); !strings.HasPrefix(lines[len(lines)-1], "a OK") {
			t.Fatalf("APPEND: %q", lines)
		}
	}
	c.do(t, "e EXAMINE INBOX")
	for i, m := range messages {
		c.send(t, fmt.Sprintf("f UID FETCH %d BODY.PEEK[]\r\n", i+1))
		first := c.line(t)
		if quoted := ` "` + m + `")`; m == "" && strings.HasSuffix(first, quoted) {
			c.until(t, "f OK")
			continue
		}
		if !strings.HasSuffix(first, fmt.Sprintf(" {%d}", len(m))) {
			t.Fatalf("message %d: %q", i+1, first)
		}
		got := make([]byte, len(m))
		if _, err := io.ReadFull(c.r, got); err != nil {
			t.Fatal(err)
		}
		if string(got) != m {
			t.Errorf("over IMAP message %d is %q, appended was %q", i+1, got, m)
		}
		c.until(t, "f OK")
	}
	c.do(t, "u UNSELECT")
}

// wire is what POP3 has to make of a message: every line ended by CRLF, the last
// one too.
func wire(m string) string {
	w := strings.ReplaceAll(strings.ReplaceAll(m, "\r\n", "\n"), "\n", "\r\n")
	if w != "" && !strings.HasSuffix(w, "\r\n") {
		w += "\r\n"
	}
	return w
}

// stuffed is the wire form with its dots doubled, and its end.
func stuffed(w string) string {
	return strings.TrimPrefix(strings.ReplaceAll("\r\n"+w, "\r\n.", "\r\n.."), "\r\n") + ".\r\n"
}

// awkward are messages whose octets have something that a server may stumble
// over.
var awkward = func() []string {
	all := make([]byte, 256)
	for i := range all {
		all[i] = byte(i)
	}
	const header = "From: a@example.org\r\nSubject: awkward\r\n\r\n"
	return []string{
		header + "plain\r\n",
		header + ".\r\n..\r\n.dot\r\n",
		".at the very start\r\n",
		header + "bare LF\n.dot\n\n.\nend\n",
		header + "bare CR\r.\rnot a line end\r.\r\n",
		header + "no end of line",
		header + "CR at the end\r",
		header + "8-bit \xe4\xf6\xfc \xc3\xa4 NUL \x00 end\r\n",
		header + string(all) + "\r\n",
		header + "a\n.\r\nb\r\n.\n-ERR no\r\n",
		header + strings.Repeat("x", 70_000) + "\r\n.\r\n",
		"\r\n\r\n.\r\n",
		".",
		"\n",
	}
}()

// A pop is a POP3 session by hand.
type pop struct{ *socket }

// dialPOP connects in a transport and reads the greeting.
func dialPOP(t *testing.T, s *server, transport string) pop {
	t.Helper()
	address := s.pop3
	if transport == "tls" {
		address = s.pop3s
	}
	nc, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { nc.Close() })
	if err := nc.SetDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	pem, err := os.ReadFile(authority)
	if err != nil {
		t.Fatal(err)
	}
	config := &tls.Config{RootCAs: x509.NewCertPool(), ServerName: "127.0.0.1"}
	config.RootCAs.AppendCertsFromPEM(pem)
	if transport == "tls" {
		nc = tls.Client(nc, config)
	}
	c := pop{&socket{nc, bufio.NewReader(nc)}}
	want(t, c.line(t), `^\+OK `)
	if transport == "starttls" {
		c.ok(t, "STLS")
		nc = tls.Client(nc, config)
		c.socket = &socket{nc, bufio.NewReader(nc)}
	}
	return c
}

// loginPOP logs in as the user of the tests.
func loginPOP(t *testing.T, s *server, transport string) pop {
	t.Helper()
	c := dialPOP(t, s, transport)
	c.ok(t, "USER "+user)
	c.ok(t, "PASS "+password)
	return c
}

// say sends a command and returns the first line of its answer.
func (c pop) say(t *testing.T, command string) string {
	t.Helper()
	c.send(t, command+"\r\n")
	return c.line(t)
}

// ok is say for what must succeed.
func (c pop) ok(t *testing.T, command string) string {
	t.Helper()
	answer := c.say(t, command)
	if !strings.HasPrefix(answer, "+OK") {
		t.Fatalf("%s: %q", command, answer)
	}
	return answer
}

// rest returns the octets of a multi-line response up to its end, and those.
func (c pop) rest(t *testing.T) string {
	t.Helper()
	var b bytes.Buffer
	for {
		line, err := c.r.ReadBytes('\n')
		if err != nil {
			t.Fatalf("%v after %d octets", err, b.Len())
		}
		start := b.Len() == 0 || bytes.HasSuffix(b.Bytes(), []byte("\r\n"))
		b.Write(line)
		if start && string(line) == ".\r\n" {
			return b.String()
		}
	}
}

// Over IMAP the octets are those appended, over POP3 those of the wire form, and
// STAT, LIST and RETR agree on how many: RFC 1939 §3 and §11.
func TestPOP3Octets(t *testing.T) {
	s := startEmpty(t)
	deposit(t, session(t, s), awkward...)
	total := 0
	for _, m := range awkward {
		total += len(wire(m))
	}
	for _, transport := range transports {
		t.Run(transport, func(t *testing.T) {
			c := loginPOP(t, s, transport)
			if got, want := c.ok(t, "STAT"), fmt.Sprintf("+OK %d %d", len(awkward), total); got != want {
				t.Errorf("STAT: %q, want %q", got, want)
			}
			c.ok(t, "LIST")
			list := c.rest(t)
			var listed strings.Builder
			for i, m := range awkward {
				fmt.Fprintf(&listed, "%d %d\r\n", i+1, len(wire(m)))
			}
			if list != listed.String()+".\r\n" {
				t.Errorf("LIST: %q, want %q", list, listed.String())
			}
			for i, m := range awkward {
				c.ok(t, fmt.Sprintf("RETR %d", i+1))
				if got, want := c.rest(t), stuffed(wire(m)); got != want {
					t.Errorf("RETR %d: %.300q, want %.300q", i+1, got, want)
				}
			}
			c.ok(t, "QUIT")

			curl := newCurlPOP(t, s, transport)
			for i, m := range awkward {
				if got, want := curl.get(t, fmt.Sprint(i+1)), wire(m); got != want {
					t.Errorf("curl: message %d is %.300q, want %.300q", i+1, got, want)
				}
			}
		})
	}
}

// 64 MiB come in over IMAP and go out over POP3.
func TestPOP3Large(t *testing.T) {
	const line = ".123456789abcd\n"
	const lines = 64 << 20 / len(line)
	s := startEmpty(t)
	c := session(t, s)
	c.send(t, fmt.Sprintf("a APPEND INBOX {%d}\r\n", lines*len(line)))
	c.until(t, "+ ")
	in := bufio.NewWriterSize(c, 64<<10)
	for range lines {
		in.WriteString(line)
	}
	in.WriteString("\r\n")
	if err := in.Flush(); err != nil {
		t.Fatal(err)
	}
	c.until(t, "a OK")
	p := loginPOP(t, s, "plain")
	if got, want := p.ok(t, "LIST 1"), fmt.Sprintf("+OK 1 %d", lines*(len(line)+1)); got != want {
		t.Errorf("%q, want %q", got, want)
	}
	p.ok(t, "RETR 1")
	for i := range lines {
		got, err := p.r.ReadSlice('\n')
		if err != nil || string(got) != "..123456789abcd\r\n" {
			t.Fatalf("line %d: %q, %v", i, got, err)
		}
	}
	if got := p.line(t); got != "." {
		t.Errorf("behind the message %q", got)
	}
	p.ok(t, "QUIT")
}

// A maildrop has one session at a time. What another one hears is IN-USE, until
// the first has gone, in whatever way: RFC 1939 §4, RFC 2449 §8.1.2. Without QUIT
// nothing is removed.
func TestPOP3InUse(t *testing.T) {
	s := startEmpty(t)
	deposit(t, session(t, s), "one\r\n", "two\r\n")
	second := dialPOP(t, s, "plain")
	for _, way := range []string{"QUIT", "cut", "reset", "cut in the middle of a message"} {
		first := loginPOP(t, s, "plain")
		second.ok(t, "USER "+user)
		want(t, second.say(t, "PASS "+password), `^-ERR \[IN-USE\] `)
		if way != "QUIT" {
			first.ok(t, "DELE 1")
		}
		switch way {
		case "QUIT":
			first.ok(t, "QUIT")
		case "cut":
			first.Close()
		case "reset":
			if err := first.Conn.(*net.TCPConn).SetLinger(0); err != nil {
				t.Fatal(err)
			}
			first.Close()
		default:
			first.send(t, "RETR 2\r\n")
			first.Close()
		}
		// Of a client that is gone the server hears in its own time.
		deadline := time.Now().Add(patience)
		for {
			second.ok(t, "USER "+user)
			answer := second.say(t, "PASS "+password)
			if strings.HasPrefix(answer, "+OK") {
				break
			}
			if way == "QUIT" || time.Now().After(deadline) {
				t.Fatalf("after %s: %q", way, answer)
			}
		}
		if got := second.ok(t, "STAT"); got != "+OK 2 10" {
			t.Errorf("after %s: %q", way, got)
		}
		second.ok(t, "QUIT")
		second = dialPOP(t, s, "plain")
	}
}

// What one protocol removes is gone for the other, and breaks nothing of it.
func TestPOP3BesideIMAP(t *testing.T) {
	s := startEmpty(t)
	c := session(t, s)
	deposit(t, c, "one\r\n", "two\r\n", "three\r\n", "four\r\n")
	c.do(t, "c CREATE Box")
	c.do(t, "s SELECT INBOX")
	p := loginPOP(t, s, "plain")
	p.ok(t, "UIDL")
	before := p.rest(t)
	c.do(t, `x STORE 1 +FLAGS.SILENT (\Deleted)`)
	c.do(t, "x EXPUNGE")
	c.do(t, "x MOVE 1 Box") // two
	want(t, p.say(t, "RETR 1"), `^-ERR `)
	want(t, p.say(t, "TOP 2 0"), `^-ERR `)
	p.ok(t, "UIDL")
	if after := p.rest(t); after != before {
		t.Errorf("UIDL was %q and is %q", before, after)
	}
	p.ok(t, "RETR 3")
	if got := p.rest(t); got != "three\r\n.\r\n" {
		t.Errorf("got %q", got)
	}
	p.ok(t, "DELE 3")
	if got := c.do(t, "n NOOP"); slices.Contains(got, "* 1 EXPUNGE") {
		t.Errorf("before QUIT: %q", got)
	}
	p.ok(t, "QUIT")
	if got := c.do(t, "n NOOP"); !slices.Contains(got, "* 1 EXPUNGE") {
		t.Errorf("after QUIT: %q", got)
	}
	c.do(t, "x STORE 1 +FLAGS (\\Deleted)")
	p = loginPOP(t, s, "plain")
	p.ok(t, "UIDL")
	if after, last := p.rest(t), before[strings.LastIndex(before, ".4\r\n")-10:]; !strings.HasPrefix(after, "1 ") || !strings.HasSuffix(last, after[len("1 "):]) {
		t.Errorf("UIDL was %q and is %q", before, after)
	}
	p.ok(t, "QUIT")
}

// What comes behind STLS in the clear is not read as commands: RFC 2595 §4.
func TestPOP3Surplus(t *testing.T) {
	s := startEmpty(t)
	c := dialPOP(t, s, "plain")
	c.send(t, "USER "+user+"\r\nSTLS\r\nPASS "+password+"\r\nSTAT\r\n")
	want(t, c.line(t), `^\+OK`)
	want(t, c.line(t), `^\+OK`)
	rest, _ := io.ReadAll(c.r)
	if bytes.Contains(rest, []byte("+OK")) || bytes.Contains(rest, []byte("-ERR")) {
		t.Errorf("behind STLS %q", rest)
	}
}

// On SIGTERM a session hears of it, and what is marked stays: the server ends
// with status 0.
func TestPOP3SIGTERM(t *testing.T) {
	s := startEmpty(t)
	deposit(t, session(t, s), "one\r\n")
	plain, over := loginPOP(t, s, "plain"), dialPOP(t, s, "tls")
	plain.ok(t, "DELE 1")
	s.terminate(t)
	for name, c := range map[string]pop{"logged in": plain, "over TLS": over} {
		if line, err := c.r.ReadString('\n'); err != nil || !strings.HasPrefix(line, "-ERR [SYS/TEMP] ") {
			t.Errorf("%s: %q, %v", name, line, err)
		}
	}
}

// newCurlPOP returns a curl that speaks POP3.
func newCurlPOP(t *testing.T, s *server, transport string) curl {
	t.Helper()
	c := newCurl(t, s, transport)
	c.url = "pop3://" + s.pop3 + "/"
	if transport == "tls" {
		c.url = "pop3s://" + s.pop3s + "/"
	}
	return c
}

// A user's round with curl: list, fetch, and the commands that only -X can send.
func TestCurlPOP3(t *testing.T) {
	t.Parallel()
	for _, transport := range transports {
		t.Run(transport, func(t *testing.T) {
			s := startEmpty(t)
			deposit(t, session(t, s), helloHeader+helloText, partsHeader+partsText, "third\r\n")
			c := newCurlPOP(t, s, transport)
			list := fmt.Sprintf("1 %d\r\n2 %d\r\n3 7\r\n", len(helloHeader+helloText), len(partsHeader+partsText))
			if got := c.get(t, ""); got != list {
				t.Errorf("list: %q, want %q", got, list)
			}
			if got := c.get(t, "1"); got != helloHeader+helloText {
				t.Errorf("message 1: %q", got)
			}
			if got := c.get(t, "", "-X", "TOP 2 0"); got != partsHeader {
				t.Errorf("TOP: %q, want %q", got, partsHeader)
			}
			uidl := c.get(t, "", "-X", "UIDL")
			want(t, uidl, `^1 \d+\.1\r$`)
			want(t, uidl, `^3 \d+\.3\r$`)
			want(t, c.get(t, "", "-X", "CAPA"), `^EXPIRE NEVER\r$`)
			c.get(t, "", "-I", "-X", "STAT")
			c.get(t, "", "-I", "-X", "NOOP")
			c.get(t, "", "-I", "-X", "RSET")
			// curl says QUIT, so that DELE is for good.
			c.get(t, "1", "-I", "-X", "DELE")
			if got := c.get(t, "", "-X", "UIDL"); len(strings.Split(got, "\r\n")) != 3 || strings.Contains(got, ".1\r") {
				t.Errorf("after DELE: %q", got)
			}
			if got := c.get(t, "2"); got != "third\r\n" {
				t.Errorf("after DELE message 2 is %q", got)
			}
			if out, status := c.exit(t, "99"); status != 8 {
				t.Errorf("a message that does not exist: exit status %d, %q", status, out)
			}
			for _, login := range [][]string{
				{"--login-options", "AUTH=PLAIN"},
				{"--login-options", "AUTH=PLAIN", "--sasl-ir"},
				{"--login-options", "AUTH=LOGIN"},
			} {
				if got := c.get(t, "2", login...); got != "third\r\n" {
					t.Errorf("%q: %q", login, got)
				}
			}
			if transport == "plain" {
				if got := c.get(t, "2", "--login-options", "AUTH=+APOP"); got != "third\r\n" {
					t.Errorf("APOP: %q", got)
				}
				want(t, s.stderr.String(), `C: APOP `)
				if out, status := c.exit(t, "1", "--user", user+":wrong"); status != 67 {
					t.Errorf("a wrong password: exit status %d, %q", status, out)
				}
			}
		})
	}
}

// Every method of Python's poplib.
func TestPoplib(t *testing.T) {
	t.Parallel()
	for _, transport := range transports {
		t.Run(transport, func(t *testing.T) {
			s := startEmpty(t)
			deposit(t, session(t, s), helloHeader+helloText, partsHeader+partsText, "third\r\n")
			address := s.pop3
			if transport == "tls" {
				address = s.pop3s
			}
			host, port, err := net.SplitHostPort(address)
			if err != nil {
				t.Fatal(err)
			}
			out, log, status := run(t, program(t, "python3", "python3"), "-B", filepath.Join("testdata", "pop3.py"),
				transport, host, port, user, password, authority)
			if status != 0 || out != "ok\n" {
				t.Errorf("exit status %d, %q\n%s", status, out, log)
			}
		})
	}
}
