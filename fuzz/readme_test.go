package fuzz

import (
	"fmt"
	"go/ast"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
)

// The support table of the README is the table with these columns. A row names
// a specification, then the files that implement it, then the tests that show
// it:
//
//	| RFC 9051 §6.4.5 | `imapwire/fetch.go`, `mailbox/imapserve/` | `TestFetch`, `FuzzCommand` |
//
// A directory stands with a final slash. Each test is a Test, Example or Fuzz
// function in the directory of one of the row's files.
var supportColumns = []string{"Specification", "Files", "Tests"}

// A quoted entry of a cell, and what may stand between two.
var (
	entry       = regexp.MustCompile("`[^`]+`")
	betweenOnly = regexp.MustCompile(`^[, ]*$`)
	testName    = regexp.MustCompile(`^(Test|Example|Fuzz)[A-Za-z0-9_]*$`)
)

// cells splits a line of a table, or returns nil.
func cells(line string) []string {
	line = strings.TrimSpace(line)
	if len(line) < 2 || line[0] != '|' || line[len(line)-1] != '|' {
		return nil
	}
	c := strings.Split(line[1:len(line)-1], "|")
	for i := range c {
		c[i] = strings.TrimSpace(c[i])
	}
	return c
}

// entries returns what a cell quotes; ok is false when it quotes nothing, or
// when anything but commas stands beside the quotes.
func entries(cell string) (e []string, ok bool) {
	e = entry.FindAllString(cell, -1)
	for i := range e {
		e[i] = strings.Trim(e[i], "`")
	}
	return e, len(e) > 0 && betweenOnly.MatchString(entry.ReplaceAllString(cell, ""))
}

// checkSupport reports what the support table cites and the module lacks. A
// README without the table, or with an empty one, is a failure too.
func checkSupport(fsys fs.FS, m module) []string {
	readme, err := fs.ReadFile(fsys, "README.md")
	if err != nil {
		return []string{err.Error()}
	}
	tests := map[string][]string{} // directory → names
	for _, f := range m.files {
		if !f.test {
			continue
		}
		for _, d := range f.syntax.Decls {
			if fn, ok := d.(*ast.FuncDecl); ok && fn.Recv == nil && testName.MatchString(fn.Name.Name) {
				dir := path.Dir(f.path)
				tests[dir] = append(tests[dir], fn.Name.Name)
			}
		}
	}

	var bad []string
	rows, number, inside := 0, 0, false
	for line := range strings.Lines(string(readme)) {
		number++
		report := func(format string, args ...any) {
			bad = append(bad, fmt.Sprintf("README.md:%d: %s", number, fmt.Sprintf(format, args...)))
		}
		c := cells(line)
		switch {
		case slices.EqualFunc(c, supportColumns, strings.EqualFold):
			inside = true
			continue
		case c == nil:
			inside = false
			continue
		case !inside || strings.Trim(strings.Join(c, ""), "-: ") == "":
			continue
		}
		rows++
		if len(c) != len(supportColumns) || c[0] == "" {
			report("expected a specification, files and tests, got %q", c)
			continue
		}
		files, ok := entries(c[1])
		if !ok {
			report("expected files in backticks, got %q", c[1])
		}
		names, ok := entries(c[2])
		if !ok {
			report("expected tests in backticks, got %q", c[2])
		}
		var dirs []string
		for _, name := range files {
			info, err := fs.Stat(fsys, strings.TrimSuffix(name, "/"))
			switch {
			case err != nil:
				report("%s does not exist", name)
			case info.IsDir() != strings.HasSuffix(name, "/"):
				report("%s: only a directory ends in a slash", name)
			case info.IsDir():
				dirs = append(dirs, strings.TrimSuffix(name, "/"))
			default:
				dirs = append(dirs, path.Dir(name))
			}
		}
		for _, name := range names {
			if !testName.MatchString(name) {
				report("%s is not the name of a test, example or fuzz target", name)
			} else if !slices.ContainsFunc(dirs, func(dir string) bool { return slices.Contains(tests[dir], name) }) {
				report("%s does not exist beside the files of its row", name)
			}
		}
	}
	if rows == 0 {
		bad = append(bad, fmt.Sprintf("README.md: no support table with the columns %s", strings.Join(supportColumns, ", ")))
	}
	return bad
}

// What the README says is supported exists, with its tests.
func TestSupportTable(t *testing.T) {
	for _, text := range checkSupport(moduleRoot(), loadModule(t, moduleRoot())) {
		t.Error(text)
	}
}

// Each false citation is found.
func TestSupportTableViolations(t *testing.T) {
	const head = "| Specification | Files | Tests |\n|---|:--|---|\n"
	tests := []struct {
		name   string
		readme string
		want   []string
	}{
		{"all there", "# x\n\n| a | b |\n|---|---|\n| `nothing.go` | |\n\n" + head +
			"| RFC 1 | `imapwire/a.go`, `quota/` | `TestA`, `ExampleQ`,`FuzzQ` |\n\nText.\n", nil},
		{"heading in other letters", "| specification | FILES | tests |\n|-|-|-|\n| RFC 1 | `imapwire/a.go` | `TestA` |\n", nil},
		{"no table", "# x\n\n| a | b |\n", []string{"README.md: no support table with the columns Specification, Files, Tests"}},
		{"empty table", head, []string{"README.md: no support table with the columns Specification, Files, Tests"}},
		{"no such file", head + "| RFC 1 | `imapwire/a.go`, `imapwire/b.go` | `TestA` |\n", []string{"README.md:3: imapwire/b.go does not exist"}},
		{"no such test", head + "| RFC 1 | `imapwire/a.go` | `TestB` |\n", []string{"README.md:3: TestB does not exist beside the files of its row"}},
		{"test elsewhere", head + "| RFC 1 | `imapwire/a.go` | `FuzzQ` |\n", []string{"README.md:3: FuzzQ does not exist beside the files of its row"}},
		{"method is no test", head + "| RFC 1 | `imapwire/a.go` | `TestM` |\n", []string{"README.md:3: TestM does not exist beside the files of its row"}},
		{"function outside tests", head + "| RFC 1 | `imapwire/a.go` | `TestInCode` |\n", []string{"README.md:3: TestInCode does not exist beside the files of its row"}},
		{"not a test's name", head + "| RFC 1 | `imapwire/a.go` | `Parse` |\n", []string{"README.md:3: Parse is not the name of a test, example or fuzz target"}},
		{"no specification", head + "| | `imapwire/a.go` | `TestA` |\n", []string{`README.md:3: expected a specification, files and tests, got ["" "` + "`imapwire/a.go`" + `" "` + "`TestA`" + `"]`}},
		{"too few cells", head + "| RFC 1 | `imapwire/a.go` |\n", []string{`README.md:3: expected a specification, files and tests, got ["RFC 1" "` + "`imapwire/a.go`" + `"]`}},
		{"files not quoted", head + "| RFC 1 | imapwire/a.go | `TestA` |\n", []string{
			`README.md:3: expected files in backticks, got "imapwire/a.go"`, "README.md:3: TestA does not exist beside the files of its row"}},
		{"no tests", head + "| RFC 1 | `imapwire/a.go` | none |\n", []string{`README.md:3: expected tests in backticks, got "none"`}},
		{"directory without a slash", head + "| RFC 1 | `imapwire/a.go`, `quota` | `TestA` |\n", []string{"README.md:3: quota: only a directory ends in a slash"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			fsys := fstest.MapFS{
				"go.mod":             {Data: []byte("module m.example/x\n")},
				"README.md":          {Data: []byte(test.readme)},
				"imapwire/a.go":      {Data: []byte("package imapwire\nfunc TestInCode() {}\n")},
				"imapwire/a_test.go": {Data: []byte("package imapwire\nfunc TestA() {}\nfunc (x) TestM() {}\n")},
				"quota/q_test.go":    {Data: []byte("package quota_test\nfunc ExampleQ() {}\nfunc FuzzQ() {}\n")},
			}
			if got := checkSupport(fsys, loadModule(t, fsys)); !slices.Equal(got, test.want) {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

// The programs in the README compile: what a newcomer pastes is what the library
// is.
func TestReadmePrograms(t *testing.T) {
	readme, err := os.ReadFile("../README.md")
	if err != nil {
		t.Fatal(err)
	}
	programs := 0
	for rest := string(readme); ; programs++ {
		var program string
		var found, closed bool
		if _, rest, found = strings.Cut(rest, "```go\n"); !found {
			break
		}
		if program, rest, closed = strings.Cut(rest, "```"); !closed || !strings.HasPrefix(program, "package main\n") {
			t.Fatalf("README.md: %.60q is no program", program)
		}
		file := filepath.Join(t.TempDir(), "main.go")
		if err := os.WriteFile(file, []byte(program), 0o666); err != nil {
			t.Fatal(err)
		}
		build := exec.CommandContext(t.Context(), "go", "build", "-o", os.DevNull, file)
		build.Dir = ".."
		if out, err := build.CombinedOutput(); err != nil {
			t.Errorf("%v\n%s", err, out)
		}
	}
	if programs < 2 {
		t.Errorf("README.md has %d programs", programs)
	}
}
