package imapserver_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/mailwire/mailwire/imapwire"
	"github.com/mailwire/mailwire/imapwire/engine"
	"github.com/mailwire/mailwire/imapwire/imap"
	"github.com/mailwire/mailwire/imapwire/imapserver"
)

// TestExpungeTiming: invariant 14.
func TestExpungeTiming(t *testing.T) {
	for _, tt := range []struct {
		command, behind string
		want            bool
	}{
		{"NOOP", "", true}, {"CHECK", "", true}, {"COPY 1 x", "", true}, {"UID FETCH 1 FLAGS", "", true}, {"STATUS x (MESSAGES)", "", true},
		{"FETCH 1 FLAGS", "", false}, {"STORE 1 FLAGS ()", "", false}, {"SEARCH ALL", "", false},
		{"NOOP", "b", false}, {"NOOP", "b STORE 3 FLAGS ()\r\n", false}, {"EXPUNGE", "b NOOP\r\n", true}, {"MOVE 1 x", "b NOOP\r\n", true},
		{"SELECT x", "", true}, {"CAPABILITY", "", false},
	} {
		s := inState(t, loopback, imapserver.StateSelected)
		s.must(s.c.Feed(start, []byte("a "+tt.command+"\r\n"+tt.behind)))
		ev := s.c.Next()
		if got := s.c.MayExpunge(); got != tt.want {
			t.Errorf("%s, then %q: MayExpunge %v", tt.command, tt.behind, got)
		}
		if err := s.c.Send(&imapwire.ExpungeData{Seq: 1}); (err == nil) != tt.want {
			t.Errorf("%s, then %q: %v", tt.command, tt.behind, err)
		}
		if c, isCommand := ev.(*imapserver.Command); isCommand {
			s.must(s.c.Done(c.ID, ok("x")))
		}
		if tt.behind == "" && s.c.MayExpunge() {
			t.Errorf("%s: MayExpunge behind the answer", tt.command)
		}
	}
	idle := inState(t, loopback, imapserver.StateSelected)
	idle.feed("a IDLE\r\n")
	if !idle.c.MayExpunge() {
		t.Error("no EXPUNGE in IDLE")
	}
}
