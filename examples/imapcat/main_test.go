package main

import (
	"context"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/mailwire/mailwire/imapwire"
	"github.com/mailwire/mailwire/imapwire/drive"
	"github.com/mailwire/mailwire/imapwire/engine"
	"github.com/mailwire/mailwire/imapwire/imapcall"
	"github.com/mailwire/mailwire/mailbox/imapserve"
	"github.com/mailwire/mailwire/mailbox/memstore"
)

// mailServer serves an account with a message, and returns its URL.
func mailServer(t *testing.T, text string) string {
	t.Helper()
	store := memstore.New(memstore.Options{Now: time.Now})
	if err := store.AddUser("ada", "secret"); err != nil {
		t.Fatal(err)
	}
	srv, err := imapserve.NewServer(store, imapserve.Options{Auth: store, PlaintextAuth: engine.PlaintextLoopback})
	if err != nil {
		t.Fatal(err)
	}
	d := &drive.Server{NewSession: func(info drive.Info) (drive.Session, error) {
		return srv.Session(info.Now, imapserve.Info{Security: info.Security})
	}}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error)
	go func() { done <- d.Serve(ctx, l) }()
	t.Cleanup(func() {
		cancel()
		<-done
	})
	url := "imap://ada:secret@" + l.Addr().String() + "/"
	c, err := imapcall.Dial(t.Context(), url, imapcall.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	for _, cmd := range []imapwire.Command{
		&imapwire.Create{Mailbox: "Gr&APwA3w-e"},
		&imapwire.Append{Mailbox: "INBOX", Messages: []imapwire.AppendMessage{{Size: int64(len(text)), Content: strings.NewReader(text)}}},
	} {
		if _, err := c.Do(t.Context(), cmd); err != nil {
			t.Fatal(err)
		}
	}
	return url
}

// TestRun: each thing that imapcat does.
func TestRun(t *testing.T) {
	const text = "From: ann@example.org\r\nSubject: =?utf-8?q?Caf=C3=A9?=\x1b\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Transfer-Encoding: base64\r\n\r\naGVsbG8=\r\n--b--\r\n"
	url := mailServer(t, text)
	for _, tt := range []struct {
		args         []string
		part, search string
		want         string
	}{
		{args: []string{url}, want: "INBOX\nGrüße\n"},
		{args: []string{url, "INBOX"}, want: "     1 N       160  ann@example.org                 Café?\n"},
		{args: []string{url, "INBOX"}, search: "ann@", want: "     1 N       160  ann@example.org                 Café?\n"},
		{args: []string{url, "INBOX"}, search: "nobody"},
		{args: []string{url, "INBOX", "1"}, want: text},
		{args: []string{url, "INBOX", "1"}, part: "1", want: "hello"},
	} {
		r := request{search: tt.search}
		if err := r.parse(tt.args, tt.part); err != nil {
			t.Fatal(err)
		}
		var out strings.Builder
		if err := r.run(t.Context(), &out); err != nil || out.String() != tt.want {
			t.Errorf("%q %q %q: %v\ngot  %q\nwant %q", tt.args[1:], tt.part, tt.search, err, out.String(), tt.want)
		}
	}
	var out, screen strings.Builder
	r := request{progress: &screen}
	if err := r.parse([]string{url, "INBOX", "1"}, ""); err != nil {
		t.Fatal(err)
	}
	if err := r.run(t.Context(), &out); err != nil || !strings.HasSuffix(screen.String(), "] 100 %\n") {
		t.Errorf("%v, the bar is %q", err, screen.String())
	}
	for _, args := range [][]string{{}, {url, "INBOX", "0"}, {url, "INBOX", "x"}, {url, "a", "1", "2"}} {
		if (&request{}).parse(args, "") == nil {
			t.Errorf("%q is taken", args)
		}
	}
	for _, args := range [][]string{{url, "none"}, {url, "INBOX", "9"}} {
		r := request{}
		r.parse(args, "")
		if r.run(t.Context(), &out) == nil {
			t.Errorf("%q works", args)
		}
	}
}
