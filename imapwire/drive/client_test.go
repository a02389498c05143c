package drive_test

import (
	"bytes"
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
	"testing"
	"time"

	"github.com/mailwire/mailwire/imapwire"
	"github.com/mailwire/mailwire/imapwire/drive"
	"github.com/mailwire/mailwire/imapwire/engine"
	"github.com/mailwire/mailwire/imapwire/imap"
	"github.com/mailwire/mailwire/imapwire/imapclient"
	"github.com/mailwire/mailwire/mailbox/imapserve"
	"github.com/mailwire/mailwire/mailbox/memstore"
)

// certificate makes a certificate for localhost, and whom to trust.
func certificate(t *testing.T) (tls.Certificate, *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), DNSNames: []string{"localhost"}, NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(leaf)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, pool
}

// mailServer serves IMAP on a loopback address, with STARTTLS.
func mailServer(t *testing.T, config *tls.Config) net.Addr {
	t.Helper()
	store := memstore.New(memstore.Options{Now: time.Now})
	if err := store.AddUser("u", "p"); err != nil {
		t.Fatal(err)
	}
	srv, err := imapserve.NewServer(store, imapserve.Options{Auth: store, PlaintextAuth: engine.PlaintextLoopback, StartTLS: true})
	if err != nil {
		t.Fatal(err)
	}
	d := &drive.Server{TLS: config, NewSession: func(info drive.Info) (drive.Session, error) {
		return srv.Session(info.Now, imapserve.Info{Security: info.Security})
	}}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error)
	go func() { done <- d.Serve(ctx, l) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
		srv.Close()
	})
	return l.Addr()
}

// A talker is a client over a connection, for tests.
type talker struct {
	t *testing.T
	c *imapclient.Conn
	d *drive.Client
	// body gets contents.
	body func(p []byte)
	err  error
}

func speak(t *testing.T, nc net.Conn, opt imapclient.Options, config *tls.Config) *talker {
	t.Helper()
	sec, err := drive.Security(t.Context(), nc)
	if err != nil {
		t.Fatal(err)
	}
	opt.Security = sec
	c, err := imapclient.New(time.Now(), opt)
	if err != nil {
		t.Fatal(err)
	}
	k := &talker{t: t, c: c, d: &drive.Client{Conn: nc, Engine: c, TLS: config}}
	t.Cleanup(func() { k.d.Close() })
	return k
}

// until runs the loop until a command is done, or the conversation.
func (k *talker) until(ctx context.Context, id engine.ID) *imapclient.Done {
	k.t.Helper()
	for {
		switch ev := k.c.Next().(type) {
		case *imapclient.Done:
			if ev.ID == id {
				return ev
			}
		case *imapclient.BodyData:
			if k.body != nil {
				k.body(ev.Data)
			}
		case *imapclient.Closed:
			k.err = ev.Err
		case nil:
			if err := k.d.Step(ctx); err != nil {
				return &imapclient.Done{Err: err}
			}
		}
	}
}

func (k *talker) do(cmd imapwire.Command) {
	k.t.Helper()
	id, err := k.c.Send(cmd)
	if err != nil {
		k.t.Fatal(err)
	}
	if done := k.until(k.t.Context(), id); done.Err != nil || done.Status.Condition != imapwire.OK {
		k.t.Fatalf("%s: %+v; closed: %v", cmd.Verb(), done, k.err)
	}
}

// slowReader gives its octets in small pieces.
type slowReader struct{ r io.Reader }

func (s slowReader) Read(p []byte) (int, error) { return s.r.Read(p[:min(len(p), 1000)]) }

// TestClient: messages of many octets go up and come down at once, over TLS that
// STARTTLS put in place; nobody waits for the other to read.
func TestClient(t *testing.T) {
	cert, pool := certificate(t)
	addr := mailServer(t, &tls.Config{Certificates: []tls.Certificate{cert}})
	nc, err := net.Dial("tcp", addr.String())
	if err != nil {
		t.Fatal(err)
	}
	k := speak(t, nc, imapclient.Options{RequireTLS: true}, &tls.Config{RootCAs: pool, ServerName: "localhost"})
	k.do(&imapwire.StartTLS{})
	k.do(&imapwire.Login{User: "u", Password: "p"})
	msg := "Subject: x\r\n\r\n" + strings.Repeat("0123456789abcdef", 1<<18)
	k.do(&imapwire.Append{Mailbox: "INBOX", Messages: []imapwire.AppendMessage{{Size: int64(len(msg)), Content: slowReader{strings.NewReader(msg)}}}})
	k.do(&imapwire.Select{Mailbox: "INBOX"})
	var got bytes.Buffer
	k.body = func(p []byte) { got.Write(p) }
	// The server's answers to the FETCHes fill every buffer while we still send.
	fetch := &imapwire.Fetch{UID: true, Set: imap.SetOf(1), Items: []imapwire.FetchItem{&imapwire.FetchBody{Peek: true}}}
	for range 3 {
		if _, err := k.c.Send(fetch); err != nil {
			t.Fatal(err)
		}
		if _, err := k.c.Send(&imapwire.Append{Mailbox: "INBOX", Messages: []imapwire.AppendMessage{{Size: int64(len(msg)), Content: strings.NewReader(msg)}}}); err != nil {
			t.Fatal(err)
		}
	}
	k.do(&imapwire.Noop{})
	if got.String() != strings.Repeat(msg, 3) {
		t.Errorf("got %d octets, of %d", got.Len(), 3*len(msg))
	}
	k.do(&imapwire.Logout{})
	for err = nil; err == nil; err = k.d.Step(t.Context()) {
		// The outcome of the last write may still have to be taken in.
	}
	if !errors.Is(err, engine.ErrClosed) {
		t.Errorf("behind the end: %v", err)
	}
}

// TestClientContext: a context ends a wait, and costs nothing.
func TestClientContext(t *testing.T) {
	addr := mailServer(t, nil)
	nc, err := net.Dial("tcp", addr.String())
	if err != nil {
		t.Fatal(err)
	}
	k := speak(t, nc, imapclient.Options{PlaintextAuth: engine.PlaintextLoopback}, nil)
	k.do(&imapwire.Login{User: "u", Password: "p"})
	id, err := k.c.Send(&imapwire.Idle{})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if done := k.until(ctx, id); !errors.Is(done.Err, context.DeadlineExceeded) {
		t.Fatalf("%+v", done)
	}
	if err := k.c.EndIdle(id); err != nil {
		t.Fatal(err)
	}
	if done := k.until(t.Context(), id); done.Err != nil {
		t.Fatal(done.Err)
	}
	k.do(&imapwire.Noop{})
}

// TestClientEnds: a server that is silent, that goes, that refuses to read, that
// speaks behind its answer to STARTTLS, and a content that can not be read: each is
// a typed end.
func TestClientEnds(t *testing.T) {
	for _, tt := range []struct {
		name  string
		serve func(nc net.Conn)
		cmd   imapwire.Command
		want  error
	}{
		{"silence", func(nc net.Conn) { fmt.Fprint(nc, "* OK\r\n"); io.Copy(io.Discard, nc) }, &imapwire.Noop{}, engine.ErrTimeout},
		{"end", func(nc net.Conn) { fmt.Fprint(nc, "* OK\r\n") }, &imapwire.Noop{}, io.ErrUnexpectedEOF},
		{"no TLS", func(nc net.Conn) {
			fmt.Fprint(nc, "* OK\r\n")
			nc.Read(make([]byte, 100))
			fmt.Fprint(nc, "A1 OK go\r\n")
			io.Copy(io.Discard, nc)
		}, &imapwire.StartTLS{}, nil},
		{"surplus", func(nc net.Conn) {
			fmt.Fprint(nc, "* OK\r\n")
			nc.Read(make([]byte, 100))
			fmt.Fprint(nc, "A1 OK go\r\n* OK more\r\n")
			io.Copy(io.Discard, nc)
		}, &imapwire.StartTLS{}, imapclient.ErrSurplus},
		{"goodbye", func(nc net.Conn) {
			fmt.Fprint(nc, "* OK\r\n")
			nc.Read(make([]byte, 100))
			fmt.Fprint(nc, "* BYE too big\r\n")
			nc.(*net.TCPConn).SetLinger(-1)
		}, &imapwire.Append{Mailbox: "x", Messages: []imapwire.AppendMessage{{Size: 1 << 20, Content: strings.NewReader("x"), Wait: true}}}, &imapclient.ByeError{}},
		{"short content", func(nc net.Conn) {
			fmt.Fprint(nc, "* PREAUTH [CAPABILITY IMAP4rev1 LITERAL+] in\r\n")
			io.Copy(io.Discard, nc)
		}, &imapwire.Append{Mailbox: "x", Messages: []imapwire.AppendMessage{{Size: 1 << 20, Content: strings.NewReader("x")}}}, io.ErrUnexpectedEOF},
	} {
		t.Run(tt.name, func(t *testing.T) {
			l, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			defer l.Close()
			go func() {
				nc, err := l.Accept()
				if err != nil {
					return
				}
				defer nc.Close()
				tt.serve(nc)
			}()
			nc, err := net.Dial("tcp", l.Addr().String())
			if err != nil {
				t.Fatal(err)
			}
			k := speak(t, nc, imapclient.Options{Limits: imapwire.Limits{AnswerTime: 300 * time.Millisecond}}, nil)
			// The greeting, so that what is known of the server is used.
			for k.c.State() == imapclient.StateGreeting {
				if k.c.Next() == nil {
					if err := k.d.Step(t.Context()); err != nil {
						t.Fatal(err)
					}
				}
			}
			id, err := k.c.Send(tt.cmd)
			if err != nil {
				t.Fatal(err)
			}
			k.until(t.Context(), id)
			k.until(t.Context(), 0)
			if want := (*imapclient.ByeError)(nil); errors.As(tt.want, &want) {
				if !errors.As(k.err, &want) {
					t.Errorf("closed: %v", k.err)
				}
			} else if tt.want == nil && k.err == nil || !errors.Is(k.err, tt.want) && tt.want != nil {
				t.Errorf("closed: %v; %v", k.err, k.d.Err())
			}
		})
	}
}
