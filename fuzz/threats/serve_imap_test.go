package threats_test

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"iter"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/mailwire/mailwire/imapwire/engine"
	"github.com/mailwire/mailwire/imapwire/imap"
	"github.com/mailwire/mailwire/imapwire/imapserver"
	"github.com/mailwire/mailwire/mailbox"
	"github.com/mailwire/mailwire/mailbox/imapserve"
	"github.com/mailwire/mailwire/mailbox/memstore"
)

// errDisk is an error of a store whose text is nobody's business.
var errDisk = errors.New("open /srv/mail/ada/loot: input/output error")

// A guardedStore is a store on whose folders a user may do what rights says, that
// fails where fails says, and that notes what it is asked for.
type guardedStore struct {
	*memstore.Store
	rights map[string]string // by name; without an entry all
	fails  map[string]string // by name: the method that fails
	asked  *[]string
}

func newGuardedStore(t testing.TB) guardedStore {
	t.Helper()
	s := guardedStore{memstore.New(memstore.Options{Now: func() time.Time { return imapStart }}), map[string]string{}, map[string]string{}, new([]string)}
	for _, user := range []string{"u", "v"} {
		if err := s.AddUser(user, "p"); err != nil {
			t.Fatal(err)
		}
	}
	return s
}

func (s guardedStore) User(ctx context.Context, name string) (mailbox.User, error) {
	u, err := s.Store.User(ctx, name)
	return guardedUser{u, s}, err
}

// note notes a call, and says whether it fails.
func (s guardedStore) note(name, method string) error {
	*s.asked = append(*s.asked, method)
	if s.fails[name] == method {
		return errDisk
	}
	return nil
}

type guardedUser struct {
	mailbox.User
	s guardedStore
}

func (u guardedUser) Folders(ctx context.Context) iter.Seq2[mailbox.FolderInfo, error] {
	return func(yield func(mailbox.FolderInfo, error) bool) {
		for info, err := range u.User.Folders(ctx) {
			if letters, limited := u.s.rights[info.Name]; limited && !strings.Contains(letters, "l") {
				continue
			}
			if !yield(info, err) {
				return
			}
		}
	}
}

func (u guardedUser) Open(ctx context.Context, name string) (mailbox.Folder, error) {
	if err := u.s.note(name, "Open"); err != nil {
		return nil, err
	}
	f, err := u.User.Open(ctx, name)
	if err != nil {
		return nil, err
	}
	rights := imap.RightsAll
	if letters, limited := u.s.rights[name]; limited {
		rights, _ = imap.ParseRights(letters)
	}
	return guardedFolder{f, name, rights, u.s}, nil
}

func (u guardedUser) Create(ctx context.Context, name string, opt mailbox.CreateOptions) (mailbox.FolderID, error) {
	u.s.note(name, "Create")
	return u.User.Create(ctx, name, opt)
}

func (u guardedUser) Delete(ctx context.Context, name string) error {
	u.s.note(name, "Delete")
	return u.User.Delete(ctx, name)
}

func (u guardedUser) Rename(ctx context.Context, from, to string) error {
	u.s.note(from, "Rename")
	return u.User.Rename(ctx, from, to)
}

type guardedFolder struct {
	mailbox.Folder
	name   string
	rights imap.Rights
	s      guardedStore
}

func (f guardedFolder) Rights(context.Context) (imap.Rights, error) {
	return f.rights, f.s.note(f.name, "Rights")
}

func (f guardedFolder) Status(ctx context.Context) (mailbox.Status, error) {
	if err := f.s.note(f.name, "Status"); err != nil {
		return mailbox.Status{}, err
	}
	return f.Folder.Status(ctx)
}

func (f guardedFolder) Snapshot(ctx context.Context) (mailbox.Snapshot, error) {
	if err := f.s.note(f.name, "Snapshot"); err != nil {
		return mailbox.Snapshot{}, err
	}
	return f.Folder.Snapshot(ctx)
}

func (f guardedFolder) Messages(ctx context.Context, uids imap.UIDSet) iter.Seq2[mailbox.Message, error] {
	f.s.note(f.name, "Messages")
	return f.Folder.Messages(ctx, uids)
}

func (f guardedFolder) Body(ctx context.Context, uid imap.UID) (mailbox.Body, error) {
	f.s.note(f.name, "Body")
	return f.Folder.Body(ctx, uid)
}

func (f guardedFolder) Append(ctx context.Context) (mailbox.AppendTx, error) {
	f.s.note(f.name, "Append")
	return f.Folder.Append(ctx)
}

func (f guardedFolder) Store(ctx context.Context, uids imap.UIDSet, u mailbox.FlagUpdate) (mailbox.StoreResult, error) {
	f.s.note(f.name, "Store")
	return f.Folder.Store(ctx, uids, u)
}

func (f guardedFolder) Copy(ctx context.Context, uids imap.UIDSet, to string) (mailbox.CopyResult, error) {
	f.s.note(f.name, "Copy")
	return f.Folder.Copy(ctx, uids, to)
}

func (f guardedFolder) Move(ctx context.Context, uids imap.UIDSet, to string) (mailbox.CopyResult, error) {
	f.s.note(f.name, "Move")
	return f.Folder.Move(ctx, uids, to)
}

func (f guardedFolder) Expunge(ctx context.Context, uids imap.UIDSet) (mailbox.ExpungeResult, error) {
	f.s.note(f.name, "Expunge")
	return f.Folder.Expunge(ctx, uids)
}

// guarded makes folders with a message each, before any rights are taken away.
func guarded(t testing.TB, s guardedStore, names ...string) *imapserve.Server {
	t.Helper()
	srv := serveIMAP(t, s, imapserve.Options{Auth: s})
	setup := loginIMAP(t, srv, "u")
	setup.put("INBOX", "Subject: x\r\n\r\ny\r\n")
	for _, name := range names {
		setup.ok("CREATE " + name)
		setup.put(name, "Subject: "+name+"\r\n\r\ny\r\n")
	}
	return srv
}

// TestOraclesIMAP: threats S5 and S15. A folder that a user may not see answers
// every command with the octets of one that does not exist, and is in no list.
// (Commands that make a name have to say that it is taken.)
func TestOraclesIMAP(t *testing.T) {
	commands := []string{
		"SELECT %s", "EXAMINE %s", "STATUS %s (MESSAGES UIDNEXT)", "DELETE %s", "RENAME %s other", "APPEND %s {3}", "APPEND %s {3+}\r\nabc", "COPY 1 %s", "UID COPY 1 %s", "MOVE 1 %s", "UID MOVE 1 %s",
		`LIST "" %s`, `LIST "" %s RETURN (STATUS (MESSAGES))`, `LIST "" %s/%%`, `LSUB "" %s`, `LIST "" "*" RETURN (CHILDREN STATUS (MESSAGES))`, "SUBSCRIBE %s", "UNSUBSCRIBE %s", "GETQUOTAROOT %s", "SELECT %s (CONDSTORE)", "SELECT %s (QRESYNC (1 1))",
	}
	for _, rev2 := range []bool{false, true} {
		for _, command := range commands {
			answer := func(name string) string {
				s := newGuardedStore(t)
				srv := guarded(t, s, "zebra", "plain")
				s.rights["zebra"] = ""
				c := loginIMAP(t, srv, "u")
				if rev2 {
					c.ok("ENABLE IMAP4rev2 QRESYNC")
				}
				c.ok("SELECT INBOX")
				if strings.Contains(command, "%s") {
					command := strings.ReplaceAll(strings.Replace(command, "%s", name, 1), "%%", "%")
					told, got := c.do(command)
					return strings.ReplaceAll(told+got, name, "NAME")
				}
				told, got := c.do(command)
				return told + got
			}
			hidden, none := answer("zebra"), answer("yeti9")
			if hidden != none || strings.Contains(hidden, "zebra") {
				t.Errorf("%s: a hidden folder answers\n%s\none that is not there\n%s", command, hidden, none)
			}
		}
	}
	// A folder that may be seen and not read shows no number of its messages.
	s := newGuardedStore(t)
	srv := guarded(t, s, "zebra")
	s.rights["zebra"] = "l"
	c := loginIMAP(t, srv, "u")
	for _, command := range []string{"STATUS zebra (MESSAGES)", `LIST "" zebra RETURN (STATUS (MESSAGES))`, "SELECT zebra", "GETQUOTAROOT zebra"} {
		if told, got := c.do(command); strings.Contains(told, "MESSAGES") || strings.Contains(told, "EXISTS") || strings.Contains(told, "QUOTA ") {
			t.Errorf("%s: %s%s", command, told, got)
		}
	}
	// What is put where nobody may read does not say which number it got.
	s.rights["zebra"] = "li"
	for _, command := range []string{"APPEND zebra {3+}\r\nabc", "COPY 1 zebra"} {
		if strings.HasPrefix(command, "COPY") {
			c.ok("SELECT INBOX")
		}
		if told, got := c.do(command); strings.Contains(told+got, "UID ") || !strings.HasPrefix(got, "OK") {
			t.Errorf("%s: %s%s", command, told, got)
		}
	}
}

// TestFailedSelectIMAP: threat S2. However a SELECT fails, what was selected
// before is not any more, and commands on messages are BAD; the error of a store
// is not told.
func TestFailedSelectIMAP(t *testing.T) {
	for _, rev2 := range []bool{false, true} {
		for _, tt := range []struct {
			name, command, rights, fails, want string
		}{
			{"it is not there", "SELECT none", "", "", "NO [NONEXISTENT]"},
			{"only a parent", "SELECT parent", "", "", "NO"},
			{"hidden", "SELECT box", "-", "", "NO [NONEXISTENT]"},
			{"not to be read", "EXAMINE box", "li", "", "NO [NOPERM]"},
			{"no name", "SELECT \"&\"", "", "", "NO"},
			{"an unknown parameter", "SELECT box (X)", "", "", "BAD"},
			{"no octets", "SELECT \"\"", "", "", "NO"},
			{"a store that does not open", "SELECT box", "", "Open", "NO [SERVERBUG]"},
			{"rights that can not be read", "SELECT box", "", "Rights", "NO [SERVERBUG]"},
			{"a status that can not be read", "SELECT box", "", "Status", "NO [SERVERBUG]"},
			{"messages that can not be listed", "SELECT box", "", "Snapshot", "NO [SERVERBUG]"},
			{"twice", "SELECT none\r\nx SELECT none", "", "", "NO [NONEXISTENT]"},
		} {
			s := newGuardedStore(t)
			srv := guarded(t, s, "box", "parent/child")
			loginIMAP(t, srv, "u").ok("DELETE parent")
			if tt.rights != "" {
				s.rights["box"] = strings.Trim(tt.rights, "-")
			}
			c := loginIMAP(t, srv, "u")
			if rev2 {
				c.ok("ENABLE IMAP4rev2")
			}
			c.ok("SELECT INBOX")
			s.fails["box"] = tt.fails
			told, got := c.do(tt.command)
			if !strings.HasPrefix(got, tt.want) || strings.Contains(told+got, "srv/mail") {
				t.Errorf("%s: %s%s", tt.name, told, got)
			}
			if n := strings.Count(told, "[CLOSED]"); n != 1 {
				t.Errorf("%s: it is told %d times that the mailbox is closed: %s", tt.name, n, told)
			}
			if st := c.sess.Conn().State(); st != imapserver.StateAuthenticated {
				t.Errorf("%s: then the state is %v", tt.name, st)
			}
			for _, command := range []string{"FETCH 1 FLAGS", "UID STORE 1 +FLAGS (\\Deleted)", "EXPUNGE", "CLOSE", "SEARCH ALL", "COPY 1 box", "UNSELECT", "CHECK"} {
				if told, got := c.do(command); !strings.HasPrefix(got, "BAD") || told != "" {
					t.Errorf("%s, then %s: %s%s", tt.name, command, told, got)
				}
			}
			c.ok("SELECT INBOX")
		}
	}
}

// TestRightsFirstIMAP: threat S4. Of every command that a right is missing for, a
// store hears no more than what the rights are.
func TestRightsFirstIMAP(t *testing.T) {
	const all = "lrswipkxtea"
	for _, tt := range []struct {
		command, folder, lacks string
		selected               bool
		code                   string
		never                  []string
	}{
		{"SELECT box", "box", "r", false, "NOPERM", []string{"Status", "Snapshot", "Messages"}},
		{"EXAMINE box", "box", "r", false, "NOPERM", []string{"Status", "Snapshot", "Messages"}},
		{"STATUS box (MESSAGES)", "box", "r", false, "NOPERM", []string{"Status", "Snapshot"}},
		{"APPEND box {3+}\r\nabc", "box", "i", false, "NOPERM", []string{"Append"}},
		{"APPEND box {3}", "box", "i", false, "NOPERM", []string{"Append"}},
		{"DELETE box", "box", "x", false, "NOPERM", []string{"Delete"}},
		{"RENAME box other", "box", "x", false, "NOPERM", []string{"Rename"}},
		{"CREATE box/below", "box", "k", false, "NOPERM", []string{"Create"}},
		{"RENAME plain box/below", "box", "k", false, "NOPERM", []string{"Rename"}},
		{"STORE 1 +FLAGS (\\Seen)", "box", "s", true, "NOPERM", []string{"Store"}},
		{"UID STORE 1 +FLAGS (\\Deleted)", "box", "t", true, "NOPERM", []string{"Store"}},
		{"STORE 1 -FLAGS (k)", "box", "w", true, "NOPERM", []string{"Store"}},
		{"EXPUNGE", "box", "e", true, "NOPERM", []string{"Expunge"}},
		{"UID EXPUNGE 1", "box", "e", true, "NOPERM", []string{"Expunge"}},
		{"CLOSE", "box", "e", true, "", []string{"Expunge"}},
		{"MOVE 1 plain", "box", "t", true, "NOPERM", []string{"Move", "Copy", "Expunge"}},
		{"UID MOVE 1 plain", "box", "e", true, "NOPERM", []string{"Move", "Copy", "Expunge"}},
		{"COPY 1 plain", "plain", "i", true, "NOPERM", []string{"Copy"}},
		{"UID COPY 1 plain", "plain", "i", true, "NOPERM", []string{"Copy"}},
		{"MOVE 1 plain", "plain", "i", true, "NOPERM", []string{"Move"}},
		{"FETCH 1 BODY[]", "box", "s", true, "", []string{"Store"}},
	} {
		s := newGuardedStore(t)
		srv := guarded(t, s, "box", "plain")
		s.rights[tt.folder] = strings.Replace(all, tt.lacks, "", 1)
		c := loginIMAP(t, srv, "u")
		if tt.selected {
			c.ok("SELECT box")
		}
		*s.asked = nil
		told, got := c.do(tt.command)
		want := "OK"
		if tt.code != "" {
			want = "NO [" + tt.code + "]"
		}
		if !strings.HasPrefix(got, want) {
			t.Errorf("%s without %s: %s%s", tt.command, tt.lacks, told, got)
		}
		for _, method := range tt.never {
			if slices.Contains(*s.asked, method) {
				t.Errorf("%s without %s: the store is asked for %v", tt.command, tt.lacks, *s.asked)
			}
		}
		if strings.HasSuffix(tt.command, "{3}") {
			continue // with the right, the octets are due
		}
		// With the right it is done, and the store hears of it.
		delete(s.rights, tt.folder)
		c = loginIMAP(t, srv, "u")
		if tt.selected {
			c.ok("SELECT box")
		}
		*s.asked = nil
		if told, got := c.do(tt.command); !strings.HasPrefix(got, "OK") || !slices.ContainsFunc(tt.never, func(m string) bool { return slices.Contains(*s.asked, m) }) {
			t.Errorf("%s with all rights: %s%s, the store is asked for %v", tt.command, told, got, *s.asked)
		}
	}
}

// TestUnknownUserIMAP: threats S6 and S8. A login of somebody who does not exist is
// answered with the same octets as one with a wrong password, by every way in.
func TestUnknownUserIMAP(t *testing.T) {
	s := newGuardedStore(t)
	var random io.Reader = strings.NewReader(rep("0123456789abcdef", 1000))
	srv := serveIMAP(t, s, imapserve.Options{Auth: s, Random: random, Pepper: "0123456789abcdef"})
	plain := func(user, password string) string {
		return base64.StdEncoding.EncodeToString([]byte("\x00" + user + "\x00" + password))
	}
	try := func(in string) string {
		c := connectIMAP(t, srv, engine.Security{Loopback: true})
		out := c.say(in)
		if n := c.sess.FailedLogins(); n != 1 {
			t.Errorf("%q: %d failed logins", in, n)
		}
		if c.sess.User() != "" || c.sess.Conn().State() != imapserver.StateNotAuthenticated {
			t.Errorf("%q: %q is logged in", in, c.sess.User())
		}
		return out
	}
	for _, way := range []func(user, password string) string{
		func(u, p string) string { return fmt.Sprintf("a LOGIN %s %s\r\n", u, p) },
		func(u, p string) string {
			return fmt.Sprintf("a LOGIN {%d+}\r\n%s {%d+}\r\n%s\r\n", len(u), u, len(p), p)
		},
		func(u, p string) string { return "a AUTHENTICATE PLAIN " + plain(u, p) + "\r\n" },
		func(u, p string) string { return "a AUTHENTICATE PLAIN\r\n" + plain(u, p) + "\r\n" },
		func(u, p string) string {
			b := base64.StdEncoding.EncodeToString
			return "a AUTHENTICATE LOGIN\r\n" + b([]byte(u)) + "\r\n" + b([]byte(p)) + "\r\n"
		},
	} {
		wrong := try(way("u", "wrong"))
		for user, password := range map[string]string{"nobody": "p", "v": "wrong", "U": "p", "uu": "p"} {
			if got := try(way(user, password)); got != wrong || !strings.Contains(got, "a NO [AUTHENTICATIONFAILED]") {
				t.Errorf("%q: %q, and for a wrong password %q", way(user, password), got, wrong)
			}
		}
	}
	// To be somebody else is no matter of who exists.
	as := func(other string) string {
		return try("a AUTHENTICATE PLAIN " + base64.StdEncoding.EncodeToString([]byte(other+"\x00u\x00p")) + "\r\n")
	}
	if a, b := as("v"), as("nobody"); a != b || !strings.Contains(a, "a NO ") {
		t.Errorf("as one who exists %q, as nobody %q", a, b)
	}
}

// TestUsersApartIMAP: threat S3. Sessions of two users over one server see each
// their own mail, under the same names, however their commands alternate.
func TestUsersApartIMAP(t *testing.T) {
	s := newGuardedStore(t)
	srv := serveIMAP(t, s, imapserve.Options{Auth: s})
	u, v := loginIMAP(t, srv, "u"), loginIMAP(t, srv, "v")
	for _, c := range []*imapSession{u, v} {
		c.ok("CREATE box")
		c.ok("SELECT box")
	}
	for i := range 5 {
		u.put("box", fmt.Sprintf("Subject: u%d\r\n\r\nada\r\n", i))
		if told := v.ok("NOOP"); strings.Contains(told, "EXISTS") {
			t.Fatalf("v is told of the mail of u: %s", told)
		}
	}
	v.put("box", "Subject: v\r\n\r\nbob\r\n")
	if told := u.ok("FETCH 1:* BODY.PEEK[]"); strings.Contains(told, "bob") || strings.Count(told, "ada") != 5 {
		t.Errorf("u: %s", told)
	}
	if told := v.ok("FETCH 1:* BODY.PEEK[]"); strings.Contains(told, "ada") || strings.Count(told, "bob") != 1 {
		t.Errorf("v: %s", told)
	}
	u.ok("UNSELECT")
	u.ok("DELETE box")
	if told := v.ok("FETCH 1 FLAGS"); !strings.Contains(told, "* 1 FETCH") {
		t.Errorf("v, behind a DELETE of u: %s", told)
	}
}
