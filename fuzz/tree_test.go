package fuzz

import (
	"bytes"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
)

// topLevel lists what may stand at the top of the tree, beside dot-files.
var topLevel = []string{
	"imapwire", "pop3wire", "mailbox", "quota", "examples", "fuzz",
	"go.mod", "go.sum", "README.md", "LICENSE",
}

// maxLines bounds a source file that was written by hand.
const maxLines = 900

// A module is the source of one Go module, nested modules left out.
type module struct {
	path  string // from go.mod
	fset  *token.FileSet
	files []sourceFile
}

// A sourceFile is one Go file, whatever its build constraints.
type sourceFile struct {
	path   string // below the module's root, slashes
	test   bool
	lines  int
	syntax *ast.File // with comments
}

// moduleRoot is the root of this module; tests run in their package's directory.
func moduleRoot() fs.FS { return os.DirFS("..") }

// loadModule parses every Go file of a module, but for testdata and directories
// that the go command ignores.
func loadModule(t *testing.T, fsys fs.FS) module {
	t.Helper()
	mod, err := readModFile(fsys)
	if err != nil {
		t.Fatal(err)
	}
	m := module{path: mod.path, fset: token.NewFileSet()}
	err = fs.WalkDir(fsys, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			if name == "." {
				return nil
			}
			if base := d.Name(); base == "testdata" || base == "vendor" || base[0] == '.' || base[0] == '_' {
				return fs.SkipDir
			}
			if _, err := fs.Stat(fsys, path.Join(name, "go.mod")); err == nil {
				return fs.SkipDir
			}
			return nil
		}
		if !strings.HasSuffix(name, ".go") || d.Name()[0] == '.' || d.Name()[0] == '_' {
			return nil
		}
		src, err := fs.ReadFile(fsys, name)
		if err != nil {
			return err
		}
		syntax, err := parser.ParseFile(m.fset, name, src, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		m.files = append(m.files, sourceFile{
			path:   name,
			test:   strings.HasSuffix(name, "_test.go"),
			lines:  bytes.Count(src, []byte("\n")),
			syntax: syntax,
		})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// checkTopLevel reports entries of the root that are neither in topLevel nor
// dot-files nor ignored by git.
func checkTopLevel(fsys fs.FS) []string {
	entries, err := fs.ReadDir(fsys, ".")
	if err != nil {
		return []string{err.Error()}
	}
	ignored, err := fs.ReadFile(fsys, ".gitignore")
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return []string{err.Error()}
	}
	patterns := strings.Fields(string(ignored))
	var bad []string
	for _, e := range entries {
		name := e.Name()
		if name[0] == '.' || slices.Contains(topLevel, name) {
			continue
		}
		if slices.ContainsFunc(patterns, func(p string) bool { ok, _ := path.Match(p, name); return ok }) {
			continue
		}
		bad = append(bad, fmt.Sprintf("%s: does not belong to the top level", name))
	}
	return bad
}

// checkLength reports files by hand that have grown too long.
func checkLength(m module) []string {
	var bad []string
	for _, f := range m.files {
		if f.lines > maxLines && !ast.IsGenerated(f.syntax) {
			bad = append(bad, fmt.Sprintf("%s: %d lines, more than %d: split it by topic", f.path, f.lines, maxLines))
		}
	}
	return bad
}

// checkDoc reports packages without a package comment in their doc.go.
func checkDoc(m module) []string {
	found := map[string]bool{}
	var dirs []string
	for _, f := range m.files {
		dir := path.Dir(f.path)
		if _, ok := found[dir]; !ok {
			found[dir] = false
			dirs = append(dirs, dir)
		}
		if path.Base(f.path) != "doc.go" || f.syntax.Doc == nil {
			continue
		}
		want := "Package " + f.syntax.Name.Name + " "
		if f.syntax.Name.Name == "main" {
			want = ""
		}
		found[dir] = strings.HasPrefix(f.syntax.Doc.Text(), want)
	}
	var bad []string
	for _, dir := range dirs {
		if !found[dir] {
			bad = append(bad, fmt.Sprintf("%s: no doc.go with a package comment", dir))
		}
	}
	return bad
}

// A modFile is what the checks need from a go.mod.
type modFile struct {
	path     string
	requires []string // module paths
	others   []string // directives that change what is built: replace, exclude, tool …
}

// readModFile reads the go.mod at the root.
func readModFile(fsys fs.FS) (modFile, error) {
	data, err := fs.ReadFile(fsys, "go.mod")
	if err != nil {
		return modFile{}, err
	}
	var m modFile
	block := ""
	for line := range strings.Lines(string(data)) {
		line, _, _ = strings.Cut(line, "//")
		f := strings.Fields(line)
		if len(f) == 0 {
			continue
		}
		directive, args := f[0], f[1:]
		switch {
		case block != "" && directive == ")":
			block = ""
			continue
		case block != "":
			directive, args = block, f
		case len(args) == 1 && args[0] == "(":
			block = directive
			continue
		}
		if len(args) == 0 {
			return modFile{}, fmt.Errorf("go.mod: %s without an argument", directive)
		}
		switch directive {
		case "module":
			m.path = strings.Trim(args[0], `"`)
		case "require":
			m.requires = append(m.requires, strings.Trim(args[0], `"`))
		case "go", "toolchain":
		default:
			m.others = append(m.others, directive)
		}
	}
	if m.path == "" {
		return modFile{}, errors.New("go.mod: no module path")
	}
	return m, nil
}

// checkRequires reports modules that the root module must not need, and
// directives that would hide one.
func checkRequires(fsys fs.FS) []string {
	m, err := readModFile(fsys)
	if err != nil {
		return []string{err.Error()}
	}
	var bad []string
	for _, r := range m.requires {
		if !slices.Contains(modules, r) && !slices.Contains(testModules, r) {
			bad = append(bad, fmt.Sprintf("go.mod: requires %s", r))
		}
	}
	for _, d := range m.others {
		bad = append(bad, fmt.Sprintf("go.mod: has a directive %s", d))
	}
	return bad
}

// The tree has the shape that the README promises.
func TestTree(t *testing.T) {
	m := loadModule(t, moduleRoot())
	for _, text := range slices.Concat(checkTopLevel(moduleRoot()), checkLength(m), checkDoc(m), checkRequires(moduleRoot())) {
		t.Error(text)
	}
}

// Each deviation from the shape is found.
func TestTreeViolations(t *testing.T) {
	const mod = "module m.example/x\n\ngo 1.26.0\n"
	long := strings.Repeat("\n", maxLines+1)
	tests := []struct {
		name  string
		files map[string]string
		want  []string
	}{
		{"nothing wrong", map[string]string{
			"go.mod":                        mod + "require (\n\tgolang.org/x/text v0.1.0 // indirect\n\tpgregory.net/rapid v1.0.0\n)\nrequire github.com/google/go-cmp v0.1.0\n",
			"README.md":                     "",
			".ci/run":                       "",
			".gitignore":                    "*.out\n",
			"cover.out":                     "",
			"imapwire/doc.go":               "// Package imapwire is.\npackage imapwire\n",
			"imapwire/a.go":                 "package imapwire\n",
			"examples/mailserver/doc.go":    "// Mailserver serves.\npackage main\n",
			"imapwire/testdata/broken.go":   "not Go",
			"examples/nested/go.mod":        "module n.example/y\n",
			"examples/nested/nodoc.go":      "package main\n",
			"imapwire/ztable.go":            "// Code generated by hand. DO NOT EDIT.\n\npackage imapwire\n" + long,
			"imapwire/_ignored/nowhere.go":  "not Go",
			"imapwire/.hidden/somewhere.go": "not Go",
		}, nil},
		{"entry at the top", map[string]string{"go.mod": mod, "util/doc.go": "// Package util is.\npackage util\n"},
			[]string{"util: does not belong to the top level"}},
		{"long file", map[string]string{"go.mod": mod, "quota/doc.go": "// Package quota is.\npackage quota\n" + long},
			[]string{"quota/doc.go: 903 lines, more than 900: split it by topic"}},
		{"long test", map[string]string{"go.mod": mod, "quota/doc.go": "// Package quota is.\npackage quota\n", "quota/a_test.go": "package quota\n" + long},
			[]string{"quota/a_test.go: 902 lines, more than 900: split it by topic"}},
		{"no doc.go", map[string]string{"go.mod": mod, "quota/quota.go": "// Package quota is.\npackage quota\n"},
			[]string{"quota: no doc.go with a package comment"}},
		{"doc.go without a comment", map[string]string{"go.mod": mod, "quota/doc.go": "package quota\n"},
			[]string{"quota: no doc.go with a package comment"}},
		{"doc.go that speaks of another", map[string]string{"go.mod": mod, "quota/doc.go": "// Package quotas is.\npackage quota\n"},
			[]string{"quota: no doc.go with a package comment"}},
		{"requires another", map[string]string{"go.mod": mod + "require example.org/y v1.0.0\n"},
			[]string{"go.mod: requires example.org/y"}},
		{"requires another in a block", map[string]string{"go.mod": mod + "require (\n\texample.org/y v1.0.0 // indirect\n)\n"},
			[]string{"go.mod: requires example.org/y"}},
		{"replaces", map[string]string{"go.mod": mod + "replace golang.org/x/text => ../text\n"},
			[]string{"go.mod: has a directive replace"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			fsys := fstest.MapFS{}
			for name, src := range test.files {
				fsys[name] = &fstest.MapFile{Data: []byte(src)}
			}
			m := loadModule(t, fsys)
			got := slices.Concat(checkTopLevel(fsys), checkLength(m), checkDoc(m), checkRequires(fsys))
			if !slices.Equal(got, test.want) {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}
