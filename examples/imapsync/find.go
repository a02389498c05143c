package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"strings"
	"time"

	"github.com/mailwire/mailwire/imapwire"
	"github.com/mailwire/mailwire/imapwire/engine"
	"github.com/mailwire/mailwire/imapwire/imap"
	"github.com/mailwire/mailwire/imapwire/imapclient"
)

// maxHead is the octets of the longest Message-ID field that is searched for.
const maxHead = 900

// messageID returns the value of a Message-ID field, and nothing for one that a
// server might read in another way: folded, with spaces, or beside a second.
func messageID(head []byte) string {
	line, rest, _ := bytes.Cut(head, []byte("\r\n"))
	_, value, ok := bytes.Cut(line, []byte(":"))
	id := strings.Trim(string(value), " \t")
	if !ok || len(head) > maxHead || string(rest) != "\r\n" || !engine.Text.All(id) || strings.ContainsAny(id, " \t") {
		return ""
	}
	return id
}

// find returns for each message the UID of one among others at the destination
// that is the same, or zero. No two get the same.
func (c *copier) find(ctx context.Context, t *target, list []*message, among imap.UIDSet) ([]imap.UID, error) {
	same := make([]imap.UID, len(list))
	if len(among) == 0 {
		return same, nil
	}
	ids := make([]engine.ID, len(list))
	for i, m := range list {
		var err error
		if ids[i], err = c.to.search(likeness(m)); err != nil {
			return nil, err
		}
	}
	candidates := make([]imap.UIDSet, len(list))
	var every imap.UIDSet
	for i, id := range ids {
		set, err := c.to.found(ctx, id)
		if err != nil && !refused(err) {
			return nil, err
		}
		candidates[i] = set.Intersect(among)
		every = every.Union(candidates[i])
	}
	told, err := c.look(ctx, every)
	if err != nil {
		return nil, err
	}
	for i, m := range list {
		for uid := range candidates[i].All() {
			d := told[uid]
			if d == nil || d.Size != m.size || !d.InternalDate.Equal(m.date) {
				continue
			}
			if m.id == "" {
				equal, err := c.equal(ctx, m.uid, uid)
				if err != nil {
					return nil, err
				}
				if !equal {
					continue
				}
			}
			same[i] = uid
			delete(told, uid)
			break
		}
	}
	return same, nil
}

// likeness is what a copy of the message matches. A server compares days in a zone
// of its own.
func likeness(m *message) imap.SearchKey {
	keys := []imap.SearchKey{&imap.SearchSize{Smaller: true, Size: m.size + 1}}
	if m.size > 0 {
		keys = append(keys, &imap.SearchSize{Size: m.size - 1})
	}
	since, before := imap.DateOf(m.date.Add(-48*time.Hour)), imap.DateOf(m.date.Add(72*time.Hour))
	if since.IsValid() && before.IsValid() {
		keys = append(keys, &imap.SearchDate{Field: imap.DateInternal, Op: imap.DateSince, Date: since},
			&imap.SearchDate{Field: imap.DateInternal, Op: imap.DateBefore, Date: before})
	}
	if m.id != "" {
		keys = append(keys, &imap.SearchHeader{Name: "Message-ID", Value: m.id})
	}
	return &imap.SearchAnd{Keys: keys}
}

// look asks the destination for sizes and dates.
func (c *copier) look(ctx context.Context, uids imap.UIDSet) (map[imap.UID]*imapwire.FetchData, error) {
	told := map[imap.UID]*imapwire.FetchData{}
	if len(uids) == 0 {
		return told, nil
	}
	err := c.to.do(ctx, &imapwire.Fetch{UID: true, Set: imap.SetOfUIDs(uids), Items: []imapwire.FetchItem{
		imapwire.FetchUID, imapwire.FetchInternalDate, imapwire.FetchRFC822Size,
	}}, func(ev imapclient.Event) {
		if end, ok := ev.(*imapclient.FetchEnd); ok && end.Data.Has&imapwire.HasSize != 0 && uids.Contains(end.Data.UID) {
			told[end.Data.UID] = end.Data
		}
	})
	return told, err
}

// equal compares two messages by their octets.
func (c *copier) equal(ctx context.Context, from, to imap.UID) (bool, error) {
	a, err := c.from.digest(ctx, from)
	if err != nil {
		return false, err
	}
	b, err := c.to.digest(ctx, to)
	return a == b, err
}

// digest returns the SHA-256 of a message.
func (s *session) digest(ctx context.Context, uid imap.UID) (sum [sha256.Size]byte, err error) {
	h := sha256.New()
	err = s.do(ctx, &imapwire.Fetch{UID: true, Set: imap.SetOf(uint32(uid)), Items: []imapwire.FetchItem{
		&imapwire.FetchBody{Peek: true},
	}}, func(ev imapclient.Event) {
		if d, ok := ev.(*imapclient.BodyData); ok {
			h.Write(d.Data)
		}
	})
	return [sha256.Size]byte(h.Sum(nil)), err
}
