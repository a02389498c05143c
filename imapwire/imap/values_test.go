package imap_test

import (
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"pgregory.net/rapid"

	"github.com/mailwire/mailwire/imapwire/imap"
)

var names = []struct {
	name, wire string
}{
	{"", ""}, {"INBOX", "INBOX"}, {"a&b", "a&-b"}, {"&", "&-"}, {"&&", "&-&-"}, {"Entwürfe", "Entw&APw-rfe"}, {"台北", "&U,BTFw-"},
	{"~peter/mail/台北/日本語", "~peter/mail/&U,BTFw-/&ZeVnLIqe-"}, {"😀", "&2D3eAA-"}, {"a\tb", "a&AAk-b"}, {"é-", "&AOk--"}, {"\x7f", "&AH8-"}, {"ü&ü", "&APw-&-&APw-"},
}

var badNames = []string{"&", "a&", "&AEA-", "&AOk", "&AO-", "&AOkA-", "&2D0-", "&3gA-", "&====-", "&AOk-&AOk-", "&ANYA-", "ü", "a\tb", "\x00", "&AO/-", "&U/BTFw-", "&AAA", "&A-", "&AE-", "&\r-", "&AO\nk-"}

func TestMailboxName(t *testing.T) {
	for _, tt := range names {
		if got := imap.EncodeMailbox(tt.name, false); got != tt.wire {
			t.Errorf("%q: %q, want %q", tt.name, got, tt.wire)
		}
		if got, err := imap.DecodeMailbox(tt.wire, false); got != tt.name || err != nil {
			t.Errorf("%q: %q, %v; want %q", tt.wire, got, err, tt.name)
		}
		if got, err := imap.DecodeMailbox(imap.EncodeMailbox(tt.name, true), true); got != tt.name || err != nil {
			t.Errorf("%q in UTF-8: %q, %v", tt.name, got, err)
		}
	}
	for _, wire := range badNames {
		if got, err := imap.DecodeMailbox(wire, false); err == nil {
			t.Errorf("%q is taken for %q", wire, got)
		}
		if imap.DisplayMailbox(wire, false) == "" {
			t.Errorf("%q can not be shown", wire)
		}
	}
	if _, err := imap.DecodeMailbox("\xff", true); err == nil {
		t.Error("UTF-8 that is none")
	}
	if !imap.IsInbox("inBox") || imap.IsInbox("INBOX2") || imap.IsInbox("INB") {
		t.Error("IsInbox")
	}
}

// FuzzMailboxName: invariant 11. What decodes is what encodes to the same
// octets, and every name has a form that decodes to it.
func FuzzMailboxName(f *testing.F) {
	for _, tt := range names {
		f.Add(tt.name)
		f.Add(tt.wire)
	}
	for _, w := range badNames {
		f.Add(w)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if name, err := imap.DecodeMailbox(s, false); err == nil {
			if back := imap.EncodeMailbox(name, false); back != s {
				t.Fatalf("%q decodes to %q, which is %q", s, name, back)
			}
		}
		if !utf8.ValidString(s) {
			return
		}
		wire := imap.EncodeMailbox(s, false)
		if got, err := imap.DecodeMailbox(wire, false); err != nil || got != s {
			t.Fatalf("%q encodes to %q, which is %q, %v", s, wire, got, err)
		}
	})
}

func TestDate(t *testing.T) {
	for s, want := range map[string]imap.Date{
		"1-Feb-1994": {Year: 1994, Month: 2, Day: 1}, "01-feb-1994": {Year: 1994, Month: 2, Day: 1}, "29-FEB-2024": {Year: 2024, Month: 2, Day: 29}, "31-Dec-9999": {Year: 9999, Month: 12, Day: 31},
	} {
		got, err := imap.ParseDate(s)
		if err != nil || got != want {
			t.Errorf("%q: %v, %v", s, got, err)
		}
		if again, err := imap.ParseDate(got.String()); err != nil || again != want {
			t.Errorf("%q: written %q", s, got)
		}
	}
	for _, s := range []string{"", "1-Feb-94", "29-Feb-2023", "0-Jan-2020", "32-Jan-2020", "1-Foo-2020", "+1-Jan-2020", "1-Jan-+020", "001-Jan-2020", "1 Jan 2020", "1-Jan-20200"} {
		if d, err := imap.ParseDate(s); err == nil {
			t.Errorf("%q is taken for %v", s, d)
		}
	}
	a, b := imap.Date{Year: 2020, Month: 1, Day: 31}, imap.Date{Year: 2020, Month: 2, Day: 1}
	if a.Compare(b) != -1 || b.Compare(a) != 1 || a.Compare(a) != 0 {
		t.Error("Compare")
	}
}

func TestDateTime(t *testing.T) {
	for _, s := range []string{" 1-Jan-2026 00:00:00 +0000", "17-Jul-1996 02:44:25 -0700", "31-Dec-1999 23:59:60 +1400", "29-Feb-2024 12:00:00 +0530"} {
		at, err := imap.ParseDateTime(s)
		if err != nil {
			t.Errorf("%q: %v", s, err)
			continue
		}
		if got := string(imap.AppendDateTime(nil, at)); got != `"`+s+`"` && !strings.Contains(s, ":60") {
			t.Errorf("%q: written %s", s, got)
		}
	}
	for _, s := range []string{"", "1-Jan-2026 00:00:00 +0000", "01-Jan-2026 24:00:00 +0000", "01-Jan-2026 00:60:00 +0000", "01-Jan-2026 00:00:00 0000", "01-Jan-2026 00:00:00 +0060", "30-Feb-2026 00:00:00 +0000", "01-Jan-2026 00:00:00 GMT", "+1-Jan-2026 00:00:00 +0000", "01-Jan-2026 00:00:0x +0000"} {
		if at, err := imap.ParseDateTime(s); err == nil {
			t.Errorf("%q is taken for %v", s, at)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		zone := time.FixedZone("", rapid.IntRange(-99*60, 99*60).Draw(t, "zone")*60)
		at := time.Unix(rapid.Int64Range(-62_000_000_000, 253_000_000_000).Draw(t, "unix"), 0).In(zone)
		s := string(imap.AppendDateTime(nil, at))
		got, err := imap.ParseDateTime(strings.Trim(s, `"`))
		if err != nil || !got.Equal(at) {
			t.Fatalf("%v is written %s, read %v, %v", at, s, got, err)
		}
	})
}

func TestFlag(t *testing.T) {
	for _, tt := range []struct {
		f, g imap.Flag
		want bool
	}{{`\Seen`, `\SEEN`, true}, {"a", "A", true}, {"a", "b", false}, {"é", "É", false}, {"", "", true}, {"K", "\u212a", false}} {
		if tt.f.Equal(tt.g) != tt.want || (tt.f.Fold() == tt.g.Fold()) != tt.want {
			t.Errorf("%s and %s", tt.f, tt.g)
		}
	}
	if imap.Flag(`\recent`).Canonical() != imap.FlagRecent || imap.Flag("x").Canonical() != "x" || imap.Flag(`\X`).Canonical() != `\X` {
		t.Error("Canonical")
	}
	if !imap.HasFlag([]imap.Flag{"a", `\Seen`}, `\sEEN`) || imap.HasFlag(nil, "a") {
		t.Error("HasFlag")
	}
	if len(imap.SystemFlags()) != 5 {
		t.Error("SystemFlags")
	}
}

func TestRights(t *testing.T) {
	if got := imap.RightsAll.String(); got != "aeiklnprstwx" {
		t.Errorf("all rights: %s", got)
	}
	r, ok := imap.ParseRights("lr9")
	if !ok || r.String() != "lr9" || !r.Has(imap.RightLookup|imap.RightRead) || r.Has(imap.RightWrite) {
		t.Errorf("%v, %v", r, ok)
	}
	if _, ok := imap.ParseRights("lR"); ok {
		t.Error("capitals are no rights")
	}
}

func TestCapability(t *testing.T) {
	caps := imap.Capabilities{"imap4REV1", "Auth=plain"}
	if !caps.Has(imap.CapIMAP4rev1) || caps.Has(imap.CapIdle) {
		t.Error("Has")
	}
	if m, ok := caps[1].AuthMechanism(); !ok || m != "PLAIN" {
		t.Errorf("%s, %v", m, ok)
	}
	if _, ok := caps[0].AuthMechanism(); ok {
		t.Error("a mechanism")
	}
	if imap.AuthCapability("X") != "AUTH=X" {
		t.Error("AuthCapability")
	}
	if !imap.AttrTrash.IsSpecialUse() || imap.AttrNoSelect.IsSpecialUse() || !imap.MailboxAttr(`\TRASH`).Equal(imap.AttrTrash) {
		t.Error("MailboxAttr")
	}
}
