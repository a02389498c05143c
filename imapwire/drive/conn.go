package drive

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"os"
	"sync/atomic"
	"time"

	"github.com/mailwire/mailwire/imapwire/engine"
)

const (
	// smallBuffer is what a waiting connection holds, bufferSize what it
	// reads and copies with while there is more.
	smallBuffer = 512
	bufferSize  = 32 << 10
)

// A conn drives one session. The owner's goroutine runs it; wake alone may be
// called from others.
type conn struct {
	srv      *Server
	sess     Session
	raw      net.Conn // deadlines are set here
	nc       net.Conn // raw, or TLS above it
	host     string   // of the peer
	loopback bool
	id       uint64
	// unwatch ends the watching of the server's context.
	unwatch func() bool

	// woken is set before the read deadline moves into the past, so that a
	// deadline set at the same moment can not hide it.
	woken atomic.Bool
	small [smallBuffer]byte
	big   *[bufferSize]byte // from the pool, while there is more to read
	// filled: the last Read filled its buffer, so that more is likely there.
	filled bool

	user     string
	failures int
	leaving  bool
	leaveBy  time.Time
}

// begin shakes hands, if TLS comes first, and makes the session.
func (c *conn) begin(ctx context.Context, implicitTLS bool) error {
	info := Info{Security: engine.Security{Loopback: c.loopback}, Local: c.raw.LocalAddr(), Remote: c.raw.RemoteAddr()}
	if implicitTLS {
		if err := c.handshake(ctx, nil); err != nil {
			return err
		}
		info.Security = c.security()
	}
	info.Now = time.Now()
	sess, err := c.srv.NewSession(info)
	if err != nil {
		return err
	}
	c.sess = sess
	wake := c.wake
	sess.OnChange(wake)
	c.unwatch = context.AfterFunc(ctx, wake)
	if c.srv.Log != nil {
		c.srv.Log.Debug("connection", "id", c.id, "remote", info.Remote, "tls", info.Security.Encrypted)
	}
	return nil
}

// close gives back what begin took, and closes the connection.
func (c *conn) close() {
	if c.sess != nil {
		c.unwatch()
		c.sess.Close()
		c.leaveUser()
		if c.srv.Trace != nil {
			c.srv.Trace(c.id, false, nil)
		}
	}
	c.srv.leave(c.host, c.loopback)
	c.raw.Close()
}

// past is a moment that every read deadline lies behind.
var past = time.Unix(1, 0)

// wake ends a Read that waits.
func (c *conn) wake() {
	c.woken.Store(true)
	c.raw.SetReadDeadline(past)
}

// run drives the session until it ends. A conversation that ended in good order,
// or because the client left, returns nil.
func (c *conn) run(ctx context.Context) error {
	err := c.loop(ctx)
	c.putBig()
	if errors.Is(err, io.EOF) || errors.Is(err, net.ErrClosed) {
		return nil
	}
	return err
}

// loop works while there is something to work on, writes what came of it in one
// go, and then does what the session wants.
func (c *conn) loop(ctx context.Context) error {
	for {
		if ctx.Err() != nil && !c.leaving {
			c.leave()
		}
		if c.sess.Work(ctx) {
			c.afterWork(ctx)
			continue
		}
		if !c.sess.Output().Empty() {
			if err := c.flush(); err != nil {
				return err
			}
			continue
		}
		switch want := c.sess.Want(); want {
		case engine.WantInput:
			if err := c.read(ctx); err != nil {
				return err
			}
		case engine.WantUpgrade:
			c.upgrade(ctx)
		case engine.WantNothing:
			return nil
		default:
			return errStuck(want)
		}
	}
}

func errStuck(w engine.Want) error {
	return errors.New("drive: session waits for " + w.String() + " and nobody gives it")
}

// leave makes the session say goodbye.
func (c *conn) leave() {
	now := time.Now()
	c.leaving, c.leaveBy = true, now.Add(c.grace())
	c.sess.Shutdown(now)
}

// grace is how long goodbyes may take.
func (c *conn) grace() time.Duration { return orDuration(c.srv.ShutdownTimeout, 5*time.Second) }

// deadline is the session's, or that of the shutdown.
func (c *conn) deadline() time.Time {
	d := c.sess.Deadline()
	if c.leaving && (d.IsZero() || c.leaveBy.Before(d)) {
		return c.leaveBy
	}
	return d
}

// flush writes what is queued.
func (c *conn) flush() error {
	for {
		seg := c.sess.Output()
		if seg.Empty() {
			return nil
		}
		deadline := c.deadline()
		if c.sess.Want() == engine.WantNothing && !c.leaving {
			// The last words, which a deadline that passed may have caused.
			deadline = time.Now().Add(c.grace())
		}
		c.raw.SetWriteDeadline(deadline)
		n, err := c.write(seg)
		now := time.Now()
		c.sess.Advance(now, n)
		if err == nil {
			continue
		}
		if errors.Is(err, os.ErrDeadlineExceeded) && !c.leaving {
			c.sess.Expire(now)
			if c.sess.Want() == engine.WantNothing {
				return engine.ErrTimeout
			}
			if c.nc == c.raw {
				continue
			}
			// A TLS connection is of no use after half a record.
		}
		c.sess.FeedEOF(now)
		return err
	}
}

func (c *conn) write(seg engine.Segment) (int64, error) {
	if seg.Reader == nil {
		if c.srv.Trace != nil {
			c.srv.Trace(c.id, true, seg.Bytes)
		}
		n, err := c.nc.Write(seg.Bytes)
		return int64(n), err
	}
	c.getBig()
	p := c.big[:min(seg.N, bufferSize)]
	n, err := io.ReadFull(seg.Reader, p)
	if err != nil {
		// The literal was announced: only the end of the connection is left.
		return 0, err
	}
	if c.srv.Trace != nil {
		c.srv.Trace(c.id, true, p[:n])
	}
	n, err = c.nc.Write(p[:n])
	if err != nil && n < len(p) {
		// What was read and not written can not be read again.
		return int64(n), errors.Join(err, net.ErrClosed)
	}
	return int64(n), err
}

// afterWork keeps the counts of users and of failed logins.
func (c *conn) afterWork(ctx context.Context) {
	if u, ok := c.sess.(UserSession); ok && c.user == "" {
		if user := u.User(); user != "" {
			if !c.srv.enterUser(user) {
				c.srv.logger().Info("too many connections of one user", "user", user)
				c.sess.Shutdown(time.Now())
				return
			}
			c.user = user
		}
	}
	if l, ok := c.sess.(LoginSession); ok {
		if n := l.FailedLogins(); n > c.failures {
			c.failures = n
			delay := orDuration(c.srv.LoginDelay, time.Second) << min(n-1, 4)
			if delay > 0 {
				t := time.NewTimer(delay)
				defer t.Stop()
				select {
				case <-t.C:
				case <-ctx.Done():
				}
			}
		}
	}
}

func (c *conn) leaveUser() {
	if c.user != "" {
		c.srv.leaveUser(c.user)
	}
}

// read waits for input, for the deadline, or for news. The session is done with
// the input before when it wants more, so that the buffers are free.
func (c *conn) read(ctx context.Context) error {
	if c.filled {
		c.getBig()
	} else {
		c.putBig()
	}
	c.raw.SetReadDeadline(c.deadline())
	if c.woken.Swap(false) {
		return c.news(ctx)
	}
	buf := c.small[:]
	if c.big != nil {
		buf = c.big[:]
	}
	n, err := c.nc.Read(buf)
	c.filled = n == len(buf)
	now := time.Now()
	if n > 0 {
		if c.srv.Trace != nil {
			c.srv.Trace(c.id, false, buf[:n])
		}
		if err := c.sess.Feed(now, buf[:n]); err != nil {
			return err
		}
		// An error that came with input comes again with the next Read.
		return nil
	}
	switch {
	case err == nil:
	case errors.Is(err, os.ErrDeadlineExceeded) && c.woken.Swap(false):
		return c.news(ctx)
	case errors.Is(err, os.ErrDeadlineExceeded) && !c.leaving:
		c.sess.Expire(now)
	case errors.Is(err, io.EOF):
		c.sess.FeedEOF(now)
	default:
		c.sess.FeedEOF(now)
		return err
	}
	return nil
}

func (c *conn) news(ctx context.Context) error {
	c.raw.SetReadDeadline(time.Time{})
	if ctx.Err() == nil {
		c.sess.Notify(ctx)
	}
	return nil
}

func (c *conn) getBig() {
	if c.big != nil {
		return
	}
	if b, ok := c.srv.buffers.Get().(*[bufferSize]byte); ok {
		c.big = b
		return
	}
	c.big = new([bufferSize]byte)
}

func (c *conn) putBig() {
	if c.big != nil {
		clear(c.big[:])
		c.srv.buffers.Put(c.big)
		c.big = nil
	}
}

// upgrade puts a layer below the session.
func (c *conn) upgrade(ctx context.Context) {
	layer, rest := c.sess.Upgrade()
	if layer != engine.LayerTLS || c.srv.TLS == nil || c.nc != c.raw {
		c.sess.UpgradeFailed(errors.New("drive: no " + layer.String() + " to upgrade to"))
		return
	}
	if err := c.handshake(ctx, rest); err != nil {
		c.sess.UpgradeFailed(err)
		return
	}
	c.sess.Upgraded(time.Now(), engine.LayerTLS, c.security())
}

// handshake is the server's half of a TLS handshake, which rest begins.
func (c *conn) handshake(ctx context.Context, rest []byte) error {
	if c.srv.TLS == nil {
		return errors.New("drive: no TLS configuration")
	}
	ctx, cancel := context.WithTimeout(ctx, orDuration(c.srv.HandshakeTimeout, 30*time.Second))
	defer cancel()
	c.raw.SetDeadline(time.Time{})
	below := c.raw
	if len(rest) > 0 {
		below = &prefixConn{Conn: c.raw, prefix: append([]byte(nil), rest...)}
	}
	tc := tls.Server(below, c.srv.TLS)
	if err := tc.HandshakeContext(ctx); err != nil {
		return err
	}
	c.nc = tc
	return nil
}

// security describes the connection after a handshake.
func (c *conn) security() engine.Security { return security(c.nc.(*tls.Conn), c.loopback) }

func security(t *tls.Conn, loopback bool) engine.Security {
	state := t.ConnectionState()
	s := engine.Security{Encrypted: true, Loopback: loopback}
	if state.Version >= tls.VersionTLS13 {
		s.Exporter = state.ExportKeyingMaterial
	}
	if len(state.PeerCertificates) > 0 {
		s.Peer = state.PeerCertificates[0].Raw
	}
	return s
}

// A prefixConn reads prefix before the connection.
type prefixConn struct {
	net.Conn
	prefix []byte
}

func (c *prefixConn) Read(p []byte) (int, error) {
	if len(c.prefix) > 0 {
		n := copy(p, c.prefix)
		c.prefix = c.prefix[n:]
		return n, nil
	}
	return c.Conn.Read(p)
}
