//go:build interop

package interop

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/mailwire/mailwire/imapwire"
	"github.com/mailwire/mailwire/imapwire/engine"
	"github.com/mailwire/mailwire/imapwire/imap"
	"github.com/mailwire/mailwire/imapwire/imapclient"
)

// A peer is a server to speak with: login opens a session of its one user.
type peer struct{ login func(t *testing.T) *caller }

// eachServer runs a test against Dovecot and against the server here.
func eachServer(t *testing.T, test func(t *testing.T, p peer)) {
	t.Run("Dovecot", func(t *testing.T) {
		addr := startDovecot(t, nil)
		test(t, peer{func(t *testing.T) *caller { return login(t, addr, user, dovecotPassword) }})
	})
	t.Run("mailserver", func(t *testing.T) {
		s := startMail(t)
		test(t, peer{func(t *testing.T) *caller { return login(t, s.imap, mailUser, mailPassword) }})
	})
}

// TestDovecotList: 10,000 messages listed with envelope and structure.
func TestDovecotList(t *testing.T) {
	addr := startDovecot(t, func(mail string) {
		cur := filepath.Join(mail, user, "cur")
		if err := os.MkdirAll(cur, 0o700); err != nil {
			t.Fatal(err)
		}
		for i := range listed {
			text := listedMessage(i)
			if err := os.WriteFile(filepath.Join(cur, fmt.Sprintf("%d.M%d.host:2,S", 1700000000+i, i)), []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
	})
	list(t, login(t, addr, user, dovecotPassword))
}

// TestList: the same from the server here.
func TestList(t *testing.T) {
	s := startMail(t)
	k := login(t, s.imap, mailUser, mailPassword)
	var last engine.ID
	for i := range listed {
		text := listedMessage(i)
		last = k.send(&imapwire.Append{Mailbox: "INBOX", Messages: []imapwire.AppendMessage{{Size: int64(len(text)), Content: strings.NewReader(text)}}})
		if i%100 == 99 {
			k.finish(last, nil)
		}
	}
	list(t, login(t, s.imap, mailUser, mailPassword))
}

const listed = 10000

func listedMessage(i int) string {
	return fmt.Sprintf("From: \"A, B\" <a@example.org>\r\nTo: g: b@example.org, =?utf-8?q?=C3=A4?= <c@example.org>;\r\n"+
		"Subject: m%05d \"quoted\" \\\r\nMessage-ID: <%d@example.org>\r\nDate: Tue, 24 Nov 2026 12:00:00 +0000\r\n"+
		"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\ntext\r\n"+
		"--b\r\nContent-Type: message/rfc822\r\n\r\nSubject: inner\r\n\r\nx\r\n--b--\r\n", i, i)
}

// list lists what TestList and TestDovecotList put there.
func list(t *testing.T, k *caller) {
	t.Helper()
	k.do(&imapwire.Select{Mailbox: "INBOX"}, nil)
	seen := map[string]bool{}
	k.do(&imapwire.Fetch{Set: everyMessage, Items: []imapwire.FetchItem{
		imapwire.FetchUID, imapwire.FetchFlags, imapwire.FetchEnvelope, imapwire.FetchBodyStructure,
	}}, func(ev imapclient.Event) {
		end, ok := ev.(*imapclient.FetchEnd)
		if !ok {
			return
		}
		const all = imapwire.HasUID | imapwire.HasFlags | imapwire.HasEnvelope | imapwire.HasStructure
		d := end.Data
		if d.Has&all != all || len(d.Structure.Parts) != 2 || d.Envelope.From == nil || len(d.Unknown) > 0 {
			t.Fatalf("%+v", d)
		}
		seen[d.Envelope.Subject.Value] = true
	})
	if len(seen) != listed || !seen[`m09999 "quoted" \`] {
		t.Errorf("%d subjects", len(seen))
	}
	if s := k.conn.Stats(); s.MaxRetained+s.MaxQueuedOut > 256<<10 {
		t.Errorf("%+v", s)
	}
}

// TestIdle: an IDLE hears what another session appends.
func TestIdle(t *testing.T) {
	eachServer(t, func(t *testing.T, p peer) {
		a, b := p.login(t), p.login(t)
		a.do(&imapwire.Select{Mailbox: "INBOX"}, nil)
		id := a.send(&imapwire.Idle{})
		for idling := false; !idling; {
			_, idling = a.next().(*imapclient.Idling)
		}
		b.append("INBOX", "Subject: news\r\n\r\n", time.Time{})
		for {
			if d, ok := a.next().(*imapclient.Data); ok {
				if e, ok := d.Response.(*imapwire.ExistsData); ok && e.Count == 1 {
					break
				}
			}
		}
		if err := a.conn.EndIdle(id); err != nil {
			t.Fatal(err)
		}
		a.finish(id, nil)
	})
}

// TestResync: who was away hears of exactly what changed and went (RFC 7162).
func TestResync(t *testing.T) {
	eachServer(t, func(t *testing.T, p peer) {
		a := p.login(t)
		for range 5 {
			a.append("INBOX", "Subject: x\r\n\r\n", time.Time{})
		}
		var validity, modseq uint64
		a.do(&imapwire.Select{Mailbox: "INBOX", CondStore: true}, func(ev imapclient.Event) {
			if d, ok := ev.(*imapclient.Data); ok {
				if s, ok := d.Response.(*imapwire.StatusResponse); ok {
					if n, ok := s.Code.(*imapwire.CodeNumber); ok {
						switch n.Name {
						case imapwire.CodeUIDValidity:
							validity = n.Number
						case imapwire.CodeHighestModSeq:
							modseq = n.Number
						}
					}
				}
			}
		})
		b := p.login(t)
		b.do(&imapwire.Select{Mailbox: "INBOX"}, nil)
		b.do(&imapwire.Store{UID: true, Set: imap.SetOf(2), Op: imapwire.StoreAdd, Flags: []imap.Flag{imap.FlagFlagged}}, nil)
		b.do(&imapwire.Store{UID: true, Set: imap.SetOf(4), Op: imapwire.StoreAdd, Flags: []imap.Flag{imap.FlagDeleted}}, nil)
		b.do(&imapwire.Expunge{}, nil)
		b.append("INBOX", "Subject: new\r\n\r\n", time.Time{})

		c := p.login(t)
		c.do(&imapwire.Enable{Capabilities: imap.Capabilities{imap.CapQResync}}, nil)
		var told []string
		c.do(&imapwire.Select{Mailbox: "INBOX", QResync: &imapwire.QResync{
			UIDValidity: uint32(validity), ModSeq: imap.ModSeq(modseq),
		}}, func(ev imapclient.Event) {
			switch ev := ev.(type) {
			case *imapclient.Data:
				if v, ok := ev.Response.(*imapwire.VanishedData); ok {
					told = append(told, fmt.Sprintf("gone %t %v", v.Earlier, v.UIDs))
				}
			case *imapclient.FetchEnd:
				flags := slices.DeleteFunc(slices.Clone(ev.Data.Flags), imap.FlagRecent.Equal)
				told = append(told, fmt.Sprintf("%d %v %t", ev.Data.UID, flags, ev.Data.ModSeq > imap.ModSeq(modseq)))
			}
		})
		slices.Sort(told)
		if got, want := fmt.Sprint(told), fmt.Sprint([]string{`2 [\Flagged] true`, "6 [] true", "gone true 4"}); got != want {
			t.Errorf("%s, want %s", got, want)
		}
	})
}

// TestLarge: 64 MiB up and down in little memory (invariant 7).
func TestLarge(t *testing.T) {
	eachServer(t, func(t *testing.T, p peer) {
		k := p.login(t)
		line := bytes.Repeat([]byte("0123456789abcdef"), 64)
		copy(line[len(line)-2:], "\r\n")
		const lines = 64 << 10
		h := sha256.New()
		id := k.send(&imapwire.Append{Mailbox: "INBOX", Messages: []imapwire.AppendMessage{{Size: int64(lines * len(line)), Pushed: true, Wait: true}}})
		for ready := false; !ready; {
			_, ready = k.next().(*imapclient.Ready)
		}
		for range lines {
			h.Write(line)
			for p := line; len(p) > 0; {
				n, err := k.conn.Push(p)
				if err != nil {
					t.Fatal(err)
				}
				if p = p[n:]; len(p) > 0 {
					if done, ok := k.step().(*imapclient.Done); ok {
						t.Fatalf("%+v", done)
					}
				}
			}
		}
		k.finish(id, nil)
		k.do(&imapwire.Select{Mailbox: "INBOX"}, nil)
		back := sha256.New()
		k.do(&imapwire.Fetch{UID: true, Set: imap.SetOf(1), Items: []imapwire.FetchItem{&imapwire.FetchBody{Peek: true}}}, func(ev imapclient.Event) {
			if d, ok := ev.(*imapclient.BodyData); ok {
				back.Write(d.Data)
			}
		})
		if !bytes.Equal(h.Sum(nil), back.Sum(nil)) {
			t.Error("other octets came back")
		}
		s := k.conn.Stats()
		t.Logf("at most %d octets retained, %d queued", s.MaxRetained, s.MaxQueuedOut)
		if s.MaxRetained+s.MaxQueuedOut > 256<<10 {
			t.Errorf("%+v", s)
		}
	})
}
