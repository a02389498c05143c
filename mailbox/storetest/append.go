package storetest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/mailwire/mailwire/imapwire/imap"
	"github.com/mailwire/mailwire/mailbox"
	"github.com/mailwire/mailwire/mailbox/message"
)

var appendClauses = []clause{
	{"append/adds a message", testAppend},
	{"append/gives back exactly the octets", testOctets},
	{"append/keeps flags and date", testAppendFlags},
	{"append/many messages or none", testAppendMany},
	{"append/abort changes nothing", testAppendAbort},
	{"append/a wrong size is refused", testAppendSize},
	{"append/the context ends it", testAppendContext},
	{"append/removes in the same stroke", testAppendExpunge},
	{"append/to a folder that is deleted", testAppendDeleted},
	{"append/deliver is an append", testDeliver},
	{"append/large and many", testLarge},
}

func testAppend(k *kit) {
	before := snapshot(k, k.inbox)
	if before.UIDs.Len() != 0 || before.ModSeq < 1 || before.UIDNext < 1 || before.UIDValidity < 1 {
		k.Fatalf("the snapshot of an empty folder is %+v", before)
	}
	res := add(k, k.inbox, text("one"))
	after := snapshot(k, k.inbox)
	uid := res.UIDs[0]
	switch {
	case res.UIDValidity != before.UIDValidity || after.UIDValidity != before.UIDValidity:
		k.Errorf("UIDVALIDITY %d, then %d, then %d", before.UIDValidity, res.UIDValidity, after.UIDValidity)
	case uid < before.UIDNext:
		k.Errorf("UID %d, UIDNEXT was %d", uid, before.UIDNext) // invariant 40
	case after.UIDNext <= uid:
		k.Errorf("UIDNEXT %d after UID %d", after.UIDNext, uid)
	case !after.UIDs.Set().Equal(set(uid)):
		k.Errorf("the folder has %v", after.UIDs.Set())
	case res.ModSeq <= before.ModSeq || after.ModSeq < res.ModSeq:
		k.Errorf("modseq %d, then %d, then %d", before.ModSeq, res.ModSeq, after.ModSeq)
	}
	m := theMessage(k, k.inbox, uid)
	if m.Size != 3 || m.WireSize != 5 || len(m.Flags) != 0 || m.ModSeq <= before.ModSeq || m.ModSeq > after.ModSeq {
		k.Errorf("the message is %+v", m)
	}
	if st := status(k, k.inbox); st.Messages != 1 || st.Unseen != 1 || st.Size != 3 || st.FirstUnseen != uid || st.Deleted != 0 || st.DeletedSize != 0 ||
		st.UIDNext != after.UIDNext || st.UIDValidity != after.UIDValidity || st.ModSeq != after.ModSeq {
		k.Errorf("the status is %+v", st)
	}
	if got := octets(k, k.inbox, uid); got != "one" {
		k.Errorf("the octets are %q", got)
	}
	_, err := k.inbox.Body(ctx, uid+1)
	wants(k, err, mailbox.ErrExpunged, "Body of a UID that is no message")
}

// samples are messages that stores have been known to alter.
func samples() map[string]string {
	return map[string]string{
		"empty":             "",
		"one octet":         "x",
		"only a line end":   "\r\n",
		"header only":       "Subject: x\r\n\r\n",
		"no last line end":  "Subject: x\r\n\r\nbody",
		"NUL":               "Subject: x\r\n\r\na\x00b\x00\r\n",
		"bare CR":           "Subject: x\r\rbody\r",
		"bare LF":           "Subject: x\n\nbody\n",
		"CR before CRLF":    "Subject: x\r\r\n\r\r\nbody\r\r\n",
		"mixed line ends":   "a\nb\r\nc\rd\n\re\n\n",
		"dots":              ".\r\n..\r\n.x\r\n",
		"From line":         "From x@example.org Mon Jan  1 00:00:00 2001\r\nFrom y\r\n",
		"8-bit":             "Subject: \xe9\r\n\r\n\xff\xfe\x80\r\n",
		"trailing spaces":   "a  \t \r\n \r\n",
		"unended multipart": "Content-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\n\r\npart",
		"1 MiB":             strings.Repeat("0123456789abcde\r\n", 1<<20/17+1)[:1<<20],
		"1 MiB in a line":   strings.Repeat("x", 1<<20),
	}
}

// wireSize is the plain reading of what [mailbox.Message.WireSize] says.
func wireSize(s string) int64 {
	s = strings.ReplaceAll(strings.ReplaceAll(s, "\r\n", "\n"), "\n", "\r\n")
	if s != "" && !strings.HasSuffix(s, "\n") {
		s += "\r\n"
	}
	return int64(len(s))
}

func testOctets(k *kit) {
	for name, want := range samples() {
		// In pieces that fit no buffer, and without telling the size.
		tx := begin(k, k.inbox)
		w, err := tx.Message(-1, nil, day)
		ok(k, err, "Message of unknown size")
		scratch := make([]byte, 0, 10_007)
		for rest := want; len(rest) > 0; {
			n := min(len(rest), cap(scratch))
			scratch = append(scratch[:0], rest[:n]...)
			if m, err := w.Write(scratch); m != n || err != nil {
				k.Fatalf("%s: Write of %d octets: %d, %v", name, n, m, err)
			}
			clear(scratch) // it is the caller's
			rest = rest[n:]
		}
		res, err := tx.Commit()
		ok(k, err, "Commit")
		uids := append(res.UIDs, add(k, k.inbox, text(want)).UIDs...)
		for _, uid := range uids {
			m := theMessage(k, k.inbox, uid)
			if m.Size != int64(len(want)) || m.WireSize != wireSize(want) {
				k.Errorf("%s: size %d, wire size %d, expected %d and %d", name, m.Size, m.WireSize, len(want), wireSize(want))
			}
			testBody(k, name, uid, want)
		}
	}
}

// testBody compares a body with its octets, read in several ways.
func testBody(k *kit, name string, uid imap.UID, want string) {
	b, err := k.inbox.Body(ctx, uid)
	ok(k, err, "Body")
	defer b.Close()
	if b.Size() != int64(len(want)) {
		k.Fatalf("%s: size %d, expected %d", name, b.Size(), len(want))
	}
	whole := make([]byte, len(want)+1)
	if n, err := b.ReadAt(whole, 0); n != len(want) || err != io.EOF || string(whole[:n]) != want {
		k.Errorf("%s: ReadAt of more than all: %d octets, error %v, the same octets: %t", name, n, err, string(whole[:n]) == want)
	}
	for _, off := range []int{0, 1, 4095, 65_535, 65_537, len(want) / 2, len(want) - 1} {
		if off < 0 || off > len(want) {
			continue
		}
		piece := make([]byte, min(70_001, len(want)-off))
		if n, err := b.ReadAt(piece, int64(off)); n != len(piece) || err != nil && err != io.EOF || string(piece) != want[off:off+n] {
			k.Errorf("%s: ReadAt(%d): %d octets of %d, error %v", name, off, n, len(piece), err)
		}
	}
	if n, err := b.ReadAt(make([]byte, 1), int64(len(want))); n != 0 || err != io.EOF {
		k.Errorf("%s: ReadAt behind the end: %d octets, error %v", name, n, err)
	}
	kept, is := b.(mailbox.IndexedBody)
	if !is {
		return
	}
	index, err := kept.Index()
	ok(k, err, "Index")
	fresh, err := message.Parse(strings.NewReader(want), int64(len(want)), message.Limits{})
	ok(k, err, "parsing")
	x, err1 := index.AppendBinary(nil)
	y, err2 := fresh.AppendBinary(nil)
	if err := errors.Join(err1, err2); err != nil || !bytes.Equal(x, y) {
		k.Errorf("%s: the index kept is not that of the message (%v)", name, err)
	}
}

func testAppendFlags(k *kit) {
	res := add(k, k.inbox,
		letter{"x", []imap.Flag{`\SEEN`, "Work", `\Recent`, "work", `\seen`, "$Forwarded"}, day},
		letter{"y", []imap.Flag{imap.FlagDeleted, "WORK"}, time.Time{}})
	m := theMessage(k, k.inbox, res.UIDs[0])
	if got, want := flagText(m.Flags), `$forwarded \seen work`; got != want {
		k.Errorf("the flags are %q, expected %q", got, want)
	}
	for _, f := range m.Flags {
		if f != f.Canonical() {
			k.Errorf("the flag %q is not the constant", f)
		}
	}
	if _, offset := m.InternalDate.Zone(); !m.InternalDate.Equal(day) || offset != -(3*60+30)*60 {
		k.Errorf("the date is %v, expected %v", m.InternalDate, day)
	}
	m = theMessage(k, k.inbox, res.UIDs[1])
	if got, want := flagText(m.Flags), `\deleted work`; got != want {
		k.Errorf("the flags are %q, expected %q", got, want)
	}
	if m.InternalDate.IsZero() {
		k.Errorf("a message without a date has none")
	}
	st := status(k, k.inbox)
	if st.Unseen != 1 || st.FirstUnseen != res.UIDs[1] || st.Deleted != 1 || st.DeletedSize != 1 || flagText(st.Keywords) != "$forwarded work" {
		k.Errorf("the status is %+v", st)
	}
}

func testAppendMany(k *kit) {
	before := snapshot(k, k.inbox)
	res := fill(k, k.inbox, 5)
	for i, uid := range res.UIDs {
		if i > 0 && uid <= res.UIDs[i-1] {
			k.Fatalf("UIDs %v do not ascend", res.UIDs)
		}
		if got, want := octets(k, k.inbox, uid), fmt.Sprint(i+1); got != want {
			k.Errorf("message %d is %q", i, got)
		}
	}
	for _, c := range changes(k, k.inbox, before.ModSeq) {
		if c.Kind != mailbox.Appended || c.ModSeq > res.ModSeq {
			k.Errorf("appending told %+v, the result says modseq %d", c, res.ModSeq)
		}
	}
	// One of three is too short.
	unchanged(k, k.alice, mailbox.ErrSize, "a transaction with one bad message", func() error {
		tx := begin(k, k.inbox)
		defer tx.Abort()
		ok(k, put(tx, text("good")), "the first message")
		w, err := tx.Message(4, nil, day)
		ok(k, err, "Message")
		if _, err := io.WriteString(w, "bad"); err != nil {
			return err
		}
		if err := put(tx, text("good")); err != nil {
			return err
		}
		_, err = tx.Commit()
		return err
	})
	// A transaction with nothing in it is none.
	res, err := begin(k, k.inbox).Commit()
	ok(k, err, "an empty Commit")
	if len(res.UIDs) != 0 || res.UIDValidity != before.UIDValidity {
		k.Errorf("an empty transaction gave %+v", res)
	}
}

func testAppendAbort(k *kit) {
	fill(k, k.inbox, 2)
	before := state(k, k.alice)
	for name, end := range map[string]func(mailbox.AppendTx){
		"at once": func(mailbox.AppendTx) {},
		"while a message is written": func(tx mailbox.AppendTx) {
			w, err := tx.Message(10, []imap.Flag{"aborted"}, day)
			ok(k, err, "Message")
			io.WriteString(w, "half")
		},
		"with complete messages": func(tx mailbox.AppendTx) {
			ok(k, put(tx, text("x")), "a message")
			ok(k, put(tx, text("y")), "a message")
			ok(k, tx.Expunge(mailbox.AllUIDs), "Expunge")
		},
	} {
		tx := begin(k, k.inbox)
		end(tx)
		ok(k, tx.Abort(), "Abort "+name)
		if after := state(k, k.alice); after != before {
			k.Errorf("Abort %s changed\n%sto\n%s", name, before, after)
		}
	}
	tx := begin(k, k.inbox)
	ok(k, put(tx, text("z")), "a message")
	_, err := tx.Commit()
	ok(k, err, "Commit")
	ok(k, tx.Abort(), "Abort after Commit")
	if n := snapshot(k, k.inbox).UIDs.Len(); n != 3 {
		k.Errorf("after Commit and Abort there are %d messages", n)
	}
}

func testAppendSize(k *kit) {
	for _, tt := range []struct {
		size int64
		text string
	}{{0, "x"}, {3, ""}, {3, "ab"}, {3, "abcd"}, {100_000, "x"}, {1, strings.Repeat("x", 100_000)}} {
		unchanged(k, k.alice, mailbox.ErrSize, fmt.Sprintf("%d octets announced as %d", len(tt.text), tt.size), func() error {
			tx := begin(k, k.inbox)
			defer tx.Abort()
			w, err := tx.Message(tt.size, nil, day)
			ok(k, err, "Message")
			// Either may refuse; Commit must.
			_, werr := io.WriteString(w, tt.text)
			_, err = tx.Commit()
			if werr != nil && !errors.Is(werr, mailbox.ErrSize) {
				return werr
			}
			return err
		})
	}
}

func testAppendContext(k *kit) {
	c, cancel := context.WithCancel(ctx)
	unchanged(k, k.alice, context.Canceled, "a transaction whose context ended", func() error {
		tx, err := k.inbox.Append(c)
		ok(k, err, "Append")
		defer tx.Abort()
		ok(k, put(tx, text("x")), "a message")
		cancel()
		_, err = tx.Commit()
		return err
	})
	unchanged(k, k.alice, context.Canceled, "calls with a context that ended", func() error {
		return errors.Join(k.refusals(c)...)
	})
	for i, err := range k.refusals(c) {
		wants(k, err, context.Canceled, fmt.Sprint("call ", i))
	}
}

// refusals returns the errors of every call there is, made with c.
func (k *kit) refusals(c context.Context) []error {
	var errs []error
	note := func(err error) { errs = append(errs, err) }
	_, err := k.store.User(c, Alice)
	note(err)
	_, err = k.alice.Open(c, imap.Inbox)
	note(err)
	_, err = k.alice.Create(c, "new", mailbox.CreateOptions{})
	note(err)
	note(k.alice.Delete(c, "new"))
	note(k.alice.Rename(c, imap.Inbox, "new"))
	note(k.alice.Subscribe(c, "new", true))
	for _, err := range k.alice.Folders(c) {
		note(err)
		break
	}
	for _, err := range k.alice.Changes(c, 0) {
		note(err)
		break
	}
	return append(errs, k.folderErrors(c, k.inbox)...)
}

// folderErrors returns the errors of every call on a folder but Close.
func (k *kit) folderErrors(c context.Context, f mailbox.Folder) []error {
	var errs []error
	note := func(err error) { errs = append(errs, err) }
	_, err := f.Status(c)
	note(err)
	_, err = f.Snapshot(c)
	note(err)
	_, err = f.Body(c, 1)
	note(err)
	_, err = f.Append(c)
	note(err)
	_, err = f.Store(c, mailbox.AllUIDs, mailbox.FlagUpdate{Op: mailbox.AddFlags, Flags: []imap.Flag{"k"}})
	note(err)
	_, err = f.Copy(c, set(1), imap.Inbox)
	note(err)
	_, err = f.Move(c, set(1), imap.Inbox)
	note(err)
	_, err = f.Expunge(c, mailbox.AllUIDs)
	note(err)
	_, err = f.ClaimRecent(c)
	note(err)
	none := errors.New("the iterator yielded no error")
	err = none
	for _, err = range f.Changes(c, 0) {
		break
	}
	note(err)
	err = none
	for _, err = range f.Messages(c, mailbox.AllUIDs) {
		break
	}
	note(err)
	return errs
}

func testAppendExpunge(k *kit) {
	old := fill(k, k.inbox, 3).UIDs
	before := snapshot(k, k.inbox)
	tx := begin(k, k.inbox)
	defer tx.Abort()
	// Gone already, and not \Deleted at all.
	expunge(k, k.inbox, set(old[0]))
	ok(k, tx.Expunge(set(old[0], old[1])), "Expunge")
	ok(k, put(tx, text("new")), "a message")
	res, err := tx.Commit()
	ok(k, err, "Commit")
	if got, want := snapshot(k, k.inbox).UIDs.Set(), set(old[2], res.UIDs[0]); !got.Equal(want) {
		k.Errorf("the folder has %v, expected %v", got, want)
	}
	kinds := make(map[imap.UID]mailbox.ChangeKind)
	for _, c := range changes(k, k.inbox, before.ModSeq) {
		kinds[c.UID] = c.Kind
	}
	if len(kinds) != 3 || kinds[old[0]] != mailbox.Expunged || kinds[old[1]] != mailbox.Expunged || kinds[res.UIDs[0]] != mailbox.Appended {
		k.Errorf("told %v", kinds)
	}
	tx = begin(k, k.inbox)
	defer tx.Abort()
	ok(k, tx.Expunge(mailbox.AllUIDs), "Expunge")
	res, err = tx.Commit()
	ok(k, err, "Commit of nothing but an Expunge")
	if st := status(k, k.inbox); st.Messages != 0 || st.Size != 0 || len(res.UIDs) != 0 || res.ModSeq > st.ModSeq {
		k.Errorf("result %+v, status %+v", res, st)
	}
}

func testAppendDeleted(k *kit) {
	f := k.folder("box")
	tx := begin(k, f)
	defer tx.Abort()
	ok(k, put(tx, text("x")), "a message")
	ok(k, k.alice.Delete(ctx, "box"), "Delete")
	_, err := tx.Commit()
	wants(k, err, mailbox.ErrNonExistent, "Commit to a deleted folder")
}

func testDeliver(k *kit) {
	d, is := k.inbox.(mailbox.Deliverer)
	if !is {
		return
	}
	tx, err := d.Deliver(ctx)
	ok(k, err, "Deliver")
	defer tx.Abort()
	ok(k, put(tx, text("delivered")), "a message")
	res, err := tx.Commit()
	ok(k, err, "Commit")
	if got := octets(k, k.inbox, res.UIDs[0]); got != "delivered" {
		k.Errorf("the octets are %q", got)
	}
}

// testLarge has a folder that is larger than what a store reads in one piece.
func testLarge(k *kit) {
	const n = 2000
	uids := fill(k, k.inbox, n).UIDs
	first := snapshot(k, k.inbox)
	for i := 0; i < n; i += 3 {
		store(k, k.inbox, set(uids[i]), mailbox.AddFlags, imap.FlagDeleted)
	}
	res, err := k.inbox.Expunge(ctx, mailbox.AllUIDs)
	ok(k, err, "Expunge")
	left := first.UIDs.Without(res.UIDs)
	if got := snapshot(k, k.inbox).UIDs; !got.Equal(left) || left.Len() != n-(n+2)/3 {
		k.Errorf("%d messages are left, expected %d", got.Len(), left.Len())
	}
	all := messages(k, k.inbox, mailbox.AllUIDs)
	for i, m := range all {
		if m.UID != left.UID(uint32(i+1)) {
			k.Fatalf("Messages yields UID %d at place %d, expected %d", m.UID, i, left.UID(uint32(i+1)))
		}
	}
	if len(all) != left.Len() {
		k.Errorf("Messages yields %d of %d", len(all), left.Len())
	}
	every := imap.UIDSet{}
	for i := 0; i < n; i += 2 {
		every.Add(uids[i])
	}
	if got, want := messages(k, k.inbox, every), left.Intersect(every); int64(len(got)) != want.Count() {
		k.Errorf("Messages of every second UID yields %d of %d", len(got), want.Count())
	}
}

func testAppendLimit(k *kit) {
	if st := status(k, k.inbox); st.AppendLimit != 1000 {
		k.Errorf("the status tells the limit %d", st.AppendLimit)
	}
	add(k, k.inbox, text(strings.Repeat("x", 1000)))
	tx := begin(k, k.inbox)
	defer tx.Abort()
	_, err := tx.Message(1001, nil, day)
	wants(k, err, mailbox.ErrTooBig, "Message of an octet too many")
	unchanged(k, k.alice, mailbox.ErrTooBig, "a message of unknown size", func() error {
		tx := begin(k, k.inbox)
		defer tx.Abort()
		w, err := tx.Message(-1, nil, day)
		ok(k, err, "Message")
		if _, err := io.WriteString(w, strings.Repeat("x", 1001)); err != nil {
			return err
		}
		_, err = tx.Commit()
		return err
	})
}
