package imapclient_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"testing"

	"github.com/mailwire/mailwire/imapwire"
	"github.com/mailwire/mailwire/imapwire/engine"
	"github.com/mailwire/mailwire/imapwire/imap"
	"github.com/mailwire/mailwire/imapwire/imapclient"
)

// eventOf returns the event that a line becomes: a tagged response with the tag A
// and the ID of the command, or untagged data.
func eventOf(t fataler, line string) imapclient.Event {
	r, err := imapwire.ParseResponse([]byte(line+"\r\n"), imapwire.ParseOptions{})
	if err != nil {
		t.Fatalf("%q: %v", line, err)
	}
	switch r := r.(type) {
	case *imapwire.StatusResponse:
		if r.Tag != "" {
			id, _ := strconv.ParseUint(r.Tag[1:], 10, 64)
			return &imapclient.Done{ID: engine.ID(id), Status: r.StatusCondition}
		}
	case *imapwire.FetchData:
		return &imapclient.FetchEnd{Num: r.Num, Data: r}
	}
	return &imapclient.Data{Response: r}
}

// A told is a Mirror that is told lines.
type told struct {
	testing.TB
	*imapclient.Mirror
	id   engine.ID
	caps imap.Capabilities
}

func (m *told) take(lines string) {
	m.Helper()
	for line := range strings.Lines(lines) {
		if line = strings.TrimSpace(line); line != "" {
			if err := m.Take(eventOf(m, line)); err != nil {
				m.Fatalf("%s: %v", line, err)
			}
		}
	}
}

func (m *told) sent(cmd imapwire.Command) string {
	m.id++
	m.Sent(m.id, cmd)
	return encoded(m, cmd)
}

func encoded(t fataler, cmd imapwire.Command) string {
	parts, err := imapwire.EncodeCommand("A", cmd, imapwire.CommandOptions{})
	if err != nil || len(parts) != 1 {
		t.Fatalf("%v: %v", cmd, err)
	}
	return strings.TrimSuffix(strings.TrimPrefix(string(parts[0].Bytes), "A "), "\r\n")
}

// catchup sends what the Mirror asks for, and returns it.
func (m *told) catchup() string {
	var all []string
	for _, cmd := range m.Catchup() {
		all = append(all, m.sent(cmd))
	}
	return strings.Join(all, "\n")
}

func (m *told) want(what string, got, want any) {
	m.Helper()
	if fmt.Sprint(got) != fmt.Sprint(want) {
		m.Errorf("%s: got %v, want %v", what, got, want)
	}
}

// picture shows all of a Mirror.
func picture(m *imapclient.Mirror) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%d %d %d:", m.UIDValidity(), m.UIDNext(), m.HighestModSeq())
	for num := range min(m.Exists(), 100) {
		fmt.Fprintf(&b, " %d", m.UID(num+1))
	}
	for u, flags := range m.Messages() {
		_, modSeq, _ := m.Flags(u)
		fmt.Fprintf(&b, "; %d %v %d", u, flags, modSeq)
	}
	return b.String()
}

var qresync = imap.Capabilities{imap.CapQResync, imap.CapCondStore, imap.CapESearch}

// fourMessages is a mailbox with UIDs 2, 4, 6 and 9, of which the third is not
// told, at modseq 20.
func fourMessages(t testing.TB) *told {
	m := &told{TB: t, Mirror: &imapclient.Mirror{}}
	m.take("* ENABLED QRESYNC")
	m.sent(m.Select("INBOX", qresync))
	m.take(`* FLAGS (\Seen a)
		* 4 EXISTS
		* OK [UIDVALIDITY 7] x
		* OK [UIDNEXT 10] x
		* OK [PERMANENTFLAGS (\Seen a \*)] x
		* OK [HIGHESTMODSEQ 20] x
		A1 OK [READ-WRITE] x
		* 1 FETCH (UID 2 FLAGS (\Seen) MODSEQ (11))
		* 2 FETCH (UID 4 FLAGS () MODSEQ (12))
		* 4 FETCH (UID 9 FLAGS (a) MODSEQ (20))`)
	return m
}

// TestMirrorInvalid: invariant 29, threats P7, S11 and S12. What can not be
// true is an error that says what, the picture stays, and HIGHESTMODSEQ does
// not go on.
func TestMirrorInvalid(t *testing.T) {
	for _, tt := range []struct{ line, what string }{
		{"* 3 EXISTS", "message 3: EXISTS below the number of messages"},
		{"* 0 EXISTS", "message 0: EXISTS below"},
		{"* 5 EXPUNGE", "message 5: expunged, and not there"},
		{"* 5 FETCH (FLAGS ())", "message 5: told of, and not there"},
		{"* 1 FETCH (UID 3 FLAGS ())", "message 1 with UID 3: has another UID"},
		{"* 3 FETCH (UID 4 FLAGS ())", "message 3 with UID 4: UIDs do not ascend"},
		{"* 3 FETCH (UID 9 FLAGS ())", "message 3 with UID 9: UIDs do not ascend"},
		{"* 3 FETCH (UID 12 FLAGS ())", "message 3 with UID 12: UIDs do not ascend"},
		{"* 3 FETCH (UID 1 FLAGS ())", "message 3 with UID 1: UIDs do not ascend"},
		{"* VANISHED 1", "UID 1: vanished, and not there"},
		{"* VANISHED 5:6", "UID 5: vanished"}, // the one between 4 and 9 is one
		{"* VANISHED 5,7", "UID 7: vanished"},
		{"* VANISHED 10", "UID 10: vanished"},
		{"* VANISHED 2:4", "UID 3: vanished"},
		{"* VANISHED 1:4294967295", "UID 1: vanished"},
		{"* VANISHED 9:4294967295", "UID 10: vanished"},
	} {
		m := fourMessages(t)
		before := picture(m.Mirror)
		err := m.Take(eventOf(t, tt.line))
		var typed *imapclient.MirrorError
		if !errors.As(err, &typed) || !errors.Is(err, engine.ErrProtocol) || !strings.Contains(err.Error(), tt.what) {
			t.Errorf("%s: %v", tt.line, err)
		}
		if got := picture(m.Mirror); got != before {
			t.Errorf("%s: %s became %s", tt.line, before, got)
		}
		m.sent(&imapwire.Noop{})
		m.take("* 1 FETCH (UID 2 FLAGS () MODSEQ (30))\n A2 OK [HIGHESTMODSEQ 30] x")
		m.want(tt.line+": HIGHESTMODSEQ", m.HighestModSeq(), 20)
	}
	m := fourMessages(t)
	if err := m.Take(&imapclient.Data{Response: &imapwire.ExpungeData{}}); err == nil {
		t.Error("EXPUNGE 0 is taken")
	}
	// What can be, of the messages that are not known.
	for line, want := range map[string]string{
		"* VANISHED 5":                      "7 10 20: 2 4 9;",
		"* VANISHED 2,4:5,9":                "7 10 20:",
		"* 3 EXPUNGE":                       "7 10 20: 2 4 9;",
		"* 1 EXPUNGE":                       "7 10 20: 4 0 9; 4",
		"* VANISHED (EARLIER) 1:4":          "7 10 20: 2 4 0 9; 9",
		"* 3 FETCH (UID 5)":                 "7 10 20: 2 4 5 9; 2 [\\Seen] 11; 4",
		"* 3 FETCH (UID 8 FLAGS (b))":       "7 10 20: 2 4 8 9; 2 [\\Seen] 11; 4 [] 12; 8 [b] 0; 9",
		"* 6 EXISTS":                        "7 10 20: 2 4 0 9 0 0; 2",
		"* 2 FETCH (MODSEQ (13))":           "7 10 20: 2 4 0 9; 2 [\\Seen] 11; 9", // changed, and how?
		"* 2 FETCH (FLAGS (x) MODSEQ (13))": "7 10 20: 2 4 0 9; 2 [\\Seen] 11; 4 [x] 13; 9",
		"* 2 FETCH (FLAGS (\\Recent))":      "7 10 20: 2 4 0 9; 2 [\\Seen] 11; 4 [] 12; 9",
	} {
		m := fourMessages(t)
		m.take(line)
		if got := picture(m.Mirror); !strings.HasPrefix(got+";", want) {
			t.Errorf("%s: got %s, want %s", line, got, want)
		}
	}
}

// TestHighestModSeq: RFC 7162 §6, the example there: the modseq goes on with a
// tagged response, to what a code says or else to the largest that was told.
func TestHighestModSeq(t *testing.T) {
	m := &told{TB: t, Mirror: &imapclient.Mirror{}}
	m.take("* ENABLED QRESYNC")
	m.sent(m.Select("INBOX", qresync))
	m.take(`* 3 EXISTS
		* OK [UIDVALIDITY 1] x
		* OK [HIGHESTMODSEQ 96] x
		A1 OK x
		* 1 FETCH (UID 6 FLAGS ())
		* 2 FETCH (UID 7 FLAGS ())
		* 3 FETCH (UID 8 FLAGS ())`)
	m.want("selected", m.HighestModSeq(), 96)
	m.sent(&imapwire.Store{Set: imap.SetRange(1, 2), Op: imapwire.StoreAdd, Silent: true, HasUnchangedSince: true, UnchangedSince: 96, Flags: []imap.Flag{imap.FlagSeen}})
	m.take(`* 1 FETCH (UID 6 MODSEQ (103))
		* 2 FETCH (UID 7 MODSEQ (101))`)
	m.want("before the tagged response", m.HighestModSeq(), 96)
	m.take(`* OK [HIGHESTMODSEQ 99] VANISHED reply with MODSEQ 100 is delayed
		A2 OK [MODIFIED 3] done`)
	m.want("delayed", m.HighestModSeq(), 99)
	m.sent(&imapwire.Store{Set: imap.SetOf(3), Op: imapwire.StoreAdd, Silent: true, Flags: []imap.Flag{imap.FlagSeen}})
	m.take(`* 3 FETCH (UID 8 MODSEQ (104))
		A3 OK [HIGHESTMODSEQ 99] Still delaying VANISHED`)
	m.want("still delayed", m.HighestModSeq(), 99)
	m.sent(&imapwire.Noop{})
	m.take(`* VANISHED 8
		A4 OK [HIGHESTMODSEQ 104] done`)
	m.want("told", m.HighestModSeq(), 104)
	m.sent(&imapwire.Noop{})
	m.take(`* 2 FETCH (UID 7 FLAGS (a) MODSEQ (109))
		* 1 FETCH (UID 6 FLAGS (a) MODSEQ (107))
		A5 OK done`)
	m.want("the largest", m.HighestModSeq(), 109)
	m.sent(&imapwire.Noop{})
	m.take(`* 1 FETCH (UID 6 FLAGS () MODSEQ (112))`)
	m.Take(&imapclient.Done{ID: m.id, Err: engine.ErrTimeout})
	m.Take(&imapclient.Closed{Err: engine.ErrTimeout})
	m.want("cut off before the tagged response", m.HighestModSeq(), 109)
	m.want("picture", picture(m.Mirror), "1 0 109: 6 7; 6 [] 112; 7 [a] 109")
}

// TestMirrorSelect: what is asked for, by what the server can do.
func TestMirrorSelect(t *testing.T) {
	m := fourMessages(t)
	m.take("* 3 FETCH (UID 6 FLAGS () MODSEQ (14))")
	m.Take(&imapclient.Closed{})
	m.want("not enabled", encoded(t, m.Select("INBOX", qresync)), "SELECT INBOX (CONDSTORE)")
	m.take("* ENABLED CONDSTORE")
	m.want("something else enabled", encoded(t, m.Select("INBOX", qresync)), "SELECT INBOX (CONDSTORE)")
	m.take("* ENABLED QRESYNC")
	m.want("QRESYNC", encoded(t, m.Select("INBOX", qresync)), "SELECT INBOX (QRESYNC (7 20 2,4,6,9 (1,3:4 2,6,9)))")
	m.want("CONDSTORE", encoded(t, m.Select("INBOX", imap.Capabilities{"condstore"})), "SELECT INBOX (CONDSTORE)")
	m.want("neither", encoded(t, m.Select("&AOk-", nil)), "SELECT &AOk-")
	m.Limits.Known = 3
	m.want("in too many pieces", encoded(t, m.Select("INBOX", qresync)), "SELECT INBOX (QRESYNC (7 20 (1,3:4 2,6,9)))")

	// Who has a mailbox open is told when it is closed; what comes before is of
	// that one (RFC 7162 §3.2.11).
	m.Limits.Known = 0
	m.sent(&imapwire.Select{Mailbox: "other"})
	m.take("* 2 EXISTS\n* OK [UIDVALIDITY 99] x\n* 1 FETCH (UID 500 FLAGS ())\nA2 OK x")
	m.want("another mailbox", picture(m.Mirror), "7 10 20: 2 4 6 9; 2 [\\Seen] 11; 4 [] 12; 6 [] 14; 9 [a] 20")
	m.sent(m.Select("INBOX", qresync))
	m.take(`* 3 EXISTS
		* 1 FETCH (UID 2 FLAGS (x) MODSEQ (900))
		* OK [CLOSED] x
		* 4 EXISTS
		* OK [UIDVALIDITY 7] x
		* OK [UIDNEXT 12] x
		* OK [HIGHESTMODSEQ 30] x
		* VANISHED (EARLIER) 4,9
		* 2 FETCH (UID 6 FLAGS (z) MODSEQ (29))
		A3 OK x`)
	m.want("resynchronised", picture(m.Mirror), "7 12 30: 0 6 0 0; 2 [\\Seen] 11; 6 [z] 29")
	m.want("new messages", m.catchup(), "UID FETCH 7:* (UID FLAGS MODSEQ)")
	m.take(`* 3 FETCH (UID 10 FLAGS () MODSEQ (25))
		* 4 FETCH (UID 11 FLAGS () MODSEQ (30))
		A4 OK x`)
	m.want("complete", picture(m.Mirror), "7 12 30: 2 6 10 11; 2 [\\Seen] 11; 6 [z] 29; 10 [] 25; 11 [] 30")
	m.want("nothing more", m.catchup(), "")
	m.want("synced", m.Synced(), true)

	// Another UIDVALIDITY, and none.
	m.sent(m.Select("INBOX", qresync))
	m.take("* OK [CLOSED] x\n* 1 EXISTS\n* OK [UIDVALIDITY 8] x\n* OK [HIGHESTMODSEQ 3] x\nA5 OK x")
	m.want("another UIDVALIDITY", picture(m.Mirror), "8 0 3: 0")
	m.want("of which", m.catchup(), "UID FETCH 1:* (UID FLAGS MODSEQ)")
	m.take("* 1 FETCH (UID 1 FLAGS ())\nA6 OK x")
	m.sent(m.Select("INBOX", qresync))
	m.take("* OK [CLOSED] x\n* 1 EXISTS\n* OK [UIDVALIDITY 8] x\n* OK [NOMODSEQ] x\nA7 OK x")
	m.want("no modseqs any more", picture(m.Mirror), "8 0 0: 0; 1 [] 0")
	m.want("all anew", m.catchup(), "UID FETCH 1:* (UID FLAGS)")
	m.sent(m.Select("INBOX", qresync))
	m.take("* OK [CLOSED] x\nA9 NO x")
	m.want("not selected", m.Selected(), false)
}

// TestCatchup: what is asked for where the server does not tell by itself.
func TestCatchup(t *testing.T) {
	for _, tt := range []struct {
		name      string
		caps      imap.Capabilities
		ask, then string
		answers   string
		want      string
	}{
		{"CONDSTORE", imap.Capabilities{imap.CapCondStore}, "UID FETCH 1:* FLAGS (CHANGEDSINCE 20)\nUID SEARCH UID 1:9", "", `
			* 3 FETCH (UID 10 FLAGS () MODSEQ (28))
			* 2 FETCH (UID 4 FLAGS (q) MODSEQ (29))
			A3 OK x
			* SEARCH 4 2
			A4 OK x`, "7 11 30: 2 4 10; 2 [\\Seen] 11; 4 [q] 29; 10 [] 28"},
		{"a search that fails", imap.Capabilities{imap.CapCondStore, imap.CapESearch}, "UID FETCH 1:* FLAGS (CHANGEDSINCE 20)\nUID SEARCH RETURN (ALL) UID 1:9",
			"UID FETCH 1:* (UID FLAGS MODSEQ)", `
			A3 OK x
			A4 NO x
			* 1 FETCH (UID 2 FLAGS (s) MODSEQ (29))
			* 2 FETCH (UID 4 FLAGS () MODSEQ (12))
			* 3 FETCH (UID 10 FLAGS () MODSEQ (28))
			A5 OK x`, "7 11 30: 2 4 10; 2 [s] 29; 4 [] 12; 10 [] 28"},
		{"nothing", nil, "UID FETCH 1:* (UID FLAGS)", "", `
			* 1 FETCH (UID 2 FLAGS (\Seen))
			* 2 FETCH (UID 4 FLAGS (q))
			* 3 FETCH (UID 10 FLAGS ())
			A3 OK x`, "7 11 20: 2 4 10; 2 [\\Seen] 11; 4 [q] 0; 10 [] 0"},
	} {
		m := fourMessages(t)
		m.take("* 3 FETCH (UID 6 FLAGS () MODSEQ (14))")
		m.Take(&imapclient.Closed{})
		m.sent(m.Select("INBOX", tt.caps))
		m.take("* 3 EXISTS\n* OK [UIDVALIDITY 7] x\n* OK [UIDNEXT 11] x\n* OK [HIGHESTMODSEQ 30] x\nA2 OK x")
		m.want(tt.name+": before", m.HighestModSeq(), 20)
		m.want(tt.name+": synced", m.Synced(), false)
		m.want(tt.name, m.catchup(), tt.ask)
		m.want(tt.name+": asked again", m.catchup(), "")
		for line := range strings.Lines(tt.answers) {
			m.take(line)
			if got := m.catchup(); got != "" && got != tt.then {
				t.Errorf("%s: then %s, want %s", tt.name, got, tt.then)
			}
		}
		m.want(tt.name+": picture", picture(m.Mirror), tt.want)
		m.want(tt.name+": synced", m.Synced(), true)
	}
}

// TestCatchupRaces: what happens while the Mirror asks.
func TestCatchupRaces(t *testing.T) {
	// The number that was asked for is another message's, or nobody's, when the
	// command leaves.
	m := fourMessages(t)
	m.sent(&imapwire.Noop{})
	m.take("A2 OK x")
	m.want("by number", m.catchup(), "FETCH 3 (UID FLAGS MODSEQ)")
	m.take("* VANISHED 2,9\nA3 BAD no such message")
	m.want("of another number", m.catchup(), "UID FETCH 5:* (UID FLAGS MODSEQ)")
	m.take("A4 OK x")
	m.want("and by that", m.catchup(), "FETCH 2 (UID FLAGS MODSEQ)")
	m.take("A5 OK x")
	m.want("it will be expunged", m.catchup(), "")
	m.want("synced", m.Synced(), false)
	m.sent(&imapwire.Noop{})
	m.take("* VANISHED 6\nA6 OK x")
	m.want("it is", m.Synced(), true)

	// Flags are told of a number, and it is not known of which message.
	m = fourMessages(t)
	m.take("* 3 FETCH (UID 6 FLAGS () MODSEQ (14))")
	m.Take(&imapclient.Closed{})
	m.sent(m.Select("INBOX", imap.Capabilities{imap.CapCondStore}))
	m.take("* 4 EXISTS\n* OK [UIDVALIDITY 7] x\n* OK [HIGHESTMODSEQ 30] x\nA2 OK x")
	const all = "UID FETCH 1:* FLAGS (CHANGEDSINCE 20)"
	m.want("first", m.catchup(), all+"\nUID SEARCH UID 1:9")
	m.take("A3 OK x\n* 1 FETCH (FLAGS (new) MODSEQ (31))\n* SEARCH 2 4 6 9\nA4 OK x")
	m.want("what is safe", m.HighestModSeq(), 20)
	m.want("again", m.catchup(), all)
	m.take("* 1 FETCH (UID 2 FLAGS (new) MODSEQ (31))\nA5 OK x")
	m.want("picture", picture(m.Mirror), "7 10 31: 2 4 6 9; 2 [new] 31; 4 [] 12; 6 [] 14; 9 [a] 20")
	m.want("synced", m.Synced(), true)
}

// TestCatchupRefused: invariant 29. What a server could not tell is asked for
// again, not for ever, and never taken for a picture that is complete.
func TestCatchupRefused(t *testing.T) {
	m := &told{TB: t, Mirror: &imapclient.Mirror{}}
	m.sent(m.Select("INBOX", nil))
	m.take("* 1 EXISTS\n* OK [UIDVALIDITY 7] x\nA1 OK x\n* 1 FETCH (UID 5)")
	for i := range 4 {
		m.want("asked", m.catchup(), "UID FETCH 5 (UID FLAGS)")
		m.take(fmt.Sprintf("A%d NO x", i+2))
		m.want("complete", m.Synced(), false)
	}
	m.want("asked", m.catchup(), "")

	m = &told{TB: t, Mirror: &imapclient.Mirror{}}
	m.sent(m.Select("INBOX", nil))
	m.take("* 1 EXISTS\n* OK [UIDVALIDITY 7] x\nA1 OK x\n* 1 FETCH (UID 5)")
	m.catchup()
	m.take("A2 NO x")
	m.catchup()
	m.take("* 1 FETCH (UID 5 FLAGS (a))\nA3 OK x")
	m.want("asked", m.catchup(), "")
	m.want("complete", m.Synced(), true)
}

// TestSilentStore: what a silent STORE does is known without being told, if it
// can be.
func TestSilentStore(t *testing.T) {
	add := &imapwire.Store{UID: true, Set: imap.SetRange(1, imap.Star), Op: imapwire.StoreAdd, Silent: true, Flags: []imap.Flag{`\SEEN`}}
	const before = "7 10 20: 2 4 0 9; 2 [\\Seen] 11; 4 [] 12; 9 [a] 20"
	for _, tt := range []struct {
		name, answer, want string
		store              *imapwire.Store
	}{
		{"told by modseq", "* 2 FETCH (UID 4 MODSEQ (31))\n* 4 FETCH (MODSEQ (31))\nA2 OK x", "7 10 31: 2 4 0 9; 2 [\\Seen] 11; 4 [\\Seen] 31; 9 [\\Seen a] 31", add},
		{"some modified", "* 2 FETCH (UID 4 MODSEQ (31))\nA2 OK [MODIFIED 9] x", "7 10 31: 2 4 0 9; 2 [\\Seen] 11; 4 [\\Seen] 31; 9 [a] 20", add},
		{"not told", "A2 OK x", "7 10 20: 2 4 0 9; 2 [\\Seen] 11; 4 [\\Seen] 0; 9 [\\Seen a] 0", add},
		{"failed", "A2 NO x", "7 10 20: 2 4 0 9", add},
		{"not understood", "A2 BAD x", before, add},
		{"of one number", "A2 OK x", "7 10 20: 2 4 0 9; 2 [] 0; 4 [] 12; 9 [a] 20", &imapwire.Store{Set: imap.SetOf(1), Op: imapwire.StoreRemove, Silent: true, Flags: []imap.Flag{imap.FlagSeen}}},
		{"of the last", "A2 OK x", "7 10 20: 2 4 0 9; 2 [\\Seen] 11; 4 [] 12; 9 [b] 0", &imapwire.Store{Set: imap.SetOf(imap.Star), Op: imapwire.StoreReplace, Silent: true, Flags: []imap.Flag{"b"}}},
		{"a flag that is not kept", "A2 OK x", "7 10 20: 2 4 0 9; 4 [] 12; 9 [a] 20", &imapwire.Store{UID: true, Set: imap.SetOf(2), Op: imapwire.StoreAdd, Silent: true, Flags: []imap.Flag{imap.FlagDraft}}},
	} {
		m := fourMessages(t)
		m.want("before", picture(m.Mirror), before)
		m.sent(tt.store)
		m.take(tt.answer)
		m.want(tt.name, picture(m.Mirror), tt.want)
	}
}

// TestUnchangedSince: RFC 7162 §3.1.3. A STORE has to fail for what changed behind
// the picture, and only for that.
func TestUnchangedSince(t *testing.T) {
	m := fourMessages(t)
	m.take("* 2 FETCH (UID 4 FLAGS () MODSEQ (25))")
	all := imap.UIDSet{{First: 1, Last: imap.MaxUID}}
	m.want("all", m.UnchangedSince(all), "[{4 25} {2,9 20}]")
	m.want("one", m.UnchangedSince(imap.UIDSetOf(9, 6, 100)), "[{9 20}]")
	m.want("unknown", m.UnchangedSince(imap.UIDSetOf(6)), "[]")
	m.Take(&imapclient.Closed{})
	m.want("away", m.UnchangedSince(all), "[]")
}

// TestMirrorLimits: threat M8. What a server can make a Mirror hold is bounded,
// and a number costs nothing.
func TestMirrorLimits(t *testing.T) {
	m := fourMessages(t)
	m.Limits.Messages, m.Limits.Flags = 4, 20
	m.take("* 4000000000 EXISTS\n* 3 FETCH (UID 6)")
	for _, tt := range []struct{ line, limit string }{
		{"* 5 FETCH (UID 10 FLAGS ())", "Messages"},
		{"* 5 FETCH (UID 10)", "Messages"},
		{"* 4 FETCH (FLAGS (aaaaaaaaaa bbbbbbbbbbbb))", "Flags"},
	} {
		before := picture(m.Mirror)
		var limit *engine.LimitError
		if err := m.Take(eventOf(t, tt.line)); !errors.As(err, &limit) || limit.Name != tt.limit {
			t.Errorf("%s: %v", tt.line, err)
		}
		m.want(tt.line, picture(m.Mirror), before)
	}
	for range 100 {
		// A set that no message has any more costs nothing.
		m.take("* 4 FETCH (FLAGS (aaaaa))\n* 4 FETCH (FLAGS (bbbbb))\n* 4 FETCH (FLAGS (ccccc))")
	}
	m.take("* VANISHED 1000:4000000000")
	m.want("EXISTS", m.Exists(), 999)
}

// TestMirrorData: what is remembered is what was known, in any form; and other
// octets are an error that changes nothing.
func TestMirrorData(t *testing.T) {
	m := fourMessages(t)
	b, err := m.MarshalBinary()
	if err != nil {
		t.Fatal(err)
	}
	m.want("octets", fmt.Sprintf("%x", b), fmt.Sprintf("%x", "\x01\x07\x0a\x14"+"\x02\x01\x05\\Seen\x01\x01a"+"\x03\x02\x00\x02\x00\x05\x00"+"\x01\x01\x01\x00\x01\x02"+"\x05\x16\x02\x10"+"\x00\x03\x02\x03\x02\x02\x03\x05\x00"))
	var same imapclient.Mirror
	if err := same.UnmarshalBinary(b); err != nil || picture(&same) != picture(m.Mirror) {
		t.Errorf("%v: %s", err, picture(&same))
	}
	doc, err := json.Marshal(struct{ Inbox *imapclient.Mirror }{m.Mirror})
	if err != nil {
		t.Fatal(err)
	}
	var back struct{ Inbox *imapclient.Mirror }
	if err := json.Unmarshal(doc, &back); err != nil || picture(back.Inbox) != picture(m.Mirror) {
		t.Errorf("%s: %v", doc, err)
	}
	for n := range b {
		if err := same.UnmarshalBinary(b[:n]); !errors.Is(err, imapclient.ErrMirrorData) {
			t.Errorf("%d octets of %d: %v", n, len(b), err)
		}
	}
	if err := same.UnmarshalBinary(append(b, 0)); !errors.Is(err, imapclient.ErrMirrorData) {
		t.Errorf("an octet more: %v", err)
	}
	for _, bad := range []string{
		"", "\x02\x00\x00\x00\x00\x00\x01", // another version
		"\x01\x00\x00\x00\x01\x01\x01 \x00\x01",                            // no flag
		"\x01\x00\x00\x00\x02\x01\x01a\x01\x01A\x00\x01",                   // a set twice
		"\x01\x00\x00\x00\x00\x02\x01\x00\x01\x00\x02\x00\x04\x00\x01",     // one range, written as two
		"\x01\x00\x00\x00\x00\x01\x00\x00\x01\x00\x02\x00\x01",             // UID 0
		"\x01\x00\x00\x00\x00\x01\xff\xff\xff\xff\x0f\x01\x02\x00\x02\x00", // a UID too large
		"\x01\x00\x00\x00\x00\x01\x01\x00\x02\x00\x02\x00\x01",             // flags of nothing
		"\x01\x00\x00\x00\x00\x01\x01\x00\x01\x00\x04\x00\x01",             // modseqs of nothing
		"\x01\x00\x00\x00\x00\x01\x01\x00\x01\x01\x02\x00\x01",             // a set that is not there
		"\x01\x00\x00\x00\x00\x01\x01\x00\x01\x00\x02\x01\x01",             // a modseq below zero
		"\x01\x00\x00\x00\x00\x00\x00\x04\x03\x02\x00",                     // two messages below UID 2
		"\x01\x00\x00\x00\x00\x00\x00\x03\xff\xff\xff\xff\x0f\x02\x00",     // one above the last UID
	} {
		if err := same.UnmarshalBinary([]byte(bad)); !errors.Is(err, imapclient.ErrMirrorData) {
			t.Errorf("%x: %v", bad, err)
		}
	}
	m.want("behind mistakes", picture(&same), picture(m.Mirror))
	// A few octets stand for many messages: no more than the limit.
	many := []byte("\x01\x00\x00\x00\x00\x01\x01\xfe\xff\xff\xff\x0f\xff\xff\xff\xff\x0f\x00\xfe\xff\xff\xff\x1f\x00\x01")
	var limit *engine.LimitError
	if err := same.UnmarshalBinary(many); !errors.As(err, &limit) || limit.Name != "Messages" {
		t.Errorf("4,294,967,295 messages: %v", err)
	}
	m.take("* OK [UIDNOTSTICKY] x")
	if b, _ = m.MarshalBinary(); same.UnmarshalBinary(b) != nil || picture(&same) != "0 0 0:" {
		t.Errorf("UIDs that do not last: %s", picture(&same))
	}
}

// FuzzMirrorData: whatever is read back is an error, or a Mirror whose form reads
// back as the same.
func FuzzMirrorData(f *testing.F) {
	m := fourMessages(f)
	for _, line := range []string{"* 5 EXISTS", "* 3 FETCH (UID 6 FLAGS (b) MODSEQ (13))", "* VANISHED 2", "* VANISHED 10"} {
		m.take(line)
		b, _ := m.MarshalBinary()
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		m := imapclient.Mirror{Limits: imapclient.Limits{Messages: 1000, Flags: 1000}}
		if m.UnmarshalBinary(b) != nil {
			if picture(&m) != "0 0 0:" {
				t.Fatalf("an error left %s", picture(&m))
			}
			return
		}
		one, err := m.MarshalBinary()
		if err != nil {
			t.Fatal(err)
		}
		again := imapclient.Mirror{Limits: m.Limits}
		if err := again.UnmarshalBinary(one); err != nil {
			t.Fatalf("%x became %x: %v", b, one, err)
		}
		two, _ := again.MarshalBinary()
		if !bytes.Equal(one, two) || picture(&m) != picture(&again) || m.UIDs().Count() > 1000 {
			t.Fatalf("%s became %s", picture(&m), picture(&again))
		}
		m.Select("INBOX", qresync)
	})
}

// FuzzMirror: invariant 29. Whatever a server says, in any order: an error leaves
// everything as it was, what is remembered reads back, and there is an end to what
// the Mirror asks for.
func FuzzMirror(f *testing.F) {
	f.Add("* ENABLED QRESYNC\n* 3 EXISTS\n* OK [UIDVALIDITY 1] x\n* OK [HIGHESTMODSEQ 9] x\nA1 OK x\n* 2 FETCH (UID 4 FLAGS () MODSEQ (4))\nA2 OK x", uint8(3))
	f.Add("* 3 EXISTS\n* OK [UIDVALIDITY 1] x\n* OK [HIGHESTMODSEQ 9] x\nA1 OK x\n* 1 FETCH (UID 4 FLAGS (a) MODSEQ (4))\nA2 OK x\nCLOSED\n* 3 EXISTS\n* OK [UIDVALIDITY 1] x\n* OK [HIGHESTMODSEQ 9] x\nA3 OK x\n* SEARCH 4\nA4 OK x\nA5 NO x\nA6 OK x", uint8(1))
	f.Add("* 3 EXISTS\n* OK [UIDVALIDITY 1] x\nA1 OK x\n* 2 FETCH (UID 4 FLAGS (OIB-Seen-[Gmail]/Trash ]) MODSEQ (4))", uint8(3))
	f.Add("* ENABLED QRESYNC\nA1 OK x\n* 3 EXISTS\n* VANISHED 1\n* VANISHED (EARLIER) 1:4294967295\n* 1 EXPUNGE\n* OK [CLOSED] x", uint8(0))
	f.Add("* 4 EXISTS\n* OK [UIDVALIDITY 1] x\nA1 OK x\n* 2 FETCH (UID 9 FLAGS (b))\nSTORE\n* 2 FETCH (MODSEQ (5))\nA3 OK [MODIFIED 1] x\nSELECT\n* ESEARCH (TAG \"A2\") UID ALL 1:3", uint8(3))
	f.Fuzz(func(t *testing.T, lines string, caps uint8) {
		m := &told{TB: t, Mirror: &imapclient.Mirror{Limits: imapclient.Limits{Messages: 100, Flags: 200}}, caps: qresync[min(caps, 3):]}
		m.sent(m.Select("INBOX", m.caps))
		asked := 0
		for line := range strings.Lines(lines) {
			line = strings.TrimRight(line, "\r\n")
			switch line {
			case "CLOSED":
				m.Take(&imapclient.Closed{})
				m.sent(m.Select("INBOX", m.caps))
				continue
			case "SELECT":
				m.sent(m.Select("INBOX", m.caps))
				continue
			case "STORE":
				m.sent(&imapwire.Store{Set: imap.SetRange(1, imap.Star), Op: imapwire.StoreAdd, Silent: true, Flags: []imap.Flag{"c"}})
				continue
			}
			if r, err := imapwire.ParseResponse([]byte(line+"\r\n"), imapwire.ParseOptions{}); err != nil || len(line) < 3 {
				continue
			} else if _, ok := r.(*imapwire.Continue); ok {
				continue
			}
			ev := eventOf(t, line)
			if data, ok := ev.(*imapclient.Data); ok {
				data.ID = m.id
			}
			before, _ := m.MarshalBinary()
			if m.Take(ev) != nil {
				if after, _ := m.MarshalBinary(); !bytes.Equal(before, after) {
					t.Fatalf("%s: %x became %x", line, before, after)
				}
			}
			m.catchup()
		}
		// A server that says OK to everything, and nothing else.
		for m.Selected() && asked < 50 {
			asked++
			for id := range m.id {
				m.Take(&imapclient.Done{ID: id + 1, Status: imapwire.StatusCondition{Condition: imapwire.OK}})
			}
			if m.catchup() == "" {
				break
			}
		}
		if asked == 50 {
			t.Fatalf("there is no end: %s", m.catchup())
		}
		var back imapclient.Mirror
		b, _ := m.MarshalBinary()
		if err := back.UnmarshalBinary(b); err != nil {
			t.Fatalf("%x: %v", b, err)
		}
	})
}
