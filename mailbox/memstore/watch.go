package memstore

import (
	"sync/atomic"

	"github.com/mailwire/mailwire/mailbox"
)

// A watcher is somebody to ring.
type watcher struct {
	ring    func(mailbox.Ring)
	stopped atomic.Bool
}

// Watch implements [mailbox.Watcher]. The bell rings on the goroutine that made
// the change, before its call returns.
func (s *Store) Watch(ring func(mailbox.Ring)) (stop func()) {
	w := &watcher{ring: ring}
	s.mu.Lock()
	s.watchers[w] = struct{}{}
	s.mu.Unlock()
	return func() {
		w.stopped.Store(true)
		s.mu.Lock()
		delete(s.watchers, w)
		s.mu.Unlock()
	}
}

// ring tells all watchers, once for each of rings. The caller holds no lock.
func (s *Store) ring(rings []mailbox.Ring) {
	if len(rings) == 0 {
		return
	}
	s.mu.Lock()
	watchers := make([]*watcher, 0, len(s.watchers))
	for w := range s.watchers {
		watchers = append(watchers, w)
	}
	s.mu.Unlock()
	for _, w := range watchers {
		for _, r := range rings {
			if !w.stopped.Load() {
				w.ring(r)
			}
		}
	}
}
