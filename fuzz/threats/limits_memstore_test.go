package threats

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/mailwire/mailwire/imapwire/imap"
	"github.com/mailwire/mailwire/mailbox"
	"github.com/mailwire/mailwire/mailbox/memstore"
	"github.com/mailwire/mailwire/quota"
)

// memUser opens the only user of a store.
func memUser(t *testing.T, opt memstore.Options) mailbox.User {
	t.Helper()
	s := memstore.New(opt)
	if err := s.AddUser("ada", "p"); err != nil {
		t.Fatal(err)
	}
	u, err := s.User(context.Background(), "ada")
	if err != nil {
		t.Fatal(err)
	}
	return u
}

func memInbox(t *testing.T, u mailbox.User) mailbox.Folder {
	t.Helper()
	f, err := u.Open(context.Background(), imap.Inbox)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// memAppend appends messages of these octets, written in pieces, in one transaction.
func memAppend(f mailbox.Folder, flags []imap.Flag, piece int, messages ...string) error {
	tx, err := f.Append(context.Background())
	if err != nil {
		return err
	}
	defer tx.Abort()
	for _, m := range messages {
		size := int64(len(m))
		if piece > 0 {
			size = -1 // not announced
		}
		w, err := tx.Message(size, flags, time.Time{})
		if err != nil {
			return err
		}
		for m != "" {
			n := len(m)
			if piece > 0 {
				n = min(n, piece)
			}
			if _, err := w.Write([]byte(m[:n])); err != nil {
				return err
			}
			m = m[n:]
		}
	}
	_, err = tx.Commit()
	return err
}

func memCreate(u mailbox.User, name string) error {
	_, err := u.Create(context.Background(), name, mailbox.CreateOptions{})
	return err
}

// memLimits has every field of memstore.Limits: what it costs, and what says so.
var memLimits = map[string]struct {
	cost int
	err  error // of what is beyond
	// use does something of that cost with a store that has the limit.
	use func(t *testing.T, u mailbox.User) error
}{
	"Name":          {14, mailbox.ErrCannot, func(t *testing.T, u mailbox.User) error { return memCreate(u, "fourteen-octet") }},
	"Levels":        {4, mailbox.ErrCannot, func(t *testing.T, u mailbox.User) error { return memCreate(u, "a/b/c/d") }},
	"Folders":       {4, mailbox.ErrLimit, func(t *testing.T, u mailbox.User) error { return memCreate(u, "a/b/c") }}, // and INBOX
	"Subscriptions": {3, mailbox.ErrLimit, memSubscribe},
	"Keywords": {3, mailbox.ErrLimit, func(t *testing.T, u mailbox.User) error {
		return memAppend(memInbox(t, u), []imap.Flag{"a", "b", "c", imap.FlagSeen}, 0, "x")
	}},
	"Keyword": {5, mailbox.ErrLimit, func(t *testing.T, u mailbox.User) error {
		return memAppend(memInbox(t, u), []imap.Flag{"fives", imap.FlagFlagged}, 0, "x")
	}},
	"Tombstones": {3, &mailbox.FloorError{}, memForget},
}

func memSubscribe(t *testing.T, u mailbox.User) error {
	for _, name := range []string{"a", "b", "a", "c"} {
		if err := u.Subscribe(context.Background(), name, true); err != nil {
			return err
		}
	}
	return nil
}

// memForget expunges three messages, and asks for the history from before them.
func memForget(t *testing.T, u mailbox.User) error {
	ctx, f := context.Background(), memInbox(t, u)
	if err := memAppend(f, []imap.Flag{imap.FlagDeleted}, 0, "1", "2", "3"); err != nil {
		t.Fatal(err)
	}
	snap, err := f.Snapshot(ctx)
	if err != nil {
		t.Fatal(err)
	}
	for n := range 3 {
		if _, err := f.Expunge(ctx, imap.UIDSetOf(imap.UID(n+1))); err != nil {
			t.Fatal(err)
		}
	}
	for _, err := range f.Changes(ctx, snap.ModSeq) {
		if err != nil {
			return err
		}
	}
	return nil
}

// TestLimitsMemstore: every field of memstore.Limits at one below its cap, at it and
// one above: threats M14 and I9. What is beyond is refused, and changes nothing. A
// field without a case fails.
func TestLimitsMemstore(t *testing.T) {
	fields := reflect.TypeFor[memstore.Limits]()
	for i := range fields.NumField() {
		name := fields.Field(i).Name
		c, ok := memLimits[name]
		if !ok {
			t.Errorf("memstore.Limits.%s has no case", name)
			continue
		}
		around(t, c.cost, func(t *testing.T, limit int, over bool) {
			var l memstore.Limits
			reflect.ValueOf(&l).Elem().Field(i).SetInt(int64(limit))
			u := memUser(t, memstore.Options{Limits: l})
			before := memState(t, u)
			err := c.use(t, u)
			floor := (*mailbox.FloorError)(nil)
			is := errors.Is(err, c.err) || errors.As(c.err, &floor) && errors.As(err, &floor)
			if is != over || !over && err != nil {
				t.Errorf("%s of %d: %v", name, limit, err)
			}
			// Subscriptions are one by one, and messages stay gone.
			if after := memState(t, u); over && after != before && name != "Subscriptions" && name != "Tombstones" {
				t.Errorf("%s of %d: refused, and\n%s became\n%s", name, limit, before, after)
			}
		})
	}
	if len(memLimits) != fields.NumField() {
		t.Errorf("%d cases for %d fields", len(memLimits), fields.NumField())
	}
}

// memState is what a user has.
func memState(t *testing.T, u mailbox.User) string {
	t.Helper()
	ctx := context.Background()
	var b strings.Builder
	for change, err := range u.Changes(ctx, 0) {
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&b, "%q ", change.Name)
	}
	st, err := memInbox(t, u).Status(ctx)
	if err != nil {
		t.Fatal(err)
	}
	fmt.Fprintf(&b, "%+v", st)
	return b.String()
}

// TestLimitsMemstoreAppend: the size of a message, announced and not, however it is
// written: threat M1. Nothing is kept of one that is too large.
func TestLimitsMemstoreAppend(t *testing.T) {
	msg := strings.Repeat("x", 100)
	around(t, len(msg), func(t *testing.T, limit int, over bool) {
		for _, piece := range []int{0, 1, 7, 99, 100} {
			u := memUser(t, memstore.Options{AppendLimit: uint32(limit)})
			before := memState(t, u)
			err := memAppend(memInbox(t, u), nil, piece, msg)
			if errors.Is(err, mailbox.ErrTooBig) != over || !over && err != nil {
				t.Errorf("%d, pieces of %d: %v", limit, piece, err)
			}
			if over && memState(t, u) != before {
				t.Errorf("%d, pieces of %d: something is kept", limit, piece)
			}
		}
	})
	// What is announced is refused before the first octet.
	tx, err := memInbox(t, memUser(t, memstore.Options{AppendLimit: 100})).Append(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	defer tx.Abort()
	if _, err := tx.Message(101, nil, time.Time{}); !errors.Is(err, mailbox.ErrTooBig) {
		t.Errorf("announced: %v", err)
	}
}

// TestLimitsQuota: every resource of a quota at one below the limit, at it and one
// above, however a message is written: invariant 51. A resource without a case fails.
func TestLimitsQuota(t *testing.T) {
	uses := map[quota.Resource]struct {
		cost int
		use  func(t *testing.T, u mailbox.User, piece int) error
	}{
		quota.Storage: {2, func(t *testing.T, u mailbox.User, piece int) error {
			return memAppend(memInbox(t, u), nil, piece, strings.Repeat("x", 1024), strings.Repeat("y", 1000), strings.Repeat("z", 24))
		}},
		quota.Message: {3, func(t *testing.T, u mailbox.User, piece int) error {
			return memAppend(memInbox(t, u), nil, piece, "a", "b", "c")
		}},
		quota.Mailbox: {3, func(t *testing.T, u mailbox.User, _ int) error { return memCreate(u, "a/b") }}, // and INBOX
		// The store keeps no annotations.
		quota.AnnotationStorage: {},
	}
	for _, r := range quota.Resources() {
		c, ok := uses[r]
		if !ok {
			t.Errorf("%v has no case", r)
		}
		if c.use == nil {
			continue
		}
		around(t, c.cost, func(t *testing.T, limit int, over bool) {
			for _, piece := range []int{0, 1, 1000} {
				var l quota.Limits
				l[r] = quota.Limit{Hard: int64(limit), HasHard: true}
				u := memUser(t, memstore.Options{Quota: l})
				before := memState(t, u)
				err := c.use(t, u, piece)
				if errors.Is(err, quota.ErrOver) != over || !over && err != nil {
					t.Errorf("%v of %d, pieces of %d: %v", r, limit, piece, err)
				}
				if over && memState(t, u) != before {
					t.Errorf("%v of %d, pieces of %d: refused, and something is kept", r, limit, piece)
				}
			}
		})
	}
	if len(uses) != len(quota.Resources()) {
		t.Errorf("%d cases for %d resources", len(uses), len(quota.Resources()))
	}
}
