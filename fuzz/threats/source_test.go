package threats

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"reflect"
	"strconv"
	"strings"
	"testing"

	"github.com/mailwire/mailwire/imapwire/imapclient"
	"github.com/mailwire/mailwire/imapwire/imapserver"
	"github.com/mailwire/mailwire/pop3wire/pop3client"
	"github.com/mailwire/mailwire/pop3wire/pop3server"
)

// library calls f with every file of the library itself: no tests, no examples.
func library(t *testing.T, f func(name string, file *ast.File)) {
	t.Helper()
	fset := token.NewFileSet()
	root := os.DirFS("../..")
	for _, dir := range []string{"imapwire", "pop3wire", "mailbox", "quota"} {
		err := fs.WalkDir(root, dir, func(name string, d fs.DirEntry, err error) error {
			if err == nil && name == "mailbox/storetest" {
				return fs.SkipDir // a kit for tests
			}
			if err != nil || d.IsDir() || !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") {
				return err
			}
			src, err := fs.ReadFile(root, name)
			if err != nil {
				return err
			}
			file, err := parser.ParseFile(fset, name, src, parser.SkipObjectResolution)
			if err == nil {
				f(name, file)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

// proofs are the functions that compare a secret, a digest of one, or a proof of
// knowing it, and with what.
var proofs = map[string]string{
	"imapwire/sasl/scramserver.go": "hmac.Equal",
	"imapwire/sasl/scramclient.go": "hmac.Equal",
	"imapwire/sasl/crammd5.go":     "hmac.Equal",
	"pop3wire/auth.go":             "subtle.ConstantTimeCompare",
	"mailbox/memstore/auth.go":     "subtle.ConstantTimeCompare",
}

// TestConstantTime: threat S14. What proves a secret is compared in a time that does
// not tell how much of it was right: wherever the library hashes, it compares so,
// and no variable that is named for a secret is compared otherwise but with nothing.
func TestConstantTime(t *testing.T) {
	seen := map[string]bool{}
	library(t, func(name string, file *ast.File) {
		secretive := strings.HasPrefix(name, "imapwire/sasl/") || path.Base(name) == "auth.go"
		ast.Inspect(file, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.CallExpr:
				sel, is := n.Fun.(*ast.SelectorExpr)
				if !is {
					return true
				}
				if x, is := sel.X.(*ast.Ident); is {
					call := x.Name + "." + sel.Sel.Name
					seen[name+" "+call] = true
					if secretive && (call == "bytes.Equal" || call == "bytes.Compare" || call == "strings.Compare" || call == "bytes.EqualFold") && namesSecret(n.Args...) {
						t.Errorf("%s: %s of a secret", name, call)
					}
				}
			case *ast.BinaryExpr:
				// A transcript has words for what is one.
				if name != "imapwire/transcript.go" && (n.Op == token.EQL || n.Op == token.NEQ) && namesSecret(n.X, n.Y) && !isNothing(n.X) && !isNothing(n.Y) {
					t.Errorf("%s: a secret is compared with %v", name, n.Op)
				}
			}
			return true
		})
	})
	for name, call := range proofs {
		if !seen[name+" "+call] {
			t.Errorf("%s does not use %s", name, call)
		}
	}
}

// namesSecret reports whether one of some expressions is a variable or a field that
// is named for a secret.
func namesSecret(list ...ast.Expr) bool {
	for _, x := range list {
		name := ""
		switch x := x.(type) {
		case *ast.Ident:
			name = x.Name
		case *ast.SelectorExpr:
			name = x.Sel.Name
		}
		switch strings.ToLower(name) {
		case "password", "secret", "digest", "proof", "signature", "storedkey", "serverkey", "pepper":
			return true
		}
	}
	return false
}

// isNothing reports whether an expression is nil, "" or a number.
func isNothing(x ast.Expr) bool {
	switch x := x.(type) {
	case *ast.BasicLit:
		return x.Kind == token.INT || x.Value == `""`
	case *ast.Ident:
		return x.Name == "nil" || x.Name == "true" || x.Name == "false"
	}
	return false
}

// TestNoOwnHashes: threat P10. Tables whose keys a peer chooses are Go's maps, which
// are seeded at random: the library has no hash for tables of its own.
func TestNoOwnHashes(t *testing.T) {
	imports := 0
	library(t, func(name string, file *ast.File) {
		for _, i := range file.Imports {
			imports++
			p, _ := strconv.Unquote(i.Path.Value)
			switch p {
			case "hash/fnv", "hash/crc32", "hash/crc64", "hash/adler32", "unsafe":
				t.Errorf("%s imports %s", name, p)
			}
		}
	})
	if imports < 100 {
		t.Fatalf("only %d imports were looked at", imports)
	}
}

// TestNoReset: threat T17. An engine serves one connection: nothing brings one back
// to its start, or lowers what it knows of its transport.
func TestNoReset(t *testing.T) {
	for _, conn := range []reflect.Type{
		reflect.TypeFor[*imapclient.Conn](), reflect.TypeFor[*imapserver.Conn](), reflect.TypeFor[*pop3client.Conn](), reflect.TypeFor[*pop3server.Conn](),
	} {
		for _, verb := range []string{"Reset", "Reuse", "Reopen", "SetSecurity", "SetOptions", "Downgrade"} {
			if _, has := conn.MethodByName(verb); has {
				t.Errorf("%v has %s", conn, verb)
			}
		}
		for i := range conn.Elem().NumField() {
			if f := conn.Elem().Field(i); f.IsExported() {
				t.Errorf("%v.%s can be changed from outside", conn, f.Name)
			}
		}
	}
}
