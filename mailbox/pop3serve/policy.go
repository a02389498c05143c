package pop3serve

import (
	"errors"
	"math"
	"sync"
	"time"

	"github.com/mailwire/mailwire/pop3wire"
	"github.com/mailwire/mailwire/pop3wire/pop3server"
)

// A Policy is what a site asks of POP3 clients. What is in it is announced, and
// enforced. The zero value asks nothing, and says nothing.
type Policy struct {
	// LoginDelay is the least time between a login of a user and the next one,
	// announced in whole seconds, rounded up. An earlier one is -ERR
	// [LOGIN-DELAY]. Zero is none. RFC 2449 §6.5.
	LoginDelay time.Duration
	// Expire says how long messages may stay, RFC 2449 §6.7; nil says nothing.
	// NEVER is a promise that the rest of the site has to keep. With 0 days
	// QUIT removes what was taken with RETR, marked or not. With more it
	// removes what had been in the maildrop so many days when the session
	// began; the time counts from [mailbox.Message].SaveDate, and a message
	// without one stays. PerUser is ignored.
	Expire *pop3wire.CapExpire
}

const day = 24 * time.Hour

// check finds what can not be announced.
func (p Policy) check() error {
	switch {
	case p.LoginDelay < 0 || p.seconds() > math.MaxUint32:
		return errors.New("pop3serve: a LoginDelay that can not be announced")
	case p.Expire != nil && p.Expire.Never && p.Expire.Days != 0:
		return errors.New("pop3serve: Expire of never and of days")
	}
	return nil
}

// seconds returns LoginDelay as it is announced.
func (p Policy) seconds() int64 {
	n := int64(p.LoginDelay / time.Second)
	if p.LoginDelay%time.Second > 0 {
		n++
	}
	return n
}

// announce appends what a policy announces. perUser: after login there is
// something more accurate.
func (p Policy) announce(list []pop3wire.Capability, perUser bool) []pop3wire.Capability {
	if p.LoginDelay > 0 {
		list = append(list, &pop3wire.CapLoginDelay{Seconds: uint32(p.seconds()), PerUser: perUser})
	}
	if p.Expire != nil {
		list = append(list, &pop3wire.CapExpire{Days: p.Expire.Days, Never: p.Expire.Never, PerUser: perUser})
	}
	return list
}

// policyOf returns the policy for a user. RFC 2449 §6.5 and §6.7: what is told
// before login is the largest delay and the smallest expiry of all users.
func (s *Server) policyOf(user string) Policy {
	site := s.opt.Policy
	if s.opt.UserPolicy == nil {
		return site
	}
	p := s.opt.UserPolicy(user)
	p.LoginDelay = min(max(p.LoginDelay, 0), site.LoginDelay)
	if site.Expire == nil || p.Expire == nil || p.Expire.Days < site.Expire.Days && !p.Expire.Never || site.Expire.Never {
		p.Expire = site.Expire
	}
	return p
}

// listsFor returns what is announced to a user with a policy p.
func (s *Server) listsFor(p Policy) pop3server.CapabilityLists {
	l := s.lists
	l.Transaction = nil
	for _, c := range s.lists.Authorization {
		switch c.(type) {
		case *pop3wire.CapLoginDelay:
			// Of no delay, too: the tag was announced before.
			c = &pop3wire.CapLoginDelay{Seconds: uint32(p.seconds())}
		case *pop3wire.CapExpire:
			c = &pop3wire.CapExpire{Days: p.Expire.Days, Never: p.Expire.Never}
		}
		l.Transaction = append(l.Transaction, c)
	}
	return l
}

// logins are when users logged in last, as far back as that matters.
type logins struct {
	mu   sync.Mutex
	last map[string]time.Time
	// sweep is how many may be noted before the old ones are forgotten.
	sweep int
}

// may reports whether a user may log in.
func (l *logins) may(user string, now time.Time, delay time.Duration) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	last, was := l.last[user]
	return !was || now.Sub(last) >= delay
}

// note notes a login of a user, and forgets those that longest, the longest
// delay of anybody, has passed since.
func (l *logins) note(user string, now time.Time, longest time.Duration) {
	if longest <= 0 {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.last) >= max(l.sweep, 1024) {
		for u, t := range l.last {
			if now.Sub(t) >= longest {
				delete(l.last, u)
			}
		}
		l.sweep = 2 * len(l.last)
	}
	if l.last == nil {
		l.last = make(map[string]time.Time)
	}
	l.last[user] = now
}
