package threats

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"
)

// kinds are the letters of the catalogue, and how many attacks there are of each.
var kinds = []struct {
	letter string
	last   int
}{{"T", 18}, {"I", 10}, {"P", 10}, {"M", 15}, {"C", 15}, {"S", 15}, {"Q", 12}}

// A threat is an entry of threats.txt:
//
//	T1: octets behind STARTTLS
//		imapwire/imapserver TestStartTLS
//		none: COMPRESS is not in the library
type threat struct {
	id, what string
	tests    []string // "directory Name"
	none     string   // why something of it has no test
	line     int
}

// readCatalogue reads threats.txt.
func readCatalogue(b []byte) (list []threat, bad []string) {
	n := 0
	for line := range strings.Lines(string(b)) {
		n++
		line = strings.TrimRight(line, "\n")
		if line == "" || line[0] == '#' {
			continue
		}
		entry, inside := strings.CutPrefix(line, "\t")
		if !inside {
			id, what, ok := strings.Cut(line, ": ")
			if !ok || what == "" {
				bad = append(bad, fmt.Sprintf("threats.txt:%d: expected a number, a colon and a description, got %q", n, line))
			}
			list = append(list, threat{id: id, what: what, line: n})
			continue
		}
		if len(list) == 0 {
			bad = append(bad, fmt.Sprintf("threats.txt:%d: %q belongs to nothing", n, entry))
			continue
		}
		last := &list[len(list)-1]
		if none, ok := strings.CutPrefix(entry, "none: "); ok && none != "" {
			last.none = none
		} else if dir, name, ok := strings.Cut(entry, " "); ok && dir != "" && testName.MatchString(name) {
			last.tests = append(last.tests, entry)
		} else {
			bad = append(bad, fmt.Sprintf("threats.txt:%d: expected a directory and a test, or none: and a reason, got %q", n, entry))
		}
	}
	return list, bad
}

var (
	testName = regexp.MustCompile(`^(Test|Fuzz)[A-Za-z0-9_]+$`)
	// named is where a comment names attacks: "threat T4", "threats T1 to T10
	// and T14".
	named  = regexp.MustCompile(`\b[Tt]hreats? ([A-Z][0-9]+(?:(?:,| to|,? and) [A-Z][0-9]+)*)`)
	number = regexp.MustCompile(`(?:( to) )?\b([A-Z])([0-9]+)`)
)

// threatsIn returns the numbers that a comment names.
func threatsIn(comment string) (ids []string) {
	comment = strings.Join(strings.Fields(comment), " ")
	for _, list := range named.FindAllStringSubmatch(comment, -1) {
		last := 0
		for _, m := range number.FindAllStringSubmatch(list[1], -1) {
			n, _ := strconv.Atoi(m[3])
			for first := last + 1; m[1] != "" && first < n; first++ {
				ids = append(ids, m[2]+strconv.Itoa(first))
			}
			ids = append(ids, m[2]+m[3])
			last = n
		}
	}
	return ids
}

// testsOf returns the tests of the packages, as "directory Name", each with the
// numbers that its comment names.
func testsOf(fsys fs.FS) (map[string][]string, error) {
	tests := map[string][]string{}
	fset := token.NewFileSet()
	err := fs.WalkDir(fsys, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if base := d.Name(); d.IsDir() && name != "." && (base == "testdata" || base[0] == '.' || base[0] == '_') {
			return fs.SkipDir
		}
		if d.IsDir() || !strings.HasSuffix(name, "_test.go") {
			return nil
		}
		src, err := fs.ReadFile(fsys, name)
		if err != nil {
			return err
		}
		if !bytes.Contains(src, []byte("\nfunc Test")) && !bytes.Contains(src, []byte("\nfunc Fuzz")) {
			return nil
		}
		file, err := parser.ParseFile(fset, name, src, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		for _, decl := range file.Decls {
			if fn, ok := decl.(*ast.FuncDecl); ok && fn.Recv == nil && testName.MatchString(fn.Name.Name) {
				tests[path.Dir(name)+" "+fn.Name.Name] = threatsIn(fn.Doc.Text())
			}
		}
		return nil
	})
	return tests, err
}

// checkCatalogue reports where the list and the tests do not fit each other.
func checkCatalogue(fsys fs.FS, list []threat) (bad []string) {
	tests, err := testsOf(fsys)
	if err != nil {
		return []string{err.Error()}
	}
	var want []string
	for _, k := range kinds {
		for n := range k.last {
			want = append(want, k.letter+strconv.Itoa(n+1))
		}
	}
	var got []string
	for _, t := range list {
		got = append(got, t.id)
		if len(t.tests) == 0 && t.none == "" {
			bad = append(bad, fmt.Sprintf("threats.txt:%d: %s has neither a test nor a reason", t.line, t.id))
		}
		for _, name := range t.tests {
			ids, ok := tests[name]
			if !ok {
				bad = append(bad, fmt.Sprintf("threats.txt:%d: there is no test %s", t.line, name))
			} else if !slices.Contains(ids, t.id) {
				bad = append(bad, fmt.Sprintf("threats.txt:%d: the comment of %s does not name threat %s", t.line, name, t.id))
			}
		}
	}
	if !slices.Equal(got, want) {
		bad = append(bad, fmt.Sprintf("threats.txt has the numbers %q, want %q", got, want))
	}
	var names []string
	for name := range tests {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		for _, id := range tests[name] {
			i := slices.IndexFunc(list, func(t threat) bool { return t.id == id })
			if i < 0 {
				bad = append(bad, fmt.Sprintf("%s names threat %s, which there is not", name, id))
			} else if !slices.Contains(list[i].tests, name) {
				bad = append(bad, fmt.Sprintf("%s names threat %s, and is not listed there", name, id))
			}
		}
	}
	return bad
}

// Every attack of the catalogue has a test that names it, or a reason.
func TestCatalogue(t *testing.T) {
	b, err := os.ReadFile("threats.txt")
	if err != nil {
		t.Fatal(err)
	}
	list, bad := readCatalogue(b)
	for _, text := range append(bad, checkCatalogue(os.DirFS("../.."), list)...) {
		t.Error(text)
	}
}

// Each way in which list and tests can differ is found.
func TestCatalogueViolations(t *testing.T) {
	whole := ""
	for _, k := range kinds {
		for n := range k.last {
			whole += fmt.Sprintf("%s%d: x\n\tnone: x\n", k.letter, n+1)
		}
	}
	src := func(comment string) string {
		return "package a\n\n// " + comment + "\nfunc TestX(t *testing.T) {}\n"
	}
	entry := func(test string) string { return strings.Replace(whole, "T2: x\n", "T2: x\n\t"+test+"\n", 1) }
	for _, tt := range []struct {
		name, list, file string
		want             []string
	}{
		{"nothing wrong", entry("a TestX"), src("TestX: threat T2."), nil},
		{"no reason", strings.Replace(whole, "\tnone: x\n", "", 1), src("x"), []string{"threats.txt:1: T1 has neither a test nor a reason"}},
		{"no such test", entry("a TestY"), src("x"), []string{"threats.txt:3: there is no test a TestY"}},
		{"not named", entry("a TestX"), src("TestX: threat T20."), []string{"threats.txt:3: the comment of a TestX does not name threat T2", "a TestX names threat T20, which there is not"}},
		{"not listed", whole, src("TestX: threat\n// T2."), []string{"a TestX names threat T2, and is not listed there"}},
		{"range", whole, src("TestX: threats T1 to T3."), []string{"a TestX names threat T1, and is not listed there", "a TestX names threat T2, and is not listed there", "a TestX names threat T3, and is not listed there"}},
		{"list", whole, src("TestX: invariant 3, threats T2, M1 and S3, quirk Q018."), []string{"a TestX names threat T2, and is not listed there", "a TestX names threat M1, and is not listed there", "a TestX names threat S3, and is not listed there"}},
		{"not a line", "x\n" + whole, src("x"), []string{"threats.txt:1: expected a number, a colon and a description, got \"x\""}},
		{"not an entry", entry("TestX"), src("x"), []string{"threats.txt:4: expected a directory and a test, or none: and a reason, got \"TestX\""}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			list, bad := readCatalogue([]byte(tt.list))
			if len(bad) == 0 {
				bad = checkCatalogue(fstest.MapFS{"a/a_test.go": {Data: []byte(tt.file)}}, list)
			}
			if !slices.Equal(bad, tt.want) {
				t.Errorf("got %q, want %q", bad, tt.want)
			}
		})
	}
}
