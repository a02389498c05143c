package sim

import (
	"slices"
	"strings"
	"time"

	"github.com/mailwire/mailwire/imapwire/imap"
	"github.com/mailwire/mailwire/mailbox"
	"github.com/mailwire/mailwire/quota"
)

// A ledger is what should be in the store, in slices and maps. It is kept from
// the calls that succeeded, by rules of its own, and never from what the store
// holds.
type ledger struct {
	w          *world
	accounts   map[string]*account
	byID       map[mailbox.FolderID]*folder
	byValidity map[uint32]*folder
	validity   uint32 // the largest so far
}

// An account is a user's mail.
type account struct {
	name string
	// names has folders, and nil for what is only a parent of some.
	names    map[string]*folder
	subs     map[string]bool
	policies []quota.Policy
	limits   []quota.Limits // of each policy
	terms    int            // counts changes of them
	raw      mailbox.User
	// open are transactions that have not ended.
	open map[*spyTx]struct{}
}

// A folder is a folder, deleted or not.
type folder struct {
	a        *account
	id       mailbox.FolderID
	name     string
	validity uint32
	next     imap.UID
	modSeq   imap.ModSeq
	msgs     []*msg            // ascending
	all      map[imap.UID]*msg // those that are gone, too
	deleted  bool
	claimed  map[imap.UID]bool
	keywords map[string]bool
	raw      mailbox.Folder
}

// A msg is a message, there or gone.
type msg struct {
	uid     imap.UID
	content *content
	flags   []string // folded, ascending
	date    time.Time
	hist    []version
	gone    bool
}

// A version is the flags that a message had from a modseq on.
type version struct {
	modSeq imap.ModSeq
	flags  string
}

func (m *msg) modSeq() imap.ModSeq { return m.hist[len(m.hist)-1].modSeq }

func (m *msg) has(flag string) bool {
	_, found := slices.BinarySearch(m.flags, flag)
	return found
}

func (m *msg) at(s imap.ModSeq) (string, bool) {
	for _, v := range m.hist {
		if v.modSeq == s {
			return v.flags, true
		}
	}
	return "", false
}

func (m *msg) had(flags string) bool {
	return slices.ContainsFunc(m.hist, func(v version) bool { return v.flags == flags })
}

// storable are the system flags that a folder keeps.
var storable = map[string]bool{`\answered`: true, `\flagged`: true, `\deleted`: true, `\seen`: true, `\draft`: true}

// folded returns flags as the ledger has them: what a folder keeps of them.
func folded(flags []imap.Flag) []string {
	var out []string
	for _, f := range flags {
		s := strings.ToLower(string(f))
		if strings.HasPrefix(s, `\`) && !storable[s] || slices.Contains(out, s) {
			continue
		}
		out = append(out, s)
	}
	slices.Sort(out)
	return out
}

func keyOf(flags []string) string { return strings.Join(flags, " ") }

// find returns a folder by name, or nil.
func (a *account) find(name string) *folder { return a.names[name] }

// children reports whether there are names below one.
func (a *account) children(name string) bool {
	for n := range a.names {
		if strings.HasPrefix(n, name+"/") {
			return true
		}
	}
	return false
}

func parents(name string) (out []string) {
	for i := range name {
		if name[i] == '/' {
			out = append(out, name[:i])
		}
	}
	return out
}

// adopt takes in a folder that the store has made under a name.
func (l *ledger) adopt(a *account, name string) *folder {
	raw, err := a.raw.Open(ctx, name)
	l.w.must(err)
	snap, err := raw.Snapshot(ctx)
	l.w.must(err)
	f := &folder{a: a, id: raw.ID(), name: name, validity: snap.UIDValidity, next: 1, modSeq: snap.ModSeq, all: map[imap.UID]*msg{}, claimed: map[imap.UID]bool{}, keywords: map[string]bool{}, raw: raw}
	if l.byID[f.id] != nil || f.validity <= l.validity && l.byValidity[f.validity] != nil {
		l.w.fail("41", "a new folder %q has the ID %s and the UIDVALIDITY %d of another", name, f.id, f.validity)
	}
	if snap.UIDNext != 1 && snap.UIDs.Len() == 0 {
		l.w.fail("40", "an empty new folder has UIDNEXT %d", snap.UIDNext)
	}
	l.validity = max(l.validity, f.validity)
	l.byID[f.id], l.byValidity[f.validity] = f, f
	a.names[name] = f
	return f
}

// make makes the folder of a name, and the parents that are missing.
func (l *ledger) make(a *account, name string) *folder {
	l.makeParents(a, name)
	return l.adopt(a, name)
}

func (l *ledger) makeParents(a *account, name string) {
	for _, p := range parents(name) {
		if _, known := a.names[p]; !known {
			l.w.checkFolder(l.adopt(a, p))
		}
	}
}

// add puts a message at the end of a folder.
func (f *folder) add(w *world, uid imap.UID, c *content, flags []string, date time.Time, m imap.ModSeq) {
	if uid < f.next {
		w.fail("39", "%q gives UID %d, below UIDNEXT %d", f.name, uid, f.next)
	}
	if m <= 0 || m > imap.MaxModSeq {
		w.fail("45", "%q gives modseq %d", f.name, m)
	}
	f.next = uid + 1
	x := &msg{uid: uid, content: c, flags: flags, date: date, hist: []version{{m, keyOf(flags)}}}
	f.msgs, f.all[uid] = append(f.msgs, x), x
	f.learn(flags)
}

func (f *folder) learn(flags []string) {
	for _, k := range flags {
		if k[0] != '\\' {
			f.keywords[k] = true
		}
	}
}

// remove takes messages out of a folder and returns those that were there.
func (f *folder) remove(uids imap.UIDSet) (gone []*msg) {
	f.msgs = slices.DeleteFunc(f.msgs, func(m *msg) bool {
		if !uids.Contains(m.uid) {
			return false
		}
		m.gone = true
		gone = append(gone, m)
		return true
	})
	return gone
}

// pick returns the messages of uids that are there.
func (f *folder) pick(uids imap.UIDSet) (out []*msg) {
	for _, m := range f.msgs {
		if uids.Contains(m.uid) {
			out = append(out, m)
		}
	}
	return out
}

// alive returns the message with that UID if it is there.
func (f *folder) alive(u imap.UID) *msg {
	if m := f.all[u]; m != nil && !m.gone {
		return m
	}
	return nil
}

// advance takes note of the modseq of a change.
func (f *folder) advance(w *world, m imap.ModSeq) {
	if m <= f.modSeq || m > imap.MaxModSeq {
		w.fail("45", "a change of %q has modseq %d after %d", f.name, m, f.modSeq)
	}
	f.modSeq = m
}

func uidsOf(ms []*msg) (s imap.UIDSet) {
	for _, m := range ms {
		s.Add(m.uid)
	}
	return s
}

func (f *folder) octets() (n int64) {
	for _, m := range f.msgs {
		n += int64(len(m.content.octets))
	}
	return n
}

// change applies an update of flags and returns the flags then.
func change(old []string, op mailbox.FlagOp, flags []string) []string {
	switch op {
	case mailbox.SetFlags:
		return flags
	case mailbox.AddFlags:
		out := slices.Clone(old)
		for _, f := range flags {
			if i, found := slices.BinarySearch(out, f); !found {
				out = slices.Insert(out, i, f)
			}
		}
		return out
	}
	return slices.DeleteFunc(slices.Clone(old), func(f string) bool { return slices.Contains(flags, f) })
}

// usage is what the folders of a root add up to.
func (a *account) usage(i int) (octets, messages, folders int64) {
	for name, f := range a.names {
		if f == nil {
			continue
		}
		if rule, belongs := a.policies[i].Of(name); belongs && !rule.Ignore {
			octets += f.octets()
			messages += int64(len(f.msgs))
			folders++
		}
	}
	return octets, messages, folders
}

// counted returns the roots that a folder of that name counts in.
func (a *account) counted(name string) (roots []int) {
	for i, p := range a.policies {
		if rule, belongs := p.Of(name); belongs && !rule.Ignore {
			roots = append(roots, i)
		}
	}
	return roots
}
