package storetest

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/mailwire/mailwire/imapwire/imap"
	"github.com/mailwire/mailwire/mailbox"
)

// A modelHandle is an open folder, and what its owner was told of it.
type modelHandle struct {
	mailbox.Folder
	of   *modelFolder
	told mirror
}

// A machine is the model beside the store.
type machine struct {
	model
	store   mailbox.Store
	opt     Options
	users   []mailbox.User
	handles []*modelHandle
	lists   []*listMirror
	delim   string
	text    int
}

func testModel(t *testing.T, newStore func(t *testing.T) mailbox.Store, opt Options) {
	rapid.Check(t, func(rt *rapid.T) {
		m := newMachine(rt, newStore(t), opt)
		rt.Repeat(map[string]func(*rapid.T){
			"append":    m.append,
			"abort":     m.abort,
			"replace":   m.replace,
			"store":     m.setFlags,
			"expunge":   m.expunge,
			"copy":      m.copy,
			"move":      m.move,
			"claim":     m.claim,
			"create":    m.create,
			"delete":    m.delete,
			"rename":    m.rename,
			"subscribe": m.subscribe,
			"reopen":    m.reopen,
			"follow":    m.follow,
			"":          m.check,
		})
		for _, h := range m.handles {
			m.catchUp(rt, h)
			h.Close()
		}
		for _, u := range m.users {
			u.Close()
		}
	})
}

func newMachine(t *rapid.T, s mailbox.Store, opt Options) *machine {
	m := &machine{
		model: model{
			names: make(map[string]*modelFolder), subscribed: make(map[string]bool),
			ids: make(map[mailbox.FolderID]bool), validities: make(map[uint32]bool), largest: make(map[string]uint32),
		},
		store: s, opt: opt,
	}
	for range rapid.IntRange(2, 4).Draw(t, "handles") {
		u := account(t, s, Alice)
		m.users = append(m.users, u)
		m.lists = append(m.lists, &listMirror{})
	}
	m.delim = string(rune(m.users[0].Delimiter()))
	m.meet(t, imap.Inbox, folders(t, m.users[0])[imap.Inbox].ID)
	for _, u := range m.users {
		h := &modelHandle{Folder: open(t, u, imap.Inbox), of: m.names[imap.Inbox]}
		h.told.start(t, h)
		m.handles = append(m.handles, h)
	}
	return m
}

// meet takes a folder that was made into the model: invariant 41.
func (m *machine) meet(t rapid.TB, name string, id mailbox.FolderID) *modelFolder {
	t.Helper()
	f := open(t, m.users[0], name)
	defer f.Close()
	s := snapshot(t, f)
	if id != "" && f.ID() != id || m.ids[f.ID()] || m.validities[s.UIDValidity] || s.UIDValidity <= m.largest[name] {
		t.Fatalf("%q was made with the ID %q and UIDVALIDITY %d; Create gave %q, the name had UIDVALIDITY %d; seen are %v and %v",
			name, f.ID(), s.UIDValidity, id, m.largest[name], m.ids, m.validities)
	}
	m.ids[f.ID()], m.validities[s.UIDValidity], m.largest[name] = true, true, s.UIDValidity
	mf := &modelFolder{id: f.ID(), validity: s.UIDValidity, keywords: make(map[string]bool)}
	m.names[name] = mf
	return mf
}

// meetParents takes the parents of a name that were made with it.
func (m *machine) meetParents(t rapid.TB, name string) {
	for i := range len(name) {
		if strings.HasPrefix(name[i:], m.delim) {
			if _, known := m.names[name[:i]]; !known {
				m.meet(t, name[:i], "")
			}
		}
	}
}

func (m *machine) user(t *rapid.T) mailbox.User {
	return m.users[rapid.IntRange(0, len(m.users)-1).Draw(t, "user")]
}

func (m *machine) handle(t *rapid.T) *modelHandle {
	return m.handles[rapid.IntRange(0, len(m.handles)-1).Draw(t, "handle")]
}

// name draws a name from few, so that they meet.
func (m *machine) name(t *rapid.T) string {
	return strings.ReplaceAll(rapid.SampledFrom([]string{
		imap.Inbox, "a", "b", "a/a", "a/b", "b/a", "a/a/a", "ab", "INBOX/a", "c/c/c",
	}).Draw(t, "name"), "/", m.delim)
}

// some draws UIDs of a folder, and now and then one that is none of it.
func (m *machine) some(t *rapid.T, f *modelFolder, stray bool) imap.UIDSet {
	var s imap.UIDSet
	for _, msg := range f.messages {
		if rapid.Bool().Draw(t, "chosen") {
			s.Add(msg.uid)
		}
	}
	if stray && rapid.IntRange(0, 3).Draw(t, "stray") == 0 {
		s.Add(imap.UID(rapid.IntRange(1, int(f.next)+3).Draw(t, "UID")))
	}
	return s
}

func (m *machine) flags(t *rapid.T) []imap.Flag {
	return rapid.SliceOfN(rapid.SampledFrom([]imap.Flag{
		imap.FlagSeen, `\DELETED`, imap.FlagDeleted, imap.FlagFlagged, "k", "K", "$Label1", imap.FlagRecent,
	}), 0, 4).Draw(t, "flags")
}

// folded returns flags as the model keeps them, sorted and each once.
func folded(flags []imap.Flag) []string {
	var s []string
	for _, f := range flags {
		if !f.Equal(imap.FlagRecent) {
			s = append(s, f.Fold())
		}
	}
	slices.Sort(s)
	return slices.Compact(s)
}

// alive checks a call on a handle whose folder may have been deleted.
func (m *machine) alive(t *rapid.T, h *modelHandle, err error) bool {
	t.Helper()
	if h.of.deleted {
		wants(t, err, mailbox.ErrNonExistent, "a call on a deleted folder")
	}
	return !h.of.deleted
}

func (m *machine) letters(t *rapid.T) ([]letter, []modelMessage) {
	letters := make([]letter, rapid.IntRange(1, 3).Draw(t, "messages"))
	messages := make([]modelMessage, len(letters))
	for i := range letters {
		m.text++
		letters[i] = letter{fmt.Sprintf("Subject: %d\n", m.text), m.flags(t), day}
		messages[i] = modelMessage{text: letters[i].text, flags: strings.Join(folded(letters[i].flags), " ")}
	}
	return letters, messages
}

func (m *machine) append(t *rapid.T) {
	h := m.handle(t)
	letters, messages := m.letters(t)
	res, err := tryAdd(h, letters...)
	if !m.alive(t, h, err) {
		return
	}
	ok(t, err, "appending")
	h.of.take(t, messages, set(res.UIDs...))
	if res.UIDValidity != h.of.validity || res.ModSeq <= h.of.modSeq {
		t.Fatalf("appending gave %+v; the modseq was %d", res, h.of.modSeq)
	}
}

func (m *machine) abort(t *rapid.T) {
	h := m.handle(t)
	tx, err := h.Append(ctx)
	if !m.alive(t, h, err) {
		return
	}
	ok(t, err, "Append")
	letters, _ := m.letters(t)
	for _, l := range letters {
		ok(t, put(tx, l), "a message")
	}
	ok(t, tx.Expunge(m.some(t, h.of, true)), "Expunge")
	ok(t, tx.Abort(), "Abort")
}

func (m *machine) replace(t *rapid.T) {
	h := m.handle(t)
	tx, err := h.Append(ctx)
	if !m.alive(t, h, err) {
		return
	}
	ok(t, err, "Append")
	gone := m.some(t, h.of, true)
	ok(t, tx.Expunge(gone), "Expunge")
	letters, messages := m.letters(t)
	for _, l := range letters {
		ok(t, put(tx, l), "a message")
	}
	res, err := tx.Commit()
	ok(t, err, "Commit")
	h.of.drop(gone)
	h.of.take(t, messages, set(res.UIDs...))
}

func (m *machine) setFlags(t *rapid.T) {
	h := m.handle(t)
	uids, flags := m.some(t, h.of, true), m.flags(t)
	op := mailbox.FlagOp(rapid.IntRange(int(mailbox.SetFlags), int(mailbox.RemoveFlags)).Draw(t, "op"))
	res, err := h.Store(ctx, uids, mailbox.FlagUpdate{Op: op, Flags: flags})
	if !m.alive(t, h, err) {
		return
	}
	ok(t, err, "Store")
	var changed imap.UIDSet
	change := folded(flags)
	for i := range h.of.messages {
		msg := &h.of.messages[i]
		if !uids.Contains(msg.uid) {
			continue
		}
		now := strings.Fields(msg.flags)
		switch op {
		case mailbox.SetFlags:
			now = change
		case mailbox.AddFlags:
			now = append(now, change...)
		case mailbox.RemoveFlags:
			now = slices.DeleteFunc(now, func(f string) bool { return slices.Contains(change, f) })
		}
		slices.Sort(now)
		text := strings.Join(slices.Compact(slices.Clone(now)), " ")
		if text != msg.flags {
			changed.Add(msg.uid)
			msg.flags = text
			h.of.learn(strings.Fields(text))
		}
	}
	if !res.Changed.Equal(changed) || (len(changed) > 0) != (res.ModSeq > h.of.modSeq) || len(changed) == 0 && res.ModSeq != 0 || len(res.Modified) > 0 {
		t.Fatalf("Store gave %+v, expected a change of %v above modseq %d", res, changed, h.of.modSeq)
	}
}

func (m *machine) expunge(t *rapid.T) {
	h := m.handle(t)
	uids := mailbox.AllUIDs
	if rapid.Bool().Draw(t, "some") {
		uids = m.some(t, h.of, true)
	}
	res, err := h.Expunge(ctx, uids)
	if !m.alive(t, h, err) {
		return
	}
	ok(t, err, "Expunge")
	var gone imap.UIDSet
	for _, msg := range h.of.messages {
		if uids.Contains(msg.uid) && msg.has(`\deleted`) {
			gone.Add(msg.uid)
		}
	}
	if !res.UIDs.Equal(gone) || (len(gone) > 0) != (res.ModSeq > h.of.modSeq) || len(gone) == 0 && res.ModSeq != 0 {
		t.Fatalf("Expunge gave %+v, expected %v above modseq %d", res, gone, h.of.modSeq)
	}
	h.of.drop(gone)
}

// target checks the error of a Copy or Move, and returns its target.
func (m *machine) target(t *rapid.T, h *modelHandle, to string, err error) *modelFolder {
	t.Helper()
	if !m.alive(t, h, err) {
		return nil
	}
	f, known := m.names[to]
	switch {
	case !known:
		wants(t, err, mailbox.ErrNonExistent, "a target that does not exist")
	case f == nil:
		wants(t, err, mailbox.ErrNoSelect, "a target that is only a parent")
	}
	return f
}

func (m *machine) copy(t *rapid.T) {
	h, to := m.handle(t), m.name(t)
	uids := m.some(t, h.of, true)
	res, err := h.Copy(ctx, uids, to)
	f := m.target(t, h, to, err)
	if f == nil {
		return
	}
	if missing := uids.Minus(h.of.uids()); len(missing) > 0 {
		wants(t, err, mailbox.ErrExpunged, "Copy of what is gone")
		return
	}
	ok(t, err, "Copy")
	var came []modelMessage
	for _, msg := range h.of.messages {
		if uids.Contains(msg.uid) {
			came = append(came, msg)
		}
	}
	if !res.Source.Equal(uids) || res.UIDValidity != f.validity || res.ModSeq != 0 {
		t.Fatalf("Copy of %v gave %+v", uids, res)
	}
	f.take(t, came, res.Dest)
}

func (m *machine) move(t *rapid.T) {
	h, to := m.handle(t), m.name(t)
	uids := m.some(t, h.of, true)
	res, err := h.Move(ctx, uids, to)
	f := m.target(t, h, to, err)
	if f == nil {
		return
	}
	ok(t, err, "Move")
	there := h.of.uids().Intersect(uids)
	if !res.Source.Equal(there) || res.UIDValidity != f.validity || (len(there) > 0) != (res.ModSeq > h.of.modSeq) {
		t.Fatalf("Move of %v gave %+v, expected %v", uids, res, there)
	}
	f.take(t, h.of.drop(there), res.Dest)
}

func (m *machine) claim(t *rapid.T) {
	h := m.handle(t)
	got, err := h.ClaimRecent(ctx)
	if !m.alive(t, h, err) {
		return
	}
	ok(t, err, "ClaimRecent")
	if !got.Equal(h.of.recent) {
		t.Fatalf("claimed %v, expected %v", got, h.of.recent)
	}
	h.of.recent = nil
}

func (m *machine) create(t *rapid.T) {
	name := m.name(t)
	id, err := m.user(t).Create(ctx, name, mailbox.CreateOptions{})
	if m.names[name] != nil {
		wants(t, err, mailbox.ErrAlreadyExists, "Create of what is there")
		return
	}
	ok(t, err, "Create")
	m.meetParents(t, name)
	m.meet(t, name, id)
}

func (m *machine) hasChildren(name string) bool {
	for n := range m.names {
		if strings.HasPrefix(n, name+m.delim) {
			return true
		}
	}
	return false
}

// prune removes names that are parents of nothing.
func (m *machine) prune() {
	for again := true; again; {
		again = false
		for n, f := range m.names {
			if f == nil && !m.hasChildren(n) {
				delete(m.names, n)
				again = true
			}
		}
	}
}

func (m *machine) delete(t *rapid.T) {
	name := m.name(t)
	err := m.user(t).Delete(ctx, name)
	f, known := m.names[name]
	switch {
	case name == imap.Inbox:
		wants(t, err, mailbox.ErrCannot, "Delete of INBOX")
	case !known:
		wants(t, err, mailbox.ErrNonExistent, "Delete of nothing")
	case f == nil:
		wants(t, err, mailbox.ErrHasChildren, "Delete of a name that is only a parent")
	default:
		ok(t, err, "Delete")
		f.deleted = true
		m.names[name] = nil
		m.prune()
	}
}

func (m *machine) rename(t *rapid.T) {
	from, to := m.name(t), m.name(t)
	err := m.user(t).Rename(ctx, from, to)
	f, known := m.names[from]
	_, taken := m.names[to]
	switch {
	case !known:
		wants(t, err, mailbox.ErrNonExistent, "Rename of nothing")
		return
	case taken:
		wants(t, err, mailbox.ErrAlreadyExists, "Rename to what is there")
		return
	case from == imap.Inbox:
		ok(t, err, "Rename of INBOX")
		m.meetParents(t, to)
		moved := m.meet(t, to, "")
		g := open(t, m.users[0], to)
		defer g.Close()
		s := snapshot(t, g)
		moved.next = 1
		moved.take(t, f.drop(f.uids()), s.UIDs.Set())
		return
	case strings.HasPrefix(to, from+m.delim):
		wants(t, err, mailbox.ErrCannot, "Rename below itself")
		return
	}
	ok(t, err, "Rename")
	m.meetParents(t, to)
	for n, f := range maps.Clone(m.names) {
		if n != from && !strings.HasPrefix(n, from+m.delim) {
			continue
		}
		now := to + n[len(from):]
		delete(m.names, n)
		m.names[now] = f
		if f != nil {
			m.largest[now] = max(m.largest[now], f.validity)
		}
	}
	m.prune()
}

func (m *machine) subscribe(t *rapid.T) {
	name, on := m.name(t), rapid.Bool().Draw(t, "on")
	ok(t, m.user(t).Subscribe(ctx, name, on), "Subscribe")
	if delete(m.subscribed, name); on {
		m.subscribed[name] = true
	}
}

// reopen gives a handle another folder.
func (m *machine) reopen(t *rapid.T) {
	i := rapid.IntRange(0, len(m.handles)-1).Draw(t, "handle")
	name := m.name(t)
	f, err := m.users[i].Open(ctx, name)
	of, known := m.names[name]
	switch {
	case !known:
		wants(t, err, mailbox.ErrNonExistent, "Open of nothing")
		return
	case of == nil:
		wants(t, err, mailbox.ErrNoSelect, "Open of a name that is only a parent")
		return
	}
	ok(t, err, "Open")
	if f.ID() != of.id {
		t.Fatalf("%q has the ID %q, expected %q", name, f.ID(), of.id)
	}
	ok(t, m.handles[i].Close(), "Close")
	h := &modelHandle{Folder: f, of: of}
	h.told.start(t, h)
	m.handles[i] = h
}

// follow tells one handle, or one user, what happened.
func (m *machine) follow(t *rapid.T) {
	if rapid.Bool().Draw(t, "list") {
		i := rapid.IntRange(0, len(m.users)-1).Draw(t, "user")
		m.lists[i].follow(t, m.users[i])
		m.lists[i].compare(t, m.users[i])
		return
	}
	m.catchUp(t, m.handle(t))
}

func (m *machine) catchUp(t rapid.TB, h *modelHandle) {
	t.Helper()
	if !h.of.deleted {
		h.told.follow(t, h)
		h.told.compare(t, h)
	}
}
