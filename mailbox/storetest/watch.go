package storetest

import (
	"sync"

	"github.com/mailwire/mailwire/imapwire/imap"
	"github.com/mailwire/mailwire/mailbox"
)

var watchClauses = []clause{
	{"watch/the last change is followed by a bell", testWatch},
	{"watch/until it is stopped", testWatchStop},
}

// A listener hears the bells of a store.
type listener struct {
	mu    sync.Mutex
	heard *sync.Cond
	rings []mailbox.Ring
}

func listen(w mailbox.Watcher) (l *listener, stop func()) {
	l = new(listener)
	l.heard = sync.NewCond(&l.mu)
	stop = w.Watch(func(r mailbox.Ring) {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.rings = append(l.rings, r)
		l.heard.Broadcast()
	})
	return l, stop
}

// forget drops what was heard so far.
func (l *listener) forget() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.rings = nil
}

func (l *listener) count() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.rings)
}

// wait returns when a bell for a user's folder, or with an empty ID for the
// folder list, was heard.
func (l *listener) wait(user string, id mailbox.FolderID) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for {
		for _, r := range l.rings {
			if r.Folder == id && (r.User == user || r.User == "") {
				return
			}
		}
		l.heard.Wait()
	}
}

func testWatch(k *kit) {
	w, is := k.store.(mailbox.Watcher)
	if !is {
		return
	}
	l, stop := listen(w)
	defer stop()
	box := k.folder("box")
	l.wait(Alice, "")
	uids := fill(k, k.inbox, 3).UIDs
	inbox := k.inbox.ID()
	for _, step := range []struct {
		what  string
		do    func() error
		rings []mailbox.FolderID
	}{
		{"append", func() error { _, err := tryAdd(k.inbox, text("x")); return err }, []mailbox.FolderID{inbox}},
		{"store", func() error {
			_, err := k.inbox.Store(ctx, set(uids[0]), mailbox.FlagUpdate{Op: mailbox.AddFlags, Flags: []imap.Flag{imap.FlagDeleted}})
			return err
		}, []mailbox.FolderID{inbox}},
		{"expunge", func() error { _, err := k.inbox.Expunge(ctx, mailbox.AllUIDs); return err }, []mailbox.FolderID{inbox}},
		{"copy", func() error { _, err := k.inbox.Copy(ctx, set(uids[1]), "box"); return err }, []mailbox.FolderID{box.ID()}},
		{"move", func() error { _, err := k.inbox.Move(ctx, set(uids[1]), "box"); return err }, []mailbox.FolderID{inbox, box.ID()}},
		{"create", func() error {
			_, err := k.alice.Create(ctx, "new", mailbox.CreateOptions{})
			return err
		}, []mailbox.FolderID{""}},
		{"rename", func() error { return k.alice.Rename(ctx, "new", "other") }, []mailbox.FolderID{""}},
		{"subscribe", func() error { return k.alice.Subscribe(ctx, "other", true) }, []mailbox.FolderID{""}},
		{"unsubscribe", func() error { return k.alice.Subscribe(ctx, "other", false) }, []mailbox.FolderID{""}},
		{"rename INBOX", func() error { return k.alice.Rename(ctx, imap.Inbox, "former") }, []mailbox.FolderID{inbox, ""}},
		{"delete", func() error { return k.alice.Delete(ctx, "box") }, []mailbox.FolderID{box.ID(), ""}},
	} {
		l.forget()
		ok(k, step.do(), step.what)
		for _, id := range step.rings {
			k.Logf("%s: waiting for the bell of folder %q", step.what, id)
			l.wait(Alice, id)
		}
	}
}

func testWatchStop(k *kit) {
	w, is := k.store.(mailbox.Watcher)
	if !is {
		return
	}
	first, stopFirst := listen(w)
	second, stopSecond := listen(w)
	defer stopSecond()
	fill(k, k.inbox, 1)
	first.wait(Alice, k.inbox.ID())
	second.wait(Alice, k.inbox.ID())
	stopFirst()
	stopFirst() // twice is no harm
	n := first.count()
	second.forget()
	fill(k, k.inbox, 1)
	second.wait(Alice, k.inbox.ID())
	if m := first.count(); m != n {
		k.Errorf("%d bells after stop", m-n)
	}
}
