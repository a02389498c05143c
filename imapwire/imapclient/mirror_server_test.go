package imapclient_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/mailwire/mailwire/imapwire"
	"github.com/mailwire/mailwire/imapwire/engine"
	"github.com/mailwire/mailwire/imapwire/imap"
	"github.com/mailwire/mailwire/imapwire/imapclient"
	"github.com/mailwire/mailwire/mailbox/imapserve"
	"github.com/mailwire/mailwire/mailbox/memstore"
)

// A link is a Conn and a Session of the server, and what is between them.
type link struct {
	t       fataler
	conn    *imapclient.Conn
	sess    *imapserve.Session
	toSess  bytes.Buffer
	toConn  bytes.Buffer
	onEvent func(imapclient.Event)
	// cut is how many octets pass from the server before the connection is
	// lost; below zero, all.
	cut  int
	lost bool
}

func newLink(t fataler, srv *imapserve.Server, onEvent func(imapclient.Event)) *link {
	sess, err := srv.Session(start, imapserve.Info{Security: engine.Security{Loopback: true}})
	if err != nil {
		t.Fatalf("%v", err)
	}
	conn, err := imapclient.New(start, imapclient.Options{Security: engine.Security{Loopback: true}, PlaintextAuth: engine.PlaintextLoopback})
	if err != nil {
		t.Fatalf("%v", err)
	}
	sess.OnChange(func() {})
	return &link{t: t, conn: conn, sess: sess, onEvent: onEvent, cut: -1}
}

// step moves at most n octets in each direction, and reports whether anything
// happened.
func (l *link) step(n int) bool {
	if l.lost {
		return false
	}
	moved := false
	for ev := l.conn.Next(); ev != nil; ev = l.conn.Next() {
		l.onEvent(ev)
		moved = true
	}
	if err := l.conn.Flush(start, &l.toSess); err != nil {
		l.t.Fatalf("%v", err)
	}
	if p := l.toSess.Next(n); len(p) > 0 {
		if err := l.sess.Feed(start, p); err != nil {
			l.t.Fatalf("feeding the server %q: %v", p, err)
		}
		moved = true
	}
	for l.sess.Work(context.Background()) {
	}
	for seg := l.sess.Output(); !seg.Empty(); seg = l.sess.Output() {
		if seg.Reader != nil {
			if _, err := io.CopyN(&l.toConn, seg.Reader, seg.N); err != nil {
				l.t.Fatalf("%v", err)
			}
		} else {
			l.toConn.Write(seg.Bytes)
		}
		l.sess.Advance(start, seg.Len())
		for l.sess.Work(context.Background()) {
		}
	}
	if l.cut >= 0 {
		n = min(n, l.cut)
	}
	if p := l.toConn.Next(n); len(p) > 0 {
		p = bytes.Clone(p)
		if err := l.conn.Feed(start, p); err != nil {
			l.t.Fatalf("feeding the client %q: %v", p, err)
		}
		for ev := l.conn.Next(); ev != nil; ev = l.conn.Next() {
			l.onEvent(ev)
		}
		if l.cut >= 0 {
			l.cut -= len(p)
		}
		moved = true
	}
	if l.cut == 0 {
		l.close()
	}
	return moved
}

func (l *link) close() {
	if l.lost {
		return
	}
	l.lost = true
	l.conn.FeedEOF(start)
	for ev := l.conn.Next(); ev != nil; ev = l.conn.Next() {
		l.onEvent(ev)
	}
	l.conn.Close()
	l.sess.Close()
}

// A reader is a session whose client does one thing after another, and gathers
// the answers: a test of Collector by the way.
type reader struct {
	*link
	col imapclient.Collector
	res *imapclient.Result
}

func newReader(t fataler, srv *imapserve.Server) *reader {
	r := &reader{}
	r.link = newLink(t, srv, func(ev imapclient.Event) {
		if res := r.col.Take(ev); res != nil {
			r.res = res
		}
	})
	r.do(&imapwire.Login{User: "u", Password: "p"})
	return r
}

func (r *reader) try(cmd imapwire.Command) *imapclient.Result {
	r.res = nil
	id, err := r.conn.Send(cmd)
	if err != nil {
		r.t.Fatalf("%v", err)
	}
	r.col.Sent(id, cmd)
	for r.step(1 << 20) {
	}
	if r.res == nil || r.res.ID != id {
		r.t.Fatalf("%s has no answer", cmd.Verb())
	}
	return r.res
}

func (r *reader) do(cmd imapwire.Command) *imapclient.Result {
	res := r.try(cmd)
	if err := res.Err(); err != nil {
		r.t.Fatalf("%v", err)
	}
	return res
}

// A mirrored is a mailbox as its Mirror and as the server have it.
type mirrored struct {
	t interface {
		fataler
		Helper()
		Fatal(...any)
	}
	r     *rapid.T // for what is drawn
	srv   *imapserve.Server
	other *reader
	*link
	m     *imapclient.Mirror
	caps  imap.Capabilities
	away  int // commands in progress
	log   []string
	steps int
}

// The kinds of server, by what the client makes of it.
var mirrorServers = map[string]imap.Capabilities{
	"QRESYNC":         {imap.CapQResync, imap.CapCondStore, imap.CapESearch},
	"CONDSTORE":       {imap.CapCondStore, imap.CapESearch},
	"CONDSTORE alone": {imap.CapCondStore},
	"nothing":         {},
}

func (x *mirrored) logf(format string, args ...any) {
	x.log = append(x.log, fmt.Sprintf(format, args...))
}

func (x *mirrored) send(cmd imapwire.Command) {
	id, err := x.conn.Send(cmd)
	if err != nil {
		x.t.Fatalf("%s: %v", cmd.Verb(), err)
	}
	x.m.Sent(id, cmd)
	x.away++
	b, _ := imapwire.EncodeCommand(fmt.Sprint(id), cmd, imapwire.CommandOptions{})
	x.logf("C: %s", strings.TrimSpace(string(b[0].Bytes)))
}

func (x *mirrored) event(ev imapclient.Event) {
	switch ev := ev.(type) {
	case *imapclient.Data:
		x.logf("S: %s", wire(x.t, ev.Response))
	case *imapclient.FetchEnd:
		x.logf("S: %d FETCH %s %v", ev.Num, items(x.t, ev.Data), ev.Err)
	case *imapclient.Done:
		x.logf("S: done %d %s %v", ev.ID, status(ev.Status), ev.Err)
	case *imapclient.Malformed:
		x.fail("malformed %q: %v", ev.Raw, ev.Err)
	}
	if err := x.m.Take(ev); err != nil {
		x.fail("%v", err)
	}
	if _, ok := ev.(*imapclient.Done); ok {
		x.away--
		if !x.lost {
			for _, cmd := range x.m.Catchup() {
				x.send(cmd)
			}
		}
	}
}

func (x *mirrored) fail(format string, args ...any) {
	x.t.Fatalf("%s\n%s", fmt.Sprintf(format, args...), strings.Join(x.log, "\n"))
}

// connect begins a conversation with a Mirror that is what the last one left.
func (x *mirrored) connect() {
	b, err := x.m.MarshalBinary()
	if err != nil {
		x.t.Fatal(err)
	}
	m := &imapclient.Mirror{Limits: x.m.Limits}
	if err := m.UnmarshalBinary(b); err != nil {
		x.fail("%x: %v", b, err)
	}
	if again, err := m.MarshalBinary(); err != nil || !bytes.Equal(b, again) {
		x.fail("%x became %x", b, again)
	}
	if rapid.Bool().Draw(x.r, "read back") {
		x.m = m
	}
	x.caps = mirrorServers[rapid.SampledFrom(slices.Sorted(maps.Keys(mirrorServers))).Draw(x.r, "server")]
	x.logf("connect %v, modseq %d", x.caps, x.m.HighestModSeq())
	x.away = 0
	x.link = newLink(x.t, x.srv, x.event)
	x.send(&imapwire.Login{User: "u", Password: "p"})
	if x.caps.Has(imap.CapQResync) {
		x.send(&imapwire.Enable{Capabilities: imap.Capabilities{imap.CapQResync}})
		x.run(0)
	}
	if rapid.IntRange(0, 4).Draw(x.r, "elsewhere") == 0 {
		// What is told of another mailbox is not of this one.
		x.send(&imapwire.Select{Mailbox: "elsewhere"})
		if rapid.Bool().Draw(x.r, "wait") {
			x.run(0)
		}
	}
	if rapid.IntRange(0, 2).Draw(x.r, "cut") == 0 {
		x.cut = rapid.IntRange(1, 600).Draw(x.r, "octets")
	}
	x.send(x.m.Select("INBOX", x.caps))
}

// run lets everything happen that is under way; now and then somebody else
// changes the mailbox, every so often of 10 steps.
func (x *mirrored) run(often int) {
	for n := 0; n < 5000; n++ {
		size := 1 << 20
		if often > 0 {
			size = rapid.IntRange(1, 200).Draw(x.r, "size")
		}
		if !x.step(size) {
			return
		}
		if often > 0 && x.steps > 0 && rapid.IntRange(1, 10).Draw(x.r, "change") <= often {
			x.steps--
			x.change()
		}
	}
	x.fail("it never ends")
}

// change is something that somebody else does.
func (x *mirrored) change() {
	uid := imap.SetOf(rapid.Uint32Range(1, 14).Draw(x.r, "other's uid"))
	switch rapid.IntRange(0, 3).Draw(x.r, "other") {
	case 0:
		x.logf("other: APPEND")
		x.other.do(&imapwire.Append{Mailbox: "INBOX", Messages: []imapwire.AppendMessage{{Size: 3, Content: strings.NewReader("abc")}}})
	case 1:
		x.logf("other: EXPUNGE %s", uid)
		x.other.do(&imapwire.Store{UID: true, Set: uid, Op: imapwire.StoreAdd, Silent: true, Flags: []imap.Flag{imap.FlagDeleted}})
		x.other.do(&imapwire.Expunge{})
	default:
		op := rapid.SampledFrom([]imapwire.StoreOp{imapwire.StoreAdd, imapwire.StoreRemove, imapwire.StoreReplace}).Draw(x.r, "op")
		flag := rapid.SampledFrom([]imap.Flag{imap.FlagSeen, "k", "j"}).Draw(x.r, "flag")
		x.logf("other: STORE %s %d %s", uid, op, flag)
		x.other.do(&imapwire.Store{UID: true, Set: uid, Op: op, Silent: true, Flags: []imap.Flag{flag}})
	}
}

// command is something that the client does.
func (x *mirrored) command() {
	uid := rapid.Bool().Draw(x.r, "by uid")
	first, last := rapid.Uint32Range(1, 14).Draw(x.r, "first"), rapid.Uint32Range(1, 14).Draw(x.r, "last")
	if !uid {
		if x.m.Exists() == 0 {
			uid = true
		} else {
			first, last = min(first, x.m.Exists()), min(last, x.m.Exists())
		}
	}
	set := imap.SetRange(first, last)
	if rapid.IntRange(0, 4).Draw(x.r, "star") == 0 && (uid || x.m.Exists() > 0) {
		set.Ranges[0].Last = imap.Star
	}
	op := rapid.SampledFrom([]imapwire.StoreOp{imapwire.StoreAdd, imapwire.StoreRemove, imapwire.StoreReplace}).Draw(x.r, "own op")
	flags := []imap.Flag{rapid.SampledFrom([]imap.Flag{imap.FlagSeen, "k", "c"}).Draw(x.r, "own flag")}
	switch rapid.IntRange(0, 8).Draw(x.r, "command") {
	case 0:
		x.send(&imapwire.Noop{})
	case 1, 2:
		x.send(&imapwire.Store{UID: uid, Set: set, Op: op, Silent: rapid.Bool().Draw(x.r, "silent"), Flags: flags})
	case 3:
		for _, u := range x.m.UnchangedSince(x.m.UIDs()) {
			x.send(&imapwire.Store{UID: true, Set: imap.SetOfUIDs(u.UIDs), HasUnchangedSince: true, UnchangedSince: u.Since, Op: op, Silent: true, Flags: flags})
		}
	case 4:
		x.send(&imapwire.Store{UID: uid, Set: set, Op: imapwire.StoreAdd, Silent: true, Flags: []imap.Flag{imap.FlagDeleted}})
		x.send(&imapwire.Expunge{})
	case 5:
		fetch := &imapwire.Fetch{UID: uid, Set: set, Items: []imapwire.FetchItem{imapwire.FetchFlags, &imapwire.FetchBody{}}}
		if len(x.caps) > 0 {
			// What is asked for has a modseq only if that is asked for too.
			fetch.Items = append(fetch.Items, imapwire.FetchModSeq)
		}
		x.send(fetch)
	case 6:
		x.send(&imapwire.Search{UID: uid, Key: &imap.SearchAll{}})
	case 7:
		x.send(&imapwire.Select{Mailbox: "elsewhere"})
		x.send(x.m.Select("INBOX", x.caps))
	default:
		x.send(&imapwire.Copy{UID: uid, Set: set, Mailbox: "INBOX"})
	}
}

// equal compares the Mirror with the mailbox.
func (x *mirrored) equal() {
	x.t.Helper()
	check := newReader(x.t, x.srv)
	defer check.close()
	// An EXAMINE with CONDSTORE, so that modseqs are told.
	modSeq := imap.ModSeq(0)
	for _, d := range check.do(&imapwire.Select{Mailbox: "INBOX", ReadOnly: true, CondStore: true}).Data {
		if s, ok := d.(*imapwire.StatusResponse); ok {
			if code, ok := s.Code.(*imapwire.CodeNumber); ok && code.Name == imapwire.CodeHighestModSeq {
				modSeq = imap.ModSeq(code.Number)
			}
		}
	}
	res := check.do(&imapwire.Fetch{UID: true, Set: imap.SetRange(1, imap.Star), Items: []imapwire.FetchItem{imapwire.FetchFlags, imapwire.FetchModSeq}})
	if int(x.m.Exists()) != len(res.Fetches) || !x.m.Synced() {
		x.fail("%d messages (complete: %v), the mailbox has %d", x.m.Exists(), x.m.Synced(), len(res.Fetches))
	}
	largest := imap.ModSeq(0)
	for _, f := range res.Fetches {
		largest = max(largest, f.ModSeq)
		flags, m, ok := x.m.Flags(f.UID)
		if x.m.UID(f.Num) != f.UID || x.m.Num(f.UID) != f.Num || !ok || sorted(flags) != sorted(f.Flags) || m > f.ModSeq || m != f.ModSeq && m != 0 && len(x.caps) > 0 {
			x.fail("%d is UID %d, UID %d is %d with %v %v, modseq %d; in the mailbox %s", f.Num, x.m.UID(f.Num), f.UID, x.m.Num(f.UID), flags, ok, m, items(x.t, f))
		}
	}
	if n := len(x.m.UIDs()); n > 0 && x.m.UIDs().Count() != int64(len(res.Fetches)) {
		x.fail("flags of %s, in a mailbox of %d", x.m.UIDs(), len(res.Fetches))
	}
	// An expunge need not tell its modseq.
	if h := x.m.HighestModSeq(); h > modSeq || h < largest && len(x.caps) > 0 {
		x.fail("HIGHESTMODSEQ %d, in the mailbox %d, of messages %d", h, modSeq, largest)
	}
}

func sorted(flags []imap.Flag) string {
	var s []string
	for _, f := range flags {
		if f != imap.FlagRecent {
			s = append(s, f.Fold())
		}
	}
	slices.Sort(s)
	return strings.Join(s, " ")
}

// TestMirrorServer: invariants 29 and 46. A client whose connections are cut at
// any octet, while others change the mailbox, and which goes on from what its
// Mirror remembers, comes to the picture that the server has: whatever the server
// can tell of changes, and with each connection another kind of server.
func TestMirrorServer(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		opt := memstore.Options{}
		if rapid.Bool().Draw(t, "forgetful") {
			opt.Limits.Tombstones = 2
		}
		store := memstore.New(opt)
		if err := store.AddUser("u", "p"); err != nil {
			t.Fatal(err)
		}
		srv, err := imapserve.NewServer(store, imapserve.Options{Auth: store, PlaintextAuth: engine.PlaintextLoopback})
		if err != nil {
			t.Fatal(err)
		}
		defer srv.Close()
		x := &mirrored{t: t, r: t, srv: srv, m: &imapclient.Mirror{}, other: newReader(t, srv)}
		defer x.other.close()
		x.m.Limits.Known = rapid.SampledFrom([]int{-1, 1, 0}).Draw(t, "known")
		x.other.do(&imapwire.Create{Mailbox: "elsewhere"})
		for _, box := range []string{"INBOX", "elsewhere"} {
			for range 3 {
				x.other.do(&imapwire.Append{Mailbox: box, Messages: []imapwire.AppendMessage{{Size: 3, Content: strings.NewReader("abc")}}})
			}
		}
		x.other.do(&imapwire.Select{Mailbox: "INBOX"})
		for range rapid.IntRange(1, 6).Draw(t, "connections") {
			x.steps = 12
			x.connect()
			x.run(3)
			for range rapid.IntRange(0, 5).Draw(t, "commands") {
				if x.lost {
					break
				}
				x.command()
				x.run(2)
			}
			if !x.lost {
				// What was held back is told with the first NOOP, what is asked
				// for in turn behind it.
				x.cut = -1
				x.send(&imapwire.Noop{})
				x.run(0)
				x.send(&imapwire.Noop{})
				x.run(0)
				x.equal()
			}
			x.close()
			for range rapid.IntRange(0, 4).Draw(t, "meanwhile") {
				x.change()
			}
		}
	})
}
