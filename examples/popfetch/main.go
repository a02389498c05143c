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
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

type config struct {
	url           string
	mbox, maildir string
	state         string
	keep          bool
	stls, auth    string
	authority     string
	insecure      bool
	quiet         bool
	disk          disk // nil: the system's
}

func main() {
	var c config
	flag.StringVar(&c.mbox, "mbox", "", "append messages to this `file`")
	flag.StringVar(&c.maildir, "maildir", "", "put messages into the Maildir in this `directory`")
	flag.BoolVar(&c.keep, "keep", false, "leave messages on the server, and fetch only what is new")
	flag.StringVar(&c.state, "state", "", "the `file` that remembers what was fetched of this account; by default beside the messages")
	flag.StringVar(&c.stls, "stls", stlsRequired, "`when` to use STLS with pop3 URLs: required, announced or never; to this machine itself required is announced")
	flag.StringVar(&c.auth, "auth", "", "the only `way` to log in: a SASL mechanism, APOP or USER")
	flag.StringVar(&c.authority, "ca", "", "a `file` of certificates to trust in place of the system's")
	flag.BoolVar(&c.insecure, "insecure", false, "do not verify the server's certificate")
	flag.BoolVar(&c.quiet, "q", false, "print nothing but errors")
	flag.Parse()
	if flag.NArg() != 1 || (c.mbox == "") == (c.maildir == "") {
		fmt.Fprintln(os.Stderr, "usage: popfetch [flags] -mbox FILE | -maildir DIR URL")
		flag.PrintDefaults()
		os.Exit(2)
	}
	c.url = flag.Arg(0)
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	info, err := os.Stderr.Stat()
	terminal := err == nil && info.Mode()&os.ModeCharDevice != 0
	if err := c.fetch(ctx, os.Getenv("POPFETCH_PASSWORD"), os.Stdout, os.Stderr, terminal); err != nil {
		fmt.Fprintln(os.Stderr, "popfetch:", err)
		os.Exit(1)
	}
}

// account reads the URL; its password may be elsewhere.
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

// tls returns the configuration.
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

// open opens the box and the state of an account.
func (c *config) open(name string) (box, *state, error) {
	d := c.disk
	if d == nil {
		d = realDisk{}
	}
	path := cmp.Or(c.state, c.mbox+".popfetch")
	if c.maildir != "" {
		path = cmp.Or(c.state, filepath.Join(c.maildir, "popfetch"))
	}
	var b box
	var err error
	if c.maildir != "" {
		b, err = openMaildir(d, c.maildir, time.Now)
	} else {
		b, err = openMbox(d, c.mbox, path+".draft", time.Now)
	}
	if err != nil {
		return nil, nil, err
	}
	st, err := openState(d, path, name)
	if err == nil {
		if err = st.recover(b); err != nil {
			st.file.Close()
		}
	}
	if err != nil {
		b.close()
		return nil, nil, err
	}
	return b, st, nil
}

// fetch does everything. What goes wrong with one message is told at once, and is
// an error at the end.
func (c *config) fetch(ctx context.Context, password string, out, errs io.Writer, terminal bool) (err error) {
	switch c.stls {
	case "", stlsRequired, stlsAnnounced, stlsNever:
	default:
		return fmt.Errorf("-stls %q: expected required, announced or never", c.stls)
	}
	u, err := account(c.url, password)
	if err != nil {
		return err
	}
	conf, err := c.tls()
	if err != nil {
		return err
	}
	line := &statusLine{w: errs, on: terminal && !c.quiet}
	defer line.clear()
	failed := 0
	fail := func(what string, err error) {
		failed++
		line.clear()
		fmt.Fprintf(errs, "popfetch: %s: %v\n", what, err)
	}
	s, err := dial(ctx, u, cmp.Or(c.stls, stlsRequired), c.auth, conf, func(err error) {
		fail("the server says what can not be read", err)
	})
	if err != nil {
		return err
	}
	defer s.drive.Close()
	list, whole, err := s.list(ctx)
	if err != nil {
		return err
	}
	// While this session has the maildrop, no other run changes the state.
	b, st, err := c.open(u.User.Username() + "@" + u.Hostname())
	if err != nil {
		return err
	}
	defer b.close()
	defer st.file.Close() // harmless after forget
	f := &fetcher{s: s, box: b, state: st, keep: c.keep, fail: func(num uint32, err error) {
		fail(fmt.Sprintf("message %d", num), err)
	}}
	f.progress = func(m *message, done int64) { line.show(f.fetched+1, int64(len(list))-f.present, m.size, done) }
	if err := f.run(ctx, list); err != nil {
		return err
	}
	if err := f.quit(ctx); err != nil {
		return err
	}
	if whole {
		if err := st.forget(f.remain); err != nil {
			return err
		}
	}
	line.clear()
	if !c.quiet {
		fmt.Fprintf(out, "fetched %d messages of %d octets; %d were there; %d deleted\n", f.fetched, f.octets, f.present, f.deleted)
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

// show says where the work stands, a few times a second: which message of how
// many comes, and a bar of how much of it has.
func (l *statusLine) show(num, total, size, done int64) {
	now := time.Now()
	if !l.on || now.Sub(l.last) < 200*time.Millisecond {
		return
	}
	l.last = now
	percent := min(done*100/max(size, 1), 100)
	fmt.Fprintf(l.w, "\r\x1b[K%d of %d [%-50s] %3d %% of %d KiB", num, total, strings.Repeat("#", int(percent/2)), percent, max(size, done)>>10)
}

// clear makes room for other lines.
func (l *statusLine) clear() {
	if l.on && !l.last.IsZero() {
		fmt.Fprint(l.w, "\r\x1b[K")
		l.last = time.Time{}
	}
}
