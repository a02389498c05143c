package pop3serve

import (
	"context"
	"time"

	"github.com/mailwire/mailwire/imapwire/engine"
	"github.com/mailwire/mailwire/imapwire/sasl"
	"github.com/mailwire/mailwire/mailbox"
	"github.com/mailwire/mailwire/pop3wire"
	"github.com/mailwire/mailwire/pop3wire/pop3server"
)

// A Session is one client's conversation with the store. Its methods are
// called from one goroutine.
type Session struct {
	srv  *Server
	conn *pop3server.Conn
	now  time.Time // of the last verb that carried the time

	// user is who is logged in, who somebody that proved to be so: a login may
	// still fail.
	user, who string
	failed    int // logins that failed
	exchange  sasl.Server
	// exchanging is the context of the step that the exchange is in, and proved
	// who the client is if it succeeds.
	exchanging context.Context
	proved     mailbox.Identity
	// refused: the exchange has failed, and its last challenge tells why.
	refused bool

	// drop is the maildrop between login and release.
	drop *maildrop
	// task is the command in progress, when it yielded.
	task task

	// upgrade is what the engine wants when Want is WantUpgrade.
	upgrade *pop3server.Upgrade
}

// A task is a command in progress. It returns true when it stopped because the
// output is full; it is called again when the engine says so.
type task func() (more bool)

// Conn returns the session's engine, for applications that handle events or
// send responses themselves.
func (s *Session) Conn() *pop3server.Conn { return s.conn }

// User returns the name of the user who is logged in, or the empty string.
func (s *Session) User() string { return s.user }

// FailedLogins returns how many logins have failed because of who tried. That a
// maildrop is in use, for instance, is nobody's guess at a password.
func (s *Session) FailedLogins() int { return s.failed }

// Feed passes input to the engine; p is borrowed until Want is WantInput again.
func (s *Session) Feed(now time.Time, p []byte) error {
	s.now = now
	err := s.conn.Feed(now, p)
	s.keep()
	return err
}

// FeedEOF tells the engine that no more input comes.
func (s *Session) FeedEOF(now time.Time) {
	s.now = now
	s.conn.FeedEOF(now)
}

// Expire tells the engine the time when Deadline has passed, and renews the
// lease on the maildrop when it is due.
func (s *Session) Expire(now time.Time) {
	s.now = now
	s.conn.Expire(now)
	s.keep()
}

// Want returns what the session waits for when Work has nothing to do.
func (s *Session) Want() engine.Want { return s.conn.Want() }

// Deadline returns when Expire should be called; zero is never.
func (s *Session) Deadline() time.Time {
	d := s.conn.Deadline()
	// While something is to be written only the engine's deadline counts: over
	// TLS a write that stops half way ends the connection. Advance renews.
	if s.drop == nil || s.conn.Stats().QueuedOut > 0 {
		return d
	}
	if r := s.drop.renewal; d.IsZero() || r.Before(d) {
		return r
	}
	return d
}

// Output returns the front of the output queue.
func (s *Session) Output() engine.Segment { return s.conn.Output() }

// Advance says that n octets of the output were written.
func (s *Session) Advance(now time.Time, n int64) {
	s.now = now
	s.conn.Advance(now, n)
	s.keep()
}

// Upgrade returns the layer that the engine wants while Want is WantUpgrade,
// and the input for it.
func (s *Session) Upgrade() (l engine.Layer, rest []byte) {
	if s.upgrade == nil {
		return 0, nil
	}
	return s.upgrade.Layer, s.upgrade.Rest
}

// Upgraded says that the layer is in place.
func (s *Session) Upgraded(now time.Time, l engine.Layer, sec engine.Security) {
	s.now, s.upgrade = now, nil
	s.conn.Upgraded(now, l, sec)
	// The names are those of package sasl.
	_ = s.conn.SetMechanisms(mechanisms(s.saslOptions(sec)))
}

// UpgradeFailed says that the layer could not be put in place.
func (s *Session) UpgradeFailed(err error) {
	s.upgrade = nil
	s.conn.UpgradeFailed(err)
}

// OnChange does nothing: POP3 has no news.
func (s *Session) OnChange(func()) {}

// Notify does nothing: POP3 has no news.
func (s *Session) Notify(context.Context) {}

// Shutdown says goodbye to the client. What is marked stays.
func (s *Session) Shutdown(now time.Time) {
	s.now = now
	s.conn.Bye(pop3wire.CodeSysTemp, "the server is shutting down")
}

// Close releases what the session holds, and drops what is not written.
func (s *Session) Close() error {
	s.leave()
	s.conn.Close()
	s.task, s.exchange = nil, nil
	return nil
}

// Work handles the next event of the engine; false means that there is none.
func (s *Session) Work(ctx context.Context) bool {
	ev := s.conn.Next()
	if ev == nil {
		return false
	}
	s.Step(ctx, ev)
	return true
}

// Step handles one event of the engine. It may block on the store, never on
// the network.
func (s *Session) Step(ctx context.Context, ev pop3server.Event) {
	switch ev := ev.(type) {
	case *pop3server.Login:
		s.login(ctx, ev)
	case *pop3server.Apop:
		s.apop(ctx, ev)
	case *pop3server.Auth:
		s.auth(ctx, ev)
	case *pop3server.AuthResponse:
		s.authResponse(ctx, ev)
	case *pop3server.Command:
		s.command(ctx, ev.ID, ev.Cmd)
	case *pop3server.Resume:
		if t := s.task; t != nil {
			s.task = nil
			s.run(ev.ID, t)
		}
	case *pop3server.Upgrade:
		s.upgrade = ev
	case *pop3server.Closed:
		s.leave()
	}
}

// run runs a task until it is done or has to wait.
func (s *Session) run(id engine.ID, t task) {
	if t() {
		s.task = t
		s.conn.Yield(id)
	}
}

// command dispatches a command. The engine has checked that it is allowed in
// this state: those that need a maildrop have one.
func (s *Session) command(ctx context.Context, id engine.ID, cmd pop3wire.Command) {
	switch cmd := cmd.(type) {
	case *pop3wire.Stat:
		s.stat(id)
	case *pop3wire.List:
		s.list(id, cmd)
	case *pop3wire.Uidl:
		s.uidl(id, cmd)
	case *pop3wire.Retr:
		s.retr(ctx, id, cmd)
	case *pop3wire.Top:
		s.top(ctx, id, cmd)
	case *pop3wire.Dele:
		s.dele(ctx, id, cmd)
	case *pop3wire.Rset:
		s.rset(id)
	case *pop3wire.Noop:
		s.conn.Done(id, ok(""))
	case *pop3wire.Quit:
		s.quit(ctx, id)
	case *pop3wire.UTF8:
		s.conn.Done(id, ok("UTF-8 it is"))
	case *pop3wire.Lang:
		s.lang(id, cmd)
	default:
		s.conn.Done(id, refuse("unknown command"))
	}
}

func ok(text string) pop3wire.Status { return pop3wire.Status{OK: true, Text: text} }

func refuse(text string) pop3wire.Status { return pop3wire.Status{Text: text} }
