package view_test

import (
	"errors"
	"fmt"
	"iter"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/mailwire/mailwire/imapwire/imap"
	"github.com/mailwire/mailwire/mailbox"
	"github.com/mailwire/mailwire/mailbox/view"
)

// A folder is a model of a folder: its messages, and the last change of each
// message that there ever was.
type folder struct {
	next    imap.UID
	modSeq  imap.ModSeq
	floor   imap.ModSeq
	flags   map[imap.UID]string
	changed map[imap.UID]imap.ModSeq
	born    map[imap.UID]imap.ModSeq
}

func newFolder() *folder {
	return &folder{
		next: 1, modSeq: 1,
		flags: make(map[imap.UID]string), changed: make(map[imap.UID]imap.ModSeq), born: make(map[imap.UID]imap.ModSeq),
	}
}

func (f *folder) uids() []imap.UID {
	var out []imap.UID
	for u := range f.flags {
		out = append(out, u)
	}
	slices.Sort(out)
	return out
}

func (f *folder) append(n int) {
	f.modSeq++
	for range n {
		f.flags[f.next], f.changed[f.next], f.born[f.next] = "", f.modSeq, f.modSeq
		f.next++
	}
}

func (f *folder) store(u imap.UID, flag string) (before, after imap.ModSeq) {
	before = f.modSeq
	f.modSeq++
	f.flags[u], f.changed[u] = flag, f.modSeq
	return before, f.modSeq
}

func (f *folder) expunge(us ...imap.UID) {
	f.modSeq++
	for _, u := range us {
		delete(f.flags, u)
		f.changed[u] = f.modSeq
	}
}

func (f *folder) snapshot() mailbox.Snapshot {
	return mailbox.Snapshot{UIDValidity: 1, UIDs: imap.UIDListOf(imap.UIDSetOf(f.uids()...)), ModSeq: f.modSeq, UIDNext: f.next}
}

func (f *folder) changes(since imap.ModSeq) iter.Seq2[mailbox.Change, error] {
	return func(yield func(mailbox.Change, error) bool) {
		if since < f.floor {
			yield(mailbox.Change{}, &mailbox.FloorError{Floor: f.floor})
			return
		}
		var out []mailbox.Change
		for u, m := range f.changed {
			if m <= since {
				continue
			}
			c := mailbox.Change{ModSeq: m, UID: u, Kind: mailbox.FlagsChanged}
			if _, lives := f.flags[u]; !lives {
				c.Kind = mailbox.Expunged
			} else if f.born[u] > since {
				c.Kind = mailbox.Appended
			}
			out = append(out, c)
		}
		slices.SortFunc(out, func(a, b mailbox.Change) int {
			if a.ModSeq != b.ModSeq {
				return int(a.ModSeq) - int(b.ModSeq)
			}
			return int(a.UID) - int(b.UID)
		})
		for _, c := range out {
			if !yield(c, nil) {
				return
			}
		}
	}
}

// A client keeps the picture of a folder that a mail program has: only what
// responses said.
type client struct {
	uids  []imap.UID // by number; what EXISTS added is looked up at once
	flags map[imap.UID]string
}

// A session is a view with the client that is told.
type session struct {
	v *view.View
	client
}

func open(f *folder) *session {
	s := &session{v: view.New(f.snapshot()), client: client{uids: f.uids(), flags: make(map[imap.UID]string)}}
	for u, flag := range f.flags {
		s.flags[u] = flag
	}
	return s
}

func (s *session) read(f *folder) error {
	err := s.v.Read(f.changes(s.v.Watermark()))
	var floor *mailbox.FloorError
	if errors.As(err, &floor) {
		s.v.Resync(f.snapshot())
		return nil
	}
	return err
}

// flush tells the client what may be told, in pieces of at most n.
func (s *session) flush(t interface{ Fatalf(string, ...any) }, f *folder, mayExpunge bool, n int) {
	for mayExpunge {
		seqs, uids := s.v.TakeExpunged(n)
		if len(seqs) == 0 {
			break
		}
		var said imap.UIDSet
		for _, seq := range seqs {
			// Invariant 15: every number is in 1 to the count.
			if seq == 0 || int(seq) > len(s.uids) {
				t.Fatalf("EXPUNGE %d of %d messages", seq, len(s.uids))
			}
			said.Add(s.uids[seq-1])
			s.uids = slices.Delete(s.uids, int(seq)-1, int(seq))
		}
		if !said.Equal(uids) {
			t.Fatalf("expunged %v by number, %v by UID", said, uids)
		}
	}
	if count, uids, ok := s.v.TakeExists(); ok {
		// Invariant 15: EXISTS never lowers the count.
		if int(count) <= len(s.uids) {
			t.Fatalf("EXISTS %d after %d", count, len(s.uids))
		}
		for u := range uids.All() {
			s.uids = append(s.uids, u)
			s.flags[u] = f.flags[u] // the client fetches them
		}
		if int(count) != len(s.uids) {
			t.Fatalf("EXISTS %d, %d known", count, len(s.uids))
		}
	}
	for {
		uids := s.v.TakeDirty(n)
		if len(uids) == 0 {
			break
		}
		for u := range uids.All() {
			flags, lives := f.flags[u]
			if !lives {
				continue
			}
			seq, ok := s.v.Told().Seq(u)
			if !ok || s.uids[seq-1] != u {
				t.Fatalf("FETCH %d for UID %d, which the client has not there", seq, u)
			}
			s.flags[u] = flags
		}
	}
}

// TestView: invariants 15, 42, 43 and 47. Sessions on one folder are told at
// different moments, in pieces, with and without leave to expunge. What the
// view holds is always what the client was told, a number means the same
// message until then, the modseq is one to ask from later and miss nothing, and
// in the end all see the folder.
func TestView(t *testing.T) { rapid.Check(t, checkView) }

// FuzzView is [TestView] with the draws taken from an input.
func FuzzView(f *testing.F) {
	for i := range byte(8) {
		seed := make([]byte, 4<<10)
		rand.NewChaCha8([32]byte{i}).Read(seed)
		f.Add(seed)
	}
	f.Fuzz(rapid.MakeFuzz(checkView))
}

func checkView(t *rapid.T) {
	f := newFolder()
	f.append(rapid.IntRange(0, 6).Draw(t, "messages"))
	sessions := make([]*session, rapid.IntRange(2, 4).Draw(t, "sessions"))
	for i := range sessions {
		sessions[i] = open(f)
	}
	pick := func(t *rapid.T) *session { return rapid.SampledFrom(sessions).Draw(t, "session") }
	t.Repeat(map[string]func(*rapid.T){
		"append": func(t *rapid.T) { f.append(rapid.IntRange(1, 3).Draw(t, "n")) },
		"expunge": func(t *rapid.T) {
			if us := f.uids(); len(us) > 0 {
				f.expunge(rapid.SliceOfNDistinct(rapid.SampledFrom(us), 1, len(us), rapid.ID).Draw(t, "uids")...)
			}
		},
		"store": func(t *rapid.T) {
			s := pick(t)
			if err := s.read(f); err != nil {
				t.Fatal(err)
			}
			if len(s.uids) == 0 {
				return
			}
			u := rapid.SampledFrom(s.uids).Draw(t, "uid")
			if _, lives := f.flags[u]; !lives {
				return
			}
			before, after := f.store(u, rapid.StringMatching(`[a-d]{1,2}`).Draw(t, "flags"))
			s.v.Own(before, after, imap.UIDSetOf(u))
			s.flags[u] = f.flags[u] // told by the command
		},
		"store by another": func(t *rapid.T) {
			if us := f.uids(); len(us) > 0 {
				f.store(rapid.SampledFrom(us).Draw(t, "uid"), rapid.StringMatching(`[e-h]{1,2}`).Draw(t, "flags"))
			}
		},
		"read": func(t *rapid.T) {
			if err := pick(t).read(f); err != nil {
				t.Fatal(err)
			}
		},
		"flush": func(t *rapid.T) {
			pick(t).flush(t, f, rapid.Bool().Draw(t, "may expunge"), rapid.IntRange(1, 5).Draw(t, "piece"))
		},
		"share": func(t *rapid.T) {
			s := pick(t)
			before := s.v.Told()
			s.v.Share(f.snapshot())
			if !before.Equal(s.v.Told()) {
				t.Fatal("sharing changed the view")
			}
		},
		"forget history": func(t *rapid.T) { f.floor = f.modSeq },
		"": func(t *rapid.T) {
			for i, s := range sessions {
				var told []imap.UID
				for _, u := range s.v.Told().All() {
					told = append(told, u)
				}
				if !slices.Equal(s.uids, told) {
					t.Fatalf("session %d: the view is not what the client was told:\n%s", i, cmp.Diff(s.uids, told))
				}
				for k, u := range s.uids {
					if uids, err := s.v.Resolve(imap.SetOf(uint32(k)+1), false, nil); err != nil || !uids.Equal(imap.UIDSetOf(u)) {
						t.Fatalf("session %d: number %d is %v, %v; the client was told UID %d", i, k+1, uids, err, u)
					}
				}
				highest := s.v.HighestModSeq()
				if held := s.v.Held(); held == 0 && highest != s.v.Watermark() || held > 0 && highest >= s.v.Watermark() {
					t.Fatalf("session %d: HIGHESTMODSEQ %d with %d held at %d", i, highest, held, s.v.Watermark())
				}
				for _, u := range s.uids {
					if s.v.IsHeld(u) && highest >= f.changed[u] {
						t.Fatalf("session %d: HIGHESTMODSEQ %d with UID %d held, which went at %d", i, highest, u, f.changed[u])
					}
				}
			}
		},
	})
	for i, s := range sessions {
		if err := s.read(f); err != nil {
			t.Fatal(err)
		}
		s.flush(t, f, true, 100)
		if !slices.Equal(f.uids(), s.uids) {
			t.Fatalf("session %d ends with other messages:\n%s", i, cmp.Diff(f.uids(), s.uids))
		}
		for _, u := range s.uids {
			if s.flags[u] != f.flags[u] {
				t.Fatalf("session %d: UID %d has flags %q, told %q", i, u, f.flags[u], s.flags[u])
			}
		}
		if s.v.Pending(true) || s.v.Held() != 0 {
			t.Fatalf("session %d still has something to tell", i)
		}
	}
}

func TestResolve(t *testing.T) {
	f := newFolder()
	f.append(10)
	f.expunge(2, 3, 7)
	s := open(f) // 1 4 5 6 8 9 10
	f.expunge(5)
	f.append(1)
	if err := s.read(f); err != nil {
		t.Fatal(err)
	}
	star := imap.Star
	for _, tt := range []struct {
		set  imap.Set
		uid  bool
		want string
		err  error
	}{
		{imap.SetOf(1), false, "1", nil},
		{imap.SetOf(3), false, "5", nil}, // gone, and not told: it keeps its number
		{imap.SetRange(2, 4), false, "4:6", nil},
		{imap.SetRange(4, 2), false, "4:6", nil},
		{imap.SetRange(6, star), false, "9:10", nil},
		{imap.SetRange(star, star), false, "10", nil},
		{imap.SetOf(8), false, "", view.ErrNumber},
		{imap.SetRange(1, 8), false, "", view.ErrNumber},
		{imap.SetOf(5), true, "5", nil},
		{imap.SetOf(7), true, "", nil},
		{imap.SetOf(11), true, "", nil}, // not told yet
		{imap.SetRange(9999, star), true, "10", nil},
		{imap.SetRange(1, 1<<32-1), true, "1,4:6,8:10", nil},
		{imap.Set{Saved: true}, false, "4,8", nil},
	} {
		got, err := s.v.Resolve(tt.set, tt.uid, imap.UIDSetOf(4, 7, 8, 11))
		if got.String() != tt.want || !errors.Is(err, tt.err) {
			t.Errorf("%v uid=%v: %v, %v; want %v, %v", tt.set, tt.uid, got, err, tt.want, tt.err)
		}
	}
	empty := open(newFolder())
	if _, err := empty.v.Resolve(imap.SetRange(1, star), false, nil); !errors.Is(err, view.ErrNumber) {
		t.Errorf("1:* in an empty folder: %v", err)
	}
	if got, err := empty.v.Resolve(imap.SetRange(1, star), true, nil); err != nil || len(got) > 0 {
		t.Errorf("UID 1:* in an empty folder: %v, %v", got, err)
	}
}

// TestOwn: a change that hides one by somebody else is told.
func TestOwn(t *testing.T) {
	f := newFolder()
	f.append(2)
	s := open(f)
	f.store(1, "x")
	before, after := f.store(1, "xy")
	s.v.Own(before, after, imap.UIDSetOf(1))
	before, after = f.store(2, "z")
	s.v.Own(before, after, imap.UIDSetOf(2))
	if err := s.read(f); err != nil {
		t.Fatal(err)
	}
	// Neither change was next to what the session had read.
	if got := s.v.TakeDirty(10).String(); got != "1:2" {
		t.Errorf("dirty %s, want 1:2", got)
	}
	before, after = f.store(1, "")
	s.v.Own(before, after, imap.UIDSetOf(1))
	if err := s.read(f); err != nil {
		t.Fatal(err)
	}
	if got := s.v.TakeDirty(10).String(); got != "" {
		t.Errorf("its own change is told: %s", got)
	}
}

func Example() {
	f := newFolder()
	f.append(3)
	v := view.New(f.snapshot())

	// Another session removes the first message and adds one.
	f.expunge(1)
	f.append(1)
	if err := v.Read(f.changes(v.Watermark())); err != nil {
		fmt.Println(err)
	}

	// While this session runs FETCH, numbers keep their meaning …
	uids, _ := v.Resolve(imap.SetOf(1), false, nil)
	fmt.Println("number 1 is UID", uids)
	// … and afterwards it is told.
	seqs, _ := v.TakeExpunged(100)
	for _, seq := range seqs {
		fmt.Println("*", seq, "EXPUNGE")
	}
	if count, _, ok := v.TakeExists(); ok {
		fmt.Println("*", count, "EXISTS")
	}
	uids, _ = v.Resolve(imap.SetOf(1), false, nil)
	fmt.Println("number 1 is UID", uids)
	// Output:
	// number 1 is UID 1
	// * 1 EXPUNGE
	// * 3 EXISTS
	// number 1 is UID 2
}
