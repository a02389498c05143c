//go:build interop

package interop

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/mailwire/mailwire/imapwire"
	"github.com/mailwire/mailwire/imapwire/drive"
	"github.com/mailwire/mailwire/imapwire/engine"
	"github.com/mailwire/mailwire/imapwire/imap"
	"github.com/mailwire/mailwire/imapwire/imapcall"
	"github.com/mailwire/mailwire/imapwire/imapclient"
	"github.com/mailwire/mailwire/imapwire/sasl"
	"github.com/mailwire/mailwire/pop3wire"
	"github.com/mailwire/mailwire/pop3wire/pop3client"
)

// dovecotAuth is Dovecot with every mechanism that it has and needs nothing from
// elsewhere for: for a directory of its files, and those of its certificate, and the
// authority of clients.
const dovecotAuth = `
ssl = yes
ssl_cert = <%[2]s
ssl_key = <%[3]s
ssl_ca = <%[1]s/clients.pem
ssl_verify_client_cert = yes
ssl_require_crl = no
auth_ssl_username_from_cert = yes
ssl_cert_username_field = commonName
auth_anonymous_username = nobody
auth_mechanisms = plain login cram-md5 apop scram-sha-1 scram-sha-256 oauthbearer xoauth2 external anonymous
passdb {
  driver = oauth2
  mechanisms = oauthbearer xoauth2
  args = %[1]s/oauth2.conf
}
passdb {
  driver = static
  mechanisms = external
  args = nopassword=y
}
passdb {
  driver = static
  mechanisms = plain login cram-md5 apop scram-sha-1 scram-sha-256
  args = password=` + dovecotPassword + `
}
`

// dovecotTokens says how Dovecot checks tokens: by itself, with a key in a file.
const dovecotTokens = `
introspection_mode = local
local_validation_key_dict = fs:posix:prefix=%s/keys/
username_attribute = sub
`

// credentials are what Dovecot takes.
type credentials struct {
	token       engine.Secret
	certificate tls.Certificate
}

// startDovecotAuth runs Dovecot with all mechanisms.
func startDovecotAuth(t *testing.T) (dovecot, credentials) {
	t.Helper()
	dir, err := os.MkdirTemp("", "dovecotauth")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	var c credentials
	authorityPEM, client, err := clientCertificate(user)
	if err != nil {
		t.Fatal(err)
	}
	c.certificate = client
	secret := []byte("a key of 32 octets or more, as is")
	keys := filepath.Join(dir, "keys", "default", "HS256")
	for _, err := range []error{
		os.Chmod(dir, 0o755),
		os.MkdirAll(keys, 0o755),
		os.WriteFile(filepath.Join(keys, "default"), []byte(base64.StdEncoding.EncodeToString(secret)), 0o644),
		os.WriteFile(filepath.Join(dir, "clients.pem"), authorityPEM, 0o644),
		os.WriteFile(filepath.Join(dir, "oauth2.conf"), fmt.Appendf(nil, dovecotTokens, dir), 0o644),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	c.token = token(secret, user)
	return startDovecotWith(t, fmt.Sprintf(dovecotAuth, dir, certificate, key), nil), c
}

// token is a JSON Web Token (RFC 7519) that says who its bearer is.
func token(key []byte, user string) engine.Secret {
	encode := base64.RawURLEncoding.EncodeToString
	now := time.Now()
	signed := encode([]byte(`{"alg":"HS256","typ":"JWT"}`)) + "." +
		encode(fmt.Appendf(nil, `{"sub":%q,"iat":%d,"exp":%d}`, user, now.Add(-time.Minute).Unix(), now.Add(time.Hour).Unix()))
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(signed))
	return engine.Secret(signed + "." + encode(mac.Sum(nil)))
}

// clientCertificate makes an authority and a certificate for a user that it signed.
func clientCertificate(user string) (authority []byte, client tls.Certificate, err error) {
	now := time.Now()
	caKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, client, err
	}
	ca := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "interop clients"},
		NotBefore: now.Add(-time.Hour), NotAfter: now.Add(24 * time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	caDER, err := x509.CreateCertificate(rand.Reader, ca, ca, caKey.Public(), caKey)
	if err != nil {
		return nil, client, err
	}
	leafKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, client, err
	}
	leaf := &x509.Certificate{
		SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: user},
		NotBefore: now.Add(-time.Hour), NotAfter: now.Add(24 * time.Hour),
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}, BasicConstraintsValid: true,
	}
	leafDER, err := x509.CreateCertificate(rand.Reader, leaf, ca, leafKey.Public(), caKey)
	if err != nil {
		return nil, client, err
	}
	authority = pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: caDER})
	return authority, tls.Certificate{Certificate: [][]byte{leafDER}, PrivateKey: leafKey}, nil
}

// trusting is the configuration of a client that trusts the authority of the tests.
func trusting(t *testing.T, certificates ...tls.Certificate) *tls.Config {
	t.Helper()
	text, err := os.ReadFile(authority)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(text)
	return &tls.Config{RootCAs: pool, ServerName: "127.0.0.1", MinVersion: tls.VersionTLS12, Certificates: certificates}
}

// A door is a protocol of a server: how to come in, see what is announced and log in.
type door interface {
	mechanisms() []string
	login(o sasl.ClientOptions) error
	whoami() error // is anybody logged in?
	end()
}

// imapDoor is IMAP, by blocking calls.
type imapDoor struct {
	t   *testing.T
	ctx context.Context
	c   *imapcall.Client
}

func openIMAP(t *testing.T, addr, transport string, conf *tls.Config) door {
	t.Helper()
	nc, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	if transport == "tls" {
		nc = tls.Client(nc, conf)
	}
	c, err := imapcall.New(t.Context(), nc, imapcall.Options{
		Engine: imapclient.Options{PlaintextAuth: engine.PlaintextLoopback}, StartTLS: transport == "starttls", TLS: conf,
	})
	if err != nil {
		t.Fatal(err)
	}
	return &imapDoor{t, t.Context(), c}
}

func (d *imapDoor) mechanisms() (names []string) {
	if _, err := d.c.Do(d.ctx, &imapwire.Capability{}); err != nil {
		d.t.Fatal(err)
	}
	caps, _ := d.c.Capabilities()
	for _, x := range caps {
		if name, is := strings.CutPrefix(string(x), "AUTH="); is {
			names = append(names, name)
		}
	}
	return names
}

func (d *imapDoor) login(o sasl.ClientOptions) error { return d.c.Authenticate(d.ctx, o) }

func (d *imapDoor) whoami() error {
	_, err := d.c.Do(d.ctx, &imapwire.Select{Mailbox: imap.Inbox})
	return err
}

func (d *imapDoor) end() { d.c.Close() }

// popDoor is POP3, by the engine.
type popDoor struct {
	t     *testing.T
	ctx   context.Context
	conn  *pop3client.Conn
	drive *drive.Client
}

func openPOP3(t *testing.T, addr, transport string, conf *tls.Config) door {
	t.Helper()
	nc, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	if transport == "tls" {
		nc = tls.Client(nc, conf)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 2*patience)
	t.Cleanup(cancel)
	sec, err := drive.Security(ctx, nc)
	if err != nil {
		t.Fatal(err)
	}
	c, err := pop3client.New(time.Now(), pop3client.Options{Security: sec, PlaintextAuth: engine.PlaintextLoopback, APOP: engine.PlaintextLoopback})
	if err != nil {
		t.Fatal(err)
	}
	d := &popDoor{t, ctx, c, &drive.Client{Conn: nc, Engine: c, TLS: conf}}
	if transport == "starttls" {
		if err := d.do(&pop3wire.Stls{}, nil); err != nil {
			t.Fatal(err)
		}
		for !c.Security().Encrypted {
			d.next()
		}
	}
	return d
}

func (d *popDoor) next() pop3client.Event {
	d.t.Helper()
	ev := d.conn.Next()
	switch ev := ev.(type) {
	case nil:
		if err := d.drive.Step(d.ctx); err != nil {
			d.t.Fatal(err)
		}
	case *pop3client.Malformed:
		d.t.Errorf("%v in %.300q", ev.Err, ev.Raw)
	case *pop3client.Closed:
		d.t.Fatalf("closed: %v", ev.Err)
	}
	return ev
}

// do sends a command; each gets what comes before the answer, and an error of it
// cancels an exchange.
func (d *popDoor) do(cmd pop3wire.Command, each func(pop3client.Event) error) error {
	d.t.Helper()
	id, err := d.conn.Send(cmd)
	if err != nil {
		return err
	}
	for {
		ev := d.next()
		if done, is := ev.(*pop3client.Done); is && done.ID == id {
			return done.Result()
		}
		if each == nil {
			continue
		}
		if err := each(ev); err != nil {
			d.conn.Cancel(id)
		}
	}
}

func (d *popDoor) mechanisms() []string {
	if err := d.do(&pop3wire.Capa{}, nil); err != nil {
		d.t.Fatal(err)
	}
	return d.conn.Mechanisms()
}

func (d *popDoor) login(o sasl.ClientOptions) error {
	o.Security, o.Random, o.PlaintextAuth = d.conn.Security(), rand.Reader, engine.PlaintextLoopback
	name, err := sasl.Choose(d.mechanisms(), o)
	if err != nil {
		return err
	}
	if slices.Contains(d.conn.Mechanisms(), name+"-PLUS") {
		// The server has seen no attack if its offer is not taken: RFC 5802 §6.
		o.Security.Exporter = nil
	}
	exchange, err := sasl.NewClient(name, o)
	if err != nil {
		return err
	}
	cmd := &pop3wire.Auth{Mechanism: name}
	cmd.Initial, cmd.HasInitial = exchange.Initial()
	err = d.do(cmd, func(ev pop3client.Event) error {
		challenge, is := ev.(*pop3client.Challenge)
		if !is {
			return nil
		}
		response, err := exchange.Step(challenge.Data)
		if err != nil {
			return err
		}
		return d.conn.Respond(challenge.ID, response)
	})
	if told := exchange.Finish(err == nil); err == nil || told != sasl.ErrAuthentication {
		return told
	}
	return err
}

func (d *popDoor) whoami() error { return d.do(&pop3wire.Stat{}, nil) }
func (d *popDoor) end()          { d.drive.Close() }

// unauthorized says whether an error is a server's no to a login, of a type.
func unauthorized(err error) bool {
	var token *sasl.TokenError
	var imapNo *imapcall.StatusError
	var popNo *pop3client.StatusError
	switch {
	case errors.As(err, &imapNo):
		return imapNo.Status.Code == imapwire.CodeAuthenticationFailed
	case errors.As(err, &popNo):
		return popNo.Status.Code.Is(pop3wire.CodeAuth)
	}
	return errors.As(err, &token)
}

// TestDovecotMechanisms: every mechanism that Dovecot and package sasl both have, over
// IMAP and POP3, in the clear, behind STARTTLS and over TLS; what Dovecot announces and
// this package knows is all tried. A wrong password, a forged token, no certificate
// are typed errors, and the session goes on.
func TestDovecotMechanisms(t *testing.T) {
	t.Parallel()
	server, c := startDovecotAuth(t)
	right := sasl.ClientOptions{User: user, Password: dovecotPassword, Random: rand.Reader}
	wrong := right
	wrong.Password = "wrong"
	bearer := sasl.ClientOptions{User: user, Token: c.token, Random: rand.Reader}
	forged := bearer
	forged.Token = token([]byte("another key of 32 octets or more!"), user)
	testMechanisms(t, server, c.certificate, map[string]try{
		sasl.Plain: {right, &wrong}, sasl.Login: {right, &wrong}, sasl.CramMD5: {right, &wrong}, sasl.ScramSHA1: {right, &wrong}, sasl.ScramSHA256: {right, &wrong},
		sasl.OAuthBearer: {bearer, &forged}, sasl.XOAuth2: {bearer, &forged},
		sasl.External:  {sasl.ClientOptions{External: true}, &sasl.ClientOptions{External: true}},
		sasl.Anonymous: {sasl.ClientOptions{Anonymous: true, Trace: "interop"}, nil},
	})
}

// TestMechanisms: every mechanism of the server here, over IMAP and POP3, in the clear,
// behind STARTTLS and over TLS, where there are those that bind to the channel.
func TestMechanisms(t *testing.T) {
	t.Parallel()
	s := startMail(t)
	o := sasl.ClientOptions{User: mailUser, Password: mailPassword, Random: rand.Reader}
	testMechanisms(t, dovecot{s.imap, s.imaps, s.pop3, s.pop3s}, tls.Certificate{}, map[string]try{
		sasl.Plain: {o, nil}, sasl.Login: {o, nil}, sasl.CramMD5: {o, nil}, sasl.ScramSHA1: {o, nil}, sasl.ScramSHA256: {o, nil},
		sasl.ScramSHA1Plus: {o, nil}, sasl.ScramSHA256Plus: {o, nil},
	})
}

// A try is what a mechanism is used with, and what it is to fail with; nil is nothing.
type try struct {
	right sasl.ClientOptions
	wrong *sasl.ClientOptions
}

// testMechanisms tries each mechanism that a server announces.
func testMechanisms(t *testing.T, server dovecot, certificate tls.Certificate, tries map[string]try) {
	for protocol, open := range map[string]func(*testing.T, string, string, *tls.Config) door{"imap": openIMAP, "pop3": openPOP3} {
		for _, transport := range transports {
			t.Run(protocol+" "+transport, func(t *testing.T) {
				addr := map[string]string{"imap": server.imap, "imaptls": server.imaps, "pop3": server.pop3, "pop3tls": server.pop3s}[protocol+strings.TrimPrefix(strings.TrimPrefix(transport, "plain"), "starttls")]
				d := open(t, addr, transport, trusting(t))
				announced := d.mechanisms()
				d.end()
				t.Logf("announced: %v", announced)
				for name := range tries {
					if strings.HasSuffix(name, "-PLUS") && transport == "plain" {
						continue
					}
					if !slices.Contains(announced, name) {
						t.Errorf("%s is not announced", name)
					}
				}
				for _, name := range announced {
					try, is := tries[name]
					if !is {
						every := sasl.ClientOptions{User: user, Password: "x", Token: "x", External: true, Anonymous: true, Random: rand.Reader, Security: engine.Security{Encrypted: true}}
						if _, err := sasl.NewClient(name, every); !errors.Is(err, sasl.ErrMechanism) {
							t.Errorf("%s: both have it, and nobody tries it", name)
						}
						continue
					}
					// With a certificate Dovecot takes the name for any mechanism from it.
					conf := trusting(t)
					if try.wrong != nil {
						d := open(t, addr, transport, conf)
						o := *try.wrong
						o.Allow = []string{name}
						if err := d.login(o); !unauthorized(err) {
							t.Errorf("%s, wrong: %T %v", name, err, err)
						}
						if d.whoami() == nil {
							t.Errorf("%s, wrong: it let us in", name)
						}
						d.end()
					}
					if name == sasl.External {
						if transport == "plain" {
							continue
						}
						conf = trusting(t, certificate)
					}
					d := open(t, addr, transport, conf)
					o := try.right
					o.Allow = []string{name}
					if err := d.login(o); err != nil {
						t.Errorf("%s: %v", name, err)
					} else if err := d.whoami(); err != nil {
						t.Errorf("%s: %v", name, err)
					}
					d.end()
				}
			})
		}
	}
}

// TestDovecotPOP3Login: the ways into POP3 that are not SASL's.
func TestDovecotPOP3Login(t *testing.T) {
	server, _ := startDovecotAuth(t)
	for _, way := range []string{"APOP", "USER"} {
		for _, password := range []engine.Secret{dovecotPassword, "wrong"} {
			d := openPOP3(t, server.pop3, "plain", nil).(*popDoor)
			for d.conn.State() == pop3client.StateGreeting {
				d.next()
			}
			var err error
			if way == "APOP" {
				err = d.do(&pop3wire.Apop{Name: user, Digest: pop3wire.APOPDigest(d.conn.Timestamp(), password)}, nil)
			} else if err = d.do(&pop3wire.User{Name: user}, nil); err == nil {
				err = d.do(&pop3wire.Pass{Password: password}, nil)
			}
			if password == dovecotPassword && err == nil {
				err = d.whoami()
			}
			if password == dovecotPassword && err != nil || password != dovecotPassword && !unauthorized(err) {
				t.Errorf("%s with %s password: %v", way, map[bool]string{true: "the right", false: "a wrong"}[password == dovecotPassword], err)
			}
			d.end()
		}
	}
}
