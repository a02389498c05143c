package memstore_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/mailwire/mailwire/imapwire/imap"
	"github.com/mailwire/mailwire/mailbox"
	"github.com/mailwire/mailwire/mailbox/memstore"
	"github.com/mailwire/mailwire/mailbox/storetest"
	"github.com/mailwire/mailwire/quota"
)

// byName are two roots: "all", and "w" for names that start with "w".
var byName = []quota.Policy{
	{Root: "all"},
	{Root: "w", Rule: func(folder string) (quota.Rule, bool) { return quota.Rule{}, strings.HasPrefix(folder, "w") }},
}

// TestRecount: invariants 49 and 53. Whatever happens between two folders that
// are counted, the books are right at every moment, and what is counted in the
// end is what there is in the end.
func TestRecount(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := newStore(t, memstore.Options{Roots: byName})
		u := openUser(t, s, storetest.Alice)
		names := []string{imap.Inbox, "a", "a/x", "w", "w/x", "b"}
		one := func() {
			name, to := rapid.SampledFrom(names).Draw(t, "name"), rapid.SampledFrom(names).Draw(t, "to")
			f, err := u.Open(ctx, name)
			what := rapid.IntRange(0, 5).Draw(t, "what")
			switch {
			case what == 0 || err != nil:
				u.Create(ctx, name, mailbox.CreateOptions{})
			case what == 1:
				u.Delete(ctx, name)
			case what == 2:
				u.Rename(ctx, name, to)
			case what == 3:
				f.Move(ctx, mailbox.AllUIDs, to)
			case what == 4:
				f.Store(ctx, mailbox.AllUIDs, mailbox.FlagUpdate{Op: mailbox.AddFlags, Flags: []imap.Flag{imap.FlagDeleted}})
				f.Expunge(ctx, mailbox.AllUIDs)
			default:
				add(t, f, strings.Repeat("x", rapid.IntRange(0, 99).Draw(t, "size")))
			}
		}
		wrong := func() string {
			roots, err := s.Quota(storetest.Alice)
			if err != nil {
				return err.Error()
			}
			want := make([]quota.Amounts, len(roots))
			for info, err := range u.Folders(ctx) {
				if err != nil {
					return err.Error()
				}
				if info.ID == "" {
					continue
				}
				f, _ := u.Open(ctx, info.Name)
				st, err := f.Status(ctx)
				if err != nil {
					return err.Error()
				}
				has := quota.Of(st.Size, st.Messages)
				has[quota.Mailbox] = 1
				for i, p := range byName {
					if _, belongs := p.Of(info.Name); belongs {
						want[i] = want[i].Plus(has)
					}
				}
			}
			for i, r := range roots {
				if r.Used != want[i] {
					return fmt.Sprintf("root %q has %v, the folders have %v", r.Name, r.Used, want[i])
				}
			}
			return ""
		}
		for range rapid.IntRange(0, 12).Draw(t, "before") {
			one()
		}
		s.Counting(func() {
			for range rapid.IntRange(0, 4).Draw(t, "between") {
				one()
			}
			if w := wrong(); w != "" {
				t.Fatalf("while counting: %s", w)
			}
		})
		recount, err := s.Recount(storetest.Alice)
		if err != nil {
			t.Fatal(err)
		}
		if w := wrong(); w != "" {
			t.Fatalf("counted: %s", w)
		}
		if now, _ := s.Quota(storetest.Alice); !slices.Equal(now, recount) {
			t.Fatalf("Recount gave %v, the books say %v", recount, now)
		}
	})
}

// TestWarnings: whoever crosses a threshold is told of it once, upwards and
// downwards, and everybody's bell rings for the quota, also for a soft limit.
func TestWarnings(t *testing.T) {
	var warned []string
	var lim quota.Limits
	lim[quota.Message] = quota.Limit{Hard: 10, HasHard: true, Soft: 5, HasSoft: true}
	s := newStore(t, memstore.Options{
		Quota:    lim,
		Warnings: []quota.Threshold{{Resource: quota.Message, Percent: 90}, {Resource: quota.Message, Percent: 80, Under: true}},
		Warn: func(user, root string, t quota.Threshold) {
			warned = append(warned, fmt.Sprintf("%s %q %d under %v", user, root, t.Percent, t.Under))
		},
	})
	rings := 0
	stop := s.Watch(func(r mailbox.Ring) {
		if r.Quota {
			rings++
			if r != (mailbox.Ring{User: storetest.Alice, Quota: true}) {
				t.Errorf("the ring is %+v", r)
			}
		}
	})
	defer stop()
	f := openInbox(t, s, storetest.Alice)
	check := func(what string, wantRings int, want ...string) {
		t.Helper()
		if rings != wantRings || !slices.Equal(warned, want) {
			t.Errorf("%s: %d rings, expected %d; warnings %q, expected %q", what, rings, wantRings, warned, want)
		}
		rings, warned = 0, nil
	}
	for range 5 {
		add(t, f, "x")
	}
	check("up to the soft limit", 0)
	add(t, f, "x")
	check("above it", 1)
	add(t, f, "x")
	add(t, f, "x")
	check("at a threshold that warns downwards", 1)
	add(t, f, "x")
	check("at the threshold", 1, `alice "" 90 under false`)
	add(t, f, "x")
	if _, err := tryAdd(appending(f), "x"); !errors.Is(err, mailbox.ErrOverQuota) {
		t.Error(err)
	}
	check("at the limit", 0)
	if _, err := f.Store(ctx, imap.UIDSet{{First: 1, Last: 3}}, mailbox.FlagUpdate{Op: mailbox.AddFlags, Flags: []imap.Flag{imap.FlagDeleted}}); err != nil {
		t.Fatal(err)
	}
	check("before the expunge", 0)
	if _, err := f.Expunge(ctx, mailbox.AllUIDs); err != nil {
		t.Fatal(err)
	}
	check("below the lower threshold", 1, `alice "" 80 under true`)
	lim[quota.Message] = quota.Soft(100)
	if err := s.SetQuota(storetest.Alice, "", lim); err != nil {
		t.Fatal(err)
	}
	check("a soft limit that was raised", 1)
}

// TestMaySetQuota: users set limits as the policy says.
func TestMaySetQuota(t *testing.T) {
	var lim quota.Limits
	lim[quota.Mailbox] = quota.Hard(1)
	s := newStore(t, memstore.Options{Roots: byName, MaySetQuota: func(user, root string) bool { return user == storetest.Alice && root == "w" }})
	if sup := s.QuotaSupport(); !sup.Set || len(sup.Resources) != 3 {
		t.Errorf("%+v", sup)
	}
	if memstore.New(memstore.Options{}).QuotaSupport().Set {
		t.Error("without a policy somebody may set limits")
	}
	for _, c := range []struct {
		user, root string
		want       error
	}{
		{storetest.Alice, "w", nil},
		{storetest.Alice, "all", mailbox.ErrNoPerm},
		{storetest.Alice, "none", mailbox.ErrNoPerm},
		{storetest.Bob, "w", mailbox.ErrNoPerm},
	} {
		set, err := openUser(t, s, c.user).(mailbox.QuotaUser).SetQuota(ctx, c.root, lim)
		if !errors.Is(err, c.want) || err == nil && (set.Name != c.root || set.Limits != lim) {
			t.Errorf("%s of %s: %+v, %v", c.root, c.user, set, err)
		}
		if roots, _ := s.Quota(c.user); (roots[1].Limits == lim) != (c.user == storetest.Alice) {
			t.Errorf("%s has %+v", c.user, roots)
		}
	}
	if err := s.SetQuota(storetest.Alice, "none", lim); !errors.Is(err, mailbox.ErrNonExistent) {
		t.Error(err)
	}
}

// TestLowestRule: where folders of several rules move to a root at once, each
// rule has to allow all of it.
func TestLowestRule(t *testing.T) {
	var lim quota.Limits
	lim[quota.Storage] = quota.Hard(2)
	s := newStore(t, memstore.Options{Roots: []quota.Policy{
		{Root: "r", Limits: lim, Rule: func(folder string) (r quota.Rule, _ bool) {
			if folder == "z/low" {
				r.Percent = 50
			}
			return r, strings.HasPrefix(folder, "z")
		}},
		{Root: "r"}, // a name that is taken
	}})
	u := openUser(t, s, storetest.Alice)
	if roots, _ := s.Quota(storetest.Alice); len(roots) != 1 || roots[0].Limits != lim {
		t.Fatal(roots)
	}
	create(t, u, "a/low")
	f, _ := u.Open(ctx, "a")
	add(t, f, strings.Repeat("x", 1025))
	if err := u.Rename(ctx, "a", "z"); !errors.Is(err, mailbox.ErrOverQuota) {
		t.Errorf("an octet too many for the child: %v", err)
	}
	if err := u.Rename(ctx, "a/low", "low"); err != nil {
		t.Fatal(err)
	}
	if err := u.Rename(ctx, "a", "z"); err != nil {
		t.Errorf("without the child: %v", err)
	}
}
