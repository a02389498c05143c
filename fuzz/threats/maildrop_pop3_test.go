package threats

import (
	"fmt"
	"strings"
	"testing"

	"github.com/mailwire/mailwire/imapwire/imap"
	"github.com/mailwire/mailwire/mailbox"
)

// filledPop is a server whose user has three messages.
func filledPop(t *testing.T) (*mailPop, mailbox.Folder) {
	t.Helper()
	m := newMailPop(t)
	u, err := m.store.User(t.Context(), saslUser)
	if err != nil {
		t.Fatal(err)
	}
	f, err := u.Open(t.Context(), imap.Inbox)
	if err != nil {
		t.Fatal(err)
	}
	if err := memAppend(f, nil, 0, "Subject: a\r\n\r\nx\r\n", "Subject: b\r\n\r\ny\r\n", "Subject: c\r\n\r\nz\r\n"); err != nil {
		t.Fatal(err)
	}
	return m, f
}

// uids is what a folder has.
func uids(t *testing.T, f mailbox.Folder) string {
	t.Helper()
	snap, err := f.Snapshot(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return snap.UIDs.Set().String()
}

// TestMaildropCut: threat Q4, invariant 33. The connection drops behind any octet of a
// session that marks messages: they are gone if QUIT has come whole, and otherwise
// all are there, marked or not, and the maildrop is free.
func TestMaildropCut(t *testing.T) {
	login := "USER " + saslUser + "\r\nPASS " + saslPassword + "\r\n"
	for _, tt := range []struct{ in, left string }{
		{login + "DELE 1\r\nDELE 3\r\nQUIT\r\n", "2"}, {login + "DELE 1\r\nRSET\r\nDELE 2\r\nQUIT\r\n", "1,3"},
		{login + "DELE 1\r\nQUIT x\r\n", "1:3"}, {login + "DELE 1\r\nQUIT\n", "1:3"}, {"DELE 1\r\n" + login + "QUIT\r\n", "1:3"},
	} {
		for n := range len(tt.in) + 1 {
			m, f := filledPop(t)
			s := m.session(inTheClear)
			if err := s.sess.Feed(s.now, []byte(tt.in[:n])); err != nil {
				t.Fatal(err)
			}
			s.take()
			s.sess.FeedEOF(s.now)
			s.take()
			want := "1:3"
			if n == len(tt.in) {
				want = tt.left
			}
			if got := uids(t, f); got != want {
				t.Fatalf("%q: %s is left, want %s", tt.in[:n], got, want)
			}
			if _, out := m.login(); !strings.HasPrefix(out, "+OK") {
				t.Fatalf("%q: the maildrop is not free: %q", tt.in[:n], out)
			}
		}
	}
}

// TestMaildropNumbers: threat Q6. Numbers that no message has, those of messages that
// are marked, and numbers of lines beyond any message: one -ERR, or what there is.
func TestMaildropNumbers(t *testing.T) {
	m, f := filledPop(t)
	s, _ := m.login()
	s.do("DELE 2")
	for _, n := range []string{"0", "-1", "+1", "01x", "2", "4", "4294967295", "4294967296", "4294967297", "18446744073709551617", "1 1", "1.0", "0x1", "", " 1", "*"} {
		for _, command := range []string{"RETR %s", "TOP %s 1", "TOP %s 18446744073709551615", "DELE %s", "LIST %s", "UIDL %s"} {
			line := fmt.Sprintf(command, n)
			if out := s.do(line); !strings.HasPrefix(out, "-ERR") || strings.Count(out, "\r\n") != 1 {
				t.Errorf("%s: %q", line, out)
			}
			s.do("NOOP") // so that mistakes are not in a row
		}
	}
	for _, lines := range []string{"-1", "18446744073709551616", "9223372036854775808", "x", "1 1", ""} {
		if out := s.do("TOP 1 " + lines); !strings.HasPrefix(out, "-ERR") {
			t.Errorf("TOP 1 %s: %q", lines, out)
		}
		s.do("NOOP")
	}
	if whole, top := s.do("RETR 1"), s.do("TOP 1 9223372036854775807"); !strings.HasSuffix(whole, "\r\n\r\nx\r\n.\r\n") || whole[strings.Index(whole, "\n"):] != top[strings.Index(top, "\n"):] {
		t.Errorf("RETR %q, TOP of all lines %q", whole, top)
	}
	s.do("QUIT")
	if got := uids(t, f); got != "1,3" {
		t.Errorf("%s is left", got)
	}
}

// TestMaildropOrder: threats Q10 and Q11. Commands that are sent ahead are done in
// their order, nothing behind QUIT is done, and a second session on the maildrop is
// told that it is in use, and gets it when the first has ended.
func TestMaildropOrder(t *testing.T) {
	in := "USER " + saslUser + "\r\nPASS " + saslPassword + "\r\nLIST 1\r\nDELE 1\r\nLIST 1\r\nRSET\r\nLIST 1\r\nDELE 2\r\nQUIT\r\nDELE 1\r\nDELE 3\r\nQUIT\r\n"
	for cut, pieces := range popCuts(in) {
		m, f := filledPop(t)
		s := m.session(inTheClear)
		said, second := "", 0
		for _, p := range pieces {
			if s.sess.Feed(s.now, []byte(p)) == nil {
				said += s.take()
			}
			if n := strings.Count(said, "\n"); n > 2 && n < 9 {
				second++
				if _, out := m.login(); !strings.HasPrefix(out, "-ERR [IN-USE] ") {
					t.Fatalf("a second session: %q", out)
				}
			}
		}
		words := ""
		for line := range strings.Lines(said) {
			words += line[:2]
		}
		if cut == "octet by octet" && second == 0 {
			t.Fatal("no second session was tried")
		}
		if words != "+O+O+O+O-E+O+O+O+O" || uids(t, f) != "1,3" {
			t.Fatalf("%s: %q, %s is left", cut, said, uids(t, f))
		}
		if _, out := m.login(); !strings.HasPrefix(out, "+OK") {
			t.Fatalf("%s: behind QUIT: %q", cut, out)
		}
	}
}
