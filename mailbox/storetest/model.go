package storetest

import (
	"fmt"
	"slices"
	"strings"

	"pgregory.net/rapid"

	"github.com/mailwire/mailwire/imapwire/imap"
	"github.com/mailwire/mailwire/mailbox"
)

// The model of a user's mail: what the contract says, in slices and maps, and
// nothing else. It does not choose IDs, UIDs, UIDVALIDITYs and modseqs; it takes
// those of the store and checks that they may be.

type modelMessage struct {
	uid   imap.UID
	text  string
	flags string // as flagText
}

type modelFolder struct {
	id       mailbox.FolderID
	validity uint32
	messages []modelMessage
	// next is the largest UIDNEXT told, modSeq the largest modseq.
	next     imap.UID
	modSeq   imap.ModSeq
	keywords map[string]bool
	recent   imap.UIDSet
	deleted  bool
}

type model struct {
	// names has every name; nil is only a parent.
	names      map[string]*modelFolder
	subscribed map[string]bool
	// ids and validities are all that were ever seen; largest is the largest
	// UIDVALIDITY that a name had.
	ids        map[mailbox.FolderID]bool
	validities map[uint32]bool
	largest    map[string]uint32
}

func (m *modelMessage) has(flag string) bool { return slices.Contains(strings.Fields(m.flags), flag) }

func (f *modelFolder) uids() imap.UIDSet {
	var s imap.UIDSet
	for _, m := range f.messages {
		s.Add(m.uid)
	}
	return s
}

// drop removes messages.
func (f *modelFolder) drop(uids imap.UIDSet) (dropped []modelMessage) {
	f.messages = slices.DeleteFunc(f.messages, func(m modelMessage) bool {
		if uids.Contains(m.uid) {
			dropped = append(dropped, m)
			return true
		}
		return false
	})
	f.recent = f.recent.Minus(uids)
	return dropped
}

// take adds messages with the UIDs that the store gave them: invariants 39 and
// 40.
func (f *modelFolder) take(t rapid.TB, messages []modelMessage, uids imap.UIDSet) {
	t.Helper()
	if uids.Count() != int64(len(messages)) || len(messages) > 0 && uids.Min() < f.next {
		t.Fatalf("%d messages got the UIDs %v, UIDNEXT was %d", len(messages), uids, f.next)
	}
	i := 0
	for u := range uids.All() {
		m := messages[i]
		m.uid = u
		f.messages = append(f.messages, m)
		f.recent.Add(u)
		f.learn(strings.Fields(m.flags))
		i++
	}
}

func (f *modelFolder) learn(flags []string) {
	for _, k := range flags {
		if k[0] != '\\' {
			f.keywords[k] = true
		}
	}
}

// check compares everything with the model.
func (m *machine) check(t *rapid.T) {
	for _, h := range m.handles {
		if h.of.deleted {
			_, err := h.Status(ctx)
			wants(t, err, mailbox.ErrNonExistent, "Status of a deleted folder")
			continue
		}
		// The first handle is told everything after each step.
		if h == m.handles[0] {
			m.catchUp(t, h)
		}
	}
	list := folders(t, m.users[0])
	for name, f := range m.names {
		info, listed := list[name]
		if !listed || info.NonExistent || info.NoSelect != (f == nil) || info.HasChildren != m.hasChildren(name) || info.Subscribed != m.subscribed[name] {
			t.Fatalf("%q is listed as %+v", name, info)
		}
		delete(list, name)
		if f == nil {
			continue
		}
		if info.ID != f.id {
			t.Fatalf("%q has the ID %q, expected %q", name, info.ID, f.id)
		}
		h := open(t, m.users[0], name)
		m.checkFolder(t, h, f)
		h.Close()
	}
	for name, info := range list {
		if !m.subscribed[name] || !info.NonExistent || !info.Subscribed {
			t.Fatalf("listed is %+v", info)
		}
	}
	checkUsage(t, m.opt, m.store)
}

func (m *machine) checkFolder(t *rapid.T, h mailbox.Folder, f *modelFolder) {
	s, st := snapshot(t, h), status(t, h)
	if s.UIDValidity != f.validity || !s.UIDs.Set().Equal(f.uids()) || s.UIDNext < f.next || s.UIDs.Max() >= s.UIDNext || s.ModSeq < f.modSeq {
		t.Fatalf("the folder is %+v, expected %v from UIDNEXT %d and modseq %d on", s, f.uids(), f.next, f.modSeq)
	}
	f.next, f.modSeq = s.UIDNext, s.ModSeq
	want := mailbox.Status{
		UIDValidity: f.validity, UIDNext: s.UIDNext, ModSeq: s.ModSeq, Messages: int64(len(f.messages)),
		AppendLimit: st.AppendLimit, KeywordsFull: st.KeywordsFull, Recent: f.recent,
	}
	all := messages(t, h, mailbox.AllUIDs)
	if len(all) != len(f.messages) {
		t.Fatalf("the folder has %d messages, expected %d", len(all), len(f.messages))
	}
	for i, msg := range f.messages {
		got := all[i]
		size := int64(len(msg.text))
		if got.UID != msg.uid || flagText(got.Flags) != msg.flags || got.Size != size || got.WireSize != size+1 || !got.InternalDate.Equal(day) || got.ModSeq > s.ModSeq {
			t.Fatalf("the message is %+v, expected %+v", got, msg)
		}
		want.Size += size
		if msg.has(`\deleted`) {
			want.Deleted++
			want.DeletedSize += size
		}
		if !msg.has(`\seen`) {
			want.Unseen++
			if want.FirstUnseen == 0 {
				want.FirstUnseen = msg.uid
			}
		}
	}
	if n := len(f.messages); n > 0 {
		msg := f.messages[n-1]
		if got := octets(t, h, msg.uid); got != msg.text {
			t.Fatalf("UID %d has the octets %q, expected %q", msg.uid, got, msg.text)
		}
	}
	var known []string
	for k := range f.keywords {
		known = append(known, k)
	}
	slices.Sort(known)
	if got := flagText(st.Keywords); got != strings.Join(known, " ") {
		t.Fatalf("the folder knows %q, expected %q", got, known)
	}
	st.Keywords = nil
	if got, want := fmt.Sprintf("%+v", st), fmt.Sprintf("%+v", want); got != want {
		t.Fatalf("the status is\n%s, expected\n%s", got, want)
	}
}
