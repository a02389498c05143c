package imapserve

import (
	"context"
	"errors"
	"iter"
	"slices"
	"sync"

	"github.com/mailwire/mailwire/imapwire/imap"
	"github.com/mailwire/mailwire/mailbox"
)

// windowSize is how many of the last changes of a folder a hub keeps. A
// session further behind reads from the store.
const windowSize = 1024

// A hub is what all sessions on one folder share: the list of its messages at
// a modseq, the last changes, and whom to wake. Its lock is held while it
// pulls changes from the store, and never while anything is written.
type hub struct {
	id mailbox.FolderID

	mu       sync.Mutex
	loaded   bool
	validity uint32
	root     imap.UIDList
	modSeq   imap.ModSeq
	// window are the changes after from up to modSeq, ascending.
	window []mailbox.Change
	from   imap.ModSeq

	sessions map[*Session]struct{}
}

// join adds a session to the hub of a folder.
func (s *Server) join(id mailbox.FolderID, sess *Session) *hub {
	s.mu.Lock()
	defer s.mu.Unlock()
	h := s.hubs[id]
	if h == nil {
		h = &hub{id: id, sessions: make(map[*Session]struct{})}
		s.hubs[id] = h
	}
	h.mu.Lock()
	h.sessions[sess] = struct{}{}
	h.mu.Unlock()
	user := sess.identity.User
	if s.users[user] == nil {
		s.users[user] = make(map[*Session]struct{})
	}
	s.users[user][sess] = struct{}{}
	return h
}

// part takes a session out; the last one ends the hub.
func (s *Server) part(h *hub, sess *Session) {
	s.mu.Lock()
	defer s.mu.Unlock()
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.sessions, sess)
	user := sess.identity.User
	delete(s.users[user], sess)
	if len(s.users[user]) == 0 {
		delete(s.users, user)
	}
	if len(h.sessions) == 0 && s.hubs[h.id] == h {
		delete(s.hubs, h.id)
	}
}

// wake wakes the sessions that wait for news.
func (h *hub) wake() {
	h.mu.Lock()
	var wake []func()
	for sess := range h.sessions {
		if w := sess.waiting.Load(); w != nil {
			wake = append(wake, *w)
		}
	}
	h.mu.Unlock()
	for _, w := range wake {
		w()
	}
}

// pull brings the hub up to the folder and returns the folder's messages and
// their modseq.
func (h *hub) pull(ctx context.Context, f mailbox.Folder) (mailbox.Snapshot, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if !h.loaded {
		return h.load(ctx, f)
	}
	n := len(h.window)
	if err := h.extend(f.Changes(ctx, h.modSeq)); err != nil {
		h.window = h.window[:n]
		if floor := (*mailbox.FloorError)(nil); errors.As(err, &floor) {
			return h.load(ctx, f)
		}
		return mailbox.Snapshot{}, err
	}
	if fresh := h.window[n:]; len(fresh) > 0 {
		var came, gone imap.UIDSet
		for _, c := range fresh {
			switch c.Kind {
			case mailbox.Appended:
				came.Add(c.UID)
			case mailbox.Expunged:
				gone.Add(c.UID)
			}
		}
		h.root = h.root.Append(came.Minus(gone)).Without(gone)
		h.modSeq = fresh[len(fresh)-1].ModSeq
		h.trim()
	}
	return mailbox.Snapshot{UIDValidity: h.validity, UIDs: h.root, ModSeq: h.modSeq}, nil
}

// extend adds changes to the window.
func (h *hub) extend(changes iter.Seq2[mailbox.Change, error]) (err error) {
	for c, e := range changes {
		if err = e; err != nil {
			break
		}
		h.window = append(h.window, c)
	}
	return err
}

func (h *hub) load(ctx context.Context, f mailbox.Folder) (mailbox.Snapshot, error) {
	snap, err := f.Snapshot(ctx)
	if err != nil {
		return snap, err
	}
	h.loaded = true
	h.validity, h.root, h.modSeq = snap.UIDValidity, snap.UIDs, snap.ModSeq
	h.window, h.from = nil, snap.ModSeq
	return snap, nil
}

// trim forgets changes beyond the window, whole modseqs at a time.
func (h *hub) trim() {
	if len(h.window) <= 2*windowSize {
		return
	}
	i := len(h.window) - windowSize
	for i < len(h.window) && h.window[i].ModSeq == h.window[i-1].ModSeq {
		i++
	}
	h.from = h.window[i-1].ModSeq
	h.window = slices.Clone(h.window[i:])
}

// changes yields the folder's changes after since up to what was pulled last:
// from the window, or from the store for a session that is further behind.
func (h *hub) changes(ctx context.Context, f mailbox.Folder, since imap.ModSeq) iter.Seq2[mailbox.Change, error] {
	h.mu.Lock()
	defer h.mu.Unlock()
	if since < h.from {
		return f.Changes(ctx, since)
	}
	i, _ := slices.BinarySearchFunc(h.window, since+1, func(c mailbox.Change, m imap.ModSeq) int {
		if c.ModSeq < m {
			return -1
		}
		return 1
	})
	// The window only ever grows at its end or is replaced: this part of it
	// stays as it is.
	part := h.window[i:len(h.window):len(h.window)]
	return func(yield func(mailbox.Change, error) bool) {
		for _, c := range part {
			if !yield(c, nil) {
				return
			}
		}
	}
}
