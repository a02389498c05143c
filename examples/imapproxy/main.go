package main

import (
	"context"
	"crypto/tls"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"os"
	"os/signal"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/mailwire/mailwire/imapwire"
	"github.com/mailwire/mailwire/imapwire/drive"
	"github.com/mailwire/mailwire/imapwire/engine"
	"github.com/mailwire/mailwire/imapwire/imap"
	"github.com/mailwire/mailwire/imapwire/imapclient"
)

type config struct {
	listen, server string
	tls, startTLS  bool
	insecure       bool
	hide           imap.Capabilities
	verbose        bool
}

func main() {
	var c config
	var hide string
	flag.StringVar(&c.listen, "listen", "127.0.0.1:1144", "take clients on this `address`, in the clear; passwords only from this machine")
	flag.StringVar(&c.server, "server", "127.0.0.1:1143", "the server, as `host:port`")
	flag.BoolVar(&c.tls, "tls", false, "speak TLS with the server from the start")
	flag.BoolVar(&c.startTLS, "starttls", false, "speak TLS with the server after STARTTLS")
	flag.BoolVar(&c.insecure, "insecure", false, "do not verify the server's certificate")
	flag.StringVar(&hide, "hide", "", "`capabilities` that clients do not see, between commas")
	flag.BoolVar(&c.verbose, "v", false, "print a transcript of every session, secrets redacted, on standard error")
	flag.Parse()
	for x := range strings.SplitSeq(hide, ",") {
		if x != "" {
			c.hide = append(c.hide, imap.Capability(x))
		}
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := serve(ctx, c, os.Stdout, os.Stderr); err != nil {
		fmt.Fprintln(os.Stderr, "imapproxy:", err)
		os.Exit(1)
	}
}

// serve takes clients until ctx ends.
func serve(ctx context.Context, c config, out, errs io.Writer) error {
	l, err := net.Listen("tcp", c.listen)
	if err != nil {
		return err
	}
	fmt.Fprintln(out, "imap", l.Addr())
	stop := context.AfterFunc(ctx, func() { l.Close() })
	defer stop()
	var sessions sync.WaitGroup
	defer sessions.Wait()
	for n := 1; ; n++ {
		nc, err := l.Accept()
		if err != nil {
			if ctx.Err() != nil {
				return nil
			}
			return err
		}
		sessions.Go(func() {
			defer nc.Close()
			if err := c.session(ctx, nc, n, errs); err != nil && ctx.Err() == nil {
				fmt.Fprintf(errs, "imapproxy: session %d: %v\n", n, err)
			}
		})
	}
}

// dial connects to the server.
func (c *config) dial(ctx context.Context) (net.Conn, *tls.Config, error) {
	host, _, err := net.SplitHostPort(c.server)
	if err != nil {
		return nil, nil, err
	}
	conf := &tls.Config{ServerName: host, InsecureSkipVerify: c.insecure, MinVersion: tls.VersionTLS12}
	var d net.Dialer
	nc, err := d.DialContext(ctx, "tcp", c.server)
	if err == nil && c.tls {
		nc = tls.Client(nc, conf)
	}
	return nc, conf, err
}

// session relays for one client.
func (c *config) session(ctx context.Context, nc net.Conn, n int, errs io.Writer) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	upConn, conf, err := c.dial(ctx)
	if err != nil {
		fmt.Fprint(nc, "* BYE the server can not be reached\r\n")
		return err
	}
	defer upConn.Close()
	upSec, err := drive.Security(ctx, upConn)
	if err != nil {
		fmt.Fprint(nc, "* BYE the server can not be trusted\r\n")
		return err
	}
	downSec, err := drive.Security(ctx, nc)
	if err != nil {
		return err
	}
	r, err := newRelay(time.Now(), downSec, upSec, imapclient.Options{
		PlaintextAuth: engine.PlaintextLoopback, RequireTLS: c.startTLS || c.tls,
	})
	if err != nil {
		return err
	}
	r.hide = c.hide
	if c.startTLS {
		// What the client sends is held back until TLS is there.
		if _, err := r.up.Send(&imapwire.StartTLS{}); err != nil {
			return err
		}
	}
	wake := make(chan struct{}, 1)
	ring := func() {
		select {
		case wake <- struct{}{}:
		default:
		}
	}
	down := &drive.Client{Conn: nc, Engine: r.down, Wake: ring}
	up := &drive.Client{Conn: upConn, Engine: r.up, TLS: conf, Wake: ring}
	defer down.Close()
	defer up.Close()
	if c.verbose {
		down.Trace = trace(n, errs)
	}
	return run(ctx, r, down, up, wake)
}

// run passes on what comes until one side has ended and the other knows.
func run(ctx context.Context, r *relay, down, up *drive.Client, wake <-chan struct{}) error {
	for {
		for r.step() {
		}
		// What waits for room is a part of what was read: nothing more is read
		// on that side until it is passed on.
		waits := len(r.piece) > 0
		a, errDown := down.Poll(ctx, !waits || !r.toUp)
		b, errUp := up.Poll(ctx, !waits || r.toUp)
		switch {
		case errors.Is(errDown, engine.ErrClosed):
			return r.err
		case a || b:
			continue
		}
		for _, err := range []error{errDown, errUp} {
			if err != nil && !errors.Is(err, drive.ErrIdle) && !errors.Is(err, engine.ErrClosed) {
				return err
			}
		}
		deadline := r.down.Deadline()
		if d := r.up.Deadline(); deadline.IsZero() || !d.IsZero() && d.Before(deadline) {
			deadline = d
		}
		if deadline.IsZero() {
			deadline = time.Now().Add(time.Hour)
		}
		timeout := time.NewTimer(time.Until(deadline))
		select {
		case <-wake:
		case <-timeout.C:
		case <-ctx.Done():
			timeout.Stop()
			return ctx.Err()
		}
		timeout.Stop()
	}
}

// trace returns what prints the client's side of a session without its secrets.
func trace(n int, errs io.Writer) func(out bool, p []byte) {
	var mu sync.Mutex
	t := &imapwire.Transcript{Line: func(server bool, line []byte) {
		who := "C:"
		if server {
			who = "S:"
		}
		fmt.Fprintf(errs, "%d %s %s\n", n, who, line)
	}}
	return func(out bool, p []byte) {
		mu.Lock()
		defer mu.Unlock()
		if out {
			t.Server(p)
		} else {
			t.Client(p)
		}
	}
}
