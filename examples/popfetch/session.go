package main

import (
	"cmp"
	"context"
	"crypto/rand"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/mailwire/mailwire/imapwire/drive"
	"github.com/mailwire/mailwire/imapwire/engine"
	"github.com/mailwire/mailwire/imapwire/sasl"
	"github.com/mailwire/mailwire/pop3wire"
	"github.com/mailwire/mailwire/pop3wire/pop3client"
)

// A session is a conversation with the server.
type session struct {
	conn  *pop3client.Conn
	drive *drive.Client
	// malformed is told of responses that could not be read.
	malformed func(error)
}

// The policies of STLS.
const (
	stlsRequired  = "required" // this machine itself excepted, where it is as announced
	stlsAnnounced = "announced"
	stlsNever     = "never"
)

// dial connects, secures the connection and logs in.
func dial(ctx context.Context, u *url.URL, stls, auth string, conf *tls.Config, malformed func(error)) (*session, error) {
	port, secure := "110", u.Scheme == "pops"
	if secure {
		port = "995"
	} else if u.Scheme != "pop3" {
		port = ""
	}
	if port == "" || u.Hostname() == "" || u.User == nil {
		return nil, errors.New("the URL has to be pop3://user@host or pops://user@host")
	}
	var d net.Dialer
	nc, err := d.DialContext(ctx, "tcp", net.JoinHostPort(u.Hostname(), cmp.Or(u.Port(), port)))
	if err != nil {
		return nil, err
	}
	conf = conf.Clone()
	conf.ServerName = u.Hostname()
	if secure {
		nc = tls.Client(nc, conf)
	}
	s, err := newSession(ctx, nc, stls, conf, malformed)
	if err == nil {
		password, _ := u.User.Password()
		err = s.login(ctx, u.User.Username(), engine.Secret(password), auth)
	}
	if err != nil {
		nc.Close()
		return nil, err
	}
	return s, nil
}

// newSession waits for the greeting, and puts TLS in place as far as the policy
// wants it.
func newSession(ctx context.Context, nc net.Conn, stls string, conf *tls.Config, malformed func(error)) (*session, error) {
	sec, err := drive.Security(ctx, nc)
	if err != nil {
		return nil, err
	}
	s := &session{malformed: malformed}
	s.conn, err = pop3client.New(time.Now(), pop3client.Options{
		Security: sec, PlaintextAuth: engine.PlaintextLoopback, APOP: engine.PlaintextLoopback,
		RequireTLS: stls == stlsRequired && !sec.Loopback,
	})
	if err != nil {
		return nil, err
	}
	s.drive = &drive.Client{Conn: nc, Engine: s.conn, TLS: conf}
	for greeted := false; !greeted; {
		ev, err := s.next(ctx)
		if err != nil {
			return nil, err
		}
		_, greeted = ev.(*pop3client.Greeting)
	}
	if err := s.capabilities(ctx); err != nil {
		return nil, err
	}
	announced := s.conn.Has("STLS") || stls == stlsRequired && !sec.Loopback
	if sec.Encrypted || stls == stlsNever || !announced {
		return s, nil
	}
	if _, err := s.do(ctx, &pop3wire.Stls{}, nil); err != nil {
		return nil, fmt.Errorf("STLS: %w", err)
	}
	for !s.conn.Security().Encrypted {
		if _, err := s.step(ctx); err != nil {
			return nil, fmt.Errorf("STLS: %w", err)
		}
	}
	// What was announced before TLS is forgotten.
	return s, s.capabilities(ctx)
}

// capabilities asks for them; the engine draws its conclusions. Old servers do not
// know the command.
func (s *session) capabilities(ctx context.Context) error {
	_, err := s.do(ctx, &pop3wire.Capa{}, nil)
	if refused(err) {
		return nil
	}
	return err
}

// authUser and authAPOP name the ways to log in that are not SASL's.
const (
	authUser = "USER"
	authAPOP = "APOP"
)

// login logs in, the way that only says, or else the best there is.
func (s *session) login(ctx context.Context, user string, password engine.Secret, only string) error {
	o := sasl.ClientOptions{
		Security: s.conn.Security(), PlaintextAuth: engine.PlaintextLoopback, Random: rand.Reader, User: user, Password: password,
	}
	offered := s.conn.Mechanisms()
	if only != "" {
		offered = slices.DeleteFunc(offered, func(name string) bool { return !strings.EqualFold(name, only) })
	}
	name, err := sasl.Choose(offered, o)
	shows := err != nil || sasl.Plaintext(name) && !o.Security.Encrypted
	if s.conn.Timestamp() != "" && shows && (only == "" || strings.EqualFold(only, authAPOP)) {
		digest := pop3wire.APOPDigest(s.conn.Timestamp(), password)
		_, apopErr := s.do(ctx, &pop3wire.Apop{Name: user, Digest: digest}, nil)
		// Some greet with what looks like a timestamp, and have no APOP.
		if only != "" || !refused(apopErr) {
			return s.loggedIn(ctx, "APOP", apopErr)
		}
	}
	switch {
	case err == nil:
		return s.loggedIn(ctx, name, s.authenticate(ctx, name, o))
	case only != "" && !strings.EqualFold(only, authUser):
		return fmt.Errorf("the server has no %s: %w", only, err)
	}
	_, err = s.do(ctx, &pop3wire.User{Name: user}, nil)
	if err == nil {
		_, err = s.do(ctx, &pop3wire.Pass{Password: password}, nil)
	}
	return s.loggedIn(ctx, "USER and PASS", err)
}

// loggedIn asks what the server has for those who are logged in.
func (s *session) loggedIn(ctx context.Context, way string, err error) error {
	if err != nil {
		return fmt.Errorf("login with %s: %w", way, err)
	}
	return s.capabilities(ctx)
}

// authenticate logs in with a SASL mechanism.
func (s *session) authenticate(ctx context.Context, name string, o sasl.ClientOptions) error {
	if slices.ContainsFunc(s.conn.Mechanisms(), func(other string) bool { return strings.EqualFold(other, name+"-PLUS") }) {
		// The server has seen no attack if its offer is not taken: RFC 5802 §6.
		o.Security.Exporter = nil
	}
	exchange, err := sasl.NewClient(name, o)
	if err != nil {
		return err
	}
	cmd := &pop3wire.Auth{Mechanism: name}
	cmd.Initial, cmd.HasInitial = exchange.Initial()
	_, err = s.do(ctx, cmd, func(ev pop3client.Event) error {
		challenge, is := ev.(*pop3client.Challenge)
		if !is {
			return nil
		}
		response, err := exchange.Step(challenge.Data)
		if err != nil {
			return err
		}
		return s.conn.Respond(challenge.ID, response)
	})
	if err == nil {
		return exchange.Finish(true)
	}
	return err
}

// refused reports whether an error leaves the session as it was.
func refused(err error) bool {
	var no *pop3client.StatusError
	return errors.As(err, &no)
}

// step returns the next event; when there is none, it moves octets and returns nil.
func (s *session) step(ctx context.Context) (pop3client.Event, error) {
	ev := s.conn.Next()
	switch ev := ev.(type) {
	case nil:
		return nil, s.drive.Step(ctx)
	case *pop3client.Closed:
		return nil, cmp.Or(ev.Err, engine.ErrClosed)
	case *pop3client.Malformed:
		s.malformed(ev.Err)
	}
	return ev, nil
}

// next waits for an event.
func (s *session) next(ctx context.Context) (pop3client.Event, error) {
	for {
		if ev, err := s.step(ctx); ev != nil || err != nil {
			return ev, err
		}
	}
}

// do sends a command and hands what comes before its answer to each, if that is
// not nil, whose error ends the wait. A no is a [*pop3client.StatusError].
func (s *session) do(ctx context.Context, cmd pop3wire.Command, each func(pop3client.Event) error) (*pop3client.Done, error) {
	id, err := s.conn.Send(cmd)
	if err != nil {
		return nil, err
	}
	return s.finish(ctx, id, each)
}

// finish is the second half of do, for commands that were sent ahead.
func (s *session) finish(ctx context.Context, id engine.ID, each func(pop3client.Event) error) (*pop3client.Done, error) {
	for {
		ev, err := s.next(ctx)
		if err != nil {
			return nil, err
		}
		if done, is := ev.(*pop3client.Done); is && done.ID == id {
			return done, done.Result()
		}
		if each != nil {
			if err := each(ev); err != nil {
				return nil, err
			}
		}
	}
}
