package imapcall

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"sync"
	"time"

	"github.com/mailwire/mailwire/imapwire"
	"github.com/mailwire/mailwire/imapwire/drive"
	"github.com/mailwire/mailwire/imapwire/engine"
	"github.com/mailwire/mailwire/imapwire/imap"
	"github.com/mailwire/mailwire/imapwire/imapclient"
	"github.com/mailwire/mailwire/imapwire/sasl"
)

var (
	// ErrHalfSent: a call was given up whose message was on its way. The session
	// is closed, since the server waits for the rest.
	ErrHalfSent = errors.New("imapcall: given up with a message half sent; the session is closed")
	// ErrContent: the contents of a result are larger than Options.MaxContent.
	ErrContent = errors.New("imapcall: more content than Options.MaxContent")
)

// A StatusError is a command that the server answered NO or BAD.
type StatusError struct {
	Verb   string
	Status imapwire.StatusCondition
}

func (e *StatusError) Error() string {
	return fmt.Sprintf("imapcall: %s: %s %s", e.Verb, e.Status.Condition, e.Status.Text)
}

// Options say how a [Client] behaves.
type Options struct {
	// Engine are those of the engine. Security is filled in.
	Engine imapclient.Options
	// StartTLS: New puts TLS in place before it returns, or fails. TLS is the
	// configuration, with the ServerName to verify.
	StartTLS bool
	TLS      *tls.Config
	// OnData gets what no call asked for, on the goroutine of whoever waits. It
	// must not call the client.
	OnData func(imapwire.Response)
	// MaxContent is how many octets of content one result may gather; default
	// 16 MiB. Beyond it the call fails with [ErrContent], and the session goes
	// on.
	MaxContent int64
	// Trace sees all octets, see [drive.Client].
	Trace func(out bool, p []byte)
}

// A Client is a session with a server. Its methods may be called from many
// goroutines.
type Client struct {
	opt Options

	// bell wakes all who wait, by being closed; another takes its place.
	bellMu sync.Mutex
	bell   chan struct{}

	mu    sync.Mutex
	conn  *imapclient.Conn
	drive *drive.Client
	calls []*Call // without an answer, in the order of Start
	to    *Call   // to which the contents that come belong
	sink  sink
	// awaited are the contents that the server awaits, in the order in which they
	// have to come.
	awaited []awaited
	greet   *imapclient.Greeting
	closed  error // why the session is over
	over    bool
}

// New begins a session over a connection, which it owns from then on, and waits
// for the greeting and, if asked for, for TLS.
func New(ctx context.Context, nc net.Conn, opt Options) (*Client, error) {
	sec, err := drive.Security(ctx, nc)
	if err != nil {
		nc.Close()
		return nil, err
	}
	if opt.MaxContent == 0 {
		opt.MaxContent = 16 << 20
	}
	opt.Engine.Security = sec
	c := &Client{opt: opt, bell: make(chan struct{})}
	if c.conn, err = imapclient.New(time.Now(), opt.Engine); err != nil {
		nc.Close()
		return nil, err
	}
	c.drive = &drive.Client{Conn: nc, Engine: c.conn, TLS: opt.TLS, Trace: opt.Trace, Wake: c.ring}
	err = c.wait(ctx, func() bool { return c.greet != nil || c.over })
	if err == nil && opt.StartTLS && !sec.Encrypted {
		_, err = c.Do(ctx, &imapwire.StartTLS{})
		if err == nil {
			err = c.wait(ctx, func() bool { return c.conn.Security().Encrypted || c.over })
		}
	}
	c.mu.Lock()
	if err == nil && c.over {
		err = c.reason()
	}
	c.mu.Unlock()
	if err != nil {
		c.Close()
		return nil, err
	}
	return c, nil
}

// ring wakes all who wait: what one of them has taken in may be another's answer.
func (c *Client) ring() {
	c.bellMu.Lock()
	defer c.bellMu.Unlock()
	close(c.bell)
	c.bell = make(chan struct{})
}

func (c *Client) nextRing() <-chan struct{} {
	c.bellMu.Lock()
	defer c.bellMu.Unlock()
	return c.bell
}

// reason is why the session is over.
func (c *Client) reason() error {
	if c.closed == nil {
		return engine.ErrClosed
	}
	return c.closed
}

// wait works until until is true, the session is over, or ctx has ended.
func (c *Client) wait(ctx context.Context, until func() bool) error {
	// Somebody else who waits goes on with the work.
	defer c.ring()
	for {
		ring := c.nextRing()
		c.mu.Lock()
		progress, err := c.work(ctx)
		done := until()
		deadline := c.conn.Deadline()
		c.mu.Unlock()
		switch {
		case done:
			return nil
		case progress:
			c.ring()
			continue
		case err != nil:
			return err
		}
		if deadline.IsZero() {
			deadline = time.Now().Add(time.Hour)
		}
		timeout := time.NewTimer(time.Until(deadline))
		select {
		case <-ring:
		case <-timeout.C:
		case <-ctx.Done():
			timeout.Stop()
			return ctx.Err()
		}
		timeout.Stop()
	}
}

// work takes all events there are, and moves what can be moved.
func (c *Client) work(ctx context.Context) (progress bool, err error) {
	for ev := c.conn.Next(); ev != nil; ev = c.conn.Next() {
		c.event(ev)
		progress = true
	}
	if c.over {
		return progress, nil
	}
	moved, err := c.drive.Poll(ctx, true)
	if errors.Is(err, engine.ErrClosed) || errors.Is(err, drive.ErrIdle) {
		err = nil
	}
	return progress || moved, err
}

// Do sends a command and waits for its answer. An answer other than OK is a
// [*StatusError], with the Result beside it.
func (c *Client) Do(ctx context.Context, cmd imapwire.Command) (*Result, error) {
	if _, is := pushed(cmd); is {
		return nil, ErrPushed
	}
	call, err := c.Start(cmd)
	if err != nil {
		return nil, err
	}
	return call.Wait(ctx)
}

// Start sends a command. Somebody has to Wait, for this call or another, so that
// it leaves.
func (c *Client) Start(cmd imapwire.Command) (*Call, error) { return c.start(cmd, nil) }

func (c *Client) start(cmd imapwire.Command, exchange sasl.Client) (*Call, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.over {
		return nil, c.reason()
	}
	id, err := c.conn.Send(cmd)
	if err != nil {
		return nil, err
	}
	call := &Call{c: c, id: id, verb: cmd.Verb(), exchange: exchange}
	if a, ok := cmd.(*imapwire.Append); ok {
		for _, m := range a.Messages {
			call.content = call.content || m.Content != nil || m.Pushed
		}
		call.owed, _ = pushed(cmd)
	}
	c.calls = append(c.calls, call)
	c.ring()
	return call, nil
}

// Login logs in with a password: with LOGIN, or with AUTHENTICATE PLAIN where the
// server has LOGIN disabled. Both show it to the server; [Client.Authenticate]
// has ways that do not.
func (c *Client) Login(ctx context.Context, user string, password engine.Secret) error {
	caps, err := c.capabilities(ctx)
	if err != nil {
		return err
	}
	var cmd imapwire.Command = &imapwire.Login{User: user, Password: password}
	if caps.Has(imap.CapLoginDisabled) || !ascii(user) || !ascii(string(password)) {
		cmd = &imapwire.Authenticate{Mechanism: "PLAIN", Initial: "\x00" + engine.Secret(user) + "\x00" + password, HasInitial: true}
	}
	_, err = c.Do(ctx, cmd)
	return err
}

// capabilities returns what the server announces, asked if it has not told.
func (c *Client) capabilities(ctx context.Context) (imap.Capabilities, error) {
	if _, known := c.Capabilities(); !known {
		if _, err := c.Do(ctx, &imapwire.Capability{}); err != nil {
			return nil, err
		}
	}
	caps, _ := c.Capabilities()
	return caps, nil
}

// ascii reports whether LOGIN can carry s: RFC 9051 §6.2.3 has US-ASCII.
func ascii(s string) bool { return engine.Text.All(s) }

// Capabilities returns what the server has announced, and whether it has.
func (c *Client) Capabilities() (imap.Capabilities, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.conn.Capabilities()
}

// Idle tells what the server says, until ctx ends or the session does. A server
// that drops those who idle for long is asked anew in time. The error is that of
// ctx, or of the session.
func (c *Client) Idle(ctx context.Context, tell func(imapwire.Response)) error {
	call, err := c.Start(&imapwire.Idle{})
	if err != nil {
		return err
	}
	c.mu.Lock()
	call.tell = tell
	c.mu.Unlock()
	err = c.wait(ctx, func() bool { return call.done })
	if err == nil {
		_, err = call.outcome()
		return err
	}
	c.mu.Lock()
	endErr := c.conn.EndIdle(call.id)
	c.mu.Unlock()
	if endErr != nil {
		return errors.Join(err, endErr)
	}
	// A server that does not answer DONE is not waited for without end.
	grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	if _, waitErr := call.Wait(grace); waitErr != nil {
		return errors.Join(err, waitErr)
	}
	return err
}

// Logout takes leave of the server and closes the connection.
func (c *Client) Logout(ctx context.Context) error {
	_, err := c.Do(ctx, &imapwire.Logout{})
	c.Close()
	return err
}

// Close closes the connection without a word. Calls that wait end with an error.
func (c *Client) Close() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	err := c.drive.Close()
	for ev := c.conn.Next(); ev != nil; ev = c.conn.Next() {
		c.event(ev)
	}
	c.ring()
	return err
}
