package main

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/mailwire/mailwire/imapwire/drive"
	"github.com/mailwire/mailwire/imapwire/engine"
	"github.com/mailwire/mailwire/imapwire/imap"
	"github.com/mailwire/mailwire/mailbox/imapserve"
	"github.com/mailwire/mailwire/mailbox/memstore"
)

// A safeBuffer is written by many.
type safeBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *safeBuffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *safeBuffer) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

// start serves mail and a proxy before it, and returns where the proxy listens.
func startProxy(t *testing.T, c config, errs io.Writer) string {
	t.Helper()
	store := memstore.New(memstore.Options{Now: time.Now})
	if err := store.AddUser("ada", "secret"); err != nil {
		t.Fatal(err)
	}
	srv, err := imapserve.NewServer(store, imapserve.Options{Auth: store, PlaintextAuth: engine.PlaintextLoopback})
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	d := &drive.Server{NewSession: func(info drive.Info) (drive.Session, error) {
		return srv.Session(info.Now, imapserve.Info{Security: info.Security})
	}}
	ctx, cancel := context.WithCancel(context.Background())
	served, proxied := make(chan error), make(chan error)
	go func() { served <- d.Serve(ctx, l) }()
	out, in := io.Pipe()
	c.listen, c.server = "127.0.0.1:0", l.Addr().String()
	go func() { proxied <- serve(ctx, c, in, errs) }()
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cancel()
		for _, done := range []chan error{served, proxied} {
			if err := <-done; err != nil {
				t.Error(err)
			}
		}
		srv.Close()
	})
	return strings.TrimSpace(strings.TrimPrefix(line, "imap "))
}

// A mailClient types.
type mailClient struct {
	t *testing.T
	net.Conn
	r *bufio.Reader
}

func dial(t *testing.T, addr string) *mailClient {
	t.Helper()
	nc, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { nc.Close() })
	nc.SetDeadline(time.Now().Add(30 * time.Second))
	return &mailClient{t, nc, bufio.NewReader(nc)}
}

// hear reads until a line begins so, and returns all.
func (m *mailClient) hear(begin string) string {
	m.t.Helper()
	var all strings.Builder
	for {
		line, err := m.r.ReadString('\n')
		all.WriteString(line)
		if strings.HasPrefix(line, begin) {
			return all.String()
		}
		if err != nil {
			m.t.Fatalf("waiting for %q: %v in %.300q", begin, err, all.String())
		}
	}
}

// TestServe: a mail program works through the proxy as it would without: large
// messages both ways, news in IDLE, capabilities hidden, no secret in the
// transcript.
func TestServe(t *testing.T) {
	var log safeBuffer
	addr := startProxy(t, config{hide: imap.Capabilities{"MOVE"}, verbose: true}, &log)
	a, b := dial(t, addr), dial(t, addr)
	a.hear("* OK")
	fmt.Fprint(a, "a LOGIN ada secret\r\nb SELECT INBOX\r\nc IDLE\r\n")
	if caps := a.hear("a OK"); strings.Contains(caps, "MOVE") || !strings.Contains(caps, "QRESYNC") {
		t.Errorf("capabilities: %s", caps)
	}
	a.hear("+ ")

	body := "Subject: large\r\n\r\n" + strings.Repeat("0123456789abcdef", 1<<19)
	fmt.Fprintf(b, "a LOGIN ada secret\r\nb APPEND INBOX {%d}\r\n", len(body))
	b.hear("+ ")
	fmt.Fprintf(b, "%s\r\nc SELECT INBOX\r\nd UID FETCH 1 (FLAGS BODY.PEEK[])\r\n", body)
	b.hear("c OK")
	if got := b.hear("d "); !strings.Contains(got, body) || !strings.HasSuffix(got, "d OK UID FETCH completed\r\n") {
		t.Errorf("%d octets came back; the end is %q", len(got), got[max(0, len(got)-100):])
	}
	a.hear("* 1 EXISTS")
	fmt.Fprint(a, "DONE\r\nd LOGOUT\r\n")
	a.hear("d OK")
	if text := log.String(); strings.Contains(text, "secret") || !strings.Contains(text, "1 C: a LOGIN [redacted]") {
		t.Errorf("the transcript is %s", text)
	}
}

// TestEnds: what happens to one side is told to the other.
func TestEnds(t *testing.T) {
	var log safeBuffer
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	ctx, cancel := context.WithCancel(t.Context())
	out, in := io.Pipe()
	done := make(chan error)
	go func() { done <- serve(ctx, config{listen: "127.0.0.1:0", server: l.Addr().String()}, in, &log) }()
	line, _ := bufio.NewReader(out).ReadString('\n')
	addr := strings.TrimSpace(strings.TrimPrefix(line, "imap "))

	m := dial(t, addr)
	up, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	fmt.Fprint(up, "* OK [CAPABILITY IMAP4rev1] ready\r\n")
	m.hear("* OK")
	fmt.Fprint(m, "a LOGIN u p\r\n")
	bufio.NewReader(up).ReadString('\n')
	fmt.Fprint(up, "A1 OK [CAPABILITY IMAP4rev1] in\r\n")
	m.hear("a OK")
	up.Close()
	m.hear("* BYE")

	// A client that goes takes its server with it.
	m = dial(t, addr)
	if up, err = l.Accept(); err != nil {
		t.Fatal(err)
	}
	m.Close()
	if _, err := up.Read(make([]byte, 1)); err == nil {
		t.Error("the server's side is open")
	}

	// A server that does not exist.
	l.Close()
	m = dial(t, addr)
	m.hear("* BYE")
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
}
