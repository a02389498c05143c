package message

import (
	"bytes"
	"io"
	"math"
	"strings"
	"testing"
	"testing/iotest"

	"pgregory.net/rapid"

	"github.com/mailwire/mailwire/imapwire/imap"
)

const sectionMessage = "From: a@example.org\r\nSubject: outer\r\n folded\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n" +
	"preamble\r\n--b\r\n\r\none\r\n" +
	"--b\r\nContent-Type: message/rfc822\r\nX-Part: 2\r\n\r\n" +
	"Subject: inner\r\nTo: b@example.org\r\n\r\ntwo\r\n" +
	"--b--\r\n"

func TestSection(t *testing.T) {
	const none = "no such section"
	section := func(spec imap.Specifier, fields string, path ...uint32) imap.Section {
		return imap.Section{Part: path, Specifier: spec, Fields: strings.Fields(fields)}
	}
	const (
		whole  = imap.SpecifierNone
		header = imap.SpecifierHeader
		text   = imap.SpecifierText
		mime   = imap.SpecifierMIME
		of     = imap.SpecifierHeaderFields
		not    = imap.SpecifierHeaderFieldsNot
	)
	plain := "Subject: x\r\n\r\nbody"
	noEnd := "A: b\nno field\nC: d\n\nx"
	for _, tt := range []struct {
		msg     string
		section imap.Section
		want    string
	}{
		{sectionMessage, section(whole, ""), sectionMessage},
		{sectionMessage, section(header, ""), sectionMessage[:strings.Index(sectionMessage, "preamble")]},
		{sectionMessage, section(text, ""), sectionMessage[strings.Index(sectionMessage, "preamble"):]},
		{sectionMessage, section(mime, ""), none},
		{sectionMessage, section(of, "subject"), "Subject: outer\r\n folded\r\n\r\n"},
		{sectionMessage, section(of, "SUBJECT from Nothing"), "From: a@example.org\r\nSubject: outer\r\n folded\r\n\r\n"},
		{sectionMessage, section(of, "Nothing"), "\r\n"},
		{sectionMessage, section(not, "subject content-type"), "From: a@example.org\r\n\r\n"},
		{sectionMessage, section(not, "Nothing"), sectionMessage[:strings.Index(sectionMessage, "preamble")]},
		{sectionMessage, section(whole, "", 1), "one"},
		{sectionMessage, section(mime, "", 1), "\r\n"},
		{sectionMessage, section(header, "", 1), none},
		{sectionMessage, section(text, "", 1), none},
		{sectionMessage, section(of, "x", 1), none},
		{sectionMessage, section(whole, "", 1, 1), none},
		{sectionMessage, section(whole, "", 2), "Subject: inner\r\nTo: b@example.org\r\n\r\ntwo"},
		{sectionMessage, section(mime, "", 2), "Content-Type: message/rfc822\r\nX-Part: 2\r\n\r\n"},
		{sectionMessage, section(header, "", 2), "Subject: inner\r\nTo: b@example.org\r\n\r\n"},
		{sectionMessage, section(text, "", 2), "two"},
		{sectionMessage, section(of, "to", 2), "To: b@example.org\r\n\r\n"},
		{sectionMessage, section(not, "to", 2), "Subject: inner\r\n\r\n"},
		{sectionMessage, section(whole, "", 2, 1), "two"},
		{sectionMessage, section(mime, "", 2, 1), "Subject: inner\r\nTo: b@example.org\r\n\r\n"},
		{sectionMessage, section(header, "", 2, 1), none},
		{sectionMessage, section(whole, "", 3), none},
		{sectionMessage, section(99, ""), none},
		{plain, section(whole, "", 1), "body"},
		{plain, section(mime, "", 1), "Subject: x\r\n\r\n"},
		{plain, section(header, "", 1), none},
		{plain, section(whole, "", 2), none},
		{"", section(whole, ""), ""},
		{"", section(whole, "", 1), ""},
		{"", section(of, "x"), ""},
		// A message that ends in its header has no empty line to tell.
		{"A: b", section(of, "a"), "A: b"},
		{"A: b", section(not, "a"), ""},
		{"A: b\r\n", section(not, "x"), "A: b\r\n"},
		// With a body the empty line is always there (RFC 9051 §7.5.2).
		{"A: b\nbody", section(of, "a"), "A: b\n\r\n"},
		{"A: b\nbody", section(header, ""), "A: b\n"},
		{"body", section(not, "a"), "\r\n"},
		{"\nbody", section(not, "a"), "\n"},
		{"\r\n\r\nbody", section(header, ""), "\r\n"},
		// It is the one of the message where there is one.
		{"A: b\nC: d\n\nx", section(of, "c"), "C: d\n\n"},
		{"A: b\r\nC: d\n\r\nx", section(of, "a"), "A: b\r\n\r\n"},
		{noEnd, section(of, "c"), "\r\n"},
		// A part whose header a boundary ends, without a line end.
		{"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nA: b\r\n--b--\r\n", section(mime, "", 1), "A: b"},
		{"From x Thu Nov 19 10:30:00 2026\nA: b\n\nx", section(not, ""), "A: b\n\n"},
	} {
		x := mustParse(t, []byte(tt.msg), Limits{})
		src := strings.NewReader(tt.msg)
		c, ok, err := x.Section(src, tt.section)
		if err != nil {
			t.Errorf("%+v: %v", tt.section, err)
			continue
		}
		got := none
		if ok {
			got = readAll(t, c.Reader(src))
			if c.Size() != int64(len(got)) {
				t.Errorf("%+v: size %d of %q", tt.section, c.Size(), got)
			}
		}
		if got != tt.want {
			t.Errorf("%+v of %q: %q, want %q", tt.section, tt.msg, got, tt.want)
		}
	}
}

// naiveFields selects header fields on the octets of a header.
func naiveFields(header string, names []string, named bool) string {
	var out strings.Builder
	var field string
	selected := false
	flush := func() {
		if selected {
			out.WriteString(field)
		}
		field, selected = "", false
	}
	for _, line := range strings.SplitAfter(header, "\n") {
		switch {
		case strings.Trim(line, "\r\n") == "" && line != "":
			flush()
			out.WriteString(line)
		case field != "" && (line[:min(1, len(line))] == " " || line[:min(1, len(line))] == "\t"):
			field += line
		default:
			flush()
			name, _, ok := strings.Cut(line, ":")
			name = strings.TrimRight(name, " \t")
			if !ok || name == "" || strings.ContainsAny(name, " \t") {
				continue
			}
			field = line
			for _, n := range names {
				selected = selected || strings.EqualFold(n, name)
			}
			selected = selected == named
		}
	}
	flush()
	return out.String()
}

// TestSectionFields compares the subsets of a header, and every slice of them,
// with what a look at the octets gives.
func TestSectionFields(t *testing.T) {
	line := rapid.SampledFrom([]string{"A: 1", "b: 2", "C : 3", "D:4\n more", "A: 5\n\tmore\n more", "E:"})
	names := rapid.SliceOf(rapid.SampledFrom([]string{"a", "B", "c", "D", "e", "f"}))
	rapid.Check(t, func(t *rapid.T) {
		header := strings.Join(rapid.SliceOfN(line, 1, 8).Draw(t, "header"), "\n") + "\n\n"
		if rapid.Bool().Draw(t, "CRLF") {
			header = string(withCRLF([]byte(header)))
		}
		s := imap.Section{Specifier: imap.SpecifierHeaderFields, Fields: names.Draw(t, "names")}
		if rapid.Bool().Draw(t, "not") {
			s.Specifier = imap.SpecifierHeaderFieldsNot
		}
		src := strings.NewReader(header + "body")
		x, err := Parse(src, src.Size(), Limits{})
		if err != nil {
			t.Fatal(err)
		}
		c, ok, err := x.Section(src, s)
		if !ok || err != nil {
			t.Fatalf("%v, %v", ok, err)
		}
		want := naiveFields(header, s.Fields, s.Specifier == imap.SpecifierHeaderFields)
		if got := readAll(t, c.Reader(src)); got != want {
			t.Fatalf("%q of %q: %q, want %q", s.Fields, header, got, want)
		}
		checkSlices(t, c, src, want)
	})
}

func checkSlices(t *rapid.T, c Content, src io.ReaderAt, want string) {
	number := rapid.OneOf(rapid.Int64Range(0, int64(len(want))+2), rapid.SampledFrom([]int64{0, 1, math.MaxInt64 - 1, math.MaxInt64, -1, math.MinInt64}))
	offset, count := number.Draw(t, "offset"), number.Draw(t, "count")
	part := want[min(max(offset, 0), int64(len(want))):]
	part = part[:min(max(count, 0), int64(len(part)))]
	s := c.Slice(offset, count)
	if got := readAll(t, iotest.OneByteReader(s.Reader(src))); got != part || s.Size() != int64(len(part)) {
		t.Fatalf("%q<%d.%d>: %q of %d octets, want %q", want, offset, count, got, s.Size(), part)
	}
}

// TestContentSlice: a slice of spans and of what is added is the slice of their
// octets, also of a slice.
func TestContentSlice(t *testing.T) {
	const text = "0123456789abcdef"
	rapid.Check(t, func(t *rapid.T) {
		var c Content
		at := int64(0)
		var want strings.Builder
		for range rapid.IntRange(0, 4).Draw(t, "spans") {
			at += rapid.Int64Range(0, 2).Draw(t, "gap")
			n := min(rapid.Int64Range(0, 3).Draw(t, "size"), int64(len(text))-at)
			c.spans = append(c.spans, Span{at, n})
			want.WriteString(text[at : at+n])
			at += n
		}
		c.tail = rapid.SampledFrom([]string{"", "\r\n", "\r\n\r\n"}).Draw(t, "tail")
		want.WriteString(c.tail)
		checkSlices(t, c, strings.NewReader(text), want.String())
		offset := rapid.Int64Range(0, int64(want.Len())).Draw(t, "offset")
		checkSlices(t, c.Slice(offset, math.MaxInt64), strings.NewReader(text), want.String()[offset:])
	})
}

// TestSectionBounded: a subset of a header is spans and not octets, and as many
// of them as are allowed.
func TestSectionBounded(t *testing.T) {
	big := []byte("A: " + strings.Repeat("x", 8<<20) + "\r\nB: c\r\n\r\nbody")
	x := mustParse(t, big, Limits{})
	n := allocated(func() {
		c, _, err := x.Section(bytes.NewReader(big), imap.Section{Specifier: imap.SpecifierHeaderFields, Fields: []string{"a"}})
		if err != nil || c.Size() != int64(len(big)-len("B: c\r\nbody")) {
			t.Errorf("%d octets, %v", c.Size(), err)
		}
	})
	if n > 1<<20 {
		t.Errorf("one field of 8 MiB: %d octets allocated", n)
	}

	many := []byte(strings.Repeat("A:\nB:\n", 500_000) + "\nbody")
	x = mustParse(t, many, Limits{})
	c, _, err := x.Section(bytes.NewReader(many), imap.Section{Specifier: imap.SpecifierHeaderFieldsNot, Fields: []string{"b"}})
	if err != nil || c.Size() != 3*maxRuns+1 {
		t.Errorf("every other field of a million: %d octets, %v", c.Size(), err)
	}
}

// TestSectionSourceErrors: an error of the source is told, and nothing else.
func TestSectionSourceErrors(t *testing.T) {
	msg := strings.NewReader(sectionMessage)
	x := mustParse(t, []byte(sectionMessage), Limits{})
	s := imap.Section{Specifier: imap.SpecifierHeaderFields, Fields: []string{"from"}}
	for after := range x.Root().Header.Size {
		if _, ok, err := x.Section(brokenReaderAt{msg, after}, s); ok || err != errBroken {
			t.Fatalf("broken after %d: %v, %v", after, ok, err)
		}
	}
	if _, ok, err := x.Section(brokenReaderAt{msg, x.Root().Header.Size}, s); !ok || err != nil {
		t.Fatalf("the header alone: %v, %v", ok, err)
	}
	for _, spec := range []imap.Specifier{imap.SpecifierNone, imap.SpecifierHeader, imap.SpecifierText} {
		if _, ok, err := x.Section(nil, imap.Section{Specifier: spec}); !ok || err != nil {
			t.Errorf("specifier %d needs the source: %v, %v", spec, ok, err)
		}
	}
}
