package imapserve_test

import (
	"context"
	"iter"
	"strings"
	"testing"
	"time"

	"github.com/mailwire/mailwire/imapwire/engine"
	"github.com/mailwire/mailwire/imapwire/imap"
	"github.com/mailwire/mailwire/mailbox"
	"github.com/mailwire/mailwire/mailbox/imapserve"
	"github.com/mailwire/mailwire/mailbox/memstore"
)

// A meter is a store that counts the messages which are read of it, and the bodies
// that are opened.
type meter struct {
	*memstore.Store
	messages, bodies int
}

type meteredUser struct {
	mailbox.User
	m *meter
}

type meteredFolder struct {
	mailbox.Folder
	m *meter
}

// User implements [mailbox.Store].
func (m *meter) User(ctx context.Context, name string) (mailbox.User, error) {
	u, err := m.Store.User(ctx, name)
	return meteredUser{u, m}, err
}

func (u meteredUser) Open(ctx context.Context, name string) (mailbox.Folder, error) {
	f, err := u.User.Open(ctx, name)
	if err != nil {
		return nil, err
	}
	return meteredFolder{f, u.m}, nil
}

func (f meteredFolder) Messages(ctx context.Context, uids imap.UIDSet) iter.Seq2[mailbox.Message, error] {
	return func(yield func(mailbox.Message, error) bool) {
		for m, err := range f.Folder.Messages(ctx, uids) {
			f.m.messages++
			if !yield(m, err) {
				return
			}
		}
	}
}

func (f meteredFolder) Body(ctx context.Context, uid imap.UID) (mailbox.Body, error) {
	f.m.bodies++
	return f.Folder.Body(ctx, uid)
}

// metered returns a server over n messages, and two sessions that have them open.
func metered(t *testing.T, n int) (m *meter, c, other *client) {
	t.Helper()
	m = &meter{Store: memstore.New(memstore.Options{Now: func() time.Time { return start }})}
	if err := m.AddUser("u", "p"); err != nil {
		t.Fatal(err)
	}
	srv, err := imapserve.NewServer(m, imapserve.Options{Auth: m.Store, PlaintextAuth: engine.PlaintextLoopback})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { srv.Close() })
	f := &fixture{t, m.Store, srv}
	f.fill(t, n)
	c = f.open(t, "INBOX")
	c.ok("CREATE Copies")
	return m, c, f.open(t, "INBOX")
}

// TestYield: invariant 60. Work on many messages is done in slices that are bounded,
// each message is looked at once, others are served between two slices, and the
// octets are the same as without interruption.
func TestYield(t *testing.T) {
	const n = 1000
	_, whole, _ := metered(t, n)
	m, cut, other := metered(t, n)
	for _, tt := range []struct {
		command  string
		messages int // that are read
		bodies   int // that are opened
		slice    int // messages in one slice, at most; 0 is as much as output may wait
		slices   int // at least
	}{
		{"SEARCH ALL", n, 0, 256, 4},
		{"UID SEARCH RETURN (MIN MAX COUNT) 100:900 UNSEEN", n, 0, 256, 4},
		// What is cheap decides first.
		{"SEARCH OR (NOT SUBJECT x) UID 5", n, n - 1, 256, 4},
		{"SEARCH BODY x KEYWORD k LARGER 100000", n, 0, 256, 4},
		{"SEARCH RETURN (SAVE) NOT UID 3:4", n, 0, 256, 4},
		{"UID SEARCH $ 1:10", n, 0, 256, 4},
		{"FETCH 1:* (FLAGS UID INTERNALDATE ENVELOPE)", n, n, 0, 4},
		{"FETCH 1:* BODY.PEEK[]", n, n, 0, 1},
		{`STORE 1:* +FLAGS (\Deleted)`, n, 0, 0, 1},
		{"COPY 1:* Copies", 0, 0, 0, 1},
		{"EXPUNGE", 0, 0, 0, 1},
	} {
		want := whole.send("x " + tt.command + "\r\n")
		if !strings.Contains(want, "x OK ") {
			t.Fatalf("%s: %s", tt.command, want)
		}
		if err := cut.sess.Feed(start, []byte("x "+tt.command+"\r\n")); err != nil {
			t.Fatal(err)
		}
		var got strings.Builder
		messages, bodies, slices := 0, 0, 0
		for more := true; more || !cut.sess.Output().Empty(); {
			m.messages, m.bodies = 0, 0
			if more = cut.sess.Work(ctx); more {
				slices++
			}
			messages, bodies = messages+m.messages, bodies+m.bodies
			if tt.slice > 0 && m.messages > tt.slice {
				t.Errorf("%s: %d messages in one slice", tt.command, m.messages)
			}
			if tt.command != "EXPUNGE" {
				other.ok("NOOP")
			}
			part := cut.sess.Output().Bytes
			part = part[:min(len(part), 700+slices)]
			got.Write(part)
			cut.sess.Advance(start, int64(len(part)))
		}
		if got.String() != want {
			t.Errorf("%s: %.300q in slices, %.300q at once", tt.command, got.String(), want)
		}
		if messages != tt.messages || bodies != tt.bodies || slices < tt.slices {
			t.Errorf("%s: %d messages read, %d bodies, %d slices", tt.command, messages, bodies, slices)
		}
		if st := cut.sess.Conn().Stats(); st.MaxQueuedOut > maxQueued {
			t.Errorf("%s: %d octets queued", tt.command, st.MaxQueuedOut)
		}
	}
}
