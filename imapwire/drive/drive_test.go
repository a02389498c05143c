package drive_test

import (
	"bufio"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/mailwire/mailwire/imapwire/drive"
	"github.com/mailwire/mailwire/imapwire/engine"
)

// A talk is a session that understands a few words, one a line:
//
//	echo TEXT   answers TEXT
//	body N      answers N octets from a reader
//	tls         asks for TLS
//	user NAME   is NAME from now on
//	fail        counts a failed login
//	idle N      has a deadline N milliseconds from now
//	quit        ends
type talk struct {
	now      time.Time
	in, held []byte
	out      []engine.Segment
	want     engine.Want
	rest     []byte
	deadline time.Time
	user     string
	fails    int
	secure   bool
	events   *events
}

// events is what a test sees of its sessions.
type events struct {
	mu     sync.Mutex
	wakes  []func()
	closed atomic.Int32
	news   atomic.Int32
}

func (e *events) ring() {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, w := range e.wakes {
		w()
	}
}

func (s *talk) say(format string, a ...any) {
	s.out = append(s.out, engine.Segment{Bytes: fmt.Appendf(nil, format+"\n", a...)})
}

func (s *talk) Feed(now time.Time, p []byte) error {
	s.now, s.in = now, p
	return nil
}
func (s *talk) FeedEOF(time.Time)               { s.want = engine.WantNothing }
func (s *talk) Expire(now time.Time)            { s.say("expired"); s.want = engine.WantNothing }
func (s *talk) Want() engine.Want               { return s.want }
func (s *talk) Deadline() time.Time             { return s.deadline }
func (s *talk) Upgrade() (engine.Layer, []byte) { return engine.LayerTLS, s.rest }
func (s *talk) OnChange(wake func()) {
	s.events.mu.Lock()
	defer s.events.mu.Unlock()
	s.events.wakes = append(s.events.wakes, wake)
}
func (s *talk) Notify(context.Context)  { s.events.news.Add(1); s.say("news") }
func (s *talk) Shutdown(time.Time)      { s.say("bye"); s.want = engine.WantNothing }
func (s *talk) Close() error            { s.events.closed.Add(1); return nil }
func (s *talk) User() string            { return s.user }
func (s *talk) FailedLogins() int       { return s.fails }
func (s *talk) UpgradeFailed(err error) { s.want = engine.WantNothing }
func (s *talk) Upgraded(now time.Time, l engine.Layer, sec engine.Security) {
	s.want, s.secure, s.rest = engine.WantInput, sec.Encrypted && sec.Exporter != nil, nil
	s.say("upgraded %v %v", l, sec.Encrypted)
}

func (s *talk) Output() engine.Segment {
	if len(s.out) == 0 {
		return engine.Segment{}
	}
	return s.out[0]
}

func (s *talk) Advance(now time.Time, n int64) {
	s.now = now
	front := &s.out[0]
	if front.Reader != nil {
		front.N -= n
	} else {
		front.Bytes = front.Bytes[n:]
	}
	if front.Len() == 0 {
		s.out = s.out[1:]
	}
}

func (s *talk) Work(context.Context) bool {
	if s.want != engine.WantInput {
		return false
	}
	i := strings.IndexByte(string(s.in), '\n')
	if i < 0 {
		s.held, s.in = append(s.held, s.in...), nil
		return false
	}
	line := string(s.held) + string(s.in[:i])
	s.held, s.in = nil, s.in[i+1:]
	word, arg, _ := strings.Cut(line, " ")
	n := 0
	fmt.Sscan(arg, &n)
	switch word {
	case "echo":
		s.say("%s", arg)
	case "body":
		s.out = append(s.out, engine.Segment{Reader: strings.NewReader(strings.Repeat("x", n)), N: int64(n)})
	case "tls":
		s.say("go")
		s.want, s.rest, s.in = engine.WantUpgrade, s.in, nil
	case "user":
		s.user = arg
		s.say("welcome")
	case "fail":
		s.fails++
		s.say("failed")
	case "idle":
		s.deadline = s.now.Add(time.Duration(n) * time.Millisecond)
	case "quit":
		s.say("bye")
		s.want = engine.WantNothing
	}
	return true
}

func server(t *testing.T, change func(*drive.Server)) (addr string, ev *events, stop func()) {
	t.Helper()
	ev = &events{}
	srv := &drive.Server{
		NewSession: func(info drive.Info) (drive.Session, error) {
			if info.Now.IsZero() || info.Remote == nil {
				t.Error("Info lacks something")
			}
			return &talk{want: engine.WantInput, events: ev, secure: info.Security.Encrypted}, nil
		},
		TLS:        tlsConfig(t),
		LoginDelay: time.Millisecond,
	}
	if change != nil {
		change(srv)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- srv.Serve(ctx, l) }()
	stop = sync.OnceFunc(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("Serve: %v", err)
		}
	})
	t.Cleanup(stop)
	return l.Addr().String(), ev, stop
}

func tlsConfig(t *testing.T) *tls.Config {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.CreateCertificate(rand.Reader, &x509.Certificate{SerialNumber: big.NewInt(1)}, &x509.Certificate{SerialNumber: big.NewInt(1)}, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	return &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}}
}

type peer struct {
	t *testing.T
	net.Conn
	r *bufio.Reader
}

func dial(t *testing.T, addr string) *peer {
	t.Helper()
	nc, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { nc.Close() })
	nc.SetDeadline(time.Now().Add(time.Minute))
	return &peer{t, nc, bufio.NewReader(nc)}
}

func (p *peer) say(s string) {
	p.t.Helper()
	if _, err := io.WriteString(p, s); err != nil {
		p.t.Fatal(err)
	}
}

func (p *peer) hear(want string) {
	p.t.Helper()
	got, err := p.r.ReadString('\n')
	if err != nil || strings.TrimSuffix(got, "\n") != want {
		p.t.Fatalf("heard %q, %v; want %q", got, err, want)
	}
}

func (p *peer) end() {
	p.t.Helper()
	if b, err := p.r.ReadByte(); !errors.Is(err, io.EOF) {
		p.t.Fatalf("read %q, %v; want the end", b, err)
	}
}

func TestServe(t *testing.T) {
	addr, ev, stop := server(t, nil)
	p := dial(t, addr)
	p.say("echo one\necho two\nec")
	p.hear("one")
	p.hear("two")
	p.say("ho three\nquit\n")
	p.hear("three")
	p.hear("bye")
	p.end()
	stop()
	if n := ev.closed.Load(); n != 1 {
		t.Errorf("%d sessions closed", n)
	}
}

// TestServeLarge: input beyond the small buffer and output from readers.
func TestServeLarge(t *testing.T) {
	addr, _, _ := server(t, nil)
	p := dial(t, addr)
	long := strings.Repeat("y", 200_000)
	go io.WriteString(p, "echo "+long+"\nbody 1000000\necho \nquit\n")
	p.hear(long)
	p.hear(strings.Repeat("x", 1_000_000))
	p.hear("bye")
	p.end()
}

func TestShutdown(t *testing.T) {
	addr, ev, stop := server(t, nil)
	p, q := dial(t, addr), dial(t, addr)
	p.say("echo here\n")
	p.hear("here")
	q.say("echo here\n")
	q.hear("here")
	stop()
	p.hear("bye")
	p.end()
	q.hear("bye")
	q.end()
	if n := ev.closed.Load(); n != 2 {
		t.Errorf("%d sessions closed", n)
	}
}

func TestClientLeaves(t *testing.T) {
	addr, ev, stop := server(t, nil)
	p := dial(t, addr)
	p.say("echo here\n")
	p.hear("here")
	p.Close()
	stop()
	if n := ev.closed.Load(); n != 1 {
		t.Errorf("%d sessions closed", n)
	}
}

// TestWake: a session that waits is woken by news, and goes on reading after.
func TestWake(t *testing.T) {
	addr, ev, _ := server(t, nil)
	p := dial(t, addr)
	p.say("echo here\n")
	p.hear("here")
	for range 20 {
		ev.ring()
		p.hear("news")
	}
	p.say("echo still\n")
	p.hear("still")
}

func TestDeadline(t *testing.T) {
	addr, _, _ := server(t, nil)
	p := dial(t, addr)
	p.say("idle 20\n")
	p.hear("expired")
	p.end()
}

// TestUpgrade: STARTTLS, also when the handshake starts in the read that
// carried the command.
func TestUpgrade(t *testing.T) {
	for _, eager := range []bool{false, true} {
		addr, ev, _ := server(t, nil)
		p := dial(t, addr)
		under := net.Conn(p.Conn)
		if eager {
			under = &eagerConn{Conn: p.Conn, first: []byte("tls\n"), skip: len("go\n")}
		} else {
			p.say("tls\n")
			p.hear("go")
		}
		tc := tls.Client(under, &tls.Config{InsecureSkipVerify: true})
		if err := tc.Handshake(); err != nil {
			t.Fatalf("eager %v: %v", eager, err)
		}
		q := &peer{t, tc, bufio.NewReader(tc)}
		q.hear("upgraded TLS true")
		q.say("echo secret\n")
		q.hear("secret")
		ev.ring()
		q.hear("news")
		q.say("quit\n")
		q.hear("bye")
		q.end()
	}
}

// An eagerConn sends first together with the first octets written, and drops
// skip octets of what it reads.
type eagerConn struct {
	net.Conn
	first []byte
	skip  int
}

func (c *eagerConn) Write(p []byte) (int, error) {
	n := len(c.first)
	w, err := c.Conn.Write(append(c.first, p...))
	c.first = nil
	return w - n, err
}

func (c *eagerConn) Read(p []byte) (int, error) {
	for c.skip > 0 {
		n, err := c.Conn.Read(make([]byte, c.skip))
		if err != nil {
			return 0, err
		}
		c.skip -= n
	}
	return c.Conn.Read(p)
}

func TestUpgradeFails(t *testing.T) {
	addr, ev, stop := server(t, nil)
	p := dial(t, addr)
	p.say("tls\n")
	p.hear("go")
	p.say("echo this is no handshake\n")
	io.Copy(io.Discard, p.r)
	stop()
	if n := ev.closed.Load(); n != 1 {
		t.Errorf("%d sessions closed", n)
	}
}

func TestCaps(t *testing.T) {
	addr, _, _ := server(t, func(s *drive.Server) { s.MaxConns, s.MaxConnsPerUser = 3, 1 })
	p, q := dial(t, addr), dial(t, addr)
	p.say("user ada\n")
	p.hear("welcome")
	q.say("user ada\n")
	q.hear("welcome")
	q.hear("bye")
	q.end()
	// The place of a session that ended is free again.
	r := dial(t, addr)
	r.say("user charles\n")
	r.hear("welcome")
	s := dial(t, addr)
	s.say("echo here\n")
	s.hear("here")
	u := dial(t, addr)
	u.end()
}

func TestFailedLogin(t *testing.T) {
	addr, _, _ := server(t, nil)
	p := dial(t, addr)
	p.say("fail\nfail\necho on\n")
	p.hear("failed")
	p.hear("failed")
	p.hear("on")
}

func TestTrace(t *testing.T) {
	var mu sync.Mutex
	var in, out strings.Builder
	ended := make(chan bool)
	addr, _, _ := server(t, func(s *drive.Server) {
		s.Trace = func(_ uint64, o bool, p []byte) {
			mu.Lock()
			defer mu.Unlock()
			if len(p) == 0 {
				close(ended)
			} else if o {
				out.Write(p)
			} else {
				in.Write(p)
			}
		}
	})
	p := dial(t, addr)
	p.say("body 3\necho x\nquit\n")
	p.hear("xxxx")
	p.hear("bye")
	p.end()
	<-ended
	if in.String() != "body 3\necho x\nquit\n" || out.String() != "xxxx\nbye\n" {
		t.Errorf("in %q, out %q", in.String(), out.String())
	}
}
