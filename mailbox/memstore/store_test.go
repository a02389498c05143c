package memstore_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/mailwire/mailwire/mailbox"
	"github.com/mailwire/mailwire/mailbox/memstore"
	"github.com/mailwire/mailwire/mailbox/storetest"
	"github.com/mailwire/mailwire/quota"
)

func TestVerify(t *testing.T) {
	s := newStore(t, memstore.Options{})
	if err := s.AddUser("empty", ""); err != nil {
		t.Fatal(err)
	}
	check := func(user, password string, want error) {
		t.Helper()
		id, err := s.Verify(ctx, user, password)
		if !errors.Is(err, want) || id.User != "" && (err != nil || id.User != user) {
			t.Errorf("Verify(%q, %q): %+v, %v, expected %v", user, password, id, err, want)
		}
	}
	check(storetest.Alice, "secret of alice", nil)
	check(storetest.Alice, "secret of bob", mailbox.ErrAuthentication)
	check(storetest.Alice, "", mailbox.ErrAuthentication)
	check(storetest.Alice, "secret of alice\x00", mailbox.ErrAuthentication)
	check("ALICE", "secret of alice", mailbox.ErrAuthentication)
	check("nobody", "", mailbox.ErrAuthentication)
	check("", "", mailbox.ErrAuthentication)
	check("empty", "", nil)
	if err := s.SetPassword(storetest.Alice, "new"); err != nil {
		t.Fatal(err)
	}
	check(storetest.Alice, "secret of alice", mailbox.ErrAuthentication)
	check(storetest.Alice, "new", nil)
	ended, cancel := context.WithCancel(ctx)
	cancel()
	if _, err := s.Verify(ended, storetest.Alice, "new"); !errors.Is(err, context.Canceled) {
		t.Errorf("Verify with a context that ended: %v", err)
	}
}

// TestSharedSecret: a store that is asked keeps passwords, and no other does.
func TestSharedSecret(t *testing.T) {
	s := newStore(t, memstore.Options{KeepSecrets: true})
	if err := s.AddUser("empty", ""); err != nil {
		t.Fatal(err)
	}
	if err := s.SetPassword(storetest.Bob, "new"); err != nil {
		t.Fatal(err)
	}
	check := func(s *memstore.Store, user, want string) {
		t.Helper()
		secret, id, err := s.SharedSecret(ctx, user)
		if want == "" && (!errors.Is(err, mailbox.ErrAuthentication) || secret != "" || id.User != "") ||
			want != "" && (err != nil || secret != want || id.User != user) {
			t.Errorf("SharedSecret(%q): %q, %+v, %v", user, secret, id, err)
		}
	}
	check(s, storetest.Alice, "secret of alice")
	check(s, storetest.Bob, "new")
	check(s, "empty", "")
	check(s, "nobody", "")
	plain := newStore(t, memstore.Options{})
	check(plain, storetest.Alice, "")
	if !s.KeepsSecrets() || plain.KeepsSecrets() {
		t.Error("KeepsSecrets does not say what the option says")
	}
}

func TestUsers(t *testing.T) {
	s := newStore(t, memstore.Options{})
	if err := s.AddUser(storetest.Alice, "x"); !errors.Is(err, mailbox.ErrAlreadyExists) {
		t.Errorf("adding a user twice: %v", err)
	}
	if err := s.AddUser("", "x"); !errors.Is(err, mailbox.ErrCannot) {
		t.Errorf("adding a user without a name: %v", err)
	}
	for what, err := range map[string]error{
		"RemoveUser":  s.RemoveUser("nobody"),
		"SetPassword": s.SetPassword("nobody", ""),
		"SetQuota":    s.SetQuota("nobody", "", quota.Limits{}),
		"Quota":       func() error { _, err := s.Quota("nobody"); return err }(),
		"Recount":     func() error { _, err := s.Recount("nobody"); return err }(),
	} {
		if !errors.Is(err, mailbox.ErrNonExistent) {
			t.Errorf("%s of nobody: %v", what, err)
		}
	}
	u, f := openUser(t, s, storetest.Alice), openInbox(t, s, storetest.Alice)
	add(t, f, "x")
	before, err := f.Snapshot(ctx)
	if err != nil {
		t.Fatal(err)
	}
	tx, err := f.Append(ctx)
	if err != nil {
		t.Fatal(err)
	}
	rung := make(map[mailbox.FolderID]bool)
	stop := s.Watch(func(r mailbox.Ring) { rung[r.Folder] = r.User == storetest.Alice })
	defer stop()
	if err := s.RemoveUser(storetest.Alice); err != nil {
		t.Fatal(err)
	}
	if !rung[f.ID()] || !rung[""] {
		t.Errorf("bells: %v", rung)
	}
	_, err1 := f.Status(ctx)
	_, err2 := u.Open(ctx, "INBOX")
	_, err3 := s.User(ctx, storetest.Alice)
	_, err4 := tx.Commit()
	for i, err := range []error{err1, err2, err3, err4} {
		if !errors.Is(err, mailbox.ErrNonExistent) {
			t.Errorf("call %d for a removed user: %v", i, err)
		}
	}
	// Somebody else of that name has nothing in common: invariant 41.
	if err := s.AddUser(storetest.Alice, "other"); err != nil {
		t.Fatal(err)
	}
	g := openInbox(t, s, storetest.Alice)
	after, err := g.Snapshot(ctx)
	if err != nil || after.UIDs.Len() != 0 || after.UIDValidity <= before.UIDValidity || g.ID() == f.ID() {
		t.Errorf("the new INBOX is %q %+v, the old one was %q %+v (%v)", g.ID(), after, f.ID(), before, err)
	}
}

// TestClock: with a clock a message has its time; without one it has a date all
// the same, and no save date.
func TestClock(t *testing.T) {
	day := time.Date(2001, 2, 3, 4, 5, 6, 0, time.UTC)
	now := start
	for _, tt := range []struct {
		clock              func() time.Time
		date, saved, moved time.Time
	}{
		{func() time.Time { return now }, start, start, start.Add(time.Hour)},
		{nil, time.Unix(0, 0), time.Time{}, time.Time{}},
	} {
		now = start
		s := memstore.New(memstore.Options{Now: tt.clock})
		if err := s.AddUser("u", "p"); err != nil {
			t.Fatal(err)
		}
		f := openInbox(t, s, "u")
		add(t, f, "undated")
		tx, err := f.Append(ctx)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := tx.Message(0, nil, day); err != nil {
			t.Fatal(err)
		}
		if _, err := tx.Commit(); err != nil {
			t.Fatal(err)
		}
		now = now.Add(time.Hour)
		if _, err := f.Copy(ctx, mailbox.AllUIDs, "INBOX"); !errors.Is(err, mailbox.ErrExpunged) {
			t.Fatal(err)
		}
		if _, err := f.Move(ctx, mailbox.AllUIDs, "INBOX"); err != nil {
			t.Fatal(err)
		}
		var dates, saved []time.Time
		for m, err := range f.Messages(ctx, mailbox.AllUIDs) {
			if err != nil {
				t.Fatal(err)
			}
			dates, saved = append(dates, m.InternalDate), append(saved, m.SaveDate)
		}
		if !dates[0].Equal(tt.date) || !dates[1].Equal(day) || !saved[0].Equal(tt.moved) || !saved[1].Equal(tt.moved) {
			t.Errorf("dates %v, saved %v; expected %v, %v, saved %v", dates, saved, tt.date, day, tt.moved)
		}
	}
}

// TestGrace: delivery may go above a limit, as far as its grace.
func TestGrace(t *testing.T) {
	s := newStore(t, memstore.Options{Quota: limits(1024, 2), Grace: quota.Of(100, 1)})
	f := openInbox(t, s, storetest.Alice)
	deliver := func() (mailbox.AppendTx, error) { return f.(mailbox.Deliverer).Deliver(ctx) }
	text := string(make([]byte, 1024))
	add(t, f, text)
	if _, err := tryAdd(appending(f), "x"); !errors.Is(err, mailbox.ErrOverQuota) {
		t.Errorf("Append above the limit: %v", err)
	}
	if _, err := tryAdd(deliver, text[:101]); !errors.Is(err, mailbox.ErrOverQuota) {
		t.Errorf("Deliver above the grace: %v", err)
	}
	if _, err := tryAdd(deliver, text[:100]); err != nil {
		t.Errorf("Deliver within the grace: %v", err)
	}
	if _, err := tryAdd(deliver, ""); err != nil {
		t.Errorf("Deliver of a message within the grace: %v", err)
	}
	if _, err := tryAdd(deliver, ""); !errors.Is(err, mailbox.ErrOverQuota) {
		t.Errorf("Deliver of a message above the grace: %v", err)
	}
}

// TestLoweredQuota: invariant 51. Below what is used only what does not grow is
// possible.
func TestLoweredQuota(t *testing.T) {
	s := newStore(t, memstore.Options{})
	u, f := openUser(t, s, storetest.Alice), openInbox(t, s, storetest.Alice)
	add(t, f, "old")
	add(t, f, "other")
	create(t, u, "box")
	var lim quota.Limits
	for _, r := range quota.Resources() {
		lim[r] = quota.Hard(0)
	}
	if err := s.SetQuota(storetest.Alice, "", lim); err != nil {
		t.Fatal(err)
	}
	replace := func(text string) error {
		tx, err := f.Append(ctx)
		if err != nil {
			t.Fatal(err)
		}
		defer tx.Abort()
		if err := tx.Expunge(mailbox.AllUIDs); err != nil {
			t.Fatal(err)
		}
		w, err := tx.Message(int64(len(text)), nil, start)
		if err != nil {
			return err
		}
		if _, err := w.Write([]byte(text)); err != nil {
			return err
		}
		_, err = tx.Commit()
		return err
	}
	if _, err := tryAdd(appending(f), ""); !errors.Is(err, mailbox.ErrOverQuota) {
		t.Errorf("Append: %v", err)
	}
	if _, err := u.Create(ctx, "more", mailbox.CreateOptions{}); !errors.Is(err, mailbox.ErrOverQuota) {
		t.Errorf("Create: %v", err)
	}
	if err := u.Rename(ctx, "box", "new/box"); !errors.Is(err, mailbox.ErrOverQuota) {
		t.Errorf("Rename that makes a folder: %v", err)
	}
	if err := replace("more than before"); !errors.Is(err, mailbox.ErrOverQuota) {
		t.Errorf("replacing by more: %v", err)
	}
	for what, err := range map[string]error{
		"Move":   func() error { _, err := f.Move(ctx, mailbox.AllUIDs, "INBOX"); return err }(),
		"Rename": u.Rename(ctx, "box", "case"),
		"less":   replace("less"),
		"Delete": u.Delete(ctx, "case"),
	} {
		if err != nil {
			t.Errorf("%s: %v", what, err)
		}
	}
	roots, err := s.Quota(storetest.Alice)
	if len(roots) != 1 {
		t.Fatal(roots, err)
	}
	root := roots[0]
	if want := quota.Of(4, 1); err != nil || root.Used[quota.Storage] != want[quota.Storage] || root.Used[quota.Message] != 1 || root.Used[quota.Mailbox] != 1 {
		t.Errorf("used is %v, %v", root.Used, err)
	}
}
