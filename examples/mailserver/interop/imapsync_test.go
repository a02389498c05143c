//go:build interop

package interop

import (
	"crypto/sha256"
	"fmt"
	"hash"
	"maps"
	"net/url"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/mailwire/mailwire/imapwire"
	"github.com/mailwire/mailwire/imapwire/imap"
	"github.com/mailwire/mailwire/imapwire/imapclient"
)

// contents returns, for each folder, what its messages are, in an order of its own.
func contents(t *testing.T, addr, user, password string) map[string][]string {
	t.Helper()
	k := login(t, addr, user, password)
	var folders []*imapwire.ListData
	k.do(&imapwire.List{Patterns: []string{"*"}}, func(ev imapclient.Event) {
		if d, ok := ev.(*imapclient.Data); ok {
			if l, ok := d.Response.(*imapwire.ListData); ok && !slices.ContainsFunc(l.Attrs, imap.AttrNoSelect.Equal) {
				folders = append(folders, l)
			}
		}
	})
	all := map[string][]string{}
	for _, l := range folders {
		name, err := imap.DecodeMailbox(l.Mailbox, false)
		if err != nil {
			t.Fatal(err)
		}
		name = strings.ReplaceAll(name, string(rune(l.Delimiter)), "/")
		all[name] = []string{}
		var exists uint32
		k.do(&imapwire.Select{Mailbox: l.Mailbox, ReadOnly: true}, func(ev imapclient.Event) {
			if d, ok := ev.(*imapclient.Data); ok {
				if e, ok := d.Response.(*imapwire.ExistsData); ok {
					exists = e.Count
				}
			}
		})
		if exists == 0 {
			continue
		}
		var h hash.Hash
		k.do(&imapwire.Fetch{Set: everyMessage, Items: []imapwire.FetchItem{
			imapwire.FetchFlags, imapwire.FetchInternalDate, &imapwire.FetchBody{Peek: true},
		}}, func(ev imapclient.Event) {
			switch ev := ev.(type) {
			case *imapclient.FetchStart:
				h = sha256.New()
			case *imapclient.BodyData:
				h.Write(ev.Data)
			case *imapclient.FetchEnd:
				flags := []string{}
				for _, f := range ev.Data.Flags {
					if !f.Equal(imap.FlagRecent) {
						flags = append(flags, f.Fold())
					}
				}
				slices.Sort(flags)
				all[name] = append(all[name], fmt.Sprintf("%v %s %x", flags, ev.Data.InternalDate.UTC().Format(time.RFC3339), h.Sum(nil)[:8]))
			}
		})
		slices.Sort(all[name])
	}
	return all
}

// TestImapsync: from Dovecot to the server here and to Dovecot again, and nothing
// is different; and each run again has nothing to do.
func TestImapsync(t *testing.T) {
	dir := t.TempDir()
	imapsync := filepath.Join(dir, "imapsync")
	if out, err := exec.Command("go", "build", "-o", imapsync, "../../imapsync").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	addr, s := startDovecot(t, nil), startEmpty(t)
	k := login(t, addr, "ada", dovecotPassword)
	// Each has its parent: some servers, ours too, make a folder of one that is missing.
	folders := []string{"INBOX", "Work", "Work.&AMk-t&AOk-.2019", "Tom &- Jerry", "Work.&AMk-t&AOk-", "Empty"}
	for _, f := range folders[1:] {
		k.do(&imapwire.Create{Mailbox: f}, nil)
	}
	flags := []imap.Flag{imap.FlagSeen, imap.FlagAnswered, imap.FlagFlagged, imap.FlagDraft, imap.FlagDeleted, "$Forwarded", "later"}
	zone := time.FixedZone("", -9*3600-30*60)
	for i := range 120 {
		text := fmt.Sprintf("From: a@example.org\r\nSubject: m%d\r\nMessage-ID: <%d@example.org>\r\n\r\n%s", i, i, strings.Repeat("line \xc3\xa4\xff\r\n", i*i))
		switch i % 10 {
		case 3: // alike
			text = "Message-ID: <same@example.org>\r\n\r\nsame\r\n"
		case 4: // without Message-ID
			text = fmt.Sprintf("Subject: none\r\n\r\n%03d\r\n", i)
		}
		var has []imap.Flag
		for j, f := range flags {
			if i>>j&1 == 1 {
				has = append(has, f)
			}
		}
		k.append(folders[i%4], text, time.Date(2001, 2, 3, 23, 59, 58, 0, zone).Add(time.Duration(i/20)*100*24*time.Hour), has...)
	}
	want := contents(t, addr, "ada", dovecotPassword)
	messages := 0
	for _, list := range want {
		messages += len(list)
	}
	if len(want) != len(folders) || messages != 120 {
		t.Fatalf("Dovecot has %v", slices.Collect(maps.Keys(want)))
	}
	at := func(addr, user, password string) string {
		return (&url.URL{Scheme: "imap", User: url.UserPassword(user, password), Host: addr, Path: "/"}).String()
	}
	dovecot, here, again := at(addr, "ada", dovecotPassword), at(s.imap, user, password), at(addr, "bob", dovecotPassword)
	for _, copied := range []int{120, 0} {
		for i, pair := range [][2]string{{dovecot, here}, {here, again}} {
			args := []string{"-ca", authority, "-from", pair[0], "-to", pair[1]}
			if i == 1 { // and the first without
				args = append(args, "-journal", filepath.Join(dir, "journal"))
			}
			out, log, status := run(t, imapsync, args...)
			if status != 0 || log != "" || !strings.HasPrefix(out, fmt.Sprintf("copied %d messages ", copied)) {
				t.Errorf("exit status %d\n%s%s", status, out, log)
			}
		}
		for name, got := range map[string]map[string][]string{
			"here": contents(t, s.imap, user, password), "Dovecot again": contents(t, addr, "bob", dovecotPassword),
		} {
			if d := cmp.Diff(want, got); d != "" {
				t.Errorf("%s (-source +copy):\n%s", name, d)
			}
		}
	}
}
