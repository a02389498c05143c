package imapclient_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/mailwire/mailwire/imapwire"
	"github.com/mailwire/mailwire/imapwire/engine"
	"github.com/mailwire/mailwire/imapwire/imap"
	"github.com/mailwire/mailwire/imapwire/imapclient"
)

// A talk is a Conn with a Collector, to which a server says what the test says.
type talk struct {
	t   testing.TB
	c   *imapclient.Conn
	col imapclient.Collector
}

func newTalk(t testing.TB) *talk {
	c, err := imapclient.New(start, imapclient.Options{})
	if err != nil {
		t.Fatal(err)
	}
	x := &talk{t: t, c: c}
	x.say("* PREAUTH ready", 1)
	return x
}

func (x *talk) send(cmds ...imapwire.Command) {
	for _, cmd := range cmds {
		id, err := x.c.Send(cmd)
		if err != nil {
			x.t.Fatal(err)
		}
		x.col.Sent(id, cmd)
	}
}

// say feeds lines in pieces of cut octets, and returns the results.
func (x *talk) say(lines string, cut int) (results []*imapclient.Result) {
	var b strings.Builder
	x.c.Flush(start, &b)
	for s := strings.ReplaceAll(lines, "\n", "\r\n") + "\r\n"; s != ""; {
		n := min(cut, len(s))
		p := []byte(s[:n])
		if err := x.c.Feed(start, p); err != nil {
			x.t.Fatal(err)
		}
		for ev := x.c.Next(); ev != nil; ev = x.c.Next() {
			if res := x.col.Take(ev); res != nil {
				results = append(results, res)
			}
			if data, ok := ev.(*imapclient.Data); ok {
				poison(data)
			}
			x.c.Flush(start, &b)
		}
		clear(p)
		s = s[n:]
	}
	return results
}

// TestCollector: each kind of answer comes with the command that asked for it,
// with several commands in progress.
func TestCollector(t *testing.T) {
	x := newTalk(t)
	want := func(what string, got, want any) {
		t.Helper()
		if fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("%s: got %v, want %v", what, got, want)
		}
	}
	all := &imap.SearchAll{}
	x.send(&imapwire.Select{Mailbox: "INBOX"})
	sel := x.say("* 3 EXISTS\n* FLAGS (a)\n* OK [UIDVALIDITY 5] x\nA1 OK [READ-WRITE] x", 1)[0]
	want("SELECT", len(sel.Data), 3)
	x.send(&imapwire.Capability{}, &imapwire.Enable{Capabilities: imap.Capabilities{"X"}}, &imapwire.ID{}, &imapwire.Namespace{},
		&imapwire.List{Patterns: []string{"*"}}, &imapwire.List{Patterns: []string{"%"}}, &imapwire.Status{Mailbox: "a", Items: []imapwire.StatusItem{"MESSAGES"}},
		&imapwire.Search{UID: true, Key: all}, &imapwire.Search{UID: true, HasReturn: true, Return: []string{"ALL"}, Key: all}, &imapwire.Search{UID: true, HasReturn: true, Return: []string{"MIN"}, Key: all},
		&imapwire.Fetch{UID: true, Set: imap.SetOf(1), Items: []imapwire.FetchItem{imapwire.FetchFlags}}, &imapwire.UnknownCommand{Name: "XYZZY"})
	got := x.say(`* CAPABILITY IMAP4rev1 X
* ENABLED X
* ID ("name" "srv")
* NAMESPACE (("" "/")) NIL NIL
* LIST () "/" a
A2 OK x
A3 OK x
A4 OK x
A5 OK x
* LIST (\Marked) "/" b
* OK [CAPABILITY IMAP4rev1] an aside
A6 OK x
* LIST () "/" c
A7 OK x
* STATUS a (MESSAGES 4 MAILBOXID (q) SIZE 12)
A8 OK x
* SEARCH 9 2 4 3
* ESEARCH (TAG "A11") UID MIN 7
* SEARCH 8
* XYZZY 1 2
* 1 FETCH (FLAGS (a))
* ESEARCH (TAG "A10") UID ALL 4:5,1
* ESEARCH (TAG "A99") UID ALL 77
A9 OK x
A10 OK x
A11 OK x
A12 OK x
* VANISHED (EARLIER) 3
A13 NO [X y] no such thing`, 7)
	if len(got) != 12 {
		t.Fatalf("%d results", len(got))
	}
	caps, ok := got[0].Capabilities()
	want("CAPABILITY", fmt.Sprint(caps, ok), "[IMAP4rev1 X] true")
	want("ENABLE", got[1].Enabled(), "[X]")
	want("ID", got[2].ServerID(), "[{name {srv true}}]")
	want("NAMESPACE", got[3].Namespace().Personal, "[{ 47 []}]")
	names := func(r *imapclient.Result) (s string) {
		for _, l := range r.Lists() {
			s += l.Mailbox
		}
		return s
	}
	want("LIST", names(got[4]), "ab")
	want("the other LIST", names(got[5]), "c")
	n, ok := got[6].StatusValue(imapwire.StatusSize)
	want("STATUS", fmt.Sprint(n, ok), "12 true")
	_, ok = got[6].StatusValue("MAILBOXID")
	want("what is no number", ok, false)
	want("SEARCH", got[7].Search(), "[{2 4} {8 9}]")
	want("SEARCH", got[7].SearchUIDs(), "2:4,8:9")
	want("ESEARCH", got[8].SearchUIDs(), "1,4:5")
	want("ESEARCH MIN", got[9].ESearch().Min, 7)
	want("nothing found", got[9].SearchUIDs(), "")
	want("FETCH", len(got[10].Fetches), 1)
	want("what has no name", len(got[11].Data), 1)
	var failed *imapclient.StatusError
	if !errors.As(got[11].Err(), &failed) || failed.Status.Condition != imapwire.NO || got[11].Err().Error() != "imapclient: XYZZY: NO no such thing" {
		t.Errorf("%v", got[11].Err())
	}
	for _, r := range got[:11] {
		if r.Err() != nil {
			t.Errorf("%s: %v", r.Verb, r.Err())
		}
	}

	x.send(&imapwire.Expunge{}, &imapwire.Copy{UID: true, Set: imap.SetOf(1), Mailbox: "b"}, &imapwire.Move{UID: true, Set: imap.SetOf(1), Mailbox: "b"})
	got = x.say("* 3 EXPUNGE\n* 1 EXPUNGE\nA14 OK x\nA15 OK [COPYUID 5 1 7] x\n* OK [COPYUID 5 2 8] x\n* VANISHED 2\nA16 OK x", 3)
	nums, _ := got[0].Expunged()
	want("EXPUNGE", nums, "[3 1]")
	want("COPY", got[1].CopyUID().Dest, "7")
	_, uids := got[2].Expunged()
	want("MOVE", fmt.Sprint(got[2].CopyUID().Dest, uids), "8 2")
	want("no APPENDUID", got[2].AppendUID() == nil, true)

	// The end of the conversation is the end of every command.
	x.send(&imapwire.Noop{})
	x.c.FeedEOF(start)
	for ev := x.c.Next(); ev != nil; ev = x.c.Next() {
		if res := x.col.Take(ev); res != nil && res.Err() == nil {
			t.Errorf("%s ends well", res.Verb)
		}
	}
}

// TestCollectorContent: contents are whole however they came, as long as they are
// within the limits; beyond these the Result says so and the conversation goes on.
func TestCollectorContent(t *testing.T) {
	fetch := &imapwire.Fetch{Set: imap.SetRange(1, 3), Items: []imapwire.FetchItem{&imapwire.FetchBody{Peek: true}}}
	const answer = `* 1 FETCH (BODY[1] {5}
hello BODY[2] "" BODY[3] NIL UID 7 BODY[4] "quoted")
* 2 FETCH (BODY[] {12}
hello, world FLAGS (a))
* 3 FETCH (BODY[] {3}
abc)
A2 OK x`
	show := func(r *imapclient.Result) (s string) {
		for _, f := range r.Fetches {
			for _, d := range f.Sections {
				s += fmt.Sprintf("%d %v %q %v\n", f.Num, d.Content.Valid, d.Content.Data, d.Content.Pushed)
			}
		}
		return s
	}
	for _, tt := range []struct {
		limits      imapclient.Limits
		limit, want string
	}{
		{imapclient.Limits{}, "", "1 true \"hello\" false\n1 true \"\" false\n1 false \"\" false\n1 true \"quoted\" false\n2 true \"hello, world\" false\n3 true \"abc\" false\n"},
		{imapclient.Limits{Section: 5}, "Section", "1 true \"hello\" false\n1 true \"\" false\n1 false \"\" false\n1 true \"\" true\n2 true \"\" true\n3 true \"abc\" false\n"},
		{imapclient.Limits{Result: 1500}, "Result", "1 true \"hello\" false\n1 true \"\" false\n1 false \"\" false\n1 true \"quoted\" false\n"},
	} {
		for cut := 1; cut < 100; cut += 7 {
			x := newTalk(t)
			x.col.Limits = tt.limits
			x.send(&imapwire.Select{Mailbox: "INBOX"})
			x.say("* 3 EXISTS\nA1 OK x", 100)
			x.send(fetch, &imapwire.Noop{})
			got := x.say(answer, cut)
			if len(got) != 1 || show(got[0]) != tt.want {
				t.Fatalf("%+v: %d results\n%s", tt.limits, len(got), show(got[0]))
			}
			var limit *engine.LimitError
			if err := got[0].Err(); tt.limit == "" && err != nil || tt.limit != "" && (!errors.As(err, &limit) || limit.Name != tt.limit) {
				t.Errorf("%+v: %v", tt.limits, err)
			}
			if got = x.say("A3 OK x", cut); len(got) != 1 || got[0].Err() != nil {
				t.Errorf("%+v: the conversation does not go on", tt.limits)
			}
		}
	}
	// A search without end, and a list.
	x := newTalk(t)
	x.col.Limits.Result = 1 << 20
	x.send(&imapwire.Select{Mailbox: "INBOX"})
	x.say("* 3 EXISTS\nA1 OK x", 100)
	x.send(&imapwire.Search{Key: &imap.SearchAll{}})
	got := x.say("* SEARCH"+strings.Repeat(" 1 3", 200_000)+"\nA2 OK x", 32<<10)
	var limit *engine.LimitError
	if !errors.As(got[0].Err(), &limit) || len(got[0].Search()) != 2 {
		t.Errorf("%v, %v", got[0].Err(), got[0].Search())
	}
	x.send(&imapwire.List{Patterns: []string{"*"}})
	got = x.say(strings.Repeat("* LIST () NIL "+strings.Repeat("x", 1000)+"\n", 5000)+"A3 OK x", 32<<10)
	if n := len(got[0].Lists()); !errors.As(got[0].Err(), &limit) || n < 500 || n > 1000 {
		t.Errorf("%v, %d mailboxes", got[0].Err(), n)
	}
}
