package query_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/mailwire/mailwire/imapwire/imap"
	"github.com/mailwire/mailwire/mailbox"
	"github.com/mailwire/mailwire/mailbox/memstore"
	"github.com/mailwire/mailwire/mailbox/query"
)

var (
	ctx = context.Background()
	now = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
)

// A mail is a message to search in.
type mail struct {
	text  string
	flags []imap.Flag
	date  time.Time
}

func crlf(s string) string { return strings.ReplaceAll(s, "\n", "\r\n") }

// inbox returns a folder with messages, UID 1 first.
func inbox(t interface{ Fatalf(string, ...any) }, mails ...mail) mailbox.Folder {
	must := func(err error) {
		if err != nil {
			t.Fatalf("%v", err)
		}
	}
	store := memstore.New(memstore.Options{})
	must(store.AddUser("u", "p"))
	user, err := store.User(ctx, "u")
	must(err)
	f, err := user.Open(ctx, imap.Inbox)
	must(err)
	for _, m := range mails {
		tx, err := f.Append(ctx)
		must(err)
		w, err := tx.Message(int64(len(m.text)), m.flags, m.date)
		must(err)
		_, err = io.WriteString(w, m.text)
		must(err)
		_, err = tx.Commit()
		must(err)
	}
	return f
}

// found evaluates a key over a folder as a session sees it that was told
// everything.
func found(t interface{ Fatalf(string, ...any) }, f mailbox.Folder, key imap.SearchKey, scope query.Scope) []imap.UID {
	snap, err := f.Snapshot(ctx)
	if err != nil {
		t.Fatalf("%v", err)
	}
	scope.Told = snap.UIDs
	if scope.Now.IsZero() {
		scope.Now = now
	}
	q, err := query.Compile(key, scope)
	if err != nil {
		t.Fatalf("%T: %v", key, err)
	}
	var uids []imap.UID
	for m, err := range f.Messages(ctx, mailbox.AllUIDs) {
		if err != nil {
			t.Fatalf("%v", err)
		}
		ok, err := q.Match(ctx, f, &m)
		if err != nil {
			t.Fatalf("%T: %v", key, err)
		}
		if ok {
			uids = append(uids, m.UID)
		}
	}
	return uids
}

func sample() []mail {
	return []mail{
		{crlf("From: Ada <ada@example.org>\nTo: charles@example.net\nSubject: The Engine\nDate: Mon, 2 Mar 2026 23:30:00 -0500\n\nIt weaves patterns.\n"),
			[]imap.Flag{imap.FlagSeen, "k1"}, time.Date(2026, 3, 3, 4, 30, 0, 0, time.FixedZone("", 3600))},
		{crlf("From: =?utf-8?q?J=C3=BCrgen?= <j@example.de>\nCc: ada@example.org\nSubject: =?iso-8859-1?Q?Gr=FC=DFe?=\nContent-Type: text/plain; charset=koi8-r\nContent-Transfer-Encoding: base64\n\n8NLJ18XULCDNydIhCg==\n"),
			[]imap.Flag{imap.FlagFlagged}, now.Add(-time.Hour)},
		{crlf("Subject: nested\nBcc: hidden@example.org\nX-Empty:\nContent-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: text/html; charset=utf-8\nContent-Transfer-Encoding: quoted-printable\n\n<p>na=C3=AFve</p>\n--b\nContent-Type: message/rfc822\n\nSubject: inner treasure\n\ndeep text\n--b\nContent-Type: application/octet-stream\n\nbinary haystack\n--b--\n"),
			[]imap.Flag{imap.FlagDeleted, imap.FlagDraft, imap.FlagAnswered}, now.AddDate(0, 0, -2)},
		{crlf("\nno header\n"), nil, now},
	}
}

func TestKeys(t *testing.T) {
	f := inbox(t, sample()...)
	date := func(y int, m time.Month, d int) imap.Date { return imap.Date{Year: y, Month: m, Day: d} }
	text := func(field imap.TextField, s string) imap.SearchKey {
		return &imap.SearchText{Field: field, Value: s}
	}
	flag := func(fl imap.Flag, unset bool) imap.SearchKey { return &imap.SearchFlag{Flag: fl, Unset: unset} }
	for _, tt := range []struct {
		name string
		key  imap.SearchKey
		want []imap.UID
	}{
		{"ALL", &imap.SearchAll{}, []imap.UID{1, 2, 3, 4}},
		{"SEEN", flag(imap.FlagSeen, false), []imap.UID{1}},
		{"UNSEEN", flag(imap.FlagSeen, true), []imap.UID{2, 3, 4}},
		{"KEYWORD K1", flag("K1", false), []imap.UID{1}},
		{"UNKEYWORD k1", flag("k1", true), []imap.UID{2, 3, 4}},
		{"RECENT", flag(imap.FlagRecent, false), []imap.UID{3}},
		{"OLD", flag(imap.FlagRecent, true), []imap.UID{1, 2, 4}},
		{"NEW", &imap.SearchNew{}, []imap.UID{3}},
		{"FROM ada", text(imap.TextFrom, "ada"), []imap.UID{1}},
		{"FROM jürgen", text(imap.TextFrom, "JÜRGEN"), []imap.UID{2}},
		{"SUBJECT grüße", text(imap.TextSubject, "grüße"), []imap.UID{2}},
		{"SUBJECT engine", text(imap.TextSubject, "eNGINE"), []imap.UID{1}},
		{"TO", text(imap.TextTo, "charles"), []imap.UID{1}},
		{"CC", text(imap.TextCC, "ada"), []imap.UID{2}},
		{"BCC", text(imap.TextBCC, "hidden"), []imap.UID{3}},
		{"BODY koi8-r", text(imap.TextBody, "привет"), []imap.UID{2}},
		{"BODY quoted-printable", text(imap.TextBody, "NAÏVE"), []imap.UID{3}},
		{"BODY decomposed", text(imap.TextBody, "nai\u0308ve"), []imap.UID{3}},
		{"BODY of the embedded message", text(imap.TextBody, "deep"), []imap.UID{3}},
		{"BODY: header of the embedded message", text(imap.TextBody, "treasure"), []imap.UID{3}},
		{"BODY is not the header", text(imap.TextBody, "nested"), nil},
		{"BODY: no text", text(imap.TextBody, "haystack"), nil},
		{"TEXT", text(imap.TextText, "nested"), []imap.UID{3}},
		{"TEXT of the body", text(imap.TextText, "weaves"), []imap.UID{1}},
		{"TEXT without a header", text(imap.TextText, "no header"), []imap.UID{4}},
		{"HEADER", &imap.SearchHeader{Name: "SUBJECT", Value: "nest"}, []imap.UID{3}},
		{"HEADER exists", &imap.SearchHeader{Name: "x-empty"}, []imap.UID{3}},
		{"LARGER", &imap.SearchSize{Size: 200}, []imap.UID{2, 3}},
		{"SMALLER", &imap.SearchSize{Size: 20, Smaller: true}, []imap.UID{4}},
		{"ON, in the zone it was written in", &imap.SearchDate{Field: imap.DateInternal, Op: imap.DateOn, Date: date(2026, 3, 3)}, []imap.UID{1}},
		{"BEFORE", &imap.SearchDate{Field: imap.DateInternal, Op: imap.DateBefore, Date: date(2026, 11, 22)}, []imap.UID{1, 3}},
		{"SINCE", &imap.SearchDate{Field: imap.DateInternal, Op: imap.DateSince, Date: date(2026, 11, 23)}, []imap.UID{2, 4}},
		{"SENTON", &imap.SearchDate{Field: imap.DateSent, Op: imap.DateOn, Date: date(2026, 3, 2)}, []imap.UID{1}},
		{"SENTBEFORE", &imap.SearchDate{Field: imap.DateSent, Op: imap.DateBefore, Date: date(2030, 1, 1)}, []imap.UID{1}},
		{"OLDER", &imap.SearchWithin{Seconds: 3601}, []imap.UID{1, 3}},
		{"OLDER, to the second", &imap.SearchWithin{Seconds: 3600}, []imap.UID{1, 2, 3}},
		{"YOUNGER", &imap.SearchWithin{Seconds: 3600, Younger: true}, []imap.UID{2, 4}},
		{"UID 2:*", &imap.SearchUID{Set: imap.SetRange(2, imap.Star)}, []imap.UID{2, 3, 4}},
		{"UID 99:*", &imap.SearchUID{Set: imap.SetRange(99, imap.Star)}, []imap.UID{4}},
		{"3", &imap.SearchSeq{Set: imap.SetOf(3)}, []imap.UID{3}},
		{"9", &imap.SearchSeq{Set: imap.SetOf(9)}, nil},
		{"$", &imap.SearchSeq{Set: imap.Set{Saved: true}}, []imap.UID{1, 4}},
		{"NOT", &imap.SearchNot{Key: &imap.SearchUID{Set: imap.SetOf(2)}}, []imap.UID{1, 3, 4}},
		{"OR", &imap.SearchOr{Left: text(imap.TextBody, "deep"), Right: flag(imap.FlagSeen, false)}, []imap.UID{1, 3}},
		{"AND", &imap.SearchAnd{Keys: []imap.SearchKey{text(imap.TextText, "example"), flag(imap.FlagFlagged, false)}}, []imap.UID{2}},
	} {
		got := found(t, f, tt.key, query.Scope{Recent: imap.UIDSetOf(1, 3).Minus(imap.UIDSetOf(1)), Saved: imap.UIDSetOf(1, 4)})
		if !slices.Equal(got, tt.want) {
			t.Errorf("%s: %v, want %v", tt.name, got, tt.want)
		}
	}
}

func TestCharset(t *testing.T) {
	f := inbox(t, sample()...)
	key := &imap.SearchText{Field: imap.TextSubject, Value: "gr\xfc"}
	if got := found(t, f, key, query.Scope{Charset: "ISO-8859-1"}); !slices.Equal(got, []imap.UID{2}) {
		t.Errorf("iso-8859-1: %v", got)
	}
	if _, err := query.Compile(key, query.Scope{Charset: "X-NONE"}); !errors.Is(err, query.ErrCharset) {
		t.Errorf("unknown charset: %v", err)
	}
	for _, key := range []imap.SearchKey{nil, &imap.SearchAnd{}, &imap.SearchText{Value: "x"}, &imap.SearchDate{}, &imap.SearchNot{}} {
		if _, err := query.Compile(key, query.Scope{}); !errors.Is(err, query.ErrKey) {
			t.Errorf("%T: %v", key, err)
		}
	}
}

// TestGone: a message that vanishes while it is looked at does not match and
// does not end the search.
func TestGone(t *testing.T) {
	f := inbox(t, sample()...)
	var m mailbox.Message
	for m = range f.Messages(ctx, imap.UIDSetOf(1)) {
	}
	if _, err := f.Store(ctx, imap.UIDSetOf(1), mailbox.FlagUpdate{Op: mailbox.AddFlags, Flags: []imap.Flag{imap.FlagDeleted}}); err != nil {
		t.Fatal(err)
	}
	if _, err := f.Expunge(ctx, imap.UIDSetOf(1)); err != nil {
		t.Fatal(err)
	}
	q, err := query.Compile(&imap.SearchText{Field: imap.TextText, Value: "engine"}, query.Scope{})
	if err != nil {
		t.Fatal(err)
	}
	if ok, err := q.Match(ctx, f, &m); ok || err != nil {
		t.Errorf("%v, %v", ok, err)
	}
}

// TestNaive: invariant 54 for strings, threat C4. A body is found where a plain
// search over the folded text finds it, across windows and reads.
func TestNaive(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		body := rapid.StringMatching(`[abAB \n]{0,200}`).Draw(t, "body")
		if rapid.Bool().Draw(t, "long") {
			body = strings.Repeat("a", rapid.IntRange(16_300, 16_500).Draw(t, "pad")) + body
		}
		value := rapid.StringMatching(`[ab]{1,6}`).Draw(t, "value")
		f := inbox(t, mail{text: crlf("\n" + body)})
		got := len(found(t, f, &imap.SearchText{Field: imap.TextBody, Value: value}, query.Scope{})) == 1
		if want := strings.Contains(strings.ToLower(body), strings.ToLower(value)); got != want {
			t.Fatalf("found %v, want %v", got, want)
		}
	})
	// At every place around the end of the first window.
	for pad := 16<<10 - 12; pad < 16<<10+12; pad++ {
		f := inbox(t, mail{text: crlf("\n" + strings.Repeat("-", pad) + "ababba" + "-")})
		if len(found(t, f, &imap.SearchText{Field: imap.TextBody, Value: "ababba"}, query.Scope{})) != 1 {
			t.Errorf("not found behind %d octets", pad)
		}
	}
}

// TestLongDecompositions: a text of characters that become many times as long is
// searched as any other.
func TestLongDecompositions(t *testing.T) {
	f := inbox(t, mail{text: "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n" + strings.Repeat("\uFDFA", 5000) + "end"})
	for value, want := range map[string]int{"\u0635\u0644\u0649": 1, "\uFDFAEND": 1, "ende": 0} {
		if n := len(found(t, f, &imap.SearchText{Field: imap.TextBody, Value: value}, query.Scope{})); n != want {
			t.Errorf("%q is found in %d messages, want %d", value, n, want)
		}
	}
}

// FuzzSearch: any message and any text: no failure, and SUBJECT finds what the
// header says.
func FuzzSearch(f *testing.F) {
	for _, m := range sample() {
		f.Add(m.text, "engine")
	}
	f.Fuzz(func(t *testing.T, text, value string) {
		folder := inbox(t, mail{text: text})
		for field := imap.TextBCC; field <= imap.TextTo; field++ {
			key := &imap.SearchText{Field: field, Value: value}
			in := len(found(t, folder, key, query.Scope{}))
			out := len(found(t, folder, &imap.SearchNot{Key: key}, query.Scope{}))
			if in+out != 1 {
				t.Fatalf("field %d: %d match, %d do not", field, in, out)
			}
		}
	})
}

func Example() {
	f := inbox(panics{}, sample()...)
	snap, err := f.Snapshot(ctx)
	if err != nil {
		fmt.Println(err)
		return
	}
	// SEARCH UNSEEN TEXT "привет"
	key := &imap.SearchAnd{Keys: []imap.SearchKey{
		&imap.SearchFlag{Flag: imap.FlagSeen, Unset: true},
		&imap.SearchText{Field: imap.TextText, Value: "привет"},
	}}
	q, err := query.Compile(key, query.Scope{Told: snap.UIDs, Now: now})
	if err != nil {
		fmt.Println(err)
		return
	}
	for m, err := range f.Messages(ctx, snap.UIDs.Set()) {
		if err != nil {
			fmt.Println(err)
			return
		}
		if ok, err := q.Match(ctx, f, &m); ok && err == nil {
			fmt.Println("UID", m.UID)
		}
	}
	// Output: UID 2
}

type panics struct{}

func (panics) Fatalf(format string, a ...any) { panic(fmt.Sprintf(format, a...)) }
