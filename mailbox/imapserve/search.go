package imapserve

import (
	"context"
	"errors"

	"github.com/mailwire/mailwire/imapwire"
	"github.com/mailwire/mailwire/imapwire/engine"
	"github.com/mailwire/mailwire/imapwire/imap"
	"github.com/mailwire/mailwire/mailbox/query"
)

// searchSlice is how many messages are looked at before others get a turn.
const searchSlice = 256

// search answers SEARCH over the messages that the client knows of.
func (s *Session) search(ctx context.Context, id engine.ID, cmd *imapwire.Search) {
	if cmd.HasReturn {
		s.conn.Done(id, bad("unknown result option"))
		return
	}
	sel := s.selected
	q, err := query.Compile(cmd.Key, query.Scope{
		Charset: cmd.Charset,
		Told:    sel.view.Told(),
		Recent:  sel.recent,
		Now:     s.now,
	})
	if errors.Is(err, query.ErrCharset) {
		s.finish(ctx, id, no(&imapwire.CodeBadCharset{Charsets: query.Charsets()}, "unknown charset"))
		return
	}
	if err != nil {
		s.conn.Done(id, bad("the search key can not be used"))
		return
	}
	f := &searching{s: s, query: q, left: sel.view.Told().Set(), uid: cmd.UID}
	s.run(ctx, id, then(f.run, s.finishingWith(id, func() imapwire.StatusCondition {
		if f.err != nil {
			return s.condition(f.err)
		}
		s.conn.Send(&imapwire.SearchData{Ranges: f.found})
		return ok(nil, cmd.Verb()+" completed")
	})))
}

// searching is a SEARCH in progress.
type searching struct {
	s     *Session
	query *query.Query
	left  imap.UIDSet
	uid   bool
	found []imap.Range
	err   error
}

// run is the task: one slice of messages for each call.
func (f *searching) run(ctx context.Context) bool {
	sel := f.s.selected
	part := f.left.Cut(searchSlice)
	for m, err := range sel.folder.Messages(ctx, part) {
		if err != nil {
			f.err = err
			return false
		}
		seq, known := sel.view.Told().Seq(m.UID)
		if !known {
			continue
		}
		match, err := f.query.Match(ctx, sel.folder, m)
		if err != nil {
			f.err = err
			return false
		}
		if match {
			if f.uid {
				seq = uint32(m.UID)
			}
			f.add(seq)
		}
	}
	return len(f.left) > 0
}

func (f *searching) add(n uint32) {
	if k := len(f.found); k > 0 && f.found[k-1].Last == n-1 {
		f.found[k-1].Last = n
		return
	}
	f.found = append(f.found, imap.Range{First: n, Last: n})
}
