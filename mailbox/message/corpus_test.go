package message

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mailwire/mailwire/imapwire/imap"
)

var update = flag.Bool("update", false, "write the golden files")

// corpus returns the messages of testdata by name, with their line ends.
func corpus(t testing.TB) map[string][]byte {
	t.Helper()
	files, err := filepath.Glob("testdata/*.eml")
	if err != nil || len(files) == 0 {
		t.Fatalf("no corpus: %v", err)
	}
	out := make(map[string][]byte)
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		out[strings.TrimSuffix(filepath.Base(f), ".eml")] = b
	}
	return out
}

// withCRLF makes every bare LF a CRLF.
func withCRLF(b []byte) []byte {
	b = bytes.ReplaceAll(b, []byte("\r\n"), []byte("\n"))
	return bytes.ReplaceAll(b, []byte("\n"), []byte("\r\n"))
}

func mustParse(t testing.TB, msg []byte, limits Limits) *Index {
	t.Helper()
	x, err := Parse(bytes.NewReader(msg), int64(len(msg)), limits)
	if err != nil {
		t.Fatalf("Parse: %v", err)
	}
	return x
}

// TestCorpus holds the structure of difficult messages, their lines ended by
// CRLF, to golden files that are meant to be read.
func TestCorpus(t *testing.T) {
	for name, msg := range corpus(t) {
		got := dump(mustParse(t, withCRLF(msg), Limits{}))
		golden := filepath.Join("testdata", name+".golden")
		if *update {
			if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
				t.Fatal(err)
			}
			continue
		}
		want, err := os.ReadFile(golden)
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(strings.ReplaceAll(string(want), "\r\n", "\n"), got); d != "" {
			t.Errorf("%s (-want +got):\n%s", name, d)
		}
	}
}

// TestCorpusLineEnds: messages with LF and with CRLF differ in nothing but their
// sizes.
func TestCorpusLineEnds(t *testing.T) {
	for name, msg := range corpus(t) {
		crlf := withCRLF(msg)
		lf := bytes.ReplaceAll(crlf, []byte("\r\n"), []byte("\n"))
		a, b := mustParse(t, lf, Limits{}), mustParse(t, crlf, Limits{})
		if d := cmp.Diff(sizeless(*a.Root()), sizeless(*b.Root())); d != "" {
			t.Errorf("%s (-LF +CRLF):\n%s", name, d)
		}
	}
}

func sizeless(p Part) Part {
	p.Header, p.Body = Span{}, Span{}
	parts := p.Parts
	p.Parts = nil
	for _, q := range parts {
		p.Parts = append(p.Parts, sizeless(q))
	}
	if p.Message != nil {
		m := sizeless(*p.Message)
		p.Message = &m
	}
	return p
}

// dump writes an index as text: for each entity its part number, type and
// octets, then what its header says.
func dump(x *Index) string {
	d := dumper{index: x}
	d.entity(x.Root(), x.BodyStructure(), nil, "message")
	return d.String()
}

type dumper struct {
	strings.Builder
	index  *Index
	indent string
}

func (d *dumper) entity(p *Part, s *imap.BodyStructure, path []uint32, name string) {
	fmt.Fprintf(d, "%s%s: %s/%s%s header %d+%d body %d+%d", d.indent, name, s.Type, s.Subtype, params(s.Params),
		p.Header.Offset, p.Header.Size, p.Body.Offset, p.Body.Size)
	if !s.IsMultipart() {
		fmt.Fprintf(d, " %s", s.Encoding)
		if s.IsText() || s.IsMessage() {
			fmt.Fprintf(d, " lines %d", s.Lines)
		}
	}
	if p.Cut {
		d.WriteString(" cut")
	}
	d.WriteByte('\n')
	field := func(name string, v imap.NString) {
		if v.Valid {
			fmt.Fprintf(d, "%s  %s %q\n", d.indent, name, v.Value)
		}
	}
	field("id", s.ID)
	field("description", s.Description)
	field("md5", s.MD5)
	if s.Disposition != "" {
		fmt.Fprintf(d, "%s  disposition %s%s\n", d.indent, s.Disposition, params(s.DispositionArgs))
	}
	if s.Language != nil {
		fmt.Fprintf(d, "%s  language %q\n", d.indent, s.Language)
	}
	field("location", s.Location)
	if e := p.Envelope; e != nil {
		field("date", e.Date)
		field("subject", e.Subject)
		for _, l := range []struct {
			name string
			list []imap.Address
		}{{"from", e.From}, {"sender", e.Sender}, {"reply-to", e.ReplyTo}, {"to", e.To}, {"cc", e.CC}, {"bcc", e.BCC}} {
			for _, a := range l.list {
				fmt.Fprintf(d, "%s  %s %s\n", d.indent, l.name, addressText(a))
			}
		}
		field("in-reply-to", e.InReplyTo)
		field("message-id", e.MessageID)
	}
	d.indent += "  "
	if p.Message != nil {
		if len(path) == 0 {
			path = []uint32{1} // a message that is no multipart is its own part 1
		}
		d.entity(p.Message, &s.Parts[0], path, "message in "+number(path))
		if !p.Message.IsMultipart() {
			d.check(append(path, 1), p.Message)
		}
	}
	for i := range p.Parts {
		path := append(path[:len(path):len(path)], uint32(i+1))
		d.entity(&p.Parts[i], &s.Parts[i], path, number(path))
		d.check(path, &p.Parts[i])
	}
	d.indent = d.indent[2:]
}

// check says so in the dump when a part number is not that of a part.
func (d *dumper) check(path []uint32, p *Part) {
	if q, ok := d.index.Part(path); !ok || p != q {
		fmt.Fprintf(d, "%sNOT FOUND: %s\n", d.indent, number(path))
	}
}

func number(path []uint32) string {
	s := fmt.Sprint(path)
	return strings.ReplaceAll(s[1:len(s)-1], " ", ".")
}

func params(list []imap.Param) string {
	var b strings.Builder
	for _, p := range list {
		fmt.Fprintf(&b, "; %s=%q", p.Name, p.Value)
	}
	return b.String()
}

// addressText writes an address as "name <@route:mailbox@host>", each part
// quoted; what is NIL is left out with its mark.
func addressText(a imap.Address) string {
	if !a.Mailbox.Valid && !a.Host.Valid {
		return "end of group"
	}
	if !a.Host.Valid {
		return fmt.Sprintf("group %q", a.Mailbox.Value)
	}
	s := fmt.Sprintf("%q @ %q", a.Mailbox.Value, a.Host.Value)
	if a.Route.Valid {
		s += fmt.Sprintf(" route %q", a.Route.Value)
	}
	if a.Name.Valid {
		s += fmt.Sprintf(" name %q", a.Name.Value)
	}
	return s
}
