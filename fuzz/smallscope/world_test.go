package smallscope

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/mailwire/mailwire/imapwire/engine"
	"github.com/mailwire/mailwire/imapwire/imap"
	"github.com/mailwire/mailwire/mailbox"
	"github.com/mailwire/mailwire/mailbox/imapserve"
	"github.com/mailwire/mailwire/mailbox/memstore"
	"github.com/mailwire/mailwire/mailbox/pop3serve"
)

var (
	ctx   = context.Background()
	start = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
)

// A world is the real thing: a server over a store in memory, with two sessions
// that have INBOX selected and know the flags of its three messages.
type world struct {
	inbox, other mailbox.Folder
	user         mailbox.User
	conns        [2]*conn
	pop3         *pop3serve.Server
	storeErr     error
}

// A protocol is a session of IMAP or POP3.
type protocol interface {
	Feed(now time.Time, p []byte) error
	Work(ctx context.Context) bool
	Output() engine.Segment
	Advance(now time.Time, n int64)
	OnChange(func())
	Notify(ctx context.Context)
	Close() error
}

// A conn is a session and the network on which it is.
type conn struct {
	sess  protocol
	woken bool
	tag   int
	// sent says that the next command went out with the one before, early is
	// what was written of its answer.
	sent  bool
	early []byte
	cache
}

// newWorld makes a world, and the model of it.
func newWorld(mode mode) (*world, *model, error) {
	store := memstore.New(memstore.Options{Now: func() time.Time { return start }})
	w := &world{}
	srv, err := imapserve.NewServer(store, imapserve.Options{
		Auth: store, PlaintextAuth: engine.PlaintextAlways, OnError: func(_ string, err error) { w.storeErr = err },
	})
	if err != nil {
		return nil, nil, err
	}
	if err := store.AddUser("u", "p"); err != nil {
		return nil, nil, err
	}
	user, err := store.User(ctx, "u")
	if err != nil {
		return nil, nil, err
	}
	w.user = user
	if _, err := user.Create(ctx, "other", mailbox.CreateOptions{}); err != nil {
		return nil, nil, err
	}
	if w.inbox, err = user.Open(ctx, "INBOX"); err != nil {
		return nil, nil, err
	}
	if w.other, err = user.Open(ctx, "other"); err != nil {
		return nil, nil, err
	}
	m := &model{mode: mode, inbox: folder{validity: 1, uidNext: 1, modSeq: 1}, other: folder{validity: 2, uidNext: 1, modSeq: 1}}
	for i := range 3 {
		text := fmt.Sprintf("Subject: %s\r\n\r\n", strings.Repeat("x", i+1))
		tx := w.inbox
		a, err := tx.Append(ctx)
		if err != nil {
			return nil, nil, err
		}
		body, err := a.Message(int64(len(text)), nil, start)
		if err != nil {
			return nil, nil, err
		}
		io.WriteString(body, text)
		if _, err := a.Commit(); err != nil {
			return nil, nil, err
		}
		m.inbox.add([]message{{size: int64(len(text))}})
	}
	if _, err := w.inbox.ClaimRecent(ctx); err != nil {
		return nil, nil, err
	}
	for i := range m.inbox.messages {
		m.inbox.messages[i].claimed = true
	}
	setup := []string{"LOGIN u p"}
	if mode.rev2 {
		setup = append(setup, "ENABLE IMAP4rev2")
	}
	if mode.qresync {
		setup = append(setup, "ENABLE QRESYNC")
	}
	if mode.mailboxes {
		m.boxes, m.last = []box{{name: "INBOX", validity: 1, messages: 3}, {name: "other", validity: 2}}, 2
	} else {
		setup = append(setup, selecting.text, fetching.text)
	}
	for i := range w.conns {
		if i > 0 && mode.pop3 {
			w.pop3, err = pop3serve.NewServer(store, pop3serve.Options{
				Auth: store, PlaintextAuth: engine.PlaintextAlways, OnError: func(_ string, err error) { w.storeErr = err },
			})
			if err != nil {
				return nil, nil, err
			}
			w.conns[i] = &conn{}
			if _, err := w.dial(w.conns[i]); err != nil {
				return nil, nil, err
			}
			m.connect(nil)
			break
		}
		sess, err := srv.Session(start, imapserve.Info{Security: engine.Security{Loopback: true}})
		if err != nil {
			return nil, nil, err
		}
		c := &conn{sess: sess}
		sess.OnChange(func() { c.woken = true })
		w.conns[i] = c
		for _, text := range setup {
			out, err := c.send([]byte("x " + text + "\r\n"))
			if err != nil {
				return nil, nil, err
			}
			if !strings.Contains(string(out), "x OK ") {
				return nil, nil, fmt.Errorf("%s: %s", text, out)
			}
		}
		if mode.mailboxes {
			continue
		}
		m.selectInbox(&m.sessions[i])
		c.highest = m.inbox.modSeq
		fetching.run(m, &m.sessions[i])
		c.woken = false
	}
	return w, m, nil
}

// dial breaks a connection of POP3 and makes another.
func (w *world) dial(c *conn) ([]byte, error) {
	if c.sess != nil {
		c.sess.Close()
	}
	sess, err := w.pop3.Session(start, pop3serve.Info{})
	if err != nil {
		return nil, err
	}
	c.sess = sess
	return c.send([]byte("USER u\r\nPASS p\r\n"))
}

// drain lets the session work and returns what it wrote.
func (c *conn) drain() ([]byte, error) {
	var out []byte
	for {
		for c.sess.Work(ctx) {
		}
		seg := c.sess.Output()
		if seg.Empty() {
			return out, nil
		}
		if seg.Reader != nil {
			body := make([]byte, seg.N)
			if _, err := io.ReadFull(seg.Reader, body); err != nil {
				return nil, err
			}
			out = append(out, body...)
		} else {
			out = append(out, seg.Bytes...)
		}
		c.sess.Advance(start, seg.Len())
	}
}

func (c *conn) send(p []byte) ([]byte, error) {
	if err := c.sess.Feed(start, p); err != nil {
		return nil, err
	}
	return c.drain()
}

// notice lets a session that was woken say what it wants to.
func (c *conn) notice() ([]byte, error) {
	if !c.woken {
		return nil, nil
	}
	c.woken = false
	c.sess.Notify(ctx)
	return c.drain()
}

// compare reports where the store is not as the model has it.
func (w *world) compare(m *model) error {
	for _, pair := range []struct {
		name string
		got  mailbox.Folder
		want *folder
	}{{"INBOX", w.inbox, &m.inbox}, {"other", w.other, &m.other}} {
		if err := compareFolder(pair.got, pair.want); err != nil {
			return fmt.Errorf("%s: %w", pair.name, err)
		}
	}
	if err := w.compareBoxes(m); err != nil {
		return err
	}
	return w.storeErr
}

// compareBoxes does so for the list of mailboxes.
func (w *world) compareBoxes(m *model) error {
	if !m.mode.mailboxes {
		return nil
	}
	var got, want []string
	for info, err := range w.user.Folders(ctx) {
		if err != nil {
			return err
		}
		got = append(got, fmt.Sprint(info.Name, info.ID != "", info.NoSelect, info.NonExistent, info.Subscribed, info.HasChildren))
	}
	line := func(name string, there, parent bool) {
		want = append(want, fmt.Sprint(name, there, parent, !there && !parent, slices.Contains(m.subscribed, name), m.hasChildren(name)))
	}
	for _, b := range m.boxes {
		line(b.name, b.validity != 0, b.validity == 0)
	}
	for _, name := range m.subscribed {
		if m.box(name) == nil {
			line(name, false, false)
		}
	}
	if got, want := settled(got), settled(want); !slices.Equal(got, want) {
		return fmt.Errorf("the store has %v, want %v", got, want)
	}
	return nil
}

func compareFolder(got mailbox.Folder, want *folder) error {
	snap, err := got.Snapshot(ctx)
	if err != nil {
		return err
	}
	if uint32(snap.UIDNext) != want.uidNext || uint64(snap.ModSeq) != want.modSeq || snap.UIDValidity != want.validity || int(snap.UIDs.Len()) != len(want.messages) {
		return fmt.Errorf("UIDVALIDITY, UIDNEXT, modseq, messages: %d %d %d %d, want %d %d %d %d",
			snap.UIDValidity, snap.UIDNext, snap.ModSeq, snap.UIDs.Len(), want.validity, want.uidNext, want.modSeq, len(want.messages))
	}
	i := 0
	for msg, err := range got.Messages(ctx, mailbox.AllUIDs) {
		if err != nil {
			return err
		}
		if i == len(want.messages) {
			return fmt.Errorf("UID %d is too much", msg.UID)
		}
		have := message{uid: uint32(msg.UID), flags: flagsOf(msg.Flags), modSeq: uint64(msg.ModSeq), size: msg.Size, claimed: want.messages[i].claimed}
		if have != want.messages[i] || snap.UIDs.UID(uint32(i+1)) != imap.UID(have.uid) {
			return fmt.Errorf("message %d is %+v, want %+v", i+1, have, want.messages[i])
		}
		i++
	}
	if i != len(want.messages) {
		return fmt.Errorf("UID %d is missing", want.messages[i].uid)
	}
	return nil
}

func (w *world) close() {
	for _, c := range w.conns {
		c.sess.Close()
	}
	w.inbox.Close()
	w.other.Close()
}
