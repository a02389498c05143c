package fuzz

import (
	"fmt"
	"go/ast"
	"go/token"
	"path"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"
)

// A layer is a row of the table: a package, how high it stands, and which
// packages of ours it may import.
type layer struct {
	// pkg is the import path below the module path. A path that ends in "/..."
	// stands for the package before it and everything underneath.
	pkg   string
	level int
	// imports lists the packages of ours that the non-test files may import. The
	// single entry "*" allows all of them.
	imports []string
}

// The levels from which on a rule no longer holds.
const (
	// levelBinding is where engines and model meet, and where locks may live.
	levelBinding = 6
	// levelPublic is what stands on the library and is free in what it imports.
	levelPublic = 7
)

// layers is the whole table. A row names rows above it only, so it cannot
// describe a cycle. Engines and model do not see each other; the bindings alone
// see both.
var layers = []layer{
	{"quota", 0, nil},
	{"imapwire/engine", 0, nil},
	{"imapwire/sasl", 0, []string{"imapwire/engine"}},

	{"imapwire/imap", 1, nil},

	{"imapwire", 2, []string{"imapwire/engine", "imapwire/imap"}},
	{"pop3wire", 2, []string{"imapwire/engine"}},
	{"mailbox/message", 2, []string{"imapwire/imap"}},

	{"imapwire/imapserver", 3, []string{"imapwire/engine", "imapwire", "imapwire/imap"}},
	{"imapwire/imapclient", 3, []string{"imapwire/engine", "imapwire", "imapwire/imap"}},
	{"pop3wire/pop3server", 3, []string{"imapwire/engine", "pop3wire"}},
	{"pop3wire/pop3client", 3, []string{"imapwire/engine", "pop3wire"}},
	{"mailbox", 3, []string{"imapwire/imap", "quota", "mailbox/message"}},

	{"mailbox/query", 4, []string{"mailbox", "imapwire/imap", "mailbox/message"}},
	{"mailbox/view", 4, []string{"mailbox", "imapwire/imap", "mailbox/message"}},

	{"mailbox/memstore", 5, []string{"mailbox", "imapwire/imap", "quota", "mailbox/message", "mailbox/query"}},
	{"mailbox/storetest", 5, []string{"mailbox", "imapwire/imap", "quota", "mailbox/message", "mailbox/query"}},

	{"mailbox/imapserve", 6, []string{"imapwire/imapserver", "imapwire", "imapwire/imap", "imapwire/engine", "imapwire/sasl",
		"mailbox", "mailbox/message", "mailbox/query", "mailbox/view", "quota"}},
	{"mailbox/pop3serve", 6, []string{"pop3wire/pop3server", "pop3wire", "imapwire/imap", "imapwire/engine", "imapwire/sasl",
		"mailbox", "mailbox/message", "quota"}},
	{"imapwire/drive", 6, []string{"imapwire/engine"}},

	{"imapwire/imapcall", 7, []string{"*"}},
	{"imapwire/imaptest", 7, []string{"*"}},
	{"fuzz/...", 7, []string{"*"}},
	{"examples/...", 7, []string{"*"}},
}

// impure lists what no package below levelPublic imports, and who is excepted.
// The paths are exact: net is a socket, net/mail and net/url are not.
var impure = map[string]func(layer) bool{
	"net":          isDriver,
	"os":           isDriver,
	"log":          isDriver,
	"log/slog":     isDriver,
	"math/rand":    isDriver,
	"math/rand/v2": isDriver,
	"crypto/rand":  isDriver,
	"sync":         mayLock,
	"context":      mayWait,
}

// The driver is the only package that does I/O.
func isDriver(l layer) bool { return l.pkg == "imapwire/drive" }

// Locks are for those whose values several sessions share: the bindings' hubs,
// the driver, the reference store, and the kit that interleaves calls to a store.
func mayLock(l layer) bool {
	return l.level >= levelBinding || l.pkg == "mailbox/memstore" || l.pkg == "mailbox/storetest"
}

// A call into a store may block, so the model's interfaces carry a context.
func mayWait(l layer) bool { return isDriver(l) || strings.HasPrefix(l.pkg+"/", "mailbox/") }

// clock lists what reads the wall clock or starts a timer. Below levelBinding
// time is an argument.
var clock = map[string][]string{
	"time":    {"Now", "Since", "Until", "After", "AfterFunc", "NewTimer", "NewTicker", "Tick", "Sleep"},
	"context": {"WithTimeout", "WithTimeoutCause", "WithDeadline", "WithDeadlineCause"},
}

// modules lists the modules of others that the library may need at run time.
var modules = []string{"golang.org/x/text"}

// testModules lists those that tests, and kits written for users' tests, may need.
var testModules = []string{"github.com/google/go-cmp", "pgregory.net/rapid"}

// rowOf returns the row of a package.
func rowOf(pkg string) (layer, bool) {
	for _, l := range layers {
		if base, ok := strings.CutSuffix(l.pkg, "/..."); l.pkg == pkg || ok && (pkg == base || strings.HasPrefix(pkg, base+"/")) {
			return l, true
		}
	}
	return layer{}, false
}

// checkLayers reports what the files do that the table and the rules of purity
// do not allow, each violation as "file:line: what".
func checkLayers(m module) []string {
	var bad []string
	report := func(pos token.Pos, format string, args ...any) {
		p := m.fset.Position(pos)
		bad = append(bad, fmt.Sprintf("%s:%d: %s", p.Filename, p.Line, fmt.Sprintf(format, args...)))
	}
	for _, f := range m.files {
		pkg := path.Dir(f.path)
		row, ok := rowOf(pkg)
		if !ok {
			report(f.syntax.Name.Pos(), "package %s has no row in the table of layers", pkg)
			continue
		}
		for _, spec := range f.syntax.Imports {
			target, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				report(spec.Pos(), "import path %s is not a string", spec.Path.Value)
				continue
			}
			if text := checkImport(m.path, row, f, target); text != "" {
				report(spec.Pos(), "%s %s", pkg, text)
			}
			if _, ok := clock[target]; ok && spec.Name != nil && spec.Name.Name == "." && row.level < levelBinding {
				report(spec.Pos(), "%s imports %s with a dot, which hides the clock", pkg, target)
			}
		}
		if f.test || row.level >= levelBinding {
			continue
		}
		ast.Inspect(f.syntax, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.GoStmt:
				report(n.Pos(), "%s starts a goroutine", pkg)
			case *ast.SelectorExpr:
				x, ok := n.X.(*ast.Ident)
				if !ok {
					break
				}
				from := imported(f.syntax, x.Name)
				if slices.Contains(clock[from], n.Sel.Name) {
					report(n.Pos(), "%s uses %s.%s", pkg, from, n.Sel.Name)
				}
			}
			return true
		})
	}
	return bad
}

// checkImport says what is wrong with one import, or "".
func checkImport(modulePath string, row layer, f sourceFile, target string) string {
	if target == "unsafe" || target == "C" {
		return "imports " + target
	}
	if target == modulePath {
		return checkEdge(row, f, ".")
	}
	if own, ok := strings.CutPrefix(target, modulePath+"/"); ok {
		return checkEdge(row, f, own)
	}
	if first, _, _ := strings.Cut(target, "/"); strings.Contains(first, ".") {
		allowed := slices.Clone(modules)
		if f.test || row.level >= levelPublic || row.pkg == "mailbox/storetest" {
			allowed = append(allowed, testModules...)
		}
		if !slices.ContainsFunc(allowed, func(m string) bool { return target == m || strings.HasPrefix(target, m+"/") }) {
			return fmt.Sprintf("imports %s, of a module that it must not need", target)
		}
		return ""
	}
	if excepted, ok := impure[target]; ok && !f.test && row.level < levelPublic && !excepted(row) {
		return "imports " + target
	}
	return ""
}

// checkEdge says what is wrong with an import of one of our own packages, or
// "". Tests may look sideways and down from inside their package; one that looks
// up belongs into the external test package, where it sees what users see.
func checkEdge(row layer, f sourceFile, target string) string {
	to, ok := rowOf(target)
	if !ok {
		return fmt.Sprintf("imports %s, which has no row in the table of layers", target)
	}
	if f.test {
		if !strings.HasSuffix(f.syntax.Name.Name, "_test") && to.level > row.level {
			return fmt.Sprintf("(layer %d) imports %s (layer %d) from a test inside the package", row.level, target, to.level)
		}
		return ""
	}
	if slices.Contains(row.imports, "*") || slices.Contains(row.imports, target) {
		return ""
	}
	return fmt.Sprintf("(layer %d) imports %s (layer %d), an edge that the table lacks", row.level, target, to.level)
}

// imported returns the path that a file imports under a name, or "".
func imported(f *ast.File, name string) string {
	for _, spec := range f.Imports {
		target, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			continue
		}
		if spec.Name != nil && spec.Name.Name == name || spec.Name == nil && path.Base(target) == name {
			return target
		}
	}
	return ""
}

// Every import of the module is one that the table lists, and everything below
// the bindings is pure.
func TestLayers(t *testing.T) {
	for _, text := range checkLayers(loadModule(t, moduleRoot())) {
		t.Error(text)
	}
}

// The table itself has no duplicate, and a row names only rows above it and not
// of a higher level.
func TestLayerTable(t *testing.T) {
	seen := map[string]int{}
	for _, l := range layers {
		if _, ok := seen[l.pkg]; ok {
			t.Errorf("%s has two rows", l.pkg)
		}
		for _, target := range l.imports {
			if level, ok := seen[target]; target != "*" && (!ok || level > l.level) {
				t.Errorf("%s (layer %d) lists %s, which is not below it", l.pkg, l.level, target)
			}
		}
		seen[l.pkg] = l.level
	}
}

// Each kind of violation is found, at its line, and what resembles one is not.
func TestLayersViolations(t *testing.T) {
	tests := []struct {
		name string
		file string
		src  string
		want string // "" when nothing is wrong
	}{
		{"edge in the table", "imapwire/fetch.go", `package imapwire; import _ "m.example/x/imapwire/engine"`, ""},
		{"edge not in the table", "imapwire/fetch.go", `package imapwire; import _ "m.example/x/mailbox"`,
			"imapwire/fetch.go:1: imapwire (layer 2) imports mailbox (layer 3), an edge that the table lacks"},
		{"edge downwards not in the table", "mailbox/query/key.go", `package query; import _ "m.example/x/imapwire/engine"`,
			"mailbox/query/key.go:1: mailbox/query (layer 4) imports imapwire/engine (layer 0), an edge that the table lacks"},
		{"engine imports model", "imapwire/imapserver/conn.go", `package imapserver; import _ "m.example/x/mailbox/message"`,
			"imapwire/imapserver/conn.go:1: imapwire/imapserver (layer 3) imports mailbox/message (layer 2), an edge that the table lacks"},
		{"example imports all", "examples/mailserver/main.go", `package main; import _ "m.example/x/mailbox/imapserve"; import _ "net"; import _ "os"`, ""},
		{"package without a row", "imapwire/extra/x.go", `package extra`,
			"imapwire/extra/x.go:1: package imapwire/extra has no row in the table of layers"},
		{"import without a row", "fuzz/gen/x.go", `package gen; import _ "m.example/x/imapwire/extra"`,
			"fuzz/gen/x.go:1: fuzz/gen imports imapwire/extra, which has no row in the table of layers"},
		{"import of the module root", "examples/a/x.go", `package main; import _ "m.example/x"`,
			"examples/a/x.go:1: examples/a imports ., which has no row in the table of layers"},

		{"net", "imapwire/x.go", "package imapwire\n\nimport \"net\"", "imapwire/x.go:3: imapwire imports net"},
		{"net/mail is not net", "mailbox/message/x.go", `package message; import _ "net/mail"; import _ "net/url"`, ""},
		{"os", "quota/x.go", `package quota; import "os"`, "quota/x.go:1: quota imports os"},
		{"log", "pop3wire/x.go", `package pop3wire; import "log"`, "pop3wire/x.go:1: pop3wire imports log"},
		{"slog", "imapwire/engine/x.go", `package engine; import "log/slog"`, "imapwire/engine/x.go:1: imapwire/engine imports log/slog"},
		{"math/rand", "mailbox/x.go", `package mailbox; import "math/rand"`, "mailbox/x.go:1: mailbox imports math/rand"},
		{"math/rand/v2", "mailbox/x.go", `package mailbox; import "math/rand/v2"`, "mailbox/x.go:1: mailbox imports math/rand/v2"},
		{"crypto/rand", "imapwire/sasl/x.go", `package sasl; import "crypto/rand"`, "imapwire/sasl/x.go:1: imapwire/sasl imports crypto/rand"},
		{"sync", "mailbox/view/x.go", `package view; import "sync"`, "mailbox/view/x.go:1: mailbox/view imports sync"},
		{"sync in the store and its kit", "mailbox/memstore/x.go", `package memstore; import "sync"`, ""},
		{"sync in the binding", "mailbox/imapserve/x.go", `package imapserve; import "sync"; import "context"`, ""},
		{"net in the binding", "mailbox/imapserve/x.go", `package imapserve; import "net"`, "mailbox/imapserve/x.go:1: mailbox/imapserve imports net"},
		{"slog in the binding", "mailbox/pop3serve/x.go", `package pop3serve; import "log/slog"`, "mailbox/pop3serve/x.go:1: mailbox/pop3serve imports log/slog"},
		{"context in an engine", "imapwire/imapclient/x.go", `package imapclient; import "context"`, "imapwire/imapclient/x.go:1: imapwire/imapclient imports context"},
		{"context in the model", "mailbox/x.go", `package mailbox; import "context"`, ""},
		{"context in a package that only sounds like it", "quota/x.go", `package quota; import "context"`, "quota/x.go:1: quota imports context"},
		{"everything in the driver", "imapwire/drive/x.go",
			`package drive; import ("net"; "os"; "log/slog"; "sync"; "context"; "crypto/rand"; "time"); func f() { go f(); time.Sleep(1) }`, ""},
		{"unsafe", "examples/a/x.go", `package main; import "unsafe"`, "examples/a/x.go:1: examples/a imports unsafe"},
		{"cgo", "imapwire/drive/x.go", `package drive; import "C"`, "imapwire/drive/x.go:1: imapwire/drive imports C"},

		{"module of others", "imapwire/x.go", `package imapwire; import "example.org/y"`,
			"imapwire/x.go:1: imapwire imports example.org/y, of a module that it must not need"},
		{"x/text", "mailbox/message/x.go", `package message; import "golang.org/x/text/encoding/htmlindex"`, ""},
		{"x/text's neighbour", "mailbox/message/x.go", `package message; import "golang.org/x/textual"`,
			"mailbox/message/x.go:1: mailbox/message imports golang.org/x/textual, of a module that it must not need"},
		{"rapid at run time", "imapwire/x.go", `package imapwire; import "pgregory.net/rapid"`,
			"imapwire/x.go:1: imapwire imports pgregory.net/rapid, of a module that it must not need"},
		{"rapid in a test", "imapwire/x_test.go", `package imapwire; import "pgregory.net/rapid"`, ""},

		{"goroutine", "mailbox/memstore/x.go", "package memstore\nfunc f() {\n\tgo f()\n}", "mailbox/memstore/x.go:3: mailbox/memstore starts a goroutine"},
		{"time.Now", "imapwire/imapserver/x.go", "package imapserver\nimport \"time\"\nvar t = time.Now()", "imapwire/imapserver/x.go:3: imapwire/imapserver uses time.Now"},
		{"clock as a value", "imapwire/engine/x.go", `package engine; import "time"; var now = time.Now`, "imapwire/engine/x.go:1: imapwire/engine uses time.Now"},
		{"clock under another name", "imapwire/engine/x.go", `package engine; import clock "time"; var d = clock.Since(clock.Time{})`, "imapwire/engine/x.go:1: imapwire/engine uses time.Since"},
		{"Until", "imapwire/engine/x.go", `package engine; import "time"; var d = time.Until(time.Time{})`, "imapwire/engine/x.go:1: imapwire/engine uses time.Until"},
		{"After", "imapwire/engine/x.go", `package engine; import "time"; var c = time.After(1)`, "imapwire/engine/x.go:1: imapwire/engine uses time.After"},
		{"AfterFunc", "imapwire/engine/x.go", `package engine; import "time"; var c = time.AfterFunc(1, nil)`, "imapwire/engine/x.go:1: imapwire/engine uses time.AfterFunc"},
		{"NewTimer", "imapwire/engine/x.go", `package engine; import "time"; var c = time.NewTimer(1)`, "imapwire/engine/x.go:1: imapwire/engine uses time.NewTimer"},
		{"NewTicker", "imapwire/engine/x.go", `package engine; import "time"; var c = time.NewTicker(1)`, "imapwire/engine/x.go:1: imapwire/engine uses time.NewTicker"},
		{"Tick", "imapwire/engine/x.go", `package engine; import "time"; var c = time.Tick(1)`, "imapwire/engine/x.go:1: imapwire/engine uses time.Tick"},
		{"Sleep", "mailbox/storetest/x.go", `package storetest; import "time"; func f() { time.Sleep(1) }`, "mailbox/storetest/x.go:1: mailbox/storetest uses time.Sleep"},
		{"clock through a context", "mailbox/x.go", `package mailbox; import "context"; var f = context.WithTimeout`, "mailbox/x.go:1: mailbox uses context.WithTimeout"},
		{"clock hidden by a dot", "imapwire/engine/x.go", `package engine; import . "time"; var t = Now()`, "imapwire/engine/x.go:1: imapwire/engine imports time with a dot, which hides the clock"},
		{"method of the same name", "imapwire/engine/x.go", `package engine; type d struct{}; func (d) Now() {}; func f(time d) { time.Now() }`, ""},
		{"time without the clock", "imapwire/engine/x.go", `package engine; import "time"; var t = time.Unix(0, 0).Add(time.Second)`, ""},

		{"test does what it likes", "imapwire/x_test.go", `package imapwire; import ("os"; "sync"; "time"); func f() { go f(); time.Now() }`, ""},
		{"test inside the package looks up", "imapwire/imap/x_test.go", `package imap; import _ "m.example/x/imapwire"`,
			"imapwire/imap/x_test.go:1: imapwire/imap (layer 1) imports imapwire (layer 2) from a test inside the package"},
		{"external test looks up", "imapwire/imap/x_test.go", `package imap_test; import _ "m.example/x/imapwire"`, ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			m := loadModule(t, fstest.MapFS{
				"go.mod":  {Data: []byte("module m.example/x\n")},
				test.file: {Data: []byte(test.src)},
			})
			var want []string
			if test.want != "" {
				want = []string{test.want}
			}
			if got := checkLayers(m); !slices.Equal(got, want) {
				t.Errorf("got %q, want %q", got, want)
			}
		})
	}
}
