package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/mailwire/mailwire/imapwire/imap"
)

// TestJournal: a journal is read as it was written, a line that a crash has cut
// does not count, and neither does the journal of others.
func TestJournal(t *testing.T) {
	path := filepath.Join(t.TempDir(), "journal")
	odd := pair{"a b\n\"\\é", 4294967295, 1}
	j, err := openJournal(path, "ada@a", "ada@b")
	if err != nil {
		t.Fatal(err)
	}
	for uid := imap.UID(1); uid <= 12; uid++ {
		if err := j.add(odd, uid, 100+uid); err != nil {
			t.Fatal(err)
		}
	}
	if err := j.close(); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	// "… 112" without its end could be "… 11" as well.
	for cut, want := range map[int]string{0: "1:12", 1: "1:11", 2: "1:11", 20: "1:11"} {
		if err := os.WriteFile(path, text[:len(text)-cut], 0o600); err != nil {
			t.Fatal(err)
		}
		for range 2 {
			if j, err = openJournal(path, "ada@a", "ada@b"); err != nil {
				t.Fatal(err)
			}
			if got := string(j.of(odd).from.Append(nil)); got != want {
				t.Errorf("cut by %d: %s, want %s", cut, got, want)
			}
			if err := j.add(pair{"other", 1, 1}, 1, 1); err != nil {
				t.Fatal(err)
			}
			j.close()
		}
	}
	if got := string(j.of(odd).to.Append(nil)); !strings.HasPrefix(got, "101:11") {
		t.Errorf("at the destination: %s", got)
	}
	if _, err := openJournal(path, "ada@a", "bob@b"); err == nil {
		t.Error("the journal of others was taken")
	}
	if err := os.WriteFile(path, append(text, "nonsense\n"...), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := openJournal(path, "ada@a", "ada@b"); err == nil {
		t.Error("a line of nonsense was taken")
	}
}
