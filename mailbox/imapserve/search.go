package imapserve

import (
	"context"
	"errors"
	"slices"

	"github.com/mailwire/mailwire/imapwire"
	"github.com/mailwire/mailwire/imapwire/engine"
	"github.com/mailwire/mailwire/imapwire/imap"
	"github.com/mailwire/mailwire/mailbox"
	"github.com/mailwire/mailwire/mailbox/query"
)

// searchReturn is what the result options of a SEARCH ask for, RFC 4731 and
// RFC 5182.
type searchReturn struct {
	min, max, all, count, save bool
}

// planReturn reads result options; ok is false when one is not known.
func planReturn(cmd *imapwire.Search) (r searchReturn, ok bool) {
	for _, o := range cmd.Return {
		switch o {
		case "MIN":
			r.min = true
		case "MAX":
			r.max = true
		case "ALL":
			r.all = true
		case "COUNT":
			r.count = true
		case "SAVE":
			r.save = true
		default:
			return r, false
		}
	}
	if len(cmd.Return) == 0 {
		r.all = true // RFC 4731 §3.1
	}
	return r, true
}

// saves returns what of the messages found "$" stands for afterwards: all of
// them, unless only the first, the last or both are asked for (RFC 5182 §2.4).
func (r searchReturn) saves(found imap.UIDSet) imap.UIDSet {
	if len(found) == 0 || r.all || r.count || !r.min && !r.max {
		return found
	}
	var s imap.UIDSet
	if r.min {
		s.Add(found.Min())
	}
	if r.max {
		s.Add(found.Max())
	}
	return s
}

// searchSlice is how many messages are looked at before others get a turn.
const searchSlice = 256

// search answers SEARCH over the messages that the client knows of.
func (s *Session) search(ctx context.Context, id engine.ID, tag string, cmd *imapwire.Search) {
	ret, known := planReturn(cmd)
	if !known {
		s.conn.Done(id, bad("unknown result option"))
		return
	}
	sel := s.selected
	modSeq := usesModSeq(cmd.Key)
	if modSeq {
		s.condStore()
	}
	q, err := query.Compile(cmd.Key, query.Scope{
		Charset: cmd.Charset,
		Told:    sel.view.Told(),
		Recent:  sel.recent,
		Saved:   sel.saved,
		Now:     s.now,
	})
	if errors.Is(err, query.ErrCharset) {
		if ret.save {
			sel.saved = nil // RFC 5182 §2.1: a NO empties it
		}
		s.finish(ctx, id, no(&imapwire.CodeBadCharset{Charsets: query.Charsets()}, "unknown charset"))
		return
	}
	if err != nil {
		s.conn.Done(id, bad("the search key can not be used"))
		return
	}
	f := &searching{
		s: s, query: q, left: sel.view.Told().Set(), told: sel.view.Told().Cursor(),
		uid: cmd.UID, keep: ret.save, list: ret.all || ret.min || ret.max, modSeq: modSeq,
	}
	s.run(ctx, id, then(f.run, s.finishingWith(id, func() imapwire.StatusCondition {
		if ret.save {
			sel.saved = nil
		}
		if f.err != nil {
			return s.condition(f.err)
		}
		if ret.save {
			sel.saved = ret.saves(f.uids)
		}
		switch {
		case !cmd.HasReturn && !s.rev2():
			s.conn.Send(&imapwire.SearchData{Ranges: f.found, ModSeq: f.most})
		case ret != searchReturn{save: true}:
			s.conn.Send(f.result(tag, ret))
		}
		return ok(nil, cmd.Verb()+" completed")
	})))
}

// searching is a SEARCH in progress.
type searching struct {
	s     *Session
	query *query.Query
	left  imap.UIDSet
	told  imap.UIDCursor
	uid   bool
	// count is how many were found. With list they stand in found, numbers or
	// UIDs as asked for, with keep in uids.
	count      uint32
	list, keep bool
	found      []imap.Range
	uids       imap.UIDSet
	err        error
	// modSeq: the largest modseq is told; most is that of all found, first and
	// last those of the first and the last message.
	modSeq            bool
	most, first, last imap.ModSeq
}

// result returns the answer to a SEARCH with result options. What was not found
// is not told (RFC 4731 §3.1).
func (f *searching) result(tag string, ret searchReturn) *imapwire.ESearchData {
	d := &imapwire.ESearchData{Tag: tag, UID: f.uid}
	if ret.count {
		d.HasCount, d.Count = true, f.count
	}
	if f.count > 0 {
		if ret.min {
			d.HasMin, d.Min = true, f.found[0].First
		}
		if ret.max {
			d.HasMax, d.Max = true, f.found[len(f.found)-1].Last
		}
		if ret.all {
			d.All = f.found
		}
		// RFC 4731 §3.2: that of what is told.
		switch {
		case ret.all || ret.count || !ret.min && !ret.max:
			d.ModSeq = f.most
		case ret.min && ret.max:
			d.ModSeq = max(f.first, f.last)
		case ret.min:
			d.ModSeq = f.first
		default:
			d.ModSeq = f.last
		}
	}
	return d
}

// usesModSeq reports whether a search key compares modseqs.
func usesModSeq(key imap.SearchKey) bool {
	switch k := key.(type) {
	case *imap.SearchModSeq:
		return true
	case *imap.SearchNot:
		return usesModSeq(k.Key)
	case *imap.SearchOr:
		return usesModSeq(k.Left) || usesModSeq(k.Right)
	case *imap.SearchAnd:
		return slices.ContainsFunc(k.Keys, usesModSeq)
	}
	return false
}

// run is the task: one slice of messages for each call.
func (f *searching) run(ctx context.Context) bool {
	folder := f.s.selected.folder
	part := f.left.Cut(searchSlice)
	for batch, err := range mailbox.Batches(ctx, folder, part) {
		if err != nil {
			f.err = err
			return false
		}
		for i := range batch {
			m := &batch[i]
			match, err := f.query.Match(ctx, folder, m)
			if err != nil {
				f.err = err
				return false
			}
			if match {
				f.take(m)
			}
		}
	}
	return len(f.left) > 0
}

// take notes a message that matches.
func (f *searching) take(m *mailbox.Message) {
	n, known := f.told.Seq(m.UID)
	if !known {
		return
	}
	f.count++
	if f.keep {
		f.uids.Add(m.UID)
	}
	if f.modSeq {
		f.most, f.last = max(f.most, m.ModSeq), m.ModSeq
		if f.first == 0 {
			f.first = m.ModSeq
		}
	}
	if !f.list {
		return
	}
	if f.uid {
		n = uint32(m.UID)
	}
	if k := len(f.found); k > 0 && f.found[k-1].Last == n-1 {
		f.found[k-1].Last = n
		return
	}
	f.found = append(f.found, imap.Range{First: n, Last: n})
}
