package main

import (
	"go/parser"
	"go/token"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
)

// Every bug can be planted, and is one of an invariant and of a test of it; every
// invariant with a test has a bug. That the tests find them is for go run to show.
func TestBugs(t *testing.T) {
	root := os.DirFS("../..")
	bugs, err := readBugs(root)
	if err != nil {
		t.Fatal(err)
	}
	tests, err := readInvariants(root)
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for _, b := range bugs {
		if seen[b.text] {
			t.Errorf("%s: %q is listed twice", b.at, b.text)
		}
		seen[b.text] = true
		name, sub, _ := strings.Cut(b.test, "/")
		if !slices.Contains(tests[b.invariant], b.pkg+" "+name) {
			t.Errorf("%s: %s of %s is no test of invariant %d in fuzz/invariants.txt", b.at, name, b.pkg, b.invariant)
		}
		if sub != "" && name != "TestStore" {
			t.Errorf("%s: only the parts of TestStore are run by themselves", b.at)
		}
		planted, err := b.plant(root)
		if err != nil {
			t.Error(err)
			continue
		}
		if _, err := parser.ParseFile(token.NewFileSet(), b.file, planted, parser.SkipObjectResolution); err != nil {
			t.Errorf("%s: %v", b.at, err)
		}
	}
	if none := unplanted(bugs, tests); len(none) > 0 {
		t.Errorf("no bug is listed for the invariants %v", none)
	}
}

// What is wrong with a list is said, with its line.
func TestParseBugs(t *testing.T) {
	const entry = "# Text.\nbug 14 wrong\nin a.go\nby p TestX\n \tone\n-\ttwo\n+\tzwei\n"
	bugs, err := parseBugs("x.txt", entry+"\n"+entry)
	if err != nil || len(bugs) != 2 {
		t.Fatalf("%v, %v", bugs, err)
	}
	want := bug{at: "x.txt:2", invariant: 14, text: "wrong", file: "a.go", pkg: "p", test: "TestX", old: "\tone\n\ttwo\n", fresh: "\tone\n\tzwei\n"}
	if bugs[0] != want || bugs[1].at != "x.txt:10" {
		t.Errorf("got %+v", bugs)
	}
	for _, tt := range []struct{ list, want string }{
		{"bug x wrong\n", `x.txt:1: expected bug, an invariant and what is wrong, got "bug x wrong"`},
		{"bug 14 wrong\nby TestX\n", `x.txt:2: expected a package and a test, got "by TestX"`},
		{"bug 14 wrong\nin a.go\nby p TestX\n line\n\n", `x.txt:5: expected in, by and a change of wrong, got ""`},
		{"bug 14 wrong\nby p TestX\n-line\n", `x.txt:4: expected in, by and a change of wrong, got ""`},
		{"bug 14 wrong\nin a.go\nin b.go\n", `x.txt:3: expected in, by or a line of the change, got "in b.go"`},
	} {
		if _, err := parseBugs("x.txt", tt.list); err == nil || err.Error() != tt.want {
			t.Errorf("%q: got %v, want %s", tt.list, err, tt.want)
		}
	}
}

// A bug goes where its old text is, and only there.
func TestPlant(t *testing.T) {
	b := bug{at: "x.txt:1", file: "a.go", old: "\ta\n", fresh: "\tb\n"}
	for _, tt := range []struct{ src, want, err string }{
		{"x\n\ta\ny\n", "x\n\tb\ny\n", ""},
		{"\ta\n", "\tb\n", ""},
		{"\t\ta\n\tab\n", "", "x.txt:1: a.go has the old text 0 times, not once"},
		{"\ta\nx\n\ta\n", "", "x.txt:1: a.go has the old text 2 times, not once"},
	} {
		got, err := b.plant(fstest.MapFS{"a.go": {Data: []byte(tt.src)}})
		if got != tt.want || (err == nil) != (tt.err == "") || err != nil && err.Error() != tt.err {
			t.Errorf("%q: got %q, %v", tt.src, got, err)
		}
	}
	if _, err := b.plant(fstest.MapFS{}); err == nil {
		t.Error("no file")
	}
}

// The files that a test needs are those that declare what it uses, what has a method
// of that, and what runs by itself.
func TestUnneeded(t *testing.T) {
	root := fstest.MapFS{
		"p/p.go":           {Data: []byte("package p\n\nfunc F() {}\n")},
		"p/a_test.go":      {Data: []byte("package p\n\nfunc TestA(t *testing.T) { var x b; x.m(c) }\n")},
		"p/b_test.go":      {Data: []byte("package p\n\ntype b struct{ unused int }\n")},
		"p/c_test.go":      {Data: []byte("package p\n\nconst c = d\n")},
		"p/d_test.go":      {Data: []byte("package p\n\nvar d, e = 1, 2\n")},
		"p/method_test.go": {Data: []byte("package p\n\nfunc (*b) m(int) {}\n")},
		"p/main_test.go":   {Data: []byte("package p_test\n\nfunc TestMain(m *testing.M) { p.Export() }\n")},
		"p/export_test.go": {Data: []byte("package p\n\nvar Export = F\n")},
		"p/unused_test.go": {Data: []byte("package p\n\nvar unused int\n\nfunc TestUnused(t *testing.T) { b{}.m(c) }\n")},
		"p/other_test.go":  {Data: []byte("package p_test\n\nfunc TestOther(t *testing.T) { unused := 1; _ = unused }\n")},
	}
	files, err := readTestFiles(root, "p")
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		test, pkg string
		want      []string
	}{
		{"TestA", "p", []string{"p/other_test.go", "p/unused_test.go"}},
		{"TestUnused", "p", []string{"p/a_test.go", "p/other_test.go"}},
		{"TestOther", "p_test", []string{"p/a_test.go", "p/b_test.go", "p/c_test.go", "p/d_test.go", "p/method_test.go", "p/unused_test.go"}},
	} {
		paths, pkg := unneeded(files, tt.test)
		slices.Sort(paths)
		if !slices.Equal(paths, tt.want) || pkg != tt.pkg {
			t.Errorf("%s, in %s: got %v, want %v", tt.test, pkg, paths, tt.want)
		}
	}
}
