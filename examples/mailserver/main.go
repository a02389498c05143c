package main

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
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
	"github.com/mailwire/mailwire/mailbox/imapserve"
	"github.com/mailwire/mailwire/mailbox/memstore"
	"github.com/mailwire/mailwire/mailbox/pop3serve"
	"github.com/mailwire/mailwire/pop3wire"
)

// A userFlag is one or more -user NAME:PASSWORD.
type userFlag []account

type account struct{ name, password string }

func (u *userFlag) String() string { return "" }

func (u *userFlag) Set(s string) error {
	name, password, ok := strings.Cut(s, ":")
	if !ok || name == "" || password == "" {
		return errors.New("expected NAME:PASSWORD")
	}
	*u = append(*u, account{name, password})
	return nil
}

type config struct {
	imap, imaps     string
	pop3, pop3s     string
	users           userFlag
	empty           bool
	tlsCert, tlsKey string
	quota           sizeFlag
	quotaMessages   int64
	verbose         bool
}

func main() {
	var c config
	flag.StringVar(&c.imap, "imap", "127.0.0.1:1143", "serve IMAP on this `address`; empty is off")
	flag.StringVar(&c.imaps, "imaps", "127.0.0.1:1993", "serve IMAP over TLS on this `address`; empty is off")
	flag.StringVar(&c.pop3, "pop3", "127.0.0.1:1110", "serve POP3 on this `address`; empty is off")
	flag.StringVar(&c.pop3s, "pop3s", "127.0.0.1:1995", "serve POP3 over TLS on this `address`; empty is off")
	flag.Var(&c.users, "user", "a user as `NAME:PASSWORD`; may be repeated, replaces demo:demo")
	flag.BoolVar(&c.empty, "empty", false, "start without sample mail")
	flag.StringVar(&c.tlsCert, "tls-cert", "", "PEM `file` with the certificate; default is one made at start")
	flag.StringVar(&c.tlsKey, "tls-key", "", "PEM `file` with the key of the certificate")
	flag.Var(&c.quota, "quota", "limit each user to so many octets: a `size` such as 10MiB; 0 is no limit")
	flag.Int64Var(&c.quotaMessages, "quota-messages", 0, "limit each user to so many messages; 0 is no limit")
	flag.BoolVar(&c.verbose, "v", false, "print a transcript of every session, secrets redacted, on standard error")
	flag.Parse()
	if flag.NArg() > 0 {
		fmt.Fprintln(os.Stderr, "mailserver: unexpected argument", flag.Arg(0))
		os.Exit(2)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := serve(ctx, c, os.Stdout, os.Stderr); err != nil {
		fmt.Fprintln(os.Stderr, "mailserver:", err)
		os.Exit(1)
	}
}

// serve runs the server until ctx ends.
func serve(ctx context.Context, c config, out, errs io.Writer) error {
	if c.quotaMessages < 0 {
		return errors.New("-quota-messages is negative")
	}
	if len(c.users) == 0 {
		c.users = userFlag{{"demo", "demo"}}
	}
	store, err := newStore(ctx, c)
	if err != nil {
		return err
	}
	cert, err := certificate(c.tlsCert, c.tlsKey, time.Now())
	if err != nil {
		return err
	}
	log := slog.New(slog.NewTextHandler(errs, nil))
	onError := func(user string, err error) { log.Error("store", "user", user, "err", err) }
	// The store does not outlive the process; neither need the salts.
	pepper := engine.Secret(rand.Text())
	mail, err := imapserve.NewServer(store, imapserve.Options{
		Auth:          store,
		PlaintextAuth: engine.PlaintextLoopback,
		Random:        rand.Reader,
		Pepper:        pepper,
		StartTLS:      true,
		ID:            []imapwire.IDField{{Name: "name", Value: imap.String("mailwire")}},
		OnError:       onError,
	})
	if err != nil {
		return err
	}
	defer mail.Close()
	drop, err := pop3serve.NewServer(store, pop3serve.Options{
		Auth:          store,
		PlaintextAuth: engine.PlaintextLoopback,
		Random:        rand.Reader,
		Pepper:        pepper,
		APOP:          engine.PlaintextLoopback,
		STLS:          true,
		UTF8:          true,
		// Nothing but its users deletes mail here.
		Policy:         pop3serve.Policy{Expire: &pop3wire.CapExpire{Never: true}},
		Implementation: "mailwire",
		OnError:        onError,
	})
	if err != nil {
		return err
	}
	config := &tls.Config{Certificates: []tls.Certificate{cert}, MinVersion: tls.VersionTLS12}
	imapd := &drive.Server{
		NewSession: func(info drive.Info) (drive.Session, error) {
			return mail.Session(info.Now, imapserve.Info{Security: info.Security})
		},
		TLS: config,
		Log: log,
	}
	pop3d := &drive.Server{
		NewSession: func(info drive.Info) (drive.Session, error) {
			return drop.Session(info.Now, pop3serve.Info{Security: info.Security})
		},
		TLS: config,
		Log: log,
	}
	if c.verbose {
		t := newTracer(errs)
		imapd.Trace, pop3d.Trace = t.trace("", newIMAP), t.trace("pop3 ", newPOP3)
	}
	return listenAndServe(ctx, c, []listener{
		{"imap", c.imap, imapd.Serve},
		{"imaps", c.imaps, imapd.ServeTLS},
		{"pop3", c.pop3, pop3d.Serve},
		{"pop3s", c.pop3s, pop3d.ServeTLS},
	}, out)
}

func newStore(ctx context.Context, c config) (*memstore.Store, error) {
	// Mail differs from run to run, and so must UIDVALIDITY, for clients that
	// remember.
	store := memstore.New(memstore.Options{Now: time.Now, UIDValidity: uint32(time.Now().Unix()), KeepSecrets: true, Warnings: warnings})
	for _, u := range c.users {
		if err := store.AddUser(u.name, u.password); err != nil {
			return nil, fmt.Errorf("user %s: %w", u.name, err)
		}
		if !c.empty {
			if err := addSamples(ctx, store, u.name); err != nil {
				return nil, fmt.Errorf("sample mail of %s: %w", u.name, err)
			}
		}
		if err := store.SetQuota(u.name, "", c.limits()); err != nil {
			return nil, fmt.Errorf("quota of %s: %w", u.name, err)
		}
	}
	return store, nil
}

// A listener is an address with what is served on it; name is the scheme of its
// URLs.
type listener struct {
	name  string
	addr  string
	serve func(context.Context, net.Listener) error
}

// listenAndServe serves on all addresses that are not empty until ctx ends.
func listenAndServe(ctx context.Context, c config, all []listener, out io.Writer) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var wg sync.WaitGroup
	failed := make(chan error, len(all))
	var listeners []net.Listener
	var curl string
	for _, l := range all {
		if l.addr == "" {
			continue
		}
		nl, err := net.Listen("tcp", l.addr)
		if err != nil {
			for _, open := range listeners {
				open.Close()
			}
			return err
		}
		listeners = append(listeners, nl)
		fmt.Fprintln(out, l.name, nl.Addr())
		if curl == "" {
			insecure := ""
			if strings.HasSuffix(l.name, "s") {
				insecure = "-k "
			}
			curl = fmt.Sprintf("curl %s-u %s:%s %s://%s/", insecure, c.users[0].name, c.users[0].password, l.name, nl.Addr())
		}
	}
	if len(listeners) == 0 {
		return errors.New("nothing to serve: all addresses are empty")
	}
	i := 0
	for _, l := range all {
		if l.addr == "" {
			continue
		}
		nl := listeners[i]
		i++
		wg.Go(func() {
			if err := l.serve(ctx, nl); err != nil {
				failed <- err
				cancel()
			}
		})
	}
	fmt.Fprintf(out, "try: %s\nready\n", curl)
	wg.Wait()
	select {
	case err := <-failed:
		return err
	default:
		return nil
	}
}
