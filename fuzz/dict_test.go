package fuzz

import (
	"flag"
	"fmt"
	"go/ast"
	"go/token"
	"maps"
	"os"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the dictionaries anew")

// A dictionary is what a fuzzer of other makes needs to get past the first
// comparison: every word that the packages compare input with or write, and the
// octets at which parsers break. The form is that of AFL++ and libFuzzer.
type dictionary struct {
	name string
	// packages are where the words are collected from: all string and octet
	// constants outside of tests that match words.
	packages []string
	words    *regexp.Regexp
	// octets are in no source: what is wrong, or at an edge.
	octets []string
}

// edges are numbers at which a counter wraps or a range ends.
var edges = []string{"0", "1", "255", "256", "65536", "2147483647", "2147483648", "4294967295", "4294967296", "9223372036854775807", "9223372036854775808", "18446744073709551616", "-1", "00005"}

var dictionaries = []dictionary{
	{
		name:     "imap",
		packages: []string{"imapwire", "imapwire/imap", "imapwire/imapserver", "imapwire/imapclient"},
		words:    regexp.MustCompile(`^(\\[A-Za-z*]+|[A-Z][A-Z0-9.=+-]+|\$[A-Za-z]+|IMAP4rev[12])$`),
		octets: append([]string{"\r\n", "\n", "\r", "{0}\r\n", "{0+}\r\n", "{3}\r\nabc", "{3+}\r\nabc", "~{3}\r\n\x00ab", "{-1}", "{4294967296}", "{18446744073709551616}",
			"(", ")", "((((((((", "()", "\"", "\"\"", "\"\\\"\"", "\\", "[", "]", "<0>", "<0.4294967295>", "%", "1:*", "*:1", "4294967295:*", "1:4294967295", "1,", ":", "$",
			"&AOk-", "&AGE-", "&2D3eAA-", "&-", "&", "\x00", "\x7f", "\x80", "\xff", "\xc3\xa9", " {9}", "] "}, edges...),
	},
	{
		name:     "pop3",
		packages: []string{"pop3wire", "pop3wire/pop3server", "pop3wire/pop3client"},
		words:    regexp.MustCompile(`^([+-][A-Z]+|[A-Z][A-Z0-9/-]+)$`),
		octets:   append([]string{"\r\n", "\n", "\r", "\r\n.\r\n", ".\r\n", "..", "\n.\n", "\r.\r\n", "<1896.697170952@a>", "[IN-USE] ", "[", "]", "=", "*", "\x00", "\xff"}, edges...),
	},
	{
		name:     "mime",
		packages: []string{"mailbox/message"},
		words:    regexp.MustCompile(`^([A-Za-z]+(-[A-Za-z0-9]+)+|[a-z]+/[a-z0-9.-]+|[A-Za-z]{3,}|[a-z0-9]+-[a-z0-9-]+)$`),
		octets: append([]string{"\r\n", "\n", "\r", "\r\n ", "\r\n\r\n", ": ", ";", "; boundary=b\r\n", "\r\n--b\r\n", "\r\n--b--\r\n", "--", "=?utf-8?q?=C3=A9?=", "=?utf-8?b?w6k=?=", "=?", "?=", "?q?", "?b?",
			"*0=", "*1*=", "*=utf-8''%C3%A9", "%00", "=00", "=\r\n", "=3D", "(", ")", "((((", "\\", "\"", "<", ">", "<>", "@", "a:;", ",", ",,,", "undisclosed-recipients:;", "\x00", "\x80", "\xff"}, edges...),
	},
	{
		name:     "sasl",
		packages: []string{"imapwire/sasl"},
		words:    regexp.MustCompile(`^([A-Z][A-Z0-9]+(-[A-Z0-9]+)*|[a-z]=|[nyp],|[a-z]+=|[a-z]+-[a-z-]+)$`),
		octets: append([]string{"n,,", "y,,", "p=tls-exporter,,", "n,a=u,", "n=", "r=", "c=biws", "s=", "i=4096", "i=0", "p=", "v=", "e=", "m=x", "=2C", "=3D", "=", "*", ",", "\x00", "\x01", "\x01\x01",
			"\x00u\x00p", "auth=Bearer ", "user=", "host=", "port=", "\xc0\x80", "\xc2\xad", "\xef\xbc\xa1"}, edges...),
	},
}

// dictEntry writes a word as both fuzzers read it.
func dictEntry(word string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, c := range []byte(word) {
		switch {
		case c == '"' || c == '\\':
			b.WriteByte('\\')
			b.WriteByte(c)
		case c < ' ' || c > '~':
			fmt.Fprintf(&b, `\x%02X`, c)
		default:
			b.WriteByte(c)
		}
	}
	b.WriteByte('"')
	return b.String()
}

// TestDictionaries: what is in dict is what the source knows, so that a word that
// a parser learns is one that fuzzers know.
func TestDictionaries(t *testing.T) {
	m := loadModule(t, moduleRoot())
	for _, d := range dictionaries {
		words := make(map[string]bool)
		for _, f := range m.files {
			if f.test || !slices.Contains(d.packages, path.Dir(f.path)) {
				continue
			}
			ast.Inspect(f.syntax, func(n ast.Node) bool {
				lit, ok := n.(*ast.BasicLit)
				if !ok {
					_, imports := n.(*ast.ImportSpec)
					return !imports
				}
				if lit.Kind != token.STRING && lit.Kind != token.CHAR {
					return true
				}
				text, err := strconv.Unquote(lit.Value)
				if err != nil {
					t.Fatal(err)
				}
				for word := range strings.FieldsSeq(text) {
					// A text for people has words in between that are none.
					if d.words.MatchString(word) && d.words.MatchString(strings.ReplaceAll(text, " ", "")) || d.words.MatchString(text) {
						words[word] = true
					}
				}
				return true
			})
		}
		if len(words) < 20 {
			t.Errorf("%s: only %d words were found", d.name, len(words))
		}
		var b strings.Builder
		fmt.Fprintf(&b, "# The words of %s, and octets at which parsers break, for AFL++ (-x) and libFuzzer (-dict).\n# Written by: go test ./fuzz -run TestDictionaries -update\n", strings.Join(d.packages, ", "))
		for _, word := range slices.Sorted(maps.Keys(words)) {
			b.WriteString(dictEntry(word) + "\n")
		}
		for _, word := range d.octets {
			if !words[word] {
				b.WriteString(dictEntry(word) + "\n")
			}
		}
		file := path.Join("dict", d.name+".dict")
		if *update {
			if err := os.MkdirAll("dict", 0o777); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(file, []byte(b.String()), 0o666); err != nil {
				t.Fatal(err)
			}
		}
		got, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if string(got) != b.String() {
			t.Errorf("%s is not what the source says: run go test ./fuzz -run TestDictionaries -update", file)
		}
		line := regexp.MustCompile(`^("([ -!#-\[\]-~]|\\["\\]|\\x[0-9A-F]{2})+"|#.*)$`)
		for l := range strings.Lines(string(got)) {
			if !line.MatchString(strings.TrimSuffix(l, "\n")) {
				t.Errorf("%s: %q is no entry", file, l)
			}
		}
	}
}
