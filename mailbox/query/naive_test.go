package query_test

import (
	"encoding/base64"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/mailwire/mailwire/imapwire/imap"
	"github.com/mailwire/mailwire/mailbox"
	"github.com/mailwire/mailwire/mailbox/query"
)

// A letter says what a message is made of, so that the naive evaluator reads
// neither header nor MIME. Its words are of letters that no two of stand next to
// each other in the syntax of mail.
type letter struct {
	fields   []pair // subject, from and their like, as they read
	sent     time.Time
	hasSent  bool
	texts    []string // of the parts
	inner    []pair   // header of a message inside, with the last text
	flags    []imap.Flag
	internal time.Time
	source   string
}

// A pair is a header field, in lower case.
type pair struct{ name, value string }

var (
	words   = rapid.StringMatching(`[qzQZüÜж]{1,4}( [qzQZüÜж]{1,4}){0,2}`)
	needles = rapid.OneOf(rapid.StringMatching(`[qzüÜЖ]{2}`), rapid.Just("z q"), rapid.Just(""))
	names   = []string{"subject", "from", "to", "cc", "bcc", "x-other"}
	days    = rapid.Custom(func(t *rapid.T) time.Time {
		zone := time.FixedZone("", 1800*rapid.IntRange(-24, 26).Draw(t, "zone"))
		return now.Add(-time.Duration(rapid.IntRange(0, 6*86400).Draw(t, "ago")) * time.Second).In(zone)
	})
)

// word writes a text as one of the forms of RFC 2047, or as it is.
func word(t *rapid.T, s string) string {
	var b strings.Builder
	switch rapid.IntRange(0, 3).Draw(t, "form") {
	case 0:
		return s
	case 1:
		return "=?UTF-8?B?" + base64.StdEncoding.EncodeToString([]byte(s)) + "?="
	case 2:
		for _, c := range []byte(s) {
			fmt.Fprintf(&b, "=%02X", c)
		}
		return "=?utf-8?q?" + b.String() + "?="
	}
	// Two words, with a character that may be in both.
	cut := rapid.IntRange(0, len(s)).Draw(t, "cut")
	for _, half := range []string{s[:cut], s[cut:]} {
		b.WriteString("=?utf-8?b?" + base64.StdEncoding.EncodeToString([]byte(half)) + "?=\r\n ")
	}
	return strings.TrimSpace(b.String())
}

// part writes a text part, with its header.
func part(t *rapid.T, s string) string {
	const header = "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: "
	if rapid.Bool().Draw(t, "encoded") {
		return header + "base64\r\n\r\n" + base64.StdEncoding.EncodeToString([]byte(s))
	}
	return header + "8bit\r\n\r\n" + s
}

func writeFields(t *rapid.T, fields []pair) string {
	var b strings.Builder
	for _, f := range fields {
		fmt.Fprintf(&b, "%s: %s\r\n", f.name, word(t, f.value))
	}
	return b.String()
}

func drawFields(t *rapid.T) (out []pair) {
	for range rapid.IntRange(0, 4).Draw(t, "fields") {
		out = append(out, pair{rapid.SampledFrom(names).Draw(t, "name"), words.Draw(t, "value")})
	}
	return out
}

var letters = rapid.Custom(func(t *rapid.T) letter {
	l := letter{
		fields: drawFields(t), sent: days.Draw(t, "sent"), hasSent: rapid.Bool().Draw(t, "has sent"),
		texts: rapid.SliceOfN(words, 1, 3).Draw(t, "texts"), internal: days.Draw(t, "internal"),
		flags: rapid.SliceOfDistinct(rapid.SampledFrom([]imap.Flag{imap.FlagSeen, imap.FlagDeleted, "k1"}), func(f imap.Flag) imap.Flag { return f }).Draw(t, "flags"),
	}
	head := writeFields(t, l.fields)
	if l.hasSent {
		head += "Date: " + l.sent.Format("2 Jan 2006 15:04:05 -0700") + "\r\n"
	}
	last := part(t, l.texts[len(l.texts)-1])
	if rapid.Bool().Draw(t, "inner") {
		l.inner = drawFields(t)
		last = "Content-Type: message/rfc822\r\n\r\n" + writeFields(t, l.inner) + last
	}
	if len(l.texts) == 1 {
		l.source = head + last + "\r\n"
		return l
	}
	l.source = head + "Content-Type: multipart/mixed; boundary=b\r\n\r\n"
	for _, s := range l.texts[:len(l.texts)-1] {
		l.source += "--b\r\n" + part(t, s) + "\r\n"
	}
	l.source += "--b\r\n" + last + "\r\n--b--\r\n"
	return l
})

// A view is what the naive evaluator knows beside the messages: UID n is
// letters[n-1], and the session was told of the first.
type view struct {
	letters       []letter
	told          int
	recent, saved map[imap.UID]bool
}

func (v *view) scope() query.Scope {
	s := query.Scope{Now: now}
	for i := range v.told {
		s.Told = s.Told.Append(imap.UIDSetOf(imap.UID(i + 1)))
	}
	for u := range v.recent {
		s.Recent.Add(u)
	}
	for u := range v.saved {
		s.Saved.Add(u)
	}
	return s
}

// holds is the naive evaluator.
func (v *view) holds(key imap.SearchKey, uid imap.UID) bool {
	l := &v.letters[uid-1]
	seen := slices.Contains(l.flags, imap.FlagSeen)
	switch key := key.(type) {
	case *imap.SearchAll:
		return true
	case *imap.SearchFlag:
		if key.Flag == imap.FlagRecent {
			return v.recent[uid] != key.Unset
		}
		return slices.Contains(l.flags, key.Flag) != key.Unset
	case *imap.SearchNew:
		return v.recent[uid] && !seen
	case *imap.SearchText:
		return l.contains(key.Field, key.Value)
	case *imap.SearchHeader:
		return hasField(l.fields, key.Name, key.Value)
	case *imap.SearchDate:
		d := l.internal
		if key.Field == imap.DateSent {
			if d = l.sent; !l.hasSent {
				return false
			}
		}
		day, want := d.Format(time.DateOnly), fmt.Sprintf("%04d-%02d-%02d", key.Date.Year, key.Date.Month, key.Date.Day)
		return key.Op == imap.DateBefore && day < want || key.Op == imap.DateOn && day == want || key.Op == imap.DateSince && day >= want
	case *imap.SearchSize:
		return key.Smaller && int64(len(l.source)) < key.Size || !key.Smaller && int64(len(l.source)) > key.Size
	case *imap.SearchSeq:
		return v.inSet(key.Set, uid) && (key.Set.Saved || int(uid) <= v.told)
	case *imap.SearchUID:
		return v.inSet(key.Set, uid)
	case *imap.SearchWithin:
		age := int64(now.Sub(l.internal) / time.Second)
		return key.Younger && age <= int64(key.Seconds) || !key.Younger && age >= int64(key.Seconds)
	case *imap.SearchNot:
		return !v.holds(key.Key, uid)
	case *imap.SearchOr:
		return v.holds(key.Left, uid) || v.holds(key.Right, uid)
	case *imap.SearchAnd:
		for _, k := range key.Keys {
			if !v.holds(k, uid) {
				return false
			}
		}
		return true
	}
	panic(fmt.Sprintf("%T", key))
}

// inSet: sequence numbers are UIDs here, as far as the session was told.
func (v *view) inSet(set imap.Set, uid imap.UID) bool {
	if set.Saved {
		return v.saved[uid]
	}
	for _, r := range set.Ranges {
		first, last := r.First, r.Last
		if v.told == 0 && (first == imap.Star || last == imap.Star) {
			continue
		}
		if first == imap.Star {
			first = uint32(v.told)
		}
		if last == imap.Star {
			last = uint32(v.told)
		}
		if min(first, last) <= uint32(uid) && uint32(uid) <= max(first, last) {
			return true
		}
	}
	return false
}

func inText(s, value string) bool {
	return strings.Contains(strings.ToUpper(s), strings.ToUpper(value))
}

func hasField(fields []pair, name, value string) bool {
	return slices.ContainsFunc(fields, func(f pair) bool {
		return strings.EqualFold(f.name, name) && inText(f.value, value)
	})
}

func (l *letter) contains(field imap.TextField, value string) bool {
	name := map[imap.TextField]string{
		imap.TextBCC: "bcc", imap.TextCC: "cc", imap.TextFrom: "from", imap.TextSubject: "subject", imap.TextTo: "to",
	}[field]
	if name != "" {
		return hasField(l.fields, name, value)
	}
	if value == "" {
		return true
	}
	for _, s := range l.texts {
		if inText(s, value) {
			return true
		}
	}
	for _, f := range l.inner {
		if inText(f.value, value) {
			return true
		}
	}
	return field == imap.TextText && slices.ContainsFunc(l.fields, func(f pair) bool { return inText(f.value, value) })
}

var views = rapid.Custom(func(t *rapid.T) *view {
	v := &view{letters: rapid.SliceOfN(letters, 0, 5).Draw(t, "letters"), recent: make(map[imap.UID]bool), saved: make(map[imap.UID]bool)}
	v.told = rapid.IntRange(0, len(v.letters)).Draw(t, "told")
	for i := range v.letters {
		v.recent[imap.UID(i+1)] = rapid.Bool().Draw(t, "recent")
		v.saved[imap.UID(i+1)] = rapid.Bool().Draw(t, "saved")
	}
	for _, m := range []map[imap.UID]bool{v.recent, v.saved} {
		for u, in := range m {
			if !in {
				delete(m, u)
			}
		}
	}
	return v
})

// sets draws what names messages, "$" and "*" among them.
var sets = rapid.Custom(func(t *rapid.T) imap.Set {
	if rapid.IntRange(0, 4).Draw(t, "$") == 0 {
		return imap.Set{Saved: true}
	}
	num := rapid.OneOf(rapid.Uint32Range(1, 7), rapid.Just(uint32(imap.Star)))
	var s imap.Set
	for range rapid.IntRange(1, 3).Draw(t, "ranges") {
		s.Ranges = append(s.Ranges, imap.Range{First: num.Draw(t, "first"), Last: num.Draw(t, "last")})
	}
	return s
})

// keys draws a search tree with keys of every kind.
func keys() *rapid.Generator[imap.SearchKey] {
	leaf := rapid.Custom(func(t *rapid.T) imap.SearchKey {
		switch rapid.IntRange(0, 11).Draw(t, "kind") {
		case 0:
			return &imap.SearchAll{}
		case 1:
			return &imap.SearchNew{}
		case 2:
			return &imap.SearchFlag{Flag: rapid.SampledFrom([]imap.Flag{imap.FlagSeen, imap.FlagDeleted, "k1", imap.FlagRecent}).Draw(t, "flag"), Unset: rapid.Bool().Draw(t, "unset")}
		case 3, 9, 10:
			return &imap.SearchText{Field: imap.TextField(rapid.IntRange(1, 7).Draw(t, "field")), Value: needles.Draw(t, "value")}
		case 4:
			return &imap.SearchHeader{Name: rapid.SampledFrom([]string{"SUBJECT", "From", "X-Other", "x-none"}).Draw(t, "name"), Value: needles.Draw(t, "value")}
		case 5:
			return &imap.SearchDate{
				Field: rapid.SampledFrom([]imap.DateField{imap.DateInternal, imap.DateSent}).Draw(t, "field"),
				Op:    rapid.SampledFrom([]imap.DateOp{imap.DateBefore, imap.DateOn, imap.DateSince}).Draw(t, "op"),
				Date:  imap.DateOf(days.Draw(t, "day")),
			}
		case 6:
			return &imap.SearchSize{Smaller: rapid.Bool().Draw(t, "smaller"), Size: rapid.Int64Range(0, 500).Draw(t, "size")}
		case 7:
			return &imap.SearchSeq{Set: sets.Draw(t, "numbers")}
		case 8:
			return &imap.SearchUID{Set: sets.Draw(t, "UIDs")}
		}
		return &imap.SearchWithin{Younger: rapid.Bool().Draw(t, "younger"), Seconds: rapid.Uint32Range(1, 7*86400).Draw(t, "seconds")}
	})
	var tree func(depth int) *rapid.Generator[imap.SearchKey]
	tree = func(depth int) *rapid.Generator[imap.SearchKey] {
		if depth == 0 {
			return leaf
		}
		below := tree(depth - 1)
		return rapid.OneOf(leaf,
			rapid.Custom(func(t *rapid.T) imap.SearchKey { return &imap.SearchNot{Key: below.Draw(t, "key")} }),
			rapid.Custom(func(t *rapid.T) imap.SearchKey {
				return &imap.SearchOr{Left: below.Draw(t, "left"), Right: below.Draw(t, "right")}
			}),
			rapid.Custom(func(t *rapid.T) imap.SearchKey {
				return &imap.SearchAnd{Keys: rapid.SliceOfN(below, 1, 3).Draw(t, "keys")}
			}),
		)
	}
	return tree(3)
}

// matches is found for a scope that is complete.
func matches(t *rapid.T, f mailbox.Folder, key imap.SearchKey, scope query.Scope) map[imap.UID]bool {
	q, err := query.Compile(key, scope)
	if err != nil {
		t.Fatalf("%T: %v", key, err)
	}
	out := make(map[imap.UID]bool)
	for m, err := range f.Messages(ctx, mailbox.AllUIDs) {
		if err != nil {
			t.Fatalf("%v", err)
		}
		if out[m.UID], err = q.Match(ctx, f, &m); err != nil {
			t.Fatalf("%T: %v", key, err)
		}
	}
	return out
}

// TestReference: invariant 54. What a search finds is what a naive evaluator
// finds, for any tree of keys over any messages, whose texts may be encoded and
// nested in any way.
func TestReference(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		v := views.Draw(t, "view")
		f, scope := inbox(t, v.mails()...), v.scope()
		tried := rapid.SliceOfN(keys(), 6, 6).Draw(t, "keys")
		for _, l := range v.letters {
			// The very size is neither larger nor smaller.
			tried = append(tried, &imap.SearchSize{Size: int64(len(l.source))}, &imap.SearchSize{Size: int64(len(l.source)), Smaller: true})
		}
		for _, key := range tried {
			for uid, got := range matches(t, f, key, scope) {
				if want := v.holds(key, uid); got != want {
					t.Fatalf("UID %d: %v, want %v", uid, got, want)
				}
			}
		}
	})
}

// TestBoolean: invariant 55. NOT is the complement, twice it is nothing, OR is the
// union, keys side by side are the intersection whatever their order, and ALL is
// everything.
func TestBoolean(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		v := views.Draw(t, "view")
		f, scope := inbox(t, v.mails()...), v.scope()
		x, y := keys().Draw(t, "x"), keys().Draw(t, "y")
		set := func(k imap.SearchKey) map[imap.UID]bool { return matches(t, f, k, scope) }
		not := func(k imap.SearchKey) imap.SearchKey { return &imap.SearchNot{Key: k} }
		or := func(a, b imap.SearchKey) imap.SearchKey { return &imap.SearchOr{Left: a, Right: b} }
		and := func(k ...imap.SearchKey) imap.SearchKey { return &imap.SearchAnd{Keys: k} }
		inX, inY := set(x), set(y)
		for _, law := range []struct {
			name string
			key  imap.SearchKey
			want func(x, y bool) bool
		}{
			{"ALL", &imap.SearchAll{}, func(x, y bool) bool { return true }},
			{"NOT x", not(x), func(x, y bool) bool { return !x }},
			{"NOT NOT x", not(not(x)), func(x, y bool) bool { return x }},
			{"x NOT x", and(x, not(x)), func(x, y bool) bool { return false }},
			{"OR x NOT x", or(x, not(x)), func(x, y bool) bool { return true }},
			{"x y", and(x, y), func(x, y bool) bool { return x && y }},
			{"y x", and(y, x), func(x, y bool) bool { return x && y }},
			{"OR x y", or(x, y), func(x, y bool) bool { return x || y }},
			{"OR y x", or(y, x), func(x, y bool) bool { return x || y }},
			{"NOT OR x y", not(or(x, y)), func(x, y bool) bool { return !x && !y }},
			{"x OR y NOT y", and(x, or(y, not(y))), func(x, y bool) bool { return x }},
		} {
			got := set(law.key)
			if len(got) != len(v.letters) {
				t.Fatalf("%s: %d messages, want %d", law.name, len(got), len(v.letters))
			}
			for uid := range got {
				if want := law.want(inX[uid], inY[uid]); got[uid] != want {
					t.Fatalf("%s: UID %d: %v, with x %v and y %v", law.name, uid, got[uid], inX[uid], inY[uid])
				}
			}
		}
	})
}

func (v *view) mails() (out []mail) {
	for _, l := range v.letters {
		out = append(out, mail{l.source, l.flags, l.internal})
	}
	return out
}
