package main

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/mailwire/mailwire/imapwire"
	"github.com/mailwire/mailwire/imapwire/engine"
	"github.com/mailwire/mailwire/imapwire/imap"
	"github.com/mailwire/mailwire/imapwire/imapclient"
)

// A folder is one that has messages, or may.
type folder struct {
	name string // at the source, as people read it
	from string // on the wire to the source
	to   string // on the wire to the destination
	made bool   // the destination has it
}

// folders lists the personal folders of a session that can be opened.
func (s *session) folders(ctx context.Context) ([]*imapwire.ListData, error) {
	var list []*imapwire.ListData
	err := s.do(ctx, &imapwire.List{Patterns: []string{"*"}}, func(ev imapclient.Event) {
		d, ok := data[*imapwire.ListData](ev)
		if !ok || slices.ContainsFunc(d.Attrs, func(a imap.MailboxAttr) bool {
			return a.Equal(imap.AttrNoSelect) || a.Equal(imap.AttrNonExistent)
		}) || slices.ContainsFunc(s.foreign, func(prefix string) bool { return strings.HasPrefix(d.Mailbox, prefix) }) {
			return
		}
		list = append(list, d)
	})
	slices.SortFunc(list, func(a, b *imapwire.ListData) int { return strings.Compare(a.Mailbox, b.Mailbox) })
	return list, err
}

// levels returns the levels of a name, without the prefix of personal folders. A
// name that is not valid in its encoding is taken as it is.
func (s *session) levels(d *imapwire.ListData) []string {
	wire := d.Mailbox
	if !imap.IsInbox(wire) {
		wire = strings.TrimPrefix(wire, s.prefix)
	}
	name, err := imap.DecodeMailbox(wire, s.utf8)
	if err != nil {
		name = wire
	}
	levels := []string{name}
	if d.Delimiter != 0 {
		levels = strings.Split(name, string(rune(d.Delimiter)))
	}
	if imap.IsInbox(levels[0]) {
		levels[0] = imap.Inbox
	}
	return levels
}

// name returns how a session writes a name of these levels.
func (s *session) name(levels []string) string {
	if len(levels) == 1 && levels[0] == imap.Inbox {
		return imap.Inbox
	}
	const instead = "_"
	separator := instead
	if s.delimiter != 0 {
		separator = string(rune(s.delimiter))
		levels = slices.Clone(levels)
		for i := range levels {
			levels[i] = strings.ReplaceAll(levels[i], separator, instead)
		}
	}
	return s.prefix + imap.EncodeMailbox(strings.Join(levels, separator), s.utf8)
}

// plan says which folder becomes which. Two that would become one are told to
// fail, and the second is left out.
func plan(ctx context.Context, from, to *session, fail func(folder string, err error)) ([]*folder, error) {
	list, err := from.folders(ctx)
	if err != nil {
		return nil, err
	}
	there, err := to.folders(ctx)
	if err != nil {
		return nil, err
	}
	var folders []*folder
	taken := map[string]string{}
	for _, d := range list {
		levels := from.levels(d)
		f := &folder{name: strings.Join(levels, string(rune(d.Delimiter))), from: d.Mailbox, to: to.name(levels)}
		if other, ok := taken[f.to]; ok {
			fail(f.name, fmt.Errorf("it would become %q, as %q does", f.to, other))
			continue
		}
		taken[f.to] = f.name
		f.made = slices.ContainsFunc(there, func(d *imapwire.ListData) bool {
			return d.Mailbox == f.to || imap.IsInbox(d.Mailbox) && imap.IsInbox(f.to)
		})
		folders = append(folders, f)
	}
	return folders, nil
}

// create makes the folders that the destination lacks, all at once.
func create(ctx context.Context, to *session, folders []*folder, fail func(folder string, err error)) error {
	for rest := folders; len(rest) > 0; {
		n := min(len(rest), 100)
		type sent struct {
			id     engine.ID
			folder *folder
		}
		cmds := make([]sent, 0, n)
		for _, f := range rest[:n] {
			if f.made {
				continue
			}
			cmd := &imapwire.Create{Mailbox: f.to}
			id, err := to.conn.Send(cmd)
			if err != nil {
				fail(f.name, err)
				continue
			}
			cmds = append(cmds, sent{id, f})
		}
		rest = rest[n:]
		for _, c := range cmds {
			status, err := to.finish(ctx, c.id, "CREATE", nil)
			switch {
			case err == nil, status.Code == imapwire.CodeAlreadyExists:
				c.folder.made = true
			case refused(err):
				fail(c.folder.name, err)
			default:
				return err
			}
		}
	}
	return nil
}
