package imapserve

import (
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/mailwire/mailwire/imapwire"
	"github.com/mailwire/mailwire/imapwire/engine"
	"github.com/mailwire/mailwire/imapwire/imap"
	"github.com/mailwire/mailwire/imapwire/imapserver"
	"github.com/mailwire/mailwire/mailbox"
)

// Options say how a [Server] behaves. The zero value serves nobody: Auth is
// needed.
type Options struct {
	// Auth verifies who a client is.
	Auth mailbox.Auth
	// PlaintextAuth says when passwords may travel in the clear.
	PlaintextAuth engine.PlaintextAuth
	// Random is where nonces come from: crypto/rand.Reader, or another reader
	// that many goroutines may use and nobody can guess. Pepper is random too, 16
	// octets or more, and the same on all servers of a service and for good. With
	// both, and an Auth that is a [mailbox.Secrets], SCRAM and CRAM-MD5 are
	// offered, which show no password.
	Random io.Reader
	Pepper engine.Secret
	// Host is the name of the server, for mechanisms that tell it.
	Host string
	// StartTLS: the driver can upgrade connections to TLS.
	StartTLS bool
	// Limits of the protocol engine; zero fields are the defaults.
	Limits imapwire.Limits
	// ID is what the server says of itself.
	ID []imapwire.IDField
	// Greeting is the text of the greeting; empty is a default.
	Greeting string
	// OnError gets errors of the store that clients are not told; nil drops
	// them. It may be called from many goroutines.
	OnError func(user string, err error)
}

// Format hides the secrets, whatever the verb.
func (o *Options) Format(f fmt.State, _ rune) { engine.FormatFields(f, *o) }

// A Server answers IMAP sessions from a store. It is safe for concurrent use;
// each of its sessions is not.
type Server struct {
	store mailbox.Store
	opt   Options
	// engines makes the engines of sessions.
	engines *imapserver.Template
	// quota is what the store does with quotas; without Resources nothing.
	quota mailbox.QuotaSupport
	stop  func()
	// appendMax is the most octets of a message that the engine takes.
	appendMax int64

	mu   sync.Mutex
	hubs map[mailbox.FolderID]*hub
	// users are the sessions of each user that have a folder open.
	users map[string]map[*Session]struct{}
}

// NewServer returns a server over a store. Close it to stop watching the store.
func NewServer(store mailbox.Store, opt Options) (*Server, error) {
	if store == nil || opt.Auth == nil {
		return nil, errors.New("imapserve: a server needs a store and an Auth")
	}
	limits, err := opt.Limits.WithDefaults()
	if err != nil {
		return nil, err
	}
	engines, err := imapserver.NewTemplate(imapserver.Options{
		PlaintextAuth: opt.PlaintextAuth,
		Limits:        opt.Limits,
		Capabilities:  capabilities(store),
		StartTLS:      opt.StartTLS,
		Enable:        imap.Capabilities{imap.CapIMAP4rev2, imap.CapCondStore, imap.CapQResync},
		ID:            opt.ID,
		Greeting:      opt.Greeting,
	})
	if err != nil {
		return nil, err
	}
	s := &Server{
		store: store, opt: opt, engines: engines, quota: quotaSupport(store), appendMax: limits.Append,
		hubs: make(map[mailbox.FolderID]*hub), users: make(map[string]map[*Session]struct{}),
	}
	if w, ok := store.(mailbox.Watcher); ok {
		s.stop = w.Watch(s.ring)
	}
	return s, nil
}

// Close stops watching the store. Sessions go on, without being woken.
func (s *Server) Close() error {
	if s.stop != nil {
		s.stop()
	}
	return nil
}

// ring wakes the idle sessions of a folder.
func (s *Server) ring(r mailbox.Ring) {
	if r.Quota {
		s.ringQuota(r.User)
		return
	}
	s.mu.Lock()
	h := s.hubs[r.Folder]
	s.mu.Unlock()
	if h != nil {
		h.wake()
	}
}

// Info is what is known of a connection when its session begins.
type Info struct {
	Security engine.Security
}

// Session begins a session on a new connection. The greeting is queued.
func (s *Server) Session(now time.Time, info Info) (*Session, error) {
	sess := &Session{srv: s, now: now}
	conn, err := s.engines.New(now, info.Security, mechanisms(sess.saslOptions(info.Security)))
	if err != nil {
		return nil, err
	}
	sess.conn = conn
	return sess, nil
}

// capabilities computes what is announced from what the store offers.
func capabilities(store mailbox.Store) imapserver.CapabilityLists {
	before := imap.Capabilities{imap.CapIMAP4rev1, imap.CapIMAP4rev2, imap.CapLiteralPlus, imap.CapID, imap.CapEnable}
	after := append(before[:len(before):len(before)],
		imap.CapIdle, imap.CapNamespace, imap.CapUnselect, imap.CapUIDPlus, imap.CapMove,
		imap.CapChildren, imap.CapSpecialUse, imap.CapCreateSpecialUse, imap.CapESearch, imap.CapSearchRes,
		imap.CapWithin, imap.CapStatusSize, imap.CapAppendLimit, imap.CapListExtended, imap.CapListStatus,
		imap.CapBinary, imap.CapCondStore, imap.CapQResync)
	after = append(after, quotaCapabilities(quotaSupport(store))...)
	return imapserver.CapabilityLists{NotAuthenticated: before, Authenticated: after}
}
