package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"
	"time"
	"unicode"

	"github.com/mailwire/mailwire/imapwire"
	"github.com/mailwire/mailwire/imapwire/imap"
	"github.com/mailwire/mailwire/imapwire/imapcall"
	"github.com/mailwire/mailwire/mailbox/message"
)

// A report is what the program prints.
type report struct {
	quotas  bool // the server tells quotas
	roots   []*imapwire.QuotaData
	folders []folder
	largest []letter // largest first
}

// A folder is a mailbox. Numbers that the server does not tell are unknown.
type folder struct {
	name  string // as on the wire
	roots []string

	messages, size, deleted, freed int64
}

const unknown = -1

// A letter is a message that may be worth deleting.
type letter struct {
	folder  string // as on the wire
	uid     imap.UID
	size    int64
	date    time.Time
	subject string
}

// batch is how many messages are asked for at once, so that a mailbox of any
// size is read in little memory.
const batch = 1000

// collect asks a server for all that a report needs, with the n largest messages.
func collect(ctx context.Context, c *imapcall.Client, n int) (*report, error) {
	caps, known := c.Capabilities()
	if !known {
		if _, err := c.Do(ctx, &imapwire.Capability{}); err != nil {
			return nil, err
		}
		caps, _ = c.Capabilities()
	}
	r := &report{quotas: caps.Has(imap.CapQuota)}
	res, err := c.Do(ctx, &imapwire.List{Patterns: []string{"*"}})
	if err != nil {
		return nil, err
	}
	for _, data := range res.Data {
		l, is := data.(*imapwire.ListData)
		if !is || slices.ContainsFunc(l.Attrs, imap.AttrNoSelect.Equal) || slices.ContainsFunc(l.Attrs, imap.AttrNonExistent.Equal) {
			continue
		}
		f := folder{name: l.Mailbox, messages: unknown, size: unknown, deleted: unknown, freed: unknown}
		if r.quotas {
			if err := r.quotaRoots(ctx, c, &f); err != nil {
				return nil, err
			}
		}
		if err := f.status(ctx, c, caps); err != nil {
			return nil, err
		}
		if err := r.messages(ctx, c, &f, n); err != nil {
			return nil, err
		}
		r.folders = append(r.folders, f)
	}
	return r, r.describe(ctx, c)
}

// quotaRoots asks for the roots of a mailbox, and keeps those that are new.
func (r *report) quotaRoots(ctx context.Context, c *imapcall.Client, f *folder) error {
	res, err := c.Do(ctx, &imapwire.GetQuotaRoot{Mailbox: f.name})
	if err != nil {
		return skip(err)
	}
	for _, data := range res.Data {
		switch data := data.(type) {
		case *imapwire.QuotaRootData:
			f.roots = data.Roots
		case *imapwire.QuotaData:
			if !slices.ContainsFunc(r.roots, func(q *imapwire.QuotaData) bool { return q.Root == data.Root }) {
				r.roots = append(r.roots, data)
			}
		}
	}
	return nil
}

// skip forgives what a server refuses: a mailbox that may not be read, or that has
// gone since it was listed, keeps its numbers unknown.
func skip(err error) error {
	if s, is := err.(*imapcall.StatusError); is && s.Status.Condition == imapwire.NO {
		return nil
	}
	return err
}

// status asks for the counters that the server announces.
func (f *folder) status(ctx context.Context, c *imapcall.Client, caps imap.Capabilities) error {
	items := []imapwire.StatusItem{imapwire.StatusMessages}
	values := map[imapwire.StatusItem]*int64{
		imapwire.StatusMessages: &f.messages, imapwire.StatusSize: &f.size,
		imapwire.StatusDeleted: &f.deleted, imapwire.StatusDeletedStorage: &f.freed,
	}
	rev2 := caps.Has(imap.CapIMAP4rev2)
	if rev2 || caps.Has(imap.CapStatusSize) {
		items = append(items, imapwire.StatusSize)
	}
	if rev2 || caps.Has(imap.QuotaCapability("MESSAGE")) {
		items = append(items, imapwire.StatusDeleted)
	}
	if caps.Has(imap.QuotaCapability("STORAGE")) {
		items = append(items, imapwire.StatusDeletedStorage)
	}
	res, err := c.Do(ctx, &imapwire.Status{Mailbox: f.name, Items: items})
	if err != nil {
		return skip(err)
	}
	for _, data := range res.Data {
		if st, is := data.(*imapwire.StatusData); is {
			for _, v := range st.Values {
				if to := values[v.Item]; to != nil && v.Raw == "" {
					*to = v.Number
				}
			}
		}
	}
	return nil
}

// messages finds the largest messages of a mailbox, and its size where STATUS
// does not tell it.
func (r *report) messages(ctx context.Context, c *imapcall.Client, f *folder, n int) error {
	if f.messages == 0 {
		f.size = max(f.size, 0)
		return nil
	}
	if n == 0 && f.size != unknown {
		return nil
	}
	res, err := c.Do(ctx, &imapwire.Select{Mailbox: f.name, ReadOnly: true})
	if err != nil {
		return skip(err)
	}
	var exists uint32
	for _, data := range res.Data {
		if e, is := data.(*imapwire.ExistsData); is {
			exists = e.Count
		}
	}
	var sum int64
	for first := uint64(1); first <= uint64(exists); first += batch {
		res, err := c.Do(ctx, &imapwire.Fetch{
			Set:   imap.SetRange(uint32(first), uint32(min(first+batch-1, uint64(exists)))),
			Items: []imapwire.FetchItem{imapwire.FetchUID, imapwire.FetchRFC822Size},
		})
		if err != nil {
			return skip(err)
		}
		for _, m := range res.Fetches {
			if m.Has&imapwire.HasUID == 0 || m.Has&imapwire.HasSize == 0 {
				continue // news of another message
			}
			sum += m.Size
			r.largest = append(r.largest, letter{folder: f.name, uid: m.UID, size: m.Size})
		}
		slices.SortStableFunc(r.largest, func(a, b letter) int { return cmp.Compare(b.size, a.size) })
		r.largest = r.largest[:min(len(r.largest), n)]
	}
	if f.size == unknown {
		f.size = sum
	}
	return nil
}

// describe asks what the largest messages are.
func (r *report) describe(ctx context.Context, c *imapcall.Client) error {
	byFolder := make(map[string]imap.UIDSet)
	var order []string
	for _, l := range r.largest {
		uids, known := byFolder[l.folder]
		if !known {
			order = append(order, l.folder)
		}
		uids.Add(l.uid)
		byFolder[l.folder] = uids
	}
	for _, name := range order {
		if _, err := c.Do(ctx, &imapwire.Select{Mailbox: name, ReadOnly: true}); err != nil {
			if err := skip(err); err != nil {
				return err
			}
			continue
		}
		res, err := c.Do(ctx, &imapwire.Fetch{
			UID: true, Set: imap.SetOfUIDs(byFolder[name]),
			Items: []imapwire.FetchItem{imapwire.FetchEnvelope, imapwire.FetchInternalDate},
		})
		if err != nil {
			if err := skip(err); err != nil {
				return err
			}
			continue
		}
		for _, m := range res.Fetches {
			i := slices.IndexFunc(r.largest, func(l letter) bool { return l.folder == name && l.uid == m.UID })
			if i < 0 || m.Has&imapwire.HasUID == 0 {
				continue
			}
			if m.Has&imapwire.HasInternalDate != 0 {
				r.largest[i].date = m.InternalDate
			}
			if m.Has&imapwire.HasEnvelope != 0 {
				r.largest[i].subject = message.DecodeWords(m.Envelope.Subject.Value)
			}
		}
	}
	return nil
}

// print writes the tables.
func (r *report) print(out io.Writer) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	if !r.quotas {
		fmt.Fprintln(w, "The server tells no quotas.")
	} else {
		fmt.Fprintln(w, "QUOTA ROOT\tRESOURCE\tUSED\tLIMIT\t")
		for _, q := range r.roots {
			if len(q.Resources) == 0 {
				fmt.Fprintf(w, "%s\t-\t-\tno limit\t\n", rootName(q.Root))
			}
			for _, u := range q.Resources {
				percent := ""
				if u.Limit > 0 {
					percent = fmt.Sprintf("%.0f%%", 100*float64(u.Usage)/float64(u.Limit))
				}
				fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\n", rootName(q.Root), plain(string(u.Resource)), units(u.Resource, u.Usage), units(u.Resource, u.Limit), percent)
			}
		}
	}
	fmt.Fprintln(w, "\nMAILBOX\tMESSAGES\tSIZE\tDELETED\tEXPUNGE FREES\tQUOTA ROOTS")
	for _, f := range r.folders {
		roots := "-"
		if len(f.roots) > 0 {
			var names []string
			for _, r := range f.roots {
				names = append(names, rootName(r))
			}
			roots = strings.Join(names, ", ")
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\n", mailboxName(f.name), number(f.messages), size(f.size), number(f.deleted), size(f.freed), roots)
	}
	if len(r.largest) > 0 {
		fmt.Fprintln(w, "\nSIZE\tMAILBOX\tUID\tDATE\tSUBJECT")
	}
	for _, l := range r.largest {
		date := "-"
		if !l.date.IsZero() {
			date = l.date.Format(time.DateOnly)
		}
		fmt.Fprintf(w, "%s\t%s\t%d\t%s\t%s\n", size(l.size), mailboxName(l.folder), l.uid, date, cut(plain(l.subject), 60))
	}
	return w.Flush()
}

func number(n int64) string {
	if n == unknown {
		return "-"
	}
	return fmt.Sprint(n)
}

// size writes octets for people.
func size(n int64) string {
	switch {
	case n == unknown:
		return "-"
	case n < 1024:
		return fmt.Sprintf("%d B", n)
	}
	f, unit := float64(n), ""
	for _, unit = range []string{"KiB", "MiB", "GiB", "TiB", "PiB", "EiB"} {
		if f /= 1024; f < 1024 {
			break
		}
	}
	return fmt.Sprintf("%.1f %s", f, unit)
}

// units writes an amount of a resource for people.
func units(x imapwire.QuotaResource, n int64) string {
	if x != imapwire.QuotaStorage && x != imapwire.QuotaAnnotationStorage {
		return fmt.Sprint(n)
	}
	if n > 1<<53 {
		return fmt.Sprintf("%d KiB", n)
	}
	return size(n * 1024)
}

func rootName(name string) string {
	if name == "" {
		return `""`
	}
	return plain(name)
}

// mailboxName decodes a name of IMAP4rev1; one that can not be stays as it is.
func mailboxName(wire string) string {
	if name, err := imap.DecodeMailbox(wire, false); err == nil {
		return plain(name)
	}
	return plain(wire)
}

// plain replaces what a terminal would take for commands: texts of a server and
// of whoever sends mail are strangers' texts.
func plain(s string) string {
	return strings.Map(func(r rune) rune {
		if !unicode.IsGraphic(r) || r == unicode.ReplacementChar {
			return '?'
		}
		return r
	}, s)
}

// cut shortens s to n characters.
func cut(s string, n int) string {
	if r := []rune(s); len(r) > n {
		return string(r[:n-1]) + "…"
	}
	return s
}
