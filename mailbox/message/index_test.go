package message

import (
	"bytes"
	"fmt"
	"io"
	"math"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/mailwire/mailwire/imapwire/imap"
)

// checkIndex holds an index to what every message promises, however broken.
func checkIndex(t testing.TB, msg []byte, x *Index) {
	t.Helper()
	src, size := bytes.NewReader(msg), int64(len(msg))
	root := x.Root()
	if root.Header.Offset != 0 || root.Body.End() != size || root.Envelope == nil {
		t.Fatalf("the message is %v, %v of %d octets", root.Header, root.Body, size)
	}
	checkPart(t, msg, root)
	if d := cmp.Diff(x.Envelope(), root.Envelope); d != "" {
		t.Fatalf("Envelope (-want +got):\n%s", d)
	}
	checkStructure(t, src, x, x.BodyStructure(), nil)
	checkSections(t, msg, x, root, nil)

	entities := 0
	for p := range x.All() {
		if entities++; p.IsLeaf() == (p.IsMultipart() || p.Message != nil) {
			t.Fatalf("a part is a leaf and is none: %+v", p)
		}
	}
	b, err := x.AppendBinary([]byte("x"))
	if err != nil {
		t.Fatal(err)
	}
	var y Index
	if err := y.UnmarshalBinary(b[1:]); err != nil {
		t.Fatalf("UnmarshalBinary: %v", err)
	}
	if !reflect.DeepEqual(*x, y) {
		t.Fatalf("the binary form is another index (-want +got):\n%s", cmp.Diff(x.Root(), y.Root()))
	}
}

func checkPart(t testing.TB, msg []byte, p *Part) {
	t.Helper()
	if p.Header.End() != p.Body.Offset || p.Header.Size < 0 || p.Body.Size < 0 {
		t.Fatalf("header %v, body %v", p.Header, p.Body)
	}
	body := msg[p.Body.Offset:p.Body.End()]
	lines := int64(bytes.Count(body, []byte("\n")))
	if len(body) > 0 && body[len(body)-1] != '\n' {
		lines++
	}
	if p.Lines != lines {
		t.Fatalf("%d lines, want %d: %q", p.Lines, lines, body)
	}
	texts(p, func(s string) {
		if strings.ContainsAny(s, "\x00\r\n") {
			t.Fatalf("NUL, CR or LF in %q", s)
		}
	})
	if m := p.Message; m != nil {
		if !isMessage(p) || m.Envelope == nil || m.Header.Offset != p.Body.Offset || m.Body.End() != p.Body.End() {
			t.Fatalf("message %v, %v in %v", m.Header, m.Body, p.Body)
		}
		checkPart(t, msg, m)
	}
	if strings.EqualFold(p.Type, "multipart") != p.IsMultipart() {
		t.Fatalf("%s with %d parts", p.Type, len(p.Parts))
	}
	at := p.Body.Offset
	for i := range p.Parts {
		q := &p.Parts[i]
		if q.Header.Offset < at || q.Body.End() > p.Body.End() {
			t.Fatalf("part %v, %v in %v", q.Header, q.Body, p.Body)
		}
		if i > 0 {
			gap, before := msg[at:q.Header.Offset], p.Parts[i-1].Body.Size
			if !boundaryBetween(gap) || before > 0 && gap[0] == '-' {
				t.Fatalf("%q between parts, behind %d octets", gap, before)
			}
		}
		at = q.Body.End()
		checkPart(t, msg, q)
	}
}

// boundaryBetween reports whether octets are a boundary line, behind the line end
// that belongs to it, and nothing else. Its own may be missing at the end.
func boundaryBetween(b []byte) bool {
	b = bytes.TrimPrefix(bytes.TrimPrefix(b, []byte("\r")), []byte("\n"))
	return bytes.HasPrefix(b, []byte("--")) && !bytes.Contains(bytes.TrimSuffix(b, []byte("\n")), []byte("\n"))
}

// checkSections reads every section of an entity: a header and what follows it are
// the whole, and what fields are named and what are not is the header.
func checkSections(t testing.TB, msg []byte, x *Index, p *Part, path []uint32) {
	t.Helper()
	if len(path) > 20 {
		return // what is deeper would be read as often as it is deep
	}
	src := bytes.NewReader(msg)
	read := func(spec imap.Specifier, fields ...string) string {
		c, ok, err := x.Section(src, imap.Section{Part: path, Specifier: spec, Fields: fields})
		if !ok || err != nil {
			t.Fatalf("BODY[%s %v]: %v, %v", number(path), spec, ok, err)
		}
		b, err := io.ReadAll(c.Reader(src))
		if err != nil || int64(len(b)) != c.Size() {
			t.Fatalf("BODY[%s %v]: %d octets of %d, %v", number(path), spec, len(b), c.Size(), err)
		}
		return string(b)
	}
	whole, m := read(imap.SpecifierNone), p
	if len(path) > 0 {
		if mime := read(imap.SpecifierMIME); mime+whole != string(msg[p.Header.Offset:p.Body.End()]) {
			t.Fatalf("BODY[%s.MIME] and BODY[%s] are not the part", number(path), number(path))
		}
		m = p.Message
	}
	if m != nil {
		header := read(imap.SpecifierHeader)
		if header+read(imap.SpecifierText) != whole {
			t.Fatalf("header and text are not BODY[%s]", number(path))
		}
		// Every field is in one of the two, and the empty line in both.
		end := len(read(imap.SpecifierHeaderFields))
		some, others := read(imap.SpecifierHeaderFields, "Subject", "x"), read(imap.SpecifierHeaderFieldsNot, "Subject", "x")
		all := read(imap.SpecifierHeaderFieldsNot)
		whole := all == header || all == header+crlf || separator(header) && (strings.HasSuffix(header, all) || strings.HasSuffix(header+crlf, all))
		if len(some)+len(others) != len(all)+end || !whole {
			t.Fatalf("BODY[%s.HEADER.FIELDS]: %q, %q and %q of %q", number(path), some, others, all, header)
		}
	}
	below := path
	switch {
	case p.Message != nil:
		if len(below) == 0 {
			below = []uint32{1}
		}
		if q := p.Message; q.IsMultipart() {
			for i := range q.Parts {
				checkSections(t, msg, x, &q.Parts[i], append(below[:len(below):len(below)], uint32(i+1)))
			}
		} else if q.Message != nil {
			checkSections(t, msg, x, q, append(below[:len(below):len(below)], 1))
		}
	default:
		for i := range p.Parts {
			checkSections(t, msg, x, &p.Parts[i], append(below[:len(below):len(below)], uint32(i+1)))
		}
	}
}

// separator reports whether a header begins with the separator of an mbox file,
// which is no field.
func separator(header string) bool {
	return strings.HasPrefix(strings.TrimPrefix(header, ">"), "From ")
}

// texts calls f with every string of a part itself.
func texts(p *Part, f func(string)) {
	each := func(list ...string) {
		for _, s := range list {
			f(s)
		}
	}
	each(p.Type, p.Subtype, p.Encoding, p.Disposition, p.ID.Value, p.Description.Value, p.MD5.Value, p.Location.Value)
	each(p.Language...)
	for _, q := range append(p.Params[:len(p.Params):len(p.Params)], p.DispositionArgs...) {
		each(q.Name, q.Value)
	}
	if e := p.Envelope; e != nil {
		each(e.Date.Value, e.Subject.Value, e.InReplyTo.Value, e.MessageID.Value)
		for _, l := range [][]imap.Address{e.From, e.Sender, e.ReplyTo, e.To, e.CC, e.BCC} {
			for _, a := range l {
				each(a.Name.Value, a.Route.Value, a.Mailbox.Value, a.Host.Value)
			}
		}
	}
}

// checkStructure compares BODYSTRUCTURE with the sections that a client reads
// after it: BODY[n] has the size that was told, and no part follows the last.
func checkStructure(t testing.TB, src io.ReaderAt, x *Index, s *imap.BodyStructure, path []uint32) {
	t.Helper()
	section := func(spec imap.Specifier, path ...uint32) (Content, bool) {
		c, ok, err := x.Section(src, imap.Section{Part: path, Specifier: spec})
		if err != nil {
			t.Fatalf("BODY[%s]: %v", number(path), err)
		}
		return c, ok
	}
	if s.IsMultipart() {
		for i := range s.Parts {
			checkStructure(t, src, x, &s.Parts[i], append(path[:len(path):len(path)], uint32(i+1)))
		}
		if _, ok := section(imap.SpecifierNone, append(path[:len(path):len(path)], uint32(len(s.Parts)+1))...); ok {
			t.Fatalf("%s has a part behind its last", number(path))
		}
		return
	}
	if len(path) == 0 {
		path = []uint32{1}
	}
	if c, ok := section(imap.SpecifierNone, path...); !ok || min(c.Size(), math.MaxUint32) != int64(s.Size) {
		t.Fatalf("BODY[%s]: %d octets, %v, told %d", number(path), c.Size(), ok, s.Size)
	}
	if _, ok := section(imap.SpecifierMIME, path...); !ok {
		t.Fatalf("BODY[%s.MIME] is NIL", number(path))
	}
	header, ok := section(imap.SpecifierHeader, path...)
	if ok != s.IsMessage() {
		t.Fatalf("BODY[%s.HEADER]: %v", number(path), ok)
	}
	below := append(path[:len(path):len(path)], 1)
	if !ok {
		if _, ok := section(imap.SpecifierNone, below...); ok {
			t.Fatalf("BODY[%s] has a part", number(path))
		}
		return
	}
	if text, ok := section(imap.SpecifierText, path...); !ok || min(header.Size()+text.Size(), math.MaxUint32) != int64(s.Size) {
		t.Fatalf("BODY[%s.TEXT]: %d octets with a header of %d, told %d", number(path), text.Size(), header.Size(), s.Size)
	}
	if s.Parts[0].IsMultipart() {
		below = path
	}
	checkStructure(t, src, x, &s.Parts[0], below)
}

func TestCorpusIndex(t *testing.T) {
	for name, msg := range corpus(t) {
		t.Run(name, func(t *testing.T) {
			for _, msg := range [][]byte{msg, withCRLF(msg)} {
				for _, limits := range []Limits{{}, {Depth: 2}, {Parts: 2}, {HeaderBytes: 200}, {Field: 10}, {Params: 1}, {Addresses: 1}, {Depth: 1, Parts: 1, HeaderBytes: 1, Field: 1, Params: 1, Addresses: 1}} {
					checkIndex(t, msg, mustParse(t, msg, limits))
				}
			}
		})
	}
}

// FuzzParse: whatever the octets are, the ranges of the parts nest, sections
// have the sizes that the structure tells, the binary form is the same index,
// line ends do not change the tree, and the wire form has the size that was
// counted (invariant 35).
func FuzzParse(f *testing.F) {
	for _, msg := range corpus(f) {
		f.Add(msg, uint8(0))
		f.Add(withCRLF(msg), uint8(3))
	}
	for _, s := range []string{"", "a", "a\r", "a\nb\r\n", "\r\n\r", "\n.\n"} {
		f.Add([]byte(s), uint8(1))
		f.Add([]byte(s), uint8(2))
	}
	f.Fuzz(func(t *testing.T, msg []byte, small uint8) {
		n := int(small)
		checkWire(t, msg, n)
		limits := Limits{Depth: n, Parts: n, HeaderBytes: 16 * int64(n), Field: n, Params: n, Addresses: n}
		x := mustParse(t, msg, limits)
		checkIndex(t, msg, x)
		lf := bytes.ReplaceAll(msg, []byte("\r\n"), []byte("\n"))
		if n == 0 && !bytes.Contains(lf, []byte("\r\n")) { // CR CR LF is still one
			a, b := mustParse(t, lf, Limits{}), mustParse(t, withCRLF(msg), Limits{})
			if d := differentParts(sizeless(*a.Root()), sizeless(*b.Root())); d != "" {
				t.Fatalf("(-LF +CRLF):\n%s", d)
			}
		}
	})
}

// A node is a part of a message that a test writes.
type node struct {
	typ      string // of Content-Type; "" is no header field
	boundary string
	children []node // of a multipart
	message  *node  // of a message
	text     string
}

// drawNode draws a tree. Boundaries of open multiparts differ, but may begin
// with one another, and text may look like a boundary that is not open.
func drawNode(t *rapid.T, depth int, open []string) node {
	kinds := []string{"", "text/plain", "image/png"}
	if depth < 4 {
		kinds = append(kinds, "multipart/mixed", "multipart/digest", "message/rfc822")
	}
	n := node{typ: rapid.SampledFrom(kinds).Draw(t, "type")}
	switch n.typ {
	case "multipart/mixed", "multipart/digest":
		n.boundary = rapid.StringMatching(`[ab-]{1,3}[ab]`).Filter(func(s string) bool {
			for _, o := range open {
				if s == o || s+"--" == o || s == o+"--" {
					return false
				}
			}
			return true
		}).Draw(t, "boundary")
		open = append(open[:len(open):len(open)], n.boundary)
		for range rapid.IntRange(1, 3).Draw(t, "parts") {
			c := drawNode(t, depth+1, open)
			if n.typ == "multipart/digest" && c.typ == "" {
				// A message without a type of its own.
				m := c
				c = node{message: &m}
			}
			n.children = append(n.children, c)
		}
	case "message/rfc822":
		m := drawNode(t, depth+1, open)
		n.message = &m
	default:
		lines := rapid.SliceOfN(rapid.StringMatching(`[a-c:-]{0,5}`).Filter(func(s string) bool {
			for _, o := range open {
				if s == "--"+o || s == "--"+o+"--" {
					return false
				}
			}
			return true
		}), 0, 3).Draw(t, "lines")
		n.text = strings.Join(lines, "\n")
	}
	return n
}

// write writes a node with its header.
func (n *node) write(b *strings.Builder) {
	if n.typ != "" {
		fmt.Fprintf(b, "Content-Type: %s", n.typ)
		if n.boundary != "" {
			fmt.Fprintf(b, "; boundary=%q", n.boundary)
		}
		b.WriteString("\n")
	}
	b.WriteString("\n")
	n.writeBody(b)
}

func (n *node) writeBody(b *strings.Builder) {
	switch {
	case n.message != nil:
		n.message.write(b)
	case n.boundary != "":
		for i := range n.children {
			fmt.Fprintf(b, "\n--%s\n", n.boundary)
			n.children[i].write(b)
		}
		fmt.Fprintf(b, "\n--%s--", n.boundary)
	default:
		b.WriteString(n.text)
	}
}

func (n *node) body() string {
	var b strings.Builder
	n.writeBody(&b)
	return b.String()
}

func compareNode(t *rapid.T, n *node, p *Part, msg string) {
	want := n.typ
	switch {
	case want == "" && n.message != nil:
		want = "message/rfc822"
	case want == "":
		want = "text/plain"
	}
	if got := p.Type + "/" + p.Subtype; got != want {
		t.Fatalf("%s, want %s, in\n%s", got, want, msg)
	}
	if got := msg[p.Body.Offset:p.Body.End()]; got != n.body() {
		t.Fatalf("body %q, want %q, in\n%s", got, n.body(), msg)
	}
	if len(p.Parts) != len(n.children) || (p.Message != nil) != (n.message != nil) {
		t.Fatalf("%d parts, message %v, want %d, %v, in\n%s", len(p.Parts), p.Message != nil, len(n.children), n.message != nil, msg)
	}
	if n.message != nil {
		compareNode(t, n.message, p.Message, msg)
	}
	for i := range n.children {
		compareNode(t, &n.children[i], &p.Parts[i], msg)
	}
}

// TestParseTree: the tree of a message is the one that was written.
func TestParseTree(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := drawNode(t, 0, nil)
		var b strings.Builder
		n.write(&b)
		msg := b.String()
		x, err := Parse(strings.NewReader(msg), int64(len(msg)), Limits{})
		if err != nil {
			t.Fatal(err)
		}
		compareNode(t, &n, x.Root(), msg)
	})
}

// TestParseWindow: a line end is one wherever the window ends, and a boundary is
// found there.
func TestParseWindow(t *testing.T) {
	const head = "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\n"
	const tail = "\r\n--b\r\nA: b\r\n\r\nlast\r\n--b--\r\n"
	for _, end := range []string{"\r\n", "\n"} {
		head, tail := strings.ReplaceAll(head, "\r\n", end), strings.ReplaceAll(tail, "\r\n", end)
		for n := window - len(head) - 40; n < window+20; n++ {
			for _, unit := range []string{"x", "12345\n"} {
				body := strings.Repeat(unit, n/len(unit)) + "y"
				msg := []byte(head + body + tail)
				root := mustParse(t, msg, Limits{}).Root()
				if len(root.Parts) != 2 || root.Parts[0].Body.Size != int64(len(body)) || root.Parts[1].Body.Size != 4 {
					t.Fatalf("body of %d octets: %+v", len(body), root.Parts)
				}
			}
		}
	}
	// So is the end of a header line that is longer than the window.
	for n := window - 20; n < window+20; n++ {
		msg := []byte("Subject: " + strings.Repeat("x", n) + "\r\nTo: a@b\r\n\r\ntext")
		x := mustParse(t, msg, Limits{})
		if e := x.Envelope(); len(e.Subject.Value) != n || len(e.To) != 1 || x.Root().Body.Size != 4 {
			t.Fatalf("field of %d octets: %d, %v", n, len(e.Subject.Value), e.To)
		}
	}
}

func TestPart(t *testing.T) {
	msg := withCRLF(corpus(t)["forwarded"])
	x := mustParse(t, msg, Limits{})
	for _, tt := range []struct {
		path []uint32
		want string // the start of the body; "" for no part
	}{
		{nil, "--out"},
		{[]uint32{0}, ""},
		{[]uint32{1}, "See below"},
		{[]uint32{1, 1}, ""},
		{[]uint32{2}, "From: Bob"},
		{[]uint32{2, 1}, "inner text"},
		{[]uint32{2, 1, 1}, ""},
		{[]uint32{2, 2}, "Subject: innermost"},
		{[]uint32{2, 2, 1}, "deep"},
		{[]uint32{2, 2, 1, 1}, ""},
		{[]uint32{2, 2, 2}, ""},
		{[]uint32{2, 3}, ""},
		{[]uint32{3}, ""},
		{[]uint32{1<<32 - 1}, ""},
	} {
		p, ok := x.Part(tt.path)
		if ok != (tt.want != "") {
			t.Errorf("%v: %v", tt.path, ok)
			continue
		}
		if ok && !bytes.HasPrefix(msg[p.Body.Offset:], []byte(tt.want)) {
			t.Errorf("%v: %.20q", tt.path, msg[p.Body.Offset:])
		}
	}
	p, _ := mustParse(t, []byte("Content-Type: text/plain; CHARSET*=us-ascii''x\r\n\r\n"), Limits{}).Part(nil)
	if got := p.Param("charset"); got != "x" || p.Param("name") != "" {
		t.Errorf("Param: %q", got)
	}
}
