package pop3serve

import (
	"fmt"

	"github.com/mailwire/mailwire/imapwire/engine"
	"github.com/mailwire/mailwire/pop3wire"
)

// stat answers STAT. What is marked does not count: RFC 1939 §5.
func (s *Session) stat(id engine.ID) {
	s.answer(id, &pop3wire.DropListing{Count: s.drop.count, Size: s.drop.size})
}

func (s *Session) list(id engine.ID, cmd *pop3wire.List) {
	s.listing(id, cmd.Num, func(n uint32, it *item) pop3wire.Line {
		return &pop3wire.ScanListing{Num: n, Size: it.size}
	})
}

func (s *Session) uidl(id engine.ID, cmd *pop3wire.Uidl) {
	s.listing(id, cmd.Num, func(n uint32, it *item) pop3wire.Line {
		return &pop3wire.UniqueID{Num: n, ID: s.drop.uniqueID(it)}
	})
}

// answer ends a command with a listing.
func (s *Session) answer(id engine.ID, l pop3wire.Line) {
	if err := s.conn.Answer(id, l); err != nil {
		s.conn.Done(id, s.condition(err))
	}
}

// listing answers with a line for the message n or, if n is zero, with one for
// each message that is not marked.
func (s *Session) listing(id engine.ID, n uint32, line func(n uint32, it *item) pop3wire.Line) {
	if n > 0 {
		it := s.drop.item(n)
		if it == nil {
			s.conn.Done(id, noMessage)
			return
		}
		s.answer(id, line(n, it))
		return
	}
	s.conn.Begin(id, ok(fmt.Sprintf("%d messages (%d octets)", s.drop.count, s.drop.size)))
	next := 0
	s.run(id, func() bool {
		d := s.drop
		for ; next < len(d.items); next++ {
			if s.conn.Full() {
				return true
			}
			if it := &d.items[next]; !it.marked {
				if err := s.conn.Send(id, line(uint32(next+1), it)); err != nil {
					// A list without its end is none.
					s.condition(err)
					s.conn.Close()
					return false
				}
			}
		}
		s.conn.End(id)
		return false
	})
}
