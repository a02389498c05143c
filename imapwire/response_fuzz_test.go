package imapwire_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/mailwire/mailwire/imapwire"
	"github.com/mailwire/mailwire/imapwire/engine"
	"github.com/mailwire/mailwire/imapwire/imap"
)

// frames cuts what an encoder wrote with the framer of a client.
func frames(t interface{ Fatalf(string, ...any) }, b []byte) [][]byte {
	var f imapwire.Framer
	f.SetBounds(imapwire.Limits{}.Response(true))
	if err := f.Feed(b); err != nil {
		t.Fatalf("%v", err)
	}
	var out [][]byte
	for {
		fr := f.Next()
		switch fr.Kind {
		case imapwire.FrameNone:
			if f.Partial() {
				t.Fatalf("the framer waits for more behind %q", b)
			}
			return out
		case imapwire.FrameLiteral:
			if err := f.Buffer(); err != nil {
				t.Fatalf("%v", err)
			}
		case imapwire.FrameWhole:
			out = append(out, bytes.Clone(fr.Data))
		default:
			t.Fatalf("%q is cut into %v: %v", b, fr.Kind, fr.Err)
		}
	}
}

// FuzzParseResponse: invariants 3 and 8. What parses encodes to something that
// parses to the same and encodes to itself. What is tolerated is told with the
// octets that it is about, and costs no more than a few looks at each. Records that
// are reused say the same.
func FuzzParseResponse(f *testing.F) {
	for _, row := range responseRows() {
		f.Add(frameOf(row.wire), false)
	}
	var all imapwire.Tolerances
	for tol := range imapwire.AllTolerances {
		all |= imapwire.ToleranceSet(tol)
	}
	for _, row := range toleratedRows(f) {
		f.Add(row.frame(), false)
	}
	f.Add([]byte("*  8  8K x\r\n"), false)
	f.Add([]byte("a OK [BADCHARSET (] US-ASCII)] x\r\n"), false)
	f.Add([]byte("0 OK [0 \"] \"]0\r\n"), true)
	f.Add([]byte("a OK [BADCHARSET (] \x1bUS-ASCII)] x\r\n"), false)
	f.Add([]byte("0 OK [0 \"] \"]"), true)
	f.Add([]byte("a OK [ "+strings.Repeat("]", 600)+"\r\n"), false)
	f.Add([]byte("a OK "+strings.Repeat("x", 508)+"{1+}\r\n"), true)
	for i, frame := range imapwire.ResponseFrames() {
		f.Add(frame, i%2 == 1)
	}
	reuse := imapwire.Parser{Reuse: true}
	f.Fuzz(func(t *testing.T, frame []byte, utf8 bool) {
		lenient := imapwire.Parser{ParseOptions: imapwire.ParseOptions{UTF8: utf8, Tolerate: all}}
		lenient.Response(frame)
		for _, d := range lenient.Diagnostics {
			if d.Offset < 0 || d.Offset > int64(len(frame)) || !bytes.HasPrefix(frame[d.Offset:], []byte(d.Got)) {
				t.Fatalf("%q: %+v", frame, d)
			}
		}
		if lenient.Steps > 100*int64(len(frame)+100) {
			t.Fatalf("%q: %d steps", frame, lenient.Steps)
		}
		imapwire.CheckResponseFixpoint(t, frame, utf8)
		reuse.UTF8 = utf8
		imapwire.CheckPlain(t, frame)
		checkReuse(t, &reuse, frame)
	})
}

// hostile draws strings that would break a line, a quote, a code or a literal.
func hostile() *rapid.Generator[string] {
	return rapid.OneOf(
		rapid.SampledFrom([]string{"", "a", "NIL", "nil", "{9}", "x {3+}", "a\r\n* 9 EXISTS", "\r\n", "\n.", "\x00", "\"", "\\", "a\"b\\", "]", "[ALERT] x", "a]b", "(", ")", "%", "*", "ü", "\xff", "~{2}", " ", "a b", "\x7f", "a\tb", strings.Repeat("x", 2000)}),
		rapid.StringOf(rapid.RuneFrom([]rune("a\"\\\r\n {}+()[]%*\x00é"))),
	)
}

// TestResponseInjection: invariants 5 and 21, threat I7. Whatever strings stand
// in a response, it is an error, or one response that says what was meant.
func TestResponseInjection(t *testing.T) {
	ns := func(t *rapid.T) imap.NString {
		if rapid.Bool().Draw(t, "nil") {
			return imap.NString{}
		}
		return imap.String(hostile().Draw(t, "string"))
	}
	// No text is taken for a code.
	for _, text := range []string{"[ALERT] now", "[ALERT]", "[CAPABILITY IMAP4rev1 AUTH=PLAIN] x", "[X", " [ALERT] x", "\r\n[ALERT] x", "\x00[ALERT] x", "é[ALERT]"} {
		for _, utf8 := range []bool{false, true} {
			b, err := imapwire.AppendResponse(nil, &imapwire.StatusResponse{Tag: "a", StatusCondition: imapwire.StatusCondition{Condition: imapwire.BAD, Text: text}}, imapwire.ResponseOptions{UTF8: utf8})
			if err != nil {
				t.Fatal(err)
			}
			r, err := imapwire.ParseResponse(b, imapwire.ParseOptions{UTF8: utf8})
			if s, ok := r.(*imapwire.StatusResponse); err != nil || !ok || s.Code != nil {
				t.Errorf("%q is %q: %#v, %v", text, b, r, err)
			}
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		s := func() string { return hostile().Draw(t, "string") }
		addr := []imap.Address{{Name: ns(t), Route: ns(t), Mailbox: ns(t), Host: ns(t)}}
		leaf := imap.BodyStructure{Type: s(), Subtype: s(), Params: []imap.Param{{Name: s(), Value: s()}}, ID: ns(t), Description: ns(t), Encoding: s(), Size: 3, MD5: ns(t), Disposition: s(), Language: []string{s()}, Location: ns(t)}
		if leaf.IsText() || leaf.IsMultipart() || strings.EqualFold(leaf.Type, "message") {
			leaf.Type = "image"
		}
		env := &imap.Envelope{Date: ns(t), Subject: ns(t), From: addr, To: addr, InReplyTo: ns(t), MessageID: ns(t)}
		tag := s()
		code := rapid.SampledFrom([]imapwire.Code{nil, imapwire.CodeAtom(s()), &imapwire.CodeUnknown{Name: s(), Args: s()}, &imapwire.CodeBadCharset{Charsets: []string{s()}}, &imapwire.CodePermanentFlags{Flags: []imap.Flag{imap.Flag(s())}}, &imapwire.CodeNumber{Name: s()}}).Draw(t, "code")
		r := rapid.SampledFrom([]imapwire.Response{
			&imapwire.StatusResponse{StatusCondition: imapwire.StatusCondition{Condition: imapwire.OK, Code: code, Text: s()}},
			&imapwire.StatusResponse{Tag: tag[:min(len(tag), 100)], StatusCondition: imapwire.StatusCondition{Condition: imapwire.NO, Text: s()}},
			&imapwire.Continue{Text: s()},
			&imapwire.CapabilityData{Capabilities: imap.Capabilities{imap.Capability(s())}},
			&imapwire.FlagsData{Flags: []imap.Flag{imap.Flag(s())}},
			&imapwire.ListData{Attrs: []imap.MailboxAttr{imap.MailboxAttr(`\` + s())}, Delimiter: '/', Mailbox: s(), OldName: s()},
			&imapwire.StatusData{Mailbox: s(), Values: []imapwire.StatusValue{{Item: imapwire.StatusItem(s()), Raw: s()}}},
			&imapwire.NamespaceData{Personal: []imapwire.NamespaceEntry{{Prefix: s(), Delimiter: '.', Extensions: []string{s()}}}},
			&imapwire.IDData{Fields: []imapwire.IDField{{Name: s(), Value: ns(t)}}},
			&imapwire.ESearchData{Tag: s(), Extended: []string{s()}},
			&imapwire.QuotaData{Root: s(), Resources: []imapwire.QuotaUsage{{Resource: imapwire.QuotaResource(s())}}},
			&imapwire.QuotaRootData{Mailbox: s(), Roots: []string{s(), s()}},
			&imapwire.UnknownData{Raw: s()},
			&imapwire.FetchData{Num: 1, Has: imapwire.HasEnvelope, Envelope: env},
			&imapwire.FetchData{Num: 1, Has: imapwire.HasStructure, Structure: &leaf},
			&imapwire.FetchData{Num: 1, Has: imapwire.HasFlags, Flags: []imap.Flag{imap.Flag(s())}, Unknown: []string{s()}},
			&imapwire.FetchData{Num: 1, Sections: []imapwire.SectionData{{Name: imapwire.SectionBody, Section: imap.Section{Specifier: imap.SpecifierHeaderFields, Fields: []string{s()}}, Content: imapwire.Content{Valid: true, Data: s()}}}},
		}).Draw(t, "response")
		opt := imapwire.ResponseOptions{UTF8: rapid.Bool().Draw(t, "utf8")}
		b, err := imapwire.AppendResponse(nil, r, opt)
		if err != nil {
			if len(b) > 0 {
				t.Fatalf("%#v: an error, and %q", r, b)
			}
			return
		}
		fs := frames(t, b)
		if len(fs) != 1 {
			t.Fatalf("%#v is %d responses: %q", r, len(fs), b)
		}
		got, err := imapwire.ParseResponse(fs[0], imapwire.ParseOptions{UTF8: opt.UTF8})
		if err != nil {
			t.Fatalf("%#v is %q: %v", r, b, err)
		}
		switch want := r.(type) {
		case *imapwire.ListData:
			if g, ok := got.(*imapwire.ListData); !ok || g.Mailbox != want.Mailbox || g.OldName != want.OldName {
				t.Fatalf("%q: %#v", b, got)
			}
		case *imapwire.FetchData:
			g, ok := got.(*imapwire.FetchData)
			if !ok || len(g.Sections) != len(want.Sections) || len(g.Sections) > 0 && g.Sections[0].Content.Data != want.Sections[0].Content.Data {
				t.Fatalf("%q: %#v", b, got)
			}
		case *imapwire.StatusResponse:
			if g, ok := got.(*imapwire.StatusResponse); !ok || g.Tag != want.Tag || g.Condition != want.Condition || (g.Code == nil) != (want.Code == nil) {
				t.Fatalf("%q: %#v", b, got)
			}
		case *imapwire.UnknownData:
			// Its octets are the caller's; they may be another response.
		default:
			if d := cmp.Diff(typeOf(r), typeOf(got)); d != "" {
				t.Fatalf("%q: %s", b, d)
			}
		}
	})
}

func typeOf(r imapwire.Response) string {
	switch r.(type) {
	case *imapwire.Continue:
		return "continue"
	case *imapwire.CapabilityData:
		return "capability"
	case *imapwire.FlagsData:
		return "flags"
	case *imapwire.StatusData:
		return "status"
	case *imapwire.NamespaceData:
		return "namespace"
	case *imapwire.IDData:
		return "id"
	case *imapwire.ESearchData:
		return "esearch"
	case *imapwire.QuotaData:
		return "quota"
	case *imapwire.QuotaRootData:
		return "quotaroot"
	}
	return "other"
}

// TestListEncoder: the pieces of a long list are the whole, whatever their size.
func TestListEncoder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var ranges []imap.Range
		var uids imap.UIDSet
		var nums []uint32
		n := uint32(0)
		for range rapid.IntRange(1, 40).Draw(t, "n") {
			n += rapid.Uint32Range(2, 9).Draw(t, "gap")
			r := imap.Range{First: n, Last: n + rapid.Uint32Range(0, 30).Draw(t, "length")}
			n = r.Last
			ranges = append(ranges, r)
			uids.AddRange(imap.UIDRange{First: imap.UID(r.First), Last: imap.UID(r.Last)})
			nums = append(nums, r.Last)
		}
		for _, r := range []imapwire.Response{
			&imapwire.SearchData{Ranges: ranges}, &imapwire.SearchData{Nums: nums, ModSeq: 7}, &imapwire.SearchData{},
			&imapwire.ESearchData{Tag: "a", UID: true, HasCount: true, All: ranges}, &imapwire.VanishedData{Earlier: true, UIDs: uids},
		} {
			want, err := imapwire.AppendResponse(nil, r, imapwire.ResponseOptions{})
			if err != nil {
				t.Fatal(err)
			}
			l, ok := imapwire.NewListEncoder(r, imapwire.ResponseOptions{})
			if !ok {
				t.Fatalf("%T is no list", r)
			}
			budget := rapid.IntRange(1, 60).Draw(t, "budget")
			var got []byte
			for done := false; !done; {
				before := len(got)
				if got, done, err = l.Append(got, budget); err != nil {
					t.Fatal(err)
				}
				if len(got)-before > budget+64 {
					t.Fatalf("a piece of %d octets, the budget is %d", len(got)-before, budget)
				}
			}
			if !bytes.Equal(got, want) {
				t.Fatalf("in pieces %q\nwhole     %q", got, want)
			}
		}
	})
}

// TestResponseLimits: invariant 9 for responses. Nesting and breadth are bounded
// by one counter each, whatever they are made of.
func TestResponseLimits(t *testing.T) {
	opt := imapwire.ParseOptions{Bounds: imapwire.Limits{}.Response(true)}
	for name, wire := range map[string]string{
		"multipart": "* 1 FETCH (BODY " + strings.Repeat("(", 100) + ")",
		"extension": "* 1 FETCH (X " + strings.Repeat("(", 100) + ")",
		"unknown":   "* 1 FETCH (X " + strings.Repeat("(x ", 70) + strings.Repeat(")", 70) + ")",
		"embedded":  "* 1 FETCH (BODY " + strings.Repeat(`("message" "rfc822" NIL NIL NIL "7bit" 1 (NIL NIL NIL NIL NIL NIL NIL NIL NIL NIL) `, 100) + ")",
		"namespace": `* NAMESPACE (("" "/" "x" ` + strings.Repeat("(", 100) + ")) NIL NIL",
		"status":    "* STATUS x (X " + strings.Repeat("(", 100) + ")",
		"list":      `* LIST () "/" x ("a" ` + strings.Repeat("(", 100) + ")",
	} {
		for _, strict := range []bool{true, false} {
			opt.Strict = strict
			r, err := imapwire.ParseResponse(frameOf(wire), opt)
			if f, ok := r.(*imapwire.FetchData); ok && err == nil && !strict && len(f.Broken) == 1 {
				err = f.Broken[0].Err // it has cost its item
			}
			le, ok := err.(*engine.LimitError)
			if !ok || le.Name != "ResponseDepth" || le.Cap != 64 {
				t.Errorf("%s, strictly: %v: %v", name, strict, err)
			}
		}
	}
}

// TestResponseCost: invariant 8. Steps grow with the octets.
func TestResponseCost(t *testing.T) {
	for name, family := range map[string]func(n int) string{
		"search": func(n int) string { return "* SEARCH" + strings.Repeat(" 12345", n) },
		"addresses": func(n int) string {
			return "* 1 FETCH (ENVELOPE (NIL NIL (" + strings.Repeat(`("a" NIL "b" "c")`, n) + ") NIL NIL NIL NIL NIL NIL NIL))"
		},
		"parts": func(n int) string {
			return "* 1 FETCH (BODY (" + strings.Repeat(`("a" "b" NIL NIL NIL "7bit" 1)`, n) + ` "mixed"))`
		},
		"nested": func(n int) string {
			return "* 1 FETCH (BODY " + strings.Repeat("(", 40) + strings.Repeat(`("a" "b" NIL NIL NIL "7bit" 1)`, n) + strings.Repeat(` "mixed")`, 40) + ")"
		},
		"params": func(n int) string {
			return `* 1 FETCH (BODY ("a" "b" (` + strings.Repeat(`"k" "v" `, n) + `"k" "v") NIL NIL "7bit" 1))`
		},
		"unknown": func(n int) string { return "* X" + strings.Repeat(" {1}\nx", n) },
		"codes":   func(n int) string { return "* OK [X " + strings.Repeat("a", n) + "] x" },
	} {
		steps := func(n int) int64 {
			p := imapwire.Parser{}
			frame := frameOf(family(n))
			if _, err := p.Response(frame); err != nil {
				t.Fatalf("%s of %d: %v", name, n, err)
			}
			return p.Steps
		}
		small, large := steps(200), steps(2000)
		if large > 12*small {
			t.Errorf("%s: %d steps for 200, %d for 2000", name, small, large)
		}
	}
}
