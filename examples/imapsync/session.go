package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/url"
	"time"

	"github.com/mailwire/mailwire/imapwire"
	"github.com/mailwire/mailwire/imapwire/drive"
	"github.com/mailwire/mailwire/imapwire/engine"
	"github.com/mailwire/mailwire/imapwire/imap"
	"github.com/mailwire/mailwire/imapwire/imapclient"
)

// A refusal is a command that was answered NO or BAD. The session goes on.
type refusal struct {
	verb   string
	status imapwire.StatusCondition
}

func (r *refusal) Error() string {
	return fmt.Sprintf("%s: %s %s", r.verb, r.status.Condition, r.status.Text)
}

// A session is a conversation with one of the two servers.
type session struct {
	conn  *imapclient.Conn
	drive *drive.Client
	// utf8: the names of mailboxes are UTF-8, not modified UTF-7.
	utf8 bool
	// delimiter separates the levels of a personal folder's name; zero is none.
	delimiter byte
	// prefix is what the names of personal folders begin with, as the wire has
	// it, and foreign are the prefixes of what belongs to others.
	prefix  string
	foreign []string
	// malformed is told of responses that could not be read.
	malformed func(error)
}

// The policies of STARTTLS.
const (
	startTLSAnnounced = "announced"
	startTLSAlways    = "always"
	startTLSNever     = "never"
)

// dial connects, secures the connection and logs in.
func dial(ctx context.Context, u *url.URL, startTLS string, conf *tls.Config, malformed func(error)) (*session, error) {
	port := map[string]string{"imap": "143", "imaps": "993"}[u.Scheme]
	if port == "" || u.Hostname() == "" || u.User == nil {
		return nil, errors.New("the URL has to be imap://user@host/ or imaps://user@host/")
	}
	if u.Port() != "" {
		port = u.Port()
	}
	var d net.Dialer
	nc, err := d.DialContext(ctx, "tcp", net.JoinHostPort(u.Hostname(), port))
	if err != nil {
		return nil, err
	}
	conf = conf.Clone()
	conf.ServerName = u.Hostname()
	if u.Scheme == "imaps" {
		nc = tls.Client(nc, conf)
	}
	password, _ := u.User.Password()
	s, err := newSession(ctx, nc, startTLS, conf, u.User.Username(), engine.Secret(password), malformed)
	if err != nil {
		nc.Close()
	}
	return s, err
}

func newSession(ctx context.Context, nc net.Conn, startTLS string, conf *tls.Config, user string, password engine.Secret, malformed func(error)) (*session, error) {
	sec, err := drive.Security(ctx, nc)
	if err != nil {
		return nil, err
	}
	s := &session{malformed: malformed}
	s.conn, err = imapclient.New(time.Now(), imapclient.Options{
		Security: sec, PlaintextAuth: engine.PlaintextLoopback, RequireTLS: startTLS == startTLSAlways,
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
		_, greeted = ev.(*imapclient.Greeting)
	}
	if err := s.secure(ctx, startTLS); err != nil {
		return nil, err
	}
	if s.conn.State() == imapclient.StateNotAuthenticated {
		if err := s.login(ctx, user, password); err != nil {
			return nil, err
		}
	}
	return s, s.explore(ctx)
}

// capabilities returns what the server announces, and asks if it has not said.
func (s *session) capabilities(ctx context.Context) (imap.Capabilities, error) {
	if _, known := s.conn.Capabilities(); !known {
		if err := s.do(ctx, &imapwire.Capability{}, nil); err != nil {
			return nil, err
		}
	}
	caps, _ := s.conn.Capabilities()
	return caps, nil
}

// secure puts TLS in place, as far as the policy wants it.
func (s *session) secure(ctx context.Context, policy string) error {
	if s.conn.Security().Encrypted || s.conn.State() != imapclient.StateNotAuthenticated || policy == startTLSNever {
		return nil
	}
	caps, err := s.capabilities(ctx)
	if err != nil {
		return err
	}
	if !caps.Has(imap.CapStartTLS) && policy != startTLSAlways {
		return nil
	}
	if err := s.do(ctx, &imapwire.StartTLS{}, nil); err != nil {
		return err
	}
	for !s.conn.Security().Encrypted {
		if _, err := s.step(ctx); err != nil {
			return err
		}
	}
	return nil
}

func (s *session) login(ctx context.Context, user string, password engine.Secret) error {
	caps, err := s.capabilities(ctx)
	if err != nil {
		return err
	}
	var cmd imapwire.Command = &imapwire.Login{User: user, Password: password}
	// RFC 9051 §6.2.3: LOGIN takes US-ASCII.
	if caps.Has(imap.CapLoginDisabled) || !engine.Text.All(user) || !engine.Text.All(string(password)) {
		cmd = &imapwire.Authenticate{Mechanism: "PLAIN", Initial: "\x00" + engine.Secret(user) + "\x00" + password, HasInitial: true}
	}
	return s.do(ctx, cmd, nil)
}

// explore learns how the server writes names.
func (s *session) explore(ctx context.Context) error {
	caps, err := s.capabilities(ctx)
	if err != nil {
		return err
	}
	// RFC 9051 §5.1: a server of IMAP4rev2 alone has names in UTF-8 from the start.
	s.utf8 = caps.Has(imap.CapIMAP4rev2) && !caps.Has(imap.CapIMAP4rev1)
	if caps.Has(imap.CapIMAP4rev2) && caps.Has(imap.CapIMAP4rev1) {
		err := s.do(ctx, &imapwire.Enable{Capabilities: imap.Capabilities{imap.CapIMAP4rev2}}, func(ev imapclient.Event) {
			if d, ok := data[*imapwire.EnabledData](ev); ok && d.Capabilities.Has(imap.CapIMAP4rev2) {
				s.utf8 = true
			}
		})
		if err != nil && !refused(err) {
			return err
		}
	}
	// RFC 9051 §6.3.9: an empty name asks for the delimiter.
	err = s.do(ctx, &imapwire.List{Patterns: []string{""}}, func(ev imapclient.Event) {
		if d, ok := data[*imapwire.ListData](ev); ok {
			s.delimiter = d.Delimiter
		}
	})
	if err != nil || !caps.Has(imap.CapNamespace) && !caps.Has(imap.CapIMAP4rev2) {
		return err
	}
	err = s.do(ctx, &imapwire.Namespace{}, func(ev imapclient.Event) {
		d, ok := data[*imapwire.NamespaceData](ev)
		if !ok {
			return
		}
		if len(d.Personal) > 0 {
			s.prefix, s.delimiter = d.Personal[0].Prefix, d.Personal[0].Delimiter
		}
		for _, n := range append(d.Other, d.Shared...) {
			if n.Prefix != "" {
				s.foreign = append(s.foreign, n.Prefix)
			}
		}
	})
	if refused(err) {
		return nil
	}
	return err
}

// data returns what an event tells, if it is that.
func data[T imapwire.Response](ev imapclient.Event) (T, bool) {
	if d, ok := ev.(*imapclient.Data); ok {
		r, ok := d.Response.(T)
		return r, ok
	}
	var none T
	return none, false
}

// refused reports whether an error leaves the session as it was.
func refused(err error) bool {
	var r *refusal
	return errors.As(err, &r)
}

// step returns the next event; when there is none, it moves octets and returns nil.
func (s *session) step(ctx context.Context) (imapclient.Event, error) {
	ev := s.conn.Next()
	switch ev := ev.(type) {
	case nil:
		return nil, s.drive.Step(ctx)
	case *imapclient.Closed:
		if ev.Err == nil {
			return nil, engine.ErrClosed
		}
		return nil, ev.Err
	case *imapclient.Malformed:
		s.malformed(ev.Err)
	case *imapclient.Challenge:
		// PLAIN has none: the server wants something else.
		return ev, s.conn.Cancel(ev.ID)
	}
	return ev, nil
}

// next waits for an event.
func (s *session) next(ctx context.Context) (imapclient.Event, error) {
	for {
		if ev, err := s.step(ctx); ev != nil || err != nil {
			return ev, err
		}
	}
}

// do sends a command and hands what comes before its answer to each, if that is
// not nil. An answer other than OK is a [*refusal].
func (s *session) do(ctx context.Context, cmd imapwire.Command, each func(imapclient.Event)) error {
	id, err := s.conn.Send(cmd)
	if err != nil {
		return err
	}
	_, err = s.finish(ctx, id, cmd.Verb(), each)
	return err
}

// finish is the second half of do, for commands that were sent ahead.
func (s *session) finish(ctx context.Context, id engine.ID, verb string, each func(imapclient.Event)) (imapwire.StatusCondition, error) {
	for {
		ev, err := s.next(ctx)
		if err != nil {
			return imapwire.StatusCondition{}, err
		}
		if done, ok := ev.(*imapclient.Done); ok && done.ID == id {
			return done.Status, outcome(verb, done)
		}
		if each != nil {
			each(ev)
		}
	}
}

func outcome(verb string, done *imapclient.Done) error {
	switch {
	case done.Err != nil:
		return done.Err
	case done.Status.Condition != imapwire.OK:
		return &refusal{verb, done.Status}
	}
	return nil
}

// An opened folder is what SELECT and EXAMINE tell of it.
type opened struct {
	validity uint32 // zero: UIDs do not last
	exists   uint32
	// permanent are the flags that can be stored; nil when the server did not say.
	permanent []imap.Flag
}

// open selects a folder.
func (s *session) open(ctx context.Context, wire string, readOnly bool) (opened, error) {
	var m opened
	err := s.do(ctx, &imapwire.Select{Mailbox: wire, ReadOnly: readOnly}, func(ev imapclient.Event) {
		if d, ok := data[*imapwire.ExistsData](ev); ok {
			m.exists = d.Count
		}
		d, ok := data[*imapwire.StatusResponse](ev)
		if !ok {
			return
		}
		switch code := d.Code.(type) {
		case *imapwire.CodeNumber:
			if code.Name == imapwire.CodeUIDValidity {
				m.validity = uint32(code.Number)
			}
		case *imapwire.CodePermanentFlags:
			m.permanent = append([]imap.Flag{}, code.Flags...)
		}
	})
	return m, err
}

// search sends a UID SEARCH.
func (s *session) search(key imap.SearchKey) (engine.ID, error) {
	return s.conn.Send(&imapwire.Search{UID: true, Key: key})
}

// found waits for the answer to a UID SEARCH.
func (s *session) found(ctx context.Context, id engine.ID) (imap.UIDSet, error) {
	var set imap.UIDSet
	_, err := s.finish(ctx, id, "UID SEARCH", func(ev imapclient.Event) {
		if d, ok := data[*imapwire.SearchData](ev); ok {
			for _, n := range d.Nums {
				set.Add(imap.UID(n))
			}
		}
		// Servers of IMAP4rev2 answer so.
		if d, ok := data[*imapwire.ESearchData](ev); ok {
			for _, r := range d.All {
				set.AddRange(imap.UIDRange{First: imap.UID(r.First), Last: imap.UID(r.Last)})
			}
		}
	})
	return set, err
}

// all returns the UIDs of the selected folder.
func (s *session) all(ctx context.Context) (imap.UIDSet, error) {
	id, err := s.search(&imap.SearchAll{})
	if err != nil {
		return nil, err
	}
	return s.found(ctx, id)
}

// close takes leave, if the session lasts, and closes the connection.
func (s *session) close(ctx context.Context) {
	// The server's last words change nothing.
	_ = s.do(ctx, &imapwire.Logout{}, nil)
	s.drive.Close()
}
