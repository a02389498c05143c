package drive

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"os"
	"time"

	"github.com/mailwire/mailwire/imapwire/engine"
)

// A ClientEngine is the client's half of a conversation, as [Client] drives it:
// imapclient.Conn and pop3client.Conn are such.
type ClientEngine interface {
	Feed(now time.Time, p []byte) error
	FeedEOF(now time.Time)
	Expire(now time.Time)
	Want() engine.Want
	Deadline() time.Time
	Output() engine.Segment
	Advance(now time.Time, n int64)
	Upgraded(now time.Time, l engine.Layer, s engine.Security)
	UpgradeFailed(err error)
	Close()
}

// A Client moves octets between a client's engine and its connection. The
// application's loop: take events from the engine until there is none, and call
// Step.
//
//	for {
//		ev := c.Next()
//		switch ev := ev.(type) {
//		…
//		case nil:
//			if err := d.Step(ctx); err != nil {
//				return err
//			}
//		}
//	}
//
// Reading and writing go on at once, since a server that waits for its answers to
// be read may not read. The goroutines that do it live no longer than one read or
// write. A Client is used by one goroutine at a time; it must not be copied.
type Client struct {
	// Conn is the connection, Engine what speaks on it.
	Conn   net.Conn
	Engine ClientEngine
	// TLS is the configuration for upgrades, with the ServerName to verify;
	// without it they fail.
	TLS *tls.Config
	// Trace, when not nil, sees all octets as the engine does, above TLS: out
	// are those sent, the moment before they are. It must not keep p. It sees
	// passwords, and is called from two goroutines, though never at once for
	// one direction.
	Trace func(out bool, p []byte)
	// Wake, when not nil, is called from another goroutine when [Client.Poll]
	// would take something in. It returns at once.
	Wake func()
	// HandshakeTimeout bounds a TLS handshake; default 30 seconds.
	HandshakeTimeout time.Duration

	nc    net.Conn // Conn, or TLS above it
	reads chan transfer
	// writes has the outcome of each write, contents how many octets of a reader
	// are about to be written.
	writes   chan error
	contents chan int
	reading  bool
	writing  bool
	buf      []byte
	copied   []byte
	eof      bool
	failed   error
}

// A transfer is what a read came to.
type transfer struct {
	n   int64
	err error
}

// ErrIdle is returned by Step when the engine has nothing to do but to wait for
// the application, and takes no input before.
var ErrIdle = errors.New("drive: the engine waits for the application")

// Step writes what is queued and waits until something was read or written, a
// deadline passed or ctx ended, whose error it returns: the conversation goes on
// with the next Step, and nothing is lost. After the end of the conversation it
// returns an error at once. The engine reports all other ends by its own events.
func (c *Client) Step(ctx context.Context) error {
	progress, err := c.Poll(ctx, true)
	if progress || err != nil {
		return err
	}
	var timeout <-chan time.Time
	if d := c.Engine.Deadline(); !d.IsZero() {
		t := time.NewTimer(time.Until(d))
		defer t.Stop()
		timeout = t.C
	}
	select {
	case r := <-c.reads:
		c.taken(r)
	case err := <-c.writes:
		c.written(err)
	case n := <-c.contents:
		c.Engine.Advance(time.Now(), int64(n))
	case <-timeout:
		c.Engine.Expire(time.Now())
	case <-ctx.Done():
		return ctx.Err()
	}
	return nil
}

// Poll is Step for an application that has other things to wait for: it begins a
// read, if read is true, and a write of what is queued, takes in what has ended of
// those before, and returns at once. progress is true when something was taken in.
// Wake is called, from another goroutine, when there is more to take in. With
// read, the engine must have used up what it was fed: Next has returned nil.
//
// [ErrIdle] says that the engine has nothing to do but to wait for the
// application.
func (c *Client) Poll(ctx context.Context, read bool) (progress bool, err error) {
	if c.nc == nil {
		c.nc = c.Conn
		c.reads, c.writes, c.contents = make(chan transfer, 1), make(chan error, 1), make(chan int, 1)
		c.buf = make([]byte, bufferSize)
	}
	want := c.Engine.Want()
	c.write()
	switch {
	case want == engine.WantNothing && !c.writing:
		return false, engine.ErrClosed
	case want == engine.WantUpgrade && !c.writing:
		return true, c.upgrade(ctx)
	case read && want == engine.WantInput:
		c.read()
	}
	for took := true; took; {
		select {
		case err := <-c.writes:
			c.written(err)
		case n := <-c.contents:
			c.Engine.Advance(time.Now(), int64(n))
		default:
			took = false
		}
		progress = progress || took
	}
	if read && want == engine.WantInput {
		select {
		case r := <-c.reads:
			c.taken(r)
			return true, nil
		default:
		}
	}
	if d := c.Engine.Deadline(); !d.IsZero() && !time.Now().Before(d) {
		c.Engine.Expire(time.Now())
		progress = true
	}
	if (want == engine.WantAnswer || want == engine.WantDecision) && !c.writing && !progress {
		return false, ErrIdle
	}
	return progress, nil
}

// read begins a read, unless one waits.
func (c *Client) read() {
	if c.reading || c.eof {
		return
	}
	c.reading = true
	nc, buf := c.nc, c.buf
	go func() {
		n, err := nc.Read(buf)
		c.reads <- transfer{int64(n), err}
		c.wake()
	}()
}

func (c *Client) wake() {
	if c.Wake != nil {
		c.Wake()
	}
}

// taken gives the engine what was read. The engine has used it up when Step is
// called next.
func (c *Client) taken(r transfer) {
	c.reading = false
	now := time.Now()
	if r.n > 0 {
		if c.Trace != nil {
			c.Trace(false, c.buf[:r.n])
		}
		// The engine refuses it only after its end.
		_ = c.Engine.Feed(now, c.buf[:r.n])
	}
	// An error that came with input comes again with the next read.
	if r.err != nil && r.n == 0 && (c.failed != nil || !errors.Is(r.err, os.ErrDeadlineExceeded)) {
		c.eof = true
		c.Engine.FeedEOF(now)
	}
}

// write begins a write of what is queued, unless one goes on.
func (c *Client) write() {
	if c.writing || c.failed != nil {
		return
	}
	seg := c.Engine.Output()
	if seg.Empty() {
		return
	}
	c.writing = true
	if c.copied == nil {
		c.copied = make([]byte, bufferSize)
	}
	p := c.copied[:min(seg.Len(), bufferSize)]
	nc, trace := c.nc, c.Trace
	write := func() {
		if trace != nil {
			trace(true, p)
		}
		_, err := nc.Write(p)
		c.writes <- err
		c.wake()
	}
	if seg.Reader == nil {
		copy(p, seg.Bytes)
		// An answer may be read before the write returns, and the engine has to
		// know by then that the octets left.
		c.Engine.Advance(time.Now(), int64(len(p)))
		go write()
		return
	}
	content := seg.Reader
	go func() {
		if _, err := io.ReadFull(content, p); err != nil {
			c.writes <- &readerError{err}
			c.wake()
			return
		}
		c.contents <- len(p)
		write()
	}()
}

// A readerError is a content that could not be read.
type readerError struct{ err error }

func (e *readerError) Error() string { return "drive: reading a content: " + e.err.Error() }
func (e *readerError) Unwrap() error { return e.err }

// written takes the outcome of a write.
func (c *Client) written(err error) {
	c.writing = false
	// What the write took of a reader was told before, and may not have been
	// heard: the engine has to know before it is asked for more.
	select {
	case n := <-c.contents:
		c.Engine.Advance(time.Now(), int64(n))
	default:
	}
	if err == nil {
		return
	}
	now := time.Now()
	c.failed = err
	if content := (*readerError)(nil); errors.As(err, &content) {
		// The literal was announced: only the end of the connection is left.
		c.Conn.Close()
		c.Engine.FeedEOF(now)
		return
	}
	// The server may have said why it went.
	c.nc.SetReadDeadline(now.Add(lastWords))
}

// lastWords is how long a server is heard that takes nothing any more.
const lastWords = 2 * time.Second

// Err returns what broke the connection, when a write or a content did.
func (c *Client) Err() error { return c.failed }

// upgrade puts TLS in place. A read that waits is called back first: what it
// brings came in the clear and behind the answer, and the engine makes an end.
func (c *Client) upgrade(ctx context.Context) error {
	if c.reading {
		c.Conn.SetReadDeadline(past)
		r := <-c.reads
		c.Conn.SetReadDeadline(time.Time{})
		c.taken(r)
		if c.Engine.Want() != engine.WantUpgrade {
			return nil
		}
	}
	if c.TLS == nil {
		c.Engine.UpgradeFailed(errors.New("drive: no TLS configuration"))
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, orDuration(c.HandshakeTimeout, 30*time.Second))
	defer cancel()
	t := tls.Client(c.nc, c.TLS)
	if err := t.HandshakeContext(ctx); err != nil {
		c.Engine.UpgradeFailed(err)
		return nil
	}
	c.nc = t
	_, loopback := remoteHost(c.Conn)
	c.Engine.Upgraded(time.Now(), engine.LayerTLS, security(t, loopback))
	return nil
}

// Security returns what is known of a connection that a client made: over TLS,
// whose handshake is done first, or in the clear.
func Security(ctx context.Context, nc net.Conn) (engine.Security, error) {
	_, loopback := remoteHost(nc)
	t, ok := nc.(*tls.Conn)
	if !ok {
		return engine.Security{Loopback: loopback}, nil
	}
	if err := t.HandshakeContext(ctx); err != nil {
		return engine.Security{}, err
	}
	return security(t, loopback), nil
}

// Close closes the connection and the engine, whose last events can still be
// taken.
func (c *Client) Close() error {
	err := c.Conn.Close()
	// This closes the reader that a writer may wait for.
	c.Engine.Close()
	c.failed = net.ErrClosed
	return err
}
