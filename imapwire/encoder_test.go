package imapwire

import (
	"errors"
	"fmt"
	"math"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/mailwire/mailwire/imapwire/engine"
	"github.com/mailwire/mailwire/imapwire/imap"
)

// wide are bounds that no generated command meets.
var wide = Bounds{
	Line: 1 << 20, Literal: 1 << 20, Literals: 1 << 20, LiteralCount: 1 << 20,
	Depth: 200, Lists: 1 << 20, Tokens: 1 << 20, Ranges: 1 << 20,
}

var hostilePieces = []string{
	"\r", "\n", "\r\n", `"`, `\`, "{9}", "{9+}", "{0}\r\n", "~{3}", "}\r\n", "(", ")", " ", "*", "%", "]", "[", "NIL", "nil", "$", "\t", "\x7f", "ä", "\xff", "\xc3",
	"\r\nA2 DELETE INBOX\r\n", `" ` + "\r\nA2 NOOP", "{3}\r\nabc", "{3+}\r\nabc", "A", "b", "1:*", "-1", "=", "+", ".", "<0.1>", "BODY[]", "INBOX",
}

// hostile draws strings without NUL that try to be something else.
func hostile() *rapid.Generator[string] {
	return rapid.OneOf(
		rapid.Map(rapid.SliceOfN(rapid.SampledFrom(hostilePieces), 0, 5), func(p []string) string { return strings.Join(p, "") }),
		rapid.Map(rapid.SliceOfN(rapid.ByteRange(1, 255), 0, 8), func(b []byte) string { return string(b) }),
		rapid.String().Filter(func(s string) bool { return !strings.Contains(s, "\x00") }),
		rapid.Map(rapid.IntRange(1000, 5000), func(n int) string { return strings.Repeat("x", n) }),
	)
}

func atoms() *rapid.Generator[string] {
	return rapid.StringMatching(`[A-Za-z0-9!#$&'+,\-./:;<=>?@\[^_|}~]{1,9}`)
}

func words() *rapid.Generator[string] { return rapid.StringMatching(`[A-Z][A-Z0-9\-.]{0,9}`) }

func draw[T any](t *rapid.T, g *rapid.Generator[T]) T { return g.Draw(t, "") }

func list[T any](t *rapid.T, lo, hi int, f func() T) []T {
	var out []T
	for range rapid.IntRange(lo, hi).Draw(t, "n") {
		out = append(out, f())
	}
	return out
}

func drawSet(t *rapid.T) imap.Set {
	if draw(t, rapid.IntRange(0, 9)) == 0 {
		return imap.Set{Saved: true}
	}
	num := rapid.OneOf(rapid.Uint32Range(0, 20), rapid.Just(uint32(math.MaxUint32)))
	return imap.Set{Ranges: list(t, 1, 4, func() imap.Range {
		r := imap.Range{First: draw(t, num), Last: draw(t, num)}
		if draw(t, rapid.Bool()) {
			r.Last = r.First
		}
		return r
	})}
}

func drawFlags(t *rapid.T) []imap.Flag {
	return list(t, 0, 4, func() imap.Flag {
		if draw(t, rapid.Bool()) {
			return draw(t, rapid.SampledFrom(append(imap.SystemFlags(), imap.FlagRecent)))
		}
		f := imap.Flag(draw(t, atoms()))
		if draw(t, rapid.Bool()) {
			return (`\` + f).Canonical()
		}
		return f
	})
}

func drawExt(t *rapid.T) string {
	s := draw(t, words())
	return s + draw(t, rapid.SampledFrom([]string{"", " 5", " 1:*", " $", " -1:-7", " ()", ` (a "b c" (d) () {3}` + "\r\n" + `(") e)`}))
}

func drawExts(t *rapid.T) []string { return list(t, 0, 3, func() string { return drawExt(t) }) }

func drawSection(t *rapid.T) imap.Section {
	s := imap.Section{Part: list(t, 0, 3, func() uint32 { return draw(t, rapid.Uint32Range(1, math.MaxUint32)) })}
	most := imap.SpecifierText
	if len(s.Part) > 0 {
		most = imap.SpecifierMIME
	}
	s.Specifier = imap.Specifier(draw(t, rapid.IntRange(0, int(most))))
	if s.Specifier == imap.SpecifierHeaderFields || s.Specifier == imap.SpecifierHeaderFieldsNot {
		s.Fields = list(t, 1, 3, func() string { return draw(t, hostile().Filter(func(s string) bool { return s != "" })) })
	}
	return s
}

func drawPartial(t *rapid.T) *imap.Partial {
	if draw(t, rapid.Bool()) {
		return nil
	}
	return &imap.Partial{Offset: draw(t, rapid.Int64Range(0, math.MaxInt64)), Count: draw(t, rapid.Int64Range(1, math.MaxInt64))}
}

func drawFetchItem(t *rapid.T) FetchItem {
	switch draw(t, rapid.IntRange(0, 4)) {
	case 0:
		return draw(t, rapid.SampledFrom([]FetchItem{FetchBodyBasic, FetchBodyStructure, FetchEnvelope, FetchFlags, FetchInternalDate, FetchModSeq, FetchUID, FetchRFC822, FetchRFC822Header, FetchRFC822Size, FetchRFC822Text}))
	case 1:
		return FetchAttr("X" + draw(t, words()) + draw(t, rapid.SampledFrom([]string{"", "[a.b]<7>", " (LAZY)", "[1] (a {1}\r\n()"})))
	case 2:
		b := &FetchBinary{Part: drawSection(t).Part, SizeOnly: draw(t, rapid.Bool())}
		if !b.SizeOnly {
			b.Peek, b.Partial = draw(t, rapid.Bool()), drawPartial(t)
		}
		return b
	}
	return &FetchBody{Section: drawSection(t), Peek: draw(t, rapid.Bool()), Partial: drawPartial(t)}
}

func drawSearchKey(t *rapid.T, depth int) imap.SearchKey {
	most := 14
	if depth == 0 {
		most = 10
	}
	str := func() string { return draw(t, hostile()) }
	sub := func() imap.SearchKey { return drawSearchKey(t, depth-1) }
	switch draw(t, rapid.IntRange(0, most)) {
	case 0:
		return &imap.SearchFlag{Flag: draw(t, rapid.SampledFrom(append(imap.SystemFlags(), imap.FlagRecent))), Unset: draw(t, rapid.Bool())}
	case 1:
		return &imap.SearchFlag{Flag: imap.Flag(draw(t, atoms())), Unset: draw(t, rapid.Bool())}
	case 2:
		return &imap.SearchNew{}
	case 3:
		return &imap.SearchText{Field: imap.TextField(draw(t, rapid.IntRange(1, int(imap.TextTo)))), Value: str()}
	case 4:
		return &imap.SearchHeader{Name: str(), Value: str()}
	case 5:
		return &imap.SearchDate{
			Field: imap.DateField(draw(t, rapid.IntRange(1, 2))), Op: imap.DateOp(draw(t, rapid.IntRange(1, 3))),
			Date: imap.Date{Year: draw(t, rapid.IntRange(0, 9999)), Month: time.Month(draw(t, rapid.IntRange(1, 12))), Day: draw(t, rapid.IntRange(1, 28))},
		}
	case 6:
		return &imap.SearchSize{Smaller: draw(t, rapid.Bool()), Size: draw(t, rapid.Int64Range(0, math.MaxInt64))}
	case 7:
		return &imap.SearchSeq{Set: drawSet(t)}
	case 8:
		return &imap.SearchUID{Set: drawSet(t)}
	case 9:
		return &imap.SearchWithin{Younger: draw(t, rapid.Bool()), Seconds: draw(t, rapid.Uint32Range(1, math.MaxUint32))}
	case 10:
		k := &imap.SearchModSeq{ModSeq: imap.ModSeq(draw(t, rapid.Int64Range(0, math.MaxInt64)))}
		if draw(t, rapid.Bool()) {
			k.Entry, k.Type = "/flags/"+draw(t, atoms()), draw(t, rapid.SampledFrom([]string{"PRIV", "SHARED", "ALL"}))
		}
		return k
	case 11:
		return &imap.SearchNot{Key: sub()}
	case 12:
		return &imap.SearchOr{Left: sub(), Right: sub()}
	case 13:
		return &imap.SearchAnd{Keys: list(t, 2, 4, sub)}
	}
	return &imap.SearchAll{}
}

// drawCommand draws a value as a parser could have returned it.
func drawCommand(t *rapid.T) Command {
	str := func() string { return draw(t, hostile()) }
	flip := func() bool { return draw(t, rapid.Bool()) }
	switch draw(t, rapid.IntRange(0, 27)) {
	case 0:
		return draw(t, rapid.SampledFrom([]Command{&Capability{}, &Noop{}, &Logout{}, &StartTLS{}, &Namespace{}, &Check{}, &Close{}, &Unselect{}, &Idle{}}))
	case 1:
		return &Login{User: str(), Password: engine.Secret(str())}
	case 2:
		a := &Authenticate{Mechanism: draw(t, words()), HasInitial: flip()}
		if a.HasInitial {
			a.Initial = engine.Secret(str())
		}
		return a
	case 3:
		return &Enable{Capabilities: list(t, 1, 3, func() imap.Capability { return imap.Capability(draw(t, atoms())) })}
	case 4:
		return &ID{Fields: list(t, 0, 3, func() IDField {
			f := IDField{Name: draw(t, hostile().Filter(func(s string) bool { return len(s) <= 30 }))}
			if flip() {
				f.Value = imap.String(draw(t, hostile().Filter(func(s string) bool { return len(s) <= 1024 })))
			}
			return f
		})}
	case 5:
		return &Select{Mailbox: str(), ReadOnly: flip(), CondStore: flip(), QResync: drawQResync(t), Params: drawExts(t)}
	case 6:
		return &Create{Mailbox: str(), Params: drawExts(t), Use: list(t, 0, 2, func() imap.MailboxAttr { return imap.MailboxAttr(`\` + draw(t, atoms())) })}
	case 7:
		return &Delete{Mailbox: str()}
	case 8:
		return &Rename{From: str(), To: str(), Params: drawExts(t)}
	case 9:
		return &Subscribe{Mailbox: str()}
	case 10:
		return &Unsubscribe{Mailbox: str()}
	case 11:
		l := &List{Reference: str(), Patterns: []string{str()}}
		if flip() {
			return l
		}
		opt := func() string {
			return draw(t, words()) + draw(t, rapid.SampledFrom([]string{"", ` (a "b" (c))`}))
		}
		l.Extended = true
		l.Patterns = list(t, 1, 3, str)
		l.Select = list(t, 0, 3, opt)
		l.Return = list(t, 0, 3, opt)
		if flip() {
			l.Return = append(l.Return, "STATUS")
			l.StatusItems = []StatusItem{StatusMessages, StatusSize}
		}
		return l
	case 12:
		return &LSub{Reference: str(), Pattern: str()}
	case 13:
		return &Status{Mailbox: str(), Items: list(t, 1, 4, func() StatusItem { return StatusItem(draw(t, words())) })}
	case 14, 15:
		return &Append{Mailbox: str(), Messages: list(t, 1, 3, func() AppendMessage {
			s := str()
			m := AppendMessage{Flags: drawFlags(t), Binary: flip()}
			if m.Binary {
				m.UTF8 = flip()
				s += "\x00"
			}
			if flip() {
				m.Date = time.Unix(draw(t, rapid.Int64Range(-62135596799, 253402200000)), 0).UTC()
			}
			m.Size, m.Content = int64(len(s)), strings.NewReader(s)
			return m
		})}
	case 16:
		if flip() {
			return &Expunge{}
		}
		return &Expunge{UID: true, Set: drawSet(t)}
	case 17, 18:
		s := &Search{UID: flip(), HasReturn: flip(), Key: drawSearchKey(t, 4)}
		if s.HasReturn {
			s.Return = drawExts(t)
		}
		if flip() {
			s.Charset = draw(t, hostile().Filter(func(s string) bool { return s != "" }))
		}
		return s
	case 19, 20:
		f := &Fetch{UID: flip(), Set: drawSet(t), Items: list(t, 1, 4, func() FetchItem { return drawFetchItem(t) }), Vanished: flip(), Modifiers: drawExts(t)}
		if flip() {
			f.ChangedSince = drawModSeq(t)
		}
		return f
	case 21:
		s := &Store{UID: flip(), Set: drawSet(t), Modifiers: drawExts(t), Op: StoreOp(draw(t, rapid.IntRange(1, 3))), Silent: flip(), Flags: drawFlags(t)}
		if s.HasUnchangedSince = flip(); s.HasUnchangedSince {
			s.UnchangedSince = drawModSeq(t) - 1
		}
		return s
	case 22:
		return &Copy{UID: flip(), Set: drawSet(t), Mailbox: str()}
	case 23:
		return &Move{UID: flip(), Set: drawSet(t), Mailbox: str()}
	case 24:
		return &GetQuota{Root: str()}
	case 25:
		return &GetQuotaRoot{Mailbox: str()}
	case 26:
		return &SetQuota{Root: str(), Limits: list(t, 0, 3, func() QuotaLimit {
			return QuotaLimit{QuotaResource(draw(t, words())), draw(t, rapid.Int64Range(0, math.MaxInt64))}
		})}
	}
	return &UnknownCommand{Name: "X" + draw(t, words()), Args: draw(t, rapid.SampledFrom([]string{"", " ", " a (b", " {3}\r\nabc", " {3}\r\n{5} {1}\r\n\r x"}))}
}

// checkOneCommand sees that b is exactly one command for everybody who cuts
// commands out of a stream, that it waits exactly at stops, and that every
// literal in it is one that the policy allows (invariants 4 and 5).
func checkOneCommand(t interface {
	Helper()
	Fatalf(string, ...any)
}, b []byte, stops []int, policy LiteralPolicy) {
	t.Helper()
	f := Framer{}
	f.SetBounds(wide)
	f.Feed(append(append([]byte(nil), b...), "next NOOP\r\n"...))
	var frames []string
	var waits []int
	for fr := f.Next(); fr.Kind != FrameNone; fr = f.Next() {
		switch fr.Kind {
		case FrameWhole:
			frames = append(frames, string(fr.Data))
		case FrameLiteral:
			if fr.NonSync && !policy.nonSync(fr.Size) {
				t.Fatalf("a literal that the policy forbids in %q", b)
			}
			if !fr.NonSync {
				waits = append(waits, len(fr.Data))
			}
			if err := f.Buffer(); err != nil {
				t.Fatalf("%q: %v", b, err)
			}
		default:
			t.Fatalf("%q: %+v", b, fr)
		}
	}
	if len(frames) != 2 || frames[0] != string(b) || frames[1] != "next NOOP\r\n" {
		t.Fatalf("not one command: %q", frames)
	}
	if !slices.Equal(waits, stops) {
		t.Fatalf("%q waits at %v, not at %v", b, waits, stops)
	}
}

// Invariants 2, 4 and 5: whatever value a command has, it is written as one
// command that means the same.
func TestCommandRoundTrip(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		cmd := drawCommand(rt)
		opt := CommandOptions{Literals: LiteralPolicy(draw(rt, rapid.IntRange(0, 2))), UTF8: draw(rt, rapid.Bool())}
		want := comparable1(t, cmd)
		b, stops, err := AppendCommand(nil, "A1", cmd, opt)
		if err != nil {
			rt.Fatalf("%#v: %v", cmd, err)
		}
		checkOneCommand(rt, b, stops, opt.Literals)
		_, got, err := ParseCommand(b, ParseOptions{UTF8: opt.UTF8, Bounds: wide})
		if err != nil {
			rt.Fatalf("%q: %v", b, err)
		}
		if d := cmp.Diff(want, comparable1(t, got)); d != "" {
			rt.Fatalf("%q: -want +got\n%s", b, d)
		}
		again, _, err := AppendCommand(nil, "A1", got, opt)
		if err != nil || string(again) != string(b) {
			rt.Fatalf("%q, then %q, %v", b, again, err)
		}
	})
}

// A place is a string somewhere in a value.
type place struct {
	get func() string
	set func(string)
}

// stringsIn returns every string in a value, however deep.
func stringsIn(v reflect.Value) (places []place) {
	switch v.Kind() {
	case reflect.String:
		if v.CanSet() {
			places = append(places, place{v.String, v.SetString})
		}
	case reflect.Pointer:
		if !v.IsNil() {
			places = stringsIn(v.Elem())
		}
	case reflect.Interface:
		if e := v.Elem(); e.IsValid() && e.Kind() == reflect.String {
			places = append(places, place{
				func() string { return v.Elem().String() },
				func(s string) { v.Set(reflect.ValueOf(s).Convert(e.Type())) },
			})
		} else if e.IsValid() && !strings.HasPrefix(e.Type().String(), "*strings.") {
			places = stringsIn(e)
		}
	case reflect.Struct:
		if v.Type() == reflect.TypeFor[time.Time]() {
			return nil
		}
		for i := range v.NumField() {
			places = append(places, stringsIn(v.Field(i))...)
		}
	case reflect.Slice:
		for i := range v.Len() {
			places = append(places, stringsIn(v.Index(i))...)
		}
	}
	return places
}

// TestCommandInjection: invariants 4, 5 and 6, threats I1 and I4. Any string at
// any place of any command gives an error or exactly one command with that
// string in that place.
func TestCommandInjection(t *testing.T) {
	places := 0
	for _, row := range commandRows {
		places += len(stringsIn(reflect.ValueOf(row.want)))
	}
	if places < 150 {
		t.Fatalf("only %d places for strings found", places)
	}
	for _, tag := range []string{"", "a b", "a\r\nb NOOP", "a\x00", "+", "a+", "*", "a{5}", `a"b`, "a(", "\xe9"} {
		if b, _, err := AppendCommand(nil, tag, &Noop{}, CommandOptions{}); !errors.Is(err, ErrEncode) || len(b) > 0 {
			t.Errorf("the tag %q: %q, %v", tag, b, err)
		}
	}
	for _, row := range commandRows {
		for i := range stringsIn(reflect.ValueOf(row.want)) {
			for _, piece := range append(hostilePieces, "", "\x00") {
				for j, str := range []string{piece, "a" + piece, piece + "b", piece + "{7}"} {
					injectString(t, row, i, str, CommandOptions{Literals: LiteralPolicy(j % 3), UTF8: j%2 == 0})
				}
			}
		}
	}
	rapid.Check(t, func(rt *rapid.T) {
		row := draw(rt, rapid.SampledFrom(commandRows))
		n := len(stringsIn(reflect.ValueOf(row.want)))
		if n == 0 {
			return
		}
		str := draw(rt, rapid.OneOf(hostile(), rapid.Map(hostile(), func(s string) string { return s + "\x00" }), atoms()))
		opt := CommandOptions{Literals: LiteralPolicy(draw(rt, rapid.IntRange(0, 2))), UTF8: draw(rt, rapid.Bool())}
		injectString(t, row, draw(rt, rapid.IntRange(0, n-1)), str, opt)
	})
}

// injectString writes the command of a row with str at its i-th place.
func injectString(t *testing.T, row commandRow, i int, str string, opt CommandOptions) {
	t.Helper()
	cmd := mustParse(t, "A1 "+row.in+"\r\n", ParseOptions{})
	stringsIn(reflect.ValueOf(cmd))[i].set(str)
	comparable1(t, cmd)
	b, stops, err := AppendCommand(nil, "A1", cmd, opt)
	if err != nil {
		if !errors.Is(err, ErrEncode) || b != nil {
			t.Fatalf("%q, %v", b, err)
		}
		return
	}
	checkOneCommand(t, b, stops, opt.Literals)
	_, got, err := ParseCommand(b, ParseOptions{UTF8: opt.UTF8, Bounds: wide})
	if err != nil {
		t.Fatalf("%q: %v", b, err)
	}
	if _, raw := cmd.(*UnknownCommand); raw {
		return // another name makes another command of it
	}
	for _, c := range []Command{cmd, got} {
		for _, p := range stringsIn(reflect.ValueOf(c)) {
			p.set(upper(p.get())) // names of things come back in upper case
		}
	}
	if d := cmp.Diff(comparable1(t, cmd), comparable1(t, got)); d != "" {
		t.Fatalf("%q: -want +got\n%s", b, d)
	}
}

// Invariant 3: what parses is written in a form that parses to the same, and
// that form is written as itself. The written form is one command.
func FuzzParseCommand(f *testing.F) {
	for _, row := range commandRows {
		f.Add([]byte("A1 "+row.in+"\r\n"), false)
	}
	for _, row := range rejectRows {
		f.Add([]byte("A1 "+row.in+"\r\n"), true)
	}
	f.Fuzz(func(t *testing.T, frame []byte, utf bool) { checkCommandFixpoint(t, frame, utf) })
}

func checkCommandFixpoint(t *testing.T, frame []byte, utf bool) {
	t.Helper()
	p := Parser{ParseOptions: ParseOptions{UTF8: utf, Bounds: wide}}
	tag, v1, err := p.Command(frame)
	if p.Steps > 4*int64(len(frame))+16 || p.MaxDepth > wide.Depth {
		t.Fatalf("%d steps, depth %d for %d octets", p.Steps, p.MaxDepth, len(frame))
	}
	if err != nil {
		var se *engine.SyntaxError
		var le *engine.LimitError
		switch {
		case errors.As(err, &se) && se.Offset >= 0 && se.Offset <= int64(len(frame)) && se.Tag == tag:
		case errors.As(err, &le) && le.Got > le.Cap:
		default:
			t.Fatalf("%q, %v", tag, err)
		}
		return
	}
	opt := CommandOptions{UTF8: utf, Literals: LiteralPlus}
	want := comparable1(t, v1)
	b1, stops, err := AppendCommand(nil, tag, v1, opt)
	if err != nil {
		t.Fatalf("%#v: %v", v1, err)
	}
	checkOneCommand(t, b1, stops, LiteralPlus)
	_, v2, err := ParseCommand(b1, p.ParseOptions)
	if err != nil {
		t.Fatalf("%q: %v", b1, err)
	}
	if d := cmp.Diff(want, comparable1(t, v2)); d != "" {
		t.Fatalf("%q, then %q: %s", frame, b1, d)
	}
	b2, _, err := AppendCommand(nil, tag, v2, opt)
	if err != nil || string(b1) != string(b2) {
		t.Fatalf("%q, then %q, %v", b1, b2, err)
	}
	if u, ok := v1.(*UnknownCommand); ok {
		if want := fmt.Sprintf("%s %s%s\r\n", tag, u.Name, u.Args); string(b1) != want || len(want) != len(frame) {
			t.Fatalf("%q is not kept: %q", frame, b1)
		}
	}
}
