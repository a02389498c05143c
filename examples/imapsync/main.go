package main

import (
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/url"
	"os"
	"os/signal"
	"syscall"
	"time"
)

type config struct {
	from, to           string
	startTLS           string // the policy of STARTTLS
	journal, authority string
	insecure           bool
	dryRun, quiet      bool
}

func main() {
	var c config
	flag.StringVar(&c.from, "from", "", "the account to copy, an imap or imaps `URL`; the password may stand in IMAPSYNC_FROM_PASSWORD")
	flag.StringVar(&c.to, "to", "", "where to copy it, an imap or imaps `URL`; the password may stand in IMAPSYNC_TO_PASSWORD")
	flag.StringVar(&c.startTLS, "starttls", startTLSAnnounced, "`when` to use STARTTLS with imap URLs: announced, always or never")
	flag.StringVar(&c.journal, "journal", "", "the `file` that remembers what was copied, of these two accounts alone")
	flag.StringVar(&c.authority, "ca", "", "a `file` of certificates to trust in place of the system's")
	flag.BoolVar(&c.insecure, "insecure", false, "do not verify the servers' certificates")
	flag.BoolVar(&c.dryRun, "dry-run", false, "say what would be copied, and change nothing")
	flag.BoolVar(&c.quiet, "q", false, "print nothing but errors")
	flag.Parse()
	if c.from == "" || c.to == "" || flag.NArg() > 0 {
		flag.Usage()
		os.Exit(2)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	info, err := os.Stderr.Stat()
	terminal := err == nil && info.Mode()&os.ModeCharDevice != 0
	if err := c.sync(ctx, os.Getenv, os.Stdout, os.Stderr, terminal); err != nil {
		fmt.Fprintln(os.Stderr, "imapsync:", err)
		os.Exit(1)
	}
}

// account reads a URL; its password may be elsewhere.
func account(rawURL, password string) (*url.URL, error) {
	u, err := url.Parse(rawURL)
	if err != nil {
		// What url.Parse says repeats the URL, which has the password.
		var e *url.Error
		if errors.As(err, &e) {
			err = e.Err
		}
		return nil, err
	}
	if u.User == nil {
		return nil, errors.New("the URL names no user")
	}
	if _, has := u.User.Password(); !has {
		u.User = url.UserPassword(u.User.Username(), password)
	}
	return u, nil
}

// tls returns the configuration for both servers.
func (c *config) tls() (*tls.Config, error) {
	conf := &tls.Config{MinVersion: tls.VersionTLS12, InsecureSkipVerify: c.insecure}
	if c.authority != "" {
		pem, err := os.ReadFile(c.authority)
		if err != nil {
			return nil, err
		}
		conf.RootCAs = x509.NewCertPool()
		if !conf.RootCAs.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("%s has no certificate", c.authority)
		}
	}
	return conf, nil
}

// sync copies the account. What goes wrong with one message is told at once, and
// is an error at the end.
func (c *config) sync(ctx context.Context, env func(string) string, out, errs io.Writer, terminal bool) (err error) {
	switch c.startTLS {
	case "", startTLSAnnounced, startTLSAlways, startTLSNever:
	default:
		return fmt.Errorf("-starttls %q: expected announced, always or never", c.startTLS)
	}
	from, err := account(c.from, env("IMAPSYNC_FROM_PASSWORD"))
	if err != nil {
		return fmt.Errorf("-from: %w", err)
	}
	to, err := account(c.to, env("IMAPSYNC_TO_PASSWORD"))
	if err != nil {
		return fmt.Errorf("-to: %w", err)
	}
	conf, err := c.tls()
	if err != nil {
		return err
	}
	j, err := openJournal(c.journal, from.User.Username()+"@"+from.Hostname(), to.User.Username()+"@"+to.Hostname())
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, j.close()) }()

	line := &statusLine{w: errs, on: terminal && !c.quiet}
	defer line.clear()
	failed := 0
	fail := func(what string, err error) {
		failed++
		line.clear()
		fmt.Fprintf(errs, "imapsync: %s: %v\n", what, err)
	}
	cp := &copier{journal: j, dryRun: c.dryRun, fail: fail, progress: line.show}
	for _, end := range []struct {
		name string
		url  *url.URL
		s    **session
	}{{"source", from, &cp.from}, {"destination", to, &cp.to}} {
		s, err := dial(ctx, end.url, cmp.Or(c.startTLS, startTLSAnnounced), conf, func(err error) {
			fail(end.name+" says what can not be read", err)
		})
		if err != nil {
			return fmt.Errorf("%s: %w", end.name, err)
		}
		defer s.drive.Close()
		*end.s = s
	}
	if err := cp.run(ctx); err != nil {
		return err
	}
	cp.from.close(ctx)
	cp.to.close(ctx)
	line.clear()
	if !c.quiet {
		verb := "copied"
		if c.dryRun {
			verb = "to copy:"
		}
		fmt.Fprintf(out, "%s %d messages of %d octets; %d were there\n", verb, cp.copied, cp.octets, cp.present)
	}
	if failed > 0 {
		return fmt.Errorf("%d errors", failed)
	}
	return nil
}

// A statusLine is the last line of a terminal, written over and over.
type statusLine struct {
	w    io.Writer
	on   bool
	last time.Time
}

// show says where the work stands, a few times a second.
func (l *statusLine) show(folder string, done, total, octets int64) {
	if now := time.Now(); l.on && now.Sub(l.last) > 200*time.Millisecond {
		l.last = now
		// Not all that a server calls a folder may reach a terminal.
		fmt.Fprintf(l.w, "\r\x1b[K%.60q %d of %d, %d KiB", folder, done, total, octets>>10)
	}
}

// clear makes room for other lines.
func (l *statusLine) clear() {
	if l.on && !l.last.IsZero() {
		fmt.Fprint(l.w, "\r\x1b[K")
		l.last = time.Time{}
	}
}
