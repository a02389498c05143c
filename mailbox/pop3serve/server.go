package pop3serve

import (
	"cmp"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/mailwire/mailwire/imapwire/engine"
	"github.com/mailwire/mailwire/imapwire/sasl"
	"github.com/mailwire/mailwire/mailbox"
	"github.com/mailwire/mailwire/pop3wire"
	"github.com/mailwire/mailwire/pop3wire/pop3server"
)

// Options say how a [Server] behaves. The zero value serves nobody: Auth is
// needed.
type Options struct {
	// Auth verifies who a client is.
	Auth mailbox.Auth
	// PlaintextAuth says when passwords may travel in the clear.
	PlaintextAuth engine.PlaintextAuth
	// Random is where the timestamps of greetings come from: crypto/rand.Reader,
	// or another reader that many goroutines may use and nobody can guess. With
	// it APOP is offered, if Auth is a [mailbox.Secrets] that keeps some, to the
	// users who have a secret, over connections as APOP says.
	Random io.Reader
	// APOP says when APOP may be used in the clear: whoever hears it can try
	// passwords by the million. It is always possible over TLS from the first
	// octet on, and never after STLS.
	APOP engine.PlaintextAuth
	// Pepper is random, 16 octets or more, and the same on all servers of a
	// service and for good. With it, Random and an Auth that is a
	// [mailbox.Secrets], SCRAM and CRAM-MD5 are offered, which show no password.
	Pepper engine.Secret
	// Host is the name of the server: it stands in those timestamps behind the
	// "@", and some mechanisms tell it. Empty is "localhost" there, and a client
	// that says whom it means may mean any.
	Host string
	// STLS: the driver can upgrade connections to TLS.
	STLS bool
	// UTF8 offers the UTF-8 mode of RFC 6856. A message whose header has UTF-8
	// beyond ASCII is then only for clients in that mode, and -ERR [UTF8] for
	// others. Without it every message is sent to everybody as it is.
	UTF8 bool
	// Policy is the site's, for all users.
	Policy Policy
	// UserPolicy, when not nil, returns the policy for a user who logs in. It
	// may ask less of them than Policy, which is what clients are told before
	// they log in, and not more: of each field the milder one counts.
	UserPolicy func(user string) Policy
	// Lease is how long the lock on a maildrop outlives a node that dies. The
	// default, and the least, is twice Limits.OutputTime: a session waits for
	// its client that long without a chance to renew.
	Lease time.Duration
	// Limits of the protocol engine; zero fields are the defaults.
	Limits pop3wire.Limits
	// Implementation is what the server says of itself, RFC 2449 §6.9; empty
	// is nothing.
	Implementation string
	// Greeting is the text of the greeting; empty is a default.
	Greeting string
	// OnError gets errors of the store that clients are not told; nil drops
	// them. It may be called from many goroutines.
	OnError func(user string, err error)
}

// Format hides the secrets, whatever the verb.
func (o *Options) Format(f fmt.State, _ rune) { engine.FormatFields(f, *o) }

// A Server answers POP3 sessions from a store. It is safe for concurrent use;
// each of its sessions is not.
type Server struct {
	store   mailbox.Store
	opt     Options
	secrets mailbox.Secrets // nil: no APOP
	lists   pop3server.CapabilityLists

	logins logins

	mu sync.Mutex
	// locked are the maildrops held of a store without leases.
	locked map[mailbox.FolderID]*lock
}

// NewServer returns a server over a store.
func NewServer(store mailbox.Store, opt Options) (*Server, error) {
	if store == nil || opt.Auth == nil {
		return nil, errors.New("pop3serve: a server needs a store and an Auth")
	}
	limits, err := opt.Limits.WithDefaults()
	if err != nil {
		return nil, err
	}
	if err := opt.Policy.check(); err != nil {
		return nil, err
	}
	opt.Lease = max(opt.Lease, 2*limits.OutputTime)
	s := &Server{store: store, opt: opt, locked: make(map[mailbox.FolderID]*lock)}
	if x, is := opt.Auth.(mailbox.Secrets); is && opt.Random != nil && x.KeepsSecrets() {
		s.secrets = x
	}
	s.lists = s.capabilities()
	// What a session can not be made of is found now, not at each connection.
	sess, err := s.Session(time.Time{}, Info{})
	if err != nil {
		return nil, err
	}
	return s, sess.Close()
}

// capabilities returns what is announced before login, and after it for users
// who are all the same.
func (s *Server) capabilities() pop3server.CapabilityLists {
	list := []pop3wire.Capability{pop3wire.CapTop, pop3wire.CapUIDL, pop3wire.CapAuthRespCode, pop3wire.CapLang}
	if s.opt.UTF8 {
		// Without USER: whether names and passwords beyond ASCII match is the
		// Auth's affair, and RFC 6856 §2.2 promises SASLprep.
		list = append(list, &pop3wire.CapUTF8{})
	}
	if s.opt.Implementation != "" {
		list = append(list, &pop3wire.CapImplementation{Text: s.opt.Implementation})
	}
	return pop3server.CapabilityLists{Authorization: s.opt.Policy.announce(list, s.opt.UserPolicy != nil)}
}

// Info is what is known of a connection when its session begins.
type Info struct {
	Security engine.Security
}

// Session begins a session on a new connection. The greeting is queued.
func (s *Server) Session(now time.Time, info Info) (*Session, error) {
	sess := &Session{srv: s, now: now}
	timestamp, err := s.timestamp()
	if err != nil {
		return nil, err
	}
	sess.conn, err = pop3server.New(now, pop3server.Options{
		Security:      info.Security,
		PlaintextAuth: s.opt.PlaintextAuth,
		Timestamp:     timestamp,
		APOP:          s.opt.APOP,
		Limits:        s.opt.Limits,
		Capabilities:  s.lists,
		Mechanisms:    mechanisms(sess.saslOptions(info.Security)),
		STLS:          s.opt.STLS,
		Greeting:      s.opt.Greeting,
	})
	if err != nil {
		return nil, err
	}
	return sess, nil
}

// timestamp returns a challenge for APOP, or nothing where there is none.
func (s *Server) timestamp() (string, error) {
	if s.secrets == nil {
		return "", nil
	}
	var random [16]byte
	if _, err := io.ReadFull(s.opt.Random, random[:]); err != nil {
		return "", err
	}
	return "<" + hex.EncodeToString(random[:]) + "@" + cmp.Or(s.opt.Host, "localhost") + ">", nil
}

// mechanisms are those that are offered, best first.
func mechanisms(o sasl.ServerOptions) []pop3server.Mechanism {
	var out []pop3server.Mechanism
	for _, name := range o.Mechanisms() {
		out = append(out, pop3server.Mechanism{Name: name, Plaintext: sasl.Plaintext(name)})
	}
	return out
}
