package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/mailwire/mailwire/imapwire"
	"github.com/mailwire/mailwire/imapwire/engine"
	"github.com/mailwire/mailwire/imapwire/imap"
	"github.com/mailwire/mailwire/imapwire/imapclient"
)

// How a message passes
//
//	source's engine            destination's engine
//	UID FETCH 7 …     →
//	                  ← Body    APPEND {n}     →
//	                                           ← Ready
//	                  ← BodyData…  Push        →        no room: Step the destination
//	                  ← FetchEnd
//	                  ← Done                   ← Done, APPENDUID → journal
//
// While the destination is slow the source is not read, and its server stops.

// A copier copies an account.
type copier struct {
	from, to *session
	journal  *journal
	dryRun   bool
	// fail is told what went wrong with one folder or message, and progress
	// what is done.
	fail     func(what string, err error)
	progress func(folder string, done, total int64, octets int64)

	copied, octets, present int64
}

// batch is how many messages are listed and looked for at once.
const batch = 100

// A message is what the source tells before the content.
type message struct {
	uid   imap.UID
	size  int64
	date  time.Time
	flags []imap.Flag
	// id is the Message-ID; empty when there is none to search for.
	id string
}

// run copies everything. An error is the end of one of the sessions, or of the
// journal.
func (c *copier) run(ctx context.Context) error {
	folders, err := plan(ctx, c.from, c.to, c.fail)
	if err != nil {
		return err
	}
	if !c.dryRun {
		if err := create(ctx, c.to, folders, c.fail); err != nil {
			return err
		}
	}
	for _, f := range folders {
		if !f.made && !c.dryRun {
			continue // told already
		}
		if err := c.folder(ctx, f); err != nil {
			if !refused(err) {
				return fmt.Errorf("%s: %w", f.name, err)
			}
			c.fail(f.name, err)
		}
	}
	return nil
}

// A target is what has to be known of the destination of a folder's messages.
type target struct {
	*folder
	pair  pair
	known *copied
	// strange are messages at the destination that stand for none of the source,
	// as far as is known.
	strange imap.UIDSet
	// permanent are the flags that it can store.
	permanent []imap.Flag
}

// folder copies what a folder has and the journal has not.
func (c *copier) folder(ctx context.Context, f *folder) error {
	source, err := c.from.open(ctx, f.from, true)
	if err != nil || source.exists == 0 {
		return err
	}
	uids, err := c.from.all(ctx)
	if err != nil {
		return err
	}
	t := &target{folder: f, pair: pair{folder: f.name, from: source.validity}}
	if f.made {
		m, err := c.to.open(ctx, f.to, c.dryRun)
		if err != nil {
			return err
		}
		t.pair.to, t.permanent = m.validity, m.permanent
		if t.strange, err = c.to.all(ctx); err != nil {
			return err
		}
	}
	t.known = c.journal.of(t.pair)
	t.strange = t.strange.Minus(t.known.to)
	total := uids.Count()
	uids = uids.Minus(t.known.from)
	done := total - uids.Count()
	c.present += done
	for len(uids) > 0 {
		list, err := c.list(ctx, uids.Cut(batch))
		if err != nil {
			return err
		}
		same, err := c.find(ctx, t, list, t.strange)
		if err != nil {
			return err
		}
		for i, m := range list {
			done++
			switch {
			case same[i] != 0:
				c.present++
				t.strange = t.strange.Minus(imap.UIDSetOf(same[i]))
				if !c.dryRun {
					err = c.journal.add(t.pair, m.uid, same[i])
				}
			case c.dryRun:
				c.copied++
				c.octets += m.size
			default:
				err = c.message(ctx, t, m)
			}
			if refused(err) {
				c.fail(fmt.Sprintf("%s: message %d", f.name, m.uid), err)
			} else if err != nil {
				return err
			}
			c.progress(f.name, done, total, c.octets)
		}
	}
	return nil
}

// list asks the source about messages.
func (c *copier) list(ctx context.Context, uids imap.UIDSet) ([]*message, error) {
	var list []*message
	var head []byte
	err := c.from.do(ctx, &imapwire.Fetch{UID: true, Set: imap.SetOfUIDs(uids), Items: []imapwire.FetchItem{
		imapwire.FetchUID, imapwire.FetchFlags, imapwire.FetchInternalDate, imapwire.FetchRFC822Size,
		&imapwire.FetchBody{Peek: true, Section: imap.Section{Specifier: imap.SpecifierHeaderFields, Fields: []string{"Message-ID"}}},
	}}, func(ev imapclient.Event) {
		switch ev := ev.(type) {
		case *imapclient.FetchStart:
			head = head[:0]
		case *imapclient.BodyData:
			head = append(head, ev.Data[:min(len(ev.Data), maxHead+1-len(head))]...)
		case *imapclient.FetchEnd:
			// A server may tell of others, and of one more than once.
			d := ev.Data
			if d.Has&imapwire.HasSize != 0 && uids.Contains(d.UID) {
				list = append(list, &message{uid: d.UID, size: d.Size, date: d.InternalDate, flags: d.Flags, id: messageID(head)})
			}
			head = head[:0]
		}
	})
	slices.SortStableFunc(list, func(a, b *message) int { return int(int64(a.uid) - int64(b.uid)) })
	list = slices.CompactFunc(list, func(a, b *message) bool { return a.uid == b.uid })
	return list, err
}

// message copies one message. A [*refusal] concerns it alone.
func (c *copier) message(ctx context.Context, t *target, m *message) error {
	cmd := &imapwire.Fetch{UID: true, Set: imap.SetOf(uint32(m.uid)), Items: []imapwire.FetchItem{
		imapwire.FetchUID, imapwire.FetchFlags, imapwire.FetchInternalDate, &imapwire.FetchBody{Peek: true},
	}}
	id, err := c.from.conn.Send(cmd)
	if err != nil {
		return err
	}
	var p passage
	for {
		ev, err := c.from.next(ctx)
		if err != nil {
			return err
		}
		switch ev := ev.(type) {
		case *imapclient.Body:
			p.streams = false
			if !ev.Section.Content.Valid || p.begun || ev.So.Has&imapwire.HasUID != 0 && ev.So.UID != m.uid {
				continue
			}
			// What the listing told may be out of date.
			if ev.So.Has&imapwire.HasFlags != 0 {
				m.flags = ev.So.Flags
			}
			if ev.So.Has&imapwire.HasInternalDate != 0 {
				m.date = ev.So.InternalDate
			}
			m.size = ev.Section.Content.Size
			if err := c.begin(ctx, &p, t, m); err != nil {
				return err
			}
		case *imapclient.BodyData:
			if err := c.push(ctx, &p, ev.Data); err != nil {
				return err
			}
		case *imapclient.Done:
			if ev.ID == id {
				return c.end(ctx, &p, t, m, outcome(cmd.Verb(), ev))
			}
		}
	}
}

// A passage is an APPEND whose content comes from the source.
type passage struct {
	id engine.ID
	// begun: the source has begun to tell the message; streams: what it tells
	// now is wanted.
	begun, streams bool
	left           int64 // octets of it that have not been pushed
	// done is the destination's answer, which may come early.
	done *imapclient.Done
}

// begin announces a message to the destination, and waits until it may come.
func (c *copier) begin(ctx context.Context, p *passage, t *target, m *message) error {
	var err error
	p.begun = true
	p.id, err = c.to.conn.Send(&imapwire.Append{Mailbox: t.to, Messages: []imapwire.AppendMessage{{
		Flags: storable(m.flags, t.permanent), Date: m.date, Size: m.size, Pushed: true, Wait: true,
	}}})
	if errors.Is(err, imapwire.ErrEncode) {
		// A flag or a date that the source may tell, and nobody may send.
		p.done = &imapclient.Done{Status: imapwire.StatusCondition{Condition: imapwire.BAD, Text: err.Error()}}
		return nil
	}
	if err != nil {
		return err
	}
	for p.done == nil {
		ev, err := c.to.next(ctx)
		if err != nil {
			return err
		}
		if _, ready := ev.(*imapclient.Ready); ready {
			p.streams, p.left = true, m.size
			return nil
		}
		p.hear(ev)
	}
	return nil
}

// hear looks for the answer in what the destination says.
func (p *passage) hear(ev imapclient.Event) {
	if done, ok := ev.(*imapclient.Done); ok && done.ID == p.id {
		p.done = done
	}
}

// push passes a piece on, and does not return before the destination has room for
// it. What nobody wants any more is dropped.
func (c *copier) push(ctx context.Context, p *passage, piece []byte) error {
	for p.streams && p.done == nil {
		n, err := c.to.conn.Push(piece)
		if err != nil && !errors.Is(err, engine.ErrNotNow) {
			return err
		}
		p.left -= int64(n)
		if piece = piece[n:]; len(piece) == 0 {
			return nil
		}
		ev, err := c.to.step(ctx)
		if err != nil {
			return err
		}
		p.hear(ev)
	}
	return nil
}

// end waits for the destination's answer. fetched is what the source's answer was:
// a source that gave a message whole, and then complains, is not heard.
func (c *copier) end(ctx context.Context, p *passage, t *target, m *message, fetched error) error {
	if !p.begun {
		if fetched == nil {
			// It may be gone since it was listed.
			fetched = &refusal{"UID FETCH", imapwire.StatusCondition{Condition: imapwire.OK, Text: "without content"}}
		}
		return fetched
	}
	if p.done == nil && p.left > 0 {
		// The destination waits for the rest, which nobody has.
		return fmt.Errorf("the source ended in the middle of message %d: %v", m.uid, fetched)
	}
	for p.done == nil {
		ev, err := c.to.next(ctx)
		if err != nil {
			return err
		}
		p.hear(ev)
	}
	if err := outcome("APPEND", p.done); err != nil {
		return err
	}
	c.copied++
	c.octets += m.size
	if code, ok := p.done.Status.Code.(*imapwire.CodeAppendUID); ok && len(code.UIDs) > 0 {
		if code.UIDValidity != t.pair.to {
			// The folder was made anew meanwhile.
			t.pair.to = code.UIDValidity
			t.known, t.strange = c.journal.of(t.pair), nil
		}
		return c.journal.add(t.pair, m.uid, code.UIDs.Min())
	}
	return c.locate(ctx, t, m)
}

// locate finds a message that was just appended to a server without UIDPLUS.
func (c *copier) locate(ctx context.Context, t *target, m *message) error {
	if err := c.to.do(ctx, &imapwire.Noop{}, nil); err != nil {
		return err
	}
	all, err := c.to.all(ctx)
	if err != nil {
		return err
	}
	same, err := c.find(ctx, t, []*message{m}, all.Minus(t.known.to).Minus(t.strange))
	if err != nil || same[0] == 0 {
		return err
	}
	return c.journal.add(t.pair, m.uid, same[0])
}

// storable returns the flags that the destination can store. permanent nil is a
// server that has not said: it stores all system flags (RFC 9051 §7.1).
func storable(flags, permanent []imap.Flag) []imap.Flag {
	has := func(list []imap.Flag, f imap.Flag) bool { return slices.ContainsFunc(list, f.Equal) }
	return slices.DeleteFunc(slices.Clone(flags), func(f imap.Flag) bool {
		switch {
		case f.Equal(imap.FlagRecent):
			return true
		case f.IsSystem():
			return !has(imap.SystemFlags(), f) || permanent != nil && !has(permanent, f)
		}
		return !has(permanent, f) && !has(permanent, imap.FlagWildcard)
	})
}
