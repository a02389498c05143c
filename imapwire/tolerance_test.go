package imapwire_test

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mailwire/mailwire/imapwire"
	"github.com/mailwire/mailwire/imapwire/engine"
	"github.com/mailwire/mailwire/imapwire/imap"
)

// A toleratedRow is a line of testdata/tolerated.txt.
type toleratedRow struct {
	quirk, wire string
	has         []imapwire.Tolerance
	written     string // what the meaning is written as; empty: it has no form
}

func (r toleratedRow) frame() []byte {
	b := []byte(r.wire)
	if !bytes.HasSuffix(b, []byte("\n")) {
		b = append(b, "\r\n"...)
	}
	return b
}

// optional returns those of the row that have to be asked for.
func (r toleratedRow) optional() (s imapwire.Tolerances) {
	for _, t := range r.has {
		if t.Optional() {
			s |= imapwire.ToleranceSet(t)
		}
	}
	return s
}

func toleratedRows(t testing.TB) (rows []toleratedRow) {
	names := map[string]imapwire.Tolerance{}
	for tol := range imapwire.AllTolerances {
		names[tol.String()] = tol
	}
	b, err := os.ReadFile(filepath.Join("testdata", "tolerated.txt"))
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(b)) {
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' {
			continue
		}
		f := strings.Split(line, " | ")
		if len(f) != 4 {
			t.Fatalf("%q", line)
		}
		r := toleratedRow{quirk: f[0]}
		if r.wire, err = strconv.Unquote(f[2]); err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		if f[3] != "-" {
			if r.written, err = strconv.Unquote(f[3]); err != nil {
				t.Fatalf("%s: %v", line, err)
			}
		}
		if f[1] != "-" {
			for _, name := range strings.Split(f[1], "; ") {
				if names[name] == 0 {
					t.Fatalf("%s: no deviation is %q", line, name)
				}
				r.has = append(r.has, names[name])
			}
		}
		rows = append(rows, r)
	}
	return rows
}

func noted(p *imapwire.Parser) (list []imapwire.Tolerance) {
	for _, d := range p.Diagnostics {
		list = append(list, d.Tolerance)
	}
	return list
}

// meanings are what rows mean that have no written form.
var meanings = map[string]imapwire.Response{
	"A1 OK [COPYUID 1234  ] done":                                                status("A1", imapwire.OK, &imapwire.CodeCopyUID{UIDValidity: 1234}, "done"),
	"* FLAGS (OIB-Seen-[Gmail]/Trash a)":                                         &imapwire.FlagsData{Flags: []imap.Flag{"OIB-Seen-[Gmail]/Trash", "a"}},
	`* OK [PERMANENTFLAGS (OIB-Seen-[Gmail]/Trash \*)] x`:                        status("", imapwire.OK, &imapwire.CodePermanentFlags{Flags: []imap.Flag{"OIB-Seen-[Gmail]/Trash", imap.FlagWildcard}}, "x"),
	"* FLAGS (OIB-Seen-[Gmail]/All Mail)":                                        &imapwire.FlagsData{Flags: []imap.Flag{"OIB-Seen-[Gmail]/All", "Mail"}},
	"* FLAGS (Caf\xc3\xa9 a)":                                                    &imapwire.FlagsData{Flags: []imap.Flag{"Café", "a"}},
	"* FLAGS (a(b c)":                                                            &imapwire.FlagsData{Flags: []imap.Flag{"a(b", "c"}},
	`* 1 FETCH (BODYSTRUCTURE ("ALTERNATIVE" ("BOUNDARY" "x") NIL NIL))`:         fetch(imapwire.FetchData{Has: imapwire.HasStructure, Structure: childless("ALTERNATIVE", imap.Param{Name: "BOUNDARY", Value: "x"})}),
	`* 1 FETCH (BODYSTRUCTURE ("RELATED" NIL ("ATTACHMENT" NIL) NIL))`:           fetch(imapwire.FetchData{Has: imapwire.HasStructure, Structure: &imap.BodyStructure{Type: "multipart", Subtype: "RELATED", Disposition: "ATTACHMENT"}}),
	`* 1 FETCH (BODYSTRUCTURE ("ALTERNATIVE"))`:                                  fetch(imapwire.FetchData{Has: imapwire.HasStructure, Structure: childless("ALTERNATIVE")}),
	`* 1 FETCH (BODYSTRUCTURE (NIL "alternative" ("boundary" "x") NIL NIL NIL))`: fetch(imapwire.FetchData{Has: imapwire.HasStructure, Structure: childless("alternative", imap.Param{Name: "boundary", Value: "x"})}),
	"* 0 FETCH (UID 7)":                                                          &imapwire.FetchData{Has: imapwire.HasUID, UID: 7},
	"* 1 FETCH (BODY[] {1}\r\n\x00)":                                             fetch(imapwire.FetchData{Sections: section(imapwire.SectionBody, imap.Section{}, "\x00")}),
	`* 1 FETCH (BODYSTRUCTURE (("text" "plain" NIL NIL NIL "7bit" 3 1 NIL NIL NIL NIL)("ALTERNATIVE" ("BOUNDARY" "x") NIL NIL) "mixed"))`: fetch(imapwire.FetchData{Has: imapwire.HasStructure, Structure: &imap.BodyStructure{
		Type: "multipart", Subtype: "mixed", Parts: []imap.BodyStructure{{Type: "text", Subtype: "plain", Encoding: "7bit", Size: 3, Lines: 1}, *childless("ALTERNATIVE", imap.Param{Name: "BOUNDARY", Value: "x"})},
	}}),
	`* 1 FETCH (BODYSTRUCTURE ("multipart" "related" ("boundary" "b") NIL NIL "7BIT" 400 ("boundary" "b") NIL NIL NIL))`: fetch(imapwire.FetchData{Has: imapwire.HasStructure, Structure: &imap.BodyStructure{
		Type: "multipart", Subtype: "related", Params: []imap.Param{{Name: "boundary", Value: "b"}}, Encoding: "7BIT", Size: 400,
	}}),
}

func childless(subtype string, params ...imap.Param) *imap.BodyStructure {
	return &imap.BodyStructure{Type: "multipart", Subtype: subtype, Params: params}
}

// TestTolerances: each deviation in the octets in which it was met. It is
// understood and told; those that are optional are not, unless asked for; each can
// be turned off by itself, and strict mode is without any of them: it refuses, at
// a place within the response, or takes the octets for something unknown. What is
// no deviation means the same strictly.
func TestTolerances(t *testing.T) {
	met := map[imapwire.Tolerance]bool{}
	for _, row := range toleratedRows(t) {
		frame := row.frame()
		p := imapwire.Parser{ParseOptions: imapwire.ParseOptions{Tolerate: row.optional(), Bounds: imapwire.Limits{}.Response(true)}}
		got, err := p.Response(frame)
		if err != nil {
			t.Errorf("%s: %q: %v", row.quirk, frame, err)
			continue
		}
		if d := cmp.Diff(row.has, noted(&p)); d != "" {
			t.Errorf("%s: %q, diagnostics (-want +got):\n%s", row.quirk, frame, d)
		}
		for _, d := range p.Diagnostics {
			met[d.Tolerance] = true
			if d.Offset < 0 || d.Offset > int64(len(frame)) || !bytes.HasPrefix(frame[d.Offset:], []byte(d.Got)) {
				t.Errorf("%s: %q: %v at octet %d, %q", row.quirk, frame, d.Tolerance, d.Offset, d.Got)
			}
		}
		b, err := imapwire.AppendResponse(nil, got, imapwire.ResponseOptions{})
		switch want := meanings[row.wire]; {
		case row.written != "":
			if err != nil || strings.TrimSuffix(string(b), "\r\n") != row.written {
				t.Errorf("%s: %q means %#v, written\n got %q, %v\nwant %q", row.quirk, frame, got, b, err, row.written)
			}
		case want == nil:
			t.Errorf("%s: %q has no meaning", row.quirk, frame)
		default:
			if d := cmp.Diff(want, got); d != "" {
				t.Errorf("%s: %q (-want +got):\n%s", row.quirk, frame, d)
			}
		}

		strict := p.ParseOptions
		strict.Strict = true
		without := []imapwire.ParseOptions{strict}
		for _, tol := range row.has {
			refuse := p.ParseOptions
			refuse.Refuse = imapwire.ToleranceSet(tol)
			without = append(without, refuse)
		}
		if row.optional() != 0 {
			without = append(without, imapwire.ParseOptions{})
		}
		for i, opt := range without {
			q := imapwire.Parser{ParseOptions: opt}
			other, err := q.Response(frame)
			for _, d := range q.Diagnostics {
				if !opt.Tolerates().Has(d.Tolerance) {
					t.Errorf("%s: %q: %v is tolerated with %+v", row.quirk, frame, d.Tolerance, opt)
				}
			}
			se, _ := err.(*engine.SyntaxError)
			le, _ := err.(*engine.LimitError)
			switch {
			case len(row.has) == 0:
				if d := cmp.Diff(got, other); err != nil || d != "" {
					t.Errorf("%s: strictly, %q: %v\n%s", row.quirk, frame, err, d)
				}
			case se != nil && se.Offset >= 0 && se.Offset <= int64(len(frame)), le != nil && le.Offset <= int64(len(frame)):
			case err != nil:
				t.Errorf("%s: %q: %#v", row.quirk, frame, err)
			case cmp.Equal(got, other) && len(q.Diagnostics) == 0:
				t.Errorf("%s: %q means the same with option set %d", row.quirk, frame, i)
			}
		}
	}
	for tol := range imapwire.AllTolerances {
		switch tol {
		case imapwire.TolerateRepeatedBye, imapwire.TolerateUnknownTag:
			continue // of conversations, not of a response
		}
		if !met[tol] {
			t.Errorf("no row has %v", tol)
		}
	}
}

// TestToleranceSets: names are unique, sets hold what was put in, and the zero
// options tolerate exactly what is not optional.
func TestToleranceSets(t *testing.T) {
	names := map[string]bool{}
	var opt imapwire.ParseOptions
	for tol := range imapwire.AllTolerances {
		if name := tol.String(); name == "" || name == "invalid" || names[name] {
			t.Errorf("%d is called %q", tol, name)
		}
		names[tol.String()] = true
		one := imapwire.ToleranceSet(tol)
		if !one.Has(tol) || one.Has(tol-1) || one.Has(tol+1) {
			t.Errorf("the set of %v is %b", tol, one)
		}
		if opt.Tolerates().Has(tol) == tol.Optional() {
			t.Errorf("%v, optional: %v", tol, tol.Optional())
		}
		opt := imapwire.ParseOptions{Tolerate: one}
		if !opt.Tolerates().Has(tol) {
			t.Errorf("%v was asked for", tol)
		}
		opt.Refuse = one
		if opt.Tolerates().Has(tol) {
			t.Errorf("%v was refused", tol)
		}
		opt = imapwire.ParseOptions{Tolerate: one, Strict: true}
		if opt.Tolerates() != 0 {
			t.Errorf("strict tolerates %v", tol)
		}
	}
	if imapwire.Tolerance(0).String() != "invalid" || imapwire.Tolerance(255).String() != "invalid" {
		t.Error("what is no deviation has a name")
	}
}

// TestBrokenItems: an item that can not be read costs that item, or it and what is
// behind it where its end can not be found.
func TestBrokenItems(t *testing.T) {
	const all = imapwire.HasUID | imapwire.HasFlags
	for _, tt := range []struct {
		items, name, raw string
		has              imapwire.FetchHas
		unknown          []string
	}{
		{`UID 7 BODYSTRUCTURE ("text" x) FLAGS (a)`, "BODYSTRUCTURE", `BODYSTRUCTURE ("text" x)`, all, nil},
		{`UID 7 bodystructure (("text" "plain" NIL NIL NIL "7bit")()) FLAGS (a)`, "BODYSTRUCTURE", `bodystructure (("text" "plain" NIL NIL NIL "7bit")())`, all, nil},
		{`ENVELOPE (NIL) UID 7 FLAGS (a)`, "ENVELOPE", `ENVELOPE (NIL)`, all, nil},
		{`ENVELOPE "a) UID 8" UID 7 FLAGS (a)`, "ENVELOPE", `ENVELOPE "a) UID 8"`, all, nil},
		{"ENVELOPE ({8}\r\n) UID 8 x) UID 7 FLAGS (a)", "ENVELOPE", "ENVELOPE ({8}\r\n) UID 8 x)", all, nil},
		{`UID 7 BODY NIL FLAGS (a)`, "BODY", "BODY NIL", all, nil},
		{`UID 7 BODY[MIME] "x" FLAGS (a)`, "BODY", `BODY[MIME] "x"`, all, nil},
		{`UID 7 BODY[HEADER.FIELDS ()] NIL FLAGS (a)`, "BODY", `BODY[HEADER.FIELDS ()] NIL`, all, nil},
		{`UID 7 RFC822.SIZE x FLAGS (a)`, "RFC822.SIZE", "RFC822.SIZE x", all, nil},
		{`FLAGS (a) UID 0`, "UID", "UID 0", imapwire.HasFlags, nil},
		{`UID 7 FLAGS a X-Y (b)`, "FLAGS", "FLAGS a", imapwire.HasUID, []string{"X-Y (b)"}},
		// Its end is not to be found, or not where it seems to be.
		{`UID 7 BODYSTRUCTURE ((( FLAGS (a)`, "BODYSTRUCTURE", `BODYSTRUCTURE ((( FLAGS (a)`, imapwire.HasUID, nil},
		{`UID 7 ENVELOPE (NIL "a"b) FLAGS (\Deleted) UID 8 NIL") FLAGS (a)`, "ENVELOPE", `ENVELOPE (NIL "a"b) FLAGS (\Deleted) UID 8 NIL") FLAGS (a)`, imapwire.HasUID, nil},
		{`UID 7 ENVELOPE (x) NIL NIL) FLAGS (a)`, "ENVELOPE", `ENVELOPE (x) NIL NIL) FLAGS (a)`, imapwire.HasUID, nil},
	} {
		frame := []byte("* 1 FETCH (" + tt.items + ")\r\n")
		p := imapwire.Parser{}
		r, err := p.Response(frame)
		f, ok := r.(*imapwire.FetchData)
		if err != nil || !ok || len(f.Broken) != 1 {
			t.Errorf("%q: %v, %+v", frame, err, r)
			continue
		}
		if b := f.Broken[0]; b.Name != tt.name || b.Raw != tt.raw || b.Err == nil {
			t.Errorf("%q: %s %q, %v, want %s %q", frame, b.Name, b.Raw, b.Err, tt.name, tt.raw)
		}
		if f.Has != tt.has || !slices.Equal(f.Unknown, tt.unknown) || f.Has&imapwire.HasUID != 0 && f.UID != 7 || len(f.Sections) != 0 {
			t.Errorf("%q: the rest is %+v", frame, f)
		}
		if !slices.Contains(noted(&p), imapwire.TolerateBrokenItem) {
			t.Errorf("%q: diagnostics %v", frame, p.Diagnostics)
		}
		p.Refuse = imapwire.ToleranceSet(imapwire.TolerateBrokenItem)
		if r, err := p.Response(frame); err == nil {
			t.Errorf("%q is taken for %+v", frame, r)
		}
	}
}

// TestBrokenItemInParts: the same before and behind a content that is streamed.
func TestBrokenItemInParts(t *testing.T) {
	p := imapwire.Parser{}
	var r imapwire.FetchReader
	first, last := []byte("* 1 FETCH (ENVELOPE (x) UID 7 BODY[] {3}\r\n"), []byte(" BODYSTRUCTURE (( FLAGS (a))\r\n")
	if !r.Section(first, 3) {
		t.Fatal("the content is not one")
	}
	if err := p.FetchPart(&r, first, 3); err != nil {
		t.Fatal(err)
	}
	if d := p.Diagnostics; len(d) != 1 || d[0].Tolerance != imapwire.TolerateBrokenItem || d[0].Offset != 22 {
		t.Errorf("%+v", d)
	}
	if err := p.FetchPart(&r, last, -1); err != nil {
		t.Fatal(err)
	}
	f := &r.Data
	if len(f.Broken) != 2 || f.Broken[0].Raw != "ENVELOPE (x)" || f.Broken[1].Raw != "BODYSTRUCTURE (( FLAGS (a)" || f.UID != 7 || len(f.Sections) != 1 {
		t.Errorf("%+v", f)
	}
	// Each kind is told once in a response.
	if len(p.Diagnostics) != 0 {
		t.Errorf("%+v", p.Diagnostics)
	}
	if since := f.Since(&imapwire.FetchData{Broken: f.Broken[:1]}); len(since.Broken) != 1 {
		t.Errorf("%+v", since.Broken)
	}
}

// TestToleranceCost: invariant 8. What is tolerated costs no more than a few looks
// at each octet, and diagnostics do not grow with the response.
func TestToleranceCost(t *testing.T) {
	all := imapwire.Tolerances(0)
	for tol := range imapwire.AllTolerances {
		all |= imapwire.ToleranceSet(tol)
	}
	bounds := imapwire.Bounds{Response: true, Line: 1 << 30, Literal: 1 << 30, Literals: 1 << 30, LiteralCount: 1 << 30, Skip: 1 << 30, Depth: 100, Lists: 1 << 30, Tokens: 1 << 30, Ranges: 1 << 30, Tag: 128}
	for name, family := range map[string]func(n int) string{
		"spaces":        func(n int) string { return "* CAPABILITY" + strings.Repeat("  A", n) },
		"run of spaces": func(n int) string { return "* FLAGS (a" + strings.Repeat(" ", n) + ")" },
		"broken items":  func(n int) string { return "* 1 FETCH (UID 7" + strings.Repeat(" BODY (x)", n) + ")" },
		"broken dates":  func(n int) string { return "* 1 FETCH (UID 7" + strings.Repeat(` INTERNALDATE ""`, n) + ")" },
		"unclosed":      func(n int) string { return "* 1 FETCH (BODY " + strings.Repeat("(", n) + ")" },
		"addresses": func(n int) string {
			return "* 1 FETCH (ENVELOPE (NIL NIL (" + strings.Repeat(`NIL (a "b"c" NIL d) `, n) + ") NIL NIL NIL NIL NIL NIL NIL))"
		},
		"literals": func(n int) string {
			return "* 1 FETCH (ENVELOPE (NIL NIL (" + strings.Repeat("({1}\r\nabc NIL d e)", n) + ") NIL NIL NIL NIL NIL NIL NIL))"
		},
		"multiparts": func(n int) string {
			return "* 1 FETCH (BODYSTRUCTURE (" + strings.Repeat(`("mixed" (a NIL) ("x"))`, n) + ` "mixed"))`
		},
		"subtypes": func(n int) string {
			return "* 1 FETCH (BODY (" + strings.Repeat(`("text" NIL NIL NIL NIL -1)`, n) + ` "mixed"))`
		},
		"nested": func(n int) string {
			return "* 1 FETCH (BODY " + strings.Repeat("(", 40) + strings.Repeat(`("text" (a b) NIL NIL NIL -1)`, n) + strings.Repeat(` "mixed")`, 40) + ")"
		},
		"swapped": func(n int) string {
			return `* 1 FETCH (BODYSTRUCTURE ("a" "b" NIL NIL NIL "7bit" 1 NIL (` + strings.Repeat("a ", n) + `b) ("x" NIL) NIL))`
		},
		"quotes": func(n int) string { return `* LIST () "/" "` + strings.Repeat(`a"b`, n) + `"` },
		"lists":  func(n int) string { return "* 1 FETCH (X (" + strings.Repeat("(a )", n) + "))" },
		"flags":  func(n int) string { return "* FLAGS (" + strings.Repeat(`"a" NIL \ b(c `, n) + ")" },
	} {
		steps := func(n int) int64 {
			p := imapwire.Parser{ParseOptions: imapwire.ParseOptions{Tolerate: all, Bounds: bounds}}
			frame := frameOf(family(n))
			if _, err := p.Response(frame); err != nil {
				t.Fatalf("%s of %d: %v", name, n, err)
			}
			if len(p.Diagnostics) == 0 || len(p.Diagnostics) > 10 {
				t.Errorf("%s of %d: %d diagnostics", name, n, len(p.Diagnostics))
			}
			return p.Steps
		}
		small, large := steps(200), steps(2000)
		if large > 12*small {
			t.Errorf("%s: %d steps for 200, %d for 2000", name, small, large)
		}
	}
}

// TestCutResponses: a response that a line end has cut in two asks for the next
// frame, and means what it says with it.
func TestCutResponses(t *testing.T) {
	for _, tt := range []struct {
		first, next string
		has         imapwire.Tolerance
	}{
		{"*\r\n", "CAPABILITY X\r\n", imapwire.TolerateSplitLine},
		{"* \n", "3 EXISTS\r\n", imapwire.TolerateSplitLine},
		{"* LIST () \"/\" \"a\r\n", "b\"\r\n", imapwire.TolerateLineEndInQuoted},
		{"* 1 FETCH (BODY[] {3}\r\nabc\r\n", ")\r\n", imapwire.TolerateStrayLineEnd},
		{"* 1 FETCH (X {3}\r\nabc\r\n", " UID 7)\r\n", imapwire.TolerateStrayLineEnd},
	} {
		p := imapwire.Parser{ParseOptions: imapwire.ParseOptions{Tolerate: imapwire.ToleranceSet(tt.has)}}
		if r, err := p.Response([]byte(tt.first)); err == nil || !p.Cut {
			t.Errorf("%q: %v, %v, cut: %v", tt.first, r, err, p.Cut)
		}
		if _, err := p.Response([]byte(tt.first + tt.next)); err != nil || p.Cut || !slices.Contains(noted(&p), tt.has) {
			t.Errorf("%q: %v, %v", tt.first+tt.next, err, p.Diagnostics)
		}
		p.Refuse = p.Tolerate
		if _, err := p.Response([]byte(tt.first)); err == nil || p.Cut {
			t.Errorf("%q, refused: %v, cut: %v", tt.first, err, p.Cut)
		}
	}
	p := imapwire.Parser{}
	for _, wire := range []string{"* 3 EXISTS\r\n", "* 1 FETCH (UID 7\r\n", "* X\r\n", "x\r\n"} {
		if p.Response([]byte(wire)); p.Cut {
			t.Errorf("%q asks for more", wire)
		}
	}
}
