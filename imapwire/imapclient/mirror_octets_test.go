package imapclient_test

import (
	"strings"
	"testing"

	"github.com/mailwire/mailwire/imapwire"
	"github.com/mailwire/mailwire/imapwire/engine"
	"github.com/mailwire/mailwire/imapwire/imap"
	"github.com/mailwire/mailwire/imapwire/imapclient"
	"github.com/mailwire/mailwire/mailbox/imapserve"
	"github.com/mailwire/mailwire/mailbox/memstore"
)

// The conversation of TestMirrorOctets: what the client does, what others do between,
// and what they do while the client is away.
var (
	octetsOwn = []imapwire.Command{
		&imapwire.Fetch{Set: imap.SetRange(1, imap.Star), Items: []imapwire.FetchItem{imapwire.FetchUID, imapwire.FetchFlags, imapwire.FetchEnvelope}},
		&imapwire.Store{Set: imap.SetRange(2, 4), Op: imapwire.StoreAdd, Flags: []imap.Flag{imap.FlagFlagged}},
		&imapwire.Search{UID: true, Key: &imap.SearchAll{}},
		&imapwire.Copy{Set: imap.SetOf(1), Mailbox: "INBOX"},
		&imapwire.Store{Set: imap.SetOf(3), Op: imapwire.StoreAdd, Silent: true, Flags: []imap.Flag{imap.FlagDeleted}},
		&imapwire.Expunge{},
		&imapwire.Fetch{Set: imap.SetRange(1, imap.Star), Items: []imapwire.FetchItem{imapwire.FetchFlags, &imapwire.FetchBody{}}},
		&imapwire.Noop{},
	}
	octetsOthers = []func(r *reader){
		func(r *reader) { r.put("Subject: new\r\n\r\n") },
		func(r *reader) { r.flag(2, "k") },
		func(r *reader) { r.drop(5) },
		func(r *reader) { r.put("x"); r.flag(1, imap.FlagSeen); r.drop(6) },
	}
	octetsAway = func(r *reader) { r.flag(4, "away"); r.drop(1); r.put("away") }
)

func (r *reader) put(text string) {
	r.do(&imapwire.Append{Mailbox: "INBOX", Messages: []imapwire.AppendMessage{{Size: int64(len(text)), Content: strings.NewReader(text)}}})
}

func (r *reader) flag(uid uint32, flag imap.Flag) {
	r.do(&imapwire.Store{UID: true, Set: imap.SetOf(uid), Op: imapwire.StoreAdd, Silent: true, Flags: []imap.Flag{flag}})
}

func (r *reader) drop(uid uint32) {
	r.flag(uid, imap.FlagDeleted)
	r.do(&imapwire.Expunge{UID: true, Set: imap.SetOf(uid)})
}

// open begins a conversation that is cut after so many octets of the server's; below
// zero, never.
func (x *mirrored) open(caps imap.Capabilities, cut int) {
	x.caps, x.away = caps, 0
	x.link = newLink(x.t, x.srv, x.event)
	x.cut = cut
	x.send(&imapwire.Login{User: "u", Password: "p"})
	if caps.Has(imap.CapQResync) {
		x.send(&imapwire.Enable{Capabilities: imap.Capabilities{imap.CapQResync}})
	}
	for x.step(1 << 20) {
	}
	if !x.lost {
		x.send(x.m.Select("INBOX", caps))
	}
}

// octets runs the conversation, cut after so many octets of the server's, and returns
// how many there were. Then the client comes again, and its Mirror has to be equal to
// the mailbox.
func octets(t *testing.T, caps imap.Capabilities, cut int) (said int64) {
	store := memstore.New(memstore.Options{})
	if err := store.AddUser("u", "p"); err != nil {
		t.Fatal(err)
	}
	srv, err := imapserve.NewServer(store, imapserve.Options{Auth: store, PlaintextAuth: engine.PlaintextLoopback})
	if err != nil {
		t.Fatal(err)
	}
	defer srv.Close()
	x := &mirrored{t: t, srv: srv, m: &imapclient.Mirror{}, other: newReader(t, srv)}
	defer x.other.close()
	for range 7 {
		x.other.put("Subject: a\r\n\r\nabc")
	}
	x.other.do(&imapwire.Select{Mailbox: "INBOX"})
	x.open(caps, cut)
	for i := 0; i < len(octetsOwn) && !x.lost; i++ {
		for x.step(1 << 20) {
		}
		if i%2 == 0 {
			octetsOthers[i/2](x.other)
		}
		if !x.lost {
			x.send(octetsOwn[i])
		}
	}
	for x.step(1 << 20) {
	}
	said = x.conn.Stats().BytesIn
	x.close()
	octetsAway(x.other)
	x.open(caps, -1)
	for range 2 {
		for x.step(1 << 20) {
		}
		x.send(&imapwire.Noop{})
	}
	for x.step(1 << 20) {
	}
	x.equal()
	x.close()
	return said
}

// TestMirrorOctets: invariants 29 and 46. A transcript of a few KiB is cut at every
// octet; the client connects again and resynchronises, and its Mirror is equal to the
// mailbox.
func TestMirrorOctets(t *testing.T) {
	for name, caps := range mirrorServers {
		t.Run(name, func(t *testing.T) {
			all := octets(t, caps, -1)
			if all < 2<<10 {
				t.Fatalf("the transcript has %d octets only", all)
			}
			step := 1
			if testing.Short() {
				step = 29
			}
			for cut := 1; cut <= int(all); cut += step {
				if said := octets(t, caps, cut); said != int64(cut) {
					t.Fatalf("%d octets came, not %d", said, cut)
				}
			}
			t.Logf("%d octets", all)
		})
	}
}
