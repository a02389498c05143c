package main

import (
	"bufio"
	"context"
	"io"
	"net"
	"strings"
	"testing"
	"time"
)

// TestServe starts the server as main does, reads mail, and has it say goodbye.
func TestServe(t *testing.T) {
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	out, w := io.Pipe()
	ended := make(chan error, 1)
	go func() {
		ended <- serve(ctx, config{imap: "127.0.0.1:0", pop3: "127.0.0.1:0", verbose: true}, w, io.Discard)
		w.Close()
	}()
	addrs := make(map[string]string)
	lines := bufio.NewScanner(out)
	for lines.Scan() && lines.Text() != "ready" {
		name, addr, _ := strings.Cut(lines.Text(), " ")
		addrs[name] = addr
	}
	go io.Copy(io.Discard, out)
	dial := func(name string) (net.Conn, *bufio.Reader) {
		t.Helper()
		nc, err := net.Dial("tcp", addrs[name])
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { nc.Close() })
		nc.SetDeadline(time.Now().Add(time.Minute))
		return nc, bufio.NewReader(nc)
	}
	nc, r := dial("imap")
	until := func(tag string) string {
		t.Helper()
		var said strings.Builder
		for {
			line, err := r.ReadString('\n')
			if err != nil {
				t.Fatalf("%v after %s", err, said.String())
			}
			said.WriteString(line)
			if strings.HasPrefix(line, tag+" ") {
				return said.String()
			}
		}
	}
	io.WriteString(nc, "a LOGIN demo demo\r\nb LIST \"\" *\r\nc SELECT INBOX\r\nd FETCH 1:* (ENVELOPE BODYSTRUCTURE)\r\n")
	said := until("d")
	if n := strings.Count(said, " FETCH ("); n != 21 || !strings.Contains(said, `"/" INBOX`) || !strings.Contains(said, "d OK") {
		t.Errorf("%d messages: %s", n, said)
	}
	pop, lineOf := dial("pop3")
	io.WriteString(pop, "USER demo\r\nPASS demo\r\nSTAT\r\n")
	for i, want := range []string{"+OK mailwire ready <", "+OK", "+OK 21 messages ", "+OK 21 "} {
		if line, err := lineOf.ReadString('\n'); err != nil || !strings.HasPrefix(line, want) {
			t.Errorf("line %d of POP3: %q, %v", i, line, err)
		}
	}
	stop()
	if line, err := lineOf.ReadString('\n'); err != nil || !strings.HasPrefix(line, "-ERR [SYS/TEMP] ") {
		t.Errorf("at the end POP3 said %q, %v", line, err)
	}
	if said := until("*"); !strings.HasPrefix(said, "* BYE") {
		t.Errorf("at the end: %s", said)
	}
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

func TestUserFlag(t *testing.T) {
	var u userFlag
	for _, s := range []string{"a:b", "a:b:c"} {
		if err := u.Set(s); err != nil {
			t.Errorf("%s: %v", s, err)
		}
	}
	if len(u) != 2 || u[1].password != "b:c" {
		t.Errorf("%v", u)
	}
	for _, s := range []string{"", "a", ":b", "a:"} {
		if err := u.Set(s); err == nil {
			t.Errorf("%q is a user", s)
		}
	}
}

func TestServeErrors(t *testing.T) {
	for name, c := range map[string]config{
		"nothing to serve": {},
		"no such address":  {imap: "256.0.0.1:1"},
		"half a key pair":  {imap: "127.0.0.1:0", tlsCert: "x"},
	} {
		if err := serve(t.Context(), c, io.Discard, io.Discard); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}
