package storetest

import (
	"github.com/mailwire/mailwire/imapwire/imap"
	"github.com/mailwire/mailwire/mailbox"
)

var flagClauses = []clause{
	{"flags/set, add, remove", testFlagOps},
	{"flags/one stroke, one modseq", testFlagStroke},
	{"flags/what is the same already is no change", testFlagNoop},
	{"flags/keywords are the same in any case", testKeywords},
	{"flags/unchanged since", testUnchangedSince},
	{"flags/keep", testKeep},
	{"flags/are shared and never altered", testFlagsShared},
}

func testFlagOps(k *kit) {
	uid := add(k, k.inbox, text("x")).UIDs[0]
	for _, tt := range []struct {
		op    mailbox.FlagOp
		flags []imap.Flag
		want  string
	}{
		{mailbox.AddFlags, []imap.Flag{imap.FlagSeen, "one"}, `\seen one`},
		{mailbox.AddFlags, []imap.Flag{`\ANSWERED`, imap.FlagSeen}, `\answered \seen one`},
		{mailbox.RemoveFlags, []imap.Flag{`\seen`, "two"}, `\answered one`},
		{mailbox.SetFlags, []imap.Flag{imap.FlagFlagged, imap.FlagDraft, "two"}, `\draft \flagged two`},
		{mailbox.AddFlags, []imap.Flag{imap.FlagRecent}, `\draft \flagged two`},
		{mailbox.RemoveFlags, []imap.Flag{imap.FlagRecent, imap.FlagDraft, "TWO"}, `\flagged`},
		{mailbox.AddFlags, []imap.Flag{imap.FlagDeleted}, `\deleted \flagged`},
		{mailbox.SetFlags, []imap.Flag{imap.FlagRecent}, ``},
		{mailbox.SetFlags, nil, ``},
	} {
		before := theMessage(k, k.inbox, uid)
		res := store(k, k.inbox, set(uid), tt.op, tt.flags...)
		m := theMessage(k, k.inbox, uid)
		if got := flagText(m.Flags); got != tt.want {
			k.Fatalf("op %d with %q: the flags are %q, expected %q", tt.op, tt.flags, got, tt.want)
		}
		// Invariant 45: a fresh modseq for a change, and only for that.
		if changed := flagText(before.Flags) != tt.want; changed != (res.ModSeq > 0) || changed != res.Changed.Equal(set(uid)) || m.ModSeq != max(before.ModSeq, res.ModSeq) {
			k.Fatalf("op %d with %q: %q became %q with the result %+v; the modseq was %d and is %d",
				tt.op, tt.flags, flagText(before.Flags), tt.want, res, before.ModSeq, m.ModSeq)
		}
		st := status(k, k.inbox)
		count := func(is bool) int64 {
			if is {
				return 1
			}
			return 0
		}
		if st.Unseen != count(!imap.HasFlag(m.Flags, imap.FlagSeen)) || st.Deleted != count(imap.HasFlag(m.Flags, imap.FlagDeleted)) || st.DeletedSize != st.Deleted {
			k.Fatalf("with the flags %q the status is %+v", tt.want, st)
		}
	}
}

func testFlagStroke(k *kit) {
	uids := fill(k, k.inbox, 5).UIDs
	expunge(k, k.inbox, set(uids[2]))
	store(k, k.inbox, set(uids[1]), mailbox.AddFlags, "k")
	before := snapshot(k, k.inbox)
	// Three of four exist, one has the flag already.
	res := store(k, k.inbox, set(uids[:4]...), mailbox.AddFlags, "k")
	if !res.Changed.Equal(set(uids[0], uids[3])) || len(res.Modified) > 0 || res.Before != before.ModSeq || res.ModSeq <= before.ModSeq {
		k.Errorf("the result is %+v after modseq %d", res, before.ModSeq)
	}
	got := changes(k, k.inbox, before.ModSeq)
	if len(got) != 2 {
		k.Errorf("told %+v", got)
	}
	for _, c := range got {
		if c.ModSeq != res.ModSeq || c.Kind != mailbox.FlagsChanged || flagText(c.Flags) != "k" || !res.Changed.Contains(c.UID) {
			k.Errorf("told %+v for %+v", c, res)
		}
	}
	if after := snapshot(k, k.inbox); after.ModSeq != res.ModSeq || after.UIDNext != before.UIDNext {
		k.Errorf("the folder is at %+v after %+v", after, res) // invariant 40
	}
}

func testFlagNoop(k *kit) {
	uid := add(k, k.inbox, letter{"x", []imap.Flag{imap.FlagSeen, "k"}, day}).UIDs[0]
	before := snapshot(k, k.inbox)
	for _, tt := range []struct {
		uids  imap.UIDSet
		op    mailbox.FlagOp
		flags []imap.Flag
	}{
		{set(uid), mailbox.AddFlags, []imap.Flag{imap.FlagSeen, "K"}},
		{set(uid), mailbox.SetFlags, []imap.Flag{"K", `\seen`, "k"}},
		{set(uid), mailbox.RemoveFlags, []imap.Flag{"other", imap.FlagDraft}},
		{set(uid), mailbox.AddFlags, nil},
		{set(uid + 1), mailbox.AddFlags, []imap.Flag{"other"}},
		{nil, mailbox.AddFlags, []imap.Flag{"other"}},
	} {
		res := store(k, k.inbox, tt.uids, tt.op, tt.flags...)
		if res.ModSeq != 0 || len(res.Changed)+len(res.Modified) > 0 {
			k.Errorf("%+v gave %+v", tt, res)
		}
	}
	if got := changes(k, k.inbox, before.ModSeq); len(got) > 0 {
		k.Errorf("told %+v", got)
	}
}

func testKeywords(k *kit) {
	uids := add(k, k.inbox, letter{"x", []imap.Flag{"Foo"}, day}, letter{"y", []imap.Flag{"fOO"}, day}).UIDs
	store(k, k.inbox, set(uids[1]), mailbox.AddFlags, "FOO", "bar", "BAR")
	if a, b := theMessage(k, k.inbox, uids[0]).Flags, theMessage(k, k.inbox, uids[1]).Flags; flagText(a) != "foo" || flagText(b) != "bar foo" {
		k.Errorf("the flags are %q and %q", a, b)
	}
	if st := status(k, k.inbox); flagText(st.Keywords) != "bar foo" {
		k.Errorf("the folder knows %q", st.Keywords)
	}
	// What no message has any more stays known.
	store(k, k.inbox, mailbox.AllUIDs, mailbox.RemoveFlags, "foo", "bar")
	if st := status(k, k.inbox); flagText(st.Keywords) != "bar foo" {
		k.Errorf("the folder knows %q", st.Keywords)
	}
}

// testUnchangedSince: invariant 46. A message is changed exactly when its modseq is
// not above the bound.
func testUnchangedSince(k *kit) {
	uids := fill(k, k.inbox, 3).UIDs
	store(k, k.inbox, set(uids[1]), mailbox.AddFlags, "a")
	bound := snapshot(k, k.inbox).ModSeq
	store(k, k.inbox, set(uids[2]), mailbox.AddFlags, "a")
	since := func(m imap.ModSeq) mailbox.StoreResult {
		res, err := k.inbox.Store(ctx, mailbox.AllUIDs, mailbox.FlagUpdate{
			Op: mailbox.AddFlags, Flags: []imap.Flag{"b"}, UnchangedSince: m, HasUnchangedSince: true,
		})
		ok(k, err, "Store")
		return res
	}
	if res := since(0); len(res.Changed) > 0 || !res.Modified.Equal(set(uids...)) || res.ModSeq != 0 {
		k.Errorf("unchanged since 0: %+v", res)
	}
	if res := since(bound); !res.Changed.Equal(set(uids[0], uids[1])) || !res.Modified.Equal(set(uids[2])) {
		k.Errorf("unchanged since %d: %+v", bound, res)
	}
	if res := since(imap.MaxModSeq); !res.Changed.Equal(set(uids[2])) || len(res.Modified) > 0 {
		k.Errorf("unchanged since ever: %+v", res)
	}
}

func testKeep(k *kit) {
	uid := add(k, k.inbox, letter{"x", []imap.Flag{imap.FlagDeleted, "a"}, day}).UIDs[0]
	keywordsOnly := func(f imap.Flag) bool { return !f.IsSystem() }
	for _, tt := range []struct {
		op    mailbox.FlagOp
		flags []imap.Flag
		want  string
	}{
		{mailbox.AddFlags, []imap.Flag{imap.FlagSeen, "b"}, `\deleted a b`},
		{mailbox.RemoveFlags, []imap.Flag{imap.FlagDeleted, "b"}, `\deleted a`},
		{mailbox.SetFlags, []imap.Flag{imap.FlagSeen, "c"}, `\deleted c`},
		{mailbox.SetFlags, nil, `\deleted`},
	} {
		_, err := k.inbox.Store(ctx, set(uid), mailbox.FlagUpdate{Op: tt.op, Flags: tt.flags, Keep: keywordsOnly})
		ok(k, err, "Store")
		if got := flagText(theMessage(k, k.inbox, uid).Flags); got != tt.want {
			k.Errorf("op %d with %q: the flags are %q, expected %q", tt.op, tt.flags, got, tt.want)
		}
	}
	before := snapshot(k, k.inbox)
	res, err := k.inbox.Store(ctx, set(uid), mailbox.FlagUpdate{Op: mailbox.SetFlags, Keep: func(imap.Flag) bool { return false }})
	ok(k, err, "Store")
	if after := snapshot(k, k.inbox); res.ModSeq != 0 || after.ModSeq != before.ModSeq {
		k.Errorf("what may touch nothing gave %+v", res)
	}
}

func testFlagsShared(k *kit) {
	uid := add(k, k.inbox, letter{"x", []imap.Flag{imap.FlagSeen, "a"}, day}).UIDs[0]
	m := theMessage(k, k.inbox, uid)
	told := changes(k, k.inbox, 0)[0]
	store(k, k.inbox, set(uid), mailbox.SetFlags, "b")
	store(k, k.inbox, set(uid), mailbox.AddFlags, "c")
	expunge(k, k.inbox, set(uid))
	if flagText(m.Flags) != `\seen a` || flagText(told.Flags) != `\seen a` {
		k.Errorf("flags told as \\Seen a are now %q and %q", m.Flags, told.Flags)
	}
}
