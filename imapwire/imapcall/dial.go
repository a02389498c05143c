package imapcall

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"net/url"

	"github.com/mailwire/mailwire/imapwire/engine"
)

// Dial connects to a server, secures the connection and logs in, as a URL says:
//
//	imaps://ada:secret@mail.example.org   TLS from the start, port 993
//	imap://ada:secret@mail.example.org    STARTTLS, port 143
//
// On the way to this machine itself imap does without TLS. A URL without a user
// logs nobody in. Where a server has no TLS, Dial fails before any name or
// password has left, whatever opt.Engine allows; who wants it otherwise calls
// [New]. Options.TLS may be nil.
func Dial(ctx context.Context, rawURL string, opt Options) (*Client, error) {
	u, err := url.Parse(rawURL)
	if err != nil {
		return nil, fmt.Errorf("imapcall: %w", redactURL(err))
	}
	port := map[string]string{"imap": "143", "imaps": "993"}[u.Scheme]
	if port == "" || u.Hostname() == "" {
		return nil, fmt.Errorf("imapcall: %q is no imap or imaps URL", u.Redacted())
	}
	if u.Port() != "" {
		port = u.Port()
	}
	conf := opt.TLS.Clone()
	if conf == nil {
		conf = &tls.Config{MinVersion: tls.VersionTLS12}
	}
	if conf.ServerName == "" {
		conf.ServerName = u.Hostname()
	}
	opt.TLS = conf
	var d net.Dialer
	nc, err := d.DialContext(ctx, "tcp", net.JoinHostPort(u.Hostname(), port))
	if err != nil {
		return nil, err
	}
	here := false
	if addr, ok := nc.RemoteAddr().(*net.TCPAddr); ok {
		here = addr.IP.IsLoopback()
	}
	switch {
	case u.Scheme == "imaps":
		nc = tls.Client(nc, conf)
	case here:
		opt.Engine.PlaintextAuth = max(opt.Engine.PlaintextAuth, engine.PlaintextLoopback)
	default:
		opt.StartTLS, opt.Engine.RequireTLS = true, true
	}
	c, err := New(ctx, nc, opt)
	if err != nil {
		return nil, err
	}
	if u.User != nil {
		password, _ := u.User.Password()
		if err := c.Login(ctx, u.User.Username(), engine.Secret(password)); err != nil {
			c.Close()
			return nil, err
		}
	}
	return c, nil
}

// redactURL returns the reason of an error of url.Parse, without the URL.
func redactURL(err error) error {
	if e, ok := err.(*url.Error); ok {
		return e.Err
	}
	return err
}
