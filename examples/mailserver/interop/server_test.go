//go:build interop

package interop

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime/debug"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// The user of all tests. The password needs quoting, contains the separator of
// -user, and ends in what looks like a literal.
const (
	user     = "alice"
	password = `won"der\land: {7}`
)

// patience bounds every wait for another process.
const patience = 30 * time.Second

// mailserver is the program under test, built once; certificate and key are what
// it is told to present, authority the file that vouches for them.
var mailserver, certificate, key, authority string

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "interop")
	if err == nil {
		err = prepare(dir)
	}
	code := 1
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
	} else {
		code = m.Run()
	}
	os.RemoveAll(dir)
	os.Exit(code)
}

// prepare builds the server and makes its certificate.
func prepare(dir string) error {
	mailserver, imapproxy = filepath.Join(dir, "mailserver"), filepath.Join(dir, "imapproxy")
	args := []string{"build"}
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, s := range info.Settings {
			if s.Key == "-race" && s.Value == "true" {
				args = append(args, "-race")
			}
		}
	}
	for program, source := range map[string]string{mailserver: "..", imapproxy: "../../imapproxy"} {
		if out, err := exec.Command("go", append(args[:len(args):len(args)], "-o", program, source)...).CombinedOutput(); err != nil {
			return fmt.Errorf("go build of %s: %w\n%s", source, err, out)
		}
	}
	return makeCertificates(dir)
}

// makeCertificates writes an authority and a certificate for 127.0.0.1 that it
// signed.
func makeCertificates(dir string) error {
	now := time.Now()
	caKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	ca := &x509.Certificate{
		SerialNumber:          big.NewInt(1),
		Subject:               pkix.Name{CommonName: "Interop Authority"},
		NotBefore:             now.Add(-time.Hour),
		NotAfter:              now.Add(24 * time.Hour),
		KeyUsage:              x509.KeyUsageCertSign | x509.KeyUsageCRLSign,
		BasicConstraintsValid: true,
		IsCA:                  true,
	}
	caDER, err := x509.CreateCertificate(rand.Reader, ca, ca, caKey.Public(), caKey)
	if err != nil {
		return err
	}
	if ca, err = x509.ParseCertificate(caDER); err != nil {
		return err
	}
	leafKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	leaf := &x509.Certificate{
		SerialNumber:          big.NewInt(2),
		Subject:               pkix.Name{CommonName: "127.0.0.1"},
		NotBefore:             now.Add(-time.Hour),
		NotAfter:              now.Add(24 * time.Hour),
		KeyUsage:              x509.KeyUsageDigitalSignature,
		ExtKeyUsage:           []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		BasicConstraintsValid: true,
		IPAddresses:           []net.IP{net.IPv4(127, 0, 0, 1)},
	}
	leafDER, err := x509.CreateCertificate(rand.Reader, leaf, ca, leafKey.Public(), caKey)
	if err != nil {
		return err
	}
	keyDER, err := x509.MarshalPKCS8PrivateKey(leafKey)
	if err != nil {
		return err
	}
	authority = filepath.Join(dir, "authority.pem")
	certificate = filepath.Join(dir, "certificate.pem")
	key = filepath.Join(dir, "key.pem")
	return errors.Join(
		os.WriteFile(authority, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: caDER}), 0o600),
		os.WriteFile(certificate, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: leafDER}), 0o600),
		os.WriteFile(key, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: keyDER}), 0o600),
	)
}

// A server is one running mail server.
type server struct {
	imap, imaps string // addresses; "" when it does not listen there
	pop3, pop3s string
	curl        string // the command line that it prints for pasting

	cmd    *exec.Cmd
	stdout output
	stderr output
	exited chan struct{} // closed when err is set
	err    error
}

// An output collects what a process prints.
type output struct {
	mu    sync.Mutex
	text  bytes.Buffer
	ready chan struct{} // closed after a line "ready"
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	was := o.isReady()
	n, err := o.text.Write(p)
	if o.ready != nil && !was && o.isReady() {
		close(o.ready)
	}
	return n, err
}

func (o *output) isReady() bool {
	return bytes.Contains(append([]byte{'\n'}, o.text.Bytes()...), []byte("\nready\n"))
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String()
}

// start runs the server with the arguments, waits until it is ready, and stops it
// when the test ends. Where it prints what it said, the test has failed. Without
// an argument that says otherwise there is no POP3.
func start(t *testing.T, args ...string) *server {
	t.Helper()
	args = append([]string{"-pop3", "", "-pop3s", ""}, args...)
	s := &server{cmd: exec.Command(mailserver, args...), exited: make(chan struct{})}
	s.stdout.ready = make(chan struct{})
	s.cmd.Stdout, s.cmd.Stderr = &s.stdout, &s.stderr
	s.cmd.WaitDelay = patience
	if err := s.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		s.err = s.cmd.Wait()
		close(s.exited)
	}()
	t.Cleanup(func() {
		s.terminate(t)
		if t.Failed() {
			t.Logf("%s\nstandard output:\n%s\nstandard error:\n%s", s.cmd, s.stdout.String(), s.stderr.String())
		}
	})
	select {
	case <-s.stdout.ready:
	case <-s.exited:
		t.Fatalf("the server ended before it was ready: %v", s.err)
	case <-time.After(patience):
		t.Fatal("the server does not get ready")
	}
	for line := range strings.Lines(s.stdout.String()) {
		line = strings.TrimSuffix(line, "\n")
		switch name, rest, _ := strings.Cut(line, " "); name {
		case "imap":
			s.imap = rest
		case "imaps":
			s.imaps = rest
		case "pop3":
			s.pop3 = rest
		case "pop3s":
			s.pop3s = rest
		default:
			if i := strings.Index(line, "curl "); i >= 0 {
				s.curl = line[i:]
			}
		}
	}
	for _, address := range []string{s.imap, s.imaps, s.pop3, s.pop3s} {
		if _, port, err := net.SplitHostPort(address); address != "" && (err != nil || port == "0") {
			t.Fatalf("the server prints %q as an address", address)
		}
	}
	return s
}

// startEmpty runs a server without mail for the user of the tests, on free ports,
// with a transcript that must not give the password away, and more arguments.
func startEmpty(t *testing.T, more ...string) *server {
	t.Helper()
	var s *server
	t.Cleanup(func() { // runs after the server has ended
		if s == nil {
			return
		}
		quoted := strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(password)
		encode := base64.StdEncoding.EncodeToString
		for _, secret := range []string{password, quoted, strconv.Quote(password), encode([]byte(password)), encode([]byte(plainMessage(user, password)))} {
			if strings.Contains(s.stderr.String(), secret) {
				t.Errorf("the transcript contains the password as %q:\n%s", secret, s.stderr.String())
			}
		}
	})
	s = start(t, append([]string{"-imap", "127.0.0.1:0", "-imaps", "127.0.0.1:0", "-pop3", "127.0.0.1:0", "-pop3s", "127.0.0.1:0", "-empty", "-v",
		"-user", user + ":" + password, "-tls-cert", certificate, "-tls-key", key}, more...)...)
	if s.imap == "" || s.imaps == "" || s.pop3 == "" || s.pop3s == "" {
		t.Fatal("the server does not say where it listens")
	}
	return s
}

// plainMessage is the message of the mechanism PLAIN, RFC 4616 §2.
func plainMessage(user, password string) string { return "\x00" + user + "\x00" + password }

// terminate sends SIGTERM, unless the server has ended, and waits for the end.
func (s *server) terminate(t *testing.T) {
	t.Helper()
	select {
	case <-s.exited:
	default:
		if err := s.cmd.Process.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
			t.Errorf("SIGTERM: %v", err)
		}
	}
	s.wait(t)
}

// wait waits for the end, which must have status 0. A server that hangs is killed.
func (s *server) wait(t *testing.T) {
	t.Helper()
	select {
	case <-s.exited:
	case <-time.After(patience):
		t.Error("the server does not end after SIGTERM")
		if err := s.cmd.Process.Kill(); err != nil {
			t.Error(err)
		}
		<-s.exited
	}
	if s.err != nil {
		t.Errorf("the server ended with %v", s.err)
	}
}

// program finds a program, or fails with the Debian package to install.
func program(t *testing.T, name, pkg string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		t.Fatalf("%v: install the package %s", err, pkg)
	}
	return path
}

// run runs a program in an environment of its own and returns what it printed
// and its exit status.
func run(t *testing.T, path string, args ...string) (stdout, stderr string, status int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	var out, log bytes.Buffer
	cmd := exec.CommandContext(ctx, path, args...)
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + t.TempDir(), "LC_ALL=C.UTF-8"}
	cmd.Stdout, cmd.Stderr = &out, &log
	cmd.WaitDelay = time.Second
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) || ctx.Err() != nil {
		t.Fatalf("%s: %v %v\n%s%s", cmd, err, ctx.Err(), &out, &log)
	}
	return out.String(), log.String(), cmd.ProcessState.ExitCode()
}

// With its defaults the server has a user demo and sample mail, presents a
// certificate of its own making, and prints a command line that lists INBOX.
func TestDefaults(t *testing.T) {
	program(t, "curl", "curl")
	s := start(t, "-imap", "127.0.0.1:0", "-imaps", "127.0.0.1:0")
	if !strings.Contains(s.curl, s.imap) && !strings.Contains(s.curl, s.imaps) {
		t.Fatalf("the line to paste names no listener: %q", s.curl)
	}
	out, log, status := run(t, "/bin/sh", "-c", s.curl)
	if status != 0 || !strings.Contains(out, "* LIST ") || !strings.Contains(out, "INBOX") {
		t.Errorf("%s: exit status %d, %q\n%s", s.curl, status, out, log)
	}
	for _, transport := range transports {
		t.Run(transport, func(t *testing.T) {
			script(t, s, "samples.py", transport, "demo", "demo", "")
		})
	}
}

// An empty address turns a listener off.
func TestListenerOff(t *testing.T) {
	s := start(t, "-imap", "127.0.0.1:0", "-imaps", "")
	if s.imap == "" || s.imaps != "" {
		t.Errorf("listens at imap %q, imaps %q", s.imap, s.imaps)
	}
}
