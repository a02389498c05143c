package memstore_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/mailwire/mailwire/mailbox"
	"github.com/mailwire/mailwire/mailbox/memstore"
	"github.com/mailwire/mailwire/mailbox/storetest"
)

var ctx = context.Background()

func TestCanonicalNames(t *testing.T) {
	lim := memstore.Limits{Name: 40, Levels: 4}
	for _, tt := range []struct{ name, want string }{
		{"a", "a"},
		{"a/B/ c", "a/B/ c"},
		{"inbox", "INBOX"},
		{"iNbOx/sub", "INBOX/sub"},
		{"INBOX", "INBOX"},
		{"inboxes", "inboxes"},
		{"a/inbox", "a/inbox"},
		{"ınbox", "ınbox"},
		{"Gr\u00fc\u00dfe", "Gr\u00fc\u00dfe"},
		{"Gru\u0308\u00dfe", "Gr\u00fc\u00dfe"}, // composed
		{"\u212bngstr\u00f6m", "\u00c5ngstr\u00f6m"},
		{"&-%*~.", "&-%*~."},
		{"台北/日本語", "台北/日本語"},
		{"a/b/c/d", "a/b/c/d"},
		{strings.Repeat("x", 40), strings.Repeat("x", 40)},
	} {
		got, err := lim.Canonical(tt.name)
		if got != tt.want || err != nil {
			t.Errorf("%q: got %q, %v, expected %q", tt.name, got, err, tt.want)
		}
	}
	for _, name := range []string{
		"", "/", "a/", "/a", "a//b", "a\x00", "a\tb", "a\r\nb", "\x7f", "a\u0085b", "a\u2028b", "a\u2029b", "\ufeffa",
		"\xff", "a\xc3", "\xed\xa0\x80", "a/b/c/d/e", strings.Repeat("x", 41), strings.Repeat("x", 1_000_000),
	} {
		if got, err := lim.Canonical(name); !errors.Is(err, mailbox.ErrCannot) {
			t.Errorf("%.50q: got %.50q, %v", name, got, err)
		}
	}
}

// TestCanonicalTwice: what is canonical stays as it is.
func TestCanonicalTwice(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		name := rapid.OneOf(rapid.String(), rapid.StringMatching(`(?i:inbox)?(/?[ae\x{301}\x{308}\x{327}A]){0,9}`)).Draw(t, "name")
		once, err := memstore.Limits{}.Canonical(name)
		if err != nil {
			return
		}
		if twice, err := (memstore.Limits{}).Canonical(once); twice != once || err != nil {
			t.Fatalf("%q becomes %q, and that %q, %v", name, once, twice, err)
		}
	})
}

// TestComposedNames: a name finds its folder however it is composed (RFC 9051
// §5.1).
func TestComposedNames(t *testing.T) {
	u := openUser(t, newStore(t, memstore.Options{}), storetest.Alice)
	create(t, u, "Gru\u0308\u00dfe")
	if _, err := u.Create(ctx, "Gr\u00fc\u00dfe", mailbox.CreateOptions{}); !errors.Is(err, mailbox.ErrAlreadyExists) {
		t.Errorf("the composed name is another: %v", err)
	}
	for _, name := range []string{"Gru\u0308\u00dfe", "Gr\u00fc\u00dfe"} {
		if f, err := u.Open(ctx, name); err != nil {
			t.Error(err)
		} else {
			f.Close()
		}
		if err := u.Subscribe(ctx, name, true); err != nil {
			t.Error(err)
		}
	}
	var names []string
	for info, err := range u.Folders(ctx) {
		if err != nil {
			t.Fatal(err)
		}
		names = append(names, info.Name)
	}
	if got := strings.Join(names, " "); got != "INBOX Gr\u00fc\u00dfe" {
		t.Errorf("the list is %q", got)
	}
}
