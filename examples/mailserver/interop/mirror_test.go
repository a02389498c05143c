//go:build interop

package interop

import (
	"context"
	"fmt"
	"io"
	"net"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/mailwire/mailwire/imapwire"
	"github.com/mailwire/mailwire/imapwire/drive"
	"github.com/mailwire/mailwire/imapwire/engine"
	"github.com/mailwire/mailwire/imapwire/imap"
	"github.com/mailwire/mailwire/imapwire/imapclient"
)

// A cutConn gives so many octets, and then no more.
type cutConn struct {
	net.Conn
	left int
}

func (c *cutConn) Read(p []byte) (int, error) {
	if c.left == 0 {
		return 0, io.EOF
	}
	n, err := c.Conn.Read(p[:min(len(p), c.left)])
	c.left -= n
	return n, err
}

// A mirrorer is a client with a Mirror of INBOX, in one conversation after the other.
type mirrorer struct {
	t                    *testing.T
	addr, user, password string
	m                    imapclient.Mirror
	conn                 *imapclient.Conn
	drive                *drive.Client
	away                 int  // commands without an answer
	lost                 bool // the connection is
}

var resyncing = imap.Capabilities{imap.CapQResync, imap.CapCondStore, imap.CapESearch}

// open begins a conversation that ends after so many octets of the server's.
func (x *mirrorer) open(cut int) {
	x.t.Helper()
	nc, err := net.Dial("tcp", x.addr)
	if err != nil {
		x.t.Fatal(err)
	}
	x.conn, err = imapclient.New(time.Now(), imapclient.Options{Security: engine.Security{Loopback: true}, PlaintextAuth: engine.PlaintextLoopback})
	if err != nil {
		x.t.Fatal(err)
	}
	x.drive = &drive.Client{Conn: &cutConn{nc, cut}, Engine: x.conn}
	x.away, x.lost = 0, false
	x.send(&imapwire.Login{User: x.user, Password: engine.Secret(x.password)})
	x.send(&imapwire.Enable{Capabilities: imap.Capabilities{imap.CapQResync}})
	x.send(x.m.Select("INBOX", resyncing))
}

func (x *mirrorer) send(cmd imapwire.Command) {
	x.t.Helper()
	if x.lost {
		return
	}
	id, err := x.conn.Send(cmd)
	if err != nil {
		x.t.Fatal(err)
	}
	x.m.Sent(id, cmd)
	x.away++
}

// settle waits for the answers to all that was sent, or the end.
func (x *mirrorer) settle() {
	x.t.Helper()
	ctx, cancel := context.WithTimeout(x.t.Context(), patience)
	defer cancel()
	for x.away > 0 && !x.lost {
		ev := x.conn.Next()
		if ev == nil {
			if err := x.drive.Step(ctx); err != nil {
				x.t.Fatal(err)
			}
			continue
		}
		if err := x.m.Take(ev); err != nil {
			x.t.Errorf("%T: %v", ev, err)
		}
		switch ev := ev.(type) {
		case *imapclient.Malformed:
			x.t.Errorf("%v in %q", ev.Err, ev.Raw)
		case *imapclient.Done:
			x.away--
			x.lost = x.lost || ev.Err != nil
			if ev.Err == nil {
				if ev.Status.Condition != imapwire.OK {
					x.t.Errorf("%+v", ev.Status)
				}
				for _, cmd := range x.m.Catchup() {
					x.send(cmd)
				}
			}
		case *imapclient.Closed:
			x.lost = true
		}
	}
}

// close ends the conversation, if it has not ended.
func (x *mirrorer) close() {
	x.drive.Close()
	for ev := x.conn.Next(); ev != nil; ev = x.conn.Next() {
		x.m.Take(ev)
	}
}

// picture is what the Mirror has of each message.
func (x *mirrorer) picture() (all []string) {
	for num := uint32(1); num <= x.m.Exists(); num++ {
		uid := x.m.UID(num)
		flags, modSeq, _ := x.m.Flags(uid)
		all = append(all, described(num, uid, flags, modSeq))
	}
	return all
}

func described(num uint32, uid imap.UID, flags []imap.Flag, modSeq imap.ModSeq) string {
	var names []string
	for _, f := range flags {
		if !f.Equal(imap.FlagRecent) {
			names = append(names, f.Fold())
		}
	}
	slices.Sort(names)
	return fmt.Sprintf("%d is UID %d, %v, modseq %d", num, uid, names, modSeq)
}

// TestMirror: a conversation of some KiB is cut at one octet after the other while
// somebody else changes the mailbox; each time the client connects again and
// resynchronises, and its Mirror is equal to the mailbox (invariants 29 and 46).
func TestMirror(t *testing.T) {
	d := startDovecot(t, nil)
	s := startMail(t)
	for name, x := range map[string]*mirrorer{
		"Dovecot":    {addr: d, user: user, password: dovecotPassword},
		"mailserver": {addr: s.imap, user: mailUser, password: mailPassword},
	} {
		t.Run(name, func(t *testing.T) {
			x.t = t
			other := login(t, x.addr, x.user, x.password)
			put := func(n int) {
				for range n {
					other.append("INBOX", "Subject: a\r\n\r\nabc", time.Time{})
				}
			}
			first := imap.SetOf(1)
			put(6)
			other.do(&imapwire.Select{Mailbox: "INBOX", CondStore: true}, nil)
			rounds := 0
			for cut := 1; ; cut += 41 {
				rounds++
				x.open(cut)
				x.settle()
				for i, cmd := range []imapwire.Command{
					&imapwire.Fetch{Set: everyMessage, Items: []imapwire.FetchItem{imapwire.FetchUID, imapwire.FetchFlags, imapwire.FetchModSeq, imapwire.FetchEnvelope}},
					&imapwire.Store{Set: imap.SetRange(2, 4), Op: imapwire.StoreAdd, Flags: []imap.Flag{imap.FlagFlagged}},
					&imapwire.Store{Set: imap.SetRange(2, 3), Op: imapwire.StoreRemove, Flags: []imap.Flag{imap.FlagFlagged}},
					&imapwire.Store{Set: imap.SetOf(2), Op: imapwire.StoreAdd, Silent: true, Flags: []imap.Flag{imap.FlagDeleted}},
					&imapwire.Expunge{},
					&imapwire.Noop{},
				} {
					if i == 1 {
						other.do(&imapwire.Store{Set: first, Op: imapwire.StoreAdd, Flags: []imap.Flag{imap.FlagSeen}}, nil)
					}
					if i == 4 {
						put(1)
					}
					x.send(cmd)
					x.settle()
				}
				whole := !x.lost
				x.close()
				// While it is away.
				other.do(&imapwire.Noop{}, nil)
				other.do(&imapwire.Store{Set: imap.SetRange(2, 3), Op: imapwire.StoreReplace, Flags: []imap.Flag{"away"}}, nil)
				put(2)
				other.do(&imapwire.Noop{}, nil)
				n := uint32(0)
				other.do(&imapwire.Fetch{Set: everyMessage, Items: []imapwire.FetchItem{imapwire.FetchUID}}, func(ev imapclient.Event) {
					if f, ok := ev.(*imapclient.FetchEnd); ok {
						n = max(n, f.Num)
					}
				})
				// So many as there were.
				other.do(&imapwire.Store{Set: imap.SetRange(1, n-6), Op: imapwire.StoreAdd, Silent: true, Flags: []imap.Flag{imap.FlagDeleted}}, nil)
				other.do(&imapwire.Expunge{}, nil)
				x.open(1 << 30)
				x.settle()
				x.send(&imapwire.Noop{})
				x.settle()
				synced := x.m.Synced()
				x.close()
				other.do(&imapwire.Noop{}, nil)
				var want []string
				other.do(&imapwire.Fetch{Set: everyMessage, Items: []imapwire.FetchItem{imapwire.FetchUID, imapwire.FetchFlags, imapwire.FetchModSeq}}, func(ev imapclient.Event) {
					if f, ok := ev.(*imapclient.FetchEnd); ok {
						want = append(want, described(f.Num, f.Data.UID, f.Data.Flags, f.Data.ModSeq))
					}
				})
				if diff := cmp.Diff(want, x.picture()); diff != "" || !synced {
					t.Fatalf("cut at %d: the Mirror (-mailbox +Mirror), complete %t:\n%s", cut, synced, diff)
				}
				if whole {
					break
				}
			}
			t.Logf("%d conversations", rounds)
		})
	}
}
