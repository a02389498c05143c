package drive

import (
	"context"
	"crypto/tls"
	"errors"
	"log/slog"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/mailwire/mailwire/imapwire/engine"
)

// Info is what is known of a connection when its session is made.
type Info struct {
	Now      time.Time
	Security engine.Security
	// Local and Remote are the addresses of the connection.
	Local, Remote net.Addr
}

// A Server accepts connections and drives a session on each. Fill in
// NewSession; the zero values of the rest are what is documented. It must not
// be copied or changed once it serves.
type Server struct {
	// NewSession makes the session of a new connection. An error closes it.
	NewSession func(Info) (Session, error)
	// TLS is the configuration for STARTTLS and for ServeTLS; without it an
	// upgrade to TLS fails.
	TLS *tls.Config
	// Log gets what goes wrong, and connections at level Debug; nil is quiet.
	Log *slog.Logger
	// Trace, when not nil, sees all octets of a connection as the session
	// does, above TLS: out are those sent to the client. An empty p is the end
	// of the connection. It must not keep p. It sees passwords.
	Trace func(conn uint64, out bool, p []byte)
	// MaxConns is the most connections at once; default 10,000.
	MaxConns int
	// MaxConnsPerAddr is the most connections of one remote address; default
	// 100. Loopback addresses are not counted.
	MaxConnsPerAddr int
	// MaxConnsPerUser is the most connections of one user; default 50.
	MaxConnsPerUser int
	// LoginDelay is how long the answer to the first failed login of a
	// connection waits; each further one doubles it up to 16 times.
	// Default one second, negative none.
	LoginDelay time.Duration
	// HandshakeTimeout bounds a TLS handshake; default 30 seconds.
	HandshakeTimeout time.Duration
	// ShutdownTimeout bounds the writing of goodbyes; default 5 seconds.
	ShutdownTimeout time.Duration

	buffers sync.Pool // of *[bufferSize]byte

	mu     sync.Mutex
	conns  int
	byAddr map[string]int
	byUser map[string]int
	lastID atomic.Uint64
}

func (s *Server) logger() *slog.Logger {
	if s.Log != nil {
		return s.Log
	}
	return slog.New(slog.DiscardHandler)
}

func orInt(n, def int) int {
	if n == 0 {
		return def
	}
	return n
}

func orDuration(d, def time.Duration) time.Duration {
	if d == 0 {
		return def
	}
	return d
}

// Serve accepts connections from l until ctx ends, then closes l, has every
// session say goodbye, and returns nil when all are gone. Another failure of l
// ends it in the same way and is returned.
func (s *Server) Serve(ctx context.Context, l net.Listener) error {
	return s.serve(ctx, l, false)
}

// ServeTLS is Serve for connections that start with a TLS handshake.
func (s *Server) ServeTLS(ctx context.Context, l net.Listener) error {
	return s.serve(ctx, l, true)
}

func (s *Server) serve(ctx context.Context, l net.Listener, implicitTLS bool) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	stop := context.AfterFunc(ctx, func() { l.Close() })
	defer stop()
	var wg sync.WaitGroup
	defer wg.Wait()
	defer cancel()
	var pause time.Duration
	for {
		nc, err := l.Accept()
		if err != nil {
			if ctx.Err() != nil {
				return nil
			}
			if errors.Is(err, net.ErrClosed) {
				return err
			}
			// Out of descriptors, most likely: it passes when sessions end.
			pause = min(max(2*pause, 5*time.Millisecond), time.Second)
			s.logger().Error("accept failed", "err", err, "pause", pause)
			select {
			case <-ctx.Done():
			case <-time.After(pause):
			}
			continue
		}
		pause = 0
		wg.Go(func() {
			if err := s.serveConn(ctx, nc, implicitTLS); err != nil {
				s.logEnd(nc, err)
			}
		})
	}
}

func (s *Server) logEnd(nc net.Conn, err error) {
	s.logger().Debug("connection ended", "remote", nc.RemoteAddr(), "err", err)
}

// ErrTooManyConns reports a connection that was closed because of a cap.
var ErrTooManyConns = errors.New("drive: too many connections")

// ServeConn drives a session on nc until it ends, and closes nc. When ctx ends
// the session says goodbye. A conversation that ended in good order, or because
// the client left, returns nil.
func (s *Server) ServeConn(ctx context.Context, nc net.Conn) error {
	return s.serveConn(ctx, nc, false)
}

// serveConn is what the goroutine of a connection runs. While the connection
// rests, its frame and that of conn.run are on the stack: whatever needs room
// there is in functions that have returned by then. Below a quarter of 8 KiB,
// the runtime's own frames included, a collection halves the stack.
func (s *Server) serveConn(ctx context.Context, nc net.Conn, implicitTLS bool) error {
	c, err := s.begin(ctx, nc, implicitTLS)
	if err != nil {
		return err
	}
	defer c.close()
	return c.run(ctx)
}

// begin makes the session of a connection. On an error nc is closed.
func (s *Server) begin(ctx context.Context, nc net.Conn, implicitTLS bool) (*conn, error) {
	host, loopback := remoteHost(nc)
	if !s.enter(host, loopback) {
		nc.Close()
		return nil, ErrTooManyConns
	}
	c := &conn{srv: s, raw: nc, nc: nc, host: host, loopback: loopback, id: s.lastID.Add(1)}
	if err := c.begin(ctx, implicitTLS); err != nil {
		c.close()
		return nil, err
	}
	return c, nil
}

// remoteHost returns the address of the peer without its port, and whether the
// connection stays on the machine.
func remoteHost(nc net.Conn) (host string, loopback bool) {
	addr := nc.RemoteAddr()
	if addr == nil {
		return "", false
	}
	switch addr.Network() {
	case "unix", "pipe":
		return addr.Network(), true
	}
	host, _, err := net.SplitHostPort(addr.String())
	if err != nil {
		host = addr.String()
	}
	ip := net.ParseIP(host)
	return host, ip != nil && ip.IsLoopback()
}

func (s *Server) enter(host string, loopback bool) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.conns >= orInt(s.MaxConns, 10_000) {
		return false
	}
	if !loopback {
		if s.byAddr[host] >= orInt(s.MaxConnsPerAddr, 100) {
			return false
		}
		if s.byAddr == nil {
			s.byAddr = make(map[string]int)
		}
		s.byAddr[host]++
	}
	s.conns++
	return true
}

func (s *Server) leave(host string, loopback bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.conns--
	if !loopback {
		release(s.byAddr, host)
	}
}

func release(m map[string]int, key string) {
	if m[key]--; m[key] <= 0 {
		delete(m, key)
	}
}

func (s *Server) enterUser(user string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.byUser[user] >= orInt(s.MaxConnsPerUser, 50) {
		return false
	}
	if s.byUser == nil {
		s.byUser = make(map[string]int)
	}
	s.byUser[user]++
	return true
}

func (s *Server) leaveUser(user string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	release(s.byUser, user)
}
