package imapserver_test

import (
	"errors"
	"testing"

	"github.com/mailwire/mailwire/imapwire"
	"github.com/mailwire/mailwire/imapwire/engine"
	"github.com/mailwire/mailwire/imapwire/imap"
	"github.com/mailwire/mailwire/imapwire/imapserver"
)

// TestExpungeTiming: invariant 14. An EXPUNGE is possible while a command that
// permits it is in progress and nothing behind it has come, however much; the
// commands that remove messages tell it in any case.
func TestExpungeTiming(t *testing.T) {
	type row struct {
		command string
		want    bool // with nothing behind
		always  bool // and with something
	}
	var rows []row
	for _, c := range []string{"NOOP", "CHECK", "COPY 1 x", "UID COPY 1 x", "UID FETCH 1 FLAGS", "UID STORE 1 FLAGS ()", "UID SEARCH ALL", "UID SEARCH NOT UID 1", "UID SEARCH $", "STATUS x (MESSAGES)", "SELECT x", "LIST \"\" *", "CREATE x", "XFOO", "UID XFOO 1"} {
		rows = append(rows, row{c, true, false})
	}
	for _, c := range []string{"FETCH 1 FLAGS", "STORE 1 FLAGS ()", "SEARCH ALL", "UID SEARCH 1", "UID SEARCH NOT 1", "UID SEARCH OR SEEN (DELETED 7)"} {
		rows = append(rows, row{c, false, false})
	}
	for _, c := range []string{"EXPUNGE", "UID EXPUNGE 1", "MOVE 1 x", "UID MOVE 1 x"} {
		rows = append(rows, row{c, true, true})
	}
	for _, tt := range rows {
		for _, behind := range []string{"", "b", "\r", "\r\n", "b STORE 3 FLAGS ()\r\n", "b NOOP\r\nc NOOP\r\n", "b CREATE {5+}\r\nab"} {
			s := inState(t, loopback, imapserver.StateSelected)
			if s.c.MayExpunge() {
				t.Fatal("MayExpunge with no command in progress")
			}
			s.must(s.c.Feed(start, []byte("a "+tt.command+"\r\n"+behind)))
			id := s.c.Next().(*imapserver.Command).ID
			want := tt.want && (behind == "" || tt.always)
			if got := s.c.MayExpunge(); got != want {
				t.Errorf("%s, then %q: MayExpunge %v", tt.command, behind, got)
			}
			for _, r := range []imapwire.Response{&imapwire.ExpungeData{Seq: 1}, &imapwire.VanishedData{UIDs: imap.UIDSet{{First: 1, Last: 1}}}} {
				if err := s.c.Send(r); want && err != nil || !want && !errors.Is(err, engine.ErrNotNow) {
					t.Errorf("%s, then %q, %T: %v", tt.command, behind, r, err)
				}
			}
			s.must(s.c.Send(&imapwire.VanishedData{Earlier: true, UIDs: imap.UIDSet{{First: 1, Last: 1}}}, &imapwire.ExistsData{Count: 1}))
			s.must(s.c.Done(id, ok("x")))
			if s.c.MayExpunge() {
				t.Errorf("%s, then %q: MayExpunge behind the answer", tt.command, behind)
			}
		}
	}
	for _, in := range []string{"a", "a CREATE {5}\r\n", "a CREATE {5}\r\nab", "a APPEND x {5}\r\n", "a APPEND x {5}\r\nab", "a APPEND x {2+}\r\nab"} {
		s := inState(t, loopback, imapserver.StateSelected)
		s.feed(in)
		if s.c.MayExpunge() {
			t.Errorf("%q: MayExpunge in a command that is not complete", in)
		}
	}
	for _, state := range states[:2] {
		s := inState(t, loopback, state)
		s.must(s.c.Feed(start, []byte("a NOOP\r\n")))
		s.c.Next()
		if s.c.MayExpunge() {
			t.Errorf("%s: MayExpunge", state)
		}
	}
}

// TestExpungeInIdle: invariant 14. IDLE permits EXPUNGE until its end is seen,
// and after it as any command does.
func TestExpungeInIdle(t *testing.T) {
	s := inState(t, loopback, imapserver.StateSelected)
	var done engine.ID
	s.on = func(ev imapserver.Event) bool {
		d, isDone := ev.(*imapserver.IdleDone)
		if isDone {
			done = d.ID
		}
		return isDone
	}
	s.feed("a IDLE\r\n")
	if !s.c.MayExpunge() || !s.c.Idling() {
		t.Error("no EXPUNGE in IDLE")
	}
	s.must(s.c.Send(&imapwire.ExpungeData{Seq: 1}))
	s.must(s.c.Feed(start, []byte("DO")))
	s.work()
	if s.c.MayExpunge() {
		t.Error("MayExpunge while something has come")
	}
	s.must(s.c.Feed(start, []byte("NE\r\n")))
	for ev := s.c.Next(); ev != nil; ev = s.c.Next() {
		s.handle(ev)
	}
	if !s.c.MayExpunge() || !s.c.Idling() || s.c.Want() != engine.WantAnswer {
		t.Error("no EXPUNGE before IDLE is answered")
	}
	s.must(s.c.Done(done, ok("idled")))
	if s.c.MayExpunge() || s.c.Idling() {
		t.Error("MayExpunge behind IDLE")
	}
	s.on = nil
	s = inState(t, loopback, imapserver.StateAuthenticated)
	s.feed("a IDLE\r\n")
	if s.c.MayExpunge() {
		t.Error("MayExpunge with no mailbox selected")
	}
	// When the mailbox goes away, so do its numbers.
	s = inState(t, loopback, imapserver.StateSelected)
	s.feed("a IDLE\r\n")
	s.c.Deselect()
	if s.c.MayExpunge() || s.c.State() != imapserver.StateAuthenticated {
		t.Errorf("%v", s.c.State())
	}
}
