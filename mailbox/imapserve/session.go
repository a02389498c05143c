package imapserve

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/mailwire/mailwire/imapwire"
	"github.com/mailwire/mailwire/imapwire/engine"
	"github.com/mailwire/mailwire/imapwire/imap"
	"github.com/mailwire/mailwire/imapwire/imapserver"
	"github.com/mailwire/mailwire/imapwire/sasl"
	"github.com/mailwire/mailwire/mailbox"
)

// A Session is one client's conversation with the store. Its methods are
// called from one goroutine; wakes come from others.
type Session struct {
	srv  *Server
	conn *imapserver.Conn
	now  time.Time // of the last verb that carried the time

	// Who is logged in; empty and nil before.
	identity mailbox.Identity
	user     mailbox.User
	failed   int // logins that failed
	exchange sasl.Server
	// exchanging is the context of the step that the exchange is in, and proved
	// who the client is if it succeeds.
	exchanging context.Context
	proved     mailbox.Identity
	// refused: the exchange has failed, and its last challenge tells why.
	refused bool

	selected *selected
	// modSeqs: the client is told modseqs (RFC 7162 §3.1).
	modSeqs  bool
	appendTx *appending
	// task is the command in progress, when it yielded.
	task task
	idle engine.ID // the IDLE in progress

	// upgrade is what the engine wants when Want is WantUpgrade.
	upgrade *imapserver.Upgrade

	// quotaRung: a quota root of the user crossed something since the session
	// looked.
	quotaRung atomic.Bool

	onChange func()
	// waiting is onChange while the session may be told news without a
	// command; hubs read it.
	waiting atomic.Pointer[func()]
}

// A task is a command in progress. It returns true when it stopped because
// the output is full or its slice is used up; it is called again when the
// engine says so.
type task func(ctx context.Context) (more bool)

// Conn returns the session's engine, for applications that handle events or
// send responses themselves.
func (s *Session) Conn() *imapserver.Conn { return s.conn }

// User returns the name of the user who is logged in, or the empty string.
func (s *Session) User() string { return s.identity.User }

// FailedLogins returns how many logins have failed.
func (s *Session) FailedLogins() int { return s.failed }

// Feed passes input to the engine; p is borrowed until Want is WantInput again.
func (s *Session) Feed(now time.Time, p []byte) error {
	s.now = now
	return s.conn.Feed(now, p)
}

// FeedEOF tells the engine that no more input comes.
func (s *Session) FeedEOF(now time.Time) {
	s.now = now
	s.conn.FeedEOF(now)
}

// Expire tells the engine the time when Deadline has passed.
func (s *Session) Expire(now time.Time) {
	s.now = now
	s.conn.Expire(now)
}

// Want returns what the session waits for when Work has nothing to do.
func (s *Session) Want() engine.Want { return s.conn.Want() }

// Deadline returns when Expire should be called; zero is never.
func (s *Session) Deadline() time.Time { return s.conn.Deadline() }

// Output returns the front of the output queue.
func (s *Session) Output() engine.Segment { return s.conn.Output() }

// Advance says that n octets of the output were written.
func (s *Session) Advance(now time.Time, n int64) {
	s.now = now
	s.conn.Advance(now, n)
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

// OnChange sets a function that is called, from any goroutine, when Notify
// would have something to tell.
func (s *Session) OnChange(wake func()) { s.onChange = wake }

// Shutdown says goodbye to the client.
func (s *Session) Shutdown(now time.Time) {
	s.now = now
	s.conn.Bye(imapwire.CodeUnavailable, "the server is shutting down")
}

// Close releases what the session holds, and drops what is not written.
func (s *Session) Close() error {
	s.abandonAppend()
	s.deselect()
	s.conn.Close()
	s.task = nil
	if s.user == nil {
		return nil
	}
	u := s.user
	s.user = nil
	return u.Close()
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
func (s *Session) Step(ctx context.Context, ev imapserver.Event) {
	switch ev := ev.(type) {
	case *imapserver.Command:
		s.command(ctx, ev)
	case *imapserver.Append:
		s.appendBegin(ctx, ev)
	case *imapserver.AppendMessage:
		s.appendMessage(ctx, ev)
	case *imapserver.Literal:
		s.appendLiteral(ev)
	case *imapserver.AppendCommit:
		s.appendCommit(ctx, ev)
	case *imapserver.Abandoned:
		s.abandonAppend()
	case *imapserver.Authenticate:
		s.authenticate(ctx, ev)
	case *imapserver.AuthResponse:
		s.authResponse(ctx, ev)
	case *imapserver.Enabled:
		if ev.Capabilities.Has(imap.CapCondStore) || ev.Capabilities.Has(imap.CapQResync) {
			s.condStore()
		}
	case *imapserver.Idle:
		s.idleBegin(ctx, ev)
	case *imapserver.IdleDone:
		s.idleEnd(ctx, ev)
	case *imapserver.Resume:
		if t := s.task; t != nil {
			s.task = nil
			s.run(ctx, ev.ID, t)
		}
	case *imapserver.Upgrade:
		s.upgrade = ev
	case *imapserver.Closed:
		s.abandonAppend()
		s.deselect()
	}
}

// run runs a task until it is done or has to wait.
func (s *Session) run(ctx context.Context, id engine.ID, t task) {
	if t(ctx) {
		s.wait(id, t)
	}
}

// wait makes a task the one that goes on when the engine says so.
func (s *Session) wait(id engine.ID, t task) {
	s.task = t
	s.conn.Yield(id)
}

// then returns a task that does a, and then b.
func then(a, b task) task {
	return func(ctx context.Context) bool {
		if a != nil {
			if a(ctx) {
				return true
			}
			a = nil
		}
		return b(ctx)
	}
}

// finish ends a command: what may be told now is told, and then the tagged
// response is sent.
func (s *Session) finish(ctx context.Context, id engine.ID, c imapwire.StatusCondition) {
	if s.flush(ctx) {
		s.wait(id, s.finishing(id, c))
		return
	}
	s.done(id, c)
}

func (s *Session) finishing(id engine.ID, c imapwire.StatusCondition) task {
	return then(s.flush, func(context.Context) bool {
		s.done(id, c)
		return false
	})
}

// done sends a tagged response behind what was told.
func (s *Session) done(id engine.ID, c imapwire.StatusCondition) {
	c.Code = s.settleModSeq(c)
	s.conn.Done(id, c)
}

// finishingWith is finishing for an outcome that is known only when it is
// called: once, at the end of the work before it.
func (s *Session) finishingWith(id engine.ID, outcome func() imapwire.StatusCondition) task {
	var t task
	return func(ctx context.Context) bool {
		if t == nil {
			t = s.finishing(id, outcome())
		}
		return t(ctx)
	}
}

// command dispatches a command. The engine has checked that it is allowed in
// this state.
func (s *Session) command(ctx context.Context, ev *imapserver.Command) {
	id := ev.ID
	if s.rev2() && removed(ev.Cmd) {
		s.conn.Done(id, bad("not in IMAP4rev2"))
		return
	}
	switch cmd := ev.Cmd.(type) {
	case *imapwire.Noop:
		s.finish(ctx, id, ok(nil, "NOOP completed"))
	case *imapwire.Check:
		s.finish(ctx, id, ok(nil, "CHECK completed"))
	case *imapwire.Login:
		s.login(ctx, id, cmd)
	case *imapwire.Select:
		s.selectMailbox(ctx, id, cmd)
	case *imapwire.Close:
		s.closeMailbox(ctx, id)
	case *imapwire.Unselect:
		s.deselect()
		s.conn.Done(id, ok(nil, "UNSELECT completed"))
	case *imapwire.Create:
		s.create(ctx, id, cmd)
	case *imapwire.Delete:
		s.delete(ctx, id, cmd)
	case *imapwire.Rename:
		s.rename(ctx, id, cmd)
	case *imapwire.Subscribe:
		s.subscribe(ctx, id, cmd.Mailbox, true)
	case *imapwire.Unsubscribe:
		s.subscribe(ctx, id, cmd.Mailbox, false)
	case *imapwire.List:
		s.list(ctx, id, cmd)
	case *imapwire.LSub:
		s.lsub(ctx, id, cmd)
	case *imapwire.Namespace:
		s.namespace(ctx, id)
	case *imapwire.Status:
		s.status(ctx, id, cmd)
	case *imapwire.Fetch:
		s.fetch(ctx, id, cmd)
	case *imapwire.Store:
		s.store(ctx, id, cmd)
	case *imapwire.Search:
		s.search(ctx, id, ev.Tag, cmd)
	case *imapwire.Copy:
		s.copy(ctx, id, cmd.UID, cmd.Set, cmd.Mailbox, false)
	case *imapwire.Move:
		s.copy(ctx, id, cmd.UID, cmd.Set, cmd.Mailbox, true)
	case *imapwire.Expunge:
		s.expunge(ctx, id, cmd)
	case *imapwire.GetQuota:
		s.getQuota(ctx, id, cmd)
	case *imapwire.GetQuotaRoot:
		s.getQuotaRoot(ctx, id, cmd)
	case *imapwire.SetQuota:
		s.setQuota(ctx, id, cmd)
	default:
		s.conn.Done(id, bad("unknown command"))
	}
}

// rev2 reports whether the client enabled IMAP4rev2.
func (s *Session) rev2() bool { return s.conn.Enabled(imap.CapIMAP4rev2) }

// name decodes a mailbox name from the wire. INBOX is spelled in capitals. A
// name that is not valid in its encoding names nothing.
func (s *Session) name(wire string) (string, error) {
	name, err := imap.DecodeMailbox(wire, s.conn.UTF8())
	if err != nil {
		return "", mailbox.ErrNonExistent
	}
	if imap.IsInbox(name) {
		return imap.Inbox, nil
	}
	return name, nil
}

// newName is name for a mailbox to be made: an invalid one can not be.
func (s *Session) newName(wire string) (string, error) {
	name, err := s.name(wire)
	if err != nil {
		return "", mailbox.ErrCannot
	}
	return name, nil
}

// wire encodes a mailbox name for the wire.
func (s *Session) wire(name string) string { return imap.EncodeMailbox(name, s.conn.UTF8()) }
