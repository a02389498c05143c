package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/mailwire/mailwire/imapwire/imap"
	"github.com/mailwire/mailwire/mailbox"
	"github.com/mailwire/mailwire/mailbox/storetest"
)

// TestStore is all that a store has to pass.
func TestStore(t *testing.T) {
	if testing.Short() {
		t.Skip("writes many files; the full test runs it")
	}
	storetest.Run(t, func(t *testing.T) mailbox.Store {
		s := newStore(t.TempDir())
		s.careless = true
		for _, user := range []string{storetest.Alice, storetest.Bob} {
			if err := s.addUser(user); err != nil {
				t.Fatal(err)
			}
		}
		return s
	})
}

// TestRestart: mail that was taken is there after a restart, with its UIDs, and
// what a crash left of messages on their way is not.
func TestRestart(t *testing.T) {
	ctx, dir := context.Background(), t.TempDir()
	s := newStore(dir)
	if err := s.addUser("a/b"); err != nil {
		t.Fatal(err)
	}
	inbox := func() mailbox.Folder {
		u, err := s.User(ctx, "a/b")
		if err != nil {
			t.Fatal(err)
		}
		f, err := u.Open(ctx, "inbox")
		if err != nil {
			t.Fatal(err)
		}
		return f
	}
	write := func(f mailbox.Folder, text string) mailbox.AppendTx {
		tx, err := f.Append(ctx)
		if err != nil {
			t.Fatal(err)
		}
		w, err := tx.Message(int64(len(text)), []imap.Flag{"$Kept"}, time.Time{})
		if err != nil {
			t.Fatal(err)
		}
		io.WriteString(w, text)
		return tx
	}
	if _, err := write(inbox(), "Subject: kept\r\n\r\n").Commit(); err != nil {
		t.Fatal(err)
	}
	before, err := inbox().Snapshot(ctx)
	if err != nil {
		t.Fatal(err)
	}
	write(inbox(), "lost")

	s = newStore(dir)
	if err := s.addUser("a/b"); err != nil {
		t.Fatal(err)
	}
	f := inbox()
	after, err := f.Snapshot(ctx)
	if err != nil || after.UIDValidity != before.UIDValidity || after.UIDNext != before.UIDNext || after.ModSeq != before.ModSeq {
		t.Errorf("%+v, before %+v: %v", after, before, err)
	}
	b, err := f.Body(ctx, 1)
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	text, err := io.ReadAll(io.NewSectionReader(b, 0, b.Size()))
	if string(text) != "Subject: kept\r\n\r\n" || err != nil {
		t.Errorf("%q, %v", text, err)
	}
	if files, err := filepath.Glob(filepath.Join(dir, "*", "*")); len(files) != 2 || err != nil {
		t.Errorf("%q, %v: expected the account and one message", files, err)
	}
}

// TestServe speaks IMAP with the server.
func TestServe(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	out, in := io.Pipe()
	done := make(chan error, 1)
	users := passwords{}
	if err := users.Set("ada:secret"); err != nil {
		t.Fatal(err)
	}
	go func() { done <- serve(ctx, t.TempDir(), "127.0.0.1:0", users, in) }()
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	conn, err := net.Dial("tcp", strings.TrimSpace(strings.TrimPrefix(line, "imap ")))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	fmt.Fprint(conn, "a LOGIN ada wrong\r\nb LOGIN ada secret\r\nc APPEND INBOX {4+}\r\nmail\r\nd SELECT INBOX\r\ne FETCH 1 BODY[]\r\nf LOGOUT\r\n")
	said, err := io.ReadAll(conn)
	for _, want := range []string{"a NO [AUTHENTICATIONFAILED]", "b OK", "c OK [APPENDUID", "* 1 EXISTS", "BODY[] {4}\r\nmail)", "f OK"} {
		if !strings.Contains(string(said), want) {
			t.Errorf("%q is missing in\n%s%v", want, said, err)
		}
	}
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
}
