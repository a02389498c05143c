package pop3server_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"math/big"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/mailwire/mailwire/imapwire/drive"
	"github.com/mailwire/mailwire/imapwire/engine"
	"github.com/mailwire/mailwire/pop3wire"
	"github.com/mailwire/mailwire/pop3wire/pop3server"
)

// A session is what a binding makes of a Conn, as small as can be.
type session struct {
	*pop3server.Conn
	script  *script
	upgrade *pop3server.Upgrade
}

func (s *session) Work(context.Context) bool {
	ev := s.Next()
	if ev == nil {
		return false
	}
	if up, is := ev.(*pop3server.Upgrade); is {
		s.upgrade = up
	}
	s.script.handle(ev)
	return true
}

func (s *session) Upgrade() (engine.Layer, []byte) { return s.upgrade.Layer, s.upgrade.Rest }
func (s *session) OnChange(func())                 {}
func (s *session) Notify(context.Context)          {}
func (s *session) Shutdown(time.Time)              { s.Bye(pop3wire.CodeSysTemp, "shutting down") }
func (s *session) Close() error                    { s.Conn.Close(); return nil }

// fatal makes a Fatalf that any goroutine may call.
type fatal struct{ *testing.T }

func (f fatal) Fatalf(format string, a ...any) { f.Errorf(format, a...) }

// TestDrive: the engine runs under the driver: STLS, a login, a message in
// pieces, one that breaks, and a shutdown.
func TestDrive(t *testing.T) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	cert := &x509.Certificate{SerialNumber: big.NewInt(1)}
	der, err := x509.CreateCertificate(rand.Reader, cert, cert, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	large := strings.Repeat(string(fillLines), 5000)
	srv := &drive.Server{
		TLS: &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}},
		NewSession: func(info drive.Info) (drive.Session, error) {
			c, err := pop3server.New(info.Now, pop3server.Options{Security: info.Security, STLS: true})
			s := &script{t: fatal{t}, c: c, messages: []string{large, "small"}, deleted: map[uint32]bool{}}
			s.on = func(ev pop3server.Event) bool {
				cmd, is := ev.(*pop3server.Command)
				if !is {
					return false
				}
				if retr, is := cmd.Cmd.(*pop3wire.Retr); is && retr.Num == 3 {
					b := s.body(large)
					b.Size++
					s.must(c.Body(cmd.ID, ok("it breaks"), b))
					return true
				}
				return false
			}
			return &session{Conn: c, script: s}, err
		},
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	served := make(chan error, 1)
	go func() { served <- srv.Serve(ctx, l) }()

	dial := func() *tls.Conn {
		nc, err := net.Dial("tcp", l.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { nc.Close() })
		hear(t, nc, "ready\r\n")
		fmt.Fprint(nc, "USER u\r\nSTLS\r\n")
		hear(t, nc, "-ERR USER needs TLS\r\n+OK begin TLS\r\n")
		tc := tls.Client(nc, &tls.Config{InsecureSkipVerify: true})
		fmt.Fprint(tc, "USER u\r\nPASS p\r\n")
		hear(t, tc, "+OK send PASS\r\n+OK in\r\n")
		return tc
	}
	tc := dial()
	fmt.Fprint(tc, "RETR 2\r\nRETR 1\r\nQUIT\r\n")
	out, err := io.ReadAll(tc)
	small, rest, _ := strings.Cut(string(out), "\r\n.\r\n")
	body, bye, _ := strings.Cut(rest, "\r\n.\r\n")
	if err != nil || small != "+OK message follows\r\nsmall" || int64(len(unstuffed(t, body+"\r\n.\r\n"))) != wireSize(large) || bye != "+OK 0 removed\r\n" {
		t.Errorf("%q, %d octets, %q, %v", small, len(body), bye, err)
	}

	tc = dial()
	fmt.Fprint(tc, "RETR 3\r\nNOOP\r\n")
	if out, _ := io.ReadAll(tc); !strings.HasPrefix(string(out), "+OK it breaks\r\n") || strings.Contains(string(out), "\r\n.\r\n") {
		t.Errorf("%d octets that end in %q", len(out), out[max(0, len(out)-40):])
	}

	tc = dial()
	stop()
	if out, err := io.ReadAll(tc); err != nil || string(out) != "-ERR [SYS/TEMP] shutting down\r\n" {
		t.Errorf("%q, %v", out, err)
	}
	if err := <-served; err != nil {
		t.Error(err)
	}
}

// hear reads until what was said ends in want.
func hear(t *testing.T, r io.Reader, want string) {
	t.Helper()
	var said []byte
	b := make([]byte, 1)
	for !strings.HasSuffix(string(said), want) {
		n, err := r.Read(b)
		said = append(said, b[:n]...)
		if err != nil {
			t.Fatalf("%q, %v, want %q", said, err, want)
		}
	}
}
