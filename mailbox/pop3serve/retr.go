package pop3serve

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"unicode/utf8"

	"github.com/mailwire/mailwire/imapwire/engine"
	"github.com/mailwire/mailwire/imapwire/imap"
	"github.com/mailwire/mailwire/mailbox"
	"github.com/mailwire/mailwire/pop3wire"
	"github.com/mailwire/mailwire/pop3wire/pop3server"
)

func (s *Session) retr(ctx context.Context, id engine.ID, cmd *pop3wire.Retr) {
	if it := s.drop.item(cmd.Num); it != nil {
		it.taken = s.send(ctx, id, it, fmt.Sprintf("%d octets", it.size), pop3server.Body{}) || it.taken
		return
	}
	s.conn.Done(id, noMessage)
}

func (s *Session) top(ctx context.Context, id engine.ID, cmd *pop3wire.Top) {
	if it := s.drop.item(cmd.Num); it != nil {
		s.send(ctx, id, it, "top of message follows", pop3server.Body{Top: true, Lines: cmd.Lines})
		return
	}
	s.conn.Done(id, noMessage)
}

// send answers with a message, of which b says how much, and reports whether it
// will be sent.
func (s *Session) send(ctx context.Context, id engine.ID, it *item, text string, b pop3server.Body) bool {
	body, err := s.drop.folder.Body(ctx, it.uid)
	if err != nil {
		s.conn.Done(id, s.condition(err))
		return false
	}
	if s.srv.opt.UTF8 && !s.conn.UTF8() {
		needs, err := needsUTF8(body)
		if needs {
			err = errUTF8
		}
		if err != nil {
			body.Close()
			s.conn.Done(id, s.condition(err))
			return false
		}
	}
	b.Reader, b.Size = &reader{io.NewSectionReader(body, 0, body.Size()), body}, body.Size()
	if err := s.conn.Body(id, ok(text), b); err != nil {
		body.Close()
		s.conn.Done(id, s.condition(err))
		return false
	}
	return true
}

// A reader reads a body, and closes it.
type reader struct {
	io.Reader
	body mailbox.Body
}

// Close implements [io.Closer].
func (r *reader) Close() error { return r.body.Close() }

// needsUTF8 reports whether a message is internationalized (RFC 6532): its
// header has UTF-8 beyond ASCII. Octets beyond ASCII that are no UTF-8 are older
// than that, and have always been sent as they are.
func needsUTF8(body mailbox.Body) (bool, error) {
	r := bufio.NewReader(io.NewSectionReader(body, 0, body.Size()))
	found := false
	for last := '\n'; ; {
		c, size, err := r.ReadRune()
		switch {
		case err == io.EOF, c == '\n' && last == '\n':
			return found, nil
		case err != nil:
			return false, err
		case c == utf8.RuneError && size == 1:
			return false, nil
		case c >= utf8.RuneSelf:
			found = true
		}
		if c != '\r' {
			last = c
		}
	}
}

// dele marks a message. One that is gone can not be: RFC 1939 has no other way to
// tell.
func (s *Session) dele(ctx context.Context, id engine.ID, cmd *pop3wire.Dele) {
	d := s.drop
	it := d.item(cmd.Num)
	if it == nil {
		s.conn.Done(id, noMessage)
		return
	}
	err := d.may(ctx, rightsToRemove)
	if err == nil {
		err = d.exists(ctx, it)
	}
	if err != nil {
		s.conn.Done(id, s.condition(err))
		return
	}
	it.marked = true
	d.count--
	d.size -= it.size
	s.conn.Done(id, ok("marked"))
}

// exists returns [mailbox.ErrExpunged] for a message that is gone.
func (d *maildrop) exists(ctx context.Context, it *item) error {
	for _, err := range d.folder.Messages(ctx, imap.UIDSetOf(it.uid)) {
		return err
	}
	return mailbox.ErrExpunged
}

// rset unmarks all messages.
func (s *Session) rset(id engine.ID) {
	d := s.drop
	for i := range d.items {
		if it := &d.items[i]; it.marked {
			it.marked = false
			d.count++
			d.size += it.size
		}
	}
	s.conn.Done(id, ok(fmt.Sprintf("%d messages (%d octets)", d.count, d.size)))
}
