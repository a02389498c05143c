package drive

import (
	"context"
	"time"

	"github.com/mailwire/mailwire/imapwire/engine"
)

// A Session is an engine with the application that answers its events. All its
// methods are called from one goroutine.
type Session interface {
	// The verbs of engines; see package engine.
	Feed(now time.Time, p []byte) error
	FeedEOF(now time.Time)
	Expire(now time.Time)
	Want() engine.Want
	Deadline() time.Time
	Output() engine.Segment
	Advance(now time.Time, n int64)
	Upgraded(now time.Time, l engine.Layer, s engine.Security)
	UpgradeFailed(err error)

	// Work takes the next event and handles it, in slices when it is long.
	// It may block on storage, never on the network. It returns false when
	// there is no event, and Want says what for.
	Work(ctx context.Context) bool
	// Upgrade returns what the engine wants while Want is WantUpgrade: the
	// layer, and input that came behind the command, for that layer alone.
	Upgrade() (l engine.Layer, rest []byte)
	// OnChange sets a function that the application calls, from any
	// goroutine, when Notify would find something to tell now.
	OnChange(wake func())
	// Notify sends what may be told now.
	Notify(ctx context.Context)
	// Shutdown says goodbye: what it queues is written and the connection
	// closed.
	Shutdown(now time.Time)
	// Close releases what the session holds. It is called once, last.
	Close() error
}

// A UserSession is a [Session] that says whose it is, for caps on connections.
type UserSession interface {
	// User is the user who is logged in, or empty.
	User() string
}

// A LoginSession is a [Session] that counts logins that failed; each delays
// what is written next.
type LoginSession interface {
	FailedLogins() int
}
