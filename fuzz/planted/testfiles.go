package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"slices"
)

// A testFile is what one file of tests declares and uses.
type testFile struct {
	path     string
	pkg      string   // the name in its package clause
	declares []string // at its top level
	always   bool     // it has what runs without being named
	uses     map[string]bool
}

// readTestFiles reads the files of tests of a package. A method counts as a
// declaration of its type: whoever uses the type may need it.
func readTestFiles(root fs.FS, pkg string) ([]testFile, error) {
	paths, err := fs.Glob(root, pkg+"/*_test.go")
	if err != nil {
		return nil, err
	}
	var files []testFile
	for _, p := range paths {
		src, err := fs.ReadFile(root, p)
		if err != nil {
			return nil, err
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), path.Base(p), src, 0)
		if err != nil {
			return nil, err
		}
		f := testFile{path: p, pkg: parsed.Name.Name, uses: map[string]bool{}}
		declare := func(id *ast.Ident) {
			f.declares = append(f.declares, id.Name)
			f.always = f.always || id.Name == "init" || id.Name == "TestMain" || id.Name == "_"
		}
		for _, d := range parsed.Decls {
			switch d := d.(type) {
			case *ast.FuncDecl:
				if d.Recv == nil {
					declare(d.Name)
					continue
				}
				ast.Inspect(d.Recv.List[0].Type, func(n ast.Node) bool {
					if id, is := n.(*ast.Ident); is {
						declare(id)
					}
					return true
				})
			case *ast.GenDecl:
				for _, spec := range d.Specs {
					switch spec := spec.(type) {
					case *ast.TypeSpec:
						declare(spec.Name)
					case *ast.ValueSpec:
						for _, id := range spec.Names {
							declare(id)
						}
					}
				}
			}
		}
		for _, id := range parsed.Unresolved {
			f.uses[id.Name] = true
		}
		ast.Inspect(parsed, func(n ast.Node) bool {
			// What the tests inside the package export to those outside.
			if sel, is := n.(*ast.SelectorExpr); is && sel.Sel.IsExported() {
				f.uses[sel.Sel.Name] = true
			}
			return true
		})
		files = append(files, f)
	}
	return files, nil
}

// unneeded returns the files without which a test compiles and does the same, and
// the name of the package that has the test. Names are compared and not what they
// stand for: that keeps a file too many at times.
func unneeded(files []testFile, test string) (paths []string, pkg string) {
	needed := make([]bool, len(files))
	seen := map[string]bool{}
	var names []string
	need := func(i int) {
		needed[i] = true
		for name := range files[i].uses {
			if !seen[name] {
				seen[name] = true
				names = append(names, name)
			}
		}
	}
	for i, f := range files {
		if slices.Contains(f.declares, test) {
			pkg = f.pkg
			need(i)
		} else if f.always {
			need(i)
		}
	}
	for k := 0; k < len(names); k++ {
		for i, f := range files {
			if !needed[i] && slices.Contains(f.declares, names[k]) {
				need(i)
			}
		}
	}
	for i, f := range files {
		if !needed[i] {
			paths = append(paths, f.path)
		}
	}
	return paths, pkg
}
