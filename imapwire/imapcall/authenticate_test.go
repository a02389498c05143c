package imapcall_test

import (
	"errors"
	"net"
	"strings"
	"testing"

	"github.com/mailwire/mailwire/imapwire"
	"github.com/mailwire/mailwire/imapwire/imap"
	"github.com/mailwire/mailwire/imapwire/imapcall"
	"github.com/mailwire/mailwire/imapwire/imapclient"
	"github.com/mailwire/mailwire/imapwire/sasl"
)

// session begins a session, and returns what its client says too.
func session(t *testing.T, addr string) (*imapcall.Client, *strings.Builder) {
	t.Helper()
	nc, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	said := new(strings.Builder)
	opt := plain
	opt.Trace = func(out bool, p []byte) {
		if out {
			said.Write(p)
		}
	}
	c, err := imapcall.New(t.Context(), nc, opt)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c, said
}

// TestAuthenticate: the best mechanism that both have, or the one that is allowed;
// a wrong password costs nothing but the try.
func TestAuthenticate(t *testing.T) {
	for _, allow := range [][]string{nil, {sasl.CramMD5}, {sasl.ScramSHA1}, {sasl.Plain}, {sasl.Login}} {
		want := "SCRAM-SHA-256"
		if allow != nil {
			want = allow[0]
		}
		t.Run(want, func(t *testing.T) {
			c, said := session(t, mailServer(t))
			var refused *imapcall.StatusError
			if err := c.Authenticate(t.Context(), sasl.ClientOptions{User: "ada", Password: "wrong", Allow: allow}); !errors.As(err, &refused) {
				t.Errorf("a wrong password: %v", err)
			} else if refused.Status.Code != imapwire.CodeAuthenticationFailed {
				t.Errorf("a wrong password: %v", refused.Status.Code)
			}
			if err := c.Authenticate(t.Context(), sasl.ClientOptions{User: "ada", Password: "secret", Allow: allow}); err != nil {
				t.Fatal(err)
			}
			if n := strings.Count(said.String(), "AUTHENTICATE "+want); n != 2 {
				t.Errorf("%d exchanges of %s in %q", n, want, said)
			}
			do(t, c, &imapwire.Select{Mailbox: imap.Inbox})
		})
	}
	c, _ := session(t, mailServer(t))
	if err := c.Authenticate(t.Context(), sasl.ClientOptions{User: "ada", Password: "secret", Allow: []string{"EXTERNAL"}}); !errors.Is(err, sasl.ErrMechanism) {
		t.Errorf("no mechanism: %v", err)
	}
	if err := c.Authenticate(t.Context(), sasl.ClientOptions{User: "ada", Password: "secret", RequireBinding: true}); !errors.Is(err, sasl.ErrChannelBinding) {
		t.Errorf("no binding: %v", err)
	}
	do(t, c, &imapwire.Noop{})
}

// TestAuthenticateInTheClear: where no password may travel, a mechanism that shows
// none logs in, and without one nothing is sent.
func TestAuthenticateInTheClear(t *testing.T) {
	addr := mailServer(t)
	for _, tt := range []struct {
		require bool
		allow   []string
		want    error
	}{
		{false, nil, nil}, {false, []string{sasl.CramMD5}, nil}, {false, []string{sasl.Plain, sasl.Login}, sasl.ErrPlaintext}, {true, nil, imapclient.ErrPlaintext},
	} {
		nc, err := net.Dial("tcp", addr)
		if err != nil {
			t.Fatal(err)
		}
		var said strings.Builder
		c, err := imapcall.New(t.Context(), nc, imapcall.Options{
			Engine: imapclient.Options{RequireTLS: tt.require},
			Trace: func(out bool, p []byte) {
				if out {
					said.Write(p)
				}
			},
		})
		if err != nil {
			t.Fatal(err)
		}
		if err := c.Authenticate(t.Context(), sasl.ClientOptions{User: "ada", Password: "secret", Allow: tt.allow}); !errors.Is(err, tt.want) {
			t.Errorf("%v, %v: %v", tt.require, tt.allow, err)
		}
		if tt.want != nil && strings.Contains(said.String(), "AUTHENTICATE") {
			t.Errorf("%v, %v: %q", tt.require, tt.allow, said.String())
		}
		c.Close()
	}
}

// TestImpostor: a server that says OK without the proof of SCRAM is none.
func TestImpostor(t *testing.T) {
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
		nc.Write([]byte("* OK [CAPABILITY IMAP4rev1 SASL-IR AUTH=SCRAM-SHA-256] ready\r\n"))
		line := make([]byte, 1<<10)
		n, _ := nc.Read(line)
		tag, _, _ := strings.Cut(string(line[:n]), " ")
		nc.Write([]byte(tag + " OK welcome\r\n"))
		nc.Read(line)
	}()
	c, _ := session(t, l.Addr().String())
	if err := c.Authenticate(t.Context(), sasl.ClientOptions{User: "ada", Password: "secret"}); !errors.Is(err, sasl.ErrServer) {
		t.Errorf("an impostor: %v", err)
	}
	if _, err := c.Do(t.Context(), &imapwire.Noop{}); err == nil {
		t.Error("the session goes on")
	}
}
