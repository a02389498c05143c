package main

import (
	"context"
	"fmt"
	"math"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/mailwire/mailwire/imapwire"
	"github.com/mailwire/mailwire/imapwire/drive"
	"github.com/mailwire/mailwire/imapwire/engine"
	"github.com/mailwire/mailwire/imapwire/imap"
	"github.com/mailwire/mailwire/imapwire/imapcall"
	"github.com/mailwire/mailwire/imapwire/imapclient"
	"github.com/mailwire/mailwire/mailbox"
	"github.com/mailwire/mailwire/mailbox/imapserve"
	"github.com/mailwire/mailwire/mailbox/memstore"
	"github.com/mailwire/mailwire/quota"
)

// connect returns a session with a server over a store.
func connect(t *testing.T, store mailbox.Store, auth mailbox.Auth, opt imapclient.Options) *imapcall.Client {
	t.Helper()
	srv, err := imapserve.NewServer(store, imapserve.Options{Auth: auth, PlaintextAuth: engine.PlaintextAlways})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { srv.Close() })
	ctx, cancel := context.WithCancel(t.Context())
	client, server := net.Pipe()
	d := &drive.Server{NewSession: func(info drive.Info) (drive.Session, error) {
		return srv.Session(info.Now, imapserve.Info{Security: info.Security})
	}}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		d.ServeConn(ctx, server)
	}()
	t.Cleanup(func() { cancel(); <-ended })
	opt.PlaintextAuth = engine.PlaintextAlways
	c, err := imapcall.New(ctx, client, imapcall.Options{Engine: opt})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	if err := c.Login(ctx, "ada", "secret"); err != nil {
		t.Fatal(err)
	}
	return c
}

// fill returns a store with mail to report.
func fill(t *testing.T) *memstore.Store {
	t.Helper()
	var all, work quota.Limits
	all[quota.Storage], all[quota.Message] = quota.Hard(40), quota.Hard(10)
	work[quota.Storage] = quota.Soft(0)
	store := memstore.New(memstore.Options{Roots: []quota.Policy{
		{Root: "", Limits: all},
		{Root: "work", Limits: work, Rule: func(folder string) (quota.Rule, bool) { return quota.Rule{}, strings.HasPrefix(folder, "Work") }},
		{Root: "free", Rule: func(folder string) (quota.Rule, bool) { return quota.Rule{}, folder == "Work" }},
	}})
	if err := store.AddUser("ada", "secret"); err != nil {
		t.Fatal(err)
	}
	u, err := store.User(t.Context(), "ada")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"Work", "Work/Übersetzer", "parent/child"} {
		if _, err := u.Create(t.Context(), name, mailbox.CreateOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	if err := u.Delete(t.Context(), "parent"); err != nil { // a name that is only a parent
		t.Fatal(err)
	}
	for i, m := range []struct {
		folder, subject string
		size            int
		flags           []imap.Flag
	}{
		{"INBOX", "small", 100, nil},
		{"INBOX", "=?utf-8?q?Holiday_pictures_=E2=98=80?=", 9000, nil},
		{"INBOX", "going", 2048, []imap.Flag{imap.FlagDeleted}},
		{"Work", strings.Repeat("long ", 30), 12000, nil},
		{"Work/Übersetzer", "=?utf-8?q?red_=1B[31m_=00_text?=", 3000, nil},
	} {
		f, err := u.Open(t.Context(), m.folder)
		if err != nil {
			t.Fatal(err)
		}
		text := "Subject: " + m.subject + "\r\n\r\n"
		text += strings.Repeat("x", m.size-len(text))
		tx, err := f.Append(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		w, err := tx.Message(int64(len(text)), m.flags, time.Date(2026, 1, 1+i, 12, 0, 0, 0, time.UTC))
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprint(w, text)
		if _, err := tx.Commit(); err != nil {
			t.Fatal(err)
		}
	}
	return store
}

func reportOf(t *testing.T, c *imapcall.Client, n int) string {
	t.Helper()
	r, err := collect(t.Context(), c, n)
	if err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	if err := r.print(&out); err != nil {
		t.Fatal(err)
	}
	var lines []string
	for l := range strings.Lines(out.String()) {
		lines = append(lines, strings.TrimRight(l, " \n"))
	}
	return strings.Join(lines, "\n") + "\n"
}

func TestReport(t *testing.T) {
	store := fill(t)
	const want = `QUOTA ROOT  RESOURCE  USED      LIMIT
""          STORAGE   26.0 KiB  40.0 KiB  65%
""          MESSAGE   5         10        50%
work        STORAGE   15.0 KiB  0 B
free        -         -         no limit

MAILBOX          MESSAGES  SIZE      DELETED  EXPUNGE FREES  QUOTA ROOTS
INBOX            3         10.9 KiB  1        2.0 KiB        ""
Work             1         11.7 KiB  0        0 B            "", work, free
Work/Übersetzer  1         2.9 KiB   0        0 B            "", work
parent/child     0         0 B       0        0 B            ""

SIZE      MAILBOX          UID  DATE        SUBJECT
11.7 KiB  Work             1    2026-01-04  long long long long long long long long long long long long…
8.8 KiB   INBOX            2    2026-01-02  Holiday pictures ☀
2.9 KiB   Work/Übersetzer  1    2026-01-05  red ?[31m ? text
2.0 KiB   INBOX            3    2026-01-03  going
`
	c := connect(t, store, store, imapclient.Options{})
	if d := cmp.Diff(want, reportOf(t, c, 4)); d != "" {
		t.Errorf("-want +got:\n%s", d)
	}
	if out := reportOf(t, c, 0); strings.Contains(out, "SUBJECT") {
		t.Errorf("no messages were asked for:\n%s", out)
	}
}

// TestOldServer: a server that announces nothing of this still has messages.
func TestOldServer(t *testing.T) {
	store := fill(t)
	c := connect(t, struct{ mailbox.Store }{store}, store, imapclient.Options{Ignore: imap.Capabilities{imap.CapIMAP4rev2, imap.CapStatusSize}})
	const want = `The server tells no quotas.

MAILBOX          MESSAGES  SIZE      DELETED  EXPUNGE FREES  QUOTA ROOTS
INBOX            3         10.9 KiB  -        -              -
Work             1         11.7 KiB  -        -              -
Work/Übersetzer  1         2.9 KiB   -        -              -
parent/child     0         0 B       -        -              -

SIZE      MAILBOX  UID  DATE        SUBJECT
11.7 KiB  Work     1    2026-01-04  long long long long long long long long long long long long…
`
	if d := cmp.Diff(want, reportOf(t, c, 1)); d != "" {
		t.Errorf("-want +got:\n%s", d)
	}
}

// TestBatches: a mailbox is read in pieces.
func TestBatches(t *testing.T) {
	store := memstore.New(memstore.Options{})
	if err := store.AddUser("ada", "secret"); err != nil {
		t.Fatal(err)
	}
	u, _ := store.User(t.Context(), "ada")
	f, _ := u.Open(t.Context(), "INBOX")
	tx, err := f.Append(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for i := range 2*batch + 1 {
		w, err := tx.Message(int64(i%1500), nil, time.Time{})
		if err != nil {
			t.Fatal(err)
		}
		w.Write(make([]byte, i%1500))
	}
	if _, err := tx.Commit(); err != nil {
		t.Fatal(err)
	}
	r, err := collect(t.Context(), connect(t, store, store, imapclient.Options{Ignore: imap.Capabilities{imap.CapIMAP4rev2, imap.CapStatusSize}}), 3)
	if err != nil {
		t.Fatal(err)
	}
	st, _ := f.Status(t.Context())
	if r.folders[0].size != st.Size || len(r.largest) != 3 || r.largest[0].size != 1499 || r.largest[0].uid != 1500 || r.largest[2].size != 1497 {
		t.Errorf("%+v, %+v", r.folders, r.largest)
	}
}

func TestSize(t *testing.T) {
	for n, want := range map[int64]string{unknown: "-", 0: "0 B", 1023: "1023 B", 1024: "1.0 KiB", 1 << 20: "1.0 MiB", 5 << 30: "5.0 GiB", math.MaxInt64: "8.0 EiB"} {
		if got := size(n); got != want {
			t.Errorf("%d is %q, expected %q", n, got, want)
		}
	}
	if got := units(imapwire.QuotaStorage, math.MaxInt64); got != "9223372036854775807 KiB" {
		t.Error(got)
	}
	if got := units(imapwire.QuotaMessage, 7); got != "7" {
		t.Error(got)
	}
}
