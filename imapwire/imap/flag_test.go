package imap_test

import (
	"testing"

	"pgregory.net/rapid"

	"github.com/mailwire/mailwire/imapwire/imap"
)

func TestFlag(t *testing.T) {
	for _, tt := range []struct {
		f, g imap.Flag
		want bool
	}{
		{`\Seen`, `\SEEN`, true}, {"a", "A", true}, {"a", "b", false}, {"a", "aa", false}, {"", "", true},
		{"@", "`", false}, {"[", "{", false}, // beside the letters
		{"é", "É", false}, {"K", "\u212a", false}, {"s", "ſ", false}, {"\xff", "\xfe", false}, {"\xff", "\uFFFD", false},
	} {
		if tt.f.Equal(tt.g) != tt.want || tt.g.Equal(tt.f) != tt.want || (tt.f.Fold() == tt.g.Fold()) != tt.want {
			t.Errorf("%q and %q: equal %v, folded %q and %q", tt.f, tt.g, tt.f.Equal(tt.g), tt.f.Fold(), tt.g.Fold())
		}
	}
	for f, want := range map[imap.Flag]imap.Flag{`\recent`: imap.FlagRecent, `\SEEN`: imap.FlagSeen, `\dRAFT`: imap.FlagDraft, "seen": "seen", `\X`: `\X`, `\*`: imap.FlagWildcard, "": ""} {
		if got := f.Canonical(); got != want {
			t.Errorf("%q is %q, want %q", f, got, want)
		}
	}
	if !imap.FlagSeen.IsSystem() || imap.KeywordJunk.IsSystem() || imap.Flag("").IsSystem() {
		t.Error("IsSystem")
	}
	if !imap.HasFlag([]imap.Flag{"a", `\Seen`}, `\sEEN`) || imap.HasFlag(nil, "a") {
		t.Error("HasFlag")
	}
	flags := imap.SystemFlags()
	if len(flags) != 5 || imap.HasFlag(flags, imap.FlagRecent) {
		t.Errorf("every folder can store %v", flags)
	}
	if flags[0] = "changed"; imap.SystemFlags()[0] == "changed" {
		t.Error("callers share the slice of SystemFlags")
	}
}

// TestFlagFold: equal flags, and no others, are one map key, whatever octets
// they consist of.
func TestFlagFold(t *testing.T) {
	octets := rapid.SliceOfN(rapid.SampledFrom([]byte("aAzZ@[`{\\$k\xc3\xa9\xe2\x84\xaa\xff")), 0, 4)
	rapid.Check(t, func(t *rapid.T) {
		f, g := imap.Flag(octets.Draw(t, "f")), imap.Flag(octets.Draw(t, "g"))
		if (f.Fold() == g.Fold()) != f.Equal(g) || imap.Flag(f.Fold()).Fold() != f.Fold() || !f.Equal(imap.Flag(f.Fold())) || !f.Canonical().Equal(f) {
			t.Fatalf("%q and %q", f, g)
		}
	})
	if n := testing.AllocsPerRun(100, func() { _ = imap.Flag("$forwarded").Fold() }); n != 0 {
		t.Errorf("a folded flag allocates %v times", n)
	}
}
