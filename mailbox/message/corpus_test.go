package message

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// The corpus
//
// Each file of testdata/corpus is a bundle of difficult messages on one topic. A
// message is followed by what is made of it, which is meant to be read:
//
//	-- name.eml -- what is difficult about it
//	From: ada@example.org
//	…
//	-- name.golden --
//	message: text/plain; …
//
// In a message called name.esc these stand for what can not be seen or would be
// too long:
//
//	\r \t \s \\     CR, tab, space, backslash
//	\xHH            an octet
//	\ at the end    the line goes on
//	\{3 text\}      text three times, in which \# is the number of the repetition
//
// Text before the first message says what the bundle is about. Tests make CRLF of
// every line end.

var update = flag.Bool("update", false, "write the golden output into the corpus")

// A bundle is a file of the corpus.
type bundle struct {
	file  string
	about string
	mails []mail
}

// A mail is a message of a bundle, as it stands there and as it is.
type mail struct {
	name, marker, source, golden string
	octets                       []byte
}

var (
	mailMarker   = regexp.MustCompile(`^-- ([a-z0-9-]+)\.(eml|esc) --( .+)?\n$`)
	goldenMarker = regexp.MustCompile(`^-- ([a-z0-9-]+)\.golden --\n$`)
)

// parseBundle reads a file of the corpus.
func parseBundle(file, text string) (bundle, error) {
	b := bundle{file: file}
	golden, escaped := true, false
	for line := range strings.Lines(text) {
		if m := mailMarker.FindStringSubmatch(line); m != nil && golden {
			b.mails = append(b.mails, mail{name: m[1], marker: line})
			golden, escaped = false, m[2] == "esc"
			continue
		}
		if len(b.mails) == 0 {
			b.about += line
			continue
		}
		m := &b.mails[len(b.mails)-1]
		if g := goldenMarker.FindStringSubmatch(line); g != nil && g[1] == m.name && !golden {
			golden = true
			m.octets = []byte(m.source)
			if escaped {
				var err error
				if m.octets, err = unescape(m.source); err != nil {
					return b, fmt.Errorf("%s: %s: %w", file, m.name, err)
				}
			}
			continue
		}
		if golden {
			m.golden += line
		} else {
			m.source += line
		}
	}
	if !golden {
		return b, fmt.Errorf("%s: %s has no golden output", file, b.mails[len(b.mails)-1].name)
	}
	for i := range b.mails {
		b.mails[i].golden = strings.TrimRight(b.mails[i].golden, "\n") + "\n"
	}
	return b, nil
}

var repetition = regexp.MustCompile(`(?s)\\\{(\d+) (.*?)\\\}`)

// unescape returns what an escaped message stands for.
func unescape(s string) ([]byte, error) {
	s = repetition.ReplaceAllStringFunc(s, func(r string) string {
		m := repetition.FindStringSubmatch(r)
		n, _ := strconv.Atoi(m[1])
		var b strings.Builder
		for i := range n {
			b.WriteString(strings.ReplaceAll(m[2], `\#`, strconv.Itoa(i+1)))
		}
		return b.String()
	})
	var out []byte
	for {
		text, rest, found := strings.Cut(s, `\`)
		out = append(out, text...)
		if !found {
			return out, nil
		}
		if rest == "" {
			return nil, errors.New("a backslash ends the message")
		}
		s = rest[1:]
		switch rest[0] {
		case 'r':
			out = append(out, '\r')
		case 't':
			out = append(out, '\t')
		case 's':
			out = append(out, ' ')
		case '\\':
			out = append(out, '\\')
		case '\n':
		case 'x':
			n, err := strconv.ParseUint(rest[1:min(3, len(rest))], 16, 8)
			if err != nil || len(rest) < 3 {
				return nil, errors.New(`\x without two digits`)
			}
			out, s = append(out, byte(n)), rest[3:]
		default:
			return nil, fmt.Errorf(`unknown escape \%c`, rest[0])
		}
	}
}

// bundles reads the corpus.
func bundles(t testing.TB) []bundle {
	t.Helper()
	files, err := filepath.Glob("testdata/corpus/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("no corpus: %v", err)
	}
	var out []bundle
	names := make(map[string]bool)
	for _, f := range files {
		text, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		b, err := parseBundle(f, string(text))
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range b.mails {
			if names[m.name] {
				t.Fatalf("%s: a second message called %s", f, m.name)
			}
			names[m.name] = true
		}
		out = append(out, b)
	}
	return out
}

// corpus returns the messages of the corpus by name, as they stand in it.
func corpus(t testing.TB) map[string][]byte {
	t.Helper()
	out := make(map[string][]byte)
	for _, b := range bundles(t) {
		for _, m := range b.mails {
			out[m.name] = m.octets
		}
	}
	return out
}

// Corpus is corpus for the external tests, with CRLF.
func Corpus(t testing.TB) map[string][]byte {
	t.Helper()
	out := corpus(t)
	for name, msg := range out {
		out[name] = withCRLF(msg)
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

// TestCorpus holds the structure and the text of difficult messages, their lines
// ended by CRLF, to the golden output in the bundles.
func TestCorpus(t *testing.T) {
	total := 0
	for _, b := range bundles(t) {
		total += len(b.mails)
		text := b.about
		for _, m := range b.mails {
			msg := withCRLF(m.octets)
			got := dump(msg, mustParse(t, msg, Limits{}))
			text += m.marker + m.source + "-- " + m.name + ".golden --\n" + got + "\n"
			if d := cmp.Diff(m.golden, got); d != "" && !*update {
				t.Errorf("%s: %s (-want +got):\n%s", b.file, m.name, d)
			}
		}
		if *update {
			if err := os.WriteFile(b.file, []byte(strings.TrimSuffix(text, "\n")), 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
	if total < 200 {
		t.Errorf("%d messages, want at least 200", total)
	}
}

// TestUnescape: an escaped message stands for what its escapes say.
func TestUnescape(t *testing.T) {
	got, err := unescape("a\\r\\t\\s\\\\\\x00\\xFf\\\nb\n\\{3 c\\#\n\\}.")
	if want := "a\r\t \\\x00\xffb\nc1\nc2\nc3\n."; err != nil || string(got) != want {
		t.Errorf("%q, %v, want %q", got, err, want)
	}
	for _, s := range []string{`\`, `\q`, `\x`, `\x0`, `\xgg`} {
		if got, err := unescape(s); err == nil {
			t.Errorf("%q: %q", s, got)
		}
	}
}

// TestCorpusLineEnds: messages with LF and with CRLF differ in nothing but their
// sizes.
func TestCorpusLineEnds(t *testing.T) {
	for name, msg := range corpus(t) {
		crlf := withCRLF(msg)
		lf := bytes.ReplaceAll(crlf, []byte("\r\n"), []byte("\n"))
		if bytes.Contains(lf, []byte("\r\n")) {
			continue // of CR CR LF one CR is left, and the line end is still CRLF
		}
		a, b := mustParse(t, lf, Limits{}), mustParse(t, crlf, Limits{})
		if d := differentParts(sizeless(*a.Root()), sizeless(*b.Root())); d != "" {
			t.Errorf("%s (-LF +CRLF):\n%s", name, d)
		}
	}
}

// differentParts is cmp.Diff, whose steps double with each level, only where
// there is a difference.
func differentParts(a, b Part) string {
	if reflect.DeepEqual(a, b) {
		return ""
	}
	return cmp.Diff(a, b)
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
