package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"

	"github.com/mailwire/mailwire/imapwire/engine"
	"github.com/mailwire/mailwire/pop3wire"
	"github.com/mailwire/mailwire/pop3wire/pop3client"
)

// A message is one that the server has.
type message struct {
	num  uint32
	uid  string // empty: the server has not said
	size int64  // as LIST says; negative: it has not
}

// list returns what the server has. whole is false when a line of a listing could
// not be read.
func (s *session) list(ctx context.Context) (list []message, whole bool, err error) {
	whole = true
	lines := func(ev pop3client.Event) error {
		switch ev := ev.(type) {
		case *pop3client.ScanListings:
			for _, l := range ev.List {
				list = append(list, message{num: l.Num, size: l.Size})
			}
		case *pop3client.Malformed:
			whole = false
		}
		return nil
	}
	uids := map[uint32]string{}
	// Both are sent at once where the server takes that.
	scan, err := s.conn.Send(&pop3wire.List{})
	if err != nil {
		return nil, false, err
	}
	uidl, err := s.conn.Send(&pop3wire.Uidl{})
	if err != nil {
		return nil, false, err
	}
	if _, err := s.finish(ctx, scan, lines); err != nil {
		return nil, false, fmt.Errorf("LIST: %w", err)
	}
	_, err = s.finish(ctx, uidl, func(ev pop3client.Event) error {
		switch ev := ev.(type) {
		case *pop3client.UniqueIDs:
			for _, u := range ev.List {
				uids[u.Num] = u.ID
			}
		case *pop3client.Malformed:
			whole = false
		}
		return nil
	})
	if err != nil && !refused(err) {
		return nil, false, fmt.Errorf("UIDL: %w", err)
	}
	for i := range list {
		list[i].uid = uids[list[i].num]
	}
	return list, whole, nil
}

// A fetcher fetches.
type fetcher struct {
	s     *session
	box   box
	state *state
	keep  bool
	// fail is told what went wrong with one message, and progress how much of one
	// has come.
	fail     func(num uint32, err error)
	progress func(m *message, done int64)

	fetched, octets, present, deleted int64
	// remain are the unique-ids of what is in the box and stays on the server.
	remain []string
	// deletes are the DELEs without an answer.
	deletes map[engine.ID]*message
}

// ahead is how many messages are asked for before the first of them has come, as
// far as the server takes commands ahead.
const ahead = 16

// errNoUniqueID: what can not be remembered can not be kept.
var errNoUniqueID = errors.New("the server tells no unique-id, without which it can not be kept")

// run fetches messages. An error is the end of the session, or of the box.
func (f *fetcher) run(ctx context.Context, list []message) error {
	f.deletes = map[engine.ID]*message{}
	known := maps.Clone(f.state.known)
	var want []*message
	for i := range list {
		m := &list[i]
		switch {
		case m.uid != "" && known[m.uid] > 0:
			known[m.uid]--
			f.present++
			if err := f.release(m, !f.state.cut[m.uid]); err != nil {
				return err
			}
		case m.uid == "" && f.keep:
			f.fail(m.num, errNoUniqueID)
		default:
			want = append(want, m)
		}
	}
	asked := map[engine.ID]*message{}
	var now *arrival
	for {
		for len(want) > 0 && len(asked) < ahead {
			id, err := f.s.conn.Send(&pop3wire.Retr{Num: want[0].num})
			if err != nil {
				return err
			}
			asked[id], want = want[0], want[1:]
		}
		if len(asked) == 0 && len(f.deletes) == 0 {
			return nil
		}
		ev, err := f.s.next(ctx)
		if err != nil {
			return err
		}
		switch ev := ev.(type) {
		case *pop3client.Body:
			if now, err = f.begin(asked[ev.ID]); err != nil {
				return err
			}
		case *pop3client.BodyData:
			if err := now.take(ev.Data); err != nil {
				return err
			}
			f.progress(now.message, now.size)
		case *pop3client.Done:
			no := ev.Result()
			if no != nil && !refused(no) {
				return no
			}
			if m := asked[ev.ID]; m != nil {
				delete(asked, ev.ID)
				if no != nil {
					f.fail(m.num, fmt.Errorf("RETR: %w", no))
				} else if err := f.end(now); err != nil {
					return err
				}
			}
			if m := f.deletes[ev.ID]; m != nil {
				delete(f.deletes, ev.ID)
				f.answered(m, no)
			}
		}
	}
}

// An arrival is a message that comes.
type arrival struct {
	*message
	w    io.Writer
	size int64 // that has come
}

func (f *fetcher) begin(m *message) (*arrival, error) {
	w, err := f.box.draft()
	return &arrival{message: m, w: w}, err
}

func (a *arrival) take(p []byte) error {
	a.size += int64(len(p))
	_, err := a.w.Write(p)
	return err
}

// end puts a message that has come into the box.
func (f *fetcher) end(a *arrival) error {
	ticket, err := f.box.seal()
	if err != nil {
		return err
	}
	whole := a.size >= a.message.size
	there, err := f.state.deliver(f.box, &ready{a.uid, whole, ticket})
	if err != nil {
		return err
	}
	if !there {
		return errors.New("somebody else changes the mailbox")
	}
	f.fetched++
	f.octets += a.size
	if !whole {
		f.fail(a.num, fmt.Errorf("%d octets came of %d: it is saved, and stays on the server", a.size, a.message.size))
	}
	return f.release(a.message, whole)
}

// release deletes a message that is in the box, unless it is to stay.
func (f *fetcher) release(m *message, whole bool) error {
	if f.keep || !whole {
		f.stays(m)
		return nil
	}
	id, err := f.s.conn.Send(&pop3wire.Dele{Num: m.num})
	if err != nil {
		return err
	}
	f.deletes[id] = m
	return nil
}

func (f *fetcher) stays(m *message) {
	if m.uid != "" {
		f.remain = append(f.remain, m.uid)
	}
}

// answered takes the answer to DELE.
func (f *fetcher) answered(m *message, err error) {
	if err == nil {
		f.deleted++
		return
	}
	f.fail(m.num, fmt.Errorf("DELE: %w", err))
	f.stays(m)
}

// quit ends the session, at which the server deletes. Without a positive answer
// nobody knows what it has deleted, and the state has to stay as it is; when there
// was nothing to delete, its last words do not matter.
func (f *fetcher) quit(ctx context.Context) error {
	_, err := f.s.do(ctx, &pop3wire.Quit{}, nil)
	f.s.drive.Close()
	if err != nil && f.deleted > 0 {
		return fmt.Errorf("of %d messages some may not be deleted; the next run tries again: %w", f.deleted, err)
	}
	return nil
}
