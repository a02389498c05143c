package imapserve

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/mailwire/mailwire/imapwire"
	"github.com/mailwire/mailwire/imapwire/engine"
	"github.com/mailwire/mailwire/imapwire/imap"
	"github.com/mailwire/mailwire/mailbox"
	"github.com/mailwire/mailwire/quota"
)

// quotaSupport returns what a store does with quotas; no resources is nothing.
func quotaSupport(store mailbox.Store) mailbox.QuotaSupport {
	if q, is := store.(mailbox.QuotaStore); is {
		return q.QuotaSupport()
	}
	return mailbox.QuotaSupport{}
}

// quotaCapabilities returns what is announced for it: RFC 9208 §1 and §3.1.1.
func quotaCapabilities(sup mailbox.QuotaSupport) imap.Capabilities {
	if len(sup.Resources) == 0 {
		return nil
	}
	caps := imap.Capabilities{imap.CapQuota}
	for _, r := range sup.Resources {
		caps = append(caps, imap.QuotaCapability(r.String()))
	}
	if sup.Set {
		caps = append(caps, imap.CapQuotaSet)
	}
	return caps
}

// quotas returns the user as one with quotas. Without, the command has been
// answered: it is not known where there are none.
func (s *Session) quotas(id engine.ID) (mailbox.QuotaUser, bool) {
	if len(s.srv.quota.Resources) == 0 {
		s.conn.Done(id, bad("unknown command"))
		return nil, false
	}
	q, is := s.user.(mailbox.QuotaUser)
	if !is {
		s.conn.Done(id, no(imapwire.CodeCannot, "no quotas for this user"))
	}
	return q, is
}

// getQuota answers GETQUOTA.
func (s *Session) getQuota(ctx context.Context, id engine.ID, cmd *imapwire.GetQuota) {
	q, is := s.quotas(id)
	if !is {
		return
	}
	root, err := q.QuotaRoot(ctx, cmd.Root)
	if err == nil {
		err = s.conn.Send(quotaData(root))
	}
	s.finish(ctx, id, s.quotaCondition(err, "GETQUOTA completed"))
}

// getQuotaRoot answers GETQUOTAROOT. The mailbox need not exist.
func (s *Session) getQuotaRoot(ctx context.Context, id engine.ID, cmd *imapwire.GetQuotaRoot) {
	q, is := s.quotas(id)
	if !is {
		return
	}
	roots, err := s.quotaRoots(ctx, q, cmd.Mailbox)
	if err == nil {
		data := &imapwire.QuotaRootData{Mailbox: cmd.Mailbox}
		all := []imapwire.Response{data}
		for _, r := range roots {
			data.Roots = append(data.Roots, r.Name)
			all = append(all, quotaData(r))
		}
		err = s.conn.Send(all...)
	}
	s.finishWith(ctx, id, err, "GETQUOTAROOT completed")
}

func (s *Session) quotaRoots(ctx context.Context, q mailbox.QuotaUser, wire string) ([]quota.Root, error) {
	name, err := s.newName(wire)
	if err != nil {
		return nil, err
	}
	if err := s.may(ctx, "GETQUOTAROOT", name); err != nil {
		return nil, err
	}
	return q.QuotaRoots(ctx, name)
}

// setQuota answers SETQUOTA.
func (s *Session) setQuota(ctx context.Context, id engine.ID, cmd *imapwire.SetQuota) {
	q, is := s.quotas(id)
	if !is {
		return
	}
	var limits quota.Limits
	for _, l := range cmd.Limits {
		r, known := quota.ParseResource(string(l.Resource))
		switch {
		case !known || !slices.Contains(s.srv.quota.Resources, r):
			s.finish(ctx, id, no(imapwire.CodeCannot, "that resource can not be limited"))
			return
		case limits[r].HasHard:
			s.conn.Done(id, bad("a resource twice"))
			return
		}
		limits[r] = quota.Hard(l.Limit)
	}
	root, err := q.SetQuota(ctx, cmd.Root, limits)
	if err == nil {
		err = s.conn.Send(quotaData(root))
	}
	s.finish(ctx, id, s.quotaCondition(err, "SETQUOTA completed"))
}

// quotaCondition is how a command on a quota root ends.
func (s *Session) quotaCondition(err error, done string) imapwire.StatusCondition {
	switch {
	case err == nil:
		return ok(nil, done)
	case errors.Is(err, mailbox.ErrNonExistent):
		return no(imapwire.CodeNonExistent, "no such quota root")
	}
	return s.condition(err)
}

// quotaData is how a root is told. One without limits has an empty list
// (RFC 9208 §4.2.1).
func quotaData(root quota.Root) *imapwire.QuotaData {
	data := &imapwire.QuotaData{Root: root.Name}
	for _, l := range root.Lines() {
		data.Resources = append(data.Resources, imapwire.QuotaUsage{Resource: imapwire.QuotaResource(l.Resource.String()), Usage: l.Usage, Limit: l.Limit})
	}
	return data
}

// What is told of its own accord
//
// A session remembers of each root of its folder what it saw last: thresholds
// that usage crossed since are told, as is a soft limit that is exceeded, once.
// So nothing queues up, and what went up and down again in between is not told.
// The store's bell says when to look. After a command that adds messages a soft
// limit of their folder is told in any case, for the client that caused it.

// toldQuota is what a session has seen used of a root, and which soft limits it
// has told to be exceeded.
type toldQuota struct {
	root string
	used quota.Amounts
	over []quota.Resource
}

// toldQuota returns what the session has seen of a root; nil for one that it has
// not seen.
func (sel *selected) toldQuota(root string) *toldQuota {
	for i := range sel.quota {
		if sel.quota[i].root == root {
			return &sel.quota[i]
		}
	}
	return nil
}

// ringQuota makes the sessions of a user look at the quota roots of their
// folders. An empty user is everybody.
func (s *Server) ringQuota(user string) {
	var wake []func()
	s.mu.Lock()
	for name, sessions := range s.users {
		if user != "" && name != user {
			continue
		}
		for sess := range sessions {
			sess.quotaRung.Store(true)
			if w := sess.waiting.Load(); w != nil {
				wake = append(wake, *w)
			}
		}
	}
	s.mu.Unlock()
	for _, w := range wake {
		w()
	}
}

// warnQuota tells what became of the quota roots of the selected folder.
func (s *Session) warnQuota(ctx context.Context) {
	sel := s.selected
	f, is := sel.folder.(mailbox.QuotaFolder)
	if !is || len(s.srv.quota.Resources) == 0 {
		return
	}
	rung := s.quotaRung.Swap(false)
	if sel.quotaSeen && s.srv.stop != nil && !rung {
		return // a store that rings has not
	}
	roots, err := f.QuotaRoots(ctx)
	if err != nil {
		s.quotaRung.Store(true)
		return
	}
	seen := make([]toldQuota, len(roots))
	for i, r := range roots {
		told := sel.toldQuota(r.Name)
		over := r.OverSoft()
		for _, x := range over {
			if told == nil || !slices.Contains(told.over, x) {
				s.conn.Send(overSoft(x))
			}
		}
		if told != nil {
			if t, crossed := quota.Crossed(s.srv.quota.Warnings, r.Limits, told.used, r.Used); crossed {
				s.conn.Send(crossing(r, t))
			}
		}
		seen[i] = toldQuota{r.Name, r.Used, over}
	}
	sel.quota, sel.quotaSeen = seen, true
}

// grew tells which soft limits are exceeded in a folder to which the command in
// progress added messages.
func (s *Session) grew(ctx context.Context, folder mailbox.Folder) {
	if f, is := folder.(mailbox.QuotaFolder); is && len(s.srv.quota.Resources) > 0 {
		if roots, err := f.QuotaRoots(ctx); err == nil {
			s.tellOver(roots)
		}
	}
}

// grewTo is grew for a folder named; moved messages add nothing to the roots of
// the selected folder.
func (s *Session) grewTo(ctx context.Context, name string, moved bool) {
	f, err := s.user.Open(ctx, name)
	if err != nil {
		return
	}
	defer f.Close()
	if from, is := s.selected.folder.(mailbox.QuotaFolder); is && moved {
		to, is := f.(mailbox.QuotaFolder)
		if !is {
			return
		}
		roots, err := to.QuotaRoots(ctx)
		if err != nil {
			return
		}
		had, err := from.QuotaRoots(ctx)
		if err != nil {
			return
		}
		s.tellOver(slices.DeleteFunc(roots, func(r quota.Root) bool {
			return slices.ContainsFunc(had, func(h quota.Root) bool { return h.Name == r.Name })
		}))
		return
	}
	s.grew(ctx, f)
}

func (s *Session) tellOver(roots []quota.Root) {
	for _, r := range roots {
		over := r.OverSoft()
		for _, x := range over {
			s.conn.Send(overSoft(x))
		}
		if sel := s.selected; sel != nil {
			if told := sel.toldQuota(r.Name); told != nil {
				told.over = over
			}
		}
	}
}

// overSoft is how an exceeded soft limit is told (RFC 9208 §4.3.1): without
// numbers, which not everybody who may add a message may know.
func overSoft(x quota.Resource) *imapwire.StatusResponse {
	return &imapwire.StatusResponse{StatusCondition: no(imapwire.CodeOverQuota, "soft quota of "+x.String()+" exceeded")}
}

// crossing is how a threshold is told that was crossed. Users shall see it.
func crossing(r quota.Root, t quota.Threshold) *imapwire.StatusResponse {
	x := t.Resource
	text := fmt.Sprintf("%s %d", x, x.Units(r.Used[x]))
	if l := r.Limits[x]; l.HasHard {
		text += fmt.Sprintf(" of %d", max(l.Hard, 0))
	}
	if t.Under {
		return untaggedOK(imapwire.CodeAlert, "quota: down to "+text)
	}
	return &imapwire.StatusResponse{StatusCondition: no(imapwire.CodeAlert, "quota warning: "+text)}
}
